/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside S3: buckets and their settings here, objects in s3_object.h, what the two halves of this
 * folder ask of each other in s3_hooks.h. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Buckets and their settings are in memory and mirror the store; objects are in the store
 *      only.
 *   2. A key's newest version (or delete marker) is its "object" row, older ones are "version"
 *      rows, newest first; there is no older one without a newest one (keys.c draws the rows).
 *   3. At most one version of a key is the null version. Where the bucket was never versioned it is
 *      the only one.
 *   4. A piece of content (a row or a blob) is counted: whoever refers to it a second time shares
 *      it (content_share), who lets go drops it (content_drop). Nobody else removes blobs.
 *   5. A handler checks everything, then stages, then changes memory; object_changed() is called
 *      after the change is staged.
 */
#ifndef WEIR_SVC_S3_INT_H
#define WEIR_SVC_S3_INT_H

#include "base/map.h"
#include "cell/call.h"
#include "svc/s3/s3.h"
#include "svc/s3/s3_errors.h"

#define BUCKETS_MAX 100000
#define BUCKETS_PER_ACCOUNT_MAX 10000
#define KEY_TEXT_BYTES_MAX 1024
#define VERSION_TEXT_BYTES 32
#define METADATA_BYTES_MAX 2048
#define OBJECT_TAGS_MAX 10
#define OBJECT_BYTES_MAX (UINT64_C(50) << 40)
#define COPY_BYTES_MAX (UINT64_C(5) << 30)
#define OWNER_ID_BYTES 64

/* ---- buckets ---- */

/* What can be configured for a bucket; the numbers are stored. Texts are JSON of the model's
 * shapes, except SETTING_POLICY, which is the policy as it came. */
enum bucket_setting {
    SETTING_ACL = 1,
    SETTING_POLICY = 2,
    SETTING_CORS = 3,
    SETTING_ENCRYPTION = 4,
    SETTING_WEBSITE = 5,
    SETTING_LIFECYCLE = 6,
    SETTING_LOGGING = 7,
    SETTING_NOTIFICATION = 8,
    SETTING_TAGGING = 9, /* a Tagging structure */
    SETTING_OWNERSHIP = 10,
    SETTING_PUBLIC_ACCESS = 11,
    SETTING_REPLICATION = 12,
    SETTING_REQUEST_PAYMENT = 13,
    SETTING_ACCELERATE = 14,
    SETTING_ANALYTICS = 15, /* named: one text per configuration id */
    SETTING_INTELLIGENT_TIERING = 16, /* named */
    SETTING_INVENTORY = 17, /* named */
    SETTING_METRICS = 18, /* named */
    SETTING_ABAC = 19,
    SETTING_METADATA = 20,
    SETTING_METADATA_TABLE = 21,
    SETTING_PROGRESS = 22, /* named: how far lifecycle, inventory and logs have come; any text */
    SETTING_COUNT = 32,
};

#define SETTINGS_PER_BUCKET_MAX 6000

struct object;

enum versioning { VERSIONING_NEVER, VERSIONING_ENABLED, VERSIONING_SUSPENDED };
enum lock_mode { LOCK_NONE, LOCK_GOVERNANCE, LOCK_COMPLIANCE };

struct setting {
    uint8_t kind;          /* enum bucket_setting */
    struct str name;       /* configuration id; empty where there is one of a kind; owned */
    struct str text;       /* owned */
};

struct bucket_compiled;    /* what s3set made of the settings to be fast; its own */

struct bucket {
    struct str name;       /* owned */
    struct str account;    /* whose it is; owned */
    struct str region;     /* where it is said to be; owned */
    uint64_t id;           /* in the keys of its rows; random, so never used again */
    int64_t created_ms;    /* CreateBucket */
    uint8_t versioning;    /* enum versioning */
    bool mfa_delete;       /* recorded and shown */
    bool lock_enabled;     /* object lock */
    uint8_t lock_mode;     /* enum lock_mode: default retention; LOCK_NONE: none */
    uint32_t lock_days;    /* of the default retention; 0: in years */
    uint32_t lock_years;   /* of the default retention; 0: in days */
    char owner_id[OWNER_ID_BYTES]; /* canonical id of account; made, not stored */
    struct setting *settings; /* sorted by kind and name; owned */
    uint32_t setting_count;   /* of them */
    struct bucket_compiled *compiled; /* NULL: to be made anew; dropped when a setting changes */
};

