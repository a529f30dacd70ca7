/* SPDX-License-Identifier: Apache-2.0
 *
 * As whom stacks work: a session of their role, or who asked last, whom the plan remembers by the
 * access key. So policies that were changed meanwhile count, and a key that is gone may nothing.
 */
#include "cell/cell.h"
#include "svc/cloudformation/rows.h"

void caller_remember(struct call *c, struct stack *stack, const struct stack *parent)
{
    static const char *const members[] = {"access_key", "principal", "principal_id"};

    if (parent != NULL) {
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
            map_set_str(c->arena, stack->plan, members[i], map_str(parent->plan, members[i]));
        }
        return;
    }
    map_set_str(c->arena, stack->plan, "access_key", c->access_key);
    map_set_str(c->arena, stack->plan, "principal", c->principal);
    map_set_str(c->arena, stack->plan, "principal_id",
                c->identity == NULL ? c->account : c->identity->user_id);
}

static struct str bad_role(struct call *c, struct str role)
{
    return arena_printf(c->arena, "Role %.*s is invalid or cannot be assumed",
                        STR_ARG(str_slice(role, 0, 512)));
}

const struct identity *stack_caller(struct call *c, const struct stack *stack,
                                    struct inner_caller *ret_caller, struct str *ret_refused)
{
    struct str role = get_str(stack->about, "RoleARN");
    struct str key = map_str(stack->plan, "access_key");
    struct inner inner = {.caller = {stack->account, stack->region,
                                     map_str(stack->plan, "principal"), NULL}};
    const struct identity *identity = NULL;

    *ret_refused = STR_NONE;
    if (role.bytes > 0) {
        if (inner_as_role(c, &inner, role, CFN_PRINCIPAL) != OK) {
            *ret_refused = bad_role(c, role);
            c->why.text[0] = '\0';
        }
        *ret_caller = inner.caller;
        return NULL;
    }
    identity = key.bytes == 0 ? NULL : identity_find(cell_identities(c->cell), key);
    inner.caller.identity = identity;
    if (identity == NULL && cell_auth(c->cell)) {
        *ret_refused = STR("The security token included in the request is invalid");
    }
    *ret_caller = inner.caller;
    return identity;
}

status role_check(struct call *c, struct str role)
{
    struct inner inner = {.caller = {c->account, c->region, c->principal, NULL}};

    if (role.bytes == 0) {
        return OK;
    }
    if (inner_as_role(c, &inner, role, CFN_PRINCIPAL) != OK) {
        return fail(c, &CFN_VALIDATION, "%.*s", STR_ARG(bad_role(c, role)));
    }
    return OK;
}
