/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers: versions of a name, each with a package, none ever changed; their numbers are never used
 * again (a setting of kind "layer-last" by name). Policies by version, kind "layer-policy", as
 * {"policy": text, "revision": UUID}.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/policy.h"
#include "wire/json.h"

#include <assert.h>

#define PAGE 50
#define VERSION_LAST UINT64_MAX

static uint32_t layer_shape(void)
{
    return shape_of("GetLayerVersion", NULL);
}

/* By name or ARN, without a version. */
static status layer_named(struct call *c, struct target *ret_target)
{
    struct str name = arg_str(c, "LayerName");
    uint64_t number;

    if (!str_starts(name, STR("arn:"))) {
        *ret_target = (struct target){c->account, c->region, name, STR_NONE};
        return OK;
    }
    return layer_parse(c->arena, name, ret_target, &number)
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE, "Invalid Layer name: %.*s", STR_ARG(name));
}

static struct str layer_arn(struct call *c, const struct target *target, uint64_t number)
{
    struct str partition = arn_partition(target->region);
    struct str plain = arena_printf(c->arena, "arn:%.*s:lambda:%.*s:%.*s:layer:%.*s",
                                    STR_ARG(partition), STR_ARG(target->region),
                                    STR_ARG(target->account), STR_ARG(target->name));

    return number == 0 ? plain
                       : arena_printf(c->arena, "%.*s:%llu", STR_ARG(plain),
                                      (unsigned long long)number);
}

/* Name and VersionNumber. */
static status layer_of_call(struct call *c, struct target *ret_target, uint64_t *ret_number)
{
    int64_t number = arg_int(c, "VersionNumber", 0);

    TRY(layer_named(c, ret_target));
    if (number < 1) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Layer Version Cannot be less than 1");
    }
    *ret_number = (uint64_t)number;
    ret_target->qualifier = layer_qualifier(c->arena, *ret_number);
    call_on(c, layer_arn(c, ret_target, *ret_number));
    return OK;
}

/* ---- PublishLayerVersion ---- */

struct layering {
    struct target target;        /* the layer */
    struct taking *taking;       /* its package */
};

static uint64_t number_next(struct call *c, const struct target *target)
{
    uint64_t last = 0;
    struct str text;

    if (setting_get(c, "layer-last", target, &text)) {
        bool good = str_to_u64(text, &last);

        assert(good);
    }
    last++;
    setting_put(c, "layer-last", target,
                arena_printf(c->arena, "%llu", (unsigned long long)last));
    return last;
}

static struct value *layer_make(struct call *c, const struct target *target, uint64_t number,
                                const struct package *package)
{
    struct value *layer = value_struct(c->arena, layer_shape());
    struct value *content = set_struct(c->arena, layer, "Content");
    struct version carrier = {.config = value_struct(c->arena, config_shape())};

    config_set_code(c, &carrier, package);
    set_str(content, "CodeSha256", get_str(carrier.config, "CodeSha256"));
    set_int(content, "CodeSize", (int64_t)package->zip_bytes);
    set_str(layer, "LayerArn", layer_arn(c, target, 0));
    set_str(layer, "LayerVersionArn", layer_arn(c, target, number));
    set_str(layer, "Description", arg_str(c, "Description"));
    set_str(layer, "CreatedDate", lambda_time(c->arena, c->now));
    set_int(layer, "Version", (int64_t)number);
    if (arg_has(c, "CompatibleArchitectures")) {
        set_value(layer, "CompatibleArchitectures", arg(c, "CompatibleArchitectures"));
    }
    if (arg_has(c, "CompatibleRuntimes")) {
        set_value(layer, "CompatibleRuntimes", arg(c, "CompatibleRuntimes"));
    }
    if (arg_has(c, "LicenseInfo")) {
        set_str(layer, "LicenseInfo", arg_str(c, "LicenseInfo"));
    }
    return layer;
}

/* The layer as Get and Publish tell it: with where it can be had. */
static void layer_tell(struct call *c, struct value *layer)
{
    struct value *content = set_struct(c->arena, c->out, "Content");
    const struct value *kept = get(layer, "Content");

    copy_members(content, kept);
    set_str(content, "Location", package_location(c, layer_package(c, layer)));
    set_value(layer, "Content", content);
    copy_members(c->out, layer);
}

static status layer_end(struct call *c)
{
    struct layering *layering = c->kept;
    struct package package;
    struct value *layer;
    uint64_t number;

    status stored;

    TRY(package_taken(c, layering->taking, &package));
    stored = code_storage_check(c, &layering->target, package.zip_bytes);
    if (stored != OK) {
        package_forget(c, layering->taking);
        return stored;
    }
    usage_add(c, &layering->target, 0, (int64_t)package.zip_bytes);
    package_keep(c, layering->taking);
    package_hold(c, package.sha256);
    number = number_next(c, &layering->target);
    layer = layer_make(c, &layering->target, number, &package);
    layering->target.qualifier = layer_qualifier(c->arena, number);
    setting_put_value(c, "layer", &layering->target, layer);
    call_on(c, get_str(layer, "LayerVersionArn"));
    layer_tell(c, layer);
    return OK;
}

