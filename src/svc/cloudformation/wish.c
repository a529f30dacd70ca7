/* SPDX-License-Identifier: Apache-2.0
 *
 * Wishes: what a call asks a stack to become. Checked here once; an operation reads it again from
 * the stack's rows, where nothing is left to be refused but what the world has changed.
 */
#include "base/buf.h"
#include "svc/cloudformation/expand.h"
#include "svc/cloudformation/rows.h"
#include "svc/cloudformation/template_summary.h"
#include "wire/json.h"


/* ---- members that not every input has ---- */

static const struct value *argument(const struct call *c, const char *member)
{
    int index = model_member_index(model_shape(c->in->shape), str_c(member));

    return index < 0 ? NULL : arg(c, member);
}

static bool argument_bool(const struct call *c, const char *member)
{
    const struct value *value = argument(c, member);

    return value != NULL && value->truth;
}

/* ---- parameters ---- */

static size_t given_read(struct call *c, const struct value *list, struct template_given **ret)
{
    size_t count = list == NULL ? 0 : list->count;
    struct template_given *given = arena_zero(c->arena, (count + 1) * sizeof(given[0]));

    for (size_t i = 0; i < count; i++) {
        given[i].name = get_str(&list->items[i], "ParameterKey");
        given[i].value = get_str(&list->items[i], "ParameterValue");
        given[i].use_previous = get_bool(&list->items[i], "UsePreviousValue", false);
    }
    *ret = given;
    return count;
}

status wish_arguments(struct call *c, struct stack_wish *wish, const struct template *t,
                      struct template_argument **ret_arguments)
{
    struct template_given *given_rows, *before_rows;
    struct template_asking asking = {.world = &wish->world.of};

    asking.given_count = given_read(c, wish->given, &given_rows);
    asking.before_count = given_read(c, wish->before, &before_rows);
    asking.given = given_rows;
    asking.before = wish->before == NULL ? NULL : before_rows;
    return template_arguments(t, &asking, c->arena, &c->why, ret_arguments);
}

static void tell_parameters(struct call *c, struct stack_wish *wish)
{
    uint32_t count = wish->template.parameter_count;
    struct value *list;

    unset(wish->about, "Parameters");
    if (count == 0) {
        return;
    }
    list = set_list(c->arena, wish->about, "Parameters", count);
    for (uint32_t i = 0; i < count; i++) {
        const struct template_argument *one = &wish->arguments[i];
        struct value *told = list_add(c->arena, list);

        set_str(told, "ParameterKey", one->parameter->name);
        set_str(told, "ParameterValue", one->text);
        if (one->resolved.at != NULL) {
            set_str(told, "ResolvedValue", one->resolved);
        }
    }
}

/* ---- the template ---- */

static status text_of_call(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    static const struct source source = {"TemplateBody", "TemplateURL", TEMPLATE_BYTES_MAX};
    bool previous = argument_bool(c, "UsePreviousTemplate");

    TRY(source_of_call(c, &source, &wish->original));
    if (previous && wish->original.at != NULL) {
        return fail(c, &CFN_VALIDATION, "You cannot specify both usePreviousTemplate and Template "
                                        "Body/Template URL.");
    }
    if (previous && stack != NULL) {
        wish->original = stack_template(c, stack, TEMPLATE_ORIGINAL);
    }
    if (wish->original.at == NULL) {
        return fail(c, &CFN_VALIDATION, "Either Template URL or Template Body must be specified.");
    }
    if (argument(c, "TemplateBody") != NULL && wish->original.bytes > TEMPLATE_BODY_BYTES_MAX) {
        return fail(c, &CFN_VALIDATION,
                    "1 validation error detected: Value at 'templateBody' failed to satisfy "
                    "constraint: Member must have length less than or equal to %u",
                    TEMPLATE_BODY_BYTES_MAX);
    }
    return OK;
}

/* Arguments, conditions, order: what every use of a template needs. */
static status begin(struct call *c, struct stack_wish *wish)
{
    TRY(template_read(&wish->document, c->arena, &c->why, &wish->template));
    wish->world.t = &wish->template;
    wish->world.places = arena_zero(c->arena, (wish->template.resource_count + 1) *
                                                  sizeof(wish->world.places[0]));
    TRY(wish_arguments(c, wish, &wish->template, &wish->arguments));
    wish->run = (struct template_run){.of = &wish->template,
                                      .arguments = wish->arguments,
                                      .world = &wish->world.of,
                                      .arena = c->arena,
                                      .why = &c->why};
    return template_begin(&wish->run);
}

status wish_evaluate(struct stack_wish *wish, const struct value *document, bool kept,
                     struct value *ret_value)
{
    status evaluated;

    wish->world.of.keeps_dynamic = kept;
    evaluated = template_evaluate(&wish->run, document, ret_value, NULL);
    wish->world.of.keeps_dynamic = false;
    return evaluated;
}

