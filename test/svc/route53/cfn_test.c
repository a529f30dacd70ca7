/* SPDX-License-Identifier: Apache-2.0
 *
 * Route 53's resource types: made with all their properties, told, changed, read for drift
 * and removed, seen by its own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

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
    return kit_call(kit, "route53", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}


#define TYPE "AWS::Route53::"

static const char *records_of(const struct kit_thing *zone)
{
    return ask("ListResourceRecordSets",
               TEXT("{\"HostedZoneId\":\"%s\"}", kit_id(kit, zone)));
}

static void a_zone_has_its_records(void **state)
{
    struct kit_thing zone = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    struct kit_thing record = {0}, alias = {0};
    const char *tags;

    (void)state;
    make(&zone, TYPE "HostedZone",
         "{\"Name\":\"example.com\",\"HostedZoneConfig\":{\"Comment\":\"c\"},\"HostedZoneTags\":"
         "[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    tags = TEXT("{\"ResourceType\":\"hostedzone\",\"ResourceId\":\"%s\"}", kit_id(kit, &zone));
    assert_true(kit_id(kit, &zone)[0] == 'Z');
    assert_string_equal(kit_attribute(kit, &zone, "Id"), kit_id(kit, &zone));
    KIT_HAS(doc_json(kit->arena, doc_get(zone.attributes, "NameServers")).at, "[\"ns-");
    KIT_HAS(ask("ListTagsForResource", tags), "team");
    KIT_HAS(kit_now(kit, &zone), "\"Name\":\"example.com\"");
    KIT_HAS(kit_now(kit, &zone), "\"HostedZoneTags\":[{\"Key\":\"k\",\"Value\":\"v\"}]");
    make(&record, TYPE "RecordSet",
         TEXT("{\"HostedZoneId\":\"%s\",\"Name\":\"www.example.com\",\"Type\":\"A\",\"TTL\":"
              "\"60\",\"ResourceRecords\":[\"192.0.2.1\",\"192.0.2.2\"],\"Comment\":\"c\"}",
              kit_id(kit, &zone)));
    assert_string_equal(kit_id(kit, &record), "www.example.com");
    KIT_HAS(kit_now(kit, &record), "\"ResourceRecords\":[\"192.0.2.1\",\"192.0.2.2\"]");
    KIT_HAS(kit_now(kit, &record), "\"TTL\":60");
    KIT_OK(kit, kit_change(kit, &record,
                           TEXT("{\"HostedZoneId\":\"%s\",\"Name\":\"www.example.com\",\"Type\":"
                                "\"A\",\"TTL\":\"60\",\"ResourceRecords\":[\"192.0.2.3\"]}",
                                kit_id(kit, &zone))));
    KIT_HAS(records_of(&zone), "192.0.2.3");
    KIT_HAS_NOT(records_of(&zone), "192.0.2.1");
    KIT_OK(kit, kit_change(kit, &record,
                           TEXT("{\"HostedZoneId\":\"%s\",\"Name\":\"www.example.com\",\"Type\":"
                                "\"TXT\",\"TTL\":\"60\",\"ResourceRecords\":[\"\\\"t\\\"\"]}",
                                kit_id(kit, &zone))));
    KIT_HAS_NOT(records_of(&zone), "192.0.2.3");
    make(&alias, TYPE "RecordSet",
         TEXT("{\"HostedZoneName\":\"example.com.\",\"Name\":\"example.com.\",\"Type\":\"TXT\","
              "\"AliasTarget\":{\"DNSName\":\"www.example.com\",\"HostedZoneId\":\"%s\"}}",
              kit_id(kit, &zone)));
    KIT_HAS(records_of(&zone), "\"EvaluateTargetHealth\":false");
    assert_ptr_not_equal(kit_remove(kit, &zone), OK);
    KIT_OK(kit, kit_remove(kit, &alias));
    KIT_OK(kit, kit_remove(kit, &record));
    assert_true(resource_is_gone(kit_remove(kit, &record)));
    KIT_OK(kit, kit_change(kit, &zone, "{\"Name\":\"example.com\"}"));
    KIT_HAS_NOT(ask("ListTagsForResource", tags), "\"k\"");
    KIT_HAS_NOT(kit_now(kit, &zone), "\"Comment\":\"c\"");
    KIT_OK(kit, kit_remove(kit, &zone));
    assert_true(resource_is_gone(kit_remove(kit, &zone)));
}

static void groups_and_checks(void **state)
{
    struct kit_thing zone = {0}, group = {0}, check = {0};

    (void)state;
    make(&zone, TYPE "HostedZone", "{\"Name\":\"example.org\"}");
    make(&check, TYPE "HealthCheck",
         "{\"HealthCheckConfig\":{\"Type\":\"HTTP\",\"FullyQualifiedDomainName\":\"a.example\","
         "\"Port\":\"80\",\"ResourcePath\":\"/up\",\"FailureThreshold\":\"2\"},"
         "\"HealthCheckTags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    assert_string_equal(kit_attribute(kit, &check, "HealthCheckId"), kit_id(kit, &check));
    KIT_HAS(kit_now(kit, &check), "\"ResourcePath\":\"/up\"");
    make(&group, TYPE "RecordSetGroup",
         TEXT("{\"HostedZoneName\":\"example.org.\",\"Comment\":\"c\",\"RecordSets\":["
              "{\"Name\":\"a.example.org\",\"Type\":\"A\",\"TTL\":\"5\",\"Weight\":\"1\","
              "\"SetIdentifier\":\"one\",\"ResourceRecords\":[\"192.0.2.1\"]},"
              "{\"Name\":\"a.example.org\",\"Type\":\"A\",\"TTL\":\"5\",\"Weight\":\"2\","
              "\"SetIdentifier\":\"two\",\"HealthCheckId\":\"%s\",\"ResourceRecords\":"
              "[\"192.0.2.2\"]}]}", kit_id(kit, &check)));
    KIT_HAS(kit_id(kit, &group), KIT_STACK "-Thing-");
    KIT_HAS(records_of(&zone), "192.0.2.2");
    KIT_OK(kit, kit_change(kit, &group,
                           "{\"HostedZoneName\":\"example.org.\",\"RecordSets\":["
                           "{\"Name\":\"a.example.org\",\"Type\":\"A\",\"TTL\":\"5\",\"Weight\":"
                           "\"9\",\"SetIdentifier\":\"one\",\"ResourceRecords\":[\"192.0.2.1\"]},"
                           "{\"Name\":\"b.example.org\",\"Type\":\"A\",\"TTL\":\"5\","
                           "\"ResourceRecords\":[\"192.0.2.9\"]}]}"));
    KIT_HAS(records_of(&zone), "\"Weight\":9");
    KIT_HAS(records_of(&zone), "192.0.2.9");
    KIT_HAS_NOT(records_of(&zone), "192.0.2.2");
    KIT_OK(kit, kit_change(kit, &check,
                           "{\"HealthCheckConfig\":{\"Type\":\"HTTP\",\"FullyQualifiedDomainName\":"
                           "\"b.example\",\"Port\":\"80\",\"FailureThreshold\":\"3\"}}"));
    KIT_HAS(ask("GetHealthCheck",
                TEXT("{\"HealthCheckId\":\"%s\"}", kit_id(kit, &check))), "b.example");
    KIT_HAS_NOT(ask("GetHealthCheck",
                    TEXT("{\"HealthCheckId\":\"%s\"}", kit_id(kit, &check))), "/up");
    KIT_OK(kit, kit_remove(kit, &group));
    KIT_OK(kit, kit_remove(kit, &check));
    KIT_OK(kit, kit_remove(kit, &zone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zone_has_its_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_and_checks, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
