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
    struct str body;                   /* of a POST */
};

struct outgoing_answer {
    int http;         /* status */
    struct str body;  /* at most OUTGOING_ANSWER_BYTES_MAX; what is beyond is cut */
};

/* ERR_MALFORMED: no URL that may be asked. ERR_IO: nobody answered (connection, name, time-out),
 * *why says what. */
status outgoing_send(const struct outgoing *request, struct arena *arena, struct why *why,
                     struct outgoing_answer *ret_answer);

#endif
