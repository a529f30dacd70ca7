/* SPDX-License-Identifier: Apache-2.0
 *
 * RestoreObject.
 */
#include "base/time.h"
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#define DAYS_MAX 36500

static status delay_of_tier(struct call *c, const struct object *object, struct str tier,
                            int64_t *ret_delay_ms)
{
    bool deep = object->storage_class == STORAGE_DEEP_ARCHIVE;

    if (tier.bytes == 0 || str_eq(tier, STR("Standard"))) {
        *ret_delay_ms = (deep ? 12 : 5) * MS_PER_HOUR;
    } else if (str_eq(tier, STR("Bulk"))) {
        *ret_delay_ms = (deep ? 48 : 12) * MS_PER_HOUR;
    } else if (!str_eq(tier, STR("Expedited"))) {
        return fail_s3(c, &S3_MALFORMED_XML);
    } else if (deep) {
        return fail_argument(c, "Tier", tier,
                             "Retrieval option is not supported by this storage class");
    } else {
        *ret_delay_ms = 5 * MS_PER_MINUTE;
    }
    return OK;
}

/* What is asked for: days, and how fast. */
static status request_read(struct call *c, const struct object *object, uint32_t *ret_days,
                           int64_t *ret_delay_ms)
{
    const struct value *request = arg(c, "RestoreRequest");
    const struct value *job;
    struct str tier;
    int64_t days;

    if (request == NULL) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (get_str(request, "Type").bytes > 0 || has(request, "SelectParameters")) {
        return fail(c, &S3_NOT_IMPLEMENTED, "weir does not select from archived objects");
    }
    job = get(request, "GlacierJobParameters");
    tier = get_str(request, "Tier");
    if (tier.bytes == 0 && job != NULL) {
        tier = get_str(job, "Tier");
    }
    days = get_int(request, "Days", 0);
    if (!has(request, "Days")) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (days < 1 || days > DAYS_MAX) {
        return fail_argument(c, "Days", arena_printf(c->arena, "%lld", (long long)days),
                             "restoration days should be at least 1");
    }
    *ret_days = (uint32_t)days;
    return delay_of_tier(c, object, tier, ret_delay_ms);
}

/* RestoreObject: 202 when it begins, 200 when a restored copy is only kept longer. */
status s3_restore_object(struct call *c)
{
    struct bucket *bucket;
    struct object object;
    uint32_t days;
    int64_t delay_ms;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_of_call(c, bucket, &object));
    if (object.storage_class != STORAGE_GLACIER && object.storage_class != STORAGE_DEEP_ARCHIVE) {
        return fail(c, &S3_INVALID_OBJECT_STATE,
                    "Restore is not allowed for the object's current storage class");
    }
    TRY(request_read(c, &object, &days, &delay_ms));
    if (object.restore_ready_ms > 0) {
        return fail_s3(c, &S3_RESTORE_IN_PROGRESS);
    }
    call_on(c, object_arn(c->arena, bucket->name, object.key));
    object.restore_days = days;
    if (object.restored_until_ms > c->now) {
        object.restored_until_ms = restore_end(c, days);
        restore_timer_set(c, &object, object.restored_until_ms);
        object_save(c, &object);
        return OK;
    }
    object.restored_until_ms = 0;
    object.restore_ready_ms = c->now + delay_ms;
    restore_timer_set(c, &object, object.restore_ready_ms);
    object_save(c, &object);
    object_told(c, &object, "ObjectRestore:Post");
    call_answer(c, 202, NULL, STR_NONE);
    return OK;
}
