/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of APIs: the permission, and the integration in the API's definition where SAM writes it.
 */
#include "svc/cloudformation/sam_api.h"
#include "svc/cloudformation/sam_event.h"
#include "svc/cloudformation/sam_policy.h"

const struct sam_property sam_api_event_properties[] = {
    {"Path", "!s"},         {"Method", "!s"},          {"RestApiId", "!s"}, {"Stage", "s"},
    {"Auth", "m"},          {"RequestModel", "m"},     {"RequestParameters", "l"},
    {"TimeoutInMillis", "i"}, {"ResponseTransferMode", "s"}, {NULL, NULL}};

const struct sam_property sam_machine_api_properties[] = {
    {"Path", "!s"}, {"Method", "!s"}, {"RestApiId", "!s"}, {"Stage", "s"},
    {"Auth", "m"},  {"UnescapeMappingTemplate", "-b"}, {NULL, NULL}};

const struct sam_property sam_http_event_properties[] = {
    {"Path", "s"}, {"Method", "s"},          {"ApiId", "s"},         {"Stage", "s"},
    {"Auth", "m"}, {"TimeoutInMillis", "i"}, {"RouteSettings", "m"}, {"PayloadFormatVersion", "s"},
    {NULL, NULL}};

/* The API that an event names. */
struct named {
    struct str id;      /* logical id; STR_NONE: by a function that is none's here */
    struct value *api;  /* its properties; NULL: not in the template */
    struct value *body; /* its definition; NULL: has none */
    struct str path;    /* of the event */
    struct str method;  /* in lower case */
};

static struct named find_api(struct sam *s, const struct sam_event *event, const char *property)
{
    const struct value *id = sam_event_property(event, property);
    struct named n = {.id = node_text(node_get(id, "Ref") != NULL ? node_get(id, "Ref") : id)};
    struct value *resource = node_find(s->resources, n.id);
    struct str method = node_text(sam_event_property(event, "Method"));

    n.api = resource == NULL ? NULL : node_enter(s->arena, resource, STR("Properties"));
    n.body = node_get(n.api, "DefinitionBody");
    n.path = node_text(sam_event_property(event, "Path"));
    n.method = sam_method(s, method);
    if (str_eq(n.method, STR(SAM_ANY_METHOD)) && method.bytes == 3) {
        n.method = STR("any");
    }
    return n;
}

static struct str upper(struct sam *s, struct str text)
{
    char *made = arena_alloc(s->arena, text.bytes + 1);

    for (size_t i = 0; i < text.bytes; i++) {
        made[i] = (char)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] & ~0x20
                                                               : text.at[i]);
    }
    return str_of(made, text.bytes);
}

static struct value source_arn(struct sam *s, struct str partition, struct str what,
                               const struct value *api)
{
    return node_make(s->arena, "{'Fn::Sub': [%s, {'__ApiId__': %v, '__Stage__': '*'}]}",
                     arena_printf(s->arena,
                                  "arn:%.*s:execute-api:${AWS::Region}:${AWS::AccountId}:"
                                  "${__ApiId__}/${__Stage__}%.*s",
                                  STR_ARG(partition), STR_ARG(what)),
                     api);
}

/* The condition that the function has: its integration is conditional, too. */
static void wrap(struct sam *s, struct value *value)
{
    const struct value *condition = node_get(&s->attributes, "Condition");
    struct value no = node_make(s->arena, "{Ref: 'AWS::NoValue'}");

    if (condition != NULL) {
        *value = sam_if(s, condition, *value, no);
    }
}

static void set_in_integrations(struct sam *s, const struct named *n, const char *name,
                                const struct value *value)
{
    struct value *definitions[SAM_DEFINITIONS_MAX];
    uint32_t count = sam_definitions(s, n->body, n->path, n->method, definitions);

    for (uint32_t i = 0; i < count; i++) {
        struct value *integration = node_get(definitions[i], SAM_INTEGRATION);

        if (node_is(integration, VALUE_MAP)) {
            node_put(s->arena, integration, name, *value);
        }
    }
}

/* ---- REST APIs ---- */

/* Behind the permission's id: the stage's name, where it is a text. */
static struct str stage_suffix(const struct named *n)
{
    const struct value *stage = node_get(n->api, "StageName");

