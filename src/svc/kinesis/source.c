/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams as sources: shards and records on their way to a function, as the event of an event
 * source mapping has them. A consumer's ARN reads its stream. Source: Lambda developer guide,
 * "Using Lambda to process records from Amazon Kinesis Data Streams".
 */
#include "bus/source.h"

#include "base/codec.h"
#include "bus/sink.h"
#include "svc/kinesis/kinesis_ops.h"
#include "svc/kinesis/sequence.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (32u << 20)
#define TEXT_BYTES_USUAL 640  /* of a record without key and data */
#define LOOK_MAX 20000        /* records looked at by one read */
#define LOOK_BYTES_MAX (32u << 20)

static struct str bell(struct str arn)
{
    return str_slice(arn, 0, str_find_str(arn, STR("/consumer/")));
}

static status find(struct call *c, struct str arn, struct stream **ret_stream)
{
    struct consumer *consumer;
    status found;

    if (bell(arn).bytes == arn.bytes) {
        found = stream_of_arn(c, arn, ret_stream);
    } else {
        found = consumer_of_arn(c, arn, &consumer);
        if (found == OK) {
            *ret_stream = consumer->stream;
        }
    }
    return found == OK ? OK : &BUS_NO_TARGET;
}

static status about(struct call *c, struct str arn, struct source_about *ret_about)
{
    struct stream *stream;

    TRY(find(c, arn, &stream));
    *ret_about = (struct source_about){.kind = SOURCE_SHARDS, .by_time = true};
    return OK;
}

/* ---- shards ---- */

static bool overlap(const struct shard *a, const struct shard *b)
{
    return a->from <= b->to && b->from <= a->to;
}

static void add_parent(struct source_shard *shard, uint64_t number)
{
    for (size_t i = 0; i < shard->parent_count; i++) {
        if (shard->parents[i] == number) {
            return;
        }
    }
    if (shard->parent_count < SOURCE_PARENTS_MAX) {
        shard->parents[shard->parent_count++] = number;
    }
}

/* The two that it names, and what lies between them: UpdateShardCount makes shards of three. */
static void add_parents(const struct stream *stream, const struct shard *shard,
                        struct source_shard *listed)
{
    if (shard->parent != 0) {
        add_parent(listed, shard->parent - 1);
    }
    if (shard->adjacent == 0) {
        return;
    }
    add_parent(listed, shard->adjacent - 1);
    for (uint32_t i = 0; i < shard->number; i++) {
        const struct shard *other = stream->shards[i];

        if (other != NULL && other->closed_ms == shard->created_ms && overlap(other, shard)) {
            add_parent(listed, i);
        }
    }
}

static status shards(struct call *c, struct str arn, struct source_shard **ret_shards,
                     size_t *ret_count)
{
    struct source_shard *listed;
    struct stream *stream;
    size_t count = 0;

    TRY(find(c, arn, &stream));
    listed = arena_zero(c->arena, (stream->shard_count + 1) * sizeof(*listed));
    for (uint32_t i = 0; i < stream->shard_count; i++) {
        const struct shard *shard = stream->shards[i];

        if (shard != NULL) {
            listed[count].id = shard_id(c->arena, i);
            listed[count].number = i;
            listed[count].origin = shard->log;
            listed[count].closed = shard->closed_ms != 0;
            add_parents(stream, shard, &listed[count++]);
        }
    }
    *ret_shards = listed;
    *ret_count = count;
    return OK;
}

static status shard_numbered(struct call *c, struct str arn, uint64_t number,
                             struct shard **ret_shard)
{
    struct stream *stream;

    TRY(find(c, arn, &stream));
    if (number >= stream->shard_count || stream->shards[number] == NULL) {
        return fail(c, &BUS_NO_TARGET, "%.*s has no such shard any more", STR_ARG(arn));
    }
    *ret_shard = stream->shards[number];
    return OK;
}

static status seek(struct call *c, struct str arn, uint64_t number,
                   const struct source_start *start, uint64_t *ret_next)
{
    static const struct str types[] = {STR_INIT("TRIM_HORIZON"), STR_INIT("LATEST"),
                                       STR_INIT("AT_TIMESTAMP")};
    struct start at = {.type = types[start->from], .has_time = start->from == SOURCE_AT_TIME,
                       .at_ms = start->at_ms < c->now ? start->at_ms : c->now};
    struct shard *shard;

    TRY(shard_numbered(c, arn, number, &shard));
    return start_sequence(c, shard, &at, ret_next);
}

/* ---- records ---- */

struct text_of {
    const struct source_ask *ask;      /* who reads what */
    const struct shard *shard;         /* which shard */
    const struct log_record *stored;   /* as it lies in the log */
    const struct stored_record *record; /* the same taken apart */
    struct str sequence;               /* its number */
};

