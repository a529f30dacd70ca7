/* SPDX-License-Identifier: Apache-2.0
 *
 * Buckets and their policies in templates. Settings are in cfn_setting.c.
 */
#include "cell/cell.h"
#include "svc/s3/cfn.h"

#define NAME_BYTES_MAX 63

/* ---- AWS::S3::Bucket ---- */

static const struct resource_property bucket_properties[] = {
    {"AccelerateConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"AccessControl", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"AnalyticsConfigurations", "", RESOURCE_IN_PLACE, 0},
    {"BucketEncryption", "", RESOURCE_IN_PLACE, 0},
    {"BucketName", "", RESOURCE_REPLACES, 0},
    {"CorsConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"IntelligentTieringConfigurations", "", RESOURCE_IN_PLACE, 0},
    {"InventoryConfigurations", "", RESOURCE_IN_PLACE, 0},
    {"LifecycleConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"LoggingConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"MetricsConfigurations", "", RESOURCE_IN_PLACE, 0},
    {"NotificationConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"ObjectLockConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"ObjectLockEnabled", "", RESOURCE_IN_PLACE, 0},
    {"OwnershipControls", "", RESOURCE_IN_PLACE, 0},
    {"PublicAccessBlockConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"ReplicationConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"Tags", "", RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"VersioningConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"WebsiteConfiguration", "", RESOURCE_IN_PLACE, 0},
};
static const char *const bucket_attributes[] = {"Arn", "DomainName", "DualStackDomainName",
                                                "RegionalDomainName", "WebsiteURL", NULL};

static const char *canned(struct str control)
{
    static const char *const words[][2] = {
        {"AuthenticatedRead", "authenticated-read"},
        {"AwsExecRead", "aws-exec-read"},
        {"BucketOwnerFullControl", "bucket-owner-full-control"},
        {"BucketOwnerRead", "bucket-owner-read"},
        {"LogDeliveryWrite", "log-delivery-write"},
        {"Private", "private"},
        {"PublicRead", "public-read"},
        {"PublicReadWrite", "public-read-write"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_eq(control, str_c(words[i][0]))) {
            return words[i][1];
        }
    }
    return NULL;
}

/* Lists of access are another thing than settings: words of their own, and never read back. */
static status access_put(struct resource *r)
{
    struct str control = resource_str(r, "AccessControl");
    const char *acl = canned(control.at == NULL ? STR("Private") : control);
    bool private = control.at == NULL || str_eq(control, STR("Private"));
    struct inner inner;

    if (acl == NULL) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Properties validation failed for resource %.*s with message:\n"
                             "#/AccessControl: %.*s is not a valid enum value",
                             STR_ARG(r->logical_id), STR_ARG(str_slice(control, 0, 128)));
    }
    if (!resource_changed(r, "AccessControl") || (r->had == NULL && private)) {
        return OK;
    }
    TRY(resource_begin(r, "PutBucketAcl", &inner));
    set_str(inner.in, "Bucket", r->id);
    set_str(inner.in, "ACL", str_c(acl));
    return resource_run(r, &inner);
}

static status lock_put(struct resource *r)
{
    struct inner inner;

    if (r->had == NULL || !resource_changed(r, "ObjectLockEnabled") ||
        !resource_bool(r, "ObjectLockEnabled", false) ||
        resource_get(r, "ObjectLockConfiguration") != NULL) {
        return OK;
    }
    TRY(resource_begin(r, "PutObjectLockConfiguration", &inner));
    set_str(inner.in, "Bucket", r->id);
    TRY(resource_set(r, &inner, "ObjectLockConfiguration",
                     resource_json(r, "{\"ObjectLockEnabled\":\"Enabled\"}")));
    return resource_run(r, &inner);
}

/* All of them at once: S3 has no other way. */
static status tags_put(struct resource *r)
{
    const struct value *tags = resource_tags(r, "Tags");
    const struct value *gone = NULL;
    const struct value *set = NULL;
    struct inner inner;

    resource_tags_changed(r, "Tags", &gone, &set);
    if (gone == NULL && set == NULL) {
        return OK;
    }
    TRY(resource_begin(r, tags == NULL ? "DeleteBucketTagging" : "PutBucketTagging", &inner));
    set_str(inner.in, "Bucket", r->id);
    if (tags != NULL) {
        struct value *tagging = doc_map(r->c->arena);

        *doc_put(r->c->arena, tagging, STR("TagSet")) = *tags;
        TRY(resource_set(r, &inner, "Tagging", tagging));
    }
    return resource_run(r, &inner);
}

static status bucket_ask(struct resource *r, const char *operation, struct str name,
                         struct inner *ret_inner)
{
    return resource_ask(r, operation, (struct resource_arg[]){{"Bucket", name}, {NULL, name}},
                        ret_inner);
}

static status bucket_make(struct resource *r)
{
    struct str name = resource_name(r, "BucketName", NAME_BYTES_MAX, true);
    struct inner inner;

    if (bucket_ask(r, "HeadBucket", name, &inner) == OK) {
        return resource_exists(r, name); /* CreateBucket may give the one that is there */
    }
    TRY(resource_begin(r, "CreateBucket", &inner));
    set_str(inner.in, "Bucket", name);
    if (resource_bool(r, "ObjectLockEnabled", false)) {
        set_bool(inner.in, "ObjectLockEnabledForBucket", true);
    }
    if (!str_eq(r->caller.region, STR("us-east-1"))) {
        set_str(set_struct(r->c->arena, inner.in, "CreateBucketConfiguration"),
                "LocationConstraint", r->caller.region);
    }
    TRY(resource_run(r, &inner));
    r->id = name;
    TRY(tags_put(r));
    TRY(bucket_settings_put(r));
    return access_put(r);
}

/* A list goes before ownership that allows none, and comes after ownership that allows one. */
static status bucket_change(struct resource *r)
{
    struct str control = resource_str(r, "AccessControl");
    bool private = control.at == NULL || str_eq(control, STR("Private"));

    TRY(tags_put(r));
    TRY(lock_put(r));
    TRY(private ? access_put(r) : OK);
    TRY(bucket_settings_put(r));
    return private ? OK : access_put(r);
}

static status bucket_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteBucket", "Bucket");
}

