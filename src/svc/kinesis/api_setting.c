/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of streams and accounts: resource policies, encryption, enhanced monitoring, record
 * size, distribution, warm throughput, limits.
 *
 * Encryption and monitoring are kept and shown as set; records put while a stream is encrypted say
 * so. What lies on disk is encrypted when the key service is there (DESIGN.md, Store).
 */
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"
#include "wire/json.h"

#include <assert.h>

#define METRIC_COUNT 7
#define METRICS_ALL ((1u << METRIC_COUNT) - 1)
#define POLICY_BYTES_MAX 20480
#define SHARD_LIMIT 20000
#define ON_DEMAND_LIMIT 50
#define WARM_MIBPS_MAX 10240
#define COMMITMENT_MS (INT64_C(24) * 3600 * 1000)

static const char *const metric_names[METRIC_COUNT] = {
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
};

/* ---- resource policies ---- */

/* What may have a policy: streams, consumers and queues. */
static status policied_of_call(struct call *c, struct tagged *ret_tagged)
{
    TRY(tagged_find(c, arg_str(c, "ResourceARN"), ret_tagged));
    if (ret_tagged->policy == NULL) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "Resource policies are not supported for resource ARN %.*s",
                    STR_ARG(arg_str(c, "ResourceARN")));
    }
    return OK;
}

/* PutResourcePolicy: kept as it came, once it is a JSON object. */
status kinesis_put_policy(struct call *c)
{
    struct str policy = arg_str(c, "Policy");
    struct tagged tagged;
    struct value document;
    struct why why;

    TRY(policied_of_call(c, &tagged));
    if (policy.bytes > POLICY_BYTES_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "The policy is larger than %d bytes.",
                    POLICY_BYTES_MAX);
    }
    if (json_read(arena_dup(c->arena, policy), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "The policy is not a JSON object.");
    }
    text_set(tagged.policy, policy);
    tagged_save(c, &tagged);
    return OK;
}

/* GetResourcePolicy */
status kinesis_get_policy(struct call *c)
{
    struct tagged tagged;

    TRY(policied_of_call(c, &tagged));
    if (tagged.policy->bytes == 0) {
        return fail(c, &KINESIS_NOT_FOUND, "No resource policy found for resource ARN %.*s",
                    STR_ARG(arg_str(c, "ResourceARN")));
    }
    put_str(c, "Policy", *tagged.policy);
    return OK;
}

/* DeleteResourcePolicy */
status kinesis_delete_policy(struct call *c)
{
    struct tagged tagged;

    TRY(policied_of_call(c, &tagged));
    if (tagged.policy->bytes == 0) {
        return fail(c, &KINESIS_NOT_FOUND, "No resource policy found for resource ARN %.*s",
                    STR_ARG(arg_str(c, "ResourceARN")));
    }
    text_set(tagged.policy, STR_NONE);
    tagged_save(c, &tagged);
    return OK;
}

/* ---- encryption ---- */

/* StartStreamEncryption */
status kinesis_start_encryption(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    if (!str_eq(arg_str(c, "EncryptionType"), STR("KMS"))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "EncryptionType must be KMS.");
    }
    text_set(&stream->key_id, arg_str(c, "KeyId"));
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* StopStreamEncryption */
status kinesis_stop_encryption(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    if (!str_eq(arg_str(c, "EncryptionType"), STR("KMS"))) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "EncryptionType must be KMS.");
    }
    text_set(&stream->key_id, STR_NONE);
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* ---- enhanced monitoring ---- */

static uint32_t metrics_of(const struct value *list)
{
    uint32_t metrics = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        if (str_eq(list->items[i].str, STR("ALL"))) {
            return METRICS_ALL;
        }
        for (uint32_t j = 0; j < METRIC_COUNT; j++) {
            if (str_eq(list->items[i].str, str_c(metric_names[j]))) {
                metrics |= 1u << j;
            }
        }
    }
    return metrics;
}

static void put_metrics(struct call *c, const char *member, uint32_t metrics)
{
    struct value *list = put_list(c, member, METRIC_COUNT);

    for (uint32_t i = 0; i < METRIC_COUNT; i++) {
        if (metrics >> i & 1) {
            list_add_str(list, str_c(metric_names[i]));
        }
    }
}

