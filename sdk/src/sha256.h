/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4), HMAC of it (RFC 2104), and CRC-32 as S3 wants it.
 */
#ifndef WEIR_SHA256_H
#define WEIR_SHA256_H

#include "weir_json.h"

#define WEIR_SHA256_BYTES 32
#define WEIR_SHA256_BLOCK 64

struct weir_sha256 {
    uint32_t state[8];                      /* the digest so far */
    uint64_t bytes;                         /* how many came */
    unsigned char block[WEIR_SHA256_BLOCK]; /* those of the block begun */
};

void weir_sha256_init(struct weir_sha256 *sha);
void weir_sha256_add(struct weir_sha256 *sha, struct weir_text bytes);
void weir_sha256_end(struct weir_sha256 *sha, unsigned char digest[WEIR_SHA256_BYTES]);

void weir_sha256(struct weir_text bytes, unsigned char digest[WEIR_SHA256_BYTES]);
void weir_hmac_sha256(struct weir_text key, struct weir_text bytes,
                      unsigned char digest[WEIR_SHA256_BYTES]);
uint32_t weir_crc32(struct weir_text bytes);
void weir_hex(const unsigned char *bytes, size_t count, char *to); /* ends it with a NUL */

#endif
