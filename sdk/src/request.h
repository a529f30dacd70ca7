/* SPDX-License-Identifier: Apache-2.0
 *
 * A request as it is built, then signed (AWS Signature Version 4), then sent.
 */
#ifndef WEIR_REQUEST_H
#define WEIR_REQUEST_H

#include "weir_json.h"

#define WEIR_HEADERS_MAX 128
#define WEIR_QUERY_MAX 256
#define WEIR_KEY_BYTES_MAX 256
#define WEIR_TOKEN_BYTES_MAX 8192

/* A name and its value, in the request's words. */
struct weir_pair {
    uint32_t name;        /* where it begins */
    uint32_t name_bytes;  /* how long it is */
    uint32_t value;       /* where it begins */
    uint32_t value_bytes; /* how long it is */
};

struct weir_request {
    const char *method;                         /* "GET" */
    struct weir_buf path;                       /* escaped; "" is "/" */
    struct weir_buf words;                      /* of headers and query */
    struct weir_buf body;                       /* one that was made here */
    struct weir_text payload;                   /* what is sent: body's bytes, or the caller's */
    char payload_hash[65];                      /* in hexadecimal; "": not yet made */
    struct weir_pair headers[WEIR_HEADERS_MAX]; /* all are signed; names in lower case */
    struct weir_pair query[WEIR_QUERY_MAX];     /* escaped */
    size_t header_count;                        /* how many */
    size_t query_count;                         /* how many */
    bool failed;                                /* something did not fit */
};

struct weir_credentials {
    char access_key_id[WEIR_KEY_BYTES_MAX];     /* "AKIA…"; "": there are none */
    char secret_access_key[WEIR_KEY_BYTES_MAX]; /* its secret */
    char session_token[WEIR_TOKEN_BYTES_MAX];   /* of temporary ones, or "" */
    int64_t expires_ms;                         /* since 1970; 0: never */
};

/* What a signature is for. */
struct weir_scope {
    const char *region;  /* "eu-central-1" */
    const char *service; /* "s3" */
    bool is_s3; /* its paths are escaped once, and it wants the payload's hash as a header */
};

void weir_request_init(struct weir_request *request, size_t bytes_max);
void weir_request_done(struct weir_request *request);
void weir_request_clear(struct weir_request *request);

/* A header, its name made lower case, line breaks in its value made spaces; a parameter, both
 * escaped. */
void weir_request_header(struct weir_request *request, struct weir_text name,
                         struct weir_text value);
void weir_request_query(struct weir_request *request, struct weir_text name,
                        struct weir_text value);
bool weir_request_has(const struct weir_request *request, const char *header);
struct weir_text weir_request_name(const struct weir_request *request,
                                   const struct weir_pair *pair);
struct weir_text weir_request_value(const struct weir_request *request,
                                    const struct weir_pair *pair);

/* Adds x-amz-date, x-amz-security-token and authorization; sorts headers and query. */
void weir_sign(struct weir_request *request, const struct weir_credentials *credentials,
               const struct weir_scope *scope, int64_t now_ms);

/* The same in the query, good for so many seconds; for S3 whatever the body will be. */
void weir_presign(struct weir_request *request, const struct weir_credentials *credentials,
                  const struct weir_scope *scope, int64_t now_ms, int seconds);

/* The signature as such, of a request that has all its headers. */
void weir_signature(struct weir_request *request, const struct weir_credentials *credentials,
                    const struct weir_scope *scope, const char *moment, char to[65]);

/* Request line and headers, to the empty line. `more` are header lines that are not signed. */
void weir_request_head(const struct weir_request *request, const char *more, struct weir_buf *out);

#endif
