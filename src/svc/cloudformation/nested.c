/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::CloudFormation::Stack: a stack that is a resource of another. It is made, changed and
 * removed by what CreateStack, UpdateStack and DeleteStack are made of, as the parent's caller, in
 * the parent's step; then it goes its own way, and the parent looks how far it is.
 *
 * Rules
 *  1. A child that fails to be made stays as it is: the parent's rollback removes it whole.
 *  2. A child's update that failed has been rolled back before the parent hears of it.
 *  3. The parent's rollback updates the child to the properties that it had; the template is what
 *     its TemplateURL then names.
 */
#include "cell/authorize.h"
#include "svc/cloudformation/custom.h"
#include "svc/cloudformation/stack.h"

#define NAME_BYTES_MAX 128
#define NOTE_IDLE "idle" /* the last change was none */

static const struct resource_property properties[] = {
    {"NotificationARNs", "", RESOURCE_IN_PLACE, 0},
    {"Parameters", "", RESOURCE_IN_PLACE, 0},
    {"StackName", "", RESOURCE_REPLACES, 0},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"TemplateURL", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"TimeoutInMinutes", "", RESOURCE_IN_PLACE, 0},
};
static const char *const attributes[] = {"Outputs.*", NULL};

/* ---- the child's call ---- */

static void put_parameters(struct call *c, const struct value *map)
{
    struct value *list;

    if (map == NULL || map->kind != VALUE_MAP || map->count == 0) {
        return;
    }
    list = set_list(c->arena, (struct value *)(uintptr_t)c->in, "Parameters", map->count);
    for (uint32_t i = 0; i < map->count; i++) {
        struct value *one = list_add(c->arena, list);
        const struct value *value = &map->pairs[i].value;
        struct buf text;

        set_str(one, "ParameterKey", map->pairs[i].key);
        if (value->kind != VALUE_LIST) {
            set_str(one, "ParameterValue", doc_text(c->arena, value));
            continue;
        }
        buf_init(&text, 65536);
        for (uint32_t j = 0; j < value->count; j++) {
            buf_printf(&text, "%s%.*s", j == 0 ? "" : ",",
                       STR_ARG(doc_text(c->arena, &value->items[j])));
        }
        set_str(one, "ParameterValue", arena_dup(c->arena, buf_str(&text)));
        buf_done(&text);
    }
}

static void put_texts(struct call *c, const char *member, const struct value *list)
{
    struct value *texts;

    if (list == NULL || list->kind != VALUE_LIST || list->count == 0) {
        return;
    }
    texts = set_list(c->arena, (struct value *)(uintptr_t)c->in, member, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        list_add_str(texts, doc_text(c->arena, &list->items[i]));
    }
}

static void put_tags(struct call *c, const struct value *tags)
{
    struct value *list;

    if (tags == NULL) {
        return;
    }
    list = set_list(c->arena, (struct value *)(uintptr_t)c->in, "Tags", tags->count);
    for (uint32_t i = 0; i < tags->count; i++) {
        struct value *tag = list_add(c->arena, list);

        set_str(tag, "Key", doc_text(c->arena, doc_get(&tags->items[i], "Key")));
        set_str(tag, "Value", doc_text(c->arena, doc_get(&tags->items[i], "Value")));
    }
}

/* What the parent was given holds for its children. */
static void put_parents(struct call *c, const struct stack *parent)
{
    const struct value *capabilities = get(parent->about, "Capabilities");
    struct value *in = (struct value *)(uintptr_t)c->in;

    if (capabilities != NULL) {
        set_value(in, "Capabilities", capabilities);
    }
    if (get_str(parent->about, "RoleARN").bytes > 0) {
        set_str(in, "RoleARN", get_str(parent->about, "RoleARN"));
    }
}

/* A call of that operation within the step, as the parent's caller. */
static void child_call(struct resource *r, const struct stack *parent, const char *operation,
                       struct call *ret_call)
{
    struct call *c = ret_call;
    struct value *in;

    *c = *r->c;
    c->operation = model_operation(model_service(STR(CFN_SERVICE)), str_c(operation));
    in = value_struct(c->arena, c->operation->input);
    c->in = in;
    c->kept = NULL;
    c->account = r->caller.account;
    c->region = r->caller.region;
    c->principal = r->caller.principal;
    c->identity = r->caller.identity;
    set_str(in, "TemplateURL", resource_str(r, "TemplateURL"));
    put_parameters(c, resource_get(r, "Parameters"));
    put_texts(c, "NotificationARNs", resource_get(r, "NotificationARNs"));
    put_tags(c, resource_tags(r, "Tags"));
    put_parents(c, parent);
}

/* Who makes the parent must be allowed to do that to the child, too. */
static status child_may(struct resource *r, const char *action, struct str stack)
{
    struct call as = *r->c;
    status may;

    as.account = r->caller.account;
    as.principal = r->caller.principal;
    as.identity = r->caller.identity;
    as.guarded = as.identity != NULL && cell_auth(as.cell);
    may = call_may(&as, action, stack);
    return may == OK ? OK : resource_fail(r, may, "%s", as.why.text);
}

static status child_fail(struct resource *r, const struct call *child, status refused)
{
    return resource_fail(r, refused, "%s", child->why.text);
}

static bool find(struct resource *r, struct str id, struct stack *ret_stack)
{
    struct call as = *r->c;
    bool found = stack_of_text(&as, id, ret_stack) == OK;

    return found && !str_eq(stack_status(ret_stack), STR("DELETE_COMPLETE"));
}

