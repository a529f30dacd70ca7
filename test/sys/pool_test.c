/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool: every work is run once, works run side by side on as many threads as are allowed, begin
 * in order, may post others, and are all over when the pool is settled or freed.
 */
#include "sys/pool.h"

#include "sys/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WORKS 1000

struct item {
    struct pool_work work; /* first */
    struct world *world;   /* whose */
    int number;            /* in order of posting */
    int runs;              /* so far */
};

struct world {
    struct pool *pool;
    struct lock lock;       /* everything below */
    struct cond met;        /* another one is inside */
    int inside;             /* of meet() */
    int wanted;             /* how many are to meet */
    int last;               /* number of the newest */
    int out_of_order;       /* begun before an earlier one */
    struct item items[WORKS];
};

static struct world *world_new(uint32_t threads)
{
    static struct world w;

    w = (struct world){.pool = pool_new("test", threads), .last = -1};
    lock_init(&w.lock);
    cond_init(&w.met);
    for (int i = 0; i < WORKS; i++) {
        w.items[i].world = &w;
        w.items[i].number = i;
    }
    return &w;
}

static void world_free(struct world *w)
{
    pool_free(w->pool);
    cond_done(&w->met);
    lock_done(&w->lock);
}

static void note(struct pool_work *work)
{
    struct item *item = (struct item *)(void *)work;
    struct world *w = item->world;

    lock_take(&w->lock);
    item->runs++;
    w->out_of_order += item->number < w->last;
    w->last = item->number;
    lock_give(&w->lock);
}

static void post(struct world *w, int number, void (*run)(struct pool_work *work))
{
    w->items[number].work.run = run;
    pool_post(w->pool, &w->items[number].work);
}

static void every_work_is_run_once(void **state)
{
    struct world *w = world_new(4);

    (void)state;
    for (int i = 0; i < WORKS; i++) {
        post(w, i, note);
    }
    pool_settle(w->pool);
    for (int i = 0; i < WORKS; i++) {
        assert_int_equal(w->items[i].runs, 1);
    }
    world_free(w);
}

static void one_thread_keeps_the_order(void **state)
{
    struct world *w = world_new(1);

    (void)state;
    for (int i = 0; i < WORKS; i++) {
        post(w, i, note);
    }
    pool_free(w->pool); /* without settling: it runs what is queued */
    assert_int_equal(w->last, WORKS - 1);
    assert_int_equal(w->out_of_order, 0);
    w->pool = NULL;
    world_free(w);
}

/* Returns once all that are wanted are inside. */
static void meet(struct pool_work *work)
{
    struct item *item = (struct item *)(void *)work;
    struct world *w = item->world;

    lock_take(&w->lock);
    w->inside++;
    cond_wake_all(&w->met);
    while (w->inside < w->wanted) {
        cond_wait(&w->met, &w->lock);
    }
    lock_give(&w->lock);
}

static void works_run_side_by_side(void **state)
{
    struct world *w = world_new(8);

    (void)state;
    w->wanted = 8;
    for (int i = 0; i < 8; i++) {
        post(w, i, meet);
    }
    pool_settle(w->pool); /* would never come back if one had to wait for another's thread */
    w->inside = 0;
    for (int i = 0; i < 8; i++) { /* again, on the threads that there are */
        post(w, i, meet);
    }
    pool_settle(w->pool);
    assert_int_equal(w->inside, 8);
    world_free(w);
}

static void post_next(struct pool_work *work)
{
    struct item *item = (struct item *)(void *)work;

    note(work);
    if (item->number + 1 < WORKS) {
        post(item->world, item->number + 1, post_next);
    }
}

static void a_work_may_post_another(void **state)
{
    struct world *w = world_new(2);

    (void)state;
    post(w, 0, post_next);
    pool_settle(w->pool);
    assert_int_equal(w->last, WORKS - 1);
    assert_int_equal(w->items[WORKS - 1].runs, 1);
    world_free(w);
}

static void a_pool_that_did_nothing_can_be_freed(void **state)
{
    (void)state;
    pool_free(pool_new("idle", POOL_THREADS_MAX));
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_work_is_run_once),
        cmocka_unit_test(one_thread_keeps_the_order),
        cmocka_unit_test(works_run_side_by_side),
        cmocka_unit_test(a_work_may_post_another),
        cmocka_unit_test(a_pool_that_did_nothing_can_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
