# SPDX-License-Identifier: Apache-2.0
"""Channels: a stream's records become objects of a bucket, at the pace asked for, exactly once."""
import gzip
import json
import re
import time

import pytest
from weir_server import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/channel"
FRESH = 300


@pytest.fixture(scope="module")
def kinesis(clocked):
    return clocked.client()


@pytest.fixture(scope="module")
def s3(clocked):
    return clocked.client("s3")


@pytest.fixture
def made(clocked, kinesis, s3, name):
    """made(format, …): a stream, a bucket and a channel between them; gives stream, bucket, ARN."""

    def make(format="JSON", compression="NONE", **storage):
        bucket = f"bucket-{name}"
        kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        s3.create_bucket(Bucket=bucket)
        arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        channel = kinesis.create_channel(
            ChannelName=f"channel-{name}", ServiceExecutionRoleARN=ROLE,
            StreamConfigurationList=[{"StreamARN": arn, "RecordConfiguration": {
                "RecordFormatType": format}}],
            S3DestinationConfiguration={"StorageConfiguration": {
                "BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": ACCOUNT,
                "CompressionType": compression, **storage}})["ChannelDescription"]
        return name, bucket, channel

    return make


def put(kinesis, stream, *texts):
    records = [{"Data": t if isinstance(t, bytes) else t.encode(), "PartitionKey": str(i)}
               for i, t in enumerate(texts)]
    assert kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0


def objects(s3, bucket, count=1, prefix="kinesis-channel/channel"):
    """{key: content} once there are so many: a delivery is a thread's work."""
    for _ in range(200):
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        if len(found) >= count:
            return {o["Key"]: s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()
                    for o in found}
        time.sleep(0.02)
    return {}


def test_records_land_in_the_bucket_after_the_freshness(clocked, kinesis, s3, made):
    stream, bucket, channel = made()
    assert channel["ChannelStatus"] == "ACTIVE"
    assert channel["S3DestinationConfiguration"]["DataFreshnessInSeconds"] == FRESH
    put(kinesis, stream, *[json.dumps({"n": i}) for i in range(100)])
    assert objects(s3, bucket, 0) == {}
    clocked.advance(f"{FRESH}s")
    landed = objects(s3, bucket)
    (key, content), = landed.items()
    assert sorted(json.loads(line)["n"] for line in content.decode().splitlines()) == list(range(100))
    pattern = (rf"kinesis-channel/{channel['ChannelName']}/{channel['ChannelId']}/\d{{4}}/\d\d/\d\d/\d\d/"
               rf"{channel['ChannelName']}-{channel['ChannelId']}-[\d-]+-[0-9a-f-]{{36}}\.json")
    assert re.fullmatch(pattern, key), key
    clocked.advance(f"{FRESH}s")
    assert len(objects(s3, bucket)) == 1, "nothing new, no new object"
    put(kinesis, stream, '{"n":100}')
    clocked.advance(f"{FRESH}s")
    assert len(objects(s3, bucket, 2)) == 2


def test_records_put_before_the_channel_are_not_delivered(clocked, kinesis, s3, name):
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    s3.create_bucket(Bucket=f"bucket-{name}")
    put(kinesis, name, '"before"')
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
    kinesis.create_channel(
        ChannelName=name, ServiceExecutionRoleARN=ROLE,
        StreamConfigurationList=[{"StreamARN": arn,
                                  "RecordConfiguration": {"RecordFormatType": "STRING"}}],
        S3DestinationConfiguration={"DataFreshnessInSeconds": 900, "StorageConfiguration": {
            "BucketARN": f"arn:aws:s3:::bucket-{name}", "ExpectedBucketOwner": ACCOUNT,
            "OutputKeyTemplate": "in/!{channel-name}-!{HH}", "CompressionType": "NONE"}})
    put(kinesis, name, "after")
    clocked.advance("900s")
    (key, content), = objects(s3, f"bucket-{name}", prefix="in/").items()
    assert content == b"after\n"
    assert re.fullmatch(rf"in/{name}-\d\d-[0-9a-f-]{{36}}", key)


def test_large_batches_are_packed_and_land_whole(clocked, kinesis, s3, made):
    stream, bucket, _ = made("BYTE_ARRAY", "GZIP", StorageClass="GLACIER_IR")
    for i in range(5):
        put(kinesis, stream, *[bytes([i]) * 40_000 for _ in range(20)])
    clocked.advance(f"{FRESH}s")
    (key, content), = objects(s3, bucket).items()
    assert key.endswith(".bin.gz")
    plain = gzip.decompress(content)
    assert len(plain) == 5 * 20 * 40_000
    assert sorted(set(plain)) == [0, 1, 2, 3, 4]
    assert s3.head_object(Bucket=bucket, Key=key)["StorageClass"] == "GLACIER_IR"


def test_what_is_not_as_promised_goes_to_the_dead_letters(clocked, kinesis, s3, made):
    stream, bucket, channel = made("JSON", "ZSTD")
    put(kinesis, stream, '{"good":1}', "not json", b"\xff\xfe")
    clocked.advance(f"{FRESH}s")
    (key, _), = objects(s3, bucket).items()
    assert key.endswith(".json.zst")
    (_, lines), = objects(s3, bucket, prefix=(
        f"kinesis-channel/errors/{channel['ChannelName']}/{channel['ChannelId']}/")).items()
    told = [json.loads(line) for line in lines.decode().splitlines()]
    assert {t["rawData"] for t in told} == {"bm90IGpzb24=", "//4="}
    assert all(t["errorCode"] == "DataFormatException" for t in told)


