/* SPDX-License-Identifier: Apache-2.0
 *
 * The local certificate authority and the certificates it makes.
 *
 * Rules
 *   1. The authority is an EC P-256 key and a certificate valid for ten years, made when neither
 *      file is there. It may only vouch for localhost, this machine's addresses and amazonaws.com
 *      (name constraints), so its key is no danger to anything else that trusts it.
 *   2. Files are written beside their place, synced, renamed; the key's mode is 0600 before the
 *      first byte. A key without its certificate (a crash in between) gets a new certificate.
 *   3. A leaf is made at the first handshake that asks for its name and kept in a table of at most
 *      LEAVES_MAX, which is emptied when full or old. All leaves share one key, never written.
 *   4. Names that are not ours get the leaf for localhost: the client then refuses it by itself.
 */
#include "net/tls_int.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/rand.h"
#include "sys/thread.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

#define AUTHORITY_DAYS 3650
#define LEAF_DAYS 397
#define LEAF_KEPT_DAYS 200
#define LEAVES_MAX 512
#define NAME_BYTES_MAX 253
#define PAIRS_MAX 1000
#define PAIR_KEPT_MS (10 * MS_PER_SECOND)
#define FILE_BYTES_MAX (64u * 1024)
#define SERIAL_BYTES 16
#define COMMON_NAME_BYTES_MAX 64

struct tls {
    SSL_CTX *context;      /* shared by all connections */
    X509 *authority;       /* its certificate */
    EVP_PKEY *authority_key; /* its key */
    EVP_PKEY *leaf_key;    /* of all leaves; NULL before the first */
    struct map *leaves;    /* X509 by name; "" is the one for localhost */
    int64_t leaves_since_ms; /* when the first of them was made */
    struct lock lock;      /* over leaves and leaf_key, and pairs */
    struct map *pairs;     /* struct pair by name, of users' domains */
    tls_find *find;        /* who has them; NULL: nobody */
    void *find_arg;        /* its argument */
    char *ca_path;         /* DIR/ca.pem */
    char *key_path;        /* DIR/ca.key */
};

/* A certificate that somebody else has, as it was not long ago. */
struct pair {
    X509 *leaf;            /* the certificate */
    STACK_OF(X509) *chain; /* above it */
    EVP_PKEY *key;         /* its key */
    int64_t since_ms;      /* read then */
};

static int64_t now_ms(void)
{
    struct clock clock;

    clock_init_real(&clock);
    return clock_now_ms(&clock);
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
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

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool done;

    rand_secret(bytes, sizeof bytes);
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

/* A certificate without extensions and signature; NULL without memory. */
static X509 *new_certificate(const char *common_name, EVP_PKEY *key, int days)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate == NULL ? NULL : X509_get_subject_name(certificate);
    int64_t now = now_ms();

    if (certificate != NULL && X509_set_version(certificate, 2) == 1 && set_serial(certificate) &&
        X509_set_pubkey(certificate, key) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), (now - MS_PER_DAY) / MS_PER_SECOND) &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), (now + days * MS_PER_DAY) / MS_PER_SECOND) &&
        X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"weir", -1, -1,
                                   0) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                                   -1, 0) == 1) {
        return certificate;
    }
    X509_free(certificate);
    return NULL;
}

static X509 *make_authority(EVP_PKEY *key)
{
    static const char names[] = "critical,permitted;DNS:localhost,permitted;DNS:amazonaws.com,"
                                "permitted;IP:127.0.0.0/255.0.0.0,"
                                "permitted;IP:0:0:0:0:0:0:0:1/"
                                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    X509 *made = new_certificate("weir local authority", key, AUTHORITY_DAYS);

    if (made != NULL && X509_set_issuer_name(made, X509_get_subject_name(made)) == 1 &&
        add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(made, made, NID_subject_key_identifier, "hash") &&
        add_extension(made, made, NID_name_constraints, names) &&
        X509_sign(made, key, EVP_sha256()) > 0) {
        return made;
    }
    X509_free(made);
    return NULL;
}

