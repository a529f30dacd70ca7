/* SPDX-License-Identifier: Apache-2.0
 *
 * SRP-6a as Cognito speaks it: the group of 3072 bits (the prime of RFC 3526, g = 2), SHA-256,
 * numbers hashed as the shortest bytes of two's complement, and a session key by HKDF with the info
 * "Caldera Derived Key". Nothing here knows a call: all of it may run on any thread.
 *
 *     x = H(salt | H(pool's name | user's id | ":" | password)), v = g^x   when a password is set
 *     B = k·v + g^b                                                        InitiateAuth
 *     S = (A·v^u)^b, key = HKDF(S, u), claim = HMAC(key, name | id | block | time)   the answer
 */
#ifndef WEIR_SVC_COGNITO_SRP_H
#define WEIR_SVC_COGNITO_SRP_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define SRP_BYTES 384              /* of the group's numbers */
#define SRP_SECRET_BYTES 64        /* of b */
#define SRP_CLAIM_BYTES 32

/* identity: the pool's name (behind '_') and the user's id. ret_verifier: SRP_BYTES, big-endian. */
void srp_verifier(struct str identity, struct str password, struct str salt,
                  uint8_t ret_verifier[SRP_BYTES]);
/* A as hexadecimal digits: false unless 0 < A mod N. */
bool srp_public_ok(struct str a_hex);
/* B, as hexadecimal digits without leading zeros: at most 2 * SRP_BYTES; how many. */
size_t srp_public(struct str verifier, struct str secret, char ret_hex[2 * SRP_BYTES]);
/* What the client has to claim; false: A is none. b_hex: as srp_public() gave it. */
struct srp_proof {
    struct str verifier;   /* as kept */
    struct str secret;     /* b */
    struct str a_hex;      /* A */
    struct str b_hex;      /* B */
    struct str message;    /* pool's name, user's id, secret block, timestamp */
};
bool srp_claim(const struct srp_proof *proof, uint8_t ret_claim[SRP_CLAIM_BYTES]);

#endif
