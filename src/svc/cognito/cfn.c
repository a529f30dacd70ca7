/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user pool has, in templates: clients, domains, resource servers, groups, users, who is in
 * which group; and the list of types.
 */
#include "svc/cognito/cfn.h"

#define NAME_BYTES_MAX 128

static struct str pool_of(const struct resource *r)
{
    return resource_str(r, "UserPoolId");
}

/* An operation's input: the pool, and r->id in that member. */
static status begin(struct resource *r, const char *operation, const char *member,
                    struct inner *ret_inner)
{
    TRY(resource_begin(r, operation, ret_inner));
    set_str(ret_inner->in, "UserPoolId", pool_of(r));
    set_str(ret_inner->in, member, r->id);
    return OK;
}

static status run(struct resource *r, const char *operation, const char *member)
{
    struct inner inner;

    TRY(begin(r, operation, member, &inner));
    return resource_run(r, &inner);
}

/* Everything, of what is in the pool under that member's name. */
static status change(struct resource *r, const char *operation, const char *member,
                     const struct resource_default *defaults)
{
    struct inner inner;

    TRY(begin(r, operation, member, &inner));
    TRY(resource_fill(r, &inner));
    if (defaults != NULL) {
        TRY(resource_fill_back(r, &inner, defaults));
    }
    return resource_run(r, &inner);
}

/* For drift: what is in that member of the answer. */
static status now(struct resource *r, const char *operation, const char *member, const char *out,
                  struct value *ret_properties)
{
    struct inner inner;

    TRY(begin(r, operation, member, &inner));
    TRY(resource_run(r, &inner));
    resource_now_of(r, get(inner.out, out), ret_properties);
    return OK;
}

/* ---- AWS::Cognito::UserPoolClient ---- */

