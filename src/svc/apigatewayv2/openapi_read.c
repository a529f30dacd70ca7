/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenAPI definitions as records. What HTTP APIs do not use of OpenAPI is told as ImportInfo, what
 * they cannot do as a warning; the rest of the document is not looked at.
 */
#include "svc/apigatewayv2/openapi.h"
#include "wire/json.h"
#include "wire/yaml.h"

#include <assert.h>

#define EXTENSION "x-amazon-apigateway-"
#define SHOWN_BYTES_MAX 200 /* of what came, in a sentence */
#define TEXT_BYTES_MAX 8192 /* of what variables are put into, and of a list in a text */

struct reading {
    const struct openapi_text *text; /* what is read */
    struct arena *arena;       /* where records go */
    struct why *why;           /* the sentence of a refusal */
    const struct value *document; /* the whole */
    struct openapi *made;      /* so far */
    struct str prefix;         /* put before paths: the base path; may be empty */
    struct str shared_names[INTEGRATIONS_MAX]; /* of integrations that are referred to */
};

static status bad(struct reading *reading, const char *sentence, struct str about)
{
    return why_set(reading->why, &GATEWAY_BAD_REQUEST, "%s: %.*s", sentence,
                   STR_ARG(str_slice(about, 0, SHOWN_BYTES_MAX)));
}

static void note(struct reading *reading, struct notes *notes, const char *sentence,
                 struct str about)
{
    if (notes->count < NOTES_MAX) {
        notes->texts[notes->count++] =
            arena_printf(reading->arena, "%s: %.*s", sentence,
                         STR_ARG(str_slice(about, 0, SHOWN_BYTES_MAX)));
    }
}

/* ---- texts ---- */

/* What stands for "${name}"; STR_NONE: it stays. */
static struct str variable(const struct reading *reading, struct str name)
{
    if (str_eq(name, STR("AWS::Region"))) {
        return reading->text->region;
    }
    if (str_eq(name, STR("AWS::AccountId"))) {
        return reading->text->account;
    }
    if (str_eq(name, STR("AWS::Partition"))) {
        return arn_partition(reading->text->region);
    }
    return str_eq(name, STR("AWS::URLSuffix")) ? STR("amazonaws.com") : STR_NONE;
}

static struct str substituted(struct reading *reading, struct str text)
{
    struct str made = STR_NONE;
    size_t from = 0;

    if (text.bytes > TEXT_BYTES_MAX) {
        return text;
    }
    for (size_t at = str_find_str(text, STR("${AWS::")); at < text.bytes;) {
        size_t end = str_find(text, '}', at);
        struct str value = variable(reading, str_slice(text, at + 2, end));
        struct str rest;

        if (value.at == NULL) {
            value = str_slice(text, at, end + 1);
        }
        made = arena_printf(reading->arena, "%.*s%.*s%.*s", STR_ARG(made),
                            STR_ARG(str_slice(text, from, at)), STR_ARG(value));
        from = end < text.bytes ? end + 1 : text.bytes;
        rest = str_slice(text, from, text.bytes);
        at = from + str_find_str(rest, STR("${AWS::"));
    }
    return from == 0 ? text
                     : arena_printf(reading->arena, "%.*s%.*s", STR_ARG(made),
                                    STR_ARG(str_slice(text, from, text.bytes)));
}

static struct str text_of(struct reading *reading, const struct value *map, const char *key)
{
    return substituted(reading, doc_text(reading->arena, doc_get(map, key)));
}

static void take_text(struct reading *reading, struct value *record, const char *member,
                      const struct value *map, const char *key)
{
    struct str text = text_of(reading, map, key);

    if (text.bytes > 0) {
        set_str(record, member, text);
    }
}

static void take_int(struct value *record, const char *member, const struct value *value)
{
    if (value != NULL && value->kind == VALUE_INT) {
        set_int(record, member, value->number);
    }
}

