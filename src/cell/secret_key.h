/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing data under a key of KMS, for services that keep something secret: a parameter, a secret,
 * an object. svc/kms registers in open(); without it no key is there.
 *
 * Everything happens in the cell, inside the caller's call and as its caller: with auth on the
 * key's policy, IAM and grants decide about who called, with kms:ViaService and kms:CallerAccount
 * as AWS's services tell them. What fails has staged nothing.
 *
 *     secret_key_find   may it, and which key is it? Stages nothing: to check before.
 *     secret_seal       seals; may stage (an AWS managed key, alias/aws/ssm, is made by its first
 *                       use), so a handler that sealed does not fail afterwards
 *     secret_open       opens
 *
 * What is sealed is a ciphertext of KMS as Encrypt gives it: it names its key, and Decrypt opens
 * it.
 */
#ifndef WEIR_CELL_SECRET_KEY_H
#define WEIR_CELL_SECRET_KEY_H

#include "cell/call.h"

#define SECRET_PLAIN_BYTES_MAX (128u * 1024)
#define SECRET_EXTRA_BYTES 128 /* sealed beyond plain, at most */

/* Why not, with KMS's sentence in c->why. Services answer with errors of their own. */
extern const struct error SECRET_NOT_FOUND;  /* NotFoundException: no such key or alias */
extern const struct error SECRET_DISABLED;   /* DisabledException */
extern const struct error SECRET_STATE;      /* KMSInvalidStateException */
extern const struct error SECRET_USAGE;      /* InvalidKeyUsageException: not SYMMETRIC_DEFAULT */
extern const struct error SECRET_CIPHERTEXT; /* InvalidCiphertextException: not sealed so */
extern const struct error SECRET_DENIED;     /* AccessDeniedException */

/* The encryption context: what was said when sealing must be said when opening. */
struct secret_pair {
    struct str name;  /* "PARAMETER_ARN" */
    struct str value; /* its text */
};

struct secret_wish {
    const char *service;               /* "ssm", for kms:ViaService */
    struct str key;                    /* id, ARN, alias name or alias ARN; opening: may be empty */
    const struct secret_pair *context; /* NULL: none */
    size_t context_count;              /* of them */
    bool data_key;                     /* sealing asks for kms:GenerateDataKey, not kms:Encrypt */
};

/* What secret_key_find(), secret_seal() and secret_open() call. */
struct secret_keys {
    /* As said below. */
    status (*find)(struct call *c, const struct secret_wish *wish, struct str *ret_arn);
    /* The same. */
    status (*seal)(struct call *c, const struct secret_wish *wish, struct str plain,
                   struct str *ret_sealed);
    /* The same. */
    status (*open)(struct call *c, const struct secret_wish *wish, struct str sealed,
                   struct str *ret_plain);
};

void secret_keys_set(struct cell *cell, const struct secret_keys *keys);

/* The key's ARN; of an AWS managed key that is not made yet its alias's ARN. */
status secret_key_find(struct call *c, const struct secret_wish *wish, struct str *ret_arn);
/* Both lie in the call's arena. ERR_LIMIT: plain is larger than SECRET_PLAIN_BYTES_MAX. */
status secret_seal(struct call *c, const struct secret_wish *wish, struct str plain,
                   struct str *ret_sealed);
status secret_open(struct call *c, const struct secret_wish *wish, struct str sealed,
                   struct str *ret_plain);

#endif
