/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: CreateTable, DeleteTable, DescribeTable, ListTables.
 */
#include "svc/dynamodb/ops.h"

#include "base/mem.h"

#define LIST_MAX 100

/* ---- what is told of a table ----
 *
 * Answers are written after the cell was left, when the table may be another or gone: so every text
 * of it is copied. */

static void put_schema(struct call *c, struct value *structure, const struct key_schema *schema)
{
    struct value *list = set_list(c->arena, structure, "KeySchema", schema->count);

    for (uint8_t i = 0; i < schema->count; i++) {
        struct value *element = list_add(c->arena, list);

        set_str(element, "AttributeName", arena_dup(c->arena, schema->names[i]));
        set_str(element, "KeyType", i < schema->hashes ? STR("HASH") : STR("RANGE"));
    }
}

static void put_table(struct call *c, struct value *about, const struct table *table,
                      struct str state)
{
    struct value *list = set_list(c->arena, about, "AttributeDefinitions", table->attribute_count);

    for (size_t i = 0; i < table->attribute_count; i++) {
        struct value *attribute = list_add(c->arena, list);

        set_str(attribute, "AttributeName", arena_dup(c->arena, table->attributes[i].name));
        set_str(attribute, "AttributeType", datum_type_name(table->attributes[i].type));
    }
    set_str(about, "TableName", arena_dup(c->arena, table->name));
    put_schema(c, about, &table->schema);
    set_str(about, "TableStatus", state);
    set_time(about, "CreationDateTime", table->created_ms);
    set_int(about, "TableSizeBytes", (int64_t)table->tally.bytes);
    set_int(about, "ItemCount", (int64_t)table->tally.items);
    set_str(about, "TableArn", table_arn(c->arena, table));
    set_str(about, "TableId", arena_dup(c->arena, str_of(table->id, TABLE_ID_BYTES)));
}

/* ---- making one ---- */

static status attributes_read(struct call *c, struct table *table)
{
    const struct value *list = arg(c, "AttributeDefinitions");

    table->attributes = mem_zero((list->count + 1) * sizeof(struct attribute));
    for (uint32_t i = 0; i < list->count; i++) {
        struct attribute *attribute = &table->attributes[table->attribute_count++];

        text_set(&attribute->name, get_str(&list->items[i], "AttributeName"));
        if (!datum_type_of(get_str(&list->items[i], "AttributeType"), &attribute->type)) {
            return fail(c, &DDB_VALIDATION, "An attribute has an unknown type");
        }
    }
    return OK;
}

static status schema_read(struct call *c, const struct table *table, const struct value *list,
                          struct key_schema *ret_schema)
{
    for (uint32_t i = 0; i < list->count && i < KEY_PARTS_MAX; i++) {
        struct str name = get_str(&list->items[i], "AttributeName");
        bool hash = str_eq(get_str(&list->items[i], "KeyType"), STR("HASH"));
        size_t at = 0;

        while (at < table->attribute_count && !str_eq(table->attributes[at].name, name)) {
            at++;
        }
        if (at == table->attribute_count || hash != (i == 0)) {
            return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Some index "
                        "key attributes are not defined in AttributeDefinitions. Keys: [%.*s]",
                        STR_ARG(name));
        }
        schema_add(ret_schema, name, table->attributes[at].type, hash);
    }
    return OK;
}

static status table_read(struct call *c, struct table *table)
{
    TRY(attributes_read(c, table));
    TRY(schema_read(c, table, arg(c, "KeySchema"), &table->schema));
    table->on_demand = str_eq(arg_str(c, "BillingMode"), STR("PAY_PER_REQUEST"));
    return OK;
}

/* CreateTable: a new, empty table. */
status ddb_create_table(struct call *c)
{
    struct dynamodb *dynamodb = dynamodb_of(c);
    struct str account, region, name;
    struct table *table;
    status read;

    TRY(table_name_read(c, arg_str(c, "TableName"), &account, &region, &name));
    if (table_find(dynamodb, account, region, name) != NULL) {
        return fail(c, &DDB_IN_USE, "Table already exists: %.*s", STR_ARG(name));
    }
    table = table_new(account, region, name);
    read = table_read(c, table);
    if (read != OK) {
        table_free(table);
        return read;
    }
    rand_uuid(c->rand, table->id);
    table->created_ms = c->now;
    table_make(c, table);
    put_table(c, put_struct(c, "TableDescription"), table, STR("CREATING"));
    return OK;
}

/* DescribeTable */
status ddb_describe_table(struct call *c)
{
    struct table *table;
    struct str account, region, name;

    TRY(table_name_read(c, arg_str(c, "TableName"), &account, &region, &name));
    table = table_find(dynamodb_of(c), account, region, name);
    if (table == NULL) {
        return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Table: %.*s not found",
                    STR_ARG(name));
    }
    put_table(c, put_struct(c, "Table"), table, STR("ACTIVE"));
    return OK;
}

/* DeleteTable: it is forgotten at once; its rows are swept later. */
status ddb_delete_table(struct call *c)
{
    struct table *table;

    TRY(table_of_call(c, &table));
    put_table(c, put_struct(c, "TableDescription"), table, STR("DELETING"));
    table_erase(c, table);
    call_on(c, table_arn(c->arena, table));
    table_remove(dynamodb_of(c), table);
    return OK;
}

/* ListTables */
status ddb_list_tables(struct call *c)
{
    size_t count;
    struct table **tables = tables_sorted(c, &count);
    struct value *list = put_list(c, "TableNames", count);

    for (size_t i = 0; i < count; i++) {
        list_add_str(list, arena_dup(c->arena, tables[i]->name));
    }
    return OK;
}
