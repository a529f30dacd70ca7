/* SPDX-License-Identifier: Apache-2.0
 *
 * Before the units: APIs without a definition get an empty one that SAM writes, and events that
 * name no API get the implicit one (ServerlessRestApi, ServerlessHttpApi), which is there only if
 * an event needs it. Every event's path is in the definition then; the integration comes with its
 * unit. An API of which all methods are conditional is conditional itself.
 */
#include "svc/cloudformation/sam_api.h"

#include <stdlib.h>

/* One kind of API. */
struct kind {
    const char *event;     /* "Api" */
    const char *property;  /* of an event: "RestApiId" */
    const char *type;      /* "AWS::Serverless::Api" */
    const char *id;        /* of the implicit one */
    const char *condition; /* that it gets where several are joined */
    bool rest;             /* a REST API */
};

static const struct kind rest_kind = {"Api", "RestApiId", "AWS::Serverless::Api",
                                      "ServerlessRestApi", "ServerlessRestApiCondition", true};
static const struct kind http_kind = {"HttpApi", "ApiId", "AWS::Serverless::HttpApi",
                                      "ServerlessHttpApi", "ServerlessHttpApiCondition", false};

/* What is gathered from all events of a kind. */
struct gathering {
    const struct kind *kind;   /* the kind */
    struct value conditions;   /* API id: path: method: condition or null */
    struct value deletion;     /* API id: list of DeletionPolicy */
    struct value replacement;  /* API id: list of UpdateReplacePolicy */
    struct value *resource;    /* whose event it is */
};

/* ---- definitions of APIs that have none ---- */

void sam_default_bodies(struct sam *s)
{
    for (uint32_t i = 0; i < s->resources->count; i++) {
        struct value *resource = &s->resources->pairs[i].value;
        bool rest = node_is_text(node_get(resource, "Type"), rest_kind.type);
        struct value *properties;

        if (!rest && !node_is_text(node_get(resource, "Type"), http_kind.type)) {
            continue;
        }
        properties = node_enter(s->arena, resource, STR("Properties"));
        if (!node_true(node_get(properties, "DefinitionBody")) &&
            !node_true(node_get(properties, "DefinitionUri"))) {
            node_put(s->arena, properties, "DefinitionBody",
                     rest ? sam_new_swagger(s) : sam_new_openapi(s));
            node_put(s->arena, properties, "__MANAGE_SWAGGER", node_bool(true));
        }
    }
}

static struct value implicit(struct sam *s, const struct kind *kind)
{
    struct value body = kind->rest ? sam_new_swagger(s) : sam_new_openapi(s);
    struct value stage = node_c("Prod");

    return node_make(s->arena,
                     "{Type: %c, Properties: {StageName: %v, DefinitionBody: %v, "
                     "'__MANAGE_SWAGGER': true}}",
                     kind->type, kind->rest ? &stage : NULL, &body);
}

/* ---- one event ---- */

static struct str api_of(const struct kind *kind, const struct value *properties)
{
    const struct value *id = node_get(properties, kind->property);

    return node_text(node_get(id, "Ref") != NULL ? node_get(id, "Ref") : id);
}

/* The implicit API takes tags of functions that propagate theirs. */
static void give_tags(struct sam *s, const struct gathering *g, const struct value *properties)
{
    const struct value *type = node_get(g->resource, "Type");
    const struct value *own = node_get(g->resource, "Properties");
    const struct value *all = node_get(node_get(s->template, "Globals"),
                                       node_is_text(type, "AWS::Serverless::Function")
                                           ? "Function"
                                           : "StateMachine");
    const struct value *tags = node_get(own, "Tags");
    struct value *api = node_get(node_find(s->resources, str_c(g->kind->id)), "Properties");
    struct value *to;

    tags = node_true(tags) ? tags : node_get(all, "Tags");
    if (node_has(properties, g->kind->property) || !node_true(tags) || api == NULL ||
        (!node_true(node_get(own, "PropagateTags")) &&
         !node_true(node_get(all, "PropagateTags")))) {
        return;
    }
    to = node_enter(s->arena, api, STR("Tags"));
    if (to != NULL) {
        node_update(s->arena, to, tags);
    }
    node_put(s->arena, api, "PropagateTags", node_bool(true));
}

