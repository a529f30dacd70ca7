# SPDX-License-Identifier: Apache-2.0
"""Queues on streams: each record to one receiver, invisible until acknowledged or timed out, dead
after too many tries. Most tests stop the clock, so that visibility is a matter of advancing it.
"""
import datetime

import pytest
from botocore.exceptions import ClientError
from kinesis_kit import data_of, in_background, invalid, put, queue_arn, stream_arn
from weir_server import ACCOUNT


def make(kinesis, name, records=(), start="TRIM_HORIZON", **attributes):
    """An on-demand stream with a queue of the same name; gives the queue's ARN."""
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    for i, data in enumerate(records):
        put(kinesis, name, data, f"key-{i}")
    more = {"QueueAttributes": attributes} if attributes else {}
    return kinesis.create_queue(
        QueueName=name, StreamConfigurationList=[
            {"StreamARN": stream_arn(name), "StartingPosition": {"Type": start}}],
        **more)["QueueDescription"]["QueueARN"]


def dead_after(count):
    return {"DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": count}}


def receive(kinesis, arn, **more):
    return kinesis.receive_queue_records(QueueARN=arn, **more)["QueueRecords"]


def receive_dead(kinesis, arn, **more):
    return kinesis.receive_dead_letter_queue_records(QueueARN=arn, **more)["QueueRecords"]


def is_empty(weir, kinesis, arn, call="receive_queue_records"):
    """True when a receive waits; the stopped clock then ends its waiting."""
    with in_background(getattr(kinesis, call), QueueARN=arn, WaitTimeSeconds=1) as answer:
        for _ in range(100):
            if not answer.waiting():
                break
            weir.advance("1s")
        return answer()["QueueRecords"] == []


def entries(records, **more):
    return [{"ReceiptHandle": r["ReceiptHandle"], **more} for r in records]


def acknowledge(kinesis, arn, records):
    answer = kinesis.acknowledge_queue_records(QueueARN=arn, Entries=entries(records))
    assert answer["Failed"] == []
    assert [e["ReceiptHandle"] for e in answer["Successful"]] == [
        r["ReceiptHandle"] for r in records]


# ---- queues themselves ----

def test_queue_is_created_described_listed_changed_and_gone(kinesis, name, refused):
    arn = make(kinesis, name)
    assert arn == queue_arn(name)
    about = kinesis.describe_queue(QueueARN=arn)["QueueDescription"]
    assert about["QueueName"] == name and about["QueueStatus"] == "ACTIVE"
    assert about["QueueAttributes"] == {"VisibilityTimeoutSeconds": 30,
                                        "DeadLetterConfiguration": {
                                            "TargetType": "BUILT_IN", "MaxReceiveCount": 6}}
    assert about["StreamConfigurationList"][0]["StreamARN"] == stream_arn(name)
    assert about["StreamConfigurationList"][0]["StartingPosition"]["Type"] == "TRIM_HORIZON"

    changed = kinesis.update_queue(QueueARN=arn, QueueAttributes={
        "VisibilityTimeoutSeconds": 5, "DeadLetterConfiguration": {"TargetType": "NONE"}})
    assert changed["QueueDescription"]["QueueAttributes"] == {
        "VisibilityTimeoutSeconds": 5, "DeadLetterConfiguration": {"TargetType": "NONE"}}
    listed = kinesis.list_queues(StreamFilter=[{"StreamARN": stream_arn(name)}])["QueueSummaries"]
    stream = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert stream["QueueCount"] == 1
    assert [(q["QueueName"], q["QueueARN"], q["QueueStatus"]) for q in listed] == [
        (name, arn, "ACTIVE")]
    assert listed[0]["Streams"] == [{"StreamARN": stream_arn(name),
                                     "StreamCreationTimestamp": stream["StreamCreationTimestamp"]}]

    kinesis.delete_queue(QueueARN=arn)
    for call in (kinesis.describe_queue, kinesis.delete_queue, kinesis.receive_queue_records,
                 kinesis.receive_dead_letter_queue_records):
        message = refused("ResourceNotFoundException", call, QueueARN=arn)
        assert message == f"Queue {arn} not found."
    assert kinesis.list_queues(StreamFilter=[{"StreamARN": stream_arn(name)}])[
        "QueueSummaries"] == []


