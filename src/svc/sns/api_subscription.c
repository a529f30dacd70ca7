/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of subscriptions. Queues are confirmed at once; HTTP endpoints and e-mail
 * addresses when they, or whoever reads the outbox, visit the URL they are sent.
 */
#include "bus/outbox.h"
#include "bus/timer.h"
#include "svc/sns/sns_ops.h"

#include <stdlib.h>

#define TOKEN_BYTES 64

/* ---- Subscribe ---- */

static status endpoint_check(struct call *c, const struct topic *topic, uint8_t protocol,
                             struct str endpoint)
{
    struct bus_event event = {.target = endpoint,
                              .source = topic_arn(c->arena, topic),
                              .principal = STR("sns.amazonaws.com"),
                              .account = topic->account};
    struct arn arn;
    bool good = true;

    if (topic->fifo && protocol != TO_SQS) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Invalid protocol type: FIFO topics can only have SQS "
                    "subscriptions");
    }
    switch (protocol) {
    case TO_SQS:
        if (!arn_read(endpoint, &arn) || !str_eq(arn.service, STR("sqs"))) {
            return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: SQS endpoint ARN");
        }
        if (!topic->fifo && str_ends(endpoint, STR(".fifo"))) {
            return fail(
                c, &SNS_BAD_PARAMETER,
                "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can "
                "not be subscribed to standard SNS topics");
        }
        return OK; /* a queue may be made later; until then its messages are refused */
    case TO_LAMBDA:
    case TO_FIREHOSE:
        return bus_check(c, &event) == OK
                   ? OK
                   : fail(c, &SNS_BAD_PARAMETER,
                          "Invalid parameter: Endpoint Reason: weir cannot deliver to %.*s yet",
                          STR_ARG(str_slice(endpoint, 0, 512)));
    case TO_HTTP:
        good = str_starts_nocase(endpoint, STR("http://"));
        break;
    case TO_HTTPS:
        good = str_starts_nocase(endpoint, STR("https://"));
        break;
    case TO_EMAIL:
    case TO_EMAIL_JSON:
        good = str_find(endpoint, '@', 0) < endpoint.bytes;
        break;
    default:
        good = endpoint.bytes > 0;
    }
    return good ? OK : fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Endpoint");
}

/* A subscription that is not in its topic yet, with its attributes. */
static status attributes_read(struct call *c, struct subscription *subscription)
{
    static const char *const first[] = {"FilterPolicyScope", NULL};
    const struct value *map = arg(c, "Attributes");

    for (int turn = 0; turn < 2; turn++) { /* the scope before the policy it is for */
        for (uint32_t i = 0; map != NULL && i < map->count; i++) {
            struct subscription_change change = {.name = map->pairs[i].key,
                                                 .text = map->pairs[i].value.str};

            if (str_eq(change.name, str_c(first[0])) != (turn == 0)) {
                continue;
            }
            TRY(subscription_attribute_check(c, subscription, &change));
            subscription_attribute_set(subscription, &change);
        }
    }
    return OK;
}

static struct subscription *same_subscription(const struct topic *topic, uint8_t protocol,
                                              struct str endpoint)
{
    for (struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        if (at->protocol == protocol && str_eq(at->endpoint, endpoint)) {
            return at;
        }
    }
    return NULL;
}

static bool same_attributes(struct call *c, const struct subscription *subscription)
{
    const struct value *map = arg(c, "Attributes");

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        struct str name = arena_dup(c->arena, map->pairs[i].key);

        if (!str_eq(setting_get(&subscription->attributes, name.at), map->pairs[i].value.str)) {
            return false;
        }
    }
    return true;
}

static struct str new_token(struct call *c)
{
    static const char digits[] = "0123456789abcdef";
    char *token = arena_alloc(c->arena, TOKEN_BYTES);

    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        token[i] = digits[rand_u64(c->rand) & 15];
    }
    return str_of(token, TOKEN_BYTES);
}

static struct str new_id(struct call *c)
{
    char *id = arena_alloc(c->arena, ID_BYTES);

    rand_uuid(c->rand, id);
    return str_of(id, ID_BYTES);
}

/* Asks whoever is behind the endpoint. */
static void ask(struct call *c, const struct subscription *subscription)
{
    struct str id = new_id(c);
    struct str text = confirmation_text(c, subscription, "SubscriptionConfirmation", id);

    if (subscription->protocol == TO_HTTP || subscription->protocol == TO_HTTPS) {
        http_deliver(c, subscription, "SubscriptionConfirmation", id, text);
        return;
    }
    struct outbox_message message = {
        .kind = protocol_text(subscription->protocol),
        .from = topic_arn(c->arena, subscription->topic),
        .to = subscription->endpoint,
        .subject = STR("AWS Notification - Subscription Confirmation"),
        .body = text,
    };

    outbox_add(c, &message);
}

