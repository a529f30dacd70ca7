/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose access key is this? The access keys of a cell: the root's, users', and temporary ones of
 * role sessions and federated users. They live in the store as ("iam", "access-key", ID), are read
 * when the cell opens, and are looked up outside its lock, for checking signatures.
 *
 * A key that a handler puts or deletes changes in memory at once and in the store with the call's
 * entry: nobody can know a fresh key before the entry is durable, and one that is deleted refuses
 * even before. So a handler that changed a key must not fail afterwards, as with everything staged.
 *
 * Temporary keys are removed by the cell's tick, IDENTITY_KEEP_MS after they expired: until then
 * their callers hear that they expired, later that there is no such key.
 *
 * Record, version 2: see identity_record.c. Version 1 (u8 1, str secret, account, principal) is
 * read as a permanent key, of the root or of a user as the principal's ARN says.
 */
#ifndef WEIR_CELL_IDENTITY_H
#define WEIR_CELL_IDENTITY_H

#include "base/arena.h"
#include "cell/call.h"

#define IDENTITIES_MAX 100000
#define IDENTITY_KEEP_MS (INT64_C(24) * 3600 * 1000)
#define IDENTITY_POLICIES_MAX 11              /* of a session: one inline, ten managed */
#define IDENTITY_POLICIES_BYTES_MAX (128u * 1024) /* together */
#define IDENTITY_TAGS_MAX 50                  /* of a session */

enum identity_kind {
    IDENTITY_ROOT,      /* the account itself */
    IDENTITY_USER,
    IDENTITY_ROLE,      /* a session of an assumed role */
    IDENTITY_FEDERATED, /* of GetFederationToken: has its user's policies, cut by its own */
};

struct identity_tag {
    struct str key, value; /* a session's, for aws:PrincipalTag/key */
    bool transitive;       /* goes on to roles that it assumes */
};

/* Empty strings: has none. */
struct identity {
    struct str access_key;        /* AKIA… permanent, ASIA… temporary */
    struct str secret;
    struct str token;             /* of the session; empty: a permanent key */
    int64_t made_ms;              /* when */
    int64_t expires_ms;           /* 0: never */
    enum identity_kind kind;
    bool active;                  /* false: its user made it Inactive */
    bool mfa;                     /* the session was opened with a second factor */
    struct str account;           /* 12 digits */
    struct str principal;         /* ARN of the caller: arn:aws:iam::…:user/path/name,
                                   * arn:aws:sts::…:assumed-role/role/session */
    struct str source;            /* ARN of what policies are attached to: the user, the role (with
                                   * its path), the root; of a federated user: who made it */
    struct str user_id;           /* aws:userid: AIDA…, AROA…:session, 000000000000 (root),
                                   * 000000000000:name (federated) */
    struct str source_identity;   /* of the session */
    const struct str *policies;   /* texts that limit the session, IDENTITY_POLICIES_MAX */
    size_t policy_count;          /* of them; 0: nothing limits it */
    const struct identity_tag *tags; /* IDENTITY_TAGS_MAX */
    size_t tag_count;             /* of them */
};

struct identities;

/* The cell's. Calls have theirs as c->identity (NULL: unsigned, or weir's own doing). */
struct identities *cell_identities(struct cell *cell);
size_t identities_count(struct identities *identities);

/* From any thread; NULL: there is no such key. Lives until dropped, whatever happens to the key. */
const struct identity *identity_find(struct identities *identities, struct str access_key);
void identity_drop(const struct identity *identity); /* takes NULL */
static inline bool identity_alive(const struct identity *identity, int64_t now_ms)
{
    return identity->active && (identity->expires_ms == 0 || identity->expires_ms > now_ms);
}

/* In a handler. Everything of identity is copied. ERR_LIMIT: IDENTITIES_MAX are there, or more
 * policies or tags than a session may have; then nothing is staged. One that is there is
 * replaced. */
status identity_put(struct call *c, const struct identity *identity);
/* Fine when there is none. */
void identity_delete(struct call *c, struct str access_key);

/* Fresh ones, in the arena: AKIA… or ASIA…, 40 letters of secret, and a session token. */
struct str identity_fresh_key(struct arena *arena, bool temporary);
struct str identity_fresh_secret(struct arena *arena);
struct str identity_fresh_token(struct arena *arena);

/* Makes and puts temporary credentials: of wish everything but access_key, secret, token and
 * made_ms is to be set. *ret_identity lies in the call's arena. ERR_LIMIT as above. */
status identity_session(struct call *c, const struct identity *wish,
                        struct identity *ret_identity);

/* The account's root key, made and stored (durably) when there is no root key at all; its strings
 * lie in arena. *ret_made says whether it was made now, which is the only time its secret is
 * shown. Not in the cell. */
status identity_root(struct identities *identities, struct arena *arena, struct why *why,
                     struct identity *ret_identity, bool *ret_made);

/* For the cell. */
status identities_open(struct cell *cell, struct why *why, struct identities **ret_identities);
void identities_close(struct identities *identities);
status identities_tick(struct call *c); /* sweeps what expired */

#endif
