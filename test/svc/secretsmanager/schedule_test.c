/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules of rotation: for each the next window behind a moment, and its end.
 */
#include "svc/secretsmanager/secretsmanager_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define AFTER "2026-11-23T08:30:00Z" /* a Monday */

static const struct row {
    const char *schedule, *duration; /* a number: AutomaticallyAfterDays; NULL: none */
    const char *from, *to;           /* NULL: there is no next one */
} rows[] = {
    {"30", NULL, "2026-12-23T00:00:00Z", "2026-12-23T23:59:59Z"},
    {"1", "3h", "2026-11-24T00:00:00Z", "2026-11-24T03:00:00Z"},
    {"rate(10 days)", NULL, "2026-12-03T00:00:00Z", "2026-12-03T23:59:59Z"},
    {"rate(4 hours)", NULL, "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"},
    {"rate(12 hours)", "2h", "2026-11-23T12:00:00Z", "2026-11-23T14:00:00Z"},
    {"cron(0 8 * * ? *)", NULL, "2026-11-24T08:00:00Z", "2026-11-24T23:59:59Z"},
    {"cron(0 /8 * * ? *)", NULL, NULL, NULL},
    {"cron(0 0/8 * * ? *)", NULL, "2026-11-23T16:00:00Z", "2026-11-23T17:00:00Z"},
    {"cron(0 16 ? * MON *)", NULL, "2026-11-23T16:00:00Z", "2026-11-23T23:59:59Z"},
    {"cron(0 2 L * ? *)", "4h", "2026-11-30T02:00:00Z", "2026-11-30T06:00:00Z"},
    {"cron(0 2 ? * TUE#2 *)", NULL, "2026-12-08T02:00:00Z", "2026-12-08T23:59:59Z"},
    {"cron(0 2 ? * FRIL *)", NULL, "2026-11-27T02:00:00Z", "2026-11-27T23:59:59Z"},
    {"cron(0 2 29 FEB ? *)", NULL, "2028-02-29T02:00:00Z", "2028-02-29T23:59:59Z"},
    {"cron(0 2 1,15 1-3 ? 2027)", NULL, "2027-01-01T02:00:00Z", "2027-01-01T23:59:59Z"},
    {"cron(0 2 1 1 ? 2020)", NULL, NULL, NULL},
};

static void check(const struct row *row, struct arena *arena)
{
    struct value *rules = value_struct(
        arena, shelf_shape(SECRETS_SERVICE, "DescribeSecret", "RotationRules"));
    int64_t after_ms, from_ms = 0, to_ms = 0;
    int64_t days;

    if (str_to_i64(str_c(row->schedule), &days)) {
        set_int(rules, "AutomaticallyAfterDays", days);
    } else {
        set_str(rules, "ScheduleExpression", str_c(row->schedule));
    }
    if (row->duration != NULL) {
        set_str(rules, "Duration", str_c(row->duration));
    }
    assert_true(time_from_iso(STR(AFTER), &after_ms));
    bool found = schedule_next(rules, after_ms, &from_ms, &to_ms);

    if (found != (row->from != NULL)) {
        print_error("%s\n", row->schedule);
    }
    assert_int_equal(found, row->from != NULL);
    if (found) {
        struct str from = time_iso(arena, from_ms), to = time_iso(arena, to_ms);

        assert_string_equal(arena_dup(arena, from).at, row->from);
        assert_string_equal(arena_dup(arena, to).at, row->to);
    }
}

static void the_next_window_is_found(void **state)
{
    struct arena *arena = arena_new(1u << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check(&rows[i], arena);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_next_window_is_found)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
