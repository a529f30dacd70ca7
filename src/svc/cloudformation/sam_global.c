/* SPDX-License-Identifier: Apache-2.0
 *
 * Globals: what all resources of a kind have. Maps merge (functions in them are as texts), lists
 * are joined with the global one first, everything else is the resource's own where it has it.
 */
#include "svc/cloudformation/sam_api.h"

/* A section, and what may be in it, with spaces between. */
static const struct {
    const char *name;       /* "Function" */
    const char *properties; /* in the order that AWS lists them */
} sections[] = {
    {"Function",
     "Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment "
     "Tags PropagateTags Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers "
     "DeploymentPreference RolePath PermissionsBoundary ReservedConcurrentExecutions "
     "ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig FileSystemConfigs "
     "CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig "
     "RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig "
     "DurableConfig CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished "
     "VersionDeletionPolicy"},
    {"Api",
     "Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables "
     "EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors "
     "GatewayResponses AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Domain "
     "AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode"},
    {"HttpApi",
     "Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain "
     "RouteSettings FailOnWarnings PropagateTags"},
    {"SimpleTable", "SSESpecification"},
    {"StateMachine", "PropagateTags"},
    {"LayerVersion", "PublishLambdaVersion"},
    {"CapacityProvider",
     "VpcConfig OperatorRole Tags InstanceRequirements ScalingConfig KmsKeyArn PropagateTags "
     "LoggingConfig ManagedResourceTags"},
    {"MicrovmImage",
     "BuildRoleArn BaseImageArn BaseImageVersion Logging EgressNetworkConnectors CpuConfigurations "
     "Resources AdditionalOsCapabilities Hooks EnvironmentVariables Tags PropagateTags"},
    {"NetworkConnector", "OperatorRole Tags PropagateTags"},
    {"WebSocketApi",
     "AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint "
     "DisableSchemaValidation Domain FailOnWarnings IpAddressType PropagateTags "
     "RouteSelectionExpression RouteSettings StageVariables Tags"},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))
#define SECTION_NAMES                                                                              \
    "['Api', 'CapacityProvider', 'Function', 'HttpApi', 'LayerVersion', 'MicrovmImage', "          \
    "'NetworkConnector', 'SimpleTable', 'StateMachine', 'WebSocketApi']"

/* ---- what is wrong ---- */

__attribute__((format(printf, 2, 3))) static void refuse(struct sam *s, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprintf(s->arena, format, args);
    va_end(args);
    s->causes = node_list();
    node_push(s->arena, &s->causes,
              node_make(s->arena, "{Id: 'Globals', Text: %s}",
                        sam_join(s, STR("'Globals' section is invalid. "), text)));
    s->stopped = true;
}

static bool is_word(const char *words, struct str word)
{
    struct str rest = str_c(words);

    while (rest.at != NULL) {
        if (str_eq(str_split(&rest, ' '), word)) {
            return true;
        }
    }
    return false;
}

static struct str listed(struct sam *s, const char *words)
{
    struct value list = node_list();
    struct str rest = str_c(words);

    while (rest.at != NULL) {
        node_push(s->arena, &list, node_str(str_split(&rest, ' ')));
    }
    return node_shown(s->arena, &list);
}

static void check_section(struct sam *s, const struct pair *section)
{
    size_t at = 0;

    while (at < SECTION_COUNT && !str_eq(section->key, str_c(sections[at].name))) {
        at++;
    }
    if (at == SECTION_COUNT) {
        refuse(s, "'%.*s' is not supported. Must be one of the following values - %s",
               STR_ARG(section->key), SECTION_NAMES);
        return;
    }
    if (section->value.kind != VALUE_MAP) {
        refuse(s, "Value of ${section} must be a dictionary");
        return;
    }
    for (uint32_t i = 0; i < section->value.count && !s->stopped; i++) {
        struct str key = section->value.pairs[i].key;

        if (!is_word(sections[at].properties, key)) {
            refuse(s,
                   "'%.*s' is not a supported property of '%.*s'. Must be one of the following "
                   "values - %.*s",
                   STR_ARG(key), STR_ARG(section->key),
                   STR_ARG(listed(s, sections[at].properties)));
        }
    }
}

/* ---- merging ---- */

static bool is_plain_map(const struct value *value)
{
    return node_is(value, VALUE_MAP) && !node_is_intrinsic(value);
}

