/* SPDX-License-Identifier: Apache-2.0
 *
 * Users, groups, access keys and who is in which group, in templates.
 */
#include "svc/iam/cfn.h"

#define USER_NAME_BYTES_MAX 64
#define GROUP_NAME_BYTES_MAX 128

/* ---- AWS::IAM::User ---- */

static const struct resource_property user_properties[] = {
    {"Groups", "", RESOURCE_IN_PLACE, 0},
    {"LoginProfile", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"ManagedPolicyArns", "", RESOURCE_IN_PLACE, 0},
    {"Path", NULL, RESOURCE_IN_PLACE, 0},
    {"PermissionsBoundary", NULL, RESOURCE_IN_PLACE, 0},
    {"Policies", "", RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"UserName", NULL, RESOURCE_REPLACES, 0},
};
static const char *const arn_only[] = {"Arn", NULL};
static const struct resource_tagging user_tagging = {"TagUser", "UntagUser", "UserName", "Tags",
                                                     "TagKeys"};

static status join(struct resource *r, struct str user, struct str group)
{
    struct inner inner;

    return resource_ask(r, "AddUserToGroup",
                        RESOURCE_ARGS({"UserName", user}, {"GroupName", group}), &inner);
}

static status leave(struct resource *r, struct str user, struct str group)
{
    return cfn_drop(r, "RemoveUserFromGroup",
                    RESOURCE_ARGS({"UserName", user}, {"GroupName", group}));
}

static status groups_change(struct resource *r)
{
    struct value *gone;
    struct value *more;

    resource_list_changed(r, "Groups", &gone, &more);
    for (uint32_t i = 0; i < gone->count; i++) {
        TRY(leave(r, r->id, cfn_item(r, gone, i)));
    }
    for (uint32_t i = 0; i < more->count; i++) {
        TRY(join(r, r->id, cfn_item(r, more, i)));
    }
    return OK;
}

static status login_change(struct resource *r)
{
    const struct value *login = resource_get(r, "LoginProfile");
    bool had = r->had != NULL && doc_get(r->had, "LoginProfile") != NULL;
    struct inner inner;

    if (!resource_changed(r, "LoginProfile")) {
        return OK;
    }
    if (login == NULL) {
        return cfn_drop(r, "DeleteLoginProfile", RESOURCE_ARGS({"UserName", r->id}));
    }
    TRY(resource_begin(r, had ? "UpdateLoginProfile" : "CreateLoginProfile", &inner));
    set_str(inner.in, "UserName", r->id);
    TRY(resource_set(r, &inner, "Password", doc_get(login, "Password")));
    TRY(resource_set(r, &inner, "PasswordResetRequired", doc_get(login, "PasswordResetRequired")));
    return resource_run(r, &inner);
}

