/* SPDX-License-Identifier: Apache-2.0
 *
 * Contributor Insights of a table and its global indexes: settings that are kept and shown. Nothing
 * is counted.
 */
#ifndef WEIR_SVC_DYNAMODB_INSIGHTS_H
#define WEIR_SVC_DYNAMODB_INSIGHTS_H

#include "svc/dynamodb/tables.h"

/* Of the table (index empty) or of an index. */
struct insight {
    struct str index;    /* its name; lies in the table */
    bool enabled;        /* else it was once */
    bool throttled_only; /* THROTTLED_KEYS */
    int64_t changed_ms;  /* when */
};

#define INSIGHTS_MAX (GLOBAL_INDEXES_MAX + 1)

/* What a table keeps (extras[EXTRA_INSIGHTS]): how many. */
size_t insights_unpack(struct str packed, struct insight insights[INSIGHTS_MAX]);
/* All zero where it was never set. */
struct insight insight_of(const struct table *table, struct str index);
/* Sets or replaces; those of indexes that are gone are dropped. To be saved. */
void insight_set(struct call *c, struct table *table, const struct insight *insight);

#endif
