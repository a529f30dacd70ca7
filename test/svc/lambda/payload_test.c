/* SPDX-License-Identifier: Apache-2.0
 *
 * Pure parts of invocations: what is JSON, lineages of trace headers, answers of function URLs.
 */
#include "base/arena.h"
#include "svc/lambda/lineage.h"
#include "svc/lambda/payload.h"
#include "svc/lambda/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void json_is_told_from_what_is_none(void **state)
{
    static const char *const good[] = {
        "{}", "[]", "\"\"", "0", "-0", "1.5e+10", "true", "false", "null", " [1, 2 ] ",
        "{\"a\":{\"b\":[{},[],\"\\u00e9\\n\"]}}", "\"\xc3\xbc\"", "[[[[[[[[[[1]]]]]]]]]]", "1E5"};
    static const char *const bad[] = {
        "", " ", "{", "}", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "'a'", "01",
        "1.", ".5", "+1", "-", "1e", "tru", "nul", "truex", "[1 2]", "\"\\x\"", "\"\\u12g4\"",
        "\"a", "\"\n\"", "{}{}", "[}", "{]", "\"\xff\"", "1 1", "{\"a\":1 \"b\":2}", "{1:2}"};
    struct why why;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!payload_is_json(str_c(good[i]), &why)) {
            print_error("%s: %s\n", good[i], why.text);
            assert_true(false);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (payload_is_json(str_c(bad[i]), &why)) {
            print_error("%s was taken\n", bad[i]);
            assert_true(false);
        }
        assert_true(why.text[0] != '\0');
    }
    assert_false(payload_is_json(STR("1\0"), &why));
}

static void nesting_has_an_end(void **state)
{
    char text[2 * PAYLOAD_DEPTH_MAX + 4];
    struct why why;

    (void)state;
    memset(text, '[', PAYLOAD_DEPTH_MAX);
    memset(text + PAYLOAD_DEPTH_MAX, ']', PAYLOAD_DEPTH_MAX);
    assert_true(payload_is_json(str_of(text, 2u * PAYLOAD_DEPTH_MAX), &why));
    memset(text, '[', PAYLOAD_DEPTH_MAX + 1);
    memset(text + PAYLOAD_DEPTH_MAX + 1, ']', PAYLOAD_DEPTH_MAX + 1);
    assert_false(payload_is_json(str_of(text, 2u * PAYLOAD_DEPTH_MAX + 2), &why));
}

static void the_reason_says_where(void **state)
{
    struct why why;

    (void)state;
    assert_false(payload_is_json(STR("{\"a\": 1,\n  x}"), &why));
    assert_non_null(strstr(why.text, "Unexpected character ('x' (code 120))"));
    assert_non_null(strstr(why.text, "line: 2, column: 3"));
    assert_false(payload_is_json(STR("{\"a\": 1"), &why));
    assert_non_null(strstr(why.text, "Unexpected end-of-input"));
}

static void a_lineage_counts_each_function_of_a_chain(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct str one = STR("arn:aws:lambda:us-east-1:000000000000:function:one");
    struct str two = STR("arn:aws:lambda:us-east-1:000000000000:function:two");
    struct str trace = STR("Root=1-a;Parent=b;Sampled=1");
    uint32_t count = 0;

    (void)state;
    for (uint32_t i = 1; i <= 20; i++) {
        trace = lineage_next(trace, one, arena, &count);
        assert_int_equal(count, i);
        trace = lineage_next(trace, two, arena, &count);
        assert_int_equal(count, i);
    }
    assert_true(str_starts(trace, STR("Root=1-a;Parent=b;Sampled=1;Lineage=1:")));
    assert_true(trace.bytes < 100);
    for (int i = 0; i < 20; i++) { /* the newest are remembered */
        struct str name = arena_printf(arena, "function-%d", i);

        trace = lineage_next(trace, name, arena, &count);
        assert_int_equal(count, 1);
    }
    assert_true(trace.bytes < 300);
    (void)lineage_next(STR("Lineage=x|1:12345678|1:1234:5|::;;"), one, arena, &count);
    assert_int_equal(count, 1);
    arena_free(arena);
}

static void an_answer_of_a_url_is_a_structure_or_the_body(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct http_answer answer;
    size_t bytes = 0;

    (void)state;
    assert_true(http_answer_read(STR("{\"statusCode\":\"204\",\"headers\":{\"A\":\"b\"}}"), arena,
                                &answer));
    assert_int_equal(answer.http, 204);
    assert_int_equal(answer.header_count, 2);
    assert_true(str_eq(answer.headers[0].name, STR("a")));
    assert_true(str_eq(answer.headers[1].value, STR("application/json")));
    assert_true(http_answer_read(STR("[1]"), arena, &answer));
    assert_int_equal(answer.http, 200);
    assert_true(str_eq(answer.body, STR("[1]")));
    assert_true(answer.bare); /* whether it is JSON url.c looks for itself */
    assert_false(http_answer_read(STR("{\"statusCode\":100}"), arena, &answer));
    assert_false(http_answer_read(
        STR("{\"statusCode\":200,\"body\":\"?\",\"isBase64Encoded\":true}"), arena, &answer));
    assert_false(http_prelude_read(STR("{\"statusCode\":2"), arena, &answer, &bytes));
    assert_int_equal(bytes, 0); /* more is needed */
    assert_true(http_prelude_read(STR("{\"statusCode\":201}\0\0\0\0\0\0\0\0x"), arena, &answer,
                                 &bytes));
    assert_int_equal(answer.http, 201);
    assert_int_equal(bytes, 26);
    assert_false(http_prelude_read(STR("x\0\0\0\0\0\0\0\0"), arena, &answer, &bytes));
    assert_int_equal(bytes, 1); /* it is none */
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_told_from_what_is_none),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(the_reason_says_where),
        cmocka_unit_test(a_lineage_counts_each_function_of_a_chain),
        cmocka_unit_test(an_answer_of_a_url_is_a_structure_or_the_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
