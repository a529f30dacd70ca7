/* SPDX-License-Identifier: Apache-2.0
 *
 * MD5 (RFC 1321) of what fits one block, as partition keys do. OpenSSL needs 270 ns from begin to
 * end for that, of which it computes for 100; it was most of what a handler spent on a record.
 *
 * Rules
 *  1. The text, a bit 1, zeros, and the length in bits in the last eight bytes are 64 bytes: texts
 *     of up to MD5_SHORT_BYTES_MAX.
 *  2. Step i mixes b, c, d by its round's function, adds a, word g of the block and the constant
 *     floor(2^32 * |sin(i + 1)|), rotates, adds b. All of it is unrolled.
 */
#include "base/digest_int.h"

#include <assert.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read and written as they are");

static inline uint32_t rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

#define F(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define G(b, c, d) (((b) & (d)) + ((c) & ~(d))) /* no bit is in both: adding need not wait */
#define H(b, c, d) ((b) ^ (c) ^ (d))
#define I(b, c, d) ((c) ^ ((b) | ~(d)))
#define STEP(f, a, b, c, d, g, constant, bits) \
    ((a) = (b) + rotate((a) + f(b, c, d) + word[g] + (constant), bits))
/* Four steps, after which every letter has its role again. */
#define STEPS(f, g0, k0, s0, g1, k1, s1, g2, k2, s2, g3, k3, s3) \
    STEP(f, a, b, c, d, g0, k0, s0); \
    STEP(f, d, a, b, c, g1, k1, s1); \
    STEP(f, c, d, a, b, g2, k2, s2); \
    STEP(f, b, c, d, a, g3, k3, s3)

static void mix(const uint32_t word[16], uint32_t sum[4])
{
    uint32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];

    STEPS(F, 0, 0xd76aa478, 7, 1, 0xe8c7b756, 12,
          2, 0x242070db, 17, 3, 0xc1bdceee, 22);
    STEPS(F, 4, 0xf57c0faf, 7, 5, 0x4787c62a, 12,
          6, 0xa8304613, 17, 7, 0xfd469501, 22);
    STEPS(F, 8, 0x698098d8, 7, 9, 0x8b44f7af, 12,
          10, 0xffff5bb1, 17, 11, 0x895cd7be, 22);
    STEPS(F, 12, 0x6b901122, 7, 13, 0xfd987193, 12,
          14, 0xa679438e, 17, 15, 0x49b40821, 22);
    STEPS(G, 1, 0xf61e2562, 5, 6, 0xc040b340, 9,
          11, 0x265e5a51, 14, 0, 0xe9b6c7aa, 20);
    STEPS(G, 5, 0xd62f105d, 5, 10, 0x02441453, 9,
          15, 0xd8a1e681, 14, 4, 0xe7d3fbc8, 20);
    STEPS(G, 9, 0x21e1cde6, 5, 14, 0xc33707d6, 9,
          3, 0xf4d50d87, 14, 8, 0x455a14ed, 20);
    STEPS(G, 13, 0xa9e3e905, 5, 2, 0xfcefa3f8, 9,
          7, 0x676f02d9, 14, 12, 0x8d2a4c8a, 20);
    STEPS(H, 5, 0xfffa3942, 4, 8, 0x8771f681, 11,
          11, 0x6d9d6122, 16, 14, 0xfde5380c, 23);
    STEPS(H, 1, 0xa4beea44, 4, 4, 0x4bdecfa9, 11,
          7, 0xf6bb4b60, 16, 10, 0xbebfbc70, 23);
    STEPS(H, 13, 0x289b7ec6, 4, 0, 0xeaa127fa, 11,
          3, 0xd4ef3085, 16, 6, 0x04881d05, 23);
    STEPS(H, 9, 0xd9d4d039, 4, 12, 0xe6db99e5, 11,
          15, 0x1fa27cf8, 16, 2, 0xc4ac5665, 23);
    STEPS(I, 0, 0xf4292244, 6, 7, 0x432aff97, 10,
          14, 0xab9423a7, 15, 5, 0xfc93a039, 21);
    STEPS(I, 12, 0x655b59c3, 6, 3, 0x8f0ccc92, 10,
          10, 0xffeff47d, 15, 1, 0x85845dd1, 21);
    STEPS(I, 8, 0x6fa87e4f, 6, 15, 0xfe2ce6e0, 10,
          6, 0xa3014314, 15, 13, 0x4e0811a1, 21);
    STEPS(I, 4, 0xf7537e82, 6, 11, 0xbd3af235, 10,
          2, 0x2ad7d2bb, 15, 9, 0xeb86d391, 21);
    sum[0] += a;
    sum[1] += b;
    sum[2] += c;
    sum[3] += d;
}

void md5_short(struct str s, uint8_t out[MD5_BYTES])
{
    static const uint32_t start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint32_t word[16] = {0};
    uint32_t sum[4];

    assert(s.bytes <= MD5_SHORT_BYTES_MAX);
    if (s.bytes > 0) {
        memcpy(word, s.at, s.bytes);
    }
    ((uint8_t *)word)[s.bytes] = 0x80;
    word[14] = (uint32_t)s.bytes * 8;
    memcpy(sum, start, sizeof(sum));
    mix(word, sum);
    memcpy(out, sum, MD5_BYTES);
}