/* Where weir serves the bucket as a website: as the caller reached it, or as it calls itself. */
static struct str website_url(const struct resource *r)
{
    return arena_printf(r->c->arena, "%s://%.*s.s3-website.%.*s.localhost%.*s",
                        call_tls(r->c) ? "https" : "http", STR_ARG(r->id),
                        STR_ARG(r->caller.region), STR_ARG(call_port(r->c)));
}

static status bucket_tell(struct resource *r)
{
    struct arena *arena = r->c->arena;
    struct str region = r->caller.region;

    resource_attribute(r, "Arn", arena_printf(arena, "arn:%.*s:s3:::%.*s",
                                              STR_ARG(arn_partition(region)), STR_ARG(r->id)));
    resource_attribute(r, "DomainName",
                       arena_printf(arena, "%.*s.s3.amazonaws.com", STR_ARG(r->id)));
    resource_attribute(r, "DualStackDomainName",
                       arena_printf(arena, "%.*s.s3.dualstack.%.*s.amazonaws.com",
                                    STR_ARG(r->id), STR_ARG(region)));
    resource_attribute(r, "RegionalDomainName",
                       arena_printf(arena, "%.*s.s3.%.*s.amazonaws.com", STR_ARG(r->id),
                                    STR_ARG(region)));
    resource_attribute(r, "WebsiteURL", website_url(r));
    return OK;
}

static status bucket_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(bucket_ask(r, "HeadBucket", r->id, &inner));
    doc_put_text(r->c->arena, ret_properties, "BucketName", r->id);
    TRY(bucket_settings_now(r, ret_properties));
    if (doc_get(ret_properties, "ObjectLockConfiguration") != NULL) {
        doc_put_bool(r->c->arena, ret_properties, "ObjectLockEnabled", true);
    }
    if (bucket_ask(r, "GetBucketTagging", r->id, &inner) == OK) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "TagSet")));
    }
    return OK;
}

/* ---- AWS::S3::BucketPolicy ---- */

static const struct resource_property policy_properties[] = {
    {"Bucket", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"PolicyDocument", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};

static status policy_put(struct resource *r)
{
    struct str bucket = resource_str(r, "Bucket");
    struct inner inner;

    return resource_ask(r, "PutBucketPolicy",
                        (struct resource_arg[]){{"Bucket", bucket},
                                                {"Policy", resource_policy(r, "PolicyDocument")},
                                                {NULL, bucket}},
                        &inner);
}

static status policy_make(struct resource *r)
{
    struct str bucket = resource_str(r, "Bucket");
    struct inner inner;

    if (bucket_ask(r, "GetBucketPolicy", bucket, &inner) == OK) {
        return resource_fail(r, &ERR_EXISTS, "The bucket policy already exists on bucket %.*s.",
                             STR_ARG(str_slice(bucket, 0, 128)));
    }
    TRY(policy_put(r));
    r->id = bucket;
    return OK;
}

static status policy_remove(struct resource *r)
{
    struct inner inner;
    status there = bucket_ask(r, "GetBucketPolicy", r->id, &inner);

    /* DeleteBucketPolicy does not say that there is none */
    return there != OK && resource_is_gone(there)
               ? there
               : bucket_ask(r, "DeleteBucketPolicy", r->id, &inner);
}

static status policy_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(bucket_ask(r, "GetBucketPolicy", r->id, &inner));
    doc_put_text(r->c->arena, ret_properties, "Bucket", r->id);
    *doc_put(r->c->arena, ret_properties, STR("PolicyDocument")) =
        *resource_tree(r, get_str(inner.out, "Policy"));
    return OK;
}

static const struct resource_type types[S3_TYPES] = {
    {
        .name = "AWS::S3::Bucket",
        .service = "s3",
        RESOURCE_TYPE_PROPERTIES(bucket_properties),
        .attributes = bucket_attributes,
        .make = bucket_make,
        .change = bucket_change,
        .remove = bucket_remove,
        .tell = bucket_tell,
        .now = bucket_now,
    },
    {
        .name = "AWS::S3::BucketPolicy",
        .service = "s3",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .make = policy_make,
        .change = policy_put,
        .remove = policy_remove,
        .now = policy_now,
    },
};

const struct resource_type *const s3_types[S3_TYPES] = {&types[0], &types[1]};
