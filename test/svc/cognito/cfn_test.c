/* SPDX-License-Identifier: Apache-2.0
 *
 * Cognito's resource types: made with all their properties, told, changed, read for drift and
 * removed, seen by Cognito's own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define TYPE "AWS::Cognito::"
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
    return kit_call(kit, "cognito-idp", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

static void a_pool_has_all_its_properties(void **state)
{
    struct kit_thing pool = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *get;

    (void)state;
    make(&pool, TYPE "UserPool",
         "{\"AccountRecoverySetting\":{\"RecoveryMechanisms\":[{\"Name\":\"verified_email\","
         "\"Priority\":\"1\"}]},\"AdminCreateUserConfig\":{\"AllowAdminCreateUserOnly\":\"true\"},"
         "\"AutoVerifiedAttributes\":[\"email\"],\"DeletionProtection\":\"INACTIVE\","
         "\"DeviceConfiguration\":{\"ChallengeRequiredOnNewDevice\":true},"
         "\"EmailConfiguration\":{\"EmailSendingAccount\":\"COGNITO_DEFAULT\"},"
         "\"EnabledMfas\":[\"SOFTWARE_TOKEN_MFA\"],\"LambdaConfig\":{\"PreSignUp\":"
         "\"arn:aws:lambda:us-east-1:" KIT_ACCOUNT ":function:f\"},\"MfaConfiguration\":"
         "\"OPTIONAL\",\"Policies\":{\"PasswordPolicy\":{\"MinimumLength\":\"12\","
         "\"RequireSymbols\":\"false\"}},\"Schema\":[{\"Name\":\"team\",\"AttributeDataType\":"
         "\"String\",\"Mutable\":\"true\",\"StringAttributeConstraints\":{\"MaxLength\":\"9\"}}],"
         "\"UserAttributeUpdateSettings\":{\"AttributesRequireVerificationBeforeUpdate\":"
         "[\"email\"]},\"UserPoolAddOns\":{\"AdvancedSecurityMode\":\"OFF\"},\"UserPoolTags\":"
         "{\"k\":\"v\"},\"UserPoolTier\":\"PLUS\",\"UsernameAttributes\":[\"email\"],"
         "\"UsernameConfiguration\":{\"CaseSensitive\":false},\"VerificationMessageTemplate\":"
         "{\"DefaultEmailOption\":\"CONFIRM_WITH_CODE\",\"EmailSubject\":\"s\"}}");
    get = TEXT("{\"UserPoolId\":\"%s\"}", kit_id(kit, &pool));
    KIT_HAS(kit_id(kit, &pool), "us-east-1_");
    assert_string_equal(kit_attribute(kit, &pool, "ProviderName"),
                        TEXT("cognito-idp.us-east-1.amazonaws.com/%s", kit_id(kit, &pool)));
    KIT_HAS(kit_attribute(kit, &pool, "Arn"), ":" KIT_ACCOUNT ":userpool/us-east-1_");
    KIT_HAS(ask("DescribeUserPool", get), "\"MinimumLength\":12");
    KIT_HAS(ask("DescribeUserPool", get), "custom:team");
    KIT_HAS(ask("DescribeUserPool", get), "\"Thing-");
    KIT_HAS(ask("GetUserPoolMfaConfig", get), "\"MfaConfiguration\":\"OPTIONAL\"");
    KIT_HAS(kit_now(kit, &pool), "\"EnabledMfas\":[\"SOFTWARE_TOKEN_MFA\"]");
    KIT_HAS(kit_now(kit, &pool), "\"UserPoolTags\":{\"k\":\"v\"}");
    KIT_OK(kit, kit_change(kit, &pool,
                           "{\"Schema\":[{\"Name\":\"team\",\"AttributeDataType\":\"String\","
                           "\"Mutable\":\"true\",\"StringAttributeConstraints\":"
                           "{\"MaxLength\":\"9\"}},{\"Name\":\"more\",\"AttributeDataType\":"
                           "\"Number\"}],\"UsernameAttributes\":[\"email\"],"
                           "\"UsernameConfiguration\":{\"CaseSensitive\":false}}"));
    KIT_HAS(ask("DescribeUserPool", get), "\"MinimumLength\":8");
    KIT_HAS(ask("DescribeUserPool", get), "custom:more");
    KIT_HAS(ask("DescribeUserPool", get), "\"UserPoolTier\":\"ESSENTIALS\"");
    KIT_HAS_NOT(ask("DescribeUserPool", get), "PreSignUp");
    KIT_HAS_NOT(ask("DescribeUserPool", get), "\"k\"");
    KIT_HAS(ask("DescribeUserPool", get), "\"team\":\"a\"");
    KIT_HAS(ask("GetUserPoolMfaConfig", get), "\"MfaConfiguration\":\"OFF\"");
    assert_ptr_not_equal(kit_change(kit, &pool, "{\"UsernameAttributes\":[\"email\"],"
                                    "\"UsernameConfiguration\":{\"CaseSensitive\":false}}"), OK);
    KIT_HAS(kit->why.text, "Existing schema attributes cannot be modified or deleted.");
    assert_ptr_not_equal(kit_change(kit, &pool,
                                    "{\"UsernameAttributes\":[\"email\"],"
                                    "\"UsernameConfiguration\":{\"CaseSensitive\":false},"
                                    "\"Schema\":[{\"Name\":\"email\",\"AttributeDataType\":"
                                    "\"String\",\"Required\":true}]}"), OK);
    KIT_HAS(kit->why.text, "Existing schema attributes cannot be modified or deleted.");
    assert_ptr_not_equal(kit_change(kit, &pool, "{}"), OK);
    KIT_HAS(kit->why.text, "Updates are not allowed for property - UsernameAttributes.");
    KIT_OK(kit, kit_remove(kit, &pool));
    assert_true(resource_is_gone(kit_remove(kit, &pool)));
}

static void what_a_pool_has(void **state)
{
    struct kit_thing pool = {0}, client = {0}, domain = {0}, server = {0}, group = {0};
    struct kit_thing user = {0}, member = {0};
    const char *id;

    (void)state;
    make(&pool, TYPE "UserPool", "{\"UserPoolName\":\"p\"}");
    id = kit_id(kit, &pool);
    make(&server, TYPE "UserPoolResourceServer",
         TEXT("{\"UserPoolId\":\"%s\",\"Identifier\":\"cards\",\"Name\":\"Cards\",\"Scopes\":"
              "[{\"ScopeName\":\"read\",\"ScopeDescription\":\"d\"}]}", id));
    assert_string_equal(kit_id(kit, &server), "cards");
    make(&client, TYPE "UserPoolClient",
         TEXT("{\"UserPoolId\":\"%s\",\"GenerateSecret\":\"true\",\"AllowedOAuthFlows\":[\"code\"],"
              "\"AllowedOAuthFlowsUserPoolClient\":\"true\",\"AllowedOAuthScopes\":[\"openid\","
              "\"cards/read\"],\"CallbackURLs\":[\"https://a.example/\"],\"LogoutURLs\":"
              "[\"https://a.example/\"],\"SupportedIdentityProviders\":[\"COGNITO\"],"
              "\"ExplicitAuthFlows\":[\"ALLOW_USER_SRP_AUTH\",\"ALLOW_REFRESH_TOKEN_AUTH\"],"
              "\"AccessTokenValidity\":\"5\",\"TokenValidityUnits\":{\"AccessToken\":\"minutes\"},"
              "\"PreventUserExistenceErrors\":\"ENABLED\"}", id));
    assert_string_equal(kit_attribute(kit, &client, "ClientId"), kit_id(kit, &client));
    KIT_HAS(kit_attribute(kit, &client, "Name"), "Thing-");
    assert_true(strlen(kit_attribute(kit, &client, "ClientSecret")) > 40);
    KIT_HAS(kit_now(kit, &client), "\"AccessTokenValidity\":5");
    KIT_OK(kit, kit_change(kit, &client,
                           TEXT("{\"UserPoolId\":\"%s\",\"ClientName\":\"c\",\"GenerateSecret\":"
                                "\"true\"}", id)));
    assert_string_equal(kit_attribute(kit, &client, "Name"), "c");
    KIT_HAS_NOT(kit_now(kit, &client), "a.example");
    make(&domain, TYPE "UserPoolDomain",
         TEXT("{\"UserPoolId\":\"%s\",\"Domain\":\"cards-1\",\"ManagedLoginVersion\":\"2\"}", id));
    assert_string_equal(kit_id(kit, &domain), "cards-1");
    KIT_HAS(kit_attribute(kit, &domain, "CloudFrontDistribution"), ".cloudfront.net");
    KIT_HAS(kit_now(kit, &domain), "\"ManagedLoginVersion\":2");
    KIT_OK(kit, kit_change(kit, &domain,
                           TEXT("{\"UserPoolId\":\"%s\",\"Domain\":\"cards-1\"}", id)));
    KIT_HAS(kit_now(kit, &domain), "\"ManagedLoginVersion\":1");
    make(&group, TYPE "UserPoolGroup",
         TEXT("{\"UserPoolId\":\"%s\",\"GroupName\":\"hr\",\"Description\":\"d\",\"Precedence\":"
              "\"3\"}", id));
    make(&user, TYPE "UserPoolUser",
         TEXT("{\"UserPoolId\":\"%s\",\"Username\":\"ann\",\"MessageAction\":\"SUPPRESS\","
              "\"UserAttributes\":[{\"Name\":\"email\",\"Value\":\"a@example.com\"}]}", id));
    assert_string_equal(kit_id(kit, &user), "ann");
    KIT_HAS(kit_now(kit, &user), "a@example.com");
    make(&member, TYPE "UserPoolUserToGroupAttachment",
         TEXT("{\"UserPoolId\":\"%s\",\"Username\":\"ann\",\"GroupName\":\"hr\"}", id));
    KIT_HAS(ask("ListUsersInGroup", TEXT("{\"UserPoolId\":\"%s\",\"GroupName\":\"hr\"}", id)),
            "\"ann\"");
    KIT_OK(kit, kit_change(kit, &group,
                           TEXT("{\"UserPoolId\":\"%s\",\"GroupName\":\"hr\",\"Precedence\":4}",
                                id)));
    KIT_HAS(kit_now(kit, &group), "\"Precedence\":4");
    KIT_HAS_NOT(kit_now(kit, &group), "\"Description\":\"d\"");
    KIT_OK(kit, kit_remove(kit, &member));
    KIT_OK(kit, kit_remove(kit, &user));
    KIT_OK(kit, kit_remove(kit, &group));
    KIT_OK(kit, kit_remove(kit, &domain));
    KIT_OK(kit, kit_change(kit, &server,
                           TEXT("{\"UserPoolId\":\"%s\",\"Identifier\":\"cards\",\"Name\":\"C\"}",
                                id)));
    KIT_HAS_NOT(kit_now(kit, &server), "read");
    KIT_OK(kit, kit_remove(kit, &server));
    KIT_OK(kit, kit_remove(kit, &client));
    KIT_OK(kit, kit_remove(kit, &pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pool_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_pool_has, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
