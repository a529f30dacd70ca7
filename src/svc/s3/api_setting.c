/* SPDX-License-Identifier: Apache-2.0
 *
 * Bucket settings: one table of them, and the four things that can be done with any: put, get,
 * delete, list. A structure is kept as the JSON of its shape and given back as it came; what
 * follows from it (notifications, lifecycle, …) is elsewhere.
 */
#include "svc/s3/s3_settings_ops.h"

#include <assert.h>
#include <string.h>

#define PAGE_MAX 100
#define POLICY_BYTES_MAX 20480

struct kind {
    const char *put, *get, *remove, *list; /* operations; NULL: there is none */
    const char *member;     /* of the put's input: the structure */
    const char *result;     /* of the get's output; NULL: its members lie in the output itself */
    const char *list_member; /* of the list's output */
    uint8_t setting;        /* enum bucket_setting */
    bool named;             /* one per Id */
    bool empty_is_none;     /* putting an empty structure removes it */
    status missing;         /* what a get says when there is none; NULL: an empty answer */
    status (*check)(struct call *c, const struct bucket *bucket, const struct value *value);
    void (*was_set)(struct call *c, struct bucket *bucket);
};

static status tagging_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    (void)bucket;
    return tags_check(c, get(value, "TagSet"), 50);
}

static status refused(struct call *c, const struct bucket *bucket, const struct value *value)
{
    (void)bucket;
    (void)value;
    return fail(c, &S3_NOT_IMPLEMENTED, "%.*s is not implemented by weir: what it configures would "
                "not happen.", STR_ARG(model_text(c->operation->name)));
}

static const struct kind kinds[] = {
    {"PutBucketCors", "GetBucketCors", "DeleteBucketCors", NULL, "CORSConfiguration", NULL, NULL,
     SETTING_CORS, false, false, &S3_NO_CORS, cors_check, NULL},
    {"PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration", "DeleteBucketLifecycle",
     NULL, "LifecycleConfiguration", NULL, NULL, SETTING_LIFECYCLE, false, false, &S3_NO_LIFECYCLE,
     lifecycle_check, lifecycle_set},
    {"PutBucketNotificationConfiguration", "GetBucketNotificationConfiguration", NULL, NULL,
     "NotificationConfiguration", NULL, NULL, SETTING_NOTIFICATION, false, true, NULL,
     notification_check, notification_set},
    {"PutBucketTagging", "GetBucketTagging", "DeleteBucketTagging", NULL, "Tagging", NULL, NULL,
     SETTING_TAGGING, false, false, &S3_NO_TAGS, tagging_check, NULL},
    {"PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption", NULL,
     "ServerSideEncryptionConfiguration", "ServerSideEncryptionConfiguration", NULL,
     SETTING_ENCRYPTION, false, false, &S3_NO_ENCRYPTION, NULL, NULL},
    {"PutBucketOwnershipControls", "GetBucketOwnershipControls", "DeleteBucketOwnershipControls",
     NULL, "OwnershipControls", "OwnershipControls", NULL, SETTING_OWNERSHIP, false, false,
     &S3_NO_OWNERSHIP, NULL, NULL},
    {"PutPublicAccessBlock", "GetPublicAccessBlock", "DeletePublicAccessBlock", NULL,
     "PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration", NULL,
     SETTING_PUBLIC_ACCESS, false, false, &S3_NO_PUBLIC_ACCESS, NULL, NULL},
    {"PutBucketRequestPayment", "GetBucketRequestPayment", NULL, NULL,
     "RequestPaymentConfiguration", NULL, NULL, SETTING_REQUEST_PAYMENT, false, false, NULL, NULL,
     NULL},
    {"PutBucketAccelerateConfiguration", "GetBucketAccelerateConfiguration", NULL, NULL,
     "AccelerateConfiguration", NULL, NULL, SETTING_ACCELERATE, false, false, NULL, NULL, NULL},
    {"PutBucketLogging", "GetBucketLogging", NULL, NULL, "BucketLoggingStatus", NULL, NULL,
     SETTING_LOGGING, false, true, NULL, refused, NULL},
    {"PutBucketWebsite", "GetBucketWebsite", "DeleteBucketWebsite", NULL, "WebsiteConfiguration",
     NULL, NULL, SETTING_WEBSITE, false, false, &S3_NO_WEBSITE, refused, NULL},
    {"PutBucketReplication", "GetBucketReplication", "DeleteBucketReplication", NULL,
     "ReplicationConfiguration", "ReplicationConfiguration", NULL, SETTING_REPLICATION, false,
     false, &S3_NO_REPLICATION, refused, NULL},
    {"PutBucketAnalyticsConfiguration", "GetBucketAnalyticsConfiguration",
     "DeleteBucketAnalyticsConfiguration", "ListBucketAnalyticsConfigurations",
     "AnalyticsConfiguration", "AnalyticsConfiguration", "AnalyticsConfigurationList",
     SETTING_ANALYTICS, true, false, &S3_NO_CONFIGURATION, NULL, NULL},
    {"PutBucketIntelligentTieringConfiguration", "GetBucketIntelligentTieringConfiguration",
     "DeleteBucketIntelligentTieringConfiguration", "ListBucketIntelligentTieringConfigurations",
     "IntelligentTieringConfiguration", "IntelligentTieringConfiguration",
     "IntelligentTieringConfigurationList", SETTING_INTELLIGENT_TIERING, true, false,
     &S3_NO_CONFIGURATION, NULL, NULL},
    {"PutBucketMetricsConfiguration", "GetBucketMetricsConfiguration",
     "DeleteBucketMetricsConfiguration", "ListBucketMetricsConfigurations", "MetricsConfiguration",
     "MetricsConfiguration", "MetricsConfigurationList", SETTING_METRICS, true, false,
     &S3_NO_CONFIGURATION, NULL, NULL},
    {"PutBucketInventoryConfiguration", "GetBucketInventoryConfiguration",
     "DeleteBucketInventoryConfiguration", "ListBucketInventoryConfigurations",
     "InventoryConfiguration", "InventoryConfiguration", "InventoryConfigurationList",
     SETTING_INVENTORY, true, false, &S3_NO_CONFIGURATION, refused, NULL},
};

