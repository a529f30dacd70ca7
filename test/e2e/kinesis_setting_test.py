# SPDX-License-Identifier: Apache-2.0
"""Settings: retention, encryption, monitoring, policies, record size, distribution, warm throughput,
the account."""
import datetime
import json

import pytest
from kinesis_kit import invalid, put, queue_arn, read_shard, stream_arn

METRICS = ["IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
           "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded",
           "IteratorAgeMilliseconds"]
KEY = "alias/aws/kinesis"


@pytest.fixture
def stream(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return name


@pytest.fixture
def on_demand(kinesis, name):
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    return name


def summary(kinesis, name):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


# ---- retention ----

def test_retention_goes_up_and_down(kinesis, stream):
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=8760)
    assert summary(kinesis, stream)["RetentionPeriodHours"] == 8760
    kinesis.decrease_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
    assert summary(kinesis, stream)["RetentionPeriodHours"] == 48
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
    assert summary(kinesis, stream)["RetentionPeriodHours"] == 48


def test_retention_has_limits_and_directions(kinesis, stream, refused):
    up = kinesis.increase_stream_retention_period
    down = kinesis.decrease_stream_retention_period
    for call in (up, down):
        for hours in (23, 0, -1):
            message = refused("InvalidArgumentException", call, StreamName=stream,
                              RetentionPeriodHours=hours)
            assert message == ("Minimum allowed retention period is 24 hours. Requested retention "
                               f"period ({hours} hours) is too short.")
        message = refused("InvalidArgumentException", call, StreamName=stream,
                          RetentionPeriodHours=8761)
        assert message == ("Maximum allowed retention period is 8760 hours. Requested retention "
                           "period (8761 hours) is too long.")
    up(StreamName=stream, RetentionPeriodHours=72)
    message = refused("InvalidArgumentException", up, StreamName=stream, RetentionPeriodHours=48)
    assert message == (f"Requested retention period (48 hours) for stream {stream} can not be "
                       "shorter than existing retention period (72 hours). Use "
                       "DecreaseRetentionPeriod API.")
    message = refused("InvalidArgumentException", down, StreamName=stream,
                      RetentionPeriodHours=100)
    assert message == (f"Requested retention period (100 hours) for stream {stream} can not be "
                       "longer than existing retention period (72 hours). Use "
                       "IncreaseRetentionPeriod API.")
    message = refused("ValidationException", up, StreamName=stream)
    assert message == invalid(None, "retentionPeriodHours", "Member must not be null")


# ---- encryption ----

def test_encrypted_streams_say_so_on_every_record(kinesis, stream):
    put(kinesis, stream, b"plain")
    kinesis.start_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=KEY)
    about = summary(kinesis, stream)
    assert about["EncryptionType"] == "KMS" and about["KeyId"] == KEY
    assert put(kinesis, stream, b"secret")["EncryptionType"] == "KMS"
    batch = kinesis.put_records(StreamName=stream,
                                Records=[{"Data": b"batch", "PartitionKey": "k"}])
    assert batch["EncryptionType"] == "KMS"
    kinesis.stop_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=KEY)
    assert summary(kinesis, stream)["EncryptionType"] == "NONE"
    put(kinesis, stream, b"plain again")
    assert [r.get("EncryptionType") for r in read_shard(kinesis, stream)] == [
        None, "KMS", "KMS", None]


def test_encryption_needs_its_type_and_key(kinesis, stream, refused):
    for call in (kinesis.start_stream_encryption, kinesis.stop_stream_encryption):
        refused("InvalidArgumentException", call, StreamName=stream, EncryptionType="NONE",
                KeyId=KEY)
        refused("ValidationException", call, StreamName=stream, EncryptionType="ROT13", KeyId=KEY)
        message = refused("ValidationException", call, StreamName=stream, EncryptionType="KMS")
        assert message == invalid(None, "keyId", "Member must not be null")
        refused("ValidationException", call, StreamName=stream, EncryptionType="KMS", KeyId="")
        refused("ValidationException", call, StreamName=stream, EncryptionType="KMS",
                KeyId="k" * 2049)


