/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues on streams: owning cursors and items, moving items between in flight, visible and dead.
 * See queue_int.h for the states.
 */
#include "base/mem.h"
#include "svc/kinesis/queue_int.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>
#include <stdio.h>

#define ITEM_KEY_BYTES 32
#define TICK_ROOM 20000

struct queue *queue_new(struct stream *stream, struct str name)
{
    struct queue *queue = MEM_NEW(struct queue);

    queue->stream = stream;
    text_set(&queue->name, name);
    queue->visibility_seconds = VISIBILITY_SECONDS_DEFAULT;
    queue->max_receive_count = MAX_RECEIVE_COUNT_DEFAULT;
    queue->items = map_new(ITEMS_PER_QUEUE_MAX);
    link_init(&queue->visible);
    link_init(&queue->dead);
    waiters_init(&queue->receivers);
    waiters_init(&queue->dead_receivers);
    return queue;
}

void queue_free(struct queue *queue)
{
    struct str key;
    void *item;

    for (size_t i = 0; map_next(queue->items, &i, &key, &item);) {
        mem_free(item);
    }
    map_free(queue->items);
    timers_done(&queue->in_flight);
    tags_done(&queue->tags);
    text_set(&queue->policy, STR_NONE);
    text_set(&queue->start_type, STR_NONE);
    text_set(&queue->name, STR_NONE);
    mem_free(queue->cursors);
    mem_free(queue);
}

struct str queue_arn(struct arena *arena, const struct queue *queue)
{
    struct arn arn = {arn_partition(queue->stream->region), STR("kinesis"), queue->stream->region,
                      queue->stream->account,
                      arena_printf(arena, "queue/%.*s", STR_ARG(queue->name))};

    return arn_write(arena, &arn);
}

bool queue_add(struct kinesis *kinesis, struct queue *queue)
{
    struct arena *arena = arena_new(8192);
    struct queue **at = &queue->stream->queues;
    void *former = NULL;
    bool added = map_set(kinesis->queues, queue_arn(arena, queue), queue, &former);

    arena_free(arena);
    assert(former == NULL);
    if (!added) {
        return false;
    }
    while (*at != NULL && str_cmp((*at)->name, queue->name) < 0) {
        at = &(*at)->next;
    }
    queue->next = *at;
    *at = queue;
    queue->stream->queue_count++;
    return true;
}

void queue_remove(struct kinesis *kinesis, struct queue *queue)
{
    struct arena *arena = arena_new(8192);
    struct queue **at = &queue->stream->queues;

    map_remove(kinesis->queues, queue_arn(arena, queue));
    arena_free(arena);
    while (*at != queue) {
        at = &(*at)->next;
    }
    *at = queue->next;
    queue->stream->queue_count--;
    waiters_wake(kinesis->cell, &queue->receivers);
    waiters_wake(kinesis->cell, &queue->dead_receivers);
    queue_free(queue);
}

status queue_of_arn(struct call *c, struct str arn, struct queue **ret_queue)
{
    struct queue *queue = map_get(kinesis_of(c)->queues, arn);

    if (queue == NULL) {
        return fail(c, &KINESIS_NOT_FOUND, "Queue %.*s not found.", STR_ARG(arn));
    }
    *ret_queue = queue;
    return OK;
}

struct tags *queue_tags(struct queue *queue)
{
    return &queue->tags;
}

struct str *queue_policy(struct queue *queue)
{
    return &queue->policy;
}

struct stream *queue_stream(struct queue *queue)
{
    return queue->stream;
}

/* ---- cursors ---- */

void queue_set_cursor(struct queue *queue, uint32_t shard, uint64_t next)
{
    if (shard >= queue->cursor_count) {
        queue->cursors = mem_grow(queue->cursors, (shard + 1) * sizeof(uint64_t));
        for (uint32_t i = queue->cursor_count; i < shard; i++) {
            queue->cursors[i] = 1;
        }
        queue->cursor_count = shard + 1;
    }
    queue->cursors[shard] = next;
}

