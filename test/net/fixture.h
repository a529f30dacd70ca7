/* SPDX-License-Identifier: Apache-2.0
 *
 * An app for net's tests. What it does with a request is told by the path:
 *
 *   /echo     gathers the body and answers with it        /tiny    the same, at most 10 bytes
 *   /later    keeps the exchange; the test answers        /refuse  403 in head, body not wanted
 *   /stream   takes the body in pieces, answers its size  /slow    the same, pausing at each piece
 *   /pieces   answers in three pieces                     /length  the same, with content-length
 *   /flood    answers FLOOD_BYTES as the peer takes them  /open    begins an answer, test goes on
 *   /head     own content-length of 12345                 /empty   204
 *   /fields   what arrived, as text                       /never   no answer until gone
 */
#ifndef WEIR_TEST_NET_FIXTURE_H
#define WEIR_TEST_NET_FIXTURE_H

#include "base/buf.h"
#include "net/server.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEPT_MAX 512
#define FLOOD_BYTES (8u * 1024 * 1024)
#define FLOOD_PIECE 65536

struct fixture {
    struct http_app app;             /* told by net */
    struct exchange *kept[KEPT_MAX]; /* /later, /slow and /open, in order of arrival */
    size_t kept_count;               /* how many */
    size_t heads, requests, gones, turns, pieces; /* calls so far */
    size_t stream_bytes;             /* of /stream and /slow bodies */
    size_t flood_sent;               /* by /flood */
    size_t backlog_max;              /* the largest seen by /flood */
    uint32_t stream_sum;             /* of the bytes */
};

static const struct http_header fixture_type[] = {
    {STR_INIT("content-type"), STR_INIT("text/plain")},
};

static inline bool path_is(const struct exchange *x, const char *path)
{
    return str_eq(exchange_request(x)->path, str_c(path));
}

static inline void answer_text(struct exchange *x, int status_code, const char *text)
{
    exchange_answer(x, status_code, fixture_type, 1, str_c(text));
}

static inline enum http_body fixture_head(void *ctx, struct exchange *x, uint64_t *ret_bytes_max)
{
    struct fixture *f = ctx;

    f->heads++;
    if (path_is(x, "/tiny")) {
        *ret_bytes_max = 10;
    }
    if (path_is(x, "/refuse")) {
        answer_text(x, 403, "no");
        return BODY_REFUSE;
    }
    if (path_is(x, "/slow")) {
        assert_true(f->kept_count < KEPT_MAX);
        f->kept[f->kept_count++] = x;
    }
    return path_is(x, "/stream") || path_is(x, "/slow") ? BODY_STREAM : BODY_BUFFER;
}

static inline void fixture_data(void *ctx, struct exchange *x, struct str piece)
{
    struct fixture *f = ctx;

    f->pieces++;
    f->stream_bytes += piece.bytes;
    for (size_t i = 0; i < piece.bytes; i++) {
        f->stream_sum = f->stream_sum * 31 + (unsigned char)piece.at[i];
    }
    if (path_is(x, "/slow")) {
        exchange_pause(x);
    }
}

static inline void flood_on(struct exchange *x)
{
    static char piece[FLOOD_PIECE];
    struct fixture *f = exchange_user(x);

    while (f->flood_sent < FLOOD_BYTES && exchange_backlog(x) < 4 * FLOOD_PIECE) {
        exchange_send(x, str_of(piece, sizeof piece));
        f->flood_sent += sizeof piece;
    }
    f->backlog_max = exchange_backlog(x) > f->backlog_max ? exchange_backlog(x) : f->backlog_max;
    if (f->flood_sent == FLOOD_BYTES) {
        exchange_end(x);
    }
}

