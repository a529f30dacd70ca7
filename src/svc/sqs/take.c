/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing messages that are given out, and burying those that may not be any more.
 *
 * Rules
 *  1. A message that is older than its queue keeps is never given; one that was received often
 *     enough goes to the dead-letter queue instead, in the same entry. One go buries a bounded
 *     number of messages and bytes.
 *  2. A FIFO queue gives as many as there are of one group, in order, then of the next; a group of
 *     which something is in flight waits.
 *  3. What is held (the queue, a group) is passed over, as if it were not there.
 */
#include "svc/sqs/sqs_take.h"

#include "bus/hold.h"

#include <assert.h>

#define BURIED_MAX 1000
#define BURIED_BYTES_MAX (8u << 20)

/* ---- burying ---- */

enum fate { TO_BE_GIVEN, BURIED, STUCK };

static bool too_old(const struct call *c, const struct queue *queue,
                    const struct message *message)
{
    return c->now - message->sent_ms >= queue->retention_seconds * INT64_C(1000);
}

/* Where a message goes that was received often enough; NULL: nowhere. */
static struct queue *grave_of(struct call *c, const struct queue *queue,
                              const struct message *message)
{
    struct queue *grave;

    if (queue->receives_max == 0 || message->receives < queue->receives_max) {
        return NULL;
    }
    grave = queue_of_arn(sqs_of(c), queue->dead_arn);
    return grave == queue || (grave != NULL && grave->fifo != queue->fifo) ? NULL : grave;
}

static bool may_be_given(struct call *c, const struct queue *queue, const struct message *message)
{
    return !too_old(c, queue, message) && grave_of(c, queue, message) == NULL;
}

/* Away with a message that may not be given any more. */
static enum fate bury(struct call *c, struct taking *taking, struct message *message)
{
    struct queue *queue = taking->queue;
    size_t bytes;

    if (may_be_given(c, queue, message)) {
        return TO_BE_GIVEN;
    }
    if (taking->burials_left == 0 || taking->burial_bytes_left == 0) {
        return STUCK;
    }
    taking->burials_left--;
    if (too_old(c, queue, message)) {
        message_erase(c, queue, message);
        message_remove(queue, message);
        return BURIED;
    }
    struct move_to grave = {grave_of(c, queue, message), true};

    if (!message_move(c, queue, message, &grave, &bytes)) {
        return STUCK;
    }
    taking->burial_bytes_left -=
        bytes < taking->burial_bytes_left ? bytes : taking->burial_bytes_left;
    return BURIED;
}

/* The next message of a standard queue that may be received; NULL: none. */
static struct message *next_standard(struct call *c, struct taking *taking)
{
    struct queue *queue = taking->queue;
    struct message *message;
    enum fate fate = BURIED;

    while (fate == BURIED && (message = message_at(queue, queue->ready.first)) != NULL) {
        fate = bury(c, taking, message);
        if (fate == TO_BE_GIVEN) {
            return message;
        }
    }
    return NULL;
}

/* Buries at the head of a group until something of it may be given; false: nothing may. */
static bool group_gives(struct call *c, struct taking *taking, struct group *group)
{
    for (;;) {
        bool last = group->count == 1; /* burying it frees the group */
        enum fate fate = bury(c, taking, message_at(taking->queue, group->messages.first));

        if (fate != BURIED || last || !group->ready) {
            return fate == TO_BE_GIVEN;
        }
    }
}

/* The first ready group that is not held and has something to give; NULL: none. */
static struct group *next_group(struct call *c, struct taking *taking, bool some_held)
{
    struct queue *queue = taking->queue;
    uint32_t next;

    for (uint32_t at = queue->ready_groups.first; at != 0; at = next) {
        struct group *group = group_at(queue, at);

        next = group->seat.next;
        if ((some_held && hold_on(c, HOLD_GROUP, queue->arn, group_name(group))) ||
            (taking->wanted != NULL && !taking->wanted(taking->arg, group_name(group)))) {
            continue;
        }
        if (group_gives(c, taking, group)) {
            return group;
        }
    }
    return NULL;
}

