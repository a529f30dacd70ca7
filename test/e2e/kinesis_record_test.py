# SPDX-License-Identifier: Apache-2.0
"""Records: PutRecord, PutRecords, GetRecords. What goes in comes out, once, in order."""
import base64
import datetime
import hashlib
import json
import random
import threading

import pytest
from kinesis_kit import (HASH_MAX, data_of, hash_range, invalid, iterator, put, read_from,
                         read_shard, read_stream, shard_id, shards_of)
from weir_server import ACCOUNT

MIB = 1024 * 1024


@pytest.fixture
def stream(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return name


# ---- what goes in comes out ----

@pytest.mark.parametrize("data", [
    b"", b"\0", b"x", bytes(range(256)), "ünïcödé 统一码 💣💻🔥".encode(), b'{"json": "\\u0000"}',
    random.Random(1).randbytes(100_000)])
def test_data_is_returned_byte_by_byte(kinesis, stream, data):
    put(kinesis, stream, data)
    assert data_of(read_shard(kinesis, stream)) == [data]


@pytest.mark.parametrize("key", ["k", " ", "ü", "🔥" * 256, "a" * 256, "\t\n", '"\\', "null"])
def test_partition_keys_are_returned_as_they_were(kinesis, stream, key):
    put(kinesis, stream, b"x", key)
    assert [r["PartitionKey"] for r in read_shard(kinesis, stream)] == [key]


def test_record_carries_number_arrival_and_no_encryption(kinesis, stream):
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)
    answer = put(kinesis, stream, b"x")
    record, = read_shard(kinesis, stream)
    assert record["SequenceNumber"] == answer["SequenceNumber"]
    assert answer["ShardId"] == shard_id(0)
    after = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    assert before <= record["ApproximateArrivalTimestamp"] <= after
    assert record["ApproximateArrivalTimestamp"].microsecond % 1000 == 0
    assert "EncryptionType" not in record


def test_sequence_numbers_are_shaped_like_aws_and_rise(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=3)
    last = {}
    for i in range(120):
        answer = put(kinesis, name, str(i).encode(), f"key-{i}")
        number, shard = answer["SequenceNumber"], int(answer["ShardId"][8:])
        assert len(number) == 56 and number.isdigit()
        text = f"{int(number):047x}"
        assert text[0] == "2" and text[-1] == "2"
        assert int(text[38:46], 16) == shard
        taken = int(text[29:38], 16)
        assert abs(taken - datetime.datetime.now().timestamp()) < 10
        assert int(number) > last.get(shard, 0)
        last[shard] = int(number)
    assert len(last) == 3
    for shard in shards_of(kinesis, name):
        start = int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
        assert start < last[int(shard["ShardId"][8:])]


def test_ordering_hint_is_taken_and_a_bad_one_refused(kinesis, stream, refused):
    first = put(kinesis, stream, b"1")["SequenceNumber"]
    second = put(kinesis, stream, b"2", SequenceNumberForOrdering=first)["SequenceNumber"]
    assert int(second) > int(first)
    for bad in ("0", "1" * 56, str(int(first) + 1)):
        message = refused("InvalidArgumentException", put, kinesis, stream, b"3",
                          SequenceNumberForOrdering=bad)
        assert message == (f"ExclusiveMinimumSequenceNumber {bad} used in PutRecord on stream "
                           f"{stream} under account {ACCOUNT} is invalid.")
    assert data_of(read_shard(kinesis, stream)) == [b"1", b"2"]


# ---- where a record goes ----

def test_partition_key_is_hashed_with_md5(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=7)
    ranges = {s["ShardId"]: hash_range(s) for s in shards_of(kinesis, name)}
    for i in range(100):
        key = f"card-{i}-ß"
        start, end = ranges[put(kinesis, name, b"x", key)["ShardId"]]
        assert start <= int(hashlib.md5(key.encode()).hexdigest(), 16) <= end


def test_explicit_hash_key_beats_the_partition_key(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=4)
    for shard in shards_of(kinesis, name):
        for key in hash_range(shard):
            answer = put(kinesis, name, b"x", "same", ExplicitHashKey=str(key))
            assert answer["ShardId"] == shard["ShardId"]


