/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of SigV4.
 */
#ifndef WEIR_WIRE_SIGV4_INT_H
#define WEIR_WIRE_SIGV4_INT_H

#include "base/buf.h"
#include "wire/sigv4.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"

/* What is signed, for a request as sent. skip: the query parameter left out of a presigned URL. */
struct canonical {
    const struct http_request *request;
    struct str signed_headers; /* a;b;c */
    struct str payload_hash;   /* as the last line has it */
    struct str skip;           /* "X-Amz-Signature" or STR_NONE */
    bool encode_path_twice;    /* every service but S3 */
};
/* False when a signed header is missing or the text gets too large. */
bool sigv4_canonical(const struct canonical *canonical, struct arena *arena, struct buf *out);
/* The signing key of that day. */
void sigv4_key(struct sigv4_keys *keys, struct str secret, const struct sigv4 *scope,
               uint8_t ret_key[SHA256_BYTES]);
/* hex(hmac(key, "AWS4-HMAC-SHA256\n" date "\n" scope "\n" hash)). */
void sigv4_signature(const uint8_t key[SHA256_BYTES], const struct sigv4 *sigv4,
                     struct str canonical, char out[64]);

#endif
