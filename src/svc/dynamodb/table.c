/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: finding them by name or ARN, owning what belongs to them.
 */
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/vector.h"

#include "base/mem.h"
#include "cell/doing.h"

#include <assert.h>
#include <stdlib.h>

#define ARN_TEXT_BYTES_MAX 4096
#define TABLE_NAME_BYTES_MIN 3
#define TABLE_NAME_BYTES_MAX 255

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes > 0 ? mem_dup(text.at, text.bytes) : NULL;

    mem_free((void *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

struct table *table_new(struct str account, struct str region, struct str name)
{
    struct table *table = MEM_NEW(struct table);
    struct buf arn;

    buf_init(&arn, ARN_TEXT_BYTES_MAX);
    buf_printf(&arn, "arn:%.*s:dynamodb:%.*s:%.*s:table/%.*s", STR_ARG(arn_partition(region)),
               STR_ARG(region), STR_ARG(account), STR_ARG(name));
    assert(!buf_spent(&arn));
    text_set(&table->account, account);
    text_set(&table->region, region);
    text_set(&table->name, name);
    text_set(&table->arn, buf_str(&arn));
    buf_done(&arn);
    waiters_init(&table->changed);
    link_init(&table->place);
    return table;
}

void schema_add(struct key_schema *schema, struct str name, uint8_t type, bool hash)
{
    assert(schema->count < KEY_PARTS_MAX);
    assert(!hash || schema->hashes == schema->count);
    schema->names[schema->count] = STR_NONE;
    text_set(&schema->names[schema->count], name);
    schema->types[schema->count] = type;
    schema->count++;
    schema->hashes = (uint8_t)(schema->hashes + hash);
}

static void schema_done(struct key_schema *schema)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        text_set(&schema->names[i], STR_NONE);
    }
}

static void index_free(struct index *index)
{
    schema_done(&index->schema);
    for (size_t i = 0; i < index->included_count; i++) {
        text_set(&index->included[i], STR_NONE);
    }
    mem_free(index->included);
    text_set(&index->name, STR_NONE);
    text_set(&index->extra, STR_NONE);
    vector_free(index->vector);
    text_set(&index->filled, STR_NONE);
    mem_free(index);
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->index_count; i++) {
        index_free(table->indexes[i]);
    }
    for (size_t i = 0; i < table->attribute_count; i++) {
        text_set(&table->attributes[i].name, STR_NONE);
    }
    for (size_t i = 0; i < EXTRA_COUNT; i++) {
        text_set(&table->extras[i], STR_NONE);
    }
    mem_free(table->indexes);
    mem_free(table->attributes);
    mem_free(table->streams);
    schema_done(&table->schema);
    txn_mark_done(&table->swept);
    text_set(&table->ttl_name, STR_NONE);
    text_set(&table->ttl_filled, STR_NONE);
    text_set(&table->arn, STR_NONE);
    text_set(&table->account, STR_NONE);
    text_set(&table->region, STR_NONE);
    text_set(&table->name, STR_NONE);
    mem_free(table);
}

struct index *index_new(struct table *table)
{
    struct index *index = MEM_NEW(struct index);

    assert(table->index_count < INDEXES_MAX);
    table->indexes = mem_grow(table->indexes, (table->index_count + 1) * sizeof(struct index *));
    table->indexes[table->index_count++] = index;
    index->number = ++table->index_number;
    return index;
}

void index_adopt(struct table *table, struct table *from)
{
    struct index *index = from->indexes[--from->index_count];

    assert(table->index_count < INDEXES_MAX);
    table->indexes = mem_grow(table->indexes, (table->index_count + 1) * sizeof(struct index *));
    table->indexes[table->index_count++] = index;
    index->number = ++table->index_number;
}

void index_remove(struct table *table, struct index *index)
{
    size_t at = 0;

    while (at < table->index_count && table->indexes[at] != index) {
        at++;
    }
    assert(at < table->index_count);
    memmove(&table->indexes[at], &table->indexes[at + 1],
            (table->index_count - at - 1) * sizeof(struct index *));
    table->index_count--;
    index_free(index);
}

struct index *table_index(const struct table *table, struct str name)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (str_eq(table->indexes[i]->name, name)) {
            return table->indexes[i];
        }
    }
    return NULL;
}

struct table *table_find(const struct dynamodb *dynamodb, struct str account, struct str region,
                         struct str name)
{
    char key[ARN_NAME_KEY_BYTES_MAX];

    return map_get(dynamodb->tables, arn_name_key(key, account, region, name));
}

