/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies in templates: those that are somebody's own (Policy, RolePolicy, UserPolicy,
 * GroupPolicy), and managed ones.
 */
#include "svc/iam/cfn.h"

#define NAME_BYTES_MAX 128

static const struct value *list_of(const struct value *properties, const char *property)
{
    const struct value *list = properties == NULL ? NULL : doc_get(properties, property);

    return list != NULL && list->kind == VALUE_LIST ? list : NULL;
}

static bool lists(const struct resource *r, const struct value *list, struct str name)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(cfn_item(r, list, i), name)) {
            return true;
        }
    }
    return false;
}

/* ---- AWS::IAM::Policy ---- */

static const struct resource_property policy_properties[] = {
    {"Groups", "", RESOURCE_IN_PLACE, 0},
    {"PolicyDocument", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"PolicyName", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Roles", "", RESOURCE_IN_PLACE, 0},
    {"Users", "", RESOURCE_IN_PLACE, 0},
};
static const char *const id_only[] = {"Id", NULL};

static status policy_drop(struct resource *r, const struct cfn_kind *kind, struct str name,
                          struct str policy)
{
    return cfn_drop(r, kind->remove, RESOURCE_ARGS({kind->name, name}, {"PolicyName", policy}));
}

static status policy_check(struct resource *r)
{
    for (size_t i = 0; i < CFN_KINDS; i++) {
        const struct value *list = list_of(r->want, cfn_kinds[i].property);

        if (list != NULL && list->count > 0) {
            return OK;
        }
    }
    return resource_fail(r, &RESOURCE_INVALID,
                         "At least one of [Groups,Roles,Users] must be non-empty.");
}

/* Takes it from those that had names, where keep does not name them, too. */
static status policy_leave(struct resource *r, const struct value *had, const struct value *keep)
{
    struct str name = doc_text(r->c->arena, doc_get(had, "PolicyName"));

    for (size_t i = 0; i < CFN_KINDS; i++) {
        const struct value *list = list_of(had, cfn_kinds[i].property);
        const struct value *kept = list_of(keep, cfn_kinds[i].property);

        for (uint32_t j = 0; list != NULL && j < list->count; j++) {
            struct str who = cfn_item(r, list, j);

            if (!lists(r, kept, who)) {
                TRY(policy_drop(r, &cfn_kinds[i], who, name));
            }
        }
    }
    return OK;
}

static status policy_put(struct resource *r)
{
    struct str name = resource_str(r, "PolicyName");
    struct str document = resource_policy(r, "PolicyDocument");

    for (size_t i = 0; i < CFN_KINDS; i++) {
        const struct value *list = list_of(r->want, cfn_kinds[i].property);

        for (uint32_t j = 0; list != NULL && j < list->count; j++) {
            TRY(cfn_put(r, &cfn_kinds[i], cfn_item(r, list, j), name, document));
        }
    }
    return OK;
}

static status policy_make(struct resource *r)
{
    TRY(policy_check(r));
    r->id = resource_name(r, "", NAME_BYTES_MAX, false);
    return policy_put(r);
}

static status policy_change(struct resource *r)
{
    TRY(policy_check(r));
    TRY(policy_leave(r, r->had, resource_changed(r, "PolicyName") ? NULL : r->want));
    return policy_put(r);
}

static status policy_remove(struct resource *r)
{
    return policy_leave(r, r->want, NULL);
}

static status policy_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

/* Of those who are named, who has it. */
static status policy_now(struct resource *r, struct value *ret_properties)
{
    struct str name = resource_str(r, "PolicyName");
    struct value *found = NULL;
    struct inner inner;

    for (size_t i = 0; i < CFN_KINDS; i++) {
        const struct cfn_kind *kind = &cfn_kinds[i];
        const struct value *list = list_of(r->want, kind->property);

        if (list == NULL) {
            continue;
        }
        found = doc_put_list(r->c->arena, ret_properties, kind->property);
        for (uint32_t j = 0; j < list->count; j++) {
            status read = resource_ask(
                r, kind->read,
                RESOURCE_ARGS({kind->name, cfn_item(r, list, j)}, {"PolicyName", name}), &inner);

            if (read == OK) {
                *doc_add(r->c->arena, found) = list->items[j];
                if (doc_get(ret_properties, "PolicyDocument") == NULL) {
                    cfn_put_document(r, ret_properties, "PolicyDocument",
                                     get_str(inner.out, "PolicyDocument"));
                }
            } else if (!resource_is_gone(read)) {
                return read;
            }
        }
    }
    doc_put_text(r->c->arena, ret_properties, "PolicyName", name);
    return doc_get(ret_properties, "PolicyDocument") == NULL ? &ERR_NOT_FOUND : OK;
}

const struct resource_type cfn_policy = {
    .name = "AWS::IAM::Policy",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(policy_properties),
    .attributes = id_only,
    .make = policy_make,
    .change = policy_change,
    .remove = policy_remove,
    .tell = policy_tell,
    .now = policy_now,
};

/* ---- AWS::IAM::RolePolicy, UserPolicy, GroupPolicy ---- */

static const struct cfn_kind *kind_of(const struct resource *r)
{
    return r->type == &cfn_role_policy   ? CFN_ROLE
           : r->type == &cfn_user_policy ? CFN_USER
                                         : CFN_GROUP;
}

static status own_change(struct resource *r)
{
    const struct cfn_kind *kind = kind_of(r);

    return cfn_put(r, kind, resource_str(r, kind->name), resource_str(r, "PolicyName"),
                   resource_policy(r, "PolicyDocument"));
}

static status own_make(struct resource *r)
{
    TRY(own_change(r));
    r->id = arena_printf(r->c->arena, "%.*s|%.*s", STR_ARG(resource_str(r, "PolicyName")),
                         STR_ARG(resource_str(r, kind_of(r)->name)));
    return OK;
}

static status own_remove(struct resource *r)
{
    const struct cfn_kind *kind = kind_of(r);
    struct inner inner;

    return resource_ask(r, kind->remove,
                        RESOURCE_ARGS({kind->name, resource_str(r, kind->name)},
                                      {"PolicyName", resource_str(r, "PolicyName")}),
                        &inner);
}

static status own_now(struct resource *r, struct value *ret_properties)
{
    const struct cfn_kind *kind = kind_of(r);
    struct str name = resource_str(r, "PolicyName");
    struct str who = resource_str(r, kind->name);
    struct inner inner;

    TRY(resource_ask(r, kind->read, RESOURCE_ARGS({kind->name, who}, {"PolicyName", name}),
                     &inner));
    doc_put_text(r->c->arena, ret_properties, "PolicyName", name);
    doc_put_text(r->c->arena, ret_properties, kind->name, who);
    cfn_put_document(r, ret_properties, "PolicyDocument", get_str(inner.out, "PolicyDocument"));
    return OK;
}

static const struct resource_property role_policy_properties[] = {
    {"PolicyDocument", "", RESOURCE_IN_PLACE, 0},
    {"PolicyName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RoleName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const struct resource_property user_policy_properties[] = {
    {"PolicyDocument", "", RESOURCE_IN_PLACE, 0},
    {"PolicyName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"UserName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const struct resource_property group_policy_properties[] = {
    {"GroupName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"PolicyDocument", "", RESOURCE_IN_PLACE, 0},
    {"PolicyName", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

const struct resource_type cfn_role_policy = {
    .name = "AWS::IAM::RolePolicy",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(role_policy_properties),
    .make = own_make,
    .change = own_change,
    .remove = own_remove,
    .now = own_now,
};
const struct resource_type cfn_user_policy = {
    .name = "AWS::IAM::UserPolicy",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(user_policy_properties),
    .make = own_make,
    .change = own_change,
    .remove = own_remove,
    .now = own_now,
};
const struct resource_type cfn_group_policy = {
    .name = "AWS::IAM::GroupPolicy",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(group_policy_properties),
    .make = own_make,
    .change = own_change,
    .remove = own_remove,
    .now = own_now,
};

/* ---- AWS::IAM::ManagedPolicy ---- */

static const struct resource_property managed_properties[] = {
    {"Description", NULL, RESOURCE_REPLACES, 0},
    {"Groups", "", RESOURCE_IN_PLACE, 0},
    {"ManagedPolicyName", "", RESOURCE_REPLACES, 0},
    {"Path", NULL, RESOURCE_REPLACES, 0},
    {"PolicyDocument", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Roles", "", RESOURCE_IN_PLACE, 0},
    {"Users", "", RESOURCE_IN_PLACE, 0},
};
static const char *const managed_attributes[] = {
    "AttachmentCount", "CreateDate", "DefaultVersionId", "IsAttachable",
    "PermissionsBoundaryUsageCount", "PolicyArn", "PolicyId", "UpdateDate", NULL};

static status managed_attach(struct resource *r)
{
    for (size_t i = 0; i < CFN_KINDS; i++) {
        struct value *gone;
        struct value *more;

        resource_list_changed(r, cfn_kinds[i].property, &gone, &more);
        for (uint32_t j = 0; j < gone->count; j++) {
            TRY(cfn_detach(r, &cfn_kinds[i], cfn_item(r, gone, j), r->id));
        }
        for (uint32_t j = 0; j < more->count; j++) {
            TRY(cfn_attach(r, &cfn_kinds[i], cfn_item(r, more, j), r->id));
        }
    }
    return OK;
}

static status managed_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreatePolicy", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "PolicyName",
            resource_name(r, "ManagedPolicyName", NAME_BYTES_MAX, false));
    TRY(resource_run(r, &inner));
    r->id = get_str(get(inner.out, "Policy"), "Arn");
    return managed_attach(r);
}

static status versions_read(struct resource *r, const struct value **ret_versions)
{
    struct inner inner;

    TRY(resource_ask(r, "ListPolicyVersions", RESOURCE_ARGS({"PolicyArn", r->id}), &inner));
    *ret_versions = get(inner.out, "Versions");
    return OK;
}

/* Newest first; all but the default version, or (room) the oldest of five of them. */
static status versions_drop(struct resource *r, bool all)
{
    const struct value *versions = NULL;
    struct inner inner;

    TRY(versions_read(r, &versions));
    for (uint32_t i = versions == NULL ? 0 : versions->count; i > 0; i--) {
        const struct value *version = &versions->items[i - 1];

        if (get_bool(version, "IsDefaultVersion", false) || (!all && versions->count < 5)) {
            continue;
        }
        TRY(resource_ask(r, "DeletePolicyVersion",
                         RESOURCE_ARGS({"PolicyArn", r->id},
                                       {"VersionId", get_str(version, "VersionId")}),
                         &inner));
        if (!all) {
            return OK;
        }
    }
    return OK;
}

static status managed_change(struct resource *r)
{
    struct inner inner;

    if (resource_changed(r, "PolicyDocument")) {
        TRY(versions_drop(r, false));
        TRY(resource_begin(r, "CreatePolicyVersion", &inner));
        set_str(inner.in, "PolicyArn", r->id);
        set_str(inner.in, "PolicyDocument", resource_policy(r, "PolicyDocument"));
        set_bool(inner.in, "SetAsDefault", true);
        TRY(resource_run(r, &inner));
    }
    return managed_attach(r);
}

static status managed_remove(struct resource *r)
{
    for (size_t i = 0; i < CFN_KINDS; i++) {
        const struct value *list = list_of(r->want, cfn_kinds[i].property);

        for (uint32_t j = 0; list != NULL && j < list->count; j++) {
            TRY(cfn_detach(r, &cfn_kinds[i], cfn_item(r, list, j), r->id));
        }
    }
    TRY(versions_drop(r, true));
    return resource_remove_by(r, "DeletePolicy", "PolicyArn");
}

static status managed_tell(struct resource *r)
{
    const struct value *told;
    struct inner inner;

    TRY(resource_ask(r, "GetPolicy", RESOURCE_ARGS({"PolicyArn", r->id}), &inner));
    told = resource_document(r->c->arena, get(inner.out, "Policy"));
    for (const char *const *name = managed_attributes; *name != NULL; name++) {
        const struct value *value = doc_get(told, *name);

        if (value != NULL) {
            resource_attribute_of(r, *name, value);
        }
    }
    resource_attribute(r, "PolicyArn", r->id);
    return OK;
}

/* Those who have it, by kind. */
static status managed_who(struct resource *r, struct value *ret_properties)
{
    static const char *const members[CFN_KINDS] = {"PolicyRoles", "PolicyUsers", "PolicyGroups"};
    struct inner inner;

    TRY(resource_ask(r, "ListEntitiesForPolicy", RESOURCE_ARGS({"PolicyArn", r->id}), &inner));
    for (size_t i = 0; i < CFN_KINDS; i++) {
        const struct value *who = get(inner.out, members[i]);
        struct value *list = doc_put_list(r->c->arena, ret_properties, cfn_kinds[i].property);

        for (uint32_t j = 0; who != NULL && j < who->count; j++) {
            *doc_add(r->c->arena, list) = (struct value){
                .kind = VALUE_STR, .str = get_str(&who->items[j], cfn_kinds[i].name)};
        }
    }
    return OK;
}

static status managed_now(struct resource *r, struct value *ret_properties)
{
    const struct value *policy;
    struct str version;
    struct inner inner;

    TRY(resource_ask(r, "GetPolicy", RESOURCE_ARGS({"PolicyArn", r->id}), &inner));
    policy = get(inner.out, "Policy");
    version = get_str(policy, "DefaultVersionId");
    resource_now_of(r, policy, ret_properties);
    doc_put_text(r->c->arena, ret_properties, "ManagedPolicyName", get_str(policy, "PolicyName"));
    TRY(resource_ask(r, "GetPolicyVersion",
                     RESOURCE_ARGS({"PolicyArn", r->id}, {"VersionId", version}), &inner));
    cfn_put_document(r, ret_properties, "PolicyDocument",
                     get_str(get(inner.out, "PolicyVersion"), "Document"));
    return managed_who(r, ret_properties);
}

const struct resource_type cfn_managed_policy = {
    .name = "AWS::IAM::ManagedPolicy",
    .service = "iam",
    RESOURCE_TYPE_PROPERTIES(managed_properties),
    .attributes = managed_attributes,
    .make = managed_make,
    .change = managed_change,
    .remove = managed_remove,
    .tell = managed_tell,
    .now = managed_now,
};
