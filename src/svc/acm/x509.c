/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and certificates by OpenSSL.
 */
#include "svc/acm/x509.h"

#include "base/codec.h"
#include "base/mem.h"
#include "base/time.h"
#include "sys/rand.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include <assert.h>

#define SERIAL_BYTES 16
#define COMMON_NAME_BYTES_MAX 64
#define CHAIN_MAX 20
#define NAME_BYTES_MAX 1024

static BIO *bio_of(struct str text)
{
    return BIO_new_mem_buf(text.bytes == 0 ? "" : text.at, (int)text.bytes);
}

static struct str text_of(BIO *bio)
{
    char *at = NULL;
    long bytes = BIO_get_mem_data(bio, &at);

    return bytes <= 0 ? STR_NONE : str_of(mem_dup(at, (size_t)bytes), (size_t)bytes);
}

/* Never asks a terminal: a key below a passphrase is no key. */
static int no_passphrase(char *out, int bytes, int writing, void *arg)
{
    (void)out;
    (void)bytes;
    (void)writing;
    (void)arg;
    return -1;
}

static EVP_PKEY *key_of(struct str pem)
{
    BIO *bio = bio_of(pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    BIO_free(bio);
    return key;
}

static X509 *certificate_of(struct str pem)
{
    BIO *bio = bio_of(pem);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

    BIO_free(bio);
    return certificate;
}

/* ---- keys ---- */

static const struct algorithm {
    struct str name;     /* as requests have it */
    struct str told;     /* as answers have it */
    const char *curve;   /* NULL: RSA */
    int bits;            /* of an RSA key */
    int nid;             /* of the curve */
} algorithms[] = {
    {STR_INIT("RSA_1024"), STR_INIT("RSA-1024"), NULL, 1024, 0},
    {STR_INIT("RSA_2048"), STR_INIT("RSA-2048"), NULL, 2048, 0},
    {STR_INIT("RSA_3072"), STR_INIT("RSA-3072"), NULL, 3072, 0},
    {STR_INIT("RSA_4096"), STR_INIT("RSA-4096"), NULL, 4096, 0},
    {STR_INIT("EC_prime256v1"), STR_INIT("EC_prime256v1"), "P-256", 0, NID_X9_62_prime256v1},
    {STR_INIT("EC_secp384r1"), STR_INIT("EC_secp384r1"), "P-384", 0, NID_secp384r1},
    {STR_INIT("EC_secp521r1"), STR_INIT("EC_secp521r1"), "P-521", 0, NID_secp521r1},
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static const struct algorithm *algorithm_of(struct str name)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (str_eq(algorithms[i].name, name)) {
            return &algorithms[i];
        }
    }
    return NULL;
}

bool x509_algorithm_known(struct str name)
{
    return algorithm_of(name) != NULL && !str_eq(name, STR("RSA_1024"));
}

static struct str key_text(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct str pem = STR_NONE;

    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        pem = text_of(bio);
    }
    BIO_free(bio);
    return pem;
}

struct str x509_key_new(struct str name)
{
    const struct algorithm *algorithm = algorithm_of(name);
    EVP_PKEY *key;
    struct str pem;

    assert(algorithm != NULL);
    key = algorithm->curve != NULL ? EVP_EC_gen(algorithm->curve)
                                   : EVP_RSA_gen((unsigned)algorithm->bits);
    assert(key != NULL);
    pem = key_text(key);
    EVP_PKEY_free(key);
    assert(pem.at != NULL);
    return pem;
}

struct str x509_key_lock(struct str key_pem, struct str passphrase)
{
    EVP_PKEY *key = key_of(key_pem);
    BIO *bio = BIO_new(BIO_s_mem());
    struct str pem = STR_NONE;

