/* SPDX-License-Identifier: Apache-2.0
 *
 * Subscriptions and their attributes. Source: Subscribe and SetSubscriptionAttributes, Amazon SNS
 * API reference.
 */
#include "base/mem.h"
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#include <assert.h>

static const char *const protocols[PROTOCOLS] = {
    [TO_SQS] = "sqs",     [TO_LAMBDA] = "lambda",         [TO_FIREHOSE] = "firehose",
    [TO_HTTP] = "http",   [TO_HTTPS] = "https",           [TO_EMAIL] = "email",
    [TO_SMS] = "sms",     [TO_EMAIL_JSON] = "email-json", [TO_APPLICATION] = "application",
};

bool protocol_read(struct str text, uint8_t *ret_protocol)
{
    for (int i = 0; i < PROTOCOLS; i++) {
        if (str_eq(text, str_c(protocols[i]))) {
            *ret_protocol = (uint8_t)i;
            return true;
        }
    }
    return false;
}

struct str protocol_text(uint8_t protocol)
{
    assert(protocol < PROTOCOLS);
    return str_c(protocols[protocol]);
}

struct subscription *subscription_new(struct topic *topic, struct str id)
{
    struct subscription *subscription = MEM_NEW(struct subscription);
    struct arena *arena = arena_new(8192);

    assert(id.bytes == ID_BYTES);
    subscription->topic = topic;
    memcpy(subscription->id, id.at, ID_BYTES);
    text_set(&subscription->arn,
             arena_printf(arena, "%.*s:%.*s", STR_ARG(topic_arn(arena, topic)), STR_ARG(id)));
    arena_free(arena);
    return subscription;
}

void subscription_free(struct subscription *subscription)
{
    settings_done(&subscription->attributes);
    pattern_free(subscription->pattern);
    text_set(&subscription->arn, STR_NONE);
    text_set(&subscription->endpoint, STR_NONE);
    text_set(&subscription->owner, STR_NONE);
    text_set(&subscription->token, STR_NONE);
    text_set(&subscription->dead_arn, STR_NONE);
    mem_free(subscription);
}

bool subscription_add(struct sns *sns, struct subscription *subscription)
{
    struct topic *topic = subscription->topic;

    if (topic->subscription_count >= SUBSCRIPTIONS_PER_TOPIC_MAX ||
        !map_set(sns->subscriptions, subscription->arn, subscription, NULL)) {
        return false;
    }
    if (topic->newest == NULL) {
        topic->subscriptions = subscription;
    } else {
        topic->newest->next = subscription;
    }
    topic->newest = subscription;
    topic->subscription_count++;
    topic->pending += subscription->pending;
    return true;
}

void subscription_remove(struct sns *sns, struct subscription *subscription)
{
    struct topic *topic = subscription->topic;
    struct subscription **at = &topic->subscriptions;
    struct subscription *before = NULL;

    map_remove(sns->subscriptions, subscription->arn);
    while (*at != subscription) {
        before = *at;
        at = &(*at)->next;
    }
    *at = subscription->next;
    topic->newest = topic->newest == subscription ? before : topic->newest;
    topic->subscription_count--;
    topic->pending -= subscription->pending;
    topic->deleted++;
    subscription_free(subscription);
}

status subscription_of_call(struct call *c, struct subscription **ret_subscription)
{
    struct str text = arg_str(c, "SubscriptionArn");
    struct subscription *subscription;
    struct arn arn;
    size_t colon;

    if (text.bytes == 0) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: SubscriptionArn Reason: no value "
                    "for required parameter");
    }
    TRY(arn_of_call(c, "SubscriptionArn", &arn));
    colon = str_find(arn.resource, ':', 0);
    if (arn.resource.bytes - colon != ID_BYTES + 1) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: SubscriptionId");
    }
    subscription = map_get(sns_of(c)->subscriptions, text);
    if (subscription == NULL) {
        return fail(c, &SNS_NOT_FOUND, "Subscription does not exist");
    }
    *ret_subscription = subscription;
    return OK;
}

/* ---- attributes ---- */

static bool is_document(struct call *c, struct str text, struct value *ret_document)
{
    struct why why;

    return json_read(arena_dup(c->arena, text), 0, c->arena, &why, ret_document) == OK &&
           ret_document->kind == VALUE_MAP;
}

static status refuse(struct call *c, const struct subscription_change *change, const char *why)
{
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s%.*s: %s", change->why,
                STR_ARG(change->name), why);
}

/* text: the policy that is or will be the subscription's. */
static status filter_check(struct call *c, struct str text, bool by_body,
                           struct subscription_change *change)
{
    struct why why = {""};

    change->pattern = NULL;
    if (text.bytes == 0 || str_eq(text, STR("{}"))) {
        return OK;
    }
    if (pattern_compile(text, by_body ? PATTERN_BODY : PATTERN_ATTRIBUTES, &why,
                        &change->pattern) == OK) {
        return OK;
    }
    if (strstr(why.text, "does not support nested") != NULL) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s%s", change->why, why.text);
    }
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %sFilterPolicy: %s", change->why,
                why.text);
}

static status redrive_check(struct call *c, const struct subscription *subscription,
                            struct subscription_change *change)
{
    bool fifo = subscription->topic->fifo && str_ends(subscription->endpoint, STR(".fifo"));
    struct value document;
    const struct value *target;
    struct arn arn;

