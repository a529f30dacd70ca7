/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivery streams in memory, and how they are found.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/firehose/firehose_ops.h"
#include "wire/json.h"

#include <assert.h>
#include <stdlib.h>

#define ABOUT_BYTES_MAX (1u << 20)
#define SCRATCH_BYTES_MAX (8u << 20)

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes > 0 ? mem_dup(text.at, text.bytes) : NULL;

    mem_free((void *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

static void arn_make(struct stream *stream)
{
    struct arena *arena = arena_new(65536);
    struct arn arn = {arn_partition(stream->region), STR("firehose"), stream->region,
                      stream->account,
                      arena_printf(arena, "deliverystream/%.*s", STR_ARG(stream->name))};

    text_set(&stream->arn, arn_write(arena, &arn));
    arena_free(arena);
}

struct stream *stream_new(struct firehose *firehose, struct str account, struct str region,
                          struct str name)
{
    struct stream *stream = MEM_NEW(struct stream);

    stream->firehose = firehose;
    text_set(&stream->account, account);
    text_set(&stream->region, region);
    text_set(&stream->name, name);
    arn_make(stream);
    lanes_init(stream);
    return stream;
}

void stream_free(struct stream *stream)
{
    lanes_done(stream);
    ingest_free(stream->ingest);
    plan_drop(stream->plan);
    text_set(&stream->about, STR_NONE);
    text_set(&stream->access_key, STR_NONE);
    text_set(&stream->tags, STR_NONE);
    text_set(&stream->arn, STR_NONE);
    text_set(&stream->account, STR_NONE);
    text_set(&stream->region, STR_NONE);
    text_set(&stream->name, STR_NONE);
    mem_free(stream);
}

bool stream_add(struct stream *stream)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *former = NULL;
    bool added = map_set(stream->firehose->streams,
                         arn_name_key(key, stream->account, stream->region, stream->name), stream,
                         &former);

    assert(former == NULL);
    return added;
}

void stream_remove(struct stream *stream)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *removed = map_remove(stream->firehose->streams,
                               arn_name_key(key, stream->account, stream->region, stream->name));

    assert(removed == stream);
    stream_free(stream);
}

struct stream *stream_find(const struct firehose *firehose, struct str account, struct str region,
                           struct str name)
{
    char key[ARN_NAME_KEY_BYTES_MAX];

    return map_get(firehose->streams, arn_name_key(key, account, region, name));
}

struct stream *stream_of_arn(const struct firehose *firehose, struct str text)
{
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("firehose")) ||
        !str_starts(arn.resource, STR("deliverystream/"))) {
        return NULL;
    }
    return stream_find(firehose, arn.account, arn.region,
                       str_slice(arn.resource, STR("deliverystream/").bytes, arn.resource.bytes));
}

status stream_of_call(struct call *c, struct stream **ret_stream)
{
    struct str name = arg_str(c, "DeliveryStreamName");
    struct stream *stream = stream_find(firehose_of(c), c->account, c->region, name);

    if (stream == NULL) {
        return fail(c, &FIREHOSE_NOT_FOUND, "Firehose %.*s under account %.*s not found.",
                    STR_ARG(name), STR_ARG(c->account));
    }
    *ret_stream = stream;
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(struct stream *const *)a)->name, (*(struct stream *const *)b)->name);
}

struct stream **streams_sorted(struct call *c, size_t *ret_count)
{
    struct map *streams = firehose_of(c)->streams;
    struct stream **sorted = arena_alloc(c->arena, (map_count(streams) + 1) * sizeof(*sorted));
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(streams, &i, &key, &value);) {
        struct stream *stream = value;

        if (str_eq(stream->account, c->account) && str_eq(stream->region, c->region)) {
            sorted[count++] = stream;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_name);
    *ret_count = count;
    return sorted;
}

/* ---- descriptions ---- */

uint32_t firehose_shape(const char *operation, bool output)
{
    const struct operation *found =
        model_operation(model_service(STR("firehose")), str_c(operation));

    return output ? found->output : found->input;
}

static uint32_t about_shape(void)
{
    const struct shape *output = model_shape(firehose_shape("DescribeDeliveryStream", true));
    int at = model_member_index(output, STR("DeliveryStreamDescription"));

    assert(at >= 0);
    return model_members[output->first + (uint32_t)at].shape;
}

struct value *stream_about(const struct stream *stream, struct arena *arena)
{
    struct value *about = value_struct(arena, about_shape());
    struct why why;
    status read = stream->about.bytes == 0
                      ? OK
                      : json_read(arena_dup(arena, stream->about), about_shape(), arena, &why,
                                  about);

    assert(read == OK);
    return about;
}

const struct value *about_destination(const struct value *about)
{
    const struct value *list = get(about, "Destinations");

    return list == NULL || list->count == 0 ? NULL : &list->items[0];
}

void stream_describe(struct stream *stream, const struct value *about)
{
    struct arena *arena = arena_new(SCRATCH_BYTES_MAX);
    struct buf text;

    buf_init(&text, ABOUT_BYTES_MAX);
    json_write(&text, about, TIME_EPOCH);
    assert(!buf_spent(&text));
    text_set(&stream->about, buf_str(&text));
    buf_done(&text);
    about = stream_about(stream, arena);
    stream->encrypted = str_eq(
        get_str(get(about, "DeliveryStreamEncryptionConfiguration"), "Status"), STR("ENABLED"));
    plan_drop(stream->plan);
    stream->plan = plan_of(about, stream->access_key);
    arena_free(arena);
    for (int i = 0; i < LANES; i++) {
        lane_arm(&stream->lanes[i]);
    }
}
