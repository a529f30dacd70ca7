/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivery policies of HTTP and HTTPS endpoints: a topic's, a subscription's, and what holds in the
 * end: what the subscription says, else the topic (whose disableSubscriptionOverrides wins over
 * all), else AWS's defaults. Source: "Amazon SNS message delivery retries", AWS documentation.
 *
 * A policy is kept as it was given and read anew each time; attributes show it filled in, as AWS
 * does.
 */
#include "base/buf.h"
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#define SECONDS_MAX 3600
#define RETRIES_MAX 100
#define TEXT_BYTES_MAX 65536
#define TYPE_BYTES_MAX 256

static const char *const backoffs[] = {"linear", "arithmetic", "geometric", "exponential"};

static const struct retry usual = {
    .retries = 3, .min_ms = 20000, .max_ms = 20000, .backoff = BACKOFF_LINEAR,
    .age_ms_max = INT64_C(3600) * 1000,
};
static const struct str usual_type = STR_INIT("text/plain; charset=UTF-8");

/* ---- reading ---- */

/* A member that is a whole number of that range, if it is there. */
static bool number_read(const struct value *map, const char *name, uint32_t least,
                        uint32_t *number)
{
    const struct value *value = map_find(map, str_c(name));

    if (value == NULL || value->kind == VALUE_NULL) {
        return true;
    }
    if (value->kind != VALUE_INT || value->number < least || value->number > SECONDS_MAX) {
        return false;
    }
    *number = (uint32_t)value->number;
    return true;
}

static bool delay_read(const struct value *map, const char *name, int64_t *ms)
{
    uint32_t seconds = (uint32_t)(*ms / 1000);

    if (!number_read(map, name, 1, &seconds)) {
        return false;
    }
    *ms = seconds * INT64_C(1000);
    return true;
}

static bool backoff_read(const struct value *map, enum backoff *backoff)
{
    const struct value *value = map_find(map, STR("backoffFunction"));

    for (int i = 0; value != NULL && i < 4; i++) {
        if (value->kind == VALUE_STR && str_eq(value->str, str_c(backoffs[i]))) {
            *backoff = (enum backoff)i;
            return true;
        }
    }
    return value == NULL || value->kind == VALUE_NULL;
}

static bool retry_read(const struct value *map, struct retry *retry)
{
    return number_read(map, "numRetries", 0, &retry->retries) &&
           number_read(map, "numNoDelayRetries", 0, &retry->no_delay) &&
           number_read(map, "numMinDelayRetries", 0, &retry->min_delay) &&
           number_read(map, "numMaxDelayRetries", 0, &retry->max_delay) &&
           delay_read(map, "minDelayTarget", &retry->min_ms) &&
           delay_read(map, "maxDelayTarget", &retry->max_ms) &&
           backoff_read(map, &retry->backoff) && retry->retries <= RETRIES_MAX &&
           retry->min_ms <= retry->max_ms &&
           retry->no_delay + retry->min_delay + retry->max_delay <= retry->retries;
}

/* A member that is an object; false when it is something else. NULL or null: not said. */
static bool part_of(const struct value *map, const char *name, const struct value **ret_part)
{
    const struct value *part = map_find(map, str_c(name));

    *ret_part = part == NULL || part->kind == VALUE_NULL ? NULL : part;
    return *ret_part == NULL || part->kind == VALUE_MAP;
}

static bool type_read(const struct value *request, struct str *ret_type)
{
    const struct value *type = map_find(request, STR("headerContentType"));
    bool good = type != NULL && type->kind == VALUE_STR && type->str.bytes > 0 &&
                type->str.bytes <= TYPE_BYTES_MAX;

    if (type == NULL || type->kind == VALUE_NULL) {
        return true;
    }
    for (size_t i = 0; good && i < type->str.bytes; i++) { /* it goes into a header */
        good = type->str.at[i] >= ' ' && type->str.at[i] < 0x7f;
    }
    if (good) {
        *ret_type = type->str;
    }
    return good;
}

struct names {
    const char *retry, *throttle, *request;
};

