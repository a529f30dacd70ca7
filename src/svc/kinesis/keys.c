/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of streams, shards and consumers; nobody else knows them. (Queues have
 * theirs in queue_keys.c.)
 *
 *   ("kinesis", "stream", account, region, name)             stream, version 1
 *   ("kinesis", "shard", account, region, name, number)      shard, version 1
 *   ("kinesis", "consumer", account, region, name, consumer) consumer, version 1
 *   ("kinesis", "settings", account, region)                 account settings, version 1
 *
 * Every record begins with its version (u8); var, str and zigzag as in base/cursor.h.
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/kinesis/kinesis_int.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (256u * 1024)

static struct key key_of_stream(struct arena *arena, const char *kind, const struct stream *stream)
{
    struct key key = key_of(arena, "kinesis");

    key_str(&key, str_c(kind));
    key_str(&key, stream->account);
    key_str(&key, stream->region);
    key_str(&key, stream->name);
    return key;
}

void write_tags(struct buf *packed, const struct tags *tags)
{
    write_var(packed, tags->count);
    for (size_t i = 0; i < tags->count; i++) {
        write_str(packed, tags->items[i].key);
        write_str(packed, tags->items[i].value);
    }
}

void read_tags(struct cursor *cursor, struct tags *tags)
{
    uint64_t count = read_var(cursor);

    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        struct str key = read_str(cursor);
        struct str value = read_str(cursor);

        if (cursor_ok(cursor)) {
            tags_set(tags, key, value);
        }
    }
}

void stream_save(struct call *c, const struct stream *stream)
{
    struct key key = key_of_stream(c->arena, "stream", stream);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, stream->created_ms);
    write_u8(&packed, (uint8_t)(stream->on_demand | stream->distribute_auto << 1));
    write_var(&packed, stream->retention_hours);
    write_var(&packed, stream->max_record_kib);
    write_var(&packed, stream->warm_mibps);
    write_var(&packed, stream->metrics);
    write_str(&packed, stream->key_id);
    write_str(&packed, stream->policy);
    write_tags(&packed, &stream->tags);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void stream_erase(struct call *c, const struct stream *stream)
{
    struct key key = key_of_stream(c->arena, "stream", stream);

    txn_delete(c->txn, key_end(&key));
}

static struct str key_of_shard(struct call *c, const struct shard *shard)
{
    struct key key = key_of_stream(c->arena, "shard", shard->stream);

    key_u64(&key, shard->number);
    return key_end(&key);
}

static void write_u128(struct buf *packed, u128 number)
{
    write_u64(packed, (uint64_t)(number >> 64));
    write_u64(packed, (uint64_t)number);
}

static u128 read_u128(struct cursor *cursor)
{
    uint64_t high = read_u64(cursor);

    return (u128)high << 64 | read_u64(cursor);
}

void shard_save(struct call *c, const struct shard *shard)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u128(&packed, shard->from);
    write_u128(&packed, shard->to);
    write_var(&packed, shard->parent);
    write_var(&packed, shard->adjacent);
    write_zigzag(&packed, shard->created_ms);
    write_zigzag(&packed, shard->closed_ms);
    write_var(&packed, shard->log);
    txn_put_packed(c->txn, key_of_shard(c, shard), &packed);
}

void shard_erase(struct call *c, const struct shard *shard)
{
    txn_delete(c->txn, key_of_shard(c, shard));
}

static struct str key_of_consumer(struct call *c, const struct consumer *consumer)
{
    struct key key = key_of_stream(c->arena, "consumer", consumer->stream);

    key_str(&key, consumer->name);
    return key_end(&key);
}

void consumer_save(struct call *c, const struct consumer *consumer)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, consumer->created_ms);
    write_str(&packed, consumer->policy);
    write_tags(&packed, &consumer->tags);
    txn_put_packed(c->txn, key_of_consumer(c, consumer), &packed);
}

void consumer_erase(struct call *c, const struct consumer *consumer)
{
    txn_delete(c->txn, key_of_consumer(c, consumer));
}

static struct str key_of_settings(struct call *c)
{
    struct key key = key_of(c->arena, "kinesis");

    key_str(&key, STR("settings"));
    key_str(&key, c->account);
    key_str(&key, c->region);
    return key_end(&key);
}

void account_settings_get(struct call *c, struct account_settings *ret_settings)
{
    struct account_settings settings = {false, 0, 0};
    struct str value;

    if (txn_get(c->txn, key_of_settings(c), &value)) {
        struct cursor cursor = cursor_of(value);

        settings.committed = read_u8(&cursor) == VERSION;
        settings.started_ms = read_zigzag(&cursor);
        settings.ended_ms = read_zigzag(&cursor);
        assert(cursor_done(&cursor));
    }
    *ret_settings = settings;
}

void account_settings_save(struct call *c, const struct account_settings *settings)
{
    struct buf packed;

    if (!settings->committed) {
        return; /* nothing was ever set */
    }
    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, settings->started_ms);
    write_zigzag(&packed, settings->ended_ms);
    txn_put_packed(c->txn, key_of_settings(c), &packed);
}

