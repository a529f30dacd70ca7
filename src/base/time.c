/* SPDX-License-Identifier: Apache-2.0
 *
 * The proleptic Gregorian calendar, and the ways AWS writes a moment.
 *
 * Rules
 *  1. Days are counted in eras of 400 years (146,097 days) of years that begin in March: the leap
 *     day is then a year's last, and month lengths follow one line, (153 * m + 2) / 5.
 *  2. Readers take the years 0000 to 9999 and real dates only: no 30 February, no second 60.
 *  3. What is finer than a millisecond is cut off, never rounded into the next one.
 *  4. An ISO text without an offset is UTC. Seconds may be missing after hours and minutes.
 */
#include "base/time.h"

#include <assert.h>
#include <math.h>

#define DAYS_PER_ERA 146097
/* Days from 0000-03-01, where an era begins, to 1970-01-01. */
#define DAYS_BEFORE_EPOCH 719468
#define YEAR_MAX 9999
/* A moment of milliseconds holds all years up to here, either way. */
#define YEAR_FAR 292000000

static const char weekday_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Rounding towards the past, with a rest of 0 or more. */
static int64_t floor_div(int64_t number, int64_t by)
{
    return number / by - (number % by < 0 ? 1 : 0);
}

static int64_t days_of(int64_t year, int month, int day)
{
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    year -= month <= 2 ? 1 : 0;
    int64_t era = floor_div(year, 400);
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * from_march + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           DAYS_BEFORE_EPOCH;
}

struct time_parts time_parts_of(int64_t moment_ms)
{
    struct time_parts parts;
    int64_t days = floor_div(moment_ms, MS_PER_DAY);
    int64_t ms = moment_ms % MS_PER_DAY;
    ms += ms < 0 ? MS_PER_DAY : 0;
    parts.ms = (int)(ms % 1000);
    parts.second = (int)(ms / MS_PER_SECOND % 60);
    parts.minute = (int)(ms / MS_PER_MINUTE % 60);
    parts.hour = (int)(ms / MS_PER_HOUR);
    int64_t weekday = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    parts.weekday = (int)(weekday < 0 ? weekday + 7 : weekday);
    days += DAYS_BEFORE_EPOCH;
    int64_t era = floor_div(days, DAYS_PER_ERA);
    int64_t of_era = days - era * DAYS_PER_ERA;
    /* Takes the leap days out first; then every year has 365. */
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    parts.day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    parts.month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    parts.year = (int)(year + era * 400 + (parts.month <= 2 ? 1 : 0));
    return parts;
}

int64_t time_of_parts(const struct time_parts *parts)
{
    assert(parts->month >= 1);
    assert(parts->month <= 12);
    assert(parts->year >= -YEAR_FAR);
    assert(parts->year <= YEAR_FAR);
    return days_of(parts->year, parts->month, parts->day) * MS_PER_DAY +
           parts->hour * MS_PER_HOUR + parts->minute * MS_PER_MINUTE +
           parts->second * MS_PER_SECOND + parts->ms;
}

/* ---- writing ---- */

static char *put2(char *to, int number)
{
    to[0] = (char)('0' + number / 10);
    to[1] = (char)('0' + number % 10);
    return to + 2;
}

static char *put_year(char *to, int year)
{
    return put2(put2(to, year / 100), year % 100);
}

static char *put_text(char *to, const char *text, size_t bytes)
{
    memcpy(to, text, bytes);
    return to + bytes;
}

static char *put_clock(char *to, const struct time_parts *p, bool colons)
{
    to = put2(to, p->hour);
    if (colons) {
        *to++ = ':';
    }
    to = put2(to, p->minute);
    if (colons) {
        *to++ = ':';
    }
    return put2(to, p->second);
}

/* A year of more or fewer than four digits: nobody's real moment, but still written as it is. */
static bool is_odd_year(const struct time_parts *p)
{
    return p->year < 0 || p->year > YEAR_MAX;
}

