/* SPDX-License-Identifier: Apache-2.0
 *
 * Small settings of functions: what to do about recursion, when runtimes are updated, how far
 * managed instances scale. Kept as they are said; weir has one version of each runtime and no
 * managed instances.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

/* ---- recursion ---- */

/* PutFunctionRecursionConfig */
status lambda_put_recursion(struct call *c)
{
    struct target target;

    TRY(target_of_call(c, &target));
    setting_put(c, "recursion", &target, arg_str(c, "RecursiveLoop"));
    put_str(c, "RecursiveLoop", arg_str(c, "RecursiveLoop"));
    live_changed(c, &target);
    return OK;
}

/* GetFunctionRecursionConfig */
status lambda_get_recursion(struct call *c)
{
    struct target target;
    struct str mode;

    TRY(target_of_call(c, &target));
    put_str(c, "RecursiveLoop",
            setting_get(c, "recursion", &target, &mode) ? mode : STR("Terminate"));
    return OK;
}

/* ---- runtime management ---- */

/* A version's: aliases have none. */
static status version_of_call(struct call *c, struct target *ret_target,
                              struct version *ret_version)
{
    uint64_t number;

    TRY(target_of_call(c, ret_target));
    if (!qualifier_is_version(ret_target->qualifier, &number)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Runtime management configuration is not supported for aliases.");
    }
    if (number == 0) {
        ret_target->qualifier = STR("$LATEST");
    }
    return version_find(c, ret_target, ret_version);
}

/* PutRuntimeManagementConfig */
status lambda_put_runtime_management(struct call *c)
{
    bool manual = str_eq(arg_str(c, "UpdateRuntimeOn"), STR("Manual"));
    struct version version;
    struct target target;

    TRY(version_of_call(c, &target, &version));
    if (manual && arg_str(c, "RuntimeVersionArn").bytes == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "RuntimeVersionArn is required when UpdateRuntimeOn is Manual.");
    }
    if (!manual && arg_str(c, "RuntimeVersionArn").bytes > 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "RuntimeVersionArn can only be given when UpdateRuntimeOn is Manual.");
    }
    put_str(c, "UpdateRuntimeOn", arg_str(c, "UpdateRuntimeOn"));
    put_str(c, "FunctionArn", target_arn(c->arena, &target));
    if (manual) {
        put_str(c, "RuntimeVersionArn", arg_str(c, "RuntimeVersionArn"));
    }
    setting_put_value(c, "runtime-management", &target, c->out);
    return OK;
}

/* GetRuntimeManagementConfig */
status lambda_get_runtime_management(struct call *c)
{
    struct version version;
    struct target target;
    struct value *kept;

    TRY(version_of_call(c, &target, &version));
    if (setting_get_value(c, "runtime-management", &target, c->out->shape, &kept)) {
        *c->out = *kept;
        return OK;
    }
    put_str(c, "UpdateRuntimeOn", STR("Auto"));
    put_str(c, "FunctionArn", target_arn(c->arena, &target));
    return OK;
}

/* ---- scaling ---- */

static status scaling_target(struct call *c, struct target *ret_target)
{
    struct version version;

    TRY(target_of_call(c, ret_target));
    return version_find(c, ret_target, &version);
}

/* PutFunctionScalingConfig */
status lambda_put_scaling(struct call *c)
{
    const struct value *scaling = arg(c, "FunctionScalingConfig");
    struct target target;

    TRY(scaling_target(c, &target));
    if (scaling == NULL) {
        setting_delete(c, "scaling", &target);
    } else if (get_int(scaling, "MinExecutionEnvironments", 0) >
               get_int(scaling, "MaxExecutionEnvironments", INT64_MAX)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "MinExecutionEnvironments must not be greater than "
                           "MaxExecutionEnvironments.");
    } else {
        setting_put_value(c, "scaling", &target, scaling);
    }
    put_str(c, "FunctionState", STR("Active"));
    return OK;
}

/* GetFunctionScalingConfig */
status lambda_get_scaling(struct call *c)
{
    struct target target;
    struct value *scaling;

    TRY(scaling_target(c, &target));
    put_str(c, "FunctionArn", target_arn(c->arena, &target));
    if (setting_get_value(c, "scaling", &target,
                          shape_of("GetFunctionScalingConfig", "AppliedFunctionScalingConfig"),
                          &scaling)) {
        set_value(c->out, "AppliedFunctionScalingConfig", scaling);
        set_value(c->out, "RequestedFunctionScalingConfig", scaling);
    }
    return OK;
}
