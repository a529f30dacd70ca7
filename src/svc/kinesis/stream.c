/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams: finding them by name or ARN, owning what belongs to them.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define ARN_ARENA_BYTES_MAX 65536

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes > 0 ? mem_dup(text.at, text.bytes) : NULL;

    mem_free((void *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

/* Every call of the stream says it, so it is written once. */
static void arn_make(struct stream *stream)
{
    struct arena *arena = arena_new(ARN_ARENA_BYTES_MAX);
    struct arn arn = {arn_partition(stream->region), STR("kinesis"), stream->region,
                      stream->account,
                      arena_printf(arena, "stream/%.*s", STR_ARG(stream->name))};

    text_set(&stream->arn, arn_write(arena, &arn));
    arena_free(arena);
}

struct stream *stream_new(struct str account, struct str region, struct str name)
{
    struct stream *stream = MEM_NEW(struct stream);

    text_set(&stream->account, account);
    text_set(&stream->region, region);
    text_set(&stream->name, name);
    arn_make(stream);
    stream->retention_hours = RETENTION_HOURS_MIN;
    stream->max_record_kib = RECORD_KIB_DEFAULT;
    return stream;
}

static void consumers_done(struct stream *stream)
{
    while (stream->consumers != NULL) {
        struct consumer *consumer = stream->consumers;

        stream->consumers = consumer->next;
        consumer_free(consumer);
    }
}

void stream_free(struct stream *stream)
{
    for (uint32_t i = 0; i < stream->shard_count; i++) {
        shard_free(stream->shards[i]);
    }
    mem_free(stream->shards);
    mem_free(stream->open);
    consumers_done(stream);
    tags_done(&stream->tags);
    text_set(&stream->policy, STR_NONE);
    text_set(&stream->key_id, STR_NONE);
    text_set(&stream->arn, STR_NONE);
    text_set(&stream->account, STR_NONE);
    text_set(&stream->region, STR_NONE);
    text_set(&stream->name, STR_NONE);
    mem_free(stream);
}

struct stream *stream_find(const struct kinesis *kinesis, struct str account, struct str region,
                           struct str name)
{
    char key[ARN_NAME_KEY_BYTES_MAX];

    return map_get(kinesis->streams, arn_name_key(key, account, region, name));
}

status stream_add(struct kinesis *kinesis, struct stream *stream)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *former = NULL;

    if (!map_set(kinesis->streams, arn_name_key(key, stream->account, stream->region, stream->name),
                 stream, &former)) {
        return &ERR_LIMIT;
    }
    assert(former == NULL);
    return OK;
}

void stream_remove(struct kinesis *kinesis, struct stream *stream)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *removed = map_remove(
        kinesis->streams, arn_name_key(key, stream->account, stream->region, stream->name));

    assert(removed == stream);
    stream_free(stream);
}

struct str stream_arn(struct call *c, const struct stream *stream)
{
    return arena_dup(c->arena, stream->arn); /* the stream may be deleted in this call */
}

static status not_found(struct call *c, struct str name, struct str account)
{
    return fail(c, &KINESIS_NOT_FOUND, "Stream %.*s under account %.*s not found.", STR_ARG(name),
                STR_ARG(account));
}

status stream_of_arn(struct call *c, struct str text, struct stream **ret_stream)
{
    struct arn arn;
    struct str rest;
    struct str kind;
    struct str name;
    struct stream *stream;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("kinesis"))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "%.*s is not a valid Kinesis stream ARN.",
                    STR_ARG(text));
    }
    rest = arn.resource;
    kind = str_split(&rest, '/');
    name = rest.at == NULL ? STR_NONE : str_split(&rest, '/');
    if (!str_eq(kind, STR("stream")) || name.bytes == 0) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "%.*s is not a valid Kinesis stream ARN.",
                    STR_ARG(text));
    }
    stream = stream_find(kinesis_of(c), arn.account, arn.region, name);
    if (stream == NULL) {
        return not_found(c, name, arn.account);
    }
    *ret_stream = stream;
    return OK;
}

status stream_of_call(struct call *c, struct stream **ret_stream)
{
    struct str arn = arg_str(c, "StreamARN");
    bool by_name = model_member_index(model_shape(c->operation->input), STR("StreamName")) >= 0;
    struct str name = by_name ? arg_str(c, "StreamName") : STR_NONE;
    struct stream *stream;

    if (arn.bytes > 0) {
        TRY(stream_of_arn(c, arn, &stream));
        if (name.bytes > 0 && !str_eq(name, stream->name)) {
            return fail(c, &KINESIS_INVALID_ARGUMENT,
                        "StreamName %.*s and StreamARN %.*s do not name the same stream.",
                        STR_ARG(name), STR_ARG(arn));
        }
        *ret_stream = stream;
        return OK;
    }
    if (name.bytes == 0) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Either StreamName or StreamARN must be specified.");
    }
    stream = stream_find(kinesis_of(c), c->account, c->region, name);
    if (stream == NULL) {
        return not_found(c, name, c->account);
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
    struct map *streams = kinesis_of(c)->streams;
    struct stream **sorted =
        arena_alloc(c->arena, (map_count(streams) + 1) * sizeof(struct stream *));
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(streams, &i, &key, &value);) {
        struct stream *stream = value;

        if (str_eq(stream->account, c->account) && str_eq(stream->region, c->region)) {
            sorted[count++] = stream;
        }
    }
    qsort(sorted, count, sizeof(struct stream *), by_name);
    *ret_count = count;
    return sorted;
}

struct str stream_encryption(const struct stream *stream)
{
    return stream->key_id.bytes > 0 ? STR("KMS") : STR_NONE;
}
