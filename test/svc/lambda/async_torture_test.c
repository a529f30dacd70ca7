/* SPDX-License-Identifier: Apache-2.0
 *
 * The power goes at every sync, and every operation of the disk fails in turn, while asynchronous
 * events are accepted, put off and ended. The next start has every event that was acknowledged and
 * not ended, whole and due when it is to be; of what was under way all or nothing; no due row
 * without its event, and no event that nothing makes due.
 *
 * How: each life is a process of its own; its end is a longjmp out of sys_die. There is no engine,
 * so nothing is tried by itself: the life ends and puts off events as async.c does it.
 */
#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "fn/part.h"
#include "svc/lambda/async.h"
#include "svc/lambda/lambda.h"
#include "svc/lambda/live.h"
#include "sys/faulty.h"
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

#define START_MS INT64_C(1790000000000)
#define EVENTS 12

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* In a child, where cmocka's own would go on with the next test. */
#define CHECK(truth)                                                                               \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #truth);                                     \
            fflush(stdout);                                                                        \
            _exit(3);                                                                              \
        }                                                                                          \
    } while (0)

enum fate { NOT_SENT, SENDING, SENT, ENDING, ENDED, PUTTING_OFF, PUT_OFF };

/* How far a life came. Volatile: read after a longjmp. */
struct life {
    volatile enum fate fates[EVENTS]; /* of each event */
};

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;     /* of calls */
    struct why why;          /* of the last call */
};

static const struct target target = {STR_INIT("000000000000"), STR_INIT("us-east-1"),
                                     STR_INIT("f"), {NULL, 0}};

static void die(void)
{
    longjmp(died, 1);
}

