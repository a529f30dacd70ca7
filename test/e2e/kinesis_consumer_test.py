# SPDX-License-Identifier: Apache-2.0
"""Registered consumers and SubscribeToShard, whose event stream boto3 reads over HTTP/1.1."""
import contextlib
import datetime
import itertools
import threading

import pytest
from botocore.exceptions import ClientError, EventStreamError
from kinesis_kit import (data_of, events, hash_range, invalid, put, shard_id, stream_arn,
                         subscribe)
from weir_server import ACCOUNT


@pytest.fixture
def stream(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return name


def register(kinesis, stream, consumer="reader", **more):
    return kinesis.register_stream_consumer(StreamARN=stream_arn(stream), ConsumerName=consumer,
                                            **more)["Consumer"]


def take(stream, count):
    """Events until so many records have come; gives the records."""
    records = []
    for event in events(stream):
        records += event["Records"]
        if len(records) >= count:
            return records
    raise AssertionError(f"the subscription ended after {len(records)} of {count} records")


# ---- registering ----

def test_consumer_is_registered_described_listed_and_gone(kinesis, stream, refused):
    made = register(kinesis, stream, "one")
    seconds = int(made["ConsumerCreationTimestamp"].timestamp())
    assert made["ConsumerName"] == "one" and made["ConsumerStatus"] == "ACTIVE"
    assert made["ConsumerARN"] == f"{stream_arn(stream)}/consumer/one:{seconds}"
    about = kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])
    assert about["ConsumerDescription"] == {**made, "StreamARN": stream_arn(stream)}
    same = kinesis.describe_stream_consumer(StreamARN=stream_arn(stream), ConsumerName="one")
    assert same["ConsumerDescription"] == about["ConsumerDescription"]
    assert kinesis.list_stream_consumers(StreamARN=stream_arn(stream))["Consumers"] == [made]

    kinesis.deregister_stream_consumer(ConsumerARN=made["ConsumerARN"])
    assert kinesis.list_stream_consumers(StreamARN=stream_arn(stream))["Consumers"] == []
    message = refused("ResourceNotFoundException", kinesis.describe_stream_consumer,
                      ConsumerARN=made["ConsumerARN"])
    assert message == f"Consumer {made['ConsumerARN']}, account {ACCOUNT} not found."
    message = refused("ResourceNotFoundException", kinesis.deregister_stream_consumer,
                      StreamARN=stream_arn(stream), ConsumerName="one")
    assert message == f"Consumer one under stream {stream} not found for account {ACCOUNT}."


def test_consumer_can_be_deregistered_by_name(kinesis, stream):
    register(kinesis, stream, "one")
    register(kinesis, stream, "two")
    kinesis.deregister_stream_consumer(StreamARN=stream_arn(stream), ConsumerName="one")
    left = kinesis.list_stream_consumers(StreamARN=stream_arn(stream))["Consumers"]
    assert [c["ConsumerName"] for c in left] == ["two"]


def test_same_consumer_twice_is_in_use(kinesis, stream, refused):
    register(kinesis, stream)
    message = refused("ResourceInUseException", register, kinesis, stream)
    assert message == (f"Consumer reader under stream {stream} already exists for account "
                       f"{ACCOUNT}.")


def test_consumers_are_listed_by_name_in_pages(kinesis, stream, refused):
    names = [f"c{i:02}" for i in range(12)]
    for each in reversed(names):
        register(kinesis, stream, each)
    seen, answer = [], kinesis.list_stream_consumers(StreamARN=stream_arn(stream), MaxResults=5)
    while True:
        assert len(answer["Consumers"]) <= 5
        seen += [c["ConsumerName"] for c in answer["Consumers"]]
        if "NextToken" not in answer:
            break
        answer = kinesis.list_stream_consumers(StreamARN=stream_arn(stream), MaxResults=5,
                                               NextToken=answer["NextToken"])
    assert seen == names
    refused("InvalidArgumentException", kinesis.list_stream_consumers,
            StreamARN=stream_arn(stream), NextToken="nonsense")
    refused("ValidationException", kinesis.list_stream_consumers, StreamARN=stream_arn(stream),
            MaxResults=0)


