/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations of change sets. They are complete when CreateChangeSet answers; what it finds wrong
 * beyond its input makes one that has failed, as on AWS.
 *
 * Rules
 *  1. A change set was made for the stack as it was: when another operation has changed it since,
 *     it is obsolete.
 *  2. Executing one removes the stack's others. The executed one stays, to be asked how it went,
 *     until the next of its name or its stack's end.
 */
#include "svc/cloudformation/changeset.h"
#include "svc/cloudformation/macro.h"
#include "svc/cloudformation/rows.h"

#define NO_CHANGES "The submitted information didn't contain changes. Submit different " \
                   "information to create a change set."
#define NO_UPDATES "No updates are to be performed."

static const struct error NOT_THERE = {"NotImplemented", NULL, 501, false};

static bool is(struct str text, const char *word)
{
    return str_eq(text, str_c(word));
}

/* ---- how it stands ---- */

/* AVAILABLE ones become obsolete, those under way complete, by what became of their stack. */
static void status_now(struct change_set *set)
{
    struct str execution = get_str(set->about, "ExecutionStatus");
    struct str now = stack_status(&set->stack);
    bool ours = str_eq(map_str(set->plan, "operation"), map_str(set->stack.plan, "id"));

    if (is(execution, "AVAILABLE") && !ours) {
        set_str(set->about, "ExecutionStatus", STR("OBSOLETE"));
    }
    if (!is(execution, "EXECUTE_IN_PROGRESS") || (ours && stack_busy(&set->stack))) {
        return;
    }
    if (!ours || is(now, "CREATE_COMPLETE") || is(now, "UPDATE_COMPLETE")) {
        set_str(set->about, "ExecutionStatus", STR("EXECUTE_COMPLETE"));
    } else {
        set_str(set->about, "ExecutionStatus", STR("EXECUTE_FAILED"));
    }
}

static bool was_executed(const struct change_set *set)
{
    return str_starts(get_str(set->about, "ExecutionStatus"), STR("EXECUTE_"));
}

/* ---- CreateChangeSet ---- */

static status cannot_update(struct call *c, const struct stack *stack)
{
    return fail(c, &CFN_VALIDATION, "Stack:%.*s is in %.*s state and can not be updated.",
                STR_ARG(stack_id(stack)), STR_ARG(stack_status(stack)));
}

static bool may_update(const struct stack *stack)
{
    static const char *const statuses[] = {"CREATE_COMPLETE", "UPDATE_COMPLETE",
                                           "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED",
                                           "CREATE_FAILED", "IMPORT_COMPLETE"};
    bool may = false;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        may = may || is(stack_status(stack), statuses[i]);
    }
    return may;
}

/* The stack that there is, or none of a change set that makes one. */
static status stack_for(struct call *c, struct str kind, bool *ret_there, struct stack *ret_stack)
{
    struct str name = arg_str(c, "StackName");
    bool there = stack_lookup(c, name, ret_stack) && !stack_is_deleted(ret_stack);
    bool review = there && is(stack_status(ret_stack), "REVIEW_IN_PROGRESS");

    *ret_there = there;
    if (is(kind, "CREATE")) {
        return !there || review
                   ? OK
                   : fail(c, &CFN_VALIDATION, "Stack [%.*s] already exists and cannot be created "
                          "again with the changeSet [%.*s].", STR_ARG(name),
                          STR_ARG(arg_str(c, "ChangeSetName")));
    }
    if (!there) {
        return fail(c, &CFN_VALIDATION, "Stack [%.*s] does not exist",
                    STR_ARG(str_slice(name, 0, 512)));
    }
    return may_update(ret_stack) ? OK : cannot_update(c, ret_stack);
}

static status unsupported(struct call *c, const char *what)
{
    return fail(c, &NOT_THERE, "CreateChangeSet with %s is not implemented by weir.", what);
}

