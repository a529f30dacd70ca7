/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters read: one, some, a path's, a history, descriptions.
 */
#include "svc/ssm/ssm_ops.h"

status parameter_tell(struct call *c, const struct parameter *parameter,
                      const struct value *version, struct value *out)
{
    struct str value;

    TRY(value_open(c, parameter, version, &value));
    set_str(out, "Name", parameter->name);
    set_str(out, "Type", get_str(version, "Type"));
    set_str(out, "Value", value);
    set_int(out, "Version", get_int(version, "Version", 0));
    set_time(out, "LastModifiedDate", get_time(version, "LastModifiedDate", 0));
    set_str(out, "ARN", get_str(parameter->about, "ARN"));
    set_str(out, "DataType", get_str(version, "DataType"));
    return OK;
}

static struct value *version_labelled(struct call *c, const struct parameter *parameter,
                                      struct str label)
{
    struct txn_scan *scan = versions_scan(c, parameter);
    struct value *version, *found = NULL;

    while ((version = versions_next(c, scan)) != NULL) {
        const struct value *labels = get(version, "Labels");

        for (uint32_t i = 0; labels != NULL && i < labels->count; i++) {
            found = str_eq(labels->items[i].str, label) ? version : found;
        }
    }
    return found;
}

static status version_selected(struct call *c, const struct parameter *parameter,
                               struct str selector, struct value **ret_version)
{
    int64_t number = get_int(parameter->about, "Version", 0);
    bool numbered = selector.at == NULL || str_to_i64(selector, &number);

    *ret_version = numbered ? version_load(c, parameter, number)
                            : version_labelled(c, parameter, selector);
    if (*ret_version != NULL) {
        return OK;
    }
    return numbered ? fail(c, &SSM_NO_VERSION,
                           "Systems Manager could not find version %lld of %.*s. Verify the "
                           "version and try again.", (long long)number,
                           STR_ARG(parameter->name))
                    : fail(c, &SSM_NO_VERSION,
                           "Systems Manager could not find label %.*s for parameter %.*s. Verify "
                           "the label and try again.", STR_ARG(selector),
                           STR_ARG(parameter->name));
}

/* By a name with what stands behind it. */
static status selected(struct call *c, struct str text, struct parameter *parameter,
                       struct value **ret_version, struct str *ret_selector)
{
    struct str name;

    name_split(text, &name, ret_selector);
    if (ret_selector->at != NULL &&
        (ret_selector->bytes == 0 || str_find(*ret_selector, ':', 0) < ret_selector->bytes)) {
        return fail(c, &SSM_VALIDATION,
                    "Invalid parameter name. Please use correct syntax for referencing a "
                    "version/label  <name>:<version/label>");
    }
    TRY(parameter_of_text(c, name, parameter));
    return version_selected(c, parameter, *ret_selector, ret_version);
}

static status tell_selected(struct call *c, const struct parameter *parameter,
                            const struct value *version, struct str selector, struct value *out)
{
    TRY(parameter_tell(c, parameter, version, out));
    if (selector.at != NULL) {
        set_str(out, "Selector", arena_printf(c->arena, ":%.*s", STR_ARG(selector)));
    }
    return OK;
}

/* GetParameter */
status ssm_get(struct call *c)
{
    struct parameter parameter;
    struct value *version;
    struct str selector;

    if (is_reference(arg_str(c, "Name"))) {
        return reference_tell(c, arg_str(c, "Name"), put_struct(c, "Parameter"));
    }
    TRY(selected(c, arg_str(c, "Name"), &parameter, &version, &selector));
    return tell_selected(c, &parameter, version, selector, put_struct(c, "Parameter"));
}

/* GetParameters */
status ssm_get_many(struct call *c)
{
    const struct value *names = arg(c, "Names");
    struct value *found = put_list(c, "Parameters", names->count);
    struct value *invalid = put_list(c, "InvalidParameters", names->count);

    for (uint32_t i = 0; i < names->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(names->items[i].str, names->items[k].str)) {
                return fail(c, &SSM_VALIDATION, "A parameter is listed more than once: %.*s",
                            STR_ARG(names->items[i].str));
            }
        }
    }
    for (uint32_t i = 0; i < names->count; i++) {
        struct parameter parameter;
        struct value *version;
        struct str selector;

        if (is_reference(names->items[i].str)) {
            struct value told = *value_struct(c->arena, shelf_shape(SSM_SERVICE, "GetParameters",
                                                                    "Parameters"));

            if (reference_tell(c, names->items[i].str, &told) == OK) {
                set_members(c->arena, list_add(c->arena, found), &told);
            } else {
                list_add_str(invalid, names->items[i].str);
            }
        } else if (selected(c, names->items[i].str, &parameter, &version, &selector) == OK) {
            TRY(tell_selected(c, &parameter, version, selector, list_add(c->arena, found)));
        } else {
            list_add_str(invalid, names->items[i].str);
        }
    }
    return OK;
}

