/* SPDX-License-Identifier: Apache-2.0
 *
 * Publishing: a message to every subscription of its topic whose filter lets it through, all in the
 * publisher's own entry.
 */
#include "bus/outbox.h"
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/sns/sns_platform.h"
#include "wire/json.h"

#include <stdlib.h>

#define CHANGES_PER_DELIVERY 6             /* rows and records, with its hop and its dead letter */
#define FAN_OUT_BYTES_MAX (48u << 20)      /* of an entry's 64 MiB */
#define ENVELOPE_BYTES_MAX 3072            /* around the text, without attributes */

/* A message on its way to many: what need be made only once. */
struct fan_out {
    const struct topic *topic;       /* whose message it is */
    const struct message *message;   /* what is published */
    const struct value *attributes;  /* as a document, for filters; NULL: not made yet */
    struct envelope *envelope;       /* for the text below; NULL: not made yet */
    struct str enveloped;            /* the text in the envelope */
    struct str read;                 /* the text that body was read of */
    const struct value *body;        /* as a document, for filters; NULL: it is none */
};

/* The body as a document; of one text it is read once. */
static const struct value *body_document(struct call *c, struct fan_out *fan_out, struct str text)
{
    struct value *document;
    struct why why;

    if (fan_out->read.at != text.at) {
        document = ARENA_NEW(c->arena, struct value);
        fan_out->read = text;
        fan_out->body = json_read(arena_dup(c->arena, text), 0, c->arena, &why, document) == OK &&
                                document->kind == VALUE_MAP
                            ? document
                            : NULL;
    }
    return fan_out->body;
}

