/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a cell: tasks (a call with its way through the cell), and what the door needs to
 * bring them in and take them out.
 *
 *   NEW ──run──► DONE ──(gate opens)──► answered
 *    │            ▲
 *    └──park──► PARKED ──wake, deadline──► READY ──run──► DONE or PARKED again
 *
 * A task belongs to its bringer while NEW or DONE, to the cell while PARKED or READY; the cell's
 * lock guards every transition.
 */
#ifndef WEIR_CELL_CELL_INT_H
#define WEIR_CELL_CELL_INT_H

#include "cell/cell.h"
#include "cell/timer.h"
#include "sys/thread.h"
#include "wire/wire.h"

enum task_state { TASK_NEW, TASK_PARKED, TASK_READY, TASK_DONE };

struct task {
    struct call call;                /* what the handler sees; first */
    enum task_state state;
    bool gone;                       /* its caller went away */
    bool streaming;                  /* its answer is an event stream */
    status result;                   /* when DONE */
    uint64_t gate;                   /* position that must be durable before the answer leaves */
    status (*run)(struct call *c);   /* what runs next */
    void (*ended)(struct call *c);   /* call_on_end(), or NULL */
    void (*done)(struct task *task); /* called in the cell when a resumed task is DONE */
    struct arena *scratch;           /* of resumed runs; NULL before the first */
    struct link link;                /* in waiters, the ready list, or its bringer's lists */
    uint64_t weight;                 /* bytes of its request: what a commit may cost at least */
    struct timer timer;              /* a parked call's deadline */
    const char *event;               /* streaming: the event to send, or NULL: the end */
    struct value *event_value;       /* its fields */
    const struct service_model *model;
};

struct cell_service {
    const struct service *service; /* its table */
    const struct op **by_index;    /* per operation of the model; NULL: not implemented */
    void *state;                   /* from open() */
};

#define CELL_SERVICES_MAX 64

struct cell {
    struct lock lock;               /* everything below */
    struct store *store;
    struct clock *clock;
    int64_t now;                    /* of this entry into the cell; never goes back */
    struct rand rand;               /* c->rand */
    bool limits;                    /* --limits=aws */
    struct cell_service services[CELL_SERVICES_MAX];
    size_t service_count;
    struct link ready;              /* tasks to resume before the cell is left */
    struct timers timers;           /* deadlines, the minute's tick */
    struct timer tick;
    struct arena *work;             /* of the tick and other doings of its own */
    struct thread timekeeper;       /* enters when the soonest timer is due */
    struct cond timer_sooner;       /* wakes it: armed_ms is too late */
    int64_t armed_ms;               /* what it waits for */
    struct thread checkpointer;     /* makes checkpoints outside the lock */
    struct cond checkpoint_wanted;
    bool stopping;                  /* the threads are to end */
    bool closing;                   /* nobody waits any more, see cell_wait_no_more() */
};

void task_init(struct task *task, struct cell *cell, struct arena *arena);
void task_done_with(struct task *task); /* frees what it holds beside its arena */

/* Enter, run any number of tasks, leave: once per turn of a loop. */
void cell_enter(struct cell *cell);
void cell_run(struct cell *cell, struct task *task);
void cell_leave(struct cell *cell);
/* In the cell: a parked task whose caller is gone ends here. */
void cell_cancel(struct cell *cell, struct task *task);
/* A parked task's timer: it is due. */
void task_deadline(struct cell *cell, struct timer *timer);
/* In the cell: a stream that is between two events ends here. */
void cell_end(struct cell *cell, struct task *task);

/* The handler's table entry for an operation; NULL: not implemented. */
const struct op *cell_op(const struct cell *cell, const struct operation *operation);
const struct cell_service *cell_service_of_model(const struct cell *cell,
                                                 const struct service_model *model);

#endif
