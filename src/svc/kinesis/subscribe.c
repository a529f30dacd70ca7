/* SPDX-License-Identifier: Apache-2.0
 *
 * SubscribeToShard: a shard's records pushed to a consumer for up to five minutes.
 *
 *   subscribe ──► [read] ──records──► emit, read again when the peer has taken it
 *                   │ none
 *                   └──► parked on the shard ──put, close, heartbeat──► read, emit (maybe empty)
 *
 * It ends after five minutes, at the end of a closed shard (whose last event names the children),
 * with ResourceInUseException when the same consumer subscribes again (at least five seconds
 * later), and with ResourceNotFoundException when the shard or consumer goes. A subscription
 * outlives neither its call nor, with a pointer, its shard: subscriptions_orphan() cuts it.
 */
#include "base/mem.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/sequence.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>

#define SUBSCRIPTION_MS (5 * 60 * 1000)
#define TAKEOVER_MS 5000
#define HEARTBEAT_MS 5000
#define EVENT_BYTES_MAX (2u * 1024 * 1024)
#define EVENT_RECORDS_MAX 10000

struct subscription {
    struct link link;           /* in its shard's list */
    struct shard *shard;        /* NULL: gone */
    struct str consumer;        /* ARN; owned */
    uint64_t next;              /* log sequence to send next */
    int64_t started_ms;
    bool taken_over;            /* the consumer subscribed anew */
    bool deregistered;          /* the consumer is gone */
    bool waited;                /* the last run parked: emit now, even if empty */
    bool over;                  /* the shard's end was sent */
};

void subscriptions_orphan(struct shard *shard)
{
    while (!link_alone(&shard->subscriptions)) {
        struct subscription *subscription =
            LINK_OWNER(shard->subscriptions.next, struct subscription, link);

        link_remove(&subscription->link);
        subscription->shard = NULL;
    }
}

void subscriptions_end_of(struct call *c, const struct consumer *consumer)
{
    struct str arn = consumer_arn(c, consumer);
    struct stream *stream = consumer->stream;

    for (uint32_t i = 0; i < stream->shard_count; i++) {
        struct shard *shard = stream->shards[i];

        if (shard == NULL) {
            continue;
        }
        for (struct link *at = shard->subscriptions.next; at != &shard->subscriptions;
             at = at->next) {
            struct subscription *subscription = LINK_OWNER(at, struct subscription, link);

            subscription->deregistered |= str_eq(subscription->consumer, arn);
        }
        waiters_wake(c->cell, &shard->waiters);
    }
}

static void ended(struct call *c)
{
    struct subscription *subscription = c->kept;

    link_remove(&subscription->link);
    text_set(&subscription->consumer, STR_NONE);
    mem_free(subscription);
    c->kept = NULL;
}

static status next_event(struct call *c);

static status wait_for_more(struct call *c, struct subscription *subscription)
{
    int64_t until_ms = c->now + HEARTBEAT_MS;
    int64_t end_ms = subscription->started_ms + SUBSCRIPTION_MS;

    subscription->waited = true;
    call_park(c, &subscription->shard->waiters, until_ms < end_ms ? until_ms : end_ms, next_event);
    return OK;
}

/* Something to send: records, the shard's end, or after waiting just a sign of life. */
static bool anything(struct call *c, const struct subscription *subscription)
{
    struct log_state state = txn_log_state(c->txn, subscription->shard->log);

    return subscription->waited || subscription->next <= state.last ||
           subscription->shard->closed_ms != 0;
}

/* The consumer is named as AWS does: account:stream:shard:consumer. */
static __attribute__((returns_nonnull)) status in_use(struct call *c, const struct shard *shard,
                                                      struct str consumer)
{
    struct str name = str_slice(
        consumer, str_find_str(consumer, STR("/consumer/")) + STR("/consumer/").bytes,
        consumer.bytes);