static void take_bool(struct value *record, const char *member, const struct value *value)
{
    if (value != NULL && value->kind == VALUE_BOOL) {
        set_bool(record, member, value->truth);
    }
}

/* A list, or a text with commas. */
static void take_list(struct reading *reading, struct value *record, const char *member,
                      const struct value *value)
{
    struct value *list;

    if (value == NULL || (value->kind != VALUE_LIST && value->kind != VALUE_STR)) {
        return;
    }
    if (value->kind == VALUE_LIST) {
        list = set_list(reading->arena, record, member, value->count);
        for (uint32_t i = 0; i < value->count; i++) {
            list_add_str(list, doc_text(reading->arena, &value->items[i]));
        }
        return;
    }
    if (value->str.bytes > TEXT_BYTES_MAX) {
        return;
    }
    list = set_list(reading->arena, record, member, value->str.bytes + 1);
    for (struct str rest = value->str; rest.at != NULL && value->str.bytes > 0;) {
        list_add_str(list, str_trim(str_split(&rest, ',')));
    }
}

static void fill_map(struct reading *reading, struct value *made, const struct value *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        map_add_str(made, from->pairs[i].key,
                    substituted(reading, doc_text(reading->arena, &from->pairs[i].value)));
    }
}

static void take_map(struct reading *reading, struct value *record, const char *member,
                     const struct value *from)
{
    if (from != NULL && from->kind == VALUE_MAP) {
        fill_map(reading, set_map(reading->arena, record, member, from->count), from);
    }
}

/* ---- the API itself ---- */

static void read_cors(struct reading *reading)
{
    const struct value *from = doc_get(reading->document, EXTENSION "cors");
    struct value *cors;

    if (from == NULL || from->kind != VALUE_MAP) {
        return;
    }
    cors = set_struct(reading->arena, reading->made->api, "CorsConfiguration");
    take_list(reading, cors, "AllowOrigins", doc_get(from, "allowOrigins"));
    take_list(reading, cors, "AllowMethods", doc_get(from, "allowMethods"));
    take_list(reading, cors, "AllowHeaders", doc_get(from, "allowHeaders"));
    take_list(reading, cors, "ExposeHeaders", doc_get(from, "exposeHeaders"));
    take_int(cors, "MaxAge", doc_get(from, "maxAge"));
    take_bool(cors, "AllowCredentials", doc_get(from, "allowCredentials"));
}

static void read_tags(struct reading *reading)
{
    const struct value *from = doc_get(reading->document, "tags");
    struct value *tags;

    if (from == NULL || from->kind != VALUE_LIST) {
        return;
    }
    tags = set_map(reading->arena, reading->made->api, "Tags", from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        struct str name = text_of(reading, &from->items[i], "name");
        struct str value = text_of(reading, &from->items[i], EXTENSION "tag-value");

        if (name.bytes > 0 && value.bytes > 0 && map_find(tags, name) == NULL) {
            map_add_str(tags, name, value);
        }
    }
}

static status read_api(struct reading *reading)
{
    const struct value *info = doc_get(reading->document, "info");
    const struct value *endpoint =
        doc_get(reading->document, EXTENSION "endpoint-configuration");
    struct str version = text_of(reading, reading->document, "openapi");

    if (!str_starts(version, STR("3."))) {
        return bad(reading, "Unable to parse API definition because of a missing or unsupported "
                   "'openapi' version (3.x is needed)", version);
    }
    reading->made->api = record_new(reading->arena, KIND_API);
    take_text(reading, reading->made->api, "Name", info, "title");
    take_text(reading, reading->made->api, "Description", info, "description");
    take_text(reading, reading->made->api, "Version", info, "version");
    if (!has(reading->made->api, "Name")) {
        return bad(reading, "Unable to parse API definition because of a missing title in 'info'",
                   STR_NONE);
    }
    take_bool(reading->made->api, "DisableExecuteApiEndpoint",
              doc_get(endpoint, "disableExecuteApiEndpoint"));
    read_cors(reading);
    read_tags(reading);
    return OK;
}

