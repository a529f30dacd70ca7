/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues as sources: messages on their way to a function, as the event of an event source mapping
 * has them. Source: Lambda developer guide, "Using Lambda with Amazon SQS".
 */
#include "bus/source.h"

#include "base/codec.h"
#include "bus/sink.h"
#include "svc/sqs/sqs_take.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (16u << 20)

static status no_queue(struct call *c, struct str arn)
{
    return fail(c, &BUS_NO_TARGET, "There is no queue %.*s", STR_ARG(str_slice(arn, 0, 512)));
}

static struct str bell(struct str arn)
{
    return arn;
}

static status about(struct call *c, struct str arn, struct source_about *ret_about)
{
    const struct queue *queue = queue_of_arn(sqs_of(c), arn);

    if (queue == NULL) {
        return no_queue(c, arn);
    }
    *ret_about = (struct source_about){
        .kind = SOURCE_QUEUE,
        .fifo = queue->fifo,
        .visibility_ms = queue->visibility_seconds * INT64_C(1000),
    };
    return OK;
}

/* ---- texts ---- */

/* Behind its name, quoted; nothing for no text. */
static void add_member(struct buf *text, struct str name, struct str value)
{
    if (value.at != NULL) {
        buf_add(text, name);
        json_write_str(text, value);
    }
}

/* The same for a number, which is a text here. */
static void add_number(struct buf *text, struct str name, int64_t number)
{
    buf_add(text, name);
    buf_add_c(text, '"');
    buf_add_i64(text, number);
    buf_add_c(text, '"');
}

static void add_system(struct call *c, struct buf *text, const struct queue *queue,
                       const struct given *given)
{
    const struct content *content = &given->content;

    buf_add(text, STR(",\"attributes\":{"));
    add_number(text, STR("\"ApproximateReceiveCount\":"),
               (int64_t)content->receives_before + given->message->receives);
    add_member(text, STR(",\"AWSTraceHeader\":"), content->trace);
    add_number(text, STR(",\"SentTimestamp\":"), content->sent_ms);
    if (queue->fifo) {
        add_member(text, STR(",\"SequenceNumber\":"), number_text(c->arena, content->number));
    }
    add_member(text, STR(",\"MessageGroupId\":"), content->group);
    add_member(text, STR(",\"SenderId\":"), content->sender);
    add_member(text, STR(",\"MessageDeduplicationId\":"), content->deduplication);
    add_number(text, STR(",\"ApproximateFirstReceiveTimestamp\":"), given->received.first_ms);
    add_member(text, STR(",\"DeadLetterQueueSourceArn\":"), content->dead_source);
    buf_add_c(text, '}');
}

static void add_attributes(struct buf *text, const struct content *content)
{
    buf_add(text, STR(",\"messageAttributes\":{"));
    for (size_t i = 0; i < content->attribute_count; i++) {
        const struct message_attribute *attribute = &content->attributes[i];

        buf_add(text, i == 0 ? STR("") : STR(","));
        json_write_str(text, attribute->name);
        if (str_starts(attribute->type, STR("Binary"))) {
            buf_add(text, STR(":{\"binaryValue\":\""));
            buf_add_base64(text, attribute->value);
            buf_add_c(text, '"');
        } else {
            buf_add(text, STR(":{\"stringValue\":"));
            json_write_str(text, attribute->value);
        }
        buf_add(text, STR(",\"stringListValues\":[],\"binaryListValues\":[],\"dataType\":"));
        json_write_str(text, attribute->type);
        buf_add_c(text, '}');
    }
    buf_add_c(text, '}');
}

static void add_record(struct call *c, struct buf *text, const struct queue *queue,
                       const struct given *given)
{
    const struct content *content = &given->content;

    buf_clear(text);
    add_member(text, STR("{\"messageId\":"), content->id);
    add_member(text, STR(",\"receiptHandle\":"), handle_text(c->arena, queue, given->message));
    add_member(text, STR(",\"body\":"), content->body);
    add_system(c, text, queue, given);
    add_attributes(text, content);
    add_member(text, STR(",\"md5OfMessageAttributes\":"),
               attributes_md5(c->arena, content->attributes, content->attribute_count));
    add_member(text, STR(",\"md5OfBody\":"), text_md5(c->arena, content->body));
    add_member(text, STR(",\"eventSource\":"), STR("aws:sqs"));
    add_member(text, STR(",\"eventSourceARN\":"), queue->arn);
    add_member(text, STR(",\"awsRegion\":"), queue->region);
    buf_add_c(text, '}');
}

