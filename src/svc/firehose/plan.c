/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans: a description taken apart, so that jobs need no model. What is read here was checked by
 * destination_check.c.
 */
#include "svc/firehose/plan.h"

#include "base/codec.h"
#include "base/mem.h"
#include "svc/firehose/query.h"
#include "sys/zone_file.h"
#include "wire/json.h"

#define PLAN_BYTES_MAX (4u << 20)
#define MB (1024.0 * 1024.0)
#define FUNCTION_MB_DEFAULT 1.0
#define FUNCTION_SECONDS_DEFAULT 60
#define FUNCTION_RETRIES_DEFAULT 3
#define PROCESS_BYTES (1u << 20) /* at once, where no function says how many */

/* ---- processors ---- */

struct str processor_parameter(const struct value *processor, const char *name)
{
    const struct value *list = get(processor, "Parameters");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "ParameterName"), str_c(name))) {
            return get_str(&list->items[i], "ParameterValue");
        }
    }
    return STR_NONE;
}

const struct value *processor_of(const struct value *processing, const char *type)
{
    const struct value *list = processing == NULL ? NULL : get(processing, "Processors");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "Type"), str_c(type))) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* "\n" as people write it into JSON twice over. */
struct str delimiter_plain(struct arena *arena, struct str text)
{
    static const char letters[] = "ntr\\";
    static const char means[] = "\n\t\r\\";
    char *plain = arena_alloc(arena, text.bytes + 1);
    size_t bytes = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        const char *letter = text.at[i] == '\\' && i + 1 < text.bytes && text.at[i + 1] != '\0'
                                 ? strchr(letters, text.at[i + 1])
                                 : NULL;

        plain[bytes++] = letter == NULL ? text.at[i] : means[letter - letters];
        i += letter != NULL;
    }
    return str_of(plain, bytes);
}

bool delimiter_decoded(struct arena *arena, struct str text, struct str *ret_plain)
{
    char *plain = arena_alloc(arena, text.bytes + 1);
    size_t bytes;

    if (!base64_decode(text, plain, &bytes) || bytes == 0) {
        return false;
    }
    *ret_plain = str_of(plain, bytes);
    return true;
}

static void read_function(struct plan *plan, const struct value *processor)
{
    struct processing *processing = &plan->processing;
    int64_t seconds = FUNCTION_SECONDS_DEFAULT;
    double mb = FUNCTION_MB_DEFAULT;
    uint64_t retries = FUNCTION_RETRIES_DEFAULT;

    (void)str_to_double(processor_parameter(processor, "BufferSizeInMBs"), &mb);
    (void)str_to_i64(processor_parameter(processor, "BufferIntervalInSeconds"), &seconds);
    (void)str_to_u64(processor_parameter(processor, "NumberOfRetries"), &retries);
    processing->function = arena_dup(plan->arena, processor_parameter(processor, "LambdaArn"));
    processing->function_role = arena_dup(plan->arena, processor_parameter(processor, "RoleArn"));
    processing->size_bytes = (uint64_t)(mb * MB);
    processing->interval_ms = seconds * MS_PER_SECOND;
    processing->retries = (uint32_t)retries;
}

static void read_cutting(struct plan *plan, const struct value *processor)
{
    struct processing *processing = &plan->processing;

    processing->cutting = CUT_JSON;
    if (str_eq(processor_parameter(processor, "SubRecordType"), STR("DELIMITED"))) {
        processing->cutting = CUT_DELIMITED;
        (void)delimiter_decoded(plan->arena, processor_parameter(processor, "Delimiter"),
                                &processing->delimiter);
    }
}

static void read_processing(struct plan *plan, const struct value *said)
{
    struct processing *processing = &plan->processing;
    const struct value *processor;
    struct why why;

    processing->size_bytes = PROCESS_BYTES;
    if (said == NULL || !get_bool(said, "Enabled", false)) {
        return;
    }
    processing->decompress = processor_of(said, "Decompression") != NULL;
    processing->messages = processor_of(said, "CloudWatchLogProcessing") != NULL;
    processor = processor_of(said, "RecordDeAggregation");
    if (processor != NULL) {
        read_cutting(plan, processor);
    }
    processor = processor_of(said, "Lambda");
    if (processor != NULL) {
        read_function(plan, processor);
    }
    processor = processor_of(said, "MetadataExtraction");
    if (processor != NULL) {
        (void)query_parse(processor_parameter(processor, "MetadataExtractionQuery"), plan->arena,
                          &why, &processing->query);
    }
    processor = processor_of(said, "AppendDelimiterToRecord");
    if (processor != NULL) {
        struct str text = processor_parameter(processor, "Delimiter");

        processing->appended = text.bytes == 0 ? STR("\n") : delimiter_plain(plan->arena, text);
    }
    processing->any = processing->decompress || processing->messages || processing->cutting ||
                      processing->function.bytes > 0 || processing->query != NULL ||
                      processing->appended.bytes > 0;
}

/* ---- targets ---- */

static void read_logging(struct plan *plan, const struct value *from, struct str *ret_group,
                         struct str *ret_stream)
{
    const struct value *logging = get(from, "CloudWatchLoggingOptions");

    if (logging != NULL && get_bool(logging, "Enabled", false)) {
        *ret_group = arena_dup(plan->arena, get_str(logging, "LogGroupName"));
        *ret_stream = arena_dup(plan->arena, get_str(logging, "LogStreamName"));
    }
}

