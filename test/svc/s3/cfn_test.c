/* SPDX-License-Identifier: Apache-2.0
 *
 * Buckets and their policies in templates: every property is set, read back as it was said, changed
 * and taken away.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

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

static const char *ask(const char *operation, const char *bucket)
{
    return kit_call(kit, "s3", operation,
                    arena_printf(kit->arena, "{\"Bucket\":\"%s\"}", bucket).at, NULL);
}

#define ARN_OF "arn:aws:s3:::"

static const char everything[] =
    "{\"BucketName\":\"data\",\"ObjectLockEnabled\":true,"
    "\"ObjectLockConfiguration\":{\"ObjectLockEnabled\":\"Enabled\",\"Rule\":{\"DefaultRetention\":"
    "{\"Mode\":\"GOVERNANCE\",\"Days\":1}}},"
    "\"VersioningConfiguration\":{\"Status\":\"Enabled\"},"
    "\"AccelerateConfiguration\":{\"AccelerationStatus\":\"Enabled\"},"
    "\"OwnershipControls\":{\"Rules\":[{\"ObjectOwnership\":\"ObjectWriter\"}]},"
    "\"PublicAccessBlockConfiguration\":{\"BlockPublicAcls\":true,\"BlockPublicPolicy\":\"false\","
    "\"IgnorePublicAcls\":true,\"RestrictPublicBuckets\":false},"
    "\"BucketEncryption\":{\"ServerSideEncryptionConfiguration\":[{\"BucketKeyEnabled\":true,"
    "\"ServerSideEncryptionByDefault\":{\"SSEAlgorithm\":\"aws:kms\",\"KMSMasterKeyID\":"
    "\"arn:aws:kms:us-east-1:000000000000:key/5d1b1a10-8a6e-41f0-9cde-0a1b2c3d4e5f\"}}]},"
    "\"CorsConfiguration\":{\"CorsRules\":[{\"Id\":\"a\",\"AllowedMethods\":[\"GET\"],"
    "\"AllowedOrigins\":[\"*\"],\"AllowedHeaders\":[\"x\"],\"ExposedHeaders\":[\"y\"],"
    "\"MaxAge\":60}]},"
    "\"LifecycleConfiguration\":{\"Rules\":[{\"Id\":\"cold\",\"Status\":\"Enabled\","
    "\"Prefix\":\"logs/\",\"TagFilters\":[{\"Key\":\"a\",\"Value\":\"b\"}],"
    "\"ObjectSizeGreaterThan\":\"500\",\"ExpirationInDays\":400,"
    "\"Transitions\":[{\"StorageClass\":\"GLACIER\",\"TransitionInDays\":30}],"
    "\"NoncurrentVersionExpiration\":{\"NoncurrentDays\":90,\"NewerNoncurrentVersions\":2},"
    "\"NoncurrentVersionTransitions\":[{\"StorageClass\":\"STANDARD_IA\","
    "\"TransitionInDays\":30}]},{\"Id\":\"parts\",\"Status\":\"Enabled\",\"Prefix\":\"up/\","
    "\"AbortIncompleteMultipartUpload\":{\"DaysAfterInitiation\":3}}]},"
    "\"WebsiteConfiguration\":{\"IndexDocument\":\"index.html\",\"ErrorDocument\":\"e.html\","
    "\"RoutingRules\":[{\"RedirectRule\":{\"ReplaceKeyPrefixWith\":\"new/\"},"
    "\"RoutingRuleCondition\":{\"KeyPrefixEquals\":\"old/\"}}]},"
    "\"LoggingConfiguration\":{\"DestinationBucketName\":\"logs\",\"LogFilePrefix\":\"l/\"},"
    "\"NotificationConfiguration\":{\"EventBridgeConfiguration\":{\"EventBridgeEnabled\":true},"
    "\"QueueConfigurations\":[{\"Event\":\"s3:ObjectCreated:*\","
    "\"Queue\":\"arn:aws:sqs:us-east-1:000000000000:q\",\"Filter\":{\"S3Key\":{\"Rules\":["
    "{\"Name\":\"prefix\",\"Value\":\"in/\"}]}}}],"
    "\"TopicConfigurations\":[{\"Event\":\"s3:ObjectRemoved:*\","
    "\"Topic\":\"arn:aws:sns:us-east-1:000000000000:t\"}]},"
    "\"ReplicationConfiguration\":{\"Role\":\"arn:aws:iam::000000000000:role/r\",\"Rules\":[{"
    "\"Id\":\"r1\",\"Status\":\"Enabled\",\"Priority\":1,\"DeleteMarkerReplication\":{\"Status\":"
    "\"Disabled\"},\"Filter\":{\"And\":{\"Prefix\":\"p\",\"TagFilters\":[{\"Key\":\"a\","
    "\"Value\":\"b\"}]}},\"Destination\":{\"Bucket\":\"" ARN_OF "logs\"}}]},"
    "\"AnalyticsConfigurations\":[{\"Id\":\"an\",\"Prefix\":\"p\",\"StorageClassAnalysis\":{"
    "\"DataExport\":{\"OutputSchemaVersion\":\"V_1\",\"Destination\":{\"BucketArn\":\"" ARN_OF
    "logs\",\"Format\":\"CSV\",\"Prefix\":\"an\"}}}}],"
    "\"IntelligentTieringConfigurations\":[{\"Id\":\"it\",\"Status\":\"Enabled\",\"Tierings\":[{"
    "\"AccessTier\":\"ARCHIVE_ACCESS\",\"Days\":90}],\"TagFilters\":[{\"Key\":\"a\","
    "\"Value\":\"b\"}]}],"
    "\"InventoryConfigurations\":[{\"Id\":\"iv\",\"Enabled\":true,\"IncludedObjectVersions\":"
    "\"Current\",\"ScheduleFrequency\":\"Daily\",\"Prefix\":\"p\",\"OptionalFields\":[\"Size\"],"
    "\"Destination\":{\"BucketArn\":\"" ARN_OF "logs\",\"BucketAccountId\":\"000000000000\","
    "\"Format\":\"CSV\",\"Prefix\":\"iv\"}}],"
    "\"MetricsConfigurations\":[{\"Id\":\"m\",\"Prefix\":\"p\"}],"
    "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";

static void make_neighbours(void)
{
    struct kit_thing logs = {0};

    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "L",
                         "{\"BucketName\":\"logs\",\"VersioningConfiguration\":{\"Status\":"
                         "\"Enabled\"}}", &logs));
    kit_call(kit, "sqs", "CreateQueue", "{\"QueueName\":\"q\"}", NULL);
    kit_call(kit, "sns", "CreateTopic", "{\"Name\":\"t\"}", NULL);
}

static void a_bucket_has_all_its_properties(void **state)
{
    struct kit_thing bucket = {.stack_tags = kit_json(kit, "[{\"Key\":\"s\",\"Value\":\"t\"}]")};

    (void)state;
    make_neighbours();
    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "Data", everything, &bucket));
    assert_string_equal(kit_id(kit, &bucket), "data");
    assert_string_equal(kit_attribute(kit, &bucket, "Arn"), ARN_OF "data");
    assert_string_equal(kit_attribute(kit, &bucket, "DomainName"), "data.s3.amazonaws.com");
    assert_string_equal(kit_attribute(kit, &bucket, "DualStackDomainName"),
                        "data.s3.dualstack.us-east-1.amazonaws.com");
    assert_string_equal(kit_attribute(kit, &bucket, "RegionalDomainName"),
                        "data.s3.us-east-1.amazonaws.com");
    KIT_HAS(kit_attribute(kit, &bucket, "WebsiteURL"), "http://data.s3-website");
    KIT_READS_BACK(kit, &bucket, everything);
    KIT_HAS(ask("GetBucketTagging", "data"), "\"s\"");
    KIT_HAS(ask("GetBucketLifecycleConfiguration", "data"), "\"And\":{\"Prefix\":\"logs/\"");
    assert_ptr_not_equal(kit_change(kit, &bucket, "{\"BucketName\":\"data\"}"), OK);
    KIT_HAS(kit->why.text, "Object Lock configuration is present"); /* as on AWS: for ever */
}

