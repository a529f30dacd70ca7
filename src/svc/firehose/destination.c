/* SPDX-License-Identifier: Apache-2.0
 *
 * What a configuration or an update says, as the description has it. A bucket's is always kept as
 * an extended one, which describes a plain one, too. An update of the same kind goes over what was
 * there, member by member; of the other kind it begins anew.
 */
#include "svc/firehose/firehose_ops.h"
#include "wire/wire.h"

#include <assert.h>

/* A bucket's description inside another one may have other members than what configures it. */
static const struct {
    const char *from;  /* member of a configuration or an update */
    const char *to;    /* of the description */
} renamed[] = {
    {"S3BackupConfiguration", "S3BackupDescription"},
    {"S3BackupUpdate", "S3BackupDescription"},
    {"S3Configuration", "S3DestinationDescription"},
    {"S3Update", "S3DestinationDescription"},
};

static struct str name_in_description(struct str name)
{
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
        if (str_eq(name, str_c(renamed[i].from))) {
            return str_c(renamed[i].to);
        }
    }
    return name;
}

static void bucket_over(struct arena *arena, const struct value *from, struct value *to);

/* Members that are set, over what was there; what the description does not have is passed over. */
static void members_over(struct arena *arena, const struct value *from, struct value *to)
{
    const struct shape *shape = model_shape(from->shape);

    for (uint32_t i = 0; i < from->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        struct str name = name_in_description(model_text(member->name));
        int at = model_member_index(model_shape(to->shape), name);
        const struct value *item = &from->items[i];

        if (item->kind == VALUE_NONE || at < 0) {
            continue;
        }
        if (item->kind == VALUE_STRUCT && to->items[at].kind == VALUE_STRUCT &&
            str_starts(name, STR("S3"))) {
            bucket_over(arena, item, &to->items[at]);
        } else if (item->kind == VALUE_STRUCT &&
                   model_members[model_shape(to->shape)->first + (uint32_t)at].shape !=
                       item->shape) {
            bucket_over(arena, item, set_struct(arena, to, model_text(
                model_members[model_shape(to->shape)->first + (uint32_t)at].name).at));
        } else {
            to->items[at] = *item;
        }
    }
}

/* The same one level down; nothing in it nests further. */
static void bucket_over(struct arena *arena, const struct value *from, struct value *to)
{
    const struct shape *shape = model_shape(from->shape);

    (void)arena;
    for (uint32_t i = 0; i < from->count; i++) {
        struct str name = model_text(model_members[shape->first + i].name);
        int at = model_member_index(model_shape(to->shape), name);

        if (from->items[i].kind != VALUE_NONE && at >= 0) {
            to->items[at] = from->items[i];
        }
    }
}

/* ---- what AWS says where nothing was said ---- */

static void hints_default(struct arena *arena, struct value *to, int64_t mb)
{
    const struct value *was = get(to, "BufferingHints");
    int64_t size = was == NULL ? mb : get_int(was, "SizeInMBs", mb);
    int64_t seconds = was == NULL ? 300 : get_int(was, "IntervalInSeconds", 300);
    struct value *hints = set_struct(arena, to, "BufferingHints");

    set_int(hints, "SizeInMBs", size);
    set_int(hints, "IntervalInSeconds", seconds);
}

static void logging_default(struct arena *arena, struct value *to)
{
    if (!has(to, "CloudWatchLoggingOptions")) {
        set_bool(set_struct(arena, to, "CloudWatchLoggingOptions"), "Enabled", false);
    }
}

static void processing_default(struct arena *arena, struct value *to)
{
    if (!has(to, "ProcessingConfiguration")) {
        struct value *processing = set_struct(arena, to, "ProcessingConfiguration");

        set_bool(processing, "Enabled", false);
        (void)set_list(arena, processing, "Processors", 0);
    }
}

static void bucket_defaults(struct arena *arena, struct value *to, int64_t mb)
{
    hints_default(arena, to, mb);
    logging_default(arena, to);
    if (!has(to, "CompressionFormat")) {
        set_str(to, "CompressionFormat", STR("UNCOMPRESSED"));
    }
    if (!has(to, "EncryptionConfiguration")) {
        set_str(set_struct(arena, to, "EncryptionConfiguration"), "NoEncryptionConfig",
                STR("NoEncryption"));
    }
}

static struct value *member_of(const struct value *structure, const char *name)
{
    return (struct value *)(uintptr_t)get(structure, name);
}

