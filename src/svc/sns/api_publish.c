/* SPDX-License-Identifier: Apache-2.0
 *
 * Publish and PublishBatch: to topics, and to phone numbers and devices by way of the outbox.
 */
#include "bus/outbox.h"
#include "svc/sns/sns_ops.h"
#include "svc/sns/sns_platform.h"

#define ENTRY_ID_BYTES_MAX 80

/* To a phone: recorded, never sent. */
static status to_phone(struct call *c)
{
    struct str number = arg_str(c, "PhoneNumber");
    struct message message;

    if (!number_is_e164(number)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: PhoneNumber Reason: %.*s is not "
                    "valid to publish to", STR_ARG(str_slice(number, 0, 64)));
    }
    TRY(message_read(c, NULL, c->in, &message));
    struct outbox_message sms = {STR("sms"), c->principal, number, message.subject,
                                 message_text_for(&message, TO_SMS)};

    outbox_add(c, &sms);
    put_str(c, "MessageId", new_uuid(c));
    return OK;
}

/* To a device: recorded, never sent. */
static status to_device(struct call *c)
{
    struct endpoint endpoint;
    struct message message;
    struct arn arn;

    TRY(arn_of_call(c, "TargetArn", &arn));
    if (!endpoint_find(c, arg_str(c, "TargetArn"), &endpoint)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: TargetArn Reason: No endpoint found "
                    "for the target arn specified");
    }
    if (!endpoint.enabled) {
        return fail(c, &SNS_ENDPOINT_DISABLED, "Endpoint is disabled");
    }
    if (!app_is_enabled(endpoint.app)) {
        return fail(c, &SNS_APP_DISABLED, "PlatformApplication is disabled");
    }
    TRY(message_read(c, NULL, c->in, &message));
    endpoint_give(c, &endpoint, c->principal, &message);
    put_str(c, "MessageId", new_uuid(c));
    call_on(c, arg_str(c, "TargetArn"));
    return OK;
}

/* Publish */
status sns_publish(struct call *c)
{
    int targets = arg_has(c, "TopicArn") + arg_has(c, "TargetArn") + arg_has(c, "PhoneNumber");
    struct published published;
    struct message message;
    struct topic *topic;

    if (targets != 1) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: TopicArn or TargetArn Reason: %s",
                    targets == 0 ? "no value for required parameter"
                                 : "only one of TopicArn, TargetArn and PhoneNumber may be given");
    }
    if (arg_has(c, "PhoneNumber")) {
        return to_phone(c);
    }
    if (arn_is_endpoint(arg_str(c, "TargetArn"))) {
        return to_device(c);
    }
    TRY(topic_of_call(c, arg_has(c, "TopicArn") ? "TopicArn" : "TargetArn", &topic));
    TRY(message_read(c, topic, c->in, &message));
    TRY(fan_out_check(c, topic, &message, 1));
    call_on(c, topic_arn(c->arena, topic));
    topic_publish(c, topic, &message, &published);
    put_str(c, "MessageId", published.id);
    if (topic->fifo) {
        put_str(c, "SequenceNumber", number_text(c->arena, published.number));
    }
    return OK;
}

static status entry_id_check(struct call *c, struct str id)
{
    bool good = id.bytes > 0 && id.bytes <= ENTRY_ID_BYTES_MAX;

    for (size_t i = 0; i < id.bytes; i++) {
        char ch = id.at[i];

        good = good && (ch == '_' || ch == '-' || (ch >= '0' && ch <= '9') ||
                        ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'));
    }
    return good ? OK
                : fail(c, &SNS_BAD_ENTRY_ID,
                       "The Id of a batch entry in a batch request doesn't abide by the "
                       "specification.");
}

static status batch_check(struct call *c, const struct value *entries)
{
    if (entries->count == 0) {
        return fail(c, &SNS_EMPTY_BATCH, "The batch request doesn't contain any entries.");
    }
    if (entries->count > BATCH_MAX) {
        return fail(c, &SNS_TOO_MANY_ENTRIES,
                    "The batch request contains more entries than permissible.");
    }
    for (uint32_t i = 0; i < entries->count; i++) {
        struct str id = get_str(&entries->items[i], "Id");

        TRY(entry_id_check(c, id));
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(id, get_str(&entries->items[k], "Id"))) {
                return fail(c, &SNS_NOT_DISTINCT,
                            "Two or more batch entries in the request have the same Id.");
            }
        }
    }
    return OK;
}

/* All entries; a wrong one refuses the whole batch, as AWS does. */
static status batch_read(struct call *c, const struct topic *topic, const struct value *entries,
                         struct message *messages)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < entries->count; i++) {
        bytes += message_bytes_of(&entries->items[i]);
    }
    if (bytes > MESSAGE_BYTES_MAX) {
        return fail(c, &SNS_BATCH_TOO_LONG,
                    "The length of all the messages put together is more than the limit.");
    }
    for (uint32_t i = 0; i < entries->count; i++) {
        TRY(message_read(c, topic, &entries->items[i], &messages[i]));
    }
    return fan_out_check(c, topic, messages, entries->count);
}

/* PublishBatch: all in one entry of the journal. */
status sns_publish_batch(struct call *c)
{
    const struct value *entries = arg(c, "PublishBatchRequestEntries");
    struct message messages[BATCH_MAX];
    struct value *good;
    struct topic *topic;

    TRY(topic_of_call(c, "TopicArn", &topic));
    TRY(batch_check(c, entries));
    TRY(batch_read(c, topic, entries, messages));
    good = put_list(c, "Successful", entries->count);
    (void)put_list(c, "Failed", 0);
    call_on(c, topic_arn(c->arena, topic));
    for (uint32_t i = 0; i < entries->count; i++) {
        struct value *item = list_add(c->arena, good);
        struct published published;

        topic_publish(c, topic, &messages[i], &published);
        set_str(item, "Id", get_str(&entries->items[i], "Id"));
        set_str(item, "MessageId", published.id);
        if (topic->fifo) {
            set_str(item, "SequenceNumber", number_text(c->arena, published.number));
        }
    }
    return OK;
}
