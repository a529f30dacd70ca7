/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading keys and aliases into memory when the service opens; their bytes are described in keys.c.
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/kms/keys.h"

#define VERSION 1

struct parts {
    struct str account, region, name; /* the last: an id, or an alias's name */
};

static bool parts_read(struct arena *arena, struct str row, struct parts *parts)
{
    struct key_reader reader = {row};
    struct str part;

    return key_read_str(&reader, arena, &part) && key_read_str(&reader, arena, &part) &&
           key_read_str(&reader, arena, &parts->account) &&
           key_read_str(&reader, arena, &parts->region) &&
           key_read_str(&reader, arena, &parts->name);
}

static bool read_material(struct cursor *cursor, struct material *material)
{
    struct str id = read_bytes(cursor, MATERIAL_ID_BYTES);

    if (id.bytes != MATERIAL_ID_BYTES) {
        return false;
    }
    memcpy(material->id, id.at, MATERIAL_ID_BYTES);
    material->number = (uint32_t)read_var(cursor);
    material->state = read_u8(cursor);
    material->rotation = read_u8(cursor);
    material->present = read_u8(cursor) != 0;
    material->at_ms = read_zigzag(cursor);
    material->valid_to_ms = read_zigzag(cursor);
    text_set(&material->description, read_str(cursor));
    return cursor_ok(cursor) && material->state <= MATERIAL_PENDING &&
           material->rotation <= ROTATION_ON_DEMAND;
}

static bool read_materials(struct cursor *cursor, struct kms_key *key)
{
    uint64_t count = read_var(cursor);

    if (count > MATERIALS_MAX) {
        return false;
    }
    key->materials = mem_zero((count + 1) * sizeof(key->materials[0]));
    while (key->material_count < count) {
        if (!read_material(cursor, &key->materials[key->material_count++])) {
            return false;
        }
    }
    return true;
}

static bool read_tags(struct cursor *cursor, struct kms_key *key)
{
    uint64_t count = read_var(cursor);

    if (count > TAGS_MAX) {
        return false;
    }
    while (key->tag_count < count) {
        struct kms_tag *tag = &key->tags[key->tag_count++];

        text_set(&tag->key, read_str(cursor));
        text_set(&tag->value, read_str(cursor));
    }
    return true;
}

static bool read_key(struct cursor *cursor, struct kms_key *key)
{
    text_set(&key->description, read_str(cursor));
    text_set(&key->policy, read_str(cursor));
    key->spec = spec_at((uint32_t)read_var(cursor));
    key->usage = read_u8(cursor);
    key->origin = read_u8(cursor);
    key->region_kind = read_u8(cursor);
    text_set(&key->primary, read_str(cursor));
    key->managed = read_u8(cursor) != 0;
    key->enabled = read_u8(cursor) != 0;
    key->created_ms = read_zigzag(cursor);
    key->deletion_ms = read_zigzag(cursor);
    key->window_days = (uint32_t)read_var(cursor);
    key->rotates = read_u8(cursor) != 0;
    key->period_days = (uint32_t)read_var(cursor);
    key->rotation_ms = read_zigzag(cursor);
    key->material_last = (uint32_t)read_var(cursor);
    key->on_demand = (uint32_t)read_var(cursor);
    key->grants = (uint32_t)read_var(cursor);
    return key->spec != NULL && read_materials(cursor, key) && read_tags(cursor, key) &&
           cursor_done(cursor);
}

static bool load_key(struct kms *kms, const struct parts *parts, struct cursor *cursor)
{
    struct kms_key *key = key_new(parts->account, parts->region, parts->name);

    if (!read_key(cursor, key) || !key_enter(kms, key)) {
        key_free(key);
        return false;
    }
    life_set(kms->cell, key);
    return true;
}

static bool load_alias(struct kms *kms, const struct parts *parts, struct cursor *cursor)
{
    struct alias *alias = MEM_NEW(struct alias);
    struct kms_key *key;

    text_set(&alias->account, parts->account);
    text_set(&alias->region, parts->region);
    text_set(&alias->name, parts->name);
    text_set(&alias->key_id, read_str(cursor));
    alias->created_ms = read_zigzag(cursor);
    alias->updated_ms = read_zigzag(cursor);
    key = key_find(kms, alias->account, alias->region, alias->key_id);
    if (!cursor_done(cursor) || key == NULL || !alias_enter(kms, alias)) {
        alias_free(alias);
        return false;
    }
    key->aliases++;
    return true;
}

typedef bool load_row(struct kms *kms, const struct parts *parts, struct cursor *cursor);

static status load_kind(struct kms *kms, const char *kind, load_row *load, bool *ret_any)
{
    struct arena *arena = arena_new(1u << 20);
    struct arena *one = arena_new(1u << 20);
    struct key prefix = key_of(arena, "kms");
    struct str row, value;
    struct kv_scan *scan;
    bool good = true;

    key_str(&prefix, str_c(kind));
    scan = store_scan(cell_store(kms->cell), key_end(&prefix),
                      key_after_prefix(arena, key_end(&prefix)), false);
    while (good && store_scan_next(scan, &row, &value)) {
        struct cursor cursor = cursor_of(value);
        struct parts parts;

        arena_clear(one);
        *ret_any = true;
        good = parts_read(one, row, &parts) && read_u8(&cursor) == VERSION &&
               load(kms, &parts, &cursor);
    }
    store_scan_close(scan);
    arena_free(one);
    arena_free(arena);
    return good ? OK : &ERR_CORRUPT;
}

status kms_load(struct kms *kms, bool *ret_any)
{
    TRY(load_kind(kms, "key", load_key, ret_any));
    return load_kind(kms, "alias", load_alias, ret_any);
}
