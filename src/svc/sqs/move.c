/* SPDX-License-Identifier: Apache-2.0
 *
 * Moves: StartMessageMoveTask's, and beyond AWS those of what matches a pattern.
 *
 *   ("sqs", "move", queue id, number)   u8 1, …: see move_save; the last MOVES_MAX of a queue
 *   a durable timer "move/ACCOUNT/REGION/NAME" while one is running
 *
 * Rules
 *  1. A move goes in steps, each an entry that moves some messages and says how many went so far; a
 *     crash between two changes nothing.
 *  2. Only messages that could be received are moved; what is in flight, or behind something of its
 *     group that is, stays.
 *  3. A message goes where it was asked to, or to the queue it died in; one without such a queue
 *     fails the move, as on AWS.
 *  4. What comes into the queue after a move began is not moved: a message that dies again at once
 *     would go round for ever.
 *  5. A step is bounded in messages looked at, messages moved and bytes moved; between two steps
 *     others go first.
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_move.h"

#include <assert.h>

#define VERSION 1
#define STEP_MAX 200             /* messages moved in one entry, when no rate says fewer */
#define LOOK_MAX 1000            /* messages looked at in one entry */
#define STEP_BYTES_MAX (4u << 20)
#define PAUSE_MS 1

static void move_free(struct move *move)
{
    text_set(&move->to, STR_NONE);
    text_set(&move->where, STR_NONE);
    text_set(&move->failure, STR_NONE);
    pattern_free(move->pattern);
    mem_free(move);
}

void moves_done(struct queue *queue)
{
    for (size_t i = 0; i < queue->move_count; i++) {
        move_free(queue->moves[i]);
    }
    queue->move_count = 0;
}

struct move *move_running(const struct queue *queue)
{
    return queue->move_count > 0 && queue->moves[0]->state == MOVE_RUNNING ? queue->moves[0]
                                                                           : NULL;
}

/* ---- rows ---- */

static struct str move_key(struct arena *arena, const struct queue *queue, uint64_t number)
{
    struct key key = row_below(arena, "move", queue->id);

    key_u64(&key, number);
    return key_end(&key);
}

static struct str timer_name(struct arena *arena, const struct queue *queue)
{
    return arena_printf(arena, "move/%.*s/%.*s/%.*s", STR_ARG(queue->account),
                        STR_ARG(queue->region), STR_ARG(queue->name));
}

static void move_save(struct call *c, const struct queue *queue, const struct move *move)
{
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
    write_var(&packed, move->last);
    write_zigzag(&packed, move->started_ms);
    row_put(c, move_key(c->arena, queue, move->number), &packed);
}

static bool move_read(struct str packed, struct move *move)
{
    struct cursor cursor = cursor_of(packed);
    uint8_t version = read_u8(&cursor);
    struct str id = read_str(&cursor);
    struct why why;

    move->state = read_u8(&cursor);
    text_set(&move->to, read_str(&cursor));
    text_set(&move->where, read_str(&cursor));
    text_set(&move->failure, read_str(&cursor));
    move->rate = (uint32_t)read_var(&cursor);
    move->moved = read_var(&cursor);
    move->to_move = read_var(&cursor);
    move->beyond = read_var(&cursor);
    move->last = read_var(&cursor);
    move->started_ms = read_zigzag(&cursor);
    if (version != VERSION || !cursor_done(&cursor) || id.bytes != MESSAGE_ID_BYTES) {
        return false;
    }
    memcpy(move->id, id.at, MESSAGE_ID_BYTES);
    return move->where.bytes == 0 || move->state != MOVE_RUNNING ||
           pattern_compile(move->where, PATTERN_EVENTS, &why, &move->pattern) == OK;
}

/* In front of those there are; the oldest goes when there are too many. */
static struct move *move_add(struct queue *queue)
{
    struct move *move = MEM_NEW(struct move);

    if (queue->move_count == MOVES_MAX) {
        move_free(queue->moves[--queue->move_count]);
    }
    memmove(&queue->moves[1], &queue->moves[0], queue->move_count * sizeof(queue->moves[0]));
    queue->moves[0] = move;
    queue->move_count++;
    return move;
}

