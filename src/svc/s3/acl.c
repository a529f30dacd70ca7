/* SPDX-License-Identifier: Apache-2.0
 *
 * Access control lists: canned ones, grants in headers, and whole lists. Kept as the JSON of an
 * AccessControlPolicy; no text where only the owner has anything. Source: "Access control list
 * (ACL) overview", AWS documentation.
 *
 * Rules
 *  1. Where the bucket's owner owns everything (BucketOwnerEnforced, as new buckets have it), there
 *     are no lists: one that grants anything to anybody else is refused, what was granted before
 *     does not count.
 *  2. Lists that grant to everybody are refused where the bucket blocks them (BlockPublicAcls).
 *  3. An object has no owner of its own: its bucket's is. So bucket-owner-read and
 *     bucket-owner-full-control grant nothing more.
 */
#include "svc/s3/settings_int.h"
#include "wire/json.h"

#include <assert.h>

#define GRANTS_MAX 100
#define ACL_TEXT_BYTES_MAX (128u * 1024)

/* What a canned list grants beside everything to the owner. */
static const struct canned {
    const char *name;
    const char *group[2];       /* whom; NULL: nobody more */
    const char *permission[2];  /* what */
    bool of_bucket, of_object;  /* for which of them it is */
} canned[] = {
    {"private", {NULL, NULL}, {NULL, NULL}, true, true},
    {"public-read", {ACL_ALL_USERS, NULL}, {"READ", NULL}, true, true},
    {"public-read-write", {ACL_ALL_USERS, ACL_ALL_USERS}, {"READ", "WRITE"}, true, true},
    {"authenticated-read", {ACL_SIGNED_USERS, NULL}, {"READ", NULL}, true, true},
    {"log-delivery-write", {ACL_LOG_DELIVERY, ACL_LOG_DELIVERY}, {"WRITE", "READ_ACP"}, true,
     false},
    {"aws-exec-read", {NULL, NULL}, {NULL, NULL}, true, true},
    {"bucket-owner-read", {NULL, NULL}, {NULL, NULL}, false, true},
    {"bucket-owner-full-control", {NULL, NULL}, {NULL, NULL}, false, true},
};

/* A list under construction. */
struct list {
    struct value *policy; /* the AccessControlPolicy */
    struct value *grants; /* of it */
    struct str owner;     /* canonical id */
};

static struct str canonical_id(struct call *c, struct str account)
{
    char *id = arena_alloc(c->arena, OWNER_ID_BYTES);

    owner_id_of(account, id);
    return str_of(id, OWNER_ID_BYTES);
}

static struct list list_new(struct call *c, struct str account)
{
    struct list list = {.policy = value_struct(c->arena, setting_shape(SETTING_ACL)),
                        .owner = canonical_id(c, account)};

    set_str(set_struct(c->arena, list.policy, "Owner"), "ID", list.owner);
    list.grants = set_list(c->arena, list.policy, "Grants", GRANTS_MAX);
    return list;
}

static void grant(struct call *c, struct value *grants, struct str id_or_uri,
                  const char *permission)
{
    struct value *item = list_add(c->arena, grants);
    struct value *grantee = set_struct(c->arena, item, "Grantee");
    bool group = str_starts(id_or_uri, STR(ACL_GROUPS));

    set_str(grantee, group ? "URI" : "ID", id_or_uri);
    set_str(grantee, "Type", group ? STR("Group") : STR("CanonicalUser"));
    set_str(item, "Permission", str_c(permission));
}

/* ---- reading lists ---- */

const struct value *acl_read(struct call *c, struct str text)
{
    struct setting setting = {.kind = SETTING_ACL, .text = text};

    return text.bytes == 0 ? NULL
                           : bucket_value(c->arena, &setting, setting_shape(SETTING_ACL));
}

static bool is_public_group(struct str uri)
{
    return str_eq(uri, STR(ACL_ALL_USERS)) || str_eq(uri, STR(ACL_SIGNED_USERS));
}

static struct str grantee_str(const struct value *item, const char *member)
{
    const struct value *grantee = get(item, "Grantee");

    return grantee == NULL ? STR_NONE : get_str(grantee, member);
}

bool acl_is_public(const struct value *list)
{
    const struct value *grants = list == NULL ? NULL : get(list, "Grants");

    for (uint32_t i = 0; grants != NULL && i < grants->count; i++) {
        if (is_public_group(grantee_str(&grants->items[i], "URI"))) {
            return true;
        }
    }
    return false;
}