/* name "" stands for this machine itself. */
static X509 *make_leaf(struct tls *tls, const char *name)
{
    char names[NAME_BYTES_MAX + 8];
    X509 *made;
    const char *common = name[0] == '\0' || strlen(name) > COMMON_NAME_BYTES_MAX ? "localhost"
                                                                                 : name;

    if (name[0] == '\0') {
        (void)snprintf(names, sizeof names,
                       "DNS:localhost,DNS:*.localhost,DNS:*.amazonaws.com,IP:127.0.0.1,IP:::1");
    } else {
        (void)snprintf(names, sizeof names, "DNS:%s", name);
    }
    if (tls->leaf_key == NULL) {
        tls->leaf_key = EVP_EC_gen("P-256");
    }
    made = tls->leaf_key == NULL ? NULL : new_certificate(common, tls->leaf_key, LEAF_DAYS);
    if (made != NULL && X509_set_issuer_name(made, X509_get_subject_name(tls->authority)) == 1 &&
        add_extension(made, tls->authority, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(made, tls->authority, NID_key_usage, "critical,digitalSignature") &&
        add_extension(made, tls->authority, NID_ext_key_usage, "serverAuth") &&
        add_extension(made, tls->authority, NID_authority_key_identifier, "keyid:always") &&
        add_extension(made, tls->authority, NID_subject_alt_name, names) &&
        X509_sign(made, tls->authority_key, EVP_sha256()) > 0) {
        return made;
    }
    X509_free(made);
    return NULL;
}

static void forget_leaves(struct tls *tls)
{
    struct str name;
    void *leaf;

    for (size_t i = 0; map_next(tls->leaves, &i, &name, &leaf);) {
        X509_free(leaf);
    }
    map_free(tls->leaves);
    tls->leaves = map_new(LEAVES_MAX);
    tls->leaves_since_ms = now_ms();
}

/* The name in lower case; false: it is none. */
static bool lower_case(const char *asked, char ret_name[NAME_BYTES_MAX + 1])
{
    size_t bytes = asked == NULL ? 0 : strlen(asked);

    if (bytes == 0 || bytes > NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        char c = asked[i];

        c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.')) {
            return false;
        }
        ret_name[i] = c;
    }
    ret_name[bytes] = '\0';
    return true;
}

static bool is_ours(const char *name)
{
    return str_ends(str_c(name), STR(".amazonaws.com")) || str_ends(str_c(name), STR(".localhost"));
}

/* The name a leaf is made for: lower case, or "" for any that is not ours. */
static void name_asked_for(const char *asked, char ret_name[NAME_BYTES_MAX + 1])
{
    if (!lower_case(asked, ret_name) || !is_ours(ret_name)) {
        ret_name[0] = '\0';
    }
}

/* A counted reference; NULL when it could not be made. */
static X509 *leaf_for(struct tls *tls, const char *asked)
{
    char name[NAME_BYTES_MAX + 1];
    void *former = NULL;
    X509 *leaf;

    name_asked_for(asked, name);
    lock_take(&tls->lock);
    if (map_count(tls->leaves) >= LEAVES_MAX ||
        now_ms() - tls->leaves_since_ms > LEAF_KEPT_DAYS * MS_PER_DAY) {
        forget_leaves(tls);
    }
    leaf = map_get(tls->leaves, str_c(name));
    if (leaf == NULL) {
        leaf = make_leaf(tls, name);
        if (leaf != NULL) {
            bool kept = map_set(tls->leaves, str_c(name), leaf, &former);

            assert(kept);
            assert(former == NULL);
        }
    }
    if (leaf != NULL) {
        X509_up_ref(leaf);
    }
    lock_give(&tls->lock);
    return leaf;
}

/* ---- users' own domains ---- */

void tls_names(struct tls *tls, tls_find *find, void *arg)
{
    tls->find = find;
    tls->find_arg = arg;
}

static void pair_free(struct pair *pair)
{
    if (pair != NULL) {
        X509_free(pair->leaf);
        sk_X509_pop_free(pair->chain, X509_free);
        EVP_PKEY_free(pair->key);
        mem_free(pair);
    }
}

static void pairs_free(struct map *pairs)
{
    struct str name;
    void *pair;

    for (size_t i = 0; map_next(pairs, &i, &name, &pair);) {
        pair_free(pair);
    }
    map_free(pairs);
}

/* NULL: it is not whole. */
static struct pair *pair_read(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.bytes);
    BIO *again = BIO_new_mem_buf(pem.at, (int)pem.bytes);
    struct pair *pair = MEM_NEW(struct pair);
    X509 *next;

    pair->since_ms = now_ms();
    pair->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    pair->chain = sk_X509_new_null();
    while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(pair->chain, next) == 0) {
            X509_free(next);
        }
    }
    pair->key = PEM_read_bio_PrivateKey(again, NULL, NULL, NULL);
    BIO_free(bio);
    BIO_free(again);
    ERR_clear_error(); /* the end of the chain is one */
    if (pair->leaf == NULL || pair->key == NULL ||
        X509_check_private_key(pair->leaf, pair->key) != 1) {
        pair_free(pair);
        return NULL;
    }
    return pair;
}

