/* SPDX-License-Identifier: Apache-2.0
 *
 * Units that stand for one resource: a table, a layer, an application.
 */
#include "svc/cloudformation/sam_function.h"

static void take_depends(struct sam *s, struct sam_made *made)
{
    const struct value *depends = node_get(s->resource, "DependsOn");

    if (depends != NULL) {
        made->depends = *depends;
    }
}

/* ---- tables ---- */

const struct sam_property sam_simple_table_properties[] = {
    {"PointInTimeRecoverySpecification", "-*"}, {"PrimaryKey", "T"}, {"ProvisionedThroughput", "I"},
    {"TableName", "sm"}, {"Tags", "m"}, {"SSESpecification", "m"}, {NULL, NULL}};

static struct value key_type(struct sam *s, const struct value *type)
{
    static const char *const kinds[][2] = {{"String", "S"}, {"Number", "N"}, {"Binary", "B"}};

    for (size_t i = 0; i < 3; i++) {
        if (node_is_text(type, kinds[i][0])) {
            return node_c(kinds[i][1]);
        }
    }
    sam_refuse(s, s->id, "Invalid 'Type' \"%.*s\".", STR_ARG(node_shown(s->arena, type)));
    return node_c("S");
}

void sam_simple_table(struct sam *s)
{
    static const char *const same[] = {"PointInTimeRecoverySpecification", "SSESpecification",
                                       "TableName", "ProvisionedThroughput"};
    struct sam_made *made = sam_make(s, s->id, "AWS::DynamoDB::Table", &s->attributes);
    const struct value *key = sam_property(s, "PrimaryKey");
    struct value name = node_c("id");
    struct value type = node_c("S");

    take_depends(s, made);
    if (node_true(key)) {
        const struct value *given = node_get(key, "Name");

        if (given == NULL || node_get(key, "Type") == NULL) {
            sam_refuse(s, s->id, "Property 'PrimaryKey.%s' is required.",
                       given == NULL ? "Name" : "Type");
            return;
        }
        name = *given;
        type = key_type(s, node_get(key, "Type"));
    }
    sam_put(s, made, "AttributeDefinitions",
            node_make(s->arena, "[{AttributeName: %v, AttributeType: %v}]", &name, &type));
    sam_put(s, made, "KeySchema",
            node_make(s->arena, "[{AttributeName: %v, KeyType: 'HASH'}]", &name));
    for (size_t i = 0; i < 4; i++) {
        if (node_true(sam_property(s, same[i]))) {
            sam_take(s, made, same[i]);
        }
    }
    if (!node_true(sam_property(s, "ProvisionedThroughput"))) {
        sam_put(s, made, "BillingMode", node_c("PAY_PER_REQUEST"));
    }
    if (node_true(sam_property(s, "Tags"))) {
        sam_put(s, made, "Tags", sam_tag_list(s, sam_property(s, "Tags")));
    }
}

/* ---- applications: nested stacks ---- */

const struct sam_property sam_application_properties[] = {
    {"Location", "sm"}, {"TemplateUrl", "s"}, {"Parameters", "m"}, {"NotificationARNs", "L"},
    {"Tags", "m"},       {"TimeoutInMinutes", "i"}, {NULL, NULL}};

void sam_application(struct sam *s)
{
    static const char *const same[] = {"Parameters", "NotificationARNs", "TimeoutInMinutes", NULL};
    struct sam_made *made = sam_make(s, s->id, "AWS::CloudFormation::Stack", &s->passed);
    const struct value *location = sam_property(s, "Location");
    const struct value *id = node_get(location, "ApplicationId");
    const struct value *version = node_get(location, "SemanticVersion");
    const struct value *url = sam_property(s, "TemplateUrl");
    struct value tags = node_make(s->arena,
                                  "{'serverlessrepo:applicationId': %v, "
                                  "'serverlessrepo:semanticVersion': %v}",
                                  id, version);

    take_depends(s, made);
    if (location == NULL) {
        sam_refuse(s, s->id, "Resource is missing the required [Location] property.");
        return;
    }
    if (node_is(location, VALUE_MAP)) {
        if (id == NULL || version == NULL) {
            sam_refuse(s, s->id, "Resource is missing the required [%s] property.",
                       id == NULL ? "ApplicationId" : "SemanticVersion");
        } else {
            sam_refuse(s, s->id, "Serverless Application Repository is not available in this "
                                 "region.");
        }
        return;
    }
    sam_take_all(s, made, same);
    sam_put(s, made, "Tags", sam_own_tags(s, sam_property(s, "Tags"), &tags));
    sam_put(s, made, "TemplateURL", node_true(url) ? *url : *location);
}

