/* SPDX-License-Identifier: Apache-2.0
 *
 * A bucket as a depot: other services' jobs list and read its objects over the bus.
 */
#include "bus/depot.h"
#include "bus/sink.h"
#include "svc/s3/s3_core.h"

static status depot_bucket(struct call *c, const struct depot_ask *ask, const char *action,
                           const struct object *object, struct bucket **ret_bucket)
{
    struct sender sender = {ask->principal, STR_NONE, ask->account};
    struct arn arn;
    struct bucket *bucket;

    if (!arn_read(ask->target, &arn)) {
        return fail(c, &BUS_NO_TARGET, "%.*s is no bucket", STR_ARG(ask->target));
    }
    bucket = bucket_find(s3_of(c), arn.resource);
    if (bucket == NULL) {
        return fail(c, &BUS_NO_TARGET, "The specified bucket does not exist");
    }
    if ((ask->owner.bytes > 0 && !str_eq(ask->owner, bucket->account)) ||
        !access_of_sender(c, bucket, &sender, object, action)) {
        return fail(c, &BUS_REFUSED, "Access Denied");
    }
    *ret_bucket = bucket;
    return OK;
}

/* Its ETag and the moment of its making: an object put again is another. */
static struct str tag_of(struct call *c, const struct object *object)
{
    return arena_printf(c->arena, "%.*s/%llu", STR_ARG(object_etag(c->arena, object)),
                        (unsigned long long)object->sequence);
}

/* What a thing is of; false: it is not there, or only its end is. */
static bool depot_object(struct call *c, struct bucket *bucket, struct str key, struct str version,
                         struct object *ret_object)
{
    bool there = object_find(c, bucket, key, version, ret_object) == OK;

    c->more_count = 0; /* what S3 would say to a caller of its own */
    c->why.text[0] = '\0';
    return there && !ret_object->delete_marker;
}

static status depot_list(struct call *c, const struct depot_ask *ask,
                         const struct depot_span *span, struct depot_thing *ret_things,
                         size_t *ret_count)
{
    struct object_scan_from from = {.prefix = span->prefix, .after_key = span->after};
    struct object_scan *scan;
    struct bucket *bucket;
    struct object object;
    size_t count = 0;

    TRY(depot_bucket(c, ask, "s3:ListBucket", NULL, &bucket));
    if (span->version.at != NULL) {
        *ret_count = depot_object(c, bucket, span->prefix, span->version, &object);
        if (*ret_count > 0) {
            ret_things[0] = (struct depot_thing){.key = span->prefix, .bytes = object.size,
                                                 .tag = tag_of(c, &object),
                                                 .version = span->version};
        }
        return OK;
    }
    scan = object_scan(c, bucket, &from);
    while (count < span->count_max && object_scan_next(scan, &object)) {
        if (!object.delete_marker) {
            ret_things[count++] =
                (struct depot_thing){.key = object.key, .bytes = object.size,
                                     .tag = tag_of(c, &object)};
        }
    }
    object_scan_close(scan);
    *ret_count = count;
    return OK;
}

static status depot_read(struct call *c, const struct depot_ask *ask,
                         const struct depot_piece *piece, struct depot_bytes *ret_bytes)
{
    struct content_range range = {.offset = piece->offset, .size = piece->bytes};
    struct object object = {.key = piece->thing.key};
    struct call_extent *extents;
    struct bucket *bucket;

    TRY(depot_bucket(c, ask, "s3:GetObject", &object, &bucket));
    if (!depot_object(c, bucket, piece->thing.key, piece->thing.version, &object) ||
        !str_eq(tag_of(c, &object), piece->thing.tag) ||
        piece->offset + piece->bytes > object.size) {
        return fail(c, &ERR_CLOSED, "The object %.*s was changed meanwhile",
                    STR_ARG(piece->thing.key));
    }
    if (object.encryption == ENCRYPTION_CUSTOMER || object_archived(c, &object)) {
        return fail(c, &BUS_REFUSED, "Access Denied");
    }
    content_extents(c, &object, &range, &extents, &ret_bytes->count);
    ret_bytes->extents = extents;
    return OK;
}

const struct depot s3_depot = {"s3", depot_list, depot_read};
