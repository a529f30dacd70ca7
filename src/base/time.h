/* SPDX-License-Identifier: Apache-2.0
 *
 * Moments as text and back. A moment is milliseconds since 1970-01-01T00:00:00Z (no leap seconds);
 * nothing here knows what time it is: that is sys/clock.h's.
 */
#ifndef WEIR_BASE_TIME_H
#define WEIR_BASE_TIME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE (60 * MS_PER_SECOND)
#define MS_PER_HOUR (60 * MS_PER_MINUTE)
#define MS_PER_DAY (24 * MS_PER_HOUR)

/* A calendar reading of a moment, in UTC. */
struct time_parts {
    int year, month, day;          /* 2026, 1 to 12, 1 to 31 */
    int hour, minute, second, ms;  /* 0 to 23, 0 to 59, 0 to 59, 0 to 999 */
    int weekday;                   /* 0 Sunday to 6 */
};

struct time_parts time_parts_of(int64_t moment_ms);
int64_t time_of_parts(const struct time_parts *parts);

/* Writers. iso: 2026-11-23T08:55:00Z, with .mmm when not a whole second. http: RFC 7231's
 * IMF-fixdate. sigv4: 20261123T085500Z. */
void buf_add_iso(struct buf *buf, int64_t moment_ms);
void buf_add_http_date(struct buf *buf, int64_t moment_ms);
void buf_add_sigv4_date(struct buf *buf, int64_t moment_ms);
struct str time_iso(struct arena *arena, int64_t moment_ms);

/* Readers: false on anything else than the whole string in that form. iso takes any offset,
 * fractions of any length (cut to ms), and a bare date. */
bool time_from_iso(struct str s, int64_t *ret_moment_ms);
bool time_from_http_date(struct str s, int64_t *ret_moment_ms);
bool time_from_sigv4(struct str s, int64_t *ret_moment_ms);
/* Seconds with an optional fraction and exponent, as JSON numbers: 1732352100.123 */
bool time_from_epoch_seconds(struct str s, int64_t *ret_moment_ms);
/* 90s, 15m, 12h, 7d, or a bare number of seconds. */
bool duration_from_text(struct str s, int64_t *ret_ms);
/* A moment as people say it: ISO, "10m" or "10m ago" (before now), seconds since 1970 (a number
 * above a thousand million). */
bool moment_from_text(struct str s, int64_t now_ms, int64_t *ret_moment_ms);

#endif
