/* SPDX-License-Identifier: Apache-2.0
 *
 * ListObjects, ListObjectsV2, ListObjectVersions.
 *
 * Rules
 *  1. Keys in byte order. What begins with the prefix and has the delimiter behind it is rolled up
 *     into a common prefix, which counts like a key; the scan then seeks behind all of it.
 *  2. A marker that is inside a common prefix, or is one, goes on behind all of it: a former page
 *     told that prefix. ListObjectsV2 has no markers: its tokens say exactly where to go on.
 *  3. A page ends at max-keys, or after STEPS_MAX rows (delete markers that are not told): then it
 *     is cut short, and says so, with where to go on; with rule 2 not inside of a common prefix,
 *     which would be lost.
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#define PAGE_MAX 1000
#define STEPS_MAX 50000

/* A page being made. */
struct page_of_keys {
    struct call *c;              /* whose */
    struct bucket *bucket;       /* what is listed */
    struct str prefix, delimiter; /* as asked */
    struct str after;            /* go on behind this key or common prefix */
    bool marker;                 /* after is one: see rule 2 */
    uint64_t after_version;      /* versions: and behind this one of that key; 0: behind the key */
    bool versions;               /* all versions */
    bool owner;                  /* tell it */
    bool restore_status;         /* tell it */
    bool encode;                 /* keys and prefixes in URL encoding */
    uint32_t most;               /* keys and common prefixes */
    uint32_t count;              /* so far */
    bool truncated;              /* there is more */
    struct str last;             /* the last key or common prefix told or passed */
    struct str last_version;     /* its version id; STR_NONE: a common prefix */
    struct value *keys;          /* Contents or Versions */
    struct value *markers;       /* DeleteMarkers; NULL: not told */
    struct value *prefixes;      /* CommonPrefixes */
};

static struct str text_of(const struct page_of_keys *page, struct str text)
{
    return page->encode && text.bytes > 0 ? url_encoded(page->c->arena, text) : text;
}

