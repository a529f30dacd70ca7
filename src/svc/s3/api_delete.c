/* SPDX-License-Identifier: Apache-2.0
 *
 * DeleteObject, DeleteObjects.
 */
#include "base/time.h"
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#define DELETE_MAX 1000
#define ROOM_PER_DELETE 4000 /* changes that one deletion and what it causes may stage */

/* One deletion, of either operation. */
struct deletion {
    struct bucket *bucket;       /* where */
    struct str key;              /* what */
    struct str version;          /* STR_NONE: what is newest */
    struct str etag;             /* only if it has that; STR_NONE: whatever */
    int64_t modified_ms;         /* only if of then; INT64_MIN: whatever */
    int64_t size;                /* only if of that size; -1: whatever */
    bool bypass;                 /* GOVERNANCE */
};

static bool conditional(const struct deletion *deletion)
{
    return deletion->etag.at != NULL || deletion->modified_ms != INT64_MIN || deletion->size >= 0;
}

static status deletion_conditions(struct call *c, const struct deletion *deletion,
                                  const struct object *there)
{
    if (!conditional(deletion)) {
        return OK;
    }
    if (there == NULL || there->delete_marker) {
        /* If-Match: * on nothing fails; a tag that cannot be compared does not exist. */
        return fail_with(c, &S3_NO_KEY, "Key", deletion->key);
    }
    if ((deletion->etag.at != NULL && !etag_matches(c, deletion->etag, there)) ||
        (deletion->modified_ms != INT64_MIN &&
         deletion->modified_ms / MS_PER_SECOND != there->modified_ms / MS_PER_SECOND) ||
        (deletion->size >= 0 && (uint64_t)deletion->size != there->size)) {
        return fail_with(c, &S3_PRECONDITION, "Condition", STR("If-Match"));
    }
    return OK;
}

/* Everything that can be wrong; ret_object: the version to be erased, when one was named and is
 * there. */
static status deletion_check(struct call *c, const struct deletion *deletion,
                             struct object *ret_object, bool *ret_there)
{
    status found;

    TRY(key_check(c, deletion->key));
    if (deletion->version.at == NULL) {
        struct object newest;
        bool there = conditional(deletion) &&
                     object_newest(c, deletion->bucket, deletion->key, &newest);

        return deletion_conditions(c, deletion, there ? &newest : NULL);
    }
    found = object_find(c, deletion->bucket, deletion->key, deletion->version, ret_object);
    *ret_there = found == OK;
    if (found == &S3_NO_VERSION) { /* it is not there: that is what was wanted */
        return deletion_conditions(c, deletion, NULL);
    }
    TRY(found);
    TRY(deletion_conditions(c, deletion, ret_object));
    return lock_check(c, ret_object, deletion->bypass);
}

/* Of a batch, each key asks for itself. */
static status deletion_allowed(struct call *c, const struct deletion *deletion)
{
    struct object object = {.key = deletion->key};

    TRY(access_check(c, deletion->bucket, &object,
                     deletion->version.bytes > 0 ? "s3:DeleteObjectVersion" : "s3:DeleteObject"));
    return deletion->bypass ? access_check(c, deletion->bucket, &object,
                                           "s3:BypassGovernanceRetention")
                            : OK;
}

static status delete_one(struct call *c, const struct deletion *deletion,
                         struct object_removal *ret_removal)
{
    struct object object;
    bool there = false;

    *ret_removal = (struct object_removal){.marker = false};
    TRY(deletion_check(c, deletion, &object, &there));
    if (deletion->version.at == NULL) {
        object_remove(c, deletion->bucket, deletion->key, NULL, ret_removal);
    } else if (there) {
        object_erase(c, &object, NULL, ret_removal);
    } else {
        ret_removal->versioned = true;
        ret_removal->version = deletion->version;
    }
    return OK;
}

/* Whoever says whether to bypass, says it of a bucket that has locks. */
static status bypass_check(struct call *c, const struct bucket *bucket)
{
    if (bucket->lock_enabled || !arg_has(c, "BypassGovernanceRetention")) {
        return OK;
    }
    return fail_argument(c, "x-amz-bypass-governance-retention", STR_NONE,
                         "x-amz-bypass-governance-retention is only applicable to Object Lock "
                         "enabled buckets.");
}

