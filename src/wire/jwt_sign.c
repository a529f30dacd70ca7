/* SPDX-License-Identifier: Apache-2.0
 *
 * Private keys of an issuer: making them, signing tokens with them (RS256, RFC 7518), and what of
 * them may be shown (a JWK, RFC 7517).
 */
#include "base/buf.h"
#include "base/mem.h"
#include "wire/json.h"
#include "wire/jwt.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define KEY_TEXT_BYTES_MAX (64u * 1024)
#define SIGNATURE_BYTES_MAX 2048
#define SET_BYTES_MAX (256u * 1024)

struct jwt_key {
    EVP_PKEY *key;             /* an RSA key, both halves */
};

/* No passphrases: a terminal would be asked for one. */
static int no_password(char *at, int room, int writing, void *arg)
{
    (void)at;
    (void)room;
    (void)writing;
    (void)arg;
    return -1;
}

struct jwt_key *jwt_key_read(struct str text)
{
    EVP_PKEY *made = NULL;
    struct jwt_key *key;

    if (text.bytes == 0 || text.bytes > KEY_TEXT_BYTES_MAX) {
        return NULL;
    }
    if (str_starts(str_trim(text), STR("-----BEGIN"))) {
        BIO *source = BIO_new_mem_buf(text.at, (int)text.bytes);

        made = source == NULL ? NULL : PEM_read_bio_PrivateKey(source, NULL, no_password, NULL);
        BIO_free(source);
    } else {
        const unsigned char *at = (const unsigned char *)text.at;

        made = d2i_AutoPrivateKey(NULL, &at, (long)text.bytes);
    }
    if (made == NULL || EVP_PKEY_is_a(made, "RSA") != 1) {
        EVP_PKEY_free(made);
        return NULL;
    }
    key = MEM_NEW(struct jwt_key);
    key->key = made;
    return key;
}

void jwt_key_free(struct jwt_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        mem_free(key);
    }
}

bool jwt_key_make(struct arena *arena, struct str *ret_der)
{
    EVP_PKEY *key = EVP_RSA_gen(JWT_RSA_BITS);
    unsigned char *der = NULL;
    int bytes = key == NULL ? -1 : i2d_PrivateKey(key, &der);

    if (bytes > 0) {
        *ret_der = arena_dup(arena, str_of(der, (size_t)bytes));
        OPENSSL_cleanse(der, (size_t)bytes);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return bytes > 0;
}

/* ---- tokens ---- */

static bool sign(const struct jwt_key *key, struct str text, unsigned char *out, size_t *bytes)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context != NULL &&
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key->key, NULL) == 1 &&
        EVP_DigestSign(context, out, bytes, (const unsigned char *)text.at, text.bytes) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

struct str jwt_sign(const struct jwt_key *key, struct str key_id, struct str claims,
                    struct arena *arena)
{
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t bytes = sizeof(signature);
    struct buf header;
    struct str text;

    buf_init(&header, JWT_HEADER_BYTES_MAX);
    buf_add(&header, STR("{\"kid\":"));
    json_write_str(&header, key_id);
    buf_add(&header, STR(",\"alg\":\"RS256\"}"));
    text = arena_printf(arena, "%.*s.%.*s", STR_ARG(jwt_part_write(buf_str(&header), arena)),
                        STR_ARG(jwt_part_write(claims, arena)));
    buf_done(&header);
    if (EVP_PKEY_get_size(key->key) > SIGNATURE_BYTES_MAX ||
        !sign(key, text, signature, &bytes)) {
        return STR_NONE;
    }
    return arena_printf(arena, "%.*s.%.*s", STR_ARG(text),
                        STR_ARG(jwt_part_write(str_of(signature, bytes), arena)));
}

/* ---- JWKs ---- */

static struct str number_of(const struct jwt_key *key, const char *name, struct arena *arena)
{
    BIGNUM *number = NULL;
    unsigned char *out;
    int bytes;

    if (EVP_PKEY_get_bn_param(key->key, name, &number) != 1) {
        return STR_NONE;
    }
    out = arena_alloc(arena, (size_t)BN_num_bytes(number) + 1);
    bytes = BN_bn2bin(number, out);
    BN_free(number);
    return jwt_part_write(str_of(out, (size_t)bytes), arena);
}

struct str jwt_public(const struct jwt_key *key, struct str key_id, struct arena *arena)
{
    struct buf text;
    struct str made;

    buf_init(&text, SET_BYTES_MAX);
    buf_add(&text, STR("{\"alg\":\"RS256\",\"e\":"));
    json_write_str(&text, number_of(key, OSSL_PKEY_PARAM_RSA_E, arena));
    buf_add(&text, STR(",\"kid\":"));
    json_write_str(&text, key_id);
    buf_add(&text, STR(",\"kty\":\"RSA\",\"n\":"));
    json_write_str(&text, number_of(key, OSSL_PKEY_PARAM_RSA_N, arena));
    buf_add(&text, STR(",\"use\":\"sig\"}"));
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

struct str jwt_set(const struct str *keys, size_t count, struct arena *arena)
{
    struct buf text;
    struct str made;

    buf_init(&text, SET_BYTES_MAX);
    buf_add(&text, STR("{\"keys\":["));
    for (size_t i = 0; i < count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(","));
        buf_add(&text, keys[i]);
    }
    buf_add(&text, STR("]}"));
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}
