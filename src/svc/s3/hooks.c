/* SPDX-License-Identifier: Apache-2.0
 *
 * What the half of buckets and objects does where the half of settings is not there to say more:
 * nobody but the owner's account is let in, nothing is told to anybody, nothing expires, what is
 * stored is SSE-S3's. Weak: whoever implements one of s3_hooks.h replaces it.
 */
#include "svc/s3/s3_int.h"

#define REPLACEABLE __attribute__((weak))

REPLACEABLE void object_changed(struct call *c, const struct object_change *change)
{
    (void)c;
    (void)change;
}

REPLACEABLE status object_acl_of_call(struct call *c, const struct bucket *bucket,
                                      struct str *ret_acl)
{
    (void)c;
    (void)bucket;
    *ret_acl = STR_NONE;
    return OK;
}

REPLACEABLE status bucket_acl_of_call(struct call *c, struct str *ret_acl)
{
    (void)c;
    *ret_acl = STR_NONE;
    return OK;
}

REPLACEABLE void bucket_settings_of_create(struct call *c, struct bucket *bucket)
{
    (void)c;
    (void)bucket;
}

REPLACEABLE struct str object_expiration(struct call *c, const struct object *object)
{
    (void)c;
    (void)object;
    return STR_NONE;
}

REPLACEABLE bool upload_abort_date(struct call *c, const struct upload *upload,
                                   int64_t *ret_abort_ms, struct str *ret_rule)
{
    (void)c;
    (void)upload;
    (void)ret_abort_ms;
    (void)ret_rule;
    return false;
}

REPLACEABLE void bucket_default_encryption(struct call *c, struct bucket *bucket,
                                           struct default_encryption *ret_default)
{
    (void)c;
    (void)bucket;
    *ret_default = (struct default_encryption){.encryption = ENCRYPTION_S3};
}

REPLACEABLE void bucket_compiled_free(struct bucket_compiled *compiled)
{
    (void)compiled;
}

REPLACEABLE status settings_open(struct s3 *s3)
{
    (void)s3;
    return OK;
}

REPLACEABLE void settings_close(struct s3 *s3)
{
    (void)s3;
}

REPLACEABLE void settings_tick(struct call *c)
{
    (void)c;
}

REPLACEABLE status settings_timer(struct call *c, struct str name, struct str payload)
{
    (void)c;
    (void)name;
    (void)payload;
    return OK;
}
