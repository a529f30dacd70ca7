/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations on object lock: the bucket's configuration, retention, legal holds.
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#define DAYS_MAX 36500
#define YEARS_MAX 100

/* ---- the bucket's ---- */

/* Default retention of a configuration; ret_bucket gets the three fields only. */
static status default_read(struct call *c, const struct value *configuration,
                           struct bucket *ret_bucket)
{
    const struct value *rule = get(configuration, "Rule");
    const struct value *retention = rule == NULL ? NULL : get(rule, "DefaultRetention");
    int64_t days;
    int64_t years;

    ret_bucket->lock_mode = LOCK_NONE;
    ret_bucket->lock_days = ret_bucket->lock_years = 0;
    if (rule == NULL) {
        return OK;
    }
    if (retention == NULL || has(retention, "Days") == has(retention, "Years") ||
        !lock_mode_read(get_str(retention, "Mode"), &ret_bucket->lock_mode)) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    days = get_int(retention, "Days", 1);
    years = get_int(retention, "Years", 1);
    if (days < 1 || years < 1) {
        return fail_argument(c, "Days", STR_NONE,
                             "Default retention period must be a positive integer value.");
    }
    if (days > DAYS_MAX || years > YEARS_MAX) {
        return fail_argument(c, "Days", STR_NONE,
                             "Default retention period too large: at most 36500 days or 100 years");
    }
    ret_bucket->lock_days = (uint32_t)get_int(retention, "Days", 0);
    ret_bucket->lock_years = (uint32_t)get_int(retention, "Years", 0);
    return OK;
}

/* PutObjectLockConfiguration */
status s3_put_object_lock_configuration(struct call *c)
{
    const struct value *configuration = arg(c, "ObjectLockConfiguration");
    struct bucket wanted;
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (configuration == NULL ||
        !str_eq(get_str(configuration, "ObjectLockEnabled"), STR("Enabled"))) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (bucket->versioning != VERSIONING_ENABLED) {
        return fail(c, &S3_INVALID_BUCKET_STATE, "Versioning must be 'Enabled' on the bucket to "
                                                 "apply a Object Lock configuration");
    }
    TRY(default_read(c, configuration, &wanted));
    call_on(c, bucket_arn(c->arena, bucket->name));
    bucket->lock_enabled = true;
    bucket->lock_mode = wanted.lock_mode;
    bucket->lock_days = wanted.lock_days;
    bucket->lock_years = wanted.lock_years;
    bucket_save(c, bucket);
    return OK;
}

/* GetObjectLockConfiguration */
status s3_get_object_lock_configuration(struct call *c)
{
    struct bucket *bucket;
    struct value *configuration;
    struct value *retention;

    TRY(bucket_of_call(c, &bucket));
    if (!bucket->lock_enabled) {
        return fail_with(c, &S3_NO_LOCK, "BucketName", bucket->name);
    }
    configuration = put_struct(c, "ObjectLockConfiguration");
    set_str(configuration, "ObjectLockEnabled", STR("Enabled"));
    if (bucket->lock_mode == LOCK_NONE) {
        return OK;
    }
    retention = set_struct(c->arena, set_struct(c->arena, configuration, "Rule"),
                           "DefaultRetention");
    set_str(retention, "Mode", lock_mode_text(bucket->lock_mode));
    if (bucket->lock_days > 0) {
        set_int(retention, "Days", bucket->lock_days);
    } else {
        set_int(retention, "Years", bucket->lock_years);
    }
    return OK;
}

/* ---- an object's ---- */

static status locked_object(struct call *c, struct object *ret_object)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    if (!bucket->lock_enabled) {
        return fail(c, &S3_INVALID_REQUEST, "Bucket is missing Object Lock Configuration");
    }
    return object_of_call(c, bucket, ret_object);
}

static status retention_read(struct call *c, struct object *ret_wanted)
{
    const struct value *retention = arg(c, "Retention");
    struct str mode = retention == NULL ? STR_NONE : get_str(retention, "Mode");
    bool dated = retention != NULL && has(retention, "RetainUntilDate");

    ret_wanted->lock_mode = LOCK_NONE;
    ret_wanted->retain_until_ms = 0;
    if (mode.bytes == 0 && !dated) {
        return OK;
    }
    if (!dated || !lock_mode_read(mode, &ret_wanted->lock_mode)) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    ret_wanted->retain_until_ms = get_time(retention, "RetainUntilDate", 0);
    if (ret_wanted->retain_until_ms <= c->now) {
        return fail(c, &S3_INVALID_ARGUMENT, "The retain until date must be in the future!");
    }
    return OK;
}

/* What holds may be made longer; anything else only GOVERNANCE lets who bypasses it. */
static status retention_check(struct call *c, const struct object *object,
                              const struct object *wanted)
{
    bool holds = object->lock_mode != LOCK_NONE && object->retain_until_ms > c->now;
    bool longer = wanted->lock_mode == object->lock_mode &&
                  wanted->retain_until_ms >= object->retain_until_ms;

    if (!holds || longer ||
        (object->lock_mode == LOCK_GOVERNANCE && arg_bool(c, "BypassGovernanceRetention", false))) {
        return OK;
    }
    return fail(c, &S3_ACCESS_DENIED, "Access Denied because object protected by object lock.");
}

/* PutObjectRetention */
status s3_put_object_retention(struct call *c)
{
    struct object object;
    struct object wanted;

    TRY(locked_object(c, &object));
    TRY(retention_read(c, &wanted));
    TRY(retention_check(c, &object, &wanted));
    call_on(c, object_arn(c->arena, object.bucket->name, object.key));
    object.lock_mode = wanted.lock_mode;
    object.retain_until_ms = wanted.retain_until_ms;
    object_save(c, &object);
    object_told(c, &object, "ObjectRetention:Put");
    return OK;
}

/* GetObjectRetention */
status s3_get_object_retention(struct call *c)
{
    struct object object;
    struct value *retention;

    TRY(locked_object(c, &object));
    if (object.lock_mode == LOCK_NONE) {
        return fail_with(c, &S3_NO_LOCK_OBJECT, "Key", object.key);
    }
    retention = put_struct(c, "Retention");
    set_str(retention, "Mode", lock_mode_text(object.lock_mode));
    set_time(retention, "RetainUntilDate", object.retain_until_ms);
    return OK;
}

/* PutObjectLegalHold */
status s3_put_object_legal_hold(struct call *c)
{
    const struct value *hold = arg(c, "LegalHold");
    struct str wanted = hold == NULL ? STR_NONE : get_str(hold, "Status");
    struct object object;

    TRY(locked_object(c, &object));
    if (!str_eq(wanted, STR("ON")) && !str_eq(wanted, STR("OFF"))) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    call_on(c, object_arn(c->arena, object.bucket->name, object.key));
    object.legal_hold = str_eq(wanted, STR("ON"));
    object.legal_hold_set = true;
    object_save(c, &object);
    return OK;
}

/* GetObjectLegalHold */
status s3_get_object_legal_hold(struct call *c)
{
    struct object object;

    TRY(locked_object(c, &object));
    if (!object.legal_hold_set) {
        return fail_with(c, &S3_NO_LOCK_OBJECT, "Key", object.key);
    }
    set_str(put_struct(c, "LegalHold"), "Status", object.legal_hold ? STR("ON") : STR("OFF"));
    return OK;
}
