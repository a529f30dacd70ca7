/* SPDX-License-Identifier: Apache-2.0
 *
 * A minting under way, from the wish to the signatures. In c->keep; see token.h.
 */
#ifndef WEIR_SVC_COGNITO_MINT_H
#define WEIR_SVC_COGNITO_MINT_H

#include "svc/cognito/claims.h"
#include "svc/cognito/token.h"
#include "svc/cognito/trigger.h"

struct mint {
    struct token_wish wish;      /* its texts are in c->keep */
    struct later then;           /* what runs when tokens is filled */
    struct tokens tokens;        /* the caller's */
    struct sign_in sign_in;      /* that it begins, or goes on with */
    struct str refreshed;        /* the refresh token that was brought; empty: a fresh sign-in */
    bool refresh_made;           /* tokens.refresh is new, its row is to be staged */
    int64_t retired_ms;          /* until when refreshed is good, once another takes its place */
    struct trigger trigger;      /* PreTokenGeneration */
    /* for the worker */
    struct arena *arena;         /* its own; freed when it is done */
    struct pool_key id_key, access_key;
    struct str id_claims, access_claims; /* objects; id_claims empty: no ID token */
    bool at_hash;                /* the ID token has one, of the access token */
    struct str id, access;       /* made, in arena; access empty: it failed */
};

/* What the mint reads anew in each of its steps. */
struct mint_now {
    struct pool pool;            /* whose tokens */
    struct client client;        /* of it */
    struct user *user;           /* NULL: the client's own */
};
/* ResourceNotFoundException, UserNotFoundException, NotAuthorizedException: "User is disabled." */
status mint_load(struct call *c, const struct mint *mint, struct mint_now *ret_now);
/* Can that refresh token be used? What it leads to; see tokens_refresh(). */
status refresh_check(struct call *c, const struct client *client, struct str token,
                     struct sign_in *ret_sign_in, struct refresh *ret_refresh);

/* ---- pre_token.c ---- */

/* Is the trigger to be asked about this? */
bool pre_token_set(const struct pool *pool, const struct mint *mint);
/* Fills mint->trigger with all it is told. */
void pre_token_ask(struct call *c, const struct mint_now *now, struct mint *mint);
/* What it changes, before claims are written and after: InvalidLambdaResponseException. */
status pre_token_groups(struct call *c, const struct mint *mint, struct group_claims *groups);
status pre_token_scopes(struct call *c, const struct mint *mint, struct scope_list *scopes);
status pre_token_claims(struct call *c, const struct mint *mint, bool id, struct claims *claims);

#endif
