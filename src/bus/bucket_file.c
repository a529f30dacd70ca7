/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects of other services' buckets, over the bus.
 */
#include "bus/bucket_file.h"

#include "base/codec.h"
#include "bus/sink.h"
#include "cell/cell.h"

static void sums(struct call_body *content, struct str bytes)
{
    struct checksum sum;
    uint8_t out[CHECKSUM_BYTES_MAX];

    *content = (struct call_body){.size = bytes.bytes, .declared_size = UINT64_MAX,
                                  .kind = CHECKSUM_CRC64NVME};
    checksum_begin(&sum, CHECKSUM_MD5);
    checksum_add(&sum, bytes);
    checksum_end(&sum, out);
    memcpy(content->md5, out, sizeof(content->md5));
    checksum_begin(&sum, CHECKSUM_CRC64NVME);
    checksum_add(&sum, bytes);
    checksum_end(&sum, content->sum);
}

status file_make(struct cell *cell, struct str bytes, struct bucket_file *file)
{
    struct blobs *blobs = store_blobs(cell_store(cell));
    struct blob_writer *writer = NULL;
    uint8_t random[BLOB_ID_BYTES / 2];
    uint64_t written;
    status wrote;

    sums(&file->content, bytes);
    if (bytes.bytes <= CALL_BODY_INLINE_MAX) {
        file->content.bytes = bytes;
        return OK;
    }
    rand_secret(random, sizeof(random));
    hex_encode(str_of(random, sizeof(random)), file->blob);
    TRY(blob_create(blobs, str_of(file->blob, BLOB_ID_BYTES), &writer));
    wrote = blob_write(writer, bytes);
    if (wrote != OK) {
        blob_cancel(writer);
        return wrote;
    }
    TRY(blob_finish(writer, &written));
    file->content.blob = str_of(file->blob, BLOB_ID_BYTES);
    return OK;
}

void file_drop(struct cell *cell, struct bucket_file *file)
{
    if (file->content.blob.bytes > 0) {
        (void)blob_remove(store_blobs(cell_store(cell)), file->content.blob);
        file->content.blob = STR_NONE;
    }
}

#define ATTRIBUTES_MAX 4

static void add_attribute(struct bus_event *event, const char *name, struct str value)
{
    struct bus_attribute *attributes = (struct bus_attribute *)(uintptr_t)event->attributes;

    attributes[event->attribute_count++] =
        (struct bus_attribute){str_c(name), STR("String"), value};
}

static struct bus_event event_of(struct call *c, const struct bucket_file *file, struct str source)
{
    struct arn arn = {arn_partition(c->region), STR("s3"), STR_NONE, STR_NONE, file->bucket};
    struct bus_event event = {
        .target = arn_write(c->arena, &arn),
        .source = source,
        .principal = str_c(file->principal),
        .account = c->account,
        .key = file->key,
        .about = file->key,
        .content = &file->content,
        .attributes = arena_alloc(c->arena, ATTRIBUTES_MAX * sizeof(struct bus_attribute)),
    };

    add_attribute(&event, "content-type", str_c(file->type));
    if (file->encoding != NULL) {
        add_attribute(&event, "content-encoding", str_c(file->encoding));
    }
    if (file->storage_class.bytes > 0) {
        add_attribute(&event, "x-amz-storage-class", file->storage_class);
    }
    if (file->owner.bytes > 0) {
        add_attribute(&event, "x-amz-expected-bucket-owner", file->owner);
    }
    return event;
}

static status said(struct call *c, status put)
{
    if (put == &BUS_NO_TARGET) {
        return fail(c, put, "The specified bucket does not exist");
    }
    return put == OK ? OK : fail(c, &BUS_REFUSED, "Access Denied");
}

status file_check(struct call *c, const struct bucket_file *file, struct str source)
{
    struct bus_event event = event_of(c, file, source);
    struct str was = c->principal;
    status may = bus_check(c, &event);

    c->principal = was;
    return said(c, may);
}

status file_put(struct call *c, const struct bucket_file *file, struct str source)
{
    struct bus_event event = event_of(c, file, source);
    struct str was = c->principal;
    status put = bus_check(c, &event);

    if (put == OK) {
        put = bus_send(c, &event);
    }
    c->principal = was;
    return said(c, put);
}

const char *file_refusal(status refused)
{
    return refused == &BUS_NO_TARGET ? "S3NoSuchBucket" : "S3AccessDenied";
}
