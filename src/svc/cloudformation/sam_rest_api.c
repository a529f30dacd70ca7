/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Serverless::Api: a REST API, its deployment, its stage, and usage plans. A deployment's id
 * has a hash of the definition at its end, so that a changed definition is deployed. AWS hashes the
 * text that its programming language shows of the definition; here it is the definition's JSON, so
 * the ten digits are others. Nothing can refer to them: templates say "Api.Deployment".
 */
#include "svc/cloudformation/sam_domain.h"
#include "svc/cloudformation/sam_swagger.h"

#include "base/digest.h"

#define TEXT_BYTES_MAX (8u << 20)

const struct sam_property sam_rest_api_properties[] = {
    {"__MANAGE_SWAGGER", "b"},     {"Name", "sm"},            {"StageName", "!sm"},
    {"Tags", "m"},                 {"PropagateTags", "b"},    {"DefinitionBody", "m"},
    {"DefinitionUri", "sm"},       {"MergeDefinitions", "-b"}, {"CacheClusterEnabled", "b"},
    {"CacheClusterSize", "s"},     {"Variables", "m"},        {"EndpointConfiguration", "sm"},
    {"MethodSettings", "l"},       {"BinaryMediaTypes", "l"}, {"MinimumCompressionSize", "i"},
    {"Cors", "sm"},                {"Auth", "m"},             {"GatewayResponses", "m"},
    {"AccessLogSetting", "m"},     {"CanarySetting", "m"},    {"TracingEnabled", "b"},
    {"OpenApiVersion", "s"},       {"Models", "m"},           {"Domain", "m"},
    {"FailOnWarnings", "b"},       {"Description", "s"},      {"Mode", "s"},
    {"DisableExecuteApiEndpoint", "b"}, {"ApiKeySourceType", "s"}, {"AlwaysDeploy", "-b"},
    {"Policy", "sm"},              {"SecurityPolicy", "s"},   {"EndpointAccessMode", "s"},
    {NULL, NULL}};

/* ---- the definition ---- */

static bool check_api(struct sam *s)
{
    const struct value *version = sam_property(s, "OpenApiVersion");
    bool uri = node_true(sam_property(s, "DefinitionUri"));

    if (uri && node_true(sam_property(s, "DefinitionBody"))) {
        sam_refuse(s, s->id,
                   "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
    } else if (uri && node_true(sam_property(s, "MergeDefinitions"))) {
        sam_refuse(s, s->id, "Cannot set 'MergeDefinitions' to True when using `DefinitionUri`.");
    } else if (node_true(version) && !sam_is_version_3(s, version) &&
               !(node_is(version, VALUE_STR) && version->str.bytes >= 3 &&
                 str_starts(version->str, STR("2.")))) {
        sam_refuse(s, s->id, "The OpenApiVersion value must be of the format '3.0.0'.");
    }
    return !s->refused;
}

/* "image~1png" is "image/png". */
static struct value media_types(struct sam *s, const struct value *value)
{
    struct value made = node_copy(s->arena, value);

    for (uint32_t i = 0; made.kind == VALUE_LIST && i < made.count; i++) {
        made.items[i] = media_types(s, &made.items[i]);
    }
    for (uint32_t i = 0; made.kind == VALUE_MAP && i < made.count; i++) {
        made.pairs[i].value = media_types(s, &made.pairs[i].value);
    }
    for (size_t at = 0; made.kind == VALUE_STR; at = 0) {
        at = str_find_str(made.str, STR("~1"));
        if (at == made.str.bytes) {
            return made;
        }
        made.str = arena_printf(s->arena, "%.*s/%.*s", (int)at, made.str.at,
                                (int)(made.str.bytes - at - 2), made.str.at + at + 2);
    }
    return made;
}

static void add_endpoint(struct sam *s, struct value *body)
{
    const struct value *off = sam_property(s, "DisableExecuteApiEndpoint");
    struct value *servers = node_get(body, "servers");
    struct value *to;

    if (off == NULL) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id,
                   "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.");
        return;
    }
    if (sam_is_version_3(s, node_get(body, "openapi"))) {
        if (!node_is(servers, VALUE_LIST)) {
            servers = node_put(s->arena, body, "servers", node_make(s->arena, "[{}]"));
        }
        for (uint32_t i = 0; i < servers->count; i++) {
            to = servers->items[i].kind != VALUE_MAP
                     ? NULL
                     : node_enter(s->arena, &servers->items[i],
                                  STR("x-amazon-apigateway-endpoint-configuration"));
            if (to != NULL) {
                node_put(s->arena, to, "disableExecuteApiEndpoint", *off);
            }
        }
        return;
    }
    to = node_enter(s->arena, body, STR("x-amazon-apigateway-endpoint-configuration"));
    if (to != NULL) {
        node_put(s->arena, to, "disableExecuteApiEndpoint", *off);
    }
}

