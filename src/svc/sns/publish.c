/* SPDX-License-Identifier: Apache-2.0
 *
 * Publishing: a message to every subscription of its topic whose filter lets it through, all in the
 * publisher's own entry.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "bus/outbox.h"
#include "bus/trace.h"
#include "svc/sns/sns_int.h"

#include <stdlib.h>

/* A message on its way to many: what need be made only once. */
struct fan_out {
    const struct topic *topic;       /* whose message it is */
    const struct message *message;   /* what is published */
    const struct value *attributes;  /* as a document, for filters; NULL: not made yet */
    const struct value *body;        /* the same of the text; VALUE_NONE: it is no JSON */
    struct envelope *envelope;       /* for the text below; NULL: not made yet */
    struct str enveloped;            /* the text in the envelope */
};

static bool wanted(struct call *c, struct fan_out *fan_out, const struct subscription *subscription)
{
    if (subscription->pattern == NULL) {
        return true;
    }
    if (subscription->by_body) {
        if (fan_out->body == NULL) {
            fan_out->body = pattern_document(fan_out->message->text, c->arena);
        }
        return pattern_match(subscription->pattern, fan_out->body);
    }
    if (fan_out->attributes == NULL) {
        fan_out->attributes = pattern_attributes(fan_out->message->attributes,
                                                 fan_out->message->attribute_count, c->arena);
    }
    return pattern_match(subscription->pattern, fan_out->attributes);
}

/* The text for a protocol: its own, or the one for all. */
static struct str text_for(const struct message *message, uint8_t protocol)
{
    const struct value *own =
        message->texts == NULL ? NULL : map_find(message->texts, protocol_text(protocol));

    return own != NULL && own->kind == VALUE_STR ? own->str : message->text;
}

static struct str enveloped(struct call *c, struct fan_out *fan_out,
                            const struct subscription *subscription, struct str text)
{
    if (fan_out->envelope == NULL || fan_out->enveloped.at != text.at) {
        fan_out->envelope = envelope_new(c, fan_out->topic, fan_out->message, text);
        fan_out->enveloped = text;
    }
    return envelope_text(c, fan_out->envelope, subscription);
}

/* ---- queues ---- */

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct bus_attribute *)a)->name,
                   ((const struct bus_attribute *)b)->name);
}

static void sorted_attributes(struct call *c, const struct message *message,
                              struct bus_event *event)
{
    struct bus_attribute *attributes =
        arena_alloc(c->arena, (message->attribute_count + 1) * sizeof(*attributes));

    if (message->attribute_count > 0) {
        memcpy(attributes, message->attributes, message->attribute_count * sizeof(*attributes));
        qsort(attributes, message->attribute_count, sizeof(*attributes), by_name);
    }
    event->attributes = attributes;
    event->attribute_count = message->attribute_count;
}

static struct str digest_of(struct call *c, struct str text)
{
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);

    sha256(text, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, 2 * SHA256_BYTES);
}

static void to_queue(struct call *c, struct fan_out *fan_out,
                     const struct subscription *subscription)
{
    const struct message *message = fan_out->message;
    struct str text = text_for(message, subscription->protocol);
    struct bus_event event = {
        .target = subscription->endpoint,
        .source = topic_arn(c->arena, fan_out->topic),
        .principal = STR("sns.amazonaws.com"),
        .via = subscription->arn,
        .account = fan_out->topic->account,
        .body = subscription->raw ? text : enveloped(c, fan_out, subscription, text),
        .group = message->group,
        .deduplication = message->deduplication,
        .about = message->id,
        .dead = subscription->dead_arn,
    };

    if (subscription->raw && message->attribute_count > ATTRIBUTES_MAX) {
        struct hop hop = {event.source, event.target, event.via,
                          STR("refused: more than 10 attributes cannot be delivered raw"),
                          event.about};

        trace_hop(c, &hop);
        return;
    }
    if (subscription->raw) {
        sorted_attributes(c, message, &event);
    }
    if (fan_out->topic->fifo && event.deduplication.at == NULL) {
        event.deduplication = digest_of(c, message->text);
    }
    if (message->replayed && event.deduplication.at != NULL) {
        /* a queue that had it less than five minutes ago would swallow it otherwise */
        event.deduplication = digest_of(c, arena_printf(c->arena, "replay %lld %.*s",
                                                        (long long)c->now, STR_ARG(message->id)));
    }
    (void)bus_send(c, &event); /* a refusal is noted, and goes to its dead-letter queue */
}