def test_queues_are_listed_by_name_in_pages(fresh):
    kinesis = fresh().client()
    kinesis.create_stream(StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    names = [f"q{i:02}" for i in range(12)]
    for each in reversed(names):
        kinesis.create_queue(QueueName=each,
                             StreamConfigurationList=[{"StreamARN": stream_arn("s")}])
    seen, answer = [], kinesis.list_queues(MaxResults=5)
    while True:
        assert len(answer["QueueSummaries"]) <= 5
        seen += [q["QueueName"] for q in answer["QueueSummaries"]]
        if "NextToken" not in answer:
            break
        answer = kinesis.list_queues(MaxResults=5, NextToken=answer["NextToken"])
    assert seen == names


def test_queue_needs_one_on_demand_stream(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    one = {"StreamARN": stream_arn(name)}
    refused("InvalidArgumentException", kinesis.create_queue, QueueName=name,
            StreamConfigurationList=[one])
    refused("ValidationException", kinesis.create_queue, QueueName=name,
            StreamConfigurationList=[one, one])
    refused("ValidationException", kinesis.create_queue, QueueName=name,
            StreamConfigurationList=[])
    refused("ResourceNotFoundException", kinesis.create_queue, QueueName=name,
            StreamConfigurationList=[{"StreamARN": stream_arn("nowhere")}])
    message = refused("ValidationException", kinesis.create_queue, QueueName="a b",
                      StreamConfigurationList=[one])
    assert "Value 'a b' at 'queueName' failed to satisfy constraint" in message


def test_queue_attributes_are_checked(kinesis, name, refused):
    arn = make(kinesis, name)
    for bad in ({"VisibilityTimeoutSeconds": -1}, {"VisibilityTimeoutSeconds": 43201},
                {"DeadLetterConfiguration": {"TargetType": "BUILT_IN"}},
                {"DeadLetterConfiguration": {"TargetType": "NONE", "MaxReceiveCount": 3}},
                {"DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 0}},
                {"DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 1001}},
                {"DeadLetterConfiguration": {"TargetType": "ELSEWHERE"}}):
        refused("ValidationException", kinesis.update_queue, QueueARN=arn, QueueAttributes=bad)
        refused("ValidationException", kinesis.create_queue, QueueName=f"{name}-2",
                StreamConfigurationList=[{"StreamARN": stream_arn(name)}], QueueAttributes=bad)
    for start in ({"Type": "AT_TIMESTAMP"},
                  {"Type": "LATEST", "Timestamp": datetime.datetime(2026, 1, 1)}):
        refused("ValidationException", kinesis.create_queue, QueueName=f"{name}-2",
                StreamConfigurationList=[{"StreamARN": stream_arn(name),
                                          "StartingPosition": start}])


def test_same_queue_twice_is_in_use_and_holds_its_stream(kinesis, name, refused):
    arn = make(kinesis, name)
    message = refused("ResourceInUseException", kinesis.create_queue, QueueName=name,
                      StreamConfigurationList=[{"StreamARN": stream_arn(name)}])
    assert message == f"Queue {name} under account {ACCOUNT} already exists."
    for enforce in (False, True):
        refused("ResourceInUseException", kinesis.delete_stream, StreamName=name,
                EnforceConsumerDeletion=enforce)
    refused("ResourceInUseException", kinesis.update_stream_mode, StreamARN=stream_arn(name),
            StreamModeDetails={"StreamMode": "PROVISIONED"})
    kinesis.delete_queue(QueueARN=arn)
    kinesis.delete_stream(StreamName=name)


# ---- receiving and acknowledging ----

def test_each_record_is_delivered_once_and_acknowledged_for_good(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [str(i).encode() for i in range(25)])
    seen = []
    while len(seen) < 25:
        records = receive(kinesis, arn, Limit=10)
        assert 0 < len(records) <= 10
        for record in records:
            assert record["ReceiveCount"] == 1
            assert record["PartitionKey"] == f"key-{record['Data'].decode()}"
            assert record["ApproximateArrivalTimestamp"] <= record["FirstReceiveTimestamp"]
        seen += records
        acknowledge(kinesis, arn, records)
    assert sorted(data_of(seen)) == sorted(str(i).encode() for i in range(25))
    assert len({r["RecordId"] for r in seen}) == 25
    clocked.advance("1h")
    assert is_empty(clocked, kinesis, arn)


def test_limit_of_a_receive_is_one_to_ten(kinesis, name, refused):
    arn = make(kinesis, name, [b"1", b"2", b"3"])
    assert len(receive(kinesis, arn, Limit=1)) == 1
    for bad in ({"Limit": 0}, {"Limit": 11}, {"WaitTimeSeconds": 0}, {"WaitTimeSeconds": 21},
                {"VisibilityTimeoutSeconds": -1}, {"VisibilityTimeoutSeconds": 43201}):
        refused("ValidationException", kinesis.receive_queue_records, QueueARN=arn, **bad)


def test_unacknowledged_record_comes_back_after_its_time(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [b"x"], VisibilityTimeoutSeconds=60)
    first, = receive(kinesis, arn)
    clocked.advance("5s")
    assert is_empty(clocked, kinesis, arn)  # which takes some seconds more
    clocked.advance("1m")
    second, = receive(kinesis, arn)
    assert second["Data"] == b"x" and second["ReceiveCount"] == 2
    assert second["RecordId"] == first["RecordId"]
    assert second["FirstReceiveTimestamp"] == first["FirstReceiveTimestamp"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


def test_receive_may_set_its_own_time(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [b"x"])
    receive(kinesis, arn, VisibilityTimeoutSeconds=3600)
    clocked.advance("59m")
    assert is_empty(clocked, kinesis, arn)
    clocked.advance("2m")
    assert len(receive(kinesis, arn, VisibilityTimeoutSeconds=0)) == 1
    assert len(receive(kinesis, arn)) == 1  # 0: visible at once


def test_visibility_can_be_lengthened_and_ended(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [b"x"])
    records = receive(kinesis, arn)
    answer = kinesis.update_queue_records_visibility(
        QueueARN=arn, Entries=entries(records, VisibilityTimeoutSeconds=600))
    assert answer["Failed"] == [] and len(answer["Successful"]) == 1
    clocked.advance("9m")
    assert is_empty(clocked, kinesis, arn)
    kinesis.update_queue_records_visibility(QueueARN=arn,
                                            Entries=entries(records, VisibilityTimeoutSeconds=0))
    again, = receive(kinesis, arn)
    assert again["ReceiveCount"] == 2


def test_stale_and_made_up_handles_fail_one_by_one(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [b"x", b"y"], VisibilityTimeoutSeconds=10)
    stale, good = [], []
    for record in receive(kinesis, arn):
        (stale if record["Data"] == b"x" else good).append(record)
    if not good:
        good = receive(kinesis, arn)
    kinesis.update_queue_records_visibility(QueueARN=arn,
                                            Entries=entries(good, VisibilityTimeoutSeconds=3600))
    clocked.advance("11s")
    assert data_of(receive(kinesis, arn)) == [b"x"]  # makes the first handle stale
    answer = kinesis.acknowledge_queue_records(QueueARN=arn, Entries=[
        *entries(stale), {"ReceiptHandle": "nonsense"}, *entries(good)])
    assert [e["ReceiptHandle"] for e in answer["Successful"]] == [good[0]["ReceiptHandle"]]
    assert [e["ReceiptHandle"] for e in answer["Failed"]] == [stale[0]["ReceiptHandle"], "nonsense"]
    assert all(e["ErrorCode"] == "InvalidArgumentException" for e in answer["Failed"])
    twice = kinesis.acknowledge_queue_records(QueueARN=arn, Entries=entries(good))
    assert twice["Successful"] == [] and len(twice["Failed"]) == 1


def test_handle_of_another_queue_is_no_handle(kinesis, name):
    arns = [make(kinesis, f"{name}-{i}", [b"x"]) for i in range(2)]
    records = receive(kinesis, arns[0])
    answer = kinesis.acknowledge_queue_records(QueueARN=arns[1], Entries=entries(records))
    assert answer["Successful"] == [] and len(answer["Failed"]) == 1
    acknowledge(kinesis, arns[0], records)


def test_entries_are_one_to_ten(kinesis, name, refused):
    arn = make(kinesis, name)
    for call, more in ((kinesis.acknowledge_queue_records, {}),
                       (kinesis.acknowledge_dead_letter_queue_records, {}),
                       (kinesis.restore_dead_letter_queue_records, {}),
                       (kinesis.update_queue_records_visibility, {"VisibilityTimeoutSeconds": 1}),
                       (kinesis.update_dead_letter_queue_records_visibility,
                        {"VisibilityTimeoutSeconds": 1})):
        one = {"ReceiptHandle": "x", **more}
        refused("ValidationException", call, QueueARN=arn, Entries=[])
        refused("ValidationException", call, QueueARN=arn, Entries=[one] * 11)
        message = refused("ValidationException", call, QueueARN=arn, Entries=[more])
        assert message == invalid(None, "entries.1.member.receiptHandle", "Member must not be null")
        refused("ResourceNotFoundException", call, QueueARN=queue_arn("nowhere"), Entries=[one])


# ---- where a queue begins ----

def test_queue_begins_where_it_was_told(clocked, name):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    put(kinesis, name, b"early")
    clocked.advance("10m")
    middle = datetime.datetime.fromisoformat(clocked.now().replace("Z", "+00:00"))
    put(kinesis, name, b"middle")
    clocked.advance("10m")
    starts = {"horizon": ({"Type": "TRIM_HORIZON"}, {b"early", b"middle", b"late"}),
              "at": ({"Type": "AT_TIMESTAMP", "Timestamp": middle}, {b"middle", b"late"}),
              "latest": ({"Type": "LATEST"}, {b"late"}), "default": (None, {b"late"})}
    for each, (start, _) in starts.items():
        config = {"StreamARN": stream_arn(name)}
        if start:
            config["StartingPosition"] = start
        kinesis.create_queue(QueueName=f"{name}-{each}", StreamConfigurationList=[config])
    put(kinesis, name, b"late")
    for each, (_, want) in starts.items():
        seen = set()
        while len(seen) < len(want):
            seen |= set(data_of(receive(kinesis, queue_arn(f"{name}-{each}"))))
        assert seen == want
        assert is_empty(clocked, kinesis, queue_arn(f"{name}-{each}"))


def test_every_queue_gets_every_record(kinesis, name):
    arns = [make(kinesis, name)]
    for i in range(2):
        arns.append(kinesis.create_queue(
            QueueName=f"{name}-{i}", StreamConfigurationList=[{"StreamARN": stream_arn(name)}])[
                "QueueDescription"]["QueueARN"])
    put(kinesis, name, b"for all")
    for arn in arns:
        assert data_of(receive(kinesis, arn)) == [b"for all"]


# ---- waiting ----

def test_waiting_receive_is_woken_by_a_record(kinesis, name):
    arn = make(kinesis, name)
    with in_background(kinesis.receive_queue_records, QueueARN=arn, WaitTimeSeconds=20) as answer:
        put(kinesis, name, b"wake up")
        assert data_of(answer(10)["QueueRecords"]) == [b"wake up"]


def test_waiting_receive_ends_empty_after_its_time(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name)
    with in_background(kinesis.receive_queue_records, QueueARN=arn, WaitTimeSeconds=20) as answer:
        for _ in range(100):
            if not answer.waiting():
                break
            clocked.advance("1s")
        assert answer()["QueueRecords"] == []


def test_one_record_wakes_one_of_many(weir, name):
    kinesis = weir.client()
    arn = make(kinesis, name)
    call = kinesis.receive_queue_records
    with in_background(call, QueueARN=arn, WaitTimeSeconds=2) as one, \
            in_background(call, QueueARN=arn, WaitTimeSeconds=2) as two:
        put(kinesis, name, b"x")
        both = data_of(one()["QueueRecords"]) + data_of(two()["QueueRecords"])
    assert both == [b"x"]


def test_deleting_the_queue_ends_the_waiting(kinesis, name):
    arn = make(kinesis, name)
    with in_background(kinesis.receive_queue_records, QueueARN=arn, WaitTimeSeconds=20) as answer:
        kinesis.describe_queue(QueueARN=arn)
        kinesis.delete_queue(QueueARN=arn)
        with pytest.raises(ClientError) as caught:
            answer(10)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


# ---- dead letters ----

def dead_letter(weir, kinesis, name, data=b"poison"):
    """A queue whose one record has become a dead letter after two receives."""
    arn = make(kinesis, name, [data], VisibilityTimeoutSeconds=10, **dead_after(2))
    for count in (1, 2):
        record, = receive(kinesis, arn)
        assert record["ReceiveCount"] == count
        weir.advance("11s")
    return arn


def test_record_dies_after_so_many_receives(clocked, name):
    kinesis = clocked.client()
    arn = dead_letter(clocked, kinesis, name)
    assert is_empty(clocked, kinesis, arn)
    dead, = receive_dead(kinesis, arn)
    assert dead["Data"] == b"poison"
    answer = kinesis.acknowledge_dead_letter_queue_records(QueueARN=arn, Entries=entries([dead]))
    assert answer["Failed"] == []
    clocked.advance("1h")
    assert is_empty(clocked, kinesis, arn, "receive_dead_letter_queue_records")


def test_dead_letter_is_restored_with_a_fresh_count(clocked, name):
    kinesis = clocked.client()
    arn = dead_letter(clocked, kinesis, name)
    dead = receive_dead(kinesis, arn)
    # the live queue's operations do not touch dead letters, nor the other way round
    assert len(kinesis.acknowledge_queue_records(QueueARN=arn, Entries=entries(dead))[
        "Failed"]) == 1
    assert kinesis.restore_dead_letter_queue_records(QueueARN=arn, Entries=entries(dead))[
        "Failed"] == []
    live, = receive(kinesis, arn)
    assert live["Data"] == b"poison" and live["ReceiveCount"] == 1
    assert len(kinesis.acknowledge_dead_letter_queue_records(
        QueueARN=arn, Entries=entries([live]))["Failed"]) == 1
    acknowledge(kinesis, arn, [live])


def test_dead_letters_have_a_visibility_too(clocked, name):
    kinesis = clocked.client()
    arn = dead_letter(clocked, kinesis, name)
    dead = receive_dead(kinesis, arn, VisibilityTimeoutSeconds=100)
    kinesis.update_dead_letter_queue_records_visibility(
        QueueARN=arn, Entries=entries(dead, VisibilityTimeoutSeconds=1000))
    clocked.advance("900s")
    assert is_empty(clocked, kinesis, arn, "receive_dead_letter_queue_records")
    clocked.advance("101s")
    assert data_of(receive_dead(kinesis, arn)) == [b"poison"]


def test_without_dead_letters_a_record_lives_on(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [b"x"], VisibilityTimeoutSeconds=1,
               DeadLetterConfiguration={"TargetType": "NONE"})
    for count in range(1, 21):
        record, = receive(kinesis, arn)
        assert record["ReceiveCount"] == count
        clocked.advance("2s")


# ---- durability and time ----

def test_everything_in_flight_survives_a_kill(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    arn = make(kinesis, "q", [str(i).encode() for i in range(8)], VisibilityTimeoutSeconds=60,
               **dead_after(2))
    taken = receive(kinesis, arn, Limit=8)
    while len(taken) < 8:
        taken += receive(kinesis, arn, Limit=8 - len(taken))
    acknowledge(kinesis, arn, taken[:2])
    kinesis = weir.restart(hard=True).client()

    assert is_empty(weir, kinesis, arn)  # six are still in flight
    acknowledge(kinesis, arn, taken[2:4])  # and their handles still good
    weir.advance("61s")
    kinesis = weir.restart(hard=True).client()
    again = receive(kinesis, arn, Limit=10)
    assert sorted(data_of(again)) == sorted(data_of(taken[4:]))
    assert {r["ReceiveCount"] for r in again} == {2}
    weir.advance("61s")
    kinesis = weir.restart(hard=True).client()
    dead = receive_dead(kinesis, arn)
    assert sorted(data_of(dead)) == sorted(data_of(taken[4:]))
    kinesis = weir.restart(hard=True).client()
    kinesis.restore_dead_letter_queue_records(QueueARN=arn, Entries=entries(dead))
    kinesis = weir.restart(hard=True).client()
    live = receive(kinesis, arn, Limit=10)
    assert sorted(data_of(live)) == sorted(data_of(taken[4:]))
    acknowledge(kinesis, arn, live)
    kinesis = weir.restart(hard=True).client()
    weir.advance("1h")
    assert is_empty(weir, kinesis, arn)
    assert is_empty(weir, kinesis, arn, "receive_dead_letter_queue_records")
    weir.stop()
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_queue_follows_its_stream_through_resharding(clocked, name):
    kinesis = clocked.client()
    arn = make(kinesis, name, [b"before"])
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]
    middle = int(shard["HashKeyRange"]["EndingHashKey"]) // 2
    kinesis.split_shard(StreamName=name, ShardToSplit=shard["ShardId"],
                        NewStartingHashKey=str(middle))
    put(kinesis, name, b"low", ExplicitHashKey="0")
    put(kinesis, name, b"high", ExplicitHashKey=str(middle))
    seen = set()
    while len(seen) < 3:
        seen |= set(data_of(receive(kinesis, arn)))
    assert seen == {b"before", b"low", b"high"}


def test_records_expire_from_queues_too(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    arn = make(kinesis, "q", [b"old", b"older"], VisibilityTimeoutSeconds=60)
    assert len(receive(kinesis, arn, Limit=1)) == 1
    weir.advance("25h")
    weir.advance("2m")
    put(kinesis, "q", b"new")
    assert data_of(receive(kinesis, arn, Limit=10)) == [b"new"]
    assert is_empty(weir, kinesis, arn)
