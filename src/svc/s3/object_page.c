/* SPDX-License-Identifier: Apache-2.0
 *
 * An object as a page: what a browser gets of it without an S3 operation, with the conditions and
 * ranges of HTTP.
 */
#include "svc/s3/settings_int.h"

#define METADATA_MAX 5 /* fields of the caller's own */

static void put_kept_headers(struct call *c, const struct object *object)
{
    static const char *const names[HEADER_COUNT] = {
        [HEADER_CACHE_CONTROL] = "cache-control",
        [HEADER_CONTENT_DISPOSITION] = "content-disposition",
        [HEADER_CONTENT_ENCODING] = "content-encoding",
        [HEADER_CONTENT_LANGUAGE] = "content-language",
        [HEADER_CONTENT_TYPE] = "content-type",
        [HEADER_EXPIRES] = "expires",
        [HEADER_WEBSITE_REDIRECT] = NULL,
    };

    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (names[i] != NULL && object->headers[i].bytes > 0) {
            put_header(c, names[i], object->headers[i]);
        }
    }
}

static void put_metadata(struct call *c, const struct object *object)
{
    struct str packed = object->metadata;
    struct str name;
    struct str value;

    for (size_t i = 0; i < METADATA_MAX && pairs_next(&packed, &name, &value); i++) {
        put_header(c, arena_printf(c->arena, "x-amz-meta-%.*s", STR_ARG(name)).at, value);
    }
}

static int64_t date_given(struct call *c, struct str name)
{
    int64_t moment_ms;

    return time_from_http_date(http_header(c->request, name), &moment_ms) ? moment_ms : INT64_MIN;
}

/* 304 or 412 where the request's conditions say so; 0: go on. */
static int condition_status(struct call *c, const struct object *object)
{
    struct conditions conditions = {
        .if_match = http_header(c->request, STR("if-match")),
        .if_none_match = http_header(c->request, STR("if-none-match")),
        .if_modified_ms = date_given(c, STR("if-modified-since")),
        .if_unmodified_ms = date_given(c, STR("if-unmodified-since")),
    };
    status checked = conditions_check(c, &conditions, object);

    if (checked == OK) {
        return 0;
    }
    c->why.text[0] = '\0';
    c->more_count = 0;
    return checked->http;
}

static void send_range(struct call *c, const struct object *object,
                       const struct content_range *range)
{
    struct call_extent *extents;
    size_t count;

    content_extents(c, object, range, &extents, &count);
    call_send(c, extents, count);
}

void object_page(struct call *c, const struct object *object, int http)
{
    struct content_range range = {.size = object->size};
    struct str asked = http_header(c->request, STR("range"));
    struct str version = answer_version(c, object);
    int condition = http == 200 ? condition_status(c, object) : 0;

    put_header(c, "etag", object_etag(c->arena, object));
    put_header(c, "last-modified", http_date(c->arena, object->modified_ms));
    if (version.bytes > 0) {
        put_header(c, "x-amz-version-id", version);
    }
    if (condition != 0) {
        call_answer(c, condition, NULL, STR_NONE);
        return;
    }
    put_kept_headers(c, object);
    put_metadata(c, object);
    if (http == 200 && asked.bytes > 0) {
        switch (range_read(asked, object->size, &range.offset, &range.size)) {
        case RANGE_UNSATISFIABLE:
            put_header(c, "content-range",
                       arena_printf(c->arena, "bytes */%llu", (unsigned long long)object->size));
            call_answer(c, 416, NULL, STR_NONE);
            return;
        case RANGE_OK:
            http = 206;
            put_header(c, "content-range",
                       arena_printf(c->arena, "bytes %llu-%llu/%llu",
                                    (unsigned long long)range.offset,
                                    (unsigned long long)(range.offset + range.size - 1),
                                    (unsigned long long)object->size));
            break;
        case RANGE_NONE:
            break;
        }
    }
    call_answer(c, http, NULL, STR_NONE);
    send_range(c, object, &range);
}
