/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages and groups in memory: where each stands.
 *
 *   sent ──delay──► DELAYED ──┐
 *     └────────────────────►  READY ──receive──► IN FLIGHT ──delete──► gone
 *                               ▲                    │
 *                               └──time-out, or 0────┘  received too often ──► dead-letter queue
 *
 * A standard message is in its queue's ready line or in its heap of moments. A FIFO message is
 * always in its group's line, in order, and besides in the heap while it is in flight or delayed; a
 * group is in the queue's line of ready groups when none of its messages is in flight and its first
 * is not delayed.
 *
 * What a message costs: its seat of 48 bytes, 5.3 to 10.7 bytes of its queue's table (which grows
 * when it is three quarters full), and four to eight in the heap while it waits there.
 */
#ifndef WEIR_SVC_SQS_STATE_H
#define WEIR_SVC_SQS_STATE_H

#include "svc/sqs/sqs_int.h"

#define RECEIVES_MASK 0xffffffu

struct message {
    struct seat seat;          /* in the ready line, or in its group's line */
    uint32_t group;            /* FIFO: seat of its group; 0: standard */
    uint64_t sequence;         /* order in the queue, and its rows' key */
    int64_t until_ms;          /* delayed or in flight: when that ends */
    int64_t sent_ms;           /* for retention */
    uint32_t place;            /* in the heap + 1; 0: neither delayed nor in flight */
    uint32_t receives : 24;    /* from this queue; also the number of its newest receipt */
    uint32_t delayed : 1;      /* in the heap because of a delay, not because it is in flight */
    uint32_t has_state : 1;    /* it has a "state" row */
};

/* A message group of a FIFO queue; it lives while it has messages. */
struct group {
    struct seat seat;          /* in the line of ready groups */
    uint32_t in_flight;        /* of its messages */
    char *name;                /* owned */
    uint32_t name_bytes;       /* of it */
    uint32_t count;            /* messages */
    struct line messages;      /* in order */
    bool ready;                /* in the line of ready groups */
};

static inline bool message_waits(const struct message *message)
{
    return message->place != 0;
}
static inline bool message_in_flight(const struct message *message)
{
    return message->place != 0 && !message->delayed;
}
static inline struct str group_name(const struct group *group)
{
    return str_of(group->name, group->name_bytes);
}

/* ---- table.c: messages by sequence, and by moment ---- */

struct message *message_find(const struct queue *queue, uint64_t sequence); /* NULL: none */
struct message *message_at(const struct queue *queue, uint32_t seat);       /* NULL for 0 */
void table_put(struct queue *queue, struct message *message);
void table_remove(struct queue *queue, struct message *message);
/* For walks over all messages: *at counts from 0. Removing the one given is fine then when the
 * walk is begun anew. */
struct message *table_next(const struct queue *queue, size_t *at);
void heap_put(struct queue *queue, struct message *message, int64_t until_ms);
void heap_remove(struct queue *queue, struct message *message);
struct message *heap_first(const struct queue *queue); /* NULL: nobody waits */

/* ---- message.c ---- */

/* A new one, ready, behind all others; group: FIFO only. NULL: all seats are taken. */
struct message *message_add(struct queue *queue, uint64_t sequence, int64_t sent_ms,
                            struct str group);
void message_remove(struct queue *queue, struct message *message);
void messages_done(struct queue *queue); /* all of them, and the groups */
/* Delayed or in flight until that moment; ready when it has passed. */
void message_wait(struct queue *queue, struct message *message, int64_t until_ms, bool delayed,
                  int64_t now_ms);
void message_ready(struct queue *queue, struct message *message);
void message_rotate(struct queue *queue, struct message *message); /* ready: behind the others */
/* Could be received now, as far as its queue is concerned. */
bool message_receivable(const struct queue *queue, const struct message *message);
struct group *group_of(const struct queue *queue, const struct message *message);
struct group *group_at(const struct queue *queue, uint32_t seat); /* NULL for 0 */
/* What is due in the heap becomes ready, and wakes who waits for it. */
void queue_settle(struct cell *cell, struct queue *queue, int64_t now_ms);
size_t queue_visible(const struct queue *queue);
/* The cell's timer for the soonest moment; wakes receivers, and who watches the queue as a source,
 * when there is something to receive. */
void queue_arm(struct cell *cell, struct queue *queue);
void queue_wake(struct cell *cell, struct queue *queue, size_t count);
void queue_wake_blocked(struct cell *cell, struct queue *queue, size_t count); /* so many went */
void queue_wake_fire(struct cell *cell, struct timer *timer);

#endif