static inline void answer_fields(struct exchange *x)
{
    const struct http_request *r = exchange_request(x);
    struct buf buf;

    buf_init(&buf, 1 << 20);
    buf_printf(&buf, "%.*s|%.*s|%.*s|%.*s|%u|%s|%.*s\n", STR_ARG(r->method), STR_ARG(r->path),
               STR_ARG(r->query), STR_ARG(r->authority), r->version, r->tls ? "tls" : "plain",
               STR_ARG(r->peer));
    for (size_t i = 0; i < r->header_count; i++) {
        buf_printf(&buf, "%.*s=%.*s\n", STR_ARG(r->headers[i].name), STR_ARG(r->headers[i].value));
    }
    exchange_answer(x, 200, fixture_type, 1, arena_dup(exchange_arena(x), buf_str(&buf)));
    buf_done(&buf);
}

static inline void answer_pieces(struct exchange *x, bool with_length)
{
    static const struct http_header length[] = {{STR_INIT("content-length"), STR_INIT("11")}};

    exchange_begin(x, 200, with_length ? length : fixture_type, 1);
    exchange_send(x, STR("one "));
    exchange_send(x, STR("two "));
    exchange_send(x, STR("six"));
    exchange_end(x);
}

static inline void fixture_request(void *ctx, struct exchange *x)
{
    static const struct http_header length[] = {{STR_INIT("content-length"), STR_INIT("12345")}};
    struct fixture *f = ctx;
    char text[64];

    f->requests++;
    if (path_is(x, "/later") || path_is(x, "/open")) {
        assert_true(f->kept_count < KEPT_MAX);
        f->kept[f->kept_count++] = x;
        if (path_is(x, "/open")) {
            exchange_begin(x, 200, fixture_type, 1);
        }
    } else if (path_is(x, "/stream") || path_is(x, "/slow")) {
        (void)snprintf(text, sizeof text, "%zu bytes, sum %u", f->stream_bytes, f->stream_sum);
        answer_text(x, 200, arena_dup(exchange_arena(x), str_c(text)).at);
    } else if (path_is(x, "/pieces") || path_is(x, "/length")) {
        answer_pieces(x, path_is(x, "/length"));
    } else if (path_is(x, "/flood")) {
        f->flood_sent = 0;
        exchange_set_user(x, f);
        exchange_begin(x, 200, fixture_type, 1);
        exchange_on_drain(x, flood_on);
        flood_on(x);
    } else if (path_is(x, "/never")) {
        return;
    } else if (path_is(x, "/head")) {
        exchange_answer(x, 200, length, 1, STR_NONE);
    } else if (path_is(x, "/empty")) {
        exchange_answer(x, 204, NULL, 0, STR_NONE);
    } else if (path_is(x, "/fields")) {
        answer_fields(x);
    } else {
        exchange_answer(x, 200, fixture_type, 1, exchange_request(x)->body);
    }
}

static inline void fixture_gone(void *ctx, struct exchange *x)
{
    struct fixture *f = ctx;

    f->gones++;
    for (size_t i = 0; i < f->kept_count; i++) {
        if (f->kept[i] == x) {
            return; /* the test ends it */
        }
    }
    if (path_is(x, "/flood")) {
        exchange_end(x);
    } else {
        exchange_answer(x, 500, NULL, 0, STR_NONE);
    }
}

static inline void fixture_turn(void *ctx, uint32_t loop_index)
{
    struct fixture *f = ctx;

    assert_true(loop_index < 8);
    __atomic_add_fetch(&f->turns, 1, __ATOMIC_RELAXED); /* of any loop */
}

static inline void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.app = {.ctx = f,
                                  .head = fixture_head,
                                  .data = fixture_data,
                                  .request = fixture_request,
                                  .gone = fixture_gone,
                                  .turn = fixture_turn}};
}

static inline size_t count_of(struct str s, const char *needle)
{
    struct str n = str_c(needle);
    size_t count = 0, at;

    while ((at = str_find_str(s, n)) < s.bytes) {
        count++;
        s = str_slice(s, at + n.bytes, s.bytes);
    }
    return count;
}

static inline bool has(struct str s, const char *needle)
{
    return count_of(s, needle) > 0;
}

#endif
