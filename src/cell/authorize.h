/* SPDX-License-Identifier: Apache-2.0
 *
 * May this caller do that? Asked by the cell for every operation before its handler runs, when
 * auth is on; by handlers for what only they know; and, whatever auth is, for services that hand
 * something to one another.
 *
 * Who has policies registers them here in open():
 *
 *     svc/iam        principals: identity policies and boundary of a user or role
 *     svc/sqs, …     resources: the policy of a queue, whose it is, its tags
 *
 * Everything here happens in the cell, but for what says otherwise.
 */
#ifndef WEIR_CELL_AUTHORIZE_H
#define WEIR_CELL_AUTHORIZE_H

#include "cell/cell.h"
#include "cell/identity.h"
#include "cell/policy.h"

#define AUTHORIZE_POLICIES_MAX 2000 /* of a principal: own, its groups', inline and managed */

/* ---- who has policies ---- */

/* What is attached to a principal. Compiled by its service when it changes; must stay until the
 * call is over. */
struct principal_policies {
    const struct policy_named *policies; /* of identity; in the arena */
    size_t count;                 /* of them */
    struct policy_named boundary; /* policy NULL: none */
    struct str id;                /* AIDA…, AROA…: another when it was deleted and made again;
                                   * empty: not known */
};

struct principal_source {
    /* Of a user or role by its ARN (identity->source): false when it is not there any more. */
    bool (*find)(struct cell *cell, struct str arn, struct arena *arena,
                 struct principal_policies *ret_policies);
    /* A tag of it, for aws:PrincipalTag/key; false: it has none of that name. */
    bool (*tag)(struct cell *cell, struct str arn, struct str key, struct str *ret_value);
};
void principal_source_add(struct cell *cell, const struct principal_source *source);
/* Of a principal, from whoever registered; false: nobody, or it is not there. */
bool principal_find(struct cell *cell, struct str arn, struct arena *arena,
                    struct principal_policies *ret_policies);

/* What a resource says about itself. Strings live until the call is over. */
struct resource_facts {
    struct str policy;   /* the document's text, as it was set; empty: none */
    const struct policy *compiled; /* the same, where its service keeps it so; NULL: as the text */
    struct str account;  /* whose it is; empty: as the ARN says */
    bool trust;          /* it is a role's trust policy: speaks of sts: actions only */
    bool consent;        /* nothing happens without it: sts: on roles, keys */
};

struct resource_source {
    const char *service; /* as ARNs have it: "sqs" */
    /* Of a resource by its ARN (with wildcards nothing is found): false when it is not there. */
    bool (*find)(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts);
    /* A tag of it, for aws:ResourceTag/key; NULL: its resources have none. */
    bool (*tag)(struct cell *cell, struct str arn, struct str key, struct str *ret_value);
    /* A context key that only the service can tell: "dynamodb:LeadingKeys"; c->in is the call's.
     * NULL: it has no such keys. */
    bool (*key)(struct call *c, struct str arn, struct str key,
                struct policy_values *ret_values);
    /* What is really the ARN of what was named so, where a name is not all of it (IAM's paths);
     * false: it is not there. NULL: the name is all. */
    bool (*resolve)(struct cell *cell, struct str arn, struct arena *arena, struct str *ret_arn);
};
void resource_source_add(struct cell *cell, const struct resource_source *source);

/* A document's compiled form, kept by its text; NULL: it is none. Good until the next question. */
const struct policy *policy_of_text(struct cell *cell, struct str text, enum policy_kind kind);

/* ---- asking ---- */

/* In a handler: may the caller do that, too? OK, or the service's words for no, with c->why; OK
 * when nobody's permissions are looked at (auth is off, weir's own doing). For iam:PassRole, for
 * what a request names only inside, for actions on several resources. */
status call_may(struct call *c, const char *action, struct str resource);

/* The same with context keys that only the handler knows: "iam:PassedToService". */
struct authorize_key {
    const char *name; /* as documents spell it */
    struct str value; /* its only one */
    const struct str *values; /* several instead; NULL: value */
    size_t count;     /* of them; 0: the request does not have the key */
};
struct authorize_wish {
    const char *action;                /* "s3:GetObject" */
    struct str resource;               /* ARN */
    const struct authorize_key *keys;  /* NULL: none */
    size_t key_count;                  /* of them */
};
status call_may_with(struct call *c, const struct authorize_wish *wish);

/* What policies say of it, whatever auth is, for services that allow or refuse by something else,
 * too (S3's ACLs); such a service says in the end what became of it. */
struct asked; /* good until the next question */
struct asked *call_ask(struct call *c, const struct authorize_wish *wish,
                       struct policy_decision *ret_decision);
/* otherwise: what allowed or refused it instead of policies ("the bucket's ACL"); NULL: they did.
 * OK, or the service's words for no. */
status asked_end(struct asked *asked, const struct policy_decision *decision,
                 const char *otherwise);

/* May a service do that for source? "s3.amazonaws.com", "sns:Publish", the topic's ARN, the
 * bucket's ARN and account. What the target's policy says, whatever auth is. */
struct service_wish {
    struct str service;        /* the principal: "s3.amazonaws.com" */
    const char *action;        /* "sns:Publish" */
    struct str resource;       /* ARN of the target */
    struct str source;         /* aws:SourceArn */
    struct str source_account; /* aws:SourceAccount */
    bool lax;                  /* with auth off a target without a policy takes everything */
};
bool service_may(struct call *c, const struct service_wish *wish);

/* May a role, which some service has assumed, do that? True when auth is off. For pollers of event
 * source mappings, deliveries, pipes: "kinesis:GetRecords" on the stream by the function's role. */
bool role_may(struct call *c, struct str role_arn, const char *action, struct str resource);

/* The cell's own, before an operation's handler or a page: OK, or the service's words for no. Pages
 * are the actions weir:View and weir:Change. */
status authorize_call(struct call *c);

#endif
