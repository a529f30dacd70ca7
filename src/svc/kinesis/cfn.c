/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams, their consumers and policies in templates. Each of a stream's properties is changed by
 * an operation of its own; a stream is ready when they answer.
 */
#include "svc/kinesis/cfn.h"

#define NAME_BYTES_MAX 128
#define RETENTION_HOURS 24 /* without the property */

/* ---- AWS::Kinesis::Stream ---- */

static const struct resource_property stream_properties[] = {
    {"DesiredShardLevelMetrics", "", RESOURCE_IN_PLACE, 0},
    {"MaxRecordSizeInKiB", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", "", RESOURCE_REPLACES, 0},
    {"RetentionPeriodHours", "", RESOURCE_IN_PLACE, 0},
    {"ShardCount", NULL, RESOURCE_IN_PLACE, 0},
    {"StreamEncryption", "", RESOURCE_IN_PLACE, 0},
    {"StreamModeDetails", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"WarmThroughputMiBps", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
};
static const char *const stream_attributes[] = {"Arn", "WarmThroughputObject", NULL};

static struct str stream_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:kinesis:%.*s:%.*s:stream/%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

static status summary(struct resource *r, const struct value **ret_summary)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeStreamSummary",
                     (struct resource_arg[]){{"StreamName", r->id}, {NULL, r->id}}, &inner));
    *ret_summary = get(inner.out, "StreamDescriptionSummary");
    return OK;
}

static status retention_put(struct resource *r)
{
    int64_t wanted = resource_int(r, "RetentionPeriodHours", RETENTION_HOURS);
    const struct value *now = NULL;
    struct inner inner;
    int64_t hours;

    TRY(summary(r, &now));
    hours = get_int(now, "RetentionPeriodHours", RETENTION_HOURS);
    if (hours == wanted) {
        return OK;
    }
    TRY(resource_begin(r, wanted > hours ? "IncreaseStreamRetentionPeriod"
                                         : "DecreaseStreamRetentionPeriod", &inner));
    set_str(inner.in, "StreamName", r->id);
    set_int(inner.in, "RetentionPeriodHours", wanted);
    return resource_run(r, &inner);
}

static status encryption_put(struct resource *r)
{
    const struct value *wanted = resource_get(r, "StreamEncryption");
    const struct value *had = r->had == NULL ? NULL : doc_get(r->had, "StreamEncryption");
    const struct value *told = wanted == NULL ? had : wanted;
    const struct value *now = NULL;
    struct inner inner;

    if (!resource_changed(r, "StreamEncryption")) {
        return OK;
    }
    TRY(summary(r, &now));
    if (wanted == NULL && !str_eq(get_str(now, "EncryptionType"), STR("KMS"))) {
        return OK; /* a change that failed before it came so far is taken back */
    }
    TRY(resource_begin(r, wanted == NULL ? "StopStreamEncryption" : "StartStreamEncryption",
                       &inner));
    set_str(inner.in, "StreamName", r->id);
    TRY(resource_set(r, &inner, "EncryptionType", doc_get(told, "EncryptionType")));
    TRY(resource_set(r, &inner, "KeyId", doc_get(told, "KeyId")));
    return resource_run(r, &inner);
}

static status metrics_put(struct resource *r, const char *operation, const struct value *metrics)
{
    struct inner inner;

    if (metrics->count == 0) {
        return OK;
    }
    TRY(resource_begin(r, operation, &inner));
    set_str(inner.in, "StreamName", r->id);
    TRY(resource_set(r, &inner, "ShardLevelMetrics", metrics));
    return resource_run(r, &inner);
}

/* Those that are on now, as the property has them; an empty list: none. */
static const struct value *metrics_now(struct resource *r, const struct value *told)
{
    const struct value *list = get(told, "EnhancedMonitoring");

    list = list == NULL || list->count == 0 ? NULL : get(&list->items[0], "ShardLevelMetrics");
    return list == NULL ? resource_json(r, "[]") : resource_document(r->c->arena, list);
}

static status settings_put(struct resource *r)
{
    struct resource as_is = *r;
    struct value *had = doc_map(r->c->arena);
    const struct value *told = NULL;
    struct value *gone = NULL;
    struct value *new = NULL;

    TRY(retention_put(r));
    TRY(encryption_put(r));
    TRY(summary(r, &told));
    *doc_put(r->c->arena, had, STR("DesiredShardLevelMetrics")) = *metrics_now(r, told);
    as_is.had = had;
    resource_list_changed(&as_is, "DesiredShardLevelMetrics", &gone, &new);
    TRY(metrics_put(r, "DisableEnhancedMonitoring", gone));
    return metrics_put(r, "EnableEnhancedMonitoring", new);
}

