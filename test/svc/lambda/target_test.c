/* SPDX-License-Identifier: Apache-2.0
 *
 * Which function a text names: names, partial ARNs, ARNs; and layers.
 */
#include "svc/lambda/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static void is(const char *text, const char *region, const char *account, const char *name,
               const char *qualifier)
{
    struct target target = {.account = STR("999999999999"), .region = STR("home")};

    assert_true(target_parse(str_c(text), &target));
    assert_true(str_eq(target.region, str_c(region)));
    assert_true(str_eq(target.account, str_c(account)));
    assert_true(str_eq(target.name, str_c(name)));
    assert_true(str_eq(target.qualifier, str_c(qualifier)));
}

static void is_none(const char *text)
{
    struct target target = {.account = STR_NONE};

    assert_false(target_parse(str_c(text), &target));
}

static void names_partial_arns_and_arns(void **state)
{
    (void)state;
    is("f", "home", "999999999999", "f", "");
    is("f:1", "home", "999999999999", "f", "1");
    is("f:$LATEST", "home", "999999999999", "f", "$LATEST");
    is("function:f", "home", "999999999999", "f", "");
    is("function:f:prod", "home", "999999999999", "f", "prod");
    is("function", "home", "999999999999", "function", "");
    is("123456789012:function:f", "home", "123456789012", "f", "");
    is("123456789012:f", "home", "123456789012", "f", "");
    is("123456789012", "home", "999999999999", "123456789012", "");
    is("eu-west-1:123456789012:function:f:1", "eu-west-1", "123456789012", "f", "1");
    is("arn:aws:lambda:eu-west-1:123456789012:function:f", "eu-west-1", "123456789012", "f", "");
    is("arn:aws-cn:lambda:cn-north-1:123456789012:function:f:a-b_c", "cn-north-1",
       "123456789012", "f", "a-b_c");
    is("us-gov-west-1:123456789012:function:f", "us-gov-west-1", "123456789012", "f", "");
}

static void what_names_none(void **state)
{
    (void)state;
    is_none("");
    is_none(":");
    is_none("a b");
    is_none("f:");
    is_none("f:1:2");
    is_none("arn:aws:lambda:eu-west-1:123456789012:function:");
    is_none("arn:aws:lambda:eu-west-1:123456789012:function:f:1:2");
    is_none("arn:aws:sqs:eu-west-1:123456789012:f");
    is_none("a:b:c:d:e:f:g:h:i:j:k:l");
    is_none("f/g");
    is_none("f:a b");
    is_none("us east-1-1:f");
}

static void qualifiers(void **state)
{
    uint64_t number = 7;

    (void)state;
    assert_true(qualifier_is_version(STR(""), &number));
    assert_int_equal(number, 0);
    assert_true(qualifier_is_version(STR("$LATEST"), &number));
    assert_true(qualifier_is_version(STR("12"), &number));
    assert_int_equal(number, 12);
    assert_false(qualifier_is_version(STR("prod"), &number));
    assert_false(qualifier_is_version(STR("0"), &number));
    assert_false(qualifier_is_version(STR("1x"), &number));
}

static void layers(void **state)
{
    struct arena *arena = arena_new(4096);
    struct target target;
    uint64_t number;

    (void)state;
    assert_true(layer_parse(arena, STR("arn:aws:lambda:us-east-1:000000000000:layer:l:12"),
                            &target, &number));
    assert_int_equal(number, 12);
    assert_true(str_eq(target.name, STR("l")));
    assert_true(str_eq(target.qualifier, STR("00000000000000000012")));
    assert_true(layer_parse(arena, STR("arn:aws:lambda:us-east-1:000000000000:layer:l"), &target,
                            &number));
    assert_int_equal(number, 0);
    assert_false(layer_parse(arena, STR("arn:aws:lambda:us-east-1:000000000000:layer:l:0"),
                             &target, &number));
    assert_false(layer_parse(arena, STR("arn:aws:lambda:us-east-1:000000000000:layer:l:x"),
                             &target, &number));
    assert_false(layer_parse(arena, STR("arn:aws:lambda:us-east-1:000000000000:function:f"),
                             &target, &number));
    assert_false(layer_parse(arena, STR("l:1"), &target, &number));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_partial_arns_and_arns),
        cmocka_unit_test(what_names_none),
        cmocka_unit_test(qualifiers),
        cmocka_unit_test(layers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
