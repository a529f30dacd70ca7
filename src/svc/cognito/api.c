/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Cognito user pools: the table of operations, in the order of the API reference, its
 * errors, and the service's life.
 */
#include "bus/timer.h"
#include "svc/cognito/cfn.h"
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/issuer.h"
#include "svc/cognito/passing.h"
#include "svc/cognito/token.h"
#include "svc/cognito/session.h"
#include "svc/cognito/web.h"
#include "svc/cognito/user.h"

#define LINE(code) {code, NULL, 400, false}

const struct error COGNITO_NOT_FOUND = LINE("ResourceNotFoundException");
const struct error COGNITO_INVALID = LINE("InvalidParameterException");
const struct error COGNITO_NOT_AUTHORIZED = LINE("NotAuthorizedException");
const struct error COGNITO_NO_USER = LINE("UserNotFoundException");
const struct error COGNITO_USERNAME_EXISTS = LINE("UsernameExistsException");
const struct error COGNITO_ALIAS_EXISTS = LINE("AliasExistsException");
const struct error COGNITO_NOT_CONFIRMED = LINE("UserNotConfirmedException");
const struct error COGNITO_PASSWORD = LINE("InvalidPasswordException");
const struct error COGNITO_PASSWORD_HISTORY = LINE("PasswordHistoryPolicyViolationException");
const struct error COGNITO_RESET_REQUIRED = LINE("PasswordResetRequiredException");
const struct error COGNITO_CODE_MISMATCH = LINE("CodeMismatchException");
const struct error COGNITO_CODE_EXPIRED = LINE("ExpiredCodeException");
const struct error COGNITO_LIMIT = LINE("LimitExceededException");
const struct error COGNITO_TOO_MANY = LINE("TooManyRequestsException");
const struct error COGNITO_TOO_MANY_ATTEMPTS = LINE("TooManyFailedAttemptsException");
const struct error COGNITO_GROUP_EXISTS = LINE("GroupExistsException");
const struct error COGNITO_LAMBDA_VALIDATION = LINE("UserLambdaValidationException");
const struct error COGNITO_LAMBDA_UNEXPECTED = LINE("UnexpectedLambdaException");
const struct error COGNITO_LAMBDA_ANSWER = LINE("InvalidLambdaResponseException");
const struct error COGNITO_MFA_NOT_FOUND = LINE("MFAMethodNotFoundException");
const struct error COGNITO_TOKEN_MFA_NOT_FOUND = LINE("SoftwareTokenMFANotFoundException");
const struct error COGNITO_SOFTWARE_MISMATCH = LINE("EnableSoftwareTokenMFAException");
const struct error COGNITO_USER_STATE = LINE("UnsupportedUserStateException");
const struct error COGNITO_SCOPE = LINE("ScopeDoesNotExistException");
const struct error COGNITO_OAUTH_FLOW = LINE("InvalidOAuthFlowException");
const struct error COGNITO_UNSUPPORTED_IDENTITY = LINE("UnsupportedIdentityProviderException");
const struct error COGNITO_UNSUPPORTED_TOKEN = LINE("UnsupportedTokenTypeException");
const struct error COGNITO_UNSUPPORTED = LINE("UnsupportedOperationException");
const struct error COGNITO_DELIVERY = LINE("CodeDeliveryFailureException");
const struct error COGNITO_DUPLICATE_PROVIDER = LINE("DuplicateProviderException");
const struct error COGNITO_TAGGING = LINE("UserPoolTaggingException");
const struct error COGNITO_UNAUTHORIZED = LINE("UnauthorizedException");
const struct error COGNITO_POOL_CONFIG = LINE("InvalidUserPoolConfigurationException");
const struct error COGNITO_NOT_ENABLED = LINE("OperationNotEnabledException");
const struct error COGNITO_REUSED = LINE("RefreshTokenReuseException");
const struct error COGNITO_TIER = LINE("FeatureUnavailableInTierException");
const struct error COGNITO_DEVICE_EXISTS = LINE("DeviceKeyExistsException");
const struct error COGNITO_PRECONDITION = LINE("PreconditionNotMetException");

