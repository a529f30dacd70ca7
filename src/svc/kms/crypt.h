/* SPDX-License-Identifier: Apache-2.0
 *
 * The cryptography of keys, on bytes: no cell, no state, on any thread. Keys that have two halves
 * are PKCS #8 (private) and SubjectPublicKeyInfo (public), both DER.
 */
#ifndef WEIR_SVC_KMS_CRYPT_H
#define WEIR_SVC_KMS_CRYPT_H

#include "base/str.h"
#include "svc/kms/spec.h"

#define AES_KEY_BYTES 32
#define GCM_NONCE_BYTES 12
#define GCM_TAG_BYTES 16
#define GCM_EXTRA_BYTES (GCM_NONCE_BYTES + GCM_TAG_BYTES) /* sealed beyond plain */
#define MAC_BYTES_MAX 64
#define CRYPT_BYTES_MAX 8192 /* of what comes out of it */

/* What comes out; fixed, so that worker threads need no memory of the call's. */
struct crypt_bytes {
    uint8_t at[CRYPT_BYTES_MAX]; /* the bytes */
    size_t bytes;                /* of them */
};
static inline struct str crypt_str(const struct crypt_bytes *bytes)
{
    return str_of(bytes->at, bytes->bytes);
}
void crypt_wipe(struct crypt_bytes *bytes);
void crypt_wipe_str(struct str secret); /* bytes of ours */

/* AES-256-GCM: nonce (fresh), ciphertext, tag. out has plain.bytes + GCM_EXTRA_BYTES. */
void gcm_seal(const uint8_t key[AES_KEY_BYTES], struct str aad, struct str plain, uint8_t *out);
/* False: not sealed with that key and aad. out has sealed.bytes - GCM_EXTRA_BYTES. */
bool gcm_open(const uint8_t key[AES_KEY_BYTES], struct str aad, struct str sealed, uint8_t *out);

/* hash as OpenSSL calls it; how many bytes the MAC has. */
size_t mac_of(const char *hash, struct str key, struct str message, uint8_t out[MAC_BYTES_MAX]);

/* A new pair of an RSA or EC spec. False: OpenSSL refused. */
bool pair_make(const struct spec *spec, struct crypt_bytes *ret_private,
               struct crypt_bytes *ret_public);
bool pair_public(struct str private_der, struct crypt_bytes *ret_public);
/* A private key from outside: is it one of that spec, and sound? It is written again as PKCS #8. */
bool pair_check(const struct spec *spec, struct str private_der, struct crypt_bytes *ret_private);

/* RSAES-OAEP with MGF1 of the same hash. */
bool oaep_encrypt(struct str private_der, const char *hash, struct str plain,
                  struct crypt_bytes *ret_sealed);
bool oaep_decrypt(struct str private_der, const char *hash, struct str sealed,
                  struct crypt_bytes *ret_plain);
/* The most that fits. */
static inline size_t oaep_bytes_max(uint32_t bits, uint32_t hash_bytes)
{
    return bits / 8 - 2 * hash_bytes - 2;
}

struct signing {
    const struct algorithm *algorithm; /* PKCS1, PSS or ECDSA */
    struct str message;                /* or its digest */
    bool digest;                       /* it is a digest */
};
bool signature_make(struct str private_der, const struct signing *signing,
                    struct crypt_bytes *ret_signature);
bool signature_holds(struct str private_der, const struct signing *signing, struct str signature);

/* ECDH: the x coordinate. peer is a SubjectPublicKeyInfo. False: it is not of that curve. */
bool secret_derive(const struct spec *spec, struct str private_der, struct str peer,
                   struct crypt_bytes *ret_secret);

/* AES key wrap with padding (RFC 5649), the other way. */
bool unwrap_padded(struct str key, struct str wrapped, struct crypt_bytes *ret_plain);

#endif
