/* SPDX-License-Identifier: Apache-2.0
 *
 * Which route keys fit, and which two cannot stand beside each other.
 */
#include "svc/apigatewayv2/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static void keys_are_a_method_and_a_path(void **state)
{
    static const char *const good[] = {"$default", "GET /", "ANY /{proxy+}", "POST /a/{b}/c/{d+}",
                                       "PUT /a%20b", "DELETE /{a.b-c_d}"};
    static const char *const bad[] = {"",           "GET",          "GET ",         "get /",
                                      "GET a",      "GET /{a+}/b",  "GET /a{b}",    "GET /{}",
                                      "GET /{a}/{a}", "GET /a b",   "CONNECT /",    "$connect",
                                      "GET /{a b}", "GET /\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(route_key_fits(str_c(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(route_key_fits(str_c(bad[i])));
    }
    assert_false(route_key_fits(str_of("GET /\0", 6)));
    assert_false(route_key_fits(str_of("GET /{\0}", 8)));
}

static bool clash(const char *one, const char *other)
{
    bool said = route_keys_clash(str_c(one), str_c(other));

    assert_true(said == route_keys_clash(str_c(other), str_c(one)));
    return said;
}

static void one_place_has_one_variable(void **state)
{
    (void)state;
    assert_true(clash("GET /a/{b}", "GET /a/{c}"));
    assert_true(clash("GET /a/{b}/x", "GET /a/{c}/y"));
    assert_true(clash("GET /{a+}", "GET /{b+}"));
    assert_false(clash("GET /a/{b}", "POST /a/{c}"));
    assert_false(clash("GET /a/{b}", "GET /x/{c}"));
    assert_false(clash("GET /a/{b}", "GET /a/{b}/c"));
    assert_false(clash("GET /a/{b}", "GET /a/{c+}"));
    assert_false(clash("GET /a/{b}", "GET /a/b"));
    assert_false(clash("$default", "GET /{a}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_a_method_and_a_path),
        cmocka_unit_test(one_place_has_one_variable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
