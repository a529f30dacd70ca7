/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking functions by ARN: who has them is asked as itself, and who asked is told what they said;
 * what nobody has is said so.
 */
#include "../test/bus/world.h"
#include "bus/invoke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define FUNCTION "arn:aws:made:eu-west-1:444455556666:function:one"

/* What one test saw. */
struct seen {
    invoke_told *ended;          /* whom the invoker is to tell */
    void *arg;                   /* its own */
    int started, told;           /* times */
    char answer[64];             /* that was told */
};

static struct seen seen;

static status start(struct call *c, const struct invoke_wish *wish, invoke_told *ended, void *arg)
{
    assert_true(str_eq(c->account, STR("444455556666")));
    assert_true(str_eq(c->region, STR("eu-west-1")));
    if (str_eq(wish->payload, STR("\"busy\""))) {
        return fail(c, &BUS_BUSY, "the function is busy");
    }
    seen.started++;
    seen.ended = ended;
    seen.arg = arg;
    return OK;
}

static const struct invoker invoker = {"made", start};

static void told(struct cell *cell, void *arg, const struct invoked *invoked)
{
    (void)cell;
    assert_ptr_equal(arg, &seen);
    assert_int_equal(invoked->outcome, INVOKE_ANSWERED);
    assert_true(invoked->answer.bytes < sizeof(seen.answer));
    memcpy(seen.answer, invoked->answer.at, invoked->answer.bytes);
    seen.told++;
}

static status ask(struct call *c, void *arg)
{
    struct invoke_wish wish = {.function = STR(FUNCTION), .payload = STR("{}"),
                               .principal = STR("probe.amazonaws.com")};
    struct str account = c->account;
    void *state = c->state;

    (void)arg;
    assert_ptr_equal(bus_invoke_told(c, &wish, told, &seen), &BUS_NO_TARGET); /* nobody has any */
    bus_invoker_set(c->cell, &invoker);
    wish.function = STR("arn:aws:other:us-east-1:111122223333:function:one");
    assert_ptr_equal(bus_invoke_told(c, &wish, told, &seen), &BUS_NO_TARGET);
    wish.function = STR("one");
    assert_ptr_equal(bus_invoke_told(c, &wish, told, &seen), &BUS_NO_TARGET);
    wish.function = STR(FUNCTION);
    wish.payload = STR("\"busy\"");
    assert_ptr_equal(bus_invoke_told(c, &wish, told, &seen), &BUS_BUSY);
    wish.payload = (struct str){"", INVOKE_PAYLOAD_BYTES_MAX + 1}; /* which nobody reads */
    assert_ptr_equal(bus_invoke_told(c, &wish, told, &seen), &BUS_TOO_LARGE);
    assert_int_equal(seen.started, 0);
    wish.payload = STR("{}");
    assert_ptr_equal(bus_invoke_told(c, &wish, told, &seen), OK);
    assert_int_equal(seen.started, 1);
    assert_true(str_eq(c->account, account)); /* the call is its own again */
    assert_ptr_equal(c->state, state);
    return OK;
}

static void end(struct cell *cell, void *arg)
{
    struct invoked invoked = {INVOKE_ANSWERED, STR("{\"said\":1}"), STR("id"), 1};

    (void)arg;
    seen.ended(cell, seen.arg, &invoked);
}

static void who_asked_is_told_what_the_function_said(void **state)
{
    struct world *world = world_new(1);

    (void)state;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, ask, NULL), OK);
    assert_int_equal(seen.told, 0);
    cell_visit(world->cell, end, NULL);
    assert_int_equal(seen.told, 1);
    assert_string_equal(seen.answer, "{\"said\":1}");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asked_is_told_what_the_function_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
