/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations on buckets: making, finding, listing, removing them; versioning.
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"
#include "svc/s3/settings_int.h"

#include <assert.h>

#define LIST_BUCKETS_MAX 10000

/* ---- CreateBucket ---- */

/* What the request says of the region; STR_NONE: nothing. */
static struct str location_of_call(const struct call *c)
{
    const struct value *configuration = arg(c, "CreateBucketConfiguration");

    return configuration == NULL ? STR_NONE : get_str(configuration, "LocationConstraint");
}

/* The legacy endpoint, us-east-1, makes buckets anywhere; a region's only its own. */
static status region_of_new(struct call *c, struct str *ret_region)
{
    struct str location = location_of_call(c);
    bool legacy = str_eq(c->region, STR("us-east-1"));

    if (str_eq(location, STR("us-east-1"))) {
        return fail_with(c, &S3_INVALID_LOCATION, "LocationConstraint", location);
    }
    if (str_eq(location, STR("EU"))) {
        location = STR("eu-west-1");
    }
    if (location.bytes == 0) {
        *ret_region = c->region;
        return legacy ? OK : fail_s3(c, &S3_ILLEGAL_LOCATION);
    }
    if (!legacy && !str_eq(location, c->region)) {
        return fail(c, &S3_ILLEGAL_LOCATION,
                    "The %.*s location constraint is incompatible for the region specific "
                    "endpoint this request was sent to.",
                    STR_ARG(location));
    }
    *ret_region = location;
    return OK;
}

static status bucket_is_new(struct call *c, struct str name, bool *ret_there)
{
    const struct bucket *there = bucket_find(s3_of(c), name);

    *ret_there = there != NULL;
    if (there == NULL) {
        return OK;
    }
    if (!str_eq(there->account, c->account)) {
        return fail_with(c, &S3_BUCKET_EXISTS, "BucketName", name);
    }
    if (str_eq(c->region, STR("us-east-1")) && str_eq(there->region, STR("us-east-1"))) {
        return OK; /* for historical reasons */
    }
    return fail_with(c, &S3_BUCKET_OWNED, "BucketName", name);
}

static status room_for_bucket(struct call *c)
{
    const struct s3 *s3 = s3_of(c);
    size_t count = 0;
    struct str name;
    void *value;

    if (map_count(s3->buckets) >= BUCKETS_MAX) {
        return fail_s3(c, &S3_TOO_MANY_BUCKETS);
    }
    if (map_count(s3->buckets) < BUCKETS_PER_ACCOUNT_MAX) {
        return OK;
    }
    for (size_t i = 0; map_next(s3->buckets, &i, &name, &value);) {
        count += str_eq(((struct bucket *)value)->account, c->account);
    }
    return count < BUCKETS_PER_ACCOUNT_MAX ? OK : fail_s3(c, &S3_TOO_MANY_BUCKETS);
}

static void set_tags_of_create(struct call *c, struct bucket *bucket)
{
    const struct value *configuration = arg(c, "CreateBucketConfiguration");
    const struct value *tags = configuration == NULL ? NULL : get(configuration, "Tags");
    struct value *tagging;

    if (tags == NULL || tags->count == 0) {
        return;
    }
    tagging = value_struct(c->arena, s3_shape("PutBucketTagging", "Tagging"));
    set_value(tagging, "TagSet", tags);
    bucket_set_value(c, bucket, SETTING_TAGGING, STR_NONE, tagging);
}

static void bucket_make(struct call *c, struct str name, struct str region, struct str acl)
{
    struct s3 *s3 = s3_of(c);
    struct bucket *bucket = bucket_new(name, c->account, region);
    bool added = bucket_add(s3, bucket);

    assert(added); /* room_for_bucket() said so */
    bucket->id = rand_u64(c->rand);
    bucket->created_ms = whole_second(c->now);
    bucket->lock_enabled = arg_bool(c, "ObjectLockEnabledForBucket", false);
    bucket->versioning = bucket->lock_enabled ? VERSIONING_ENABLED : VERSIONING_NEVER;
    bucket_save(c, bucket);
    bucket_settings_of_create(c, bucket);
    set_tags_of_create(c, bucket);
    if (acl.at != NULL) {
        bucket_set_setting(c, bucket, SETTING_ACL, STR_NONE, acl);
    }
}

