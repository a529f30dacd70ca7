/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of asynchronous invocations: retries, age, destinations. A setting of kind
 * "invoke-config" by function and qualifier ("$LATEST" for none), shaped as
 * FunctionEventInvokeConfig.
 */
#include "cell/authorize.h"
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

#define PAGE 50

static uint32_t invoke_shape(void)
{
    return shape_of("GetFunctionEventInvokeConfig", NULL);
}

static status invoke_target(struct call *c, struct target *ret_target)
{
    TRY(target_read(c, arg_str(c, "FunctionName"), arg_str(c, "Qualifier"), ret_target));
    if (ret_target->qualifier.bytes == 0) {
        ret_target->qualifier = STR("$LATEST");
    }
    call_on(c, target_arn(c->arena, ret_target));
    return OK;
}

/* ---- checks ---- */

static struct str destination_of(const struct value *config, const char *member)
{
    const struct value *of = config == NULL ? NULL : get(config, member);

    return of == NULL ? STR_NONE : get_str(of, "Destination");
}

/* One destination; *ret_good: of a kind that can be one. */
static status destination_check(struct call *c, const struct target *target, struct str text,
                                bool *ret_good)
{
    struct target other = {.account = c->account, .region = c->region};
    struct function function;
    struct arn arn;

    *ret_good = true;
    if (text.bytes == 0) {
        return OK;
    }
    if (!arn_read(text, &arn)) {
        *ret_good = false;
        return OK;
    }
    if (str_eq(arn.service, STR("lambda"))) {
        if (!target_parse(text, &other) || !function_get(c, &other, &function)) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE, "The destination ARN %.*s is invalid.",
                               STR_ARG(text));
        }
        if (str_eq(other.name, target->name) && str_eq(other.region, target->region) &&
            str_eq(other.account, target->account)) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE,
                               "You can't specify the function as a destination for itself.");
        }
        return OK;
    }
    *ret_good = str_eq(arn.service, STR("sns")) || str_eq(arn.service, STR("sqs")) ||
                str_eq(arn.service, STR("events")) || str_eq(arn.service, STR("s3"));
    return OK;
}

/* What sending there needs, and what AWS calls it. */
static const struct {
    const char *service;
    const char *action;
    const char *name;
} sending[] = {
    {"sqs", "sqs:SendMessage", "SendMessage"},
    {"sns", "sns:Publish", "Publish"},
    {"lambda", "lambda:InvokeFunction", "InvokeFunction"},
    {"events", "events:PutEvents", "PutEvents"},
    {"s3", "s3:PutObject", "PutObject"},
};

/* With auth on the function's role may send there. */
static status role_check(struct call *c, struct str role, struct str destination)
{
    struct arn arn;

    for (size_t i = 0; i < sizeof(sending) / sizeof(sending[0]); i++) {
        struct str resource = destination;

        if (!arn_read(destination, &arn) || !str_eq(arn.service, str_c(sending[i].service))) {
            continue;
        }
        if (str_eq(arn.service, STR("s3"))) {
            resource = arena_printf(c->arena, "%.*s/*", STR_ARG(destination));
        }
        return role_may(c, role, sending[i].action, resource)
                   ? OK
                   : lambda_fail(c, &LAMBDA_BAD_VALUE,
                                 "The function's execution role does not have permissions to call "
                                 "%s on %.*s", sending[i].name, STR_ARG(destination));
    }
    return OK;
}

static status destinations_check(struct call *c, const struct target *target, struct str role)
{
    const struct value *config = arg(c, "DestinationConfig");
    struct str success = destination_of(config, "OnSuccess");
    struct str failure = destination_of(config, "OnFailure");
    struct str texts[2];
    bool success_good;
    bool failure_good;
    struct arn arn;

    TRY(destination_check(c, target, failure, &failure_good));
    TRY(destination_check(c, target, success, &success_good));
    if (success.bytes > 0 && arn_read(success, &arn) && str_eq(arn.service, STR("s3"))) {
        success_good = false; /* buckets take failures alone */
    }
    if (failure_good && success_good) {
        TRY(role_check(c, role, failure));
        return role_check(c, role, success);
    }
    texts[0] = success.bytes == 0 ? STR("null")
                                  : arena_printf(c->arena, "OnSuccess(destination=%.*s)",
                                                 STR_ARG(success));
    texts[1] = failure.bytes == 0 ? STR("null")
                                  : arena_printf(c->arena, "OnFailure(destination=%.*s)",
                                                 STR_ARG(failure));
    return lambda_fail(c, &LAMBDA_BAD_VALUE,
                       "The provided destination config DestinationConfig(onSuccess=%.*s, "
                       "onFailure=%.*s) is invalid.", STR_ARG(texts[0]), STR_ARG(texts[1]));
}

