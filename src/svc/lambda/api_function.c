/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions: creating, getting, listing, configuring, deleting. A new function is Active at once:
 * its package was unpacked, and nothing else is to be waited for.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/mapping.h"
#include "svc/lambda/ops.h"
#include "wire/wire.h"

#include <assert.h>

#define FUNCTIONS_PAGE 50

/* The output is the version's configuration. */
void answer_config(struct call *c, const struct version *version)
{
    assert(c->out->shape == version->config->shape);
    *c->out = *version->config;
}

/* ---- CreateFunction ---- */

struct creating {
    struct target target;        /* the new function */
    struct taking *taking;       /* its package */
};

static status exists_check(struct call *c, const struct target *target)
{
    struct function function;

    return !function_get(c, target, &function)
               ? OK
               : lambda_fail(c, &LAMBDA_CONFLICT, "Function already exist: %.*s",
                             STR_ARG(target->name));
}

static status create_check(struct call *c, struct target *ret_target)
{
    TRY(target_read(c, arg_str(c, "FunctionName"), STR_NONE, ret_target));
    ret_target->qualifier = STR_NONE;
    if (ret_target->name.bytes > NAME_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "1 validation error detected: Value '%.*s' at 'functionName' failed to "
                           "satisfy constraint: Member must have length less than or equal to %d",
                           STR_ARG(ret_target->name), NAME_BYTES_MAX);
    }
    if (str_eq(arg_str(c, "PackageType"), STR("Image"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "container images are not implemented by weir");
    }
    if (arg_str(c, "Runtime").bytes == 0 || arg_str(c, "Handler").bytes == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Runtime and Handler are mandatory parameters for functions created "
                           "with deployment packages.");
    }
    TRY(config_check(c, NULL));
    TRY(source_check(c, arg(c, "Code")));
    TRY(tags_check(c, arg(c, "Tags")));
    if (arg_str(c, "CodeSigningConfigArn").bytes > 0) {
        TRY(signing_config_check(c, arg_str(c, "CodeSigningConfigArn")));
    }
    return exists_check(c, ret_target);
}

static void create_settings(struct call *c, const struct target *target)
{
    const struct value *tags = arg(c, "Tags");

    if (tags != NULL && tags->count > 0) {
        setting_put_value(c, "tags", target, tags);
    }
    if (arg_str(c, "CodeSigningConfigArn").bytes > 0) {
        setting_put(c, "signing", target, arg_str(c, "CodeSigningConfigArn"));
    }
}

static status create_version(struct call *c, const struct creating *creating,
                             const struct package *package, struct version *version)
{
    *version = (struct version){.target = target_with(&creating->target, STR("$LATEST"))};
    version->config = config_new(c, &creating->target);
    config_apply(c, version->config);
    if (arg_has(c, "Architectures")) {
        set_value(version->config, "Architectures", arg(c, "Architectures"));
    }
    config_set_code(c, version, package);
    TRY(exists_check(c, &creating->target));
    TRY(code_storage_check(c, &creating->target, package->zip_bytes));
    return config_layers(c, version, package->bytes);
}

static status create_end(struct call *c)
{
    struct creating *creating = c->kept;
    struct function function = {.created_ms = c->now};
    struct package package;
    struct version version;
    status checked;

    TRY(package_taken(c, creating->taking, &package));
    checked = create_version(c, creating, &package, &version);
    if (checked != OK) {
        package_forget(c, creating->taking);
        return checked;
    }
    package_keep(c, creating->taking);
    package_hold(c, package.sha256);
    version_hold_layers(c, &version);
    version_touch(c, &version);
    version_put(c, &version);
    function_put(c, &creating->target, &function);
    mappings_function_changed(c, &creating->target); /* it may have been missed */
    usage_add(c, &creating->target, 1, (int64_t)package.zip_bytes);
    create_settings(c, &creating->target);
    if (arg_bool(c, "Publish", false)) {
        struct version latest = version;

        version_publish(c, &latest, STR_NONE, &version);
    }
    answer_config(c, &version);
    set_str(c->out, "FunctionArn", target_arn(c->arena, &creating->target));
    call_on(c, target_arn(c->arena, &creating->target));
    return OK;
}

/* CreateFunction */
status lambda_create_function(struct call *c)
{
    struct creating *creating = ARENA_NEW(c->keep, struct creating);

    TRY(create_check(c, &creating->target));
    c->kept = creating;
    return package_take(c, arg(c, "Code"), create_end, &creating->taking);
}

/* ---- getting ---- */

/* GetFunctionConfiguration */
status lambda_get_function_configuration(struct call *c)
{
    struct version version;
    struct target target;

    TRY(target_of_call(c, &target));
    TRY(version_find(c, &target, &version));
    answer_qualified(&version, &target, c->arena);
    answer_config(c, &version);
    return OK;
}

