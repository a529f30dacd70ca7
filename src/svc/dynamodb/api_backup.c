/* SPDX-License-Identifier: Apache-2.0
 *
 * On-demand backups: CreateBackup, DeleteBackup, DescribeBackup, ListBackups,
 * RestoreTableFromBackup.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/restores.h"
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/vector.h"

#define LIST_DEFAULT 100
#define LOOKS_MAX 1000 /* of one page of a list */
#define IN_USE                                                                                     \
    "There is another ongoing conflicting backup control plane operation on the table. The "       \
    "backup is either being created, deleted or restored to a table."

/* ---- what is told of one ---- */

static struct str status_of(const struct backup *backup)
{
    return backup->ready ? STR("AVAILABLE") : STR("CREATING");
}

static struct str type_of(const struct backup *backup)
{
    return backup->type == BACKUP_SYSTEM ? STR("SYSTEM") : STR("USER");
}

static void put_details(struct call *c, struct value *about, const struct backup *backup,
                        struct str state)
{
    set_str(about, "BackupArn", backup_arn(c->arena, backup));
    set_str(about, "BackupName", arena_dup(c->arena, backup->name));
    set_int(about, "BackupSizeBytes", (int64_t)backup->bytes);
    set_str(about, "BackupStatus", state);
    set_str(about, "BackupType", type_of(backup));
    set_time(about, "BackupCreationDateTime", backup->created_ms);
    if (backup->expires_ms != 0) {
        set_time(about, "BackupExpiryDateTime", backup->expires_ms);
    }
}

static void put_source(struct call *c, struct value *about, const struct table *table)
{
    struct value *units = set_struct(c->arena, about, "ProvisionedThroughput");

    set_str(about, "TableName", arena_dup(c->arena, table->name));
    set_str(about, "TableId", arena_dup(c->arena, str_of(table->id, TABLE_ID_BYTES)));
    set_str(about, "TableArn", table_arn(c->arena, table));
    set_int(about, "TableSizeBytes", (int64_t)table->tally.bytes);
    put_schema(c, about, &table->schema);
    set_time(about, "TableCreationDateTime", table->created_ms);
    set_int(units, "ReadCapacityUnits", table->provisioned.read);
    set_int(units, "WriteCapacityUnits", table->provisioned.write);
    set_int(about, "ItemCount", (int64_t)table->tally.items);
    set_str(about, "BillingMode", table->on_demand ? STR("PAY_PER_REQUEST") : STR("PROVISIONED"));
}

static void put_indexes(struct call *c, struct value *about, const struct table *table,
                        uint8_t kind)
{
    struct value *list = NULL;

    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = table->indexes[i];
        struct value *one;

        if (index->kind != kind || index->state == INDEX_DELETING) {
            continue;
        }
        if (list == NULL) {
            list = set_list(c->arena, about,
                            kind == INDEX_LOCAL ? "LocalSecondaryIndexes"
                                                : "GlobalSecondaryIndexes",
                            table->index_count);
        }
        one = list_add(c->arena, list);
        set_str(one, "IndexName", arena_dup(c->arena, index->name));
        put_schema(c, one, &index->schema);
        put_projection(c, one, index);
        if (kind == INDEX_GLOBAL) {
            struct value *units = set_struct(c->arena, one, "ProvisionedThroughput");

            set_int(units, "ReadCapacityUnits", index->provisioned.read);
            set_int(units, "WriteCapacityUnits", index->provisioned.write);
        }
    }
}

static void put_features(struct call *c, struct value *about, const struct table *table)
{
    const struct stream *stream = table_stream(table);
    struct value *given;

    put_indexes(c, about, table, INDEX_LOCAL);
    put_indexes(c, about, table, INDEX_GLOBAL);
    put_vectors(c, about, table, STR_NONE, true);
    if (stream != NULL) {
        given = set_struct(c->arena, about, "StreamDescription");
        set_bool(given, "StreamEnabled", true);
        set_str(given, "StreamViewType", view_name(stream->view));
    }
    given = set_struct(c->arena, about, "TimeToLiveDescription");
    set_str(given, "TimeToLiveStatus",
            table->ttl_name.bytes > 0 ? STR("ENABLED") : STR("DISABLED"));
    if (table->ttl_name.bytes > 0) {
        set_str(given, "AttributeName", arena_dup(c->arena, table->ttl_name));
    }
    put_sse(c, about, table);
}

static status put_description(struct call *c, const struct backup *backup, struct str state)
{
    struct value *about = put_struct(c, "BackupDescription");
    struct table *table = backup_table(backup);

    if (table == NULL) {
        return &ERR_CORRUPT;
    }
    put_details(c, set_struct(c->arena, about, "BackupDetails"), backup, state);
    put_source(c, set_struct(c->arena, about, "SourceTableDetails"), table);
    put_features(c, set_struct(c->arena, about, "SourceTableFeatureDetails"), table);
    table_free(table);
    return OK;
}

/* ---- operations ---- */

status table_to_back_up(struct call *c, struct str name, struct table **ret_table)
{
    struct str account, region, plain;

    TRY(table_name_read(c, name, &account, &region, &plain));
    *ret_table = table_find(dynamodb_of(c), account, region, plain);
    if (*ret_table == NULL) {
        return fail(c, &DDB_TABLE_NOT_FOUND, "Table not found: %.*s", STR_ARG(plain));
    }
    if ((*ret_table)->filling) {
        return fail(c, &DDB_TABLE_IN_USE, "Table is being created: %.*s", STR_ARG(plain));
    }
    return OK;
}

