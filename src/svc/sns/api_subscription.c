/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of subscriptions. Queues are confirmed at once; HTTP endpoints and e-mail
 * addresses when they, or whoever reads the outbox, visit the URL they are sent.
 */
#include "svc/sns/sns_ops.h"
#include "svc/sns/sns_platform.h"

#include <stdlib.h>

#define AUTHENTICATE "AuthenticateOnUnsubscribe" /* kept with the attributes, never shown */

/* ---- Subscribe ---- */

static status endpoint_bad(struct call *c)
{
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Endpoint");
}

static status queue_check(struct call *c, const struct topic *topic, struct str endpoint)
{
    struct arn arn;

    if (!arn_read(endpoint, &arn) || !str_eq(arn.service, STR("sqs")) ||
        arn.resource.bytes == 0) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: SQS endpoint ARN");
    }
    if (!topic->fifo && str_ends(endpoint, STR(".fifo"))) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can "
                    "not be subscribed to standard SNS topics");
    }
    return OK; /* a queue may be made later; until then its messages are refused */
}

/* What another service takes: it must be there and know the endpoint. Permission may come later;
 * until then it is given nothing. */
static status sink_check(struct call *c, const struct topic *topic, struct str endpoint,
                         const char *service)
{
    struct bus_event event = {.target = endpoint,
                              .source = topic_arn(c->arena, topic),
                              .principal = STR("sns.amazonaws.com"),
                              .account = topic->account};
    struct arn arn;

    if (!arn_read(endpoint, &arn) || !str_eq(arn.service, str_c(service))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s endpoint ARN", service);
    }
    status checked = bus_check(c, &event);

    if (checked == &BUS_REFUSED) {
        c->why.text[0] = '\0';
        return OK;
    }
    if (checked != OK) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Endpoint Reason: %.*s",
                    STR_ARG(why));
    }
    return OK;
}

static status device_check(struct call *c, struct str endpoint)
{
    struct endpoint found;

    return endpoint_find(c, endpoint, &found)
               ? OK
               : fail(c, &SNS_BAD_PARAMETER,
                      "Invalid parameter: Application endpoint arn invalid:%.*s",
                      STR_ARG(str_slice(endpoint, 0, 512)));
}

static status endpoint_check(struct call *c, const struct topic *topic, uint8_t protocol,
                             struct str endpoint)
{
    if (topic->fifo && protocol != TO_SQS) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: Invalid protocol type: FIFO topics can only have SQS "
                    "subscriptions");
    }
    switch (protocol) {
    case TO_SQS:
        return queue_check(c, topic, endpoint);
    case TO_LAMBDA:
        return sink_check(c, topic, endpoint, "lambda");
    case TO_FIREHOSE:
        return sink_check(c, topic, endpoint, "firehose");
    case TO_HTTP:
        return str_starts_nocase(endpoint, STR("http://")) ? OK : endpoint_bad(c);
    case TO_HTTPS:
        return str_starts_nocase(endpoint, STR("https://")) ? OK : endpoint_bad(c);
    case TO_SMS:
        return number_is_loose(c->arena, endpoint)
                   ? OK
                   : fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Invalid SMS endpoint: %.*s",
                          STR_ARG(str_slice(endpoint, 0, 128)));
    case TO_APPLICATION:
        return device_check(c, endpoint);
    default:
        return str_find(endpoint, '@', 0) < endpoint.bytes ? OK : endpoint_bad(c);
    }
}