static status stream_make(struct resource *r)
{
    struct str name = resource_name(r, "Name", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateStream", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "StreamName", name);
    TRY(resource_run(r, &inner));
    r->id = name;
    return settings_put(r);
}

static bool is_on_demand(const struct resource *r)
{
    const struct value *details = resource_get(r, "StreamModeDetails");

    return str_eq(doc_text(r->c->arena, doc_get(details, "StreamMode")), STR("ON_DEMAND"));
}

static status mode_put(struct resource *r)
{
    const struct value *now = NULL;
    struct inner inner;
    struct str mode;

    TRY(summary(r, &now));
    mode = get_str(get(now, "StreamModeDetails"), "StreamMode");
    if (str_eq(mode, STR("ON_DEMAND")) == is_on_demand(r)) {
        return OK;
    }
    TRY(resource_begin(r, "UpdateStreamMode", &inner));
    set_str(inner.in, "StreamARN", stream_arn(r));
    TRY(resource_set_or(r, &inner, "StreamModeDetails", "StreamModeDetails",
                        "{\"StreamMode\":\"PROVISIONED\"}"));
    return resource_run(r, &inner);
}

static status shards_put(struct resource *r)
{
    const struct value *now = NULL;
    struct inner inner;
    int64_t wanted = resource_int(r, "ShardCount", 0);

    TRY(summary(r, &now));
    if (wanted == 0 || is_on_demand(r) || wanted == get_int(now, "OpenShardCount", 0)) {
        return OK;
    }
    TRY(resource_begin(r, "UpdateShardCount", &inner));
    set_str(inner.in, "StreamName", r->id);
    set_int(inner.in, "TargetShardCount", wanted);
    set_str(inner.in, "ScalingType", STR("UNIFORM_SCALING"));
    return resource_run(r, &inner);
}

/* A number that an operation of its own sets. */
static status number_put(struct resource *r, const char *operation, const char *property,
                         const char *json)
{
    struct inner inner;

    if (!resource_changed(r, property)) {
        return OK;
    }
    TRY(resource_begin(r, operation, &inner));
    set_str(inner.in, "StreamARN", stream_arn(r));
    TRY(resource_set_or(r, &inner, property, property, json));
    return resource_run(r, &inner);
}

static status stream_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceARN",
                                                    "Tags", "TagKeys"};

    TRY(mode_put(r));
    TRY(shards_put(r));
    TRY(number_put(r, "UpdateMaxRecordSize", "MaxRecordSizeInKiB", "1024"));
    if (is_on_demand(r)) {
        TRY(number_put(r, "UpdateStreamWarmThroughput", "WarmThroughputMiBps", "0"));
    }
    TRY(settings_put(r));
    return resource_tag_by(r, "Tags", &tagging, stream_arn(r));
}

static status stream_remove(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "DeleteStream", &inner));
    set_str(inner.in, "StreamName", r->id);
    set_bool(inner.in, "EnforceConsumerDeletion", true);
    return resource_run(r, &inner);
}

static status stream_tell(struct resource *r)
{
    const struct value *told = NULL;

    resource_attribute(r, "Arn", stream_arn(r));
    TRY(summary(r, &told));
    if (get(told, "WarmThroughput") != NULL) {
        resource_attribute_of(r, "WarmThroughputObject",
                              resource_document(r->c->arena, get(told, "WarmThroughput")));
    }
    return OK;
}

static status stream_now(struct resource *r, struct value *ret_properties)
{
    struct arena *arena = r->c->arena;
    const struct value *told = NULL;
    const struct value *metrics = NULL;
    struct inner inner;

    TRY(summary(r, &told));
    doc_put_text(arena, ret_properties, "Name", r->id);
    resource_now_of(r, told, ret_properties);
    if (!is_on_demand(r)) {
        doc_put_int(arena, ret_properties, "ShardCount", get_int(told, "OpenShardCount", 0));
    }
    if (str_eq(get_str(told, "EncryptionType"), STR("KMS"))) {
        struct value *encryption = doc_put_map(arena, ret_properties, STR("StreamEncryption"));

        doc_put_text(arena, encryption, "EncryptionType", STR("KMS"));
        doc_put_text(arena, encryption, "KeyId", get_str(told, "KeyId"));
    }
    metrics = metrics_now(r, told);
    if (metrics->count > 0) {
        *doc_put(arena, ret_properties, STR("DesiredShardLevelMetrics")) = *metrics;
    }
    TRY(resource_ask(r, "ListTagsForResource",
                     (struct resource_arg[]){{"ResourceARN", stream_arn(r)}, {NULL, r->id}},
                     &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(arena, get(inner.out, "Tags")));
    }
    return OK;
}

