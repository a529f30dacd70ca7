/* SPDX-License-Identifier: Apache-2.0
 *
 * Access control lists: canned ones, grants in headers, and whole lists; kept as the JSON of an
 * AccessControlPolicy, none where only the owner has anything. Source: "Access control list (ACL)
 * overview", AWS documentation.
 *
 * Who may do what by a list is decided when IAM is there, but for one thing: what everybody may
 * read can be read without a signature.
 */
#include "svc/s3/s3_settings_ops.h"
#include "wire/json.h"

#include <string.h>

#define GRANTS_MAX 100
#define ACL_BYTES_MAX (64u * 1024)
#define GROUPS "http://acs.amazonaws.com/groups/"
#define ALL_USERS GROUPS "global/AllUsers"
#define SIGNED_USERS GROUPS "global/AuthenticatedUsers"
#define LOG_DELIVERY GROUPS "s3/LogDelivery"

/* What a canned list grants beside everything to the owner. */
static const struct {
    const char *name;
    const char *group[2];       /* whom; NULL: nobody more */
    const char *permission[2];  /* what */
} canned[] = {
    {"private", {NULL, NULL}, {NULL, NULL}},
    {"public-read", {ALL_USERS, NULL}, {"READ", NULL}},
    {"public-read-write", {ALL_USERS, ALL_USERS}, {"READ", "WRITE"}},
    {"authenticated-read", {SIGNED_USERS, NULL}, {"READ", NULL}},
    {"log-delivery-write", {LOG_DELIVERY, LOG_DELIVERY}, {"WRITE", "READ_ACP"}},
    {"bucket-owner-read", {NULL, NULL}, {NULL, NULL}},
    {"bucket-owner-full-control", {NULL, NULL}, {NULL, NULL}},
    {"aws-exec-read", {NULL, NULL}, {NULL, NULL}},
};

static struct str owner_of(struct call *c)
{
    char *id = arena_alloc(c->arena, OWNER_ID_BYTES);

    owner_id_of(c->account, id);
    return str_of(id, OWNER_ID_BYTES);
}

static struct value *list_new(struct call *c, struct value **ret_grants)
{
    struct value *list = value_struct(c->arena, s3_shape("PutBucketAcl", "AccessControlPolicy"));
    struct value *owner = set_struct(c->arena, list, "Owner");

    set_str(owner, "ID", owner_of(c));
    *ret_grants = set_list(c->arena, list, "Grants", GRANTS_MAX);
    return list;
}

static void grant_user(struct call *c, struct value *grants, struct str id, const char *permission)
{
    struct value *grant = list_add(c->arena, grants);
    struct value *grantee = set_struct(c->arena, grant, "Grantee");

    set_str(grantee, "ID", id);
    set_str(grantee, "Type", STR("CanonicalUser"));
    set_str(grant, "Permission", str_c(permission));
}

static void grant_group(struct call *c, struct value *grants, struct str uri,
                        const char *permission)
{
    struct value *grant = list_add(c->arena, grants);
    struct value *grantee = set_struct(c->arena, grant, "Grantee");

    set_str(grantee, "URI", uri);
    set_str(grantee, "Type", STR("Group"));
    set_str(grant, "Permission", str_c(permission));
}

static struct str list_text(struct call *c, const struct value *list)
{
    struct buf text;
    struct str kept;

    buf_init(&text, ACL_BYTES_MAX);
    json_write(&text, list, TIME_ISO);
    kept = buf_spent(&text) ? STR_NONE : arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return kept;
}

/* ---- what a call asks for ---- */

static status canned_read(struct call *c, struct str name, struct str *ret_text)
{
    for (size_t i = 0; i < sizeof(canned) / sizeof(canned[0]); i++) {
        struct value *grants;
        struct value *list;

        if (!str_eq(name, str_c(canned[i].name))) {
            continue;
        }
        list = list_new(c, &grants);
        grant_user(c, grants, owner_of(c), "FULL_CONTROL");
        for (size_t k = 0; k < 2 && canned[i].group[k] != NULL; k++) {
            grant_group(c, grants, str_c(canned[i].group[k]), canned[i].permission[k]);
        }
        *ret_text = grants->count > 1 ? list_text(c, list) : STR_NONE;
        return OK;
    }
    return fail(c, &S3_INVALID_ARGUMENT, "The canned ACL %.*s is not known",
                STR_ARG(str_slice(name, 0, 64)));
}