    return n->id.at == NULL            ? STR("AllStages")
           : node_is(stage, VALUE_STR) ? stage->str
                                       : STR("Stage");
}

void sam_api_event_look(struct sam *s, struct sam_event *event)
{
    struct named n = find_api(s, event, "RestApiId");

    if (n.id.at != NULL && node_find(s->resources, n.id) == NULL) {
        sam_refuse_event(s, event->relative, "RestApiId property of Api event must reference a "
                                             "valid resource in the same template.");
    } else if (n.id.at != NULL && n.api == NULL) {
        sam_refuse(s, n.id, "Attribute 'Properties' should be a map.");
    } else if (n.id.at != NULL && node_is(node_get(n.api, "StageName"), VALUE_STR) &&
               stage_suffix(&n).bytes == 0) {
        sam_refuse(s, n.id, "StageName cannot be empty.");
    }
}

static void rest_permission(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct sam_made *made = sam_permission(s, event, "apigateway.amazonaws.com", stage_suffix(n));
    struct str method = str_eq(n->method, STR("any")) ? STR("*") : upper(s, n->method);
    struct str what = arena_printf(s->arena, "/%.*s%.*s", STR_ARG(method),
                                   STR_ARG(sam_arn_path(s, n->path, true)));

    sam_put(s, made, "SourceArn",
            source_arn(s, s->place->partition, what, sam_event_property(event, "RestApiId")));
}

/* With IAM as the authorizer API Gateway calls the function as its caller, or with a role. */
static struct value credentials(struct sam *s, const struct value *method_auth,
                                const struct value *api_auth)
{
    const struct value *own = node_get(method_auth, "InvokeRole");
    const struct value *all = node_get(api_auth, "InvokeRole");
    struct value none = node_c("NONE");
    const struct value *role;

    if (!node_is_text(node_get(method_auth, "Authorizer"), "AWS_IAM") &&
        !(node_is_text(node_get(api_auth, "DefaultAuthorizer"), "AWS_IAM") &&
          !node_true(method_auth))) {
        return (struct value){.kind = VALUE_NONE};
    }
    own = !node_true(own) && node_has(method_auth, "InvokeRole") ? &none : own;
    all = !node_true(all) && node_has(api_auth, "InvokeRole") ? &none : all;
    role = node_true(own) ? own : all;
    if (node_is_text(role, "NONE")) {
        return (struct value){.kind = VALUE_NONE};
    }
    if (node_true(role) && !node_is_text(role, "CALLER_CREDENTIALS")) {
        return *role;
    }
    return node_str(arena_printf(s->arena, "arn:%.*s:iam::*:user/*",
                                 STR_ARG(s->place->partition)));
}

static void put_integration(struct sam *s, const struct named *n, const struct value *integration,
                            const struct value *responses)
{
    struct value *branches[2];
    struct str method = sam_method(s, n->method);
    bool everything = str_eq(n->path, STR("$default")) && str_eq(method, STR(SAM_ANY_METHOD)) &&
                      node_has(integration, "payloadFormatVersion");
    uint32_t count;

    sam_add_path(s, n->body, n->path, n->method);
    count = sam_branches(s, node_find(node_get(n->body, "paths"), n->path), branches);
    for (uint32_t i = 0; i < count; i++) {
        struct value *definition = node_is(branches[i], VALUE_MAP)
                                       ? node_enter(s->arena, branches[i], method)
                                       : NULL;

        if (definition == NULL) {
            sam_refuse_template(s, "Definition of method '%.*s' for path '%.*s' should be a map.",
                                STR_ARG(method), STR_ARG(n->path));
            return;
        }
        node_put(s->arena, definition, SAM_INTEGRATION, node_copy(s->arena, integration));
        if (everything) {
            node_put(s->arena, definition, "isDefaultRoute", node_bool(true));
        }
        if (!node_has(definition, "responses")) {
            node_put(s->arena, definition, "responses", node_copy(s->arena, responses));
        }
        wrap(s, definition);
    }
}

