/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Serverless::HttpApi: the API with its definition (CORS, authorizers, tags and the like are
 * in there), its stage, which is always made, and a domain name.
 */
#include "svc/cloudformation/sam_domain.h"
#include "svc/cloudformation/sam_function.h"

const struct sam_property sam_http_api_properties[] = {
    {"__MANAGE_SWAGGER", "b"},     {"Name", "-*"},           {"StageName", "sm"},
    {"Tags", "m"},                 {"PropagateTags", "b"},   {"DefinitionBody", "m"},
    {"DefinitionUri", "sm"},       {"StageVariables", "m"},  {"CorsConfiguration", "bm"},
    {"AccessLogSettings", "m"},    {"DefaultRouteSettings", "m"}, {"Auth", "m"},
    {"RouteSettings", "m"},        {"Domain", "m"},          {"FailOnWarnings", "b"},
    {"Description", "s"},          {"DisableExecuteApiEndpoint", "b"}, {NULL, NULL}};

/* ---- CORS ---- */

static const char *const cors_names[] = {"AllowOrigins", "AllowHeaders", "AllowMethods",
                                         "ExposeHeaders", "MaxAge", "AllowCredentials"};

/* "AllowOrigins" as the definition has it: "allowOrigins". */
static struct str in_definition(struct sam *s, const char *name)
{
    char *made = (char *)arena_dup(s->arena, str_c(name)).at;

    made[0] |= 0x20;
    return str_c(made);
}

/* CorsConfiguration is a function: the names in it change wherever they stand. */
static void rename_keys(struct sam *s, struct value *value)
{
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        rename_keys(s, &value->items[i]);
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        for (size_t k = 0; k < 6; k++) {
            if (str_eq(value->pairs[i].key, str_c(cors_names[k]))) {
                value->pairs[i].key = in_definition(s, cors_names[k]);
            }
        }
        rename_keys(s, &value->pairs[i].value);
    }
}

static void check_cors(struct sam *s, const struct value *cors)
{
    struct value all = node_make(s->arena, "['*']");

    for (uint32_t i = 0; i < cors->count; i++) {
        bool known = false;

        for (size_t k = 0; k < 6; k++) {
            known = known || str_eq(cors->pairs[i].key, str_c(cors_names[k]));
        }
        if (!known) {
            sam_refuse(s, s->id, "Invalid key '%.*s' for 'Cors' property.",
                       STR_ARG(cors->pairs[i].key));
        }
    }
    if (node_is(node_get(cors, "AllowCredentials"), VALUE_BOOL) &&
        node_true(node_get(cors, "AllowCredentials")) &&
        node_eq(node_get(cors, "AllowOrigins"), &all)) {
        sam_refuse(s, s->id, "Unable to add Cors configuration because 'AllowCredentials' can not "
                             "be true when 'AllowOrigin' is \"'*'\" or not set.");
    }
}

static void add_cors(struct sam *s, struct value *body)
{
    struct value cors = sam_resolved(s, sam_property(s, "CorsConfiguration"));
    struct value *to;

    if (!node_true(&cors)) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id, "Cors works only with inline OpenApi specified in 'DefinitionBody' "
                             "property.");
        return;
    }
    if (!sam_is_openapi(s, body)) {
        sam_refuse(s, s->id, "Unable to add Cors configuration because 'DefinitionBody' does not "
                             "contain a valid OpenApi definition.");
        return;
    }
    to = node_enter(s->arena, body, STR("x-amazon-apigateway-cors"));
    if (to == NULL) {
        sam_refuse_template(s, "Value of 'x-amazon-apigateway-cors' must be a dictionary according "
                               "to Swagger spec.");
        return;
    }
    if (cors.kind == VALUE_BOOL) {
        node_put(s->arena, to, "allowOrigins", node_make(s->arena, "['*']"));
    } else if (node_is_intrinsic(&cors)) {
        cors = node_copy(s->arena, &cors);
        rename_keys(s, &cors);
        node_update(s->arena, to, &cors);
    } else if (cors.kind == VALUE_MAP && node_is_intrinsic(node_get(&cors, "AllowOrigins"))) {
        check_cors(s, &cors); /* as AWS has it: the function is all that is left of it */
        cors = node_copy(s->arena, node_get(&cors, "AllowOrigins"));
        rename_keys(s, &cors);
        node_update(s->arena, to, &cors);
    } else if (cors.kind == VALUE_MAP) {
        check_cors(s, &cors);
        for (size_t i = 0; i < 6; i++) {
            const struct value *value = node_get(&cors, cors_names[i]);

            if (node_true(value) || (i == 4 && value != NULL)) {
                node_set(s->arena, to, in_definition(s, cors_names[i]), value);
            }
        }
    } else {
        sam_refuse(s, s->id, "Invalid value for 'Cors' property.");
    }
}

