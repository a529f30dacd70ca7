/* SPDX-License-Identifier: Apache-2.0
 *
 * REST requests: the first byte chooses an operation, then come a line of path and query, a line
 * with a header's name, one with its value, and the body. Whatever comes, nothing is touched behind
 * the end, and what is accepted has the shape's fields and can be printed.
 */
#include "base/buf.h"
#include "wire/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

/* Labels, greedy labels, lists, maps and moments in every place they can be. */
static const char *const operations[][2] = {
    {"lambda", "Invoke"},         {"lambda", "UntagResource"},   {"apigateway", "GetExport"},
    {"lambda", "CreateFunction"}, {"apigateway", "PutRestApi"},  {"s3", "PutObject"},
    {"s3", "GetObject"},          {"s3", "GetObjectAttributes"}, {"s3", "ListObjectsV2"},
    {"s3control", "GetMultiRegionAccessPointPolicy"},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

/* A copy of the next line in a block of its own. */
static char *line_of(struct str *rest, struct str *ret_line)
{
    struct str line = str_split(rest, '\n');
    char *copy = malloc(line.bytes + 1);

    demand(copy != NULL);
    if (line.bytes > 0) {
        memcpy(copy, line.at, line.bytes);
    }
    *ret_line = str_of(copy, line.bytes);
    return copy;
}

static void decode(const struct route *route, const struct http_request *request)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct value *input;
    struct why why;
    struct buf out;

    if (wire_decode(route, request, arena, &why, &input) == OK) {
        demand(input->count == model_shape(route->operation->input)->count);
        buf_init(&out, ARENA_BYTES_MAX);
        value_dump(&out, input);
        buf_done(&out);
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct route route = {.service = model_service(str_c(operations[data[0] % OPERATIONS][0]))};
    struct str rest = str_of(data + 1, size - 1);
    struct str target;
    struct http_header header;
    char *copies[3] = {line_of(&rest, &target), line_of(&rest, &header.name),
                       line_of(&rest, &header.value)};
    char *body = malloc(rest.bytes + 1);
    size_t mark = str_find(target, '?', 0);
    struct http_request request = {.path = str_slice(target, 0, mark),
                                   .query = str_slice(target, mark + 1, target.bytes),
                                   .headers = &header,
                                   .header_count = 1,
                                   .body = {body, rest.bytes}};

    demand(body != NULL);
    if (rest.bytes > 0) {
        memcpy(body, rest.at, rest.bytes);
    }
    route.operation = model_operation(route.service, str_c(operations[data[0] % OPERATIONS][1]));
    route.protocol = route.service->protocol;
    route.path = request.path;
    if (data[0] & 128) {
        route.bucket = STR("bucket");
    }
    decode(&route, &request);
    for (size_t i = 0; i < 3; i++) {
        free(copies[i]);
    }
    free(body);
    return 0;
}
