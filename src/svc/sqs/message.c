/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of messages in memory: ready, waiting, gone; groups; waking receivers. The states
 * are drawn in sqs_state.h.
 */
#include "base/mem.h"
#include "bus/source.h"
#include "cell/doing.h"
#include "svc/sqs/sqs_state.h"

#include <assert.h>

static_assert(sizeof(struct message) == SEAT_BYTES, "a message fills its seat");
static_assert(sizeof(struct group) <= SEAT_BYTES, "a group has a seat");

/* ---- groups ---- */

struct group *group_at(const struct queue *queue, uint32_t seat)
{
    return seat_at(queue->seats, seat);
}

struct group *group_of(const struct queue *queue, const struct message *message)
{
    return group_at(queue, message->group);
}

static void group_free(struct queue *queue, struct group *group)
{
    mem_free(group->name);
    seat_give(queue->seats, group);
}

static struct group *group_named(struct queue *queue, struct str name)
{
    struct group *group = map_get(queue->groups, name);

    if (group != NULL) {
        return group;
    }
    group = seat_take(queue->seats);
    if (group == NULL) {
        return NULL;
    }
    group->name = mem_dup(name.at, name.bytes);
    group->name_bytes = (uint32_t)name.bytes;
    if (!map_set(queue->groups, name, group, NULL)) {
        group_free(queue, group);
        return NULL;
    }
    return group;
}

/* In the line of ready groups exactly when something of it can be received. */
static void group_settle(struct queue *queue, struct group *group)
{
    bool ready = group->count > 0 && group->in_flight == 0 &&
                 !message_waits(message_at(queue, group->messages.first));

    if (ready && !group->ready) {
        line_push(queue->seats, &queue->ready_groups, group);
    } else if (!ready && group->ready) {
        line_remove(queue->seats, &queue->ready_groups, group);
    }
    group->ready = ready;
    if (group->count == 0) {
        map_remove(queue->groups, group_name(group));
        group_free(queue, group);
    }
}

/* ---- states ---- */

struct message *message_add(struct queue *queue, uint64_t sequence, int64_t sent_ms,
                            struct str name)
{
    struct message *message = seat_take(queue->seats);
    struct group *group = NULL;

    if (message == NULL) {
        return NULL;
    }
    if (queue->fifo) {
        group = group_named(queue, name);
        if (group == NULL) {
            seat_give(queue->seats, message);
            return NULL;
        }
        message->group = group->seat.self;
    }
    message->sequence = sequence;
    message->sent_ms = sent_ms;
    queue->oldest_ms = queue->message_count == 0 || sent_ms < queue->oldest_ms ? sent_ms
                                                                               : queue->oldest_ms;
    table_put(queue, message);
    if (group != NULL) {
        group->count++;
        line_push(queue->seats, &group->messages, message);
        group_settle(queue, group);
    } else {
        line_push(queue->seats, &queue->ready, message);
    }
    return message;
}

/* Out of the heap, and not counted there any more; a standard message is nowhere then. */
static void leave_heap(struct queue *queue, struct message *message)
{
    struct group *group = group_of(queue, message);

    heap_remove(queue, message);
    if (message->delayed) {
        queue->delayed--;
    } else {
        queue->in_flight--;
        if (group != NULL) {
            group->in_flight--;
        }
    }
    message->delayed = false;
}

void message_remove(struct queue *queue, struct message *message)
{
    struct group *group = group_of(queue, message);

    if (message_waits(message)) {
        leave_heap(queue, message);
    } else if (group == NULL) {
        line_remove(queue->seats, &queue->ready, message);
    }
    table_remove(queue, message);
    if (group != NULL) {
        line_remove(queue->seats, &group->messages, message);
        group->count--;
        group_settle(queue, group);
    }
    seat_give(queue->seats, message);
}

