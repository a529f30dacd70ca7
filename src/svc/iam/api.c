/* SPDX-License-Identifier: Apache-2.0
 *
 * IAM: the table of operations, in the order of the API reference, its errors, and the service's
 * life.
 */
#include "base/mem.h"
#include "svc/iam/cfn.h"
#include "svc/iam/iam_ops.h"

#define TICK_ROOM 20000

const struct error IAM_NO_SUCH = {"NoSuchEntityException", "NoSuchEntity", 404, false};
const struct error IAM_EXISTS = {"EntityAlreadyExistsException", "EntityAlreadyExists", 409,
                                 false};
const struct error IAM_CONFLICT = {"DeleteConflictException", "DeleteConflict", 409, false};
const struct error IAM_LIMIT = {"LimitExceededException", "LimitExceeded", 409, false};
const struct error IAM_MALFORMED = {"MalformedPolicyDocumentException", "MalformedPolicyDocument",
                                    400, false};
const struct error IAM_INVALID = {"InvalidInputException", "InvalidInput", 400, false};
const struct error IAM_UNMODIFIABLE = {"UnmodifiableEntityException", "UnmodifiableEntity", 400,
                                       false};
const struct error IAM_NOT_ATTACHABLE = {"PolicyNotAttachableException", "PolicyNotAttachable",
                                         400, false};
const struct error IAM_PASSWORD = {"PasswordPolicyViolationException", "PasswordPolicyViolation",
                                   400, false};
const struct error IAM_NOT_A_USER = {"InvalidUserTypeException", "InvalidUserType", 400, false};
const struct error IAM_NO_REPORT = {"CredentialReportNotPresentException", "ReportNotPresent",
                                    410, false};
const struct error IAM_REPORT_EXPIRED = {"CredentialReportExpiredException", "ReportExpired", 410,
                                         false};
const struct error IAM_VALIDATION = {"ValidationException", "ValidationError", 400, false};
const struct error IAM_BAD_SSH_KEY = {"InvalidPublicKeyException", "InvalidPublicKey", 400,
                                      false};
const struct error IAM_SAME_SSH_KEY = {"DuplicateSSHPublicKeyException", "DuplicateSSHPublicKey",
                                       400, false};
const struct error IAM_SSH_ENCODING = {"UnrecognizedPublicKeyEncodingException",
                                       "UnrecognizedPublicKeyEncoding", 400, false};
const struct error IAM_BAD_CERTIFICATE = {"MalformedCertificateException", "MalformedCertificate",
                                          400, false};
const struct error IAM_KEY_PAIR = {"KeyPairMismatchException", "KeyPairMismatch", 400, false};
const struct error IAM_BAD_CODE = {"InvalidAuthenticationCodeException",
                                   "InvalidAuthenticationCode", 403, false};

const struct error IAM_SAME_CERTIFICATE = {"DuplicateCertificateException",
                                           "DuplicateCertificate", 409, false};
const struct error IAM_NOT_SUPPORTED = {"ServiceNotSupportedException", "NotSupportedService", 404,
                                        false};

