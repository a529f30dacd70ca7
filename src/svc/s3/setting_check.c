/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be put as a bucket's settings, where the shape does not say it; and the default
 * encryption. Sentences are S3's.
 */
#include "svc/s3/settings_int.h"

#define CONFIGURATIONS_MAX 1000 /* of a kind that is named */
#define ROUTING_RULES_MAX 50
#define TIER_DAYS_MAX 730
#define LOG_GRANTS_MAX 100

/* ---- encryption ---- */

status encryption_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *rules = get(value, "Rules");
    const struct value *standard;

    (void)bucket;
    if (rules == NULL || rules->count != 1) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (!has(&rules->items[0], "BucketKeyEnabled")) { /* it is told */
        set_bool(&rules->items[0], "BucketKeyEnabled", false);
    }
    standard = get(&rules->items[0], "ApplyServerSideEncryptionByDefault");
    if (standard == NULL) {
        return has(&rules->items[0], "BlockedEncryptionTypes") ? OK
                                                               : fail_s3(c, &S3_MALFORMED_XML);
    }
    if (get_str(standard, "KMSMasterKeyID").bytes > 0 &&
        !str_starts(get_str(standard, "SSEAlgorithm"), STR("aws:kms"))) {
        return fail_argument(c, "ApplyServerSideEncryptionByDefault",
                             get_str(standard, "KMSMasterKeyID"),
                             "a KMSMasterKeyID is not applicable if the default sse algorithm is "
                             "not aws:kms or aws:kms:dsse");
    }
    return OK;
}

static bool blocks_customer_keys(const struct value *rule)
{
    const struct value *blocked = get(rule, "BlockedEncryptionTypes");
    const struct value *types = blocked == NULL ? NULL : get(blocked, "EncryptionType");

    for (uint32_t i = 0; types != NULL && i < types->count; i++) {
        if (str_eq(types->items[i].str, STR("SSE-C"))) {
            return true;
        }
    }
    return false;
}

void bucket_default_encryption(struct call *c, struct bucket *bucket,
                               struct default_encryption *ret_default)
{
    const struct value *value = setting_value(bucket, SETTING_ENCRYPTION);
    const struct value *rule = value == NULL ? NULL : &get(value, "Rules")->items[0];
    const struct value *standard =
        rule == NULL ? NULL : get(rule, "ApplyServerSideEncryptionByDefault");
    struct str algorithm = standard == NULL ? STR("AES256") : get_str(standard, "SSEAlgorithm");

    *ret_default = (struct default_encryption){.encryption = ENCRYPTION_S3};
    if (rule == NULL) {
        return;
    }
    ret_default->customer_blocked = blocks_customer_keys(rule);
    if (str_starts(algorithm, STR("aws:kms"))) {
        ret_default->encryption =
            str_eq(algorithm, STR("aws:kms")) ? ENCRYPTION_KMS : ENCRYPTION_KMS_DSSE;
        ret_default->bucket_key = get_bool(rule, "BucketKeyEnabled", false);
        ret_default->kms_key = arena_dup(c->arena, get_str(standard, "KMSMasterKeyID"));
    }
}

/* ---- ownership, public access, acceleration ---- */

status ownership_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *rules = get(value, "Rules");

    if (rules == NULL || rules->count != 1) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (str_eq(get_str(&rules->items[0], "ObjectOwnership"), STR("BucketOwnerEnforced")) &&
        bucket_setting(bucket, SETTING_ACL, STR_NONE).bytes > 0) {
        return fail_s3(c, &S3_ACL_WITH_OWNERSHIP);
    }
    return OK;
}

/* All four are told, whether they were given or not. */
status public_access_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    static const char *const members[] = {"BlockPublicAcls", "IgnorePublicAcls",
                                          "BlockPublicPolicy", "RestrictPublicBuckets"};
    struct value *filled = (struct value *)(uintptr_t)value; /* the call's own tree */

    (void)c;
    (void)bucket;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (!has(value, members[i])) {
            set_bool(filled, members[i], false);
        }
    }
    return OK;
}

status accelerate_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    if (!has(value, "Status")) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (str_find(bucket->name, '.', 0) < bucket->name.bytes) {
        return fail(c, &S3_INVALID_REQUEST,
                    "S3 Transfer Acceleration is not supported for buckets with periods (.) in "
                    "their names");
    }
    return OK;
}

/* ---- website ---- */

