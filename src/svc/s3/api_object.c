/* SPDX-License-Identifier: Apache-2.0
 *
 * PutObject, GetObject, HeadObject.
 */
#include "base/time.h"
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#include <assert.h>

#define PUT_BYTES_MAX (UINT64_C(5) << 30)

/* ---- PutObject ---- */

void put_new_object(struct call *c, const struct object *object, const struct customer_key *key)
{
    struct str version = answer_version(c, object);

    set_if(c->out, "ETag", object_etag(c->arena, object));
    set_checksum(c, c->out, &object->checksum, object->part_count);
    if (!object->null_version) {
        set_if(c->out, "VersionId", version);
    }
    put_encryption(c, object, key);
    set_if(c->out, "Expiration", object_expiration(c, object));
}

/* What must come with locks: something that proves the body. */
static status proof_check(struct call *c)
{
    bool locks = arg_has(c, "ObjectLockMode") || arg_has(c, "ObjectLockRetainUntilDate") ||
                 arg_has(c, "ObjectLockLegalHoldStatus");

    if (locks && !arg_has(c, "ContentMD5") && !body_of_call(c)->kind_asked) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object "
                    "requests with Object Lock parameters");
    }
    return OK;
}

static status put_checks(struct call *c, struct object *object, struct customer_key *key)
{
    if (arg_has(c, "WriteOffsetBytes")) {
        return fail_with(c, &S3_NOT_IMPLEMENTED, "Header", STR("x-amz-write-offset-bytes"));
    }
    if (body_of_call(c)->size > PUT_BYTES_MAX) {
        return fail_size(c, &S3_ENTITY_TOO_LARGE, "ProposedSize", body_of_call(c)->size,
                         PUT_BYTES_MAX);
    }
    TRY(key_check(c, object->key));
    TRY(proof_check(c));
    TRY(body_check(c, &object->checksum));
    TRY(customer_key_read(c, false, key));
    TRY(object_attributes(c, object->bucket, object));
    return encryption_of_call(c, object->bucket, key, object);
}

status object_put(struct call *c, const char *event)
{
    const struct call_body *body = body_of_call(c);
    struct object object = {
        .key = arg_str(c, "Key"), .modified_ms = whole_second(c->now), .size = body->size};
    struct object newest;
    struct customer_key key;
    bool there;

    TRY(bucket_of_call(c, &object.bucket));
    TRY(put_checks(c, &object, &key));
    there = object_newest(c, object.bucket, object.key, &newest);
    TRY(write_conditions_check(c, object.key, there ? &newest : NULL));

    call_on(c, object_arn(c->arena, object.bucket->name, object.key));
    tag_of_content(c, (enum encryption)object.encryption, body->md5, object.md5);
    object.content = content_of_body(c, key.is ? key.key : NULL);
    object_push(c, &object, there ? &newest : NULL);
    object_told(c, &object, event);
    put_new_object(c, &object, &key);
    return OK;
}

/* PutObject */
status s3_put_object(struct call *c)
{
    return object_put(c, "ObjectCreated:Put");
}

/* ---- GetObject and HeadObject ---- */

/* What of the content is wanted. */
struct wanted {
    struct object object;        /* the version */
    struct customer_key key;     /* SSE-C */
    struct content_range range;  /* all, a range, or a part */
    bool partial;                /* 206 */
    uint32_t part;               /* partNumber; 0: not asked */
    struct object_checksum part_checksum; /* of that part, when the object has parts */
    bool head;                   /* HeadObject */
};

static status fail_part(struct call *c, const struct wanted *wanted)
{
    uint32_t count = wanted->object.part_count;
    status failed = fail_with(c, &S3_INVALID_PART_NUMBER, "PartNumberRequested",
                              arena_printf(c->arena, "%u", wanted->part));

    fail_more(c, "ActualPartCount", arena_printf(c->arena, "%u", count > 0 ? count : 1));
    return failed;
}

/* The stretch of a part; an object that was not uploaded in parts is one part. */
static status part_range(struct call *c, struct wanted *wanted)
{
    const struct object *object = &wanted->object;
    struct part_list list;
    uint64_t offset = 0;

    wanted->partial = true;
    if (object->part_count == 0) {
        return wanted->part == 1 ? OK : fail_part(c, wanted);
    }
    content_parts(c, &object->content, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (i + 1 == wanted->part) {
            wanted->range.offset = offset;
            wanted->range.size = list.parts[i].size;
            wanted->part_checksum = list.parts[i].checksum;
            return OK;
        }
        offset += list.parts[i].size;
    }
    return fail_part(c, wanted);
}

