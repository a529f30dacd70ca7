/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching sources: who watches is woken by what its ARN's bell rings for, and by nothing else;
 * what no service offers is said so by name.
 */
#include "../test/bus/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define STREAM "arn:aws:made:us-east-1:111122223333:stream/one"

/* Who watches, and how often it was woken. */
struct watcher {
    struct source_watch watch; /* on whatever */
    int woken;                 /* times */
    int shards;                /* of them, because of shards */
};

static void woken(struct cell *cell, struct source_watch *watch, bool shards)
{
    struct watcher *watcher = LINK_OWNER(watch, struct watcher, watch);

    (void)cell;
    watcher->woken++;
    watcher->shards += shards;
}

static struct str bell(struct str arn)
{
    return str_slice(arn, 0, str_find_str(arn, STR("/consumer/")));
}

static status about(struct call *c, struct str arn, struct source_about *ret_about)
{
    (void)c;
    (void)arn;
    *ret_about = (struct source_about){.kind = SOURCE_SHARDS};
    return OK;
}

static const struct source made = {.service = "made", .kind = SOURCE_SHARDS, .bell = bell,
                                   .about = about};

static status watch_and_ring(struct call *c, void *arg)
{
    struct watcher *all = arg;
    struct cell *cell = c->cell;

    bus_source_add(cell, &made);
    bus_source_ring(cell, STR(STREAM), false); /* nobody hears it */
    assert_false(bus_source_watched(cell, STR(STREAM)));
    assert_ptr_equal(bus_source_watch(cell, &all[0].watch, STR(STREAM)), OK);
    assert_ptr_equal(bus_source_watch(cell, &all[1].watch, STR(STREAM "/consumer/c:1")), OK);
    assert_ptr_equal(bus_source_watch(cell, &all[2].watch, STR(STREAM "-other")), OK);
    assert_true(bus_source_watched(cell, STR(STREAM)));
    bus_source_ring(cell, STR(STREAM), false);
    bus_source_ring(cell, STR(STREAM), true);
    bus_source_unwatch(cell, &all[0].watch);
    bus_source_ring(cell, STR(STREAM), false);
    for (int i = 0; i < 3; i++) {
        bus_source_unwatch(cell, &all[i].watch);
    }
    bus_source_ring(cell, STR(STREAM), false);
    return OK;
}

static void who_watches_is_woken_by_its_own_bell(void **state)
{
    struct watcher all[3] = {{.watch.woken = woken}, {.watch.woken = woken},
                             {.watch.woken = woken}};
    struct world *world = world_new(1);

    (void)state;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, watch_and_ring, all), OK);
    assert_int_equal(all[0].woken, 2);
    assert_int_equal(all[0].shards, 1);
    assert_int_equal(all[1].woken, 3);
    assert_int_equal(all[2].woken, 0);
    world_free(world);
}

static status ask_nobody(struct call *c, void *arg)
{
    struct source_about found;

    (void)arg;
    assert_ptr_equal(bus_source_about(c, STR("arn:aws:kafka:us-east-1:1:cluster/a"), &found),
                     &BUS_NO_TARGET);
    assert_non_null(strstr(c->why.text, "no event source arn:aws:kafka"));
    assert_int_equal(bus_source_visible(c, STR("nonsense")), 0);
    return OK;
}

static void what_no_service_offers_is_said_by_name(void **state)
{
    struct world *world = world_new(2);

    (void)state;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, ask_nobody, NULL), OK);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_watches_is_woken_by_its_own_bell),
        cmocka_unit_test(what_no_service_offers_is_said_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
