/* SPDX-License-Identifier: Apache-2.0
 *
 * Lifecycle rules: checked when put, found for an object, with the moments they are due. What they
 * do is done in lifecycle_run.c. Source: "Managing the lifecycle of objects" and
 * PutBucketLifecycleConfiguration, AWS documentation.
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

#define RULES_MAX 1000
#define ID_BYTES_MAX 255
#define SMALL_BYTES (128u * 1024)
#define NEWER_VERSIONS_MAX 100
#define HEADER_BYTES_MAX 4096

/* Beside the configuration, as a setting with this name: what is not said in the body. */
#define MINIMUM_NAME STR("minimum")
#define MINIMUM_VARIES STR("varies_by_storage_class")
#define MINIMUM_128K STR("all_storage_classes_128K")

/* ---- checking what is put ---- */

static status positive_check(struct call *c, const struct value *action, const char *member,
                             const char *what)
{
    if (has(action, member) && get_int(action, member, 0) < 1) {
        return fail(c, &S3_INVALID_ARGUMENT, "'%s' for %s action must be a positive integer",
                    member, what);
    }
    return OK;
}

static status date_check(struct call *c, const struct value *action)
{
    if (has(action, "Date") && get_time(action, "Date", 0) % MS_PER_DAY != 0) {
        return fail(c, &S3_INVALID_ARGUMENT, "'Date' must be at midnight GMT");
    }
    return OK;
}

static status expiration_check(struct call *c, const struct value *expiration)
{
    if (expiration == NULL) {
        return OK;
    }
    if (has(expiration, "Days") + has(expiration, "Date") +
            has(expiration, "ExpiredObjectDeleteMarker") !=
        1) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    TRY(positive_check(c, expiration, "Days", "Expiration"));
    return date_check(c, expiration);
}

/* The classes that take nothing younger than 30 days. */
static bool is_infrequent(struct str storage_class)
{
    return str_eq(storage_class, STR("STANDARD_IA")) || str_eq(storage_class, STR("ONEZONE_IA"));
}

static status class_check(struct call *c, const struct value *item, const char *days,
                          const char *what)
{
    struct str storage_class = get_str(item, "StorageClass");

    if (storage_class.bytes == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (has(item, days) && is_infrequent(storage_class) && get_int(item, days, 0) < 30) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "'%s' in %s action must be greater than or equal to 30 for storageClass "
                    "'%.*s'",
                    days, what, STR_ARG(storage_class));
    }
    if (get_int(item, days, 0) < 0) {
        return fail(c, &S3_INVALID_ARGUMENT, "'%s' in %s action must be nonnegative", days, what);
    }
    return OK;
}

static status transitions_check(struct call *c, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        const struct value *item = &list->items[i];

        if (has(item, "Days") == has(item, "Date") ||
            has(item, "Days") != has(&list->items[0], "Days")) {
            return fail_s3(c, &S3_MALFORMED_XML);
        }
        TRY(class_check(c, item, "Days", "Transition"));
        TRY(date_check(c, item));
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(get_str(item, "StorageClass"),
                       get_str(&list->items[k], "StorageClass"))) {
                return fail(c, &S3_INVALID_REQUEST,
                            "'StorageClass' must be different for 'Transition' actions in same "
                            "'Rule'");
            }
        }
    }
    return OK;
}

static status older_check(struct call *c, const struct value *rule)
{
    const struct value *expiration = get(rule, "NoncurrentVersionExpiration");
    const struct value *moves = get(rule, "NoncurrentVersionTransitions");

    if (expiration != NULL) {
        if (!has(expiration, "NoncurrentDays")) {
            return fail_s3(c, &S3_MALFORMED_XML);
        }
        TRY(positive_check(c, expiration, "NoncurrentDays", "NoncurrentVersionExpiration"));
        if (get_int(expiration, "NewerNoncurrentVersions", 1) < 1 ||
            get_int(expiration, "NewerNoncurrentVersions", 1) > NEWER_VERSIONS_MAX) {
            return fail(c, &S3_INVALID_ARGUMENT,
                        "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must "
                        "be a positive integer no greater than %d",
                        NEWER_VERSIONS_MAX);
        }
    }
    for (uint32_t i = 0; moves != NULL && i < moves->count; i++) {
        TRY(class_check(c, &moves->items[i], "NoncurrentDays", "NoncurrentVersionTransition"));
    }
    return OK;
}

