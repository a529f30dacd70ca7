/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do something with a bucket: what policies allow (cell/authorize.h), or an ACL grants.
 * Source: "How Amazon S3 authorizes a request" and "Blocking public access", AWS documentation.
 *
 * Rules
 *  1. What a policy denies is denied, whatever an ACL grants.
 *  2. A bucket that restricts public policies lets nobody in by a policy that is public.
 *  3. What everybody is granted does not count where the bucket ignores public ACLs; no grant
 *     counts where its owner owns everything. Inside the owner's account only what everybody is
 *     granted counts; of another account who its own policies let.
 *  4. Where signatures are not checked the owner's account may do everything.
 *  5. The account's root may always read, change and delete the policy, or nobody could correct it.
 */
#include "cell/authorize.h"
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

/* Who is nobody else is what everybody is. */
static bool list_grants(struct call *c, const struct bucket *bucket, const struct value *list,
                        const char *permission)
{
    bool public = !public_access_blocked(bucket, IGNORE_ACLS);
    struct str account = c->account;
    bool granted;

    if (str_eq(account, bucket->account)) {
        c->account = STR("anonymous");
    }
    granted = acl_grants(c, list, str_c(permission), public);
    c->account = account;
    return granted;
}

static bool acl_allows(struct call *c, const struct bucket *bucket, const struct object *object,
                       struct str action)
{
    if (acl_is_enforced(bucket)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(grantable) / sizeof(grantable[0]); i++) {
        if (!str_eq(grantable[i].action, action)) {
            continue;
        }
        if (!grantable[i].of_object) {
            return list_grants(c, bucket, setting_value(bucket, SETTING_ACL),
                               grantable[i].permission);
        }
        return object != NULL &&
               list_grants(c, bucket, acl_read(c, object->acl), grantable[i].permission);
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

/* The object's tags as context keys. */
static size_t tag_keys(struct call *c, const struct object *object,
                       struct authorize_key keys[OBJECT_TAGS_MAX])
{
    struct str tags = object == NULL ? STR_NONE : object->tags;
    struct str name;
    struct str value;
    size_t count = 0;

    while (count < OBJECT_TAGS_MAX && pairs_next(&tags, &name, &value)) {
        keys[count++] = (struct authorize_key){
            .name = arena_printf(c->arena, "s3:ExistingObjectTag/%.*s", STR_ARG(name)).at,
            .value = value,
        };
    }
    return count;
}

/* ---- deciding ---- */

static bool corrects_policy(const struct call *c, const char *action)
{
    static const char *const policies[] = {"s3:GetBucketPolicy", "s3:PutBucketPolicy",
                                           "s3:DeleteBucketPolicy"};

    for (size_t i = 0; i < 3 && str_ends(c->principal, STR(":root")); i++) {
        if (str_eq(str_c(action), str_c(policies[i]))) {
            return true;
        }
    }
    return false;
}

/* Whose own policies would let him. */
static bool own_policies_let(const struct call *c, const struct policy_decision *decision)
{
    return c->identity == NULL || c->identity->kind == IDENTITY_ROOT ||
           decision->said[PART_IDENTITY] == SAID_ALLOW;
}

/* What decides beside policies; NULL: nothing does. */
static const char *otherwise(struct call *c, const struct bucket *bucket,
                             const struct object *object, const char *action,
                             struct policy_decision *decision)
{
    bool at_home = str_eq(c->account, bucket->account);

    if (decision->denied) {
        decision->allowed = at_home && corrects_policy(c, action);
        return decision->allowed ? "the account's root, who may always correct the policy" : NULL;
    }
    if (decision->allowed && !at_home && public_access_blocked(bucket, RESTRICT_BUCKET) &&
        policy_is_public(setting_value(bucket, SETTING_POLICY))) {
        decision->allowed = false;
        return "RestrictPublicBuckets of the bucket";
    }
    if (!decision->allowed && (at_home || own_policies_let(c, decision)) &&
        acl_allows(c, bucket, object, str_c(action))) {
        decision->allowed = true;
        return "an access control list";
    }
    return NULL;
}

static status decide(struct call *c, const struct bucket *bucket, const struct object *object,
                     const char *action)
{
    struct authorize_key keys[OBJECT_TAGS_MAX];
    struct authorize_wish wish = {
        .action = action,
        .resource = resource_of(c, bucket, object, str_c(action)),
        .keys = keys,
        .key_count = tag_keys(c, object, keys),
    };
    struct policy_decision decision;
    struct asked *asked = call_ask(c, &wish, &decision);
    const char *else_by = otherwise(c, bucket, object, action, &decision);

    return asked_end(asked, &decision, else_by);
}

status access_check(struct call *c, const struct bucket *bucket, const struct object *object,
                    const char *action)
{
    bool at_home = str_eq(c->account, bucket->account);
    status decided;

    if (at_home && !c->guarded) {
        return OK;
    }
    decided = decide(c, bucket, object, action);
    return decided == OK || at_home ? decided : fail_s3(c, &S3_ACCESS_DENIED);
}

bool access_granted(struct call *c, const struct bucket *bucket, const struct object *object,
                    const char *action)
{
    bool granted = decide(c, bucket, object, action) == OK;

    c->why.text[0] = '\0';
    return granted;
}

bool access_of_sender(struct call *c, const struct bucket *bucket, const struct sender *sender,
                      const struct object *object, const char *action)
{
    struct service_wish wish = {
        .service = sender->principal,
        .action = action,
        .resource = resource_of(c, bucket, object, str_c(action)),
        .source = sender->source,
        .source_account = sender->account,
    };
    const struct identity *identity = c->identity;
    struct str account = c->account;
    bool granted;

    if (str_eq(sender->account, bucket->account) || service_may(c, &wish)) {
        return true;
    }
    c->identity = NULL; /* for its account, whoever asked */
    c->account = sender->account;
    granted = access_granted(c, bucket, object, action);
    c->identity = identity;
    c->account = account;
    return granted;
}

/* ---- what policies are told of buckets and objects ---- */

static bool find(struct cell *cell, struct str text, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    const struct bucket *bucket = NULL;
    struct arn arn;

    (void)arena;
    if (arn_read(text, &arn)) {
        bucket = bucket_find(cell_state(cell, "s3"),
                             str_slice(arn.resource, 0, str_find(arn.resource, '/', 0)));
    }
    if (bucket == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){
        .policy = bucket_setting(bucket, SETTING_POLICY, STR_NONE), .account = bucket->account};
    return true;
}

static const struct resource_source source = {.service = "s3", .find = find};

void s3_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
