/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading many items: a page over a range of the rows of a table or of an index. Query, Scan and
 * PartiQL say where to walk; walk_read() walks.
 *
 *     struct walk walk = {.table = table, .index = index, .filter = filter, .limit = limit};
 *
 *     TRY(index_of_name(c, table, name, &walk.index));
 *     walk_query(c, &walk, &bound_condition);   or walk_all(c, &walk), walk_segment(c, &walk, …)
 *     walk_after(c, &walk, &key_item);          to go on behind an item
 *     TRY(walk_read(c, &walk, &walked, &cost));
 *
 * An index has entries of its own, which hold what it projects; walking it reads nothing else,
 * unless whole is said.
 */
#ifndef WEIR_SVC_DYNAMODB_WALK_H
#define WEIR_SVC_DYNAMODB_WALK_H

#include "svc/dynamodb/change.h"

#define PAGE_BYTES_MAX ((uint64_t)1024 * 1024) /* as AWS counts; the item that passes it is in */
/* A page also ends where many tiny items would hold the cell for long, or take too much memory as
 * value trees. (AWS, too, counts something for each item, which it does not tell.) */
#define PAGE_ROWS_MAX 25000
#define PAGE_VALUES_MAX 100000

struct walk {
    struct table *table;         /* whose */
    struct index *index;         /* NULL: the table's own rows */
    struct str from, to;         /* rows [from, to) */
    bool descending;             /* from the end */
    bool consistent;             /* what it costs; reads always are */
    bool whole;                  /* items from the table where the index does not project all */
    bool counts;                 /* items are not kept */
    uint64_t limit;              /* rows to look at; 0: no limit */
    uint64_t bytes;              /* that walks before took of the same page */
    const struct expr *filter;   /* on what the row holds; NULL: all pass */
    const struct paths *paths;   /* of each item; NULL or none: all of it */
};

struct walked {
    struct item *items;          /* that passed, in order; in the call's arena */
    uint64_t count;              /* that passed */
    uint64_t scanned;            /* looked at */
    uint64_t bytes;              /* of those, as AWS counts */
    struct item last;            /* the key of the last one looked at (the table's and the index's
                                  * key attributes); ITEM_ABSENT: the rows have ended */
};

/* The index that may be read: ValidationException in AWS's words for none, for one that is being
 * filled, for a consistent read of a global one. An empty name: NULL, the table. */
status index_of_name(struct call *c, const struct table *table, struct str name, bool consistent,
                     struct index **ret_index);
/* The keys of what is walked. */
static inline const struct key_schema *walk_schema(const struct walk *walk)
{
    return walk->index == NULL ? &walk->table->schema : &walk->index->schema;
}
/* Whether an index's entries have the attribute. */
bool index_projects(const struct table *table, const struct index *index, struct str name);

/* Values that a datum becomes on the wire. */
uint64_t datum_values(struct datum datum);

/* Where to walk: everything; one of count segments; what a condition says that was bound to
 * walk_schema(). */
void walk_all(struct call *c, struct walk *walk);
void walk_segment(struct call *c, struct walk *walk, uint64_t segment, uint64_t count);
void walk_query(struct call *c, struct walk *walk, const struct key_condition *condition);
/* Behind that item (in the walk's direction), which need not exist: an item with all key attributes
 * of the table and of the index. False, and nothing is changed: it is not within the walk. */
bool walk_after(struct call *c, struct walk *walk, const struct item *key);

/* cost is added to; the caller tells throttle_take(). With --limits=aws DDB_THROUGHPUT and
 * DDB_THROTTLED. */
status walk_read(struct call *c, const struct walk *walk, struct walked *ret_walked,
                 struct cost *cost);

#endif
