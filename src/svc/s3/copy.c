/* SPDX-License-Identifier: Apache-2.0
 *
 * What a copy is of, and reading its bytes where that is needed.
 *
 * A copy shares its source's content; no byte is copied. Bytes are read (for an MD5 or a checksum
 * that is not known) on a worker thread, and only written anew when a customer's key is in play or
 * a range lies in too many pieces. What is small is done at once. While the worker reads, the
 * source's blobs are pinned; when it is done, the source must still be there to be shared.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "base/time.h"
#include "cell/cell.h"
#include "cell/cipher.h"
#include "svc/s3/s3_copy.h"

#include <assert.h>

#define CHUNK_BYTES (256u * 1024)

/* ---- the source ---- */

/* "/bucket/key?versionId=…", percent-encoded. */
status copy_source_names(struct call *c, struct copy_source *source)
{
    static const struct str mark = STR_INIT("?versionId=");
    struct str text = arg_str(c, "CopySource");
    size_t at = str_find_str(text, mark);
    struct str path;
    size_t slash;

    source->version = STR_NONE;
    if (at < text.bytes) {
        source->version = str_slice(text, at + mark.bytes, text.bytes);
        text = str_slice(text, 0, at);
    }
    if (!percent_decode(c->arena, text, false, &path)) {
        return fail_argument(c, "x-amz-copy-source", text, "Invalid copy source encoding.");
    }
    if (str_starts(path, STR("/"))) {
        path = str_slice(path, 1, path.bytes);
    }
    slash = str_find(path, '/', 0);
    if (slash == 0 || slash + 1 >= path.bytes) {
        return fail_argument(c, "x-amz-copy-source", STR("x-amz-copy-source"),
                             "Invalid copy source object key");
    }
    source->bucket_name = str_slice(path, 0, slash);
    source->key = str_slice(path, slash + 1, path.bytes);
    return OK;
}

static status source_object(struct call *c, struct copy_source *source)
{
    struct object *object = &source->object;
    struct bucket *bucket;
    struct str owner = arg_str(c, "ExpectedSourceBucketOwner");

    TRY(bucket_of_name(c, source->bucket_name, &bucket));
    if (owner.bytes > 0 && !str_eq(owner, bucket->account)) {
        return fail_s3(c, &S3_ACCESS_DENIED);
    }
    TRY(key_check(c, source->key));
    TRY(object_find(c, bucket, source->key, source->version, object));
    TRY(access_check(c, bucket, object,
                     source->version.bytes > 0 ? "s3:GetObjectVersion" : "s3:GetObject"));
    if (object->delete_marker) {
        return source->version.at == NULL
                   ? fail_with(c, &S3_NO_KEY, "Key", source->key)
                   : fail(c, &S3_INVALID_REQUEST,
                          "The source of a copy request may not specifically refer to a delete "
                          "marker by version id.");
    }
    if (object_archived(c, object)) {
        return fail(c, &S3_INVALID_OBJECT_STATE,
                    "Operation is not valid for the source object's storage class");
    }
    return OK;
}

static status source_conditions(struct call *c, const struct copy_source *source)
{
    struct conditions conditions = {
        .if_match = arg_str(c, "CopySourceIfMatch"),
        .if_none_match = arg_str(c, "CopySourceIfNoneMatch"),
        .if_modified_ms = get_time(c->in, "CopySourceIfModifiedSince", INT64_MIN),
        .if_unmodified_ms = get_time(c->in, "CopySourceIfUnmodifiedSince", INT64_MIN),
        .of_source = true,
    };
    status checked = conditions_check(c, &conditions, &source->object);

    if (checked == &S3_NOT_MODIFIED) { /* nothing is read, so there is nothing not modified */
        return fail_with(c, &S3_PRECONDITION, "Condition",
                         conditions.if_none_match.at != NULL
                             ? STR("x-amz-copy-source-If-None-Match")
                             : STR("x-amz-copy-source-If-Modified-Since"));
    }
    return checked;
}

