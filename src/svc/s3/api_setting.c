/* SPDX-License-Identifier: Apache-2.0
 *
 * Bucket settings: one table of them, and the four things that can be done with any: put, get,
 * delete, list. A structure is kept as the JSON of its shape and given back as it came; what
 * follows from it (notifications, lifecycle, …) is elsewhere.
 */
#include "svc/s3/settings_int.h"

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
    /* It is so now; former: what it was, or NULL. */
    void (*was_set)(struct call *c, struct bucket *bucket, const struct value *former);
    void (*told)(struct call *c, const struct bucket *bucket); /* more to say */
};

static status tagging_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    (void)bucket;
    return tags_check(c, get(value, "TagSet"), 50);
}

static const struct kind kinds[] = {
    {.put = "PutBucketCors", .get = "GetBucketCors", .remove = "DeleteBucketCors",
     .member = "CORSConfiguration", .setting = SETTING_CORS, .missing = &S3_NO_CORS,
     .check = cors_check},
    {.put = "PutBucketLifecycleConfiguration", .get = "GetBucketLifecycleConfiguration",
     .remove = "DeleteBucketLifecycle", .member = "LifecycleConfiguration",
     .setting = SETTING_LIFECYCLE, .missing = &S3_NO_LIFECYCLE, .check = lifecycle_check,
     .was_set = lifecycle_set, .told = lifecycle_told},
    {.put = "PutBucketNotificationConfiguration", .get = "GetBucketNotificationConfiguration",
     .member = "NotificationConfiguration", .setting = SETTING_NOTIFICATION,
     .empty_is_none = true, .check = notification_check, .was_set = notification_set},
    {.put = "PutBucketTagging", .get = "GetBucketTagging", .remove = "DeleteBucketTagging",
     .member = "Tagging", .setting = SETTING_TAGGING, .missing = &S3_NO_TAGS,
     .check = tagging_check},
    {.put = "PutBucketEncryption", .get = "GetBucketEncryption",
     .remove = "DeleteBucketEncryption", .member = "ServerSideEncryptionConfiguration",
     .result = "ServerSideEncryptionConfiguration", .setting = SETTING_ENCRYPTION,
     .missing = &S3_NO_ENCRYPTION, .check = encryption_check},
    {.put = "PutBucketOwnershipControls", .get = "GetBucketOwnershipControls",
     .remove = "DeleteBucketOwnershipControls", .member = "OwnershipControls",
     .result = "OwnershipControls", .setting = SETTING_OWNERSHIP, .missing = &S3_NO_OWNERSHIP,
     .check = ownership_check},
    {.put = "PutPublicAccessBlock", .get = "GetPublicAccessBlock",
     .remove = "DeletePublicAccessBlock", .member = "PublicAccessBlockConfiguration",
     .result = "PublicAccessBlockConfiguration", .setting = SETTING_PUBLIC_ACCESS,
     .missing = &S3_NO_PUBLIC_ACCESS, .check = public_access_check},
    {.put = "PutBucketRequestPayment", .get = "GetBucketRequestPayment",
     .member = "RequestPaymentConfiguration", .setting = SETTING_REQUEST_PAYMENT},
    {.put = "PutBucketAccelerateConfiguration", .get = "GetBucketAccelerateConfiguration",
     .member = "AccelerateConfiguration", .setting = SETTING_ACCELERATE, .check = accelerate_check},
    {.put = "PutBucketLogging", .get = "GetBucketLogging", .member = "BucketLoggingStatus",
     .setting = SETTING_LOGGING, .empty_is_none = true, .check = logging_check,
     .was_set = logging_set},
    {.put = "PutBucketWebsite", .get = "GetBucketWebsite", .remove = "DeleteBucketWebsite",
     .member = "WebsiteConfiguration", .setting = SETTING_WEBSITE, .missing = &S3_NO_WEBSITE,
     .check = website_check},
    {.put = "PutBucketReplication", .get = "GetBucketReplication",
     .remove = "DeleteBucketReplication", .member = "ReplicationConfiguration",
     .result = "ReplicationConfiguration", .setting = SETTING_REPLICATION,
     .missing = &S3_NO_REPLICATION, .check = replication_check},
    {.put = "PutBucketAnalyticsConfiguration", .get = "GetBucketAnalyticsConfiguration",
     .remove = "DeleteBucketAnalyticsConfiguration", .list = "ListBucketAnalyticsConfigurations",
     .member = "AnalyticsConfiguration", .result = "AnalyticsConfiguration",
     .list_member = "AnalyticsConfigurationList", .setting = SETTING_ANALYTICS, .named = true,
     .missing = &S3_NO_CONFIGURATION, .check = analytics_check},
    {.put = "PutBucketIntelligentTieringConfiguration",
     .get = "GetBucketIntelligentTieringConfiguration",
     .remove = "DeleteBucketIntelligentTieringConfiguration",
     .list = "ListBucketIntelligentTieringConfigurations",
     .member = "IntelligentTieringConfiguration", .result = "IntelligentTieringConfiguration",
     .list_member = "IntelligentTieringConfigurationList", .setting = SETTING_INTELLIGENT_TIERING,
     .named = true, .missing = &S3_NO_CONFIGURATION, .check = tiering_check},
    {.put = "PutBucketMetricsConfiguration", .get = "GetBucketMetricsConfiguration",
     .remove = "DeleteBucketMetricsConfiguration", .list = "ListBucketMetricsConfigurations",
     .member = "MetricsConfiguration", .result = "MetricsConfiguration",
     .list_member = "MetricsConfigurationList", .setting = SETTING_METRICS, .named = true,
     .missing = &S3_NO_CONFIGURATION, .check = metrics_check},
    {.put = "PutBucketInventoryConfiguration", .get = "GetBucketInventoryConfiguration",
     .remove = "DeleteBucketInventoryConfiguration", .list = "ListBucketInventoryConfigurations",
     .member = "InventoryConfiguration", .result = "InventoryConfiguration",
     .list_member = "InventoryConfigurationList", .setting = SETTING_INVENTORY, .named = true,
     .missing = &S3_NO_CONFIGURATION, .check = inventory_check, .was_set = inventory_set},
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

static const struct value *former_of(struct call *c, const struct bucket *bucket,
                                     const struct kind *kind)
{
    if (kind->was_set == NULL) {
        return NULL;
    }
    return bucket_value(c->arena, setting_of(bucket, kind, name_of(c, kind)),
                        s3_shape(kind->put, kind->member));
}

status s3_put_setting(struct call *c)
{
    const struct kind *kind = kind_of(c);
    const struct value *value = arg(c, kind->member);
    const struct value *former;
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
    former = former_of(c, bucket, kind);
    if (kind->empty_is_none && is_empty(value)) {
        bucket_set_setting(c, bucket, kind->setting, name_of(c, kind), STR_NONE);
    } else {
        bucket_set_value(c, bucket, kind->setting, name_of(c, kind), value);
    }
    call_on(c, bucket_arn(c->arena, bucket->name));
    if (kind->was_set != NULL) {
        kind->was_set(c, bucket, former);
    }
    if (kind->told != NULL) {
        kind->told(c, bucket);
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
    if (kind->told != NULL) {
        kind->told(c, bucket);
    }
    return OK;
}

status s3_delete_setting(struct call *c)
{
    const struct kind *kind = kind_of(c);
    const struct value *former;
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (setting_of(bucket, kind, name_of(c, kind)) == NULL) {
        return kind->named ? fail_s3(c, kind->missing) : OK;
    }
    former = former_of(c, bucket, kind);
    bucket_set_setting(c, bucket, kind->setting, name_of(c, kind), STR_NONE);
    call_on(c, bucket_arn(c->arena, bucket->name));
    if (kind->was_set != NULL) {
        kind->was_set(c, bucket, former);
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
    set_bool(put_struct(c, "PolicyStatus"), "IsPublic",
             policy_is_public(setting_value(bucket, SETTING_POLICY)));
    return OK;
}