def test_explicit_hash_key_out_of_range_is_refused(kinesis, stream, refused):
    for bad in (HASH_MAX + 1, 10**38 * 9):
        message = refused("InvalidArgumentException", put, kinesis, stream, b"x",
                          ExplicitHashKey=str(bad))
        assert message == ("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: "
                           f"[0, 2^128-1]. Specified value was {bad}")
    for bad in ("", "-1", "01", "1.5", "abc", "1" * 40):
        message = refused("ValidationException", put, kinesis, stream, b"x", ExplicitHashKey=bad)
        assert f"Value '{bad}' at 'explicitHashKey' failed to satisfy constraint: " \
               "Member must satisfy regular expression pattern: " in message
    assert read_shard(kinesis, stream) == []


def test_one_bad_record_refuses_the_whole_batch(kinesis, stream, refused):
    refused("InvalidArgumentException", kinesis.put_records, StreamName=stream, Records=[
        {"Data": b"good", "PartitionKey": "a"},
        {"Data": b"bad", "PartitionKey": "b", "ExplicitHashKey": str(HASH_MAX + 1)}])
    assert read_shard(kinesis, stream) == []


def test_partition_key_may_be_left_out_only_with_a_hash_key(kinesis, stream, refused):
    kinesis.put_record(StreamName=stream, Data=b"x", ExplicitHashKey="5")
    record, = read_shard(kinesis, stream)
    assert record["Data"] == b"x" and "PartitionKey" not in record
    message = refused("ValidationException", kinesis.put_record, StreamName=stream, Data=b"x")
    assert message == invalid(None, "partitionKey", "Member must not be null")


def test_auto_distribution_ignores_keys_and_uses_every_shard(kinesis, name):
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"},
                          RecordDistributionStrategy="AUTO")
    for _ in range(4):
        kinesis.put_records(StreamName=name, Records=[
            {"Data": str(i).encode(), "PartitionKey": "same"} for i in range(50)])
    spread = [len(read_shard(kinesis, name, i)) for i in range(4)]
    assert sum(spread) == 200 and min(spread) > 0


# ---- batches ----

def test_batch_answers_in_the_order_of_its_records(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=3)
    records = [{"Data": f"{i}".encode(), "PartitionKey": f"key-{i}"} for i in range(500)]
    answer = kinesis.put_records(StreamName=name, Records=records)
    assert answer["FailedRecordCount"] == 0
    assert len(answer["Records"]) == 500
    found = {(r["SequenceNumber"]): r for r in read_stream(kinesis, name)}
    assert len(found) == 500
    for sent, result in zip(records, answer["Records"]):
        assert "ErrorCode" not in result
        assert found[result["SequenceNumber"]]["Data"] == sent["Data"]
        assert found[result["SequenceNumber"]]["PartitionKey"] == sent["PartitionKey"]
    for shard in range(3):
        order = [int(r["Data"]) for r in read_shard(kinesis, name, shard)]
        assert order == sorted(order)


def test_batch_of_none_or_more_than_500_is_refused(kinesis, stream, refused):
    one = {"Data": b"x", "PartitionKey": "k"}
    message = refused("ValidationException", kinesis.put_records, StreamName=stream, Records=[])
    assert "at 'records' failed to satisfy constraint: " \
           "Member must have length greater than or equal to 1" in message
    message = refused("ValidationException", kinesis.put_records, StreamName=stream,
                      Records=[one] * 501)
    assert "at 'records' failed to satisfy constraint: " \
           "Member must have length less than or equal to 500" in message
    assert kinesis.put_records(StreamName=stream, Records=[one] * 500)["FailedRecordCount"] == 0


