/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda's types, and those of them that are small: layers, permissions, policies, code signing.
 */
#include "svc/lambda/cfn.h"

#define NAME_BYTES_MAX 64
#define STATEMENT_BYTES_MAX 100

/* ---- AWS::Lambda::Permission ---- */

static const struct resource_property permission_properties[] = {
    {"Action", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"EventSourceToken", NULL, RESOURCE_REPLACES, 0},
    {"FunctionName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"FunctionUrlAuthType", NULL, RESOURCE_REPLACES, 0},
    {"InvokedViaFunctionUrl", NULL, RESOURCE_REPLACES, 0},
    {"Principal", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"PrincipalOrgID", NULL, RESOURCE_REPLACES, 0},
    {"SourceAccount", NULL, RESOURCE_REPLACES, 0},
    {"SourceArn", NULL, RESOURCE_REPLACES, 0},
};
static const char *const id_attributes[] = {"Id", NULL};

static status permission_make(struct resource *r)
{
    struct str id = resource_name(r, "", STATEMENT_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "AddPermission", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "StatementId", id);
    TRY(resource_run(r, &inner));
    r->id = id;
    return OK;
}

static status permission_remove(struct resource *r)
{
    struct inner inner;

    return resource_ask(r, "RemovePermission",
                        (struct resource_arg[]){{"FunctionName", resource_str(r, "FunctionName")},
                                                {"StatementId", r->id},
                                                {NULL, r->id}},
                        &inner);
}

static status id_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

/* ---- AWS::Lambda::LayerVersion and LayerVersionPermission ---- */

static const struct resource_property layer_properties[] = {
    {"CompatibleArchitectures", NULL, RESOURCE_REPLACES, 0},
    {"CompatibleRuntimes", NULL, RESOURCE_REPLACES, 0},
    {"Content", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED | RESOURCE_SECRET},
    {"Description", NULL, RESOURCE_REPLACES, 0},
    {"LayerName", "", RESOURCE_REPLACES, 0},
    {"LicenseInfo", NULL, RESOURCE_REPLACES, 0},
};
static const char *const layer_attributes[] = {"LayerVersionArn", NULL};

/* "arn:…:layer:NAME:3" as the layer's ARN and its version. */
static bool layer_split(struct str arn, struct str *ret_layer, int64_t *ret_version)
{
    size_t colon = arn.bytes;

    while (colon > 0 && arn.at[colon - 1] != ':') {
        colon--;
    }
    *ret_layer = str_slice(arn, 0, colon > 0 ? colon - 1 : 0);
    return colon > 0 && str_to_i64(str_slice(arn, colon, arn.bytes), ret_version);
}

static status layer_begin(struct resource *r, const char *operation, struct str arn,
                          struct inner *ret_inner)
{
    struct str layer;
    int64_t version = 0;

    if (!layer_split(arn, &layer, &version)) {
        return resource_fail(r, &RESOURCE_INVALID, "%.*s is not a layer version's ARN",
                             STR_ARG(str_slice(arn, 0, 512)));
    }
    TRY(resource_begin(r, operation, ret_inner));
    set_str(ret_inner->in, "LayerName", layer);
    set_int(ret_inner->in, "VersionNumber", version);
    return OK;
}

static status layer_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PublishLayerVersion", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "LayerName", resource_name(r, "LayerName", NAME_BYTES_MAX, false));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "LayerVersionArn");
    return OK;
}

static status layer_told(struct resource *r, struct inner *ret_inner)
{
    TRY(layer_begin(r, "GetLayerVersion", r->id, ret_inner));
    return resource_run(r, ret_inner);
}

static status layer_remove(struct resource *r)
{
    struct inner inner;
    status there = layer_told(r, &inner); /* DeleteLayerVersion does not say that there is none */

    if (there != OK && resource_is_gone(there)) {
        return there;
    }
    TRY(layer_begin(r, "DeleteLayerVersion", r->id, &inner));
    return resource_run(r, &inner);
}

static status layer_tell(struct resource *r)
{
    resource_attribute(r, "LayerVersionArn", r->id);
    return OK;
}

static status layer_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(layer_told(r, &inner));
    resource_now_of(r, inner.out, ret_properties);
    if (resource_get(r, "LayerName") != NULL) {
        doc_put_text(r->c->arena, ret_properties, "LayerName", resource_str(r, "LayerName"));
    }
    return OK;
}

