/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of objects as EventBridge's events, to the default bus of the bucket's account and
 * region, when the bucket's notification configuration has an EventBridgeConfiguration. Sources:
 * "Using EventBridge" and "EventBridge event message structure", Amazon S3 user guide.
 *
 * Keys are told as they are. What only S3's own notifications know (retention, replication) is not
 * told.
 */
#include "base/time.h"
#include "bus/sink.h"
#include "svc/s3/notify_int.h"
#include "wire/json.h"

#define EVENT_BYTES_MAX (64u * 1024)

struct kind {
    const char *event;       /* how the change's event begins */
    const char *type;        /* detail-type */
    const char *reason;      /* NULL: none */
    const char *deletion;    /* deletion-type; NULL: none */
};

static const struct kind kinds[] = {
    {"ObjectCreated:Put", "Object Created", "PutObject", NULL},
    {"ObjectCreated:Post", "Object Created", "POST Object", NULL},
    {"ObjectCreated:Copy", "Object Created", "CopyObject", NULL},
    {"ObjectCreated:CompleteMultipartUpload", "Object Created", "CompleteMultipartUpload", NULL},
    {"ObjectRemoved:DeleteMarkerCreated", "Object Deleted", "DeleteObject",
     "Delete Marker Created"},
    {"ObjectRemoved:Delete", "Object Deleted", "DeleteObject", "Permanently Deleted"},
    {"LifecycleExpiration:DeleteMarkerCreated", "Object Deleted", "Lifecycle Expiration",
     "Delete Marker Created"},
    {"LifecycleExpiration:Delete", "Object Deleted", "Lifecycle Expiration",
     "Permanently Deleted"},
    {"ObjectRestore:Post", "Object Restore Initiated", NULL, NULL},
    {"ObjectRestore:Completed", "Object Restore Completed", NULL, NULL},
    {"ObjectRestore:Delete", "Object Restore Expired", NULL, NULL},
    {"LifecycleTransition", "Object Storage Class Changed", NULL, NULL},
    {"IntelligentTiering", "Object Access Tier Changed", NULL, NULL},
    {"ObjectAcl:Put", "Object ACL Updated", NULL, NULL},
    {"ObjectTagging:Put", "Object Tags Added", NULL, NULL},
    {"ObjectTagging:Delete", "Object Tags Deleted", NULL, NULL},
};

static const struct kind *kind_of(struct str event)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_eq(event, str_c(kinds[i].event))) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void add_text(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, ",\"%s\":", name);
    json_write_str(text, value);
}

static void add_object(struct buf *text, const struct object_change *change,
                       const struct kind *kind)
{
    bool marker = str_ends(str_c(change->event), STR("DeleteMarkerCreated"));

    buf_add(text, STR("\"object\":{\"key\":"));
    json_write_str(text, change->key);
    if (change->etag.at != NULL) {
        buf_printf(text, ",\"size\":%llu", (unsigned long long)change->size);
        add_text(text, "etag", change->etag);
    } else if (marker) { /* of no bytes */
        add_text(text, "etag", STR("d41d8cd98f00b204e9800998ecf8427e"));
    }
    if (change->version.at != NULL) {
        add_text(text, "version-id", change->version);
    }
    if (kind->reason != NULL) {
        buf_printf(text, ",\"sequencer\":\"%018llX\"", (unsigned long long)change->sequence);
    }
    buf_add_c(text, '}');
}

static void add_request(struct call *c, struct buf *text)
{
    add_text(text, "request-id", c->request_id);
    add_text(text, "requester", c->request == NULL ? STR("s3.amazonaws.com") : c->account);
    if (c->request != NULL) {
        add_text(text, "source-ip-address", c->request->peer);
    }
}

/* What some kinds say beside. */
static void add_more(struct call *c, struct buf *text, const struct object_change *change,
                     const struct kind *kind)
{
    struct str event = str_c(change->event);
    struct str storage =
        change->object == NULL ? STR_NONE : storage_class_text(change->object->storage_class);

    if (kind->reason != NULL) {
        add_text(text, "reason", str_c(kind->reason));
    }
    if (kind->deletion != NULL) {
        add_text(text, "deletion-type", str_c(kind->deletion));
    }
    if (str_eq(event, STR("ObjectRestore:Completed"))) {
        add_text(text, "restore-expiry-time", time_iso(c->arena, change->restore_until_ms));
    }
    if (str_starts(event, STR("ObjectRestore:")) && storage.bytes > 0 &&
        !str_ends(event, STR("Delete"))) {
        add_text(text, "source-storage-class", storage);
    }
    if (str_eq(event, STR("LifecycleTransition"))) {
        add_text(text, "destination-storage-class", storage);
    }
}

static struct str event_text(struct call *c, const struct object_change *change,
                             const struct kind *kind)
{
    const struct bucket *bucket = change->bucket;
    struct str arn = bucket_arn(c->arena, bucket->name);
    struct buf text;
    struct str made;

    buf_init(&text, EVENT_BYTES_MAX);
    buf_printf(&text, "{\"detail-type\":\"%s\",\"source\":\"aws.s3\",\"account\":\"%.*s\"",
               kind->type, STR_ARG(bucket->account));
    add_text(&text, "time", time_iso(c->arena, c->now));
    add_text(&text, "region", bucket->region);
    buf_printf(&text, ",\"resources\":[\"%.*s\"],\"detail\":{\"version\":\"0\","
               "\"bucket\":{\"name\":\"%.*s\"},", STR_ARG(arn), STR_ARG(bucket->name));
    add_object(&text, change, kind);
    add_request(c, &text);
    add_more(c, &text, change, kind);
    buf_add(&text, STR("}}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

void object_bridged(struct call *c, const struct object_change *change)
{
    const struct bucket *bucket = change->bucket;
    const struct kind *kind = kind_of(str_c(change->event));
    struct arn arn = {arn_partition(bucket->region), STR("events"), bucket->region,
                      bucket->account, STR("event-bus/default")};

    if (kind == NULL) {
        return;
    }
    struct bus_event event = {
        .target = arn_write(c->arena, &arn),
        .source = bucket_arn(c->arena, bucket->name),
        .principal = STR("s3.amazonaws.com"),
        .account = bucket->account,
        .body = event_text(c, change, kind),
        .about = change->key,
    };

    (void)bus_send(c, &event); /* a refusal is noted as a hop */
    c->why.text[0] = '\0';
}