/* ---- authorizers ---- */

static struct value lower_keys(struct sam *s, const struct value *map)
{
    struct value made = node_map();

    for (uint32_t i = 0; node_is(map, VALUE_MAP) && i < map->count; i++) {
        struct str key = map->pairs[i].key;

        node_set(s->arena, &made, str_eq_nocase(key, STR("any")) ? key : sam_method(s, key),
                 &map->pairs[i].value);
    }
    return made;
}

/* An authorizer has the properties of its kind only. */
static void check_authorizer(struct sam *s, struct str name, const struct value *given, bool jwt)
{
    static const struct {
        const char *name; /* of the property */
        bool jwt;         /* for which kind */
        const char *only; /* what is said of the other */
    } known[] = {
        {"AuthorizationScopes", true, "OAuth2 Authorizer"},
        {"IdentitySource", true,
         "OAuth2 Authorizer. For Lambda Authorizer, use the 'Identity' property instead"},
        {"FunctionArn", false, "Lambda Authorizer"},
        {"FunctionInvokeRole", false, "Lambda Authorizer"},
        {"Identity", false, "Lambda Authorizer"},
        {"AuthorizerPayloadFormatVersion", false, "Lambda Authorizer"},
        {"EnableSimpleResponses", false, "Lambda Authorizer"},
        {"EnableFunctionDefaultPermissions", false, "Lambda Authorizer"},
    };
    const struct value *scopes = node_get(given, "AuthorizationScopes");

    if (scopes != NULL && scopes->kind != VALUE_LIST) {
        sam_refuse(s, s->id, "AuthorizationScopes must be a list.");
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].jwt != jwt && node_get(given, known[i].name) != NULL) {
            sam_refuse(s, s->id, "%s is only supported for %s.", known[i].name, known[i].only);
        }
    }
    if (jwt && !node_true(node_get(given, "IdentitySource"))) {
        sam_refuse(s, s->id, "%.*s OAuth2 Authorizer must define 'IdentitySource'.",
                   STR_ARG(name));
    } else if (!jwt && !node_true(node_get(given, "FunctionArn"))) {
        sam_refuse(s, s->id, "%.*s Lambda Authorizer must define 'FunctionArn'.", STR_ARG(name));
    } else if (!jwt && !node_true(node_get(given, "AuthorizerPayloadFormatVersion"))) {
        sam_refuse(s, s->id,
                   "%.*s Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'.",
                   STR_ARG(name));
    }
}

static struct value identity_sources(struct sam *s, struct str name, const struct value *identity)
{
    static const char *const parts[][2] = {{"Headers", "$request.header."},
                                           {"QueryStrings", "$request.querystring."},
                                           {"StageVariables", "$stageVariables."},
                                           {"Context", "$context."}};
    struct value list = node_list();

    for (size_t i = 0; i < 4; i++) {
        const struct value *from = node_get(identity, parts[i][0]);

        if (node_true(from) && from->kind != VALUE_LIST) {
            sam_refuse(s, s->id, "Property 'Authorizers.%.*s.Identity.%s' should be a list.",
                       STR_ARG(name), parts[i][0]);
        }
        for (uint32_t k = 0; node_is(from, VALUE_LIST) && k < from->count; k++) {
            if (from->items[k].kind != VALUE_STR) {
                sam_refuse(s, s->id,
                           "Property 'Authorizers.%.*s.Identity.%s[%u]' should be a string.",
                           STR_ARG(name), parts[i][0], k);
            }
            node_push(s->arena, &list,
                      node_str(sam_join(s, str_c(parts[i][1]), node_text(&from->items[k]))));
        }
    }
    return list;
}

static struct value lambda_authorizer(struct sam *s, struct str name, const struct value *given)
{
    const struct value *role = node_get(given, "FunctionInvokeRole");
    const struct value *identity = node_get(given, "Identity");
    const struct value *simple = node_get(given, "EnableSimpleResponses");
    struct value sources = {.kind = VALUE_NONE};
    struct value uri;

