/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues and their policies in templates: every property is set, changed and taken away, seen by
 * SQS's own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:sqs:us-east-1:" KIT_ACCOUNT ":"

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

static const char *attributes_of(const char *url)
{
    return kit_call(kit, "sqs", "GetQueueAttributes",
                    arena_printf(kit->arena, "{\"QueueUrl\":\"%s\",\"AttributeNames\":[\"All\"]}",
                                 url).at, NULL);
}

static const char *tags_of(const char *url)
{
    return kit_call(kit, "sqs", "ListQueueTags",
                    arena_printf(kit->arena, "{\"QueueUrl\":\"%s\"}", url).at, NULL);
}

static void a_queue_has_all_its_properties(void **state)
{
    struct kit_thing queue = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *url;

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SQS::Queue", "Orders",
                         "{\"DelaySeconds\":\"5\",\"MaximumMessageSize\":2048,"
                         "\"MessageRetentionPeriod\":120,\"ReceiveMessageWaitTimeSeconds\":3,"
                         "\"VisibilityTimeout\":60,\"KmsMasterKeyId\":\"alias/aws/sqs\","
                         "\"KmsDataKeyReusePeriodSeconds\":600,"
                         "\"RedriveAllowPolicy\":{\"redrivePermission\":\"denyAll\"},"
                         "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}", &queue));
    url = kit_id(kit, &queue);
    KIT_HAS(url, "/" KIT_ACCOUNT "/" KIT_STACK "-Orders-");
    KIT_HAS(kit_attribute(kit, &queue, "Arn"), HOME KIT_STACK "-Orders-");
    KIT_HAS(kit_attribute(kit, &queue, "QueueName"), KIT_STACK "-Orders-");
    assert_string_equal(kit_attribute(kit, &queue, "QueueUrl"), url);
    KIT_HAS(attributes_of(url), "\"DelaySeconds\":\"5\"");
    KIT_HAS(attributes_of(url), "\"KmsDataKeyReusePeriodSeconds\":\"600\"");
    KIT_HAS(tags_of(url), "\"k\":\"v\"");
    KIT_HAS(tags_of(url), "\"team\":\"a\"");
    KIT_HAS(kit_now(kit, &queue), "\"RedriveAllowPolicy\":{\"redrivePermission\":\"denyAll\"}");
    KIT_OK(kit, kit_change(kit, &queue, "{\"VisibilityTimeout\":90}"));
    KIT_HAS(attributes_of(url), "\"VisibilityTimeout\":\"90\"");
    KIT_HAS(attributes_of(url), "\"DelaySeconds\":\"0\"");
    KIT_HAS(attributes_of(url), "\"MaximumMessageSize\":\"1048576\"");
    KIT_HAS(attributes_of(url), "\"MessageRetentionPeriod\":\"345600\"");
    KIT_HAS(attributes_of(url), "\"SqsManagedSseEnabled\":\"true\"");
    KIT_HAS_NOT(attributes_of(url), "KmsMasterKeyId");
    KIT_HAS_NOT(attributes_of(url), "RedriveAllowPolicy");
    KIT_HAS_NOT(tags_of(url), "\"k\"");
    KIT_OK(kit, kit_remove(kit, &queue));
    assert_true(resource_is_gone(kit_remove(kit, &queue)));
}

static void a_fifo_queue_gets_its_suffix(void **state)
{
    struct kit_thing queue = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SQS::Queue", "Q",
                         "{\"FifoQueue\":true,\"ContentBasedDeduplication\":\"true\","
                         "\"DeduplicationScope\":\"messageGroup\","
                         "\"FifoThroughputLimit\":\"perMessageGroupId\"}", &queue));
    assert_true(str_ends(queue.id, STR(".fifo")));
    KIT_OK(kit, kit_change(kit, &queue, "{\"FifoQueue\":true}"));
    KIT_HAS(attributes_of(kit_id(kit, &queue)), "\"ContentBasedDeduplication\":\"false\"");
    KIT_HAS(attributes_of(kit_id(kit, &queue)), "\"DeduplicationScope\":\"queue\"");
    KIT_OK(kit, kit_remove(kit, &queue));
}

static void what_sqs_refuses_is_the_reason(void **state)
{
    struct kit_thing queue = {0};

    (void)state;
    assert_ptr_not_equal(kit_make(kit, "AWS::SQS::Queue", "Q", "{\"DelaySeconds\":901}", &queue),
                         OK);
    KIT_HAS(kit->why.text, "(Service: Sqs, Status Code: 400, Request ID: ");
    KIT_HAS(kit->why.text, "HandlerErrorCode: InvalidRequest)");
    assert_int_equal(queue.id.bytes, 0);
    assert_ptr_equal(kit_make(kit, "AWS::SQS::Queue", "Q", "{\"Colour\":1}", &queue),
                     &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "extraneous key [Colour]");
}

static void policies_follow_their_queues(void **state)
{
    struct kit_thing one = {0}, two = {0}, policy = {0}, inside = {0};
    const char *document = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                           "\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\","
                           "\"Resource\":\"*\"}]}";

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SQS::Queue", "One", "{\"QueueName\":\"one\"}", &one));
    KIT_OK(kit, kit_make(kit, "AWS::SQS::Queue", "Two", "{\"QueueName\":\"two\"}", &two));
    KIT_OK(kit, kit_make(kit, "AWS::SQS::QueuePolicy", "P",
                         arena_printf(kit->arena, "{\"Queues\":[\"%s\"],\"PolicyDocument\":%s}",
                                      kit_id(kit, &one), document).at, &policy));
    KIT_HAS(attributes_of(kit_id(kit, &one)), "SendMessage");
    KIT_OK(kit, kit_change(kit, &policy,
                           arena_printf(kit->arena,
                                        "{\"Queues\":[\"%s\"],\"PolicyDocument\":%s}",
                                        kit_id(kit, &two), document).at));
    KIT_HAS_NOT(attributes_of(kit_id(kit, &one)), "SendMessage");
    KIT_HAS(attributes_of(kit_id(kit, &two)), "SendMessage");
    KIT_OK(kit, kit_remove(kit, &policy));
    KIT_HAS_NOT(attributes_of(kit_id(kit, &two)), "SendMessage");
    KIT_OK(kit, kit_make(kit, "AWS::SQS::QueueInlinePolicy", "I",
                         arena_printf(kit->arena, "{\"Queue\":\"%s\",\"PolicyDocument\":%s}",
                                      kit_id(kit, &one), document).at, &inside));
    KIT_HAS(attributes_of(kit_id(kit, &one)), "SendMessage");
    KIT_OK(kit, kit_remove(kit, &inside));
    KIT_HAS_NOT(attributes_of(kit_id(kit, &one)), "SendMessage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_queue_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fifo_queue_gets_its_suffix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_sqs_refuses_is_the_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(policies_follow_their_queues, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