static bool needs(struct sam *s, struct str event, const struct value *value, const char *name)
{
    if (value == NULL) {
        sam_refuse_event(s, event, "Property '%s' is required.", name);
    }
    return value != NULL;
}

static void add(struct sam *s, struct value *map, struct str id, const struct value *policy)
{
    struct value *list = node_find(map, id);
    struct value empty = node_list();

    if (list == NULL) {
        list = node_set(s->arena, map, id, &empty);
    }
    if (policy != NULL) {
        node_push(s->arena, list, *policy);
    }
}

static void gather(struct sam *s, struct gathering *g, struct str api,
                   const struct value *properties)
{
    const struct value *condition = node_get(g->resource, "Condition");
    struct value none = {.kind = VALUE_NULL};
    struct value *paths = node_enter(s->arena, &g->conditions, api);
    struct value *methods = node_enter(s->arena, paths, node_text(node_get(properties, "Path")));

    node_set(s->arena, methods, node_text(node_get(properties, "Method")),
             condition != NULL ? condition : &none);
    add(s, &g->deletion, api, node_get(g->resource, "DeletionPolicy"));
    add(s, &g->replacement, api, node_get(g->resource, "UpdateReplacePolicy"));
}

static void add_to_definition(struct sam *s, const struct kind *kind, struct str event,
                              const struct value *properties)
{
    struct value *resource = node_find(s->resources, api_of(kind, properties));
    const struct value *type = node_get(resource, "Type");
    struct value *api = node_get(resource, "Properties");
    struct value *body = node_get(api, "DefinitionBody");

    if (resource == NULL || (kind->rest && node_is_text(type, http_kind.type))) {
        sam_refuse_event(s, event,
                         "%s must be a valid reference to an '%s' resource in same template.",
                         kind->property, kind->type);
        return;
    }
    if (!(kind->rest ? sam_is_swagger(s, body) : sam_is_openapi(s, body)) ||
        !node_true(node_get(api, "__MANAGE_SWAGGER"))) {
        return;
    }
    sam_add_path(s, body, node_text(node_get(properties, "Path")),
                 node_text(node_get(properties, "Method")));
}

static void add_route_settings(struct sam *s, const struct gathering *g, struct str event,
                               const struct value *properties)
{
    struct value *resource = node_find(s->resources, api_of(g->kind, properties));
    struct value *api = resource == NULL ? NULL
                                         : node_enter(s->arena, resource, STR("Properties"));
    struct value *all = api == NULL ? NULL : node_enter(s->arena, api, STR("RouteSettings"));
    const struct value *condition = node_get(g->resource, "Condition");
    const struct value *given = node_get(properties, "RouteSettings");
    struct str path = node_text(node_get(properties, "Path"));
    struct str method = node_text(node_get(properties, "Method"));
    struct value own = given == NULL ? node_map() : *given;
    struct value no = node_make(s->arena, "{Ref: 'AWS::NoValue'}");
    struct value *route;
    char *upper = arena_alloc(s->arena, method.bytes + 1);

    if (all == NULL) {
        sam_refuse(s, api_of(g->kind, properties), "Property 'RouteSettings' should be a map.");
        return;
    }
    for (size_t i = 0; i < method.bytes; i++) {
        upper[i] = (char)(method.at[i] >= 'a' && method.at[i] <= 'z' ? method.at[i] & ~0x20
                                                                     : method.at[i]);
    }
    if (!str_eq(method, STR(SAM_ANY_METHOD))) {
        path = arena_printf(s->arena, "%.*s %.*s", (int)method.bytes, upper, STR_ARG(path));
    }
    own = condition != NULL ? sam_if(s, condition, own, no) : own;
    if (sam_expect_event(s, event, &own, VALUE_MAP, "RouteSettings")) {
        route = node_enter(s->arena, all, path);
        if (route != NULL) {
            node_update(s->arena, route, &own);
        }
    }
}

