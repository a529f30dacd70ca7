/* SPDX-License-Identifier: Apache-2.0
 *
 * Archived objects (GLACIER, DEEP_ARCHIVE) and their restored copies.
 *
 *   ARCHIVED ──RestoreObject──► UNDER WAY ──timer──► RESTORED ──timer──► ARCHIVED
 *                               ready_ms             until_ms
 *
 * How long it takes is what AWS says at most, on weir's clock. A restored copy ends at the midnight
 * (UTC) after its days. A timer whose version is gone, or is another by now, does nothing.
 */
#include "base/cursor.h"
#include "base/time.h"
#include "bus/timer.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

status archive_check(struct call *c, const struct object *object)
{
    struct value *detail;

    if (!object_archived(c, object)) {
        return OK;
    }
    if (model_error(c->operation, STR("InvalidObjectState")) != NULL) {
        detail = fail_detail(c, &S3_INVALID_OBJECT_STATE);
        set_str(detail, "StorageClass",
                storage_class_text((enum storage_class)object->storage_class));
    }
    return fail_s3(c, &S3_INVALID_OBJECT_STATE);
}

struct str restore_header(struct call *c, const struct object *object)
{
    if (object->restore_ready_ms > 0) {
        return STR("ongoing-request=\"true\"");
    }
    if (object->restored_until_ms > c->now) {
        return arena_printf(c->arena, "ongoing-request=\"false\", expiry-date=\"%.*s\"",
                            STR_ARG(http_date(c->arena, object->restored_until_ms)));
    }
    return STR_NONE;
}

/* ---- timers ---- */

void restore_timer_set(struct call *c, const struct object *object, int64_t at_ms)
{
    struct str name = arena_printf(c->arena, "restore/%llx/%llx",
                                   (unsigned long long)object->bucket->id,
                                   (unsigned long long)object->sequence);
    struct buf payload;

    buf_init(&payload, 2 * KEY_TEXT_BYTES_MAX);
    write_str(&payload, object->bucket->name);
    write_var(&payload, object->bucket->id);
    write_str(&payload, object->key);
    write_var(&payload, object->sequence);
    bus_timer_set(c, "s3", name, at_ms, arena_dup(c->arena, buf_str(&payload)));
    buf_done(&payload);
}

/* The version that a timer is about; false: it is gone. */
static bool timer_object(struct call *c, struct str payload, struct object *ret_object)
{
    struct cursor cursor = cursor_of(payload);
    struct bucket *bucket = bucket_find(s3_of(c), read_str(&cursor));
    uint64_t id = read_var(&cursor);
    struct str key = read_str(&cursor);
    uint64_t sequence = read_var(&cursor);

    assert(cursor_done(&cursor));
    if (bucket == NULL || bucket->id != id) {
        return false;
    }
    return object_of_sequence(c, bucket, key, sequence, ret_object);
}

int64_t restore_end(const struct call *c, uint32_t days)
{
    int64_t end = c->now + days * MS_PER_DAY;

    return (end + MS_PER_DAY - 1) / MS_PER_DAY * MS_PER_DAY;
}

status restore_timer(struct call *c, struct str name, struct str payload)
{
    struct object object;

    (void)name;
    if (!timer_object(c, payload, &object)) {
        return OK;
    }
    if (object.restore_ready_ms > 0 && object.restore_ready_ms <= c->now) {
        object.restore_ready_ms = 0;
        object.restored_until_ms = restore_end(c, object.restore_days);
        object_save(c, &object);
        restore_timer_set(c, &object, object.restored_until_ms);
        object_told(c, &object, "ObjectRestore:Completed");
    } else if (object.restored_until_ms > 0 && object.restored_until_ms <= c->now) {
        object.restored_until_ms = 0;
        object.restore_days = 0;
        object_save(c, &object);
        object_told(c, &object, "ObjectRestore:Delete");
    }
    call_on(c, object_arn(c->arena, object.bucket->name, object.key));
    return OK;
}