static bool wanted(struct call *c, struct fan_out *fan_out, const struct subscription *subscription)
{
    const struct value *body;

    if (subscription->pattern == NULL) {
        return true;
    }
    if (subscription->by_body) {
        body = body_document(c, fan_out,
                             message_text_for(fan_out->message, subscription->protocol));
        return body != NULL && pattern_match(subscription->pattern, body);
    }
    if (fan_out->attributes == NULL) {
        fan_out->attributes = pattern_attributes(fan_out->message->attributes,
                                                 fan_out->message->attribute_count, c->arena);
    }
    return pattern_match(subscription->pattern, fan_out->attributes);
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

static struct bus_event event_for(struct call *c, const struct fan_out *fan_out,
                                  const struct subscription *subscription, struct str body)
{
    return (struct bus_event){
        .target = subscription->endpoint,
        .source = topic_arn(c->arena, fan_out->topic),
        .principal = STR("sns.amazonaws.com"),
        .via = subscription->arn,
        .account = fan_out->topic->account,
        .body = body,
        .subject = fan_out->message->subject,
        .about = fan_out->message->id,
        .dead = subscription->dead_arn,
    };
}

/* What a FIFO queue orders and de-duplicates by; a standard queue behind a FIFO topic gets
 * neither, unless its dead-letter queue needs them, one behind a standard topic the group, to be
 * fair by. */
static void set_group(struct call *c, const struct fan_out *fan_out, struct bus_event *event)
{
    const struct message *message = fan_out->message;
    bool fifo = str_ends(event->target, STR(".fifo")) ||
                (fan_out->topic->fifo && str_ends(event->dead, STR(".fifo")));

    event->group = STR_NONE;
    event->deduplication = STR_NONE;
    if (fan_out->topic->fifo != fifo) {
        return;
    }
    event->group = message->group;
    event->deduplication = message->deduplication;
    if (fifo && event->deduplication.at == NULL) {
        event->deduplication = digest_text(c->arena, message->text);
    }
    if (fifo && message->replayed) {
        /* a queue that had it less than five minutes ago would swallow it otherwise */
        event->deduplication =
            digest_text(c->arena, arena_printf(c->arena, "replay %lld %.*s", (long long)c->now,
                                               STR_ARG(message->id)));
    }
}

/* What a subscription could not be given goes to its dead-letter queue, if it has one. */
static void bury(struct call *c, const struct fan_out *fan_out,
                 const struct subscription *subscription, const struct bus_event *event)
{
    struct bus_event dead = *event;

    if (subscription->dead_arn.bytes > 0) {
        dead.target = subscription->dead_arn;
        dead.via = dead.dead = STR_NONE;
        set_group(c, fan_out, &dead);
        (void)bus_send(c, &dead);
    }
}

static void to_queue(struct call *c, struct fan_out *fan_out,
                     const struct subscription *subscription)
{
    const struct message *message = fan_out->message;
    struct str text = message_text_for(message, TO_SQS);
    struct bus_event event =
        event_for(c, fan_out, subscription,
                  subscription->raw ? text : enveloped(c, fan_out, subscription, text));

    set_group(c, fan_out, &event);
    if (subscription->raw && message->attribute_count > ATTRIBUTES_MAX) {
        struct hop hop = {event.source, event.target, event.via,
                          STR("refused: more than 10 attributes cannot be delivered raw"),
                          event.about};

        trace_hop(c, &hop);
        bury(c, fan_out, subscription, &event);
        return;
    }
    if (subscription->raw) {
        sorted_attributes(c, message, &event);
    }
    (void)bus_send(c, &event); /* a refusal is noted, and goes to its dead-letter queue */
}

/* A delivery stream has no policy: the subscription's role must have leave. */
static bool role_lets(struct call *c, const struct subscription *subscription)
{
    return subscription->protocol != TO_FIREHOSE ||
           role_may(c, setting_get(&subscription->attributes, "SubscriptionRoleArn"),
                    "firehose:PutRecord", subscription->endpoint);
}

/* Functions and delivery streams, which other services take. */
static void to_sink(struct call *c, struct fan_out *fan_out,
                    const struct subscription *subscription)
{
    struct str text = message_text_for(fan_out->message, subscription->protocol);
    struct bus_event event = event_for(c, fan_out, subscription, text);

    if (subscription->protocol == TO_LAMBDA) {
        event.body = records_text(c, subscription, fan_out->message, text);
    } else if (!subscription->raw) {
        event.body = enveloped(c, fan_out, subscription, text);
    }
    if (!role_lets(c, subscription)) {
        struct hop hop = {event.source, event.target, event.via,
                          STR("refused: the role of the subscription may not firehose:PutRecord"),
                          event.about};

        trace_hop(c, &hop);
        bury(c, fan_out, subscription, &event);
        return;
    }
    (void)bus_send(c, &event); /* a refusal is noted, and goes to its dead-letter queue */
}

static void to_device(struct call *c, struct fan_out *fan_out,
                      const struct subscription *subscription)
{
    struct bus_event event = event_for(c, fan_out, subscription, fan_out->message->text);
    struct hop hop = {event.source, event.target, event.via, STR("outbox"), event.about};
    struct endpoint endpoint;

    if (!endpoint_find(c, subscription->endpoint, &endpoint)) {
        hop.outcome = STR("refused: the endpoint does not exist");
    } else if (!endpoint.enabled) {
        hop.outcome = STR("refused: the endpoint is disabled");
    } else if (!app_is_enabled(endpoint.app)) {
        hop.outcome = STR("refused: the platform application is disabled");
    } else {
        endpoint_give(c, &endpoint, event.source, fan_out->message);
        trace_hop(c, &hop);
        return;
    }
    trace_hop(c, &hop);
    bury(c, fan_out, subscription, &event);
}

/* ---- mail and text messages ---- */

static void to_outbox(struct call *c, struct fan_out *fan_out,
                      const struct subscription *subscription)
{
    struct str text = message_text_for(fan_out->message, subscription->protocol);
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
    case TO_LAMBDA:
    case TO_FIREHOSE:
        to_sink(c, fan_out, subscription);
        return;
    case TO_APPLICATION:
        to_device(c, fan_out, subscription);
        return;
    case TO_HTTP:
    case TO_HTTPS:
        text = message_text_for(fan_out->message, subscription->protocol);
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
                                                      : digest_text(c->arena, message->text);
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

/* Around the text, at most: JSON may make six bytes of one. */
static uint64_t envelope_bytes(const struct message *message)
{
    uint64_t bytes = ENVELOPE_BYTES_MAX;

    for (size_t i = 0; i < message->attribute_count; i++) {
        const struct bus_attribute *attribute = &message->attributes[i];

        bytes += 6 * (attribute->name.bytes + attribute->type.bytes + attribute->value.bytes);
    }
    return bytes;
}

static uint64_t text_bytes(const struct message *message)
{
    struct buf text;
    uint64_t bytes;

    buf_init(&text, 8u * MESSAGE_BYTES_MAX);
    json_write_str(&text, message->text);
    bytes = text.bytes;
    buf_done(&text);
    return bytes;
}

status fan_out_check(struct call *c, const struct topic *topic, const struct message *messages,
                     size_t count)
{
    uint64_t takers = topic->subscription_count + 1;
    uint64_t bytes = 0;

    if (count * takers * CHANGES_PER_DELIVERY > txn_room(c->txn)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Message Reason: weir makes at most "
                    "%zu deliveries of one request", txn_room(c->txn) / CHANGES_PER_DELIVERY);
    }
    for (int exactly = 0; exactly < 2; exactly++) {
        bytes = 0;
        for (size_t i = 0; i < count; i++) { /* twice: an HTTP delivery has its dead letter too */
            bytes += 2 * envelope_bytes(&messages[i]) +
                     2 * (exactly ? text_bytes(&messages[i]) : 6 * messages[i].text.bytes);
        }
        if (bytes * takers <= FAN_OUT_BYTES_MAX) {
            return OK;
        }
    }
    return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: Message Reason: weir delivers at most "
                "%u MiB of one request to all subscriptions together", FAN_OUT_BYTES_MAX >> 20);
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
