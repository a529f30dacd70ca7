/* SPDX-License-Identifier: Apache-2.0
 *
 * Log groups, streams, filters, destinations, policies and query definitions in templates: every
 * property is set, read back, changed and taken away.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:logs:us-east-1:" KIT_ACCOUNT ":"

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

static void a_group_has_all_its_properties(void **state)
{
    static const char everything[] =
        "{\"LogGroupName\":\"g\",\"LogGroupClass\":\"STANDARD\",\"RetentionInDays\":\"7\","
        "\"DeletionProtectionEnabled\":true,\"KmsKeyId\":\"arn:aws:kms:us-east-1:000000000000:"
        "key/5d1b1a10-8a6e-41f0-9cde-0a1b2c3d4e5f\",\"ResourcePolicyDocument\":{\"Version\":"
        "\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
        "\"es.amazonaws.com\"},\"Action\":\"logs:PutLogEvents\",\"Resource\":\"*\"}]},"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";
    struct kit_thing group = {.stack_tags = kit_json(kit, "[{\"Key\":\"s\",\"Value\":\"t\"}]")};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::Logs::LogGroup", "G", everything, &group));
    assert_string_equal(kit_id(kit, &group), "g");
    assert_string_equal(kit_attribute(kit, &group, "Arn"), HOME "log-group:g:*");
    KIT_READS_BACK(kit, &group, everything);
    assert_ptr_not_equal(kit_remove(kit, &group), OK); /* protected */
    KIT_OK(kit, kit_change(kit, &group, "{\"LogGroupName\":\"g\"}"));
    KIT_HAS_NOT(kit_now(kit, &group), "RetentionInDays");
    KIT_HAS_NOT(kit_now(kit, &group), "KmsKeyId");
    KIT_HAS_NOT(kit_now(kit, &group), "ResourcePolicyDocument");
    KIT_HAS_NOT(kit_now(kit, &group), "Tags");
    assert_ptr_equal(kit_change(kit, &group, "{\"LogGroupName\":\"g\",\"LogGroupClass\":"
                                             "\"INFREQUENT_ACCESS\"}"), &RESOURCE_INVALID);
    KIT_OK(kit, kit_remove(kit, &group));
    assert_true(resource_is_gone(kit_remove(kit, &group)));
}

static void a_change_that_failed_is_taken_back(void **state)
{
    static const char little[] = "{\"LogGroupName\":\"g\",\"RetentionInDays\":7}";
    struct kit_thing group = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::Logs::LogGroup", "G", little, &group));
    KIT_TAKES_BACK(kit, &group,
                   "{\"LogGroupName\":\"g\",\"RetentionInDays\":8,\"KmsKeyId\":"
                   "\"arn:aws:kms:us-east-1:000000000000:"
                   "key/5d1b1a10-8a6e-41f0-9cde-0a1b2c3d4e5f\","
                   "\"ResourcePolicyDocument\":{},\"DeletionProtectionEnabled\":true,"
                   "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}", little);
}

static void streams_and_filters_are_in_their_group(void **state)
{
    static const char subscription_of_kinesis[] =
        "{\"LogGroupName\":\"g\",\"FilterPattern\":\"ERROR\",\"DestinationArn\":"
        "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\",\"RoleArn\":"
        "\"arn:aws:iam::000000000000:role/r\",\"Distribution\":\"Random\"}";
    static const char metric_of_errors[] =
        "{\"LogGroupName\":\"g\",\"FilterName\":\"m\",\"FilterPattern\":\"{ $.a = * }\","
        "\"MetricTransformations\":[{\"MetricName\":\"n\",\"MetricNamespace\":\"x\","
        "\"MetricValue\":\"1\",\"Unit\":\"Count\","
        "\"Dimensions\":[{\"Key\":\"d\",\"Value\":\"$.a\"}]}]}";
    struct kit_thing group = {0}, stream = {0}, subscription = {0}, metric = {0};

    (void)state;
    kit_call(kit, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}", NULL);
    KIT_OK(kit, kit_make(kit, "AWS::Logs::LogGroup", "G", "{\"LogGroupName\":\"g\"}", &group));
    KIT_OK(kit, kit_make(kit, "AWS::Logs::LogStream", "S", "{\"LogGroupName\":\"g\"}", &stream));
    KIT_HAS(kit_id(kit, &stream), KIT_STACK "-S-");
    KIT_READS_BACK(kit, &stream, "{\"LogGroupName\":\"g\"}");
    KIT_OK(kit, kit_remove(kit, &stream));
    assert_true(resource_is_gone(kit_remove(kit, &stream)));
    KIT_OK(kit, kit_make(kit, "AWS::Logs::SubscriptionFilter", "F", subscription_of_kinesis,
                         &subscription));
    KIT_HAS(kit_id(kit, &subscription), KIT_STACK "-F-");
    KIT_READS_BACK(kit, &subscription, subscription_of_kinesis);
    KIT_OK(kit, kit_change(kit, &subscription,
                           "{\"LogGroupName\":\"g\",\"FilterPattern\":\"\",\"DestinationArn\":"
                           "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\",\"RoleArn\":"
                           "\"arn:aws:iam::000000000000:role/r\"}"));
    KIT_READS_BACK(kit, &subscription, "{\"FilterPattern\":\"\","
                                       "\"Distribution\":\"ByLogStream\"}");
    KIT_OK(kit, kit_remove(kit, &subscription));
    assert_true(resource_is_gone(kit_remove(kit, &subscription)));
    KIT_OK(kit, kit_make(kit, "AWS::Logs::MetricFilter", "M", metric_of_errors, &metric));
    assert_string_equal(kit_id(kit, &metric), "m");
    KIT_READS_BACK(kit, &metric, metric_of_errors);
    assert_ptr_equal(kit_make(kit, "AWS::Logs::MetricFilter", "M", metric_of_errors, &stream),
                     &ERR_EXISTS);
    KIT_OK(kit, kit_remove(kit, &metric));
    assert_true(resource_is_gone(kit_step(kit, &metric, KIT_NOW, NULL)));
}