/* DeleteObject */
status s3_delete_object(struct call *c)
{
    struct deletion deletion = {
        .key = arg_str(c, "Key"),
        .version = arg_str(c, "VersionId"),
        .etag = arg_str(c, "IfMatch"),
        .modified_ms = get_time(c->in, "IfMatchLastModifiedTime", INT64_MIN),
        .size = arg_int(c, "IfMatchSize", -1),
        .bypass = arg_bool(c, "BypassGovernanceRetention", false),
    };
    struct object_removal removal;

    TRY(bucket_of_call(c, &deletion.bucket));
    TRY(bypass_check(c, deletion.bucket));
    if (deletion.version.at != NULL && deletion.version.bytes == 0) {
        return fail_argument(c, "versionId", deletion.version,
                             "Version id cannot be the empty string");
    }
    TRY(delete_one(c, &deletion, &removal));
    call_on(c, object_arn(c->arena, deletion.bucket->name, deletion.key));
    if (removal.marker) {
        put_bool(c, "DeleteMarker", true);
    }
    if (removal.versioned) {
        put_str(c, "VersionId", removal.version);
    }
    return OK;
}

/* ---- DeleteObjects ---- */

static void add_error(struct call *c, struct value *errors, const struct deletion *deletion,
                      status code)
{
    struct value *error = list_add(c->arena, errors);

    set_str(error, "Key", deletion->key);
    if (deletion->version.bytes > 0) {
        set_str(error, "VersionId", deletion->version);
    }
    set_str(error, "Code", str_c(code->code));
    set_str(error, "Message", arena_dup(c->arena, str_c(c->why.text)));
}

static void add_deleted(struct call *c, struct value *list, const struct deletion *deletion,
                        const struct object_removal *removal)
{
    struct value *deleted = list_add(c->arena, list);

    set_str(deleted, "Key", deletion->key);
    if (deletion->version.bytes > 0) {
        set_str(deleted, "VersionId", deletion->version);
    }
    if (removal->marker) {
        set_bool(deleted, "DeleteMarker", true);
        set_str(deleted, "DeleteMarkerVersionId", removal->version);
    }
}

static struct deletion deletion_of(const struct value *item)
{
    return (struct deletion){
        .key = get_str(item, "Key"),
        .version = get_str(item, "VersionId").bytes > 0 ? get_str(item, "VersionId") : STR_NONE,
        .etag = get_str(item, "ETag"),
        .modified_ms = get_time(item, "LastModifiedTime", INT64_MIN),
        .size = get_int(item, "Size", -1),
    };
}

/* DeleteObjects: each for itself; what fails is told beside what went. */
status s3_delete_objects(struct call *c)
{
    const struct value *wanted = arg(c, "Delete");
    const struct value *objects = get(wanted, "Objects");
    bool quiet = get_bool(wanted, "Quiet", false);
    struct value *deleted;
    struct value *errors;
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    TRY(bypass_check(c, bucket));
    if (objects->count == 0 || objects->count > DELETE_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    call_on(c, bucket_arn(c->arena, bucket->name));
    deleted = put_list(c, "Deleted", objects->count);
    errors = put_list(c, "Errors", objects->count);
    for (uint32_t i = 0; i < objects->count; i++) {
        struct deletion deletion = deletion_of(&objects->items[i]);
        struct object_removal removal;
        status gone;

        deletion.bucket = bucket;
        deletion.bypass = arg_bool(c, "BypassGovernanceRetention", false);
        gone = deletion_allowed(c, &deletion);
        if (gone == OK) {
            gone = txn_room(c->txn) < ROOM_PER_DELETE ? fail_s3(c, &S3_SLOW_DOWN)
                                                      : delete_one(c, &deletion, &removal);
        }
        if (gone == &S3_INVALID_ARGUMENT) { /* an id that cannot be, told in a batch's words */
            gone = fail_s3(c, &S3_NO_VERSION);
        }
        if (gone != OK) {
            add_error(c, errors, &deletion, gone);
        } else if (!quiet) {
            add_deleted(c, deleted, &deletion, &removal);
        }
    }
    c->why.text[0] = '\0';
    return OK;
}