/* The lock is held. */
static void pair_keep(struct tls *tls, const char *name, struct pair *pair)
{
    void *former = NULL;

    if (map_count(tls->pairs) >= PAIRS_MAX || !map_set(tls->pairs, str_c(name), pair, &former)) {
        former = pair;
    }
    pair_free(former);
}

/* Takes that domain's certificate for the handshake; false: nobody has one. */
static bool use_pair(struct tls *tls, SSL *ssl, const char *name)
{
    struct pair *pair;
    struct buf pem;
    bool used;

    lock_take(&tls->lock);
    pair = map_get(tls->pairs, str_c(name));
    used = pair != NULL && now_ms() - pair->since_ms < PAIR_KEPT_MS &&
           SSL_use_cert_and_key(ssl, pair->leaf, pair->key, pair->chain, 1) == 1;
    lock_give(&tls->lock);
    if (used) {
        return true;
    }
    buf_init(&pem, FILE_BYTES_MAX);
    pair = tls->find(tls->find_arg, str_c(name), &pem) && !buf_spent(&pem)
               ? pair_read(buf_str(&pem))
               : NULL;
    OPENSSL_cleanse(pem.at, pem.bytes);
    buf_done(&pem);
    used = pair != NULL && SSL_use_cert_and_key(ssl, pair->leaf, pair->key, pair->chain, 1) == 1;
    lock_take(&tls->lock);
    if (pair != NULL) {
        pair_keep(tls, name, pair);
    } else {
        pair_free(map_remove(tls->pairs, str_c(name)));
    }
    lock_give(&tls->lock);
    return used;
}

/* ---- handshakes ---- */

/* OpenSSL asks for the certificate of this handshake. */
static int on_certificate(SSL *ssl, void *arg)
{
    struct tls *tls = arg;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    char plain[NAME_BYTES_MAX + 1];

    if (tls->find != NULL && lower_case(asked, plain) && !is_ours(plain) &&
        use_pair(tls, ssl, plain)) {
        return 1;
    }
    X509 *leaf = leaf_for(tls, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    int done = leaf == NULL ? 0 : SSL_use_cert_and_key(ssl, leaf, tls->leaf_key, NULL, 1);

    X509_free(leaf);
    return done;
}

static int on_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_bytes,
                   const unsigned char *offered, unsigned offered_bytes, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *name;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&name, ret_bytes, ours, sizeof ours - 1, offered, offered_bytes) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

static status make_context(struct tls *tls, struct why *why)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    tls->context = context;
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_session_id_context(context, (const unsigned char *)"weir", 4) != 1) {
        return why_set(why, &ERR_IO, "OpenSSL gives no TLS context");
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cert_cb(context, on_certificate, tls);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
    return OK;
}

/* The file's bytes as a BIO. */
static status read_pem(const char *path, BIO **ret_bio)
{
    struct file *file;
    char *bytes = mem_alloc(FILE_BYTES_MAX);
    size_t count = 0;
    status went = file_open(files_real(), path, FILE_READ, &file);

    if (went == OK) {
        went = file_read(file, 0, bytes, FILE_BYTES_MAX, &count);
        file_close(file);
    }
    if (went == OK) {
        BIO *bio = BIO_new(BIO_s_mem());

        assert(bio != NULL);
        (void)BIO_write(bio, bytes, (int)count);
        *ret_bio = bio;
        OPENSSL_cleanse(bytes, count);
    }
    mem_free(bytes);
    return went;
}

/* Writes a file's whole content, safely: see rule 2. */
static status write_pem(const char *dir, const char *path, BIO *content)
{
    const struct files *files = files_real();
    size_t name_bytes = strlen(path) + 5;
    char *fresh = mem_alloc(name_bytes);
    struct file *file;
    char *at;
    long bytes = BIO_get_mem_data(content, &at);
    status went;

    (void)snprintf(fresh, name_bytes, "%s.new", path);
    went = file_open(files, fresh, FILE_WRITE, &file);
    if (went == OK) {
        went = chmod(fresh, S_IRUSR | S_IWUSR) == 0 ? OK : &ERR_IO;
        went = went == OK ? file_resize(file, 0) : went;
        went = went == OK ? file_write(file, 0, at, (size_t)bytes) : went;
        went = went == OK ? file_sync(file) : went;
        file_close(file);
        went = went == OK ? files->rename(files->ctx, fresh, path) : went;
        went = went == OK ? files->sync_dir(files->ctx, dir) : went;
    }
    mem_free(fresh);
    return went;
}

