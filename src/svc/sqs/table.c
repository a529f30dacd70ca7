/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue's messages by sequence (an open table of seats, linear probing, deletion by shifting
 * back) and by moment (a binary heap of seats; equal moments in the order of sending).
 */
#include "base/mem.h"
#include "svc/sqs/sqs_state.h"

#include <assert.h>

#define SLOTS_MIN 16

struct message *message_at(const struct queue *queue, uint32_t seat)
{
    return seat_at(queue->seats, seat);
}

/* ---- by sequence ---- */

static size_t slot_of(const struct queue *queue, uint64_t sequence)
{
    return (size_t)(sequence * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (queue->slot_count - 1);
}

struct message *message_find(const struct queue *queue, uint64_t sequence)
{
    if (queue->slot_count == 0) {
        return NULL;
    }
    for (size_t i = slot_of(queue, sequence); queue->slots[i] != 0;
         i = (i + 1) & (queue->slot_count - 1)) {
        struct message *message = message_at(queue, queue->slots[i]);

        if (message->sequence == sequence) {
            return message;
        }
    }
    return NULL;
}

struct message *table_next(const struct queue *queue, size_t *at)
{
    while (*at < queue->slot_count) {
        uint32_t seat = queue->slots[(*at)++];

        if (seat != 0) {
            return message_at(queue, seat);
        }
    }
    return NULL;
}

static void place_in(struct queue *queue, const struct message *message)
{
    size_t i = slot_of(queue, message->sequence);

    while (queue->slots[i] != 0) {
        i = (i + 1) & (queue->slot_count - 1);
    }
    queue->slots[i] = message->seat.self;
}

static void table_resize(struct queue *queue, size_t slot_count)
{
    uint32_t *old = queue->slots;
    size_t count = queue->slot_count;

    queue->slots = mem_zero(slot_count * sizeof(uint32_t));
    queue->slot_count = slot_count;
    for (size_t i = 0; i < count; i++) {
        if (old[i] != 0) {
            place_in(queue, message_at(queue, old[i]));
        }
    }
    mem_free(old);
}

void table_put(struct queue *queue, struct message *message)
{
    if (4 * (queue->message_count + 1) > 3 * queue->slot_count) {
        table_resize(queue, queue->slot_count == 0 ? SLOTS_MIN : 2 * queue->slot_count);
    }
    place_in(queue, message);
    queue->message_count++;
}

void table_remove(struct queue *queue, struct message *message)
{
    size_t mask = queue->slot_count - 1;
    size_t hole = slot_of(queue, message->sequence);

    while (queue->slots[hole] != message->seat.self) {
        assert(queue->slots[hole] != 0);
        hole = (hole + 1) & mask;
    }
    for (size_t i = (hole + 1) & mask; queue->slots[i] != 0; i = (i + 1) & mask) {
        size_t home = slot_of(queue, message_at(queue, queue->slots[i])->sequence);

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            queue->slots[hole] = queue->slots[i];
            hole = i;
        }
    }
    queue->slots[hole] = 0;
    queue->message_count--;
    if (queue->slot_count > SLOTS_MIN && 8 * queue->message_count < queue->slot_count) {
        table_resize(queue, queue->slot_count / 2);
    }
}

/* ---- by moment ---- */

static bool sooner(const struct message *a, const struct message *b)
{
    return a->until_ms != b->until_ms ? a->until_ms < b->until_ms : a->sequence < b->sequence;
}

static void heap_place(struct queue *queue, size_t at, struct message *message)
{
    queue->heap[at] = message->seat.self;
    message->place = (uint32_t)at + 1;
}

static void sift_up(struct queue *queue, size_t at, struct message *message)
{
    while (at > 0) {
        struct message *parent = message_at(queue, queue->heap[(at - 1) / 2]);

        if (!sooner(message, parent)) {
            break;
        }
        heap_place(queue, at, parent);
        at = (at - 1) / 2;
    }
    heap_place(queue, at, message);
}

static void sift_down(struct queue *queue, size_t at, struct message *message)
{
    for (size_t child; (child = 2 * at + 1) < queue->heap_count; at = child) {
        struct message *least = message_at(queue, queue->heap[child]);

        if (child + 1 < queue->heap_count &&
            sooner(message_at(queue, queue->heap[child + 1]), least)) {
            least = message_at(queue, queue->heap[++child]);
        }
        if (!sooner(least, message)) {
            break;
        }
        heap_place(queue, at, least);
    }
    heap_place(queue, at, message);
}

void heap_put(struct queue *queue, struct message *message, int64_t until_ms)
{
    assert(message->place == 0);
    if (queue->heap_count == queue->heap_room) {
        queue->heap_room = queue->heap_room == 0 ? 16 : 2 * queue->heap_room;
        queue->heap = mem_grow(queue->heap, queue->heap_room * sizeof(uint32_t));
    }
    message->until_ms = until_ms;
    queue->heap_count++;
    sift_up(queue, queue->heap_count - 1, message);
}

void heap_remove(struct queue *queue, struct message *message)
{
    size_t at = (size_t)message->place - 1;
    struct message *last = message_at(queue, queue->heap[queue->heap_count - 1]);

    assert(at < queue->heap_count);
    assert(queue->heap[at] == message->seat.self);
    queue->heap_count--;
    message->place = 0;
    if (last != message) {
        sift_down(queue, at, last);
        sift_up(queue, (size_t)last->place - 1, last);
    }
    if (queue->heap_room > 1024 && 8 * queue->heap_count < queue->heap_room) {
        queue->heap_room /= 4;
        queue->heap = mem_grow(queue->heap, queue->heap_room * sizeof(uint32_t));
    }
}

struct message *heap_first(const struct queue *queue)
{
    return queue->heap_count == 0 ? NULL : message_at(queue, queue->heap[0]);
}
