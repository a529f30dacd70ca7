/* SPDX-License-Identifier: Apache-2.0
 *
 * What passes to and from functions: the first byte chooses. Payloads: the check takes what the
 * reader of JSON takes, but for what is too much for a tree, and nothing else. Answers and preludes
 * of function URLs, and requests as events: whatever comes, fields cannot break the answer, and the
 * event is JSON.
 */
#include "svc/lambda/payload.h"
#include "bus/http_event.h"

#include "wire/json.h"
#include "wire/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void payload(struct str text, struct arena *arena)
{
    struct why why = {""};
    struct value value;
    bool is_json = payload_is_json(text, &why);
    status read = json_read(arena_dup(arena, text), 0, arena, &why, &value);

    demand(read == OK || read == &WIRE_SERIALIZATION || read == &ERR_LIMIT);
    if (read == OK) {
        demand(is_json);
    }
    if (is_json && read != OK) { /* deep, many, or a number that no double holds */
        demand(read == &ERR_LIMIT || str_find(text, '\\', 0) < text.bytes || text.bytes > 64 ||
               strpbrk(arena_dup(arena, text).at, "eE0123456789[{") != NULL);
    }
}

static void check_fields(const struct http_answer *answer)
{
    demand(answer->http >= 200);
    demand(answer->http <= 599);
    demand(answer->header_count <= HTTP_ANSWER_HEADERS_MAX);
    for (size_t i = 0; i < answer->header_count; i++) {
        const struct http_header *field = &answer->headers[i];

        demand(field->name.bytes > 0);
        demand(memchr(field->name.at, '\n', field->name.bytes) == NULL);
        demand(memchr(field->name.at, ':', field->name.bytes) == NULL);
        for (size_t k = 0; k < field->value.bytes; k++) {
            demand(field->value.at[k] != '\r');
            demand(field->value.at[k] != '\n');
            demand(field->value.at[k] != '\0');
        }
    }
}

static void event(struct str text, struct arena *arena)
{
    struct http_header headers[4];
    struct str rest = text;
    struct http_request http = {.method = STR("POST"), .headers = headers, .version = 11};
    struct http_event request = {.http = &http, .api = STR("id"), .request_id = STR("r"),
                                 .host = STR("id.lambda-url.r.localhost"), .prefix = STR("id"),
                                 .route_key = STR("$default"), .stage = STR("$default"),
                                 .account = STR("anonymous"), .trace = STR("Root=1"),
                                 .now_ms = 1796000000000};
    struct why why;

    http.query = str_split(&rest, '\n');
    request.path = str_split(&rest, '\n');
    http.authority = str_split(&rest, '\n');
    for (size_t i = 0; i < 4; i++) {
        struct str line = str_split(&rest, '\n');
        size_t colon = str_find(line, ':', 0);

        headers[i].name = i == 0 ? STR("cookie") : str_slice(line, 0, colon);
        headers[i].value = str_slice(line, colon + 1, line.bytes);
        headers[i].name = headers[i].name.bytes == 0 ? STR("content-type") : headers[i].name;
    }
    for (size_t i = 0; i < 4; i++) { /* net takes field names of tokens only */
        for (size_t k = 0; k < headers[i].name.bytes; k++) {
            unsigned char c = (unsigned char)headers[i].name.at[k];

            if (c <= 0x20 || c >= 0x7f) {
                return;
            }
        }
    }
    http.header_count = 4;
    http.body = rest;
    struct str made = http_event_write(&request, arena);

    demand(made.at == NULL || payload_is_json(made, &why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct http_answer answer;
    struct str text;
    char *exact;
    size_t bytes = 0;

    if (size == 0) {
        arena_free(arena);
        return 0;
    }
    exact = malloc(size); /* nothing is read behind its end */
    demand(exact != NULL);
    memcpy(exact, data + 1, size - 1);
    text = str_of(exact, size - 1);
    switch (data[0] % 4) {
    case 0:
        payload(text, arena);
        break;
    case 1:
        if (http_answer_read(text, arena, &answer)) {
            check_fields(&answer);
        }
        break;
    case 2:
        if (http_prelude_read(text, arena, &answer, &bytes)) {
            demand(bytes <= text.bytes);
            check_fields(&answer);
        }
        break;
    default:
        event(text, arena);
    }
    free(exact);
    arena_free(arena);
    return 0;
}
