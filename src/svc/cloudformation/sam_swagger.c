/* SPDX-License-Identifier: Apache-2.0
 *
 * What a REST API's definition says of who may call: authorizers, API keys, and the methods that
 * use them. A method's "security" is a list of maps of one name; NONE and api_key_false are marks
 * that an event leaves for its API, which takes them away.
 */
#include "svc/cloudformation/sam_swagger.h"

#define DEFINITIONS "securityDefinitions"

/* ---- security definitions ---- */

static void define(struct sam *s, struct value *body, struct str name, struct value definition)
{
    struct value *all = node_enter(s->arena, body, STR(DEFINITIONS));

    if (all == NULL) {
        sam_refuse_template(s, "securityDefinitions must be a dictionary.");
    } else if (node_find(all, name) == NULL) {
        node_set(s->arena, all, name, &definition);
    }
}

void sam_swagger_define_iam(struct sam *s, struct value *body)
{
    define(s, body, STR("AWS_IAM"),
           node_make(s->arena, "{'x-amazon-apigateway-authtype': 'awsSigv4', type: 'apiKey', name: "
                               "'Authorization', in: 'header'}"));
}

void sam_swagger_define_key(struct sam *s, struct value *body)
{
    define(s, body, STR("api_key"),
           node_make(s->arena, "{type: 'apiKey', name: 'x-api-key', in: 'header'}"));
}

/* ---- one method ---- */

static struct value *security_of(struct sam *s, struct value *definition, struct str path,
                                 struct str method)
{
    struct value *list = node_get(definition, "security");

    if (list != NULL && list->kind != VALUE_LIST) {
        sam_refuse_template(s, "Type of security for path %.*s method %.*s must be a list",
                            STR_ARG(path), STR_ARG(method));
        return NULL;
    }
    return list;
}

/* Adds to a method's security. */
static void secure(struct sam *s, const struct sam_method_auth *m, struct str name,
                   const struct value *scopes)
{
    struct value *definitions[SAM_DEFINITIONS_MAX];
    uint32_t count = sam_definitions(s, m->body, m->path, m->method, definitions);

    for (uint32_t i = 0; i < count; i++) {
        struct value list = node_list();

        node_extend(s->arena, &list, security_of(s, definitions[i], m->path, m->method));
        node_push(s->arena, &list, node_make(s->arena, "{%s: %v}", name, scopes));
        node_put(s->arena, definitions[i], "security", list);
        if (node_has(&list.items[0], "AWS_IAM")) {
            sam_swagger_define_iam(s, m->body);
        }
    }
}

static void refuse_authorizer(struct sam *s, const struct sam_method_auth *m,
                              const struct value *name, const char *why)
{
    sam_refuse_event(s, m->event,
                     "Unable to set Authorizer [%.*s] on API method [%.*s] for path [%.*s]%s.",
                     STR_ARG(node_shown(s->arena, name)), STR_ARG(m->method), STR_ARG(m->path),
                     why);
}

static void check_authorizer(struct sam *s, const struct sam_method_auth *m,
                             const struct value *name, const struct value *api_auth)
{
    const struct value *all = node_get(api_auth, "Authorizers");

    if (node_true(all) && all->kind != VALUE_MAP) {
        sam_refuse(s, m->api_id, "Property 'Auth.Authorizers' should be a map.");
    } else if (node_is_text(name, "NONE")) {
        if (!node_true(node_get(api_auth, "DefaultAuthorizer"))) {
            sam_refuse_event(s, m->event,
                             "Unable to set Authorizer on API method [%.*s] for path [%.*s] "
                             "because 'NONE' is only a valid value when a DefaultAuthorizer on the "
                             "API is specified.",
                             STR_ARG(m->method), STR_ARG(m->path));
        }
    } else if (!node_true(all)) {
        refuse_authorizer(s, m, name,
                          " because the related API does not define any Authorizers");
    } else if (name->kind != VALUE_STR) {
        refuse_authorizer(s, m, name, ". The method authorizer must be a string with a "
                                      "corresponding dict entry in the api authorizer");
    } else if (!node_true(node_find(all, name->str))) {
        refuse_authorizer(s, m, name, " because it wasn't defined in the API's Authorizers");
    }
}