static status invoke_check(struct call *c, struct target *ret_target)
{
    struct function function;
    struct version version;

    if (!arg_has(c, "MaximumRetryAttempts") && !arg_has(c, "MaximumEventAgeInSeconds") &&
        !arg_has(c, "DestinationConfig")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "You must specify at least one of error handling or destination "
                           "setting.");
    }
    TRY(invoke_target(c, ret_target));
    if (!function_get(c, ret_target, &function) ||
        version_find(c, ret_target, &version) != OK) {
        c->detail = NULL;
        return lambda_fail(c, &LAMBDA_NOT_FOUND, "The function doesn't exist.");
    }
    return destinations_check(c, ret_target, get_str(version.config, "Role"));
}

/* ---- operations ---- */

static void invoke_apply(struct call *c, const struct target *target, struct value *config)
{
    static const char *const members[] = {"MaximumRetryAttempts", "MaximumEventAgeInSeconds",
                                          "DestinationConfig"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (arg_has(c, members[i])) {
            set_value(config, members[i], arg(c, members[i]));
        }
    }
    set_time(config, "LastModified", c->now);
    set_str(config, "FunctionArn", target_arn(c->arena, target));
    if (!has(config, "DestinationConfig")) {
        struct value *destinations = set_struct(c->arena, config, "DestinationConfig");

        (void)set_struct(c->arena, destinations, "OnSuccess");
        (void)set_struct(c->arena, destinations, "OnFailure");
    }
    setting_put_value(c, "invoke-config", target, config);
    live_changed(c, target);
}

/* PutFunctionEventInvokeConfig */
status lambda_put_invoke_config(struct call *c)
{
    struct target target;

    TRY(invoke_check(c, &target));
    invoke_apply(c, &target, c->out);
    return OK;
}

static status invoke_find(struct call *c, const struct target *target, struct value **ret_config)
{
    return setting_get_value(c, "invoke-config", target, invoke_shape(), ret_config)
               ? OK
               : lambda_fail(c, &LAMBDA_NOT_FOUND,
                             "The function %.*s doesn't have an EventInvokeConfig",
                             STR_ARG(target_arn(c->arena, target)));
}

/* UpdateFunctionEventInvokeConfig */
status lambda_update_invoke_config(struct call *c)
{
    struct target target;
    struct value *config;

    TRY(invoke_check(c, &target));
    TRY(invoke_find(c, &target, &config));
    invoke_apply(c, &target, config);
    *c->out = *config;
    return OK;
}

/* GetFunctionEventInvokeConfig */
status lambda_get_invoke_config(struct call *c)
{
    struct target target;
    struct value *config;

    TRY(invoke_target(c, &target));
    TRY(invoke_find(c, &target, &config));
    *c->out = *config;
    return OK;
}

/* DeleteFunctionEventInvokeConfig */
status lambda_delete_invoke_config(struct call *c)
{
    struct target target;
    struct value *config;

    TRY(invoke_target(c, &target));
    TRY(invoke_find(c, &target, &config));
    setting_delete(c, "invoke-config", &target);
    live_changed(c, &target);
    return OK;
}

/* ListFunctionEventInvokeConfigs */
status lambda_list_invoke_configs(struct call *c)
{
    size_t max = page_size(c, PAGE);
    struct value *list = put_list(c, "FunctionEventInvokeConfigs", max);
    struct str last = STR_NONE;
    struct setting_scan *scan;
    struct target target;
    struct target found;
    struct str json;

    TRY(target_read(c, arg_str(c, "FunctionName"), STR_NONE, &target));
    TRY(function_check(c, &target, "The function doesn't exist."));
    TRY(marker_read(c, &target.qualifier));
    scan = setting_scan(c, "invoke-config", &target);
    while (setting_scan_next(scan, &found, &json)) {
        if (list->count == max) {
            put_str(c, "NextMarker", last);
            break;
        }
        last = found.qualifier;
        *list_add(c->arena, list) = *value_of_json(c, json, invoke_shape());
    }
    setting_scan_close(scan);
    return OK;
}
