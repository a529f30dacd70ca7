/* SPDX-License-Identifier: Apache-2.0
 *
 * What an object is besides its bytes: names, headers, metadata, storage class; and the version
 * that a request means.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/time.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

static const struct str storage_classes[STORAGE_COUNT] = {
    [STORAGE_STANDARD] = STR_INIT("STANDARD"),
    [STORAGE_REDUCED_REDUNDANCY] = STR_INIT("REDUCED_REDUNDANCY"),
    [STORAGE_STANDARD_IA] = STR_INIT("STANDARD_IA"),
    [STORAGE_ONEZONE_IA] = STR_INIT("ONEZONE_IA"),
    [STORAGE_INTELLIGENT_TIERING] = STR_INIT("INTELLIGENT_TIERING"),
    [STORAGE_GLACIER] = STR_INIT("GLACIER"),
    [STORAGE_DEEP_ARCHIVE] = STR_INIT("DEEP_ARCHIVE"),
    [STORAGE_GLACIER_IR] = STR_INIT("GLACIER_IR"),
};

struct str storage_class_text(enum storage_class storage_class)
{
    assert(storage_class < STORAGE_COUNT);
    return storage_classes[storage_class];
}

bool storage_class_read(struct str text, enum storage_class *ret_storage_class)
{
    for (size_t i = 0; i < STORAGE_COUNT; i++) {
        if (str_eq(storage_classes[i], text)) {
            *ret_storage_class = (enum storage_class)i;
            return true;
        }
    }
    return false;
}

struct str object_etag(struct arena *arena, const struct object *object)
{
    char *text = arena_alloc(arena, 48);
    struct buf out = {.at = text, .room = 48, .bytes_max = 48};

    text[0] = '"';
    hex_encode(str_of(object->md5, sizeof(object->md5)), text + 1);
    out.bytes = 33;
    if (object->part_count > 0) {
        buf_add_c(&out, '-');
        buf_add_u64(&out, object->part_count);
    }
    buf_add_c(&out, '"');
    return buf_str(&out);
}

bool object_archived(const struct call *c, const struct object *object)
{
    return (object->storage_class == STORAGE_GLACIER ||
            object->storage_class == STORAGE_DEEP_ARCHIVE) &&
           object->restored_until_ms <= c->now;
}

/* ---- the object of a request ---- */

status key_check(struct call *c, struct str key)
{
    if (key.bytes > KEY_TEXT_BYTES_MAX) {
        return fail_size(c, &S3_KEY_TOO_LONG, "Size", key.bytes, KEY_TEXT_BYTES_MAX);
    }
    if (!utf8_valid(key)) {
        return fail_s3(c, &S3_INVALID_URI);
    }
    return OK;
}

struct str http_date(struct arena *arena, int64_t moment_ms)
{
    char *text = arena_alloc(arena, 32);
    struct buf out = {.at = text, .room = 32, .bytes_max = 32};

    buf_add_http_date(&out, moment_ms);
    return buf_str(&out);
}

/* Whoever only reads an object is told that there is none where the newest is a delete marker;
 * tags, locks and whoever writes meet the marker itself. */
static bool reads_only(const struct call *c)
{
    static const struct str operations[] = {STR_INIT("GetObject"), STR_INIT("HeadObject"),
                                            STR_INIT("GetObjectAttributes")};
    struct str name = c->operation == NULL ? STR("GetObject") : model_text(c->operation->name);

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (str_eq(operations[i], name)) {
            return true;
        }
    }
    return false;
}

/* What goes out with a failure because of a delete marker. */
static status fail_marker(struct call *c, const struct object *marker, bool by_version)
{
    status failed;

    put_header(c, "x-amz-delete-marker", STR("true"));
    put_header(c, "x-amz-version-id", object_version_text(c->arena, marker));
    if (!by_version && reads_only(c)) {
        return fail_with(c, &S3_NO_KEY, "Key", marker->key);
    }
    put_header(c, "last-modified", http_date(c->arena, marker->modified_ms));
    put_header(c, "allow", STR("DELETE"));
    failed = fail_with(c, &S3_METHOD_NOT_ALLOWED, "Method",
                       c->request == NULL ? STR("GET") : c->request->method);
    fail_more(c, "ResourceType", STR("DeleteMarker"));
    return failed;
}

