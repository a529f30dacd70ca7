/* SPDX-License-Identifier: Apache-2.0
 *
 * PartiQL: BatchExecuteStatement, ExecuteStatement.
 */
#include "svc/dynamodb/guard.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/partiql_run.h"
#include "svc/dynamodb/throttle.h"

#define EXISTS_REFUSED "EXISTS() is only supported in ExecuteTransaction"

/* ---- ExecuteStatement ---- */

static bool asks_for_failed(const struct value *in)
{
    return str_eq(get_str(in, "ReturnValuesOnConditionCheckFailure"), STR("ALL_OLD"));
}

static status write_one(struct call *c, const struct statement *statement)
{
    struct cost cost = {.name = statement->table};
    struct item_write write;
    struct item returned;
    struct value *items;
    status judged;

    TRY(one_write_bind(c, statement, &write));
    cost.table = write.table;
    judged = write_judge(c, &write);
    if (judged == &DDB_CONDITION_FAILED && asks_for_failed(c->in) &&
        write.old.packed.bytes > 0) {
        item_to_value(c->arena, &write.old, fail_detail(c, judged), "Item");
    }
    TRY(judged);
    TRY(one_write_returns(c, statement, &write, &returned));
    write_stage(c, &write, &cost);
    throttle_take(c, &cost, 1);
    call_on(c, table_arn(c->arena, write.table));
    items = put_list(c, "Items", 1);
    if (returned.packed.bytes > 0) {
        item_to_list(c->arena, &returned, items);
    }
    answer_cost(c, &cost);
    return OK;
}

/* ExecuteStatement: one statement; a SELECT page by page. */
status ddb_execute_statement(struct call *c)
{
    struct statement statement;

    TRY(statement_of_request(c, c->in, &statement));
    if (statement.kind == STATEMENT_EXISTS) {
        return fail(c, &DDB_VALIDATION, EXISTS_REFUSED);
    }
    TRY(statement_may(c, &statement));
    return statement_reads(&statement) ? select_page(c, &statement) : write_one(c, &statement);
}

/* ---- BatchExecuteStatement ---- */

#define BATCH_READ_REFUSED                                                                         \
    "Select statements within BatchExecuteStatement must specify the primary key in the where "    \
    "clause."

/* A statement of a batch: each succeeds or fails by itself. */
struct part {
    const struct value *in;      /* BatchStatementRequest */
    struct statement statement;  /* when it was read */
    status read;                 /* how that went */
    struct why why;              /* and why not */
    struct table *table;         /* NULL: it did not come so far */
    struct item item;            /* to be shown; ITEM_ABSENT: none */
    struct item failed;          /* that its condition failed on, if that is asked for */
};

struct batch {
    struct part *parts;          /* as they came */
    size_t count;                /* of them */
    struct costs costs;          /* by table */
    size_t weight;               /* staged so far */
};

