/* SPDX-License-Identifier: Apache-2.0
 *
 * What destinations must satisfy beyond the model: prefixes, processors, zones, roles. Source: the
 * developer guide's "Understand custom prefixes", "Dynamic partitioning", "Data transformation".
 */
#include "cell/authorize.h"
#include "svc/firehose/firehose_ops.h"
#include "wire/wire.h"
#include "svc/firehose/plan.h"
#include "svc/firehose/prefix.h"
#include "svc/firehose/query.h"
#include "sys/zone_file.h"

#define FUNCTION_MB_MIN 0.2
#define FUNCTION_MB_MAX 3.0
#define FUNCTION_SECONDS_MAX 900
#define FUNCTION_RETRIES_MAX 300
#define PARTITIONED_MB_MIN 64
#define DELIMITER_BYTES_MAX 128

/* ---- roles ---- */

/* With auth on a role must be there, and let Firehose assume it. */
static status role_check(struct call *c, struct str role)
{
    struct service_wish wish = {.service = STR("firehose.amazonaws.com"),
                                .action = "sts:AssumeRole",
                                .resource = role,
                                .source_account = c->account};

    if (role.bytes == 0 || !cell_auth(c->cell) || service_may(c, &wish)) {
        return OK;
    }
    return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                "Firehose is unable to assume role %.*s. Please check the role provided.",
                STR_ARG(role));
}

/* ---- prefixes ---- */

static status prefixes_check(struct call *c, const struct value *bucket,
                             struct prefix_has *ret_prefix)
{
    struct prefix_has prefix = {0};
    struct prefix_has error = {0};
    struct why why;

    if (prefix_read(get_str(bucket, "Prefix"), &why, &prefix) != OK ||
        prefix_read(get_str(bucket, "ErrorOutputPrefix"), &why, &error) != OK) {
        struct str words = arena_dup(c->arena, str_c(why.text));

        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "Invalid prefix: %.*s", STR_ARG(words));
    }
    if (prefix.error_type) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "Prefix cannot contain !{firehose:error-output-type}");
    }
    if (prefix.expressions && get_str(bucket, "ErrorOutputPrefix").bytes == 0) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions");
    }
    if (error.expressions && !error.error_type) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains "
                    "expressions");
    }
    if (error.from_query || error.from_function) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "ErrorOutputPrefix cannot contain partition keys");
    }
    *ret_prefix = prefix;
    return OK;
}

static status bucket_check(struct call *c, const struct value *bucket,
                           struct prefix_has *ret_prefix)
{
    if (!has(bucket, "RoleARN") || !has(bucket, "BucketARN")) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "RoleARN and BucketARN must be specified");
    }
    TRY(role_check(c, get_str(bucket, "RoleARN")));
    return prefixes_check(c, bucket, ret_prefix);
}

/* ---- processors ---- */

static status number_check(struct call *c, const struct value *processor, const char *name,
                           int64_t max)
{
    struct str text = processor_parameter(processor, name);
    int64_t number;

    if (text.bytes > 0 && (!str_to_i64(text, &number) || number < 0 || number > max)) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "%s must be between 0 and %lld", name,
                    (long long)max);
    }
    return OK;
}

static status function_check(struct call *c, const struct value *processor)
{
    struct str size = processor_parameter(processor, "BufferSizeInMBs");
    struct str function = processor_parameter(processor, "LambdaArn");
    struct arn arn;
    double mb;

    if (!arn_read(function, &arn) || !str_eq(arn.service, STR("lambda")) ||
        !str_starts(arn.resource, STR("function:"))) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "Lambda ARN is not valid: %.*s",
                    STR_ARG(function));
    }
    if (size.bytes > 0 &&
        (!str_to_double(size, &mb) || !(mb >= FUNCTION_MB_MIN && mb <= FUNCTION_MB_MAX))) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "BufferSizeInMBs must be between 0.2 and 3");
    }
    TRY(number_check(c, processor, "BufferIntervalInSeconds", FUNCTION_SECONDS_MAX));
    TRY(number_check(c, processor, "NumberOfRetries", FUNCTION_RETRIES_MAX));
    return role_check(c, processor_parameter(processor, "RoleArn"));
}

static status extraction_check(struct call *c, const struct value *processor)
{
    struct str engine = processor_parameter(processor, "JsonParsingEngine");
    struct query *query;
    struct why why;

    if (engine.bytes > 0 && !str_eq(engine, STR("JQ-1.6"))) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "JsonParsingEngine must be JQ-1.6");
    }
    if (query_parse(processor_parameter(processor, "MetadataExtractionQuery"), c->arena, &why,
                    &query) != OK) {
        struct str words = arena_dup(c->arena, str_c(why.text));

        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "MetadataExtractionQuery is not valid: %.*s",
                    STR_ARG(words));
    }
    return OK;
}

static status cutting_check(struct call *c, const struct value *processor)
{
    struct str kind = processor_parameter(processor, "SubRecordType");
    struct str delimiter;

    if (str_eq(kind, STR("JSON"))) {
        return OK;
    }
    if (!str_eq(kind, STR("DELIMITED"))) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "SubRecordType must be JSON or DELIMITED");
    }
    return delimiter_decoded(c->arena, processor_parameter(processor, "Delimiter"), &delimiter)
               ? OK
               : fail(c, &FIREHOSE_INVALID_ARGUMENT,
                      "Delimiter must be the base64 of the delimiter of sub-records");
}

