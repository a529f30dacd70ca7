/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedule expressions: AWS's documented examples and the odd corners, each with the moments that
 * follow one; and what is none.
 */
#include "svc/events/schedule.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define MOMENTS_MAX 4

struct row {
    const char *expression;
    const char *after;                /* "2026-11-23T08:00:00Z" is a Monday */
    const char *moments[MOMENTS_MAX]; /* the next ones; "-": there is none any more */
};

static const struct row rows[] = {
    /* rates */
    {"rate(1 minute)", "2026-11-23T08:00:30Z", {"2026-11-23T08:01:30Z", "2026-11-23T08:02:30Z"}},
    {"rate(5 minutes)", "2026-11-23T08:00:00Z", {"2026-11-23T08:05:00Z"}},
    {"rate(1 hour)", "2026-11-23T23:30:00Z", {"2026-11-24T00:30:00Z"}},
    {"rate(7 days)", "2026-11-23T08:00:00Z", {"2026-11-30T08:00:00Z"}},
    /* the guide's examples of cron */
    {"cron(0 10 * * ? *)", "2026-11-23T10:00:00Z",
     {"2026-11-24T10:00:00Z", "2026-11-25T10:00:00Z"}},
    {"cron(15 12 * * ? *)", "2026-11-23T08:00:00Z", {"2026-11-23T12:15:00Z"}},
    {"cron(0 18 ? * MON-FRI *)", "2026-11-26T18:00:00Z",
     {"2026-11-27T18:00:00Z", "2026-11-30T18:00:00Z"}},
    {"cron(0 8 1 * ? *)", "2026-11-23T08:00:00Z",
     {"2026-12-01T08:00:00Z", "2027-01-01T08:00:00Z"}},
    {"cron(0/15 * * * ? *)", "2026-11-23T08:40:00Z",
     {"2026-11-23T08:45:00Z", "2026-11-23T09:00:00Z", "2026-11-23T09:15:00Z"}},
    {"cron(0/10 * ? * MON-FRI *)", "2026-11-27T23:50:00Z", {"2026-11-30T00:00:00Z"}},
    {"cron(0/5 8-17 ? * MON-FRI *)", "2026-11-23T17:55:00Z", {"2026-11-24T08:00:00Z"}},
    {"cron(0/30 20-2 ? * MON-FRI *)", "2026-11-23T20:15:00Z",
     {"2026-11-23T20:30:00Z", "2026-11-23T21:00:00Z"}},
    {"cron(0/30 20-2 ? * MON-FRI *)", "2026-11-24T02:30:00Z", {"2026-11-24T20:00:00Z"}},
    {"cron(0 12 * * ? *)", "2026-11-23T12:00:59Z", {"2026-11-24T12:00:00Z"}},
    {"cron(5,35 14 * * ? *)", "2026-11-23T14:04:59Z",
     {"2026-11-23T14:05:00Z", "2026-11-23T14:35:00Z", "2026-11-24T14:05:00Z"}},
    {"cron(15 10 ? * 6L 2019-2022)", "2019-01-01T00:00:00Z",
     {"2019-01-25T10:15:00Z", "2019-02-22T10:15:00Z"}},
    {"cron(15 10 ? * 6L 2019-2022)", "2022-12-30T10:15:00Z", {"-"}},
    {"cron(1/10 * * * ? *)", "2026-11-23T08:00:00Z",
     {"2026-11-23T08:01:00Z", "2026-11-23T08:11:00Z"}},
    /* wildcards */
    {"cron(0 0 L * ? *)", "2028-01-31T00:00:00Z",
     {"2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z"}},
    {"cron(0 0 LW * ? *)", "2026-01-01T00:00:00Z",
     {"2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-31T00:00:00Z"}},
    {"cron(0 0 3W * ? *)", "2026-09-30T00:00:00Z",  /* the 3rd of October is a Saturday */
     {"2026-10-02T00:00:00Z", "2026-11-03T00:00:00Z"}},
    {"cron(0 0 1W * ? *)", "2026-07-31T12:00:00Z",  /* the 1st of August is a Saturday */
     {"2026-08-03T00:00:00Z", "2026-09-01T00:00:00Z"}},
    {"cron(0 0 31W 5 ? *)", "2026-05-01T00:00:00Z", {"2026-05-29T00:00:00Z"}}, /* a Sunday */
    {"cron(0 9 ? * 3#2 *)", "2026-11-01T00:00:00Z",
     {"2026-11-10T09:00:00Z", "2026-12-08T09:00:00Z"}},
    {"cron(0 9 ? * FRI#5 *)", "2026-11-01T00:00:00Z", {"2027-01-29T09:00:00Z"}},
    {"cron(0 9 ? * L *)", "2026-11-23T00:00:00Z", {"2026-11-28T09:00:00Z"}}, /* a Saturday */
    {"cron(0 9 ? * SUNL *)", "2026-11-01T00:00:00Z", {"2026-11-29T09:00:00Z"}},
    {"cron(0 9 ? * fri-mon *)", "2026-11-23T09:00:00Z",
     {"2026-11-27T09:00:00Z", "2026-11-28T09:00:00Z", "2026-11-29T09:00:00Z",
      "2026-11-30T09:00:00Z"}},
    {"cron(0 0 1 NOV-FEB ? *)", "2027-02-01T00:00:00Z", {"2027-11-01T00:00:00Z"}},
    {"cron(0 0 29 2 ? *)", "2026-01-01T00:00:00Z",
     {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
    {"cron(0 0 30 2 ? *)", "2026-01-01T00:00:00Z", {"-"}},
    {"cron(59 23 31 12 ? 2199)", "2026-01-01T00:00:00Z", {"2199-12-31T23:59:00Z", "-"}},
    {"cron( 0  0 1,15 * ?  2026/2 )", "2026-12-15T00:00:00Z", {"2028-01-01T00:00:00Z"}},
    {"cron(0 0 ? * 1,7 *)", "2026-11-23T00:00:00Z",
     {"2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"}},
};

static void expressions_give_their_moments(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct schedule schedule;
        int64_t at_ms, wanted_ms;

        assert_true(time_from_iso(str_c(row->after), &at_ms));
        if (!schedule_read(str_c(row->expression), &schedule)) {
            fail_msg("%s is refused", row->expression);
        }
        for (size_t k = 0; k < MOMENTS_MAX && row->moments[k] != NULL; k++) {
            bool found = schedule_next(&schedule, at_ms, &at_ms);

            if (row->moments[k][0] == '-') {
                assert_false(found);
                break;
            }
            assert_true(time_from_iso(str_c(row->moments[k]), &wanted_ms));
            if (!found || at_ms != wanted_ms) {
                fail_msg("%s: not %s", row->expression, row->moments[k]);
            }
        }
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {
        "", "rate", "rate()", "rate(1)", "rate(minute)", "rate(1 minutes)", "rate(5 minute)",
        "rate(0 minutes)", "rate(-1 minutes)", "rate(1.5 hours)", "rate(1 second)",
        "rate(2 weeks)", "rate(1 minute", "Rate(1 minute)", "rate(99999999999 days)",
        "cron()", "cron(* * * * *)", "cron(* * * * * *)", "cron(* * ? * ? *)",
        "cron(0 0 1 * 1 *)", "cron(60 * * * ? *)", "cron(* 24 * * ? *)", "cron(* * 0 * ? *)",
        "cron(* * 32 * ? *)", "cron(* * * 13 ? *)", "cron(* * ? * 8 *)", "cron(* * ? * 0 *)",
        "cron(* * * * ? 1969)", "cron(* * * * ? 2200)", "cron(* * * * ? 2026-2020)",
        "cron(0/0 * * * ? *)", "cron(0/61 * * * ? *)", "cron(a * * * ? *)", "cron(, * * * ? *)",
        "cron(1, * * * ? *)", "cron(1- * * * ? *)", "cron(* * ? * 3#1,6#3 *)",
        "cron(* * ? * 3#6 *)", "cron(* * ? * 3#0 *)", "cron(* * W * ? *)", "cron(* * 1,L * ? *)",
        "cron(* * L-3 * ? *)", "cron(* * * * ? * *)", "cron(* * * * ? *) ", "at(2026-11-23T08:00)",
        "cron(? * * * ? *)", "cron(* * ? * XYZ *)", "cron(5L * * * ? *)",
    };
    struct schedule schedule;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (schedule_read(str_c(wrong[i]), &schedule)) {
            fail_msg("\"%s\" is taken", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_give_their_moments),
        cmocka_unit_test(what_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