/* id="…", uri="…": one of a header's grantees. */
static status grantee_read(struct call *c, struct str text, struct value *grants,
                           const char *permission)
{
    size_t equals = str_find(text, '=', 0);
    struct str kind = str_trim(str_slice(text, 0, equals));
    struct str whom = str_trim(str_slice(text, equals + 1, text.bytes));

    if (whom.bytes >= 2 && whom.at[0] == '"' && whom.at[whom.bytes - 1] == '"') {
        whom = str_slice(whom, 1, whom.bytes - 1);
    }
    if (grants->count == GRANTS_MAX || whom.bytes == 0) {
        return fail(c, &S3_INVALID_ARGUMENT, "Argument format not recognized");
    }
    if (str_eq_nocase(kind, STR("id"))) {
        grant_user(c, grants, whom, permission);
    } else if (str_eq_nocase(kind, STR("uri"))) {
        if (!str_starts(whom, STR(GROUPS))) {
            return fail(c, &S3_INVALID_ARGUMENT, "Invalid group uri");
        }
        grant_group(c, grants, whom, permission);
    } else {
        return fail(c, &S3_INVALID_ARGUMENT, "Argument format not recognized");
    }
    return OK;
}

static status grants_read(struct call *c, struct value *grants)
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
            TRY(grantee_read(c, str_split(&rest, ','), grants, headers[i].permission));
        }
    }
    return OK;
}

static bool is_owners_only(struct call *c, const struct value *grants)
{
    const struct value *grantee =
        grants != NULL && grants->count == 1 ? get(&grants->items[0], "Grantee") : NULL;

    return grantee != NULL && str_eq(get_str(grantee, "ID"), owner_of(c)) &&
           str_eq(get_str(&grants->items[0], "Permission"), STR("FULL_CONTROL"));
}

/* The list a call asks for; *ret_given: it asks for one at all. */
static status acl_read(struct call *c, struct str *ret_text, bool *ret_given)
{
    struct str name = arg_str_if(c, "ACL");
    const struct value *whole = arg_if(c, "AccessControlPolicy");
    struct value *grants;
    struct value *list = list_new(c, &grants);

    *ret_text = STR_NONE;
    TRY(grants_read(c, grants));
    *ret_given = name.bytes > 0 || whole != NULL || grants->count > 0;
    if ((name.bytes > 0) + (whole != NULL) + (grants->count > 0) > 1) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Specifying both Canned ACLs and Header Grants is not allowed");
    }
    if (name.bytes > 0) {
        return canned_read(c, name, ret_text);
    }
    if (whole != NULL) {
        if (get(whole, "Grants") != NULL && get(whole, "Grants")->count > GRANTS_MAX) {
            return fail(c, &S3_INVALID_ARGUMENT, "Too many grants");
        }
        *ret_text = is_owners_only(c, get(whole, "Grants")) ? STR_NONE : list_text(c, whole);
    } else if (grants->count > 0) {
        *ret_text = list_text(c, list);
    }
    return OK;
}

static bool is_enforced(struct call *c, const struct bucket *bucket)
{
    const struct setting *setting;
    const struct value *rules;
    size_t at = 0;

    setting = setting_next(bucket, SETTING_OWNERSHIP, &at);
    if (setting == NULL) {
        return false;
    }
    rules = get(bucket_value(c->arena, setting, s3_shape("PutBucketOwnershipControls",
                                                         "OwnershipControls")), "Rules");
    return rules != NULL && rules->count > 0 &&
           str_eq(get_str(&rules->items[0], "ObjectOwnership"), STR("BucketOwnerEnforced"));
}

status object_acl_of_call(struct call *c, const struct bucket *bucket, struct str *ret_acl)
{
    bool given;

    TRY(acl_read(c, ret_acl, &given));
    if (ret_acl->at != NULL && is_enforced(c, bucket)) {
        return fail_s3(c, &S3_ACL_NOT_SUPPORTED);
    }
    return OK;
}

status bucket_acl_of_call(struct call *c, struct str *ret_acl)
{
    bool given;

    return acl_read(c, ret_acl, &given);
}

/* A new bucket's owner owns everything in it, unless the call says otherwise; an ACL that grants
 * more needs it to. */
void bucket_settings_of_create(struct call *c, struct bucket *bucket)
{
    struct str ownership = arg_str_if(c, "ObjectOwnership");
    struct str text = arena_printf(
        c->arena, "{\"Rules\":[{\"ObjectOwnership\":\"%.*s\"}]}",
        STR_ARG(ownership.bytes > 0 ? ownership : STR("BucketOwnerEnforced")));

    bucket_set_setting(c, bucket, SETTING_OWNERSHIP, STR(""), text);
}

/* ---- the operations ---- */

