/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP and HTTPS subscriptions: deliveries with AWS's headers. Source: "HTTP/HTTPS headers", AWS
 * documentation.
 */
#include "bus/trace.h"
#include "svc/sns/sns_int.h"

#define HEADERS_MAX 8

void http_deliver(struct call *c, const struct subscription *subscription, const char *type,
                  struct str id, struct str text)
{
    bool told = strcmp(type, "Notification") == 0;
    struct delivery delivery = {
        .carrier = STR("http"),
        .target = subscription->endpoint,
        .via = told ? subscription->arn : STR_NONE, /* a hold is for messages */
        .dead = {.target = told ? subscription->dead_arn : STR_NONE,
                 .source = topic_arn(c->arena, subscription->topic),
                 .principal = STR("sns.amazonaws.com"),
                 .account = subscription->topic->account,
                 .body = text,
                 .about = id},
    };
    struct http_header headers[HEADERS_MAX] = {
        {STR("x-amz-sns-message-type"), str_c(type)},
        {STR("x-amz-sns-message-id"), id},
        {STR("x-amz-sns-topic-arn"), delivery.dead.source},
        {STR("User-Agent"), STR("Amazon Simple Notification Service Agent")},
        {STR("Accept-Encoding"), STR("gzip,deflate")},
    };
    struct delivery_policy policy;
    size_t count = 5;

    policy_of_subscription(c->arena, subscription, &policy);
    delivery.retry = policy.retry;
    headers[count++] = (struct http_header){
        STR("Content-Type"), told ? policy.content_type : STR("text/plain; charset=UTF-8")};
    if (strcmp(type, "SubscriptionConfirmation") != 0) {
        headers[count++] =
            (struct http_header){STR("x-amz-sns-subscription-arn"), subscription->arn};
    }
    if (told && subscription->raw) {
        headers[count++] = (struct http_header){STR("x-amz-sns-rawdelivery"), STR("true")};
    }
    delivery.payload = delivery_http_payload(c->arena, headers, count, text);
    if (bus_deliver(c, &delivery) != OK) { /* there are too many already */
        struct hop hop = {delivery.dead.source, delivery.target, subscription->arn,
                          arena_printf(c->arena, "refused: %s", c->why.text), id};

        trace_hop(c, &hop);
        if (delivery.dead.target.bytes > 0) {
            (void)bus_send(c, &delivery.dead);
        }
    }
}
