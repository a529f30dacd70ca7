/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations of drift. Detection looks at every resource at once, in the call: when it answers, it
 * is complete.
 *
 * Rules
 *  1. Resources whose type cannot say what they are now are not checked, and are no drift.
 *  2. Properties that are dynamic references or cannot be read back are passed over.
 *  3. So are those of which the type does not tell; null says that there is none.
 */
#include "svc/cloudformation/drift.h"

#include "svc/cloudformation/rows.h"

static bool is(struct str text, const char *word)
{
    return str_eq(text, str_c(word));
}

/* ---- one resource ---- */

static bool is_dynamic(const struct value *value)
{
    bool dynamic = value->kind == VALUE_STR &&
                   str_find_str(value->str, STR("{{resolve:")) < value->str.bytes;

    for (uint32_t i = 0; !dynamic && value->kind == VALUE_LIST && i < value->count; i++) {
        dynamic = is_dynamic(&value->items[i]);
    }
    for (uint32_t i = 0; !dynamic && value->kind == VALUE_MAP && i < value->count; i++) {
        dynamic = is_dynamic(&value->pairs[i].value);
    }
    return dynamic;
}

/* Rules 2 and 3. */
static struct value *expected_of(struct resource *r, const struct value *now)
{
    struct value *expected = doc_map(r->c->arena);

    for (uint32_t i = 0; i < r->want->count; i++) {
        const struct pair *pair = &r->want->pairs[i];
        const struct resource_property *property = resource_property_find(r->type, pair->key);

        if (property != NULL && (property->flags & RESOURCE_SECRET) == 0 &&
            map_find(now, pair->key) != NULL && !is_dynamic(&pair->value)) {
            *doc_put(r->c->arena, expected, pair->key) = pair->value;
        }
    }
    return expected;
}

static const struct value *actual_of(struct arena *arena, const struct value *expected,
                                     const struct value *now)
{
    struct value *actual = doc_map(arena);

    for (uint32_t i = 0; i < expected->count; i++) {
        const struct value *found = map_find(now, expected->pairs[i].key);

        if (found != NULL && found->kind != VALUE_NULL) {
            *doc_put(arena, actual, expected->pairs[i].key) = *found;
        }
    }
    return actual;
}

/* What was found; actual NULL: it is gone. */
static void note(struct call *c, struct stack_resource *own, const struct value *expected,
                 const struct value *actual)
{
    struct value *drift = doc_map(c->arena);
    const struct value *differences = NULL;
    const char *found = "DELETED";

    if (actual != NULL) {
        differences = drift_compare(c->arena, expected, actual);
        found = differences->count > 0 ? "MODIFIED" : "IN_SYNC";
    }
    doc_put_text(c->arena, drift, "status", str_c(found));
    doc_put_int(c->arena, drift, "at_ms", c->now);
    doc_put_text(c->arena, drift, "expected", doc_json(c->arena, expected));
    if (actual != NULL) {
        doc_put_text(c->arena, drift, "actual", doc_json(c->arena, actual));
    }
    if (differences != NULL) {
        *doc_put(c->arena, drift, STR("differences")) = *differences;
    }
    map_set_tree(c->arena, own->more, "drift", *drift);
}

/* Whether its type can say what it is; then it is noted in own->more. ret_failed: it could not be
 * asked. */
static bool look_at(struct call *c, const struct stack *stack, struct stack_resource *own,
                    struct str *ret_failed)
{
    struct inner_caller caller = {c->account, c->region, c->principal,
                                  c->guarded ? c->identity : NULL};
    struct value *now = doc_map(c->arena);
    struct value *expected;
    struct resource r;
    status told;

