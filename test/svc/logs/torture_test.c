/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a small life of log streams goes on. Whatever happens then (an
 * error, the end of the process), the next start has every event whose putting was acknowledged,
 * once, in order; of a batch all or nothing; nothing that nobody put; and a stream or group that
 * was deleted is gone, made again it is empty.
 *
 * The process's end is a longjmp out of sys_die; threads of the cell that was left behind are left
 * too.
 */
#include "../test/svc/logs/world.h"

#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#define BATCHES 20
#define IN_BATCH 3 /* events: the last two in another second */
#define DELETED_NOTE BATCHES /* the note that the other group's deletion was asked for, and done */
#define NOTES (BATCHES + 1)

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

enum step { SENT = 1, ACKNOWLEDGED = 2 };

/* How far a life came with each batch. Volatile: read after a longjmp. */
struct life {
    volatile uint8_t notes[NOTES]; /* enum step, joined */
    int report;                    /* file descriptor that hears of each step; -1: none */
};

static void die(void)
{
    longjmp(died, 1);
}

static void note(struct life *life, int which, enum step step)
{
    uint8_t bytes[2] = {(uint8_t)which, (uint8_t)step};

    life->notes[which] |= (uint8_t)step;
    if (life->report >= 0 && write(life->report, bytes, 2) != 2) {
        _exit(1);
    }
}

static const char *stream_of(int batch)
{
    return batch % 2 == 0 ? "even" : "odd";
}

static status put_batch(struct world *world, struct life *life, int batch)
{
    struct value *list;
    struct value *in = world_batch(world, "kept", stream_of(batch), IN_BATCH, &list);
    struct value *out;

    for (int i = 0; i < IN_BATCH; i++) {
        world_event(world, list, WORLD_START_MS + batch * 10 + (i > 0 ? 1000 : 0),
                    arena_printf(world->arena, "%d", batch * IN_BATCH + i));
    }
    note(life, batch, SENT);
    TRY(world_call(world, "PutLogEvents", in, &out));
    note(life, batch, ACKNOWLEDGED);
    return OK;
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct world *world, struct life *life)
{
    TRY(world_do(world, "CreateLogGroup", "kept", NULL));
    TRY(world_do(world, "CreateLogStream", "kept", "even"));
    TRY(world_do(world, "CreateLogStream", "kept", "odd"));
    TRY(world_do(world, "CreateLogGroup", "other", NULL));
    for (int i = 0; i < BATCHES; i++) {
        TRY(put_batch(world, life, i));
        if (i % 4 == 0) {
            TRY(world_do(world, "CreateLogStream", "other", "s"));
            TRY(world_put(world, "other", "s", WORLD_START_MS, STR("gone soon")));
            TRY(world_do(world, "DeleteLogStream", "other", "s"));
        }
    }
    TRY(world_do(world, "CreateLogStream", "other", "s"));
    TRY(world_put(world, "other", "s", WORLD_START_MS, STR("gone soon")));
    note(life, DELETED_NOTE, SENT);
    TRY(world_do(world, "DeleteLogGroup", "other", NULL));
    note(life, DELETED_NOTE, ACKNOWLEDGED);
    return cell_advance(world->cell, 60000, &world->why); /* what was deleted is swept */
}

/* The events of a stream, counted; they are in the order of their time. */
static void count_stream(struct world *world, const char *stream, int *counts)
{
    struct value *in = world_input(world, "GetLogEvents", "kept", stream);
    const struct value *list;
    struct value *out;
    int64_t last_ms = 0;
    status read;

    set_bool(in, "startFromHead", true);
    read = world_call(world, "GetLogEvents", in, &out);
    if (read != OK) {
        assert_true(world_failed(read, "ResourceNotFoundException"));
        return;
    }
    list = get(out, "events");
    for (uint32_t i = 0; i < list->count; i++) {
        uint64_t number = BATCHES * IN_BATCH;

        assert_true(str_to_u64(get_str(&list->items[i], "message"), &number));
        assert_true(number < BATCHES * IN_BATCH);
        assert_string_equal(stream_of((int)number / IN_BATCH), stream);
        assert_true(get_int(&list->items[i], "timestamp", 0) >= last_ms);
        last_ms = get_int(&list->items[i], "timestamp", 0);
        counts[number]++;
    }
}

