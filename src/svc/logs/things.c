/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptions that are kept as the model has them, and tags.
 *
 *   ("logs", "thing", kind, account, region, scope, name)   version 1: u8 1, JSON
 *   ("logs", "tag", ARN, key)                               version 1: u8 1, the value
 */
#include "svc/logs/keys.h"

#include "cell/cell.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1
#define THING_BYTES_MAX (1u << 20)

/* ---- things ---- */

static struct key key_begin(struct arena *arena, const char *kind, struct str account,
                            struct str region)
{
    struct key key = key_of(arena, "logs");

    key_str(&key, STR("thing"));
    key_str(&key, str_c(kind));
    key_str(&key, account);
    key_str(&key, region);
    return key;
}

static struct key kind_key(struct call *c, const char *kind)
{
    return key_begin(c->arena, kind, c->account, c->region);
}

static struct key thing_key(struct call *c, const char *kind, struct str scope, struct str name)
{
    struct key key = kind_key(c, kind);

    key_str(&key, scope);
    key_str(&key, name);
    return key;
}

void thing_save(struct call *c, const struct thing *thing, const struct value *about)
{
    struct key key = thing_key(c, thing->kind, thing->scope, thing->name);
    struct buf text;

    buf_init(&text, THING_BYTES_MAX);
    buf_add_c(&text, VERSION);
    json_write(&text, about, TIME_EPOCH);
    assert(!buf_spent(&text));
    txn_put(c->txn, key_end(&key), arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
}

static struct value *about_of(struct call *c, struct str packed, uint32_t shape)
{
    struct value *about = ARENA_NEW(c->arena, struct value);
    status read;

    assert(packed.bytes > 1);
    assert(packed.at[0] == VERSION);
    read = json_read(arena_dup(c->arena, str_slice(packed, 1, packed.bytes)), shape, c->arena,
                     &c->why, about);
    assert(read == OK);
    return about;
}

struct value *thing_load(struct call *c, const struct thing *thing, uint32_t shape)
{
    struct key key = thing_key(c, thing->kind, thing->scope, thing->name);
    struct str packed;

    return txn_get(c->txn, key_end(&key), &packed) ? about_of(c, packed, shape) : NULL;
}

bool thing_peek(struct cell *cell, struct arena *arena, const struct arn *arn,
                const struct thing *thing, struct value *ret_document)
{
    struct key key = key_begin(arena, thing->kind, arn->account, arn->region);
    struct str packed;
    struct why why;

    key_str(&key, thing->scope);
    key_str(&key, thing->name);
    return store_get(cell_store(cell), arena, key_end(&key), &packed) &&
           json_read(arena_dup(arena, str_slice(packed, 1, packed.bytes)), 0, arena, &why,
                     ret_document) == OK &&
           ret_document->kind == VALUE_MAP;
}

bool thing_erase(struct call *c, const struct thing *thing)
{
    struct key key = thing_key(c, thing->kind, thing->scope, thing->name);
    struct str packed;

    if (!txn_get(c->txn, key_end(&key), &packed)) {
        return false;
    }
    txn_delete(c->txn, key_end(&key));
    return true;
}

/* Its place is what follows the region in its key. */
struct str things_place(struct call *c, const struct thing *thing)
{
    struct key kind = kind_key(c, thing->kind);
    struct key key = thing_key(c, thing->kind, thing->scope, thing->name);

    return str_slice(key_end(&key), kind.bytes, key.bytes);
}

static struct txn_scan *things_scan(struct call *c, const struct things *things)
{
    struct key kind = kind_key(c, things->kind);
    struct str prefix = key_end(&kind);
    struct str from;

    if (things->scope.at != NULL) {
        struct key key = thing_key(c, things->kind, things->scope, things->prefix);

        prefix = str_of(key.at, key.bytes - 2); /* the name may go on */
    }
    from = prefix;
    if (things->after.bytes > 0) {
        char *key = arena_alloc(c->arena, kind.bytes + things->after.bytes + 1);

        memcpy(key, key_end(&kind).at, kind.bytes);
        memcpy(key + kind.bytes, things->after.at, things->after.bytes);
        key[kind.bytes + things->after.bytes] = '\0'; /* just behind it */
        struct str place = str_of(key, kind.bytes + things->after.bytes + 1);
        from = str_cmp(place, from) > 0 ? place : from;
    }
    return txn_scan(c->txn, from, key_after_prefix(c->arena, prefix), false);
}

bool things_next(struct call *c, struct things *things, struct thing *ret_thing,
                 struct value **ret_about)
{
    struct key kind = kind_key(c, things->kind);
    struct thing thing = {.kind = things->kind};
    struct str key, packed;

    if (things->scan == NULL) {
        things->scan = things_scan(c, things);
    }
    do {
        if (!txn_scan_next(things->scan, &key, &packed)) {
            things_close(things);
            return false;
        }
        struct key_reader reader = {str_slice(key, kind.bytes, key.bytes)};
        bool good = key_read_str(&reader, c->arena, &thing.scope) &&
                    key_read_str(&reader, c->arena, &thing.name);

        assert(good);
    } while (!str_starts(thing.name, things->prefix));
    *ret_thing = thing;
    *ret_about = about_of(c, packed, things->shape);
    return true;
}

void things_close(struct things *things)
{
    if (things->scan != NULL) {
        txn_scan_close(things->scan);
        things->scan = NULL;
    }
}

uint32_t thing_shape(const char *operation, const char *list_member)
{
    const struct operation *found = model_operation(model_service(STR("logs")), str_c(operation));
    const struct shape *output = model_shape(found->output);
    int index = model_member_index(output, str_c(list_member));

    assert(index >= 0);
    const struct shape *list = model_shape(model_members[output->first + (uint32_t)index].shape);

    return model_members[list->first].shape;
}

/* ---- tags ---- */

static struct key tag_key_in(struct arena *arena, struct str arn, struct str name)
{
    struct key key = key_of(arena, "logs");

    key_str(&key, STR("tag"));
    key_str(&key, arn);
    if (name.at != NULL) {
        key_str(&key, name);
    }
    return key;
}

static struct key tag_key(struct call *c, struct str arn, struct str name)
{
    return tag_key_in(c->arena, arn, name);
}

void tag_save(struct call *c, struct str arn, struct str key, struct str value)
{
    struct key row = tag_key(c, arn, key);
    char *packed = arena_alloc(c->arena, value.bytes + 1);

    packed[0] = VERSION;
    if (value.bytes > 0) {
        memcpy(packed + 1, value.at, value.bytes);
    }
    txn_put(c->txn, key_end(&row), str_of(packed, value.bytes + 1));
}

void tag_erase(struct call *c, struct str arn, struct str key)
{
    struct key row = tag_key(c, arn, key);
    struct str value;

    if (txn_get(c->txn, key_end(&row), &value)) {
        txn_delete(c->txn, key_end(&row));
    }
}

bool tag_load(struct call *c, struct str arn, struct str key, struct str *ret_value)
{
    struct key row = tag_key(c, arn, key);
    struct str packed;

    if (!txn_get(c->txn, key_end(&row), &packed)) {
        return false;
    }
    *ret_value = str_slice(packed, 1, packed.bytes);
    return true;
}

bool tag_peek(struct cell *cell, struct str arn, struct str key, struct str *owned)
{
    struct arena *arena = arena_new(64u * 1024);
    struct key prefix = tag_key_in(arena, arn, STR_NONE);
    struct kv_scan *scan = store_scan(cell_store(cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);
    struct str row, value, name;
    bool found = false;

    while (!found && store_scan_next(scan, &row, &value)) {
        struct key_reader reader = {str_slice(row, prefix.bytes, row.bytes)};
        bool good = key_read_str(&reader, arena, &name);

        assert(good);
        found = str_eq_nocase(name, key);
        if (found) {
            text_set(owned, str_slice(value, 1, value.bytes));
        }
    }
    store_scan_close(scan);
    arena_free(arena);
    return found;
}

void tags_erase(struct call *c, struct str arn)
{
    struct key prefix = tag_key(c, arn, STR_NONE);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, value;

    while (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

size_t tags_count(struct call *c, struct str arn)
{
    struct key prefix = tag_key(c, arn, STR_NONE);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, value;
    size_t count = 0;

    while (txn_scan_next(scan, &key, &value)) {
        count++;
    }
    txn_scan_close(scan);
    return count;
}

void tags_put(struct call *c, struct str arn, const char *member)
{
    struct value *map = set_map(c->arena, c->out, member, TAGS_MAX);
    struct key prefix = tag_key(c, arn, STR_NONE);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, value, name;

    while (txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {str_slice(key, prefix.bytes, key.bytes)};
        bool good = key_read_str(&reader, c->arena, &name);

        assert(good);
        map_add_str(map, name, arena_dup(c->arena, str_slice(value, 1, value.bytes)));
    }
    txn_scan_close(scan);
}