static void write_definition(struct sam *s, struct value *body)
{
    struct value *media = sam_property(s, "BinaryMediaTypes");

    sam_swagger_cors(s, body);
    sam_swagger_authorizers(s, body);
    sam_swagger_responses(s, body);
    if (node_true(media) && node_true(body)) {
        node_put(s->arena, body, "x-amazon-apigateway-binary-media-types",
                 media_types(s, media));
    }
    sam_swagger_models(s, body);
    add_endpoint(s, body);
}

/* ---- the API ---- */

static void set_endpoint(struct sam *s, struct sam_made *made)
{
    const struct value *given = sam_property(s, "EndpointConfiguration");
    const struct value *type = node_get(given, "Type");
    const struct value *upper = node_get(given, "VPCEndpointIds");
    const struct value *lower = node_get(given, "VpcEndpointIds");
    struct str partition = s->place->partition;
    struct value regional = node_c("REGIONAL");

    if (!node_true(given)) {
        if (str_eq(partition, STR("aws")) ||
            (!str_starts(partition, STR("aws-iso")) && !str_eq(partition, STR("aws-us-gov")) &&
             !str_eq(partition, STR("aws-cn")) && !str_eq(partition, STR("aws-eusc")))) {
            return;
        }
        given = &regional;
    }
    if (node_has(given, "VPCEndpointIds") && node_has(given, "VpcEndpointIds")) {
        sam_refuse(s, s->id, "'VPCEndpointIds' and 'VpcEndpointIds' cannot be used together in "
                             "EndpointConfiguration.");
    }
    type = node_true(type) ? type : given;
    sam_put(s, made, "Parameters",
            node_make(s->arena, "{endpointConfigurationTypes: %v}", type));
    sam_put(s, made, "EndpointConfiguration",
            node_make(s->arena, "{Types: [%v], VpcEndpointIds: %v, IpAddressType: %v}", type,
                      type == given       ? NULL
                      : node_true(upper) ? upper
                                         : lower,
                      type == given ? NULL : node_get(given, "IpAddressType")));
}

static struct sam_made *make_api(struct sam *s, struct value *body)
{
    static const char *const same[] = {"FailOnWarnings", "Name", "Description", "Mode",
                                       "ApiKeySourceType", "Policy", "SecurityPolicy",
                                       "EndpointAccessMode"};
    struct sam_made *made = sam_make(s, s->id, "AWS::ApiGateway::RestApi", &s->attributes);

    if (node_get(s->resource, "DependsOn") != NULL) {
        made->depends = *node_get(s->resource, "DependsOn");
    }
    sam_resolve(s, sam_property(s, "BinaryMediaTypes"));
    sam_resolve(s, sam_property(s, "Auth"));
    sam_take(s, made, "BinaryMediaTypes");
    sam_take(s, made, "MinimumCompressionSize");
    set_endpoint(s, made);
    write_definition(s, body);
    if (node_true(sam_property(s, "DefinitionUri"))) {
        sam_put(s, made, "BodyS3Location",
                sam_definition_location(s, sam_property(s, "DefinitionUri")));
    } else if (node_true(body)) {
        sam_swagger_modernize(s, body);
        sam_set(s, made, "Body", body);
    }
    for (size_t i = 0; i < 8; i++) {
        if (node_true(sam_property(s, same[i]))) {
            sam_take(s, made, same[i]);
        }
    }
    return made;
}

/* ---- deployment and stage ---- */

/* All of what makes a new deployment, as a hash of forty digits. */
static struct str deployment_hash(struct sam *s, const struct sam_made *api)
{
    const struct value *body = node_get(&api->properties, "Body");
    const struct value *version = sam_property(s, "OpenApiVersion");
    const struct value *domain = sam_property(s, "Domain");
    struct buf text;
    uint8_t sum[SHA1_BYTES];
    struct str made = STR("");

    body = body != NULL ? body : node_get(&api->properties, "BodyS3Location");
    buf_init(&text, TEXT_BYTES_MAX);
    node_json(&text, body, 0);
    if (node_true(version)) {
        buf_printf(&text, "||%.*s", STR_ARG(node_shown(s->arena, version)));
    }
    if (node_true(domain)) {
        buf_add(&text, STR("||"));
        node_json(&text, domain, 0);
    }
    buf_printf(&text, "%.*s", STR_ARG(node_text(node_find(&s->names, s->id))));
    sha1(buf_str(&text), sum);
    buf_done(&text);
    for (size_t i = 0; i < SHA1_BYTES; i++) {
        made = arena_printf(s->arena, "%.*s%02x", STR_ARG(made), sum[i]);
    }
    return made;
}

