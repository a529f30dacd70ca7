/* SPDX-License-Identifier: Apache-2.0
 *
 * What IAM knows and others ask: which role is that, and who may assume it; what a managed policy
 * says; whose tokens of web identities are taken. STS asks for every session, services before they
 * keep a role's ARN. svc/iam registers in open(); without it nothing is there.
 *
 * Everything here happens in the cell. Strings and policies live until the call is over.
 */
#ifndef WEIR_CELL_DIRECTORY_H
#define WEIR_CELL_DIRECTORY_H

#include "cell/call.h"
#include "cell/identity.h"
#include "cell/policy.h"

struct role_facts {
    struct str arn;               /* with its path */
    struct str name;              /* last part of it */
    struct str id;                /* AROA… */
    struct str account;           /* 12 digits */
    const struct policy *trust;   /* who may assume it */
    int64_t session_seconds_max;  /* MaxSessionDuration */
};

/* An OIDC provider. */
struct provider_facts {
    struct str arn;               /* its ARN */
    struct str url;               /* without https:// */
    bool local;                   /* it is on this machine, and spoken to by http */
    bool audience_known;          /* the audience is one of its client ids */
};

struct directory {
    /* By its ARN; false: there is none. */
    bool (*role)(struct cell *cell, struct str arn, struct arena *arena,
                 struct role_facts *ret_role);
    /* It was assumed just now; staged with the call. */
    void (*role_used)(struct call *c, struct str arn);
    /* The document of a managed policy, of that account or AWS's own. */
    bool (*policy)(struct cell *cell, struct str account, struct str arn, struct str *ret_text);
    /* The account's provider of tokens by that issuer (with https://, or local with http://). */
    bool (*provider)(struct call *c, struct str account, struct str issuer, struct str audience,
                     struct provider_facts *ret_provider);
    /* Does that user's MFA device show that code? */
    bool (*mfa)(struct call *c, struct str user_arn, struct str serial, struct str code);
    /* A call by c->identity begins; nothing is staged. */
    void (*used)(struct call *c);
};

void directory_set(struct cell *cell, const struct directory *directory);

/* As above, of whoever registered; false, and nothing, when nobody did. */
bool directory_role(struct cell *cell, struct str arn, struct arena *arena,
                    struct role_facts *ret_role);
void directory_role_used(struct call *c, struct str arn);
bool directory_policy(struct cell *cell, struct str account, struct str arn,
                      struct str *ret_text);
bool directory_provider(struct call *c, struct str account, struct str issuer,
                        struct str audience, struct provider_facts *ret_provider);
bool directory_mfa(struct call *c, struct str user_arn, struct str serial, struct str code);
void directory_used(struct call *c);

/* What a session of a role is called: kind, account, source, principal and user id of a wish for
 * identity_session(). In the arena. Whether the role trusts a service that would work as it is for
 * service_may() to say, with "sts:AssumeRole". */
void directory_name_session(const struct role_facts *role, struct str session,
                            struct arena *arena, struct identity *wish);

#endif
