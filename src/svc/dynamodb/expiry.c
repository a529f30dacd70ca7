/* SPDX-License-Identifier: Apache-2.0
 *
 * Items that expire: their rows by the moment, the timer of the soonest, and steps that fill, sweep
 * and expire. AWS deletes within days; here an item is gone when its second has come.
 */
#include "svc/dynamodb/upkeep.h"

#include "base/time.h"
#include "cell/cell.h"
#include "cell/doing.h"

#include <assert.h>

#define EXPIRE_ITEMS 200 /* in one step: each may change every index */

/* ---- the timer ---- */

static void expiry_fire(struct cell *cell, struct timer *timer)
{
    struct table *table = LINK_OWNER(timer, struct table, expiry);

    table->expiring = true;
    upkeep_table(cell_state(cell, "dynamodb"), table);
}

void expiry_by(struct cell *cell, struct table *table, int64_t second)
{
    int64_t at_ms = second * MS_PER_SECOND;

    if (table->expiring || (table->expiry.index != 0 && table->expiry.at_ms <= at_ms)) {
        return;
    }
    table->expiry.fire = expiry_fire;
    cell_timer_set(cell, &table->expiry, at_ms);
}

void expiry_open(struct dynamodb *dynamodb, struct table *table)
{
    struct arena *arena = arena_new(1u << 20);
    struct str prefix = rows_of(arena, "expiry", table->number);
    struct kv_scan *scan = store_scan(cell_store(dynamodb->cell), prefix,
                                      key_after_prefix(arena, prefix), false);
    struct str key, value, suffix;
    int64_t second;

    if (table->ttl_name.bytes > 0 && store_scan_next(scan, &key, &value) &&
        expiry_row_read(row_rest(key, prefix), &second, &suffix)) {
        expiry_by(dynamodb->cell, table, second);
    }
    store_scan_close(scan);
    arena_free(arena);
}

/* ---- steps ---- */

void expiry_fill_step(struct call *c, struct table *table)
{
    struct str prefix = rows_of(c->arena, "item", table->number);
    struct str from = row_item(c->arena, table, table->ttl_filled);
    struct txn_scan *scan =
        txn_scan(c->txn, from, key_after_prefix(c->arena, prefix), false);
    struct str key, packed;
    struct str last = STR_NONE;
    size_t items = 0;
    size_t bytes = 0;
    bool more = true;

    while (items < STEP_ITEMS && bytes < STEP_BYTES &&
           (more = txn_scan_next(scan, &key, &packed))) {
        struct item item;
        int64_t second;
        bool good = item_open(packed, &item);

        assert(good);
        last = arena_dup(c->arena, row_rest(key, prefix));
        if (item_expiry(table, &item, c->now, &second)) {
            txn_put(c->txn, row_expiry(c->arena, table, second, last), STR(""));
            expiry_by(c->cell, table, second);
        }
        bytes += packed.bytes;
        items++;
    }
    txn_scan_close(scan);
    text_set(&table->ttl_filled, more ? last : STR_NONE);
    table->ttl_filling = more;
    table_save(c, table);
}

void expiry_sweep_step(struct call *c, struct table *table)
{
    struct str rows = rows_of(c->arena, "expiry", table->number);
    size_t left = STEP_DELETES;

    if (txn_sweep(c->txn, txn_below(c->txn, rows), &table->swept, &left)) {
        table->ttl_sweeping = false;
        table_save(c, table);
    }
}

/* One that is due; its row goes in any case. How many bytes it had. */
static size_t expire_one(struct call *c, struct table *table, int64_t second, struct str suffix)
{
    struct item item = item_load(c, table, suffix);
    int64_t told;

    if (item_expiry(table, &item, 0, &told) && told == second) {
        item_expire(c, table, &item);
    } else {
        txn_delete(c->txn, row_expiry(c->arena, table, second, suffix));
    }
    return item.packed.bytes;
}

void expire_step(struct call *c, struct table *table)
{
    struct str prefix = rows_of(c->arena, "expiry", table->number);
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    struct str key, value, suffix;
    int64_t second = 0;
    size_t bytes = 0;
    bool more = false;

    for (size_t i = 0; i < EXPIRE_ITEMS && bytes < STEP_BYTES; i++) {
        more = txn_scan_next(scan, &key, &value);
        if (!more || !expiry_row_read(arena_dup(c->arena, row_rest(key, prefix)), &second,
                                      &suffix) ||
            second * MS_PER_SECOND > c->now) {
            break;
        }
        bytes += expire_one(c, table, second, suffix);
    }
    txn_scan_close(scan);
    if (more && second * MS_PER_SECOND <= c->now) {
        return; /* there may be more of them */
    }
    table->expiring = false;
    if (more) {
        expiry_by(c->cell, table, second);
    }
}
