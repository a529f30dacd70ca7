/* SPDX-License-Identifier: Apache-2.0
 *
 * CompleteMultipartUpload. A completion whose answer was lost may be asked for again for a day: it
 * answers the same.
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#include <assert.h>

/* What is being put together. */
struct completing {
    struct upload upload;      /* the upload */
    struct part_list there;    /* all its parts, by number */
    struct part_list list;     /* those that are asked for */
    struct object object;      /* what they become */
    struct object newest;      /* what is there now */
    bool has_newest;           /* there is */
};

static struct str bare(struct str etag)
{
    if (etag.bytes >= 2 && etag.at[0] == '"' && etag.at[etag.bytes - 1] == '"') {
        return str_slice(etag, 1, etag.bytes - 1);
    }
    return etag;
}

static status fail_part(struct call *c, const struct value *asked)
{
    status failed = fail_with(c, &S3_INVALID_PART, "UploadId", arg_str(c, "UploadId"));

    fail_more(c, "PartNumber",
              arena_printf(c->arena, "%lld", (long long)get_int(asked, "PartNumber", 0)));
    fail_more(c, "ETag", bare(get_str(asked, "ETag")));
    return failed;
}

static status fail_small(struct call *c, const struct part *part)
{
    status failed = fail_with(c, &S3_ENTITY_TOO_SMALL, "ProposedSize",
                              arena_printf(c->arena, "%llu", (unsigned long long)part->size));

    fail_more(c, "MinSizeAllowed",
              arena_printf(c->arena, "%llu", (unsigned long long)PART_BYTES_MIN));
    fail_more(c, "PartNumber", arena_printf(c->arena, "%u", part->number));
    fail_more(c, "ETag", bare(part_etag(c->arena, part)));
    return failed;
}

static const struct part *part_there(const struct completing *completing, int64_t number)
{
    size_t low = 0;
    size_t high = completing->there.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct part *part = &completing->there.parts[middle];

        if (part->number == number) {
            return part;
        }
        if (part->number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* The checksum that the request says of a part. */
static status part_sum_check(struct call *c, const struct completing *completing,
                             const struct value *asked, const struct part *part)
{
    const struct upload *upload = &completing->upload;
    struct object_checksum kind;
    struct str sent;

    if (!checksum_sent(asked, &kind, &sent)) {
        if (upload->checksum_asked && upload->checksum_composite) {
            return fail(c, &S3_INVALID_REQUEST,
                        "The upload was created using a %.*s checksum. The complete request must "
                        "include the checksum for each part. It was missing for part %u in the "
                        "request.",
                        STR_ARG(lower_kind(c, upload->checksum_kind)), part->number);
        }
        return OK;
    }
    if (!upload->checksum_asked && checksum_is_crc(kind.kind) &&
        kind.kind != part->checksum.kind) {
        return OK; /* it was compared when the part came */
    }
    if (part->checksum.is && (kind.kind != part->checksum.kind ||
                              !str_eq(sent, checksum_text(c->arena, &part->checksum)))) {
        return fail_part(c, asked);
    }
    return OK;
}

static status part_take(struct call *c, struct completing *completing, const struct value *asked,
                        bool last)
{
    int64_t number = get_int(asked, "PartNumber", 0);
    const struct part *part = part_there(completing, number);

    if (part == NULL ||
        !str_eq(bare(get_str(asked, "ETag")), bare(part_etag(c->arena, part)))) {
        return fail_part(c, asked);
    }
    if (!last && part->size < PART_BYTES_MIN) {
        return fail_small(c, part);
    }
    TRY(part_sum_check(c, completing, asked, part));
    completing->list.parts[completing->list.count++] = *part;
    completing->object.size += part->size;
    return completing->object.size <= OBJECT_BYTES_MAX ? OK : fail_s3(c, &S3_ENTITY_TOO_LARGE);
}

/* A list that could be one: numbers that rise, each with its tag. */
static status parts_check(struct call *c, const struct value *parts)
{
    int64_t last = 0;

    if (parts == NULL || parts->count == 0 || parts->count > PART_NUMBER_MAX) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t i = 0; i < parts->count; i++) {
        int64_t number = get_int(&parts->items[i], "PartNumber", -1);

        if (!has(&parts->items[i], "PartNumber") || !has(&parts->items[i], "ETag")) {
            return fail_s3(c, &S3_MALFORMED_XML);
        }
        if (i > 0 && number <= last) {
            return fail_with(c, &S3_INVALID_PART_ORDER, "UploadId", arg_str(c, "UploadId"));
        }
        last = number;
    }
    return OK;
}

static status parts_take(struct call *c, struct completing *completing)
{
    const struct value *upload = arg(c, "MultipartUpload");
    const struct value *parts = upload == NULL ? NULL : get(upload, "Parts");
    int64_t size = arg_int(c, "MpuObjectSize", -1);

    if (upload == NULL) {
        return fail(c, &S3_INVALID_REQUEST, "You must specify at least one part");
    }
    TRY(parts_check(c, parts));
    parts_after(c, &completing->upload, 0, PART_NUMBER_MAX, &completing->there);
    completing->list.parts = arena_alloc(c->arena, parts->count * sizeof(struct part));
    for (uint32_t i = 0; i < parts->count; i++) {
        TRY(part_take(c, completing, &parts->items[i], i + 1 == parts->count));
    }
    if (size >= 0 && (uint64_t)size != completing->object.size) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The provided 'x-amz-mp-object-size' header value %lld does not match what "
                    "was computed: %llu",
                    (long long)size, (unsigned long long)completing->object.size);
    }
    return OK;
}

