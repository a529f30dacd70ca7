/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading schedule expressions, and finding the next moment.
 *
 * Rules
 *  1. rate(1 minute), rate(5 minutes): the unit says whether there is one.
 *  2. cron() has six fields: minutes, hours, day of month, month, day of week, year. Exactly one of
 *     the two fields of days is '?'.
 *  3. A range may go round its end: hours 20-2. Years do not.
 *  4. L, LW, 3W in the month's days, L, 6L, 3#2 in the week's, stand alone in their field.
 *  5. 3W is the weekday next to the third, within the month.
 */
#include "svc/events/schedule.h"

#include "base/time.h"

#define RATE_MAX 99999999 /* keeps moments far away from overflow */
#define FIELDS 6

struct field {
    int first, last;           /* values it may have */
    const char *const *names;  /* of them, from the first on; NULL: numbers only */
    size_t name_count;         /* of names */
    bool round;                /* ranges may go round */
};

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const day_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

enum { MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS, YEARS };

static const struct field fields[FIELDS] = {
    [MINUTES] = {0, 59, NULL, 0, true},
    [HOURS] = {0, 23, NULL, 0, true},
    [DAYS] = {1, 31, NULL, 0, true},
    [MONTHS] = {1, 12, month_names, 12, true},
    [WEEKDAYS] = {1, 7, day_names, 7, true},
    [YEARS] = {CRON_YEAR_FIRST, CRON_YEAR_LAST, NULL, 0, false},
};

/* ---- rate ---- */

static bool rate_read(struct str text, struct schedule *schedule)
{
    static const struct unit {
        const char *one, *many;
        int64_t ms;
    } units[] = {
        {"minute", "minutes", MS_PER_MINUTE},
        {"hour", "hours", MS_PER_HOUR},
        {"day", "days", MS_PER_DAY},
    };
    struct str rest = str_trim(text);
    struct str number = str_split(&rest, ' ');
    struct str unit = rest.at == NULL ? STR("") : str_trim(rest);
    uint64_t count;

    if (!str_to_u64(number, &count) || count == 0 || count > RATE_MAX) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_eq(unit, str_c(count == 1 ? units[i].one : units[i].many))) {
            schedule->every_ms = (int64_t)count * units[i].ms;
            return true;
        }
    }
    return false;
}

/* ---- cron ---- */

static bool value_read(const struct field *field, struct str text, int *ret_value)
{
    uint64_t number;

    for (size_t i = 0; i < field->name_count; i++) {
        if (str_eq_nocase(text, str_c(field->names[i]))) {
            *ret_value = field->first + (int)i;
            return true;
        }
    }
    if (text.bytes == 0 || text.bytes > 4 || !str_to_u64(text, &number) ||
        (int)number < field->first || (int)number > field->last) {
        return false;
    }
    *ret_value = (int)number;
    return true;
}

static void bit_set(uint8_t *bits, int at)
{
    bits[at / 8] = (uint8_t)(bits[at / 8] | 1u << (at % 8));
}

static bool bit_of(const uint8_t *bits, int at)
{
    return bits[at / 8] >> (at % 8) & 1;
}

/* "*", "5", "5-9", any of them with "/STEP"; bits from the field's first value on. */
static bool item_read(const struct field *field, struct str item, uint8_t *bits)
{
    struct str step_text = item;
    struct str range = str_split(&step_text, '/');
    struct str to_text = range;
    struct str from_text = str_split(&to_text, '-');
    int span = field->last - field->first + 1;
    int from = field->first;
    int to = field->last;
    uint64_t step = 1;

    if (step_text.at != NULL &&
        (!str_to_u64(step_text, &step) || step == 0 || step > (uint64_t)span)) {
        return false;
    }
    if (!str_eq(range, STR("*"))) {
        if (!value_read(field, from_text, &from)) {
            return false;
        }
        to = step_text.at != NULL ? field->last : from;
        if (to_text.at != NULL && !value_read(field, to_text, &to)) {
            return false;
        }
    }
    if (to < from && !field->round) {
        return false;
    }
    to += to < from ? span : 0;
    for (int at = from; at <= to; at += (int)step) {
        bit_set(bits, (at - field->first) % span);
    }
    return true;
}