static void rest_auth(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct sam_method_auth m = {.api_id = n->id, .api = n->api, .body = n->body,
                                .event = event->relative, .path = n->path, .method = n->method,
                                .stage = stage_suffix(n),
                                .auth = sam_event_property(event, "Auth")};

    if (node_true(m.auth)) {
        sam_swagger_method_auth(s, &m);
    }
}

static void rest_more(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct sam_method_request r = {.api = n->api, .body = n->body, .event = event->relative,
                                   .path = n->path, .method = n->method};
    const struct value *timeout = sam_event_property(event, "TimeoutInMillis");

    rest_auth(s, event, n);
    if (node_true(timeout)) {
        set_in_integrations(s, n, "timeoutInMillis", timeout);
    }
    sam_swagger_model(s, &r, sam_event_property(event, "RequestModel"));
    sam_swagger_parameters(s, &r, sam_event_property(event, "RequestParameters"));
}

static void rest_integration(struct sam *s, const struct sam_event *event, const struct named *n)
{
    const struct value *auth = sam_event_property(event, "Auth");
    bool streams = node_is_text(sam_event_property(event, "ResponseTransferMode"),
                                "RESPONSE_STREAM");
    struct value uri = sam_invoke_uri(s, s->place->partition, &event->target->arn, streams);
    struct value caller = credentials(s, auth, node_get(n->api, "Auth"));
    struct value stream = node_c("STREAM");
    struct value responses = node_map();
    struct value integration;

    if (!sam_is_swagger(s, n->body)) {
        sam_refuse_template(s, "Invalid Swagger document or the Swagger document is not explicitly "
                               "defined in 'DefinitionBody'.");
        return;
    }
    if (sam_has_integration(s, n->body, n->path, n->method)) {
        sam_refuse_event(s, event->relative,
                         "API method \"%.*s\" defined multiple times for path \"%.*s\".",
                         STR_ARG(n->method), STR_ARG(n->path));
        return;
    }
    wrap(s, &uri);
    integration = node_make(s->arena,
                            "{type: 'aws_proxy', httpMethod: 'POST', uri: %v, "
                            "responseTransferMode: %v, credentials: %v}",
                            &uri, streams ? &stream : NULL, &caller);
    put_integration(s, n, &integration, &responses);
    rest_more(s, event, n);
}

/* MergeDefinitions: what SAM writes of the method goes over what the template has. */
static void rest_merge(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct named own = *n;
    struct value skeleton = sam_new_swagger(s);
    struct value *path = node_enter(s->arena, node_enter(s->arena, n->body, STR("paths")), n->path);
    struct value *method = path == NULL ? NULL : node_enter(s->arena, path, n->method);

    if (method == NULL) {
        sam_refuse(s, n->id, "Property 'DefinitionBody.paths.%.*s.%.*s' should be a map.",
                   STR_ARG(n->path), STR_ARG(n->method));
        return;
    }
    own.body = &skeleton;
    rest_integration(s, event, &own);
    node_update(s->arena, method,
                node_find(node_find(node_get(&skeleton, "paths"), n->path),
                          sam_method(s, n->method)));
}

static void override_auth(struct sam *s, const struct sam_event *event, const struct named *n)
{
    const struct value *auth = sam_event_property(event, "Auth");

    if (!node_true(n->body) || !node_true(node_get(auth, "OverrideApiAuth"))) {
        return;
    }
    if (!node_true(node_get(auth, "Authorizer")) && !node_true(node_get(auth, "ApiKeyRequired")) &&
        !node_true(node_get(auth, "ResourcePolicy"))) {
        sam_refuse_event(s, event->relative,
                         "Must define one of: Authorizer, ApiKeyRequired or ResourcePolicy when "
                         "using the OverrideApiAuth property.");
        return;
    }
    rest_auth(s, event, n);
}

/* Functions by whose names the API is deployed anew. */
static void note_name(struct sam *s, const struct named *n)
{
    struct value name = sam_resolved(s, sam_property(s, "FunctionName"));
    struct str before = node_text(node_find(&s->names, n->id));
    struct value all;

    if (n->id.at != NULL && node_true(&name)) {
        all = node_str(sam_join(s, before, node_shown(s->arena, &name)));
        node_set(s->arena, &s->names, n->id, &all);
    }
}

