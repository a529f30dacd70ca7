# SPDX-License-Identifier: Apache-2.0
"""Shards: splitting, merging, scaling, listing with filters, lineage, reading through to children."""
import datetime
import hashlib

import pytest
from kinesis_kit import (HASH_MAX, data_of, hash_range, invalid, iterator, open_shards, put,
                         read_shard, shard_id, shards_of)
from weir_server import ACCOUNT


def is_open(shard):
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def parents(shard):
    return [shard[m] for m in ("ParentShardId", "AdjacentParentShardId") if m in shard]


# ---- splitting ----

def test_split_closes_the_parent_and_opens_two_children(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    middle = 2**126
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(middle))
    shards = shards_of(kinesis, name)
    assert [s["ShardId"] for s in shards] == [shard_id(i) for i in range(4)]
    assert [is_open(s) for s in shards] == [False, True, True, True]
    assert hash_range(shards[2]) == (0, middle - 1)
    assert hash_range(shards[3]) == (middle, 2**127 - 1)
    assert parents(shards[2]) == parents(shards[3]) == [shard_id(0)]
    limits = shards[0]["SequenceNumberRange"]
    assert int(limits["StartingSequenceNumber"]) < int(limits["EndingSequenceNumber"])


@pytest.mark.parametrize("at", [2, HASH_MAX - 1])
def test_split_may_leave_very_small_shards(kinesis, name, at):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(at))
    assert [hash_range(s) for s in open_shards(kinesis, name)] == [(0, at - 1), (at, HASH_MAX)]


@pytest.mark.parametrize("at", ["0", "1", str(HASH_MAX), "9" * 39])
def test_split_outside_the_shard_is_refused(kinesis, name, refused, at):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    message = refused("InvalidArgumentException", kinesis.split_shard, StreamName=name,
                      ShardToSplit=shard_id(0), NewStartingHashKey=at)
    assert message == (
        f"NewStartingHashKey {at} used in SplitShard() on shard {shard_id(0)} in stream {name} "
        f"under account {ACCOUNT} is not both greater than one plus the shard's StartingHashKey 0 "
        f"and less than the shard's EndingHashKey {HASH_MAX}.")
    assert len(shards_of(kinesis, name)) == 1