static bool is_name(struct str name, const char *wanted)
{
    return wanted != NULL && str_eq(name, str_c(wanted));
}

static const struct kind *kind_of(const struct call *c)
{
    struct str name = model_text(c->operation->name);

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (is_name(name, kinds[i].put) || is_name(name, kinds[i].get) ||
            is_name(name, kinds[i].remove) || is_name(name, kinds[i].list)) {
            return &kinds[i];
        }
    }
    assert(false);
    return NULL;
}

static struct str name_of(const struct call *c, const struct kind *kind)
{
    return kind->named ? arg_str(c, "Id") : STR("");
}

static bool is_empty(const struct value *structure)
{
    for (uint32_t i = 0; i < structure->count; i++) {
        const struct value *member = &structure->items[i];

        if (member->kind != VALUE_NONE && !(member->kind == VALUE_LIST && member->count == 0)) {
            return false;
        }
    }
    return true;
}

static const struct setting *setting_of(const struct bucket *bucket, const struct kind *kind,
                                        struct str name)
{
    size_t at = 0;
    const struct setting *setting;

    while ((setting = setting_next(bucket, kind->setting, &at)) != NULL) {
        if (str_eq(setting->name, name)) {
            return setting;
        }
    }
    return NULL;
}

status s3_put_setting(struct call *c)
{
    const struct kind *kind = kind_of(c);
    const struct value *value = arg(c, kind->member);
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (value == NULL) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (kind->named && !str_eq(get_str(value, "Id"), arg_str(c, "Id"))) {
        return fail(c, &S3_INVALID_ARGUMENT, "Configuration Id does not match the request's");
    }
    if (kind->check != NULL) {
        TRY(kind->check(c, bucket, value));
    }
    if (kind->empty_is_none && is_empty(value)) {
        bucket_set_setting(c, bucket, kind->setting, name_of(c, kind), STR_NONE);
    } else {
        bucket_set_value(c, bucket, kind->setting, name_of(c, kind), value);
    }
    call_on(c, bucket_arn(c->arena, bucket->name));
    if (kind->was_set != NULL) {
        kind->was_set(c, bucket);
    }
    return OK;
}

/* The members that output and structure have in common. */
static void put_members(struct call *c, const struct value *structure)
{
    const struct shape *from = model_shape(structure->shape);
    const struct shape *to = model_shape(c->out->shape);

    for (uint32_t i = 0; i < structure->count; i++) {
        struct str name = model_text(
            model_members[from->first + i].name);
        int at = model_member_index(to, name);

        if (at >= 0 && structure->items[i].kind != VALUE_NONE) {
            c->out->items[at] = structure->items[i];
        }
    }
}

