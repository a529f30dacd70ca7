/* SPDX-License-Identifier: Apache-2.0
 *
 * A Query or Scan request becomes a walk. The order of the checks is AWS's as far as it is known.
 * Source: API reference, Query and Scan; developer guide, "Working with queries", "Working with
 * scans".
 */
#include "svc/dynamodb/query.h"

#include "svc/dynamodb/item_op.h"
#include "svc/dynamodb/legacy.h"

/* ---- without the table ---- */

/* Query's sentences about Select begin as those of the model's own checks do. */
static status select_refused(struct call *c, const struct query *query, const char *sentence,
                             const char *what)
{
    return fail(c, &DDB_VALIDATION, "%s%s%s", query->scans ? "" : "1 validation error detected: ",
                sentence, what);
}

static status select_read(struct call *c, struct query *query)
{
    struct str select = arg_str(c, "Select");
    bool legacy = arg_has(c, "AttributesToGet");
    bool some = legacy || arg_has(c, "ProjectionExpression");

    query->walk.counts = str_eq(select, STR("COUNT"));
    if (select.bytes == 0 || str_eq(select, STR("SPECIFIC_ATTRIBUTES"))) {
        return select.bytes == 0 || some
                   ? OK
                   : select_refused(c, query, "Must specify the AttributesToGet or "
                                    "ProjectionExpression when choosing to get "
                                    "SPECIFIC_ATTRIBUTES", "");
    }
    if (some) {
        return select_refused(c, query,
                              legacy ? "Cannot specify the AttributesToGet when choosing to get "
                                     : "Cannot specify the ProjectionExpression when choosing to "
                                       "get ",
                              query->walk.counts ? "only the Count"
                                                 : arena_dup(c->arena, select).at);
    }
    if (str_eq(select, STR("ALL_PROJECTED_ATTRIBUTES")) && !arg_has(c, "IndexName")) {
        return select_refused(c, query, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying "
                                        "using an IndexName", "");
    }
    return OK;
}

static status start_read(struct call *c, struct query *query)
{
    struct why why;

    query->has_start = arg_has(c, "ExclusiveStartKey");
    if (query->has_start &&
        item_from_value(c->arena, arg(c, "ExclusiveStartKey"), &why, &query->start) != OK) {
        return fail(c, &DDB_VALIDATION, "The provided starting key is invalid: %s", why.text);
    }
    return OK;
}

static status segments_read(struct call *c)
{
    bool segment = arg_has(c, "Segment");
    bool total = arg_has(c, "TotalSegments");
    long long at = arg_int(c, "Segment", 0);
    long long count = arg_int(c, "TotalSegments", 1);

    if (segment && !total) {
        return fail(c, &DDB_VALIDATION, "The TotalSegments parameter is required but was not "
                    "present in the request when Segment parameter is present");
    }
    if (total && !segment) {
        return fail(c, &DDB_VALIDATION, "The Segment parameter is required but was not present in "
                    "the request when parameter TotalSegments is present");
    }
    if (at >= count) {
        return fail(c, &DDB_VALIDATION, "The Segment parameter is zero-based and must be less "
                    "than parameter TotalSegments: Segment: %lld is not less than TotalSegments: "
                    "%lld", at, count);
    }
    return OK;
}

static status condition_of_call(struct call *c, struct terms *terms, struct query *query)
{
    const struct expr *expr = NULL;

    if (query->scans) {
        return OK;
    }
    if (!arg_has(c, "KeyConditionExpression")) {
        return legacy_key_condition(c->arena, c->in, &c->why, &query->condition);
    }
    TRY(condition_read(terms, EXPR_KEY_CONDITION, arg_str(c, "KeyConditionExpression"), &expr));
    return key_condition_of(terms, expr, &query->condition);
}

static status expressions_read(struct call *c, struct query *query)
{
    struct terms terms;

    TRY(terms_read(c->arena, arg(c, "ExpressionAttributeNames"),
                   arg(c, "ExpressionAttributeValues"), &c->why, &terms));
    if (arg_has(c, "FilterExpression")) {
        TRY(condition_read(&terms, EXPR_FILTER, arg_str(c, "FilterExpression"), &query->filter));
    } else {
        TRY(legacy_filter(c->arena, c->in, query->scans ? "ScanFilter" : "QueryFilter", &c->why,
                          &query->filter));
    }
    if (arg_has(c, "ProjectionExpression")) {
        TRY(projection_read(&terms, arg_str(c, "ProjectionExpression"), &query->paths));
    } else {
        TRY(legacy_paths(c->arena, c->in, &c->why, &query->paths));
    }
    TRY(condition_of_call(c, &terms, query));
    return terms_all_used(&terms);
}

status query_read(struct call *c, struct query *query)
{
    TRY(parameters_check(c->arena, c->in, query->scans ? &parameters_scan : &parameters_query,
                         &c->why));
    TRY(select_read(c, query));
    TRY(start_read(c, query));
    if (query->scans) {
        TRY(segments_read(c));
    } else if (!arg_has(c, "KeyConditions") && !arg_has(c, "KeyConditionExpression")) {
        return fail(c, &DDB_VALIDATION, "Either the KeyConditions or KeyConditionExpression "
                                        "parameter must be specified in the request.");
    }
    return expressions_read(c, query);
}

/* ---- with the table ---- */

/* Part by part, the start key's before the condition's. */
static status parts_bind(struct call *c, struct query *query)
{
    const struct key_schema *schema = walk_schema(&query->walk);

    if (!query->scans) {
        TRY(key_condition_count(&query->condition, schema, &c->why));
    }
    for (uint8_t i = 0; i < schema->count; i++) {
        if (query->has_start && !(query->scans && query->walk.index == NULL)) {
            TRY(start_part(c, query, i));
        }
        if (!query->scans) {
            TRY(key_condition_part(&query->condition, schema, i, &c->why));
        }
    }
    return OK;
}

static void walk_aim(struct call *c, struct query *query)
{
    struct walk *walk = &query->walk;

    walk->descending = !query->scans && !arg_bool(c, "ScanIndexForward", true);
    walk->limit = (uint64_t)arg_int(c, "Limit", 0);
    walk->filter = query->filter;
    walk->paths = &query->paths;
    if (!query->scans) {
        walk_query(c, walk, &query->condition);
    } else {
        walk_segment(c, walk, (uint64_t)arg_int(c, "Segment", 0),
                     (uint64_t)arg_int(c, "TotalSegments", 1));
    }
}

status query_bind(struct call *c, struct query *query)
{
    struct walk *walk = &query->walk;

    TRY(table_of_call(c, &walk->table));
    walk->consistent = arg_bool(c, "ConsistentRead", false);
    TRY(index_of_name(c, walk->table, arg_str(c, "IndexName"), walk->consistent, &walk->index));
    if (query->has_start) {
        TRY(start_count(c, query));
    }
    TRY(parts_bind(c, query));
    if (query->has_start) {
        TRY(start_table(c, query));
    }
    walk_aim(c, query);
    TRY(start_apply(c, query));
    TRY(key_paths_check(c, walk->table, &query->paths));
    if (!query->scans) {
        TRY(filter_keys_check(c, query));
    }
    TRY(key_paths_check_condition(c, walk->table, query->filter));
    return projected_check(c, query);
}
