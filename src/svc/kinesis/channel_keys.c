/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of channels and their cursors; nobody else knows them.
 *
 *   ("kinesis", "channel", account, region, channel)                 version 1
 *   ("kinesis", "channel-cursor", account, region, channel, shard)   version 1
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/kinesis/channel_int.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (256u * 1024)

static struct key key_of_channel(struct arena *arena, const char *kind,
                                 const struct channel *channel)
{
    struct key key = key_of(arena, "kinesis");

    key_str(&key, str_c(kind));
    key_str(&key, channel->stream->account);
    key_str(&key, channel->stream->region);
    key_str(&key, channel->name);
    return key;
}

void channel_save(struct call *c, const struct channel *channel)
{
    struct key key = key_of_channel(c->arena, "channel", channel);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, channel->stream->name);
    write_str(&packed, str_of(channel->id, CHANNEL_ID_BYTES));
    write_zigzag(&packed, channel->created_ms);
    write_str(&packed, channel->input);
    write_str(&packed, channel->logging);
    write_var(&packed, channel->freshness_seconds);
    write_tags(&packed, &channel->tags);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void channel_cursor_save(struct call *c, const struct channel *channel, uint32_t shard)
{
    struct key key = key_of_channel(c->arena, "channel-cursor", channel);
    struct buf packed;

    key_u64(&key, shard);
    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_var(&packed, channel_cursor(channel, shard));
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void channel_erase(struct call *c, const struct channel *channel)
{
    struct key cursors = key_of_channel(c->arena, "channel-cursor", channel);
    struct key self = key_of_channel(c->arena, "channel", channel);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&cursors));
    struct str key;
    struct str value;

    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
    txn_delete(c->txn, key_end(&self));
}

/* ---- loading ---- */

struct loader {
    struct kinesis *kinesis;         /* gets what is read */
    struct arena *arena;             /* of the current key */
    struct key_reader rest;          /* behind the channel's name */
    struct str account, region, name;
};

static status load_channel(struct loader *loader, struct cursor *cursor)
{
    struct stream *stream =
        stream_find(loader->kinesis, loader->account, loader->region, read_str(cursor));
    struct channel *channel;
    struct str id;

    if (stream == NULL) {
        return &ERR_CORRUPT;
    }
    channel = channel_new(stream, loader->name);
    id = read_str(cursor);
    channel->created_ms = read_zigzag(cursor);
    text_set(&channel->input, read_str(cursor));
    text_set(&channel->logging, read_str(cursor));
    channel->freshness_seconds = (uint32_t)read_var(cursor);
    read_tags(cursor, &channel->tags);
    if (!cursor_done(cursor) || id.bytes != CHANNEL_ID_BYTES ||
        !channel_add(loader->kinesis, channel)) {
        channel_free(channel);
        return &ERR_CORRUPT;
    }
    memcpy(channel->id, id.at, CHANNEL_ID_BYTES);
    return OK;
}

static status load_cursor(struct loader *loader, struct cursor *cursor)
{
    struct arn arn = {arn_partition(loader->region), STR("kinesis"), loader->region,
                      loader->account,
                      arena_printf(loader->arena, "channel/%.*s", STR_ARG(loader->name))};
    struct channel *channel = map_get(loader->kinesis->channels, arn_write(loader->arena, &arn));
    uint64_t next = read_var(cursor);
    uint64_t shard;

    if (channel == NULL || !key_read_u64(&loader->rest, &shard) ||
        shard >= channel->stream->shard_count || !cursor_done(cursor)) {
        return &ERR_CORRUPT;
    }
    channel_set_cursor(channel, (uint32_t)shard, next);
    return OK;
}

static status load_one(struct loader *loader, struct str key, struct str value,
                       status (*load)(struct loader *loader, struct cursor *cursor))
{
    struct cursor cursor = cursor_of(value);
    struct str skipped;

    arena_clear(loader->arena);
    loader->rest = (struct key_reader){key};
    if (!key_read_str(&loader->rest, loader->arena, &skipped) ||
        !key_read_str(&loader->rest, loader->arena, &skipped) ||
        !key_read_str(&loader->rest, loader->arena, &loader->account) ||
        !key_read_str(&loader->rest, loader->arena, &loader->region) ||
        !key_read_str(&loader->rest, loader->arena, &loader->name) ||
        read_u8(&cursor) != VERSION) {
        return &ERR_CORRUPT;
    }
    return load(loader, &cursor);
}

static status load_kind(struct kinesis *kinesis, const char *kind,
                        status (*load)(struct loader *loader, struct cursor *cursor))
{
    struct arena *arena = arena_new(1u << 20);
    struct loader loader = {.kinesis = kinesis, .arena = arena_new(1u << 20)};
    struct key prefix = key_of(arena, "kinesis");
    struct str key;
    struct str value;
    status loaded = OK;

    key_str(&prefix, str_c(kind));
    struct kv_scan *scan = store_scan(cell_store(kinesis->cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        loaded = load_one(&loader, key, value, load);
    }
    store_scan_close(scan);
    arena_free(loader.arena);
    arena_free(arena);
    return loaded;
}

status channels_load(struct kinesis *kinesis)
{
    kinesis->channels = map_new(CHANNELS_MAX);
    TRY(load_kind(kinesis, "channel", load_channel));
    return load_kind(kinesis, "channel-cursor", load_cursor);
}
