/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions and aliases in templates, with their provisioned concurrency.
 */
#include "svc/lambda/cfn.h"

/* ---- provisioned concurrency ---- */

static status provisioned_begin(struct resource *r, const char *operation, struct str function,
                                struct str qualifier, struct inner *ret_inner)
{
    TRY(resource_begin(r, operation, ret_inner));
    set_str(ret_inner->in, "FunctionName", function);
    set_str(ret_inner->in, "Qualifier", qualifier);
    return OK;
}

status cfn_provisioned_put(struct resource *r, struct str function, struct str qualifier)
{
    const struct value *wanted = resource_get(r, "ProvisionedConcurrencyConfig");
    struct inner inner;

    if (!resource_changed(r, "ProvisionedConcurrencyConfig")) {
        return OK;
    }
    TRY(provisioned_begin(r, wanted == NULL ? "DeleteProvisionedConcurrencyConfig"
                                            : "PutProvisionedConcurrencyConfig",
                          function, qualifier, &inner));
    if (wanted != NULL) {
        TRY(resource_set(r, &inner, "ProvisionedConcurrentExecutions",
                         doc_get(wanted, "ProvisionedConcurrentExecutions")));
    }
    return resource_run(r, &inner);
}

status cfn_provisioned_settled(struct resource *r, struct str function, struct str qualifier)
{
    struct inner inner;
    struct str state;

    if (resource_get(r, "ProvisionedConcurrencyConfig") == NULL) {
        return OK;
    }
    TRY(provisioned_begin(r, "GetProvisionedConcurrencyConfig", function, qualifier, &inner));
    TRY(resource_run(r, &inner));
    state = get_str(inner.out, "Status");
    if (str_eq(state, STR("FAILED"))) {
        return resource_fail(r, &RESOURCE_INVALID, "Provisioned concurrency failed: %.*s",
                             STR_ARG(get_str(inner.out, "StatusReason")));
    }
    return str_eq(state, STR("IN_PROGRESS")) ? &RESOURCE_WAITS : OK;
}

static void provisioned_now(struct resource *r, struct str function, struct str qualifier,
                            struct value *ret_properties)
{
    struct inner inner;

    if (provisioned_begin(r, "GetProvisionedConcurrencyConfig", function, qualifier, &inner) ==
            OK &&
        resource_run(r, &inner) == OK) {
        doc_put_int(r->c->arena,
                    doc_put_map(r->c->arena, ret_properties, STR("ProvisionedConcurrencyConfig")),
                    "ProvisionedConcurrentExecutions",
                    get_int(inner.out, "RequestedProvisionedConcurrentExecutions", 0));
    }
}

/* ---- AWS::Lambda::Version ---- */

static const struct resource_property version_properties[] = {
    {"CodeSha256", NULL, RESOURCE_REPLACES, 0},
    {"Description", NULL, RESOURCE_REPLACES, 0},
    {"FunctionName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ProvisionedConcurrencyConfig", "", RESOURCE_REPLACES, 0},
    {"RuntimePolicy", "", RESOURCE_REPLACES, RESOURCE_SECRET},
};
static const char *const version_attributes[] = {"FunctionArn", "Version", NULL};

static struct str last_part(struct str arn)
{
    struct str part = arn;

    for (struct str rest = arn; rest.at != NULL;) {
        part = str_split(&rest, ':');
    }
    return part;
}

/* The newest version's number; 0: there is none. */
static status newest_of(struct resource *r, uint64_t *ret_number)
{
    struct str marker = STR_NONE;

    *ret_number = 0;
    do {
        const struct value *list = NULL;
        uint64_t number = 0;
        struct inner inner;

        TRY(resource_begin(r, "ListVersionsByFunction", &inner));
        set_str(inner.in, "FunctionName", resource_str(r, "FunctionName"));
        if (marker.bytes > 0) {
            set_str(inner.in, "Marker", marker);
        }
        TRY(resource_run(r, &inner));
        list = get(inner.out, "Versions");
        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            if (str_to_u64(get_str(&list->items[i], "Version"), &number) &&
                number > *ret_number) {
                *ret_number = number;
            }
        }
        marker = get_str(inner.out, "NextMarker");
    } while (marker.bytes > 0);
    return OK;
}

