/* SPDX-License-Identifier: Apache-2.0
 *
 * What a value may be: its tier's length, its type's and data type's form, its allowed pattern.
 */
#include "svc/ssm/ssm_int.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_STEPS_MAX 1000000

/* ---- tiers ---- */

static bool wants_advanced(struct call *c)
{
    return arg_str(c, "Value").bytes > STANDARD_BYTES_MAX || arg_str(c, "Policies").bytes > 2;
}

struct str tier_of_call(struct call *c, const struct value *old)
{
    struct str tier = arg_str(c, "Tier");
    bool was_advanced = old != NULL && str_eq(get_str(old, "Tier"), STR("Advanced"));

    if (str_eq(tier, STR("Advanced")) || was_advanced) {
        return STR("Advanced");
    }
    return str_eq(tier, STR("Intelligent-Tiering")) && wants_advanced(c) ? STR("Advanced")
                                                                         : STR("Standard");
}

static status tier_check(struct call *c, const struct value *old)
{
    struct str tier = tier_of_call(c, old);
    size_t bytes = arg_str(c, "Value").bytes;

    if (str_eq(arg_str(c, "Tier"), STR("Standard")) && str_eq(tier, STR("Advanced"))) {
        return fail(c, &SSM_VALIDATION,
                    "This parameter uses the advanced-parameter tier. You can't downgrade a "
                    "parameter from the advanced-parameter tier to the standard-parameter tier. "
                    "If necessary, you can delete the advanced parameter and recreate it as a "
                    "standard parameter.");
    }
    if (str_eq(tier, STR("Standard")) && bytes > STANDARD_BYTES_MAX) {
        return fail(c, &SSM_VALIDATION,
                    "Standard tier parameters support a maximum parameter value of %d characters. "
                    "To create a larger parameter value, upgrade the parameter to use the "
                    "advanced-parameter tier. For more information, see "
                    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
                    "parameter-store-advanced-parameters.html", STANDARD_BYTES_MAX);
    }
    if (bytes > ADVANCED_BYTES_MAX) {
        return fail(c, &SSM_VALIDATION,
                    "Advanced tier parameters support a maximum parameter value of %d characters.",
                    ADVANCED_BYTES_MAX);
    }
    return OK;
}

/* ---- patterns ---- */

static status pattern_check(struct call *c, struct str pattern, struct str value)
{
    PCRE2_SIZE at;
    int error, found;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.bytes, PCRE2_UTF, &error, &at,
                                     NULL);
    pcre2_match_data *data;
    pcre2_match_context *context;

    if (code == NULL) {
        return fail(c, &SSM_PATTERN, "The allowed pattern is not a valid regular expression: "
                    "%.*s", STR_ARG(pattern));
    }
    data = pcre2_match_data_create_from_pattern(code, NULL);
    context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(context, MATCH_STEPS_MAX);
    found = pcre2_match(code, (PCRE2_SPTR)value.at, value.bytes, 0, 0, data, context);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    if (found < 0) {
        return fail(c, &SSM_MISMATCH,
                    "Parameter value, cannot be validated against allowedPattern: %.*s",
                    STR_ARG(pattern));
    }
    return OK;
}

/* ---- types ---- */

static bool is_image(struct str value)
{
    if (!str_starts(value, STR("ami-")) || value.bytes < 12) {
        return false;
    }
    for (size_t i = 4; i < value.bytes; i++) {
        char letter = value.at[i];

        if (!((letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f'))) {
            return false;
        }
    }
    return true;
}

static status data_type_check(struct call *c, struct str type)
{
    struct str data_type = arg_str(c, "DataType");

    if (data_type.bytes == 0 || str_eq(data_type, STR("text"))) {
        return OK;
    }
    if (str_eq(data_type, STR("aws:ec2:image"))) {
        return str_eq(type, STR("String")) && is_image(arg_str(c, "Value"))
                   ? OK
                   : fail(c, &SSM_VALIDATION,
                          "The parameter value is not an ID of an Amazon Machine Image.");
    }
    if (str_eq(data_type, STR("aws:ssm:integration"))) {
        return str_eq(type, STR("SecureString"))
                   ? OK
                   : fail(c, &SSM_VALIDATION,
                          "The data type aws:ssm:integration must be used with SecureString.");
    }
    return fail(c, &SSM_VALIDATION,
                "The following data type is not supported: %.*s (Data type names are all "
                "lowercase.)", STR_ARG(data_type));
}

static status type_check(struct call *c, const struct value *old)
{
    struct str type = arg_str(c, "Type");

    if (type.at == NULL && old == NULL) {
        return fail(c, &SSM_VALIDATION,
                    "A parameter type is required when you create a parameter.");
    }
    if (old != NULL && type.at != NULL && !str_eq(type, get_str(old, "Type")) &&
        (str_eq(type, STR("SecureString")) ||
         str_eq(get_str(old, "Type"), STR("SecureString")))) {
        return fail(c, &SSM_TYPE,
                    "Parameter Store doesn't support changing a parameter type in a hierarchy. "
                    "You must create a new, unique parameter.");
    }
    type = type.at != NULL ? type : get_str(old, "Type");
    if (arg_has(c, "KeyId") && !str_eq(type, STR("SecureString"))) {
        return fail(c, &SSM_VALIDATION, "KeyId is required for SecureString type parameter only.");
    }
    return data_type_check(c, type);
}

status value_check(struct call *c, const struct value *old)
{
    struct str value = arg_str(c, "Value");
    struct str pattern = arg_str(c, "AllowedPattern");

    if (value.bytes == 0) {
        return fail(c, &SSM_VALIDATION,
                    "1 validation error detected: Value '' at 'value' failed to satisfy "
                    "constraint: Member must have length greater than or equal to 1");
    }
    if (str_find_str(value, STR("{{")) < value.bytes) {
        return fail(c, &SSM_VALIDATION,
                    "Parameter value: %.*s can't contain a reference to another parameter.",
                    STR_ARG(value));
    }
    TRY(type_check(c, old));
    TRY(tier_check(c, old));
    return pattern.bytes == 0 ? OK : pattern_check(c, pattern, value);
}
