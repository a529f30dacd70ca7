/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of user pools; keys.c and keys_user.c know their bytes. All of a pool's are kinds that begin
 * with its id, so that a deleted pool is swept kind by kind.
 */
#ifndef WEIR_SVC_COGNITO_KEYS_H
#define WEIR_SVC_COGNITO_KEYS_H

#include "svc/cognito/cognito_int.h"

/* ---- shapes ---- */

/* The shape of a member of an operation's output; of the items when it is a list. */
uint32_t shape_in(const char *operation, const char *member);
uint32_t shape_out(const char *operation); /* of the output itself */

/* ---- what is kept as the model has it ---- */

/* A kind of a pool's: "client", "group", "server", "device", … */
struct thing {
    const char *kind;        /* the row's */
    struct str pool;         /* id */
    struct str name;         /* within the pool */
};
void thing_save(struct call *c, const struct thing *thing, const struct value *about);
struct value *thing_load(struct call *c, const struct thing *thing, uint32_t shape); /* or NULL */
bool thing_erase(struct call *c, const struct thing *thing); /* false: it was not there */
bool thing_there(struct call *c, const struct thing *thing);
size_t things_count(struct call *c, const char *kind, struct str pool);

/* Things of a kind in the order of their names, behind one of them. */
struct things {
    const char *kind;        /* which */
    struct str pool;         /* whose */
    struct str after;        /* names behind this one; empty: from the first */
    uint32_t shape;          /* of what they say; 0: nothing is read */
    struct txn_scan *scan;   /* things_next()'s */
};
bool things_next(struct call *c, struct things *things, struct thing *ret_thing,
                 struct value **ret_about);
void things_close(struct things *things); /* before the end */

/* ---- pools ---- */

void pool_save(struct call *c, const struct pool *pool);
void pool_save_keys(struct call *c, const struct pool *pool,
                    const struct pool_key keys[POOL_KEYS]);
void pool_save_users(struct call *c, const struct pool *pool); /* how many */
bool pool_load(struct call *c, struct str id, struct pool *ret_pool);
/* Out of reach at once; its rows are swept by pools_sweep(): true when none is left. */
void pool_erase(struct call *c, const struct pool *pool);
bool pools_sweep(struct call *c);
/* Pools of the caller, by id, behind one. */
struct pools {
    struct str after;        /* ids behind this one; empty: from the first */
    struct txn_scan *scan;   /* pools_next()'s */
};
bool pools_next(struct call *c, struct pools *pools, struct str *ret_id);
void pools_close(struct pools *pools);

/* ---- small rows: a text under names ---- */

/* ("cognito-idp", kind, first, second): what leads from a name to something. */
struct small {
    const char *kind;        /* "client-id", "name", "member", … */
    struct str first, second; /* second may be empty */
};
void small_put(struct call *c, struct small small, struct str text);
bool small_get(struct call *c, struct small small, struct str *ret_text); /* in c->arena */
void small_erase(struct call *c, struct small small);
/* The names that come second, behind one. */
struct smalls {
    const char *kind;        /* which */
    struct str first;        /* of them */
    struct str after;        /* second parts behind this one; empty: from the first */
    struct txn_scan *scan;   /* smalls_next()'s */
};
bool smalls_next(struct call *c, struct smalls *smalls, struct str *ret_second,
                 struct str *ret_text);
void smalls_close(struct smalls *smalls);
/* Two names as one part; and what follows the first. */
struct str pair_of(struct call *c, struct str first, struct str second);
struct str pair_rest(struct str pair, struct str first);

/* ---- users ---- */

void user_put(struct call *c, const struct user *user);
bool user_load(struct call *c, struct str pool, struct str sub, struct user **ret_user);
void user_unput(struct call *c, const struct user *user);
bool user_unpack(struct call *c, struct str pool, struct str packed, struct user *ret_user);
/* All users of a pool by sub, behind one. */
struct users {
    struct str pool;         /* id */
    struct str after;        /* subs behind this one; empty: from the first */
    struct txn_scan *scan;   /* users_next()'s */
};
bool users_next(struct call *c, struct users *users, struct user *ret_user);
void users_close(struct users *users);

#endif
