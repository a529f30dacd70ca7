/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivering a channel's records: a worker that reads a batch in the cell, checks and packs it
 * outside, and delivers it in the cell, until nothing is left.
 *
 * Rules
 *  1. What was read is remembered with the cursors it was read from; it is delivered only if the
 *     channel is still the same and still there. So nothing lands twice or is passed over.
 *  2. A bucket that refuses leaves the cursors where they are: the next delivery tries again.
 *  3. Records that are not as promised (JSON, UTF-8) go to the dead-letter bucket, as lines of JSON
 *     with the reason, in the same entry.
 *  4. JSON and text records end with a line feed; bytes follow each other as they are.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "bus/bucket_file.h"
#include "bus/timer.h"
#include "cell/doing.h"
#include "svc/kinesis/channel_key.h"
#include "svc/kinesis/kinesis_ops.h"
#include "svc/kinesis/sequence.h"
#include "sys/log.h"
#include "wire/json.h"

#include <assert.h>

#define ARENA_BYTES_MAX (256u * 1024 * 1024)
#define OUT_BYTES_MAX (64u * 1024 * 1024)
#define KEY_TEMPLATE_DEFAULT                                                                      \
    "kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/"                     \
    "!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}"

/* A record of a batch. */
struct taken {
    struct str shard;       /* its id */
    struct str sequence;    /* its number */
    struct str data;        /* the record */
    int64_t at_ms;          /* arrival */
};

/* Where a shard's part of the batch begins and ends. */
struct span {
    uint32_t shard;         /* number */
    uint64_t from, next;    /* log sequences */
};

struct job {
    struct str arn;             /* of the channel; owned */
    struct arena *arena;        /* of the batch under way */
    char id[CHANNEL_ID_BYTES];  /* of the channel that was read */
    struct str account, region; /* its */
    const struct value *input;  /* its configuration */
    struct span *spans;         /* what was read */
    size_t span_count;          /* of them */
    struct taken *taken;        /* records */
    size_t taken_count;         /* of them */
    bool more;                  /* there is more to read */
    bool delivered;             /* the bucket took it */
    struct bucket_file good;    /* the object; without content there is none */
    struct bucket_file bad;     /* lines for the dead-letter bucket; the same */
};

static struct channel *channel_of_job(struct call *c, const struct job *job)
{
    return map_get(kinesis_of(c)->channels, job->arn);
}

/* ---- reading, in the cell ---- */

static status read_shard(struct call *c, struct job *job, struct channel *channel, uint32_t number)
{
    struct shard *shard = channel->stream->shards[number];
    struct log_state state = txn_log_state(c->txn, shard->log);
    uint64_t from = channel_cursor(channel, number);
    uint64_t bytes = 0;
    size_t count = 0;

    from = from < state.first ? state.first : from;
    if (from > state.last || job->taken_count == CHANNEL_BATCH_RECORDS_MAX) {
        job->more |= from <= state.last;
        return OK;
    }
    for (size_t i = 0; i < job->taken_count; i++) {
        bytes += job->taken[i].data.bytes;
    }
    if (bytes >= CHANNEL_BATCH_BYTES_MAX) {
        job->more = true;
        return OK;
    }
    size_t room = CHANNEL_BATCH_RECORDS_MAX - job->taken_count;
    struct log_range range = {shard->log, from, room, CHANNEL_BATCH_BYTES_MAX - bytes};
    uint64_t there = state.last - from + 1;

    range.count_max = there < room ? (size_t)there : room;
    struct log_record *records = arena_alloc(c->arena, range.count_max * sizeof(*records));

    TRY(txn_log_read(c->txn, &range, records, &count));
    for (size_t i = 0; i < count; i++) {
        struct stored_record record;

        if (!record_read(records[i].data, &record)) {
            return &ERR_CORRUPT;
        }
        job->taken[job->taken_count++] = (struct taken){
            shard_id(c->arena, number),
            sequence_text(c->arena, shard, records[i].sequence, records[i].at_ms), record.data,
            records[i].at_ms};
    }
    job->spans[job->span_count++] = (struct span){number, from, from + count};
    job->more |= from + count <= state.last;
    return OK;
}

