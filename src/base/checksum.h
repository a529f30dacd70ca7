/* SPDX-License-Identifier: Apache-2.0
 *
 * Checksums of bodies that arrive in pieces, whichever is asked for: the five of S3 and MD5. The
 * CRCs can be joined: that of A followed by B from those of A and of B.
 */
#ifndef WEIR_BASE_CHECKSUM_H
#define WEIR_BASE_CHECKSUM_H

#include "base/str.h"

#define CHECKSUM_BYTES_MAX 32

enum checksum_kind {
    CHECKSUM_NONE,
    CHECKSUM_CRC32,
    CHECKSUM_CRC32C,
    CHECKSUM_CRC64NVME,
    CHECKSUM_SHA1,
    CHECKSUM_SHA256,
    CHECKSUM_MD5,
};

/* A sum being made; owned by the caller. Begun, it must be ended. */
struct checksum {
    enum checksum_kind kind; /* what it computes */
    uint64_t crc;            /* of what was added so far; CRCs only */
    void *digest;            /* the library's context; the others only */
};

size_t checksum_bytes(enum checksum_kind kind); /* 0 for NONE */
void checksum_begin(struct checksum *checksum, enum checksum_kind kind);
void checksum_add(struct checksum *checksum, struct str bytes);
/* Big-endian, as S3 writes it in base64. out may be NULL: given up. */
void checksum_end(struct checksum *checksum, uint8_t out[CHECKSUM_BYTES_MAX]);
/* Of A followed by B: CRCs only. */
uint64_t checksum_combine(enum checksum_kind kind, uint64_t first, uint64_t second,
                          uint64_t second_bytes);

#endif
