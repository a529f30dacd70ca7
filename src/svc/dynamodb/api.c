/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon DynamoDB: the tables of operations, in the order of the API reference, and the services'
 * life. DynamoDB Streams has no state of its own: it reads the tables' change logs.
 */
#include "svc/dynamodb/cfn.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/token.h"
#include "svc/dynamodb/upkeep.h"

#include "base/mem.h"
#include "bus/source.h"
#include "cell/cell.h"
#include "svc/dynamodb/backup.h"
#include "svc/dynamodb/pages.h"
#include "svc/dynamodb/stream.h"
#include "svc/dynamodb/told.h"

static const struct op ops[] = {
    {"BatchExecuteStatement", ddb_batch_execute_statement},
    {"BatchGetItem", ddb_batch_get_item},
    {"BatchWriteItem", ddb_batch_write_item},
    {"CancelBulkOperation", ddb_cancel_bulk},
    {"CreateBackup", ddb_create_backup},
    {"CreateTable", ddb_create_table},
    {"DeleteBackup", ddb_delete_backup},
    {"DeleteItem", ddb_delete_item},
    {"DeleteResourcePolicy", ddb_delete_policy},
    {"DeleteTable", ddb_delete_table},
    {"DescribeBackup", ddb_describe_backup},
    {"DescribeBulkOperation", ddb_describe_bulk},
    {"DescribeContinuousBackups", ddb_describe_continuous_backups},
    {"DescribeContributorInsights", ddb_describe_insights},
    {"DescribeEndpoints", ddb_describe_endpoints},
    {"DescribeExport", ddb_describe_export},
    {"DescribeImport", ddb_describe_import},
    {"DescribeKinesisStreamingDestination", ddb_describe_destination},
    {"DescribeLimits", ddb_describe_limits},
    {"DescribeTable", ddb_describe_table},
    {"DescribeTimeToLive", ddb_describe_ttl},
    {"DisableKinesisStreamingDestination", ddb_disable_destination},
    {"EnableKinesisStreamingDestination", ddb_enable_destination},
    {"ExecuteStatement", ddb_execute_statement},
    {"ExecuteTransaction", ddb_execute_transaction},
    {"ExportTableToPointInTime", ddb_export_table_to_point_in_time},
    {"GetItem", ddb_get_item},
    {"GetResourcePolicy", ddb_get_policy},
    {"ImportTable", ddb_import_table},
    {"ListBackups", ddb_list_backups},
    {"ListBulkOperations", ddb_list_bulks},
    {"ListContributorInsights", ddb_list_insights},
    {"ListExports", ddb_list_exports},
    {"ListImports", ddb_list_imports},
    {"ListTables", ddb_list_tables},
    {"ListTagsOfResource", ddb_list_tags},
    {"PutItem", ddb_put_item},
    {"PutResourcePolicy", ddb_put_policy},
    {"Query", ddb_query},
    {"RestoreTableFromBackup", ddb_restore_table_from_backup},
    {"RestoreTableToPointInTime", ddb_restore_table_to_point_in_time},
    {"Scan", ddb_scan},
    {"SearchVectors", ddb_search_vectors},
    {"StartBulkPutItems", ddb_start_bulk_put},
    {"TagResource", ddb_tag_resource},
    {"TransactGetItems", ddb_transact_get_items},
    {"TransactWriteItems", ddb_transact_write_items},
    {"UntagResource", ddb_untag_resource},
    {"UpdateContinuousBackups", ddb_update_continuous_backups},
    {"UpdateContributorInsights", ddb_update_insights},
    {"UpdateItem", ddb_update_item},
    {"UpdateKinesisStreamingDestination", ddb_update_destination},
    {"UpdateTable", ddb_update_table},
    {"UpdateTimeToLive", ddb_update_ttl},
};

static void dynamodb_close(void *state)
{
    struct dynamodb *dynamodb = state;
    struct str key;
    void *table;

    if (dynamodb == NULL) {
        return;
    }
    while (!link_alone(&dynamodb->gone)) {
        struct table *gone = LINK_OWNER(dynamodb->gone.next, struct table, place);

        link_remove(&gone->place);
        table_free(gone);
    }
    for (size_t i = 0; map_next(dynamodb->tables, &i, &key, &table);) {
        table_free(table);
    }
    jobs_close(dynamodb);
    txn_mark_done(&dynamodb->swept);
    map_free(dynamodb->tables);
    mem_free(dynamodb);
}

static status dynamodb_open(struct cell *cell, void **ret_state)
{
    struct dynamodb *dynamodb = MEM_NEW(struct dynamodb);

    dynamodb->cell = cell;
    dynamodb->tables = map_new(TABLES_MAX);
    upkeep_init(dynamodb);
    dynamodb_join_policies(cell);
    *ret_state = dynamodb; /* closed by the cell also when loading failed */
    bus_source_add(cell, &dynamodb_source);
    TRY(tables_load(dynamodb));
    TRY(doomed_load(dynamodb));
    upkeep_open(dynamodb);
    return jobs_open(dynamodb);
}

/* Once a minute: what has expired, what belongs to tables that are gone, what the past no longer
 * needs. */
static status dynamodb_tick(struct call *c)
{
    tokens_sweep(c);
    backups_expire(c);
    told_expire(c);
    jobs_tick(c);
    gone_step(c);
    upkeep_tick(dynamodb_of(c));
    return OK;
}

static const struct page pages[] = {
    {"/_weir/dynamodb/show", false, page_show},
    {"/_weir/dynamodb/diff", false, page_diff},
    {"/_weir/dynamodb/history", false, page_history},
    {"/_weir/dynamodb/restore", false, page_restore},
    {"/_weir/dynamodb/job", false, page_job},
};

const struct service dynamodb_service = {
    .id = "dynamodb",
    OPS(ops),
    .open = dynamodb_open,
    .close = dynamodb_close,
    .tick = dynamodb_tick,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = ddb_types,
    .type_count = DDB_TYPES,
};

static const struct op stream_ops[] = {
    {"DescribeStream", ddb_describe_stream},
    {"GetRecords", ddb_get_stream_records},
    {"GetShardIterator", ddb_get_shard_iterator},
    {"ListStreams", ddb_list_streams},
};

const struct service dynamodbstreams_service = {
    .id = "dynamodbstreams",
    OPS(stream_ops),
};
