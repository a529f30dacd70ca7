/* SPDX-License-Identifier: Apache-2.0
 *
 * Lifecycle: once a day, at midnight UTC of weir's clock, each bucket with rules is walked through
 * in steps, each step an entry of its own. Source: "Managing the lifecycle of objects", AWS
 * documentation.
 *
 * Rules
 *  1. Days are counted from a version's moment (for older versions: from when a newer one came),
 *     and the result is rounded up to the next midnight UTC.
 *  2. Expiring beats moving to another storage class. What is protected stays.
 *  3. A step remembers the key it came to in its timer's payload; a crash repeats at most that
 *     step, and doing it again changes nothing.
 */
#include "base/time.h"
#include "bus/timer.h"
#include "svc/s3/s3_settings_ops.h"

#include <assert.h>

#define RULES_MAX 1000
#define STEP_VERSIONS 500
#define STEP_UPLOADS 200
#define ROOM_MIN 4000

/* ---- checking what is put ---- */

static status rule_check(struct call *c, const struct value *rule)
{
    const struct value *expiration = get(rule, "Expiration");
    bool acts = expiration != NULL || has(rule, "Transitions") ||
                has(rule, "NoncurrentVersionTransitions") ||
                has(rule, "NoncurrentVersionExpiration") ||
                has(rule, "AbortIncompleteMultipartUpload");

    if (!acts) {
        return fail(c, &S3_INVALID_REQUEST, "At least one action needs to be specified in a rule.");
    }
    if (!has(rule, "Filter") && !has(rule, "Prefix")) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (expiration != NULL && has(expiration, "Days") && get_int(expiration, "Days", 0) < 1) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "'Days' for Expiration action must be a positive integer");
    }
    if (expiration != NULL && has(expiration, "Date") &&
        get_time(expiration, "Date", 0) % MS_PER_DAY != 0) {
        return fail(c, &S3_INVALID_ARGUMENT, "'Date' must be at midnight GMT");
    }
    return OK;
}

status lifecycle_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *rules = get(value, "Rules");

    (void)bucket;
    if (rules == NULL || rules->count == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (rules->count > RULES_MAX) {
        return fail(c, &S3_INVALID_REQUEST, "The number of lifecycle rules must not exceed the "
                    "allowed limit of 1000 rules");
    }
    for (uint32_t i = 0; i < rules->count; i++) {
        struct value *rule = &rules->items[i];

        TRY(rule_check(c, rule));
        if (!has(rule, "ID")) { /* S3 makes one up */
            char *id = arena_alloc(c->arena, 36);

            rand_uuid(c->rand, id);
            set_str(rule, "ID", str_of(id, 36));
        }
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(get_str(rule, "ID"), get_str(&rules->items[k], "ID"))) {
                return fail(c, &S3_INVALID_ARGUMENT, "Rule ID must be unique. Found same ID for "
                            "more than one rule");
            }
        }
    }
    return OK;
}

/* ---- which rules are for an object ---- */

static bool has_tag(struct str tags, struct str key, struct str value)
{
    struct str name;
    struct str text;

    while (pairs_next(&tags, &name, &text)) {
        if (str_eq(name, key) && str_eq(text, value)) {
            return true;
        }
    }
    return false;
}

static bool sizes_match(const struct value *filter, uint64_t size)
{
    return (!has(filter, "ObjectSizeGreaterThan") ||
            (int64_t)size > get_int(filter, "ObjectSizeGreaterThan", 0)) &&
           (!has(filter, "ObjectSizeLessThan") ||
            (int64_t)size < get_int(filter, "ObjectSizeLessThan", 0));
}

