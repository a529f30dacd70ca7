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
    for (uint8_t i = 0; i < PROTOCOLS; i++) {
        if (str_eq(text, str_c(protocols[i]))) {
            *ret_protocol = i;
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
    struct subscription *subscription = map_get(sns_of(c)->subscriptions, text);
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("sns"))) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: SubscriptionArn Reason: An ARN must "
                    "have at least 6 elements, not %d", 1);
    }
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

static status filter_check(struct call *c, struct str text, bool by_body,
                           struct pattern **ret_pattern)
{
    status compiled;

    if (text.bytes == 0 || str_eq(text, STR("{}"))) {
        *ret_pattern = NULL;
        return OK;
    }
    compiled = pattern_compile(text, by_body ? PATTERN_BODY : PATTERN_ATTRIBUTES, &c->why,
                               ret_pattern);
    if (compiled != OK) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: FilterPolicy: %.*s", STR_ARG(why));
    }
    return OK;
}

static status redrive_check(struct call *c, const struct subscription *subscription,
                            struct subscription_change *change)
{
    struct value document;
    const struct value *target;
    struct arn arn;

    if (change->text.bytes == 0) {
        return OK;
    }
    target = is_document(c, change->text, &document)
                 ? map_find(&document, STR("deadLetterTargetArn"))
                 : NULL;
    if (target == NULL || target->kind != VALUE_STR || !arn_read(target->str, &arn) ||
        !str_eq(arn.service, STR("sqs"))) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn");
    }
    if (subscription->topic->fifo && !str_ends(arn.resource, STR(".fifo"))) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO "
                    "topic");
    }
    change->dead_arn = target->str;
    return OK;
}

static status flag_check(struct call *c, const struct subscription_change *change)
{
    if (!str_eq_nocase(change->text, STR("true")) && !str_eq_nocase(change->text, STR("false"))) {
        return fail(
            c, &SNS_BAD_PARAMETER,
            "Invalid parameter: Attributes Reason: %.*s: Invalid value [%.*s]. Must be true "
            "or false.",
            STR_ARG(change->name), STR_ARG(str_slice(change->text, 0, 256)));
    }
    return OK;
}

status subscription_attribute_check(struct call *c, const struct subscription *subscription,
                                    struct subscription_change *change)
{
    struct str filter = setting_get(&subscription->attributes, "FilterPolicy");

    if (str_eq(change->name, STR("FilterPolicy"))) {
        return filter_check(c, change->text, subscription->by_body, &change->pattern);
    }
    if (str_eq(change->name, STR("FilterPolicyScope"))) {
        bool by_body = str_eq(change->text, STR("MessageBody"));

        if (!by_body && !str_eq(change->text, STR("MessageAttributes"))) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: FilterPolicyScope: Invalid value [%.*s]. Please use "
                        "either MessageBody or MessageAttributes",
                        STR_ARG(str_slice(change->text, 0, 256)));
        }
        return filter_check(c, filter, by_body, &change->pattern);
    }
    if (str_eq(change->name, STR("RawMessageDelivery"))) {
        if (subscription->protocol >= TO_EMAIL || subscription->protocol == TO_LAMBDA) {
            return fail(c, &SNS_BAD_PARAMETER,
                        "Invalid parameter: Attributes Reason: RawMessageDelivery can only be set "
                        "for sqs, http, https and firehose");
        }
        return flag_check(c, change);
    }
    if (str_eq(change->name, STR("RedrivePolicy"))) {
        return redrive_check(c, subscription, change);
    }
    if (str_eq(change->name, STR("DeliveryPolicy"))) {
        return change->text.bytes == 0 ? OK : delivery_policy_check(c, change->text, NULL);
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