/* ---- AWS::Kinesis::StreamConsumer ---- */

static const struct resource_property consumer_properties[] = {
    {"ConsumerName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"StreamARN", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", NULL, RESOURCE_REPLACES, RESOURCE_TAGS},
};
static const char *const consumer_attributes[] = {"ConsumerARN", "ConsumerCreationTimestamp",
                                                  "ConsumerName", "ConsumerStatus", "StreamARN",
                                                  NULL};

static status consumer_make(struct resource *r)
{
    return resource_make_by(r, "RegisterStreamConsumer", "Consumer.ConsumerARN");
}

static status consumer_remove(struct resource *r)
{
    return resource_remove_by(r, "DeregisterStreamConsumer", "ConsumerARN");
}

static status consumer_told(struct resource *r, const struct value **ret_description)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeStreamConsumer",
                     (struct resource_arg[]){{"ConsumerARN", r->id}, {NULL, r->id}}, &inner));
    *ret_description = get(inner.out, "ConsumerDescription");
    return OK;
}

static status consumer_tell(struct resource *r)
{
    const struct value *told = NULL;

    TRY(consumer_told(r, &told));
    for (size_t i = 0; consumer_attributes[i] != NULL; i++) {
        if (strcmp(consumer_attributes[i], "ConsumerCreationTimestamp") != 0) {
            resource_attribute(r, consumer_attributes[i], get_str(told, consumer_attributes[i]));
        }
    }
    resource_attribute(r, "ConsumerCreationTimestamp",
                       arena_printf(r->c->arena, "%lld",
                                    (long long)get_time(told, "ConsumerCreationTimestamp", 0) /
                                        1000));
    return OK;
}

static status consumer_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;

    TRY(consumer_told(r, &told));
    resource_now_of(r, told, ret_properties);
    return OK;
}

/* ---- AWS::Kinesis::ResourcePolicy ---- */

static const struct resource_property policy_properties[] = {
    {"ResourceArn", "ResourceARN", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ResourcePolicy", "Policy", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};

static status policy_ask(struct resource *r, const char *operation, struct inner *ret_inner)
{
    return resource_ask(r, operation,
                        (struct resource_arg[]){{"ResourceARN", resource_str(r, "ResourceArn")},
                                                {NULL, r->id}},
                        ret_inner);
}

static status policy_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PutResourcePolicy", &inner));
    TRY(resource_fill(r, &inner));
    return resource_run(r, &inner);
}

static status policy_make(struct resource *r)
{
    TRY(policy_put(r));
    r->id = resource_str(r, "ResourceArn");
    return OK;
}

static status policy_remove(struct resource *r)
{
    struct inner inner;

    return policy_ask(r, "DeleteResourcePolicy", &inner);
}

static status policy_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(policy_ask(r, "GetResourcePolicy", &inner));
    doc_put_text(r->c->arena, ret_properties, "ResourceArn", r->id);
    *doc_put(r->c->arena, ret_properties, STR("ResourcePolicy")) =
        *resource_tree(r, get_str(inner.out, "Policy"));
    return OK;
}

static const struct resource_type types[KINESIS_TYPES] = {
    {
        .name = "AWS::Kinesis::Stream",
        .service = "kinesis",
        RESOURCE_TYPE_PROPERTIES(stream_properties),
        .attributes = stream_attributes,
        .make = stream_make,
        .change = stream_change,
        .remove = stream_remove,
        .tell = stream_tell,
        .now = stream_now,
    },
    {
        .name = "AWS::Kinesis::StreamConsumer",
        .service = "kinesis",
        RESOURCE_TYPE_PROPERTIES(consumer_properties),
        .attributes = consumer_attributes,
        .make = consumer_make,
        .remove = consumer_remove,
        .tell = consumer_tell,
        .now = consumer_now,
    },
    {
        .name = "AWS::Kinesis::ResourcePolicy",
        .service = "kinesis",
        RESOURCE_TYPE_PROPERTIES(policy_properties),
        .make = policy_make,
        .change = policy_put,
        .remove = policy_remove,
        .now = policy_now,
    },
};

const struct resource_type *const kinesis_types[KINESIS_TYPES] = {&types[0], &types[1], &types[2]};
