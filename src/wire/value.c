/* SPDX-License-Identifier: Apache-2.0
 *
 * Value trees: reading, building, dumping. Invariant: a structure has exactly as many fields as its
 * shape has members, in the same order.
 */
#include "wire/value.h"

#include "base/buf.h"
#include "base/codec.h"
#include "wire/json.h"

#include <assert.h>

/* ---- reading ---- */

static struct value *field(const struct value *structure, const char *member)
{
    static struct value none; /* what a VALUE_ONE does not have; never written to: see place */
    int index;

    assert(structure->kind == VALUE_STRUCT || structure->kind == VALUE_ONE);
    index = model_member_index(model_shape(structure->shape), str_c(member));
    if (index < 0) { /* a bug of ours, if the models are those that weir is written for */
        static _Thread_local struct value nowhere;

        assert(!model_is_pinned);
        nowhere = (struct value){.kind = VALUE_NONE};
        return &nowhere;
    }
    if (structure->kind == VALUE_ONE) {
        return structure->room == (uint32_t)index ? structure->items : &none;
    }
    return &structure->items[index];
}

/* Older models do not know every member: what is put there is in no answer. */
static bool is_known(const struct value *structure, const char *member)
{
    return model_is_pinned ||
           model_member_index(model_shape(structure->shape), str_c(member)) >= 0;
}

const struct value *get(const struct value *structure, const char *member)
{
    const struct value *found = field(structure, member);

    return found->kind == VALUE_NONE ? NULL : found;
}

bool has(const struct value *structure, const char *member)
{
    return field(structure, member)->kind != VALUE_NONE;
}

struct str get_str(const struct value *structure, const char *member)
{
    const struct value *found = field(structure, member);

    if (found->kind == VALUE_NONE) {
        return STR_NONE;
    }
    assert(found->kind == VALUE_STR || found->kind == VALUE_BLOB);
    return found->str;
}

int64_t get_int(const struct value *structure, const char *member, int64_t fallback)
{
    const struct value *found = field(structure, member);

    if (found->kind == VALUE_NONE) {
        return fallback;
    }
    assert(found->kind == VALUE_INT);
    return found->number;
}

double get_double(const struct value *structure, const char *member, double fallback)
{
    const struct value *found = field(structure, member);

    if (found->kind == VALUE_NONE) {
        return fallback;
    }
    if (found->kind == VALUE_INT) {
        return (double)found->number;
    }
    assert(found->kind == VALUE_DOUBLE);
    return found->real;
}

bool get_bool(const struct value *structure, const char *member, bool fallback)
{
    const struct value *found = field(structure, member);

    if (found->kind == VALUE_NONE) {
        return fallback;
    }
    assert(found->kind == VALUE_BOOL);
    return found->truth;
}

int64_t get_time(const struct value *structure, const char *member, int64_t fallback_ms)
{
    const struct value *found = field(structure, member);

    if (found->kind == VALUE_NONE) {
        return fallback_ms;
    }
    assert(found->kind == VALUE_TIME);
    return found->moment_ms;
}

const struct value *map_find(const struct value *map, struct str key)
{
    assert(map->kind == VALUE_MAP);
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, key)) {
            return &map->pairs[i].value;
        }
    }
    return NULL;
}

/* ---- building ---- */

static void make_struct(struct arena *arena, struct value *at, uint32_t shape)
{
    uint32_t count = model_shape(shape)->count;

    assert(model_shape(shape)->kind == SHAPE_STRUCTURE || shape == 0);
    *at = (struct value){.kind = VALUE_STRUCT, .shape = shape, .count = count, .room = count};
    at->items = arena_zero(arena, (count + 1) * sizeof(struct value));
}

struct value *value_struct(struct arena *arena, uint32_t shape)
{
    struct value *made = ARENA_NEW(arena, struct value);

    make_struct(arena, made, shape);
    return made;
}

/* The member's shape, by its place in the structure's fields. */
static uint32_t member_shape(const struct value *structure, const struct value *at)
{
    uint32_t index = structure->kind == VALUE_ONE ? structure->room
                                                  : (uint32_t)(at - structure->items);

    return model_members[model_shape(structure->shape)->first + index].shape;
}

static struct value *place(struct value *structure, const char *member, enum value_kind kind)
{
    struct value *at = field(structure, member);
    uint32_t shape = is_known(structure, member) ? member_shape(structure, at) : 0;

