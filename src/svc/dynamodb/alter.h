/* SPDX-License-Identifier: Apache-2.0
 *
 * An UpdateTable on its way: first everything is read and checked, then it is done.
 */
#ifndef WEIR_SVC_DYNAMODB_ALTER_H
#define WEIR_SVC_DYNAMODB_ALTER_H

#include "svc/dynamodb/tables.h"

struct table_update {
    struct table *table;            /* which */
    bool on_demand;                 /* its billing mode afterwards */
    bool switched;                  /* the billing mode was said */
    struct throughput provisioned;  /* as asked; zeros: not asked */
    struct throughput on_demand_max; /* afterwards */
    struct throughput warm;         /* afterwards */
    bool streams;                   /* StreamSpecification was given */
    bool stream_enabled;            /* as it says */
    uint8_t view;                   /* as it says */
    bool encrypts;                  /* SSESpecification was given */
    struct str sse;                 /* as it is to be kept */
    struct table *draft;            /* holds a new index; NULL: none. To be freed */
};

/* ---- alter_index.c: GlobalSecondaryIndexUpdates ---- */

/* What is wrong with the list in itself. */
status index_updates_check(struct call *c, const struct value *list);
/* What is wrong with it for this table. Makes the draft of a new index. */
status index_updates_read(struct call *c, struct table_update *update, const struct value *list);
void index_updates_do(struct call *c, struct table_update *update, const struct value *list);
/* Whether the list makes or deletes an index; updates one. */
bool index_updates_make(const struct value *list);
bool index_updates_tune(const struct value *list);

/* A new index of the draft is taken over, and is filled from now on; a table's is swept. */
void index_begin(struct call *c, struct table_update *update);
void index_end(struct call *c, struct table *table, struct index *index);
/* Only one index at a time is made or deleted; but: not looked at. */
status one_online(struct call *c);
status online_check(struct call *c, const struct table *table, const struct index *but);

/* ---- alter_vector.c: VectorIndexUpdates, the same ---- */

status vector_updates_check(struct call *c, const struct value *list);
status vector_updates_read(struct call *c, struct table_update *update, const struct value *list);
void vector_updates_do(struct call *c, struct table_update *update, const struct value *list);

/* ---- alter_throughput.c ---- */

/* ProvisionedThroughput of the table (index NULL) or an index. units: afterwards. */
status provisioned_change(struct call *c, const struct table *table, const struct index *index,
                          const struct value *given, struct throughput *ret_units);
/* Takes it over, and notes whether it went up or down. */
void provisioned_set(struct call *c, struct table *table, struct index *index,
                     struct throughput units);

#endif
