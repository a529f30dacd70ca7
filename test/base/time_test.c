/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the calendar by walking every day from 1900 to 2400 with nothing but the rule of leap
 * years, every written form by reading it back, and what each reader refuses.
 */
#include "base/time.h"

#include "seeded.h"

#include <stdio.h>
#include <stdlib.h>

#define MOMENT INT64_C(1795424100000) /* 2026-11-23T08:55:00Z, a Monday */

#define NOW_MS INT64_C(1800000000000) /* some other day */

static int days_in(int year, int month)
{
    if (month == 2) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void check_day(int64_t day, const struct time_parts *expected)
{
    /* The day's last millisecond too: the next day must not begin early. */
    struct time_parts first = time_parts_of(day * MS_PER_DAY);
    struct time_parts last = time_parts_of(day * MS_PER_DAY + MS_PER_DAY - 1);
    assert_memory_equal(&first, expected, sizeof(first));
    assert_int_equal(last.year, expected->year);
    assert_int_equal(last.month, expected->month);
    assert_int_equal(last.day, expected->day);
    assert_int_equal(last.weekday, expected->weekday);
    assert_true(last.hour == 23 && last.minute == 59 && last.second == 59 && last.ms == 999);
    assert_true(time_of_parts(&first) == day * MS_PER_DAY);
}

static void every_day_from_1900_to_2400_follows_the_one_before(void **state)
{
    (void)state;
    int64_t day = -25567;
    struct time_parts p = {.year = 1900, .month = 1, .day = 1, .weekday = 1};
    while (p.year <= 2400) {
        check_day(day, &p);
        day++;
        p.weekday = (p.weekday + 1) % 7;
        p.day = p.day % days_in(p.year, p.month) + 1;
        p.month = p.day > 1 ? p.month : p.month % 12 + 1;
        p.year += p.day == 1 && p.month == 1;
    }
    assert_true(day == 157420); /* 2401-01-01 */
}

static void parts_come_back_for_any_moment(void **state)
{
    (void)state;
    struct seeded seeded = {81};
    for (int round = 0; round < 100000; round++) {
        int64_t moment = (int64_t)seeded_next(&seeded) >> 8 >> seeded_below(&seeded, 50);
        struct time_parts p = time_parts_of(moment);
        assert_in_range(p.month, 1, 12);
        assert_in_range(p.day, 1, 31);
        assert_in_range(p.weekday, 0, 6);
        assert_true(time_of_parts(&p) == moment);
    }
    struct time_parts p = time_parts_of(INT64_MAX);
    assert_int_equal(p.year, 292278994);
    p = time_parts_of(INT64_MIN);
    assert_int_equal(p.year, -292275055);
}

static struct str written(void (*add)(struct buf *, int64_t), int64_t moment, char text[64])
{
    struct buf buf;
    buf_init(&buf, 64);
    add(&buf, moment);
    assert_false(buf_spent(&buf));
    memcpy(text, buf.at, buf.bytes);
    struct str s = str_of(text, buf.bytes);
    buf_done(&buf);
    return s;
}

static void moments_are_written_in_each_form(void **state)
{
    (void)state;
    char text[64];
    assert_str(written(buf_add_iso, MOMENT, text), "2026-11-23T08:55:00Z");
    assert_str(written(buf_add_iso, MOMENT + 7, text), "2026-11-23T08:55:00.007Z");
    assert_str(written(buf_add_iso, MOMENT + 120, text), "2026-11-23T08:55:00.120Z");
    assert_str(written(buf_add_iso, 0, text), "1970-01-01T00:00:00Z");
    assert_str(written(buf_add_iso, -1, text), "1969-12-31T23:59:59.999Z");
    assert_str(written(buf_add_http_date, MOMENT + 999, text), "Mon, 23 Nov 2026 08:55:00 GMT");
    assert_str(written(buf_add_sigv4_date, MOMENT + 999, text), "20261123T085500Z");
    struct arena *arena = arena_new(4096);
    assert_str(time_iso(arena, MOMENT), "2026-11-23T08:55:00Z");
    arena_free(arena);
}

static void years_beyond_four_digits_are_still_written(void **state)
{
    (void)state;
    char text[64];
    assert_str(written(buf_add_iso, INT64_C(253402300800000), text), "+10000-01-01T00:00:00Z");
    assert_str(written(buf_add_iso, INT64_C(-62167219200001), text), "-00001-12-31T23:59:59.999Z");
    (void)written(buf_add_iso, INT64_MIN, text);
    (void)written(buf_add_http_date, INT64_MIN, text);
    (void)written(buf_add_sigv4_date, INT64_MIN, text);
    (void)written(buf_add_sigv4_date, INT64_MAX, text);
}

static void written_moments_are_read_back(void **state)
{
    (void)state;
    struct seeded seeded = {82};
    for (int round = 0; round < 30000; round++) {
        /* Years 0000 to 9999. */
        int64_t moment = INT64_C(-62167219200000) +
                         (int64_t)(seeded_next(&seeded) % UINT64_C(315569520000000));
        int64_t second = moment - ((moment % 1000) + 1000) % 1000;
        int64_t got = 1;
        char text[64];
        assert_true(time_from_iso(written(buf_add_iso, moment, text), &got));
        assert_true(got == moment);
        assert_true(time_from_http_date(written(buf_add_http_date, moment, text), &got));
        assert_true(got == second);
        got = 1;
        assert_true(time_from_sigv4(written(buf_add_sigv4_date, moment, text), &got));
        assert_true(got == second);
        int bytes = snprintf(text, sizeof(text), "%s%lld.%03lld", moment < 0 ? "-" : "",
                             llabs((long long)moment / 1000), llabs((long long)moment % 1000));
        assert_true(time_from_epoch_seconds(str_of(text, (size_t)bytes), &got));
        assert_true(got == moment);
    }
}

struct reading {
    const char *text; /* as it comes from outside */
    int64_t moment;   /* what it means */
};

static void iso_takes_offsets_fractions_and_bare_dates(void **state)
{
    (void)state;
    const struct reading good[] = {
        {"2026-11-23T08:55:00Z", MOMENT},
        {"2026-11-23T08:55:00", MOMENT},
        {"2026-11-23T08:55Z", MOMENT},
        {"2026-11-23T10:25:00+01:30", MOMENT},
        {"2026-11-23T10:25:00+0130", MOMENT},
        {"2026-11-23T00:55:00-08", MOMENT},
        {"2026-11-22T21:25:00-11:30", MOMENT},
        {"2026-11-23T08:55:00+00:00", MOMENT},
        {"2026-11-23T08:55:00.1Z", MOMENT + 100},
        {"2026-11-23T08:55:00.12Z", MOMENT + 120},
        {"2026-11-23T08:55:00.1239999999999999999999999999Z", MOMENT + 123},
        {"2026-11-23T08:55:00.0009+00:00", MOMENT},
        {"2026-11-23T08:55:00.5", MOMENT + 500},
        {"2026-11-23", MOMENT - 8 * MS_PER_HOUR - 55 * MS_PER_MINUTE},
        {"2024-02-29", INT64_C(1709164800000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"1969-12-31T23:59:59.5Z", -500},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t got = 1;
        if (!time_from_iso(str_c(good[i].text), &got) || got != good[i].moment) {
            fail_msg("%s: %lld", good[i].text, (long long)got);
        }
    }
}

static void iso_refuses_all_else(void **state)
{
    (void)state;
    const char *bad[] = {
        "", "2026", "2026-11", "2026-11-2", "2026-11-23T", "2026-11-23Z", "2026-11-23T08",
        "2026-11-23T08:5", "2026-11-23T08:55:0Z", "2026-11-23T08:55:00.Z", "2026-11-23T08:55:00ZZ",
        "2026-11-23T08:55:00 Z", " 2026-11-23", "2026-11-23 ", "2026-11-23 08:55:00Z",
        "2026-13-01", "2026-00-01", "2026-01-00", "2026-02-29", "2100-02-29", "2026-04-31",
        "2026-11-23T24:00:00Z", "2026-11-23T08:60:00Z", "2026-11-23T08:55:60Z",
        "2026-11-23T08:55:00+24:00", "2026-11-23T08:55:00+00:60", "2026-11-23T08:55:00+",
        "2026-11-23T08:55:00+1", "2026-11-23T08:55:00+01:", "2026-11-23T08:55:00+01:3",
        "2026-11-23T08:55:00+01:30Z", "+2026-11-23", "-2026-11-23", "2026/11/23", "20261123",
        "2026-11-23t08:55:00z", "2026-1a-23",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t got = 1;
        if (time_from_iso(str_c(bad[i]), &got) || got != 1) {
            fail_msg("%s", bad[i]);
        }
    }
    int64_t got = 1;
    assert_false(time_from_iso(STR_NONE, &got));
}

static void every_cut_of_a_date_is_refused(void **state)
{
    (void)state;
    struct str http = STR("Mon, 23 Nov 2026 08:55:00 GMT");
    struct str sigv4 = STR("20261123T085500Z");
    int64_t got = 1;
    for (size_t cut = 0; cut < http.bytes; cut++) {
        assert_false(time_from_http_date(str_slice(http, 0, cut), &got));
        assert_false(time_from_http_date(str_slice(http, cut + 1, http.bytes), &got));
    }
    for (size_t cut = 0; cut < sigv4.bytes; cut++) {
        assert_false(time_from_sigv4(str_slice(sigv4, 0, cut), &got));
        assert_false(time_from_sigv4(str_slice(sigv4, cut + 1, sigv4.bytes), &got));
    }
    const char *bad[] = {"Mon, 23 Nov 2026 08:55:00 UTC", "Mon, 31 Nov 2026 08:55:00 GMT",
                         "Xyz, 23 Nov 2026 08:55:00 GMT", "Mon, 23 Nix 2026 08:55:00 GMT",
                         "Mon, 23 Nov 2026 08:55:00 GMT ", "Mon, 3 Nov 2026 08:55:00 GMT"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(time_from_http_date(str_c(bad[i]), &got));
    }
    assert_false(time_from_sigv4(STR("20261323T085500Z"), &got));
    assert_false(time_from_sigv4(STR("20261123T085500Z0"), &got));
    assert_true(got == 1);
}

static void epoch_seconds_are_exact(void **state)
{
    (void)state;
    const struct reading good[] = {
        {"0", 0}, {"-0", 0}, {"1732352100", INT64_C(1732352100000)},
        {"1732352100.123", INT64_C(1732352100123)}, {"1732352100.1239999", INT64_C(1732352100123)},
        {"1732352100.000999999999999999999999999", INT64_C(1732352100000)},
        {"1.7323521E9", INT64_C(1732352100000)}, {"1.7323521e+09", INT64_C(1732352100000)},
        {"1732352100123e-3", INT64_C(1732352100123)}, {"-1.5", -1500}, {"0.001", 1}, {"1e-4", 0},
        {"9223372036854775.807", INT64_MAX}, {"0e999999999999999999999999", 0}, {"0e400", 0},
        {"0.0e9223372036854775807", 0}, {"1e-9223372036854775808", 0},
        {"5e-99999999999999999999999999", 0}, {"0.00000000000000000000000000001e30", 10000},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t got = 1;
        if (!time_from_epoch_seconds(str_c(good[i].text), &got) || got != good[i].moment) {
            fail_msg("%s: %lld", good[i].text, (long long)got);
        }
    }
    const char *bad[] = {"", "x", "1x", "NaN", "Infinity", "-Infinity", "1e", "1.", ".5", "01",
                         "1e16", "9223372036854775.808", "1e300", "1e400", "1 ", "+1",
                         "12345678901234567890", "1e18446744073709551617"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t got = 1;
        if (time_from_epoch_seconds(str_c(bad[i]), &got) || got != 1) {
            fail_msg("%s: %lld", bad[i], (long long)got);
        }
    }
}

static void moments_are_said_in_three_ways(void **state)
{
    static const struct { const char *text; int64_t moment; } good[] = {
        {"10m", NOW_MS - 10 * MS_PER_MINUTE},
        {"10m ago", NOW_MS - 10 * MS_PER_MINUTE},
        {"0s", NOW_MS},
        {"2026-11-23T08:55:00Z", 1795424100000},
        {"2026-11-23T08:55:00.250Z", 1795424100250},
        {"1795424100", 1795424100000},
        {"1795424100.5", 1795424100500},
    };
    static const char *const bad[] = {"", "yesterday", "ago", "10x ago", "1795424100 ago!", "-5m"};
    int64_t got = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(moment_from_text(str_c(good[i].text), NOW_MS, &got));
        assert_int_equal(got, good[i].moment);
    }
    got = 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(moment_from_text(str_c(bad[i]), NOW_MS, &got));
        assert_int_equal(got, 1);
    }
}

