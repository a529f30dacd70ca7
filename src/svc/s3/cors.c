/* SPDX-License-Identifier: Apache-2.0
 *
 * CORS: a bucket's rules, checked when put, and what they let browsers do. Source: "Using
 * cross-origin resource sharing (CORS)" and "Elements of a CORS configuration", AWS documentation.
 *
 * Rules
 *  1. The first rule whose origins, methods and headers all fit the request is the one.
 *  2. An origin or a header may have one '*' in it, and no '?'.
 *  3. Where no rule fits, an actual request is answered without CORS fields, and a preflight is
 *     403.
 */
#include "svc/s3/settings_int.h"
#include "wire/wire.h"

#define RULES_MAX 100
#define ID_CHARACTERS_MAX 255
#define HEADERS_BYTES_MAX 8192

/* ---- checking what is put ---- */

static size_t stars_of(struct str text)
{
    size_t stars = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        stars += text.at[i] == '*';
    }
    return stars;
}

static status method_check(struct call *c, struct str method)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (str_eq(method, str_c(methods[i]))) {
            return OK;
        }
    }
    return fail(c, &S3_INVALID_REQUEST,
                "Found unsupported HTTP method in CORS config. Unsupported method is %.*s",
                STR_ARG(str_slice(method, 0, 64)));
}

static status rule_check(struct call *c, const struct value *rule)
{
    const struct value *methods = get(rule, "AllowedMethods");
    const struct value *origins = get(rule, "AllowedOrigins");
    const struct value *headers = get(rule, "AllowedHeaders");
    const struct value *exposed = get(rule, "ExposeHeaders");

    if (methods == NULL || methods->count == 0 || origins == NULL || origins->count == 0 ||
        get_str(rule, "ID").bytes > ID_CHARACTERS_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t i = 0; i < methods->count; i++) {
        TRY(method_check(c, methods->items[i].str));
    }
    for (uint32_t i = 0; i < origins->count; i++) {
        if (stars_of(origins->items[i].str) > 1) {
            return fail(c, &S3_INVALID_REQUEST,
                        "AllowedOrigin \"%.*s\" can not have more than one wildcard.",
                        STR_ARG(str_slice(origins->items[i].str, 0, 256)));
        }
    }
    for (uint32_t i = 0; headers != NULL && i < headers->count; i++) {
        if (stars_of(headers->items[i].str) > 1) {
            return fail(c, &S3_INVALID_REQUEST,
                        "AllowedHeader \"%.*s\" can not have more than one wildcard.",
                        STR_ARG(str_slice(headers->items[i].str, 0, 256)));
        }
    }
    for (uint32_t i = 0; exposed != NULL && i < exposed->count; i++) {
        if (stars_of(exposed->items[i].str) > 0) {
            return fail(c, &S3_INVALID_REQUEST,
                        "ExposeHeader \"%.*s\" contains wildcard. We currently do not support "
                        "wildcard for ExposeHeader.",
                        STR_ARG(str_slice(exposed->items[i].str, 0, 256)));
        }
    }
    return OK;
}

status cors_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *rules = get(value, "CORSRules");

    (void)bucket;
    if (rules == NULL || rules->count == 0 || rules->count > RULES_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t i = 0; i < rules->count; i++) {
        TRY(rule_check(c, &rules->items[i]));
    }
    return OK;
}

/* ---- which rule ---- */

static bool has_text(const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, text)) {
            return true;
        }
    }
    return false;
}

/* The pattern that the origin fits; STR_NONE: none. */
static struct str origin_fits(const struct value *rule, struct str origin)
{
    const struct value *origins = get(rule, "AllowedOrigins");

    for (uint32_t i = 0; i < origins->count; i++) {
        if (text_like(origins->items[i].str, origin, false)) {
            return origins->items[i].str;
        }
    }
    return STR_NONE;
}

static struct str lower(struct arena *arena, struct str text)
{
    char *at = arena_alloc(arena, text.bytes + 1);

    for (size_t i = 0; i < text.bytes; i++) {
        at[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] + 32) : text.at[i];
    }
    return str_of(at, text.bytes);
}

static bool header_fits(struct call *c, const struct value *rule, struct str header)
{
    const struct value *allowed = get(rule, "AllowedHeaders");

    for (uint32_t i = 0; allowed != NULL && i < allowed->count; i++) {
        if (text_like(lower(c->arena, allowed->items[i].str), header, false)) {
            return true;
        }
    }
    return false;
}

static bool headers_fit(struct call *c, const struct value *rule, struct str wanted)
{
    while (wanted.bytes > 0) {
        struct str header = str_trim(str_split(&wanted, ','));

        if (header.bytes > 0 && !header_fits(c, rule, lower(c->arena, header))) {
            return false;
        }
    }
    return true;
}

