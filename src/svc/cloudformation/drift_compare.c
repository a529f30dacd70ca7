/* SPDX-License-Identifier: Apache-2.0
 *
 * Two documents, and where they differ.
 *
 * Rules
 *  1. Only what the template says explicitly is compared: what a service adds is no drift.
 *  2. Lists whose items are the same in another order are the same.
 *  3. A tree and its JSON text are the same.
 */
#include "svc/cloudformation/drift.h"

#include "wire/json.h"

#define DEPTH_MAX 40

struct comparison {
    struct arena *arena;  /* for what is found */
    struct value *list;   /* of it */
    uint32_t depth;       /* how far down */
};

static struct str text_of(struct arena *arena, const struct value *value)
{
    if (value == NULL) {
        return STR("null");
    }
    return value->kind == VALUE_MAP || value->kind == VALUE_LIST ? doc_json(arena, value)
                                                                 : doc_text(arena, value);
}

static void differs(struct comparison *with, struct str path, const struct value *expected,
                    const struct value *actual)
{
    struct value *map;

    if (with->list->count == DIFFERENCES_MAX) {
        return;
    }
    map = doc_add(with->arena, with->list);
    map->kind = VALUE_MAP;
    doc_put_text(with->arena, map, "path", path);
    doc_put_text(with->arena, map, "expected", text_of(with->arena, expected));
    doc_put_text(with->arena, map, "actual", text_of(with->arena, actual));
    doc_put_text(with->arena, map, "type", expected == NULL ? STR("ADD")
                                           : actual == NULL ? STR("REMOVE")
                                                            : STR("NOT_EQUAL"));
}

/* Rule 3. */
static const struct value *tree_like(struct arena *arena, const struct value *value,
                                     const struct value *other)
{
    struct value *tree;

    if (value->kind != VALUE_STR || value->str.bytes == 0 ||
        (other->kind != VALUE_MAP && other->kind != VALUE_LIST)) {
        return value;
    }
    tree = ARENA_NEW(arena, struct value);
    return json_read(arena_dup(arena, value->str), 0, arena, NULL, tree) == OK ? tree : value;
}

static void compare(struct comparison *with, struct str path, const struct value *expected,
                    const struct value *actual);

/* What is a map in both: rule 1. */
static bool map_says(const struct value *expected, const struct value *actual)
{
    bool same = expected->kind == VALUE_MAP && actual->kind == VALUE_MAP;

    for (uint32_t i = 0; same && i < expected->count; i++) {
        same = doc_same(&expected->pairs[i].value, map_find(actual, expected->pairs[i].key));
    }
    return same;
}

/* Rule 2: each item of the one is one of the other. */
static bool same_items(const struct value *expected, const struct value *actual)
{
    bool same = expected->count == actual->count;

    for (uint32_t i = 0; same && i < expected->count; i++) {
        same = false;
        for (uint32_t j = 0; !same && j < actual->count; j++) {
            same = doc_same(&expected->items[i], &actual->items[j]) ||
                   map_says(&expected->items[i], &actual->items[j]);
        }
    }
    return same;
}

static void compare_lists(struct comparison *with, struct str path, const struct value *expected,
                          const struct value *actual)
{
    uint32_t most = expected->count > actual->count ? expected->count : actual->count;

    if (same_items(expected, actual)) {
        return;
    }
    for (uint32_t i = 0; i < most; i++) {
        struct str inside = arena_printf(with->arena, "%.*s/%u", STR_ARG(path), i);

        if (i >= actual->count) {
            differs(with, inside, &expected->items[i], NULL);
        } else if (i >= expected->count) {
            differs(with, inside, NULL, &actual->items[i]);
        } else {
            compare(with, inside, &expected->items[i], &actual->items[i]);
        }
    }
}

static void compare_maps(struct comparison *with, struct str path, const struct value *expected,
                         const struct value *actual)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        struct str key = expected->pairs[i].key;

        compare(with, arena_printf(with->arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(key)),
                &expected->pairs[i].value, map_find(actual, key));
    }
}

static void compare(struct comparison *with, struct str path, const struct value *expected,
                    const struct value *actual)
{
    if (actual == NULL || with->depth >= DEPTH_MAX) {
        differs(with, path, expected, actual);
        return;
    }
    with->depth++;
    actual = tree_like(with->arena, actual, expected);
    expected = tree_like(with->arena, expected, actual);
    if (expected->kind == VALUE_MAP && actual->kind == VALUE_MAP) {
        compare_maps(with, path, expected, actual);
    } else if (expected->kind == VALUE_LIST && actual->kind == VALUE_LIST) {
        compare_lists(with, path, expected, actual);
    } else if (!doc_same(expected, actual)) {
        differs(with, path, expected, actual);
    }
    with->depth--;
}

struct value *drift_compare(struct arena *arena, const struct value *expected,
                            const struct value *actual)
{
    struct comparison with = {.arena = arena, .list = ARENA_NEW(arena, struct value)};

    with.list->kind = VALUE_LIST;
    compare(&with, STR(""), expected, actual);
    return with.list;
}