void buf_add_iso(struct buf *buf, int64_t moment_ms)
{
    struct time_parts p = time_parts_of(moment_ms);
    char text[24];
    char *to = text;
    if (is_odd_year(&p)) {
        buf_printf(buf, "%+06d", p.year);
    } else {
        to = put_year(to, p.year);
    }
    *to++ = '-';
    to = put2(to, p.month);
    *to++ = '-';
    to = put2(to, p.day);
    *to++ = 'T';
    to = put_clock(to, &p, true);
    if (p.ms != 0) {
        *to++ = '.';
        *to++ = (char)('0' + p.ms / 100);
        to = put2(to, p.ms % 100);
    }
    *to++ = 'Z';
    assert((size_t)(to - text) <= sizeof(text));
    buf_add_bytes(buf, text, (size_t)(to - text));
}

void buf_add_http_date(struct buf *buf, int64_t moment_ms)
{
    struct time_parts p = time_parts_of(moment_ms);
    if (is_odd_year(&p)) {
        buf_printf(buf, "%s, %02d %s %d %02d:%02d:%02d GMT", weekday_names[p.weekday], p.day,
                   month_names[p.month - 1], p.year, p.hour, p.minute, p.second);
        return;
    }
    char text[29];
    char *to = put_text(text, weekday_names[p.weekday], 3);
    to = put_text(to, ", ", 2);
    to = put2(to, p.day);
    *to++ = ' ';
    to = put_text(to, month_names[p.month - 1], 3);
    *to++ = ' ';
    to = put_year(to, p.year);
    *to++ = ' ';
    to = put_clock(to, &p, true);
    to = put_text(to, " GMT", 4);
    assert((size_t)(to - text) == sizeof(text));
    buf_add_bytes(buf, text, sizeof(text));
}

void buf_add_sigv4_date(struct buf *buf, int64_t moment_ms)
{
    struct time_parts p = time_parts_of(moment_ms);
    if (is_odd_year(&p)) {
        buf_printf(buf, "%d%02d%02dT%02d%02d%02dZ", p.year, p.month, p.day, p.hour, p.minute,
                   p.second);
        return;
    }
    char text[16];
    char *to = put_year(text, p.year);
    to = put2(put2(to, p.month), p.day);
    *to++ = 'T';
    to = put_clock(to, &p, false);
    *to++ = 'Z';
    assert((size_t)(to - text) == sizeof(text));
    buf_add_bytes(buf, text, sizeof(text));
}

struct str time_iso(struct arena *arena, int64_t moment_ms)
{
    struct buf buf;
    buf_init(&buf, 64);
    buf_add_iso(&buf, moment_ms);
    struct str text = arena_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

/* ---- reading ---- */

/* Exactly count digits off the front. */
static bool take_number(struct str *rest, size_t count, int *ret_number)
{
    if (rest->bytes < count) {
        return false;
    }
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = rest->at[i] - '0';
        if (digit < 0 || digit > 9) {
            return false;
        }
        number = number * 10 + digit;
    }
    *rest = str_slice(*rest, count, rest->bytes);
    *ret_number = number;
    return true;
}

static bool take_text(struct str *rest, struct str text)
{
    if (!str_starts(*rest, text)) {
        return false;
    }
    *rest = str_slice(*rest, text.bytes, rest->bytes);
    return true;
}

