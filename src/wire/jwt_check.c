/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a token signed by one of an issuer's keys? Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518
 * (their algorithms): RSA with PKCS #1 padding or PSS, and ECDSA, with SHA-256, SHA-384 or SHA-512.
 * A token names its key; one that names none is tried with each that fits.
 */
#include "base/codec.h"
#include "wire/json.h"
#include "wire/jwt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define RSA_BYTES_MIN 256      /* 2,048 bits, as AWS asks */
#define RSA_BYTES_MAX 1024
#define POINT_BYTES_MAX 133    /* 0x04 and two coordinates of P-521 */

/* What a token's alg means. */
static const struct algorithm {
    const char *name;          /* "RS256" */
    const char *digest;        /* OpenSSL's name */
    const char *curve;         /* crv of its keys; NULL: RSA */
    const char *group;         /* OpenSSL's name of the curve */
    size_t coordinate_bytes;   /* of the curve */
    bool pss;                  /* RSA's padding; its salt is as long as the digest */
} algorithms[] = {
    {"RS256", "SHA256", NULL, NULL, 0, false},
    {"RS384", "SHA384", NULL, NULL, 0, false},
    {"RS512", "SHA512", NULL, NULL, 0, false},
    {"PS256", "SHA256", NULL, NULL, 0, true},
    {"PS384", "SHA384", NULL, NULL, 0, true},
    {"PS512", "SHA512", NULL, NULL, 0, true},
    {"ES256", "SHA256", "P-256", "prime256v1", 32, false},
    {"ES384", "SHA384", "P-384", "secp384r1", 48, false},
    {"ES512", "SHA512", "P-521", "secp521r1", 66, false},
};

static const struct algorithm *algorithm_named(struct str name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (str_eq(str_c(algorithms[i].name), name)) {
            return &algorithms[i];
        }
    }
    return NULL;
}

/* ---- keys ---- */

static struct str text_of(const struct value *key, const char *name)
{
    const struct value *value = map_find(key, str_c(name));

    return value != NULL && value->kind == VALUE_STR ? value->str : STR_NONE;
}

static bool bytes_of(const struct value *key, const char *name, struct arena *arena,
                     struct str *ret_bytes)
{
    return jwt_part_read(text_of(key, name), arena, ret_bytes);
}

static EVP_PKEY *key_made(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static EVP_PKEY *rsa_key(const struct value *jwk, struct arena *arena)
{
    OSSL_PARAM_BLD *build;
    EVP_PKEY *key = NULL;
    struct str modulus;
    struct str exponent;
    BIGNUM *n;
    BIGNUM *e;

    if (!bytes_of(jwk, "n", arena, &modulus) || !bytes_of(jwk, "e", arena, &exponent) ||
        modulus.bytes < RSA_BYTES_MIN || modulus.bytes > RSA_BYTES_MAX || exponent.bytes > 8) {
        return NULL;
    }
    build = OSSL_PARAM_BLD_new();
    n = BN_bin2bn((const unsigned char *)modulus.at, (int)modulus.bytes, NULL);
    e = BN_bin2bn((const unsigned char *)exponent.at, (int)exponent.bytes, NULL);
    if (build != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        key = key_made("RSA", build);
    }
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *ec_key(const struct value *jwk, const struct algorithm *algorithm,
                        struct arena *arena)
{
    unsigned char point[POINT_BYTES_MAX] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t bytes = algorithm->coordinate_bytes;
    OSSL_PARAM_BLD *build;
    EVP_PKEY *key = NULL;
    struct str x;
    struct str y;

    if (!bytes_of(jwk, "x", arena, &x) || !bytes_of(jwk, "y", arena, &y) || x.bytes != bytes ||
        y.bytes != bytes) {
        return NULL;
    }
    memcpy(point + 1, x.at, bytes);
    memcpy(point + 1 + bytes, y.at, bytes);
    build = OSSL_PARAM_BLD_new();
    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group, 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 2 * bytes + 1) ==
            1) {
        key = key_made("EC", build);
    }
    OSSL_PARAM_BLD_free(build);
    return key;
}

