/* SPDX-License-Identifier: Apache-2.0
 *
 * What reaches standard error: one line for each event, of the levels that are shown; and how
 * sys_die ends. Standard error is a pipe meanwhile.
 */
#include "sys/log.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct caught {
    int from;        /* the pipe's end to read from */
    int before;      /* standard error as it was */
    char text[8192]; /* what was written */
};

static struct caught caught;
static jmp_buf died;

static int set_up(void **state)
{
    int ends[2];

    (void)state;
    memset(&caught, 0, sizeof(caught));
    if (pipe(ends) != 0) {
        return -1;
    }
    caught.from = ends[0];
    caught.before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return 0;
}

static int restore(void)
{
    if (caught.before > 0) {
        dup2(caught.before, STDERR_FILENO);
        close(caught.before);
        caught.before = 0;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    restore();
    close(caught.from);
    log_set_level(LOG_INFO);
    sys_die_hook(NULL);
    return 0;
}

/* Puts standard error back and gives what was written. */
static const char *text(void)
{
    size_t bytes = 0;
    ssize_t got;

    restore();
    while ((got = read(caught.from, caught.text + bytes, sizeof(caught.text) - 1 - bytes)) > 0) {
        bytes += (size_t)got;
    }
    return caught.text;
}

static void a_line_says_who_and_what(void **state)
{
    (void)state;
    log_write(LOG_ERROR, "journal", "segment %d is %s", 7, "short");
    assert_string_equal(text(), "weir: journal: segment 7 is short\n");
}

static void only_levels_that_are_shown_are_written(void **state)
{
    (void)state;
    log_write(LOG_DEBUG, "a", "hidden at first");
    log_write(LOG_INFO, "a", "shown at first");
    log_set_level(LOG_DEBUG);
    log_write(LOG_DEBUG, "a", "shown now");
    log_set_level(LOG_ERROR);
    log_write(LOG_WARNING, "a", "hidden now");
    log_write(LOG_ERROR, "a", "always shown");
    assert_string_equal(text(),
                        "weir: a: shown at first\nweir: a: shown now\nweir: a: always shown\n");
}

static void nothing_in_a_text_begins_a_line_of_its_own(void **state)
{
    (void)state;
    log_write(LOG_ERROR, "net", "%s", "name\nweir: journal: \033[31mall is lost\x7f …");
    assert_string_equal(text(), "weir: net: name weir: journal:  [31mall is lost  …\n");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    char *word = mem_zero(5000);

    (void)state;
    memset(word, 'x', 4999);
    log_write(LOG_ERROR, "a", "%s", word);
    log_write(LOG_ERROR, "a", "next");
    mem_free(word);
    text();
    assert_in_range(strcspn(caught.text, "\n"), 2000, 2047);
    assert_string_equal(strchr(caught.text, '\n') + 1, "weir: a: next\n");
}

static void leave(void)
{
    longjmp(died, 1);
}

static void dying_says_why_and_calls_the_tests_hook(void **state)
{
    volatile bool was_hooked = false;

    (void)state;
    sys_die_hook(leave);
    log_set_level(LOG_ERROR);
    if (setjmp(died) == 0) {
        sys_die("journal", "cannot sync: %s", "gone");
    } else {
        was_hooked = true;
    }
    assert_true(was_hooked);
    assert_string_equal(text(), "weir: journal: cannot sync: gone\n");
}

static void at_exit(void)
{
    log_write(LOG_ERROR, "a", "an exit handler ran");
}

static void dying_ends_the_process_with_70_and_no_exit_handlers(void **state)
{
    int ended = 0;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        atexit(at_exit);
        sys_die("a", "over");
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 70);
    assert_string_equal(text(), "weir: a: over\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_who_and_what),
        TEST(only_levels_that_are_shown_are_written),
        TEST(nothing_in_a_text_begins_a_line_of_its_own),
        TEST(a_long_line_is_cut_and_still_ends),
        TEST(dying_says_why_and_calls_the_tests_hook),
        TEST(dying_ends_the_process_with_70_and_no_exit_handlers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
