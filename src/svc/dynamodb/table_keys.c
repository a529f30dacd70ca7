/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of a table's row; nobody else knows them.
 *
 *   ("dynamodb", "table", account, region, name)   table, version 1: all of struct table but what
 *                                                  is derived (tally, waiters, usage)
 *
 * The record begins with its version (u8); var, str and zigzag as in base/cursor.h. Lists begin
 * with their count; extras too, so that a newer version may have more.
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/dynamodb/change.h"
#include "svc/dynamodb/vector.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (4u << 20)
#define COUNT_MAX 10000 /* of any list in a row */

enum flag {
    FLAG_ON_DEMAND = 1,
    FLAG_PROTECTED = 2,
    FLAG_INFREQUENT = 4,
    FLAG_PITR = 8,
    FLAG_TTL_FILLING = 16,
    FLAG_FILLING = 32,
    FLAG_TTL_SWEEPING = 64,
};

static struct str row_of(struct call *c, const struct table *table)
{
    struct key key = row_kind(c->arena, "table");

    key_str(&key, table->account);
    key_str(&key, table->region);
    key_str(&key, table->name);
    return key_end(&key);
}

static void write_schema(struct buf *packed, const struct key_schema *schema)
{
    write_u8(packed, schema->count);
    write_u8(packed, schema->hashes);
    for (uint8_t i = 0; i < schema->count; i++) {
        write_str(packed, schema->names[i]);
        write_u8(packed, schema->types[i]);
    }
}

static void read_schema(struct cursor *cursor, struct key_schema *schema)
{
    uint8_t count = read_u8(cursor);
    uint8_t hashes = read_u8(cursor);

    for (uint8_t i = 0; i < count && i < KEY_PARTS_MAX && cursor_ok(cursor); i++) {
        struct str name = read_str(cursor);

        schema_add(schema, name, read_u8(cursor), i < hashes);
    }
}

static void write_throughput(struct buf *packed, const struct throughput *throughput)
{
    write_zigzag(packed, throughput->read);
    write_zigzag(packed, throughput->write);
}

static struct throughput read_throughput(struct cursor *cursor)
{
    int64_t read = read_zigzag(cursor);

    return (struct throughput){read, read_zigzag(cursor)};
}

static void write_index(struct buf *packed, const struct index *index)
{
    write_var(packed, index->number);
    write_u8(packed, index->kind);
    write_u8(packed, index->state);
    write_u8(packed, index->projection);
    write_str(packed, index->name);
    write_schema(packed, &index->schema);
    write_var(packed, index->included_count);
    for (size_t i = 0; i < index->included_count; i++) {
        write_str(packed, index->included[i]);
    }
    write_throughput(packed, &index->provisioned);
    write_throughput(packed, &index->on_demand_max);
    write_throughput(packed, &index->warm);
    write_zigzag(packed, index->raised_ms);
    write_zigzag(packed, index->lowered_ms);
    write_var(packed, index->lowered_today);
    write_str(packed, index->extra);
    write_str(packed, index->filled);
    write_zigzag(packed, index->created_ms);
}

/* A list's count; 0 when it cannot be. */
static size_t read_count(struct cursor *cursor)
{
    uint64_t count = read_var(cursor);

    return count <= COUNT_MAX ? (size_t)count : 0;
}

static void read_index(struct cursor *cursor, struct table *table)
{
    struct index *index = index_new(table);

    index->number = (uint32_t)read_var(cursor);
    index->kind = read_u8(cursor);
    index->state = read_u8(cursor);
    index->projection = read_u8(cursor);
    text_set(&index->name, read_str(cursor));
    read_schema(cursor, &index->schema);
    index->included_count = read_count(cursor);
    index->included = mem_zero((index->included_count + 1) * sizeof(struct str));
    for (size_t i = 0; i < index->included_count; i++) {
        text_set(&index->included[i], read_str(cursor));
    }
    index->provisioned = read_throughput(cursor);
    index->on_demand_max = read_throughput(cursor);
    index->warm = read_throughput(cursor);
    index->raised_ms = read_zigzag(cursor);
    index->lowered_ms = read_zigzag(cursor);
    index->lowered_today = (uint32_t)read_var(cursor);
    text_set(&index->extra, read_str(cursor));
    index->vector = index->kind == INDEX_VECTOR ? vector_unpack(index->extra) : NULL;
    cursor->bad |= index->kind == INDEX_VECTOR && index->vector == NULL;
    text_set(&index->filled, read_str(cursor));
    index->created_ms = read_zigzag(cursor);
}

