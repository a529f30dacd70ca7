/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations on delivery streams themselves. What takes AWS a while (CREATING, DELETING,
 * ENABLING) is done when the answer leaves; so a stream is always ACTIVE.
 */
#include "cell/cell.h"
#include "svc/firehose/firehose_ops.h"
#include "wire/wire.h"

#define LIST_DEFAULT 10

/* ---- create ---- */

static status source_absent(struct call *c)
{
    if (arg_has(c, "MSKSourceConfiguration") || arg_has(c, "DatabaseSourceConfiguration")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED,
                    "weir's Firehose reads from Kinesis streams, not from %s",
                    arg_has(c, "MSKSourceConfiguration") ? "MSK (MSKSourceConfiguration)"
                                                         : "databases "
                                                           "(DatabaseSourceConfiguration)");
    }
    return OK;
}

/* Whether it is a Kinesis stream's, by type and configuration, which must agree. */
static status source_read(struct call *c, bool *ret_kinesis)
{
    struct str type = arg_str(c, "DeliveryStreamType");
    bool kinesis = arg_has(c, "KinesisStreamSourceConfiguration");

    TRY(source_absent(c));
    if (str_eq(type, STR("KinesisStreamAsSource")) && !kinesis) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "KinesisStreamSourceConfiguration must be specified when DeliveryStreamType is "
                    "KinesisStreamAsSource");
    }
    if (!str_eq(type, STR("KinesisStreamAsSource")) && kinesis) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "KinesisStreamSourceConfiguration is only applicable for "
                    "KinesisStreamAsSource stream type.");
    }
    if (str_eq(type, STR("MSKAsSource")) || str_eq(type, STR("DatabaseAsSource"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "weir's Firehose has no %.*s", STR_ARG(type));
    }
    *ret_kinesis = kinesis;
    return OK;
}

static void put_source(struct call *c, struct value *about, bool kinesis)
{
    const struct value *from = arg(c, "KinesisStreamSourceConfiguration");
    const struct value *direct = arg(c, "DirectPutSourceConfiguration");
    struct value *to;

    set_str(about, "DeliveryStreamType",
            kinesis ? STR("KinesisStreamAsSource") : STR("DirectPut"));
    if (kinesis) {
        to = set_struct(c->arena, set_struct(c->arena, about, "Source"),
                        "KinesisStreamSourceDescription");
        set_str(to, "KinesisStreamARN", get_str(from, "KinesisStreamARN"));
        set_str(to, "RoleARN", get_str(from, "RoleARN"));
        set_time(to, "DeliveryStartTimestamp", c->now);
    } else if (direct != NULL) {
        to = set_struct(c->arena, set_struct(c->arena, about, "Source"),
                        "DirectPutSourceDescription");
        set_int(to, "ThroughputHintInMBs", get_int(direct, "ThroughputHintInMBs", 1));
    }
}

static status encryption_check(struct call *c, const struct value *wish)
{
    bool customer = str_eq(get_str(wish, "KeyType"), STR("CUSTOMER_MANAGED_CMK"));

    if (customer != has(wish, "KeyARN")) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    customer ? "KeyARN must be specified when KeyType is CUSTOMER_MANAGED_CMK"
                             : "KeyARN must not be specified when KeyType is AWS_OWNED_CMK");
    }
    return OK;
}

static void put_encryption(struct call *c, struct value *about, const struct value *wish,
                           bool enabled)
{
    struct value *to = set_struct(c->arena, about, "DeliveryStreamEncryptionConfiguration");

    if (wish != NULL && has(wish, "KeyARN")) {
        set_str(to, "KeyARN", get_str(wish, "KeyARN"));
    }
    if (enabled) {
        set_str(to, "KeyType",
                wish != NULL ? get_str(wish, "KeyType") : STR("AWS_OWNED_CMK"));
    }
    set_str(to, "Status", enabled ? STR("ENABLED") : STR("DISABLED"));
}

