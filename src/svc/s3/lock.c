/* SPDX-License-Identifier: Apache-2.0
 *
 * Object lock. Rules ("How S3 Object Lock works"):
 *  1. Only in buckets with object lock, which are versioned for good.
 *  2. A version under legal hold, or whose retention has not passed, cannot be deleted for good;
 *     GOVERNANCE can be bypassed by who asks for it. A delete marker can always be put on top.
 *  3. What is not asked for comes from the bucket's default retention, counted from now.
 */
#include "base/time.h"
#include "svc/s3/s3_core.h"

#define YEAR_MS (365 * MS_PER_DAY)

bool lock_mode_read(struct str text, uint8_t *ret_mode)
{
    if (str_eq(text, STR("GOVERNANCE"))) {
        *ret_mode = LOCK_GOVERNANCE;
    } else if (str_eq(text, STR("COMPLIANCE"))) {
        *ret_mode = LOCK_COMPLIANCE;
    } else {
        return false;
    }
    return true;
}

struct str lock_mode_text(uint8_t mode)
{
    return mode == LOCK_COMPLIANCE ? STR("COMPLIANCE") : STR("GOVERNANCE");
}

static void default_retention(const struct call *c, const struct bucket *bucket,
                              struct object *object)
{
    if (bucket->lock_mode == LOCK_NONE) {
        return;
    }
    object->lock_mode = bucket->lock_mode;
    object->retain_until_ms =
        c->now + bucket->lock_days * MS_PER_DAY + bucket->lock_years * YEAR_MS;
}

status lock_of_call(struct call *c, const struct bucket *bucket, struct object *object)
{
    struct str mode = arg_str_if(c, "ObjectLockMode");
    const struct value *until = arg_if(c, "ObjectLockRetainUntilDate");
    struct str hold = arg_str_if(c, "ObjectLockLegalHoldStatus");

    if (arg_if(c, "ObjectLockEventHold") != NULL) {
        return fail_with(c, &S3_NOT_IMPLEMENTED, "Header", STR("x-amz-object-lock-event-hold"));
    }
    if (!bucket->lock_enabled) {
        if (mode.bytes > 0 || until != NULL || hold.bytes > 0) {
            return fail(c, &S3_INVALID_REQUEST, "Bucket is missing Object Lock Configuration");
        }
        return OK;
    }
    if ((mode.bytes > 0) != (until != NULL)) {
        return fail_argument(c, "x-amz-object-lock-mode", mode,
                             "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must "
                             "both be supplied");
    }
    if (hold.bytes > 0 && !str_eq(hold, STR("ON")) && !str_eq(hold, STR("OFF"))) {
        return fail_argument(c, "x-amz-object-lock-legal-hold", hold,
                             "Legal Hold must be either of 'ON' or 'OFF'");
    }
    object->legal_hold = str_eq(hold, STR("ON"));
    object->legal_hold_set = hold.bytes > 0;
    if (until == NULL) {
        default_retention(c, bucket, object);
        return OK;
    }
    if (!lock_mode_read(mode, &object->lock_mode)) {
        return fail_argument(c, "x-amz-object-lock-mode", mode, "Unknown wormMode directive.");
    }
    if (until->moment_ms <= c->now) {
        return fail_argument(c, "x-amz-object-lock-retain-until-date",
                             time_iso(c->arena, until->moment_ms),
                             "The retain until date must be in the future!");
    }
    object->retain_until_ms = until->moment_ms;
    return OK;
}

static bool retained(const struct call *c, const struct object *object)
{
    return object->lock_mode != LOCK_NONE && object->retain_until_ms > c->now;
}

bool object_protected(const struct call *c, const struct object *object)
{
    return object->legal_hold || retained(c, object);
}

status lock_check(struct call *c, const struct object *object, bool bypass)
{
    if (!object_protected(c, object) ||
        (bypass && !object->legal_hold && object->lock_mode == LOCK_GOVERNANCE)) {
        return OK;
    }
    return fail(c, &S3_ACCESS_DENIED,
                "Access Denied because object protected by object lock.");
}