static void write_streams(struct buf *packed, const struct table *table)
{
    write_var(packed, table->stream_count);
    for (size_t i = 0; i < table->stream_count; i++) {
        const struct stream *stream = &table->streams[i];

        write_u8(packed, stream->view);
        write_zigzag(packed, stream->label_ms);
        write_var(packed, stream->first);
        write_var(packed, stream->last);
        write_zigzag(packed, stream->ended_ms);
    }
}

static void read_streams(struct cursor *cursor, struct table *table)
{
    table->stream_count = read_count(cursor);
    table->streams = mem_zero((table->stream_count + 1) * sizeof(struct stream));
    for (size_t i = 0; i < table->stream_count; i++) {
        struct stream *stream = &table->streams[i];

        stream->view = read_u8(cursor);
        stream->label_ms = read_zigzag(cursor);
        stream->first = read_var(cursor);
        stream->last = read_var(cursor);
        stream->ended_ms = read_zigzag(cursor);
    }
}

static void write_plain(struct buf *packed, const struct table *table)
{
    write_u8(packed, (uint8_t)((table->on_demand ? FLAG_ON_DEMAND : 0) |
                               (table->protected ? FLAG_PROTECTED : 0) |
                               (table->infrequent ? FLAG_INFREQUENT : 0) |
                               (table->pitr ? FLAG_PITR : 0) |
                               (table->ttl_filling ? FLAG_TTL_FILLING : 0) |
                               (table->filling ? FLAG_FILLING : 0) |
                               (table->ttl_sweeping ? FLAG_TTL_SWEEPING : 0)));
    write_var(packed, table->number);
    write_var(packed, table->log);
    write_zigzag(packed, table->created_ms);
    write_var(packed, table->pitr_days);
    write_zigzag(packed, table->pitr_ms);
    write_zigzag(packed, table->on_demand_ms);
    write_zigzag(packed, table->billing_ms);
    write_throughput(packed, &table->provisioned);
    write_throughput(packed, &table->on_demand_max);
    write_throughput(packed, &table->warm);
    write_zigzag(packed, table->raised_ms);
    write_zigzag(packed, table->lowered_ms);
    write_var(packed, table->lowered_today);
    write_zigzag(packed, table->class_ms);
    write_str(packed, table->ttl_name);
    write_zigzag(packed, table->ttl_ms);
    write_str(packed, table->ttl_filled);
    write_zigzag(packed, table->trimmed_ms);
}

static void read_plain(struct cursor *cursor, struct table *table)
{
    uint8_t flags = read_u8(cursor);

    table->on_demand = (flags & FLAG_ON_DEMAND) != 0;
    table->protected = (flags & FLAG_PROTECTED) != 0;
    table->infrequent = (flags & FLAG_INFREQUENT) != 0;
    table->pitr = (flags & FLAG_PITR) != 0;
    table->ttl_filling = (flags & FLAG_TTL_FILLING) != 0;
    table->filling = (flags & FLAG_FILLING) != 0;
    table->ttl_sweeping = (flags & FLAG_TTL_SWEEPING) != 0;
    table->number = read_var(cursor);
    table->log = read_var(cursor);
    table->created_ms = read_zigzag(cursor);
    table->pitr_days = (uint32_t)read_var(cursor);
    table->pitr_ms = read_zigzag(cursor);
    table->on_demand_ms = read_zigzag(cursor);
    table->billing_ms = read_zigzag(cursor);
    table->provisioned = read_throughput(cursor);
    table->on_demand_max = read_throughput(cursor);
    table->warm = read_throughput(cursor);
    table->raised_ms = read_zigzag(cursor);
    table->lowered_ms = read_zigzag(cursor);
    table->lowered_today = (uint32_t)read_var(cursor);
    table->class_ms = read_zigzag(cursor);
    text_set(&table->ttl_name, read_str(cursor));
    table->ttl_ms = read_zigzag(cursor);
    text_set(&table->ttl_filled, read_str(cursor));
    table->trimmed_ms = read_zigzag(cursor);
}

