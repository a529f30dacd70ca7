/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Serverless::StateMachine. A definition that is written in the template becomes the lines of
 * a JSON text; functions in it become substitutions, which CloudFormation fills in.
 */
#include "svc/cloudformation/sam_domain.h"
#include "svc/cloudformation/sam_function.h"
#include "svc/cloudformation/sam_policy.h"

#include <stdlib.h>

#define DEFINITION_BYTES_MAX (8u << 20)

const struct sam_property sam_state_machine_properties[] = {
    {"Definition", "m"},  {"DefinitionUri", "sm"}, {"Logging", "m"}, {"Role", "s"},
    {"RolePath", "-*"},   {"DefinitionSubstitutions", "m"}, {"Events", "M"}, {"Name", "s"},
    {"Type", "s"},        {"Tags", "m"},    {"PropagateTags", "b"}, {"Policies", "sL"},
    {"Tracing", "m"},     {"PermissionsBoundary", "s"}, {"AutoPublishAlias", "-*"},
    {"DeploymentPreference", "-*"}, {"UseAliasAsEventTarget", "-b"}, {NULL, NULL}};

/* ---- the definition ---- */

/* "{{resolve:ssm:name}}" */
static bool is_dynamic(const struct value *value)
{
    struct str text = node_text(value);
    size_t at = 10;

    if (!str_starts(text, STR("{{resolve:")) || !str_ends(text, STR("}}"))) {
        return false;
    }
    while (at < text.bytes && ((text.at[at] >= 'a' && text.at[at] <= 'z') || text.at[at] == '-')) {
        at++;
    }
    return at > 10 && at + 3 < text.bytes && text.at[at] == ':';
}

static int by_key(const void *a, const void *b)
{
    return str_cmp((*(struct pair *const *)a)->key, (*(struct pair *const *)b)->key);
}

static void substitute(struct sam *s, struct value *value, struct value *made);

static void substitute_one(struct sam *s, struct value *value, struct value *made)
{
    struct str name;

    if (!node_is_intrinsic(value) && !is_dynamic(value)) {
        substitute(s, value, made);
        return;
    }
    name = arena_printf(s->arena, "definition_substitution_%u", made->count + 1);
    node_set(s->arena, made, name, value);
    *value = node_str(arena_printf(s->arena, "${%.*s}", STR_ARG(name)));
}

/* In the order of keys, as they are numbered. */
static void substitute(struct sam *s, struct value *value, struct value *made)
{
    struct pair **sorted;

    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        substitute_one(s, &value->items[i], made);
    }
    if (value->kind != VALUE_MAP) {
        return;
    }
    sorted = arena_alloc(s->arena, (value->count + 1) * sizeof(*sorted));
    for (uint32_t i = 0; i < value->count; i++) {
        sorted[i] = &value->pairs[i];
    }
    qsort(sorted, value->count, sizeof(*sorted), by_key);
    for (uint32_t i = 0; i < value->count; i++) {
        substitute_one(s, &sorted[i]->value, made);
    }
}

static struct value as_lines(struct sam *s, const struct value *definition)
{
    struct value lines = node_list();
    struct str rest;
    struct buf text;

    buf_init(&text, DEFINITION_BYTES_MAX);
    node_json(&text, definition, 4);
    rest = arena_dup(s->arena, buf_spent(&text) ? STR_NONE : buf_str(&text));
    buf_done(&text);
    while (rest.bytes > 0) {
        node_push(s->arena, &lines, node_str(str_split(&rest, '\n')));
    }
    return node_make(s->arena, "{'Fn::Join': [%s, %v]}", STR("\n"), &lines);
}

static void set_definition(struct sam *s, struct sam_made *machine)
{
    const struct value *definition = sam_property(s, "Definition");
    const struct value *uri = sam_property(s, "DefinitionUri");
    const struct value *given = sam_property(s, "DefinitionSubstitutions");
    struct value made = node_map();
    struct value all = node_map();

    if (node_true(definition) && node_true(uri)) {
        sam_refuse(s, s->id,
                   "Specify either 'Definition' or 'DefinitionUri' property and not both.");
    } else if (node_true(definition)) {
        struct value copy = node_copy(s->arena, definition);

        substitute(s, &copy, &made);
        sam_put(s, machine, "DefinitionString", as_lines(s, &copy));
    } else if (node_true(uri)) {
        sam_put(s, machine, "DefinitionS3Location", sam_definition_location(s, uri));
    } else {
        sam_refuse(s, s->id,
                   "Either 'Definition' or 'DefinitionUri' property must be specified.");
    }
    node_update(s->arena, &all, given);
    node_update(s->arena, &all, &made);
    if (all.count > 0) {
        sam_put(s, machine, "DefinitionSubstitutions", all);
    }
}

/* ---- the role ---- */

static struct value own_tags(struct sam *s)
{
    struct value list = node_make(s->arena, "[{Key: 'stateMachine:createdBy', Value: 'SAM'}]");
    struct value others = sam_tag_list(s, sam_property(s, "Tags"));

