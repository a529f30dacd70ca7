/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Web Tokens and their keys, RFC 7515 to 7519: reading a token, asking whether a key of a set
 * has signed it, signing one, and the text of public keys. Everything here is pure: it may run on
 * any thread, and what takes long (making a key, signing: a millisecond) should outside the cell.
 *
 * Never good: "none", the HS family (a public key would be its secret), a token whose header has a
 * "crit", one that is larger than below.
 */
#ifndef WEIR_WIRE_JWT_H
#define WEIR_WIRE_JWT_H

#include "wire/value.h"

#define JWT_BYTES_MAX 20000      /* of a token */
#define JWT_HEADER_BYTES_MAX 4096 /* of its first part, in base64url */
#define JWT_AUDIENCES_MAX 20
#define JWT_KEYS_MAX 100         /* of a set */
#define JWT_RSA_BITS 2048        /* of keys that are made */

struct jwt {
    struct str algorithm;      /* alg: "RS256" */
    struct str key_id;         /* kid; STR_NONE: none is named */
    struct str signed_text;    /* what the signature is of; lies in the text */
    struct str signature;      /* its bytes; may be empty */
    struct value claims;       /* an object; lies in the arena */
    struct str issuer;         /* iss; STR_NONE: none, as all of these */
    struct str subject;        /* sub */
    struct str audiences[JWT_AUDIENCES_MAX]; /* aud, be it one or a list */
    size_t audience_count;     /* of them */
    int64_t expires_ms;        /* exp; 0: none */
    int64_t not_before_ms;     /* nbf; 0: none */
    int64_t issued_ms;         /* iat; 0: none */
};
/* Its claims; the signature is not looked at. False: it is none, or beyond the limits. */
bool jwt_read(struct str text, struct arena *arena, struct jwt *ret_jwt);
/* A claim that is a text; STR_NONE: none. */
struct str jwt_text(const struct jwt *jwt, const char *claim);

/* ---- who signed it ---- */

enum jwt_signature {
    JWT_GOOD,                  /* a key of the set did */
    JWT_BAD,                   /* none, though one that it names is there; or another alg */
    JWT_NO_KEY,                /* the set has no key that fits, or is none */
};
/* RS, PS and ES with 256, 384 and 512. keys_text is a JWK set; RSA keys have 2,048 bits at the
 * least. */
enum jwt_signature jwt_check(const struct jwt *jwt, struct str keys_text, struct arena *arena);
/* Is that a JWK set? Its list of keys. */
bool jwt_keys_read(struct str text, struct arena *arena, const struct value **ret_keys);

/* ---- signing ---- */

struct jwt_key;                /* a private RSA key; may be used by several threads at once */
/* PEM or DER, PKCS #1 or #8. NULL: it is none, or no RSA key. */
struct jwt_key *jwt_key_read(struct str text);
void jwt_key_free(struct jwt_key *key);
/* A fresh one, as DER. Takes a tenth of a second. False: OpenSSL has failed. */
bool jwt_key_make(struct arena *arena, struct str *ret_der);
/* RS256 of these claims (the text of an object), with a header of kid and alg. STR_NONE: OpenSSL
 * has failed. */
struct str jwt_sign(const struct jwt_key *key, struct str key_id, struct str claims,
                    struct arena *arena);
/* Its public half: {"alg":"RS256","e":"AQAB","kid":…,"kty":"RSA","n":…,"use":"sig"}. */
struct str jwt_public(const struct jwt_key *key, struct str key_id, struct arena *arena);
/* {"keys":[…]} of such texts. */
struct str jwt_set(const struct str *keys, size_t count, struct arena *arena);

/* ---- base64url without padding ---- */

/* False: it is none, or empty. */
bool jwt_part_read(struct str part, struct arena *arena, struct str *ret_plain);
struct str jwt_part_write(struct str plain, struct arena *arena);

#endif
