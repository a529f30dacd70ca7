/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics and their attributes. Source: CreateTopic and SetTopicAttributes, Amazon SNS API
 * reference.
 */
#include "base/mem.h"
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#include <assert.h>
#include <stdlib.h>

#define POLICY_BYTES_MAX 30720
#define DISPLAY_NAME_BYTES_MAX 100
#define ARCHIVE_DAYS_MAX 365

struct topic *topic_new(struct str account, struct str region, struct str name)
{
    struct topic *topic = MEM_NEW(struct topic);

    text_set(&topic->account, account);
    text_set(&topic->region, region);
    text_set(&topic->name, name);
    topic->fifo = str_ends(name, STR(".fifo"));
    return topic;
}

void topic_free(struct topic *topic)
{
    struct subscription *next;

    for (struct subscription *at = topic->subscriptions; at != NULL; at = next) {
        next = at->next;
        subscription_free(at);
    }
    settings_done(&topic->attributes);
    settings_done(&topic->tags);
    text_set(&topic->account, STR_NONE);
    text_set(&topic->region, STR_NONE);
    text_set(&topic->name, STR_NONE);
    mem_free(topic);
}

struct str topic_arn(struct arena *arena, const struct topic *topic)
{
    struct arn arn = {arn_partition(topic->region), STR("sns"), topic->region, topic->account,
                      topic->name};

    return arn_write(arena, &arn);
}

struct topic *topic_find(const struct sns *sns, struct str arn)
{
    return map_get(sns->topics, arn);
}

status topic_of_call(struct call *c, const char *member, struct topic **ret_topic)
{
    struct topic *topic;
    struct arn arn;

    TRY(arn_of_call(c, member, &arn));
    if (str_find(arn.resource, ':', 0) < arn.resource.bytes) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s", member);
    }
    topic = topic_find(sns_of(c), arg_str(c, member));
    if (topic == NULL) {
        return fail(c, &SNS_NOT_FOUND, "Topic does not exist");
    }
    *ret_topic = topic;
    return OK;
}

bool topic_add(struct sns *sns, struct topic *topic)
{
    struct arena *arena = arena_new(4096);
    void *former = NULL;
    bool added = map_set(sns->topics, topic_arn(arena, topic), topic, &former);

    assert(former == NULL);
    arena_free(arena);
    return added;
}

void topic_remove(struct sns *sns, struct topic *topic)
{
    struct arena *arena = arena_new(4096);

    map_remove(sns->topics, topic_arn(arena, topic));
    arena_free(arena);
    for (struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        map_remove(sns->subscriptions, at->arn);
    }
    topic_free(topic);
}

static int by_name(const void *a, const void *b)
{
    const struct topic *one = *(struct topic *const *)a;
    const struct topic *other = *(struct topic *const *)b;

    return str_cmp(one->name, other->name);
}

struct topic **topics_sorted(struct call *c, size_t *ret_count)
{
    struct map *topics = sns_of(c)->topics;
    struct topic **sorted = arena_alloc(c->arena, (map_count(topics) + 1) * sizeof(*sorted));
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(topics, &i, &key, &value);) {
        struct topic *topic = value;

        if (str_eq(topic->account, c->account) && str_eq(topic->region, c->region)) {
            sorted[count++] = topic;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_name);
    *ret_count = count;
    return sorted;
}

/* ---- attributes ---- */

enum attribute_kind { TEXT, POLICY, FLAG, VERSION, SCOPE, ARCHIVE, DELIVERY, TRACING, RATE };

static const struct attribute {
    const char *name;
    uint8_t kind;            /* enum attribute_kind */
    bool fifo_only;
} attributes[] = {
    {"ArchivePolicy", ARCHIVE, true},
    {"ContentBasedDeduplication", FLAG, true},
    {"DeliveryPolicy", DELIVERY, false},
    {"DisplayName", TEXT, false},
    {"FifoThroughputScope", SCOPE, true},
    {"FifoTopic", FLAG, false},
    {"KmsMasterKeyId", TEXT, false},
    {"Policy", POLICY, false},
    {"SignatureVersion", VERSION, false},
    {"TracingConfig", TRACING, false},
};

static const struct attribute *attribute_named(struct str name)
{
    static const struct attribute rate = {"SuccessFeedbackSampleRate", RATE, false};
    static const struct attribute role = {"FeedbackRoleArn", TEXT, false};

    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        if (str_eq(str_c(attributes[i].name), name)) {
            return &attributes[i];
        }
    }
    if (str_ends(name, STR("SuccessFeedbackSampleRate"))) {
        return &rate;
    }
    return str_ends(name, STR("SuccessFeedbackRoleArn")) ||
                   str_ends(name, STR("FailureFeedbackRoleArn"))
               ? &role
               : NULL;
}

