/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparing, searching, cutting and reading strings that are a pointer and a length.
 *
 * Rules
 *  1. No byte outside [at, at + bytes) is read, and a NULL at (bytes 0) is never handed to a
 *     function of the C library nor added to.
 *  2. Case folding and digits are ASCII's, whatever the locale. Numbers with a fraction go through
 *     strtod, so the process stays in the "C" locale (nobody calls setlocale).
 */
#include "base/str.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Longer numbers than this are nobody's honest double: 17 digits say everything one can hold. */
#define DOUBLE_TEXT_BYTES_MAX 64

static inline unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;
    return (unsigned char)(u >= 'A' && u <= 'Z' ? u | 0x20 : u);
}

static bool same_nocase(const char *a, const char *b, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return true;
}

bool str_eq_nocase(struct str a, struct str b)
{
    return a.bytes == b.bytes && same_nocase(a.at, b.at, a.bytes);
}

int str_cmp(struct str a, struct str b)
{
    size_t shared = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = shared == 0 ? 0 : memcmp(a.at, b.at, shared);
    if (order != 0) {
        return order < 0 ? -1 : 1;
    }
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.bytes >= prefix.bytes && str_eq((struct str){s.at, prefix.bytes}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    if (s.bytes < suffix.bytes || suffix.bytes == 0) {
        return suffix.bytes == 0;
    }
    return memcmp(s.at + (s.bytes - suffix.bytes), suffix.at, suffix.bytes) == 0;
}

bool str_starts_nocase(struct str s, struct str prefix)
{
    return s.bytes >= prefix.bytes && same_nocase(s.at, prefix.at, prefix.bytes);
}

size_t str_find(struct str s, char c, size_t from)
{
    if (from >= s.bytes) {
        return s.bytes;
    }
    const char *hit = memchr(s.at + from, c, s.bytes - from);
    return hit == NULL ? s.bytes : (size_t)(hit - s.at);
}

size_t str_find_str(struct str s, struct str needle)
{
    if (needle.bytes == 0) {
        return 0;
    }
    if (needle.bytes > s.bytes) {
        return s.bytes;
    }
    const char *hit = memmem(s.at, s.bytes, needle.at, needle.bytes);
    return hit == NULL ? s.bytes : (size_t)(hit - s.at);
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.bytes) {
        to = s.bytes;
    }
    if (from > to) {
        from = to;
    }
    return s.at == NULL ? s : (struct str){s.at + from, to - from};
}

struct str str_trim(struct str s)
{
    while (s.bytes > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
        s.at++;
        s.bytes--;
    }
    while (s.bytes > 0 && (s.at[s.bytes - 1] == ' ' || s.at[s.bytes - 1] == '\t')) {
        s.bytes--;
    }
    return s;
}

struct str str_split(struct str *rest, char sep)
{
    size_t cut = str_find(*rest, sep, 0);
    struct str piece = {rest->at, cut};
    if (cut == rest->bytes) {
        *rest = STR_NONE;
    } else {
        *rest = (struct str){rest->at + cut + 1, rest->bytes - cut - 1};
    }
    return piece;
}

bool str_to_u64(struct str s, uint64_t *ret_number)
{
    if (s.bytes == 0) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned digit = (unsigned)(unsigned char)s.at[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(number, (uint64_t)10, &number) ||
            __builtin_add_overflow(number, (uint64_t)digit, &number)) {
            return false;
        }
    }
    *ret_number = number;
    return true;
}

