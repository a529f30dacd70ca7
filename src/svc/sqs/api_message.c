/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of messages, singly and in batches. (ReceiveMessage is in receive.c.)
 */
#include "svc/sqs/sqs_ops.h"

#define ENTRY_ID_BYTES_MAX 80
#define TRACE_BYTES_MAX 1024 /* of an HTTP header that is kept */

/* ---- batches ---- */

static status entry_id_check(struct call *c, struct str id)
{
    for (size_t i = 0; i < id.bytes; i++) {
        char ch = id.at[i];

        if (ch != '_' && ch != '-' && !(ch >= '0' && ch <= '9') &&
            !((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')) {
            id.bytes = 0;
        }
    }
    if (id.bytes == 0 || id.bytes > ENTRY_ID_BYTES_MAX) {
        return fail(c, &SQS_BAD_ENTRY_ID,
                    "A batch entry id can only contain alphanumeric characters, hyphens and "
                    "underscores. It can be at most 80 letters long.");
    }
    return OK;
}

static status batch_check(struct call *c, const struct value *entries, const char *entry_name)
{
    if (entries == NULL || entries->count == 0) {
        return fail(c, &SQS_EMPTY_BATCH, "There should be at least one %s in the request.",
                    entry_name);
    }
    if (entries->count > BATCH_MAX) {
        return fail(c, &SQS_TOO_MANY_ENTRIES,
                    "Maximum number of entries per request are 10. You have sent %u.",
                    entries->count);
    }
    for (uint32_t i = 0; i < entries->count; i++) {
        struct str id = get_str(&entries->items[i], "Id");

        TRY(entry_id_check(c, id));
        for (uint32_t k = 0; k < i; k++) {
            if (str_eq(id, get_str(&entries->items[k], "Id"))) {
                return fail(c, &SQS_NOT_DISTINCT, "Id %.*s repeated.", STR_ARG(id));
            }
        }
    }
    return OK;
}

/* Where a batch's results go; a list is made with its first item. */
struct results {
    const struct value *entries; /* of the request */
    struct value *good, *bad;    /* NULL: none so far */
};

static struct value *good_entry(struct call *c, struct results *results, const struct value *entry)
{
    struct value *item;

    if (results->good == NULL) {
        results->good = put_list(c, "Successful", results->entries->count);
    }
    item = list_add(c->arena, results->good);
    set_str(item, "Id", get_str(entry, "Id"));
    return item;
}

static void bad_entry(struct call *c, struct results *results, const struct value *entry,
                      status code)
{
    struct value *item;

    if (results->bad == NULL) {
        results->bad = put_list(c, "Failed", results->entries->count);
    }
    item = list_add(c->arena, results->bad);
    set_str(item, "Id", get_str(entry, "Id"));
    set_bool(item, "SenderFault", code->http < 500);
    set_str(item, "Code", str_c(code->query_code != NULL ? code->query_code : code->code));
    set_str(item, "Message", arena_dup(c->arena, str_c(c->why.text)));
    c->why.text[0] = '\0';
}

/* ---- sending ---- */

/* The trace that an HTTP header brought is kept as the attribute would be, but has no sum: the
 * caller did not send the attribute. */
static void trace_of_header(struct call *c, struct content *content)
{
    if (content->trace.at == NULL && c->trace.bytes > 0 && c->trace.bytes <= TRACE_BYTES_MAX) {
        content->trace = c->trace;
    }
}

static void put_sent(struct call *c, struct value *out, const struct queue *queue,
                     const struct content *content, const struct sent *sent)
{
    struct str sum = attributes_md5(c->arena, content->attributes, content->attribute_count);

    set_str(out, "MessageId", sent->id);
    set_str(out, "MD5OfMessageBody", text_md5(c->arena, content->body));
    if (sum.at != NULL) {
        set_str(out, "MD5OfMessageAttributes", sum);
    }
    if (content->trace.at != NULL && content->trace.at != c->trace.at) {
        struct message_attribute trace = {STR("AWSTraceHeader"), STR("String"), content->trace};

        set_str(out, "MD5OfMessageSystemAttributes", attributes_md5(c->arena, &trace, 1));
    }
    if (queue->fifo) {
        set_str(out, "SequenceNumber", number_text(c->arena, sent->number));
    }
}

static int64_t delay_of(const struct queue *queue, const struct value *in)
{
    return queue->fifo ? -1 : get_int(in, "DelaySeconds", -1);
}

/* SendMessage: put one message into a queue. */
status sqs_send_message(struct call *c)
{
    struct content content;
    struct queue *queue;
    struct sent sent;

    TRY(queue_of_call(c, &queue));
    TRY(content_read(c, queue, c->in, &content));
    trace_of_header(c, &content);
    TRY(queue_push(c, queue, &content, delay_of(queue, c->in), &sent));
    put_sent(c, c->out, queue, &content, &sent);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

static void send_entry(struct call *c, struct queue *queue, struct results *results,
                       const struct value *entry)
{
    struct content content;
    struct sent sent;
    status done = content_read(c, queue, entry, &content);

    if (done == OK) {
        trace_of_header(c, &content);
        done = queue_push(c, queue, &content, delay_of(queue, entry), &sent);
    }
    if (done == OK) {
        put_sent(c, good_entry(c, results, entry), queue, &content, &sent);
    } else {
        bad_entry(c, results, entry, done);
    }
}

/* SendMessageBatch: each entry for itself, all in one entry of the journal. */
status sqs_send_batch(struct call *c)
{
    struct results results = {.entries = arg(c, "Entries")};
    struct queue *queue;
    size_t bytes = 0;

    TRY(queue_of_call(c, &queue));
    TRY(batch_check(c, results.entries, "SendMessageBatchRequestEntry"));
    for (uint32_t i = 0; i < results.entries->count; i++) {
        bytes += unchecked_bytes(&results.entries->items[i]);
    }
    if (bytes > MESSAGE_BYTES_MAX) {
        return fail(c, &SQS_BATCH_TOO_LONG,
                    "Batch requests cannot be longer than %u bytes. You have sent %zu bytes.",
                    MESSAGE_BYTES_MAX, bytes);
    }
    for (uint32_t i = 0; i < results.entries->count; i++) {
        send_entry(c, queue, &results, &results.entries->items[i]);
    }
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* ---- deleting ---- */

/* A message that is gone, or was received again since, is passed over, as AWS does; a FIFO
 * message whose time is over is not. */
static status delete_one(struct call *c, struct queue *queue, struct str handle)
{
    struct message *message;
    bool newest;

    TRY(handle_message(c, queue, handle, &message, &newest));
    if (message == NULL) {
        return OK;
    }
    if (queue->fifo && (!newest || !message_waits(message))) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter ReceiptHandle is invalid. Reason: The receipt handle "
                    "has expired.", STR_ARG(str_slice(handle, 0, 256)));
    }
    if (newest) {
        message_erase(c, queue, message);
        message_remove(queue, message);
        queue_wake_blocked(c->cell, queue, 1);
    }
    return OK;
}

/* DeleteMessage */
status sqs_delete_message(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(delete_one(c, queue, arg_str(c, "ReceiptHandle")));
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* DeleteMessageBatch */
status sqs_delete_batch(struct call *c)
{
    struct results results = {.entries = arg(c, "Entries")};
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(batch_check(c, results.entries, "DeleteMessageBatchRequestEntry"));
    for (uint32_t i = 0; i < results.entries->count; i++) {
        const struct value *entry = &results.entries->items[i];
        status deleted = delete_one(c, queue, get_str(entry, "ReceiptHandle"));

        if (deleted == OK) {
            (void)good_entry(c, &results, entry);
        } else {
            bad_entry(c, &results, entry, deleted);
        }
    }
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* ---- visibility ---- */

static status change_one(struct call *c, struct queue *queue, struct str handle, int64_t seconds)
{
    struct message *message;
    struct received received;
    bool newest;

    if (seconds < 0 || seconds > VISIBILITY_SECONDS_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter VisibilityTimeout is invalid. Reason: "
                    "VisibilityTimeout must be an integer between 0 and 43200.",
                    (long long)seconds);
    }
    TRY(handle_message(c, queue, handle, &message, &newest));
    if (message == NULL || !newest) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter ReceiptHandle is invalid. Reason: Message does not "
                    "exist or is not available for visibility timeout change.",
                    STR_ARG(str_slice(handle, 0, 256)));
    }
    if (!message_waits(message)) {
        return fail(c, &SQS_NOT_IN_FLIGHT, "The specified message isn't in flight.");
    }
    state_load(c, queue, message, &received);
    if (c->now + seconds * 1000 - received.last_ms > VISIBILITY_SECONDS_MAX * INT64_C(1000)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter VisibilityTimeout is invalid. Reason: Total "
                    "VisibilityTimeout for the message is beyond the limit [%d seconds].",
                    (long long)seconds, VISIBILITY_SECONDS_MAX);
    }
    message_wait(queue, message, c->now + seconds * 1000, false, c->now);
    state_save(c, queue, message, &received);
    if (seconds == 0) {
        queue_wake(c->cell, queue, 1);
    } else {
        queue_arm(c->cell, queue);
    }
    return OK;
}

/* ChangeMessageVisibility */
status sqs_change_visibility(struct call *c)
{
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(change_one(c, queue, arg_str(c, "ReceiptHandle"), arg_int(c, "VisibilityTimeout", -1)));
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* ChangeMessageVisibilityBatch */
status sqs_change_visibility_batch(struct call *c)
{
    struct results results = {.entries = arg(c, "Entries")};
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(batch_check(c, results.entries, "ChangeMessageVisibilityBatchRequestEntry"));
    for (uint32_t i = 0; i < results.entries->count; i++) {
        const struct value *entry = &results.entries->items[i];
        status changed = change_one(c, queue, get_str(entry, "ReceiptHandle"),
                                    get_int(entry, "VisibilityTimeout", -1));

        if (changed == OK) {
            (void)good_entry(c, &results, entry);
        } else {
            bad_entry(c, &results, entry, changed);
        }
    }
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}
