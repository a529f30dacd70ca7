/* SPDX-License-Identifier: Apache-2.0
 *
 * XML from anywhere, as inputs with attributes, lists, maps and every scalar. The first byte
 * chooses the shape. What was read and written reads back as the same tree.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "wire/xml.h"

#include <assert.h>

static const struct {
    struct str service;   /* folder in the models */
    struct str operation; /* name */
} targets[] = {
    {STR_INIT("s3"), STR_INIT("PutBucketLifecycleConfiguration")},
    {STR_INIT("s3"), STR_INIT("PutBucketAcl")},
    {STR_INIT("s3"), STR_INIT("DeleteObjects")},
    {STR_INIT("s3"), STR_INIT("PutBucketNotificationConfiguration")},
    {STR_INIT("sns"), STR_INIT("Publish")},
    {STR_INIT("route53"), STR_INIT("ChangeResourceRecordSets")},
};

/* The payload member's shape, else the input's. */
static uint32_t shape_of(const struct operation *operation)
{
    const struct shape *input = model_shape(operation->input);

    for (uint32_t i = 0; i < input->count; i++) {
        if (model_members[input->first + i].flags & MEMBER_PAYLOAD) {
            return model_members[input->first + i].shape;
        }
    }
    return operation->input;
}

static struct str dump(const struct value *value, struct buf *out)
{
    buf_init(out, 64u << 20);
    value_dump(out, value);
    return buf_str(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena;
    struct value value;
    struct value again;
    struct why why;
    struct buf text, one, other;

    if (size < 1) {
        return 0;
    }
    size_t target = data[0] % (sizeof(targets) / sizeof(targets[0]));
    const struct service_model *service = model_service(targets[target].service);
    uint32_t shape = shape_of(model_operation(service, targets[target].operation));

    arena = arena_new(32u << 20);
    if (xml_read(str_of(data + 1, size - 1), shape, arena, &why, &value) == OK) {
        buf_init(&text, 64u << 20);
        xml_write(&text, &value, STR("Root"), STR("urn:x"));
        status s = xml_read(buf_str(&text), shape, arena, &why, &again);
        assert(s == OK || s == &ERR_LIMIT);
        if (s == OK) {
            assert(str_eq(dump(&value, &one), dump(&again, &other)));
            buf_done(&one);
            buf_done(&other);
        }
        buf_done(&text);
    }
    arena_free(arena);
    return 0;
}
