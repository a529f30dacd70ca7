/* SPDX-License-Identifier: Apache-2.0
 *
 * One door to all checksums of bodies.
 *
 * Rules
 *  1. CRC64NVME is the reflected polynomial 0x9a6c9329ac4bc9b5, inverted at both ends; eight
 *     tables, eight bytes a step (about 2 GB/s).
 *  2. Joining: a CRC of A followed by n zero bytes is the CRC of A multiplied by x^(8n); the CRC of
 *     A and B is that, xored with B's. The inversions at both ends cancel. The multiplication is
 *     squaring and shifting in the field, log2(n) steps.
 */
#include "base/checksum.h"

#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>

#define CRC64_NVME UINT64_C(0x9a6c9329ac4bc9b5) /* reflected */

static uint64_t table[8][256]; /* [k][b]: remainder of byte b with k bytes behind it */

__attribute__((constructor)) static void make_table(void)
{
    for (uint64_t b = 0; b < 256; b++) {
        uint64_t crc = b;

        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? CRC64_NVME : 0);
        }
        table[0][b] = crc;
    }
    for (size_t b = 0; b < 256; b++) {
        for (size_t k = 1; k < 8; k++) {
            uint64_t before = table[k - 1][b];

            table[k][b] = before >> 8 ^ table[0][before & 255];
        }
    }
}

static uint64_t crc64_nvme(uint64_t crc, struct str s)
{
    const unsigned char *at = (const unsigned char *)s.at;
    size_t bytes = s.bytes;
    uint64_t reg = ~crc;

    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;

        memcpy(&word, at, 8);
        word ^= reg;
        reg = table[7][word & 255] ^ table[6][word >> 8 & 255] ^ table[5][word >> 16 & 255] ^
              table[4][word >> 24 & 255] ^ table[3][word >> 32 & 255] ^
              table[2][word >> 40 & 255] ^ table[1][word >> 48 & 255] ^ table[0][word >> 56];
    }
    for (; bytes > 0; bytes--, at++) {
        reg = reg >> 8 ^ table[0][(reg ^ *at) & 255];
    }
    return ~reg;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the words above are in memory's order");

size_t checksum_bytes(enum checksum_kind kind)
{
    static const uint8_t sizes[] = {
        [CHECKSUM_NONE] = 0,       [CHECKSUM_CRC32] = 4,          [CHECKSUM_CRC32C] = 4,
        [CHECKSUM_CRC64NVME] = 8,  [CHECKSUM_SHA1] = SHA1_BYTES,  [CHECKSUM_SHA256] = SHA256_BYTES,
        [CHECKSUM_MD5] = MD5_BYTES,
    };

    assert((size_t)kind < sizeof(sizes));
    return sizes[kind];
}

static const EVP_MD *library_of(enum checksum_kind kind)
{
    switch (kind) {
    case CHECKSUM_SHA1: return EVP_sha1();
    case CHECKSUM_SHA256: return EVP_sha256();
    case CHECKSUM_MD5: return EVP_md5();
    default: return NULL;
    }
}

void checksum_begin(struct checksum *checksum, enum checksum_kind kind)
{
    const EVP_MD *library = library_of(kind);

    *checksum = (struct checksum){.kind = kind};
    if (library != NULL) {
        checksum->digest = EVP_MD_CTX_new();
        assert(checksum->digest != NULL);
        int begun = EVP_DigestInit_ex(checksum->digest, library, NULL);

        assert(begun == 1);
    }
}

void checksum_add(struct checksum *checksum, struct str bytes)
{
    switch (checksum->kind) {
    case CHECKSUM_NONE:
        return;
    case CHECKSUM_CRC32:
        checksum->crc = crc32((uint32_t)checksum->crc, bytes);
        return;
    case CHECKSUM_CRC32C:
        checksum->crc = crc32c((uint32_t)checksum->crc, bytes);
        return;
    case CHECKSUM_CRC64NVME:
        checksum->crc = crc64_nvme(checksum->crc, bytes);
        return;
    default: {
        int added = EVP_DigestUpdate(checksum->digest, bytes.at, bytes.bytes);

        assert(added == 1);
    }
    }
}

void checksum_end(struct checksum *checksum, uint8_t out[CHECKSUM_BYTES_MAX])
{
    size_t bytes = checksum_bytes(checksum->kind);

    if (checksum->digest != NULL) {
        uint8_t sum[EVP_MAX_MD_SIZE];
        unsigned made = 0;
        int ended = EVP_DigestFinal_ex(checksum->digest, sum, &made);

        assert(ended == 1);
        assert(made == bytes);
        if (out != NULL) {
            memcpy(out, sum, bytes);
        }
        EVP_MD_CTX_free(checksum->digest);
        checksum->digest = NULL;
    } else if (out != NULL) {
        for (size_t i = 0; i < bytes; i++) {
            out[i] = (uint8_t)(checksum->crc >> (8 * (bytes - 1 - i)));
        }
    }
    checksum->kind = CHECKSUM_NONE;
}

/* ---- joining ---- */

/* A reflected field: the top bit of its width is x^0. */
struct field {
    uint64_t polynomial; /* reflected */
    uint64_t one;        /* x^0 */
};

static uint64_t multiply(const struct field *field, uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (; a != 0; a = (a << 1) & ((field->one - 1) | field->one)) {
        if ((a & field->one) != 0) {
            product ^= b;
        }
        b = b >> 1 ^ ((b & 1) != 0 ? field->polynomial : 0);
    }
    return product;
}

uint64_t checksum_combine(enum checksum_kind kind, uint64_t first, uint64_t second,
                          uint64_t second_bytes)
{
    struct field field = {0xedb88320u, UINT64_C(1) << 31};

    if (kind == CHECKSUM_CRC32C) {
        field.polynomial = 0x82f63b78u;
    } else if (kind == CHECKSUM_CRC64NVME) {
        field = (struct field){CRC64_NVME, UINT64_C(1) << 63};
    } else {
        assert(kind == CHECKSUM_CRC32);
    }
    uint64_t shift = field.one;      /* x^(8 * second_bytes), made bit by bit */
    uint64_t power = field.one >> 8; /* x^8, x^16, x^32, … */

    for (uint64_t n = second_bytes; n != 0; n >>= 1) {
        if ((n & 1) != 0) {
            shift = multiply(&field, shift, power);
        }
        power = multiply(&field, power, power);
    }
    return multiply(&field, first, shift) ^ second;
}
