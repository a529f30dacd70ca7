/* SPDX-License-Identifier: Apache-2.0
 *
 * Route keys: "$default", or a method and a path whose segments are texts, {variables} and, last, a
 * {greedy+} one. Source: "Create routes for HTTP APIs", API Gateway developer guide.
 */
#include "svc/apigatewayv2/rule.h"

static const char *const methods[] = {"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST",
                                      "PUT"};

static bool is_method(struct str text)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (str_eq(text, str_c(methods[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_variable(struct str segment)
{
    return segment.bytes > 2 && segment.at[0] == '{' && segment.at[segment.bytes - 1] == '}';
}

static bool is_greedy(struct str segment)
{
    return is_variable(segment) && segment.bytes > 3 && segment.at[segment.bytes - 2] == '+';
}

static bool name_fits(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char letter = name.at[i];

        if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
              (letter >= '0' && letter <= '9') ||
              (letter != '\0' && strchr("._-:$", letter) != NULL))) {
            return false;
        }
    }
    return name.bytes > 0;
}

static bool segment_fits(struct str segment, bool last)
{
    if (is_greedy(segment)) {
        return last && name_fits(str_slice(segment, 1, segment.bytes - 2));
    }
    if (is_variable(segment)) {
        return name_fits(str_slice(segment, 1, segment.bytes - 1));
    }
    for (size_t i = 0; i < segment.bytes; i++) {
        unsigned char letter = (unsigned char)segment.at[i];

        if (letter <= ' ' || letter == 0x7f || strchr("{}?#\\", letter) != NULL) {
            return false;
        }
    }
    return true;
}

/* The same variable twice cannot be told apart in pathParameters. */
static bool names_fit(struct str path)
{
    for (struct str rest = path; rest.at != NULL;) {
        struct str segment = str_split(&rest, '/');

        for (struct str later = rest; is_variable(segment) && later.at != NULL;) {
            if (str_eq(segment, str_split(&later, '/'))) {
                return false;
            }
        }
    }
    return true;
}

static bool path_fits(struct str path)
{
    struct str rest = str_slice(path, 1, path.bytes);

    if (path.bytes == 0 || path.at[0] != '/') {
        return false;
    }
    while (rest.at != NULL) {
        struct str segment = str_split(&rest, '/');

        if (!segment_fits(segment, rest.at == NULL)) {
            return false;
        }
    }
    return names_fit(path);
}

bool route_key_fits(struct str key)
{
    struct str rest = key;
    struct str method = str_split(&rest, ' ');

    return str_eq(key, STR("$default")) || (is_method(method) && path_fits(rest));
}

status route_key_check(struct call *c, struct str key)
{
    if (route_key_fits(key)) {
        return OK;
    }
    return bad_request(c, "The provided route key is not formatted properly for HTTP protocol. "
                       "Format should be \"[HTTP METHOD] /[RESOURCE PATH]\" or \"$default\"");
}

bool route_keys_clash(struct str one, struct str other)
{
    struct str a = one;
    struct str b = other;

    if (!str_eq(str_split(&a, ' '), str_split(&b, ' '))) {
        return false;
    }
    while (a.at != NULL && b.at != NULL) {
        struct str x = str_split(&a, '/');
        struct str y = str_split(&b, '/');

        if (str_eq(x, y)) {
            continue;
        }
        return is_variable(x) && is_variable(y) && is_greedy(x) == is_greedy(y);
    }
    return false;
}