    node_extend(s->arena, &list, &others);
    return list;
}

static void set_role(struct sam *s, struct sam_made *machine)
{
    const struct value *given = sam_property(s, "Role");
    const struct value *policies = sam_property(s, "Policies");
    const struct value *traced = node_get(sam_property(s, "Tracing"), "Enabled");
    struct value list = node_list();
    struct sam_role role = {.id = sam_id(s, "Role"),
                            .attributes = &s->passed,
                            .assume = sam_assume(s, "states.amazonaws.com"),
                            .policies = policies,
                            .managed = node_list(),
                            .documents = node_list(),
                            .path = sam_property(s, "RolePath"),
                            .boundary = sam_property(s, "PermissionsBoundary"),
                            .tags = own_tags(s)};

    if (node_true(given)) {
        sam_set(s, machine, "RoleArn", given);
        if (node_true(policies)) {
            sam_refuse(s, s->id,
                       "Specify either 'Role' or 'Policies' (but not both at the same time) or "
                       "neither of them");
        }
        return;
    }
    if (node_is(traced, VALUE_BOOL) && traced->truth) {
        if (node_is(policies, VALUE_LIST)) {
            node_extend(s->arena, &list, policies);
        } else if (node_true(policies)) {
            node_push(s->arena, &list, *policies);
        }
        node_push(s->arena, &list, node_c(sam_xray_policy(s)));
        role.policies = &list;
    }
    sam_put(s, machine, "RoleArn", sam_attribute(s, role.id, "Arn"));
    sam_attach(s, sam_role_make(s, &role));
}

/* ---- version and alias ---- */

static struct str make_alias(struct sam *s)
{
    const struct value *alias = sam_property(s, "AutoPublishAlias");
    struct str id = arena_printf(s->arena, "%.*sAlias%.*s", STR_ARG(s->id),
                                 STR_ARG(node_shown(s->arena, alias)));
    struct value *given = sam_property(s, "DeploymentPreference");
    struct value preference = node_make(s->arena, "{Type: 'ALL_AT_ONCE'}");
    struct str version_id = sam_id(s, "Version");
    struct sam_made *version = sam_make(s, version_id, "AWS::StepFunctions::StateMachineVersion",
                                        &s->passed);
    struct sam_made *made = sam_make(s, id, "AWS::StepFunctions::StateMachineAlias", &s->passed);

    if (!node_has(&version->attributes, "DeletionPolicy")) {
        node_put(s->arena, &version->attributes, "DeletionPolicy", node_c("Retain"));
    }
    if (!node_has(&version->attributes, "UpdateReplacePolicy")) {
        node_put(s->arena, &version->attributes, "UpdateReplacePolicy", node_c("Retain"));
    }
    sam_put(s, version, "StateMachineArn", sam_ref(s, s->id));
    sam_put(s, version, "StateMachineRevisionId",
            sam_attribute(s, s->id, "StateMachineRevisionId"));
    if (node_is(given, VALUE_MAP) && given->count > 0) {
        preference = *given;
    }
    node_put(s->arena, &preference, "StateMachineVersionArn", sam_ref(s, version_id));
    sam_set(s, made, "Name", alias);
    sam_put(s, made, "DeploymentPreference", preference);
    return id;
}

void sam_state_machine(struct sam *s)
{
    static const struct {
        const char *from; /* the unit's property */
        const char *to;   /* the resource's */
    } same[] = {{"Name", "StateMachineName"},
                {"Type", "StateMachineType"},
                {"Logging", "LoggingConfiguration"},
                {"Tracing", "TracingConfiguration"}};
    struct sam_made *made;
    struct sam_target target = {.id = s->id, .name = sam_ref(s, s->id)};
    bool aliased = node_true(sam_property(s, "AutoPublishAlias"));
    bool to_alias = node_true(sam_property(s, "UseAliasAsEventTarget"));

    if (!sam_events_look(s, true)) {
        return;
    }
    made = sam_make(s, s->id, "AWS::StepFunctions::StateMachine", &s->attributes);
    if (node_get(s->resource, "DependsOn") != NULL) {
        made->depends = *node_get(s->resource, "DependsOn");
    }
    set_definition(s, made);
    set_role(s, made);
    for (size_t i = 0; i < 4; i++) {
        sam_set(s, made, same[i].to, sam_property(s, same[i].from));
    }
    sam_put(s, made, "Tags", own_tags(s));
    if (!aliased && (to_alias || node_true(sam_property(s, "DeploymentPreference")))) {
        sam_refuse(s, s->id, "'%s' requires 'AutoPublishAlias' property to be specified.",
                   to_alias ? "UseAliasAsEventTarget" : "DeploymentPreference");
    } else if (aliased) {
        struct str alias = make_alias(s);

        target.id = to_alias ? alias : target.id;
    }
    target.arn = sam_ref(s, target.id);
    if (!s->refused) {
        sam_events_make(s, &target, true);
    }
    if (node_true(sam_property(s, "PropagateTags"))) {
        sam_propagate(s);
    }
}
