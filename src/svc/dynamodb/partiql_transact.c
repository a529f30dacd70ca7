/* SPDX-License-Identifier: Apache-2.0
 *
 * PartiQL: ExecuteTransaction.
 */
#include "svc/dynamodb/guard.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/partiql_run.h"
#include "svc/dynamodb/throttle.h"
#include "svc/dynamodb/token.h"
#include "svc/dynamodb/transact.h"

#define TWICE "Transaction request cannot include multiple operations on one item"
#define NO_KEY                                                                                     \
    "Select statements within ExecuteTransaction must specify the primary key in the where clause."

struct transaction {
    const struct value *list;      /* TransactStatements */
    struct statement *statements;  /* read */
    size_t count;                  /* of them */
    struct costs costs;            /* by table */
};

/* What is wrong with a statement is told with its place. */
static status placed(struct call *c, status found, size_t at)
{
    struct why why = c->why;

    if (found != &DDB_VALIDATION) {
        return found;
    }
    return fail(c, found, "Validation failed in TransactStatements[%zu]: %s", at, why.text);
}

static status statement_fits(struct call *c, const struct statement *statement)
{
    if (statement->returning != RETURNING_NOTHING) {
        return fail(c, &DDB_VALIDATION,
                    "RETURNING clause is not supported in ExecuteTransaction.");
    }
    if (statement_reads(statement) && statement->index.bytes > 0) {
        return fail(c, &DDB_VALIDATION,
                    "Reads on indices are not supported within transactions.");
    }
    return OK;
}

/* Parameters first, of all: what is wrong with one is told without its place. */
static status statements_read(struct call *c, struct transaction *transaction)
{
    struct values *values = arena_alloc(c->arena, (transaction->count + 1) * sizeof(*values));
    size_t reads = 0;

    for (size_t i = 0; i < transaction->count; i++) {
        TRY(statement_values_read(c->arena, get(&transaction->list->items[i], "Parameters"),
                                  &c->why, &values[i]));
    }
    for (size_t i = 0; i < transaction->count; i++) {
        struct statement *statement = &transaction->statements[i];

        TRY(placed(c, statement_read(c->arena,
                                     get_str(&transaction->list->items[i], "Statement"),
                                     &values[i], &c->why, statement), i));
        TRY(placed(c, statement_fits(c, statement), i));
        TRY(statement_may(c, statement));
        reads += statement_reads(statement);
    }
    if (reads > 0 && reads < transaction->count) {
        return fail(c, &DDB_VALIDATION, "ExecuteTransaction API does not support both read and "
                                        "write operations in the same request.");
    }
    return OK;
}

/* ---- writes ---- */

static status writes_bind(struct call *c, struct transaction *transaction,
                          struct item_write *writes)
{
    for (size_t i = 0; i < transaction->count; i++) {
        const struct statement *statement = &transaction->statements[i];

        TRY(placed(c, one_write_bind(c, statement, &writes[i]), i));
        costs_of(&transaction->costs, writes[i].table, statement->table);
    }
    return writes_apart(c, writes, transaction->count) ? OK : fail(c, &DDB_VALIDATION, TWICE);
}

static status write_transaction(struct call *c, struct transaction *transaction)
{
    size_t count = transaction->count;
    struct item_write *writes = arena_zero(c->arena, (count + 1) * sizeof(*writes));
    bool *show = arena_zero(c->arena, (count + 1) * sizeof(*show));
    bool done;

    for (size_t i = 0; i < count; i++) {
        show[i] = str_eq(get_str(&transaction->list->items[i],
                                 "ReturnValuesOnConditionCheckFailure"), STR("ALL_OLD"));
    }
    TRY(token_check(c, transaction->list, &done));
    TRY(writes_bind(c, transaction, writes));
    if (done) {
        transaction_again(c, writes, count, &transaction->costs);
    } else {
        TRY(transaction_write(c, writes, show, count, &transaction->costs));
        token_keep(c, transaction->list);
        call_on(c, table_arn(c->arena, writes[0].table));
    }
    put_list(c, "Responses", 0);
    return OK;
}

/* ---- reads ---- */

static status reads_bind(struct call *c, struct transaction *transaction, struct one_read *reads)
{
    size_t count = transaction->count;
    struct reason *reasons = arena_alloc(c->arena, (count + 1) * sizeof(*reasons));

    for (size_t i = 0; i < count; i++) {
        TRY(placed(c, one_read_bind(c, &transaction->statements[i], NO_KEY, &reads[i]), i));
    }
    for (size_t i = 0; i < count; i++) {
        reasons[i] = reason_of(c, throttle_read(c, reads[i].read.table, NULL));
    }
    return transaction_cancel(c, reasons, count);
}

static bool keys_apart(struct call *c, const struct one_read *reads, size_t count)
{
    struct item_read *keys = arena_alloc(c->arena, (count + 1) * sizeof(*keys));

    for (size_t i = 0; i < count; i++) {
        keys[i] = reads[i].read;
    }
    return reads_apart(c, keys, count);
}

static status read_transaction(struct call *c, struct transaction *transaction)
{
    size_t count = transaction->count;
    struct one_read *reads = arena_alloc(c->arena, (count + 1) * sizeof(*reads));
    struct value *responses;
    size_t total = 0;

    TRY(reads_bind(c, transaction, reads));
    if (!keys_apart(c, reads, count)) {
        return fail(c, &DDB_VALIDATION, TWICE);
    }
    responses = put_list(c, "Responses", count);
    for (size_t i = 0; i < count; i++) {
        struct cost one = {.table = reads[i].read.table};
        struct value *response = list_add(c->arena, responses);
        struct item item;
        size_t bytes;

        TRY(one_read_item(c, &reads[i], &item, &bytes));
        if (item.packed.bytes > 0) {
            item_to_value(c->arena, &item, response, "Item");
        }
        one.read_halves = read_halves(bytes, true);
        throttle_take(c, &one, TRANSACTION_TIMES);
        cost_add(costs_of(&transaction->costs, one.table, transaction->statements[i].table),
                 &one);
        total += bytes;
    }
    return total <= TRANSACTION_BYTES_MAX
               ? OK
               : fail(c, &DDB_VALIDATION, "Member must have aggregate item size less than or equal "
                      "to 4194304 bytes");
}

/* ExecuteTransaction: up to a hundred statements about one item each, all reads or all writes, all
 * or none. */
status ddb_execute_transaction(struct call *c)
{
    const struct value *list = arg(c, "TransactStatements");
    struct transaction transaction = {
        .list = list,
        .statements = arena_zero(c->arena, (list->count + 1) * sizeof(struct statement)),
        .count = list->count,
        .costs = costs_new(c, list->count),
    };

    TRY(statements_read(c, &transaction));
    TRY(statement_reads(&transaction.statements[0]) ? read_transaction(c, &transaction)
                                                    : write_transaction(c, &transaction));
    answer_costs(c, &transaction.costs, TRANSACTION_TIMES);
    return OK;
}
