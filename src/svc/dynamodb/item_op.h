/* SPDX-License-Identifier: Apache-2.0
 *
 * One item's reading and writing: what single operations, batches, transactions and PartiQL have in
 * common.
 *
 * A write goes through these, in this order, which is AWS's order of faults:
 *
 *   write_read    from a request: parameters, values, expressions; nothing of the table yet
 *   (table)       write.table is looked up: table_of_name
 *   write_bind    against the table: its keys, and what expressions may do with keys
 *   write_judge   with the item: throughput, condition, what becomes of it, its size, index keys
 *   write_returns what is to be given back, if anything
 *   write_stage   stages it; cannot fail
 *
 * Who has no request (PartiQL) fills kind, table, given, and, where there are, condition and
 * update, instead of write_read and the table. Of several writes in one call each has its own
 * struct; all may be judged before the first is staged only when no item is there twice.
 */
#ifndef WEIR_SVC_DYNAMODB_ITEM_OP_H
#define WEIR_SVC_DYNAMODB_ITEM_OP_H

#include "svc/dynamodb/change.h"

enum write_kind {
    WRITE_PUT,
    WRITE_UPDATE,
    WRITE_DELETE,
    WRITE_CHECK, /* only its condition: a transaction's ConditionCheck */
};

struct item_write {
    uint8_t kind;                 /* enum write_kind */
    struct table *table;          /* whose item */
    const struct expr *condition; /* NULL: none */
    struct update update;         /* WRITE_UPDATE; zeros: changes nothing */
    bool inserts;                 /* WRITE_PUT of what must not be there: PartiQL's INSERT */
    struct item given;            /* WRITE_PUT: the item; others: exactly the key attributes */
    struct str suffix;            /* which item; by write_bind */
    struct item old;              /* as it is, or ITEM_ABSENT; by write_judge, whatever it says
                                   * of the condition */
    struct item item;             /* as it will be, or ITEM_ABSENT; by write_judge */
    bool staged;                  /* write_stage was called */
};

/* From the request's structure: an operation's input or an action of a transaction, which has no
 * legacy parameters. */
status write_read(struct call *c, const struct value *in, enum write_kind kind, bool legacy,
                  struct item_write *ret_write);
/* DDB_VALIDATION */
status write_bind(struct call *c, struct item_write *write);
/* DDB_CONDITION_FAILED, DDB_DUPLICATE_ITEM, DDB_VALIDATION, DDB_COLLECTION_SIZE; with --limits=aws
 * DDB_THROUGHPUT and DDB_THROTTLED. A condition that failed costs what the write would have. */
status write_judge(struct call *c, struct item_write *write);
/* cost: added to; its table is write's. */
void write_stage(struct call *c, struct item_write *write, struct cost *cost);

/* Bytes that staging it takes of the journal's entry at most; several in one call stay below
 * WEIGHT_MAX together. */
#define WEIGHT_MAX ((size_t)48 << 20)
size_t write_weight(const struct item_write *write);
/* Whether no two of them are of the same item; after write_bind. */
bool writes_apart(struct call *c, const struct item_write *writes, size_t count);

/* ItemCollectionMetrics by table, of what was staged of them, if asked for; costs: has their
 * tables. */
void answer_collections(struct call *c, const struct costs *costs,
                        const struct item_write *writes, size_t count);

/* What ReturnValues asks for, as an item; ITEM_ABSENT: nothing. After write_judge. */
enum returned {
    RETURN_NONE,
    RETURN_ALL_OLD,
    RETURN_UPDATED_OLD, /* the parts that the update names */
    RETURN_ALL_NEW,
    RETURN_UPDATED_NEW,
};
enum returned returned_of(struct str word); /* of ReturnValues; empty: RETURN_NONE */
status write_returns(struct call *c, const struct item_write *write, enum returned what,
                     struct item *ret_item);

/* ---- reading ---- */

struct item_read {
    struct table *table;  /* whose item */
    struct item key;      /* exactly the key attributes */
    struct paths paths;   /* what is shown of it; none: all */
    struct str suffix;    /* which item; by read_bind */
};

/* in has Key (keyed) and the parameters of a projection. */
status read_read(struct call *c, const struct value *in, bool legacy, bool keyed,
                 struct item_read *ret_read);
status read_bind(struct call *c, struct item_read *read);
/* Whether no two of them are of the same item; after read_bind. */
bool reads_apart(struct call *c, const struct item_read *reads, size_t count);
/* The item as shown, ITEM_ABSENT when there is none; *ret_bytes as AWS counts the whole of it. */
status read_item(struct call *c, const struct item_read *read, struct item *ret_item,
                 size_t *ret_bytes);

/* ---- key rules of expressions ---- */

/* "Key attributes must be scalars": no path leads into a key of the table or of an index. */
status key_paths_check_condition(struct call *c, const struct table *table,
                                 const struct expr *condition);
status key_paths_check(struct call *c, const struct table *table, const struct paths *paths);
/* No key of the table is changed, and no key of an index to another type. */
status key_paths_check_update(struct call *c, const struct table *table,
                              const struct update *update);

#endif