static status read_batch(struct call *c, void *arg)
{
    struct job *job = arg;
    struct channel *channel = channel_of_job(c, job);

    if (channel == NULL) {
        return OK;
    }
    memcpy(job->id, channel->id, CHANNEL_ID_BYTES);
    job->account = arena_dup(c->arena, channel->stream->account);
    job->region = arena_dup(c->arena, channel->stream->region);
    job->input = channel_input(channel, c->arena);
    job->spans = arena_alloc(c->arena, (channel->stream->shard_count + 1) * sizeof(struct span));
    job->taken = arena_alloc(c->arena, CHANNEL_BATCH_RECORDS_MAX * sizeof(struct taken));
    for (uint32_t i = 0; i < channel->stream->shard_count; i++) {
        if (channel->stream->shards[i] != NULL) {
            TRY(read_shard(c, job, channel, i));
        }
    }
    return OK;
}

/* ---- checking and packing, outside ---- */

static const struct value *storage_of(const struct job *job)
{
    return get(get(job->input, "S3DestinationConfiguration"), "StorageConfiguration");
}

static struct str format_of(const struct job *job)
{
    const struct value *streams = get(job->input, "StreamConfigurationList");

    return get_str(get(&streams->items[0], "RecordConfiguration"), "RecordFormatType");
}

static enum compression compression_of(const struct job *job)
{
    struct str type = get_str(storage_of(job), "CompressionType");

    return str_eq(type, STR("GZIP"))   ? COMPRESSION_GZIP
           : str_eq(type, STR("ZSTD")) ? COMPRESSION_ZSTD
                                       : COMPRESSION_NONE;
}

/* What is wrong with a record; NULL: nothing. */
static const char *wrong_with(struct str format, struct str data, struct arena *scratch)
{
    struct value value;
    struct why why;

    if (str_eq(format, STR("BYTE_ARRAY"))) {
        return NULL;
    }
    if (!utf8_valid(data)) {
        return "The record is not valid UTF-8.";
    }
    if (str_eq(format, STR("STRING"))) {
        return NULL;
    }
    arena_clear(scratch);
    return json_read(arena_dup(scratch, data), 0, scratch, &why, &value) == OK
               ? NULL
               : "The record is not valid JSON.";
}

static void add_bad(struct buf *bad, const struct taken *taken, const char *wrong)
{
    buf_printf(bad, "{\"errorCode\":\"DataFormatException\",\"errorMessage\":\"%s\",", wrong);
    buf_printf(bad, "\"shardId\":\"%.*s\",\"sequenceNumber\":\"%.*s\",", STR_ARG(taken->shard),
               STR_ARG(taken->sequence));
    buf_printf(bad, "\"arrivalTimestamp\":%lld,\"rawData\":\"", (long long)taken->at_ms);
    buf_add_base64(bad, taken->data);
    buf_add(bad, STR("\"}\n"));
}

/* A file of what was packed, if anything was; its bytes live as long as the batch. */
static status make_file(struct cell *cell, struct job *job, struct str bytes,
                        struct bucket_file *file)
{
    file->type = "binary/octet-stream";
    file->principal = "kinesis.amazonaws.com";
    return bytes.bytes == 0 ? OK : file_make(cell, arena_dup(job->arena, bytes), file);
}

