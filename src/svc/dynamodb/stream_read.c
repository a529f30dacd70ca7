/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading streams: their shards, and records as clients and functions see them. Field by field and
 * in the order that AWS has them. Sources: DynamoDB Streams API reference, "Record" and
 * "StreamRecord"; developer guide, "Change data capture for DynamoDB Streams".
 *
 * Rules
 *  1. Nothing here changes anything, or needs more of a call than its txn, arena, clock and cell.
 *  2. A shard's records are those of the change log between two moments, within the stream's span.
 *     A moment's records are all in one shard, for a log's moments never go back.
 */
#include "svc/dynamodb/stream.h"

#include "base/codec.h"
#include "base/digest.h"
#include "base/time.h"
#include "svc/dynamodb/tables.h"

/* ---- shards ---- */

static uint64_t last_shard(const struct stream *stream, int64_t now_ms)
{
    int64_t until_ms = stream->ended_ms != 0 ? stream->ended_ms : now_ms;

    return until_ms <= stream->label_ms
               ? 0
               : (uint64_t)((until_ms - stream->label_ms) / STREAM_SHARD_MS);
}

/* Its moments; whether it can still be read. */
static bool shard_moments(int64_t now_ms, struct stream_shard *shard)
{
    const struct stream *stream = shard->place.stream;
    uint64_t last = last_shard(stream, now_ms);

    if (shard->number > last) {
        return false;
    }
    shard->from_ms = stream->label_ms + (int64_t)shard->number * STREAM_SHARD_MS;
    shard->to_ms = shard->from_ms + STREAM_SHARD_MS;
    shard->open = shard->number == last && stream->ended_ms == 0;
    if (shard->number == last && stream->ended_ms != 0) {
        shard->to_ms = stream->ended_ms + 1;
    }
    return shard->to_ms > now_ms - STREAM_MS;
}

static status shard_records(struct call *c, struct stream_shard *shard)
{
    const struct stream *stream = shard->place.stream;
    uint64_t log = shard->place.table->log;
    uint64_t end = stream->ended_ms != 0 ? stream->last : txn_log_state(c->txn, log).last;
    uint64_t first = stream->first;
    uint64_t behind = end + 1;

    if (shard->number > 0) { /* what began the stream's first moment may be of before it */
        TRY(txn_log_seek(c->txn, log, shard->from_ms, &first));
        first = first > stream->first ? first : stream->first;
    }
    if (!shard->open) {
        TRY(txn_log_seek(c->txn, log, shard->to_ms, &behind));
    }
    first = first <= end ? first : end + 1;
    behind = behind <= end ? behind : end + 1;
    shard->first = first;
    shard->last = behind > first ? behind - 1 : first - 1;
    return OK;
}

status stream_shards(struct call *c, const struct stream_place *place,
                     struct stream_shard *ret_shards, size_t *ret_count)
{
    uint64_t last = last_shard(place->stream, c->now);
    uint64_t number = last >= STREAM_SHARDS_MAX ? last - STREAM_SHARDS_MAX + 1 : 0;
    size_t count = 0;

    for (; number <= last; number++) {
        struct stream_shard shard = {.place = *place, .number = number};

        if (shard_moments(c->now, &shard)) {
            TRY(shard_records(c, &shard));
            ret_shards[count++] = shard;
        }
    }
    *ret_count = count;
    return OK;
}

static status no_shard(struct call *c)
{
    return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Shard does not exist");
}

status stream_shard_numbered(struct call *c, const struct stream_place *place, uint64_t number,
                             struct stream_shard *ret_shard)
{
    struct stream_shard shard = {.place = *place, .number = number};

    if (!shard_moments(c->now, &shard)) {
        return no_shard(c);
    }
    TRY(shard_records(c, &shard));
    *ret_shard = shard;
    return OK;
}

status stream_shard_of_id(struct call *c, const struct stream_place *place, struct str id,
                          struct stream_shard *ret_shard)
{
    struct stream_shard shards[STREAM_SHARDS_MAX];
    size_t count;

    TRY(stream_shards(c, place, shards, &count));
    for (size_t i = 0; i < count; i++) {
        if (str_eq(stream_shard_id(c->arena, place, shards[i].number), id)) {
            *ret_shard = shards[i];
            return OK;
        }
    }
    return no_shard(c);
}

status stream_shard_horizon(struct call *c, const struct stream_shard *shard,
                            uint64_t *ret_sequence)
{
    uint64_t horizon;

    TRY(txn_log_seek(c->txn, shard->place.table->log, c->now - STREAM_MS, &horizon));
    horizon = horizon > shard->first ? horizon : shard->first;
    *ret_sequence = horizon <= shard->last ? horizon : shard->last + 1;
    return OK;
}

