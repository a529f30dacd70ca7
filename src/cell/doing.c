/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's own doings: threads of the cell's worker pool, and their steps inside.
 */
#include "cell/doing.h"

#include "base/mem.h"
#include "cell/cell_int.h"

#include <assert.h>

/* What a worker thread is to run. */
struct spawned {
    struct pool_work work;                      /* in the pool's queue */
    struct cell *cell;                          /* where it goes in and out */
    void (*run)(struct cell *cell, void *arg);  /* the whole of it */
    void *arg;                                  /* its argument */
};

static void run_spawned(struct pool_work *work)
{
    struct spawned *spawned = LINK_OWNER(work, struct spawned, work);

    spawned->run(spawned->cell, spawned->arg);
    mem_free(spawned);
}

void cell_spawn(struct cell *cell, void (*run)(struct cell *cell, void *arg), void *arg)
{
    struct spawned *spawned = MEM_NEW(struct spawned);

    spawned->work.run = run_spawned;
    spawned->cell = cell;
    spawned->run = run;
    spawned->arg = arg;
    pool_post(cell->workers, &spawned->work);
}

bool cell_ending(struct cell *cell)
{
    bool ending;

    lock_take(&cell->lock);
    ending = cell->closing || cell->stopping;
    lock_give(&cell->lock);
    return ending;
}

static status run_step(struct call *c)
{
    const struct doing *doing = c->kept;

    return doing->run(c, doing->arg);
}

static const struct cell_service *service_named(const struct cell *cell, const char *id)
{
    for (size_t i = 0; i < cell->service_count; i++) {
        if (strcmp(cell->services[i].service->id, id) == 0) {
            return &cell->services[i];
        }
    }
    return NULL;
}

static void step_init(struct cell *cell, const struct doing *doing, struct task *task,
                      struct arena *arena)
{
    const struct cell_service *slot = service_named(cell, doing->service);
    struct call *c = &task->call;

    assert(slot != NULL);
    task_init(task, cell, arena);
    task->model = slot->model;
    task->service = slot->service;
    task->doing = doing->name;
    task->run = run_step;
    c->state = slot->state;
    c->kept = (void *)(uintptr_t)doing;
    c->account = doing->account.bytes > 0 ? doing->account : c->account;
    c->region = doing->region.bytes > 0 ? doing->region : c->region;
}

static status step_result(const struct task *task, struct why *why)
{
    assert(task->state == TASK_DONE);
    if (task->result != OK) {
        return why_set(why, task->result, "%s", task->call.why.text);
    }
    return OK;
}

status cell_step(struct cell *cell, const struct doing *doing, struct arena *arena,
                 struct why *why)
{
    struct task *task = arena_alloc(arena, sizeof(*task));

    step_init(cell, doing, task, arena);
    cell_run(cell, task);
    return step_result(task, why);
}

status cell_do(struct cell *cell, const struct doing *doing, struct arena *arena, struct why *why)
{
    struct task *task = arena_alloc(arena, sizeof(*task));

    step_init(cell, doing, task, arena);
    cell_enter(cell);
    cell_run(cell, task);
    cell_leave(cell);
    if (journal_durable(store_journal(cell->store)) < task->gate) {
        journal_sync(store_journal(cell->store));
    }
    return step_result(task, why);
}

void cell_visit(struct cell *cell, void (*run)(struct cell *cell, void *arg), void *arg)
{
    struct journal *journal = store_journal(cell->store);

    cell_enter(cell);
    run(cell, arg);
    cell_leave(cell);
    if (journal_durable(journal) < journal_last(journal)) {
        journal_wake(journal);
    }
}

/* ---- timers ---- */

void cell_timer_set(struct cell *cell, struct timer *timer, int64_t at_ms)
{
    timer_set(&cell->timers, timer, at_ms);
}

void cell_timer_unset(struct cell *cell, struct timer *timer)
{
    timer_unset(&cell->timers, timer);
}

void cell_timer_next_turn(struct cell *cell, struct timer *timer)
{
    timer_unset(&cell->timers, timer);
    for (size_t i = 0; i < cell->next_count; i++) {
        if (cell->next[i] == timer) {
            return;
        }
    }
    assert(cell->next_count < CELL_NEXT_MAX);
    cell->next[cell->next_count++] = timer;
}

int64_t cell_now(const struct cell *cell)
{
    return cell->now;
}