static status open_world(struct world *world)
{
    static const struct service *const services[] = {&bus_service, &fn_service, &lambda_service,
                                                     NULL};
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = 7};

    clock_init_manual(&world->clock, START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static void close_world(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

static status step(struct world *world, status (*run)(struct call *c, void *arg), void *arg)
{
    struct doing doing = {"lambda", "Test", STR_NONE, STR_NONE, run, arg};

    return cell_do(world->cell, &doing, world->arena, &world->why);
}

/* ---- the life ---- */

static struct str payload_of(struct call *c, uint64_t number)
{
    return arena_printf(c->arena, "{\"number\":%llu}", (unsigned long long)number);
}

static status accept_one(struct call *c, void *arg)
{
    const uint64_t *number = arg;
    struct async_event event = {.payload = payload_of(c, *number)};

    return async_add(c, &target, &event);
}

static struct async_place place_of(uint64_t number, int64_t at_ms)
{
    return (struct async_place){at_ms, number + 1};
}

static status end(struct call *c, void *arg)
{
    const uint64_t *number = arg;

    async_erase(c, &target, place_of(*number, START_MS));
    return OK;
}

static status put_off(struct call *c, void *arg)
{
    const uint64_t *number = arg;
    struct async_event event;

    CHECK(async_get(c, &target, *number + 1, &event));
    event.attempts++;
    async_due_erase(c, &target, place_of(*number, START_MS));
    async_put(c, &target, *number + 1, &event);
    async_due_put(c, &target, place_of(*number, START_MS + 60000));
    return OK;
}

static status live(struct world *world, struct life *life)
{
    TRY(open_world(world));
    for (uint64_t i = 0; i < EVENTS; i++) {
        life->fates[i] = SENDING;
        TRY(step(world, accept_one, &i));
        life->fates[i] = SENT;
        if (i % 3 == 1) {
            life->fates[i] = ENDING;
            TRY(step(world, end, &i));
            life->fates[i] = ENDED;
        } else if (i % 3 == 2) {
            life->fates[i] = PUTTING_OFF;
            TRY(step(world, put_off, &i));
            life->fates[i] = PUT_OFF;
        }
    }
    return OK;
}

/* ---- the next start ---- */

struct found {
    int64_t due_ms[EVENTS];      /* 0: not there */
    size_t count;                /* of them */
};

static status look(struct call *c, void *arg)
{
    struct found *found = arg;
    struct txn_scan *scan = NULL;
    struct async_place place;
    struct async_event event;

    while (async_due_next(c, &target, (struct async_place){0, 0}, &scan, &place)) {
        CHECK(place.id >= 1);
        CHECK(place.id <= EVENTS);
        CHECK(found->due_ms[place.id - 1] == 0); /* due once */
        CHECK(async_get(c, &target, place.id, &event));
        CHECK(str_eq(event.payload, payload_of(c, place.id - 1)));
        CHECK(event.request_id.bytes == 36);
        CHECK(event.attempts == (place.at_ms > START_MS));
        found->due_ms[place.id - 1] = place.at_ms;
        found->count++;
    }
    for (uint64_t id = 1; id <= EVENTS; id++) {
        CHECK(async_get(c, &target, id, &event) == (found->due_ms[id - 1] > 0));
    }
    return OK;
}

static void verify(const struct life *life, const struct found *found)
{
    for (size_t i = 0; i < EVENTS; i++) {
        bool there = found->due_ms[i] > 0;
        bool later = found->due_ms[i] > START_MS;
        enum fate fate = life->fates[i];

        CHECK(there || fate == NOT_SENT || fate == SENDING || fate == ENDING || fate == ENDED);
        CHECK(!there || (fate != NOT_SENT && fate != ENDED));
        CHECK(!later || fate == PUTTING_OFF || fate == PUT_OFF);
        CHECK(later || fate != PUT_OFF);
    }
}

static void start_again_and_verify(struct faulty *disk, const struct life *life)
{
    struct world again = {.disk = disk, .arena = arena_new(64u << 20)};
    struct found found = {.count = 0};
    uint64_t one_more = EVENTS;

    faulty_fail_at(disk, 0, OK);
    faulty_cut(disk);
    faulty_power(disk);
    CHECK(open_world(&again) == OK);
    CHECK(step(&again, look, &found) == OK);
    verify(life, &found);
    CHECK(step(&again, accept_one, &one_more) == OK); /* with a number that nobody has */
    close_world(&again);
    arena_free(again.arena);
}

static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world world = {.arena = NULL};
    struct life life = {.fates = {NOT_SENT}};
    pid_t child = fork();
    int how;

    if (child != 0) {
        assert_int_equal(waitpid(child, &how, 0), child);
        if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) {
            print_error("seed %llu, sync %llu, operation %llu\n", (unsigned long long)seed,
                        (unsigned long long)cut_at_sync, (unsigned long long)fail_at);
            assert_true(false);
        }
        return;
    }
    world.disk = faulty_new(seed);
    world.arena = arena_new(64u << 20);
    faulty_cut_at_sync(world.disk, cut_at_sync);
    faulty_fail_at(world.disk, fail_at, with);
    if (freopen("/dev/null", "w", stderr) == NULL) {
        _exit(2);
    }
    sys_die_hook(die);
    if (setjmp(died) == 0 && live(&world, &life) == OK && cut_at_sync == 0) {
        close_world(&world);
    }
    sys_die_hook(NULL);
    start_again_and_verify(world.disk, &life);
    _exit(0);
}

static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.fates = {NOT_SENT}};

    assert_ptr_equal(live(&world, &life), OK);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    close_world(&world);
    arena_free(world.arena);
    faulty_free(world.disk);
}

static void nothing_accepted_is_lost_when_the_power_goes_at_any_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > EVENTS);
    for (uint64_t at = 1; at <= syncs; at++) {
        one_life(at, at, 0, OK);
    }
}

static void nothing_accepted_is_lost_when_any_operation_of_the_disk_fails(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at <= operations; at++) {
        one_life(at, 0, at, at % 2 == 0 ? &ERR_IO : &ERR_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_accepted_is_lost_when_the_power_goes_at_any_sync),
        cmocka_unit_test(nothing_accepted_is_lost_when_any_operation_of_the_disk_fails),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
