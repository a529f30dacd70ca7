/* SPDX-License-Identifier: Apache-2.0
 *
 * A made-up clock stands still until it is advanced; a real one runs on from where it was put.
 */
#include "sys/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_made_up_clock_stands_still_until_it_is_advanced(void **state)
{
    struct clock clock;

    (void)state;
    clock_init_manual(&clock, 1000);
    assert_int_equal(clock_now_ms(&clock), 1000);
    assert_int_equal(clock_now_ms(&clock), 1000);
    clock_advance(&clock, 500);
    assert_int_equal(clock_now_ms(&clock), 1500);
    clock_advance(&clock, -700);
    assert_int_equal(clock_now_ms(&clock), 800);
}

static void a_real_clock_runs_on_from_where_it_was_put(void **state)
{
    struct clock clock;
    int64_t before_ms;

    (void)state;
    clock_init_real(&clock);
    before_ms = clock_now_ms(&clock);
    assert_true(before_ms > INT64_C(1700000000000)); /* after 2023 */
    clock_advance(&clock, 3600000);
    assert_true(clock_now_ms(&clock) >= before_ms + 3600000);
    assert_true(clock_now_ms(&clock) < before_ms + 2 * 3600000);
}

static void monotonic_time_never_goes_back(void **state)
{
    uint64_t last_ns = clock_monotonic_ns();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t now_ns = clock_monotonic_ns();

        assert_true(now_ns >= last_ns);
        last_ns = now_ns;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_up_clock_stands_still_until_it_is_advanced),
        cmocka_unit_test(a_real_clock_runs_on_from_where_it_was_put),
        cmocka_unit_test(monotonic_time_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
