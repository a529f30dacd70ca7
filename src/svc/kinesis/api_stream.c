/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations on streams themselves: CreateStream to UpdateStreamMode. What takes AWS a while
 * (CREATING, UPDATING, DELETING) is done when the answer leaves; so a stream is always ACTIVE.
 */
#include "base/codec.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/sequence.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>

#define ON_DEMAND_SHARDS 4
#define SHARDS_PER_ACCOUNT_MAX 20000
#define DESCRIBE_SHARDS_DEFAULT 100
#define LIST_SHARDS_DEFAULT 1000
#define LIST_STREAMS_DEFAULT 100
#define WARM_MIBPS_MAX 10240

/* ---- create and delete ---- */

static bool wants_on_demand(const struct value *in)
{
    const struct value *mode = get(in, "StreamModeDetails");

    return mode != NULL && str_eq(get_str(mode, "StreamMode"), STR("ON_DEMAND"));
}

static uint64_t open_shards(struct call *c)
{
    size_t count;
    struct stream **streams = streams_sorted(c, &count);
    uint64_t open = 0;

    for (size_t i = 0; i < count; i++) {
        open += streams[i]->open_count;
    }
    return open;
}

static status shard_limit_check(struct call *c, int64_t more)
{
    if (more > SHARDS_PER_STREAM_MAX || open_shards(c) + (uint64_t)more > SHARDS_PER_ACCOUNT_MAX) {
        return fail(c, &KINESIS_LIMIT,
                    "This request would exceed the shard limit for the account %.*s in %.*s. "
                    "Current shard count for the account: %llu. Limit: %d. Number of additional "
                    "shards that would have resulted from this request: %lld. Refer to the AWS "
                    "Service Limits page "
                    "(https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for "
                    "current limits and how to request higher limits.",
                    STR_ARG(c->account), STR_ARG(c->region), (unsigned long long)open_shards(c),
                    SHARDS_PER_ACCOUNT_MAX, (long long)more);
    }
    return OK;
}

static status create_check(struct call *c, bool on_demand)
{
    struct str name = arg_str(c, "StreamName");

    if (stream_find(kinesis_of(c), c->account, c->region, name) != NULL) {
        return fail(c, &KINESIS_IN_USE, "Stream %.*s under account %.*s already exists.",
                    STR_ARG(name), STR_ARG(c->account));
    }
    if (on_demand && arg_has(c, "ShardCount")) {
        return fail(c, &KINESIS_VALIDATION,
                    "The ShardCount parameter cannot be set when the stream mode is ON_DEMAND.");
    }
    if (!on_demand && !arg_has(c, "ShardCount")) {
        return fail(c, &KINESIS_VALIDATION,
                    "The ShardCount parameter must be set when the stream mode is PROVISIONED.");
    }
    if (!on_demand && arg_has(c, "WarmThroughputMiBps")) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "WarmThroughputMiBps is only supported for streams in ON_DEMAND mode.");
    }
    if (arg_int(c, "WarmThroughputMiBps", 0) > WARM_MIBPS_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "WarmThroughputMiBps may be at most %d.",
                    WARM_MIBPS_MAX);
    }
    if (!on_demand && str_eq(arg_str(c, "RecordDistributionStrategy"), STR("AUTO"))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "RecordDistributionStrategy AUTO is only supported for streams in ON_DEMAND "
                    "mode.");
    }
    TRY(tags_check(c, NULL, arg(c, "Tags")));
    return shard_limit_check(c, on_demand ? ON_DEMAND_SHARDS : arg_int(c, "ShardCount", 0));
}

/* CreateStream: shards over the whole hash space, evenly. */
status kinesis_create_stream(struct call *c)
{
    bool on_demand = wants_on_demand(c->in);
    const struct value *tags = arg(c, "Tags");
    struct stream *stream;

    TRY(create_check(c, on_demand));
    stream = stream_new(c->account, c->region, arg_str(c, "StreamName"));
    if (stream_add(kinesis_of(c), stream) != OK) {
        stream_free(stream);
        return fail(c, &KINESIS_LIMIT, "weir keeps at most %d streams.", STREAMS_MAX);
    }
    stream->created_ms = c->now;
    stream->on_demand = on_demand;
    stream->warm_mibps = (uint32_t)arg_int(c, "WarmThroughputMiBps", 0);
    stream->max_record_kib = (uint32_t)arg_int(c, "MaxRecordSizeInKiB", RECORD_KIB_DEFAULT);
    stream->distribute_auto = str_eq(arg_str(c, "RecordDistributionStrategy"), STR("AUTO"));
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        tags_set(&stream->tags, tags->pairs[i].key, tags->pairs[i].value.str);
    }
    stream_save(c, stream);
    stream_open_shards(c, stream,
                       on_demand ? ON_DEMAND_SHARDS : (uint32_t)arg_int(c, "ShardCount", 0));
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* DeleteStream: with its shards and records; with its consumers only when told so, never with
 * queues or channels. */
