/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys with two halves, RSA and elliptic curves: making and reading them, OAEP, signatures, ECDH.
 * All of it is OpenSSL's. Signatures by PSS have a salt as long as the digest, as AWS's have; those
 * by ECDSA are DER.
 */
#include "svc/kms/crypt.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const unsigned char *octets(struct str s)
{
    return s.bytes == 0 ? (const unsigned char *)"" : (const unsigned char *)s.at;
}

/* OpenSSL's error queue belongs to the thread: nobody else is to find what was expected. */
static bool said(bool good)
{
    if (!good) {
        ERR_clear_error();
    }
    return good;
}

/* ---- reading and writing ---- */

/* NULL: it is no private key, or something is behind it. */
static EVP_PKEY *private_read(struct str der)
{
    const unsigned char *at = octets(der);
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der.bytes);

    if (key != NULL && at != octets(der) + der.bytes) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    (void)said(key != NULL);
    return key;
}

static bool private_write(EVP_PKEY *key, struct crypt_bytes *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *at = out->at;
    int bytes = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    bool good = bytes > 0 && bytes <= CRYPT_BYTES_MAX &&
                i2d_PKCS8_PRIV_KEY_INFO(info, &at) == bytes;

    PKCS8_PRIV_KEY_INFO_free(info);
    out->bytes = good ? (size_t)bytes : 0;
    return said(good);
}

static bool public_write(EVP_PKEY *key, struct crypt_bytes *out)
{
    unsigned char *at = out->at;
    int bytes = i2d_PUBKEY(key, NULL);
    bool good = bytes > 0 && bytes <= CRYPT_BYTES_MAX && i2d_PUBKEY(key, &at) == bytes;

    out->bytes = good ? (size_t)bytes : 0;
    return said(good);
}

bool pair_make(const struct spec *spec, struct crypt_bytes *ret_private,
               struct crypt_bytes *ret_public)
{
    EVP_PKEY *key = spec->kind == SPEC_RSA ? EVP_RSA_gen(spec->bits) : EVP_EC_gen(spec->curve);
    bool good = key != NULL && private_write(key, ret_private) && public_write(key, ret_public);

    EVP_PKEY_free(key);
    return said(good);
}

bool pair_public(struct str private_der, struct crypt_bytes *ret_public)
{
    EVP_PKEY *key = private_read(private_der);
    bool good = key != NULL && public_write(key, ret_public);

    EVP_PKEY_free(key);
    return good;
}

static bool is_of_spec(const EVP_PKEY *key, const struct spec *spec)
{
    char curve[64];
    size_t bytes;

    if (spec->kind == SPEC_RSA) {
        return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) == (int)spec->bits;
    }
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, curve, sizeof(curve), &bytes) == 1 &&
           str_eq(str_c(curve), str_c(spec->curve));
}

