/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Serverless::Function: the function, its role (unless it has one), what is published of it,
 * its URL, and what its events stand for.
 */
#include "svc/cloudformation/sam_function.h"
#include "svc/cloudformation/sam_policy.h"

const struct sam_property sam_function_properties[] = {
    {"FunctionName", "sm"},
    {"Handler", "-*"},
    {"Runtime", "-*"},
    {"CodeUri", "-*"},
    {"ImageUri", "-*"},
    {"PackageType", "-*"},
    {"InlineCode", "-*"},
    {"DeadLetterQueue", "m"},
    {"Description", "-*"},
    {"MemorySize", "-*"},
    {"Timeout", "-*"},
    {"VpcConfig", "-*"},
    {"Role", "s"},
    {"AssumeRolePolicyDocument", "m"},
    {"Policies", "smL"},
    {"RolePath", "-*"},
    {"PermissionsBoundary", "s"},
    {"Environment", "M"},
    {"Events", "M"},
    {"Tags", "m"},
    {"PropagateTags", "b"},
    {"Tracing", "ms"},
    {"KmsKeyArn", "-*"},
    {"DeploymentPreference", "m"},
    {"ReservedConcurrentExecutions", "-*"},
    {"Layers", "L"},
    {"EventInvokeConfig", "m"},
    {"EphemeralStorage", "-*"},
    {"AutoPublishAlias", "ss"},
    {"AutoPublishCodeSha256", "ss"},
    {"AutoPublishAliasAllProperties", "-b"},
    {"VersionDescription", "-*"},
    {"ProvisionedConcurrencyConfig", "-*"},
    {"FileSystemConfigs", "-*"},
    {"ImageConfig", "-*"},
    {"CodeSigningConfigArn", "-*"},
    {"Architectures", "-*"},
    {"SnapStart", "m"},
    {"FunctionUrlConfig", "m"},
    {"RuntimeManagementConfig", "-*"},
    {"LoggingConfig", "-*"},
    {"RecursiveLoop", "-*"},
    {"SourceKMSKeyArn", "-*"},
    {"CapacityProviderConfig", "m"},
    {"FunctionScalingConfig", "m"},
    {"VersionDeletionPolicy", "s"},
    {"PublishToLatestPublished", "-*"},
    {"TenancyConfig", "-*"},
    {"DurableConfig", "m"},
    {NULL, NULL},
};

/* ---- what does not go together ---- */

static bool exclude(struct sam *s, const char *a, const char *b)
{
    if (sam_property(s, a) != NULL && sam_property(s, b) != NULL) {
        sam_refuse(s, s->id, "Cannot specify '%s' and '%s' together.", a, b);
    }
    return !s->refused;
}

static bool require(struct sam *s, const char *a, const char *b)
{
    if (sam_property(s, a) != NULL && sam_property(s, b) == NULL) {
        sam_refuse(s, s->id, "'%s' requires '%s'.", a, b);
    }
    return !s->refused;
}

static void check_dead_letters(struct sam *s)
{
    const struct value *queue = sam_property(s, "DeadLetterQueue");
    const struct value *type = node_get(queue, "Type");

    if (!node_true(queue)) {
        return;
    }
    if (!node_true(type) || !node_true(node_get(queue, "TargetArn"))) {
        sam_refuse(s, s->id,
                   "'DeadLetterQueue' requires Type and TargetArn properties to be specified.");
    } else if (sam_expect(s, type, VALUE_STR, "DeadLetterQueue.Type") &&
               !node_is_text(type, "SQS") && !node_is_text(type, "SNS")) {
        sam_refuse(s, s->id, "'DeadLetterQueue' requires Type of ['SQS', 'SNS']");
    }
}

static void check_tenancy(struct sam *s)
{
    static const char *const others[][2] = {
        {"ProvisionedConcurrencyConfig", "Provisioned concurrency"},
        {"FunctionUrlConfig", "Function URL"},
        {"SnapStart", "SnapStart"},
    };
    const struct value *events = sam_property(s, "Events");

    if (!node_true(sam_property(s, "TenancyConfig"))) {
        return;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (node_true(sam_property(s, others[i][0]))) {
            sam_refuse(s, s->id,
                       "%s is not supported for functions enabled with tenancy configuration.",
                       others[i][1]);
        }
    }
    for (uint32_t i = 0; node_is(events, VALUE_MAP) && i < events->count; i++) {
        const struct value *type = node_get(&events->pairs[i].value, "Type");

        if (!node_is_text(type, "Api") && !node_is_text(type, "HttpApi")) {
            sam_refuse(s, s->id,
                       "Event source '%.*s' is not supported for functions enabled with tenancy "
                       "configuration. Only Api and HttpApi event sources are supported.",
                       STR_ARG(node_shown(s->arena, type)));
        }
    }
}

