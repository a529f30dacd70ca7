/* SPDX-License-Identifier: Apache-2.0
 *
 * Publish and PublishBatch: to topics, and to phone numbers by way of the outbox.
 */
#include "bus/outbox.h"
#include "svc/sns/sns_ops.h"

#define ENTRY_ID_BYTES_MAX 80

static status target_topic(struct call *c, struct topic **ret_topic)
{
    return topic_of_call(c, arg_has(c, "TopicArn") ? "TopicArn" : "TargetArn", ret_topic);
}

static bool is_number(struct str number)
{
    for (size_t i = 0; i < number.bytes; i++) {
        if (!(number.at[i] >= '0' && number.at[i] <= '9') && !(i == 0 && number.at[i] == '+')) {
            return false;
        }
    }
    return number.bytes >= 2 && number.bytes <= 20 && number.at[0] == '+';
}

/* To a phone: recorded, never sent. */
static status to_phone(struct call *c)
{
    struct str number = arg_str(c, "PhoneNumber");
    struct message message;
    char *id = arena_alloc(c->arena, ID_BYTES);

    if (!is_number(number)) {
        return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: PhoneNumber Reason: %.*s is not "
                    "valid to publish to", STR_ARG(str_slice(number, 0, 64)));
    }
    TRY(message_read(c, NULL, c->in, &message));
    struct outbox_message sms = {STR("sms"), c->principal, number, message.subject, message.text};

    outbox_add(c, &sms);
    rand_uuid(c->rand, id);
    put_str(c, "MessageId", str_of(id, ID_BYTES));
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
    TRY(target_topic(c, &topic));
    TRY(message_read(c, topic, c->in, &message));
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
    size_t bytes = 0;

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
        bytes += get_str(&entries->items[i], "Message").bytes;
    }
    if (bytes > MESSAGE_BYTES_MAX) {
        return fail(c, &SNS_BATCH_TOO_LONG,
                    "The length of all the batch messages put together is more than the limit.");
    }
    return OK;
}

static void put_bad(struct call *c, struct value *list, struct str id, status code)
{
    struct value *item = list_add(c->arena, list);

    set_str(item, "Id", id);
    set_str(item, "Code", str_c(code->query_code != NULL ? code->query_code : code->code));
    set_str(item, "Message", arena_dup(c->arena, str_c(c->why.text)));
    set_bool(item, "SenderFault", true);
    c->why.text[0] = '\0';
}

/* PublishBatch: each entry for itself, all in one entry of the journal. */
status sns_publish_batch(struct call *c)
{
    const struct value *entries = arg(c, "PublishBatchRequestEntries");
    struct message messages[BATCH_MAX];
    status checked[BATCH_MAX];
    struct value *good;
    struct value *bad;
    struct topic *topic;

    TRY(topic_of_call(c, "TopicArn", &topic));
    TRY(batch_check(c, entries));
    good = put_list(c, "Successful", entries->count);
    bad = put_list(c, "Failed", entries->count);
    for (uint32_t i = 0; i < entries->count; i++) {
        checked[i] = message_read(c, topic, &entries->items[i], &messages[i]);
        if (checked[i] != OK) {
            put_bad(c, bad, get_str(&entries->items[i], "Id"), checked[i]);
        }
    }
    call_on(c, topic_arn(c->arena, topic));
    for (uint32_t i = 0; i < entries->count; i++) {
        struct published published;
        struct value *item;

        if (checked[i] != OK) {
            continue;
        }
        topic_publish(c, topic, &messages[i], &published);
        item = list_add(c->arena, good);
        set_str(item, "Id", get_str(&entries->items[i], "Id"));
        set_str(item, "MessageId", published.id);
        if (topic->fifo) {
            set_str(item, "SequenceNumber", number_text(c->arena, published.number));
        }
    }
    return OK;
}