static bool list_read(const struct field *field, struct str text, uint8_t *bits)
{
    struct str rest = text;

    while (rest.at != NULL) {
        if (!item_read(field, str_split(&rest, ','), bits)) {
            return false;
        }
    }
    return true;
}

static uint64_t bits_of(const uint8_t *bits, int shift)
{
    uint64_t all = 0;

    for (int i = 0; i < 60; i++) {
        all |= (uint64_t)bit_of(bits, i) << i;
    }
    return all << shift;
}

static bool month_days_read(struct str text, struct schedule *schedule)
{
    uint8_t bits[8] = {0};
    int day;

    if (str_eq_nocase(text, STR("L"))) {
        schedule->last_day = true;
        return true;
    }
    if (str_eq_nocase(text, STR("LW"))) {
        schedule->last_workday = true;
        return true;
    }
    if (text.bytes > 1 && (text.at[text.bytes - 1] | 0x20) == 'w') {
        if (!value_read(&fields[DAYS], str_slice(text, 0, text.bytes - 1), &day)) {
            return false;
        }
        schedule->near_day = (uint8_t)day;
        return true;
    }
    if (!list_read(&fields[DAYS], text, bits)) {
        return false;
    }
    schedule->days = (uint32_t)bits_of(bits, 1);
    return true;
}

static bool week_days_read(struct str text, struct schedule *schedule)
{
    size_t hash = str_find(text, '#', 0);
    uint8_t bits[8] = {0};
    uint64_t nth;
    int day;

    if (str_eq_nocase(text, STR("L"))) {
        schedule->weekdays = 1u << 7;
        return true;
    }
    if (hash < text.bytes) {
        if (!value_read(&fields[WEEKDAYS], str_slice(text, 0, hash), &day) ||
            !str_to_u64(str_slice(text, hash + 1, text.bytes), &nth) || nth < 1 || nth > 5) {
            return false;
        }
        schedule->nth_weekday = (uint8_t)day;
        schedule->nth = (uint8_t)nth;
        return true;
    }
    if (text.bytes > 1 && (text.at[text.bytes - 1] | 0x20) == 'l' &&
        value_read(&fields[WEEKDAYS], str_slice(text, 0, text.bytes - 1), &day)) {
        schedule->last_weekday = (uint8_t)day;
        return true;
    }
    if (!list_read(&fields[WEEKDAYS], text, bits)) {
        return false;
    }
    schedule->weekdays = (uint8_t)bits_of(bits, 1);
    return true;
}

/* The next word of a text; false: there is none. */
static bool word(struct str *rest, struct str *ret_word)
{
    size_t from = 0;
    size_t to;

    while (from < rest->bytes && (rest->at[from] == ' ' || rest->at[from] == '\t')) {
        from++;
    }
    to = from;
    while (to < rest->bytes && rest->at[to] != ' ' && rest->at[to] != '\t') {
        to++;
    }
    *ret_word = str_slice(*rest, from, to);
    *rest = str_slice(*rest, to, rest->bytes);
    return to > from;
}

static bool cron_read(struct str text, struct schedule *schedule)
{
    uint8_t minutes[8] = {0};
    uint8_t hours[8] = {0};
    uint8_t months[8] = {0};
    struct str words[FIELDS];
    struct str rest = text;
    struct str more;

    for (int i = 0; i < FIELDS; i++) {
        if (!word(&rest, &words[i])) {
            return false;
        }
    }
    bool any_day = str_eq(words[DAYS], STR("?"));
    bool any_weekday = str_eq(words[WEEKDAYS], STR("?"));

    if (word(&rest, &more) || any_day == any_weekday ||
        !list_read(&fields[MINUTES], words[MINUTES], minutes) ||
        !list_read(&fields[HOURS], words[HOURS], hours) ||
        !list_read(&fields[MONTHS], words[MONTHS], months) ||
        !list_read(&fields[YEARS], words[YEARS], schedule->years)) {
        return false;
    }
    schedule->minutes = bits_of(minutes, 0);
    schedule->hours = (uint32_t)bits_of(hours, 0);
    schedule->months = (uint16_t)bits_of(months, 1);
    return any_day ? week_days_read(words[WEEKDAYS], schedule)
                   : month_days_read(words[DAYS], schedule);
}