uint64_t queue_cursor(const struct queue *queue, uint32_t shard)
{
    return shard < queue->cursor_count ? queue->cursors[shard] : 1;
}

/* ---- items ---- */

static struct str item_key(char out[ITEM_KEY_BYTES], uint32_t shard, uint64_t sequence)
{
    int bytes = snprintf(out, ITEM_KEY_BYTES, "%x/%llx", shard, (unsigned long long)sequence);

    return str_of(out, (size_t)bytes);
}

struct queue_item *queue_item_find(const struct queue *queue, uint32_t shard, uint64_t sequence)
{
    char key[ITEM_KEY_BYTES];

    return map_get(queue->items, item_key(key, shard, sequence));
}

struct queue_item *queue_item_add(struct queue *queue, uint32_t shard, uint64_t sequence)
{
    struct queue_item *item = MEM_NEW(struct queue_item);
    char key[ITEM_KEY_BYTES];
    void *former = NULL;

    item->shard = shard;
    item->sequence = sequence;
    link_init(&item->link);
    if (!map_set(queue->items, item_key(key, shard, sequence), item, &former)) {
        mem_free(item);
        return NULL;
    }
    assert(former == NULL);
    return item;
}

void queue_item_place(struct queue *queue, struct queue_item *item, int64_t now_ms)
{
    timer_unset(&queue->in_flight, &item->timer);
    link_remove(&item->link);
    if (item->visible_ms > now_ms) {
        timer_set(&queue->in_flight, &item->timer, item->visible_ms);
    } else {
        list_push(item->dead ? &queue->dead : &queue->visible, &item->link);
    }
}

void queue_item_remove(struct queue *queue, struct queue_item *item)
{
    char key[ITEM_KEY_BYTES];

    timer_unset(&queue->in_flight, &item->timer);
    link_remove(&item->link);
    map_remove(queue->items, item_key(key, item->shard, item->sequence));
    mem_free(item);
}

void queue_settle(struct call *c, struct queue *queue)
{
    struct timer *due;

    while (txn_room(c->txn) > TICK_ROOM && (due = timers_due(&queue->in_flight, c->now)) != NULL) {
        struct queue_item *item = LINK_OWNER(due, struct queue_item, timer);

        if (!item->dead && queue->max_receive_count != 0 &&
            item->received >= queue->max_receive_count) {
            item->dead = true;
            item_save(c, queue, item);
            waiters_wake(c->cell, &queue->dead_receivers);
        }
        queue_item_place(queue, item, c->now);
    }
}

/* ---- the service's life ---- */

void queues_done(struct kinesis *kinesis)
{
    struct str key;
    void *queue;

    if (kinesis->queues == NULL) {
        return;
    }
    for (size_t i = 0; map_next(kinesis->queues, &i, &key, &queue);) {
        queue_free(queue);
    }
    map_free(kinesis->queues);
}

void queues_wake_stream(struct call *c, struct stream *stream)
{
    for (struct queue *queue = stream->queues; queue != NULL; queue = queue->next) {
        waiters_wake(c->cell, &queue->receivers);
    }
}

/* Items whose records have expired, and items of shards that are gone, go. */
static void expire(struct call *c, struct queue *queue)
{
    int64_t horizon_ms = c->now - queue->stream->retention_hours * INT64_C(3600000);
    struct queue_item **old =
        arena_alloc(c->arena, (map_count(queue->items) + 1) * sizeof(struct queue_item *));
    size_t count = 0;
    struct str key;
    void *item;

    for (size_t i = 0; map_next(queue->items, &i, &key, &item);) {
        struct queue_item *at = item;

        if (at->arrived_ms < horizon_ms && txn_room(c->txn) > count + TICK_ROOM) {
            old[count++] = at;
        }
    }
    for (size_t i = 0; i < count; i++) {
        item_erase(c, queue, old[i]);
        queue_item_remove(queue, old[i]);
    }
}

void queues_tick(struct call *c)
{
    struct str key;
    void *queue;

    for (size_t i = 0; map_next(kinesis_of(c)->queues, &i, &key, &queue);) {
        queue_settle(c, queue);
        expire(c, queue);
    }
}
