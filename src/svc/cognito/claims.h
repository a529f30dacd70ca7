/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims of tokens: a list of names and JSON texts, in AWS's order, which PreTokenGeneration may
 * change before it becomes an object.
 */
#ifndef WEIR_SVC_COGNITO_CLAIMS_H
#define WEIR_SVC_COGNITO_CLAIMS_H

#include "svc/cognito/sign_in.h"

#define CLAIMS_MAX 256       /* what is more is left out */
#define CLAIMS_BYTES_MAX 16000 /* of a token's, so that it stays within JWT_BYTES_MAX */
#define TOKEN_SCOPES_MAX 128

struct claim {
    struct str name;         /* "sub" */
    struct str json;         /* "\"text\"", "true" */
};

struct claims {
    struct arena *arena;     /* of texts */
    struct claim list[CLAIMS_MAX]; /* in order */
    size_t count;            /* of them */
};

/* Sets, or sets anew in its place. */
void claim_json(struct claims *claims, struct str name, struct str json);
void claim_text(struct claims *claims, const char *name, struct str text);
void claim_number(struct claims *claims, const char *name, int64_t number);
void claim_drop(struct claims *claims, struct str name);
/* The object's text; STR_NONE: it is too large. */
struct str claims_write(const struct claims *claims);

/* Groups of a user, as tokens say them. */
struct group_claims {
    struct str groups[GROUPS_OF_USER_MAX]; /* names, by precedence */
    size_t group_count;      /* of them */
    struct str roles[GROUPS_OF_USER_MAX];  /* ARNs, each once */
    size_t role_count;       /* of them */
    struct str preferred;    /* the role of the first; empty: none, or more than one */
};
void group_claims_of(struct call *c, const struct user *user, struct group_claims *ret_groups);

/* Scopes, each once. */
struct scope_list {
    struct str at[TOKEN_SCOPES_MAX]; /* in order */
    size_t count;            /* of them */
};
void scopes_read(struct str scopes, struct scope_list *ret_list); /* with spaces between */
void scopes_add(struct scope_list *list, struct str scope);
void scopes_remove(struct scope_list *list, struct str scope);
struct str scopes_write(const struct scope_list *list, struct arena *arena);

/* Which of a user's attributes an OAuth grant of these scopes shows; empty scopes: all. */
bool scopes_show(struct str scopes, struct str attribute);

/* What a token is made of. */
struct claims_of {
    const struct client *client;    /* whom it is made for */
    const struct user *user;        /* NULL: the client's own */
    const struct sign_in *sign_in;  /* NULL: the client's own */
    const struct group_claims *groups; /* of the user */
    struct str issuer;              /* iss */
    struct str jti;                 /* its own */
    struct str nonce;               /* ID tokens; empty: none */
    struct str scopes;              /* of the access token */
    int64_t now_ms, until_ms;       /* iat, exp */
};
void claims_id(const struct claims_of *of, struct claims *claims);
void claims_access(const struct claims_of *of, struct claims *claims);
/* cognito:groups and its like, anew. */
void claims_groups(struct claims *claims, const struct group_claims *groups, bool roles);

#endif
