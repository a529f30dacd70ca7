/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting messages into queues, and moving them between queues.
 *
 * A message's sequence is made from weir's clock, which never goes back, also not over a restart:
 * milliseconds and a counter within them. So numbers rise for ever and none is given twice, though
 * nothing remembers the last one.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "bus/trace.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_int.h"

#include <assert.h>

#define COUNTER_BITS 20

static uint64_t next_sequence(struct queue *queue, int64_t now_ms)
{
    uint64_t first = (uint64_t)now_ms << COUNTER_BITS;

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
                      arena_printf(c->arena, "duplicate of %.*s", STR_ARG(twin->id))};

    queue->duplicates++;
    trace_hop(c, &hop);
}

/* The message in memory and its rows. */
static void place(struct call *c, struct queue *queue, struct message *message,
                  const struct content *content, int64_t delay_ms)
{
    message->sent_ms = content->sent_ms;
    content_save(c, queue, message->sequence, content);
    if (delay_ms > 0) {
        message_wait(queue, message, c->now + delay_ms, true, c->now);
        state_save(c, queue, message, 0);
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
            *ret_sent = (struct sent){arena_dup(c->arena, twin.id), twin.number, true};
            return OK;
        }
    }
    message = message_add(queue, next_sequence(queue, c->now),
                          content->group.at != NULL ? content->group : STR(""));
    if (message == NULL) {
        return fail(c, &SQS_OVER_LIMIT, "The queue has %d messages, the most it may have.",
                    MESSAGES_MAX);
    }
    content->id = new_id(c);
    content->number = message->sequence;
    content->sent_ms = c->now;
    if (queue->fifo) {
        twin_save(c, queue, content);
    }
    place(c, queue, message, content,
          (delay_seconds >= 0 ? delay_seconds : queue->delay_seconds) * INT64_C(1000));
    *ret_sent = (struct sent){content->id, content->number, false};
    return OK;
}

void message_move(struct call *c, struct queue *from, struct message *message, struct queue *to,
                  bool dying)
{
    struct content content;
    struct message *moved;
    bool there = content_load(c, from, message->sequence, &content);

    assert(there);
    moved = message_add(to, next_sequence(to, c->now),
                        content.group.at != NULL ? content.group : STR(""));
    if (moved == NULL) {
        return; /* full: it stays where it is */
    }
    if (dying) {
        content.dead_source = queue_arn(c->arena, from);
        moved->receives = message->receives;
    } else { /* as new: AWS gives redriven messages a new id and a new retention */
        content.dead_source = STR_NONE;
        content.id = new_id(c);
        content.sent_ms = c->now;
    }
    content.number = moved->sequence;
    struct hop hop = {queue_arn(c->arena, from), queue_arn(c->arena, to), STR_NONE,
                      dying ? STR("dead-letter: received too often") : STR("redriven")};

    c->trace = content.trace.bytes > 0 ? content.trace : c->trace;
    trace_hop(c, &hop);
    place(c, to, moved, &content, 0);
    if (moved->receives > 0) {
        state_save(c, to, moved, state_first_received(c, from, message->sequence));
    }
    message_erase(c, from, message);
    message_remove(from, message);
}