/* GetFunction */
status lambda_get_function(struct call *c)
{
    struct version version;
    struct target target;
    struct target whole;
    struct value *code;
    struct value *tags;
    struct str json;

    TRY(target_of_call(c, &target));
    TRY(version_find(c, &target, &version));
    whole = target_with(&target, STR_NONE);
    answer_qualified(&version, &target, c->arena);
    set_value(c->out, "Configuration", version.config);
    code = put_struct(c, "Code");
    set_str(code, "RepositoryType", STR("S3"));
    set_str(code, "Location", package_location(c, version.code));
    if (setting_get_value(c, "tags", &whole, shape_of("ListTags", "Tags"), &tags)) {
        set_value(c->out, "Tags", tags);
    }
    if (setting_get(c, "concurrency", &whole, &json)) {
        set_value(c->out, "Concurrency",
                  value_of_json(c, json, shape_of("PutFunctionConcurrency", NULL)));
    }
    return OK;
}

/* What was asked for by a qualifier is told by it. */
void answer_qualified(struct version *version, const struct target *asked, struct arena *arena)
{
    if (asked->qualifier.bytes > 0) {
        set_str(version->config, "FunctionArn", target_arn(arena, asked));
    }
}

/* ---- listing ---- */

struct listing {
    struct value *list;          /* gets them */
    size_t count;                /* so many yet */
    size_t max;                  /* at most */
};

/* Marker of the page behind: "name" or "name:version", as nobody needs to know. */
static void list_end(struct call *c, const struct target *last, const struct version *version)
{
    if (version->number == 0) {
        put_str(c, "NextMarker", last->name);
    } else {
        put_str(c, "NextMarker",
                arena_printf(c->arena, "%.*s:%llu", STR_ARG(last->name),
                             (unsigned long long)version->number));
    }
}

/* One function, or with all its versions from that number on; false: the page is full. */
static bool list_function(struct call *c, const struct target *target, uint64_t from,
                          struct listing *listing)
{
    bool all = arg_has(c, "FunctionVersion");
    struct version_scan *scan = version_scan(c, target, from);
    struct version version;
    bool room = true;

    while (room && version_scan_next(scan, &version)) {
        set_str(version.config, "FunctionArn",
                target_arn(c->arena, &(struct target){target->account, target->region, target->name,
                                                      all ? version.target.qualifier : STR_NONE}));
        list_config(listing->list, &version, c->arena);
        room = ++listing->count < listing->max;
        if (!room) {
            list_end(c, target, &version);
        }
        if (!all) {
            break;
        }
    }
    version_scan_close(scan);
    return room;
}

void list_config(struct value *list, const struct version *version, struct arena *arena)
{
    struct value *item = list_add(arena, list);

    assert(item->shape == version->config->shape);
    *item = *version->config;
    set_value(item, "State", &(struct value){.kind = VALUE_NONE});
    set_value(item, "LastUpdateStatus", &(struct value){.kind = VALUE_NONE});
    set_value(item, "RuntimeVersionConfig", &(struct value){.kind = VALUE_NONE});
}

/* ListFunctions */
status lambda_list_functions(struct call *c)
{
    struct listing listing = {.max = page_size(c, FUNCTIONS_PAGE)};
    struct target target = {c->account, c->region, STR_NONE, STR_NONE};
    struct function_scan *scan;
    struct function function;
    uint64_t number = 0;
    bool room = true;
    struct str marker;
    size_t colon;

    TRY(marker_read(c, &marker));
    colon = str_find(marker, ':', 0);
    target.name = str_slice(marker, 0, colon);
    listing.list = put_list(c, "Functions", listing.max);
    if (arg_has(c, "FunctionVersion") && marker.bytes > 0 &&
        function_get(c, &target, &function)) { /* the rest of the marker's own function */
        (void)str_to_u64(str_slice(marker, colon + 1, marker.bytes), &number);
        room = list_function(c, &target, number + 1, &listing);
    }
    scan = function_scan(c, target.name);
    while (room && function_scan_next(scan, &target, &function)) {
        room = list_function(c, &target, 0, &listing);
    }
    function_scan_close(scan);
    return OK;
}

/* ---- changing ---- */

static status configure_check(struct call *c, struct target *target, struct version *version)
{
    struct package package;
    bool there;

    TRY(target_of_call(c, target));
    if (!qualifier_is_latest(target->qualifier)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "This operation is permitted on Lambda functions only. Aliases and "
                           "versions do not support this operation. Please specify either a "
                           "function name or an unqualified function ARN.");
    }
    target->qualifier = STR("$LATEST");
    TRY(version_find(c, target, version));
    TRY(config_check(c, version->config));
    TRY(revision_check(c, get_str(version->config, "RevisionId"), "GetFunction/GetAlias"));
    there = package_get(c, version->code, &package);
    assert(there);
    return config_layers(c, version, package.bytes);
}

