/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether all rows of a table agree with one another: items, entries of indexes, collections,
 * tallies, the change log and the rows that find its records. For tables whose log was not trimmed
 * and which show new images in a stream.
 */
#ifndef WEIR_TEST_SVC_DYNAMODB_AGREE_H
#define WEIR_TEST_SVC_DYNAMODB_AGREE_H

#include "../test/svc/dynamodb/weir.h"

#include "base/digest.h"

#define ROWS_MAX 4096

struct rows {
    struct str keys[ROWS_MAX], values[ROWS_MAX]; /* ascending */
    size_t count;
};

static inline struct rows *rows_read(struct weir *weir, struct str prefix)
{
    struct rows *rows = arena_alloc(weir->arena, sizeof(*rows));
    struct kv_scan *scan = store_scan(weir->store, prefix, key_after_prefix(weir->arena, prefix),
                                      false);
    struct str key, value;

    rows->count = 0;
    while (store_scan_next(scan, &key, &value)) {
        assert_true(rows->count < ROWS_MAX);
        rows->keys[rows->count] = arena_dup(weir->arena, key);
        rows->values[rows->count++] = arena_dup(weir->arena, value);
    }
    store_scan_close(scan);
    return rows;
}

static inline struct item item_in(struct str packed)
{
    struct item item = ITEM_ABSENT;

    assert_true(item_sound(packed));
    assert_true(item_open(packed, &item));
    return item;
}

static inline size_t row_find(const struct rows *rows, struct str key)
{
    size_t at = 0;

    while (at < rows->count && !str_eq(rows->keys[at], key)) {
        at++;
    }
    return at;
}

/* Each item has its entry, each entry its item, and they are counted. */
static inline void agree_index(struct weir *weir, const struct table *table,
                               const struct index *index, const struct rows *items)
{
    struct call call = {.arena = weir->arena};
    struct rows *entries = rows_read(weir, rows_of_index(weir->arena, table->number,
                                                         index->number));
    struct tally tally = {0, 0};

    for (size_t i = 0; i < items->count; i++) {
        struct item item = item_in(items->values[i]);
        struct entry_of_index entry;
        size_t at;

        if (!index_entry(&call, table, index, &item, &entry)) {
            continue;
        }
        at = row_find(entries, entry.row);
        assert_true(at < entries->count);
        assert_true(str_eq(entries->values[at], entry.item.packed));
        tally.items++;
        tally.bytes += entry.item.bytes;
    }
    assert_int_equal(entries->count, tally.items);
    assert_int_equal(index->tally.items, tally.items);
    assert_int_equal(index->tally.bytes, tally.bytes);
}

/* What each partition holds is in its row. */
static inline void agree_collections(struct weir *weir, const struct table *table,
                                     const struct rows *items)
{
    struct call call = {.arena = weir->arena, .txn = txn_new(weir->store, weir->arena)};
    struct rows *rows = rows_read(weir, rows_of(weir->arena, "collection", table->number));
    uint64_t counted = 0;
    uint64_t held = 0;

    for (size_t i = 0; i < items->count; i++) {
        struct item item = item_in(items->values[i]);
        struct datum hash = datum_find(item.attributes, table->schema.names[0]);
        struct str row = row_collection(weir->arena, table,
                                        suffix_of_partition(weir->arena, &hash, 1));
        size_t at = row_find(rows, row);

        held += item.bytes;
        for (size_t j = 0; j < table->index_count; j++) {
            struct entry_of_index entry;

            held += table->indexes[j]->kind == INDEX_LOCAL &&
                            index_entry(&call, table, table->indexes[j], &item, &entry)
                        ? entry.item.bytes
                        : 0;
        }
        assert_true(!table_has_collections(table) || at < rows->count);
        if (at < rows->count && rows->values[at].bytes > 0) {
            counted += collection_bytes(&call, table, &item);
            rows->values[at] = STR_NONE; /* each once */
        }
    }
    assert_int_equal(counted, table_has_collections(table) ? held : 0);
    for (size_t i = 0; i < rows->count; i++) {
        assert_int_equal(rows->values[i].bytes, 0); /* none of a partition that is empty */
    }
}

