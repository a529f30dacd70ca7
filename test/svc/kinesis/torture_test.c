/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a small life of a stream goes on. Whatever happens then (an
 * error, the end of the process), the next start has every acknowledged record, once, in order,
 * and nothing that was never sent.
 *
 * The life: create a stream, put twenty records singly and ten at once, split its shard, put ten
 * more. The process's end is a longjmp out of sys_die; threads of the cell that was left behind are
 * left too.
 */
#include "svc/kinesis/kinesis_int.h"
#include "../test/svc/kinesis/world.h"

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

#define SINGLE 20
#define TOGETHER 10
#define ALL (SINGLE + TOGETHER + 10)

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* How far a life came: records acknowledged, and sent at all. Volatile: read after a longjmp. */
struct life {
    volatile int acknowledged;
    volatile int sent;
    volatile bool split;
    int report; /* file descriptor that hears of each acknowledgement; -1: none */
};

static void die(void)
{
    longjmp(died, 1);
}

static struct str number_text(struct arena *arena, int number)
{
    return arena_printf(arena, "record %d", number);
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

static status put_one(struct world *world, struct life *life)
{
    struct str text = number_text(world->arena, life->sent);

    life->sent++;
    TRY(world_put(world, "s", STR("key"), text));
    acknowledge(life, 1);
    return OK;
}

static status put_many(struct world *world, struct life *life)
{
    struct value *in = world_input(world, "PutRecords");
    struct value *list = set_list(world->arena, in, "Records", TOGETHER);
    struct value *out;

    set_str(in, "StreamName", STR("s"));
    for (int i = 0; i < TOGETHER; i++) {
        struct value *record = list_add(world->arena, list);

        set_str(record, "PartitionKey", STR("key"));
        set_blob(record, "Data", number_text(world->arena, life->sent + i));
    }
    life->sent += TOGETHER;
    TRY(world_call(world, "PutRecords", in, &out));
    acknowledge(life, TOGETHER);
    return OK;
}

static status split(struct world *world)
{
    struct value *in = world_input(world, "SplitShard");
    struct value *out;

    set_str(in, "StreamName", STR("s"));
    set_str(in, "ShardToSplit", STR("shardId-000000000000"));
    set_str(in, "NewStartingHashKey", STR("170141183460469231731687303715884105728"));
    return world_call(world, "SplitShard", in, &out);
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct world *world, struct life *life)
{
    TRY(world_open(world));
    TRY(world_create(world, "s", 1));
    for (int i = 0; i < SINGLE; i++) {
        TRY(put_one(world, life));
    }
    TRY(put_many(world, life));
    TRY(split(world));
    life->split = true;
    while (life->sent < ALL) {
        TRY(put_one(world, life));
    }
    return OK;
}

/* Reads the shards in the order of their numbers, parents first, and checks the texts. */
static void verify(struct world *world, const struct life *life)
{
    static const char *const shards[] = {"shardId-000000000000", "shardId-000000000001",
                                         "shardId-000000000002"};
    int found = 0;

    for (int i = 0; i < 3; i++) {
        const struct value *list = world_records(world, "s", shards[i]);

        for (uint32_t j = 0; list != NULL && j < list->count; j++) {
            assert_true(str_eq(get_str(&list->items[j], "Data"),
                               number_text(world->arena, found)));
            found++;
        }
    }
    assert_true(found >= life->acknowledged);
    assert_true(found <= life->sent);
    if (life->split) {
        assert_non_null(world_records(world, "s", shards[1]));
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
    if (setjmp(died) == 0 && live(world, &life) == OK && cut_at_sync == 0) {
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

    assert_ptr_equal(live(&world, &life), OK);
    assert_int_equal(life.acknowledged, ALL);
    verify(&world, &life);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
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
    assert_true(syncs > 30);
    for (uint64_t seed = 1; seed <= 5; seed++) {
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
    assert_ptr_equal(world_create(&world, "s", 1), &ERR_FULL);
    faulty_space(world.disk, UINT64_C(1) << 40);
    life_free(&world);
    start_again_and_verify(&world, &life);
    faulty_free(world.disk);
    arena_free(world.arena);
}

/* In a child: a life in which the at-th allocation fails; its acknowledgements come through the
 * pipe, the disk is real. */
static void child_life(const char *dir, uint64_t at, int report)
{
    static const struct service *const services[] = {&bus_service, &kinesis_service, NULL};
    struct store_options store = {.files = files_real(), .dir = dir, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.services = services, .seed = 7};
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.report = report};

    cell.clock = &world.clock;
    clock_init_manual(&world.clock, WORLD_START_MS);
    mem_fail_after(at);
    if (store_open(&store, &world.why, &world.store) != OK) {
        _exit(1);
    }
    cell.store = world.store;
    if (cell_open(&cell, &world.why, &world.cell) != OK ||
        world_create(&world, "s", 1) != OK) {
        _exit(1);
    }
    while (life.sent < SINGLE && put_one(&world, &life) == OK) {
    }
    _exit(0);
}

static void parent_verify(const char *dir, int acknowledged)
{
    static const struct service *const services[] = {&bus_service, &kinesis_service, NULL};
    struct store_options store = {.files = files_real(), .dir = dir, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.services = services, .seed = 7};
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.acknowledged = acknowledged, .sent = SINGLE, .report = -1};

    cell.clock = &world.clock;
    clock_init_manual(&world.clock, WORLD_START_MS);
    assert_ptr_equal(store_open(&store, &world.why, &world.store), OK);
    cell.store = world.store;
    assert_ptr_equal(cell_open(&cell, &world.why, &world.cell), OK);
    verify(&world, &life);
    life_free(&world);
    arena_free(world.arena);
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    allocations_fail(3000, child_life, parent_verify);
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
