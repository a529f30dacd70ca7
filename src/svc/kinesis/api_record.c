/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations that carry records: PutRecord, PutRecords, GetShardIterator, GetRecords.
 */
#include "base/cursor.h"
#include "base/digest.h"
#include "base/time.h"
#include "cell/authorize.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/sequence.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>

#define PARTITION_KEY_CHARS_MAX 256
#define PREFETCH_AHEAD 4

/* AWS's limits per shard and second, for --limits=aws. */
static const struct usage write_limit = {0, 1024 * 1024, 1000};
static const struct usage read_limit = {0, 2 * 1024 * 1024, 5};

/* A record on its way in: what its members say, looked up once. */
struct incoming {
    struct str partition_key; /* empty when only the explicit hash key was given */
    struct str data;          /* as it lies in the request */
    struct shard *shard;      /* where it goes */
};

/* Any, when the stream spreads records by itself; else by the MD5 of the partition key. */
static struct shard *shard_of_key(struct call *c, const struct stream *stream,
                                  struct str partition_key)
{
    uint8_t digest[MD5_BYTES];

    if (stream->distribute_auto) {
        return stream->open[rand_below(c->rand, stream->open_count)];
    }
    md5(partition_key, digest);
    return shard_of_hash(stream, u128_from_be(digest));
}

/* Where a record goes: by its explicit hash key, else by the MD5 of its partition key. */
static status incoming_read(struct call *c, struct stream *stream, const struct value *record,
                            struct incoming *ret_incoming)
{
    const struct value *partition_key = get(record, "PartitionKey");
    const struct value *explicit_key = get(record, "ExplicitHashKey");
    struct incoming incoming = {
        .partition_key = partition_key == NULL ? STR_NONE : partition_key->str,
        .data = get_str(record, "Data"),
    };
    u128 hash;

    if (explicit_key != NULL && !stream->distribute_auto) {
        struct str text = explicit_key->str;
        bool plain = text.bytes > 0 && (text.at[0] != '0' || text.bytes == 1);

        if (!plain || !u128_from_text(text, &hash)) {
            return fail(c, &KINESIS_INVALID_ARGUMENT,
                        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, "
                        "2^128-1]. Specified value was %.*s", STR_ARG(text));
        }
        incoming.shard = shard_of_hash(stream, hash);
    } else {
        if (partition_key == NULL && !stream->distribute_auto) {
            return fail(c, &KINESIS_VALIDATION,
                        "1 validation error detected: Value null at 'partitionKey' failed to "
                        "satisfy constraint: Member must not be null");
        }
        incoming.shard = shard_of_key(c, stream, incoming.partition_key);
    }
    *ret_incoming = incoming;
    return OK;
}

static size_t incoming_bytes(const struct incoming *incoming)
{
    return incoming->data.bytes + incoming->partition_key.bytes;
}

static status size_check(struct call *c, const struct stream *stream,
                         const struct incoming *incoming)
{
    size_t bytes = incoming_bytes(incoming);

    if (bytes > (size_t)stream->max_record_kib * 1024) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Record size of %zu bytes exceeds the maximum record size of %u KiB of stream "
                    "%.*s.", bytes, stream->max_record_kib, STR_ARG(stream->name));
    }
    return OK;
}

/* Takes room in the shard's second; true without limits. */
static bool may_write(struct call *c, const struct incoming *incoming)
{
    struct usage more = {0, incoming_bytes(incoming), 1};

    return !c->limits || usage_take(&incoming->shard->written, c->now, &more, &write_limit);
}

static struct str throughput_message(struct call *c, const struct shard *shard)
{
    return arena_printf(c->arena, "Rate exceeded for shard %.*s in stream %.*s under account %.*s.",
                        STR_ARG(shard_id(c->arena, shard->number)), STR_ARG(shard->stream->name),
                        STR_ARG(shard->stream->account));
}

static int64_t arrival_ms(struct call *c, const struct shard *shard)
{
    int64_t last_ms = txn_log_state(c->txn, shard->log).last_at_ms;

    return c->now > last_ms ? c->now : last_ms; /* moments in a log never go back */
}

/* Stages a record; gives its sequence number. The data stay where they came to lie: from there they
 * are copied into the journal and into the log, and nowhere in between. */
static struct str append(struct call *c, const struct incoming *incoming)
{
    struct shard *shard = incoming->shard;
    struct str head = record_head(c->arena, shard->stream, incoming->partition_key);
    int64_t at_ms = arrival_ms(c, shard);
    uint64_t sequence = txn_log_append_headed(c->txn, shard->log, at_ms, head, incoming->data);

    waiters_wake(c->cell, &shard->waiters);
    return sequence_text(c->arena, shard, sequence, at_ms);
}

