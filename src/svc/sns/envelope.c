/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON around a message, byte for byte as AWS lays it out: consumers depend on its spaces, its
 * line feeds and the order of its fields. Sources: "HTTP/HTTPS notification JSON format" and
 * "Parsing Amazon SNS message formats", AWS documentation.
 *
 * Everything but UnsubscribeURL is the same for all of a topic's subscribers, the signature too; so
 * it is made once for each message.
 */
#include "base/time.h"
#include "base/codec.h"
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (4u * 1024 * 1024)

struct envelope {
    struct str before;  /* up to UnsubscribeURL */
    struct str after;   /* behind its value */
    struct str own;     /* http://HOST */
};

/* Where this weir is reached: as SNS's caller did; when something else caused the message (a
 * bucket, a timer), as its last caller did, or at the port of what did. */
struct str own_url(struct call *c, const struct topic *topic)
{
    struct sns *sns = sns_of(c);
    struct str host = c->request != NULL ? c->request->authority : STR_NONE;
    bool tls = c->request != NULL && c->request->tls;
    bool ours = c->operation != NULL &&
                str_eq(model_text(model_service_of(c->operation)->id), STR("sns"));
    size_t colon = str_find(host, ':', 0);

    if (ours && host.bytes > 0) {
        struct str url =
            arena_printf(c->arena, "%s://%.*s", tls ? "https" : "http", STR_ARG(host));

        if (!str_eq(url, sns->own_url)) {
            text_set(&sns->own_url, url);
        }
        return url;
    }
    if (sns->own_url.bytes > 0) {
        return sns->own_url;
    }
    if (host.bytes > 0) {
        return arena_printf(c->arena, "%s://localhost%.*s", tls ? "https" : "http",
                            STR_ARG(str_slice(host, colon, host.bytes)));
    }
    return arena_printf(c->arena, "%s://sns.%.*s.localhost%.*s", call_tls(c) ? "https" : "http",
                        STR_ARG(topic->region), STR_ARG(call_port(c)));
}

static void field(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "  \"%s\" : ", name);
    json_write_str(text, value);
    buf_add(text, STR(",\n"));
}

/* 2026-11-23T08:55:00.000Z: always with milliseconds. */
static struct str timestamp(struct arena *arena, int64_t at_ms)
{
    struct time_parts t = time_parts_of(at_ms);

    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.year, t.month, t.day,
                        t.hour, t.minute, t.second, t.ms);
}

/* Name and value, a line each. */
static void sign_field(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "%s\n", name);
    buf_add(text, value);
    buf_add_c(text, '\n');
}

static struct str signature(struct call *c, const struct topic *topic,
                            const struct message *message, struct str body)
{
    struct buf text;
    struct str made;

    buf_init(&text, TEXT_BYTES_MAX);
    sign_field(&text, "Message", body);
    sign_field(&text, "MessageId", message->id);
    if (message->subject.at != NULL) {
        sign_field(&text, "Subject", message->subject);
    }
    sign_field(&text, "Timestamp", timestamp(c->arena, message->at_ms));
    sign_field(&text, "TopicArn", topic_arn(c->arena, topic));
    sign_field(&text, "Type", STR("Notification"));
    made = signer_sign(c, buf_str(&text), topic->sha256);
    buf_done(&text);
    return made;
}

static void add_attribute(struct buf *text, const struct bus_attribute *attribute,
                          const char *before, const char *colon)
{
    buf_printf(text, "%s", before);
    json_write_str(text, attribute->name);
    buf_printf(text, "%s{\"Type\":", colon);
    json_write_str(text, attribute->type);
    buf_add(text, STR(",\"Value\":"));
    if (str_starts(attribute->type, STR("Binary"))) {
        buf_add_c(text, '"');
        buf_add_base64(text, attribute->value);
        buf_add_c(text, '"');
    } else {
        json_write_str(text, attribute->value);
    }
    buf_add_c(text, '}');
}

static void add_attributes(struct buf *text, const struct message *message)
{
    buf_add(text, STR(",\n  \"MessageAttributes\" : {"));
    for (size_t i = 0; i < message->attribute_count; i++) {
        add_attribute(text, &message->attributes[i], i == 0 ? "\n    " : ",\n    ", " : ");
    }
    buf_add(text, STR("\n  }"));
}

struct envelope *envelope_new(struct call *c, const struct topic *topic,
                              const struct message *message, struct str body)
{
    struct envelope *envelope = ARENA_NEW(c->arena, struct envelope);
    struct buf text;

    envelope->own = own_url(c, topic);
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\n"));
    field(&text, "Type", STR("Notification"));
    field(&text, "MessageId", message->id);
    if (topic->fifo) {
        field(&text, "SequenceNumber", number_text(c->arena, message->number));
    }
    field(&text, "TopicArn", topic_arn(c->arena, topic));
    if (message->subject.at != NULL) {
        field(&text, "Subject", message->subject);
    }
    field(&text, "Message", body);
    field(&text, "Timestamp", timestamp(c->arena, message->at_ms));
    if (!topic->fifo) { /* messages of FIFO topics are not signed */
        field(&text, "SignatureVersion", topic->sha256 ? STR("2") : STR("1"));
        field(&text, "Signature", signature(c, topic, message, body));
        field(&text, "SigningCertURL",
              arena_printf(c->arena, "%.*s%.*s", STR_ARG(envelope->own),
                           STR_ARG(signer_path(c))));
    }
    envelope->before = arena_dup(c->arena, buf_str(&text));
    buf_clear(&text);
    if (message->attribute_count > 0) {
        add_attributes(&text, message);
    }
    if (message->replayed) {
        buf_add(&text, STR(",\n  \"Replayed\" : true"));
    }
    buf_add(&text, STR("\n}"));
    envelope->after = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return envelope;
}