def test_broken_rule_inside_a_batch_names_its_place(weir, stream):
    status, answer = weir.call("PutRecords", {"StreamName": stream, "Records": [
        {"Data": "", "PartitionKey": "k"}, {"PartitionKey": ""}]})
    assert status == 400 and answer["__type"].endswith("ValidationException")
    assert "Value null at 'records.2.member.data' failed to satisfy constraint: " \
           "Member must not be null" in answer["message"]
    assert "Value '' at 'records.2.member.partitionKey' failed to satisfy constraint: " \
           "Member must have length greater than or equal to 1" in answer["message"]


@pytest.mark.parametrize("member,value,message", [
    ("Data", 5, "NUMBER_VALUE can not be converted to a Blob"),
    ("Data", [], "Start of list found where not expected"),
    ("Data", {}, "Start of structure or map found where not expected."),
    ("PartitionKey", 5, "NUMBER_VALUE can not be converted to a String"),
    ("ExplicitHashKey", True, "TRUE_VALUE can not be converted to a String"),
])
def test_wrong_types_are_serialization_exceptions(weir, stream, member, value, message):
    body = {"StreamName": stream, "Data": "", "PartitionKey": "k", member: value}
    status, answer = weir.call("PutRecord", body)
    assert status == 400 and answer["__type"].endswith("SerializationException")
    assert answer.get("Message", answer.get("message")) == message
    status, answer = weir.call("PutRecords", {"StreamName": stream, "Records": [
        {"Data": "", "PartitionKey": "k", member: value}]})
    assert status == 400 and answer.get("Message", answer.get("message")) == message


@pytest.mark.parametrize("text", ["a", "ab", "abcde", "ab=c", "====", "äöüß", "a b="])
def test_data_that_is_no_base64_is_a_serialization_exception(weir, kinesis, stream, text):
    body = {"StreamName": stream, "PartitionKey": "k", "Data": text}
    status, answer = weir.call("PutRecord", body)
    assert status == 400 and answer["__type"].endswith("SerializationException")
    assert read_shard(kinesis, stream) == []


def test_batch_has_to_be_a_list_of_structures(weir, stream):
    for value, message in (("x", "Expected list or null"), (5, "Expected list or null"),
                           ({}, "Start of structure or map found where not expected."),
                           (["x"], "Expected null"),
                           ([[]], "Start of list found where not expected")):
        status, answer = weir.call("PutRecords", {"StreamName": stream, "Records": value})
        assert status == 400 and answer["__type"].endswith("SerializationException")
        assert answer.get("Message", answer.get("message")) == message


# ---- sizes ----

def test_record_of_one_mib_with_its_key_fits_and_one_byte_more_does_not(kinesis, stream, refused):
    put(kinesis, stream, b"d" * (MIB - 3), "key")
    refused("InvalidArgumentException", put, kinesis, stream, b"d" * (MIB - 2), "key")
    refused("InvalidArgumentException", kinesis.put_records, StreamName=stream,
            Records=[{"Data": b"d" * (MIB - 2), "PartitionKey": "key"}])
    assert [len(r["Data"]) for r in read_shard(kinesis, stream)] == [MIB - 3]


def test_larger_records_when_the_stream_allows_them(kinesis, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1, MaxRecordSizeInKiB=10240)
    big = random.Random(7).randbytes(10 * MIB - 1)
    put(kinesis, name, big, "k")
    record, = read_shard(kinesis, name)
    assert record["Data"] == big
    refused("InvalidArgumentException", put, kinesis, name, big + b"x", "k")
    message = refused("ValidationException", put, kinesis, name, big + b"xx", "k")
    assert "at 'data' failed to satisfy constraint: " \
           "Member must have length less than or equal to 10485760" in message


def test_batch_of_ten_mib_fits_and_more_does_not(kinesis, stream, refused):
    full = {"Data": b"d" * (MIB - 1), "PartitionKey": "k"}
    assert kinesis.put_records(StreamName=stream, Records=[full] * 10)["FailedRecordCount"] == 0
    message = refused("InvalidArgumentException", kinesis.put_records, StreamName=stream,
                      Records=[full] * 10 + [{"Data": b"", "PartitionKey": "k"}])
    assert message == "Records size exceeds 10 MB limit"
    assert len(read_shard(kinesis, stream)) == 10


