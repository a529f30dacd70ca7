/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees without a model: what a definition is read into and written from.
 */
#include "base/buf.h"
#include "svc/apigatewayv2/openapi.h"
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
