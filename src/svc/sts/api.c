/* SPDX-License-Identifier: Apache-2.0
 *
 * STS: the table of operations, in the order of the API reference, and its errors.
 */
#include "svc/sts/sts_int.h"

const struct error STS_DENIED = {"AccessDenied", NULL, 403, false};
const struct error STS_VALIDATION = {"ValidationException", "ValidationError", 400, false};
const struct error STS_MALFORMED = {"MalformedPolicyDocumentException", "MalformedPolicyDocument",
                                    400, false};
const struct error STS_TOO_LARGE = {"PackedPolicyTooLargeException", "PackedPolicyTooLarge", 400,
                                    false};
const struct error STS_BAD_TOKEN = {"InvalidIdentityTokenException", "InvalidIdentityToken", 400,
                                    false};
const struct error STS_EXPIRED = {"ExpiredTokenException", NULL, 400, false};
const struct error STS_REJECTED = {"IDPRejectedClaimException", "IDPRejectedClaim", 403, false};
const struct error STS_UNREACHED = {"IDPCommunicationErrorException", "IDPCommunicationError",
                                    400, true};

static const struct op ops[] = {
    {"AssumeRole", sts_assume_role},
    {"AssumeRoleWithWebIdentity", sts_assume_role_web},
    {"GetAccessKeyInfo", sts_get_access_key_info},
    {"GetCallerIdentity", sts_get_caller_identity},
    {"GetFederationToken", sts_get_federation_token},
    {"GetSessionToken", sts_get_session_token},
};

const struct service sts_service = {
    .id = "sts",
    OPS(ops),
};