    uri = node_make(s->arena, "{'Fn::Sub': [%s, {'__FunctionArn__': %v}]}",
                    arena_printf(s->arena,
                                 "arn:%.*s:apigateway:${AWS::Region}:lambda:path/2015-03-31/"
                                 "functions/${__FunctionArn__}/invocations",
                                 STR_ARG(s->place->partition)),
                    node_get(given, "FunctionArn"));
    if (node_true(identity)) {
        struct str path = arena_printf(s->arena, "Auth.Authorizers.%.*s.Identity", STR_ARG(name));

        sam_expect(s, identity, VALUE_MAP, path.at);
        sources = identity_sources(s, name, identity);
    }
    return node_make(
        s->arena,
        "{type: 'apiKey', name: 'Unused', in: 'header', 'x-amazon-apigateway-authorizer': {type: "
        "'request', authorizerUri: %v, authorizerCredentials: %v, authorizerResultTtlInSeconds: "
        "%v, identitySource: %v, authorizerPayloadFormatVersion: %v, enableSimpleResponses: %v}}",
        &uri, node_true(role) && !node_is_text(role, "NONE") ? role : NULL,
        node_get(identity, "ReauthorizeEvery"), &sources,
        node_get(given, "AuthorizerPayloadFormatVersion"), node_true(simple) ? simple : NULL);
}

static struct value authorizer(struct sam *s, struct str name, const struct value *given)
{
    const struct value *jwt = node_get(given, "JwtConfiguration");
    struct value lowered = lower_keys(s, jwt);

    if (node_has(given, "OpenIdConnectUrl")) {
        sam_refuse(s, s->id,
                   "'OpenIdConnectUrl' is no longer a supported property for authorizer '%.*s'. "
                   "Please refer to the AWS SAM documentation.",
                   STR_ARG(name));
    }
    if (node_true(jwt)) {
        sam_expect(s, jwt, VALUE_MAP, "JwtConfiguration");
    }
    check_authorizer(s, name, given, node_true(jwt));
    if (!node_true(jwt)) {
        return lambda_authorizer(s, name, given);
    }
    return node_make(s->arena,
                     "{type: 'oauth2', 'x-amazon-apigateway-authorizer': {jwtConfiguration: %v, "
                     "identitySource: %v, type: 'jwt'}}",
                     &lowered, node_get(given, "IdentitySource"));
}

/* By the API's default authorizer, unless the method has its own. */
static void secure(struct sam *s, struct sam_visit *visit, struct str method,
                   struct value *definition)
{
    const struct value *security = visit->self;

    if (!str_eq(method, STR("options")) && !node_true(node_get(definition, "security"))) {
        node_put(s->arena, definition, "security", node_copy(s->arena, security));
    }
}

static void set_default(struct sam *s, struct value *body, const struct value *auth,
                        const struct value *schemes)
{
    const struct value *name = node_get(auth, "DefaultAuthorizer");
    const struct value *own = node_find(node_get(auth, "Authorizers"), node_text(name));
    const struct value *scopes = node_get(own, "AuthorizationScopes");
    struct value empty = node_list();
    struct value security;
    struct sam_visit visit = {.method = secure, .self = &security};

    if (!node_true(name) || node_is_no_value(name) ||
        !sam_expect(s, name, VALUE_STR, "Auth.DefaultAuthorizer")) {
        return;
    }
    if (node_find(schemes, name->str) == NULL) {
        sam_refuse(s, s->id,
                   "Unable to set DefaultAuthorizer because '%.*s' was not defined in "
                   "'Authorizers'.",
                   STR_ARG(name->str));
        return;
    }
    security = node_make(s->arena, "[{%s: %v}]", name->str, scopes != NULL ? scopes : &empty);
    sam_visit_all(s, body, &visit);
}

static struct value read_authorizers(struct sam *s, const struct value *auth)
{
    const struct value *all = node_get(auth, "Authorizers");
    const struct value *iam = node_get(auth, "EnableIamAuthorizer");
    struct value schemes = node_map();

    if (node_is(iam, VALUE_BOOL) && iam->truth) {
        node_put(s->arena, &schemes, "AWS_IAM",
                 node_make(s->arena, "{type: 'apiKey', name: 'Authorization', in: 'header', "
                                     "'x-amazon-apigateway-authtype': 'awsSigv4'}"));
    }
    if (!node_true(all) || !sam_expect(s, all, VALUE_MAP, "Auth.Authorizers")) {
        return schemes;
    }
    for (uint32_t i = 0; i < all->count && !s->refused; i++) {
        struct str name = all->pairs[i].key;
        struct str path = arena_printf(s->arena, "Auth.Authorizers.%.*s", STR_ARG(name));

        if (sam_expect(s, &all->pairs[i].value, VALUE_MAP, path.at)) {
            struct value made = authorizer(s, name, &all->pairs[i].value);

            node_set(s->arena, &schemes, name, &made);
        }
    }
    return schemes;
}

