/* SPDX-License-Identifier: Apache-2.0
 *
 * Records as an OpenAPI definition, in the order in which AWS exports one.
 */
#include "base/time.h"
#include "svc/apigatewayv2/openapi.h"

#define EXTENSION "x-amazon-apigateway-"

struct writing {
    const struct openapi_export *export; /* what is written */
    struct arena *arena;       /* of the document */
    struct value *document;    /* so far */
};

/* ---- pieces ---- */

static void put_member(struct writing *writing, struct value *map, const char *key,
                       const struct value *record, const char *member)
{
    if (has(record, member)) {
        doc_put_text(writing->arena, map, key, get_str(record, member));
    }
}

static void put_texts(struct writing *writing, struct value *map, const char *key,
                      const struct value *list)
{
    struct value *made;

    if (list == NULL) {
        return;
    }
    made = doc_put_list(writing->arena, map, key);
    for (uint32_t i = 0; i < list->count; i++) {
        struct value *item = doc_add(writing->arena, made);

        item->kind = VALUE_STR;
        item->str = list->items[i].str;
    }
}

static void put_pairs(struct writing *writing, struct value *map, struct str key,
                      const struct value *pairs)
{
    struct value *made;

    if (pairs == NULL || pairs->count == 0) {
        return;
    }
    made = doc_put_map(writing->arena, map, key);
    for (uint32_t i = 0; i < pairs->count; i++) {
        struct value *value = doc_put(writing->arena, made, pairs->pairs[i].key);

        value->kind = VALUE_STR;
        value->str = pairs->pairs[i].value.str;
    }
}

static struct str lower(struct writing *writing, struct str text)
{
    char *made = arena_alloc(writing->arena, text.bytes + 1);

    for (size_t i = 0; i < text.bytes; i++) {
        made[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] - 'A' + 'a')
                                                         : text.at[i];
    }
    return str_of(made, text.bytes);
}

/* ---- the head ---- */

static void write_info(struct writing *writing)
{
    const struct value *api = writing->export->api;
    struct value *info;

    doc_put_text(writing->arena, writing->document, "openapi", STR("3.0.1"));
    info = doc_put_map(writing->arena, writing->document, STR("info"));
    put_member(writing, info, "title", api, "Name");
    put_member(writing, info, "description", api, "Description");
    doc_put_text(writing->arena, info, "version",
                 has(api, "Version")
                     ? get_str(api, "Version")
                     : time_iso(writing->arena, get_time(api, "CreatedDate", 0)));
}

static void write_servers(struct writing *writing)
{
    struct str stage = writing->export->stage;
    struct value *servers = doc_put_list(writing->arena, writing->document, "servers");
    struct value *server = doc_add(writing->arena, servers);
    struct value *variables;

    server->kind = VALUE_MAP;
    doc_put_text(writing->arena, server, "url",
                 arena_printf(writing->arena, "%.*s/{basePath}",
                              STR_ARG(writing->export->endpoint)));
    variables = doc_put_map(writing->arena, server, STR("variables"));
    doc_put_text(writing->arena, doc_put_map(writing->arena, variables, STR("basePath")),
                 "default", str_eq(stage, STR("$default")) ? STR("") : stage);
}

static void write_tags(struct writing *writing)
{
    const struct value *tags = get(writing->export->api, "Tags");
    struct value *list;

    if (!writing->export->extensions || tags == NULL || tags->count == 0) {
        return;
    }
    list = doc_put_list(writing->arena, writing->document, "tags");
    for (uint32_t i = 0; i < tags->count; i++) {
        struct value *tag = doc_add(writing->arena, list);

        tag->kind = VALUE_MAP;
        doc_put_text(writing->arena, tag, "name", tags->pairs[i].key);
        doc_put_text(writing->arena, tag, EXTENSION "tag-value", tags->pairs[i].value.str);
    }
}

/* ---- paths ---- */

/* The variables of a path, as OpenAPI wants them. */
static void write_parameters(struct writing *writing, struct value *operation, struct str path)
{
    struct value *list = NULL;

    for (struct str rest = path; rest.at != NULL;) {
        struct str part = str_split(&rest, '/');
        struct value *one;

        if (part.bytes < 3 || part.at[0] != '{') {
            continue;
        }
        part = str_slice(part, 1, part.bytes - 1);
        part = str_ends(part, STR("+")) ? str_slice(part, 0, part.bytes - 1) : part;
        list = list == NULL ? doc_put_list(writing->arena, operation, "parameters") : list;
        one = doc_add(writing->arena, list);
        one->kind = VALUE_MAP;
        doc_put_text(writing->arena, one, "name", part);
        doc_put_text(writing->arena, one, "in", STR("path"));
        doc_put_text(
            writing->arena, one, "description",
            arena_printf(writing->arena, "Generated path parameter for %.*s", STR_ARG(part)));
        doc_put_bool(writing->arena, one, "required", true);
        doc_put_text(writing->arena, doc_put_map(writing->arena, one, STR("schema")), "type",
                     STR("string"));
    }
}

