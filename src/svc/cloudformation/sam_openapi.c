/* SPDX-License-Identifier: Apache-2.0
 *
 * What definitions of REST and of HTTP APIs have in common: paths, methods, integrations.
 */
#include "svc/cloudformation/sam_api.h"

/* ---- kinds of definitions ---- */

struct str sam_number_text(struct sam *s, const struct value *number)
{
    return node_shown(s->arena, number);
}

bool sam_is_version_3(struct sam *s, const struct value *version)
{
    struct str text = version == NULL ? STR_NONE : sam_number_text(s, version);
    size_t at = 1;

    if (text.bytes < 3 || text.at[0] != '3') {
        return false;
    }
    for (; at < text.bytes && at < 5; at += 2) {
        if (text.at[at] != '.' || at + 1 == text.bytes || text.at[at + 1] < '0' ||
            text.at[at + 1] > '9') {
            return false;
        }
    }
    return at == text.bytes;
}

bool sam_is_swagger(struct sam *s, const struct value *body)
{
    return node_is(node_get(body, "paths"), VALUE_MAP) &&
           (node_true(node_get(body, "swagger")) ||
            sam_is_version_3(s, node_get(body, "openapi")));
}

bool sam_is_openapi(struct sam *s, const struct value *body)
{
    return node_is(node_get(body, "paths"), VALUE_MAP) &&
           sam_is_version_3(s, node_get(body, "openapi"));
}

struct value sam_new_swagger(struct sam *s)
{
    return node_make(s->arena, "{swagger: '2.0', info: {version: '1.0', title: {Ref: "
                               "'AWS::StackName'}}, paths: {}}");
}

struct value sam_new_openapi(struct sam *s)
{
    return node_make(s->arena, "{openapi: '3.0.1', info: {version: '1.0', title: {Ref: "
                               "'AWS::StackName'}}, paths: {}}");
}

/* ---- paths and methods ---- */

struct str sam_method(struct sam *s, struct str name)
{
    char *made = arena_alloc(s->arena, name.bytes + 1);

    for (size_t i = 0; i < name.bytes; i++) {
        made[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 0x20 : name.at[i]);
    }
    made[name.bytes] = 0;
    return str_eq(str_of(made, name.bytes), STR("any")) ? STR(SAM_ANY_METHOD)
                                                        : str_of(made, name.bytes);
}

uint32_t sam_branches(struct sam *s, struct value *item, struct value *ret_branches[2])
{
    struct value *list = node_get(item, "Fn::If");
    uint32_t count = 0;

    if (item == NULL || !node_has(item, "Fn::If")) {
        ret_branches[0] = item;
        return 1;
    }
    if (!node_is(list, VALUE_LIST)) {
        sam_refuse_template(s, "Value of Fn::If must be a list.");
        return 0;
    }
    for (uint32_t i = 1; i < list->count && count < 2; i++) {
        if (!node_is_no_value(&list->items[i])) {
            ret_branches[count++] = &list->items[i];
        }
    }
    return count;
}

static bool is_path_item(struct sam *s, const struct value *item, struct str path)
{
    if (node_is(item, VALUE_MAP)) {
        return true;
    }
    sam_refuse_template(s,
                        "Value of '%.*s' path must be a dictionary according to Swagger spec.",
                        STR_ARG(path));
    return false;
}

static bool is_definition(struct sam *s, const struct value *definition, struct str path,
                          struct str method)
{
    if (node_is(definition, VALUE_MAP)) {
        return true;
    }
    sam_refuse_template(s, "Definition of method '%.*s' for path '%.*s' should be a map.",
                        STR_ARG(method), STR_ARG(path));
    return false;
}

void sam_add_path(struct sam *s, struct value *body, struct str path, struct str method)
{
    struct value *item = node_enter(s->arena, node_get(body, "paths"), path);
    struct value *branches[2];
    uint32_t count;

    if (!is_path_item(s, item, path)) {
        return;
    }
    count = sam_branches(s, item, branches);
    for (uint32_t i = 0; i < count; i++) {
        if (is_path_item(s, branches[i], path)) {
            node_enter(s->arena, branches[i], sam_method(s, method));
        }
    }
}

static bool method_has_integration(struct sam *s, struct value *method, struct str path,
                                   struct str name)
{
    struct value *branches[2];
    uint32_t count = sam_branches(s, method, branches);

    for (uint32_t i = 0; i < count; i++) {
        if (is_definition(s, branches[i], path, name) &&
            node_true(node_get(branches[i], SAM_INTEGRATION))) {
            return true;
        }
    }
    return false;
}

