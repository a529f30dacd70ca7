/* SPDX-License-Identifier: Apache-2.0
 *
 * EventBridge's resource types: made with all their properties, told, changed, read for drift and
 * removed, seen by EventBridge's own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define TYPE "AWS::Events::"
#define HOME "arn:aws:events:us-east-1:" KIT_ACCOUNT ":"
#define QUEUE(name) "arn:aws:sqs:us-east-1:" KIT_ACCOUNT ":" name

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
    return kit_call(kit, "events", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

static void a_rule_has_its_targets(void **state)
{
    struct kit_thing rule = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    struct kit_thing again = {0};

    (void)state;
    make(&rule, TYPE "Rule",
         "{\"Name\":\"r\",\"Description\":\"d\",\"EventPattern\":{\"source\":[\"my\"]},"
         "\"ScheduleExpression\":\"rate(1 hour)\",\"State\":\"DISABLED\",\"Tags\":"
         "[{\"Key\":\"k\",\"Value\":\"v\"}],\"Targets\":[{\"Id\":\"a\",\"Arn\":\"" QUEUE("a")
         "\",\"Input\":\"1\"},{\"Id\":\"b\",\"Arn\":\"" QUEUE("b") "\",\"RetryPolicy\":"
         "{\"MaximumRetryAttempts\":\"2\"},\"InputTransformer\":{\"InputPathsMap\":{\"x\":"
         "\"$.id\"},\"InputTemplate\":\"<x>\"}}]}");
    assert_string_equal(kit_id(kit, &rule), "r");
    assert_string_equal(kit_attribute(kit, &rule, "Arn"), HOME "rule/r");
    KIT_HAS(ask("ListTargetsByRule", "{\"Rule\":\"r\"}"), "\"MaximumRetryAttempts\":2");
    KIT_HAS(ask("ListTagsForResource", "{\"ResourceARN\":\"" HOME "rule/r\"}"), "team");
    KIT_HAS(kit_now(kit, &rule), "\"EventPattern\":{\"source\":[\"my\"]}");
    KIT_OK(kit, kit_change(kit, &rule,
                           "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(2 hours)\",\"Targets\":"
                           "[{\"Id\":\"b\",\"Arn\":\"" QUEUE("c") "\"}]}"));
    KIT_HAS(ask("DescribeRule", "{\"Name\":\"r\"}"), "rate(2 hours)");
    KIT_HAS(ask("DescribeRule", "{\"Name\":\"r\"}"), "\"State\":\"ENABLED\"");
    KIT_HAS_NOT(ask("DescribeRule", "{\"Name\":\"r\"}"), "EventPattern");
    KIT_HAS_NOT(ask("ListTargetsByRule", "{\"Rule\":\"r\"}"), "\"a\"");
    KIT_HAS_NOT(ask("ListTagsForResource", "{\"ResourceARN\":\"" HOME "rule/r\"}"), "\"k\"");
    assert_ptr_not_equal(kit_make(kit, TYPE "Rule", "Again",
                                  "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(1 hour)\"}",
                                  &again), OK);
    KIT_HAS(kit->why.text, "already exists");
    KIT_OK(kit, kit_remove(kit, &rule));
    assert_true(resource_is_gone(kit_remove(kit, &rule)));
}

static void a_bus_has_rules_and_policies(void **state)
{
    struct kit_thing bus = {0}, rule = {0}, policy = {0}, second = {0};

    (void)state;
    make(&bus, TYPE "EventBus",
         "{\"Name\":\"b\",\"Description\":\"d\",\"DeadLetterConfig\":{\"Arn\":\"" QUEUE("dead")
         "\"},\"Policy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"one\","
         "\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111111111111\"},\"Action\":"
         "\"events:PutEvents\",\"Resource\":\"" HOME "event-bus/b\"}]},\"Tags\":"
         "[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    assert_string_equal(kit_attribute(kit, &bus, "Arn"), HOME "event-bus/b");
    assert_string_equal(kit_attribute(kit, &bus, "Name"), "b");
    KIT_HAS(kit_now(kit, &bus), "\"Sid\":\"one\"");
    make(&rule, TYPE "Rule",
         "{\"EventBusName\":\"" HOME "event-bus/b\",\"EventPattern\":{\"source\":[\"my\"]},"
         "\"Targets\":[{\"Id\":\"a\",\"Arn\":\"" QUEUE("a") "\"}]}");
    KIT_HAS(kit_id(kit, &rule), "b|" KIT_STACK "-Thing-");
    KIT_HAS(kit_attribute(kit, &rule, "Arn"), HOME "rule/b/" KIT_STACK "-Thing-");
    KIT_HAS(kit_now(kit, &rule), "\"EventBusName\":\"" HOME "event-bus/b\"");
    make(&policy, TYPE "EventBusPolicy",
         "{\"EventBusName\":\"b\",\"StatementId\":\"two\",\"Action\":\"events:PutEvents\","
         "\"Principal\":\"222222222222\"}");
    assert_string_equal(kit_id(kit, &policy), "b|two");
    make(&second, TYPE "EventBusPolicy",
         "{\"EventBusName\":\"b\",\"StatementId\":\"three\",\"Statement\":{\"Effect\":\"Allow\","
         "\"Principal\":\"*\",\"Action\":\"events:PutEvents\",\"Resource\":\"" HOME
         "event-bus/b\"}}");
    KIT_HAS(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "three");
    KIT_HAS(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "222222222222");
    KIT_OK(kit, kit_change(kit, &policy,
                           "{\"EventBusName\":\"b\",\"StatementId\":\"two\",\"Action\":"
                           "\"events:PutEvents\",\"Principal\":\"333333333333\"}"));
    KIT_HAS(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "333333333333");
    KIT_OK(kit, kit_remove(kit, &second));
    KIT_OK(kit, kit_remove(kit, &policy));
    KIT_HAS_NOT(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "three");
    KIT_OK(kit, kit_change(kit, &bus, "{\"Name\":\"b\"}"));
    KIT_HAS_NOT(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "Policy");
    KIT_HAS_NOT(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "Description");
    KIT_HAS_NOT(ask("DescribeEventBus", "{\"Name\":\"b\"}"), "DeadLetter");
    KIT_OK(kit, kit_remove(kit, &rule));
    KIT_OK(kit, kit_remove(kit, &bus));
    assert_true(resource_is_gone(kit_remove(kit, &bus)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_rule_has_its_targets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bus_has_rules_and_policies, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
