/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivery streams in templates, with the destinations that are there.
 *
 * UpdateDestination keeps what it is not told. So what a template no longer says is told as what it
 * is without.
 */
#include "svc/firehose/cfn.h"

#define NAME_BYTES_MAX 64

static const struct resource_property properties[] = {
    {"DeliveryStreamEncryptionConfigurationInput", NULL, RESOURCE_IN_PLACE, 0},
    {"DeliveryStreamName", "", RESOURCE_REPLACES, 0},
    {"DeliveryStreamType", NULL, RESOURCE_REPLACES, 0},
    {"DirectPutSourceConfiguration", NULL, RESOURCE_REPLACES, 0},
    {"ExtendedS3DestinationConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"HttpEndpointDestinationConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"KinesisStreamSourceConfiguration", NULL, RESOURCE_REPLACES, 0},
    {"S3DestinationConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const attributes[] = {"Arn", NULL};

/* A destination's names: as a property, in UpdateDestination, in DescribeDeliveryStream. */
static const char *const destinations[][3] = {
    {"ExtendedS3DestinationConfiguration", "ExtendedS3DestinationUpdate",
     "ExtendedS3DestinationDescription"},
    {"HttpEndpointDestinationConfiguration", "HttpEndpointDestinationUpdate",
     "HttpEndpointDestinationDescription"},
    {"S3DestinationConfiguration", "S3DestinationUpdate", "S3DestinationDescription"},
};
#define DESTINATIONS 3

/* Members that updates and descriptions call otherwise, and that are destinations themselves. */
static const char *const inside[][3] = {
    {"S3BackupConfiguration", "S3BackupUpdate", "S3BackupDescription"},
    {"S3Configuration", "S3Update", "S3DestinationDescription"},
};
#define INSIDE 2

/* Members and what they are without. */
static const char *const without[][2] = {
    {"BufferingHints", "{\"SizeInMBs\":5,\"IntervalInSeconds\":300}"},
    {"CloudWatchLoggingOptions", "{\"Enabled\":false}"},
    {"CompressionFormat", "\"UNCOMPRESSED\""},
    {"CustomTimeZone", "\"UTC\""},
    {"EncryptionConfiguration", "{\"NoEncryptionConfig\":\"NoEncryption\"}"},
    {"ErrorOutputPrefix", "\"\""},
    {"FileExtension", "\"\""},
    {"Prefix", "\"\""},
    {"ProcessingConfiguration", "{\"Enabled\":false,\"Processors\":[]}"},
    {"RequestConfiguration", "{\"ContentEncoding\":\"NONE\",\"CommonAttributes\":[]}"},
    {"RetryOptions", "{\"DurationInSeconds\":300}"},
};
#define WITHOUT (sizeof(without) / sizeof(without[0]))

static struct str stream_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:firehose:%.*s:%.*s:deliverystream/%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

static status stream_make(struct resource *r)
{
    struct str name = resource_name(r, "DeliveryStreamName", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateDeliveryStream", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "DeliveryStreamName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return OK;
}

static status described(struct resource *r, const struct value **ret_description)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeDeliveryStream",
                     (struct resource_arg[]){{"DeliveryStreamName", r->id}, {NULL, r->id}},
                     &inner));
    *ret_description = get(inner.out, "DeliveryStreamDescription");
    return OK;
}

/* ---- another destination, or the same with other settings ---- */

static const char *inside_name(struct str key)
{
    for (size_t i = 0; i < INSIDE; i++) {
        if (str_eq(key, str_c(inside[i][0]))) {
            return inside[i][1];
        }
    }
    return NULL;
}

/* want as an update of had (NULL: of another destination). */
static struct value *update_of(struct resource *r, const struct value *want,
                               const struct value *had)
{
    struct arena *arena = r->c->arena;
    struct value *made = doc_map(arena);

    for (uint32_t i = 0; i < want->count; i++) {
        struct str key = arena_dup(arena, want->pairs[i].key);
        const char *name = inside_name(key);
        const struct value *was = had == NULL ? NULL : doc_get(had, key.at);
        const struct value *value = &want->pairs[i].value;

        *doc_put(arena, made, name == NULL ? key : str_c(name)) =
            name == NULL || value->kind != VALUE_MAP ? *value : *update_of(r, value, was);
    }
    for (size_t i = 0; had != NULL && i < WITHOUT; i++) {
        if (doc_get(had, without[i][0]) != NULL && doc_get(want, without[i][0]) == NULL) {
            *doc_put(arena, made, str_c(without[i][0])) = *resource_json(r, without[i][1]);
        }
    }
    return made;
}

static status destination_put(struct resource *r, const char *const names[3])
{
    const struct value *want = resource_get(r, names[0]);
    const struct value *told = NULL;
    struct inner inner;

    if (want == NULL || want->kind != VALUE_MAP || !resource_changed(r, names[0])) {
        return OK;
    }
    TRY(described(r, &told));
    TRY(resource_begin(r, "UpdateDestination", &inner));
    set_str(inner.in, "DeliveryStreamName", r->id);
    set_str(inner.in, "CurrentDeliveryStreamVersionId", get_str(told, "VersionId"));
    set_str(inner.in, "DestinationId",
            get_str(&get(told, "Destinations")->items[0], "DestinationId"));
    TRY(resource_set(r, &inner, names[1], update_of(r, want, doc_get(r->had, names[0]))));
    return resource_run(r, &inner);
}