/* UpdateFunctionConfiguration */
status lambda_update_function_configuration(struct call *c)
{
    struct target target;
    struct version before;
    struct version version;

    TRY(configure_check(c, &target, &version));
    if (arg_has(c, "Layers")) {
        bool there = version_get(c, &target, 0, &before);

        assert(there);
        version_hold_layers(c, &version);
        version_drop_layers(c, &before);
    }
    config_apply(c, version.config);
    version_touch(c, &version);
    version_put(c, &version);
    live_changed(c, &target);
    answer_config(c, &version);
    return OK;
}

/* ---- UpdateFunctionCode ---- */

static status recode_check(struct call *c, struct target *target, struct version *version)
{
    TRY(target_of_call(c, target));
    if (!qualifier_is_latest(target->qualifier)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "This operation is permitted on Lambda functions only. Aliases and "
                           "versions do not support this operation. Please specify either a "
                           "function name or an unqualified function ARN.");
    }
    target->qualifier = STR("$LATEST");
    TRY(version_find(c, target, version));
    return revision_check(c, get_str(version->config, "RevisionId"), "GetFunction/GetAlias");
}

static status recode_version(struct call *c, const struct creating *creating,
                             const struct package *package, struct version *version)
{
    struct target target = creating->target;

    TRY(recode_check(c, &target, version));
    TRY(code_storage_check(c, &target, package->zip_bytes));
    config_set_code(c, version, package);
    if (arg_has(c, "Architectures")) {
        set_value(version->config, "Architectures", arg(c, "Architectures"));
    }
    return config_layers(c, version, package->bytes);
}

static status recode_end(struct call *c)
{
    struct creating *creating = c->kept;
    struct package package;
    struct version version;
    struct version before;
    status checked;

    TRY(package_taken(c, creating->taking, &package));
    checked = recode_version(c, creating, &package, &version);
    if (checked != OK || arg_bool(c, "DryRun", false)) {
        package_forget(c, creating->taking);
        if (checked == OK) {
            answer_config(c, &version);
        }
        return checked;
    }
    bool there = version_get(c, &version.target, 0, &before);

    assert(there);
    package_keep(c, creating->taking);
    package_hold(c, package.sha256);
    package_drop(c, before.code);
    usage_add(c, &version.target, 0,
              (int64_t)package.zip_bytes - get_int(before.config, "CodeSize", 0));
    version_touch(c, &version);
    version_put(c, &version);
    live_changed(c, &version.target);
    if (arg_bool(c, "Publish", false)) {
        struct version latest = version;

        version_publish(c, &latest, STR_NONE, &version);
    }
    answer_config(c, &version);
    return OK;
}

/* UpdateFunctionCode */
status lambda_update_function_code(struct call *c)
{
    struct creating *creating = ARENA_NEW(c->keep, struct creating);
    struct version version;

    TRY(absent_check(c));
    TRY(recode_check(c, &creating->target, &version));
    TRY(source_check(c, c->in));
    c->kept = creating;
    return package_take(c, c->in, recode_end, &creating->taking);
}

/* ---- DeleteFunction ---- */

/* A version that an alias points at stays. */
static status version_delete_check(struct call *c, const struct target *target)
{
    struct target all = target_with(target, STR_NONE);
    struct setting_scan *scan = setting_scan(c, "alias", &all);
    struct target found;
    struct str users;
    struct str json;
    struct buf names;

    buf_init(&names, ROW_BYTES_MAX);
    while (setting_scan_next(scan, &found, &json)) {
        struct value *alias = value_of_json(c, json, shape_of("GetAlias", NULL));

        if (alias_uses(alias, target->qualifier)) {
            buf_add(&names, names.bytes > 0 ? STR(", ") : STR_NONE);
            buf_add(&names, found.qualifier);
        }
    }
    setting_scan_close(scan);
    users = arena_dup(c->arena, buf_str(&names));
    buf_done(&names);
    return users.bytes == 0
               ? OK
               : lambda_fail(c, &LAMBDA_CONFLICT,
                             "Unable to delete version because the following aliases reference it: "
                             "[%.*s]", STR_ARG(users));
}

static status version_delete(struct call *c, const struct target *target)
{
    struct version version;
    uint64_t number;

    if (!qualifier_is_version(target->qualifier, &number)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Deletion of aliases is not currently supported.");
    }
    if (number == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "$LATEST version cannot be deleted without deleting the function.");
    }
    if (!version_get(c, target, number, &version)) {
        return OK; /* as AWS: it is gone */
    }
    TRY(version_delete_check(c, target));
    version_erase(c, &version);
    settings_erase(c, target);
    live_deleted(c, target);
    return OK;
}

/* DeleteFunction */
status lambda_delete_function(struct call *c)
{
    struct target target;

    TRY(target_of_call(c, &target));
    put_int(c, "StatusCode", 204);
    if (target.qualifier.bytes > 0) {
        return version_delete(c, &target);
    }
    urls_forget(c, &target);
    function_erase(c, &target);
    live_deleted(c, &target);
    return OK;
}