static status create_check(struct call *c, bool *ret_kinesis)
{
    struct str name = arg_str(c, "DeliveryStreamName");
    const struct value *encryption = arg(c, "DeliveryStreamEncryptionConfigurationInput");

    if (stream_find(firehose_of(c), c->account, c->region, name) != NULL) {
        return fail(c, &FIREHOSE_IN_USE, "Firehose %.*s under accountId %.*s already exists",
                    STR_ARG(name), STR_ARG(c->account));
    }
    TRY(source_read(c, ret_kinesis));
    if (encryption != NULL && *ret_kinesis) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "Server-side encryption is only supported for streams of type DirectPut.");
    }
    if (encryption != NULL) {
        TRY(encryption_check(c, encryption));
    }
    if (*ret_kinesis) {
        TRY(ingest_check(c, arg(c, "KinesisStreamSourceConfiguration")));
    }
    return OK;
}

static struct value *description_of_create(struct call *c, const struct stream *stream,
                                           bool kinesis, struct wished *wished)
{
    struct value *about = stream_about(stream, c->arena);
    const struct value *encryption = arg(c, "DeliveryStreamEncryptionConfigurationInput");
    struct value *item;

    set_str(about, "DeliveryStreamName", stream->name);
    set_str(about, "DeliveryStreamARN", stream->arn);
    set_str(about, "DeliveryStreamStatus", STR("ACTIVE"));
    put_encryption(c, about, encryption, encryption != NULL);
    put_source(c, about, kinesis);
    set_str(about, "VersionId", STR("1"));
    set_time(about, "CreateTimestamp", c->now);
    item = list_add(c->arena, set_list(c->arena, about, "Destinations", 1));
    memcpy(item->items, wished->description->items, item->count * sizeof(struct value));
    set_bool(about, "HasMoreDestinations", false);
    return about;
}

static struct value *description_new(struct call *c)
{
    struct stream none = {.about = STR_NONE};

    return list_add(c->arena, set_list(c->arena, stream_about(&none, c->arena), "Destinations", 1));
}

/* CreateDeliveryStream */
status firehose_create(struct call *c)
{
    const struct value *source = arg(c, "KinesisStreamSourceConfiguration");
    struct wished wished = {.description = description_new(c)};
    struct str tags = STR_NONE;
    struct stream *stream;
    bool kinesis = false;

    TRY(create_check(c, &kinesis));
    TRY(destination_read(c, &wished));
    TRY(tags_merge(c, STR_NONE, arg(c, "Tags"), &tags));
    stream = stream_new(firehose_of(c), c->account, c->region, arg_str(c, "DeliveryStreamName"));
    if (!stream_add(stream)) {
        stream_free(stream);
        return fail(c, &FIREHOSE_LIMIT, "weir keeps at most %d delivery streams.", STREAMS_MAX);
    }
    for (int i = 0; i < LANES; i++) {
        stream->lanes[i].log = txn_log_make(c->txn);
    }
    text_set(&stream->access_key, wished.access_key);
    text_set(&stream->tags, tags);
    stream_describe(stream, description_of_create(c, stream, kinesis, &wished));
    stream_save(c, stream);
    if (kinesis) {
        ingest_begin(c, stream, get_str(source, "KinesisStreamARN"), get_str(source, "RoleARN"));
    }
    put_str(c, "DeliveryStreamARN", arena_dup(c->arena, stream->arn));
    call_on(c, arena_dup(c->arena, stream->arn));
    return OK;
}

/* DeleteDeliveryStream: with what waits in it. */
status firehose_delete(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    call_on(c, arena_dup(c->arena, stream->arn));
    stream_erase(c, stream);
    stream_remove(stream);
    return OK;
}

/* ---- look ---- */

/* DescribeDeliveryStream */
status firehose_describe(struct call *c)
{
    struct str after = arg_str(c, "ExclusiveStartDestinationId");
    struct stream *stream;
    struct value *about;

    TRY(stream_of_call(c, &stream));
    about = stream_about(stream, c->arena);
    if (after.bytes > 0) {
        if (!str_eq(after, get_str(about_destination(about), "DestinationId"))) {
            return fail(c, &FIREHOSE_INVALID_ARGUMENT, "Destination Id %.*s not found",
                        STR_ARG(after));
        }
        (void)set_list(c->arena, about, "Destinations", 0);
    }
    set_value(c->out, "DeliveryStreamDescription", about);
    return OK;
}

