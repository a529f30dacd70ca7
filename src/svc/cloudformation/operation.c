/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations begin here: the first rows of a stack, its plan, its first event. The rest are steps
 * (deploy.c).
 *
 * Members of a plan: id (the operation's, a UUID), kind, phase; token; access_key, principal,
 * principal_id (caller.c); on_failure, keep_failed, deadline_ms, retain, force (how it is to end);
 * failed (why it fails before it begins); before (as DescribeStacks told it), tags_had; rolled_back
 * (the clean phase is that of a rollback); policy, policy_during; no_echo; next_number, next_event.
 */
#include "svc/cloudformation/changeset.h"
#include "svc/cloudformation/deploy.h"
#include "svc/cloudformation/drift.h"
#include "wire/json.h"

#include <assert.h>

#define MS_PER_MINUTE INT64_C(60000)

/* ---- plans ---- */

static void plan_forget(struct stack *stack)
{
    static const char *const members[] = {"on_failure", "keep_failed", "deadline_ms", "retain",
                                          "force", "failed", "rolled_back", "token",
                                          "policy_during"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        map_unset(stack->plan, members[i]);
    }
}

static void plan_begin(struct call *c, struct stack *stack, const char *kind, const char *phase,
                       const struct stack_order *order)
{
    char id[36];

    rand_uuid(c->rand, id);
    plan_forget(stack);
    map_set_str(c->arena, stack->plan, "id", arena_dup(c->arena, str_of(id, sizeof(id))));
    map_set_str(c->arena, stack->plan, "kind", str_c(kind));
    map_set_str(c->arena, stack->plan, "phase", str_c(phase));
    if (order->token.bytes > 0) {
        map_set_str(c->arena, stack->plan, "token", order->token);
    }
    caller_remember(c, stack, order->parent);
}

static void plan_wish(struct call *c, struct stack *stack, const struct stack_wish *wish)
{
    struct value hidden = {.kind = VALUE_LIST};

    for (uint32_t i = 0; i < wish->template.parameter_count; i++) {
        if (wish->template.parameters[i].no_echo) {
            *doc_add(c->arena, &hidden) =
                (struct value){.kind = VALUE_STR, .str = wish->template.parameters[i].name};
        }
    }
    map_set_tree(c->arena, stack->plan, "no_echo", hidden);
    if (wish->failed.at != NULL) {
        map_set_str(c->arena, stack->plan, "failed", wish->failed);
    }
    if (wish->policy.at != NULL) {
        map_set_str(c->arena, stack->plan, "policy", wish->policy);
    }
    if (wish->policy_during.at != NULL) {
        map_set_str(c->arena, stack->plan, "policy_during", wish->policy_during);
    }
    stack_template_put(c, stack, TEMPLATE_ORIGINAL, wish->original);
    stack_template_put(c, stack, TEMPLATE_PROCESSED, wish->processed);
}

/* ---- new stacks ---- */

static status name_check(struct call *c, struct str name)
{
    bool good = name.bytes > 0 && ((name.at[0] >= 'a' && name.at[0] <= 'z') ||
                                   (name.at[0] >= 'A' && name.at[0] <= 'Z'));

    for (size_t i = 0; good && i < name.bytes; i++) {
        char letter = name.at[i];

        good = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-';
    }
    if (!good) {
        return fail(c, &CFN_VALIDATION,
                    "1 validation error detected: Value '%.*s' at 'stackName' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "[a-zA-Z][-a-zA-Z0-9]*", STR_ARG(str_slice(name, 0, 512)));
    }
    if (name.bytes > STACK_NAME_BYTES_MAX) {
        return fail(c, &CFN_VALIDATION,
                    "1 validation error detected: Value '%.*s' at 'stackName' failed to satisfy "
                    "constraint: Member must have length less than or equal to %d",
                    STR_ARG(str_slice(name, 0, 512)), STACK_NAME_BYTES_MAX);
    }
    return OK;
}

static status room_check(struct call *c)
{
    struct txn_scan *scan = stack_names_scan(c);
    struct str key, packed;
    size_t count = 0;

    while (count < STACKS_MAX && txn_scan_next(scan, &key, &packed)) {
        count++;
    }
    txn_scan_close(scan);
    return count < STACKS_MAX ? OK
                              : fail(c, &CFN_LIMIT, "Limit for stack has been exceeded");
}

static status new_check(struct call *c, struct str name)
{
    struct stack there;

    TRY(name_check(c, name));
    if (stack_lookup(c, name, &there)) {
        return fail(c, &CFN_EXISTS, "Stack [%.*s] already exists", STR_ARG(name));
    }
    return room_check(c);
}

/* Lists that are told even when they are empty, and what nobody said. */
static void complete_about(struct call *c, struct value *about)
{
    static const char *const lists[] = {"NotificationARNs", "Tags"};
    struct value *drift;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (!has(about, lists[i])) {
            (void)set_list(c->arena, about, lists[i], 0);
        }
    }
    if (!has(about, "RollbackConfiguration")) {
        (void)set_struct(c->arena, about, "RollbackConfiguration");
    }
    if (!has(about, "DisableRollback")) {
        set_bool(about, "DisableRollback", false);
    }
    if (!has(about, "EnableTerminationProtection")) {
        set_bool(about, "EnableTerminationProtection", false);
    }
    if (!has(about, "DriftInformation")) {
        drift = set_struct(c->arena, about, "DriftInformation");
        set_str(drift, "StackDriftStatus", STR("NOT_CHECKED"));
    }
}

static struct stack stack_new(struct call *c, struct str name, struct value *about)
{
    struct stack stack = {.account = c->account, .region = c->region, .about = about};
    char id[36];

    rand_uuid(c->rand, id);
    stack.key = arena_dup(c->arena, str_of(id, sizeof(id)));
    stack.plan = doc_map(c->arena);
    set_str(about, "StackId", call_arn(c, CFN_SERVICE, "stack/%.*s/%.*s", STR_ARG(name),
                                       STR_ARG(stack.key)));
    set_str(about, "StackName", name);
    set_time(about, "CreationTime", c->now);
    complete_about(c, about);
    return stack;
}

status stack_review(struct call *c, struct str name, struct stack *ret_stack)
{
    struct stack stack;

    TRY(new_check(c, name));
    stack = stack_new(c, name, value_struct(c->arena, stack_shape()));
    caller_remember(c, &stack, NULL);
    stack_turn(c, &stack, "REVIEW_IN_PROGRESS", STR("User Initiated"));
    stack_name_put(c, &stack);
    stack_save(c, &stack);
    *ret_stack = stack;
    return OK;
}

static void set_failure(struct call *c, struct stack *stack, const struct stack_order *order)
{
    int64_t minutes = get_int(stack->about, "TimeoutInMinutes", 0);
    struct str how = order->on_failure;

    if (how.bytes == 0) {
        how = get_bool(stack->about, "DisableRollback", false) ? STR("DO_NOTHING")
                                                              : STR("ROLLBACK");
    }
    set_bool(stack->about, "DisableRollback", str_eq(how, STR("DO_NOTHING")));
    map_set_str(c->arena, stack->plan, "on_failure", how);
    if (minutes > 0) {
        map_set_int(c->arena, stack->plan, "deadline_ms", c->now + minutes * MS_PER_MINUTE);
    }
}

static void set_parent(struct stack *stack, const struct stack *parent)
{
    if (parent != NULL) {
        set_str(stack->about, "ParentId", stack_id(parent));
        set_str(stack->about, "RootId", has(parent->about, "RootId")
                                            ? get_str(parent->about, "RootId")
                                            : stack_id(parent));
    }
}

status stack_create(struct call *c, struct stack_wish *wish, const struct stack_order *order,
                    const struct stack *into, struct stack *ret_stack)
{
    struct str name = wish->world.of.stack_name;
    struct stack stack;

    TRY(role_check(c, get_str(wish->about, "RoleARN")));
    if (into == NULL) {
        TRY(new_check(c, name));
        stack = stack_new(c, name, wish->about);
    } else {
        stack = *into;
        stack.about = wish->about;
        complete_about(c, stack.about);
    }
    plan_begin(c, &stack, KIND_CREATE, PHASE_MAKE, order);
    set_parent(&stack, order->parent);
    set_failure(c, &stack, order);
    plan_wish(c, &stack, wish);
    stack_turn(c, &stack, "CREATE_IN_PROGRESS", STR("User Initiated"));
    stack_name_put(c, &stack);
    stack_save(c, &stack);
    deploy_begin(c, &stack);
    *ret_stack = stack;
    return OK;
}

/* ---- updates ---- */

static bool is_one_of(struct str text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(text, str_c(list[i]))) {
            return true;
        }
    }
    return false;
}

