/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds: what is held waits durably and goes on in its order after the release, with what came
 * meanwhile behind it; a stop in between changes nothing; and what is gone leaves no hold behind.
 */
#include "../test/bus/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static struct world *begun(void)
{
    struct world *world = world_new(3);

    assert_ptr_equal(world_open(world), OK);
    return world;
}

static void hold(struct world *world)
{
    assert_true(world_says(world, "/_weir/hold", "kind=subscription&name=subscription",
                           "\"changed\":true"));
}

static void release(struct world *world)
{
    assert_true(world_says(world, "/_weir/release", "kind=subscription&name=subscription",
                           "\"changed\":true"));
    world_advance(world, 0);
}

static void send_numbers(struct world *world, int from, int to)
{
    for (int i = from; i <= to; i++) {
        char body[16];

        (void)snprintf(body, sizeof(body), "%d", i);
        assert_ptr_equal(world_send(world, TARGET("take-1"), VIA, body), OK);
    }
}

static void check_numbers(struct world *world, int count)
{
    assert_int_equal(world_count(world, "taken"), count);
    for (int i = 1; i <= count; i++) {
        char body[16];

        (void)snprintf(body, sizeof(body), "%d", i);
        assert_true(str_eq(world_text(world, "taken", (uint64_t)i), str_c(body)));
    }
}

static void what_is_held_waits_and_goes_on_in_order(void **state)
{
    struct world *world = begun();

    (void)state;
    send_numbers(world, 1, 2);
    hold(world);
    send_numbers(world, 3, 250);
    assert_int_equal(world_count(world, "taken"), 2);
    world_restart(world);
    assert_int_equal(world_count(world, "taken"), 2);
    send_numbers(world, 251, 260);
    release(world);
    send_numbers(world, 261, 262);
    check_numbers(world, 262);
    world_free(world);
}

static void only_that_subscription_is_held(void **state)
{
    struct world *world = begun();

    (void)state;
    hold(world);
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR("arn:aws:probe:::other"), "x"), OK);
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR_NONE, "y"), OK);
    assert_int_equal(world_count(world, "taken"), 2);
    world_free(world);
}

static void holding_again_keeps_the_rest(void **state)
{
    struct world *world = begun();

    (void)state;
    hold(world);
    send_numbers(world, 1, 10);
    release(world);
    hold(world);
    send_numbers(world, 11, 20);
    check_numbers(world, 10);
    assert_true(world_says(world, "/_weir/hold", "kind=subscription&name=subscription",
                           "\"changed\":false"));
    release(world);
    check_numbers(world, 20);
    assert_true(world_says(world, "/_weir/release", "kind=subscription&name=subscription",
                           "\"changed\":false"));
    world_free(world);
}

static void a_kept_event_keeps_its_trace(void **state)
{
    struct world *world = begun();

    (void)state;
    hold(world);
    assert_ptr_equal(world_send(world, TARGET("take-1"), VIA, "17"), OK);
    struct str held = world_page(world, "/_weir/trace", "id=17");
    size_t at = str_find_str(held, STR("\"trace\":\"")) + 9;
    struct str trace = str_slice(held, at, str_find(held, '"', at));

    release(world);
    char query[256];

    (void)snprintf(query, sizeof(query), "id=%.*s", STR_ARG(trace));
    assert_int_equal(world_times(world, "/_weir/trace", query, "\"outcome\":\"held\""), 1);
    assert_int_equal(world_times(world, "/_weir/trace", query, "\"outcome\":\"taken\""), 1);
    world_free(world);
}

static void what_cannot_be_held_is_refused_in_words(void **state)
{
    static const char *const lines[][2] = {
        {"kind=topic&name=t",
         "A topic cannot be held; what can: queue, group, subscription, rule, "
         "function, mapping."},
        {"kind=group&name=q", "give the key"},
        {"kind=subscription&name=subscription&key=k", "held as a whole"},
        {"kind=queue&name=q", "There is no queue"},
        {"kind=subscription&name=other", "Name it by its ARN, or as TOPIC:ENDPOINT."},
        {"kind=subscription", "There is no subscription"},
    };
    struct world *world = begun();

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_true(world_says(world, "/_weir/hold", lines[i][0], lines[i][1]));
    }
    world_free(world);
}

static status forget_in_cell(struct call *c, void *arg)
{
    (void)arg;
    hold_forget(c, HOLD_SUBSCRIPTION, VIA);
    return OK;
}

static void what_is_gone_takes_its_holds_along(void **state)
{
    struct world *world = begun();

    (void)state;
    hold(world);
    send_numbers(world, 1, 2500); /* more than are dropped in one entry */
    assert_ptr_equal(world_do(world, forget_in_cell, NULL), OK);
    world_advance(world, 0);
    assert_true(world_says(world, "/_weir/holds", "", "\"count\":0"));
    world_restart(world);
    world_advance(world, 0);
    assert_int_equal(world_count(world, "taken"), 0);
    send_numbers(world, 1, 1);
    check_numbers(world, 1);
    world_free(world);
}

struct holding {
    const char *arn;  /* of a thing that the probe does not know */
    int keys;         /* to hold */
    status last;      /* what the last one said */
};

static status hold_in_cell(struct call *c, void *arg)
{
    struct holding *holding = arg;
    bool changed;

    for (int i = 0; i < holding->keys; i++) {
        struct held held = {HOLD_GROUP, str_c(holding->arn),
                            arena_printf(c->arena, "key %d", i)};

        holding->last = hold_set(c, &held, &changed);
    }
    return OK;
}

static void keys_are_held_singly_and_limited(void **state)
{
    struct world *world = begun();
    struct holding few = {"arn:aws:probe:::q", 2, OK};
    struct holding many = {"arn:aws:probe:::r", HOLD_KEYS_MAX + 1, OK};

    (void)state;
    assert_ptr_equal(world_do(world, hold_in_cell, &few), OK);
    assert_true(world_says(world, "/_weir/holds", "", "\"key\":\"key 1\""));
    assert_true(world_says(world, "/_weir/release", "kind=group&name=arn:aws:probe:::q&key=key%201",
                           "\"changed\":true")); /* found by its hold: the thing is not there */
    assert_ptr_equal(world_do(world, hold_in_cell, &many), OK);
    assert_ptr_equal(many.last, &ERR_LIMIT);
    world_restart(world);
    assert_true(world_says(world, "/_weir/holds", "", "\"count\":10001"));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_waits_and_goes_on_in_order),
        cmocka_unit_test(only_that_subscription_is_held),
        cmocka_unit_test(holding_again_keeps_the_rest),
        cmocka_unit_test(a_kept_event_keeps_its_trace),
        cmocka_unit_test(what_cannot_be_held_is_refused_in_words),
        cmocka_unit_test(what_is_gone_takes_its_holds_along),
        cmocka_unit_test(keys_are_held_singly_and_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
