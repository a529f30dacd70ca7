/* SPDX-License-Identifier: Apache-2.0
 *
 * Hand-offs: a sink takes in the sender's entry, a refusal stages nothing and goes to the
 * dead-letter end, whoever hands on is a part of the same entry, and a circle ends.
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
    struct world *world = world_new(1);

    assert_ptr_equal(world_open(world), OK);
    return world;
}

static void what_is_taken_is_in_the_senders_entry(void **state)
{
    struct world *world = begun();
    uint64_t before = journal_last(store_journal(world->store));

    (void)state;
    assert_ptr_equal(world_send(world, TARGET("on-1"), STR_NONE, "hello"), OK);
    assert_int_equal(journal_last(store_journal(world->store)), before + 1);
    world_restart(world);
    assert_int_equal(world_count(world, "taken"), 1);
    assert_true(str_eq(world_text(world, "taken", 1), STR("hello")));
    world_free(world);
}

struct sending {
    const char *target;   /* name of the probe's */
    const char *dead;     /* the same; NULL: none */
    status sent;          /* what bus_send said */
    char why[256];        /* and why */
    bool unchanged;       /* the call is as it was */
};

static status send_and_look(struct call *c, void *arg)
{
    struct sending *sending = arg;
    void *was = c->state;
    struct bus_event event = {
        .target = arena_printf(c->arena, "arn:aws:probe:eu-west-1:999999999999:%s",
                               sending->target),
        .source = TARGET("test"), .principal = STR("probe.amazonaws.com"), .body = STR("b")};

    if (sending->dead != NULL) {
        event.dead = arena_printf(c->arena, "arn:aws:probe:::%s", sending->dead);
    }
    if (strchr(sending->target, ':') != NULL) {
        event.target = str_c(sending->target);
    }
    sending->sent = bus_send(c, &event);
    (void)snprintf(sending->why, sizeof(sending->why), "%.200s", c->why.text);
    sending->unchanged = c->state == was && str_eq(c->region, STR("us-east-1")) &&
                         str_eq(c->account, STR("000000000000"));
    return OK;
}

static void a_refusal_says_why_and_leaves_the_call_as_it_was(void **state)
{
    struct world *world = begun();
    struct sending sendings[] = {
        {"take-1", NULL, &ERR_IO, "", false},
        {"refuse-1", NULL, OK, "", false},
        {"arn:aws:nowhere:::x", NULL, OK, "", false},
        {"no:arn", NULL, OK, "", false},
    };
    static const char *const whys[] = {"", "the probe refuses",
                                       "weir cannot deliver to arn:aws:nowhere:::x yet",
                                       "no:arn is not an ARN"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(world_do(world, send_and_look, &sendings[i]), OK);
        assert_string_equal(sendings[i].why, whys[i]);
        assert_true(sendings[i].unchanged);
    }
    assert_ptr_equal(sendings[0].sent, OK);
    assert_ptr_equal(sendings[1].sent, &BUS_REFUSED);
    assert_ptr_equal(sendings[2].sent, &BUS_NO_TARGET);
    assert_ptr_equal(sendings[3].sent, &BUS_NO_TARGET);
    assert_int_equal(world_count(world, "taken"), 1);
    world_free(world);
}

static void what_is_refused_goes_to_its_dead_letter_end(void **state)
{
    struct world *world = begun();
    struct sending buried = {"refuse-1", "take-1", OK, "", false};
    struct sending lost = {"refuse-1", "refuse-2", OK, "", false};

    (void)state;
    assert_ptr_equal(world_do(world, send_and_look, &buried), OK);
    assert_ptr_equal(buried.sent, &BUS_REFUSED);
    assert_string_equal(buried.why, "the probe refuses");
    assert_int_equal(world_count(world, "taken"), 1);
    assert_ptr_equal(world_do(world, send_and_look, &lost), OK);
    assert_int_equal(world_count(world, "taken"), 1);
    assert_true(world_says(world, "/_weir/trace", "", "dead-letter: the probe refuses"));
    assert_true(world_says(world, "/_weir/trace", "", "lost: the dead-letter end refused, too"));
    world_free(world);
}

static status give_up(struct call *c, void *arg)
{
    (void)arg;
    bus_given_up(c, &(struct bus_event){.target = TARGET("take-1"), .source = TARGET("test"),
                                        .body = STR("lost")}, STR("too old"));
    bus_given_up(c, &(struct bus_event){.target = TARGET("take-1"),
                                        .source = STR("arn:aws:none:::x")}, STR("nobody hears"));
    return OK;
}

static void who_sent_it_hears_that_it_was_given_up(void **state)
{
    struct world *world = begun();

    (void)state;
    assert_ptr_equal(world_do(world, give_up, NULL), OK);
    assert_int_equal(world_count(world, "given-up"), 1);
    world_free(world);
}

static void a_circle_ends(void **state)
{
    struct world *world = begun();

    (void)state;
    assert_ptr_equal(world_send(world, TARGET("loop-1"), STR_NONE, "round"), OK);
    assert_int_equal(world_times(world, "/_weir/trace", "", "\"outcome\":\"taken\""),
                     BUS_DEPTH_MAX);
    assert_true(world_says(world, "/_weir/trace", "", "handed on more than 8 times"));
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR_NONE, "after"), OK);
    assert_int_equal(world_count(world, "taken"), 1);
    world_free(world);
}

static void an_event_survives_being_a_row(void **state)
{
    static const struct bus_attribute attributes[] = {{STR("a"), STR("String"), STR("1")},
                                                      {STR("b"), STR("Binary"), STR("\x00\x01")}};
    struct bus_event event = {
        .target = STR("t"), .source = STR("s"), .principal = STR("p"), .via = STR("v"),
        .account = STR("1"), .body = STR("body"), .subject = STR(""), .deduplication = STR("d"),
        .key = STR("k"), .about = STR("m"), .dead = STR("q"), .attributes = attributes,
        .attribute_count = 2};
    struct arena *arena = arena_new(1u << 20);
    struct bus_event read;
    struct buf packed;

    (void)state;
    buf_init(&packed, 4096);
    bus_event_write(&packed, &event);
    struct cursor cursor = cursor_of(buf_str(&packed));

    bus_event_read(&cursor, arena, &read);
    assert_true(cursor_done(&cursor));
    assert_true(str_eq(read.target, event.target) && str_eq(read.body, event.body));
    assert_non_null(read.subject.at);
    assert_null(read.group.at);
    assert_true(str_eq(read.deduplication, STR("d")) && str_eq(read.dead, STR("q")));
    assert_int_equal(read.attribute_count, 2);
    assert_true(str_eq(read.attributes[1].value, attributes[1].value));
    buf_done(&packed);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_in_the_senders_entry),
        cmocka_unit_test(a_refusal_says_why_and_leaves_the_call_as_it_was),
        cmocka_unit_test(what_is_refused_goes_to_its_dead_letter_end),
        cmocka_unit_test(who_sent_it_hears_that_it_was_given_up),
        cmocka_unit_test(a_circle_ends),
        cmocka_unit_test(an_event_survives_being_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
