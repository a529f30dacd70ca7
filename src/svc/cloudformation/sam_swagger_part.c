/* SPDX-License-Identifier: Apache-2.0
 *
 * What a REST API's properties put into its definition: CORS, authorizers, gateway responses,
 * models.
 */
#include "svc/cloudformation/sam_swagger.h"

#include <stdlib.h>

/* ---- CORS ---- */

static int by_text(const void *a, const void *b)
{
    return str_cmp(node_text(a), node_text(b));
}

/* "'GET,OPTIONS'": a path's methods, sorted. */
static struct value methods_of(struct sam *s, const struct value *item)
{
    struct value list = node_make(s->arena, "['OPTIONS']");
    struct str text = STR("'");

    if (node_has(item, SAM_ANY_METHOD)) {
        return node_str(STR("'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'"));
    }
    for (uint32_t i = 0; i < item->count; i++) {
        char *name = (char *)arena_dup(s->arena, item->pairs[i].key).at;
        struct value made = node_str(str_of(name, item->pairs[i].key.bytes));

        for (size_t c = 0; c < made.str.bytes; c++) {
            name[c] = (char)(name[c] >= 'a' && name[c] <= 'z' ? name[c] & ~0x20 : name[c]);
        }
        if (!node_in(&list, &made)) {
            node_push(s->arena, &list, made);
        }
    }
    qsort(list.items, list.count, sizeof(struct value), by_text);
    for (uint32_t i = 0; i < list.count; i++) {
        text = arena_printf(s->arena, "%.*s%s%.*s", STR_ARG(text), i > 0 ? "," : "",
                            STR_ARG(list.items[i].str));
    }
    return node_str(sam_join(s, text, STR("'")));
}

static void cors_header(struct sam *s, struct value *to, const char *name, const char *type,
                        const struct value *value)
{
    struct value *parameters = node_get(to, "Parameters");
    struct value *headers = node_get(to, "Headers");
    struct str key = sam_join(s, STR("Access-Control-"), str_c(name));
    struct value kind = node_make(s->arena, "{type: %c}", type);

    node_set(s->arena, parameters, sam_join(s, STR("method.response.header."), key), value);
    node_set(s->arena, headers, key, &kind);
}

static struct value options_method(struct sam *s, const struct value *cors,
                                   const struct value *methods)
{
    const struct value *credentials = node_get(cors, "AllowCredentials");
    struct value to = node_make(s->arena, "{Parameters: {}, Headers: {}}");
    struct value yes = node_str(STR("'true'"));
    struct value ask = node_str(STR("{\n  \"statusCode\" : 200\n}\n"));
    struct value answer = node_str(STR("{}\n"));

    cors_header(s, &to, "Allow-Origin", "string", node_get(cors, "AllowOrigin"));
    if (node_true(node_get(cors, "AllowHeaders"))) {
        cors_header(s, &to, "Allow-Headers", "string", node_get(cors, "AllowHeaders"));
    }
    cors_header(s, &to, "Allow-Methods", "string", methods);
    if (node_get(cors, "MaxAge") != NULL) {
        cors_header(s, &to, "Max-Age", "integer", node_get(cors, "MaxAge"));
    }
    if (node_is(credentials, VALUE_BOOL) && credentials->truth) {
        cors_header(s, &to, "Allow-Credentials", "string", &yes);
    }
    return node_make(
        s->arena,
        "{summary: 'CORS support', consumes: ['application/json'], produces: ['application/json'], "
        "'x-amazon-apigateway-integration': {type: 'mock', requestTemplates: {'application/json': "
        "%v}, responses: {default: {statusCode: '200', responseParameters: %v, responseTemplates: "
        "{'application/json': %v}}}}, responses: {'200': {description: 'Default response for CORS "
        "method', headers: %v}}}",
        &ask, node_get(&to, "Parameters"), &answer, node_get(&to, "Headers"));
}

