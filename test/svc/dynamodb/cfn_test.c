/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables in templates: every property is set, read back, changed and taken away; indexes come and
 * go one at a time; a table that is imported is ready when it has its items.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:dynamodb:us-east-1:" KIT_ACCOUNT ":table/"
#define KEYS                                                                                       \
    "\"TableName\":\"tab\",\"KeySchema\":[{\"AttributeName\":\"p\",\"KeyType\":\"HASH\"},"  \
    "{\"AttributeName\":\"s\",\"KeyType\":\"RANGE\"}],"
#define DEFINED "\"AttributeDefinitions\":[{\"AttributeName\":\"p\",\"AttributeType\":\"S\"},"     \
                "{\"AttributeName\":\"s\",\"AttributeType\":\"N\"}"
#define LOCAL "\"LocalSecondaryIndexes\":[{\"IndexName\":\"loc\",\"KeySchema\":[{"               \
              "\"AttributeName\":\"p\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"g\"," \
              "\"KeyType\":\"RANGE\"}],"                                                       \
              "\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"}}],"
#define INDEX(name, more)                                                                          \
    "{\"IndexName\":\"" name "\",\"KeySchema\":[{\"AttributeName\":\"g\",\"KeyType\":\"HASH\"}],"  \
    "\"Projection\":{\"ProjectionType\":\"ALL\"}" more "}"
#define UNITS(n) "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":" n \
                 ",\"WriteCapacityUnits\":" n "}"

static struct kit *kit;