def test_consumers_need_a_name_and_a_stream(kinesis, stream, refused):
    refused("ResourceNotFoundException", register, kinesis, "nowhere")
    message = refused("ValidationException", register, kinesis, stream, "bad name")
    assert message == invalid("bad name", "consumerName", "Member must satisfy regular "
                              "expression pattern: [a-zA-Z0-9_.-]+")
    refused("InvalidArgumentException", kinesis.describe_stream_consumer)
    refused("InvalidArgumentException", kinesis.describe_stream_consumer, ConsumerName="one")
    refused("ValidationException", kinesis.describe_stream_consumer, ConsumerARN="nonsense")


def test_stream_has_at_most_fifty_consumers(kinesis, stream, refused):
    for i in range(50):
        register(kinesis, stream, f"c{i}")
    refused("LimitExceededException", register, kinesis, stream, "one-more")


def test_consumers_survive_a_kill(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    made = register(kinesis, "s", Tags={"team": "doors"})
    kinesis = weir.restart(hard=True).client()
    assert kinesis.list_stream_consumers(StreamARN=stream_arn("s"))["Consumers"] == [made]
    tags = kinesis.list_tags_for_resource(ResourceARN=made["ConsumerARN"])["Tags"]
    assert tags == [{"Key": "team", "Value": "doors"}]


# ---- subscribing ----

@pytest.fixture
def consumer(kinesis, stream):
    return register(kinesis, stream)["ConsumerARN"]


def test_subscription_pushes_what_is_there_and_what_comes(kinesis, stream, consumer):
    put(kinesis, stream, b"before")
    with subscribe(kinesis, consumer, Type="TRIM_HORIZON") as pushed:
        records = take(pushed, 1)
        assert data_of(records) == [b"before"]
        assert records[0]["PartitionKey"] == "k"
        put(kinesis, stream, b"after")
        assert data_of(take(pushed, 1)) == [b"after"]


def test_latest_pushes_only_what_comes(kinesis, stream, consumer):
    put(kinesis, stream, b"before")
    with subscribe(kinesis, consumer, Type="LATEST") as pushed:
        put(kinesis, stream, b"after")
        assert data_of(take(pushed, 1)) == [b"after"]


def test_subscription_can_begin_anywhere(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    numbers = [put(kinesis, name, str(i).encode())["SequenceNumber"] for i in range(4)]
    beginnings = [({"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": numbers[2]}, 2),
                  ({"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": numbers[2]}, 3),
                  ({"Type": "AT_TIMESTAMP", "Timestamp": datetime.datetime(2020, 1, 1)}, 0)]
    for i, (position, first) in enumerate(beginnings):
        arn = register(kinesis, name, f"c{i}")["ConsumerARN"]
        with subscribe(kinesis, arn, **position) as pushed:
            want = [str(n).encode() for n in range(first, 4)]
            assert data_of(take(pushed, len(want))) == want


def test_continuation_number_goes_on_without_gap_or_double(kinesis, stream):
    for i in range(3):
        put(kinesis, stream, str(i).encode())
    one, two = (register(kinesis, stream, c)["ConsumerARN"] for c in ("one", "two"))
    with subscribe(kinesis, one, Type="TRIM_HORIZON") as pushed:
        event = next(events(pushed))
        assert data_of(event["Records"]) == [b"0", b"1", b"2"]
        assert event["MillisBehindLatest"] == 0
        assert event["ContinuationSequenceNumber"] == event["Records"][-1]["SequenceNumber"]
    put(kinesis, stream, b"3")
    with subscribe(kinesis, two, Type="AFTER_SEQUENCE_NUMBER",
                   SequenceNumber=event["ContinuationSequenceNumber"]) as pushed:
        assert data_of(take(pushed, 1)) == [b"3"]


def test_idle_subscription_shows_signs_of_life(kinesis, stream, consumer):
    put(kinesis, stream, b"x")
    with subscribe(kinesis, consumer, Type="LATEST") as pushed:
        event = next(events(pushed))  # after a few seconds, without records
        assert event["Records"] == [] and event["MillisBehindLatest"] == 0
        arn = register(kinesis, stream, "another")["ConsumerARN"]
        with subscribe(kinesis, arn, Type="AFTER_SEQUENCE_NUMBER",
                       SequenceNumber=event["ContinuationSequenceNumber"]) as again:
            put(kinesis, stream, b"y")
            assert data_of(take(again, 1)) == [b"y"]


def test_each_consumer_gets_every_record(kinesis, stream):
    arns = [register(kinesis, stream, f"c{i}")["ConsumerARN"] for i in range(3)]
    with contextlib.ExitStack() as stack:
        all_pushed = [stack.enter_context(subscribe(kinesis, arn, Type="LATEST")) for arn in arns]
        for i in range(20):
            put(kinesis, stream, str(i).encode())
        for pushed in all_pushed:
            assert data_of(take(pushed, 20)) == [str(i).encode() for i in range(20)]


def test_large_backlog_arrives_whole_and_in_order(weir, kinesis, stream, consumer):
    for batch in range(30):
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": f"{batch * 100 + i:08}".encode() * 1000, "PartitionKey": "k"}
            for i in range(100)])
    with subscribe(kinesis, consumer, Type="TRIM_HORIZON") as pushed:
        records = take(pushed, 3000)
    assert [int(r["Data"][:8]) for r in records] == list(range(3000))
    assert weir.alive()


