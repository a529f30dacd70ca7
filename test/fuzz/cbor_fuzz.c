/* SPDX-License-Identifier: Apache-2.0
 *
 * CBOR reading: the first byte chooses a shape and the unit of moments, the rest is the item, in a
 * block that ends with it. Whatever comes, nothing is touched behind the end; what is accepted is
 * written and read again to the same tree.
 */
#include "base/buf.h"
#include "wire/cbor.h"
#include "wire/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

static const char *const operations[][2] = {
    {"kinesis", "PutRecords"}, {"kinesis", "GetShardIterator"},  {"kinesis", "AddTagsToStream"},
    {"dynamodb", "PutItem"},   {"cloudwatch", "PutMetricData"}, {"sqs", "SendMessageBatch"},
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

static void read_again(const struct value *value, uint32_t shape, bool times_ms,
                       struct arena *arena)
{
    struct buf first;
    struct buf second;
    struct buf text;
    struct value again;

    buf_init(&first, ARENA_BYTES_MAX);
    buf_init(&second, ARENA_BYTES_MAX);
    buf_init(&text, ARENA_BYTES_MAX);
    cbor_write(&text, value, times_ms);
    demand(!buf_spent(&text));
    demand(cbor_read((struct cbor_text){buf_str(&text), times_ms}, shape, arena, NULL, &again) ==
           OK);
    value_dump(&first, value);
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
    bool times_ms = data[0] & 128;
    uint32_t shape = shape_of(data[0] & 127);
    char *text = malloc(size);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct value value;
    struct why why;

    demand(text != NULL);
    memcpy(text, data + 1, size - 1);
    struct cbor_text item = {str_of(text, size - 1), times_ms};
    status read = cbor_read(item, shape, arena, &why, &value);
    demand(read == OK || read == &WIRE_SERIALIZATION || read == &ERR_LIMIT);
    if (read == OK && value.kind != VALUE_NULL) {
        read_again(&value, shape, times_ms, arena);
    }
    arena_free(arena);
    free(text);
    return 0;
}
