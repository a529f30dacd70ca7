/* SPDX-License-Identifier: Apache-2.0
 *
 * A bucket's settings in templates: a table of properties, the operations that put, get and remove
 * each, and how S3 says it (cfn_rename.h).
 *
 * Order: what was taken away goes first, from the table's end; then what is new or another comes,
 * from its beginning. So versioning comes before replication, and goes after it.
 */
#include "svc/s3/cfn.h"
#include "svc/s3/cfn_rename.h"

/* ---- words ---- */

static const struct rename accelerate[] = {{"AccelerationStatus", "Status", NULL, 0},
                                           {NULL, NULL, NULL, 0}};

static const struct rename encryption_rule[] = {
    {"ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault", NULL, 0},
    {NULL, NULL, NULL, 0}};
static const struct rename encryption[] = {
    {"ServerSideEncryptionConfiguration", "Rules", encryption_rule, 0}, {NULL, NULL, NULL, 0}};

static const struct rename cors_rule[] = {{"Id", "ID", NULL, 0},
                                          {"ExposedHeaders", "ExposeHeaders", NULL, 0},
                                          {"MaxAge", "MaxAgeSeconds", NULL, 0},
                                          {NULL, NULL, NULL, 0}};
static const struct rename cors[] = {{"CorsRules", "CORSRules", cors_rule, 0},
                                     {NULL, NULL, NULL, 0}};

static const struct rename filter_only[] = {{"", "Filter", NULL, RENAME_FILTER},
                                            {NULL, NULL, NULL, 0}};

static const struct rename export_bucket[] = {{"BucketArn", "Bucket", NULL, 0},
                                              {NULL, NULL, NULL, 0}};
static const struct rename export[] = {
    {"Destination", "Destination.S3BucketDestination", export_bucket, 0}, {NULL, NULL, NULL, 0}};
static const struct rename analysis[] = {{"DataExport", "DataExport", export, 0},
                                         {NULL, NULL, NULL, 0}};
static const struct rename analytics[] = {
    {"", "Filter", NULL, RENAME_FILTER},
    {"StorageClassAnalysis", "StorageClassAnalysis", analysis, 0},
    {NULL, NULL, NULL, 0}};

static const struct rename report_bucket[] = {{"BucketArn", "Bucket", NULL, 0},
                                              {"BucketAccountId", "AccountId", NULL, 0},
                                              {NULL, NULL, NULL, 0}};
static const struct rename inventory[] = {
    {"Destination", "Destination.S3BucketDestination", report_bucket, 0},
    {"Enabled", "IsEnabled", NULL, 0},
    {"Prefix", "Filter.Prefix", NULL, 0},
    {"ScheduleFrequency", "Schedule.Frequency", NULL, 0},
    {NULL, NULL, NULL, 0}};

static const struct rename transition[] = {{"TransitionInDays", "Days", NULL, 0},
                                           {"TransitionDate", "Date", NULL, 0},
                                           {NULL, NULL, NULL, 0}};
static const struct rename older_transition[] = {{"TransitionInDays", "NoncurrentDays", NULL, 0},
                                                 {NULL, NULL, NULL, 0}};
static const struct rename lifecycle_rule[] = {
    {"", "Filter", NULL, RENAME_FILTER},
    {"Id", "ID", NULL, 0},
    {"ExpirationInDays", "Expiration.Days", NULL, 0},
    {"ExpirationDate", "Expiration.Date", NULL, 0},
    {"ExpiredObjectDeleteMarker", "Expiration.ExpiredObjectDeleteMarker", NULL, 0},
    {"Transitions", "Transitions", transition, 0},
    {"NoncurrentVersionTransitions", "NoncurrentVersionTransitions", older_transition, 0},
    {NULL, NULL, NULL, 0}};
static const struct rename lifecycle[] = {{"Rules", "Rules", lifecycle_rule, 0},
                                          {NULL, NULL, NULL, 0}};

static const struct rename logging[] = {
    {"DestinationBucketName", "LoggingEnabled.TargetBucket", NULL, 0},
    {"LogFilePrefix", "LoggingEnabled.TargetPrefix", NULL, 0},
    {"TargetObjectKeyFormat", "LoggingEnabled.TargetObjectKeyFormat", NULL, 0},
    {NULL, NULL, NULL, 0}};

static const struct rename filter_rules[] = {{"Rules", "FilterRules", NULL, 0},
                                             {NULL, NULL, NULL, 0}};
static const struct rename key_filter[] = {{"S3Key", "Key", filter_rules, 0},
                                           {NULL, NULL, NULL, 0}};
static const struct rename to_queue[] = {{"", "Id", NULL, RENAME_THEIRS},
                                         {"Queue", "QueueArn", NULL, 0},
                                         {"Event", "Events", NULL, RENAME_ONE},
                                         {"Filter", "Filter", key_filter, 0},
                                         {NULL, NULL, NULL, 0}};
