/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations that make, change and remove stacks.
 */
#include "svc/cloudformation/cloudformation_ops.h"
#include "svc/cloudformation/macro.h"

static struct stack_order order_of_call(struct call *c)
{
    return (struct stack_order){.token = arg_str(c, "ClientRequestToken"), .on_failure = STR_NONE};
}

/* The same request again. */
static bool is_repeated(struct call *c, const struct stack *stack, const char *kind)
{
    struct str token = arg_str(c, "ClientRequestToken");

    return token.bytes > 0 && str_eq(map_str(stack->plan, "token"), token) &&
           str_eq(map_str(stack->plan, "kind"), str_c(kind));
}

static void tell_operation(struct call *c, const struct stack *stack)
{
    put_str(c, "StackId", stack_id(stack));
    put_str(c, "OperationId", map_str(stack->plan, "id"));
}

/* ---- CreateStack ---- */

static status failure_of_call(struct call *c, struct stack_order *order)
{
    if (arg_has(c, "OnFailure") && arg_has(c, "DisableRollback")) {
        return fail(c, &CFN_VALIDATION,
                    "You cannot specify both DisableRollback and OnFailure parameters");
    }
    order->on_failure = arg_str(c, "OnFailure");
    return OK;
}

static status create_stack(struct call *c)
{
    struct stack_order order = order_of_call(c);
    struct stack_wish wish;
    struct stack there;
    struct stack stack;

    if (stack_lookup(c, arg_str(c, "StackName"), &there)) {
        if (is_repeated(c, &there, KIND_CREATE)) {
            put_str(c, "StackId", stack_id(&there));
            return OK;
        }
        if (!str_eq(stack_status(&there), STR("REVIEW_IN_PROGRESS"))) {
            return fail(c, &CFN_EXISTS, "Stack [%.*s] already exists",
                        STR_ARG(stack_name(&there)));
        }
    }
    TRY(failure_of_call(c, &order));
    TRY(wish_of_call(c, NULL, &wish));
    TRY(stack_create(c, &wish, &order, NULL, &stack));
    put_str(c, "StackId", stack_id(&stack));
    return OK;
}

/* CreateStack */
status cfn_create_stack(struct call *c)
{
    status result;

    macro_begin(c, cfn_create_stack);
    result = create_stack(c);
    return result == &MACRO_WAITS ? OK : result;
}

/* ---- UpdateStack ---- */

static status stack_to_update(struct call *c, struct stack *ret_stack)
{
    struct str name = arg_str(c, "StackName");

    if (!stack_lookup(c, name, ret_stack) || stack_is_deleted(ret_stack)) {
        return fail(c, &CFN_VALIDATION, "Stack [%.*s] does not exist",
                    STR_ARG(str_slice(name, 0, 512)));
    }
    return OK;
}

static status update_stack(struct call *c)
{
    struct stack_order order = order_of_call(c);
    struct stack_wish wish;
    struct stack stack;

    TRY(stack_to_update(c, &stack));
    if (is_repeated(c, &stack, KIND_UPDATE)) {
        put_str(c, "StackId", stack_id(&stack));
        return OK;
    }
    TRY(stack_update_check(c, &stack));
    TRY(wish_of_call(c, &stack, &wish));
    if (!arg_has(c, "DisableRollback")) {
        set_bool(wish.about, "DisableRollback", false);
    }
    if (wish_is_idle(c, &stack, &wish)) {
        return fail(c, &CFN_VALIDATION, "No updates are to be performed.");
    }
    TRY(stack_update(c, &stack, &wish, &order));
    tell_operation(c, &stack);
    return OK;
}

/* UpdateStack */
status cfn_update_stack(struct call *c)
{
    status result;

    macro_begin(c, cfn_update_stack);
    result = update_stack(c);
    return result == &MACRO_WAITS ? OK : result;
}

/* ---- DeleteStack ---- */