void record_put(struct call *c, struct stream *stream, struct str partition_key, struct str data)
{
    struct incoming incoming = {partition_key, data, shard_of_key(c, stream, partition_key)};

    append(c, &incoming);
    queues_wake_stream(c, stream);
    stream_ring(c, stream, false);
}

static status dry_run(struct call *c)
{
    return fail(c, &KINESIS_DRY_RUN, "Request would have succeeded, but DryRun flag is set.");
}

/* SequenceNumberForOrdering: our numbers in a shard rise anyway, so it need only be one. */
static status ordering_check(struct call *c, const struct stream *stream)
{
    struct str text = arg_str(c, "SequenceNumberForOrdering");
    struct sequence sequence;

    if (arg_has(c, "SequenceNumberForOrdering") &&
        (!sequence_read(text, &sequence) || sequence.at_ms > c->now)) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "ExclusiveMinimumSequenceNumber %.*s used in PutRecord on stream %.*s under "
                    "account %.*s is invalid.", STR_ARG(text), STR_ARG(stream->name),
                    STR_ARG(stream->account));
    }
    return OK;
}

/* PutRecord: one record to the shard of its key. */
status kinesis_put_record(struct call *c)
{
    struct stream *stream;
    struct incoming incoming;

    TRY(stream_of_call(c, &stream));
    TRY(incoming_read(c, stream, c->in, &incoming));
    TRY(ordering_check(c, stream));
    TRY(size_check(c, stream, &incoming));
    if (arg_bool(c, "DryRun", false)) {
        return dry_run(c);
    }
    if (!may_write(c, &incoming)) {
        return fail(c, &KINESIS_THROUGHPUT, "%.*s",
                    STR_ARG(throughput_message(c, incoming.shard)));
    }
    put_str(c, "SequenceNumber", append(c, &incoming));
    put_str(c, "ShardId", shard_id(c->arena, incoming.shard->number));
    if (stream->key_id.bytes > 0) {
        put_str(c, "EncryptionType", STR("KMS"));
    }
    call_on(c, stream_arn(c, stream));
    queues_wake_stream(c, stream);
    stream_ring(c, stream, false);
    return OK;
}

/* The keys stand more than a page apart, which no processor foresees. */
static void key_prefetch(const struct value *records, uint32_t i)
{
    if (i < records->count) {
        __builtin_prefetch(get_str(&records->items[i], "PartitionKey").at);
    }
}

static status records_check(struct call *c, struct stream *stream, const struct value *records,
                            struct incoming *incoming)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < records->count; i++) {
        key_prefetch(records, i + PREFETCH_AHEAD);
        TRY(incoming_read(c, stream, &records->items[i], &incoming[i]));
        TRY(size_check(c, stream, &incoming[i]));
        bytes += incoming_bytes(&incoming[i]);
    }
    if (bytes > PUT_RECORDS_BYTES_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Records size exceeds %u MB limit", PUT_RECORDS_BYTES_MAX >> 20);
    }
    return OK;
}

/* PutRecords: up to 500 records, each of which may be throttled alone. */
status kinesis_put_records(struct call *c)
{
    const struct value *records = arg(c, "Records");
    struct incoming *incoming =
        arena_alloc(c->arena, (records->count + 1) * sizeof(struct incoming));
    struct stream *stream;
    struct value *results;
    int64_t failed = 0;

    TRY(stream_of_call(c, &stream));
    TRY(records_check(c, stream, records, incoming));
    if (arg_bool(c, "DryRun", false)) {
        return dry_run(c);
    }
    results = put_list(c, "Records", records->count);
    for (uint32_t i = 0; i < records->count; i++) {
        struct value *result = list_add(c->arena, results);

        if (may_write(c, &incoming[i])) {
            set_str(result, "SequenceNumber", append(c, &incoming[i]));
            set_str(result, "ShardId", shard_id(c->arena, incoming[i].shard->number));
        } else {
            set_str(result, "ErrorCode", STR("ProvisionedThroughputExceededException"));
            set_str(result, "ErrorMessage", throughput_message(c, incoming[i].shard));
            failed++;
        }
    }
    put_int(c, "FailedRecordCount", failed);
    if (stream->key_id.bytes > 0) {
        put_str(c, "EncryptionType", STR("KMS"));
    }
    call_on(c, stream_arn(c, stream));
    queues_wake_stream(c, stream);
    stream_ring(c, stream, false);
    return OK;
}

static __attribute__((returns_nonnull)) status shard_missing(struct call *c, uint32_t number,
                                                             struct str stream)
{
    return fail(c, &KINESIS_NOT_FOUND, "Shard %.*s in stream %.*s under account %.*s does not "
                    "exist",
                STR_ARG(shard_id(c->arena, number)), STR_ARG(stream), STR_ARG(c->account));
}