static status fail_range(struct call *c, struct str header, uint64_t size)
{
    status failed = fail_with(c, &S3_INVALID_RANGE, "RangeRequested", header);

    put_header(c, "content-range",
               arena_printf(c->arena, "bytes */%llu", (unsigned long long)size));
    fail_more(c, "ActualObjectSize",
              arena_printf(c->arena, "%llu", (unsigned long long)size));
    return failed;
}

static status range_of_call(struct call *c, struct wanted *wanted)
{
    struct str header = arg_str(c, "Range");
    const struct value *part = arg(c, "PartNumber");
    uint64_t size = wanted->object.size;

    wanted->range.size = size;
    if (part != NULL && header.bytes > 0) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Cannot specify both Range header and partNumber query parameter");
    }
    if (part != NULL) {
        if (part->number < 1 || part->number > PART_NUMBER_MAX) {
            return fail_argument(c, "partNumber",
                                 arena_printf(c->arena, "%lld", (long long)part->number),
                                 "Part number must be an integer between 1 and 10000, inclusive");
        }
        wanted->part = (uint32_t)part->number;
        return part_range(c, wanted);
    }
    switch (range_read(header, size, &wanted->range.offset, &wanted->range.size)) {
    case RANGE_UNSATISFIABLE:
        return fail_range(c, header, size);
    case RANGE_OK:
        wanted->partial = true;
        break;
    case RANGE_NONE:
        break;
    }
    return OK;
}

/* 304 has the fields by which a cache renews what it has, and no body. */
static void answer_not_modified(struct call *c, const struct object *object)
{
    struct str version = answer_version(c, object);

    put_header(c, "etag", object_etag(c->arena, object));
    put_header(c, "last-modified", http_date(c->arena, object->modified_ms));
    if (version.bytes > 0) {
        put_header(c, "x-amz-version-id", version);
    }
    if (object->headers[HEADER_CACHE_CONTROL].bytes > 0) {
        put_header(c, "cache-control", object->headers[HEADER_CACHE_CONTROL]);
    }
    if (object->headers[HEADER_EXPIRES].bytes > 0) {
        put_header(c, "expires", object->headers[HEADER_EXPIRES]);
    }
    call_answer(c, 304, NULL, STR_NONE);
}

/* How content is kept is said when it is written. */
static status plain_read_check(struct call *c)
{
    static const char name[] = "x-amz-server-side-encryption";
    struct str sent = c->request == NULL ? STR_NONE : http_header(c->request, str_c(name));

    if (sent.bytes == 0) {
        return OK;
    }
    return fail_argument(c, name, sent, "%s header is not supported for this operation.", name);
}

static status read_checks(struct call *c, struct wanted *wanted)
{
    struct conditions conditions = {
        .if_match = arg_str(c, "IfMatch"),
        .if_none_match = arg_str(c, "IfNoneMatch"),
        .if_modified_ms = get_time(c->in, "IfModifiedSince", INT64_MIN),
        .if_unmodified_ms = get_time(c->in, "IfUnmodifiedSince", INT64_MIN),
    };
    struct bucket *bucket;

    TRY(bucket_of_call(c, &bucket));
    TRY(plain_read_check(c));
    TRY(object_of_call(c, bucket, &wanted->object));
    TRY(customer_key_read(c, false, &wanted->key));
    TRY(customer_key_check(c, &wanted->object, &wanted->key));
    TRY(conditions_check(c, &conditions, &wanted->object));
    if (!wanted->head) {
        TRY(archive_check(c, &wanted->object));
    }
    return range_of_call(c, wanted);
}

/* Headers as they were given, or as this request wants them. */
static void put_headers(struct call *c, const struct object *object)
{
    static const struct {
        const char *asked;   /* member of the input */
        const char *answer;  /* of the output */
    } overrides[] = {
        {"ResponseCacheControl", "CacheControl"},
        {"ResponseContentDisposition", "ContentDisposition"},
        {"ResponseContentEncoding", "ContentEncoding"},
        {"ResponseContentLanguage", "ContentLanguage"},
        {"ResponseContentType", "ContentType"},
    };

    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (object->headers[i].bytes > 0) {
            put_str(c, object_header_member((enum object_header)i), object->headers[i]);
        }
    }
    for (size_t i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++) {
        struct str asked = arg_str(c, overrides[i].asked);

        if (asked.at != NULL) {
            put_str(c, overrides[i].answer, asked);
        }
    }
    if (arg_has(c, "ResponseExpires")) {
        put_str(c, "Expires", http_date(c->arena, get_time(c->in, "ResponseExpires", 0)));
    }
}