/* Is the caller one of whom the grant speaks? */
static bool is_for_caller(struct call *c, const struct value *item, bool public)
{
    struct str uri = grantee_str(item, "URI");
    bool signed_in = !str_eq(c->account, STR("anonymous"));

    if (uri.bytes > 0) {
        return public && (str_eq(uri, STR(ACL_ALL_USERS)) ||
                          (signed_in && str_eq(uri, STR(ACL_SIGNED_USERS))));
    }
    return signed_in && str_eq(grantee_str(item, "ID"), canonical_id(c, c->account));
}

bool acl_grants(struct call *c, const struct value *list, struct str permission, bool public)
{
    const struct value *grants = list == NULL ? NULL : get(list, "Grants");

    for (uint32_t i = 0; grants != NULL && i < grants->count; i++) {
        struct str granted = get_str(&grants->items[i], "Permission");

        if ((str_eq(granted, permission) || str_eq(granted, STR("FULL_CONTROL"))) &&
            is_for_caller(c, &grants->items[i], public)) {
            return true;
        }
    }
    return false;
}

bool acl_is_enforced(const struct bucket *bucket)
{
    const struct value *controls = setting_value(bucket, SETTING_OWNERSHIP);
    const struct value *rules = controls == NULL ? NULL : get(controls, "Rules");

    return rules != NULL && rules->count > 0 &&
           str_eq(get_str(&rules->items[0], "ObjectOwnership"), STR("BucketOwnerEnforced"));
}

/* ---- what a call asks for ---- */

static status canned_grants(struct call *c, const struct list *list, struct str name, bool object)
{
    for (size_t i = 0; i < sizeof(canned) / sizeof(canned[0]); i++) {
        const struct canned *line = &canned[i];

        if (!str_eq(name, str_c(line->name)) || !(object ? line->of_object : line->of_bucket)) {
            continue;
        }
        grant(c, list->grants, list->owner, "FULL_CONTROL");
        for (size_t k = 0; k < 2 && line->group[k] != NULL; k++) {
            grant(c, list->grants, str_c(line->group[k]), line->permission[k]);
        }
        return OK;
    }
    return fail_argument(c, "x-amz-acl", name, "The canned ACL you specified is not valid");
}

static bool is_canonical_id(struct str id)
{
    for (size_t i = 0; i < id.bytes; i++) {
        if (memchr("0123456789abcdef", id.at[i], 16) == NULL) {
            return false;
        }
    }
    return id.bytes == OWNER_ID_BYTES;
}

static status group_check(struct call *c, struct str uri)
{
    if (!is_public_group(uri) && !str_eq(uri, STR(ACL_LOG_DELIVERY))) {
        return fail_argument(c, "Group/URI", uri, "Invalid group uri");
    }
    return OK;
}

/* id="…", uri="…": one of a header's grantees. */
static status grantee_of_header(struct call *c, struct str text, struct value *grants,
                                const char *permission)
{
    size_t equals = str_find(text, '=', 0);
    struct str kind = str_trim(str_slice(text, 0, equals));
    struct str whom = str_trim(str_slice(text, equals + 1, text.bytes));

    if (whom.bytes >= 2 && whom.at[0] == '"' && whom.at[whom.bytes - 1] == '"') {
        whom = str_slice(whom, 1, whom.bytes - 1);
    }
    if (grants->count == GRANTS_MAX) {
        return fail_s3(c, &S3_MALFORMED_ACL);
    }
    if (str_eq_nocase(kind, STR("emailAddress"))) {
        return fail_s3(c, &S3_UNRESOLVABLE_GRANT);
    }
    if (str_eq_nocase(kind, STR("uri"))) {
        TRY(group_check(c, whom));
    } else if (!str_eq_nocase(kind, STR("id"))) {
        return fail_argument(c, "x-amz-grant", text, "Argument format not recognized");
    } else if (!is_canonical_id(whom)) {
        return fail_argument(c, "CanonicalUser/ID", whom, "Invalid id");
    }
    grant(c, grants, whom, permission);
    return OK;
}

static status header_grants(struct call *c, struct value *grants)
{
    static const struct {
        const char *member;      /* of the input: a header */
        const char *permission;  /* what it grants */
    } headers[] = {
        {"GrantFullControl", "FULL_CONTROL"}, {"GrantRead", "READ"},
        {"GrantReadACP", "READ_ACP"},         {"GrantWrite", "WRITE"},
        {"GrantWriteACP", "WRITE_ACP"},
    };

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct str rest = arg_str_if(c, headers[i].member);

        while (rest.bytes > 0) {
            TRY(grantee_of_header(c, str_split(&rest, ','), grants, headers[i].permission));
        }
    }
    return OK;
}