/* A subscription that is not in its topic yet, with its attributes. */
static status attributes_read(struct call *c, struct subscription *subscription)
{
    const struct value *map = arg(c, "Attributes");

    for (int turn = 0; turn < 2; turn++) { /* the scope before the policy it is for */
        for (uint32_t i = 0; map != NULL && i < map->count; i++) {
            struct subscription_change change = {.why = "Attributes Reason: ",
                                                 .name = map->pairs[i].key,
                                                 .text = map->pairs[i].value.str};

            if (str_eq(change.name, STR("FilterPolicyScope")) != (turn == 0)) {
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

/* Only what the caller may see of one that did not say yes yet. */
static void put_arn(struct call *c, const struct subscription *subscription)
{
    bool shown = !subscription->pending || arg_bool(c, "ReturnSubscriptionArn", false);

    put_str(c, "SubscriptionArn",
            shown ? arena_dup(c->arena, subscription->arn) : STR("pending confirmation"));
}

/* Who puts into the delivery stream. */
static status role_given(struct call *c, const struct subscription *subscription)
{
    return subscription->protocol != TO_FIREHOSE ||
                   setting_get(&subscription->attributes, "SubscriptionRoleArn").bytes > 0
               ? OK
               : fail(c, &SNS_BAD_PARAMETER,
                      "Invalid parameter: SubscriptionRoleArn is required for the firehose "
                      "protocol");
}

static status subscribe_new(struct call *c, struct topic *topic, uint8_t protocol)
{
    struct subscription *subscription = subscription_new(topic, new_uuid(c));
    status checked;

    subscription->protocol = protocol;
    text_set(&subscription->endpoint, arg_str(c, "Endpoint"));
    text_set(&subscription->owner, c->account);
    subscription->pending = is_asked(protocol);
    subscription->authenticated = !subscription->pending;
    checked = attributes_read(c, subscription);
    if (checked == OK) {
        checked = role_given(c, subscription);
    }
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
        confirmation_ask(c, subscription);
    }
    replay_begin(c, subscription);
    subscription_save(c, subscription);
    put_arn(c, subscription);
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
        confirmation_ask(c, subscription);
    }
    put_arn(c, subscription);
    return OK;
}

/* ---- ConfirmSubscription, Unsubscribe ---- */

static bool is_hex(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (!(text.at[i] >= '0' && text.at[i] <= '9') &&
            !(text.at[i] >= 'a' && text.at[i] <= 'f')) {
            return false;
        }
    }
    return text.bytes > 0;
}

/* ConfirmSubscription: with a signature or by the link, which has none. */
status sns_confirm_subscription(struct call *c)
{
    struct subscription *subscription;

    if (!is_hex(arg_str(c, "Token"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid token");
    }
    subscription = confirmation_find(c, arg_str(c, "Token"));
    if (subscription == NULL) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Token");
    }
    if (!str_eq(topic_arn(c->arena, subscription->topic), arg_str(c, "TopicArn"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Topic");
    }
    if (subscription->pending) {
        subscription->pending = false;
        subscription->topic->pending--;
        subscription->authenticated = c->access_key.bytes > 0;
        if (str_eq_nocase(arg_str(c, "AuthenticateOnUnsubscribe"), STR("true"))) {
            setting_set(&subscription->attributes, STR(AUTHENTICATE), STR("true"));
        }
        subscription_save(c, subscription);
    }
    put_str(c, "SubscriptionArn", arena_dup(c->arena, subscription->arn));
    call_on(c, arena_dup(c->arena, subscription->arn));
    return OK;
}

/* Unsubscribe: one that is not there is fine. */
status sns_unsubscribe(struct call *c)
{
    struct subscription *subscription;
    status found = subscription_of_call(c, &subscription);

    if (found != OK) {
        return found == &SNS_NOT_FOUND ? OK : found;
    }
    if (c->access_key.bytes == 0 &&
        setting_get(&subscription->attributes, AUTHENTICATE).bytes > 0) {
        return fail(c, &SNS_AUTHORIZATION, "The subscription was confirmed with "
                    "AuthenticateOnUnsubscribe: this call must be signed");
    }
    call_on(c, arg_str(c, "SubscriptionArn"));
    confirmation_of_leaving(c, subscription);
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

static int by_arn(const void *a, const void *b)
{
    return str_cmp((*(struct subscription *const *)a)->arn,
                   (*(struct subscription *const *)b)->arn);
}

static status put_page(struct call *c, struct subscription **all, size_t count)
{
    struct value *list = put_list(c, "Subscriptions", PAGE_MAX);
    struct str after;

    TRY(page_after(c, "NextToken", &after));
    qsort(all, count, sizeof(*all), by_arn);
    for (size_t i = 0; i < count; i++) {
        if (after.bytes > 0 && str_cmp(all[i]->arn, after) <= 0) {
            continue;
        }
        if (list->count == PAGE_MAX) {
            put_page_token(c, "NextToken", all[i - 1]->arn);
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

static void put_delivery_policies(struct call *c, struct value *map,
                                  const struct subscription *subscription)
{
    if (setting_get(&subscription->attributes, "DeliveryPolicy").bytes > 0) {
        map_add_str(map, STR("DeliveryPolicy"),
                    subscription_policy_text(c->arena, subscription, false));
    }
    if (subscription->protocol == TO_HTTP || subscription->protocol == TO_HTTPS) {
        map_add_str(map, STR("EffectiveDeliveryPolicy"),
                    subscription_policy_text(c->arena, subscription, true));
    }
}

/* Or not at all: a scope without a policy says nothing. */
static bool is_shown_otherwise(const struct subscription *subscription, struct str name)
{
    return str_eq(name, STR("DeliveryPolicy")) || str_eq(name, STR(AUTHENTICATE)) ||
           (str_eq(name, STR("FilterPolicyScope")) && subscription->pattern == NULL);
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
    put_delivery_policies(c, map, subscription);
    for (size_t i = 0; i < subscription->attributes.count; i++) {
        const struct setting *setting = &subscription->attributes.items[i];

        if (!is_shown_otherwise(subscription, setting->name)) {
            map_add_str(map, setting->name, setting->text);
        }
    }
    return OK;
}

/* SetSubscriptionAttributes */
status sns_set_subscription_attributes(struct call *c)
{
    struct subscription_change change = {.why = "",
                                         .name = arg_str(c, "AttributeName"),
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