/* The path of the first server's URL, with its variable basePath, without a slash at its end. */
static struct str base_path(struct reading *reading)
{
    const struct value *servers = doc_get(reading->document, "servers");
    const struct value *server =
        servers != NULL && servers->kind == VALUE_LIST && servers->count > 0 ? &servers->items[0]
                                                                            : NULL;
    const struct value *variables = doc_get(doc_get(server, "variables"), "basePath");
    struct str url = text_of(reading, server, "url");
    size_t scheme = str_find_str(url, STR("://"));
    struct str path = scheme < url.bytes ? str_slice(url, scheme + 3, url.bytes) : url;
    size_t mark;

    path = str_slice(path, str_find(path, '/', 0), path.bytes);
    mark = str_find_str(path, STR("{basePath}"));
    if (mark < path.bytes) {
        struct str value = text_of(reading, variables, "default");

        value = str_starts(value, STR("/")) ? str_slice(value, 1, value.bytes) : value;
        path = arena_printf(reading->arena, "%.*s%.*s", STR_ARG(str_slice(path, 0, mark)),
                            STR_ARG(value));
    }
    while (path.bytes > 0 && path.at[path.bytes - 1] == '/') {
        path.bytes--;
    }
    return path;
}

static status read_prefix(struct reading *reading)
{
    struct str how = reading->text->basepath;
    struct str path = base_path(reading);

    if (how.bytes == 0 || str_eq(how, STR("ignore"))) {
        return OK;
    }
    if (str_eq(how, STR("prepend"))) {
        reading->prefix = path;
        return OK;
    }
    if (str_eq(how, STR("split"))) { /* all but its first part */
        reading->prefix = str_slice(path, str_find(path, '/', 1), path.bytes);
        return OK;
    }
    return bad(reading, "Invalid basepath mode. Supported values are ignore, prepend, and split",
               how);
}

/* ---- authorizers ---- */

static void read_jwt(struct reading *reading, struct value *record, const struct value *from)
{
    const struct value *jwt = doc_get(from, "jwtConfiguration");
    struct value *made = set_struct(reading->arena, record, "JwtConfiguration");

    take_text(reading, made, "Issuer", jwt, "issuer");
    take_list(reading, made, "Audience", doc_get(jwt, "audience"));
}

static void read_authorizer(struct reading *reading, struct value *record, struct str name,
                            const struct value *from)
{
    struct str type = text_of(reading, from, "type");

    set_str(record, "Name", name);
    take_list(reading, record, "IdentitySource", doc_get(from, "identitySource"));
    if (str_eq_nocase(type, STR("jwt"))) {
        set_str(record, "AuthorizerType", STR("JWT"));
        read_jwt(reading, record, from);
        return;
    }
    set_str(record, "AuthorizerType", STR("REQUEST"));
    take_text(reading, record, "AuthorizerUri", from, "authorizerUri");
    take_text(reading, record, "AuthorizerCredentialsArn", from, "authorizerCredentials");
    take_text(reading, record, "AuthorizerPayloadFormatVersion", from,
              "authorizerPayloadFormatVersion");
    take_text(reading, record, "IdentityValidationExpression", from,
              "identityValidationExpression");
    take_int(record, "AuthorizerResultTtlInSeconds",
             doc_get(from, "authorizerResultTtlInSeconds"));
    take_bool(record, "EnableSimpleResponses", doc_get(from, "enableSimpleResponses"));
    if (!has(record, "IdentitySource")) {
        (void)set_list(reading->arena, record, "IdentitySource", 0);
    }
}

static const struct value *schemes_of(const struct reading *reading)
{
    return doc_get(doc_get(reading->document, "components"), "securitySchemes");
}

