/* SPDX-License-Identifier: Apache-2.0
 *
 * ExclusiveStartKey: exactly the key attributes of the table and of the index, of the right types,
 * within what is asked for. AWS has a sentence for each way to be wrong, and they differ between
 * Query and Scan, table and index.
 */
#include "svc/dynamodb/query.h"

#define INVALID_START "The provided starting key is invalid"
#define MISMATCH "The provided key element does not match the schema"

static const struct table *table_of(const struct query *query)
{
    return query->walk.table;
}

/* Attributes that are in the table's key or in the index's. */
static size_t names_count(const struct query *query)
{
    const struct key_schema *schema = &table_of(query)->schema;
    const struct index *index = query->walk.index;
    size_t count = schema->count;

    for (uint8_t i = 0; index != NULL && i < index->schema.count; i++) {
        bool both = false;

        for (uint8_t j = 0; j < schema->count; j++) {
            both = both || str_eq(schema->names[j], index->schema.names[i]);
        }
        count += !both;
    }
    return count;
}

status start_count(struct call *c, const struct query *query)
{
    if (arg(c, "ExclusiveStartKey")->count == names_count(query)) {
        return OK;
    }
    return query->scans && query->walk.index == NULL
               ? fail(c, &DDB_VALIDATION, INVALID_START ": " MISMATCH)
               : fail(c, &DDB_VALIDATION, INVALID_START);
}

status start_part(struct call *c, const struct query *query, uint8_t part)
{
    const struct key_schema *schema = walk_schema(&query->walk);
    struct datum datum = datum_find(query->start.attributes, schema->names[part]);

    if (datum.type == DATUM_NONE) {
        return fail(c, &DDB_VALIDATION, INVALID_START);
    }
    if (datum.type != schema->types[part]) {
        return fail(c, &DDB_VALIDATION, MISMATCH);
    }
    return key_datum_check(datum, schema->names[part], part < schema->hashes, &c->why);
}

status start_table(struct call *c, const struct query *query)
{
    const struct key_schema *schema = &table_of(query)->schema;

    for (uint8_t i = 0; i < schema->count; i++) {
        struct datum datum = datum_find(query->start.attributes, schema->names[i]);
        struct why why;

        if (datum.type != schema->types[i]) {
            return fail(c, &DDB_VALIDATION, INVALID_START ": " MISMATCH);
        }
        if (key_datum_check(datum, schema->names[i], i < schema->hashes, &why) != OK) {
            return fail(c, &DDB_VALIDATION, INVALID_START ": %s", why.text);
        }
    }
    return OK;
}

static status outside_query(struct call *c, const struct query *query)
{
    const struct key_schema *schema = walk_schema(&query->walk);
    const struct key_condition *condition = &query->condition;

    if (condition->count == schema->hashes) {
        return fail(c, &DDB_VALIDATION, "The provided starting key is outside query boundaries "
                                        "based on provided conditions");
    }
    for (size_t i = schema->hashes; i < condition->count; i++) {
        if (!key_term_holds(&condition->terms[i],
                            datum_find(query->start.attributes, schema->names[i]))) {
            return fail(c, &DDB_VALIDATION, "The provided starting key does not match the range "
                                            "key predicate");
        }
    }
    return fail(c, &DDB_VALIDATION, "The query can return at most one row and cannot be "
                                    "restarted");
}

status start_apply(struct call *c, struct query *query)
{
    if (!query->has_start || walk_after(c, &query->walk, &query->start)) {
        return OK;
    }
    if (!query->scans) {
        return outside_query(c, query);
    }
    return fail(c, &DDB_VALIDATION, INVALID_START ": Invalid ExclusiveStartKey. Please use "
                "ExclusiveStartKey with correct Segment. TotalSegments: %lld Segment: %lld",
                (long long)arg_int(c, "TotalSegments", 1), (long long)arg_int(c, "Segment", 0));
}