    assert(structure->kind == VALUE_STRUCT || at == structure->items);
    *at = (struct value){.kind = (uint8_t)kind, .shape = shape};
    return at;
}

void set_str(struct value *structure, const char *member, struct str s)
{
    place(structure, member, VALUE_STR)->str = s;
}

void set_blob(struct value *structure, const char *member, struct str s)
{
    place(structure, member, VALUE_BLOB)->str = s;
}

void set_int(struct value *structure, const char *member, int64_t number)
{
    place(structure, member, VALUE_INT)->number = number;
}

void set_double(struct value *structure, const char *member, double number)
{
    place(structure, member, VALUE_DOUBLE)->real = number;
}

void set_bool(struct value *structure, const char *member, bool truth)
{
    place(structure, member, VALUE_BOOL)->truth = truth;
}

void set_time(struct value *structure, const char *member, int64_t moment_ms)
{
    place(structure, member, VALUE_TIME)->moment_ms = moment_ms;
}

struct value *set_struct(struct arena *arena, struct value *structure, const char *member)
{
    struct value *at = field(structure, member);

    if (!is_known(structure, member)) {
        return value_struct(arena, 0);
    }
    make_struct(arena, at, member_shape(structure, at));
    return at;
}

/* A list or a map; where the member is not known, one that no answer will look at. */
static struct value *place_many(struct arena *arena, struct value *structure, const char *member,
                                enum value_kind kind)
{
    struct value *at = place(structure, member, kind);

    if (is_known(structure, member)) {
        assert(model_shape(at->shape)->kind == (kind == VALUE_LIST ? SHAPE_LIST : SHAPE_MAP));
        return at;
    }
    at = ARENA_NEW(arena, struct value);
    at->kind = (uint8_t)kind;
    return at;
}

struct value *set_list(struct arena *arena, struct value *structure, const char *member,
                       size_t count_max)
{
    struct value *at = place_many(arena, structure, member, VALUE_LIST);

    assert(count_max <= UINT32_MAX);
    at->room = (uint32_t)count_max;
    at->items = arena_alloc(arena, (count_max + 1) * sizeof(struct value));
    return at;
}

struct value *set_map(struct arena *arena, struct value *structure, const char *member,
                      size_t count_max)
{
    struct value *at = place_many(arena, structure, member, VALUE_MAP);

    assert(count_max <= UINT32_MAX);
    at->room = (uint32_t)count_max;
    at->pairs = arena_alloc(arena, (count_max + 1) * sizeof(struct pair));
    return at;
}

void set_value(struct value *structure, const char *member, const struct value *value)
{
    assert(structure->kind == VALUE_STRUCT);
    *field(structure, member) = *value;
}

/* An unset value, or a made structure, of the list's or map's member shape. */
static void blank(struct arena *arena, struct value *at, uint32_t shape)
{
    if (model_shape(shape)->kind == SHAPE_STRUCTURE) {
        make_struct(arena, at, shape);
    } else {
        *at = (struct value){.kind = VALUE_NONE, .shape = shape};
    }
}

static struct value *list_next(struct value *list)
{
    assert(list->kind == VALUE_LIST);
    assert(list->count < list->room);
    return &list->items[list->count++];
}

struct value *list_add(struct arena *arena, struct value *list)
{
    struct value *at = list_next(list);

    blank(arena, at, model_members[model_shape(list->shape)->first].shape);
    return at;
}

static void make_one(struct arena *arena, struct value *at, uint32_t shape, const char *member)
{
    int index = model_member_index(model_shape(shape), str_c(member));

    assert(model_shape(shape)->kind == SHAPE_STRUCTURE);
    assert(index >= 0);
    *at = (struct value){.kind = VALUE_ONE, .shape = shape, .count = 1, .room = (uint32_t)index};
    at->items = ARENA_NEW(arena, struct value);
}

struct value *list_add_one(struct arena *arena, struct value *list, const char *member)
{
    struct value *at = list_next(list);

    make_one(arena, at, model_members[model_shape(list->shape)->first].shape, member);
    return at;
}

static struct value *list_place(struct value *list, enum value_kind kind)
{
    struct value *at = list_next(list);

    *at = (struct value){.kind = (uint8_t)kind,
                         .shape = model_members[model_shape(list->shape)->first].shape};
    return at;
}

void list_add_str(struct value *list, struct str s)
{
    list_place(list, VALUE_STR)->str = s;
}

