/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: what is one, what is none, which claims are read. (Their texts are
 * {"alg":"none"} and the claims that each test names, in base64url.)
 */
#include "wire/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define HEAD "eyJhbGciOiJub25lIn0."
#define TAIL ".c2ln"

/* A token with these claims. */
static struct str token_of(struct arena *arena, struct str claims)
{
    struct str part = jwt_part_write(claims, arena);

    return arena_printf(arena, HEAD "%.*s" TAIL, STR_ARG(part));
}

static void claims_are_read(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct jwt token;

    (void)state;
    assert_true(jwt_read(token_of(arena, STR("{\"iss\":\"https://id\",\"sub\":\"\xc3\xbf?>1\","
                                               "\"aud\":[\"a\",\"b\"],\"exp\":1790000000,"
                                               "\"iat\":1789999999.5,\"nbf\":1789999000}")),
                           arena, &token));
    assert_true(str_eq(token.issuer, STR("https://id")));
    assert_true(str_eq(token.subject, STR("\xc3\xbf?>1")));
    assert_int_equal(token.audience_count, 2);
    assert_true(str_eq(token.audiences[1], STR("b")));
    assert_int_equal(token.expires_ms, INT64_C(1790000000000));
    assert_int_equal(token.issued_ms, INT64_C(1789999999000));
    assert_int_equal(token.not_before_ms, INT64_C(1789999000000));
    arena_free(arena);
}

static void an_audience_may_be_one_text(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct jwt token;

    (void)state;
    assert_true(jwt_read(
        token_of(arena, STR("{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"app\"}")), arena, &token));
    assert_int_equal(token.audience_count, 1);
    assert_true(str_eq(token.audiences[0], STR("app")));
    assert_int_equal(token.expires_ms, 0);
    arena_free(arena);
}

static void what_is_no_token_is_refused(void **state)
{
    static const char *const claims[] = {
        "", "[]", "1", "{",
        "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":1}", "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":[1]}",
    };
    static const char *const texts[] = {
        "", ".", "..", "...", "a.b.c", HEAD, HEAD "e30", "e30.e30.e30.e30",
        HEAD "e3+.c", HEAD "e30=.c2ln", "W10.eyJpc3MiOiJpIiwic3ViIjoicyJ9.c2ln",
    };
    struct arena *arena = arena_new(1u << 20);
    struct jwt token;

    (void)state;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        assert_false(jwt_read(token_of(arena, str_c(claims[i])), arena, &token));
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(jwt_read(str_c(texts[i]), arena, &token));
    }
    arena_free(arena);
}

static void what_is_not_claimed_is_nothing(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct jwt token;

    (void)state;
    assert_true(jwt_read(token_of(arena, STR("{\"iss\":1,\"exp\":\"x\",\"token_use\":\"id\"}")),
                         arena, &token));
    assert_int_equal(token.issuer.bytes + token.subject.bytes + token.audience_count, 0);
    assert_int_equal(token.expires_ms, 0);
    assert_true(str_eq(jwt_text(&token, "token_use"), STR("id")));
    assert_int_equal(jwt_text(&token, "client_id").bytes, 0);
    arena_free(arena);
}

static void a_header_that_asks_for_more_is_refused(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    char long_kid[JWT_HEADER_BYTES_MAX];
    struct jwt token;
    struct str header;

    (void)state;
    header = jwt_part_write(STR("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}"), arena);
    assert_false(jwt_read(arena_printf(arena, "%.*s.e30.c2ln", STR_ARG(header)), arena, &token));
    memset(long_kid, 'k', sizeof(long_kid));
    header = jwt_part_write(arena_printf(arena, "{\"alg\":\"RS256\",\"kid\":\"%.*s\"}",
                                         (int)sizeof(long_kid), long_kid), arena);
    assert_false(jwt_read(arena_printf(arena, "%.*s.e30.c2ln", STR_ARG(header)), arena, &token));
    arena_free(arena);
}

static void a_token_has_a_maximum_size(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    char *claims = arena_alloc(arena, JWT_BYTES_MAX);
    int bytes = snprintf(claims, JWT_BYTES_MAX, "{\"iss\":\"i\",\"sub\":\"s\",\"x\":\"%0*d\"}",
                         JWT_BYTES_MAX - 100, 0);
    struct jwt token;

    (void)state;
    assert_false(jwt_read(token_of(arena, str_of(claims, (size_t)bytes)), arena, &token));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_read),
        cmocka_unit_test(an_audience_may_be_one_text),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(what_is_not_claimed_is_nothing),
        cmocka_unit_test(a_header_that_asks_for_more_is_refused),
        cmocka_unit_test(a_token_has_a_maximum_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