void sam_api_event(struct sam *s, struct sam_event *event)
{
    struct named n = find_api(s, event, "RestApiId");

    note_name(s, &n);
    rest_permission(s, event, &n);
    if (n.body != NULL && node_true(node_get(n.api, "MergeDefinitions"))) {
        rest_merge(s, event, &n);
    } else if (n.body != NULL && node_true(node_get(n.api, "__MANAGE_SWAGGER"))) {
        rest_integration(s, event, &n);
    }
    override_auth(s, event, &n);
}

/* ---- state machines behind REST APIs ---- */

static struct value machine_template(struct sam *s, const struct sam_event *event)
{
    bool plain = node_true(sam_event_property(event, "UnescapeMappingTemplate"));
    struct str id = event->target->id;
    struct str text =
        plain ? arena_printf(s->arena,
                             "{\"input\": \"$util.escapeJavaScript($input.json('$'))"
                             ".replaceAll(\"\\\\'\",\"'\")\", \"stateMachineArn\": \"${%.*s}\"}",
                             STR_ARG(id))
              : arena_printf(s->arena,
                             "{\"input\": \"$util.escapeJavaScript($input.json('$'))\", "
                             "\"stateMachineArn\": \"${%.*s}\"}",
                             STR_ARG(id));

    return node_make(s->arena, "{'Fn::Sub': %s}", text);
}

void sam_machine_api_event(struct sam *s, struct sam_event *event)
{
    struct named n = find_api(s, event, "RestApiId");
    struct value role = sam_machine_role(s, event, "apigateway.amazonaws.com");
    struct value uri = node_make(s->arena, "{'Fn::Sub': 'arn:${AWS::Partition}:apigateway:"
                                           "${AWS::Region}:states:action/StartExecution'}");
    struct value request = machine_template(s, event);
    struct value responses = node_make(
        s->arena, "{'200': {description: 'OK'}, '400': {description: 'Bad Request'}}");
    struct value integration;

    if (n.body == NULL || !node_true(node_get(n.api, "__MANAGE_SWAGGER"))) {
        return;
    }
    if (sam_has_integration(s, n.body, n.path, n.method)) {
        sam_refuse_event(s, event->relative,
                         "API method \"%.*s\" defined multiple times for path \"%.*s\".",
                         STR_ARG(n.method), STR_ARG(n.path));
        return;
    }
    wrap(s, &uri);
    integration = node_make(s->arena,
                            "{type: 'aws', httpMethod: 'POST', uri: %v, responses: {'200': "
                            "{statusCode: '200'}, '400': {statusCode: '400'}}, credentials: %v, "
                            "requestTemplates: {'application/json': %v}}",
                            &uri, &role, &request);
    put_integration(s, &n, &integration, &responses);
    rest_auth(s, event, &n);
}

/* ---- HTTP APIs ---- */

void sam_http_event_look(struct sam *s, struct sam_event *event)
{
    struct named n = find_api(s, event, "ApiId");

    if (n.api == NULL) {
        sam_refuse_event(s, event->relative,
                         "ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' "
                         "resource in same template.");
    }
}

/* Whether the API sends everything that has no path to this function already. */
static bool has_default(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct value *definitions[SAM_DEFINITIONS_MAX];
    struct str wanted = arena_printf(s->arena, "${%.*s.Arn}", STR_ARG(event->target->id));
    uint32_t count;

    if (!sam_has_integration(s, n->body, STR("$default"), STR(SAM_ANY_METHOD))) {
        return false;
    }
    count = sam_definitions(s, n->body, STR("$default"), STR(SAM_ANY_METHOD), definitions);
    for (uint32_t i = 0; i < count; i++) {
        struct value *branches[2];
        struct value *uri = node_get(node_get(definitions[i], SAM_INTEGRATION), "uri");
        uint32_t uris = node_is(uri, VALUE_MAP) ? sam_branches(s, uri, branches) : 0;

        for (uint32_t k = 0; k < uris; k++) {
            struct str text = node_text(node_get(branches[k], "Fn::Sub"));

            if (str_find_str(text, wanted) == text.bytes) {
                return false;
            }
        }
        if (uris == 0) {
            return false;
        }
    }
    return true;
}