    if (key != NULL && bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), passphrase.at,
                                      (int)passphrase.bytes, NULL, NULL) == 1) {
        pem = text_of(bio);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

/* ---- issuing ---- */

static bool extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool done;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool serial_set(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool done;

    rand_secret(bytes, sizeof(bytes));
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static bool names_add(X509 *certificate, const struct x509_wish *wish)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool good = names != NULL;

    for (size_t i = 0; i < wish->name_count && good; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();

        good = name != NULL && text != NULL &&
               ASN1_STRING_set(text, wish->names[i].at, (int)wish->names[i].bytes) == 1;
        if (good) {
            GENERAL_NAME_set0_value(name, GEN_DNS, text);
            good = sk_GENERAL_NAME_push(names, name) > 0;
        } else {
            ASN1_IA5STRING_free(text);
            GENERAL_NAME_free(name);
        }
    }
    good = good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0,
                                     X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return good;
}

static bool entry_add(X509 *certificate, const char *field, struct str text)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), field, MBSTRING_UTF8,
                                      (const unsigned char *)text.at, (int)text.bytes, -1,
                                      0) == 1;
}

static X509 *certificate_begin(const struct x509_wish *wish, EVP_PKEY *key)
{
    X509 *certificate = X509_new();

    if (certificate != NULL && X509_set_version(certificate, 2) == 1 && serial_set(certificate) &&
        X509_set_pubkey(certificate, key) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), wish->from_ms / MS_PER_SECOND) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), wish->to_ms / MS_PER_SECOND) != NULL &&
        (wish->names != NULL || entry_add(certificate, "O", STR("weir"))) &&
        (wish->name.bytes > COMMON_NAME_BYTES_MAX ||
         entry_add(certificate, "CN", wish->name))) {
        return certificate;
    }
    X509_free(certificate);
    return NULL;
}

static bool complete_authority(X509 *certificate, EVP_PKEY *key)
{
    return X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
           extension_add(certificate, certificate, NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
           extension_add(certificate, certificate, NID_key_usage,
                         "critical,keyCertSign,cRLSign") &&
           extension_add(certificate, certificate, NID_subject_key_identifier, "hash") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool complete_leaf(X509 *certificate, const struct x509_wish *wish, X509 *issuer,
                          EVP_PKEY *issuer_key)
{
    return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           extension_add(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           extension_add(certificate, issuer, NID_key_usage,
                         "critical,digitalSignature,keyEncipherment") &&
           extension_add(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
           extension_add(certificate, issuer, NID_subject_key_identifier, "hash") &&
           extension_add(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
           names_add(certificate, wish) && X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
}

struct str x509_issue(const struct x509_wish *wish, struct str authority_pem)
{
    EVP_PKEY *key = key_of(wish->key_pem), *issuer_key = NULL;
    X509 *certificate = key == NULL ? NULL : certificate_begin(wish, key), *issuer = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    struct str pem = STR_NONE;
    bool good = certificate != NULL && bio != NULL;

    if (good && authority_pem.bytes == 0) {
        good = complete_authority(certificate, key);
    } else if (good) {
        issuer_key = key_of(authority_pem);
        issuer = certificate_of(authority_pem);
        good = issuer != NULL && issuer_key != NULL &&
               complete_leaf(certificate, wish, issuer, issuer_key);
    }
    if (good && PEM_write_bio_X509(bio, certificate) == 1) {
        pem = text_of(bio);
    }
    BIO_free(bio);
    X509_free(certificate);
    X509_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    return pem;
}

/* ---- reading ---- */

static struct str name_text(const X509_NAME *name, struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at = NULL;
    struct str text;
    long bytes;

    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    bytes = BIO_get_mem_data(bio, &at);
    text = arena_dup(arena, str_of(at, bytes > 0 ? (size_t)bytes : 0));
    BIO_free(bio);
    return text;
}

static struct str name_entry(const X509_NAME *name, int nid, struct arena *arena)
{
    int index = X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)name, nid, -1);
    unsigned char *utf8 = NULL;
    struct str text = STR("");
    int bytes;

    if (index < 0) {
        return text;
    }
    bytes = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
    if (bytes > 0) {
        text = arena_dup(arena, str_of(utf8, (size_t)bytes));
    }
    OPENSSL_free(utf8);
    return utf8_valid(text) ? text : STR("");
}

static struct str serial_text(const X509 *certificate, struct arena *arena)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    size_t bytes = (size_t)ASN1_STRING_length(serial);
    const unsigned char *at = ASN1_STRING_get0_data(serial);
    char *text = arena_alloc(arena, 3 * bytes + 1);

    for (size_t i = 0; i < bytes; i++) {
        hex_encode(str_of(at + i, 1), text + 3 * i);
        text[3 * i + 2] = ':';
    }
    return str_of(text, bytes == 0 ? 0 : 3 * bytes - 1);
}

static bool moment_of(const ASN1_TIME *time, int64_t *ret_ms)
{
    struct time_parts parts = {0};
    struct tm broken;

    if (ASN1_TIME_to_tm(time, &broken) != 1) {
        return false;
    }
    parts.year = broken.tm_year + 1900;
    parts.month = broken.tm_mon + 1;
    parts.day = broken.tm_mday;
    parts.hour = broken.tm_hour;
    parts.minute = broken.tm_min;
    parts.second = broken.tm_sec;
    *ret_ms = time_of_parts(&parts);
    return true;
}

static struct str key_name(X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    char curve[64] = "";

    if (key == NULL) {
        return STR_NONE;
    }
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        (void)EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
    }
    for (size_t i = 0; i < ALGORITHMS; i++) {
        bool same = algorithms[i].curve == NULL
                        ? EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
                              EVP_PKEY_get_bits(key) == algorithms[i].bits
                        : str_eq(str_c(curve), str_c(OBJ_nid2sn(algorithms[i].nid)));

        if (same) {
            return algorithms[i].told;
        }
    }
    return STR_NONE;
}

static struct str signature_name(const X509 *certificate, struct arena *arena)
{
    int nid = X509_get_signature_nid(certificate), digest = 0, key = 0;

    if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || digest == 0) {
        return arena_dup(arena, str_c(OBJ_nid2sn(nid)));
    }
    return arena_printf(arena, "%sWITH%s", OBJ_nid2sn(digest),
                        key == NID_X9_62_id_ecPublicKey ? "ECDSA" : "RSA");
}