/* ListDeliveryStreams: in order of their names, from behind the one named. */
status firehose_list(struct call *c)
{
    struct str after = arg_str(c, "ExclusiveStartDeliveryStreamName");
    struct str type = arg_str(c, "DeliveryStreamType");
    size_t limit = (size_t)arg_int(c, "Limit", LIST_DEFAULT);
    size_t count;
    struct stream **streams = streams_sorted(c, &count);
    struct value *list = put_list(c, "DeliveryStreamNames", limit < count ? limit : count);
    bool more = false;

    for (size_t i = 0; i < count && !more; i++) {
        bool wanted = type.bytes == 0 ||
                      str_eq(type, streams[i]->ingest != NULL ? STR("KinesisStreamAsSource")
                                                              : STR("DirectPut"));

        if (!wanted || (after.bytes > 0 && str_cmp(streams[i]->name, after) <= 0)) {
            continue;
        }
        more = list->count == limit;
        if (!more) {
            list_add_str(list, arena_dup(c->arena, streams[i]->name));
        }
    }
    put_bool(c, "HasMoreDeliveryStreams", more);
    return OK;
}

/* ---- change ---- */

static void changed(struct call *c, struct stream *stream, struct value *about)
{
    set_time(about, "LastUpdateTimestamp", c->now);
    stream_describe(stream, about);
    stream_save(c, stream);
    call_on(c, arena_dup(c->arena, stream->arn));
}

static status encryption_allowed(struct call *c, const struct stream *stream)
{
    if (stream->ingest != NULL) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "Server-side encryption is only supported for streams of type DirectPut.");
    }
    return OK;
}

/* StartDeliveryStreamEncryption: at once. */
status firehose_start_encryption(struct call *c)
{
    const struct value *wish = arg(c, "DeliveryStreamEncryptionConfigurationInput");
    struct stream *stream;
    struct value *about;

    TRY(stream_of_call(c, &stream));
    TRY(encryption_allowed(c, stream));
    if (wish != NULL) {
        TRY(encryption_check(c, wish));
    }
    about = stream_about(stream, c->arena);
    put_encryption(c, about, wish, true);
    changed(c, stream, about);
    return OK;
}

/* StopDeliveryStreamEncryption: at once. */
status firehose_stop_encryption(struct call *c)
{
    struct stream *stream;
    struct value *about;

    TRY(stream_of_call(c, &stream));
    TRY(encryption_allowed(c, stream));
    about = stream_about(stream, c->arena);
    put_encryption(c, about, NULL, false);
    changed(c, stream, about);
    return OK;
}

static status version_check(struct call *c, const struct value *about)
{
    struct str current = get_str(about, "VersionId");
    struct str given = arg_str(c, "CurrentDeliveryStreamVersionId");
    const struct value *destination = about_destination(about);

    if (!str_eq(current, given)) {
        return fail(c, &FIREHOSE_CONCURRENT,
                    "Cannot update firehose: %.*s since the current version id: %.*s and specified "
                    "version id: %.*s do not match",
                    STR_ARG(arg_str(c, "DeliveryStreamName")), STR_ARG(current), STR_ARG(given));
    }
    if (!str_eq(arg_str(c, "DestinationId"), get_str(destination, "DestinationId"))) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "Destination Id %.*s not found",
                    STR_ARG(arg_str(c, "DestinationId")));
    }
    return OK;
}

/* UpdateDestination: over what was there, or another kind instead. */
status firehose_update(struct call *c)
{
    struct wished wished = {.description = description_new(c)};
    struct stream *stream;
    struct value *about;
    struct value *item;

    TRY(stream_of_call(c, &stream));
    about = stream_about(stream, c->arena);
    TRY(version_check(c, about));
    wished.was = about_destination(about);
    TRY(destination_read(c, &wished));
    item = (struct value *)(uintptr_t)about_destination(about);
    memcpy(item->items, wished.description->items, item->count * sizeof(struct value));
    set_str(about, "VersionId",
            arena_printf(c->arena, "%llu", (unsigned long long)stream->plan->version + 1));
    if (wished.access_key.at != NULL) {
        text_set(&stream->access_key, wished.access_key);
    }
    changed(c, stream, about);
    return OK;
}
