/* SPDX-License-Identifier: Apache-2.0
 *
 * What calls cost, in AWS's units: a write unit a started KiB, a read unit 4 KiB, half of it for an
 * eventually consistent read, twice in transactions. Nothing costs less than one unit.
 */
#include "svc/dynamodb/change.h"

#define READ_UNIT_BYTES 4096
#define WRITE_UNIT_BYTES 1024

uint64_t read_halves(uint64_t bytes, bool consistent)
{
    uint64_t units = bytes == 0 ? 1 : (bytes + READ_UNIT_BYTES - 1) / READ_UNIT_BYTES;

    return consistent ? 2 * units : units;
}

uint64_t write_units(uint64_t bytes)
{
    return bytes == 0 ? 1 : (bytes + WRITE_UNIT_BYTES - 1) / WRITE_UNIT_BYTES;
}

/* A Capacity: of the table, of an index, of all. */
static void put_units(struct value *capacity, uint64_t halves, uint64_t units, unsigned times)
{
    double read = (double)(halves * times) / 2;
    double write = (double)(units * times);

    set_double(capacity, "CapacityUnits", read + write);
    if (times > 1 && halves > 0) {
        set_double(capacity, "ReadCapacityUnits", read);
    }
    if (times > 1 && units > 0) {
        set_double(capacity, "WriteCapacityUnits", write);
    }
}

static void put_indexes(struct call *c, struct value *consumed, const struct cost *cost,
                        uint8_t kind, unsigned times)
{
    const struct table *table = cost->table;
    struct value *map = NULL;

    for (size_t i = 0; i < table->index_count; i++) {
        uint64_t halves = cost->index_read_halves[i];
        uint64_t units = cost->index_write_units[i];

        if (table->indexes[i]->kind != kind || halves + units == 0) {
            continue;
        }
        if (map == NULL) {
            map = set_map(c->arena, consumed, kind == INDEX_LOCAL ? "LocalSecondaryIndexes"
                                                                  : "GlobalSecondaryIndexes",
                          table->index_count);
        }
        struct str name = arena_dup(c->arena, table->indexes[i]->name);

        put_units(map_add(c->arena, map, name), halves, units, times);
    }
}

/* Vector indexes are counted in bytes, once also in transactions. */
static void put_vector_costs(struct call *c, struct value *consumed, const struct cost *cost)
{
    const struct table *table = cost->table;
    struct value *map = NULL;

    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = table->indexes[i];

        if (index->kind != INDEX_VECTOR || cost->index_write_units[i] == 0) {
            continue;
        }
        if (map == NULL) {
            map = set_map(c->arena, consumed, "VectorIndexes", table->index_count);
        }
        set_double(map_add(c->arena, map, arena_dup(c->arena, index->name)),
                   "VectorWriteRequestBytes", (double)cost->index_write_units[i]);
    }
}

void put_cost(struct call *c, struct value *consumed, const struct cost *cost, unsigned times)
{
    uint64_t halves = cost->read_halves;
    uint64_t units = cost->write_units;

    for (size_t i = 0; i < cost->table->index_count; i++) {
        if (cost->table->indexes[i]->kind != INDEX_VECTOR) {
            halves += cost->index_read_halves[i];
            units += cost->index_write_units[i];
        }
    }
    set_str(consumed, "TableName",
            cost->name.bytes > 0 ? cost->name : arena_dup(c->arena, cost->table->name));
    put_units(consumed, halves, units, times);
    if (!str_eq(arg_str(c, "ReturnConsumedCapacity"), STR("INDEXES"))) {
        return;
    }
    put_units(set_struct(c->arena, consumed, "Table"), cost->read_halves, cost->write_units,
              times);
    put_indexes(c, consumed, cost, INDEX_LOCAL, times);
    put_indexes(c, consumed, cost, INDEX_GLOBAL, times);
    put_vector_costs(c, consumed, cost);
}

static bool asked(const struct call *c)
{
    struct str level = arg_str(c, "ReturnConsumedCapacity");

    return level.bytes > 0 && !str_eq(level, STR("NONE"));
}

void answer_cost(struct call *c, const struct cost *cost)
{
    if (asked(c)) {
        put_cost(c, put_struct(c, "ConsumedCapacity"), cost, 1);
    }
}

struct costs costs_new(struct call *c, size_t room)
{
    return (struct costs){arena_zero(c->arena, (room + 1) * sizeof(struct cost)), 0};
}

struct cost *costs_of(struct costs *costs, struct table *table, struct str name)
{
    struct cost *cost = &costs->at[0];

    while (cost < &costs->at[costs->count] && cost->table != table) {
        cost++;
    }
    if (cost == &costs->at[costs->count]) {
        costs->count++;
        cost->table = table;
        cost->name = name;
    }
    return cost;
}

void cost_add(struct cost *cost, const struct cost *more)
{
    cost->read_halves += more->read_halves;
    cost->write_units += more->write_units;
    for (size_t i = 0; i < INDEXES_MAX; i++) {
        cost->index_read_halves[i] += more->index_read_halves[i];
        cost->index_write_units[i] += more->index_write_units[i];
    }
}

void answer_costs(struct call *c, const struct costs *costs, unsigned times)
{
    struct value *list;

    if (!asked(c)) {
        return;
    }
    list = put_list(c, "ConsumedCapacity", costs->count);
    for (size_t i = 0; i < costs->count; i++) {
        put_cost(c, list_add(c->arena, list), &costs->at[i], times);
    }
}
