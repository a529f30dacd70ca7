/* SPDX-License-Identifier: Apache-2.0
 *
 * Loops, clocks and chance: work posted from another thread runs on the loop's and is followed by the
 * turn's hook; a made-up clock stands still; the generator is the same for the same seed.
 */
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/rand.h"
#include "sys/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define POSTS 1000

struct posting {
    struct loop *loop;
    struct loop_work works[POSTS];
    int ran;         /* works */
    int hook_after;  /* works that had run when the hook last did */
    int timers;
};

static struct posting posting;

static void run_work(struct loop_work *work)
{
    (void)work;
    posting.ran++;
}

static void hook(void *arg)
{
    (void)arg;
    posting.hook_after = posting.ran;
    if (posting.ran == POSTS) {
        loop_stop(posting.loop);
    }
}

static void poster(void *arg)
{
    (void)arg;
    for (int i = 0; i < POSTS; i++) {
        posting.works[i].run = run_work;
        loop_post(posting.loop, &posting.works[i]);
    }
}

static void posted_work_runs_on_the_loop_and_the_hook_follows(void **state)
{
    struct thread thread;

    (void)state;
    memset(&posting, 0, sizeof(posting));
    posting.loop = loop_new(3);
    assert_int_equal(loop_index(posting.loop), 3);
    loop_on_turn(posting.loop, hook, NULL);
    thread_start(&thread, "poster", poster, NULL);
    loop_run(posting.loop);
    thread_join(&thread);
    assert_int_equal(posting.ran, POSTS);
    assert_int_equal(posting.hook_after, POSTS);
    loop_free(posting.loop);
}

static void on_timer(void *arg)
{
    (void)arg;
    if (++posting.timers == 3) {
        loop_stop(posting.loop);
    }
}

static void timers_run_and_repeat(void **state)
{
    struct loop_timer *timer;

    (void)state;
    memset(&posting, 0, sizeof(posting));
    posting.loop = loop_new(0);
    loop_timer_start(posting.loop, 1, 0, on_timer, NULL);
    timer = loop_timer_start(posting.loop, 2, 2, on_timer, NULL);
    loop_timer_stop(loop_timer_start(posting.loop, 1, 1, on_timer, NULL));
    while (posting.timers < 3) {
        uv_run(loop_uv(posting.loop), UV_RUN_ONCE);
    }
    assert_int_equal(posting.timers, 3);
    loop_timer_stop(timer);
    loop_run(posting.loop);
    loop_free(posting.loop);
}

static void a_made_up_clock_stands_still_until_it_is_advanced(void **state)
{
    struct clock clock;

    (void)state;
    clock_init_manual(&clock, 1000);
    assert_int_equal(clock_now_ms(&clock), 1000);
    clock_advance(&clock, 500);
    assert_int_equal(clock_now_ms(&clock), 1500);
    clock_init_real(&clock);
    int64_t before = clock_now_ms(&clock);

    assert_true(before > INT64_C(1700000000000));
    clock_advance(&clock, 3600000);
    assert_true(clock_now_ms(&clock) >= before + 3600000);
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
    struct rand a;
    struct rand b;
    char uuid[36];
    uint64_t seen[10] = {0};

    (void)state;
    rand_init(&a, 42);
    rand_init(&b, 42);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rand_u64(&a), rand_u64(&b));
    }
    for (int i = 0; i < 10000; i++) {
        seen[rand_below(&a, 10)]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(seen[i], 850, 1150);
    }
    rand_uuid(&a, uuid);
    assert_int_equal(uuid[14], '4');
    assert_int_equal(uuid[8], '-');
    rand_init_system(&a);
    rand_init_system(&b);
    assert_true(rand_u64(&a) != rand_u64(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posted_work_runs_on_the_loop_and_the_hook_follows),
        cmocka_unit_test(timers_run_and_repeat),
        cmocka_unit_test(a_made_up_clock_stands_still_until_it_is_advanced),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