static const struct resource_property layer_permission_properties[] = {
    {"Action", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"LayerVersionArn", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"OrganizationId", NULL, RESOURCE_REPLACES, 0},
    {"Principal", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

static status layer_permission_make(struct resource *r)
{
    struct str arn = resource_str(r, "LayerVersionArn");
    struct str id = resource_name(r, "", STATEMENT_BYTES_MAX, false);
    struct inner inner;

    TRY(layer_begin(r, "AddLayerVersionPermission", arn, &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "StatementId", id);
    TRY(resource_run(r, &inner));
    r->id = arena_printf(r->c->arena, "%.*s#%.*s", STR_ARG(arn), STR_ARG(id));
    return OK;
}

static status layer_permission_remove(struct resource *r)
{
    struct str statement = str_slice(r->id, str_find(r->id, '#', 0) + 1, r->id.bytes);
    struct inner inner;

    TRY(layer_begin(r, "RemoveLayerVersionPermission", resource_str(r, "LayerVersionArn"),
                    &inner));
    set_str(inner.in, "StatementId", statement);
    return resource_run(r, &inner);
}

/* ---- AWS::Lambda::ResourcePolicy ---- */

static const struct resource_property policy_properties[] = {
    {"PolicyDocument", "Policy", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ResourceArn", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

static status policy_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PutResourcePolicy", &inner));
    TRY(resource_fill(r, &inner));
    return resource_run(r, &inner);
}

static status policy_ask(struct resource *r, const char *operation, struct inner *ret_inner)
{
    return resource_ask(r, operation,
                        (struct resource_arg[]){{"ResourceArn", resource_str(r, "ResourceArn")},
                                                {NULL, r->id}},
                        ret_inner);
}

static status policy_make(struct resource *r)
{
    struct str arn = resource_str(r, "ResourceArn");
    struct inner inner;

    if (policy_ask(r, "GetResourcePolicy", &inner) == OK) {
        return resource_exists(r, arn);
    }
    TRY(policy_put(r));
    r->id = arn;
    return OK;
}

static status policy_remove(struct resource *r)
{
    struct inner inner;

    return policy_ask(r, "DeleteResourcePolicy", &inner);
}

static status policy_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(policy_ask(r, "GetResourcePolicy", &inner));
    doc_put_text(r->c->arena, ret_properties, "ResourceArn", r->id);
    *doc_put(r->c->arena, ret_properties, STR("PolicyDocument")) =
        *resource_tree(r, get_str(inner.out, "Policy"));
    return OK;
}

/* ---- AWS::Lambda::CodeSigningConfig ---- */

static const struct resource_property signing_properties[] = {
    {"AllowedPublishers", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"CodeSigningPolicies", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const signing_attributes[] = {"CodeSigningConfigArn", "CodeSigningConfigId",
                                                 NULL};

static status signing_make(struct resource *r)
{
    return resource_make_by(r, "CreateCodeSigningConfig",
                            "CodeSigningConfig.CodeSigningConfigArn");
}

static status signing_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "Resource",
                                                    "Tags", "TagKeys"};
    struct inner inner;

    TRY(resource_begin(r, "UpdateCodeSigningConfig", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "CodeSigningConfigArn", r->id);
    TRY(resource_set_or(r, &inner, "Description", "Description", "\"\""));
    TRY(resource_set_or(r, &inner, "CodeSigningPolicies", "CodeSigningPolicies",
                        "{\"UntrustedArtifactOnDeployment\":\"Warn\"}"));
    TRY(resource_run(r, &inner));
    return resource_tag_by(r, "Tags", &tagging, r->id);
}

static status signing_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteCodeSigningConfig", "CodeSigningConfigArn");
}

static status signing_told(struct resource *r, const struct value **ret_config)
{
    struct inner inner;

    TRY(resource_ask(r, "GetCodeSigningConfig",
                     (struct resource_arg[]){{"CodeSigningConfigArn", r->id}, {NULL, r->id}},
                     &inner));
    *ret_config = get(inner.out, "CodeSigningConfig");
    return OK;
}

static status signing_tell(struct resource *r)
{
    const struct value *told = NULL;

    TRY(signing_told(r, &told));
    resource_attribute(r, "CodeSigningConfigArn", r->id);
    resource_attribute(r, "CodeSigningConfigId", get_str(told, "CodeSigningConfigId"));
    return OK;
}

static status signing_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;

    TRY(signing_told(r, &told));
    resource_now_of(r, told, ret_properties);
    return OK;
}

/* ---- all of them ---- */

const struct resource_type cfn_permission_type = {
    .name = "AWS::Lambda::Permission",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(permission_properties),
    .attributes = id_attributes,
    .make = permission_make,
    .remove = permission_remove,
    .tell = id_tell,
};

const struct resource_type cfn_layer_type = {
    .name = "AWS::Lambda::LayerVersion",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(layer_properties),
    .attributes = layer_attributes,
    .make = layer_make,
    .remove = layer_remove,
    .tell = layer_tell,
    .now = layer_now,
};

const struct resource_type cfn_layer_permission_type = {
    .name = "AWS::Lambda::LayerVersionPermission",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(layer_permission_properties),
    .attributes = id_attributes,
    .make = layer_permission_make,
    .remove = layer_permission_remove,
    .tell = id_tell,
};

const struct resource_type cfn_policy_type = {
    .name = "AWS::Lambda::ResourcePolicy",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(policy_properties),
    .make = policy_make,
    .change = policy_put,
    .remove = policy_remove,
    .now = policy_now,
};

const struct resource_type cfn_signing_type = {
    .name = "AWS::Lambda::CodeSigningConfig",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(signing_properties),
    .attributes = signing_attributes,
    .make = signing_make,
    .change = signing_change,
    .remove = signing_remove,
    .tell = signing_tell,
    .now = signing_now,
};

const struct resource_type *const lambda_types[LAMBDA_TYPES] = {
    &cfn_function_type,      &cfn_version_type, &cfn_alias_type,
    &cfn_permission_type,    &cfn_mapping_type, &cfn_url_type,
    &cfn_invoke_config_type, &cfn_layer_type,   &cfn_layer_permission_type,
    &cfn_signing_type,       &cfn_policy_type};
