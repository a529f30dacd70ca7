/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers wider than 64 bits, for Kinesis: 128-bit hash keys and 188-bit sequence numbers as
 * decimal text.
 */
#ifndef WEIR_BASE_U128_H
#define WEIR_BASE_U128_H

#include "base/str.h"

typedef unsigned __int128 u128;

#define U128_MAX (~(u128)0)
#define U128_TEXT_BYTES_MAX 39

/* 256-bit unsigned, most significant word first; only what decimal text needs. */
struct u256 {
    uint64_t word[4]; /* [0] is the most significant */
};
#define U256_TEXT_BYTES_MAX 78

size_t u128_to_text(u128 number, char out[U128_TEXT_BYTES_MAX]); /* bytes written */
bool u128_from_text(struct str s, u128 *ret_number);             /* plain digits, no sign */
u128 u128_from_be(const uint8_t bytes[16]);

size_t u256_to_text(struct u256 number, char out[U256_TEXT_BYTES_MAX]);
bool u256_from_text(struct str s, struct u256 *ret_number);
int u256_cmp(struct u256 a, struct u256 b);

#endif