static void set_authorizer(struct sam *s, const struct sam_method_auth *m,
                           const struct value *api_auth)
{
    const struct value *name = node_get(m->auth, "Authorizer");
    const struct value *given = node_get(m->auth, "AuthorizationScopes");
    const struct value *own = node_find(node_get(api_auth, "Authorizers"), node_text(name));
    const struct value *scopes = node_get(own, "AuthorizationScopes");
    struct value empty = node_list();

    if (!node_true(name)) {
        return;
    }
    if (!node_is_text(name, "AWS_IAM")) {
        check_authorizer(s, m, name, api_auth);
    }
    if (own != NULL && own->kind != VALUE_MAP) {
        sam_refuse_template(s, "Type of authorizer '%.*s' must be a dictionary",
                            STR_ARG(node_shown(s->arena, name)));
    }
    scopes = given != NULL ? given : scopes;
    scopes = node_is_text(name, "NONE") || own == NULL || scopes == NULL ? &empty : scopes;
    if (!s->refused && name->kind == VALUE_STR) {
        secure(s, m, name->str, scopes);
    }
}

static void set_key(struct sam *s, const struct sam_method_auth *m, const struct value *api_auth)
{
    const struct value *required = node_get(m->auth, "ApiKeyRequired");
    struct value empty = node_list();

    if (required == NULL) {
        return;
    }
    if (!node_true(required) && !node_true(node_get(api_auth, "ApiKeyRequired"))) {
        sam_refuse_event(s, m->event,
                         "Unable to set ApiKeyRequired [False] on API method [%.*s] for path "
                         "[%.*s] because the related API does not specify any ApiKeyRequired.",
                         STR_ARG(m->method), STR_ARG(m->path));
        return;
    }
    if (node_true(required)) {
        sam_swagger_define_key(s, m->body);
    }
    secure(s, m, node_true(required) ? STR("api_key") : STR("api_key_false"), &empty);
}

void sam_swagger_method_auth(struct sam *s, const struct sam_method_auth *m)
{
    struct value *api_auth = node_get(m->api, "Auth");
    const struct value *scopes = node_get(m->auth, "AuthorizationScopes");
    const struct value *policy = node_get(m->auth, "ResourcePolicy");
    struct value stage = node_str(m->stage);

    sam_resolve(s, api_auth);
    if (node_true(scopes) &&
        sam_expect_event(s, m->event, scopes, VALUE_LIST, "Auth.AuthorizationScopes") &&
        !node_true(node_get(m->auth, "Authorizer"))) {
        sam_refuse_event(s, m->event, "AuthorizationScopes works only when Authorizer is set");
    }
    set_authorizer(s, m, api_auth);
    set_key(s, m, api_auth);
    if (node_true(policy) && !s->refused) {
        if (policy->kind != VALUE_MAP) {
            sam_refuse(s, m->event, "Property 'Auth.ResourcePolicy' should be a map.");
            return;
        }
        sam_swagger_policy(s, m->body, policy, m->path, &stage);
        sam_swagger_statements(s, m->body, node_get(policy, "CustomStatements"));
    }
}

/* ---- all methods of an API ---- */

/* What is done to each. */
struct defaults {
    struct value *body;             /* the definition */
    const struct value *authorizer; /* default: its name */
    const struct value *scopes;     /* its scopes */
    const struct value *known;      /* map of all authorizers */
    bool preflight;                 /* OPTIONS, too */
};

