/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves texts, buffers, base64 and JSON: what is read, what is refused, and that what does not fit
 * is said and not overrun.
 */
#include "weir_json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct weir_buf buf;

static int clear(void **state)
{
    (void)state;
    weir_buf_done(&buf);
    weir_buf_init(&buf, 1u << 20);
    return 0;
}

static void assert_text(struct weir_text text, const char *wanted)
{
    if (wanted == NULL ? text.at != NULL : !weir_text_is(text, wanted)) {
        fail_msg("\"%.*s\", not \"%s\"", WEIR_ARG(text), wanted == NULL ? "nothing" : wanted);
    }
}

static void what_is_json_is_told_from_what_is_not(void **state)
{
    static const char *const good[] = {"0",
                                       "-0",
                                       "1.5e-10",
                                       " null ",
                                       "true",
                                       "false",
                                       "\"\"",
                                       "[]",
                                       "{}",
                                       "[1,[2,[3]],{}]",
                                       "{\"a\":{\"b\":[\"\\u00e9\\n\"]}}",
                                       "\"\\ud83d\\ude00\\/\"",
                                       "\n[ 1 , 2 ]\t"};
    static const char *const bad[] = {"",           " ",    "01",    "1.",  ".5",      "+1",
                                      "1e",         "tru",  "nullx", "\"",  "\"\\x\"", "\"\\u12\"",
                                      "\"\n\"",     "[1,]", "[1 2]", "[",   "{\"a\"}", "{a:1}",
                                      "{\"a\":1,}", "[}",   "{]",    "1 2", "'a'",     "nan"};
    char deep[2 * WEIR_JSON_DEPTH_MAX + 3];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!weir_json_check(weir_text(good[i]))) {
            fail_msg("%s is JSON", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (weir_json_check(weir_text(bad[i]))) {
            fail_msg("%s is not JSON", bad[i]);
        }
    }
    assert_false(weir_json_check(WEIR_NONE));
    memset(deep, '[', WEIR_JSON_DEPTH_MAX + 1);
    memset(deep + WEIR_JSON_DEPTH_MAX + 1, ']', WEIR_JSON_DEPTH_MAX + 1);
    deep[sizeof deep - 1] = '\0';
    assert_false(weir_json_check(weir_text(deep)));
    assert_true(weir_json_check((struct weir_text){deep + 1, 2 * WEIR_JSON_DEPTH_MAX}));
}

static void a_path_leads_to_a_value(void **state)
{
    struct weir_text doc = WEIR_TEXT(
        "{\"Records\":[{\"body\":\"x\",\"n\":-7},{\"a.b\":[true,null]}],\"\\u0065\":{\"f\":1.5}}");

    (void)state;
    assert_text(weir_json_get(doc, "Records[0].body"), "\"x\"");
    assert_text(weir_json_get(doc, "Records[0].n"), "-7");
    assert_text(weir_json_get(doc, "e.f"), "1.5");
    assert_text(weir_json_get(doc, "Records[2]"), NULL);
    assert_text(weir_json_get(doc, "Records.body"), NULL);
    assert_text(weir_json_get(doc, "Records[0].body.deeper[3]"), NULL);
    assert_text(weir_json_get(WEIR_NONE, "a"), NULL);
    doc = weir_json_get(doc, "Records[1]");
    assert_text(weir_json_get(weir_json_member(doc, WEIR_TEXT("a.b")), "[1]"), "null");
}

static void values_come_one_after_the_other(void **state)
{
    struct weir_json_each each = weir_json_each(WEIR_TEXT(" { \"a\" : 1 , \"b\" : [ 2 ] } "));

    (void)state;
    assert_true(weir_json_next(&each));
    assert_text(each.key, "\"a\"");
    assert_text(each.value, "1");
    assert_true(weir_json_next(&each));
    assert_text(each.value, "[ 2 ]");
    assert_false(weir_json_next(&each));
    assert_false(weir_json_next(&each));
    each = weir_json_each(WEIR_TEXT("[1,{\"broken]"));
    assert_true(weir_json_next(&each));
    assert_false(weir_json_next(&each));
    each = weir_json_each(WEIR_TEXT("\"no container\""));
    assert_false(weir_json_next(&each));
}

static void strings_are_read_in_place_or_decoded(void **state)
{
    struct weir_text plain = WEIR_TEXT("\"as it is\"");
    struct weir_text text = weir_json_string(plain, &buf);

    (void)state;
    assert_ptr_equal(text.at, plain.at + 1);
    assert_text(text, "as it is");
    assert_text(weir_json_string(WEIR_TEXT("\"a\\n\\u00e9\\ud83d\\ude00\\/\\ud800\""), &buf),
                "a\né😀/\xEF\xBF\xBD");
    assert_text(weir_json_string(WEIR_TEXT("17"), &buf), NULL);
    assert_text(weir_json_string(WEIR_TEXT("\"open"), &buf), NULL);
    assert_true(weir_json_string_is(WEIR_TEXT("\"\\u0061b\""), "ab"));
    assert_false(weir_json_string_is(WEIR_TEXT("\"abc\""), "ab"));
    assert_false(weir_json_string_is(WEIR_TEXT("\"a\""), "ab"));
}

