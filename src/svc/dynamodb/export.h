/* SPDX-License-Identifier: Apache-2.0
 *
 * Exports: a table, or what changed in it, as files in a bucket. Source: developer guide, "DynamoDB
 * table export output format".
 *
 *   PREFIX/AWSDynamoDB/ID/_started                  empty
 *   PREFIX/AWSDynamoDB/ID/data/NAME.json.gz         lines; incremental: PREFIX/AWSDynamoDB/data/
 *   PREFIX/AWSDynamoDB/ID/manifest-files.json       a line for each of them
 *   PREFIX/AWSDynamoDB/ID/manifest-files.checksum   its MD5
 *   PREFIX/AWSDynamoDB/ID/manifest-summary.json, manifest-summary.checksum
 */
#ifndef WEIR_SVC_DYNAMODB_EXPORT_H
#define WEIR_SVC_DYNAMODB_EXPORT_H

#include "svc/dynamodb/job.h"
#include "svc/dynamodb/told.h"

#define DDB_PRINCIPAL "dynamodb.amazonaws.com" /* who writes into buckets */
#define EXPORT_FILE_BYTES (16u << 20) /* of lines, unpacked, before a file is written */

/* What the job of an export knows of it. */
struct export {
    bool incremental;      /* only what changed */
    bool old_images;       /* NEW_AND_OLD_IMAGES */
    struct str bucket;     /* name */
    struct str owner;      /* account it is to belong to; empty: whoever */
    struct str prefix;     /* of keys; empty: none */
};
struct str export_pack(struct arena *arena, const struct export *export);
bool export_unpack(struct str packed, struct export *ret_export);
/* A key below PREFIX/AWSDynamoDB/ID/. */
struct str export_key(struct arena *arena, const struct export *export, struct str arn,
                      const char *name);
struct str export_data_key(struct arena *arena, const struct export *export, struct str arn,
                           struct str name);

/* ---- export_text.c ---- */

/* As DynamoDB JSON: {"pk":{"S":"a"}}; arena is scratch. */
void item_text(struct buf *lines, struct arena *arena, const struct item *item);
/* One item's line. */
void export_line(struct buf *lines, struct arena *arena, const struct item *item);
/* One changed item's; false: there is nothing to tell (it came and went). */
struct export_change {
    const struct key_schema *schema; /* of the table */
    const struct past_item *item;    /* what became of it */
    int64_t at_ms;                   /* its last change */
    bool old_images;                 /* tell what it was */
};
bool export_change_line(struct buf *lines, struct arena *arena,
                        const struct export_change *change);
/* manifest-summary.json of a description that is complete. */
void export_summary(struct buf *text, const struct value *about, struct str manifest_key);

#endif