/* What items were, told by the change log record by record. */
struct told {
    struct str suffixes[ROWS_MAX]; /* of items that are or were */
    struct item items[ROWS_MAX];   /* as they are by the log; or ITEM_ABSENT */
    size_t count;                  /* of them */
};

static inline size_t told_find(struct told *told, struct str suffix)
{
    size_t at = 0;

    while (at < told->count && !str_eq(told->suffixes[at], suffix)) {
        at++;
    }
    if (at == told->count) {
        assert_true(told->count < ROWS_MAX);
        told->suffixes[told->count] = suffix;
        told->items[told->count++] = ITEM_ABSENT;
    }
    return at;
}

/* Every record's old item is what the record before made of it; the table shows new images. */
static inline void agree_log(struct weir *weir, const struct table *table,
                             const struct rows *items)
{
    struct log_record *records = arena_alloc(weir->arena, ROWS_MAX * sizeof(records[0]));
    struct log_range range = {.log = table->log, .from = 1, .count_max = ROWS_MAX,
                              .bytes_max = 64u << 20};
    struct told *told = arena_zero(weir->arena, sizeof(*told));
    struct rows *past = rows_read(weir, rows_of(weir->arena, "past", table->number));
    struct str prefix = rows_of(weir->arena, "item", table->number);
    size_t there = 0;
    size_t count;

    assert_ptr_equal(logs_read(store_logs(weir->store), &range, weir->arena, records, &count),
                     OK);
    assert_int_equal(past->count, count);
    for (size_t i = 0; i < count; i++) {
        struct changed changed;
        size_t at;

        assert_true(change_read(records[i].data, &changed));
        at = told_find(told, changed.suffix);
        assert_true(str_eq(changed.old.packed, told->items[at].packed));
        assert_int_equal(changed.has_item, changed.exists);
        told->items[at] = changed.item;
        assert_true(row_find(past, row_past(weir->arena, table, changed.suffix,
                                            records[i].sequence)) < past->count);
    }
    for (size_t i = 0; i < told->count; i++) {
        there += told->items[i].packed.bytes > 0;
    }
    assert_int_equal(there, items->count);
    for (size_t i = 0; i < items->count; i++) {
        size_t at = told_find(told, row_rest(items->keys[i], prefix));

        assert_true(str_eq(told->items[at].packed, items->values[i]));
    }
}

/* All of it. The items' digest, as hex in the weir's arena. */
static inline struct str agree(struct weir *weir, const char *name)
{
    const struct table *table = weir_table(weir, name);
    struct tally tally = {0, 0};
    struct sha256_run *run = sha256_begin();
    uint8_t *digest = arena_alloc(weir->arena, SHA256_BYTES);
    struct rows *items;

    if (table == NULL) {
        sha256_end(run, digest);
        return STR("none");
    }
    items = rows_read(weir, rows_of(weir->arena, "item", table->number));
    for (size_t i = 0; i < items->count; i++) {
        struct item item = item_in(items->values[i]);
        struct str suffix = suffix_of_item(weir->arena, &table->schema, &item);

        assert_true(str_eq(row_item(weir->arena, table, suffix), items->keys[i]));
        tally.items++;
        tally.bytes += item.bytes;
        sha256_more(run, suffix);
        sha256_more(run, item.packed);
    }
    sha256_end(run, digest);
    assert_int_equal(table->tally.items, tally.items);
    assert_int_equal(table->tally.bytes, tally.bytes);
    for (size_t i = 0; i < table->index_count; i++) {
        agree_index(weir, table, table->indexes[i], items);
    }
    agree_collections(weir, table, items);
    agree_log(weir, table, items);
    return str_of((char *)digest, SHA256_BYTES);
}

#endif