static status set_metrics(struct call *c, bool enable)
{
    uint32_t named = metrics_of(arg(c, "ShardLevelMetrics"));
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    put_metrics(c, "CurrentShardLevelMetrics", stream->metrics);
    stream->metrics = enable ? stream->metrics | named : stream->metrics & ~named;
    stream_save(c, stream);
    put_metrics(c, "DesiredShardLevelMetrics", stream->metrics);
    put_str(c, "StreamName", stream->name);
    put_str(c, "StreamARN", stream_arn(c, stream));
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* EnableEnhancedMonitoring */
status kinesis_enable_monitoring(struct call *c)
{
    return set_metrics(c, true);
}

/* DisableEnhancedMonitoring */
status kinesis_disable_monitoring(struct call *c)
{
    return set_metrics(c, false);
}

/* ---- single settings ---- */

/* UpdateMaxRecordSize */
status kinesis_update_max_record_size(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    stream->max_record_kib = (uint32_t)arg_int(c, "MaxRecordSizeInKiB", RECORD_KIB_DEFAULT);
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}

static status on_demand_check(struct call *c, const struct stream *stream, const char *what)
{
    if (!stream->on_demand) {
        return fail(c, &KINESIS_INVALID_ARGUMENT,
                    "%s is only supported for streams in ON_DEMAND mode; stream %.*s is "
                    "PROVISIONED.", what, STR_ARG(stream->name));
    }
    return OK;
}

/* UpdateStreamRecordDistributionStrategy */
status kinesis_update_distribution(struct call *c)
{
    struct stream *stream;

    TRY(stream_of_call(c, &stream));
    TRY(on_demand_check(c, stream, "The record distribution strategy"));
    stream->distribute_auto = str_eq(arg_str(c, "RecordDistributionStrategy"), STR("AUTO"));
    stream_save(c, stream);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* UpdateStreamWarmThroughput: kept and shown; weir needs no warming. */
status kinesis_update_warm_throughput(struct call *c)
{
    int64_t mibps = arg_int(c, "WarmThroughputMiBps", 0);
    struct stream *stream;
    struct value *warm;

    TRY(stream_of_call(c, &stream));
    TRY(on_demand_check(c, stream, "Warm throughput"));
    if (mibps > WARM_MIBPS_MAX) {
        return fail(c, &KINESIS_INVALID_ARGUMENT, "WarmThroughputMiBps may be at most %d.",
                    WARM_MIBPS_MAX);
    }
    stream->warm_mibps = (uint32_t)mibps;
    stream_save(c, stream);
    put_str(c, "StreamName", stream->name);
    put_str(c, "StreamARN", stream_arn(c, stream));
    warm = put_struct(c, "WarmThroughput");
    set_int(warm, "TargetMiBps", mibps);
    set_int(warm, "CurrentMiBps", mibps);
    call_on(c, stream_arn(c, stream));
    return OK;
}

/* ---- the account ---- */

/* DescribeLimits */
status kinesis_describe_limits(struct call *c)
{
    size_t count;
    struct stream **streams = streams_sorted(c, &count);
    int64_t open = 0;
    int64_t on_demand = 0;

    for (size_t i = 0; i < count; i++) {
        open += streams[i]->open_count;
        on_demand += streams[i]->on_demand;
    }
    put_int(c, "ShardLimit", SHARD_LIMIT);
    put_int(c, "OpenShardCount", open);
    put_int(c, "OnDemandStreamCount", on_demand);
    put_int(c, "OnDemandStreamCountLimit", ON_DEMAND_LIMIT);
    put_int(c, "ChannelCount", 0);
    put_int(c, "ChannelCountLimit", 0);
    return OK;
}

static void put_commitment(struct call *c, const struct account_settings *settings)
{
    struct value *out = put_struct(c, "MinimumThroughputBillingCommitment");
    bool ended = settings->ended_ms != 0 && settings->ended_ms <= c->now;
    bool running = settings->committed && !ended;

    set_str(out, "Status", !running                  ? STR("DISABLED")
                           : settings->ended_ms != 0 ? STR("ENABLED_UNTIL_EARLIEST_ALLOWED_END")
                                                     : STR("ENABLED"));
    if (settings->committed) {
        set_time(out, "StartedAt", settings->started_ms);
    }
    if (ended) {
        set_time(out, "EndedAt", settings->ended_ms);
    }
    if (running) {
        set_time(out, "EarliestAllowedEndAt", settings->started_ms + COMMITMENT_MS);
    }
}

/* DescribeAccountSettings */
status kinesis_describe_account_settings(struct call *c)
{
    struct account_settings settings;

    account_settings_get(c, &settings);
    put_commitment(c, &settings);
    return OK;
}

/* UpdateAccountSettings: a commitment runs for at least a day, as the API says it has an earliest
 * end; ended before that it is ENABLED_UNTIL_EARLIEST_ALLOWED_END. */
status kinesis_update_account_settings(struct call *c)
{
    const struct value *commitment = arg(c, "MinimumThroughputBillingCommitment");
    bool enable = str_eq(get_str(commitment, "Status"), STR("ENABLED"));
    struct account_settings settings;

    account_settings_get(c, &settings);
    if (enable && (!settings.committed || settings.ended_ms != 0)) {
        settings = (struct account_settings){true, c->now, 0};
    } else if (!enable && settings.committed && settings.ended_ms == 0) {
        int64_t earliest_ms = settings.started_ms + COMMITMENT_MS;

        settings.ended_ms = c->now > earliest_ms ? c->now : earliest_ms;
    }
    account_settings_save(c, &settings);
    put_commitment(c, &settings);
    return OK;
}
