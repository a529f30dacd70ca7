/* SPDX-License-Identifier: Apache-2.0
 *
 * Lifecycle rules: which are for an object, and when they are due. lifecycle_check.c says what may
 * be put, lifecycle_run.c does what they say. Source: "Managing the lifecycle of objects", AWS
 * documentation.
 *
 * Rules
 *  1. Days are counted from a version's moment (for older versions: from when a newer one came),
 *     and the result is rounded up to the next midnight UTC.
 *  2. A rule's prefix, tags and sizes must all fit. Tags and sizes are nothing an upload has.
 *  3. Objects below 128 KiB are not moved to another class, unless the rule says from which size
 *     on, or the bucket says "varies_by_storage_class" and it is an archive.
 */
#include "base/codec.h"
#include "svc/s3/lifecycle_int.h"

#define SMALL_BYTES (128u * 1024)
#define HEADER_BYTES_MAX 4096

#define MINIMUM_NAME STR("minimum") /* a setting beside the configuration: it is not in the body */

/* ---- the smallest size ---- */

void lifecycle_minimum_set(struct call *c, struct bucket *bucket)
{
    struct str asked = arg_str_if(c, "TransitionDefaultMinimumObjectSize");

    bucket_set_setting(c, bucket, SETTING_LIFECYCLE, MINIMUM_NAME,
                       str_eq(asked, MINIMUM_VARIES) ? asked : STR_NONE);
}

bool lifecycle_minimum_varies(const struct bucket *bucket)
{
    return bucket_setting(bucket, SETTING_LIFECYCLE, MINIMUM_NAME).bytes > 0;
}

void lifecycle_told(struct call *c, const struct bucket *bucket)
{
    set_if(c->out, "TransitionDefaultMinimumObjectSize",
           lifecycle_minimum_varies(bucket) ? MINIMUM_VARIES : MINIMUM_128K);
}

/* ---- which rules are for what ---- */

const struct value *lifecycle_rules(const struct bucket *bucket)
{
    const struct value *configuration = setting_value(bucket, SETTING_LIFECYCLE);

    return configuration == NULL ? NULL : get(configuration, "Rules");
}

bool tags_have(struct str tags, const struct value *tag)
{
    struct str name;
    struct str text;

    while (pairs_next(&tags, &name, &text)) {
        if (str_eq(name, get_str(tag, "Key")) && str_eq(text, get_str(tag, "Value"))) {
            return true;
        }
    }
    return false;
}

/* filter: a rule's Filter or what is inside its And. */
static bool filter_fits(const struct value *filter, struct str key, const struct object *object)
{
    int64_t above = get_int(filter, "ObjectSizeGreaterThan", -1);
    int64_t below = get_int(filter, "ObjectSizeLessThan", INT64_MAX);

    if (!str_starts(key, get_str(filter, "Prefix"))) {
        return false;
    }
    if (object == NULL || object->delete_marker) { /* it has no size */
        return above < 0 && below == INT64_MAX;
    }
    return (int64_t)object->size > above && (int64_t)object->size < below;
}

static bool tags_fit(const struct value *tags, const struct object *object)
{
    if (tags->count > 0 && object == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < tags->count; i++) {
        if (!tags_have(object->tags, &tags->items[i])) {
            return false;
        }
    }
    return true;
}

bool rule_is_for(const struct value *rule, struct str key, const struct object *object)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *all = filter == NULL ? NULL : get(filter, "And");
    const struct value *tag = filter == NULL ? NULL : get(filter, "Tag");

    if (!str_eq(get_str(rule, "Status"), STR("Enabled")) ||
        !str_starts(key, get_str(rule, "Prefix"))) {
        return false;
    }
    if (filter == NULL) {
        return true;
    }
    if (tag != NULL && (object == NULL || !tags_have(object->tags, tag))) {
        return false;
    }
    if (all != NULL && (!filter_fits(all, key, object) ||
                        (has(all, "Tags") && !tags_fit(get(all, "Tags"), object)))) {
        return false;
    }
    return filter_fits(filter, key, object);
}

/* ---- when ---- */

