/* SPDX-License-Identifier: Apache-2.0
 *
 * Item collections: what one partition holds, where a table has local indexes. AWS bounds it at
 * 10 GB and tells its size roughly; here a row of each partition has it exactly. Local indexes are
 * made with their table, so nothing is ever counted after the fact.
 */
#include "base/cursor.h"
#include "svc/dynamodb/change.h"

#include <assert.h>

#define VERSION 1
#define ROW_BYTES_MAX 11

bool table_has_collections(const struct table *table)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->kind == INDEX_LOCAL) {
            return true;
        }
    }
    return false;
}

static struct str row_of(struct call *c, const struct table *table, const struct item *item)
{
    struct datum hash = datum_find(item->attributes, table->schema.names[0]);

    return row_collection(c->arena, table, suffix_of_partition(c->arena, &hash, 1));
}

static uint64_t row_read(struct call *c, struct str row)
{
    struct str packed;
    struct cursor cursor;

    if (!txn_get(c->txn, row, &packed)) {
        return 0;
    }
    cursor = cursor_of(packed);
    return read_u8(&cursor) == VERSION ? read_var(&cursor) : 0;
}

uint64_t collection_bytes(struct call *c, const struct table *table, const struct item *item)
{
    return row_read(c, row_of(c, table, item));
}

void collection_change(struct call *c, const struct table *table, const struct item *item,
                       int64_t growth)
{
    struct str row = row_of(c, table, item);
    uint64_t bytes = row_read(c, row);
    char *packed = arena_alloc(c->arena, ROW_BYTES_MAX);

    assert(growth >= 0 || bytes >= (uint64_t)-growth);
    bytes += (uint64_t)growth;
    if (bytes == 0) {
        txn_delete(c->txn, row);
        return;
    }
    packed[0] = VERSION;
    txn_put(c->txn, row, str_of(packed, (size_t)(datum_put_var(packed + 1, bytes) - packed)));
}

bool collection_asked(const struct call *c, const struct table *table)
{
    return str_eq(arg_str(c, "ReturnItemCollectionMetrics"), STR("SIZE")) &&
           table_has_collections(table);
}

static void add_double(struct call *c, struct value *list, double number)
{
    struct value *at = list_add(c->arena, list);

    at->kind = VALUE_DOUBLE;
    at->real = number;
}

void put_collection(struct call *c, struct value *metrics, const struct table *table,
                    const struct item *item)
{
    struct datum hash = datum_find(item->attributes, table->schema.names[0]);
    struct value *key = set_map(c->arena, metrics, "ItemCollectionKey", 1);
    double gigabytes = (double)(collection_bytes(c, table, item) >> 30);
    struct value *range;

    datum_to_value(c->arena, hash,
                   map_add(c->arena, key, arena_dup(c->arena, table->schema.names[0])));
    range = set_list(c->arena, metrics, "SizeEstimateRangeGB", 2);
    add_double(c, range, gigabytes);
    add_double(c, range, gigabytes + 1);
}
