/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of signatures: requests written as text.
 */
#ifndef WEIR_TEST_WIRE_SIGNED_H
#define WEIR_TEST_WIRE_SIGNED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"
#include "wire/sigv4.h"

#include <stdio.h>

static struct arena *arena;
static struct sigv4_keys *keys;
static struct why why;

static inline int set_up(void **state)
{
    (void)state;
    arena = arena_new(16u << 20);
    keys = sigv4_keys_new();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    sigv4_keys_free(keys);
    arena_free(arena);
    return 0;
}

static inline int64_t moment_of(const char *text)
{
    int64_t moment_ms;

    assert_true(time_from_sigv4(str_c(text), &moment_ms));
    return moment_ms;
}

/* A request; headers as "name:value" lines, in order. */
struct sent {
    const char *method, *target, *headers, *body;
};

static inline struct http_request request_of(const struct sent *sent)
{
    struct http_header *headers = arena_alloc(arena, 32 * sizeof(*headers));
    struct str rest = sent->headers[0] != 0 ? str_c(sent->headers) : STR_NONE;
    struct str target = str_c(sent->target);
    size_t question = str_find(target, '?', 0);
    struct http_request request = {
        .method = str_c(sent->method),
        .target = target,
        .path = str_slice(target, 0, question),
        .query = str_slice(target, question + 1, target.bytes),
        .headers = headers,
        .body = sent->body == NULL ? STR_NONE : str_c(sent->body),
        .version = 11,
    };

    while (rest.at != NULL) {
        struct str line = str_split(&rest, '\n');
        size_t colon = str_find(line, ':', 0);
        headers[request.header_count].name = str_slice(line, 0, colon);
        headers[request.header_count++].value = str_trim(str_slice(line, colon + 1, line.bytes));
    }
    request.authority = http_header(&request, STR("host"));
    return request;
}

#endif
