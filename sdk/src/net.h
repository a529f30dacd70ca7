/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections, and HTTP/1.1's answers on them.
 *
 * Sockets block, with time limits of the kernel's: a link that nothing comes from ends with
 * NET_TIMEOUT. Names are looked up by this library itself (/etc/hosts, then the servers of
 * /etc/resolv.conf), for the C library's way of doing it cannot be linked statically.
 */
#ifndef WEIR_NET_H
#define WEIR_NET_H

#include "weir_aws.h"

#include <sys/socket.h>

#define WEIR_ADDRESSES_MAX 8
#define WEIR_HOST_BYTES_MAX 255

enum net_result { NET_OK, NET_CLOSED, NET_BROKEN, NET_TIMEOUT, NET_BAD, NET_TOO_LARGE };

struct weir_link {
    int fd;                     /* -1: none */
    const struct weir_tls *tls; /* NULL: plain */
    void *session;              /* of tls */
};

/* How long to wait for what. */
struct weir_patience {
    int connect_ms; /* for a connection, each address */
    int read_ms;    /* for the next byte */
};

struct weir_addresses {
    struct sockaddr_storage at[WEIR_ADDRESSES_MAX]; /* with their port */
    size_t count;                                   /* how many */
};

/* An address's numbers, a name of /etc/hosts, or one that a name server knows. */
bool weir_resolve(const char *host, uint16_t port, struct weir_addresses *ret_found);
/* The addresses in a name server's answer to the question with this number. */
void weir_resolve_read(struct weir_text message, uint16_t number, struct weir_addresses *found);

enum net_result weir_link_open(const char *host, uint16_t port, struct weir_patience patience,
                               struct weir_link *ret_link);
enum net_result weir_link_write(struct weir_link *link, struct weir_text bytes);
void weir_link_close(struct weir_link *link);

/* ---- answers ---- */

struct weir_http_answer {
    struct weir_text head; /* status line and headers; lies in the buffer */
    struct weir_text body; /* whole; lies in the buffer */
    int status;            /* 200 … */
    bool keeps;            /* the connection may be used again */
};

/* Reads one answer into `in`, which it clears first. NET_CLOSED: the other side had ended before
 * the first byte. of_head: there is no body, whatever the headers say. */
enum net_result weir_http_read(struct weir_link *link, struct weir_buf *in, bool of_head,
                               struct weir_http_answer *ret_answer);

/* A header's value; WEIR_NONE. */
struct weir_text weir_http_header(struct weir_text head, const char *name);
/* One header line after the other; false at the end. *rest begins as the head. */
bool weir_http_next(struct weir_text *rest, struct weir_text *ret_name,
                    struct weir_text *ret_value);

/* X-Ray's header of the invocation under way, "" outside of one; the Lambda loop sets it. */
extern char weir_trace_id[256];

#endif
