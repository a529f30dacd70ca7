/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Signature Version 4: in the Authorization header, in a presigned URL, in a POST policy's
 * form, and over chunked bodies (STREAMING-AWS4-HMAC-SHA256-PAYLOAD, …-TRAILER, and
 * STREAMING-UNSIGNED-PAYLOAD-TRAILER). Reading and checking are apart: with auth off a signature is
 * read for its scope and never checked. URLs presigned with version 2, which some clients still
 * make by default, are read for their access key; where signatures are checked they are refused, as
 * S3 does for buckets made since 2020.
 *
 * Source: "Create a signed AWS API request" and "Signature calculations for the Authorization
 * header: transferring payload in multiple chunks", AWS documentation.
 */
#ifndef WEIR_WIRE_SIGV4_H
#define WEIR_WIRE_SIGV4_H

#include "base/digest.h"
#include "base/error.h"
#include "net/http.h"

#define SIGV4_SKEW_MS_MAX (INT64_C(15) * 60 * 1000)
#define SIGV4_PRESIGN_MS_MAX (INT64_C(7) * 24 * 3600 * 1000)

/* Errors, in AWS's words; S3 says some of them differently, see s3 in sigv4_check. */
extern const struct error SIGV4_MISSING_TOKEN;  /* MissingAuthenticationToken, 403 */
extern const struct error SIGV4_INCOMPLETE;     /* IncompleteSignature, 400 */
extern const struct error SIGV4_UNKNOWN_KEY;    /* UnrecognizedClientException, 403 */
extern const struct error SIGV4_MISMATCH;       /* InvalidSignature…, SignatureDoesNotMatch */
extern const struct error SIGV4_SKEWED;         /* InvalidSignatureException: Signature expired … */
extern const struct error SIGV4_EXPIRED;        /* AccessDenied: Request has expired (presigned) */
extern const struct error SIGV4_TOKEN_EXPIRED;  /* ExpiredTokenException, 403 */
/* S3's own words. */
extern const struct error SIGV4_S3_TOKEN_EXPIRED; /* ExpiredToken, 400 */
extern const struct error SIGV4_S3_TOKEN;       /* InvalidToken, 400 */
extern const struct error SIGV4_S3_SKEWED;      /* RequestTimeTooSkewed, 403 */
extern const struct error SIGV4_S3_UNKNOWN_KEY; /* InvalidAccessKeyId, 403 */
extern const struct error SIGV4_S3_MALFORMED;   /* AuthorizationHeaderMalformed, 400 */
extern const struct error SIGV4_S3_QUERY;       /* AuthorizationQueryParametersError, 400 */
extern const struct error SIGV4_S3_DENIED;      /* AccessDenied, 403 */
extern const struct error SIGV4_S3_INVALID;     /* InvalidRequest, 400 */
extern const struct error SIGV4_S3_ARGUMENT;    /* InvalidArgument, 400 */
extern const struct error SIGV4_S3_HASH;        /* XAmzContentSHA256Mismatch, 400 */
extern const struct error SIGV4_S3_BODY;        /* IncompleteBody, 400: chunks that are none */
extern const struct error SIGV4_S3_CHUNK_SIZE;  /* InvalidChunkSizeError, 403 */

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
    bool version_two;           /* presigned as clients of old do it */
    bool s3;                    /* signed as S3 does: paths as they are, and in S3's words */
    bool body_later;            /* set by a caller who streams the body and will compare what came
                                 * with content_hash; sigv4_check then takes that as it is */
    enum sigv4_payload payload;
    struct str access_key;
    struct str date;            /* 20261123 */
    struct str region;
    struct str service;
    struct str signed_headers;  /* a;b;c */
    struct str signature;       /* 64 hex digits */
    struct str session_token;   /* STR_NONE without */
    struct str content_hash;    /* x-amz-content-sha256 as sent; STR_NONE without */
    struct str signed_at;       /* 20261123T085500Z */
    int64_t signed_at_ms;       /* the same moment */
    int64_t expires_ms;         /* presigned: how long it is good for; 0: as a header is */
};

/* Reads; OK with present == false when there is none (Authorization of another kind, such as a
 * bearer token, is none). */
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

/* A browser's POST to S3: is signature that of the policy (base64, as sent)? Of scope, access_key,
 * date, region, service and signature are looked at. */
status sigv4_check_policy(const struct sigv4 *scope, struct str policy, struct str secret,
                          struct sigv4_keys *keys, struct why *why);

/* The answers to who is nobody: without a signature, and with an access key that there is not. */
status sigv4_missing(bool s3, struct why *why);
status sigv4_unknown_key(const struct sigv4 *sigv4, struct why *why);
/* A session token that is not the key's, and one whose time is over. */
status sigv4_token_invalid(const struct sigv4 *sigv4, struct why *why);
status sigv4_token_expired(const struct sigv4 *sigv4, struct why *why);
status sigv4_unsupported(struct why *why); /* signed in another way */

/* Signs a request as a client does: the Authorization header's value. For weir's own outgoing calls
 * and for tests. Covers the host and all headers given (in any order), among which x-amz-date must
 * say now_ms; an x-amz-content-sha256 among them stands for the body's hash. */
struct str sigv4_sign(const struct http_request *request, struct str access_key, struct str secret,
                      struct str region, struct str service, int64_t now_ms, struct arena *arena);

/* Limits of chunked bodies. */
#define SIGV4_CHUNK_BYTES_MAX (16u << 20) /* of a chunk whose signature is checked */
#define SIGV4_CHUNK_BYTES_MIN 8192        /* of the same, but for the last */
#define SIGV4_TRAILERS_MAX 16
#define SIGV4_TRAILER_BYTES_MAX ((size_t)8192) /* all together */

/* A chunked body, taken off piece by piece; checks each chunk's signature when seed is given, and
 * then hands over whole chunks only. Strings of sigv4 are copied. */
struct sigv4_chunks;
struct sigv4_chunks *sigv4_chunks_new(const struct sigv4 *sigv4, const struct sigv4_seed *seed);
void sigv4_chunks_free(struct sigv4_chunks *chunks);
/* Hands the plain bytes in piece to sink as they become sure; what sink answers, if not OK, ends
 * it. SIGV4_MISMATCH, SIGV4_S3_BODY, SIGV4_S3_CHUNK_SIZE, ERR_LIMIT. Not to be fed after that. */
status sigv4_chunks_feed(struct sigv4_chunks *chunks, struct str piece,
                         status (*sink)(void *arg, struct str plain), void *arg, struct why *why);
bool sigv4_chunks_done(const struct sigv4_chunks *chunks);
/* Trailing headers (checksums), after done. */
size_t sigv4_chunks_trailers(const struct sigv4_chunks *chunks, const struct http_header **ret);

#endif
