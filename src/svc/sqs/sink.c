/* SPDX-License-Identifier: Apache-2.0
 *
 * SQS on the bus: queues take events, and can be held, whole or by message group. (That functions
 * drain them is source.c's.)
 */
#include "bus/hold.h"
#include "bus/sink.h"
#include "bus/source.h"
#include "bus/timer.h"
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/sqs/sqs_move.h"

/* A queue without a policy takes everything while auth is off. */
static status policy_lets(struct call *c, const struct bus_event *event)
{
    struct service_wish wish = {
        .service = event->principal,
        .action = "sqs:SendMessage",
        .resource = event->target,
        .source = event->source,
        .source_account = event->account,
        .lax = true,
    };

    return event->allowed || service_may(c, &wish)
               ? OK
               : fail(c, &BUS_REFUSED, "The policy of %.*s does not let %.*s send to it from %.*s",
                      STR_ARG(event->target), STR_ARG(event->principal), STR_ARG(event->source));
}

static status check(struct call *c, const struct bus_event *event)
{
    struct queue *queue = queue_of_arn(sqs_of(c), event->target);

    if (queue == NULL) {
        return fail(c, &BUS_NO_TARGET, "There is no queue %.*s", STR_ARG(event->target));
    }
    TRY(policy_lets(c, event));
    if (event->body.at != NULL && queue->fifo && event->group.at == NULL) {
        return fail(c, &BUS_REFUSED, "%.*s is a FIFO queue and the event has no message group",
                    STR_ARG(event->target));
    }
    if (event->body.at != NULL && !queue->fifo && event->deduplication.at != NULL &&
        event->group.at == NULL) {
        return fail(c, &BUS_REFUSED, "%.*s is not a FIFO queue", STR_ARG(event->target));
    }
    return OK;
}

static status content_of_event(struct call *c, const struct queue *queue,
                               const struct bus_event *event, struct content *content)
{
    struct message_attribute *attributes =
        arena_alloc(c->arena, (event->attribute_count + 1) * sizeof(*attributes));

    for (size_t i = 0; i < event->attribute_count; i++) {
        attributes[i] = (struct message_attribute){event->attributes[i].name,
                                                   event->attributes[i].type,
                                                   event->attributes[i].value};
    }
    attributes_sort(attributes, event->attribute_count); /* as their sum wants them */
    *content = (struct content){
        .body = event->body,
        .attributes = attributes,
        .attribute_count = event->attribute_count,
        .trace = c->trace.bytes > 0 ? c->trace : STR_NONE,
        .sender = event->principal,
        .group = event->group,
        .deduplication = queue->fifo ? event->deduplication : STR_NONE,
    };
    if (event->attribute_count > ATTRIBUTES_MAX) {
        return fail(c, &BUS_REFUSED, "The event has %zu message attributes, %d is the most",
                    event->attribute_count, ATTRIBUTES_MAX);
    }
    if (content_bytes(content) > queue->message_bytes_max) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than %.*s takes",
                    STR_ARG(event->target));
    }
    if (queue->fifo && content->deduplication.at == NULL && !queue->content_dedup) {
        return fail(c, &BUS_REFUSED,
                    "%.*s has no content-based de-duplication and the event no de-duplication id",
                    STR_ARG(event->target));
    }
    return OK;
}

static status take(struct call *c, const struct bus_event *event)
{
    struct queue *queue = queue_of_arn(sqs_of(c), event->target);
    struct content content;
    struct sent sent;

    TRY(content_of_event(c, queue, event, &content));
    return queue_push(c, queue, &content, -1, &sent);
}

static const struct sink sink = {"sqs", check, take, NULL};

/* ---- holds ---- */

static status find(struct call *c, struct str name, struct str *ret_arn)
{
    struct queue *queue = queue_named(c, name);

    if (queue == NULL) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = queue_arn(c->arena, queue);
    return OK;
}

/* A standard queue hands out its messages in no order of groups: it is held whole. */
static status find_fifo(struct call *c, struct str name, struct str *ret_arn)
{
    struct queue *queue = queue_named(c, name);

    return queue == NULL || !queue->fifo ? &ERR_NOT_FOUND : find(c, name, ret_arn);
}

static void changed(struct call *c, struct str arn, struct str key, bool held)
{
    struct queue *queue = queue_of_arn(sqs_of(c), arn);

    (void)key;
    if (queue != NULL && !held) {
        queue_wake(c->cell, queue, SIZE_MAX);
    }
}

static const struct hold_owner queues_owner = {HOLD_QUEUE, "sqs", find, changed};
static const struct hold_owner groups_owner = {HOLD_GROUP, "sqs", find_fifo, changed};

void sqs_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
    bus_source_add(cell, &sqs_source);
    hold_owner_add(cell, &queues_owner);
    hold_owner_add(cell, &groups_owner);
    bus_timer_owner(cell, "sqs", moves_timer);
}