def test_key_of_more_than_256_characters_is_refused(kinesis, stream, refused):
    message = refused("ValidationException", put, kinesis, stream, b"x", "k" * 257)
    assert message == invalid("k" * 257, "partitionKey",
                              "Member must have length less than or equal to 256")
    message = refused("ValidationException", put, kinesis, stream, b"x", "")
    assert message == invalid("", "partitionKey",
                              "Member must have length greater than or equal to 1")


# ---- reading ----

def test_one_answer_holds_at_most_ten_mib(kinesis, stream):
    for i in range(25):
        put(kinesis, stream, bytes([i]) * (MIB - 1))
    at, seen = iterator(kinesis, stream), []
    while len(seen) < 25:
        answer = kinesis.get_records(ShardIterator=at)
        assert answer["Records"], "the reader must get on"
        assert sum(len(r["Data"]) + 1 for r in answer["Records"]) <= 10 * MIB
        seen += [r["Data"][0] for r in answer["Records"]]
        at = answer["NextShardIterator"]
    assert seen == list(range(25))


@pytest.mark.parametrize("limit", [1, 7, 10000])
def test_limit_cuts_and_goes_on_without_gap(kinesis, stream, limit):
    for start in range(0, 40, 20):
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": str(i).encode(), "PartitionKey": "k"} for i in range(start, start + 20)])
    at, seen = iterator(kinesis, stream), []
    while True:
        answer = kinesis.get_records(ShardIterator=at, Limit=limit)
        assert len(answer["Records"]) <= limit
        if not answer["Records"]:
            break
        seen += [int(r["Data"]) for r in answer["Records"]]
        at = answer["NextShardIterator"]
    assert seen == list(range(40))


def test_more_than_ten_thousand_records_take_two_answers(kinesis, stream):
    for batch in range(21):
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": str(batch * 500 + i).encode(), "PartitionKey": "k"} for i in range(500)])
    first = kinesis.get_records(ShardIterator=iterator(kinesis, stream))
    assert len(first["Records"]) == 10000
    rest = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert [int(r["Data"]) for r in first["Records"] + rest["Records"]] == list(range(10500))


def test_limits_of_get_records_are_checked(kinesis, stream, refused):
    at = iterator(kinesis, stream)
    for limit, rule in ((0, "greater than or equal to 1"), (10001, "less than or equal to 10000")):
        message = refused("ValidationException", kinesis.get_records, ShardIterator=at, Limit=limit)
        assert message == invalid(limit, "limit", f"Member must have value {rule}")


def test_millis_behind_latest_tells_how_far(clocked, name):
    kinesis = clocked.client()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    put(kinesis, name, b"1")
    clocked.advance("90s")
    put(kinesis, name, b"2")
    clocked.advance("30s")
    first = kinesis.get_records(ShardIterator=iterator(kinesis, name), Limit=1)
    assert first["MillisBehindLatest"] == 120_000
    second = kinesis.get_records(ShardIterator=first["NextShardIterator"], Limit=1)
    assert data_of(second["Records"]) == [b"2"] and second["MillisBehindLatest"] == 0
    idle = kinesis.get_records(ShardIterator=second["NextShardIterator"])
    assert idle["Records"] == [] and idle["MillisBehindLatest"] == 0


def test_dry_run_writes_nothing(kinesis, stream, refused):
    for call, more in ((kinesis.put_record, {"Data": b"x", "PartitionKey": "k"}),
                       (kinesis.put_records, {"Records": [{"Data": b"x", "PartitionKey": "k"}]})):
        refused("DryRunOperationException", call, StreamName=stream, DryRun=True, **more)
    assert read_shard(kinesis, stream) == []
    at = iterator(kinesis, stream)
    refused("DryRunOperationException", kinesis.get_records, ShardIterator=at, DryRun=True)


# ---- time ----