/* ---- taking ---- */

/* Where taken messages go. */
struct records {
    struct source_record *at;  /* the next */
    struct buf text;           /* of one of them */
};

static void give(struct call *c, struct taking *taking, const struct given *given)
{
    struct records *records = taking->to;
    const struct content *content = &given->content;
    uint64_t more;

    add_record(c, &records->text, taking->queue, given);
    more = records->text.bytes - content->body.bytes; /* escapes, and all around the body */
    taking->bytes_left -= more < taking->bytes_left ? more : taking->bytes_left;
    *records->at++ = (struct source_record){
        .text = arena_dup(c->arena, buf_str(&records->text)),
        .data = content->body,
        .id = content->id,
        .key = content->group.at == NULL ? STR("") : content->group,
        .trace = content->trace,
        .number = given->message->sequence,
        .receipt = given->message->receives,
        .at_ms = content->sent_ms,
    };
}

static status take(struct call *c, const struct source_ask *ask, struct source_record *ret_records,
                   size_t *ret_count)
{
    struct queue *queue = queue_of_arn(sqs_of(c), ask->arn);
    struct records records = {.at = ret_records};
    struct taking taking;

    if (queue == NULL) {
        return no_queue(c, ask->arn);
    }
    buf_init(&records.text, TEXT_BYTES_MAX);
    taking_init(&taking, queue);
    taking.count_max = ask->count_max;
    taking.bytes_left = ask->bytes_max;
    taking.visibility_ms = queue->visibility_seconds * INT64_C(1000);
    taking.wanted = ask->wanted;
    taking.arg = ask->arg;
    taking.give = give;
    taking.to = &records;
    (void)messages_take(c, &taking);
    buf_done(&records.text);
    *ret_count = taking.count;
    return OK;
}

/* The message as it was taken; NULL: it is gone, was received again, or (FIFO) its time is over. */
static struct message *taken(const struct queue *queue, const struct source_record *record)
{
    struct message *message = message_find(queue, record->number);

    return message == NULL || message->receives != record->receipt ||
                   (queue->fifo && !message_waits(message))
               ? NULL
               : message;
}

static void remove_taken(struct call *c, struct str arn, const struct source_record *records,
                         size_t count)
{
    struct queue *queue = queue_of_arn(sqs_of(c), arn);
    size_t removed = 0;

    if (queue == NULL) {
        return;
    }
    queue_settle(c->cell, queue, c->now);
    for (size_t i = 0; i < count; i++) {
        struct message *message = taken(queue, &records[i]);

        if (message != NULL) {
            message_erase(c, queue, message);
            message_remove(queue, message);
            removed++;
        }
    }
    queue_wake_blocked(c->cell, queue, removed);
}

static void give_back(struct call *c, struct str arn, const struct source_record *records,
                      size_t count)
{
    struct queue *queue = queue_of_arn(sqs_of(c), arn);

    for (size_t i = 0; queue != NULL && i < count; i++) {
        struct message *message = taken(queue, &records[i]);
        struct received received;

        if (message != NULL) {
            state_load(c, queue, message, &received);
            message_wait(queue, message, c->now, false, c->now);
            state_save(c, queue, message, &received);
        }
    }
    if (queue != NULL) {
        queue_wake(c->cell, queue, count);
    }
}

static size_t visible(struct call *c, struct str arn)
{
    struct queue *queue = queue_of_arn(sqs_of(c), arn);

    if (queue == NULL) {
        return 0;
    }
    queue_settle(c->cell, queue, c->now);
    queue_arm(c->cell, queue);
    return queue_visible(queue);
}

const struct source sqs_source = {
    .service = "sqs",
    .kind = SOURCE_QUEUE,
    .data = "body",
    .bell = bell,
    .about = about,
    .take = take,
    .remove = remove_taken,
    .give_back = give_back,
    .visible = visible,
};
