/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics, subscriptions and policies in templates: every property is set, changed and taken away,
 * seen by SNS's own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:sns:us-east-1:" KIT_ACCOUNT ":"
#define QUEUE "arn:aws:sqs:us-east-1:" KIT_ACCOUNT ":"

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

static const char *ask(const char *operation, const char *member, const char *arn)
{
    return kit_call(kit, "sns", operation,
                    arena_printf(kit->arena, "{\"%s\":\"%s\"}", member, arn).at, NULL);
}

static void a_topic_has_all_its_properties(void **state)
{
    struct kit_thing topic = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *arn;

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Topic", "News",
                         "{\"DisplayName\":\"N\",\"KmsMasterKeyId\":\"alias/aws/sns\","
                         "\"SignatureVersion\":2,\"TracingConfig\":\"Active\","
                         "\"DeliveryStatusLogging\":[{\"Protocol\":\"http/s\","
                         "\"SuccessFeedbackRoleArn\":\"arn:aws:iam::000000000000:role/r\","
                         "\"SuccessFeedbackSampleRate\":\"50\"}],"
                         "\"Subscription\":[{\"Protocol\":\"sqs\",\"Endpoint\":\"" QUEUE "a\"},"
                         "{\"Protocol\":\"sqs\",\"Endpoint\":\"" QUEUE "b\"}],"
                         "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}", &topic));
    arn = kit_id(kit, &topic);
    KIT_HAS(arn, HOME KIT_STACK "-News-");
    assert_string_equal(kit_attribute(kit, &topic, "TopicArn"), arn);
    KIT_HAS(kit_attribute(kit, &topic, "TopicName"), KIT_STACK "-News-");
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", arn), "\"SignatureVersion\":\"2\"");
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", arn), "\"HTTPSuccessFeedbackSampleRate\":\"50\"");
    KIT_HAS(ask("ListSubscriptionsByTopic", "TopicArn", arn), QUEUE "b");
    KIT_HAS(ask("ListTagsForResource", "ResourceArn", arn), "team");
    KIT_HAS(kit_now(kit, &topic), "\"Subscription\":[{");
    KIT_HAS_NOT(kit_now(kit, &topic), "team");
    KIT_OK(kit, kit_change(kit, &topic,
                           "{\"Subscription\":[{\"Protocol\":\"sqs\",\"Endpoint\":\"" QUEUE
                           "a\"},{\"Protocol\":\"email\",\"Endpoint\":\"a@example.com\"}]}"));
    KIT_HAS_NOT(ask("ListSubscriptionsByTopic", "TopicArn", arn), QUEUE "b");
    KIT_HAS(ask("ListSubscriptionsByTopic", "TopicArn", arn), "a@example.com");
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", arn), "\"DisplayName\":\"\"");
    KIT_HAS_NOT(ask("GetTopicAttributes", "TopicArn", arn), "FeedbackRoleArn");
    KIT_HAS_NOT(ask("GetTopicAttributes", "TopicArn", arn), "KmsMasterKeyId");
    KIT_HAS_NOT(ask("ListTagsForResource", "ResourceArn", arn), "\"k\"");
    KIT_OK(kit, kit_remove(kit, &topic));
    assert_true(resource_is_gone(kit_remove(kit, &topic)));
    KIT_HAS_NOT(kit_call(kit, "sns", "ListSubscriptions", "{}", NULL), QUEUE "a");
}

static void a_fifo_topic_keeps_an_archive(void **state)
{
    struct kit_thing topic = {0}, again = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Topic", "T",
                         "{\"FifoTopic\":true,\"ContentBasedDeduplication\":true,"
                         "\"FifoThroughputScope\":\"MessageGroup\","
                         "\"ArchivePolicy\":{\"MessageRetentionPeriod\":30}}", &topic));
    assert_true(str_ends(topic.id, STR(".fifo")));
    KIT_HAS(kit_now(kit, &topic), "\"MessageRetentionPeriod\":30");
    KIT_OK(kit, kit_change(kit, &topic, "{\"FifoTopic\":true}"));
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", kit_id(kit, &topic)),
            "\"ContentBasedDeduplication\":\"false\"");
    KIT_OK(kit, kit_remove(kit, &topic));
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Topic", "T", "{\"TopicName\":\"one\"}", &topic));
    assert_ptr_equal(kit_make(kit, "AWS::SNS::Topic", "T", "{\"TopicName\":\"one\"}", &again),
                     &ERR_EXISTS);
    KIT_HAS(kit->why.text, "with identifier 'one' already exists.");
}

