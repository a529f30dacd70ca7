/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP and HTTPS subscriptions: deliveries with AWS's headers, and delivery policies. Source:
 * "Amazon SNS message delivery retries" and "Creating an HTTP/S delivery policy", AWS
 * documentation.
 */
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#define SECONDS_MAX 3600
#define RETRIES_MAX 100

/* As AWS does it without a policy: three at once, two after 1 s, ten climbing to 20 s, 35 of 20 s.
 */
static const struct retry usual = {
    .retries = 50, .no_delay = 3, .min_delay = 2, .max_delay = 35, .min_ms = 1000, .max_ms = 20000,
    .backoff = BACKOFF_EXPONENTIAL, .age_ms_max = INT64_C(3600) * 1000,
};

static bool number_of(const struct value *map, const char *name, uint32_t *number)
{
    const struct value *value = map_find(map, str_c(name));

    if (value == NULL) {
        return true;
    }
    if (value->kind != VALUE_INT || value->number < 0 || value->number > SECONDS_MAX) {
        return false;
    }
    *number = (uint32_t)value->number;
    return true;
}

static bool seconds_of(const struct value *map, const char *name, int64_t *ret_ms)
{
    uint32_t seconds = (uint32_t)(*ret_ms / 1000);

    if (!number_of(map, name, &seconds)) {
        return false;
    }
    *ret_ms = seconds * INT64_C(1000);
    return true;
}

static bool backoff_of(const struct value *map, enum backoff *ret_backoff)
{
    static const char *const names[] = {"linear", "arithmetic", "geometric", "exponential"};
    const struct value *value = map_find(map, STR("backoffFunction"));

    for (int i = 0; value != NULL && i < 4; i++) {
        if (value->kind == VALUE_STR && str_eq(value->str, str_c(names[i]))) {
            *ret_backoff = (enum backoff)i;
            return true;
        }
    }
    return value == NULL;
}

static bool retry_read(const struct value *map, struct retry *retry)
{
    bool good = number_of(map, "numRetries", &retry->retries) &&
                number_of(map, "numNoDelayRetries", &retry->no_delay) &&
                number_of(map, "numMinDelayRetries", &retry->min_delay) &&
                number_of(map, "numMaxDelayRetries", &retry->max_delay) &&
                seconds_of(map, "minDelayTarget", &retry->min_ms) &&
                seconds_of(map, "maxDelayTarget", &retry->max_ms) &&
                backoff_of(map, &retry->backoff);

    return good && retry->retries <= RETRIES_MAX && retry->min_ms >= 1000 &&
           retry->min_ms <= retry->max_ms &&
           retry->no_delay + retry->min_delay + retry->max_delay <= retry->retries;
}

/* Reads what a policy says about retries and rates into retry; false: it is wrong. */
static bool policy_read(const struct value *map, const char *retry_name, const char *throttle_name,
                        struct retry *retry)
{
    const struct value *healthy = map_find(map, str_c(retry_name));
    const struct value *throttle = map_find(map, str_c(throttle_name));

    if (healthy != NULL && healthy->kind == VALUE_MAP) {
        retry->no_delay = retry->min_delay = retry->max_delay = 0;
        if (!retry_read(healthy, retry)) {
            return false;
        }
    } else if (healthy != NULL && healthy->kind != VALUE_NULL) {
        return false;
    }
    return throttle == NULL || throttle->kind == VALUE_NULL ||
           (throttle->kind == VALUE_MAP &&
            number_of(throttle, "maxReceivesPerSecond", &retry->per_second_max));
}

static bool document(struct call *c, struct str text, struct value *ret_map)
{
    struct why why;

    return text.bytes > 0 &&
           json_read(arena_dup(c->arena, text), 0, c->arena, &why, ret_map) == OK &&
           ret_map->kind == VALUE_MAP;
}

status delivery_policy_check(struct call *c, struct str text, const char *member)
{
    struct retry retry = usual;
    const struct value *map;
    struct value top;

    if (!document(c, text, &top)) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: DeliveryPolicy: failed to parse JSON.");
    }
    map = member == NULL ? &top : map_find(&top, str_c(member));
    bool good = map != NULL && map->kind == VALUE_MAP &&
                (member == NULL ? policy_read(map, "healthyRetryPolicy", "throttlePolicy", &retry)
                                : policy_read(map, "defaultHealthyRetryPolicy",
                                              "defaultThrottlePolicy", &retry));

    if (!good) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: DeliveryPolicy: HealthyRetryPolicy or ThrottlePolicy has a "
                    "value that is not allowed");
    }
    return OK;
}

static void policy_of(struct call *c, const struct subscription *subscription, struct retry *retry,
                      struct str *ret_content_type)
{
    struct value top;

    *retry = usual;
    if (document(c, setting_get(&subscription->topic->attributes, "DeliveryPolicy"), &top)) {
        const struct value *http = map_find(&top, STR("http"));

        if (http != NULL && http->kind == VALUE_MAP) {
            (void)policy_read(http, "defaultHealthyRetryPolicy", "defaultThrottlePolicy", retry);
        }
    }
    if (document(c, setting_get(&subscription->attributes, "DeliveryPolicy"), &top)) {
        const struct value *request = map_find(&top, STR("requestPolicy"));
        const struct value *type = request == NULL || request->kind != VALUE_MAP
                                       ? NULL
                                       : map_find(request, STR("headerContentType"));

        (void)policy_read(&top, "healthyRetryPolicy", "throttlePolicy", retry);
        if (type != NULL && type->kind == VALUE_STR) {
            *ret_content_type = type->str;
        }
    }
}

void http_deliver(struct call *c, const struct subscription *subscription, const char *type,
                  struct str id, struct str text)
{
    bool told = strcmp(type, "Notification") == 0;
    struct str content_type = STR("text/plain; charset=UTF-8");
    struct delivery delivery = {
        .carrier = STR("http"),
        .target = subscription->endpoint,
        .via = subscription->arn,
        .dead = {.target = subscription->dead_arn,
                 .source = topic_arn(c->arena, subscription->topic),
                 .principal = STR("sns.amazonaws.com"),
                 .account = subscription->topic->account,
                 .body = text,
                 .about = id},
    };
    struct http_header headers[8] = {
        {STR("x-amz-sns-message-type"), str_c(type)},
        {STR("x-amz-sns-message-id"), id},
        {STR("x-amz-sns-topic-arn"), delivery.dead.source},
        {STR("User-Agent"), STR("Amazon Simple Notification Service Agent")},
    };
    size_t count = 4;

    policy_of(c, subscription, &delivery.retry, &content_type);
    headers[count++] = (struct http_header){STR("Content-Type"), content_type};
    if (told) {
        headers[count++] =
            (struct http_header){STR("x-amz-sns-subscription-arn"), subscription->arn};
    }
    if (told && subscription->raw) {
        headers[count++] = (struct http_header){STR("x-amz-sns-rawdelivery"), STR("true")};
    }
    delivery.payload = delivery_http_payload(c->arena, headers, count, text);
    (void)bus_deliver(c, &delivery); /* there are too many already: its trace says so */
}
