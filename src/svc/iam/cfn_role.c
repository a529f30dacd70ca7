/* SPDX-License-Identifier: Apache-2.0
 *
 * Roles and instance profiles in templates.
 */
#include "svc/iam/cfn.h"

#define ROLE_NAME_BYTES_MAX 64
#define PROFILE_NAME_BYTES_MAX 128

/* ---- AWS::IAM::Role ---- */

static const struct resource_property role_properties[] = {
    {"AssumeRolePolicyDocument", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"ManagedPolicyArns", "", RESOURCE_IN_PLACE, 0},
    {"MaxSessionDuration", NULL, RESOURCE_IN_PLACE, 0},
    {"Path", NULL, RESOURCE_REPLACES, 0},
    {"PermissionsBoundary", NULL, RESOURCE_IN_PLACE, 0},
    {"Policies", "", RESOURCE_IN_PLACE, 0},
    {"RoleName", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const role_attributes[] = {"Arn", "RoleId", NULL};
static const struct resource_default role_defaults[] = {
    {"Description", ""}, {"MaxSessionDuration", "3600"}, {NULL, NULL}};
static const struct resource_tagging role_tagging = {"TagRole", "UntagRole", "RoleName", "Tags",
                                                     "TagKeys"};

static status role_make(struct resource *r)
{
    struct str name = resource_name(r, "RoleName", ROLE_NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateRole", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "RoleName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return cfn_policies_change(r, CFN_ROLE);
}

static status role_change(struct resource *r)
{
    struct inner inner;

    if (resource_changed(r, "AssumeRolePolicyDocument")) {
        TRY(resource_ask(
            r, "UpdateAssumeRolePolicy",
            RESOURCE_ARGS({"RoleName", r->id},
                          {"PolicyDocument", resource_policy(r, "AssumeRolePolicyDocument")}),
            &inner));
    }
    if (resource_any_changed(r, "Description MaxSessionDuration")) {
        TRY(resource_begin(r, "UpdateRole", &inner));
        TRY(resource_fill(r, &inner));
        TRY(resource_fill_back(r, &inner, role_defaults));
        set_str(inner.in, "RoleName", r->id);
        TRY(resource_run(r, &inner));
    }
    TRY(cfn_boundary_change(r, CFN_ROLE));
    TRY(cfn_policies_change(r, CFN_ROLE));
    return resource_tag_by(r, "Tags", &role_tagging, r->id);
}

static status role_remove(struct resource *r)
{
    TRY(cfn_policies_remove(r, CFN_ROLE));
    return resource_remove_by(r, "DeleteRole", "RoleName");
}

static status role_read(struct resource *r, const struct value **ret_role)
{
    struct inner inner;

    TRY(resource_ask(r, "GetRole", RESOURCE_ARGS({"RoleName", r->id}),
                     &inner));
    *ret_role = get(inner.out, "Role");
    return OK;
}

static status role_tell(struct resource *r)
{
    const struct value *role = NULL;

    TRY(role_read(r, &role));
    resource_attribute(r, "Arn", get_str(role, "Arn"));
    resource_attribute(r, "RoleId", get_str(role, "RoleId"));
    return OK;
}

static status role_now(struct resource *r, struct value *ret_properties)
{
    const struct value *role = NULL;
    const struct value *boundary;
    struct arena *arena = r->c->arena;

    TRY(role_read(r, &role));
    cfn_put_document(r, ret_properties, "AssumeRolePolicyDocument",
                     get_str(role, "AssumeRolePolicyDocument"));
    if (has(role, "Description")) {
        doc_put_text(arena, ret_properties, "Description", get_str(role, "Description"));
    }
    doc_put_int(arena, ret_properties, "MaxSessionDuration",
                get_int(role, "MaxSessionDuration", 3600));
    doc_put_text(arena, ret_properties, "Path", get_str(role, "Path"));
    doc_put_text(arena, ret_properties, "RoleName", get_str(role, "RoleName"));
    boundary = get(role, "PermissionsBoundary");
    if (boundary != NULL) {
        doc_put_text(arena, ret_properties, "PermissionsBoundary",
                     get_str(boundary, "PermissionsBoundaryArn"));
    }
    resource_now_tags(r, ret_properties, "Tags", get(role, "Tags"));
    return cfn_policies_now(r, CFN_ROLE, ret_properties);
}

const struct resource_type cfn_role = {
    .name = "AWS::IAM::Role",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(role_properties),
    .attributes = role_attributes,
    .make = role_make,
    .change = role_change,
    .remove = role_remove,
    .tell = role_tell,
    .now = role_now,
};

/* ---- AWS::IAM::ServiceLinkedRole ---- */

static const struct resource_property linked_properties[] = {
    {"AWSServiceName", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"CustomSuffix", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const linked_attributes[] = {"RoleName", NULL};

static status linked_make(struct resource *r)
{
    return resource_make_by(r, "CreateServiceLinkedRole", "Role.RoleName");
}

static status linked_change(struct resource *r)
{
    struct str description = resource_str(r, "Description");
    struct inner inner;

    return resource_ask(
        r, "UpdateRoleDescription",
        RESOURCE_ARGS({"RoleName", r->id},
                      {"Description", description.at == NULL ? STR("") : description}),
        &inner);
}

static status linked_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteServiceLinkedRole", "RoleName");
}

static status linked_tell(struct resource *r)
{
    resource_attribute(r, "RoleName", r->id);
    return OK;
}

static status linked_now(struct resource *r, struct value *ret_properties)
{
    const struct value *role = NULL;

    TRY(role_read(r, &role));
    if (has(role, "Description")) {
        doc_put_text(r->c->arena, ret_properties, "Description", get_str(role, "Description"));
    }
    return OK;
}

const struct resource_type cfn_linked_role = {
    .name = "AWS::IAM::ServiceLinkedRole",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(linked_properties),
    .attributes = linked_attributes,
    .make = linked_make,
    .change = linked_change,
    .remove = linked_remove,
    .tell = linked_tell,
    .now = linked_now,
};

/* ---- AWS::IAM::InstanceProfile ---- */

static const struct resource_property profile_properties[] = {
    {"InstanceProfileName", NULL, RESOURCE_REPLACES, 0},
    {"Path", NULL, RESOURCE_REPLACES, 0},
    {"Roles", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const profile_attributes[] = {"Arn", NULL};

static status profile_role(struct resource *r, const char *operation, struct str role)
{
    const struct resource_arg args[] = {
        {"InstanceProfileName", r->id}, {"RoleName", role}, {NULL, STR_NONE}};
    struct inner inner;

    if (strcmp(operation, "RemoveRoleFromInstanceProfile") == 0) {
        return cfn_drop(r, operation, args);
    }
    return resource_ask(r, operation, args, &inner);
}

/* One role at most, so the old one goes first. */
static status profile_change(struct resource *r)
{
    struct value *gone;
    struct value *more;

    resource_list_changed(r, "Roles", &gone, &more);
    for (uint32_t i = 0; i < gone->count; i++) {
        TRY(profile_role(r, "RemoveRoleFromInstanceProfile", cfn_item(r, gone, i)));
    }
    for (uint32_t i = 0; i < more->count; i++) {
        TRY(profile_role(r, "AddRoleToInstanceProfile", cfn_item(r, more, i)));
    }
    return OK;
}

static status profile_make(struct resource *r)
{
    struct str name = resource_name(r, "InstanceProfileName", PROFILE_NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_ask(r, "CreateInstanceProfile",
                     RESOURCE_ARGS({"InstanceProfileName", name},
                                   {"Path", resource_str(r, "Path")}),
                     &inner));
    r->id = name;
    return profile_change(r);
}

static status profile_remove(struct resource *r)
{
    const struct value *roles = resource_get(r, "Roles");

    for (uint32_t i = 0; roles != NULL && roles->kind == VALUE_LIST && i < roles->count; i++) {
        TRY(profile_role(r, "RemoveRoleFromInstanceProfile", cfn_item(r, roles, i)));
    }
    return resource_remove_by(r, "DeleteInstanceProfile", "InstanceProfileName");
}

static status profile_read(struct resource *r, const struct value **ret_profile)
{
    struct inner inner;

    TRY(resource_ask(
        r, "GetInstanceProfile",
        RESOURCE_ARGS({"InstanceProfileName", r->id}), &inner));
    *ret_profile = get(inner.out, "InstanceProfile");
    return OK;
}

static status profile_tell(struct resource *r)
{
    const struct value *profile = NULL;

    TRY(profile_read(r, &profile));
    resource_attribute(r, "Arn", get_str(profile, "Arn"));
    return OK;
}

static status profile_now(struct resource *r, struct value *ret_properties)
{
    const struct value *profile = NULL;
    const struct value *roles;
    struct value *list;

    TRY(profile_read(r, &profile));
    doc_put_text(r->c->arena, ret_properties, "InstanceProfileName", r->id);
    doc_put_text(r->c->arena, ret_properties, "Path", get_str(profile, "Path"));
    roles = get(profile, "Roles");
    list = doc_put_list(r->c->arena, ret_properties, "Roles");
    for (uint32_t i = 0; roles != NULL && i < roles->count; i++) {
        *doc_add(r->c->arena, list) = (struct value){
            .kind = VALUE_STR, .str = get_str(&roles->items[i], "RoleName")};
    }
    return OK;
}

const struct resource_type cfn_instance_profile = {
    .name = "AWS::IAM::InstanceProfile",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(profile_properties),
    .attributes = profile_attributes,
    .make = profile_make,
    .change = profile_change,
    .remove = profile_remove,
    .tell = profile_tell,
    .now = profile_now,
};