static void numbers_are_exact_or_refused(void **state)
{
    int64_t number = 17;
    double real;
    bool yes = false;

    (void)state;
    assert_true(weir_json_int(WEIR_TEXT("9223372036854775807"), &number));
    assert_true(number == INT64_MAX);
    assert_true(weir_json_int(WEIR_TEXT("-9223372036854775808"), &number));
    assert_true(number == INT64_MIN);
    assert_false(weir_json_int(WEIR_TEXT("9223372036854775808"), &number));
    assert_false(weir_json_int(WEIR_TEXT("-9223372036854775809"), &number));
    assert_true(weir_json_int(WEIR_TEXT("\"-17\""), &number));
    assert_true(number == -17);
    assert_true(weir_json_int(WEIR_TEXT("-9223372036854775808"), &number));
    assert_false(weir_json_int(WEIR_TEXT("1.0"), &number));
    assert_false(weir_json_int(WEIR_TEXT("\"\""), &number));
    assert_false(weir_json_int(WEIR_TEXT("\""), &number));
    assert_false(weir_json_int(WEIR_TEXT("\"1"), &number));
    assert_false(weir_json_int(WEIR_TEXT("-"), &number));
    assert_false(weir_json_int(WEIR_NONE, &number));
    assert_true(number == INT64_MIN);
    assert_true(weir_json_double(WEIR_TEXT("-1.5e2"), &real));
    assert_true(real > -150.1 && real < -149.9);
    assert_false(weir_json_double(WEIR_TEXT("1.5x"), &real));
    assert_true(weir_json_bool(WEIR_TEXT("true"), &yes));
    assert_true(yes);
    assert_false(weir_json_bool(WEIR_TEXT("1"), &yes));
}

static void a_pattern_becomes_json(void **state)
{
    (void)state;
    weir_json_add(&buf, "{'s':%s,'t':%t,'d':%d,'l':%l,'b':%b,'f':%f,'j':%j,'v':%v,'none':%s}",
                  "q\"\\", WEIR_TEXT("\n\x01"), -7, 1LL << 40, 1, 0.5, WEIR_TEXT("[1]"),
                  WEIR_TEXT("hello"), (const char *)NULL);
    assert_text(weir_buf_text(&buf),
                "{\"s\":\"q\\\"\\\\\",\"t\":\"\\n\\u0001\",\"d\":-7,\"l\":1099511627776,\"b\":true,"
                "\"f\":0.5,\"j\":[1],\"v\":\"aGVsbG8=\",\"none\":null}");
    weir_buf_clear(&buf);
    weir_json_add(&buf, "'arn:%s:%t' %%", "x\"", WEIR_TEXT("y"));
    assert_text(weir_buf_text(&buf), "\"arn:x\\\":y\" %");
    weir_buf_clear(&buf);
    weir_json_add(&buf, "%t", WEIR_TEXT("\xff\xc3\xa9\xed\xa0\x80"));
    assert_text(weir_buf_text(&buf),
                "\"\xEF\xBF\xBD\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void base64_goes_there_and_back(void **state)
{
    struct weir_buf back;
    unsigned char bytes[256];

    (void)state;
    weir_buf_init(&back, 1u << 20);
    for (int i = 0; i < 256; i++) {
        bytes[i] = (unsigned char)(i * 37);
    }
    for (size_t count = 0; count < sizeof bytes; count++) {
        weir_buf_clear(&buf);
        weir_buf_clear(&back);
        weir_base64_add(&buf, (struct weir_text){(const char *)bytes, count});
        assert_true(weir_base64_decode(&back, weir_buf_text(&buf)));
        assert_int_equal(back.bytes, count);
        assert_memory_equal(back.at, bytes, count);
    }
    weir_buf_clear(&back);
    assert_false(weir_base64_decode(&back, WEIR_TEXT("a")));
    assert_false(weir_base64_decode(&back, WEIR_TEXT("ab!d")));
    assert_true(weir_base64_decode(&back, WEIR_TEXT("aGk")));
    assert_text(weir_buf_text(&back), "hi");
    weir_buf_done(&back);
}

static void what_does_not_fit_is_dropped_and_said(void **state)
{
    struct weir_buf small;

    (void)state;
    weir_buf_init(&small, 8);
    weir_buf_add_c(&small, "12345678");
    assert_false(small.failed);
    weir_buf_add_c(&small, "9");
    assert_true(small.failed);
    assert_text(weir_buf_text(&small), "12345678");
    weir_buf_clear(&small);
    assert_false(small.failed);
    weir_buf_add_c(&small, "again");
    assert_text(weir_buf_text(&small), "again");
    weir_buf_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_json_is_told_from_what_is_not, clear),
        cmocka_unit_test_setup(a_path_leads_to_a_value, clear),
        cmocka_unit_test_setup(values_come_one_after_the_other, clear),
        cmocka_unit_test_setup(strings_are_read_in_place_or_decoded, clear),
        cmocka_unit_test_setup(numbers_are_exact_or_refused, clear),
        cmocka_unit_test_setup(a_pattern_becomes_json, clear),
        cmocka_unit_test_setup(base64_goes_there_and_back, clear),
        cmocka_unit_test_setup(what_does_not_fit_is_dropped_and_said, clear),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    weir_buf_done(&buf);
    return failed;
}
