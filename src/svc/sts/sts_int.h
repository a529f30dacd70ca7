/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside STS. It keeps nothing but providers' keys, in memory: credentials are cell/identity.h's,
 * roles and providers are asked for through cell/directory.h.
 */
#ifndef WEIR_SVC_STS_INT_H
#define WEIR_SVC_STS_INT_H

#include "base/map.h"
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
#define TOKEN_BYTES_MAX 20000     /* a web identity's */
#define AUDIENCES_MAX 20

extern const struct error STS_DENIED, STS_VALIDATION, STS_MALFORMED, STS_TOO_LARGE, STS_BAD_TOKEN,
    STS_EXPIRED, STS_REJECTED, STS_UNREACHED;

/* A provider's keys. */
struct provider_keys {
    struct str text;           /* a JWK set; empty: none yet; owned */
    int64_t fetched_ms;        /* when it was */
    int64_t asked_ms;          /* when somebody began to; 0: never */
};

#define PROVIDERS_MAX 1000

/* The service's state. */
struct sts {
    struct map *keys;          /* URL without https:// → struct provider_keys */
    size_t fetching;           /* calls that do so now */
};

static inline struct sts *sts_of(const struct call *c)
{
    return c->state;
}

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

/* ---- token.c: JSON Web Tokens ---- */

struct token {
    struct str algorithm;      /* alg: "RS256" */
    struct str key_id;         /* kid; STR_NONE: none is named */
    struct str signed_text;    /* what the signature is of; lies in the text */
    struct str signature;      /* its bytes */
    struct value claims;       /* an object; lies in the arena */
    struct str issuer;         /* iss */
    struct str subject;        /* sub */
    struct str audiences[AUDIENCES_MAX]; /* aud */
    size_t audience_count;     /* of them */
    int64_t expires_ms;        /* exp; 0: none */
    int64_t issued_ms;         /* iat; 0: none */
};
/* Reads a token's claims, RFC 7519; its signature is not looked at. False: it is none. */
bool token_read(struct str text, struct arena *arena, struct token *ret_token);
/* base64url without padding; false: it is none, or empty. */
bool token_part(struct str part, struct arena *arena, struct str *ret_plain);

/* ---- signature.c ---- */

enum signature { SIGNATURE_GOOD, SIGNATURE_BAD, SIGNATURE_NO_KEY };
enum signature token_check(const struct token *token, struct str keys_text, struct arena *arena);
/* Is that a JWK set? Its list of keys. */
bool keys_good(struct str text, struct arena *arena, const struct value **ret_keys);

/* ---- fetch.c ---- */

bool keys_known(struct call *c, struct str url, struct str *ret_text); /* false: ask */
/* Asks the provider, and goes on with resume, which begins with keys_fetched(). False: not now. */
bool keys_fetch(struct call *c, const struct provider_facts *provider,
                status (*resume)(struct call *c));
status keys_fetched(struct call *c); /* IDPCommunicationError */
void provider_keys_free(struct provider_keys *keys);

/* ---- handlers ---- */

status sts_assume_role(struct call *c);
status sts_assume_role_web(struct call *c);
status sts_get_access_key_info(struct call *c);
status sts_get_caller_identity(struct call *c);
status sts_get_federation_token(struct call *c);
status sts_get_session_token(struct call *c);

#endif
