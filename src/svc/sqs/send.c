/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting messages into queues, and moving them between queues.
 *
 * A message's sequence is made of weir's clock, which never goes back, and of the journal's
 * position, which grows with every entry: so sequences rise for ever and none is given twice, also
 * over a restart, also on a clock that stands still, though nothing remembers the last one. An
 * entry puts fewer messages into one queue than a position counts for.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "bus/trace.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_rows.h"

#include <assert.h>

#define MOMENT_BITS 20
#define POSITION_BITS 11

static uint64_t next_sequence(struct call *c, struct queue *queue)
{
    uint64_t position = journal_last(store_journal(cell_store(c->cell)));
    uint64_t first = ((uint64_t)c->now << MOMENT_BITS) + (position << POSITION_BITS);

    queue->last = queue->last + 1 > first ? queue->last + 1 : first;
    return queue->last;
}

struct str number_text(struct arena *arena, uint64_t number)
{
    return arena_printf(arena, "1%019llu", (unsigned long long)number);
}

static struct str content_digest(struct call *c, struct str body)
{
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);

    sha256(body, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, 2 * SHA256_BYTES);
}

static struct str new_id(struct call *c)
{
    char *id = arena_alloc(c->arena, MESSAGE_ID_BYTES);

    rand_uuid(c->rand, id);
    return str_of(id, MESSAGE_ID_BYTES);
}

/* A twin swallows it: nobody is left to wonder where it went. */
static void swallow(struct call *c, struct queue *queue, const struct content *content,
                    const struct twin *twin)
{
    struct hop hop = {content->sender, queue_arn(c->arena, queue), STR_NONE,
                      arena_printf(c->arena, "duplicate of %.*s", STR_ARG(twin->id)), twin->id};

    queue->duplicates++;
    duplicates_save(c, queue);
    trace_hop(c, &hop);
}

static void place(struct call *c, struct queue *queue, struct message *message,
                  const struct content *content, int64_t delay_ms)
{
    struct received never = {0, 0};

    content_save(c, queue, message->sequence, content);
    if (delay_ms > 0) {
        message_wait(queue, message, c->now + delay_ms, true, c->now);
        state_save(c, queue, message, &never);
        queue_arm(c->cell, queue);
    } else {
        queue_wake(c->cell, queue, 1);
    }
}

status queue_push(struct call *c, struct queue *queue, struct content *content,
                  int64_t delay_seconds, struct sent *ret_sent)
{
    struct message *message;
    struct twin twin;

    if (queue->fifo) {
        if (content->deduplication.at == NULL) {
            content->deduplication = content_digest(c, content->body);
        }
        if (twin_find(c, queue, content, &twin)) {
            swallow(c, queue, content, &twin);
            *ret_sent = (struct sent){twin.id, twin.number};
            return OK;
        }
    }
    message = message_add(queue, next_sequence(c, queue), c->now, content->group);
    if (message == NULL) {
        return fail(c, &SQS_OVER_LIMIT, "weir keeps at most %u messages in all its queues.",
                    SEATS_MAX);
    }
    content->id = new_id(c);
    content->number = message->sequence;
    content->sent_ms = c->now;
    if (queue->fifo) {
        twin_save(c, queue, content);
    }
    place(c, queue, message, content,
          (delay_seconds >= 0 ? delay_seconds : queue->delay_seconds) * INT64_C(1000));
    *ret_sent = (struct sent){content->id, content->number};
    return OK;
}

/* The hop of a move, in the trace that the message brought along. */
static void note_move(struct call *c, const struct queue *from, const struct queue *to,
                      const struct content *content, const char *outcome)
{
    struct hop hop = {queue_arn(c->arena, from), queue_arn(c->arena, to), STR_NONE,
                      str_c(outcome), content->id};
    struct str was = c->trace;

    c->trace = content->trace.bytes > 0 ? content->trace : was;
    trace_hop(c, &hop);
    c->trace = was;
}

/* Dead: it keeps its id, and on a standard queue its moment, so that its retention goes on; a FIFO
 * queue's dead begin theirs anew, as on AWS. */
static void die(struct call *c, const struct queue *from, const struct message *message,
                struct content *content)
{
    content->dead_source = queue_arn(c->arena, from);
    content->receives_before += message->receives;
    if (from->fifo) {
        content->sent_ms = c->now;
    }
}

/* Sent anew: AWS gives what is redriven a new id and a new moment. */
static void be_born(struct call *c, struct content *content)
{
    content->dead_source = STR_NONE;
    content->receives_before = 0;
    content->id = new_id(c);
    content->sent_ms = c->now;
}

bool message_move(struct call *c, struct queue *from, struct message *message,
                  const struct move_to *to, size_t *ret_bytes)
{
    struct content content;
    struct message *moved;

    assert(from != to->queue);
    assert(from->fifo == to->queue->fifo);
    content_load(c, from, message->sequence, &content);
    if (to->dying) {
        die(c, from, message, &content);
    } else {
        be_born(c, &content);
    }
    moved = message_add(to->queue, next_sequence(c, to->queue), content.sent_ms, content.group);
    if (moved == NULL) {
        return false;
    }
    content.number = moved->sequence;
    note_move(c, from, to->queue, &content,
              to->dying ? "dead-letter: received too often" : "redriven");
    place(c, to->queue, moved, &content, 0);
    message_erase(c, from, message);
    message_remove(from, message);
    *ret_bytes = content_bytes(&content);
    return true;
}
