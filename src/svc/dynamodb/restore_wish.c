/* SPDX-License-Identifier: Apache-2.0
 *
 * What a restore wants to be other than its source was: billing, throughput, indexes, encryption.
 */
#include "svc/dynamodb/restores.h"
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/vector.h"

#include "base/buf.h"
#include "wire/json.h"

#define INVALID "One or more parameter values were invalid: "
#define SUMMARY_BYTES_MAX (64u * 1024)

/* ---- indexes ---- */

static const struct value *named(const struct value *list, struct str name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "IndexName"), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static bool same_schema(const struct key_schema *schema, const struct value *given)
{
    bool same = given->count == schema->count;

    for (uint8_t i = 0; same && i < schema->count; i++) {
        same = str_eq(get_str(&given->items[i], "AttributeName"), schema->names[i]) &&
               str_eq(get_str(&given->items[i], "KeyType"), STR("HASH")) == (i < schema->hashes);
    }
    return same;
}

/* Every index of the list is one that the source has. */
static status overrides_match(struct call *c, const struct table *table, uint8_t kind,
                              const struct value *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct str name = get_str(&list->items[i], "IndexName");
        const struct index *index = table_index(table, name);

        if (index == NULL || index->kind != kind ||
            !same_schema(&index->schema, get(&list->items[i], "KeySchema"))) {
            return fail(c, &DDB_VALIDATION, INVALID "%s secondary index override does not match "
                        "an index of the source table: %.*s",
                        kind == INDEX_LOCAL ? "Local" : "Global", STR_ARG(name));
        }
    }
    return OK;
}

static status index_units(struct call *c, const struct value *given, struct index *index)
{
    const struct value *provisioned = get(given, "ProvisionedThroughput");

    return provisioned == NULL ? OK : provisioned_read(c, provisioned, &index->provisioned);
}

/* A list replaces all indexes of its kind: those that it does not name do not come along. */
static status override_indexes(struct call *c, struct table *table, uint8_t kind,
                               const struct value *list)
{
    if (list == NULL) {
        return OK;
    }
    TRY(overrides_match(c, table, kind, list));
    for (size_t i = table->index_count; i-- > 0;) {
        struct index *index = table->indexes[i];
        const struct value *given = named(list, index->name);

        if (index->kind == kind && given == NULL) {
            index_remove(table, index);
        } else if (index->kind == kind && kind == INDEX_GLOBAL) {
            TRY(index_units(c, given, index));
        }
    }
    attributes_trim(table);
    return OK;
}

/* The same of vector indexes. */
static status override_vectors(struct call *c, struct table *table, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        const struct index *index = table_index(table, get_str(&list->items[i], "IndexName"));

        if (index == NULL || index->kind != INDEX_VECTOR ||
            !vector_same(index, &list->items[i])) {
            return fail(c, &DDB_VALIDATION, INVALID "Vector index override does not match an index "
                        "of the source table: %.*s",
                        STR_ARG(get_str(&list->items[i], "IndexName")));
        }
    }
    for (size_t i = table->index_count; list != NULL && i-- > 0;) {
        struct index *index = table->indexes[i];

        if (index->kind == INDEX_VECTOR && named(list, index->name) == NULL) {
            index_remove(table, index);
        }
    }
    attributes_trim(table);
    return OK;
}

/* ---- billing ---- */

static void bill_on_demand(struct call *c, struct table *table)
{
    table->on_demand = true;
    table->on_demand_ms = c->now;
    table->provisioned = (struct throughput){0, 0};
    for (size_t i = 0; i < table->index_count; i++) {
        table->indexes[i]->provisioned = (struct throughput){0, 0};
    }
}

static status bill_provisioned(struct call *c, struct table *table)
{
    if (vectors_count(table) > 0) {
        return vectors_need_on_demand(c);
    }
    table->on_demand = false;
    table->on_demand_ms = 0;
    table->on_demand_max = (struct throughput){0, 0};
    if (table->provisioned.read == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "ReadCapacityUnits and WriteCapacityUnits must "
                                                "both be specified when BillingMode is "
                                                "PROVISIONED");
    }
    for (size_t i = 0; i < table->index_count; i++) {
        struct index *index = table->indexes[i];

        index->on_demand_max = (struct throughput){0, 0};
        if (index->kind == INDEX_GLOBAL && index->provisioned.read == 0) {
            return fail(c, &DDB_VALIDATION,
                        INVALID "ProvisionedThroughput is not specified for index: %.*s",
                        STR_ARG(index->name));
        }
    }
    return OK;
}

