/* SPDX-License-Identifier: Apache-2.0
 *
 * Moments to come, soonest first: a binary heap of timers that their owners embed. In memory only;
 * what must survive is derived again from the store when a service opens.
 */
#ifndef WEIR_CELL_TIMER_H
#define WEIR_CELL_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cell;

struct timer {
    int64_t at_ms; /* weir's clock */
    size_t index;  /* place in the heap + 1; 0: not set */
    void (*fire)(struct cell *cell, struct timer *timer); /* in the cell, timer already unset */
};

struct timers {
    struct timer **heap; /* [0] is the soonest */
    size_t count;        /* set timers */
    size_t room;         /* of the heap */
};

void timers_done(struct timers *timers);
/* Sets, or sets again. */
void timer_set(struct timers *timers, struct timer *timer, int64_t at_ms);
void timer_unset(struct timers *timers, struct timer *timer); /* fine when not set */
/* The soonest that is due at now_ms, unset; NULL: none. */
struct timer *timers_due(struct timers *timers, int64_t now_ms);
/* INT64_MAX when none is set. */
int64_t timers_next(const struct timers *timers);

#endif
