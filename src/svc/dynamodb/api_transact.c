/* SPDX-License-Identifier: Apache-2.0
 *
 * TransactGetItems, TransactWriteItems.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/throttle.h"
#include "svc/dynamodb/token.h"
#include "svc/dynamodb/transact.h"

#define TWICE "Transaction request cannot include multiple operations on one item"

/* ---- TransactWriteItems ---- */

struct transaction {
    const struct value **in;    /* the actions' own parameters */
    struct item_write *writes;  /* the actions */
    bool *show;                 /* ReturnValuesOnConditionCheckFailure of each */
    size_t count;               /* of them */
    struct costs costs;         /* by table */
};

/* The one thing that an action is. */
static status action_of(struct call *c, const struct value *action, enum write_kind *ret_kind,
                        const struct value **ret_in)
{
    static const struct {
        const char *member;    /* of TransactWriteItem */
        enum write_kind kind;  /* what it does */
    } kinds[] = {{"ConditionCheck", WRITE_CHECK}, {"Put", WRITE_PUT},
                 {"Delete", WRITE_DELETE}, {"Update", WRITE_UPDATE}};
    size_t found = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (has(action, kinds[i].member)) {
            *ret_kind = kinds[i].kind;
            *ret_in = get(action, kinds[i].member);
            found++;
        }
    }
    return found == 1  ? OK
           : found > 1 ? fail(c, &DDB_VALIDATION, "TransactItems can only contain one of Check, "
                                                  "Put, Update or Delete")
                       : fail(c, &DDB_VALIDATION, "Invalid Request: TransactWriteRequest should "
                                                  "contain Delete or Put or Update request");
}

static status actions_read(struct call *c, const struct value *list,
                           struct transaction *transaction)
{
    for (uint32_t i = 0; i < list->count; i++) {
        enum write_kind kind = WRITE_CHECK;

        TRY(action_of(c, &list->items[i], &kind, &transaction->in[i]));
        TRY(write_read(c, transaction->in[i], kind, false, &transaction->writes[i]));
        transaction->show[i] =
            str_eq(get_str(transaction->in[i], "ReturnValuesOnConditionCheckFailure"),
                   STR("ALL_OLD"));
    }
    return OK;
}

static status actions_bind(struct call *c, struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->count; i++) {
        TRY(table_of_name(c, get_str(transaction->in[i], "TableName"),
                          &transaction->writes[i].table));
    }
    for (size_t i = 0; i < transaction->count; i++) {
        TRY(write_bind(c, &transaction->writes[i]));
        costs_of(&transaction->costs, transaction->writes[i].table,
                 get_str(transaction->in[i], "TableName"));
    }
    return writes_apart(c, transaction->writes, transaction->count)
               ? OK
               : fail(c, &DDB_VALIDATION, TWICE);
}

/* TransactWriteItems: up to a hundred writes and conditions, all or none. */
status ddb_transact_write_items(struct call *c)
{
    const struct value *list = arg(c, "TransactItems");
    struct transaction transaction = {
        .in = arena_zero(c->arena, (list->count + 1) * sizeof(struct value *)),
        .writes = arena_zero(c->arena, (list->count + 1) * sizeof(struct item_write)),
        .show = arena_zero(c->arena, (list->count + 1) * sizeof(bool)),
        .count = list->count,
        .costs = costs_new(c, list->count),
    };
    bool done;

    TRY(actions_read(c, list, &transaction));
    TRY(token_check(c, list, &done));
    TRY(actions_bind(c, &transaction));
    if (done) {
        transaction_again(c, transaction.writes, transaction.count, &transaction.costs);
        answer_costs(c, &transaction.costs, TRANSACTION_TIMES);
        return OK;
    }
    TRY(transaction_write(c, transaction.writes, transaction.show, transaction.count,
                          &transaction.costs));
    token_keep(c, list);
    call_on(c, table_arn(c->arena, transaction.writes[0].table));
    answer_costs(c, &transaction.costs, TRANSACTION_TIMES);
    answer_collections(c, &transaction.costs, transaction.writes, transaction.count);
    return OK;
}

/* ---- TransactGetItems ---- */

static status gets_read(struct call *c, const struct value *list, struct item_read *reads)
{
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(read_read(c, get(&list->items[i], "Get"), false, true, &reads[i]));
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(table_of_name(c, get_str(get(&list->items[i], "Get"), "TableName"),
                          &reads[i].table));
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(read_bind(c, &reads[i]));
    }
    return OK;
}

/* Throughput is the only thing that may be missing: nothing else goes on meanwhile. */
static status gets_admit(struct call *c, const struct item_read *reads, size_t count)
{
    struct reason *reasons = arena_alloc(c->arena, (count + 1) * sizeof(reasons[0]));

    for (size_t i = 0; i < count; i++) {
        reasons[i] = reason_of(c, throttle_read(c, reads[i].table, NULL));
    }
    return transaction_cancel(c, reasons, count);
}

/* TransactGetItems: up to a hundred items as they are at one moment. */
status ddb_transact_get_items(struct call *c)
{
    const struct value *list = arg(c, "TransactItems");
    struct item_read *reads = arena_zero(c->arena, (list->count + 1) * sizeof(reads[0]));
    struct costs costs = costs_new(c, list->count);
    struct value *responses;
    size_t total = 0;

    TRY(gets_read(c, list, reads));
    if (!reads_apart(c, reads, list->count)) {
        return fail(c, &DDB_VALIDATION, TWICE);
    }
    TRY(gets_admit(c, reads, list->count));
    responses = put_list(c, "Responses", list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        struct cost one = {.table = reads[i].table};
        struct value *response = list_add(c->arena, responses);
        struct item item;
        size_t bytes;

        TRY(read_item(c, &reads[i], &item, &bytes));
        if (item.packed.bytes > 0) {
            item_to_value(c->arena, &item, response, "Item");
        }
        one.read_halves = read_halves(bytes, true);
        throttle_take(c, &one, TRANSACTION_TIMES);
        cost_add(costs_of(&costs, one.table, get_str(get(&list->items[i], "Get"), "TableName")),
                 &one);
        total += bytes;
    }
    if (total > TRANSACTION_BYTES_MAX) {
        return fail(c, &DDB_VALIDATION, "Member must have aggregate item size less than or equal "
                    "to 4194304 bytes");
    }
    answer_costs(c, &costs, TRANSACTION_TIMES);
    return OK;
}
