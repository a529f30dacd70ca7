/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a small life of queues goes on. Whatever happens then (an error,
 * the end of the process), the next start has every message whose sending was acknowledged and
 * whose deletion was not asked for, once, in one place; none whose deletion was acknowledged; and a
 * group in its order.
 *
 * The life: a queue with a dead-letter queue and a FIFO queue; sends to both; receives, deletions,
 * a message that dies, one that goes back by a move. The process's end is a longjmp out of sys_die;
 * threads of the cell that was left behind are left too.
 */
#include "../test/svc/sqs/world.h"

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

#define STEPS 12
#define ALL (2 * STEPS)
#define FIFO_BEGIN STEPS /* messages from here on go to the FIFO queue */

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

enum step { SENT = 1, ACKNOWLEDGED = 2, DELETE_SENT = 4, DELETED = 8 };

/* How far a life came with each message. Volatile: read after a longjmp. */
struct life {
    volatile uint8_t messages[ALL]; /* enum step, joined */
    int report;                     /* file descriptor that hears of each step; -1: none */
};

static void die(void)
{
    longjmp(died, 1);
}

static bool note(struct life *life, int message, enum step step)
{
    uint8_t bytes[2] = {(uint8_t)message, (uint8_t)step};

    life->messages[message] |= (uint8_t)step;
    return life->report < 0 || write(life->report, bytes, 2) == 2;
}

static const char *queue_of(int message)
{
    return message < FIFO_BEGIN ? "work" : "work.fifo";
}

static status send_one(struct world *world, struct life *life, int message)
{
    struct str body = arena_printf(world->arena, "%d", message);

    note(life, message, SENT);
    TRY(world_send(world, queue_of(message), message < FIFO_BEGIN ? NULL : "group", body, 0));
    note(life, message, ACKNOWLEDGED);
    return OK;
}

static int number_of(const struct value *message)
{
    uint64_t number = ALL;

    assert_true(str_to_u64(get_str(message, "Body"), &number));
    assert_true(number < ALL);
    return (int)number;
}

static status give_back(struct world *world, const char *queue, const struct value *message)
{
    struct value *in = world_input(world, "ChangeMessageVisibility", queue);
    struct value *out;

    set_str(in, "ReceiptHandle", get_str(message, "ReceiptHandle"));
    set_int(in, "VisibilityTimeout", 0);
    return world_call(world, "ChangeMessageVisibility", in, &out);
}

static status finish(struct world *world, struct life *life, const char *queue,
                     const struct value *message)
{
    int number = number_of(message);

    note(life, number, DELETE_SENT);
    TRY(world_delete(world, queue, get_str(message, "ReceiptHandle")));
    note(life, number, DELETED);
    return OK;
}

/* Receives some, deletes every second of them, and gives the others back. */
static status work(struct world *world, struct life *life, const char *queue)
{
    const struct value *list;
    status received;

    list = world_receive(world, queue, 4, 30, &received);
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        TRY(i % 2 == 0 ? finish(world, life, queue, &list->items[i])
                       : give_back(world, queue, &list->items[i]));
    }
    return received;
}

static status redrive(struct world *world)
{
    struct value *in = world_input(world, "StartMessageMoveTask", NULL);
    struct value *out;

    set_str(in, "SourceArn", STR(WORLD_HOME "dead"));
    TRY(world_call(world, "StartMessageMoveTask", in, &out));
    return cell_advance(world->cell, 1000, &world->why);
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct world *world, struct life *life)
{
    TRY(world_create(world, "dead", NULL));
    TRY(world_create(world, "work", "dead"));
    TRY(world_create(world, "work.fifo", NULL));
    for (int i = 0; i < STEPS; i++) {
        TRY(send_one(world, life, i));
        TRY(send_one(world, life, FIFO_BEGIN + i));
        if (i % 3 == 2) {
            TRY(work(world, life, "work"));
            TRY(work(world, life, "work.fifo"));
        }
    }
    for (int i = 0; i < 3; i++) { /* until something dies */
        TRY(work(world, life, "work"));
    }
    return redrive(world);
}

/* Takes everything out of a queue, and counts. A FIFO queue's messages rise. */
static void drain(struct world *world, const char *queue, int *counts)
{
    const struct value *list;
    status received;
    int last = -1;

    while ((list = world_receive(world, queue, 10, 43200, &received)) != NULL &&
           list->count > 0) {
        for (uint32_t i = 0; i < list->count; i++) {
            int message = number_of(&list->items[i]);

            counts[message]++;
            assert_true(!str_ends(str_c(queue), STR(".fifo")) || message > last);
            last = message;
            assert_ptr_equal(
                world_delete(world, queue, get_str(&list->items[i], "ReceiptHandle")), OK);
        }
    }
    assert_true(received == OK || world_failed(received, "QueueDoesNotExist"));
}

static void verify(struct world *world, const struct life *life)
{
    int counts[ALL] = {0};

    assert_ptr_equal(cell_advance(world->cell, 60000, &world->why), OK);
    drain(world, "work", counts);
    drain(world, "dead", counts); /* what was received twice dies only now */
    drain(world, "work.fifo", counts);
    for (int i = 0; i < ALL; i++) {
        uint8_t was = life->messages[i];

        if ((was & ACKNOWLEDGED) && !(was & DELETE_SENT)) {
            assert_int_equal(counts[i], 1);
        }
        if (!(was & SENT) || (was & DELETED)) {
            assert_int_equal(counts[i], 0);
        }
        assert_true(counts[i] <= 1);
    }
}

/* After whatever happened: power off and on, and a new start; and one more, of what that left. */
static void start_again_and_verify(struct world *world, const struct life *life)
{
    struct world again = {.disk = world->disk, .arena = world->arena};
    struct life empty = {.report = -1};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    verify(&again, life);
    world_close(&again);
    assert_ptr_equal(world_open(&again), OK);
    verify(&again, &empty);
    world_close(&again);
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
    int left = 0;

    assert_ptr_equal(world_open(&world), OK);
    assert_ptr_equal(live(&world, &life), OK);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    for (int i = 0; i < ALL; i++) {
        left += !(life.messages[i] & DELETED);
    }
    assert_in_range(left, 2, ALL - 6); /* some of each, else this would prove little */
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
    assert_true(syncs > 60);
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
    assert_ptr_equal(world_create(&world, "work", NULL), &ERR_FULL);
    assert_ptr_equal(send_one(&world, &life, 0), &ERR_FULL);
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
        assert_true(bytes[0] < ALL);
        life->messages[bytes[0]] |= bytes[1];
    }
    close(from);
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 6000; at += 1 + at / 10) {
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
        if (!WIFEXITED(how)) { /* an assert, or worse */
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
