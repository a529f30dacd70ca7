/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rest of weir sees of HTTP: an *exchange* is one request and its answer, whatever carried
 * it (HTTP/1.1, HTTP/2, with or without TLS, TCP or Unix socket). Everything here happens on the
 * thread of the exchange's loop.
 *
 *   head      the header fields are complete; the app says how it takes the body
 *   data      (streamed bodies only) a piece of the body; exchange_pause() holds the peer back
 *   request   the request is complete; the app will answer, now or later
 *   gone      the peer went away before the answer was complete; the app still ends the exchange
 *   turn      the loop's turn ends: everything that arrived in it has been handed over
 *
 * An exchange lives until it was answered and the answer's bytes left (or the peer went away); so
 * does its arena, in which the request lies. Answers of one connection leave in the order HTTP
 * wants, and all answers made in a turn leave in one write per connection.
 *
 * Sources: RFC 9110, 9112, 9113, 8446.
 */
#ifndef WEIR_NET_HTTP_H
#define WEIR_NET_HTTP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "sys/loop.h"

/* Limits; beyond them the peer is answered 4xx by net itself and, where framing is lost, closed. */
#define HTTP_HEADERS_MAX 100
#define HTTP_HEAD_BYTES_MAX (32u * 1024)
#define HTTP_TARGET_BYTES_MAX (16u * 1024)
#define HTTP_BODY_BYTES_MAX (68u * 1024 * 1024) /* buffered bodies (Lambda's); streams have none */

struct http_header {
    struct str name;  /* lower case */
    struct str value; /* trimmed */
};

struct http_request {
    struct str method;                 /* "GET" */
    struct str target;                 /* as sent: path and query, still escaped */
    struct str path;                   /* target up to '?', still escaped */
    struct str query;                  /* target behind '?', still escaped, without it */
    struct str authority;              /* Host or :authority, as sent */
    const struct http_header *headers; /* in order; HTTP/2 pseudo fields are not among them */
    size_t header_count;
    struct str body;                   /* BODY_BUFFER only */
    uint8_t version;                   /* 11 (also for 1.0, see keep-alive in http1.c) or 20 */
    bool tls;                          /* came through TLS */
    bool loopback;                     /* the peer is this machine (or a Unix socket) */
    struct str peer;                   /* address as text, "unix" for a Unix socket */
    uint16_t port;                     /* server_listen()'s that it came to; 0: another */
};

/* The value of the first field of that (lower-case) name; STR_NONE where there is none. */
struct str http_header(const struct http_request *request, struct str name);

enum http_body {
    BODY_BUFFER, /* gathered whole in the exchange's arena, at most what head allowed */
    BODY_STREAM, /* handed to data piece by piece */
    BODY_REFUSE, /* head has answered already (a 4xx); the body is skipped or the peer closed */
};

struct exchange;

struct http_app {
    void *ctx; /* first argument of all */
    /* *ret_bytes_max: the largest body for BODY_BUFFER (413 beyond), preset to the limit above. */
    enum http_body (*head)(void *ctx, struct exchange *x, uint64_t *ret_bytes_max);
    void (*data)(void *ctx, struct exchange *x, struct str piece);
    void (*request)(void *ctx, struct exchange *x);
    void (*gone)(void *ctx, struct exchange *x);
    void (*turn)(void *ctx, uint32_t loop_index);
};

const struct http_request *exchange_request(const struct exchange *x);
struct arena *exchange_arena(struct exchange *x);
struct loop *exchange_loop(struct exchange *x);
/* The body's declared length; UINT64_MAX: not known. */
uint64_t exchange_body_expected(const struct exchange *x);
void exchange_set_user(struct exchange *x, void *user); /* the app's own pointer */
void *exchange_user(const struct exchange *x);
void exchange_pause(struct exchange *x);  /* no more data until resumed */
void exchange_resume(struct exchange *x);

/* The whole answer at once. headers are copied; body must live as long as the exchange's arena.
 * net adds date, content-length and connection fields, nothing else. */
void exchange_answer(struct exchange *x, int status_code, const struct http_header *headers,
                     size_t header_count, struct str body);

/* An answer in pieces (chunked or DATA frames). Pieces are copied. After a send, look at
 * exchange_backlog(): bytes not yet taken by the peer; drain is called when it falls to zero. */
void exchange_begin(struct exchange *x, int status_code, const struct http_header *headers,
                    size_t header_count);
void exchange_send(struct exchange *x, struct str piece);
/* The same for a piece of a file, which the kernel sends from where it is, so that it costs neither
 * memory nor copies. Only where exchange_takes_files() says so (plain HTTP/1.1 over a socket), and
 * in answers of declared content-length. fd stays the caller's, who may close it at once. What the
 * file lacks breaks the connection off. */
bool exchange_takes_files(const struct exchange *x);
void exchange_send_file(struct exchange *x, int fd, uint64_t offset, uint64_t bytes);
size_t exchange_backlog(const struct exchange *x);
void exchange_on_drain(struct exchange *x, void (*drain)(struct exchange *x));
void exchange_end(struct exchange *x);

#endif
