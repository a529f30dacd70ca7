/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of channels. Source: the Kinesis Data Streams API reference and "Amazon S3
 * delivery" of its developer guide, 2026.
 */
#include "base/time.h"
#include "bus/sink.h"
#include "bus/timer.h"
#include "svc/kinesis/channel_key.h"
#include "svc/kinesis/kinesis_ops.h"
#include "svc/kinesis/sequence.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <stdlib.h>

#define JSON_BYTES_MAX (128u * 1024)
#define LIST_DEFAULT 100

/* ---- describing ---- */

static void put_streams(struct call *c, struct value *out, const struct channel *channel,
                        const struct value *input)
{
    const struct value *asked = get(input, "StreamConfigurationList");
    struct value *item = list_add(c->arena, set_list(c->arena, out, "StreamConfigurationList", 1));
    struct value *records = set_struct(c->arena, item, "RecordConfiguration");

    set_str(item, "StreamARN", stream_arn(c, channel->stream));
    set_time(item, "StreamCreationTimestamp", channel->stream->created_ms);
    set_str(records, "RecordFormatType",
            get_str(get(&asked->items[0], "RecordConfiguration"), "RecordFormatType"));
}

static void put_destination(struct call *c, struct value *out, const struct channel *channel,
                            const struct value *asked)
{
    const struct value *storage = get(asked, "StorageConfiguration");
    struct value *destination = set_struct(c->arena, out, "S3DestinationConfiguration");
    struct value *dead;

    set_int(destination, "DataFreshnessInSeconds", channel->freshness_seconds);
    set_value(destination, "StorageConfiguration", storage);
    if (has(asked, "DeadLetterQueueS3Configuration")) {
        set_value(destination, "DeadLetterQueueS3Configuration",
                  get(asked, "DeadLetterQueueS3Configuration"));
        return;
    }
    dead = set_struct(c->arena, destination, "DeadLetterQueueS3Configuration");
    set_str(dead, "BucketARN", get_str(storage, "BucketARN"));
    set_str(dead, "ExpectedBucketOwner", get_str(storage, "ExpectedBucketOwner"));
    set_str(dead, "ErrorOutputPrefix",
            arena_printf(c->arena, "kinesis-channel/errors/%.*s/%.*s/", STR_ARG(channel->name),
                         CHANNEL_ID_BYTES, channel->id));
}

static void put_logging(struct call *c, struct value *out, const struct channel *channel)
{
    struct value *logging = set_struct(c->arena, out, "LoggingConfiguration");
    struct why why;

    if (channel->logging.bytes == 0 ||
        json_read(arena_dup(c->arena, channel->logging), logging->shape, c->arena, &why,
                  logging) != OK) {
        set_bool(set_struct(c->arena, logging, "CloudWatchLogs"), "Enabled", false);
    }
}

static void put_description(struct call *c, const struct channel *channel)
{
    const struct value *input = channel_input(channel, c->arena);
    struct value *out = put_struct(c, "ChannelDescription");

    set_str(out, "ChannelName", channel->name);
    set_str(out, "ChannelARN", channel_arn(c->arena, channel));
    set_str(out, "ChannelId", str_of(channel->id, CHANNEL_ID_BYTES));
    set_str(out, "ChannelStatus", STR("ACTIVE"));
    set_time(out, "ChannelCreationTimestamp", channel->created_ms);
    set_str(out, "ServiceExecutionRoleARN", get_str(input, "ServiceExecutionRoleARN"));
    put_streams(c, out, channel, input);
    put_destination(c, out, channel, get(input, "S3DestinationConfiguration"));
    if (has(input, "EncryptionConfiguration")) {
        set_value(out, "EncryptionConfiguration", get(input, "EncryptionConfiguration"));
    }
    put_logging(c, out, channel);
}

/* ---- create ---- */

static struct str as_json(struct call *c, const struct value *value)
{
    struct buf text;
    struct str kept;

    buf_init(&text, JSON_BYTES_MAX);
    json_write(&text, value, TIME_EPOCH);
    kept = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return kept;
}

static status freshness_check(struct call *c, const struct value *destination)
{
    int64_t seconds = get_int(destination, "DataFreshnessInSeconds", FRESHNESS_SECONDS_DEFAULT);

    if (seconds < FRESHNESS_SECONDS_MIN || seconds > FRESHNESS_SECONDS_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "DataFreshnessInSeconds must be between %d and %d.", FRESHNESS_SECONDS_MIN,
                    FRESHNESS_SECONDS_MAX);
    }
    return OK;
}