static void what_has_no_group(void **state)
{
    static const char policy_one[] = "{\"PolicyName\":\"p\",\"PolicyDocument\":\"{}\"}";
    static const char query_one[] =
        "{\"Name\":\"a/b\",\"QueryString\":\"fields @message\",\"LogGroupNames\":[\"g\"],"
        "\"Parameters\":[{\"Name\":\"word\",\"DefaultValue\":\"x\"}]}";
    static const char destination_one[] =
        "{\"DestinationName\":\"d\",\"RoleArn\":\"arn:aws:iam::000000000000:role/r\","
        "\"TargetArn\":\"arn:aws:kinesis:us-east-1:000000000000:stream/s\","
        "\"DestinationPolicy\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}\","
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";
    struct kit_thing policy = {0}, destination = {0}, query = {0};

    (void)state;
    kit_call(kit, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}", NULL);
    KIT_OK(kit, kit_make(kit, "AWS::Logs::ResourcePolicy", "P", policy_one, &policy));
    assert_string_equal(kit_id(kit, &policy), "p");
    KIT_HAS(kit_now(kit, &policy), "\"PolicyDocument\":\"{}\"");
    KIT_OK(kit, kit_change(kit, &policy, "{\"PolicyName\":\"p\",\"PolicyDocument\":"
                                         "\"{ }\"}"));
    KIT_OK(kit, kit_remove(kit, &policy));
    assert_true(resource_is_gone(kit_remove(kit, &policy)));
    KIT_OK(kit, kit_make(kit, "AWS::Logs::Destination", "D", destination_one, &destination));
    assert_string_equal(kit_attribute(kit, &destination, "Arn"), HOME "destination:d");
    KIT_READS_BACK(kit, &destination, destination_one);
    KIT_OK(kit, kit_change(kit, &destination,
                           "{\"DestinationName\":\"d\",\"RoleArn\":"
                           "\"arn:aws:iam::000000000000:role/q\",\"TargetArn\":"
                           "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\"}"));
    KIT_HAS(kit_now(kit, &destination), "role/q");
    KIT_HAS_NOT(kit_now(kit, &destination), "Tags");
    KIT_OK(kit, kit_remove(kit, &destination));
    assert_true(resource_is_gone(kit_remove(kit, &destination)));
    KIT_OK(kit, kit_make(kit, "AWS::Logs::QueryDefinition", "Q", query_one, &query));
    assert_string_equal(kit_attribute(kit, &query, "QueryDefinitionId"), kit_id(kit, &query));
    KIT_READS_BACK(kit, &query, query_one);
    KIT_OK(kit, kit_change(kit, &query, "{\"Name\":\"a/c\",\"QueryString\":\"limit 1\"}"));
    KIT_HAS(kit_now(kit, &query), "a/c");
    KIT_HAS_NOT(kit_now(kit, &query), "\"g\"");
    KIT_OK(kit, kit_remove(kit, &query));
    assert_true(resource_is_gone(kit_remove(kit, &query)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_group_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_failed_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_and_filters_are_in_their_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_group, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
