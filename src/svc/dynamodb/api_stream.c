/* SPDX-License-Identifier: Apache-2.0
 *
 * DynamoDB Streams: DescribeStream, GetRecords, GetShardIterator, ListStreams. A service of its
 * own to clients; here it only reads what tables keep.
 */
#include "cell/authorize.h"
#include "svc/dynamodb/ops.h"

#include "cell/cell.h"
#include "svc/dynamodb/stream.h"
#include "svc/dynamodb/tables.h"

#include <stdlib.h>

#define DESCRIBE_MAX 100
#define LIST_MAX 100
#define RECORDS_MAX 1000
#define RECORDS_BYTES_MAX (UINT64_C(1) << 20)

/* A Limit up to max, which is also what it is without. */
static status limit_of_call(struct call *c, int64_t max, int64_t *ret_limit)
{
    int64_t limit = arg_int(c, "Limit", max);

    if (limit > max) {
        return fail(c, &DDB_VALIDATION, "1 validation error detected: Value '%lld' at 'limit' "
                    "failed to satisfy constraint: Member must have value less than or equal to "
                    "%lld", (long long)limit, (long long)max);
    }
    *ret_limit = limit;
    return OK;
}

/* ---- DescribeStream ---- */

static void put_shard(struct call *c, struct value *list, const struct stream_shard *shard)
{
    struct value *item = list_add(c->arena, list);
    struct value *range;

    set_str(item, "ShardId", stream_shard_id(c->arena, &shard->place, shard->number));
    range = set_struct(c->arena, item, "SequenceNumberRange");
    set_str(range, "StartingSequenceNumber",
            stream_sequence_text(c->arena, stream_shard_starts(shard)));
    if (!shard->open) {
        set_str(range, "EndingSequenceNumber",
                stream_sequence_text(c->arena, stream_shard_ends(shard)));
    }
    if (shard->number > 0) {
        set_str(item, "ParentShardId",
                stream_shard_id(c->arena, &shard->place, shard->number - 1));
    }
}

/* What the call asks for: shards behind one, a shard's children. */
static bool is_asked_for(struct call *c, const struct stream_shard *shard)
{
    const struct value *filter = arg(c, "ShardFilter");
    struct str after = arg_str(c, "ExclusiveStartShardId");

    if (filter != NULL && has(filter, "Type") &&
        (shard->number == 0 ||
         !str_eq(stream_shard_id(c->arena, &shard->place, shard->number - 1),
                 get_str(filter, "ShardId")))) {
        return false;
    }
    return str_cmp(stream_shard_id(c->arena, &shard->place, shard->number), after) > 0;
}

static void put_shards(struct call *c, struct value *about, const struct stream_shard *shards,
                       size_t count, int64_t limit)
{
    struct value *list = set_list(c->arena, about, "Shards", count);

    for (size_t i = 0; i < count; i++) {
        if (!is_asked_for(c, &shards[i])) {
            continue;
        }
        if (list->count == limit) {
            set_str(about, "LastEvaluatedShardId",
                    get_str(&list->items[list->count - 1], "ShardId"));
            return;
        }
        put_shard(c, list, &shards[i]);
    }
}

static status filter_check(struct call *c)
{
    const struct value *filter = arg(c, "ShardFilter");

    if (filter != NULL && has(filter, "Type") != has(filter, "ShardId")) {
        return fail(c, &DDB_VALIDATION, "ShardFilter must have both Type and ShardId");
    }
    return OK;
}

/* DescribeStream: a stream and its shards, oldest first. */
status ddb_describe_stream(struct call *c)
{
    struct stream_shard shards[STREAM_SHARDS_MAX];
    struct stream_place place;
    struct value *about;
    int64_t limit;
    size_t count;

    TRY(limit_of_call(c, DESCRIBE_MAX, &limit));
    TRY(filter_check(c));
    TRY(stream_of_arn(c, arg_str(c, "StreamArn"), &place));
    TRY(stream_shards(c, &place, shards, &count));
    about = put_struct(c, "StreamDescription");
    set_str(about, "StreamArn", stream_arn(c->arena, place.table, place.stream));
    set_str(about, "StreamLabel", stream_label(c->arena, place.stream));
    set_str(about, "StreamStatus",
            place.stream->ended_ms == 0 ? STR("ENABLED") : STR("DISABLED"));
    set_str(about, "StreamViewType", view_name(place.stream->view));
    set_time(about, "CreationRequestDateTime", place.stream->label_ms);
    set_str(about, "TableName", arena_dup(c->arena, place.table->name));
    put_schema(c, about, &place.table->schema);
    put_shards(c, about, shards, count, limit);
    return OK;
}

