/* SPDX-License-Identifier: Apache-2.0
 *
 * Stacks, their events and resources, told.
 */
#include "svc/cloudformation/cloudformation_ops.h"
#include "svc/cloudformation/drift.h"

#include <stdlib.h>

/* ---- pages ---- */

/* Where a page begins: what a token says; 0: at the first. */
status page_begin(struct call *c, uint64_t *ret_at)
{
    struct str text;

    *ret_at = 0;
    if (!arg_has(c, "NextToken")) {
        return OK;
    }
    if (!page_token_read(c->arena, arg_str(c, "NextToken"), &text) ||
        !str_to_u64(text, ret_at) || *ret_at > UINT32_MAX) {
        return fail(c, &CFN_VALIDATION, "Invalid NextToken");
    }
    return OK;
}

void page_end(struct call *c, uint64_t at)
{
    put_str(c, "NextToken", page_token(c->arena, arena_printf(c->arena, "%llu",
                                                              (unsigned long long)at)));
}

/* ---- stacks ---- */

static int newest_first(const void *a, const void *b)
{
    int64_t first_ms = get_time(((const struct stack *)a)->about, "CreationTime", 0);
    int64_t second_ms = get_time(((const struct stack *)b)->about, "CreationTime", 0);

    if (first_ms != second_ms) {
        return first_ms < second_ms ? 1 : -1;
    }
    return str_cmp(((const struct stack *)a)->key, ((const struct stack *)b)->key);
}

size_t stacks_all(struct call *c, bool deleted, struct stack **ret_stacks)
{
    struct txn_scan *scan = stacks_scan(c);
    struct stack *all = NULL;
    struct stack one;
    size_t count = 0;
    size_t room = 0;

    while (stacks_next(c, scan, &one)) {
        if (stack_is_deleted(&one) && !deleted) {
            continue;
        }
        if (count == room) {
            struct stack *more;

            room = room == 0 ? 64 : room * 2;
            more = arena_alloc(c->arena, room * sizeof(more[0]));
            if (count > 0) {
                memcpy(more, all, count * sizeof(more[0]));
            }
            all = more;
        }
        all[count++] = one;
    }
    if (count > 1) {
        qsort(all, count, sizeof(all[0]), newest_first);
    }
    *ret_stacks = all;
    return count;
}

static bool is_hidden(const struct stack *stack, struct str parameter)
{
    const struct value *hidden = doc_get(stack->plan, "no_echo");

    for (uint32_t i = 0; hidden != NULL && i < hidden->count; i++) {
        if (str_eq(hidden->items[i].str, parameter)) {
            return true;
        }
    }
    return false;
}

static void tell_stack(struct call *c, const struct stack *stack, struct value *list)
{
    struct value *told = list_add(c->arena, list);
    const struct value *parameters = get(stack->about, "Parameters");

    *told = *value_copy(c->arena, stack->about);
    if (parameters == NULL) {
        return;
    }
    parameters = set_list(c->arena, told, "Parameters", parameters->count);
    for (uint32_t i = 0; i < get(stack->about, "Parameters")->count; i++) {
        const struct value *one = &get(stack->about, "Parameters")->items[i];
        struct value *shown = list_add(c->arena, (struct value *)(uintptr_t)parameters);

        *shown = *value_copy(c->arena, one);
        if (is_hidden(stack, get_str(one, "ParameterKey"))) {
            set_str(shown, "ParameterValue", STR("****"));
        }
    }
}

status stack_tell(struct call *c, const struct stack *stack)
{
    tell_stack(c, stack, put_list(c, "Stacks", 1));
    return OK;
}

/* DescribeStacks */
status cfn_describe_stacks(struct call *c)
{
    struct stack *stacks;
    struct value *list;
    uint64_t from;
    size_t count;

    if (arg_has(c, "StackName") && arg_str(c, "StackName").bytes > 0) {
        struct stack one;

        TRY(stack_of_text(c, arg_str(c, "StackName"), &one));
        return stack_await(c, &one) ? OK : stack_tell(c, &one);
    }
    TRY(page_begin(c, &from));
    count = stacks_all(c, false, &stacks);
    list = put_list(c, "Stacks", LIST_PAGE);
    for (size_t i = from; i < count && i < from + LIST_PAGE; i++) {
        tell_stack(c, &stacks[i], list);
    }
    if (count > from + LIST_PAGE) {
        page_end(c, from + LIST_PAGE);
    }
    return OK;
}