static const struct op ops[] = {
    {"AddClientIDToOpenIDConnectProvider", iam_add_client},
    {"AddRoleToInstanceProfile", iam_add_role_to_profile},
    {"AddUserToGroup", iam_add_user_to_group},
    {"AttachGroupPolicy", iam_attach_group_policy},
    {"AttachRolePolicy", iam_attach_role_policy},
    {"AttachUserPolicy", iam_attach_user_policy},
    {"ChangePassword", iam_change_password},
    {"CreateAccessKey", iam_create_key},
    {"CreateAccountAlias", iam_create_alias},
    {"CreateGroup", iam_create_group},
    {"CreateInstanceProfile", iam_create_profile},
    {"CreateLoginProfile", iam_create_login},
    {"CreateOpenIDConnectProvider", iam_create_oidc},
    {"CreatePolicy", iam_create_policy},
    {"CreatePolicyVersion", iam_create_version},
    {"CreateRole", iam_create_role},
    {"CreateSAMLProvider", iam_create_saml},
    {"CreateServiceLinkedRole", iam_create_linked_role},
    {"CreateServiceSpecificCredential", iam_create_service_key},
    {"CreateUser", iam_create_user},
    {"CreateVirtualMFADevice", iam_create_mfa},
    {"DeactivateMFADevice", iam_deactivate_mfa},
    {"DeleteAccessKey", iam_delete_key},
    {"DeleteAccountAlias", iam_delete_alias},
    {"DeleteAccountPasswordPolicy", iam_delete_password_policy},
    {"DeleteGroup", iam_delete_group},
    {"DeleteGroupPolicy", iam_delete_group_policy},
    {"DeleteInstanceProfile", iam_delete_profile},
    {"DeleteLoginProfile", iam_delete_login},
    {"DeleteOpenIDConnectProvider", iam_delete_oidc},
    {"DeletePolicy", iam_delete_policy},
    {"DeletePolicyVersion", iam_delete_version},
    {"DeleteRole", iam_delete_role},
    {"DeleteRolePermissionsBoundary", iam_delete_role_boundary},
    {"DeleteRolePolicy", iam_delete_role_policy},
    {"DeleteSAMLProvider", iam_delete_saml},
    {"DeleteSSHPublicKey", iam_delete_ssh_key},
    {"DeleteServerCertificate", iam_delete_certificate},
    {"DeleteServiceLinkedRole", iam_delete_linked_role},
    {"DeleteServiceSpecificCredential", iam_delete_service_key},
    {"DeleteSigningCertificate", iam_delete_signing},
    {"DeleteUser", iam_delete_user},
    {"DeleteUserPermissionsBoundary", iam_delete_user_boundary},
    {"DeleteUserPolicy", iam_delete_user_policy},
    {"DeleteVirtualMFADevice", iam_delete_mfa},
    {"DetachGroupPolicy", iam_detach_group_policy},
    {"DetachRolePolicy", iam_detach_role_policy},
    {"DetachUserPolicy", iam_detach_user_policy},
    {"EnableMFADevice", iam_enable_mfa},
    {"GenerateCredentialReport", iam_generate_report},
    {"GetAccessKeyLastUsed", iam_key_last_used},
    {"GetAccountAuthorizationDetails", iam_account_details},
    {"GetAccountPasswordPolicy", iam_get_password_policy},
    {"GetAccountSummary", iam_account_summary},
    {"GetContextKeysForCustomPolicy", iam_keys_for_custom},
    {"GetContextKeysForPrincipalPolicy", iam_keys_for_principal},
    {"GetCredentialReport", iam_get_report},
    {"GetGroup", iam_get_group},
    {"GetGroupPolicy", iam_get_group_policy},
    {"GetInstanceProfile", iam_get_profile},
    {"GetLoginProfile", iam_get_login},
    {"GetMFADevice", iam_get_mfa},
    {"GetOpenIDConnectProvider", iam_get_oidc},
    {"GetPolicy", iam_get_policy},
    {"GetPolicyVersion", iam_get_version},
    {"GetRole", iam_get_role},
    {"GetRolePolicy", iam_get_role_policy},
    {"GetSAMLProvider", iam_get_saml},
    {"GetSSHPublicKey", iam_get_ssh_key},
    {"GetServerCertificate", iam_get_certificate},
    {"GetServiceLinkedRoleDeletionStatus", iam_linked_role_status},
    {"GetUser", iam_get_user},
    {"GetUserPolicy", iam_get_user_policy},
    {"ListAccessKeys", iam_list_keys},
    {"ListAccountAliases", iam_list_aliases},
    {"ListAttachedGroupPolicies", iam_list_attached_group_policies},
    {"ListAttachedRolePolicies", iam_list_attached_role_policies},
    {"ListAttachedUserPolicies", iam_list_attached_user_policies},
    {"ListEntitiesForPolicy", iam_list_entities},
    {"ListGroupPolicies", iam_list_group_policies},
    {"ListGroups", iam_list_groups},
    {"ListGroupsForUser", iam_list_groups_for_user},
    {"ListInstanceProfileTags", iam_list_profile_tags},
    {"ListInstanceProfiles", iam_list_profiles},
    {"ListInstanceProfilesForRole", iam_list_profiles_for_role},
    {"ListMFADeviceTags", iam_list_mfa_tags},
    {"ListMFADevices", iam_list_mfa},
    {"ListOpenIDConnectProviderTags", iam_list_oidc_tags},
    {"ListOpenIDConnectProviders", iam_list_oidc},
    {"ListPolicies", iam_list_policies},
    {"ListPolicyTags", iam_list_policy_tags},
    {"ListPolicyVersions", iam_list_versions},
    {"ListRolePolicies", iam_list_role_policies},
    {"ListRoleTags", iam_list_role_tags},
    {"ListRoles", iam_list_roles},
    {"ListSAMLProviderTags", iam_list_saml_tags},
    {"ListSAMLProviders", iam_list_saml},
    {"ListSSHPublicKeys", iam_list_ssh_keys},
    {"ListServerCertificateTags", iam_list_certificate_tags},
    {"ListServerCertificates", iam_list_certificates},
    {"ListServiceSpecificCredentials", iam_list_service_keys},
    {"ListSigningCertificates", iam_list_signing},
    {"ListUserPolicies", iam_list_user_policies},
    {"ListUserTags", iam_list_user_tags},
    {"ListUsers", iam_list_users},
    {"ListVirtualMFADevices", iam_list_virtual_mfa},
    {"PutGroupPolicy", iam_put_group_policy},
    {"PutRolePermissionsBoundary", iam_put_role_boundary},
    {"PutRolePolicy", iam_put_role_policy},
    {"PutUserPermissionsBoundary", iam_put_user_boundary},
    {"PutUserPolicy", iam_put_user_policy},
    {"RemoveClientIDFromOpenIDConnectProvider", iam_remove_client},
    {"RemoveRoleFromInstanceProfile", iam_remove_role_from_profile},
    {"RemoveUserFromGroup", iam_remove_user_from_group},
    {"ResetServiceSpecificCredential", iam_reset_service_key},
    {"ResyncMFADevice", iam_resync_mfa},
    {"SetDefaultPolicyVersion", iam_set_default_version},
    {"SimulateCustomPolicy", iam_simulate_custom},
    {"SimulatePrincipalPolicy", iam_simulate_principal},
    {"TagInstanceProfile", iam_tag_profile},
    {"TagMFADevice", iam_tag_mfa},
    {"TagOpenIDConnectProvider", iam_tag_oidc},
    {"TagPolicy", iam_tag_policy},
    {"TagRole", iam_tag_role},
    {"TagSAMLProvider", iam_tag_saml},
    {"TagServerCertificate", iam_tag_certificate},
    {"TagUser", iam_tag_user},
    {"UntagInstanceProfile", iam_untag_profile},
    {"UntagMFADevice", iam_untag_mfa},
    {"UntagOpenIDConnectProvider", iam_untag_oidc},
    {"UntagPolicy", iam_untag_policy},
    {"UntagRole", iam_untag_role},
    {"UntagSAMLProvider", iam_untag_saml},
    {"UntagServerCertificate", iam_untag_certificate},
    {"UntagUser", iam_untag_user},
    {"UpdateAccessKey", iam_update_key},
    {"UpdateAccountPasswordPolicy", iam_update_password_policy},
    {"UpdateAssumeRolePolicy", iam_update_trust},
    {"UpdateGroup", iam_update_group},
    {"UpdateLoginProfile", iam_update_login},
    {"UpdateOpenIDConnectProviderThumbprint", iam_update_thumbprints},
    {"UpdateRole", iam_update_role},
    {"UpdateRoleDescription", iam_update_role_description},
    {"UpdateSAMLProvider", iam_update_saml},
    {"UpdateSSHPublicKey", iam_update_ssh_key},
    {"UpdateServerCertificate", iam_update_certificate},
    {"UpdateServiceSpecificCredential", iam_update_service_key},
    {"UpdateSigningCertificate", iam_update_signing},
    {"UpdateUser", iam_update_user},
    {"UploadSSHPublicKey", iam_upload_ssh_key},
    {"UploadServerCertificate", iam_upload_certificate},
    {"UploadSigningCertificate", iam_upload_signing},
};

