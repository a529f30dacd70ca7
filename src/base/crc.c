/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC32C (Castagnoli), CRC32 (IEEE 802.3, zlib's) and CRC64NVME (NVM Express), all bit-reflected,
 * inverted at both ends.
 *
 * Rules
 *  1. They are the same arithmetic with other polynomials, so they share the code: eight tables
 *     anywhere, of words as wide as the sum; with PCLMULQDQ, 64 bytes a step for long strings.
 *  2. Folding: a CRC is a remainder, so a 16-byte block may be replaced by anything with the same
 *     remainder further on. A block of halves L and H that stands D bits before another one is
 *     L * x^(D+64) + H * x^D; each factor is first reduced to the sum's width, the two products are
 *     xored into the later block, and the earlier one is gone. Four blocks run side by side.
 *  3. Reflected products come out one bit low, hence the exponents of one less. All constants are
 *     computed below from the polynomial, before main (16 KiB of tables, some ten microseconds).
 *  4. What is left, fewer than 64 bytes and the last folded block, goes through the crc32
 *     instruction (CRC32C only) or the tables.
 */
#include "base/digest_int.h"

#include <assert.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct factors {
    uint64_t step[2];       /* for L and H over 64 bytes, for the four running blocks */
    uint64_t join[2];       /* the same over 16 bytes, to make one of the four */
};

struct polynomial {
    uint32_t table[8][256]; /* [k][b]: remainder of byte b with k bytes behind it */
    struct factors factors; /* of folding */
};

static struct polynomial castagnoli;
static struct polynomial ieee;

static uint64_t nvme_table[8][256]; /* the same, wider */
static struct factors nvme_factors;

/* x^exponent modulo the polynomial: reflected (x^0 is the top bit), in the upper half as the
 * multiplication wants it. */
static uint64_t power_of_x(uint32_t reflected, unsigned exponent)
{
    uint32_t power = 0x80000000U;
    for (unsigned i = 0; i < exponent; i++) {
        power = power >> 1 ^ ((power & 1) != 0 ? reflected : 0);
    }
    return (uint64_t)power << 32;
}

static void make(struct polynomial *p, uint32_t reflected)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? reflected : 0);
        }
        p->table[0][b] = crc;
    }
    for (uint32_t b = 0; b < 256; b++) {
        for (size_t k = 1; k < 8; k++) {
            uint32_t before = p->table[k - 1][b];
            p->table[k][b] = before >> 8 ^ p->table[0][before & 255];
        }
    }
    p->factors.step[0] = power_of_x(reflected, 512 + 64 - 1);
    p->factors.step[1] = power_of_x(reflected, 512 - 1);
    p->factors.join[0] = power_of_x(reflected, 128 + 64 - 1);
    p->factors.join[1] = power_of_x(reflected, 128 - 1);
}

static uint64_t wide_power_of_x(uint64_t reflected, unsigned exponent)
{
    uint64_t power = UINT64_C(1) << 63;
    for (unsigned i = 0; i < exponent; i++) {
        power = power >> 1 ^ ((power & 1) != 0 ? reflected : 0);
    }
    return power;
}

static void make_nvme(uint64_t reflected)
{
    for (uint64_t b = 0; b < 256; b++) {
        uint64_t crc = b;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? reflected : 0);
        }
        nvme_table[0][b] = crc;
    }
    for (size_t b = 0; b < 256; b++) {
        for (size_t k = 1; k < 8; k++) {
            uint64_t before = nvme_table[k - 1][b];
            nvme_table[k][b] = before >> 8 ^ nvme_table[0][before & 255];
        }
    }
    nvme_factors.step[0] = wide_power_of_x(reflected, 512 + 64 - 1);
    nvme_factors.step[1] = wide_power_of_x(reflected, 512 - 1);
    nvme_factors.join[0] = wide_power_of_x(reflected, 128 + 64 - 1);
    nvme_factors.join[1] = wide_power_of_x(reflected, 128 - 1);
}

__attribute__((constructor)) static void make_tables(void)
{
    make(&castagnoli, 0x82f63b78U);
    make(&ieee, 0xedb88320U);
    make_nvme(UINT64_C(0x9a6c9329ac4bc9b5));
}

/* Continues a register, which is the inverse of a CRC. */
static uint32_t by_table(const struct polynomial *p, uint32_t reg, const char *at, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        word ^= reg;
        reg = p->table[7][word & 255] ^ p->table[6][word >> 8 & 255] ^
              p->table[5][word >> 16 & 255] ^ p->table[4][word >> 24 & 255] ^
              p->table[3][word >> 32 & 255] ^ p->table[2][word >> 40 & 255] ^
              p->table[1][word >> 48 & 255] ^ p->table[0][word >> 56];
    }
    for (; bytes > 0; bytes--, at++) {
        reg = reg >> 8 ^ p->table[0][(reg ^ (unsigned char)*at) & 255];
    }
    return reg;
}

