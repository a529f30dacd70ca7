/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon DynamoDB: the tables of operations, in the order of the API reference, and the services'
 * life. DynamoDB Streams has no state of its own: it reads the tables' change logs.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/token.h"

#include "base/mem.h"
#include "cell/cell.h"

static const struct op ops[] = {
    {"BatchGetItem", ddb_batch_get_item},
    {"BatchWriteItem", ddb_batch_write_item},
    {"CreateTable", ddb_create_table},
    {"DeleteItem", ddb_delete_item},
    {"DeleteTable", ddb_delete_table},
    {"DescribeKinesisStreamingDestination", ddb_describe_destination},
    {"DescribeTable", ddb_describe_table},
    {"DisableKinesisStreamingDestination", ddb_disable_destination},
    {"EnableKinesisStreamingDestination", ddb_enable_destination},
    {"GetItem", ddb_get_item},
    {"ListTables", ddb_list_tables},
    {"PutItem", ddb_put_item},
    {"Query", ddb_query},
    {"Scan", ddb_scan},
    {"TransactGetItems", ddb_transact_get_items},
    {"TransactWriteItems", ddb_transact_write_items},
    {"UpdateItem", ddb_update_item},
    {"UpdateKinesisStreamingDestination", ddb_update_destination},
};

static void dynamodb_close(void *state)
{
    struct dynamodb *dynamodb = state;
    struct str key;
    void *table;

    if (dynamodb == NULL) {
        return;
    }
    for (size_t i = 0; map_next(dynamodb->tables, &i, &key, &table);) {
        table_free(table);
    }
    map_free(dynamodb->tables);
    mem_free(dynamodb);
}

static status dynamodb_open(struct cell *cell, void **ret_state)
{
    struct dynamodb *dynamodb = MEM_NEW(struct dynamodb);

    dynamodb->cell = cell;
    dynamodb->tables = map_new(TABLES_MAX);
    *ret_state = dynamodb; /* closed by the cell also when loading failed */
    return tables_load(dynamodb);
}

/* Once a minute: what has expired, what belongs to tables that are gone, what the past no longer
 * needs. */
static status dynamodb_tick(struct call *c)
{
    tokens_sweep(c);
    return OK;
}

const struct service dynamodb_service = {
    .id = "dynamodb",
    OPS(ops),
    .open = dynamodb_open,
    .close = dynamodb_close,
    .tick = dynamodb_tick,
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
