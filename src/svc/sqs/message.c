/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in memory: a table by sequence, the ready list or the groups, the heap of moments. See
 * sqs_int.h for the states.
 */
#include "base/mem.h"
#include "cell/doing.h"
#include "svc/sqs/sqs_int.h"

#include <assert.h>

#define SLOTS_MIN 16

/* ---- the table: linear probing, deletion by shifting back ---- */

static size_t slot_of(const struct queue *queue, uint64_t sequence)
{
    return (size_t)(sequence * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (queue->slot_count - 1);
}

struct message *message_find(const struct queue *queue, uint64_t sequence)
{
    if (queue->slot_count == 0) {
        return NULL;
    }
    for (size_t i = slot_of(queue, sequence); queue->slots[i] != NULL;
         i = (i + 1) & (queue->slot_count - 1)) {
        if (queue->slots[i]->sequence == sequence) {
            return queue->slots[i];
        }
    }
    return NULL;
}

static void table_put(struct queue *queue, struct message *message)
{
    size_t i = slot_of(queue, message->sequence);

    while (queue->slots[i] != NULL) {
        i = (i + 1) & (queue->slot_count - 1);
    }
    queue->slots[i] = message;
}

static void table_grow(struct queue *queue)
{
    size_t count = queue->slot_count;
    struct message **old = queue->slots;

    queue->slot_count = count == 0 ? SLOTS_MIN : 2 * count;
    queue->slots = mem_zero(queue->slot_count * sizeof(*queue->slots));
    for (size_t i = 0; i < count; i++) {
        if (old[i] != NULL) {
            table_put(queue, old[i]);
        }
    }
    mem_free(old);
}

static void table_remove(struct queue *queue, const struct message *message)
{
    size_t mask = queue->slot_count - 1;
    size_t hole = slot_of(queue, message->sequence);

    while (queue->slots[hole] != message) {
        hole = (hole + 1) & mask;
    }
    for (size_t i = (hole + 1) & mask; queue->slots[i] != NULL; i = (i + 1) & mask) {
        size_t home = slot_of(queue, queue->slots[i]->sequence);

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            queue->slots[hole] = queue->slots[i];
            hole = i;
        }
    }
    queue->slots[hole] = NULL;
}

/* ---- groups ---- */

static struct group *group_of(struct queue *queue, struct str name)
{
    struct group *group = map_get(queue->groups, name);

    if (group == NULL) {
        group = MEM_NEW(struct group);
        text_set(&group->name, name);
        link_init(&group->messages);
        link_init(&group->link);
        if (!map_set(queue->groups, name, group, NULL)) {
            text_set(&group->name, STR_NONE);
            mem_free(group);
            return NULL;
        }
    }
    return group;
}

/* In the ready groups exactly when something of it can be received. */
static void group_place(struct queue *queue, struct group *group)
{
    bool ready = group->count > 0 && group->busy == 0;

    if (!ready) {
        link_remove(&group->link);
    } else if (link_alone(&group->link)) {
        list_push(&queue->ready_groups, &group->link);
    }
    if (group->count == 0) {
        map_remove(queue->groups, group->name);
        text_set(&group->name, STR_NONE);
        mem_free(group);
    }
}

/* ---- states ---- */

struct message *message_add(struct queue *queue, uint64_t sequence, struct str group_name)
{
    struct group *group = NULL;
    struct message *message;

    assert(message_find(queue, sequence) == NULL);
    if (queue->message_count >= MESSAGES_MAX) {
        return NULL;
    }
    if (queue->fifo) {
        group = group_of(queue, group_name);
        if (group == NULL) {
            return NULL;
        }
    }
    if (2 * (queue->message_count + 1) > queue->slot_count) {
        table_grow(queue);
    }
    message = MEM_NEW(struct message);
    message->sequence = sequence;
    message->group = group;
    link_init(&message->link);
    table_put(queue, message);
    queue->message_count++;
    if (group != NULL) {
        group->count++;
        list_push(&group->messages, &message->link);
        group_place(queue, group);
    } else {
        list_push(&queue->ready, &message->link);
    }
    return message;
}

/* Out of the heap, and not counted there any more. */
static void leave_heap(struct queue *queue, struct message *message)
{
    if (message->timer.index == 0) {
        return;
    }
    timer_unset(&queue->moments, &message->timer);
    if (message->delayed) {
        queue->delayed--;
    } else {
        queue->in_flight--;
    }
    if (message->group != NULL) {
        message->group->busy--;
    }
    message->delayed = false;
}

void message_remove(struct queue *queue, struct message *message)
{
    struct group *group = message->group;

    leave_heap(queue, message);
    link_remove(&message->link);
    table_remove(queue, message);
    queue->message_count--;
    if (group != NULL) {
        group->count--;
        group_place(queue, group);
    }
    mem_free(message);
}

void message_ready(struct queue *queue, struct message *message)
{
    leave_heap(queue, message);
    if (message->group != NULL) {
        group_place(queue, message->group);
    } else if (link_alone(&message->link)) {
        list_push(&queue->ready, &message->link);
    }
}

void message_wait(struct queue *queue, struct message *message, int64_t until_ms, bool delayed,
                  int64_t now_ms)
{
    if (until_ms <= now_ms) {
        message_ready(queue, message);
        return;
    }
    leave_heap(queue, message);
    timer_set(&queue->moments, &message->timer, until_ms);
    message->delayed = delayed;
    if (delayed) {
        queue->delayed++;
    } else {
        queue->in_flight++;
    }
    if (message->group != NULL) {
        message->group->busy++;
        group_place(queue, message->group);
    } else {
        link_remove(&message->link);
    }
}

void queue_settle(struct queue *queue, int64_t now_ms)
{
    struct timer *due;

    while ((due = timers_next(&queue->moments) <= now_ms ? queue->moments.heap[0] : NULL) != NULL) {
        message_ready(queue, LINK_OWNER(due, struct message, timer));
    }
}

uint64_t queue_visible(const struct queue *queue)
{
    return queue->message_count - queue->in_flight - queue->delayed;
}

/* ---- waking receivers ---- */

void queue_arm(struct cell *cell, struct queue *queue)
{
    int64_t next_ms = timers_next(&queue->moments);

    if (next_ms == INT64_MAX || !waiters_any(&queue->receivers)) {
        return; /* nobody waits: whoever comes settles the queue first */
    }
    if (queue->wake.index == 0 || queue->wake.at_ms > next_ms) {
        cell_timer_set(cell, &queue->wake, next_ms);
    }
}

void queue_wake(struct cell *cell, struct queue *queue, size_t count)
{
    waiters_wake_some(cell, &queue->receivers, count);
}

void queue_wake_fire(struct cell *cell, struct timer *timer)
{
    struct queue *queue = LINK_OWNER(timer, struct queue, wake);
    uint64_t before = queue_visible(queue);

    queue_settle(queue, cell_now(cell));
    if (queue_visible(queue) > before) {
        queue_wake(cell, queue, (size_t)(queue_visible(queue) - before));
    }
    queue_arm(cell, queue);
}
