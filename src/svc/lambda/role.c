/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys for functions. A session of the function's role is named as its function, as on AWS:
 * arn:aws:sts::111122223333:assumed-role/ROLE/FUNCTION.
 */
#include "svc/lambda/role.h"

#include "cell/authorize.h"
#include "cell/directory.h"

void role_keys_of(struct call *c, struct str role_arn, struct str function,
                  struct role_keys *ret_keys)
{
    struct identity wish = {.kind = IDENTITY_ROLE};
    struct role_keys keys = {c->account, STR("weir"), STR("weir"), 0};
    struct identity session;
    struct role_facts role;

    if (cell_auth(c->cell) && directory_role(c->cell, role_arn, c->arena, &role)) {
        directory_name_session(&role, function, c->arena, &wish);
        wish.expires_ms = c->now + ROLE_SESSION_MS;
        if (identity_session(c, &wish, &session) == OK) {
            keys = (struct role_keys){session.access_key, session.secret, session.token,
                                      session.expires_ms};
        }
    }
    *ret_keys = keys;
}
