/* SPDX-License-Identifier: Apache-2.0
 *
 * PutRecord and PutRecordBatch: what they acknowledge lies in the stream's first lane.
 */
#include "svc/firehose/firehose_ops.h"

/* AWS's limits per stream and second, for --limits=aws: of the large regions, and elsewhere. */
struct rate {
    uint64_t bytes, records, calls; /* in a second */
};
static const struct rate large = {5u * 1024 * 1024, 500000, 2000};
static const struct rate usual = {1u * 1024 * 1024, 100000, 1000};

static const struct rate *rate_of(const struct stream *stream)
{
    static const struct str regions[] = {STR_INIT("us-east-1"), STR_INIT("us-west-2"),
                                         STR_INIT("eu-west-1")};

    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
        if (str_eq(stream->region, regions[i])) {
            return &large;
        }
    }
    return &usual;
}

/* Takes room in the stream's second; true without limits. */
static bool may_put(struct call *c, struct stream *stream, size_t bytes)
{
    const struct rate *rate = rate_of(stream);

    if (stream->lanes[LANE_RAW].bytes + bytes > LANE_BYTES_MAX) {
        return false;
    }
    if (!c->limits) {
        return true;
    }
    if (stream->second_bytes + bytes > rate->bytes ||
        stream->second_records + 1 > rate->records) {
        return false;
    }
    stream->second_bytes += bytes;
    stream->second_records++;
    return true;
}

static status begin(struct call *c, struct stream **ret_stream)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    if (stream->ingest != NULL) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "This operation is not permitted on KinesisStreamAsSource delivery stream "
                    "type.");
    }
    if (stream->plan->processing.decompress) {
        return fail(c, &FIREHOSE_INVALID_SOURCE,
                    "Only requests from CloudWatch Logs are supported when CloudWatch Logs "
                    "decompression is enabled.");
    }
    if (c->limits && stream->second != c->now / MS_PER_SECOND) {
        stream->second = c->now / MS_PER_SECOND;
        stream->second_bytes = stream->second_records = stream->second_calls = 0;
    }
    if (c->limits && ++stream->second_calls > rate_of(stream)->calls) {
        return fail(c, &FIREHOSE_UNAVAILABLE, "Slow down.");
    }
    *ret_stream = stream;
    return OK;
}

/* PutRecord */
status firehose_put_record(struct call *c)
{
    struct str data = get_str(arg(c, "Record"), "Data");
    struct stream *stream;

    TRY(begin(c, &stream));
    if (!may_put(c, stream, data.bytes)) {
        return fail(c, &FIREHOSE_UNAVAILABLE, "Slow down.");
    }
    record_put(c, stream, data);
    put_str(c, "RecordId", record_id(c));
    put_bool(c, "Encrypted", stream->encrypted);
    call_on(c, arena_dup(c->arena, stream->arn));
    return OK;
}

/* PutRecordBatch: each record may be refused alone. */
status firehose_put_batch(struct call *c)
{
    const struct value *records = arg(c, "Records");
    struct stream *stream;
    struct value *results;
    uint64_t bytes = 0;
    int64_t failed = 0;

    TRY(begin(c, &stream));
    for (uint32_t i = 0; i < records->count; i++) {
        bytes += get_str(&records->items[i], "Data").bytes;
    }
    if (bytes > BATCH_BYTES_MAX) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "Records size exceeds 4 MB limit");
    }
    results = put_list(c, "RequestResponses", records->count);
    for (uint32_t i = 0; i < records->count; i++) {
        struct value *result = list_add(c->arena, results);
        struct str data = get_str(&records->items[i], "Data");

        if (may_put(c, stream, data.bytes)) {
            record_put(c, stream, data);
            set_str(result, "RecordId", record_id(c));
        } else {
            set_str(result, "ErrorCode", STR("ServiceUnavailableException"));
            set_str(result, "ErrorMessage", STR("Slow down."));
            failed++;
        }
    }
    put_int(c, "FailedPutCount", failed);
    put_bool(c, "Encrypted", stream->encrypted);
    call_on(c, arena_dup(c->arena, stream->arn));
    return OK;
}