/* tags NULL: what has no tags and no size, as an upload. */
static bool rule_is_for(const struct value *rule, struct str key, const struct object *object)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *both = filter == NULL ? NULL : get(filter, "And");
    const struct value *tag = filter == NULL ? NULL : get(filter, "Tag");
    const struct value *tags = both == NULL ? NULL : get(both, "Tags");
    struct str of_object = object == NULL ? STR_NONE : object->tags;

    if (!str_eq(get_str(rule, "Status"), STR("Enabled")) ||
        !str_starts(key, get_str(rule, "Prefix")) ||
        (filter != NULL && !str_starts(key, get_str(filter, "Prefix"))) ||
        (both != NULL && !str_starts(key, get_str(both, "Prefix")))) {
        return false;
    }
    if (object == NULL) {
        return tag == NULL && tags == NULL;
    }
    if ((filter != NULL && !sizes_match(filter, object->size)) ||
        (both != NULL && !sizes_match(both, object->size)) ||
        (tag != NULL && !has_tag(of_object, get_str(tag, "Key"), get_str(tag, "Value")))) {
        return false;
    }
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        if (!has_tag(of_object, get_str(&tags->items[i], "Key"),
                     get_str(&tags->items[i], "Value"))) {
            return false;
        }
    }
    return true;
}

static int64_t midnight_after(int64_t at_ms)
{
    return (at_ms / MS_PER_DAY + (at_ms % MS_PER_DAY != 0)) * MS_PER_DAY;
}

/* When an action with Days or Date is due for something of that moment; INT64_MAX: never. */
static int64_t due_of(const struct value *action, int64_t since_ms)
{
    if (has(action, "Date")) {
        return get_time(action, "Date", INT64_MAX);
    }
    if (!has(action, "Days")) {
        return INT64_MAX;
    }
    return midnight_after(since_ms + get_int(action, "Days", 0) * MS_PER_DAY);
}

static const struct value *rules_of(struct call *c, const struct bucket *bucket)
{
    const struct setting *setting;
    size_t at = 0;

    setting = setting_next(bucket, SETTING_LIFECYCLE, &at);
    if (setting == NULL) {
        return NULL;
    }
    return get(bucket_value(c->arena, setting, s3_shape("PutBucketLifecycleConfiguration",
                                                        "LifecycleConfiguration")), "Rules");
}

struct str object_expiration(struct call *c, const struct object *object)
{
    const struct value *rules = rules_of(c, object->bucket);
    const struct value *first = NULL;
    int64_t first_ms = INT64_MAX;
    struct buf text;
    struct str made;

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        const struct value *expiration = get(&rules->items[i], "Expiration");

        if (expiration != NULL && object->latest && !object->delete_marker &&
            rule_is_for(&rules->items[i], object->key, object) &&
            due_of(expiration, object->modified_ms) < first_ms) {
            first = &rules->items[i];
            first_ms = due_of(expiration, object->modified_ms);
        }
    }
    if (first == NULL) {
        return STR_NONE;
    }
    buf_init(&text, 4096);
    buf_add(&text, STR("expiry-date=\""));
    buf_add_http_date(&text, first_ms);
    buf_printf(&text, "\", rule-id=\"%.*s\"", STR_ARG(get_str(first, "ID")));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

bool upload_abort_date(struct call *c, const struct upload *upload, int64_t *ret_abort_ms,
                       struct str *ret_rule)
{
    const struct value *rules = rules_of(c, upload->bucket);

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        const struct value *abort = get(&rules->items[i], "AbortIncompleteMultipartUpload");

        if (abort != NULL && has(abort, "DaysAfterInitiation") &&
            rule_is_for(&rules->items[i], upload->key, NULL)) {
            *ret_abort_ms = midnight_after(upload->initiated_ms +
                                           get_int(abort, "DaysAfterInitiation", 0) * MS_PER_DAY);
            *ret_rule = get_str(&rules->items[i], "ID");
            return true;
        }
    }
    return false;
}

/* ---- a step ---- */

/* Where a walk through a bucket's versions stands. */
struct walk {
    struct bucket *bucket;      /* which */
    const struct value *rules;  /* its */
    struct str key;             /* of the version before */
    int64_t newer_ms;           /* moment of the next newer version of this key */
    uint32_t newer;             /* noncurrent versions of this key that are newer */
};