/* The checksum of the whole, against what the request says of it. */
static status whole_check(struct call *c, struct completing *completing)
{
    const struct upload *upload = &completing->upload;
    struct object *object = &completing->object;
    struct str type = arg_str(c, "ChecksumType");
    struct object_checksum kind;
    struct str sent;
    struct str own;

    upload_checksum(upload, &completing->list, &object->checksum);
    if (type.bytes > 0 &&
        str_eq(type, STR("COMPOSITE")) != upload->checksum_composite) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The upload was created using the %s checksum mode. The complete request must "
                    "use the same checksum mode.",
                    upload->checksum_composite ? "COMPOSITE" : "FULL_OBJECT");
    }
    if (!checksum_sent(c->in, &kind, &sent)) {
        return OK;
    }
    if (!object->checksum.is || kind.kind != object->checksum.kind) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Checksum Type mismatch occurred, expected checksum Type: %.*s, actual "
                    "checksum Type: %.*s",
                    STR_ARG(lower_kind(c, upload->checksum_kind)),
                    STR_ARG(lower_kind(c, kind.kind)));
    }
    own = checksum_text(c->arena, &object->checksum);
    if (object->checksum.composite) {
        size_t dash = str_find(sent, '-', 0);

        sent = str_slice(sent, 0, dash);
    }
    if (!str_eq(sent, own)) {
        return fail(c, &S3_BAD_DIGEST, "The %.*s you specified did not match the calculated "
                                       "checksum.",
                    STR_ARG(lower_kind(c, kind.kind)));
    }
    return OK;
}

static void put_completed(struct call *c, const struct bucket *bucket, struct str etag)
{
    struct str key = arg_str(c, "Key");
    struct str host = c->request == NULL ? STR("localhost") : c->request->authority;

    put_str(c, "Location",
            arena_printf(c->arena, "http://%.*s/%.*s/%.*s", STR_ARG(host), STR_ARG(bucket->name),
                         STR_ARG(url_encoded(c->arena, key))));
    put_str(c, "Bucket", bucket->name);
    put_str(c, "Key", key);
    put_str(c, "ETag", etag);
}

