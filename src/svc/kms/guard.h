/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a caller may do something with a key: by the key's policy, which must consent, by IAM
 * where the key's policy lets it, or by a grant.
 */
#ifndef WEIR_SVC_KMS_GUARD_H
#define WEIR_SVC_KMS_GUARD_H

#include "svc/kms/keys.h"

/* Operations that grants allow, in the order of the model's list. */
enum grant_operation {
    GRANT_DECRYPT,
    GRANT_ENCRYPT,
    GRANT_DATA_KEY,
    GRANT_DATA_KEY_SEALED,
    GRANT_RE_ENCRYPT_FROM,
    GRANT_RE_ENCRYPT_TO,
    GRANT_SIGN,
    GRANT_VERIFY,
    GRANT_PUBLIC_KEY,
    GRANT_CREATE,
    GRANT_RETIRE,
    GRANT_DESCRIBE,
    GRANT_PAIR,
    GRANT_PAIR_SEALED,
    GRANT_MAC,
    GRANT_VERIFY_MAC,
    GRANT_DERIVE,
    GRANT_ENCAPSULATE,
    GRANT_DECAPSULATE,
    GRANT_OPERATIONS, /* how many there are */
    GRANT_NOTHING = GRANT_OPERATIONS, /* grants do not allow it */
};
const char *grant_operation_name(uint32_t operation);

struct may {
    const struct kms_key *key;       /* which */
    const char *action;              /* "kms:Encrypt" */
    enum grant_operation operation;  /* that grants call so */
    const struct value *context;     /* a map, the encryption context; NULL: none */
    const char *via;                 /* "ssm": in a call of that service; NULL: KMS's own */
    const char *algorithm;           /* kms:EncryptionAlgorithm; NULL: not of this operation */
    const char *same_key;            /* kms:ReEncryptOnSameKey; NULL: not of this operation */
};
/* OK, or AccessDeniedException. */
status key_may(struct call *c, const struct may *may);

/* The key that a member names, and that the caller may do that with. */
struct wanted {
    const char *member;              /* "KeyId" */
    bool alias;                      /* may be named by an alias */
    const char *action;              /* as above */
    enum grant_operation operation;  /* as above */
};
status key_wanted(struct call *c, const struct wanted *wanted, struct kms_key **ret_key);
/* The same by KeyId, without grants and aliases: what most operations about keys need. */
status key_of_call(struct call *c, const char *action, struct kms_key **ret_key);

/* Grants that the caller is grantee of, and that allow it. */
bool grants_allow(struct call *c, const struct may *may);
bool grant_context_fits(const struct grant *grant, const struct value *context);
/* The caller is that principal of a grant. */
bool caller_is(const struct call *c, struct str principal);

void kms_join_policies(struct cell *cell);

#endif
