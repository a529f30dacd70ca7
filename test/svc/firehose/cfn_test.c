/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivery streams in templates: every property is set, read back, changed and taken away.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define ROLE "\"RoleARN\":\"arn:aws:iam::000000000000:role/r\","
#define NAMED "\"DeliveryStreamName\":\"d\","

static struct kit *kit;

static int set_up(void **state)
{
    (void)state;
    kit = kit_open();
    kit_call(kit, "s3", "CreateBucket", "{\"Bucket\":\"data\"}", NULL);
    kit_call(kit, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_close(kit);
    return 0;
}

static void a_stream_into_a_bucket(void **state)
{
    static const char everything[] =
        "{" NAMED "\"DeliveryStreamType\":\"DirectPut\","
        "\"DeliveryStreamEncryptionConfigurationInput\":{\"KeyType\":\"AWS_OWNED_CMK\"},"
        "\"ExtendedS3DestinationConfiguration\":{" ROLE "\"BucketARN\":\"arn:aws:s3:::data\","
        "\"Prefix\":\"in/\",\"ErrorOutputPrefix\":\"bad/\",\"FileExtension\":\".json\","
        "\"CompressionFormat\":\"GZIP\",\"CustomTimeZone\":\"Europe/Berlin\","
        "\"BufferingHints\":{\"SizeInMBs\":\"1\",\"IntervalInSeconds\":60},"
        "\"CloudWatchLoggingOptions\":{\"Enabled\":true,\"LogGroupName\":\"g\","
        "\"LogStreamName\":\"s\"},\"S3BackupMode\":\"Enabled\",\"S3BackupConfiguration\":{" ROLE
        "\"BucketARN\":\"arn:aws:s3:::data\",\"Prefix\":\"raw/\"},"
        "\"ProcessingConfiguration\":{\"Enabled\":true,\"Processors\":[{\"Type\":"
        "\"AppendDelimiterToRecord\",\"Parameters\":[{\"ParameterName\":\"Delimiter\","
        "\"ParameterValue\":\"\\\\n\"}]}]}},\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";
    static const char little[] =
        "{" NAMED "\"DeliveryStreamType\":\"DirectPut\",\"ExtendedS3DestinationConfiguration\":{"
        ROLE "\"BucketARN\":\"arn:aws:s3:::data\",\"S3BackupMode\":\"Enabled\","
        "\"S3BackupConfiguration\":{" ROLE "\"BucketARN\":\"arn:aws:s3:::data\"}}}";
    struct kit_thing stream = {.stack_tags = kit_json(kit, "[{\"Key\":\"s\",\"Value\":\"t\"}]")};
    const char *told;

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::KinesisFirehose::DeliveryStream", "D", everything, &stream));
    assert_string_equal(kit_id(kit, &stream), "d");
    assert_string_equal(kit_attribute(kit, &stream, "Arn"),
                        "arn:aws:firehose:us-east-1:" KIT_ACCOUNT ":deliverystream/d");
    KIT_READS_BACK(kit, &stream, everything);
    KIT_OK(kit, kit_change(kit, &stream, little));
    KIT_READS_BACK(kit, &stream, little);
    told = kit_call(kit, "firehose", "DescribeDeliveryStream", "{\"DeliveryStreamName\":\"d\"}",
                    NULL);
    KIT_HAS_NOT(told, "raw/");
    KIT_HAS_NOT(told, "in/");
    KIT_HAS_NOT(told, "GZIP");
    KIT_HAS_NOT(told, "Berlin");
    KIT_HAS_NOT(told, ".json");
    KIT_HAS(told, "\"IntervalInSeconds\":300");
    KIT_HAS_NOT(kit_now(kit, &stream), "AWS_OWNED_CMK");
    KIT_HAS_NOT(kit_now(kit, &stream), "Tags");
    KIT_OK(kit, kit_remove(kit, &stream));
    assert_true(resource_is_gone(kit_remove(kit, &stream)));
}

static void a_stream_of_a_stream_into_an_endpoint(void **state)
{
    static const char everything[] =
        "{\"DeliveryStreamType\":\"KinesisStreamAsSource\",\"KinesisStreamSourceConfiguration\":{"
        ROLE "\"KinesisStreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/s\"},"
        "\"HttpEndpointDestinationConfiguration\":{" ROLE "\"EndpointConfiguration\":{"
        "\"Url\":\"https://example.com/in\",\"Name\":\"n\",\"AccessKey\":\"secret\"},"
        "\"RequestConfiguration\":{\"ContentEncoding\":\"GZIP\",\"CommonAttributes\":[{"
        "\"AttributeName\":\"a\",\"AttributeValue\":\"b\"}]},"
        "\"RetryOptions\":{\"DurationInSeconds\":10},\"S3BackupMode\":\"AllData\","
        "\"S3Configuration\":{" ROLE "\"BucketARN\":\"arn:aws:s3:::data\",\"Prefix\":\"p/\"}}}";
    struct kit_thing stream = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::KinesisFirehose::DeliveryStream", "D", everything, &stream));
    KIT_HAS(kit_id(kit, &stream), KIT_STACK "-D-");
    KIT_READS_BACK(kit, &stream, everything);
    KIT_OK(kit, kit_change(kit, &stream,
                           "{\"DeliveryStreamType\":\"KinesisStreamAsSource\","
                           "\"KinesisStreamSourceConfiguration\":{" ROLE "\"KinesisStreamARN\":"
                           "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\"},"
                           "\"S3DestinationConfiguration\":{" ROLE
                           "\"BucketARN\":\"arn:aws:s3:::data\"}}"));
    KIT_HAS_NOT(kit_call(kit, "firehose", "DescribeDeliveryStream",
                         arena_printf(kit->arena, "{\"DeliveryStreamName\":\"%s\"}",
                                      kit_id(kit, &stream)).at, NULL), "example.com");
    KIT_OK(kit, kit_remove(kit, &stream));
}

static void other_destinations_are_refused_by_name(void **state)
{
    struct kit_thing stream = {0};

    (void)state;
    assert_ptr_equal(kit_make(kit, "AWS::KinesisFirehose::DeliveryStream", "D",
                              "{\"RedshiftDestinationConfiguration\":{}}", &stream),
                     &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "RedshiftDestinationConfiguration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_into_a_bucket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_of_a_stream_into_an_endpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_destinations_are_refused_by_name, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
