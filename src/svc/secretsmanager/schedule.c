/* SPDX-License-Identifier: Apache-2.0
 *
 * When a secret is to be rotated next: rotation rules, in UTC.
 *
 *   AutomaticallyAfterDays: n, rate(n days)   a day n days later; the window is that day
 *   rate(n hours)                             windows n hours apart, from midnight on, an hour long
 *   cron(minutes hours days months weekdays years)
 *
 * Duration says how long a window is; without it one in hours lasts an hour, one in days to the end
 * of its day. weir rotates when a window begins.
 */
#include "svc/secretsmanager/secretsmanager_int.h"

#define HOURS_MIN 4 /* between two rotations */
#define DAYS_MAX 1000
#define YEAR_LAST 2199

/* ---- numbers of a field ---- */

struct field {
    int from, to;     /* what it may be */
    const char *names; /* three letters each, from from on; NULL: none */
};

static bool number_of(struct str text, const struct field *field, int *ret_number)
{
    uint64_t number;

    for (int i = 0; field->names != NULL && field->from + i <= field->to; i++) {
        if (str_eq_nocase(text, str_of(field->names + 3 * i, 3))) {
            *ret_number = field->from + i;
            return true;
        }
    }
    if (!str_to_u64(text, &number) || number < (uint64_t)field->from ||
        number > (uint64_t)field->to) {
        return false;
    }
    *ret_number = (int)number;
    return true;
}

/* One of a field's parts, "*", "3", "1-5", with "/2" or not: is value in it? -1: it is none. */
static int part_has(struct str part, const struct field *field, int value)
{
    size_t slash = str_find(part, '/', 0), dash;
    struct str span = str_slice(part, 0, slash);
    uint64_t step = 1;
    int from = field->from, to = field->to;

    dash = str_find(span, '-', 0);
    if (slash < part.bytes &&
        (!str_to_u64(str_slice(part, slash + 1, part.bytes), &step) || step == 0)) {
        return -1;
    }
    if (!str_eq(span, STR("*")) && !str_eq(span, STR("?"))) {
        if (!number_of(str_slice(span, 0, dash), field, &from)) {
            return -1;
        }
        to = slash < part.bytes ? field->to : from;
        if (dash < span.bytes && !number_of(str_slice(span, dash + 1, span.bytes), field, &to)) {
            return -1;
        }
    }
    return value >= from && value <= to && (uint64_t)(value - from) % step == 0;
}

/* -1: the field is none. */
static int field_has(struct str text, const struct field *field, int value)
{
    int found = 0;

    if (text.bytes == 0) {
        return -1;
    }
    while (text.at != NULL) {
        int has_it = part_has(str_split(&text, ','), field, value);

        if (has_it < 0) {
            return -1;
        }
        found |= has_it;
    }
    return found;
}

/* ---- days of a month ---- */

static int month_days(const struct time_parts *day)
{
    struct time_parts next = {.year = day->year, .month = day->month + 1, .day = 1};

    if (next.month > 12) {
        next.month = 1;
        next.year++;
    }
    return time_parts_of(time_of_parts(&next) - MS_PER_DAY).day;
}

/* "L", or numbers. */
static int day_has(struct str text, const struct time_parts *day)
{
    static const struct field days = {1, 31, NULL};

    return str_eq(text, STR("L")) ? day->day == month_days(day)
                                  : field_has(text, &days, day->day);
}

/* "MON#2", "FRIL", or numbers from 1, Sunday. */
static int weekday_has(struct str text, const struct time_parts *day)
{
    static const struct field weekdays = {1, 7, "SUNMONTUEWEDTHUFRISAT"};
    size_t sharp = str_find(text, '#', 0);
    uint64_t number;
    int weekday;

    if (sharp < text.bytes) {
        if (!number_of(str_slice(text, 0, sharp), &weekdays, &weekday) ||
            !str_to_u64(str_slice(text, sharp + 1, text.bytes), &number) || number == 0 ||
            number > 5) {
            return -1;
        }
        return day->weekday + 1 == weekday && (uint64_t)(day->day - 1) / 7 + 1 == number;
    }
    if (text.bytes > 1 && str_ends(text, STR("L"))) {
        return number_of(str_slice(text, 0, text.bytes - 1), &weekdays, &weekday)
                   ? day->weekday + 1 == weekday && day->day + 7 > month_days(day) : -1;
    }
    return field_has(text, &weekdays, day->weekday + 1);
}

/* ---- cron ---- */

struct cron {
    struct str minutes, hours, days, months, weekdays, years; /* as they stand there */
};

static bool cron_read(struct str text, struct cron *ret_cron)
{
    struct str *const fields[] = {&ret_cron->minutes, &ret_cron->hours,    &ret_cron->days,
                                  &ret_cron->months,  &ret_cron->weekdays, &ret_cron->years};
    size_t count = 0;

    if (!str_starts(text, STR("cron(")) || !str_ends(text, STR(")"))) {
        return false;
    }
    text = str_slice(text, STR("cron(").bytes, text.bytes - 1);
    while (text.at != NULL) {
        struct str field = str_split(&text, ' ');

        if (field.bytes > 0) {
            if (count == 6) {
                return false;
            }
            *fields[count++] = field;
        }
    }
    return count == 6;
}

