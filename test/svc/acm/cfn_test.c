/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificate Manager's types: made with all their properties, told, changed, read for drift
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
    return kit_call(kit, "acm", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}


static void a_certificate_waits_for_its_proof(void **state)
{
    struct kit_thing zone = {0};
    struct kit_thing certificate = {
        .stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *properties;
    const char *get;

    (void)state;
    make(&zone, "AWS::Route53::HostedZone", "{\"Name\":\"example.com\"}");
    properties = TEXT("{\"DomainName\":\"api.example.com\",\"SubjectAlternativeNames\":"
                      "[\"www.example.com\"],\"ValidationMethod\":\"DNS\","
                      "\"DomainValidationOptions\":[{\"DomainName\":\"api.example.com\","
                      "\"HostedZoneId\":\"%s\"},{\"DomainName\":\"www.example.com\","
                      "\"HostedZoneId\":\"%s\"}],\"KeyAlgorithm\":\"EC_prime256v1\"",
                      kit_id(kit, &zone), kit_id(kit, &zone));
    make(&certificate, "AWS::CertificateManager::Certificate",
         TEXT("%s,\"CertificateTransparencyLoggingPreference\":\"DISABLED\",\"Tags\":"
              "[{\"Key\":\"k\",\"Value\":\"v\"}]}", properties));
    get = TEXT("{\"CertificateArn\":\"%s\"}", kit_id(kit, &certificate));
    assert_string_equal(kit_attribute(kit, &certificate, "Id"), kit_id(kit, &certificate));
    KIT_HAS(ask("DescribeCertificate", get), "\"Status\":\"ISSUED\"");
    KIT_HAS(ask("ListTagsForCertificate", get), "team");
    KIT_HAS(kit_now(kit, &certificate), "\"CertificateTransparencyLoggingPreference\":\"DISABLED");
    KIT_OK(kit, kit_change(kit, &certificate, TEXT("%s}", properties)));
    KIT_HAS(kit_now(kit, &certificate), "\"CertificateTransparencyLoggingPreference\":\"ENABLED");
    KIT_HAS_NOT(ask("ListTagsForCertificate", get), "\"k\"");
    KIT_OK(kit, kit_remove(kit, &certificate));
    assert_true(resource_is_gone(kit_remove(kit, &certificate)));
}

static void without_a_proof_it_waits(void **state)
{
    struct kit_thing zone = {0}, certificate = {0};

    (void)state;
    make(&zone, "AWS::Route53::HostedZone", "{\"Name\":\"example.net\"}");
    assert_ptr_equal(kit_make(kit, "AWS::CertificateManager::Certificate", "C",
                              "{\"DomainName\":\"a.example.net\",\"ValidationMethod\":\"DNS\"}",
                              &certificate), &RESOURCE_WAITS);
    KIT_OK(kit, kit_remove(kit, &certificate));
}

static void an_account_is_told_of_expiry(void **state)
{
    struct kit_thing account = {0};

    (void)state;
    make(&account, "AWS::CertificateManager::Account",
         "{\"ExpiryEventsConfiguration\":{\"DaysBeforeExpiry\":\"9\"}}");
    assert_string_equal(kit_attribute(kit, &account, "AccountId"), KIT_ACCOUNT);
    KIT_HAS(kit_now(kit, &account), "\"DaysBeforeExpiry\":9");
    KIT_OK(kit, kit_remove(kit, &account));
    KIT_HAS(kit_now(kit, &account), "\"DaysBeforeExpiry\":45");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_certificate_waits_for_its_proof, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_proof_it_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_account_is_told_of_expiry, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
