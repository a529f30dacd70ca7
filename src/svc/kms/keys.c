/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes; nobody else knows them. All version 1; var, str and zigzag as in
 * base/cursor.h.
 *
 *   ("kms", "key", account, region, id)                  the key
 *   ("kms", "material", account, region, id, number)     u8 1, str sealed: material.c
 *   ("kms", "alias", account, region, name)              u8 1, str key id, zigzag created, updated
 *   ("kms", "grant", account, region, id, grant)         the grant
 *   ("kms", "grantee", account, region, id, principal, grant)   empty: it is there
 *   ("kms", "retiree", principal, region, account, id, grant)   empty: it is there
 *
 * The key:   str description, policy, var spec's place, u8 usage, origin, region kind, str primary,
 *            u8 managed, enabled, zigzag created, deletion, var window, u8 rotates, var period,
 *            zigzag rotation, var material last, on demand, grants,
 *            var n, materials: 32 bytes id, var number, u8 state, rotation, present, zigzag at,
 *            valid to, str description
 *            var n, tags: str key, value
 * The grant: str name, grantee, retiree, u8 their being services, str issuer, var operations,
 *            zigzag created, u8 equals, var n, context: str key, value; str source
 */
#include "svc/kms/keys.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (256u * 1024)

static struct key row_of(struct arena *arena, const char *kind, const struct kms_key *key)
{
    struct key row = key_of(arena, "kms");

    key_str(&row, str_c(kind));
    key_str(&row, key->account);
    key_str(&row, key->region);
    key_str(&row, key->id);
    return row;
}

/* ---- keys ---- */

static void write_material(struct buf *packed, const struct material *material)
{
    buf_add_bytes(packed, material->id, MATERIAL_ID_BYTES);
    write_var(packed, material->number);
    write_u8(packed, material->state);
    write_u8(packed, material->rotation);
    write_u8(packed, material->present);
    write_zigzag(packed, material->at_ms);
    write_zigzag(packed, material->valid_to_ms);
    write_str(packed, material->description);
}

void key_save(struct call *c, const struct kms_key *key)
{
    struct key row = row_of(c->arena, "key", key);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, key->description);
    write_str(&packed, key->policy);
    write_var(&packed, spec_place(key->spec));
    write_u8(&packed, key->usage);
    write_u8(&packed, key->origin);
    write_u8(&packed, key->region_kind);
    write_str(&packed, key->primary);
    write_u8(&packed, key->managed);
    write_u8(&packed, key->enabled);
    write_zigzag(&packed, key->created_ms);
    write_zigzag(&packed, key->deletion_ms);
    write_var(&packed, key->window_days);
    write_u8(&packed, key->rotates);
    write_var(&packed, key->period_days);
    write_zigzag(&packed, key->rotation_ms);
    write_var(&packed, key->material_last);
    write_var(&packed, key->on_demand);
    write_var(&packed, key->grants);
    write_var(&packed, key->material_count);
    for (size_t i = 0; i < key->material_count; i++) {
        write_material(&packed, &key->materials[i]);
    }
    write_var(&packed, key->tag_count);
    for (size_t i = 0; i < key->tag_count; i++) {
        write_str(&packed, key->tags[i].key);
        write_str(&packed, key->tags[i].value);
    }
    txn_put_packed(c->txn, key_end(&row), &packed);
}

void key_erase(struct call *c, const struct kms_key *key)
{
    struct key row = row_of(c->arena, "key", key);

    txn_delete(c->txn, key_end(&row));
}

/* ---- material ---- */

static struct str material_row(struct call *c, const struct kms_key *key, uint32_t number)
{
    struct key row = row_of(c->arena, "material", key);

    key_u64(&row, number);
    return key_end(&row);
}

void material_save(struct call *c, const struct kms_key *key, uint32_t number, struct str sealed)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, sealed);
    txn_put_packed(c->txn, material_row(c, key, number), &packed);
}

bool material_read(struct call *c, const struct kms_key *key, uint32_t number,
                   struct str *ret_sealed)
{
    struct cursor cursor;
    struct str value;

