/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures and chunked bodies from anywhere. The first byte says what follows:
 *
 *   0  a request: target, then header lines "name:value", then, behind an empty line, the body
 *   1… a chunked body of one of the three kinds, fed in pieces whose sizes the second byte chooses
 *
 * A request is read, and checked if it says it is signed. A chunked body must give the same bytes
 * fed whole and in pieces.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "wire/sigv4.h"

#include <assert.h>

#define HEADERS_MAX 40

static void fuzz_request(struct str rest)
{
    struct arena *arena = arena_new(4u << 20);
    struct http_header headers[HEADERS_MAX];
    struct str target = str_split(&rest, '\n');
    size_t question = str_find(target, '?', 0);
    struct http_request request = {
        .method = STR("GET"),
        .target = target,
        .path = str_slice(target, 0, question),
        .query = str_slice(target, question + 1, target.bytes),
        .authority = STR("127.0.0.1:4566"),
        .headers = headers,
    };
    struct sigv4 sigv4;
    struct sigv4_seed seed;
    struct why why;

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
    if (sigv4_read(&request, arena, &why, &sigv4) == OK && sigv4.present) {
        struct sigv4_keys *keys = sigv4_keys_new();
        (void)sigv4_check(&sigv4, &request, STR("secret"), sigv4.signed_at_ms, keys, arena, &why,
                          &seed);
        sigv4_keys_free(keys);
    }
    arena_free(arena);
}

static status take(void *arg, struct str plain)
{
    buf_add(arg, plain);
    return OK;
}

static struct sigv4_chunks *chunks_of(uint8_t kind)
{
    static const enum sigv4_payload payloads[] = {
        PAYLOAD_CHUNKED_SIGNED, PAYLOAD_CHUNKED_SIGNED_TRAILER, PAYLOAD_CHUNKED_UNSIGNED_TRAILER};
    static const struct sigv4_seed seed = {{1}, {2}};
    struct sigv4 sigv4 = {.payload = payloads[kind % 3],
                          .signed_at = STR("20261123T085500Z"),
                          .date = STR("20261123"),
                          .region = STR("us-east-1"),
                          .service = STR("s3")};

    return sigv4_chunks_new(&sigv4, kind & 4 ? &seed : NULL);
}

static status feed(uint8_t kind, struct str body, size_t step, struct buf *plain)
{
    struct sigv4_chunks *chunks = chunks_of(kind);
    const struct http_header *trailers;
    struct why why;
    status s = OK;

    for (size_t at = 0; s == OK && at < body.bytes; at += step) {
        s = sigv4_chunks_feed(chunks, str_slice(body, at, at + step), take, plain, &why);
    }
    assert(sigv4_chunks_trailers(chunks, &trailers) <= SIGV4_TRAILERS_MAX);
    sigv4_chunks_free(chunks);
    return s;
}

static void fuzz_chunks(uint8_t kind, size_t step, struct str body)
{
    struct buf whole;
    struct buf pieces;

    buf_init(&whole, 1u << 20);
    buf_init(&pieces, 1u << 20);
    status one = feed(kind, body, body.bytes + 1, &whole);
    status other = feed(kind, body, step, &pieces);
    assert(one == other);
    assert(str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_done(&whole);
    buf_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    if (data[0] % 8 == 0) {
        fuzz_request(str_of(data + 1, size - 1));
    } else {
        fuzz_chunks((uint8_t)(data[0] % 8 - 1), (size_t)data[1] + 1, str_of(data + 2, size - 2));
    }
    return 0;
}