static status kind_of_call(struct call *c, struct str *ret_kind)
{
    struct str kind = arg_str(c, "ChangeSetType");

    if (is(kind, "IMPORT") || arg(c, "ResourcesToImport") != NULL) {
        return unsupported(c, "ChangeSetType IMPORT");
    }
    if (arg_bool(c, "ImportExistingResources", false)) {
        return unsupported(c, "ImportExistingResources");
    }
    if (arg_has(c, "DeploymentMode")) {
        return unsupported(c, "DeploymentMode");
    }
    *ret_kind = kind.bytes == 0 ? STR("UPDATE") : kind;
    return OK;
}

/* A former one of the name: one that was executed makes way. ERR_EXISTS: it is the same request
 * once more. */
static status name_free(struct call *c, const struct stack *stack, struct change_set *ret_same)
{
    struct str name = arg_str(c, "ChangeSetName");
    struct change_set there, *sets;

    if (change_set_find(c, stack, name, &there)) {
        status_now(&there);
        if (arg_has(c, "ClientToken") &&
            str_eq(arg_str(c, "ClientToken"), map_str(there.plan, "token"))) {
            *ret_same = there;
            return &ERR_EXISTS;
        }
        if (!was_executed(&there)) {
            return fail(c, &CFN_EXISTS, "ChangeSet %.*s already exists", STR_ARG(name));
        }
    } else if (change_sets(c, stack, &sets) >= CHANGE_SETS_MAX) {
        return fail(c, &CFN_LIMIT, "Limit for change sets has been exceeded");
    }
    return OK;
}

static void set_describe(struct call *c, struct change_set *set)
{
    static const char *const same[] = {"Description", "IncludeNestedStacks", "OnStackFailure",
                                       "DeploymentConfig"};
    static const char *const wanted[] = {"Parameters", "NotificationARNs", "RollbackConfiguration",
                                         "Capabilities", "Tags"};

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        if (arg(c, same[i]) != NULL) {
            set_value(set->about, same[i], arg(c, same[i]));
        }
    }
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (get(set->wanted, wanted[i]) != NULL) {
            set_value(set->about, wanted[i], get(set->wanted, wanted[i]));
        }
    }
    if (!has(set->about, "RollbackConfiguration")) {
        (void)set_struct(c->arena, set->about, "RollbackConfiguration");
    }
    set_bool(set->about, "IncludeNestedStacks", arg_bool(c, "IncludeNestedStacks", false));
    set_bool(set->about, "ImportExistingResources", false);
}

static void set_status(struct change_set *set, struct str failed)
{
    bool good = failed.at == NULL;

    set_str(set->about, "Status", good ? STR("CREATE_COMPLETE") : STR("FAILED"));
    set_str(set->about, "ExecutionStatus", good ? STR("AVAILABLE") : STR("UNAVAILABLE"));
    if (!good) {
        set_str(set->about, "StatusReason", failed);
    }
}

static struct str change_set_arn(struct call *c)
{
    char uuid[36];

    rand_uuid(c->rand, uuid);
    return call_arn(c, CFN_SERVICE, "changeSet/%.*s/%.36s", STR_ARG(arg_str(c, "ChangeSetName")),
                    uuid);
}

/* Why it is one that has failed; STR_NONE: it has not. */
static struct str look(struct call *c, struct change_set *set, struct stack *there,
                       struct stack_wish *wish)
{
    if (wish->failed.at != NULL) {
        return wish->failed;
    }
    if (there != NULL && !is(stack_status(there), "REVIEW_IN_PROGRESS") &&
        wish_is_idle(c, there, wish)) {
        return wish->processed.at == NULL ? STR(NO_CHANGES) : STR(NO_UPDATES);
    }
    if (change_set_differ(c, set, there, wish) != OK) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        c->why.text[0] = '\0';
        return why;
    }
    return STR_NONE;
}

