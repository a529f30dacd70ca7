/* SPDX-License-Identifier: Apache-2.0
 *
 * DeploymentPreference: CodeDeploy shifts an alias's traffic. One application and one role serve
 * all functions of the template, each has its deployment group.
 */
#include "svc/cloudformation/sam_function.h"
#include "svc/cloudformation/sam_policy.h"

#define APPLICATION "ServerlessDeploymentApplication"
#define ROLE "CodeDeployServiceRole"
#define CONDITION "ServerlessCodeDeployCondition"

/* ---- one function's ---- */

/* With references to parameters and mappings resolved. */
static struct value resolved(struct sam *s, const struct value *given)
{
    struct value copy = given == NULL ? (struct value){.kind = VALUE_NULL}
                                      : node_copy(s->arena, given);

    sam_resolve(s, &copy);
    sam_resolve_map(s, &copy);
    return copy;
}

static bool passes_condition(struct sam *s, const struct value *given)
{
    struct value value = resolved(s, given);

    if (given == NULL || node_is_text(&value, "false") || node_is_text(&value, "False")) {
        return false;
    }
    if (value.kind != VALUE_BOOL && !node_is_text(&value, "true") &&
        !node_is_text(&value, "True")) {
        if (node_is_intrinsic(&value)) {
            sam_refuse(s, s->id, "Unsupported intrinsic: the only intrinsic functions supported "
                                 "for property PassthroughCondition are FindInMap and parameter "
                                 "Refs.");
        } else {
            sam_refuse(s, s->id, "Invalid value for property PassthroughCondition.");
        }
    }
    return value.kind != VALUE_BOOL || value.truth;
}

static void keep_preference(struct sam *s, const struct value *given, const struct value *type)
{
    const struct value *hooks = node_get(given, "Hooks");
    const struct value *tags = sam_property(s, "Tags");
    bool passed = passes_condition(s, node_get(given, "PassthroughCondition"));
    bool tagged = node_true(sam_property(s, "PropagateTags")) && node_true(tags);
    struct value made;

    if (type->kind == VALUE_NULL) {
        sam_refuse(s, s->id, "'DeploymentPreference' is missing required Property 'Type'");
    }
    if (hooks != NULL && hooks->kind != VALUE_MAP) {
        sam_refuse(s, s->id, "'Hooks' property of 'DeploymentPreference' must be a dictionary");
    }
    made = node_make(s->arena,
                     "{Type: %v, Pre: %v, Post: %v, Alarms: %v, Role: %v, Triggers: %v, Condition: "
                     "%v, Tags: %v}",
                     type, node_get(hooks, "PreTraffic"), node_get(hooks, "PostTraffic"),
                     node_get(given, "Alarms"), node_get(given, "Role"),
                     node_get(given, "TriggerConfigurations"),
                     passed ? node_get(&s->passed, "Condition") : NULL, tagged ? tags : NULL);
    node_set(s->arena, &s->preferences, s->id, &made);
}

void sam_prefer(struct sam *s, struct sam_made *alias)
{
    const struct value *given = sam_property(s, "DeploymentPreference");
    struct value enabled = resolved(s, node_get(given, "Enabled"));
    struct value type = resolved(s, node_get(given, "Type"));
    const struct value *hooks = node_get(given, "Hooks");
    struct value group = sam_ref(s, sam_id(s, "DeploymentGroup"));

    if (!node_true(given) ||
        (node_has(given, "Enabled") &&
         (!node_true(&enabled) || node_is_text(&enabled, "false") ||
          node_is_text(&enabled, "False")))) {
        return;
    }
    keep_preference(s, given, &type);
    if (alias == NULL) {
        sam_refuse(s, s->id, "'DeploymentPreference' requires AutoPublishAlias property to be "
                             "specified.");
        return;
    }
    node_put(s->arena, &alias->attributes, "UpdatePolicy",
             node_make(s->arena,
                       "{CodeDeployLambdaAliasUpdate: {ApplicationName: {Ref: '" APPLICATION
                       "'}, DeploymentGroupName: %v, BeforeAllowTrafficHook: %v, "
                       "AfterAllowTrafficHook: %v}}",
                       &group, node_get(hooks, "PreTraffic"), node_get(hooks, "PostTraffic")));
}

/* ---- what all share ---- */

/* The condition of what all share; VALUE_NONE: a function has none. */
static struct value shared_condition(struct sam *s)
{
    struct value names = node_list();

    for (uint32_t i = 0; i < s->preferences.count; i++) {
        const struct value *condition = node_get(&s->preferences.pairs[i].value, "Condition");

        if (!node_true(condition)) {
            return (struct value){.kind = VALUE_NONE};
        }
        if (!node_in(&names, condition)) {
            node_push(s->arena, &names, *condition);
        }
    }
    if (names.count == 1) {
        return names.items[0];
    }
    sam_combine(s, STR(CONDITION), names);
    return node_c(CONDITION);
}

static struct value shared_tags(struct sam *s)
{
    struct value all = node_map();

    for (uint32_t i = 0; i < s->preferences.count; i++) {
        node_update(s->arena, &all, node_get(&s->preferences.pairs[i].value, "Tags"));
    }
    return sam_tag_list(s, &all);
}

static void add_shared(struct sam *s, struct str id, struct value resource)
{
    struct value condition = shared_condition(s);
    struct value tags = shared_tags(s);

    if (condition.kind != VALUE_NONE) {
        node_put(s->arena, &resource, "Condition", condition);
    }
    if (tags.count > 0) {
        node_put(s->arena, node_get(&resource, "Properties"), "Tags", tags);
    }
    node_set(s->arena, &s->made, id, &resource);
}

