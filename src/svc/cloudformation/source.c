/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that a call names by a URL: objects of S3, read as the caller. Spellings: "Methods for
 * accessing a bucket", S3 user guide; weir's own address is the path-style one.
 */
#include "base/codec.h"
#include "bus/depot.h"
#include "bus/sink.h"
#include "svc/cloudformation/stack.h"

#define HINT "\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/" \
             "ErrorResponses.html"

struct place {
    struct str bucket;  /* its name */
    struct str key;     /* decoded */
    struct str version; /* versionId; STR_NONE: the newest */
};

static bool is_number_host(struct str host)
{
    for (size_t i = 0; i < host.bytes; i++) {
        if ((host.at[i] < '0' || host.at[i] > '9') && host.at[i] != '.') {
            return host.at[i] == '[';
        }
    }
    return host.bytes > 0;
}

/* The bucket in front of ".s3." or ".s3-", or of ".localhost"; empty: it is in the path. */
static bool bucket_of_host(struct str host, struct str *ret_bucket)
{
    static const char *const marks[] = {".s3.", ".s3-", ".localhost"};

    *ret_bucket = STR("");
    if (str_starts(host, STR("s3.")) || str_starts(host, STR("s3-")) || is_number_host(host) ||
        str_eq(host, STR("localhost")) || str_starts(host, STR("localhost."))) {
        return true;
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t at = str_find_str(host, str_c(marks[i]));

        if (at < host.bytes && at > 0) {
            *ret_bucket = str_slice(host, 0, at);
            return true;
        }
    }
    return false;
}

static struct str version_of(struct str query)
{
    while (query.at != NULL) {
        struct str argument = str_split(&query, '&');

        if (str_starts(argument, STR("versionId="))) {
            return str_slice(argument, strlen("versionId="), argument.bytes);
        }
    }
    return STR_NONE;
}

static bool place_read(struct arena *arena, struct str url, struct place *ret_place)
{
    struct place place = {.version = STR_NONE};
    struct str rest = url;
    struct str path, host;

    if (str_starts(url, STR("s3://"))) {
        rest = str_slice(url, 5, url.bytes);
        place.bucket = str_split(&rest, '/');
        place.key = rest;
        *ret_place = place;
        return place.bucket.bytes > 0 && place.key.bytes > 0;
    }
    if (!str_starts(url, STR("https://")) && !str_starts(url, STR("http://"))) {
        return false;
    }
    rest = str_slice(url, str_find_str(url, STR("//")) + 2, url.bytes);
    host = str_split(&rest, '/');
    if (rest.at == NULL || !bucket_of_host(str_split(&host, ':'), &place.bucket)) {
        return false;
    }
    path = str_split(&rest, '?');
    place.version = version_of(rest);
    if (place.bucket.bytes == 0) {
        place.bucket = str_split(&path, '/');
    }
    *ret_place = place;
    return place.bucket.bytes > 0 && path.bytes > 0 &&
           percent_decode(arena, path, false, &ret_place->key);
}

/* Whether the caller may and whether it is there: what S3 itself says. */
static status may_read(struct call *c, const struct inner_caller *caller,
                       const struct place *place)
{
    struct inner inner;
    status seen;

    TRY(inner_begin(c, "s3", "HeadObject", &inner));
    inner.caller = *caller;
    set_str(inner.in, "Bucket", place->bucket);
    set_str(inner.in, "Key", place->key);
    if (place->version.at != NULL) {
        set_str(inner.in, "VersionId", place->version);
    }
    seen = inner_run(c, &inner);
    c->more_count = 0;
    if (seen == OK) {
        return OK;
    }
    return seen->http == 404
               ? fail(c, &CFN_VALIDATION, "S3 error: %s" HINT,
                      inner.why.text[0] == '\0' ? "The specified key does not exist."
                                                : inner.why.text)
               : fail(c, &CFN_VALIDATION, "S3 error: Access Denied" HINT);
}

static status read_object(struct call *c, const struct place *place, size_t bytes_max,
                          struct str *ret_text)
{
    struct depot_ask ask = {
        .target = arena_printf(c->arena, "arn:%.*s:s3:::%.*s", STR_ARG(arn_partition(c->region)),
                               STR_ARG(place->bucket)),
        .principal = STR(CFN_PRINCIPAL),
        .account = c->account,
    };
    struct depot_span span = {.prefix = place->key, .count_max = 1, .version = place->version};
    struct depot_piece piece = {.offset = 0};
    struct depot_bytes bytes;
    size_t count = 0;
    char *text;

    if (bus_list(c, &ask, &span, &piece.thing, &count) != OK || count == 0 ||
        !str_eq(piece.thing.key, place->key)) {
        return fail(c, &CFN_VALIDATION, "S3 error: The specified key does not exist." HINT);
    }
    if (piece.thing.bytes > bytes_max) {
        return fail(c, &CFN_VALIDATION, "Template may not exceed %zu bytes in size.", bytes_max);
    }
    piece.bytes = piece.thing.bytes;
    if (bus_read(c, &ask, &piece, &bytes) != OK) {
        return fail(c, &CFN_VALIDATION, "S3 error: Access Denied" HINT);
    }
    text = arena_alloc(c->arena, (size_t)piece.bytes + 1);
    if (bus_fetch(c->cell, &bytes, text) != OK) {
        return fail(c, &ERR_IO, "the object cannot be read");
    }
    *ret_text = str_of(text, (size_t)piece.bytes);
    c->why.text[0] = '\0';
    return OK;
}

status source_load(struct call *c, const struct inner_caller *caller, struct str url,
                   size_t bytes_max, struct str *ret_text)
{
    struct place place;

    if (!place_read(c->arena, url, &place)) {
        return fail(c, &CFN_VALIDATION, "TemplateURL must be a supported URL.");
    }
    TRY(may_read(c, caller, &place));
    return read_object(c, &place, bytes_max, ret_text);
}

static struct str argument(const struct call *c, const char *member)
{
    int index = model_member_index(model_shape(c->in->shape), str_c(member));

    return index < 0 ? STR_NONE : arg_str(c, member);
}

status source_of_call(struct call *c, const struct source *source, struct str *ret_text)
{
    struct str body = argument(c, source->body_member);
    struct str url = argument(c, source->url_member);
    struct inner_caller caller = {c->account, c->region, c->principal, c->identity};

    *ret_text = STR_NONE;
    if (body.at != NULL && url.at != NULL) {
        return fail(c, &CFN_VALIDATION, "Either %s or %s must be specified, not both.",
                    source->body_member, source->url_member);
    }
    if (body.at != NULL) {
        *ret_text = body;
        return OK;
    }
    return url.at == NULL ? OK
                          : source_load(c, &caller, url, source->bytes_max, ret_text);
}