static void read_names(X509 *certificate, struct arena *arena, struct x509_facts *facts)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && facts->name_count < X509_NAMES_MAX; i++) {
        int kind;
        const ASN1_STRING *text = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        struct str name = kind != GEN_DNS
                              ? STR_NONE : str_of(ASN1_STRING_get0_data(text),
                                                  (size_t)ASN1_STRING_length(text));

        if (name.bytes > 0 && name.bytes <= NAME_BYTES_MAX && utf8_valid(name)) {
            facts->names[facts->name_count++] = arena_dup(arena, name);
        }
    }
    GENERAL_NAMES_free(names);
}

static void read_uses(X509 *certificate, struct arena *arena, struct x509_facts *facts)
{
    static const struct {
        uint32_t flag;    /* OpenSSL's */
        const char *name; /* ACM's */
    } uses[] = {
        {KU_DIGITAL_SIGNATURE, "DIGITAL_SIGNATURE"}, {KU_NON_REPUDIATION, "NON_REPUDIATION"},
        {KU_KEY_ENCIPHERMENT, "KEY_ENCIPHERMENT"},   {KU_DATA_ENCIPHERMENT, "DATA_ENCIPHERMENT"},
        {KU_KEY_AGREEMENT, "KEY_AGREEMENT"},         {KU_KEY_CERT_SIGN, "CERTIFICATE_SIGNING"},
        {KU_CRL_SIGN, "CRL_SIGNING"},                {KU_ENCIPHER_ONLY, "ENCIPHER_ONLY"},
        {KU_DECIPHER_ONLY, "DECIPHER_ONLY"},
    };
    static const struct {
        int nid;          /* OpenSSL's */
        const char *name; /* ACM's */
    } extended[] = {
        {NID_server_auth, "TLS_WEB_SERVER_AUTHENTICATION"},
        {NID_client_auth, "TLS_WEB_CLIENT_AUTHENTICATION"}, {NID_code_sign, "CODE_SIGNING"},
        {NID_email_protect, "EMAIL_PROTECTION"},            {NID_time_stamp, "TIME_STAMPING"},
        {NID_OCSP_sign, "OCSP_SIGNING"},                    {NID_anyExtendedKeyUsage, "ANY"},
    };
    EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    uint32_t flags = X509_get_key_usage(certificate);

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (flags != UINT32_MAX && (flags & uses[i].flag) != 0) {
            facts->uses[facts->use_count++] = uses[i].name;
        }
    }
    for (int i = 0; i < sk_ASN1_OBJECT_num(list) && facts->extended_count < X509_USES_MAX; i++) {
        const ASN1_OBJECT *object = sk_ASN1_OBJECT_value(list, i);
        const char *name = "CUSTOM";
        char id[128];

        for (size_t k = 0; k < sizeof(extended) / sizeof(extended[0]); k++) {
            name = OBJ_obj2nid(object) == extended[k].nid ? extended[k].name : name;
        }
        (void)OBJ_obj2txt(id, sizeof(id), object, 1);
        facts->extended[facts->extended_count] = name;
        facts->extended_ids[facts->extended_count++] = arena_dup(arena, str_c(id));
    }
    EXTENDED_KEY_USAGE_free(list);
}