static void verify(struct world *world, const struct life *life)
{
    int counts[BATCHES * IN_BATCH] = {0};
    status made;

    count_stream(world, "even", counts);
    count_stream(world, "odd", counts);
    for (int i = 0; i < BATCHES; i++) {
        for (int k = 0; k < IN_BATCH; k++) {
            assert_int_equal(counts[i * IN_BATCH + k], counts[i * IN_BATCH]);
        }
        assert_true(counts[i * IN_BATCH] <= 1);
        assert_true(!(life->notes[i] & ACKNOWLEDGED) || counts[i * IN_BATCH] == 1);
        assert_true((life->notes[i] & SENT) || counts[i * IN_BATCH] == 0);
    }
    made = world_do(world, "CreateLogStream", "other", "s");
    if (life->notes[DELETED_NOTE] & ACKNOWLEDGED) {
        assert_true(world_failed(made, "ResourceNotFoundException"));
    }
    assert_ptr_equal(cell_advance(world->cell, 60000, &world->why), OK);
}

/* After whatever happened: power off and on, and a new start; and one more, of what that left. */
static void start_again_and_verify(struct world *world, const struct life *life)
{
    struct world again = {.disk = world->disk, .arena = world->arena};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(world_open(&again), OK);
        verify(&again, life);
        world_close(&again);
    }
}

/* One life with a fault; what it cost is leaked when it died, on purpose. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world *world = MEM_NEW(struct world);
    struct life *life = MEM_NEW(struct life);

    world->disk = faulty_new(seed);
    world->arena = arena_new(64u << 20);
    life->report = -1;
    faulty_cut_at_sync(world->disk, cut_at_sync);
    faulty_fail_at(world->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && world_open(world) == OK && live(world, life) == OK &&
        cut_at_sync == 0) {
        world_close(world);
    }
    sys_die_hook(NULL);
    start_again_and_verify(world, life);
    arena_free(world->arena);
    mem_free(life); /* the disk stays: files of the life that died are open on it */
}

/* How many operations and syncs an undisturbed life takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.report = -1};

    assert_ptr_equal(world_open(&world), OK);
    assert_ptr_equal(live(&world, &life), OK);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    verify(&world, &life);
    world_close(&world);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > 40);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (uint64_t at = 1; at <= syncs; at++) {
            one_life(seed * 1000 + at, at, 0, OK);
        }
    }
}

static void every_operation_of_the_disk_fails_in_turn(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at <= operations; at++) {
        one_life(at, 0, at, at % 2 == 0 ? &ERR_IO : &ERR_FULL);
    }
}

static void a_full_disk_refuses_and_harms_nothing(void **state)
{
    struct world world = {.disk = faulty_new(9), .arena = arena_new(64u << 20)};
    struct life life = {.report = -1};

    (void)state;
    faulty_space(world.disk, 64u << 20); /* less than the reserve, from the start */
    assert_ptr_equal(world_open(&world), OK);
    assert_ptr_equal(world_do(&world, "CreateLogGroup", "kept", NULL), &ERR_FULL);
    assert_ptr_equal(put_batch(&world, &life, 0), &ERR_FULL);
    faulty_space(world.disk, UINT64_C(1) << 40);
    world_close(&world);
    start_again_and_verify(&world, &life);
    faulty_free(world.disk);
    arena_free(world.arena);
}

/* In a child: a life in which the at-th allocation fails; what it notes comes through the pipe, the
 * disk is real. */
static void child_life(const char *dir, uint64_t at, int report)
{
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.report = report};

    mem_fail_after(at);
    _exit(world_open_at(&world, dir) == OK && live(&world, &life) == OK ? 0 : 1);
}

static void parent_verify(const char *dir, const struct life *life)
{
    struct world world = {.arena = arena_new(64u << 20)};

    assert_ptr_equal(world_open_at(&world, dir), OK);
    verify(&world, life);
    world_close(&world);
    arena_free(world.arena);
}

static void remove_tree(const char *dir)
{
    char command[512];

    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    if (system(command) != 0) {
        print_error("could not remove %s\n", dir);
    }
}

/* What the child noted, until its end. */
static void listen_to(int from, struct life *life)
{
    uint8_t bytes[2];

    while (read(from, bytes, 2) == 2) { /* two bytes of a pipe are written as one */
        assert_true(bytes[0] < NOTES);
        life->notes[bytes[0]] |= bytes[1];
    }
    close(from);
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 4000; at += 1 + at / 10) {
        char dir[] = "/tmp/weir-torture-XXXXXX";
        struct life life = {.report = -1};
        int ends[2];
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
        listen_to(ends[0], &life);
        assert_int_equal(waitpid(child, &how, 0), child);
        /* It went on, answered an error, or ended by itself with 70; never a signal. */
        if (!WIFEXITED(how)) {
            print_error("allocation %llu: ended by signal %d\n", (unsigned long long)at,
                        WTERMSIG(how));
        }
        assert_true(WIFEXITED(how));
        assert_true(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 1 || WEXITSTATUS(how) == 70);
        parent_verify(dir, &life);
        remove_tree(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_fail_one_after_the_other), /* forks: before threads are left */
        cmocka_unit_test(a_full_disk_refuses_and_harms_nothing),
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