def test_records_expire_with_the_retention(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    put(kinesis, "s", b"monday")
    weir.advance("23h")
    put(kinesis, "s", b"tuesday")
    assert data_of(read_shard(kinesis, "s")) == [b"monday", b"tuesday"]
    weir.advance("61m")
    assert data_of(read_shard(kinesis, "s")) == [b"tuesday"]
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=8760)
    weir.advance("300d")
    assert data_of(read_shard(kinesis, "s")) == [b"tuesday"]
    kinesis.decrease_stream_retention_period(StreamName="s", RetentionPeriodHours=24)
    assert read_shard(kinesis, "s") == []


def test_expiry_survives_a_restart_and_numbers_go_on(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    old = put(kinesis, "s", b"old")["SequenceNumber"]
    weir.advance("25h")
    weir.advance("2m")
    kinesis = weir.restart(hard=True).client()
    assert read_shard(kinesis, "s") == []
    new = put(kinesis, "s", b"new")["SequenceNumber"]
    assert int(new) > int(old)
    assert data_of(read_shard(kinesis, "s")) == [b"new"]


# ---- many at once, and a crash ----

def test_many_writers_lose_and_mix_up_nothing(weir, name):
    weir.client().create_stream(StreamName=name, ShardCount=4)
    acknowledged = [[] for _ in range(8)]

    def write(writer):
        client = weir.client()
        for i in range(40):
            answer = client.put_records(StreamName=name, Records=[
                {"Data": json.dumps([writer, i, j]).encode(), "PartitionKey": f"{writer}"}
                for j in range(5)])
            assert answer["FailedRecordCount"] == 0
            acknowledged[writer] += [[writer, i, j] for j in range(5)]

    threads = [threading.Thread(target=write, args=(w,)) for w in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [[] for _ in range(8)]
    for record in read_stream(weir.client(), name):
        writer, i, j = json.loads(record["Data"])
        seen[writer].append([writer, i, j])
    assert seen == acknowledged


def test_acknowledged_records_survive_a_kill(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=2)
    for round_number in range(3):
        for i in range(50):
            put(kinesis, "s", f"{round_number}/{i}".encode(), f"key-{i % 7}")
        before = read_stream(kinesis, "s")
        assert len(before) == 50 * (round_number + 1)
        kinesis = weir.restart(hard=True).client()
        assert read_stream(kinesis, "s") == before
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_iterators_outlive_a_kill(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    put(kinesis, "s", b"1")
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, "s"))
    put(kinesis, "s", b"2")
    kinesis = weir.restart(hard=True).client()
    assert data_of(read_from(kinesis, answer["NextShardIterator"])) == [b"2"]


# ---- CBOR: what the Java SDK and the Kinesis Client Library speak ----

def test_cbor_puts_and_gets_raw_bytes(weir, kinesis, stream):
    data = bytes(range(256))

    def text(s):
        raw = s.encode()
        return (bytes([0x60 + len(raw)]) if len(raw) < 24 else bytes([0x78, len(raw)])) + raw

    body = (b"\xa3" + text("StreamName") + text(stream) + text("PartitionKey") + text("k") +
            text("Data") + b"\x59" + len(data).to_bytes(2, "big") + data)
    status, headers, answer = weir.ask("POST", "/", body,
                                       weir.headers("PutRecord", "application/x-amz-cbor-1.1"))
    assert status == 200, answer
    assert headers["content-type"] == "application/x-amz-cbor-1.1"
    assert text("ShardId") + text(shard_id(0)) in answer
    assert data_of(read_shard(kinesis, stream)) == [data]


def test_base64_in_json_is_the_plain_kind(weir, stream):
    status, _ = weir.call("PutRecord", {"StreamName": stream, "PartitionKey": "k",
                                        "Data": base64.b64encode(b"\xfb\xff\xfe").decode()})
    assert status == 200
    status, answer = weir.call("GetShardIterator", {
        "StreamName": stream, "ShardId": shard_id(0), "ShardIteratorType": "TRIM_HORIZON"})
    status, answer = weir.call("GetRecords", {"ShardIterator": answer["ShardIterator"]})
    assert status == 200 and answer["Records"][0]["Data"] == "+//+"
    assert isinstance(answer["Records"][0]["ApproximateArrivalTimestamp"], (int, float))
