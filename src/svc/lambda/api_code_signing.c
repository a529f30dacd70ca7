/* SPDX-License-Identifier: Apache-2.0
 *
 * Code signing configurations, kept as records: weir checks no signatures. A setting of kind
 * "signing-config" by id, shaped as CodeSigningConfig; a function's is a setting of kind "signing"
 * with its ARN.
 */
#include "base/codec.h"
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

#define PAGE 50
#define ID_DIGITS 17

static uint32_t signing_shape(void)
{
    return shape_of("GetCodeSigningConfig", "CodeSigningConfig");
}

static bool signing_find(struct call *c, struct str arn_text, struct target *ret_target,
                         struct value **ret_config)
{
    struct str prefix = STR("code-signing-config:");
    struct arn arn;

    if (!arn_read(arn_text, &arn) || !str_starts(arn.resource, prefix)) {
        return false;
    }
    *ret_target = (struct target){arn.account, arn.region,
                                  str_slice(arn.resource, prefix.bytes, arn.resource.bytes),
                                  STR_NONE};
    return ret_target->name.bytes > 0 &&
           setting_get_value(c, "signing-config", ret_target, signing_shape(), ret_config);
}

static status signing_of_call(struct call *c, struct target *ret_target, struct value **ret_config)
{
    struct str arn = arg_str(c, "CodeSigningConfigArn");

    call_on(c, arn);
    return signing_find(c, arn, ret_target, ret_config)
               ? OK
               : lambda_fail(c, &LAMBDA_NOT_FOUND,
                             "The Lambda code signing configuration %.*s can not be found.",
                             STR_ARG(arn));
}

status signing_config_check(struct call *c, struct str arn)
{
    struct target target;
    struct value *config;

    return signing_find(c, arn, &target, &config)
               ? OK
               : lambda_fail(c, &LAMBDA_NO_SIGNING,
                             "The code signing configuration cannot be found. Check that the "
                             "provided configuration is not deleted: %.*s.", STR_ARG(arn));
}

static void signing_apply(struct call *c, struct value *config)
{
    if (arg_has(c, "Description")) {
        set_str(config, "Description", arg_str(c, "Description"));
    }
    if (arg_has(c, "AllowedPublishers")) {
        set_value(config, "AllowedPublishers", arg(c, "AllowedPublishers"));
    }
    if (arg_has(c, "CodeSigningPolicies")) {
        set_value(config, "CodeSigningPolicies", arg(c, "CodeSigningPolicies"));
    }
    set_str(config, "LastModified", lambda_time(c->arena, c->now));
}

/* CreateCodeSigningConfig */
status lambda_create_signing_config(struct call *c)
{
    struct value *config = put_struct(c, "CodeSigningConfig");
    struct target target = {c->account, c->region, STR_NONE, STR_NONE};
    char digits[2 * ID_DIGITS];
    uint8_t bytes[ID_DIGITS];

    TRY(tags_check(c, arg(c, "Tags")));
    rand_fill(c->rand, bytes, sizeof(bytes));
    hex_encode(str_of(bytes, sizeof(bytes)), digits);
    target.name = arena_printf(c->arena, "csc-%.*s", ID_DIGITS, digits);
    set_str(config, "CodeSigningConfigId", target.name);
    set_str(config, "CodeSigningConfigArn",
            call_arn(c, "lambda", "code-signing-config:%.*s", STR_ARG(target.name)));
    set_str(set_struct(c->arena, config, "CodeSigningPolicies"), "UntrustedArtifactOnDeployment",
            STR("Warn"));
    signing_apply(c, config);
    setting_put_value(c, "signing-config", &target, config);
    call_on(c, get_str(config, "CodeSigningConfigArn"));
    if (arg_has(c, "Tags")) {
        target.name = arena_printf(c->arena, "code-signing-config:%.*s", STR_ARG(target.name));
        setting_put_value(c, "tags", &target, arg(c, "Tags"));
    }
    return OK;
}

/* GetCodeSigningConfig */
status lambda_get_signing_config(struct call *c)
{
    struct target target;
    struct value *config;

    TRY(signing_of_call(c, &target, &config));
    set_value(c->out, "CodeSigningConfig", config);
    return OK;
}