    if (change->text.bytes == 0) {
        return OK;
    }
    if (!is_document(c, change->text, &document)) {
        return refuse(c, change, "failed to parse JSON.");
    }
    target = map_find(&document, STR("deadLetterTargetArn"));
    if (target == NULL || target->kind != VALUE_STR || !arn_read(target->str, &arn) ||
        !str_eq(arn.service, STR("sqs")) || arn.resource.bytes == 0) {
        return refuse(c, change, "deadLetterTargetArn is an invalid arn");
    }
    if (fifo && !str_ends(arn.resource, STR(".fifo"))) {
        return refuse(c, change,
                      "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
    }
    if (!subscription->topic->fifo && str_ends(arn.resource, STR(".fifo"))) {
        return refuse(c, change, "must use a standard queue as DLQ for a standard Topic.");
    }
    change->dead_arn = target->str;
    return OK;
}

static status invalid(struct call *c, const struct subscription_change *change,
                      const char *instead)
{
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %s%.*s: Invalid value [%.*s]. %s",
                change->why, STR_ARG(change->name), STR_ARG(str_slice(change->text, 0, 256)),
                instead);
}

static status raw_check(struct call *c, const struct subscription *subscription,
                        const struct subscription_change *change)
{
    bool on = str_eq_nocase(change->text, STR("true"));

    if (!on && !str_eq_nocase(change->text, STR("false"))) {
        return invalid(c, change, "Must be true or false.");
    }
    if (on && (subscription->protocol >= TO_EMAIL || subscription->protocol == TO_LAMBDA)) {
        return refuse(c, change, "only sqs, http, https and firehose take messages raw");
    }
    return OK;
}

static status delivery_check(struct call *c, const struct subscription_change *change)
{
    struct delivery_policy policy;
    struct str why;

    return change->text.bytes == 0 ||
                   subscription_policy_read(c->arena, change->text, &policy, &why)
               ? OK
               : refuse(c, change, arena_dup(c->arena, why).at);
}

static status scope_check(struct call *c, const struct subscription *subscription,
                          struct subscription_change *change)
{
    bool by_body = str_eq(change->text, STR("MessageBody"));

    if (!by_body && !str_eq(change->text, STR("MessageAttributes"))) {
        return invalid(c, change, "Please use either MessageBody or MessageAttributes");
    }
    return filter_check(c, setting_get(&subscription->attributes, "FilterPolicy"), by_body, change);
}

status subscription_attribute_check(struct call *c, const struct subscription *subscription,
                                    struct subscription_change *change)
{
    if (str_eq(change->name, STR("FilterPolicy"))) {
        return filter_check(c, change->text, subscription->by_body, change);
    }
    if (str_eq(change->name, STR("FilterPolicyScope"))) {
        return scope_check(c, subscription, change);
    }
    if (str_eq(change->name, STR("RawMessageDelivery"))) {
        return raw_check(c, subscription, change);
    }
    if (str_eq(change->name, STR("RedrivePolicy"))) {
        return redrive_check(c, subscription, change);
    }
    if (str_eq(change->name, STR("DeliveryPolicy"))) {
        return delivery_check(c, change);
    }
    if (str_eq(change->name, STR("ReplayPolicy"))) {
        return replay_check(c, subscription, change->text);
    }
    if (str_eq(change->name, STR("SubscriptionRoleArn"))) {
        return OK;
    }
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: AttributeName");
}

void subscription_attribute_set(struct subscription *subscription,
                                struct subscription_change *change)
{
    bool filter = str_eq(change->name, STR("FilterPolicy"));

    if (filter || str_eq(change->name, STR("FilterPolicyScope"))) {
        pattern_free(subscription->pattern);
        subscription->pattern = change->pattern;
        change->pattern = NULL;
    }
    if (str_eq(change->name, STR("RedrivePolicy"))) {
        text_set(&subscription->dead_arn, change->dead_arn);
    }
    if (change->text.bytes == 0 || (filter && str_eq(change->text, STR("{}")))) {
        setting_remove(&subscription->attributes, change->name);
    } else {
        setting_set(&subscription->attributes, change->name, change->text);
    }
    subscription->raw = str_eq_nocase(
        setting_get(&subscription->attributes, "RawMessageDelivery"), STR("true"));
    subscription->by_body = str_eq(setting_get(&subscription->attributes, "FilterPolicyScope"),
                                   STR("MessageBody"));
}

status subscription_settle(struct subscription *subscription)
{
    struct arena *arena = arena_new(4u << 20);
    struct str filter = setting_get(&subscription->attributes, "FilterPolicy");
    struct str redrive = setting_get(&subscription->attributes, "RedrivePolicy");
    struct value document;
    status settled = OK;
    struct why why;

    subscription->raw = str_eq_nocase(
        setting_get(&subscription->attributes, "RawMessageDelivery"), STR("true"));
    subscription->by_body = str_eq(setting_get(&subscription->attributes, "FilterPolicyScope"),
                                   STR("MessageBody"));
    if (filter.bytes > 0) {
        settled = pattern_compile(filter, subscription->by_body ? PATTERN_BODY : PATTERN_ATTRIBUTES,
                                  &why, &subscription->pattern);
    }
    if (redrive.bytes > 0 &&
        json_read(arena_dup(arena, redrive), 0, arena, &why, &document) == OK) {
        const struct value *target = map_find(&document, STR("deadLetterTargetArn"));

        text_set(&subscription->dead_arn, target == NULL ? STR_NONE : target->str);
    }
    arena_free(arena);
    return settled == OK ? OK : &ERR_CORRUPT;
}