/* DeleteStack: fine when there is none of that name. */
status cfn_delete_stack(struct call *c)
{
    struct stack_order order = order_of_call(c);
    struct stack stack;

    if (!stack_lookup(c, arg_str(c, "StackName"), &stack)) {
        return OK;
    }
    order.retain = arg(c, "RetainResources");
    order.force = str_eq(arg_str(c, "DeletionMode"), STR("FORCE_DELETE_STACK"));
    if (arg_has(c, "RoleARN")) {
        TRY(role_check(c, arg_str(c, "RoleARN")));
        set_str(stack.about, "RoleARN", arg_str(c, "RoleARN"));
    }
    return stack_delete(c, &stack, &order);
}

/* ---- back ---- */

/* CancelUpdateStack */
status cfn_cancel_update(struct call *c)
{
    struct stack_order order = order_of_call(c);
    struct stack stack;

    TRY(stack_to_update(c, &stack));
    return stack_cancel(c, &stack, &order);
}

static status take_role(struct call *c, struct stack *stack)
{
    if (arg_has(c, "RoleARN")) {
        TRY(role_check(c, arg_str(c, "RoleARN")));
        set_str(stack->about, "RoleARN", arg_str(c, "RoleARN"));
    }
    return OK;
}

/* ContinueUpdateRollback */
status cfn_continue_rollback(struct call *c)
{
    struct stack_order order = order_of_call(c);
    struct stack stack;

    TRY(stack_to_update(c, &stack));
    TRY(take_role(c, &stack));
    return stack_continue(c, &stack, arg(c, "ResourcesToSkip"), &order);
}

/* RollbackStack */
status cfn_rollback_stack(struct call *c)
{
    struct stack_order order = order_of_call(c);
    struct stack stack;

    TRY(stack_to_update(c, &stack));
    TRY(take_role(c, &stack));
    if (arg_has(c, "RetainExceptOnCreate")) {
        set_bool(stack.about, "RetainExceptOnCreate", arg_bool(c, "RetainExceptOnCreate", false));
    }
    TRY(stack_rollback(c, &stack, &order));
    tell_operation(c, &stack);
    return OK;
}

/* ---- settings ---- */

/* UpdateTerminationProtection */
status cfn_update_protection(struct call *c)
{
    struct stack stack;

    TRY(stack_to_update(c, &stack));
    if (has(stack.about, "ParentId")) {
        return fail(c, &CFN_VALIDATION,
                    "Termination protection can not be updated on a nested stack. Update it on "
                    "the root stack %.*s", STR_ARG(get_str(stack.about, "RootId")));
    }
    set_bool(stack.about, "EnableTerminationProtection",
             arg_bool(c, "EnableTerminationProtection", false));
    stack_save(c, &stack);
    deploy_forget(c, &stack);
    put_str(c, "StackId", stack_id(&stack));
    return OK;
}

/* SignalResource */
status cfn_signal_resource(struct call *c)
{
    struct str logical_id = arg_str(c, "LogicalResourceId");
    struct stack_resource *rows;
    struct stack_resource *own;
    struct stack stack;
    struct value *signals;
    size_t count;

    TRY(stack_to_update(c, &stack));
    count = stack_resources(c, &stack, &rows);
    own = resource_find(rows, count, logical_id);
    if (own == NULL) {
        return fail(c, &CFN_VALIDATION, "Resource %.*s does not exist for stack %.*s",
                    STR_ARG(str_slice(logical_id, 0, 256)), STR_ARG(stack_name(&stack)));
    }
    if (own->doing != DOING_MAKE && own->doing != DOING_CHANGE) {
        return fail(c, &CFN_VALIDATION,
                    "Resource %.*s is in %.*s state and cannot be signaled",
                    STR_ARG(logical_id), STR_ARG(own->status));
    }
    signals = doc_map_of(c->arena, own->more, STR("signals"));
    map_set_str(c->arena, signals, arena_dup(c->arena, arg_str(c, "UniqueId")).at,
                arg_str(c, "Status"));
    resource_save(c, &stack, own);
    call_on(c, stack_id(&stack));
    deploy_forget(c, &stack);
    return OK;
}