def test_end_of_shard_names_children_and_ends_the_stream(kinesis, stream, consumer):
    put(kinesis, stream, b"last")
    with subscribe(kinesis, consumer, Type="TRIM_HORIZON") as pushed:
        at = events(pushed)
        assert data_of(next(at)["Records"]) == [b"last"]
        kinesis.split_shard(StreamName=stream, ShardToSplit=shard_id(0),
                            NewStartingHashKey=str(2**127))
        final = list(at)
    assert [c["ShardId"] for c in final[-1]["ChildShards"]] == [shard_id(1), shard_id(2)]
    assert all(c["ParentShards"] == [shard_id(0)] for c in final[-1]["ChildShards"])
    assert [hash_range(c)[0] for c in final[-1]["ChildShards"]] == [0, 2**127]
    assert all("ChildShards" not in e or e["ChildShards"] == [] for e in final[:-1])


def test_closed_shard_is_pushed_to_its_end(kinesis, stream, consumer):
    put(kinesis, stream, b"only")
    kinesis.split_shard(StreamName=stream, ShardToSplit=shard_id(0),
                        NewStartingHashKey=str(2**127))
    with subscribe(kinesis, consumer, Type="TRIM_HORIZON") as pushed:
        all_events = list(events(pushed))
    assert data_of(r for e in all_events for r in e["Records"]) == [b"only"]
    assert len(all_events[-1]["ChildShards"]) == 2


def test_second_subscription_within_five_seconds_is_refused(kinesis, stream, consumer):
    with subscribe(kinesis, consumer, Type="LATEST") as pushed:
        with pytest.raises(ClientError) as caught:
            subscribe(kinesis, consumer, Type="LATEST")
        error = caught.value.response["Error"]
        assert error["Code"] == "ResourceInUseException"
        assert error["Message"] == ("Another active subscription exists for this consumer: "
                                    f"{ACCOUNT}:{stream}:{shard_id(0)}:reader")
        put(kinesis, stream, b"x")
        assert data_of(take(pushed, 1)) == [b"x"]  # the first goes on


