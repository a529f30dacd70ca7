/* SPDX-License-Identifier: Apache-2.0
 *
 * PartiQL: the input is a statement. One that is accepted is run against an item: its condition is
 * asked, its update applied; what an update or an INSERT makes must be sound.
 */
#include "svc/dynamodb/partiql.h"
#include "svc/dynamodb/partiql_plan.h"
#include "wire/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char request[] =
    "{\"Item\":{\"a\":{\"N\":\"1\"},\"b\":{\"S\":\"x\"},\"l\":{\"L\":[{\"S\":\"p\"},{\"L\":[]}]},"
    "\"m\":{\"M\":{\"k\":{\"N\":\"5\"}}},\"s\":{\"SS\":[\"x\",\"y\"]}},"
    "\"ExpressionAttributeValues\":{\":n\":{\"N\":\"2\"},\":l\":{\"L\":[{\"N\":\"3\"}]},"
    "\":t\":{\"SS\":[\"x\"]},\":m\":{\"M\":{\"a\":{\"N\":\"7\"}}}}}";

static void run(struct arena *arena, const struct statement *statement, const struct item *item)
{
    static const struct key_schema schema = {
        .names = {STR_INIT("a"), STR_INIT("b")},
        .types = {DATUM_N, DATUM_S},
        .hashes = 1,
        .count = 2,
    };
    struct why why;
    struct item made;
    struct reads reads;
    struct write_key key;

    if (statement->where != NULL) {
        condition_holds(statement->where, item->attributes);
        condition_holds(statement->where, STR_NONE);
    }
    if (statement->kind == STATEMENT_INSERT) {
        assert(item_sound(statement->item.packed));
    }
    if (statement->kind == STATEMENT_UPDATE &&
        update_apply(arena, &statement->update, item, &why, &made) == OK) {
        assert(item_sound(made.packed));
    }
    if (statement_columns_apply(arena, statement, item, &made) == OK) {
        assert(item_sound(made.packed));
    }
    statement_reads_plan(arena, statement, &schema, &why, &reads);
    statement_key_plan(arena, statement, &schema, &why, &key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64u << 20);
    uint32_t shape = model_operation(model_service(STR("dynamodb")), STR("PutItem"))->input;
    struct value in;
    struct why why;
    struct item item;
    struct datum given[64];
    struct values values = {given, 0};
    struct statement statement;
    const struct value *map;
    bool good = json_read(arena_dup(arena, str_c(request)), shape, arena, &why, &in) == OK &&
                item_from_value(arena, get(&in, "Item"), &why, &item) == OK;

    assert(good);
    map = get(&in, "ExpressionAttributeValues");
    /* as many parameters as there are question marks, so that some statements are accepted */
    for (size_t i = 0; i < size && values.count < 64; i++) {
        if (data[i] == '?') {
            status read = datum_from_value(arena, &map->pairs[values.count % map->count].value,
                                           &why, &given[values.count]);

            assert(read == OK);
            values.count++;
        }
    }
    if (statement_read(arena, str_of(data, size), &values, &why, &statement) == OK) {
        run(arena, &statement, &item);
    }
    arena_free(arena);
    return 0;
}