static status grant_check(struct call *c, const struct value *item)
{
    struct str type = grantee_str(item, "Type");

    if (get_str(item, "Permission").bytes == 0) {
        return fail_s3(c, &S3_MALFORMED_ACL);
    }
    if (str_eq(type, STR("Group"))) {
        return group_check(c, grantee_str(item, "URI"));
    }
    if (str_eq(type, STR("AmazonCustomerByEmail"))) {
        return fail_s3(c, &S3_UNRESOLVABLE_GRANT);
    }
    if (!str_eq(type, STR("CanonicalUser"))) {
        return fail_s3(c, &S3_MALFORMED_ACL);
    }
    return is_canonical_id(grantee_str(item, "ID"))
               ? OK
               : fail_argument(c, "CanonicalUser/ID", grantee_str(item, "ID"), "Invalid id");
}

static status whole_check(struct call *c, const struct value *whole, struct str owner)
{
    const struct value *grants = get(whole, "Grants");
    const struct value *named = get(whole, "Owner");

    if (named == NULL || grants == NULL || grants->count > GRANTS_MAX) {
        return fail_s3(c, &S3_MALFORMED_ACL);
    }
    if (!str_eq(get_str(named, "ID"), owner)) { /* an ACL cannot give it away */
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    for (uint32_t i = 0; i < grants->count; i++) {
        TRY(grant_check(c, &grants->items[i]));
    }
    return OK;
}

/* Everything to the owner and nothing to anybody else. */
static bool is_owners_only(const struct value *policy, struct str owner)
{
    const struct value *grants = get(policy, "Grants");

    return grants->count == 1 && str_eq(grantee_str(&grants->items[0], "ID"), owner) &&
           str_eq(get_str(&grants->items[0], "Permission"), STR("FULL_CONTROL"));
}

static struct str text_of(struct call *c, const struct value *policy)
{
    struct buf text;
    struct str kept;

    buf_init(&text, ACL_TEXT_BYTES_MAX);
    json_write(&text, policy, TIME_ISO);
    assert(!buf_spent(&text)); /* a hundred grants fit */
    kept = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return kept;
}

/* Whose bucket; NULL: one to be made, the caller's. */
static struct str account_of(const struct call *c, const struct bucket *bucket)
{
    return bucket == NULL ? c->account : bucket->account;
}

static status list_end(struct call *c, const struct bucket *bucket, const struct value *policy,
                       struct str *ret_acl)
{
    *ret_acl = STR_NONE;
    if (is_owners_only(policy, canonical_id(c, account_of(c, bucket)))) {
        return OK;
    }
    if (bucket != NULL && acl_is_enforced(bucket)) {
        return fail_s3(c, &S3_ACL_NOT_SUPPORTED);
    }
    if (bucket != NULL && acl_is_public(policy) && public_access_blocked(bucket, BLOCK_ACLS)) {
        return fail(c, &S3_ACCESS_DENIED,
                    "Access Denied because public access control lists (ACLs) are prevented by "
                    "the BlockPublicAcls setting in S3 Block Public Access.");
    }
    *ret_acl = text_of(c, policy);
    return OK;
}

/* The list a call asks for; *ret_given: it asks for one at all. */
static status acl_of_call(struct call *c, const struct bucket *bucket, bool object,
                          struct str *ret_acl, bool *ret_given)
{
    struct str name = arg_str_if(c, "ACL");
    const struct value *whole = arg_if(c, "AccessControlPolicy");
    struct list list = list_new(c, account_of(c, bucket));

    TRY(header_grants(c, list.grants));
    *ret_given = name.bytes > 0 || whole != NULL || list.grants->count > 0;
    *ret_acl = STR_NONE;
    if (name.bytes > 0 && list.grants->count > 0) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Specifying both Canned ACLs and Header Grants is not allowed");
    }
    if (whole != NULL && (name.bytes > 0 || list.grants->count > 0)) {
        return fail_s3(c, &S3_UNEXPECTED_CONTENT);
    }
    if (!*ret_given) {
        return OK;
    }
    if (name.bytes > 0) {
        TRY(canned_grants(c, &list, name, object));
    }
    if (whole != NULL) {
        TRY(whole_check(c, whole, list.owner));
    }
    return list_end(c, bucket, whole != NULL ? whole : list.policy, ret_acl);
}

