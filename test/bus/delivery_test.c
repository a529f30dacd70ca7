/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries: done once when all is well; tried again by their policy, on weir's clock; ended in
 * the dead-letter end; one after the other within an order key; so many at once and a second; held
 * and released without a loss; and after a stop in the middle due again.
 */
#include "../test/bus/world.h"

#include "bus/retry.h"
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static struct world *begun(void)
{
    struct world *world = world_new(4);

    assert_ptr_equal(world_open(world), OK);
    return world;
}

static void settled(struct world *world)
{
    for (int i = 0; i < 3; i++) { /* a try may make the next one due */
        deliveries_wait(cell_state(world->cell, "bus"));
        world_advance(world, 0);
    }
}

static status deliver_in_cell(struct call *c, void *arg)
{
    return bus_deliver(c, arg);
}

static struct delivery delivery_to(const char *target, const char *payload)
{
    return (struct delivery){
        .carrier = STR("probe"),
        .target = str_c(target),
        .payload = str_c(payload),
        .via = VIA,
        .order_key = STR_NONE,
        .retry = {.retries = 3, .no_delay = 1, .min_ms = 1000, .max_ms = 3000},
        .dead = {.target = TARGET("take-1"), .source = TARGET("test"),
                 .principal = STR("probe.amazonaws.com"), .body = str_c(payload)},
    };
}

static void deliver(struct world *world, const struct delivery *delivery)
{
    struct delivery copy = *delivery;

    assert_ptr_equal(world_do(world, deliver_in_cell, &copy), OK);
}

static status count_deliveries(struct call *c, void *arg)
{
    *(uint64_t *)arg = deliveries_count(cell_state(c->cell, "bus"));
    return OK;
}

static uint64_t waiting(struct world *world)
{
    uint64_t count = 0;

    assert_ptr_equal(world_do(world, count_deliveries, &count), OK);
    return count;
}

static void a_delivery_is_done_once_and_gone(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("good", "hello");

    (void)state;
    deliver(world, &delivery);
    settled(world);
    assert_string_equal(world->carried->texts, "hello\n");
    assert_int_equal(waiting(world), 0);
    world_restart(world);
    settled(world);
    assert_int_equal(world->carried->tries, 1);
    assert_true(world_says(world, "/_weir/trace", "", "\"outcome\":\"delivered\""));
    world_free(world);
}

/* retries 3: at once, then two that climb from one to three seconds. */
static void a_failure_is_tried_again_by_its_policy_and_then_buried(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("bad", "hello");

    (void)state;
    deliver(world, &delivery);
    settled(world);
    assert_int_equal(world->carried->tries, 2); /* the first, and the one without delay */
    assert_int_equal(waiting(world), 1);
    world_advance(world, 1999);
    settled(world);
    assert_int_equal(world->carried->tries, 2);
    world_advance(world, 1);
    settled(world);
    assert_int_equal(world->carried->tries, 3);
    world_restart(world);
    world_advance(world, 2999);
    settled(world);
    assert_int_equal(world->carried->tries, 3);
    world_advance(world, 1);
    settled(world);
    assert_int_equal(world->carried->tries, 4);
    assert_int_equal(waiting(world), 0);
    assert_true(str_eq(world_text(world, "taken", 1), STR("hello")));
    assert_true(world_says(world, "/_weir/trace", "", "dead-letter: the endpoint answered 500"));
    world_free(world);
}

static void one_that_is_of_no_use_is_not_tried_again(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("never", "hello");

    (void)state;
    delivery.dead = (struct bus_event){.source = TARGET("test")};
    deliver(world, &delivery);
    settled(world);
    assert_int_equal(world->carried->tries, 1);
    assert_int_equal(waiting(world), 0);
    assert_true(world_says(world, "/_weir/trace", "", "lost: the endpoint answered 500"));
    world_free(world);
}

static void what_is_too_old_is_given_up(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("bad", "hello");

    (void)state;
    delivery.retry = (struct retry){.retries = 100, .min_delay = 100, .min_ms = 10000,
                                    .age_ms_max = 15000};
    deliver(world, &delivery);
    settled(world);
    world_advance(world, 10000);
    settled(world);
    assert_int_equal(waiting(world), 1);
    world_advance(world, 10000);
    settled(world);
    assert_int_equal(waiting(world), 0);
    assert_int_equal(world->carried->tries, 3);
    assert_int_equal(world_count(world, "taken"), 1);
    world_free(world);
}