static status delimiter_check(struct call *c, const struct value *processor)
{
    return processor_parameter(processor, "Delimiter").bytes <= DELIMITER_BYTES_MAX
               ? OK
               : fail(c, &FIREHOSE_INVALID_ARGUMENT, "Delimiter may have at most %d characters",
                      DELIMITER_BYTES_MAX);
}

static status processing_check(struct call *c, const struct value *processing)
{
    static const struct {
        const char *type;   /* of a processor */
        status (*check)(struct call *c, const struct value *processor);
    } checks[] = {{"Lambda", function_check},
                  {"MetadataExtraction", extraction_check},
                  {"RecordDeAggregation", cutting_check},
                  {"AppendDelimiterToRecord", delimiter_check}};

    if (processing == NULL || !get_bool(processing, "Enabled", false)) {
        return OK;
    }
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        const struct value *processor = processor_of(processing, checks[i].type);

        if (processor != NULL) {
            TRY(checks[i].check(c, processor));
        }
    }
    if (processor_of(processing, "CloudWatchLogProcessing") != NULL &&
        processor_of(processing, "Decompression") == NULL) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "CloudWatchLogProcessing requires the Decompression processor");
    }
    return OK;
}

/* ---- dynamic partitioning ---- */

static status partitioning_check(struct call *c, const struct value *extended,
                                 const struct prefix_has *prefix)
{
    const struct value *partitioning = get(extended, "DynamicPartitioningConfiguration");
    const struct value *processing = get(extended, "ProcessingConfiguration");
    bool enabled = partitioning != NULL && get_bool(partitioning, "Enabled", false);
    bool processes = processing != NULL && get_bool(processing, "Enabled", false);

    if (!enabled) {
        return !prefix->from_query && !prefix->from_function
                   ? OK
                   : fail(c, &FIREHOSE_INVALID_ARGUMENT,
                          "Prefix can contain partition keys only when dynamic partitioning is "
                          "enabled");
    }
    if (!prefix->from_query && !prefix->from_function) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "Prefix must contain partition keys when dynamic partitioning is enabled");
    }
    if (prefix->from_query &&
        (!processes || processor_of(processing, "MetadataExtraction") == NULL)) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "MetadataExtraction processor must be present when Prefix contains "
                    "partitionKeyFromQuery");
    }
    if (prefix->from_function && (!processes || processor_of(processing, "Lambda") == NULL)) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "Lambda processor must be present when Prefix contains "
                    "partitionKeyFromLambda");
    }
    if (get_int(get(extended, "BufferingHints"), "SizeInMBs", 0) < PARTITIONED_MB_MIN) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "BufferingHints.SizeInMBs must be at least %d when dynamic partitioning is "
                    "enabled", PARTITIONED_MB_MIN);
    }
    return OK;
}

static status zone_check(struct call *c, struct str name)
{
    struct zone *zone;

    if (name.bytes == 0) {
        return OK;
    }
    if (zone_load(name, &zone) != OK) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT, "CustomTimeZone %.*s is not a valid time zone",
                    STR_ARG(name));
    }
    zone_free(zone);
    return OK;
}

static status extended_check(struct call *c, const struct value *extended)
{
    const struct value *conversion = get(extended, "DataFormatConversionConfiguration");
    const struct value *backup = get(extended, "S3BackupDescription");
    struct prefix_has prefix;
    struct prefix_has other;

    if (conversion != NULL && get_bool(conversion, "Enabled", true)) {
        return fail(c, &WIRE_NOT_IMPLEMENTED,
                    "weir's Firehose does not convert records to Parquet or ORC "
                    "(DataFormatConversionConfiguration)");
    }
    TRY(bucket_check(c, extended, &prefix));
    TRY(processing_check(c, get(extended, "ProcessingConfiguration")));
    TRY(partitioning_check(c, extended, &prefix));
    TRY(zone_check(c, get_str(extended, "CustomTimeZone")));
    if (str_eq(get_str(extended, "S3BackupMode"), STR("Enabled"))) {
        if (backup == NULL) {
            return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                        "S3BackupConfiguration must be specified when S3BackupMode is Enabled");
        }
        TRY(bucket_check(c, backup, &other));
        if (other.from_query || other.from_function) {
            return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                        "The prefix of S3BackupConfiguration cannot contain partition keys");
        }
    }
    return OK;
}

static status endpoint_check(struct call *c, const struct value *endpoint)
{
    const struct value *bucket = get(endpoint, "S3DestinationDescription");
    const struct value *secret = get(endpoint, "SecretsManagerConfiguration");
    const struct value *about = get(endpoint, "EndpointConfiguration");
    struct prefix_has prefix;

    if (secret != NULL && get_bool(secret, "Enabled", false)) {
        return fail(c, &WIRE_NOT_IMPLEMENTED,
                    "weir's Firehose takes no access key from Secrets Manager "
                    "(SecretsManagerConfiguration)");
    }
    if (bucket == NULL || about == NULL) {
        return fail(c, &FIREHOSE_INVALID_ARGUMENT,
                    "EndpointConfiguration and S3Configuration must be specified");
    }
    TRY(role_check(c, get_str(endpoint, "RoleARN")));
    TRY(bucket_check(c, bucket, &prefix));
    return processing_check(c, get(endpoint, "ProcessingConfiguration"));
}

status destination_check(struct call *c, const struct value *description)
{
    const struct value *endpoint = get(description, "HttpEndpointDestinationDescription");

    return endpoint != NULL
               ? endpoint_check(c, endpoint)
               : extended_check(c, get(description, "ExtendedS3DestinationDescription"));
}
