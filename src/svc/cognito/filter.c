/* SPDX-License-Identifier: Apache-2.0
 *
 * The language of ListUsers' Filter.
 */
#include "svc/cognito/filter.h"

static struct str skip_space(struct str text)
{
    while (text.bytes > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text = str_slice(text, 1, text.bytes);
    }
    return text;
}

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == ':' || c == '-' || c == '.';
}

/* The value in quotes, of which nothing but space may follow. */
static bool read_value(struct arena *arena, struct str text, struct str *ret_value)
{
    char *value = arena_alloc(arena, text.bytes + 1);
    size_t bytes = 0, at = 1;

    if (text.bytes < 2 || text.at[0] != '"') {
        return false;
    }
    while (at < text.bytes && text.at[at] != '"') {
        if (text.at[at] == '\\' && at + 1 < text.bytes) {
            at++;
        }
        value[bytes++] = text.at[at++];
    }
    if (at >= text.bytes || skip_space(str_slice(text, at + 1, text.bytes)).bytes > 0) {
        return false;
    }
    *ret_value = str_of(value, bytes);
    return true;
}

bool user_filter_read(struct arena *arena, struct str text, struct user_filter *ret_filter)
{
    struct user_filter filter = {.begins = false};
    size_t end = 0;

    text = skip_space(text);
    if (text.bytes == 0) {
        *ret_filter = filter;
        return true;
    }
    if (text.at[0] == '"') { /* a name may be quoted */
        end = str_find(text, '"', 1);
        filter.name = str_slice(text, 1, end);
        end++;
    } else {
        while (end < text.bytes && in_name(text.at[end])) {
            end++;
        }
        filter.name = str_slice(text, 0, end);
    }
    text = skip_space(str_slice(text, end, text.bytes));
    filter.begins = str_starts(text, STR("^="));
    if (filter.name.bytes == 0 || (!filter.begins && !str_starts(text, STR("=")))) {
        return false;
    }
    text = skip_space(str_slice(text, filter.begins ? 2 : 1, text.bytes));
    if (!read_value(arena, text, &filter.value)) {
        return false;
    }
    *ret_filter = filter;
    return true;
}

bool user_filter_searchable(struct str name)
{
    static const char *const names[] = {"username", "email", "phone_number", "name", "given_name",
                                        "family_name", "preferred_username",
                                        "cognito:user_status", "status", "sub"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

bool user_filter_fits(const struct user_filter *filter, struct str value)
{
    bool nocase = str_eq(filter->name, STR("cognito:user_status"));

    if (filter->begins) {
        return nocase ? str_starts_nocase(value, filter->value)
                      : str_starts(value, filter->value);
    }
    return nocase ? str_eq_nocase(value, filter->value) : str_eq(value, filter->value);
}