def test_split_of_a_bad_key_breaks_the_pattern(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    for bad in ("", "01", "-5", "abc", "1" * 40):
        message = refused("ValidationException", kinesis.split_shard, StreamName=name,
                          ShardToSplit=shard_id(0), NewStartingHashKey=bad)
        assert f"Value '{bad}' at 'newStartingHashKey' failed to satisfy constraint: " \
               "Member must satisfy regular expression pattern: " in message


def test_split_names_all_missing_members(weir):
    status, answer = weir.call("SplitShard", {})
    assert status == 400 and answer["__type"].endswith("ValidationException")
    assert answer["message"].startswith("2 validation errors detected: ")
    for member in ("shardToSplit", "newStartingHashKey"):
        assert f"Value null at '{member}' failed to satisfy constraint: Member must not be null" \
            in answer["message"]


def test_closed_shard_cannot_be_split_or_merged(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey="1000")
    refused("InvalidArgumentException", kinesis.split_shard, StreamName=name,
            ShardToSplit=shard_id(0), NewStartingHashKey="500")
    refused("InvalidArgumentException", kinesis.merge_shards, StreamName=name,
            ShardToMerge=shard_id(0), AdjacentShardToMerge=shard_id(1))


@pytest.mark.parametrize("asked,named", [
    ("shardId-5", shard_id(5)), ("5", shard_id(5)), ("any-5", shard_id(5)),
    ("2147483647", shard_id(2147483647)), ("2147483648", "2147483648"), ("ABKLFD8", "ABKLFD8"),
    ("2.14E4", "2.14E4"), ("shardId-", "shardId-")])
def test_unknown_shards_are_named_as_aws_names_them(kinesis, name, refused, asked, named):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    message = refused("ResourceNotFoundException", kinesis.split_shard, StreamName=name,
                      ShardToSplit=asked, NewStartingHashKey="1000")
    assert message == f"Could not find shard {named} in stream {name} under account {ACCOUNT}."
    refused("ResourceNotFoundException", kinesis.merge_shards, StreamName=name,
            ShardToMerge=shard_id(0), AdjacentShardToMerge=asked)


# ---- merging ----

def test_merge_closes_two_and_opens_one(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=3)
    kinesis.merge_shards(StreamName=name, ShardToMerge=shard_id(0),
                         AdjacentShardToMerge=shard_id(1))
    shards = shards_of(kinesis, name)
    assert [is_open(s) for s in shards] == [False, False, True, True]
    child = shards[3]
    assert child["ParentShardId"] == shard_id(0)
    assert child["AdjacentParentShardId"] == shard_id(1)
    assert hash_range(child) == (0, hash_range(shards[1])[1])


@pytest.mark.parametrize("first,second", [(0, 2), (1, 0), (0, 0)])
def test_only_neighbours_in_order_merge(kinesis, name, refused, first, second):
    kinesis.create_stream(StreamName=name, ShardCount=3)
    message = refused("InvalidArgumentException", kinesis.merge_shards, StreamName=name,
                      ShardToMerge=shard_id(first), AdjacentShardToMerge=shard_id(second))
    assert message == (f"Shards {shard_id(first)} and {shard_id(second)} in stream {name} under "
                       f"account {ACCOUNT} are not an adjacent pair of shards eligible for merging")
    assert len(open_shards(kinesis, name)) == 3


def test_merge_undoes_a_split(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey="12345")
    kinesis.merge_shards(StreamName=name, ShardToMerge=shard_id(1),
                         AdjacentShardToMerge=shard_id(2))
    only, = open_shards(kinesis, name)
    assert hash_range(only) == (0, HASH_MAX)
    assert parents(only) == [shard_id(1), shard_id(2)]


# ---- UpdateShardCount ----

@pytest.mark.parametrize("before,after", [(1, 2), (2, 4), (2, 3), (4, 2), (3, 2), (5, 7), (7, 4)])
def test_update_shard_count_cuts_evenly_and_keeps_lineage(kinesis, name, before, after):
    kinesis.create_stream(StreamName=name, ShardCount=before)
    answer = kinesis.update_shard_count(StreamName=name, TargetShardCount=after,
                                        ScalingType="UNIFORM_SCALING")
    assert answer["StreamName"] == name
    assert answer["CurrentShardCount"] == before
    assert answer["TargetShardCount"] == after
    shards = shards_of(kinesis, name)
    old = {s["ShardId"]: hash_range(s) for s in shards if not is_open(s)}
    new = [s for s in shards if is_open(s)]
    assert len(old) == before and len(new) == after
    ranges = sorted(hash_range(s) for s in new)
    assert ranges[0][0] == 0 and ranges[-1][1] == HASH_MAX
    assert all(end + 1 == start for (_, end), (start, _) in zip(ranges, ranges[1:]))
    widths = [end - start for start, end in ranges]
    assert max(widths) - min(widths) <= after
    for shard in new:
        start, end = hash_range(shard)
        assert parents(shard)
        for parent in parents(shard):
            assert old[parent][0] <= end and start <= old[parent][1]


def test_same_shard_count_changes_nothing(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=3)
    answer = kinesis.update_shard_count(StreamName=name, TargetShardCount=3,
                                        ScalingType="UNIFORM_SCALING")
    assert answer["CurrentShardCount"] == answer["TargetShardCount"] == 3
    assert len(shards_of(kinesis, name)) == 3


def test_shard_count_beyond_double_or_below_half_is_refused(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=4)
    message = refused("InvalidArgumentException", kinesis.update_shard_count, StreamName=name,
                      TargetShardCount=9, ScalingType="UNIFORM_SCALING")
    assert message == ("UpdateShardCount cannot scale up over double your current open shard "
                       "count. Current open shard count: 4 Target shard count: 9")
    message = refused("InvalidArgumentException", kinesis.update_shard_count, StreamName=name,
                      TargetShardCount=1, ScalingType="UNIFORM_SCALING")
    assert message == ("UpdateShardCount cannot scale down below half your current open shard "
                       "count. Current open shard count: 4 Target shard count: 1")
    message = refused("ValidationException", kinesis.update_shard_count, StreamName=name,
                      TargetShardCount=0, ScalingType="UNIFORM_SCALING")
    assert message == invalid(0, "targetShardCount",
                              "Member must have value greater than or equal to 1")
    message = refused("ValidationException", kinesis.update_shard_count, StreamName=name,
                      TargetShardCount=5, ScalingType="LOPSIDED")
    assert message == invalid("LOPSIDED", "scalingType",
                              "Member must satisfy enum value set: [UNIFORM_SCALING]")


def test_on_demand_streams_scale_themselves(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    message = refused("ValidationException", kinesis.update_shard_count, StreamName=name,
                      TargetShardCount=8, ScalingType="UNIFORM_SCALING")
    assert message == (f"Request is invalid. Stream {name} under account {ACCOUNT} is in "
                       "On-Demand mode.")


# ---- records through resharding ----

def test_records_follow_their_hash_through_splits_and_merges(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    keys = [f"key-{i}" for i in range(60)]

    def put_all(round_number):
        for key in keys:
            answer = put(kinesis, name, f"{key}/{round_number}".encode(), key)
            hashed = int(hashlib.md5(key.encode()).hexdigest(), 16)
            owner, = [s["ShardId"] for s in open_shards(kinesis, name)
                      if hash_range(s)[0] <= hashed <= hash_range(s)[1]]
            assert answer["ShardId"] == owner

    put_all(0)
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0),
                        NewStartingHashKey=str(2**127))
    put_all(1)
    kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    put_all(2)
    last = [s["ShardId"] for s in open_shards(kinesis, name)]
    kinesis.merge_shards(StreamName=name, ShardToMerge=last[0], AdjacentShardToMerge=last[1])
    put_all(3)

    # parents first, as the Kinesis Client Library reads: every key's records in order
    seen = {}
    for shard in shards_of(kinesis, name):
        for record in read_shard(kinesis, name, int(shard["ShardId"][8:])):
            seen.setdefault(record["PartitionKey"], []).append(record["Data"].decode())
    assert seen == {key: [f"{key}/{i}" for i in range(4)] for key in keys}


def test_reading_a_closed_shard_ends_with_its_children(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    put(kinesis, name, b"1")
    put(kinesis, name, b"2")
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(2**127))
    put(kinesis, name, b"3")
    first = kinesis.get_records(ShardIterator=iterator(kinesis, name), Limit=1)
    assert data_of(first["Records"]) == [b"1"]
    assert "ChildShards" not in first
    last = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert data_of(last["Records"]) == [b"2"]
    assert "NextShardIterator" not in last
    assert last["MillisBehindLatest"] == 0
    assert [c["ShardId"] for c in last["ChildShards"]] == [shard_id(1), shard_id(2)]
    assert all(c["ParentShards"] == [shard_id(0)] for c in last["ChildShards"])
    assert [hash_range(c) for c in last["ChildShards"]] == [(0, 2**127 - 1), (2**127, HASH_MAX)]
    # behind the end there is nothing, at once
    ended = kinesis.get_records(ShardIterator=iterator(kinesis, name, kind="LATEST"))
    assert ended["Records"] == [] and "NextShardIterator" not in ended


def test_merged_child_names_both_parents(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.merge_shards(StreamName=name, ShardToMerge=shard_id(0),
                         AdjacentShardToMerge=shard_id(1))
    for parent in (0, 1):
        answer = kinesis.get_records(ShardIterator=iterator(kinesis, name, parent))
        child, = answer["ChildShards"]
        assert child["ShardId"] == shard_id(2)
        assert child["ParentShards"] == [shard_id(0), shard_id(1)]


# ---- ListShards and DescribeStream pages ----

def test_pages_of_shards_are_complete(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=12)
    ids = [shard_id(i) for i in range(12)]
    seen, answer = [], kinesis.list_shards(StreamName=name, MaxResults=5)
    while True:
        assert len(answer["Shards"]) <= 5
        seen += [s["ShardId"] for s in answer["Shards"]]
        if "NextToken" not in answer:
            break
        answer = kinesis.list_shards(NextToken=answer["NextToken"], MaxResults=5)
    assert seen == ids
    after = shards_of(kinesis, name, ExclusiveStartShardId=shard_id(8))
    assert [s["ShardId"] for s in after] == ids[9:]

    seen, more, at = [], True, {}
    while more:
        about = kinesis.describe_stream(StreamName=name, Limit=5, **at)["StreamDescription"]
        seen += [s["ShardId"] for s in about["Shards"]]
        more, at = about["HasMoreShards"], {"ExclusiveStartShardId": seen[-1]}
    assert seen == ids
    refused("ValidationException", kinesis.list_shards, StreamName=name, MaxResults=0)
    refused("ValidationException", kinesis.list_shards, StreamName=name, MaxResults=10001)
    refused("ValidationException", kinesis.describe_stream, StreamName=name, Limit=0)


def test_list_shards_takes_a_name_or_a_token(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=3)
    message = refused("InvalidArgumentException", kinesis.list_shards)
    assert message == "Either NextToken or StreamName should be provided."
    token = kinesis.list_shards(StreamName=name, MaxResults=1)["NextToken"]
    message = refused("InvalidArgumentException", kinesis.list_shards, StreamName=name,
                      NextToken=token)
    assert message == "NextToken and StreamName cannot be provided together."
    refused("InvalidArgumentException", kinesis.list_shards, NextToken="A" * 40)


def test_shard_tokens_expire_after_five_minutes(clocked, name, refused):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=3)
    token = kinesis.list_shards(StreamName=name, MaxResults=1)["NextToken"]
    clocked.advance("5m")
    assert len(kinesis.list_shards(NextToken=token)["Shards"]) == 2
    clocked.advance("1s")
    refused("ExpiredNextTokenException", kinesis.list_shards, NextToken=token)


@pytest.fixture
def resharded(clocked, name):
    """One shard, split an hour later, its low half split again another hour later: 0; 1, 2; 3, 4."""
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    moments = [moment(clocked)]
    clocked.advance("1h")
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(2**127))
    moments.append(moment(clocked))
    clocked.advance("1h")
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(1), NewStartingHashKey=str(2**126))
    moments.append(moment(clocked))
    clocked.advance("1m")
    return kinesis, name, moments