/* ---- loading ---- */

struct name_parts {
    struct str account, region, name;
    struct key_reader rest; /* behind the name */
};

static bool parts_read(struct arena *arena, struct str key, struct name_parts *parts)
{
    struct str service;
    struct str kind;

    parts->rest = (struct key_reader){key};
    return key_read_str(&parts->rest, arena, &service) &&
           key_read_str(&parts->rest, arena, &kind) &&
           key_read_str(&parts->rest, arena, &parts->account) &&
           key_read_str(&parts->rest, arena, &parts->region) &&
           key_read_str(&parts->rest, arena, &parts->name);
}

static status load_stream(struct kinesis *kinesis, struct name_parts *parts, struct cursor *cursor)
{
    struct stream *stream = stream_new(parts->account, parts->region, parts->name);
    uint8_t flags;

    stream->created_ms = read_zigzag(cursor);
    flags = read_u8(cursor);
    stream->on_demand = flags & 1;
    stream->distribute_auto = flags & 2;
    stream->retention_hours = (uint32_t)read_var(cursor);
    stream->max_record_kib = (uint32_t)read_var(cursor);
    stream->warm_mibps = (uint32_t)read_var(cursor);
    stream->metrics = (uint32_t)read_var(cursor);
    text_set(&stream->key_id, read_str(cursor));
    text_set(&stream->policy, read_str(cursor));
    read_tags(cursor, &stream->tags);
    if (!cursor_done(cursor) || stream_add(kinesis, stream) != OK) {
        stream_free(stream);
        return &ERR_CORRUPT;
    }
    return OK;
}

static status load_shard(struct kinesis *kinesis, struct name_parts *parts, struct cursor *cursor)
{
    struct stream *stream = stream_find(kinesis, parts->account, parts->region, parts->name);
    struct shard *shard;
    uint64_t number;

    if (stream == NULL || !key_read_u64(&parts->rest, &number) || number > UINT32_MAX - 1) {
        return &ERR_CORRUPT;
    }
    shard = MEM_NEW(struct shard);
    shard->number = (uint32_t)number;
    shard->from = read_u128(cursor);
    shard->to = read_u128(cursor);
    shard->parent = (uint32_t)read_var(cursor);
    shard->adjacent = (uint32_t)read_var(cursor);
    shard->created_ms = read_zigzag(cursor);
    shard->closed_ms = read_zigzag(cursor);
    shard->log = read_var(cursor);
    if (!cursor_done(cursor)) {
        mem_free(shard);
        return &ERR_CORRUPT;
    }
    shard_attach(stream, shard);
    return OK;
}

static status load_consumer(struct kinesis *kinesis, struct name_parts *parts,
                            struct cursor *cursor)
{
    struct stream *stream = stream_find(kinesis, parts->account, parts->region, parts->name);
    struct arena *arena = arena_new(4096);
    struct consumer *consumer;
    struct consumer **last;
    struct str name;

    if (stream == NULL || !key_read_str(&parts->rest, arena, &name)) {
        arena_free(arena);
        return &ERR_CORRUPT;
    }
    consumer = MEM_NEW(struct consumer);
    consumer->stream = stream;
    text_set(&consumer->name, name);
    arena_free(arena);
    consumer->created_ms = read_zigzag(cursor);
    text_set(&consumer->policy, read_str(cursor));
    read_tags(cursor, &consumer->tags);
    for (last = &stream->consumers; *last != NULL; last = &(*last)->next) {
    } /* keys come in order, so the list stays sorted */
    *last = consumer;
    stream->consumer_count++;
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
}

static status load_kind(struct kinesis *kinesis, const char *kind,
                        status (*load)(struct kinesis *kinesis, struct name_parts *parts,
                                       struct cursor *cursor))
{
    struct store *store = cell_store(kinesis->cell);
    struct arena *arena = arena_new(1u << 20);
    struct arena *one = arena_new(1u << 20);
    struct key prefix = key_of(arena, "kinesis");
    struct str key;
    struct str value;
    status loaded = OK;

    key_str(&prefix, str_c(kind));
    struct kv_scan *scan =
        store_scan(store, key_end(&prefix), key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct cursor cursor = cursor_of(value);
        struct name_parts parts;

        arena_clear(one);
        if (!parts_read(one, key, &parts) || read_u8(&cursor) != VERSION) {
            loaded = &ERR_CORRUPT;
        } else {
            loaded = load(kinesis, &parts, &cursor);
        }
    }
    store_scan_close(scan);
    arena_free(one);
    arena_free(arena);
    return loaded;
}

status kinesis_load(struct kinesis *kinesis)
{
    TRY(load_kind(kinesis, "stream", load_stream));
    TRY(load_kind(kinesis, "shard", load_shard));
    return load_kind(kinesis, "consumer", load_consumer);
}