static status redirect_all_check(struct call *c, const struct value *value)
{
    if (has(value, "IndexDocument") || has(value, "ErrorDocument") ||
        has(value, "RoutingRules")) {
        return fail_argument(c, "RedirectAllRequestsTo", STR("not null"),
                             "RedirectAllRequestsTo cannot be provided in conjunction with other "
                             "Routing Rules.");
    }
    if (get_str(get(value, "RedirectAllRequestsTo"), "HostName").bytes == 0) {
        return fail_argument(c, "HostName", STR(""), "The HostName is not well formed");
    }
    return OK;
}

static bool is_status(struct str text, uint64_t from, uint64_t to, uint64_t *ret_number)
{
    return str_to_u64(text, ret_number) && *ret_number >= from && *ret_number <= to;
}

static status condition_check(struct call *c, const struct value *condition)
{
    struct str code;
    uint64_t number;

    if (condition == NULL) {
        return OK;
    }
    code = get_str(condition, "HttpErrorCodeReturnedEquals");
    if (code.bytes == 0 && !has(condition, "KeyPrefixEquals")) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Condition cannot be empty. To redirect all requests without a condition, the "
                    "condition element shouldn't be present.");
    }
    if (code.bytes > 0 && !is_status(code, 400, 599, &number)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The provided HTTP error code (%.*s) is not valid. Valid codes are 4XX or "
                    "5XX.",
                    STR_ARG(str_slice(code, 0, 32)));
    }
    return OK;
}

static status redirect_check(struct call *c, const struct value *redirect)
{
    static const char *const members[] = {"HostName", "HttpRedirectCode", "Protocol",
                                          "ReplaceKeyPrefixWith", "ReplaceKeyWith"};
    struct str code = redirect == NULL ? STR_NONE : get_str(redirect, "HttpRedirectCode");
    uint64_t number;
    size_t given = 0;

    for (size_t i = 0; redirect != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        given += has(redirect, members[i]);
    }
    if (given == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (has(redirect, "ReplaceKeyPrefixWith") && has(redirect, "ReplaceKeyWith")) {
        return fail(c, &S3_INVALID_REQUEST,
                    "You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
    }
    if (code.bytes > 0 && (!is_status(code, 301, 399, &number) || number == 304)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The provided HTTP redirect code (%.*s) is not valid. Valid codes are 3XX "
                    "except 300.",
                    STR_ARG(str_slice(code, 0, 32)));
    }
    return OK;
}

static status routing_check(struct call *c, const struct value *rules)
{
    if (rules == NULL) {
        return OK;
    }
    if (rules->count > ROUTING_RULES_MAX) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The number of routing rules must not exceed the allowed limit of %d rules",
                    ROUTING_RULES_MAX);
    }
    for (uint32_t i = 0; i < rules->count; i++) {
        TRY(condition_check(c, get(&rules->items[i], "Condition")));
        TRY(redirect_check(c, get(&rules->items[i], "Redirect")));
    }
    return OK;
}

status website_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *index = get(value, "IndexDocument");
    const struct value *error = get(value, "ErrorDocument");
    struct str suffix;

    (void)bucket;
    if (has(value, "RedirectAllRequestsTo")) {
        return redirect_all_check(c, value);
    }
    if (index == NULL) {
        return fail_argument(c, "IndexDocument", STR("null"),
                             "A value for IndexDocument Suffix must be provided if "
                             "RedirectAllRequestsTo is empty");
    }
    suffix = get_str(index, "Suffix");
    if (suffix.bytes == 0 || str_find(suffix, '/', 0) < suffix.bytes) {
        return fail_argument(c, "IndexDocument", suffix,
                             "The IndexDocument Suffix is not well formed");
    }
    if (error != NULL && (get_str(error, "Key").bytes == 0 ||
                          get_str(error, "Key").bytes > KEY_TEXT_BYTES_MAX)) {
        return fail_argument(c, "ErrorDocument", get_str(error, "Key"),
                             "The ErrorDocument Key is not well formed");
    }
    return routing_check(c, get(value, "RoutingRules"));
}

/* ---- access logs ---- */

static bool has_no_lists(const struct bucket *bucket)
{
    const struct value *controls = setting_value(bucket, SETTING_OWNERSHIP);
    const struct value *rules = controls == NULL ? NULL : get(controls, "Rules");

    return rules != NULL && rules->count > 0 &&
           str_eq(get_str(&rules->items[0], "ObjectOwnership"), STR("BucketOwnerEnforced"));
}

