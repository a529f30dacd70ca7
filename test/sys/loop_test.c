/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop runs what other threads post, and the turn's hook follows everything that can make an
 * answer: posted work, timers, closing callbacks. It sleeps when there is nothing to do, and when
 * it is stopped it still runs what is posted until all is closed. A guard timer fails what hangs.
 */
#include "sys/loop.h"

#include "sys/clock.h"
#include "sys/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define POSTS 1000
#define GUARD_MS 10000

struct world {
    struct loop *loop;
    struct loop_timer *guard;             /* keeps the loop alive, and from hanging */
    struct loop_timer *timer;             /* the test's */
    struct loop_work works[POSTS];        /* the test's */
    struct loop_work work;                /* one more */
    uv_timer_t handle;                    /* one that a test closes */
    struct thread thread;                 /* the test's */
    int ran;                              /* works */
    int hooks;                            /* calls of the hook */
    int timers;                           /* calls of a timer */
    int made;                             /* answers that wait for the hook */
    int sent;                             /* answers that the hook has seen */
    bool guarded;                         /* the guard had to help */
};

static void stop_guard(struct world *w)
{
    loop_timer_stop(w->guard);
    w->guard = NULL;
}

static void guard(void *arg)
{
    struct world *w = arg;

    w->guarded = true;
    w->guard = NULL;
    loop_stop(w->loop);
}

static int set_up(void **state)
{
    static struct world w;

    memset(&w, 0, sizeof(w));
    w.loop = loop_new(3);
    w.guard = loop_timer_start(w.loop, GUARD_MS, 0, guard, &w);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    loop_free(w->loop);
    return w->guarded ? -1 : 0;
}

/* ---- posted work ---- */

static struct world *the_world; /* works carry no argument */

static void count_work(struct loop_work *work)
{
    (void)work;
    the_world->ran++;
}

static void stop_after_all_posts(void *arg)
{
    struct world *w = arg;

    w->hooks++;
    if (w->ran == POSTS && w->guard != NULL) {
        stop_guard(w);
        loop_stop(w->loop);
    }
}

static void post_all(void *arg)
{
    struct world *w = arg;

    for (int i = 0; i < POSTS; i++) {
        w->works[i].run = count_work;
        loop_post(w->loop, &w->works[i]);
    }
}

static void work_of_other_threads_runs_and_the_hook_follows(void **state)
{
    struct world *w = the_world = *state;

    assert_int_equal(loop_index(w->loop), 3);
    loop_on_turn(w->loop, stop_after_all_posts, w);
    thread_start(&w->thread, "poster", post_all, w);
    loop_run(w->loop); /* ends only when a hook has seen the last work done */
    thread_join(&w->thread);
    assert_false(w->guarded);
    assert_int_equal(w->ran, POSTS);
}

static void posts_of_one_turn_share_one_wake_up(void **state)
{
    struct world *w = the_world = *state;

    loop_on_turn(w->loop, stop_after_all_posts, w);
    post_all(w);
    loop_run(w->loop);
    assert_int_equal(w->ran, POSTS);
    assert_in_range(w->hooks, 1, 10);
}

static void post_again(struct loop_work *work)
{
    if (++the_world->ran < 5) {
        loop_post(the_world->loop, work);
    } else {
        stop_guard(the_world);
        loop_stop(the_world->loop);
    }
}

static void note_turn(void *arg)
{
    struct world *w = arg;

    if (w->sent < w->ran) {
        w->hooks++;
        w->sent = w->ran;
    }
}

static void work_that_posts_itself_gets_a_turn_each_time(void **state)
{
    struct world *w = the_world = *state;

    loop_on_turn(w->loop, note_turn, w);
    w->work.run = post_again;
    loop_post(w->loop, &w->work);
    loop_run(w->loop);
    assert_int_equal(w->ran, 5);
    assert_int_equal(w->hooks, 5); /* others had their turn in between */
}

