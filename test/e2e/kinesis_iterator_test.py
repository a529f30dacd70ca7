# SPDX-License-Identifier: Apache-2.0
"""Shard iterators: the five types, what each refuses, their five minutes, and tokens made up."""
import base64
import datetime
import re

import pytest
from kinesis_kit import data_of, invalid, iterator, put, read_from, shard_id
from weir_server import ACCOUNT

EITHER = ("Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
          "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
          "Request specified {} and {} StartingSequenceNumber.")


@pytest.fixture
def stream(kinesis, name):
    """One shard with four records; gives the name and their sequence numbers."""
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return name, [put(kinesis, name, str(i).encode())["SequenceNumber"] for i in range(4)]


def test_trim_horizon_begins_with_the_oldest(kinesis, stream):
    assert data_of(read_from(kinesis, iterator(kinesis, stream[0]))) == [b"0", b"1", b"2", b"3"]


def test_latest_begins_with_what_comes_next(kinesis, stream):
    name, _ = stream
    at = iterator(kinesis, name, kind="LATEST")
    assert read_from(kinesis, at) == []
    put(kinesis, name, b"new")
    assert data_of(read_from(kinesis, at)) == [b"new"]


@pytest.mark.parametrize("index", range(4))
def test_at_and_after_a_number(kinesis, stream, index):
    name, numbers = stream
    at = iterator(kinesis, name, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[index])
    assert data_of(read_from(kinesis, at)) == [b"0", b"1", b"2", b"3"][index:]
    after = iterator(kinesis, name, kind="AFTER_SEQUENCE_NUMBER",
                     StartingSequenceNumber=numbers[index])
    assert data_of(read_from(kinesis, after)) == [b"0", b"1", b"2", b"3"][index + 1:]


def test_shards_own_numbers_mark_its_beginning_and_end(kinesis, stream):
    name, _ = stream
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(2**127))
    limits = kinesis.list_shards(StreamName=name)["Shards"][0]["SequenceNumberRange"]
    at = iterator(kinesis, name, kind="AT_SEQUENCE_NUMBER",
                  StartingSequenceNumber=limits["StartingSequenceNumber"])
    assert len(read_from(kinesis, at)) == 4
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        at = iterator(kinesis, name, kind=kind,
                      StartingSequenceNumber=limits["EndingSequenceNumber"])
        answer = kinesis.get_records(ShardIterator=at)
        assert answer["Records"] == [] and "NextShardIterator" not in answer


def test_at_timestamp_begins_with_the_first_at_or_after(clocked, name):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    moments = []
    for i in range(5):
        moments.append(datetime.datetime.fromisoformat(clocked.now().replace("Z", "+00:00")))
        put(kinesis, name, str(i).encode())
        clocked.advance("10m")

    def from_moment(moment):
        at = iterator(kinesis, name, kind="AT_TIMESTAMP", Timestamp=moment)
        return [int(r["Data"]) for r in read_from(kinesis, at)]

    second = datetime.timedelta(seconds=1)
    for i, moment in enumerate(moments):
        assert from_moment(moment) == list(range(i, 5))
        assert from_moment(moment - second) == list(range(i, 5))
        assert from_moment(moment + second) == list(range(i + 1, 5))
    assert from_moment(moments[0] - datetime.timedelta(days=400)) == list(range(5))
    assert from_moment(datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) == list(range(5))


def test_timestamps_are_kept_to_the_millisecond(weir, kinesis, stream):
    name, _ = stream
    record = read_from(kinesis, iterator(kinesis, name))[-1]
    exact = record["ApproximateArrivalTimestamp"].timestamp()
    for seconds, count in ((exact, 1), (exact + 0.001, 0)):
        status, answer = weir.call("GetShardIterator", {
            "StreamName": name, "ShardId": shard_id(0), "ShardIteratorType": "AT_TIMESTAMP",
            "Timestamp": round(seconds, 3)})
        if status != 200:  # that millisecond has not come yet
            assert answer["__type"].endswith("InvalidArgumentException") and count == 0
            continue
        seen = read_from(kinesis, answer["ShardIterator"])
        assert (record in seen) == bool(count)


