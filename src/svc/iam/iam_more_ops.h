/* SPDX-License-Identifier: Apache-2.0
 *
 * More of IAM's handlers: keys, passwords, accounts, providers, devices, tags, reports, simulation.
 */
#ifndef WEIR_SVC_IAM_MORE_OPS_H
#define WEIR_SVC_IAM_MORE_OPS_H

#include "svc/iam/iam_int.h"

/* ---- api_key.c ---- */

status keys_follow(struct call *c, const struct user *user); /* identities of a renamed user */

status iam_create_key(struct call *c);
status iam_list_keys(struct call *c);
status iam_update_key(struct call *c);
status iam_delete_key(struct call *c);
status iam_key_last_used(struct call *c);
status iam_upload_ssh_key(struct call *c);
status iam_get_ssh_key(struct call *c);
status iam_list_ssh_keys(struct call *c);
status iam_update_ssh_key(struct call *c);
status iam_delete_ssh_key(struct call *c);

/* ---- api_credential.c ---- */

void service_key_done(struct service_key *key);

status iam_upload_signing(struct call *c);
status iam_list_signing(struct call *c);
status iam_update_signing(struct call *c);
status iam_delete_signing(struct call *c);
status iam_create_service_key(struct call *c);
status iam_list_service_keys(struct call *c);
status iam_reset_service_key(struct call *c);
status iam_update_service_key(struct call *c);
status iam_delete_service_key(struct call *c);

/* ---- api_password.c ---- */

status iam_create_login(struct call *c);
status iam_get_login(struct call *c);
status iam_update_login(struct call *c);
status iam_delete_login(struct call *c);
status iam_change_password(struct call *c);
status iam_update_password_policy(struct call *c);
status iam_get_password_policy(struct call *c);
status iam_delete_password_policy(struct call *c);

/* ---- api_account.c ---- */

status iam_create_alias(struct call *c);
status iam_list_aliases(struct call *c);
status iam_delete_alias(struct call *c);
status iam_account_summary(struct call *c);
status iam_account_details(struct call *c);

/* ---- api_report.c ---- */

status iam_generate_report(struct call *c);
status iam_get_report(struct call *c);

/* ---- api_provider.c ---- */

status oidc_of_call(struct call *c, struct provider **ret_provider);
status saml_of_call(struct call *c, struct provider **ret_provider);
/* "https://accounts.example.com/" is accounts.example.com; http is for this machine only. */
bool provider_name(struct str url, struct str *ret_name);
bool name_is_local(struct str name); /* localhost, 127.0.0.1, with a port or without */

status iam_create_oidc(struct call *c);
status iam_get_oidc(struct call *c);
status iam_list_oidc(struct call *c);
status iam_delete_oidc(struct call *c);
status iam_add_client(struct call *c);
status iam_remove_client(struct call *c);
status iam_update_thumbprints(struct call *c);
status iam_create_saml(struct call *c);
status iam_get_saml(struct call *c);
status iam_list_saml(struct call *c);
status iam_update_saml(struct call *c);
status iam_delete_saml(struct call *c);

/* ---- api_device.c ---- */

status certificate_of_call(struct call *c, struct certificate **ret_certificate);
status mfa_of_call(struct call *c, struct mfa **ret_mfa);

status iam_upload_certificate(struct call *c);
status iam_get_certificate(struct call *c);
status iam_list_certificates(struct call *c);
status iam_update_certificate(struct call *c);
status iam_delete_certificate(struct call *c);
status iam_create_mfa(struct call *c);
status iam_delete_mfa(struct call *c);
status iam_list_virtual_mfa(struct call *c);
status iam_enable_mfa(struct call *c);
status iam_deactivate_mfa(struct call *c);
status iam_resync_mfa(struct call *c);
status iam_list_mfa(struct call *c);
status iam_get_mfa(struct call *c);

/* ---- tag.c ---- */

status iam_tag_user(struct call *c);
status iam_untag_user(struct call *c);
status iam_list_user_tags(struct call *c);
status iam_tag_role(struct call *c);
status iam_untag_role(struct call *c);
status iam_list_role_tags(struct call *c);
status iam_tag_policy(struct call *c);
status iam_untag_policy(struct call *c);
status iam_list_policy_tags(struct call *c);
status iam_tag_profile(struct call *c);
status iam_untag_profile(struct call *c);
status iam_list_profile_tags(struct call *c);
status iam_tag_oidc(struct call *c);
status iam_untag_oidc(struct call *c);
status iam_list_oidc_tags(struct call *c);
status iam_tag_saml(struct call *c);
status iam_untag_saml(struct call *c);
status iam_list_saml_tags(struct call *c);
status iam_tag_certificate(struct call *c);
status iam_untag_certificate(struct call *c);
status iam_list_certificate_tags(struct call *c);
status iam_tag_mfa(struct call *c);
status iam_untag_mfa(struct call *c);
status iam_list_mfa_tags(struct call *c);

/* ---- api_simulate.c ---- */

status iam_simulate_custom(struct call *c);
status iam_simulate_principal(struct call *c);
status iam_keys_for_custom(struct call *c);
status iam_keys_for_principal(struct call *c);

#endif