static status queue_moves_load(struct sqs *sqs, struct queue *queue, struct arena *arena)
{
    struct key prefix = row_below(arena, "move", queue->id);
    struct kv_scan *scan =
        store_scan(cell_store(sqs->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);
    status loaded = OK;
    struct str key;
    struct str packed;

    while (loaded == OK && store_scan_next(scan, &key, &packed)) {
        struct key_reader reader = {str_slice(key, key_end(&prefix).bytes, key.bytes)};
        struct move *move = move_add(queue);

        loaded = key_read_u64(&reader, &move->number) && move_read(packed, move) ? OK
                                                                                 : &ERR_CORRUPT;
    }
    store_scan_close(scan);
    return loaded;
}

status moves_load(struct sqs *sqs)
{
    struct arena *arena = arena_new(1u << 20);
    status loaded = OK;
    struct str key;
    void *queue;

    for (size_t i = 0; loaded == OK && map_next(sqs->queues, &i, &key, &queue);) {
        loaded = queue_moves_load(sqs, queue, arena);
        arena_clear(arena);
    }
    arena_free(arena);
    return loaded;
}

/* ---- a step ---- */

static void move_end(struct move *move, enum move_state state, const char *failure)
{
    move->state = (uint8_t)state;
    text_set(&move->failure, failure == NULL ? STR_NONE : str_c(failure));
}

static struct queue *destination_of(struct call *c, const struct queue *queue,
                                    const struct move *move, const struct content *content)
{
    struct str arn = move->to.bytes > 0 ? move->to : content->dead_source;
    struct queue *to = arn.bytes == 0 ? NULL : queue_of_arn(sqs_of(c), arn);

    return to == queue || (to != NULL && to->fifo != queue->fifo) ? NULL : to;
}

/* One message that was found; false: the move has failed. */
static bool move_one(struct call *c, struct queue *queue, struct move *move,
                     struct message *message, const struct content *content)
{
    struct move_to to = {destination_of(c, queue, move, content), false};
    size_t bytes;

    if (to.queue == NULL) {
        move_end(move, MOVE_FAILED, "CouldNotDetermineMessageSource");
        return false;
    }
    if (!message_move(c, queue, message, &to, &bytes)) {
        move_end(move, MOVE_FAILED, "OverLimit");
        return false;
    }
    move->moved++;
    return true;
}

/* Moves at most so many; gives how many. It ends the move when there is nothing more. */
static size_t step(struct call *c, struct queue *queue, struct move *move, size_t count_max)
{
    struct message_walk walk;
    struct content content;
    struct message *message = NULL;
    size_t bytes = 0;
    size_t moved = 0;

    queue_settle(c->cell, queue, c->now);
    message_walk_open(c, queue, move->beyond, &walk);
    for (int looked = 0; looked < LOOK_MAX && moved < count_max && bytes < STEP_BYTES_MAX;
         looked++) {
        message = message_walk_next(c, &walk, &content);
        if (message == NULL || message->sequence > move->last) {
            move_end(move, MOVE_COMPLETED, NULL);
            break;
        }
        move->beyond = message->sequence;
        if (!message_receivable(queue, message) ||
            !message_matches(move->pattern, message, &content)) {
            continue;
        }
        bytes += content_bytes(&content);
        if (!move_one(c, queue, move, message, &content)) {
            break;
        }
        moved++;
    }
    message_walk_close(&walk);
    return moved;
}

/* When the next step is due, after one that moved so many. */
static int64_t next_ms(struct call *c, const struct move *move, size_t moved)
{
    if (move->rate > 0) {
        return c->now + (int64_t)moved * MS_PER_SECOND / move->rate;
    }
    return c->now + (cell_clock(c->cell)->manual ? 0 : PAUSE_MS);
}

status moves_timer(struct call *c, struct str name, struct str payload)
{
    struct str rest = str_slice(name, 5, name.bytes); /* behind "move/" */
    struct str account = str_split(&rest, '/');
    struct str region = str_split(&rest, '/');
    struct queue *queue = queue_find(sqs_of(c), account, region, rest);
    struct move *move = queue == NULL ? NULL : move_running(queue);
    size_t moved;

    (void)payload;
    if (move == NULL) {
        return OK;
    }
    call_on(c, queue_arn(c->arena, queue));
    moved = step(c, queue, move, move->rate > 0 && move->rate < STEP_MAX ? move->rate : STEP_MAX);
    if (move->state == MOVE_RUNNING) {
        bus_timer_set(c, "sqs", name, next_ms(c, move, moved), STR_NONE);
    }
    move_save(c, queue, move);
    return OK;
}

/* ---- starting and ending ---- */

bool is_dead_letter_queue(struct call *c, const struct queue *queue)
{
    struct str key;
    void *value;

    for (size_t i = 0; map_next(sqs_of(c)->queues, &i, &key, &value);) {
        if (str_eq(((struct queue *)value)->dead_arn, queue->arn)) {
            return true;
        }
    }
    return false;
}

status wish_check(struct call *c, const struct wish *wish)
{
    struct queue *to = wish->to.bytes > 0 ? queue_of_arn(sqs_of(c), wish->to) : NULL;

    if (wish->to.bytes > 0 && to == NULL) {
        return fail(c, &SQS_NOT_FOUND,
                    "The resource that you specified for the DestinationArn parameter doesn't "
                    "exist.");
    }
    if (to == wish->queue) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The source and destination queues must be different.");
    }
    if (to != NULL && to->fifo != wish->queue->fifo) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "The destination queue must be of the same type as the source queue.");
    }
    if (move_running(wish->queue) != NULL) {
        return fail(c, &SQS_UNSUPPORTED,
                    "There is already a task running. Only one active task is allowed for a source "
                    "queue arn at a given time.");
    }
    return OK;
}

struct move *move_begin(struct call *c, const struct wish *wish, struct pattern *pattern)
{
    struct queue *queue = wish->queue;
    uint64_t number = queue->move_count > 0 ? queue->moves[0]->number + 1 : 1;
    struct move *move;

    if (queue->move_count == MOVES_MAX) {
        txn_delete(c->txn, move_key(c->arena, queue, queue->moves[MOVES_MAX - 1]->number));
    }
    queue_settle(c->cell, queue, c->now);
    move = move_add(queue);
    rand_uuid(c->rand, move->id);
    move->number = number;
    text_set(&move->to, wish->to);
    text_set(&move->where, wish->where);
    move->pattern = pattern;
    move->rate = wish->rate;
    move->to_move = queue_visible(queue);
    move->last = queue->last;
    move->started_ms = c->now;
    move_save(c, queue, move);
    bus_timer_set(c, "sqs", timer_name(c->arena, queue), c->now, STR_NONE);
    call_on(c, queue_arn(c->arena, queue));
    return move;
}

void move_cancel(struct call *c, struct queue *queue, struct move *move)
{
    assert(move->state == MOVE_RUNNING);
    move_end(move, MOVE_CANCELLED, NULL);
    move_save(c, queue, move);
    bus_timer_unset(c, "sqs", timer_name(c->arena, queue));
    call_on(c, queue_arn(c->arena, queue));
}
