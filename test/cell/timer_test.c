/* SPDX-License-Identifier: Apache-2.0
 *
 * Timers come out soonest first, whatever was set, set again or unset in between: compared with a
 * plain array over many random steps.
 */
#include "cell/timer.h"

#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT 64

static void the_soonest_due_timer_comes_first(void **state)
{
    struct timers timers = {NULL, 0, 0};
    struct timer late = {.index = 0};
    struct timer soon = {.index = 0};

    (void)state;
    timer_set(&timers, &late, 20);
    timer_set(&timers, &soon, 10);
    assert_int_equal(timers_next(&timers), 10);
    assert_null(timers_due(&timers, 9));
    assert_ptr_equal(timers_due(&timers, 15), &soon);
    assert_null(timers_due(&timers, 15));
    assert_ptr_equal(timers_due(&timers, 20), &late);
    assert_int_equal(timers_next(&timers), INT64_MAX);
    timers_done(&timers);
}

static void a_timer_that_is_set_again_moves(void **state)
{
    struct timers timers = {NULL, 0, 0};
    struct timer one = {.index = 0};
    struct timer two = {.index = 0};

    (void)state;
    timer_set(&timers, &one, 10);
    timer_set(&timers, &two, 20);
    timer_set(&timers, &one, 30);
    assert_ptr_equal(timers_due(&timers, 100), &two);
    assert_ptr_equal(timers_due(&timers, 100), &one);
    timer_unset(&timers, &one); /* fine when not set */
    assert_null(timers_due(&timers, 100));
    timers_done(&timers);
}

/* The soonest set timer by walking all. */
static struct timer *soonest(struct timer *all)
{
    struct timer *best = NULL;

    for (int i = 0; i < COUNT; i++) {
        if (all[i].index != 0 && (best == NULL || all[i].at_ms < best->at_ms)) {
            best = &all[i];
        }
    }
    return best;
}

static void random_steps_agree_with_a_plain_walk(void **state)
{
    struct timers timers = {NULL, 0, 0};
    struct timer all[COUNT] = {{.index = 0}};
    struct rand rand;

    (void)state;
    rand_init(&rand, 7);
    for (int step = 0; step < 20000; step++) {
        struct timer *timer = &all[rand_below(&rand, COUNT)];

        switch (rand_below(&rand, 3)) {
        case 0:
            timer_set(&timers, timer, (int64_t)rand_below(&rand, 1000));
            break;
        case 1:
            timer_unset(&timers, timer);
            break;
        default:
            timer = soonest(all);
            assert_int_equal(timers_next(&timers), timer == NULL ? INT64_MAX : timer->at_ms);
            if (timer != NULL) {
                assert_int_equal(timers_due(&timers, timer->at_ms)->at_ms, timer->at_ms);
            }
        }
    }
    timers_done(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_soonest_due_timer_comes_first),
        cmocka_unit_test(a_timer_that_is_set_again_moves),
        cmocka_unit_test(random_steps_agree_with_a_plain_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
