/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be put as a lifecycle configuration, and S3's sentences where it may not. Source:
 * PutBucketLifecycleConfiguration, AWS documentation, and what the service answers.
 */
#include "svc/s3/lifecycle_int.h"

#define RULES_MAX 1000
#define ID_BYTES_MAX 255
#define NEWER_VERSIONS_MAX 100

static status positive_check(struct call *c, const struct value *action, const char *member,
                             const char *what)
{
    if (has(action, member) && get_int(action, member, 0) < 1) {
        return fail(c, &S3_INVALID_ARGUMENT, "'%s' for %s action must be a positive integer",
                    member, what);
    }
    return OK;
}

static bool has_date(const struct value *action)
{
    return has_member(action, "Date") && has(action, "Date");
}

static status date_check(struct call *c, const struct value *action)
{
    if (has_date(action) && get_time(action, "Date", 0) % MS_PER_DAY != 0) {
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

/* The rule as sentences name it. */
static struct str filter_text(struct call *c, const struct value *rule)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *all = filter == NULL ? NULL : get(filter, "And");
    struct str prefix = get_str(all != NULL ? all : filter != NULL ? filter : rule, "Prefix");

    return arena_printf(c->arena, "(prefix=%.*s)", STR_ARG(prefix));
}

/* One of a rule's lists of transitions, as its elements are called. */
struct moves {
    const struct value *list; /* NULL: there is none */
    const char *days;         /* "Days" or "NoncurrentDays" */
    const char *name;         /* "Transition" or "NoncurrentVersionTransition" */
};

static status class_check(struct call *c, const struct moves *moves, const struct value *item)
{
    struct str storage_class = get_str(item, "StorageClass");
    int64_t days = get_int(item, moves->days, 0);

    if (storage_class.bytes == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (days < 0) {
        return fail(c, &S3_INVALID_ARGUMENT, "'%s' in %s action must be nonnegative", moves->days,
                    moves->name);
    }
    if (has(item, moves->days) && is_infrequent(storage_class) && days < 30) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "'%s' in %s action must be greater than or equal to 30 for storageClass "
                    "'%.*s'",
                    moves->days, moves->name, STR_ARG(storage_class));
    }
    return date_check(c, item);
}

/* When an item is due, in days or as a moment: lists do not mix them. */
static int64_t item_when(const struct moves *moves, const struct value *item)
{
    return has_date(item) ? get_time(item, "Date", 0) : get_int(item, moves->days, 0);
}

static int rank_of(const struct value *item)
{
    enum storage_class storage_class = STORAGE_STANDARD;

    (void)storage_class_read(get_str(item, "StorageClass"), &storage_class);
    return storage_class_rank(storage_class);
}

/* Colder classes come later. */
static status pair_check(struct call *c, const struct moves *moves, const struct value *rule,
                         const struct value *one, const struct value *other)
{
    struct str filter = filter_text(c, rule);
    const char *unit = has_date(one) ? "Date" : moves->days;

    if (str_eq(get_str(one, "StorageClass"), get_str(other, "StorageClass"))) {
        return fail(c, &S3_INVALID_REQUEST,
                    "'StorageClass' must be different for '%s' actions in same 'Rule' with filter "
                    "'%.*s'",
                    moves->name, STR_ARG(filter));
    }
    if (rank_of(one) < rank_of(other)) {
        return pair_check(c, moves, rule, other, one);
    }
    if (item_when(moves, one) <= item_when(moves, other)) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "'%s' in the %s action for StorageClass '%.*s' for filter '%.*s' must be "
                    "greater than '%s' in the %s action for StorageClass '%.*s' for filter '%.*s'",
                    unit, moves->name, STR_ARG(get_str(one, "StorageClass")), STR_ARG(filter),
                    unit, moves->name, STR_ARG(get_str(other, "StorageClass")), STR_ARG(filter));
    }
    return OK;
}

static status moves_check(struct call *c, const struct value *rule, const struct moves *moves)
{
    const struct value *list = moves->list;

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        const struct value *item = &list->items[i];

        if (has(item, moves->days) == has_date(item)) {
            return fail_s3(c, &S3_MALFORMED_XML);
        }
        if (has_date(item) != has_date(&list->items[0])) {
            return fail(c, &S3_INVALID_REQUEST,
                        "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule "
                        "for filter '%.*s'",
                        STR_ARG(filter_text(c, rule)));
        }
        TRY(class_check(c, moves, item));
        for (uint32_t k = 0; k < i; k++) {
            TRY(pair_check(c, moves, rule, item, &list->items[k]));
        }
    }
    return OK;
}

static status transitions_check(struct call *c, const struct value *rule)
{
    struct moves moves = {get(rule, "Transitions"), "Days", "Transition"};
    const struct value *expiration = get(rule, "Expiration");

    TRY(moves_check(c, rule, &moves));
    if (expiration == NULL || has(expiration, "ExpiredObjectDeleteMarker")) {
        return OK;
    }
    for (uint32_t i = 0; moves.list != NULL && i < moves.list->count; i++) {
        const struct value *item = &moves.list->items[i];
        const char *unit = has_date(item) ? "Date" : "Days";

        if (!has(expiration, unit)) {
            return fail(c, &S3_INVALID_REQUEST,
                        "Found mixed 'Date' and 'Days' based Expiration and Transition actions in "
                        "lifecycle rule for filter '%.*s'",
                        STR_ARG(filter_text(c, rule)));
        }
        if (item_when(&moves, expiration) <= item_when(&moves, item)) {
            return fail(c, &S3_INVALID_ARGUMENT,
                        "'%s' in the Expiration action for filter '%.*s' must be greater than '%s' "
                        "in the Transition action",
                        unit, STR_ARG(filter_text(c, rule)), unit);
        }
    }
    return OK;
}

