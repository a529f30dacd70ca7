/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets Manager's resource types: made with all their properties, told, changed, read for drift
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
    return kit_call(kit, "secretsmanager", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

#define TYPE "AWS::SecretsManager::"

static const char *value_of(const struct kit_thing *secret)
{
    return ask("GetSecretValue", TEXT("{\"SecretId\":\"%s\"}", kit_id(kit, secret)));
}

static void a_secret_has_all_its_properties(void **state)
{
    struct kit_thing secret = {.stack_tags = kit_json(kit,
                                                      "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *get;

    (void)state;
    make(&secret, TYPE "Secret",
         "{\"Name\":\"s\",\"Description\":\"d\",\"SecretString\":\"one\",\"KmsKeyId\":"
         "\"alias/aws/secretsmanager\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    get = TEXT("{\"SecretId\":\"%s\"}", kit_id(kit, &secret));
    KIT_HAS(kit_id(kit, &secret), ":secret:s-");
    assert_string_equal(kit_attribute(kit, &secret, "Id"), kit_id(kit, &secret));
    KIT_HAS(value_of(&secret), "\"SecretString\":\"one\"");
    KIT_HAS(kit_now(kit, &secret), "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]");
    KIT_OK(kit, kit_change(kit, &secret, "{\"Name\":\"s\",\"SecretString\":{\"a\":\"b\"}}"));
    KIT_HAS(value_of(&secret), "{\\\"a\\\":\\\"b\\\"}");
    KIT_HAS_NOT(ask("DescribeSecret", get), "\"Description\":\"d\"");
    KIT_HAS_NOT(ask("DescribeSecret", get), "\"k\"");
    KIT_OK(kit, kit_change(kit, &secret, "{\"Name\":\"s\",\"SecretString\":{\"a\":\"b\"}}"));
    KIT_OK(kit, kit_remove(kit, &secret));
    assert_true(resource_is_gone(kit_remove(kit, &secret)));
}

static void a_password_is_made_up(void **state)
{
    struct kit_thing secret = {0}, policy = {0}, attachment = {0}, empty = {0};
    const char *first;

    (void)state;
    make(&secret, TYPE "Secret",
         "{\"GenerateSecretString\":{\"SecretStringTemplate\":\"{\\\"user\\\":\\\"u\\\"}\","
         "\"GenerateStringKey\":\"password\",\"PasswordLength\":\"20\",\"ExcludePunctuation\":"
         "\"true\"}}");
    KIT_HAS(kit_id(kit, &secret), ":secret:Thing-");
    first = value_of(&secret);
    KIT_HAS(first, "\\\"user\\\":\\\"u\\\"");
    KIT_HAS(first, "\\\"password\\\":\\\"");
    KIT_OK(kit, kit_change(kit, &secret,
                           "{\"Description\":\"d\",\"GenerateSecretString\":"
                           "{\"SecretStringTemplate\":\"{\\\"user\\\":\\\"u\\\"}\","
                           "\"GenerateStringKey\":\"password\",\"PasswordLength\":\"20\","
                           "\"ExcludePunctuation\":\"true\"}}"));
    assert_string_equal(value_of(&secret), first);
    make(&policy, TYPE "ResourcePolicy",
         TEXT("{\"SecretId\":\"%s\",\"BlockPublicPolicy\":\"true\",\"ResourcePolicy\":"
              "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":"
              "{\"AWS\":\"arn:aws:iam::" KIT_ACCOUNT ":root\"},\"Action\":"
              "\"secretsmanager:GetSecretValue\",\"Resource\":\"*\"}]}}",
              kit_id(kit, &secret)));
    assert_string_equal(kit_id(kit, &policy), kit_id(kit, &secret));
    KIT_HAS(kit_now(kit, &policy), "\"Action\":\"secretsmanager:GetSecretValue\"");
    KIT_OK(kit, kit_remove(kit, &policy));
    make(&attachment, TYPE "SecretTargetAttachment",
         TEXT("{\"SecretId\":\"%s\",\"TargetId\":\"db\",\"TargetType\":\"AWS::RDS::DBInstance\"}",
              kit_id(kit, &secret)));
    assert_string_equal(kit_id(kit, &attachment), kit_id(kit, &secret));
    KIT_OK(kit, kit_remove(kit, &attachment));
    KIT_OK(kit, kit_remove(kit, &secret));
    make(&empty, TYPE "Secret", "{}");
    KIT_HAS(value_of(&empty), "can't find the specified secret value");
    KIT_OK(kit, kit_remove(kit, &empty));
}

static void rotation_wants_its_function(void **state)
{
    struct kit_thing secret = {0}, schedule = {0};

    (void)state;
    make(&secret, TYPE "Secret", "{\"SecretString\":\"one\"}");
    assert_ptr_not_equal(
        kit_make(kit, TYPE "RotationSchedule", "R",
                 TEXT("{\"SecretId\":\"%s\",\"RotationLambdaARN\":\"arn:aws:lambda:us-east-1:"
                      KIT_ACCOUNT ":function:none\",\"RotationRules\":"
                      "{\"AutomaticallyAfterDays\":\"30\"}}", kit_id(kit, &secret)), &schedule),
        OK);
    KIT_HAS(kit->why.text, "Lambda function");
    KIT_OK(kit, kit_remove(kit, &secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_secret_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_password_is_made_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rotation_wants_its_function, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