status stack_update_check(struct call *c, const struct stack *stack)
{
    static const char *const fine[] = {"CREATE_COMPLETE", "UPDATE_COMPLETE",
                                       "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED",
                                       "CREATE_FAILED", "IMPORT_COMPLETE",
                                       "IMPORT_ROLLBACK_COMPLETE"};
    struct str now = stack_status(stack);

    if (is_one_of(now, fine, sizeof(fine) / sizeof(fine[0]))) {
        return OK;
    }
    return fail(c, &CFN_VALIDATION, "Stack:%.*s is in %.*s state and can not be updated.",
                STR_ARG(stack_id(stack)), STR_ARG(now));
}

/* The state to which a rollback goes: kept while an update has not ended well. */
static void keep_before(struct call *c, struct stack *stack)
{
    struct buf text;

    if (map_str(stack->plan, "before").bytes > 0) {
        return;
    }
    buf_init(&text, SHELF_BYTES_MAX);
    json_write(&text, stack->about, TIME_EPOCH);
    map_set_str(c->arena, stack->plan, "before", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    stack_template_put(c, stack, TEMPLATE_ORIGINAL_BEFORE,
                       stack_template(c, stack, TEMPLATE_ORIGINAL));
    stack_template_put(c, stack, TEMPLATE_PROCESSED_BEFORE,
                       stack_template(c, stack, TEMPLATE_PROCESSED));
}

status stack_update(struct call *c, struct stack *stack, struct stack_wish *wish,
                    const struct stack_order *order)
{
    const struct value *tags = tags_document(c, get(stack->about, "Tags"));
    bool create_failed = str_eq(stack_status(stack), STR("CREATE_FAILED"));

    TRY(stack_update_check(c, stack));
    TRY(role_check(c, get_str(wish->about, "RoleARN")));
    plan_begin(c, stack, KIND_UPDATE, PHASE_MAKE, order);
    if (!create_failed) {
        keep_before(c, stack);
    }
    map_set_bool(c->arena, stack->plan, "keep_failed",
                 create_failed || get_bool(wish->about, "DisableRollback", false));
    map_unset(stack->plan, "tags_had");
    if (tags != NULL) {
        map_set_tree(c->arena, stack->plan, "tags_had", *tags);
    }
    stack->about = wish->about;
    complete_about(c, stack->about);
    set_time(stack->about, "LastUpdatedTime", c->now);
    plan_wish(c, stack, wish);
    stack_turn(c, stack, "UPDATE_IN_PROGRESS", STR("User Initiated"));
    stack_save(c, stack);
    deploy_begin(c, stack);
    return OK;
}

/* ---- deletion ---- */

static status delete_check(struct call *c, const struct stack *stack,
                           const struct stack_order *order)
{
    static const char *const not_now[] = {
        "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"};
    struct str now = stack_status(stack);

    if (get_bool(stack->about, "EnableTerminationProtection", false)) {
        return fail(c, &CFN_VALIDATION,
                    "Stack [%.*s] cannot be deleted while TerminationProtection is enabled",
                    STR_ARG(stack_name(stack)));
    }
    if (is_one_of(now, not_now, sizeof(not_now) / sizeof(not_now[0]))) {
        return fail(c, &CFN_VALIDATION, "Stack [%.*s] cannot be deleted while in status %.*s",
                    STR_ARG(stack_name(stack)), STR_ARG(now));
    }
    if (order->retain != NULL && order->retain->count > 0 &&
        !str_eq(now, STR("DELETE_FAILED"))) {
        return fail(c, &CFN_VALIDATION,
                    "Invalid operation on stack [%.*s]. RetainResources is only allowed for "
                    "stacks in the DELETE_FAILED state", STR_ARG(stack_id(stack)));
    }
    return OK;
}

static void cancel_rows(struct call *c, struct stack *stack)
{
    struct stack_resource *rows;
    size_t count = stack_resources(c, stack, &rows);

    for (size_t i = 0; i < count; i++) {
        if (rows[i].doing != DOING_NOTHING && rows[i].doing != DOING_REMOVE) {
            rows[i].doing = DOING_NOTHING;
            rows[i].status = STR("CREATE_FAILED");
            rows[i].reason = STR("Resource creation cancelled");
            rows[i].at_ms = c->now;
            resource_save(c, stack, &rows[i]);
            event_add(c, stack, &rows[i]);
        }
    }
}

static void keep_list(struct call *c, struct stack *stack, const struct value *retain)
{
    struct value list = {.kind = VALUE_LIST};

    for (uint32_t i = 0; retain != NULL && i < retain->count; i++) {
        *doc_add(c->arena, &list) =
            (struct value){.kind = VALUE_STR, .str = retain->items[i].str};
    }
    if (list.count > 0) {
        map_set_tree(c->arena, stack->plan, "retain", list);
    }
}

status stack_delete(struct call *c, struct stack *stack, const struct stack_order *order)
{
    struct str reason = STR("User Initiated");

    if (stack_is_deleted(stack) || str_eq(stack_status(stack), STR("DELETE_IN_PROGRESS"))) {
        return OK;
    }
    TRY(delete_check(c, stack, order));
    if (exports_free_check(c, stack) != OK) { /* nothing happens, and its newest event says why */
        struct str now = arena_dup(c->arena, stack_status(stack));

        reason = arena_dup(c->arena, str_c(c->why.text));
        c->why.text[0] = '\0';
        stack_turn(c, stack, now.at, reason);
        stack_save(c, stack);
        return OK;
    }
    cancel_rows(c, stack);
    change_sets_drop(c, stack, NULL);
    drift_drop(c, stack);
    plan_begin(c, stack, KIND_DELETE, PHASE_UNMAKE, order);
    keep_list(c, stack, order->retain);
    map_set_bool(c->arena, stack->plan, "force", order->force);
    if (order->force) {
        set_str(stack->about, "DeletionMode", STR("FORCE_DELETE_STACK"));
    }
    stack_turn(c, stack, "DELETE_IN_PROGRESS", reason);
    stack_save(c, stack);
    deploy_begin(c, stack);
    return OK;
}

/* ---- back ---- */

/* An update that is under way (or failed and was kept) goes back. */
static void go_back(struct call *c, struct stack *stack)
{
    struct deploy d = {.cell = c->cell, .arena = c->arena, .stack = *stack};

    d.count = stack_resources(c, stack, &d.resources);
    make_cancel(c, &d);
    stack_turn(c, &d.stack, "UPDATE_ROLLBACK_IN_PROGRESS", STR("User Initiated"));
    restore_begin(c, &d);
    *stack = d.stack;
    stack_save(c, stack);
    deploy_begin(c, stack);
}

status stack_cancel(struct call *c, struct stack *stack, const struct stack_order *order)
{
    if (!str_eq(stack_status(stack), STR("UPDATE_IN_PROGRESS"))) {
        return fail(c, &CFN_VALIDATION,
                    "CancelUpdateStack cannot be called from current stack status");
    }
    if (order->token.bytes > 0) {
        map_set_str(c->arena, stack->plan, "token", order->token);
    }
    go_back(c, stack);
    return OK;
}

status stack_rollback(struct call *c, struct stack *stack, const struct stack_order *order)
{
    struct str now = stack_status(stack);
    bool created = str_eq(now, STR("CREATE_FAILED"));

    if (!created && !str_eq(now, STR("UPDATE_FAILED"))) {
        return fail(c, &CFN_VALIDATION, "Stack:%.*s is in %.*s state and can not be rolled back.",
                    STR_ARG(stack_id(stack)), STR_ARG(now));
    }
    if (created || map_str(stack->plan, "before").bytes == 0) {
        plan_begin(c, stack, KIND_CREATE, PHASE_UNMAKE, order);
        stack_turn(c, stack, "ROLLBACK_IN_PROGRESS", STR("User Initiated"));
        stack_save(c, stack);
        deploy_begin(c, stack);
        return OK;
    }
    plan_begin(c, stack, KIND_UPDATE, PHASE_RESTORE, order);
    go_back(c, stack);
    return OK;
}

/* ---- going on with a rollback that failed ---- */

/* A resource that is to be skipped counts as if it were back. */
static status skip_rows(struct call *c, struct stack *stack, const struct value *skipped)
{
    struct stack_resource *rows;
    size_t count = stack_resources(c, stack, &rows);

    for (uint32_t i = 0; skipped != NULL && i < skipped->count; i++) {
        struct stack_resource *own = resource_find(rows, count, skipped->items[i].str);

        if (own == NULL || !str_eq(own->status, STR("UPDATE_FAILED"))) {
            return fail(c, &CFN_VALIDATION,
                        "The following resource(s) cannot be skipped as they are not in "
                        "UPDATE_FAILED state: [%.*s]", STR_ARG(skipped->items[i].str));
        }
    }
    for (uint32_t i = 0; skipped != NULL && i < skipped->count; i++) {
        struct stack_resource *own = resource_find(rows, count, skipped->items[i].str);

        own->before = NULL;
        own->status = STR("UPDATE_COMPLETE");
        own->reason = STR("Resource update skipped");
        own->at_ms = c->now;
        resource_save(c, stack, own);
        event_add(c, stack, own);
    }
    return OK;
}

status stack_continue(struct call *c, struct stack *stack, const struct value *skipped,
                      const struct stack_order *order)
{
    if (!str_eq(stack_status(stack), STR("UPDATE_ROLLBACK_FAILED"))) {
        return fail(c, &CFN_VALIDATION,
                    "Stack:%.*s is in %.*s state and can not continue rollback.",
                    STR_ARG(stack_id(stack)), STR_ARG(stack_status(stack)));
    }
    TRY(skip_rows(c, stack, skipped));
    plan_begin(c, stack, KIND_UPDATE, PHASE_RESTORE, order);
    stack_turn(c, stack, "UPDATE_ROLLBACK_IN_PROGRESS", STR("User Initiated"));
    stack_save(c, stack);
    deploy_begin(c, stack);
    return OK;
}
