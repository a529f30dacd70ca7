/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing messages: an RSA key and a self-signed certificate, made with the first signature and
 * kept as a row ("thing" "signer": PEM of both), and served at SigningCertURL.
 *
 * The key has 1,024 bits, on purpose: a signature happens inside the cell, in the commit that it is
 * part of, and takes 0.05 ms instead of 0.6. What it protects is a development server's messages
 * from being mistaken for AWS's; verifiers take any RSA key.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/sns/sns_int.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

#define KEY_BITS 1024
#define CERTIFICATE_SECONDS (INT64_C(20) * 365 * 24 * 3600)
#define SIGNATURE_BYTES_MAX 512

struct signer {
    EVP_PKEY *key;         /* signs */
    struct str pem;        /* the certificate; owned */
    char path[64];         /* where it is served */
};

static struct str pem_of(struct arena *arena, BIO *bio)
{
    char *at = NULL;
    long bytes = BIO_get_mem_data(bio, &at);

    assert(bytes > 0);
    return arena_dup(arena, str_of(at, (size_t)bytes));
}

static X509 *certificate_new(EVP_PKEY *key, struct call *c)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    bool good;

    assert(certificate != NULL);
    good = X509_set_version(certificate, 2) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
                                   rand_u64(c->rand) >> 1) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), c->now / 1000) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate),
                         c->now / 1000 + CERTIFICATE_SECONDS) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"sns.amazonaws.com", -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0;
    assert(good);
    return certificate;
}

static struct signer *signer_of_pem(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.bytes);
    struct signer *signer = MEM_NEW(struct signer);
    size_t begin = str_find_str(pem, STR("-----BEGIN CERTIFICATE-----"));
    uint8_t sum[MD5_BYTES];
    char hex[2 * MD5_BYTES];

    signer->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (signer->key == NULL || begin == pem.bytes) {
        signer_close(&(struct sns){.signer = signer});
        return NULL;
    }
    text_set(&signer->pem, str_slice(pem, begin, pem.bytes));
    md5(signer->pem, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    int bytes = snprintf(signer->path, sizeof(signer->path), "/SimpleNotificationService-%.32s.pem",
                         hex);

    assert(bytes > 0);
    assert((size_t)bytes < sizeof(signer->path));
    return signer;
}

/* Key and certificate, made now. */
static struct signer *signer_make(struct call *c)
{
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate;
    struct str pem;

    assert(key != NULL);
    assert(bio != NULL);
    certificate = certificate_new(key, c);
    bool written = PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                   PEM_write_bio_X509(bio, certificate) == 1;

    assert(written);
    pem = pem_of(c->arena, bio);
    thing_set(c, "signer", STR("1"), pem);
    X509_free(certificate);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return signer_of_pem(pem);
}

static struct signer *signer_of(struct call *c)
{
    struct sns *sns = sns_of(c);

    if (sns->signer == NULL) {
        struct str pem = thing_get(c, "signer", STR("1"));

        sns->signer = pem.at != NULL ? signer_of_pem(pem) : signer_make(c);
        assert(sns->signer != NULL);
    }
    return sns->signer;
}

struct str signer_sign(struct call *c, struct str text, bool sha256)
{
    struct signer *signer = signer_of(c);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t bytes = sizeof(signature);
    bool good = context != NULL &&
                EVP_DigestSignInit(context, NULL, sha256 ? EVP_sha256() : EVP_sha1(), NULL,
                                   signer->key) == 1 &&
                EVP_DigestSign(context, signature, &bytes, (const unsigned char *)text.at,
                               text.bytes) == 1;
    char *encoded;

    assert(good);
    EVP_MD_CTX_free(context);
    encoded = arena_alloc(c->arena, base64_encoded_bytes(bytes));
    base64_encode(str_of(signature, bytes), encoded);
    return str_of(encoded, base64_encoded_bytes(bytes));
}

struct str signer_path(struct call *c)
{
    return str_c(signer_of(c)->path);
}

status page_certificate(struct call *c)
{
    struct signer *signer = sns_of(c)->signer;

    if (signer == NULL) { /* not used since the start */
        struct str pem = thing_get(c, "signer", STR("1"));

        signer = sns_of(c)->signer = pem.at != NULL ? signer_of_pem(pem) : NULL;
    }
    if (signer == NULL || !str_eq(c->request->path, str_c(signer->path))) {
        call_answer(c, 404, "text/plain", STR("There is no such certificate.\n"));
        return OK;
    }
    call_answer(c, 200, "application/x-pem-file", arena_dup(c->arena, signer->pem));
    return OK;
}

void signer_close(struct sns *sns)
{
    if (sns->signer != NULL) {
        EVP_PKEY_free(sns->signer->key);
        text_set(&sns->signer->pem, STR_NONE);
        mem_free(sns->signer);
        sns->signer = NULL;
    }
}
