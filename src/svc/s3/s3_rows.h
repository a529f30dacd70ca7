/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows in the store, between the files that know their bytes (keys.c, bucket_keys.c, upload_keys.c)
 * and the domain. Part of s3_core.h.
 */
#ifndef WEIR_SVC_S3_ROWS_H
#define WEIR_SVC_S3_ROWS_H

#include "svc/s3/s3_int.h"

/* Rows of objects. */
struct str key_of_object(struct arena *arena, const struct bucket *bucket, struct str key);
struct str key_of_version(struct arena *arena, const struct bucket *bucket, struct str key,
                          uint64_t sequence);
/* The fields that the row says; bucket, key and latest are the caller's. */
void object_read(struct str value, struct object *object);
struct str object_pack(struct arena *arena, const struct object *object);
/* The object's key, of a row of either kind. */
void object_key_read(struct arena *arena, struct str row, struct str *ret_key);
/* Prefixes for scans: of all newest ("object") or older ("version") rows of a bucket; whose keys
 * start with prefix; of one key's older versions. */
struct str prefix_of_objects(struct arena *arena, const struct bucket *bucket, const char *kind,
                             struct str key_prefix);
struct str prefix_of_versions(struct arena *arena, const struct bucket *bucket, struct str key);

/* Where the null version is, when it is an older one: its sequence. */
bool null_find(struct call *c, const struct bucket *bucket, struct str key,
               uint64_t *ret_sequence);
void null_set(struct call *c, const struct bucket *bucket, struct str key, uint64_t sequence);
void null_unset(struct call *c, const struct bucket *bucket, struct str key);

/* Rows of content, by id: "body", "list", "shared". */
void id_row_put(struct call *c, const char *kind, const uint8_t id[PIECE_ID_BYTES],
                struct str value);
void id_row_delete(struct call *c, const char *kind, const uint8_t id[PIECE_ID_BYTES]);
bool id_row_get(struct call *c, const char *kind, const uint8_t id[PIECE_ID_BYTES],
                struct str *ret_value);

uint64_t shared_count(struct call *c, const uint8_t id[PIECE_ID_BYTES]);
void shared_set(struct call *c, const uint8_t id[PIECE_ID_BYTES], uint64_t count);

/* A stretch of a row or blob. */
struct piece {
    uint8_t kind;               /* CONTENT_ROW or CONTENT_BLOB */
    bool enciphered;            /* with the customer's key and iv */
    uint8_t id[PIECE_ID_BYTES]; /* of the row or blob */
    uint8_t iv[16];             /* when enciphered */
    uint64_t offset;            /* first byte of it */
    uint64_t size;              /* bytes */
};

/* A part of an upload, or of an object that was uploaded so. */
struct part {
    uint32_t number;            /* 1 to PART_NUMBER_MAX */
    uint64_t size;              /* bytes */
    uint8_t md5[16];            /* its ETag; uploads only */
    int64_t modified_ms;        /* uploads only */
    struct object_checksum checksum; /* of its bytes */
    struct piece *pieces;       /* where they are */
    uint32_t piece_count;       /* of them */
};

struct part_list {
    struct part *parts;         /* by number */
    size_t count;               /* of them */
};
struct str list_pack(struct arena *arena, const struct part_list *list);
void list_read(struct arena *arena, struct str value, struct part_list *ret_list);

struct buf;
struct cursor;
void part_write(struct buf *packed, const struct part *part);
void part_read(struct cursor *cursor, struct arena *arena, struct part *part);

/* Uploads. */
void upload_save(struct call *c, const struct upload *upload);
void upload_row_delete(struct call *c, const struct upload *upload);
bool upload_get(struct call *c, struct bucket *bucket, struct str key, uint64_t sequence,
                struct upload *ret_upload);
void upload_row_read(struct arena *arena, struct str row, struct str value,
                     struct upload *ret_upload);
struct str row_of_upload(struct arena *arena, const struct bucket *bucket, struct str name,
                         uint64_t sequence);
void part_save(struct call *c, const struct upload *upload, const struct part *part);
void part_row_delete(struct call *c, const struct upload *upload, uint32_t number);
bool part_get(struct call *c, const struct upload *upload, uint32_t number,
              struct part *ret_part);
/* The parts numbered above after, in order; at most count_max. */
void parts_after(struct call *c, const struct upload *upload, uint32_t after, size_t count_max,
                 struct part_list *ret_list);

/* A completion that may be asked for again. */
struct completion {
    uint64_t version;           /* sequence of the version it made */
    int64_t at_ms;              /* when */
    struct str etag;            /* with quotes */
    bool versioned;             /* the version was told */
};
void completion_save(struct call *c, const struct upload *upload,
                     const struct completion *completion);
bool completion_get(struct call *c, struct bucket *bucket, struct str key,
                    uint64_t sequence, struct completion *ret_completion);
/* Forgets those older than COMPLETED_KEPT_MS. */
void completions_expire(struct call *c);

/* Things to be removed bit by bit. */
enum garbage { GARBAGE_LIST = 1, GARBAGE_PARTS = 2, GARBAGE_ROWS = 3 };
void garbage_add_list(struct call *c, const uint8_t id[PIECE_ID_BYTES]);
void garbage_add_upload(struct call *c, const struct upload *upload);
void garbage_add_bucket(struct call *c, const struct bucket *bucket);
void garbage_sweep(struct call *c); /* part of the minute's tick */

/* Bucket rows. */
void bucket_row_delete(struct call *c, const struct bucket *bucket);
void setting_row_put(struct call *c, const struct bucket *bucket, const struct setting *setting);
void setting_row_delete(struct call *c, const struct bucket *bucket,
                        const struct setting *setting);
bool bucket_has_rows(struct call *c, const struct bucket *bucket); /* versions of any kind */
status buckets_load(struct s3 *s3);

#endif
