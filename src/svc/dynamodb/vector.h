/* SPDX-License-Identifier: Apache-2.0
 *
 * Vector indexes: what such an index has of its own, and its entries.
 *
 * An entry's key is the HASH element of the search schema, if there is one, and the table's key.
 * Its value is the vector as 32-bit floats of this machine, then what is projected without the
 * vector, as a packed item: so a search computes with the bytes as they are.
 */
#ifndef WEIR_SVC_DYNAMODB_VECTOR_H
#define WEIR_SVC_DYNAMODB_VECTOR_H

#include "svc/dynamodb/change.h"

#define VECTOR_DIMENSIONS_MAX 4096
#define VECTOR_FILTERS_MAX 18             /* INLINE_FILTER elements of a search schema */
#define VECTOR_FILTER_BYTES_MAX 10240     /* of such an attribute's value */
#define VECTOR_REQUEST_BYTES_MIN 1024     /* what the least costs */

/* ---- vector.c ---- */

void vector_free(struct vector_spec *spec); /* NULL: nothing */
/* The index's extra of its spec; and back, NULL when it is of no version known here. */
void vector_pack(struct index *index);
struct vector_spec *vector_unpack(struct str packed);
/* Whether the search schema names the attribute. */
bool vector_uses(const struct index *index, struct str name);

/* A list of so many numbers as floats, the nearest ones; false: it is none, or a number is none. */
bool vector_floats(struct datum list, uint32_t dimensions, float *floats);
/* A number as a float; false: out of range. */
bool vector_float(struct datum number, float *ret_float);
/* Floats (unaligned) as a list of numbers, each the shortest that is that float. */
struct datum vector_list(struct arena *arena, const char *floats, uint32_t dimensions);

/* An item's entry, as index_entry(). False: it has none there. */
bool vector_entry(struct call *c, const struct table *table, const struct index *index,
                  const struct item *item, struct entry_of_index *ret_entry);
/* An entry's value: the floats, and the rest. */
void vector_entry_open(const struct index *index, struct str value, const char **ret_floats,
                       struct item *ret_item);
/* VectorWriteRequestBytes of an entry that was and is, either absent. */
uint64_t vector_cost(const struct item *before, const struct item *after, bool moved);

/* ---- vector_check.c ---- */

/* What is wrong with an item that is written: the vector, attributes of the search schema. What is
 * as it was in old is not looked at. DDB_VALIDATION. */
status vector_check(struct call *c, const struct index *index, const struct item *old,
                    const struct item *item);
status vectors_check(struct call *c, const struct table *table, const struct item *old,
                     const struct item *item); /* of all vector indexes */

/* ---- vector_index.c: as requests want them and answers tell them ---- */

/* VectorIndexes of a new table, whose attributes and billing mode were read. */
status vectors_read(struct call *c, const struct value *list, struct table *table);
/* One more; given: a VectorIndex or a CreateVectorIndexAction. Attributes are looked for in table;
 * there: the table it is to join, or NULL. */
status vector_read(struct call *c, struct table *table, const struct table *there,
                   const struct value *given);
/* Only for tables on demand. */
status vectors_need_on_demand(struct call *c);
size_t vectors_count(const struct table *table);
/* No attribute of the draft is the vector of an index of the table. */
status vectors_conflict(struct call *c, const struct table *table, const struct table *draft);
/* Whether the request's VectorIndex is that one. */
bool vector_same(const struct index *index, const struct value *given);
/* VectorIndexes of a TableDescription; info: of SourceTableFeatureDetails. */
void put_vectors(struct call *c, struct value *about, const struct table *table, struct str state,
                 bool info);

#endif