static status user_make(struct resource *r)
{
    struct str name = resource_name(r, "UserName", USER_NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateUser", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "UserName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    TRY(groups_change(r));
    TRY(login_change(r));
    return cfn_policies_change(r, CFN_USER);
}

/* A path in place, of users and groups. */
static status path_change(struct resource *r, const char *operation, const char *member)
{
    struct str path = resource_str(r, "Path");
    struct inner inner;

    if (!resource_changed(r, "Path")) {
        return OK;
    }
    return resource_ask(
        r, operation,
        RESOURCE_ARGS({member, r->id}, {"NewPath", path.at == NULL ? STR("/") : path}), &inner);
}

static status user_change(struct resource *r)
{
    TRY(path_change(r, "UpdateUser", "UserName"));
    TRY(groups_change(r));
    TRY(login_change(r));
    TRY(cfn_boundary_change(r, CFN_USER));
    TRY(cfn_policies_change(r, CFN_USER));
    return resource_tag_by(r, "Tags", &user_tagging, r->id);
}

static status user_remove(struct resource *r)
{
    const struct value *groups = resource_get(r, "Groups");

    for (uint32_t i = 0; groups != NULL && groups->kind == VALUE_LIST && i < groups->count; i++) {
        TRY(leave(r, r->id, cfn_item(r, groups, i)));
    }
    if (resource_get(r, "LoginProfile") != NULL) {
        TRY(cfn_drop(r, "DeleteLoginProfile", RESOURCE_ARGS({"UserName", r->id})));
    }
    TRY(cfn_policies_remove(r, CFN_USER));
    return resource_remove_by(r, "DeleteUser", "UserName");
}

static status user_read(struct resource *r, const struct value **ret_user)
{
    struct inner inner;

    TRY(resource_ask(r, "GetUser", RESOURCE_ARGS({"UserName", r->id}), &inner));
    *ret_user = get(inner.out, "User");
    return OK;
}

static status user_tell(struct resource *r)
{
    const struct value *user = NULL;

    TRY(user_read(r, &user));
    resource_attribute(r, "Arn", get_str(user, "Arn"));
    return OK;
}

static status user_now(struct resource *r, struct value *ret_properties)
{
    const struct value *user = NULL;
    const struct value *boundary;
    const struct value *groups;
    struct value *list;
    struct inner inner;

    TRY(user_read(r, &user));
    doc_put_text(r->c->arena, ret_properties, "Path", get_str(user, "Path"));
    doc_put_text(r->c->arena, ret_properties, "UserName", r->id);
    boundary = get(user, "PermissionsBoundary");
    if (boundary != NULL) {
        doc_put_text(r->c->arena, ret_properties, "PermissionsBoundary",
                     get_str(boundary, "PermissionsBoundaryArn"));
    }
    resource_now_tags(r, ret_properties, "Tags", get(user, "Tags"));
    TRY(resource_ask(r, "ListGroupsForUser", RESOURCE_ARGS({"UserName", r->id}), &inner));
    groups = get(inner.out, "Groups");
    list = doc_put_list(r->c->arena, ret_properties, "Groups");
    for (uint32_t i = 0; groups != NULL && i < groups->count; i++) {
        *doc_add(r->c->arena, list) = (struct value){
            .kind = VALUE_STR, .str = get_str(&groups->items[i], "GroupName")};
    }
    return cfn_policies_now(r, CFN_USER, ret_properties);
}

const struct resource_type cfn_user = {
    .name = "AWS::IAM::User",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(user_properties),
    .attributes = arn_only,
    .make = user_make,
    .change = user_change,
    .remove = user_remove,
    .tell = user_tell,
    .now = user_now,
};

/* ---- AWS::IAM::Group ---- */

static const struct resource_property group_properties[] = {
    {"GroupName", NULL, RESOURCE_REPLACES, 0},
    {"ManagedPolicyArns", "", RESOURCE_IN_PLACE, 0},
    {"Path", NULL, RESOURCE_IN_PLACE, 0},
    {"Policies", "", RESOURCE_IN_PLACE, 0},
};

static status group_make(struct resource *r)
{
    struct str name = resource_name(r, "GroupName", GROUP_NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_ask(r, "CreateGroup",
                     RESOURCE_ARGS({"GroupName", name}, {"Path", resource_str(r, "Path")}),
                     &inner));
    r->id = name;
    return cfn_policies_change(r, CFN_GROUP);
}

static status group_change(struct resource *r)
{
    TRY(path_change(r, "UpdateGroup", "GroupName"));
    return cfn_policies_change(r, CFN_GROUP);
}

static status group_remove(struct resource *r)
{
    TRY(cfn_policies_remove(r, CFN_GROUP));
    return resource_remove_by(r, "DeleteGroup", "GroupName");
}

static status group_read(struct resource *r, const struct value **ret_group)
{
    struct inner inner;

    TRY(resource_ask(r, "GetGroup", RESOURCE_ARGS({"GroupName", r->id}), &inner));
    *ret_group = get(inner.out, "Group");
    return OK;
}

static status group_tell(struct resource *r)
{
    const struct value *group = NULL;

    TRY(group_read(r, &group));
    resource_attribute(r, "Arn", get_str(group, "Arn"));
    return OK;
}

static status group_now(struct resource *r, struct value *ret_properties)
{
    const struct value *group = NULL;

    TRY(group_read(r, &group));
    doc_put_text(r->c->arena, ret_properties, "GroupName", r->id);
    doc_put_text(r->c->arena, ret_properties, "Path", get_str(group, "Path"));
    return cfn_policies_now(r, CFN_GROUP, ret_properties);
}

const struct resource_type cfn_group = {
    .name = "AWS::IAM::Group",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(group_properties),
    .attributes = arn_only,
    .make = group_make,
    .change = group_change,
    .remove = group_remove,
    .tell = group_tell,
    .now = group_now,
};

/* ---- AWS::IAM::AccessKey ---- */

static const struct resource_property key_properties[] = {
    {"Serial", "", RESOURCE_REPLACES, 0},
    {"Status", "", RESOURCE_IN_PLACE, 0},
    {"UserName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const key_attributes[] = {"SecretAccessKey", NULL};

static status key_change(struct resource *r)
{
    struct str state = resource_str(r, "Status");
    struct inner inner;

    if (state.at == NULL && r->had == NULL) {
        return OK;
    }
    return resource_ask(r, "UpdateAccessKey",
                        RESOURCE_ARGS({"UserName", resource_str(r, "UserName")},
                                      {"AccessKeyId", r->id},
                                      {"Status", state.at == NULL ? STR("Active") : state}),
                        &inner);
}

static status key_make(struct resource *r)
{
    struct inner inner;
    const struct value *key;

    TRY(resource_ask(r, "CreateAccessKey",
                     RESOURCE_ARGS({"UserName", resource_str(r, "UserName")}), &inner));
    key = get(inner.out, "AccessKey");
    r->id = get_str(key, "AccessKeyId");
    /* shown once: it is kept with the resource, as Fn::GetAtt asks for it as long as it lives */
    resource_attribute(r, "SecretAccessKey", get_str(key, "SecretAccessKey"));
    return key_change(r);
}

static status key_remove(struct resource *r)
{
    struct inner inner;

    return resource_ask(
        r, "DeleteAccessKey",
        RESOURCE_ARGS({"UserName", resource_str(r, "UserName")}, {"AccessKeyId", r->id}), &inner);
}

static status key_now(struct resource *r, struct value *ret_properties)
{
    const struct value *keys;
    struct inner inner;

    TRY(resource_ask(r, "ListAccessKeys",
                     RESOURCE_ARGS({"UserName", resource_str(r, "UserName")}), &inner));
    keys = get(inner.out, "AccessKeyMetadata");
    for (uint32_t i = 0; keys != NULL && i < keys->count; i++) {
        if (str_eq(get_str(&keys->items[i], "AccessKeyId"), r->id)) {
            resource_now_of(r, &keys->items[i], ret_properties);
            return OK;
        }
    }
    return &ERR_NOT_FOUND;
}

const struct resource_type cfn_access_key = {
    .name = "AWS::IAM::AccessKey",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(key_properties),
    .attributes = key_attributes,
    .make = key_make,
    .change = key_change,
    .remove = key_remove,
    .now = key_now,
};

/* ---- AWS::IAM::UserToGroupAddition ---- */

static const struct resource_property addition_properties[] = {
    {"GroupName", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Users", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const addition_attributes[] = {"Id", NULL};

/* Every user of that list, out of a group or into it. */
static status addition_each(struct resource *r, const struct value *users, struct str group,
                            bool in)
{
    for (uint32_t i = 0; users != NULL && users->kind == VALUE_LIST && i < users->count; i++) {
        struct str user = cfn_item(r, users, i);

        TRY(in ? join(r, user, group) : leave(r, user, group));
    }
    return OK;
}

static status addition_make(struct resource *r)
{
    TRY(addition_each(r, resource_get(r, "Users"), resource_str(r, "GroupName"), true));
    r->id = resource_name(r, "", GROUP_NAME_BYTES_MAX, false);
    return OK;
}

static status addition_change(struct resource *r)
{
    struct value *gone;
    struct value *more;

    if (resource_changed(r, "GroupName")) {
        struct str left = doc_text(r->c->arena, doc_get(r->had, "GroupName"));

        TRY(addition_each(r, doc_get(r->had, "Users"), left, false));
        return addition_each(r, resource_get(r, "Users"), resource_str(r, "GroupName"), true);
    }
    resource_list_changed(r, "Users", &gone, &more);
    TRY(addition_each(r, gone, resource_str(r, "GroupName"), false));
    return addition_each(r, more, resource_str(r, "GroupName"), true);
}

static status addition_remove(struct resource *r)
{
    return addition_each(r, resource_get(r, "Users"), resource_str(r, "GroupName"), false);
}

static status addition_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

const struct resource_type cfn_user_to_group = {
    .name = "AWS::IAM::UserToGroupAddition",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(addition_properties),
    .attributes = addition_attributes,
    .make = addition_make,
    .change = addition_change,
    .remove = addition_remove,
    .tell = addition_tell,
};