static int set_up(void **state)
{
    (void)state;
    kit = kit_open();
    kit_call(kit, "kinesis", "CreateStream", "{\"StreamName\":\"k\",\"ShardCount\":1}", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_close(kit);
    return 0;
}

static void a_table_has_all_its_properties(void **state)
{
    static const char everything[] =
        "{" KEYS DEFINED ",{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}]," LOCAL
        "\"GlobalSecondaryIndexes\":[" INDEX("one", "," UNITS("2")) "],"
        "\"BillingMode\":\"PROVISIONED\"," UNITS("5") ",\"TableClass\":"
        "\"STANDARD_INFREQUENT_ACCESS\",\"DeletionProtectionEnabled\":\"true\","
        "\"StreamSpecification\":{\"StreamViewType\":\"NEW_IMAGE\"},"
        "\"SSESpecification\":{\"SSEEnabled\":true},"
        "\"TimeToLiveSpecification\":{\"AttributeName\":\"e\",\"Enabled\":true},"
        "\"PointInTimeRecoverySpecification\":{\"PointInTimeRecoveryEnabled\":true,"
        "\"RecoveryPeriodInDays\":7},"
        "\"ContributorInsightsSpecification\":{\"Enabled\":true},"
        "\"KinesisStreamSpecification\":{\"StreamArn\":"
        "\"arn:aws:kinesis:us-east-1:000000000000:stream/k\","
        "\"ApproximateCreationDateTimePrecision\":\"MICROSECOND\"},"
        "\"ResourcePolicy\":{\"PolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[{"
        "\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::000000000000:root\"},"
        "\"Action\":\"dynamodb:GetItem\",\"Resource\":\"*\"}]}},"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";
    static const char little[] =
        "{" KEYS DEFINED ",{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}]," LOCAL
        "\"GlobalSecondaryIndexes\":[" INDEX("one", "") "],\"BillingMode\":\"PAY_PER_REQUEST\"}";
    struct kit_thing table = {.stack_tags = kit_json(kit, "[{\"Key\":\"s\",\"Value\":\"t\"}]")};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::DynamoDB::Table", "T", everything, &table));
    assert_string_equal(kit_id(kit, &table), "tab");
    assert_string_equal(kit_attribute(kit, &table, "Arn"), HOME "tab");
    KIT_HAS(kit_attribute(kit, &table, "StreamArn"), HOME "tab/stream/2");
    KIT_READS_BACK(kit, &table, everything);
    assert_ptr_not_equal(kit_remove(kit, &table), OK); /* protected */
    KIT_HAS(kit->why.text, "(Service: DynamoDb, ");
    KIT_OK(kit, kit_change(kit, &table, little));
    KIT_READS_BACK(kit, &table, little);
    KIT_READS_BACK(kit, &table,
                   "{\"DeletionProtectionEnabled\":false,\"TableClass\":\"STANDARD\","
                   "\"PointInTimeRecoverySpecification\":{\"PointInTimeRecoveryEnabled\":false},"
                   "\"ContributorInsightsSpecification\":{\"Enabled\":false}}");
    KIT_HAS_NOT(kit_now(kit, &table), "StreamSpecification");
    KIT_HAS_NOT(kit_now(kit, &table), "SSESpecification");
    KIT_HAS_NOT(kit_now(kit, &table), "TimeToLiveSpecification");
    KIT_HAS_NOT(kit_now(kit, &table), "KinesisStreamSpecification");
    KIT_HAS_NOT(kit_now(kit, &table), "ResourcePolicy");
    KIT_HAS_NOT(kit_now(kit, &table), "Tags");
    KIT_OK(kit, kit_change(kit, &table, everything));
    KIT_READS_BACK(kit, &table, everything);
    KIT_OK(kit, kit_change(kit, &table, little));
    KIT_OK(kit, kit_remove(kit, &table));
    assert_true(resource_is_gone(kit_remove(kit, &table)));
}

static void indexes_come_and_go_one_at_a_time(void **state)
{
    static const char none[] = "{" KEYS DEFINED "],\"BillingMode\":\"PAY_PER_REQUEST\"}";
    static const char one[] =
        "{" KEYS DEFINED ",{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}],"
        "\"GlobalSecondaryIndexes\":[" INDEX("one", ",\"ContributorInsightsSpecification\":{"
        "\"Enabled\":true}") "],\"BillingMode\":\"PAY_PER_REQUEST\"}";
    static const char two[] =
        "{" KEYS DEFINED ",{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}],"
        "\"GlobalSecondaryIndexes\":[" INDEX("one", "") "," INDEX("two", "") "],"
        "\"BillingMode\":\"PAY_PER_REQUEST\"}";
    struct kit_thing table = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::DynamoDB::Table", "T", none, &table));
    assert_ptr_equal(kit_change(kit, &table, two), &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "Cannot perform more than one GSI creation or deletion");
    KIT_OK(kit, kit_change(kit, &table, none)); /* what failed is taken back */
    KIT_OK(kit, kit_change(kit, &table, one));
    KIT_HAS(kit_now(kit, &table), "\"IndexName\":\"one\"");
    KIT_HAS(kit_call(kit, "dynamodb", "DescribeContributorInsights",
                     "{\"TableName\":\"tab\",\"IndexName\":\"one\"}", NULL), "\"ENABLED\"");
    KIT_OK(kit, kit_change(kit, &table, none));
    KIT_HAS_NOT(kit_now(kit, &table), "\"IndexName\"");
    KIT_OK(kit, kit_remove(kit, &table));
}

static void an_imported_table_is_ready_with_its_items(void **state)
{
    static const char imported[] =
        "{" KEYS DEFINED "],\"BillingMode\":\"PAY_PER_REQUEST\","
        "\"StreamSpecification\":{\"StreamViewType\":\"KEYS_ONLY\"},"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}],"
        "\"ImportSourceSpecification\":{\"InputFormat\":\"CSV\",\"InputFormatOptions\":{"
        "\"Csv\":{\"Delimiter\":\",\",\"HeaderList\":[\"p\",\"s\"]}},"
        "\"S3BucketSource\":{\"S3Bucket\":\"bucket\",\"S3KeyPrefix\":\"in/\"}}}";
    struct kit_thing table = {0};

    (void)state;
    kit_call(kit, "s3", "CreateBucket", "{\"Bucket\":\"bucket\"}", NULL);
    assert_ptr_equal(kit_make(kit, "AWS::DynamoDB::Table", "T", imported, &table),
                     &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "Table import failed: There is no object with that prefix");
    assert_true(resource_is_gone(kit_remove(kit, &table))); /* DynamoDB dropped it itself */
    kit_call(kit, "s3", "PutObject", "{\"Bucket\":\"bucket\",\"Key\":\"in/none.csv\"}", NULL);
    KIT_OK(kit, kit_make(kit, "AWS::DynamoDB::Table", "T", imported, &table));
    KIT_HAS(kit_now(kit, &table), "KEYS_ONLY");
    KIT_HAS(kit_now(kit, &table), "\"Tags\"");
    KIT_OK(kit, kit_remove(kit, &table));
}

