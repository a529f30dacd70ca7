/* SPDX-License-Identifier: Apache-2.0
 *
 * PartiQL: BatchExecuteStatement, ExecuteStatement.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/partiql_run.h"
#include "svc/dynamodb/throttle.h"

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
    judged = one_write_judge(c, statement, &write);
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
        return fail(c, &DDB_VALIDATION, "EXISTS() is only supported in ExecuteTransaction");
    }
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
    struct cost cost;            /* what it cost */
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

static status part_reads(struct call *c, struct part *part)
{
    struct one_read read;
    size_t bytes;

    TRY(one_read_bind(c, &part->statement, BATCH_READ_REFUSED, &read));
    part->cost.table = read.read.table;
    TRY(throttle_read(c, read.read.table, NULL));
    TRY(one_read_item(c, &read, &part->item, &bytes));
    part->table = read.read.table;
    part->cost.read_halves = read_halves(bytes, get_bool(part->in, "ConsistentRead", false));
    return OK;
}

static status part_writes(struct call *c, struct part *part)
{
    struct item_write write;
    status judged;

    TRY(one_write_bind(c, &part->statement, &write));
    part->cost.table = write.table;
    judged = one_write_judge(c, &part->statement, &write);
    if (judged == &DDB_CONDITION_FAILED || judged == &DDB_DUPLICATE_ITEM) {
        part->table = write.table;
        part->failed = asks_for_failed(part->in) ? write.old : ITEM_ABSENT;
    }
    TRY(judged);
    TRY(one_write_returns(c, &part->statement, &write, &part->item));
    part->table = write.table;
    write_stage(c, &write, &part->cost);
    call_on(c, table_arn(c->arena, write.table));
    return OK;
}

static void part_run(struct call *c, struct part *part)
{
    part->item = part->failed = ITEM_ABSENT;
    part->cost.name = part->statement.table;
    if (part->read == OK && part->statement.kind == STATEMENT_EXISTS) {
        part->read = fail(c, &DDB_VALIDATION,
                            "EXISTS() is only supported in ExecuteTransaction");
    } else if (part->read == OK) {
        part->read = statement_reads(&part->statement) ? part_reads(c, part)
                                                           : part_writes(c, part);
    }
    if (part->read != OK) {
        part->why = c->why;
    } else {
        throttle_take(c, &part->cost, 1);
    }
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
static status parts_check(struct call *c, const struct part *parts, size_t count)
{
    bool reads = false;
    bool writes = false;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].read == OK) {
            reads = reads || statement_reads(&parts[i].statement);
            writes = writes || !statement_reads(&parts[i].statement);
        }
    }
    if (reads && writes) {
        return fail(c, &DDB_VALIDATION, "BatchExecuteStatement API does not support both read and "
                                        "write operations in the same request.");
    }
    return OK;
}

static void cost_add(struct cost *to, const struct cost *cost)
{
    to->read_halves += cost->read_halves;
    to->write_units += cost->write_units;
    for (size_t i = 0; i < INDEXES_MAX; i++) {
        to->index_read_halves[i] += cost->index_read_halves[i];
        to->index_write_units[i] += cost->index_write_units[i];
    }
}

/* ConsumedCapacity, one for each table. */
static void answer_costs(struct call *c, struct part *parts, size_t count)
{
    struct str asked = arg_str(c, "ReturnConsumedCapacity");
    struct value *list;

    if (asked.bytes == 0 || str_eq(asked, STR("NONE"))) {
        return;
    }
    list = put_list(c, "ConsumedCapacity", count);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].read != OK || parts[i].cost.table == NULL) {
            continue;
        }
        for (size_t j = i + 1; j < count; j++) {
            if (parts[j].read == OK && parts[j].cost.table == parts[i].cost.table) {
                cost_add(&parts[i].cost, &parts[j].cost);
                parts[j].cost.table = NULL;
            }
        }
        put_cost(c, list_add(c->arena, list), &parts[i].cost, 1);
    }
}

/* BatchExecuteStatement: up to 25 statements about one item each, each for itself. */
status ddb_batch_execute_statement(struct call *c)
{
    const struct value *list = arg(c, "Statements");
    struct part *parts = arena_zero(c->arena, (list->count + 1) * sizeof(*parts));
    struct value *responses;

    for (uint32_t i = 0; i < list->count; i++) {
        parts[i].in = &list->items[i];
        parts[i].read = statement_of_request(c, parts[i].in, &parts[i].statement);
        parts[i].why = c->why;
    }
    TRY(parts_check(c, parts, list->count));
    responses = put_list(c, "Responses", list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        if (parts[i].read != OK) {
            c->why = parts[i].why;
        }
        part_run(c, &parts[i]);
        part_answer(c, &parts[i], list_add(c->arena, responses));
    }
    answer_costs(c, parts, list->count);
    return OK;
}