def moment(weir):
    return datetime.datetime.fromisoformat(weir.now().replace("Z", "+00:00"))


def filtered(kinesis, name, **shard_filter):
    return [int(s["ShardId"][8:]) for s in shards_of(kinesis, name, ShardFilter=shard_filter)]


def test_filters_pick_shards_by_time_and_name(resharded):
    kinesis, name, moments = resharded
    later = datetime.timedelta(minutes=30)
    assert filtered(kinesis, name, Type="AT_LATEST") == [2, 3, 4]
    assert filtered(kinesis, name, Type="AT_TRIM_HORIZON") == [0]
    assert filtered(kinesis, name, Type="FROM_TRIM_HORIZON") == [0, 1, 2, 3, 4]
    assert filtered(kinesis, name, Type="AFTER_SHARD_ID", ShardId=shard_id(1)) == [2, 3, 4]
    assert filtered(kinesis, name, Type="AT_TIMESTAMP", Timestamp=moments[0] + later) == [0]
    assert filtered(kinesis, name, Type="AT_TIMESTAMP", Timestamp=moments[1] + later) == [1, 2]
    assert filtered(kinesis, name, Type="FROM_TIMESTAMP",
                    Timestamp=moments[1] + later) == [1, 2, 3, 4]
    # before the stream was, the trim horizon is meant
    assert filtered(kinesis, name, Type="AT_TIMESTAMP",
                    Timestamp=moments[0] - datetime.timedelta(days=300)) == [0]


