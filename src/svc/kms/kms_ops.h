/* SPDX-License-Identifier: Apache-2.0
 *
 * The handlers of KMS, for the table in api.c; what they do is in the API reference. And what
 * handlers share.
 */
#ifndef WEIR_SVC_KMS_OPS_H
#define WEIR_SVC_KMS_OPS_H

#include "svc/kms/guard.h"

/* ---- shared ---- */

/* A page of a list: Limit and Marker, NextMarker and Truncated. */
struct kms_page {
    size_t limit;         /* entries */
    struct str after;     /* the last one told; empty: from the first */
};
status page_read(struct call *c, size_t limit, struct kms_page *ret_page);
/* There is more behind that one; STR_NONE: there is not. */
void page_end(struct call *c, struct str last);

/* DryRunOperationException when the request asks for that; everything was checked. */
status dry_run(struct call *c);
/* Nobody has a Nitro enclave here: ValidationException when there is a Recipient. */
status no_recipient(struct call *c);
/* Grant tokens: InvalidGrantTokenException. They name grants, which are there at once. */
status tokens_check(struct call *c);
/* MalformedPolicyDocumentException, LimitExceededException. */
status policy_check(struct call *c, struct str policy);
/* TagException, LimitExceededException, for a key (or none yet) that gets those. */
status tags_check(struct call *c, const struct kms_key *key, const struct value *tags);
void tags_set(struct kms_key *key, const struct value *tags);

/* ---- api_key.c, api_state.c ---- */

status kms_create_key(struct call *c);
status kms_describe_key(struct call *c);
status kms_list_keys(struct call *c);
status kms_update_description(struct call *c);
status kms_enable_key(struct call *c);
status kms_disable_key(struct call *c);
status kms_schedule_deletion(struct call *c);
status kms_cancel_deletion(struct call *c);

/* ---- api_alias.c ---- */

status kms_create_alias(struct call *c);
status kms_update_alias(struct call *c);
status kms_delete_alias(struct call *c);
status kms_list_aliases(struct call *c);

/* ---- api_policy.c, api_tag.c ---- */

status kms_get_policy(struct call *c);
status kms_put_policy(struct call *c);
status kms_list_policies(struct call *c);
status kms_tag(struct call *c);
status kms_untag(struct call *c);
status kms_list_tags(struct call *c);

/* ---- api_grant.c ---- */

status kms_create_grant(struct call *c);
status kms_list_grants(struct call *c);
status kms_list_retirable(struct call *c);
status kms_retire_grant(struct call *c);
status kms_revoke_grant(struct call *c);

/* ---- api_encrypt.c, api_decrypt.c, api_data_key.c ---- */

status kms_encrypt(struct call *c);
status kms_decrypt(struct call *c);
status kms_re_encrypt(struct call *c);
status kms_data_key(struct call *c);
status kms_data_key_sealed(struct call *c);
status kms_pair(struct call *c);
status kms_pair_sealed(struct call *c);
status kms_random(struct call *c);

/* ---- api_sign.c ---- */

status kms_sign(struct call *c);
status kms_verify(struct call *c);
status kms_make_mac(struct call *c);
status kms_verify_mac(struct call *c);
status kms_public_key(struct call *c);
status kms_derive(struct call *c);

/* ---- api_rotate.c, api_import.c ---- */

status kms_enable_rotation(struct call *c);
status kms_disable_rotation(struct call *c);
status kms_rotation_status(struct call *c);
status kms_rotate(struct call *c);
status kms_list_rotations(struct call *c);
status kms_import_parameters(struct call *c);
status kms_import(struct call *c);
status kms_delete_imported(struct call *c);

/* ---- api_region.c ---- */

status kms_replicate(struct call *c);
status kms_update_primary(struct call *c);

#endif