/* Who asks for a shard's iterator is told, as by AWS, that the shard is missing, also when it is
 * the stream. */
static status shard_of_call(struct call *c, struct stream **ret_stream, struct shard **ret_shard)
{
    status found = stream_of_call(c, ret_stream);
    struct str stream = arg_str(c, "StreamName");
    uint32_t number;

    if (found == OK) {
        stream = (*ret_stream)->name;
        found = shard_of_id(c, *ret_stream, arg_str(c, "ShardId"), ret_shard);
    }
    if (found == &KINESIS_NOT_FOUND && stream.bytes > 0 &&
        shard_number_read(arg_str(c, "ShardId"), &number)) {
        return shard_missing(c, number, stream);
    }
    return found;
}

/* GetShardIterator: where to begin reading, good for five minutes. */
status kinesis_get_shard_iterator(struct call *c)
{
    struct start start = {
        .type = arg_str(c, "ShardIteratorType"),
        .sequence_number = arg_str(c, "StartingSequenceNumber"),
        .has_time = arg_has(c, "Timestamp"),
    };
    struct iterator iterator = {.made_ms = c->now};
    struct stream *stream;
    struct shard *shard;

    if (start.has_time) {
        start.at_ms = get_time(c->in, "Timestamp", 0);
    }
    TRY(shard_of_call(c, &stream, &shard));
    TRY(start_sequence(c, shard, &start, &iterator.next));
    if (arg_bool(c, "DryRun", false)) {
        return dry_run(c);
    }
    iterator.stream_created_ms = stream->created_ms;
    iterator.stream = stream->name;
    iterator.shard = shard->number;
    put_str(c, "ShardIterator", iterator_text(c->arena, &iterator));
    return OK;
}

/* Thu Jan 22 01:22:02 UTC 2015 */
static struct str date_text(struct arena *arena, int64_t moment_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct time_parts at = time_parts_of(moment_ms);

    return arena_printf(arena, "%s %s %02d %02d:%02d:%02d UTC %d", days[at.weekday],
                        months[at.month - 1], at.day, at.hour, at.minute, at.second, at.year);
}

/* The stream and shard that an iterator names, which may both be gone by now. */
static status of_iterator(struct call *c, struct iterator *iterator, struct shard **ret_shard)
{
    struct stream *stream;

    if (!iterator_read(c->arena, arg_str(c, "ShardIterator"), iterator)) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "Invalid ShardIterator.");
    }
    if (c->now - iterator->made_ms > ITERATOR_MS_MAX) {
        return fail(c, &KINESIS_EXPIRED_ITERATOR,
                    "Iterator expired. The iterator was created at time %.*s while right now it is "
                    "%.*s which is further in the future than the tolerated delay of %d "
                    "milliseconds.", STR_ARG(date_text(c->arena, iterator->made_ms)),
                    STR_ARG(date_text(c->arena, c->now)), ITERATOR_MS_MAX);
    }
    stream = stream_find(kinesis_of(c), c->account, c->region, iterator->stream);
    if (arg_has(c, "StreamARN")) {
        TRY(stream_of_arn(c, arg_str(c, "StreamARN"), &stream));
    }
    if (stream == NULL || stream->created_ms != iterator->stream_created_ms ||
        iterator->shard >= stream->shard_count || stream->shards[iterator->shard] == NULL) {
        return shard_missing(c, iterator->shard, iterator->stream);
    }
    *ret_shard = stream->shards[iterator->shard];
    return OK;
}

/* GetRecords: what comes next, and the iterator for what comes after that. */
status kinesis_get_records(struct call *c)
{
    struct reading reading = {
        .count_max = (size_t)arg_int(c, "Limit", GET_RECORDS_COUNT_MAX),
        .bytes_max = GET_RECORDS_BYTES_MAX,
    };
    struct usage call = {0, 0, 1};
    struct iterator iterator;
    struct shard *shard;

    TRY(of_iterator(c, &iterator, &shard));
    TRY(call_may(c, "kinesis:GetRecords", stream_arn(c, shard->stream)));
    if (arg_bool(c, "DryRun", false)) {
        return dry_run(c);
    }
    if (c->limits && !usage_take(&shard->read, c->now, &call, &read_limit)) {
        return fail(c, &KINESIS_THROUGHPUT, "%.*s", STR_ARG(throughput_message(c, shard)));
    }
    reading.next = iterator.next;
    TRY(records_read(c, shard, &reading, c->out, "Records"));
    shard->read.bytes += reading.bytes;
    put_int(c, "MillisBehindLatest", reading.behind_ms);
    if (reading.ended) {
        put_children(c, c->out, shard);
        return OK;
    }
    iterator.made_ms = c->now;
    iterator.next = reading.next;
    put_str(c, "NextShardIterator", iterator_text(c->arena, &iterator));
    return OK;
}