static bool is_asked_for(const struct call *c, const struct stack *stack)
{
    const struct value *filter = arg(c, "StackStatusFilter");

    for (uint32_t i = 0; filter != NULL && i < filter->count; i++) {
        if (str_eq(filter->items[i].str, stack_status(stack))) {
            return true;
        }
    }
    return filter == NULL || filter->count == 0;
}

static void summarize(struct call *c, const struct stack *stack, struct value *list)
{
    struct value *told = list_add(c->arena, list);
    const struct value *drift = get(stack->about, "DriftInformation");

    set_members(c->arena, told, stack->about);
    if (has(stack->about, "Description")) {
        set_str(told, "TemplateDescription", get_str(stack->about, "Description"));
    }
    if (drift != NULL) {
        set_members(c->arena, set_struct(c->arena, told, "DriftInformation"), drift);
    }
}

/* ListStacks */
status cfn_list_stacks(struct call *c)
{
    struct stack *stacks;
    struct value *list;
    uint64_t from;
    size_t count;
    size_t at;

    TRY(page_begin(c, &from));
    count = stacks_all(c, true, &stacks);
    list = put_list(c, "StackSummaries", LIST_PAGE);
    for (at = from; at < count && list->count < LIST_PAGE; at++) {
        if (is_asked_for(c, &stacks[at])) {
            summarize(c, &stacks[at], list);
        }
    }
    if (at < count) {
        page_end(c, at);
    }
    return OK;
}

/* ---- events ---- */

/* DescribeStackEvents: the newest first. */
status cfn_describe_events(struct call *c)
{
    struct stack stack;
    struct value *list;
    uint64_t last;
    uint64_t at;

    if (!arg_has(c, "StackName")) {
        return fail(c, &CFN_VALIDATION,
                    "1 validation error detected: Value null at 'stackName' failed to satisfy "
                    "constraint: Member must not be null");
    }
    if (!stack_lookup(c, arg_str(c, "StackName"), &stack)) {
        return fail(c, &CFN_VALIDATION, "Stack [%.*s] does not exist",
                    STR_ARG(str_slice(arg_str(c, "StackName"), 0, 512)));
    }
    TRY(page_begin(c, &at));
    last = (uint64_t)map_int(stack.plan, "next_event", 1) - 1;
    at = at == 0 || at > last ? last : at;
    list = put_list(c, "StackEvents", LIST_PAGE);
    while (at > 0 && list->count < LIST_PAGE) {
        const struct value *event = event_get(c, &stack, at);

        if (event != NULL) {
            *list_add(c->arena, list) = *event;
        }
        at--;
    }
    if (at > 0) {
        page_end(c, at);
    }
    return OK;
}

/* ---- resources ---- */

static bool is_told(const struct stack_resource *own)
{
    return own->status.bytes > 0 && (own->part == PART_CURRENT || own->part == PART_GONE);
}

static void drift_of(struct call *c, const struct stack_resource *own, struct value *told)
{
    struct value *drift = set_struct(c->arena, told, "DriftInformation");
    int64_t checked_ms;

    set_str(drift, "StackResourceDriftStatus", drift_status(own, &checked_ms));
    if (checked_ms > 0) {
        set_time(drift, "LastCheckTimestamp", checked_ms);
    }
}

/* Members that all three ways of telling have. */
static void tell_resource(struct call *c, const struct stack_resource *own, const char *at,
                          struct value *told)
{
    set_str(told, "LogicalResourceId", own->logical_id);
    if (own->id.bytes > 0) {
        set_str(told, "PhysicalResourceId", own->id);
    }
    set_str(told, "ResourceType", own->type);
    set_time(told, at, own->at_ms);
    set_str(told, "ResourceStatus", own->status);
    if (own->reason.bytes > 0) {
        set_str(told, "ResourceStatusReason", own->reason);
    }
    drift_of(c, own, told);
}

