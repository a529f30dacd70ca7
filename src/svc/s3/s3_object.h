/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside S3: objects, their versions and content, uploads; ways to find, change and walk through
 * them. Part of s3_int.h.
 */
#ifndef WEIR_SVC_S3_OBJECT_H
#define WEIR_SVC_S3_OBJECT_H

#include "svc/s3/s3_int.h"

#define PIECE_ID_BYTES 16

enum content_kind {
    CONTENT_NONE,  /* no bytes: a delete marker, an empty object */
    CONTENT_BYTES, /* small: in the version's own record */
    CONTENT_ROW,   /* up to 64 KiB: a "body" row */
    CONTENT_BLOB,  /* a whole blob */
    CONTENT_LIST,  /* of many parts: a "list" row names their pieces */
};

struct content {
    uint8_t kind;               /* enum content_kind */
    bool enciphered;            /* with the customer's key and iv; lists: each piece says */
    struct str bytes;           /* CONTENT_BYTES */
    uint8_t id[PIECE_ID_BYTES]; /* of the row, blob or list */
    uint8_t iv[16];             /* when enciphered */
};

/* Headers that are kept and given back as they came. */
enum object_header {
    HEADER_CACHE_CONTROL,
    HEADER_CONTENT_DISPOSITION,
    HEADER_CONTENT_ENCODING,
    HEADER_CONTENT_LANGUAGE,
    HEADER_CONTENT_TYPE,
    HEADER_EXPIRES,
    HEADER_WEBSITE_REDIRECT,
    HEADER_COUNT,
};

enum encryption { ENCRYPTION_S3, ENCRYPTION_KMS, ENCRYPTION_KMS_DSSE, ENCRYPTION_CUSTOMER };

/* In the model's words: storage_class_text(). The numbers are stored. */
enum storage_class {
    STORAGE_STANDARD = 0,
    STORAGE_REDUCED_REDUNDANCY = 1,
    STORAGE_STANDARD_IA = 2,
    STORAGE_ONEZONE_IA = 3,
    STORAGE_INTELLIGENT_TIERING = 4,
    STORAGE_GLACIER = 5,
    STORAGE_DEEP_ARCHIVE = 6,
    STORAGE_GLACIER_IR = 7,
    STORAGE_COUNT,
};

/* The numbers are stored. */
enum replication {
    REPLICATION_NONE,
    REPLICATION_COMPLETED, /* it has a replica */
    REPLICATION_REPLICA,   /* it is one */
    REPLICATION_FAILED,
};

struct object_checksum {
    bool is;                    /* there is one */
    bool composite;             /* of the parts' checksums, not of the content */
    uint8_t kind;               /* enum checksum_kind */
    uint8_t sum[CHECKSUM_BYTES_MAX]; /* checksum_bytes(kind) of them */
};

/* One version of an object, or a delete marker, as read from its row; strings live as long as the
 * call's arena. */
struct object {
    struct bucket *bucket;      /* whose it is */
    struct str key;             /* any bytes */
    bool latest;                /* the key's newest version: its "object" row */
    bool delete_marker;         /* no content, no attributes */
    bool null_version;          /* its version id is "null" */
    uint8_t storage_class;      /* enum storage_class */
    uint8_t encryption;         /* enum encryption */
    bool bucket_key;            /* BucketKeyEnabled */
    uint8_t lock_mode;          /* enum lock_mode: retention */
    bool legal_hold;            /* ON */
    bool legal_hold_set;        /* ON or OFF was said */
    uint64_t sequence;          /* order of the key's versions; the version id is made of it */
    int64_t modified_ms;        /* Last-Modified */
    uint64_t size;              /* bytes of content */
    uint8_t md5[16];            /* the ETag's, without the part count */
    uint32_t part_count;        /* "-N" of the ETag; 0: not a multipart object */
    struct content content;     /* where the bytes are */
    struct object_checksum checksum; /* x-amz-checksum-… */
    struct str headers[HEADER_COUNT]; /* STR_NONE where not given */
    struct str metadata;        /* x-amz-meta-… and tags: packed pairs, see pairs_next() */
    struct str tags;            /* the same */
    struct str acl;             /* s3set's JSON (AccessControlPolicy); STR_NONE: the owner's only */
    struct str kms_key;         /* SSEKMSKeyId */
    struct str kms_context;     /* SSEKMSEncryptionContext */
    uint8_t key_proof[16];      /* SSE-C: tells whether a key is the right one */
    int64_t retain_until_ms;    /* retention; 0: none */
    int64_t restore_ready_ms;   /* a restore is under way until then; 0: none */
    int64_t restored_until_ms;  /* the restored copy ends then; 0: none */
    uint32_t restore_days;      /* asked for by the restore under way */
    uint8_t replication;        /* enum replication */
};

/* Packed pairs: text, text, text, text … each by its length. */
bool pairs_next(struct str *packed, struct str *ret_name, struct str *ret_value);
size_t pairs_count(struct str packed);

/* The object of a key: version STR_NONE for its newest (which may be a delete marker: ask), else
 * a version id or "null". NoSuchKey, NoSuchVersion, InvalidArgument (no such id can be). */
