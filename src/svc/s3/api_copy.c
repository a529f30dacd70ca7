/* SPDX-License-Identifier: Apache-2.0
 *
 * CopyObject.
 */
#include "svc/s3/s3_copy.h"
#include "svc/s3/s3_ops.h"

#include <assert.h>

/* A CopyObject under way; kept while a worker reads. */
struct copy {
    struct copy_source source;     /* of what */
    struct object object;          /* what it becomes */
    uint64_t bucket_id;            /* of the target bucket */
    struct customer_key key;       /* SSE-C of the target */
    struct call_cipher cipher;     /* the same, for what is written */
    struct copied copied;          /* what reading gave */
    bool anew;                     /* content is written anew, not shared */
};

static status directive_read(struct call *c, const char *member, const char *name,
                             bool *ret_replace)
{
    struct str text = arg_str(c, member);

    *ret_replace = str_eq(text, STR("REPLACE"));
    if (text.bytes > 0 && !*ret_replace && !str_eq(text, STR("COPY"))) {
        return fail_argument(c, name, text, "Unknown %s.", str_starts(str_c(name), STR("x-amz-m"))
                                                              ? "metadata directive"
                                                              : "tagging directive");
    }
    return OK;
}

static bool to_itself(const struct copy *copy)
{
    return copy->source.object.bucket == copy->object.bucket && copy->source.object.latest &&
           str_eq(copy->source.object.key, copy->object.key);
}

/* Something must become different when source and target are the same. */
static status itself_check(struct call *c, const struct copy *copy, bool replaces)
{
    const struct object *source = &copy->source.object;
    bool changes = replaces || arg_has(c, "StorageClass") || arg_has(c, "ServerSideEncryption") ||
                   arg_has(c, "WebsiteRedirectLocation") || copy->key.is ||
                   arg_has(c, "ChecksumAlgorithm") || source->restored_until_ms > 0 ||
                   bucket_setting(copy->object.bucket, SETTING_ENCRYPTION, STR_NONE).bytes > 0 ||
                   source->encryption == ENCRYPTION_CUSTOMER;

    if (!to_itself(copy) || changes) {
        return OK;
    }
    return fail(c, &S3_INVALID_REQUEST,
                "This copy request is illegal because it is trying to copy an object to itself "
                "without changing the object's metadata, storage class, website redirect location "
                "or encryption attributes.");
}

static status attributes_of_copy(struct call *c, struct copy *copy)
{
    const struct object *source = &copy->source.object;
    struct object *object = &copy->object;
    struct str redirect = arg_str(c, "WebsiteRedirectLocation");
    bool replace_metadata;
    bool replace_tags;

    TRY(directive_read(c, "MetadataDirective", "x-amz-metadata-directive", &replace_metadata));
    TRY(directive_read(c, "TaggingDirective", "x-amz-tagging-directive", &replace_tags));
    TRY(customer_key_read(c, false, &copy->key));
    TRY(itself_check(c, copy, replace_metadata));
    TRY(object_attributes(c, object->bucket, object));
    TRY(encryption_of_call(c, object->bucket, &copy->key, object));
    if (!replace_metadata) {
        memcpy(object->headers, source->headers, sizeof(object->headers));
        object->headers[HEADER_WEBSITE_REDIRECT] = redirect;
        object->metadata = source->metadata;
    }
    if (!replace_tags) {
        if (source->tags.bytes > 0) {
            TRY(access_check(c, source->bucket, source, "s3:GetObjectTagging"));
        }
        object->tags = source->tags;
    }
    return OK;
}