static bool is_asked(uint8_t protocol)
{
    return protocol == TO_HTTP || protocol == TO_HTTPS || protocol == TO_EMAIL ||
           protocol == TO_EMAIL_JSON;
}

static status filters_check(struct call *c, const struct topic *topic)
{
    size_t count = 0;

    for (const struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        count += at->pattern != NULL;
    }
    return count < FILTERS_PER_TOPIC_MAX
               ? OK
               : fail(c, &SNS_FILTER_LIMIT, "The topic has too many filter policies");
}

static status subscribe_new(struct call *c, struct topic *topic, uint8_t protocol)
{
    struct subscription *subscription = subscription_new(topic, new_id(c));
    bool shown = !is_asked(protocol) || arg_bool(c, "ReturnSubscriptionArn", false);
    status checked;

    subscription->protocol = protocol;
    text_set(&subscription->endpoint, arg_str(c, "Endpoint"));
    text_set(&subscription->owner, c->account);
    subscription->pending = is_asked(protocol);
    subscription->authenticated = !subscription->pending;
    checked = attributes_read(c, subscription);
    if (checked == OK && subscription->pattern != NULL) {
        checked = filters_check(c, topic);
    }
    if (checked == OK && !subscription_add(sns_of(c), subscription)) {
        checked = fail(c, &SNS_SUBSCRIPTION_LIMIT, "The topic has too many subscriptions");
    }
    if (checked != OK) {
        subscription_free(subscription);
        return checked;
    }
    if (subscription->pending) {
        text_set(&subscription->token, new_token(c));
        ask(c, subscription);
    }
    replay_begin(c, subscription);
    subscription_save(c, subscription);
    put_str(c, "SubscriptionArn",
            shown ? arena_dup(c->arena, subscription->arn) : STR("pending confirmation"));
    call_on(c, arena_dup(c->arena, subscription->arn));
    return OK;
}

/* Subscribe: once; the same again gives the same ARN. */
status sns_subscribe(struct call *c)
{
    struct subscription *subscription;
    struct topic *topic;
    uint8_t protocol;

    if (!protocol_read(arg_str(c, "Protocol"), &protocol)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Amazon SNS does not support this "
                    "protocol string: %.*s", STR_ARG(str_slice(arg_str(c, "Protocol"), 0, 128)));
    }
    TRY(topic_of_call(c, "TopicArn", &topic));
    TRY(endpoint_check(c, topic, protocol, arg_str(c, "Endpoint")));
    subscription = same_subscription(topic, protocol, arg_str(c, "Endpoint"));
    if (subscription == NULL) {
        return subscribe_new(c, topic, protocol);
    }
    if (!same_attributes(c, subscription)) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Attributes Reason: Subscription already exists with "
                    "different attributes");
    }
    if (subscription->pending) {
        ask(c, subscription);
    }
    put_str(c, "SubscriptionArn",
            subscription->pending && !arg_bool(c, "ReturnSubscriptionArn", false)
                ? STR("pending confirmation")
                : subscription->arn);
    return OK;
}

/* ConfirmSubscription */
status sns_confirm_subscription(struct call *c)
{
    struct topic *topic;

    TRY(topic_of_call(c, "TopicArn", &topic));
    for (struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        if (at->token.bytes == 0 || !str_eq(at->token, arg_str(c, "Token"))) {
            continue;
        }
        if (at->pending) {
            at->pending = false;
            topic->pending--;
            at->authenticated = c->access_key.bytes > 0;
            subscription_save(c, at);
        }
        put_str(c, "SubscriptionArn", at->arn);
        call_on(c, arena_dup(c->arena, at->arn));
        return OK;
    }
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Token");
}

/* Unsubscribe: one that is not there is fine. */
status sns_unsubscribe(struct call *c)
{
    struct subscription *subscription = map_get(sns_of(c)->subscriptions,
                                                arg_str(c, "SubscriptionArn"));

    if (subscription == NULL) {
        struct arn arn;

        return arn_read(arg_str(c, "SubscriptionArn"), &arn)
                   ? OK
                   : fail(c, &SNS_BAD_PARAMETER,
                          "Invalid parameter: SubscriptionArn Reason: An ARN "
                          "must have at least 6 elements, not %d",
                          1);
    }
    call_on(c, arg_str(c, "SubscriptionArn"));
    subscription_erase(c, subscription);
    subscription_remove(sns_of(c), subscription);
    return OK;
}

/* ---- listing ---- */

static void put_subscription(struct call *c, struct value *list,
                             const struct subscription *subscription)
{
    struct value *item = list_add(c->arena, list);

    set_str(item, "SubscriptionArn",
            subscription->pending ? STR("PendingConfirmation") : subscription->arn);
    set_str(item, "Owner", subscription->owner);
    set_str(item, "Protocol", protocol_text(subscription->protocol));
    set_str(item, "Endpoint", subscription->endpoint);
    set_str(item, "TopicArn", topic_arn(c->arena, subscription->topic));
}

