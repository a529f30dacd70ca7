/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements about one item: what they say, told in the words of item_op.h.
 *
 * The whole WHERE is a write's condition, its equalities on the key too: they hold for every item
 * with that key, and for none that is not there, which is how an UPDATE of nothing fails. A DELETE
 * of nothing is fine, whatever else it asks.
 */
#include "svc/dynamodb/partiql_run.h"

#include <assert.h>

status statement_of_request(struct call *c, const struct value *in,
                            struct statement *ret_statement)
{
    struct values values;

    TRY(statement_values_read(c->arena, get(in, "Parameters"), &c->why, &values));
    return statement_read(c->arena, get_str(in, "Statement"), &values, &c->why, ret_statement);
}

/* ---- reads ---- */

status one_read_bind(struct call *c, const struct statement *statement, const char *refusal,
                     struct one_read *ret_read)
{
    struct one_read read = {.statement = statement};
    struct write_key key;

    TRY(table_of_name(c, statement->table, &read.read.table));
    if (statement->index.bytes > 0 || statement->where == NULL || statement->order_count > 0 ||
        statement_key_plan(c->arena, statement, &read.read.table->schema, &c->why, &key) != OK ||
        !key.only) {
        return fail(c, &DDB_VALIDATION, "%s", refusal);
    }
    read.read.key = key.key;
    TRY(read_bind(c, &read.read));
    *ret_read = read;
    return OK;
}

status one_read_item(struct call *c, const struct one_read *read, struct item *ret_item,
                     size_t *ret_bytes)
{
    struct item item;

    TRY(read_item(c, &read->read, &item, ret_bytes));
    if (item.packed.bytes > 0) {
        TRY(statement_columns_apply(c->arena, read->statement, &item, &item));
    }
    *ret_item = item;
    return OK;
}

/* ---- writes ---- */

static status insert_bind(struct call *c, const struct statement *statement,
                          struct item_write *write)
{
    write->kind = WRITE_PUT;
    write->given = statement->item;
    TRY(item_fits(&write->given, false, &c->why));
    write->inserts = true;
    return write_bind(c, write);
}

status one_write_bind(struct call *c, const struct statement *statement,
                      struct item_write *ret_write)
{
    static const uint8_t kinds[] = {
        [STATEMENT_UPDATE] = WRITE_UPDATE,
        [STATEMENT_DELETE] = WRITE_DELETE,
        [STATEMENT_EXISTS] = WRITE_CHECK,
    };
    struct item_write write = {0};
    struct write_key key;

    assert(statement->kind != STATEMENT_SELECT);
    TRY(table_of_name(c, statement->table, &write.table));
    if (statement->kind == STATEMENT_INSERT) {
        TRY(insert_bind(c, statement, &write));
        *ret_write = write;
        return OK;
    }
    TRY(statement_key_plan(c->arena, statement, &write.table->schema, &c->why, &key));
    if (statement->kind == STATEMENT_EXISTS &&
        (key.only || statement->index.bytes > 0 || statement->order_count > 0)) {
        return fail(c, &DDB_VALIDATION, "EXISTS() must contain a single item read with additional "
                                        "condition");
    }
    write.kind = kinds[statement->kind];
    write.given = key.key;
    write.condition = statement->where;
    write.update = statement->update;
    TRY(write_bind(c, &write));
    if (write.kind == WRITE_DELETE &&
        item_load(c, write.table, write.suffix).packed.bytes == 0) {
        write.condition = NULL;
    }
    *ret_write = write;
    return OK;
}

status one_write_returns(struct call *c, const struct statement *statement,
                         const struct item_write *write, struct item *ret_item)
{
    static const enum returned whats[] = {
        [RETURNING_NOTHING] = RETURN_NONE,
        [RETURNING_ALL_OLD] = RETURN_ALL_OLD,
        [RETURNING_ALL_NEW] = RETURN_ALL_NEW,
        [RETURNING_MODIFIED_OLD] = RETURN_UPDATED_OLD,
        [RETURNING_MODIFIED_NEW] = RETURN_UPDATED_NEW,
    };

    return write_returns(c, write, whats[statement->returning], ret_item);
}
