/* SPDX-License-Identifier: Apache-2.0
 *
 * Which function a request is about: a name, a partial ARN or a whole one, with a qualifier in it
 * or beside it.
 *
 *   [arn:PARTITION:lambda:][REGION:][ACCOUNT:][function:]NAME[:QUALIFIER]
 *
 * Source: "FunctionName", AWS Lambda API reference; the patterns of the model.
 */
#include "cell/cell.h"
#include "svc/lambda/lambda_int.h"

#include <stdio.h>

#define PARTS_MAX 9

/* Whether the call is one of Lambda's own: else a sink was asked, and the error is not answered. */
static bool is_own(const struct operation *operation)
{
    return str_eq(model_text(model_service_of(operation)->id), STR("lambda"));
}

status lambda_fail(struct call *c, status code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->why.text, sizeof(c->why.text), format, args);
    va_end(args);
    if (c->operation != NULL && is_own(c->operation) &&
        model_error(c->operation, str_c(code->code)) != NULL) {
        set_str(fail_detail(c, code), "Type", STR("User"));
    }
    return code;
}

/* ---- taking apart ---- */

struct parts {
    struct str part[PARTS_MAX];  /* between colons */
    size_t count;                /* of them; PARTS_MAX: too many */
    size_t at;                   /* the next to be read */
};

static struct parts parts_of(struct str text)
{
    struct parts parts = {.count = 0};

    while (text.at != NULL && parts.count < PARTS_MAX) {
        parts.part[parts.count++] = str_split(&text, ':');
    }
    return parts;
}

static size_t parts_left(const struct parts *parts)
{
    return parts->count - parts->at;
}

static bool is_account(struct str part)
{
    for (size_t i = 0; i < part.bytes; i++) {
        if (part.at[i] < '0' || part.at[i] > '9') {
            return false;
        }
    }
    return part.bytes == 12;
}

/* Of letters, digits, "-", "_", "." and one more. */
static bool is_word(struct str part, char more)
{
    for (size_t i = 0; i < part.bytes; i++) {
        char ch = part.at[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              ch == '-' || ch == '_' || ch == '.' || ch == more)) {
            return false;
        }
    }
    return part.bytes > 0 && part.bytes <= WORD_BYTES_MAX;
}

/* us-east-1: letters, two or more dashes, one digit. */
static bool is_region(struct str part)
{
    size_t dashes = 0;

    for (size_t i = 0; i < part.bytes; i++) {
        dashes += part.at[i] == '-';
    }
    return is_word(part, '-') && dashes >= 2 && part.bytes >= 9 && part.at[part.bytes - 2] == '-' &&
           part.at[part.bytes - 1] >= '0' && part.at[part.bytes - 1] <= '9';
}

bool target_parse(struct str text, struct target *target)
{
    struct parts parts = parts_of(text);

    if (parts.count == 0 || parts.count == PARTS_MAX) {
        return false;
    }
    if (parts.count > 3 && str_eq(parts.part[0], STR("arn")) &&
        str_eq(parts.part[2], STR("lambda"))) {
        parts.at = 3;
    }
    if (parts_left(&parts) > 1 && is_region(parts.part[parts.at])) {
        target->region = parts.part[parts.at++];
    }
    if (parts_left(&parts) > 1 && is_account(parts.part[parts.at])) {
        target->account = parts.part[parts.at++];
    }
    if (parts_left(&parts) > 1 && str_eq(parts.part[parts.at], STR("function"))) {
        parts.at++;
    }
    if (parts_left(&parts) == 0 || parts_left(&parts) > 2) {
        return false;
    }
    target->name = parts.part[parts.at++];
    target->qualifier = parts_left(&parts) > 0 ? parts.part[parts.at] : STR_NONE;
    return is_word(target->name, '.') &&
           (parts_left(&parts) == 0 || is_word(target->qualifier, '$'));
}

/* ---- checking ---- */

status target_read(struct call *c, struct str function_name, struct str qualifier,
                   struct target *ret_target)
{
    struct target target = {.account = c->account, .region = c->region};

    if (!target_parse(function_name, &target)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Invalid function name: %.*s",
                           STR_ARG(str_slice(function_name, 0, 256)));
    }
    if (!str_eq(target.region, c->region)) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND,
                           "Functions from '%.*s' are not reachable in this region ('%.*s')",
                           STR_ARG(target.region), STR_ARG(c->region));
    }
    if (qualifier.bytes > 0 && target.qualifier.bytes > 0 &&
        !str_eq(qualifier, target.qualifier)) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "The derived qualifier from the function name does not match the "
                           "specified qualifier.");
    }
    if (qualifier.bytes > 0) {
        target.qualifier = qualifier;
    }
    *ret_target = target;
    return OK;
}

status function_check(struct call *c, const struct target *target, const char *sentence)
{
    struct function function;

    return function_get(c, target, &function) ? OK
                                              : lambda_fail(c, &LAMBDA_NOT_FOUND, "%s", sentence);
}

static bool has_member(const struct call *c, const char *member)
{
    return model_member_index(model_shape(c->operation->input), str_c(member)) >= 0;
}

status target_of_call(struct call *c, struct target *ret_target)
{
    struct str qualifier = has_member(c, "Qualifier") ? arg_str(c, "Qualifier") : STR_NONE;
    struct function function;

    TRY(target_read(c, arg_str(c, "FunctionName"), qualifier, ret_target));
    call_on(c, target_arn(c->arena, ret_target));
    if (!function_get(c, ret_target, &function)) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND, "Function not found: %.*s",
                           STR_ARG(target_arn(c->arena, ret_target)));
    }
    return OK;
}

status target_of_resource(struct call *c, struct target *ret_target)
{
    struct str json;
    uint64_t number;

    TRY(target_of_call(c, ret_target));
    if (qualifier_is_latest(ret_target->qualifier)) {
        return OK;
    }
    if (qualifier_is_version(ret_target->qualifier, &number)
            ? version_is(c, ret_target, number)
            : setting_get(c, "alias", ret_target, &json)) {
        return OK;
    }
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "Function not found: %.*s",
                       STR_ARG(target_arn(c->arena, ret_target)));
}

bool qualifier_is_latest(struct str qualifier)
{
    return qualifier.bytes == 0 || str_eq(qualifier, STR("$LATEST"));
}

bool qualifier_is_version(struct str qualifier, uint64_t *ret_number)
{
    if (qualifier_is_latest(qualifier)) {
        *ret_number = 0;
        return true;
    }
    return str_to_u64(qualifier, ret_number) && *ret_number > 0;
}

struct str target_arn(struct arena *arena, const struct target *target)
{
    struct str partition = arn_partition(target->region);

    return arena_printf(arena, "arn:%.*s:lambda:%.*s:%.*s:function:%.*s%s%.*s",
                        STR_ARG(partition), STR_ARG(target->region), STR_ARG(target->account),
                        STR_ARG(target->name), target->qualifier.bytes > 0 ? ":" : "",
                        STR_ARG(target->qualifier));
}

struct target target_with(const struct target *target, struct str qualifier)
{
    struct target made = *target;

    made.qualifier = qualifier;
    return made;
}