status object_of_call(struct call *c, struct bucket *bucket, struct object *ret_object)
{
    struct str version = arg_str_if(c, "VersionId");
    struct str key = arg_str(c, "Key");

    TRY(key_check(c, key));
    if (version.at != NULL && version.bytes == 0) {
        return fail_argument(c, "versionId", version, "Version id cannot be the empty string");
    }
    TRY(object_find(c, bucket, key, version, ret_object));
    if (ret_object->delete_marker) {
        return fail_marker(c, ret_object, version.at != NULL);
    }
    return OK;
}

/* ---- what a request gives to a new object ---- */

static const char *const header_members[HEADER_COUNT] = {
    [HEADER_CACHE_CONTROL] = "CacheControl",
    [HEADER_CONTENT_DISPOSITION] = "ContentDisposition",
    [HEADER_CONTENT_ENCODING] = "ContentEncoding",
    [HEADER_CONTENT_LANGUAGE] = "ContentLanguage",
    [HEADER_CONTENT_TYPE] = "ContentType",
    [HEADER_EXPIRES] = "Expires",
    [HEADER_WEBSITE_REDIRECT] = "WebsiteRedirectLocation",
};

const char *object_header_member(enum object_header header)
{
    return header_members[header];
}

/* aws-chunked is how the body came, not how it is. */
static struct str without_chunked(struct call *c, struct str encoding)
{
    struct str kept = STR_NONE;

    if (str_find_str(encoding, STR("aws-chunked")) == encoding.bytes) {
        return encoding;
    }
    while (encoding.at != NULL) {
        struct str one = str_trim(str_split(&encoding, ','));

        if (one.bytes > 0 && !str_eq_nocase(one, STR("aws-chunked"))) {
            kept = kept.bytes == 0 ? one
                                   : arena_printf(c->arena, "%.*s,%.*s", STR_ARG(kept),
                                                  STR_ARG(one));
        }
    }
    return kept;
}

status metadata_of_call(struct call *c, struct object *object)
{
    const struct value *metadata = arg_if(c, "Metadata");
    struct str redirect;
    struct buf packed;
    size_t bytes = 0;

    for (size_t i = 0; i < HEADER_COUNT; i++) {
        object->headers[i] = arg_str_if(c, header_members[i]);
    }
    object->headers[HEADER_CONTENT_ENCODING] =
        without_chunked(c, object->headers[HEADER_CONTENT_ENCODING]);
    if (object->headers[HEADER_CONTENT_TYPE].bytes == 0) {
        object->headers[HEADER_CONTENT_TYPE] = STR("binary/octet-stream");
    }
    redirect = object->headers[HEADER_WEBSITE_REDIRECT];
    if (redirect.bytes > 0 && redirect.at[0] != '/' && !str_starts(redirect, STR("http://")) &&
        !str_starts(redirect, STR("https://"))) {
        return fail_s3(c, &S3_INVALID_REDIRECT);
    }
    for (uint32_t i = 0; metadata != NULL && i < metadata->count; i++) {
        bytes += metadata->pairs[i].key.bytes + metadata->pairs[i].value.str.bytes;
    }
    if (bytes > METADATA_BYTES_MAX) {
        return fail_size(c, &S3_METADATA_TOO_LARGE, "Size", bytes, METADATA_BYTES_MAX);
    }
    if (bytes == 0) {
        return OK;
    }
    buf_init(&packed, 8 * METADATA_BYTES_MAX);
    for (uint32_t i = 0; i < metadata->count; i++) {
        write_str(&packed, metadata->pairs[i].key);
        write_str(&packed, metadata->pairs[i].value.str);
    }
    object->metadata = arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    return OK;
}

status storage_class_of_call(struct call *c, struct object *object)
{
    struct str text = arg_str_if(c, "StorageClass");
    enum storage_class storage_class = STORAGE_STANDARD;

    if (text.bytes > 0 && !storage_class_read(text, &storage_class)) {
        return fail_with(c, &S3_INVALID_STORAGE_CLASS, "StorageClassRequested", text);
    }
    object->storage_class = (uint8_t)storage_class;
    return OK;
}

status object_attributes(struct call *c, struct bucket *bucket, struct object *object)
{
    struct str tagging = arg_str_if(c, "Tagging");

    TRY(metadata_of_call(c, object));
    TRY(storage_class_of_call(c, object));
    if (tagging.bytes > 0) {
        TRY(tags_of_header(c, tagging, &object->tags));
    }
    TRY(lock_of_call(c, bucket, object));
    return object_acl_of_call(c, bucket, &object->acl);
}
