/* SPDX-License-Identifier: Apache-2.0
 *
 * How an item changes, what that costs, and what the change log says of it.
 */
#ifndef WEIR_SVC_DYNAMODB_CHANGE_H
#define WEIR_SVC_DYNAMODB_CHANGE_H

#include "svc/dynamodb/dynamodb_int.h"

/* ---- capacity.c ---- */

/* What one call costs in one table, in AWS's units. Source: developer guide, "DynamoDB read and
 * write operations" and "Provisioned capacity mode". */
struct cost {
    struct table *table;                       /* which */
    struct str name;                           /* as the request names it: name or ARN; empty:
                                                * its name */
    uint64_t read_halves;                      /* read units, doubled */
    uint64_t write_units;                      /* of the table itself */
    uint64_t index_read_halves[INDEXES_MAX];   /* by place in table->indexes */
    uint64_t index_write_units[INDEXES_MAX];   /* the same; bytes of a vector index */
};

/* Reading bytes (of one item, or what a page of a query looked at). */
uint64_t read_halves(uint64_t bytes, bool consistent);
/* Writing an item of so many bytes. */
uint64_t write_units(uint64_t bytes);
/* A ConsumedCapacity by ReturnConsumedCapacity ("NONE", "TOTAL", "INDEXES"); times: 2 in a
 * transaction, which also tells reads and writes apart. */
void put_cost(struct call *c, struct value *consumed, const struct cost *cost, unsigned times);
/* The call's, as its output's ConsumedCapacity, if asked for. */
void answer_cost(struct call *c, const struct cost *cost);

/* Of a call that is about several tables: one for each. */
struct costs {
    struct cost *at;   /* room for as many as may come */
    size_t count;      /* so far */
};

struct costs costs_new(struct call *c, size_t room);
/* The table's, made when it is the first time; name: as the request names it. */
struct cost *costs_of(struct costs *costs, struct table *table, struct str name);
void cost_add(struct cost *cost, const struct cost *more);
/* As the output's list ConsumedCapacity, if asked for; times: as put_cost. */
void answer_costs(struct call *c, const struct costs *costs, unsigned times);

/* ---- change.c ---- */

/* old: as it is now, or ITEM_ABSENT; item: as it will be, or ITEM_ABSENT. Everything was checked
 * (index_keys_check). Nothing is staged where nothing changes. cost: added to, or NULL. */
void item_change(struct call *c, struct table *table, const struct item *old,
                 const struct item *item, struct cost *cost);
/* An item comes into a table that nobody can see yet (filling): as a change that the log does not
 * tell of, so it was there from the beginning. The tally is not saved: tally_save() at the end. */
void item_fill(struct call *c, struct table *table, const struct item *old,
               const struct item *item);
/* The same by the expiry of items: its stream record says so. */
void item_expire(struct call *c, struct table *table, const struct item *old);

/* An item's entry in an index. False: it has none there. */
struct entry_of_index {
    struct str row;      /* its key */
    struct item item;    /* what is projected; packed is the row's value, of a vector index with
                          * the vector */
};
bool index_entry(struct call *c, const struct table *table, const struct index *index,
                 const struct item *item, struct entry_of_index *ret_entry);
/* Parts of that: the key's end, below row_index(); what is projected, of a vector index all but the
 * vector. */
struct str index_suffix(struct arena *arena, const struct table *table,
                        const struct index *index, const struct item *item);
struct item index_project(struct arena *arena, const struct table *table,
                          const struct index *index, const struct item *item);
/* The second after which it is gone; false: never. */
bool item_expiry(const struct table *table, const struct item *item, int64_t now_ms,
                 int64_t *ret_second);

/* ---- collection.c: the items of one partition, where a table has local indexes ---- */

#define COLLECTION_BYTES_MAX (UINT64_C(10) << 30)

bool table_has_collections(const struct table *table);
/* What AWS counts for the item's collection, entries of local indexes too. */
uint64_t collection_bytes(struct call *c, const struct table *table, const struct item *item);
/* item_change() does it. */
void collection_change(struct call *c, const struct table *table, const struct item *item,
                       int64_t growth);
/* ItemCollectionMetrics of the item's collection: whether they are asked for and there; they. */
bool collection_asked(const struct call *c, const struct table *table);
void put_collection(struct call *c, struct value *metrics, const struct table *table,
                    const struct item *item);

/* ---- tally.c ---- */

/* Where the tallies changed without a record of the change log, at the end; and before records are
 * trimmed. */
void tally_save(struct call *c, const struct table *table);
void tally_load(struct dynamodb *dynamodb, struct table *table);
/* At most TALLIES_BYTES_MAX. */
#define TALLIES_BYTES_MAX (20 + INDEXES_MAX * 30)
char *tallies_put(char *to, const struct table *table);

/* ---- change_log.c ---- */

/* One change, as the log tells it. */
struct changed {
    uint64_t sequence;   /* in the table's log */
    int64_t at_ms;       /* when */
    bool existed;        /* before: old is there */
    bool exists;         /* after */
    bool expired;        /* by TTL, not by a caller */
    bool has_item;       /* item is kept; else it is what the next change of it was before */
    struct str suffix;   /* which item */
    struct item old;     /* before; ITEM_ABSENT unless existed */
    struct item item;    /* after; ITEM_ABSENT unless has_item */
    struct str principal, operation, request_id; /* who and why */
    struct str tallies;  /* of the table afterwards (tally.c); what change_note gets has none */
};

/* Stages the record and its "past" row. The sequence it got. */
uint64_t change_note(struct call *c, struct table *table, const struct changed *changed);
/* False: no record of a version known here. Strings lie in data. */
bool change_read(struct str data, struct changed *ret_changed);
/* Whether new images are to be kept from now on. */
bool table_keeps_new(const struct table *table);

#endif
