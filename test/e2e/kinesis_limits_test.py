# SPDX-License-Identifier: Apache-2.0
"""--limits=aws: a shard takes 1 MiB or 1,000 records a second and gives 2 MiB in 5 calls a second.

The clock stands still, so a second lasts until the test ends it.
"""
import pytest
from kinesis_kit import iterator, put, read_shard, shard_id, stream_arn
from weir_server import ACCOUNT, WeirServer, shared

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer("--limits", "aws", clock="2026-11-23T08:00:00Z"))


@pytest.fixture
def stream(weir, kinesis, name):
    weir.advance("1s")
    kinesis.create_stream(StreamName=name, ShardCount=2)
    return name


def records(count, explicit_hash_key="0", data=b"x"):
    return [{"Data": data, "PartitionKey": "k", "ExplicitHashKey": explicit_hash_key}
            for _ in range(count)]


def exceeded(name, shard=0):
    return f"Rate exceeded for shard {shard_id(shard)} in stream {name} under account {ACCOUNT}."


def test_thousand_records_a_second_and_no_more(weir, kinesis, stream, refused):
    for _ in range(2):
        assert kinesis.put_records(StreamName=stream,
                                   Records=records(500))["FailedRecordCount"] == 0
    message = refused("ProvisionedThroughputExceededException", put, kinesis, stream, b"x",
                      ExplicitHashKey="0")
    assert message == exceeded(stream)
    assert put(kinesis, stream, b"x", ExplicitHashKey=str(2**127))["ShardId"] == shard_id(1)
    weir.advance("1s")
    assert put(kinesis, stream, b"x", ExplicitHashKey="0")["ShardId"] == shard_id(0)
    assert len(read_shard(kinesis, stream)) == 1001


def test_batch_fails_record_by_record(weir, kinesis, stream):
    kinesis.put_records(StreamName=stream, Records=records(400))
    kinesis.put_records(StreamName=stream, Records=records(400))
    mixed = [r for pair in zip(records(250), records(250, str(2**127))) for r in pair]
    answer = kinesis.put_records(StreamName=stream, Records=mixed)
    assert answer["FailedRecordCount"] == 50
    low, high = answer["Records"][0::2], answer["Records"][1::2]
    assert all(r["ShardId"] == shard_id(1) for r in high)
    assert all(r["ShardId"] == shard_id(0) for r in low[:200])
    for result in low[200:]:
        assert result == {"ErrorCode": "ProvisionedThroughputExceededException",
                          "ErrorMessage": exceeded(stream)}
    weir.advance("1s")
    assert len(read_shard(kinesis, stream)) == 1000
    weir.advance("1s")
    assert len(read_shard(kinesis, stream, 1)) == 250


def test_one_mib_a_second_counts_data_and_keys(weir, kinesis, stream, refused):
    put(kinesis, stream, b"d" * (MIB - 2), ExplicitHashKey="0")
    put(kinesis, stream, b"", ExplicitHashKey="0")  # its key fills the last byte
    assert refused("ProvisionedThroughputExceededException", put, kinesis, stream, b"",
                   ExplicitHashKey="0") == exceeded(stream)
    weir.advance("1s")
    put(kinesis, stream, b"d" * (MIB - 1), ExplicitHashKey="0")


def test_five_reads_a_second(weir, kinesis, stream, refused):
    at = iterator(kinesis, stream)
    for _ in range(5):
        kinesis.get_records(ShardIterator=at)
    assert refused("ProvisionedThroughputExceededException", kinesis.get_records,
                   ShardIterator=at) == exceeded(stream)
    assert kinesis.get_records(ShardIterator=iterator(kinesis, stream, 1))["Records"] == []
    weir.advance("1s")
    assert kinesis.get_records(ShardIterator=at)["Records"] == []


def test_two_mib_read_a_second(weir, kinesis, stream, refused):
    for _ in range(4):
        put(kinesis, stream, b"d" * (MIB - 1), ExplicitHashKey="0")
        weir.advance("1s")
    at = iterator(kinesis, stream)
    first = kinesis.get_records(ShardIterator=at)
    assert len(first["Records"]) >= 1
    refused("ProvisionedThroughputExceededException", kinesis.get_records, ShardIterator=at)


def test_consumers_stop_at_twenty(kinesis, stream, refused):
    for i in range(20):
        kinesis.register_stream_consumer(StreamARN=stream_arn(stream), ConsumerName=f"c{i}")
    refused("LimitExceededException", kinesis.register_stream_consumer,
            StreamARN=stream_arn(stream), ConsumerName="one-more")


def test_without_limits_nothing_is_throttled(fresh):
    kinesis = fresh(clock="2026-11-23T08:00:00Z").client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    for _ in range(6):
        assert kinesis.put_records(StreamName="s", Records=records(500))["FailedRecordCount"] == 0
    for _ in range(4):
        put(kinesis, "s", b"d" * (MIB - 1))
    at = iterator(kinesis, "s")
    for _ in range(20):
        kinesis.get_records(ShardIterator=at, Limit=1)