    if (type_of(c->cell, own->type) == NULL) {
        return false;
    }
    resource_of_row(c, stack, own, &caller, &r);
    if (r.type->now == NULL) {
        return false;
    }
    told = r.type->now(&r, now);
    if (told != OK && resource_is_gone(told)) {
        note(c, own, r.want, NULL);
        return true;
    }
    if (told != OK) {
        *ret_failed = arena_printf(c->arena, "Failed to detect drift on resource [%.*s]: %s",
                                   STR_ARG(own->logical_id), r.why.text);
        return false;
    }
    expected = expected_of(&r, now);
    note(c, own, expected, actual_of(c->arena, expected, now));
    return true;
}

struct str drift_status(const struct stack_resource *own, int64_t *ret_at_ms)
{
    const struct value *drift = doc_get(own->more, "drift");

    *ret_at_ms = drift == NULL ? 0 : map_int(drift, "at_ms", 0);
    return drift == NULL ? STR("NOT_CHECKED") : map_str(drift, "status");
}

static void drift_tell(struct call *c, const struct stack *stack,
                       const struct stack_resource *own, struct value *to)
{
    const struct value *drift = doc_get(own->more, "drift");
    const struct value *differences = doc_get(drift, "differences");
    struct value *list;

    set_str(to, "StackId", stack_id(stack));
    set_str(to, "LogicalResourceId", own->logical_id);
    set_str(to, "PhysicalResourceId", own->id);
    set_str(to, "ResourceType", own->type);
    set_str(to, "ExpectedProperties", map_str(drift, "expected"));
    if (doc_get(drift, "actual") != NULL) {
        set_str(to, "ActualProperties", map_str(drift, "actual"));
    }
    list = set_list(c->arena, to, "PropertyDifferences",
                    differences == NULL ? 0 : differences->count);
    for (uint32_t i = 0; differences != NULL && i < differences->count; i++) {
        const struct value *one = &differences->items[i];
        struct value *told = list_add(c->arena, list);

        set_str(told, "PropertyPath", map_str(one, "path"));
        set_str(told, "ExpectedValue", map_str(one, "expected"));
        set_str(told, "ActualValue", map_str(one, "actual"));
        set_str(told, "DifferenceType", map_str(one, "type"));
    }
    set_str(to, "StackResourceDriftStatus", map_str(drift, "status"));
    set_time(to, "Timestamp", map_int(drift, "at_ms", 0));
}

/* ---- detections ---- */

static struct str detection_key(struct call *c, struct str id)
{
    struct key key = shelf_key(c, CFN_SERVICE, "detection");

    key_str(&key, id);
    return key_end(&key);
}

static uint32_t detection_shape(void)
{
    return model_operation(model_service(STR(CFN_SERVICE)),
                           STR("DescribeStackDriftDetectionStatus"))->output;
}

/* One more; the oldest of too many is forgotten. */
static void detection_remember(struct call *c, struct stack *stack, const struct value *about)
{
    const struct value *had = doc_get(stack->plan, "detections");
    struct value list = {.kind = VALUE_LIST};
    uint32_t count = had == NULL ? 0 : had->count;
    uint32_t from = count >= DETECTIONS_MAX ? count - DETECTIONS_MAX + 1 : 0;

    for (uint32_t i = 0; i < count; i++) {
        if (i < from) {
            txn_delete(c->txn, detection_key(c, had->items[i].str));
        } else {
            *doc_add(c->arena, &list) = had->items[i];
        }
    }
    *doc_add(c->arena, &list) = (struct value){
        .kind = VALUE_STR, .str = get_str(about, "StackDriftDetectionId")};
    map_set_tree(c->arena, stack->plan, "detections", list);
    shelf_put(c, detection_key(c, get_str(about, "StackDriftDetectionId")), about);
}

void drift_drop(struct call *c, const struct stack *stack)
{
    const struct value *had = doc_get(stack->plan, "detections");

    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        txn_delete(c->txn, detection_key(c, had->items[i].str));
    }
    map_unset(stack->plan, "detections");
}

/* ---- what is asked ---- */

