/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon Cognito user pools: the table of operations, in the order of the API reference, its
 * errors, and the service's life.
 */
#include "svc/cognito/cognito_int.h"

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
const struct error COGNITO_PRECONDITION = LINE("PreconditionNotMetException");

const struct service cognito_service = {
    .id = "cognito-idp",
};