static void set_make(struct call *c, struct change_set *set, struct str kind)
{
    struct str on_failure = arg_str(c, "OnStackFailure");
    const struct value *config = arg(c, "DeploymentConfig");

    if (config != NULL && get_bool(config, "DisableRollback", false)) {
        on_failure = STR("DO_NOTHING");
    }
    set->name = arg_str(c, "ChangeSetName");
    set->about = value_struct(c->arena, change_set_shape());
    set->plan = doc_map(c->arena);
    map_set_str(c->arena, set->plan, "kind", kind);
    map_set_str(c->arena, set->plan, "on_failure", on_failure);
    map_set_str(c->arena, set->plan, "token", arg_str(c, "ClientToken"));
    set_str(set->about, "ChangeSetName", set->name);
    set_str(set->about, "ChangeSetId", change_set_arn(c));
    set_time(set->about, "CreationTime", c->now);
}

/* Names of parameters whose values are not told. */
static void note_hidden(struct call *c, struct change_set *set, const struct template *t)
{
    struct value *list = doc_put_list(c->arena, set->plan, "no_echo");

    for (uint32_t i = 0; i < t->parameter_count; i++) {
        if (t->parameters[i].no_echo) {
            *doc_add(c->arena, list) =
                (struct value){.kind = VALUE_STR, .str = t->parameters[i].name};
        }
    }
}

/* Checked, and nothing staged. */
static status prepare(struct call *c, struct change_set *set, struct stack_wish *wish,
                      struct str *ret_failed)
{
    struct str kind;
    struct stack stack;
    bool there = false;
    bool review;

    TRY(kind_of_call(c, &kind));
    TRY(stack_for(c, kind, &there, &stack));
    if (there) {
        TRY(name_free(c, &stack, set));
        set->stack = stack;
    }
    review = there && is(stack_status(&stack), "REVIEW_IN_PROGRESS");
    TRY(wish_of_call(c, there && !review ? &stack : NULL, wish));
    set_make(c, set, kind);
    if (wish->failed.at == NULL) {
        note_hidden(c, set, &wish->template);
    }
    *ret_failed = look(c, set, there && !review ? &stack : NULL, wish);
    set->wanted = wish->about;
    set->original = wish->original;
    set->processed = wish->processed;
    return there ? OK : &ERR_NOT_FOUND;
}

static status create(struct call *c)
{
    struct change_set set = {.name = STR_NONE};
    struct stack_wish wish;
    struct str failed;
    status prepared = prepare(c, &set, &wish, &failed);

    if (prepared == &ERR_EXISTS) {
        put_str(c, "Id", get_str(set.about, "ChangeSetId"));
        put_str(c, "StackId", stack_id(&set.stack));
        return OK;
    }
    if (prepared == &ERR_NOT_FOUND) {
        TRY(stack_review(c, arg_str(c, "StackName"), &set.stack));
    } else {
        TRY(prepared);
    }
    set_describe(c, &set);
    set_status(&set, failed);
    set_str(set.about, "StackId", stack_id(&set.stack));
    set_str(set.about, "StackName", stack_name(&set.stack));
    map_set_str(c->arena, set.plan, "operation", map_str(set.stack.plan, "id"));
    change_set_save(c, &set);
    put_str(c, "Id", get_str(set.about, "ChangeSetId"));
    put_str(c, "StackId", stack_id(&set.stack));
    return OK;
}

/* CreateChangeSet */
status cfn_create_change_set(struct call *c)
{
    status created;

    macro_begin(c, cfn_create_change_set);
    created = create(c);
    return created == &MACRO_WAITS ? OK : created;
}

/* ---- DeleteChangeSet ---- */

/* DeleteChangeSet: one that is not there counts as deleted, as long as its stack is there. */
status cfn_delete_change_set(struct call *c)
{
    struct change_set set;
    status found = change_set_of_call(c, &set);

    if (found == &CFN_NO_CHANGE_SET) {
        c->why.text[0] = '\0';
        return OK;
    }
    TRY(found);
    status_now(&set);
    if (is(get_str(set.about, "ExecutionStatus"), "EXECUTE_IN_PROGRESS")) {
        return fail(c, &CFN_CHANGE_SET_STATE, "ChangeSet [%.*s] cannot be deleted in its current "
                    "execution status of [EXECUTE_IN_PROGRESS]",
                    STR_ARG(get_str(set.about, "ChangeSetId")));
    }
    change_set_erase(c, &set);
    call_on(c, get_str(set.about, "ChangeSetId"));
    return OK;
}

