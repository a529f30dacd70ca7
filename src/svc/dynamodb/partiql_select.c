/* SPDX-License-Identifier: Apache-2.0
 *
 * A page of a SELECT: the plan's partitions one after the other, or a scan. Limit counts what is
 * looked at, as Query's does; a page ends at 1 MiB over all partitions, and after
 * PAGE_PARTITIONS_MAX of them.
 *
 * Source: developer guide, "PartiQL arithmetic, comparison, and logical operators", IN.
 */
#include "svc/dynamodb/partiql_run.h"
#include "svc/dynamodb/query.h"
#include "svc/dynamodb/throttle.h"

#include <assert.h>

#define PAGE_PARTITIONS_MAX 10

struct select {
    struct call *c;                     /* whose output */
    const struct statement *statement;  /* what is asked */
    struct walk walk;                   /* of all partitions: table, index, filter */
    struct reads reads;                 /* the plan */
    struct select_token next;           /* where this page goes on, then the next one */
    bool more;                          /* there is a next one */
    uint64_t limit;                     /* rows that may still be looked at; 0: no limit */
    struct cost cost;                   /* so far */
    struct item *items;                 /* as shown; in the call's arena */
    size_t count;                       /* of them */
    size_t room;                        /* for them */
};

/* ---- what is read ---- */

static status index_choose(struct select *page)
{
    struct call *c = page->c;
    struct walk *walk = &page->walk;
    const struct index *index = table_index(walk->table, page->statement->index);

    if (page->statement->index.bytes == 0) {
        return OK;
    }
    if (index == NULL || index->kind == INDEX_VECTOR || index->state == INDEX_DELETING) {
        return fail(c, &DDB_VALIDATION, "The table does not have the specified index");
    }
    if (index->schema.hashes > 1 || index->schema.count - index->schema.hashes > 1) {
        return fail(c, &DDB_VALIDATION, "PartiQL statements cannot be executed on tables with "
                    "multi-attribute HASH keys or multi-attribute RANGE keys.");
    }
    if (walk->consistent && index->kind == INDEX_GLOBAL) {
        return fail(c, &DDB_VALIDATION, "Strongly consistent read is not supported on Global "
                                        "Secondary Indexes");
    }
    return index_of_name(c, walk->table, page->statement->index, false, &walk->index);
}

static struct paths columns_paths(struct call *c, const struct statement *statement)
{
    struct paths paths = {.count = statement->column_count};

    paths.at = arena_alloc(c->arena, (paths.count + 1) * sizeof(*paths.at));
    for (size_t i = 0; i < paths.count; i++) {
        paths.at[i] = statement->columns[i].path;
    }
    return paths;
}

/* What an index does not project may be named only where a local one gets it from the table. */
static status projected(struct select *page)
{
    struct paths paths = columns_paths(page->c, page->statement);
    struct walk *walk = &page->walk;

    TRY(key_paths_check(page->c, walk->table, &paths));
    TRY(key_paths_check_condition(page->c, walk->table, walk->filter));
    if (walk->index == NULL || walk->index->projection == PROJECT_ALL) {
        return OK;
    }
    TRY(paths_projected(page->c, walk, &paths));
    return page->reads.keyed ? filter_projected(page->c, walk) : OK;
}

/* ---- where it goes on ---- */

static bool has_keys(const struct key_schema *schema, const struct item *item)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        struct datum part = datum_find(item->attributes, schema->names[i]);
        struct why why;

        if (part.type != schema->types[i] ||
            key_datum_check(part, schema->names[i], i < schema->hashes, &why) != OK) {
            return false;
        }
    }
    return true;
}

static status token_use(struct select *page)
{
    struct call *c = page->c;
    struct select_token *token = &page->next;
    size_t count = page->reads.count > 0 ? page->reads.count : 1;

    token->last = ITEM_ABSENT;
    if (!arg_has(c, "NextToken")) {
        return OK;
    }
    TRY(select_token_read(c, arg_str(c, "NextToken"), token));
    if (token->partition >= count ||
        (token->last.packed.bytes > 0 && (!has_keys(&page->walk.table->schema, &token->last) ||
                                          !has_keys(walk_schema(&page->walk), &token->last)))) {
        return fail(c, &DDB_VALIDATION, "Invalid NextToken");
    }
    return OK;
}