static void extended_defaults(struct arena *arena, struct value *to)
{
    const struct value *partitioning = get(to, "DynamicPartitioningConfiguration");
    bool parts = partitioning != NULL && get_bool(partitioning, "Enabled", false);
    struct value *backup;

    bucket_defaults(arena, to, parts ? 128 : 5);
    processing_default(arena, to);
    if (!has(to, "S3BackupMode")) {
        set_str(to, "S3BackupMode", STR("Disabled"));
    }
    if (!has(to, "DataFormatConversionConfiguration")) {
        set_bool(set_struct(arena, to, "DataFormatConversionConfiguration"), "Enabled", false);
    }
    backup = member_of(to, "S3BackupDescription");
    if (backup != NULL) {
        bucket_defaults(arena, backup, 5);
    }
}

static void endpoint_defaults(struct arena *arena, struct value *to)
{
    struct value *bucket = member_of(to, "S3DestinationDescription");

    hints_default(arena, to, 5);
    logging_default(arena, to);
    processing_default(arena, to);
    if (!has(to, "RequestConfiguration")) {
        struct value *request = set_struct(arena, to, "RequestConfiguration");

        set_str(request, "ContentEncoding", STR("NONE"));
        (void)set_list(arena, request, "CommonAttributes", 0);
    }
    if (!has(to, "RetryOptions")) {
        set_int(set_struct(arena, to, "RetryOptions"), "DurationInSeconds", 300);
    }
    if (!has(to, "S3BackupMode")) {
        set_str(to, "S3BackupMode", STR("FailedDataOnly"));
    }
    if (bucket != NULL) {
        bucket_defaults(arena, bucket, 5);
    }
}

/* ---- reading ---- */

/* Those that weir does not have, by the beginning of their members' names. */
static const char *const absent[] = {"Redshift", "Elasticsearch", "Amazonopensearchservice",
                                     "AmazonOpenSearchServerless", "Splunk", "Snowflake",
                                     "Iceberg"};

static const char *absent_destination(const struct value *in)
{
    const struct shape *shape = model_shape(in->shape);

    for (uint32_t i = 0; i < in->count; i++) {
        struct str name = model_text(model_members[shape->first + i].name);

        for (size_t k = 0; k < sizeof(absent) / sizeof(absent[0]); k++) {
            if (in->items[i].kind != VALUE_NONE && str_starts(name, str_c(absent[k]))) {
                return absent[k];
            }
        }
    }
    return NULL;
}

static const struct value *given(const struct call *c, const char *configuration,
                                 const char *update)
{
    const char *name =
        model_member_index(model_shape(c->in->shape), str_c(configuration)) >= 0 ? configuration
                                                                                 : update;

    return get(c->in, name);
}

/* S3DestinationDescription says of a bucket what a plain one has. */
static void describe_plain(struct arena *arena, struct value *description)
{
    bucket_over(arena, get(description, "ExtendedS3DestinationDescription"),
                set_struct(arena, description, "S3DestinationDescription"));
}

static struct value *begin_with(struct call *c, struct wished *wished, const char *member)
{
    struct value *to = set_struct(c->arena, wished->description, member);
    const struct value *was = wished->was == NULL ? NULL : get(wished->was, member);

    if (was != NULL) {
        memcpy(to->items, was->items, was->count * sizeof(struct value));
    }
    return to;
}

status destination_read(struct call *c, struct wished *wished)
{
    const struct value *plain = given(c, "S3DestinationConfiguration", "S3DestinationUpdate");
    const struct value *extended =
        given(c, "ExtendedS3DestinationConfiguration", "ExtendedS3DestinationUpdate");
    const struct value *endpoint =
        given(c, "HttpEndpointDestinationConfiguration", "HttpEndpointDestinationUpdate");
    const char *other = absent_destination(c->in);
    struct value *to;

    if (other != NULL) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "weir's Firehose has no %s destination", other);
    }
    if ((plain != NULL) + (extended != NULL) + (endpoint != NULL) != 1) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "Exactly one destination configuration is supported for a Firehose");
    }
    if (endpoint != NULL) {
        to = begin_with(c, wished, "HttpEndpointDestinationDescription");
        members_over(c->arena, endpoint, to);
        if (get(endpoint, "EndpointConfiguration") != NULL &&
            has(get(endpoint, "EndpointConfiguration"), "AccessKey")) {
            wished->access_key = get_str(get(endpoint, "EndpointConfiguration"), "AccessKey");
        }
        endpoint_defaults(c->arena, to);
    } else {
        to = begin_with(c, wished, "ExtendedS3DestinationDescription");
        members_over(c->arena, plain != NULL ? plain : extended, to);
        extended_defaults(c->arena, to);
        describe_plain(c->arena, wished->description);
    }
    set_str(wished->description, "DestinationId", STR("destinationId-000000000001"));
    return destination_check(c, wished->description);
}
