/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving a dead-letter queue's messages: StartMessageMoveTask and its kin, and beyond AWS a move of
 * what matches a pattern, at a rate, or only counted.
 *
 *   ("sqs", "move", queue id)   the last move out of a queue, version 1 (move_save)
 *   a durable timer "move/ACCOUNT/REGION/NAME" while it runs
 *
 * Rules
 *  1. A move goes in steps, each an entry that moves some messages and says how many went so far; a
 *     crash between two changes nothing.
 *  2. Only messages that could be received are moved; what is in flight stays.
 *  3. A message goes where it was asked to, or to the queue it died in; one without such a queue
 *     fails the move, as on AWS.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "base/time.h"
#include "bus/pattern.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_ops.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1
#define RATE_MAX 500
#define STEP_MAX 500         /* messages in one entry */
#define LOOK_MAX 2000        /* messages looked at in one entry */
#define DOCUMENT_BYTES_MAX (4u * 1024 * 1024)
#define COUNT_MAX 1000000    /* looked at by a dry run */
#define RESULTS_MAX 10

enum move_state { MOVE_RUNNING, MOVE_COMPLETED, MOVE_CANCELLED, MOVE_FAILED };

struct move {
    char id[MESSAGE_ID_BYTES];  /* a UUID, in the handle */
    uint8_t state;              /* enum move_state */
    struct str to;              /* ARN; empty: where each came from; owned */
    struct str where;           /* pattern; empty: all; owned */
    struct str failure;         /* why it failed; owned */
    struct pattern *pattern;    /* of where; NULL: all */
    uint32_t rate;              /* messages a second; 0: as fast as it goes */
    uint64_t moved;             /* so far */
    uint64_t to_move;           /* when it began */
    uint64_t beyond;            /* sequences up to this one were looked at */
    int64_t started_ms;
};

static void move_free(struct move *move)
{
    if (move != NULL) {
        text_set(&move->to, STR_NONE);
        text_set(&move->where, STR_NONE);
        text_set(&move->failure, STR_NONE);
        pattern_free(move->pattern);
        mem_free(move);
    }
}

void moves_done(struct queue *queue)
{
    move_free(queue->move);
    queue->move = NULL;
}

/* ---- rows ---- */

static struct str move_key(struct arena *arena, const struct queue *queue)
{
    struct key key = key_of(arena, "sqs");

    key_str(&key, STR("move"));
    key_u64(&key, queue->id);
    return key_end(&key);
}

static struct str timer_name(struct arena *arena, const struct queue *queue)
{
    return arena_printf(arena, "move/%.*s/%.*s/%.*s", STR_ARG(queue->account),
                        STR_ARG(queue->region), STR_ARG(queue->name));
}

