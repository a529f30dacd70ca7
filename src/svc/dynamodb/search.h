/* SPDX-License-Identifier: Apache-2.0
 *
 * A search of a vector index on its way.
 */
#ifndef WEIR_SVC_DYNAMODB_SEARCH_H
#define WEIR_SVC_DYNAMODB_SEARCH_H

#include "svc/dynamodb/nearest.h"
#include "svc/dynamodb/vector.h"

#define SEARCH_K_MAX 100
#define CONDITIONS_MAX (VECTOR_FILTERS_MAX + 1)

/* What an equality of the condition says. */
struct equality {
    const struct path *path;  /* of one step */
    struct datum value;       /* what it is to be */
};

/* All of it lives as long as the call. */
struct search {
    uint64_t table_number;    /* whose index; it may be gone meanwhile */
    uint32_t index_number;    /* which of its */
    const struct expr *condition; /* NULL: none */
    struct equality equalities[CONDITIONS_MAX]; /* of it */
    size_t equality_count;    /* of them */
    struct paths paths;       /* what is shown; none: all but the vector */
    struct quarry quarry;     /* what is looked for */
    struct nearest nearest;   /* so far */
    struct str from, to;      /* rows still to be looked at */
    char *from_room;          /* holds from after the first step */
    uint64_t bytes;           /* looked at, as AWS counts entries */
};

/* ---- search_read.c ---- */

/* What can be judged without the table. */
status search_read(struct call *c, struct search *search);
/* The rest. */
status search_bind(struct call *c, struct search *search, struct index **ret_index);
status search_no_index(struct call *c); /* fails: there is none of that name */
/* The call's index, when it can be searched. */
status search_index(struct call *c, const struct table *table, struct index **ret_index);

#endif