static void move_class(struct call *c, struct object *object, struct str class_text)
{
    enum storage_class storage_class;
    struct object_change change = {
        .event = "LifecycleTransition",
        .bucket = object->bucket,
        .key = object->key,
        .size = object->size,
        .sequence = sequence_next(c),
        .object = object,
    };

    if (!storage_class_read(class_text, &storage_class) ||
        storage_class == object->storage_class) {
        return;
    }
    object->storage_class = (uint8_t)storage_class;
    object_save(c, object);
    object_changed(c, &change);
}

/* The last of the transitions that are due. */
static struct str class_due(const struct value *list, const char *days, int64_t since_ms,
                            int64_t now_ms)
{
    struct str due = STR_NONE;

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        const struct value *item = &list->items[i];
        int64_t at_ms = days == NULL
                            ? due_of(item, since_ms)
                            : midnight_after(since_ms + get_int(item, days, 0) * MS_PER_DAY);

        if (at_ms <= now_ms) {
            due = get_str(item, "StorageClass");
        }
    }
    return due;
}

static bool is_alone(struct call *c, const struct object *object)
{
    struct object_scan_from from = {.prefix = object->key, .from_key = object->key,
                                    .versions = true};
    struct object_scan *scan = object_scan(c, object->bucket, &from);
    struct object other;
    size_t count = 0;

    while (count < 2 && object_scan_next(scan, &other) && str_eq(other.key, object->key)) {
        count++;
    }
    object_scan_close(scan);
    return count == 1;
}

static void act_on_current(struct call *c, struct walk *walk, struct object *object)
{
    struct object_removal removal;

    for (uint32_t i = 0; i < walk->rules->count; i++) {
        const struct value *rule = &walk->rules->items[i];
        const struct value *expiration = get(rule, "Expiration");
        struct str to;

        if (!rule_is_for(rule, object->key, object->delete_marker ? NULL : object)) {
            continue;
        }
        if (object->delete_marker) {
            if (expiration != NULL && get_bool(expiration, "ExpiredObjectDeleteMarker", false) &&
                is_alone(c, object)) {
                object_erase(c, object, "LifecycleExpiration", &removal);
                return;
            }
            continue;
        }
        if (expiration != NULL && due_of(expiration, object->modified_ms) <= c->now &&
            (walk->bucket->versioning != VERSIONING_NEVER || !object_protected(c, object))) {
            object_remove(c, walk->bucket, object->key, "LifecycleExpiration", &removal);
            return;
        }
        to = class_due(get(rule, "Transitions"), NULL, object->modified_ms, c->now);
        if (to.bytes > 0) {
            move_class(c, object, to);
        }
    }
}

static void act_on_older(struct call *c, struct walk *walk, struct object *object)
{
    struct object_removal removal;

    for (uint32_t i = 0; i < walk->rules->count; i++) {
        const struct value *rule = &walk->rules->items[i];
        const struct value *expiration = get(rule, "NoncurrentVersionExpiration");
        struct str to;

        if (!rule_is_for(rule, object->key, object->delete_marker ? NULL : object)) {
            continue;
        }
        if (expiration != NULL && !object_protected(c, object) &&
            (int64_t)walk->newer >= get_int(expiration, "NewerNoncurrentVersions", 0) &&
            midnight_after(walk->newer_ms +
                           get_int(expiration, "NoncurrentDays", 0) * MS_PER_DAY) <= c->now) {
            object_erase(c, object, "LifecycleExpiration", &removal);
            return;
        }
        to = object->delete_marker ? STR_NONE
                                   : class_due(get(rule, "NoncurrentVersionTransitions"),
                                               "NoncurrentDays", walk->newer_ms, c->now);
        if (to.bytes > 0) {
            move_class(c, object, to);
        }
    }
}