status kinesis_delete_stream(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    if (stream->consumer_count > 0 && !arg_bool(c, "EnforceConsumerDeletion", false)) {
        return fail(c, &KINESIS_IN_USE,
                    "Stream %.*s under account %.*s has %u registered consumers; deregister them "
                    "or set EnforceConsumerDeletion.", STR_ARG(stream->name),
                    STR_ARG(stream->account), stream->consumer_count);
    }
    if (stream->queue_count > 0) {
        return fail(c, &KINESIS_IN_USE,
                    "Stream %.*s under account %.*s has %u queues; delete them first.",
                    STR_ARG(stream->name), STR_ARG(stream->account), stream->queue_count);
    }
    if (stream->channel_count > 0) {
        return fail(c, &KINESIS_IN_USE,
                    "Stream %.*s under account %.*s has %u channels; delete them first.",
                    STR_ARG(stream->name), STR_ARG(stream->account), stream->channel_count);
    }
    call_on(c, stream_arn(c, stream));
    for (uint32_t i = 0; i < stream->shard_count; i++) {
        if (stream->shards[i] != NULL) {
            shard_erase(c, stream->shards[i]);
            txn_log_drop(c->txn, stream->shards[i]->log);
            waiters_wake(c->cell, &stream->shards[i]->waiters);
        }
    }
    for (struct consumer *consumer = stream->consumers; consumer != NULL;
         consumer = consumer->next) {
        consumer_erase(c, consumer);
    }
    stream_erase(c, stream);
    stream_remove(kinesis_of(c), stream);
    return OK;
}

/* ---- describe and list ---- */

static void put_mode(struct call *c, struct value *structure, const struct stream *stream)
{
    set_str(set_struct(c->arena, structure, "StreamModeDetails"), "StreamMode",
            stream->on_demand ? STR("ON_DEMAND") : STR("PROVISIONED"));
}

static void put_monitoring(struct call *c, struct value *structure, const struct stream *stream)
{
    static const char *const names[] = {
        "IncomingBytes",  "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
        "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded",
        "IteratorAgeMilliseconds",
    };
    struct value *list = set_list(c->arena, structure, "EnhancedMonitoring", 1);
    struct value *metrics = set_list(c->arena, list_add(c->arena, list), "ShardLevelMetrics", 7);

    for (uint32_t i = 0; i < 7; i++) {
        if (stream->metrics >> i & 1) {
            list_add_str(metrics, str_c(names[i]));
        }
    }
}

/* What DescribeStream and DescribeStreamSummary both say. */
static void put_common(struct call *c, struct value *out, const struct stream *stream)
{
    set_str(out, "StreamName", stream->name);
    set_str(out, "StreamARN", stream_arn(c, stream));
    set_str(out, "StreamStatus", STR("ACTIVE"));
    put_mode(c, out, stream);
    set_int(out, "RetentionPeriodHours", stream->retention_hours);
    set_time(out, "StreamCreationTimestamp", stream->created_ms);
    put_monitoring(c, out, stream);
    set_str(out, "EncryptionType", stream->key_id.bytes > 0 ? STR("KMS") : STR("NONE"));
    if (stream->key_id.bytes > 0) {
        set_str(out, "KeyId", stream->key_id);
    }
}

static status number_after(struct call *c, struct str id, uint32_t *ret_number)
{
    uint32_t number;

    if (!shard_number_read(id, &number)) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "%.*s is not a shard id.", STR_ARG(id));
    }
    *ret_number = number + 1;
    return OK;
}

