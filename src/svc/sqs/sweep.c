/* SPDX-License-Identifier: Apache-2.0
 *
 * Housekeeping: messages older than their queue keeps, twins and attempts that are over, rows of
 * queues that are gone.
 *
 * Rules
 *  1. What can be much goes in steps of SWEEP_CHANGES deletions, each an entry of its own, with a
 *     pause between them in which others go first.
 *  2. A message that is too old is never given out, whether it was swept or not (receive.c).
 */
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/sqs/sqs_rows.h"

#define SWEEP_CHANGES 2000
#define EXPIRE_AT_ONCE 2000
#define PAUSE_MS 10
#define DELETED_MS 60000
#define ARENA_BYTES_MAX (64u << 20)

/* ---- messages that are too old ---- */

/* At most EXPIRE_AT_ONCE of them; false: there may be more. */
static bool queue_expire(struct call *c, struct queue *queue)
{
    int64_t horizon_ms = c->now - queue->retention_seconds * INT64_C(1000);
    struct message **old;
    struct message *message;
    int64_t oldest_ms = c->now;
    size_t count = 0;

    if (queue->message_count == 0 || queue->oldest_ms > horizon_ms) {
        return true;
    }
    old = arena_alloc(c->arena, EXPIRE_AT_ONCE * sizeof(struct message *));
    for (size_t at = 0;
         count < EXPIRE_AT_ONCE && (message = table_next(queue, &at)) != NULL;) {
        if (message->sent_ms <= horizon_ms) {
            old[count++] = message;
        } else if (message->sent_ms < oldest_ms) {
            oldest_ms = message->sent_ms;
        }
    }
    for (size_t i = 0; i < count; i++) {
        message_erase(c, queue, old[i]);
        message_remove(queue, old[i]);
    }
    queue_wake_blocked(c->cell, queue, count);
    if (count == EXPIRE_AT_ONCE) {
        return false;
    }
    queue->oldest_ms = oldest_ms;
    return true;
}

/* ---- steps ---- */

/* True when nothing is left to sweep. */
static bool sweep_step(struct call *c)
{
    bool ended = true;
    struct str key;
    void *queue;

    for (size_t i = 0; map_next(sqs_of(c)->queues, &i, &key, &queue);) {
        if (txn_room(c->txn) < TXN_CHANGES_MAX - 4 * SWEEP_CHANGES) {
            return false;
        }
        ended &= queue_expire(c, queue);
        ended &= slots_sweep(c, queue, SWEEP_CHANGES);
    }
    return doomed_sweep(c, SWEEP_CHANGES) && ended;
}

static status sweep_run(struct call *c, void *arg)
{
    *(bool *)arg = sweep_step(c);
    return OK;
}

/* On a made-up clock nobody's time is saved by waiting, and nothing would end the pause. */
static int64_t pause_ms(struct cell *cell)
{
    return cell_clock(cell)->manual ? 0 : PAUSE_MS;
}

static void sweep_fire(struct cell *cell, struct timer *timer)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    bool ended = true;
    struct doing doing = {"sqs", "Sweep", STR_NONE, STR_NONE, sweep_run, &ended};
    struct why why;

    (void)cell_step(cell, &doing, arena, &why);
    arena_free(arena);
    if (!ended) {
        cell_timer_set(cell, timer, cell_now(cell) + pause_ms(cell));
    }
}

void sweep_init(struct sqs *sqs)
{
    sqs->sweep.fire = sweep_fire;
}

void sweep_soon(struct sqs *sqs, int64_t now_ms)
{
    if (sqs->sweep.index == 0) {
        cell_timer_set(sqs->cell, &sqs->sweep, now_ms + pause_ms(sqs->cell));
    }
}

/* Names of queues that were deleted more than a minute ago may be used again. */
static void forget_deleted(struct call *c)
{
    struct map *deleted = sqs_of(c)->deleted;
    struct str key;
    void *when;

    if (map_count(deleted) == 0) {
        return;
    }
    for (size_t i = 0; map_next(deleted, &i, &key, &when);) {
        if (c->now - (int64_t)(uintptr_t)when < DELETED_MS) {
            return;
        }
    }
    map_free(deleted);
    sqs_of(c)->deleted = map_new(QUEUES_MAX);
}

status sqs_tick(struct call *c)
{
    forget_deleted(c);
    if (!sweep_step(c)) {
        sweep_soon(sqs_of(c), c->now);
    }
    return OK;
}