static void put_list_of(struct call *c, struct str text, struct str owner)
{
    const struct value *list = NULL;
    struct value read;
    struct why why;

    if (text.at != NULL &&
        json_read(arena_dup(c->arena, text), s3_shape("PutBucketAcl", "AccessControlPolicy"),
                  c->arena, &why, &read) == OK) {
        list = &read;
    }
    set_str(put_struct(c, "Owner"), "ID", owner);
    if (list != NULL && has(list, "Grants")) {
        set_value(c->out, "Grants", get(list, "Grants"));
    } else {
        grant_user(c, put_list(c, "Grants", 1), owner, "FULL_CONTROL");
    }
}

static struct str bucket_owner(struct call *c, const struct bucket *bucket)
{
    char *id = arena_alloc(c->arena, OWNER_ID_BYTES);

    owner_id_of(bucket->account, id);
    return str_of(id, OWNER_ID_BYTES);
}

/* GetBucketAcl */
status s3_get_bucket_acl(struct call *c)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    put_list_of(c, bucket_setting(bucket, SETTING_ACL, STR("")), bucket_owner(c, bucket));
    return OK;
}

/* PutBucketAcl */
status s3_put_bucket_acl(struct call *c)
{
    struct bucket *bucket;
    struct str text;
    bool given;

    TRY(bucket_of_call(c, &bucket));
    TRY(acl_read(c, &text, &given));
    if (!given) {
        return fail(c, &S3_INVALID_REQUEST, "Your request was missing a required header");
    }
    if (is_enforced(c, bucket) && text.at != NULL) {
        return fail_s3(c, &S3_ACL_NOT_SUPPORTED);
    }
    bucket_set_setting(c, bucket, SETTING_ACL, STR(""), text);
    call_on(c, bucket_arn(c->arena, bucket->name));
    return OK;
}

static status object_of_call(struct call *c, struct object *ret_object)
{
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_find(c, bucket, arg_str(c, "Key"), arg_str(c, "VersionId"), ret_object));
    if (ret_object->delete_marker) {
        return fail_s3(c, &S3_METHOD_NOT_ALLOWED);
    }
    return OK;
}

/* GetObjectAcl */
status s3_get_object_acl(struct call *c)
{
    struct object object;

    TRY(object_of_call(c, &object));
    put_list_of(c, object.acl, bucket_owner(c, object.bucket));
    return OK;
}

/* PutObjectAcl */
status s3_put_object_acl(struct call *c)
{
    struct object object;
    struct str text;

    TRY(object_of_call(c, &object));
    TRY(object_acl_of_call(c, object.bucket, &text));
    object.acl = text;
    object_save(c, &object);
    struct object_change change = {
        .event = "ObjectAcl:Put",
        .bucket = object.bucket,
        .key = object.key,
        .etag = str_slice(object_etag(c->arena, &object), 1,
                          object_etag(c->arena, &object).bytes - 1),
        .size = object.size,
        .sequence = sequence_next(c),
        .object = &object,
    };

    object_changed(c, &change);
    call_on(c, object_arn(c->arena, object.bucket->name, object.key));
    return OK;
}

/* ---- what everybody may do ---- */

static bool grants_to_all(struct call *c, struct str text, const char *permission)
{
    const struct value *grants;
    struct value list;
    struct why why;

    if (text.at == NULL ||
        json_read(arena_dup(c->arena, text), s3_shape("PutBucketAcl", "AccessControlPolicy"),
                  c->arena, &why, &list) != OK) {
        return false;
    }
    grants = get(&list, "Grants");
    for (uint32_t i = 0; grants != NULL && i < grants->count; i++) {
        const struct value *grantee = get(&grants->items[i], "Grantee");

        if (grantee != NULL && str_eq(get_str(grantee, "URI"), STR(ALL_USERS)) &&
            (str_eq(get_str(&grants->items[i], "Permission"), str_c(permission)) ||
             str_eq(get_str(&grants->items[i], "Permission"), STR("FULL_CONTROL")))) {
            return true;
        }
    }
    return false;
}

bool access_granted(struct call *c, const struct bucket *bucket, const struct object *object,
                    const char *action)
{
    if (is_enforced(c, bucket)) {
        return false;
    }
    if (strcmp(action, "s3:GetObject") == 0) {
        return object != NULL && grants_to_all(c, object->acl, "READ");
    }
    if (strcmp(action, "s3:ListBucket") == 0) {
        return grants_to_all(c, bucket_setting(bucket, SETTING_ACL, STR("")), "READ");
    }
    if (strcmp(action, "s3:PutObject") == 0) {
        return grants_to_all(c, bucket_setting(bucket, SETTING_ACL, STR("")), "WRITE");
    }
    return false;
}
