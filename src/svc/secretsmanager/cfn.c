/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets, their policies, rotation and attachments in templates.
 */
#include "svc/secretsmanager/cfn.h"

#define NAME_BYTES_MAX 64 /* of made ones */

static const char *const id_only[] = {"Id", NULL};

static status id_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    return OK;
}

static status secret_read(struct resource *r, struct inner *ret_inner)
{
    return resource_ask(r, "DescribeSecret", RESOURCE_ARGS({"SecretId", r->id}), ret_inner);
}

/* ---- AWS::SecretsManager::Secret ---- */

static const struct resource_property secret_properties[] = {
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"GenerateSecretString", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"KmsKeyId", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_REPLACES, 0},
    {"SecretString", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const struct resource_default secret_defaults[] = {
    {"Description", ""}, {"KmsKeyId", "alias/aws/secretsmanager"}, {NULL, NULL}};

/* A password by GetRandomPassword, alone or as one more key of a template's map. */
static status generated(struct resource *r, const struct value *how, struct str *ret_text)
{
    static const char *const members[] = {
        "ExcludeCharacters", "ExcludeLowercase", "ExcludeNumbers", "ExcludePunctuation",
        "ExcludeUppercase", "IncludeSpace", "PasswordLength", "RequireEachIncludedType"};
    struct str template = doc_text(r->c->arena, doc_get(how, "SecretStringTemplate"));
    struct str key = doc_text(r->c->arena, doc_get(how, "GenerateStringKey"));
    struct inner inner;
    struct value *map;

    TRY(resource_begin(r, "GetRandomPassword", &inner));
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        TRY(resource_set(r, &inner, members[i], doc_get(how, members[i])));
    }
    TRY(resource_run(r, &inner));
    *ret_text = get_str(inner.out, "RandomPassword");
    if (template.at == NULL && key.at == NULL) {
        return OK;
    }
    if (template.at == NULL || key.at == NULL) {
        return resource_fail(r, &RESOURCE_INVALID, "Both SecretStringTemplate and "
                             "GenerateStringKey must be specified if one of them is");
    }
    map = doc_copy(r->c->arena, resource_tree(r, template));
    if (map->kind != VALUE_MAP) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Could not parse SecretStringTemplate JSON to map");
    }
    *doc_map_of(r->c->arena, map, key) = (struct value){.kind = VALUE_STR, .str = *ret_text};
    *ret_text = doc_json(r->c->arena, map);
    return OK;
}

/* STR_NONE: it has no value. */
static status value_of(struct resource *r, struct str *ret_text)
{
    const struct value *how = resource_get(r, "GenerateSecretString");

    *ret_text = resource_policy(r, "SecretString");
    if (how != NULL && ret_text->at != NULL) {
        return resource_fail(r, &RESOURCE_INVALID, "You can't specify both "
                             "GenerateSecretString and SecretString");
    }
    return how == NULL ? OK : generated(r, how, ret_text);
}

static status secret_make(struct resource *r)
{
    struct str value = STR_NONE;
    struct inner inner;

    TRY(value_of(r, &value));
    TRY(resource_begin(r, "CreateSecret", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "Name", resource_short_name(r, "Name", "", NAME_BYTES_MAX));
    if (value.at != NULL) {
        set_str(inner.in, "SecretString", value);
    }
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "ARN");
    return OK;
}

static status secret_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "SecretId",
                                                    "Tags", "TagKeys"};
    struct str value = STR_NONE;
    struct inner inner;

    if (resource_any_changed(r, "GenerateSecretString SecretString")) {
        TRY(value_of(r, &value));
    }
    if (value.at != NULL || resource_any_changed(r, "Description KmsKeyId")) {
        TRY(resource_begin(r, "UpdateSecret", &inner));
        TRY(resource_fill(r, &inner));
        TRY(resource_fill_back(r, &inner, secret_defaults));
        set_str(inner.in, "SecretId", r->id);
        if (value.at != NULL) {
            set_str(inner.in, "SecretString", value);
        }
        TRY(resource_run(r, &inner));
    }
    return resource_tag_by(r, "Tags", &tagging, r->id);
}

/* At once, so that its name is free for the next stack. DeleteSecret says nothing, then, of one
 * that is not there. */
static status secret_remove(struct resource *r)
{
    struct inner inner;

    TRY(secret_read(r, &inner));
    TRY(resource_begin(r, "DeleteSecret", &inner));
    set_str(inner.in, "SecretId", r->id);
    set_bool(inner.in, "ForceDeleteWithoutRecovery", true);
    return resource_run(r, &inner);
}

static status secret_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(secret_read(r, &inner));
    resource_now_of(r, inner.out, ret_properties);
    return OK;
}

