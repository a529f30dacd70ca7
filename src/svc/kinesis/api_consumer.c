/* SPDX-License-Identifier: Apache-2.0
 *
 * Registered consumers: register, deregister, describe, list. (SubscribeToShard is subscribe.c's.)
 */
#include "base/mem.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/sequence.h"
#include "svc/kinesis/kinesis_ops.h"

#define LIST_DEFAULT 100
#define CONSUMERS_STANDARD 20 /* per stream; 50 for on-demand advantage */

static void put_consumer(struct call *c, struct value *item, const struct consumer *consumer)
{
    set_str(item, "ConsumerName", consumer->name);
    set_str(item, "ConsumerARN", consumer_arn(c, consumer));
    set_str(item, "ConsumerStatus", STR("ACTIVE"));
    set_time(item, "ConsumerCreationTimestamp", consumer->created_ms);
}

static void list_in(struct stream *stream, struct consumer *consumer)
{
    struct consumer **at = &stream->consumers;

    while (*at != NULL && str_cmp((*at)->name, consumer->name) < 0) {
        at = &(*at)->next;
    }
    consumer->next = *at;
    *at = consumer;
    stream->consumer_count++;
}

/* RegisterStreamConsumer */
status kinesis_register_consumer(struct call *c)
{
    struct str name = arg_str(c, "ConsumerName");
    const struct value *tags = arg(c, "Tags");
    struct consumer *consumer;
    struct stream *stream;

    TRY(stream_of_arn(c, arg_str(c, "StreamARN"), &stream));
    if (consumer_find(stream, name) != NULL) {
        return fail(c, &KINESIS_IN_USE,
                    "Consumer %.*s under stream %.*s already exists for account %.*s.",
                    STR_ARG(name), STR_ARG(stream->name), STR_ARG(stream->account));
    }
    if (stream->consumer_count + stream->queue_count >= CONSUMERS_PER_STREAM_MAX ||
        (c->limits && stream->consumer_count + stream->queue_count >= CONSUMERS_STANDARD)) {
        return fail(c, &KINESIS_LIMIT,
                    "Stream %.*s under account %.*s has the most consumers and queues it may have.",
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    TRY(tags_check(c, NULL, tags));
    consumer = MEM_NEW(struct consumer);
    consumer->stream = stream;
    consumer->created_ms = c->now;
    text_set(&consumer->name, name);
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        tags_set(&consumer->tags, tags->pairs[i].key, tags->pairs[i].value.str);
    }
    list_in(stream, consumer);
    consumer_save(c, consumer);
    put_consumer(c, put_struct(c, "Consumer"), consumer);
    call_on(c, consumer_arn(c, consumer));
    return OK;
}

/* By ConsumerARN, or by StreamARN and ConsumerName. */
static status consumer_of_call(struct call *c, struct consumer **ret_consumer)
{
    struct str name = arg_str(c, "ConsumerName");
    struct stream *stream;

    if (arg_has(c, "ConsumerARN")) {
        return consumer_of_arn(c, arg_str(c, "ConsumerARN"), ret_consumer);
    }
    if (!arg_has(c, "StreamARN") || !arg_has(c, "ConsumerName")) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Either ConsumerARN or both StreamARN and ConsumerName must be specified.");
    }
    TRY(stream_of_arn(c, arg_str(c, "StreamARN"), &stream));
    *ret_consumer = consumer_find(stream, name);
    if (*ret_consumer == NULL) {
        return fail(c, &KINESIS_NOT_FOUND,
                    "Consumer %.*s under stream %.*s not found for account %.*s.", STR_ARG(name),
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    return OK;
}

/* DeregisterStreamConsumer: its subscriptions end. */
status kinesis_deregister_consumer(struct call *c)
{
    struct consumer *consumer;
    struct consumer **at;

    TRY(consumer_of_call(c, &consumer));
    call_on(c, consumer_arn(c, consumer));
    consumer_erase(c, consumer);
    subscriptions_end_of(c, consumer);
    for (at = &consumer->stream->consumers; *at != consumer; at = &(*at)->next) {
    }
    *at = consumer->next;
    consumer->stream->consumer_count--;
    consumer_free(consumer);
    return OK;
}

/* DescribeStreamConsumer */
status kinesis_describe_consumer(struct call *c)
{
    struct consumer *consumer;
    struct value *out;

    TRY(consumer_of_call(c, &consumer));
    out = put_struct(c, "ConsumerDescription");
    put_consumer(c, out, consumer);
    set_str(out, "StreamARN", stream_arn(c, consumer->stream));
    return OK;
}

/* ListStreamConsumers: by name. */
status kinesis_list_consumers(struct call *c)
{
    int64_t limit = arg_int(c, "MaxResults", LIST_DEFAULT);
    struct str after = STR_NONE;
    struct stream *stream;
    struct value *list;

    TRY(stream_of_arn(c, arg_str(c, "StreamARN"), &stream));
    if (arg_has(c, "NextToken")) {
        struct str subject;

        TRY(token_read(c, "consumers", arg_str(c, "NextToken"), &subject, &after));
    }
    list = put_list(c, "Consumers", stream->consumer_count);
    for (struct consumer *at = stream->consumers; at != NULL; at = at->next) {
        if (after.bytes > 0 && str_cmp(at->name, after) <= 0) {
            continue;
        }
        if (list->count == limit) {
            put_str(c, "NextToken",
                    token_text(c->arena, c, "consumers", stream->name,
                               get_str(&list->items[list->count - 1], "ConsumerName")));
            break;
        }
        put_consumer(c, list_add(c->arena, list), at);
    }
    return OK;
}