static const struct op ops[] = {
    {"AddCustomAttributes", cognito_add_attributes},
    {"AddUserPoolClientSecret", cognito_add_secret},
    {"AdminAddUserToGroup", cognito_add_to_group},
    {"AdminConfirmSignUp", cognito_admin_confirm},
    {"AdminCreateUser", cognito_admin_create_user},
    {"AdminDeleteSoftwareToken", cognito_admin_delete_token},
    {"AdminDeleteUser", cognito_admin_delete_user},
    {"AdminDeleteUserAttributes", cognito_admin_delete_attributes},
    {"AdminDisableUser", cognito_admin_disable},
    {"AdminEnableUser", cognito_admin_enable},
    {"AdminForgetDevice", cognito_forget_device},
    {"AdminGetDevice", cognito_get_device},
    {"AdminGetUser", cognito_admin_get_user},
    {"AdminGetUserAuthFactors", cognito_admin_get_factors},
    {"AdminInitiateAuth", cognito_admin_initiate_auth},
    {"AdminListDevices", cognito_list_devices},
    {"AdminListGroupsForUser", cognito_list_groups_of_user},
    {"AdminRemoveUserFromGroup", cognito_remove_from_group},
    {"AdminResetUserPassword", cognito_admin_reset_password},
    {"AdminRespondToAuthChallenge", cognito_admin_respond},
    {"AdminSetUserMFAPreference", cognito_admin_set_preference},
    {"AdminSetUserPassword", cognito_admin_set_password},
    {"AdminUpdateDeviceStatus", cognito_update_device},
    {"AdminUpdateUserAttributes", cognito_admin_update_attributes},
    {"AdminUserGlobalSignOut", cognito_admin_user_global_sign_out},
    {"AssociateSoftwareToken", cognito_associate_token},
    {"ChangePassword", cognito_change_password},
    {"ConfirmDevice", cognito_confirm_device},
    {"ConfirmForgotPassword", cognito_confirm_forgot_password},
    {"ConfirmSignUp", cognito_confirm_sign_up},
    {"CreateGroup", cognito_create_group},
    {"CreateResourceServer", cognito_create_server},
    {"CreateUserPool", cognito_create_pool},
    {"CreateUserPoolClient", cognito_create_client},
    {"CreateUserPoolDomain", cognito_create_domain},
    {"DeleteGroup", cognito_delete_group},
    {"DeleteResourceServer", cognito_delete_server},
    {"DeleteUser", cognito_delete_user},
    {"DeleteUserAttributes", cognito_delete_attributes},
    {"DeleteUserPool", cognito_delete_pool},
    {"DeleteUserPoolClient", cognito_delete_client},
    {"DeleteUserPoolClientSecret", cognito_delete_secret},
    {"DeleteUserPoolDomain", cognito_delete_domain},
    {"DescribeResourceServer", cognito_describe_server},
    {"DescribeUserPool", cognito_describe_pool},
    {"DescribeUserPoolClient", cognito_describe_client},
    {"DescribeUserPoolDomain", cognito_describe_domain},
    {"ForgetDevice", cognito_forget_device},
    {"ForgotPassword", cognito_forgot_password},
    {"GetDevice", cognito_get_device},
    {"GetGroup", cognito_get_group},
    {"GetTokensFromRefreshToken", cognito_get_tokens_from_refresh_token},
    {"GetUser", cognito_get_user},
    {"GetUserAttributeVerificationCode", cognito_get_attribute_code},
    {"GetUserAuthFactors", cognito_get_factors},
    {"GetUserPoolMfaConfig", cognito_get_pool_mfa},
    {"GlobalSignOut", cognito_global_sign_out},
    {"InitiateAuth", cognito_initiate_auth},
    {"ListDevices", cognito_list_devices},
    {"ListGroups", cognito_list_groups},
    {"ListResourceServers", cognito_list_servers},
    {"ListTagsForResource", cognito_list_tags},
    {"ListUserPoolClientSecrets", cognito_list_secrets},
    {"ListUserPoolClients", cognito_list_clients},
    {"ListUserPools", cognito_list_pools},
    {"ListUsers", cognito_list_users},
    {"ListUsersInGroup", cognito_list_users_in_group},
    {"ResendConfirmationCode", cognito_resend_code},
    {"RespondToAuthChallenge", cognito_respond},
    {"RevokeToken", cognito_revoke_token},
    {"SetUserMFAPreference", cognito_set_preference},
    {"SetUserPoolMfaConfig", cognito_set_pool_mfa},
    {"SignUp", cognito_sign_up},
    {"TagResource", cognito_tag},
    {"UntagResource", cognito_untag},
    {"UpdateDeviceStatus", cognito_update_device},
    {"UpdateGroup", cognito_update_group},
    {"UpdateResourceServer", cognito_update_server},
    {"UpdateUserAttributes", cognito_update_attributes},
    {"UpdateUserPool", cognito_update_pool},
    {"UpdateUserPoolClient", cognito_update_client},
    {"UpdateUserPoolDomain", cognito_update_domain},
    {"VerifySoftwareToken", cognito_verify_token},
    {"VerifyUserAttribute", cognito_verify_attribute},
};

static status service_open(struct cell *cell, void **ret_state)
{
    *ret_state = NULL;
    bus_timer_owner(cell, "cognito-idp", cognito_timer);
    issuers_open(cell);
    domains_open(cell);
    return OK;
}

static status service_tick(struct call *c)
{
    (void)passing_sweep(c); /* what is left goes with the next */
    (void)sessions_sweep(c);
    return OK;
}

static const struct page pages[] = {
    {"*.auth.*.localhost", true | PAGE_CHANGES, page_web},
    {"*.auth.*.amazoncognito.com", true | PAGE_CHANGES, page_web},
    {"/_aws/cognito/*", true | PAGE_CHANGES, page_web},
    {"/*-*_*/.well-known/jwks.json", true, page_well_known},
    {"/*-*_*/.well-known/openid-configuration", true, page_well_known},
};

const struct service cognito_service = {
    .id = "cognito-idp",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .tick = service_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = cognito_types,
    .type_count = COGNITO_TYPES,
};
