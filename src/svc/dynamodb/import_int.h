/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the objects of a bucket record by record: what imports and bulk operations share.
 */
#ifndef WEIR_SVC_DYNAMODB_IMPORT_INT_H
#define WEIR_SVC_DYNAMODB_IMPORT_INT_H

#include "bus/depot.h"
#include "svc/dynamodb/import.h"

struct import_step;

/* What an import and a bulk operation do differently. */
struct import_way {
    /* On the thread: a line of DynamoDB JSON, which is changed in place. */
    status (*line)(struct arena *arena, struct str line, struct why *why,
                   struct import_record *ret_record);
    /* In the cell: all objects are done or it was cancelled (OK), or there are none. */
    void (*end)(struct call *c, struct import_step *step, status failed);
    /* In the cell: records from step->at on, as many as one entry takes. */
    void (*put)(struct call *c, struct import_step *step);
};

struct import_work {
    const struct import_way *way; /* whose work it is */
    void *more;                   /* of a bulk operation; it frees it */
    struct arena *arena;          /* of what is below, as long as an object is under way */
    struct attribute *attributes; /* the table's; names in lasting */
    size_t attribute_count;       /* of them */
    struct arena *lasting;        /* as long as the work */
    struct str *header;           /* CSV: names of columns; in arena */
    size_t header_count;          /* of them; 0: not known yet */
    bool open;                    /* an object is under way */
    struct depot_thing thing;     /* it; texts in arena */
    uint64_t offset;              /* read of it */
    uint64_t records;             /* taken of it, with those of before a crash */
    bool broken;                  /* the rest of it cannot be had */
    struct unpacking *unpacking;  /* of it */
    struct buf plain;             /* unpacked */
    size_t taken;                 /* bytes of plain that were taken as records */
};

/* What a turn hands into its step, and gets out. */
struct import_step {
    struct job *job;               /* whose */
    struct import_work *work;      /* its */
    struct import_record *records; /* read */
    size_t count;                  /* of them */
    size_t at;                     /* so many of them are put */
    bool done;                     /* the object is */
    bool all;                      /* there is no further object */
    bool stopped;                  /* it was cancelled */
    struct depot_bytes bytes;      /* of a piece */
    uint64_t piece_bytes;          /* of it */
    status failed;                 /* why it cannot be read */
};

struct import import_of(const struct job *job);
struct depot_ask import_ask(struct call *c, const struct import *import);
/* job->work becomes a struct import_work; freed by import_work_free(). */
status import_begin(struct job *job, struct cell *cell, struct arena *arena,
                    const struct import_way *way);
/* A turn: the next object is opened, or some records of it put. */
status import_read(struct job *job, struct cell *cell, struct arena *arena);
void import_work_free(void *work);

#endif
