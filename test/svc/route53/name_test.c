/* SPDX-License-Identifier: Apache-2.0
 *
 * Names as Route 53 keeps, orders and compares them; forms of values.
 */
#include "svc/route53/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static void names_are_kept(void **state)
{
    static const struct {
        const char *text, *kept; /* NULL: it is none */
    } rows[] = {
        {"Example.COM", "example.com."}, {"a.example.com.", "a.example.com."},
        {"*.a", "\\052.a."},             {"\\052.a", "\\052.a."},
        {"_x-1.a", "_x-1.a."},           {"a b.c", "a\\040b.c."},
        {"\\141.c", "a.c."},             {"a..c", NULL},
        {".c", NULL},                    {"", NULL},
        {".", NULL},                     {"a\\05.c", NULL},
        {"a\\", NULL},                   {"a\\400", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str name;
        bool good = name_keep(arena, str_c(rows[i].text), &name);

        assert_int_equal(good, rows[i].kept != NULL);
        if (good) {
            assert_true(str_eq(name, str_c(rows[i].kept)));
        }
    }
}

static void names_are_ordered_by_their_labels(void **state)
{
    (void)state;
    assert_true(str_eq(name_reversed(arena, STR("www.example.com.")), STR("com.example.www.")));
    assert_true(name_within(STR("a.example.com."), STR("example.com.")));
    assert_true(name_within(STR("example.com."), STR("example.com.")));
    assert_false(name_within(STR("notexample.com."), STR("example.com.")));
    assert_true(str_eq(name_wildcard(arena, STR("a.b.")), STR("\\052.b.")));
    assert_null(name_wildcard(arena, STR("b.")).at);
}

static void values_have_forms(void **state)
{
    static const struct {
        const char *type, *value; /* of a record */
        bool good;                /* it may be one */
    } rows[] = {
        {"A", "1.2.3.4", true},        {"A", "1.2.3", false},       {"A", "1.2.3.04x", false},
        {"AAAA", "::1", true},         {"AAAA", "1.2.3.4", false},  {"TXT", "\"a\"", true},
        {"TXT", "\"a\" \"b\"", true},  {"TXT", "a", false},         {"TXT", "\"a", false},
        {"TXT", "\"a\\\"b\"", true},   {"MX", "10 mail.x.", true},  {"MX", "mail.x.", false},
        {"SRV", "1 2 3 x.", true},     {"SRV", "1 2 x.", false},    {"CNAME", "x.y", true},
        {"CNAME", "x y", false},       {"CAA", "0 issue \"x\"", true}, {"DS", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(record_wrong(str_c(rows[i].type), str_c(rows[i].value)) == NULL,
                         rows[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_kept),
        cmocka_unit_test(names_are_ordered_by_their_labels),
        cmocka_unit_test(values_have_forms),
    };
    int failed;

    arena = arena_new(1u << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