/* ---- records ---- */

/* Of the table's number and the record's: it is the same however often it is read. */
static struct str event_id(struct arena *arena, const struct stream_telling *telling)
{
    char *text = arena_alloc(arena, 2 * MD5_BYTES);
    uint8_t sum[MD5_BYTES];

    md5(arena_printf(arena, "%.*s/%llu", TABLE_ID_BYTES, telling->place->table->id,
                     (unsigned long long)telling->sequence), sum);
    hex_encode(str_of(sum, MD5_BYTES), text);
    return str_of(text, 2 * MD5_BYTES);
}

static struct str event_name(const struct changed *changed)
{
    return !changed->existed ? STR("INSERT") : changed->exists ? STR("MODIFY") : STR("REMOVE");
}

static void put_images(struct call *c, struct value *about, const struct stream_telling *telling)
{
    const struct changed *changed = telling->changed;
    uint8_t view = telling->place->stream->view;
    struct item keys = item_of_suffix(c->arena, &telling->place->table->schema, changed->suffix);
    size_t bytes = keys.bytes;

    item_to_value(c->arena, &keys, about, "Keys");
    if (changed->has_item && (view == VIEW_NEW_IMAGE || view == VIEW_NEW_AND_OLD_IMAGES)) {
        item_to_value(c->arena, &changed->item, about, "NewImage");
        bytes += changed->item.bytes;
    }
    if (changed->existed && (view == VIEW_OLD_IMAGE || view == VIEW_NEW_AND_OLD_IMAGES)) {
        item_to_value(c->arena, &changed->old, about, "OldImage");
        bytes += changed->old.bytes;
    }
    set_int(about, "SizeBytes", (int64_t)bytes);
}

void stream_record_put(struct call *c, struct value *record, const struct stream_telling *telling)
{
    struct value *about;

    set_str(record, "eventID", event_id(c->arena, telling));
    set_str(record, "eventName", event_name(telling->changed));
    set_str(record, "eventVersion", STR("1.1"));
    set_str(record, "eventSource", STR("aws:dynamodb"));
    set_str(record, "awsRegion", arena_dup(c->arena, telling->place->table->region));
    about = set_struct(c->arena, record, "dynamodb");
    set_time(about, "ApproximateCreationDateTime",
             telling->at_ms / MS_PER_SECOND * MS_PER_SECOND);
    put_images(c, about, telling);
    set_str(about, "SequenceNumber",
            stream_sequence_text(c->arena, (struct stream_sequence){telling->sequence, 0}));
    set_str(about, "StreamViewType", view_name(telling->place->stream->view));
    if (telling->changed->expired) {
        struct value *identity = set_struct(c->arena, record, "userIdentity");

        set_str(identity, "PrincipalId", STR("dynamodb.amazonaws.com"));
        set_str(identity, "Type", STR("Service"));
    }
}

static status put_records(struct call *c, const struct stream_shard *shard,
                          const struct log_record *records, size_t count, struct value *list)
{
    for (size_t i = 0; i < count; i++) {
        struct changed changed;
        struct stream_telling telling = {&shard->place, &changed, records[i].sequence,
                                         records[i].at_ms};

        if (!change_read(records[i].data, &changed)) {
            return &ERR_CORRUPT;
        }
        stream_record_put(c, list_add(c->arena, list), &telling);
    }
    return OK;
}

status stream_records_read(struct call *c, const struct stream_shard *shard,
                           struct stream_reading *reading, struct value *structure,
                           const char *member)
{
    struct log_range range = {shard->place.table->log, reading->next, 0, reading->bytes_max};
    struct log_record *records;
    uint64_t horizon, there;
    size_t count = 0;

    TRY(stream_shard_horizon(c, shard, &horizon));
    if (reading->next < horizon) {
        return fail(c, &DDB_TRIMMED, "The data you are trying to access has been trimmed");
    }
    there = reading->next <= shard->last ? shard->last - reading->next + 1 : 0;
    range.count_max = there < reading->count_max ? (size_t)there : reading->count_max;
    records = arena_alloc(c->arena, (range.count_max + 1) * sizeof(struct log_record));
    if (range.count_max > 0) {
        TRY(txn_log_read(c->txn, &range, records, &count));
    }
    TRY(put_records(c, shard, records, count,
                    set_list(c->arena, structure, member, count)));
    reading->next += count;
    reading->ended = !shard->open && reading->next > shard->last;
    return OK;
}