static struct str make_stage(struct sam *s, const struct sam_made *api)
{
    static const char *const same[] = {"StageName", "CacheClusterEnabled", "CacheClusterSize",
                                       "Variables", "MethodSettings", "AccessLogSetting",
                                       "CanarySetting", "TracingEnabled", NULL};
    bool defined = node_has(&api->properties, "Body") ||
                   node_has(&api->properties, "BodyS3Location");
    struct str hash = defined ? deployment_hash(s, api) : STR("");
    struct str id = sam_join(s, sam_id(s, "Deployment"), str_slice(hash, 0, 10));
    struct sam_made *deployment = sam_make(s, id, "AWS::ApiGateway::Deployment", &s->passed);
    struct sam_made *stage;

    sam_put(s, deployment, "RestApiId", sam_ref(s, s->id));
    if (!node_true(sam_property(s, "OpenApiVersion"))) {
        sam_put(s, deployment, "StageName", node_c("Stage"));
    }
    if (defined) {
        sam_put(s, deployment, "Description",
                node_str(sam_join(s, STR("RestApi deployment id: "), hash)));
    }
    stage = sam_make(s, sam_stage_id(s, sam_property(s, "StageName")), "AWS::ApiGateway::Stage",
                     &s->passed);
    sam_put(s, stage, "RestApiId", sam_ref(s, s->id));
    sam_put(s, stage, "DeploymentId", sam_ref(s, id));
    sam_take_all(s, stage, same);
    if (sam_property(s, "Tags") != NULL) {
        sam_put(s, stage, "Tags", sam_tag_list(s, sam_property(s, "Tags")));
    }
    return stage->id;
}

/* ---- authorizers' permissions ---- */

static void permit_authorizers(struct sam *s)
{
    const struct value *all = node_get(sam_property(s, "Auth"), "Authorizers");

    for (uint32_t i = 0; node_is(all, VALUE_MAP) && i < all->count; i++) {
        const struct value *one = &all->pairs[i].value;
        const struct value *function = node_get(one, "FunctionArn");

        if (node_true(function) &&
            !node_true(node_get(one, "DisableFunctionDefaultPermissions"))) {
            sam_permit_authorizer(s, all->pairs[i].key, s->place->partition, function);
        }
    }
}

/* ---- usage plans ---- */

/* Where a plan, its key and what joins them are: of this API, or shared. */
struct plan {
    struct str id;          /* of the plan */
    struct str key;         /* of the key */
    struct str joint;       /* of what joins them */
    struct value depends;   /* the plan's DependsOn */
    struct value stages;    /* the plan's ApiStages */
    struct value key_stages; /* the key's StageKeys */
    struct value attributes; /* of all three */
};

static void keep_strongest(struct sam *s, const char *name, const char *middle)
{
    const struct value *own = node_get(&s->passed, name);
    const struct value *before = node_get(&s->plan, name);

    if (node_true(own) &&
        (before == NULL || node_is_text(own, "Retain") ||
         (middle != NULL && node_is_text(own, middle) && node_is_text(before, "Delete")))) {
        node_put(s->arena, &s->plan, name, *own);
    }
}

/* What all APIs of the plan have together: the strongest policies, any of their conditions. */
static struct value shared_attributes(struct sam *s)
{
    const struct value *condition = node_get(&s->passed, "Condition");
    struct value *names = node_get(&s->plan, "Conditions");
    struct value made;
    struct value id = node_c("SharedUsagePlanCondition");
    struct value any = node_list();

    keep_strongest(s, "DeletionPolicy", NULL);
    keep_strongest(s, "UpdateReplacePolicy", "Snapshot");
    if (names == NULL) {
        names = node_put(s->arena, &s->plan, "Conditions", node_list());
    }
    if (condition == NULL) {
        node_put(s->arena, &s->plan, "Always", node_bool(true));
        names = node_get(&s->plan, "Conditions");
        if (node_get(s->template, "Conditions") != NULL) {
            node_remove(node_get(s->template, "Conditions"), "SharedUsagePlanCondition");
        }
    } else if (!node_has(&s->plan, "Always") && !node_in(names, condition)) {
        node_push(s->arena, names, *condition);
        for (uint32_t i = 0; i < names->count; i++) {
            node_push(s->arena, &any, node_make(s->arena, "{Condition: %v}", &names->items[i]));
        }
        sam_condition(s, id.str,
                      names->count == 1 ? *condition : node_make(s->arena, "{'Fn::Or': %v}", &any));
    }
    made = node_make(s->arena, "{DeletionPolicy: %v, UpdateReplacePolicy: %v, Condition: %v}",
                     node_get(&s->plan, "DeletionPolicy"),
                     node_get(&s->plan, "UpdateReplacePolicy"),
                     names->count > 0 && !node_has(&s->plan, "Always") ? &id : NULL);
    return made;
}