/* ---- capabilities ---- */

static bool has_capability(const struct call *c, const char *name)
{
    const struct value *given = argument(c, "Capabilities");

    for (uint32_t i = 0; given != NULL && i < given->count; i++) {
        if (str_eq(given->items[i].str, str_c(name))) {
            return true;
        }
    }
    return false;
}

static bool is_acknowledged(const struct call *c, struct str needed)
{
    return has_capability(c, arena_dup(c->arena, needed).at) ||
           (str_eq(needed, STR("CAPABILITY_IAM")) && has_capability(c, "CAPABILITY_NAMED_IAM"));
}

static status capabilities_check(struct call *c, struct stack_wish *wish)
{
    struct template_summary summary = template_summarize(&wish->template, c->arena);
    bool directly = model_member_index(model_shape(c->in->shape), STR("ChangeSetName")) < 0;

    for (uint32_t i = 0; i < summary.capabilities.count; i++) {
        struct str needed = summary.capabilities.items[i].str;

        if (!str_eq(needed, STR("CAPABILITY_AUTO_EXPAND")) && !is_acknowledged(c, needed)) {
            return fail(c, &CFN_CAPABILITIES, "Requires capabilities : [%.*s]", STR_ARG(needed));
        }
    }
    if (directly && wish->macros && !has_capability(c, "CAPABILITY_AUTO_EXPAND")) {
        return fail(c, &CFN_CAPABILITIES, "Requires capabilities : [CAPABILITY_AUTO_EXPAND]");
    }
    return OK;
}

/* ---- what the stack will tell ---- */

/* Members that stay as they were where the call does not say them, and those that do not. */
static void take_members(struct call *c, struct stack_wish *wish)
{
    static const char *const members[] = {"RollbackConfiguration", "NotificationARNs", "RoleARN",
                                          "Tags", "TimeoutInMinutes", "EnableTerminationProtection",
                                          "DisableRollback", "RetainExceptOnCreate"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct value *said = argument(c, members[i]);

        if (said == NULL) {
            continue;
        }
        if (said->kind == VALUE_LIST && said->count == 0) {
            unset(wish->about, members[i]);
        } else {
            set_value(wish->about, members[i], said);
        }
    }
    if (argument(c, "Capabilities") != NULL) {
        set_value(wish->about, "Capabilities", argument(c, "Capabilities"));
    } else {
        unset(wish->about, "Capabilities");
    }
}

static status tags_check(struct call *c, const struct value *tags)
{
    if (tags != NULL && tags->count > STACK_TAGS_MAX) {
        return fail(c, &CFN_VALIDATION,
                    "1 validation error detected: Value at 'tags' failed to satisfy constraint: "
                    "Member must have length less than or equal to %d", STACK_TAGS_MAX);
    }
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &CFN_VALIDATION,
                        "aws: prefixed tag key names are not allowed for external use.");
        }
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(get_str(&tags->items[j], "Key"), key)) {
                return fail(c, &CFN_VALIDATION, "Duplicate tag key(s): [%.*s]", STR_ARG(key));
            }
        }
    }
    return OK;
}

static status policies_check(struct call *c, struct stack_wish *wish)
{
    static const struct source policy = {"StackPolicyBody", "StackPolicyURL",
                                         STACK_POLICY_BYTES_MAX};
    static const struct source during = {"StackPolicyDuringUpdateBody",
                                         "StackPolicyDuringUpdateURL", STACK_POLICY_BYTES_MAX};

    TRY(source_of_call(c, &policy, &wish->policy));
    TRY(source_of_call(c, &during, &wish->policy_during));
    TRY(stack_policy_check(c, wish->policy));
    return stack_policy_check(c, wish->policy_during);
}

static void describe(struct stack_wish *wish)
{
    if (wish->template.description.at != NULL) {
        set_str(wish->about, "Description", wish->template.description);
    } else {
        unset(wish->about, "Description");
    }
}

/* DeletionPolicy Snapshot only where there is something like it. */
static status types_check(struct call *c, const struct template *t)
{
    for (uint32_t i = 0; i < t->resource_count; i++) {
        const struct template_resource *resource = &t->resources[i];
        const struct resource_type *type = type_of(c->cell, resource->type);

        if (type != NULL && !type->snapshots &&
            (str_eq(resource->deletion, STR("Snapshot")) ||
             str_eq(resource->replacement, STR("Snapshot")))) {
            return fail(c, &CFN_VALIDATION,
                        "Template error: resource type %.*s does not support deletion policy "
                        "Snapshot", STR_ARG(resource->type));
        }
    }
    return OK;
}

