/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of events for a busy target: tried again until it takes them, or given up by the
 * target's retry policy, with a dead letter that says why. And every sync cuts the power in turn,
 * while three rules give events to a queue each: the next start has every acknowledged event in
 * each of them, once, the same in all.
 */
#include "../test/svc/events/world.h"

#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOUR_MS INT64_C(3600000)
#define QUEUES 3
#define EVENTS 8

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

static void die(void)
{
    longjmp(died, 1);
}

/* ---- busy targets ---- */

static struct world *busy_world(uint32_t busy, const struct world_target *target)
{
    struct world *world = MEM_NEW(struct world);

    world->disk = faulty_new(1);
    world->arena = arena_new(64u << 20);
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_queue(world, "dead"), OK);
    assert_ptr_equal(world_rule(world, "r"), OK);
    assert_ptr_equal(world_put_target(world, "r", STR(WORLD_BUSY), target), OK);
    world_busy.busy = busy;
    world_busy.took = 0;
    assert_ptr_equal(world_put(world, 1), OK);
    return world;
}

static void world_end(struct world *world)
{
    world_close(world);
    faulty_free(world->disk);
    arena_free(world->arena);
    mem_free(world);
}

static struct str attribute_of(const struct value *message, const char *name)
{
    const struct value *map = get(message, "MessageAttributes");
    const struct value *found = map == NULL ? NULL : map_find(map, str_c(name));

    return found == NULL ? STR_NONE : get_str(found, "StringValue");
}

static void check_attribute(const struct value *message, const char *name, const char *text)
{
    assert_true(str_eq(attribute_of(message, name), str_c(text)));
}

static void a_busy_target_gets_it_later(void **state)
{
    struct world *world = busy_world(3, &(struct world_target){"dead", -1, -1});

    (void)state;
    assert_int_equal(world_busy.took, 0);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(cell_advance(world->cell, HOUR_MS / 60, &world->why), OK);
    }
    assert_int_equal(world_busy.took, 1);
    assert_null(world_receive(world, "dead"));
    world_end(world);
}

static void retries_come_to_their_end(void **state)
{
    struct world *world = busy_world(99, &(struct world_target){"dead", 2, -1});
    const struct value *list;

    (void)state;
    assert_null(world_receive(world, "dead"));
    assert_ptr_equal(cell_advance(world->cell, HOUR_MS, &world->why), OK);
    assert_ptr_equal(cell_advance(world->cell, HOUR_MS, &world->why), OK);
    list = world_receive(world, "dead");
    assert_non_null(list);
    assert_int_equal(list->count, 1);
    check_attribute(&list->items[0], "ERROR_CODE", "THROTTLING");
    check_attribute(&list->items[0], "ERROR_MESSAGE", "Not now");
    check_attribute(&list->items[0], "EXHAUSTED_RETRY_CONDITION", "MaximumRetryAttempts");
    check_attribute(&list->items[0], "RETRY_ATTEMPTS", "2");
    check_attribute(&list->items[0], "TARGET_ARN", WORLD_BUSY);
    assert_int_equal(world_busy.busy, 96);
    world_end(world);
}

static void an_event_gets_too_old(void **state)
{
    struct world *world = busy_world(99, &(struct world_target){"dead", -1, 60});
    const struct value *list;

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(cell_advance(world->cell, HOUR_MS / 60, &world->why), OK);
    }
    list = world_receive(world, "dead");
    assert_non_null(list);
    check_attribute(&list->items[0], "EXHAUSTED_RETRY_CONDITION", "MaximumEventAgeInSeconds");
    world_end(world);
}

static void nothing_is_tried_again_where_nothing_is_wanted(void **state)
{
    struct world *world = busy_world(1, &(struct world_target){"dead", 0, -1});
    const struct value *list = world_receive(world, "dead");

    (void)state;
    assert_non_null(list);
    check_attribute(&list->items[0], "RETRY_ATTEMPTS", "0");
    check_attribute(&list->items[0], "EXHAUSTED_RETRY_CONDITION", "MaximumRetryAttempts");
    assert_int_equal(world_busy.took, 0);
    world_end(world);
}

