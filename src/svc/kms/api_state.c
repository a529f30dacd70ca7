/* SPDX-License-Identifier: Apache-2.0
 *
 * Which state a key is in: enabled or not, and its end.
 */
#include "svc/kms/kms_ops.h"

#define WINDOW_DAYS_MIN 7
#define WINDOW_DAYS_MAX 30

static status awaits_import(struct call *c, const struct kms_key *key)
{
    return key_state(key) == STATE_PENDING_IMPORT
               ? fail(c, &KMS_STATE, "%.*s is pending import.", STR_ARG(key_arn(c->arena, key)))
               : OK;
}

static status switch_key(struct call *c, const char *action, bool on)
{
    struct kms_key *key;

    TRY(key_of_call(c, action, &key));
    TRY(key_own(c, key));
    TRY(key_not_deleted(c, key));
    TRY(awaits_import(c, key));
    key->enabled = on;
    key_changed(c, key);
    return OK;
}

/* EnableKey */
status kms_enable_key(struct call *c)
{
    return switch_key(c, "kms:EnableKey", true);
}

/* DisableKey */
status kms_disable_key(struct call *c)
{
    return switch_key(c, "kms:DisableKey", false);
}

/* A primary with replicas goes last. */
static status no_replicas(struct call *c, const struct kms_key *key)
{
    struct str name;
    void *value;

    if (key->region_kind != REGION_PRIMARY) {
        return OK;
    }
    for (size_t i = 0; map_next(kms_of(c)->keys, &i, &name, &value);) {
        const struct kms_key *other = value;

        if (other != key && str_eq(other->id, key->id) && str_eq(other->account, key->account) &&
            other->deletion_ms == 0) {
            return fail(c, &KMS_UNSUPPORTED,
                        "%.*s has replica keys: weir deletes a multi-Region primary key after its "
                        "replicas.",
                        STR_ARG(key_arn(c->arena, key)));
        }
    }
    return OK;
}

/* ScheduleKeyDeletion */
status kms_schedule_deletion(struct call *c)
{
    int64_t days = arg_int(c, "PendingWindowInDays", WINDOW_DAYS_DEFAULT);
    struct kms_key *key;

    TRY(key_of_call(c, "kms:ScheduleKeyDeletion", &key));
    TRY(key_own(c, key));
    if (days < WINDOW_DAYS_MIN || days > WINDOW_DAYS_MAX) {
        return fail(c, &KMS_VALIDATION, "PendingWindowInDays must be between %d and %d inclusive.",
                    WINDOW_DAYS_MIN, WINDOW_DAYS_MAX);
    }
    TRY(key_not_deleted(c, key));
    TRY(no_replicas(c, key));
    key->window_days = (uint32_t)days;
    key->deletion_ms = c->now + days * MS_PER_DAY;
    key->enabled = false;
    key_changed(c, key);
    put_str(c, "KeyId", key_arn(c->arena, key));
    put_time(c, "DeletionDate", key->deletion_ms);
    put_str(c, "KeyState", str_c(state_name(key_state(key))));
    put_int(c, "PendingWindowInDays", days);
    return OK;
}

/* CancelKeyDeletion: the key is disabled then. */
status kms_cancel_deletion(struct call *c)
{
    struct kms_key *key;

    TRY(key_of_call(c, "kms:CancelKeyDeletion", &key));
    if (key->deletion_ms == 0) {
        return fail(c, &KMS_STATE, "%.*s is not pending deletion.",
                    STR_ARG(key_arn(c->arena, key)));
    }
    key->deletion_ms = 0;
    key->window_days = 0;
    while (key->rotates && key->rotation_ms <= c->now) { /* what was passed over meanwhile */
        key->rotation_ms += key->period_days * MS_PER_DAY;
    }
    key_changed(c, key);
    put_str(c, "KeyId", key_arn(c->arena, key));
    return OK;
}
