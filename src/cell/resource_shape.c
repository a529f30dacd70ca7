/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents as the model's shapes have them, and back.
 */
#include "cell/resource.h"
#include "wire/scalar.h"

#include <assert.h>

/* Where we are in a resource's properties. */
struct shaping {
    struct resource *r;  /* whose */
    struct arena *arena; /* of what is made */
};

static status shape_any(struct shaping *s, uint32_t shape, const struct value *document,
                        struct str path, struct value *ret_value);

static const char *kind_name(uint8_t shape_kind)
{
    switch (shape_kind) {
    case SHAPE_STRUCTURE:
    case SHAPE_MAP:
        return "JSONObject";
    case SHAPE_LIST:
        return "JSONArray";
    case SHAPE_BOOLEAN:
        return "Boolean";
    case SHAPE_STRING:
    case SHAPE_BLOB:
    case SHAPE_TIMESTAMP:
        return "String";
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        return "Integer";
    default:
        return "Number";
    }
}

static const char *found_name(const struct value *document)
{
    switch (document->kind) {
    case VALUE_MAP:
        return "JSONObject";
    case VALUE_LIST:
        return "JSONArray";
    case VALUE_BOOL:
        return "Boolean";
    case VALUE_INT:
        return "Integer";
    case VALUE_DOUBLE:
        return "Double";
    case VALUE_STR:
        return "String";
    default:
        return "Null";
    }
}

static status mismatch(struct shaping *s, uint32_t shape, const struct value *document,
                       struct str path)
{
    return resource_fail(s->r, &RESOURCE_INVALID,
                         "Properties validation failed for resource %.*s with message:\n"
                         "%.*s: expected type: %s, found: %s",
                         STR_ARG(s->r->logical_id), STR_ARG(path),
                         kind_name(model_shape(shape)->kind), found_name(document));
}

static struct str path_key(struct shaping *s, struct str path, struct str key)
{
    return arena_printf(s->arena, "%.*s/%.*s", STR_ARG(str_slice(path, 0, 512)),
                        STR_ARG(str_slice(key, 0, 128)));
}

static struct str path_index(struct shaping *s, struct str path, uint32_t index)
{
    return arena_printf(s->arena, "%.*s/%u", STR_ARG(str_slice(path, 0, 512)), index);
}

/* ---- structures ---- */

/* The member of that name, whatever the case of its first letter; -1: there is none. */
static int member_index(const struct shape *structure, struct str name)
{
    int index = model_member_index(structure, name);

    for (uint32_t i = 0; index < 0 && name.bytes > 0 && i < structure->count; i++) {
        struct str own = model_text(model_members[structure->first + i].name);

        if (own.bytes == name.bytes && (own.at[0] ^ 0x20) == name.at[0] &&
            str_eq(str_slice(own, 1, own.bytes), str_slice(name, 1, name.bytes))) {
            index = (int)i;
        }
    }
    return index;
}

static status shape_structure(struct shaping *s, uint32_t shape, const struct value *document,
                              struct str path, struct value *ret_value)
{
    const struct shape *about = model_shape(shape);

    if (document->kind != VALUE_MAP) {
        return mismatch(s, shape, document, path);
    }
    *ret_value = *value_struct(s->arena, shape);
    for (uint32_t i = 0; i < document->count; i++) {
        struct str key = document->pairs[i].key;
        int index = member_index(about, key);

        if (index < 0) {
            return resource_fail(s->r, &RESOURCE_INVALID,
                                 "Properties validation failed for resource %.*s with message:\n"
                                 "%.*s: extraneous key [%.*s] is not permitted",
                                 STR_ARG(s->r->logical_id), STR_ARG(path),
                                 STR_ARG(str_slice(key, 0, 256)));
        }
        TRY(shape_any(s, model_members[about->first + (uint32_t)index].shape,
                      &document->pairs[i].value, path_key(s, path, key),
                      &ret_value->items[index]));
    }
    return OK;
}

/* ---- lists and maps ---- */

static bool is_tag(const struct shape *about)
{
    return about->kind == SHAPE_STRUCTURE && model_member_index(about, STR("Key")) >= 0 &&
           model_member_index(about, STR("Value")) >= 0;
}