static void add_options(struct sam *s, struct value *item, struct str path,
                        const struct value *cors)
{
    const struct value *given = node_get(cors, "AllowMethods");
    struct value methods = {.kind = VALUE_NONE};
    struct value *branches[2];
    uint32_t count = sam_branches(s, item, branches);

    for (uint32_t i = 0; i < count; i++) {
        if (!node_is(branches[i], VALUE_MAP)) {
            sam_refuse_template(s, "Value of '%.*s' path must be a dictionary according to Swagger "
                                   "spec.",
                                STR_ARG(path));
        } else if (!node_has(branches[i], "options")) {
            if (!node_true(node_get(cors, "AllowOrigin"))) {
                sam_refuse(s, s->id, "Structure of the SAM template is invalid. Invalid input. "
                                     "Value for AllowedOrigins is required");
            }
            if (methods.kind == VALUE_NONE) {
                methods = node_true(given) ? *given : methods_of(s, branches[i]);
            }
            node_put(s->arena, branches[i], "options", options_method(s, cors, &methods));
        }
    }
}

/* The property as a map of all that CORS has. */
static struct value read_cors(struct sam *s, const struct value *given)
{
    static const char *const names[] = {"AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge",
                                        "AllowCredentials"};
    struct value made = node_make(s->arena, "{AllowOrigin: %s}", STR("'*'"));
    const struct value *credentials = node_get(given, "AllowCredentials");

    if (given->kind == VALUE_STR || node_is_intrinsic(given)) {
        node_put(s->arena, &made, "AllowOrigin", *given);
        return made;
    }
    if (given->kind != VALUE_MAP) {
        sam_refuse(s, s->id, "Invalid value for 'Cors' property");
        return made;
    }
    for (uint32_t i = 0; i < given->count; i++) {
        bool known = false;

        for (size_t k = 0; k < 5; k++) {
            known = known || str_eq(given->pairs[i].key, str_c(names[k]));
        }
        if (!known) {
            sam_refuse(s, s->id, "Invalid key '%.*s' for 'Cors' property.",
                       STR_ARG(given->pairs[i].key));
        }
    }
    node_update(s->arena, &made, given);
    if (node_is(credentials, VALUE_BOOL) && credentials->truth &&
        node_is_text(node_get(&made, "AllowOrigin"), "'*'")) {
        sam_refuse(s, s->id, "Unable to add Cors configuration because 'AllowCredentials' can not "
                             "be true when 'AllowOrigin' is \"'*'\" or not set");
    }
    return made;
}

/* Whether a path before this one is the same without the slash at its end. */
static bool is_again(const struct value *paths, uint32_t index)
{
    struct str own = paths->pairs[index].key;

    for (uint32_t i = 0; i < index; i++) {
        struct str other = paths->pairs[i].key;
        size_t shorter = own.bytes < other.bytes ? own.bytes : other.bytes;
        size_t longer = own.bytes < other.bytes ? other.bytes : own.bytes;

        if (shorter > 1 && longer == shorter + 1 && memcmp(own.at, other.at, shorter) == 0 &&
            (own.bytes > other.bytes ? own : other).at[shorter] == '/') {
            return true;
        }
    }
    return false;
}

void sam_swagger_cors(struct sam *s, struct value *body)
{
    const struct value *given = sam_property(s, "Cors");
    struct value *paths = node_get(body, "paths");
    struct value cors;

    if (!node_true(given)) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id, "Cors works only with inline Swagger specified in 'DefinitionBody' "
                             "property.");
        return;
    }
    cors = read_cors(s, given);
    if (!sam_is_swagger(s, body)) {
        sam_refuse(s, s->id, "Unable to add Cors configuration because 'DefinitionBody' does not "
                             "contain a valid Swagger definition.");
    }
    for (uint32_t i = 0; !s->refused && i < paths->count; i++) {
        if (!is_again(paths, i)) {
            add_options(s, &paths->pairs[i].value, paths->pairs[i].key, &cors);
        }
    }
}

/* ---- authorizers ---- */

static struct str identity_source(struct sam *s, struct str name, const struct value *identity)
{
    static const char *const parts[][2] = {{"Headers", "method.request.header."},
                                           {"QueryStrings", "method.request.querystring."},
                                           {"StageVariables", "stageVariables."},
                                           {"Context", "context."}};
    struct str text = STR("");

