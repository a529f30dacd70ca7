/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client asks for at the authorization endpoint, and the codes that come of it. The whole
 * request travels along as the query of every page until somebody has signed in, and is checked
 * anew by each.
 */
#ifndef WEIR_SVC_COGNITO_GRANT_H
#define WEIR_SVC_COGNITO_GRANT_H

#include "svc/cognito/web.h"

#define CODE_MS (5 * MS_PER_MINUTE)
#define CHALLENGE_CHARS_MIN 43
#define CHALLENGE_CHARS_MAX 128

struct grant_request {
    struct client client;      /* who asks */
    struct str redirect_uri;   /* one of its CallbackURLs */
    bool implicit;             /* response_type=token; else code */
    struct str scopes;         /* allowed ones, with spaces between */
    struct str state, nonce;   /* as they came; may be empty */
    struct str challenge;      /* of PKCE, S256; empty: none */
    struct str prompt;         /* "login", "none"; may be empty */
};

/* Whoever asks wrongly is told so: by the error page when nobody knows who it is or where to go,
 * else where it wants to go. False: it was answered. */
bool grant_read(struct call *c, const struct web *web, struct grant_request *ret_request);
/* Back to the client with an error. */
void grant_refuse(struct call *c, const struct grant_request *request, const char *error,
                  struct str description);
/* The request's parameters as a query, to travel along. */
struct str grant_query(struct call *c, const struct web *web);
/* The error page. */
void web_fail(struct call *c, const struct web *web, const char *error, struct str client_id);

/* Somebody has signed in: on to the client, with a code or with tokens. */
status grant_give(struct call *c, const struct web *web, const struct grant_request *request,
                  const struct user *user, int64_t signed_in_ms);

/* A code, once. */
struct grant_code {
    struct str client;         /* id: whose */
    struct str redirect_uri;   /* has to be said again */
    struct str sub;            /* who signed in */
    struct str scopes, nonce, challenge; /* of the request */
    int64_t signed_in_ms;      /* when */
    int64_t signed_out_ms;     /* the user's then; once that differs the code is void */
};
struct str grant_code_make(struct call *c, const struct pool *pool, const struct grant_code *code);
/* Takes it: the next one who comes finds nothing. False: there is none. */
bool grant_code_take(struct call *c, const struct pool *pool, struct str text,
                     struct grant_code *ret_code);

#endif
