/* SPDX-License-Identifier: Apache-2.0
 *
 * Single items: DeleteItem, GetItem, PutItem.
 */
#include "svc/dynamodb/change.h"
#include "svc/dynamodb/legacy.h"
#include "svc/dynamodb/ops.h"

/* A write's condition, by expression or by legacy parameters; NULL: none. */
static status condition_of_call(struct call *c, const struct parameters *parameters,
                                const struct expr **ret_condition)
{
    struct terms terms;

    TRY(parameters_check(c->arena, c->in, parameters, &c->why));
    TRY(terms_read(c->arena, arg(c, "ExpressionAttributeNames"),
                   arg(c, "ExpressionAttributeValues"), &c->why, &terms));
    if (arg_has(c, "ConditionExpression")) {
        TRY(condition_read(&terms, EXPR_CONDITION, arg_str(c, "ConditionExpression"),
                           ret_condition));
    } else {
        TRY(legacy_expected(c->arena, c->in, &c->why, ret_condition));
    }
    return terms_all_used(&terms);
}

static status condition_check(struct call *c, const struct expr *condition,
                              const struct item *old)
{
    if (condition == NULL || condition_holds(condition, old->attributes)) {
        return OK;
    }
    if (str_eq(arg_str(c, "ReturnValuesOnConditionCheckFailure"), STR("ALL_OLD")) &&
        old->packed.bytes > 0) {
        item_to_value(c->arena, old, fail_detail(c, &DDB_CONDITION_FAILED), "Item");
    }
    return fail(c, &DDB_CONDITION_FAILED, "The conditional request failed");
}

static void answer_old(struct call *c, const struct item *old)
{
    if (str_eq(arg_str(c, "ReturnValues"), STR("ALL_OLD")) && old->packed.bytes > 0) {
        item_to_value(c->arena, old, c->out, "Attributes");
    }
}

/* PutItem: the item is as given, whatever it was. */
status ddb_put_item(struct call *c)
{
    struct cost cost = {0};
    const struct expr *condition = NULL;
    struct item item, old;
    struct str suffix;

    TRY(condition_of_call(c, &parameters_put_item, &condition));
    TRY(item_from_value(c->arena, arg(c, "Item"), &c->why, &item));
    TRY(item_fits(&item, false, &c->why));
    TRY(table_of_call(c, &cost.table));
    TRY(primary_of_item(c, cost.table, &item, &suffix));
    TRY(index_keys_check(c, cost.table, &item));
    old = item_load(c, cost.table, suffix);
    TRY(condition_check(c, condition, &old));
    item_change(c, cost.table, &old, &item, &cost);
    call_on(c, table_arn(c->arena, cost.table));
    answer_old(c, &old);
    answer_cost(c, &cost);
    return OK;
}

/* DeleteItem */
status ddb_delete_item(struct call *c)
{
    struct cost cost = {0};
    const struct expr *condition = NULL;
    struct item key, old;
    struct str suffix;

    TRY(condition_of_call(c, &parameters_put_item, &condition));
    TRY(table_of_call(c, &cost.table));
    TRY(primary_of_key(c, cost.table, arg(c, "Key"), &key, &suffix));
    old = item_load(c, cost.table, suffix);
    TRY(condition_check(c, condition, &old));
    item_change(c, cost.table, &old, &ITEM_ABSENT, &cost);
    call_on(c, table_arn(c->arena, cost.table));
    answer_old(c, &old);
    answer_cost(c, &cost);
    return OK;
}

/* GetItem */
status ddb_get_item(struct call *c)
{
    struct cost cost = {0};
    struct item key, item;
    struct paths paths = {NULL, 0};
    struct terms terms;
    struct str suffix;

    TRY(parameters_check(c->arena, c->in, &parameters_get_item, &c->why));
    TRY(terms_read(c->arena, arg(c, "ExpressionAttributeNames"), NULL, &c->why, &terms));
    if (arg_has(c, "ProjectionExpression")) {
        TRY(projection_read(&terms, arg_str(c, "ProjectionExpression"), &paths));
    } else {
        TRY(legacy_paths(c->arena, c->in, &c->why, &paths));
    }
    TRY(terms_all_used(&terms));
    TRY(table_of_call(c, &cost.table));
    TRY(primary_of_key(c, cost.table, arg(c, "Key"), &key, &suffix));
    item = item_load(c, cost.table, suffix);
    cost.read_halves = read_halves(item.bytes, arg_bool(c, "ConsistentRead", false));
    answer_cost(c, &cost);
    if (item.packed.bytes == 0) {
        return OK;
    }
    if (paths.count > 0) {
        TRY(projection_apply(c->arena, &paths, &item, &item));
    }
    item_to_value(c->arena, &item, c->out, "Item");
    return OK;
}