def test_future_and_missing_timestamps_are_refused(clocked, name, refused):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    now = datetime.datetime.fromisoformat(clocked.now().replace("Z", "+00:00"))
    now_ms = int(now.timestamp() * 1000)
    message = refused("InvalidArgumentException", iterator, kinesis, name, kind="AT_TIMESTAMP",
                      Timestamp=now + datetime.timedelta(seconds=10))
    assert message == ("The timestampInMillis parameter cannot be greater than the "
                       f"currentTimestampInMillis. timestampInMillis: {now_ms + 10000}, "
                       f"currentTimestampInMillis: {now_ms}")
    message = refused("InvalidArgumentException", iterator, kinesis, name, kind="AT_TIMESTAMP")
    assert message == ("Must specify timestampInMillis parameter for iterator of type "
                       "AT_TIMESTAMP. Current request has no timestamp parameter.")


# ---- what does not go together ----

@pytest.mark.parametrize("kind", ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"])
def test_types_with_a_number_need_it(kinesis, stream, refused, kind):
    message = refused("InvalidArgumentException", iterator, kinesis, stream[0], kind=kind)
    assert message == EITHER.format(kind, "no")


@pytest.mark.parametrize("kind", ["LATEST", "TRIM_HORIZON"])
def test_types_without_a_number_refuse_it(kinesis, stream, refused, kind):
    name, numbers = stream
    message = refused("InvalidArgumentException", iterator, kinesis, name, kind=kind,
                      StartingSequenceNumber=numbers[0])
    assert message == EITHER.format(kind, "also a")


def test_number_of_another_shard_is_refused(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    number = put(kinesis, name, b"x", ExplicitHashKey=str(2**127))["SequenceNumber"]
    message = refused("InvalidArgumentException", iterator, kinesis, name,
                      kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)
    assert message == (f"Invalid StartingSequenceNumber. It encodes {shard_id(1)}, while it was "
                       f"used in a call to a shard with {shard_id(0)}")


def test_number_of_another_stream_is_refused(clocked, name, refused):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    number = put(kinesis, name, b"x")["SequenceNumber"]
    clocked.advance("2s")
    kinesis.delete_stream(StreamName=name)
    kinesis.create_stream(StreamName=name, ShardCount=1)
    message = refused("InvalidArgumentException", iterator, kinesis, name,
                      kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number)
    assert message == (f"StartingSequenceNumber {number} used in GetShardIterator on shard "
                       f"{shard_id(0)} in stream {name} under account {ACCOUNT} is invalid "
                       "because it did not come from this stream.")


@pytest.mark.parametrize("number", [
    "0", "5", "1" * 56, str(int("2" + "0" * 10 + "8" + "0" * 33 + "02", 16)), "9" * 129])
def test_numbers_of_no_shard_at_all_are_refused(kinesis, stream, refused, number):
    name, _ = stream
    message = refused("InvalidArgumentException", iterator, kinesis, name,
                      kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)
    assert message == (f"StartingSequenceNumber {number} used in GetShardIterator on shard "
                       f"{shard_id(0)} in stream {name} under account {ACCOUNT} is invalid.")


@pytest.mark.parametrize("number", ["", "01", "-1", "abc", "1" * 130])
def test_numbers_that_are_none_break_the_pattern(kinesis, stream, refused, number):
    message = refused("ValidationException", iterator, kinesis, stream[0],
                      kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)
    assert f"Value '{number}' at 'startingSequenceNumber' failed to satisfy constraint: " \
           "Member must satisfy regular expression pattern: " in message


def test_type_has_to_be_one_of_five(kinesis, stream, refused):
    message = refused("ValidationException", iterator, kinesis, stream[0], kind="SOMEWHERE")
    assert message.startswith("1 validation error detected: Value 'SOMEWHERE' at "
                              "'shardIteratorType' failed to satisfy constraint: "
                              "Member must satisfy enum value set: [")
    values = message.rsplit("[", 1)[1].rstrip("]").split(", ")
    assert sorted(values) == sorted(["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP",
                                     "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"])


def test_missing_and_empty_members_are_named(weir):
    status, answer = weir.call("GetShardIterator", {})
    assert status == 400 and answer["__type"].endswith("ValidationException")
    assert answer["message"].startswith("2 validation errors detected: ")
    for member in ("shardId", "shardIteratorType"):
        assert f"Value null at '{member}' failed to satisfy constraint: Member must not be null" \
            in answer["message"]
    status, answer = weir.call("GetShardIterator", {"StreamName": "", "ShardId": "",
                                                    "ShardIteratorType": "LATEST"})
    assert answer["message"].startswith("4 validation errors detected: ")


@pytest.mark.parametrize("asked", ["shardId-0", "0", "shard-0", "any.thing-00000"])
def test_shards_may_be_named_in_short(kinesis, stream, asked):
    at = kinesis.get_shard_iterator(StreamName=stream[0], ShardId=asked,
                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert len(read_from(kinesis, at)) == 4


def test_missing_shard_and_missing_stream_read_alike(kinesis, stream, refused):
    name, _ = stream
    for where, shard in ((name, 5), ("nowhere", 0)):
        message = refused("ResourceNotFoundException", iterator, kinesis, where, shard)
        assert message == (f"Shard {shard_id(shard)} in stream {where} under account {ACCOUNT} "
                           "does not exist")


# ---- using them ----

def test_iterator_is_good_for_five_minutes(clocked, name, refused):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    at = iterator(kinesis, name)
    clocked.advance("5m")
    fresh_one = kinesis.get_records(ShardIterator=at)["NextShardIterator"]
    clocked.advance("1s")
    message = refused("ExpiredIteratorException", kinesis.get_records, ShardIterator=at)
    date = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{2}:\d{2}:\d{2} UTC \d{4}"
    assert re.fullmatch(f"Iterator expired. The iterator was created at time {date} while right "
                        f"now it is {date} which is further in the future than the tolerated "
                        "delay of 300000 milliseconds.", message)
    assert kinesis.get_records(ShardIterator=fresh_one)["Records"] == []


def test_iterator_may_be_used_again(kinesis, stream):
    at = iterator(kinesis, stream[0])
    assert read_from(kinesis, at) == read_from(kinesis, at)


def test_reading_does_not_wait(kinesis, stream):
    name, _ = stream
    at = iterator(kinesis, name, kind="LATEST")
    for _ in range(3):
        answer = kinesis.get_records(ShardIterator=at)
        assert answer["Records"] == [] and answer["MillisBehindLatest"] == 0
        at = answer["NextShardIterator"]


@pytest.mark.parametrize("bad", ["x", "AAAA", "A" * 200, "nonsense!", "=" * 8])
def test_made_up_iterators_are_refused(kinesis, refused, bad):
    assert refused("InvalidArgumentException", kinesis.get_records,
                   ShardIterator=bad) == "Invalid ShardIterator."


def test_changed_iterators_are_refused(kinesis, stream, refused):
    good = base64.b64decode(iterator(kinesis, stream[0]))
    for index in range(len(good)):
        bad = bytearray(good)
        bad[index] ^= 0x01
        assert refused("InvalidArgumentException", kinesis.get_records,
                       ShardIterator=base64.b64encode(bad).decode()) == "Invalid ShardIterator."


def test_tokens_are_no_iterators(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=2)
    token = kinesis.list_shards(StreamName=name, MaxResults=1)["NextToken"]
    refused("InvalidArgumentException", kinesis.get_records, ShardIterator=token)
    at = iterator(kinesis, name)
    refused("InvalidArgumentException", kinesis.list_shards, NextToken=at)


def test_iterator_lengths_are_checked(kinesis, refused):
    message = refused("ValidationException", kinesis.get_records, ShardIterator="")
    assert message == invalid("", "shardIterator",
                              "Member must have length greater than or equal to 1")
    message = refused("ValidationException", kinesis.get_records, ShardIterator="a" * 513)
    assert message.startswith("1 validation error detected: Value 'aaaa")  # long ones are cut
    assert message.endswith("a' at 'shardIterator' failed to satisfy constraint: "
                            "Member must have length less than or equal to 512")
    message = refused("ValidationException", kinesis.get_records)
    assert message == invalid(None, "shardIterator", "Member must not be null")


def test_iterator_of_a_deleted_stream_finds_no_shard(clocked, name, refused):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    at = iterator(kinesis, name)
    kinesis.delete_stream(StreamName=name)
    gone = f"Shard {shard_id(0)} in stream {name} under account {ACCOUNT} does not exist"
    assert refused("ResourceNotFoundException", kinesis.get_records, ShardIterator=at) == gone
    clocked.advance("1s")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    assert refused("ResourceNotFoundException", kinesis.get_records, ShardIterator=at) == gone


def test_dry_run_gives_no_iterator(kinesis, stream, refused):
    refused("DryRunOperationException", iterator, kinesis, stream[0], DryRun=True)