static status read_authorizers(struct reading *reading)
{
    const struct value *schemes = schemes_of(reading);
    struct openapi *made = reading->made;

    for (uint32_t i = 0; schemes != NULL && schemes->kind == VALUE_MAP && i < schemes->count;
         i++) {
        const struct value *from = doc_get(&schemes->pairs[i].value, EXTENSION "authorizer");

        if (from == NULL) {
            continue;
        }
        if (made->authorizer_count == AUTHORIZERS_MAX) {
            return bad(reading, "The definition has too many authorizers", STR_NONE);
        }
        made->authorizers[made->authorizer_count] =
            record_new(reading->arena, KIND_AUTHORIZER);
        read_authorizer(reading, made->authorizers[made->authorizer_count++],
                        schemes->pairs[i].key, from);
    }
    return OK;
}

/* ---- integrations ---- */

static void read_responses(struct reading *reading, struct value *record,
                           const struct value *from)
{
    struct value *made;

    if (from == NULL || from->kind != VALUE_MAP) {
        return;
    }
    made = set_map(reading->arena, record, "ResponseParameters", from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value *one = &from->pairs[i].value;
        struct value *inner = map_add(reading->arena, made, from->pairs[i].key);

        inner->kind = VALUE_MAP;
        inner->count = 0;
        inner->room = one->kind == VALUE_MAP ? one->count : 0;
        inner->pairs = arena_zero(reading->arena, (inner->room + 1) * sizeof(struct pair));
        if (one->kind == VALUE_MAP) {
            fill_map(reading, inner, one);
        }
    }
}

static void read_integration(struct reading *reading, struct value *record,
                             const struct value *from)
{
    bool function = str_eq_nocase(text_of(reading, from, "type"), STR("aws_proxy"));

    set_str(record, "IntegrationType", function ? STR("AWS_PROXY") : STR("HTTP_PROXY"));
    take_text(reading, record, "IntegrationMethod", from, "httpMethod");
    take_text(reading, record, "IntegrationUri", from, "uri");
    take_text(reading, record, "IntegrationSubtype", from, "integrationSubtype");
    take_text(reading, record, "PayloadFormatVersion", from, "payloadFormatVersion");
    take_text(reading, record, "ConnectionType", from, "connectionType");
    take_text(reading, record, "ConnectionId", from, "connectionId");
    take_text(reading, record, "CredentialsArn", from, "credentials");
    take_text(reading, record, "Description", from, "description");
    take_int(record, "TimeoutInMillis", doc_get(from, "timeoutInMillis"));
    take_map(reading, record, "RequestParameters", doc_get(from, "requestParameters"));
    read_responses(reading, record, doc_get(from, "responseParameters"));
    if (text_of(reading, doc_get(from, "tlsConfig"), "serverNameToVerify").bytes > 0) {
        take_text(reading, set_struct(reading->arena, record, "TlsConfig"), "ServerNameToVerify",
                  doc_get(from, "tlsConfig"), "serverNameToVerify");
    }
}

/* "#/components/x-amazon-apigateway-integrations/NAME": the name; empty: it is no reference. */
static struct str reference_of(struct reading *reading, const struct value *from)
{
    struct str place = STR("#/components/" EXTENSION "integrations/");
    struct str reference = text_of(reading, from, "$ref");

    return str_starts(reference, place) ? str_slice(reference, place.bytes, reference.bytes)
                                        : STR_NONE;
}