/* PublishLayerVersion */
status lambda_publish_layer_version(struct call *c)
{
    struct layering *layering = ARENA_NEW(c->keep, struct layering);

    TRY(layer_named(c, &layering->target));
    TRY(source_check(c, arg(c, "Content")));
    c->kept = layering;
    return package_take(c, arg(c, "Content"), layer_end, &layering->taking);
}

/* ---- getting ---- */

static status no_layer(struct call *c)
{
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "The resource you requested does not exist.");
}

/* GetLayerVersion */
status lambda_get_layer_version(struct call *c)
{
    struct target target;
    struct layer layer;
    uint64_t number;

    TRY(layer_of_call(c, &target, &number));
    if (!layer_get(c, &target, &layer)) {
        return no_layer(c);
    }
    layer_tell(c, layer.config);
    return OK;
}

/* GetLayerVersionByArn */
status lambda_get_layer_version_by_arn(struct call *c)
{
    struct layer layer;

    if (!layer_find(c, arg_str(c, "Arn"), &layer)) {
        return no_layer(c);
    }
    layer_tell(c, layer.config);
    return OK;
}

/* DeleteLayerVersion: fine when there is none. Functions that have it keep its package. */
status lambda_delete_layer_version(struct call *c)
{
    struct target target;
    struct layer layer;
    uint64_t number;

    TRY(layer_of_call(c, &target, &number));
    if (layer_get(c, &target, &layer)) {
        package_drop(c, layer.sha256);
        usage_add(c, &target, 0, -(int64_t)layer.package.zip_bytes);
        setting_delete(c, "layer", &target);
        setting_delete(c, "layer-policy", &target);
    }
    return OK;
}

/* ---- listing ---- */

static bool has_text(const struct value *layer, const char *member, struct str wanted)
{
    const struct value *list = get(layer, member);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, wanted)) {
            return true;
        }
    }
    return wanted.bytes == 0;
}

static bool layer_fits(struct call *c, const struct value *layer)
{
    return has_text(layer, "CompatibleRuntimes", arg_str(c, "CompatibleRuntime")) &&
           has_text(layer, "CompatibleArchitectures", arg_str(c, "CompatibleArchitecture"));
}

struct layer_list {
    struct value **layers;       /* those that fit */
    size_t count;                /* of them */
    size_t room;                 /* allocated */
};

static void layer_add(struct call *c, struct layer_list *list, struct value *layer)
{
    if (list->count == list->room) {
        size_t room = list->room * 2 + 16;
        struct value **grown = arena_alloc(c->arena, room * sizeof(struct value *));

        if (list->count > 0) {
            memcpy((void *)grown, (void *)list->layers, list->count * sizeof(struct value *));
        }
        list->layers = grown;
        list->room = room;
    }
    list->layers[list->count++] = layer;
}

/* ListLayerVersions: the newest first. */
status lambda_list_layer_versions(struct call *c)
{
    size_t max = page_size(c, PAGE);
    struct value *out = put_list(c, "LayerVersions", max);
    struct layer_list list = {.count = 0};
    uint64_t before = VERSION_LAST;
    struct setting_scan *scan;
    struct target target;
    struct target found;
    struct str json;

    TRY(layer_named(c, &target));
    (void)str_to_u64(arg_str(c, "Marker"), &before);
    scan = setting_scan(c, "layer", &target);
    while (setting_scan_next(scan, &found, &json)) {
        struct value *layer = value_of_json(c, json, layer_shape());

        if (layer_fits(c, layer) && (uint64_t)get_int(layer, "Version", 0) < before) {
            layer_add(c, &list, layer);
        }
    }
    setting_scan_close(scan);
    for (size_t i = list.count; i > 0; i--) {
        if (out->count == max) {
            put_str(c, "NextMarker",
                    arena_printf(c->arena, "%lld",
                                 (long long)get_int(list.layers[i], "Version", 0)));
            break;
        }
        copy_members(list_add(c->arena, out), list.layers[i - 1]);
    }
    return OK;
}

