/* SPDX-License-Identifier: Apache-2.0
 *
 * Moments as texts and back. Days are counted with years that begin in March, so that the leap day
 * is the last one.
 */
#include "sys.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* A moment's parts. */
struct parts {
    int year;   /* 1 … 9999 */
    int month;  /* 1 … 12 */
    int day;    /* 1 … 31 */
    int hour;   /* 0 … 23 */
    int minute; /* 0 … 59 */
    int second; /* 0 … 60 */
    int ms;     /* 0 … 999 */
};

static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 719469;
}

static struct parts parts_of(int64_t ms)
{
    int64_t days = ms / 86400000;
    int64_t of_day = ms % 86400000;

    if (of_day < 0) {
        of_day += 86400000;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    return (struct parts){
        .year = (int)(y + era * 400 + (m >= 10)),
        .month = (int)(m < 10 ? m + 3 : m - 9),
        .day = (int)(of_year - (153 * m + 2) / 5 + 1),
        .hour = (int)(of_day / 3600000),
        .minute = (int)(of_day / 60000 % 60),
        .second = (int)(of_day / 1000 % 60),
        .ms = (int)(of_day % 1000),
    };
}

void weir_moment_iso(int64_t ms, char to[WEIR_MOMENT_BYTES_MAX])
{
    struct parts p = parts_of(ms);
    int bytes = snprintf(to, WEIR_MOMENT_BYTES_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", p.year,
                         p.month, p.day, p.hour, p.minute, p.second);

    if (p.ms != 0) {
        bytes += snprintf(to + bytes, WEIR_MOMENT_BYTES_MAX - (size_t)bytes, ".%03d", p.ms);
    }
    (void)snprintf(to + bytes, WEIR_MOMENT_BYTES_MAX - (size_t)bytes, "Z");
}

void weir_moment_http(int64_t ms, char to[WEIR_MOMENT_BYTES_MAX])
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    struct parts p = parts_of(ms);
    int64_t day = (ms - (ms < 0 ? 86399999 : 0)) / 86400000 % 7;

    day = day < 0 ? day + 7 : day;
    (void)snprintf(to, WEIR_MOMENT_BYTES_MAX, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                   days + day * 3, p.day, months + (p.month - 1) * 3, p.year, p.hour, p.minute,
                   p.second);
}

void weir_moment_basic(int64_t ms, char to[WEIR_MOMENT_BYTES_MAX])
{
    struct parts p = parts_of(ms);

    (void)snprintf(to, WEIR_MOMENT_BYTES_MAX, "%04d%02d%02dT%02d%02d%02dZ", p.year, p.month, p.day,
                   p.hour, p.minute, p.second);
}

/* ---- reading ---- */

/* Takes so many digits; false: there are fewer. */
static bool take_number(struct weir_text *text, size_t digits, int *ret_number)
{
    int number = 0;

    if (text->bytes < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        if (text->at[i] < '0' || text->at[i] > '9') {
            return false;
        }
        number = number * 10 + (text->at[i] - '0');
    }
    text->at += digits;
    text->bytes -= digits;
    *ret_number = number;
    return true;
}

static bool take(struct weir_text *text, const char *one_of)
{
    if (text->bytes == 0 || *text->at == '\0' || strchr(one_of, *text->at) == NULL) {
        return false;
    }
    text->at++;
    text->bytes--;
    return true;
}

static bool take_time(struct weir_text *text, struct parts *p)
{
    int digit;

    if (!take_number(text, 2, &p->hour) || !take(text, ":") || !take_number(text, 2, &p->minute)) {
        return false;
    }
    if (take(text, ":") && !take_number(text, 2, &p->second)) {
        return false;
    }
    if (take(text, ".")) {
        for (int scale = 100; take_number(text, 1, &digit); scale /= 10) {
            p->ms += digit * scale;
        }
    }
    return p->hour < 24 && p->minute < 60 && p->second < 61;
}

/* Minutes ahead of UTC. */
static bool take_zone(struct weir_text *text, int *ret_minutes)
{
    bool west = text->bytes > 0 && *text->at == '-';
    int hours;
    int minutes = 0;

    *ret_minutes = 0;
    if (text->bytes == 0 || take(text, "Zz")) {
        return true;
    }
    if (!take(text, "+-") || !take_number(text, 2, &hours)) {
        return false;
    }
    (void)take(text, ":");
    if (text->bytes > 0 && !take_number(text, 2, &minutes)) {
        return false;
    }
    *ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool read_iso(struct weir_text text, struct parts *p, int *ret_minutes)
{
    return take_number(&text, 4, &p->year) && take(&text, "-") &&
           take_number(&text, 2, &p->month) && take(&text, "-") && take_number(&text, 2, &p->day) &&
           (!take(&text, "Tt ") || take_time(&text, p)) && take_zone(&text, ret_minutes) &&
           text.bytes == 0;
}

static bool read_http(struct weir_text text, struct parts *p)
{
    if (text.bytes < 29 || text.at[3] != ',') {
        return false;
    }
    text.at += 5;
    text.bytes -= 5;
    if (!take_number(&text, 2, &p->day) || !take(&text, " -")) {
        return false;
    }
    for (int i = 0; i < 12; i++) {
        if (memcmp(months + i * 3, text.at, 3) == 0) {
            p->month = i + 1;
        }
    }
    text.at += 3;
    text.bytes -= 3;
    return take(&text, " -") && take_number(&text, 4, &p->year) && take(&text, " ") &&
           take_time(&text, p);
}

bool weir_moment_read(struct weir_text text, int64_t *ret_ms)
{
    struct parts p = {.year = 0};
    int minutes = 0;

    if (!read_iso(text, &p, &minutes)) {
        p = (struct parts){.year = 0};
        minutes = 0;
        if (!read_http(text, &p)) {
            return false;
        }
    }
    if (p.month < 1 || p.month > 12 || p.day < 1 || p.day > 31) {
        return false;
    }
    *ret_ms = ((days_of(p.year, p.month, p.day) * 24 + p.hour) * 60 + p.minute - minutes) * 60000 +
              p.second * 1000 + p.ms;
    return true;
}