    for (size_t i = 0; i < 4; i++) {
        const struct value *from = node_get(identity, parts[i][0]);

        if (node_true(from) && from->kind != VALUE_LIST) {
            sam_refuse(s, s->id, "Property 'Auth.Authorizers.%.*s.Identity.%s' should be a list.",
                       STR_ARG(name), parts[i][0]);
        }
        for (uint32_t k = 0; node_is(from, VALUE_LIST) && k < from->count; k++) {
            if (from->items[k].kind != VALUE_STR) {
                sam_refuse(s, s->id,
                           "Property 'Auth.Authorizers.%.*s.Identity.%s[%u]' should be a string.",
                           STR_ARG(name), parts[i][0], k);
            }
            text = arena_printf(s->arena, "%.*s%s%s%.*s", STR_ARG(text), text.bytes > 0 ? ", " : "",
                                parts[i][1], STR_ARG(node_text(&from->items[k])));
        }
    }
    return text;
}

static void check_identity(struct sam *s, struct str name, const struct value *given)
{
    static const char *const parts[] = {"Headers", "QueryStrings", "StageVariables", "Context"};
    const struct value *type = node_get(given, "FunctionPayloadType");
    const struct value *identity = node_get(given, "Identity");
    const struct value *ttl = node_get(identity, "ReauthorizeEvery");
    bool any = node_is(ttl, VALUE_INT) && ttl->number <= 0;

    if (type != NULL && !node_is_text(type, "TOKEN") && !node_is_text(type, "REQUEST")) {
        sam_refuse(s, s->id, "%.*s Authorizer has invalid 'FunctionPayloadType': %.*s.",
                   STR_ARG(name), STR_ARG(node_shown(s->arena, type)));
    }
    if (identity != NULL && identity->kind != VALUE_MAP) {
        sam_refuse(s, s->id,
                   "Auth.Authorizers.<Authorizer>.Identity must be a dict "
                   "(LambdaTokenAuthorizationIdentity, LambdaRequestAuthorizationIdentity or "
                   "CognitoAuthorizationIdentity).");
    }
    for (size_t i = 0; i < 4; i++) {
        any = any || node_true(node_get(identity, parts[i]));
    }
    if (node_is_text(type, "REQUEST") && !any) {
        sam_refuse(s, s->id,
                   "%.*s Authorizer must specify Identity with at least one of Headers, "
                   "QueryStrings, StageVariables, or Context.",
                   STR_ARG(name));
    }
}

static struct value pool_authorizer(struct sam *s, const struct value *given)
{
    const struct value *pool = node_get(given, "UserPoolArn");
    struct value arns = node_is(pool, VALUE_LIST) ? *pool : node_make(s->arena, "[%v]", pool);

    return node_make(s->arena, "{type: 'cognito_user_pools', providerARNs: %v}", &arns);
}

static struct value function_authorizer(struct sam *s, struct str name, const struct value *given)
{
    const struct value *role = node_get(given, "FunctionInvokeRole");
    const struct value *identity = node_get(given, "Identity");
    const struct value *function = node_get(given, "FunctionArn");
    bool request = node_is_text(node_get(given, "FunctionPayloadType"), "REQUEST");
    struct value source = node_str(request ? identity_source(s, name, identity) : STR(""));
    struct value null = {.kind = VALUE_NULL};
    struct value uri = node_make(
        s->arena, "{'Fn::Sub': [%s, {'__FunctionArn__': %v}]}",
        arena_printf(s->arena,
                     "arn:%.*s:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                     "${__FunctionArn__}/invocations",
                     STR_ARG(s->place->partition)),
        function != NULL ? function : &null);

    return node_make(s->arena,
                     "{type: %c, authorizerUri: %v, authorizerResultTtlInSeconds: %v, "
                     "authorizerCredentials: %v, identitySource: %v}",
                     request ? "request" : "token", &uri, node_get(identity, "ReauthorizeEvery"),
                     node_true(role) && !node_is_text(role, "NONE") ? role : NULL,
                     source.str.bytes > 0 ? &source : NULL);
}