status s3_get_setting(struct call *c)
{
    const struct kind *kind = kind_of(c);
    const struct setting *setting;
    const struct value *value;
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    setting = setting_of(bucket, kind, name_of(c, kind));
    if (setting == NULL && kind->setting == SETTING_ENCRYPTION) { /* as every bucket has it */
        struct value *rules = set_list(c->arena, put_struct(c, kind->result), "Rules", 1);
        struct value *rule = list_add(c->arena, rules);

        set_str(set_struct(c->arena, rule, "ApplyServerSideEncryptionByDefault"), "SSEAlgorithm",
                STR("AES256"));
        set_bool(rule, "BucketKeyEnabled", false);
        return OK;
    }
    if (setting == NULL && kind->setting == SETTING_REQUEST_PAYMENT) {
        put_str(c, "Payer", STR("BucketOwner"));
        return OK;
    }
    if (setting == NULL) {
        return kind->missing == NULL ? OK : fail_s3(c, kind->missing);
    }
    value = bucket_value(c->arena, setting, s3_shape(kind->put, kind->member));
    if (kind->result != NULL) {
        set_value(c->out, kind->result, value);
    } else {
        put_members(c, value);
    }
    return OK;
}

status s3_delete_setting(struct call *c)
{
    const struct kind *kind = kind_of(c);
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (setting_of(bucket, kind, name_of(c, kind)) == NULL) {
        return kind->named ? fail_s3(c, kind->missing) : OK;
    }
    bucket_set_setting(c, bucket, kind->setting, name_of(c, kind), STR_NONE);
    call_on(c, bucket_arn(c->arena, bucket->name));
    if (kind->was_set != NULL) {
        kind->was_set(c, bucket);
    }
    return OK;
}

/* 100 at a time; the token is the last Id given. */
status s3_list_settings(struct call *c)
{
    const struct kind *kind = kind_of(c);
    struct str after = arg_str(c, "ContinuationToken");
    const struct setting *setting;
    struct bucket *bucket;
    struct value *list;
    struct str last = STR_NONE;
    size_t at = 0;

    TRY(bucket_of_call(c, &bucket));
    list = put_list(c, kind->list_member, PAGE_MAX);
    put_bool(c, "IsTruncated", false);
    while ((setting = setting_next(bucket, kind->setting, &at)) != NULL) {
        if (after.bytes > 0 && str_cmp(setting->name, after) <= 0) {
            continue;
        }
        if (list->count == PAGE_MAX) {
            put_bool(c, "IsTruncated", true);
            put_str(c, "NextContinuationToken", last);
            break;
        }
        *list_add(c->arena, list) =
            *bucket_value(c->arena, setting, s3_shape(kind->put, kind->member));
        last = setting->name;
    }
    if (arg_has(c, "ContinuationToken")) {
        put_str(c, "ContinuationToken", after);
    }
    return OK;
}

/* ---- the policy, which is a text of its own ---- */

/* PutBucketPolicy */
status s3_put_bucket_policy(struct call *c)
{
    struct str policy = arg_str(c, "Policy");
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (policy.bytes > POLICY_BYTES_MAX) {
        return fail(c, &S3_INVALID_POLICY, "The policy is larger than %d bytes", POLICY_BYTES_MAX);
    }
    TRY(policy_check(c, bucket, policy));
    bucket_set_setting(c, bucket, SETTING_POLICY, STR(""), policy);
    call_on(c, bucket_arn(c->arena, bucket->name));
    return OK;
}

/* GetBucketPolicy */
status s3_get_bucket_policy(struct call *c)
{
    struct bucket *bucket;
    struct str policy;

    TRY(bucket_of_call(c, &bucket));
    policy = bucket_setting(bucket, SETTING_POLICY, STR(""));
    if (policy.at == NULL) {
        return fail_s3(c, &S3_NO_BUCKET_POLICY);
    }
    put_str(c, "Policy", policy);
    return OK;
}

/* DeleteBucketPolicy */
status s3_delete_bucket_policy(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    bucket_set_setting(c, bucket, SETTING_POLICY, STR(""), STR_NONE);
    call_on(c, bucket_arn(c->arena, bucket->name));
    return OK;
}

/* GetBucketPolicyStatus: public when some statement allows everybody, without a condition. */
status s3_get_bucket_policy_status(struct call *c)
{
    struct bucket *bucket;
    struct str policy;

    TRY(bucket_of_call(c, &bucket));
    policy = bucket_setting(bucket, SETTING_POLICY, STR(""));
    if (policy.at == NULL) {
        return fail_s3(c, &S3_NO_BUCKET_POLICY);
    }
    set_bool(put_struct(c, "PolicyStatus"), "IsPublic", policy_is_public(c, policy));
    return OK;
}
