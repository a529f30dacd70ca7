/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be put as a notification configuration, and S3's sentences where it may not. Two rules
 * may not overlap: the same event, and keys that both could match.
 */
#include "bus/sink.h"
#include "svc/s3/notify_int.h"

static bool event_known(struct str event)
{
    static const char *const events[] = {
        "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject", "s3:Replication:*",
        "s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationReplicatedAfterThreshold", "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectTagging:*",
        "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete", "s3:ObjectAcl:Put",
        "s3:ObjectRetention:Put", "s3:ObjectAnnotation:*", "s3:ObjectAnnotation:Put",
        "s3:ObjectAnnotation:Delete",
    };

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (str_eq(event, str_c(events[i]))) {
            return true;
        }
    }
    return false;
}

static status filter_check(struct call *c, const struct value *item)
{
    const struct value *filter = get(item, "Filter");
    const struct value *key = filter == NULL ? NULL : get(filter, "Key");
    const struct value *rules = key == NULL ? NULL : get(key, "FilterRules");
    int prefixes = 0;
    int suffixes = 0;

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        struct str name = get_str(&rules->items[i], "Name");
        struct str value = get_str(&rules->items[i], "Value");

        if (!str_eq_nocase(name, STR("prefix")) && !str_eq_nocase(name, STR("suffix"))) {
            return fail_argument(c, "FilterRule.Name", name,
                                 "filter rule name must be either prefix or suffix");
        }
        if (value.bytes > KEY_TEXT_BYTES_MAX) {
            return fail_argument(c, "FilterRule.Value", value,
                                 "Size of filter rule value cannot exceed 1024 bytes in UTF-8 "
                                 "representation");
        }
        *(str_eq_nocase(name, STR("prefix")) ? &prefixes : &suffixes) += 1;
    }
    if (prefixes > 1 || suffixes > 1) {
        return fail_argument(c, "FilterRule.Name",
                             prefixes > 1 ? STR("prefix") : STR("suffix"),
                             "Cannot specify more than one %s rule in a filter.",
                             prefixes > 1 ? "prefix" : "suffix");
    }
    return OK;
}

static status arn_check(struct call *c, const struct bucket *bucket,
                        const struct notification_kind *kind, struct str text)
{
    struct arn arn;

    if (!arn_read(text, &arn)) {
        return fail_argument(c, kind->element, text, "The ARN could not be parsed");
    }
    if (!str_eq(arn.service, str_c(kind->service))) {
        return fail_argument(c, kind->element, text, "The ARN is not well formed");
    }
    if (!str_eq(arn.region, bucket->region)) {
        return fail_argument(c, kind->element, text,
                             "The notification destination service region is not valid for the "
                             "bucket location constraint");
    }
    return OK;
}

static status fail_destination(struct call *c, struct str arn, const char *why,
                               const struct notification_kind *kind)
{
    c->more_count = 0;
    fail_more(c, "ArgumentName1", arn);
    fail_more(c, "ArgumentValue1",
              arena_printf(c->arena, "The destination %s %s", kind->noun, why));
    return fail(c, &S3_INVALID_ARGUMENT,
                "Unable to validate the following destination configurations");
}

static status fail_permission(struct call *c, struct str arn, const struct notification_kind *kind)
{
    c->more_count = 0;
    fail_more(c, "ArgumentName1", arn);
    fail_more(c, "ArgumentValue1",
              str_eq(str_c(kind->service), STR("lambda"))
                  ? arena_printf(c->arena, "Not authorized to invoke function [%.*s]", STR_ARG(arn))
                  : arena_printf(c->arena, "Permissions on the destination %s do not allow S3 to "
                                           "publish notifications from this bucket", kind->noun));
    return fail(c, &S3_INVALID_ARGUMENT,
                "Unable to validate the following destination configurations");
}

static status destination_check(struct call *c, const struct bucket *bucket,
                                const struct notification_kind *kind, struct str arn)
{
    struct bus_event event = {.target = arn,
                              .source = bucket_arn(c->arena, bucket->name),
                              .principal = STR("s3.amazonaws.com"),
                              .account = bucket->account};
    status found;

    if (str_ends(arn, STR(".fifo"))) {
        return fail_destination(c, arn, "is FIFO, which is not supported", kind);
    }
    if (arg_bool(c, "SkipDestinationValidation", false)) {
        return OK;
    }
    found = bus_check(c, &event);
    c->why.text[0] = '\0';
    if (found == &BUS_NO_TARGET) {
        return fail_destination(c, arn, "does not exist", kind);
    }
    return found == OK ? OK : fail_permission(c, arn, kind);
}

