/* SPDX-License-Identifier: Apache-2.0
 *
 * What IAM's resource types share: policies of roles, users and groups; and the list of types.
 */
#include "svc/iam/cfn.h"

#include "base/codec.h"

const struct cfn_kind cfn_kinds[CFN_KINDS] = {
    {"RoleName", "Roles", "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy",
     "DeleteRolePolicy", "GetRolePolicy", "ListRolePolicies", "ListAttachedRolePolicies",
     "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"},
    {"UserName", "Users", "AttachUserPolicy", "DetachUserPolicy", "PutUserPolicy",
     "DeleteUserPolicy", "GetUserPolicy", "ListUserPolicies", "ListAttachedUserPolicies",
     "PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"},
    {"GroupName", "Groups", "AttachGroupPolicy", "DetachGroupPolicy", "PutGroupPolicy",
     "DeleteGroupPolicy", "GetGroupPolicy", "ListGroupPolicies", "ListAttachedGroupPolicies",
     NULL, NULL},
};

const struct resource_type *const iam_types[IAM_TYPES] = {
    &cfn_access_key,     &cfn_group,         &cfn_group_policy,       &cfn_instance_profile,
    &cfn_managed_policy, &cfn_oidc_provider, &cfn_policy,             &cfn_role,
    &cfn_role_policy,    &cfn_saml_provider, &cfn_server_certificate, &cfn_linked_role,
    &cfn_user,           &cfn_user_policy,   &cfn_user_to_group,
};

struct str cfn_item(const struct resource *r, const struct value *list, uint32_t i)
{
    return doc_text(r->c->arena, &list->items[i]);
}

status cfn_drop(struct resource *r, const char *operation, const struct resource_arg *args)
{
    struct inner inner;
    status dropped = resource_ask(r, operation, args, &inner);

    return dropped != OK && resource_is_gone(dropped) ? OK : dropped;
}

/* ---- policies ---- */

status cfn_put(struct resource *r, const struct cfn_kind *kind, struct str name,
               struct str policy, struct str document)
{
    struct inner inner;

    return resource_ask(r, kind->put,
                        RESOURCE_ARGS({kind->name, name}, {"PolicyName", policy},
                                      {"PolicyDocument", document}),
                        &inner);
}

status cfn_attach(struct resource *r, const struct cfn_kind *kind, struct str name, struct str arn)
{
    struct inner inner;

    return resource_ask(
        r, kind->attach,
        RESOURCE_ARGS({kind->name, name}, {"PolicyArn", arn}),
        &inner);
}

status cfn_detach(struct resource *r, const struct cfn_kind *kind, struct str name, struct str arn)
{
    return cfn_drop(
        r, kind->detach,
        RESOURCE_ARGS({kind->name, name}, {"PolicyArn", arn}));
}

static status inline_drop(struct resource *r, const struct cfn_kind *kind, struct str policy)
{
    return cfn_drop(
        r, kind->remove,
        RESOURCE_ARGS({kind->name, r->id}, {"PolicyName", policy}));
}

/* The inline policy of that name. */
static const struct value *inline_of(const struct resource *r, const struct value *properties,
                                     struct str name)
{
    const struct value *list = properties == NULL ? NULL : doc_get(properties, "Policies");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (str_eq(doc_text(r->c->arena, doc_get(&list->items[i], "PolicyName")), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Those of had that want has not go. */
static status inline_leave(struct resource *r, const struct cfn_kind *kind,
                           const struct value *had, const struct value *want)
{
    const struct value *list = had == NULL ? NULL : doc_get(had, "Policies");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&list->items[i], "PolicyName"));

        if (name.at != NULL && inline_of(r, want, name) == NULL) {
            TRY(inline_drop(r, kind, name));
        }
    }
    return OK;
}

static status inline_change(struct resource *r, const struct cfn_kind *kind)
{
    const struct value *list = resource_get(r, "Policies");

    TRY(inline_leave(r, kind, r->had, r->want));
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        const struct value *policy = &list->items[i];
        const struct value *document = doc_get(policy, "PolicyDocument");
        struct str name = doc_text(r->c->arena, doc_get(policy, "PolicyName"));

        if (name.at == NULL || document == NULL) {
            return resource_fail(r, &RESOURCE_INVALID, "#/Policies/%u: required key [%s] not found",
                                 i, name.at == NULL ? "PolicyName" : "PolicyDocument");
        }
        if (!doc_same(policy, inline_of(r, r->had, name))) {
            TRY(cfn_put(r, kind, r->id, name,
                        document->kind == VALUE_STR ? document->str
                                                    : doc_json(r->c->arena, document)));
        }
    }
    return OK;
}

status cfn_policies_change(struct resource *r, const struct cfn_kind *kind)
{
    struct value *gone;
    struct value *more;

    resource_list_changed(r, "ManagedPolicyArns", &gone, &more);
    for (uint32_t i = 0; i < gone->count; i++) {
        TRY(cfn_detach(r, kind, r->id, cfn_item(r, gone, i)));
    }
    for (uint32_t i = 0; i < more->count; i++) {
        TRY(cfn_attach(r, kind, r->id, cfn_item(r, more, i)));
    }
    return inline_change(r, kind);
}

