/* SPDX-License-Identifier: Apache-2.0
 *
 * One door to all checksums of bodies.
 *
 * Rules
 *  1. The CRCs are crc.c's, the others the library's.
 *  2. Joining: a CRC of A followed by n zero bytes is the CRC of A multiplied by x^(8n); the CRC of
 *     A and B is that, xored with B's. The inversions at both ends cancel. The multiplication is
 *     squaring and shifting in the field, log2(n) steps.
 */
#include "base/checksum.h"

#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>

#define CRC64_NVME UINT64_C(0x9a6c9329ac4bc9b5) /* reflected */

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
        checksum->crc = crc64nvme(checksum->crc, bytes);
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