/* ---- DescribeChangeSet ---- */

/* Values before and after are told only when asked for. */
static void hide_values(struct call *c, struct value *change)
{
    static const char *const of_target[] = {"Path", "BeforeValue", "AfterValue",
                                            "AttributeChangeType"};
    struct value *resource = value_copy(c->arena, get(change, "ResourceChange"));
    struct value *details = (struct value *)(uintptr_t)get(resource, "Details");

    unset(resource, "BeforeContext");
    unset(resource, "AfterContext");
    for (uint32_t i = 0; details != NULL && i < details->count; i++) {
        struct value *target = (struct value *)(uintptr_t)get(&details->items[i], "Target");

        for (size_t m = 0; m < sizeof(of_target) / sizeof(of_target[0]); m++) {
            unset(target, of_target[m]);
        }
    }
    set_value(change, "ResourceChange", resource);
}

static status changes_tell(struct call *c, const struct value *changes)
{
    struct str token = arg_str(c, "NextToken");
    uint64_t from = 0;
    uint64_t to;
    struct str text;
    struct value *list;

    if (token.bytes > 0 && (!page_token_read(c->arena, token, &text) || !str_to_u64(text, &from) ||
                            changes == NULL || from >= changes->count)) {
        return fail(c, &CFN_VALIDATION, "Invalid NextToken");
    }
    list = put_list(c, "Changes", CHANGES_PAGE);
    to = from + CHANGES_PAGE;
    for (uint64_t i = from; changes != NULL && i < changes->count && i < to; i++) {
        struct value *change = list_add(c->arena, list);

        set_members(c->arena, change, &changes->items[i]);
        if (!arg_bool(c, "IncludePropertyValues", false)) {
            hide_values(c, change);
        }
    }
    if (changes != NULL && to < changes->count) {
        put_str(c, "NextToken",
                page_token(c->arena, arena_printf(c->arena, "%llu", (unsigned long long)to)));
    }
    return OK;
}

static void mask_parameters(struct call *c, const struct change_set *set)
{
    const struct value *list = get(c->out, "Parameters");
    const struct value *hidden = doc_get(set->plan, "no_echo");

    for (uint32_t i = 0; list != NULL && hidden != NULL && i < list->count; i++) {
        for (uint32_t j = 0; j < hidden->count; j++) {
            if (str_eq(hidden->items[j].str, get_str(&list->items[i], "ParameterKey"))) {
                set_str(&list->items[i], "ParameterValue", STR("****"));
            }
        }
    }
}

/* DescribeChangeSet */
status cfn_describe_change_set(struct call *c)
{
    struct change_set set;

    TRY(change_set_of_call(c, &set));
    status_now(&set);
    const struct value *changes = get(set.about, "Changes");

    unset(set.about, "Changes");
    set_members(c->arena, c->out, set.about);
    mask_parameters(c, &set);
    return changes_tell(c, changes);
}

/* ---- ExecuteChangeSet ---- */

static status may_execute(struct call *c, struct change_set *set)
{
    struct str id = get_str(set->about, "ChangeSetId");

    status_now(set);
    if (!is(get_str(set->about, "Status"), "CREATE_COMPLETE")) {
        return fail(c, &CFN_CHANGE_SET_STATE, "ChangeSet [%.*s] cannot be executed in its current "
                    "status of [%.*s]", STR_ARG(id), STR_ARG(get_str(set->about, "Status")));
    }
    if (!is(get_str(set->about, "ExecutionStatus"), "AVAILABLE")) {
        return fail(c, &CFN_CHANGE_SET_STATE, "ChangeSet [%.*s] cannot be executed in its current "
                    "execution status of [%.*s]", STR_ARG(id),
                    STR_ARG(get_str(set->about, "ExecutionStatus")));
    }
    return OK;
}

