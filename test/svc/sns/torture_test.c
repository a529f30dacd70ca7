/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a topic with three queues is made and published to, singly and in
 * a batch. Whatever happens then (an error, the end of the process), the next start has every
 * acknowledged message in each of the queues, once, in order, the same in all of them, and a batch
 * as a whole.
 *
 * The process's end is a longjmp out of sys_die; threads of the cell that was left behind are left
 * too.
 */
#include "../test/svc/sns/world.h"

#include "base/mem.h"
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

#include "../test/svc/allocations.h" /* behind cmocka, whose fail() others do not want */
#undef fail

#define QUEUES 3
#define SINGLE 12
#define TOGETHER 8
#define ALL (SINGLE + TOGETHER)

static const char *const queues[QUEUES] = {"q0", "q1", "q2"};

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* How far a life came: messages acknowledged, and sent at all. Volatile: read after a longjmp. */
struct life {
    volatile int acknowledged;
    volatile int sent;
    int report; /* file descriptor that hears of each acknowledgement; -1: none */
};

static void die(void)
{
    longjmp(died, 1);
}

static struct str text_of(struct arena *arena, int number)
{
    return arena_printf(arena, "message %d", number);
}

static void acknowledge(struct life *life, int count)
{
    char byte = 'a';

    life->acknowledged += count;
    for (int i = 0; i < count && life->report >= 0; i++) {
        if (write(life->report, &byte, 1) != 1) {
            return;
        }
    }
}

static status publish_one(struct world *world, struct life *life)
{
    struct str text = text_of(world->arena, life->sent);

    life->sent++;
    TRY(world_publish(world, "t", text));
    acknowledge(life, 1);
    return OK;
}

static status publish_many(struct world *world, struct life *life)
{
    struct value *in = world_input(world, "sns", "PublishBatch");
    struct value *list = set_list(world->arena, in, "PublishBatchRequestEntries", TOGETHER);
    struct value *out;

    set_str(in, "TopicArn", world_topic_arn(world, "t"));
    for (int i = 0; i < TOGETHER; i++) {
        struct value *entry = list_add(world->arena, list);

        set_str(entry, "Id", arena_printf(world->arena, "%d", i));
        set_str(entry, "Message", text_of(world->arena, life->sent + i));
    }
    life->sent += TOGETHER;
    TRY(world_call(world, "sns", "PublishBatch", in, &out));
    acknowledge(life, TOGETHER);
    return OK;
}

static status set_up(struct world *world)
{
    TRY(world_topic(world, "t"));
    for (int i = 0; i < QUEUES; i++) {
        TRY(world_queue(world, queues[i]));
        TRY(world_subscribe(world, "t", queues[i]));
    }
    return OK;
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct world *world, struct life *life)
{
    TRY(set_up(world));
    for (int i = 0; i < SINGLE; i++) {
        TRY(publish_one(world, life));
    }
    return publish_many(world, life);
}

/* How many messages a queue has, which must be the first ones, in order. */
static int count_in(struct world *world, const char *queue)
{
    int found = 0;

    for (;;) {
        const struct value *list = world_receive(world, queue);

        if (list == NULL || list->count == 0) {
            return found;
        }
        for (uint32_t i = 0; i < list->count; i++) {
            assert_true(str_eq(get_str(&list->items[i], "Body"), text_of(world->arena, found)));
            found++;
        }
    }
}

static void verify(struct world *world, const struct life *life)
{
    int found = count_in(world, queues[0]);

    assert_true(found >= life->acknowledged);
    assert_true(found <= life->sent);
    assert_true(found <= SINGLE || found == ALL); /* the batch as a whole */
    for (int i = 1; found > 0 && i < QUEUES; i++) {
        assert_int_equal(count_in(world, queues[i]), found);
    }
}

static void life_free(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

/* After whatever happened: power off and on, and a new start. */
static void start_again_and_verify(struct world *world, const struct life *life)
{
    struct world again = {.disk = world->disk, .arena = world->arena};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    verify(&again, life);
    life_free(&again);
}

/* One life with a fault; what it cost is leaked when it died, on purpose. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world *world = MEM_NEW(struct world);
    struct life life = {.report = -1};

    world->disk = faulty_new(seed);
    world->arena = arena_new(64u << 20);
    faulty_cut_at_sync(world->disk, cut_at_sync);
    faulty_fail_at(world->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && world_open(world) == OK && live(world, &life) == OK &&
        cut_at_sync == 0) {
        life_free(world);
        world->cell = NULL;
    }
    sys_die_hook(NULL);
    start_again_and_verify(world, &life);
    arena_free(world->arena);
    faulty_free(NULL); /* the disk stays: files of the life that died are open on it */
}

/* How many operations and syncs an undisturbed life takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.report = -1};

    assert_ptr_equal(world_open(&world), OK);
    assert_ptr_equal(live(&world, &life), OK);
    assert_int_equal(life.acknowledged, ALL);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    verify(&world, &life);
    life_free(&world);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > SINGLE);
    for (uint64_t seed = 1; seed <= 3; seed++) {
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
    assert_ptr_equal(world_topic(&world, "t"), &ERR_FULL);
    faulty_space(world.disk, UINT64_C(1) << 40);
    life_free(&world);
    start_again_and_verify(&world, &life);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static struct store_options real_store(const char *dir)
{
    return (struct store_options){.files = files_real(), .dir = dir, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
}

/* In a child: a life in which the at-th allocation fails; its acknowledgements come through the
 * pipe, the disk is real. */
static void child_life(const char *dir, uint64_t at, int report)
{
    struct store_options store = real_store(dir);
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.report = report};

    mem_fail_after(at);
    if (world_open_store(&world, &store) != OK || live(&world, &life) != OK) {
        _exit(1);
    }
    _exit(0);
}

static void parent_verify(const char *dir, int acknowledged)
{
    struct store_options store = real_store(dir);
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.acknowledged = acknowledged, .sent = ALL, .report = -1};

    assert_ptr_equal(world_open_store(&world, &store), OK);
    verify(&world, &life);
    life_free(&world);
    arena_free(world.arena);
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    allocations_fail(6000, child_life, parent_verify);
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