static void a_change_that_failed_is_taken_back(void **state)
{
    static const char little[] =
        "{" KEYS DEFINED "],\"BillingMode\":\"PROVISIONED\"," UNITS("5") "}";
    struct kit_thing table = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::DynamoDB::Table", "T", little, &table));
    KIT_TAKES_BACK(kit, &table,
                   "{" KEYS DEFINED "],\"BillingMode\":\"PAY_PER_REQUEST\","
                   "\"TimeToLiveSpecification\":{\"AttributeName\":\"e\",\"Enabled\":true},"
                   "\"KinesisStreamSpecification\":{\"StreamArn\":"
                   "\"arn:aws:kinesis:us-east-1:000000000000:stream/nobody\"}}", little);
    KIT_TAKES_BACK(kit, &table,
                   "{" KEYS DEFINED "],\"BillingMode\":\"PAY_PER_REQUEST\","
                   "\"StreamSpecification\":{\"StreamViewType\":\"NEW_IMAGE\"},"
                   "\"SSESpecification\":{\"SSEEnabled\":true},\"TableClass\":\"NONSENSE\"}",
                   little);
    KIT_HAS_NOT(kit_now(kit, &table), "StreamSpecification");
    KIT_HAS_NOT(kit_now(kit, &table), "SSESpecification");
}

static void a_global_table_has_one_replica(void **state)
{
    static const char global[] =
        "{" KEYS DEFINED ",{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}],"
        "\"GlobalSecondaryIndexes\":[" INDEX("one", ",\"WriteProvisionedThroughputSettings\":{"
        "\"WriteCapacityAutoScalingSettings\":{\"MinCapacity\":2,\"MaxCapacity\":9}}") "],"
        "\"BillingMode\":\"PROVISIONED\",\"SSESpecification\":{\"SSEEnabled\":true},"
        "\"StreamSpecification\":{\"StreamViewType\":\"NEW_IMAGE\"},"
        "\"WriteProvisionedThroughputSettings\":{\"WriteCapacityAutoScalingSettings\":{"
        "\"MinCapacity\":3,\"MaxCapacity\":9,\"SeedCapacity\":4}},"
        "\"Replicas\":[{\"Region\":\"us-east-1\",\"DeletionProtectionEnabled\":%s,"
        "\"ReadProvisionedThroughputSettings\":{\"ReadCapacityUnits\":5},"
        "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"one\","
        "\"ReadProvisionedThroughputSettings\":{\"ReadCapacityUnits\":6}}],"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}]}";
    struct kit_thing table = {0}, other = {0};
    const char *told;

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::DynamoDB::GlobalTable", "T",
                         arena_printf(kit->arena, global, "true").at, &table));
    assert_string_equal(kit_attribute(kit, &table, "Arn"), HOME "tab");
    assert_int_equal(strlen(kit_attribute(kit, &table, "TableId")), 36);
    told = kit_call(kit, "dynamodb", "DescribeTable", "{\"TableName\":\"tab\"}", NULL);
    KIT_HAS(told, "\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":4");
    KIT_HAS(told, "\"ReadCapacityUnits\":6,\"WriteCapacityUnits\":2");
    KIT_HAS(told, "\"DeletionProtectionEnabled\":true");
    KIT_OK(kit, kit_change(kit, &table, arena_printf(kit->arena, global, "false").at));
    KIT_OK(kit, kit_remove(kit, &table));
    assert_true(resource_is_gone(kit_remove(kit, &table)));
    assert_ptr_equal(kit_make(kit, "AWS::DynamoDB::GlobalTable", "T",
                              "{" KEYS DEFINED "],\"Replicas\":[{\"Region\":\"eu-west-1\"}]}",
                              &other), &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "Encountered unsupported property Replicas");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(indexes_come_and_go_one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_failed_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_global_table_has_one_replica, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_imported_table_is_ready_with_its_items, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