static bool take_name(struct str *rest, const char (*names)[4], int count, int *ret_index)
{
    for (int i = 0; i < count; i++) {
        if (take_text(rest, str_of(names[i], 3))) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static bool is_real(const struct time_parts *p)
{
    static const int month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (p->month < 1 || p->month > 12 || p->day < 1) {
        return false;
    }
    bool leap = p->year % 4 == 0 && (p->year % 100 != 0 || p->year % 400 == 0);
    int days = month_days[p->month - 1] + (leap && p->month == 2 ? 1 : 0);
    return p->day <= days && p->hour <= 23 && p->minute <= 59 && p->second <= 59;
}

/* A point and any number of digits, of which three count. Nothing at all is fine too. */
static bool take_fraction(struct str *rest, int *ret_ms)
{
    if (!take_text(rest, STR("."))) {
        return true;
    }
    int ms = 0;
    int weight = 100;
    size_t count = 0;
    int digit;
    while (take_number(rest, 1, &digit)) {
        ms += digit * weight;
        weight /= 10;
        count++;
    }
    *ret_ms = ms;
    return count > 0;
}

/* Z, +hh:mm, +hhmm, +hh, or nothing; and then the end. */
static bool take_offset(struct str *rest, int64_t *ret_offset_ms)
{
    int64_t sign = 1;
    if (rest->bytes == 0 || take_text(rest, STR("Z"))) {
        return rest->bytes == 0;
    }
    if (take_text(rest, STR("-"))) {
        sign = -1;
    } else if (!take_text(rest, STR("+"))) {
        return false;
    }
    int hours;
    int minutes = 0;
    if (!take_number(rest, 2, &hours)) {
        return false;
    }
    if (rest->bytes > 0) {
        (void)take_text(rest, STR(":"));
        if (!take_number(rest, 2, &minutes)) {
            return false;
        }
    }
    *ret_offset_ms = sign * (hours * MS_PER_HOUR + minutes * MS_PER_MINUTE);
    return rest->bytes == 0 && hours <= 23 && minutes <= 59;
}

bool time_from_iso(struct str s, int64_t *ret_moment_ms)
{
    struct time_parts p = {0};
    int64_t offset_ms = 0;
    if (!take_number(&s, 4, &p.year) || !take_text(&s, STR("-")) ||
        !take_number(&s, 2, &p.month) || !take_text(&s, STR("-")) ||
        !take_number(&s, 2, &p.day)) {
        return false;
    }
    if (s.bytes > 0) {
        if (!take_text(&s, STR("T")) || !take_number(&s, 2, &p.hour) ||
            !take_text(&s, STR(":")) || !take_number(&s, 2, &p.minute)) {
            return false;
        }
        if (take_text(&s, STR(":")) &&
            (!take_number(&s, 2, &p.second) || !take_fraction(&s, &p.ms))) {
            return false;
        }
        if (!take_offset(&s, &offset_ms)) {
            return false;
        }
    }
    if (!is_real(&p)) {
        return false;
    }
    *ret_moment_ms = time_of_parts(&p) - offset_ms;
    return true;
}

bool time_from_http_date(struct str s, int64_t *ret_moment_ms)
{
    struct time_parts p = {0};
    int month;
    if (!take_name(&s, weekday_names, 7, &p.weekday) || !take_text(&s, STR(", ")) ||
        !take_number(&s, 2, &p.day) || !take_text(&s, STR(" ")) ||
        !take_name(&s, month_names, 12, &month) || !take_text(&s, STR(" ")) ||
        !take_number(&s, 4, &p.year) || !take_text(&s, STR(" ")) ||
        !take_number(&s, 2, &p.hour) || !take_text(&s, STR(":")) ||
        !take_number(&s, 2, &p.minute) || !take_text(&s, STR(":")) ||
        !take_number(&s, 2, &p.second) || !str_eq(s, STR(" GMT"))) {
        return false;
    }
    p.month = month + 1;
    if (!is_real(&p)) {
        return false;
    }
    *ret_moment_ms = time_of_parts(&p);
    return true;
}

bool time_from_sigv4(struct str s, int64_t *ret_moment_ms)
{
    struct time_parts p = {0};
    if (!take_number(&s, 4, &p.year) || !take_number(&s, 2, &p.month) ||
        !take_number(&s, 2, &p.day) || !take_text(&s, STR("T")) ||
        !take_number(&s, 2, &p.hour) || !take_number(&s, 2, &p.minute) ||
        !take_number(&s, 2, &p.second) || !str_eq(s, STR("Z")) || !is_real(&p)) {
        return false;
    }
    *ret_moment_ms = time_of_parts(&p);
    return true;
}

/* A number as its digits and a power of ten, exactly: a double of today's seconds cannot hold every
 * millisecond as written. */
struct decimal {
    uint64_t digits; /* all digits as one number; no more than 19 are kept */
    int64_t power;   /* of ten, that digits is to be multiplied by */
};

static bool add_digit(struct decimal *decimal, char c, bool behind_point)
{
    if (decimal->digits >= UINT64_C(1000000000000000000)) {
        /* Behind the point such a digit is far below a millisecond; before it, far too large. */
        return behind_point;
    }
    decimal->digits = decimal->digits * 10 + (uint64_t)(c - '0');
    decimal->power -= behind_point ? 1 : 0;
    return true;
}

/* What follows an e. One that no int64_t holds belongs to a number that str_to_double found to be
 * 0, and the same goes for one beyond a thousand: what it is cut to does not matter. */
static int64_t exponent_of(struct str s)
{
    int64_t exponent = -1000;
    (void)str_to_i64(str_slice(s, s.at[0] == '+' ? 1 : 0, s.bytes), &exponent);
    return exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
}

/* The digits of a JSON number without its sign. */
static bool read_decimal(struct str s, struct decimal *ret_decimal)
{
    struct decimal decimal = {0, 0};
    bool behind_point = false;
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] == '.') {
            behind_point = true;
        } else if (s.at[i] == 'e' || s.at[i] == 'E') {
            decimal.power += exponent_of(str_slice(s, i + 1, s.bytes));
            break;
        } else if (!add_digit(&decimal, s.at[i], behind_point)) {
            return false;
        }
    }
    *ret_decimal = decimal;
    return true;
}