static const struct names of_topic = {"defaultHealthyRetryPolicy", "defaultThrottlePolicy",
                                      "defaultRequestPolicy"};
static const struct names of_subscription = {"healthyRetryPolicy", "throttlePolicy",
                                             "requestPolicy"};

static bool parts_read(const struct value *map, const struct names *names,
                       struct delivery_policy *policy, struct str *ret_why)
{
    const struct value *retry;
    const struct value *throttle;
    const struct value *request;

    if (!part_of(map, names->retry, &retry) ||
        (retry != NULL && !retry_read(retry, &policy->retry))) {
        *ret_why = STR("the retry policy has a value that is not allowed");
        return false;
    }
    if (!part_of(map, names->throttle, &throttle) ||
        (throttle != NULL &&
         !number_read(throttle, "maxReceivesPerSecond", 1, &policy->retry.per_second_max))) {
        *ret_why = STR("maxReceivesPerSecond has a value that is not allowed");
        return false;
    }
    if (!part_of(map, names->request, &request) ||
        (request != NULL && !type_read(request, &policy->content_type))) {
        *ret_why = STR("headerContentType has a value that is not allowed");
        return false;
    }
    policy->has_retry = retry != NULL;
    policy->has_throttle = policy->retry.per_second_max > 0;
    return true;
}

static bool document_read(struct arena *arena, struct str text, struct value *ret_map,
                          struct str *ret_why)
{
    struct why why;

    *ret_why = STR("failed to parse JSON.");
    return json_read(arena_dup(arena, text), 0, arena, &why, ret_map) == OK &&
           ret_map->kind == VALUE_MAP;
}

bool topic_policy_read(struct arena *arena, struct str text, struct delivery_policy *ret_policy,
                       struct str *ret_why)
{
    struct delivery_policy policy = {.retry = usual};
    const struct value *http;
    const struct value *no_overrides;
    struct value top;

    if (!document_read(arena, text, &top, ret_why)) {
        return false;
    }
    if (!part_of(&top, "http", &http)) {
        *ret_why = STR("http must be an object");
        return false;
    }
    if (http != NULL) {
        no_overrides = map_find(http, STR("disableSubscriptionOverrides"));
        policy.no_overrides =
            no_overrides != NULL && no_overrides->kind == VALUE_BOOL && no_overrides->truth;
        if (!parts_read(http, &of_topic, &policy, ret_why)) {
            return false;
        }
    }
    *ret_policy = policy;
    return true;
}

bool subscription_policy_read(struct arena *arena, struct str text,
                              struct delivery_policy *ret_policy, struct str *ret_why)
{
    struct delivery_policy policy = {.retry = usual};
    struct value top;

    if (!document_read(arena, text, &top, ret_why) ||
        !parts_read(&top, &of_subscription, &policy, ret_why)) {
        return false;
    }
    *ret_policy = policy;
    return true;
}

/* ---- what holds ---- */

static void of_topic_or_usual(struct arena *arena, const struct topic *topic,
                              struct delivery_policy *policy)
{
    struct str text = setting_get(&topic->attributes, "DeliveryPolicy");
    struct str why;

    *policy = (struct delivery_policy){.retry = usual};
    if (text.bytes > 0) {
        (void)topic_policy_read(arena, text, policy, &why); /* it was checked when it was set */
    }
}

void policy_of_subscription(struct arena *arena, const struct subscription *subscription,
                            struct delivery_policy *ret_policy)
{
    struct str text = setting_get(&subscription->attributes, "DeliveryPolicy");
    struct delivery_policy own = {.has_retry = false};
    struct delivery_policy policy;
    struct str why;

    of_topic_or_usual(arena, subscription->topic, &policy);
    if (text.bytes > 0 && !policy.no_overrides &&
        subscription_policy_read(arena, text, &own, &why)) {
        uint32_t per_second_max =
            own.has_throttle ? own.retry.per_second_max : policy.retry.per_second_max;

        if (own.has_retry) {
            policy.retry = own.retry;
        }
        policy.retry.per_second_max = per_second_max;
        policy.has_throttle = per_second_max > 0;
        policy.content_type = own.content_type.at != NULL ? own.content_type : policy.content_type;
    }
    if (policy.content_type.at == NULL) {
        policy.content_type = usual_type;
    }
    *ret_policy = policy;
}