static const struct rename to_topic[] = {{"", "Id", NULL, RENAME_THEIRS},
                                         {"Topic", "TopicArn", NULL, 0},
                                         {"Event", "Events", NULL, RENAME_ONE},
                                         {"Filter", "Filter", key_filter, 0},
                                         {NULL, NULL, NULL, 0}};
static const struct rename to_function[] = {{"", "Id", NULL, RENAME_THEIRS},
                                            {"Function", "LambdaFunctionArn", NULL, 0},
                                            {"Event", "Events", NULL, RENAME_ONE},
                                            {"Filter", "Filter", key_filter, 0},
                                            {NULL, NULL, NULL, 0}};
static const struct rename notification[] = {
    {"QueueConfigurations", "QueueConfigurations", to_queue, 0},
    {"TopicConfigurations", "TopicConfigurations", to_topic, 0},
    {"LambdaConfigurations", "LambdaFunctionConfigurations", to_function, 0},
    {"EventBridgeConfiguration", "EventBridgeConfiguration", NULL, RENAME_SWITCH},
    {NULL, NULL, NULL, 0}};

static const struct rename both_tags[] = {{"TagFilters", "Tags", NULL, 0}, {NULL, NULL, NULL, 0}};
static const struct rename replication_filter[] = {{"TagFilter", "Tag", NULL, 0},
                                                   {"And", "And", both_tags, 0},
                                                   {NULL, NULL, NULL, 0}};
static const struct rename replication_rule[] = {{"Id", "ID", NULL, 0},
                                                 {"Filter", "Filter", replication_filter, 0},
                                                 {NULL, NULL, NULL, 0}};
static const struct rename replication[] = {{"Rules", "Rules", replication_rule, 0},
                                            {NULL, NULL, NULL, 0}};

static const struct rename routing_rule[] = {{"RedirectRule", "Redirect", NULL, 0},
                                             {"RoutingRuleCondition", "Condition", NULL, 0},
                                             {NULL, NULL, NULL, 0}};
static const struct rename website[] = {{"IndexDocument", "IndexDocument.Suffix", NULL, 0},
                                        {"ErrorDocument", "ErrorDocument.Key", NULL, 0},
                                        {"RoutingRules", "RoutingRules", routing_rule, 0},
                                        {NULL, NULL, NULL, 0}};

/* ---- the table ---- */

struct setting_words {
    const char *property;         /* in templates */
    const char *put, *member;     /* the operation, and its input's structure */
    const char *get, *result;     /* the same of its output; result NULL: the output itself */
    const char *remove;           /* NULL: put without */
    const char *without;          /* JSON of the structure that stands for nothing */
    const struct rename *renames; /* NULL: the same words */
    bool many;                    /* a list, each by its Id; get lists */
};