status table_add(struct dynamodb *dynamodb, struct table *table)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *former = NULL;

    if (!map_set(dynamodb->tables, arn_name_key(key, table->account, table->region, table->name),
                 table, &former)) {
        return &ERR_LIMIT;
    }
    assert(former == NULL);
    return OK;
}

void table_detach(struct dynamodb *dynamodb, struct table *table)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *removed = map_remove(dynamodb->tables,
                               arn_name_key(key, table->account, table->region, table->name));

    assert(removed == table);
    waiters_wake(dynamodb->cell, &table->changed);
    cell_timer_unset(dynamodb->cell, &table->expiry);
    link_remove(&table->place);
}

void table_remove(struct dynamodb *dynamodb, struct table *table)
{
    table_detach(dynamodb, table);
    table_free(table);
}

status table_make(struct call *c, struct table *table)
{
    TRY(table_add(dynamodb_of(c), table)); /* the only thing that may fail, so before all others */
    number_take(c, table);
    table->log = txn_log_make(c->txn);
    table_save(c, table);
    call_on(c, table_arn(c->arena, table));
    return OK;
}

static bool name_good(struct str name)
{
    if (name.bytes < TABLE_NAME_BYTES_MIN || name.bytes > TABLE_NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.bytes; i++) {
        char letter = name.at[i];

        if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
              (letter >= '0' && letter <= '9') || letter == '_' || letter == '.' ||
              letter == '-')) {
            return false;
        }
    }
    return true;
}

status table_name_read(struct call *c, struct str text, struct str *ret_account,
                       struct str *ret_region, struct str *ret_name)
{
    struct arn arn;
    struct str name = text;

    *ret_account = c->account;
    *ret_region = c->region;
    if (str_starts(text, STR("arn:"))) {
        if (!arn_read(text, &arn) || !str_eq(arn.service, STR("dynamodb")) ||
            !str_starts(arn.resource, STR("table/"))) {
            return fail(c, &DDB_VALIDATION, "Invalid table ARN: %.*s", STR_ARG(text));
        }
        *ret_account = arn.account;
        *ret_region = arn.region;
        name = str_slice(arn.resource, 6, arn.resource.bytes);
        name = str_slice(name, 0, str_find(name, '/', 0));
    }
    if (!name_good(name)) {
        return name.bytes < TABLE_NAME_BYTES_MIN || name.bytes > TABLE_NAME_BYTES_MAX
                   ? fail(c, &DDB_VALIDATION, "TableName must be at least 3 characters long and "
                                              "at most 255 characters long")
                   : fail(c, &DDB_VALIDATION, "1 validation error detected: Value '%.*s' at "
                          "'tableName' failed to satisfy constraint: Member must satisfy regular "
                          "expression pattern: [a-zA-Z0-9_.-]+", STR_ARG(name));
    }
    *ret_name = name;
    return OK;
}

status table_of_name(struct call *c, struct str name_or_arn, struct table **ret_table)
{
    struct str account, region, name;
    struct table *table;

    TRY(table_name_read(c, name_or_arn, &account, &region, &name));
    table = table_find(dynamodb_of(c), account, region, name);
    if (table == NULL || table->filling) {
        return fail(c, &DDB_NOT_FOUND, "Requested resource not found");
    }
    *ret_table = table;
    return OK;
}

status table_of_call(struct call *c, struct table **ret_table)
{
    return table_of_name(c, arg_str(c, "TableName"), ret_table);
}

struct str table_arn(struct arena *arena, const struct table *table)
{
    return arena_dup(arena, table->arn);
}

struct str stream_arn(struct arena *arena, const struct table *table, const struct stream *stream)
{
    return arena_printf(arena, "%.*s/stream/%.*s", STR_ARG(table_arn(arena, table)),
                        STR_ARG(stream_label(arena, stream)));
}

struct stream *table_stream(const struct table *table)
{
    struct stream *last = table->stream_count > 0 ? &table->streams[table->stream_count - 1]
                                                  : NULL;

    return last != NULL && last->ended_ms == 0 ? last : NULL;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(struct table *const *)a)->name, (*(struct table *const *)b)->name);
}

struct table **tables_sorted(struct call *c, size_t *ret_count)
{
    struct map *all = dynamodb_of(c)->tables;
    struct table **tables = arena_alloc(c->arena, (map_count(all) + 1) * sizeof(struct table *));
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(all, &i, &key, &value);) {
        struct table *table = value;

        if (str_eq(table->account, c->account) && str_eq(table->region, c->region)) {
            tables[count++] = table;
        }
    }
    qsort(tables, count, sizeof(tables[0]), by_name);
    *ret_count = count;
    return tables;
}
