/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects that weir writes without an S3 request: reports and logs of this service, and what other
 * services send to a bucket over the bus.
 */
#include "base/digest.h"
#include "bus/sink.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

/* ---- small contents ---- */

static void sums_of_bytes(struct call *c, struct object *object, struct str content)
{
    struct checksum sum;
    uint8_t hash[MD5_BYTES];

    md5(content, hash);
    tag_of_content(c, (enum encryption)object->encryption, hash, object->md5);
    object->checksum = (struct object_checksum){.is = true, .kind = CHECKSUM_CRC64NVME};
    checksum_begin(&sum, CHECKSUM_CRC64NVME);
    checksum_add(&sum, content);
    checksum_end(&sum, object->checksum.sum);
}

static void write_object(struct call *c, struct object *object)
{
    struct object newest;
    bool there = object_newest(c, object->bucket, object->key, &newest);

    object->modified_ms = whole_second(c->now);
    object_push(c, object, there ? &newest : NULL);
    object_told(c, object, "ObjectCreated:Put");
}

static status key_fits(struct call *c, struct str key)
{
    if (key.bytes == 0 || key.bytes > KEY_TEXT_BYTES_MAX) {
        return fail_size(c, &S3_KEY_TOO_LONG, "Size", key.bytes, KEY_TEXT_BYTES_MAX);
    }
    return OK;
}

status object_write(struct call *c, struct bucket *bucket, struct str key, struct str content_type,
                    struct str content)
{
    struct object object = {.bucket = bucket, .key = key, .size = content.bytes};

    TRY(key_fits(c, key));
    if (content.bytes > CONTENT_IN_ROWS_MAX) {
        return fail_s3(c, &S3_ENTITY_TOO_LARGE);
    }
    object.headers[HEADER_CONTENT_TYPE] = content_type;
    encryption_standard(c, bucket, &object);
    sums_of_bytes(c, &object, content);
    object.content = content_of_bytes(c, content, NULL);
    write_object(c, &object);
    return OK;
}

/* ---- the sink: a bucket as a target ---- */

static struct str header_of_event(const struct bus_event *event, struct str name)
{
    for (size_t i = 0; i < event->attribute_count; i++) {
        if (str_eq_nocase(event->attributes[i].name, name)) {
            return event->attributes[i].value;
        }
    }
    return STR_NONE;
}

static status sink_bucket(struct call *c, const struct bus_event *event,
                          struct bucket **ret_bucket)
{
    struct arn arn;
    struct bucket *bucket;
    struct object wanted = {.key = event->key};
    struct sender sender = {event->principal, event->source, event->account};
    struct str owner = header_of_event(event, STR("x-amz-expected-bucket-owner"));

    if (!arn_read(event->target, &arn)) {
        return fail(c, &BUS_NO_TARGET, "%.*s is no bucket", STR_ARG(event->target));
    }
    bucket = bucket_find(s3_of(c), arn.resource);
    if (bucket == NULL) {
        return fail(c, &BUS_NO_TARGET, "The bucket %.*s does not exist", STR_ARG(arn.resource));
    }
    if (owner.bytes > 0 && !str_eq(owner, bucket->account)) {
        return fail(c, &BUS_REFUSED, "The bucket %.*s has another owner", STR_ARG(bucket->name));
    }
    if (!access_of_sender(c, bucket, &sender, &wanted, "s3:PutObject")) {
        return fail(c, &BUS_REFUSED, "The bucket %.*s does not let account %.*s write",
                    STR_ARG(bucket->name), STR_ARG(event->account));
    }
    *ret_bucket = bucket;
    return OK;
}

static status sink_check(struct call *c, const struct bus_event *event)
{
    struct bucket *bucket;

    return sink_bucket(c, event, &bucket);
}

static status sink_headers(struct call *c, const struct bus_event *event, struct object *object)
{
    struct str storage = header_of_event(event, STR("x-amz-storage-class"));
    enum storage_class storage_class = STORAGE_STANDARD;

    if (storage.bytes > 0 && !storage_class_read(storage, &storage_class)) {
        return fail(c, &BUS_REFUSED, "There is no storage class %.*s", STR_ARG(storage));
    }
    object->storage_class = (uint8_t)storage_class;
    object->headers[HEADER_CONTENT_TYPE] = header_of_event(event, STR("content-type"));
    object->headers[HEADER_CONTENT_ENCODING] = header_of_event(event, STR("content-encoding"));
    if (object->headers[HEADER_CONTENT_TYPE].bytes == 0) {
        object->headers[HEADER_CONTENT_TYPE] = STR("binary/octet-stream");
    }
    return OK;
}

static status sink_take(struct call *c, const struct bus_event *event)
{
    const struct call_body *body = event->content;
    struct object object = {.key = event->key};

    TRY(sink_bucket(c, event, &object.bucket));
    TRY(key_fits(c, event->key));
    TRY(sink_headers(c, event, &object));
    if (body == NULL && event->body.bytes > CONTENT_IN_ROWS_MAX) {
        return fail(c, &BUS_TOO_LARGE, "%zu bytes in one event", event->body.bytes);
    }
    encryption_standard(c, object.bucket, &object);
    if (body == NULL) {
        object.size = event->body.bytes;
        sums_of_bytes(c, &object, event->body);
        object.content = content_of_bytes(c, event->body, NULL);
    } else {
        object.size = body->size;
        tag_of_content(c, (enum encryption)object.encryption, body->md5, object.md5);
        object.checksum = (struct object_checksum){.is = true, .kind = (uint8_t)body->kind};
        memcpy(object.checksum.sum, body->sum, sizeof(object.checksum.sum));
        object.content = content_of_received(c, body, NULL);
    }
    write_object(c, &object);
    return OK;
}

const struct sink s3_sink = {"s3", sink_check, sink_take, NULL};
