/* SPDX-License-Identifier: Apache-2.0
 *
 * Shards: who owns which hash keys, opening and closing, parents and children. The open shards of a
 * stream are kept sorted by their first hash key, so that a key is found by halving.
 */
#include "base/mem.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"
#include "svc/kinesis/sequence.h"

#include <assert.h>

/* Place in the open list: of the shard that begins at or before from. */
static uint32_t place_of(const struct stream *stream, u128 from)
{
    uint32_t low = 0;
    uint32_t high = stream->open_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (stream->open[middle]->from <= from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void list_open(struct stream *stream, struct shard *shard)
{
    uint32_t at = place_of(stream, shard->from);

    assert(stream->open_count < SHARDS_PER_STREAM_MAX);
    stream->open = mem_grow(stream->open, (stream->open_count + 1) * sizeof(struct shard *));
    memmove(&stream->open[at + 1], &stream->open[at],
            (stream->open_count - at) * sizeof(struct shard *));
    stream->open[at] = shard;
    stream->open_count++;
}

void shard_attach(struct stream *stream, struct shard *shard)
{
    shard->stream = stream;
    waiters_init(&shard->waiters);
    link_init(&shard->subscriptions);
    if (shard->number >= stream->shard_count) {
        stream->shards =
            mem_grow(stream->shards, (shard->number + 1) * sizeof(struct shard *));
        for (uint32_t i = stream->shard_count; i < shard->number; i++) {
            stream->shards[i] = NULL;
        }
        stream->shard_count = shard->number + 1;
    }
    stream->shards[shard->number] = shard;
    if (shard->closed_ms == 0) {
        list_open(stream, shard);
    }
}

void shard_free(struct shard *shard)
{
    if (shard != NULL) {
        subscriptions_orphan(shard);
        mem_free(shard);
    }
}

struct shard *shard_open(struct call *c, struct stream *stream, const struct shard_range *range)
{
    struct shard *shard = MEM_NEW(struct shard);

    assert(range->from <= range->to);
    shard->number = stream->shard_count;
    shard->from = range->from;
    shard->to = range->to;
    shard->parent = range->parent;
    shard->adjacent = range->adjacent;
    shard->created_ms = c->now;
    shard->log = txn_log_make(c->txn);
    shard_attach(stream, shard);
    shard_save(c, shard);
    stream_ring(c, stream, true);
    return shard;
}

void shard_close(struct call *c, struct shard *shard)
{
    struct stream *stream = shard->stream;
    uint32_t at = place_of(stream, shard->from) - 1;

    assert(stream->open[at] == shard);
    stream->open_count--;
    memmove(&stream->open[at], &stream->open[at + 1],
            (stream->open_count - at) * sizeof(struct shard *));
    shard->closed_ms = c->now;
    shard_save(c, shard);
    waiters_wake(c->cell, &shard->waiters);
    stream_ring(c, stream, true);
}

struct shard *shard_of_hash(const struct stream *stream, u128 hash)
{
    struct shard *shard;

    assert(stream->open_count > 0);
    shard = stream->open[place_of(stream, hash) - 1];
    assert(shard->from <= hash);
    assert(hash <= shard->to);
    return shard;
}

bool shard_number_read(struct str id, uint32_t *ret_number)
{
    struct str rest = id;
    struct str digits = str_split(&rest, '-');
    uint64_t number;

    if (rest.at != NULL) {
        digits = str_split(&rest, '-');
    }
    if (!str_to_u64(digits, &number) || number > INT32_MAX) {
        return false;
    }
    *ret_number = (uint32_t)number;
    return true;
}

status shard_of_id(struct call *c, struct stream *stream, struct str id, struct shard **ret_shard)
{
    uint32_t number;
    bool readable = shard_number_read(id, &number);
    struct str name = readable ? shard_id(c->arena, number) : id;

    if (!readable || number >= stream->shard_count || stream->shards[number] == NULL) {
        return fail(c, &KINESIS_NOT_FOUND,
                    "Could not find shard %.*s in stream %.*s under account %.*s.",
                    STR_ARG(name), STR_ARG(stream->name), STR_ARG(stream->account));
    }
    *ret_shard = stream->shards[number];
    return OK;
}

struct str shard_id(struct arena *arena, uint32_t number)
{
    char *at = arena_alloc(arena, SHARD_ID_BYTES + 1);

    memcpy(at, "shardId-000000000000", SHARD_ID_BYTES);
    for (size_t i = SHARD_ID_BYTES; number > 0; number /= 10) {
        at[--i] = (char)('0' + number % 10);
    }
    return str_of(at, SHARD_ID_BYTES);
}

/* Where the i-th of count even parts of 0 to 2^128 begins: i * floor(2^128 / count). */
static u128 part_begin(uint32_t i, uint32_t count)
{
    u128 step = U128_MAX / count + (U128_MAX % count + 1 == count ? 1 : 0);

    return step * i;
}

void stream_open_shards(struct call *c, struct stream *stream, uint32_t count)
{
    assert(count > 0);
    for (uint32_t i = 0; i < count; i++) {
        struct shard_range range = {
            .from = part_begin(i, count),
            .to = i + 1 == count ? U128_MAX : part_begin(i + 1, count) - 1,
        };

        shard_open(c, stream, &range);
    }
}

static void put_range(struct call *c, struct value *structure, const struct shard *shard)
{
    struct value *range = set_struct(c->arena, structure, "HashKeyRange");
    char text[U128_TEXT_BYTES_MAX];

    set_str(range, "StartingHashKey",
            arena_dup(c->arena, str_of(text, u128_to_text(shard->from, text))));
    set_str(range, "EndingHashKey",
            arena_dup(c->arena, str_of(text, u128_to_text(shard->to, text))));
}

void put_children(struct call *c, struct value *structure, const struct shard *shard)
{
    struct stream *stream = shard->stream;
    struct value *children = set_list(c->arena, structure, "ChildShards", 2);

    for (uint32_t i = shard->number + 1; i < stream->shard_count && children->count < 2; i++) {
        const struct shard *child = stream->shards[i];

        if (child == NULL || (child->parent != shard->number + 1 &&
                              child->adjacent != shard->number + 1)) {
            continue;
        }
        struct value *item = list_add(c->arena, children);
        struct value *parents = set_list(c->arena, item, "ParentShards", 2);

        set_str(item, "ShardId", shard_id(c->arena, child->number));
        list_add_str(parents, shard_id(c->arena, child->parent - 1));
        if (child->adjacent != 0) {
            list_add_str(parents, shard_id(c->arena, child->adjacent - 1));
        }
        put_range(c, item, child);
    }
}

void put_shard(struct call *c, struct value *item, const struct shard *shard)
{
    struct value *range;

    set_str(item, "ShardId", shard_id(c->arena, shard->number));
    if (shard->parent != 0) {
        set_str(item, "ParentShardId", shard_id(c->arena, shard->parent - 1));
    }
    if (shard->adjacent != 0) {
        set_str(item, "AdjacentParentShardId", shard_id(c->arena, shard->adjacent - 1));
    }
    put_range(c, item, shard);
    range = set_struct(c->arena, item, "SequenceNumberRange");
    set_str(range, "StartingSequenceNumber",
            sequence_text(c->arena, shard, 0, shard->created_ms));
    if (shard->closed_ms != 0) {
        set_str(range, "EndingSequenceNumber",
                sequence_text(c->arena, shard, SEQUENCE_LAST, shard->closed_ms));
    }
}
