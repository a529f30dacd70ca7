/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: CreateTable, DeleteTable, DescribeTable, ListTables.
 */
#include "svc/dynamodb/backup.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/tags.h"
#include "svc/dynamodb/upkeep.h"

#include "base/mem.h"
#include "cell/cell.h"
#include "wire/wire.h"

#define LIST_MAX 100

/* ---- making one ---- */

static status create_settings(struct call *c, struct table *table)
{
    const struct value *tags = arg(c, "Tags");
    const struct value *sse = arg(c, "SSESpecification");
    struct str policy = arg_str(c, "ResourcePolicy");
    struct str kept;

    table->infrequent = str_eq(arg_str(c, "TableClass"), STR("STANDARD_INFREQUENT_ACCESS"));
    table->class_ms = arg_has(c, "TableClass") ? c->now : 0;
    table->protected = arg_bool(c, "DeletionProtectionEnabled", false);
    if (sse != NULL) {
        TRY(sse_read(c, sse, &kept));
        text_set(&table->extras[EXTRA_SSE], kept);
    }
    if (tags != NULL) {
        TRY(tags_join(c, STR_NONE, tags, &kept));
        text_set(&table->extras[EXTRA_TAGS], kept);
    }
    if (arg_has(c, "ResourcePolicy")) {
        TRY(policy_check(c, policy));
        policy_set(c, table, false, policy);
    }
    return OK;
}

/* Everything but whether a table of that name is there. */
static status create_read(struct call *c, struct table *table)
{
    const struct value *stream = arg(c, "StreamSpecification");
    struct table_wish wish = {
        .attributes = arg(c, "AttributeDefinitions"), .schema = arg(c, "KeySchema"),
        .locals = arg(c, "LocalSecondaryIndexes"), .globals = arg(c, "GlobalSecondaryIndexes"),
        .vectors = arg(c, "VectorIndexes"),
        .provisioned = arg(c, "ProvisionedThroughput"), .on_demand = arg(c, "OnDemandThroughput"),
        .warm = arg(c, "WarmThroughput"), .billing = arg_str(c, "BillingMode")};
    bool streams = false;
    uint8_t view = VIEW_KEYS_ONLY;

    if (arg_has(c, "GlobalTableSourceArn") || arg_has(c, "GlobalTableSettingsReplicationMode")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "a global table is not implemented by weir");
    }
    TRY(table_read(c, &wish, table));
    if (stream != NULL) {
        TRY(stream_read(c, stream, false, &streams, &view));
    }
    TRY(create_settings(c, table));
    if (streams) {
        stream_begin(c, table, view);
    }
    return OK;
}

/* CreateTable: a new, empty table. The answer says CREATING, as AWS's does; it is there at once. */
status ddb_create_table(struct call *c)
{
    struct dynamodb *dynamodb = dynamodb_of(c);
    struct str account, region, name;
    struct table *table;
    status read;

    TRY(table_name_read(c, arg_str(c, "TableName"), &account, &region, &name));
    table = table_new(account, region, name);
    table->created_ms = c->now;
    read = create_read(c, table);
    if (read == OK && table_find(dynamodb, account, region, name) != NULL) {
        read = fail(c, &DDB_IN_USE, "Table already exists: %.*s", STR_ARG(name));
    } else if (read == OK && map_count(dynamodb->tables) >= TABLES_MAX) {
        read = fail(c, &DDB_LIMIT, "Subscriber limit exceeded: There is a limit of %d tables per "
                    "subscriber", TABLES_MAX);
    }
    if (read == OK) {
        rand_uuid(c->rand, table->id);
        read = table_make(c, table);
    }
    if (read != OK) {
        table_free(table);
        return read;
    }
    put_table(c, put_struct(c, "TableDescription"), table, STR("CREATING"));
    return OK;
}

status table_of_admin(struct call *c, struct table **ret_table)
{
    struct str account, region, name;

    TRY(table_name_read(c, arg_str(c, "TableName"), &account, &region, &name));
    *ret_table = table_find(dynamodb_of(c), account, region, name);
    return *ret_table != NULL
               ? OK
               : fail(c, &DDB_NOT_FOUND, "Requested resource not found: Table: %.*s not found",
                      STR_ARG(name));
}

/* DescribeTable */
status ddb_describe_table(struct call *c)
{
    struct table *table;

    TRY(table_of_admin(c, &table));
    put_table(c, put_struct(c, "Table"), table, STR_NONE);
    return OK;
}

/* DeleteTable: it is forgotten at once; its rows are swept later. */
status ddb_delete_table(struct call *c)
{
    struct table *table;

    TRY(table_of_admin(c, &table));
    if (table->protected) {
        return fail(c, &DDB_VALIDATION, "Resource cannot be deleted as it is currently protected "
                    "against deletion. Disable deletion protection first.");
    }
    if (table->filling || jobs_use(dynamodb_of(c), table)) {
        return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: Table is "
                    "being %s: %.*s", table->filling ? "created" : "read by a backup, restore or "
                    "export", STR_ARG(table->name));
    }
    put_table(c, put_struct(c, "TableDescription"), table, STR("DELETING"));
    call_on(c, table_arn(c->arena, table));
    table_doom(c, table, backup_of_deleted(c, table));
    return OK;
}

/* ListTables: by name, a page at a time. */
status ddb_list_tables(struct call *c)
{
    struct str after = arg_str(c, "ExclusiveStartTableName");
    size_t limit = (size_t)arg_int(c, "Limit", LIST_MAX);
    size_t count;
    struct table **tables = tables_sorted(c, &count);
    struct value *list;
    size_t at = 0;

    while (at < count && str_cmp(tables[at]->name, after) <= 0) {
        at++;
    }
    list = put_list(c, "TableNames", count - at < limit ? count - at : limit);
    for (; at < count && list->count < limit; at++) {
        list_add_str(list, arena_dup(c->arena, tables[at]->name));
    }
    if (at < count) {
        put_str(c, "LastEvaluatedTableName", arena_dup(c->arena, tables[at - 1]->name));
    }
    return OK;
}
