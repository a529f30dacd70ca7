/* SPDX-License-Identifier: Apache-2.0
 *
 * Notifications: rules, and the event record, field by field and in the order AWS has them.
 * Sources: "Event message structure" and PutBucketNotificationConfiguration, AWS documentation.
 *
 * Rules
 *  1. A bucket's rules are made ready once (bucket->compiled) and dropped when a setting changes.
 *  2. A change of an object is told to every rule that matches, in the entry that changes it; a
 *     destination that refuses does not stop the change: its hop says why.
 */
#include "base/time.h"
#include "bus/sink.h"
#include "svc/s3/notify_int.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <assert.h>
#include <string.h>

#define RECORD_BYTES_MAX (64u * 1024)

/* ---- rules ---- */

const struct notification_kind notification_kinds[NOTIFICATION_KINDS] = {
    {"TopicConfigurations", "TopicArn", "Topic", "sns", "topic"},
    {"QueueConfigurations", "QueueArn", "Queue", "sqs", "queue"},
    {"LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", "lambda", "Lambda"},
};

static void filter_of(const struct value *item, struct notification_rule *rule)
{
    const struct value *filter = get(item, "Filter");
    const struct value *key = filter == NULL ? NULL : get(filter, "Key");
    const struct value *rules = key == NULL ? NULL : get(key, "FilterRules");

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        bool prefix = str_eq_nocase(get_str(&rules->items[i], "Name"), STR("prefix"));

        *(prefix ? &rule->prefix : &rule->suffix) = get_str(&rules->items[i], "Value");
    }
}

struct notification_rules *notification_rules_read(struct arena *arena,
                                                   const struct value *value)
{
    struct notification_rules *rules = ARENA_NEW(arena, struct notification_rules);

    rules->bridge = value != NULL && has(value, "EventBridgeConfiguration");
    rules->rules = arena_zero(arena, NOTIFICATION_RULES_MAX * sizeof(*rules->rules));
    for (size_t k = 0; value != NULL && k < NOTIFICATION_KINDS; k++) {
        const struct value *list = get(value, notification_kinds[k].list);
        uint32_t count = list == NULL ? 0 : list->count;

        for (uint32_t i = 0; i < count && rules->count < NOTIFICATION_RULES_MAX; i++) {
            struct notification_rule *rule = &rules->rules[rules->count++];

            rule->id = get_str(&list->items[i], "Id");
            rule->arn = get_str(&list->items[i], notification_kinds[k].arn);
            rule->events = get(&list->items[i], "Events");
            filter_of(&list->items[i], rule);
        }
    }
    return rules;
}

struct notification_rules *notification_rules_of(struct call *c, struct bucket *bucket)
{
    struct bucket_compiled *compiled = bucket_compiled_of(bucket);

    (void)c;
    if (compiled->notifications == NULL) {
        compiled->notifications =
            notification_rules_read(compiled->arena, setting_value(bucket, SETTING_NOTIFICATION));
    }
    return compiled->notifications;
}

bool notification_event_matches(struct str pattern, struct str event)
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

