/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters of DescribeParameters and GetParametersByPath: a parameter must fit all of them, and of
 * each one of its values.
 */
#include "svc/ssm/ssm_int.h"

bool is_below(struct str name, struct str path, bool recursive)
{
    struct str rest;

    if (!str_ends(path, STR("/"))) {
        if (!str_starts(name, path) || name.bytes == path.bytes || name.at[path.bytes] != '/') {
            return false;
        }
        rest = str_slice(name, path.bytes + 1, name.bytes);
    } else {
        if (!str_starts(name, path)) {
            /* "/" is above names without a slash, too */
            return path.bytes == 1 && str_find(name, '/', 0) == name.bytes;
        }
        rest = str_slice(name, path.bytes, name.bytes);
    }
    return rest.bytes > 0 && (recursive || str_find(rest, '/', 0) == rest.bytes);
}

/* ---- checking ---- */

static status option_check(struct call *c, struct str key, struct str option)
{
    bool path = str_eq(key, STR("Path"));
    bool good = path ? str_eq(option, STR("Recursive")) || str_eq(option, STR("OneLevel"))
                     : str_eq(option, STR("Equals")) || str_eq(option, STR("BeginsWith")) ||
                           (str_eq(key, STR("Name")) && str_eq(option, STR("Contains")));

    if (!good || (str_eq(key, STR("Label")) && !str_eq(option, STR("Equals")))) {
        return fail(c, &SSM_FILTER_OPTION,
                    "The following filter option is not valid: %.*s. Valid options include: %s",
                    STR_ARG(option), path ? "[Recursive, OneLevel]" : "[BeginsWith, Equals]");
    }
    return OK;
}

static status one_check(struct call *c, const struct value *filter, bool by_path)
{
    struct str key = get_str(filter, "Key");
    const struct value *values = get(filter, "Values");
    bool good = by_path ? str_eq(key, STR("Type")) || str_eq(key, STR("KeyId")) ||
                              str_eq(key, STR("Label"))
                        : !str_eq(key, STR("Label"));

    if (!good) {
        return fail(c, &SSM_FILTER_KEY,
                    "The following filter key is not valid: %.*s. Valid filter keys include: %s.",
                    STR_ARG(key),
                    by_path ? "[Type, KeyId, Label]"
                            : "[Path, Name, Type, KeyId, Tier, DataType, tag:]");
    }
    if (has(filter, "Option")) {
        TRY(option_check(c, key, get_str(filter, "Option")));
    }
    if (values == NULL && !str_starts(key, STR("tag:"))) {
        return fail(c, &SSM_FILTER_VALUE, "The following filter values are missing : null for "
                    "filter key %.*s", STR_ARG(key));
    }
    for (uint32_t i = 0; values != NULL && i < values->count; i++) {
        struct str value = values->items[i].str;

        if (str_eq(key, STR("Path")) && !is_path(value)) {
            return fail(c, &SSM_VALIDATION, "The parameter doesn't meet the parameter name "
                        "requirements.");
        }
        if (str_eq(key, STR("Type")) && !str_eq(value, STR("String")) &&
            !str_eq(value, STR("StringList")) && !str_eq(value, STR("SecureString"))) {
            return fail(c, &SSM_FILTER_VALUE,
                        "The following filter value is not valid : %.*s. Valid values include: "
                        "[String, StringList, SecureString].", STR_ARG(value));
        }
    }
    return OK;
}

status filters_check(struct call *c, bool by_path)
{
    const struct value *filters = arg(c, "ParameterFilters");

    if (!by_path && filters != NULL && arg_has(c, "Filters")) {
        return fail(c, &SSM_VALIDATION,
                    "You can use either Filters or ParameterFilters in a single request.");
    }
    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        TRY(one_check(c, &filters->items[i], by_path));
    }
    return OK;
}

/* ---- matching ---- */

static bool contains(struct str text, struct str part)
{
    return part.bytes == 0 || str_find_str(text, part) < text.bytes;
}

static bool text_fits(struct str text, struct str option, const struct value *values)
{
    for (uint32_t i = 0; values != NULL && i < values->count; i++) {
        struct str value = values->items[i].str;

        if (str_eq(option, STR("BeginsWith"))  ? str_starts(text, value)
            : str_eq(option, STR("Contains"))  ? contains(text, value)
                                               : str_eq(text, value)) {
            return true;
        }
    }
    return false;
}

static bool tag_fits(struct call *c, const struct parameter *parameter, const struct value *filter)
{
    struct str key = get_str(filter, "Key");
    struct value *tags = tags_load(c, parameter);
    struct str value = tag_find(get(tags, "TagList"), str_slice(key, STR("tag:").bytes, key.bytes));

    return value.at != NULL &&
           (!has(filter, "Values") ||
            text_fits(value, get_str(filter, "Option"), get(filter, "Values")));
}

static bool label_fits(struct call *c, const struct parameter *parameter,
                       const struct value *values)
{
    struct txn_scan *scan = versions_scan(c, parameter);
    struct value *version;
    bool found = false;

    while ((version = versions_next(c, scan)) != NULL) {
        const struct value *labels = get(version, "Labels");

        for (uint32_t i = 0; labels != NULL && i < labels->count && !found; i++) {
            found = text_fits(labels->items[i].str, STR("Equals"), values);
        }
    }
    return found;
}

static bool path_fits(const struct parameter *parameter, const struct value *filter)
{
    const struct value *values = get(filter, "Values");
    bool recursive = str_eq(get_str(filter, "Option"), STR("Recursive"));

    for (uint32_t i = 0; values != NULL && i < values->count; i++) {
        if (is_below(parameter->name, values->items[i].str, recursive)) {
            return true;
        }
    }
    return false;
}

static bool filter_fits(struct call *c, const struct parameter *parameter,
                        const struct value *filter)
{
    static const char *const members[] = {"Name", "Type", "KeyId", "Tier", "DataType"};
    struct str key = get_str(filter, "Key");

    if (str_starts(key, STR("tag:"))) {
        return tag_fits(c, parameter, filter);
    }
    if (str_eq(key, STR("Path"))) {
        return path_fits(parameter, filter);
    }
    if (str_eq(key, STR("Label"))) {
        return label_fits(c, parameter, get(filter, "Values"));
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (str_eq(key, str_c(members[i]))) {
            return text_fits(get_str(parameter->about, members[i]), get_str(filter, "Option"),
                             get(filter, "Values"));
        }
    }
    return false;
}

bool filters_match(struct call *c, const struct parameter *parameter)
{
    const struct value *filters = arg(c, "ParameterFilters");

    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        if (!filter_fits(c, parameter, &filters->items[i])) {
            return false;
        }
    }
    if (str_eq(call_name(c), STR("DescribeParameters"))) { /* the old ones: Name, Type, KeyId */
        filters = arg(c, "Filters");
        for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
            struct str key = get_str(&filters->items[i], "Key");
            const char *member = str_eq(key, STR("Name")) ? "Name"
                                 : str_eq(key, STR("Type")) ? "Type" : "KeyId";

            if (!text_fits(get_str(parameter->about, member), STR("BeginsWith"),
                           get(&filters->items[i], "Values"))) {
                return false;
            }
        }
    }
    return true;
}
