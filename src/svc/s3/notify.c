/* SPDX-License-Identifier: Apache-2.0
 *
 * Notifications: rules, and the event record, field by field and in the order AWS has them.
 * Sources: "Event message structure" and PutBucketNotificationConfiguration, AWS documentation.
 *
 * Rules
 *  1. A bucket's rules are made ready once (bucket->compiled) and dropped when a setting changes.
 *  2. A change of an object is told to every rule that matches, in the entry that changes it; a
 *     destination that refuses does not stop the change: its hop says why.
 *  3. Two rules may not overlap: the same event and keys that both could match, as on AWS.
 */
#include "base/time.h"
#include "bus/sink.h"
#include "svc/s3/settings_int.h"
#include "wire/json.h"

#include <assert.h>
#include <string.h>

#define RULES_MAX 100
#define RECORD_BYTES_MAX (64u * 1024)

struct rule {
    struct str id;               /* configurationId */
    struct str arn;              /* destination */
    const struct value *events;  /* "s3:ObjectCreated:*", … */
    struct str prefix, suffix;   /* of keys; empty: any */
};

struct notification_rules {
    struct rule *rules;          /* in the order they are listed */
    size_t count;                /* of them */
    bool event_bridge;           /* everything also goes there */
};

/* ---- rules ---- */

static const struct {
    const char *list;   /* of the configuration */
    const char *arn;    /* of an item */
} destinations[] = {
    {"TopicConfigurations", "TopicArn"},
    {"QueueConfigurations", "QueueArn"},
    {"LambdaFunctionConfigurations", "LambdaFunctionArn"},
};
#define DESTINATIONS (sizeof(destinations) / sizeof(destinations[0]))

static void filter_of(const struct value *item, struct rule *rule)
{
    const struct value *filter = get(item, "Filter");
    const struct value *key = filter == NULL ? NULL : get(filter, "Key");
    const struct value *rules = key == NULL ? NULL : get(key, "FilterRules");

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        bool prefix = str_eq_nocase(get_str(&rules->items[i], "Name"), STR("prefix"));

        *(prefix ? &rule->prefix : &rule->suffix) = get_str(&rules->items[i], "Value");
    }
}

static struct notification_rules *rules_of_value(struct arena *arena, const struct value *value)
{
    struct notification_rules *rules = ARENA_NEW(arena, struct notification_rules);

    rules->rules = arena_zero(arena, RULES_MAX * sizeof(struct rule));
    for (size_t k = 0; value != NULL && k < DESTINATIONS; k++) {
        const struct value *list = get(value, destinations[k].list);

        for (uint32_t i = 0; list != NULL && i < list->count && rules->count < RULES_MAX; i++) {
            struct rule *rule = &rules->rules[rules->count++];

            rule->id = get_str(&list->items[i], "Id");
            rule->arn = get_str(&list->items[i], destinations[k].arn);
            rule->events = get(&list->items[i], "Events");
            filter_of(&list->items[i], rule);
        }
    }
    rules->event_bridge = value != NULL && has(value, "EventBridgeConfiguration");
    return rules;
}

struct notification_rules *notification_rules_of(struct call *c, struct bucket *bucket)
{
    struct bucket_compiled *compiled = bucket_compiled_of(bucket);

    (void)c;
    if (compiled->notifications == NULL) {
        compiled->notifications =
            rules_of_value(compiled->arena, setting_value(bucket, SETTING_NOTIFICATION));
    }
    return compiled->notifications;
}

/* "s3:ObjectCreated:*" takes "ObjectCreated:Put". */
static bool event_matches(struct str pattern, struct str event)
{
    if (!str_starts(pattern, STR("s3:"))) {
        return false;
    }
    pattern = str_slice(pattern, 3, pattern.bytes);
    if (str_ends(pattern, STR("*"))) {
        return str_starts(event, str_slice(pattern, 0, pattern.bytes - 1));
    }
    return str_eq(pattern, event);
}

static bool rule_matches(const struct rule *rule, struct str event, struct str key)
{
    if (!str_starts(key, rule->prefix) || !str_ends(key, rule->suffix)) {
        return false;
    }
    for (uint32_t i = 0; rule->events != NULL && i < rule->events->count; i++) {
        if (event_matches(rule->events->items[i].str, event)) {
            return true;
        }
    }
    return false;
}

/* ---- the record ---- */

static struct str stamp(struct arena *arena, int64_t at_ms)
{
    struct time_parts t = time_parts_of(at_ms);

    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.year, t.month, t.day,
                        t.hour, t.minute, t.second, t.ms);
}