static void iam_close(void *state)
{
    struct iam *iam = state;
    struct str id;
    void *account;

    if (iam == NULL) {
        return;
    }
    for (size_t i = 0; map_next(iam->accounts, &i, &id, &account);) {
        account_free(account);
    }
    map_free(iam->accounts);
    map_free(iam->keys);
    aws_policies_close(iam);
    mem_free(iam);
}

static status iam_open(struct cell *cell, void **ret_state)
{
    struct iam *iam = MEM_NEW(struct iam);

    iam->cell = cell;
    link_init(&iam->noted);
    iam->accounts = map_new(ACCOUNTS_MAX);
    iam->keys = map_new(ACCESS_KEYS_MAX);
    *ret_state = iam; /* closed by the cell also when loading failed */
    aws_policies_open(iam);
    iam_join_cell(cell);
    return iam_load(iam);
}

/* When keys were used is written down once a minute. */
static status iam_tick(struct call *c)
{
    struct link *noted = &iam_of(c)->noted;

    while (!link_alone(noted) && txn_room(c->txn) > TICK_ROOM) {
        struct user *user = LINK_OWNER(noted->next, struct user, noted);

        link_remove(&user->noted);
        thing_save(c, &user->principal.thing);
    }
    return OK;
}

const struct service iam_service = {
    .id = "iam",
    OPS(ops),
    .open = iam_open,
    .close = iam_close,
    .tick = iam_tick,
    .types = iam_types,
    .type_count = IAM_TYPES,
};