/* Puts what is an authorizer's (or a key's, for keys) behind what is not. */
static void split(struct sam *s, const struct value *list, const struct defaults *d,
                  struct value ret_parts[2])
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        const struct value *one = &list->items[i];
        bool inner = false;

        for (uint32_t k = 0; one->kind == VALUE_MAP && k < one->count; k++) {
            struct str key = one->pairs[k].key;

            inner = inner || (d->known != NULL
                                  ? str_eq(key, STR("AWS_IAM")) || node_find(d->known, key) != NULL
                                  : str_eq(key, STR("api_key")) ||
                                        str_eq(key, STR("api_key_false")));
        }
        node_push(s->arena, &ret_parts[inner ? 1 : 0], *one);
    }
}

/* Takes the mark out of a list; whether it was there. */
static bool take_mark(struct value *list, const char *mark)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (node_has(&list->items[i], mark)) {
            memmove(&list->items[i], &list->items[i + 1],
                    (list->count - i - 1) * sizeof(struct value));
            list->count--;
            return true;
        }
    }
    return false;
}

static void default_authorizer(struct sam *s, struct sam_visit *visit, struct str method,
                               struct value *definition)
{
    const struct defaults *d = visit->self;
    struct value parts[2] = {node_list(), node_list()};

    if (!d->preflight && str_eq(method, STR("options"))) {
        return;
    }
    split(s, security_of(s, definition, visit->path, method), d, parts);
    if (take_mark(&parts[0], "NONE")) {
        parts[1] = node_list();
    } else if (parts[1].count == 0) {
        node_push(s->arena, &parts[1],
                  node_make(s->arena, "{%s: %v}", d->authorizer->str, d->scopes));
    }
    node_extend(s->arena, &parts[0], &parts[1]);
    if (parts[0].count > 0) {
        node_put(s->arena, definition, "security", parts[0]);
        if (node_has(&parts[0].items[0], "AWS_IAM")) {
            sam_swagger_define_iam(s, d->body);
        }
    }
}

static void default_key(struct sam *s, struct sam_visit *visit, struct str method,
                        struct value *definition)
{
    const struct defaults *d = visit->self;
    struct value *before = security_of(s, definition, visit->path, method);
    struct value parts[2] = {node_list(), node_list()};

    split(s, before, d, parts);
    if (!take_mark(&parts[1], "api_key_false") &&
        (d->preflight || !str_eq(method, STR("options")))) {
        node_push(s->arena, &parts[0], node_make(s->arena, "{api_key: []}"));
    }
    if (parts[0].count > 0 || (before != NULL && before->count > 0)) {
        node_put(s->arena, definition, "security", parts[0]);
    }
}

static bool is_on(const struct value *auth, const char *name)
{
    return !node_has(auth, name) || node_true(node_get(auth, name));
}

void sam_swagger_defaults(struct sam *s, struct value *body, const struct value *auth,
                          const struct value *authorizers)
{
    const struct value *name = node_get(auth, "DefaultAuthorizer");
    const struct value *own = node_find(node_get(auth, "Authorizers"), node_text(name));
    const struct value *scopes = node_get(own, "AuthorizationScopes");
    struct value empty = node_list();
    struct defaults d = {.body = body, .authorizer = name, .known = authorizers,
                         .scopes = scopes != NULL ? scopes : &empty,
                         .preflight = is_on(auth, "AddDefaultAuthorizerToCorsPreflight")};
    struct sam_visit visit = {.method = default_authorizer, .self = &d};

    if (node_true(name) && authorizers->count > 0) {
        if (name->kind != VALUE_STR) {
            sam_refuse(s, s->id, "DefaultAuthorizer is not a string.");
        } else if (node_find(authorizers, name->str) == NULL) {
            sam_refuse(s, s->id,
                       "Unable to set DefaultAuthorizer because '%.*s' was not defined in "
                       "'Authorizers'.",
                       STR_ARG(name->str));
        } else {
            sam_visit_all(s, body, &visit);
        }
    }
    if (node_true(node_get(auth, "ApiKeyRequired"))) {
        sam_swagger_define_key(s, body);
        d.known = NULL;
        d.preflight = is_on(auth, "AddApiKeyRequiredToCorsPreflight");
        visit.method = default_key;
        sam_visit_all(s, body, &visit);
    }
}