static void http_permission(struct sam *s, const struct sam_event *event, const struct named *n)
{
    bool everything = str_eq(n->path, STR("$default"));
    bool any = str_eq(n->method, STR("any")) || str_eq(n->method, STR(SAM_ANY_METHOD));
    struct str path = everything ? STR("") : sam_arn_path(s, n->path, false);
    struct sam_made *made;
    struct str what;

    if (node_true(n->body) && !sam_is_openapi(s, n->body)) {
        sam_refuse(s, n->id,
                   "Structure of the SAM template is invalid. Invalid OpenApi document. Invalid "
                   "values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.");
        return;
    }
    if (!everything && node_true(n->body) && has_default(s, event, n)) {
        return;
    }
    what = arena_printf(s->arena, "/%.*s%.*s", STR_ARG(any ? STR("*") : upper(s, n->method)),
                        STR_ARG(path));
    if (str_eq(n->method, STR("any")) && str_eq(path, STR("/$default"))) {
        what = path;
    }
    made = sam_permission(s, event, "apigateway.amazonaws.com", STR_NONE);
    sam_put(s, made, "SourceArn",
            source_arn(s, STR("${AWS::Partition}"), what, sam_event_property(event, "ApiId")));
}

/* Parameters in a path's braces are in the definition. */
static void add_parameters(struct sam *s, const struct named *n, struct value *definition)
{
    struct value *list = node_get(definition, "parameters");
    struct str rest = n->path;

    while (str_find(rest, '{', 0) < rest.bytes) {
        size_t open = str_find(rest, '{', 0);
        size_t close = str_find(rest, '}', open);
        struct value made = node_make(s->arena, "{name: %s, in: 'path', required: true}",
                                      str_slice(rest, open + 1, close));
        bool there = false;

        if (close == rest.bytes) {
            return;
        }
        if (!node_is(list, VALUE_LIST)) {
            list = node_put(s->arena, definition, "parameters", node_list());
        }
        for (uint32_t i = 0; i < list->count; i++) {
            if (node_eq(node_get(&list->items[i], "name"), node_get(&made, "name"))) {
                node_update(s->arena, &list->items[i], &made);
                there = true;
            }
        }
        if (!there) {
            node_push(s->arena, list, made);
        }
        rest = str_slice(rest, close + 1, rest.bytes);
    }
}

/* What an event's Auth says: an authorizer of the API's, or its default. */
static const struct value *http_authorizer(struct sam *s, const struct sam_event *event,
                                           const struct named *n, struct value *auth)
{
    const struct value *api_auth = node_get(n->api, "Auth");
    const struct value *by_default = node_get(api_auth, "DefaultAuthorizer");
    struct value none = node_map();
    const struct value *all = node_true(api_auth) ? node_get(api_auth, "Authorizers") : &none;
    const struct value *named = node_get(auth, "Authorizer");
    bool iam = node_is(node_get(api_auth, "EnableIamAuthorizer"), VALUE_BOOL) &&
               node_true(node_get(api_auth, "EnableIamAuthorizer"));
    struct str shown;

    if (!node_true(named)) {
        if (!node_true(by_default)) {
            sam_refuse_event(s, event->relative,
                             "'Auth' section requires either an explicit 'Authorizer' set or a "
                             "'DefaultAuthorizer' configured on the HttpApi.");
            return NULL;
        }
        named = node_put(s->arena, auth, "Authorizer", *by_default);
    }
    shown = node_shown(s->arena, named);
    if (node_is_text(named, "NONE")) {
        if (!node_true(by_default)) {
            sam_refuse_event(s, event->relative,
                             "Unable to set Authorizer on API method [%.*s] for path [%.*s] "
                             "because 'NONE' is only a valid value when a DefaultAuthorizer on the "
                             "API is specified.",
                             STR_ARG(n->method), STR_ARG(n->path));
        }
    } else if (node_is_text(named, "AWS_IAM") && iam) {
        return named;
    } else if (!node_is(named, VALUE_STR) || !node_is(all, VALUE_MAP)) {
        sam_refuse_event(s, event->relative,
                         "Unable to set Authorizer [%.*s] on API method [%.*s] for path [%.*s]. "
                         "The method authorizer must be a string with a corresponding dict entry "
                         "in the api authorizer.",
                         STR_ARG(shown), STR_ARG(n->method), STR_ARG(n->path));
    } else if (!node_true(all) || !node_true(node_find(all, named->str))) {
        sam_refuse_event(s, event->relative,
                         "Unable to set Authorizer [%.*s] on API method [%.*s] for path [%.*s] "
                         "because %s.",
                         STR_ARG(shown), STR_ARG(n->method), STR_ARG(n->path),
                         node_true(all) ? "it wasn't defined in the API's Authorizers"
                                        : "the related API does not define any Authorizers");
    }
    return named;
}

