/* SPDX-License-Identifier: Apache-2.0
 *
 * Outgoing HTTP and HTTPS, by libcurl, for worker threads: a call waits until the answer is there
 * or the time is over. libcurl is loaded with the first request, so that a weir that sends nothing
 * neither maps nor starts it. Nothing is ever sent to AWS: its hosts are refused by name. No
 * proxies, no redirects.
 */
#ifndef WEIR_NET_OUTGOING_H
#define WEIR_NET_OUTGOING_H

#include "net/http.h"

#define OUTGOING_CONNECT_MS 5000
#define OUTGOING_WHOLE_MS 15000
#define OUTGOING_ANSWER_BYTES_MAX (256u * 1024)

struct outgoing {
    const char *method;                /* "GET", "POST" */
    struct str url;                    /* http:// or https:// */
    const struct http_header *headers; /* what is sent beside Host and Content-Length */
    size_t header_count;               /* of them */
    struct str body;                   /* sent when there is one, and with every POST */
    uint32_t whole_ms;                 /* until the answer is whole; 0: OUTGOING_WHOLE_MS */
    size_t answer_bytes_max;           /* of its body; 0: OUTGOING_ANSWER_BYTES_MAX */
    bool wants_headers;                /* of the answer */
};

struct outgoing_answer {
    int http;         /* status */
    struct str body;  /* at most what was said; what is beyond is cut */
    const struct http_header *headers; /* names in lower case; NULL: not wanted */
    size_t header_count; /* of them, at most HTTP_HEADERS_MAX */
};

/* ERR_MALFORMED: no URL that may be asked. ERR_IO: nobody answered (connection, name, time-out),
 * *why says what. */
status outgoing_send(const struct outgoing *request, struct arena *arena, struct why *why,
                     struct outgoing_answer *ret_answer);

#endif