static uint64_t nvme_by_table(uint64_t reg, const char *at, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        word ^= reg;
        reg = nvme_table[7][word & 255] ^ nvme_table[6][word >> 8 & 255] ^
              nvme_table[5][word >> 16 & 255] ^ nvme_table[4][word >> 24 & 255] ^
              nvme_table[3][word >> 32 & 255] ^ nvme_table[2][word >> 40 & 255] ^
              nvme_table[1][word >> 48 & 255] ^ nvme_table[0][word >> 56];
    }
    for (; bytes > 0; bytes--, at++) {
        reg = reg >> 8 ^ nvme_table[0][(reg ^ (unsigned char)*at) & 255];
    }
    return reg;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the words above are in memory's order");

uint32_t crc32c_plain(uint32_t crc, struct str s)
{
    return ~by_table(&castagnoli, ~crc, s.at, s.bytes);
}

uint32_t crc32_plain(uint32_t crc, struct str s)
{
    return ~by_table(&ieee, ~crc, s.at, s.bytes);
}

uint64_t crc64nvme_plain(uint64_t crc, struct str s)
{
    return ~nvme_by_table(~crc, s.at, s.bytes);
}

#if defined(__x86_64__)

#define FOLDING __attribute__((target("pclmul,sse4.2")))
/* Shorter strings do not earn back the last block's way through the tables. */
#define CRC32C_FOLD_BYTES_MIN 256
#define CRC32_FOLD_BYTES_MIN 64
#define CRC64_FOLD_BYTES_MIN 64

bool crc_is_wide(void)
{
    return __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.2") != 0;
}

FOLDING static inline __m128i fold(__m128i block, __m128i factors)
{
    return _mm_xor_si128(_mm_clmulepi64_si128(block, factors, 0x00),
                         _mm_clmulepi64_si128(block, factors, 0x11));
}

FOLDING static inline __m128i load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Replaces the register and bytes (a multiple of 64) by 16 bytes with the same remainder, to be
 * continued with a register of 0. */
FOLDING static void fold_down(const struct factors *of, uint64_t reg, struct str s, char out[16])
{
    assert(s.bytes >= 64);
    assert(s.bytes % 64 == 0);
    const char *at = s.at;
    const char *end = at + s.bytes;
    __m128i factors = load((const char *)of->step);
    __m128i a = _mm_xor_si128(load(at), _mm_cvtsi64_si128((long long)reg));
    __m128i b = load(at + 16);
    __m128i c = load(at + 32);
    __m128i d = load(at + 48);
    for (at += 64; at < end; at += 64) {
        a = _mm_xor_si128(fold(a, factors), load(at));
        b = _mm_xor_si128(fold(b, factors), load(at + 16));
        c = _mm_xor_si128(fold(c, factors), load(at + 32));
        d = _mm_xor_si128(fold(d, factors), load(at + 48));
    }
    factors = load((const char *)of->join);
    b = _mm_xor_si128(b, fold(a, factors));
    c = _mm_xor_si128(c, fold(b, factors));
    d = _mm_xor_si128(d, fold(c, factors));
    _mm_storeu_si128((__m128i *)(void *)out, d);
}

FOLDING static uint32_t by_instruction(uint32_t reg, const char *at, size_t bytes)
{
    uint64_t wide = reg;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    reg = (uint32_t)wide;
    for (; bytes > 0; bytes--, at++) {
        reg = _mm_crc32_u8(reg, (unsigned char)*at);
    }
    return reg;
}

uint32_t crc32c(uint32_t crc, struct str s)
{
    if (!crc_is_wide()) {
        return crc32c_plain(crc, s);
    }
    uint32_t reg = ~crc;
    if (s.bytes >= CRC32C_FOLD_BYTES_MIN) {
        char block[16];
        size_t folded = s.bytes & ~(size_t)63;
        fold_down(&castagnoli.factors, reg, str_of(s.at, folded), block);
        reg = by_instruction(0, block, sizeof(block));
        s = str_slice(s, folded, s.bytes);
    }
    return ~by_instruction(reg, s.at, s.bytes);
}

uint32_t crc32(uint32_t crc, struct str s)
{
    uint32_t reg = ~crc;
    if (s.bytes >= CRC32_FOLD_BYTES_MIN && crc_is_wide()) {
        char block[16];
        size_t folded = s.bytes & ~(size_t)63;
        fold_down(&ieee.factors, reg, str_of(s.at, folded), block);
        reg = by_table(&ieee, 0, block, sizeof(block));
        s = str_slice(s, folded, s.bytes);
    }
    return ~by_table(&ieee, reg, s.at, s.bytes);
}

uint64_t crc64nvme(uint64_t crc, struct str s)
{
    uint64_t reg = ~crc;
    if (s.bytes >= CRC64_FOLD_BYTES_MIN && crc_is_wide()) {
        char block[16];
        size_t folded = s.bytes & ~(size_t)63;
        fold_down(&nvme_factors, reg, str_of(s.at, folded), block);
        reg = nvme_by_table(0, block, sizeof(block));
        s = str_slice(s, folded, s.bytes);
    }
    return ~nvme_by_table(reg, s.at, s.bytes);
}

#else

bool crc_is_wide(void)
{
    return false;
}

uint32_t crc32c(uint32_t crc, struct str s)
{
    return crc32c_plain(crc, s);
}

uint32_t crc32(uint32_t crc, struct str s)
{
    return crc32_plain(crc, s);
}

uint64_t crc64nvme(uint64_t crc, struct str s)
{
    return crc64nvme_plain(crc, s);
}

#endif
