/* SPDX-License-Identifier: Apache-2.0
 *
 * A small blocking HTTP/1.1 client for weir's own commands talking to a weir on this machine: one
 * request, one answer, connection closed. No TLS, no redirects, no proxies.
 */
#ifndef WEIR_NET_CLIENT_H
#define WEIR_NET_CLIENT_H

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"

#define CLIENT_ANSWER_BYTES_MAX (64u * 1024 * 1024)

struct client_request {
    const char *host;      /* "127.0.0.1" */
    uint16_t port;
    const char *method;    /* "GET" */
    struct str target;     /* path and query, escaped */
    const struct http_header *headers;
    size_t header_count;
    struct str body;
    uint32_t timeout_ms;   /* of each wait; 0: 10 s */
};

struct client_answer {
    int http;                    /* status */
    struct http_header *headers; /* names in lower case */
    size_t header_count;
    struct str body;
};

/* ERR_NOT_FOUND: nobody listens there; ERR_IO, ERR_MALFORMED, ERR_LIMIT. */
status client_call(const struct client_request *request, struct arena *arena, struct why *why,
                   struct client_answer *ret_answer);
/* The value of a header by lower-case name; STR_NONE where there is none. */
struct str client_header(const struct client_answer *answer, struct str name);

#endif