static struct str unsubscribe_url(struct call *c, struct str own,
                                  const struct subscription *subscription)
{
    return arena_printf(c->arena, "%.*s/?Action=Unsubscribe&SubscriptionArn=%.*s", STR_ARG(own),
                        STR_ARG(subscription->arn));
}

struct str envelope_text(struct call *c, struct envelope *envelope,
                         const struct subscription *subscription)
{
    return arena_printf(c->arena, "%.*s  \"UnsubscribeURL\" : \"%.*s\"%.*s",
                        STR_ARG(envelope->before),
                        STR_ARG(unsubscribe_url(c, envelope->own, subscription)),
                        STR_ARG(envelope->after));
}

/* ---- for functions: the same fields, in an event's record ---- */

static void record_field(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "\"%s\":", name);
    json_write_str(text, value);
    buf_add_c(text, ',');
}

static void add_record_attributes(struct buf *text, const struct message *message)
{
    buf_add(text, STR("\"MessageAttributes\":{"));
    for (size_t i = 0; i < message->attribute_count; i++) {
        add_attribute(text, &message->attributes[i], i == 0 ? "" : ",", ":");
    }
    buf_add_c(text, '}');
}

struct str records_text(struct call *c, const struct subscription *subscription,
                        const struct message *message, struct str body)
{
    const struct topic *topic = subscription->topic;
    struct str own = own_url(c, topic);
    struct buf text;
    struct str made;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"Records\":[{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\","));
    record_field(&text, "EventSubscriptionArn", subscription->arn);
    buf_add(&text, STR("\"Sns\":{"));
    record_field(&text, "Type", STR("Notification"));
    record_field(&text, "MessageId", message->id);
    record_field(&text, "TopicArn", topic_arn(c->arena, topic));
    if (message->subject.at != NULL) {
        record_field(&text, "Subject", message->subject);
    } else {
        buf_add(&text, STR("\"Subject\":null,"));
    }
    record_field(&text, "Message", body);
    record_field(&text, "Timestamp", timestamp(c->arena, message->at_ms));
    record_field(&text, "SignatureVersion", topic->sha256 ? STR("2") : STR("1"));
    record_field(&text, "Signature", signature(c, topic, message, body));
    record_field(&text, "SigningCertUrl",
                 arena_printf(c->arena, "%.*s%.*s", STR_ARG(own), STR_ARG(signer_path(c))));
    record_field(&text, "UnsubscribeUrl", unsubscribe_url(c, own, subscription));
    add_record_attributes(&text, message);
    buf_add(&text, STR("}}]}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

/* ---- confirmations ---- */

struct str confirmation_text(struct call *c, const struct subscription *subscription,
                             const char *type, struct str id)
{
    const struct topic *topic = subscription->topic;
    struct str arn = topic_arn(c->arena, topic);
    struct str own = own_url(c, topic);
    struct str url =
        arena_printf(c->arena, "%.*s/?Action=ConfirmSubscription&TopicArn=%.*s&Token=%.*s",
                     STR_ARG(own), STR_ARG(arn), STR_ARG(subscription->token));
    bool joining = strcmp(type, "SubscriptionConfirmation") == 0;
    struct str words =
        joining ? arena_printf(c->arena,
                               "You have chosen to subscribe to the topic %.*s.\nTo confirm the "
                               "subscription, visit the SubscribeURL included in this message.",
                               STR_ARG(arn))
                : arena_printf(c->arena,
                               "You have chosen to deactivate subscription %.*s.\nTo cancel this "
                               "operation and restore the subscription, visit the SubscribeURL "
                               "included in this message.", STR_ARG(subscription->arn));
    struct str at = timestamp(c->arena, c->now);
    struct buf text;
    struct str made;

    buf_init(&text, TEXT_BYTES_MAX);
    sign_field(&text, "Message", words);
    sign_field(&text, "MessageId", id);
    sign_field(&text, "SubscribeURL", url);
    sign_field(&text, "Timestamp", at);
    sign_field(&text, "Token", subscription->token);
    sign_field(&text, "TopicArn", arn);
    sign_field(&text, "Type", str_c(type));
    struct str signed_text = signer_sign(c, buf_str(&text), topic->sha256);

    buf_clear(&text);
    buf_add(&text, STR("{\n"));
    field(&text, "Type", str_c(type));
    field(&text, "MessageId", id);
    field(&text, "Token", subscription->token);
    field(&text, "TopicArn", arn);
    field(&text, "Message", words);
    field(&text, "SubscribeURL", url);
    field(&text, "Timestamp", at);
    field(&text, "SignatureVersion", topic->sha256 ? STR("2") : STR("1"));
    field(&text, "Signature", signed_text);
    buf_printf(&text, "  \"SigningCertURL\" : \"%.*s%.*s\"\n}", STR_ARG(own),
               STR_ARG(signer_path(c)));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}