static struct value merge(struct sam *s, const struct value *all, const struct value *own,
                          bool replaces)
{
    struct value made = *own;

    if (is_plain_map(all) && is_plain_map(own)) {
        made = node_map();
        node_update(s->arena, &made, all);
        for (uint32_t i = 0; i < own->count; i++) {
            const struct pair *pair = &own->pairs[i];
            const struct value *before = node_find(all, pair->key);
            bool kept = replaces && str_eq(pair->key, STR("Architectures"));
            struct value value = before == NULL || kept
                                     ? pair->value
                                     : merge(s, before, &pair->value, false);

            node_set(s->arena, &made, pair->key, &value);
        }
    } else if (node_is(all, VALUE_LIST) && own->kind == VALUE_LIST) {
        made = node_list();
        node_extend(s->arena, &made, all);
        node_extend(s->arena, &made, own);
    }
    return made;
}

/* Properties that a resource's IgnoreGlobals names are not merged. */
static bool without(struct sam *s, struct str id, const struct value *ignored,
                    struct value *globals)
{
    if (node_is_text(ignored, "*")) {
        *globals = node_map();
        return true;
    }
    if (!node_is(ignored, VALUE_LIST)) {
        s->refused = false;
        sam_refuse(s, id, "Resource %.*s has invalid resource attribute 'IgnoreGlobals'.",
                   STR_ARG(id));
        return false;
    }
    for (uint32_t i = 0; i < ignored->count; i++) {
        struct str key = arena_dup(s->arena, node_text(&ignored->items[i]));

        if (!node_has(globals, key.bytes > 0 ? key.at : "")) {
            s->refused = false;
            sam_refuse(s, id,
                       "Resource %.*s has invalid resource attribute 'IgnoreGlobals' on item "
                       "'%.*s'.",
                       STR_ARG(id), STR_ARG(node_shown(s->arena, &ignored->items[i])));
            return false;
        }
        node_remove(globals, key.at);
    }
    return true;
}

static void merge_into(struct sam *s, const struct value *globals, const struct pair *resource)
{
    struct str type = node_text(node_get(&resource->value, "Type"));
    const struct value *ignored = node_get(&resource->value, "IgnoreGlobals");
    struct value *properties = node_get(&resource->value, "Properties");
    struct value all;

    if (!str_starts(type, STR("AWS::Serverless::"))) {
        return;
    }
    type = str_slice(type, 17, type.bytes);
    if (node_find(globals, type) == NULL) {
        return;
    }
    all = node_copy(s->arena, node_find(globals, type));
    if (node_true(ignored) && !without(s, resource->key, ignored, &all)) {
        s->stopped = true;
        return;
    }
    if (properties == NULL) {
        properties = node_enter(s->arena, (struct value *)&resource->value, STR("Properties"));
    }
    *properties = merge(s, &all, properties, str_eq(type, STR("Function")));
}

/* An API that SAM writes the definition of gets the version that Globals ask for. */
static void set_version(struct sam *s, struct value *resource)
{
    struct value *properties = node_get(resource, "Properties");
    struct value *version = node_get(properties, "OpenApiVersion");
    struct value *body = node_get(properties, "DefinitionBody");

    if (!node_is_text(node_get(resource, "Type"), "AWS::Serverless::Api") || version == NULL ||
        !node_has(properties, "__MANAGE_SWAGGER") || !sam_is_version_3(s, version)) {
        return;
    }
    if (version->kind != VALUE_STR) {
        *version = node_str(sam_number_text(s, version));
    }
    if (body != NULL) {
        node_put(s->arena, body, "openapi", *version);
        node_remove(body, "swagger");
    }
}

void sam_globals(struct sam *s)
{
    struct value *globals = node_get(s->template, "Globals");

    if (node_has(s->template, "Globals") && !node_is(globals, VALUE_MAP)) {
        refuse(s, "It must be a non-empty dictionary");
        return;
    }
    for (uint32_t i = 0; globals != NULL && i < globals->count && !s->stopped; i++) {
        check_section(s, &globals->pairs[i]);
    }
    for (uint32_t i = 0; globals != NULL && i < s->resources->count && !s->stopped; i++) {
        merge_into(s, globals, &s->resources->pairs[i]);
    }
    for (uint32_t i = 0; i < s->resources->count && !s->stopped; i++) {
        set_version(s, &s->resources->pairs[i].value);
    }
    node_remove(s->template, "Globals");
}