    if (!txn_get(c->txn, material_row(c, key, number), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    assert(read_u8(&cursor) == VERSION);
    *ret_sealed = read_str(&cursor);
    return cursor_done(&cursor);
}

void material_erase(struct call *c, const struct kms_key *key, uint32_t number)
{
    txn_delete(c->txn, material_row(c, key, number));
}

/* ---- aliases ---- */

static struct key alias_row(struct arena *arena, struct str account, struct str region,
                            struct str name)
{
    struct key row = key_of(arena, "kms");

    key_str(&row, STR("alias"));
    key_str(&row, account);
    key_str(&row, region);
    key_str(&row, name);
    return row;
}

void alias_save(struct call *c, const struct alias *alias)
{
    struct key row = alias_row(c->arena, alias->account, alias->region, alias->name);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, alias->key_id);
    write_zigzag(&packed, alias->created_ms);
    write_zigzag(&packed, alias->updated_ms);
    txn_put_packed(c->txn, key_end(&row), &packed);
}

void alias_erase(struct call *c, const struct alias *alias)
{
    struct key row = alias_row(c->arena, alias->account, alias->region, alias->name);

    txn_delete(c->txn, key_end(&row));
}

/* ---- grants ---- */

static struct str grant_row(struct call *c, const struct kms_key *key, struct str id)
{
    struct key row = row_of(c->arena, "grant", key);

    key_str(&row, id);
    return key_end(&row);
}

static struct str grantee_row(struct call *c, const struct kms_key *key, const struct grant *grant)
{
    struct key row = row_of(c->arena, "grantee", key);

    key_str(&row, grant->grantee);
    key_str(&row, grant->id);
    return key_end(&row);
}

static struct key retiree_begin(struct call *c, struct str retiree)
{
    struct key row = key_of(c->arena, "kms");

    key_str(&row, STR("retiree"));
    key_str(&row, retiree);
    key_str(&row, c->region);
    return row;
}

static struct str retiree_row(struct call *c, const struct kms_key *key, const struct grant *grant)
{
    struct key row = key_of(c->arena, "kms");

    key_str(&row, STR("retiree"));
    key_str(&row, grant->retiree);
    key_str(&row, key->region);
    key_str(&row, key->account);
    key_str(&row, key->id);
    key_str(&row, grant->id);
    return key_end(&row);
}

void grant_save(struct call *c, const struct kms_key *key, const struct grant *grant)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, grant->name);
    write_str(&packed, grant->grantee);
    write_str(&packed, grant->retiree);
    write_u8(&packed, grant->grantee_service);
    write_u8(&packed, grant->retiree_service);
    write_str(&packed, grant->issuer);
    write_var(&packed, grant->operations);
    write_zigzag(&packed, grant->created_ms);
    write_u8(&packed, grant->equals);
    write_var(&packed, grant->context_count);
    for (uint32_t i = 0; i < grant->context_count; i++) {
        write_str(&packed, grant->context[i].key);
        write_str(&packed, grant->context[i].value.str);
    }
    write_str(&packed, grant->source);
    txn_put_packed(c->txn, grant_row(c, key, grant->id), &packed);
    txn_put(c->txn, grantee_row(c, key, grant), STR(""));
    if (grant->retiree.bytes > 0) {
        txn_put(c->txn, retiree_row(c, key, grant), STR(""));
    }
}

void grant_erase(struct call *c, const struct kms_key *key, const struct grant *grant)
{
    txn_delete(c->txn, grant_row(c, key, grant->id));
    txn_delete(c->txn, grantee_row(c, key, grant));
    if (grant->retiree.bytes > 0) {
        txn_delete(c->txn, retiree_row(c, key, grant));
    }
}

static void grant_read(struct call *c, struct str id, struct str value, struct grant *grant)
{
    struct cursor cursor = cursor_of(arena_dup(c->arena, value));
    struct pair *pairs;

    *grant = (struct grant){.id = id};
    assert(read_u8(&cursor) == VERSION);
    grant->name = read_str(&cursor);
    grant->grantee = read_str(&cursor);
    grant->retiree = read_str(&cursor);
    grant->grantee_service = read_u8(&cursor) != 0;
    grant->retiree_service = read_u8(&cursor) != 0;
    grant->issuer = read_str(&cursor);
    grant->operations = (uint32_t)read_var(&cursor);
    grant->created_ms = read_zigzag(&cursor);
    grant->equals = read_u8(&cursor) != 0;
    grant->context_count = (uint32_t)read_var(&cursor);
    assert(grant->context_count <= value.bytes);
    pairs = arena_zero(c->arena, (grant->context_count + 1) * sizeof(*pairs));
    for (uint32_t i = 0; i < grant->context_count; i++) {
        pairs[i].key = read_str(&cursor);
        pairs[i].value.kind = VALUE_STR;
        pairs[i].value.str = read_str(&cursor);
    }
    grant->context = pairs;
    grant->source = read_str(&cursor);
    assert(cursor_done(&cursor));
}