int64_t midnight_after(int64_t moment_ms)
{
    return (moment_ms + MS_PER_DAY - 1) / MS_PER_DAY * MS_PER_DAY;
}

int64_t days_due(int64_t days, int64_t since_ms)
{
    return midnight_after(since_ms + days * MS_PER_DAY);
}

int64_t action_due(const struct value *action, int64_t since_ms)
{
    if (has(action, "Date")) {
        return get_time(action, "Date", INT64_MAX);
    }
    return has(action, "Days") ? days_due(get_int(action, "Days", 0), since_ms) : INT64_MAX;
}

bool size_may_move(const struct bucket *bucket, const struct value *rule, enum storage_class to,
                   uint64_t size)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *all = filter == NULL ? NULL : get(filter, "And");
    bool said = (filter != NULL && has(filter, "ObjectSizeGreaterThan")) ||
                (all != NULL && has(all, "ObjectSizeGreaterThan"));
    bool archive = to == STORAGE_GLACIER || to == STORAGE_DEEP_ARCHIVE;

    return said || size >= SMALL_BYTES || (archive && lifecycle_minimum_varies(bucket));
}

int storage_class_rank(enum storage_class storage_class)
{
    static const int ranks[STORAGE_COUNT] = {
        [STORAGE_STANDARD] = 0,     [STORAGE_REDUCED_REDUNDANCY] = 0,
        [STORAGE_STANDARD_IA] = 1,  [STORAGE_INTELLIGENT_TIERING] = 2,
        [STORAGE_ONEZONE_IA] = 3,   [STORAGE_GLACIER_IR] = 4,
        [STORAGE_GLACIER] = 5,      [STORAGE_DEEP_ARCHIVE] = 6,
    };

    return ranks[storage_class];
}

/* ---- what objects and uploads are told ---- */

/* The rule by which the newest version expires first; NULL: none. */
static const struct value *first_expiring(const struct object *object, int64_t *ret_at_ms)
{
    const struct value *rules = lifecycle_rules(object->bucket);
    const struct value *first = NULL;

    *ret_at_ms = INT64_MAX;
    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        const struct value *expiration = get(&rules->items[i], "Expiration");
        int64_t due_ms;

        if (expiration == NULL || !rule_is_for(&rules->items[i], object->key, object)) {
            continue;
        }
        due_ms = action_due(expiration, object->modified_ms);
        if (due_ms < *ret_at_ms) {
            first = &rules->items[i];
            *ret_at_ms = due_ms;
        }
    }
    return first;
}

bool object_expires(const struct object *object, int64_t *ret_at_ms)
{
    return object->latest && !object->delete_marker && first_expiring(object, ret_at_ms) != NULL;
}

struct str object_expiration(struct call *c, const struct object *object)
{
    int64_t at_ms;
    const struct value *rule;
    struct buf text;
    struct str made;

    if (object->delete_marker || !object->latest) {
        return STR_NONE;
    }
    rule = first_expiring(object, &at_ms);
    if (rule == NULL) {
        return STR_NONE;
    }
    buf_init(&text, HEADER_BYTES_MAX);
    buf_add(&text, STR("expiry-date=\""));
    buf_add_http_date(&text, at_ms);
    buf_add(&text, STR("\", rule-id=\""));
    buf_add_percent(&text, get_str(rule, "ID"), false);
    buf_add_c(&text, '"');
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

bool upload_abort_date(struct call *c, const struct upload *upload, int64_t *ret_abort_ms,
                       struct str *ret_rule)
{
    const struct value *rules = lifecycle_rules(upload->bucket);
    int64_t first_ms = INT64_MAX;

    (void)c;
    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        const struct value *aborts = get(&rules->items[i], "AbortIncompleteMultipartUpload");
        int64_t due_ms;

        if (aborts == NULL || !rule_is_for(&rules->items[i], upload->key, NULL)) {
            continue;
        }
        due_ms = days_due(get_int(aborts, "DaysAfterInitiation", 0), upload->initiated_ms);
        if (due_ms < first_ms) {
            first_ms = due_ms;
            *ret_abort_ms = due_ms;
            *ret_rule = get_str(&rules->items[i], "ID");
        }
    }
    return first_ms < INT64_MAX;
}
