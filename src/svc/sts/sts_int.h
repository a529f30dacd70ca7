/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside STS. It keeps nothing: credentials are cell/identity.h's, roles and providers are asked
 * for through cell/directory.h, providers' keys are bus/keyset.h's.
 */
#ifndef WEIR_SVC_STS_INT_H
#define WEIR_SVC_STS_INT_H

#include "cell/call.h"
#include "cell/directory.h"
#include "cell/identity.h"
#include "svc/sts/sts.h"

#define CHAINED_SECONDS_MAX 3600  /* of a role that a role's session assumes */
#define ROOT_SECONDS_MAX 3600     /* of the root's sessions */
#define SESSION_SECONDS 43200     /* GetSessionToken, GetFederationToken, unless they say */
#define ASSUMED_SECONDS 3600      /* AssumeRole…, unless it says */
#define POLICY_ARNS_MAX 10
#define POLICY_CHARS_MAX 2048     /* of a session's own policy and its ARNs */

extern const struct error STS_DENIED, STS_VALIDATION, STS_MALFORMED, STS_TOO_LARGE, STS_BAD_TOKEN,
    STS_EXPIRED, STS_REJECTED, STS_UNREACHED;

/* ---- session.c: what all sessions have in common ---- */

/* The session policies, tags and duration of a call join a wish. ValidationError,
 * MalformedPolicyDocument, PackedPolicyTooLarge. */
status session_policies(struct call *c, struct identity *wish);
status session_tags(struct call *c, struct identity *wish); /* and those the caller passes on */
/* Makes the credentials and puts them into the answer. LimitExceeded, as AWS has no such limit. */
status session_begin(struct call *c, struct identity *wish, int64_t seconds);
/* Of a role: AssumedRoleUser, what the session is called. AccessDenied: there is no such role. */
status session_of_role(struct call *c, const struct role_facts *role, struct identity *wish);
status role_of_call(struct call *c, struct role_facts *ret_role);
status duration_of_call(struct call *c, const struct role_facts *role, int64_t *ret_seconds);

/* ---- handlers ---- */

status sts_assume_role(struct call *c);
status sts_assume_role_web(struct call *c);
status sts_get_access_key_info(struct call *c);
status sts_get_caller_identity(struct call *c);
status sts_get_federation_token(struct call *c);
status sts_get_session_token(struct call *c);

#endif