void messages_done(struct queue *queue)
{
    struct message *message;
    struct str name;
    void *group;

    for (size_t i = 0; (message = table_next(queue, &i)) != NULL;) {
        seat_give(queue->seats, message);
    }
    for (size_t i = 0; queue->groups != NULL && map_next(queue->groups, &i, &name, &group);) {
        group_free(queue, group);
    }
    mem_free(queue->slots);
    mem_free(queue->heap);
    if (queue->groups != NULL) {
        map_free(queue->groups);
    }
    queue->groups = queue->fifo ? map_new(SEATS_MAX) : NULL;
    queue->slots = queue->heap = NULL;
    queue->slot_count = queue->message_count = 0;
    queue->heap_count = queue->heap_room = 0;
    queue->in_flight = queue->delayed = 0;
    queue->ready = queue->ready_groups = (struct line){0, 0};
}

void message_ready(struct queue *queue, struct message *message)
{
    struct group *group = group_of(queue, message);

    if (!message_waits(message)) {
        return;
    }
    leave_heap(queue, message);
    if (group != NULL) {
        group_settle(queue, group);
    } else {
        line_push(queue->seats, &queue->ready, message);
    }
}

void message_wait(struct queue *queue, struct message *message, int64_t until_ms, bool delayed,
                  int64_t now_ms)
{
    struct group *group = group_of(queue, message);

    if (until_ms <= now_ms) {
        message_ready(queue, message);
        return;
    }
    if (message_waits(message)) {
        leave_heap(queue, message);
    } else if (group == NULL) {
        line_remove(queue->seats, &queue->ready, message);
    }
    heap_put(queue, message, until_ms);
    message->delayed = delayed;
    queue->delayed += delayed;
    queue->in_flight += !delayed;
    if (group != NULL) {
        group->in_flight += !delayed;
        group_settle(queue, group);
    }
}

void message_rotate(struct queue *queue, struct message *message)
{
    assert(!message_waits(message));
    if (message->group == 0) {
        line_remove(queue->seats, &queue->ready, message);
        line_push(queue->seats, &queue->ready, message);
    }
}

bool message_receivable(const struct queue *queue, const struct message *message)
{
    const struct group *group = group_of(queue, message);

    return !message_waits(message) && (group == NULL || group->ready);
}

void queue_settle(struct cell *cell, struct queue *queue, int64_t now_ms)
{
    struct message *message;
    size_t count = 0;

    while ((message = heap_first(queue)) != NULL && message->until_ms <= now_ms) {
        message_ready(queue, message);
        count++;
    }
    if (count > 0) { /* not the timer's: whoever comes first settles the queue */
        queue_wake(cell, queue, count);
    }
}

size_t queue_visible(const struct queue *queue)
{
    return queue->message_count - queue->heap_count;
}

/* ---- waking receivers ---- */

void queue_arm(struct cell *cell, struct queue *queue)
{
    const struct message *first = heap_first(queue);

    if (first == NULL || (!waiters_any(&queue->receivers) &&
                          !bus_source_watched(cell, queue->arn))) {
        return; /* nobody waits: whoever comes settles the queue first */
    }
    if (queue->wake.index == 0 || queue->wake.at_ms > first->until_ms) {
        cell_timer_set(cell, &queue->wake, first->until_ms);
    }
}

void queue_wake(struct cell *cell, struct queue *queue, size_t count)
{
    waiters_wake_some(cell, &queue->receivers, count);
    bus_source_ring(cell, queue->arn, false);
}

/* A group may go on, or there is room again for one more in flight. */
void queue_wake_blocked(struct cell *cell, struct queue *queue, size_t count)
{
    if (queue->fifo || queue->in_flight + count >= IN_FLIGHT_MAX) {
        queue_wake(cell, queue, count);
    }
}

void queue_wake_fire(struct cell *cell, struct timer *timer)
{
    struct queue *queue = LINK_OWNER(timer, struct queue, wake);

    queue_settle(cell, queue, cell_now(cell));
    queue_arm(cell, queue);
}