/* The upload is not there (any more): it may have been completed. */
static status completed_before(struct call *c, struct bucket *bucket)
{
    struct completion completion;
    uint64_t sequence;

    if (!upload_text_read(arg_str(c, "UploadId"), &sequence) ||
        !completion_get(c, bucket, arg_str(c, "Key"), sequence, &completion)) {
        return fail_with(c, &S3_NO_UPLOAD, "UploadId", arg_str(c, "UploadId"));
    }
    c->why.text[0] = '\0';
    put_completed(c, bucket, completion.etag);
    if (completion.versioned) {
        put_str(c, "VersionId", version_text(c->arena, completion.version));
    }
    return OK;
}

static void parts_delete(struct call *c, const struct completing *completing)
{
    size_t used = 0;

    for (size_t i = 0; i < completing->there.count; i++) {
        const struct part *part = &completing->there.parts[i];

        if (used < completing->list.count && completing->list.parts[used].number == part->number) {
            part_row_delete(c, &completing->upload, part->number);
            used++;
        } else {
            part_drop(c, &completing->upload, part);
        }
    }
    upload_row_delete(c, &completing->upload);
}

static void complete(struct call *c, struct completing *completing)
{
    struct object *object = &completing->object;
    struct completion completion = {.at_ms = c->now};

    upload_md5(c, &completing->list, object->md5);
    object->part_count = (uint32_t)completing->list.count;
    object->modified_ms = whole_second(c->now);
    object->content = content_of_parts(c, &completing->list);
    parts_delete(c, completing);
    object_push(c, object, completing->has_newest ? &completing->newest : NULL);
    completion.version = object->sequence;
    completion.versioned = !object->null_version;
    completion.etag = object_etag(c->arena, object);
    completion_save(c, &completing->upload, &completion);
    object_told(c, object, "ObjectCreated:CompleteMultipartUpload");
    put_completed(c, object->bucket, completion.etag);
}

/* What changed since the upload began is a conflict for whoever asks about it, even where the
 * condition holds again. */
static status conflict_check(struct call *c, const struct completing *completing)
{
    const char *condition = arg_has(c, "IfMatch") ? "If-Match" : "If-None-Match";
    bool changed = arg_has(c, "IfMatch")
                       ? completing->newest.sequence > completing->upload.sequence
                       : arg_has(c, "IfNoneMatch") && completing->upload.replaces;
    status failed;

    if (!changed) {
        return OK;
    }
    failed = fail_with(c, &S3_CONDITIONAL_CONFLICT, "Condition", str_c(condition));
    fail_more(c, "Key", completing->upload.key);
    return failed;
}

static status conditions_of_completion(struct call *c, struct completing *completing)
{
    completing->has_newest = object_newest(c, completing->upload.bucket, completing->upload.key,
                                           &completing->newest);
    TRY(write_conditions_check(c, completing->upload.key,
                               completing->has_newest ? &completing->newest : NULL));
    return conflict_check(c, completing);
}

/* CompleteMultipartUpload */
status s3_complete_multipart_upload(struct call *c)
{
    struct completing completing = {.has_newest = false};
    struct customer_key key;
    struct bucket *bucket;
    status found;

    TRY(bucket_of_call(c, &bucket));
    found = upload_of_call(c, bucket, &completing.upload);
    if (found == &S3_NO_UPLOAD) {
        return completed_before(c, bucket);
    }
    TRY(found);
    completing.object = completing.upload.object;
    TRY(parts_take(c, &completing));
    TRY(whole_check(c, &completing));
    TRY(customer_key_read(c, false, &key));
    if (key.is) {
        TRY(upload_key_check(c, &completing.upload, &key));
    }
    TRY(conditions_of_completion(c, &completing));

    call_on(c, object_arn(c->arena, bucket->name, completing.upload.key));
    complete(c, &completing);
    put_new_object(c, &completing.object, NULL);
    return OK;
}