bool sam_has_integration(struct sam *s, struct value *body, struct str path, struct str method)
{
    struct value *item = node_find(node_get(body, "paths"), path);
    struct value *branches[2];
    uint32_t count;

    method = sam_method(s, method);
    if (item == NULL) {
        return false;
    }
    count = sam_branches(s, item, branches);
    for (uint32_t i = 0; i < count; i++) {
        struct value *definition = node_find(branches[i], method);

        if (!node_is(definition, VALUE_MAP) ||
            !method_has_integration(s, definition, path, method)) {
            return false;
        }
    }
    return true;
}

uint32_t sam_definitions(struct sam *s, struct value *body, struct str path, struct str method,
                         struct value *ret_definitions[SAM_DEFINITIONS_MAX])
{
    struct value *item = node_find(node_get(body, "paths"), path);
    struct value *paths[2];
    struct value *methods[2];
    uint32_t count = 0;
    uint32_t path_count = sam_branches(s, item, paths);

    for (uint32_t i = 0; i < path_count; i++) {
        struct value *found = node_find(paths[i], sam_method(s, method));
        uint32_t method_count = is_path_item(s, paths[i], path) ? sam_branches(s, found, methods)
                                                                : 0;

        for (uint32_t k = 0; k < method_count; k++) {
            if (is_definition(s, methods[k], path, method) &&
                node_true(node_get(methods[k], SAM_INTEGRATION))) {
                ret_definitions[count++] = methods[k];
            }
        }
    }
    return count;
}

/* ---- visiting ---- */

static bool is_no_method(struct str name)
{
    return str_eq(name, STR("summary")) || str_eq(name, STR("description")) ||
           str_eq(name, STR("parameters"));
}

static void visit_item(struct sam *s, struct sam_visit *visit, struct value *item)
{
    struct value *branches[2];

    for (uint32_t i = 0; i < item->count; i++) {
        struct str name = item->pairs[i].key;
        uint32_t count = is_no_method(name) ? 0 : sam_branches(s, &item->pairs[i].value, branches);

        for (uint32_t k = 0; k < count; k++) {
            if (is_definition(s, branches[k], visit->path, name) &&
                (visit->any || node_true(node_get(branches[k], SAM_INTEGRATION)))) {
                visit->method(s, visit, sam_method(s, name), branches[k]);
            }
        }
    }
}

void sam_visit_path(struct sam *s, struct value *body, struct sam_visit *visit)
{
    struct value *branches[2];
    uint32_t count = sam_branches(s, node_find(node_get(body, "paths"), visit->path), branches);

    for (uint32_t i = 0; i < count; i++) {
        if (is_path_item(s, branches[i], visit->path)) {
            visit_item(s, visit, branches[i]);
        }
    }
}

void sam_visit_all(struct sam *s, struct value *body, struct sam_visit *visit)
{
    struct value *paths = node_get(body, "paths");

    for (uint32_t i = 0; node_is(paths, VALUE_MAP) && i < paths->count && !s->refused; i++) {
        visit->path = paths->pairs[i].key;
        sam_visit_path(s, body, visit);
    }
}

/* ---- ARNs ---- */

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

/* Bytes of the parameter in braces that text begins with; 0: it begins with none. */
static size_t parameter_bytes(struct str text, bool greedy)
{
    size_t at = 1;

    if (text.bytes < 3 || text.at[0] != '{') {
        return 0;
    }
    while (at < text.bytes && is_name_character(text.at[at])) {
        at++;
    }
    if (at > 1 && at < text.bytes && text.at[at] == '+' &&
        (greedy || str_eq(str_slice(text, 1, at), STR("proxy")))) {
        at++;
    }
    return at > 1 && at < text.bytes && text.at[at] == '}' ? at + 1 : 0;
}

struct str sam_arn_path(struct sam *s, struct str path, bool greedy)
{
    char *made = arena_alloc(s->arena, path.bytes + 1);
    size_t bytes = 0;

    if (path.bytes > 1 && path.at[path.bytes - 1] == '/') {
        path.bytes--;
    }
    for (size_t at = 0; at < path.bytes;) {
        size_t skip = parameter_bytes(str_slice(path, at, path.bytes), greedy);

        made[bytes++] = skip > 0 ? '*' : path.at[at];
        at += skip > 0 ? skip : 1;
    }
    return str_of(made, bytes);
}

struct value sam_invoke_uri(struct sam *s, struct str partition, const struct value *arn,
                            bool streams)
{
    struct str id = node_named(arn);

    return node_make(s->arena, "{'Fn::Sub': %s}",
                     arena_printf(s->arena,
                                  "arn:%.*s:apigateway:${AWS::Region}:lambda:path/%s/functions/"
                                  "${%.*s%s}/%s",
                                  STR_ARG(partition), streams ? "2021-11-15" : "2015-03-31",
                                  STR_ARG(id), node_is_function(arn, "Ref") ? "" : ".Arn",
                                  streams ? "response-streaming-invocations" : "invocations"));
}
