/* SPDX-License-Identifier: Apache-2.0
 *
 * ReceiveMessage: what is there at once (take.c chooses), or what comes within the waiting time.
 *
 * A receive that found nothing parks until it is woken or its time is over; the one that is woken
 * takes, or passes the word on when its caller has gone.
 */
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/sqs/sqs_ops.h"
#include "svc/sqs/sqs_take.h"

/* What a receive asks for; kept while it is parked. */
struct receive {
    struct str account, region, name; /* of the queue: it may be gone when the call goes on */
    size_t count_max;                 /* messages at most */
    int64_t visibility_ms;            /* -1: the queue's */
    int64_t until_ms;                 /* long polling ends */
    struct str attempt;               /* ReceiveRequestAttemptId; STR_NONE: none */
};

/* What a receive's answer is made of. */
struct answering {
    struct value *list;               /* the answer's Messages */
    const struct value *system[2];    /* names of system attributes that are wanted; or NULL */
    const struct value *names;        /* names of attributes that are wanted; or NULL */
    struct attempt attempt;           /* what was taken */
};

/* ---- what a message's answer says ---- */

static bool wanted(const struct value *names, struct str name)
{
    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        if (str_eq(names->items[i].str, STR("All")) || str_eq(names->items[i].str, name)) {
            return true;
        }
    }
    return false;
}

static struct str number(struct call *c, int64_t value)
{
    return arena_printf(c->arena, "%lld", (long long)value);
}

static void put_system(struct call *c, const struct taking *taking, const struct given *given,
                       struct value *out)
{
    const struct content *content = &given->content;
    const struct answering *answering = taking->to;

    if (answering->system[0] == NULL && answering->system[1] == NULL) {
        return;
    }
    const struct {
        struct str name;
        struct str text;
    } texts[] = {
        {STR("SenderId"), content->sender},
        {STR("SentTimestamp"), number(c, content->sent_ms)},
        {STR("ApproximateReceiveCount"),
         number(c, (int64_t)content->receives_before + given->message->receives)},
        {STR("ApproximateFirstReceiveTimestamp"), number(c, given->received.first_ms)},
        {STR("SequenceNumber"),
         taking->queue->fifo ? number_text(c->arena, content->number) : STR_NONE},
        {STR("MessageDeduplicationId"), content->deduplication},
        {STR("MessageGroupId"), content->group},
        {STR("AWSTraceHeader"), content->trace},
        {STR("DeadLetterQueueSourceArn"), content->dead_source},
    };
    struct value *map = NULL;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text.at == NULL || (!wanted(answering->system[0], texts[i].name) &&
                                         !wanted(answering->system[1], texts[i].name))) {
            continue;
        }
        if (map == NULL) {
            map = set_map(c->arena, out, "Attributes", sizeof(texts) / sizeof(texts[0]));
        }
        map_add_str(map, texts[i].name, texts[i].text);
    }
}

/* "All", ".*", a name, or a prefix that ends with ".*". */
static bool attribute_wanted(const struct value *names, struct str name)
{
    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        struct str want = names->items[i].str;

        if (str_eq(want, STR("All")) || str_eq(want, name) ||
            (str_ends(want, STR(".*")) && str_starts(name, str_slice(want, 0, want.bytes - 2)))) {
            return true;
        }
    }
    return false;
}

static void put_attributes(struct call *c, const struct answering *answering, struct value *out,
                           const struct content *content)
{
    struct message_attribute *given;
    struct value *map;
    size_t count = 0;

    if (answering->names == NULL || content->attribute_count == 0) {
        return;
    }
    given = arena_alloc(c->arena, content->attribute_count * sizeof(*given));
    for (size_t i = 0; i < content->attribute_count; i++) {
        if (attribute_wanted(answering->names, content->attributes[i].name)) {
            given[count++] = content->attributes[i];
        }
    }
    if (count == 0) {
        return;
    }
    set_str(out, "MD5OfMessageAttributes", attributes_md5(c->arena, given, count));
    map = set_map(c->arena, out, "MessageAttributes", count);
    for (size_t i = 0; i < count; i++) {
        struct value *item = map_add(c->arena, map, given[i].name);

        if (str_starts(given[i].type, STR("Binary"))) {
            set_blob(item, "BinaryValue", given[i].value);
        } else {
            set_str(item, "StringValue", given[i].value);
        }
        set_str(item, "DataType", given[i].type);
    }
}

