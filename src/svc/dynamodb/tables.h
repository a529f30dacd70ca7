/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables as requests want them, as answers tell them, and how they and their indexes come and go.
 */
#ifndef WEIR_SVC_DYNAMODB_TABLES_H
#define WEIR_SVC_DYNAMODB_TABLES_H

#include "svc/dynamodb/dynamodb_int.h"

#define WARM_READ_ON_DEMAND 12000 /* what AWS's on-demand tables take at once */
#define WARM_WRITE_ON_DEMAND 4000
/* NonKeyAttributes of all indexes of a table together; a vector index has as many to itself, with
 * its vector and its search schema. */
#define PROJECTED_MAX 100

/* ---- api_table.c ---- */

/* By the call's TableName, in the words of operations on tables. */
status table_of_admin(struct call *c, struct table **ret_table);

/* guard.c */
void dynamodb_join_policies(struct cell *cell);

/* ---- table_read.c ---- */

/* What a request says of a table that is to be. NULL: not said. */
struct table_wish {
    const struct value *attributes;  /* AttributeDefinitions */
    const struct value *schema;      /* KeySchema */
    const struct value *locals;      /* LocalSecondaryIndexes */
    const struct value *globals;     /* GlobalSecondaryIndexes */
    const struct value *vectors;     /* VectorIndexes */
    const struct value *provisioned; /* ProvisionedThroughput */
    const struct value *on_demand;   /* OnDemandThroughput */
    const struct value *warm;        /* WarmThroughput */
    struct str billing;              /* BillingMode */
};

/* Checks it with AWS's sentences, and makes what table_new() made what was wished. After a failure
 * the table is only good for table_free(). */
status table_read(struct call *c, const struct table_wish *wish, struct table *table);
/* One more index of a kind, as CreateTable and UpdateTable (update) give them. Its key attributes
 * are looked for in the table's attributes. */
status index_read(struct call *c, struct table *table, uint8_t kind, const struct value *given,
                  bool update);
/* Checks AttributeDefinitions, and adds them to the table's but those that are there. */
status attributes_read(struct call *c, const struct value *list, struct table *table);
/* Of AttributeDefinitions; NULL: none. */
const struct attribute *attribute_find(const struct table *table, struct str name);
/* A Projection of any index. */
status index_projection_check(struct call *c, const struct value *projection);
void index_projection_make(const struct value *projection, struct index *index);
/* Drops attributes that no schema names any more. */
void attributes_trim(struct table *table);
/* NonKeyAttributes of all indexes together: what is said of too many. */
status projected_too_many(struct call *c);

/* ---- throughput.c ---- */

/* Of a table (index empty) or of one of its indexes. */
struct throughput_of {
    struct str index; /* its name */
    bool on_demand;   /* the table's billing mode */
    bool update;      /* UpdateTable: -1 clears */
};

/* What is wrong with it in itself. */
status provisioned_read(struct call *c, const struct value *given, struct throughput *ret_units);
status on_demand_read(struct call *c, const struct throughput_of *of, const struct value *given,
                      struct throughput *ret_units);
/* base: what it takes at once already. */
status warm_read(struct call *c, const struct throughput_of *of, const struct value *given,
                 struct throughput base, struct throughput *ret_units);
/* What it takes at once: as asked, at least what it is provisioned with or on-demand gives. */
struct throughput warm_of(bool on_demand, struct throughput provisioned, struct throughput warm);

/* ---- api_table.c ---- */

/* By the call's TableName, in the words of operations on tables. Also one that is being filled. */
status table_of_admin(struct call *c, struct table **ret_table);

/* ---- table_tell.c ----
 *
 * Answers are written after the cell was left, when the table may be another or gone: so every
 * text of it is copied. */

/* A TableDescription. state: "CREATING", "ACTIVE", …; STR_NONE: as it is. */
void put_table(struct call *c, struct value *about, const struct table *table, struct str state);
void put_schema(struct call *c, struct value *about, const struct key_schema *schema);
/* An index of a table that is being made, changed, deleted shows that state; else its own. */
struct str index_status(const struct index *index, struct str table_status);
void put_projection(struct call *c, struct value *about, const struct index *index);
struct str index_arn(struct arena *arena, const struct table *table, const struct index *index);
struct str stream_label(struct arena *arena, const struct stream *stream);
struct str view_name(uint8_t view);

/* ---- table_stream.c ---- */

/* A StreamSpecification of CreateTable or UpdateTable, checked. */
status stream_read(struct call *c, const struct value *given, bool update, bool *ret_enabled,
                   uint8_t *ret_view);
/* The stream begins with the next change. */
status stream_begin_check(struct call *c, const struct table *table);
void stream_begin(struct call *c, struct table *table, uint8_t view);
/* The stream ends with the last change so far. It stays readable for a day. */
void stream_end(struct call *c, struct table *table);

/* ---- setting.c: what only is kept and shown ---- */

/* An SSESpecification as it is kept; empty: encrypted by default. */
status sse_read(struct call *c, const struct value *given, struct str *ret_kept);
void put_sse(struct call *c, struct value *about, const struct table *table);

/* ---- policy.c ---- */

status policy_check(struct call *c, struct str policy);
/* With a new revision; empty: without. To be saved. */
void policy_set(struct call *c, struct table *table, bool of_stream, struct str policy);

#endif