static void those_of_one_order_key_go_one_after_the_other(void **state)
{
    struct world *world = begun();
    struct delivery bad = delivery_to("bad", "first");

    (void)state;
    bad.order_key = STR("key");
    deliver(world, &bad);
    for (int i = 0; i < 5; i++) {
        char payload[16];

        (void)snprintf(payload, sizeof(payload), "%d", i);
        struct delivery good = delivery_to("good", payload);

        good.order_key = STR("key");
        deliver(world, &good);
    }
    settled(world);
    assert_string_equal(world->carried->texts, ""); /* the first of them still fails */
    world_restart(world);
    world_advance(world, 2000);
    settled(world);
    world_advance(world, 3000);
    settled(world);
    assert_string_equal(world->carried->texts, "0\n1\n2\n3\n4\n");
    assert_int_equal(waiting(world), 0);
    world_free(world);
}

static void so_many_at_once_and_no_more(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("good", "x");

    (void)state;
    for (int i = 0; i < 30; i++) {
        deliver(world, &delivery);
    }
    for (int i = 0; i < 30 && waiting(world) > 0; i++) {
        settled(world);
        world_advance(world, 1000);
    }
    assert_int_equal(waiting(world), 0);
    assert_int_equal(world->carried->tries, 30);
    assert_in_range(world->carried->at_once_most, 1, 8);
    world_free(world);
}

static void a_slow_target_holds_up_nobody_but_itself(void **state)
{
    struct world *world = begun();
    struct delivery slow = delivery_to("good slow", "slow");
    struct delivery fast = delivery_to("never fast", "fast");

    (void)state;
    fast.dead.target = STR_NONE;
    lock_take(&world->carried->lock);
    world->carried->blocked = true;
    lock_give(&world->carried->lock);
    for (int i = 0; i < 50; i++) {
        deliver(world, &slow);
    }
    deliver(world, &fast);
    lock_take(&world->carried->lock);
    world->carried->blocked = false;
    cond_wake_all(&world->carried->free);
    lock_give(&world->carried->lock);
    deliveries_wait(cell_state(world->cell, "bus"));
    /* The fast one's turn was not behind the fifty. */
    assert_true(world_says(world, "/_weir/trace", "", "lost: the endpoint answered 500"));
    assert_in_range(waiting(world), 1, 42);
    for (int i = 0; i < 30 && waiting(world) > 0; i++) {
        world_advance(world, 1000);
        settled(world);
    }
    assert_int_equal(waiting(world), 0);
    assert_int_equal(world->carried->tries, 51);
    world_free(world);
}

static void so_many_a_second_to_one_target(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("good", "x");

    (void)state;
    delivery.retry.per_second_max = 2;
    for (int i = 0; i < 10; i++) {
        deliver(world, &delivery);
    }
    settled(world);
    assert_int_equal(world->carried->tries, 1);
    for (uint64_t i = 2; i <= 10; i++) {
        world_advance(world, 500);
        settled(world);
        assert_int_equal(world->carried->tries, i);
    }
    assert_int_equal(waiting(world), 0);
    world_free(world);
}

static void what_is_held_is_not_tried_until_released(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("good", "x");

    (void)state;
    (void)world_page(world, "/_weir/hold", "kind=subscription&name=subscription");
    for (int i = 0; i < 3; i++) {
        deliver(world, &delivery);
    }
    settled(world);
    uint64_t before = journal_last(store_journal(world->store));

    world_advance(world, 50000); /* nobody asks again and again: only the clock's own entry */
    assert_int_equal(journal_last(store_journal(world->store)), before + 1);
    assert_int_equal(world->carried->tries, 0);
    world_restart(world);
    settled(world);
    assert_int_equal(world->carried->tries, 0);
    (void)world_page(world, "/_weir/release", "kind=subscription&name=subscription");
    settled(world);
    assert_int_equal(world->carried->tries, 3);
    assert_int_equal(waiting(world), 0);
    world_free(world);
}