static status pack(struct cell *cell, struct job *job)
{
    struct arena *scratch = arena_new(ARENA_BYTES_MAX);
    struct str format = format_of(job);
    bool lines = !str_eq(format, STR("BYTE_ARRAY"));
    struct buf plain;
    struct buf bad;
    struct buf packed;
    status made;

    buf_init(&plain, OUT_BYTES_MAX);
    buf_init(&bad, OUT_BYTES_MAX);
    buf_init(&packed, OUT_BYTES_MAX);
    for (size_t i = 0; i < job->taken_count; i++) {
        const char *wrong = wrong_with(format, job->taken[i].data, scratch);

        if (wrong != NULL) {
            add_bad(&bad, &job->taken[i], wrong);
            continue;
        }
        buf_add(&plain, job->taken[i].data);
        if (lines) {
            buf_add_c(&plain, '\n');
        }
    }
    made = buf_spent(&plain) || buf_spent(&bad)
               ? &ERR_LIMIT
               : compress_add(&packed, compression_of(job), buf_str(&plain));
    if (made == OK) {
        made = make_file(cell, job, plain.bytes > 0 ? buf_str(&packed) : STR_NONE, &job->good);
    }
    if (made == OK) {
        made = make_file(cell, job, buf_str(&bad), &job->bad);
    }
    buf_done(&packed);
    buf_done(&bad);
    buf_done(&plain);
    arena_free(scratch);
    return made;
}

/* ---- delivering, in the cell ---- */

static struct str unique_suffix(struct call *c)
{
    char uuid[36];

    rand_uuid(c->rand, uuid);
    return arena_printf(c->arena, "-%.36s", uuid);
}

static void place(const struct value *bucket, struct bucket_file *file)
{
    struct arn arn;

    if (arn_read(get_str(bucket, "BucketARN"), &arn)) {
        file->bucket = arn.resource;
    }
    file->owner = get_str(bucket, "ExpectedBucketOwner");
}

static void place_good(struct call *c, struct job *job, const struct channel *channel)
{
    const struct value *storage = storage_of(job);
    struct str template = has(storage, "OutputKeyTemplate") ? get_str(storage, "OutputKeyTemplate")
                                                            : STR(KEY_TEMPLATE_DEFAULT);
    struct channel_key key = {channel, job->taken[0].at_ms,
                              channel_extension(c->arena, format_of(job), compression_of(job)),
                              unique_suffix(c)};

    place(storage, &job->good);
    job->good.storage_class = get_str(storage, "StorageClass");
    job->good.key = channel_key_text(c->arena, template, &key);
}

static void place_bad(struct call *c, struct job *job, const struct channel *channel)
{
    const struct value *destination = get(job->input, "S3DestinationConfiguration");
    const struct value *dead = get(destination, "DeadLetterQueueS3Configuration");
    struct str prefix = dead != NULL && has(dead, "ErrorOutputPrefix")
                            ? get_str(dead, "ErrorOutputPrefix")
                            : arena_printf(c->arena, "kinesis-channel/errors/%.*s/%.*s/",
                                           STR_ARG(channel->name), CHANNEL_ID_BYTES, channel->id);
    struct channel_key key = {channel, c->now, STR(".json"), unique_suffix(c)};
    struct str template = arena_printf(
        c->arena, "%.*s!{yyyy}/!{MM}/!{dd}/!{HH}/!{channel-name}!{extension}", STR_ARG(prefix));

    place(dead != NULL ? dead : storage_of(job), &job->bad);
    job->bad.key = channel_key_text(c->arena, template, &key);
}

static bool still_there(const struct job *job, const struct channel *channel)
{
    if (channel == NULL || memcmp(channel->id, job->id, CHANNEL_ID_BYTES) != 0) {
        return false;
    }
    for (size_t i = 0; i < job->span_count; i++) {
        if (channel_cursor(channel, job->spans[i].shard) > job->spans[i].from) {
            return false;
        }
    }
    return true;
}