status logging_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *enabled = get(value, "LoggingEnabled");
    const struct bucket *target;
    const struct value *grants;

    if (enabled == NULL) { /* none any more */
        return OK;
    }
    target = bucket_find(s3_of(c), get_str(enabled, "TargetBucket"));
    if (target == NULL) {
        fail_more(c, "TargetBucket", get_str(enabled, "TargetBucket"));
        return fail_s3(c, &S3_INVALID_LOG_TARGET);
    }
    if (!str_eq(target->account, bucket->account)) {
        fail_more(c, "TargetBucket", target->name);
        return fail(c, &S3_INVALID_LOG_TARGET,
                    "The owner for the bucket to be logged and the target bucket must be the "
                    "same.");
    }
    grants = get(enabled, "TargetGrants");
    if (grants != NULL && grants->count > LOG_GRANTS_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (grants != NULL && grants->count > 0 && has_no_lists(target)) {
        return fail_s3(c, &S3_ACL_NOT_SUPPORTED);
    }
    return OK;
}

/* ---- what there are many of ---- */

static status room_check(struct call *c, const struct bucket *bucket, enum bucket_setting kind)
{
    size_t count = 0;

    if (bucket_setting(bucket, kind, arg_str(c, "Id")).bytes > 0) {
        return OK;
    }
    while (setting_next(bucket, kind, &count) != NULL) {
    }
    return count < CONFIGURATIONS_MAX ? OK : fail_s3(c, &S3_TOO_MANY_CONFIGURATIONS);
}

static status id_check(struct call *c)
{
    struct str id = arg_str(c, "Id");

    for (size_t i = 0; i < id.bytes; i++) {
        char at = id.at[i];

        if (!(at >= '0' && at <= '9') && !((at | 0x20) >= 'a' && (at | 0x20) <= 'z') &&
            at != '.' && at != '_' && at != '-') {
            return fail(c, &S3_INVALID_CONFIGURATION_ID,
                        "The specified configuration id is invalid.");
        }
    }
    return id.bytes > 0 && id.bytes <= 64
               ? OK
               : fail(c, &S3_INVALID_CONFIGURATION_ID,
                      "The specified configuration id is invalid.");
}

status analytics_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    (void)value;
    TRY(id_check(c));
    return room_check(c, bucket, SETTING_ANALYTICS);
}

status metrics_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    (void)value;
    TRY(id_check(c));
    return room_check(c, bucket, SETTING_METRICS);
}

status tiering_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *tiers = get(value, "Tierings");

    TRY(id_check(c));
    if (tiers == NULL || tiers->count == 0 || tiers->count > 2) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t i = 0; i < tiers->count; i++) {
        int64_t days = get_int(&tiers->items[i], "Days", 0);
        bool deep =
            str_eq(get_str(&tiers->items[i], "AccessTier"), STR("DEEP_ARCHIVE_ACCESS"));

        if (days < (deep ? 180 : 90) || days > TIER_DAYS_MAX) {
            return fail(c, &S3_INVALID_ARGUMENT,
                        "'Days' of the tier must be between %d and %d", deep ? 180 : 90,
                        TIER_DAYS_MAX);
        }
    }
    return room_check(c, bucket, SETTING_INTELLIGENT_TIERING);
}

static status inventory_target_check(struct call *c, const struct bucket *bucket,
                                     const struct value *target)
{
    struct arn arn;
    const struct bucket *to;

    if (!arn_read(get_str(target, "Bucket"), &arn) || !str_eq(arn.service, STR("s3"))) {
        return fail(c, &S3_INVALID_S3_DESTINATION, "Invalid bucket ARN.");
    }
    to = bucket_find(s3_of(c), arn.resource);
    if (to == NULL) {
        return fail_with(c, &S3_NO_BUCKET, "BucketName", arn.resource);
    }
    if (has(target, "AccountId") && !str_eq(get_str(target, "AccountId"), to->account)) {
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    if (!str_eq(to->account, bucket->account)) {
        return fail(c, &S3_NOT_IMPLEMENTED,
                    "weir writes inventory reports to buckets of the same account only");
    }
    if (!str_eq(get_str(target, "Format"), STR("CSV"))) {
        return fail(c, &S3_NOT_IMPLEMENTED, "weir writes inventory reports as CSV, not as %.*s",
                    STR_ARG(get_str(target, "Format")));
    }
    return OK;
}

status inventory_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *destination = get(value, "Destination");
    const struct value *target =
        destination == NULL ? NULL : get(destination, "S3BucketDestination");
    const struct value *fields = get(value, "OptionalFields");

    TRY(id_check(c));
    if (target == NULL || !has(value, "IsEnabled") || !has(value, "Schedule")) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t i = 0; fields != NULL && i < fields->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(fields->items[i].str, fields->items[k].str)) {
                return fail_s3(c, &S3_MALFORMED_XML);
            }
        }
    }
    TRY(inventory_target_check(c, bucket, target));
    return room_check(c, bucket, SETTING_INVENTORY);
}