# ---- enhanced monitoring ----

def test_monitoring_is_switched_per_metric(kinesis, stream):
    answer = kinesis.enable_enhanced_monitoring(
        StreamName=stream, ShardLevelMetrics=["OutgoingBytes", "IncomingBytes"])
    assert answer["StreamName"] == stream and answer["StreamARN"] == stream_arn(stream)
    assert answer["CurrentShardLevelMetrics"] == []
    assert sorted(answer["DesiredShardLevelMetrics"]) == ["IncomingBytes", "OutgoingBytes"]
    answer = kinesis.enable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])
    assert len(answer["CurrentShardLevelMetrics"]) == 2
    assert sorted(answer["DesiredShardLevelMetrics"]) == sorted(METRICS)
    answer = kinesis.disable_enhanced_monitoring(StreamName=stream,
                                                 ShardLevelMetrics=["IteratorAgeMilliseconds"])
    assert sorted(answer["DesiredShardLevelMetrics"]) == sorted(METRICS[:6])
    shown = kinesis.describe_stream(StreamName=stream)["StreamDescription"]["EnhancedMonitoring"]
    assert sorted(shown[0]["ShardLevelMetrics"]) == sorted(METRICS[:6])
    answer = kinesis.disable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])
    assert answer["DesiredShardLevelMetrics"] == []


def test_unknown_metrics_are_refused(kinesis, stream, refused):
    for metrics in ([], ["Nonsense"], ["ALL"] * 8):
        refused("ValidationException", kinesis.enable_enhanced_monitoring, StreamName=stream,
                ShardLevelMetrics=metrics)


# ---- resource policies ----

def test_policies_are_kept_per_resource_as_they_came(kinesis, on_demand, refused):
    consumer = kinesis.register_stream_consumer(
        StreamARN=stream_arn(on_demand), ConsumerName="c")["Consumer"]["ConsumerARN"]
    kinesis.create_queue(QueueName=f"q-{on_demand}",
                         StreamConfigurationList=[{"StreamARN": stream_arn(on_demand)}])
    for arn in (stream_arn(on_demand), consumer, queue_arn(f"q-{on_demand}")):
        message = refused("ResourceNotFoundException", kinesis.get_resource_policy,
                          ResourceARN=arn)
        assert message == f"No resource policy found for resource ARN {arn}"
        refused("ResourceNotFoundException", kinesis.delete_resource_policy, ResourceARN=arn)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "kinesis:*", "Resource": arn}]},
            indent=2)
        kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
        assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == policy
        kinesis.put_resource_policy(ResourceARN=arn, Policy='{"Version": "2012-10-17"}')
        assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == '{"Version": "2012-10-17"}'
        kinesis.delete_resource_policy(ResourceARN=arn)
        refused("ResourceNotFoundException", kinesis.get_resource_policy, ResourceARN=arn)


@pytest.mark.parametrize("policy", ["", "nonsense", "[]", '"text"', "{", "5",
                                    '{"a": "' + "x" * 20480 + '"}'])
def test_what_is_no_policy_is_refused(kinesis, stream, refused, policy):
    refused("InvalidArgumentException", kinesis.put_resource_policy,
            ResourceARN=stream_arn(stream), Policy=policy)


# ---- record size, distribution, warm throughput ----

def test_record_size_can_be_raised_later(kinesis, stream, refused):
    refused("InvalidArgumentException", put, kinesis, stream, b"x" * 2_000_000)
    kinesis.update_max_record_size(StreamARN=stream_arn(stream), MaxRecordSizeInKiB=2048)
    assert summary(kinesis, stream)["MaxRecordSizeInKiB"] == 2048
    put(kinesis, stream, b"x" * 2_000_000)
    for size in (1023, 10241):
        refused("ValidationException", kinesis.update_max_record_size,
                StreamARN=stream_arn(stream), MaxRecordSizeInKiB=size)


