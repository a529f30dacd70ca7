/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings read from their texts once: see settings_int.h.
 */
#include "base/mem.h"
#include "svc/s3/settings_int.h"

#include <assert.h>

#define ARENA_BYTES_MAX (64u * 1024 * 1024)

/* The structure that each kind is. */
static const struct {
    uint8_t kind;           /* enum bucket_setting */
    const char *operation;  /* whose input has it */
    const char *member;     /* as */
} shapes[] = {
    {SETTING_ACL, "PutBucketAcl", "AccessControlPolicy"},
    {SETTING_CORS, "PutBucketCors", "CORSConfiguration"},
    {SETTING_ENCRYPTION, "PutBucketEncryption", "ServerSideEncryptionConfiguration"},
    {SETTING_WEBSITE, "PutBucketWebsite", "WebsiteConfiguration"},
    {SETTING_LIFECYCLE, "PutBucketLifecycleConfiguration", "LifecycleConfiguration"},
    {SETTING_LOGGING, "PutBucketLogging", "BucketLoggingStatus"},
    {SETTING_NOTIFICATION, "PutBucketNotificationConfiguration", "NotificationConfiguration"},
    {SETTING_OWNERSHIP, "PutBucketOwnershipControls", "OwnershipControls"},
    {SETTING_PUBLIC_ACCESS, "PutPublicAccessBlock", "PublicAccessBlockConfiguration"},
    {SETTING_INVENTORY, "PutBucketInventoryConfiguration", "InventoryConfiguration"},
    {SETTING_REPLICATION, "PutBucketReplication", "ReplicationConfiguration"},
};

uint32_t setting_shape(enum bucket_setting kind)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (shapes[i].kind == kind) {
            return s3_shape(shapes[i].operation, shapes[i].member);
        }
    }
    assert(kind == SETTING_POLICY);
    return 0;
}

/* Looking makes it, so a bucket that is only looked at changes here. */
struct bucket_compiled *bucket_compiled_of(const struct bucket *bucket)
{
    struct bucket *owner = (struct bucket *)(uintptr_t)bucket;

    if (owner->compiled == NULL) {
        owner->compiled = MEM_NEW(struct bucket_compiled);
        owner->compiled->arena = arena_new(ARENA_BYTES_MAX);
    }
    return owner->compiled;
}

const struct value *setting_value(const struct bucket *bucket, enum bucket_setting kind)
{
    struct bucket_compiled *compiled = bucket_compiled_of(bucket);
    uint32_t bit = UINT32_C(1) << kind;

    if ((compiled->looked & bit) == 0) {
        struct setting setting = {.kind = (uint8_t)kind,
                                  .text = bucket_setting(bucket, kind, STR_NONE)};

        compiled->looked |= bit;
        if (setting.text.bytes > 0) {
            compiled->values[kind] =
                bucket_value(compiled->arena, &setting, setting_shape(kind));
        }
    }
    return compiled->values[kind];
}

void bucket_compiled_free(struct bucket_compiled *compiled)
{
    if (compiled != NULL) {
        arena_free(compiled->arena);
        mem_free(compiled);
    }
}

bool text_like(struct str pattern, struct str text, bool single)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = pattern.bytes; /* the last '*' seen */
    size_t mark = 0;             /* where its stretch of text begins */

    while (t < text.bytes) {
        if (p < pattern.bytes && pattern.at[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.bytes &&
                   (pattern.at[p] == text.at[t] || (single && pattern.at[p] == '?'))) {
            p++;
            t++;
        } else if (star < pattern.bytes) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.bytes && pattern.at[p] == '*') {
        p++;
    }
    return p == pattern.bytes;
}
