/* SPDX-License-Identifier: Apache-2.0
 *
 * Imports: files in a bucket become the items of a new table. Source: developer guide, "Amazon S3
 * import formats for DynamoDB".
 */
#ifndef WEIR_SVC_DYNAMODB_IMPORT_H
#define WEIR_SVC_DYNAMODB_IMPORT_H

#include "base/compress.h"
#include "svc/dynamodb/job.h"
#include "svc/dynamodb/told.h"

#define IMPORT_RECORD_BYTES_MAX (16u << 20) /* a line; an item as JSON is smaller */
#define CSV_FIELDS_MAX 1024

/* ---- import_text.c: bytes from outside, on the thread ---- */

/* Takes the first record off *text: a line, or for CSV (delimiter not 0) a record whose quoted
 * fields may have line ends. last: nothing comes behind text. False: it is not complete yet. */
bool record_next(struct str *text, char delimiter, bool last, struct str *ret_record);
/* The fields of a CSV record, unquoted; in the arena where they differ from the record. False:
 * broken quotes, or more than CSV_FIELDS_MAX. */
bool csv_fields(struct arena *arena, struct str record, char delimiter, struct str *ret_fields,
                size_t *ret_count);
/* A record as it was read. */
struct import_record {
    struct item item;          /* ITEM_ABSENT: it is none */
    const struct value *put;   /* import_put_line(): the line as PutItem's input */
    uint64_t number;           /* which of its object, from 1 */
    struct str why;            /* why it is no item, where it is known */
};

/* An item of a line {"Item": …}; text is changed in place. */
status import_json(struct arena *arena, struct str line, struct why *why,
                   struct import_record *ret_record);
/* The same with what PutItem may have beside its item: a condition. */
status import_put_line(struct arena *arena, struct str line, struct why *why,
                       struct import_record *ret_record);

struct csv {
    const struct str *names;         /* of the columns */
    size_t count;                    /* of them */
    const struct attribute *attributes; /* types of key attributes; all others are S */
    size_t attribute_count;          /* of them */
};
/* fields: a record's, one for each name or fewer. */
struct csv_record {
    const struct str *fields;        /* csv_fields()'s */
    size_t count;                    /* of them */
};
status import_csv(struct arena *arena, const struct csv *csv, const struct csv_record *record,
                  struct why *why, struct item *ret_item);

/* ---- unpack.c: a stream of packed bytes, piece by piece ---- */

struct unpacking;
struct unpacking *unpack_begin(enum compression compression);
/* Takes the next packed bytes, appends what they unpack to. ERR_MALFORMED, ERR_LIMIT. */
status unpack_more(struct unpacking *unpacking, struct str packed, struct buf *out);
/* Nothing is missing at the end. */
bool unpack_whole(const struct unpacking *unpacking);
void unpack_free(struct unpacking *unpacking); /* NULL is fine */

/* ---- import.c ---- */

/* What the job of an import knows of it. */
struct import {
    struct str bucket;        /* name */
    struct str owner;         /* account it is to belong to; empty: whoever */
    struct str prefix;        /* of keys */
    uint8_t compression;      /* enum compression */
    char delimiter;           /* CSV; 0: DynamoDB JSON */
    struct str header;        /* CSV: names of columns, packed; empty: each file's first record */
};
enum compression import_compression(struct str type); /* of InputCompressionType */
struct str import_pack(struct arena *arena, const struct import *import);

#endif