static void give_default_path(struct sam *s, struct value *properties)
{
    if (!node_true(node_get(properties, "Path")) && !node_true(node_get(properties, "Method"))) {
        node_put(s->arena, properties, "Path", node_c("$default"));
        node_put(s->arena, properties, "Method", node_c(SAM_ANY_METHOD));
    }
}

static bool check_event(struct sam *s, const struct kind *kind, struct str event,
                        const struct value *properties)
{
    const struct value *path = node_get(properties, "Path");
    const struct value *method = node_get(properties, "Method");

    if (needs(s, event, path, "Path") && needs(s, event, method, "Method")) {
        if (api_of(kind, properties).at == NULL) {
            sam_refuse_event(s, event, "Property '%s' should be a string.", kind->property);
        }
        sam_expect_event(s, event, path, VALUE_STR, "Path");
        sam_expect_event(s, event, method, VALUE_STR, "Method");
    }
    return !s->refused;
}

static void take_event(struct sam *s, struct gathering *g, struct str event, struct value *value)
{
    struct value *properties = node_get(value, "Properties");

    if (g->kind->rest && !node_true(properties)) {
        return;
    }
    properties = node_enter(s->arena, value, STR("Properties"));
    if (properties == NULL) {
        sam_refuse_event(s, event, "Properties should be a map.");
        return;
    }
    give_tags(s, g, properties);
    if (!node_has(properties, g->kind->property)) {
        node_put(s->arena, properties, g->kind->property, sam_ref(s, str_c(g->kind->id)));
    }
    if (!g->kind->rest) {
        give_default_path(s, properties);
    }
    if (!check_event(s, g->kind, event, properties)) {
        return;
    }
    gather(s, g, api_of(g->kind, properties), properties);
    add_to_definition(s, g->kind, event, properties);
    if (!g->kind->rest && node_has(properties, "RouteSettings")) {
        add_route_settings(s, g, event, properties);
    }
}

static void take_events(struct sam *s, struct gathering *g, struct pair *pair)
{
    const struct value *type = node_get(&pair->value, "Type");
    struct value *events = node_get(node_get(&pair->value, "Properties"), "Events");

    if (!node_is_text(type, "AWS::Serverless::Function") &&
        !node_is_text(type, "AWS::Serverless::StateMachine")) {
        return;
    }
    s->id = pair->key;
    s->refused = false;
    g->resource = &pair->value;
    for (uint32_t i = 0; node_is(events, VALUE_MAP) && i < events->count && !s->refused; i++) {
        struct pair *event = &events->pairs[i];

        if (node_is_text(node_get(&event->value, "Type"), g->kind->event)) {
            take_event(s, g, event->key, &event->value);
        }
    }
}

/* ---- conditions ---- */

static int by_text(const void *a, const void *b)
{
    return str_cmp(node_text(a), node_text(b));
}

/* The different conditions of methods, sorted; false where one has none. */
static bool all_conditions(struct sam *s, const struct value *methods, struct value *ret_names)
{
    for (uint32_t i = 0; i < methods->count; i++) {
        const struct value *condition = &methods->pairs[i].value;

        if (condition->kind != VALUE_STR) {
            return false;
        }
        if (!node_in(ret_names, condition)) {
            node_push(s->arena, ret_names, *condition);
        }
    }
    qsort(ret_names->items, ret_names->count, sizeof(struct value), by_text);
    return true;
}

/* One condition for several: itself, or a new one that any of them makes true. */
static struct value joined(struct sam *s, struct value names, struct str id)
{
    if (names.count == 1) {
        return names.items[0];
    }
    sam_combine(s, id, names);
    return node_str(id);
}

static void condition_implicit(struct sam *s, const struct gathering *g)
{
    const struct value *paths = node_get(&g->conditions, g->kind->id);
    struct value *api = node_find(s->resources, str_c(g->kind->id));
    struct value names = node_list();
    bool all = paths != NULL;

    for (uint32_t i = 0; all && i < paths->count; i++) {
        all = all_conditions(s, &paths->pairs[i].value, &names);
    }
    if (all && names.count > 0) {
        node_put(s->arena, api, "Condition", joined(s, names, str_c(g->kind->condition)));
    }
}