static void durations_have_units(void **state)
{
    (void)state;
    const struct reading good[] = {
        {"90s", 90000}, {"15m", 900000}, {"12h", 43200000}, {"7d", 604800000}, {"90", 90000},
        {"0", 0}, {"0d", 0}, {"9223372036854775s", INT64_C(9223372036854775000)},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t got = 1;
        if (!duration_from_text(str_c(good[i].text), &got) || got != good[i].moment) {
            fail_msg("%s: %lld", good[i].text, (long long)got);
        }
    }
    const char *bad[] = {"", "s", "1w", "-1s", "-1", "-0", "+1", "1.5h", "1 s", "1ss", "1h30m",
                         "9223372036854776s", "106751991168d", "99999999999999999999d"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t got = 1;
        if (duration_from_text(str_c(bad[i]), &got) || got != 1) {
            fail_msg("%s: %lld", bad[i], (long long)got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_from_1900_to_2400_follows_the_one_before),
        cmocka_unit_test(parts_come_back_for_any_moment),
        cmocka_unit_test(moments_are_written_in_each_form),
        cmocka_unit_test(years_beyond_four_digits_are_still_written),
        cmocka_unit_test(written_moments_are_read_back),
        cmocka_unit_test(iso_takes_offsets_fractions_and_bare_dates),
        cmocka_unit_test(iso_refuses_all_else),
        cmocka_unit_test(every_cut_of_a_date_is_refused),
        cmocka_unit_test(epoch_seconds_are_exact),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(moments_are_said_in_three_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