/* ---- GetShardIterator ---- */

static status start_at_number(struct call *c, const struct stream_shard *shard, bool after,
                              uint64_t *ret_next)
{
    struct str text = arg_str(c, "SequenceNumber");
    struct stream_sequence most = {shard->last, UINT32_MAX};
    bool aged = shard->from_ms < c->now - STREAM_MS; /* its beginning may not be known any more */
    struct stream_sequence sequence;
    uint64_t horizon, next;

    if (text.bytes == 0) {
        return fail(c, &DDB_VALIDATION, "SequenceNumber is required with ShardIteratorType %.*s",
                    STR_ARG(arg_str(c, "ShardIteratorType")));
    }
    if (!stream_sequence_read(text, &sequence) ||
        (!aged && stream_sequence_cmp(sequence, stream_shard_starts(shard)) < 0) ||
        stream_sequence_cmp(sequence, shard->open ? most : stream_shard_ends(shard)) > 0) {
        return fail(c, &DDB_VALIDATION, "Invalid SequenceNumber for the shard");
    }
    next = sequence.record + (after || sequence.border > 0 ? 1 : 0);
    TRY(stream_shard_horizon(c, shard, &horizon));
    if (next < horizon) {
        return fail(c, &DDB_TRIMMED, "The data you are trying to access has been trimmed");
    }
    *ret_next = next;
    return OK;
}

static status start_at_time(struct call *c, const struct stream_shard *shard, uint64_t *ret_next)
{
    int64_t at_ms = get_time(c->in, "Timestamp", 0);
    uint64_t horizon, next;

    if (!arg_has(c, "Timestamp")) {
        return fail(c, &DDB_VALIDATION,
                    "Timestamp is required with ShardIteratorType AT_TIMESTAMP");
    }
    if (at_ms > c->now) {
        return fail(c, &DDB_VALIDATION, "Timestamp must not be in the future");
    }
    TRY(stream_shard_horizon(c, shard, &horizon));
    TRY(txn_log_seek(c->txn, shard->place.table->log, at_ms, &next));
    next = next > horizon ? next : horizon;
    *ret_next = next <= shard->last ? next : shard->last + 1;
    return OK;
}

static status start_of_call(struct call *c, const struct stream_shard *shard, uint64_t *ret_next)
{
    struct str type = arg_str(c, "ShardIteratorType");

    if (str_eq(type, STR("AT_SEQUENCE_NUMBER")) || str_eq(type, STR("AFTER_SEQUENCE_NUMBER"))) {
        return start_at_number(c, shard, str_eq(type, STR("AFTER_SEQUENCE_NUMBER")), ret_next);
    }
    if (str_eq(type, STR("AT_TIMESTAMP"))) {
        return start_at_time(c, shard, ret_next);
    }
    if (arg_has(c, "SequenceNumber")) {
        return fail(c, &DDB_VALIDATION,
                    "SequenceNumber must not be given with ShardIteratorType %.*s", STR_ARG(type));
    }
    if (str_eq(type, STR("LATEST"))) {
        *ret_next = shard->last + 1;
        return OK;
    }
    return stream_shard_horizon(c, shard, ret_next);
}

/* GetShardIterator: where to begin reading, good for a quarter of an hour. */
status ddb_get_shard_iterator(struct call *c)
{
    struct stream_iterator iterator = {.arn = arg_str(c, "StreamArn"), .made_ms = c->now};
    struct stream_place place;
    struct stream_shard shard;

    TRY(stream_of_arn(c, iterator.arn, &place));
    TRY(stream_shard_of_id(c, &place, arg_str(c, "ShardId"), &shard));
    TRY(start_of_call(c, &shard, &iterator.next));
    iterator.shard = shard.number;
    put_str(c, "ShardIterator", stream_iterator_text(c->arena, &iterator));
    return OK;
}

/* ---- GetRecords ---- */

/* GetRecords: what comes next, and the iterator for what comes after that, unless the shard has
 * come to its end. */