/* DescribeStream: with up to Limit shards. */
status kinesis_describe_stream(struct call *c)
{
    int64_t limit = arg_int(c, "Limit", DESCRIBE_SHARDS_DEFAULT);
    struct stream *stream;
    struct value *out;
    struct value *shards;
    uint32_t number = 0;

    TRY(stream_of_call(c, &stream));
    if (arg_has(c, "ExclusiveStartShardId")) {
        TRY(number_after(c, arg_str(c, "ExclusiveStartShardId"), &number));
    }
    out = put_struct(c, "StreamDescription");
    put_common(c, out, stream);
    shards = set_list(c->arena, out, "Shards", stream->shard_count);
    for (; number < stream->shard_count && shards->count < limit; number++) {
        if (stream->shards[number] != NULL) {
            put_shard(c, list_add(c->arena, shards), stream->shards[number]);
        }
    }
    while (number < stream->shard_count && stream->shards[number] == NULL) {
        number++;
    }
    set_bool(out, "HasMoreShards", number < stream->shard_count);
    return OK;
}

/* DescribeStreamSummary: counts instead of shards. */
status kinesis_describe_stream_summary(struct call *c)
{
    struct stream *stream;
    struct value *out;

    TRY(stream_of_call(c, &stream));
    out = put_struct(c, "StreamDescriptionSummary");
    put_common(c, out, stream);
    set_int(out, "OpenShardCount", stream->open_count);
    set_int(out, "ConsumerCount", stream->consumer_count);
    set_int(out, "MaxRecordSizeInKiB", stream->max_record_kib);
    set_int(out, "ChannelCount", 0);
    set_int(out, "QueueCount", stream->queue_count);
    if (stream->on_demand) {
        struct value *warm = set_struct(c->arena, out, "WarmThroughput");

        set_int(warm, "TargetMiBps", stream->warm_mibps);
        set_int(warm, "CurrentMiBps", stream->warm_mibps);
        set_str(out, "RecordDistributionStrategy",
                stream->distribute_auto ? STR("AUTO") : STR("USER_PARTITION_KEY"));
    }
    return OK;
}

static void put_summary(struct call *c, struct value *item, const struct stream *stream)
{
    set_str(item, "StreamName", stream->name);
    set_str(item, "StreamARN", stream_arn(c, stream));
    set_str(item, "StreamStatus", STR("ACTIVE"));
    put_mode(c, item, stream);
    set_time(item, "StreamCreationTimestamp", stream->created_ms);
}

/* ListStreams: names in order, after the one named or the token's. */
status kinesis_list_streams(struct call *c)
{
    int64_t limit = arg_int(c, "Limit", LIST_STREAMS_DEFAULT);
    struct str after = arg_str(c, "ExclusiveStartStreamName");
    struct value *names;
    struct value *summaries;
    struct stream **streams;
    size_t count;
    size_t at = 0;

    if (arg_has(c, "NextToken")) {
        struct str subject;

        TRY(token_read(c, "streams", arg_str(c, "NextToken"), &subject, &after));
    }
    streams = streams_sorted(c, &count);
    while (at < count && after.bytes > 0 && str_cmp(streams[at]->name, after) <= 0) {
        at++;
    }
    names = put_list(c, "StreamNames", count - at);
    summaries = put_list(c, "StreamSummaries", count - at);
    for (; at < count && names->count < limit; at++) {
        list_add_str(names, streams[at]->name);
        put_summary(c, list_add(c->arena, summaries), streams[at]);
        after = streams[at]->name;
    }
    put_bool(c, "HasMoreStreams", at < count);
    if (at < count) {
        put_str(c, "NextToken", token_text(c->arena, c, "streams", STR_NONE, after));
    }
    return OK;
}

/* Which shards a ShardFilter lets through. */
struct shard_filter {
    struct str type;      /* empty: all */
    uint32_t after;       /* AFTER_SHARD_ID: numbers from here on */
    int64_t at_ms;        /* the moment of the four that have one */
};

static bool filter_passes(const struct shard_filter *filter, const struct shard *shard)
{
    bool open_then = shard->created_ms <= filter->at_ms &&
                     (shard->closed_ms == 0 || shard->closed_ms > filter->at_ms);

    if (filter->type.bytes == 0) {
        return true;
    }
    if (str_eq(filter->type, STR("AFTER_SHARD_ID"))) {
        return shard->number >= filter->after;
    }
    if (str_eq(filter->type, STR("AT_LATEST"))) {
        return shard->closed_ms == 0;
    }
    if (str_eq(filter->type, STR("AT_TRIM_HORIZON")) ||
        str_eq(filter->type, STR("AT_TIMESTAMP"))) {
        return open_then;
    }
    return open_then || shard->created_ms > filter->at_ms; /* FROM_… */
}