/* UpdateCodeSigningConfig */
status lambda_update_signing_config(struct call *c)
{
    struct target target;
    struct value *config;

    TRY(signing_of_call(c, &target, &config));
    signing_apply(c, config);
    setting_put_value(c, "signing-config", &target, config);
    set_value(c->out, "CodeSigningConfig", config);
    return OK;
}

/* The next function that uses it; false: none. */
static bool signing_used(struct str arn, struct setting_scan *scan, struct target *ret_target)
{
    struct str used;

    while (setting_scan_next(scan, ret_target, &used)) {
        if (str_eq(used, arn)) {
            return true;
        }
    }
    return false;
}

/* DeleteCodeSigningConfig */
status lambda_delete_signing_config(struct call *c)
{
    struct str arn = arg_str(c, "CodeSigningConfigArn");
    struct target target;
    struct target user;
    struct value *config;
    struct setting_scan *scan;
    bool used;

    TRY(signing_of_call(c, &target, &config));
    scan = setting_scan(c, "signing",
                        &(struct target){target.account, target.region, STR_NONE, STR_NONE});
    used = signing_used(arn, scan, &user);
    setting_scan_close(scan);
    if (used) {
        return lambda_fail(c, &LAMBDA_CONFLICT,
                           "Cannot delete the code signing configuration %.*s because it is in use "
                           "by a function.", STR_ARG(arn));
    }
    setting_delete(c, "signing-config", &target);
    target.name = arena_printf(c->arena, "code-signing-config:%.*s", STR_ARG(target.name));
    setting_delete(c, "tags", &target);
    return OK;
}

/* ListCodeSigningConfigs */
status lambda_list_signing_configs(struct call *c)
{
    struct target own = {c->account, c->region, STR_NONE, STR_NONE};
    size_t max = page_size(c, PAGE);
    struct value *list = put_list(c, "CodeSigningConfigs", max);
    struct str last = STR_NONE;
    struct setting_scan *scan;
    struct target found;
    struct str json;

    TRY(marker_read(c, &own.name));
    scan = setting_scan_behind(c, "signing-config", &own);
    while (setting_scan_next(scan, &found, &json)) {
        if (list->count == max) {
            put_str(c, "NextMarker", last);
            break;
        }
        last = found.name;
        *list_add(c->arena, list) = *value_of_json(c, json, signing_shape());
    }
    setting_scan_close(scan);
    return OK;
}

/* ListFunctionsByCodeSigningConfig */
status lambda_list_functions_by_signing(struct call *c)
{
    size_t max = page_size(c, PAGE);
    struct value *list = put_list(c, "FunctionArns", max);
    struct str last = STR_NONE;
    struct setting_scan *scan;
    struct target target;
    struct target found;
    struct value *config;

    TRY(signing_of_call(c, &target, &config));
    TRY(marker_read(c, &target.name));
    scan = setting_scan_behind(c, "signing", &target);
    while (signing_used(arg_str(c, "CodeSigningConfigArn"), scan, &found)) {
        if (list->count == max) {
            put_str(c, "NextMarker", last);
            break;
        }
        last = found.name;
        list_add_str(list, target_arn(c->arena, &found));
    }
    setting_scan_close(scan);
    return OK;
}

/* PutFunctionCodeSigningConfig */
status lambda_put_function_signing(struct call *c)
{
    struct target target;

    TRY(signing_config_check(c, arg_str(c, "CodeSigningConfigArn")));
    TRY(target_of_call(c, &target));
    target.qualifier = STR_NONE;
    setting_put(c, "signing", &target, arg_str(c, "CodeSigningConfigArn"));
    put_str(c, "CodeSigningConfigArn", arg_str(c, "CodeSigningConfigArn"));
    put_str(c, "FunctionName", target.name);
    return OK;
}

/* GetFunctionCodeSigningConfig: an empty answer when there is none. */
status lambda_get_function_signing(struct call *c)
{
    struct target target;
    struct str arn;

    TRY(target_of_call(c, &target));
    target.qualifier = STR_NONE;
    if (setting_get(c, "signing", &target, &arn)) {
        put_str(c, "CodeSigningConfigArn", arn);
        put_str(c, "FunctionName", target.name);
    }
    return OK;
}

/* DeleteFunctionCodeSigningConfig */
status lambda_delete_function_signing(struct call *c)
{
    struct target target;

    TRY(target_of_call(c, &target));
    target.qualifier = STR_NONE;
    setting_delete(c, "signing", &target);
    return OK;
}
