/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes to HTTP APIs from outside; the first byte chooses. Paths: what is a path is found by
 * the route that is its own text, and no segment of it is "..". Texts with variables: their pieces
 * are the text again. JSON paths, answers of format 1.0 and of authorizers: whatever comes.
 */
#include "svc/apigatewayv2/run.h"
#include "svc/apigatewayv2/run_grant.h"
#include "wire/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void path(struct str text, struct arena *arena)
{
    struct route_key greedy = route_key_read(STR("ANY /{p+}"), arena);
    struct str rest = text;
    struct route_key key = route_key_read(str_split(&rest, '\n'), arena);
    struct route_path read;
    struct http_pair *pairs;

    if (!route_path_read(rest, arena, &read)) {
        return;
    }
    for (size_t i = 0; i < read.segment_count; i++) {
        demand(read.segments[i].bytes > 0);
        demand(!str_eq(read.segments[i], STR("..")));
        demand(str_find(read.segments[i], '/', 0) == read.segments[i].bytes);
    }
    demand((route_fit(&greedy, STR("GET"), &read) > 0) == (read.segment_count > 0));
    if (route_fit(&key, STR("GET"), &read) > 0) {
        demand(route_parameters(&key, &read, arena, &pairs) <= key.segment_count);
    }
}

static void pieces(struct str text, struct arena *arena)
{
    for (int of_log = 0; of_log < 2; of_log++) {
        struct text read = text_read(text, of_log == 1, arena);
        size_t bytes = 0;

        for (size_t i = 0; i < read.piece_count; i++) {
            bytes += read.pieces[i].text.bytes;
            demand(of_log == 0 || read.pieces[i].kind == TEXT_LITERAL ||
                   read.pieces[i].kind == TEXT_CONTEXT);
            demand(i == 0 || read.pieces[i].kind != TEXT_LITERAL ||
                   read.pieces[i - 1].kind != TEXT_LITERAL);
        }
        demand(bytes <= text.bytes);
    }
}

static void json_path(struct str text, struct arena *arena)
{
    struct str rest = text;
    struct str where = str_split(&rest, '\n');
    struct value document;
    struct why why;

    if (json_read(arena_dup(arena, rest), 0, arena, &why, &document) == OK) {
        (void)text_json_at(&document, where);
    }
}

static void answer(struct str text, struct arena *arena)
{
    struct http_answer read;

    if (!answer_one(text, arena, &read)) {
        return;
    }
    demand(read.http >= 200 && read.http <= 599);
    demand(read.header_count <= HTTP_ANSWER_HEADERS_MAX);
    for (size_t i = 0; i < read.header_count; i++) {
        struct str value = read.headers[i].value;

        demand(read.headers[i].name.bytes > 0);
        demand(value.bytes == 0 || (memchr(value.at, '\n', value.bytes) == NULL &&
                                    memchr(value.at, '\r', value.bytes) == NULL));
    }
}

static void grant(struct str text, bool simple)
{
    struct granted *granted = granted_read(text, simple);

    if (granted != NULL) {
        (void)granted_allows(granted, STR("arn:aws:execute-api:r:1:x/s/GET/a"));
        (void)granted_member(granted, STR("a"));
        granted_drop(granted);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str text;
    char *exact;

    if (size == 0) {
        arena_free(arena);
        return 0;
    }
    exact = malloc(size); /* nothing is read behind its end */
    demand(exact != NULL);
    memcpy(exact, data + 1, size - 1);
    text = str_of(exact, size - 1);
    switch (data[0] % 6) {
    case 0:
        path(text, arena);
        break;
    case 1:
        pieces(text, arena);
        break;
    case 2:
        json_path(text, arena);
        break;
    case 3:
        answer(text, arena);
        break;
    default:
        grant(text, data[0] % 6 == 4);
    }
    free(exact);
    arena_free(arena);
    return 0;
}