status copy_source_read(struct call *c, struct copy_source *ret_source)
{
    TRY(copy_source_names(c, ret_source));
    TRY(source_object(c, ret_source));
    TRY(customer_key_read(c, true, &ret_source->customer));
    TRY(customer_key_check(c, &ret_source->object, &ret_source->customer));
    TRY(source_conditions(c, ret_source));
    ret_source->range = (struct content_range){
        .size = ret_source->object.size,
        .key = ret_source->customer.is ? ret_source->customer.key : NULL};
    return OK;
}

/* ---- reading it ---- */

/* On a worker thread; nothing of the cell. */
struct copying {
    struct blobs *blobs;           /* where blobs are */
    const struct call_extent *extents; /* what to read */
    size_t extent_count;           /* of them */
    struct copied *result;         /* what comes of it */
    uint8_t *buffer;               /* CHUNK_BYTES */
    struct blob_writer *writer;    /* NULL: nothing is written */
    struct cipher_run *enciphering; /* of what is written; NULL: plain */
    struct checksum md5;           /* so far */
    struct checksum sum;           /* so far */
};

static status take_chunk(struct copying *copying, uint8_t *at, size_t bytes)
{
    checksum_add(&copying->md5, str_of(at, bytes));
    checksum_add(&copying->sum, str_of(at, bytes));
    if (copying->writer == NULL) {
        return OK;
    }
    if (copying->enciphering != NULL) {
        cipher_apply(copying->enciphering, at, bytes);
    }
    return blob_write(copying->writer, str_of(at, bytes));
}

static status take_bytes(struct copying *copying, const struct call_extent *extent)
{
    for (uint64_t at = 0; at < extent->size;) {
        uint64_t rest = extent->size - at;
        size_t bytes = rest < CHUNK_BYTES ? (size_t)rest : CHUNK_BYTES;

        memcpy(copying->buffer, extent->bytes.at + extent->offset + at, bytes);
        TRY(take_chunk(copying, copying->buffer, bytes));
        at += bytes;
    }
    return OK;
}

static status take_open_blob(struct copying *copying, const struct call_extent *extent,
                             struct blob *blob, struct cipher_run *deciphering)
{
    for (uint64_t at = 0; at < extent->size;) {
        uint64_t rest = extent->size - at;
        size_t bytes = rest < CHUNK_BYTES ? (size_t)rest : CHUNK_BYTES;
        size_t got = 0;

        TRY(blob_read(blob, extent->offset + at, copying->buffer, bytes, &got));
        if (got != bytes) {
            return &ERR_CORRUPT;
        }
        if (deciphering != NULL) {
            cipher_apply(deciphering, copying->buffer, bytes);
        }
        TRY(take_chunk(copying, copying->buffer, bytes));
        at += bytes;
    }
    return OK;
}

static status take_extent(struct copying *copying, const struct call_extent *extent)
{
    struct cipher_run *deciphering = NULL;
    struct blob *blob;
    status taken;

    if (extent->blob.bytes == 0) {
        return take_bytes(copying, extent);
    }
    TRY(blob_open(copying->blobs, extent->blob, &blob));
    if (extent->cipher != NULL) {
        deciphering = cipher_begin(extent->cipher, extent->offset);
    }
    taken = take_open_blob(copying, extent, blob, deciphering);
    cipher_end(deciphering);
    blob_close(blob);
    return taken;
}

static status copy_all(struct copying *copying)
{
    struct copied *result = copying->result;

    if (result->writes) {
        char id[BLOB_ID_BYTES];

        blob_id_text(result->id, id);
        TRY(blob_create(copying->blobs, str_of(id, sizeof(id)), &copying->writer));
        if (result->cipher != NULL) {
            copying->enciphering = cipher_begin(result->cipher, 0);
        }
    }
    for (size_t i = 0; i < copying->extent_count; i++) {
        TRY(take_extent(copying, &copying->extents[i]));
    }
    return OK;
}

