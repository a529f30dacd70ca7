/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside S3: what the half of settings (notifications, ACLs, lifecycle, …) implements for the
 * handlers of buckets and objects. Part of s3_int.h.
 *
 * Its handlers are named as the table in api.c has them: s3_ and the operation's whole name in
 * snake case, declared in s3_settings_ops.h, together with the service's pages:
 *     extern const struct page settings_pages[];
 *     #define SETTINGS_PAGE_COUNT …
 */
#ifndef WEIR_SVC_S3_HOOKS_H
#define WEIR_SVC_S3_HOOKS_H

#include "svc/s3/s3_object.h"

/* What happened to an object. */
struct object_change {
    const char *event;          /* "ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated",
                                 * "ObjectRestore:Post", "ObjectTagging:Put", … */
    struct bucket *bucket;      /* where */
    struct str key;             /* as it is, not escaped */
    struct str version;         /* id; STR_NONE: the bucket was never versioned */
    struct str etag;            /* without quotes; STR_NONE: deletions */
    uint64_t size;              /* bytes; 0 for deletions */
    uint64_t sequence;          /* the record's sequencer: grows with each change of the key */
    const struct object *object; /* the version, where there still is one; else NULL */
    int64_t restore_until_ms;   /* ObjectRestore:Completed */
    int64_t restored_ms;        /* ObjectRestore:Completed: when it was asked for; 0: unknown */
};
void object_changed(struct call *c, const struct object_change *change);

/* May the caller do this ("s3:GetObject", …)? object: what the call is about, as far as it is
 * there; else NULL. OK, or AccessDenied. */
status access_check(struct call *c, const struct bucket *bucket, const struct object *object,
                    const char *action);
/* The same of who may come in whatever auth is: visitors of a website. */
bool access_granted(struct call *c, const struct bucket *bucket, const struct object *object,
                    const char *action);
/* A service that reads or writes for an account. */
struct sender {
    struct str principal;       /* "dynamodb.amazonaws.com" */
    struct str source;          /* ARN of what sends; empty: nothing */
    struct str account;         /* for whom */
};
bool access_of_sender(struct call *c, const struct bucket *bucket, const struct sender *sender,
                      const struct object *object, const char *action);
void s3_join_policies(struct cell *cell);
/* Every request of a bucket, after it was found: the answer's CORS fields, where the request has an
 * Origin and a rule of the bucket is for it. */
void cors_answer(struct call *c, const struct bucket *bucket);
/* ACL members of the call (ACL, Grant…) as the text to be kept; STR_NONE: the owner's only.
 * AccessControlListNotSupported, InvalidArgument, … Stages nothing. */
status object_acl_of_call(struct call *c, const struct bucket *bucket, struct str *ret_acl);
status bucket_acl_of_call(struct call *c, struct str *ret_acl);
/* ObjectOwnership of CreateBucket (and the default) as the texts of SETTING_OWNERSHIP and
 * SETTING_PUBLIC_ACCESS; stages them. */
void bucket_settings_of_create(struct call *c, struct bucket *bucket);
/* x-amz-replication-status; STR_NONE: nothing to do with it. */
struct str replication_text(const struct object *object);
/* x-amz-expiration: expiry-date="…", rule-id="…"; STR_NONE: no rule is for it. */
struct str object_expiration(struct call *c, const struct object *object);
/* When lifecycle will abort an upload, and by which rule; false: never. */
bool upload_abort_date(struct call *c, const struct upload *upload, int64_t *ret_abort_ms,
                       struct str *ret_rule);
/* The bucket's default encryption, where the call asks for none. */
struct default_encryption {
    uint8_t encryption;         /* enum encryption */
    bool bucket_key;            /* BucketKeyEnabled */
    struct str kms_key;         /* STR_NONE: AWS's own key */
    bool customer_blocked;      /* SSE-C is refused (BlockedEncryptionTypes) */
};
void bucket_default_encryption(struct call *c, struct bucket *bucket,
                               struct default_encryption *ret_default);
void bucket_compiled_free(struct bucket_compiled *compiled); /* NULL is fine */
/* s3set's share of the service's life: timers' owner, pages; and of the minute's tick. */
status settings_open(struct s3 *s3);
void settings_close(struct s3 *s3);
void settings_tick(struct call *c);
/* A timer of the service whose name does not begin with "restore/" is s3set's. */
status settings_timer(struct call *c, struct str name, struct str payload);

#endif
