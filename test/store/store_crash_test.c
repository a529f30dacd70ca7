/* SPDX-License-Identifier: Apache-2.0
 *
 * After a crash the store equals the model after exactly as many entries as its journal has: never
 * fewer than were acknowledged, never anything in between. Crashes are made three ways: a power cut
 * at every sync of a disk that loses what was not synced (again while recovering), one failing
 * operation, and kill -9 of another process that uses RocksDB.
 */
#include "store_world.h"

#include "sys/log.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- power cuts, on a disk that loses what was not synced ---- */

static jmp_buf died;

static void die_jump(void)
{
    longjmp(died, 1);
}

/* Dying in the middle of an opening leaves what it had made so far to nobody: a sanitizer that
 * looks for leaks, if there is one, is told not to count that. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static void leaks_count(bool count)
{
    void (*tell)(void) = count ? __lsan_enable : __lsan_disable;

    if (tell != NULL) {
        tell();
    }
}

/* Opens and works until the power goes (or the work is done); what was acknowledged. */
static uint64_t work_until_dark(struct fixture *f, int steps, uint64_t seed)
{
    static uint64_t acknowledged; /* must outlive the jump */
    struct rand rand;
    struct why why = {""};

    acknowledged = 0;
    rand_init(&rand, seed);
    sys_die_hook(die_jump);
    leaks_count(false);
    if (setjmp(died) == 0 && store_open(&f->options, &why, &f->store) == OK) {
        acknowledged = journal_last(store_journal(f->store));
        for (int i = 0; i < steps && !faulty_dark(f->disk); i++) {
            commit(f, 1 + (int)rand_below(&rand, 5));
            journal_sync(store_journal(f->store));
            acknowledged = journal_durable(store_journal(f->store));
            if (rand_below(&rand, 6) == 0) {
                store_checkpoint_begin(f->store);
                if (rand_below(&rand, 2) == 0) {
                    commit(f, 3);
                }
                if (store_checkpoint_wait(f->store) != OK) {
                    break;
                }
            }
        }
    }
    leaks_count(true);
    sys_die_hook(NULL);
    store_abandon(f->store);
    f->store = NULL;
    return acknowledged;
}

/* Twice: the second time the power goes while recovering from the first. */
static void cut_round(uint64_t seed, uint64_t sync, bool *ret_cut)
{
    struct fixture f;
    uint64_t acknowledged = 0;

    fixture_init(&f, false, seed);
    faulty_cut_at_sync(f.disk, sync);
    acknowledged = work_until_dark(&f, 12, seed);
    *ret_cut = faulty_dark(f.disk);
    for (uint64_t again = 1; faulty_dark(f.disk) && again < 4; again++) {
        uint64_t more = 0;

        faulty_power(f.disk);
        open_store(&f);
        expect_recovered(&f, acknowledged);
        store_abandon(f.store);
        f.store = NULL;
        faulty_cut_at_sync(f.disk, faulty_syncs(f.disk) + again * 3);
        more = work_until_dark(&f, 6, seed + again);
        acknowledged = more > acknowledged ? more : acknowledged;
    }
    if (faulty_dark(f.disk)) {
        faulty_power(f.disk);
    }
    faulty_cut_at_sync(f.disk, 0);
    open_store(&f);
    expect_recovered(&f, acknowledged);
    commit(&f, 20);
    close_store(&f);
    open_store(&f);
    expect_model(&f, &f.model);
    close_store(&f);
    fixture_done(&f);
}

static void a_power_cut_at_any_sync_loses_nothing_acknowledged(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        bool cut = true;
        uint64_t sync = 1;

        for (; cut && sync < 400; sync++) {
            cut_round(seed * 1000 + sync, sync, &cut);
        }
        assert_true(sync > 15); /* it did run through the work */
    }
}

/* Any one operation fails: the process may end, a call may say so, nothing acknowledged goes. */
static void a_failing_operation_loses_nothing_acknowledged(void **state)
{
    uint64_t operations = UINT64_MAX; /* of a run without a failure, which is the first */

    (void)state;
    for (uint64_t at = 0; at <= operations; at += 1 + at / 60) {
        struct fixture f;
        uint64_t acknowledged = 0;

        fixture_init(&f, false, at);
        faulty_fail_at(f.disk, at, at % 3 == 0 ? &ERR_FULL : &ERR_IO);
        acknowledged = work_until_dark(&f, 12, 5);
        operations = at == 0 ? faulty_operations(f.disk) : operations;
        faulty_fail_at(f.disk, 0, OK);
        if (at % 2 == 0) {
            faulty_cut(f.disk);
            faulty_power(f.disk);
        }
        open_store(&f);
        expect_recovered(&f, acknowledged);
        close_store(&f);
        fixture_done(&f);
    }
    assert_true(operations > 50);
}

/* ---- kill -9 ---- */

/* The other process: commits, acknowledges each durable position by a line, until it is killed. */
static int child(const char *dir)
{
    struct fixture f = {.arena = arena_new(ARENA_BYTES)};

    snprintf(f.dir, sizeof(f.dir), "%s", dir);
    f.options = (struct store_options){
        .files = files_real(), .dir = f.dir, .threads = true, .checkpoint_bytes = 30000};
    open_store(&f);
    f.committed = journal_last(store_journal(f.store));
    f.model = model_at(f.arena, f.committed);
    for (;;) {
        uint64_t durable = 0;

        commit(&f, 7);
        if (f.committed % 2 == 0) {
            journal_sync(store_journal(f.store));
        } else {
            journal_wake(store_journal(f.store));
        }
        durable = journal_durable(store_journal(f.store));
        if (write(STDOUT_FILENO, &durable, sizeof(durable)) != sizeof(durable)) {
            return 1;
        }
        if (store_wants_checkpoint(f.store)) {
            store_checkpoint_begin(f.store);
            commit(&f, 3);
            if (store_checkpoint_wait(f.store) != OK) {
                return 1;
            }
        }
    }
}

static uint64_t run_and_kill(struct fixture *f, uint64_t acknowledgements)
{
    int ends[2];
    pid_t pid = 0;
    uint64_t acknowledged = 0;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "store_crash_test", "child", f->dir, (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    for (uint64_t i = 0; i < acknowledgements; i++) {
        assert_int_equal(read(ends[0], &acknowledged, sizeof(acknowledged)), sizeof(acknowledged));
    }
    kill(pid, SIGKILL);
    while (read(ends[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged)) {
        /* What it said before it was killed counts too. */
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return acknowledged;
}

static void a_killed_process_leaves_everything_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct rand rand;

    rand_init(&rand, 3);
    close_store(f);
    for (int round = 0; round < 12; round++) {
        uint64_t acknowledged = run_and_kill(f, 1 + rand_below(&rand, 60));

        f->committed = UINT64_MAX / 2; /* how far it came is not known */
        open_store(f);
        expect_recovered(f, acknowledged);
        if (round % 3 == 0) {
            close_store(f);
        } else {
            store_abandon(f->store);
            f->store = NULL;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        return child(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_at_any_sync_loses_nothing_acknowledged),
        cmocka_unit_test(a_failing_operation_loses_nothing_acknowledged),
        ON_REAL(a_killed_process_leaves_everything_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
