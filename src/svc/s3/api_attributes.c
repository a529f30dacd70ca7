/* SPDX-License-Identifier: Apache-2.0
 *
 * GetObjectAttributes.
 */
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"

#define PARTS_PAGE_MAX 1000

/* Which of them are asked for. */
struct attributes {
    bool etag, checksum, parts, storage_class, size; /* the five there are */
};

static status attributes_read(struct call *c, struct attributes *ret_attributes)
{
    const struct value *asked = arg(c, "ObjectAttributes");

    *ret_attributes = (struct attributes){.etag = false};
    for (uint32_t i = 0; i < asked->count; i++) {
        struct str name = asked->items[i].str;

        if (str_eq(name, STR("ETag"))) {
            ret_attributes->etag = true;
        } else if (str_eq(name, STR("Checksum"))) {
            ret_attributes->checksum = true;
        } else if (str_eq(name, STR("ObjectParts"))) {
            ret_attributes->parts = true;
        } else if (str_eq(name, STR("StorageClass"))) {
            ret_attributes->storage_class = true;
        } else if (str_eq(name, STR("ObjectSize"))) {
            ret_attributes->size = true;
        } else {
            return fail_argument(c, "x-amz-object-attributes", name,
                                 "Invalid attribute name specified.");
        }
    }
    return OK;
}

static void put_part(struct call *c, struct value *parts, const struct part *part, uint32_t number)
{
    struct value *item = list_add(c->arena, parts);

    set_int(item, "PartNumber", number);
    set_int(item, "Size", (int64_t)part->size);
    set_checksum(c, item, &part->checksum, 0);
}

/* Parts one by one only where they have checksums that were asked for, as S3 does. */
static void put_parts(struct call *c, const struct object *object)
{
    struct value *answer;
    struct part_list list;
    struct value *parts;
    int64_t most = arg_int(c, "MaxParts", PARTS_PAGE_MAX);
    int64_t marker = arg_int(c, "PartNumberMarker", 0);
    int64_t next = 0; /* none on this page */

    if (object->part_count == 0) {
        return;
    }
    most = most < 0 || most > PARTS_PAGE_MAX ? PARTS_PAGE_MAX : most;
    marker = marker < 0 ? 0 : marker;
    answer = put_struct(c, "ObjectParts");
    set_int(answer, "TotalPartsCount", object->part_count);
    content_parts(c, &object->content, &list);
    if (list.count == 0 || !list.parts[0].checksum.is) {
        return;
    }
    parts = set_list(c->arena, answer, "Parts", (size_t)most);
    for (int64_t i = marker; i < (int64_t)list.count && i < marker + most; i++) {
        put_part(c, parts, &list.parts[i], (uint32_t)i + 1);
        next = i + 1;
    }
    set_int(answer, "PartNumberMarker", marker);
    set_int(answer, "NextPartNumberMarker", next);
    set_int(answer, "MaxParts", most);
    set_bool(answer, "IsTruncated", marker + most < (int64_t)list.count);
}

/* GetObjectAttributes */
status s3_get_object_attributes(struct call *c)
{
    struct attributes attributes;
    struct bucket *bucket;
    struct object object;
    struct customer_key key;
    struct str etag;

    TRY(bucket_of_call(c, &bucket));
    TRY(object_of_call(c, bucket, &object));
    TRY(attributes_read(c, &attributes));
    TRY(customer_key_read(c, false, &key));
    TRY(customer_key_check(c, &object, &key));
    put_time(c, "LastModified", object.modified_ms);
    set_if(c->out, "VersionId", answer_version(c, &object));
    etag = object_etag(c->arena, &object);
    if (attributes.etag) {
        put_str(c, "ETag", str_slice(etag, 1, etag.bytes - 1));
    }
    if (attributes.checksum && object.checksum.is) {
        set_checksum(c, put_struct(c, "Checksum"), &object.checksum, object.part_count);
    }
    if (attributes.parts) {
        put_parts(c, &object);
    }
    if (attributes.storage_class) {
        put_str(c, "StorageClass", storage_class_text((enum storage_class)object.storage_class));
    }
    if (attributes.size) {
        put_int(c, "ObjectSize", (int64_t)object.size);
    }
    return OK;
}
