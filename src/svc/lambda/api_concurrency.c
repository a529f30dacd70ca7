/* SPDX-License-Identifier: Apache-2.0
 *
 * Concurrency, reserved ("concurrency" by function) and provisioned ("provisioned" by function and
 * qualifier), both as JSON of what the Get operations tell; and the account's limits, which are
 * those of a region.
 *
 * Provisioned concurrency is READY at once: live.c has workers started, and an invocation that
 * comes before they are there starts one itself.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

#define PAGE 50

static uint32_t reserved_shape(void)
{
    return shape_of("GetFunctionConcurrency", NULL);
}

static uint32_t provisioned_shape(void)
{
    return shape_of("GetProvisionedConcurrencyConfig", NULL);
}

/* ---- sums ---- */

/* Reserved of a function; -1: nothing is. */
int64_t concurrency_reserved(struct call *c, const struct target *target)
{
    struct target whole = target_with(target, STR_NONE);
    struct value *reserved;

    return setting_get_value(c, "concurrency", &whole, reserved_shape(), &reserved)
               ? get_int(reserved, "ReservedConcurrentExecutions", -1)
               : -1;
}

/* Of all functions of the target's account and region, or of its name when it has one. */
static int64_t provisioned_sum(struct call *c, const struct target *target)
{
    struct setting_scan *scan = setting_scan(c, "provisioned", target);
    struct target found;
    struct str json;
    int64_t sum = 0;

    while (setting_scan_next(scan, &found, &json)) {
        if (target->name.bytes > 0 || concurrency_reserved(c, &found) < 0) {
            sum += get_int(value_of_json(c, json, provisioned_shape()),
                           "RequestedProvisionedConcurrentExecutions", 0);
        }
    }
    setting_scan_close(scan);
    return sum;
}

static int64_t reserved_sum(struct call *c, const struct target *target)
{
    struct target all = {target->account, target->region, STR_NONE, STR_NONE};
    struct setting_scan *scan = setting_scan(c, "concurrency", &all);
    struct target found;
    struct str json;
    int64_t sum = 0;

    while (setting_scan_next(scan, &found, &json)) {
        sum += get_int(value_of_json(c, json, reserved_shape()), "ReservedConcurrentExecutions",
                       0);
    }
    setting_scan_close(scan);
    return sum;
}

int64_t concurrency_unreserved(struct call *c, const struct target *target)
{
    struct target all = {target->account, target->region, STR_NONE, STR_NONE};

    return CONCURRENCY_MAX - reserved_sum(c, target) - provisioned_sum(c, &all);
}

/* ---- reserved ---- */

/* PutFunctionConcurrency */
status lambda_put_concurrency(struct call *c)
{
    int64_t wanted = arg_int(c, "ReservedConcurrentExecutions", 0);
    struct target target;
    int64_t provisioned;
    int64_t had;

    TRY(target_of_call(c, &target));
    TRY(unqualified_check(c, &target));
    provisioned = provisioned_sum(c, &target);
    had = concurrency_reserved(c, &target);
    had = had < 0 ? provisioned : had; /* which counts while nothing is reserved */
    if (concurrency_unreserved(c, &target) - wanted + had < CONCURRENCY_UNRESERVED_MIN) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Specified ReservedConcurrentExecutions for function decreases "
                           "account's UnreservedConcurrentExecution below its minimum value of "
                           "[%d].", CONCURRENCY_UNRESERVED_MIN);
    }
    if (provisioned > wanted) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           " ReservedConcurrentExecutions  %lld should not be lower than "
                           "function's total provisioned concurrency [%lld].", (long long)wanted,
                           (long long)provisioned);
    }
    put_int(c, "ReservedConcurrentExecutions", wanted);
    setting_put_value(c, "concurrency", &target, c->out);
    live_changed(c, &target);
    return OK;
}

/* GetFunctionConcurrency: empty when nothing is reserved. */
status lambda_get_concurrency(struct call *c)
{
    struct target target;
    int64_t reserved;

    TRY(target_of_call(c, &target));
    reserved = concurrency_reserved(c, &target);
    if (reserved >= 0) {
        put_int(c, "ReservedConcurrentExecutions", reserved);
    }
    return OK;
}

