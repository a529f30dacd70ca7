/* SPDX-License-Identifier: Apache-2.0
 *
 * Confined programs: what they may see and do, how they end, and that they end with weir. Each runs
 * a shell through a real keeper. Where the kernel allows less, the tests of that are skipped.
 */
#include "sys/keeper.h"

#include "base/str.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 10000

static char folder[] = "/tmp/weir-keeper-XXXXXX";
static char root[64], secret[64], code[64];
static struct keeper *keeper;
static uint64_t next_id = 8;

struct run {
    char said[8192]; /* its output, zero-ended */
    size_t bytes;    /* of it */
    int exit_code;   /* when it ended */
    bool memory;     /* it was ended for it */
};

static struct keeper_news wait_news(void)
{
    struct keeper_news news;
    struct pollfd polled = {.fd = keeper_fd(keeper), .events = POLLIN};

    while (!keeper_next(keeper, &news)) {
        assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
    }
    return news;
}

static uint64_t start(const char *script, int out_fd)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
    const struct confine_bind binds[] = {{code, "/var/task"}, {"/not/there", "/opt"}};
    struct confine confine = {.argv = argv, .envp = envp, .binds = binds, .bind_count = 2,
                              .root = root, .dir = "/var/task", .uid = 70001,
                              .memory_bytes = 128u << 20, .tmp_bytes = 1u << 20};
    uint64_t id = next_id++;
    struct why why;

    assert_null(keeper_spawn(keeper, id, &confine, out_fd, &why));
    return id;
}

static struct run run(const char *script)
{
    struct run run = {.bytes = 0};
    struct keeper_news news;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    uint64_t id = start(script, ends[1]);

    (void)close(ends[1]);
    for (ssize_t got; run.bytes < sizeof run.said - 1 &&
                      (got = read(ends[0], run.said + run.bytes,
                                  sizeof run.said - 1 - run.bytes)) > 0;) {
        run.bytes += (size_t)got;
    }
    (void)close(ends[0]);
    do {
        news = wait_news();
    } while (news.event != KEEPER_ENDED || news.id != id);
    run.exit_code = news.exit_code;
    run.memory = news.memory;
    return run;
}

static bool said(const struct run *run, const char *what)
{
    return strstr(run->said, what) != NULL;
}

static bool confined(void)
{
    return geteuid() == 0 && keeper_misses(keeper)[0] == '\0';
}

static void a_program_runs_and_its_exit_is_told(void **state)
{
    struct run got = run("echo hello; pwd; exit 7");

    (void)state;
    assert_string_equal(got.said, "hello\n/var/task\n");
    assert_int_equal(got.exit_code, 7);
    got = run("kill -9 $$");
    assert_int_equal(got.exit_code, 137);
    assert_false(got.memory);
}

static void it_is_a_user_of_its_own_and_sees_only_its_own_processes(void **state)
{
    struct run got;

    (void)state;
    if (!confined()) {
        skip();
    }
    got = run("id -u; ls -d /proc/[0-9]* | wc -l; kill -9 1; echo still");
    assert_true(said(&got, "70001\n"));
    assert_true(said(&got, "still\n"));
    assert_int_equal(got.exit_code, 0);
}

static void it_cannot_see_what_is_weirs(void **state)
{
    char script[256];
    struct run got;

    (void)state;
    if (!confined()) {
        skip();
    }
    (void)snprintf(script, sizeof script, "cat %s; ls %s; ls /root; cat /etc/shadow", secret,
                   folder);
    got = run(script);
    assert_false(said(&got, "a secret"));
    assert_true(said(&got, "No such file") && said(&got, "denied"));
}