static bool key_fits(const struct value *jwk, const struct jwt *jwt,
                     const struct algorithm *algorithm)
{
    struct str use;
    struct str name;

    if (jwk->kind != VALUE_MAP) {
        return false;
    }
    use = text_of(jwk, "use");
    name = text_of(jwk, "alg");
    return str_eq(text_of(jwk, "kty"), algorithm->curve == NULL ? STR("RSA") : STR("EC")) &&
           (algorithm->curve == NULL || str_eq(text_of(jwk, "crv"), str_c(algorithm->curve))) &&
           (use.at == NULL || str_eq(use, STR("sig"))) &&
           (name.at == NULL || str_eq(name, jwt->algorithm)) &&
           (jwt->key_id.at == NULL || str_eq(text_of(jwk, "kid"), jwt->key_id));
}

/* ---- signatures ---- */

/* ECDSA's two numbers, one after the other, become what OpenSSL reads. */
static struct str der_of(struct str signature, size_t bytes, struct arena *arena)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn((const unsigned char *)signature.at, (int)bytes, NULL);
    BIGNUM *s = BN_bin2bn((const unsigned char *)signature.at + bytes, (int)bytes, NULL);
    struct str made = STR_NONE;
    unsigned char *der = NULL;
    int length;

    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return STR_NONE;
    }
    length = i2d_ECDSA_SIG(pair, &der);
    if (length > 0) {
        made = arena_dup(arena, str_of(der, (size_t)length));
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    return made;
}

static bool padding_set(EVP_PKEY_CTX *context, const struct algorithm *algorithm)
{
    return !algorithm->pss ||
           (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool signed_by(const struct jwt *jwt, const struct algorithm *algorithm, EVP_PKEY *key,
                      struct arena *arena)
{
    struct str signature = jwt->signature;
    EVP_PKEY_CTX *settings;
    EVP_MD_CTX *context;
    bool good;

    if (algorithm->curve != NULL) {
        if (signature.bytes != 2 * algorithm->coordinate_bytes) {
            return false;
        }
        signature = der_of(signature, algorithm->coordinate_bytes, arena);
    }
    context = EVP_MD_CTX_new();
    good = context != NULL && signature.bytes > 0 &&
           EVP_DigestVerifyInit_ex(context, &settings, algorithm->digest, NULL, NULL, key,
                                   NULL) == 1 &&
           padding_set(settings, algorithm) &&
           EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.bytes,
                            (const unsigned char *)jwt->signed_text.at,
                            jwt->signed_text.bytes) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

bool jwt_keys_read(struct str text, struct arena *arena, const struct value **ret_keys)
{
    struct value *document = ARENA_NEW(arena, struct value);
    const struct value *keys;
    struct why why;

    if (json_read(arena_dup(arena, text), 0, arena, &why, document) != OK ||
        document->kind != VALUE_MAP) {
        return false;
    }
    keys = map_find(document, STR("keys"));
    *ret_keys = keys;
    return keys != NULL && keys->kind == VALUE_LIST && keys->count <= JWT_KEYS_MAX;
}

enum jwt_signature jwt_check(const struct jwt *jwt, struct str keys_text, struct arena *arena)
{
    const struct algorithm *algorithm = algorithm_named(jwt->algorithm);
    enum jwt_signature found = JWT_NO_KEY;
    const struct value *keys;

    if (algorithm == NULL || jwt->signature.bytes == 0) {
        return JWT_BAD;
    }
    if (!jwt_keys_read(keys_text, arena, &keys)) {
        return JWT_NO_KEY;
    }
    for (uint32_t i = 0; i < keys->count && found != JWT_GOOD; i++) {
        const struct value *jwk = &keys->items[i];
        EVP_PKEY *key;

        if (!key_fits(jwk, jwt, algorithm)) {
            continue;
        }
        key = algorithm->curve == NULL ? rsa_key(jwk, arena) : ec_key(jwk, algorithm, arena);
        if (key != NULL) {
            found = signed_by(jwt, algorithm, key, arena) ? JWT_GOOD : JWT_BAD;
        }
        EVP_PKEY_free(key);
    }
    return found;
}
