/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules with their targets, event buses and their policies, in templates.
 */
#include "svc/events/cfn.h"

#define RULE_NAME_BYTES_MAX 64

static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceARN",
                                                "Tags", "TagKeys"};

static struct str last_part(struct str text, char separator)
{
    struct str part = text;

    for (struct str rest = text; rest.at != NULL;) {
        part = str_split(&rest, separator);
    }
    return part;
}

/* A bus by its name or ARN: its name; the default one's, when none is said. */
static struct str bus_name(const struct resource *r, const struct value *properties)
{
    struct str bus = doc_text(r->c->arena, doc_get(properties, "EventBusName"));

    return bus.at == NULL ? STR("default") : last_part(bus, '/');
}

/* ---- AWS::Events::Rule ---- */

static const struct resource_property rule_properties[] = {
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"EventBusName", NULL, RESOURCE_DECIDES, 0},
    {"EventPattern", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_REPLACES, 0},
    {"RoleArn", NULL, RESOURCE_IN_PLACE, 0},
    {"ScheduleExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"State", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Targets", "", RESOURCE_IN_PLACE, 0},
};
static const char *const arn_only[] = {"Arn", NULL};

static bool rule_replaces(const struct resource *r, const struct resource_property *property)
{
    (void)property;
    return !str_eq(bus_name(r, r->want), bus_name(r, r->had));
}

/* Of the Ref, which has its bus in front when that is not the default one. */
static struct str rule_name(const struct resource *r)
{
    return last_part(r->id, '|');
}

static struct resource_arg bus_arg(const struct resource *r)
{
    return (struct resource_arg){"EventBusName", resource_str(r, "EventBusName")};
}

static status rule_read(struct resource *r, struct str name, struct inner *ret_inner)
{
    return resource_ask(r, "DescribeRule", RESOURCE_ARGS({"Name", name}, bus_arg(r)), ret_inner);
}

