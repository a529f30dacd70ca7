/* SPDX-License-Identifier: Apache-2.0
 *
 * CORS of HTTP APIs. Source: "Configure CORS for HTTP APIs", API Gateway developer guide: with a
 * configuration the gateway answers preflights itself (whatever the routes say, without asking an
 * authorizer), and what integrations say of CORS does not count.
 */
#include "svc/apigatewayv2/run_pure.h"

#define FIELD_BYTES_MAX 65536

bool cors_is_preflight(const struct http_request *http)
{
    return str_eq(http->method, STR("OPTIONS")) &&
           http_header(http, STR("origin")).bytes > 0 &&
           http_header(http, STR("access-control-request-method")).bytes > 0;
}

bool cors_is_own(struct str name)
{
    return str_starts(name, STR("access-control-"));
}

/* A star after the scheme stands for every host. */
static bool origin_fits(struct str allowed, struct str origin)
{
    size_t star = str_find(allowed, '*', 0);

    return str_eq(allowed, STR("*")) || str_eq_nocase(allowed, origin) ||
           (star < allowed.bytes &&
            str_starts_nocase(origin, str_slice(allowed, 0, star)) &&
            str_ends(origin, str_slice(allowed, star + 1, allowed.bytes)));
}

static bool star_in(const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, STR("*"))) {
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
    for (uint32_t i = 0; i < list->count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(","));
        buf_add(&text, list->items[i].str);
    }
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static size_t add(const struct value *list, const char *name, struct arena *arena,
                  struct http_header *headers, size_t count)
{
    if (list == NULL || list->count == 0) {
        return count;
    }
    headers[count] = (struct http_header){str_c(name), joined(list, arena)};
    return count + 1;
}

size_t cors_headers(const struct value *cors, const struct http_request *http, bool preflight,
                    struct arena *arena, struct http_header *ret_headers)
{
    const struct value *origins = get(cors, "AllowOrigins");
    struct str origin = http_header(http, STR("origin"));
    bool credentials = get_bool(cors, "AllowCredentials", false);
    bool fits = false;
    size_t count = 0;

    for (uint32_t i = 0; origins != NULL && i < origins->count; i++) {
        fits |= origin_fits(origins->items[i].str, origin);
    }
    if (origin.bytes == 0 || !fits) {
        return 0;
    }
    ret_headers[count++] = (struct http_header){
        STR("access-control-allow-origin"),
        star_in(origins) && !credentials ? STR("*") : origin};
    if (credentials) {
        ret_headers[count++] =
            (struct http_header){STR("access-control-allow-credentials"), STR("true")};
    }
    if (!preflight) {
        return add(get(cors, "ExposeHeaders"), "access-control-expose-headers", arena,
                   ret_headers, count);
    }
    count = add(get(cors, "AllowMethods"), "access-control-allow-methods", arena, ret_headers,
                count);
    count = add(get(cors, "AllowHeaders"), "access-control-allow-headers", arena, ret_headers,
                count);
    if (has(cors, "MaxAge")) {
        ret_headers[count++] = (struct http_header){
            STR("access-control-max-age"),
            arena_printf(arena, "%lld", (long long)get_int(cors, "MaxAge", 0))};
    }
    return count;
}
