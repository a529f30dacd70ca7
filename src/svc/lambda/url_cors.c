/* SPDX-License-Identifier: Apache-2.0
 *
 * CORS of function URLs. Preflights are answered without the function; to other answers the fields
 * are added, in place of the function's own. Source: "Cross-origin resource sharing (CORS)" of
 * function URLs, Lambda developer guide; the Fetch standard.
 */
#include "base/buf.h"
#include "svc/lambda/url.h"

#define FIELD_BYTES_MAX 65536

bool url_is_preflight(const struct http_request *http)
{
    return str_eq(http->method, STR("OPTIONS")) &&
           http_header(http, STR("access-control-request-method")).bytes > 0;
}

/* The list has it, or a star. */
static bool allows(const struct value *list, struct str wanted)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, STR("*")) ||
            str_eq_nocase(list->items[i].str, wanted)) {
            return true;
        }
    }
    return false;
}

static struct str joined(const struct value *list, struct arena *arena)
{
    struct buf text;
    struct str made;

    buf_init(&text, FIELD_BYTES_MAX);
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(","));
        buf_add(&text, list->items[i].str);
    }
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static size_t preflight_fields(const struct value *cors, struct arena *arena,
                               struct http_header *fields)
{
    size_t count = 0;
    int64_t age = get_int(cors, "MaxAge", 0);

    if (get(cors, "AllowMethods") != NULL) {
        fields[count++] = (struct http_header){STR("access-control-allow-methods"),
                                               joined(get(cors, "AllowMethods"), arena)};
    }
    if (get(cors, "AllowHeaders") != NULL) {
        fields[count++] = (struct http_header){STR("access-control-allow-headers"),
                                               joined(get(cors, "AllowHeaders"), arena)};
    }
    if (age > 0) {
        fields[count++] = (struct http_header){STR("access-control-max-age"),
                                               arena_printf(arena, "%lld", (long long)age)};
    }
    return count;
}

size_t url_cors_fields(const struct value *cors, const struct http_request *http, bool preflight,
                       struct arena *arena, struct http_header *ret_fields)
{
    struct str origin = http_header(http, STR("origin"));
    bool credentials = get_bool(cors, "AllowCredentials", false);
    struct str method = http_header(http, STR("access-control-request-method"));
    size_t count = 0;

    if (origin.bytes == 0 || !allows(get(cors, "AllowOrigins"), origin)) {
        return 0;
    }
    if (preflight && !allows(get(cors, "AllowMethods"), method)) {
        return 0;
    }
    ret_fields[count++] = (struct http_header){STR("access-control-allow-origin"), origin};
    ret_fields[count++] = (struct http_header){STR("vary"), STR("Origin")};
    if (credentials) {
        ret_fields[count++] =
            (struct http_header){STR("access-control-allow-credentials"), STR("true")};
    }
    if (preflight) {
        count += preflight_fields(cors, arena, ret_fields + count);
    } else if (get(cors, "ExposeHeaders") != NULL) {
        ret_fields[count++] = (struct http_header){STR("access-control-expose-headers"),
                                                   joined(get(cors, "ExposeHeaders"), arena)};
    }
    return count;
}
