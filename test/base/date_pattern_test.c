/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns as Java writes them: each letter at each length, quotes, zones, weeks at the year's
 * ends; and which patterns are none.
 */
#include "base/date_pattern.h"

#include "seeded.h"

#include "base/mem.h"
#include "base/time.h"

#define MOMENT INT64_C(1795424709012) /* 2026-11-23T09:05:09.012Z, a Monday */

static void writes(const char *pattern, const char *wanted, const struct date_at *at)
{
    struct buf out;

    assert_true(date_pattern_is(str_c(pattern)));
    buf_init(&out, 4096);
    date_pattern_add(&out, str_c(pattern), at);
    buf_add_c(&out, '\0');
    assert_string_equal(out.at, wanted);
    buf_done(&out);
}

static void letters_write_what_java_writes(void **state)
{
    static const char *const cases[][2] = {
        {"yyyy/MM/dd/HH", "2026/11/23/09"}, {"y-M-d", "2026-11-23"}, {"yy", "26"},
        {"yyyyy", "02026"}, {"uuuu", "2026"}, {"MMM MMMM MMMMM", "Nov November N"},
        {"LLL", "Nov"}, {"E EEEE EEEEE", "Mon Monday M"}, {"e ee eee", "2 02 Mon"}, {"c", "2"},
        {"D DDD", "327 327"}, {"h hh K k a", "9 09 9 9 AM"}, {"H HH m mm s ss", "9 09 5 05 9 09"},
        {"S SS SSS SSSSSS", "0 01 012 012000"}, {"A", "32709012"}, {"n", "12000000"},
        {"N", "32709012000000"}, {"Q QQ QQQ QQQQ", "4 04 Q4 4th quarter"},
        {"G GGGG", "AD Anno Domini"},
        {"w ww Y YYYY", "48 48 2026 2026"}, {"W", "4"}, {"F", "2"},
        {"'year='yyyy''MM", "year=2026'11"}, {"yyyy-MM-dd'T'HH:mm:ss'Z'", "2026-11-23T09:05:09Z"},
        {"'a''b'", "a'b"}, {"[yyyy]", "2026"}, {"z", "UTC"},
        {"X x Z ZZZZ ZZZZZ O", "Z +00 +0000 GMT Z GMT"},
        {"xxx XXX", "+00:00 Z"}, {"VV", "UTC"}, {"", ""},
    };
    struct date_at at = {.moment_ms = MOMENT};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        writes(cases[i][0], cases[i][1], &at);
    }
}

static void weeks_turn_the_year(void **state)
{
    struct date_at saturday = {.moment_ms = INT64_C(1798243200000)}; /* 2026-12-26 */
    struct date_at sunday = {.moment_ms = INT64_C(1798329600000)};   /* 2026-12-27 */
    struct date_at first = {.moment_ms = INT64_C(1798761600000)};    /* 2027-01-01 */

    (void)state;
    writes("YYYY-ww", "2026-52", &saturday);
    writes("YYYY-ww", "2027-01", &sunday);
    writes("YYYY-ww DDD", "2027-01 001", &first);
}

static void midnight_and_noon(void **state)
{
    struct date_at midnight = {.moment_ms = INT64_C(1795392000000)};
    struct date_at noon = {.moment_ms = INT64_C(1795435200000)};

    (void)state;
    writes("h K k H a", "12 0 24 0 AM", &midnight);
    writes("h K k H a", "12 0 12 12 PM", &noon);
}

static void others_are_no_patterns(void **state)
{
    static const char *const cases[] = {"b", "ppH", "'open", "{", "yyyy}", "#", "HHH", "ddd",
                                        "aa", "zzzz", "V", "OO", "SSSSSSSSSS", "i", "MMMMMM"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(date_pattern_is(str_c(cases[i])));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_write_what_java_writes), cmocka_unit_test(weeks_turn_the_year),
        cmocka_unit_test(midnight_and_noon), cmocka_unit_test(others_are_no_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