static status bucket_check(struct call *c, const struct value *bucket)
{
    struct bus_attribute owner = {STR("x-amz-expected-bucket-owner"), STR("String"),
                                  get_str(bucket, "ExpectedBucketOwner")};
    struct bus_event event = {
        .target = get_str(bucket, "BucketARN"),
        .source = call_arn(c, "kinesis", "channel/%.*s", STR_ARG(arg_str(c, "ChannelName"))),
        .principal = STR("kinesis.amazonaws.com"),
        .account = c->account,
        .attributes = &owner,
        .attribute_count = 1,
    };

    if (bus_check(c, &event) != OK) {
        struct str why = arena_dup(c->arena, str_c(c->why.text));

        return fail(c, &KINESIS_INVALID_ARGUMENT, "Channel cannot deliver to %.*s: %.*s",
                    STR_ARG(event.target), STR_ARG(why));
    }
    return OK;
}

static status destination_check(struct call *c, struct str format)
{
    const struct value *destination = arg(c, "S3DestinationConfiguration");
    const struct value *storage;

    if ((destination != NULL) == arg_has(c, "S3TablesDestinationConfiguration")) {
        return fail(c, &KINESIS_VALIDATION,
                    "Exactly one of S3DestinationConfiguration and "
                    "S3TablesDestinationConfiguration must be specified.");
    }
    if (destination == NULL) {
        return fail(c, &WIRE_NOT_IMPLEMENTED,
                    "Channels to streaming tables (S3TablesDestinationConfiguration) are not "
                    "implemented by weir.");
    }
    if (str_eq(format, STR("GSR_JSON"))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "RecordFormatType GSR_JSON is not supported for S3 destinations.");
    }
    TRY(freshness_check(c, destination));
    storage = get(destination, "StorageConfiguration");
    struct str wrong = channel_template_wrong(get_str(storage, "OutputKeyTemplate"));

    if (wrong.bytes > 0) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "OutputKeyTemplate has an unknown variable %.*s.",
                    STR_ARG(wrong));
    }
    TRY(bucket_check(c, storage));
    if (has(destination, "DeadLetterQueueS3Configuration")) {
        TRY(bucket_check(c, get(destination, "DeadLetterQueueS3Configuration")));
    }
    return OK;
}

static status create_check(struct call *c, struct stream **ret_stream)
{
    const struct value *list = arg(c, "StreamConfigurationList");
    struct str arn = call_arn(c, "kinesis", "channel/%.*s", STR_ARG(arg_str(c, "ChannelName")));
    struct stream *stream;

    if (list->count != 1) {
        return fail(c, &KINESIS_VALIDATION,
                    "StreamConfigurationList must contain exactly one entry.");
    }
    TRY(stream_of_arn(c, get_str(&list->items[0], "StreamARN"), &stream));
    if (!stream->on_demand) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Channels are supported only on streams in ON_DEMAND mode; stream %.*s is "
                    "PROVISIONED.", STR_ARG(stream->name));
    }
    if (map_get(kinesis_of(c)->channels, arn) != NULL) {
        return fail(c, &KINESIS_IN_USE, "Channel %.*s under account %.*s already exists.",
                    STR_ARG(arg_str(c, "ChannelName")), STR_ARG(c->account));
    }
    if (c->limits && stream->channel_count >= CHANNELS_PER_STREAM_MAX) {
        return fail(c, &KINESIS_LIMIT, "Stream %.*s under account %.*s already has a channel.",
                    STR_ARG(stream->name), STR_ARG(stream->account));
    }
    TRY(tags_check(c, NULL, arg(c, "Tags")));
    TRY(destination_check(c, get_str(get(&list->items[0], "RecordConfiguration"),
                                     "RecordFormatType")));
    *ret_stream = stream;
    return OK;
}

/* CreateChannel: delivers what is put from now on. */
status kinesis_create_channel(struct call *c)
{
    const struct value *tags = arg(c, "Tags");
    struct stream *stream;
    struct channel *channel;

    TRY(create_check(c, &stream));
    channel = channel_new(stream, arg_str(c, "ChannelName"));
    if (!channel_add(kinesis_of(c), channel)) {
        channel_free(channel);
        return fail(c, &KINESIS_LIMIT, "weir keeps at most %d channels.", CHANNELS_MAX);
    }
    rand_uuid(c->rand, channel->id);
    channel->created_ms = c->now;
    channel->freshness_seconds =
        (uint32_t)get_int(arg(c, "S3DestinationConfiguration"), "DataFreshnessInSeconds",
                          FRESHNESS_SECONDS_DEFAULT);
    text_set(&channel->input, as_json(c, c->in));
    if (arg_has(c, "LoggingConfiguration")) {
        text_set(&channel->logging, as_json(c, arg(c, "LoggingConfiguration")));
    }
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        tags_set(&channel->tags, tags->pairs[i].key, tags->pairs[i].value.str);
    }
    channel_save(c, channel);
    for (uint32_t i = 0; i < stream->shard_count; i++) {
        if (stream->shards[i] != NULL) {
            channel_set_cursor(channel, i,
                               txn_log_state(c->txn, stream->shards[i]->log).last + 1);
            channel_cursor_save(c, channel, i);
        }
    }
    channel_arm(c, channel);
    put_description(c, channel);
    call_on(c, channel_arn(c->arena, channel));
    return OK;
}