static enum packing packing_of(struct str name)
{
    static const char *const names[] = {"UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, str_c(names[i]))) {
            return (enum packing)i;
        }
    }
    return PACKING_NONE;
}

static void read_target(struct plan *plan, const struct value *from, struct target *target)
{
    const struct value *hints = get(from, "BufferingHints");
    struct arn arn;

    if (arn_read(get_str(from, "BucketARN"), &arn)) {
        target->bucket = arena_dup(plan->arena, arn.resource);
    }
    target->role = arena_dup(plan->arena, get_str(from, "RoleARN"));
    target->prefix = arena_dup(plan->arena, get_str(from, "Prefix"));
    target->error_prefix = arena_dup(plan->arena, get_str(from, "ErrorOutputPrefix"));
    target->packing = (uint8_t)packing_of(get_str(from, "CompressionFormat"));
    target->size_bytes = (uint64_t)get_int(hints, "SizeInMBs", 5) << 20;
    target->interval_ms = get_int(hints, "IntervalInSeconds", 300) * MS_PER_SECOND;
    read_logging(plan, from, &target->group, &target->stream);
}

static void read_bucket(struct plan *plan, const struct value *from)
{
    const struct value *partitioning = get(from, "DynamicPartitioningConfiguration");
    struct str zone = get_str(from, "CustomTimeZone");

    read_target(plan, from, &plan->main);
    read_processing(plan, get(from, "ProcessingConfiguration"));
    plan->main.extension = arena_dup(plan->arena, get_str(from, "FileExtension"));
    plan->partitioned = partitioning != NULL && get_bool(partitioning, "Enabled", false);
    plan->processing.any |= plan->partitioned;
    if (zone.bytes > 0 && zone_load(zone, &plan->zone) == OK) {
        plan->zone_name = arena_dup(plan->arena, zone);
    }
    if (str_eq(get_str(from, "S3BackupMode"), STR("Enabled"))) {
        read_target(plan, get(from, "S3BackupDescription"), &plan->backup);
        plan->processing.backup = true;
        plan->processing.any = true;
    }
}

static struct str attributes_text(struct plan *plan, const struct value *list)
{
    struct buf text;
    struct str written;

    if (list == NULL || list->count == 0) {
        return STR_NONE;
    }
    buf_init(&text, 1u << 20);
    buf_add(&text, STR("{\"commonAttributes\":{"));
    for (uint32_t i = 0; i < list->count; i++) {
        buf_add(&text, i == 0 ? STR("") : STR(","));
        json_write_str(&text, get_str(&list->items[i], "AttributeName"));
        buf_add_c(&text, ':');
        json_write_str(&text, get_str(&list->items[i], "AttributeValue"));
    }
    buf_add(&text, STR("}}"));
    written = arena_dup(plan->arena, buf_str(&text));
    buf_done(&text);
    return written;
}

static void read_endpoint(struct plan *plan, const struct value *from, struct str access_key)
{
    const struct value *hints = get(from, "BufferingHints");
    const struct value *request = get(from, "RequestConfiguration");
    const struct value *retry = get(from, "RetryOptions");
    struct endpoint *endpoint = &plan->endpoint;

    read_target(plan, get(from, "S3DestinationDescription"), &plan->main);
    read_processing(plan, get(from, "ProcessingConfiguration"));
    endpoint->url = arena_dup(plan->arena, get_str(get(from, "EndpointConfiguration"), "Url"));
    if (plan->processing.function_role.bytes == 0) {
        plan->processing.function_role = arena_dup(plan->arena, get_str(from, "RoleARN"));
    }
    endpoint->access_key = arena_dup(plan->arena, access_key);
    endpoint->size_bytes = (uint64_t)get_int(hints, "SizeInMBs", 5) << 20;
    endpoint->interval_ms = get_int(hints, "IntervalInSeconds", 300) * MS_PER_SECOND;
    endpoint->retry_ms = get_int(retry, "DurationInSeconds", 300) * MS_PER_SECOND;
    if (request != NULL) {
        endpoint->gzip = str_eq(get_str(request, "ContentEncoding"), STR("GZIP"));
        endpoint->attributes = attributes_text(plan, get(request, "CommonAttributes"));
    }
    read_logging(plan, from, &endpoint->group, &endpoint->stream);
    if (str_eq(get_str(from, "S3BackupMode"), STR("AllData"))) {
        plan->backup = plan->main;
        plan->processing.backup = true;
        plan->processing.any = true;
    }
}

struct plan *plan_of(const struct value *about, struct str access_key)
{
    const struct value *destination = about_destination(about);
    struct plan *plan = MEM_NEW(struct plan);

    plan->arena = arena_new(PLAN_BYTES_MAX);
    plan->holds = 1;
    (void)str_to_u64(get_str(about, "VersionId"), &plan->version);
    if (has(destination, "HttpEndpointDestinationDescription")) {
        read_endpoint(plan, get(destination, "HttpEndpointDestinationDescription"), access_key);
    } else {
        read_bucket(plan, get(destination, "ExtendedS3DestinationDescription"));
    }
    return plan;
}

void plan_drop(struct plan *plan)
{
    if (plan != NULL && --plan->holds == 0) {
        zone_free(plan->zone);
        arena_free(plan->arena);
        mem_free(plan);
    }
}