static int cron_day_has(const struct cron *cron, const struct time_parts *day)
{
    static const struct field months = {1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"};
    static const struct field years = {1970, YEAR_LAST, NULL};
    int has[] = {field_has(cron->years, &years, day->year),
                 field_has(cron->months, &months, day->month), day_has(cron->days, day),
                 weekday_has(cron->weekdays, day)};
    int all = 1;

    for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
        if (has[i] < 0) {
            return -1;
        }
        all &= has[i];
    }
    return all;
}

static const struct field hours = {0, 23, NULL};

static bool cron_is_one(struct str text)
{
    static const struct field minutes = {0, 59, NULL};
    struct time_parts day = time_parts_of(0);
    struct cron cron;

    return cron_read(text, &cron) && field_has(cron.minutes, &minutes, 0) >= 0 &&
           field_has(cron.hours, &hours, 0) >= 0 && cron_day_has(&cron, &day) >= 0 &&
           str_eq(cron.days, STR("?")) != str_eq(cron.weekdays, STR("?"));
}

/* The first whole hour behind that moment; false: none within five years. */
static bool cron_next(const struct cron *cron, int64_t after_ms, int64_t *ret_at_ms)
{
    int64_t day_ms = after_ms - after_ms % MS_PER_DAY;

    for (int i = 0; i < 5 * 366; i++, day_ms += MS_PER_DAY) {
        struct time_parts day = time_parts_of(day_ms);

        if (cron_day_has(cron, &day) <= 0) {
            continue;
        }
        for (int hour = 0; hour < 24; hour++) {
            int64_t at_ms = day_ms + hour * MS_PER_HOUR;

            if (at_ms > after_ms && field_has(cron->hours, &hours, hour) > 0) {
                *ret_at_ms = at_ms;
                return true;
            }
        }
    }
    return false;
}

/* ---- rules ---- */

/* "rate(10 days)": the number and whether it is of days. */
static bool rate_read(struct str text, int64_t *ret_number, bool *ret_days)
{
    struct str number, unit;
    uint64_t value;

    if (!str_starts(text, STR("rate(")) || !str_ends(text, STR(")"))) {
        return false;
    }
    unit = str_trim(str_slice(text, STR("rate(").bytes, text.bytes - 1));
    number = str_split(&unit, ' ');
    unit = unit.at == NULL ? STR("") : str_trim(unit);
    if (!str_to_u64(number, &value) || value == 0 || value > DAYS_MAX * 24) {
        return false;
    }
    *ret_days = str_eq(unit, STR("day")) || str_eq(unit, STR("days"));
    *ret_number = (int64_t)value;
    return *ret_days ? value <= DAYS_MAX
                     : (str_eq(unit, STR("hour")) || str_eq(unit, STR("hours"))) &&
                           value >= HOURS_MIN;
}

status schedule_check(struct call *c, const struct value *rules)
{
    struct str text = get_str(rules, "ScheduleExpression");
    int64_t number;
    bool days;

    if (has(rules, "AutomaticallyAfterDays") == (text.at != NULL)) {
        return fail(c, &SECRETS_PARAMETER,
                    "You must specify either AutomaticallyAfterDays or ScheduleExpression, and "
                    "not both.");
    }
    if (text.at != NULL && !rate_read(text, &number, &days) && !cron_is_one(text)) {
        return fail(c, &SECRETS_PARAMETER, "The rotation schedule expression is invalid: %.*s",
                    STR_ARG(text));
    }
    return OK;
}

static int64_t duration_ms(const struct value *rules)
{
    struct str text = get_str(rules, "Duration");
    uint64_t number = 0;

    if (text.bytes > 1) {
        (void)str_to_u64(str_slice(text, 0, text.bytes - 1), &number);
    }
    return (int64_t)number * MS_PER_HOUR;
}

bool schedule_next(const struct value *rules, int64_t after_ms, int64_t *ret_from_ms,
                   int64_t *ret_to_ms)
{
    int64_t number = get_int(rules, "AutomaticallyAfterDays", 0);
    struct str text = get_str(rules, "ScheduleExpression");
    int64_t midnight_ms = after_ms - after_ms % MS_PER_DAY;
    bool days = true;
    struct cron cron;
    int64_t from_ms;

    if (text.at == NULL || rate_read(text, &number, &days)) {
        from_ms = midnight_ms + number * (days ? MS_PER_DAY : MS_PER_HOUR);
        while (from_ms <= after_ms) { /* hours: from midnight on */
            from_ms += number * MS_PER_HOUR;
        }
    } else {
        if (!cron_read(text, &cron) || !cron_next(&cron, after_ms, &from_ms)) {
            return false;
        }
        days = str_find(cron.hours, '/', 0) == cron.hours.bytes &&
               !str_eq(cron.hours, STR("*"));
    }
    *ret_from_ms = from_ms;
    *ret_to_ms = from_ms + (duration_ms(rules) > 0 ? duration_ms(rules)
                            : days ? MS_PER_DAY - from_ms % MS_PER_DAY - MS_PER_SECOND
                                   : MS_PER_HOUR);
    return true;
}
