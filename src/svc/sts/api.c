/* SPDX-License-Identifier: Apache-2.0
 *
 * STS: the table of operations, in the order of the API reference,  its errors, and the
 * service's life.
 */
#include "base/mem.h"
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

static status sts_open(struct cell *cell, void **ret_state)
{
    struct sts *sts = MEM_NEW(struct sts);

    (void)cell;
    sts->keys = map_new(PROVIDERS_MAX);
    *ret_state = sts;
    return OK;
}

static void sts_close(void *state)
{
    struct sts *sts = state;
    struct str url;
    void *keys;

    if (sts == NULL) {
        return;
    }
    for (size_t i = 0; map_next(sts->keys, &i, &url, &keys);) {
        provider_keys_free(keys);
    }
    map_free(sts->keys);
    mem_free(sts);
}

const struct service sts_service = {
    .id = "sts",
    OPS(ops),
    .open = sts_open,
    .close = sts_close,
};
