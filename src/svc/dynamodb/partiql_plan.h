/* SPDX-License-Identifier: Apache-2.0
 *
 * What a statement does to a table, as far as the table's keys say: which partitions a SELECT
 * reads, which item a write or a single read is about, what SELECT shows of an item. Pure: nothing
 * is read here. Refusals are DDB_VALIDATION.
 */
#ifndef WEIR_SVC_DYNAMODB_PARTIQL_PLAN_H
#define WEIR_SVC_DYNAMODB_PARTIQL_PLAN_H

#include "svc/dynamodb/partiql.h"

#define READ_PARTITIONS_MAX 50 /* hash values of one SELECT */

/* A range of rows of one partition. */
struct partition {
    struct datum hash;       /* value of the hash attribute */
    struct key_term range;   /* on the range attribute */
    bool has_range;          /* else: all of the partition */
    bool names_range;        /* while planning: the range attribute stands in the condition */
    struct str from, to;     /* while planning: the range, as bytes that sort */
};

/* The order they are to be read in; none: everything is (a scan). The whole WHERE is the filter of
 * each: so no item is missed or given twice. */
struct reads {
    struct partition *at; /* in that order */
    size_t count;      /* of them */
    bool keyed;        /* the hash attribute is bound where WHERE begins, not within an OR */
    bool descending;   /* each from its end */
};

/* schema: of what is read, with one hash and at most one range attribute. */
status statement_reads_plan(struct arena *arena, const struct statement *statement,
                            const struct key_schema *schema, struct why *why,
                            struct reads *ret_reads);

struct write_key {
    struct item key;   /* exactly the key attributes */
    bool only;         /* WHERE says nothing else */
};

/* A WHERE that does not bind every key attribute is refused. */
status statement_key_plan(struct arena *arena, const struct statement *statement,
                          const struct key_schema *schema, struct why *why,
                          struct write_key *ret_key);

/* What a SELECT shows: the columns that the item has, by their names; all of it without columns. */
status statement_columns_apply(struct arena *arena, const struct statement *statement,
                               const struct item *item, struct item *ret_item);

#endif