/* ---- AWS::SecretsManager::ResourcePolicy ---- */

static const struct resource_property policy_properties[] = {
    {"BlockPublicPolicy", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"ResourcePolicy", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"SecretId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

static status policy_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PutResourcePolicy", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "ARN");
    return OK;
}

static status policy_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteResourcePolicy", "SecretId");
}

static status policy_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(resource_ask(r, "GetResourcePolicy", RESOURCE_ARGS({"SecretId", r->id}), &inner));
    if (!has(inner.out, "ResourcePolicy")) {
        return &ERR_NOT_FOUND;
    }
    *doc_put(r->c->arena, ret_properties, STR("ResourcePolicy")) =
        *resource_tree(r, get_str(inner.out, "ResourcePolicy"));
    *doc_put(r->c->arena, ret_properties, STR("SecretId")) = *resource_get(r, "SecretId");
    return OK;
}

/* ---- AWS::SecretsManager::RotationSchedule ---- */

static const struct resource_property rotation_properties[] = {
    {"RotateImmediatelyOnUpdate", "RotateImmediately", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"RotationLambdaARN", NULL, RESOURCE_IN_PLACE, 0},
    {"RotationRules", NULL, RESOURCE_IN_PLACE, 0},
    {"SecretId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

static status rotation_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "RotateSecret", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "ARN");
    return OK;
}

static status rotation_remove(struct resource *r)
{
    return resource_remove_by(r, "CancelRotateSecret", "SecretId");
}

static status rotation_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(secret_read(r, &inner));
    if (!get_bool(inner.out, "RotationEnabled", false)) {
        return &ERR_NOT_FOUND;
    }
    resource_now_of(r, inner.out, ret_properties);
    *doc_put(r->c->arena, ret_properties, STR("SecretId")) = *resource_get(r, "SecretId");
    return OK;
}

/* ---- AWS::SecretsManager::SecretTargetAttachment ---- */

/* weir has no databases whose address AWS would write into the secret, so this is a record; the
 * secret has to be there. */
static const struct resource_property attachment_properties[] = {
    {"SecretId", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"TargetId", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"TargetType", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};

static status attachment_put(struct resource *r)
{
    static const char *const kinds[] = {
        "AWS::RDS::DBInstance",     "AWS::RDS::DBCluster",    "AWS::Redshift::Cluster",
        "AWS::DocDB::DBInstance",   "AWS::DocDB::DBCluster",  "AWS::DocDBElastic::Cluster",
        "AWS::RedshiftServerless::Namespace"};
    struct str kind = resource_str(r, "TargetType");
    struct inner inner;
    bool known = false;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        known = known || str_eq(kind, str_c(kinds[i]));
    }
    if (!known) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid TargetType %.*s",
                             STR_ARG(str_slice(kind, 0, 128)));
    }
    TRY(resource_ask(r, "DescribeSecret",
                     RESOURCE_ARGS({"SecretId", resource_str(r, "SecretId")}), &inner));
    r->id = get_str(inner.out, "ARN");
    return OK;
}

static status attachment_remove(struct resource *r)
{
    (void)r;
    return OK;
}

/* ---- the list ---- */

static const struct resource_type types[SECRETSMANAGER_TYPES] = {
    {
        .name = "AWS::SecretsManager::ResourcePolicy",
        .service = "secretsmanager",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .attributes = id_only,
        .make = policy_put,
        .change = policy_put,
        .remove = policy_remove,
        .tell = id_tell,
        .now = policy_now,
    },
    {
        .name = "AWS::SecretsManager::RotationSchedule",
        .service = "secretsmanager",
        RESOURCE_TYPE_PROPERTIES(rotation_properties),
        .attributes = id_only,
        .make = rotation_put,
        .change = rotation_put,
        .remove = rotation_remove,
        .tell = id_tell,
        .now = rotation_now,
    },
    {
        .name = "AWS::SecretsManager::Secret",
        .service = "secretsmanager",
        RESOURCE_TYPE_PROPERTIES(secret_properties),
        .attributes = id_only,
        .make = secret_make,
        .change = secret_change,
        .remove = secret_remove,
        .tell = id_tell,
        .now = secret_now,
    },
    {
        .name = "AWS::SecretsManager::SecretTargetAttachment",
        .service = "secretsmanager",
        RESOURCE_TYPE_PROPERTIES(attachment_properties),
        .attributes = id_only,
        .make = attachment_put,
        .change = attachment_put,
        .remove = attachment_remove,
        .tell = id_tell,
        .record_only = true,
    },
};

const struct resource_type *const secretsmanager_types[SECRETSMANAGER_TYPES] = {
    &types[0], &types[1], &types[2], &types[3]};
