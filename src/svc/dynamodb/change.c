/* SPDX-License-Identifier: Apache-2.0
 *
 * The one place where items change: the item, its entries in indexes, its expiry, the tallies and
 * the change log, all staged in the call's txn.
 */
#include "svc/dynamodb/change.h"

#include "base/time.h"
#include "bus/source.h"
#include "svc/dynamodb/destination.h"
#include "svc/dynamodb/number.h"
#include "svc/dynamodb/upkeep.h"
#include "svc/dynamodb/vector.h"

#include <assert.h>

#define EXPIRY_PAST_MS (5 * 365 * MS_PER_DAY) /* what expired longer ago is left alone, as on AWS */

/* A change on its way. */
struct changing {
    struct table *table;
    const struct item *old;   /* before; absent: none */
    const struct item *item;  /* after; absent: none */
    struct str suffix;        /* which item */
    struct cost *cost;        /* added to, or NULL */
    int64_t growth;           /* of its entries in local indexes */
};

static bool is_there(const struct item *item)
{
    return item->packed.bytes > 0;
}

static void tally_change(struct tally *tally, const struct item *old, const struct item *item)
{
    tally->items += is_there(item);
    tally->items -= is_there(old);
    tally->bytes += item->bytes;
    tally->bytes -= old->bytes;
}

/* ---- indexes ---- */

static bool is_projected(const struct table *table, const struct index *index, struct str name)
{
    if (index->kind == INDEX_VECTOR) {
        if (str_eq(index->vector->attribute, name)) {
            return false; /* it is kept as floats */
        }
        if (index->projection == PROJECT_ALL || vector_uses(index, name)) {
            return true;
        }
    }
    for (uint8_t i = 0; i < table->schema.count; i++) {
        if (str_eq(table->schema.names[i], name)) {
            return true;
        }
    }
    for (uint8_t i = 0; i < index->schema.count; i++) {
        if (str_eq(index->schema.names[i], name)) {
            return true;
        }
    }
    for (size_t i = 0; i < index->included_count; i++) {
        if (str_eq(index->included[i], name)) {
            return true;
        }
    }
    return false;
}

struct item index_project(struct arena *arena, const struct table *table,
                          const struct index *index, const struct item *item)
{
    struct cursor cursor = cursor_of(item->attributes);
    struct item projected = *item;
    char *body;
    char *at;

    if (index->projection == PROJECT_ALL && index->kind != INDEX_VECTOR) {
        return projected;
    }
    body = (char *)arena_alloc(arena, ITEM_HEAD_BYTES_MAX + item->attributes.bytes) +
           ITEM_HEAD_BYTES_MAX;
    at = body;
    while (cursor.rest.bytes > 0) {
        const char *from = cursor.rest.at;
        struct str name;

        datum_read_pair(&cursor, &name);
        if (is_projected(table, index, name)) {
            size_t bytes = (size_t)(cursor.rest.at - from);

            memcpy(at, from, bytes);
            at += bytes;
        }
    }
    assert(cursor_ok(&cursor));
    status made = item_make(body, at, NULL, &projected);

    assert(made == OK);
    return projected;
}

/* The suffix in the index, then the table's key attributes. */
struct str index_suffix(struct arena *arena, const struct table *table,
                        const struct index *index, const struct item *item)
{
    struct str suffix = suffix_of_item(arena, &index->schema, item);
    struct key keys = {arena, NULL, 0, 0};
    struct str rest;
    char *all;

    for (uint8_t i = 0; i < table->schema.count; i++) {
        key_datum(&keys, datum_find(item->attributes, table->schema.names[i]));
    }
    rest = key_end(&keys);
    all = arena_alloc(arena, suffix.bytes + rest.bytes);
    memcpy(all, suffix.at, suffix.bytes);
    memcpy(all + suffix.bytes, rest.at, rest.bytes);
    return str_of(all, suffix.bytes + rest.bytes);
}

bool index_entry(struct call *c, const struct table *table, const struct index *index,
                 const struct item *item, struct entry_of_index *ret_entry)
{
    size_t hash_bytes = 0;
    size_t range_bytes = 0;

    if (!is_there(item)) {
        return false;
    }
    if (index->kind == INDEX_VECTOR) {
        return vector_entry(c, table, index, item, ret_entry);
    }
    for (uint8_t i = 0; i < index->schema.count; i++) {
        struct datum part = datum_find(item->attributes, index->schema.names[i]);

        if (part.type != index->schema.types[i] || part.body.bytes == 0) {
            return false;
        }
        *(i < index->schema.hashes ? &hash_bytes : &range_bytes) += part.body.bytes;
    }
    if (hash_bytes > HASH_KEY_BYTES_MAX || range_bytes > RANGE_KEY_BYTES_MAX) {
        return false; /* written before the index was there */
    }
    ret_entry->row = row_index(c->arena, table, index, index_suffix(c->arena, table, index, item));
    ret_entry->item = index_project(c->arena, table, index, item);
    return true;
}

/* What AWS counts: an entry written, or removed, or both where its key changes. */
static uint64_t entry_cost(const struct item *old, const struct item *item, bool moved)
{
    if (is_there(old) && is_there(item) && !moved) {
        return write_units(old->bytes > item->bytes ? old->bytes : item->bytes);
    }
    return (is_there(old) ? write_units(old->bytes) : 0) +
           (is_there(item) ? write_units(item->bytes) : 0);
}

