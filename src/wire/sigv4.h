/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Signature Version 4: in the Authorization header, in a presigned URL, in a POST policy's form,
 * and over chunked bodies (STREAMING-AWS4-HMAC-SHA256-PAYLOAD, …-TRAILER, and
 * STREAMING-UNSIGNED-PAYLOAD-TRAILER). Reading and checking are apart: with auth off a signature is
 * read for its scope and never checked.
 *
 * Source: "Create a signed AWS API request" and "Signature calculations for the Authorization
 * header: transferring payload in multiple chunks", AWS documentation.
 */
#ifndef WEIR_WIRE_SIGV4_H
#define WEIR_WIRE_SIGV4_H

#include "base/digest.h"
#include "base/error.h"
#include "net/http.h"

#define SIGV4_SKEW_MS_MAX (15 * 60 * 1000)
#define SIGV4_PRESIGN_MS_MAX (7 * 24 * 3600 * INT64_C(1000))

/* Errors, in AWS's words; S3 says some of them differently, see s3 in sigv4_check. */
extern const struct error SIGV4_MISSING_TOKEN;  /* MissingAuthenticationToken, 403 */
extern const struct error SIGV4_INCOMPLETE;     /* IncompleteSignature, 400 */
extern const struct error SIGV4_UNKNOWN_KEY;    /* UnrecognizedClientException, 403 */
extern const struct error SIGV4_MISMATCH;       /* InvalidSignatureException (SignatureDoesNotMatch) */
extern const struct error SIGV4_SKEWED;         /* InvalidSignatureException: Signature expired … */
extern const struct error SIGV4_EXPIRED;        /* AccessDenied: Request has expired (presigned) */

enum sigv4_payload {
    PAYLOAD_HASHED,            /* x-amz-content-sha256 or the body's own hash */
    PAYLOAD_UNSIGNED,          /* UNSIGNED-PAYLOAD */
    PAYLOAD_CHUNKED_SIGNED,    /* STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    PAYLOAD_CHUNKED_SIGNED_TRAILER,
    PAYLOAD_CHUNKED_UNSIGNED_TRAILER,
};

/* What a request says about its signature. All strings lie in the request. */
struct sigv4 {
    bool present;               /* there is a signature at all */
    bool presigned;             /* in the query */
    enum sigv4_payload payload;
    struct str access_key;
    struct str date;            /* 20261123 */
    struct str region;
    struct str service;
    struct str signed_headers;  /* a;b;c */
    struct str signature;       /* 64 hex digits */
    struct str session_token;   /* STR_NONE without */
    struct str content_hash;    /* x-amz-content-sha256 as sent; STR_NONE without */
    int64_t signed_at_ms;
    int64_t expires_ms;         /* presigned: how long it is good for */
};

/* Reads; OK with present == false when there is none. */
status sigv4_read(const struct http_request *request, struct arena *arena, struct why *why,
                  struct sigv4 *ret_sigv4);

/* Derived signing keys by (secret, date, region, service), kept per thread. */
struct sigv4_keys;
struct sigv4_keys *sigv4_keys_new(void);
void sigv4_keys_free(struct sigv4_keys *keys);

/* Checks signature, skew and expiry against the secret at moment now_ms. For PAYLOAD_HASHED the
 * body's hash is compared too. *ret_seed (may be NULL) gets the signing key, for chunks. */
struct sigv4_seed {
    uint8_t key[SHA256_BYTES];   /* signing key */
    char previous[64];           /* the signature that the next chunk's continues */
};
status sigv4_check(const struct sigv4 *sigv4, const struct http_request *request, struct str secret,
                   int64_t now_ms, struct sigv4_keys *keys, struct arena *arena, struct why *why,
                   struct sigv4_seed *ret_seed);

/* Signs a request as a client does: the Authorization header's value. For weir's own outgoing calls
 * and for tests. */
struct str sigv4_sign(const struct http_request *request, struct str access_key, struct str secret,
                      struct str region, struct str service, int64_t now_ms, struct arena *arena);

/* A chunked body, taken off piece by piece; checks each chunk's signature when seed is given. */
struct sigv4_chunks;
struct sigv4_chunks *sigv4_chunks_new(const struct sigv4 *sigv4, const struct sigv4_seed *seed);
void sigv4_chunks_free(struct sigv4_chunks *chunks);
/* Hands the plain bytes in piece to sink as they become sure. */
status sigv4_chunks_feed(struct sigv4_chunks *chunks, struct str piece,
                         status (*sink)(void *arg, struct str plain), void *arg, struct why *why);
bool sigv4_chunks_done(const struct sigv4_chunks *chunks);
/* Trailing headers (checksums), after done. */
size_t sigv4_chunks_trailers(const struct sigv4_chunks *chunks, const struct http_header **ret);

#endif