bool grant_load(struct call *c, const struct kms_key *key, struct str id, struct grant *ret_grant)
{
    struct str value;

    if (!txn_get(c->txn, grant_row(c, key, id), &value)) {
        return false;
    }
    grant_read(c, id, value, ret_grant);
    return true;
}

/* ---- scans ---- */

/* Behind an entry whose last part is that text; from the first when it is empty. */
static struct txn_scan *scan_behind(struct call *c, struct key begin, struct str after)
{
    struct str to = key_after_prefix(c->arena, arena_dup(c->arena, key_end(&begin)));

    if (after.bytes > 0) {
        key_str(&begin, after);
        key_u64(&begin, 0);
    }
    return txn_scan(c->txn, key_end(&begin), to, false);
}

/* The last text of a key with so many before it. */
static bool part_read(struct call *c, struct str row, size_t before, struct str *ret_part)
{
    struct key_reader reader = {row};
    bool good = true;

    for (size_t i = 0; i <= before && good; i++) {
        good = key_read_str(&reader, c->arena, ret_part);
    }
    return good;
}

struct txn_scan *grants_scan(struct call *c, const struct kms_key *key, struct str after)
{
    return scan_behind(c, row_of(c->arena, "grant", key), after);
}

bool grants_next(struct call *c, struct txn_scan *scan, struct grant *ret_grant)
{
    struct str row, value, id;

    if (!txn_scan_next(scan, &row, &value) || !part_read(c, row, 5, &id)) {
        txn_scan_close(scan);
        return false;
    }
    grant_read(c, id, value, ret_grant);
    return true;
}

struct txn_scan *grants_of_scan(struct call *c, const struct kms_key *key, struct str grantee)
{
    struct key row = row_of(c->arena, "grantee", key);

    key_str(&row, grantee);
    return txn_scan_prefix(c->txn, key_end(&row));
}

bool grants_of_next(struct call *c, struct txn_scan *scan, struct str *ret_id)
{
    struct str row, value;

    if (!txn_scan_next(scan, &row, &value) || !part_read(c, row, 6, ret_id)) {
        txn_scan_close(scan);
        return false;
    }
    return true;
}

/* A place is account, key id and grant id, with '/' between them. */
struct txn_scan *retirable_scan(struct call *c, struct str retiree, struct str after)
{
    struct key begin = retiree_begin(c, retiree);
    struct str to = key_after_prefix(c->arena, arena_dup(c->arena, key_end(&begin)));

    while (after.bytes > 0) {
        key_str(&begin, str_split(&after, '/'));
        if (after.bytes == 0) {
            key_u64(&begin, 0);
        }
    }
    return txn_scan(c->txn, key_end(&begin), to, false);
}

bool retirable_next(struct call *c, struct txn_scan *scan, struct kms_key **ret_key,
                    struct str *ret_id)
{
    struct str row, value, account, id;

    if (!txn_scan_next(scan, &row, &value) || !part_read(c, row, 4, &account) ||
        !part_read(c, row, 5, &id) || !part_read(c, row, 6, ret_id)) {
        txn_scan_close(scan);
        return false;
    }
    *ret_key = key_find(kms_of(c), account, c->region, id);
    assert(*ret_key != NULL);
    return true;
}

struct str retirable_place(struct call *c, const struct kms_key *key, struct str id)
{
    return arena_printf(c->arena, "%.*s/%.*s/%.*s", STR_ARG(key->account), STR_ARG(key->id),
                        STR_ARG(id));
}

static struct key of_account(struct call *c, const char *kind)
{
    struct key row = key_of(c->arena, "kms");

    key_str(&row, str_c(kind));
    key_str(&row, c->account);
    key_str(&row, c->region);
    return row;
}

struct txn_scan *keys_scan(struct call *c, struct str after)
{
    return scan_behind(c, of_account(c, "key"), after);
}

struct kms_key *keys_next(struct call *c, struct txn_scan *scan)
{
    struct str row, value, id;

    if (!txn_scan_next(scan, &row, &value) || !part_read(c, row, 4, &id)) {
        txn_scan_close(scan);
        return NULL;
    }
    return key_find(kms_of(c), c->account, c->region, id);
}

struct txn_scan *aliases_scan(struct call *c, struct str after)
{
    return scan_behind(c, of_account(c, "alias"), after);
}

struct alias *aliases_next(struct call *c, struct txn_scan *scan)
{
    struct str row, value, name;

    if (!txn_scan_next(scan, &row, &value) || !part_read(c, row, 4, &name)) {
        txn_scan_close(scan);
        return NULL;
    }
    return alias_find(kms_of(c), c->account, c->region, name);
}
