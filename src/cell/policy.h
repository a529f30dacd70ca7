/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: reading documents, and what they say of a request. Pure: no cell, no state, no clock;
 * whoever asks says everything. authorize.h asks for every call; IAM's simulators ask as well.
 *
 * Source: "Policy evaluation logic", "IAM JSON policy elements reference" and "Grammar of the IAM
 * JSON policy language", IAM user guide.
 *
 * The rules of policy_decide():
 *  1. A statement speaks of a request when its principal (of resource and trust policies), action,
 *     resource and condition all do.
 *  2. A statement that denies, in whatever policy, denies.
 *  3. Inside an account an identity policy allows, or the resource's. One that names the very
 *     caller (a user, a session, or "*" for a user) allows by itself, whatever boundary and session
 *     policies do not say; one that names a role, or "*" for a session, is limited by boundary and
 *     session policies; one that names the account only lets identity policies allow.
 *  4. Across accounts both must allow.
 *  5. A boundary and session policies, where there are, must allow too.
 *  6. Services and nobody have no identity policies: the resource's must allow.
 *  7. The root of an account may do everything in it that nothing denies.
 *  8. Where the resource's policy must consent (roles, keys) rule 3 needs it to name the account at
 *     least.
 */
#ifndef WEIR_CELL_POLICY_H
#define WEIR_CELL_POLICY_H

#include "base/arena.h"
#include "base/error.h"

#define POLICY_DOCUMENT_BYTES_MAX (128u * 1024) /* services and IAM allow less */
#define POLICY_STATEMENTS_MAX 2000
#define POLICY_SETS_MAX 4000 /* documents in one decision */

/* ---- documents ---- */

enum policy_kind {
    POLICY_OF_IDENTITY, /* inline, or of a session: no principals, resources needed */
    POLICY_OF_RESOURCE, /* principals needed */
    POLICY_OF_TRUST,    /* who may assume a role: principals needed, no resources */
    POLICY_MANAGED,     /* as of an identity, and of version 2012-10-17 */
};

/* MalformedPolicyDocument, 400, with IAM's sentence. Services say it in their own words. */
extern const struct error POLICY_MALFORMED;

struct policy;

/* Reads and compiles; counted, begins with 1. POLICY_MALFORMED; ERR_LIMIT: too large or deep. */
status policy_compile(struct str text, enum policy_kind kind, struct why *why,
                      struct policy **ret_policy);
struct policy *policy_hold(const struct policy *policy);
void policy_drop(const struct policy *policy); /* takes NULL */

/* Where a statement stands in its document, for matched statements: lines and columns from 1. */
struct policy_place {
    struct str sid;                    /* empty: none */
    uint32_t index;                    /* from 0 */
    uint32_t begin_line, begin_column; /* of its '{' */
    uint32_t end_line, end_column;     /* behind its '}' */
    bool allows;                       /* Effect */
};
uint32_t policy_statement_count(const struct policy *policy);
struct policy_place policy_place(const struct policy *policy, uint32_t statement);
/* The condition keys and variables it asks for, each once in its first spelling; the next from
 * *position, which begins with 0. For GetContextKeysFor…Policy. */
bool policy_next_key(const struct policy *policy, size_t *position, struct str *ret_key);

/* ---- a request ---- */

/* A context key's values: most have one. count 0: the request does not have the key. */
struct policy_values {
    const struct str *values; /* of it */
    size_t count;             /* of them */
    struct str one;           /* room for the only value: values = &one */
};

/* Where context keys come from. Names come as documents spell them: compare without case. */
struct policy_context {
    /* False: there is no such key in this request. The values live as long as the decision. */
    bool (*find)(const struct policy_context *context, struct str key,
                 struct policy_values *ret_values); /* see above */
};

enum policy_caller {
    CALLER_NOBODY,    /* unsigned */
    CALLER_ROOT,
    CALLER_USER,
    CALLER_ROLE,      /* a session */
    CALLER_FEDERATED, /* a federated user */
    CALLER_SERVICE,   /* "s3.amazonaws.com" */
    CALLER_WEB,       /* who brings a token of an identity provider, to a trust policy */
};

struct policy_principal {
    enum policy_caller kind; /* which of these */
    struct str arn;        /* the user's, the session's; empty: nobody, a service */
    struct str source;     /* the role's of a session; else as arn */
    struct str account;    /* 12 digits; empty: nobody, a service */
    struct str name;       /* of a service; of an identity provider: its ARN or host */
    struct str canonical;  /* S3's id of the account; empty: not known */
};

struct policy_request {
    struct policy_principal principal; /* who asks */
    struct str action;            /* "s3:GetObject" */
    struct str resource;          /* ARN, or "*" */
    struct str account;           /* that owns the resource; empty: the caller's */
    bool consent;                 /* nothing happens without the resource's policy (rule 8) */
    const struct policy_context *context; /* NULL: has no keys at all */
};

/* ---- what policies say ---- */

struct policy_named {
    const struct policy *policy; /* compiled */
    struct str name;       /* for people: an ARN, or "inline policy x of user y" */
};

enum policy_part { PART_IDENTITY, PART_RESOURCE, PART_BOUNDARY, PART_SESSION, PART_COUNT };

/* The policies that are looked at, by what they are. */
struct policy_set {
    const struct policy_named *policies; /* of that part */
    size_t count;          /* of them */
    bool present;          /* counts, even when count is 0: a boundary that says nothing */
};

enum policy_said { SAID_NOTHING, SAID_ALLOW, SAID_DENY };

struct policy_decision {
    bool allowed;                      /* the outcome */
    bool denied;                       /* by a statement; else because nothing allowed */
    enum policy_part part;             /* which decided; when nothing allowed: which had to */
    const struct policy_named *policy; /* that decided; NULL: none did */
    uint32_t statement;                /* of it */
    enum policy_said said[PART_COUNT]; /* by each part */
    bool across;                       /* the resource is another account's */
};

/* Who wants to hear of every statement that speaks of the request (a decision alone stops early),
 * and of every key that was asked for in vain. */
struct policy_heard {
    enum policy_part part;             /* whose */
    const struct policy_named *policy; /* the document */
    uint32_t statement;                /* of it */
};
struct policy_listener {
    void (*matched)(struct policy_listener *listener, const struct policy_heard *heard); /* each */
    void (*missing)(struct policy_listener *listener, struct str key); /* or NULL */
};

/* listener NULL: nobody listens. */
void policy_decide(const struct policy_request *request, const struct policy_set sets[PART_COUNT],
                   struct policy_listener *listener, struct policy_decision *ret_decision);
/* The same of one document, for trust policies and for hand-offs between services. */
enum policy_said policy_says(const struct policy *policy, const struct policy_request *request,
                             uint32_t *ret_statement);

/* The sentence AWS says: "User: ARN is not authorized to perform: s3:GetObject on resource: ARN
 * because no identity-based policy allows the s3:GetObject action". */
struct str policy_sentence(struct arena *arena, const struct policy_request *request,
                           const struct policy_decision *decision);

/* '*' and '?' of policies; nocase: ASCII letters alike. */
bool policy_like(struct str pattern, struct str text, bool nocase);
/* The same between ARNs: each of the first five parts by itself, so that no '*' spans a ':'. */
bool policy_arn_like(struct str pattern, struct str text);

#endif
