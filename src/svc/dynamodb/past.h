/* SPDX-License-Identifier: Apache-2.0
 *
 * The past of a table: any item, key range or all of it as it was at a cut; what changed between
 * two cuts; the versions of one item; and how far back that goes.
 *
 * A cut is a sequence of the change log: what has it or a smaller one has happened. An item at a
 * cut is the old item of its first record behind the cut; without one it is as it is now. So a walk
 * may take its time: what changes meanwhile gets records behind the cut.
 */
#ifndef WEIR_SVC_DYNAMODB_PAST_H
#define WEIR_SVC_DYNAMODB_PAST_H

#include "svc/dynamodb/change.h"

#define PAST_NOW UINT64_MAX                /* the cut of whatever there is now */
#define PAST_STEP_ITEMS 500                /* what one step of a long doing gathers at most … */
#define PAST_STEP_BYTES ((size_t)1 << 20)  /* … and of packed items, about */
#define PAST_KEEP_MS_MAX (INT64_C(35) * 24 * 3600 * 1000)

/* Whose past. */
struct past_of {
    uint64_t number; /* in the keys of its rows */
    uint64_t log;    /* its change log; 0: rows that never change (a backup's) */
};
static inline struct past_of past_of_table(const struct table *table)
{
    return (struct past_of){table->number, table->log};
}

/* ---- past.c ---- */

/* A row's key of rows_of() and a suffix. */
struct str past_joined(struct arena *arena, struct str prefix, struct str suffix);
/* The cut of a moment: changes of that very millisecond have happened. ERR_NOT_FOUND: what was
 * then is not kept any more. */
status past_cut(struct call *c, const struct table *table, int64_t at_ms, uint64_t *ret_cut);
/* Nothing behind that cut was trimmed. */
bool past_reaches(struct call *c, const struct past_of *of, uint64_t cut);
/* ITEM_ABSENT: it was not there. */
status past_item(struct call *c, const struct past_of *of, struct str suffix, uint64_t cut,
                 struct item *ret_item);

/* What to walk through, in the order of suffixes. */
struct past_range {
    struct past_of of;    /* whose */
    uint64_t cut;         /* as of when */
    uint64_t until;       /* changes: up to when */
    bool changes;         /* only items with a record behind cut (up to until); else all that were
                           * there */
    struct str within;    /* only suffixes that begin so (a partition); empty: all */
    struct str after;     /* only suffixes behind this one; empty: from the first */
    uint32_t looks_max;   /* rows looked at, about, before the walk pauses */
};

/* One item of a walk; in the call's arena. */
struct past_item {
    struct str suffix;    /* which */
    struct item before;   /* at cut; in a walk that is not of changes it is there */
    struct item after;    /* changes: at until */
    uint64_t last;        /* changes: sequence of the last record up to until */
};

struct past_walk {
    struct call *c;               /* in which it goes */
    const struct past_range *range;
    struct str items_prefix, past_prefix; /* of rows */
    struct txn_scan *items;       /* NULL: a walk of changes */
    struct txn_scan *past;        /* "past" rows; NULL: there are none */
    struct str item_suffix;       /* the next of items, when has_item */
    struct str item_packed;       /* its value */
    struct str past_suffix;       /* the next of past, when has_past */
    uint64_t past_sequence;       /* its sequence */
    bool has_item, has_past;      /* there is a next one */
    uint32_t looks;               /* rows looked at */
    struct str after;             /* everything up to this suffix was looked at */
    status failed;                /* the log could not be read; OK */
};
void past_walk_open(struct past_walk *walk, struct call *c, const struct past_range *range);
/* False: the end, a pause, or failed; past_walk_ended() tells. */
bool past_walk_next(struct past_walk *walk, struct past_item *ret_item);
bool past_walk_ended(const struct past_walk *walk);
void past_walk_close(struct past_walk *walk);

/* A step's worth of a walk: opens, gathers, closes. after and ended say where to go on. */
struct past_step {
    struct past_item *items; /* PAST_STEP_ITEMS at most; in the call's arena */
    size_t count;            /* of them */
    struct str after;        /* everything up to here was looked at */
    bool ended;              /* that was all */
};
status past_gather(struct call *c, const struct past_range *range, struct past_step *ret_step);

/* ---- history.c ---- */

/* What an item was, and by what it became that. */
struct past_version {
    uint64_t sequence;    /* of the record; 0: older than what is kept */
    int64_t at_ms;        /* when; 0: unknown, before what is kept */
    bool expired;         /* by TTL */
    struct item item;     /* ITEM_ABSENT: it was deleted */
    struct str principal, operation, request_id; /* the cause; empty: unknown */
};
struct past_versions {
    struct past_version *list; /* oldest first; in the call's arena */
    size_t count;              /* of them */
    uint64_t next;             /* where to go on; 0: that was all */
};
/* From that sequence on (0: from the oldest that is known). */
status past_versions(struct call *c, const struct table *table, struct str suffix, uint64_t from,
                     struct past_versions *ret_versions);

/* ---- past_trim.c ---- */

/* How long what was is kept at least. */
int64_t past_keep_ms(const struct call *c, const struct table *table);
/* The moment from which on it can be read. */
int64_t past_earliest(const struct table *table);
/* A step of trimming of every table; false: there is more. */
bool past_trim(struct call *c);

#endif
