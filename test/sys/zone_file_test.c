/* SPDX-License-Identifier: Apache-2.0
 *
 * Zones of the system's database: offsets and names before and after changes, half hours, names
 * that are none or would leave the database, and files that are cut.
 */
#include "sys/zone_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SUMMER_ENDS INT64_C(1792890000000) /* 2026-10-25T01:00:00Z */

static void offset_is(const char *name, int64_t at_ms, int32_t seconds, const char *wanted)
{
    struct zone_time at;
    struct zone *zone;

    assert_ptr_equal(zone_load(str_c(name), &zone), OK);
    at = zone_at(zone, at_ms);
    assert_int_equal(at.offset_s, seconds);
    assert_true(str_eq(at.name, str_c(wanted)));
    zone_free(zone);
}

static void offsets_change_when_they_should(void **state)
{
    (void)state;
    offset_is("Europe/Berlin", SUMMER_ENDS - 1, 7200, "CEST");
    offset_is("Europe/Berlin", SUMMER_ENDS, 3600, "CET");
    offset_is("America/New_York", SUMMER_ENDS, -14400, "EDT");
    offset_is("Asia/Kolkata", SUMMER_ENDS, 19800, "IST");
    offset_is("Asia/Tokyo", SUMMER_ENDS, 32400, "JST");
    offset_is("UTC", 0, 0, "UTC");
    assert_int_equal(zone_at(NULL, 0).offset_s, 0);
}

static void names_stay_within_the_database(void **state)
{
    static const char *const names[] = {"", "Mars/Olympus", "../../etc/passwd", "/etc/passwd",
                                        "Europe/", "Europe", "Europe/Berlin/x", "tzdata.zi",
                                        "Etc/GMT+5"};
    struct zone *zone;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_ptr_equal(zone_load(str_c(names[i]), &zone), &ERR_NOT_FOUND);
    }
}

static void what_is_no_zone_is_refused(void **state)
{
    char bytes[44 * 2 + 8] = "TZif2";
    struct zone *zone;

    (void)state;
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        assert_ptr_equal(zone_read(str_of(bytes, cut), &zone), &ERR_MALFORMED);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_change_when_they_should),
        cmocka_unit_test(names_stay_within_the_database),
        cmocka_unit_test(what_is_no_zone_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