void list_add_int(struct value *list, int64_t number)
{
    list_place(list, VALUE_INT)->number = number;
}

struct value *list_add_map(struct arena *arena, struct value *list, size_t count_max)
{
    struct value *at = list_place(list, VALUE_MAP);

    assert(model_shape(at->shape)->kind == SHAPE_MAP);
    assert(count_max <= UINT32_MAX);
    at->room = (uint32_t)count_max;
    at->pairs = arena_alloc(arena, (count_max + 1) * sizeof(struct pair));
    return at;
}

static struct value *map_next(struct value *map, struct str key)
{
    struct pair *at;

    assert(map->kind == VALUE_MAP);
    assert(map->count < map->room);
    at = &map->pairs[map->count++];
    at->key = key;
    return &at->value;
}

struct value *map_add_one(struct arena *arena, struct value *map, struct str key,
                          const char *member)
{
    struct value *at = map_next(map, key);

    make_one(arena, at, model_members[model_shape(map->shape)->first + 1].shape, member);
    return at;
}

struct value *map_add(struct arena *arena, struct value *map, struct str key)
{
    struct value *at = map_next(map, key);

    blank(arena, at, model_members[model_shape(map->shape)->first + 1].shape);
    return at;
}

struct value *map_add_list(struct arena *arena, struct value *map, struct str key,
                           size_t count_max)
{
    struct value *at = map_add(arena, map, key);

    assert(model_shape(at->shape)->kind == SHAPE_LIST);
    assert(count_max <= UINT32_MAX);
    at->kind = VALUE_LIST;
    at->room = (uint32_t)count_max;
    at->items = arena_alloc(arena, (count_max + 1) * sizeof(struct value));
    return at;
}

void map_add_str(struct value *map, struct str key, struct str s)
{
    struct value *at = map_next(map, key);

    *at = (struct value){.kind = VALUE_STR,
                         .shape = model_members[model_shape(map->shape)->first + 1].shape};
    at->str = s;
}

/* ---- dumping ---- */

static void dump_time(struct buf *out, int64_t moment_ms)
{
    int part = (int)(moment_ms % 1000);

    if (moment_ms < 0 && moment_ms > -1000) {
        buf_add_c(out, '-'); /* which a whole part of zero does not show */
    }
    buf_add_i64(out, moment_ms / 1000);
    if (part != 0) {
        buf_printf(out, ".%03d", part < 0 ? -part : part);
    }
}

static void dump_struct(struct buf *out, const struct value *value)
{
    const struct shape *shape = model_shape(value->shape);
    bool first = true;

    buf_add_c(out, '{');
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->items[i].kind == VALUE_NONE) {
            continue;
        }
        if (!first) {
            buf_add_c(out, ',');
        }
        first = false;
        json_write_str(out, model_text(model_members[shape->first + value_place(value, i)].name));
        buf_add_c(out, ':');
        value_dump(out, &value->items[i]);
    }
    buf_add_c(out, '}');
}

static void dump_many(struct buf *out, const struct value *value)
{
    bool list = value->kind == VALUE_LIST;

    buf_add_c(out, list ? '[' : '{');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i > 0) {
            buf_add_c(out, ',');
        }
        if (list) {
            value_dump(out, &value->items[i]);
        } else {
            json_write_str(out, value->pairs[i].key);
            buf_add_c(out, ':');
            value_dump(out, &value->pairs[i].value);
        }
    }
    buf_add_c(out, list ? ']' : '}');
}

void value_dump(struct buf *out, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NONE:
    case VALUE_NULL:
        buf_add(out, STR("null"));
        return;
    case VALUE_BOOL:
        buf_add(out, value->truth ? STR("true") : STR("false"));
        return;
    case VALUE_INT:
        buf_add_i64(out, value->number);
        return;
    case VALUE_DOUBLE:
        json_write_double(out, value->real);
        return;
    case VALUE_STR:
        json_write_str(out, value->str);
        return;
    case VALUE_BLOB:
        buf_add_c(out, '"');
        buf_add_base64(out, value->str);
        buf_add_c(out, '"');
        return;
    case VALUE_TIME:
        dump_time(out, value->moment_ms);
        return;
    case VALUE_STRUCT:
    case VALUE_ONE:
        dump_struct(out, value);
        return;
    case VALUE_LIST:
    case VALUE_MAP:
        dump_many(out, value);
        return;
    }
}
