/* SPDX-License-Identifier: Apache-2.0
 *
 * A binary heap by moment. Invariant: every set timer knows its place (index - 1), and no timer is
 * sooner than its parent.
 */
#include "cell/timer.h"

#include "base/mem.h"

#include <assert.h>

static void place(struct timers *timers, size_t at, struct timer *timer)
{
    timers->heap[at] = timer;
    timer->index = at + 1;
}

static void sift_up(struct timers *timers, size_t at, struct timer *timer)
{
    while (at > 0 && timers->heap[(at - 1) / 2]->at_ms > timer->at_ms) {
        place(timers, at, timers->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(timers, at, timer);
}

static void sift_down(struct timers *timers, size_t at, struct timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count &&
            timers->heap[child + 1]->at_ms < timers->heap[child]->at_ms) {
            child++;
        }
        if (timers->heap[child]->at_ms >= timer->at_ms) {
            break;
        }
        place(timers, at, timers->heap[child]);
        at = child;
    }
    place(timers, at, timer);
}

void timers_done(struct timers *timers)
{
    mem_free(timers->heap);
    *timers = (struct timers){NULL, 0, 0};
}

void timer_set(struct timers *timers, struct timer *timer, int64_t at_ms)
{
    timer_unset(timers, timer);
    if (timers->count == timers->room) {
        timers->room = timers->room == 0 ? 16 : 2 * timers->room;
        timers->heap = mem_grow(timers->heap, timers->room * sizeof(struct timer *));
    }
    timer->at_ms = at_ms;
    timers->count++;
    sift_up(timers, timers->count - 1, timer);
}

void timer_unset(struct timers *timers, struct timer *timer)
{
    if (timer->index == 0) {
        return;
    }
    size_t at = timer->index - 1;
    struct timer *last = timers->heap[timers->count - 1];

    assert(at < timers->count);
    assert(timers->heap[at] == timer);
    timers->count--;
    timer->index = 0;
    if (last != timer) {
        sift_down(timers, at, last);
        sift_up(timers, last->index - 1, last);
    }
}

struct timer *timers_due(struct timers *timers, int64_t now_ms)
{
    if (timers->count == 0 || timers->heap[0]->at_ms > now_ms) {
        return NULL;
    }
    struct timer *timer = timers->heap[0];

    timer_unset(timers, timer);
    return timer;
}

int64_t timers_next(const struct timers *timers)
{
    return timers->count == 0 ? INT64_MAX : timers->heap[0]->at_ms;
}