static bool is_document(struct call *c, struct str text, struct value *ret_document)
{
    struct why why;

    return json_read(arena_dup(c->arena, text), 0, c->arena, &why, ret_document) == OK &&
           ret_document->kind == VALUE_MAP;
}

/* Days of {"MessageRetentionPeriod": "30"}; 0 for {} and nothing. */
static bool archive_read(struct call *c, struct str text, uint32_t *ret_days)
{
    struct value document;
    const struct value *days;
    int64_t number = 0;

    if (text.bytes == 0) {
        *ret_days = 0;
        return true;
    }
    if (!is_document(c, text, &document)) {
        return false;
    }
    days = map_find(&document, STR("MessageRetentionPeriod"));
    if (days != NULL && days->kind == VALUE_INT) {
        number = days->number;
    } else if (days != NULL && (days->kind != VALUE_STR || !str_to_i64(days->str, &number))) {
        return false;
    }
    if (days != NULL ? number < 1 || number > ARCHIVE_DAYS_MAX : document.count > 0) {
        return false;
    }
    *ret_days = (uint32_t)number;
    return true;
}

static bool text_good(struct call *c, const struct attribute *attribute, struct str text)
{
    struct value document;
    uint32_t days;
    uint64_t rate;

    switch (attribute->kind) {
    case POLICY:
        return text.bytes == 0 ||
               (text.bytes <= POLICY_BYTES_MAX && is_document(c, text, &document));
    case FLAG:
        return str_eq_nocase(text, STR("true")) || str_eq_nocase(text, STR("false"));
    case VERSION:
        return str_eq(text, STR("1")) || str_eq(text, STR("2"));
    case SCOPE:
        return str_eq(text, STR("Topic")) || str_eq(text, STR("MessageGroup"));
    case TRACING:
        return str_eq(text, STR("PassThrough")) || str_eq(text, STR("Active"));
    case RATE:
        return str_to_u64(text, &rate) && rate <= 100;
    case ARCHIVE:
        return archive_read(c, text, &days);
    default:
        return strcmp(attribute->name, "DisplayName") != 0 || text.bytes <= DISPLAY_NAME_BYTES_MAX;
    }
}

status topic_attribute_check(struct call *c, const struct topic *topic, struct str name,
                             struct str text)
{
    const struct attribute *attribute = attribute_named(name);

    if (attribute == NULL || (attribute->fifo_only && !topic->fifo)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: AttributeName");
    }
    if (attribute->kind == DELIVERY && text.bytes > 0) {
        struct delivery_policy policy;
        struct str why;

        return topic_policy_read(c->arena, text, &policy, &why)
                   ? OK
                   : fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: DeliveryPolicy: %.*s",
                          STR_ARG(why));
    }
    if (!text_good(c, attribute, text)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Attributes Reason: %.*s: Invalid "
                    "value [%.*s]", STR_ARG(name), STR_ARG(str_slice(text, 0, 512)));
    }
    if (attribute->kind == ARCHIVE && text.bytes > 2) {
        for (const struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
            if (at->protocol != TO_SQS) {
                return fail(c, &SNS_BAD_PARAMETER,
                            "Invalid parameter: ArchivePolicy Reason: the topic has subscriptions "
                            "that cannot be replayed to");
            }
        }
    }
    return OK;
}

static uint32_t archive_days(struct str text)
{
    uint64_t days = 0;
    struct str digits = STR("");
    size_t at = 0;

    while (at < text.bytes && !(text.at[at] >= '0' && text.at[at] <= '9')) {
        at++;
    }
    digits = str_slice(text, at, text.bytes);
    for (at = 0; at < digits.bytes && digits.at[at] >= '0' && digits.at[at] <= '9'; at++) {
    }
    return str_to_u64(str_slice(digits, 0, at), &days) ? (uint32_t)days : 0;
}

void topic_attribute_set(struct topic *topic, struct str name, struct str text)
{
    bool standard = str_eq(name, STR("FifoTopic")) && !topic->fifo; /* as if not said */

    if (text.bytes == 0 || standard) {
        setting_remove(&topic->attributes, name);
    } else {
        setting_set(&topic->attributes, name, text);
    }
    topic->content_dedup =
        str_eq_nocase(setting_get(&topic->attributes, "ContentBasedDeduplication"), STR("true"));
    topic->dedup_by_group =
        str_eq(setting_get(&topic->attributes, "FifoThroughputScope"), STR("MessageGroup"));
    topic->sha256 = str_eq(setting_get(&topic->attributes, "SignatureVersion"), STR("2"));
    topic->archive_days = archive_days(setting_get(&topic->attributes, "ArchivePolicy"));
}
