/* SPDX-License-Identifier: Apache-2.0
 *
 * Who works at what. An idle worker takes the oldest waiting invocation of its version; while more
 * wait than workers are starting, another is started, as long as there may be more in all. When
 * there may not, an idle worker of another version makes room, and versions that wait share: who
 * has more workers gives up one that comes to its end, so a slow function does not keep all.
 */
#include "fn/fn_int.h"

#include "base/mem.h"

#include <stdio.h>

#define NS_PER_MS UINT64_C(1000000)

struct pool_of_version *pool_of(struct fn *fn, struct fn_version *version)
{
    struct pool_of_version *pool;

    for (struct link *l = fn->pools.next; l != &fn->pools; l = l->next) {
        pool = LINK_OWNER(l, struct pool_of_version, link);
        if (pool->version == version) {
            return pool;
        }
    }
    pool = MEM_NEW(struct pool_of_version);
    pool->version = fn_version_hold(version);
    link_init(&pool->link);
    link_init(&pool->workers);
    link_init(&pool->waiting);
    list_push(&fn->pools, &pool->link);
    return pool;
}

static void pool_free_if_done(struct pool_of_version *pool)
{
    if (pool->forgotten && pool->worker_count == 0 && pool->waiting_count == 0) {
        link_remove(&pool->link);
        fn_version_drop(pool->version);
        mem_free(pool);
    }
}

void invocation_end(struct fn_invocation *invocation, enum fn_outcome outcome, struct str answer)
{
    invocation->outcome = outcome;
    mem_free(invocation->answer);
    invocation->answer = mem_dup(answer.at, answer.bytes);
    invocation->answer_bytes = answer.bytes;
    invocation->done(invocation);
}

static void refuse_waiting(struct fn *fn, struct pool_of_version *pool, const char *why)
{
    while (!link_alone(&pool->waiting)) {
        struct fn_invocation *first =
            LINK_OWNER(pool->waiting.next, struct fn_invocation, link);

        link_remove(&first->link);
        pool->waiting_count--;
        fn->waiting_count--;
        /* a document is what the function fails with */
        invocation_end(first, why[0] == '{' ? FN_FAILED : FN_NOT_RUN, str_c(why));
    }
}

static struct worker *idle_worker(const struct pool_of_version *pool)
{
    struct worker *best = NULL;

    for (struct link *l = pool->workers.next; l != &pool->workers; l = l->next) {
        struct worker *worker = LINK_OWNER(l, struct worker, link);

        if (worker->state == WORKER_IDLE && !worker->retire &&
            (best == NULL || worker->since_ns > best->since_ns)) {
            best = worker; /* the warmest: it may not be frozen yet */
        }
    }
    return best;
}

/* The worker that has been idle longest, of any other version: it is ended to make room. */
static bool make_room(struct fn *fn, const struct pool_of_version *but)
{
    struct worker *oldest = NULL;

    for (struct link *p = fn->pools.next; p != &fn->pools; p = p->next) {
        struct pool_of_version *pool = LINK_OWNER(p, struct pool_of_version, link);

        for (struct link *l = pool->workers.next; pool != but && l != &pool->workers;
             l = l->next) {
            struct worker *worker = LINK_OWNER(l, struct worker, link);

            if (worker->state == WORKER_IDLE &&
                (oldest == NULL || worker->since_ns < oldest->since_ns)) {
                oldest = worker;
            }
        }
    }
    if (oldest != NULL) {
        worker_end(fn, oldest, STR_NONE);
    }
    return oldest != NULL;
}

void pool_run(struct fn *fn, struct pool_of_version *pool)
{
    struct worker *idle;
    struct why why = {""};

    while (!link_alone(&pool->waiting) && (idle = idle_worker(pool)) != NULL) {
        struct fn_invocation *first =
            LINK_OWNER(pool->waiting.next, struct fn_invocation, link);

        link_remove(&first->link);
        pool->waiting_count--;
        fn->waiting_count--;
        worker_give(fn, idle, first);
    }
    while (pool->waiting_count > pool->starting && !fn->stopping) {
        if (fn->worker_count >= fn->options.workers_max && !make_room(fn, pool)) {
            return; /* the next that is idle again takes it */
        }
        if (fn->worker_count >= FN_WORKERS_MAX) {
            return;
        }
        if (worker_start(fn, pool, &why) != OK) {
            if (pool->worker_count == 0) {
                refuse_waiting(fn, pool, why.text);
            }
            return;
        }
    }
}