static bool has_own_role(const struct sam *s)
{
    for (uint32_t i = 0; i < s->preferences.count; i++) {
        if (!node_true(node_get(&s->preferences.pairs[i].value, "Role"))) {
            return false;
        }
    }
    return true;
}

/* ---- groups ---- */

static struct value alarms(struct sam *s, struct str id, const struct value *given)
{
    struct value list = node_list();

    if (!node_is(given, VALUE_LIST)) {
        s->refused = false;
        sam_refuse(s, id, "Alarms must be a list");
        return node_map();
    }
    if (given->count == 0 || node_is_no_value(&given->items[0])) {
        return node_map();
    }
    for (uint32_t i = 0; i < given->count; i++) {
        node_push(s->arena, &list, node_make(s->arena, "{Name: %v}", &given->items[i]));
    }
    return node_make(s->arena, "{Enabled: true, Alarms: %v}", &list);
}

static struct value alarm_configuration(struct sam *s, struct str id, const struct value *given)
{
    struct value made = {.kind = VALUE_NONE};

    if (!node_true(given) || node_is_no_value(given)) {
        return made;
    }
    if (!node_is_function(given, "Fn::If")) {
        return alarms(s, id, given);
    }
    if (!sam_is_if(given)) {
        s->refused = false;
        sam_refuse(s, id, "Fn::If requires 3 arguments");
        return made;
    }
    made = node_copy(s->arena, given);
    for (uint32_t i = 1; i <= 2; i++) {
        struct value *item = &made.pairs[0].value.items[i];

        *item = alarms(s, id, item);
    }
    return made;
}

/* CodeDeploy's own configurations are called by their short names in templates. */
static void name_type(struct sam *s, struct value *value, bool in_sub)
{
    static const char *const known[] = {
        "Canary10Percent5Minutes",      "Canary10Percent10Minutes",
        "Canary10Percent15Minutes",     "Canary10Percent30Minutes",
        "Linear10PercentEvery1Minute",  "Linear10PercentEvery2Minutes",
        "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
        "AllAtOnce"};

    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        name_type(s, &value->items[i], false);
    }
    if (node_is_intrinsic(value)) {
        name_type(s, &value->pairs[0].value, node_is_function(value, "Fn::Sub"));
    }
    for (size_t i = 0; value->kind == VALUE_STR && i < sizeof(known) / sizeof(known[0]); i++) {
        if (node_is_text(value, known[i])) {
            struct value name = *value;
            struct value list = node_make(
                s->arena, "['CodeDeployDefault.Lambda${ConfigName}', {ConfigName: %v}]", &name);

            *value = in_sub ? list : node_make(s->arena, "{'Fn::Sub': %v}", &list);
        }
    }
}

static void add_group(struct sam *s, const struct pair *pair)
{
    const struct value *preference = &pair->value;
    const struct value *role = node_get(preference, "Role");
    const struct value *triggers = node_get(preference, "Triggers");
    const struct value *condition = node_get(preference, "Condition");
    struct value own = sam_attribute(s, STR(ROLE), "Arn");
    struct value type = node_copy(s->arena, node_get(preference, "Type"));
    struct value watch = alarm_configuration(s, pair->key, node_get(preference, "Alarms"));
    struct value tags = sam_tag_list(s, node_get(preference, "Tags"));
    struct value made;

    name_type(s, &type, false);
    made = node_make(
        s->arena,
        "{Type: 'AWS::CodeDeploy::DeploymentGroup', Condition: %v, Properties: {"
        "AlarmConfiguration: %v, ApplicationName: {Ref: '" APPLICATION "'}, "
        "AutoRollbackConfiguration: {Enabled: true, Events: ['DEPLOYMENT_FAILURE', "
        "'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST']}, DeploymentConfigName: %v, "
        "DeploymentStyle: {DeploymentType: 'BLUE_GREEN', DeploymentOption: "
        "'WITH_TRAFFIC_CONTROL'}, ServiceRoleArn: %v, TriggerConfigurations: %v, Tags: %v}}",
        node_true(condition) ? condition : NULL, &watch, &type, node_true(role) ? role : &own,
        node_true(triggers) ? triggers : NULL, tags.count > 0 ? &tags : NULL);
    node_set(s->arena, &s->made, sam_join(s, pair->key, STR("DeploymentGroup")), &made);
}

void sam_deployments(struct sam *s)
{
    bool isolated = str_eq(s->place->partition, STR("aws-iso")) ||
                    str_eq(s->place->partition, STR("aws-iso-b"));
    struct value arn = sam_managed_arn(s, isolated
                                              ? "service-role/AWSCodeDeployRoleForLambdaLimited"
                                              : "service-role/AWSCodeDeployRoleForLambda");
    struct value assume = sam_assume(s, "codedeploy.amazonaws.com");

    if (s->preferences.count == 0 || s->causes.count > 0) {
        return;
    }
    add_shared(s, STR(APPLICATION),
               node_make(s->arena, "{Type: 'AWS::CodeDeploy::Application', Properties: "
                                   "{ComputePlatform: 'Lambda'}}"));
    if (!has_own_role(s)) {
        add_shared(s, STR(ROLE),
                   node_make(s->arena, "{Type: 'AWS::IAM::Role', Properties: "
                                       "{AssumeRolePolicyDocument: %v, ManagedPolicyArns: [%v]}}",
                             &assume, &arn));
    }
    for (uint32_t i = 0; i < s->preferences.count; i++) {
        add_group(s, &s->preferences.pairs[i]);
    }
}