def test_distribution_is_for_on_demand_streams(kinesis, on_demand, refused):
    assert summary(kinesis, on_demand)["RecordDistributionStrategy"] == "USER_PARTITION_KEY"
    arn = stream_arn(on_demand)
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn,
                                                       RecordDistributionStrategy="AUTO")
    assert summary(kinesis, on_demand)["RecordDistributionStrategy"] == "AUTO"
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    refused("InvalidArgumentException", kinesis.update_stream_record_distribution_strategy,
            StreamARN=arn, RecordDistributionStrategy="AUTO")
    kinesis.create_stream(StreamName=f"{on_demand}-b", StreamModeDetails={
        "StreamMode": "ON_DEMAND"}, RecordDistributionStrategy="AUTO")
    assert summary(kinesis, f"{on_demand}-b")["RecordDistributionStrategy"] == "AUTO"
    refused("InvalidArgumentException", kinesis.create_stream, StreamName=f"{on_demand}-c",
            ShardCount=1, RecordDistributionStrategy="AUTO")


def test_warm_throughput_is_kept_for_on_demand_streams(kinesis, on_demand, refused):
    answer = kinesis.update_stream_warm_throughput(StreamName=on_demand, WarmThroughputMiBps=100)
    assert answer["WarmThroughput"]["TargetMiBps"] == 100
    assert answer["StreamARN"] == stream_arn(on_demand)
    assert summary(kinesis, on_demand)["WarmThroughput"]["TargetMiBps"] == 100
    refused("ValidationException", kinesis.update_stream_warm_throughput, StreamName=on_demand,
            WarmThroughputMiBps=-1)
    refused("InvalidArgumentException", kinesis.update_stream_warm_throughput,
            StreamName=on_demand, WarmThroughputMiBps=10241)
    kinesis.create_stream(StreamName=f"{on_demand}-p", ShardCount=1)
    refused("InvalidArgumentException", kinesis.update_stream_warm_throughput,
            StreamName=f"{on_demand}-p", WarmThroughputMiBps=1)
    refused("InvalidArgumentException", kinesis.create_stream, StreamName=f"{on_demand}-q",
            ShardCount=1, WarmThroughputMiBps=1)


# ---- the account ----

def test_limits_count_what_is_open(fresh):
    kinesis = fresh().client()
    answer = kinesis.describe_limits()
    assert (answer["OpenShardCount"], answer["OnDemandStreamCount"]) == (0, 0)
    kinesis.create_stream(StreamName="a", ShardCount=3)
    kinesis.create_stream(StreamName="b", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    kinesis.split_shard(StreamName="a", ShardToSplit="shardId-0", NewStartingHashKey="1000")
    answer = kinesis.describe_limits()
    assert answer["OpenShardCount"] == 8
    assert answer["OnDemandStreamCount"] == 1
    assert answer["ShardLimit"] >= answer["OpenShardCount"]


def test_commitment_ends_a_day_after_it_began_at_the_earliest(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()

    def commitment():
        return kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]

    def switch(status):
        return kinesis.update_account_settings(MinimumThroughputBillingCommitment={
            "Status": status})["MinimumThroughputBillingCommitment"]

    assert commitment()["Status"] == "DISABLED"
    begun = switch("ENABLED")
    assert begun["Status"] == "ENABLED"
    assert begun["EarliestAllowedEndAt"] - begun["StartedAt"] == datetime.timedelta(days=1)
    assert switch("DISABLED")["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    kinesis = weir.restart(hard=True).client()
    assert commitment()["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    weir.advance("25h")
    assert commitment()["Status"] == "DISABLED"
    assert commitment()["EndedAt"] == begun["EarliestAllowedEndAt"]


def test_settings_survive_a_kill(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    arn = stream_arn("s")
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=100)
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId=KEY)
    kinesis.enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["IncomingBytes"])
    kinesis.put_resource_policy(ResourceARN=arn, Policy='{"a": 1}')
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=4096)
    kinesis.update_stream_record_distribution_strategy(StreamARN=arn,
                                                       RecordDistributionStrategy="AUTO")
    kinesis.update_stream_warm_throughput(StreamARN=arn, WarmThroughputMiBps=7)
    before = summary(kinesis, "s")
    kinesis = weir.restart(hard=True).client()
    assert summary(kinesis, "s") == before
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == '{"a": 1}'