status ddb_get_stream_records(struct call *c)
{
    struct stream_reading reading = {.bytes_max = RECORDS_BYTES_MAX};
    struct stream_iterator iterator;
    struct stream_place place;
    struct stream_shard shard;
    int64_t limit;

    TRY(limit_of_call(c, RECORDS_MAX, &limit));
    if (!stream_iterator_read(c->arena, arg_str(c, "ShardIterator"), &iterator)) {
        return fail(c, &DDB_VALIDATION, "Invalid ShardIterator");
    }
    if (c->now - iterator.made_ms > STREAM_ITERATOR_MS) {
        return fail(c, &DDB_EXPIRED_ITERATOR,
                    "The provided iterator exceeds the maximum age allowed");
    }
    TRY(call_may(c, "dynamodb:GetRecords", iterator.arn));
    TRY(stream_of_arn(c, iterator.arn, &place));
    TRY(stream_shard_numbered(c, &place, iterator.shard, &shard));
    reading.next = iterator.next;
    reading.count_max = (size_t)limit;
    TRY(stream_records_read(c, &shard, &reading, c->out, "Records"));
    if (!reading.ended) {
        iterator.made_ms = c->now;
        iterator.next = reading.next;
        put_str(c, "NextShardIterator", stream_iterator_text(c->arena, &iterator));
    }
    return OK;
}

/* ---- ListStreams ---- */

/* One that may be listed. */
struct listed {
    struct str arn;              /* its */
    const struct table *table;   /* whose it is */
    const struct stream *stream; /* it */
};

static int by_arn(const void *a, const void *b)
{
    return str_cmp(((const struct listed *)a)->arn, ((const struct listed *)b)->arn);
}

static bool is_listed(struct call *c, const struct table *table)
{
    struct str name = arg_str(c, "TableName");

    return str_eq(table->account, c->account) && str_eq(table->region, c->region) &&
           (name.bytes == 0 || str_eq(table->name, name));
}

/* What may be listed, gathered; first only counted. */
struct listing {
    struct listed *items; /* NULL: counting */
    size_t count;         /* of them */
};

static void list_of_table(struct call *c, const struct table *table, struct listing *listing)
{
    for (size_t i = 0; is_listed(c, table) && i < table->stream_count; i++) {
        const struct stream *stream = &table->streams[i];

        if (!stream_readable(stream, c->now)) {
            continue;
        }
        if (listing->items != NULL) {
            listing->items[listing->count] =
                (struct listed){stream_arn(c->arena, table, stream), table, stream};
        }
        listing->count++;
    }
}

static void list_of_tables(struct call *c, struct listing *listing)
{
    const struct dynamodb *dynamodb = cell_state(c->cell, "dynamodb");
    struct str key;
    void *table;

    listing->count = 0;
    for (size_t i = 0; map_next(dynamodb->tables, &i, &key, &table);) {
        list_of_table(c, table, listing);
    }
    for (const struct link *at = dynamodb->gone.next; at != &dynamodb->gone; at = at->next) {
        list_of_table(c, LINK_OWNER(at, struct table, place), listing);
    }
}

/* Of the call's account and region, in the order of their ARNs, in the call's arena. */
static struct listing streams_sorted(struct call *c)
{
    struct listing listing = {NULL, 0};

    list_of_tables(c, &listing);
    listing.items = arena_alloc(c->arena, (listing.count + 1) * sizeof(struct listed));
    list_of_tables(c, &listing);
    qsort(listing.items, listing.count, sizeof(struct listed), by_arn);
    return listing;
}

/* ListStreams: those that go on and those that ended within a day. */
status ddb_list_streams(struct call *c)
{
    struct str after = arg_str(c, "ExclusiveStartStreamArn");
    struct listing listing;
    struct value *list;
    int64_t limit;
    size_t i = 0;

    TRY(limit_of_call(c, LIST_MAX, &limit));
    listing = streams_sorted(c);
    while (i < listing.count && str_cmp(listing.items[i].arn, after) <= 0) {
        i++;
    }
    list = put_list(c, "Streams", (size_t)limit);
    for (; i < listing.count && list->count < limit; i++) {
        const struct listed *listed = &listing.items[i];
        struct value *item = list_add(c->arena, list);

        set_str(item, "StreamArn", listed->arn);
        set_str(item, "TableName", arena_dup(c->arena, listed->table->name));
        set_str(item, "StreamLabel", stream_label(c->arena, listed->stream));
    }
    if (i < listing.count) {
        put_str(c, "LastEvaluatedStreamArn", listing.items[i - 1].arn);
    }
    return OK;
}
