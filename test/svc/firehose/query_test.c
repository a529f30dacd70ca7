/* SPDX-License-Identifier: Apache-2.0
 *
 * Queries: what jq 1.6 gives for what is supported, and what is refused by name.
 */
#include "svc/firehose/query.h"

#include "base/buf.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

/* The answer as JSON; "wrong" where there is none, "empty" where nothing comes out. */
static const char *asked(const char *query, const char *input)
{
    struct query *parsed;
    struct value document;
    struct value answer;
    struct why why = {""};
    struct buf text;
    struct str copy;

    arena_clear(arena);
    if (query_parse(str_c(query), arena, &why, &parsed) != OK) {
        return arena_dup(arena, str_c(why.text)).at;
    }
    assert_ptr_equal(json_read(arena_dup(arena, str_c(input)), 0, arena, &why, &document), OK);
    if (query_run(parsed, &document, arena, &why, &answer) != OK) {
        return "wrong";
    }
    if (answer.kind == VALUE_NONE) {
        return "empty";
    }
    buf_init(&text, 1u << 20);
    json_write(&text, &answer, TIME_EPOCH);
    copy = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return copy.at;
}

static void queries_give_what_jq_gives(void **state)
{
    static const char *const cases[][3] = {
        {".", "{\"a\":1}", "{\"a\":1}"},
        {"{id:.id}", "{\"id\":7}", "{\"id\":7}"},
        {"{id}", "{\"id\":7}", "{\"id\":7}"},
        {"{\"a b\":.x.y, (.k):1}", "{\"x\":{\"y\":\"z\"},\"k\":\"K\"}", "{\"a b\":\"z\",\"K\":1}"},
        {".a[0].b", "{\"a\":[{\"b\":5}]}", "5"},
        {".a[-1]", "{\"a\":[1,2,3]}", "3"},
        {".[\"a\"]", "{\"a\":1}", "1"},
        {".\"a b\"", "{\"a b\":1}", "1"},
        {".a.b.c", "{}", "null"},
        {".a.b", "{\"a\":1}", "wrong"},
        {"(.a.b)?", "{\"a\":1}", "empty"},
        {".a.b? // \"d\"", "{\"a\":1}", "\"d\""},
        {".a.b // \"d\"", "{\"a\":1}", "\"d\""},
        {".a // .b // 3", "{\"a\":false}", "3"},
        {".ts[0:10]", "{\"ts\":\"2026-11-23T08\"}", "\"2026-11-23\""},
        {".ts[-2:]", "{\"ts\":\"abcd\"}", "\"cd\""},
        {".a[1:]", "{\"a\":[1,2,3]}", "[2,3]"},
        {"1 + 2 * 3 - 4 / 2", "null", "5"},
        {"7 % 3", "null", "1"},
        {"-(.a)", "{\"a\":3}", "-3"},
        {"1 / 0", "null", "wrong"},
        {"\"a\" + \"b\"", "null", "\"ab\""},
        {".a == 1 and .b != 2 or false", "{\"a\":1,\"b\":3}", "true"},
        {".a < \"b\"", "{\"a\":\"a\"}", "true"},
        {"null < false", "null", "true"},
        {"if .a > 1 then \"many\" elif .a == 1 then \"one\" else \"none\" end", "{\"a\":1}",
         "\"one\""},
        {"if .a then 1 end", "{\"a\":false}", "{\"a\":false}"},
        {"[.a, .b] | join(\"-\")", "{\"a\":1,\"b\":\"x\"}", "\"1-x\""},
        {".a | split(\"/\")[1]", "{\"a\":\"x/y\"}", "\"y\""},
        {".a | tostring", "{\"a\":1.5}", "\"1.5\""},
        {".a | tostring", "{\"a\":3.0}", "\"3\""},
        {".a | tonumber + 1", "{\"a\":\"41\"}", "42"},
        {".a | ascii_downcase", "{\"a\":\"ABc\"}", "\"abc\""},
        {".a | ltrimstr(\"a\") | rtrimstr(\"c\")", "{\"a\":\"abc\"}", "\"b\""},
        {".a | startswith(\"ab\")", "{\"a\":\"abc\"}", "true"},
        {".a | length", "{\"a\":\"äb\"}", "2"},
        {"has(\"a\")", "{\"a\":null}", "true"},
        {"type", "[]", "\"array\""},
        {".t | strftime(\"%Y/%m/%d %H %j\")", "{\"t\":1795424709}", "\"2026/11/23 09 327\""},
        {".t | strptime(\"%Y-%m-%dT%H:%M:%SZ\") | mktime", "{\"t\":\"2026-11-23T09:05:09Z\"}",
         "1795424709"},
        {".t | fromdate | todate", "{\"t\":\"2026-11-23T09:05:09Z\"}",
         "\"2026-11-23T09:05:09Z\""},
        {".t / 1000 | floor", "{\"t\":1795424709012}", "1795424709"},
        {"empty // 1", "null", "1"},
        {"not", "null", "true"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(asked(cases[i][0], cases[i][1]), cases[i][2]);
    }
}

static void what_is_not_supported_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {".[]", "several values"}, {"..", "several values"}, {".a, .b", "several values"},
        {"input", "input/0 is not supported"}, {"range(3)", "range/1 is not supported"},
        {"def f: 1; f", "def/0 is not supported"}, {"\"\\(1)\"", "not one of JSON"},
        {"{a", "} is missing"}, {"(", "expected"}, {"if 1", "then is missing"},
        {"$__loc__", "expected"}, {"", "expected"}, {"1 1", "expected"}, {".a.", "name is missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_non_null(strstr(asked(cases[i][0], "null"), cases[i][1]));
    }
}

static void nothing_nests_without_end(void **state)
{
    static const char *const parts[] = {"(", "[", "{a:", ".[", "-", "if ", ".a//", ".|", "1+"};

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct buf text;
        struct query *query;
        struct why why;

        arena_clear(arena);
        buf_init(&text, 1u << 20);
        for (int k = 0; k < 1000; k++) {
            buf_add(&text, str_c(parts[i]));
        }
        buf_add_c(&text, '1');
        assert_ptr_equal(query_parse(buf_str(&text), arena, &why, &query), &ERR_MALFORMED);
        buf_done(&text);
    }
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(64u << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_give_what_jq_gives),
        cmocka_unit_test(what_is_not_supported_is_refused),
        cmocka_unit_test(nothing_nests_without_end),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