/* A type cannot become another under the same logical id. */
static status same_types_check(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    struct stack_resource *rows;
    size_t count = stack_resources(c, stack, &rows);
    struct buf names;
    struct str all;

    buf_init(&names, 4096);
    for (size_t i = 0; i < count; i++) {
        const struct template_resource *resource =
            template_resource_find(&wish->template, rows[i].logical_id);

        if (rows[i].part == PART_CURRENT && rows[i].id.bytes > 0 && resource != NULL &&
            wish->run.exists[resource - wish->template.resources] &&
            !str_eq(resource->type, rows[i].type)) {
            buf_printf(&names, "%s%.*s", names.bytes == 0 ? "" : ", ",
                       STR_ARG(rows[i].logical_id));
        }
    }
    all = arena_dup(c->arena, buf_str(&names));
    buf_done(&names);
    return all.bytes == 0 ? OK
                          : fail(c, &CFN_VALIDATION,
                                 "Update of resource type is not permitted. The new template "
                                 "modifies resource type of the following resources: [%.*s]",
                                 STR_ARG(all));
}

/* Its row has room for it, and the plan for it once more. */
static status about_check(struct call *c, const struct value *about)
{
    struct buf text;
    bool fits;

    buf_init(&text, ABOUT_BYTES_MAX);
    json_write(&text, about, TIME_EPOCH);
    fits = !buf_spent(&text);
    buf_done(&text);
    return fits ? OK
                : fail(c, &CFN_VALIDATION,
                       "Parameters, tags and notification ARNs exceed %u bytes together",
                       ABOUT_BYTES_MAX);
}

/* ResourceTypes: whole names, or beginnings that end with a star. */
static bool is_allowed(const struct value *allowed, struct str type)
{
    for (uint32_t i = 0; i < allowed->count; i++) {
        struct str one = allowed->items[i].str;
        bool any = str_ends(one, STR("*"));

        if (any ? str_starts(type, str_slice(one, 0, one.bytes - 1)) : str_eq(type, one)) {
            return true;
        }
    }
    return false;
}

static status allowed_check(struct call *c, const struct template *t)
{
    const struct value *allowed = argument(c, "ResourceTypes");

    for (uint32_t i = 0; allowed != NULL && i < t->resource_count; i++) {
        if (!is_allowed(allowed, t->resources[i].type)) {
            return fail(c, &CFN_VALIDATION,
                        "Resource type %.*s is not allowed by parameter ResourceTypes",
                        STR_ARG(t->resources[i].type));
        }
    }
    return OK;
}

/* ---- whole wishes ---- */

static void wish_init(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    memset(wish, 0, sizeof(*wish));
    wish->processed = wish->failed = wish->policy = wish->policy_during = STR_NONE;
    world_init(&wish->world, c, stack);
    wish->about = stack == NULL ? value_struct(c->arena, stack_shape())
                                : value_copy(c->arena, stack->about);
}

status wish_of_call(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    wish_init(c, stack, wish);
    wish->given = argument(c, "Parameters");
    wish->before = stack == NULL ? NULL : get(stack->about, "Parameters");
    if (stack == NULL) {
        wish->world.of.stack_name = arg_str(c, "StackName");
    }
    TRY(text_of_call(c, stack, wish));
    TRY(tags_check(c, argument(c, "Tags")));
    TRY(policies_check(c, wish));
    take_members(c, wish);
    wish->world.of.notification_arns = get(wish->about, "NotificationARNs");
    TRY(template_document(wish->original, c->arena, &c->why, &wish->document));
    wish->macros = template_transforms(&wish->document, c->arena).count > 0;
    TRY(wish_expand(c, wish));
    if (wish->failed.at != NULL) { /* the operation will tell */
        return OK;
    }
    TRY(begin(c, wish));
    TRY(types_check(c, &wish->template));
    TRY(allowed_check(c, &wish->template));
    TRY(capabilities_check(c, wish));
    if (stack != NULL) {
        TRY(same_types_check(c, stack, wish));
    }
    tell_parameters(c, wish);
    describe(wish);
    return about_check(c, wish->about);
}

status wish_again(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    struct str text = wish->processed.at != NULL ? wish->processed : wish->original;

    world_init(&wish->world, c, stack);
    wish->world.of.notification_arns = get(wish->about, "NotificationARNs");
    wish->failed = wish->policy = wish->policy_during = STR_NONE;
    TRY(template_document(text, c->arena, &c->why, &wish->document));
    wish->given = wish->world.settled = get(wish->about, "Parameters");
    wish->before = NULL;
    return begin(c, wish);
}

status wish_of_stack(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    memset(wish, 0, sizeof(*wish));
    wish->about = stack->about;
    wish->original = stack_template(c, stack, TEMPLATE_ORIGINAL);
    wish->processed = stack_template(c, stack, TEMPLATE_PROCESSED);
    return wish_again(c, stack, wish);
}
