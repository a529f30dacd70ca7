/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures of tokens, made here by OpenSSL with fresh keys: each algorithm's are good with the
 * key that made them, and with nothing else.
 */
#include "wire/jwt.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

struct signer {
    const char *alg, *digest, *group; /* group NULL: RSA */
    size_t bytes;                     /* of a coordinate; of the modulus */
    EVP_PKEY *key;
    bool pss;
};

static struct signer signers[] = {
    {"RS256", "SHA256", NULL, 256, NULL, false},    {"RS384", "SHA384", NULL, 384, NULL, false},
    {"RS512", "SHA512", NULL, 256, NULL, false},    {"ES256", "SHA256", "P-256", 32, NULL, false},
    {"ES384", "SHA384", "P-384", 48, NULL, false},  {"ES512", "SHA512", "P-521", 66, NULL, false},
    {"PS256", "SHA256", NULL, 256, NULL, true},     {"PS384", "SHA384", NULL, 256, NULL, true},
    {"PS512", "SHA512", NULL, 256, NULL, true},
};
#define SIGNERS (sizeof(signers) / sizeof(signers[0]))

static struct arena *arena;

static int make_keys(void **state)
{
    (void)state;
    arena = arena_new(8u << 20);
    for (size_t i = 0; i < SIGNERS; i++) {
        signers[i].key = signers[i].group == NULL
                             ? EVP_RSA_gen((unsigned)(signers[i].bytes * 8))
                             : EVP_EC_gen(signers[i].group);
        assert_non_null(signers[i].key);
    }
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNERS; i++) {
        EVP_PKEY_free(signers[i].key);
    }
    arena_free(arena);
    return 0;
}

static struct str url64(struct str bytes)
{
    return jwt_part_write(bytes, arena);
}

/* ---- JWKs ---- */

static struct str number_of(EVP_PKEY *key, const char *name, size_t bytes)
{
    unsigned char *out = arena_alloc(arena, bytes + 8);
    BIGNUM *number = NULL;
    int length;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    length = bytes == 0 ? BN_bn2bin(number, out) : BN_bn2binpad(number, out, (int)bytes);
    assert_true(length > 0);
    BN_free(number);
    return url64(str_of(out, (size_t)length));
}

static struct str jwk_of(const struct signer *signer, const char *kid)
{
    if (signer->group == NULL) {
        return arena_printf(arena, "{\"kty\":\"RSA\",\"kid\":\"%s\",\"use\":\"sig\",\"n\":\"%.*s\","
                            "\"e\":\"%.*s\"}", kid,
                            STR_ARG(number_of(signer->key, OSSL_PKEY_PARAM_RSA_N, signer->bytes)),
                            STR_ARG(number_of(signer->key, OSSL_PKEY_PARAM_RSA_E, 0)));
    }
    return arena_printf(
        arena, "{\"kty\":\"EC\",\"kid\":\"%s\",\"crv\":\"%s\",\"x\":\"%.*s\",\"y\":\"%.*s\"}", kid,
        signer->group,
        STR_ARG(number_of(signer->key, OSSL_PKEY_PARAM_EC_PUB_X, signer->bytes)),
        STR_ARG(number_of(signer->key, OSSL_PKEY_PARAM_EC_PUB_Y, signer->bytes)));
}

static struct str set_of(struct str jwk)
{
    return arena_printf(arena, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},%.*s]}", STR_ARG(jwk));
}

/* ---- tokens ---- */

/* DER's two numbers become JWS's. */
static struct str raw_of(const unsigned char *der, size_t bytes, size_t coordinate)
{
    unsigned char *raw = arena_alloc(arena, 2 * coordinate);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)bytes);

    assert_non_null(pair);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, (int)coordinate);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + coordinate, (int)coordinate);
    ECDSA_SIG_free(pair);
    return str_of(raw, 2 * coordinate);
}

static struct str token_by(const struct signer *signer, const char *alg, const char *kid)
{
    struct str head = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    struct str text = arena_printf(arena, "%.*s.%.*s", STR_ARG(url64(head)),
                                   STR_ARG(url64(STR("{\"iss\":\"i\",\"sub\":\"s\"}"))));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[1024];
    EVP_PKEY_CTX *settings;
    size_t bytes = sizeof(signature);
    struct str made;

