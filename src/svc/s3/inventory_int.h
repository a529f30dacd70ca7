/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of an inventory report: which columns it has, and how a version stands in them.
 */
#ifndef WEIR_SVC_S3_INVENTORY_INT_H
#define WEIR_SVC_S3_INVENTORY_INT_H

#include "svc/s3/settings_int.h"

/* Columns of a report: bucket and key always. */
struct inventory_fields {
    bool versions;   /* all versions, with their ids */
    uint32_t chosen; /* bit per line of the list of optional ones */
};

void inventory_fields_read(const struct value *configuration, struct inventory_fields *ret_fields);
/* "Bucket, Key, Size, …" */
void inventory_schema_add(struct buf *text, const struct inventory_fields *fields);
void inventory_line_add(struct call *c, struct buf *lines, const struct inventory_fields *fields,
                        const struct object *object);

/* ---- inventory.c ---- */

/* What still stands in line is forgotten; its timers begin it anew. */
void inventories_close(struct s3 *s3);

#endif