static bool rule_matches(const struct notification_rule *rule, struct str event, struct str key)
{
    if (!str_starts(key, rule->prefix) || !str_ends(key, rule->suffix)) {
        return false;
    }
    for (uint32_t i = 0; rule->events != NULL && i < rule->events->count; i++) {
        if (notification_event_matches(rule->events->items[i].str, event)) {
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

/* Those that came later have a later form of record. */
static int minor_version(struct str event)
{
    static const char *const later[] = {"Lifecycle", "IntelligentTiering", "ObjectAcl",
                                        "ObjectTagging", "ObjectRetention",
                                        "ObjectRestore:Delete"};

    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        if (str_starts(event, str_c(later[i]))) {
            return 3;
        }
    }
    return str_starts(event, STR("Replication")) ? 2 : 1;
}

/* Who did it: what weir does by itself, S3 did. */
static void add_request(struct call *c, struct buf *text)
{
    if (c->request == NULL) {
        buf_add(text, STR("\"userIdentity\":{\"principalId\":\"s3.amazonaws.com\"},"
                          "\"requestParameters\":{\"sourceIPAddress\":\"s3.amazonaws.com\"},"));
    } else {
        buf_printf(text,
                   "\"userIdentity\":{\"principalId\":\"AWS:%.*s\"},"
                   "\"requestParameters\":{\"sourceIPAddress\":\"%.*s\"},",
                   STR_ARG(c->account), STR_ARG(c->request->peer));
    }
    buf_printf(text,
               "\"responseElements\":{\"x-amz-request-id\":\"%.*s\",\"x-amz-id-2\":\"%.*s\"},",
               STR_ARG(c->request_id), STR_ARG(wire_host_id(c->request_id, c->arena)));
}

/* What some events say beside. */
static void add_more(struct call *c, struct buf *text, const struct object_change *change)
{
    struct str event = str_c(change->event);
    struct str storage =
        change->object == NULL ? STR_NONE : storage_class_text(change->object->storage_class);

    if (str_eq(event, STR("ObjectRestore:Completed"))) {
        buf_printf(text,
                   ",\"glacierEventData\":{\"restoreEventData\":"
                   "{\"lifecycleRestorationExpiryTime\":\"%.*s\","
                   "\"lifecycleRestoreStorageClass\":\"%.*s\"}}",
                   STR_ARG(stamp(c->arena, change->restore_until_ms)), STR_ARG(storage));
    } else if (str_eq(event, STR("LifecycleTransition"))) {
        buf_printf(text,
                   ",\"lifecycleEventData\":{\"transitionEventData\":"
                   "{\"destinationStorageClass\":\"%.*s\"}}",
                   STR_ARG(storage));
    }
}

static struct str record(struct call *c, const struct object_change *change,
                         const struct notification_rule *rule)
{
    const struct bucket *bucket = change->bucket;
    struct buf text;
    struct str made;

    buf_init(&text, RECORD_BYTES_MAX);
    buf_printf(&text, "{\"Records\":[{\"eventVersion\":\"2.%d\",\"eventSource\":\"aws:s3\",",
               minor_version(str_c(change->event)));
    buf_printf(&text, "\"awsRegion\":\"%.*s\",\"eventTime\":\"%.*s\",\"eventName\":\"%s\",",
               STR_ARG(bucket->region), STR_ARG(stamp(c->arena, c->now)), change->event);
    add_request(c, &text);
    buf_add(&text, STR("\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":"));
    json_write_str(&text, rule->id);
    buf_printf(&text,
               ",\"bucket\":{\"name\":\"%.*s\",\"ownerIdentity\":{\"principalId\":\"%.*s\"},"
               "\"arn\":\"arn:aws:s3:::%.*s\"},",
               STR_ARG(bucket->name), STR_ARG(bucket->account), STR_ARG(bucket->name));
    add_object(&text, change);
    buf_add_c(&text, '}');
    add_more(c, &text, change);
    buf_add(&text, STR("}]}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static void tell(struct call *c, const struct bucket *bucket, struct str arn, struct str key,
                 struct str body)
{
    struct bus_event event = {
        .target = arn,
        .source = bucket_arn(c->arena, bucket->name),
        .principal = STR("s3.amazonaws.com"),
        .account = bucket->account,
        .body = body,
        .subject = STR("Amazon S3 Notification"),
        .about = key,
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
            tell(c, change->bucket, rules->rules[i].arn, change->key,
                 record(c, change, &rules->rules[i]));
        }
    }
    if (rules->bridge) {
        object_bridged(c, change);
    }
    replication_changed(c, change);
}

/* ---- it was set ---- */

static bool is_told(const struct notification_rules *rules, size_t count, struct str arn)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(rules->rules[i].arn, arn)) {
            return true;
        }
    }
    return false;
}

/* Topics and queues that are new here hear of it once; functions are not called for that. */
void notification_set(struct call *c, struct bucket *bucket, const struct value *former)
{
    const struct notification_rules *rules = notification_rules_of(c, bucket);
    const struct notification_rules *before = notification_rules_read(c->arena, former);
    struct str body =
        arena_printf(c->arena,
                     "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Time\":\"%.*s\","
                     "\"Bucket\":\"%.*s\",\"RequestId\":\"%.*s\",\"HostId\":\"%.*s\"}",
                     STR_ARG(stamp(c->arena, c->now)), STR_ARG(bucket->name),
                     STR_ARG(c->request_id), STR_ARG(wire_host_id(c->request_id, c->arena)));

    for (size_t i = 0; i < rules->count; i++) {
        struct str arn = rules->rules[i].arn;
        struct arn parts;

        if (arn_read(arn, &parts) && !str_eq(parts.service, STR("lambda")) &&
            !is_told(before, before->count, arn) && !is_told(rules, i, arn)) {
            tell(c, bucket, arn, STR("s3:TestEvent"), body);
        }
    }
}