/* Adds to a list that all APIs share; gives the list. */
static struct value shared_list(struct sam *s, const char *name, struct value item)
{
    struct value *list = node_get(&s->plan, name);

    if (list == NULL) {
        list = node_put(s->arena, &s->plan, name, node_list());
    }
    if (!node_in(list, &item)) {
        node_push(s->arena, list, item);
    }
    return node_copy(s->arena, list);
}

static struct plan find_plan(struct sam *s, struct str stage, bool shared)
{
    struct value own = node_str(s->id);
    struct value api_stage = node_make(s->arena, "{ApiId: {Ref: %s}, Stage: {Ref: %s}}", s->id,
                                       stage);
    struct value key_stage = node_make(s->arena, "{RestApiId: {Ref: %s}, StageName: {Ref: %s}}",
                                       s->id, stage);
    struct plan p = {.id = sam_id(s, "UsagePlan"), .key = sam_id(s, "ApiKey"),
                     .joint = sam_id(s, "UsagePlanKey")};

    if (shared) {
        p.id = STR("ServerlessUsagePlan");
        p.key = STR("ServerlessApiKey");
        p.joint = STR("ServerlessUsagePlanKey");
        p.depends = shared_list(s, "DependsOn", own);
        p.stages = shared_list(s, "ApiStages", api_stage);
        p.key_stages = shared_list(s, "StageKeys", key_stage);
        p.attributes = shared_attributes(s);
        return p;
    }
    p.depends = node_make(s->arena, "[%v]", &own);
    p.stages = node_make(s->arena, "[%v]", &api_stage);
    p.key_stages = node_make(s->arena, "[%v]", &key_stage);
    p.attributes = s->passed;
    return p;
}

static bool check_plan(struct sam *s, const struct value *given)
{
    static const char known[] = "CreateUsagePlan Description Quota Tags Throttle UsagePlanName ";
    const struct value *create = node_get(given, "CreateUsagePlan");

    if (given->kind != VALUE_MAP) {
        sam_refuse(s, s->id, "'UsagePlan' must be a dictionary");
        return false;
    }
    for (uint32_t i = 0; i < given->count; i++) {
        struct str key = sam_join(s, given->pairs[i].key, STR(" "));

        if (str_find_str(str_c(known), key) == sizeof(known) - 1) {
            sam_refuse(s, s->id, "Invalid property for 'UsagePlan'");
        }
    }
    if (create == NULL) {
        sam_refuse(s, s->id, "'CreateUsagePlan' is a required field for UsagePlan.");
    } else if (!node_is_text(create, "SHARED") && !node_is_text(create, "PER_API") &&
               !node_is_text(create, "NONE")) {
        sam_refuse(s, s->id, "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].");
    }
    return !s->refused && !node_is_text(create, "NONE");
}

static void make_plan(struct sam *s, struct str stage)
{
    static const char *const same[] = {"UsagePlanName", "Description", "Quota", "Tags",
                                       "Throttle"};
    const struct value *given = node_get(sam_property(s, "Auth"), "UsagePlan");
    struct sam_made *made;
    struct plan p;

    if (given == NULL || !check_plan(s, given)) {
        return;
    }
    p = find_plan(s, stage, node_is_text(node_get(given, "CreateUsagePlan"), "SHARED"));
    made = sam_make(s, p.id, "AWS::ApiGateway::UsagePlan", &p.attributes);
    made->depends = p.depends;
    sam_put(s, made, "ApiStages", p.stages);
    for (size_t i = 0; i < 5; i++) {
        sam_set(s, made, same[i],
                node_true(node_get(given, same[i])) ? node_get(given, same[i]) : NULL);
    }
    made = sam_make(s, p.key, "AWS::ApiGateway::ApiKey", &p.attributes);
    made->depends = node_make(s->arena, "[%s]", p.id);
    sam_put(s, made, "Enabled", node_bool(true));
    sam_put(s, made, "StageKeys", p.key_stages);
    made = sam_make(s, p.joint, "AWS::ApiGateway::UsagePlanKey", &p.attributes);
    made->depends = node_make(s->arena, "[%s]", p.key);
    made->properties = node_make(s->arena,
                                 "{KeyId: {Ref: %s}, KeyType: 'API_KEY', UsagePlanId: {Ref: %s}}",
                                 p.key, p.id);
}

void sam_rest_api(struct sam *s)
{
    struct value *body = sam_property(s, "DefinitionBody");
    struct sam_made *api;
    struct str stage;

    if (!check_api(s)) {
        return;
    }
    api = make_api(s, body);
    sam_rest_domain(s);
    stage = make_stage(s, api);
    permit_authorizers(s);
    make_plan(s, stage);
    if (node_true(sam_property(s, "PropagateTags"))) {
        sam_propagate(s);
    }
}
