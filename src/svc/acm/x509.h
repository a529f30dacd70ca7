/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and certificates as texts (PEM): made, signed, read. Pure but for chance: no cell, no clock;
 * on any thread. Texts that are returned are owned by the caller (mem_free), unless an arena is
 * given.
 */
#ifndef WEIR_SVC_ACM_X509_H
#define WEIR_SVC_ACM_X509_H

#include "base/arena.h"
#include "base/error.h"

#define X509_NAMES_MAX 100
#define X509_USES_MAX 16

/* "RSA_2048", "EC_prime256v1" …; false: none that can be made. */
bool x509_algorithm_known(struct str algorithm);
/* A private key, PKCS#8. Takes a while for RSA. */
struct str x509_key_new(struct str algorithm);
/* The same key below a passphrase: PKCS#8 with PBES2; STR_NONE: it is no key. Slow on purpose. */
struct str x509_key_lock(struct str key_pem, struct str passphrase);

/* What a certificate is to say. */
struct x509_wish {
    struct str key_pem;      /* whose public part it certifies */
    struct str name;         /* CommonName, when it is short enough */
    const struct str *names; /* dNSName entries; NULL: an authority's */
    size_t name_count;       /* of them */
    int64_t from_ms, to_ms;  /* valid, since 1970 */
};
/* Signed by the authority, whose PEM is its key and certificate one after the other; empty: by
 * itself, as an authority. STR_NONE: a text is broken. */
struct str x509_issue(const struct x509_wish *wish, struct str authority_pem);

/* What a certificate says. Texts lie in the arena. */
struct x509_facts {
    struct str subject;      /* "CN=example.com,O=Example" */
    struct str common_name;  /* of the subject; may be empty */
    struct str issuer;       /* the issuer's organisation, or common name */
    struct str serial;       /* "0a:1b:…" */
    struct str key;          /* "RSA-2048", "EC_prime256v1" */
    struct str signature;    /* "SHA256WITHRSA" */
    int64_t from_ms, to_ms;  /* valid, since 1970 */
    struct str names[X509_NAMES_MAX]; /* dNSName entries */
    size_t name_count;       /* of them */
    const char *uses[X509_USES_MAX];  /* key usages: "DIGITAL_SIGNATURE" */
    size_t use_count;        /* of them */
    const char *extended[X509_USES_MAX]; /* "TLS_WEB_SERVER_AUTHENTICATION" */
    struct str extended_ids[X509_USES_MAX]; /* "1.3.6.1.5.5.7.3.1" */
    size_t extended_count;   /* of them */
};
/* ERR_MALFORMED, with words: it is not one certificate. */
status x509_read(struct str pem, struct arena *arena, struct why *why,
                 struct x509_facts *ret_facts);
/* ERR_MALFORMED: not a private key in the clear, or not the certificate's. */
status x509_match(struct str pem, struct str key_pem, struct why *why);
/* ERR_MALFORMED: not only certificates. */
status x509_chain_check(struct str pem, struct why *why);

#endif
