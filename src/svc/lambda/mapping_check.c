/* SPDX-License-Identifier: Apache-2.0
 *
 * What a mapping may be configured to: the members of Create- and UpdateEventSourceMapping, with
 * AWS's defaults and sentences. Source: "CreateEventSourceMapping", AWS Lambda API reference.
 */
#include "bus/sink.h"
#include "svc/lambda/mapping_ops.h"
#include "wire/fault.h"
#include "wire/wire.h"

#define QUEUE_BATCH_DEFAULT 10
#define SHARD_BATCH_DEFAULT 100
#define QUEUE_BATCH_PLAIN_MAX 10   /* without gathering; and of FIFO queues */
#define AGE_SECONDS_MIN 60

/* Members that say the same in requests and in the configuration. */
static const char *const common[] = {
    "BatchSize",
    "FilterCriteria",
    "KMSKeyArn",
    "MetricsConfig",
    "ScalingConfig",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "FunctionResponseTypes",
};

/* Those that only streams have. */
static const char *const of_shards[] = {
    "ParallelizationFactor",      "DestinationConfig",    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds",
};

/* What belongs to sources that weir does not have. */
static const char *const foreign[] = {
    "SelfManagedEventSource",           "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig",
    "SourceAccessConfigurations",       "ProvisionedPollerConfig",
    "LoggingConfig",                    "Topics",
    "Queues",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool input_has(const struct call *c, const char *member)
{
    return model_member_index(model_shape(c->in->shape), str_c(member)) >= 0 && has(c->in, member);
}

static status foreign_check(struct call *c)
{
    static const struct str services[] = {STR_INIT("kafka"), STR_INIT("mq"), STR_INIT("rds"),
                                          STR_INIT("docdb")};
    struct arn arn;

    for (size_t i = 0; i < COUNT(foreign); i++) {
        if (input_has(c, foreign[i])) {
            return fail(c, &WIRE_NOT_IMPLEMENTED,
                        "%s is not implemented: weir's event sources are SQS, Kinesis and DynamoDB "
                        "streams", foreign[i]);
        }
    }
    for (size_t i = 0; i < COUNT(services); i++) {
        if (input_has(c, "EventSourceArn") && arn_read(arg_str(c, "EventSourceArn"), &arn) &&
            str_eq(arn.service, services[i])) {
            return fail(c, &WIRE_NOT_IMPLEMENTED,
                        "Event sources of %.*s are not implemented: weir's are SQS, Kinesis and "
                        "DynamoDB streams", STR_ARG(arn.service));
        }
    }
    return OK;
}

/* ---- the source ---- */

status mapping_source_check(struct call *c, struct str arn, struct source_about *ret_about)
{
    const struct source *table = bus_source_of(c->cell, arn);

    TRY(foreign_check(c));
    if (table == NULL) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Unrecognized event source, must be kinesis, dynamodb stream or sqs.");
    }
    if (bus_source_about(c, arn, ret_about) == OK) {
        return OK;
    }
    return table->kind == SOURCE_QUEUE
               ? lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "Error occurred while ReceiveMessage. SQS Error Code: "
                             "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The "
                             "specified queue does not exist for this wsdl version.")
               : lambda_fail(c, &LAMBDA_BAD_VALUE, "Stream not found: %.*s", STR_ARG(arn));
}

/* ---- queues ---- */

static status queue_check(struct call *c, const struct value *config,
                          const struct source_about *about)
{
    int64_t size = get_int(config, "BatchSize", QUEUE_BATCH_DEFAULT);
    int64_t gather = get_int(config, "MaximumBatchingWindowInSeconds", 0);

    if (input_has(c, "StartingPosition")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "StartingPosition is not valid for SQS event sources.");
    }
    for (size_t i = 0; i < COUNT(of_shards); i++) {
        if (has(config, of_shards[i])) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE, "%s is not valid for SQS event sources.",
                               of_shards[i]);
        }
    }
    if (about->fifo && size > QUEUE_BATCH_PLAIN_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Batch size must be less than or equal to 10 for FIFO queues.");
    }
    if (about->fifo && gather > 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Batching window is not supported for FIFO queues.");
    }
    if (size > QUEUE_BATCH_PLAIN_MAX && gather == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Maximum batch window in seconds must be greater than 0 if maximum "
                           "batch size is greater than 10");
    }
    return OK;
}

status mapping_timeout_check(struct call *c, const struct source_about *about,
                             const struct version *version)
{
    int64_t timeout = get_int(version->config, "Timeout", 3);

    if (about->kind == SOURCE_QUEUE && about->visibility_ms < timeout * 1000) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Queue visibility timeout: %lld seconds is less than Function timeout: "
                           "%lld seconds",
                           (long long)(about->visibility_ms / 1000), (long long)timeout);
    }
    return OK;
}

/* ---- shards ---- */

static status start_check(struct call *c, const struct source_about *about)
{
    struct str position = arg_str(c, "StartingPosition");
    bool at_time = str_eq(position, STR("AT_TIMESTAMP"));

    if (position.bytes == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "1 validation error detected: Value null at 'startingPosition' failed "
                           "to satisfy constraint: Member must not be null.");
    }
    if (at_time && !about->by_time) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Unsupported starting position for source type: AT_TIMESTAMP");
    }
    if (at_time != arg_has(c, "StartingPositionTimestamp")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           at_time ? "StartingPositionTimestamp must be present when "
                                     "StartingPosition is AT_TIMESTAMP."
                                   : "StartingPositionTimestamp is only valid when "
                                     "StartingPosition is AT_TIMESTAMP.");
    }
    if (at_time && get_time(c->in, "StartingPositionTimestamp", 0) > c->now) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "StartingPositionTimestamp cannot be in the future.");
    }
    return OK;
}

