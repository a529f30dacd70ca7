/* SPDX-License-Identifier: Apache-2.0
 *
 * Torture by memory: every allocation fails in turn, in processes of their own over a real disk.
 */
#ifndef WEIR_TEST_SVC_ALLOCATIONS_H
#define WEIR_TEST_SVC_ALLOCATIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static inline void remove_tree(const char *dir)
{
    char command[512];

    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    if (system(command) != 0) {
        print_error("could not remove %s\n", dir);
    }
}

/* One life after the other in a child, in which the at-th allocation fails; a byte comes through
 * the pipe for each step that was acknowledged. Then the parent looks at what is left. */
static inline void allocations_fail(uint64_t until,
                                    void (*child_life)(const char *dir, uint64_t at, int report),
                                    void (*parent_verify)(const char *dir, int acknowledged))
{
    for (uint64_t at = 1; at < until; at += 1 + at / 12) {
        char dir[] = "/tmp/weir-torture-XXXXXX";
        char bytes[256];
        int ends[2];
        int acknowledged = 0;
        ssize_t got;
        int how;

        assert_non_null(mkdtemp(dir));
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();

        if (child == 0) {
            close(ends[0]);
            if (freopen("/dev/null", "w", stderr) == NULL) {
                _exit(1);
            }
            child_life(dir, at, ends[1]);
        }
        close(ends[1]);
        while ((got = read(ends[0], bytes, sizeof(bytes))) > 0) {
            acknowledged += (int)got;
        }
        close(ends[0]);
        assert_int_equal(waitpid(child, &how, 0), child);
        /* It went on, answered an error, or ended by itself with 70; never a signal. */
        if (!WIFEXITED(how)) { /* an assert, or worse */
            print_error("allocation %llu: ended by signal %d\n", (unsigned long long)at,
                        WTERMSIG(how));
        }
        assert_true(WIFEXITED(how));
        assert_true(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 1 || WEXITSTATUS(how) == 70);
        parent_verify(dir, acknowledged);
        remove_tree(dir);
    }
}

#endif
