/* SPDX-License-Identifier: Apache-2.0
 *
 * A pattern is runs of one letter, quoted text and whatever else, which stands for itself. Source:
 * the documentation of java.time.format.DateTimeFormatterBuilder.appendPattern.
 */
#include "base/date_pattern.h"

#include "base/time.h"

#define NANOS_PER_MS INT64_C(1000000)

static const char *const months[] = {"January", "February", "March",     "April",   "May",
                                     "June",    "July",     "August",    "September", "October",
                                     "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

/* A moment taken apart, as it is read in its zone. */
struct reading {
    struct time_parts at;      /* local */
    int64_t day_ms;            /* since midnight */
    int32_t offset_s;          /* of the zone then */
    struct str short_name;     /* of it: "CET" */
    struct str name;           /* of the zone */
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int day_of_year(const struct time_parts *at)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

    return before[at->month - 1] + at->day + (at->month > 2 && is_leap(at->year));
}

/* Weeks begin on Sunday, the first is the one of January 1st. */
static void week_of(const struct time_parts *at, int *ret_year, int *ret_week)
{
    int day = day_of_year(at) - 1;
    int first = ((at->weekday - day) % 7 + 7) % 7;

    *ret_year = at->year;
    *ret_week = (day + first) / 7 + 1;
    if (day + 6 - at->weekday >= 365 + is_leap(at->year)) {
        *ret_year = at->year + 1;
        *ret_week = 1;
    }
}

static void add_padded(struct buf *out, int64_t number, size_t digits)
{
    buf_printf(out, "%0*lld", (int)digits, (long long)number);
}

/* One or two letters. */
static bool add_short(struct buf *out, int number, size_t count)
{
    add_padded(out, number, count);
    return count <= 2;
}

static bool add_year(struct buf *out, int year, size_t count)
{
    add_padded(out, count == 2 ? year % 100 : year, count);
    return count <= 15;
}

/* Three letters: short; four: whole; five: the first letter. */
static bool add_name(struct buf *out, const char *name, size_t count)
{
    struct str whole = str_c(name);

    buf_add(out, count == 4 ? whole : str_slice(whole, 0, count == 5 ? 1 : 3));
    return count <= 5;
}

static bool add_month(struct buf *out, int month, size_t count)
{
    return count <= 2 ? add_short(out, month, count) : add_name(out, months[month - 1], count);
}

static bool add_quarter(struct buf *out, int month, size_t count)
{
    static const char *const ends[] = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
    int quarter = (month - 1) / 3;

    if (count == 4) {
        buf_add(out, str_c(ends[quarter]));
    } else if (count == 3) {
        buf_printf(out, "Q%d", quarter + 1);
    } else {
        add_padded(out, quarter + 1, count == 5 ? 1 : count);
    }
    return count <= 5;
}

/* S: as many digits of the second's fraction as there are letters. */
static bool add_fraction(struct buf *out, int ms, size_t count)
{
    char digits[10] = {(char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10),
                       '0', '0', '0', '0', '0', '0', '\0'};

    buf_add_bytes(out, digits, count < 9 ? count : 9);
    return count <= 9;
}

static bool add_weekday(struct buf *out, char letter, int weekday, size_t count)
{
    if (letter != 'E' && count <= 2) {
        add_padded(out, weekday + 1, count);
        return letter == 'e' || count == 1;
    }
    return add_name(out, days[weekday], count);
}

static bool add_era(struct buf *out, size_t count)
{
    buf_add(out, count == 4 ? STR("Anno Domini") : count == 5 ? STR("A") : STR("AD"));
    return count <= 5;
}

/* ---- zones ---- */

static void add_offset(struct buf *out, int32_t offset_s, bool minutes, const char *between)
{
    int32_t whole = (offset_s < 0 ? -offset_s : offset_s) / 60;

    buf_printf(out, "%c%02d", offset_s < 0 ? '-' : '+', whole / 60);
    if (minutes) {
        buf_printf(out, "%s%02d", between, whole % 60);
    }
}

/* GMT+8, GMT+08:00 */
static void add_localized(struct buf *out, int32_t offset_s, bool whole)
{
    int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;

    buf_add(out, STR("GMT"));
    if (offset_s == 0) {
        return;
    }
    if (whole) {
        add_offset(out, offset_s, true, ":");
        return;
    }
    buf_printf(out, "%c%d", offset_s < 0 ? '-' : '+', minutes / 60);
    if (minutes % 60 != 0) {
        buf_printf(out, ":%02d", minutes % 60);
    }
}

static bool add_zone(struct buf *out, const struct reading *of, char letter, size_t count)
{
    int32_t offset_s = of->offset_s;

    switch (letter) {
    case 'V':
        buf_add(out, of->name);
        return count == 2;
    case 'z':
        buf_add(out, of->short_name);
        return count <= 3;
    case 'O':
        add_localized(out, offset_s, count == 4);
        return count == 1 || count == 4;
    case 'Z':
        if (count == 4) {
            add_localized(out, offset_s, true);
        } else if (count == 5 && offset_s == 0) {
            buf_add_c(out, 'Z');
        } else {
            add_offset(out, offset_s, true, count == 5 ? ":" : "");
        }
        return count <= 5;
    default: /* X and x */
        if (letter == 'X' && offset_s == 0) {
            buf_add_c(out, 'Z');
        } else {
            add_offset(out, offset_s, count > 1 || offset_s % 3600 != 0,
                       count == 3 || count == 5 ? ":" : "");
        }
        return count <= 5;
    }
}

/* ---- letters ---- */

static bool add_date(struct buf *out, const struct reading *of, char letter, size_t count)
{
    const struct time_parts *at = &of->at;
    int year;
    int week;

    week_of(at, &year, &week);
    switch (letter) {
    case 'y':
    case 'u':
        return add_year(out, at->year, count);
    case 'Y':
        return add_year(out, year, count);
    case 'w':
        return add_short(out, week, count);
    case 'W':
        add_padded(out, (at->day - 1 + ((at->weekday - at->day + 1) % 7 + 7) % 7) / 7 + 1, 1);
        return count == 1;
    case 'M':
    case 'L':
        return add_month(out, at->month, count);
    case 'd':
        return add_short(out, at->day, count);
    case 'D':
        add_padded(out, day_of_year(at), count);
        return count <= 3;
    case 'F':
        add_padded(out, (at->day - 1) % 7 + 1, 1);
        return count == 1;
    case 'Q':
    case 'q':
        return add_quarter(out, at->month, count);
    case 'E':
    case 'e':
    case 'c':
        return add_weekday(out, letter, at->weekday, count);
    default:
        return add_era(out, count);
    }
}

static bool add_time(struct buf *out, const struct reading *of, char letter, size_t count)
{
    const struct time_parts *at = &of->at;

    switch (letter) {
    case 'a':
        buf_add(out, at->hour < 12 ? STR("AM") : STR("PM"));
        return count == 1;
    case 'H':
        return add_short(out, at->hour, count);
    case 'k':
        return add_short(out, at->hour == 0 ? 24 : at->hour, count);
    case 'K':
        return add_short(out, at->hour % 12, count);
    case 'h':
        return add_short(out, at->hour % 12 == 0 ? 12 : at->hour % 12, count);
    case 'm':
        return add_short(out, at->minute, count);
    case 's':
        return add_short(out, at->second, count);
    case 'S':
        return add_fraction(out, at->ms, count);
    case 'A':
        add_padded(out, of->day_ms, count);
        return count <= 19;
    case 'n':
        add_padded(out, at->ms * NANOS_PER_MS, count);
        return count <= 19;
    default: /* N */
        add_padded(out, of->day_ms * NANOS_PER_MS, count);
        return count <= 19;
    }
}

static bool add_letters(struct buf *out, const struct reading *of, char letter, size_t count)
{
    if (count > 19) {
        return false;
    }
    if (strchr("yuYwWMLdDFQqEecG", letter) != NULL) {
        return add_date(out, of, letter, count);
    }
    if (strchr("aHkKhmsSAnN", letter) != NULL) {
        return add_time(out, of, letter, count);
    }
    return strchr("VzOZXx", letter) != NULL && add_zone(out, of, letter, count);
}

/* What stands behind a quote; false: the quote does not end. */
static bool add_quoted(struct buf *out, struct str pattern, size_t *at)
{
    size_t from = *at;

    if (from < pattern.bytes && pattern.at[from] == '\'') {
        buf_add_c(out, '\'');
        *at = from + 1;
        return true;
    }
    for (size_t i = from; i < pattern.bytes; i++) {
        if (pattern.at[i] != '\'') {
            buf_add_c(out, pattern.at[i]);
        } else if (i + 1 < pattern.bytes && pattern.at[i + 1] == '\'') {
            buf_add_c(out, pattern.at[i++]);
        } else {
            *at = i + 1;
            return true;
        }
    }
    return false;
}

static bool write(struct buf *out, struct str pattern, const struct date_at *when)
{
    struct zone_time zone = zone_at(when->zone, when->moment_ms);
    int64_t local_ms = when->moment_ms + zone.offset_s * MS_PER_SECOND;
    struct reading of = {.at = time_parts_of(local_ms), .offset_s = zone.offset_s,
                         .short_name = zone.name,
                         .name = when->zone_name.bytes > 0 ? when->zone_name : STR("UTC")};
    size_t at = 0;

    of.day_ms = ((of.at.hour * 60 + of.at.minute) * 60 + of.at.second) * MS_PER_SECOND + of.at.ms;
    while (at < pattern.bytes) {
        char letter = pattern.at[at];
        size_t from = at++;

        if ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z') {
            while (at < pattern.bytes && pattern.at[at] == letter) {
                at++;
            }
            if (!add_letters(out, &of, letter, at - from)) {
                return false;
            }
        } else if (letter == '\'') {
            if (!add_quoted(out, pattern, &at)) {
                return false;
            }
        } else if (letter == '{' || letter == '}' || letter == '#' || letter == '\0') {
            return false;
        } else if (letter != '[' && letter != ']') {
            buf_add_c(out, letter);
        }
    }
    return true;
}

bool date_pattern_is(struct str pattern)
{
    struct date_at at = {.moment_ms = 0};
    struct buf out;
    bool is;

    buf_init(&out, 1u << 20);
    is = write(&out, pattern, &at) && !buf_spent(&out);
    buf_done(&out);
    return is;
}

void date_pattern_add(struct buf *out, struct str pattern, const struct date_at *at)
{
    (void)write(out, pattern, at);
}
