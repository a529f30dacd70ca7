/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop's turn, in libuv's order: timers → prepare → poll (connections, posted work) → check →
 * closing. The hooks run in check, when all that was ready has been read, and in prepare, for what
 * timers and closing left behind; so nothing made in a turn waits while the loop sleeps.
 *
 * Posted work goes through one locked list; the async handle is woken only when the list was empty.
 * Work that posts more work is followed by a turn of its own, so posting cannot starve connections.
 *
 * The wake-up stays open until loop_free: what is still closing after loop_stop may need an answer
 * that another thread posts. Stopping only means that the wake-up no longer keeps the loop alive.
 */
#include "sys/loop.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <assert.h>

#define HOOKS_MAX 8

struct hook {
    void (*run)(void *arg); /* called at the end of a turn */
    void *arg;              /* its own */
};

struct loop {
    uv_loop_t uv;                 /* libuv's part */
    uv_async_t wake;              /* how other threads end its sleep */
    uv_prepare_t prepare;         /* runs the hooks before the loop sleeps */
    uv_check_t check;             /* runs the hooks after all that was ready was read */
    uint32_t index;               /* which loop of the process */
    struct hook hooks[HOOKS_MAX]; /* in the order they were given */
    size_t hook_count;            /* of hooks */
    struct lock lock;             /* guards what follows */
    struct link posted;           /* struct loop_work, oldest first */
    bool stopping;                /* loop_stop was called */
};

struct loop_timer {
    uv_timer_t uv;          /* libuv's part; its data is the timer */
    void (*run)(void *arg); /* called when it is due */
    void *arg;              /* its own */
    bool repeats;           /* else it frees itself when it ran */
};

static void run_hooks(struct loop *loop)
{
    for (size_t i = 0; i < loop->hook_count; i++) {
        loop->hooks[i].run(loop->hooks[i].arg);
    }
}

static void on_prepare(uv_prepare_t *handle)
{
    run_hooks(handle->data);
}

static void on_check(uv_check_t *handle)
{
    run_hooks(handle->data);
}

/* Runs what had been posted until now, not what that posts in turn. */
static void run_posted(struct loop *loop)
{
    struct link list;

    link_init(&list);
    lock_take(&loop->lock);
    if (!link_alone(&loop->posted)) { /* the whole ring moves to our head */
        list = loop->posted;
        list.next->prev = &list;
        list.prev->next = &list;
        link_init(&loop->posted);
    }
    lock_give(&loop->lock);
    while (!link_alone(&list)) {
        struct loop_work *work = LINK_OWNER(list.next, struct loop_work, link);

        link_remove(&work->link);
        work->run(work);
    }
}

static bool has_posted(struct loop *loop)
{
    bool any;

    lock_take(&loop->lock);
    any = !link_alone(&loop->posted);
    lock_give(&loop->lock);
    return any;
}

static void on_wake(uv_async_t *handle)
{
    struct loop *loop = handle->data;
    bool stopping;

    run_posted(loop);
    lock_take(&loop->lock);
    stopping = loop->stopping;
    lock_give(&loop->lock);
    if (stopping) {
        uv_unref((uv_handle_t *)&loop->wake);
    }
}

struct loop *loop_new(uint32_t index)
{
    struct loop *loop = MEM_NEW(struct loop);
    int made = uv_loop_init(&loop->uv);

    assert(made == 0);
    loop->index = index;
    lock_init(&loop->lock);
    link_init(&loop->posted);
    made = uv_async_init(&loop->uv, &loop->wake, on_wake);
    assert(made == 0);
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    loop->wake.data = loop->prepare.data = loop->check.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    uv_unref((uv_handle_t *)&loop->prepare); /* only the wake-up keeps an idle loop alive */
    uv_unref((uv_handle_t *)&loop->check);
    return loop;
}

void loop_free(struct loop *loop)
{
    int closed;

    if (loop == NULL) {
        return;
    }
    while (has_posted(loop)) {
        run_posted(loop);
    }
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* the last closing callbacks */
    assert(!has_posted(loop));
    closed = uv_loop_close(&loop->uv);
    assert(closed == 0);
    lock_done(&loop->lock);
    mem_free(loop);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

uint32_t loop_index(const struct loop *loop)
{
    return loop->index;
}

void loop_on_turn(struct loop *loop, void (*hook)(void *arg), void *arg)
{
    assert(loop->hook_count < HOOKS_MAX);
    loop->hooks[loop->hook_count++] = (struct hook){hook, arg};
}

void loop_post(struct loop *loop, struct loop_work *work)
{
    bool first;

    assert(work->run != NULL);
    lock_take(&loop->lock);
    first = link_alone(&loop->posted);
    list_push(&loop->posted, &work->link);
    if (first) {
        uv_async_send(&loop->wake); /* under the lock: the work may end in the loop being freed */
    }
    lock_give(&loop->lock);
}

void loop_run(struct loop *loop)
{
    do {
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        run_posted(loop); /* what came too late for the last turn, and its hooks */
        run_hooks(loop);
    } while (uv_loop_alive(&loop->uv) || has_posted(loop));
}

void loop_stop(struct loop *loop)
{
    lock_take(&loop->lock);
    loop->stopping = true;
    uv_async_send(&loop->wake);
    lock_give(&loop->lock);
}

static void timer_gone(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void on_timer(uv_timer_t *handle)
{
    struct loop_timer *timer = handle->data;

    if (!timer->repeats) {
        uv_close((uv_handle_t *)handle, timer_gone);
    }
    timer->run(timer->arg);
}

struct loop_timer *loop_timer_start(struct loop *loop, uint64_t after_ms, uint64_t repeat_ms,
                                    void (*run)(void *arg), void *arg)
{
    struct loop_timer *timer = MEM_NEW(struct loop_timer);

    timer->run = run;
    timer->arg = arg;
    timer->repeats = repeat_ms != 0;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    uv_update_time(&loop->uv); /* else a long turn would make it early by its own length */
    uv_timer_start(&timer->uv, on_timer, after_ms, repeat_ms);
    return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer != NULL) {
        uv_close((uv_handle_t *)&timer->uv, timer_gone);
    }
}