static void what_is_taken_away_goes(void **state)
{
    struct kit_thing bucket = {0};

    (void)state;
    make_neighbours();
    /* the same without its lock */
    const char *unlocked = arena_printf(kit->arena, "{\"BucketName\":\"data\",%s",
                                        strstr(everything, "\"VersioningConfiguration\"")).at;

    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "Data", unlocked, &bucket));
    KIT_OK(kit, kit_change(kit, &bucket, "{\"BucketName\":\"data\"}"));
    assert_string_equal(
        kit_now(kit, &bucket),
        "{\"BucketName\":\"data\",\"OwnershipControls\":{\"Rules\":[{\"ObjectOwnership\":"
        "\"BucketOwnerEnforced\"}]},\"PublicAccessBlockConfiguration\":{\"BlockPublicAcls\":true,"
        "\"IgnorePublicAcls\":true,\"BlockPublicPolicy\":true,\"RestrictPublicBuckets\":true},"
        "\"VersioningConfiguration\":{\"Status\":\"Suspended\"},\"BucketEncryption\":{"
        "\"ServerSideEncryptionConfiguration\":[{\"ServerSideEncryptionByDefault\":{"
        "\"SSEAlgorithm\":\"AES256\"},\"BucketKeyEnabled\":false}]},\"AccelerateConfiguration\":{"
        "\"AccelerationStatus\":\"Suspended\"}}");
    KIT_OK(kit, kit_change(kit, &bucket, unlocked));
    KIT_READS_BACK(kit, &bucket, unlocked);
    KIT_OK(kit, kit_remove(kit, &bucket));
    assert_true(resource_is_gone(kit_remove(kit, &bucket)));
}

