/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of parameters, paths, labels, and what may stand behind a name. Source: "About requirements
 * and constraints for parameter names", Systems Manager user guide.
 */
#include "svc/ssm/ssm_int.h"

static bool is_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '.' || letter == '-';
}

/* Letters and slashes, no two slashes in a row, none at the end. */
static bool is_formed(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        bool slash = name.at[i] == '/';

        if (slash ? i + 1 == name.bytes || name.at[i + 1] == '/' : !is_letter(name.at[i])) {
            return false;
        }
    }
    return name.bytes > 0;
}

static size_t levels(struct str name)
{
    size_t count = 0;

    for (size_t i = 0; i < name.bytes; i++) {
        count += name.at[i] == '/' ? 1 : 0;
    }
    return count;
}

static bool is_reserved(struct str name)
{
    struct str bare = str_starts(name, STR("/")) ? str_slice(name, 1, name.bytes) : name;

    return str_starts_nocase(bare, STR("aws")) || str_starts_nocase(bare, STR("ssm"));
}

status name_check(struct call *c, struct str name)
{
    bool path = str_find(name, '/', 0) < name.bytes;

    if (path && name.at[0] != '/') {
        return fail(c, &SSM_VALIDATION, "Parameter name must be a fully qualified name.");
    }
    if (is_reserved(name) && path && str_starts_nocase(name, STR("/aws")) && levels(name) > 1) {
        return fail(c, &SSM_VALIDATION, "No access to reserved parameter name: %.*s.",
                    STR_ARG(name));
    }
    if (is_reserved(name) && !path) {
        return fail(c, &SSM_VALIDATION,
                    "Parameter name: can't be prefixed with \"aws\" or \"ssm\" "
                    "(case-insensitive).");
    }
    if (is_reserved(name) || !is_formed(name)) {
        return fail(c, &SSM_VALIDATION,
                    "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed "
                    "as a path, it can consist of sub-paths divided by slash symbol; each "
                    "sub-path can be formed as a mix of letters, numbers and the following 3 "
                    "symbols .-_");
    }
    if (levels(name) > LEVELS_MAX) {
        return fail(c, &SSM_LEVELS,
                    "The parameter hierarchy is limited to a maximum depth of fifteen levels.");
    }
    if (parameter_arn(c, name).bytes > NAME_BYTES_MAX) {
        return fail(c, &SSM_VALIDATION, "Parameter name exceeds the limit of %d characters.",
                    NAME_BYTES_MAX);
    }
    return OK;
}

bool is_path(struct str path)
{
    bool closed = path.bytes > 1 && str_ends(path, STR("/"));
    struct str bare = str_slice(path, 0, path.bytes - (closed ? 1 : 0));

    return str_starts(path, STR("/")) && (path.bytes == 1 || is_formed(bare));
}

void name_split(struct str text, struct str *ret_name, struct str *ret_selector)
{
    size_t from = 0, colon;

    if (str_starts(text, STR("arn:"))) {
        from = str_find(text, '/', 0);
    }
    colon = str_find(text, ':', from);
    *ret_name = str_slice(text, 0, colon);
    *ret_selector = colon < text.bytes ? str_slice(text, colon + 1, text.bytes) : STR_NONE;
}

bool label_is_good(struct str label)
{
    if (label.bytes == 0 || (label.at[0] >= '0' && label.at[0] <= '9') ||
        str_starts_nocase(label, STR("aws")) || str_starts_nocase(label, STR("ssm"))) {
        return false;
    }
    for (size_t i = 0; i < label.bytes; i++) {
        if (!is_letter(label.at[i])) {
            return false;
        }
    }
    return true;
}