static void add_key(struct page_of_keys *page, const struct object *object)
{
    struct arena *arena = page->c->arena;
    struct value *item =
        list_add(arena, object->delete_marker ? page->markers : page->keys);

    set_str(item, "Key", text_of(page, object->key));
    set_time(item, "LastModified", object->modified_ms);
    if (page->versions) {
        set_str(item, "VersionId", object_version_text(arena, object));
        set_bool(item, "IsLatest", object->latest);
    }
    if (page->owner) {
        put_owner(set_struct(arena, item, "Owner"), page->bucket);
    }
    if (object->delete_marker) {
        return;
    }
    set_str(item, "ETag", object_etag(arena, object));
    set_int(item, "Size", (int64_t)object->size);
    set_str(item, "StorageClass", storage_class_text(object->storage_class));
    if (object->checksum.is) {
        list_add_str(set_list(arena, item, "ChecksumAlgorithm", 1),
                     checksum_kind_text(object->checksum.kind));
        set_str(item, "ChecksumType",
                object->checksum.composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
    }
    if (page->restore_status && (object->restore_ready_ms || object->restored_until_ms)) {
        struct value *restore = set_struct(arena, item, "RestoreStatus");

        set_bool(restore, "IsRestoreInProgress", object->restore_ready_ms > 0);
        if (object->restored_until_ms > 0) {
            set_time(restore, "RestoreExpiryDate", object->restored_until_ms);
        }
    }
}

static struct object_scan *page_scan(struct page_of_keys *page)
{
    struct object_scan_from from = {.prefix = page->prefix, .versions = page->versions};
    struct str rolled = STR_NONE;

    if (page->after.bytes > 0 && str_starts(page->after, page->prefix)) {
        rolled = key_rolled(page->after, page->prefix, page->delimiter);
    }
    if (page->after_version > 0) {
        from.from_key = page->after;
        from.below_sequence = page->after_version;
    } else {
        from.after_key = page->after;
    }
    struct object_scan *scan = object_scan(page->c, page->bucket, &from);

    if (rolled.bytes > 0 && (page->marker || str_eq(rolled, page->after))) { /* rule 2 */
        object_scan_skip(scan, rolled);
    }
    return scan;
}

/* Room for one more, else the page ends here. */
static bool page_takes(struct page_of_keys *page)
{
    page->truncated = page->count == page->most;
    return !page->truncated;
}

static void page_fill(struct page_of_keys *page)
{
    struct object_scan *scan = page_scan(page);
    struct object object;
    uint32_t steps = 0;

    while (object_scan_next(scan, &object)) {
        struct str rolled = key_rolled(object.key, page->prefix, page->delimiter);

        if (steps++ >= STEPS_MAX && (rolled.bytes == 0 || !page->marker)) {
            page->truncated = true;
            break;
        }
        if (object.delete_marker && !page->versions) {
            page->last = object.key;
            continue;
        }
        if (!page_takes(page)) {
            break;
        }
        page->count++;
        if (rolled.bytes > 0) {
            set_str(list_add(page->c->arena, page->prefixes), "Prefix", text_of(page, rolled));
            page->last = rolled;
            page->last_version = STR_NONE;
            object_scan_skip(scan, rolled);
            continue;
        }
        add_key(page, &object);
        page->last = object.key;
        page->last_version = object_version_text(page->c->arena, &object);
    }
    object_scan_close(scan);
}

/* Arguments that all three share. */
static status page_begin(struct call *c, struct page_of_keys *page)
{
    struct str encoding = arg_str(c, "EncodingType");
    int64_t most = arg_int(c, "MaxKeys", PAGE_MAX);

    page->c = c;
    page->prefix = arg_str(c, "Prefix");
    page->delimiter = arg_str(c, "Delimiter");
    TRY(bucket_of_call(c, &page->bucket));
    if (most < 0 || most > INT32_MAX) {
        return fail_argument(c, "max-keys", arena_printf(c->arena, "%lld", (long long)most),
                             "Argument maxKeys must be an integer between 0 and 2147483647");
    }
    if (encoding.bytes > 0 && !str_eq(encoding, STR("url"))) {
        return fail_argument(c, "encoding-type", encoding, "Invalid Encoding Method specified in "
                                                           "Request");
    }
    page->encode = encoding.bytes > 0;
    page->most = most > PAGE_MAX ? PAGE_MAX : (uint32_t)most;
    return OK;
}

/* optional: x-amz-optional-object-attributes. */
static void page_optional(struct call *c, struct page_of_keys *page)
{
    const struct value *optional = arg(c, "OptionalObjectAttributes");

    for (uint32_t i = 0; optional != NULL && i < optional->count; i++) {
        page->restore_status |= str_eq(optional->items[i].str, STR("RestoreStatus"));
    }
}

static void put_page(struct call *c, const struct page_of_keys *page)
{
    put_str(c, "Name", page->bucket->name);
    put_str(c, "Prefix", text_of(page, page->prefix.at == NULL ? STR("") : page->prefix));
    put_int(c, "MaxKeys", page->most);
    put_bool(c, "IsTruncated", page->truncated);
    if (page->delimiter.bytes > 0) {
        put_str(c, "Delimiter", text_of(page, page->delimiter));
    }
    if (page->encode) {
        put_str(c, "EncodingType", STR("url"));
    }
}

/* ListObjects */
status s3_list_objects(struct call *c)
{
    struct page_of_keys page = {.owner = true, .marker = true};
    struct str marker = arg_str(c, "Marker");

    TRY(page_begin(c, &page));
    page_optional(c, &page);
    page.after = marker;
    page.keys = put_list(c, "Contents", page.most);
    page.prefixes = put_list(c, "CommonPrefixes", page.most);
    if (page.most > 0) {
        page_fill(&page);
    }
    put_page(c, &page);
    put_str(c, "Marker", text_of(&page, marker.at == NULL ? STR("") : marker));
    if (page.truncated && (page.delimiter.bytes > 0 || page.keys->count == 0)) {
        put_str(c, "NextMarker", text_of(&page, page.last));
    }
    return OK;
}

/* ListObjectsV2 */
status s3_list_objects_v2(struct call *c)
{
    struct page_of_keys page = {.owner = arg_bool(c, "FetchOwner", false)};
    struct str token = arg_str(c, "ContinuationToken");
    struct str start = arg_str(c, "StartAfter");

    TRY(page_begin(c, &page));
    page_optional(c, &page);
    page.after = start;
    if (token.at != NULL) {
        TRY(list_token_read(c, token, &page.after));
        put_str(c, "ContinuationToken", token);
    } else {
        set_if(c->out, "StartAfter", text_of(&page, start));
    }
    page.keys = put_list(c, "Contents", page.most);
    page.prefixes = put_list(c, "CommonPrefixes", page.most);
    if (page.most > 0) {
        page_fill(&page);
    }
    put_page(c, &page);
    put_int(c, "KeyCount", page.count);
    if (page.truncated) {
        put_str(c, "NextContinuationToken", list_token_write(c, page.last));
    }
    return OK;
}

/* Where a version marker says to go on: the sequence of that version of that key. */
static status version_marker(struct call *c, struct page_of_keys *page, struct str version)
{
    struct object object;

    if (version.bytes == 0) {
        return OK;
    }
    if (page->after.bytes == 0) {
        return fail_argument(c, "version-id-marker", version,
                             "A version-id marker cannot be specified without a key marker.");
    }
    if (str_eq(version, STR("null"))) {
        if (object_find(c, page->bucket, page->after, version, &object) == OK) {
            page->after_version = object.sequence;
        }
        c->why.text[0] = '\0';
        return OK;
    }
    return version_text_read(version, &page->after_version)
               ? OK
               : fail_argument(c, "version-id-marker", version, "Invalid version id specified");
}

/* ListObjectVersions */
status s3_list_object_versions(struct call *c)
{
    struct page_of_keys page = {.versions = true, .owner = true, .marker = true};
    struct str marker = arg_str(c, "KeyMarker");
    struct str version = arg_str(c, "VersionIdMarker");

    TRY(page_begin(c, &page));
    page_optional(c, &page);
    page.after = marker;
    TRY(version_marker(c, &page, version));
    page.keys = put_list(c, "Versions", page.most);
    page.markers = put_list(c, "DeleteMarkers", page.most);
    page.prefixes = put_list(c, "CommonPrefixes", page.most);
    if (page.most > 0) {
        page_fill(&page);
    }
    put_page(c, &page);
    put_str(c, "KeyMarker", text_of(&page, marker.at == NULL ? STR("") : marker));
    put_str(c, "VersionIdMarker", version.at == NULL ? STR("") : version);
    if (page.truncated) {
        put_str(c, "NextKeyMarker", text_of(&page, page.last));
        if (page.last_version.bytes > 0) {
            put_str(c, "NextVersionIdMarker", page.last_version);
        }
    }
    return OK;
}