static void everything_that_waits_can_be_tried_now(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("bad", "x");

    (void)state;
    delivery.retry = (struct retry){.retries = 2, .min_delay = 2, .min_ms = 3600000};
    for (int i = 0; i < 5; i++) {
        deliver(world, &delivery);
    }
    settled(world);
    assert_int_equal(world->carried->tries, 5);
    assert_true(world_says(world, "/_weir/deliveries", "", "\"attempts\":1"));
    assert_true(world_says(world, "/_weir/deliveries", "", "\"waiting\":5"));
    assert_true(world_says(world, "/_weir/deliveries", "now=1", "\"due\":5"));
    settled(world);
    assert_int_equal(world->carried->tries, 10);
    world_free(world);
}

/* The power goes while tries are under way: they are due again, and nothing that was promised is
 * lost. */
static void after_a_crash_every_row_is_due_again(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("good", "x");

    (void)state;
    lock_take(&world->carried->lock);
    world->carried->blocked = true;
    lock_give(&world->carried->lock);
    for (int i = 0; i < 3; i++) {
        deliver(world, &delivery);
    }
    faulty_cut_at_sync(world->disk, 0);
    struct world again = {.disk = world->disk, .arena = world->arena, .carried = world->carried,
                          .now_ms = WORLD_START_MS};
    struct carried *old = world->carried;

    again.carried = MEM_NEW(struct carried);
    lock_init(&again.carried->lock);
    cond_init(&again.carried->free);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    settled(&again);
    assert_int_equal(again.carried->tries, 3);
    assert_int_equal(waiting(&again), 0);
    world_close(&again);
    assert_non_null(old); /* the old process's threads stay where they hang */
}

static void a_carrier_that_is_not_there_ends_it(void **state)
{
    struct world *world = begun();
    struct delivery delivery = delivery_to("good", "x");

    (void)state;
    delivery.carrier = STR("pigeon");
    deliver(world, &delivery);
    settled(world);
    assert_int_equal(waiting(world), 0);
    assert_int_equal(world_count(world, "taken"), 1);
    assert_true(world_says(world, "/_weir/trace", "", "weir has no carrier for pigeon"));
    world_free(world);
}

/* AWS's own example policies: the phases one after the other, and the back-off's ends. */
static void delays_follow_the_phases(void **state)
{
    struct retry retry = {.retries = 10, .no_delay = 2, .min_delay = 2, .max_delay = 2,
                          .min_ms = 1000, .max_ms = 5000, .backoff = BACKOFF_LINEAR};
    static const int64_t wanted[] = {0, 0, 1000, 1000, 2000, 3000, 4000, 5000, 5000, 5000, -1};

    (void)state;
    for (uint32_t i = 0; i < 11; i++) {
        assert_int_equal(retry_delay_ms(&retry, i + 1), wanted[i]);
    }
    for (int kind = BACKOFF_LINEAR; kind <= BACKOFF_EXPONENTIAL; kind++) {
        int64_t last = 0;

        retry.backoff = (enum backoff)kind;
        for (uint32_t i = 5; i <= 8; i++) {
            int64_t delay = retry_delay_ms(&retry, i);

            assert_in_range(delay, last, 5000);
            last = delay;
        }
        assert_int_equal(last, 5000);
    }
    assert_int_equal(retry_delay_ms(&retry, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_is_done_once_and_gone),
        cmocka_unit_test(a_failure_is_tried_again_by_its_policy_and_then_buried),
        cmocka_unit_test(one_that_is_of_no_use_is_not_tried_again),
        cmocka_unit_test(what_is_too_old_is_given_up),
        cmocka_unit_test(those_of_one_order_key_go_one_after_the_other),
        cmocka_unit_test(so_many_at_once_and_no_more),
        cmocka_unit_test(a_slow_target_holds_up_nobody_but_itself),
        cmocka_unit_test(so_many_a_second_to_one_target),
        cmocka_unit_test(what_is_held_is_not_tried_until_released),
        cmocka_unit_test(everything_that_waits_can_be_tried_now),
        cmocka_unit_test(a_carrier_that_is_not_there_ends_it),
        cmocka_unit_test(delays_follow_the_phases),
        cmocka_unit_test(after_a_crash_every_row_is_due_again),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