/* What a browser asks for. */
struct wish {
    struct str origin, method; /* both given */
    struct str headers;        /* a, b, c; a preflight's */
};

static const struct value *rule_for(struct call *c, const struct bucket *bucket,
                                    const struct wish *wish)
{
    const struct value *configuration = setting_value(bucket, SETTING_CORS);
    const struct value *rules =
        configuration == NULL ? NULL : get(configuration, "CORSRules");

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        const struct value *rule = &rules->items[i];

        if (origin_fits(rule, wish->origin).bytes > 0 &&
            has_text(get(rule, "AllowedMethods"), wish->method) &&
            headers_fit(c, rule, wish->headers)) {
            return rule;
        }
    }
    return NULL;
}

/* ---- answering ---- */

static struct str joined(struct call *c, const struct value *list)
{
    struct buf text;
    struct str made;

    buf_init(&text, HEADERS_BYTES_MAX);
    for (uint32_t i = 0; i < list->count; i++) {
        buf_add(&text, i > 0 ? STR(", ") : STR_NONE);
        buf_add(&text, list->items[i].str);
    }
    made = buf_spent(&text) ? STR_NONE : arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static void put_rule(struct call *c, const struct value *rule, const struct wish *wish)
{
    bool any = str_eq(origin_fits(rule, wish->origin), STR("*"));
    const struct value *exposed = get(rule, "ExposeHeaders");

    put_header(c, "access-control-allow-origin", any ? STR("*") : wish->origin);
    put_header(c, "access-control-allow-methods", joined(c, get(rule, "AllowedMethods")));
    if (wish->headers.bytes > 0) {
        put_header(c, "access-control-allow-headers", lower(c->arena, wish->headers));
    }
    if (exposed != NULL && exposed->count > 0) {
        put_header(c, "access-control-expose-headers", joined(c, exposed));
    }
    if (has(rule, "MaxAgeSeconds")) {
        put_header(c, "access-control-max-age",
                   arena_printf(c->arena, "%lld",
                                (long long)get_int(rule, "MaxAgeSeconds", 0)));
    }
    if (!any) {
        put_header(c, "access-control-allow-credentials", STR("true"));
    }
    put_header(c, "vary",
               STR("Origin, Access-Control-Request-Headers, Access-Control-Request-Method"));
}

void cors_answer(struct call *c, const struct bucket *bucket)
{
    struct wish wish = {.origin = STR_NONE};
    const struct value *rule;

    if (c->request == NULL) {
        return;
    }
    wish.origin = http_header(c->request, STR("origin"));
    wish.method = c->request->method;
    if (wish.origin.bytes == 0 || str_eq(wish.method, STR("OPTIONS"))) {
        return;
    }
    rule = rule_for(c, bucket, &wish);
    if (rule != NULL) {
        put_rule(c, rule, &wish);
    }
}

status cors_preflight(struct call *c, const struct bucket *bucket, bool object)
{
    struct wish wish = {
        .origin = http_header(c->request, STR("origin")),
        .method = http_header(c->request, STR("access-control-request-method")),
        .headers = http_header(c->request, STR("access-control-request-headers")),
    };
    const struct value *rule;

    if (wish.origin.bytes == 0) {
        return fail(c, &S3_BAD_REQUEST,
                    "Insufficient information. Origin request header needed.");
    }
    if (wish.method.bytes == 0) {
        return fail(c, &S3_BAD_REQUEST, "Invalid Access-Control-Request-Method: null");
    }
    fail_more(c, "Method", wish.method);
    fail_more(c, "ResourceType", object ? STR("OBJECT") : STR("BUCKET"));
    if (setting_value(bucket, SETTING_CORS) == NULL) {
        return fail(c, &S3_ACCESS_FORBIDDEN,
                    "CORSResponse: CORS is not enabled for this bucket.");
    }
    rule = rule_for(c, bucket, &wish);
    if (rule == NULL) {
        return fail(c, &S3_ACCESS_FORBIDDEN,
                    "CORSResponse: This CORS request is not allowed. This is usually because the "
                    "evalution of Origin, request method / Access-Control-Request-Method or "
                    "Access-Control-Request-Headers are not whitelisted by the resource's CORS "
                    "spec.");
    }
    put_rule(c, rule, &wish);
    call_answer(c, 200, NULL, STR_NONE);
    return OK;
}

/* OPTIONS of a bucket or object, which nobody signs. What is no bucket may be another service's. */
status s3_preflight(struct call *c)
{
    struct str name = wire_bucket_of_host(c->request->authority);
    struct str path = str_slice(c->request->path, 1, c->request->path.bytes);
    const struct bucket *bucket;

    if (name.bytes == 0) {
        name = str_split(&path, '/');
    }
    bucket = bucket_find(s3_of(c), name);
    return bucket == NULL ? &ERR_NOT_FOUND : cors_preflight(c, bucket, path.bytes > 0);
}
