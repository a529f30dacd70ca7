/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside queues on streams. A queue reads each shard of its stream with a cursor; a record that was
 * received is an *item* until it is acknowledged or expires:
 *
 *   in the shard ──receive──► in flight ──acknowledge──► gone
 *                               │   ▲
 *               time-out, or 0  ▼   │ receive
 *                             visible ──received MaxReceiveCount times──► dead ──restore──► visible
 *
 * Cursors and items are records of their own (queue_keys.c), so every step is durable: times of
 * visibility, receive counts and dead letters survive a crash. Dead items are received, made
 * visible and acknowledged by operations of their own.
 */
#ifndef WEIR_SVC_KINESIS_QUEUE_INT_H
#define WEIR_SVC_KINESIS_QUEUE_INT_H

#include "cell/timer.h"
#include "svc/kinesis/kinesis_int.h"

/* Received and not acknowledged; beyond it nothing new is read. Fits one entry when deleted. */
#define ITEMS_PER_QUEUE_MAX 50000
#define QUEUES_MAX 100000
#define VISIBILITY_SECONDS_DEFAULT 30
#define MAX_RECEIVE_COUNT_DEFAULT 6

struct queue_item {
    struct timer timer;         /* while in flight: when it becomes visible again; first */
    struct link link;           /* while visible: in the queue's visible or dead list */
    uint32_t shard;             /* number */
    uint64_t sequence;          /* in the shard's log */
    uint64_t nonce;             /* of the newest receipt handle */
    int64_t visible_ms;         /* in flight until then */
    int64_t first_received_ms;  /* FirstReceiveTimestamp */
    int64_t arrived_ms;         /* of the record, for expiry */
    uint32_t received;          /* ReceiveCount */
    bool dead;                  /* a dead letter */
};

struct queue {
    struct stream *stream;      /* whose records it delivers */
    struct queue *next;         /* in the stream's list */
    struct str name;            /* owned */
    int64_t created_ms;
    struct str start_type;      /* QueueStartingPositionType; owned */
    int64_t start_ms;           /* the effective position's moment */
    uint32_t visibility_seconds;
    uint32_t max_receive_count; /* 0: dead-letter handling is off */
    struct tags tags;
    struct str policy;          /* owned */
    uint64_t *cursors;          /* by shard number: next log sequence to deliver */
    uint32_t cursor_count;      /* shards beyond begin at 1 */
    struct map *items;          /* "shard/sequence" → struct queue_item */
    struct timers in_flight;    /* items by visible_ms */
    struct link visible;        /* items to be received again */
    struct link dead;           /* dead letters to be received */
    struct waiters receivers;   /* parked ReceiveQueueRecords */
    struct waiters dead_receivers; /* parked ReceiveDeadLetterQueueRecords */
};

/* queue_keys.c */
void cursor_save(struct call *c, const struct queue *queue, uint32_t shard);
void item_save(struct call *c, const struct queue *queue, const struct queue_item *item);
void item_erase(struct call *c, const struct queue *queue, const struct queue_item *item);
void queue_erase(struct call *c, const struct queue *queue); /* with cursors and items */

/* queue.c */
struct queue *queue_new(struct stream *stream, struct str name);
void queue_free(struct queue *queue);
bool queue_add(struct kinesis *kinesis, struct queue *queue); /* false: too many */
void queue_remove(struct kinesis *kinesis, struct queue *queue);
struct str queue_arn(struct arena *arena, const struct queue *queue);
void queue_set_cursor(struct queue *queue, uint32_t shard, uint64_t next);
uint64_t queue_cursor(const struct queue *queue, uint32_t shard);
struct queue_item *queue_item_find(const struct queue *queue, uint32_t shard, uint64_t sequence);
/* NULL: the queue has the most items it may have. */
struct queue_item *queue_item_add(struct queue *queue, uint32_t shard, uint64_t sequence);
/* In flight until visible_ms, or in its list when that is past. */
void queue_item_place(struct queue *queue, struct queue_item *item, int64_t now_ms);
void queue_item_remove(struct queue *queue, struct queue_item *item); /* frees it */
/* Brings what is due from in flight to visible or dead; what turned dead is staged. */
void queue_settle(struct call *c, struct queue *queue);

#endif
