/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside DynamoDB: keys of the store's rows, and of items as requests give them. Included by
 * dynamodb_int.h.
 */
#ifndef WEIR_SVC_DYNAMODB_KEYS_H
#define WEIR_SVC_DYNAMODB_KEYS_H

#include "svc/dynamodb/dynamodb_int.h"

/* ---- keys.c: the only other file that knows key bytes; it draws the rows ---- */

/* A suffix is what all rows of one item end with: a hash of its partition, its hash attribute, its
 * range attribute. All key attributes must be in the item. */
struct str suffix_of_item(struct arena *arena, const struct key_schema *schema,
                          const struct item *item);
/* As much of a suffix as the hash attributes say. */
struct str suffix_of_partition(struct arena *arena, const struct datum *hashes, size_t count);
/* The item's key attributes as an item. */
struct item item_of_suffix(struct arena *arena, const struct key_schema *schema,
                           struct str suffix);
/* A suffix in front of all whose partition's hash is at least that. */
struct str suffix_of_hash(struct arena *arena, uint64_t hash);

struct str row_item(struct arena *arena, const struct table *table, struct str suffix);
/* entry: suffix in the index, then what tells apart items with the same there. */
struct str row_index(struct arena *arena, const struct table *table, const struct index *index,
                     struct str entry);
struct str row_past(struct arena *arena, const struct table *table, struct str suffix,
                    uint64_t sequence);
struct str row_expiry(struct arena *arena, const struct table *table, int64_t second,
                      struct str suffix);
/* Of a partition, by the suffix of its hash attribute. */
struct str row_collection(struct arena *arena, const struct table *table, struct str suffix);
/* The rest of such a row's key, behind rows_of(). */
bool expiry_row_read(struct str rest, int64_t *ret_second, struct str *ret_suffix);
/* What stands behind the table's, index's … prefix in a row's key: suffix or entry. */
struct str row_rest(struct str key, struct str prefix);
/* Rows of a kind ("item", "past", "expiry", "tally", "index", "collection") of a table. */
struct str rows_of(struct arena *arena, const char *kind, uint64_t table_number);
struct str rows_of_index(struct arena *arena, uint64_t table_number, uint32_t index_number);
/* Any other row of the service: ("dynamodb", kind, …). */
struct key row_kind(struct arena *arena, const char *kind);
void number_take(struct call *c, struct table *table); /* a new table's */
void number_load(struct dynamodb *dynamodb);
/* An item as it is now (with what this call staged); ITEM_ABSENT: there is none. */
struct item item_load(struct call *c, const struct table *table, struct str suffix);

/* ---- primary.c: keys as requests give them ---- */

/* A Key: exactly the key attributes, of the right types. Gives them as an item. */
status primary_of_key(struct call *c, const struct table *table, const struct value *key,
                      struct item *ret_key, struct str *ret_suffix);
/* The keys within an Item. */
status primary_of_item(struct call *c, const struct table *table, const struct item *item,
                       struct str *ret_suffix);
/* The same of a Key that was read as an item already. */
status primary_of_key_item(struct call *c, const struct table *table, const struct item *key,
                           struct str *ret_suffix);
/* What the new item has for the keys of indexes: right types, not empty, not too long. AWS says it
 * differently for what is put and what an update makes. What an update makes of vectors is
 * vectors_check()'s. */
status index_keys_check(struct call *c, const struct table *table, const struct item *item,
                        bool update);

#endif