static status newer_check(struct call *c, const struct value *action, const char *name)
{
    int64_t newer = get_int(action, "NewerNoncurrentVersions", 1);

    if (newer < 1 || newer > NEWER_VERSIONS_MAX) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "'NewerNoncurrentVersions' for %s action must be a positive integer no "
                    "greater than %d",
                    name, NEWER_VERSIONS_MAX);
    }
    return OK;
}

static status older_check(struct call *c, const struct value *rule)
{
    const struct value *expiration = get(rule, "NoncurrentVersionExpiration");
    struct moves moves = {get(rule, "NoncurrentVersionTransitions"), "NoncurrentDays",
                          "NoncurrentVersionTransition"};

    TRY(moves_check(c, rule, &moves));
    for (uint32_t i = 0; moves.list != NULL && i < moves.list->count; i++) {
        TRY(newer_check(c, &moves.list->items[i], moves.name));
    }
    if (expiration == NULL) {
        return OK;
    }
    if (!has(expiration, "NoncurrentDays")) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    TRY(positive_check(c, expiration, "NoncurrentDays", "NoncurrentVersionExpiration"));
    TRY(newer_check(c, expiration, "NoncurrentVersionExpiration"));
    for (uint32_t i = 0; moves.list != NULL && i < moves.list->count; i++) {
        if (item_when(&moves, expiration) <= item_when(&moves, &moves.list->items[i])) {
            return fail(c, &S3_INVALID_ARGUMENT,
                        "'NoncurrentDays' in the NoncurrentVersionExpiration action for filter "
                        "'%.*s' must be greater than 'NoncurrentDays' in the "
                        "NoncurrentVersionTransition action",
                        STR_ARG(filter_text(c, rule)));
        }
    }
    return OK;
}

static size_t given_of(const struct value *structure)
{
    static const char *const members[] = {"Prefix", "Tag", "Tags", "And", "ObjectSizeGreaterThan",
                                          "ObjectSizeLessThan"};
    size_t given = 0;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        given += has_member(structure, members[i]) && has(structure, members[i]);
    }
    return given;
}

/* One condition, or And with at least two. */
static status filter_check(struct call *c, const struct value *rule)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *all = filter == NULL ? NULL : get(filter, "And");
    const struct value *tags = all == NULL ? NULL : get(all, "Tags");

    if ((filter == NULL) != has(rule, "Prefix") || (filter != NULL && given_of(filter) > 1)) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (all == NULL) {
        return OK;
    }
    if (given_of(all) + (tags == NULL ? 0 : tags->count) - (tags != NULL) < 2) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (get_int(all, "ObjectSizeLessThan", INT64_MAX) <=
        get_int(all, "ObjectSizeGreaterThan", -1)) {
        return fail(c, &S3_INVALID_REQUEST,
                    "'ObjectSizeLessThan' has to be a value greater than "
                    "'ObjectSizeGreaterThan'");
    }
    return OK;
}

static bool has_tags(const struct value *rule)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *all = filter == NULL ? NULL : get(filter, "And");

    return (filter != NULL && has(filter, "Tag")) || (all != NULL && has(all, "Tags"));
}

static bool has_sizes(const struct value *rule)
{
    const struct value *filter = get(rule, "Filter");
    const struct value *all = filter == NULL ? NULL : get(filter, "And");

    return (filter != NULL && (has(filter, "ObjectSizeGreaterThan") ||
                               has(filter, "ObjectSizeLessThan"))) ||
           (all != NULL &&
            (has(all, "ObjectSizeGreaterThan") || has(all, "ObjectSizeLessThan")));
}

/* What neither markers nor uploads have, a rule for them cannot ask for. */
static status target_check(struct call *c, const struct value *rule)
{
    const struct value *expiration = get(rule, "Expiration");
    const struct value *aborts = get(rule, "AbortIncompleteMultipartUpload");

    if (aborts != NULL && (has_tags(rule) || has_sizes(rule))) {
        return fail(c, &S3_INVALID_REQUEST,
                    "AbortIncompleteMultipartUpload cannot be specified with %s.",
                    has_tags(rule) ? "Tags" : "object size");
    }
    if (expiration != NULL && has(expiration, "ExpiredObjectDeleteMarker") &&
        (has_tags(rule) || has_sizes(rule))) {
        return fail(c, &S3_INVALID_REQUEST,
                    "ExpiredObjectDeleteMarker cannot be specified with %s.",
                    has_tags(rule) ? "Tags" : "object size");
    }
    return aborts == NULL ? OK
                          : positive_check(c, aborts, "DaysAfterInitiation",
                                           "AbortIncompleteMultipartUpload");
}

static status rule_check(struct call *c, const struct value *rule)
{
    if (!has(rule, "Expiration") && !has(rule, "Transitions") &&
        !has(rule, "AbortIncompleteMultipartUpload") &&
        !has(rule, "NoncurrentVersionTransitions") && !has(rule, "NoncurrentVersionExpiration")) {
        return fail(c, &S3_INVALID_REQUEST, "At least one action needs to be specified in a rule.");
    }
    if (get_str(rule, "ID").bytes > ID_BYTES_MAX) {
        return fail(c, &S3_INVALID_ARGUMENT, "ID length should not exceed allowed limit of 255");
    }
    TRY(filter_check(c, rule));
    TRY(expiration_check(c, get(rule, "Expiration")));
    TRY(transitions_check(c, rule));
    TRY(older_check(c, rule));
    return target_check(c, rule);
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
