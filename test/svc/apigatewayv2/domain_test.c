/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a request at a custom domain name goes: by host, by the longest mapping, after changes.
 */
#include "base/mem.h"
#include "cell/cell_int.h"
#include "svc/apigatewayv2/domain.h"
#include "svc/apigatewayv2/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define ACCOUNT STR("000000000000")
#define REGION STR("us-east-1")

static struct cell cell; /* of which only the hosts are there */
static struct gateway gateway = {.cell = &cell};
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1u << 20);
    hosts_init(&cell.hosts);
    gateway.domains = map_new(DOMAINS_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    domains_free(&gateway);
    hosts_done(&cell.hosts);
    arena_free(arena);
    return 0;
}

static void map(struct domain *domain, const char *id, const char *key)
{
    struct value *record = record_new(arena, KIND_MAPPING);

    set_str(record, "ApiMappingId", str_c(id));
    set_str(record, "ApiMappingKey", str_c(key));
    set_str(record, "ApiId", STR("api"));
    set_str(record, "Stage", STR("dev"));
    domain_map(domain, record);
}

/* "id rest" of the mapping, "-" of a domain without one, "" of no domain. */
static const char *found(const char *host, const char *path)
{
    struct call c = {.state = &gateway, .arena = arena};
    struct domain_match match;

    if (!domain_find(&c, str_c(host), str_c(path), &match)) {
        return "";
    }
    if (match.mapping == NULL) {
        return "-";
    }
    return arena_printf(arena, "%.*s %.*s", STR_ARG(match.mapping->id), STR_ARG(match.rest)).at;
}

static void the_longest_key_that_fits_wins(void **state)
{
    struct domain *domain = domain_enter(&gateway, ACCOUNT, REGION, STR("a.example.com"));

    (void)state;
    assert_string_equal(found("a.example.com", "/"), "-");
    map(domain, "m1", "one");
    map(domain, "m2", "one/two");
    assert_string_equal(found("a.example.com", "/one"), "m1 /");
    assert_string_equal(found("a.example.com", "/one/"), "m1 /");
    assert_string_equal(found("a.example.com", "/one/two/x"), "m2 /x");
    assert_string_equal(found("a.example.com", "/one/twox"), "m1 /twox");
    assert_string_equal(found("a.example.com", "/onex"), "-");
    assert_string_equal(found("a.example.com", ""), "-");
    map(domain, "m3", "");
    assert_string_equal(found("a.example.com", "/onex"), "m3 /onex");
    assert_string_equal(found("a.example.com", ""), "m3 /");
    assert_string_equal(found("A.Example.COM", "/one/two"), "m2 /");
    map(domain, "m2", "other"); /* changed */
    assert_string_equal(found("a.example.com", "/one/two"), "m1 /two");
    domain_unmap(domain, STR("m1"));
    assert_string_equal(found("a.example.com", "/one"), "m3 /one");
}

static void a_star_is_one_label(void **state)
{
    (void)state;
    map(domain_enter(&gateway, ACCOUNT, REGION, STR("*.example.com")), "star", "");
    map(domain_enter(&gateway, ACCOUNT, REGION, STR("a.example.com")), "a", "");
    assert_string_equal(found("a.example.com", "/"), "a /");
    assert_string_equal(found("b.example.com", "/"), "star /");
    assert_string_equal(found("b.c.example.com", "/"), "");
    assert_string_equal(found("example.com", "/"), "");
    assert_string_equal(found("", "/"), "");
    assert_string_equal(found(".example.com", "/"), "");
}

static void a_name_may_be_in_several_regions(void **state)
{
    struct domain *east = domain_enter(&gateway, ACCOUNT, REGION, STR("a.example.com"));
    struct domain *west = domain_enter(&gateway, ACCOUNT, STR("us-west-2"), STR("a.example.com"));

    (void)state;
    map(east, "east", "e");
    map(west, "west", "w");
    assert_string_equal(found("a.example.com", "/e"), "east /");
    assert_string_equal(found("a.example.com", "/w"), "west /");
    assert_ptr_equal(domain_named(&gateway, ACCOUNT, REGION, STR("a.example.com")), east);
    domain_leave(&gateway, east);
    assert_string_equal(found("a.example.com", "/w"), "west /");
    assert_string_equal(found("a.example.com", "/e"), "-");
    domain_leave(&gateway, west);
    assert_string_equal(found("a.example.com", "/w"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_longest_key_that_fits_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_star_is_one_label, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_may_be_in_several_regions, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
