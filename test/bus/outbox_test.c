/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: what would have been sent is there after a stop, newest first, and the oldest goes
 * when there are too many.
 */
#include "../test/bus/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

struct adding {
    int from, to; /* numbers of the messages */
};

static status add_in_cell(struct call *c, void *arg)
{
    const struct adding *adding = arg;

    for (int i = adding->from; i <= adding->to; i++) {
        struct outbox_message message = {
            .kind = STR("email"), .from = TARGET("topic"), .to = STR("anna@example.com"),
            .subject = i % 2 == 0 ? STR_NONE : STR("\"quoted\""),
            .body = arena_printf(c->arena, "message %d", i)};

        outbox_add(c, &message);
    }
    return OK;
}

static struct world *begun(int from, int to)
{
    struct world *world = world_new(5);
    struct adding adding = {from, to};

    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, add_in_cell, &adding), OK);
    return world;
}

static void messages_are_kept_and_shown_newest_first(void **state)
{
    struct world *world = begun(1, 3);

    (void)state;
    world_restart(world);
    struct str page = world_page(world, "/_weir/outbox", "");

    assert_true(str_find_str(page, STR("message 3")) < str_find_str(page, STR("message 2")));
    assert_true(str_find_str(page, STR("message 2")) < str_find_str(page, STR("message 1")));
    assert_true(str_find_str(page, STR("\"subject\":\"\\\"quoted\\\"\"")) < page.bytes);
    assert_int_equal(world_times(world, "/_weir/outbox", "", "\"subject\""), 2);
    assert_int_equal(world_times(world, "/_weir/outbox", "count=2", "\"body\""), 2);
    world_free(world);
}

static void the_oldest_goes_when_there_are_too_many(void **state)
{
    struct world *world = begun(1, OUTBOX_KEEP_MAX - 5);
    struct adding more = {OUTBOX_KEEP_MAX - 4, OUTBOX_KEEP_MAX + 10};

    (void)state;
    assert_ptr_equal(world_do(world, add_in_cell, &more), OK);
    struct bus *bus = cell_state(world->cell, "bus");

    assert_int_equal(bus->outbox_count, OUTBOX_KEEP_MAX);
    world_restart(world);
    bus = cell_state(world->cell, "bus");
    assert_int_equal(bus->outbox_count, OUTBOX_KEEP_MAX);
    assert_int_equal(bus->outbox_last, OUTBOX_KEEP_MAX + 10);
    assert_true(world_says(world, "/_weir/outbox", "count=1", "message 10010"));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_kept_and_shown_newest_first),
        cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