/* ---- reading ---- */

static void partition_aim(struct call *c, struct walk *walk, const struct partition *partition)
{
    struct key_condition condition = {.count = 1, .hashes = 1};

    condition.terms[0] = (struct key_term){
        .name = walk_schema(walk)->names[0], .op = OP_EQ, .values = {partition->hash}};
    if (partition->has_range) {
        condition.terms[condition.count++] = partition->range;
    }
    walk_query(c, walk, &condition);
}

static status items_show(struct select *page, const struct walked *walked)
{
    struct arena *arena = page->c->arena;

    if (page->count + walked->count > page->room) {
        size_t room = 2 * (page->count + walked->count);
        struct item *items = arena_alloc(arena, room * sizeof(*items));

        if (page->count > 0) {
            memcpy(items, page->items, page->count * sizeof(*items));
        }
        page->items = items;
        page->room = room;
    }
    for (uint64_t i = 0; i < walked->count; i++) {
        TRY(statement_columns_apply(arena, page->statement, &walked->items[i],
                                    &page->items[page->count++]));
    }
    return OK;
}

/* The partition at page->next, or a piece of it. */
static status partition_read(struct select *page)
{
    struct call *c = page->c;
    struct walk walk = page->walk;
    struct walked walked;

    walk.limit = page->limit;
    if (page->reads.count == 0) {
        walk_all(c, &walk);
    } else {
        walk.descending = page->reads.descending;
        partition_aim(c, &walk, &page->reads.at[page->next.partition]);
    }
    if (page->next.last.packed.bytes > 0 && !walk_after(c, &walk, &page->next.last)) {
        return fail(c, &DDB_VALIDATION, "Invalid NextToken");
    }
    TRY(walk_read(c, &walk, &walked, &page->cost));
    TRY(items_show(page, &walked));
    page->walk.bytes += walked.bytes;
    page->next.last = walked.last;
    page->more = walked.last.packed.bytes > 0;
    if (!page->more) {
        page->next.partition++;
        page->more = page->next.partition < page->reads.count;
    }
    page->limit -= page->limit > 0 ? walked.scanned : 0;
    return OK;
}

static status partitions_read(struct select *page)
{
    bool limited = page->limit > 0;
    size_t read = 0;

    do {
        TRY(partition_read(page));
        read++;
    } while (page->more && page->next.last.packed.bytes == 0 && read < PAGE_PARTITIONS_MAX &&
             page->walk.bytes < PAGE_BYTES_MAX && !(limited && page->limit == 0));
    return OK;
}

/* ---- answering ---- */

static void answer_page(struct select *page)
{
    struct call *c = page->c;
    struct value *items = put_list(c, "Items", page->count);

    for (size_t i = 0; i < page->count; i++) {
        item_to_list(c->arena, &page->items[i], items);
    }
    if (page->more) {
        put_str(c, "NextToken", select_token_text(c, &page->next));
    }
    if (page->more && page->next.last.packed.bytes > 0) {
        item_to_value(c->arena, &page->next.last, c->out, "LastEvaluatedKey");
    }
    throttle_take(c, &page->cost, 1);
    answer_cost(c, &page->cost);
}

status select_page(struct call *c, const struct statement *statement)
{
    struct select page = {.c = c, .statement = statement};
    struct walk *walk = &page.walk;

    TRY(table_of_name(c, statement->table, &walk->table));
    page.cost = (struct cost){.table = walk->table, .name = statement->table};
    page.limit = (uint64_t)arg_int(c, "Limit", 0);
    walk->consistent = arg_bool(c, "ConsistentRead", false);
    walk->filter = statement->where;
    TRY(index_choose(&page));
    TRY(statement_reads_plan(c->arena, statement, walk_schema(walk), &c->why, &page.reads));
    TRY(projected(&page));
    TRY(token_use(&page));
    TRY(throttle_read(c, walk->table, (struct index *)(uintptr_t)walk->index));
    TRY(partitions_read(&page));
    answer_page(&page);
    return OK;
}
