/* SPDX-License-Identifier: Apache-2.0
 *
 * S3: the table of operations, in the order of the API reference, and the service's life. What is
 * not here answers 501: directory buckets, metadata tables, object annotations, S3 Select,
 * torrents, Object Lambda.
 */
#include "base/mem.h"
#include "bus/depot.h"
#include "bus/sink.h"
#include "bus/timer.h"
#include "svc/s3/cfn.h"
#include "svc/s3/s3_ops.h"
#include "svc/s3/settings_int.h"

static const struct op ops[] = {
    {"AbortMultipartUpload", s3_abort_multipart_upload},
    {"CompleteMultipartUpload", s3_complete_multipart_upload},
    {"CopyObject", s3_copy_object},
    {"CreateBucket", s3_create_bucket},
    {"CreateMultipartUpload", s3_create_multipart_upload},
    {"DeleteBucket", s3_delete_bucket},
    {"DeleteBucketAnalyticsConfiguration", s3_delete_setting},
    {"DeleteBucketCors", s3_delete_setting},
    {"DeleteBucketEncryption", s3_delete_setting},
    {"DeleteBucketIntelligentTieringConfiguration", s3_delete_setting},
    {"DeleteBucketInventoryConfiguration", s3_delete_setting},
    {"DeleteBucketLifecycle", s3_delete_setting},
    {"DeleteBucketMetricsConfiguration", s3_delete_setting},
    {"DeleteBucketOwnershipControls", s3_delete_setting},
    {"DeleteBucketPolicy", s3_delete_bucket_policy},
    {"DeleteBucketReplication", s3_delete_setting},
    {"DeleteBucketTagging", s3_delete_setting},
    {"DeleteBucketWebsite", s3_delete_setting},
    {"DeleteObject", s3_delete_object},
    {"DeleteObjectTagging", s3_delete_object_tagging},
    {"DeleteObjects", s3_delete_objects},
    {"DeletePublicAccessBlock", s3_delete_setting},
    {"GetBucketAccelerateConfiguration", s3_get_setting},
    {"GetBucketAcl", s3_get_bucket_acl},
    {"GetBucketAnalyticsConfiguration", s3_get_setting},
    {"GetBucketCors", s3_get_setting},
    {"GetBucketEncryption", s3_get_setting},
    {"GetBucketIntelligentTieringConfiguration", s3_get_setting},
    {"GetBucketInventoryConfiguration", s3_get_setting},
    {"GetBucketLifecycleConfiguration", s3_get_setting},
    {"GetBucketLocation", s3_get_bucket_location},
    {"GetBucketLogging", s3_get_setting},
    {"GetBucketMetricsConfiguration", s3_get_setting},
    {"GetBucketNotificationConfiguration", s3_get_setting},
    {"GetBucketOwnershipControls", s3_get_setting},
    {"GetBucketPolicy", s3_get_bucket_policy},
    {"GetBucketPolicyStatus", s3_get_bucket_policy_status},
    {"GetBucketReplication", s3_get_setting},
    {"GetBucketRequestPayment", s3_get_setting},
    {"GetBucketTagging", s3_get_setting},
    {"GetBucketVersioning", s3_get_bucket_versioning},
    {"GetBucketWebsite", s3_get_setting},
    {"GetObject", s3_get_object},
    {"GetObjectAcl", s3_get_object_acl},
    {"GetObjectAttributes", s3_get_object_attributes},
    {"GetObjectLegalHold", s3_get_object_legal_hold},
    {"GetObjectLockConfiguration", s3_get_object_lock_configuration},
    {"GetObjectRetention", s3_get_object_retention},
    {"GetObjectTagging", s3_get_object_tagging},
    {"GetPublicAccessBlock", s3_get_setting},
    {"HeadBucket", s3_head_bucket},
    {"HeadObject", s3_head_object},
    {"ListBucketAnalyticsConfigurations", s3_list_settings},
    {"ListBucketIntelligentTieringConfigurations", s3_list_settings},
    {"ListBucketInventoryConfigurations", s3_list_settings},
    {"ListBucketMetricsConfigurations", s3_list_settings},
    {"ListBuckets", s3_list_buckets},
    {"ListMultipartUploads", s3_list_multipart_uploads},
    {"ListObjectVersions", s3_list_object_versions},
    {"ListObjects", s3_list_objects},
    {"ListObjectsV2", s3_list_objects_v2},
    {"ListParts", s3_list_parts},
    {"PutBucketAccelerateConfiguration", s3_put_setting},
    {"PutBucketAcl", s3_put_bucket_acl},
    {"PutBucketAnalyticsConfiguration", s3_put_setting},
    {"PutBucketCors", s3_put_setting},
    {"PutBucketEncryption", s3_put_setting},
    {"PutBucketIntelligentTieringConfiguration", s3_put_setting},
    {"PutBucketInventoryConfiguration", s3_put_setting},
    {"PutBucketLifecycleConfiguration", s3_put_setting},
    {"PutBucketLogging", s3_put_setting},
    {"PutBucketMetricsConfiguration", s3_put_setting},
    {"PutBucketNotificationConfiguration", s3_put_setting},
    {"PutBucketOwnershipControls", s3_put_setting},
    {"PutBucketPolicy", s3_put_bucket_policy},
    {"PutBucketReplication", s3_put_setting},
    {"PutBucketRequestPayment", s3_put_setting},
    {"PutBucketTagging", s3_put_setting},
    {"PutBucketVersioning", s3_put_bucket_versioning},
    {"PutBucketWebsite", s3_put_setting},
    {"PutObject", s3_put_object},
    {"PutObjectAcl", s3_put_object_acl},
    {"PutObjectLegalHold", s3_put_object_legal_hold},
    {"PutObjectLockConfiguration", s3_put_object_lock_configuration},
    {"PutObjectRetention", s3_put_object_retention},
    {"PutObjectTagging", s3_put_object_tagging},
    {"PutPublicAccessBlock", s3_put_setting},
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
    s3_join_policies(cell);
    bus_sink_add(cell, &s3_sink);
    bus_depot_add(cell, &s3_depot);
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
    .called = access_log_called,
    .other = s3_preflight,
    .form_operation = "PutObject",
    .form = s3_post_object,
    .pages = settings_pages,
    .page_count = SETTINGS_PAGE_COUNT,
    .types = s3_types,
    .type_count = S3_TYPES,
};