void table_pack(struct buf *packed, const struct table *table)
{
    write_u8(packed, VERSION);
    write_str(packed, str_of(table->id, TABLE_ID_BYTES));
    write_plain(packed, table);
    write_schema(packed, &table->schema);
    write_var(packed, table->attribute_count);
    for (size_t i = 0; i < table->attribute_count; i++) {
        write_str(packed, table->attributes[i].name);
        write_u8(packed, table->attributes[i].type);
    }
    write_var(packed, table->index_number);
    write_var(packed, table->index_count);
    for (size_t i = 0; i < table->index_count; i++) {
        write_index(packed, table->indexes[i]);
    }
    write_streams(packed, table);
    write_var(packed, EXTRA_COUNT);
    for (size_t i = 0; i < EXTRA_COUNT; i++) {
        write_str(packed, table->extras[i]);
    }
}

void table_save(struct call *c, const struct table *table)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    table_pack(&packed, table);
    assert(!buf_spent(&packed));
    txn_put(c->txn, row_of(c, table), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

void table_erase(struct call *c, const struct table *table)
{
    txn_delete(c->txn, row_of(c, table));
}

static void read_lists(struct cursor *cursor, struct table *table)
{
    size_t count;

    read_schema(cursor, &table->schema);
    table->attribute_count = read_count(cursor);
    table->attributes = mem_zero((table->attribute_count + 1) * sizeof(struct attribute));
    for (size_t i = 0; i < table->attribute_count; i++) {
        text_set(&table->attributes[i].name, read_str(cursor));
        table->attributes[i].type = read_u8(cursor);
    }
    table->index_number = (uint32_t)read_var(cursor);
    count = read_count(cursor);
    for (size_t i = 0; i < count && i < INDEXES_MAX && cursor_ok(cursor); i++) {
        uint32_t number = table->index_number;

        read_index(cursor, table);
        table->index_number = number; /* index_new() gave one */
    }
    read_streams(cursor, table);
    count = read_count(cursor);
    for (size_t i = 0; i < count; i++) {
        struct str extra = read_str(cursor);

        if (i < EXTRA_COUNT) {
            text_set(&table->extras[i], extra);
        }
    }
}

struct table *table_unpack(struct str account, struct str region, struct str name,
                           struct str packed)
{
    struct cursor cursor = cursor_of(packed);
    struct table *table;
    struct str id;

    if (read_u8(&cursor) != VERSION) {
        return NULL;
    }
    table = table_new(account, region, name);
    id = read_str(&cursor);
    if (id.bytes == TABLE_ID_BYTES) {
        memcpy(table->id, id.at, TABLE_ID_BYTES);
    }
    read_plain(&cursor, table);
    read_lists(&cursor, table);
    if (!cursor_done(&cursor)) {
        table_free(table);
        return NULL;
    }
    return table;
}

static status load_one(struct dynamodb *dynamodb, struct key_reader *key, struct str packed,
                       struct arena *arena)
{
    struct str account, region, name;
    struct table *table = NULL;

    if (key_read_str(key, arena, &account) && key_read_str(key, arena, &region) &&
        key_read_str(key, arena, &name)) {
        table = table_unpack(account, region, name, packed);
    }
    if (table == NULL) {
        return &ERR_CORRUPT;
    }
    if (table_add(dynamodb, table) != OK) {
        table_free(table);
        return &ERR_CORRUPT;
    }
    tally_load(dynamodb, table);
    return OK;
}

status tables_load(struct dynamodb *dynamodb)
{
    struct store *store = cell_store(dynamodb->cell);
    struct arena *arena = arena_new(64u << 20);
    struct key prefix = row_kind(arena, "table");
    struct str first = key_end(&prefix);
    struct kv_scan *scan = store_scan(store, first, key_after_prefix(arena, first), false);
    struct arena *one = arena_new(64u << 20);
    struct str key, packed;
    status loaded = OK;

    number_load(dynamodb);
    while (loaded == OK && store_scan_next(scan, &key, &packed)) {
        struct key_reader reader = {row_rest(key, first)};

        loaded = load_one(dynamodb, &reader, packed, one);
        arena_clear(one);
    }
    store_scan_close(scan);
    arena_free(one);
    arena_free(arena);
    return loaded;
}
