/* SPDX-License-Identifier: Apache-2.0
 *
 * Issuers' keys: a local issuer's are what its service says, in each of its spellings; what is not
 * to be asked is not. (Fetching itself: test/e2e/iam_auth_test.py.)
 */
#include "../test/bus/world.h"
#include "bus/keyset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define AWS "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_1"
#define OWN "http://127.0.0.1:4566/us-east-1_1"

static bool issuer_find(struct call *c, struct str issuer, struct issuer_facts *ret_facts)
{
    if (!str_ends(issuer, STR("/us-east-1_1"))) {
        return false;
    }
    ret_facts->name = STR(AWS);
    ret_facts->keys = arena_printf(c->arena, "{\"keys\":[]}");
    return true;
}

static const struct local_issuer issuer = {"probe", issuer_find};

static status in_cell(struct call *c, void *arg)
{
    struct str keys = STR_NONE;

    (void)arg;
    assert_false(keyset_known(c, STR(AWS), &keys));
    keyset_issuer_add(c->cell, &issuer);
    assert_true(keyset_known(c, STR(AWS), &keys));
    assert_true(str_eq(keys, STR("{\"keys\":[]}")));
    assert_true(keyset_known(c, STR(OWN), &keys));
    assert_false(keyset_known(c, STR("https://id.example.com"), &keys));

    assert_true(keyset_same(c, STR(AWS), STR(OWN)));
    assert_false(keyset_same(c, STR(AWS), STR("https://id.example.com")));
    assert_true(keyset_same(c, STR("https://a"), STR("https://a")));
    assert_false(keyset_same(c, STR("https://a"), STR("https://b")));
    return OK;
}

static void a_local_issuer_is_known_by_all_its_names(void **state)
{
    struct world *world = world_new(1);

    (void)state;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, in_cell, NULL), OK);
    world_free(world);
}

static status never(struct call *c)
{
    (void)c;
    assert_true(false);
    return OK;
}

static status refused_in_cell(struct call *c, void *arg)
{
    static const char *const issuers[] = {"", "id.example.com", "http://id.example.com", AWS, OWN,
                                          "http://localhost.example.com/x", "file:///etc/passwd",
                                          "http://127.0.0.1.example.com/x"};
    char *text = arena_alloc(c->arena, ISSUER_BYTES_MAX + 1);

    (void)arg;
    keyset_issuer_add(c->cell, &issuer);
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        assert_false(keyset_fetch(c, str_c(issuers[i]), never));
    }
    memset(text, 'x', ISSUER_BYTES_MAX + 1);
    memcpy(text, "https://", 8);
    assert_false(keyset_fetch(c, str_of(text, ISSUER_BYTES_MAX + 1), never));
    return OK;
}

static void who_is_not_to_be_asked_is_not(void **state)
{
    struct world *world = world_new(1);

    (void)state;
    assert_ptr_equal(world_open(world), OK);
    assert_ptr_equal(world_do(world, refused_in_cell, NULL), OK);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_issuer_is_known_by_all_its_names),
        cmocka_unit_test(who_is_not_to_be_asked_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
