/* SPDX-License-Identifier: Apache-2.0
 *
 * The process knows its memory, and being told to stop waits until somebody asks for it.
 */
#include "sys/os.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCK_BYTES (64u << 20)

static void the_resident_set_grows_with_what_is_touched(void **state)
{
    uint64_t before = os_resident_bytes();
    char *block = mem_alloc(BLOCK_BYTES);

    (void)state;
    assert_in_range(before, 100u << 10, UINT64_C(16) << 30);
    memset(block, 1, BLOCK_BYTES);
    assert_true(os_resident_bytes() >= before + BLOCK_BYTES / 2);
    mem_free(block);
}

static void code_that_only_the_start_needed_goes_back_and_comes_again(void **state)
{
    uint64_t before = os_resident_bytes();

    (void)state;
    os_give_back_memory();
    assert_true(os_resident_bytes() < before);
}

static void tell(void *arg)
{
    kill(getpid(), *(const int *)arg);
}

static void both_signals_are_waited_for_whichever_thread_is_running(void **state)
{
    static int signals[] = {SIGTERM, SIGINT};

    (void)state;
    os_hold_signals();
    for (size_t i = 0; i < 2; i++) {
        struct thread thread;

        thread_start(&thread, "teller", tell, &signals[i]);
        thread_join(&thread); /* it did not end the process */
        os_wait_for_stop();
    }
}

static void a_closed_pipe_is_an_error_and_no_end(void **state)
{
    int ends[2];

    (void)state;
    os_hold_signals();
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_resident_set_grows_with_what_is_touched),
        cmocka_unit_test(code_that_only_the_start_needed_goes_back_and_comes_again),
        cmocka_unit_test(both_signals_are_waited_for_whichever_thread_is_running),
        cmocka_unit_test(a_closed_pipe_is_an_error_and_no_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
