/* SPDX-License-Identifier: Apache-2.0
 *
 * Single items: DeleteItem, GetItem, PutItem, UpdateItem.
 */
#include "svc/dynamodb/item_op.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/throttle.h"

/* The error's Item, for ReturnValuesOnConditionCheckFailure. */
static void answer_failed(struct call *c, const struct item_write *write)
{
    if (str_eq(arg_str(c, "ReturnValuesOnConditionCheckFailure"), STR("ALL_OLD")) &&
        write->old.packed.bytes > 0) {
        item_to_value(c->arena, &write->old, fail_detail(c, &DDB_CONDITION_FAILED), "Item");
    }
}

static void answer_written(struct call *c, const struct item_write *write,
                           const struct item *returned, const struct cost *cost)
{
    if (returned->packed.bytes > 0) {
        item_to_value(c->arena, returned, c->out, "Attributes");
    }
    answer_cost(c, cost);
    if (collection_asked(c, write->table)) {
        put_collection(c, put_struct(c, "ItemCollectionMetrics"), write->table, &write->given);
    }
}

static status write_call(struct call *c, enum write_kind kind)
{
    struct cost cost = {.name = arg_str(c, "TableName")};
    struct item_write write;
    struct item returned;
    status judged;

    TRY(write_read(c, c->in, kind, true, &write));
    TRY(table_of_call(c, &write.table));
    cost.table = write.table;
    TRY(write_bind(c, &write));
    judged = write_judge(c, &write);
    if (judged == &DDB_CONDITION_FAILED) {
        answer_failed(c, &write);
    }
    TRY(judged);
    TRY(write_returns(c, &write, returned_of(arg_str(c, "ReturnValues")), &returned));
    write_stage(c, &write, &cost);
    throttle_take(c, &cost, 1);
    call_on(c, table_arn(c->arena, cost.table));
    answer_written(c, &write, &returned, &cost);
    return OK;
}

/* DeleteItem: fine also when there is none. */
status ddb_delete_item(struct call *c)
{
    return write_call(c, WRITE_DELETE);
}

/* PutItem: the item is as given, whatever it was. */
status ddb_put_item(struct call *c)
{
    return write_call(c, WRITE_PUT);
}

/* UpdateItem: makes the item when there is none. */
status ddb_update_item(struct call *c)
{
    return write_call(c, WRITE_UPDATE);
}

/* GetItem */
status ddb_get_item(struct call *c)
{
    struct cost cost = {.name = arg_str(c, "TableName")};
    struct item_read read;
    struct item item;
    size_t bytes;

    TRY(read_read(c, c->in, true, true, &read));
    TRY(table_of_call(c, &read.table));
    cost.table = read.table;
    TRY(read_bind(c, &read));
    TRY(throttle_read(c, read.table, NULL));
    TRY(read_item(c, &read, &item, &bytes));
    cost.read_halves = read_halves(bytes, arg_bool(c, "ConsistentRead", false));
    throttle_take(c, &cost, 1);
    answer_cost(c, &cost);
    if (item.packed.bytes > 0) {
        item_to_value(c->arena, &item, c->out, "Item");
    }
    return OK;
}