static status deliver_batch(struct call *c, void *arg)
{
    struct job *job = arg;
    struct channel *channel = channel_of_job(c, job);

    job->delivered = false;
    if (!still_there(job, channel)) {
        return OK;
    }
    place_good(c, job, channel);
    place_bad(c, job, channel);
    if ((job->good.content.size > 0 && file_check(c, &job->good, job->arn) != OK) ||
        (job->bad.content.size > 0 && file_check(c, &job->bad, job->arn) != OK)) {
        log_write(LOG_WARNING, "kinesis", "channel %.*s cannot deliver: %s", STR_ARG(channel->name),
                  c->why.text);
        return OK;
    }
    call_on(c, job->arn);
    if (job->good.content.size > 0 && file_put(c, &job->good, job->arn) != OK) {
        log_write(LOG_WARNING, "kinesis", "channel %.*s was refused: %s", STR_ARG(channel->name),
                  c->why.text);
        return OK;
    }
    if (job->bad.content.size > 0 && file_put(c, &job->bad, job->arn) != OK) {
        log_write(LOG_WARNING, "kinesis", "channel %.*s lost what it could not read: %s",
                  STR_ARG(channel->name), c->why.text); /* its trace says so, too */
    }
    for (size_t i = 0; i < job->span_count; i++) {
        channel_set_cursor(channel, job->spans[i].shard, job->spans[i].next);
        channel_cursor_save(c, channel, job->spans[i].shard);
    }
    job->delivered = true;
    return OK;
}

static status let_go(struct call *c, void *arg)
{
    struct channel *channel = channel_of_job(c, arg);

    if (channel != NULL) {
        channel->busy = false;
    }
    return OK;
}

/* ---- the worker ---- */

/* One batch; false: that was all, or it did not go. */
static bool one_batch(struct cell *cell, struct job *job)
{
    struct doing reading = {"kinesis", "ReadChannel", STR_NONE, STR_NONE, read_batch, job};
    struct doing delivering = {"kinesis", "DeliverChannel", STR_NONE, STR_NONE, deliver_batch, job};
    struct why why = {""};
    status went;

    arena_clear(job->arena);
    *job = (struct job){.arn = job->arn, .arena = job->arena};
    went = cell_do(cell, &reading, job->arena, &why);
    if (went == OK && job->taken_count > 0) {
        went = pack(cell, job);
        delivering.account = job->account;
        delivering.region = job->region;
        if (went == OK) {
            went = cell_do(cell, &delivering, job->arena, &why);
        }
        if (!job->delivered) {
            file_drop(cell, &job->good);
            file_drop(cell, &job->bad);
        }
    }
    if (went != OK) {
        log_write(LOG_ERROR, "kinesis", "%.*s: %s %s", STR_ARG(job->arn), went->code, why.text);
    }
    return job->delivered && job->more;
}

static void work(struct cell *cell, void *arg)
{
    struct job *job = arg;
    struct doing ending = {"kinesis", "EndChannel", STR_NONE, STR_NONE, let_go, job};
    struct why why;

    while (!cell_ending(cell) && one_batch(cell, job)) {
    }
    arena_clear(job->arena);
    (void)cell_do(cell, &ending, job->arena, &why);
    arena_free(job->arena);
    mem_free((char *)(uintptr_t)job->arn.at);
    mem_free(job);
}

/* Something was put since the last delivery. */
static bool anything_new(struct call *c, const struct channel *channel)
{
    for (uint32_t i = 0; i < channel->stream->shard_count; i++) {
        const struct shard *shard = channel->stream->shards[i];

        if (shard != NULL && txn_log_state(c->txn, shard->log).last >= channel_cursor(channel, i)) {
            return true;
        }
    }
    return false;
}

status channels_timer(struct call *c, struct str name, struct str payload)
{
    struct channel *channel = map_get(kinesis_of(c)->channels, name);
    struct job *job;

    (void)payload;
    if (channel == NULL) {
        return OK;
    }
    channel_arm(c, channel);
    if (channel->busy || !anything_new(c, channel)) {
        return OK;
    }
    channel->busy = true;
    job = MEM_NEW(struct job);
    job->arn = str_of(mem_dup(name.at, name.bytes), name.bytes);
    job->arena = arena_new(ARENA_BYTES_MAX);
    cell_spawn(c->cell, work, job);
    return OK;
}
