# SPDX-License-Identifier: Apache-2.0
"""Streams as a user of boto3 sees them: create, describe, list, delete, modes, names and ARNs."""
import datetime

import pytest
from kinesis_kit import (HASH_MAX, hash_range, invalid, open_shards, put, read_stream, shard_id,
                         stream_arn)
from weir_server import ACCOUNT

NAME_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"


def test_new_stream_is_active_and_covers_all_hash_keys(kinesis, name):
    before = datetime.datetime.now(datetime.timezone.utc)
    kinesis.create_stream(StreamName=name, ShardCount=3)
    about = kinesis.describe_stream(StreamName=name)["StreamDescription"]

    assert about["StreamName"] == name
    assert about["StreamARN"] == stream_arn(name)
    assert about["StreamStatus"] == "ACTIVE"
    assert about["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert about["HasMoreShards"] is False
    assert about["RetentionPeriodHours"] == 24
    assert about["EncryptionType"] == "NONE"
    assert about["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert abs((about["StreamCreationTimestamp"] - before).total_seconds()) < 60
    assert [s["ShardId"] for s in about["Shards"]] == [shard_id(i) for i in range(3)]
    # the very numbers that AWS gives
    assert [hash_range(s) for s in about["Shards"]] == [
        (0, 113427455640312821154458202477256070484),
        (113427455640312821154458202477256070485, 226854911280625642308916404954512140969),
        (226854911280625642308916404954512140970, HASH_MAX)]
    for shard in about["Shards"]:
        assert "ParentShardId" not in shard
        assert list(shard["SequenceNumberRange"]) == ["StartingSequenceNumber"]


@pytest.mark.parametrize("count", [1, 2, 5, 7, 100])
def test_shards_leave_no_gap_and_do_not_overlap(kinesis, name, count):
    kinesis.create_stream(StreamName=name, ShardCount=count)
    ranges = [hash_range(s) for s in open_shards(kinesis, name)]
    assert len(ranges) == count
    assert ranges[0][0] == 0 and ranges[-1][1] == HASH_MAX
    for (_, end), (start, _) in zip(ranges, ranges[1:]):
        assert start == end + 1
    widths = [end - start for start, end in ranges]
    assert max(widths) - min(widths) <= count


def test_summary_counts_instead_of_listing(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=4)
    kinesis.register_stream_consumer(StreamARN=stream_arn(name), ConsumerName="one")
    about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert about["OpenShardCount"] == 4
    assert about["ConsumerCount"] == 1
    assert about["StreamStatus"] == "ACTIVE"
    assert about["MaxRecordSizeInKiB"] == 1024
    assert "Shards" not in about


def test_on_demand_stream_begins_with_four_shards(kinesis, name):
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert about["OpenShardCount"] == 4
    assert about["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}


def test_stream_can_be_named_by_arn(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = stream_arn(name)
    assert kinesis.describe_stream(StreamARN=arn)["StreamDescription"]["StreamName"] == name
    kinesis.put_record(StreamARN=arn, Data=b"by arn", PartitionKey="a")
    assert [r["Data"] for r in read_stream(kinesis, name)] == [b"by arn"]
    both = kinesis.describe_stream_summary(StreamARN=arn, StreamName=name)
    assert both["StreamDescriptionSummary"]["StreamARN"] == arn
    kinesis.delete_stream(StreamARN=arn)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream(StreamName=name)


def test_name_and_arn_of_two_streams_are_refused(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    refused("InvalidArgumentException", kinesis.describe_stream, StreamName="another",
            StreamARN=stream_arn(name))


def test_neither_name_nor_arn_is_refused(kinesis, refused):
    refused("InvalidArgumentException", kinesis.describe_stream)
    refused("InvalidArgumentException", kinesis.put_record, Data=b"x", PartitionKey="k")


@pytest.mark.parametrize("operation,more", [
    ("describe_stream", {}), ("describe_stream_summary", {}), ("delete_stream", {}),
    ("list_shards", {}), ("list_tags_for_stream", {}),
    ("put_record", {"Data": b"x", "PartitionKey": "k"}),
    ("put_records", {"Records": [{"Data": b"x", "PartitionKey": "k"}]}),
    ("add_tags_to_stream", {"Tags": {"a": "b"}}),
    ("remove_tags_from_stream", {"TagKeys": ["a"]}),
    ("split_shard", {"ShardToSplit": "shardId-0", "NewStartingHashKey": "2"}),
    ("merge_shards", {"ShardToMerge": "shardId-0", "AdjacentShardToMerge": "shardId-1"}),
    ("update_shard_count", {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
    ("increase_stream_retention_period", {"RetentionPeriodHours": 48}),
    ("decrease_stream_retention_period", {"RetentionPeriodHours": 24}),
    ("start_stream_encryption", {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
    ("stop_stream_encryption", {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
    ("enable_enhanced_monitoring", {"ShardLevelMetrics": ["ALL"]}),
    ("disable_enhanced_monitoring", {"ShardLevelMetrics": ["ALL"]}),
    ("update_stream_warm_throughput", {"WarmThroughputMiBps": 1}),
])
def test_unknown_stream_is_not_found_by_any_operation(kinesis, refused, operation, more):
    message = refused("ResourceNotFoundException", getattr(kinesis, operation),
                      StreamName="nowhere", **more)
    assert message == f"Stream nowhere under account {ACCOUNT} not found."
    message = refused("ResourceNotFoundException", getattr(kinesis, operation),
                      StreamARN=stream_arn("nowhere"), **more)
    assert message == f"Stream nowhere under account {ACCOUNT} not found."


def test_same_name_twice_is_in_use(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    message = refused("ResourceInUseException", kinesis.create_stream, StreamName=name,
                      ShardCount=5)
    assert message == f"Stream {name} under account {ACCOUNT} already exists."
    assert len(open_shards(kinesis, name)) == 1


def test_deleted_name_is_free_again_and_empty(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    put(kinesis, name, b"old")
    kinesis.delete_stream(StreamName=name)
    kinesis.create_stream(StreamName=name, ShardCount=2)
    assert read_stream(kinesis, name) == []
    assert len(open_shards(kinesis, name)) == 2


def test_stream_with_consumers_is_deleted_only_when_told(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.register_stream_consumer(StreamARN=stream_arn(name), ConsumerName="reader")
    refused("ResourceInUseException", kinesis.delete_stream, StreamName=name)
    refused("ResourceInUseException", kinesis.delete_stream, StreamName=name,
            EnforceConsumerDeletion=False)
    assert put(kinesis, name, b"still there")["ShardId"] == shard_id(0)
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    refused("ResourceNotFoundException", kinesis.list_stream_consumers,
            StreamARN=stream_arn(name))


# ---- names and numbers ----

@pytest.mark.parametrize("bad,rules", [
    ("", [NAME_PATTERN, "Member must have length greater than or equal to 1"]),
    ("a b", [NAME_PATTERN]), ("a/b", [NAME_PATTERN]), ("äöü", [NAME_PATTERN]),
    ("a" * 129, ["Member must have length less than or equal to 128"]),
])
def test_bad_names_are_refused_with_aws_sentence(kinesis, refused, bad, rules):
    message = refused("ValidationException", kinesis.create_stream, StreamName=bad, ShardCount=1)
    assert message.startswith(f"{len(rules)} validation error{'s' * (len(rules) > 1)} detected: ")
    for rule in rules:
        assert f"Value '{bad}' at 'streamName' failed to satisfy constraint: {rule}" in message


def test_longest_name_works(kinesis):
    longest = "x" * 128
    kinesis.create_stream(StreamName=longest, ShardCount=1)
    put(kinesis, longest, b"1")
    assert [r["Data"] for r in read_stream(kinesis, longest)] == [b"1"]


@pytest.mark.parametrize("count", [0, -1, -2147483648])
def test_shard_count_below_one_is_refused(kinesis, name, refused, count):
    message = refused("ValidationException", kinesis.create_stream, StreamName=name,
                      ShardCount=count)
    assert message == invalid(count, "shardCount",
                              "Member must have value greater than or equal to 1")
    refused("ResourceNotFoundException", kinesis.describe_stream, StreamName=name)


def test_missing_name_is_named_as_null(kinesis, refused):
    message = refused("ValidationException", kinesis.create_stream, ShardCount=1)
    assert message == invalid(None, "streamName", "Member must not be null")


def test_two_broken_rules_are_both_told(weir):
    status, answer = weir.call("CreateStream", {"ShardCount": 0})
    assert status == 400
    assert answer["__type"].endswith("ValidationException")
    assert answer["message"].startswith("2 validation errors detected: ")
    assert "Value null at 'streamName'" in answer["message"]
    assert "Value '0' at 'shardCount'" in answer["message"]


def test_shard_count_goes_with_provisioned_only(kinesis, name, refused):
    refused("ValidationException", kinesis.create_stream, StreamName=name)
    refused("ValidationException", kinesis.create_stream, StreamName=name, ShardCount=2,
            StreamModeDetails={"StreamMode": "ON_DEMAND"})
    message = refused("ValidationException", kinesis.create_stream, StreamName=name,
                      StreamModeDetails={"StreamMode": "SOMETIMES"})
    assert "Value 'SOMETIMES' at 'streamModeDetails.streamMode'" in message
    assert "Member must satisfy enum value set: [" in message


def test_too_many_shards_exceed_the_limit(kinesis, name, refused):
    message = refused("LimitExceededException", kinesis.create_stream, StreamName=name,
                      ShardCount=1_000_000)
    assert message.startswith("This request would exceed the shard limit for the account "
                              f"{ACCOUNT} in us-east-1. Current shard count for the account: ")
    assert "Number of additional shards that would have resulted from this request: 1000000" \
        in message


# ---- wrong types: what a client library would not send ----

@pytest.mark.parametrize("member,value,message", [
    ("StreamName", 23, "NUMBER_VALUE can not be converted to a String"),
    ("StreamName", True, "TRUE_VALUE can not be converted to a String"),
    ("StreamName", [], "Start of list found where not expected"),
    ("StreamName", {}, "Start of structure or map found where not expected."),
    ("ShardCount", "23", "STRING_VALUE can not be converted to an Integer"),
    ("ShardCount", True, "TRUE_VALUE can not be converted to an Integer"),
    ("ShardCount", [], "Start of list found where not expected"),
    ("StreamModeDetails", "x", "Expected null"),
    ("Tags", "x", "Expected map or null"),
    ("Tags", [], "Start of list found where not expected"),
])
def test_wrong_types_are_serialization_exceptions(weir, member, value, message):
    status, answer = weir.call("CreateStream", {"StreamName": "typed", member: value})
    assert status == 400
    assert answer["__type"].endswith("SerializationException")
    assert answer.get("Message", answer.get("message")) == message


@pytest.mark.parametrize("body", [b"{", b"[]", b"nonsense", b'{"StreamName":"a"', b'{"a":}',
                                  b'"text"', b"\xff\xfe", b'{"StreamName":"\xff"}', b"[" * 5000])
def test_broken_bodies_are_serialization_exceptions_and_change_nothing(weir, kinesis, body):
    before = weir.health()["position"]
    status, answer = weir.call("CreateStream", body)
    assert status == 400
    assert answer["__type"].endswith("SerializationException")
    assert weir.health()["position"] == before


def test_unknown_members_and_nulls_are_passed_over(weir, kinesis, name):
    status, _ = weir.call("CreateStream", {"StreamName": name, "ShardCount": 1, "Tags": None,
                                           "Colour": {"deep": ["green"]}})
    assert status == 200
    assert len(open_shards(kinesis, name)) == 1


def test_an_unknown_operation_says_what_it_is(weir, kinesis):
    status, answer = weir.call("MakeCoffee", {})
    assert status in (400, 404)
    assert answer["__type"].endswith("UnknownOperationException")


# ---- listing ----

def test_lists_are_sorted_paged_and_complete(fresh):
    kinesis = fresh().client()
    names = [f"page-{i:02}" for i in range(25)]
    for each in reversed(names):
        kinesis.create_stream(StreamName=each, ShardCount=1)
    answer = kinesis.list_streams()
    assert answer["StreamNames"] == names and answer["HasMoreStreams"] is False
    assert "NextToken" not in answer
    first = answer["StreamSummaries"][0]
    assert first["StreamARN"] == stream_arn(names[0]) and first["StreamStatus"] == "ACTIVE"
    assert first["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}

    seen, answer = [], kinesis.list_streams(Limit=10)
    while True:
        assert len(answer["StreamNames"]) <= 10
        seen += answer["StreamNames"]
        if not answer["HasMoreStreams"]:
            break
        answer = kinesis.list_streams(Limit=10, NextToken=answer["NextToken"])
    assert seen == names

    after = kinesis.list_streams(ExclusiveStartStreamName="page-20")
    assert after["StreamNames"] == names[21:]
    assert kinesis.list_streams(ExclusiveStartStreamName="page-03a")["StreamNames"][0] == "page-04"
    pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 7})
    assert [n for page in pages for n in page["StreamNames"]] == names


def test_bad_and_old_list_tokens_are_refused(fresh, refused):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    for each in ("a", "b", "c"):
        kinesis.create_stream(StreamName=each, ShardCount=1)
    token = kinesis.list_streams(Limit=1)["NextToken"]
    refused("InvalidArgumentException", kinesis.list_streams, NextToken="nonsense")
    refused("InvalidArgumentException", kinesis.list_shards, NextToken=token)
    weir.advance("6m")
    refused("ExpiredNextTokenException", kinesis.list_streams, NextToken=token)


def test_list_limits_are_checked(kinesis, refused):
    for limit, rule in ((0, "greater than or equal to 1"), (10001, "less than or equal to 10000")):
        message = refused("ValidationException", kinesis.list_streams, Limit=limit)
        assert message == invalid(limit, "limit", f"Member must have value {rule}")


def test_accounts_and_regions_do_not_see_each_other(weir, name, refused):
    home = weir.client()
    abroad = weir.client(region="eu-central-1")
    other = weir.client(access_key="999988887777")
    home.create_stream(StreamName=name, ShardCount=1)
    for stranger in (abroad, other):
        assert name not in stranger.list_streams()["StreamNames"]
        refused("ResourceNotFoundException", stranger.describe_stream, StreamName=name)
        stranger.create_stream(StreamName=name, ShardCount=2)
    assert len(open_shards(home, name)) == 1
    assert other.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"][
        "StreamARN"] == stream_arn(name, account="999988887777")
    assert abroad.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"][
        "StreamARN"] == stream_arn(name, region="eu-central-1")


# ---- modes ----

def test_mode_changes_keep_shards_and_records(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    put(kinesis, name, b"kept")
    kinesis.update_stream_mode(StreamARN=stream_arn(name),
                               StreamModeDetails={"StreamMode": "ON_DEMAND"})
    about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert about["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert about["OpenShardCount"] == 2
    assert [r["Data"] for r in read_stream(kinesis, name)] == [b"kept"]
    kinesis.update_stream_mode(StreamARN=stream_arn(name),
                               StreamModeDetails={"StreamMode": "PROVISIONED"})
    about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert about["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}


def test_mode_of_unknown_stream_or_with_bad_arn_is_refused(kinesis, refused):
    refused("ResourceNotFoundException", kinesis.update_stream_mode,
            StreamARN=stream_arn("nowhere"), StreamModeDetails={"StreamMode": "ON_DEMAND"})
    message = refused("ValidationException", kinesis.update_stream_mode, StreamARN="not-an-arn",
                      StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert "Value 'not-an-arn' at 'streamARN' failed to satisfy constraint: " \
           "Member must satisfy regular expression pattern: " in message


# ---- durability ----

def test_streams_survive_a_kill_and_a_clean_stop(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="kept", ShardCount=3, Tags={"team": "doors"})
    kinesis.create_stream(StreamName="gone", ShardCount=1)
    kinesis.delete_stream(StreamName="gone")
    kinesis.increase_stream_retention_period(StreamName="kept", RetentionPeriodHours=100)
    before = kinesis.describe_stream(StreamName="kept")["StreamDescription"]
    for hard in (True, False, True):
        kinesis = weir.restart(hard=hard).client()
        assert kinesis.list_streams()["StreamNames"] == ["kept"]
        assert kinesis.describe_stream(StreamName="kept")["StreamDescription"] == before
        tags = kinesis.list_tags_for_stream(StreamName="kept")["Tags"]
        assert tags == [{"Key": "team", "Value": "doors"}]
