/* SPDX-License-Identifier: Apache-2.0
 *
 * StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask.
 */
#include "base/codec.h"
#include "cell/authorize.h"
#include "svc/sqs/sqs_move.h"
#include "svc/sqs/sqs_ops.h"
#include "wire/json.h"

#define RATE_MAX 500
#define HANDLE_BYTES_MAX 4096

/* A handle is base64 of {"taskId": …, "sourceArn": …}, as AWS's. */
static struct str handle_of(struct call *c, const struct queue *queue, const struct move *move)
{
    struct str plain = arena_printf(c->arena, "{\"taskId\":\"%.*s\",\"sourceArn\":\"%.*s\"}",
                                    MESSAGE_ID_BYTES, move->id, STR_ARG(queue->arn));
    char *text = arena_alloc(c->arena, base64_encoded_bytes(plain.bytes));

    base64_encode(plain, text);
    return str_of(text, base64_encoded_bytes(plain.bytes));
}

static status source_of_call(struct call *c, struct queue **ret_queue)
{
    struct queue *queue = queue_of_arn(sqs_of(c), arg_str(c, "SourceArn"));

    if (queue == NULL) {
        return fail(c, &SQS_NOT_FOUND,
                    "The resource that you specified for the SourceArn parameter doesn't exist.");
    }
    *ret_queue = queue;
    return OK;
}

/* StartMessageMoveTask */
status sqs_start_move(struct call *c)
{
    int64_t rate = arg_int(c, "MaxNumberOfMessagesPerSecond", 0);
    struct wish wish = {.to = arg_str(c, "DestinationArn")};

    TRY(source_of_call(c, &wish.queue));
    if (!is_dead_letter_queue(c, wish.queue)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Source queue must be configured as a Dead Letter Queue.");
    }
    if (arg_has(c, "MaxNumberOfMessagesPerSecond") && (rate < 1 || rate > RATE_MAX)) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You "
                    "must set a value between 1 and 500.",
                    (long long)rate);
    }
    wish.rate = (uint32_t)rate;
    TRY(wish_check(c, &wish));
    put_str(c, "TaskHandle", handle_of(c, wish.queue, move_begin(c, &wish, NULL)));
    return OK;
}

static struct str state_text(const struct move *move)
{
    switch (move->state) {
    case MOVE_RUNNING: return STR("RUNNING");
    case MOVE_COMPLETED: return STR("COMPLETED");
    case MOVE_CANCELLED: return STR("CANCELLED");
    default: return STR("FAILED");
    }
}

static void put_move(struct call *c, struct value *item, const struct queue *queue,
                     const struct move *move)
{
    if (move->state == MOVE_RUNNING) {
        set_str(item, "TaskHandle", handle_of(c, queue, move));
    }
    set_str(item, "Status", state_text(move));
    set_str(item, "SourceArn", queue_arn(c->arena, queue));
    if (move->to.bytes > 0) {
        set_str(item, "DestinationArn", arena_dup(c->arena, move->to));
    }
    if (move->rate > 0) {
        set_int(item, "MaxNumberOfMessagesPerSecond", move->rate);
    }
    set_int(item, "ApproximateNumberOfMessagesMoved", (int64_t)move->moved);
    set_int(item, "ApproximateNumberOfMessagesToMove", (int64_t)move->to_move);
    if (move->failure.bytes > 0) {
        set_str(item, "FailureReason", arena_dup(c->arena, move->failure));
    }
    set_int(item, "StartedTimestamp", move->started_ms);
}

/* ListMessageMoveTasks: newest first. */
status sqs_list_moves(struct call *c)
{
    int64_t limit = arg_int(c, "MaxResults", 1);
    struct queue *queue;
    struct value *list;

    TRY(source_of_call(c, &queue));
    if (limit < 1 || limit > MOVES_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter MaxResults is invalid. Reason: MaxResults must be an "
                    "integer between 1 and 10.",
                    (long long)limit);
    }
    list = put_list(c, "Results", MOVES_MAX);
    for (size_t i = 0; i < queue->move_count && i < (size_t)limit; i++) {
        put_move(c, list_add(c->arena, list), queue, queue->moves[i]);
    }
    return OK;
}

/* The newest move of the queue that a handle names, if it is that one; else NULL. */
static struct move *move_of_handle(struct call *c, struct str handle, struct queue **ret_queue)
{
    struct value document = {.kind = VALUE_NONE};
    const struct value *arn;
    const struct value *id;
    struct queue *queue;
    char *plain;
    size_t bytes;

    if (handle.bytes > HANDLE_BYTES_MAX) {
        return NULL;
    }
    plain = arena_alloc(c->arena, handle.bytes + 4);
    if (!base64_decode(handle, plain, &bytes) ||
        !document_read(c, str_of(plain, bytes), &document)) {
        return NULL;
    }
    arn = map_find(&document, STR("sourceArn"));
    id = map_find(&document, STR("taskId"));
    if (arn == NULL || arn->kind != VALUE_STR || id == NULL || id->kind != VALUE_STR) {
        return NULL;
    }
    queue = queue_of_arn(sqs_of(c), arn->str);
    for (size_t i = 0; queue != NULL && i < queue->move_count; i++) {
        if (str_eq(id->str, str_of(queue->moves[i]->id, MESSAGE_ID_BYTES))) {
            *ret_queue = queue;
            return queue->moves[i];
        }
    }
    return NULL;
}

/* CancelMessageMoveTask */
status sqs_cancel_move(struct call *c)
{
    struct queue *queue;
    struct move *move = move_of_handle(c, arg_str(c, "TaskHandle"), &queue);

    if (move == NULL) {
        return fail(c, &SQS_NOT_FOUND, "Task does not exist.");
    }
    TRY(call_may(c, "sqs:CancelMessageMoveTask", queue_arn(c->arena, queue)));
    if (move->state != MOVE_RUNNING) {
        return fail(c, &SQS_UNSUPPORTED, "Only active tasks can be cancelled.");
    }
    move_cancel(c, queue, move);
    put_int(c, "ApproximateNumberOfMessagesMoved", (int64_t)move->moved);
    return OK;
}
