/* SPDX-License-Identifier: Apache-2.0
 *
 * Unwrapping imported key material: RSAES-OAEP of the material itself; or RSAES-OAEP of an AES-256
 * key, and behind it the material wrapped under that by RFC 5649. Source: "Importing key material",
 * AWS KMS developer guide.
 */
#include "svc/kms/import.h"

static const struct import_algorithm algorithms[] = {
    {"RSAES_OAEP_SHA_1", "SHA1", false},
    {"RSAES_OAEP_SHA_256", "SHA256", false},
    {"RSA_AES_KEY_WRAP_SHA_1", "SHA1", true},
    {"RSA_AES_KEY_WRAP_SHA_256", "SHA256", true},
};

const struct import_algorithm *import_algorithm(struct str name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (str_eq(name, str_c(algorithms[i].name))) {
            return &algorithms[i];
        }
    }
    return NULL;
}

void import_make(void *arg)
{
    struct import *import = arg;

    import->good = pair_make(import->spec, &import->wrapping, &import->out);
}

/* The wrapping pair's modulus tells how long the part that RSA made is: whoever wrapped with a
 * shorter one did not use that pair. */
static bool unwrap(struct import *import, struct crypt_bytes *ret_material)
{
    static const size_t moduli[] = {256, 384, 512};
    struct crypt_bytes aes = {.bytes = 0};
    bool good = false;

    if (!import->algorithm->wraps) {
        return oaep_decrypt(crypt_str(&import->wrapping), import->algorithm->hash, import->input,
                            ret_material);
    }
    for (size_t i = 0; i < sizeof(moduli) / sizeof(moduli[0]) && !good; i++) {
        good = import->input.bytes > moduli[i] &&
               oaep_decrypt(crypt_str(&import->wrapping), import->algorithm->hash,
                            str_slice(import->input, 0, moduli[i]), &aes) &&
               unwrap_padded(crypt_str(&aes),
                             str_slice(import->input, moduli[i], import->input.bytes),
                             ret_material);
    }
    crypt_wipe(&aes);
    return good;
}

void import_take(void *arg)
{
    struct import *import = arg;
    struct crypt_bytes material;

    import->unwrapped = unwrap(import, &material);
    crypt_wipe(&import->wrapping);
    if (!import->unwrapped) {
        return;
    }
    if (import->spec->kind == SPEC_AES || import->spec->kind == SPEC_HMAC) {
        import->good = material.bytes == import->spec->bits / 8;
        import->out = material;
    } else {
        import->good = pair_check(import->spec, crypt_str(&material), &import->out);
    }
    crypt_wipe(&material);
}
