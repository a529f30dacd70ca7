/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: how they lie in a shard's log, where a reader begins, reading, expiry, AWS's limits.
 *
 * A record in the log: u8 flags (bit 0: it was put while the stream was encrypted), str partition
 * key, then the data to the end. Its moment is the log's.
 */
#include "base/cursor.h"
#include "base/time.h"
#include "svc/kinesis/kinesis_ops.h"
#include "svc/kinesis/sequence.h"

#include <assert.h>

#define EXPIRE_ROOM 30000 /* changes left for others in the minute's tick */

struct str record_head(struct arena *arena, const struct stream *stream, struct str partition_key)
{
    char *head = arena_alloc(arena, 1 + 10 + partition_key.bytes);
    size_t left = partition_key.bytes;
    size_t bytes = 0;

    head[bytes++] = stream->key_id.bytes > 0;
    for (; left >= 0x80; left >>= 7) {
        head[bytes++] = (char)(left | 0x80);
    }
    head[bytes++] = (char)left;
    if (partition_key.bytes > 0) {
        memcpy(head + bytes, partition_key.at, partition_key.bytes);
    }
    return str_of(head, bytes + partition_key.bytes);
}

bool record_read(struct str stored, struct stored_record *ret_record)
{
    struct cursor cursor = cursor_of(stored);
    uint8_t flags = read_u8(&cursor);
    struct str partition_key = read_str(&cursor);

    if (!cursor_ok(&cursor)) {
        return false;
    }
    *ret_record = (struct stored_record){partition_key, cursor.rest, flags & 1};
    return true;
}

/* The oldest moment that the stream still keeps. */
static int64_t horizon_ms(const struct call *c, const struct stream *stream)
{
    return c->now - stream->retention_hours * MS_PER_HOUR;
}

/* First record that is not expired. */
static status horizon(struct call *c, struct shard *shard, uint64_t *ret_next)
{
    return txn_log_seek(c->txn, shard->log, horizon_ms(c, shard->stream), ret_next);
}

static status start_at_number(struct call *c, struct shard *shard, const struct start *start,
                              uint64_t *ret_next)
{
    bool after = str_eq(start->type, STR("AFTER_SEQUENCE_NUMBER"));
    bool readable;
    struct sequence sequence;

    readable = sequence_read(start->sequence_number, &sequence);
    if (readable && sequence.shard != shard->number) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Invalid StartingSequenceNumber. It encodes %.*s, while it was used in a call "
                    "to a shard with %.*s", STR_ARG(shard_id(c->arena, sequence.shard)),
                    STR_ARG(shard_id(c->arena, shard->number)));
    }
    if (!readable || sequence.shard_created_s != shard->created_ms / 1000) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "StartingSequenceNumber %.*s used in GetShardIterator on shard %.*s in stream "
                    "%.*s under account %.*s is invalid%s", STR_ARG(start->sequence_number),
                    STR_ARG(shard_id(c->arena, shard->number)), STR_ARG(shard->stream->name),
                    STR_ARG(shard->stream->account),
                    readable ? " because it did not come from this stream." : ".");
    }
    *ret_next = sequence.number + (after ? 1 : 0);
    *ret_next = *ret_next == 0 ? 1 : *ret_next;
    return OK;
}

static status start_at_time(struct call *c, struct shard *shard, const struct start *start,
                            uint64_t *ret_next)
{
    if (!start->has_time) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
                    "Current request has no timestamp parameter.");
    }
    if (start->at_ms > c->now) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "The timestampInMillis parameter cannot be greater than the "
                    "currentTimestampInMillis. timestampInMillis: %lld, currentTimestampInMillis: "
                    "%lld", (long long)start->at_ms, (long long)c->now);
    }
    return txn_log_seek(c->txn, shard->log, start->at_ms, ret_next);
}

static bool is_latest_or_horizon(struct str type)
{
    return str_eq(type, STR("LATEST")) || str_eq(type, STR("TRIM_HORIZON"));
}

/* A number goes with AT_ and AFTER_SEQUENCE_NUMBER, and with nothing else. */
static status number_check(struct call *c, const struct start *start)
{
    bool given = start->sequence_number.bytes > 0;

    if (given != is_latest_or_horizon(start->type) ||
        str_eq(start->type, STR("AT_TIMESTAMP"))) {
        return OK;
    }
    return fail(c, &KINESIS_INVALID_ARGUMENT,
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
                "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no "
                "StartingSequenceNumber. Request specified %.*s and %s StartingSequenceNumber.",
                STR_ARG(start->type), given ? "also a" : "no");
}

