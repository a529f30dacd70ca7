/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks exclude, conditions wake and run out of time, threads carry their name.
 */
#include "sys/thread.h"

#include "sys/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 20000

struct shared {
    struct lock lock;
    struct cond cond;
    int count;
    bool wanted;
    bool got_lock;
    char name[16];
};

static int set_up(void **state)
{
    static struct shared shared;

    memset(&shared, 0, sizeof(shared));
    lock_init(&shared.lock);
    cond_init(&shared.cond);
    *state = &shared;
    return 0;
}

static int tear_down(void **state)
{
    struct shared *s = *state;

    cond_done(&s->cond);
    lock_done(&s->lock);
    return 0;
}

static void add(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&s->lock);
        s->count++;
        lock_give(&s->lock);
    }
}

static void a_lock_lets_one_in_at_a_time(void **state)
{
    struct shared *s = *state;
    struct thread one;
    struct thread other;

    thread_start(&one, "one", add, s);
    thread_start(&other, "other", add, s);
    thread_join(&one);
    thread_join(&other);
    assert_int_equal(s->count, 2 * ROUNDS);
}

static void try_lock(void *arg)
{
    struct shared *s = arg;

    s->got_lock = lock_try(&s->lock);
    if (s->got_lock) {
        lock_give(&s->lock);
    }
}

static void trying_says_whether_somebody_else_has_it(void **state)
{
    struct shared *s = *state;
    struct thread thread;

    lock_take(&s->lock);
    thread_start(&thread, "try", try_lock, s);
    thread_join(&thread);
    assert_false(s->got_lock);
    lock_give(&s->lock);
    thread_start(&thread, "try", try_lock, s);
    thread_join(&thread);
    assert_true(s->got_lock);
}

static void wake_one(void *arg)
{
    struct shared *s = arg;

    lock_take(&s->lock);
    s->wanted = true;
    cond_wake_one(&s->cond);
    lock_give(&s->lock);
}

static void a_wait_ends_when_it_is_woken(void **state)
{
    struct shared *s = *state;
    struct thread thread;

    thread_start(&thread, "waker", wake_one, s);
    lock_take(&s->lock);
    while (!s->wanted) {
        assert_true(cond_wait_ms(&s->cond, &s->lock, 20000));
    }
    lock_give(&s->lock);
    thread_join(&thread);
}

static void wait_for_it(void *arg)
{
    struct shared *s = arg;

    lock_take(&s->lock);
    s->count++;
    cond_wake_all(&s->cond);
    while (!s->wanted) {
        cond_wait(&s->cond, &s->lock);
    }
    lock_give(&s->lock);
}

static void all_who_wait_are_woken(void **state)
{
    struct shared *s = *state;
    struct thread threads[3];

    for (int i = 0; i < 3; i++) {
        thread_start(&threads[i], "waiter", wait_for_it, s);
    }
    lock_take(&s->lock);
    while (s->count < 3) {
        cond_wait(&s->cond, &s->lock);
    }
    s->wanted = true;
    cond_wake_all(&s->cond);
    lock_give(&s->lock);
    for (int i = 0; i < 3; i++) {
        thread_join(&threads[i]);
    }
}

static void a_wait_runs_out_of_time_and_not_before(void **state)
{
    struct shared *s = *state;
    uint64_t before_ns = clock_monotonic_ns();

    lock_take(&s->lock);
    while (cond_wait_ms(&s->cond, &s->lock, 20)) { /* woken for nothing, as POSIX allows */
        before_ns = clock_monotonic_ns();
    }
    lock_give(&s->lock);
    assert_true(clock_monotonic_ns() - before_ns >= 20000000u);
}

static void read_name(void *arg)
{
    struct shared *s = arg;

    pthread_getname_np(pthread_self(), s->name, sizeof(s->name));
}

static void a_thread_carries_its_name(void **state)
{
    struct shared *s = *state;
    struct thread thread;

    thread_start(&thread, "fifteen-letters", read_name, s);
    thread_join(&thread);
    assert_string_equal(s->name, "fifteen-letters");
    assert_true(thread_cores() >= 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_lock_lets_one_in_at_a_time),
        TEST(trying_says_whether_somebody_else_has_it),
        TEST(a_wait_ends_when_it_is_woken),
        TEST(all_who_wait_are_woken),
        TEST(a_wait_runs_out_of_time_and_not_before),
        TEST(a_thread_carries_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