static void move_save(struct call *c, const struct queue *queue)
{
    const struct move *move = queue->move;
    struct buf packed;

    buf_init(&packed, 1024 * 1024);
    write_u8(&packed, VERSION);
    write_str(&packed, str_of(move->id, MESSAGE_ID_BYTES));
    write_u8(&packed, move->state);
    write_str(&packed, move->to);
    write_str(&packed, move->where);
    write_str(&packed, move->failure);
    write_var(&packed, move->rate);
    write_var(&packed, move->moved);
    write_var(&packed, move->to_move);
    write_var(&packed, move->beyond);
    write_zigzag(&packed, move->started_ms);
    assert(!buf_spent(&packed));
    txn_put(c->txn, move_key(c->arena, queue), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

static status move_read(struct cursor *cursor, struct move *move)
{
    struct str id;
    struct why why;

    if (read_u8(cursor) != VERSION) {
        return &ERR_CORRUPT;
    }
    id = read_str(cursor);
    move->state = read_u8(cursor);
    text_set(&move->to, read_str(cursor));
    text_set(&move->where, read_str(cursor));
    text_set(&move->failure, read_str(cursor));
    move->rate = (uint32_t)read_var(cursor);
    move->moved = read_var(cursor);
    move->to_move = read_var(cursor);
    move->beyond = read_var(cursor);
    move->started_ms = read_zigzag(cursor);
    if (!cursor_done(cursor) || id.bytes != MESSAGE_ID_BYTES) {
        return &ERR_CORRUPT;
    }
    memcpy(move->id, id.at, MESSAGE_ID_BYTES);
    return move->where.bytes == 0 ||
                   pattern_compile(move->where, PATTERN_EVENTS, &why, &move->pattern) == OK
               ? OK
               : &ERR_CORRUPT;
}

status moves_load(struct sqs *sqs)
{
    struct arena *arena = arena_new(4u << 20);
    status loaded = OK;
    struct str key;
    void *value;

    for (size_t i = 0; loaded == OK && map_next(sqs->queues, &i, &key, &value);) {
        struct queue *queue = value;
        struct str packed;

        if (store_get(cell_store(sqs->cell), arena, move_key(arena, queue), &packed)) {
            struct cursor cursor = cursor_of(packed);

            queue->move = MEM_NEW(struct move);
            loaded = move_read(&cursor, queue->move);
        }
        arena_clear(arena);
    }
    arena_free(arena);
    return loaded;
}

/* ---- what matches ---- */

static void add_attributes(struct buf *text, const struct content *content)
{
    for (size_t i = 0; i < content->attribute_count; i++) {
        const struct message_attribute *attribute = &content->attributes[i];

        buf_add(text, i == 0 ? STR("") : STR(","));
        json_write_str(text, attribute->name);
        buf_add_c(text, ':');
        if (str_starts(attribute->type, STR("Binary"))) {
            buf_add_c(text, '"');
            buf_add_base64(text, attribute->value);
            buf_add_c(text, '"');
        } else {
            json_write_str(text, attribute->value);
        }
    }
}

static bool matches(struct call *c, const struct pattern *pattern, const struct content *content)
{
    struct arena *scratch;
    struct value body;
    struct why why;
    struct buf text;
    bool found;

    if (pattern == NULL) {
        return true;
    }
    scratch = arena_new(64u << 20);
    buf_init(&text, DOCUMENT_BYTES_MAX);
    buf_add(&text, STR("{\"messageId\":"));
    json_write_str(&text, content->id);
    if (content->group.at != NULL) {
        buf_add(&text, STR(",\"messageGroupId\":"));
        json_write_str(&text, content->group);
    }
    buf_add(&text, STR(",\"messageAttributes\":{"));
    add_attributes(&text, content);
    buf_add(&text, STR("},\"body\":"));
    if (json_read(arena_dup(scratch, content->body), 0, scratch, &why, &body) == OK) {
        buf_add(&text, content->body);
    } else {
        json_write_str(&text, content->body);
    }
    buf_add_c(&text, '}');
    found = !buf_spent(&text) && pattern_match_json(pattern, buf_str(&text), scratch);
    buf_done(&text);
    arena_free(scratch);
    (void)c;
    return found;
}

/* ---- a step ---- */

static bool is_ready(const struct message *message)
{
    return message->timer.index == 0 && (message->group == NULL || message->group->busy == 0);
}

/* The next message behind what was looked at, by the rows, which are in order. */
static struct message *next_after(struct call *c, struct queue *queue, uint64_t sequence)
{
    struct key from = key_of(c->arena, "sqs");
    struct key prefix = key_of(c->arena, "sqs");
    struct message *found = NULL;
    struct txn_scan *scan;
    struct str key;
    struct str value;

    key_str(&from, STR("message"));
    key_u64(&from, queue->id);
    key_u64(&from, sequence + 1);
    key_str(&prefix, STR("message"));
    key_u64(&prefix, queue->id);
    scan = txn_scan(c->txn, key_end(&from), key_after_prefix(c->arena, key_end(&prefix)), false);
    while (found == NULL && txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str skipped;
        uint64_t id;
        uint64_t at;

        if (key_read_str(&reader, c->arena, &skipped) &&
            key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &id) &&
            key_read_u64(&reader, &at)) {
            found = message_find(queue, at);
        }
    }
    txn_scan_close(scan);
    return found;
}

static struct queue *destination_of(struct call *c, const struct queue *queue,
                                    const struct content *content)
{
    struct str arn = queue->move->to.bytes > 0 ? queue->move->to : content->dead_source;
    struct queue *to = arn.bytes == 0 ? NULL : queue_of_arn(sqs_of(c), arn);

    return to == queue || (to != NULL && to->fifo != queue->fifo) ? NULL : to;
}

static void end_move(struct move *move, enum move_state state, const char *failure)
{
    move->state = state;
    text_set(&move->failure, failure == NULL ? STR_NONE : str_c(failure));
}

/* Moves at most so many; false: there is nothing more. */
static bool step(struct call *c, struct queue *queue, size_t count_max)
{
    struct move *move = queue->move;
    size_t moved = 0;

    queue_settle(queue, c->now);
    for (int looked = 0; looked < LOOK_MAX && moved < count_max; looked++) {
        struct message *message = next_after(c, queue, move->beyond);
        struct content content;
        struct queue *to;

        if (message == NULL) {
            return false;
        }
        move->beyond = message->sequence;
        if (!is_ready(message) || !content_load(c, queue, message->sequence, &content) ||
            !matches(c, move->pattern, &content)) {
            continue;
        }
        to = destination_of(c, queue, &content);
        if (to == NULL) {
            end_move(move, MOVE_FAILED, "CouldNotDetermineMessageSource");
            return false;
        }
        message_move(c, queue, message, to, false);
        move->moved++;
        moved++;
    }
    return true;
}

status moves_timer(struct call *c, struct str name, struct str payload)
{
    struct str rest = str_slice(name, 5, name.bytes); /* behind "move/" */
    struct str account = str_split(&rest, '/');
    struct str region = str_split(&rest, '/');
    struct queue *queue = queue_find(sqs_of(c), account, region, rest);
    struct move *move;

    (void)payload;
    if (queue == NULL || queue->move == NULL || queue->move->state != MOVE_RUNNING) {
        return OK;
    }
    move = queue->move;
    call_on(c, queue_arn(c->arena, queue));
    if (step(c, queue, move->rate > 0 ? move->rate : STEP_MAX)) {
        bus_timer_set(c, "sqs", name, c->now + (move->rate > 0 ? MS_PER_SECOND : 0), STR_NONE);
    } else if (move->state == MOVE_RUNNING) {
        end_move(move, MOVE_COMPLETED, NULL);
    }
    move_save(c, queue);
    return OK;
}

/* ---- starting ---- */

static bool is_dead_letter_queue(struct call *c, const struct queue *queue)
{
    struct str arn = queue_arn(c->arena, queue);
    struct str key;
    void *value;

    for (size_t i = 0; map_next(sqs_of(c)->queues, &i, &key, &value);) {
        if (str_eq(((struct queue *)value)->dead_arn, arn)) {
            return true;
        }
    }
    return false;
}

/* What a move is to be. */
struct wish {
    struct queue *queue;    /* out of which */
    struct str to;          /* ARN; empty: where each came from */
    struct str where;       /* pattern; empty: all */
    uint32_t rate;          /* 0: as fast as it goes */
};

static status wish_check(struct call *c, const struct wish *wish)
{
    struct queue *to = wish->to.bytes > 0 ? queue_of_arn(sqs_of(c), wish->to) : NULL;

    if (wish->to.bytes > 0 && to == NULL) {
        return fail(c, &SQS_NOT_FOUND,
                    "The resource that you specified for the DestinationArn parameter doesn't "
                    "exist.");
    }
    if (to != NULL && to->fifo != wish->queue->fifo) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The destination queue must be of the same type as the source queue.");
    }
    if (wish->queue->move != NULL && wish->queue->move->state == MOVE_RUNNING) {
        return fail(c, &SQS_UNSUPPORTED,
                    "There is already a task running. Only one active task is allowed for a source "
                    "queue arn at a given time.");
    }
    return OK;
}