static status destination_check(struct call *c, const struct value *config)
{
    const struct value *destinations = get(config, "DestinationConfig");
    const struct value *success = destinations == NULL ? NULL : get(destinations, "OnSuccess");
    const struct value *failure = destinations == NULL ? NULL : get(destinations, "OnFailure");
    struct bus_event event = {.principal = STR("lambda.amazonaws.com"), .allowed = true};
    struct arn arn;

    if (success != NULL && get_str(success, "Destination").bytes > 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "OnSuccess destinations are not supported for event source mappings.");
    }
    event.target = failure == NULL ? STR_NONE : get_str(failure, "Destination");
    if (event.target.bytes == 0) {
        return OK;
    }
    event.source = call_arn(c, "lambda", "function:%.*s", STR_ARG(arg_str(c, "FunctionName")));
    event.account = c->account;
    if (!arn_read(event.target, &arn) ||
        (!str_eq(arn.service, STR("sqs")) && !str_eq(arn.service, STR("sns")) &&
         !str_eq(arn.service, STR("s3"))) ||
        str_ends(event.target, STR(".fifo")) || bus_check(c, &event) != OK) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "The provided destination config DestinationConfig(onSuccess=null, "
                           "onFailure=OnFailure(destination=%.*s)) is invalid.",
                           STR_ARG(event.target));
    }
    return OK;
}

static status shards_check(struct call *c, const struct value *config,
                           const struct source_about *about, bool creating)
{
    int64_t age = get_int(config, "MaximumRecordAgeInSeconds", -1);

    if (creating) {
        TRY(start_check(c, about));
    }
    if (has(config, "ScalingConfig")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "ScalingConfig is only valid for SQS event sources.");
    }
    if (age != -1 && age < AGE_SECONDS_MIN) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "MaximumRecordAgeInSeconds must be -1, or between 60 and 604800.");
    }
    return destination_check(c, config);
}

/* ---- all ---- */

static status filters_check(struct call *c, const struct value *config)
{
    const struct value *criteria = get(config, "FilterCriteria");
    const struct value *filters = criteria == NULL ? NULL : get(criteria, "Filters");

    if (filters != NULL && filters->count > MAPPING_FILTERS_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "The number of filters exceeds the limit of %d.",
                           MAPPING_FILTERS_MAX);
    }
    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        struct pattern *filter;
        struct why why;

        if (filter_compile(get_str(&filters->items[i], "Pattern"), &why, &filter) != OK) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE, "%s", why.text);
        }
        pattern_free(filter);
    }
    return OK;
}

static void unset(struct value *config, const char *member)
{
    set_value(config, member, &(struct value){.kind = VALUE_NONE});
}

/* What was given empty is to be there no more. */
static void unset_empty(struct value *config)
{
    const struct value *criteria = get(config, "FilterCriteria");
    const struct value *scaling = get(config, "ScalingConfig");

    if (criteria != NULL &&
        (get(criteria, "Filters") == NULL || get(criteria, "Filters")->count == 0)) {
        unset(config, "FilterCriteria");
    }
    if (scaling != NULL && !has(scaling, "MaximumConcurrency")) {
        unset(config, "ScalingConfig");
    }
}

static void set_int_default(struct value *config, const char *member, int64_t number)
{
    if (!has(config, member)) {
        set_int(config, member, number);
    }
}

static void set_defaults(struct call *c, struct value *config, const struct source_about *about)
{
    bool shards = about->kind == SOURCE_SHARDS;

    set_int_default(config, "BatchSize", shards ? SHARD_BATCH_DEFAULT : QUEUE_BATCH_DEFAULT);
    set_int_default(config, "MaximumBatchingWindowInSeconds", 0);
    if (!has(config, "FunctionResponseTypes")) {
        (void)set_list(c->arena, config, "FunctionResponseTypes", 0);
    }
    if (shards) {
        set_int_default(config, "ParallelizationFactor", 1);
        set_int_default(config, "MaximumRecordAgeInSeconds", -1);
        set_int_default(config, "MaximumRetryAttempts", -1);
        set_int_default(config, "TumblingWindowInSeconds", 0);
        if (!has(config, "BisectBatchOnFunctionError")) {
            set_bool(config, "BisectBatchOnFunctionError", false);
        }
        if (!has(config, "DestinationConfig")) {
            (void)set_struct(c->arena, set_struct(c->arena, config, "DestinationConfig"),
                             "OnFailure");
        }
    }
}

status mapping_config_check(struct call *c, struct value *config,
                            const struct source_about *about, bool creating)
{
    TRY(foreign_check(c));
    for (size_t i = 0; i < COUNT(common); i++) {
        if (input_has(c, common[i])) {
            set_value(config, common[i], get(c->in, common[i]));
        }
    }
    unset_empty(config);
    TRY(filters_check(c, config));
    if (about->kind == SOURCE_QUEUE) {
        TRY(queue_check(c, config, about));
    } else {
        TRY(shards_check(c, config, about, creating));
    }
    set_defaults(c, config, about);
    return OK;
}
