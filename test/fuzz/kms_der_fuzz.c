/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys from outside: private ones that are imported, public ones of a peer. What was taken for a
 * key of a spec is written so that it is one of that spec again, and has a public half.
 */
#include "base/codec.h"
#include "svc/kms/crypt.h"

#include <stdlib.h>

#define MINE                                                                                       \
    "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"                       \
    "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct crypt_bytes kept, again;

static void private_key(const struct spec *spec, struct str der)
{
    if ((spec->kind == SPEC_EC || spec->kind == SPEC_RSA) && pair_check(spec, der, &kept) &&
        (!pair_check(spec, crypt_str(&kept), &again) ||
         !str_eq(crypt_str(&kept), crypt_str(&again)) || !pair_public(crypt_str(&kept), &again))) {
        abort();
    }
}

/* The first byte says which spec it is to be of. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char mine[sizeof(MINE) / 2];
    struct str der;

    if (size == 0 || size > CRYPT_BYTES_MAX) {
        return 0;
    }
    der = str_of(data + 1, size - 1);
    if (!hex_decode(STR(MINE), mine)) {
        abort();
    }
    private_key(spec_at(data[0] % SPEC_COUNT), der);
    if (secret_derive(spec_named(STR("ECC_NIST_P256")), str_of(mine, sizeof(MINE) / 2), der,
                      &kept) &&
        kept.bytes != 32) {
        abort();
    }
    return 0;
}