/* The kind of checksum the copy gets: as asked, else the source's, else the usual. */
static status checksum_of_copy(struct call *c, struct copy *copy)
{
    struct str asked = arg_str(c, "ChecksumAlgorithm");
    const struct object_checksum *source = &copy->source.object.checksum;
    struct object_checksum *checksum = &copy->copied.checksum;

    checksum->kind = source->is ? source->kind : CHECKSUM_CRC64NVME;
    if (asked.bytes > 0 && !checksum_kind_read(asked, &checksum->kind)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "Checksum algorithm provided is unsupported. Please try again with any of the "
                    "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    }
    return OK;
}

static void put_copied(struct call *c, const struct copy *copy)
{
    const struct object *object = &copy->object;
    struct value *result = put_struct(c, "CopyObjectResult");

    set_str(result, "ETag", object_etag(c->arena, object));
    set_time(result, "LastModified", object->modified_ms);
    set_checksum(c, result, &object->checksum, object->part_count);
    if (!copy->source.object.null_version) {
        set_if(c->out, "CopySourceVersionId", answer_version(c, &copy->source.object));
    }
    set_if(c->out, "VersionId", answer_version(c, object)); /* unlike a PUT's also "null" */
    put_encryption(c, object, &copy->key);
    set_if(c->out, "Expiration", object_expiration(c, object));
}

static void copy_commit(struct call *c, struct copy *copy, struct object *newest)
{
    struct object *object = &copy->object;

    call_on(c, object_arn(c->arena, object->bucket->name, object->key));
    if (copy->anew) {
        object->content = content_of_copied(c, &copy->copied);
    } else {
        object->content = copy->source.object.content;
        content_share(c, &object->content);
    }
    object->modified_ms = whole_second(c->now);
    object_push(c, object, newest);
    object_told(c, object, "ObjectCreated:Copy");
    put_copied(c, copy);
}

/* What may have changed while a worker read: buckets, and the source. */
static status still_there(struct call *c, struct copy *copy)
{
    struct bucket *source = bucket_find(s3_of(c), copy->source.bucket_name);
    struct bucket *target = bucket_find(s3_of(c), arg_str(c, "Bucket"));
    struct object object;

    if (target == NULL || target->id != copy->bucket_id) {
        return fail_with(c, &S3_NO_BUCKET, "BucketName", arg_str(c, "Bucket"));
    }
    copy->object.bucket = target;
    if (copy->anew) {
        return OK;
    }
    if (source == NULL || !object_of_sequence(c, source, copy->source.key,
                                              copy->source.object.sequence, &object)) {
        return fail_s3(c, &S3_SLOW_DOWN); /* sent again, it finds what is there now */
    }
    return OK;
}

static status copy_finish(struct call *c, struct copy *copy)
{
    struct object newest;
    bool there;

    if (copy->copied.worked) {
        TRY(still_there(c, copy));
    }
    there = object_newest(c, copy->object.bucket, copy->object.key, &newest);
    TRY(write_conditions_check(c, copy->object.key, there ? &newest : NULL));
    copy_commit(c, copy, there ? &newest : NULL);
    return OK;
}

static status copy_resumed(struct call *c)
{
    struct copy *copy = c->kept;
    status went = copy_end(c, &copy->copied);

    if (went == OK) {
        tag_of_content(c, (enum encryption)copy->object.encryption, copy->copied.md5,
                       copy->object.md5);
        copy->object.checksum = copy->copied.checksum;
        went = copy_finish(c, copy);
    }
    copy_forget(c, &copy->copied);
    return went;
}

/* Whether MD5 and checksum of the copy must be made of the bytes. */
static bool must_read(const struct copy *copy)
{
    const struct object *source = &copy->source.object;

    return copy->anew || source->part_count > 0 || !source->checksum.is ||
           (source->encryption != ENCRYPTION_S3 && copy->object.encryption == ENCRYPTION_S3) ||
           source->checksum.composite || source->checksum.kind != copy->copied.checksum.kind;
}

/* CopyObject */
status s3_copy_object(struct call *c)
{
    struct copy *copy = ARENA_NEW(c->keep, struct copy);
    struct object *object = &copy->object;
    struct bucket *bucket;

    c->kept = copy;
    TRY(bucket_of_call(c, &bucket));
    *object = (struct object){.bucket = bucket, .key = arg_str(c, "Key")};
    copy->bucket_id = bucket->id;
    TRY(key_check(c, object->key));
    TRY(copy_source_read(c, &copy->source));
    if (copy->source.object.size > COPY_BYTES_MAX) {
        return fail(c, &S3_INVALID_REQUEST, "The specified copy source is larger than the maximum "
                                            "allowable size for a copy source: 5368709120");
    }
    TRY(attributes_of_copy(c, copy));
    TRY(checksum_of_copy(c, copy));
    object->size = copy->source.object.size;
    copy->anew = copy->source.object.encryption == ENCRYPTION_CUSTOMER || copy->key.is;
    if (must_read(copy)) {
        if (copy->key.is) {
            memcpy(copy->cipher.key, copy->key.key, sizeof(copy->cipher.key));
            rand_fill(c->rand, copy->cipher.iv, sizeof(copy->cipher.iv));
            copy->copied.cipher = &copy->cipher;
        }
        copy->copied.writes = copy->anew;
        return copy_begin(c, &copy->source, &copy->copied, copy_resumed);
    }
    tag_of_content(c, (enum encryption)object->encryption, copy->source.object.md5, object->md5);
    object->checksum = copy->source.object.checksum;
    return copy_finish(c, copy);
}