/* As in a form: spaces are plus signs, slashes stay. */
static void add_key(struct buf *text, struct str key)
{
    static const char safe[] = "-_.*/";

    for (size_t i = 0; i < key.bytes; i++) {
        unsigned char c = (unsigned char)key.at[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
            (c != 0 && strchr(safe, c) != NULL)) {
            buf_add_c(text, (char)c);
        } else if (c == ' ') {
            buf_add_c(text, '+');
        } else {
            buf_printf(text, "%%%02X", c);
        }
    }
}

static void add_object(struct buf *text, const struct object_change *change)
{
    buf_add(text, STR("\"object\":{\"key\":\""));
    add_key(text, change->key);
    buf_add(text, STR("\","));
    if (change->etag.at != NULL) {
        buf_printf(text, "\"size\":%llu,\"eTag\":\"%.*s\",", (unsigned long long)change->size,
                   STR_ARG(change->etag));
    }
    if (change->version.at != NULL) {
        buf_printf(text, "\"versionId\":\"%.*s\",", STR_ARG(change->version));
    }
    buf_printf(text, "\"sequencer\":\"%018llX\"}", (unsigned long long)change->sequence);
}

static struct str account_of(const struct call *c)
{
    return c->account;
}

static struct str record(struct call *c, const struct object_change *change,
                         const struct rule *rule)
{
    const struct bucket *bucket = change->bucket;
    struct str peer = c->request != NULL ? c->request->peer : STR("s3.amazonaws.com");
    struct buf text;
    struct str made;

    buf_init(&text, RECORD_BYTES_MAX);
    buf_printf(&text, "{\"Records\":[{\"eventVersion\":\"2.%d\",\"eventSource\":\"aws:s3\",",
               strncmp(change->event, "ObjectCreated", 13) == 0 ||
                       strncmp(change->event, "ObjectRemoved", 13) == 0 ? 1 : 3);
    buf_printf(&text, "\"awsRegion\":\"%.*s\",\"eventTime\":\"%.*s\",\"eventName\":\"%s\",",
               STR_ARG(bucket->region), STR_ARG(stamp(c->arena, c->now)), change->event);
    buf_printf(&text, "\"userIdentity\":{\"principalId\":\"AWS:%.*s\"},", STR_ARG(account_of(c)));
    buf_printf(&text, "\"requestParameters\":{\"sourceIPAddress\":\"%.*s\"},", STR_ARG(peer));
    buf_printf(&text,
               "\"responseElements\":{\"x-amz-request-id\":\"%.*s\",\"x-amz-id-2\":\"%.*s\"},",
               STR_ARG(c->request_id), STR_ARG(c->request_id));
    buf_add(&text, STR("\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":"));
    json_write_str(&text, rule->id);
    buf_printf(&text,
               ",\"bucket\":{\"name\":\"%.*s\",\"ownerIdentity\":{\"principalId\":\"%.*s\"},"
               "\"arn\":\"arn:aws:s3:::%.*s\"},",
               STR_ARG(bucket->name), STR_ARG(bucket->account), STR_ARG(bucket->name));
    add_object(&text, change);
    buf_add(&text, STR("}"));
    if (change->restore_until_ms != 0) {
        buf_printf(
            &text,
            ",\"glacierEventData\":{\"restoreEventData\":{\"lifecycleRestorationExpiryTime\":"
            "\"%.*s\",\"lifecycleRestoreStorageClass\":\"%.*s\"}}",
            STR_ARG(stamp(c->arena, change->restore_until_ms)),
            STR_ARG(change->object == NULL ? STR("GLACIER")
                                           : storage_class_text(change->object->storage_class)));
    }
    buf_add(&text, STR("}]}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static void tell(struct call *c, const struct bucket *bucket, struct str arn, struct str body)
{
    struct bus_event event = {
        .target = arn,
        .source = bucket_arn(c->arena, bucket->name),
        .principal = STR("s3.amazonaws.com"),
        .account = bucket->account,
        .body = body,
        .subject = STR("Amazon S3 Notification"),
    };

    (void)bus_send(c, &event); /* a refusal is noted as a hop */
    c->why.text[0] = '\0';
}

void object_changed(struct call *c, const struct object_change *change)
{
    const struct notification_rules *rules = notification_rules_of(c, change->bucket);
    struct str event = str_c(change->event);

    for (size_t i = 0; i < rules->count; i++) {
        if (rule_matches(&rules->rules[i], event, change->key)) {
            tell(c, change->bucket, rules->rules[i].arn, record(c, change, &rules->rules[i]));
        }
    }
}

/* ---- PutBucketNotificationConfiguration ---- */

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

        if (!str_eq_nocase(name, STR("prefix")) && !str_eq_nocase(name, STR("suffix"))) {
            return fail(c, &S3_INVALID_ARGUMENT,
                        "filter rule name must be either prefix or suffix");
        }
        *(str_eq_nocase(name, STR("prefix")) ? &prefixes : &suffixes) += 1;
    }
    if (prefixes > 1 || suffixes > 1) {
        return fail(c, &S3_INVALID_ARGUMENT,
                    "Cannot specify more than one %s rule in a filter.",
                    prefixes > 1 ? "prefix" : "suffix");
    }
    return OK;
}

static status destination_check(struct call *c, const struct bucket *bucket, struct str arn)
{
    struct bus_event event = {.target = arn,
                              .source = bucket_arn(c->arena, bucket->name),
                              .principal = STR("s3.amazonaws.com"),
                              .account = bucket->account};

    if (arg_bool(c, "SkipDestinationValidation", false)) {
        return OK;
    }
    if (bus_check(c, &event) != OK || str_ends(arn, STR(".fifo"))) {
        c->why.text[0] = '\0';
        return fail(c, &S3_INVALID_ARGUMENT,
                    "Unable to validate the following destination configurations");
    }
    return OK;
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

            if (event_matches(a, str_slice(b, 3, b.bytes)) ||
                event_matches(b, str_slice(a, 3, a.bytes))) {
                return true;
            }
        }
    }
    return false;
}

static bool overlap(const struct rule *one, const struct rule *other)
{
    return events_meet(one->events, other->events) &&
           may_meet(one->prefix, other->prefix, false) &&
           may_meet(one->suffix, other->suffix, true);
}

static status item_check(struct call *c, const struct bucket *bucket, const struct value *item,
                         const char *arn_name)
{
    const struct value *events = get(item, "Events");
    struct str arn = get_str(item, arn_name);
    struct arn parts;

    for (uint32_t k = 0; events != NULL && k < events->count; k++) {
        if (!event_known(events->items[k].str)) {
            return fail(c, &S3_INVALID_ARGUMENT, "The event is not supported for notifications");
        }
    }
    if (events == NULL || events->count == 0) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    if (!arn_read(arn, &parts)) {
        return fail(c, &S3_INVALID_ARGUMENT, "The ARN could not be parsed");
    }
    TRY(filter_check(c, item));
    return destination_check(c, bucket, arn);
}

status notification_check(struct call *c, const struct bucket *bucket, const struct value *value)
{
    struct notification_rules *rules;

    for (size_t k = 0; k < DESTINATIONS; k++) {
        const struct value *list = get(value, destinations[k].list);

        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            struct value *item = &list->items[i];

            TRY(item_check(c, bucket, item, destinations[k].arn));
            if (!has(item, "Id")) { /* S3 makes one up */
                char *id = arena_alloc(c->arena, 36);

                rand_uuid(c->rand, id);
                set_str(item, "Id", str_of(id, 36));
            }
        }
    }
    rules = rules_of_value(c->arena, value);
    for (size_t i = 0; i < rules->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq(rules->rules[i].id, rules->rules[k].id)) {
                return fail(c, &S3_INVALID_ARGUMENT, "The configuration Ids must be unique");
            }
            if (overlap(&rules->rules[i], &rules->rules[k])) {
                return fail(c, &S3_INVALID_ARGUMENT,
                            "Configurations overlap. Configurations on the same bucket cannot "
                            "share a common event type.");
            }
        }
    }
    return OK;
}

/* Every destination hears of it once. */
void notification_set(struct call *c, struct bucket *bucket)
{
    const struct notification_rules *rules = notification_rules_of(c, bucket);
    struct str body =
        arena_printf(c->arena,
                     "{\"Service\":\"Amazon "
                     "S3\",\"Event\":\"s3:TestEvent\",\"Time\":\"%.*s\",\"Bucket\":\"%.*s\","
                     "\"RequestId\":\"%.*s\",\"HostId\":\"%.*s\"}",
                     STR_ARG(stamp(c->arena, c->now)), STR_ARG(bucket->name),
                     STR_ARG(c->request_id), STR_ARG(c->request_id));

    for (size_t i = 0; i < rules->count; i++) {
        bool told = false;

        for (size_t k = 0; k < i; k++) {
            told |= str_eq(rules->rules[i].arn, rules->rules[k].arn);
        }
        if (!told) {
            tell(c, bucket, rules->rules[i].arn, body);
        }
    }
}
