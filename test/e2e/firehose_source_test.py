# SPDX-License-Identifier: Apache-2.0
"""A Kinesis stream as source: from where it was created, through splits and merges, aggregates of
the Kinesis Producer Library taken apart, after kill -9 from where it was."""
import hashlib
import json

import pytest
from firehose_kit import ROLE, Kit, processors, until
from lambda_run_kit import Kit as Functions
from weir_server import ACCOUNT, REGION


def source(stream):
    return {"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": {
        "KinesisStreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}", "RoleARN": ROLE}}


class Fed(Kit):
    """A kit with a stream that feeds a delivery stream of the same name."""

    def __init__(self, weir, name, shards=1, **more):
        super().__init__(weir, f"bucket-{name}")
        self.name = name
        self.kinesis = weir.client("kinesis")
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.feed("before")
        self.create(name, stream=source(name), **more)

    def feed(self, *records, key=None):
        for i, record in enumerate(records):
            data = record if isinstance(record, bytes) else record.encode()
            self.kinesis.put_record(StreamName=self.name, Data=data, PartitionKey=key or str(i))

    def landed(self, wanted, advance="60s"):
        """All content, once it is as long as wanted."""
        def look():
            if advance:
                self.weir.advance(advance)
            return b"".join(self.objects(0, seconds=0).values())
        return until(look, lambda seen: len(seen) >= wanted)


def test_records_since_the_creation_are_delivered(clocked, name, refused):
    fed = Fed(clocked, name)
    fed.feed("one ", "two ", "three ")
    assert fed.landed(14) == b"one two three "
    about = fed.firehose.describe_delivery_stream(DeliveryStreamName=name)[
        "DeliveryStreamDescription"]
    assert about["DeliveryStreamType"] == "KinesisStreamAsSource"
    described = about["Source"]["KinesisStreamSourceDescription"]
    assert described["KinesisStreamARN"].endswith(name)
    assert described["DeliveryStartTimestamp"] == about["CreateTimestamp"]
    refused("InvalidArgumentException", fed.firehose.put_record, DeliveryStreamName=name,
            Record={"Data": b"x"})


def test_resharding_is_followed_in_order(clocked, name):
    fed = Fed(clocked, name, 2)
    fed.feed(*[f"{i:03} " for i in range(20)], key="k")
    shards = fed.kinesis.list_shards(StreamName=name)["Shards"]
    fed.kinesis.merge_shards(StreamName=name, ShardToMerge=shards[0]["ShardId"],
                             AdjacentShardToMerge=shards[1]["ShardId"])
    fed.feed(*[f"{i:03} " for i in range(20, 40)], key="k")
    fed.kinesis.update_shard_count(StreamName=name, TargetShardCount=2,
                                   ScalingType="UNIFORM_SCALING")
    fed.feed(*[f"{i:03} " for i in range(40, 60)], key="k")
    assert fed.landed(240).decode().split() == [f"{i:03}" for i in range(60)]


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def aggregate(*records):
    keys = sorted({key for key, _ in records})
    message = b"".join(field(1, key.encode()) for key in keys)
    for key, data in records:
        message += field(3, varint(8) + varint(keys.index(key)) + field(3, data))
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message).digest()


def test_aggregates_are_taken_apart(clocked, name):
    function = Functions(clocked).function(f"f-{name}", """
import base64, json
def handler(event, context):
    return {"records": [{"recordId": r["recordId"], "result": "Ok", "data": base64.b64encode(
        (json.dumps([event["sourceKinesisStreamArn"], r["kinesisRecordMetadata"],
                     base64.b64decode(r["data"]).decode()]) + "\\n").encode()).decode()}
        for r in event["records"]]}
""")
    fed = Fed(clocked, name, seconds=0, ProcessingConfiguration=processors(
        ("Lambda", {"LambdaArn": function, "BufferIntervalInSeconds": "0"})))
    fed.feed(aggregate(("a", b"one"), ("b", b"two"), ("a", b"three")))
    content = fed.landed(10, None)
    lines = [json.loads(line) for line in content.decode().splitlines()]
    assert [line[2] for line in lines] == ["one", "two", "three"]
    assert [line[1]["partitionKey"] for line in lines] == ["a", "b", "a"]
    assert [line[1]["subsequenceNumber"] for line in lines] == [0, 1, 2]
    assert len({line[1]["sequenceNumber"] for line in lines}) == 1
    assert lines[0][1]["shardId"] == "shardId-000000000000"
    assert lines[0][0] == source(name)["KinesisStreamSourceConfiguration"]["KinesisStreamARN"]


def test_the_position_survives(fresh, name):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    fed = Fed(weir, name)
    fed.feed("one ", "two ")
    weir.restart(hard=True)
    fed.firehose, fed.s3, fed.kinesis = (weir.client(s) for s in ("firehose", "s3", "kinesis"))
    fed.feed("three ")
    assert sorted(fed.landed(14).decode().split()) == ["one", "three", "two"]


def test_what_must_agree(clocked, name, refused):
    kit = Kit(clocked, f"bucket-{name}")
    message = refused("ResourceNotFoundException", kit.create, name, stream=source("nobody"))
    assert "nobody" in message
    wrong = source("x")
    wrong["DeliveryStreamType"] = "DirectPut"
    refused("InvalidArgumentException", kit.create, name, stream=wrong)
    refused("InvalidArgumentException", kit.create, name,
            stream={"DeliveryStreamType": "KinesisStreamAsSource"})
