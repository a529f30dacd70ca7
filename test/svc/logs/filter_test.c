/* SPDX-License-Identifier: Apache-2.0
 *
 * Filter patterns, as tables: a pattern, and messages that it matches or does not. Then what is
 * refused, what is taken out of messages, and generated patterns whose answer is known by how they
 * were made.
 */
#include "svc/logs/filter.h"

#include "base/buf.h"
#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EXTRACTS_MAX 16

struct row {
    const char *pattern; /* NULL: the one before */
    const char *message;
    bool matches;
};

static void check(const struct row *rows, size_t count)
{
    struct arena *scratch = arena_new(1u << 20);
    struct filter *filter = NULL;
    const char *pattern = NULL;

    for (size_t i = 0; i < count; i++) {
        struct why why = {""};

        if (rows[i].pattern != NULL) {
            filter_free(filter);
            filter = NULL;
            pattern = rows[i].pattern;
            if (filter_new(str_c(pattern), &why, &filter) != OK) {
                fail_msg("%s: %s", pattern, why.text);
            }
        }
        if (filter_match(filter, str_c(rows[i].message), scratch) != rows[i].matches) {
            fail_msg("%s and %s", pattern, rows[i].message);
        }
    }
    filter_free(filter);
    arena_free(scratch);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void terms_are_all_any_or_none(void **state)
{
    static const struct row rows[] = {
        {"", "anything", true},
        {"  ", "anything", true},
        {"ERROR", "[ERROR 400] BAD REQUEST", true},
        {NULL, "error 400", false},
        {NULL, "INFO", false},
        {"ERROR ARGUMENTS", "ERROR MISSING ARGUMENTS", true},
        {NULL, "ERROR MISSING", false},
        {"?ERROR ?ARGUMENTS", "ERROR 401", true},
        {NULL, "no ARGUMENTS", true},
        {NULL, "neither", false},
        {"\"INTERNAL SERVER ERROR\"", "500 INTERNAL SERVER ERROR", true},
        {NULL, "INTERNAL ERROR SERVER", false},
        {"ERROR -ARGUMENTS", "ERROR 400", true},
        {NULL, "ERROR ARGUMENTS", false},
        {"-DEBUG", "INFO", true},
        {NULL, "DEBUG x", false},
        {"?INFO REQUEST", "a REQUEST", true},
        {NULL, "INFO alone", false},
        {"?INFO -REQUEST", "nothing of it", true},
        {"\"a \\\"quoted\\\" word\"", "has a \"quoted\" word", true},
        {"-\"time out\" x", "x time out", false},
        {NULL, "x timeout", true},
        {"gr\303\274n", "es ist gr\303\274n", true},
    };

    (void)state;
    CHECK(rows);
}

static void regular_expressions_are_searched_for(void **state)
{
    static const struct row rows[] = {
        {"%AUTHORIZED%", "UNAUTHORIZED REQUEST", true},
        {NULL, "REJECTED", false},
        {"%4[0-9]{2}%", "status 404", true},
        {NULL, "status 504", false},
        {"%^START%", "START RequestId", true},
        {NULL, "x START", false},
        {"%a|b% c", "b c", true},
        {NULL, "b", false},
        {"-%x+y%", "xxy", false},
        {NULL, "xx", true},
        {"%\\d\\d:\\d\\d%", "at 12:34", true},
        {"%\\x41%", "A", true},
        {"{ $.ip = %^10\\.1% }", "{\"ip\":\"10.1.2.3\"}", true},
        {NULL, "{\"ip\":\"210.1.2.3\"}", false},
        {"[a=%^x%, b]", "xy z", true},
        {NULL, "yx z", false},
    };

    (void)state;
    CHECK(rows);
}

static void json_selectors_lead_to_values(void **state)
{
    static const struct row rows[] = {
        {"{ $.eventType = \"UpdateTrail\" }", "{\"eventType\":\"UpdateTrail\"}", true},
        {NULL, "{\"eventType\":\"DeleteTrail\"}", false},
        {NULL, "{\"other\":1}", false},
        {NULL, "eventType UpdateTrail", false},
        {NULL, "  {\"eventType\":\"UpdateTrail\"} ", true},
        {"{$.eventType=UpdateTrail}", "{\"eventType\":\"UpdateTrail\"}", true},
        {"{ $.a.b[1].c = \"x\" }", "{\"a\":{\"b\":[{\"c\":\"y\"},{\"c\":\"x\"}]}}", true},
        {NULL, "{\"a\":{\"b\":[{\"c\":\"x\"}]}}", false},
        {"{ $.a[*].c = 2 }", "{\"a\":[{\"c\":1},{\"c\":2}]}", true},
        {NULL, "{\"a\":[{\"c\":1}]}", false},
        {"{ $.['cluster.name'] = \"c\" }", "{\"cluster.name\":\"c\"}", true},
        {"{ $['a'].b = 1 }", "{\"a\":{\"b\":1}}", true},
        {"{ $.a = \"x\" }", "{\"a\":[\"x\"]}", false},
        {"{ $.a != \"x\" }", "{\"a\":\"y\"}", true},
        {NULL, "{\"a\":\"x\"}", false},
        {NULL, "{}", false},
        {"{ $.ip != 123.123.* }", "{\"ip\":\"10.0.0.1\"}", true},
        {NULL, "{\"ip\":\"123.123.0.1\"}", false},
        {"{ $.a = \"*mid*\" }", "{\"a\":\"in the middle\"}", true},
        {NULL, "{\"a\":\"end\"}", false},
        {"{ $.a = \"quo\\\"te\" }", "{\"a\":\"quo\\\"te\"}", true},
        {"{ $.a-b = 1 }", "{\"a-b\":1}", true},
    };

    (void)state;
    CHECK(rows);
}

static void json_numbers_and_kinds_are_compared(void **state)
{
    static const struct row rows[] = {
        {"{ $.n > 75 }", "{\"n\":76}", true},
        {NULL, "{\"n\":75}", false},
        {NULL, "{\"n\":\"76\"}", false},
        {"{ $.n >= 1.5 }", "{\"n\":1.5}", true},
        {"{ $.n < -1e2 }", "{\"n\":-101}", true},
        {NULL, "{\"n\":-99}", false},
        {"{ $.n <= 3 }", "{\"n\":3}", true},
        {"{ $.n = 400 }", "{\"n\":400}", true},
        {NULL, "{\"n\":400.5}", false},
        {NULL, "{\"n\":\"400\"}", false},
        {"{ $.n != 400 }", "{\"n\":401}", true},
        {NULL, "{\"n\":400}", false},
        {"{ $.n = 4* }", "{\"n\":404}", true},
        {NULL, "{\"n\":504}", false},
        {"{ $.x IS NULL }", "{\"x\":null}", true},
        {NULL, "{\"x\":0}", false},
        {NULL, "{}", false},
        {"{ $.x NOT EXISTS }", "{}", true},
        {NULL, "{\"x\":null}", false},
        {"{ $.x EXISTS }", "{\"x\":[]}", true},
        {"{ $.x IS TRUE }", "{\"x\":true}", true},
        {NULL, "{\"x\":\"true\"}", false},
        {"{ $.x IS FALSE }", "{\"x\":false}", true},
        {NULL, "{\"x\":true}", false},
    };

    (void)state;
    CHECK(rows);
}

static void json_tests_are_joined(void **state)
{
    static const struct row rows[] = {
        {"{ $.a = 1 && $.b = 2 }", "{\"a\":1,\"b\":2}", true},
        {NULL, "{\"a\":1}", false},
        {"{ $.a = 1 || $.b = 2 }", "{\"b\":2}", true},
        {NULL, "{\"a\":3}", false},
        {"{ $.a = 1 || $.b = 2 && $.c = 3 }", "{\"a\":1}", true}, /* && binds more closely */
        {NULL, "{\"b\":2}", false},
        {"{ ($.a = 1 || $.b = 2) && $.c = 3 }", "{\"a\":1}", false},
        {NULL, "{\"b\":2,\"c\":3}", true},
        {"{ (($.a = 1)) }", "{\"a\":1}", true},
        {"{($.e=\"x\")&&($.f!=\"y\")}", "{\"e\":\"x\",\"f\":\"z\"}", true},
    };

    (void)state;
    CHECK(rows);
}

#define ACCESS                                                                                     \
    "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534"

static void fields_are_counted_and_tested(void **state)
{
    static const struct row rows[] = {
        {"[ip, user, name, when, request, status, bytes]", ACCESS, true},
        {NULL, "too few of them", false},
        {"[ip, user, name, when, request =*.html*, status = 4*,]", ACCESS, true},
        {"[ip, user, name, when, request =*.gif*, status = 4*,]", ACCESS, false},
        {"[ip, ..., status = 404, bytes > 1000]", ACCESS, true},
        {"[ip, ..., status = 404, bytes > 2000]", ACCESS, false},
        {"[..., bytes]", ACCESS, true},
        {"[ip, ...]", ACCESS, true},
        {"[...]", "", true},
        {"[ip!=127.*, ...]", ACCESS, false},
        {"[..., status = 404 || status = 410, bytes]", ACCESS, true},
        {"[..., (status = 400 || status = 410) && status > 3, bytes]", ACCESS, false},
        {"[w1=ERROR, w2]", "ERROR x", true},
        {NULL, "ERROR", false},
        {NULL, "WARN x", false},
        {"[w1=\"a b\"]", "\"a b\"", true},
        {"[a, b, ..., c, d]", "1 2 3", false},
        {NULL, "1 2 3 4", true},
        {"[a, , c=3]", "1 2 3", true},
    };

    (void)state;
    CHECK(rows);
}

static void what_is_no_pattern_is_refused(void **state)
{
    static const char *const wrong[] = {
        "foo-bar", "a:b", "\"open", "?", "-", "%open", "%a(b)%", "%a b%", "%[%", "%%", "{", "{}",
        "{ $.a }", "{ $.a = }", "{ $.a = 1", "{ $.a = 1 } x", "{ a = 1 }", "{ $ = 1 }",
        "{ $.a > x }", "{ $.a IS MAYBE }", "{ $.a NOT }", "{ ($.a = 1 }", "{ $.a = 1 && }",
        "{ $.a[x] = 1 }", "{ $.a[1 = 1 }", "{ $..a = 1 }", "[a, b", "[a] x", "[..., b, ...]",
        "[a = ]", "[a b]", "%a% %b% %c%",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct filter *filter = NULL;
        struct why why = {""};

        if (filter_new(str_c(wrong[i]), &why, &filter) != &ERR_MALFORMED) {
            fail_msg("%s is taken", wrong[i]);
        }
        assert_true(why.text[0] != '\0');
    }
}

static void deep_and_long_patterns_have_an_end(void **state)
{
    struct filter *filter;
    struct why why;
    struct buf text;

    (void)state;
    buf_init(&text, 8192);
    buf_add(&text, STR("{ "));
    for (int i = 0; i <= FILTER_DEPTH_MAX; i++) {
        buf_add_c(&text, '(');
    }
    assert_ptr_equal(filter_new(buf_str(&text), &why, &filter), &ERR_MALFORMED);
    buf_clear(&text);
    for (int i = 0; i <= FILTER_BYTES_MAX; i++) {
        buf_add_c(&text, 'a');
    }
    assert_ptr_equal(filter_new(buf_str(&text), &why, &filter), &ERR_MALFORMED);
    buf_done(&text);
}

static void extracts_are(const char *pattern, const char *message, const char *expected)
{
    struct arena *scratch = arena_new(1u << 20);
    struct extract extracts[EXTRACTS_MAX];
    struct filter *filter;
    struct why why;
    struct buf text;
    size_t count;

    assert_ptr_equal(filter_new(str_c(pattern), &why, &filter), OK);
    count = filter_extract(filter, str_c(message), scratch, extracts, EXTRACTS_MAX);
    buf_init(&text, 4096);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%.*s=%.*s;", STR_ARG(extracts[i].name), STR_ARG(extracts[i].value));
    }
    buf_add_c(&text, '\0');
    assert_string_equal(text.at, expected);
    buf_done(&text);
    filter_free(filter);
    arena_free(scratch);
}

