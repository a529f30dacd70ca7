/* SPDX-License-Identifier: Apache-2.0
 *
 * UploadPartCopy: a part that is a stretch of another object. Its pieces are shared when they are
 * few; its MD5 has to be read.
 */
#include "svc/s3/s3_copy.h"
#include "svc/s3/s3_ops.h"

#include <assert.h>

/* An UploadPartCopy under way; kept while a worker reads. */
struct part_copy {
    struct copy_source source;     /* of what */
    struct upload upload;          /* for what */
    uint64_t bucket_id;            /* of the upload's bucket */
    uint32_t number;               /* of the part */
    struct customer_key key;       /* SSE-C of the upload */
    struct call_cipher cipher;     /* the same, for what is written */
    struct copied copied;          /* what reading gave */
    bool anew;                     /* bytes are written anew, not shared */
};

/* "bytes=first-last", both there, inside the source. */
static status range_of_copy(struct call *c, struct part_copy *copy)
{
    struct str header = arg_str(c, "CopySourceRange");
    struct str rest = header;
    uint64_t size = copy->source.object.size;
    uint64_t from;
    uint64_t to;
    bool good = str_starts(header, STR("bytes="));
    struct str first;

    if (header.at == NULL) {
        return OK;
    }
    rest = str_slice(header, 6, header.bytes);
    first = str_split(&rest, '-');
    if (!good || !str_to_u64(first, &from) || !str_to_u64(rest, &to) || from > to) {
        return fail_argument(c, "x-amz-copy-source-range", header,
                             "The x-amz-copy-source-range value must be of the form "
                             "bytes=first-last where first and last are the zero-based offsets of "
                             "the first and last bytes to copy");
    }
    if (from >= size) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The specified copy range is invalid for the source object size");
    }
    if (to >= size) {
        return fail_argument(c, "x-amz-copy-source-range", header,
                             "Range specified is not valid for source object of size: %llu",
                             (unsigned long long)size);
    }
    copy->source.range.offset = from;
    copy->source.range.size = to - from + 1;
    return OK;
}

static void share_pieces(struct call *c, struct part_copy *copy, struct part *part)
{
    struct pieces pieces;

    content_pieces(c, &copy->source.object, &copy->source.range, &pieces);
    for (size_t i = 0; i < pieces.count; i++) {
        piece_share(c, &pieces.items[i]);
    }
    part->pieces = pieces.items;
    part->piece_count = (uint32_t)pieces.count;
}

static void put_part_copied(struct call *c, const struct part_copy *copy, const struct part *part)
{
    struct value *result = put_struct(c, "CopyPartResult");

    set_str(result, "ETag", part_etag(c->arena, part));
    set_time(result, "LastModified", part->modified_ms);
    if (copy->upload.checksum_asked) {
        set_checksum(c, result, &part->checksum, 0);
    }
    if (!copy->source.object.null_version) {
        set_if(c->out, "CopySourceVersionId", answer_version(c, &copy->source.object));
    }
    put_encryption(c, &copy->upload.object, &copy->key);
}

/* What may have changed while a worker read. */
static status still_there(struct call *c, struct part_copy *copy)
{
    struct bucket *source = bucket_find(s3_of(c), copy->source.bucket_name);
    struct bucket *target = bucket_find(s3_of(c), arg_str(c, "Bucket"));
    struct object object;

    if (target == NULL || target->id != copy->bucket_id) {
        return fail_with(c, &S3_NO_BUCKET, "BucketName", arg_str(c, "Bucket"));
    }
    TRY(upload_of_call(c, target, &copy->upload));
    if (copy->anew) {
        return OK;
    }
    if (source == NULL || !object_of_sequence(c, source, copy->source.key,
                                              copy->source.object.sequence, &object)) {
        return fail_s3(c, &S3_SLOW_DOWN); /* sent again, it finds what is there now */
    }
    return OK;
}

static status part_copy_finish(struct call *c, struct part_copy *copy)
{
    struct part *part;

    TRY(copy->copied.went);
    if (copy->copied.worked) {
        TRY(still_there(c, copy));
    }
    call_on(c, object_arn(c->arena, copy->upload.bucket->name, copy->upload.key));
    if (copy->anew) {
        struct content content = content_of_copied(c, &copy->copied);

        part = part_of_content(c, &content, copy->source.range.size);
    } else {
        part = ARENA_NEW(c->arena, struct part);
        part->size = copy->source.range.size;
        share_pieces(c, copy, part);
    }
    part->number = copy->number;
    part->checksum = copy->copied.checksum;
    tag_of_content(c, (enum encryption)copy->upload.object.encryption, copy->copied.md5,
                   part->md5);
    part_put(c, &copy->upload, part);
    put_part_copied(c, copy, part);
    return OK;
}

static status part_copy_resumed(struct call *c)
{
    struct part_copy *copy = c->kept;
    status went = copy_end(c, &copy->copied);

    if (went == OK) {
        went = part_copy_finish(c, copy);
    }
    copy_forget(c, &copy->copied);
    return went;
}

/* Whether the stretch has to be written anew: a key is in play, it is in a record, or in too many
 * pieces. */
static bool must_write(struct call *c, const struct part_copy *copy)
{
    struct pieces pieces;

    if (copy->source.object.encryption == ENCRYPTION_CUSTOMER || copy->key.is ||
        copy->source.object.content.kind == CONTENT_BYTES) {
        return true;
    }
    content_pieces(c, &copy->source.object, &copy->source.range, &pieces);
    return pieces.count > PIECES_SHARED_MAX;
}

/* UploadPartCopy */
status s3_upload_part_copy(struct call *c)
{
    struct part_copy *copy = ARENA_NEW(c->keep, struct part_copy);
    struct bucket *bucket;

    c->kept = copy;
    TRY(bucket_of_call(c, &bucket));
    copy->bucket_id = bucket->id;
    TRY(part_number_of_call(c, &copy->number));
    TRY(upload_of_call(c, bucket, &copy->upload));
    TRY(copy_source_read(c, &copy->source));
    TRY(range_of_copy(c, copy));
    if (copy->source.range.size > PART_BYTES_MAX) {
        return fail(c, &S3_INVALID_REQUEST, "The specified copy source is larger than the maximum "
                                            "allowable size for a copy source: 5368709120");
    }
    TRY(customer_key_read(c, false, &copy->key));
    TRY(upload_key_check(c, &copy->upload, &copy->key));
    copy->anew = must_write(c, copy);
    copy->copied.writes = copy->anew;
    copy->copied.checksum.kind = copy->upload.checksum_kind;
    if (copy->key.is) {
        memcpy(copy->cipher.key, copy->key.key, sizeof(copy->cipher.key));
        rand_fill(c->rand, copy->cipher.iv, sizeof(copy->cipher.iv));
        copy->copied.cipher = &copy->cipher;
    }
    return copy_begin(c, &copy->source, &copy->copied, part_copy_resumed);
}