static status order_of_call(struct call *c, const struct change_set *set,
                            struct stack_order *ret_order)
{
    struct str on_failure = map_str(set->plan, "on_failure");

    if (arg_has(c, "DisableRollback") && on_failure.bytes > 0) {
        return fail(c, &CFN_VALIDATION, "You can't specify DisableRollback when OnStackFailure is "
                                        "specified for the change set.");
    }
    if (arg_bool(c, "DisableRollback", false)) {
        on_failure = STR("DO_NOTHING");
    }
    *ret_order = (struct stack_order){
        .token = arg_str(c, "ClientRequestToken"),
        .on_failure = on_failure.bytes == 0 ? STR_NONE : on_failure,
    };
    return OK;
}

/* ExecuteChangeSet */
status cfn_execute_change_set(struct call *c)
{
    struct change_set set;
    struct stack_wish wish = {.processed = STR_NONE};
    struct stack_order order;
    struct stack stack;
    bool review;

    TRY(change_set_of_call(c, &set));
    TRY(may_execute(c, &set));
    TRY(order_of_call(c, &set, &order));
    stack = set.stack;
    review = is(stack_status(&stack), "REVIEW_IN_PROGRESS");
    wish.about = set.wanted;
    wish.original = set.original;
    wish.processed = set.processed;
    TRY(wish_again(c, &stack, &wish));
    if (review) {
        set_str(wish.about, "StackId", stack_id(&stack));
        set_str(wish.about, "StackName", stack_name(&stack));
        set_time(wish.about, "CreationTime", get_time(stack.about, "CreationTime", c->now));
    }
    set_str(wish.about, "ChangeSetId", get_str(set.about, "ChangeSetId"));
    set_bool(wish.about, "DisableRollback", is(order.on_failure, "DO_NOTHING"));
    if (arg_has(c, "RetainExceptOnCreate")) {
        set_bool(wish.about, "RetainExceptOnCreate", arg_bool(c, "RetainExceptOnCreate", false));
    }
    if (review) {
        TRY(stack_create(c, &wish, &order, &set.stack, &stack));
    } else {
        TRY(stack_update(c, &stack, &wish, &order));
    }
    set_str(set.about, "ExecutionStatus", STR("EXECUTE_IN_PROGRESS"));
    map_set_str(c->arena, set.plan, "operation", map_str(stack.plan, "id"));
    change_set_told(c, &set);
    change_sets_drop(c, &stack, &set);
    return OK;
}

/* ---- ListChangeSets ---- */

/* ListChangeSets: those that were not executed. */
status cfn_list_change_sets(struct call *c)
{
    struct str token = arg_str(c, "NextToken");
    struct str behind = STR_NONE;
    struct change_set *sets;
    struct value *list;
    struct stack stack;
    size_t count;

    if (!stack_lookup(c, arg_str(c, "StackName"), &stack)) {
        return fail(c, &CFN_VALIDATION, "Stack [%.*s] does not exist",
                    STR_ARG(str_slice(arg_str(c, "StackName"), 0, 512)));
    }
    if (token.bytes > 0 && !page_token_read(c->arena, token, &behind)) {
        return fail(c, &CFN_VALIDATION, "Invalid NextToken");
    }
    count = change_sets(c, &stack, &sets);
    list = put_list(c, "Summaries", LIST_PAGE);
    for (size_t i = 0; i < count; i++) {
        status_now(&sets[i]);
        if (was_executed(&sets[i]) ||
            (behind.bytes > 0 && str_cmp(sets[i].name, behind) <= 0)) {
            continue;
        }
        if (list->count == LIST_PAGE) {
            put_str(c, "NextToken",
                    page_token(c->arena, get_str(&list->items[LIST_PAGE - 1], "ChangeSetName")));
            break;
        }
        set_members(c->arena, list_add(c->arena, list), sets[i].about);
    }
    return OK;
}