/* ---- update, delete, describe, list ---- */

/* UpdateChannel: how fresh, and logging; nothing else can be changed. */
status kinesis_update_channel(struct call *c)
{
    const struct value *destination = arg(c, "S3DestinationConfiguration");
    struct channel *channel;

    TRY(channel_of_arn(c, arg_str(c, "ChannelARN"), &channel));
    if (arg_has(c, "S3TablesDestinationConfiguration")) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Channel %.*s does not deliver to streaming tables.", STR_ARG(channel->name));
    }
    if (destination != NULL) {
        TRY(freshness_check(c, destination));
        channel->freshness_seconds = (uint32_t)get_int(destination, "DataFreshnessInSeconds", 0);
        channel_arm(c, channel);
    }
    if (arg_has(c, "LoggingConfiguration")) {
        text_set(&channel->logging, as_json(c, arg(c, "LoggingConfiguration")));
    }
    channel_save(c, channel);
    put_description(c, channel);
    call_on(c, channel_arn(c->arena, channel));
    return OK;
}

/* DeleteChannel: what was delivered stays. */
status kinesis_delete_channel(struct call *c)
{
    struct channel *channel;

    TRY(channel_of_arn(c, arg_str(c, "ChannelARN"), &channel));
    call_on(c, channel_arn(c->arena, channel));
    bus_timer_unset(c, "kinesis", channel_arn(c->arena, channel));
    channel_erase(c, channel);
    channel_remove(kinesis_of(c), channel);
    return OK;
}

/* DescribeChannel */
status kinesis_describe_channel(struct call *c)
{
    struct channel *channel;

    TRY(channel_of_arn(c, arg_str(c, "ChannelARN"), &channel));
    put_description(c, channel);
    return OK;
}

static int by_name(const void *a, const void *b)
{
    const struct channel *one = *(struct channel *const *)a;
    const struct channel *other = *(struct channel *const *)b;

    return str_cmp(one->name, other->name);
}

static bool listed(struct call *c, const struct channel *channel)
{
    const struct value *filter = arg(c, "StreamFilter");

    if (!str_eq(channel->stream->account, c->account) ||
        !str_eq(channel->stream->region, c->region)) {
        return false;
    }
    for (uint32_t i = 0; filter != NULL && i < filter->count; i++) {
        if (str_eq(get_str(&filter->items[i], "StreamARN"), stream_arn(c, channel->stream))) {
            return true;
        }
    }
    return filter == NULL;
}

static void put_summary(struct call *c, struct value *item, const struct channel *channel)
{
    struct value *stream;

    set_str(item, "ChannelName", channel->name);
    set_str(item, "ChannelARN", channel_arn(c->arena, channel));
    set_str(item, "ChannelId", str_of(channel->id, CHANNEL_ID_BYTES));
    set_str(item, "ChannelStatus", STR("ACTIVE"));
    set_time(item, "ChannelCreationTimestamp", channel->created_ms);
    set_str(item, "ChannelDestinationType", STR("S3"));
    stream = list_add(c->arena, set_list(c->arena, item, "Streams", 1));
    set_str(stream, "StreamARN", stream_arn(c, channel->stream));
    set_time(stream, "StreamCreationTimestamp", channel->stream->created_ms);
}

/* ListChannels: by name; at most 100 a page, whatever was asked. */
status kinesis_list_channels(struct call *c)
{
    struct map *channels = kinesis_of(c)->channels;
    struct channel **sorted = arena_alloc(c->arena, (map_count(channels) + 1) * sizeof(*sorted));
    int64_t limit = arg_int(c, "MaxResults", LIST_DEFAULT);
    struct str after = STR_NONE;
    struct str subject;
    struct value *list;
    size_t count = 0;
    struct str key;
    void *channel;

    limit = limit > LIST_DEFAULT ? LIST_DEFAULT : limit;
    if (arg_has(c, "NextToken")) {
        TRY(token_read(c, "channels", arg_str(c, "NextToken"), &subject, &after));
    }
    for (size_t i = 0; map_next(channels, &i, &key, &channel);) {
        if (listed(c, channel) &&
            (after.bytes == 0 || str_cmp(((struct channel *)channel)->name, after) > 0)) {
            sorted[count++] = channel;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_name);
    list = put_list(c, "ChannelSummaries", count);
    for (size_t i = 0; i < count && list->count < limit; i++) {
        put_summary(c, list_add(c->arena, list), sorted[i]);
        after = sorted[i]->name;
    }
    if (list->count < count) {
        put_str(c, "NextToken", token_text(c->arena, c, "channels", STR_NONE, after));
    }
    return OK;
}