bool time_from_epoch_seconds(struct str s, int64_t *ret_moment_ms)
{
    double checked; /* the grammar is str_to_double's; its value is not used */
    struct decimal decimal;
    if (!str_to_double(s, &checked) || !isfinite(checked)) {
        return false;
    }
    bool negative = s.at[0] == '-';
    if (!read_decimal(str_slice(s, negative ? 1 : 0, s.bytes), &decimal)) {
        return false;
    }
    uint64_t ms = decimal.digits;
    int64_t power = decimal.power + 3;
    for (; power > 0 && ms > 0; power--) {
        if (__builtin_mul_overflow(ms, (uint64_t)10, &ms)) {
            return false;
        }
    }
    for (; power < 0 && ms > 0; power++) {
        ms /= 10;
    }
    if (ms > (uint64_t)INT64_MAX) {
        return false;
    }
    *ret_moment_ms = negative ? -(int64_t)ms : (int64_t)ms;
    return true;
}

bool duration_from_text(struct str s, int64_t *ret_ms)
{
    int64_t unit_ms = MS_PER_SECOND;
    size_t digits = s.bytes;
    if (s.bytes > 0 && (s.at[s.bytes - 1] < '0' || s.at[s.bytes - 1] > '9')) {
        digits--;
        switch (s.at[digits]) {
        case 's': break;
        case 'm': unit_ms = MS_PER_MINUTE; break;
        case 'h': unit_ms = MS_PER_HOUR; break;
        case 'd': unit_ms = MS_PER_DAY; break;
        default: return false;
        }
    }
    int64_t count;
    if (!str_to_i64(str_slice(s, 0, digits), &count) || count < 0 || s.at[0] == '-' ||
        __builtin_mul_overflow(count, unit_ms, &count)) {
        return false;
    }
    *ret_ms = count;
    return true;
}

#define EPOCH_SECONDS_MIN INT64_C(1000000000) /* September 2001; durations are smaller */

bool moment_from_text(struct str s, int64_t now_ms, int64_t *ret_moment_ms)
{
    struct str ago = STR(" ago");
    bool said_ago = str_ends(s, ago);
    int64_t ms;

    if (!said_ago && time_from_epoch_seconds(s, &ms) && ms >= EPOCH_SECONDS_MIN * MS_PER_SECOND) {
        *ret_moment_ms = ms;
        return true;
    }
    if (duration_from_text(said_ago ? str_slice(s, 0, s.bytes - ago.bytes) : s, &ms)) {
        *ret_moment_ms = now_ms - ms;
        return true;
    }
    return !said_ago && time_from_iso(s, ret_moment_ms);
}
