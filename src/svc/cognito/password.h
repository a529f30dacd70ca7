/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords: what a pool's policy says of them, and what is kept instead of them: a salted scrypt
 * hash, and SRP's verifier. Both are made and compared outside the cell.
 */
#ifndef WEIR_SVC_COGNITO_PASSWORD_H
#define WEIR_SVC_COGNITO_PASSWORD_H

#include "svc/cognito/later.h"
#include "svc/cognito/user.h"

/* InvalidPasswordException. */
status password_check_policy(struct call *c, const struct pool *pool, struct str password);
/* One that fits the policy, for an administrator's new user. */
struct str password_random(struct call *c, const struct pool *pool);

/* What is to be done with passwords outside; in c->keep, strings too. */
struct password_work {
    struct str given;            /* is it the user's? empty: not asked */
    struct str fresh;            /* is to be the user's; empty: none */
    struct str identity;         /* the pool's name and the username, as SRP has them */
    struct password now;         /* the user's */
    uint8_t past[PASSWORDS_PAST_MAX][SALT_BYTES + HASH_BYTES]; /* may not come again */
    size_t past_count;           /* of them */
    bool good;                   /* then: given is the user's */
    bool reused;                 /* then: fresh is one of the past */
    struct password made;        /* then: of fresh */
    uint8_t verifier[384];       /* made.verifier's bytes */
    struct later then;           /* what goes on */
};
/* With the user's present password and past; given or fresh are copied. */
struct password_work *password_work(struct call *c, const struct pool *pool,
                                    const struct user *user);
void password_begin(struct call *c, struct password_work *work, struct later then);
/* fresh becomes the user's: PasswordHistoryPolicyViolationException. The user is not saved. */
status password_set(struct call *c, const struct pool *pool, struct user *user,
                    const struct password_work *work);

/* Wrong passwords in a row: NotAuthorizedException while none is taken. */
status password_locked(struct call *c, const struct user *user);
void password_wrong(struct call *c, struct user *user); /* counted; saved */
struct str pool_name_of(const struct pool *pool);       /* of its id, what is behind '_' */

#endif