static status policy_put(struct resource *r, struct str qualifier)
{
    const struct value *wanted = resource_get(r, "RuntimePolicy");
    struct inner inner;

    if (wanted == NULL) {
        return OK;
    }
    TRY(provisioned_begin(r, "PutRuntimeManagementConfig", resource_str(r, "FunctionName"),
                          qualifier, &inner));
    TRY(resource_set(r, &inner, "UpdateRuntimeOn", doc_get(wanted, "UpdateRuntimeOn")));
    TRY(resource_set(r, &inner, "RuntimeVersionArn", doc_get(wanted, "RuntimeVersionArn")));
    return resource_run(r, &inner);
}

/* PublishVersion gives the version that is there when nothing has changed since. */
static status version_make(struct resource *r)
{
    uint64_t newest = 0;
    uint64_t number = 0;
    struct inner inner;
    struct str version;

    TRY(newest_of(r, &newest));
    TRY(resource_begin(r, "PublishVersion", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_run(r, &inner));
    version = get_str(inner.out, "Version");
    if (!str_to_u64(version, &number) || number <= newest) {
        return resource_fail(r, &ERR_EXISTS,
                             "Resource handler returned message: \"A version for this Lambda "
                             "function exists ( %.*s ). Modify the function to create a new "
                             "version .\" (RequestToken: %.*s, HandlerErrorCode: AlreadyExists)",
                             STR_ARG(version), STR_ARG(r->token));
    }
    r->id = get_str(inner.out, "FunctionArn");
    if (!str_eq(last_part(r->id), version)) {
        r->id = arena_printf(r->c->arena, "%.*s:%.*s", STR_ARG(r->id), STR_ARG(version));
    }
    TRY(policy_put(r, version));
    return cfn_provisioned_put(r, resource_str(r, "FunctionName"), version);
}

static status version_settled(struct resource *r)
{
    return cfn_provisioned_settled(r, resource_str(r, "FunctionName"), last_part(r->id));
}

static status version_told(struct resource *r, struct inner *ret_inner)
{
    return resource_ask(r, "GetFunctionConfiguration",
                        (struct resource_arg[]){{"FunctionName", r->id}, {NULL, r->id}},
                        ret_inner);
}

static status version_remove(struct resource *r)
{
    struct inner inner;
    status there = version_told(r, &inner); /* DeleteFunction does not say that there is none */

    return there != OK && resource_is_gone(there)
               ? there
               : resource_remove_by(r, "DeleteFunction", "FunctionName");
}

static status version_tell(struct resource *r)
{
    resource_attribute(r, "FunctionArn", r->id);
    resource_attribute(r, "Version", last_part(r->id));
    return OK;
}

static status version_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(version_told(r, &inner));
    doc_put_text(r->c->arena, ret_properties, "FunctionName", resource_str(r, "FunctionName"));
    doc_put_text(r->c->arena, ret_properties, "Description", get_str(inner.out, "Description"));
    doc_put_text(r->c->arena, ret_properties, "CodeSha256", get_str(inner.out, "CodeSha256"));
    provisioned_now(r, resource_str(r, "FunctionName"), last_part(r->id), ret_properties);
    return OK;
}

/* ---- AWS::Lambda::Alias ---- */

static const struct resource_property alias_properties[] = {
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"FunctionName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"FunctionVersion", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Name", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ProvisionedConcurrencyConfig", "", RESOURCE_IN_PLACE, 0},
    {"RoutingConfig", "", RESOURCE_IN_PLACE, 0},
};
static const char *const alias_attributes[] = {"AliasArn", NULL};

