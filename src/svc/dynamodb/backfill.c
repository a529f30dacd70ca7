/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps of filling a new index and of sweeping one that is deleted.
 */
#include "svc/dynamodb/upkeep.h"

#include <assert.h>

static struct index *index_in(const struct table *table, uint8_t state)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->state == state) {
            return table->indexes[i];
        }
    }
    return NULL;
}

/* The entry of an item that may have been there before the index. */
static void fill_one(struct call *c, const struct table *table, struct index *index,
                     struct str packed)
{
    struct entry_of_index entry;
    struct item item;
    struct str there;
    bool good = item_open(packed, &item);

    assert(good);
    if (!index_entry(c, table, index, &item, &entry) || txn_get(c->txn, entry.row, &there)) {
        return; /* it has none, or got it by a change meanwhile */
    }
    txn_put(c->txn, entry.row, entry.item.packed);
    index->tally.items++;
    index->tally.bytes += entry.item.bytes;
}

void index_fill_step(struct call *c, struct table *table)
{
    struct index *index = index_in(table, INDEX_CREATING);
    struct str prefix = rows_of(c->arena, "item", table->number);
    struct str from = row_item(c->arena, table, index->filled);
    struct txn_scan *scan =
        txn_scan(c->txn, from, key_after_prefix(c->arena, prefix), false);
    struct str key, packed;
    struct str last = STR_NONE;
    size_t items = 0;
    size_t bytes = 0;
    bool more = true;

    while (items < STEP_ITEMS && bytes < STEP_BYTES &&
           (more = txn_scan_next(scan, &key, &packed))) {
        if (str_eq(key, from)) {
            continue; /* the last of the step before */
        }
        last = arena_dup(c->arena, row_rest(key, prefix));
        fill_one(c, table, index, arena_dup(c->arena, packed));
        bytes += packed.bytes;
        items++;
    }
    txn_scan_close(scan);
    if (more) {
        text_set(&index->filled, last);
    } else {
        index->state = INDEX_ACTIVE;
        text_set(&index->filled, STR_NONE);
    }
    table_save(c, table);
    tally_save(c, table);
}

void index_sweep_step(struct call *c, struct table *table)
{
    struct index *index = index_in(table, INDEX_DELETING);
    struct str rows = rows_of_index(c->arena, table->number, index->number);
    size_t left = STEP_DELETES;

    if (!txn_sweep(c->txn, txn_below(c->txn, rows), &table->swept, &left)) {
        return;
    }
    index_remove(table, index);
    attributes_trim(table);
    table_save(c, table);
    tally_save(c, table);
}