static void write_security(struct writing *writing, struct value *operation,
                           const struct live_route *route)
{
    struct str type = get_str(route->route, "AuthorizationType");
    bool sigv4 = str_eq(type, STR("AWS_IAM"));
    struct value *list;
    struct value *one;

    if (!sigv4 && route->authorizer == NULL) {
        return;
    }
    list = doc_put_list(writing->arena, operation, "security");
    one = doc_add(writing->arena, list);
    one->kind = VALUE_MAP;
    put_texts(writing, one,
              sigv4 ? "sigv4" : arena_dup(writing->arena, get_str(route->authorizer, "Name")).at,
              get(route->route, "AuthorizationScopes"));
    if (one->count == 0) {
        struct value *none = doc_put(writing->arena, one,
                                     sigv4 ? STR("sigv4") : get_str(route->authorizer, "Name"));

        none->kind = VALUE_LIST;
    }
}

static void write_integration(struct writing *writing, struct value *operation,
                              const struct value *integration)
{
    const struct value *answers = get(integration, "ResponseParameters");
    const struct value *tls = get(integration, "TlsConfig");
    struct value *made = doc_put_map(writing->arena, operation, STR(EXTENSION "integration"));

    put_member(writing, made, "integrationSubtype", integration, "IntegrationSubtype");
    put_member(writing, made, "payloadFormatVersion", integration, "PayloadFormatVersion");
    doc_put_text(writing->arena, made, "type",
                 lower(writing, get_str(integration, "IntegrationType")));
    put_member(writing, made, "httpMethod", integration, "IntegrationMethod");
    put_member(writing, made, "uri", integration, "IntegrationUri");
    put_member(writing, made, "credentials", integration, "CredentialsArn");
    put_member(writing, made, "connectionId", integration, "ConnectionId");
    put_member(writing, made, "connectionType", integration, "ConnectionType");
    put_member(writing, made, "description", integration, "Description");
    put_pairs(writing, made, STR("requestParameters"), get(integration, "RequestParameters"));
    if (answers != NULL && answers->count > 0) {
        struct value *all = doc_put_map(writing->arena, made, STR("responseParameters"));

        for (uint32_t i = 0; i < answers->count; i++) {
            put_pairs(writing, all, answers->pairs[i].key, &answers->pairs[i].value);
        }
    }
    if (tls != NULL) {
        put_member(writing, doc_put_map(writing->arena, made, STR("tlsConfig")),
                   "serverNameToVerify", tls, "ServerNameToVerify");
    }
    if (get_int(integration, "TimeoutInMillis", 30000) != 30000) {
        doc_put_int(writing->arena, made, "timeoutInMillis",
                    get_int(integration, "TimeoutInMillis", 0));
    }
}

static void write_route(struct writing *writing, struct value *paths,
                        const struct live_route *route)
{
    struct str key = get_str(route->route, "RouteKey");
    bool is_default = str_eq(key, STR("$default"));
    struct str path = key;
    struct str method = str_split(&path, ' ');
    bool any = is_default || str_eq(method, STR("ANY"));
    struct value *operation;

    path = is_default ? STR("/$default") : path;
    operation = doc_put_map(writing->arena, doc_map_of(writing->arena, paths, path),
                            any ? STR(EXTENSION "any-method") : lower(writing, method));
    put_member(writing, operation, "operationId", route->route, "OperationName");
    write_parameters(writing, operation, path);
    doc_put_text(
        writing->arena,
        doc_put_map(writing->arena, doc_put_map(writing->arena, operation, STR("responses")),
                    STR("default")),
        "description",
        is_default ? STR("Default response for $default")
                   : arena_printf(writing->arena, "Default response for %.*s", STR_ARG(key)));
    write_security(writing, operation, route);
    if (writing->export->extensions && is_default) {
        doc_put_bool(writing->arena, operation, "isDefaultRoute", true);
    }
    if (writing->export->extensions && route->integration != NULL) {
        write_integration(writing, operation, route->integration);
    }
}

static void write_paths(struct writing *writing)
{
    struct value *paths = doc_put_map(writing->arena, writing->document, STR("paths"));

    for (size_t i = 0; i < writing->export->route_count; i++) {
        write_route(writing, paths, &writing->export->routes[i]);
    }
}

/* ---- security schemes ---- */

