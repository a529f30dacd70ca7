/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's own long doings, beside requests: a thread that goes in and out of the cell. Whatever is
 * long (reading much, compressing, writing a blob) happens outside; each step inside is a call of a
 * service's own, one journal entry, as a request's would be.
 */
#ifndef WEIR_CELL_DOING_H
#define WEIR_CELL_DOING_H

#include "cell/cell.h"
#include "cell/timer.h"

/* A moment to come, in memory; fire runs in the cell, the timer already unset. To be called in the
 * cell: in a call, in a fire, in open(). */
void cell_timer_set(struct cell *cell, struct timer *timer, int64_t at_ms);
void cell_timer_unset(struct cell *cell, struct timer *timer);
/* The same for the next turn, so that others come in before: for what goes on piece by piece. */
void cell_timer_next_turn(struct cell *cell, struct timer *timer);
int64_t cell_now(const struct cell *cell); /* as c->now; in the cell */

/* Runs run on a worker thread, once; from any thread, in the cell or not. The cell is not closed
 * before run returned, so run looks at cell_ending() between its steps. */
void cell_spawn(struct cell *cell, void (*run)(struct cell *cell, void *arg), void *arg);
bool cell_ending(struct cell *cell);

/* A step inside. run does not park. */
struct doing {
    const char *service;  /* whose state c->state is, and whose entry it becomes: "kinesis" */
    const char *name;     /* the entry's operation: "DeliverChannel" */
    struct str account;   /* empty: 000000000000 */
    struct str region;    /* empty: us-east-1 */
    status (*run)(struct call *c, void *arg);
    void *arg;
};
/* From a thread that is not in the cell: runs it, and waits until what it did and saw is durable.
 * arena is the call's. */
status cell_do(struct cell *cell, const struct doing *doing, struct arena *arena, struct why *why);

/* From a thread that is not in the cell, which does not wait: goes in, run takes steps and wakes
 * who waits, goes out. Durable later, as every entry. */
void cell_visit(struct cell *cell, void (*run)(struct cell *cell, void *arg), void *arg);

/* A step on the spot, in a timer's fire or a visit; durable later, as every entry. */
status cell_step(struct cell *cell, const struct doing *doing, struct arena *arena,
                 struct why *why);

#endif
