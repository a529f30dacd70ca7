/* SPDX-License-Identifier: Apache-2.0
 *
 * Firehose on the bus: a delivery stream takes events as records.
 */
#include "bus/sink.h"

#include "svc/firehose/firehose_ops.h"

static status check(struct call *c, const struct bus_event *event)
{
    struct stream *stream = stream_of_arn(firehose_of(c), event->target);

    if (stream == NULL) {
        return fail(c, &BUS_NO_TARGET, "There is no delivery stream %.*s",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    if (stream->ingest != NULL) {
        return fail(c, &BUS_REFUSED, "%.*s reads from a stream and takes nothing else",
                    STR_ARG(event->target));
    }
    if (event->body.bytes > RECORD_BYTES_MAX) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than the %d bytes of a record",
                    RECORD_BYTES_MAX);
    }
    if (stream->lanes[LANE_RAW].bytes + event->body.bytes > LANE_BYTES_MAX) {
        return fail(c, &BUS_BUSY, "Too much waits in %.*s", STR_ARG(event->target));
    }
    return OK;
}

static status take(struct call *c, const struct bus_event *event)
{
    record_put(c, stream_of_arn(firehose_of(c), event->target), event->body);
    return OK;
}

static const struct sink sink = {"firehose", check, take, NULL};

void firehose_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
}
