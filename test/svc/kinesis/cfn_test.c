/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams, consumers and policies in templates: every property is set, read back, changed and taken
 * away.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:kinesis:us-east-1:" KIT_ACCOUNT ":stream/"

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

static void a_stream_has_all_its_properties(void **state)
{
    static const char everything[] =
        "{\"Name\":\"clicks\",\"ShardCount\":\"2\",\"RetentionPeriodHours\":48,"
        "\"MaxRecordSizeInKiB\":2048,\"StreamModeDetails\":{\"StreamMode\":\"PROVISIONED\"},"
        "\"StreamEncryption\":{\"EncryptionType\":\"KMS\",\"KeyId\":\"alias/aws/kinesis\"},"
        "\"DesiredShardLevelMetrics\":[\"IncomingBytes\",\"OutgoingBytes\"],"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";
    struct kit_thing stream = {.stack_tags = kit_json(kit, "[{\"Key\":\"s\",\"Value\":\"t\"}]")};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::Kinesis::Stream", "S", everything, &stream));
    assert_string_equal(kit_id(kit, &stream), "clicks");
    assert_string_equal(kit_attribute(kit, &stream, "Arn"), HOME "clicks");
    KIT_READS_BACK(kit, &stream, everything);
    KIT_HAS(kit_call(kit, "kinesis", "ListTagsForResource",
                     "{\"ResourceARN\":\"" HOME "clicks\"}", NULL), "\"s\"");
    KIT_OK(kit, kit_change(kit, &stream, "{\"Name\":\"clicks\",\"ShardCount\":4,"
                                         "\"RetentionPeriodHours\":72}"));
    KIT_READS_BACK(kit, &stream, "{\"ShardCount\":4,\"RetentionPeriodHours\":72,"
                                 "\"MaxRecordSizeInKiB\":1024}");
    KIT_HAS_NOT(kit_now(kit, &stream), "StreamEncryption");
    KIT_HAS_NOT(kit_now(kit, &stream), "DesiredShardLevelMetrics");
    KIT_HAS_NOT(kit_now(kit, &stream), "Tags");
    KIT_OK(kit, kit_change(kit, &stream,
                           "{\"Name\":\"clicks\",\"StreamModeDetails\":{\"StreamMode\":"
                           "\"ON_DEMAND\"}}"));
    KIT_HAS(kit_now(kit, &stream), "\"RetentionPeriodHours\":24");
    KIT_HAS(kit_now(kit, &stream), "ON_DEMAND");
    KIT_OK(kit, kit_remove(kit, &stream));
    assert_true(resource_is_gone(kit_remove(kit, &stream)));
}

static void a_change_that_failed_is_taken_back(void **state)
{
    static const char little[] =
        "{\"Name\":\"clicks\",\"ShardCount\":1,\"RetentionPeriodHours\":48}";
    struct kit_thing stream = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::Kinesis::Stream", "S", little, &stream));
    KIT_TAKES_BACK(kit, &stream,
                   "{\"Name\":\"clicks\",\"StreamModeDetails\":{\"StreamMode\":\"ON_DEMAND\"},"
                   "\"RetentionPeriodHours\":99999,\"StreamEncryption\":{"
                   "\"EncryptionType\":\"KMS\",\"KeyId\":\"alias/aws/kinesis\"},"
                   "\"DesiredShardLevelMetrics\":"
                   "[\"IncomingBytes\"]}", little);
    KIT_TAKES_BACK(kit, &stream,
                   "{\"Name\":\"clicks\",\"ShardCount\":2,\"StreamEncryption\":{"
                   "\"EncryptionType\":\"KMS\",\"KeyId\":\"alias/aws/kinesis\"},"
                   "\"DesiredShardLevelMetrics\":"
                   "[\"Nonsense\"]}", little);
}

static void consumers_and_policies_have_their_streams(void **state)
{
    struct kit_thing stream = {0}, consumer = {0}, policy = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::Kinesis::Stream", "S",
                         "{\"Name\":\"clicks\",\"ShardCount\":1}", &stream));
    KIT_OK(kit, kit_make(kit, "AWS::Kinesis::StreamConsumer", "C",
                         "{\"ConsumerName\":\"c\",\"StreamARN\":\"" HOME "clicks\"}", &consumer));
    KIT_HAS(kit_id(kit, &consumer), HOME "clicks/consumer/c:");
    assert_string_equal(kit_attribute(kit, &consumer, "ConsumerARN"), kit_id(kit, &consumer));
    assert_string_equal(kit_attribute(kit, &consumer, "ConsumerName"), "c");
    assert_string_equal(kit_attribute(kit, &consumer, "ConsumerStatus"), "ACTIVE");
    assert_string_equal(kit_attribute(kit, &consumer, "StreamARN"), HOME "clicks");
    KIT_READS_BACK(kit, &consumer, "{\"ConsumerName\":\"c\"}");
    KIT_OK(kit, kit_make(kit, "AWS::Kinesis::ResourcePolicy", "P",
                         "{\"ResourceArn\":\"" HOME "clicks\",\"ResourcePolicy\":{\"Version\":"
                         "\"2012-10-17\",\"Statement\":[{\"Sid\":\"one\",\"Effect\":\"Allow\","
                         "\"Principal\":{\"AWS\":\"" KIT_ACCOUNT "\"},\"Action\":"
                         "\"kinesis:GetRecords\",\"Resource\":\"" HOME "clicks\"}]}}", &policy));
    assert_string_equal(kit_id(kit, &policy), HOME "clicks");
    KIT_HAS(kit_now(kit, &policy), "\"Sid\":\"one\"");
    KIT_OK(kit, kit_remove(kit, &policy));
    assert_true(resource_is_gone(kit_step(kit, &policy, KIT_NOW, NULL)));
    KIT_OK(kit, kit_remove(kit, &consumer));
    assert_true(resource_is_gone(kit_remove(kit, &consumer)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_failed_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(consumers_and_policies_have_their_streams, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
