/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of SigV4: hashing, keys, canonical requests.
 *
 * SHA-256 is used through OpenSSL's plain contexts here, not through base/digest.h: a signature is
 * a dozen blocks, and a plain context can be copied, so an HMAC starts from the state behind its
 * key's block, kept with the key. That is half of what a check costs otherwise.
 */
#ifndef WEIR_WIRE_SIGV4_INT_H
#define WEIR_WIRE_SIGV4_INT_H

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/sha.h>

#include "base/buf.h"
#include "wire/sigv4.h"

#include <assert.h>

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_HEX_BYTES 64
#define SIGV4_DATE_BYTES 16 /* 20261123T085500Z */
#define SIGV4_EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* An HMAC-SHA256 key, ready to be used many times. */
struct hmac_key {
    SHA256_CTX inner; /* behind the key's inner block */
    SHA256_CTX outer; /* behind the outer one */
};

/* A text on its way into a hash: short pieces are gathered first. */
struct hashed_text {
    SHA256_CTX sha;  /* of what went through at */
    size_t bytes;    /* in at */
    char at[1024];
};

void hashed_begin(struct hashed_text *text, const SHA256_CTX *from); /* NULL: from nothing */
void hashed_flush(struct hashed_text *text);
void hashed_end(struct hashed_text *text, uint8_t out[SHA256_BYTES]);
static inline void hashed_add(struct hashed_text *text, struct str s)
{
    if (s.bytes > sizeof(text->at) - text->bytes) {
        hashed_flush(text);
        if (s.bytes > sizeof(text->at)) {
            SHA256_Update(&text->sha, s.at, s.bytes);
            return;
        }
    }
    if (s.bytes > 0) {
        assert(s.at != NULL);
        memcpy(text->at + text->bytes, s.at, s.bytes);
        text->bytes += s.bytes;
    }
}
static inline void hashed_add_c(struct hashed_text *text, char c)
{
    if (text->bytes == sizeof(text->at)) {
        hashed_flush(text);
    }
    text->at[text->bytes++] = c;
}

void hmac_key_of(struct str key, struct hmac_key *ret_key); /* key of at most a block, 64 bytes */
/* text was begun from key->inner. */
void hmac_end(const struct hmac_key *key, struct hashed_text *text, uint8_t out[SHA256_BYTES]);

/* The day's signing key: plain and ready for use. */
struct signing_key {
    uint8_t plain[SHA256_BYTES]; /* for chunks of other threads */
    struct hmac_key hmac;        /* made of plain */
};

/* keys may be NULL. The result is good until the next call: in keys, or in *scratch. */
const struct signing_key *sigv4_key(struct sigv4_keys *keys, struct str secret,
                                    const struct sigv4 *scope, struct signing_key *scratch);

/* What is signed, for a request as sent. */
struct canonical {
    const struct http_request *request; /* with header names in lower case */
    struct str signed_headers; /* a;b;c */
    struct str payload_hash;   /* as the last line has it */
    bool presigned;            /* X-Amz-Signature is not part of the query */
    bool s3;                   /* the path is taken as it is */
};
/* Its hash. False when a signed header is missing or the query is broken or too large. */
bool sigv4_canonical_hash(const struct canonical *canonical, struct arena *arena,
                          uint8_t out[SHA256_BYTES]);

/* Begins the text to be signed: algorithm, moment and scope, each with its line's end. */
void sigv4_begin_text(const struct signing_key *key, const struct sigv4 *sigv4,
                      struct str algorithm, struct hashed_text *ret_text);

#endif