/* CreateBucket */
status s3_create_bucket(struct call *c)
{
    struct str name = arg_str(c, "Bucket");
    const struct value *configuration = arg(c, "CreateBucketConfiguration");
    struct str region;
    struct str acl = STR_NONE;
    bool there;

    TRY(bucket_name_check(c, name));
    if (str_eq(arg_str(c, "BucketNamespace"), STR("account-regional"))) {
        return fail_with(c, &S3_NOT_IMPLEMENTED, "Header", STR("x-amz-bucket-namespace"));
    }
    TRY(region_of_new(c, &region));
    TRY(bucket_is_new(c, name, &there));
    if (configuration != NULL) {
        TRY(tags_check(c, get(configuration, "Tags"), 50));
    }
    TRY(bucket_acl_of_call(c, &acl));
    put_str(c, "Location",
            str_eq(region, STR("us-east-1"))
                ? arena_printf(c->arena, "/%.*s", STR_ARG(name))
                : arena_printf(c->arena, "http://%.*s.s3.amazonaws.com/", STR_ARG(name)));
    put_str(c, "BucketArn", bucket_arn(c->arena, name));
    if (there) {
        return OK;
    }
    TRY(room_for_bucket(c));
    bucket_make(c, name, region, acl);
    call_on(c, bucket_arn(c->arena, name));
    return OK;
}

/* ---- the rest of its life ---- */

/* DeleteBucket */
status s3_delete_bucket(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (bucket_has_rows(c, bucket)) {
        status failed = fail_with(c, &S3_BUCKET_NOT_EMPTY, "BucketName", bucket->name);

        return bucket->versioning == VERSIONING_NEVER
                   ? failed
                   : fail(c, &S3_BUCKET_NOT_EMPTY,
                          "The bucket you tried to delete is not empty. You must delete all "
                          "versions in the bucket.");
    }
    call_on(c, bucket_arn(c->arena, bucket->name));
    access_log_drop(c, bucket);
    bucket_row_delete(c, bucket);
    for (uint32_t i = 0; i < bucket->setting_count; i++) {
        setting_row_delete(c, bucket, &bucket->settings[i]);
    }
    garbage_add_bucket(c, bucket);
    map_remove(s3_of(c)->buckets, bucket->name);
    bucket_free(bucket);
    return OK;
}

/* HeadBucket */
status s3_head_bucket(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    put_str(c, "BucketRegion", bucket->region);
    put_str(c, "BucketArn", bucket_arn(c->arena, bucket->name));
    put_bool(c, "AccessPointAlias", false);
    return OK;
}

/* GetBucketLocation */
status s3_get_bucket_location(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    put_str(c, "LocationConstraint",
            str_eq(bucket->region, STR("us-east-1")) ? STR("") : bucket->region);
    return OK;
}

/* ---- ListBuckets ---- */

static void add_bucket(struct call *c, struct value *list, const struct bucket *bucket, bool region)
{
    struct value *item = list_add(c->arena, list);

    set_str(item, "Name", bucket->name);
    set_time(item, "CreationDate", bucket->created_ms);
    set_str(item, "BucketArn", bucket_arn(c->arena, bucket->name));
    if (region) {
        set_str(item, "BucketRegion", bucket->region);
    }
}

/* Whether the answer is paged and tells regions: when any of the newer members were asked for. */
static bool asks_for_pages(const struct call *c)
{
    return arg_has(c, "MaxBuckets") || arg_has(c, "ContinuationToken") || arg_has(c, "Prefix") ||
           arg_has(c, "BucketRegion");
}

/* A region is what buckets can be in by the model, or where they are when nothing is said. */
static status region_check(struct call *c, struct str region)
{
    uint32_t configuration = s3_shape("CreateBucket", "CreateBucketConfiguration");
    int index = model_member_index(model_shape(configuration), STR("LocationConstraint"));
    const struct shape *regions =
        model_shape(model_members[model_shape(configuration)->first + (uint32_t)index].shape);
    bool known = region.bytes == 0 || str_eq(region, STR("us-east-1"));

    for (uint32_t i = 0; i < regions->enum_count && !known; i++) {
        known = str_eq(model_text(model_enum_texts[regions->enum_first + i]), region);
    }
    return known ? OK
                 : fail_argument(c, "bucket-region", STR_NONE,
                                 "Argument value %.*s is not a valid AWS Region",
                                 STR_ARG(region));
}