def test_later_subscription_takes_over(clocked, name):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = register(kinesis, name)["ConsumerARN"]
    with subscribe(kinesis, arn, Type="TRIM_HORIZON") as first:
        clocked.advance("6s")
        with subscribe(kinesis, arn, Type="TRIM_HORIZON") as second:
            put(kinesis, name, b"x")
            assert data_of(take(second, 1)) == [b"x"]
            with pytest.raises(EventStreamError) as caught:
                list(first)
            assert "ResourceInUseException" in str(caught.value)


def test_ended_subscription_frees_its_place(kinesis, stream, consumer):
    with subscribe(kinesis, consumer, Type="LATEST"):
        pass
    for attempt in itertools.count():
        try:  # the server hears of the closed connection a moment later
            with subscribe(kinesis, consumer, Type="LATEST"):
                return
        except ClientError:
            assert attempt < 200
            put(kinesis, stream, b"nudge")


def test_subscription_lasts_five_minutes(clocked, name):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = register(kinesis, name)["ConsumerARN"]
    with subscribe(kinesis, arn, Type="LATEST") as pushed:
        ended = threading.Thread(target=list, args=(pushed,), daemon=True)
        ended.start()
        clocked.advance("4m")
        ended.join(0.5)
        assert ended.is_alive()
        clocked.advance("61s")
        ended.join(20)
        assert not ended.is_alive()


def test_deregistering_ends_the_subscription(kinesis, stream, consumer):
    with subscribe(kinesis, consumer, Type="LATEST") as pushed:
        kinesis.deregister_stream_consumer(ConsumerARN=consumer)
        with pytest.raises(EventStreamError) as caught:
            list(pushed)
        assert "ResourceNotFoundException" in str(caught.value)


def test_deleting_the_stream_ends_the_subscription(kinesis, stream, consumer):
    with subscribe(kinesis, consumer, Type="LATEST") as pushed:
        kinesis.delete_stream(StreamName=stream, EnforceConsumerDeletion=True)
        with pytest.raises(EventStreamError) as caught:
            list(pushed)
        assert "ResourceNotFoundException" in str(caught.value)


def test_subscription_needs_what_is_there(kinesis, stream, consumer, refused):
    refused("ResourceNotFoundException", subscribe, kinesis, consumer, 7, Type="LATEST")
    unknown = f"{stream_arn(stream)}/consumer/nobody:1"
    message = refused("ResourceNotFoundException", subscribe, kinesis, unknown, Type="LATEST")
    assert message == f"Consumer {unknown}, account {ACCOUNT} not found."
    refused("InvalidArgumentException", subscribe, kinesis, consumer, Type="AT_SEQUENCE_NUMBER")
    refused("InvalidArgumentException", subscribe, kinesis, consumer, Type="AT_TIMESTAMP")
    refused("InvalidArgumentException", subscribe, kinesis, consumer,
            Type="AFTER_SEQUENCE_NUMBER", SequenceNumber="5")
    message = refused("ValidationException", subscribe, kinesis, consumer, Type="SOMEWHERE")
    assert "Value 'SOMEWHERE' at 'startingPosition.type'" in message
    message = refused("ValidationException", kinesis.subscribe_to_shard, ConsumerARN=consumer,
                      ShardId=shard_id(0))
    assert message == invalid(None, "startingPosition", "Member must not be null")
    refused("DryRunOperationException", kinesis.subscribe_to_shard, ConsumerARN=consumer,
            ShardId=shard_id(0), StartingPosition={"Type": "LATEST"}, DryRun=True)


def test_reader_that_does_not_read_holds_up_nobody(weir, kinesis, stream, consumer):
    with subscribe(kinesis, consumer, Type="TRIM_HORIZON"):
        before = weir.resident_bytes()
        for _ in range(8):
            kinesis.put_records(StreamName=stream, Records=[
                {"Data": b"d" * 1_000_000, "PartitionKey": "k"}] * 10)
        other = register(kinesis, stream, "other")["ConsumerARN"]
        with subscribe(kinesis, other, Type="TRIM_HORIZON") as pushed:
            assert data_of(take(pushed, 80)) == [b"d" * 1_000_000] * 80
        assert weir.resident_bytes() - before < 300_000_000