static void check_together(struct sam *s)
{
    const struct value *keep = sam_property(s, "VersionDeletionPolicy");

    if (node_is(keep, VALUE_STR) && !node_is_text(keep, "Delete") &&
        !node_is_text(keep, "Retain")) {
        sam_refuse(s, s->id, "Property 'VersionDeletionPolicy' should be a one of the strings: "
                             "'Delete' or 'Retain'.");
    }
    if (exclude(s, "CapacityProviderConfig", "ProvisionedConcurrencyConfig") &&
        exclude(s, "CapacityProviderConfig", "VpcConfig") &&
        require(s, "FunctionScalingConfig", "CapacityProviderConfig")) {
        require(s, "VersionDeletionPolicy", "AutoPublishAlias");
    }
    check_dead_letters(s);
    check_tenancy(s);
}

/* ---- the function ---- */

static bool is_traced(struct sam *s)
{
    const struct value *tracing = sam_property(s, "Tracing");
    struct value mode = sam_resolved(s, tracing);

    return node_true(tracing) && !node_is_text(&mode, "Disabled");
}

static void check_package(struct sam *s, const struct sam_made *function)
{
    const struct value *handler = node_get(&function->properties, "Handler");
    const struct value *runtime = node_get(&function->properties, "Runtime");
    const struct value *layers = node_get(&function->properties, "Layers");

    if (!node_is_text(sam_property(s, "PackageType"), "Image")) {
        if (!node_true(handler) || !node_true(runtime)) {
            sam_refuse(s, s->id, "Runtime and Handler needs to be present when PackageType is of "
                                 "type `Zip`");
        } else if (node_true(sam_property(s, "ImageConfig"))) {
            sam_refuse(s, s->id, "ImageUri or ImageConfig cannot be present when PackageType is of "
                                 "type `Zip`");
        }
    } else if (node_true(handler) || node_true(runtime) || node_true(layers)) {
        sam_refuse(s, s->id, "Runtime, Handler, Layers cannot be present when PackageType is of "
                             "type `Image`");
    }
}

static void take_capacity(struct sam *s, struct sam_made *function)
{
    const struct value *given = sam_property(s, "CapacityProviderConfig");

    if (!node_true(given)) {
        return;
    }
    sam_put(s, function, "CapacityProviderConfig",
            node_make(s->arena,
                      "{LambdaManagedInstancesCapacityProviderConfig: {CapacityProviderArn: %v, "
                      "PerExecutionEnvironmentMaxConcurrency: %v, "
                      "ExecutionEnvironmentMemoryGiBPerVCpu: %v}}",
                      node_get(given, "Arn"),
                      node_get(given, "PerExecutionEnvironmentMaxConcurrency"),
                      node_get(given, "ExecutionEnvironmentMemoryGiBPerVCpu")));
}

static struct sam_made *make_function(struct sam *s)
{
    static const char *const same[] = {
        "Handler", "Runtime", "Description", "MemorySize", "Timeout", "VpcConfig", "Role",
        "Environment", "KmsKeyArn", "ReservedConcurrentExecutions", "Layers", "FileSystemConfigs",
        "ImageConfig", "PackageType", "Architectures", "SnapStart", "EphemeralStorage",
        "CodeSigningConfigArn", "RuntimeManagementConfig", "LoggingConfig", "TenancyConfig",
        "RecursiveLoop", "DurableConfig", "PublishToLatestPublished", NULL};
    struct sam_made *made = sam_make(s, s->id, "AWS::Lambda::Function", &s->attributes);
    const struct value *dead = sam_property(s, "DeadLetterQueue");

    if (node_get(s->resource, "DependsOn") != NULL) {
        made->depends = *node_get(s->resource, "DependsOn");
    }
    if (node_true(sam_property(s, "FunctionName"))) {
        sam_take(s, made, "FunctionName");
    }
    sam_take_all(s, made, same);
    sam_put(s, made, "Code", sam_function_code(s));
    sam_put(s, made, "Tags", sam_own_tags(s, sam_property(s, "Tags"), NULL));
    if (is_traced(s)) {
        sam_put(s, made, "TracingConfig",
                node_make(s->arena, "{Mode: %v}", sam_property(s, "Tracing")));
    }
    if (node_true(dead)) {
        sam_put(s, made, "DeadLetterConfig",
                node_make(s->arena, "{TargetArn: %v}", node_get(dead, "TargetArn")));
    }
    take_capacity(s, made);
    if (node_true(sam_property(s, "FunctionScalingConfig"))) {
        sam_take(s, made, "FunctionScalingConfig");
    }
    check_package(s, made);
    return made;
}

/* ---- the role ---- */

static struct value first_managed(struct sam *s)
{
    struct value list = node_list();
    bool durable = node_true(sam_property(s, "DurableConfig"));

