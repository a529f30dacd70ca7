/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinesis' handlers, one file per group; the table is in api.c. And what api.c and others need of
 * queues.
 */
#ifndef WEIR_SVC_KINESIS_OPS_H
#define WEIR_SVC_KINESIS_OPS_H

#include "svc/kinesis/kinesis_int.h"

status kinesis_create_stream(struct call *c);
status kinesis_delete_stream(struct call *c);
status kinesis_describe_stream(struct call *c);
status kinesis_describe_stream_summary(struct call *c);
status kinesis_list_streams(struct call *c);
status kinesis_list_shards(struct call *c);
status kinesis_split_shard(struct call *c);
status kinesis_merge_shards(struct call *c);
status kinesis_update_shard_count(struct call *c);
status kinesis_increase_retention(struct call *c);
status kinesis_decrease_retention(struct call *c);
status kinesis_update_stream_mode(struct call *c);

status kinesis_put_record(struct call *c);
status kinesis_put_records(struct call *c);
status kinesis_get_shard_iterator(struct call *c);
status kinesis_get_records(struct call *c);

status kinesis_register_consumer(struct call *c);
status kinesis_deregister_consumer(struct call *c);
status kinesis_describe_consumer(struct call *c);
status kinesis_list_consumers(struct call *c);
status kinesis_subscribe_to_shard(struct call *c);

status kinesis_add_tags(struct call *c);
status kinesis_remove_tags(struct call *c);
status kinesis_list_tags(struct call *c);
status kinesis_tag_resource(struct call *c);
status kinesis_untag_resource(struct call *c);
status kinesis_list_resource_tags(struct call *c);

status kinesis_put_policy(struct call *c);
status kinesis_get_policy(struct call *c);
status kinesis_delete_policy(struct call *c);
status kinesis_start_encryption(struct call *c);
status kinesis_stop_encryption(struct call *c);
status kinesis_enable_monitoring(struct call *c);
status kinesis_disable_monitoring(struct call *c);
status kinesis_describe_limits(struct call *c);
status kinesis_describe_account_settings(struct call *c);
status kinesis_update_account_settings(struct call *c);
status kinesis_update_max_record_size(struct call *c);
status kinesis_update_distribution(struct call *c);
status kinesis_update_warm_throughput(struct call *c);

/* api_record.c: one record, which fits, to the shard of its key; readers are woken. */
void record_put(struct call *c, struct stream *stream, struct str partition_key, struct str data);
void kinesis_join_bus(struct cell *cell); /* sink.c */
void kinesis_join_policies(struct cell *cell); /* guard.c */

/* record.c: past what has expired, when the reader stands before it. */
status shard_skip_expired(struct call *c, struct shard *shard, uint64_t *next);

/* source.c: a stream as a source of the bus. */
extern const struct source kinesis_source;
/* sink.c: wakes who watches it: there are records; or other shards. */
void stream_ring(struct call *c, const struct stream *stream, bool shards);

/* subscribe.c: the shard is about to be freed. */
void subscriptions_orphan(struct shard *shard);
void subscriptions_end_of(struct call *c, const struct consumer *consumer);

/* consumer.c */
struct str consumer_arn(struct call *c, const struct consumer *consumer);
/* By the ARN's stream, name and creation time; ResourceNotFoundException otherwise. */
status consumer_of_arn(struct call *c, struct str arn, struct consumer **ret_consumer);
void consumer_free(struct consumer *consumer);
struct consumer *consumer_find(const struct stream *stream, struct str name); /* NULL: none */

/* queue.c: for tagged_find. */
status queue_of_arn(struct call *c, struct str arn, struct queue **ret_queue);
struct tags *queue_tags(struct queue *queue);
struct str *queue_policy(struct queue *queue);
struct stream *queue_stream(struct queue *queue);
void queue_save(struct call *c, const struct queue *queue);

/* queue.c and api_queue.c: opened, closed and ticked with the service. */
status queues_load(struct kinesis *kinesis);
void queues_done(struct kinesis *kinesis);
void queues_wake_stream(struct call *c, struct stream *stream); /* records were put */
void queues_tick(struct call *c);

/* channel.c, for tagged_find and api.c. */
status channel_of_arn(struct call *c, struct str arn, struct channel **ret_channel);
struct tags *channel_tags(struct channel *channel);
struct stream *channel_stream(struct channel *channel);
void channel_save(struct call *c, const struct channel *channel);
status channels_load(struct kinesis *kinesis);
void channels_done(struct kinesis *kinesis);
status channels_timer(struct call *c, struct str name, struct str payload); /* the bus's */
status kinesis_create_channel(struct call *c);
status kinesis_delete_channel(struct call *c);
status kinesis_describe_channel(struct call *c);
status kinesis_list_channels(struct call *c);
status kinesis_update_channel(struct call *c);

status kinesis_create_queue(struct call *c);
status kinesis_delete_queue(struct call *c);
status kinesis_describe_queue(struct call *c);
status kinesis_list_queues(struct call *c);
status kinesis_update_queue(struct call *c);
status kinesis_receive_queue_records(struct call *c);
status kinesis_acknowledge_queue_records(struct call *c);
status kinesis_update_queue_visibility(struct call *c);
status kinesis_receive_dead_records(struct call *c);
status kinesis_acknowledge_dead_records(struct call *c);
status kinesis_update_dead_visibility(struct call *c);
status kinesis_restore_dead_records(struct call *c);

#endif