bool str_to_i64(struct str s, int64_t *ret_number)
{
    bool negative = s.bytes > 0 && s.at[0] == '-';
    uint64_t size;
    if (!str_to_u64(negative ? str_slice(s, 1, s.bytes) : s, &size)) {
        return false;
    }
    if (size > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    /* 0 - size in unsigned arithmetic, because INT64_MIN has no positive twin. */
    *ret_number = (int64_t)(negative ? 0 - size : size);
    return true;
}

static size_t digits_from(struct str s, size_t from)
{
    while (from < s.bytes && s.at[from] >= '0' && s.at[from] <= '9') {
        from++;
    }
    return from;
}

/* JSON's number: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool is_json_number(struct str s)
{
    size_t start = s.bytes > 0 && s.at[0] == '-' ? 1 : 0;
    size_t end = digits_from(s, start);
    if (end == start || (s.at[start] == '0' && end > start + 1)) {
        return false;
    }
    if (end < s.bytes && s.at[end] == '.') {
        start = end + 1;
        end = digits_from(s, start);
        if (end == start) {
            return false;
        }
    }
    if (end < s.bytes && (s.at[end] == 'e' || s.at[end] == 'E')) {
        start = end + 1;
        if (start < s.bytes && (s.at[start] == '+' || s.at[start] == '-')) {
            start++;
        }
        end = digits_from(s, start);
        if (end == start) {
            return false;
        }
    }
    return end == s.bytes;
}

bool str_to_double(struct str s, double *ret_number)
{
    if (s.bytes == 0 || s.bytes > DOUBLE_TEXT_BYTES_MAX) {
        return false;
    }
    if (!is_json_number(s)) {
        if (str_eq(s, STR("NaN"))) {
            *ret_number = (double)NAN;
        } else if (str_eq(s, STR("Infinity"))) {
            *ret_number = (double)INFINITY;
        } else if (str_eq(s, STR("-Infinity"))) {
            *ret_number = -(double)INFINITY;
        } else {
            return false;
        }
        return true;
    }
    char text[DOUBLE_TEXT_BYTES_MAX + 1];
    memcpy(text, s.at, s.bytes);
    text[s.bytes] = 0;
    char *end;
    double number = strtod(text, &end);
    assert(end == text + s.bytes);
    if (isinf(number)) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* The hash: 128-bit products folded to 64 bits. The three keys come from the seed, so who does not
 * know it cannot aim at one slot. Every bit of a product's halves depends on both factors. */
static uint64_t hash_key[3] = {
    UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1b54a32d192ed03), UINT64_C(0x8cb92ba72f3d8dd7)};

static inline uint64_t fold_product(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

void hash_seed(uint64_t seed)
{
    /* Three steps of a Weyl sequence, each finished by a bijective mixer: keys unlike each other
     * even for neighbouring seeds. */
    for (size_t i = 0; i < 3; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t x = seed;
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        hash_key[i] = (x ^ (x >> 31)) | 1;
    }
}

static inline uint64_t load64(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint64_t load32(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

uint64_t str_hash(struct str s)
{
    const char *at = s.at;
    size_t left = s.bytes;
    uint64_t hash = hash_key[0] ^ (uint64_t)s.bytes;
    if (left > 32) {
        /* Two lanes, so that one product's latency hides behind the other's. */
        uint64_t lane = hash;
        do {
            hash = fold_product(load64(at) ^ hash_key[1], load64(at + 8) ^ hash);
            lane = fold_product(load64(at + 16) ^ hash_key[2], load64(at + 24) ^ lane);
            at += 32;
            left -= 32;
        } while (left > 32);
        hash ^= lane;
    }
    if (left > 16) {
        hash = fold_product(load64(at) ^ hash_key[1], load64(at + 8) ^ hash);
        at += 16;
        left -= 16;
    }
    uint64_t low = 0;
    uint64_t high = 0;
    if (left >= 8) {
        low = load64(at);
        high = load64(at + left - 8);
    } else if (left >= 4) {
        low = load32(at);
        high = load32(at + left - 4);
    } else if (left > 0) {
        low = (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[left / 2] << 8 |
              (uint64_t)(unsigned char)at[left - 1];
    }
    hash = fold_product(low ^ hash_key[1], high ^ hash);
    return fold_product(hash ^ hash_key[2], hash_key[0] ^ (uint64_t)s.bytes);
}
