/* SPDX-License-Identifier: Apache-2.0
 *
 * Function URLs as they are called: an HTTP request becomes an event (payload format 2.0), what the
 * function says becomes the answer.
 */
#ifndef WEIR_SVC_LAMBDA_URL_H
#define WEIR_SVC_LAMBDA_URL_H

#include "bus/http_event.h"
#include "cell/call.h"
#include "net/http.h"
#include "svc/lambda/lambda_int.h"

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

/* ---- url_cors.c: pure ---- */

bool url_is_preflight(const struct http_request *http);
/* Fields for the answer to that request, at most 6; how many. */
size_t url_cors_fields(const struct value *cors, const struct http_request *http, bool preflight,
                       struct arena *arena, struct http_header *ret_fields);

/* ---- url.c ---- */

status page_url(struct call *c); /* by host, and by path */

#endif