/* CreateBackup: all items as they are now; copied while others write. */
status ddb_create_backup(struct call *c)
{
    struct table *table;
    struct backup backup;

    TRY(table_to_back_up(c, arg_str(c, "TableName"), &table));
    TRY(jobs_room(c));
    backup_begin(c, table, arg_str(c, "BackupName"), &backup);
    call_on(c, backup_arn(c->arena, &backup));
    put_details(c, put_struct(c, "BackupDetails"), &backup, STR("CREATING"));
    return OK;
}

/* DescribeBackup */
status ddb_describe_backup(struct call *c)
{
    struct backup backup;

    TRY(backup_of_arn(c, arg_str(c, "BackupArn"), &backup));
    return put_description(c, &backup, status_of(&backup));
}

static bool is_read(const struct dynamodb *dynamodb, const struct backup *backup)
{
    struct table numbered = {.number = backup->number};

    return jobs_use(dynamodb, &numbered);
}

/* DeleteBackup */
status ddb_delete_backup(struct call *c)
{
    struct backup backup;

    TRY(backup_of_arn(c, arg_str(c, "BackupArn"), &backup));
    if (is_read(dynamodb_of(c), &backup)) {
        return fail(c, &DDB_BACKUP_IN_USE, IN_USE);
    }
    TRY(jobs_room(c));
    TRY(put_description(c, &backup, STR("DELETED")));
    call_on(c, backup_arn(c->arena, &backup));
    backup_delete(c, &backup);
    return OK;
}

/* ---- the list ---- */

struct listing {
    struct str table;        /* name; empty: all */
    struct str type;         /* "USER", "SYSTEM", "ALL", … */
    int64_t from_ms, to_ms;  /* from inclusive, to exclusive */
};

static bool is_listed(const struct listing *listing, const struct backup *backup)
{
    return (listing->table.bytes == 0 || str_eq(listing->table, backup->table_name)) &&
           (str_eq(listing->type, STR("ALL")) || str_eq(listing->type, type_of(backup))) &&
           backup->created_ms >= listing->from_ms && backup->created_ms < listing->to_ms;
}

static status put_summary(struct call *c, struct value *list, const struct backup *backup)
{
    struct value *one = list_add(c->arena, list);
    struct table *table = backup_table(backup);

    if (table == NULL) {
        return &ERR_CORRUPT;
    }
    set_str(one, "TableName", arena_dup(c->arena, table->name));
    set_str(one, "TableId", arena_dup(c->arena, str_of(table->id, TABLE_ID_BYTES)));
    set_str(one, "TableArn", table_arn(c->arena, table));
    put_details(c, one, backup, status_of(backup));
    table_free(table);
    return OK;
}

static status listing_read(struct call *c, struct listing *listing)
{
    struct str account, region;

    *listing = (struct listing){.type = arg_has(c, "BackupType") ? arg_str(c, "BackupType")
                                                                 : STR("USER"),
                                .to_ms = INT64_MAX};
    if (arg_has(c, "TableName")) {
        TRY(table_name_read(c, arg_str(c, "TableName"), &account, &region, &listing->table));
    }
    listing->from_ms = get_time(c->in, "TimeRangeLowerBound", 0);
    listing->to_ms = get_time(c->in, "TimeRangeUpperBound", INT64_MAX);
    return listing->from_ms <= listing->to_ms
               ? OK
               : fail(c, &DDB_VALIDATION, "TimeRangeLowerBound cannot be after "
                                          "TimeRangeUpperBound");
}

/* ListBackups: by table, then by age. */
status ddb_list_backups(struct call *c)
{
    int64_t limit = arg_int(c, "Limit", LIST_DEFAULT);
    struct value *list = put_list(c, "BackupSummaries", (size_t)limit);
    struct listing listing;
    struct backup after, backup;
    struct txn_scan *scan = NULL;
    bool resumed = arg_has(c, "ExclusiveStartBackupArn");
    status listed = OK;

    TRY(listing_read(c, &listing));
    if (resumed) {
        TRY(backup_name(c, arg_str(c, "ExclusiveStartBackupArn"), &after));
    }
    for (int looks = 0; backup_next(c, resumed ? &after : NULL, &scan, &backup); looks++) {
        if (list->count == (uint32_t)limit || looks == LOOKS_MAX || listed != OK) {
            put_str(c, "LastEvaluatedBackupArn", backup_arn(c->arena, &after));
            txn_scan_close(scan);
            break;
        }
        after = backup;
        if (is_listed(&listing, &backup)) {
            listed = put_summary(c, list, &backup);
        }
    }
    return listed;
}

/* RestoreTableFromBackup */
status ddb_restore_table_from_backup(struct call *c)
{
    struct restoring restoring = {.cut = PAST_NOW};
    struct table *source;
    struct backup backup;
    status restored;

    TRY(backup_of_arn(c, arg_str(c, "BackupArn"), &backup));
    if (!backup.ready) {
        return fail(c, &DDB_BACKUP_IN_USE, IN_USE);
    }
    source = backup_table(&backup);
    if (source == NULL) {
        return &ERR_CORRUPT;
    }
    restoring.source = (struct past_of){backup.number, 0};
    restored = restore_to(c, source, &restoring,
                          &(struct restore_told){backup_arn(c->arena, &backup),
                                                 backup.created_ms});
    table_free(source);
    return restored;
}