status object_find(struct call *c, struct bucket *bucket, struct str key, struct str version,
                   struct object *ret_object);
/* The newest version or delete marker of a key; false when there is none. */
bool object_newest(struct call *c, struct bucket *bucket, struct str key,
                   struct object *ret_object);
/* Rewrites the row of that very version: its attributes changed, its place did not. */
void object_save(struct call *c, const struct object *object);
/* "null", or 32 characters; in the arena. */
struct str object_version_text(struct arena *arena, const struct object *object);
/* "\"md5\"" or "\"md5-3\"", with its quotes. */
struct str object_etag(struct arena *arena, const struct object *object);
struct str storage_class_text(enum storage_class storage_class);
bool storage_class_read(struct str text, enum storage_class *ret_storage_class);
/* Retention or legal hold forbid to delete this version now. */
bool object_protected(const struct call *c, const struct object *object);
/* GLACIER or DEEP_ARCHIVE and not restored: its bytes cannot be had. */
bool object_archived(const struct call *c, const struct object *object);

/* What a deletion did. */
struct object_removal {
    bool marker;                /* a delete marker was made, or one was deleted */
    bool versioned;             /* version is to be told */
    struct str version;         /* of the marker made or the version deleted */
};
/* What DeleteObject without a version does: a delete marker, or gone. Nothing there is fine.
 * event: NULL for ObjectRemoved:Delete or …:DeleteMarkerCreated, else "LifecycleExpiration" for
 * LifecycleExpiration:Delete or …:DeleteMarkerCreated. */
void object_remove(struct call *c, struct bucket *bucket, struct str key, const char *event,
                   struct object_removal *ret_removal);
/* That version for good; the next older one becomes the newest. Asked before: object_protected. */
void object_erase(struct call *c, const struct object *object, const char *event,
                  struct object_removal *ret_removal);
/* Changes that object_erase may stage at most: compare with txn_room(). */
#define OBJECT_ERASE_CHANGES 600

/* Writes an object as weir's own doing (inventory, access logs): a PutObject without a request;
 * content at most 64 KiB × 64 here. Headers may be set in *object; the rest is filled in. */
status object_write(struct call *c, struct bucket *bucket, struct str key, struct str content_type,
                    struct str content);
/* A small object's whole content (websites); ERR_LIMIT above bytes_max, SSE-C refused. Content in
 * blobs is not read here: use content_extents and call_send. */
status object_bytes(struct call *c, const struct object *object, size_t bytes_max,
                    struct str *ret_bytes);
/* Where [offset, offset + size) of the content lies, for call_send(). key: the customer's 32 bytes,
 * or NULL. */
struct content_range {
    uint64_t offset;            /* first byte */
    uint64_t size;              /* bytes */
    const uint8_t *key;         /* SSE-C; NULL: not */
};
void content_extents(struct call *c, const struct object *object,
                     const struct content_range *range, struct call_extent **ret_extents,
                     size_t *ret_count);
/* Answers a GET of the object by hand (a website's page): all headers and the content by put_header
 * and call_send; http: 200, 404 for error documents. */
void object_page(struct call *c, const struct object *object, int http);

/* Versions in key order, newest first within a key: for lists, lifecycle, inventory. What the call
 * stages meanwhile is not seen. The key lives as long as the call, the object's other strings until
 * the next step; a call should not take more than some ten thousand steps. */
struct object_scan;
struct object_scan_from {
    struct str prefix;          /* only keys that start so */
    struct str after_key;       /* only keys behind this one; STR_NONE: from the first */
    struct str from_key;        /* and from this one on, if not empty (resuming inside a key) */
    uint64_t below_sequence;    /* with from_key: only its versions older than this; 0: all */
    bool versions;              /* older versions too */
};
struct object_scan *object_scan(struct call *c, struct bucket *bucket,
                                const struct object_scan_from *from);
bool object_scan_next(struct object_scan *scan, struct object *ret_object);
/* Goes on behind every key that starts with prefix, without walking there. */
void object_scan_skip(struct object_scan *scan, struct str prefix);
void object_scan_close(struct object_scan *scan);

/* Multipart uploads under way, by key, oldest first: for lists and lifecycle. */
struct upload {
    struct bucket *bucket;      /* whose it is */
    struct str key;             /* of the object to be */
    uint64_t sequence;          /* the upload id is made of it */
    int64_t initiated_ms;       /* CreateMultipartUpload */
    bool checksum_asked;        /* ChecksumAlgorithm was given */
    bool checksum_composite;    /* ChecksumType */
    bool replaces;              /* an object was there when it began */
    uint8_t checksum_kind;      /* enum checksum_kind */
    struct object object;       /* the attributes it will have */
};
struct upload_scan;
struct upload_scan *upload_scan(struct call *c, struct bucket *bucket, struct str prefix,
                                struct str after_key, uint64_t after_sequence);
bool upload_scan_next(struct upload_scan *scan, struct upload *ret_upload);
void upload_scan_skip(struct upload_scan *scan, struct str prefix);
void upload_scan_close(struct upload_scan *scan);
void upload_abort(struct call *c, const struct upload *upload);

#endif