/* ListBuckets */
status s3_list_buckets(struct call *c)
{
    struct str prefix = arg_str(c, "Prefix");
    struct str region = arg_str(c, "BucketRegion");
    struct str after = STR_NONE;
    int64_t most = arg_int(c, "MaxBuckets", LIST_BUCKETS_MAX);
    size_t count;
    struct bucket **all = buckets_sorted(c, c->account, &count);
    char owner_id[OWNER_ID_BYTES];
    struct value *list;

    if (most < 1 || most > LIST_BUCKETS_MAX) {
        return fail_argument(c, "max-buckets", arena_printf(c->arena, "%lld", (long long)most),
                             "Argument max-buckets must be an integer between 1 and 10000.");
    }
    TRY(region_check(c, region));
    if (arg_str(c, "ContinuationToken").bytes > 0) {
        TRY(list_token_read(c, arg_str(c, "ContinuationToken"), &after));
    }
    list = put_list(c, "Buckets", count);
    for (size_t i = 0; i < count; i++) {
        if (!str_starts(all[i]->name, prefix) ||
            (region.bytes > 0 && !str_eq(all[i]->region, region)) ||
            (after.bytes > 0 && str_cmp(all[i]->name, after) <= 0)) {
            continue;
        }
        if (list->count == (uint32_t)most) {
            put_str(c, "ContinuationToken",
                    list_token_write(c, get_str(&list->items[list->count - 1], "Name")));
            break;
        }
        add_bucket(c, list, all[i], asks_for_pages(c));
    }
    owner_id_of(c->account, owner_id);
    set_str(put_struct(c, "Owner"), "ID", arena_dup(c->arena, str_of(owner_id, OWNER_ID_BYTES)));
    if (prefix.at != NULL) {
        put_str(c, "Prefix", prefix);
    }
    return OK;
}

/* ---- versioning ---- */

/* GetBucketVersioning */
status s3_get_bucket_versioning(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (bucket->versioning != VERSIONING_NEVER) {
        put_str(c, "Status",
                bucket->versioning == VERSIONING_ENABLED ? STR("Enabled") : STR("Suspended"));
    }
    if (bucket->mfa_delete) {
        put_str(c, "MFADelete", STR("Enabled"));
    }
    return OK;
}

/* PutBucketVersioning */
status s3_put_bucket_versioning(struct call *c)
{
    const struct value *configuration = arg(c, "VersioningConfiguration");
    struct str wanted = get_str(configuration, "Status");
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (wanted.bytes == 0) {
        return fail_s3(c, &S3_ILLEGAL_VERSIONING);
    }
    if (!str_eq(wanted, STR("Enabled")) && !str_eq(wanted, STR("Suspended"))) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (bucket->lock_enabled && str_eq(wanted, STR("Suspended"))) {
        return fail(c, &S3_INVALID_BUCKET_STATE,
                    "An Object Lock configuration is present on this bucket, so the versioning "
                    "state cannot be changed.");
    }
    if (str_eq(wanted, STR("Suspended")) &&
        bucket_setting(bucket, SETTING_REPLICATION, STR_NONE).bytes > 0) {
        return fail(c, &S3_INVALID_BUCKET_STATE,
                    "A replication configuration is present on this bucket, so the versioning "
                    "state cannot be changed.");
    }
    if (str_eq(get_str(configuration, "MFADelete"), STR("Enabled"))) {
        return fail(c, &S3_NOT_IMPLEMENTED, "weir has no MFA devices, so no MFA delete");
    }
    call_on(c, bucket_arn(c->arena, bucket->name));
    bucket->versioning =
        str_eq(wanted, STR("Enabled")) ? VERSIONING_ENABLED : VERSIONING_SUSPENDED;
    bucket_save(c, bucket);
    return OK;
}
