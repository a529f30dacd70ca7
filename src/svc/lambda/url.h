/* SPDX-License-Identifier: Apache-2.0
 *
 * Function URLs as they are called: an HTTP request becomes an event (payload format 2.0), what the
 * function says becomes the answer.
 */
#ifndef WEIR_SVC_LAMBDA_URL_H
#define WEIR_SVC_LAMBDA_URL_H

#include "cell/call.h"
#include "net/http.h"
#include "svc/lambda/lambda_int.h"

#define URL_HEADERS_MAX 18                /* of a function's answer; beside CORS's */
#define URL_PRELUDE_BYTES_MAX (16u * 1024) /* of a streamed answer: status, fields, cookies */

/* A URL that was called. Strings in the call's keep. */
struct url {
    struct str id;               /* first label of its host */
    struct target target;        /* the function, with the alias it is for */
    struct str host;             /* as it was called, without a port */
    struct str path;             /* behind the host, or behind /_aws/lambda-url/ID; with a slash */
    bool iam;                    /* AuthType AWS_IAM */
    bool streams;                /* InvokeMode RESPONSE_STREAM */
    const struct value *cors;    /* Cors; NULL: none */
};

/* ---- url_event.c: pure ---- */

/* What the event says of a request. */
struct url_request {
    const struct http_request *http; /* as it came */
    const struct url *url;       /* to which */
    struct str request_id;       /* of the call */
    struct str trace;            /* X-Amzn-Trace-Id that it goes on with */
    struct str account;          /* the caller's, AWS_IAM; empty: nobody in particular */
    struct str access_key;       /* the same */
    struct str principal;        /* the same: ARN */
    int64_t now_ms;              /* when */
};
struct str url_event(const struct url_request *request, struct arena *arena);

/* What a function's answer says. */
struct url_answer {
    int http;                    /* status */
    struct http_header headers[URL_HEADERS_MAX]; /* names in lower case */
    size_t header_count;         /* of them */
    struct str body;             /* decoded */
};
/* A buffered answer: a structure with a statusCode, or the body itself. False: it is neither:
 * a bad gateway. */
bool url_answer_read(struct str json, struct arena *arena, struct url_answer *ret_answer);
/* A streamed answer's beginning; whether the prelude has come whole: *ret_bytes says where the body
 * begins. False with *ret_bytes 0: more is needed; with 1: it is none. */
bool url_prelude_read(struct str bytes, struct arena *arena, struct url_answer *ret_answer,
                      size_t *ret_bytes);

/* ---- url_cors.c: pure ---- */

bool url_is_preflight(const struct http_request *http);
/* Fields for the answer to that request, at most 6; how many. */
size_t url_cors_fields(const struct value *cors, const struct http_request *http, bool preflight,
                       struct arena *arena, struct http_header *ret_fields);

/* ---- url.c ---- */

status page_url(struct call *c); /* by host, and by path */

#endif