/* Some more versions; gives the key to go on behind, STR_NONE at the end. Steps end between keys.
 */
static struct str walk_versions(struct call *c, struct bucket *bucket, const struct value *rules,
                                struct str after)
{
    struct object_scan_from from = {.after_key = after, .versions = true};
    struct object_scan *scan = object_scan(c, bucket, &from);
    struct walk walk = {.bucket = bucket, .rules = rules};
    struct object object;
    struct str go_on = STR_NONE;
    int seen = 0;

    while (object_scan_next(scan, &object)) {
        bool new_key = walk.key.at == NULL || !str_eq(walk.key, object.key);

        if (new_key && (seen >= STEP_VERSIONS || txn_room(c->txn) < ROOM_MIN)) {
            go_on = walk.key;
            break;
        }
        if (new_key) {
            walk.key = arena_dup(c->arena, object.key);
            walk.newer = 0;
        }
        seen++;
        object.key = walk.key;
        if (object.latest) {
            act_on_current(c, &walk, &object);
        } else {
            act_on_older(c, &walk, &object);
            walk.newer++;
        }
        walk.newer_ms = object.modified_ms;
    }
    object_scan_close(scan);
    return go_on;
}

static void abort_uploads(struct call *c, struct bucket *bucket)
{
    struct upload_scan *scan = upload_scan(c, bucket, STR(""), STR_NONE, 0);
    struct upload upload;
    struct str rule;
    int64_t at_ms;
    int aborted = 0;

    while (aborted < STEP_UPLOADS && txn_room(c->txn) > ROOM_MIN &&
           upload_scan_next(scan, &upload)) {
        if (upload_abort_date(c, &upload, &at_ms, &rule) && at_ms <= c->now) {
            upload_abort(c, &upload);
            aborted++;
        }
    }
    upload_scan_close(scan);
}

/* ---- the timer ---- */

static struct str timer_name(struct call *c, const struct bucket *bucket)
{
    return arena_printf(c->arena, "lifecycle/%.*s", STR_ARG(bucket->name));
}

void lifecycle_set(struct call *c, struct bucket *bucket)
{
    struct str name = timer_name(c, bucket);

    if (bucket_setting(bucket, SETTING_LIFECYCLE, STR("")).at == NULL) {
        bus_timer_unset(c, "s3", name);
    } else {
        bus_timer_set(c, "s3", name, midnight_after(c->now + 1), STR_NONE);
    }
}

status lifecycle_timer(struct call *c, struct str name)
{
    struct str rest = str_slice(name, 10, name.bytes); /* behind "lifecycle/" */
    struct bucket *bucket = bucket_find(s3_of(c), rest);
    struct str go_on;

    if (bucket == NULL) {
        return OK;
    }
    const struct value *rules = rules_of(c, bucket);

    if (rules == NULL) {
        return OK;
    }
    c->account = bucket->account;
    call_on(c, bucket_arn(c->arena, bucket->name));
    go_on = bucket_setting(bucket, SETTING_PROGRESS, STR("lifecycle"));
    if (go_on.at == NULL) {
        abort_uploads(c, bucket);
    }
    go_on = walk_versions(c, bucket, rules, go_on.at == NULL ? STR_NONE
                                                             : arena_dup(c->arena, go_on));
    if (go_on.at != NULL || bucket_setting(bucket, SETTING_PROGRESS, STR("lifecycle")).at != NULL) {
        bucket_set_setting(c, bucket, SETTING_PROGRESS, STR("lifecycle"), go_on);
    }
    bus_timer_set(c, "s3", name, go_on.at != NULL ? c->now : midnight_after(c->now + 1), STR_NONE);
    return OK;
}

status settings_timer(struct call *c, struct str name, struct str payload)
{
    (void)payload;
    return str_starts(name, STR("lifecycle/")) ? lifecycle_timer(c, name) : OK;
}
