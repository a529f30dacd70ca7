/* SPDX-License-Identifier: Apache-2.0
 *
 * Bulk operations: items of files in a bucket are put into a table that is there, as PutItem would
 * put them. Source: developer guide, "Running a bulk put items operation"; the model.
 *
 *   PREFIX/AWSDynamoDB/ID/error/NAME.json.gz                     lines of what was no item
 *   PREFIX/AWSDynamoDB/ID/condition-check-failure/NAME.json.gz   of what its condition forbade
 *   PREFIX/AWSDynamoDB/ID/manifest-summary.json                  how it ended; the last file
 */
#ifndef WEIR_SVC_DYNAMODB_BULK_H
#define WEIR_SVC_DYNAMODB_BULK_H

#include "svc/dynamodb/job.h"
#include "svc/dynamodb/told.h"

/* The description of one; NULL: there is none of that ARN. */
struct value *bulk_told(struct call *c, struct str arn);
/* What it has done so far goes into that. */
void bulk_tell(struct value *about, const struct job *job);

/* ---- bulk_text.c: lines of its reports, and its summary ---- */

/* Where an input record is. */
struct bulk_place {
    struct str key;       /* of its object */
    uint64_t record;      /* which of it, from 1; 0: the rest of the object */
};
void bulk_error_line(struct buf *lines, const struct bulk_place *place, struct str message);
/* old: ITEM_ABSENT when there is none. */
void bulk_condition_line(struct buf *lines, struct arena *arena, const struct bulk_place *place,
                         const struct item *item, const struct item *old);
void bulk_summary(struct buf *text, const struct value *about);

#endif
