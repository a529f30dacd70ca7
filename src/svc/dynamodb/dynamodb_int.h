/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside DynamoDB: tables, their indexes, and how an item changes. Everything here happens in the
 * cell.
 *
 * Invariants between the files:
 *   1. Memory mirrors the store: every table is loaded at open, and changed in memory in the same
 *      handler that stages the change (table_save). Items are in the store only.
 *   2. An item changes in item_change() and nowhere else (change.c). It stages the item, its index
 *      entries, its expiry, the tally, the change log's record and the row that finds that record:
 *      one journal entry.
 *   3. The change log holds what an item was before each change. So any moment within its reach can
 *      be read (past.c), and the table's stream is a view of it.
 *   4. A table's number is never used twice, and every row below it begins with it: a table that is
 *      deleted is forgotten at once, and its rows are swept later.
 */
#ifndef WEIR_SVC_DYNAMODB_INT_H
#define WEIR_SVC_DYNAMODB_INT_H

#include "cell/call.h"
#include "svc/dynamodb/dynamodb.h"
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/item.h"
#include "svc/dynamodb/state.h"

static inline struct dynamodb *dynamodb_of(const struct call *c)
{
    return c->state;
}

/* ---- table.c ---- */

void text_set(struct str *owned, struct str text); /* replaces a text that its owner keeps */
struct table *table_new(struct str account, struct str region, struct str name);
void table_free(struct table *table);
struct index *index_new(struct table *table);      /* added to it, with its number */
void index_adopt(struct table *table, struct table *from);   /* the last of another table */
void index_remove(struct table *table, struct index *index); /* and freed */
void schema_add(struct key_schema *schema, struct str name, uint8_t type, bool hash); /* copies */
struct index *table_index(const struct table *table, struct str name); /* NULL: none */
struct table *table_find(const struct dynamodb *dynamodb, struct str account, struct str region,
                         struct str name);         /* NULL: none */
status table_add(struct dynamodb *dynamodb, struct table *table); /* ERR_LIMIT */
/* Nobody finds it any more, and nothing is to come of it; who waits for its changes is woken. */
void table_detach(struct dynamodb *dynamodb, struct table *table);
void table_remove(struct dynamodb *dynamodb, struct table *table); /* and frees it */
/* A table read from a request becomes one: number, log, row, memory. */
status table_make(struct call *c, struct table *table); /* ERR_LIMIT */
/* By the call's TableName, a name or an ARN. ResourceNotFoundException in the data plane's
 * words; also while it is filled (filling). */
status table_of_call(struct call *c, struct table **ret_table);
status table_of_name(struct call *c, struct str name_or_arn, struct table **ret_table);
/* What names it: "name" or an ARN's; ValidationException. */
status table_name_read(struct call *c, struct str name_or_arn, struct str *ret_account,
                       struct str *ret_region, struct str *ret_name);
struct str table_arn(struct arena *arena, const struct table *table);
struct str stream_arn(struct arena *arena, const struct table *table,
                      const struct stream *stream);
struct stream *table_stream(const struct table *table);      /* that goes on; NULL: none */
/* Of the call's account and region, sorted by name, in the call's arena. */
struct table **tables_sorted(struct call *c, size_t *ret_count);

/* ---- table_keys.c: bytes of the table's row ---- */

void table_save(struct call *c, const struct table *table);
/* The row's value, also as a backup keeps it; and a table of it, which nobody finds yet. NULL: of
 * no version known here. */
void table_pack(struct buf *packed, const struct table *table);
struct table *table_unpack(struct str account, struct str region, struct str name,
                           struct str packed);
void table_erase(struct call *c, const struct table *table); /* its row; the rest is doomed */
status tables_load(struct dynamodb *dynamodb);

#include "svc/dynamodb/keys.h"

#endif