static struct value authorizer(struct sam *s, struct str name, const struct value *given)
{
    const struct value *identity = node_get(given, "Identity");
    const struct value *header = node_get(identity, "Header");
    const struct value *expression = node_get(identity, "ValidationExpression");
    bool pool = node_true(node_get(given, "UserPoolArn"));
    bool request = !pool && node_is_text(node_get(given, "FunctionPayloadType"), "REQUEST");
    struct value inner;
    struct value usual = node_c(request ? "Unused" : "Authorization");

    check_identity(s, name, given);
    inner = pool ? pool_authorizer(s, given) : function_authorizer(s, name, given);
    if (!request && node_true(expression)) {
        node_put(s->arena, &inner, "identityValidationExpression", *expression);
    }
    return node_make(s->arena,
                     "{type: 'apiKey', name: %v, in: 'header', 'x-amazon-apigateway-authtype': %c, "
                     "'x-amazon-apigateway-authorizer': %v}",
                     !request && node_true(header) ? header : &usual,
                     pool ? "cognito_user_pools" : "custom", &inner);
}

static void check_one(struct sam *s, struct str name, const struct value *given)
{
    const struct value *scopes = node_get(given, "AuthorizationScopes");
    const struct value *off = node_get(given, "DisableFunctionDefaultPermissions");

    sam_expect(s, given, VALUE_MAP,
               arena_printf(s->arena, "Auth.Authorizers.%.*s", STR_ARG(name)).at);
    if (scopes != NULL) {
        sam_expect(s, scopes, VALUE_LIST,
                   arena_printf(s->arena, "Authorizers.%.*s.AuthorizationScopes", STR_ARG(name))
                       .at);
    }
    if (off != NULL) {
        sam_expect(s, off, VALUE_BOOL,
                   arena_printf(s->arena, "Authorizers.%.*s.DisableFunctionDefaultPermissions",
                                STR_ARG(name))
                       .at);
    }
}

static struct value all_authorizers(struct sam *s, const struct value *auth)
{
    const struct value *all = node_get(auth, "Authorizers");
    struct value made = node_map();

    if (node_is_text(node_get(auth, "DefaultAuthorizer"), "AWS_IAM")) {
        node_put(s->arena, &made, "AWS_IAM",
                 node_make(s->arena, "{type: 'apiKey', name: 'Authorization', in: 'header', "
                                     "'x-amazon-apigateway-authtype': 'awsSigv4'}"));
    }
    if (!node_true(all) || !sam_expect(s, all, VALUE_MAP, "Auth.Authorizers")) {
        return made;
    }
    for (uint32_t i = 0; i < all->count && !s->refused; i++) {
        struct value one;

        check_one(s, all->pairs[i].key, &all->pairs[i].value);
        one = authorizer(s, all->pairs[i].key, &all->pairs[i].value);
        node_set(s->arena, &made, all->pairs[i].key, &one);
    }
    return made;
}

static void add_policies(struct sam *s, struct value *body, const struct value *policy)
{
    struct value *paths = node_get(body, "paths");

    if (!node_true(policy)) {
        return;
    }
    if (policy->kind != VALUE_MAP) {
        sam_refuse_template(s, "ResourcePolicy must be a map (ResourcePolicyStatement).");
        return;
    }
    for (uint32_t i = 0; i < paths->count; i++) {
        sam_swagger_policy(s, body, policy, paths->pairs[i].key, sam_property(s, "StageName"));
    }
    sam_swagger_statements(s, body, node_get(policy, "CustomStatements"));
}