/* ---- what the hook follows ---- */

static void send_all(void *arg)
{
    struct world *w = arg;

    w->hooks++;
    w->sent += w->made;
    w->made = 0;
    if (w->sent > 0 && w->guard != NULL) {
        stop_guard(w);
        loop_stop(w->loop);
    }
}

static void make_answer(void *arg)
{
    struct world *w = arg;

    w->made++;
}

static void the_hook_follows_a_timer_before_the_loop_sleeps(void **state)
{
    struct world *w = *state;

    loop_on_turn(w->loop, send_all, w);
    loop_timer_start(w->loop, 1, 0, make_answer, w);
    loop_run(w->loop);
    assert_false(w->guarded);
    assert_int_equal(w->sent, 1);
}

static void handle_gone(uv_handle_t *handle)
{
    make_answer(handle->data);
}

static void close_handle(void *arg)
{
    struct world *w = arg;

    uv_close((uv_handle_t *)&w->handle, handle_gone);
}

static void the_hook_follows_a_closing_callback_before_the_loop_sleeps(void **state)
{
    struct world *w = *state;

    loop_on_turn(w->loop, send_all, w);
    uv_timer_init(loop_uv(w->loop), &w->handle);
    w->handle.data = w;
    loop_timer_start(w->loop, 1, 0, close_handle, w);
    loop_run(w->loop);
    assert_false(w->guarded);
    assert_int_equal(w->sent, 1);
}

static void the_hook_follows_the_last_closing_callback_of_all(void **state)
{
    struct world *w = *state;

    loop_on_turn(w->loop, send_all, w);
    uv_timer_init(loop_uv(w->loop), &w->handle);
    w->handle.data = w;
    stop_guard(w);
    close_handle(w);
    loop_stop(w->loop);
    loop_run(w->loop);
    assert_int_equal(w->sent, 1);
}

static void end_idleness(void *arg)
{
    struct world *w = arg;

    stop_guard(w);
    loop_stop(w->loop);
}

static void count_hook(void *arg)
{
    ((struct world *)arg)->hooks++;
}

static void a_loop_without_work_sleeps(void **state)
{
    struct world *w = *state;
    uint64_t before_ns = clock_monotonic_ns();

    loop_on_turn(w->loop, count_hook, w);
    loop_timer_start(w->loop, 100, 0, end_idleness, w);
    loop_run(w->loop);
    assert_true(clock_monotonic_ns() - before_ns >= 95000000u);
    assert_in_range(w->hooks, 1, 12);
}

static void hooks_run_in_their_order(void **state)
{
    struct world *w = *state;

    loop_on_turn(w->loop, make_answer, w);
    loop_on_turn(w->loop, send_all, w); /* would never see one if it came first */
    loop_timer_start(w->loop, 1, 0, end_idleness, w);
    loop_run(w->loop);
    assert_int_equal(w->made, 0);
    assert_int_equal(w->sent, w->hooks);
}

/* ---- stopping ---- */

static void finish(struct loop_work *work)
{
    (void)work;
    the_world->ran++;
    loop_timer_stop(the_world->timer);
    stop_guard(the_world);
}

static void post_late(void *arg)
{
    struct world *w = arg;

    loop_post(w->loop, &w->work);
}

static void begin_stop(void *arg)
{
    struct world *w = arg;

    if (++w->timers == 1) {
        loop_stop(w->loop);
    } else if (w->timers == 5) { /* the loop has long seen the stop */
        w->work.run = finish;
        thread_start(&w->thread, "late", post_late, w);
    }
}

static void an_answer_posted_while_stopping_still_arrives(void **state)
{
    struct world *w = the_world = *state;

    w->timer = loop_timer_start(w->loop, 1, 1, begin_stop, w); /* as a connection: keeps it open */
    loop_run(w->loop);
    thread_join(&w->thread);
    assert_false(w->guarded);
    assert_int_equal(w->ran, 1);
}