static void change_in_index(struct call *c, struct changing *change, size_t at)
{
    struct index *index = change->table->indexes[at];
    struct entry_of_index before = {STR_NONE, ITEM_ABSENT};
    struct entry_of_index after = {STR_NONE, ITEM_ABSENT};
    bool was = index_entry(c, change->table, index, change->old, &before);
    bool is = index_entry(c, change->table, index, change->item, &after);
    bool moved = !str_eq(before.row, after.row);

    if ((!was && !is) || (!moved && str_eq(before.item.packed, after.item.packed))) {
        return;
    }
    if (index->state == INDEX_CREATING && was &&
        !txn_get(c->txn, before.row, &(struct str){NULL, 0})) {
        before.item = ITEM_ABSENT; /* not filled in yet */
        was = false;
    }
    if (was && moved) {
        txn_delete(c->txn, before.row);
    }
    if (is) {
        txn_put(c->txn, after.row, after.item.packed);
    }
    tally_change(&index->tally, &before.item, &after.item);
    if (index->kind == INDEX_LOCAL) {
        change->growth += (int64_t)after.item.bytes - (int64_t)before.item.bytes;
    }
    if (change->cost != NULL) {
        change->cost->index_write_units[at] +=
            index->kind == INDEX_VECTOR ? vector_cost(&before.item, &after.item, moved)
                                        : entry_cost(&before.item, &after.item, moved);
    }
}

/* ---- expiry ---- */

bool item_expiry(const struct table *table, const struct item *item, int64_t now_ms,
                 int64_t *ret_second)
{
    struct datum when;
    struct number number;
    char text[NUMBER_TEXT_BYTES_MAX];
    struct str whole;
    int64_t second;

    if (table->ttl_name.bytes == 0 || !is_there(item)) {
        return false;
    }
    when = datum_find(item->attributes, table->ttl_name);
    if (when.type != DATUM_N || !number_unpack(when.body, &number)) {
        return false;
    }
    whole = str_of(text, number_text(&number, text));
    whole = str_slice(whole, 0, str_find(whole, '.', 0));
    if (!str_to_i64(whole, &second) || second < 0 || second > INT64_MAX / MS_PER_SECOND ||
        second * MS_PER_SECOND < now_ms - EXPIRY_PAST_MS) {
        return false;
    }
    *ret_second = second;
    return true;
}

static void change_expiry(struct call *c, const struct changing *change)
{
    int64_t before = -1;
    int64_t after = -1;

    /* an old moment may have been recent when its row was made */
    item_expiry(change->table, change->old, 0, &before);
    item_expiry(change->table, change->item, c->now, &after);
    if (before == after) {
        return;
    }
    if (before >= 0) {
        txn_delete(c->txn, row_expiry(c->arena, change->table, before, change->suffix));
    }
    if (after >= 0) {
        txn_put(c->txn, row_expiry(c->arena, change->table, after, change->suffix), STR(""));
        expiry_by(c->cell, change->table, after);
    }
}

/* ---- all of it ---- */

/* The rows and the tally: all but the log. */
static void change_rows(struct call *c, struct changing *change)
{
    struct table *table = change->table;
    struct str row = row_item(c->arena, table, change->suffix);

    if (is_there(change->item)) {
        txn_put(c->txn, row, change->item->packed);
    } else {
        txn_delete(c->txn, row);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->state != INDEX_DELETING) {
            change_in_index(c, change, i);
        }
    }
    change_expiry(c, change);
    if (table_has_collections(table)) {
        collection_change(c, table, is_there(change->item) ? change->item : change->old,
                          change->growth + (int64_t)change->item->bytes -
                              (int64_t)change->old->bytes);
    }
    tally_change(&table->tally, change->old, change->item);
}

static void change_stage(struct call *c, struct changing *change, bool expired)
{
    struct table *table = change->table;
    struct changed changed = {
        .at_ms = c->now, .existed = is_there(change->old), .exists = is_there(change->item),
        .expired = expired, .suffix = change->suffix, .old = *change->old,
        .has_item = is_there(change->item) && table_keeps_new(table), .item = *change->item,
        .principal = c->principal, .request_id = c->request_id,
        .operation = call_name(c)};

    change_rows(c, change);
    change_note(c, table, &changed);
    destinations_tell(c, table, &changed);
    waiters_wake(c->cell, &table->changed);
    bus_source_ring(c->cell, table->arn, false);
}

static void change_item(struct call *c, struct changing *change, bool expired)
{
    const struct item *key = is_there(change->item) ? change->item : change->old;
    uint64_t bytes = change->old->bytes > change->item->bytes ? change->old->bytes
                                                              : change->item->bytes;

    if (change->cost != NULL) {
        change->cost->write_units += write_units(bytes);
    }
    if (str_eq(change->old->packed, change->item->packed)) {
        return; /* nothing changes: no record either, as on AWS */
    }
    change->suffix = suffix_of_item(c->arena, &change->table->schema, key);
    change_stage(c, change, expired);
}

void item_change(struct call *c, struct table *table, const struct item *old,
                 const struct item *item, struct cost *cost)
{
    struct changing change = {.table = table, .old = old, .item = item, .cost = cost};

    change_item(c, &change, false);
}

void item_fill(struct call *c, struct table *table, const struct item *old,
               const struct item *item)
{
    struct changing change = {.table = table, .old = old, .item = item};

    assert(table->filling);
    assert(is_there(item));
    change.suffix = suffix_of_item(c->arena, &table->schema, item);
    change_rows(c, &change);
}

void item_expire(struct call *c, struct table *table, const struct item *old)
{
    struct changing change = {.table = table, .old = old, .item = &ITEM_ABSENT};

    change_item(c, &change, true);
}
