/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: looking and changing. A map or list keeps its pairs or items in the arena and takes
 * twice the room when it is full; the old ones stay where they are, so a copy of the head that was
 * made before goes on seeing what it saw.
 */
#include "svc/cloudformation/sam_node.h"

#include <assert.h>

/* ---- looking ---- */

static struct value *find_any(const struct value *value, struct str key)
{
    if (!node_is(value, VALUE_MAP)) {
        return NULL;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (str_eq(value->pairs[i].key, key)) {
            return &value->pairs[i].value;
        }
    }
    return NULL;
}

struct value *node_find(const struct value *value, struct str key)
{
    struct value *found = find_any(value, key);

    return found == NULL || found->kind == VALUE_NULL ? NULL : found;
}

struct value *node_get(const struct value *value, const char *key)
{
    return node_find(value, str_c(key));
}

bool node_has(const struct value *value, const char *key)
{
    return find_any(value, str_c(key)) != NULL;
}

bool node_is(const struct value *value, enum value_kind kind)
{
    return value != NULL && value->kind == kind;
}

struct str node_text(const struct value *value)
{
    return node_is(value, VALUE_STR) ? value->str : STR_NONE;
}

bool node_is_text(const struct value *value, const char *text)
{
    return node_is(value, VALUE_STR) && str_eq(value->str, str_c(text));
}

bool node_true(const struct value *value)
{
    if (value == NULL) {
        return false;
    }
    switch (value->kind) {
    case VALUE_BOOL:
        return value->truth;
    case VALUE_INT:
        return value->number != 0;
    case VALUE_DOUBLE:
        return value->real != 0;
    case VALUE_STR:
        return value->str.bytes > 0;
    case VALUE_LIST:
    case VALUE_MAP:
        return value->count > 0;
    default:
        return false;
    }
}

bool node_is_false(const struct value *value)
{
    return node_is(value, VALUE_BOOL) && !value->truth;
}

static bool many_eq(const struct value *a, const struct value *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->kind == VALUE_LIST ? !node_eq(&a->items[i], &b->items[i])
                                  : !node_eq(&a->pairs[i].value, find_any(b, a->pairs[i].key))) {
            return false;
        }
    }
    return true;
}

bool node_eq(const struct value *a, const struct value *b)
{
    if (a == NULL || b == NULL || a->kind != b->kind) {
        return a == b;
    }
    switch (a->kind) {
    case VALUE_BOOL:
        return a->truth == b->truth;
    case VALUE_INT:
        return a->number == b->number;
    case VALUE_DOUBLE:
        return a->real == b->real;
    case VALUE_STR:
        return str_eq(a->str, b->str);
    case VALUE_LIST:
    case VALUE_MAP:
        return many_eq(a, b);
    default:
        return true;
    }
}

bool node_in(const struct value *list, const struct value *item)
{
    for (uint32_t i = 0; node_is(list, VALUE_LIST) && i < list->count; i++) {
        if (node_eq(&list->items[i], item)) {
            return true;
        }
    }
    return false;
}

bool node_is_intrinsic(const struct value *value)
{
    struct str key;

    if (!node_is(value, VALUE_MAP) || value->count != 1) {
        return false;
    }
    key = value->pairs[0].key;
    return str_eq(key, STR("Ref")) || str_eq(key, STR("Condition")) ||
           str_starts(key, STR("Fn::"));
}

bool node_is_function(const struct value *value, const char *name)
{
    return node_is(value, VALUE_MAP) && value->count == 1 &&
           str_eq(value->pairs[0].key, str_c(name));
}

bool node_is_no_value(const struct value *value)
{
    return node_is_function(value, "Ref") &&
           node_is_text(&value->pairs[0].value, "AWS::NoValue");
}

struct str node_named(const struct value *value)
{
    const struct value *what = node_is_intrinsic(value) ? &value->pairs[0].value : NULL;

    if (node_is_function(value, "Ref")) {
        return node_text(what);
    }
    if (!node_is_function(value, "Fn::GetAtt")) {
        return STR_NONE;
    }
    if (node_is(what, VALUE_LIST) && what->count == 2) {
        return node_text(&what->items[0]);
    }
    if (node_is(what, VALUE_STR)) {
        size_t dot = str_find(what->str, '.', 0);

        if (dot < what->str.bytes && str_find(what->str, '.', dot + 1) == what->str.bytes) {
            return str_slice(what->str, 0, dot);
        }
    }
    return STR_NONE;
}

