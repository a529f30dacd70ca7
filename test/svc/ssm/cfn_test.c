/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameter Store's resource type: made with all its properties, told, changed, read for drift
 * and removed, seen by its own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define TEXT(...) arena_printf(kit->arena, __VA_ARGS__).at

static struct kit *kit;

static int set_up(void **state)
{
    (void)state;
    kit = kit_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_close(kit);
    return 0;
}

static const char *ask(const char *operation, const char *input)
{
    return kit_call(kit, "ssm", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

static void a_parameter_has_all_its_properties(void **state)
{
    struct kit_thing thing = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    struct kit_thing other = {0};

    (void)state;
    make(&thing, "AWS::SSM::Parameter",
         "{\"Name\":\"/p/one\",\"Type\":\"String\",\"Value\":\"aa\",\"AllowedPattern\":\"^a*$\","
         "\"Description\":\"d\",\"DataType\":\"text\",\"Tier\":\"Standard\",\"Tags\":"
         "{\"k\":\"v\"}}");
    assert_string_equal(kit_id(kit, &thing), "/p/one");
    assert_string_equal(kit_attribute(kit, &thing, "Type"), "String");
    assert_string_equal(kit_attribute(kit, &thing, "Value"), "aa");
    KIT_HAS(kit_now(kit, &thing), "\"AllowedPattern\":\"^a*$\"");
    KIT_HAS(kit_now(kit, &thing), "\"Tags\":{\"k\":\"v\"}");
    KIT_OK(kit, kit_change(kit, &thing,
                           "{\"Name\":\"/p/one\",\"Type\":\"String\",\"Value\":\"b\"}"));
    assert_string_equal(kit_attribute(kit, &thing, "Value"), "b");
    KIT_HAS_NOT(kit_now(kit, &thing), "AllowedPattern");
    KIT_HAS_NOT(kit_now(kit, &thing), "\"Description\":\"d\"");
    KIT_HAS_NOT(ask("ListTagsForResource",
                    "{\"ResourceType\":\"Parameter\",\"ResourceId\":\"/p/one\"}"), "\"k\"");
    KIT_HAS(ask("ListTagsForResource",
                "{\"ResourceType\":\"Parameter\",\"ResourceId\":\"/p/one\"}"), "team");
    assert_ptr_not_equal(kit_make(kit, "AWS::SSM::Parameter", "Other",
                                  "{\"Name\":\"/p/one\",\"Type\":\"String\",\"Value\":\"b\"}",
                                  &other), OK);
    KIT_HAS(kit->why.text, "HandlerErrorCode: AlreadyExists");
    assert_ptr_not_equal(kit_make(kit, "AWS::SSM::Parameter", "Other",
                                  "{\"Type\":\"SecureString\",\"Value\":\"b\"}", &other), OK);
    KIT_OK(kit, kit_remove(kit, &thing));
    assert_true(resource_is_gone(kit_remove(kit, &thing)));
    make(&other, "AWS::SSM::Parameter", "{\"Type\":\"StringList\",\"Value\":\"a,b\"}");
    KIT_HAS(kit_id(kit, &other), "CFN-Thing-");
    KIT_OK(kit, kit_remove(kit, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_parameter_has_all_its_properties, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