    name = str_split(&name, ':');
    return fail(c, &KINESIS_IN_USE,
                "Another active subscription exists for this consumer: %.*s:%.*s:%.*s:%.*s",
                STR_ARG(shard->stream->account), STR_ARG(shard->stream->name),
                STR_ARG(shard_id(c->arena, shard->number)), STR_ARG(name));
}

static status next_event(struct call *c)
{
    struct subscription *subscription = c->kept;
    struct reading reading = {.count_max = EVENT_RECORDS_MAX, .bytes_max = EVENT_BYTES_MAX};
    struct shard *shard = subscription->shard;
    struct value *event;

    if (subscription->deregistered) {
        return fail(c, &KINESIS_NOT_FOUND, "Consumer %.*s was deregistered.",
                    STR_ARG(subscription->consumer));
    }
    if (shard == NULL) {
        return fail(c, &KINESIS_NOT_FOUND, "The shard or its stream was deleted.");
    }
    if (subscription->taken_over) {
        return in_use(c, shard, subscription->consumer);
    }
    if (subscription->over || c->now - subscription->started_ms >= SUBSCRIPTION_MS) {
        return OK; /* neither event nor park: the stream ends */
    }
    if (!anything(c, subscription)) {
        return wait_for_more(c, subscription);
    }
    subscription->waited = false;
    reading.next = subscription->next;
    event = call_emit(c, "SubscribeToShardEvent");
    TRY(records_read(c, shard, &reading, event, "Records"));
    subscription->next = reading.next;
    set_str(event, "ContinuationSequenceNumber",
            sequence_text(c->arena, shard, reading.next - 1,
                          reading.last_at_ms != 0 ? reading.last_at_ms : c->now));
    set_int(event, "MillisBehindLatest", reading.behind_ms);
    if (reading.ended) {
        put_children(c, event, shard);
        subscription->over = true;
    }
    return OK;
}

/* One subscription per consumer and shard: a second within five seconds is refused, a later one
 * takes over. */
static status take_over(struct call *c, struct shard *shard, struct str consumer)
{
    for (struct link *at = shard->subscriptions.next; at != &shard->subscriptions; at = at->next) {
        struct subscription *subscription = LINK_OWNER(at, struct subscription, link);

        if (subscription->taken_over || !str_eq(subscription->consumer, consumer)) {
            continue;
        }
        if (c->now - subscription->started_ms < TAKEOVER_MS) {
            return in_use(c, shard, consumer);
        }
        subscription->taken_over = true;
        waiters_wake(c->cell, &shard->waiters);
    }
    return OK;
}

/* SubscribeToShard */
status kinesis_subscribe_to_shard(struct call *c)
{
    const struct value *position = arg(c, "StartingPosition");
    struct start start = {
        .type = get_str(position, "Type"),
        .sequence_number = get_str(position, "SequenceNumber"),
        .has_time = has(position, "Timestamp"),
    };
    struct subscription *subscription;
    struct consumer *consumer;
    struct shard *shard;
    uint64_t next;

    if (start.has_time) {
        start.at_ms = get_time(position, "Timestamp", 0);
    }
    TRY(consumer_of_arn(c, arg_str(c, "ConsumerARN"), &consumer));
    TRY(shard_of_id(c, consumer->stream, arg_str(c, "ShardId"), &shard));
    TRY(start_sequence(c, shard, &start, &next));
    if (arg_bool(c, "DryRun", false)) {
        return fail(c, &KINESIS_DRY_RUN, "Request would have succeeded, but DryRun flag is set.");
    }
    TRY(take_over(c, shard, arg_str(c, "ConsumerARN")));
    subscription = MEM_NEW(struct subscription);
    subscription->shard = shard;
    subscription->next = next;
    subscription->started_ms = c->now;
    text_set(&subscription->consumer, arg_str(c, "ConsumerARN"));
    list_push(&shard->subscriptions, &subscription->link);
    c->kept = subscription;
    call_on_end(c, ended);
    call_stream(c, next_event);
    return OK;
}
