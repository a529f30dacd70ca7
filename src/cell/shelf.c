/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees as rows, and the small acts on trees that go with it. Invariant: a row's JSON is written
 * and read by the same shape, found by its path in an operation's output, never by its number.
 */
#include "cell/shelf.h"

#include "base/codec.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1

/* ---- shapes ---- */

/* A list's or map's items' shape, however deep. */
static uint32_t item_shape(uint32_t shape)
{
    const struct shape *about = model_shape(shape);

    while (about->kind == SHAPE_LIST || about->kind == SHAPE_MAP) {
        shape = model_members[about->first + (about->kind == SHAPE_MAP ? 1 : 0)].shape;
        about = model_shape(shape);
    }
    return shape;
}

uint32_t shelf_shape(const char *service, const char *operation, const char *path)
{
    const struct operation *found = model_operation(model_service(str_c(service)),
                                                    str_c(operation));
    struct str rest = path[0] == '\0' ? STR_NONE : str_c(path);
    uint32_t shape;

    assert(found != NULL);
    shape = found->output;
    while (rest.at != NULL) {
        int index = model_member_index(model_shape(shape), str_split(&rest, '.'));

        assert(index >= 0);
        shape = item_shape(model_members[model_shape(shape)->first + (uint32_t)index].shape);
    }
    return shape;
}

/* ---- rows ---- */

struct key shelf_key(struct call *c, const char *service, const char *kind)
{
    struct key key = key_of(c->arena, service);

    key_str(&key, str_c(kind));
    key_str(&key, c->account);
    key_str(&key, c->region);
    return key;
}

void shelf_put(struct call *c, struct str key, const struct value *about)
{
    struct buf packed;

    buf_init(&packed, SHELF_BYTES_MAX);
    buf_add_c(&packed, VERSION);
    json_write(&packed, about, TIME_EPOCH);
    txn_put_packed(c->txn, key, &packed);
}

struct value *shelf_read(struct arena *arena, struct str packed, uint32_t shape)
{
    struct value *about = ARENA_NEW(arena, struct value);
    struct why why;
    status read;

    assert(packed.bytes > 1);
    assert(packed.at[0] == VERSION);
    read = json_read(arena_dup(arena, str_slice(packed, 1, packed.bytes)), shape, arena, &why,
                     about);
    assert(read == OK);
    return about;
}

struct value *shelf_get(struct call *c, struct str key, uint32_t shape)
{
    struct str packed;

    return txn_get(c->txn, key, &packed) ? shelf_read(c->arena, packed, shape) : NULL;
}

struct value *shelf_peek(struct cell *cell, struct arena *arena, struct str key, uint32_t shape)
{
    struct str packed;

    return store_get(cell_store(cell), arena, key, &packed) ? shelf_read(arena, packed, shape)
                                                            : NULL;
}

/* ---- trees ---- */

void unset(struct value *structure, const char *member)
{
    int index = model_member_index(model_shape(structure->shape), str_c(member));

    assert(structure->kind == VALUE_STRUCT);
    assert(index >= 0);
    structure->items[index].kind = VALUE_NONE;
}

struct value *value_copy(struct arena *arena, const struct value *structure)
{
    struct value *copy = ARENA_NEW(arena, struct value);

    assert(structure->kind == VALUE_STRUCT);
    *copy = *structure;
    copy->items = arena_alloc(arena, (structure->count + 1) * sizeof(copy->items[0]));
    memcpy(copy->items, structure->items, structure->count * sizeof(copy->items[0]));
    return copy;
}

static struct value value_as(struct arena *arena, const struct value *from, uint32_t shape);

static struct value structure_as(struct arena *arena, const struct value *from, uint32_t shape)
{
    struct value *made = value_struct(arena, shape);

    assert(from->kind == VALUE_STRUCT);
    set_members(arena, made, from);
    return *made;
}

/* The same value by another service's name for its shape. */
static struct value value_as(struct arena *arena, const struct value *from, uint32_t shape)
{
    const struct shape *about = model_shape(shape);
    struct value made = *from;

    made.shape = shape;
    if (from->kind == VALUE_STRUCT) {
        return structure_as(arena, from, shape);
    }
    if (from->kind == VALUE_LIST) {
        made.items = arena_alloc(arena, (from->count + 1) * sizeof(made.items[0]));
        for (uint32_t i = 0; i < from->count; i++) {
            made.items[i] = value_as(arena, &from->items[i], model_members[about->first].shape);
        }
        made.room = from->count;
    }
    return made;
}