static void add_auth(struct sam *s, struct value *body)
{
    const struct value *auth = sam_property(s, "Auth");
    struct value schemes;
    struct value *components;

    if (!node_true(auth)) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id, "Auth works only with inline OpenApi specified in the "
                             "'DefinitionBody' property.");
        return;
    }
    for (uint32_t i = 0; i < auth->count; i++) {
        struct str key = auth->pairs[i].key;

        if (!str_eq(key, STR("Authorizers")) && !str_eq(key, STR("DefaultAuthorizer")) &&
            !str_eq(key, STR("EnableIamAuthorizer"))) {
            sam_refuse(s, s->id, "Invalid value for 'Auth' property");
        }
    }
    if (!sam_is_openapi(s, body)) {
        sam_refuse(s, s->id, "Unable to add Auth configuration because 'DefinitionBody' does not "
                             "contain a valid OpenApi definition.");
        return;
    }
    schemes = read_authorizers(s, auth);
    components = node_enter(s->arena, body, STR("components"));
    if (components != NULL && schemes.count > 0) {
        struct value *to = node_enter(s->arena, components, STR("securitySchemes"));

        if (to != NULL) {
            node_update(s->arena, to, &schemes);
        }
    }
    if (components != NULL && components->count == 0) {
        node_remove(body, "components");
    }
    set_default(s, body, auth, &schemes);
}

static void permit_authorizers(struct sam *s)
{
    const struct value *all = node_get(sam_property(s, "Auth"), "Authorizers");

    for (uint32_t i = 0; node_is(all, VALUE_MAP) && i < all->count; i++) {
        const struct value *one = &all->pairs[i].value;
        const struct value *permit = node_get(one, "EnableFunctionDefaultPermissions");
        struct str name = all->pairs[i].key;

        if (permit != NULL) {
            sam_expect(s, permit, VALUE_BOOL,
                       arena_printf(s->arena, "Authorizers.%.*s.EnableFunctionDefaultPermissions",
                                    STR_ARG(name))
                           .at);
        }
        if (node_true(permit) && node_true(node_get(one, "FunctionArn"))) {
            sam_permit_authorizer(s, name, STR("${AWS::Partition}"),
                                  node_get(one, "FunctionArn"));
        }
    }
}

/* ---- the rest of the definition ---- */

static struct value *add_tags(struct sam *s, struct value *body)
{
    struct value *tags = sam_property(s, "Tags");
    struct value *list;

    if (!node_true(body) || !sam_is_openapi(s, body)) {
        if (node_true(tags)) {
            sam_refuse(s, s->id,
                       node_true(body)
                           ? "Unable to add `Tags` because 'DefinitionBody' does not contain a "
                             "valid OpenApi definition."
                           : "Tags works only with inline OpenApi specified in the "
                             "'DefinitionBody' property.");
        }
        return tags;
    }
    tags = node_true(tags) ? tags : node_new(s->arena, node_map());
    node_put(s->arena, tags, "httpapi:createdBy", node_c("SAM"));
    list = node_get(body, "tags");
    if (!node_is(list, VALUE_LIST)) {
        list = node_put(s->arena, body, "tags", node_list());
    }
    for (uint32_t i = 0; i < tags->count; i++) {
        struct value made = node_make(s->arena, "{name: %s, 'x-amazon-apigateway-tag-value': %v}",
                                      tags->pairs[i].key, &tags->pairs[i].value);
        bool there = false;

        for (uint32_t k = 0; k < list->count; k++) {
            if (node_eq(node_get(&list->items[k], "name"), node_get(&made, "name"))) {
                node_update(s->arena, &list->items[k], &made);
                there = true;
            }
        }
        if (!there) {
            node_push(s->arena, list, made);
        }
    }
    return tags;
}

static void add_endpoint(struct sam *s, struct value *body)
{
    const struct value *off = sam_property(s, "DisableExecuteApiEndpoint");
    struct value *servers = node_get(body, "servers");

    if (off == NULL) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id,
                   "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.");
        return;
    }
    if (!node_is(servers, VALUE_LIST)) {
        servers = node_put(s->arena, body, "servers", node_make(s->arena, "[{}]"));
    }
    for (uint32_t i = 0; i < servers->count; i++) {
        struct value *config = servers->items[i].kind != VALUE_MAP
                                   ? NULL
                                   : node_enter(s->arena, &servers->items[i],
                                                STR("x-amazon-apigateway-endpoint-configuration"));

        if (config == NULL) {
            sam_refuse_template(s, "Value of 'servers' item must be a dictionary according to "
                                   "Swagger spec.");
            return;
        }
        node_put(s->arena, config, "disableExecuteApiEndpoint", *off);
    }
}