static status write_key(struct tls *tls, const char *dir)
{
    BIO *bio = BIO_new(BIO_s_mem());
    status went = &ERR_IO;

    assert(bio != NULL);
    if (PEM_write_bio_PrivateKey(bio, tls->authority_key, NULL, NULL, 0, NULL, NULL) == 1) {
        went = write_pem(dir, tls->key_path, bio);
    }
    BIO_free(bio);
    return went;
}

static status write_authority(struct tls *tls, const char *dir)
{
    BIO *bio = BIO_new(BIO_s_mem());
    status went = &ERR_IO;

    assert(bio != NULL);
    if (PEM_write_bio_X509(bio, tls->authority) == 1) {
        went = write_pem(dir, tls->ca_path, bio);
        /* Others read this one, to trust it. */
        (void)chmod(tls->ca_path, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    }
    BIO_free(bio);
    return went;
}

/* Reads what is there: key and certificate may each stay NULL. */
static status load(struct tls *tls, struct why *why)
{
    BIO *bio;
    status went = read_pem(tls->key_path, &bio);

    if (went == OK) {
        tls->authority_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
        if (tls->authority_key == NULL) {
            return why_set(why, &ERR_CORRUPT, "%s is not a key; remove it and %s to get new ones",
                           tls->key_path, tls->ca_path);
        }
    } else if (went != &ERR_NOT_FOUND) {
        return why_set(why, went, "cannot read %s", tls->key_path);
    }
    went = read_pem(tls->ca_path, &bio);
    if (went == OK) {
        tls->authority = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        BIO_free(bio);
        if (tls->authority == NULL || tls->authority_key == NULL ||
            X509_check_private_key(tls->authority, tls->authority_key) != 1) {
            return why_set(why, &ERR_CORRUPT,
                           "%s does not belong to %s; remove both to get new ones", tls->ca_path,
                           tls->key_path);
        }
    } else if (went != &ERR_NOT_FOUND) {
        return why_set(why, went, "cannot read %s", tls->ca_path);
    }
    return OK;
}

/* Makes what load did not find. */
static status complete(struct tls *tls, const char *dir, struct why *why)
{
    if (tls->authority_key == NULL) {
        tls->authority_key = EVP_EC_gen("P-256");
        if (tls->authority_key == NULL || write_key(tls, dir) != OK) {
            return why_set(why, &ERR_IO, "cannot write %s", tls->key_path);
        }
    }
    if (tls->authority == NULL) {
        tls->authority = make_authority(tls->authority_key);
        if (tls->authority == NULL || write_authority(tls, dir) != OK) {
            return why_set(why, &ERR_IO, "cannot write %s", tls->ca_path);
        }
    }
    return OK;
}

static char *path_in(const char *dir, const char *name)
{
    size_t bytes = strlen(dir) + strlen(name) + 2;
    char *path = mem_alloc(bytes);

    (void)snprintf(path, bytes, "%s/%s", dir, name);
    return path;
}

status tls_open(const char *dir, struct why *why, struct tls **ret_tls)
{
    const struct files *files = files_real();
    struct tls *tls = MEM_NEW(struct tls);
    status went;

    lock_init(&tls->lock);
    tls->pairs = map_new(PAIRS_MAX);
    tls->leaves = map_new(LEAVES_MAX);
    tls->leaves_since_ms = now_ms();
    tls->ca_path = path_in(dir, "ca.pem");
    tls->key_path = path_in(dir, "ca.key");
    went = files->dir(files->ctx, dir, NULL, NULL);
    if (went != OK) {
        (void)why_set(why, went, "cannot make the directory %s", dir);
    }
    went = went == OK ? load(tls, why) : went;
    went = went == OK ? complete(tls, dir, why) : went;
    went = went == OK ? make_context(tls, why) : went;
    ERR_clear_error();
    if (went != OK) {
        tls_close(tls);
        return went;
    }
    *ret_tls = tls;
    return OK;
}

void tls_close(struct tls *tls)
{
    if (tls == NULL) {
        return;
    }
    forget_leaves(tls);
    map_free(tls->leaves);
    pairs_free(tls->pairs);
    SSL_CTX_free(tls->context);
    X509_free(tls->authority);
    EVP_PKEY_free(tls->authority_key);
    EVP_PKEY_free(tls->leaf_key);
    lock_done(&tls->lock);
    mem_free(tls->ca_path);
    mem_free(tls->key_path);
    mem_free(tls);
}

const char *tls_ca_path(const struct tls *tls)
{
    return tls->ca_path;
}

SSL_CTX *tls_context(struct tls *tls)
{
    return tls->context;
}
