/* SPDX-License-Identifier: Apache-2.0
 *
 * Listeners and their loops: one loop and thread per core, SO_REUSEPORT, so that a connection stays
 * on one thread. The same port speaks HTTP/1.1, HTTP/2 with prior knowledge, HTTP/2 by upgrade, and
 * TLS (told apart by its first byte), the latter with ALPN.
 */
#ifndef WEIR_NET_SERVER_H
#define WEIR_NET_SERVER_H

#include "net/http.h"

struct server;
struct tls; /* net/tls.h */

struct server_options {
    const char *host;            /* "127.0.0.1", "::1", or NULL for no TCP listener */
    uint16_t port;               /* 0: a free one, see server_port() */
    const char *unix_path;       /* or NULL */
    uint32_t loop_count;         /* 0: one per core */
    uint32_t connections_max;    /* per server; further ones are closed at once (default 10,000) */
    uint32_t idle_ms_max;        /* closed when no byte came this long (default 60 s) */
    uint32_t head_ms_max;        /* a head must be complete this long after its first byte (10 s) */
    struct tls *tls;             /* NULL: no TLS */
    const struct http_app *app;  /* outlives the server */
};

/* Binds and starts the threads. On failure nothing is left behind, *why says what to do. */
status server_start(const struct server_options *options, struct why *why,
                    struct server **ret_server);
uint16_t server_port(const struct server *server);
uint32_t server_loop_count(const struct server *server);
struct loop *server_loop(struct server *server, uint32_t index);
uint32_t server_connections(const struct server *server); /* open now */

/* One more port on 127.0.0.1, on loop 0, for whoever tells peers apart by the port they were given
 * (http_request.port). On that loop's thread, as is taking it back before the server stops. */
struct listener;
status server_listen(struct server *server, struct why *why, struct listener **ret_listener,
                     uint16_t *ret_port);
void server_unlisten(struct listener *listener); /* NULL is fine; connections stay */

/* Stops listening and reading; waits up to grace_ms for the answers under way; closes the rest. */
void server_stop(struct server *server, uint32_t grace_ms);
void server_free(struct server *server);

/* A connection without a socket, for tests and benches of the whole path: bytes in, bytes out.
 * One loop on the calling thread; every call runs the loop until it is idle. */
struct loopback;
struct loopback *loopback_new(const struct http_app *app);
void loopback_free(struct loopback *loopback);
struct loop *loopback_loop(struct loopback *loopback);
uint32_t loopback_connect(struct loopback *loopback);                   /* a connection's number */
void loopback_send(struct loopback *loopback, uint32_t connection, struct str bytes);
void loopback_run(struct loopback *loopback);                           /* until idle */
struct str loopback_received(struct loopback *loopback, uint32_t connection); /* all so far */
void loopback_forget(struct loopback *loopback, uint32_t connection);   /* drop what was received */
bool loopback_closed(struct loopback *loopback, uint32_t connection);   /* by the server */
void loopback_close(struct loopback *loopback, uint32_t connection);    /* by the peer */

#endif