/* A list of versions and weights; a map to Lambda. Never NULL: nobody but the version. */
static const struct value *routing(struct resource *r)
{
    struct arena *arena = r->c->arena;
    const struct value *given = resource_get(r, "RoutingConfig");
    const struct value *list = given == NULL ? NULL : doc_get(given, "AdditionalVersionWeights");
    struct value *made = doc_map(arena);
    struct value *weights = doc_put_map(arena, made, STR("AdditionalVersionWeights"));

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        const struct value *weight = doc_get(&list->items[i], "FunctionWeight");

        if (weight != NULL) {
            *doc_put(arena, weights,
                     doc_text(arena, doc_get(&list->items[i], "FunctionVersion"))) = *weight;
        }
    }
    return made;
}

static status alias_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateAlias", &inner));
    TRY(resource_fill(r, &inner));
    if (resource_get(r, "RoutingConfig") != NULL) {
        TRY(resource_set(r, &inner, "RoutingConfig", routing(r)));
    }
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "AliasArn");
    return cfn_provisioned_put(r, resource_str(r, "FunctionName"), resource_str(r, "Name"));
}

static status alias_change(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "UpdateAlias", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_set_or(r, &inner, "Description", "Description", "\"\""));
    TRY(resource_set(r, &inner, "RoutingConfig", routing(r)));
    TRY(resource_run(r, &inner));
    return cfn_provisioned_put(r, resource_str(r, "FunctionName"), resource_str(r, "Name"));
}

static status alias_settled(struct resource *r)
{
    return cfn_provisioned_settled(r, resource_str(r, "FunctionName"), resource_str(r, "Name"));
}

static status alias_ask(struct resource *r, const char *operation, struct inner *ret_inner)
{
    return resource_ask(r, operation,
                        (struct resource_arg[]){{"FunctionName", resource_str(r, "FunctionName")},
                                                {"Name", resource_str(r, "Name")},
                                                {NULL, r->id}},
                        ret_inner);
}

static status alias_remove(struct resource *r)
{
    struct inner inner;
    status there = alias_ask(r, "GetAlias", &inner); /* DeleteAlias does not say so */

    return there != OK && resource_is_gone(there) ? there
                                                  : alias_ask(r, "DeleteAlias", &inner);
}

static status alias_tell(struct resource *r)
{
    resource_attribute(r, "AliasArn", r->id);
    return OK;
}

static status alias_now(struct resource *r, struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *weights = NULL;
    struct inner inner;

    TRY(alias_ask(r, "GetAlias", &inner));
    doc_put_text(arena, ret_properties, "FunctionName", resource_str(r, "FunctionName"));
    doc_put_text(arena, ret_properties, "Name", get_str(inner.out, "Name"));
    doc_put_text(arena, ret_properties, "FunctionVersion",
                 get_str(inner.out, "FunctionVersion"));
    doc_put_text(arena, ret_properties, "Description", get_str(inner.out, "Description"));
    weights = get(inner.out, "RoutingConfig");
    weights = weights == NULL ? NULL : get(weights, "AdditionalVersionWeights");
    if (weights != NULL && weights->count > 0) {
        struct value *list = doc_put_list(arena,
                                          doc_put_map(arena, ret_properties, STR("RoutingConfig")),
                                          "AdditionalVersionWeights");

        for (uint32_t i = 0; i < weights->count; i++) {
            struct value *one = doc_add(arena, list);

            one->kind = VALUE_MAP;
            doc_put_text(arena, one, "FunctionVersion", weights->pairs[i].key);
            *doc_put(arena, one, STR("FunctionWeight")) =
                *resource_document(arena, &weights->pairs[i].value);
        }
    }
    provisioned_now(r, resource_str(r, "FunctionName"), resource_str(r, "Name"), ret_properties);
    return OK;
}

const struct resource_type cfn_version_type = {
    .name = "AWS::Lambda::Version",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(version_properties),
    .attributes = version_attributes,
    .make = version_make,
    .remove = version_remove,
    .settled = version_settled,
    .tell = version_tell,
    .now = version_now,
};

const struct resource_type cfn_alias_type = {
    .name = "AWS::Lambda::Alias",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(alias_properties),
    .attributes = alias_attributes,
    .make = alias_make,
    .change = alias_change,
    .remove = alias_remove,
    .settled = alias_settled,
    .tell = alias_tell,
    .now = alias_now,
};
