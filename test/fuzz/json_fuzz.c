/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON reading: the first byte chooses a shape, the rest is the text, in a block that ends with it.
 * Whatever comes, nothing is touched behind the end; what is accepted is written and read again to
 * the same tree.
 */
#include "base/buf.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

/* Every kind of shape is below one of these. */
static const char *const operations[][2] = {
    {"kinesis", "PutRecords"},        {"kinesis", "GetShardIterator"},
    {"kinesis", "AddTagsToStream"},   {"dynamodb", "PutItem"},
    {"sqs", "SendMessageBatch"},      {"apigatewayv2", "ImportApi"},
    {"cloudwatch", "PutMetricData"},  {"scheduler", "CreateSchedule"},
    {"schemas", "PutResourcePolicy"},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static uint32_t shape_of(uint8_t choice)
{
    size_t i = choice % (OPERATIONS + 1);

    if (i == OPERATIONS) {
        return 0;
    }
    return model_operation(model_service(str_c(operations[i][0])), str_c(operations[i][1]))->input;
}

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

/* The tree as it is written, and that text read again, must look the same. */
static void read_again(const struct value *value, uint32_t shape, struct arena *arena)
{
    struct buf first;
    struct buf second;
    struct buf text;
    struct value again;

    buf_init(&first, ARENA_BYTES_MAX);
    buf_init(&second, ARENA_BYTES_MAX);
    buf_init(&text, ARENA_BYTES_MAX);
    value_dump(&first, value);
    json_write(&text, value, TIME_EPOCH);
    demand(!buf_spent(&text));
    demand(json_read(buf_str(&text), shape, arena, NULL, &again) == OK);
    value_dump(&second, &again);
    demand(str_eq(buf_str(&first), buf_str(&second)));
    buf_done(&first);
    buf_done(&second);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    uint32_t shape = shape_of(data[0]);
    char *text = malloc(size);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct value value;
    struct why why;

    demand(text != NULL);
    memcpy(text, data + 1, size - 1);
    status read = json_read(str_of(text, size - 1), shape, arena, &why, &value);
    demand(read == OK || read == &WIRE_SERIALIZATION || read == &ERR_LIMIT);
    if (read == OK && value.kind != VALUE_NULL) {
        read_again(&value, shape, arena);
    }
    arena_free(arena);
    free(text);
    return 0;
}