void sam_swagger_authorizers(struct sam *s, struct value *body)
{
    static const char known[] = "Authorizers DefaultAuthorizer InvokeRole "
                                "AddDefaultAuthorizerToCorsPreflight "
                                "AddApiKeyRequiredToCorsPreflight ApiKeyRequired ResourcePolicy "
                                "UsagePlan ";
    const struct value *auth = sam_property(s, "Auth");
    struct value authorizers;
    struct value *all;

    if (!node_true(auth)) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id, "Auth works only with inline Swagger specified in 'DefinitionBody' "
                             "property.");
    }
    for (uint32_t i = 0; node_is(auth, VALUE_MAP) && i < auth->count; i++) {
        struct str key = sam_join(s, auth->pairs[i].key, STR(" "));

        if (str_find_str(str_c(known), key) == sizeof(known) - 1) {
            sam_refuse(s, s->id, "Invalid value for 'Auth' property");
        }
    }
    if (!sam_is_swagger(s, body)) {
        sam_refuse(s, s->id, "Unable to add Auth configuration because 'DefinitionBody' does not "
                             "contain a valid Swagger definition.");
    }
    if (s->refused) {
        return;
    }
    authorizers = all_authorizers(s, auth);
    all = authorizers.count > 0 ? node_enter(s->arena, body, STR("securityDefinitions")) : NULL;
    if (all != NULL) {
        node_update(s->arena, all, &authorizers);
    } else if (authorizers.count > 0) {
        sam_refuse_template(s, "securityDefinitions must be a dictionary.");
    }
    sam_swagger_defaults(s, body, auth, &authorizers);
    add_policies(s, body, node_get(auth, "ResourcePolicy"));
    sam_swagger_modernize(s, body);
}

/* ---- gateway responses ---- */

static struct value response_parameters(struct sam *s, const struct value *given)
{
    static const char *const parts[][2] = {{"Headers", "header."}, {"Paths", "path."},
                                           {"QueryStrings", "querystring."}};
    struct value made = node_map();

    for (size_t i = 0; i < 3; i++) {
        const struct value *from = node_get(given, parts[i][0]);

        if (from != NULL && from->kind != VALUE_MAP) {
            sam_refuse(s, s->id, "Property 'ResponseParameters.%s' should be a map.", parts[i][0]);
        }
        for (uint32_t k = 0; node_is(from, VALUE_MAP) && k < from->count; k++) {
            node_set(s->arena, &made,
                     arena_printf(s->arena, "gatewayresponse.%s%.*s", parts[i][1],
                                  STR_ARG(from->pairs[k].key)),
                     &from->pairs[k].value);
        }
    }
    for (uint32_t i = 0; node_is(given, VALUE_MAP) && i < given->count; i++) {
        struct str key = given->pairs[i].key;

        if (!str_eq(key, STR("Headers")) && !str_eq(key, STR("Paths")) &&
            !str_eq(key, STR("QueryStrings"))) {
            sam_refuse(s, s->id, "Invalid gateway response parameter '%.*s'", STR_ARG(key));
        }
    }
    return made;
}

static void check_response(struct sam *s, const struct pair *pair)
{
    const struct value *value = &pair->value;

    if (node_is_intrinsic(value)) {
        sam_refuse(s, s->id, "Unable to set GatewayResponses attribute because intrinsic functions "
                             "are not supported for this field.");
    } else if (value->kind != VALUE_MAP) {
        sam_refuse(s, s->id,
                   "Invalid property type '%s' for GatewayResponses. Expected an object of type "
                   "'GatewayResponse'.",
                   value->kind == VALUE_STR    ? "Py27UniStr"
                   : value->kind == VALUE_LIST ? "list"
                   : value->kind == VALUE_BOOL ? "bool"
                                               : "int");
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        struct str key = value->pairs[i].key;

        if (!str_eq(key, STR("ResponseParameters")) && !str_eq(key, STR("ResponseTemplates")) &&
            !str_eq(key, STR("StatusCode"))) {
            sam_refuse(s, s->id, "Invalid property '%.*s' in 'GatewayResponses' property '%.*s'.",
                       STR_ARG(key), STR_ARG(pair->key));
        }
    }
}

static struct value response(struct sam *s, const struct value *given)
{
    const struct value *templates = node_get(given, "ResponseTemplates");
    const struct value *code = node_get(given, "StatusCode");
    struct value parameters = response_parameters(s, node_get(given, "ResponseParameters"));
    struct value empty = node_map();
    struct value text = {.kind = VALUE_NONE};
    uint64_t number;

    if (code != NULL) {
        text = node_str(node_shown(s->arena, code));
        if (node_true(code) && (text.str.bytes > 3 || !str_to_u64(text.str, &number))) {
            sam_refuse(s, s->id, "Property 'StatusCode' must be numeric");
        }
    }
    return node_make(s->arena, "{responseParameters: %v, responseTemplates: %v, statusCode: %v}",
                     &parameters, node_true(templates) ? templates : &empty,
                     node_true(&text) ? &text : NULL);
}