/* ---- mail and text messages ---- */

static void to_outbox(struct call *c, struct fan_out *fan_out,
                      const struct subscription *subscription)
{
    struct str text = text_for(fan_out->message, subscription->protocol);
    struct outbox_message message = {
        .kind = protocol_text(subscription->protocol),
        .from = topic_arn(c->arena, fan_out->topic),
        .to = subscription->endpoint,
        .subject = fan_out->message->subject,
        .body = subscription->protocol == TO_EMAIL_JSON
                    ? enveloped(c, fan_out, subscription, text)
                    : text,
    };
    struct hop hop = {message.from, message.to, subscription->arn, STR("outbox"),
                      fan_out->message->id};

    outbox_add(c, &message);
    trace_hop(c, &hop);
}

/* ---- all ---- */

/* Nobody is left to wonder where it went. */
static void pass_by(struct call *c, const struct fan_out *fan_out,
                    const struct subscription *subscription)
{
    struct hop hop = {topic_arn(c->arena, fan_out->topic), subscription->endpoint,
                      subscription->arn,
                      subscription->by_body ? STR("no match: the filter policy, on the body")
                                            : STR("no match: the filter policy, on attributes"),
                      fan_out->message->id};

    trace_hop(c, &hop);
}

static void give(struct call *c, struct fan_out *fan_out, const struct subscription *subscription)
{
    struct str text;

    if (subscription->pending) {
        return;
    }
    if (!wanted(c, fan_out, subscription)) {
        pass_by(c, fan_out, subscription);
        return;
    }
    switch (subscription->protocol) {
    case TO_SQS:
        to_queue(c, fan_out, subscription);
        return;
    case TO_HTTP:
    case TO_HTTPS:
        text = text_for(fan_out->message, subscription->protocol);
        http_deliver(c, subscription, "Notification", fan_out->message->id,
                     subscription->raw ? text : enveloped(c, fan_out, subscription, text));
        return;
    default:
        to_outbox(c, fan_out, subscription);
    }
}

void subscription_give(struct call *c, struct subscription *subscription,
                       const struct message *message)
{
    struct fan_out fan_out = {.topic = subscription->topic, .message = message};

    give(c, &fan_out, subscription);
}

/* A twin of the last five minutes; false: none, and this one is remembered. */
static bool is_twin(struct call *c, struct topic *topic, struct message *message,
                    struct published *ret_published)
{
    struct str scope = topic->dedup_by_group ? message->group : STR("");
    struct str id = message->deduplication.at != NULL ? message->deduplication
                                                      : digest_of(c, message->text);
    struct twin twin;

    if (twin_find(c, topic, scope, id, &twin)) {
        struct hop hop = {c->principal, topic_arn(c->arena, topic), STR_NONE,
                          arena_printf(c->arena, "duplicate of %.*s", STR_ARG(twin.id)),
                          message->id};

        trace_hop(c, &hop);
        *ret_published = (struct published){arena_dup(c->arena, twin.id), twin.number};
        return true;
    }
    uint64_t first = (uint64_t)c->now << 20;

    topic->last = topic->last + 1 > first ? topic->last + 1 : first;
    message->number = topic->last;
    twin = (struct twin){message->id, message->number, c->now};
    twin_save(c, topic, scope, id, &twin);
    return false;
}

void topic_publish(struct call *c, struct topic *topic, struct message *message,
                   struct published *ret_published)
{
    struct fan_out fan_out = {.topic = topic, .message = message};
    char *id = arena_alloc(c->arena, ID_BYTES);

    rand_uuid(c->rand, id);
    message->id = str_of(id, ID_BYTES);
    if (topic->fifo && is_twin(c, topic, message, ret_published)) {
        return;
    }
    if (topic->archive_days > 0) {
        archive_add(c, topic, message);
    }
    for (const struct subscription *at = topic->subscriptions; at != NULL; at = at->next) {
        give(c, &fan_out, at);
    }
    *ret_published = (struct published){message->id, message->number};
}