static void names_take_their_values_out(void **state)
{
    (void)state;
    extracts_are("[ip, ..., bytes]", "1 2 \"3 x\" 4", "$ip=1;$2=2;$3=3 x;$bytes=4;");
    extracts_are("[a, b]", "1 2 3", "");
    extracts_are("{ $.a = 1 && $.b.c = \"x\" }", "{\"a\":1,\"b\":{\"c\":\"x\"}}",
                 "$.a=1;$.b.c=x;");
    extracts_are("ERROR", "ERROR", "");
}

/* Messages of words from a small set, and patterns of terms: the answer is counted by hand. */
static void generated_terms_agree_with_counting(void **state)
{
    static const char *const words[] = {"alpha", "beta", "gamma", "delta"};
    struct arena *arena = arena_new(16u << 20);
    struct rand rand;

    (void)state;
    rand_init(&rand, 5);
    for (int round = 0; round < 2000; round++) {
        uint64_t in_message = rand_below(&rand, 16);
        uint64_t must = rand_below(&rand, 16);
        uint64_t not = rand_below(&rand, 16) & ~must;
        struct arena *scratch = arena_new(1u << 20);
        struct filter *filter;
        struct buf message, pattern;
        struct why why;

        buf_init(&message, 256);
        buf_init(&pattern, 256);
        for (unsigned int i = 0; i < 4; i++) {
            if (in_message >> i & 1) {
                buf_printf(&message, "%s ", words[i]);
            }
            if ((must | not ) >> i & 1) {
                buf_printf(&pattern, "%s%s ", not >> i & 1 ? "-" : "", words[i]);
            }
        }
        assert_ptr_equal(filter_new(buf_str(&pattern), &why, &filter), OK);
        assert_int_equal(filter_match(filter, buf_str(&message), scratch),
                         (in_message & must) == must && (in_message & not ) == 0);
        filter_free(filter);
        buf_done(&message);
        buf_done(&pattern);
        arena_free(scratch);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_all_any_or_none),
        cmocka_unit_test(regular_expressions_are_searched_for),
        cmocka_unit_test(json_selectors_lead_to_values),
        cmocka_unit_test(json_numbers_and_kinds_are_compared),
        cmocka_unit_test(json_tests_are_joined),
        cmocka_unit_test(fields_are_counted_and_tested),
        cmocka_unit_test(what_is_no_pattern_is_refused),
        cmocka_unit_test(deep_and_long_patterns_have_an_end),
        cmocka_unit_test(names_take_their_values_out),
        cmocka_unit_test(generated_terms_agree_with_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