static void it_writes_to_its_tmp_only_and_not_more_than_fits(void **state)
{
    struct run got;

    (void)state;
    if (!confined()) {
        skip();
    }
    got = run("echo x >/var/task/x; echo x >/x; echo x >/usr/x; echo fine >/tmp/x; cat /tmp/x; "
              "head -c 3000000 /dev/zero >/tmp/full || echo full");
    assert_true(said(&got, "fine\n") && said(&got, "full\n"));
    assert_true(said(&got, "/var/task/x: Read-only") || said(&got, "cannot create /var/task/x"));
    assert_true(said(&got, "cannot create /x"));
    assert_true(said(&got, "cannot create /usr/x"));
}

static void too_much_memory_ends_it(void **state)
{
    struct run got = run("perl -e '$x = q(x) x 300000000; sleep 30'");

    (void)state;
    assert_true(got.memory);
    assert_int_equal(got.exit_code, 137);
}

static void whatever_it_forked_ends_with_it(void **state)
{
    struct run got;

    (void)state;
    if (!confined()) {
        skip();
    }
    /* read() in run() ends only when no process holds the pipe any more */
    got = run("(setsid sleep 600 &) ; (sleep 600 &) ; echo left");
    assert_true(said(&got, "left\n"));
}

static void frozen_it_does_nothing_and_thawed_it_goes_on(void **state)
{
    struct pollfd polled;
    char text[4096];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    uint64_t id = start("while :; do echo tick; done", ends[1]);

    (void)close(ends[1]);
    assert_int_equal(wait_news().event, KEEPER_STARTED);
    assert_true(read(ends[0], text, sizeof text) > 0);
    keeper_freeze(keeper, id);
    polled = (struct pollfd){.fd = ends[0], .events = POLLIN};
    while (poll(&polled, 1, 300) == 1) { /* what it wrote before */
        assert_true(read(ends[0], text, sizeof text) > 0);
    }
    assert_int_equal(poll(&polled, 1, 200), 0);
    keeper_thaw(keeper, id);
    assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
    keeper_freeze(keeper, id);
    keeper_kill(keeper, id);
    assert_int_equal(wait_news().event, KEEPER_ENDED);
    (void)close(ends[0]);
}

static void everything_ends_with_the_keeper(void **state)
{
    struct why why;
    char text[64];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    start("echo on; exec sleep 600", ends[1]);
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], text, sizeof text), 3);
    keeper_end(keeper);
    assert_int_equal(read(ends[0], text, sizeof text), 0);
    (void)close(ends[0]);
    assert_null(keeper_start(&why, &keeper));
}

static int set_up(void **state)
{
    struct why why;
    FILE *file;

    (void)state;
    if (mkdtemp(folder) == NULL || keeper_start(&why, &keeper) != OK) {
        return -1;
    }
    (void)snprintf(root, sizeof root, "%s/root", folder);
    (void)snprintf(code, sizeof code, "%s/code", folder);
    (void)snprintf(secret, sizeof secret, "%s/secret", folder);
    (void)mkdir(root, 0700);
    (void)mkdir(code, 0755);
    file = fopen(secret, "w");
    if (file == NULL || fputs("a secret\n", file) < 0 || fclose(file) != 0) {
        return -1;
    }
    struct pollfd polled = {.fd = keeper_fd(keeper), .events = POLLIN};
    struct keeper_news news;

    return poll(&polled, 1, WAIT_MS) == 1 && !keeper_next(keeper, &news) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    keeper_end(keeper);
    (void)remove(secret);
    (void)remove(root);
    (void)remove(code);
    return remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_runs_and_its_exit_is_told),
        cmocka_unit_test(it_is_a_user_of_its_own_and_sees_only_its_own_processes),
        cmocka_unit_test(it_cannot_see_what_is_weirs),
        cmocka_unit_test(it_writes_to_its_tmp_only_and_not_more_than_fits),
        cmocka_unit_test(too_much_memory_ends_it),
        cmocka_unit_test(whatever_it_forked_ends_with_it),
        cmocka_unit_test(frozen_it_does_nothing_and_thawed_it_goes_on),
        cmocka_unit_test(everything_ends_with_the_keeper),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