bool schedule_read(struct str text, struct schedule *ret_schedule)
{
    struct schedule schedule = {.every_ms = 0};
    bool rate = str_starts(text, STR("rate("));

    if ((!rate && !str_starts(text, STR("cron("))) || !str_ends(text, STR(")"))) {
        return false;
    }
    text = str_slice(text, 5, text.bytes - 1);
    if (rate ? !rate_read(text, &schedule) : !cron_read(text, &schedule)) {
        return false;
    }
    *ret_schedule = schedule;
    return true;
}

/* ---- the next moment ---- */

static int days_in_month(int year, int month)
{
    static const int days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month];
}

/* The weekday nearest to a day, within its month; weekday is the day's own, 0 Sunday. */
static int workday_near(int day, int weekday, int days)
{
    if (weekday == 6) {
        return day == 1 ? 3 : day - 1;
    }
    if (weekday == 0) {
        return day == days ? day - 2 : day + 1;
    }
    return day;
}

static bool day_fits(const struct schedule *s, const struct time_parts *t)
{
    int days = days_in_month(t->year, t->month);
    int weekday = t->weekday + 1;

    if (s->last_day) {
        return t->day == days;
    }
    if (s->last_workday || s->near_day > 0) {
        int asked = s->last_workday || s->near_day > days ? days : s->near_day;
        int of_asked = ((t->weekday + asked - t->day) % 7 + 7) % 7;

        return t->day == workday_near(asked, of_asked, days);
    }
    if (s->last_weekday > 0) {
        return weekday == s->last_weekday && t->day + 7 > days;
    }
    if (s->nth > 0) {
        return weekday == s->nth_weekday && (t->day - 1) / 7 + 1 == s->nth;
    }
    return (s->days >> t->day & 1) != 0 || (s->weekdays >> weekday & 1) != 0;
}

static bool time_fits(const struct schedule *s, int64_t from_ms, int64_t *ret_ms)
{
    struct time_parts t = time_parts_of(from_ms);
    int minute = t.minute;

    for (int hour = t.hour; hour < 24; hour++, minute = 0) {
        for (; minute < 60 && (s->hours >> hour & 1) != 0; minute++) {
            if (s->minutes >> minute & 1) {
                t.hour = hour;
                t.minute = minute;
                *ret_ms = time_of_parts(&t);
                return true;
            }
        }
    }
    return false;
}

bool schedule_next(const struct schedule *schedule, int64_t after_ms, int64_t *ret_next_ms)
{
    int64_t at_ms = after_ms - after_ms % MS_PER_MINUTE + MS_PER_MINUTE;

    if (schedule->every_ms > 0) {
        *ret_next_ms = after_ms + schedule->every_ms;
        return true;
    }
    for (;;) {
        struct time_parts t = time_parts_of(at_ms);

        if (t.year > CRON_YEAR_LAST) {
            return false;
        }
        if (t.year >= CRON_YEAR_FIRST && bit_of(schedule->years, t.year - CRON_YEAR_FIRST) &&
            (schedule->months >> t.month & 1) != 0) {
            if (day_fits(schedule, &t) && time_fits(schedule, at_ms, ret_next_ms)) {
                return true;
            }
            at_ms = at_ms - at_ms % MS_PER_DAY + MS_PER_DAY;
        } else { /* the next month's first day */
            at_ms = at_ms - at_ms % MS_PER_DAY +
                    (days_in_month(t.year, t.month) - t.day + 1) * MS_PER_DAY;
        }
    }
}
