/* SPDX-License-Identifier: Apache-2.0
 *
 * Wide numbers to decimal text and back.
 *
 * Rules
 *  1. Both directions go by chunks of 19 digits, the most that 64 bits hold. Dividing by 10^19 is
 *     the costly step (a sequence number is written for every record), so it is a multiplication
 *     by a reciprocal: 10^19 has its top bit set, which is all the method asks for.
 *  2. Reading takes digits only, any number of leading zeros, and refuses what does not fit.
 */
#include "base/u128.h"

#include "base/digits_int.h"

#include <assert.h>

#define CHUNK_DIGITS 19
#define CHUNK UINT64_C(10000000000000000000)
/* floor((2^128 - 1) / CHUNK) - 2^64; the cast drops the 2^64. */
#define CHUNK_RECIPROCAL ((uint64_t)(U128_MAX / CHUNK))

_Static_assert(CHUNK >> 63 == 1, "the division below wants a divisor with its top bit set");

/* Divides high * 2^64 + *low by CHUNK: *low becomes the quotient, the rest is returned. The
 * reciprocal gives a quotient that is at most one too large or too small; the two corrections
 * are mended by comparing rests. */
static inline uint64_t divide_by_chunk(uint64_t high, uint64_t *low)
{
    assert(high < CHUNK);
    u128 estimate = (u128)CHUNK_RECIPROCAL * high + ((u128)high << 64 | *low);
    uint64_t quotient = (uint64_t)(estimate >> 64) + 1;
    uint64_t rest = *low - quotient * CHUNK;
    if (rest > (uint64_t)estimate) {
        quotient--;
        rest += CHUNK;
    }
    if (rest >= CHUNK) {
        quotient++;
        rest -= CHUNK;
    }
    *low = quotient;
    return rest;
}

/* All 19 digits of a chunk, zeros in front. */
static void put_chunk(uint64_t chunk, char out[CHUNK_DIGITS])
{
    uint64_t upper = chunk / 100000000;
    uint32_t front = (uint32_t)(upper / 100000000);
    out[0] = (char)('0' + front / 100);
    memcpy(out + 1, digit_pairs + (size_t)2 * (front % 100), 2);
    digits_put_8((uint32_t)(upper % 100000000), out + 3);
    digits_put_8((uint32_t)(chunk % 100000000), out + 11);
}

/* Words are most significant first, and are used up. */
static size_t words_to_text(uint64_t *words, size_t count, char *out)
{
    uint64_t chunks[5]; /* least significant first; 2^256 has 78 digits */
    size_t chunk_count = 0;
    size_t first = 0;
    do {
        while (first < count - 1 && words[first] == 0) {
            first++;
        }
        uint64_t rest = 0;
        for (size_t i = first; i < count; i++) {
            rest = divide_by_chunk(rest, &words[i]);
        }
        assert(chunk_count < 5);
        chunks[chunk_count++] = rest;
    } while (first < count - 1 || words[first] != 0);
    char first_chunk[CHUNK_DIGITS + 1];
    char *end = first_chunk + sizeof(first_chunk);
    char *from = digits_put(chunks[chunk_count - 1], end);
    size_t bytes = (size_t)(end - from);
    memcpy(out, from, bytes);
    for (size_t i = chunk_count - 1; i-- > 0; bytes += CHUNK_DIGITS) {
        put_chunk(chunks[i], out + bytes);
    }
    return bytes;
}

/* words = words * factor + more; false on overflow. */
static bool multiply_add(uint64_t *words, size_t count, uint64_t factor, uint64_t more)
{
    for (size_t i = count; i-- > 0;) {
        u128 product = (u128)words[i] * factor + more;
        words[i] = (uint64_t)product;
        more = (uint64_t)(product >> 64);
    }
    return more == 0;
}

static bool words_from_text(struct str s, uint64_t *words, size_t count)
{
    if (s.bytes == 0) {
        return false;
    }
    uint64_t chunk = 0;
    uint64_t factor = 1;
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned digit = (unsigned)(unsigned char)s.at[i] - '0';
        if (digit > 9) {
            return false;
        }
        chunk = chunk * 10 + digit;
        factor *= 10;
        if (factor == CHUNK || i == s.bytes - 1) {
            if (!multiply_add(words, count, factor, chunk)) {
                return false;
            }
            chunk = 0;
            factor = 1;
        }
    }
    return true;
}

size_t u128_to_text(u128 number, char out[U128_TEXT_BYTES_MAX])
{
    uint64_t words[2] = {(uint64_t)(number >> 64), (uint64_t)number};
    return words_to_text(words, 2, out);
}

bool u128_from_text(struct str s, u128 *ret_number)
{
    uint64_t words[2] = {0};
    if (!words_from_text(s, words, 2)) {
        return false;
    }
    *ret_number = (u128)words[0] << 64 | words[1];
    return true;
}

u128 u128_from_be(const uint8_t bytes[16])
{
    u128 number = 0;
    for (size_t i = 0; i < 16; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

size_t u256_to_text(struct u256 number, char out[U256_TEXT_BYTES_MAX])
{
    return words_to_text(number.word, 4, out);
}

bool u256_from_text(struct str s, struct u256 *ret_number)
{
    struct u256 number = {{0}};
    if (!words_from_text(s, number.word, 4)) {
        return false;
    }
    *ret_number = number;
    return true;
}

int u256_cmp(struct u256 a, struct u256 b)
{
    for (size_t i = 0; i < 4; i++) {
        if (a.word[i] != b.word[i]) {
            return a.word[i] < b.word[i] ? -1 : 1;
        }
    }
    return 0;
}
