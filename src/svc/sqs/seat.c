/* SPDX-License-Identifier: Apache-2.0
 *
 * Seats and lines of them. A free seat's next is the next free one, its self is 0.
 */
#include "svc/sqs/seat.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define SLAB_SEATS 4096u

void seats_init(struct seats *seats)
{
    *seats = (struct seats){.fresh = 1};
}

void seats_done(struct seats *seats)
{
    for (size_t i = 0; i < seats->slab_count; i++) {
        mem_free(seats->slabs[i]);
    }
    mem_free(seats->slabs);
    seats_init(seats);
}

void *seat_at(const struct seats *seats, uint32_t number)
{
    if (number == 0) {
        return NULL;
    }
    assert(number < seats->fresh);
    return seats->slabs[number / SLAB_SEATS] + (size_t)(number % SLAB_SEATS) * SEAT_BYTES;
}

static uint32_t fresh_seat(struct seats *seats)
{
    if (seats->fresh / SLAB_SEATS == seats->slab_count) {
        seats->slabs = mem_grow(seats->slabs, (seats->slab_count + 1) * sizeof(char *));
        seats->slabs[seats->slab_count++] = mem_alloc(SLAB_SEATS * SEAT_BYTES);
    }
    return seats->fresh++;
}

void *seat_take(struct seats *seats)
{
    uint32_t number = seats->free;
    struct seat *seat;

    if (seats->count >= SEATS_MAX) {
        return NULL;
    }
    if (number == 0) {
        number = fresh_seat(seats);
    } else {
        seats->free = ((struct seat *)seat_at(seats, number))->next;
    }
    seat = seat_at(seats, number);
    assert(seat != NULL);
    memset(seat, 0, SEAT_BYTES);
    seat->self = number;
    seats->count++;
    return seat;
}

/* Everybody has gone: the memory goes too, but for a first slab. */
static void sweep_out(struct seats *seats)
{
    for (size_t i = 1; i < seats->slab_count; i++) {
        mem_free(seats->slabs[i]);
    }
    seats->slab_count = 1;
    seats->fresh = 1;
    seats->free = 0;
}

void seat_give(struct seats *seats, void *sitting)
{
    struct seat *seat = sitting;
    uint32_t number = seat->self;

    assert(number != 0);
    assert(seats->count > 0);
    seat->self = 0;
    seat->next = seats->free;
    seats->free = number;
    seats->count--;
    if (seats->count == 0 && seats->slab_count > 1) {
        sweep_out(seats);
    }
}

void line_push(const struct seats *seats, struct line *line, void *sitting)
{
    struct seat *seat = sitting;
    struct seat *last = seat_at(seats, line->last);

    seat->prev = line->last;
    seat->next = 0;
    line->last = seat->self;
    if (last != NULL) {
        last->next = seat->self;
    } else {
        line->first = seat->self;
    }
}

void line_remove(const struct seats *seats, struct line *line, void *sitting)
{
    struct seat *seat = sitting;
    struct seat *next = seat_at(seats, seat->next);
    struct seat *prev = seat_at(seats, seat->prev);

    if (prev != NULL) {
        prev->next = seat->next;
    } else {
        assert(line->first == seat->self);
        line->first = seat->next;
    }
    if (next != NULL) {
        next->prev = seat->prev;
    } else {
        assert(line->last == seat->self);
        line->last = seat->prev;
    }
    seat->next = seat->prev = 0;
}