/* What is not ASCII travels in a header as RFC 2047 has it. */
static struct str mail_safe(struct arena *arena, struct str text)
{
    struct str base64;

    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] >= 0x80) {
            base64 = base64_text(arena, text.at, text.bytes);
            return arena_printf(arena, "=?UTF-8?B?%.*s?=", STR_ARG(base64));
        }
    }
    return text;
}

static void put_metadata(struct call *c, const struct object *object)
{
    struct str packed = object->metadata;
    struct value *map;
    struct str name;
    struct str value;

    if (packed.bytes == 0) {
        return;
    }
    map = set_map(c->arena, c->out, "Metadata", pairs_count(packed));
    while (pairs_next(&packed, &name, &value)) {
        map_add_str(map, name, mail_safe(c->arena, value));
    }
}

static void put_lock(struct call *c, const struct object *object)
{
    if (object->lock_mode != LOCK_NONE) {
        put_str(c, "ObjectLockMode", lock_mode_text(object->lock_mode));
        put_time(c, "ObjectLockRetainUntilDate", object->retain_until_ms);
    }
    if (object->legal_hold_set) {
        put_str(c, "ObjectLockLegalHoldStatus", object->legal_hold ? STR("ON") : STR("OFF"));
    }
}

static void put_state(struct call *c, const struct wanted *wanted)
{
    const struct object *object = &wanted->object;
    size_t tags = pairs_count(object->tags);

    set_if(c->out, "VersionId", answer_version(c, object));
    if (object->storage_class != STORAGE_STANDARD) {
        put_str(c, "StorageClass", storage_class_text(object->storage_class));
    }
    if (tags > 0) {
        put_int(c, "TagCount", (int64_t)tags);
    }
    put_encryption(c, object, &wanted->key);
    put_lock(c, object);
    set_if(c->out, "Restore", restore_header(c, object));
    set_if(c->out, "ReplicationStatus", replication_text(object));
    if (object->latest && !arg_has(c, "VersionId")) {
        set_if(c->out, "Expiration", object_expiration(c, object));
    }
}

static void put_range(struct call *c, const struct wanted *wanted)
{
    const struct content_range *range = &wanted->range;
    const struct object *object = &wanted->object;

    put_int(c, "ContentLength", (int64_t)range->size);
    if (wanted->partial && range->size > 0) {
        put_str(c, "ContentRange",
                arena_printf(c->arena, "bytes %llu-%llu/%llu", (unsigned long long)range->offset,
                             (unsigned long long)(range->offset + range->size - 1),
                             (unsigned long long)object->size));
    }
    if (wanted->part > 0 && object->part_count > 0) {
        put_int(c, "PartsCount", object->part_count);
    }
    if (!str_eq(arg_str(c, "ChecksumMode"), STR("ENABLED"))) {
        return;
    }
    if (wanted->part > 0 && object->part_count > 0) {
        struct object_checksum checksum = wanted->part_checksum;

        set_checksum(c, c->out, &checksum, 0);
        if (object->checksum.composite && checksum.is) {
            put_str(c, "ChecksumType", STR("COMPOSITE"));
        }
    } else if (range->size == object->size) { /* also when all was asked for as a range */
        set_checksum(c, c->out, &object->checksum, object->part_count);
    }
}

static status read_object(struct call *c, struct wanted *wanted)
{
    const struct object *object = &wanted->object;
    status checked = read_checks(c, wanted);

    if (checked == &S3_NOT_MODIFIED) {
        answer_not_modified(c, object);
        return OK;
    }
    TRY(checked);
    put_str(c, "ETag", object_etag(c->arena, object));
    put_time(c, "LastModified", object->modified_ms);
    put_str(c, "AcceptRanges", STR("bytes"));
    put_headers(c, object);
    put_metadata(c, object);
    put_state(c, wanted);
    put_range(c, wanted);
    if (!wanted->head) {
        struct call_extent *extents;
        size_t count;

        wanted->range.key = wanted->key.is ? wanted->key.key : NULL;
        content_extents(c, object, &wanted->range, &extents, &count);
        call_send(c, extents, count);
    }
    return OK;
}

/* GetObject */
status s3_get_object(struct call *c)
{
    struct wanted wanted = {.head = false};

    return read_object(c, &wanted);
}

/* HeadObject */
status s3_head_object(struct call *c)
{
    struct wanted wanted = {.head = true};

    return read_object(c, &wanted);
}
