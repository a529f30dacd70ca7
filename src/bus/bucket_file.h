/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that jobs write into buckets: made outside the cell, put by the bus in the entry that says
 * so.
 */
#ifndef WEIR_BUS_BUCKET_FILE_H
#define WEIR_BUS_BUCKET_FILE_H

#include "cell/call.h"

struct bucket_file {
    struct str bucket;           /* name */
    struct str owner;            /* account that it is to belong to; empty: whoever */
    struct str key;              /* of the object */
    const char *type;            /* content-type */
    const char *encoding;        /* content-encoding; NULL: none */
    struct str storage_class;    /* empty: STANDARD */
    const char *principal;       /* the writing service: "dynamodb.amazonaws.com" */
    struct call_body content;    /* file_make()'s */
    char blob[BLOB_ID_BYTES];    /* content.blob lies here */
};

/* On the thread: sums, and a synced blob where it is large. The bytes live as long as the file. */
status file_make(struct cell *cell, struct str bytes, struct bucket_file *file);
/* On the thread, when it was not put: removes the blob. */
void file_drop(struct cell *cell, struct bucket_file *file);
/* In the cell. Whether it would be put, as file_put() says it; stages nothing. */
status file_check(struct call *c, const struct bucket_file *file, struct str source);
/* In the cell. What cannot be put is told in AWS's code and words (c->why): file_refusal(). */
status file_put(struct call *c, const struct bucket_file *file, struct str source);
/* FailureCode of a refusal: "S3NoSuchBucket". */
const char *file_refusal(status refused);

#endif