static void begin(struct call *c, const struct wish *wish, struct pattern *pattern)
{
    struct move *move = MEM_NEW(struct move);

    moves_done(wish->queue);
    wish->queue->move = move;
    rand_uuid(c->rand, move->id);
    text_set(&move->to, wish->to);
    text_set(&move->where, wish->where);
    move->pattern = pattern;
    move->rate = wish->rate;
    move->to_move = queue_visible(wish->queue);
    move->started_ms = c->now;
    move_save(c, wish->queue);
    bus_timer_set(c, "sqs", timer_name(c->arena, wish->queue), c->now, STR_NONE);
    call_on(c, queue_arn(c->arena, wish->queue));
}

static struct str handle_of(struct call *c, const struct queue *queue)
{
    struct str plain = arena_printf(c->arena, "{\"taskId\":\"%.*s\",\"sourceArn\":\"%.*s\"}",
                                    MESSAGE_ID_BYTES, queue->move->id,
                                    STR_ARG(queue_arn(c->arena, queue)));
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
                    "must set a value between 1 and 500.", (long long)rate);
    }
    wish.rate = (uint32_t)rate;
    TRY(wish_check(c, &wish));
    begin(c, &wish, NULL);
    put_str(c, "TaskHandle", handle_of(c, wish.queue));
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

