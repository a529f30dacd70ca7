/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of delivery streams; nobody else knows them.
 *
 *   ("firehose", "stream", account, region, name)            version 1: four logs (var), str about,
 *                                                            str access key, str tags
 *   ("firehose", "position", account, region, name, shard)   version 1: var origin, var next
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/firehose/firehose_ops.h"

#define VERSION 1
#define VALUE_BYTES_MAX (2u << 20)

static struct key key_of_stream(struct arena *arena, const char *kind, const struct stream *stream)
{
    struct key key = key_of(arena, "firehose");

    key_str(&key, str_c(kind));
    key_str(&key, stream->account);
    key_str(&key, stream->region);
    key_str(&key, stream->name);
    return key;
}

void stream_save(struct call *c, const struct stream *stream)
{
    struct key key = key_of_stream(c->arena, "stream", stream);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    for (int i = 0; i < LANES; i++) {
        write_var(&packed, stream->lanes[i].log);
    }
    write_str(&packed, stream->about);
    write_str(&packed, stream->access_key);
    write_str(&packed, stream->tags);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

static struct str key_of_position(struct call *c, const struct stream *stream, uint64_t shard)
{
    struct key key = key_of_stream(c->arena, "position", stream);

    key_u64(&key, shard);
    return key_end(&key);
}

void position_save(struct call *c, const struct stream *stream, const struct position *position)
{
    struct buf packed;

    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_var(&packed, position->origin);
    write_var(&packed, position->next);
    txn_put_packed(c->txn, key_of_position(c, stream, position->shard), &packed);
}

void position_erase(struct call *c, const struct stream *stream, uint64_t shard)
{
    txn_delete(c->txn, key_of_position(c, stream, shard));
}

void stream_erase(struct call *c, const struct stream *stream)
{
    struct key positions = key_of_stream(c->arena, "position", stream);
    struct key self = key_of_stream(c->arena, "stream", stream);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&positions));
    struct str key;
    struct str value;

    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
    txn_delete(c->txn, key_end(&self));
    for (int i = 0; i < LANES; i++) {
        txn_log_drop(c->txn, stream->lanes[i].log);
    }
}

/* ---- loading ---- */

struct loader {
    struct firehose *firehose;       /* gets what is read */
    struct arena *arena;             /* of the current key */
    struct key_reader rest;          /* behind the stream's name */
    struct str account, region, name;
};

static void open_ingest(struct stream *stream, struct arena *arena)
{
    const struct value *source = get(stream_about(stream, arena), "Source");
    const struct value *kinesis =
        source == NULL ? NULL : get(source, "KinesisStreamSourceDescription");

    if (kinesis != NULL) {
        ingest_open(stream, get_str(kinesis, "KinesisStreamARN"), get_str(kinesis, "RoleARN"));
    }
}

static status load_stream(struct loader *loader, struct cursor *cursor)
{
    struct stream *stream =
        stream_new(loader->firehose, loader->account, loader->region, loader->name);

    for (int i = 0; i < LANES; i++) {
        stream->lanes[i].log = read_var(cursor);
    }
    text_set(&stream->about, read_str(cursor));
    text_set(&stream->access_key, read_str(cursor));
    text_set(&stream->tags, read_str(cursor));
    if (!cursor_done(cursor) || !stream_add(stream)) {
        stream_free(stream);
        return &ERR_CORRUPT;
    }
    for (int i = 0; i < LANES; i++) {
        lane_count(&stream->lanes[i]);
    }
    stream_describe(stream, stream_about(stream, loader->arena));
    open_ingest(stream, loader->arena);
    return OK;
}

static status load_position(struct loader *loader, struct cursor *cursor)
{
    struct stream *stream =
        stream_find(loader->firehose, loader->account, loader->region, loader->name);
    uint64_t origin = read_var(cursor);
    uint64_t next = read_var(cursor);
    uint64_t shard;

    if (stream == NULL || stream->ingest == NULL || !key_read_u64(&loader->rest, &shard) ||
        !cursor_done(cursor)) {
        return &ERR_CORRUPT;
    }
    ingest_position(stream, shard, origin, next);
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

static status load_kind(struct firehose *firehose, const char *kind,
                        status (*load)(struct loader *loader, struct cursor *cursor))
{
    struct arena *arena = arena_new(1u << 20);
    struct loader loader = {.firehose = firehose, .arena = arena_new(16u << 20)};
    struct key prefix = key_of(arena, "firehose");
    struct kv_scan *scan;
    struct str key;
    struct str value;
    status loaded = OK;

    key_str(&prefix, str_c(kind));
    scan = store_scan(cell_store(firehose->cell), key_end(&prefix),
                      key_after_prefix(arena, key_end(&prefix)), false);
    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        loaded = load_one(&loader, key, value, load);
    }
    store_scan_close(scan);
    arena_free(loader.arena);
    arena_free(arena);
    return loaded;
}

status streams_load(struct firehose *firehose)
{
    TRY(load_kind(firehose, "stream", load_stream));
    return load_kind(firehose, "position", load_position);
}