static status read_all(X509 *certificate, struct arena *arena, struct why *why,
                       struct x509_facts *facts)
{
    facts->key = key_name(certificate);
    if (facts->key.at == NULL) {
        return why_set(why, &ERR_MALFORMED,
                       "The certificate has a key algorithm that is not supported.");
    }
    if (!moment_of(X509_get0_notBefore(certificate), &facts->from_ms) ||
        !moment_of(X509_get0_notAfter(certificate), &facts->to_ms)) {
        return why_set(why, &ERR_MALFORMED, "The certificate has no valid period.");
    }
    facts->subject = name_text(X509_get_subject_name(certificate), arena);
    facts->common_name = name_entry(X509_get_subject_name(certificate), NID_commonName, arena);
    facts->issuer = name_entry(X509_get_issuer_name(certificate), NID_organizationName, arena);
    if (facts->issuer.bytes == 0) {
        facts->issuer = name_entry(X509_get_issuer_name(certificate), NID_commonName, arena);
    }
    if (!utf8_valid(facts->subject)) {
        facts->subject = STR("");
    }
    facts->serial = serial_text(certificate, arena);
    facts->signature = signature_name(certificate, arena);
    read_names(certificate, arena, facts);
    read_uses(certificate, arena, facts);
    return OK;
}

/* How many certificates there are, and nothing else; -1: one is broken. */
static int count_of(struct str pem)
{
    BIO *bio = bio_of(pem);
    int count = 0;
    bool good = true;

    while (good && count <= CHAIN_MAX && !BIO_eof(bio)) {
        X509 *one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

        good = one != NULL;
        count += good ? 1 : 0;
        X509_free(one);
    }
    BIO_free(bio);
    return good && count <= CHAIN_MAX ? count : -1;
}

status x509_read(struct str pem, struct arena *arena, struct why *why,
                 struct x509_facts *ret_facts)
{
    int count = count_of(pem);
    X509 *certificate;
    status read;

    if (count > 1) {
        return why_set(why, &ERR_MALFORMED,
                       "The certificate field contains more than one certificate. You can "
                       "specify only one certificate in this field.");
    }
    certificate = count == 1 ? certificate_of(pem) : NULL;
    if (certificate == NULL) {
        return why_set(why, &ERR_MALFORMED,
                       "The certificate is not valid. It must be a PEM-encoded X.509 "
                       "certificate.");
    }
    *ret_facts = (struct x509_facts){.from_ms = 0};
    read = read_all(certificate, arena, why, ret_facts);
    X509_free(certificate);
    return read;
}

status x509_match(struct str pem, struct str key_pem, struct why *why)
{
    X509 *certificate = certificate_of(pem);
    EVP_PKEY *key = key_of(key_pem);
    bool match = certificate != NULL && key != NULL &&
                 EVP_PKEY_eq(X509_get0_pubkey(certificate), key) == 1;
    bool read = key != NULL;

    X509_free(certificate);
    EVP_PKEY_free(key);
    if (match) {
        return OK;
    }
    return why_set(why, &ERR_MALFORMED,
                   read ? "The private key does not match the public key of the certificate."
                        : "The private key is not valid. It must be PEM-encoded and not "
                          "encrypted.");
}

status x509_chain_check(struct str pem, struct why *why)
{
    return count_of(pem) > 0 ? OK
                             : why_set(why, &ERR_MALFORMED,
                                       "The certificate chain is not valid. It must be "
                                       "PEM-encoded X.509 certificates.");
}