static status filter_read(struct call *c, const struct stream *stream,
                          struct shard_filter *ret_filter)
{
    const struct value *in = arg(c, "ShardFilter");
    int64_t horizon_ms = c->now - stream->retention_hours * INT64_C(3600000);
    struct shard_filter filter = {STR_NONE, 0, 0};
    bool timed;

    if (in == NULL) {
        *ret_filter = filter;
        return OK;
    }
    filter.type = get_str(in, "Type");
    timed = str_ends(filter.type, STR("_TIMESTAMP"));
    if (timed != has(in, "Timestamp") ||
        str_eq(filter.type, STR("AFTER_SHARD_ID")) != has(in, "ShardId")) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "ShardFilter of type %.*s %s.", STR_ARG(filter.type),
                    timed ? "needs a Timestamp and nothing else"
                          : "takes a ShardId only for AFTER_SHARD_ID, and no Timestamp");
    }
    if (has(in, "ShardId")) {
        TRY(number_after(c, get_str(in, "ShardId"), &filter.after));
    }
    filter.at_ms = timed ? get_time(in, "Timestamp", 0) : horizon_ms;
    if (filter.at_ms > c->now) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "The Timestamp of a ShardFilter may not be in the future.");
    }
    /* A moment before the stream's oldest record or itself means the trim horizon. */
    if (filter.at_ms < horizon_ms) {
        filter.at_ms = horizon_ms;
    }
    if (filter.at_ms < stream->created_ms) {
        filter.at_ms = stream->created_ms;
    }
    *ret_filter = filter;
    return OK;
}

/* What to list from a token, or from the parameters; never both. */
static status list_subject(struct call *c, struct stream **ret_stream, uint32_t *ret_number)
{
    struct str name;
    struct str after;
    uint32_t number = 0;

    if (!arg_has(c, "NextToken")) {
        if (!arg_has(c, "StreamName") && !arg_has(c, "StreamARN")) {
            return fail(c, &KINESIS_INVALID_ARGUMENT,
                        "Either NextToken or StreamName should be provided.");
        }
        TRY(stream_of_call(c, ret_stream));
        if (arg_has(c, "ExclusiveStartShardId")) {
            return number_after(c, arg_str(c, "ExclusiveStartShardId"), ret_number);
        }
        *ret_number = 0;
        return OK;
    }
    if (arg_has(c, "StreamName") || arg_has(c, "StreamCreationTimestamp")) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "NextToken and StreamName cannot be provided together.");
    }
    TRY(token_read(c, "shards", arg_str(c, "NextToken"), &name, &after));
    *ret_stream = stream_find(kinesis_of(c), c->account, c->region, name);
    if (*ret_stream == NULL) {
        return fail(c, &KINESIS_NOT_FOUND, "Stream %.*s under account %.*s not found.",
                    STR_ARG(name), STR_ARG(c->account));
    }
    TRY(number_after(c, after, &number));
    *ret_number = number;
    return OK;
}

/* ListShards: also closed ones, as far as the filter lets them. */
status kinesis_list_shards(struct call *c)
{
    int64_t limit = arg_int(c, "MaxResults", LIST_SHARDS_DEFAULT);
    struct shard_filter filter;
    struct stream *stream;
    struct value *shards;
    uint32_t number;

    TRY(list_subject(c, &stream, &number));
    TRY(filter_read(c, stream, &filter));
    shards = put_list(c, "Shards", stream->shard_count);
    for (; number < stream->shard_count; number++) {
        const struct shard *shard = stream->shards[number];

        if (shard == NULL || !filter_passes(&filter, shard)) {
            continue;
        }
        if (shards->count == limit) {
            struct value *last = &shards->items[shards->count - 1];

            put_str(c, "NextToken", token_text(c->arena, c, "shards", stream->name,
                                               get_str(last, "ShardId")));
            break;
        }
        put_shard(c, list_add(c->arena, shards), shard);
    }
    return OK;
}

/* ---- resharding ---- */

static status open_shard_of(struct call *c, struct stream *stream, const char *member,
                            struct shard **ret_shard)
{
    struct shard *shard;

    TRY(shard_of_id(c, stream, arg_str(c, member), &shard));
    if (shard->closed_ms != 0) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Shard %.*s in stream %.*s under account %.*s has already been merged or "
                    "split, and thus is not eligible for merging or splitting.",
                    STR_ARG(arg_str(c, member)), STR_ARG(stream->name),
                    STR_ARG(stream->account));
    }
    *ret_shard = shard;
    return OK;
}