/* Others wait and have fewer workers, and there may be no more in all. */
static bool must_make_way(const struct fn *fn, const struct pool_of_version *pool)
{
    if (fn->worker_count < fn->options.workers_max) {
        return false;
    }
    for (struct link *p = fn->pools.next; p != &fn->pools; p = p->next) {
        const struct pool_of_version *other = LINK_OWNER(p, struct pool_of_version, link);

        if (other != pool && other->waiting_count > other->starting &&
            other->worker_count + 1 < pool->worker_count) {
            return true;
        }
    }
    return false;
}

void pool_idle(struct fn *fn, struct worker *worker)
{
    struct pool_of_version *pool = worker->pool;

    if (worker->retire || pool->forgotten ||
        (pool->waiting_count > 0 && must_make_way(fn, pool))) {
        worker_end(fn, worker, STR_NONE);
        return;
    }
    pool_run(fn, pool);
}

void pool_gone(struct fn *fn, struct worker *worker)
{
    struct pool_of_version *pool = worker->pool;

    worker_free(fn, worker);
    if (fn->stopping) {
        return;
    }
    for (int poorer = 1; poorer >= 0; poorer--) { /* there is room now: for who has less, first */
        for (struct link *p = fn->pools.next; p != &fn->pools; p = p->next) {
            struct pool_of_version *other = LINK_OWNER(p, struct pool_of_version, link);
            bool has_less = other->worker_count < pool->worker_count;

            if (other->waiting_count > 0 && has_less == (poorer == 1)) {
                pool_run(fn, other);
            }
        }
    }
    pool_free_if_done(pool);
}

/* ---- time ---- */

static void tick_worker(struct fn *fn, struct worker *worker, uint64_t now_ns)
{
    struct pool_of_version *pool = worker->pool;
    uint64_t idle_ns = now_ns - worker->since_ns;
    char failure[256];

    if (worker->state == WORKER_IDLE) {
        if (idle_ns > IDLE_MS * NS_PER_MS && pool->worker_count > pool->kept) {
            worker_end(fn, worker, STR_NONE);
        } else if (!worker->frozen && idle_ns > FREEZE_MS * NS_PER_MS) {
            keeper_freeze(fn->options.keeper, worker->id);
            worker->frozen = true;
        }
        return;
    }
    if (now_ns < worker->deadline_ns || worker->state == WORKER_ENDING) {
        return;
    }
    if (worker->invocation != NULL) {
        (void)snprintf(failure, sizeof failure,
                       "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: %.36s "
                       "Error: Task timed out after %u.%02u seconds\"}",
                       worker->invocation->request_id, pool->version->timeout_ms / 1000,
                       pool->version->timeout_ms % 1000 / 10);
    } else {
        (void)snprintf(failure, sizeof failure,
                       "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"Error: Init "
                       "timed out after %d.00 seconds\"}", FN_INIT_MS / 1000);
    }
    worker_end(fn, worker, str_c(failure));
}

void pools_tick(struct fn *fn)
{
    uint64_t now_ns = clock_monotonic_ns();
    bool awake = false;

    for (struct link *p = fn->pools.next; p != &fn->pools; p = p->next) {
        struct pool_of_version *pool = LINK_OWNER(p, struct pool_of_version, link);
        struct link *next;

        for (struct link *l = pool->workers.next; l != &pool->workers; l = next) {
            struct worker *worker = LINK_OWNER(l, struct worker, link);

            next = l->next; /* nobody is freed before the keeper says so */
            tick_worker(fn, worker, now_ns);
            awake = awake || !worker->frozen;
        }
    }
    if (!awake && fn->tick != NULL) {
        loop_timer_stop(fn->tick);
        fn->tick = NULL;
    }
}

void pools_end(struct fn *fn)
{
    struct link *next;

    for (struct link *p = fn->pools.next; p != &fn->pools; p = next) {
        struct pool_of_version *pool = LINK_OWNER(p, struct pool_of_version, link);

        next = p->next;
        refuse_waiting(fn, pool, "weir is stopping");
        while (!link_alone(&pool->workers)) {
            struct worker *worker = LINK_OWNER(pool->workers.next, struct worker, link);

            worker_end(fn, worker, STR_NONE);
            worker_free(fn, worker);
        }
        pool->forgotten = true;
        pool_free_if_done(pool);
    }
}
