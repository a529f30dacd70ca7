/* SPDX-License-Identifier: Apache-2.0
 *
 * Durable timers: they fire once, at their moment, also after a stop; set again they move; an owner
 * that fails is asked again a minute later; one that sets itself for now lets others in; and a full
 * disk makes them wait, not spin.
 */
#include "../test/bus/world.h"

#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

struct setting {
    const char *name;  /* of the timer */
    int64_t in_ms;     /* from now */
    bool unset;        /* instead */
};

static status set_in_cell(struct call *c, void *arg)
{
    const struct setting *setting = arg;

    if (setting->unset) {
        bus_timer_unset(c, "probe", str_c(setting->name));
    } else {
        bus_timer_set(c, "probe", str_c(setting->name), c->now + setting->in_ms, STR("payload"));
    }
    return OK;
}

static void set(struct world *world, const char *name, int64_t in_ms)
{
    struct setting setting = {name, in_ms, false};

    assert_ptr_equal(world_do(world, set_in_cell, &setting), OK);
}

static void unset(struct world *world, const char *name)
{
    struct setting setting = {name, 0, true};

    assert_ptr_equal(world_do(world, set_in_cell, &setting), OK);
}

static struct world *begun(void)
{
    struct world *world = world_new(2);

    assert_ptr_equal(world_open(world), OK);
    return world;
}

static void a_timer_fires_once_at_its_moment(void **state)
{
    struct world *world = begun();

    (void)state;
    set(world, "late", 2000);
    set(world, "soon", 1000);
    world_advance(world, 999);
    assert_int_equal(world_count(world, "fired"), 0);
    world_advance(world, 1);
    assert_true(str_eq(world_text(world, "fired", 1), STR("soon payload")));
    world_advance(world, 5000);
    assert_int_equal(world_count(world, "fired"), 2);
    assert_true(str_eq(world_text(world, "fired", 2), STR("late payload")));
    world_free(world);
}

static void a_timer_survives_a_stop_and_fires_when_it_is_overdue(void **state)
{
    struct world *world = begun();

    (void)state;
    set(world, "one", 1000);
    set(world, "two", 100000);
    world->now_ms += 5000;
    world_close(world);
    assert_ptr_equal(world_open(world), OK);
    world_advance(world, 0);
    assert_int_equal(world_count(world, "fired"), 1);
    world_restart(world);
    world_advance(world, 100000);
    assert_int_equal(world_count(world, "fired"), 2);
    world_free(world);
}

static void a_timer_set_again_moves_and_one_unset_is_gone(void **state)
{
    struct world *world = begun();

    (void)state;
    set(world, "moved", 1000);
    set(world, "moved", 3000);
    set(world, "gone", 1000);
    unset(world, "gone");
    unset(world, "never set");
    world_advance(world, 2000);
    assert_int_equal(world_count(world, "fired"), 0);
    set(world, "moved", 0);
    assert_int_equal(world_count(world, "fired"), 1);
    world_advance(world, 10000);
    assert_int_equal(world_count(world, "fired"), 1);
    world_free(world);
}

static status break_in_cell(struct call *c, void *arg)
{
    if (arg == NULL) {
        txn_delete(c->txn, probe_key(c->arena, "broken", 1));
    } else {
        txn_put(c->txn, probe_key(c->arena, "broken", 1), STR("yes"));
    }
    return OK;
}

static void an_owner_that_fails_is_asked_again_a_minute_later(void **state)
{
    struct world *world = begun();

    (void)state;
    assert_ptr_equal(world_do(world, break_in_cell, world), OK);
    set(world, "fail", 0);
    world_advance(world, 59999);
    assert_ptr_equal(world_do(world, break_in_cell, NULL), OK);
    assert_int_equal(world_count(world, "fired"), 0);
    world_advance(world, 1);
    assert_true(str_eq(world_text(world, "fired", 1), STR("fail payload")));
    world_free(world);
}

static void one_that_goes_on_for_ever_is_done_in_pieces(void **state)
{
    struct world *world = begun();
    uint64_t before = journal_last(store_journal(world->store));

    (void)state;
    set(world, "again", 0); /* a hundred times, each an entry of its own */
    world_advance(world, 0);
    assert_int_equal(world_count(world, "fired"), 100);
    assert_true(journal_last(store_journal(world->store)) >= before + 100);
    world_free(world);
}

static void while_the_disk_is_full_timers_wait(void **state)
{
    struct world *world = begun();
    struct setting setting = {"two", 0, false};

    (void)state;
    set(world, "one", 1000);
    world_close(world);
    faulty_space(world->disk, 64u << 20); /* less than the reserve */
    world->now_ms += 2000;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, set_in_cell, &setting), &ERR_FULL);
    faulty_space(world->disk, UINT64_C(1) << 40);
    world_restart(world); /* would not come so far if they spun */
    world_advance(world, 0);
    assert_int_equal(world_count(world, "fired"), 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_once_at_its_moment),
        cmocka_unit_test(a_timer_survives_a_stop_and_fires_when_it_is_overdue),
        cmocka_unit_test(a_timer_set_again_moves_and_one_unset_is_gone),
        cmocka_unit_test(an_owner_that_fails_is_asked_again_a_minute_later),
        cmocka_unit_test(one_that_goes_on_for_ever_is_done_in_pieces),
        cmocka_unit_test(while_the_disk_is_full_timers_wait),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