static void split(struct call *c, struct shard *shard, u128 at)
{
    struct stream *stream = shard->stream;
    struct shard_range low = {shard->from, at - 1, shard->number + 1, 0};
    struct shard_range high = {at, shard->to, shard->number + 1, 0};

    shard_close(c, shard);
    shard_open(c, stream, &low);
    shard_open(c, stream, &high);
}

static status split_refused(struct call *c, const struct shard *shard, struct str at)
{
    char from[U128_TEXT_BYTES_MAX];
    char to[U128_TEXT_BYTES_MAX];
    struct str from_text = str_of(from, u128_to_text(shard->from, from));
    struct str to_text = str_of(to, u128_to_text(shard->to, to));

    return fail(c, &KINESIS_INVALID_ARGUMENT,
                "NewStartingHashKey %.*s used in SplitShard() on shard %.*s in stream %.*s under "
                "account %.*s is not both greater than one plus the shard's StartingHashKey %.*s "
                "and less than the shard's EndingHashKey %.*s.",
                STR_ARG(at), STR_ARG(shard_id(c->arena, shard->number)),
                STR_ARG(shard->stream->name), STR_ARG(shard->stream->account),
                STR_ARG(from_text), STR_ARG(to_text));
}

/* SplitShard: the shard closes; two children take its keys, cut at the new starting key. */
status kinesis_split_shard(struct call *c)
{
    struct str text = arg_str(c, "NewStartingHashKey");
    struct stream *stream;
    struct shard *shard;
    u128 at;

    TRY(stream_of_call(c, &stream));
    TRY(open_shard_of(c, stream, "ShardToSplit", &shard));
    if (!u128_from_text(text, &at) || at <= shard->from + 1 || at >= shard->to) {
        return split_refused(c, shard, text);
    }
    TRY(shard_limit_check(c, 1));
    split(c, shard, at);
    call_on(c, stream_arn(c, stream));
    return OK;
}

static void merge(struct call *c, struct shard *low, struct shard *high)
{
    struct stream *stream = low->stream;
    struct shard_range range = {low->from, high->to, low->number + 1, high->number + 1};

    shard_close(c, low);
    shard_close(c, high);
    shard_open(c, stream, &range);
}

/* MergeShards: two neighbours close; one child takes both their keys. As on AWS the adjacent shard
 * is the one above. */
status kinesis_merge_shards(struct call *c)
{
    struct stream *stream;
    struct shard *first;
    struct shard *second;

    TRY(stream_of_call(c, &stream));
    TRY(open_shard_of(c, stream, "ShardToMerge", &first));
    TRY(open_shard_of(c, stream, "AdjacentShardToMerge", &second));
    if (first->to == U128_MAX || first->to + 1 != second->from) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Shards %.*s and %.*s in stream %.*s under account %.*s are not an adjacent "
                    "pair of shards eligible for merging",
                    STR_ARG(shard_id(c->arena, first->number)),
                    STR_ARG(shard_id(c->arena, second->number)), STR_ARG(stream->name),
                    STR_ARG(stream->account));
    }
    merge(c, first, second);
    call_on(c, stream_arn(c, stream));
    return OK;
}

static status target_check(struct call *c, const struct stream *stream, int64_t target)
{
    int64_t open = stream->open_count;

    if (stream->on_demand) {
        return fail(c, &KINESIS_VALIDATION,
                    "Request is invalid. Stream %.*s under account %.*s is in On-Demand mode.",
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    if (target > 2 * open) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "UpdateShardCount cannot scale up over double your current open shard count. "
                    "Current open shard count: %lld Target shard count: %lld", (long long)open,
                    (long long)target);
    }
    if (2 * target < open) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "UpdateShardCount cannot scale down below half your current open shard count. "
                    "Current open shard count: %lld Target shard count: %lld", (long long)open,
                    (long long)target);
    }
    return shard_limit_check(c, target > open ? target - open : 0);
}

/* Every new shard names its first and its last parent, as far as ranges meet. Both lists ascend and
 * have no holes, so one walk along the two is enough. */
static void reshape(struct call *c, struct stream *stream, struct shard **old, uint32_t old_count,
                    uint32_t target)
{
    for (uint32_t i = old_count; i-- > 0;) { /* from the end: nothing has to move up */
        shard_close(c, old[i]);
    }
    assert(stream->open_count == 0);
    uint32_t before = stream->shard_count;
    uint32_t first = 0;

    stream_open_shards(c, stream, target);
    for (uint32_t i = before; i < stream->shard_count; i++) {
        struct shard *shard = stream->shards[i];
        uint32_t last;

        while (old[first]->to < shard->from) {
            first++;
        }
        for (last = first; old[last]->to < shard->to; last++) {
        }
        assert(last < old_count);
        shard->parent = old[first]->number + 1;
        shard->adjacent = last > first ? old[last]->number + 1 : 0;
        shard_save(c, shard);
        first = last;
    }
}

