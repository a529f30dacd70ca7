/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP deliveries. 2xx is delivered; 429 and 5xx, and everything below HTTP, may go better later;
 * all other answers are for good.
 */
#include "bus/http.h"

#include "base/buf.h"
#include "net/outgoing.h"

#define PAYLOAD_BYTES_MAX (2u * 1024 * 1024)
#define HEADERS_MAX 32

struct str delivery_http_payload(struct arena *arena, const struct http_header *headers,
                                 size_t header_count, struct str body)
{
    struct buf text;
    struct str made;

    buf_init(&text, PAYLOAD_BYTES_MAX);
    for (size_t i = 0; i < header_count; i++) {
        buf_add(&text, headers[i].name);
        buf_add(&text, STR(": "));
        buf_add(&text, headers[i].value);
        buf_add_c(&text, '\n');
    }
    buf_add_c(&text, '\n');
    buf_add(&text, body);
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static void take_apart(struct str payload, struct outgoing *request, struct http_header *headers)
{
    request->headers = headers;
    for (;;) {
        size_t end = str_find(payload, '\n', 0);
        struct str line = str_slice(payload, 0, end);
        size_t colon = str_find(line, ':', 0);

        payload = str_slice(payload, end + 1, payload.bytes);
        if (line.bytes == 0 || request->header_count == HEADERS_MAX) {
            break;
        }
        headers[request->header_count++] = (struct http_header){
            str_slice(line, 0, colon), str_trim(str_slice(line, colon + 1, line.bytes))};
    }
    request->body = payload;
}

static status carry(void *state, struct carrying *carrying)
{
    struct outgoing request = {.method = "POST", .url = carrying->delivery->target};
    struct http_header headers[HEADERS_MAX];
    struct outgoing_answer answer;

    (void)state;
    take_apart(carrying->delivery->payload, &request, headers);
    status sent = outgoing_send(&request, carrying->arena, &carrying->why, &answer);

    if (sent != OK) {
        carrying->fatal = sent == &ERR_MALFORMED;
        return sent;
    }
    carrying->answer = answer.body;
    if (answer.http >= 200 && answer.http <= 299) {
        return OK;
    }
    carrying->fatal = answer.http < 500 && answer.http != 429 && answer.http != 408;
    return why_set(&carrying->why, &ERR_IO, "the endpoint answered %d", answer.http);
}

const struct carrier http_carrier = {"http", carry};