    node_push(s->arena, &list,
              sam_managed_arn(s, durable ? "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
                                         : "service-role/AWSLambdaBasicExecutionRole"));
    if (is_traced(s)) {
        node_push(s->arena, &list, sam_managed_arn(s, sam_xray_policy(s)));
    }
    if (node_true(sam_property(s, "VpcConfig"))) {
        node_push(s->arena, &list,
                  sam_managed_arn(s, "service-role/AWSLambdaVPCAccessExecutionRole"));
    }
    return list;
}

static struct value first_documents(struct sam *s)
{
    const struct value *dead = sam_property(s, "DeadLetterQueue");
    struct value list = node_list();
    bool queue = node_is_text(node_get(dead, "Type"), "SQS");

    if (node_true(dead)) {
        node_push(s->arena, &list,
                  node_make(s->arena,
                            "{PolicyName: 'DeadLetterQueuePolicy', PolicyDocument: {Version: "
                            "'2012-10-17', Statement: [{Action: %c, Resource: %v, Effect: "
                            "'Allow'}]}}",
                            queue ? "sqs:SendMessage" : "sns:Publish",
                            node_get(dead, "TargetArn")));
    }
    return list;
}

static struct sam_made *make_role(struct sam *s, const struct value *documents)
{
    const struct value *assume = sam_property(s, "AssumeRolePolicyDocument");
    struct sam_role role = {.id = sam_id(s, "Role"),
                            .attributes = &s->passed,
                            .assume = assume != NULL ? *assume
                                                     : sam_assume(s, "lambda.amazonaws.com"),
                            .policies = sam_property(s, "Policies"),
                            .managed = first_managed(s),
                            .documents = first_documents(s),
                            .path = sam_property(s, "RolePath"),
                            .boundary = sam_property(s, "PermissionsBoundary"),
                            .tags = sam_own_tags(s, sam_property(s, "Tags"), NULL)};

    node_extend(s->arena, &role.documents, documents);
    return sam_role_make(s, &role);
}

/* Role: {"Fn::If": [C, NoValue, arn]}: the role is made where C holds. */
static void use_role_if(struct sam *s, struct sam_made *function, struct sam_made *role)
{
    struct value given = sam_resolved(s, node_get(&function->properties, "Role"));
    struct value arn = sam_attribute(s, role->id, "Arn");
    const struct value *items = given.pairs[0].value.items;
    bool made_if = false;
    bool made_else = false;

    if (!sam_is_if(&given)) {
        sam_refuse(s, s->id, "Malformed 'Role' property: Fn::If requires 3 arguments.");
        return;
    }
    made_if = node_is_no_value(&items[1]);
    made_else = node_is_no_value(&items[2]);
    if (!made_if && !made_else) {
        return;
    }
    sam_attach(s, role);
    if (made_if && made_else) {
        sam_put(s, function, "Role", arn);
    } else if (made_if) {
        sam_put(s, function, "Role", sam_if(s, &items[0], arn, items[2]));
        node_set(s->arena, &role->attributes, STR("Condition"), &items[0]);
    } else {
        struct str name = sam_join(s, STR("NOT"), node_text(&items[0]));

        sam_put(s, function, "Role", sam_if(s, &items[0], items[1], arn));
        node_put(s->arena, &role->attributes, "Condition", node_str(name));
        sam_condition(s, name, node_make(s->arena, "{'Fn::Not': [{Condition: %v}]}", &items[0]));
    }
}

static void use_role(struct sam *s, struct sam_made *function, struct sam_made *role)
{
    const struct value *given = node_get(&function->properties, "Role");

    if (given == NULL) {
        sam_put(s, function, "Role", sam_attribute(s, role->id, "Arn"));
        sam_attach(s, role);
    } else if (node_is_function(given, "Fn::If")) {
        use_role_if(s, function, role);
    }
}

/* ---- all of it ---- */

void sam_function(struct sam *s)
{
    struct sam_target target = {.id = s->id};
    struct value documents = node_list();
    struct sam_made *function;
    struct sam_made *alias;

    if (!sam_events_look(s, false)) {
        return;
    }
    check_together(s);
    function = make_function(s);
    if (s->refused) {
        return;
    }
    if (node_true(sam_property(s, "ProvisionedConcurrencyConfig")) &&
        !node_true(sam_property(s, "AutoPublishAlias"))) {
        sam_refuse(s, s->id, "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined "
                             "on the function");
    }
    alias = sam_function_alias(s, function);
    target.id = alias != NULL ? alias->id : s->id;
    target.name = sam_ref(s, target.id);
    target.arn = alias != NULL ? target.name : sam_attribute(s, s->id, "Arn");
    sam_function_url(s, &target);
    sam_prefer(s, alias);
    sam_function_invoke_config(s, alias, &documents);
    target.role = make_role(s, &documents);
    use_role(s, function, target.role);
    if (!s->refused) {
        sam_events_make(s, &target, false);
    }
    if (node_true(sam_property(s, "PropagateTags"))) {
        sam_propagate(s);
    }
}
