/* SPDX-License-Identifier: Apache-2.0
 *
 * Registered consumers of enhanced fan-out: found by name or ARN; and what an ARN names that can
 * have tags and a policy.
 *
 * A consumer's ARN: arn:aws:kinesis:REGION:ACCOUNT:stream/NAME/consumer/CONSUMER:CREATED, the last
 * in seconds, so that one registered again under its name has another ARN.
 */
#include "base/mem.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"

void consumer_free(struct consumer *consumer)
{
    tags_done(&consumer->tags);
    text_set(&consumer->name, STR_NONE);
    text_set(&consumer->policy, STR_NONE);
    mem_free(consumer);
}

struct str consumer_arn(struct call *c, const struct consumer *consumer)
{
    return arena_printf(c->arena, "%.*s/consumer/%.*s:%lld",
                        STR_ARG(stream_arn(c, consumer->stream)), STR_ARG(consumer->name),
                        (long long)(consumer->created_ms / 1000));
}

struct consumer *consumer_find(const struct stream *stream, struct str name)
{
    struct consumer *consumer = stream->consumers;

    while (consumer != NULL && !str_eq(consumer->name, name)) {
        consumer = consumer->next;
    }
    return consumer;
}

status consumer_of_arn(struct call *c, struct str arn, struct consumer **ret_consumer)
{
    size_t at = str_find_str(arn, STR("/consumer/"));
    struct str rest = str_slice(arn, at + STR("/consumer/").bytes, arn.bytes);
    struct str name = str_split(&rest, ':');
    struct consumer *consumer;
    struct stream *stream;
    uint64_t created;

    if (at == arn.bytes || rest.at == NULL || !str_to_u64(rest, &created)) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "%.*s is not a valid consumer ARN.",
                    STR_ARG(arn));
    }
    TRY(stream_of_arn(c, str_slice(arn, 0, at), &stream));
    consumer = consumer_find(stream, name);
    if (consumer == NULL || consumer->created_ms / 1000 != (int64_t)created) {
        return fail(c, &KINESIS_NOT_FOUND, "Consumer %.*s, account %.*s not found.", STR_ARG(arn),
                    STR_ARG(stream->account));
    }
    *ret_consumer = consumer;
    return OK;
}

status tagged_find(struct call *c, struct str arn, struct tagged *ret_tagged)
{
    struct tagged tagged = {.consumer = NULL};

    if (str_find_str(arn, STR("/consumer/")) < arn.bytes) {
        TRY(consumer_of_arn(c, arn, &tagged.consumer));
        tagged.tags = &tagged.consumer->tags;
        tagged.policy = &tagged.consumer->policy;
        tagged.stream = tagged.consumer->stream;
    } else if (str_find_str(arn, STR(":queue/")) < arn.bytes) {
        TRY(queue_of_arn(c, arn, &tagged.queue));
        tagged.tags = queue_tags(tagged.queue);
        tagged.policy = queue_policy(tagged.queue);
        tagged.stream = queue_stream(tagged.queue);
    } else if (str_find_str(arn, STR(":channel/")) < arn.bytes) {
        TRY(channel_of_arn(c, arn, &tagged.channel));
        tagged.tags = channel_tags(tagged.channel);
        tagged.stream = channel_stream(tagged.channel);
    } else {
        TRY(stream_of_arn(c, arn, &tagged.stream));
        tagged.tags = &tagged.stream->tags;
        tagged.policy = &tagged.stream->policy;
    }
    *ret_tagged = tagged;
    return OK;
}

void tagged_save(struct call *c, const struct tagged *tagged)
{
    if (tagged->consumer != NULL) {
        consumer_save(c, tagged->consumer);
    } else if (tagged->queue != NULL) {
        queue_save(c, tagged->queue);
    } else if (tagged->channel != NULL) {
        channel_save(c, tagged->channel);
    } else {
        stream_save(c, tagged->stream);
    }
    call_on(c, arg_str(c, "ResourceARN"));
}
