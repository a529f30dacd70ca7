/* SPDX-License-Identifier: Apache-2.0
 *
 * Passes questions on to who registered for them; names and begins sessions of roles.
 */
#include "cell/directory.h"

#include "cell/cell_int.h"

#include <assert.h>

void directory_set(struct cell *cell, const struct directory *directory)
{
    assert(cell->directory == NULL);
    cell->directory = directory;
}

bool directory_role(struct cell *cell, struct str arn, struct arena *arena,
                    struct role_facts *ret_role)
{
    return cell->directory != NULL && cell->directory->role(cell, arn, arena, ret_role);
}

void directory_role_used(struct call *c, struct str arn)
{
    if (c->cell->directory != NULL) {
        c->cell->directory->role_used(c, arn);
    }
}

bool directory_policy(struct cell *cell, struct str account, struct str arn, struct str *ret_text)
{
    return cell->directory != NULL && cell->directory->policy(cell, account, arn, ret_text);
}

bool directory_provider(struct call *c, struct str account, struct str issuer,
                        struct str audience, struct provider_facts *ret_provider)
{
    return c->cell->directory != NULL &&
           c->cell->directory->provider(c, account, issuer, audience, ret_provider);
}

bool directory_mfa(struct call *c, struct str user_arn, struct str serial, struct str code)
{
    return c->cell->directory != NULL && c->cell->directory->mfa(c, user_arn, serial, code);
}

void directory_used(struct call *c)
{
    if (c->cell->directory != NULL && c->identity != NULL) {
        c->cell->directory->used(c);
    }
}

/* ---- sessions of roles ---- */

void directory_name_session(const struct role_facts *role, struct str session,
                            struct arena *arena, struct identity *wish)
{
    wish->kind = IDENTITY_ROLE;
    wish->active = true;
    wish->account = role->account;
    wish->source = role->arn;
    wish->principal = arena_printf(arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s",
                                   STR_ARG(role->account), STR_ARG(role->name), STR_ARG(session));
    wish->user_id = arena_printf(arena, "%.*s:%.*s", STR_ARG(role->id), STR_ARG(session));
}