/* PutRule takes away what it is not told. */
static status rule_put(struct resource *r, struct str name, bool tags)
{
    struct inner inner;

    TRY(resource_begin(r, "PutRule", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "Name", name);
    if (tags) {
        TRY(resource_set(r, &inner, "Tags", resource_tags(r, "Tags")));
    }
    return resource_run(r, &inner);
}

static status targets_failed(struct resource *r, const struct inner *inner)
{
    const struct value *failed = get(inner->out, "FailedEntries");

    if (get_int(inner->out, "FailedEntryCount", 0) == 0 || failed == NULL ||
        failed->count == 0) {
        return OK;
    }
    return resource_fail(r, &RESOURCE_INVALID, "%.*s (target %.*s)",
                         STR_ARG(get_str(&failed->items[0], "ErrorMessage")),
                         STR_ARG(get_str(&failed->items[0], "TargetId")));
}

static const struct value *target_of(const struct resource *r, const struct value *properties,
                                     struct str id)
{
    const struct value *list = properties == NULL ? NULL : doc_get(properties, "Targets");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (str_eq(doc_text(r->c->arena, doc_get(&list->items[i], "Id")), id)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static status targets_remove(struct resource *r, const struct value *ids)
{
    struct inner inner;

    if (ids->count == 0) {
        return OK;
    }
    TRY(resource_begin(r, "RemoveTargets", &inner));
    set_str(inner.in, "Rule", rule_name(r));
    if (resource_get(r, "EventBusName") != NULL) {
        set_str(inner.in, "EventBusName", resource_str(r, "EventBusName"));
    }
    TRY(resource_set(r, &inner, "Ids", ids));
    TRY(resource_run(r, &inner));
    return targets_failed(r, &inner);
}

static status targets_put(struct resource *r)
{
    const struct value *targets = resource_get(r, "Targets");
    struct inner inner;

    if (targets == NULL || (targets->kind == VALUE_LIST && targets->count == 0)) {
        return OK;
    }
    TRY(resource_begin(r, "PutTargets", &inner));
    set_str(inner.in, "Rule", rule_name(r));
    if (resource_get(r, "EventBusName") != NULL) {
        set_str(inner.in, "EventBusName", resource_str(r, "EventBusName"));
    }
    TRY(resource_set(r, &inner, "Targets", targets));
    TRY(resource_run(r, &inner));
    return targets_failed(r, &inner);
}

/* Ids of the rule's targets that properties (NULL: none) do not have. */
static status targets_other(struct resource *r, const struct value *properties,
                            struct value **ret_ids)
{
    struct value *ids = ARENA_NEW(r->c->arena, struct value);
    const struct value *targets;
    struct inner inner;

    ids->kind = VALUE_LIST;
    TRY(resource_ask(r, "ListTargetsByRule", RESOURCE_ARGS({"Rule", rule_name(r)}, bus_arg(r)),
                     &inner));
    targets = get(inner.out, "Targets");
    for (uint32_t i = 0; targets != NULL && i < targets->count; i++) {
        struct str id = get_str(&targets->items[i], "Id");

        if (target_of(r, properties, id) == NULL) {
            *doc_add(r->c->arena, ids) = (struct value){.kind = VALUE_STR, .str = id};
        }
    }
    *ret_ids = ids;
    return OK;
}

static status rule_make(struct resource *r)
{
    struct str name = resource_name(r, "Name", RULE_NAME_BYTES_MAX, false);
    struct str bus = bus_name(r, r->want);
    struct inner inner;
    status there = rule_read(r, name, &inner);

    if (there == OK) {
        return resource_exists(r, name);
    }
    TRY(rule_put(r, name, true));
    r->id = str_eq(bus, STR("default"))
                ? name
                : arena_printf(r->c->arena, "%.*s|%.*s", STR_ARG(bus), STR_ARG(name));
    return targets_put(r);
}

static status rule_change(struct resource *r)
{
    struct value *gone = NULL;
    struct inner inner;

    TRY(rule_put(r, rule_name(r), false));
    TRY(targets_other(r, r->want, &gone));
    TRY(targets_remove(r, gone));
    TRY(targets_put(r));
    TRY(rule_read(r, rule_name(r), &inner));
    return resource_tag_by(r, "Tags", &tagging, get_str(inner.out, "Arn"));
}

/* DeleteRule says nothing of a rule that is not there. */
static status rule_remove(struct resource *r)
{
    struct value *all = NULL;
    struct inner inner;

    TRY(rule_read(r, rule_name(r), &inner));
    TRY(targets_other(r, NULL, &all));
    TRY(targets_remove(r, all));
    return resource_ask(r, "DeleteRule", RESOURCE_ARGS({"Name", rule_name(r)}, bus_arg(r)),
                        &inner);
}

static status rule_tell(struct resource *r)
{
    struct inner inner;

    TRY(rule_read(r, rule_name(r), &inner));
    resource_attribute(r, "Arn", get_str(inner.out, "Arn"));
    return OK;
}

static status tags_now(struct resource *r, struct str arn, struct value *ret_properties)
{
    struct inner inner;

    TRY(resource_ask(r, "ListTagsForResource", RESOURCE_ARGS({"ResourceARN", arn}), &inner));
    resource_now_tags(r, ret_properties, "Tags", get(inner.out, "Tags"));
    return OK;
}

static status rule_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "EventPattern");
    struct value *list;
    const struct value *told;
    struct inner inner;

    TRY(rule_read(r, rule_name(r), &inner));
    TRY(tags_now(r, get_str(inner.out, "Arn"), ret_properties));
    resource_now_of(r, inner.out, ret_properties);
    for (uint32_t i = 0; i < ret_properties->count; i++) {
        struct pair *pair = &ret_properties->pairs[i];

        if (str_eq(pair->key, STR("EventPattern")) && want != NULL && want->kind == VALUE_MAP) {
            pair->value = *resource_tree(r, pair->value.str);
        } else if (str_eq(pair->key, STR("EventBusName")) &&
                   str_eq(pair->value.str, bus_name(r, r->want)) &&
                   resource_get(r, "EventBusName") != NULL) {
            pair->value = *resource_get(r, "EventBusName");
        }
    }
    TRY(resource_ask(r, "ListTargetsByRule", RESOURCE_ARGS({"Rule", rule_name(r)}, bus_arg(r)),
                     &inner));
    told = get(inner.out, "Targets");
    list = doc_put_list(r->c->arena, ret_properties, "Targets");
    for (uint32_t i = 0; told != NULL && i < told->count; i++) {
        *doc_add(r->c->arena, list) = *resource_document(r->c->arena, &told->items[i]);
    }
    return OK;
}

/* ---- AWS::Events::EventBus ---- */

static const struct resource_property bus_properties[] = {
    {"DeadLetterConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"EventSourceName", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"KmsKeyIdentifier", NULL, RESOURCE_IN_PLACE, 0},
    {"LogConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Policy", "", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const bus_attributes[] = {"Arn", "Name", "Policy", NULL};
static const struct resource_default bus_defaults[] = {
    {"Description", ""}, {"KmsKeyIdentifier", ""}, {"DeadLetterConfig", "{}"}, {NULL, NULL}};

static status bus_policy_put(struct resource *r)
{
    struct str policy = resource_policy(r, "Policy");
    struct inner inner;

    if (!resource_changed(r, "Policy")) {
        return OK;
    }
    if (policy.at == NULL) {
        TRY(resource_begin(r, "RemovePermission", &inner));
        set_str(inner.in, "EventBusName", r->id);
        set_bool(inner.in, "RemoveAllPermissions", true);
        return resource_run(r, &inner);
    }
    return resource_ask(r, "PutPermission",
                        RESOURCE_ARGS({"EventBusName", r->id}, {"Policy", policy}), &inner);
}

static status bus_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateEventBus", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = resource_str(r, "Name");
    return bus_policy_put(r);
}

static status bus_read(struct resource *r, struct inner *ret_inner)
{
    return resource_ask(r, "DescribeEventBus", RESOURCE_ARGS({"Name", r->id}), ret_inner);
}

static status bus_change(struct resource *r)
{
    struct value *off = doc_map(r->c->arena);
    struct inner inner;

    TRY(resource_begin(r, "UpdateEventBus", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_fill_back(r, &inner, bus_defaults));
    if (doc_get(r->had, "LogConfig") != NULL && resource_get(r, "LogConfig") == NULL) {
        doc_put_text(r->c->arena, off, "Level", STR("OFF"));
        TRY(resource_set(r, &inner, "LogConfig", off));
    }
    TRY(resource_run(r, &inner));
    TRY(bus_policy_put(r));
    TRY(bus_read(r, &inner));
    return resource_tag_by(r, "Tags", &tagging, get_str(inner.out, "Arn"));
}

/* DeleteEventBus says nothing of a bus that is not there. */
static status bus_remove(struct resource *r)
{
    struct inner inner;

    TRY(bus_read(r, &inner));
    return resource_remove_by(r, "DeleteEventBus", "Name");
}

static status bus_tell(struct resource *r)
{
    struct inner inner;

    TRY(bus_read(r, &inner));
    resource_attribute(r, "Arn", get_str(inner.out, "Arn"));
    resource_attribute(r, "Name", r->id);
    if (has(inner.out, "Policy")) {
        resource_attribute(r, "Policy", get_str(inner.out, "Policy"));
    }
    return OK;
}

static status bus_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(bus_read(r, &inner));
    resource_now_of(r, inner.out, ret_properties);
    for (uint32_t i = 0; i < ret_properties->count; i++) {
        struct pair *pair = &ret_properties->pairs[i];

        if (str_eq(pair->key, STR("Policy"))) {
            pair->value = *resource_tree(r, pair->value.str);
        }
    }
    return tags_now(r, get_str(inner.out, "Arn"), ret_properties);
}

/* ---- AWS::Events::EventBusPolicy ---- */

static const struct resource_property policy_properties[] = {
    {"Action", NULL, RESOURCE_IN_PLACE, 0},
    {"Condition", NULL, RESOURCE_IN_PLACE, 0},
    {"EventBusName", NULL, RESOURCE_REPLACES, 0},
    {"Principal", NULL, RESOURCE_IN_PLACE, 0},
    {"Statement", "", RESOURCE_IN_PLACE, 0},
    {"StatementId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

/* The bus's statements but the one of that id, to which another may come. */
static status statements_of(struct resource *r, struct str id, struct value **ret_policy)
{
    struct str bus = bus_name(r, r->want);
    const struct value *old;
    struct value *policy = doc_map(r->c->arena);
    struct value *list;
    struct inner inner;

    TRY(resource_ask(r, "DescribeEventBus", RESOURCE_ARGS({"Name", bus}), &inner));
    doc_put_text(r->c->arena, policy, "Version", STR("2012-10-17"));
    list = doc_put_list(r->c->arena, policy, "Statement");
    old = has(inner.out, "Policy")
              ? doc_get(resource_tree(r, get_str(inner.out, "Policy")), "Statement")
              : NULL;
    for (uint32_t i = 0; old != NULL && old->kind == VALUE_LIST && i < old->count; i++) {
        if (!str_eq(doc_text(r->c->arena, doc_get(&old->items[i], "Sid")), id)) {
            *doc_add(r->c->arena, list) = old->items[i];
        }
    }
    *ret_policy = policy;
    return OK;
}

static status statement_put(struct resource *r, const struct value *statement)
{
    struct str id = resource_str(r, "StatementId");
    struct value *policy = NULL;
    struct value *made = doc_copy(r->c->arena, statement);
    struct inner inner;

    TRY(statements_of(r, id, &policy));
    *doc_map_of(r->c->arena, made, STR("Sid")) = (struct value){.kind = VALUE_STR, .str = id};
    *doc_add(r->c->arena, (struct value *)(uintptr_t)doc_get(policy, "Statement")) = *made;
    return resource_ask(r, "PutPermission",
                        RESOURCE_ARGS({"EventBusName", bus_name(r, r->want)},
                                      {"Policy", doc_json(r->c->arena, policy)}),
                        &inner);
}

static status policy_change(struct resource *r)
{
    const struct value *statement = resource_get(r, "Statement");
    struct inner inner;

    if (statement != NULL && statement->kind == VALUE_STR) {
        statement = resource_tree(r, statement->str);
    }
    if (statement != NULL && statement->kind == VALUE_MAP) {
        return statement_put(r, statement);
    }
    TRY(resource_begin(r, "PutPermission", &inner));
    TRY(resource_fill(r, &inner));
    return resource_run(r, &inner);
}

static status policy_make(struct resource *r)
{
    TRY(policy_change(r));
    r->id = arena_printf(r->c->arena, "%.*s|%.*s", STR_ARG(bus_name(r, r->want)),
                         STR_ARG(resource_str(r, "StatementId")));
    return OK;
}

static status policy_remove(struct resource *r)
{
    struct inner inner;

    return resource_ask(
        r, "RemovePermission",
        RESOURCE_ARGS({"StatementId", resource_str(r, "StatementId")}, bus_arg(r)), &inner);
}

/* ---- the list ---- */

static const struct resource_type types[EVENTS_TYPES] = {
    {
        .name = "AWS::Events::EventBus",
        .service = "events",
        RESOURCE_TYPE_PROPERTIES(bus_properties),
        .attributes = bus_attributes,
        .make = bus_make,
        .change = bus_change,
        .remove = bus_remove,
        .tell = bus_tell,
        .now = bus_now,
    },
    {
        .name = "AWS::Events::EventBusPolicy",
        .service = "events",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .make = policy_make,
        .change = policy_change,
        .remove = policy_remove,
    },
    {
        .name = "AWS::Events::Rule",
        .service = "events",
        RESOURCE_TYPE_PROPERTIES(rule_properties),
        .attributes = arn_only,
        .make = rule_make,
        .change = rule_change,
        .remove = rule_remove,
        .tell = rule_tell,
        .now = rule_now,
        .replaces = rule_replaces,
    },
};

const struct resource_type *const events_types[EVENTS_TYPES] = {&types[0], &types[1], &types[2]};
