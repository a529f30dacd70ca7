/* SPDX-License-Identifier: Apache-2.0
 *
 * The language of ListUsers' Filter.
 */
#include "svc/cognito/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static bool read(const char *text, struct user_filter *filter)
{
    return user_filter_read(arena, str_c(text), filter);
}

static void filters_are_read(void **state)
{
    struct user_filter filter;

    (void)state;
    assert_true(read("", &filter));
    assert_int_equal(filter.name.bytes, 0);
    assert_true(read("given_name = \"Jon\"", &filter));
    assert_true(str_eq(filter.name, STR("given_name")));
    assert_true(str_eq(filter.value, STR("Jon")));
    assert_false(filter.begins);
    assert_true(read(" cognito:user_status^=\"CON\" ", &filter));
    assert_true(str_eq(filter.name, STR("cognito:user_status")));
    assert_true(filter.begins);
    assert_true(read("\"email\" = \"a \\\"b\\\\\"", &filter));
    assert_true(str_eq(filter.name, STR("email")));
    assert_true(str_eq(filter.value, STR("a \"b\\")));
    assert_true(read("name=\"\"", &filter));
    assert_int_equal(filter.value.bytes, 0);
}

static void what_is_none_is_refused(void **state)
{
    static const char *const texts[] = {"email",          "email =",         "= \"x\"",
                                        "email = x",      "email = \"x",     "email == \"x\"",
                                        "email = \"x\" y", "email > \"x\"",  "\"email = \"x\"",
                                        "email ^ \"x\"",  "email = \"x\\"};
    struct user_filter filter;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(read(texts[i], &filter));
    }
}

static void case_counts_but_for_the_state(void **state)
{
    struct user_filter filter;

    (void)state;
    assert_true(read("name ^= \"Jo\"", &filter));
    assert_true(user_filter_fits(&filter, STR("Jon")));
    assert_false(user_filter_fits(&filter, STR("jon")));
    assert_true(read("cognito:user_status = \"confirmed\"", &filter));
    assert_true(user_filter_fits(&filter, STR("CONFIRMED")));
    assert_false(user_filter_fits(&filter, STR("UNCONFIRMED")));
    assert_true(user_filter_searchable(STR("sub")));
    assert_false(user_filter_searchable(STR("custom:team")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_read),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(case_counts_but_for_the_state),
    };
    int failed;

    arena = arena_new(1u << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
