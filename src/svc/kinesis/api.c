/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis Data Streams: the table of operations, in the order of the API reference, and the
 * service's life.
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/kinesis/cfn.h"
#include "svc/kinesis/kinesis_int.h"
#include "svc/kinesis/kinesis_ops.h"

#include <assert.h>

const struct error KINESIS_ACCESS_DENIED = {"AccessDeniedException", NULL, 400, false};
const struct error KINESIS_EXPIRED_ITERATOR = {"ExpiredIteratorException", NULL, 400, false};
const struct error KINESIS_EXPIRED_TOKEN = {"ExpiredNextTokenException", NULL, 400, false};
const struct error KINESIS_INTERNAL = {"InternalFailureException", NULL, 500, true};
const struct error KINESIS_INVALID_ARGUMENT = {"InvalidArgumentException", NULL, 400, false};
const struct error KINESIS_LIMIT = {"LimitExceededException", NULL, 400, true};
const struct error KINESIS_THROUGHPUT = {"ProvisionedThroughputExceededException", NULL, 400, true};
const struct error KINESIS_IN_USE = {"ResourceInUseException", NULL, 400, false};
const struct error KINESIS_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error KINESIS_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error KINESIS_DRY_RUN = {"DryRunOperationException", NULL, 400, false};
const struct error KINESIS_THROTTLING = {"ThrottlingException", NULL, 400, true};

static const struct op ops[] = {
    {"AcknowledgeDeadLetterQueueRecords", kinesis_acknowledge_dead_records},
    {"AcknowledgeQueueRecords", kinesis_acknowledge_queue_records},
    {"AddTagsToStream", kinesis_add_tags},
    {"CreateChannel", kinesis_create_channel},
    {"CreateQueue", kinesis_create_queue},
    {"CreateStream", kinesis_create_stream},
    {"DecreaseStreamRetentionPeriod", kinesis_decrease_retention},
    {"DeleteChannel", kinesis_delete_channel},
    {"DeleteQueue", kinesis_delete_queue},
    {"DeleteResourcePolicy", kinesis_delete_policy},
    {"DeleteStream", kinesis_delete_stream},
    {"DeregisterStreamConsumer", kinesis_deregister_consumer},
    {"DescribeAccountSettings", kinesis_describe_account_settings},
    {"DescribeChannel", kinesis_describe_channel},
    {"DescribeLimits", kinesis_describe_limits},
    {"DescribeQueue", kinesis_describe_queue},
    {"DescribeStream", kinesis_describe_stream},
    {"DescribeStreamConsumer", kinesis_describe_consumer},
    {"DescribeStreamSummary", kinesis_describe_stream_summary},
    {"DisableEnhancedMonitoring", kinesis_disable_monitoring},
    {"EnableEnhancedMonitoring", kinesis_enable_monitoring},
    {"GetRecords", kinesis_get_records},
    {"GetResourcePolicy", kinesis_get_policy},
    {"GetShardIterator", kinesis_get_shard_iterator},
    {"IncreaseStreamRetentionPeriod", kinesis_increase_retention},
    {"ListChannels", kinesis_list_channels},
    {"ListQueues", kinesis_list_queues},
    {"ListShards", kinesis_list_shards},
    {"ListStreamConsumers", kinesis_list_consumers},
    {"ListStreams", kinesis_list_streams},
    {"ListTagsForResource", kinesis_list_resource_tags},
    {"ListTagsForStream", kinesis_list_tags},
    {"MergeShards", kinesis_merge_shards},
    {"PutRecord", kinesis_put_record},
    {"PutRecords", kinesis_put_records},
    {"PutResourcePolicy", kinesis_put_policy},
    {"ReceiveDeadLetterQueueRecords", kinesis_receive_dead_records},
    {"ReceiveQueueRecords", kinesis_receive_queue_records},
    {"RegisterStreamConsumer", kinesis_register_consumer},
    {"RemoveTagsFromStream", kinesis_remove_tags},
    {"RestoreDeadLetterQueueRecords", kinesis_restore_dead_records},
    {"SplitShard", kinesis_split_shard},
    {"StartStreamEncryption", kinesis_start_encryption},
    {"StopStreamEncryption", kinesis_stop_encryption},
    {"SubscribeToShard", kinesis_subscribe_to_shard},
    {"TagResource", kinesis_tag_resource},
    {"UntagResource", kinesis_untag_resource},
    {"UpdateAccountSettings", kinesis_update_account_settings},
    {"UpdateChannel", kinesis_update_channel},
    {"UpdateDeadLetterQueueRecordsVisibility", kinesis_update_dead_visibility},
    {"UpdateMaxRecordSize", kinesis_update_max_record_size},
    {"UpdateQueue", kinesis_update_queue},
    {"UpdateQueueRecordsVisibility", kinesis_update_queue_visibility},
    {"UpdateShardCount", kinesis_update_shard_count},
    {"UpdateStreamMode", kinesis_update_stream_mode},
    {"UpdateStreamRecordDistributionStrategy", kinesis_update_distribution},
    {"UpdateStreamWarmThroughput", kinesis_update_warm_throughput},
};

static void kinesis_close(void *state)
{
    struct kinesis *kinesis = state;
    struct str key;
    void *value;

    if (kinesis == NULL) {
        return;
    }
    queues_done(kinesis);
    channels_done(kinesis);
    for (size_t i = 0; map_next(kinesis->streams, &i, &key, &value);) {
        stream_free(value);
    }
    map_free(kinesis->streams);
    mem_free(kinesis);
}

static status kinesis_open(struct cell *cell, void **ret_state)
{
    struct kinesis *kinesis = MEM_NEW(struct kinesis);
    status loaded;

    kinesis->cell = cell;
    kinesis->streams = map_new(STREAMS_MAX);
    loaded = kinesis_load(kinesis);
    if (loaded == OK) {
        loaded = queues_load(kinesis);
    }
    if (loaded == OK) {
        loaded = channels_load(kinesis);
    }
    bus_timer_owner(cell, "kinesis", channels_timer);
    kinesis_join_bus(cell);
    kinesis_join_policies(cell);
    *ret_state = kinesis; /* closed by the cell also when loading failed */
    return loaded;
}

/* Once a minute: what is older than its stream keeps goes, and closed shards with nothing left. */
static status kinesis_tick(struct call *c)
{
    struct kinesis *kinesis = kinesis_of(c);
    struct str key;
    void *value;

    for (size_t i = 0; map_next(kinesis->streams, &i, &key, &value);) {
        stream_expire(c, value);
    }
    queues_tick(c);
    return OK;
}

const struct service kinesis_service = {
    .id = "kinesis",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = kinesis_open,
    .close = kinesis_close,
    .tick = kinesis_tick,
    .types = kinesis_types,
    .type_count = KINESIS_TYPES,
};
