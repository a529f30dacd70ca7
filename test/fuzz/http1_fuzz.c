/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 over the loopback: arbitrary bytes in arbitrary splits, sent twice, whole and in pieces.
 * Beside not crashing, both ways must be answered alike, and the app must be told one end for each
 * head.
 *
 * The first byte chooses the pieces; the rest is sent. Paths choose what the app does.
 */
#include "net/server.h"

#include <stdio.h>
#include <stdlib.h>

#define KEPT_MAX 64

struct app {
    struct http_app calls;           /* told by net */
    struct exchange *kept[KEPT_MAX]; /* to be answered at the turn's end, newest first */
    size_t kept_count;               /* how many */
    size_t open;                     /* told of and not ended */
};

static enum http_body on_head(void *ctx, struct exchange *x, uint64_t *ret_bytes_max)
{
    struct app *app = ctx;

    app->open++;
    *ret_bytes_max = 1000;
    if (str_starts(exchange_request(x)->path, STR("/r"))) {
        app->open--;
        exchange_answer(x, 403, NULL, 0, STR("no"));
        return BODY_REFUSE;
    }
    return str_starts(exchange_request(x)->path, STR("/s")) ? BODY_STREAM : BODY_BUFFER;
}

static void on_data(void *ctx, struct exchange *x, struct str piece)
{
    (void)ctx;
    if (piece.bytes % 2 == 1) {
        exchange_pause(x);
        exchange_resume(x);
    }
}

static void answer(struct app *app, struct exchange *x)
{
    app->open--;
    exchange_answer(x, 200, NULL, 0, exchange_request(x)->body);
}

static void on_request(void *ctx, struct exchange *x)
{
    struct app *app = ctx;

    if (str_starts(exchange_request(x)->path, STR("/l")) && app->kept_count < KEPT_MAX) {
        app->kept[app->kept_count++] = x;
    } else if (str_starts(exchange_request(x)->path, STR("/p"))) {
        app->open--;
        exchange_begin(x, 200, NULL, 0);
        exchange_send(x, exchange_request(x)->target);
        exchange_end(x);
    } else {
        answer(app, x);
    }
}

static void on_gone(void *ctx, struct exchange *x)
{
    struct app *app = ctx;

    for (size_t i = 0; i < app->kept_count; i++) {
        if (app->kept[i] == x) {
            return; /* answered at the turn's end, into the void */
        }
    }
    answer(app, x);
}

static void on_turn(void *ctx, uint32_t loop_index)
{
    struct app *app = ctx;

    (void)loop_index;
    while (app->kept_count > 0) {
        answer(app, app->kept[--app->kept_count]);
    }
}

/* What was answered: the status lines, as the dates may differ. A 101 does not count: whether it
 * leaves before nonsense behind it ends the connection is a matter of pieces. */
static size_t count_answers(struct str got)
{
    size_t count = 0, at;

    while ((at = str_find_str(got, STR("HTTP/1.1 "))) < got.bytes) {
        count += str_starts(str_slice(got, at, got.bytes), STR("HTTP/1.1 101")) ? 0 : 1;
        got = str_slice(got, at + 1, got.bytes);
    }
    return count;
}

static void check(bool fine, const char *what)
{
    if (!fine) {
        (void)fprintf(stderr, "%s\n", what);
        abort();
    }
}

/* Sends bytes in pieces of 1 to 16 by a small generator (0: whole); how many answers came. */
static size_t converse(struct str bytes, unsigned seed, bool *ret_closed)
{
    struct app app = {.calls = {.ctx = &app,
                                .head = on_head,
                                .data = on_data,
                                .request = on_request,
                                .gone = on_gone,
                                .turn = on_turn}};
    struct loopback *loopback = loopback_new(&app.calls);
    uint32_t c = loopback_connect(loopback);
    size_t count;

    while (bytes.bytes > 0) {
        size_t piece = bytes.bytes;

        if (seed != 0) {
            seed = seed * 1103515245u + 12345u;
            piece = 1 + (seed >> 16) % 16;
        }
        loopback_send(loopback, c, str_slice(bytes, 0, piece));
        bytes = str_slice(bytes, piece, bytes.bytes);
    }
    count = count_answers(loopback_received(loopback, c));
    *ret_closed = loopback_closed(loopback, c);
    loopback_close(loopback, c);
    check(app.open == 0, "an exchange was neither answered nor told gone");
    loopback_free(loopback);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool whole_closed, split_closed;
    size_t whole, split;
    struct str bytes;

    if (size < 2 || size > 4096) {
        return 0;
    }
    bytes = str_of(data + 1, size - 1);
    if (str_starts(bytes, STR("PRI"))) {
        return 0; /* HTTP/2 has its own harness */
    }
    whole = converse(bytes, 0, &whole_closed);
    split = converse(bytes, data[0] + 1u, &split_closed);
    check(whole == split, "other answers in pieces than whole");
    check(whole_closed == split_closed, "closed in one way and not in the other");
    return 0;
}
