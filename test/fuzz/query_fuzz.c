/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms from anywhere, as the input of operations with every kind of member. The first byte chooses
 * the operation. What was read is a tree that can be dumped, and is answered as an error's message.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "wire/query.h"

#include <assert.h>

static const struct {
    struct str service;     /* folder in the models */
    struct str operation;   /* name */
    enum protocol protocol; /* its dialect */
} targets[] = {
    {STR_INIT("sns"), STR_INIT("Publish"), PROTOCOL_QUERY},
    {STR_INIT("sns"), STR_INIT("PublishBatch"), PROTOCOL_QUERY},
    {STR_INIT("sqs"), STR_INIT("SendMessageBatch"), PROTOCOL_QUERY},
    {STR_INIT("cloudformation"), STR_INIT("CreateStack"), PROTOCOL_QUERY},
    {STR_INIT("cloudwatch"), STR_INIT("PutMetricData"), PROTOCOL_QUERY},
    {STR_INIT("ec2"), STR_INIT("RunInstances"), PROTOCOL_EC2},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena;
    struct route route = {.protocol = PROTOCOL_QUERY};
    struct http_request request = {.method = STR("POST")};
    struct value *input;
    struct why why = {""};
    struct buf out;
    struct str body;

    if (size < 1) {
        return 0;
    }
    size_t target = data[0] % (sizeof(targets) / sizeof(targets[0]));

    arena = arena_new(16u << 20);
    route.service = model_service(targets[target].service);
    route.operation = model_operation(route.service, targets[target].operation);
    route.protocol = (uint8_t)targets[target].protocol;
    request.body = str_of(data + 1, size - 1);
    input = value_struct(arena, route.operation->input);
    status s = query_decode(&route, &request, arena, &why, input);
    if (s == OK) {
        buf_init(&out, 32u << 20);
        value_dump(&out, input);
        buf_done(&out);
    } else {
        struct fault fault = {s, str_c(why.text), NULL, STR_NONE, NULL, 0};
        s = query_encode_error(&route, &fault, STR("id"), arena, &body);
        assert(s == OK || s == &ERR_LIMIT);
    }
    arena_free(arena);
    return 0;
}