/* One condition, or And with at least two. */
static status filter_check(struct call *c, const struct value *rule)
{
    static const char *const members[] = {"Prefix", "Tag", "And", "ObjectSizeGreaterThan",
                                          "ObjectSizeLessThan"};
    const struct value *filter = get(rule, "Filter");
    size_t given = 0;

    if ((filter == NULL) != has(rule, "Prefix")) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (size_t i = 0; filter != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        given += has(filter, members[i]);
    }
    return given <= 1 ? OK : fail_s3(c, &S3_MALFORMED_XML);
}

static status rule_check(struct call *c, const struct value *rule)
{
    const struct value *aborts = get(rule, "AbortIncompleteMultipartUpload");

    if (!has(rule, "Expiration") && !has(rule, "Transitions") && aborts == NULL &&
        !has(rule, "NoncurrentVersionTransitions") && !has(rule, "NoncurrentVersionExpiration")) {
        return fail(c, &S3_INVALID_REQUEST, "At least one action needs to be specified in a rule.");
    }
    if (get_str(rule, "ID").bytes > ID_BYTES_MAX) {
        return fail(c, &S3_INVALID_ARGUMENT, "ID length should not exceed allowed limit of 255");
    }
    TRY(filter_check(c, rule));
    TRY(expiration_check(c, get(rule, "Expiration")));
    TRY(transitions_check(c, get(rule, "Transitions")));
    TRY(older_check(c, rule));
    if (aborts == NULL) {
        return OK;
    }
    const struct value *filter = get(rule, "Filter");

    if (filter != NULL && (has(filter, "Tag") || has(filter, "ObjectSizeGreaterThan") ||
                           has(filter, "ObjectSizeLessThan"))) {
        return fail(c, &S3_INVALID_REQUEST,
                    "AbortIncompleteMultipartUpload cannot be specified with Tags.");
    }
    return positive_check(c, aborts, "DaysAfterInitiation", "AbortIncompleteMultipartUpload");
}

/* One that is not given is made up. */
static status id_check(struct call *c, const struct value *rules, uint32_t at)
{
    struct value *rule = &rules->items[at];

    if (get_str(rule, "ID").bytes == 0) {
        char *id = arena_alloc(c->arena, 36);

        rand_uuid(c->rand, id);
        set_str(rule, "ID", str_of(id, 36));
    }
    for (uint32_t i = 0; i < at; i++) {
        if (str_eq(get_str(rule, "ID"), get_str(&rules->items[i], "ID"))) {
            return fail(c, &S3_INVALID_ARGUMENT,
                        "Rule ID must be unique. Found same ID for more than one rule");
        }
    }
    return OK;
}

/* How small objects may be to be moved. */
static status minimum_check(struct call *c)
{
    struct str asked = arg_str_if(c, "TransitionDefaultMinimumObjectSize");

    if (asked.bytes > 0 && !str_eq(asked, MINIMUM_128K) &&
        !str_eq(asked, MINIMUM_VARIES)) {
        return fail_argument(c, "x-amz-transition-default-minimum-object-size", asked,
                             "Invalid TransitionDefaultMinimumObjectSize");
    }
    return OK;
}

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
    put_str(c, "TransitionDefaultMinimumObjectSize",
            lifecycle_minimum_varies(bucket) ? MINIMUM_VARIES : MINIMUM_128K);
}

status lifecycle_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct value *rules = get(value, "Rules");

    (void)bucket;
    if (rules == NULL || rules->count == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (rules->count > RULES_MAX) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The number of lifecycle rules must not exceed the allowed limit of %d rules",
                    RULES_MAX);
    }
    for (uint32_t i = 0; i < rules->count; i++) {
        TRY(rule_check(c, &rules->items[i]));
        TRY(id_check(c, rules, i));
    }
    return minimum_check(c);
}

/* ---- which rules are for what ---- */

const struct value *lifecycle_rules(const struct bucket *bucket)
{
    const struct value *configuration = setting_value(bucket, SETTING_LIFECYCLE);

    return configuration == NULL ? NULL : get(configuration, "Rules");
}

static bool has_tag(struct str tags, const struct value *tag)
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
        if (!has_tag(object->tags, &tags->items[i])) {
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
    if (tag != NULL && (object == NULL || !has_tag(object->tags, tag))) {
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