    assert_int_equal(EVP_DigestSignInit_ex(context, &settings, signer->digest, NULL, NULL,
                                           signer->key, NULL), 1);
    if (signer->pss) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(context, signature, &bytes, (const unsigned char *)text.at,
                                    text.bytes), 1);
    EVP_MD_CTX_free(context);
    made = signer->group == NULL ? str_of(signature, bytes)
                                 : raw_of(signature, bytes, signer->bytes);
    return arena_printf(arena, "%.*s.%.*s", STR_ARG(text), STR_ARG(url64(made)));
}

static enum jwt_signature checked(struct str text, struct str keys)
{
    struct jwt token;

    return jwt_read(text, arena, &token) ? jwt_check(&token, keys, arena) : JWT_BAD;
}

/* ---- tests ---- */

static void every_algorithm_is_good_with_its_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNERS; i++) {
        struct str text = token_by(&signers[i], signers[i].alg, "one");

        assert_int_equal(checked(text, set_of(jwk_of(&signers[i], "one"))), JWT_GOOD);
    }
}

static void another_key_of_that_name_is_bad(void **state)
{
    struct signer other = signers[0];

    (void)state;
    other.key = EVP_RSA_gen(2048);
    assert_int_equal(checked(token_by(&signers[0], "RS256", "one"), set_of(jwk_of(&other, "one"))),
                     JWT_BAD);
    EVP_PKEY_free(other.key);
}

static void a_key_that_is_not_there_is_none(void **state)
{
    struct str text = token_by(&signers[0], "RS256", "one");

    (void)state;
    assert_int_equal(checked(text, set_of(jwk_of(&signers[0], "two"))), JWT_NO_KEY);
    assert_int_equal(checked(text, set_of(jwk_of(&signers[3], "one"))), JWT_NO_KEY);
    assert_int_equal(checked(text, STR("{\"keys\":[]}")), JWT_NO_KEY);
    assert_int_equal(checked(text, STR("[]")), JWT_NO_KEY);
    assert_int_equal(checked(text, STR("{\"keys\":[1,\"x\",{}]}")), JWT_NO_KEY);
    assert_int_equal(checked(text, STR("")), JWT_NO_KEY);
}

static void a_changed_token_is_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNERS; i += 3) {
        struct str text = token_by(&signers[i], signers[i].alg, "one");
        struct str keys = set_of(jwk_of(&signers[i], "one"));
        size_t second = str_find(text, '.', str_find(text, '.', 0) + 1);
        struct str other =
            arena_printf(arena, "%.*s.%.*s.%.*s", (int)str_find(text, '.', 0), text.at,
                         STR_ARG(url64(STR("{\"iss\":\"i\",\"sub\":\"root\"}"))),
                         STR_ARG(str_slice(text, second + 1, text.bytes)));

        assert_int_equal(checked(other, keys), JWT_BAD);
        assert_int_equal(checked(str_slice(text, 0, second + 1), keys), JWT_BAD);
        assert_int_equal(checked(str_slice(text, 0, text.bytes - 4), keys), JWT_BAD);
    }
}

static void algorithms_that_prove_nothing_are_bad(void **state)
{
    struct str keys = set_of(jwk_of(&signers[0], "one"));

    (void)state;
    assert_int_equal(checked(token_by(&signers[0], "none", "one"), keys), JWT_BAD);
    assert_int_equal(checked(token_by(&signers[0], "HS256", "one"), keys), JWT_BAD);
    assert_int_equal(checked(token_by(&signers[0], "RS384", "one"), keys), JWT_BAD);
    assert_int_equal(checked(token_by(&signers[0], "PS256", "one"), keys), JWT_BAD);
    assert_int_equal(checked(token_by(&signers[6], "RS256", "one"),
                             set_of(jwk_of(&signers[6], "one"))), JWT_BAD);
}

static void short_keys_are_none(void **state)
{
    struct signer weak = {"RS256", "SHA256", NULL, 128, EVP_RSA_gen(1024), false};

    (void)state;
    assert_int_equal(checked(token_by(&weak, "RS256", "one"), set_of(jwk_of(&weak, "one"))),
                     JWT_NO_KEY);
    EVP_PKEY_free(weak.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_is_good_with_its_key),
        cmocka_unit_test(another_key_of_that_name_is_bad),
        cmocka_unit_test(a_key_that_is_not_there_is_none),
        cmocka_unit_test(a_changed_token_is_bad),
        cmocka_unit_test(algorithms_that_prove_nothing_are_bad),
        cmocka_unit_test(short_keys_are_none),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
