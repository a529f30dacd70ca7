/* SPDX-License-Identifier: Apache-2.0
 *
 * What files of users offer one another.
 */
#ifndef WEIR_SVC_COGNITO_USER_H
#define WEIR_SVC_COGNITO_USER_H

#include "svc/cognito/keys.h"
#include "svc/cognito/pool.h"
#include "svc/cognito/text.h"

/* ---- user.c: names and life ---- */

/* UserPoolId and Username: ResourceNotFoundException, UserNotFoundException. */
status user_of_admin(struct call *c, struct pool *ret_pool, struct user **ret_user);
struct user *user_new(struct call *c, const struct pool *pool); /* a sub, now */
/* Username of the call as a new user's, and what it says of attributes: InvalidParameterException,
 * UsernameExistsException. */
status user_name_check(struct call *c, const struct pool *pool, struct user *user,
                       struct str username);
/* Rows of the names by which a new user may sign in; the user's own row is not staged. The errors
 * of user_realias(). */
status user_enter(struct call *c, struct pool *pool, const struct user *user, bool force);
void user_remove(struct call *c, struct pool *pool, const struct user *user); /* with all it has */
/* Its aliases as its attributes have them now, before being what they were: AliasExistsException
 * unless forced. */
status user_realias(struct call *c, const struct pool *pool, const struct user *before,
                    const struct user *user, bool force);
void user_put_type(struct call *c, struct value *structure, const struct user *user,
                   const char *attributes); /* UserType, and what begins so */
void user_set(struct user *user, struct str name, struct str value);
bool user_unset(struct user *user, struct str name); /* false: it had none */

/* ---- attribute.c ---- */

/* A list of AttributeType as it may be set: known, of its type and bounds, mutable unless the user
 * is new, writable for the client (NULL: an administrator). InvalidParameterException,
 * NotAuthorizedException. */
struct attribute_rules {
    const struct pool *pool;     /* whose schema */
    const struct client *client; /* who writes; NULL: an administrator */
    bool fresh;                  /* a new user's: what cannot be changed may be set */
};
status attributes_check(struct call *c, const struct attribute_rules *rules,
                        const struct value *list);
void attributes_set(struct user *user, const struct value *list);
/* All that the schema requires is there: InvalidParameterException. */
status attributes_required(struct call *c, const struct pool *pool, const struct user *user);

/* ---- group.c ---- */

void groups_leave(struct call *c, const struct user *user); /* all of them */

#endif
