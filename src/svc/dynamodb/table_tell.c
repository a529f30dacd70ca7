/* SPDX-License-Identifier: Apache-2.0
 *
 * What answers tell of a table and its indexes: a TableDescription.
 */
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/vector.h"

#include "base/time.h"
#include "wire/json.h"

#include <assert.h>

struct str view_name(uint8_t view)
{
    static const struct str names[] = {STR_INIT("KEYS_ONLY"), STR_INIT("NEW_IMAGE"),
                                       STR_INIT("OLD_IMAGE"), STR_INIT("NEW_AND_OLD_IMAGES")};

    return names[view];
}

struct str index_arn(struct arena *arena, const struct table *table, const struct index *index)
{
    return arena_printf(arena, "%.*s/index/%.*s", STR_ARG(table_arn(arena, table)),
                        STR_ARG(index->name));
}

void put_schema(struct call *c, struct value *about, const struct key_schema *schema)
{
    struct value *list = set_list(c->arena, about, "KeySchema", schema->count);

    for (uint8_t i = 0; i < schema->count; i++) {
        struct value *element = list_add(c->arena, list);

        set_str(element, "AttributeName", arena_dup(c->arena, schema->names[i]));
        set_str(element, "KeyType", i < schema->hashes ? STR("HASH") : STR("RANGE"));
    }
}

void put_projection(struct call *c, struct value *about, const struct index *index)
{
    static const struct str types[] = {STR_INIT("ALL"), STR_INIT("KEYS_ONLY"),
                                       STR_INIT("INCLUDE")};
    struct value *projection = set_struct(c->arena, about, "Projection");
    struct value *names;

    set_str(projection, "ProjectionType", types[index->projection]);
    if (index->included_count == 0) {
        return;
    }
    names = set_list(c->arena, projection, "NonKeyAttributes", index->included_count);
    for (size_t i = 0; i < index->included_count; i++) {
        list_add_str(names, arena_dup(c->arena, index->included[i]));
    }
}

/* ---- throughput ---- */

static void put_provisioned(struct call *c, struct value *about, const struct table *table,
                            const struct index *index)
{
    struct value *given = set_struct(c->arena, about, "ProvisionedThroughput");
    struct throughput units = index == NULL ? table->provisioned : index->provisioned;
    int64_t raised_ms = index == NULL ? table->raised_ms : index->raised_ms;
    int64_t lowered_ms = index == NULL ? table->lowered_ms : index->lowered_ms;
    uint32_t today = index == NULL ? table->lowered_today : index->lowered_today;

    if (raised_ms != 0) {
        set_time(given, "LastIncreaseDateTime", raised_ms);
    }
    if (lowered_ms != 0) {
        set_time(given, "LastDecreaseDateTime", lowered_ms);
    }
    if (lowered_ms / MS_PER_DAY != c->now / MS_PER_DAY) {
        today = 0;
    }
    set_int(given, "NumberOfDecreasesToday", today);
    set_int(given, "ReadCapacityUnits", units.read);
    set_int(given, "WriteCapacityUnits", units.write);
}

static void put_on_demand(struct call *c, struct value *about, struct throughput units)
{
    struct value *given;

    if (units.read == 0 && units.write == 0) {
        return;
    }
    given = set_struct(c->arena, about, "OnDemandThroughput");
    set_int(given, "MaxReadRequestUnits", units.read == 0 ? -1 : units.read);
    set_int(given, "MaxWriteRequestUnits", units.write == 0 ? -1 : units.write);
}

static void put_warm(struct call *c, struct value *about, struct throughput units)
{
    struct value *given = set_struct(c->arena, about, "WarmThroughput");

    set_int(given, "ReadUnitsPerSecond", units.read);
    set_int(given, "WriteUnitsPerSecond", units.write);
    set_str(given, "Status", STR("ACTIVE"));
}

static void put_billing(struct call *c, struct value *about, const struct table *table)
{
    struct value *summary;

    put_provisioned(c, about, table, NULL);
    if (table->on_demand_ms != 0) { /* never told of a table that always was provisioned */
        summary = set_struct(c->arena, about, "BillingModeSummary");
        set_str(summary, "BillingMode",
                table->on_demand ? STR("PAY_PER_REQUEST") : STR("PROVISIONED"));
        set_time(summary, "LastUpdateToPayPerRequestDateTime", table->on_demand_ms);
    }
    put_on_demand(c, about, table->on_demand_max);
    put_warm(c, about, warm_of(table->on_demand, table->provisioned, table->warm));
}

/* ---- indexes ---- */

static size_t indexes_count(const struct table *table, uint8_t kind)
{
    size_t count = 0;

    for (size_t i = 0; i < table->index_count; i++) {
        count += table->indexes[i]->kind == kind;
    }
    return count;
}

static void put_index(struct call *c, struct value *about, const struct table *table,
                      const struct index *index)
{
    set_str(about, "IndexName", arena_dup(c->arena, index->name));
    put_schema(c, about, &index->schema);
    put_projection(c, about, index);
    set_int(about, "IndexSizeBytes", (int64_t)index->tally.bytes);
    set_int(about, "ItemCount", (int64_t)index->tally.items);
    set_str(about, "IndexArn", index_arn(c->arena, table, index));
}