struct inventory_run;
struct access_logs;

/* The service's state. */
struct s3 {
    struct cell *cell;     /* whose service this is */
    struct map *buckets;   /* name → struct bucket */
    uint64_t sequence;     /* the last one given by sequence_next() */
    _Atomic bool walking;  /* lifecycle's walker runs */
    _Atomic bool reporting; /* the inventories' thread runs */
    struct inventory_run *inventories; /* that stand in line for it; owned */
    struct access_logs *access_logs; /* owned */
};

static inline struct s3 *s3_of(const struct call *c)
{
    return c->state;
}

/* The call's bucket (member Bucket), checked: NoSuchBucket, InvalidBucketName, ExpectedBucketOwner,
 * and that the caller may do this operation with the bucket (access_allowed for "s3:…"). */
status bucket_of_call(struct call *c, struct bucket **ret_bucket);
/* The same for whoever knows the name: a copy's source, a log's target. NULL: none. */
struct bucket *bucket_find(const struct s3 *s3, struct str name);
void bucket_save(struct call *c, const struct bucket *bucket);
struct str bucket_arn(struct arena *arena, struct str name); /* arn:aws:s3:::name */
struct str object_arn(struct arena *arena, struct str bucket, struct str key);
/* Buckets of an account sorted by name, in the call's arena; account STR_NONE: of all. */
struct bucket **buckets_sorted(struct call *c, struct str account, size_t *ret_count);
/* Canonical id of an account: 64 hex digits. */
void owner_id_of(struct str account, char ret_id[OWNER_ID_BYTES]);
/* Fills an Owner or Initiator structure (member ID). */
void put_owner(struct value *owner, const struct bucket *bucket);

/* Settings. The text is STR_NONE where there is none. Setting STR_NONE removes. Texts are copied.
 * bucket_set_setting stages the row and changes memory at once: call it when all is checked. */
struct str bucket_setting(const struct bucket *bucket, enum bucket_setting kind, struct str name);
void bucket_set_setting(struct call *c, struct bucket *bucket, enum bucket_setting kind,
                        struct str name, struct str text);
/* The settings of one kind by name: for (size_t i = 0; (s = setting_next(b, kind, &i));) */
const struct setting *setting_next(const struct bucket *bucket, enum bucket_setting kind,
                                   size_t *position);
/* The same with a structure of the model: written and read as JSON. NULL: not set. */
void bucket_set_value(struct call *c, struct bucket *bucket, enum bucket_setting kind,
                      struct str name, const struct value *value);
const struct value *bucket_value(struct arena *arena, const struct setting *setting,
                                 uint32_t shape);
/* Shape of a member of an operation's input: s3_shape("PutBucketTagging", "Tagging"). */
uint32_t s3_shape(const char *operation, const char *member);
/* The member where the operation has it and the call set it, else NULL / STR_NONE. */
const struct value *arg_if(const struct call *c, const char *member);
struct str arg_str_if(const struct call *c, const char *member);

/* ---- tags: of objects here; s3set uses the checks for buckets ---- */

/* Keys, values, characters, doubles, reserved prefixes of a TagSet list: InvalidTag, BadRequest. */
status tags_check(struct call *c, const struct value *tag_set, size_t count_max);
/* "a=1&b=2" of x-amz-tagging, checked, packed. InvalidArgument, InvalidTag. */
status tags_of_header(struct call *c, struct str header, struct str *ret_packed);
struct str tags_pack(struct call *c, const struct value *tag_set);

/* ---- what the core offers beyond ---- */

/* Changes of a key in order: larger than every one before; for sequencers and version ids. */
uint64_t sequence_next(struct call *c);

#include "svc/s3/s3_hooks.h"
#include "svc/s3/s3_object.h"

#endif
