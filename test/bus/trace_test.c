/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces: each hand-off leaves a hop with its reason; hops are found by trace, request, what they
 * are about, and resource; depth and step give the tree back; long logs are read in pieces; and old
 * hops go.
 */
#include "../test/bus/world.h"

#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define PATH "/_weir/trace"

static struct world *begun(void)
{
    struct world *world = world_new(6);

    assert_ptr_equal(world_open(world), OK);
    return world;
}

static const struct value *hops(struct world *world, const char *query, struct value *answer)
{
    const struct value *list;
    struct why why;

    assert_ptr_equal(json_read(world_page(world, PATH, query), 0, world->arena, &why, answer), OK);
    list = map_find(answer, STR("hops"));
    assert_non_null(list);
    return list;
}

static struct str member(const struct value *hop, const char *name)
{
    const struct value *value = map_find(hop, str_c(name));

    return value == NULL ? STR("") : value->str;
}

static int64_t number(const struct value *hop, const char *name)
{
    return map_find(hop, str_c(name))->number;
}

static void a_tree_of_hops_can_be_put_together_again(void **state)
{
    struct world *world = begun();
    struct value answer;

    (void)state;
    assert_ptr_equal(world_send(world, TARGET("on-1"), STR_NONE, "hello"), OK);
    const struct value *list = hops(world, "", &answer);

    assert_int_equal(list->count, 3); /* newest first: the outer one ended last */
    assert_true(str_ends(member(&list->items[0], "to"), STR("on-1")));
    assert_int_equal(number(&list->items[0], "depth"), 0);
    assert_int_equal(number(&list->items[1], "depth"), 1);
    assert_int_equal(number(&list->items[2], "depth"), 1);
    assert_true(number(&list->items[0], "step") < number(&list->items[2], "step"));
    assert_true(number(&list->items[2], "step") < number(&list->items[1], "step"));
    assert_true(str_eq(member(&list->items[1], "outcome"), STR("refused: the probe refuses")));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(str_eq(member(&list->items[i], "about"), STR("hello")));
        assert_true(str_eq(member(&list->items[i], "trace"), member(&list->items[0], "trace")));
    }
    world_free(world);
}

static void hops_are_found_by_what_people_know(void **state)
{
    struct world *world = begun();
    struct value answer;

    (void)state;
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR_NONE, "one"), OK);
    assert_ptr_equal(world_send(world, TARGET("take-2"), VIA, "two"), OK);
    assert_int_equal(hops(world, "id=two", &answer)->count, 1);
    assert_int_equal(hops(world, "id=three", &answer)->count, 0);
    assert_int_equal(hops(world, "resource=take-1", &answer)->count, 1);
    assert_int_equal(hops(world, "resource=test", &answer)->count, 2);
    assert_int_equal(hops(world, "resource=subscription", &answer)->count, 1);
    assert_int_equal(hops(world, "resource=est", &answer)->count, 0);
    assert_int_equal(hops(world, "resource=take-2&id=one", &answer)->count, 0);
    world_restart(world);
    assert_int_equal(hops(world, "count=1", &answer)->count, 1);
    assert_int_equal(hops(world, "", &answer)->count, 2);
    world_free(world);
}

static status hops_in_cell(struct call *c, void *arg)
{
    const char *about = arg;

    for (int i = 0; i < 10000; i++) {
        struct hop hop = {STR("a"), STR("b"), STR_NONE, STR("taken"),
                          about != NULL && i == 0 ? str_c(about) : STR("other")};

        trace_hop(c, &hop);
    }
    return OK;
}

static void a_long_log_is_read_in_pieces(void **state)
{
    static char wanted[] = "wanted";
    struct world *world = begun();
    struct value answer;
    char query[64] = "id=wanted";
    int pages = 0;

    (void)state;
    assert_ptr_equal(world_do(world, hops_in_cell, wanted), OK);
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(world_do(world, hops_in_cell, NULL), OK);
    }
    for (;;) {
        const struct value *list = hops(world, query, &answer);
        const struct value *before = map_find(&answer, STR("before"));

        pages++;
        if (before == NULL) {
            assert_int_equal(list->count, 1);
            break;
        }
        assert_int_equal(list->count, 0);
        (void)snprintf(query, sizeof(query), "id=wanted&before=%lld", (long long)before->number);
    }
    assert_int_equal(pages, 3); /* of 20,000 each */
    world_free(world);
}

static void old_hops_go(void **state)
{
    struct world *world = begun();
    struct value answer;

    (void)state;
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR_NONE, "old"), OK);
    world_advance(world, TRACE_KEEP_MS / 2);
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR_NONE, "new"), OK);
    world_advance(world, TRACE_KEEP_MS / 2 + 120000);
    assert_int_equal(hops(world, "", &answer)->count, 1);
    assert_int_equal(hops(world, "id=new", &answer)->count, 1);
    world_advance(world, TRACE_KEEP_MS);
    assert_int_equal(hops(world, "", &answer)->count, 0);
    assert_ptr_equal(world_send(world, TARGET("take-1"), STR_NONE, "newer"), OK);
    assert_int_equal(hops(world, "id=newer", &answer)->count, 1);
    world_free(world);
}

struct named {
    const char *header; /* X-Amzn-Trace-Id */
    const char *trace;  /* what the hop's trace is; NULL: the request's id */
};

static status hop_with_header(struct call *c, void *arg)
{
    const struct named *named = arg;
    struct hop hop = {STR("a"), STR("b"), STR_NONE, STR("taken"), str_c(named->header)};

    c->trace = str_c(named->header);
    c->request_id = STR("request");
    trace_hop(c, &hop);
    return OK;
}

static void a_trace_is_the_root_of_the_header(void **state)
{
    static const struct named lines[] = {
        {"Root=1-5-abc;Parent=53;Sampled=1", "1-5-abc"},
        {"Self=1-9; Root=1-6-def", "1-6-def"},
        {"nonsense", "request"},
        {"", "request"},
    };
    struct world *world = begun();
    struct value answer;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct named line = lines[i];

        assert_ptr_equal(world_do(world, hop_with_header, &line), OK);
        const struct value *list = hops(world, "count=1", &answer);

        assert_true(str_eq(member(&list->items[0], "trace"), str_c(lines[i].trace)));
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_of_hops_can_be_put_together_again),
        cmocka_unit_test(hops_are_found_by_what_people_know),
        cmocka_unit_test(a_long_log_is_read_in_pieces),
        cmocka_unit_test(old_hops_go),
        cmocka_unit_test(a_trace_is_the_root_of_the_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
