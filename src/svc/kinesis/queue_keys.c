/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of queues, their cursors and items; nobody else knows them.
 *
 *   ("kinesis", "queue", account, region, queue)                   version 1
 *   ("kinesis", "queue-cursor", account, region, queue, shard)     version 1
 *   ("kinesis", "queue-item", account, region, queue, shard, seq)  version 1
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/kinesis/queue_int.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (256u * 1024)

static struct key key_of_queue(struct arena *arena, const char *kind, const struct queue *queue)
{
    struct key key = key_of(arena, "kinesis");

    key_str(&key, str_c(kind));
    key_str(&key, queue->stream->account);
    key_str(&key, queue->stream->region);
    key_str(&key, queue->name);
    return key;
}

void queue_save(struct call *c, const struct queue *queue)
{
    struct key key = key_of_queue(c->arena, "queue", queue);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, queue->stream->name);
    write_zigzag(&packed, queue->created_ms);
    write_str(&packed, queue->start_type);
    write_zigzag(&packed, queue->start_ms);
    write_var(&packed, queue->visibility_seconds);
    write_var(&packed, queue->max_receive_count);
    write_str(&packed, queue->policy);
    write_tags(&packed, &queue->tags);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void cursor_save(struct call *c, const struct queue *queue, uint32_t shard)
{
    struct key key = key_of_queue(c->arena, "queue-cursor", queue);
    struct buf packed;

    key_u64(&key, shard);
    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_var(&packed, queue_cursor(queue, shard));
    txn_put_packed(c->txn, key_end(&key), &packed);
}

static struct str key_of_item(struct call *c, const struct queue *queue,
                              const struct queue_item *item)
{
    struct key key = key_of_queue(c->arena, "queue-item", queue);

    key_u64(&key, item->shard);
    key_u64(&key, item->sequence);
    return key_end(&key);
}

void item_save(struct call *c, const struct queue *queue, const struct queue_item *item)
{
    struct buf packed;

    buf_init(&packed, 128);
    write_u8(&packed, VERSION);
    write_u64(&packed, item->nonce);
    write_zigzag(&packed, item->visible_ms);
    write_zigzag(&packed, item->first_received_ms);
    write_zigzag(&packed, item->arrived_ms);
    write_var(&packed, item->received);
    write_u8(&packed, item->dead);
    txn_put_packed(c->txn, key_of_item(c, queue, item), &packed);
}

void item_erase(struct call *c, const struct queue *queue, const struct queue_item *item)
{
    txn_delete(c->txn, key_of_item(c, queue, item));
}

static void erase_prefix(struct call *c, const struct key *prefix)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(prefix));
    struct str key;
    struct str value;

    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

void queue_erase(struct call *c, const struct queue *queue)
{
    struct key items = key_of_queue(c->arena, "queue-item", queue);
    struct key cursors = key_of_queue(c->arena, "queue-cursor", queue);
    struct key self = key_of_queue(c->arena, "queue", queue);

    erase_prefix(c, &items);
    erase_prefix(c, &cursors);
    txn_delete(c->txn, key_end(&self));
}

/* ---- loading ---- */

struct loader {
    struct kinesis *kinesis;
    struct arena *arena;      /* of the current key */
    struct key_reader rest;   /* behind the queue's name */
    struct str account, region, name;
};

static struct queue *queue_of_loader(const struct loader *loader)
{
    struct arn arn = {arn_partition(loader->region), STR("kinesis"), loader->region,
                      loader->account,
                      arena_printf(loader->arena, "queue/%.*s", STR_ARG(loader->name))};

    return map_get(loader->kinesis->queues, arn_write(loader->arena, &arn));
}

static status load_queue(struct loader *loader, struct cursor *cursor)
{
    struct stream *stream =
        stream_find(loader->kinesis, loader->account, loader->region, read_str(cursor));
    struct queue *queue;

    if (stream == NULL) {
        return &ERR_CORRUPT;
    }
    queue = queue_new(stream, loader->name);
    queue->created_ms = read_zigzag(cursor);
    text_set(&queue->start_type, read_str(cursor));
    queue->start_ms = read_zigzag(cursor);
    queue->visibility_seconds = (uint32_t)read_var(cursor);
    queue->max_receive_count = (uint32_t)read_var(cursor);
    text_set(&queue->policy, read_str(cursor));
    read_tags(cursor, &queue->tags);
    if (!cursor_done(cursor) || !queue_add(loader->kinesis, queue)) {
        queue_free(queue);
        return &ERR_CORRUPT;
    }
    return OK;
}

static status load_cursor(struct loader *loader, struct cursor *cursor)
{
    struct queue *queue = queue_of_loader(loader);
    uint64_t shard;
    uint64_t next = read_var(cursor);

    if (queue == NULL || !key_read_u64(&loader->rest, &shard) ||
        shard >= queue->stream->shard_count || !cursor_done(cursor)) {
        return &ERR_CORRUPT;
    }
    queue_set_cursor(queue, (uint32_t)shard, next);
    return OK;
}

static status load_item(struct loader *loader, struct cursor *cursor)
{
    struct queue *queue = queue_of_loader(loader);
    struct queue_item *item;
    uint64_t shard;
    uint64_t sequence;

    if (queue == NULL || !key_read_u64(&loader->rest, &shard) || shard > UINT32_MAX ||
        !key_read_u64(&loader->rest, &sequence)) {
        return &ERR_CORRUPT;
    }
    item = queue_item_add(queue, (uint32_t)shard, sequence);
    if (item == NULL) {
        return &ERR_CORRUPT;
    }
    item->nonce = read_u64(cursor);
    item->visible_ms = read_zigzag(cursor);
    item->first_received_ms = read_zigzag(cursor);
    item->arrived_ms = read_zigzag(cursor);
    item->received = (uint32_t)read_var(cursor);
    item->dead = read_u8(cursor) != 0;
    queue_item_place(queue, item, INT64_MIN); /* as in flight; the first look settles it */
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
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
        struct cursor cursor = cursor_of(value);
        struct str skipped;

        arena_clear(loader.arena);
        loader.rest = (struct key_reader){key};
        if (!key_read_str(&loader.rest, loader.arena, &skipped) ||
            !key_read_str(&loader.rest, loader.arena, &skipped) ||
            !key_read_str(&loader.rest, loader.arena, &loader.account) ||
            !key_read_str(&loader.rest, loader.arena, &loader.region) ||
            !key_read_str(&loader.rest, loader.arena, &loader.name) ||
            read_u8(&cursor) != VERSION) {
            loaded = &ERR_CORRUPT;
        } else {
            loaded = load(&loader, &cursor);
        }
    }
    store_scan_close(scan);
    arena_free(loader.arena);
    arena_free(arena);
    return loaded;
}

status queues_load(struct kinesis *kinesis)
{
    kinesis->queues = map_new(QUEUES_MAX);
    TRY(load_kind(kinesis, "queue", load_queue));
    TRY(load_kind(kinesis, "queue-cursor", load_cursor));
    return load_kind(kinesis, "queue-item", load_item);
}
