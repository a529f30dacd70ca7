/* SPDX-License-Identifier: Apache-2.0
 *
 * Stack policies: kept and given back; nothing is refused by them.
 */
#include "svc/cloudformation/cloudformation_ops.h"
#include "wire/json.h"

status stack_policy_check(struct call *c, struct str policy)
{
    struct value document;
    struct why why;

    if (policy.at == NULL) {
        return OK;
    }
    if (policy.bytes > STACK_POLICY_BYTES_MAX ||
        json_read(arena_dup(c->arena, policy), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP || doc_get(&document, "Statement") == NULL) {
        return fail(c, &CFN_VALIDATION, "Error validating stack policy: Invalid stack policy");
    }
    return OK;
}

/* SetStackPolicy */
status cfn_set_policy(struct call *c)
{
    static const struct source source = {"StackPolicyBody", "StackPolicyURL",
                                         STACK_POLICY_BYTES_MAX};
    struct str policy;
    struct stack stack;

    TRY(stack_of_text(c, arg_str(c, "StackName"), &stack));
    TRY(source_of_call(c, &source, &policy));
    if (policy.at == NULL) {
        return fail(c, &CFN_VALIDATION,
                    "Either Policy Body or Policy URL must be specified for SetStackPolicy");
    }
    TRY(stack_policy_check(c, policy));
    map_set_str(c->arena, stack.plan, "policy", policy);
    stack_save(c, &stack);
    deploy_forget(c, &stack);
    return OK;
}

/* GetStackPolicy */
status cfn_get_policy(struct call *c)
{
    struct stack stack;

    TRY(stack_of_text(c, arg_str(c, "StackName"), &stack));
    if (map_str(stack.plan, "policy").bytes > 0) {
        put_str(c, "StackPolicyBody", map_str(stack.plan, "policy"));
    }
    return OK;
}