static void a_retry_lives_through_a_power_cut(void **state)
{
    struct world *world = busy_world(1, &(struct world_target){NULL, -1, -1});
    struct world again = {.disk = world->disk, .arena = world->arena};

    (void)state;
    world_close(world);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    assert_int_equal(world_busy.took, 0);
    assert_ptr_equal(cell_advance(again.cell, HOUR_MS, &again.why), OK);
    assert_int_equal(world_busy.took, 1);
    world_close(&again);
    faulty_free(world->disk);
    arena_free(world->arena);
    mem_free(world);
}

/* ---- the power goes ---- */

static const char *const queues[QUEUES] = {"q0", "q1", "q2"};

/* Goes on as far as calls succeed. Volatile: read after a longjmp. */
static status live(struct world *world, volatile int *acknowledged)
{
    for (int i = 0; i < QUEUES; i++) {
        struct str arn = arena_printf(world->arena, WORLD_QUEUE "%s", queues[i]);

        TRY(world_queue(world, queues[i]));
        TRY(world_rule(world, queues[i]));
        TRY(world_put_target(world, queues[i], arn, &(struct world_target){NULL, -1, -1}));
    }
    for (int i = 0; i < EVENTS; i++) {
        TRY(world_put(world, i));
        ++*acknowledged;
    }
    return OK;
}

static int count_in(struct world *world, const char *queue)
{
    const struct value *list;
    int found = 0;

    while ((list = world_receive(world, queue)) != NULL) {
        for (uint32_t i = 0; i < list->count; i++) {
            struct str end = arena_printf(world->arena, "\"detail\":{\"n\":%d}}", found);

            assert_true(str_ends(get_str(&list->items[i], "Body"), end));
            found++;
        }
    }
    return found;
}

static void one_life(uint64_t seed, uint64_t cut_at_sync)
{
    struct world *world = MEM_NEW(struct world);
    struct world again;
    volatile int acknowledged = 0;
    int found;

    world->disk = faulty_new(seed);
    world->arena = arena_new(64u << 20);
    faulty_cut_at_sync(world->disk, cut_at_sync);
    sys_die_hook(die);
    if (setjmp(died) == 0 && world_open(world) == OK) {
        (void)live(world, &acknowledged);
    }
    sys_die_hook(NULL);
    again = (struct world){.disk = world->disk, .arena = arena_new(64u << 20)};
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    found = count_in(&again, queues[0]);
    assert_true(found >= acknowledged);
    for (int i = 1; found > 0 && i < QUEUES; i++) {
        assert_int_equal(count_in(&again, queues[i]), found);
    }
    world_close(&again);
    arena_free(again.arena); /* the life that died is left as it was */
}

static void the_power_goes_at_every_sync(void **state)
{
    struct world *world = MEM_NEW(struct world);
    volatile int acknowledged = 0;
    uint64_t syncs;

    (void)state;
    world->disk = faulty_new(1);
    world->arena = arena_new(64u << 20);
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(live(world, &acknowledged), OK);
    assert_int_equal(acknowledged, EVENTS);
    syncs = faulty_syncs(world->disk);
    assert_true(syncs > EVENTS);
    world_end(world);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (uint64_t at = 1; at <= syncs; at++) {
            one_life(seed * 1000 + at, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_target_gets_it_later),
        cmocka_unit_test(retries_come_to_their_end),
        cmocka_unit_test(an_event_gets_too_old),
        cmocka_unit_test(nothing_is_tried_again_where_nothing_is_wanted),
        cmocka_unit_test(a_retry_lives_through_a_power_cut),
        cmocka_unit_test(the_power_goes_at_every_sync),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