bool pair_check(const struct spec *spec, struct str private_der, struct crypt_bytes *ret_private)
{
    EVP_PKEY *key = private_read(private_der);
    EVP_PKEY_CTX *context = NULL;
    bool good = key != NULL && is_of_spec(key, spec);

    if (good) {
        context = EVP_PKEY_CTX_new(key, NULL);
        good = context != NULL && EVP_PKEY_check(context) == 1 && private_write(key, ret_private);
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return said(good);
}

/* ---- RSAES-OAEP ---- */

static EVP_PKEY_CTX *oaep_begin(EVP_PKEY *key, const char *hash,
                                int (*init)(EVP_PKEY_CTX *context))
{
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    const EVP_MD *digest = EVP_get_digestbyname(hash);

    if (context != NULL && init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1) {
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

bool oaep_encrypt(struct str private_der, const char *hash, struct str plain,
                  struct crypt_bytes *ret_sealed)
{
    EVP_PKEY *key = private_read(private_der);
    EVP_PKEY_CTX *context = oaep_begin(key, hash, EVP_PKEY_encrypt_init);
    size_t bytes = CRYPT_BYTES_MAX;
    bool good = context != NULL && EVP_PKEY_encrypt(context, ret_sealed->at, &bytes,
                                                    octets(plain), plain.bytes) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ret_sealed->bytes = good ? bytes : 0;
    return said(good);
}

bool oaep_decrypt(struct str private_der, const char *hash, struct str sealed,
                  struct crypt_bytes *ret_plain)
{
    EVP_PKEY *key = private_read(private_der);
    EVP_PKEY_CTX *context = oaep_begin(key, hash, EVP_PKEY_decrypt_init);
    size_t bytes = CRYPT_BYTES_MAX;
    bool good = context != NULL && EVP_PKEY_decrypt(context, ret_plain->at, &bytes,
                                                    octets(sealed), sealed.bytes) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ret_plain->bytes = good ? bytes : 0;
    return said(good);
}

/* ---- signatures ---- */

static bool digest_of(const struct signing *signing, uint8_t out[EVP_MAX_MD_SIZE])
{
    unsigned int bytes = 0;

    if (signing->digest) {
        if (signing->message.bytes != signing->algorithm->hash_bytes) {
            return false;
        }
        memcpy(out, signing->message.at, signing->message.bytes);
        return true;
    }
    return EVP_Digest(octets(signing->message), signing->message.bytes, out, &bytes,
                      EVP_get_digestbyname(signing->algorithm->hash), NULL) == 1;
}

static EVP_PKEY_CTX *signing_begin(EVP_PKEY *key, const struct algorithm *algorithm,
                                   int (*init)(EVP_PKEY_CTX *context))
{
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    const EVP_MD *digest = EVP_get_digestbyname(algorithm->hash);
    bool good = context != NULL && init(context) == 1;

    if (good && algorithm->kind == ALGORITHM_PSS) {
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    } else if (good && algorithm->kind == ALGORITHM_PKCS1) {
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest) == 1;
    } else if (good) {
        good = EVP_PKEY_CTX_set_signature_md(context, digest) == 1;
    }
    if (good) {
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

bool signature_make(struct str private_der, const struct signing *signing,
                    struct crypt_bytes *ret_signature)
{
    EVP_PKEY *key = private_read(private_der);
    EVP_PKEY_CTX *context = signing_begin(key, signing->algorithm, EVP_PKEY_sign_init);
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t bytes = CRYPT_BYTES_MAX;
    bool good = context != NULL && digest_of(signing, digest) &&
                EVP_PKEY_sign(context, ret_signature->at, &bytes, digest,
                              signing->algorithm->hash_bytes) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ret_signature->bytes = good ? bytes : 0;
    return said(good);
}

bool signature_holds(struct str private_der, const struct signing *signing, struct str signature)
{
    EVP_PKEY *key = private_read(private_der);
    EVP_PKEY_CTX *context = signing_begin(key, signing->algorithm, EVP_PKEY_verify_init);
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool good = context != NULL && digest_of(signing, digest) &&
                EVP_PKEY_verify(context, octets(signature), signature.bytes, digest,
                                signing->algorithm->hash_bytes) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return said(good);
}

/* ---- ECDH ---- */

/* NULL: it is no public key of that curve, or something is behind it. */
static EVP_PKEY *peer_read(const struct spec *spec, struct str der)
{
    const unsigned char *at = octets(der);
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.bytes);

    if (key != NULL && (at != octets(der) + der.bytes || !is_of_spec(key, spec))) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

bool secret_derive(const struct spec *spec, struct str private_der, struct str peer,
                   struct crypt_bytes *ret_secret)
{
    EVP_PKEY *key = private_read(private_der);
    EVP_PKEY *other = peer_read(spec, peer);
    EVP_PKEY_CTX *context = key == NULL || other == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    size_t bytes = CRYPT_BYTES_MAX;
    bool good = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                EVP_PKEY_derive_set_peer(context, other) == 1 &&
                EVP_PKEY_derive(context, ret_secret->at, &bytes) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
    ret_secret->bytes = good ? bytes : 0;
    return said(good);
}
