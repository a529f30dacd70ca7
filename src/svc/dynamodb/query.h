/* SPDX-License-Identifier: Apache-2.0
 *
 * What Query and Scan ask for, read and checked.
 */
#ifndef WEIR_SVC_DYNAMODB_QUERY_H
#define WEIR_SVC_DYNAMODB_QUERY_H

#include "svc/dynamodb/walk.h"

struct query {
    bool scans;                      /* Scan; else Query */
    struct walk walk;                /* what to read */
    struct paths paths;              /* of each item */
    const struct expr *filter;       /* NULL: none */
    struct key_condition condition;  /* Query only; after query_bind() in the schema's order */
    bool has_start;                  /* ExclusiveStartKey was given */
    struct item start;               /* it */
};

/* What can be judged without the table. */
status query_read(struct call *c, struct query *query);
/* The rest; walk is complete then. */
status query_bind(struct call *c, struct query *query);

/* ---- start.c ---- */

/* Part of the walk's key in a start key. */
status start_part(struct call *c, const struct query *query, uint8_t part);
/* How many attributes it has; for a table's scan all of it. */
status start_count(struct call *c, const struct query *query);
/* The table's key in it. */
status start_table(struct call *c, const struct query *query);
/* Goes on behind it. */
status start_apply(struct call *c, struct query *query);

/* ---- query_paths.c: rules for attributes that expressions name ---- */

/* A Query's filter names no key attribute of what is read. */
status filter_keys_check(struct call *c, const struct query *query);
/* What an index does not project; whole is set where a local one gets it from the table. */
status projected_check(struct call *c, struct query *query);
/* The same in parts, of an index that does not project all. */
status paths_projected(struct call *c, struct walk *walk, const struct paths *paths);
status filter_projected(struct call *c, const struct walk *walk);

#endif
