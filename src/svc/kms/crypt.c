/* SPDX-License-Identifier: Apache-2.0
 *
 * Secret keys: AES-256-GCM, HMAC, AES key wrap. All of it is OpenSSL's.
 */
#include "svc/kms/crypt.h"

#include "sys/rand.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

void crypt_wipe(struct crypt_bytes *bytes)
{
    OPENSSL_cleanse(bytes->at, bytes->bytes);
    bytes->bytes = 0;
}

void crypt_wipe_str(struct str secret)
{
    OPENSSL_cleanse((void *)(uintptr_t)secret.at, secret.bytes);
}

static const unsigned char *octets(struct str s)
{
    return s.bytes == 0 ? (const unsigned char *)"" : (const unsigned char *)s.at;
}

void gcm_seal(const uint8_t key[AES_KEY_BYTES], struct str aad, struct str plain, uint8_t *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *sealed = out + GCM_NONCE_BYTES;
    int bytes = 0;
    bool good;

    rand_secret(out, GCM_NONCE_BYTES);
    good = context != NULL &&
           EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
           EVP_EncryptUpdate(context, NULL, &bytes, octets(aad), (int)aad.bytes) == 1 &&
           EVP_EncryptUpdate(context, sealed, &bytes, octets(plain), (int)plain.bytes) == 1 &&
           EVP_EncryptFinal_ex(context, sealed + plain.bytes, &bytes) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, GCM_TAG_BYTES,
                               sealed + plain.bytes) == 1;
    assert(good);
    EVP_CIPHER_CTX_free(context);
}

bool gcm_open(const uint8_t key[AES_KEY_BYTES], struct str aad, struct str sealed, uint8_t *out)
{
    EVP_CIPHER_CTX *context;
    const unsigned char *at = octets(sealed);
    unsigned char tag[GCM_TAG_BYTES];
    size_t plain;
    int bytes = 0;
    bool good;

    if (sealed.bytes < GCM_EXTRA_BYTES) {
        return false;
    }
    plain = sealed.bytes - GCM_EXTRA_BYTES;
    memcpy(tag, at + GCM_NONCE_BYTES + plain, GCM_TAG_BYTES);
    context = EVP_CIPHER_CTX_new();
    good = context != NULL &&
           EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, at) == 1 &&
           EVP_DecryptUpdate(context, NULL, &bytes, octets(aad), (int)aad.bytes) == 1 &&
           EVP_DecryptUpdate(context, out, &bytes, at + GCM_NONCE_BYTES, (int)plain) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, GCM_TAG_BYTES, tag) == 1 &&
           EVP_DecryptFinal_ex(context, out + plain, &bytes) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!good) {
        OPENSSL_cleanse(out, plain);
    }
    return good;
}

size_t mac_of(const char *hash, struct str key, struct str message, uint8_t out[MAC_BYTES_MAX])
{
    unsigned int bytes = 0;
    unsigned char *made = HMAC(EVP_get_digestbyname(hash), octets(key), (int)key.bytes,
                               octets(message), message.bytes, out, &bytes);

    assert(made != NULL);
    assert(bytes <= MAC_BYTES_MAX);
    return bytes;
}

bool unwrap_padded(struct str key, struct str wrapped, struct crypt_bytes *ret_plain)
{
    EVP_CIPHER_CTX *context;
    int bytes = 0;
    int more = 0;
    bool good;

    if (key.bytes != AES_KEY_BYTES || wrapped.bytes < 16 || wrapped.bytes % 8 != 0 ||
        wrapped.bytes > CRYPT_BYTES_MAX) {
        return false;
    }
    context = EVP_CIPHER_CTX_new();
    assert(context != NULL);
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    good = EVP_DecryptInit_ex(context, EVP_aes_256_wrap_pad(), NULL, octets(key), NULL) == 1 &&
           EVP_DecryptUpdate(context, ret_plain->at, &bytes, octets(wrapped),
                             (int)wrapped.bytes) == 1 &&
           EVP_DecryptFinal_ex(context, ret_plain->at + bytes, &more) == 1;
    EVP_CIPHER_CTX_free(context);
    if (good) {
        ret_plain->bytes = (size_t)bytes + (size_t)more;
    }
    return good;
}
