/* SPDX-License-Identifier: Apache-2.0
 *
 * Acts with a key's private half, outside the cell: RSA takes a millisecond, and a large curve as
 * long. The handler checks everything, then calls work_begin(); what was asked of resume runs in
 * the cell when it is done, with c->kept being the work. That the key may have ended meanwhile does
 * not matter: the act was begun before.
 */
#ifndef WEIR_SVC_KMS_WORK_H
#define WEIR_SVC_KMS_WORK_H

#include "svc/kms/kms_int.h"

enum act { ACT_ENCRYPT, ACT_DECRYPT, ACT_SIGN, ACT_VERIFY, ACT_DERIVE, ACT_PAIR };

struct work {
    enum act act;                      /* what is done */
    const struct spec *spec;           /* the key's; of a pair: to be made */
    const struct algorithm *algorithm; /* NULL: none needed */
    struct str input;                  /* plain, sealed, message or digest; the request's */
    struct str other;                  /* a signature, a peer's public key */
    bool digest;                       /* input is one */
    bool imported;                     /* the key was */
    struct str key_arn;                /* the key's; in the call's keep */
    struct crypt_bytes secret;         /* its private half, wiped when done; ACT_PAIR: is made */
    struct crypt_bytes out;            /* what came of it; ACT_PAIR: the public half */
    bool good;                         /* it worked; of ACT_VERIFY: the signature holds */
};

/* Everything but secret, out and good is to be set in what this gives; it lies in c->keep. */
struct work *work_new(struct call *c, enum act act, const struct kms_key *key);
status work_begin(struct call *c, struct work *work, const struct kms_key *key,
                  status (*resume)(struct call *c));

#endif