/* Texts that both some key could begin (or end) with. */
static bool may_meet(struct str one, struct str other, bool at_end)
{
    if (at_end) {
        return str_ends(one, other) || str_ends(other, one);
    }
    return str_starts(one, other) || str_starts(other, one);
}

static bool events_meet(const struct value *one, const struct value *other)
{
    for (uint32_t i = 0; one != NULL && other != NULL && i < one->count; i++) {
        for (uint32_t k = 0; k < other->count; k++) {
            struct str a = one->items[i].str;
            struct str b = other->items[k].str;

            if (notification_event_matches(a, str_slice(b, 3, b.bytes)) ||
                notification_event_matches(b, str_slice(a, 3, a.bytes))) {
                return true;
            }
        }
    }
    return false;
}

static bool overlap(const struct notification_rule *one, const struct notification_rule *other)
{
    return events_meet(one->events, other->events) &&
           may_meet(one->prefix, other->prefix, false) &&
           may_meet(one->suffix, other->suffix, true);
}

static status item_check(struct call *c, const struct bucket *bucket, const struct value *item,
                         const struct notification_kind *kind)
{
    const struct value *events = get(item, "Events");
    struct str arn = get_str(item, kind->arn);

    if (events == NULL || events->count == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    for (uint32_t k = 0; k < events->count; k++) {
        if (!event_known(events->items[k].str)) {
            return fail_argument(c, "Event", events->items[k].str,
                                 "The event is not supported for notifications");
        }
    }
    TRY(arn_check(c, bucket, kind, arn));
    return filter_check(c, item);
}

static status pair_check(struct call *c, const struct notification_rule *one,
                         const struct notification_rule *other)
{
    if (str_eq(one->id, other->id)) {
        return fail_argument(c, "Id", one->id,
                             "Same ID used for multiple configurations. IDs must be unique");
    }
    if (!overlap(one, other)) {
        return OK;
    }
    if (one->prefix.bytes + one->suffix.bytes + other->prefix.bytes + other->suffix.bytes > 0) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two "
                    "rules if the prefixes are overlapping for the same event type.");
    }
    return fail(c, &S3_INVALID_ARGUMENT,
                "Configurations overlap. Configurations on the same bucket cannot share a common "
                "event type.");
}

/* The items of one kind; an id that is not given is made up. */
static status items_check(struct call *c, const struct bucket *bucket, const struct value *value,
                          const struct notification_kind *kind)
{
    const struct value *list = get(value, kind->list);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct value *item = &list->items[i];

        TRY(item_check(c, bucket, item, kind));
        if (get_str(item, "Id").bytes == 0) {
            char *id = arena_alloc(c->arena, 36);

            rand_uuid(c->rand, id);
            set_str(item, "Id", str_of(id, 36));
        }
    }
    return OK;
}

static status destinations_check(struct call *c, const struct bucket *bucket,
                                 const struct value *value)
{
    for (size_t k = 0; k < NOTIFICATION_KINDS; k++) {
        const struct value *list = get(value, notification_kinds[k].list);

        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            TRY(destination_check(c, bucket, &notification_kinds[k],
                                  get_str(&list->items[i], notification_kinds[k].arn)));
        }
    }
    return OK;
}

/* All that can be seen in the configuration first, then whether the destinations are there. */
status notification_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    const struct notification_rules *rules;
    size_t count = 0;

    for (size_t k = 0; k < NOTIFICATION_KINDS; k++) {
        const struct value *list = get(value, notification_kinds[k].list);

        TRY(items_check(c, bucket, value, &notification_kinds[k]));
        count += list == NULL ? 0 : list->count;
    }
    if (count > NOTIFICATION_RULES_MAX) {
        return fail(c, &S3_INVALID_REQUEST,
                    "The number of notification configurations must not exceed the allowed limit "
                    "of %d",
                    NOTIFICATION_RULES_MAX);
    }
    rules = notification_rules_read(c->arena, value);
    for (size_t i = 0; i < rules->count; i++) {
        for (size_t k = 0; k < i; k++) {
            TRY(pair_check(c, &rules->rules[i], &rules->rules[k]));
        }
    }
    return destinations_check(c, bucket, value);
}