static status override_billing(struct call *c, struct table *table)
{
    struct str mode = arg_str(c, "BillingModeOverride");
    const struct value *provisioned = arg(c, "ProvisionedThroughputOverride");
    const struct value *on_demand = arg(c, "OnDemandThroughputOverride");
    bool wants_on_demand =
        mode.bytes > 0 ? str_eq(mode, STR("PAY_PER_REQUEST")) : table->on_demand;
    struct throughput_of of = {STR_NONE, wants_on_demand, false};

    if (wants_on_demand && provisioned != NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "Neither ReadCapacityUnits nor "
                    "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    }
    if (provisioned != NULL) {
        TRY(provisioned_read(c, provisioned, &table->provisioned));
    }
    if (on_demand != NULL) {
        TRY(on_demand_read(c, &of, on_demand, &table->on_demand_max));
    }
    if (wants_on_demand && mode.bytes > 0) {
        bill_on_demand(c, table);
    } else if (!wants_on_demand) {
        TRY(bill_provisioned(c, table));
    }
    return OK;
}

/* ---- all of it ---- */

static status overrides(struct call *c, struct table *table)
{
    const struct value *sse = arg(c, "SSESpecificationOverride");
    struct str kept;

    TRY(override_indexes(c, table, INDEX_GLOBAL, arg(c, "GlobalSecondaryIndexOverride")));
    TRY(override_indexes(c, table, INDEX_LOCAL, arg(c, "LocalSecondaryIndexOverride")));
    TRY(override_vectors(c, table, arg(c, "VectorIndexOverride")));
    TRY(override_billing(c, table));
    if (sse != NULL) {
        TRY(sse_read(c, sse, &kept));
        text_set(&table->extras[EXTRA_SSE], kept);
    }
    return OK;
}

static void summarize(struct call *c, struct table *table, const struct table *like,
                      const struct restore_told *told)
{
    struct value *about = put_struct(c, "TableDescription");
    struct value *summary = set_struct(c->arena, about, "RestoreSummary");
    struct buf text;

    if (told->backup_arn.bytes > 0) {
        set_str(summary, "SourceBackupArn", told->backup_arn);
    }
    set_str(summary, "SourceTableArn", table_arn(c->arena, like));
    set_time(summary, "RestoreDateTime", told->at_ms);
    set_bool(summary, "RestoreInProgress", true);
    buf_init(&text, SUMMARY_BYTES_MAX);
    json_write(&text, summary, TIME_EPOCH);
    text_set(&table->extras[EXTRA_RESTORE], buf_str(&text));
    buf_done(&text);
}

static status target_free(struct call *c, struct str name)
{
    struct dynamodb *dynamodb = dynamodb_of(c);

    if (table_find(dynamodb, c->account, c->region, name) != NULL) {
        return fail(c, &DDB_TABLE_EXISTS, "Table already exists: %.*s", STR_ARG(name));
    }
    if (map_count(dynamodb->tables) >= TABLES_MAX) {
        return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: There is a limit of %d tables per "
                    "subscriber", TABLES_MAX);
    }
    return jobs_room(c);
}

status restore_to(struct call *c, const struct table *like, struct restoring *restoring,
                  const struct restore_told *told)
{
    struct str account, region, name;
    struct table *table;
    status read;

    TRY(table_name_read(c, arg_str(c, "TargetTableName"), &account, &region, &name));
    TRY(target_free(c, name));
    table = restore_like(c, like, name);
    read = overrides(c, table);
    if (read != OK) {
        table_free(table);
        return read;
    }
    summarize(c, table, like, told);
    restoring->table = table;
    if (restore_begin(c, restoring) == NULL) {
        table_free(table);
        return &ERR_LIMIT;
    }
    put_table(c, put_struct(c, "TableDescription"), table, STR("CREATING"));
    return OK;
}
