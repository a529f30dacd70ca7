/* SPDX-License-Identifier: Apache-2.0
 *
 * KMS's resource types: made with all their properties, told, changed, read for drift and
 * removed, seen by the service's own operations.
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
    return kit_call(kit, "kms", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

#define POLICY                                                                                    \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"     \
    "\"arn:aws:iam::" KIT_ACCOUNT ":root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"

static void a_key_has_all_its_properties(void **state)
{
    struct kit_thing key = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    struct kit_thing alias = {0};
    const char *get;

    (void)state;
    make(&key, "AWS::KMS::Key",
         "{\"Description\":\"d\",\"EnableKeyRotation\":\"true\",\"RotationPeriodInDays\":\"100\","
         "\"KeyPolicy\":" POLICY ",\"KeySpec\":\"SYMMETRIC_DEFAULT\",\"KeyUsage\":"
         "\"ENCRYPT_DECRYPT\",\"PendingWindowInDays\":\"7\",\"Tags\":"
         "[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    get = TEXT("{\"KeyId\":\"%s\"}", kit_id(kit, &key));
    KIT_HAS(kit_attribute(kit, &key, "Arn"), ":key/");
    assert_string_equal(kit_attribute(kit, &key, "KeyId"), kit_id(kit, &key));
    KIT_HAS(ask("GetKeyRotationStatus", get), "\"RotationPeriodInDays\":100");
    KIT_HAS(ask("ListResourceTags", get), "team");
    KIT_HAS(kit_now(kit, &key), "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]");
    KIT_HAS(kit_now(kit, &key), "\"EnableKeyRotation\":true");
    make(&alias, "AWS::KMS::Alias",
         TEXT("{\"AliasName\":\"alias/mine\",\"TargetKeyId\":\"%s\"}", kit_id(kit, &key)));
    assert_string_equal(kit_id(kit, &alias), "alias/mine");
    KIT_HAS(kit_now(kit, &alias), kit_id(kit, &key));
    KIT_OK(kit, kit_remove(kit, &alias));
    KIT_OK(kit, kit_change(kit, &key,
                           "{\"Enabled\":\"false\",\"KeySpec\":\"SYMMETRIC_DEFAULT\","
                           "\"KeyUsage\":\"ENCRYPT_DECRYPT\",\"PendingWindowInDays\":\"7\"}"));
    KIT_HAS(ask("DescribeKey", get), "\"Enabled\":false");
    KIT_HAS(ask("DescribeKey", get), "\"Description\":\"\"");
    KIT_HAS(ask("GetKeyPolicy", get), "Enable IAM User Permissions");
    KIT_HAS_NOT(ask("ListResourceTags", get), "\"k\"");
    assert_ptr_not_equal(kit_change(kit, &key, "{\"KeySpec\":\"RSA_2048\"}"), OK);
    KIT_OK(kit, kit_remove(kit, &key));
    KIT_HAS(ask("DescribeKey", get), "PendingDeletion");
    assert_true(resource_is_gone(kit_remove(kit, &key)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_has_all_its_properties, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
