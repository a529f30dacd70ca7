/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 and its relatives, after FIPS 180-4: short rather than fast; a request's body is small,
 * and a megabyte takes some milliseconds.
 */
#include "sha256.h"

#include <string.h>

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void do_block(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64];

    for (int i = 0; i < 16; i++) {
        const unsigned char *b = block + i * 4;
        w[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t far = w[i - 15];
        uint32_t near = w[i - 2];
        w[i] = w[i - 16] + (turn(far, 7) ^ turn(far, 18) ^ far >> 3) + w[i - 7] +
               (turn(near, 17) ^ turn(near, 19) ^ near >> 10);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        uint32_t one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) +
                       constants[i] + w[i];
        uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + one;
        d = c;
        c = b;
        b = a;
        a = one + two;
    }
    const uint32_t all[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) {
        state[i] += all[i];
    }
}

void weir_sha256_init(struct weir_sha256 *sha)
{
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(sha->state, first, sizeof first);
    sha->bytes = 0;
}

void weir_sha256_add(struct weir_sha256 *sha, struct weir_text bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    size_t left = bytes.bytes;
    size_t held = sha->bytes % WEIR_SHA256_BLOCK;

    sha->bytes += left;
    if (held > 0 && left >= WEIR_SHA256_BLOCK - held) {
        memcpy(sha->block + held, at, WEIR_SHA256_BLOCK - held);
        do_block(sha->state, sha->block);
        at += WEIR_SHA256_BLOCK - held;
        left -= WEIR_SHA256_BLOCK - held;
        held = 0;
    }
    while (held == 0 && left >= WEIR_SHA256_BLOCK) {
        do_block(sha->state, at);
        at += WEIR_SHA256_BLOCK;
        left -= WEIR_SHA256_BLOCK;
    }
    if (left > 0) {
        memcpy(sha->block + held, at, left);
    }
}

void weir_sha256_end(struct weir_sha256 *sha, unsigned char digest[WEIR_SHA256_BYTES])
{
    uint64_t bits = sha->bytes * 8;
    size_t held = sha->bytes % WEIR_SHA256_BLOCK;

    sha->block[held++] = 0x80;
    if (held > 56) {
        memset(sha->block + held, 0, WEIR_SHA256_BLOCK - held);
        do_block(sha->state, sha->block);
        held = 0;
    }
    memset(sha->block + held, 0, 56 - held);
    for (int i = 0; i < 8; i++) {
        sha->block[56 + i] = (unsigned char)(bits >> (56 - i * 8));
    }
    do_block(sha->state, sha->block);
    for (int i = 0; i < WEIR_SHA256_BYTES; i++) {
        digest[i] = (unsigned char)(sha->state[i / 4] >> (24 - i % 4 * 8));
    }
}

void weir_sha256(struct weir_text bytes, unsigned char digest[WEIR_SHA256_BYTES])
{
    struct weir_sha256 sha;

    weir_sha256_init(&sha);
    weir_sha256_add(&sha, bytes);
    weir_sha256_end(&sha, digest);
}

void weir_hmac_sha256(struct weir_text key, struct weir_text bytes,
                      unsigned char digest[WEIR_SHA256_BYTES])
{
    unsigned char inner[WEIR_SHA256_BLOCK] = {0};
    unsigned char outer[WEIR_SHA256_BLOCK];
    struct weir_sha256 sha;

    if (key.bytes > WEIR_SHA256_BLOCK) {
        weir_sha256(key, inner);
    } else if (key.bytes > 0) {
        memcpy(inner, key.at, key.bytes);
    }
    for (int i = 0; i < WEIR_SHA256_BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    weir_sha256_init(&sha);
    weir_sha256_add(&sha, (struct weir_text){(const char *)inner, sizeof inner});
    weir_sha256_add(&sha, bytes);
    weir_sha256_end(&sha, digest);
    weir_sha256_init(&sha);
    weir_sha256_add(&sha, (struct weir_text){(const char *)outer, sizeof outer});
    weir_sha256_add(&sha, (struct weir_text){(const char *)digest, WEIR_SHA256_BYTES});
    weir_sha256_end(&sha, digest);
}

uint32_t weir_crc32(struct weir_text bytes)
{
    static const uint32_t of_half[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                         0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                         0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                         0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < bytes.bytes; i++) {
        crc ^= (unsigned char)bytes.at[i];
        crc = crc >> 4 ^ of_half[crc & 15];
        crc = crc >> 4 ^ of_half[crc & 15];
    }
    return ~crc;
}

void weir_hex(const unsigned char *bytes, size_t count, char *to)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}
