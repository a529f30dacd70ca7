/* SPDX-License-Identifier: Apache-2.0
 *
 * Who but the bucket's owner account may do something: what the policy allows, or an ACL grants.
 * Source: "How Amazon S3 authorizes a request" and "Blocking public access", AWS documentation.
 *
 * Rules
 *  1. What the policy denies is denied, whatever an ACL grants.
 *  2. A bucket that restricts public policies lets nobody in by a policy that is public.
 *  3. What everybody is granted does not count where the bucket ignores public ACLs; no grant
 *     counts where its owner owns everything.
 *  4. The owner's account may do everything, but what the policy denies it; and that only where
 *     signatures are checked. Its root may always read, change and delete the policy. What else is
 *     inside an account is IAM's.
 */
#include "svc/s3/settings_int.h"

bool public_access_blocked(const struct bucket *bucket, enum public_block what)
{
    static const char *const members[] = {"BlockPublicAcls", "IgnorePublicAcls",
                                          "BlockPublicPolicy", "RestrictPublicBuckets"};
    const struct value *block = setting_value(bucket, SETTING_PUBLIC_ACCESS);

    return block != NULL && get_bool(block, members[what], false);
}

/* What ACLs call the actions that they can grant. */
static const struct {
    struct str action;
    const char *permission;
    bool of_object; /* granted by the object's list, else by the bucket's */
} grantable[] = {
    {STR_INIT("s3:ListBucket"), "READ", false},
    {STR_INIT("s3:ListBucketVersions"), "READ", false},
    {STR_INIT("s3:ListBucketMultipartUploads"), "READ", false},
    {STR_INIT("s3:PutObject"), "WRITE", false},
    {STR_INIT("s3:DeleteObject"), "WRITE", false},
    {STR_INIT("s3:GetBucketAcl"), "READ_ACP", false},
    {STR_INIT("s3:PutBucketAcl"), "WRITE_ACP", false},
    {STR_INIT("s3:GetObject"), "READ", true},
    {STR_INIT("s3:GetObjectVersion"), "READ", true},
    {STR_INIT("s3:GetObjectAcl"), "READ_ACP", true},
    {STR_INIT("s3:GetObjectVersionAcl"), "READ_ACP", true},
    {STR_INIT("s3:PutObjectAcl"), "WRITE_ACP", true},
    {STR_INIT("s3:PutObjectVersionAcl"), "WRITE_ACP", true},
};

static bool acl_allows(struct call *c, const struct bucket *bucket, const struct object *object,
                       struct str action)
{
    bool public = !public_access_blocked(bucket, IGNORE_ACLS);

    if (acl_is_enforced(bucket)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(grantable) / sizeof(grantable[0]); i++) {
        struct str permission = str_c(grantable[i].permission);

        if (!str_eq(grantable[i].action, action)) {
            continue;
        }
        if (!grantable[i].of_object) {
            return acl_grants(c, setting_value(bucket, SETTING_ACL), permission, public);
        }
        return object != NULL && acl_grants(c, acl_read(c, object->acl), permission, public);
    }
    return false;
}

/* Actions on the bucket itself; all others are on its objects. */
static bool is_of_bucket(struct str action)
{
    return str_starts(action, STR("s3:ListBucket")) || str_find_str(action, STR("Bucket")) <
                                                           action.bytes ||
           str_find_str(action, STR("Configuration")) < action.bytes;
}

static struct str resource_of(struct call *c, const struct bucket *bucket,
                              const struct object *object, struct str action)
{
    struct str key = object != NULL ? object->key : STR_NONE;

    if (is_of_bucket(action)) {
        return bucket_arn(c->arena, bucket->name);
    }
    return object_arn(c->arena, bucket->name, key.bytes > 0 ? key : STR("*"));
}

/* What the policy says of it. */
static enum verdict verdict_of(struct call *c, const struct bucket *bucket,
                               const struct object *object, struct str action)
{
    const struct value *policy = setting_value(bucket, SETTING_POLICY);
    struct asking asking = {.action = action, .bucket = bucket, .object = object,
                            .resource = resource_of(c, bucket, object, action)};

    return policy == NULL ? VERDICT_NONE : policy_verdict(c, policy, &asking);
}

bool access_denied(struct call *c, const struct bucket *bucket, const struct object *object,
                   const char *action)
{
    static const char *const policies[] = {"s3:GetBucketPolicy", "s3:PutBucketPolicy",
                                           "s3:DeleteBucketPolicy"};

    if (!c->verified) {
        return false;
    }
    for (size_t i = 0; i < 3 && str_ends(c->principal, STR(":root")); i++) {
        if (str_eq(str_c(action), str_c(policies[i]))) {
            return false; /* or nobody could ever correct it */
        }
    }
    return verdict_of(c, bucket, object, str_c(action)) == VERDICT_DENY;
}

bool access_granted(struct call *c, const struct bucket *bucket, const struct object *object,
                    const char *action)
{
    enum verdict verdict = verdict_of(c, bucket, object, str_c(action));

    if (verdict == VERDICT_DENY) {
        return false;
    }
    if (verdict == VERDICT_ALLOW &&
        !(public_access_blocked(bucket, RESTRICT_BUCKET) &&
          policy_is_public(setting_value(bucket, SETTING_POLICY)))) {
        return true;
    }
    return acl_allows(c, bucket, object, str_c(action));
}