status cfn_boundary_change(struct resource *r, const struct cfn_kind *kind)
{
    struct str boundary = resource_str(r, "PermissionsBoundary");
    struct inner inner;

    if (!resource_changed(r, "PermissionsBoundary")) {
        return OK;
    }
    if (boundary.at == NULL) {
        return cfn_drop(r, kind->unbound,
                        RESOURCE_ARGS({kind->name, r->id}));
    }
    return resource_ask(r, kind->bound,
                        RESOURCE_ARGS({kind->name, r->id}, {"PermissionsBoundary", boundary}),
                        &inner);
}

status cfn_policies_remove(struct resource *r, const struct cfn_kind *kind)
{
    const struct value *arns = resource_get(r, "ManagedPolicyArns");

    for (uint32_t i = 0; arns != NULL && arns->kind == VALUE_LIST && i < arns->count; i++) {
        TRY(cfn_detach(r, kind, r->id, cfn_item(r, arns, i)));
    }
    return inline_leave(r, kind, r->want, NULL);
}

/* ---- drift ---- */

void cfn_put_document(struct resource *r, struct value *map, const char *key, struct str shown)
{
    struct str text = shown;

    if (shown.bytes > 0 && shown.at[0] == '%') {
        (void)percent_decode(r->c->arena, shown, false, &text);
    }
    *doc_put(r->c->arena, map, str_c(key)) = *resource_tree(r, text);
}

static void text_add(struct resource *r, struct value *list, struct str text)
{
    *doc_add(r->c->arena, list) = (struct value){.kind = VALUE_STR, .str = text};
}

static bool has_text(const struct resource *r, const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (str_eq(cfn_item(r, list, i), text)) {
            return true;
        }
    }
    return false;
}

/* In the template's order first, as their order says nothing. */
static status managed_now(struct resource *r, const struct cfn_kind *kind,
                          struct value *ret_properties)
{
    const struct value *want = resource_get(r, "ManagedPolicyArns");
    struct value *told = ARENA_NEW(r->c->arena, struct value);
    struct value *list = NULL;
    const struct value *attached;
    struct inner inner;

    told->kind = VALUE_LIST;
    TRY(resource_ask(r, kind->attached,
                     RESOURCE_ARGS({kind->name, r->id}), &inner));
    attached = get(inner.out, "AttachedPolicies");
    for (uint32_t i = 0; attached != NULL && i < attached->count; i++) {
        text_add(r, told, get_str(&attached->items[i], "PolicyArn"));
    }
    list = doc_put_list(r->c->arena, ret_properties, "ManagedPolicyArns");
    for (uint32_t i = 0; want != NULL && want->kind == VALUE_LIST && i < want->count; i++) {
        if (has_text(r, told, cfn_item(r, want, i))) {
            text_add(r, list, cfn_item(r, want, i));
        }
    }
    for (uint32_t i = 0; i < told->count; i++) {
        if (!has_text(r, list, told->items[i].str)) {
            text_add(r, list, told->items[i].str);
        }
    }
    return OK;
}

static status inline_put_now(struct resource *r, const struct cfn_kind *kind, struct value *list,
                             struct str name)
{
    struct value *policy = NULL;
    struct inner inner;

    TRY(resource_ask(
        r, kind->read,
        RESOURCE_ARGS({kind->name, r->id}, {"PolicyName", name}),
        &inner));
    policy = doc_add(r->c->arena, list);
    policy->kind = VALUE_MAP;
    doc_put_text(r->c->arena, policy, "PolicyName", name);
    cfn_put_document(r, policy, "PolicyDocument", get_str(inner.out, "PolicyDocument"));
    return OK;
}

status cfn_policies_now(struct resource *r, const struct cfn_kind *kind,
                        struct value *ret_properties)
{
    const struct value *want = resource_get(r, "Policies");
    struct value *told = ARENA_NEW(r->c->arena, struct value);
    struct value *list = NULL;
    const struct value *names;
    struct inner inner;

    told->kind = VALUE_LIST;
    TRY(managed_now(r, kind, ret_properties));
    TRY(resource_ask(r, kind->list,
                     RESOURCE_ARGS({kind->name, r->id}), &inner));
    names = get(inner.out, "PolicyNames");
    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        text_add(r, told, names->items[i].str);
    }
    list = doc_put_list(r->c->arena, ret_properties, "Policies");
    for (uint32_t i = 0; want != NULL && want->kind == VALUE_LIST && i < want->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&want->items[i], "PolicyName"));

        if (has_text(r, told, name)) {
            TRY(inline_put_now(r, kind, list, name));
        }
    }
    for (uint32_t i = 0; i < told->count; i++) {
        if (inline_of(r, r->want, told->items[i].str) == NULL) {
            TRY(inline_put_now(r, kind, list, told->items[i].str));
        }
    }
    return OK;
}