static struct str path_condition(struct sam *s, struct str api, struct str path)
{
    struct str made = api;

    for (size_t i = 0; i < path.bytes; i++) {
        char c = path.at[i];
        struct str piece = c == '/'   ? STR("SLASH")
                           : c == '{' ? STR("OB")
                           : c == '}' ? STR("CB")
                                      : str_slice(path, i, i + 1);

        made = sam_join(s, made, piece);
    }
    return sam_join(s, made, STR("PathCondition"));
}

static void condition_paths(struct sam *s, const struct gathering *g, const struct pair *api)
{
    struct value *properties = node_get(&api->value, "Properties");
    struct value *paths = node_get(node_get(properties, "DefinitionBody"), "paths");
    const struct value *known = node_find(&g->conditions, api->key);
    struct value no = node_make(s->arena, "{Ref: 'AWS::NoValue'}");

    if (!node_is_text(node_get(&api->value, "Type"), g->kind->type) ||
        !node_true(node_get(properties, "__MANAGE_SWAGGER"))) {
        return;
    }
    for (uint32_t i = 0; node_is(paths, VALUE_MAP) && i < paths->count; i++) {
        const struct value *methods = node_find(known, paths->pairs[i].key);
        struct value names = node_list();

        if (methods != NULL && all_conditions(s, methods, &names) && names.count > 0) {
            struct value condition = joined(s, names,
                                            path_condition(s, api->key, paths->pairs[i].key));

            paths->pairs[i].value = sam_if(s, &condition, paths->pairs[i].value, no);
        }
    }
}

/* The policy of the implicit API: the strongest that a function with an event has. */
static void keep_strongest(struct sam *s, const struct kind *kind, const struct value *policies,
                           const char *name)
{
    static const char *const order[] = {"Retain", "Snapshot", "Delete"};
    const struct value *list = node_get(policies, kind->id);
    struct value *api = node_find(s->resources, str_c(kind->id));

    for (size_t i = 0; list != NULL && i < 3; i++) {
        struct value policy = node_c(order[i]);

        if (node_in(list, &policy) &&
            (i != 1 || str_eq(str_c(name), STR("UpdateReplacePolicy")))) {
            node_put(s->arena, api, name, policy);
            return;
        }
    }
}

/* ---- all of it ---- */

static void run(struct sam *s, const struct kind *kind)
{
    struct gathering g = {.kind = kind, .conditions = node_map(), .deletion = node_map(),
                          .replacement = node_map()};
    struct value made = implicit(s, kind);
    const struct value *before = node_find(s->resources, str_c(kind->id));
    struct value kept = before == NULL ? (struct value){.kind = VALUE_NONE} : *before;
    struct value *api;

    node_set(s->arena, s->resources, str_c(kind->id), &made);
    for (uint32_t i = 0; i < s->resources->count && !s->stopped; i++) {
        take_events(s, &g, &s->resources->pairs[i]);
    }
    condition_implicit(s, &g);
    keep_strongest(s, kind, &g.deletion, "DeletionPolicy");
    keep_strongest(s, kind, &g.replacement, "UpdateReplacePolicy");
    for (uint32_t i = 0; i < s->resources->count; i++) {
        condition_paths(s, &g, &s->resources->pairs[i]);
    }
    api = node_find(s->resources, str_c(kind->id));
    if (!node_true(node_get(node_get(node_get(api, "Properties"), "DefinitionBody"), "paths"))) {
        if (kept.kind == VALUE_NONE) {
            node_remove(s->resources, kind->id);
        } else {
            *api = kept;
        }
    }
    s->stopped = s->stopped || s->causes.count > 0;
}

void sam_implicit_rest(struct sam *s)
{
    run(s, &rest_kind);
}

void sam_implicit_http(struct sam *s)
{
    run(s, &http_kind);
}
