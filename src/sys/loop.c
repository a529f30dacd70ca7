/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop's turn, in libuv's order: timers → prepare → poll (connections, posted work) → check →
 * closing. The hooks run in check, when all that was ready has been read, and in prepare, for what
 * timers and closing left behind; so nothing made in a turn waits while the loop sleeps.
 *
 * Posted work goes through one locked list; the async handle is woken only when the list was empty.
 */
#include "sys/loop.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <assert.h>

#define HOOKS_MAX 8

struct hook {
    void (*run)(void *arg);
    void *arg;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t prepare;
    uv_check_t check;
    uint32_t index;
    struct hook hooks[HOOKS_MAX];
    size_t hook_count;
    struct lock lock;    /* posted, stopping */
    struct link posted;  /* struct loop_work */
    bool stopping;
};

struct loop_timer {
    uv_timer_t uv;
    void (*run)(void *arg);
    void *arg;
    bool repeats;
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

/* Runs what was posted; true when there was any. */
static bool run_posted(struct loop *loop)
{
    struct link list;
    bool any;

    lock_take(&loop->lock);
    any = !link_alone(&loop->posted);
    link_init(&list);
    if (any) { /* the whole ring moves to our head */
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
    if (stopping && !uv_is_closing((uv_handle_t *)&loop->wake)) {
        uv_close((uv_handle_t *)&loop->wake, NULL);
        uv_close((uv_handle_t *)&loop->prepare, NULL);
        uv_close((uv_handle_t *)&loop->check, NULL);
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
    return loop;
}

void loop_free(struct loop *loop)
{
    int closed;

    if (loop == NULL) {
        return;
    }
    while (run_posted(loop)) {
    }
    if (!uv_is_closing((uv_handle_t *)&loop->wake)) { /* it never ran to its stop */
        uv_close((uv_handle_t *)&loop->wake, NULL);
        uv_close((uv_handle_t *)&loop->prepare, NULL);
        uv_close((uv_handle_t *)&loop->check, NULL);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
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

    lock_take(&loop->lock);
    first = link_alone(&loop->posted);
    list_push(&loop->posted, &work->link);
    lock_give(&loop->lock);
    if (first) {
        uv_async_send(&loop->wake);
    }
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    lock_take(&loop->lock);
    loop->stopping = true;
    lock_give(&loop->lock);
    uv_async_send(&loop->wake);
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
    uv_timer_start(&timer->uv, on_timer, after_ms, repeat_ms);
    return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer != NULL) {
        uv_close((uv_handle_t *)&timer->uv, timer_gone);
    }
}