/* DescribeStackResource */
status cfn_describe_resource(struct call *c)
{
    struct str logical_id = arg_str(c, "LogicalResourceId");
    struct stack_resource *rows;
    struct value *told;
    struct stack stack;
    size_t count;

    if (!stack_lookup(c, arg_str(c, "StackName"), &stack)) {
        return fail(c, &CFN_VALIDATION, "Stack '%.*s' does not exist",
                    STR_ARG(str_slice(arg_str(c, "StackName"), 0, 512)));
    }
    count = stack_resources(c, &stack, &rows);
    for (size_t i = 0; i < count; i++) {
        if (!is_told(&rows[i]) || !str_eq(rows[i].logical_id, logical_id)) {
            continue;
        }
        told = put_struct(c, "StackResourceDetail");
        set_str(told, "StackName", stack_name(&stack));
        set_str(told, "StackId", stack_id(&stack));
        tell_resource(c, &rows[i], "LastUpdatedTimestamp", told);
        set_str(told, "Metadata", rows[i].metadata == NULL
                                      ? STR("{}")
                                      : doc_json(c->arena, rows[i].metadata));
        return OK;
    }
    return fail(c, &CFN_VALIDATION, "Resource %.*s does not exist for stack %.*s",
                STR_ARG(str_slice(logical_id, 0, 256)), STR_ARG(stack_name(&stack)));
}

static bool has_physical(struct call *c, const struct stack *stack, struct str id)
{
    struct stack_resource *rows;
    size_t count = stack_resources(c, stack, &rows);

    for (size_t i = 0; i < count; i++) {
        if (is_told(&rows[i]) && str_eq(rows[i].id, id)) {
            return true;
        }
    }
    return false;
}

static status stack_of_physical(struct call *c, struct str id, struct stack *ret_stack)
{
    struct stack *stacks;
    size_t count = stacks_all(c, false, &stacks);

    for (size_t i = 0; i < count; i++) {
        if (has_physical(c, &stacks[i], id)) {
            *ret_stack = stacks[i];
            return OK;
        }
    }
    return fail(c, &CFN_VALIDATION, "Stack for %.*s does not exist",
                STR_ARG(str_slice(id, 0, 512)));
}

static status stack_of_resources(struct call *c, struct stack *ret_stack)
{
    if (arg_has(c, "StackName") == arg_has(c, "PhysicalResourceId")) {
        return fail(c, &CFN_VALIDATION,
                    "Must specify either a StackName or PhysicalResourceId, but not both");
    }
    return arg_has(c, "StackName")
               ? stack_of_text(c, arg_str(c, "StackName"), ret_stack)
               : stack_of_physical(c, arg_str(c, "PhysicalResourceId"), ret_stack);
}

/* DescribeStackResources */
status cfn_describe_resources(struct call *c)
{
    struct stack_resource *rows;
    struct stack stack;
    struct value *list;
    size_t count;

    TRY(stack_of_resources(c, &stack));
    count = stack_resources(c, &stack, &rows);
    list = put_list(c, "StackResources", LIST_PAGE);
    for (size_t i = 0; i < count && list->count < LIST_PAGE; i++) {
        bool asked = !arg_has(c, "LogicalResourceId") ||
                     str_eq(arg_str(c, "LogicalResourceId"), rows[i].logical_id);

        if (asked && is_told(&rows[i])) {
            struct value *told = list_add(c->arena, list);

            set_str(told, "StackName", stack_name(&stack));
            set_str(told, "StackId", stack_id(&stack));
            tell_resource(c, &rows[i], "Timestamp", told);
        }
    }
    return OK;
}

/* ListStackResources */
status cfn_list_resources(struct call *c)
{
    struct stack_resource *rows;
    struct stack stack;
    struct value *list;
    uint64_t from;
    size_t count;
    size_t at;

    TRY(stack_of_text(c, arg_str(c, "StackName"), &stack));
    TRY(page_begin(c, &from));
    count = stack_resources(c, &stack, &rows);
    list = put_list(c, "StackResourceSummaries", LIST_PAGE);
    for (at = from; at < count && list->count < LIST_PAGE; at++) {
        if (is_told(&rows[at])) {
            tell_resource(c, &rows[at], "LastUpdatedTimestamp", list_add(c->arena, list));
        }
    }
    if (at < count) {
        page_end(c, at);
    }
    return OK;
}