status object_acl_of_call(struct call *c, const struct bucket *bucket, struct str *ret_acl)
{
    bool given;

    return acl_of_call(c, bucket, true, ret_acl, &given);
}

/* Of a bucket to be made. */
status bucket_acl_of_call(struct call *c, struct str *ret_acl)
{
    struct str ownership = arg_str_if(c, "ObjectOwnership");
    bool given;

    if (ownership.bytes > 0 && !str_eq(ownership, STR("BucketOwnerEnforced")) &&
        !str_eq(ownership, STR("BucketOwnerPreferred")) &&
        !str_eq(ownership, STR("ObjectWriter"))) {
        return fail_argument(c, "x-amz-object-ownership", ownership,
                             "Invalid x-amz-object-ownership header: %.*s",
                             STR_ARG(str_slice(ownership, 0, 64)));
    }
    TRY(acl_of_call(c, NULL, false, ret_acl, &given));
    if (ret_acl->at == NULL) {
        return OK;
    }
    if (ownership.bytes == 0 || str_eq(ownership, STR("BucketOwnerEnforced"))) {
        return fail_s3(c, &S3_ACL_WITH_OWNERSHIP);
    }
    if (acl_is_public(acl_read(c, *ret_acl))) { /* a new bucket blocks public lists */
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    return OK;
}

/* As S3 does since 2023: the bucket's owner owns everything in it, and nothing is public. */
void bucket_settings_of_create(struct call *c, struct bucket *bucket)
{
    struct str ownership = arg_str_if(c, "ObjectOwnership");

    if (ownership.bytes == 0) {
        ownership = STR("BucketOwnerEnforced");
    }
    struct value *controls = value_struct(c->arena, setting_shape(SETTING_OWNERSHIP));
    struct value *block = value_struct(c->arena, setting_shape(SETTING_PUBLIC_ACCESS));

    set_str(list_add(c->arena, set_list(c->arena, controls, "Rules", 1)), "ObjectOwnership",
            ownership);
    bucket_set_value(c, bucket, SETTING_OWNERSHIP, STR_NONE, controls);
    set_bool(block, "BlockPublicAcls", true);
    set_bool(block, "IgnorePublicAcls", true);
    set_bool(block, "BlockPublicPolicy", true);
    set_bool(block, "RestrictPublicBuckets", true);
    bucket_set_value(c, bucket, SETTING_PUBLIC_ACCESS, STR_NONE, block);
}

/* ---- the operations ---- */

static void put_acl(struct call *c, const struct bucket *bucket, const struct value *policy)
{
    put_owner(put_struct(c, "Owner"), bucket);
    if (policy != NULL && !acl_is_enforced(bucket)) {
        set_value(c->out, "Grants", get(policy, "Grants"));
    } else {
        grant(c, put_list(c, "Grants", 1), canonical_id(c, bucket->account), "FULL_CONTROL");
    }
}

/* GetBucketAcl */
status s3_get_bucket_acl(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    put_acl(c, bucket, setting_value(bucket, SETTING_ACL));
    return OK;
}

static status fail_no_acl(struct call *c)
{
    return fail_with(c, &S3_MISSING_HEADER, "MissingHeaderName", STR("x-amz-acl"));
}

/* PutBucketAcl */
status s3_put_bucket_acl(struct call *c)
{
    struct bucket *bucket;
    struct str text;
    bool given;

    TRY(bucket_of_call(c, &bucket));
    TRY(acl_of_call(c, bucket, false, &text, &given));
    if (!given) {
        return fail_no_acl(c);
    }
    bucket_set_setting(c, bucket, SETTING_ACL, STR_NONE, text);
    call_on(c, bucket_arn(c->arena, bucket->name));
    return OK;
}

/* GetObjectAcl */
status s3_get_object_acl(struct call *c)
{
    struct object object;
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_of_call(c, bucket, &object));
    put_acl(c, bucket, acl_read(c, object.acl));
    return OK;
}

/* PutObjectAcl */
status s3_put_object_acl(struct call *c)
{
    struct object object;
    struct bucket *bucket;
    struct str text;
    bool given;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_of_call(c, bucket, &object));
    TRY(acl_of_call(c, bucket, true, &text, &given));
    if (!given) {
        return fail_no_acl(c);
    }
    call_on(c, object_arn(c->arena, bucket->name, object.key));
    if (str_eq(object.acl, text)) {
        return OK;
    }
    object.acl = text;
    object_save(c, &object);
    object_told(c, &object, "ObjectAcl:Put");
    return OK;
}
