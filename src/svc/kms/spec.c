/* SPDX-License-Identifier: Apache-2.0
 *
 * Key specs, usages, algorithms. Source: "Key spec reference", AWS KMS developer guide.
 */
#include "svc/kms/spec.h"

#include <stddef.h>

/* Rows of keys have places of this list: new ones go to its end. */
static const struct spec specs[SPEC_COUNT] = {
    {"SYMMETRIC_DEFAULT", SPEC_AES, 256, NULL, NULL, USAGE_ENCRYPT},
    {"HMAC_224", SPEC_HMAC, 224, NULL, "SHA224", USAGE_MAC},
    {"HMAC_256", SPEC_HMAC, 256, NULL, "SHA256", USAGE_MAC},
    {"HMAC_384", SPEC_HMAC, 384, NULL, "SHA384", USAGE_MAC},
    {"HMAC_512", SPEC_HMAC, 512, NULL, "SHA512", USAGE_MAC},
    {"RSA_2048", SPEC_RSA, 2048, NULL, NULL, USAGE_ENCRYPT | USAGE_SIGN},
    {"RSA_3072", SPEC_RSA, 3072, NULL, NULL, USAGE_ENCRYPT | USAGE_SIGN},
    {"RSA_4096", SPEC_RSA, 4096, NULL, NULL, USAGE_ENCRYPT | USAGE_SIGN},
    {"ECC_NIST_P256", SPEC_EC, 256, "prime256v1", "SHA256", USAGE_SIGN | USAGE_AGREE},
    {"ECC_NIST_P384", SPEC_EC, 384, "secp384r1", "SHA384", USAGE_SIGN | USAGE_AGREE},
    {"ECC_NIST_P521", SPEC_EC, 521, "secp521r1", "SHA512", USAGE_SIGN | USAGE_AGREE},
    {"ECC_SECG_P256K1", SPEC_EC, 256, "secp256k1", "SHA256", USAGE_SIGN},
};

static const struct algorithm algorithms[] = {
    {"SYMMETRIC_DEFAULT", ALGORITHM_SYMMETRIC, USAGE_ENCRYPT, NULL, 0},
    {"RSAES_OAEP_SHA_1", ALGORITHM_OAEP, USAGE_ENCRYPT, "SHA1", 20},
    {"RSAES_OAEP_SHA_256", ALGORITHM_OAEP, USAGE_ENCRYPT, "SHA256", 32},
    {"RSASSA_PKCS1_V1_5_SHA_256", ALGORITHM_PKCS1, USAGE_SIGN, "SHA256", 32},
    {"RSASSA_PKCS1_V1_5_SHA_384", ALGORITHM_PKCS1, USAGE_SIGN, "SHA384", 48},
    {"RSASSA_PKCS1_V1_5_SHA_512", ALGORITHM_PKCS1, USAGE_SIGN, "SHA512", 64},
    {"RSASSA_PSS_SHA_256", ALGORITHM_PSS, USAGE_SIGN, "SHA256", 32},
    {"RSASSA_PSS_SHA_384", ALGORITHM_PSS, USAGE_SIGN, "SHA384", 48},
    {"RSASSA_PSS_SHA_512", ALGORITHM_PSS, USAGE_SIGN, "SHA512", 64},
    {"ECDSA_SHA_256", ALGORITHM_ECDSA, USAGE_SIGN, "SHA256", 32},
    {"ECDSA_SHA_384", ALGORITHM_ECDSA, USAGE_SIGN, "SHA384", 48},
    {"ECDSA_SHA_512", ALGORITHM_ECDSA, USAGE_SIGN, "SHA512", 64},
    {"HMAC_SHA_224", ALGORITHM_HMAC, USAGE_MAC, "SHA224", 28},
    {"HMAC_SHA_256", ALGORITHM_HMAC, USAGE_MAC, "SHA256", 32},
    {"HMAC_SHA_384", ALGORITHM_HMAC, USAGE_MAC, "SHA384", 48},
    {"HMAC_SHA_512", ALGORITHM_HMAC, USAGE_MAC, "SHA512", 64},
    {"ECDH", ALGORITHM_ECDH, USAGE_AGREE, NULL, 0},
};
#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

static const struct {
    const char *name;
    uint8_t usage;
} usages[] = {
    {"ENCRYPT_DECRYPT", USAGE_ENCRYPT},
    {"SIGN_VERIFY", USAGE_SIGN},
    {"GENERATE_VERIFY_MAC", USAGE_MAC},
    {"KEY_AGREEMENT", USAGE_AGREE},
};

const struct spec *spec_at(uint32_t place)
{
    return place < SPEC_COUNT ? &specs[place] : NULL;
}

uint32_t spec_place(const struct spec *spec)
{
    return (uint32_t)(spec - specs);
}

const struct spec *spec_named(struct str name)
{
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        if (str_eq(name, str_c(specs[i].name))) {
            return &specs[i];
        }
    }
    return NULL;
}

const char *usage_name(uint8_t usage)
{
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        if (usages[i].usage == usage) {
            return usages[i].name;
        }
    }
    return "";
}

uint8_t usage_named(struct str name)
{
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        if (str_eq(name, str_c(usages[i].name))) {
            return usages[i].usage;
        }
    }
    return 0;
}

const struct algorithm *algorithm_named(struct str name)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (str_eq(name, str_c(algorithms[i].name))) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static bool kinds_fit(enum algorithm_kind algorithm, enum spec_kind spec)
{
    switch (algorithm) {
    case ALGORITHM_SYMMETRIC:
        return spec == SPEC_AES;
    case ALGORITHM_OAEP:
    case ALGORITHM_PKCS1:
    case ALGORITHM_PSS:
        return spec == SPEC_RSA;
    case ALGORITHM_ECDSA:
    case ALGORITHM_ECDH:
        return spec == SPEC_EC;
    case ALGORITHM_HMAC:
        return spec == SPEC_HMAC;
    }
    return false;
}

bool algorithm_fits(const struct algorithm *algorithm, const struct spec *spec, uint8_t usage)
{
    return algorithm->usage == usage && kinds_fit(algorithm->kind, spec->kind) &&
           (spec->hash == NULL || algorithm->hash == NULL ||
            str_eq(str_c(spec->hash), str_c(algorithm->hash)));
}

const struct algorithm *algorithm_of(const struct spec *spec, uint8_t usage, uint32_t place)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (algorithm_fits(&algorithms[i], spec, usage) && place-- == 0) {
            return &algorithms[i];
        }
    }
    return NULL;
}