/* ---- layers ---- */

const struct sam_property sam_layer_properties[] = {
    {"LayerName", "sm"},  {"Description", "s"},             {"PublishLambdaVersion", "b"},
    {"ContentUri", "!sm"}, {"CompatibleArchitectures", "L"}, {"CompatibleRuntimes", "L"},
    {"LicenseInfo", "s"}, {"RetentionPolicy", "s"},         {NULL, NULL}};

static void resolve_texts(struct sam *s)
{
    static const char *const texts[] = {"LayerName", "LicenseInfo", "Description",
                                        "RetentionPolicy"};

    for (size_t i = 0; i < 4; i++) {
        struct value *value = sam_property(s, texts[i]);

        sam_resolve(s, value);
        if (node_true(value) && value->kind != VALUE_STR && value->kind != VALUE_MAP) {
            sam_refuse(s, s->id,
                       "Could not resolve parameter for '%s' or parameter is not a String.",
                       texts[i]);
        }
    }
}

/* Whether the old version stays when there is a new one: it does, unless the template says so. */
static void keep_or_delete(struct sam *s, struct sam_made *made)
{
    const struct value *policy = sam_property(s, "RetentionPolicy");

    if (node_is_intrinsic(policy)) {
        sam_refuse(s, s->id, "'RetentionPolicy' does not accept intrinsic functions, please use "
                             "one of the following options: ['Retain', 'Delete']");
    } else if (policy == NULL) {
        if (!node_has(&made->attributes, "DeletionPolicy")) {
            node_put(s->arena, &made->attributes, "DeletionPolicy", node_c("Retain"));
        }
    } else if (str_eq_nocase(node_text(policy), STR("retain"))) {
        node_put(s->arena, &made->attributes, "DeletionPolicy", node_c("Retain"));
    } else if (str_eq_nocase(node_text(policy), STR("delete"))) {
        node_put(s->arena, &made->attributes, "DeletionPolicy", node_c("Delete"));
    } else {
        sam_refuse(s, s->id, "'RetentionPolicy' must be one of the following options: ['Retain', "
                             "'Delete'].");
    }
}

/* A layer's version cannot change: whatever changes of it makes another resource. */
static struct str layer_id(struct sam *s)
{
    struct value properties = node_map();
    struct value all = node_map();
    struct value what;

    for (uint32_t i = 0; i < s->properties->count; i++) {
        const struct pair *pair = &s->properties->pairs[i];

        node_set(s->arena, &properties, pair->key, node_find(s->properties, pair->key));
    }
    what = node_make(s->arena,
                     "{Type: 'AWS::Serverless::LayerVersion', DependsOn: %v, Properties: %v}",
                     node_get(s->resource, "DependsOn"), &properties);
    node_set(s->arena, &what, STR("Condition"), node_get(&s->attributes, "Condition"));
    node_set(s->arena, &what, STR("UpdatePolicy"), node_get(&s->attributes, "UpdatePolicy"));
    node_set(s->arena, &all, s->id, &what);
    return sam_join(s, s->id, node_hash_of(s->arena, &all));
}

static void check_architectures(struct sam *s, struct str id)
{
    const struct value *all = sam_property(s, "CompatibleArchitectures");

    for (uint32_t i = 0; node_is(all, VALUE_LIST) && i < all->count; i++) {
        const struct value *one = &all->items[i];

        if (!node_is_intrinsic(one) && !node_is_text(one, "x86_64") &&
            !node_is_text(one, "arm64")) {
            sam_refuse(s, id,
                       "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'");
        }
    }
}

void sam_layer(struct sam *s)
{
    static const char *const same[] = {"LayerName", "Description", "CompatibleArchitectures",
                                       "CompatibleRuntimes", "LicenseInfo", NULL};
    struct sam_made *made;
    struct value id;

    resolve_texts(s);
    id = node_str(layer_id(s));
    made = sam_make(s, id.str, "AWS::Lambda::LayerVersion", &s->passed);
    take_depends(s, made);
    keep_or_delete(s, made);
    sam_take_all(s, made, same);
    if (!node_true(sam_property(s, "LayerName"))) {
        sam_put(s, made, "LayerName", node_str(s->id));
    }
    sam_put(s, made, "Content",
            sam_s3_location(s, id.str, sam_property(s, "ContentUri"), "ContentUri"));
    check_architectures(s, id.str);
    node_set(s->arena, &s->changed, s->id, &id);
}
