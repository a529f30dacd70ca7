/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies: between copy.c, which finds and reads sources, and the operations.
 */
#ifndef WEIR_SVC_S3_COPY_H
#define WEIR_SVC_S3_COPY_H

#include "svc/s3/s3_core.h"

struct copy_source {
    struct str bucket_name;        /* as named */
    struct str key;                /* as named */
    struct str version;            /* STR_NONE: the newest */
    struct object object;          /* what was found */
    struct customer_key customer;  /* SSE-C of the source */
    struct content_range range;    /* what is copied of it; at first all */
};

struct copying;

/* What reading a source is to give and has given; in the call's keep. */
struct copied {
    bool writes;                   /* in: bytes are written anew. Out: into a blob */
    const struct call_cipher *cipher; /* in: the customer's key for what is written; NULL: plain */
    struct object_checksum checksum; /* in: its kind. Out: it */
    uint8_t md5[16];               /* out */
    status went;                   /* out: OK, or what went wrong */
    bool worked;                   /* a worker did it */
    bool written;                  /* a blob is there that nobody has published */
    uint8_t id[PIECE_ID_BYTES];    /* of that blob */
    struct copying *copying;       /* copy.c's */
};

/* Bucket, key and version that CopySource names. InvalidArgument. */
status copy_source_names(struct call *c, struct copy_source *source);
/* CopySource and its conditions. NoSuchBucket, NoSuchKey, PreconditionFailed, … */
status copy_source_read(struct call *c, struct copy_source *ret_source);

/* Reads it, at once or on a worker, then goes on in resume; return what it returns. */
status copy_begin(struct call *c, const struct copy_source *source, struct copied *copied,
                  status (*resume)(struct call *c));
/* First thing in resume: how it went. */
status copy_end(struct call *c, struct copied *copied);
/* The content that was written anew, published. */
struct content content_of_copied(struct call *c, struct copied *copied);
/* When it is not used after all. */
void copy_forget(struct call *c, struct copied *copied);

#endif
