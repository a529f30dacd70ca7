/* SPDX-License-Identifier: Apache-2.0
 *
 * Which transform is to be run next, and AWS::Include.
 *
 * Fn::Transform stands in a map: its neighbours there are what it works on, and what comes back
 * takes the place of the map. Inner ones are run before outer ones, all of them before those of
 * the Transform section, which are run in its order.
 */
#include "svc/cloudformation/template_int.h"

static bool is_transform_key(struct str key)
{
    return str_eq(key, STR("Fn::Transform"));
}

/* The first map, from within, that has an Fn::Transform. */
static struct value *innermost(struct value *value)
{
    struct value *found = NULL;
    bool here = false;

    for (uint32_t i = 0; value->kind == VALUE_LIST && found == NULL && i < value->count; i++) {
        found = innermost(&value->items[i]);
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && found == NULL && i < value->count; i++) {
        here = here || is_transform_key(value->pairs[i].key);
        found = innermost(&value->pairs[i].value);
    }
    return found == NULL && here ? value : found;
}

/* A map without one of its keys. */
static struct value without(struct arena *arena, const struct value *map, const char *key)
{
    struct value rest = template_map(arena, map->count);

    for (uint32_t i = 0; i < map->count; i++) {
        if (!str_eq(map->pairs[i].key, str_c(key))) {
            *template_map_add(&rest, map->pairs[i].key) = map->pairs[i].value;
        }
    }
    return rest;
}

static status read_definition(const struct value *definition, struct why *why,
                              struct template_transform *transform)
{
    const struct value *name =
        definition->kind == VALUE_MAP ? doc_get(definition, "Name") : definition;

    if (!template_is_text(name) || name->str.bytes == 0) {
        return template_wrong(why, "Key Name of transform definition must be a string.");
    }
    transform->name = name->str;
    transform->parameters = doc_get(definition, "Parameters");
    if (!transform->whole && str_eq(name->str, STR("AWS::LanguageExtensions"))) {
        return template_wrong(why, "Transform AWS::LanguageExtensions failed with: The transform "
                                   "can be declared at the top level of a template only.");
    }
    return OK;
}

/* The first of a list, and what stays of it. */
static struct value first_of(struct arena *arena, const struct value *section,
                             struct value *ret_rest)
{
    *ret_rest = (struct value){.kind = VALUE_NONE};
    if (section->kind != VALUE_LIST) {
        return *section;
    }
    if (section->count > 1) {
        *ret_rest = template_list(arena, section->count - 1);
        for (uint32_t i = 1; i < section->count; i++) {
            *template_list_add(ret_rest) = section->items[i];
        }
    }
    return section->count > 0 ? section->items[0] : (struct value){.kind = VALUE_NONE};
}

status template_transform_next(struct value *document, struct arena *arena, struct why *why,
                               bool *ret_found, struct template_transform *ret_transform)
{
    struct template_transform transform = {.place = innermost(document)};
    const struct value *section = doc_get(document, "Transform");
    struct value definition;

    if (transform.place != NULL) {
        TRY(read_definition(doc_get(transform.place, "Fn::Transform"), why, &transform));
        transform.fragment = without(arena, transform.place, "Fn::Transform");
    } else if (section != NULL && !(section->kind == VALUE_LIST && section->count == 0)) {
        transform.place = document;
        transform.whole = true;
        definition = first_of(arena, section, &transform.rest);
        TRY(read_definition(&definition, why, &transform));
        transform.fragment = without(arena, document, "Transform");
    }
    *ret_found = transform.place != NULL;
    if (*ret_found) {
        *ret_transform = transform;
    }
    return OK;
}

void template_transform_done(const struct template_transform *transform, struct arena *arena,
                             const struct value *result)
{
    struct value made = *result;

    if (transform->whole && made.kind == VALUE_MAP) {
        made = without(arena, result, "Transform");
        if (transform->rest.kind != VALUE_NONE) {
            *doc_put(arena, &made, STR("Transform")) = transform->rest;
        }
    }
    *transform->place = made;
}

/* ---- AWS::Include ---- */

status template_include_location(struct template_run *run,
                                 const struct template_transform *transform,
                                 struct str *ret_location)
{
    const struct value *given = transform->parameters == NULL
                                    ? NULL
                                    : doc_get(transform->parameters, "Location");
    struct value location;

    if (given == NULL) {
        return template_wrong(run->why, "Transform must have a Location parameter.");
    }
    TRY(template_evaluate(run, given, &location, NULL));
    if (!template_is_text(&location) || location.str.bytes == 0) {
        return template_wrong(run->why, "The Location parameter must be a string.");
    }
    *ret_location = location.str;
    return OK;
}

/* The members of other behind those of map, maps into maps of the same name where whole. */
static struct value merged(struct arena *arena, const struct value *map, const struct value *other,
                           bool whole)
{
    struct value made = template_map(arena, map->count + other->count);

    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *more = map_find(other, map->pairs[i].key);
        const struct value *own = &map->pairs[i].value;
        bool both = whole && more != NULL && more->kind == VALUE_MAP && own->kind == VALUE_MAP;

        *template_map_add(&made, map->pairs[i].key) =
            both ? merged(arena, own, more, false) : *own;
    }
    for (uint32_t i = 0; i < other->count; i++) {
        if (map_find(map, other->pairs[i].key) == NULL) {
            *template_map_add(&made, other->pairs[i].key) = other->pairs[i].value;
        }
    }
    return made;
}

status template_include(struct template_run *run, const struct template_transform *transform,
                        struct str text, struct value *ret_result)
{
    struct value document;
    struct why inner;

    if (template_document(text, run->arena, &inner, &document) != OK) {
        return template_wrong(run->why, "The specified S3 object's content should "
                                                       "be valid Yaml/JSON");
    }
    *ret_result = merged(run->arena, &transform->fragment, &document, transform->whole);
    return OK;
}