static const struct setting_words words[] = {
    {"OwnershipControls", "PutBucketOwnershipControls", "OwnershipControls",
     "GetBucketOwnershipControls", "OwnershipControls", NULL,
     "{\"Rules\":[{\"ObjectOwnership\":\"BucketOwnerEnforced\"}]}", NULL, false},
    {"PublicAccessBlockConfiguration", "PutPublicAccessBlock", "PublicAccessBlockConfiguration",
     "GetPublicAccessBlock", "PublicAccessBlockConfiguration", NULL,
     "{\"BlockPublicAcls\":true,\"IgnorePublicAcls\":true,\"BlockPublicPolicy\":true,"
     "\"RestrictPublicBuckets\":true}", NULL, false},
    {"VersioningConfiguration", "PutBucketVersioning", "VersioningConfiguration",
     "GetBucketVersioning", NULL, NULL, "{\"Status\":\"Suspended\"}", NULL, false},
    {"ObjectLockConfiguration", "PutObjectLockConfiguration", "ObjectLockConfiguration",
     "GetObjectLockConfiguration", "ObjectLockConfiguration", NULL,
     "{\"ObjectLockEnabled\":\"Enabled\"}", NULL, false},
    {"BucketEncryption", "PutBucketEncryption", "ServerSideEncryptionConfiguration",
     "GetBucketEncryption", "ServerSideEncryptionConfiguration", "DeleteBucketEncryption", NULL,
     encryption, false},
    {"AccelerateConfiguration", "PutBucketAccelerateConfiguration", "AccelerateConfiguration",
     "GetBucketAccelerateConfiguration", NULL, NULL, "{\"Status\":\"Suspended\"}", accelerate,
     false},
    {"CorsConfiguration", "PutBucketCors", "CORSConfiguration", "GetBucketCors", NULL,
     "DeleteBucketCors", NULL, cors, false},
    {"LifecycleConfiguration", "PutBucketLifecycleConfiguration", "LifecycleConfiguration",
     "GetBucketLifecycleConfiguration", NULL, "DeleteBucketLifecycle", NULL, lifecycle, false},
    {"WebsiteConfiguration", "PutBucketWebsite", "WebsiteConfiguration", "GetBucketWebsite", NULL,
     "DeleteBucketWebsite", NULL, website, false},
    {"LoggingConfiguration", "PutBucketLogging", "BucketLoggingStatus", "GetBucketLogging", NULL,
     NULL, "{}", logging, false},
    {"NotificationConfiguration", "PutBucketNotificationConfiguration",
     "NotificationConfiguration", "GetBucketNotificationConfiguration", NULL, NULL, "{}",
     notification, false},
    {"ReplicationConfiguration", "PutBucketReplication", "ReplicationConfiguration",
     "GetBucketReplication", "ReplicationConfiguration", "DeleteBucketReplication", NULL,
     replication, false},
    {"AnalyticsConfigurations", "PutBucketAnalyticsConfiguration", "AnalyticsConfiguration",
     "ListBucketAnalyticsConfigurations", "AnalyticsConfigurationList",
     "DeleteBucketAnalyticsConfiguration", NULL, analytics, true},
    {"IntelligentTieringConfigurations", "PutBucketIntelligentTieringConfiguration",
     "IntelligentTieringConfiguration", "ListBucketIntelligentTieringConfigurations",
     "IntelligentTieringConfigurationList", "DeleteBucketIntelligentTieringConfiguration", NULL,
     filter_only, true},
    {"InventoryConfigurations", "PutBucketInventoryConfiguration", "InventoryConfiguration",
     "ListBucketInventoryConfigurations", "InventoryConfigurationList",
     "DeleteBucketInventoryConfiguration", NULL, inventory, true},
    {"MetricsConfigurations", "PutBucketMetricsConfiguration", "MetricsConfiguration",
     "ListBucketMetricsConfigurations", "MetricsConfigurationList",
     "DeleteBucketMetricsConfiguration", NULL, filter_only, true},
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* ---- putting ---- */

/* Lifecycle rules may say one transition outside a list, and an older word for expiration; a rule
 * without a filter is for everything. */
static struct value *lifecycle_plain(struct arena *arena, const struct value *document)
{
    static const char *const single[][2] = {
        {"Transition", "Transitions"},
        {"NoncurrentVersionTransition", "NoncurrentVersionTransitions"}};
    struct value *plain = doc_copy(arena, document);
    const struct value *rules = doc_get(plain, "Rules");

    for (uint32_t i = 0; rules != NULL && rules->kind == VALUE_LIST && i < rules->count; i++) {
        struct value *made = doc_map(arena);
        const struct value *rule = &rules->items[i];
        const struct value *days = doc_get(rule, "NoncurrentVersionExpirationInDays");

        for (uint32_t k = 0; rule->kind == VALUE_MAP && k < rule->count; k++) {
            struct str key = rule->pairs[k].key;

            if (!str_eq(key, STR("Transition")) &&
                !str_eq(key, STR("NoncurrentVersionTransition")) &&
                !str_eq(key, STR("NoncurrentVersionExpirationInDays"))) {
                *doc_put(arena, made, key) = rule->pairs[k].value;
            }
        }
        for (size_t k = 0; k < 2; k++) {
            const struct value *one = doc_get(rule, single[k][0]);

            if (one != NULL && doc_get(rule, single[k][1]) == NULL) {
                *doc_add(arena, doc_put_list(arena, made, single[k][1])) = *one;
            }
        }
        if (days != NULL && doc_get(rule, "NoncurrentVersionExpiration") == NULL) {
            *doc_put(arena, doc_put_map(arena, made, STR("NoncurrentVersionExpiration")),
                     STR("NoncurrentDays")) = *days;
        }
        if (doc_get(rule, "Prefix") == NULL && doc_get(rule, "TagFilters") == NULL &&
            doc_get(rule, "ObjectSizeGreaterThan") == NULL &&
            doc_get(rule, "ObjectSizeLessThan") == NULL) {
            doc_put_text(arena, made, "Prefix", STR(""));
        }
        rules->items[i] = *made;
    }
    return plain;
}

/* Logs go to the bucket itself when no other is named. */
static struct value *logging_whole(struct resource *r, const struct value *document)
{
    struct value *whole = doc_copy(r->c->arena, document);

    if (doc_get(whole, "DestinationBucketName") == NULL) {
        doc_put_text(r->c->arena, whole, "DestinationBucketName", r->id);
    }
    if (doc_get(whole, "LogFilePrefix") == NULL) {
        doc_put_text(r->c->arena, whole, "LogFilePrefix", STR(""));
    }
    return whole;
}

#define SMALLEST "TransitionDefaultMinimumObjectSize" /* beside the structure, not in it */

static struct value *without_smallest(struct arena *arena, const struct value *document)
{
    struct value *made = doc_map(arena);

    for (uint32_t i = 0; i < document->count; i++) {
        if (!str_eq(document->pairs[i].key, STR(SMALLEST))) {
            *doc_put(arena, made, document->pairs[i].key) = document->pairs[i].value;
        }
    }
    return made;
}

static status setting_put(struct resource *r, const struct setting_words *at,
                          const struct value *document)
{
    struct arena *arena = r->c->arena;
    const struct value *id = at->many ? doc_get(document, "Id") : NULL;
    struct inner inner;

    TRY(resource_begin(r, at->put, &inner));
    set_str(inner.in, "Bucket", r->id);
    if (id != NULL) {
        set_str(inner.in, "Id", doc_text(arena, id));
    }
    if (at->renames == lifecycle && document->kind == VALUE_MAP) {
        TRY(resource_set(r, &inner, SMALLEST, doc_get(document, SMALLEST)));
        document = lifecycle_plain(arena, without_smallest(arena, document));
    } else if (at->renames == logging && document->kind == VALUE_MAP) {
        document = logging_whole(r, document);
    }
    TRY(resource_set(r, &inner, at->member, rename_to_s3(arena, at->renames, document)));
    return resource_run(r, &inner);
}

/* One that is not there is fine: a change that failed before it came so far is taken back. */
static status setting_remove(struct resource *r, const struct setting_words *at, struct str id)
{
    struct inner inner;
    status removed;

    if (at->remove == NULL) {
        TRY(resource_begin(r, at->put, &inner));
        set_str(inner.in, "Bucket", r->id);
        TRY(resource_set(r, &inner, at->member, resource_json(r, at->without)));
    } else {
        TRY(resource_begin(r, at->remove, &inner));
        set_str(inner.in, "Bucket", r->id);
        if (at->many) {
            set_str(inner.in, "Id", id);
        }
    }
    removed = resource_run(r, &inner);
    return removed != OK && resource_is_gone(removed) ? OK : removed;
}

static const struct value *by_id(struct arena *arena, const struct value *list, struct str id)
{
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (str_eq(doc_text(arena, doc_get(&list->items[i], "Id")), id)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static status take_away(struct resource *r, const struct setting_words *at)
{
    const struct value *had = r->had == NULL ? NULL : doc_get(r->had, at->property);
    const struct value *want = resource_get(r, at->property);

    if (had == NULL) {
        return OK;
    }
    if (!at->many) {
        return want == NULL ? setting_remove(r, at, STR_NONE) : OK;
    }
    for (uint32_t i = 0; had->kind == VALUE_LIST && i < had->count; i++) {
        struct str id = doc_text(r->c->arena, doc_get(&had->items[i], "Id"));

        if (by_id(r->c->arena, want, id) == NULL) {
            TRY(setting_remove(r, at, id));
        }
    }
    return OK;
}

static status give(struct resource *r, const struct setting_words *at)
{
    const struct value *had = r->had == NULL ? NULL : doc_get(r->had, at->property);
    const struct value *want = resource_get(r, at->property);

    if (want == NULL || doc_same(had, want)) {
        return OK;
    }
    if (!at->many) {
        return setting_put(r, at, want);
    }
    for (uint32_t i = 0; want->kind == VALUE_LIST && i < want->count; i++) {
        struct str id = doc_text(r->c->arena, doc_get(&want->items[i], "Id"));

        if (!doc_same(by_id(r->c->arena, had, id), &want->items[i])) {
            TRY(setting_put(r, at, &want->items[i]));
        }
    }
    return OK;
}

status bucket_settings_put(struct resource *r)
{
    for (size_t i = WORDS; i > 0; i--) {
        TRY(take_away(r, &words[i - 1]));
    }
    for (size_t i = 0; i < WORDS; i++) {
        TRY(give(r, &words[i]));
    }
    return OK;
}

/* ---- and as it is ---- */

status bucket_settings_now(struct resource *r, struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *rules = resource_get(r, "LifecycleConfiguration");
    bool smallest = rules != NULL && doc_get(rules, SMALLEST) != NULL;
    struct inner inner;

    for (size_t i = 0; i < WORDS; i++) {
        const struct value *told = NULL;

        TRY(resource_begin(r, words[i].get, &inner));
        set_str(inner.in, "Bucket", r->id);
        if (resource_run(r, &inner) != OK) {
            continue; /* there is none */
        }
        told = resource_document(arena, inner.out);
        told = words[i].result == NULL ? told : doc_get(told, words[i].result);
        if (words[i].renames == lifecycle && !smallest) {
            told = without_smallest(arena, told);
        }
        if (told != NULL && told->count > 0) {
            *doc_put(arena, ret_properties, str_c(words[i].property)) =
                *rename_from_s3(arena, words[i].renames, told);
        }
    }
    return OK;
}