/* ---- giving ---- */

/* Into the answer. */
static void answer(struct call *c, struct taking *taking, const struct given *given)
{
    struct answering *answering = taking->to;
    struct attempt *attempt = &answering->attempt;
    struct value *out = list_add(c->arena, answering->list);

    attempt->sequences[attempt->count] = given->message->sequence;
    attempt->receives[attempt->count++] = given->message->receives;
    set_str(out, "MessageId", given->content.id);
    set_str(out, "ReceiptHandle", handle_text(c->arena, taking->queue, given->message));
    set_str(out, "MD5OfBody", text_md5(c->arena, given->content.body));
    set_str(out, "Body", given->content.body);
    put_system(c, taking, given, out);
    put_attributes(c, answering, out, &given->content);
}

static void taking_begin(struct call *c, struct queue *queue, const struct receive *receive,
                         struct taking *taking)
{
    struct answering *answering = ARENA_NEW(c->arena, struct answering);

    *answering = (struct answering){
        .list = put_list(c, "Messages", BATCH_MAX),
        .system = {arg(c, "AttributeNames"), arg(c, "MessageSystemAttributeNames")},
        .names = arg(c, "MessageAttributeNames"),
    };
    answering->attempt.id = receive->attempt;
    taking_init(taking, queue);
    taking->count_max = receive->count_max;
    taking->visibility_ms = receive->visibility_ms >= 0
                                ? receive->visibility_ms
                                : queue->visibility_seconds * INT64_C(1000);
    taking->give = answer;
    taking->to = answering;
}

/* What is there now; false: nothing. */
static bool take(struct call *c, struct queue *queue, const struct receive *receive)
{
    const struct answering *answering;
    struct taking taking;

    taking_begin(c, queue, receive, &taking);
    if (!messages_take(c, &taking)) {
        set_value(c->out, "Messages", &(struct value){.kind = VALUE_NONE});
        return false;
    }
    answering = taking.to;
    if (receive->attempt.bytes > 0) {
        attempt_save(c, queue, &answering->attempt);
    }
    return true;
}

/* The same again as in the attempt of that id, with the same handles, in flight anew. */
static status take_again(struct call *c, struct queue *queue, const struct receive *receive,
                         const struct attempt *attempt)
{
    struct taking taking;

    for (size_t i = 0; i < attempt->count; i++) {
        const struct message *message = message_find(queue, attempt->sequences[i]);

        if (message == NULL || message->receives != attempt->receives[i]) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "Value %.*s for parameter ReceiveRequestAttemptId is invalid. Reason: The "
                        "receiveRequestAttemptId is not valid anymore since the receive call is "
                        "not retryable.",
                        STR_ARG(attempt->id));
        }
    }
    taking_begin(c, queue, receive, &taking);
    for (size_t i = 0; i < attempt->count; i++) {
        message_give(c, &taking, message_find(queue, attempt->sequences[i]));
    }
    return OK;
}

/* ---- ReceiveMessage ---- */

static status receive_on(struct call *c);

static void wait_on(struct call *c, struct queue *queue, const struct receive *receive)
{
    call_park(c, &queue->receivers, receive->until_ms, receive_on);
    queue_arm(c->cell, queue);
}

static struct queue *queue_of(struct call *c, const struct receive *receive)
{
    return queue_find(sqs_of(c), receive->account, receive->region, receive->name);
}

/* A woken receiver whose caller has gone passes the word on. */
static void receive_ended(struct call *c)
{
    struct queue *queue = queue_of(c, c->kept);

    if (queue != NULL && queue_visible(queue) > 0) {
        queue_wake(c->cell, queue, 1);
    }
}

