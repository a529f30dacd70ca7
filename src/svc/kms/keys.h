/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of KMS; keys.c alone knows their bytes.
 */
#ifndef WEIR_SVC_KMS_KEYS_H
#define WEIR_SVC_KMS_KEYS_H

#include "svc/kms/kms_int.h"

void key_save(struct call *c, const struct kms_key *key);
void key_erase(struct call *c, const struct kms_key *key); /* its row alone */
void alias_save(struct call *c, const struct alias *alias);
void alias_erase(struct call *c, const struct alias *alias);

/* Key material as it is sealed. */
void material_save(struct call *c, const struct kms_key *key, uint32_t number, struct str sealed);
bool material_read(struct call *c, const struct kms_key *key, uint32_t number,
                   struct str *ret_sealed);
void material_erase(struct call *c, const struct kms_key *key, uint32_t number);

/* A grant; strings lie in a call's arena. */
struct grant {
    struct str id;                  /* 64 hex digits */
    struct str name;                /* may be empty */
    struct str grantee;             /* ARN, or a service's name; empty: none */
    struct str retiree;             /* the same */
    bool grantee_service;           /* grantee is a service */
    bool retiree_service;           /* retiree is one */
    struct str issuer;              /* account that made it: its root's ARN */
    uint32_t operations;            /* bits by their place in grant.c's list */
    int64_t created_ms;
    bool equals;                    /* the context must be exactly that, else have it */
    const struct pair *context;     /* of constraints; values are texts */
    uint32_t context_count;         /* of them */
    struct str source;              /* SourceArn; empty: none */
};
void grant_save(struct call *c, const struct kms_key *key, const struct grant *grant);
void grant_erase(struct call *c, const struct kms_key *key, const struct grant *grant);
bool grant_load(struct call *c, const struct kms_key *key, struct str id, struct grant *ret_grant);
/* Of a key, from behind an id; NULL closes the scan at its end. */
struct txn_scan *grants_scan(struct call *c, const struct kms_key *key, struct str after);
bool grants_next(struct call *c, struct txn_scan *scan, struct grant *ret_grant);
/* Ids of a key's grants that have that grantee. */
struct txn_scan *grants_of_scan(struct call *c, const struct kms_key *key, struct str grantee);
bool grants_of_next(struct call *c, struct txn_scan *scan, struct str *ret_id);
/* Those that a principal may retire, in the call's Region, from behind a place. */
struct txn_scan *retirable_scan(struct call *c, struct str retiree, struct str after);
bool retirable_next(struct call *c, struct txn_scan *scan, struct kms_key **ret_key,
                    struct str *ret_id);
struct str retirable_place(struct call *c, const struct kms_key *key, struct str id);

/* Ids of keys and names of aliases of the call's account and Region, from behind one. */
struct txn_scan *keys_scan(struct call *c, struct str after);
struct kms_key *keys_next(struct call *c, struct txn_scan *scan);
struct txn_scan *aliases_scan(struct call *c, struct str after);
struct alias *aliases_next(struct call *c, struct txn_scan *scan);

status kms_load(struct kms *kms, bool *ret_any);

#endif