def test_a_bucket_that_is_gone_holds_the_records_until_it_is_back(clocked, kinesis, s3, made):
    stream, bucket, _ = made()
    s3.delete_bucket(Bucket=bucket)
    put(kinesis, stream, "1")
    clocked.advance(f"{FRESH}s")
    s3.create_bucket(Bucket=bucket)
    clocked.advance(f"{FRESH}s")
    assert list(objects(s3, bucket).values()) == [b"1\n"]


def test_channels_are_listed_updated_tagged_and_deleted(kinesis, made, refused):
    stream, bucket, channel = made()
    arn = channel["ChannelARN"]
    stream_arn = channel["StreamConfigurationList"][0]["StreamARN"]
    listed = kinesis.list_channels(StreamFilter=[{"StreamARN": stream_arn}])["ChannelSummaries"]
    assert [(c["ChannelARN"], c["ChannelDestinationType"]) for c in listed] == [(arn, "S3")]
    updated = kinesis.update_channel(
        ChannelARN=arn, S3DestinationConfiguration={"DataFreshnessInSeconds": 600},
        LoggingConfiguration={"CloudWatchLogs": {"Enabled": True, "LogGroupName": "/aws/x"}})
    described = kinesis.describe_channel(ChannelARN=arn)["ChannelDescription"]
    assert described == updated["ChannelDescription"]
    assert described["S3DestinationConfiguration"]["DataFreshnessInSeconds"] == 600
    assert described["LoggingConfiguration"]["CloudWatchLogs"]["LogGroupName"] == "/aws/x"
    kinesis.tag_resource(ResourceARN=arn, Tags={"a": "b"})
    assert kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ResourceInUseException", kinesis.delete_stream, StreamName=stream)
    kinesis.delete_channel(ChannelARN=arn)
    refused("ResourceNotFoundException", kinesis.describe_channel, ChannelARN=arn)
    kinesis.delete_stream(StreamName=stream)


def test_what_a_channel_needs_is_checked(kinesis, s3, name, refused):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.create_stream(StreamName=f"{name}-od", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    s3.create_bucket(Bucket=f"bucket-{name}")

    def create(stream=f"{name}-od", format="JSON", **storage):
        return dict(
            ChannelName=name, ServiceExecutionRoleARN=ROLE,
            StreamConfigurationList=[{
                "StreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
                "RecordConfiguration": {"RecordFormatType": format}}],
            S3DestinationConfiguration={"StorageConfiguration": {
                "BucketARN": f"arn:aws:s3:::bucket-{name}", "ExpectedBucketOwner": ACCOUNT,
                "CompressionType": "NONE", **storage}})

    refused("InvalidArgumentException", kinesis.create_channel, **create(stream=name))
    refused("ResourceNotFoundException", kinesis.create_channel, **create(stream="nowhere"))
    refused("InvalidArgumentException", kinesis.create_channel, **create(format="GSR_JSON"))
    refused("InvalidArgumentException", kinesis.create_channel,
            **create(BucketARN="arn:aws:s3:::not-there"))
    refused("InvalidArgumentException", kinesis.create_channel,
            **create(ExpectedBucketOwner="999999999999"))
    refused("InvalidArgumentException", kinesis.create_channel,
            **create(OutputKeyTemplate="!{nothing}"))
    assert kinesis.list_channels(StreamFilter=[{
        "StreamARN": create()["StreamConfigurationList"][0]["StreamARN"]}])["ChannelSummaries"] == []


def test_a_kill_delivers_each_record_exactly_once(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis, s3 = weir.client(), weir.client("s3")
    kinesis.create_stream(StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    s3.create_bucket(Bucket="landing")
    kinesis.create_channel(
        ChannelName="c", ServiceExecutionRoleARN=ROLE,
        StreamConfigurationList=[{"StreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s",
                                  "RecordConfiguration": {"RecordFormatType": "STRING"}}],
        S3DestinationConfiguration={"StorageConfiguration": {
            "BucketARN": "arn:aws:s3:::landing", "ExpectedBucketOwner": ACCOUNT,
            "CompressionType": "GZIP"}})
    sent = []
    for turn in range(8):
        texts = [f"{turn}/{i}" for i in range(200)]
        put(weir.client(), "s", *texts)
        sent += texts
        weir.advance(f"{FRESH}s")
        time.sleep(turn * 0.002)
        weir.restart(hard=True)
    weir.advance(f"{FRESH}s")
    for _ in range(200):
        s3 = weir.client("s3")
        found = [line for o in s3.list_objects_v2(Bucket="landing").get("Contents", [])
                 for line in gzip.decompress(s3.get_object(Bucket="landing", Key=o["Key"])["Body"]
                                             .read()).decode().splitlines()]
        if len(found) >= len(sent):
            break
        time.sleep(0.02)
    assert sorted(found) == sorted(sent)
