/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis on the bus: a stream takes events as records. The event's key is the partition key, its
 * body the data. What comes from inside is not throttled by the limits per shard: on AWS the sender
 * would try again until it got through.
 */
#include "bus/sink.h"
#include "bus/source.h"

#include "svc/kinesis/kinesis_ops.h"

/* As ARNs name it: "stream/name". */
static struct stream *stream_of_event(struct call *c, const struct bus_event *event)
{
    struct arn arn;

    if (!arn_read(event->target, &arn) || !str_starts(arn.resource, STR("stream/"))) {
        return NULL;
    }
    return stream_find(kinesis_of(c), arn.account, arn.region,
                       str_slice(arn.resource, 7, arn.resource.bytes));
}

static status check(struct call *c, const struct bus_event *event)
{
    struct stream *stream = stream_of_event(c, event);

    if (stream == NULL) {
        return fail(c, &BUS_NO_TARGET, "There is no stream %.*s",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    if (event->body.at != NULL && event->key.bytes == 0) {
        return fail(c, &BUS_REFUSED, "The event has no partition key");
    }
    if (event->body.bytes + event->key.bytes > (size_t)stream->max_record_kib * 1024) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than the %u KiB of a record of %.*s",
                    stream->max_record_kib, STR_ARG(event->target));
    }
    return OK;
}

static status take(struct call *c, const struct bus_event *event)
{
    record_put(c, stream_of_event(c, event), event->key, event->body);
    return OK;
}

static const struct sink sink = {"kinesis", check, take, NULL};

void stream_ring(struct call *c, const struct stream *stream, bool shards)
{
    bus_source_ring(c->cell, stream->arn, shards);
}

void kinesis_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
    bus_source_add(cell, &kinesis_source);
}
