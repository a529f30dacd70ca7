/* SPDX-License-Identifier: Apache-2.0
 *
 * One queue, one lock, and threads that take from its front. A post wakes a free thread, or makes
 * one more when more works wait than threads do.
 */
#include "sys/pool.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <assert.h>
#include <stdio.h>

struct pool {
    struct lock lock;                        /* everything below */
    struct cond posted;                      /* something is queued, or the end has come */
    struct cond settled;                     /* nothing is queued or running */
    struct link queue;                       /* works, oldest first */
    char name[12];                           /* of its threads */
    uint32_t threads_max;                    /* as asked for */
    uint32_t thread_count;                   /* made so far */
    uint32_t free_count;                     /* of them, waiting */
    uint32_t queued_count;                   /* works in the queue */
    uint32_t busy_count;                     /* of them, running a work */
    bool ending;                             /* no thread waits any more */
    struct thread threads[POOL_THREADS_MAX]; /* the first thread_count */
};

static void pool_run(void *arg)
{
    struct pool *pool = arg;

    lock_take(&pool->lock);
    for (;;) {
        if (link_alone(&pool->queue)) {
            if (pool->ending) {
                break;
            }
            pool->free_count++;
            cond_wait(&pool->posted, &pool->lock);
            pool->free_count--;
            continue;
        }
        struct pool_work *work = LINK_OWNER(pool->queue.next, struct pool_work, link);

        link_remove(&work->link);
        pool->queued_count--;
        pool->busy_count++;
        lock_give(&pool->lock);
        work->run(work);
        lock_take(&pool->lock);
        pool->busy_count--;
        if (pool->busy_count == 0 && link_alone(&pool->queue)) {
            cond_wake_all(&pool->settled);
        }
    }
    lock_give(&pool->lock);
}

struct pool *pool_new(const char *name, uint32_t threads_max)
{
    struct pool *pool = MEM_NEW(struct pool);
    int bytes = snprintf(pool->name, sizeof(pool->name), "%s", name);

    assert(bytes > 0);
    assert((size_t)bytes < sizeof(pool->name));
    assert(threads_max > 0);
    assert(threads_max <= POOL_THREADS_MAX);
    lock_init(&pool->lock);
    cond_init(&pool->posted);
    cond_init(&pool->settled);
    link_init(&pool->queue);
    pool->threads_max = threads_max;
    return pool;
}

void pool_settle(struct pool *pool)
{
    lock_take(&pool->lock);
    while (pool->busy_count > 0 || !link_alone(&pool->queue)) {
        cond_wait(&pool->settled, &pool->lock);
    }
    lock_give(&pool->lock);
}

void pool_free(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pool_settle(pool);
    lock_take(&pool->lock);
    pool->ending = true;
    cond_wake_all(&pool->posted);
    lock_give(&pool->lock);
    for (uint32_t i = 0; i < pool->thread_count; i++) {
        thread_join(&pool->threads[i]);
    }
    assert(link_alone(&pool->queue));
    cond_done(&pool->settled);
    cond_done(&pool->posted);
    lock_done(&pool->lock);
    mem_free(pool);
}

static void make_thread(struct pool *pool)
{
    char name[16];
    uint32_t number = pool->thread_count;

    if (pool->queued_count <= pool->free_count || number == pool->threads_max) {
        return;
    }
    (void)snprintf(name, sizeof(name), "%s-%u", pool->name, number);
    pool->thread_count++;
    thread_start(&pool->threads[number], name, pool_run, pool);
}

void pool_post(struct pool *pool, struct pool_work *work)
{
    lock_take(&pool->lock);
    link_init(&work->link);
    list_push(&pool->queue, &work->link);
    pool->queued_count++;
    make_thread(pool);
    cond_wake_one(&pool->posted);
    lock_give(&pool->lock);
}