/* DeleteFunctionConcurrency */
status lambda_delete_concurrency(struct call *c)
{
    struct target target;

    TRY(target_of_call(c, &target));
    TRY(unqualified_check(c, &target));
    setting_delete(c, "concurrency", &target);
    live_changed(c, &target);
    return OK;
}

/* ---- provisioned ---- */

/* A published version or an alias that is there; its version's number. */
static status provisioned_target(struct call *c, const char *sentence, struct target *ret_target,
                                 uint64_t *ret_number)
{
    struct value *alias;

    TRY(target_of_call(c, ret_target));
    if (qualifier_is_latest(ret_target->qualifier)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "%s", sentence);
    }
    if (qualifier_is_version(ret_target->qualifier, ret_number)) {
        return version_is(c, ret_target, *ret_number)
                   ? OK
                   : lambda_fail(c, &LAMBDA_NOT_FOUND, "Function not found: %.*s",
                                 STR_ARG(target_arn(c->arena, ret_target)));
    }
    if (!setting_get_value(c, "alias", ret_target, shape_of("GetAlias", NULL), &alias)) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND, "Cannot find alias arn: %.*s",
                           STR_ARG(target_arn(c->arena, ret_target)));
    }
    (void)qualifier_is_version(get_str(alias, "FunctionVersion"), ret_number);
    return *ret_number > 0 ? OK : lambda_fail(c, &LAMBDA_BAD_VALUE, "%s", sentence);
}

/* Whether a provisioned alias points at that version. */
static bool pointed_at(struct call *c, const struct target *target)
{
    struct target all = target_with(target, STR_NONE);
    struct setting_scan *scan = setting_scan(c, "alias", &all);
    struct target found;
    struct str json;
    bool pointed = false;

    while (setting_scan_next(scan, &found, &json)) {
        struct value *alias = value_of_json(c, json, shape_of("GetAlias", NULL));
        struct str provisioned;

        pointed = pointed || (str_eq(get_str(alias, "FunctionVersion"), target->qualifier) &&
                              setting_get(c, "provisioned", &found, &provisioned));
    }
    setting_scan_close(scan);
    return pointed;
}

/* A version and an alias that points at it are not both provisioned. */
static status provisioned_twice(struct call *c, const struct target *target, uint64_t number)
{
    struct target version =
        target_with(target, arena_printf(c->arena, "%llu", (unsigned long long)number));
    uint64_t digits;
    struct str json;

    if (!qualifier_is_version(target->qualifier, &digits)) {
        return !setting_get(c, "provisioned", &version, &json)
                   ? OK
                   : lambda_fail(c, &LAMBDA_CONFLICT,
                                 "Alias can't be used for Provisioned Concurrency configuration on "
                                 "an already Provisioned version");
    }
    return !pointed_at(c, target) ? OK
                                  : lambda_fail(c, &LAMBDA_CONFLICT,
                                                "Version is pointed by a Provisioned Concurrency "
                                                "alias");
}

static int64_t provisioned_of(struct call *c, const struct target *target)
{
    struct value *kept;

    return setting_get_value(c, "provisioned", target, provisioned_shape(), &kept)
               ? get_int(kept, "RequestedProvisionedConcurrentExecutions", 0)
               : 0;
}

static status provisioned_fits(struct call *c, const struct target *target, int64_t wanted)
{
    struct target whole = target_with(target, STR_NONE);
    int64_t had = provisioned_of(c, target);
    int64_t reserved = concurrency_reserved(c, target);

    if (reserved >= 0) {
        return provisioned_sum(c, &whole) - had + wanted <= reserved
                   ? OK
                   : lambda_fail(c, &LAMBDA_BAD_VALUE,
                                 "Requested Provisioned Concurrency should not be greater than the "
                                 "reservedConcurrentExecution for function");
    }
    if (wanted > CONCURRENCY_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Specified ConcurrentExecutions for function is greater than account's "
                           "unreserved concurrency [%d].", CONCURRENCY_MAX);
    }
    return concurrency_unreserved(c, target) + had - wanted >= CONCURRENCY_UNRESERVED_MIN
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "Specified ConcurrentExecutions for function decreases account's "
                             "UnreservedConcurrentExecution below its minimum value of [%d].",
                             CONCURRENCY_UNRESERVED_MIN);
}

