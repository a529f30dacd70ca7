/* SPDX-License-Identifier: Apache-2.0
 *
 * IAM's resource types: made with all their properties, told, changed, read for drift and removed,
 * seen by IAM's own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:iam::" KIT_ACCOUNT ":"
#define TRUST                                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":"             \
    "{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"
#define MAY(what)                                                                                 \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"" what "\","   \
    "\"Resource\":\"*\"}]}"

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

static const char *ask(const char *operation, const char *member, const char *value)
{
    return kit_call(kit, "iam", operation,
                    arena_printf(kit->arena, "{\"%s\":\"%s\"}", member, value).at, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *id, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, id, properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

static void a_role_has_all_its_properties(void **state)
{
    struct kit_thing role = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *name;

    (void)state;
    make(&role, "AWS::IAM::Role", "Worker",
         "{\"AssumeRolePolicyDocument\":" TRUST ",\"Description\":\"d\",\"Path\":\"/p/\","
         "\"MaxSessionDuration\":\"7200\",\"ManagedPolicyArns\":["
         "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"],\"PermissionsBoundary\":"
         "\"arn:aws:iam::aws:policy/AdministratorAccess\",\"Policies\":[{\"PolicyName\":\"one\","
         "\"PolicyDocument\":" MAY("s3:*") "},{\"PolicyName\":\"two\",\"PolicyDocument\":"
         MAY("sqs:*") "}],\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    name = kit_id(kit, &role);
    KIT_HAS(name, KIT_STACK "-Worker-");
    KIT_HAS(kit_attribute(kit, &role, "Arn"), HOME "role/p/" KIT_STACK "-Worker-");
    KIT_HAS(kit_attribute(kit, &role, "RoleId"), "AROA");
    KIT_HAS(ask("GetRole", "RoleName", name), "\"MaxSessionDuration\":7200");
    KIT_HAS(ask("GetRole", "RoleName", name), "policy/AdministratorAccess");
    KIT_HAS(ask("ListRoleTags", "RoleName", name), "\"team\"");
    KIT_HAS(kit_now(kit, &role), "\"PolicyName\":\"two\"");
    KIT_HAS(kit_now(kit, &role), "\"Service\":\"lambda.amazonaws.com\"");
    KIT_OK(kit, kit_change(kit, &role,
                           "{\"AssumeRolePolicyDocument\":" TRUST ",\"Path\":\"/p/\","
                           "\"Policies\":[{\"PolicyName\":\"two\",\"PolicyDocument\":"
                           MAY("sns:*") "}]}"));
    KIT_HAS(ask("GetRole", "RoleName", name), "\"MaxSessionDuration\":3600");
    KIT_HAS_NOT(ask("GetRole", "RoleName", name), "AdministratorAccess");
    KIT_HAS_NOT(ask("ListAttachedRolePolicies", "RoleName", name), "ReadOnlyAccess");
    KIT_HAS_NOT(ask("ListRolePolicies", "RoleName", name), "one");
    KIT_HAS_NOT(ask("ListRoleTags", "RoleName", name), "\"k\"");
    KIT_HAS(kit_now(kit, &role), "sns:*");
    KIT_OK(kit, kit_remove(kit, &role));
    assert_true(resource_is_gone(kit_remove(kit, &role)));
}

static void users_are_in_their_groups(void **state)
{
    struct kit_thing group = {0}, user = {0}, key = {0}, other = {0}, added = {0};
    const char *secret;

    (void)state;
    make(&group, "AWS::IAM::Group", "G",
         "{\"GroupName\":\"g\",\"Path\":\"/x/\",\"ManagedPolicyArns\":["
         "\"arn:aws:iam::aws:policy/ReadOnlyAccess\"],\"Policies\":[{\"PolicyName\":\"one\","
         "\"PolicyDocument\":" MAY("s3:*") "}]}");
    assert_string_equal(kit_attribute(kit, &group, "Arn"), HOME "group/x/g");
    make(&user, "AWS::IAM::User", "U",
         "{\"Groups\":[\"g\"],\"LoginProfile\":{\"Password\":\"Sesame-123456\","
         "\"PasswordResetRequired\":\"true\"},\"Path\":\"/y/\",\"PermissionsBoundary\":"
         "\"arn:aws:iam::aws:policy/AdministratorAccess\",\"UserName\":\"u\","
         "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    KIT_HAS(ask("ListGroupsForUser", "UserName", "u"), "\"g\"");
    KIT_HAS(ask("GetLoginProfile", "UserName", "u"), "\"PasswordResetRequired\":true");
    make(&key, "AWS::IAM::AccessKey", "K", "{\"UserName\":\"u\",\"Status\":\"Inactive\"}");
    KIT_HAS(kit_id(kit, &key), "AKIA");
    secret = kit_attribute(kit, &key, "SecretAccessKey");
    assert_int_equal(strlen(secret), 40);
    KIT_HAS(kit_now(kit, &key), "\"Status\":\"Inactive\"");
    KIT_OK(kit, kit_change(kit, &key, "{\"UserName\":\"u\"}"));
    KIT_HAS(kit_now(kit, &key), "\"Status\":\"Active\"");
    assert_string_equal(kit_attribute(kit, &key, "SecretAccessKey"), secret);
    make(&other, "AWS::IAM::Group", "Other", "{}");
    make(&added, "AWS::IAM::UserToGroupAddition", "A",
         arena_printf(kit->arena, "{\"GroupName\":\"%s\",\"Users\":[\"u\"]}",
                      kit_id(kit, &other)).at);
    KIT_HAS(ask("ListGroupsForUser", "UserName", "u"), "-Other-");
    KIT_HAS(kit_attribute(kit, &added, "Id"), "-A-");
    KIT_OK(kit, kit_remove(kit, &added));
    KIT_OK(kit, kit_change(kit, &user, "{\"UserName\":\"u\"}"));
    KIT_HAS(kit_attribute(kit, &user, "Arn"), ":user/u");
    KIT_HAS(ask("ListGroupsForUser", "UserName", "u"), "\"Groups\":[]");
    KIT_HAS_NOT(ask("GetUser", "UserName", "u"), "Boundary");
    KIT_OK(kit, kit_change(kit, &group, "{\"GroupName\":\"g\"}"));
    KIT_HAS(ask("ListGroupPolicies", "GroupName", "g"), "\"PolicyNames\":[]");
    KIT_OK(kit, kit_remove(kit, &key));
    KIT_OK(kit, kit_remove(kit, &user));
    KIT_OK(kit, kit_remove(kit, &group));
    KIT_OK(kit, kit_remove(kit, &other));
}

static void policies_go_to_those_who_are_named(void **state)
{
    struct kit_thing role = {0}, user = {0}, policy = {0}, own = {0}, managed = {0};

    (void)state;
    make(&role, "AWS::IAM::Role", "R",
         "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":" TRUST "}");
    make(&user, "AWS::IAM::User", "U", "{\"UserName\":\"u\"}");
    make(&policy, "AWS::IAM::Policy", "P",
         "{\"PolicyName\":\"p\",\"PolicyDocument\":" MAY("s3:*") ",\"Roles\":[\"r\"],"
         "\"Users\":[\"u\"]}");
    KIT_HAS(ask("ListUserPolicies", "UserName", "u"), "\"p\"");
    KIT_HAS(kit_now(kit, &policy), "s3:*");
    KIT_OK(kit, kit_change(kit, &policy,
                           "{\"PolicyName\":\"q\",\"PolicyDocument\":" MAY("s3:*")
                           ",\"Roles\":[\"r\"]}"));
    KIT_HAS(ask("ListUserPolicies", "UserName", "u"), "\"PolicyNames\":[]");
    KIT_HAS(ask("ListRolePolicies", "RoleName", "r"), "\"PolicyNames\":[\"q\"]");
    KIT_OK(kit, kit_remove(kit, &policy));
    make(&own, "AWS::IAM::RolePolicy", "O",
         "{\"PolicyName\":\"o\",\"RoleName\":\"r\",\"PolicyDocument\":" MAY("s3:*") "}");
    assert_string_equal(kit_id(kit, &own), "o|r");
    KIT_OK(kit, kit_change(kit, &own,
                           "{\"PolicyName\":\"o\",\"RoleName\":\"r\",\"PolicyDocument\":"
                           MAY("sns:*") "}"));
    KIT_HAS(kit_now(kit, &own), "sns:*");
    KIT_OK(kit, kit_remove(kit, &own));
    make(&managed, "AWS::IAM::ManagedPolicy", "M",
         "{\"Description\":\"d\",\"Path\":\"/m/\",\"PolicyDocument\":" MAY("s3:*")
         ",\"Roles\":[\"r\"]}");
    KIT_HAS(kit_id(kit, &managed), HOME "policy/m/" KIT_STACK "-M-");
    assert_string_equal(kit_attribute(kit, &managed, "AttachmentCount"), "1");
    for (int i = 0; i < 6; i++) {
        KIT_OK(kit, kit_change(kit, &managed,
                               i % 2 == 0 ? "{\"PolicyDocument\":" MAY("sns:*") "}"
                                          : "{\"PolicyDocument\":" MAY("sqs:*") "}"));
    }
    assert_string_equal(kit_attribute(kit, &managed, "DefaultVersionId"), "v7");
    assert_string_equal(kit_attribute(kit, &managed, "AttachmentCount"), "0");
    KIT_HAS(kit_now(kit, &managed), "sqs:*");
    KIT_OK(kit, kit_remove(kit, &managed));
    KIT_OK(kit, kit_remove(kit, &role));
    KIT_OK(kit, kit_remove(kit, &user));
    assert_ptr_not_equal(kit_make(kit, "AWS::IAM::Policy", "P",
                                  "{\"PolicyName\":\"p\",\"PolicyDocument\":{}}", &policy), OK);
    KIT_HAS(kit->why.text, "At least one of [Groups,Roles,Users] must be non-empty.");
}

static void profiles_providers_and_linked_roles(void **state)
{
    struct kit_thing role = {0}, profile = {0}, oidc = {0}, linked = {0};

    (void)state;
    make(&role, "AWS::IAM::Role", "R",
         "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":" TRUST "}");
    make(&profile, "AWS::IAM::InstanceProfile", "P", "{\"Path\":\"/p/\",\"Roles\":[\"r\"]}");
    KIT_HAS(kit_attribute(kit, &profile, "Arn"), ":instance-profile/p/" KIT_STACK "-P-");
    KIT_HAS(kit_now(kit, &profile), "\"Roles\":[\"r\"]");
    KIT_OK(kit, kit_remove(kit, &profile));
    make(&oidc, "AWS::IAM::OIDCProvider", "O",
         "{\"Url\":\"https://id.example.com\",\"ClientIdList\":[\"a\",\"b\"],\"ThumbprintList\":["
         "\"990f4193972f2becf12ddeda5237f9c952f20d9e\"]}");
    assert_string_equal(kit_attribute(kit, &oidc, "Arn"), HOME "oidc-provider/id.example.com");
    KIT_OK(kit, kit_change(kit, &oidc,
                           "{\"Url\":\"https://id.example.com\",\"ClientIdList\":[\"b\",\"c\"],"
                           "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}"));
    KIT_HAS(kit_now(kit, &oidc), "\"ClientIdList\":[\"b\",\"c\"]");
    KIT_HAS(kit_now(kit, &oidc), "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]");
    KIT_OK(kit, kit_remove(kit, &oidc));
    make(&linked, "AWS::IAM::ServiceLinkedRole", "L",
         "{\"AWSServiceName\":\"autoscaling.amazonaws.com\",\"Description\":\"d\"}");
    assert_string_equal(kit_id(kit, &linked), "AWSServiceRoleForAutoScaling");
    KIT_OK(kit, kit_change(kit, &linked,
                           "{\"AWSServiceName\":\"autoscaling.amazonaws.com\","
                           "\"Description\":\"e\"}"));
    KIT_HAS(kit_now(kit, &linked), "\"Description\":\"e\"");
    KIT_OK(kit, kit_remove(kit, &linked));
    KIT_OK(kit, kit_remove(kit, &role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_role_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(users_are_in_their_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(policies_go_to_those_who_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(profiles_providers_and_linked_roles, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
