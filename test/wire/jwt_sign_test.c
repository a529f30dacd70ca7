/* SPDX-License-Identifier: Apache-2.0
 *
 * An issuer's own keys: what they sign is good with the set that shows their public halves, in
 * AWS's form; what is no RSA key is not read.
 */
#include "wire/jwt.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1u << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct jwt_key *made(struct str *ret_der)
{
    struct jwt_key *key;

    assert_true(jwt_key_make(arena, ret_der));
    key = jwt_key_read(*ret_der);
    assert_non_null(key);
    return key;
}

static void what_a_key_signs_is_good_with_its_set(void **state)
{
    struct str der;
    struct jwt_key *one = made(&der);
    struct jwt_key *two = made(&der);
    struct str shown[2] = {jwt_public(one, STR("one="), arena), jwt_public(two, STR("two"), arena)};
    struct str text = jwt_sign(one, STR("one="), STR("{\"iss\":\"i\",\"sub\":\"s\"}"), arena);
    struct jwt jwt;

    (void)state;
    assert_true(jwt_read(text, arena, &jwt));
    assert_true(str_eq(jwt.key_id, STR("one=")));
    assert_true(str_eq(jwt.algorithm, STR("RS256")));
    assert_true(str_eq(jwt.subject, STR("s")));
    assert_int_equal(jwt_check(&jwt, jwt_set(shown, 2, arena), arena), JWT_GOOD);
    assert_int_equal(jwt_check(&jwt, jwt_set(shown + 1, 1, arena), arena), JWT_NO_KEY);
    assert_int_equal(jwt_check(&jwt, jwt_set(NULL, 0, arena), arena), JWT_NO_KEY);
    jwt_key_free(one);
    jwt_key_free(two);
}

static void a_public_key_is_shown_as_aws_does(void **state)
{
    struct str der;
    struct jwt_key *key = made(&der);
    struct str shown = jwt_public(key, STR("k"), arena);

    (void)state;
    assert_true(str_starts(
        shown, STR("{\"alg\":\"RS256\",\"e\":\"AQAB\",\"kid\":\"k\",\"kty\":\"RSA\",\"n\":\"")));
    assert_true(str_ends(shown, STR("\",\"use\":\"sig\"}")));
    jwt_key_free(key);
}

/* As PEM, of whatever kind. */
static struct str pem_of(EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    struct str text;
    char *at;
    long bytes;

    assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    bytes = BIO_get_mem_data(out, &at);
    text = arena_dup(arena, str_of(at, (size_t)bytes));
    BIO_free(out);
    return text;
}

static void pem_is_read_too(void **state)
{
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    struct jwt_key *key = jwt_key_read(pem_of(rsa));

    (void)state;
    assert_non_null(key);
    jwt_key_free(key);
    EVP_PKEY_free(rsa);
}

static void what_is_no_rsa_key_is_none(void **state)
{
    struct str broken = STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    EVP_PKEY *curve = EVP_EC_gen("P-256");

    (void)state;
    assert_null(jwt_key_read(pem_of(curve)));
    assert_null(jwt_key_read(STR("")));
    assert_null(jwt_key_read(STR("key")));
    assert_null(jwt_key_read(broken));
    EVP_PKEY_free(curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_key_signs_is_good_with_its_set),
        cmocka_unit_test(a_public_key_is_shown_as_aws_does),
        cmocka_unit_test(pem_is_read_too),
        cmocka_unit_test(what_is_no_rsa_key_is_none),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