static void add_names(struct sam *s, struct value *body)
{
    const struct value *name = sam_property(s, "Name");
    const struct value *description = sam_property(s, "Description");
    struct value plain = sam_ref(s, STR("AWS::StackName"));
    struct value *info = node_get(body, "info");

    if (!node_true(body) && (node_true(name) || node_true(description))) {
        sam_refuse(s, s->id,
                   "%s works only with inline OpenApi specified in the 'DefinitionBody' property.",
                   node_true(name) ? "Name" : "Description");
        return;
    }
    if (node_true(name)) {
        if (!node_eq(node_get(info, "title"), &plain)) {
            sam_refuse(s, s->id, "Unable to set Name because it is already defined within inline "
                                 "OpenAPI specified in the 'DefinitionBody' property.");
            return;
        }
        node_put(s->arena, info, "title", *name);
    }
    if (node_true(description)) {
        info = node_enter(s->arena, body, STR("info"));
        if (info == NULL || node_true(node_get(info, "description"))) {
            sam_refuse(s, s->id,
                       "Unable to set Description because it is already defined within inline "
                       "OpenAPI specified in the 'DefinitionBody' property.");
            return;
        }
        node_put(s->arena, info, "description", *description);
    }
}

static void rename_default(struct sam *s, struct value *body)
{
    struct value *paths = node_get(body, "paths");

    for (uint32_t i = 0; node_is(paths, VALUE_MAP) && i < paths->count; i++) {
        if (str_eq(paths->pairs[i].key, STR("$default"))) {
            paths->pairs[i].key = STR("/$default");
        }
    }
    (void)s;
}

/* ---- resources ---- */

static void set_location(struct sam *s, struct sam_made *api)
{
    const struct value *uri = sam_property(s, "DefinitionUri");

    if (node_true(uri)) {
        sam_put(s, api, "BodyS3Location", sam_definition_location(s, uri));
    } else if (node_true(sam_property(s, "DefinitionBody"))) {
        sam_take(s, api, "DefinitionBody");
        api->properties.pairs[api->properties.count - 1].key = STR("Body");
    } else {
        sam_refuse(s, s->id,
                   "'DefinitionUri' or 'DefinitionBody' are required properties of an "
                   "'AWS::Serverless::HttpApi'. Add a value for one of these properties or add a "
                   "'HttpApi' event to an 'AWS::Serverless::Function'.");
    }
}

static void make_stage(struct sam *s, const struct value *tags)
{
    static const char *const same[] = {"StageVariables", "AccessLogSettings",
                                       "DefaultRouteSettings", "RouteSettings", NULL};
    const struct value *given = sam_property(s, "StageName");
    struct value name = node_true(given) ? *given : node_c("$default");
    struct str id = node_is_text(&name, "$default") ? sam_id(s, "ApiGatewayDefaultStage")
                                                    : sam_stage_id(s, &name);
    struct sam_made *made = sam_make(s, id, "AWS::ApiGatewayV2::Stage", &s->passed);

    sam_put(s, made, "ApiId", sam_ref(s, s->id));
    sam_put(s, made, "StageName", name);
    sam_take_all(s, made, same);
    sam_set(s, made, "Tags", tags);
    sam_put(s, made, "AutoDeploy", node_bool(true));
}

void sam_http_api(struct sam *s)
{
    struct value *body = sam_property(s, "DefinitionBody");
    const struct value *warnings = sam_property(s, "FailOnWarnings");
    struct sam_made *made = sam_make(s, s->id, "AWS::ApiGatewayV2::Api", &s->attributes);
    struct value *tags;

    if (node_get(s->resource, "DependsOn") != NULL) {
        made->depends = *node_get(s->resource, "DependsOn");
    }
    if (node_true(sam_property(s, "DefinitionUri")) && node_true(body)) {
        sam_refuse(s, s->id,
                   "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
        return;
    }
    add_cors(s, body);
    add_auth(s, body);
    tags = s->refused ? NULL : add_tags(s, body);
    sam_set(s, made, "FailOnWarnings", node_true(warnings) ? warnings : NULL);
    add_endpoint(s, body);
    add_names(s, body);
    if (node_true(warnings)) {
        rename_default(s, body);
    }
    set_location(s, made);
    sam_http_domain(s);
    permit_authorizers(s);
    make_stage(s, tags);
    if (sam_property(s, "DefinitionBody") != NULL) {
        sam_propagate(s);
    }
}