def test_filters_refuse_what_does_not_belong(resharded, refused):
    kinesis, name, moments = resharded
    future = moments[2] + datetime.timedelta(days=1)
    for bad in ({"Type": "AT_TIMESTAMP"}, {"Type": "AFTER_SHARD_ID"},
                {"Type": "AT_LATEST", "ShardId": shard_id(0)},
                {"Type": "AT_LATEST", "Timestamp": moments[0]},
                {"Type": "FROM_TIMESTAMP", "Timestamp": future}):
        refused("InvalidArgumentException", kinesis.list_shards, StreamName=name, ShardFilter=bad)
    message = refused("ValidationException", kinesis.list_shards, StreamName=name,
                      ShardFilter={"Type": "SOMETIME"})
    assert "Value 'SOMETIME' at 'shardFilter.type' failed to satisfy constraint: " \
           "Member must satisfy enum value set: [" in message


def test_closed_shards_leave_when_their_records_have_expired(fresh, refused):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    put(kinesis, "s", b"old")
    kinesis.split_shard(StreamName="s", ShardToSplit=shard_id(0), NewStartingHashKey=str(2**127))
    weir.advance("23h")
    assert [s["ShardId"] for s in shards_of(kinesis, "s")] == [shard_id(i) for i in range(3)]
    weir.advance("2h")
    weir.advance("2m")
    assert [s["ShardId"] for s in shards_of(kinesis, "s")] == [shard_id(1), shard_id(2)]
    message = refused("ResourceNotFoundException", kinesis.get_shard_iterator, StreamName="s",
                      ShardId=shard_id(0), ShardIteratorType="TRIM_HORIZON")
    assert message == f"Shard {shard_id(0)} in stream s under account {ACCOUNT} does not exist"


def test_lineage_survives_a_kill(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=2)
    put(kinesis, "s", b"before", "a")
    kinesis.split_shard(StreamName="s", ShardToSplit=shard_id(0), NewStartingHashKey="1000")
    kinesis.merge_shards(StreamName="s", ShardToMerge=shard_id(3),
                         AdjacentShardToMerge=shard_id(1))
    put(kinesis, "s", b"after", "a")
    before = shards_of(kinesis, "s")
    records = {s["ShardId"]: read_shard(kinesis, "s", int(s["ShardId"][8:])) for s in before}
    kinesis = weir.restart(hard=True).client()
    assert shards_of(kinesis, "s") == before
    for shard, was in records.items():
        assert read_shard(kinesis, "s", int(shard[8:])) == was
