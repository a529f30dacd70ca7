/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels: owning them and their cursors, and when the next delivery is. channel_deliver.c
 * delivers.
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/timer.h"
#include "svc/kinesis/channel_int.h"
#include "svc/kinesis/kinesis_ops.h"
#include "wire/json.h"

#include <assert.h>

struct channel *channel_new(struct stream *stream, struct str name)
{
    struct channel *channel = MEM_NEW(struct channel);

    channel->stream = stream;
    text_set(&channel->name, name);
    channel->freshness_seconds = FRESHNESS_SECONDS_DEFAULT;
    return channel;
}

void channel_free(struct channel *channel)
{
    tags_done(&channel->tags);
    text_set(&channel->name, STR_NONE);
    text_set(&channel->input, STR_NONE);
    text_set(&channel->logging, STR_NONE);
    mem_free(channel->cursors);
    mem_free(channel);
}

struct str channel_arn(struct arena *arena, const struct channel *channel)
{
    struct arn arn = {arn_partition(channel->stream->region), STR("kinesis"),
                      channel->stream->region, channel->stream->account,
                      arena_printf(arena, "channel/%.*s", STR_ARG(channel->name))};

    return arn_write(arena, &arn);
}

bool channel_add(struct kinesis *kinesis, struct channel *channel)
{
    struct arena *arena = arena_new(8192);
    struct channel **at = &channel->stream->channels;
    void *former = NULL;
    bool added = map_set(kinesis->channels, channel_arn(arena, channel), channel, &former);

    arena_free(arena);
    assert(former == NULL);
    if (!added) {
        return false;
    }
    while (*at != NULL && str_cmp((*at)->name, channel->name) < 0) {
        at = &(*at)->next;
    }
    channel->next = *at;
    *at = channel;
    channel->stream->channel_count++;
    return true;
}

void channel_remove(struct kinesis *kinesis, struct channel *channel)
{
    struct arena *arena = arena_new(8192);
    struct channel **at = &channel->stream->channels;

    map_remove(kinesis->channels, channel_arn(arena, channel));
    arena_free(arena);
    while (*at != channel) {
        at = &(*at)->next;
    }
    *at = channel->next;
    channel->stream->channel_count--;
    channel_free(channel);
}

status channel_of_arn(struct call *c, struct str arn, struct channel **ret_channel)
{
    struct channel *channel = map_get(kinesis_of(c)->channels, arn);

    if (channel == NULL) {
        return fail(c, &KINESIS_NOT_FOUND, "Channel %.*s not found.", STR_ARG(arn));
    }
    *ret_channel = channel;
    return OK;
}

struct tags *channel_tags(struct channel *channel)
{
    return &channel->tags;
}

struct stream *channel_stream(struct channel *channel)
{
    return channel->stream;
}

void channel_set_cursor(struct channel *channel, uint32_t shard, uint64_t next)
{
    if (shard >= channel->cursor_count) {
        channel->cursors = mem_grow(channel->cursors, (shard + 1) * sizeof(uint64_t));
        for (uint32_t i = channel->cursor_count; i < shard; i++) {
            channel->cursors[i] = 1;
        }
        channel->cursor_count = shard + 1;
    }
    channel->cursors[shard] = next;
}

uint64_t channel_cursor(const struct channel *channel, uint32_t shard)
{
    return shard < channel->cursor_count ? channel->cursors[shard] : 1;
}

const struct value *channel_input(const struct channel *channel, struct arena *arena)
{
    const struct operation *operation =
        model_operation(model_service(STR("kinesis")), STR("CreateChannel"));
    struct value *input = value_struct(arena, operation->input);
    struct why why;
    status read = json_read(arena_dup(arena, channel->input), operation->input, arena, &why, input);

    assert(read == OK);
    return input;
}

void channel_arm(struct call *c, const struct channel *channel)
{
    bus_timer_set(c, "kinesis", channel_arn(c->arena, channel),
                  c->now + channel->freshness_seconds * MS_PER_SECOND, STR_NONE);
}

void channels_done(struct kinesis *kinesis)
{
    struct str key;
    void *channel;

    if (kinesis->channels == NULL) {
        return;
    }
    for (size_t i = 0; map_next(kinesis->channels, &i, &key, &channel);) {
        channel_free(channel);
    }
    map_free(kinesis->channels);
}
