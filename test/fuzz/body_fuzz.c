/* SPDX-License-Identifier: Apache-2.0
 *
 * Streaming payloads from anywhere: header lines "name:value" up to an empty line, then the body.
 * The first byte chooses the size of the pieces, and whether signatures are checked. Whatever came,
 * the content in pieces and its sums are those of the body as a whole.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "cell/body_read.h"

#include <assert.h>

#define HEADERS_MAX 20

static status take(void *arg, struct str plain)
{
    buf_add(arg, plain);
    return OK;
}

static status read_pieces(struct body_read *read, struct str body, size_t step, struct buf *out,
                          struct why *why)
{
    for (size_t at = 0; at < body.bytes; at += step) {
        TRY(body_read_take(read, str_slice(body, at, at + step), take, out, why));
    }
    return body_read_end(read, why);
}

static void compare(const struct call_body *whole, const struct call_body *pieces, struct str got)
{
    assert(whole->size == pieces->size);
    assert(str_eq(whole->bytes, got));
    assert(memcmp(whole->md5, pieces->md5, sizeof(whole->md5)) == 0);
    assert(whole->kind == pieces->kind);
    assert(memcmp(whole->sum, pieces->sum, checksum_bytes(whole->kind)) == 0);
    assert(str_eq(whole->sum_sent, pieces->sum_sent));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sigv4_seed seed = {{1}, {2}};
    struct sigv4 sigv4 = {.signed_at = STR("20261123T085500Z"), .date = STR("20261123"),
                          .region = STR("us-east-1"), .service = STR("s3")};
    struct http_header headers[HEADERS_MAX];
    struct http_request request = {.method = STR("PUT"), .headers = headers};
    struct str rest = str_of(data, size);
    struct arena *arena = arena_new(4u << 20);
    struct call_body *whole = NULL;
    struct body_read read;
    struct why why;
    struct buf out;

    if (size < 1 || size > 65536) {
        arena_free(arena);
        return 0;
    }
    size_t step = 1 + (data[0] & 0x7f);
    bool checks = (data[0] & 0x80) != 0;

    rest = str_slice(rest, 1, rest.bytes);
    while (rest.at != NULL && request.header_count < HEADERS_MAX) {
        struct str line = str_split(&rest, '\n');
        size_t colon = str_find(line, ':', 0);

        if (line.bytes == 0) {
            break;
        }
        headers[request.header_count].name = str_slice(line, 0, colon);
        headers[request.header_count++].value = str_trim(str_slice(line, colon + 1, line.bytes));
    }
    request.body = rest.at == NULL ? STR_NONE : rest;
    buf_init(&out, 1u << 20);
    struct body_source source = {&request, &sigv4, checks ? &seed : NULL, NULL};
    status went = body_read_begin(&read, &source, &why);

    if (went == OK) {
        went = read_pieces(&read, request.body, step, &out, &why);
        body_read_done(&read);
    }
    status at_once = body_read_whole(&source, arena, &why, &whole);

    if (went == OK) {
        assert(at_once == OK);
        compare(whole, &read.body, buf_str(&out));
    } else if (went != &SIGV4_S3_HASH) { /* a whole body's hash has been compared before */
        assert(at_once != OK);
    }
    buf_done(&out);
    arena_free(arena);
    return 0;
}
