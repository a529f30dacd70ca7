/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies that are not gathered in memory: the payloads of operations whose model says "streaming"
 * (S3's objects and parts). They are received outside the cell, before the handler runs: decoded
 * (aws-chunked), summed, written to a blob and synced. The handler publishes the blob
 * (txn_blob_keep); one that was not published when the call is over is removed. Small bodies stay
 * in memory and cost no file.
 *
 * Sums are computed here and compared in the service, which has the words for what does not match.
 */
#ifndef WEIR_CELL_BODY_H
#define WEIR_CELL_BODY_H

#include "base/checksum.h"
#include "base/str.h"

#define CALL_BODY_INLINE_MAX (64u * 1024) /* larger ones become blobs */
#define CALL_HEADERS_MAX 72

/* AES-256 in counter mode over a stored body: byte n is under block n / 16 of the counter that
 * begins with iv. */
struct call_cipher {
    uint8_t key[32]; /* the customer's (SSE-C), never stored */
    uint8_t iv[16];  /* random; stored with the object */
};

/* What was received. Strings live as long as the call. */
struct call_body {
    struct str bytes;              /* the content, when there is no blob; not enciphered */
    struct str blob;               /* id of the synced blob; STR_NONE: inline */
    uint64_t size;                 /* of the content, decoded */
    uint64_t declared_size;        /* x-amz-decoded-content-length; UINT64_MAX: none */
    uint8_t md5[16];               /* of the content */
    uint8_t sha256[32];            /* of the content; only when has_sha256 */
    bool has_sha256;               /* x-amz-content-sha256 gave a hash (compared when auth is on) */
    enum checksum_kind kind;       /* of sum: the one sent or asked for, else CRC64NVME */
    bool kind_asked;               /* by x-amz-checksum-…, a trailer, or x-amz-sdk-checksum-… */
    uint8_t sum[CHECKSUM_BYTES_MAX]; /* as computed; checksum_bytes(kind) of them */
    uint64_t crc64nvme;            /* of the content; only when kind is another */
    struct str sum_sent;           /* base64, from header or trailer; STR_NONE: none came */
    const struct call_cipher *cipher; /* the blob is enciphered (SSE-C's headers came); or NULL */
};

/* A piece of what an answer sends: of a blob, or in memory (of the call's arena or longer). */
struct call_extent {
    struct str blob;               /* id; STR_NONE: bytes */
    struct str bytes;              /* in memory; offset and size apply to them as well */
    uint64_t offset;               /* first byte of it to send */
    uint64_t size;                 /* bytes to send */
    const struct call_cipher *cipher; /* the blob is enciphered; counted from the blob's begin */
};

#endif