/* ListLayers: each with its newest version that fits. */
status lambda_list_layers(struct call *c)
{
    struct target own = {c->account, c->region, STR_NONE, STR_NONE};
    size_t max = page_size(c, PAGE);
    struct value *out = put_list(c, "Layers", max);
    struct str last = STR_NONE;
    struct value *item = NULL;
    struct setting_scan *scan;
    struct target found;
    struct str json;

    TRY(marker_read(c, &own.name));
    scan = setting_scan_behind(c, "layer", &own);
    while (setting_scan_next(scan, &found, &json)) {
        struct value *layer = value_of_json(c, json, layer_shape());

        if (!layer_fits(c, layer)) {
            continue;
        }
        if (!str_eq(found.name, last)) {
            if (out->count == max) {
                put_str(c, "NextMarker", last);
                break;
            }
            item = list_add(c->arena, out);
            last = found.name;
            set_str(item, "LayerName", last);
            set_str(item, "LayerArn", layer_arn(c, &found, 0));
        }
        copy_members(set_struct(c->arena, item, "LatestMatchingVersion"), layer);
    }
    setting_scan_close(scan);
    return OK;
}

/* ---- permissions ---- */

struct layer_policy {
    struct target target;        /* the layer's version */
    struct str arn;              /* its */
    struct str text;             /* the policy; empty: none */
    struct str revision;         /* its */
};

static struct str text_of(const struct value *document, struct str name)
{
    const struct value *found = map_find(document, name);

    return found == NULL ? STR_NONE : found->str;
}

static status policy_of_call(struct call *c, struct layer_policy *ret_policy)
{
    struct layer layer;
    uint64_t number;
    struct str json;

    *ret_policy = (struct layer_policy){.text = STR_NONE};
    TRY(layer_of_call(c, &ret_policy->target, &number));
    ret_policy->arn = layer_arn(c, &ret_policy->target, number);
    if (!layer_get(c, &ret_policy->target, &layer)) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND, "Layer version %.*s does not exist.",
                           STR_ARG(ret_policy->arn));
    }
    if (setting_get(c, "layer-policy", &ret_policy->target, &json)) {
        const struct value *document = value_of_json(c, json, 0);

        ret_policy->text = text_of(document, STR("policy"));
        ret_policy->revision = text_of(document, STR("revision"));
    }
    return OK;
}

static void policy_save(struct call *c, struct layer_policy *policy)
{
    if (policy->text.bytes == 0) {
        setting_delete(c, "layer-policy", &policy->target);
        return;
    }
    policy->revision = revision_new(c);
    setting_put(c, "layer-policy", &policy->target,
                arena_printf(c->arena, "{\"policy\":%.*s,\"revision\":\"%.*s\"}",
                             STR_ARG(quoted(c, policy->text)), STR_ARG(policy->revision)));
}

/* AddLayerVersionPermission */
status lambda_add_layer_permission(struct call *c)
{
    struct str principal = arg_str(c, "Principal");
    struct str condition = STR_NONE;
    struct layer_policy policy;
    struct str statement;

    TRY(policy_of_call(c, &policy));
    TRY(revision_check(c, policy.revision, "GetLayerPolicy"));
    if (principal.bytes == 12) {
        principal = arena_printf(c->arena, "arn:aws:iam::%.*s:root", STR_ARG(principal));
    }
    if (arg_has(c, "OrganizationId")) {
        condition = arena_printf(c->arena,
                                 ",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":"
                                 "%.*s}}", STR_ARG(quoted(c, arg_str(c, "OrganizationId"))));
    }
    statement = arena_printf(
        c->arena,
        "{\"Sid\":%.*s,\"Effect\":\"Allow\",\"Principal\":%.*s,\"Action\":%.*s,\"Resource\":%.*s"
        "%.*s}",
        STR_ARG(quoted(c, arg_str(c, "StatementId"))),
        STR_ARG(str_eq(principal, STR("*"))
                    ? STR("\"*\"")
                    : arena_printf(c->arena, "{\"AWS\":%.*s}", STR_ARG(quoted(c, principal)))),
        STR_ARG(quoted(c, arg_str(c, "Action"))), STR_ARG(quoted(c, policy.arn)),
        STR_ARG(condition));
    TRY(policy_add(c, policy.text, statement, arg_str(c, "StatementId"), &policy.text));
    policy_save(c, &policy);
    put_str(c, "Statement", statement);
    put_str(c, "RevisionId", policy.revision);
    return OK;
}

/* RemoveLayerVersionPermission */
status lambda_remove_layer_permission(struct call *c)
{
    struct layer_policy policy;

    TRY(policy_of_call(c, &policy));
    if (policy.text.bytes == 0) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND,
                           "No policy is associated with the given resource.");
    }
    TRY(revision_check(c, policy.revision, "GetLayerPolicy"));
    TRY(policy_remove(c, policy.text, arg_str(c, "StatementId"), &policy.text));
    policy_save(c, &policy);
    return OK;
}

/* GetLayerVersionPolicy */
status lambda_get_layer_policy(struct call *c)
{
    struct layer_policy policy;

    TRY(policy_of_call(c, &policy));
    if (policy.text.bytes == 0) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND,
                           "No policy is associated with the given resource.");
    }
    put_str(c, "Policy", policy.text);
    put_str(c, "RevisionId", policy.revision);
    return OK;
}