static void provisioned_tell(struct value *out, int64_t count, struct str when)
{
    set_int(out, "RequestedProvisionedConcurrentExecutions", count);
    set_int(out, "AvailableProvisionedConcurrentExecutions", count);
    set_int(out, "AllocatedProvisionedConcurrentExecutions", count);
    set_str(out, "Status", STR("READY"));
    set_str(out, "LastModified", when);
}

/* PutProvisionedConcurrencyConfig */
status lambda_put_provisioned(struct call *c)
{
    int64_t wanted = arg_int(c, "ProvisionedConcurrentExecutions", 0);
    struct target target;
    uint64_t number;

    TRY(provisioned_target(c,
                           "Provisioned Concurrency Configs cannot be applied to unpublished "
                           "function versions.", &target, &number));
    TRY(provisioned_fits(c, &target, wanted));
    TRY(provisioned_twice(c, &target, number));
    provisioned_tell(c->out, wanted, lambda_time(c->arena, c->now));
    setting_put_value(c, "provisioned", &target, c->out);
    live_changed(c, &target);
    return OK;
}

#define PUBLISHED_ONLY "The function resource provided must be an alias or a published version."

/* GetProvisionedConcurrencyConfig */
status lambda_get_provisioned(struct call *c)
{
    struct target target;
    struct value *kept;
    uint64_t number;

    TRY(provisioned_target(c, PUBLISHED_ONLY, &target, &number));
    if (!setting_get_value(c, "provisioned", &target, provisioned_shape(), &kept)) {
        return lambda_fail(c, &LAMBDA_NO_PROVISIONED,
                           "No Provisioned Concurrency Config found for this function");
    }
    *c->out = *kept;
    return OK;
}

/* DeleteProvisionedConcurrencyConfig: fine when there is none. */
status lambda_delete_provisioned(struct call *c)
{
    struct target target;
    uint64_t number;

    TRY(provisioned_target(c, PUBLISHED_ONLY, &target, &number));
    setting_delete(c, "provisioned", &target);
    live_changed(c, &target);
    return OK;
}

/* ListProvisionedConcurrencyConfigs */
status lambda_list_provisioned(struct call *c)
{
    size_t max = page_size(c, PAGE);
    struct value *list = put_list(c, "ProvisionedConcurrencyConfigs", max);
    struct str last = STR_NONE;
    struct setting_scan *scan;
    struct target target;
    struct target found;
    struct str json;

    TRY(target_of_call(c, &target));
    TRY(marker_read(c, &target.qualifier));
    scan = setting_scan(c, "provisioned", &target);
    while (setting_scan_next(scan, &found, &json)) {
        struct value *item;

        if (list->count == max) {
            put_str(c, "NextMarker", last);
            break;
        }
        last = found.qualifier;
        item = list_add(c->arena, list);
        copy_members(item, value_of_json(c, json, provisioned_shape()));
        set_str(item, "FunctionArn", target_arn(c->arena, &found));
    }
    setting_scan_close(scan);
    return OK;
}

/* ---- the account ---- */

status code_storage_check(struct call *c, const struct target *target, uint64_t more_bytes)
{
    return usage_get(c, target).code_bytes + (int64_t)more_bytes <= CODE_BYTES_MAX
               ? OK
               : lambda_fail(c, &LAMBDA_CODE_STORAGE, "Code storage limit exceeded.");
}

/* GetAccountSettings */
status lambda_get_account_settings(struct call *c)
{
    struct target own = {c->account, c->region, STR_NONE, STR_NONE};
    struct value *limit = put_struct(c, "AccountLimit");
    struct value *used = put_struct(c, "AccountUsage");
    struct usage usage = usage_get(c, &own);

    set_int(limit, "TotalCodeSize", CODE_BYTES_MAX);
    set_int(limit, "CodeSizeUnzipped", UNZIPPED_BYTES_MAX);
    set_int(limit, "CodeSizeZipped", ZIP_BYTES_MAX);
    set_int(limit, "ConcurrentExecutions", CONCURRENCY_MAX);
    set_int(limit, "UnreservedConcurrentExecutions", concurrency_unreserved(c, &own));
    set_int(used, "TotalCodeSize", usage.code_bytes);
    set_int(used, "FunctionCount", usage.functions);
    return OK;
}