static const struct resource_property client_properties[] = {
    {"AccessTokenValidity", NULL, RESOURCE_IN_PLACE, 0},
    {"AllowedOAuthFlows", NULL, RESOURCE_IN_PLACE, 0},
    {"AllowedOAuthFlowsUserPoolClient", NULL, RESOURCE_IN_PLACE, 0},
    {"AllowedOAuthScopes", NULL, RESOURCE_IN_PLACE, 0},
    {"AnalyticsConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthSessionValidity", NULL, RESOURCE_IN_PLACE, 0},
    {"CallbackURLs", NULL, RESOURCE_IN_PLACE, 0},
    {"ClientName", "", RESOURCE_IN_PLACE, 0},
    {"DefaultRedirectURI", NULL, RESOURCE_IN_PLACE, 0},
    {"EnablePropagateAdditionalUserContextData", NULL, RESOURCE_IN_PLACE, 0},
    {"EnableTokenRevocation", NULL, RESOURCE_IN_PLACE, 0},
    {"ExplicitAuthFlows", NULL, RESOURCE_IN_PLACE, 0},
    {"GenerateSecret", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"IdTokenValidity", NULL, RESOURCE_IN_PLACE, 0},
    {"LogoutURLs", NULL, RESOURCE_IN_PLACE, 0},
    {"PreventUserExistenceErrors", NULL, RESOURCE_IN_PLACE, 0},
    {"ReadAttributes", NULL, RESOURCE_IN_PLACE, 0},
    {"RefreshTokenRotation", NULL, RESOURCE_IN_PLACE, 0},
    {"RefreshTokenValidity", NULL, RESOURCE_IN_PLACE, 0},
    {"SupportedIdentityProviders", NULL, RESOURCE_IN_PLACE, 0},
    {"TokenValidityUnits", NULL, RESOURCE_IN_PLACE, 0},
    {"UserPoolId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"WriteAttributes", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const client_attributes[] = {"ClientId", "ClientSecret", "Name", NULL};

static status client_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateUserPoolClient", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "ClientName", resource_short_name(r, "ClientName", "", NAME_BYTES_MAX));
    TRY(resource_run(r, &inner));
    r->id = get_str(get(inner.out, "UserPoolClient"), "ClientId");
    return OK;
}

/* The operation sets back what it is not told, but the name. */
static status client_change(struct resource *r)
{
    struct inner inner;

    TRY(begin(r, "UpdateUserPoolClient", "ClientId", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "ClientName", resource_short_name(r, "ClientName", "", NAME_BYTES_MAX));
    return resource_run(r, &inner);
}

static status client_remove(struct resource *r)
{
    return run(r, "DeleteUserPoolClient", "ClientId");
}

static status client_tell(struct resource *r)
{
    const struct value *client;
    struct inner inner;

    TRY(begin(r, "DescribeUserPoolClient", "ClientId", &inner));
    TRY(resource_run(r, &inner));
    client = get(inner.out, "UserPoolClient");
    resource_attribute(r, "ClientId", r->id);
    resource_attribute(r, "Name", get_str(client, "ClientName"));
    if (has(client, "ClientSecret")) {
        resource_attribute(r, "ClientSecret", get_str(client, "ClientSecret"));
    }
    return OK;
}

static status client_now(struct resource *r, struct value *ret_properties)
{
    return now(r, "DescribeUserPoolClient", "ClientId", "UserPoolClient", ret_properties);
}

/* ---- AWS::Cognito::UserPoolDomain ---- */

static const struct resource_property domain_properties[] = {
    {"CustomDomainConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"Domain", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ManagedLoginVersion", NULL, RESOURCE_IN_PLACE, 0},
    {"UserPoolId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const domain_attributes[] = {"CloudFrontDistribution", NULL};
static const struct resource_default domain_defaults[] = {{"ManagedLoginVersion", "1"},
                                                          {NULL, NULL}};

static status domain_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateUserPoolDomain", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = resource_str(r, "Domain");
    return OK;
}

static status domain_change(struct resource *r)
{
    return change(r, "UpdateUserPoolDomain", "Domain", domain_defaults);
}

static status domain_remove(struct resource *r)
{
    return run(r, "DeleteUserPoolDomain", "Domain");
}

static status domain_read(struct resource *r, const struct value **ret_domain)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeUserPoolDomain", RESOURCE_ARGS({"Domain", r->id}), &inner));
    *ret_domain = get(inner.out, "DomainDescription");
    return has(*ret_domain, "Domain") ? OK : &ERR_NOT_FOUND;
}

static status domain_settled(struct resource *r)
{
    const struct value *domain = NULL;

    TRY(domain_read(r, &domain));
    return str_eq(get_str(domain, "Status"), STR("ACTIVE")) ? OK : &RESOURCE_WAITS;
}

static status domain_tell(struct resource *r)
{
    const struct value *domain = NULL;

    TRY(domain_read(r, &domain));
    if (has(domain, "CloudFrontDistribution")) {
        resource_attribute(r, "CloudFrontDistribution",
                           get_str(domain, "CloudFrontDistribution"));
    }
    return OK;
}

static status domain_now(struct resource *r, struct value *ret_properties)
{
    const struct value *domain = NULL;

    TRY(domain_read(r, &domain));
    resource_now_of(r, domain, ret_properties);
    return OK;
}

/* ---- AWS::Cognito::UserPoolResourceServer ---- */

static const struct resource_property server_properties[] = {
    {"Identifier", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Name", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Scopes", NULL, RESOURCE_IN_PLACE, 0},
    {"UserPoolId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const struct resource_default server_defaults[] = {{"Scopes", "[]"}, {NULL, NULL}};

static status server_make(struct resource *r)
{
    return resource_make_by(r, "CreateResourceServer", "ResourceServer.Identifier");
}

static status server_change(struct resource *r)
{
    return change(r, "UpdateResourceServer", "Identifier", server_defaults);
}

static status server_remove(struct resource *r)
{
    return run(r, "DeleteResourceServer", "Identifier");
}

static status server_now(struct resource *r, struct value *ret_properties)
{
    return now(r, "DescribeResourceServer", "Identifier", "ResourceServer", ret_properties);
}

/* ---- AWS::Cognito::UserPoolGroup ---- */

static const struct resource_property group_properties[] = {
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"GroupName", "", RESOURCE_REPLACES, 0},
    {"Precedence", NULL, RESOURCE_IN_PLACE, 0},
    {"RoleArn", NULL, RESOURCE_IN_PLACE, 0},
    {"UserPoolId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const struct resource_default group_defaults[] = {{"Description", ""}, {NULL, NULL}};

static status group_make(struct resource *r)
{
    struct str name = resource_name(r, "GroupName", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateGroup", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "GroupName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return OK;
}

static status group_change(struct resource *r)
{
    return change(r, "UpdateGroup", "GroupName", group_defaults);
}

static status group_remove(struct resource *r)
{
    return run(r, "DeleteGroup", "GroupName");
}

static status group_now(struct resource *r, struct value *ret_properties)
{
    return now(r, "GetGroup", "GroupName", "Group", ret_properties);
}

/* ---- AWS::Cognito::UserPoolUser ---- */

static const struct resource_property user_properties[] = {
    {"ClientMetadata", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"DesiredDeliveryMediums", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"ForceAliasCreation", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"MessageAction", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
    {"UserAttributes", NULL, RESOURCE_REPLACES, 0},
    {"UserPoolId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Username", "", RESOURCE_REPLACES, 0},
    {"ValidationData", NULL, RESOURCE_REPLACES, RESOURCE_SECRET},
};

static status user_make(struct resource *r)
{
    struct str name = resource_name(r, "Username", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "AdminCreateUser", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "Username", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return OK;
}

static status user_remove(struct resource *r)
{
    return run(r, "AdminDeleteUser", "Username");
}

/* Of its attributes those that the template has, as it has them in order. */
static status user_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "UserAttributes");
    const struct value *told;
    struct value *list;
    struct inner inner;

    TRY(begin(r, "AdminGetUser", "Username", &inner));
    TRY(resource_run(r, &inner));
    doc_put_text(r->c->arena, ret_properties, "Username", r->id);
    doc_put_text(r->c->arena, ret_properties, "UserPoolId", pool_of(r));
    told = get(inner.out, "UserAttributes");
    list = doc_put_list(r->c->arena, ret_properties, "UserAttributes");
    for (uint32_t i = 0; want != NULL && want->kind == VALUE_LIST && i < want->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&want->items[i], "Name"));

        for (uint32_t j = 0; told != NULL && j < told->count; j++) {
            if (str_eq(get_str(&told->items[j], "Name"), name)) {
                *doc_add(r->c->arena, list) =
                    *resource_document(r->c->arena, &told->items[j]);
            }
        }
    }
    return OK;
}

/* ---- AWS::Cognito::UserPoolUserToGroupAttachment ---- */

static const struct resource_property attachment_properties[] = {
    {"GroupName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"UserPoolId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Username", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

static status attachment_by(struct resource *r, const char *operation)
{
    struct inner inner;

    TRY(resource_begin(r, operation, &inner));
    TRY(resource_fill(r, &inner));
    return resource_run(r, &inner);
}

static status attachment_make(struct resource *r)
{
    TRY(attachment_by(r, "AdminAddUserToGroup"));
    r->id = resource_name(r, "", NAME_BYTES_MAX, false);
    return OK;
}

static status attachment_remove(struct resource *r)
{
    return attachment_by(r, "AdminRemoveUserFromGroup");
}

/* ---- the list ---- */

static const struct resource_type types[] = {
    {
        .name = "AWS::Cognito::UserPoolClient",
        .service = "cognito-idp",
        RESOURCE_TYPE_PROPERTIES(client_properties),
        .attributes = client_attributes,
        .make = client_make,
        .change = client_change,
        .remove = client_remove,
        .tell = client_tell,
        .now = client_now,
    },
    {
        .name = "AWS::Cognito::UserPoolDomain",
        .service = "cognito-idp",
        RESOURCE_TYPE_PROPERTIES(domain_properties),
        .attributes = domain_attributes,
        .make = domain_make,
        .change = domain_change,
        .remove = domain_remove,
        .settled = domain_settled,
        .tell = domain_tell,
        .now = domain_now,
    },
    {
        .name = "AWS::Cognito::UserPoolGroup",
        .service = "cognito-idp",
        RESOURCE_TYPE_PROPERTIES(group_properties),
        .make = group_make,
        .change = group_change,
        .remove = group_remove,
        .now = group_now,
    },
    {
        .name = "AWS::Cognito::UserPoolResourceServer",
        .service = "cognito-idp",
        RESOURCE_TYPE_PROPERTIES(server_properties),
        .make = server_make,
        .change = server_change,
        .remove = server_remove,
        .now = server_now,
    },
    {
        .name = "AWS::Cognito::UserPoolUser",
        .service = "cognito-idp",
        RESOURCE_TYPE_PROPERTIES(user_properties),
        .make = user_make,
        .remove = user_remove,
        .now = user_now,
    },
    {
        .name = "AWS::Cognito::UserPoolUserToGroupAttachment",
        .service = "cognito-idp",
        RESOURCE_TYPE_PROPERTIES(attachment_properties),
        .make = attachment_make,
        .remove = attachment_remove,
    },
};

const struct resource_type *const cognito_types[COGNITO_TYPES] = {
    &cfn_user_pool, &types[0], &types[1], &types[2], &types[3], &types[4], &types[5],
};
