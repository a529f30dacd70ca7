/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings are a pointer and a length. They own nothing and need no zero at their end; who made the
 * bytes says how long they live. Nothing here allocates.
 */
#ifndef WEIR_BASE_STR_H
#define WEIR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at;  /* first byte; may be NULL only when bytes is 0 */
    size_t bytes;    /* length */
};

/* A literal as a str, also in static initialisers: static const struct str x = STR_INIT("x"). */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal) {"" literal, sizeof(literal) - 1}
#define STR_NONE ((struct str){NULL, 0})

/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).bytes, (s).at

static inline struct str str_of(const void *at, size_t bytes)
{
    return (struct str){(const char *)at, bytes};
}

/* A C string of our own (never from outside). */
static inline struct str str_c(const char *zero_ended)
{
    return (struct str){zero_ended, strlen(zero_ended)};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

bool str_eq_nocase(struct str a, struct str b);         /* ASCII only */
int str_cmp(struct str a, struct str b);                /* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_starts_nocase(struct str s, struct str prefix);
/* Offset of the first c at or after from; s.bytes where there is none. */
size_t str_find(struct str s, char c, size_t from);
/* Offset of the first needle; s.bytes where there is none. */
size_t str_find_str(struct str s, struct str needle);
/* [from, to) of s; both are clamped. */
struct str str_slice(struct str s, size_t from, size_t to);
/* Spaces and tabs off both ends. */
struct str str_trim(struct str s);
/* Cuts *rest at the first sep: returns what stands before, leaves what stands after. Once nothing
 * is left, *rest becomes STR_NONE and *rest.at NULL, so `while (rest.at)` visits every piece. */
struct str str_split(struct str *rest, char sep);

/* Whole-string decimal numbers; false (and *ret_* untouched) on anything else or on overflow. */
bool str_to_u64(struct str s, uint64_t *ret_number);
bool str_to_i64(struct str s, int64_t *ret_number);
bool str_to_double(struct str s, double *ret_number); /* JSON's grammar plus NaN, ±Infinity */

/* 64-bit hash for tables that live in memory (seeded per process by hash_seed()). */
uint64_t str_hash(struct str s);
void hash_seed(uint64_t seed);

#endif