/* A map where a list of Key and Value is wanted. */
static const struct value *listed(struct shaping *s, const struct value *map)
{
    struct value *list = ARENA_NEW(s->arena, struct value);

    list->kind = VALUE_LIST;
    for (uint32_t i = 0; i < map->count; i++) {
        struct value *tag = doc_add(s->arena, list);

        tag->kind = VALUE_MAP;
        doc_put_text(s->arena, tag, "Key", map->pairs[i].key);
        *doc_put(s->arena, tag, STR("Value")) = map->pairs[i].value;
    }
    return list;
}

/* The other way round. */
static const struct value *mapped(struct shaping *s, const struct value *list)
{
    struct value *map = doc_map(s->arena);

    for (uint32_t i = 0; i < list->count; i++) {
        struct str key = doc_text(s->arena, doc_get(&list->items[i], "Key"));
        const struct value *value = doc_get(&list->items[i], "Value");

        if (key.at == NULL || value == NULL) {
            return NULL;
        }
        *doc_map_of(s->arena, map, key) = *value;
    }
    return map;
}

static status shape_list(struct shaping *s, uint32_t shape, const struct value *document,
                         struct str path, struct value *ret_value)
{
    uint32_t item = model_members[model_shape(shape)->first].shape;

    if (document->kind == VALUE_MAP && is_tag(model_shape(item))) {
        document = listed(s, document);
    }
    if (document->kind != VALUE_LIST) {
        return mismatch(s, shape, document, path);
    }
    *ret_value = (struct value){.kind = VALUE_LIST, .shape = shape, .room = document->count};
    ret_value->items = arena_alloc(s->arena, (document->count + 1) * sizeof(struct value));
    for (uint32_t i = 0; i < document->count; i++) {
        TRY(shape_any(s, item, &document->items[i], path_index(s, path, i),
                      &ret_value->items[ret_value->count]));
        ret_value->count += ret_value->items[ret_value->count].kind != VALUE_NONE;
    }
    return OK;
}

static status shape_map(struct shaping *s, uint32_t shape, const struct value *document,
                        struct str path, struct value *ret_value)
{
    uint32_t item = model_members[model_shape(shape)->first + 1].shape;
    const struct value *map = document->kind == VALUE_LIST ? mapped(s, document) : document;

    if (map == NULL || map->kind != VALUE_MAP) {
        return mismatch(s, shape, document, path);
    }
    *ret_value = (struct value){.kind = VALUE_MAP, .shape = shape, .room = map->count};
    ret_value->pairs = arena_alloc(s->arena, (map->count + 1) * sizeof(struct pair));
    for (uint32_t i = 0; i < map->count; i++) {
        struct pair *pair = &ret_value->pairs[ret_value->count];

        pair->key = map->pairs[i].key;
        TRY(shape_any(s, item, &map->pairs[i].value, path_key(s, path, pair->key), &pair->value));
        ret_value->count += pair->value.kind != VALUE_NONE;
    }
    return OK;
}

/* ---- scalars ---- */

static status shape_scalar(struct shaping *s, uint32_t shape, const struct value *document,
                           struct str path, struct value *ret_value)
{
    uint8_t kind = model_shape(shape)->kind;
    struct str text = doc_text(s->arena, document);
    struct value made;

    if (text.at == NULL && (kind == SHAPE_STRING || kind == SHAPE_BLOB)) {
        text = doc_json(s->arena, document); /* a policy as a tree */
    }
    if (text.at == NULL) {
        return mismatch(s, shape, document, path);
    }
    if (kind == SHAPE_BLOB) {
        *ret_value = (struct value){.kind = VALUE_BLOB, .shape = shape, .str = text};
        return OK;
    }
    if (kind == SHAPE_BOOLEAN) {
        text = str_eq_nocase(text, STR("true"))    ? STR("true")
               : str_eq_nocase(text, STR("false")) ? STR("false")
                                                   : text;
    }
    if (scalar_read((struct scalar){.shape = shape}, text, s->arena, &made) != OK) {
        return mismatch(s, shape, document, path);
    }
    *ret_value = made;
    return OK;
}