static int shared_place(const struct reading *reading, struct str name)
{
    for (size_t i = 0; name.bytes > 0 && i < reading->made->integration_count; i++) {
        if (str_eq(reading->shared_names[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

static const struct value *shared_get(const struct reading *reading, struct str name)
{
    const struct value *all =
        doc_get(doc_get(reading->document, "components"), EXTENSION "integrations");

    return all != NULL && all->kind == VALUE_MAP ? map_find(all, name) : NULL;
}

static bool is_supported(struct reading *reading, const struct value *from)
{
    struct str type = text_of(reading, from, "type");

    return str_eq_nocase(type, STR("aws_proxy")) || str_eq_nocase(type, STR("http_proxy"));
}

/* The place of an operation's integration; -1: it has none that HTTP APIs know. */
static status operation_integration(struct reading *reading, const struct value *operation,
                                    struct str key, int *ret_place)
{
    const struct value *from = doc_get(operation, EXTENSION "integration");
    struct str name = reference_of(reading, from);
    struct openapi *made = reading->made;

    *ret_place = shared_place(reading, name);
    if (from == NULL || *ret_place >= 0) {
        return OK;
    }
    if (name.bytes > 0) {
        from = shared_get(reading, name);
    }
    if (from == NULL) {
        return bad(reading, "Unable to find the integration that is referred to", name);
    }
    if (!is_supported(reading, from)) {
        note(reading, &made->warnings, "The integration type is not supported for HTTP APIs, the "
             "integration is ignored for", key);
        return OK;
    }
    if (made->integration_count == INTEGRATIONS_MAX) {
        return bad(reading, "The definition has too many integrations", STR_NONE);
    }
    reading->shared_names[made->integration_count] = name;
    made->integrations[made->integration_count] = record_new(reading->arena, KIND_INTEGRATION);
    read_integration(reading, made->integrations[made->integration_count], from);
    *ret_place = (int)made->integration_count++;
    return OK;
}

/* ---- routes ---- */

static bool is_sigv4(struct reading *reading, struct str scheme)
{
    const struct value *schemes = schemes_of(reading);
    const struct value *found =
        schemes != NULL && schemes->kind == VALUE_MAP ? map_find(schemes, scheme) : NULL;

    return str_eq_nocase(text_of(reading, found, EXTENSION "authtype"), STR("awsSigv4"));
}

static void secure_by(struct reading *reading, struct openapi_route *route, struct str scheme,
                      const struct value *scopes)
{
    const struct openapi *made = reading->made;

    for (size_t i = 0; i < made->authorizer_count; i++) {
        if (!str_eq(get_str(made->authorizers[i], "Name"), scheme)) {
            continue;
        }
        bool jwt = str_eq(get_str(made->authorizers[i], "AuthorizerType"), STR("JWT"));

        route->authorizer = (int)i;
        set_str(route->record, "AuthorizationType", jwt ? STR("JWT") : STR("CUSTOM"));
        if (jwt && scopes->kind == VALUE_LIST && scopes->count > 0) {
            take_list(reading, route->record, "AuthorizationScopes", scopes);
        }
        return;
    }
    if (is_sigv4(reading, scheme)) {
        set_str(route->record, "AuthorizationType", STR("AWS_IAM"));
        return;
    }
    note(reading, &reading->made->warnings,
         "The security scheme has no " EXTENSION "authorizer and is ignored", scheme);
}

static void read_security(struct reading *reading, struct openapi_route *route,
                          const struct value *operation)
{
    const struct value *security = doc_get(operation, "security");
    struct str type = text_of(reading, doc_get(operation, EXTENSION "auth"), "type");

    if (security == NULL) {
        security = doc_get(reading->document, "security");
    }
    if (str_eq_nocase(type, STR("AWS_IAM"))) {
        set_str(route->record, "AuthorizationType", STR("AWS_IAM"));
    }
    if (security == NULL || security->kind != VALUE_LIST || security->count == 0 ||
        security->items[0].kind != VALUE_MAP || security->items[0].count == 0) {
        return;
    }
    secure_by(reading, route, security->items[0].pairs[0].key,
              &security->items[0].pairs[0].value);
}

static void tell_unused(struct reading *reading, const struct value *operation, struct str key)
{
    static const char *const members[] = {"requestBody", "parameters", "callbacks"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (doc_get(operation, members[i]) != NULL) {
            note(reading, &reading->made->info,
                 arena_printf(reading->arena, "'%s' is not used by HTTP APIs and is ignored for",
                              members[i]).at, key);
        }
    }
}

static status read_operation(struct reading *reading, struct str key,
                             const struct value *operation)
{
    struct openapi *made = reading->made;
    struct openapi_route *route;

    if (made->route_count == ROUTES_MAX) {
        return bad(reading, "The definition has too many routes", STR_NONE);
    }
    route = &made->routes[made->route_count];
    *route = (struct openapi_route){record_new(reading->arena, KIND_ROUTE), -1, -1};
    set_str(route->record, "RouteKey", key);
    take_text(reading, route->record, "OperationName", operation, "operationId");
    TRY(operation_integration(reading, operation, key, &route->integration));
    read_security(reading, route, operation);
    tell_unused(reading, operation, key);
    made->route_count++;
    return OK;
}

/* The method that a path item's member stands for; STR_NONE: none. */
static struct str method_of(struct str member)
{
    static const char *const methods[][2] = {
        {"get", "GET"},         {"put", "PUT"},   {"post", "POST"},   {"delete", "DELETE"},
        {"options", "OPTIONS"}, {"head", "HEAD"}, {"patch", "PATCH"},
        {EXTENSION "any-method", "ANY"},
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (str_eq_nocase(member, str_c(methods[i][0]))) {
            return str_c(methods[i][1]);
        }
    }
    return STR_NONE;
}

static struct str route_key(struct reading *reading, struct str path, struct str method,
                            const struct value *operation)
{
    const struct value *is_default = doc_get(operation, "isDefaultRoute");
    bool marked = is_default != NULL && is_default->kind == VALUE_BOOL && is_default->truth;

    if (marked || str_eq(path, STR("$default")) || str_eq(path, STR("/$default"))) {
        return STR("$default");
    }
    return arena_printf(reading->arena, "%.*s %.*s%.*s", STR_ARG(method),
                        STR_ARG(reading->prefix), STR_ARG(path));
}

static status read_paths(struct reading *reading)
{
    const struct value *paths = doc_get(reading->document, "paths");

    if (paths == NULL || paths->kind != VALUE_MAP) {
        return bad(reading, "Unable to parse API definition because of missing 'paths'",
                   STR_NONE);
    }
    for (uint32_t i = 0; i < paths->count; i++) {
        const struct value *item = &paths->pairs[i].value;

        for (uint32_t k = 0; item->kind == VALUE_MAP && k < item->count; k++) {
            struct str method = method_of(item->pairs[k].key);
            const struct value *operation = &item->pairs[k].value;

            if (method.bytes > 0) {
                TRY(read_operation(reading,
                                   route_key(reading, paths->pairs[i].key, method, operation),
                                   operation));
            }
        }
    }
    return OK;
}

/* ---- all of it ---- */

static status read_document(struct reading *reading, struct value *document)
{
    struct str body = reading->text->body;
    struct why why;
    size_t at = 0;
    status read;

    while (at < body.bytes && (unsigned char)body.at[at] <= ' ') {
        at++;
    }
    if (body.bytes > OPENAPI_BYTES_MAX) {
        return bad(reading, "The definition is too large", STR_NONE);
    }
    why.text[0] = '\0';
    read = at < body.bytes && body.at[at] == '{'
               ? json_read(arena_dup(reading->arena, body), 0, reading->arena, &why, document)
               : yaml_read(body, reading->arena, &why, document);
    if (read != OK || document->kind != VALUE_MAP) {
        return bad(reading, "Unable to parse API definition because of a malformed document",
                   str_c(why.text));
    }
    return OK;
}

status openapi_read(const struct openapi_text *text, struct arena *arena, struct why *why,
                    struct openapi *ret_openapi)
{
    struct reading *reading = ARENA_NEW(arena, struct reading);
    struct value *document = ARENA_NEW(arena, struct value);

    *ret_openapi = (struct openapi){.api = NULL};
    reading->text = text;
    reading->arena = arena;
    reading->why = why;
    reading->document = document;
    reading->made = ret_openapi;
    TRY(read_document(reading, document));
    TRY(read_api(reading));
    TRY(read_prefix(reading));
    TRY(read_authorizers(reading));
    TRY(read_paths(reading));
    return arena_spent(arena) ? bad(reading, "The definition is too large", STR_NONE) : OK;
}