status start_sequence(struct call *c, struct shard *shard, const struct start *start,
                      uint64_t *ret_next)
{
    TRY(number_check(c, start));
    if (str_eq(start->type, STR("LATEST"))) {
        *ret_next = txn_log_state(c->txn, shard->log).last + 1;
        return OK;
    }
    if (str_eq(start->type, STR("TRIM_HORIZON"))) {
        return horizon(c, shard, ret_next);
    }
    if (str_eq(start->type, STR("AT_TIMESTAMP"))) {
        return start_at_time(c, shard, start, ret_next);
    }
    return start_at_number(c, shard, start, ret_next);
}

status shard_skip_expired(struct call *c, struct shard *shard, uint64_t *next)
{
    struct log_state state = txn_log_state(c->txn, shard->log);
    uint64_t kept;

    if (*next < state.first) {
        *next = state.first;
    }
    if (*next > state.last || shard->created_ms >= horizon_ms(c, shard->stream)) {
        return OK;
    }
    TRY(horizon(c, shard, &kept));
    *next = kept > *next ? kept : *next;
    return OK;
}

static status put_stored(struct call *c, struct shard *shard, const struct log_record *stored,
                         struct value *list, uint64_t *ret_bytes)
{
    struct stored_record record;
    struct value *item;

    if (!record_read(stored->data, &record)) {
        return &ERR_CORRUPT;
    }
    item = list_add(c->arena, list);
    set_str(item, "SequenceNumber",
            sequence_text(c->arena, shard, stored->sequence, stored->at_ms));
    set_time(item, "ApproximateArrivalTimestamp", stored->at_ms);
    set_blob(item, "Data", record.data);
    if (record.partition_key.bytes > 0) { /* none when only the explicit hash key was given */
        set_str(item, "PartitionKey", record.partition_key);
    }
    if (record.encrypted) {
        set_str(item, "EncryptionType", STR("KMS"));
    }
    *ret_bytes += record.data.bytes + record.partition_key.bytes;
    return OK;
}

status records_read(struct call *c, struct shard *shard, struct reading *reading,
                    struct value *structure, const char *member)
{
    struct log_state state = txn_log_state(c->txn, shard->log);
    struct log_range range = {shard->log, 0, reading->count_max, reading->bytes_max};
    struct log_record *records;
    struct value *list;
    size_t count = 0;
    uint64_t there;

    TRY(shard_skip_expired(c, shard, &reading->next));
    there = reading->next <= state.last ? state.last - reading->next + 1 : 0;
    range.count_max = there < range.count_max ? (size_t)there : range.count_max;
    range.from = reading->next;
    records = arena_alloc(c->arena, (range.count_max + 1) * sizeof(struct log_record));
    if (range.count_max > 0) {
        TRY(txn_log_read(c->txn, &range, records, &count));
    }
    list = set_list(c->arena, structure, member, count);
    reading->bytes = 0;
    reading->last_at_ms = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(put_stored(c, shard, &records[i], list, &reading->bytes));
        reading->next = records[i].sequence + 1;
        reading->last_at_ms = records[i].at_ms;
    }
    reading->ended = shard->closed_ms != 0 && reading->next > state.last;
    reading->behind_ms = reading->next > state.last || reading->last_at_ms == 0
                             ? 0
                             : c->now - reading->last_at_ms;
    return OK;
}

static void shard_expire(struct call *c, struct shard *shard)
{
    struct log_state state = txn_log_state(c->txn, shard->log);
    uint64_t kept;

    if (state.last == 0 || state.first > state.last || horizon(c, shard, &kept) != OK) {
        return;
    }
    if (kept > state.first) {
        txn_log_trim(c->txn, shard->log, kept);
    }
}

/* A closed shard goes when its last possible record has expired. Its children then have no parent
 * to be found, as on AWS. */
static void shard_forget(struct call *c, struct shard *shard)
{
    shard_erase(c, shard);
    txn_log_drop(c->txn, shard->log);
    waiters_wake(c->cell, &shard->waiters);
    shard->stream->shards[shard->number] = NULL;
    shard_free(shard);
}

void stream_expire(struct call *c, struct stream *stream)
{
    /* What does not fit into this minute's entry is done in the next. */
    for (uint32_t i = 0; i < stream->shard_count && txn_room(c->txn) > EXPIRE_ROOM; i++) {
        struct shard *shard = stream->shards[i];

        if (shard == NULL) {
            continue;
        }
        if (shard->closed_ms != 0 && shard->closed_ms < horizon_ms(c, stream)) {
            shard_forget(c, shard);
        } else {
            shard_expire(c, shard);
        }
    }
}

bool usage_take(struct usage *usage, int64_t now_ms, const struct usage *more,
                const struct usage *limit)
{
    int64_t second = now_ms / MS_PER_SECOND;

    if (usage->second != second) {
        *usage = (struct usage){second, 0, 0};
    }
    if (usage->bytes + more->bytes > limit->bytes || usage->count + more->count > limit->count) {
        return false;
    }
    usage->bytes += more->bytes;
    usage->count += more->count;
    return true;
}