/* ---- giving ---- */

void taking_init(struct taking *taking, struct queue *queue)
{
    *taking = (struct taking){
        .queue = queue,
        .bytes_left = UINT64_MAX,
        .burials_left = BURIED_MAX,
        .burial_bytes_left = BURIED_BYTES_MAX,
    };
}

/* In flight from now on. */
static void go(struct call *c, struct taking *taking, struct message *message, struct given *given)
{
    struct queue *queue = taking->queue;
    uint64_t bytes = content_bytes(&given->content);

    state_load(c, queue, message, &given->received);
    given->received.first_ms = given->received.first_ms == 0 ? c->now : given->received.first_ms;
    given->received.last_ms = c->now;
    message_wait(queue, message, c->now + taking->visibility_ms, false, c->now);
    if (!message_waits(message)) { /* visible at once */
        message_rotate(queue, message);
    }
    state_save(c, queue, message, &given->received);
    taking->count++;
    taking->bytes_left -= bytes < taking->bytes_left ? bytes : taking->bytes_left;
    taking->give(c, taking, given);
}

void message_give(struct call *c, struct taking *taking, struct message *message)
{
    struct given given = {.message = message};

    content_load(c, taking->queue, message->sequence, &given.content);
    go(c, taking, message, &given);
}

/* With a receipt of its own; false: it is too large for what is left. */
static bool give_anew(struct call *c, struct taking *taking, struct message *message)
{
    struct given given = {.message = message};

    content_load(c, taking->queue, message->sequence, &given.content);
    if (taking->count > 0 && content_bytes(&given.content) > taking->bytes_left) {
        taking->bytes_left = 0;
        return false;
    }
    message->receives = (message->receives + 1) & RECEIVES_MASK;
    go(c, taking, message, &given);
    return true;
}

static bool room(const struct taking *taking)
{
    return taking->count < taking->count_max && taking->bytes_left > 0 &&
           taking->queue->in_flight < IN_FLIGHT_MAX;
}

static void take_standard(struct call *c, struct taking *taking)
{
    size_t visible = queue_visible(taking->queue);
    struct message *message;

    while (room(taking) && taking->count < visible &&
           (message = next_standard(c, taking)) != NULL) {
        if (!give_anew(c, taking, message)) {
            break;
        }
    }
}

static void take_group(struct call *c, struct taking *taking, struct group *group)
{
    uint32_t next;

    for (uint32_t at = group->messages.first; at != 0 && room(taking); at = next) {
        struct message *message = message_at(taking->queue, at);

        next = message->seat.next;
        if (message_waits(message) || !may_be_given(c, taking->queue, message) ||
            !give_anew(c, taking, message)) {
            break; /* delayed; or to be buried, when it comes first; or too large */
        }
    }
}

static void take_fifo(struct call *c, struct taking *taking)
{
    bool some_held = hold_on_any_key(c, HOLD_GROUP, taking->queue->arn);
    struct group *group;

    while (room(taking) && (group = next_group(c, taking, some_held)) != NULL) {
        take_group(c, taking, group);
        if (taking->visibility_ms == 0) {
            break; /* the group is ready again already */
        }
    }
}

bool messages_take(struct call *c, struct taking *taking)
{
    struct queue *queue = taking->queue;

    assert(taking->give != NULL);
    queue_settle(c->cell, queue, c->now);
    if (queue_visible(queue) == 0 || hold_on(c, HOLD_QUEUE, queue->arn, STR_NONE)) {
        return false;
    }
    if (queue->fifo) {
        take_fifo(c, taking);
    } else {
        take_standard(c, taking);
    }
    queue_arm(c->cell, queue);
    return taking->count > 0;
}