static void copy_run(void *arg)
{
    struct copying *copying = arg;
    struct copied *result = copying->result;
    uint8_t hash[CHECKSUM_BYTES_MAX];
    uint64_t bytes;

    copying->buffer = mem_alloc(CHUNK_BYTES);
    checksum_begin(&copying->md5, CHECKSUM_MD5);
    checksum_begin(&copying->sum, result->checksum.kind);
    result->went = copy_all(copying);
    checksum_end(&copying->md5, hash);
    checksum_end(&copying->sum, result->checksum.sum);
    memcpy(result->md5, hash, sizeof(result->md5));
    result->checksum.is = true;
    cipher_end(copying->enciphering);
    if (copying->writer != NULL && result->went != OK) {
        blob_cancel(copying->writer);
    } else if (copying->writer != NULL) {
        result->went = blob_finish(copying->writer, &bytes);
        result->written = result->went == OK;
    }
    mem_free(copying->buffer);
}

static bool in_memory(const struct call_extent *extents, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (extents[i].blob.bytes > 0) {
            return false;
        }
    }
    return true;
}

static void pin(struct call *c, const struct copying *copying, bool pinned)
{
    struct blobs *blobs = store_blobs(cell_store(c->cell));

    for (size_t i = 0; i < copying->extent_count; i++) {
        if (copying->extents[i].blob.bytes == 0) {
            continue;
        }
        if (pinned) {
            blobs_pin(blobs, copying->extents[i].blob);
        } else {
            blobs_unpin(blobs, copying->extents[i].blob);
        }
    }
}

status copy_begin(struct call *c, const struct copy_source *source, struct copied *copied,
                  status (*resume)(struct call *c))
{
    struct copying *copying = ARENA_NEW(c->arena, struct copying);
    struct call_extent *extents;
    bool small;

    content_extents(c, &source->object, &source->range, &extents, &copying->extent_count);
    copying->blobs = store_blobs(cell_store(c->cell));
    copying->extents = extents;
    copying->result = copied;
    copied->copying = copying;
    small = source->range.size <= CALL_BODY_INLINE_MAX && in_memory(extents, copying->extent_count);
    copied->writes = copied->writes && !small;
    if (copied->writes) {
        piece_id_new(c, copied->id);
    }
    if (small) {
        copy_run(copying);
        return resume(c);
    }
    pin(c, copying, true);
    copied->worked = true;
    call_work(c, copy_run, copying, resume);
    return OK;
}

status copy_end(struct call *c, struct copied *copied)
{
    if (copied->worked) {
        pin(c, copied->copying, false);
    }
    return copied->went;
}

void copy_forget(struct call *c, struct copied *copied)
{
    char id[BLOB_ID_BYTES];

    if (copied->written) {
        blob_id_text(copied->id, id);
        blob_remove(store_blobs(cell_store(c->cell)), str_of(id, sizeof(id)));
        copied->written = false;
    }
}

/* Small things written anew, with or without a key. */
static struct content content_anew(struct call *c, const struct copied *copied)
{
    const struct copying *copying = copied->copying;
    uint64_t size = 0;
    char *bytes;

    for (size_t i = 0; i < copying->extent_count; i++) {
        size += copying->extents[i].size;
    }
    bytes = arena_alloc(c->arena, size + 1);
    size = 0;
    for (size_t i = 0; i < copying->extent_count; i++) {
        memcpy(bytes + size, copying->extents[i].bytes.at + copying->extents[i].offset,
               copying->extents[i].size);
        size += copying->extents[i].size;
    }
    return content_of_bytes(c, str_of(bytes, size),
                            copied->cipher == NULL ? NULL : copied->cipher->key);
}

struct content content_of_copied(struct call *c, struct copied *copied)
{
    struct content content = {.kind = CONTENT_BLOB};
    char *id = arena_alloc(c->arena, BLOB_ID_BYTES);

    if (!copied->written) {
        return content_anew(c, copied);
    }
    blob_id_text(copied->id, id);
    txn_blob_keep(c->txn, str_of(id, BLOB_ID_BYTES));
    copied->written = false;
    memcpy(content.id, copied->id, sizeof(content.id));
    if (copied->cipher != NULL) {
        content.enciphered = true;
        memcpy(content.iv, copied->cipher->iv, sizeof(content.iv));
    }
    return content;
}