/* ---- the type ---- */

static status nested_make(struct resource *r)
{
    struct str name = resource_name(r, "StackName", NAME_BYTES_MAX, false);
    struct stack_order order = {.on_failure = STR("DO_NOTHING")};
    struct stack_wish wish;
    struct stack parent, child;
    struct call c;
    status made;

    if (!find(r, r->stack_id, &parent)) {
        return resource_fail(r, &ERR_NOT_FOUND, "The parent stack is gone");
    }
    TRY(child_may(r, "cloudformation:CreateStack",
                  call_arn(r->c, CFN_SERVICE, "stack/%.*s/*", STR_ARG(name))));
    child_call(r, &parent, "CreateStack", &c);
    set_str((struct value *)(uintptr_t)c.in, "StackName", name);
    if (resource_int(r, "TimeoutInMinutes", 0) > 0) {
        set_int((struct value *)(uintptr_t)c.in, "TimeoutInMinutes",
                resource_int(r, "TimeoutInMinutes", 0));
    }
    order.parent = &parent;
    made = wish_of_call(&c, NULL, &wish);
    if (made == OK) {
        made = stack_create(&c, &wish, &order, NULL, &child);
    }
    if (made != OK) {
        return child_fail(r, &c, made);
    }
    r->id = stack_id(&child);
    return OK;
}

static status nested_change(struct resource *r)
{
    struct stack_order order = {.on_failure = STR("ROLLBACK")};
    struct stack_wish wish;
    struct stack parent, child;
    struct call c;
    status changed;

    if (!find(r, r->id, &child) || !find(r, r->stack_id, &parent)) {
        return resource_fail(r, &ERR_NOT_FOUND, "Stack [%.*s] does not exist", STR_ARG(r->id));
    }
    TRY(child_may(r, "cloudformation:UpdateStack", r->id));
    child_call(r, &parent, "UpdateStack", &c);
    order.parent = &parent;
    changed = wish_of_call(&c, &child, &wish);
    if (changed != OK) {
        return child_fail(r, &c, changed);
    }
    if (wish.failed.at == NULL && wish_is_idle(&c, &child, &wish)) {
        resource_note(r, NOTE_IDLE, STR("1"));
        return OK;
    }
    resource_note(r, NOTE_IDLE, STR(""));
    set_bool(wish.about, "DisableRollback", false); /* rule 2 */
    changed = stack_update(&c, &child, &wish, &order);
    return changed == OK ? OK : child_fail(r, &c, changed);
}

static status nested_remove(struct resource *r)
{
    struct stack_order order = {.on_failure = STR_NONE};
    struct stack parent, child;
    struct call c;
    status removed;

    if (!find(r, r->id, &child)) {
        return &ERR_NOT_FOUND;
    }
    if (stack_busy(&child) && str_starts(stack_status(&child), STR("DELETE"))) {
        return OK;
    }
    TRY(child_may(r, "cloudformation:DeleteStack", r->id));
    if (find(r, r->stack_id, &parent)) {
        order.parent = &parent;
    }
    c = *r->c;
    removed = stack_delete(&c, &child, &order);
    return removed == OK ? OK : child_fail(r, &c, removed);
}

static status nested_settled(struct resource *r)
{
    struct stack child;
    struct str now;

    if (!find(r, r->id, &child)) {
        return resource_fail(r, &ERR_NOT_FOUND, "Stack [%.*s] does not exist", STR_ARG(r->id));
    }
    if (stack_busy(&child)) {
        return &RESOURCE_WAITS;
    }
    now = stack_status(&child);
    if (str_eq(now, STR("CREATE_COMPLETE")) || str_eq(now, STR("UPDATE_COMPLETE")) ||
        resource_noted(r, NOTE_IDLE).bytes > 0) {
        return OK;
    }
    return resource_fail(r, &RESOURCE_INVALID, "Embedded stack %.*s was not successfully %s: %.*s",
                         STR_ARG(r->id), str_starts(now, STR("UPDATE")) ? "updated" : "created",
                         STR_ARG(get_str(child.about, "StackStatusReason")));
}

static status nested_gone(struct resource *r)
{
    struct stack child;

    if (!find(r, r->id, &child)) {
        return OK;
    }
    if (stack_busy(&child)) {
        return &RESOURCE_WAITS;
    }
    return resource_fail(r, &RESOURCE_INVALID,
                         "Embedded stack %.*s was not successfully deleted: %.*s", STR_ARG(r->id),
                         STR_ARG(get_str(child.about, "StackStatusReason")));
}

static status nested_tell(struct resource *r)
{
    const struct value *outputs;
    struct stack child;

    r->attributes->count = 0;
    if (!find(r, r->id, &child)) {
        return OK;
    }
    outputs = get(child.about, "Outputs");
    for (uint32_t i = 0; outputs != NULL && i < outputs->count; i++) {
        struct str name = arena_printf(r->c->arena, "Outputs.%.*s",
                                       STR_ARG(get_str(&outputs->items[i], "OutputKey")));

        resource_attribute(r, name.at, get_str(&outputs->items[i], "OutputValue"));
    }
    return OK;
}

const struct resource_type nested_type = {
    .name = "AWS::CloudFormation::Stack",
    .service = CFN_SERVICE,
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = nested_make,
    .change = nested_change,
    .remove = nested_remove,
    .settled = nested_settled,
    .gone = nested_gone,
    .tell = nested_tell,
};