/* ---- making ---- */

struct value *node_new(struct arena *arena, struct value value)
{
    struct value *made = ARENA_NEW(arena, struct value);

    *made = value;
    return made;
}

struct value node_str(struct str text)
{
    return (struct value){.kind = VALUE_STR, .str = text};
}

struct value node_c(const char *text)
{
    return node_str(str_c(text));
}

struct value node_bool(bool truth)
{
    return (struct value){.kind = VALUE_BOOL, .truth = truth};
}

struct value node_map(void)
{
    return (struct value){.kind = VALUE_MAP};
}

struct value node_list(void)
{
    return (struct value){.kind = VALUE_LIST};
}

struct value node_copy(struct arena *arena, const struct value *value)
{
    struct value made = value == NULL ? (struct value){.kind = VALUE_NULL} : *value;

    if (made.kind == VALUE_LIST) {
        made.room = value->count;
        made.items = arena_alloc(arena, (value->count + 1) * sizeof(struct value));
        for (uint32_t i = 0; i < value->count; i++) {
            made.items[i] = node_copy(arena, &value->items[i]);
        }
    } else if (made.kind == VALUE_MAP) {
        made.room = value->count;
        made.pairs = arena_alloc(arena, (value->count + 1) * sizeof(struct pair));
        for (uint32_t i = 0; i < value->count; i++) {
            made.pairs[i].key = value->pairs[i].key;
            made.pairs[i].value = node_copy(arena, &value->pairs[i].value);
        }
    }
    return made;
}

/* ---- changing ---- */

static void *more(struct arena *arena, struct value *value, void *old, size_t each_bytes)
{
    uint32_t room = value->count < 4 ? 8 : value->count * 2;
    void *at;

    if (value->count < value->room) {
        return old;
    }
    at = arena_alloc(arena, room * each_bytes);
    if (value->count > 0) {
        memcpy(at, old, value->count * each_bytes);
    }
    value->room = room;
    return at;
}

struct value *node_set(struct arena *arena, struct value *map, struct str key,
                      const struct value *value)
{
    struct value *at = find_any(map, key);

    if (value == NULL || value->kind == VALUE_NONE) {
        return at;
    }
    assert(map->kind == VALUE_MAP);
    if (at == NULL) {
        map->pairs = more(arena, map, map->pairs, sizeof(struct pair));
        map->pairs[map->count].key = key;
        at = &map->pairs[map->count++].value;
    }
    *at = *value;
    return at;
}

struct value *node_put(struct arena *arena, struct value *map, const char *key,
                      struct value value)
{
    return node_set(arena, map, str_c(key), &value);
}

void node_remove(struct value *map, const char *key)
{
    struct value *at = find_any(map, str_c(key));
    uint32_t index;

    if (at == NULL) {
        return;
    }
    for (index = 0; &map->pairs[index].value != at; index++) {
    }
    memmove(&map->pairs[index], &map->pairs[index + 1],
            (map->count - index - 1) * sizeof(struct pair));
    map->count--;
}

void node_push(struct arena *arena, struct value *list, struct value item)
{
    assert(list->kind == VALUE_LIST);
    list->items = more(arena, list, list->items, sizeof(struct value));
    list->items[list->count++] = item;
}

void node_extend(struct arena *arena, struct value *list, const struct value *other)
{
    for (uint32_t i = 0; node_is(other, VALUE_LIST) && i < other->count; i++) {
        node_push(arena, list, other->items[i]);
    }
}

void node_update(struct arena *arena, struct value *map, const struct value *other)
{
    for (uint32_t i = 0; node_is(other, VALUE_MAP) && i < other->count; i++) {
        node_set(arena, map, other->pairs[i].key, &other->pairs[i].value);
    }
}

struct value *node_enter(struct arena *arena, struct value *map, struct str key)
{
    struct value *at = find_any(map, key);
    struct value empty = node_map();

    if (at == NULL || at->kind == VALUE_NULL) {
        return node_set(arena, map, key, &empty);
    }
    return at->kind == VALUE_MAP ? at : NULL;
}
