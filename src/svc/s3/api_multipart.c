/* SPDX-License-Identifier: Apache-2.0
 *
 * Multipart uploads: beginning, parts, listing, giving up. (Completion is in api_complete.c.)
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#include <assert.h>

#define PAGE_MAX 1000

/* ---- CreateMultipartUpload ---- */

static void put_abort_date(struct call *c, const struct upload *upload)
{
    struct str rule = STR_NONE;
    int64_t abort_ms;

    if (upload_abort_date(c, upload, &abort_ms, &rule)) {
        put_time(c, "AbortDate", abort_ms);
        set_if(c->out, "AbortRuleId", rule);
    }
}

/* A number that no upload of the key has or had; the clock may stand still over a restart. */
static void upload_number(struct call *c, struct upload *upload)
{
    struct completion completion;
    struct upload other;

    do {
        upload->sequence = sequence_next(c);
    } while (upload_get(c, upload->bucket, upload->key, upload->sequence, &other) ||
             completion_get(c, upload->bucket, upload->key, upload->sequence, &completion));
}

/* CreateMultipartUpload */
status s3_create_multipart_upload(struct call *c)
{
    struct upload upload = {.key = arg_str(c, "Key"), .initiated_ms = c->now};
    struct customer_key key;
    struct object there;

    TRY(bucket_of_call(c, &upload.bucket));
    upload.object = (struct object){.bucket = upload.bucket, .key = upload.key};
    TRY(key_check(c, upload.key));
    TRY(customer_key_read(c, false, &key));
    TRY(object_attributes(c, upload.bucket, &upload.object));
    TRY(encryption_of_call(c, upload.bucket, &key, &upload.object));
    TRY(upload_checksum_read(c, &upload));

    call_on(c, object_arn(c->arena, upload.bucket->name, upload.key));
    upload_number(c, &upload);
    upload.replaces = object_newest(c, upload.bucket, upload.key, &there) && !there.delete_marker;
    upload_save(c, &upload);
    put_str(c, "Bucket", upload.bucket->name);
    put_str(c, "Key", upload.key);
    put_str(c, "UploadId", upload_text(c->arena, upload.sequence));
    if (upload.checksum_asked) {
        put_str(c, "ChecksumAlgorithm", checksum_kind_text(upload.checksum_kind));
        put_str(c, "ChecksumType",
                upload.checksum_composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
    }
    put_encryption(c, &upload.object, &key);
    put_abort_date(c, &upload);
    return OK;
}

/* ---- UploadPart ---- */

status part_number_of_call(struct call *c, uint32_t *ret_number)
{
    int64_t number = arg_int(c, "PartNumber", 0);

    if (number < 1 || number > PART_NUMBER_MAX) {
        return fail_argument(c, "partNumber",
                             arena_printf(c->arena, "%lld", (long long)number),
                             "Part number must be an integer between 1 and 10000, inclusive");
    }
    *ret_number = (uint32_t)number;
    return OK;
}

/* A part of an upload that asked for checksums has one of that kind. */
static status part_checksum_check(struct call *c, const struct upload *upload,
                                  const struct object_checksum *checksum)
{
    if (!upload->checksum_asked || checksum->kind == upload->checksum_kind) {
        return OK;
    }
    return fail(c, &S3_INVALID_REQUEST,
                "Checksum Type mismatch occurred, expected checksum Type: %.*s, actual checksum "
                "Type: %.*s",
                STR_ARG(lower_kind(c, upload->checksum_kind)),
                STR_ARG(body_of_call(c)->kind_asked ? lower_kind(c, checksum->kind)
                                                    : STR("null")));
}

void part_put(struct call *c, const struct upload *upload, struct part *part)
{
    struct part former;

    if (part_get(c, upload, part->number, &former)) {
        part_drop(c, upload, &former);
    }
    part->modified_ms = whole_second(c->now);
    part_save(c, upload, part);
}

struct str part_etag(struct arena *arena, const struct part *part)
{
    struct object object = {.size = part->size};

    memcpy(object.md5, part->md5, sizeof(object.md5));
    return object_etag(arena, &object);
}

/* An upload that asked for no checksum gets CRC64NVME, whatever its parts come with. */
static struct object_checksum checksum_to_keep(const struct upload *upload,
                                               const struct call_body *body,
                                               const struct object_checksum *checksum)
{
    struct object_checksum kept = {.is = true, .kind = CHECKSUM_CRC64NVME};

    if (upload->checksum_asked || checksum->kind == CHECKSUM_CRC64NVME) {
        return *checksum;
    }
    for (size_t i = 0; i < 8; i++) {
        kept.sum[i] = (uint8_t)(body->crc64nvme >> (56 - 8 * i));
    }
    return kept;
}

/* UploadPart */
status s3_upload_part(struct call *c)
{
    const struct call_body *body = body_of_call(c);
    struct object_checksum checksum;
    struct customer_key key;
    struct upload upload;
    struct bucket *bucket;
    struct content content;
    struct part *part;
    uint32_t number;

    TRY(bucket_of_call(c, &bucket));
    TRY(part_number_of_call(c, &number));
    TRY(upload_of_call(c, bucket, &upload));
    if (body->size > PART_BYTES_MAX) {
        return fail_size(c, &S3_ENTITY_TOO_LARGE, "ProposedSize", body->size, PART_BYTES_MAX);
    }
    TRY(body_check(c, &checksum));
    TRY(part_checksum_check(c, &upload, &checksum));
    TRY(customer_key_read(c, false, &key));
    TRY(upload_key_check(c, &upload, &key));

    call_on(c, object_arn(c->arena, bucket->name, upload.key));
    content = content_of_body(c, key.is ? key.key : NULL);
    part = part_of_content(c, &content, body->size);
    part->number = number;
    part->checksum = checksum_to_keep(&upload, body, &checksum);
    tag_of_content(c, (enum encryption)upload.object.encryption, body->md5, part->md5);
    part_put(c, &upload, part);
    put_str(c, "ETag", part_etag(c->arena, part));
    set_checksum(c, c->out, &checksum, 0);
    put_encryption(c, &upload.object, &key);
    return OK;
}

/* AbortMultipartUpload */
status s3_abort_multipart_upload(struct call *c)
{
    struct bucket *bucket;
    struct upload upload;

    TRY(bucket_of_call(c, &bucket));
    TRY(upload_of_call(c, bucket, &upload));
    call_on(c, object_arn(c->arena, bucket->name, upload.key));
    upload_abort(c, &upload);
    return OK;
}

/* ---- ListParts ---- */

static void add_part(struct call *c, struct value *list, const struct upload *upload,
                     const struct part *part)
{
    struct value *item = list_add(c->arena, list);

    set_int(item, "PartNumber", part->number);
    set_time(item, "LastModified", part->modified_ms);
    set_str(item, "ETag", part_etag(c->arena, part));
    set_int(item, "Size", (int64_t)part->size);
    if (upload->checksum_asked) {
        set_checksum(c, item, &part->checksum, 0);
    }
}

static status page_size(struct call *c, const char *member, const char *name, size_t *ret_most)
{
    int64_t most = arg_int(c, member, PAGE_MAX);

    if (most < 0 || most > INT32_MAX) {
        return fail_argument(c, name, arena_printf(c->arena, "%lld", (long long)most),
                             "Argument %s must be an integer between 0 and 2147483647", name);
    }
    *ret_most = most > PAGE_MAX ? PAGE_MAX : (size_t)most;
    return OK;
}

static void put_upload(struct call *c, const struct upload *upload)
{
    put_str(c, "Bucket", upload->bucket->name);
    put_str(c, "Key", upload->key);
    put_str(c, "UploadId", upload_text(c->arena, upload->sequence));
    put_owner(put_struct(c, "Initiator"), upload->bucket);
    put_owner(put_struct(c, "Owner"), upload->bucket);
    put_str(c, "StorageClass",
            storage_class_text((enum storage_class)upload->object.storage_class));
    if (upload->checksum_asked) {
        put_str(c, "ChecksumAlgorithm", checksum_kind_text(upload->checksum_kind));
        put_str(c, "ChecksumType",
                upload->checksum_composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
    }
    put_abort_date(c, upload);
}

/* ListParts */
status s3_list_parts(struct call *c)
{
    int64_t marker = arg_int(c, "PartNumberMarker", 0);
    struct bucket *bucket;
    struct upload upload;
    struct part_list list;
    struct value *parts;
    size_t most;

    TRY(bucket_of_call(c, &bucket));
    TRY(upload_of_call(c, bucket, &upload));
    TRY(page_size(c, "MaxParts", "max-parts", &most));
    if (marker < 0 || marker > INT32_MAX) {
        return fail_argument(c, "part-number-marker",
                             arena_printf(c->arena, "%lld", (long long)marker),
                             "Argument part-number-marker must be an integer between 0 and "
                             "2147483647");
    }
    parts_after(c, &upload, (uint32_t)marker, most + 1, &list);
    put_upload(c, &upload);
    parts = put_list(c, "Parts", most);
    for (size_t i = 0; i < list.count && i < most; i++) {
        add_part(c, parts, &upload, &list.parts[i]);
    }
    put_int(c, "PartNumberMarker", marker);
    put_int(c, "NextPartNumberMarker",
            parts->count > 0 ? (int64_t)list.parts[parts->count - 1].number : 0);
    put_int(c, "MaxParts", (int64_t)most);
    put_bool(c, "IsTruncated", list.count > most && most > 0);
    return OK;
}

/* ---- ListMultipartUploads ---- */

/* A page being made. */
struct page_of_uploads {
    struct call *c;               /* whose */
    struct bucket *bucket;        /* what is listed */
    struct str prefix, delimiter; /* as asked */
    bool encode;                  /* keys and prefixes in URL encoding */
    size_t most;                  /* uploads and common prefixes */
    size_t count;                 /* so far */
    bool truncated;               /* there is more */
    struct str last;              /* the last key or common prefix told */
    uint64_t last_sequence;       /* of its upload; 0: a common prefix, or nothing */
    struct value *uploads;        /* Uploads */
    struct value *prefixes;       /* CommonPrefixes */
};

static struct str text_or_empty(struct str text)
{
    return text.at == NULL ? STR("") : text;
}

static struct str upload_encoded(const struct page_of_uploads *page, struct str text)
{
    return page->encode && text.bytes > 0 ? url_encoded(page->c->arena, text)
                                          : text_or_empty(text);
}

static void add_upload(struct page_of_uploads *page, const struct upload *upload)
{
    struct arena *arena = page->c->arena;
    struct value *item = list_add(arena, page->uploads);

    set_str(item, "UploadId", upload_text(arena, upload->sequence));
    set_str(item, "Key", upload_encoded(page, upload->key));
    set_time(item, "Initiated", upload->initiated_ms);
    set_str(item, "StorageClass",
            storage_class_text((enum storage_class)upload->object.storage_class));
    put_owner(set_struct(arena, item, "Owner"), page->bucket);
    put_owner(set_struct(arena, item, "Initiator"), page->bucket);
    if (upload->checksum_asked) {
        set_str(item, "ChecksumAlgorithm", checksum_kind_text(upload->checksum_kind));
        set_str(item, "ChecksumType",
                upload->checksum_composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
    }
    page->last = upload->key;
    page->last_sequence = upload->sequence;
}

static void page_fill(struct page_of_uploads *page, struct upload_scan *scan)
{
    struct arena *arena = page->c->arena;
    struct upload upload;

    while (upload_scan_next(scan, &upload)) {
        struct str rolled = key_rolled(upload.key, page->prefix, page->delimiter);

        page->truncated = page->count == page->most;
        if (page->truncated) {
            break;
        }
        page->count++;
        if (rolled.bytes == 0) {
            add_upload(page, &upload);
            continue;
        }
        set_str(list_add(arena, page->prefixes), "Prefix", upload_encoded(page, rolled));
        page->last = rolled;
        page->last_sequence = 0;
        upload_scan_skip(scan, rolled);
    }
}

static void put_uploads(struct call *c, const struct page_of_uploads *page)
{
    struct str marker = arg_str(c, "KeyMarker");

    bool next = page->truncated || page->last_sequence > 0;

    put_str(c, "Bucket", page->bucket->name);
    put_str(c, "KeyMarker", upload_encoded(page, marker));
    put_str(c, "UploadIdMarker",
            marker.bytes == 0 ? STR("") : text_or_empty(arg_str(c, "UploadIdMarker")));
    set_if(c->out, "Prefix", upload_encoded(page, page->prefix));
    set_if(c->out, "Delimiter", upload_encoded(page, page->delimiter));
    put_int(c, "MaxUploads", (int64_t)page->most);
    put_bool(c, "IsTruncated", page->truncated);
    put_str(c, "NextKeyMarker", next ? upload_encoded(page, page->last) : STR(""));
    put_str(c, "NextUploadIdMarker",
            page->last_sequence > 0 ? upload_text(c->arena, page->last_sequence) : STR(""));
    if (page->encode) {
        put_str(c, "EncodingType", STR("url"));
    }
}

/* ListMultipartUploads */
status s3_list_multipart_uploads(struct call *c)
{
    struct page_of_uploads page = {.c = c,
                                   .prefix = arg_str(c, "Prefix"),
                                   .delimiter = arg_str(c, "Delimiter"),
                                   .encode = arg_str(c, "EncodingType").bytes > 0};
    struct str marker = arg_str(c, "KeyMarker");
    struct str id = arg_str(c, "UploadIdMarker");
    struct upload_scan *scan;
    struct str rolled;
    uint64_t sequence = 0;

    TRY(bucket_of_call(c, &page.bucket));
    TRY(page_size(c, "MaxUploads", "max-uploads", &page.most));
    if (id.bytes > 0 && marker.bytes > 0 && !upload_text_read(id, &sequence)) {
        return fail_argument(c, "upload-id-marker", id, "Invalid uploadId marker");
    }
    page.uploads = put_list(c, "Uploads", page.most);
    page.prefixes = put_list(c, "CommonPrefixes", page.most);
    scan = upload_scan(c, page.bucket, page.prefix, marker, sequence);
    rolled = str_starts(marker, page.prefix) ? key_rolled(marker, page.prefix, page.delimiter)
                                             : STR_NONE;
    if (rolled.bytes > 0) { /* a former page told that prefix */
        upload_scan_skip(scan, rolled);
    }
    if (page.most > 0) {
        page_fill(&page, scan);
    }
    upload_scan_close(scan);
    put_uploads(c, &page);
    return OK;
}
