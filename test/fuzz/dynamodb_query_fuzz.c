/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole requests of Query and Scan: the first byte chooses which, the rest is the body in JSON. It
 * is read, checked against the model and bound to a table with indexes. What is accepted walks
 * within the rows of what it names, and behind its start key.
 */
#include "svc/dynamodb/query.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOCAL "local"
#define GLOBAL "global"
#define MANY "many"

static struct index *index_add(struct table *table, const char *name, enum index_kind kind,
                               enum projection_kind projection)
{
    struct index *index = index_new(table);

    text_set(&index->name, str_c(name));
    index->kind = (uint8_t)kind;
    index->projection = (uint8_t)projection;
    return index;
}

/* Table ttt: a S, b N; local: a, c B; global: d S; many: d S, c B, then b N, e S. */
static void table_fill(struct dynamodb *dynamodb)
{
    struct table *table = table_new(STR("1"), STR("r"), STR("ttt"));
    struct index *index;

    table->number = 1;
    schema_add(&table->schema, STR("a"), DATUM_S, true);
    schema_add(&table->schema, STR("b"), DATUM_N, false);
    index = index_add(table, LOCAL, INDEX_LOCAL, PROJECT_KEYS_ONLY);
    schema_add(&index->schema, STR("a"), DATUM_S, true);
    schema_add(&index->schema, STR("c"), DATUM_B, false);
    index = index_add(table, GLOBAL, INDEX_GLOBAL, PROJECT_ALL);
    schema_add(&index->schema, STR("d"), DATUM_S, true);
    index = index_add(table, MANY, INDEX_GLOBAL, PROJECT_KEYS_ONLY);
    schema_add(&index->schema, STR("d"), DATUM_S, true);
    schema_add(&index->schema, STR("c"), DATUM_B, true);
    schema_add(&index->schema, STR("b"), DATUM_N, false);
    schema_add(&index->schema, STR("e"), DATUM_S, false);
    status added = table_add(dynamodb, table);

    assert(added == OK);
}

static void expect_within(struct call *c, const struct query *query)
{
    struct walk all = query->walk;

    walk_all(c, &all);
    assert(str_cmp(all.from, query->walk.from) <= 0);
    assert(str_cmp(query->walk.to, all.to) <= 0);
    if (query->has_start) { /* from where it goes on, it is behind itself */
        struct walk walk = query->walk;
        bool again = walk_after(c, &walk, &query->start);

        assert(!again);
    }
}

static void run(struct call *c, bool scans)
{
    struct query query = {.scans = scans};

    if (query_read(c, &query) == OK && query_bind(c, &query) == OK) {
        expect_within(c, &query);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dynamodb dynamodb;
    bool scans = size > 0 && data[0] % 2 == 1;
    const struct operation *operation =
        model_operation(model_service(STR("dynamodb")), scans ? STR("Scan") : STR("Query"));
    struct call c = {.arena = arena_new(64u << 20), .account = STR("1"), .region = STR("r"),
                     .operation = operation, .state = &dynamodb};
    struct value in;

    if (dynamodb.tables == NULL) {
        dynamodb.tables = map_new(1);
        table_fill(&dynamodb);
    }
    if (size > 0 &&
        json_read(arena_dup(c.arena, str_of(data + 1, size - 1)), operation->input, c.arena,
                  &c.why, &in) == OK &&
        wire_check(operation, &in, c.arena, &c.why) == OK) {
        c.in = &in;
        run(&c, scans);
    }
    arena_free(c.arena);
    return 0;
}