/* ListMessageMoveTasks: weir remembers the last one of each queue. */
status sqs_list_moves(struct call *c)
{
    int64_t limit = arg_int(c, "MaxResults", 1);
    const struct move *move;
    struct queue *queue;
    struct value *item;

    TRY(source_of_call(c, &queue));
    if (limit < 1 || limit > RESULTS_MAX) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %lld for parameter MaxResults is invalid. Reason: MaxResults must be an "
                    "integer between 1 and 10.", (long long)limit);
    }
    move = queue->move;
    if (move == NULL) {
        return OK;
    }
    item = list_add(c->arena, put_list(c, "Results", 1));
    if (move->state == MOVE_RUNNING) {
        set_str(item, "TaskHandle", handle_of(c, queue));
    }
    set_str(item, "Status", state_text(move));
    set_str(item, "SourceArn", queue_arn(c->arena, queue));
    if (move->to.bytes > 0) {
        set_str(item, "DestinationArn", move->to);
    }
    if (move->rate > 0) {
        set_int(item, "MaxNumberOfMessagesPerSecond", move->rate);
    }
    set_int(item, "ApproximateNumberOfMessagesMoved", (int64_t)move->moved);
    set_int(item, "ApproximateNumberOfMessagesToMove", (int64_t)move->to_move);
    if (move->failure.bytes > 0) {
        set_str(item, "FailureReason", move->failure);
    }
    set_int(item, "StartedTimestamp", move->started_ms);
    return OK;
}

static struct queue *queue_of_handle(struct call *c, struct str handle)
{
    char *plain = arena_alloc(c->arena, handle.bytes + 4);
    struct value document;
    const struct value *arn;
    const struct value *id;
    struct queue *queue;
    struct why why;
    size_t bytes;

    if (!base64_decode(handle, plain, &bytes) ||
        json_read(str_of(plain, bytes), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return NULL;
    }
    arn = map_find(&document, STR("sourceArn"));
    id = map_find(&document, STR("taskId"));
    queue = arn == NULL || arn->kind != VALUE_STR ? NULL : queue_of_arn(sqs_of(c), arn->str);
    if (queue == NULL || queue->move == NULL || id == NULL || id->kind != VALUE_STR ||
        !str_eq(id->str, str_of(queue->move->id, MESSAGE_ID_BYTES))) {
        return NULL;
    }
    return queue;
}

/* CancelMessageMoveTask */
status sqs_cancel_move(struct call *c)
{
    struct queue *queue = queue_of_handle(c, arg_str(c, "TaskHandle"));

    if (queue == NULL) {
        return fail(c, &SQS_NOT_FOUND, "Task does not exist.");
    }
    if (queue->move->state != MOVE_RUNNING) {
        return fail(c, &SQS_UNSUPPORTED, "Only active tasks can be cancelled.");
    }
    end_move(queue->move, MOVE_CANCELLED, NULL);
    move_save(c, queue);
    bus_timer_unset(c, "sqs", timer_name(c->arena, queue));
    put_int(c, "ApproximateNumberOfMessagesMoved", (int64_t)queue->move->moved);
    call_on(c, queue_arn(c->arena, queue));
    return OK;
}

/* ---- pages ---- */

static status answer_problem(struct call *c, int http, const char *sentence)
{
    struct buf text;

    buf_init(&text, 16 * 1024);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, str_c(sentence));
    buf_add(&text, STR("}\n"));
    call_answer(c, http, "application/json", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    return OK;
}

static struct queue *queue_named(struct call *c, struct str name)
{
    struct queue *queue = queue_of_arn(sqs_of(c), name);
    struct str key;
    void *value;

