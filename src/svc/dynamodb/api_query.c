/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading many items: Query, Scan.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/query.h"
#include "svc/dynamodb/throttle.h"

static void put_items(struct call *c, const struct walked *walked)
{
    struct value *items = put_list(c, "Items", walked->count);

    for (uint64_t i = 0; i < walked->count; i++) {
        item_to_list(c->arena, &walked->items[i], items);
    }
}

static status answer_page(struct call *c, const struct query *query)
{
    struct cost cost = {.table = query->walk.table, .name = arg_str(c, "TableName")};
    struct walked walked;

    TRY(walk_read(c, &query->walk, &walked, &cost));
    if (!query->walk.counts) {
        put_items(c, &walked);
    }
    put_int(c, "Count", (int64_t)walked.count);
    put_int(c, "ScannedCount", (int64_t)walked.scanned);
    if (walked.last.packed.bytes > 0) {
        item_to_value(c->arena, &walked.last, c->out, "LastEvaluatedKey");
    }
    throttle_take(c, &cost, 1);
    answer_cost(c, &cost);
    return OK;
}

/* Query: items of one partition of a table or an index, in the order of its sort key. */
status ddb_query(struct call *c)
{
    struct query query = {.scans = false};

    TRY(query_read(c, &query));
    TRY(query_bind(c, &query));
    return answer_page(c, &query);
}

/* Scan: all items of a table or an index, or of a segment of it. */
status ddb_scan(struct call *c)
{
    struct query query = {.scans = true};

    TRY(query_read(c, &query));
    TRY(query_bind(c, &query));
    return answer_page(c, &query);
}