static struct str part_code(status code)
{
    static const struct {
        status code;      /* as an operation says it */
        struct str name;  /* as a batch does */
    } names[] = {
        {&DDB_VALIDATION, STR_INIT("ValidationError")},
        {&DDB_NOT_FOUND, STR_INIT("ResourceNotFound")},
        {&DDB_CONDITION_FAILED, STR_INIT("ConditionalCheckFailed")},
        {&DDB_DUPLICATE_ITEM, STR_INIT("DuplicateItem")},
        {&DDB_COLLECTION_SIZE, STR_INIT("ItemCollectionSizeLimitExceeded")},
        {&DDB_THROUGHPUT, STR_INIT("ProvisionedThroughputExceeded")},
        {&DDB_THROTTLED, STR_INIT("ThrottlingError")},
        {&DDB_TRANSACTION_CONFLICT, STR_INIT("TransactionConflict")},
        {&DDB_ACCESS_DENIED, STR_INIT("AccessDenied")},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return STR("InternalServerError");
}

static void batch_costs(struct call *c, struct batch *batch, const struct part *part,
                        const struct cost *cost)
{
    throttle_take(c, cost, 1);
    cost_add(costs_of(&batch->costs, cost->table, part->statement.table), cost);
}

static status part_reads(struct call *c, struct batch *batch, struct part *part)
{
    struct cost cost = {0};
    struct one_read read;
    size_t bytes;

    TRY(one_read_bind(c, &part->statement, BATCH_READ_REFUSED, &read));
    cost.table = read.read.table;
    TRY(throttle_read(c, cost.table, NULL));
    TRY(one_read_item(c, &read, &part->item, &bytes));
    part->table = cost.table;
    cost.read_halves = read_halves(bytes, get_bool(part->in, "ConsistentRead", false));
    batch_costs(c, batch, part, &cost);
    return OK;
}

static status part_writes(struct call *c, struct batch *batch, struct part *part)
{
    struct cost cost = {0};
    struct item_write write;
    status judged;

    TRY(one_write_bind(c, &part->statement, &write));
    cost.table = write.table;
    judged = write_judge(c, &write);
    if (judged == &DDB_CONDITION_FAILED || judged == &DDB_DUPLICATE_ITEM) {
        part->table = write.table;
        part->failed = asks_for_failed(part->in) ? write.old : ITEM_ABSENT;
    }
    TRY(judged);
    if (batch->weight > 0 && batch->weight + write_weight(&write) > WEIGHT_MAX) {
        return fail(c, &DDB_THROTTLED, "The batch is too large for one journal entry.");
    }
    TRY(one_write_returns(c, &part->statement, &write, &part->item));
    part->table = write.table;
    write_stage(c, &write, &cost);
    batch->weight += write_weight(&write);
    batch_costs(c, batch, part, &cost);
    call_on(c, table_arn(c->arena, write.table));
    return OK;
}

static void part_run(struct call *c, struct batch *batch, struct part *part)
{
    part->item = part->failed = ITEM_ABSENT;
    if (part->read != OK) {
        return;
    }
    if (part->statement.kind == STATEMENT_EXISTS) {
        part->read = fail(c, &DDB_VALIDATION, EXISTS_REFUSED);
    } else if (statement_may(c, &part->statement) != OK) {
        part->read = &DDB_ACCESS_DENIED;
    } else {
        part->read = statement_reads(&part->statement) ? part_reads(c, batch, part)
                                                       : part_writes(c, batch, part);
    }
    part->why = c->why;
}

static void part_answer(struct call *c, const struct part *part, struct value *response)
{
    if (part->read != OK) {
        struct value *error = set_struct(c->arena, response, "Error");

        set_str(error, "Code", part_code(part->read));
        set_str(error, "Message", arena_dup(c->arena, str_c(part->why.text)));
        if (part->failed.packed.bytes > 0) {
            item_to_value(c->arena, &part->failed, error, "Item");
        }
    }
    if (part->table != NULL) {
        set_str(response, "TableName", arena_dup(c->arena, part->table->name));
    }
    if (part->item.packed.bytes > 0) {
        item_to_value(c->arena, &part->item, response, "Item");
    }
}

/* Reads and writes do not go together; what could not be read is neither. */
static status parts_check(struct call *c, const struct batch *batch)
{
    bool reads = false;
    bool writes = false;

    for (size_t i = 0; i < batch->count; i++) {
        if (batch->parts[i].read == OK) {
            reads = reads || statement_reads(&batch->parts[i].statement);
            writes = writes || !statement_reads(&batch->parts[i].statement);
        }
    }
    if (reads && writes) {
        return fail(c, &DDB_VALIDATION, "BatchExecuteStatement API does not support both read and "
                                        "write operations in the same request.");
    }
    return OK;
}

/* BatchExecuteStatement: up to 25 statements about one item each, each for itself. */
status ddb_batch_execute_statement(struct call *c)
{
    const struct value *list = arg(c, "Statements");
    struct batch batch = {
        .parts = arena_zero(c->arena, (list->count + 1) * sizeof(struct part)),
        .count = list->count,
        .costs = costs_new(c, list->count),
    };
    struct value *responses;

    for (uint32_t i = 0; i < list->count; i++) {
        struct part *part = &batch.parts[i];

        part->in = &list->items[i];
        part->read = statement_of_request(c, part->in, &part->statement);
        part->why = c->why;
    }
    TRY(parts_check(c, &batch));
    responses = put_list(c, "Responses", list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        part_run(c, &batch, &batch.parts[i]);
        part_answer(c, &batch.parts[i], list_add(c->arena, responses));
    }
    answer_costs(c, &batch.costs, 1);
    return OK;
}