static status stack_for(struct call *c, struct stack *ret_stack)
{
    static const char *const statuses[] = {"CREATE_COMPLETE", "UPDATE_COMPLETE",
                                           "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED",
                                           "CREATE_FAILED", "UPDATE_FAILED"};

    TRY(stack_of_text(c, arg_str(c, "StackName"), ret_stack));
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (is(stack_status(ret_stack), statuses[i])) {
            return OK;
        }
    }
    return fail(c, &CFN_VALIDATION, "Cannot detect drift for stack [%.*s] in its current status "
                "[%.*s]", STR_ARG(stack_name(ret_stack)), STR_ARG(stack_status(ret_stack)));
}

static bool is_wanted(const struct call *c, struct str logical_id)
{
    const struct value *ids = arg(c, "LogicalResourceIds");

    for (uint32_t i = 0; ids != NULL && i < ids->count; i++) {
        if (str_eq(ids->items[i].str, logical_id)) {
            return true;
        }
    }
    return ids == NULL || ids->count == 0;
}

static status ids_check(struct call *c, struct stack_resource *rows, size_t count)
{
    const struct value *ids = arg(c, "LogicalResourceIds");

    for (uint32_t i = 0; ids != NULL && i < ids->count; i++) {
        if (resource_find(rows, count, ids->items[i].str) == NULL) {
            return fail(c, &CFN_VALIDATION, "Resource %.*s does not exist for stack %.*s",
                        STR_ARG(str_slice(ids->items[i].str, 0, 255)),
                        STR_ARG(arg_str(c, "StackName")));
        }
    }
    return OK;
}

static bool is_there(const struct stack_resource *own)
{
    return own->part == PART_CURRENT && own->id.bytes > 0;
}

static void stack_note(struct call *c, struct stack *stack, struct str drift)
{
    struct value *about = set_struct(c->arena, stack->about, "DriftInformation");

    set_str(about, "StackDriftStatus", drift);
    set_time(about, "LastCheckTimestamp", c->now);
}

/* Of all its resources, those that were not looked at now, too. */
static int64_t count_drifted(const struct stack_resource *rows, size_t count)
{
    int64_t drifted = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t at_ms;
        struct str found = drift_status(&rows[i], &at_ms);

        drifted += is_there(&rows[i]) && (is(found, "MODIFIED") || is(found, "DELETED"));
    }
    return drifted;
}

static struct value *detection_new(struct call *c, const struct stack *stack, int64_t drifted,
                                   struct str failed)
{
    struct value *about = value_struct(c->arena, detection_shape());
    char *id = arena_alloc(c->arena, 36);

    rand_uuid(c->rand, id);
    set_str(about, "StackId", stack_id(stack));
    set_str(about, "StackDriftDetectionId", str_of(id, 36));
    set_str(about, "StackDriftStatus", drifted > 0         ? STR("DRIFTED")
                                       : failed.at != NULL ? STR("UNKNOWN")
                                                           : STR("IN_SYNC"));
    set_str(about, "DetectionStatus",
            failed.at != NULL ? STR("DETECTION_FAILED") : STR("DETECTION_COMPLETE"));
    if (failed.at != NULL) {
        set_str(about, "DetectionStatusReason", failed);
    }
    set_int(about, "DriftedStackResourceCount", drifted);
    set_time(about, "Timestamp", c->now);
    return about;
}

/* DetectStackDrift */
status cfn_detect_stack_drift(struct call *c)
{
    struct str failed = STR_NONE;
    struct stack_resource *rows;
    struct stack stack;
    struct value *about;
    size_t count;

    TRY(stack_for(c, &stack));
    count = stack_resources(c, &stack, &rows);
    TRY(ids_check(c, rows, count));
    for (size_t i = 0; i < count; i++) {
        if (is_there(&rows[i]) && is_wanted(c, rows[i].logical_id) &&
            look_at(c, &stack, &rows[i], &failed)) {
            resource_save(c, &stack, &rows[i]);
        }
    }
    c->why.text[0] = '\0';
    about = detection_new(c, &stack, count_drifted(rows, count), failed);
    stack_note(c, &stack, get_str(about, "StackDriftStatus"));
    detection_remember(c, &stack, about);
    stack_save(c, &stack);
    put_str(c, "StackDriftDetectionId", get_str(about, "StackDriftDetectionId"));
    return OK;
}