/* ---- writing ---- */

static void add_retry(struct buf *text, const struct retry *retry)
{
    buf_printf(text,
               "{\"minDelayTarget\":%lld,\"maxDelayTarget\":%lld,\"numRetries\":%u,"
               "\"numMaxDelayRetries\":%u,\"numNoDelayRetries\":%u,\"numMinDelayRetries\":%u,"
               "\"backoffFunction\":\"%s\"}",
               (long long)(retry->min_ms / 1000), (long long)(retry->max_ms / 1000),
               retry->retries, retry->max_delay, retry->no_delay, retry->min_delay,
               backoffs[retry->backoff]);
}

static void add_request(struct buf *text, struct str type)
{
    buf_add(text, STR("{\"headerContentType\":"));
    json_write_str(text, type);
    buf_add_c(text, '}');
}

static struct str made_of(struct arena *arena, struct buf *text)
{
    struct str made = arena_dup(arena, buf_str(text));

    buf_done(text);
    return made;
}

struct str topic_policy_text(struct arena *arena, const struct topic *topic, bool effective)
{
    struct str given = setting_get(&topic->attributes, "DeliveryPolicy");
    struct delivery_policy policy;
    const struct value *retry = NULL;
    struct value top;
    struct buf text;
    struct str why;

    of_topic_or_usual(arena, topic, &policy);
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"http\":{"));
    if (effective) {
        buf_add(&text, STR("\"defaultHealthyRetryPolicy\":"));
        add_retry(&text, &policy.retry);
        buf_add_c(&text, ',');
    } else if (policy.has_retry && document_read(arena, given, &top, &why)) {
        retry = map_find(map_find(&top, STR("http")), STR("defaultHealthyRetryPolicy"));
        buf_add(&text, STR("\"defaultHealthyRetryPolicy\":"));
        json_write(&text, retry, TIME_EPOCH);
        buf_add_c(&text, ',');
    }
    buf_printf(&text, "\"disableSubscriptionOverrides\":%s",
               policy.no_overrides ? "true" : "false");
    if (policy.has_throttle) {
        buf_printf(&text, ",\"defaultThrottlePolicy\":{\"maxReceivesPerSecond\":%u}",
                   policy.retry.per_second_max);
    }
    if (effective || policy.content_type.at != NULL) {
        buf_add(&text, STR(",\"defaultRequestPolicy\":"));
        add_request(&text, policy.content_type.at != NULL ? policy.content_type : usual_type);
    }
    buf_add(&text, STR("}}"));
    return made_of(arena, &text);
}

struct str subscription_policy_text(struct arena *arena, const struct subscription *subscription,
                                    bool effective)
{
    struct delivery_policy policy = {.retry = usual};
    struct buf text;
    struct str why;

    if (effective) {
        policy_of_subscription(arena, subscription, &policy);
    } else {
        (void)subscription_policy_read(arena,
                                       setting_get(&subscription->attributes, "DeliveryPolicy"),
                                       &policy, &why);
    }
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"healthyRetryPolicy\":"));
    if (effective || policy.has_retry) {
        add_retry(&text, &policy.retry);
    } else {
        buf_add(&text, STR("null"));
    }
    buf_add(&text, STR(",\"sicklyRetryPolicy\":null,\"throttlePolicy\":"));
    if (policy.has_throttle) {
        buf_printf(&text, "{\"maxReceivesPerSecond\":%u}", policy.retry.per_second_max);
    } else {
        buf_add(&text, STR("null"));
    }
    buf_add(&text, STR(",\"requestPolicy\":"));
    if (policy.content_type.at != NULL) {
        add_request(&text, policy.content_type);
    } else {
        buf_add(&text, STR("null"));
    }
    buf_add(&text, STR(",\"guaranteed\":false}"));
    return made_of(arena, &text);
}
