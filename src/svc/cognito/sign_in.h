/* SPDX-License-Identifier: Apache-2.0
 *
 * Sign-ins and refresh tokens, as rows that end by themselves. See token.h.
 */
#ifndef WEIR_SVC_COGNITO_SIGN_IN_H
#define WEIR_SVC_COGNITO_SIGN_IN_H

#include "svc/cognito/cognito_int.h"

#define REFRESH_BYTES 48     /* of chance in a refresh token */

struct sign_in {
    struct str pool;         /* id */
    struct str id;           /* event_id */
    struct str sub;          /* whose */
    struct str client;       /* id */
    struct str origin_jti;   /* claim of all its tokens; of the refresh token */
    struct str scopes;       /* OAuth's; empty: of the API */
    bool oauth;              /* began at the authorization endpoint */
    bool revoked;            /* RevokeToken: nothing of it is good any more */
    int64_t at_ms;           /* auth_time */
    int64_t signed_out_ms;   /* the user's, when it began: once that differs it is over */
    int64_t refresh_until_ms; /* end of its refresh tokens; 0: it has none */
};
void sign_in_save(struct call *c, const struct sign_in *sign_in);
bool sign_in_load(struct call *c, struct str pool, struct str id, struct sign_in *ret_sign_in);

struct refresh {
    struct str sign_in;      /* id */
    int64_t until_ms;        /* its end */
    int64_t retired_ms;      /* good until then, another took its place; 0: the newest */
};
/* In c->arena. */
struct str refresh_make(struct call *c);
void refresh_save(struct call *c, struct str pool, struct str token,
                  const struct refresh *refresh);
/* False: there is none, or it ended long ago. */
bool refresh_load(struct call *c, struct str pool, struct str token, struct refresh *ret_refresh);

#endif