/* UpdateShardCount: the hash space is cut anew into equal parts. Between half and double the count,
 * every new shard meets at most three old ones; it names the outermost two as its parents. */
status kinesis_update_shard_count(struct call *c)
{
    int64_t target = arg_int(c, "TargetShardCount", 0);
    struct stream *stream;
    struct shard **old;
    uint32_t old_count;

    TRY(stream_of_call(c, &stream));
    TRY(target_check(c, stream, target));
    old_count = stream->open_count;
    put_str(c, "StreamName", stream->name);
    put_int(c, "CurrentShardCount", old_count);
    put_int(c, "TargetShardCount", target);
    put_str(c, "StreamARN", stream_arn(c, stream));
    if (target == old_count) {
        return OK;
    }
    old = arena_alloc(c->arena, old_count * sizeof(struct shard *));
    memcpy(old, stream->open, old_count * sizeof(struct shard *));
    reshape(c, stream, old, old_count, (uint32_t)target);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* ---- settings ---- */

static status retention_check(struct call *c, const struct stream *stream, int64_t hours)
{
    if (hours < RETENTION_HOURS_MIN) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Minimum allowed retention period is %d hours. Requested retention period "
                    "(%lld hours) is too short.", RETENTION_HOURS_MIN, (long long)hours);
    }
    if (hours > RETENTION_HOURS_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Maximum allowed retention period is %d hours. Requested retention period "
                    "(%lld hours) is too long.", RETENTION_HOURS_MAX, (long long)hours);
    }
    (void)stream;
    return OK;
}

static void set_retention(struct call *c, struct stream *stream, int64_t hours)
{
    if (stream->retention_hours != hours) {
        stream->retention_hours = (uint32_t)hours;
        stream_save(c, stream);
        call_on(c, stream_arn(c, stream));
    }
}

/* IncreaseStreamRetentionPeriod */
status kinesis_increase_retention(struct call *c)
{
    int64_t hours = arg_int(c, "RetentionPeriodHours", 0);
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    TRY(retention_check(c, stream, hours));
    if (hours < stream->retention_hours) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Requested retention period (%lld hours) for stream %.*s can not be shorter "
                    "than existing retention period (%u hours). Use DecreaseRetentionPeriod API.",
                    (long long)hours, STR_ARG(stream->name), stream->retention_hours);
    }
    set_retention(c, stream, hours);
    return OK;
}

/* DecreaseStreamRetentionPeriod: what is then too old is gone at once. */
status kinesis_decrease_retention(struct call *c)
{
    int64_t hours = arg_int(c, "RetentionPeriodHours", 0);
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    TRY(retention_check(c, stream, hours));
    if (hours > stream->retention_hours) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Requested retention period (%lld hours) for stream %.*s can not be longer "
                    "than existing retention period (%u hours). Use IncreaseRetentionPeriod API.",
                    (long long)hours, STR_ARG(stream->name), stream->retention_hours);
    }
    set_retention(c, stream, hours);
    return OK;
}

/* UpdateStreamMode: shards stay as they are. */
status kinesis_update_stream_mode(struct call *c)
{
    bool on_demand = wants_on_demand(c->in);
    struct stream *stream;

    TRY(stream_of_arn(c, arg_str(c, "StreamARN"), &stream));
    if (!on_demand && arg_has(c, "WarmThroughputMiBps")) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "WarmThroughputMiBps is only supported for streams in ON_DEMAND mode.");
    }
    if (!on_demand && stream->queue_count > 0) {
        return fail(c, &KINESIS_IN_USE,
                    "Stream %.*s under account %.*s has queues, which need ON_DEMAND mode.",
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    if (!on_demand && stream->channel_count > 0) {
        return fail(c, &KINESIS_IN_USE,
                    "Stream %.*s under account %.*s has channels, which need ON_DEMAND mode.",
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    stream->on_demand = on_demand;
    stream->distribute_auto = stream->distribute_auto && on_demand;
    stream->warm_mibps = (uint32_t)arg_int(c, "WarmThroughputMiBps", 0);
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}
