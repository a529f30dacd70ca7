/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/2 over the loopback: a right preface and settings, then arbitrary frames. The input is cut
 * into frames by its own bytes: type, flags, stream, length, payload; so nearly every input is a
 * series of whole frames. Type 255 sends the rest raw. Each exchange must get exactly one end.
 */
#include "net/server.h"

#include <stdio.h>
#include <stdlib.h>

#define FRAMES_MAX 64

struct app {
    struct http_app calls; /* told by net */
    size_t open;           /* told of and not ended */
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

static void on_request(void *ctx, struct exchange *x)
{
    struct app *app = ctx;

    app->open--;
    if (str_starts(exchange_request(x)->path, STR("/p"))) {
        exchange_begin(x, 200, NULL, 0);
        exchange_send(x, exchange_request(x)->target);
        exchange_end(x);
        return;
    }
    exchange_answer(x, 200, NULL, 0, exchange_request(x)->body);
}

static void on_gone(void *ctx, struct exchange *x)
{
    struct app *app = ctx;

    app->open--;
    exchange_answer(x, 500, NULL, 0, STR_NONE);
}

/* Sends one frame cut from the input; what is left of it. */
static struct str send_frame(struct loopback *loopback, uint32_t c, struct str rest)
{
    uint8_t frame[9 + 1024] = {0};
    size_t length = (uint8_t)rest.at[3] * 4u;
    struct str payload;

    if ((uint8_t)rest.at[0] == 255) {
        loopback_send(loopback, c, str_slice(rest, 1, rest.bytes));
        return STR_NONE;
    }
    payload = str_slice(rest, 4, 4 + length);
    frame[1] = (uint8_t)(payload.bytes >> 8);
    frame[2] = (uint8_t)payload.bytes;
    frame[3] = (uint8_t)(rest.at[0] % 12);
    frame[4] = (uint8_t)rest.at[1];
    frame[8] = (uint8_t)rest.at[2];
    if (payload.bytes > 0) {
        memcpy(frame + 9, payload.at, payload.bytes);
    }
    loopback_send(loopback, c, str_of(frame, 9 + payload.bytes));
    return str_slice(rest, 4 + length, rest.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app app = {.calls = {.ctx = &app,
                                .head = on_head,
                                .data = on_data,
                                .request = on_request,
                                .gone = on_gone}};
    struct loopback *loopback = loopback_new(&app.calls);
    uint32_t c = loopback_connect(loopback);
    struct str rest = str_of(data, size);

    loopback_send(loopback, c, STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"));
    for (int i = 0; i < FRAMES_MAX && rest.bytes >= 4; i++) {
        rest = send_frame(loopback, c, rest);
    }
    loopback_close(loopback, c);
    if (app.open != 0) {
        (void)fprintf(stderr, "an exchange was neither answered nor told gone\n");
        abort();
    }
    loopback_free(loopback);
    return 0;
}