static status encryption_put(struct resource *r)
{
    const char *property = "DeliveryStreamEncryptionConfigurationInput";
    struct inner inner;

    if (!resource_changed(r, property)) {
        return OK;
    }
    TRY(resource_begin(r, resource_get(r, property) == NULL ? "StopDeliveryStreamEncryption"
                                                            : "StartDeliveryStreamEncryption",
                       &inner));
    set_str(inner.in, "DeliveryStreamName", r->id);
    if (resource_get(r, property) != NULL) {
        TRY(resource_set(r, &inner, property, resource_get(r, property)));
    }
    return resource_run(r, &inner);
}

static status stream_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagDeliveryStream", "UntagDeliveryStream",
                                                    "DeliveryStreamName", "Tags", "TagKeys"};

    for (size_t i = 0; i < DESTINATIONS; i++) {
        TRY(destination_put(r, destinations[i]));
    }
    TRY(encryption_put(r));
    return resource_tag_by(r, "Tags", &tagging, r->id);
}

static status stream_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteDeliveryStream", "DeliveryStreamName");
}

static status stream_tell(struct resource *r)
{
    resource_attribute(r, "Arn", stream_arn(r));
    return OK;
}

/* ---- drift ---- */

/* A description as a template has it: of what want says. What is never told (an access key) is as
 * it was said. */
static struct value *said_of(struct arena *arena, const struct value *told,
                             const struct value *want)
{
    struct value *made = doc_map(arena);

    for (uint32_t i = 0; i < want->count; i++) {
        struct str key = arena_dup(arena, want->pairs[i].key);
        const struct value *value = &want->pairs[i].value;
        const struct value *now = doc_get(told, key.at);

        for (size_t k = 0; k < INSIDE; k++) {
            now = str_eq(key, str_c(inside[k][0])) ? doc_get(told, inside[k][2]) : now;
        }
        if (str_eq(key, STR("AccessKey"))) {
            now = value;
        }
        if (now != NULL) {
            *doc_put(arena, made, key) = value->kind == VALUE_MAP && now->kind == VALUE_MAP
                                             ? *said_of(arena, now, value)
                                             : *now;
        }
    }
    return made;
}

static void now_source(struct resource *r, const struct value *told, struct value *ret_properties)
{
    const struct value *source = get(told, "Source");
    const struct value *stream =
        source == NULL ? NULL : get(source, "KinesisStreamSourceDescription");
    const struct value *direct =
        source == NULL ? NULL : get(source, "DirectPutSourceDescription");

    if (direct != NULL) {
        *doc_put(r->c->arena, ret_properties, STR("DirectPutSourceConfiguration")) =
            *resource_document(r->c->arena, direct);
    }

    if (stream != NULL) {
        struct value *map = doc_put_map(r->c->arena, ret_properties,
                                        STR("KinesisStreamSourceConfiguration"));

        doc_put_text(r->c->arena, map, "KinesisStreamARN", get_str(stream, "KinesisStreamARN"));
        doc_put_text(r->c->arena, map, "RoleARN", get_str(stream, "RoleARN"));
    }
}

static void now_encryption(struct resource *r, const struct value *told,
                           struct value *ret_properties)
{
    const struct value *now = get(told, "DeliveryStreamEncryptionConfiguration");
    struct value *map = NULL;

    if (now == NULL || !str_eq(get_str(now, "Status"), STR("ENABLED"))) {
        return;
    }
    map = doc_put_map(r->c->arena, ret_properties,
                      STR("DeliveryStreamEncryptionConfigurationInput"));
    doc_put_text(r->c->arena, map, "KeyType", get_str(now, "KeyType"));
    if (get_str(now, "KeyARN").bytes > 0) {
        doc_put_text(r->c->arena, map, "KeyARN", get_str(now, "KeyARN"));
    }
}

static status stream_now(struct resource *r, struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *told = NULL;
    const struct value *destination = NULL;
    struct inner inner;

    TRY(described(r, &told));
    doc_put_text(arena, ret_properties, "DeliveryStreamName", r->id);
    doc_put_text(arena, ret_properties, "DeliveryStreamType", get_str(told, "DeliveryStreamType"));
    now_source(r, told, ret_properties);
    now_encryption(r, told, ret_properties);
    destination = resource_document(arena, &get(told, "Destinations")->items[0]);
    for (size_t i = 0; i < DESTINATIONS; i++) {
        const struct value *want = resource_get(r, destinations[i][0]);
        const struct value *now = doc_get(destination, destinations[i][2]);

        if (want != NULL && want->kind == VALUE_MAP && now != NULL) {
            *doc_put(arena, ret_properties, str_c(destinations[i][0])) =
                *said_of(arena, now, want);
        }
    }
    TRY(resource_ask(r, "ListTagsForDeliveryStream",
                     (struct resource_arg[]){{"DeliveryStreamName", r->id}, {NULL, r->id}},
                     &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(arena, get(inner.out, "Tags")));
    }
    return OK;
}

static const struct resource_type stream_type = {
    .name = "AWS::KinesisFirehose::DeliveryStream",
    .service = "firehose",
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = stream_make,
    .change = stream_change,
    .remove = stream_remove,
    .tell = stream_tell,
    .now = stream_now,
};

const struct resource_type *const firehose_types[FIREHOSE_TYPES] = {&stream_type};
