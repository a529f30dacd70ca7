/* SPDX-License-Identifier: Apache-2.0
 *
 * S3: the table of operations, in the order of the API reference, and the service's life. What is
 * not here answers 501: directory buckets, metadata tables, object annotations, S3 Select,
 * torrents, Object Lambda.
 */
#include "base/mem.h"
#include "bus/sink.h"
#include "bus/timer.h"
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

static const struct op ops[] = {
    {"AbortMultipartUpload", s3_abort_multipart_upload},
    {"CompleteMultipartUpload", s3_complete_multipart_upload},
    {"CopyObject", s3_copy_object},
    {"CreateBucket", s3_create_bucket},
    {"CreateMultipartUpload", s3_create_multipart_upload},
    {"DeleteBucket", s3_delete_bucket},
    {"DeleteObject", s3_delete_object},
    {"DeleteObjectTagging", s3_delete_object_tagging},
    {"DeleteObjects", s3_delete_objects},
    {"GetBucketLocation", s3_get_bucket_location},
    {"GetBucketVersioning", s3_get_bucket_versioning},
    {"GetObject", s3_get_object},
    {"GetObjectAttributes", s3_get_object_attributes},
    {"GetObjectLegalHold", s3_get_object_legal_hold},
    {"GetObjectLockConfiguration", s3_get_object_lock_configuration},
    {"GetObjectRetention", s3_get_object_retention},
    {"GetObjectTagging", s3_get_object_tagging},
    {"HeadBucket", s3_head_bucket},
    {"HeadObject", s3_head_object},
    {"ListBuckets", s3_list_buckets},
    {"ListMultipartUploads", s3_list_multipart_uploads},
    {"ListObjectVersions", s3_list_object_versions},
    {"ListObjects", s3_list_objects},
    {"ListObjectsV2", s3_list_objects_v2},
    {"ListParts", s3_list_parts},
    {"PutBucketVersioning", s3_put_bucket_versioning},
    {"PutObject", s3_put_object},
    {"PutObjectLegalHold", s3_put_object_legal_hold},
    {"PutObjectLockConfiguration", s3_put_object_lock_configuration},
    {"PutObjectRetention", s3_put_object_retention},
    {"PutObjectTagging", s3_put_object_tagging},
    {"RestoreObject", s3_restore_object},
    {"UploadPart", s3_upload_part},
    {"UploadPartCopy", s3_upload_part_copy},
};

static void s3_close(void *state)
{
    struct s3 *s3 = state;
    struct str name;
    void *value;

    if (s3 == NULL) {
        return;
    }
    settings_close(s3);
    for (size_t i = 0; map_next(s3->buckets, &i, &name, &value);) {
        bucket_free(value);
    }
    map_free(s3->buckets);
    mem_free(s3);
}

/* A timer of ours is due. */
static status s3_timer(struct call *c, struct str name, struct str payload)
{
    if (str_starts(name, STR("restore/"))) {
        return restore_timer(c, name, payload);
    }
    return settings_timer(c, name, payload);
}

static status s3_open(struct cell *cell, void **ret_state)
{
    struct s3 *s3 = MEM_NEW(struct s3);

    s3->cell = cell;
    s3->buckets = map_new(BUCKETS_MAX);
    *ret_state = s3; /* closed by the cell also when loading failed */
    TRY(buckets_load(s3));
    bus_timer_owner(cell, "s3", s3_timer);
    bus_sink_add(cell, &s3_sink);
    return settings_open(s3);
}

/* Once a minute: what is left of large objects and old completions goes, bit by bit. */
static status s3_tick(struct call *c)
{
    garbage_sweep(c);
    completions_expire(c);
    settings_tick(c);
    return OK;
}

const struct service s3_service = {
    .id = "s3",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = s3_open,
    .close = s3_close,
    .tick = s3_tick,
};