static status receive_on(struct call *c)
{
    const struct receive *receive = c->kept;
    struct queue *queue = queue_of(c, receive);

    if (queue == NULL) {
        return fail(c, &SQS_NO_QUEUE, "The specified queue does not exist.");
    }
    if (take(c, queue, receive)) {
        call_on(c, queue_arn(c->arena, queue));
    } else if (c->now < receive->until_ms) {
        wait_on(c, queue, receive);
    }
    return OK;
}

static status attempt_check(struct call *c, const struct queue *queue, struct str id)
{
    if (id.at == NULL) {
        return OK;
    }
    if (!queue->fifo) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter ReceiveRequestAttemptId is invalid. Reason: The "
                    "request includes a parameter that is not valid for this queue type.",
                    STR_ARG(str_slice(id, 0, 256)));
    }
    if (!id_good(id)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter ReceiveRequestAttemptId is invalid. Reason: "
                    "ReceiveRequestAttemptId can only include alphanumeric and punctuation "
                    "characters. 1 to 128 in length.",
                    STR_ARG(str_slice(id, 0, 256)));
    }
    return OK;
}

static status receive_check(struct call *c, const struct queue *queue, struct receive *receive)
{
    int64_t count = arg_int(c, "MaxNumberOfMessages", 1);
    int64_t visibility = arg_int(c, "VisibilityTimeout", -1);
    int64_t wait = arg_int(c, "WaitTimeSeconds", queue->wait_seconds);

    if (count < 1 || count > BATCH_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter MaxNumberOfMessages is invalid. Reason: Must be "
                    "between 1 and 10, if provided.",
                    (long long)count);
    }
    if (arg_has(c, "VisibilityTimeout") &&
        (visibility < 0 || visibility > VISIBILITY_SECONDS_MAX)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter VisibilityTimeout is invalid. Reason: Must be "
                    "between 0 and 43200, if provided.",
                    (long long)visibility);
    }
    if (wait < 0 || wait > WAIT_SECONDS_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and "
                    "<= 20, if provided.",
                    (long long)wait);
    }
    receive->attempt = arg_str(c, "ReceiveRequestAttemptId");
    TRY(attempt_check(c, queue, receive->attempt));
    receive->count_max = (size_t)count;
    receive->visibility_ms = visibility < 0 ? -1 : visibility * 1000;
    receive->until_ms = c->now + wait * 1000;
    return OK;
}

/* With as many in flight as AWS allows, once what is due has come back, a standard queue refuses
 * who does not wait; who waits, and a FIFO queue's receiver, gets nothing. */
static status in_flight_check(struct call *c, struct queue *queue, const struct receive *receive)
{
    queue_settle(c->cell, queue, c->now);
    if (queue->in_flight < IN_FLIGHT_MAX || queue->fifo || receive->until_ms > c->now) {
        return OK;
    }
    return fail(c, &SQS_OVER_LIMIT,
                "The maximum number of in flight messages (%d) was reached.", IN_FLIGHT_MAX);
}

/* ReceiveMessage: what is there at once, or what comes within the waiting time. */
status sqs_receive_message(struct call *c)
{
    struct receive receive = {.count_max = 1};
    struct attempt attempt;
    struct receive *kept;
    struct queue *queue;

    TRY(queue_of_call(c, &queue));
    TRY(receive_check(c, queue, &receive));
    call_on(c, queue_arn(c->arena, queue));
    if (receive.attempt.bytes > 0 && attempt_find(c, queue, receive.attempt, &attempt)) {
        return take_again(c, queue, &receive, &attempt);
    }
    TRY(in_flight_check(c, queue, &receive));
    if (take(c, queue, &receive) || c->now >= receive.until_ms) {
        return OK;
    }
    kept = arena_alloc(c->keep, sizeof(*kept));
    *kept = receive;
    kept->account = arena_dup(c->keep, queue->account);
    kept->region = arena_dup(c->keep, queue->region);
    kept->name = arena_dup(c->keep, queue->name);
    c->kept = kept;
    call_on_end(c, receive_ended);
    wait_on(c, queue, kept);
    return OK;
}
