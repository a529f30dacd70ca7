/* SPDX-License-Identifier: Apache-2.0
 *
 * Between update.c, which decides what an update writes, and rewrite.c, which writes it.
 */
#ifndef WEIR_SVC_DYNAMODB_UPDATE_INT_H
#define WEIR_SVC_DYNAMODB_UPDATE_INT_H

#include "svc/dynamodb/expr_int.h"

/* One change of a document. */
struct write {
    const struct path *path; /* where; its parent exists and has the right type */
    struct datum value;      /* what; DATUM_ABSENT takes it away */
};

/* The map's body with all writes, at to; writes are sorted by path and apart. Returns the end. At
 * most body.bytes and, for each write, its value's and name's packed bytes are written. */
char *rewrite_map(struct str body, const struct write *writes, size_t count, char *to);

#endif