static status token_of_call(struct call *c, struct str *ret_after)
{
    *ret_after = STR_NONE;
    if (arg_has(c, "NextToken") && arg_str(c, "NextToken").bytes > 0 &&
        !page_token_read(c->arena, arg_str(c, "NextToken"), ret_after)) {
        return fail(c, &SSM_TOKEN, "The specified token isn't valid.");
    }
    return OK;
}

/* Below a path a label selects the version: the filter's one, where there is one. */
static struct value *version_by_filter(struct call *c, const struct parameter *parameter)
{
    const struct value *filters = arg(c, "ParameterFilters");

    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        const struct value *values = get(&filters->items[i], "Values");

        if (str_eq(get_str(&filters->items[i], "Key"), STR("Label")) && values != NULL &&
            values->count > 0) {
            return version_labelled(c, parameter, values->items[0].str);
        }
    }
    return version_load(c, parameter, get_int(parameter->about, "Version", 0));
}

/* GetParametersByPath */
status ssm_get_by_path(struct call *c)
{
    size_t count_max = (size_t)arg_int(c, "MaxResults", BY_PATH_PAGE);
    struct str path = arg_str(c, "Path");
    struct parameter parameter;
    struct txn_scan *scan;
    struct value *list;
    struct str after;

    if (!is_path(path)) {
        return fail(c, &SSM_VALIDATION,
                    "The parameter doesn't meet the parameter name requirements. The parameter "
                    "name must begin with a forward slash \"/\". It can't be prefixed with "
                    "\"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or "
                    "the following symbols: . (period), - (hyphen), _ (underscore). Special "
                    "characters are not allowed. All sub-paths, if specified, must use the "
                    "forward slash symbol \"/\". Valid example: "
                    "/get/parameters2-/by1./path0_.");
    }
    TRY(filters_check(c, true));
    TRY(token_of_call(c, &after));
    list = put_list(c, "Parameters", count_max);
    scan = parameters_scan(c, path.bytes == 1 ? STR("") : path, after);
    while (parameters_next(c, scan, &parameter)) {
        struct value *version;

        if (!is_below(parameter.name, path, arg_bool(c, "Recursive", false)) ||
            !filters_match(c, &parameter)) {
            continue;
        }
        if (list->count == count_max) {
            put_str(c, "NextToken",
                    page_token(c->arena, get_str(&list->items[count_max - 1], "Name")));
            txn_scan_close(scan);
            break;
        }
        version = version_by_filter(c, &parameter);
        if (version != NULL) {
            status told = parameter_tell(c, &parameter, version, list_add(c->arena, list));

            if (told != OK) {
                txn_scan_close(scan);
                return told;
            }
        }
    }
    return OK;
}

/* DescribeParameters */
status ssm_describe(struct call *c)
{
    size_t count_max = (size_t)arg_int(c, "MaxResults", DESCRIBE_PAGE);
    struct parameter parameter;
    struct txn_scan *scan;
    struct value *list;
    struct str after;

    TRY(filters_check(c, false));
    TRY(token_of_call(c, &after));
    list = put_list(c, "Parameters", count_max);
    if (arg_bool(c, "Shared", false)) { /* nothing is shared with this account */
        return OK;
    }
    scan = parameters_scan(c, STR(""), after);
    while (parameters_next(c, scan, &parameter)) {
        if (!filters_match(c, &parameter)) {
            continue;
        }
        if (list->count == count_max) {
            put_str(c, "NextToken",
                    page_token(c->arena, get_str(&list->items[count_max - 1], "Name")));
            txn_scan_close(scan);
            break;
        }
        set_members(c->arena, list_add(c->arena, list), parameter.about);
    }
    return OK;
}

/* GetParameterHistory */
status ssm_get_history(struct call *c)
{
    size_t count_max = (size_t)arg_int(c, "MaxResults", HISTORY_PAGE);
    struct parameter parameter;
    struct value *list, *version;
    struct txn_scan *scan;
    struct str after;
    int64_t behind = 0;

    TRY(parameter_of_text(c, arg_str(c, "Name"), &parameter));
    TRY(token_of_call(c, &after));
    if (after.at != NULL && !str_to_i64(after, &behind)) {
        return fail(c, &SSM_TOKEN, "The specified token isn't valid.");
    }
    list = put_list(c, "Parameters", count_max);
    scan = versions_scan(c, &parameter);
    while ((version = versions_next(c, scan)) != NULL) {
        struct value *entry;
        struct str value;
        status opened;

        if (get_int(version, "Version", 0) <= behind) {
            continue;
        }
        if (list->count == count_max) {
            put_str(c, "NextToken",
                    page_token(c->arena,
                               arena_printf(c->arena, "%lld",
                                            (long long)get_int(&list->items[count_max - 1],
                                                               "Version", 0))));
            txn_scan_close(scan);
            break;
        }
        opened = value_open(c, &parameter, version, &value);
        if (opened != OK) {
            txn_scan_close(scan);
            return opened;
        }
        entry = list_add(c->arena, list);
        set_members(c->arena, entry, version);
        set_str(entry, "Value", value);
        if (!has(version, "Labels")) {
            set_list(c->arena, entry, "Labels", 0);
        }
    }
    return OK;
}