static void http_auth(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct value *auth = sam_event_property(event, "Auth");
    const struct value *named = http_authorizer(s, event, n, auth);
    const struct value *scopes = node_get(auth, "AuthorizationScopes");
    const struct value *own = node_find(node_get(node_get(n->api, "Auth"), "Authorizers"),
                                        node_text(named));
    struct value *definitions[SAM_DEFINITIONS_MAX];
    struct value empty = node_list();
    uint32_t count;

    if (node_true(scopes) && scopes->kind != VALUE_LIST) {
        sam_refuse_event(s, event->relative,
                         "Unable to set Authorizer on API method [%.*s] for path [%.*s] because "
                         "'AuthorizationScopes' must be a list of strings.",
                         STR_ARG(n->method), STR_ARG(n->path));
    }
    if (s->refused || !node_is(named, VALUE_STR)) {
        return;
    }
    scopes = node_true(scopes) ? scopes : node_get(own, "AuthorizationScopes");
    if (!node_true(scopes) || node_is_text(named, "NONE") || node_is_text(named, "AWS_IAM")) {
        scopes = &empty;
    }
    count = sam_definitions(s, n->body, n->path, n->method, definitions);
    for (uint32_t i = 0; i < count; i++) {
        struct value list = node_list();

        node_extend(s->arena, &list, node_get(definitions[i], "security"));
        node_push(s->arena, &list, node_make(s->arena, "{%s: %v}", named->str, scopes));
        node_put(s->arena, definitions[i], "security", list);
    }
}

static void http_integration(struct sam *s, const struct sam_event *event, const struct named *n)
{
    struct value uri = sam_invoke_uri(s, STR("${AWS::Partition}"), &event->target->arn, false);
    struct value responses = node_map();
    struct value integration;

    wrap(s, &uri);
    integration = node_make(s->arena,
                            "{type: 'aws_proxy', httpMethod: 'POST', payloadFormatVersion: '2.0', "
                            "uri: %v}",
                            &uri);
    put_integration(s, n, &integration, &responses);
}

void sam_http_event(struct sam *s, struct sam_event *event)
{
    struct named n = find_api(s, event, "ApiId");
    struct value *definitions[SAM_DEFINITIONS_MAX];
    const struct value *timeout = sam_event_property(event, "TimeoutInMillis");
    const struct value *version = sam_event_property(event, "PayloadFormatVersion");
    bool there;
    uint32_t count;

    http_permission(s, event, &n);
    if (n.body == NULL || s->refused) {
        return;
    }
    there = sam_has_integration(s, n.body, n.path, n.method);
    if (there && node_true(node_get(n.api, "__MANAGE_SWAGGER"))) {
        sam_refuse_event(s, event->relative,
                         "API method '%.*s' defined multiple times for path '%.*s'.",
                         STR_ARG(n.method), STR_ARG(n.path));
        return;
    }
    if (!there) {
        http_integration(s, event, &n);
    }
    if (node_true(sam_event_property(event, "Auth"))) {
        http_auth(s, event, &n);
    }
    if (node_true(timeout)) {
        set_in_integrations(s, &n, "timeoutInMillis", timeout);
    }
    count = sam_definitions(s, n.body, n.path, n.method, definitions);
    for (uint32_t i = 0; i < count; i++) {
        add_parameters(s, &n, definitions[i]);
    }
    if (node_true(version)) {
        set_in_integrations(s, &n, "payloadFormatVersion", version);
    }
}