static status shape_any(struct shaping *s, uint32_t shape, const struct value *document,
                        struct str path, struct value *ret_value)
{
    if (document->kind == VALUE_NULL || document->kind == VALUE_NONE) {
        *ret_value = (struct value){.kind = VALUE_NONE, .shape = shape};
        return OK;
    }
    switch (model_shape(shape)->kind) {
    case SHAPE_DOCUMENT:
        *ret_value = *document;
        return OK;
    case SHAPE_STRUCTURE:
        return shape_structure(s, shape, document, path, ret_value);
    case SHAPE_LIST:
        return shape_list(s, shape, document, path, ret_value);
    case SHAPE_MAP:
        return shape_map(s, shape, document, path, ret_value);
    default:
        return shape_scalar(s, shape, document, path, ret_value);
    }
}

status resource_shape(struct resource *r, uint32_t shape, const struct value *document,
                      struct str path, struct value *ret_value)
{
    struct shaping s = {r, r->c->arena};

    return shape_any(&s, shape, document, path, ret_value);
}

status resource_set(struct resource *r, struct inner *inner, const char *member,
                    const struct value *document)
{
    const struct shape *about = model_shape(inner->operation->input);
    int index = member_index(about, str_c(member));

    assert(index >= 0);
    if (document == NULL) {
        return OK;
    }
    return resource_shape(r, model_members[about->first + (uint32_t)index].shape, document,
                          arena_printf(r->c->arena, "#/%s", member), &inner->in->items[index]);
}

status resource_fill(struct resource *r, struct inner *inner)
{
    const struct shape *about = model_shape(inner->operation->input);

    for (size_t i = 0; i < r->type->property_count; i++) {
        const struct resource_property *property = &r->type->properties[i];
        const char *member = property->member == NULL ? property->name : property->member;
        bool tags = (property->flags & RESOURCE_TAGS) != 0;
        const struct value *document = tags ? resource_tags(r, property->name)
                                            : resource_get(r, property->name);
        int index = member_index(about, str_c(member));

        if (index < 0 || document == NULL) {
            continue;
        }
        TRY(resource_shape(r, model_members[about->first + (uint32_t)index].shape, document,
                           arena_printf(r->c->arena, "#/%s", property->name),
                           &inner->in->items[index]));
    }
    return OK;
}

status resource_set_or(struct resource *r, struct inner *inner, const char *member,
                       const char *property, const char *json)
{
    const struct value *document = resource_get(r, property);

    if (document == NULL && json != NULL && resource_changed(r, property)) {
        document = resource_json(r, json);
    }
    return resource_set(r, inner, member, document);
}

/* ---- and back ---- */

static struct str title_of(struct arena *arena, struct str name)
{
    char *made = arena_alloc(arena, name.bytes + 1);

    memcpy(made, name.at, name.bytes);
    if (name.bytes > 0 && made[0] >= 'a' && made[0] <= 'z') {
        made[0] = (char)(made[0] - 'a' + 'A');
    }
    return str_of(made, name.bytes);
}

static void unshape(struct arena *arena, const struct value *shaped, struct value *ret_document)
{
    struct value *map = NULL;

    switch (shaped->kind) {
    case VALUE_STRUCT:
    case VALUE_ONE:
        map = doc_map(arena);
        for (uint32_t i = 0; i < shaped->count; i++) {
            uint32_t member = model_shape(shaped->shape)->first + value_place(shaped, i);
            struct str name = model_text(model_members[member].name);

            if (shaped->items[i].kind != VALUE_NONE) {
                unshape(arena, &shaped->items[i], doc_put(arena, map, title_of(arena, name)));
            }
        }
        *ret_document = *map;
        return;
    case VALUE_LIST:
        *ret_document = (struct value){.kind = VALUE_LIST};
        for (uint32_t i = 0; i < shaped->count; i++) {
            unshape(arena, &shaped->items[i], doc_add(arena, ret_document));
        }
        return;
    case VALUE_MAP:
        *ret_document = (struct value){.kind = VALUE_MAP};
        for (uint32_t i = 0; i < shaped->count; i++) {
            unshape(arena, &shaped->pairs[i].value,
                    doc_put(arena, ret_document, shaped->pairs[i].key));
        }
        return;
    case VALUE_TIME:
        *ret_document = (struct value){.kind = VALUE_INT, .number = shaped->moment_ms / 1000};
        return;
    default:
        *ret_document = *shaped;
        ret_document->shape = 0;
    }
}

struct value *resource_document(struct arena *arena, const struct value *shaped)
{
    struct value *document = ARENA_NEW(arena, struct value);

    unshape(arena, shaped, document);
    return document;
}