static void put_locals(struct call *c, struct value *about, const struct table *table)
{
    size_t count = indexes_count(table, INDEX_LOCAL);
    struct value *list;

    if (count == 0) {
        return;
    }
    list = set_list(c->arena, about, "LocalSecondaryIndexes", count);
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->kind == INDEX_LOCAL) {
            put_index(c, list_add(c->arena, list), table, table->indexes[i]);
        }
    }
}

struct str index_status(const struct index *index, struct str table_status)
{
    static const struct str states[] = {STR_INIT("ACTIVE"), STR_INIT("CREATING"),
                                        STR_INIT("DELETING")};

    return str_eq(table_status, STR("CREATING")) || str_eq(table_status, STR("DELETING"))
               ? table_status
               : states[index->state];
}

static void put_globals(struct call *c, struct value *about, const struct table *table,
                        struct str state)
{
    size_t count = indexes_count(table, INDEX_GLOBAL);
    struct value *list;

    if (count == 0) {
        return;
    }
    list = set_list(c->arena, about, "GlobalSecondaryIndexes", count);
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = table->indexes[i];
        struct value *one;

        if (index->kind != INDEX_GLOBAL) {
            continue;
        }
        one = list_add(c->arena, list);
        put_index(c, one, table, index);
        set_str(one, "IndexStatus", index_status(index, state));
        if (index->state == INDEX_CREATING) {
            set_bool(one, "Backfilling", index->filled.bytes > 0);
        }
        put_provisioned(c, one, table, index);
        put_on_demand(c, one, index->on_demand_max);
        put_warm(c, one, warm_of(table->on_demand, index->provisioned, index->warm));
    }
}

/* ---- the rest ---- */

static void put_stream(struct call *c, struct value *about, const struct table *table)
{
    const struct stream *stream = table_stream(table);
    const struct stream *latest =
        table->stream_count > 0 ? &table->streams[table->stream_count - 1] : NULL;
    struct value *given;

    if (stream != NULL) {
        given = set_struct(c->arena, about, "StreamSpecification");
        set_bool(given, "StreamEnabled", true);
        set_str(given, "StreamViewType", view_name(stream->view));
    }
    if (latest != NULL) {
        set_str(about, "LatestStreamLabel", stream_label(c->arena, latest));
        set_str(about, "LatestStreamArn", stream_arn(c->arena, table, latest));
    }
}

static void put_class(struct call *c, struct value *about, const struct table *table)
{
    struct value *summary;

    if (table->class_ms == 0) {
        return;
    }
    summary = set_struct(c->arena, about, "TableClassSummary");
    set_str(summary, "TableClass",
            table->infrequent ? STR("STANDARD_INFREQUENT_ACCESS") : STR("STANDARD"));
    if (table->class_ms != table->created_ms) {
        set_time(summary, "LastUpdateDateTime", table->class_ms);
    }
}

static void put_attributes(struct call *c, struct value *about, const struct table *table)
{
    struct value *list = set_list(c->arena, about, "AttributeDefinitions", table->attribute_count);

    for (size_t i = 0; i < table->attribute_count; i++) {
        struct value *attribute = list_add(c->arena, list);

        set_str(attribute, "AttributeName", arena_dup(c->arena, table->attributes[i].name));
        set_str(attribute, "AttributeType", datum_type_name(table->attributes[i].type));
    }
}

static void put_restore(struct call *c, struct value *about, const struct table *table)
{
    struct str kept = table->extras[EXTRA_RESTORE];
    struct value *summary;
    struct value read;

    if (kept.bytes == 0) {
        return;
    }
    summary = set_struct(c->arena, about, "RestoreSummary");
    status good = json_read(arena_dup(c->arena, kept), summary->shape, c->arena, &c->why, &read);

    assert(good == OK); /* written by json_write() */
    *summary = read;
}

void put_table(struct call *c, struct value *about, const struct table *table, struct str state)
{
    put_attributes(c, about, table);
    set_str(about, "TableName", arena_dup(c->arena, table->name));
    put_schema(c, about, &table->schema);
    set_str(about, "TableStatus", state.bytes > 0     ? state
                                  : table->filling ? STR("CREATING")
                                                   : STR("ACTIVE"));
    set_time(about, "CreationDateTime", table->created_ms);
    put_billing(c, about, table);
    set_int(about, "TableSizeBytes", (int64_t)table->tally.bytes);
    set_int(about, "ItemCount", (int64_t)table->tally.items);
    set_str(about, "TableArn", table_arn(c->arena, table));
    set_str(about, "TableId", arena_dup(c->arena, str_of(table->id, TABLE_ID_BYTES)));
    put_locals(c, about, table);
    put_globals(c, about, table, state);
    put_vectors(c, about, table, state, false);
    put_stream(c, about, table);
    put_restore(c, about, table);
    put_sse(c, about, table);
    put_class(c, about, table);
    set_bool(about, "DeletionProtectionEnabled", table->protected);
}