static void stop_from_afar(void *arg)
{
    loop_stop(((struct world *)arg)->loop);
}

static void another_thread_may_stop_it(void **state)
{
    struct world *w = *state;

    stop_guard(w);
    thread_start(&w->thread, "stopper", stop_from_afar, w);
    loop_run(w->loop);
    thread_join(&w->thread);
}

static void a_stop_before_the_run_ends_it_at_once(void **state)
{
    struct world *w = *state;

    stop_guard(w);
    loop_stop(w->loop);
    loop_run(w->loop);
}

static void what_is_posted_after_the_run_is_run_when_it_is_freed(void **state)
{
    struct world *w = the_world = *state;

    stop_guard(w);
    loop_stop(w->loop);
    loop_run(w->loop);
    w->work.run = count_work;
    loop_post(w->loop, &w->work);
    loop_free(w->loop);
    assert_int_equal(w->ran, 1);
    w->loop = NULL;
}

static void a_loop_that_never_ran_is_freed(void **state)
{
    struct world *w = *state;

    stop_guard(w);
}

/* ---- timers ---- */

static void on_tick(void *arg)
{
    struct world *w = arg;

    if (++w->timers == 3) {
        loop_timer_stop(w->timer); /* in its own call */
        stop_guard(w);
        loop_stop(w->loop);
    }
}

static void never(void *arg)
{
    (void)arg;
    fail_msg("a stopped timer ran");
}

static void timers_repeat_until_they_are_stopped(void **state)
{
    struct world *w = *state;
    uint64_t before_ns = clock_monotonic_ns();

    w->timer = loop_timer_start(w->loop, 2, 3, on_tick, w);
    loop_timer_stop(loop_timer_start(w->loop, 0, 1, never, NULL));
    loop_timer_stop(NULL);
    loop_run(w->loop);
    assert_int_equal(w->timers, 3);
    assert_true(clock_monotonic_ns() - before_ns >= 7000000u);
}

static void note_early(void *arg)
{
    struct world *w = arg;

    w->made = clock_monotonic_ns() < (uint64_t)(uintptr_t)w->handle.data;
    stop_guard(w);
    loop_stop(w->loop);
}

static void start_after_long_work(struct loop_work *work)
{
    struct world *w = the_world;
    uint64_t until_ns = clock_monotonic_ns() + 30000000u;

    (void)work;
    while (clock_monotonic_ns() < until_ns) { /* a long turn */
    }
    w->handle.data = (void *)(uintptr_t)(clock_monotonic_ns() + 18000000u);
    loop_timer_start(w->loop, 20, 0, note_early, w);
}

static void a_timer_started_late_in_a_turn_is_not_early(void **state)
{
    struct world *w = the_world = *state;

    w->work.run = start_after_long_work;
    loop_post(w->loop, &w->work);
    loop_run(w->loop);
    assert_int_equal(w->made, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(work_of_other_threads_runs_and_the_hook_follows),
        TEST(posts_of_one_turn_share_one_wake_up),
        TEST(work_that_posts_itself_gets_a_turn_each_time),
        TEST(the_hook_follows_a_timer_before_the_loop_sleeps),
        TEST(the_hook_follows_a_closing_callback_before_the_loop_sleeps),
        TEST(the_hook_follows_the_last_closing_callback_of_all),
        TEST(a_loop_without_work_sleeps),
        TEST(hooks_run_in_their_order),
        TEST(an_answer_posted_while_stopping_still_arrives),
        TEST(another_thread_may_stop_it),
        TEST(a_stop_before_the_run_ends_it_at_once),
        TEST(what_is_posted_after_the_run_is_run_when_it_is_freed),
        TEST(a_loop_that_never_ran_is_freed),
        TEST(timers_repeat_until_they_are_stopped),
        TEST(a_timer_started_late_in_a_turn_is_not_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