/* From behind the one named by the token, which is "TOPIC/ID" (or an index of a topic's). */
static int by_arn(const void *a, const void *b)
{
    return str_cmp((*(struct subscription *const *)a)->arn,
                   (*(struct subscription *const *)b)->arn);
}

static status put_page(struct call *c, struct subscription **all, size_t count)
{
    struct str after = arg_str(c, "NextToken");
    struct value *list = put_list(c, "Subscriptions", PAGE_MAX);

    qsort(all, count, sizeof(*all), by_arn);
    for (size_t i = 0; i < count; i++) {
        if (after.bytes > 0 && str_cmp(all[i]->arn, after) <= 0) {
            continue;
        }
        if (list->count == PAGE_MAX) {
            put_str(c, "NextToken", all[i - 1]->arn);
            break;
        }
        put_subscription(c, list, all[i]);
    }
    return OK;
}

/* ListSubscriptions */
status sns_list_subscriptions(struct call *c)
{
    struct map *subscriptions = sns_of(c)->subscriptions;
    struct subscription **all =
        arena_alloc(c->arena, (map_count(subscriptions) + 1) * sizeof(*all));
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(subscriptions, &i, &key, &value);) {
        struct subscription *at = value;

        if (str_eq(at->topic->account, c->account) && str_eq(at->topic->region, c->region)) {
            all[count++] = at;
        }
    }
    return put_page(c, all, count);
}

/* ListSubscriptionsByTopic */
status sns_list_subscriptions_by_topic(struct call *c)
{
    struct subscription **all;
    struct topic *topic;
    size_t count = 0;

    TRY(topic_of_call(c, "TopicArn", &topic));
    all = arena_alloc(c->arena, (topic->subscription_count + 1) * sizeof(*all));
    for (struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        all[count++] = at;
    }
    return put_page(c, all, count);
}

/* ---- attributes ---- */

static struct str flag(bool on)
{
    return on ? STR("true") : STR("false");
}

/* GetSubscriptionAttributes */
status sns_get_subscription_attributes(struct call *c)
{
    struct subscription *subscription;
    struct value *map;

    TRY(subscription_of_call(c, &subscription));
    map = set_map(c->arena, c->out, "Attributes", subscription->attributes.count + 16);
    map_add_str(map, STR("SubscriptionArn"), subscription->arn);
    map_add_str(map, STR("TopicArn"), topic_arn(c->arena, subscription->topic));
    map_add_str(map, STR("Owner"), subscription->owner);
    map_add_str(map, STR("Protocol"), protocol_text(subscription->protocol));
    map_add_str(map, STR("Endpoint"), subscription->endpoint);
    map_add_str(map, STR("PendingConfirmation"), flag(subscription->pending));
    map_add_str(map, STR("ConfirmationWasAuthenticated"), flag(subscription->authenticated));
    map_add_str(map, STR("SubscriptionPrincipal"),
                arena_printf(c->arena, "arn:aws:iam::%.*s:root", STR_ARG(subscription->owner)));
    if (setting_get(&subscription->attributes, "RawMessageDelivery").at == NULL) {
        map_add_str(map, STR("RawMessageDelivery"), STR("false"));
    }
    if (subscription->pattern != NULL &&
        setting_get(&subscription->attributes, "FilterPolicyScope").at == NULL) {
        map_add_str(map, STR("FilterPolicyScope"), STR("MessageAttributes"));
    }
    if (setting_get(&subscription->attributes, "ReplayPolicy").at != NULL) {
        map_add_str(map, STR("ReplayStatus"),
                    subscription->replay_to_ms != 0 ? STR("InProgress") : STR("Completed"));
    }
    for (size_t i = 0; i < subscription->attributes.count; i++) {
        map_add_str(map, subscription->attributes.items[i].name,
                    subscription->attributes.items[i].text);
    }
    return OK;
}

/* SetSubscriptionAttributes */
status sns_set_subscription_attributes(struct call *c)
{
    struct subscription_change change = {.name = arg_str(c, "AttributeName"),
                                         .text = arg_str(c, "AttributeValue")};
    struct subscription *subscription;

    TRY(subscription_of_call(c, &subscription));
    TRY(subscription_attribute_check(c, subscription, &change));
    if (change.pattern != NULL && subscription->pattern == NULL) {
        status checked = filters_check(c, subscription->topic);

        if (checked != OK) {
            pattern_free(change.pattern);
            return checked;
        }
    }
    subscription_attribute_set(subscription, &change);
    if (str_eq(change.name, STR("ReplayPolicy"))) {
        replay_begin(c, subscription);
    }
    subscription_save(c, subscription);
    call_on(c, arg_str(c, "SubscriptionArn"));
    return OK;
}