    if (queue == NULL && queue_of_url(c, name, &queue) == OK) {
        return queue;
    }
    for (size_t i = 0; queue == NULL && map_next(sqs_of(c)->queues, &i, &key, &value);) {
        if (str_eq(((struct queue *)value)->name, name)) {
            queue = value;
        }
    }
    c->why.text[0] = '\0';
    return queue;
}

static uint64_t count_matching(struct call *c, struct queue *queue, const struct pattern *pattern)
{
    uint64_t matching = 0;
    size_t looked = 0;

    if (pattern == NULL) {
        return queue_visible(queue);
    }
    for (size_t i = 0; i < queue->slot_count && looked < COUNT_MAX; i++) {
        struct content content;

        if (queue->slots[i] == NULL || !is_ready(queue->slots[i])) {
            continue;
        }
        looked++;
        matching += content_load(c, queue, queue->slots[i]->sequence, &content) &&
                    matches(c, pattern, &content);
    }
    return matching;
}

status page_redrive(struct call *c)
{
    struct wish wish = {.queue = queue_named(c, page_arg(c, "queue")),
                        .where = page_arg(c, "where")};
    bool dry_run = page_arg(c, "dry-run").bytes > 0;
    struct pattern *pattern = NULL;
    struct queue *to = NULL;
    struct str task = STR("");
    uint64_t matching;
    uint64_t rate = 0;
    uint64_t messages;

    if (wish.queue == NULL) {
        return answer_problem(c, 404, "There is no such queue.");
    }
    if (page_arg(c, "to").bytes > 0) {
        to = queue_named(c, page_arg(c, "to"));
        if (to == NULL) {
            return answer_problem(c, 404, "There is no such queue to move to.");
        }
        wish.to = queue_arn(c->arena, to);
    } else if (!is_dead_letter_queue(c, wish.queue)) {
        return answer_problem(c, 400, "This is no dead-letter queue: say where to.");
    }
    if (page_arg(c, "rate").bytes > 0 &&
        (!str_to_u64(page_arg(c, "rate"), &rate) || rate == 0 || rate > 100000)) {
        return answer_problem(c, 400, "rate is a number of messages a second.");
    }
    wish.rate = (uint32_t)rate;
    if (wish.where.bytes > 0 &&
        pattern_compile(wish.where, PATTERN_EVENTS, &c->why, &pattern) != OK) {
        return answer_problem(c, 400, arena_dup(c->arena, str_c(c->why.text)).at);
    }
    if (!dry_run && wish_check(c, &wish) != OK) {
        pattern_free(pattern);
        return answer_problem(c, 409, arena_dup(c->arena, str_c(c->why.text)).at);
    }
    queue_settle(wish.queue, c->now);
    messages = queue_visible(wish.queue);
    matching = count_matching(c, wish.queue, pattern);
    if (dry_run) {
        pattern_free(pattern);
    } else {
        begin(c, &wish, pattern);
        task = str_of(wish.queue->move->id, MESSAGE_ID_BYTES);
    }
    call_answer(c, 200, "application/json",
                arena_printf(c->arena, "{\"messages\":%llu,\"matching\":%llu,\"task\":\"%.*s\"}\n",
                             (unsigned long long)messages, (unsigned long long)matching,
                             STR_ARG(task)));
    return OK;
}

status page_queues(struct call *c)
{
    struct buf text;
    struct str key;
    void *value;
    bool first = true;

    buf_init(&text, 64u << 20);
    buf_add(&text, STR("{\"queues\":["));
    for (size_t i = 0; map_next(sqs_of(c)->queues, &i, &key, &value);) {
        struct queue *queue = value;

        queue_settle(queue, c->now);
        buf_printf(&text,
                   "%s\n{\"arn\":\"%.*s\",\"visible\":%llu,\"in_flight\":%llu,\"delayed\":%llu,"
                   "\"duplicates\":%llu}",
                   first ? "" : ",", STR_ARG(queue_arn(c->arena, queue)),
                   (unsigned long long)queue_visible(queue),
                   (unsigned long long)queue->in_flight, (unsigned long long)queue->delayed,
                   (unsigned long long)queue->duplicates);
        first = false;
    }
    buf_add(&text, STR("]}\n"));
    call_answer(c, 200, "application/json", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    return OK;
}
