/* SPDX-License-Identifier: Apache-2.0
 *
 * What counts as a difference between a template's properties and what there is: only what the
 * template says, whatever the order of lists, and a tree is its text.
 */
#include "svc/cloudformation/drift.h"

#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct arena *arena;

static int up(void **state)
{
    (void)state;
    arena = arena_new(16u << 20);
    return 0;
}

static int down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct value *document(const char *text)
{
    struct value *made = ARENA_NEW(arena, struct value);
    status read = json_read(arena_dup(arena, str_c(text)), 0, arena, NULL, made);

    assert_ptr_equal(read, OK);
    return made;
}

/* "TYPE path expected actual" of each, one behind the other. */
static const char *found(const char *expected, const char *actual)
{
    const struct value *list = drift_compare(arena, document(expected), document(actual));
    struct str text = STR("");

    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *one = &list->items[i];

        text = arena_printf(arena, "%.*s%s%.*s %.*s %.*s %.*s", STR_ARG(text), i == 0 ? "" : "; ",
                            STR_ARG(doc_get(one, "type")->str), STR_ARG(doc_get(one, "path")->str),
                            STR_ARG(doc_get(one, "expected")->str),
                            STR_ARG(doc_get(one, "actual")->str));
    }
    return arena_dup(arena, text).at;
}

static void what_is_the_same_is_no_drift(void **state)
{
    (void)state;
    assert_string_equal(found("{}", "{\"a\":1}"), "");
    assert_string_equal(found("{\"a\":5,\"b\":true}", "{\"a\":\"5\",\"b\":\"true\",\"c\":1}"), "");
    assert_string_equal(found("{\"a\":[1,2,3]}", "{\"a\":[3,1,2]}"), "");
    assert_string_equal(found("{\"a\":[{\"k\":1}]}", "{\"a\":[{\"k\":1,\"more\":2}]}"), "");
    assert_string_equal(found("{\"a\":{\"b\":[1]}}", "{\"a\":\"{\\\"b\\\": [1]}\"}"), "");
    assert_string_equal(found("{\"a\":\"[1]\"}", "{\"a\":[1]}"), "");
}

static void what_is_another_is_told_with_its_path(void **state)
{
    (void)state;
    assert_string_equal(found("{\"a\":1}", "{\"a\":2}"), "NOT_EQUAL /a 1 2");
    assert_string_equal(found("{\"a\":{\"b\":\"x\"}}", "{\"a\":{\"b\":\"y\"}}"),
                        "NOT_EQUAL /a/b x y");
    assert_string_equal(found("{\"a\":{\"b\":1}}", "{}"), "REMOVE /a {\"b\":1} null");
    assert_string_equal(found("{\"a\":[1,2]}", "{\"a\":[1]}"), "REMOVE /a/1 2 null");
    assert_string_equal(found("{\"a\":[1]}", "{\"a\":[1,{\"k\":2}]}"),
                        "ADD /a/1 null {\"k\":2}");
    assert_string_equal(found("{\"a\":[{\"k\":1},{\"k\":2}]}", "{\"a\":[{\"k\":1},{\"k\":3}]}"),
                        "NOT_EQUAL /a/1/k 2 3");
    assert_string_equal(found("{\"a\":[1]}", "{\"a\":\"x\"}"), "NOT_EQUAL /a [1] x");
}

static void there_is_an_end_to_what_is_told(void **state)
{
    struct value *expected = doc_map(arena);
    struct value *actual = doc_map(arena);

    (void)state;
    for (int i = 0; i < 2 * DIFFERENCES_MAX; i++) {
        struct str name = arena_printf(arena, "p%d", i);

        doc_put(arena, expected, name)->kind = VALUE_BOOL;
        doc_put(arena, actual, name)->kind = VALUE_INT;
        actual->pairs[i].value.number = i + 7;
    }
    assert_int_equal(drift_compare(arena, expected, actual)->count, DIFFERENCES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_the_same_is_no_drift, up, down),
        cmocka_unit_test_setup_teardown(what_is_another_is_told_with_its_path, up, down),
        cmocka_unit_test_setup_teardown(there_is_an_end_to_what_is_told, up, down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
