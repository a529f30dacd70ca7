/* SPDX-License-Identifier: Apache-2.0
 *
 * Key specs, usages and algorithms: tables of what goes with what. Pure.
 */
#ifndef WEIR_SVC_KMS_SPEC_H
#define WEIR_SVC_KMS_SPEC_H

#include "base/str.h"

enum spec_kind { SPEC_AES, SPEC_HMAC, SPEC_RSA, SPEC_EC };

/* Bits of a spec's usages. */
enum usage { USAGE_ENCRYPT = 1, USAGE_SIGN = 2, USAGE_MAC = 4, USAGE_AGREE = 8 };

struct spec {
    const char *name;     /* "RSA_2048" */
    enum spec_kind kind;
    uint32_t bits;        /* of an RSA modulus; of an AES or HMAC key; of a curve's field */
    const char *curve;    /* OpenSSL's name; NULL: none */
    const char *hash;     /* of HMAC and of signatures by a curve: "SHA256"; NULL: any */
    uint8_t usages;       /* that it may have */
};

#define SPEC_COUNT 12
const struct spec *spec_at(uint32_t place);           /* by its place, which rows have */
uint32_t spec_place(const struct spec *spec);
const struct spec *spec_named(struct str name);       /* NULL: weir has none of that name */

const char *usage_name(uint8_t usage);                /* "SIGN_VERIFY" */
uint8_t usage_named(struct str name);                 /* 0: none */

enum algorithm_kind {
    ALGORITHM_SYMMETRIC, /* SYMMETRIC_DEFAULT */
    ALGORITHM_OAEP,
    ALGORITHM_PKCS1,     /* signatures, RSASSA-PKCS1-v1_5 */
    ALGORITHM_PSS,
    ALGORITHM_ECDSA,
    ALGORITHM_HMAC,
    ALGORITHM_ECDH,
};

struct algorithm {
    const char *name;     /* "RSASSA_PSS_SHA_256" */
    enum algorithm_kind kind;
    uint8_t usage;        /* what it is for */
    const char *hash;     /* "SHA256"; NULL: none */
    uint32_t hash_bytes;  /* of a digest */
};

const struct algorithm *algorithm_named(struct str name); /* NULL: none */
/* The place-th algorithm of a spec used so; NULL: no more. In the order AWS lists them. */
const struct algorithm *algorithm_of(const struct spec *spec, uint8_t usage, uint32_t place);
bool algorithm_fits(const struct algorithm *algorithm, const struct spec *spec, uint8_t usage);

#endif
