/* SPDX-License-Identifier: Apache-2.0
 *
 * What signing up shares with what administrators do in its place.
 */
#ifndef WEIR_SVC_COGNITO_SIGNUP_H
#define WEIR_SVC_COGNITO_SIGNUP_H

#include "svc/cognito/client.h"
#include "svc/cognito/code.h"

/* Who calls unsigned. */
struct visitor {
    struct client client;     /* ClientId; its SECRET_HASH was right */
    struct pool pool;         /* the client's */
    struct user *user;        /* Username; NULL: there is none, and the client hides it */
};
/* ClientId, Username, SecretHash; without the user. ResourceNotFoundException,
 * NotAuthorizedException. */
status visitor_of_call(struct call *c, struct visitor *ret_visitor);
/* Where a code to confirm goes; an empty address: nowhere. */
struct delivery delivery_of_sign_up(const struct pool *pool, const struct user *user);
/* Where a code for a new password goes: NotAuthorizedException, InvalidParameterException. */
status recovery_of(struct call *c, const struct pool *pool, const struct user *user,
                   struct delivery *ret_to);
struct str pre_sign_up_request(struct call *c); /* validationData, clientMetadata; in c->keep */

#endif