void sam_swagger_responses(struct sam *s, struct value *body)
{
    const struct value *given = sam_property(s, "GatewayResponses");
    struct value *to;

    if (!node_true(given)) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id, "GatewayResponses works only with inline Swagger specified in "
                             "'DefinitionBody' property.");
        return;
    }
    for (uint32_t i = 0; i < given->count; i++) {
        check_response(s, &given->pairs[i]);
    }
    if (!sam_is_swagger(s, body)) {
        sam_refuse(s, s->id, "Unable to add Auth configuration because 'DefinitionBody' does not "
                             "contain a valid Swagger definition.");
    }
    to = s->refused ? NULL
                    : node_enter(s->arena, body, STR("x-amazon-apigateway-gateway-responses"));
    for (uint32_t i = 0; to != NULL && i < given->count; i++) {
        struct value made = response(s, &given->pairs[i].value);

        node_set(s->arena, to, given->pairs[i].key, &made);
    }
}

/* ---- models ---- */

void sam_swagger_models(struct sam *s, struct value *body)
{
    const struct value *models = sam_property(s, "Models");
    struct value *to;

    if (!node_true(models)) {
        return;
    }
    if (!node_true(body)) {
        sam_refuse(s, s->id, "Models works only with inline Swagger specified in 'DefinitionBody' "
                             "property.");
        return;
    }
    if (!sam_is_swagger(s, body)) {
        sam_refuse(s, s->id, "Unable to add Models definitions because 'DefinitionBody' does not "
                             "contain a valid Swagger definition.");
        return;
    }
    to = node_enter(s->arena, body, STR("definitions"));
    for (uint32_t i = 0; to != NULL && i < models->count; i++) {
        const struct value *model = &models->pairs[i].value;
        struct str name = models->pairs[i].key;

        if (model->kind != VALUE_MAP) {
            sam_refuse(s, s->id, "Invalid value for 'Models' property");
        } else if (!node_true(node_get(model, "type"))) {
            sam_refuse_template(s, "'Models' schema is missing 'type'.");
        }
        node_set(s->arena, to, str_eq_nocase(name, STR("any")) ? STR("any") : sam_method(s, name),
                 model);
    }
    sam_swagger_modernize(s, body);
}

/* ---- OpenAPI 3 ---- */

static void move(struct sam *s, struct value *body, const char *from, const char *to)
{
    struct value *value = node_get(body, from);
    struct value kept;
    struct value *components;

    if (!node_true(value)) {
        return;
    }
    kept = *value;
    node_remove(body, from);
    components = node_enter(s->arena, body, STR("components"));
    if (components != NULL) {
        node_put(s->arena, components, to, kept);
    }
}

static void modernize_options(struct sam *s, struct value *options)
{
    struct value *headers = node_get(node_get(node_get(options, "responses"), "200"), "headers");

    node_remove(options, "produces");
    node_remove(options, "consumes");
    for (uint32_t i = 0; node_is(headers, VALUE_MAP) && i < headers->count; i++) {
        struct value *header = &headers->pairs[i].value;

        *header = node_make(s->arena, "{schema: %v}", header);
    }
}

void sam_swagger_modernize(struct sam *s, struct value *body)
{
    const struct value *asked = sam_property(s, "OpenApiVersion");
    struct value *paths = node_get(body, "paths");

    if (node_get(body, "swagger") != NULL) {
        return;
    }
    if (!node_true(asked) && node_get(body, "openapi") != NULL && asked == NULL) {
        asked = node_get(body, "openapi");
    }
    if (!node_true(asked) || !sam_is_version_3(s, asked)) {
        return;
    }
    move(s, body, "securityDefinitions", "securitySchemes");
    move(s, body, "definitions", "schemas");
    for (uint32_t i = 0; node_is(paths, VALUE_MAP) && i < paths->count; i++) {
        struct value *options = node_get(&paths->pairs[i].value, "options");

        if (node_true(options) && options->kind == VALUE_MAP) {
            modernize_options(s, options);
        }
    }
}