static void write_authorizer(struct writing *writing, struct value *scheme,
                             const struct value *authorizer)
{
    const struct value *jwt = get(authorizer, "JwtConfiguration");
    const struct value *sources = get(authorizer, "IdentitySource");
    struct value *made = doc_put_map(writing->arena, scheme, STR(EXTENSION "authorizer"));
    struct str source = STR_NONE;

    for (uint32_t i = 0; sources != NULL && i < sources->count; i++) {
        source = arena_printf(writing->arena, "%.*s%s%.*s", STR_ARG(source), i > 0 ? "," : "",
                              STR_ARG(sources->items[i].str));
    }
    if (source.bytes > 0) {
        doc_put_text(writing->arena, made, "identitySource", source);
    }
    put_member(writing, made, "authorizerUri", authorizer, "AuthorizerUri");
    put_member(writing, made, "authorizerCredentials", authorizer, "AuthorizerCredentialsArn");
    put_member(writing, made, "authorizerPayloadFormatVersion", authorizer,
               "AuthorizerPayloadFormatVersion");
    if (has(authorizer, "AuthorizerResultTtlInSeconds")) {
        doc_put_int(writing->arena, made, "authorizerResultTtlInSeconds",
                    get_int(authorizer, "AuthorizerResultTtlInSeconds", 0));
    }
    doc_put_text(writing->arena, made, "type",
                 lower(writing, get_str(authorizer, "AuthorizerType")));
    if (jwt != NULL) {
        struct value *inner = doc_put_map(writing->arena, made, STR("jwtConfiguration"));

        put_texts(writing, inner, "audience", get(jwt, "Audience"));
        put_member(writing, inner, "issuer", jwt, "Issuer");
    }
    if (has(authorizer, "EnableSimpleResponses")) {
        doc_put_bool(writing->arena, made, "enableSimpleResponses",
                     get_bool(authorizer, "EnableSimpleResponses", false));
    }
}

static struct value *schemes_of(struct writing *writing)
{
    return doc_map_of(writing->arena,
                      doc_map_of(writing->arena, writing->document, STR("components")),
                      STR("securitySchemes"));
}

static void write_scheme(struct writing *writing, const struct live_route *route)
{
    bool sigv4 = str_eq(get_str(route->route, "AuthorizationType"), STR("AWS_IAM"));
    bool jwt = route->authorizer != NULL && has(route->authorizer, "JwtConfiguration");
    struct value *scheme;

    if (!sigv4 && route->authorizer == NULL) {
        return;
    }
    scheme = doc_map_of(writing->arena, schemes_of(writing),
                        sigv4 ? STR("sigv4") : get_str(route->authorizer, "Name"));
    if (scheme->count > 0) {
        return; /* another route's, too */
    }
    doc_put_text(writing->arena, scheme, "type", jwt ? STR("oauth2") : STR("apiKey"));
    if (jwt) {
        (void)doc_put_map(writing->arena, scheme, STR("flows"));
    } else {
        doc_put_text(writing->arena, scheme, "name", STR("Authorization"));
        doc_put_text(writing->arena, scheme, "in", STR("header"));
    }
    if (writing->export->extensions && sigv4) {
        doc_put_text(writing->arena, scheme, EXTENSION "authtype", STR("awsSigv4"));
    } else if (writing->export->extensions) {
        write_authorizer(writing, scheme, route->authorizer);
    }
}

/* ---- the rest ---- */

static void write_cors(struct writing *writing)
{
    const struct value *cors = get(writing->export->api, "CorsConfiguration");
    struct value *made;

    if (cors == NULL) {
        return;
    }
    made = doc_put_map(writing->arena, writing->document, STR(EXTENSION "cors"));
    put_texts(writing, made, "allowMethods", get(cors, "AllowMethods"));
    put_texts(writing, made, "allowHeaders", get(cors, "AllowHeaders"));
    put_texts(writing, made, "exposeHeaders", get(cors, "ExposeHeaders"));
    if (has(cors, "MaxAge")) {
        doc_put_int(writing->arena, made, "maxAge", get_int(cors, "MaxAge", 0));
    }
    doc_put_bool(writing->arena, made, "allowCredentials",
                 get_bool(cors, "AllowCredentials", false));
    put_texts(writing, made, "allowOrigins", get(cors, "AllowOrigins"));
}

static void write_endpoint(struct writing *writing)
{
    if (get_bool(writing->export->api, "DisableExecuteApiEndpoint", false)) {
        doc_put_bool(writing->arena,
                     doc_put_map(writing->arena, writing->document,
                                 STR(EXTENSION "endpoint-configuration")),
                     "disableExecuteApiEndpoint", true);
    }
}

struct value *openapi_document(const struct openapi_export *export, struct arena *arena)
{
    struct writing writing = {export, arena, doc_map(arena)};

    write_info(&writing);
    write_servers(&writing);
    write_tags(&writing);
    write_paths(&writing);
    for (size_t i = 0; i < export->route_count; i++) {
        write_scheme(&writing, &export->routes[i]);
    }
    if (export->extensions) {
        write_cors(&writing);
        write_endpoint(&writing);
        doc_put_text(arena, writing.document, EXTENSION "importexport-version", STR("1.0"));
    }
    return writing.document;
}