/* The same kind, of lists also the same kind of items. */
static bool is_alike(uint32_t one, uint32_t other)
{
    const struct shape *a = model_shape(one), *b = model_shape(other);

    while (a->kind == SHAPE_LIST && b->kind == SHAPE_LIST) {
        a = model_shape(model_members[a->first].shape);
        b = model_shape(model_members[b->first].shape);
    }
    return a->kind == b->kind;
}

void set_members(struct arena *arena, struct value *to, const struct value *from)
{
    const struct shape *target = model_shape(to->shape);
    const struct shape *origin = model_shape(from->shape);

    assert(to->kind == VALUE_STRUCT);
    assert(from->kind == VALUE_STRUCT);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct member *member = &model_members[origin->first + i];
        int index = model_member_index(target, model_text(member->name));

        if (index >= 0 && from->items[i].kind != VALUE_NONE &&
            is_alike(model_members[target->first + (uint32_t)index].shape, member->shape)) {
            to->items[index] = value_as(arena, &from->items[i],
                                        model_members[target->first + (uint32_t)index].shape);
        }
    }
}

/* ---- tags ---- */

static struct value *tag_place(const struct value *list, struct str key)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "Key"), key)) {
            return &list->items[i];
        }
    }
    return NULL;
}

struct str tag_find(const struct value *list, struct str key)
{
    const struct value *tag = tag_place(list, key);

    if (tag == NULL) {
        return STR_NONE;
    }
    return has(tag, "Value") ? get_str(tag, "Value") : STR("");
}

void tags_lay(struct arena *arena, struct value *structure, const char *member,
              const struct value *tags)
{
    const struct value *old = get(structure, member);
    struct value before = old == NULL ? (struct value){.kind = VALUE_LIST} : *old;
    struct value *list;

    if (tags == NULL || tags->count == 0) {
        return;
    }
    list = set_list(arena, structure, member, before.count + tags->count);
    for (uint32_t i = 0; i < before.count; i++) {
        set_members(arena, list_add(arena, list), &before.items[i]);
    }
    for (uint32_t i = 0; i < tags->count; i++) {
        struct value *place = tag_place(list, get_str(&tags->items[i], "Key"));

        set_members(arena, place != NULL ? place : list_add(arena, list), &tags->items[i]);
    }
}

void tags_take(struct value *structure, const char *member, const struct value *keys)
{
    int index = model_member_index(model_shape(structure->shape), str_c(member));
    struct value *list;
    uint32_t kept = 0;

    assert(index >= 0);
    list = &structure->items[index];
    if (list->kind == VALUE_NONE) {
        return;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        bool named = false;

        for (uint32_t k = 0; k < keys->count && !named; k++) {
            named = str_eq(keys->items[k].str, get_str(&list->items[i], "Key"));
        }
        if (!named) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
    if (kept == 0) {
        list->kind = VALUE_NONE;
    }
}

size_t tags_count(const struct value *structure, const char *member)
{
    const struct value *list = get(structure, member);

    return list == NULL ? 0 : list->count;
}

struct str shelf_tell(struct shelf_told *told, struct str text)
{
    struct str *place = &told->texts[told->count++ % SHELF_TOLD_MAX];

    mem_free((char *)(uintptr_t)place->at);
    *place = str_of(mem_dup(text.at, text.bytes), text.bytes);
    return *place;
}

bool shelf_tell_tag(struct shelf_told *told, const struct value *list, struct str key,
                    struct str *ret_value)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq_nocase(get_str(&list->items[i], "Key"), key)) {
            *ret_value = shelf_tell(told, get_str(&list->items[i], "Value"));
            return true;
        }
    }
    return false;
}

void shelf_told_done(struct shelf_told *told)
{
    for (size_t i = 0; i < SHELF_TOLD_MAX; i++) {
        mem_free((char *)(uintptr_t)told->texts[i].at);
        told->texts[i] = STR_NONE;
    }
}

/* ---- pages ---- */

struct str page_token(struct arena *arena, struct str text)
{
    char *letters = arena_alloc(arena, base64_encoded_bytes(text.bytes) + 1);

    base64_encode(text, letters);
    return str_of(letters, base64_encoded_bytes(text.bytes));
}

bool page_token_read(struct arena *arena, struct str token, struct str *ret_text)
{
    char *plain = arena_alloc(arena, token.bytes + 1);
    size_t bytes;

    if (token.bytes == 0 || !base64_decode(token, plain, &bytes)) {
        return false;
    }
    *ret_text = str_of(plain, bytes);
    return true;
}