static void a_subscription_has_all_its_properties(void **state)
{
    struct kit_thing topic = {0}, subscription = {0};
    const char *arn;

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Topic", "T", "{\"TopicName\":\"news\"}", &topic));
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Subscription", "S",
                         "{\"TopicArn\":\"" HOME "news\",\"Protocol\":\"sqs\","
                         "\"Endpoint\":\"" QUEUE "q\",\"RawMessageDelivery\":\"true\","
                         "\"FilterPolicyScope\":\"MessageBody\","
                         "\"FilterPolicy\":{\"a\":{\"b\":[\"c\"]}},"
                         "\"RedrivePolicy\":{\"deadLetterTargetArn\":\"" QUEUE "d\"}}",
                         &subscription));
    arn = kit_id(kit, &subscription);
    assert_string_equal(kit_attribute(kit, &subscription, "Arn"), arn);
    KIT_HAS(kit_now(kit, &subscription), "\"FilterPolicy\":{\"a\":{\"b\":[\"c\"]}}");
    KIT_HAS(kit_now(kit, &subscription), "\"RawMessageDelivery\":\"true\"");
    KIT_OK(kit, kit_change(kit, &subscription,
                           "{\"TopicArn\":\"" HOME "news\",\"Protocol\":\"sqs\","
                           "\"Endpoint\":\"" QUEUE "q\",\"FilterPolicy\":{\"x\":[\"y\"]}}"));
    KIT_HAS(ask("GetSubscriptionAttributes", "SubscriptionArn", arn),
            "\"FilterPolicyScope\":\"MessageAttributes\"");
    KIT_HAS(ask("GetSubscriptionAttributes", "SubscriptionArn", arn),
            "\"RawMessageDelivery\":\"false\"");
    KIT_HAS_NOT(ask("GetSubscriptionAttributes", "SubscriptionArn", arn), "RedrivePolicy");
    KIT_OK(kit, kit_remove(kit, &subscription));
    KIT_HAS_NOT(ask("ListSubscriptionsByTopic", "TopicArn", HOME "news"), QUEUE "q");
}

static void policies_follow_their_topics(void **state)
{
    static const char document[] = "\"PolicyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[{"
                                   "\"Sid\":\"ours\",\"Effect\":\"Allow\",\"Principal\":\"*\","
                                   "\"Action\":\"sns:Publish\",\"Resource\":\"*\"}]}}";
    struct kit_thing one = {0}, two = {0}, policy = {0}, inside = {0};

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Topic", "One", "{\"TopicName\":\"one\"}", &one));
    KIT_OK(kit, kit_make(kit, "AWS::SNS::Topic", "Two", "{\"TopicName\":\"two\"}", &two));
    KIT_OK(kit, kit_make(kit, "AWS::SNS::TopicPolicy", "P",
                         arena_printf(kit->arena, "{\"Topics\":[\"" HOME "one\"],%s", document).at,
                         &policy));
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", HOME "one"), "ours");
    KIT_OK(kit, kit_change(kit, &policy,
                           arena_printf(kit->arena, "{\"Topics\":[\"" HOME "two\"],%s",
                                        document).at));
    KIT_HAS_NOT(ask("GetTopicAttributes", "TopicArn", HOME "one"), "ours");
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", HOME "two"), "ours");
    KIT_OK(kit, kit_remove(kit, &policy));
    KIT_HAS_NOT(ask("GetTopicAttributes", "TopicArn", HOME "two"), "ours");
    KIT_OK(kit, kit_make(kit, "AWS::SNS::TopicInlinePolicy", "I",
                         arena_printf(kit->arena, "{\"TopicArn\":\"" HOME "one\",%s", document).at,
                         &inside));
    KIT_HAS(ask("GetTopicAttributes", "TopicArn", HOME "one"), "ours");
    KIT_OK(kit, kit_remove(kit, &inside));
    KIT_HAS_NOT(ask("GetTopicAttributes", "TopicArn", HOME "one"), "ours");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_topic_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fifo_topic_keeps_an_archive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_subscription_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(policies_follow_their_topics, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