static void a_change_that_failed_is_taken_back(void **state)
{
    static const char little[] = "{\"BucketName\":\"data\",\"VersioningConfiguration\":{\"Status\":"
                                 "\"Enabled\"},\"MetricsConfigurations\":[{\"Id\":\"old\"}]}";
    struct kit_thing bucket = {0};

    (void)state; /* nobody is there who could be told of changes, logged to or copied to */
    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "Data", little, &bucket));
    KIT_TAKES_BACK(kit, &bucket,
                   arena_printf(kit->arena, "{\"BucketName\":\"data\",%s",
                                strstr(everything, "\"VersioningConfiguration\"")).at, little);
    KIT_HAS_NOT(kit_now(kit, &bucket), "CorsConfiguration");
    KIT_HAS_NOT(kit_now(kit, &bucket), "Replication");
}

static void older_words_are_taken(void **state)
{
    struct kit_thing bucket = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "Data",
                         "{\"AccessControl\":\"LogDeliveryWrite\",\"OwnershipControls\":{\"Rules\":"
                         "[{\"ObjectOwnership\":\"ObjectWriter\"}]},\"LoggingConfiguration\":{},"
                         "\"LifecycleConfiguration\":{\"Rules\":[{\"Status\":\"Enabled\","
                         "\"Transition\":{\"StorageClass\":\"GLACIER\",\"TransitionInDays\":1},"
                         "\"NoncurrentVersionExpirationInDays\":7},{\"Status\":\"Enabled\","
                         "\"Prefix\":\"old/\",\"ExpirationDate\":\"2030-01-01T00:00:00Z\"}]}}",
                         &bucket));
    assert_true(str_starts(bucket.id, STR(KIT_STACK "-data-")));
    KIT_HAS(ask("GetBucketLogging", kit_id(kit, &bucket)), "\"TargetPrefix\":\"\"");
    KIT_HAS(ask("GetBucketAcl", kit_id(kit, &bucket)), "LogDelivery");
    KIT_HAS(ask("GetBucketLifecycleConfiguration", kit_id(kit, &bucket)),
            "\"NoncurrentDays\":7");
    KIT_HAS(ask("GetBucketLifecycleConfiguration", kit_id(kit, &bucket)),
            "\"StorageClass\":\"GLACIER\"");
    KIT_OK(kit, kit_change(kit, &bucket, "{}"));
    KIT_HAS_NOT(ask("GetBucketAcl", kit_id(kit, &bucket)), "LogDelivery");
    KIT_HAS(kit_now(kit, &bucket), "BucketOwnerEnforced");
}

static void what_s3_refuses_is_the_reason(void **state)
{
    struct kit_thing bucket = {0}, again = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "Data", "{\"BucketName\":\"data\"}", &bucket));
    assert_ptr_equal(kit_make(kit, "AWS::S3::Bucket", "D", "{\"BucketName\":\"data\"}", &again),
                     &ERR_EXISTS);
    assert_ptr_not_equal(kit_make(kit, "AWS::S3::Bucket", "D",
                                  "{\"NotificationConfiguration\":{\"QueueConfigurations\":[{"
                                  "\"Event\":\"s3:ObjectCreated:*\",\"Queue\":"
                                  "\"arn:aws:sqs:us-east-1:000000000000:none\"}]}}", &again), OK);
    KIT_HAS(kit->why.text, "Unable to validate the following destination configurations");
    assert_true(again.id.bytes > 0); /* it is there, and will be removed */
    kit_call(kit, "s3", "PutObject", "{\"Bucket\":\"data\",\"Key\":\"k\"}", NULL);
    assert_true(kit_failed(kit_remove(kit, &bucket), "BucketNotEmpty"));
    KIT_HAS(kit->why.text, "The bucket you tried to delete is not empty (Service: S3");
}

static void a_policy_belongs_to_its_bucket(void **state)
{
    static const char one[] =
        "{\"Bucket\":\"data\",\"PolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[{"
        "\"Sid\":\"one\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\","
        "\"Resource\":\"" ARN_OF "data/x\"}]}}";
    static const char two[] =
        "{\"Bucket\":\"data\",\"PolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[{"
        "\"Sid\":\"two\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\","
        "\"Resource\":\"" ARN_OF "data/x\"}]}}";
    struct kit_thing bucket = {0}, policy = {0}, second = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::S3::Bucket", "Data", "{\"BucketName\":\"data\"}", &bucket));
    KIT_OK(kit, kit_make(kit, "AWS::S3::BucketPolicy", "P", one, &policy));
    assert_string_equal(kit_id(kit, &policy), "data");
    KIT_READS_BACK(kit, &policy, one);
    assert_ptr_equal(kit_make(kit, "AWS::S3::BucketPolicy", "P2", two, &second), &ERR_EXISTS);
    KIT_OK(kit, kit_change(kit, &policy, two));
    KIT_READS_BACK(kit, &policy, two);
    KIT_OK(kit, kit_remove(kit, &policy));
    assert_true(resource_is_gone(kit_remove(kit, &policy)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bucket_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_taken_away_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_failed_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_words_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_s3_refuses_is_the_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_policy_belongs_to_its_bucket, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
