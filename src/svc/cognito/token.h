/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens of user pools: ID and access tokens (RS256, AWS's claims) and opaque refresh tokens.
 *
 * A *sign-in* is what all tokens of one authentication have in common; its id is their claim
 * event_id. It is a row (keys_token.c) that says whose it is, and whether it was revoked. A refresh
 * token is a row under its SHA-256, and leads to the sign-in. So a token is good as long as its
 * sign-in is there, is not revoked, and the user has not signed out everywhere since: user.c's
 * signed_out_ms is also written in the sign-in, and has to be the same still.
 *
 * Signing (about a millisecond a token) happens on a worker thread. tokens_mint() reads everything
 * and asks PreTokenGeneration first, gives the worker claims and keys, and stages the rows when the
 * signatures are there: the rows and what the caller does then are one entry, and nothing holds up
 * the cell meanwhile.
 */
#ifndef WEIR_SVC_COGNITO_TOKEN_H
#define WEIR_SVC_COGNITO_TOKEN_H

#include "svc/cognito/cognito_int.h"
#include "svc/cognito/later.h"

#define SCOPE_API "aws.cognito.signin.user.admin"

/* ---- minting ---- */

struct token_wish {
    struct str pool, client;      /* ids */
    struct str sub;               /* whose; empty: the client's own (client_credentials) */
    const char *source;           /* PreTokenGeneration's: "TokenGeneration_Authentication" */
    const struct value *metadata; /* ClientMetadata, for PreTokenGeneration; NULL: none */
    struct str scopes;            /* OAuth's, with spaces between; empty: of the API, SCOPE_API */
    struct str nonce;             /* OIDC's; empty: none */
    struct str issuer;            /* empty: by the request's host, as token_issuer() */
    int64_t signed_in_ms;         /* auth_time; 0: now */
    bool no_refresh;              /* an implicit grant */
};

/* What was minted, in c->keep. */
struct tokens {
    struct str id, access, refresh; /* empty: not of this grant */
    int64_t expires_s;            /* seconds that access is good for: ExpiresIn */
    struct str scopes;            /* that access has */
};

/* Mints for whoever has just authenticated; then runs when they are there, its changes in the same
 * entry as theirs. Return what it returns: NotAuthorizedException (the user is disabled),
 * UserNotFoundException, what triggers end in. Everything in wish is copied. */
status tokens_mint(struct call *c, const struct token_wish *wish, struct later then,
                   struct tokens **ret_tokens);

struct refresh_wish {
    const struct client *client;  /* who asks; authenticated already */
    struct str token;             /* the refresh token */
    const struct value *metadata; /* ClientMetadata; NULL: none */
    struct str issuer;            /* as above */
};
/* The same for a refresh token; a new one only where the client rotates them.
 * NotAuthorizedException: "Invalid Refresh Token" and its like; RefreshTokenReuseException. */
status tokens_refresh(struct call *c, const struct refresh_wish *wish, struct later then,
                      struct tokens **ret_tokens);
/* AuthenticationResult of an operation's output. */
void tokens_answer(struct call *c, const struct tokens *tokens);

/* ---- checking ---- */

struct verified {
    struct pool pool;             /* whose token */
    struct client client;         /* that it was made for */
    struct user *user;            /* enabled, and not signed out since */
    struct str scopes;            /* with spaces between */
    struct str sign_in;           /* event_id */
};
/* An access token that a user's operation comes with; needed is a scope it must have.
 * NotAuthorizedException: "Invalid Access Token", "Access Token has expired", "Access Token has
 * been revoked", "Access Token does not have required scopes"; UserNotFoundException. */
status token_verify(struct call *c, struct str access_token, const char *needed,
                    struct verified *ret_verified);
bool scopes_have(struct str scopes, struct str scope); /* one of those between spaces? */

/* ---- ending ---- */

/* RevokeToken: the sign-in of a refresh token. Unknown ones are fine, as RFC 7009 has it.
 * UnsupportedTokenTypeException: it is a JWT; UnauthorizedException: of another client. */
status token_revoke(struct call *c, const struct client *client, struct str refresh_token);
/* GlobalSignOut: all of a user's; the user is saved. */
void tokens_sign_out(struct call *c, const struct pool *pool, struct user *user);
/* (Rows whose time is over are swept by passing.h's passing_sweep(), for the service's tick.) */

/* RevokeToken, GlobalSignOut, AdminUserGlobalSignOut, GetTokensFromRefreshToken. */
status cognito_revoke_token(struct call *c);
status cognito_global_sign_out(struct call *c);
status cognito_admin_user_global_sign_out(struct call *c);
status cognito_get_tokens_from_refresh_token(struct call *c);

/* May the client read that attribute of users? Its ReadAttributes; without them, everything. */
bool client_reads(const struct client *client, struct str attribute);

/* ---- issuer.c: who we are ---- */

/* What tokens' iss says, by the host that was asked: AWS's names give
 * "https://cognito-idp.REGION.amazonaws.com/POOL", weir's own address "http://HOST:PORT/POOL". */
struct str token_issuer(struct call *c, const struct pool *pool);
/* The pool's JWK set. */
struct str pool_jwks(struct call *c, const struct pool *pool);
/* In the service's open(): bus/keyset.h is told that pools are issuers. */
void issuers_open(struct cell *cell);

#endif