/* DetectStackResourceDrift */
status cfn_detect_stack_resource_drift(struct call *c)
{
    struct str logical_id = arg_str(c, "LogicalResourceId");
    struct str failed = STR_NONE;
    struct stack_resource *rows, *own;
    struct stack stack;
    size_t count;

    TRY(stack_for(c, &stack));
    count = stack_resources(c, &stack, &rows);
    own = resource_find(rows, count, logical_id);
    if (own == NULL || !is_there(own)) {
        return fail(c, &CFN_VALIDATION, "Resource %.*s does not exist for stack %.*s",
                    STR_ARG(str_slice(logical_id, 0, 255)), STR_ARG(arg_str(c, "StackName")));
    }
    if (!look_at(c, &stack, own, &failed)) {
        return failed.at != NULL
                   ? fail(c, &CFN_VALIDATION, "%.*s", STR_ARG(failed))
                   : fail(c, &CFN_VALIDATION, "Drift detection is not supported for resource type "
                          "[%.*s]", STR_ARG(own->type));
    }
    resource_save(c, &stack, own);
    stack_note(c, &stack, count_drifted(rows, count) > 0 ? STR("DRIFTED") : STR("IN_SYNC"));
    stack_save(c, &stack);
    drift_tell(c, &stack, own, put_struct(c, "StackResourceDrift"));
    return OK;
}

/* ---- what was found ---- */

/* DescribeStackDriftDetectionStatus */
status cfn_describe_drift_detection(struct call *c)
{
    struct str id = arg_str(c, "StackDriftDetectionId");
    const struct value *about = shelf_get(c, detection_key(c, id), detection_shape());

    if (about == NULL) {
        return fail(c, &CFN_VALIDATION, "Drift detection [%.*s] does not exist", STR_ARG(id));
    }
    set_members(c->arena, c->out, about);
    return OK;
}

static bool passes(const struct call *c, struct str found)
{
    const struct value *filters = arg(c, "StackResourceDriftStatusFilters");

    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        if (str_eq(filters->items[i].str, found)) {
            return true;
        }
    }
    return filters == NULL || filters->count == 0;
}

/* DescribeStackResourceDrifts */
status cfn_describe_resource_drifts(struct call *c)
{
    size_t most = (size_t)arg_int(c, "MaxResults", 100);
    struct str token = arg_str(c, "NextToken");
    uint64_t behind = 0;
    struct stack_resource *rows;
    struct stack stack;
    struct value *list;
    struct str text;
    size_t count;

    TRY(stack_of_text(c, arg_str(c, "StackName"), &stack));
    if (token.bytes > 0 && (!page_token_read(c->arena, token, &text) ||
                            !str_to_u64(text, &behind))) {
        return fail(c, &CFN_VALIDATION, "Invalid NextToken");
    }
    count = stack_resources(c, &stack, &rows);
    list = put_list(c, "StackResourceDrifts", most);
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms;
        struct str found = drift_status(&rows[i], &at_ms);

        if (at_ms == 0 || !is_there(&rows[i]) || rows[i].number <= behind || !passes(c, found)) {
            continue;
        }
        if (list->count == most) {
            put_str(c, "NextToken",
                    page_token(c->arena, arena_printf(c->arena, "%llu",
                                                      (unsigned long long)behind)));
            break;
        }
        behind = rows[i].number;
        drift_tell(c, &stack, &rows[i], list_add(c->arena, list));
    }
    return OK;
}