static void add_record(struct call *c, struct buf *text, const struct text_of *of)
{
    struct str id = shard_id(c->arena, of->shard->number);
    int64_t at_ms = of->stored->at_ms;
    char thousandths[4] = {'.', (char)('0' + at_ms / 100 % 10), (char)('0' + at_ms / 10 % 10),
                           (char)('0' + at_ms % 10)};

    buf_clear(text);
    buf_add(text, STR("{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":"));
    json_write_str(text, of->record->partition_key);
    buf_add(text, STR(",\"sequenceNumber\":\""));
    buf_add(text, of->sequence);
    buf_add(text, STR("\",\"data\":\""));
    buf_add_base64(text, of->record->data);
    buf_add(text, STR("\",\"approximateArrivalTimestamp\":"));
    buf_add_i64(text, at_ms / 1000);
    buf_add_bytes(text, thousandths, sizeof(thousandths));
    buf_add(text, STR("},\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventID\":\""));
    buf_add(text, id);
    buf_add_c(text, ':');
    buf_add(text, of->sequence);
    buf_add(text, STR("\",\"eventName\":\"aws:kinesis:record\",\"invokeIdentityArn\":"));
    json_write_str(text, of->ask->identity);
    buf_add(text, STR(",\"awsRegion\":\""));
    buf_add(text, of->shard->stream->region);
    buf_add(text, STR("\",\"eventSourceARN\":"));
    json_write_str(text, of->ask->arn);
    buf_add_c(text, '}');
}

/* A read on its way. */
struct reader {
    const struct source_ask *ask;      /* what is wanted */
    struct shard *shard;               /* of which */
    struct source_record *at;          /* where records go */
    size_t count;                      /* given so far */
    uint64_t bytes;                    /* of their texts */
    struct buf text;                   /* of one of them */
};

/* False: it does not fit any more. */
static bool give(struct call *c, struct reader *reader, const struct log_record *stored,
                 const struct stored_record *record)
{
    struct str sequence = sequence_text(c->arena, reader->shard, stored->sequence, stored->at_ms);
    struct text_of of = {reader->ask, reader->shard, stored, record, sequence};
    uint64_t bytes = TEXT_BYTES_USUAL + record->partition_key.bytes +
                     base64_encoded_bytes(record->data.bytes);

    if (reader->count > 0 && reader->bytes + bytes > reader->ask->bytes_max) {
        return false;
    }
    add_record(c, &reader->text, &of);
    reader->bytes += reader->text.bytes;
    reader->at[reader->count++] = (struct source_record){
        .text = arena_dup(c->arena, buf_str(&reader->text)),
        .data = record->data,
        .id = sequence,
        .key = record->partition_key,
        .number = stored->sequence,
        .at_ms = stored->at_ms,
    };
    return true;
}

/* Records from reading->next on, as many as are wanted of count. False: no more fit. */
static status read_some(struct call *c, struct reader *reader, struct source_reading *reading,
                        size_t count, bool *ret_more)
{
    struct log_record *records = arena_alloc(c->arena, (count + 1) * sizeof(*records));
    struct log_range range = {reader->shard->log, reading->next, count, LOOK_BYTES_MAX};
    const struct source_ask *ask = reader->ask;
    size_t got = 0;

    TRY(txn_log_read(c->txn, &range, records, &got));
    *ret_more = got > 0;
    for (size_t i = 0; i < got; i++) {
        struct stored_record record;

        if (!record_read(records[i].data, &record)) {
            return &ERR_CORRUPT;
        }
        if ((ask->wanted == NULL || ask->wanted(ask->arg, record.partition_key)) &&
            !give(c, reader, &records[i], &record)) {
            *ret_more = false;
            return OK;
        }
        reading->next = records[i].sequence + 1;
    }
    return OK;
}

static status read_all(struct call *c, struct reader *reader, struct source_reading *reading,
                       uint64_t end)
{
    size_t looked = 0;
    bool more = true;

    while (more && reader->count < reader->ask->count_max && reading->next < end &&
           looked < LOOK_MAX) {
        uint64_t count = reader->ask->count_max - reader->count;

        count = count < end - reading->next ? count : end - reading->next;
        TRY(read_some(c, reader, reading, (size_t)count, &more));
        looked += (size_t)count;
    }
    return OK;
}

static status read_shard(struct call *c, const struct source_ask *ask,
                         struct source_reading *reading, struct source_record *ret_records,
                         size_t *ret_count)
{
    struct reader reader = {.ask = ask, .at = ret_records};
    uint64_t asked = reading->next;
    struct log_state state;
    uint64_t end;
    status read;

    TRY(shard_numbered(c, ask->arn, reading->shard, &reader.shard));
    TRY(shard_skip_expired(c, reader.shard, &reading->next));
    reading->lost = reading->next - asked;
    state = txn_log_state(c->txn, reader.shard->log);
    end = reading->before != 0 && reading->before <= state.last ? reading->before : state.last + 1;
    buf_init(&reader.text, TEXT_BYTES_MAX);
    read = read_all(c, &reader, reading, end);
    buf_done(&reader.text);
    reading->there = end > reading->next ? end - reading->next : 0;
    reading->ended = reader.shard->closed_ms != 0 && reading->next > state.last;
    reading->until_ms = INT64_MAX;
    *ret_count = reader.count;
    return read;
}

const struct source kinesis_source = {
    .service = "kinesis",
    .kind = SOURCE_SHARDS,
    .within = "kinesis",
    .data = "data",
    .bell = bell,
    .about = about,
    .shards = shards,
    .seek = seek,
    .read = read_shard,
};
