/* SPDX-License-Identifier: Apache-2.0
 *
 * MD5, SHA-1, SHA-256 and HMAC-SHA-256 on OpenSSL (the CRCs are crc.c's, short MD5s md5.c's).
 *
 * Rules
 *  1. An algorithm is fetched once per process, a context made once per thread and algorithm and
 *     freed with its thread: finding the algorithm anew costs more than an MD5 of a short string.
 *  2. HMAC is written out as its two hashes: OpenSSL's own sets up far more than it computes.
 *  3. OpenSSL fails here only without memory or without the algorithm; neither can be answered
 *     sensibly by a caller, so the process says so and ends as mem_alloc does.
 */
#include "base/digest_int.h"

#include "base/mem.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_NO_DIGEST 70
#define SHA256_BLOCK_BYTES 64

enum kind { KIND_MD5, KIND_SHA1, KIND_SHA256, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {"MD5", "SHA1", "SHA256"};
static const unsigned kind_bytes[KIND_COUNT] = {MD5_BYTES, SHA1_BYTES, SHA256_BYTES};

/* What a thread keeps. */
struct contexts {
    EVP_MD_CTX *of[KIND_COUNT]; /* made with the first use */
};

static EVP_MD *fetched[KIND_COUNT];
static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;
static pthread_key_t contexts_key; /* frees a thread's contexts when it ends */
static _Thread_local struct contexts *thread_contexts;

static void must(bool done, const char *what)
{
    if (!done) {
        (void)fprintf(stderr, "weir: OpenSSL cannot compute %s\n", what);
        _exit(EXIT_NO_DIGEST);
    }
}

static void free_contexts(void *at)
{
    struct contexts *contexts = at;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        EVP_MD_CTX_free(contexts->of[i]);
    }
    mem_free(contexts);
}

static void fetch_all(void)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        fetched[i] = EVP_MD_fetch(NULL, kind_names[i], NULL);
        must(fetched[i] != NULL, kind_names[i]);
    }
    must(pthread_key_create(&contexts_key, free_contexts) == 0, "anything without a thread key");
}

static EVP_MD_CTX *new_context(enum kind kind)
{
    (void)pthread_once(&fetched_once, fetch_all);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(context != NULL, kind_names[kind]);
    return context;
}

/* The thread's context, ready for a new message. */
static EVP_MD_CTX *begin(enum kind kind)
{
    if (thread_contexts == NULL) {
        (void)pthread_once(&fetched_once, fetch_all);
        thread_contexts = MEM_NEW(struct contexts);
        must(pthread_setspecific(contexts_key, thread_contexts) == 0, kind_names[kind]);
    }
    EVP_MD_CTX *context = thread_contexts->of[kind];
    if (context == NULL) {
        context = thread_contexts->of[kind] = new_context(kind);
    }
    must(EVP_DigestInit_ex2(context, fetched[kind], NULL) == 1, kind_names[kind]);
    return context;
}

static void end(enum kind kind, EVP_MD_CTX *context, uint8_t *out)
{
    unsigned bytes = 0;
    must(EVP_DigestFinal_ex(context, out, &bytes) == 1, kind_names[kind]);
    assert(bytes == kind_bytes[kind]);
}

static void hash(enum kind kind, struct str s, uint8_t *out)
{
    EVP_MD_CTX *context = begin(kind);
    must(EVP_DigestUpdate(context, s.at, s.bytes) == 1, kind_names[kind]);
    end(kind, context, out);
}

void md5(struct str s, uint8_t out[MD5_BYTES])
{
    if (s.bytes <= MD5_SHORT_BYTES_MAX) {
        md5_short(s, out);
        return;
    }
    hash(KIND_MD5, s, out);
}

void sha1(struct str s, uint8_t out[SHA1_BYTES])
{
    hash(KIND_SHA1, s, out);
}

void sha256(struct str s, uint8_t out[SHA256_BYTES])
{
    hash(KIND_SHA256, s, out);
}

/* Hash of the key's block, every byte xored with pad, and s. */
static void padded_hash(const uint8_t *block, uint8_t pad, struct str s, uint8_t *out)
{
    uint8_t padded[SHA256_BLOCK_BYTES];
    for (size_t i = 0; i < SHA256_BLOCK_BYTES; i++) {
        padded[i] = block[i] ^ pad;
    }
    EVP_MD_CTX *context = begin(KIND_SHA256);
    bool done = EVP_DigestUpdate(context, padded, sizeof(padded)) == 1;
    must(done && EVP_DigestUpdate(context, s.at, s.bytes) == 1, "HMAC");
    end(KIND_SHA256, context, out);
    OPENSSL_cleanse(padded, sizeof(padded));
}

void hmac_sha256(struct str key, struct str s, uint8_t out[SHA256_BYTES])
{
    uint8_t block[SHA256_BLOCK_BYTES] = {0};
    uint8_t inner[SHA256_BYTES];
    if (key.bytes > SHA256_BLOCK_BYTES) {
        sha256(key, block);
    } else if (key.bytes > 0) {
        memcpy(block, key.at, key.bytes);
    }
    /* key or s may be out itself (key derivation chains do that): out is written last. */
    padded_hash(block, 0x36, s, inner);
    padded_hash(block, 0x5c, str_of(inner, sizeof(inner)), out);
    OPENSSL_cleanse(block, sizeof(block));
}

struct sha256_run {
    EVP_MD_CTX *context; /* its own: many run at once, and across threads */
};

struct sha256_run *sha256_begin(void)
{
    struct sha256_run *run = MEM_NEW(struct sha256_run);
    run->context = new_context(KIND_SHA256);
    must(EVP_DigestInit_ex2(run->context, fetched[KIND_SHA256], NULL) == 1, "SHA256");
    return run;
}

void sha256_more(struct sha256_run *run, struct str s)
{
    must(EVP_DigestUpdate(run->context, s.at, s.bytes) == 1, "SHA256");
}

void sha256_end(struct sha256_run *run, uint8_t out[SHA256_BYTES])
{
    if (run == NULL) {
        return;
    }
    if (out != NULL) {
        end(KIND_SHA256, run->context, out);
    }
    EVP_MD_CTX_free(run->context);
    mem_free(run);
}

bool bytes_eq_const_time(const void *a, const void *b, size_t bytes)
{
    return bytes == 0 || CRYPTO_memcmp(a, b, bytes) == 0;
}
