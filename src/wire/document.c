/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees without a model: reading, building, comparing.
 */
#include "wire/document.h"

#include "wire/json.h"

#define NUMBER_BYTES_MAX 64

const struct value *doc_get(const struct value *map, const char *key)
{
    return map != NULL && map->kind == VALUE_MAP ? map_find(map, str_c(key)) : NULL;
}

struct str doc_text(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct str made;

    if (value == NULL) {
        return STR_NONE;
    }
    switch (value->kind) {
    case VALUE_STR:
        return value->str;
    case VALUE_BOOL:
        return value->truth ? STR("true") : STR("false");
    case VALUE_INT:
        return arena_printf(arena, "%lld", (long long)value->number);
    case VALUE_DOUBLE:
        buf_init(&text, NUMBER_BYTES_MAX);
        json_write_double(&text, value->real);
        made = arena_dup(arena, buf_str(&text));
        buf_done(&text);
        return made;
    default:
        return STR_NONE;
    }
}

struct value *doc_map(struct arena *arena)
{
    struct value *map = ARENA_NEW(arena, struct value);

    map->kind = VALUE_MAP;
    return map;
}

static void *grown(struct arena *arena, void *old, const struct value *of, size_t bytes)
{
    void *made;

    if (of->count < of->room) {
        return old;
    }
    made = arena_alloc(arena, (of->room == 0 ? 4 : of->room * 2) * bytes);
    if (of->count > 0) {
        memcpy(made, old, of->count * bytes);
    }
    return made;
}

struct value *doc_put(struct arena *arena, struct value *map, struct str key)
{
    struct pair *pairs = grown(arena, map->pairs, map, sizeof(struct pair));

    map->room = map->count < map->room ? map->room : map->room == 0 ? 4 : map->room * 2;
    map->pairs = pairs;
    map->pairs[map->count] = (struct pair){key, {.kind = VALUE_NULL}};
    return &map->pairs[map->count++].value;
}

struct value *doc_add(struct arena *arena, struct value *list)
{
    struct value *items = grown(arena, list->items, list, sizeof(struct value));

    list->room = list->count < list->room ? list->room : list->room == 0 ? 4 : list->room * 2;
    list->items = items;
    list->items[list->count] = (struct value){.kind = VALUE_NULL};
    return &list->items[list->count++];
}

void doc_put_text(struct arena *arena, struct value *map, const char *key, struct str text)
{
    struct value *value = doc_put(arena, map, str_c(key));

    value->kind = VALUE_STR;
    value->str = text;
}

void doc_put_int(struct arena *arena, struct value *map, const char *key, int64_t number)
{
    struct value *value = doc_put(arena, map, str_c(key));

    value->kind = VALUE_INT;
    value->number = number;
}

void doc_put_bool(struct arena *arena, struct value *map, const char *key, bool truth)
{
    struct value *value = doc_put(arena, map, str_c(key));

    value->kind = VALUE_BOOL;
    value->truth = truth;
}

struct value *doc_put_map(struct arena *arena, struct value *map, struct str key)
{
    struct value *value = doc_put(arena, map, key);

    value->kind = VALUE_MAP;
    return value;
}

struct value *doc_put_list(struct arena *arena, struct value *map, const char *key)
{
    struct value *value = doc_put(arena, map, str_c(key));

    value->kind = VALUE_LIST;
    return value;
}

struct value *doc_map_of(struct arena *arena, struct value *map, struct str key)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, key)) {
            return &map->pairs[i].value;
        }
    }
    return doc_put_map(arena, map, key);
}

struct str doc_json(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct str made;

    buf_init(&text, DOC_JSON_BYTES_MAX);
    json_write(&text, value, TIME_ISO);
    made = buf_spent(&text) ? STR_NONE : arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

struct value *doc_copy(struct arena *arena, const struct value *value)
{
    struct value *copy = ARENA_NEW(arena, struct value);

    *copy = *value;
    if (value->kind == VALUE_LIST) {
        copy->room = value->count;
        copy->items = arena_alloc(arena, (value->count + 1) * sizeof(struct value));
        for (uint32_t i = 0; i < value->count; i++) {
            copy->items[i] = *doc_copy(arena, &value->items[i]);
        }
    } else if (value->kind == VALUE_MAP) {
        copy->room = value->count;
        copy->pairs = arena_alloc(arena, (value->count + 1) * sizeof(struct pair));
        for (uint32_t i = 0; i < value->count; i++) {
            copy->pairs[i].key = value->pairs[i].key;
            copy->pairs[i].value = *doc_copy(arena, &value->pairs[i].value);
        }
    }
    return copy;
}

static bool maps_same(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value *other = map_find(b, a->pairs[i].key);

        if (other == NULL || !doc_same(&a->pairs[i].value, other)) {
            return false;
        }
    }
    return true;
}

static bool lists_same(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (!doc_same(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

static bool is_tree(const struct value *value)
{
    return value->kind == VALUE_LIST || value->kind == VALUE_MAP;
}

static bool scalars_same(const struct value *a, const struct value *b)
{
    struct arena *arena;
    bool same;

    if (a->kind == VALUE_STR && b->kind == VALUE_STR) {
        return str_eq(a->str, b->str);
    }
    arena = arena_new((size_t)1 << 16);
    same = str_eq(doc_text(arena, a), doc_text(arena, b));
    arena_free(arena);
    return same;
}

bool doc_same(const struct value *a, const struct value *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (is_tree(a) || is_tree(b)) {
        return a->kind == b->kind && a->count == b->count &&
               (a->kind == VALUE_MAP ? maps_same(a, b) : lists_same(a, b));
    }
    return scalars_same(a, b);
}
