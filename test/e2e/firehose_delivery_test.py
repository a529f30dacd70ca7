# SPDX-License-Identifier: Apache-2.0
"""Records put into a delivery stream become objects: by size and interval, packed, named, with the
prefixes asked for. The clock stands still; intervals pass when a test says so."""
import gzip
import io
import re
import struct
import zipfile

import pytest
from firehose_kit import Kit, stream_arn
from weir_server import ACCOUNT, REGION

DAY = "2026/11/23/08/"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.fixture
def kit(clocked, name):
    return Kit(clocked, f"bucket-{name}")


def test_records_land_after_the_interval(clocked, kit, name):
    kit.create(name, 60)
    kit.put(name, "one\n", "two\n")
    kit.firehose.put_record(DeliveryStreamName=name, Record={"Data": b"three\n"})
    assert kit.objects(0) == {}
    clocked.advance("59s")
    assert kit.objects(0) == {}
    clocked.advance("1s")
    (key, content), = kit.objects().items()
    assert content == b"one\ntwo\nthree\n"
    assert re.fullmatch(rf"\d{{4}}/\d\d/\d\d/\d\d/{name}-1-\d{{4}}-\d\d-\d\d-\d\d-\d\d-\d\d-{UUID}",
                        key), key
    head = kit.s3.head_object(Bucket=kit.bucket, Key=key)
    assert head["ContentType"] == "application/octet-stream"
    clocked.advance("600s")
    assert len(kit.objects()) == 1


def test_a_full_buffer_does_not_wait(kit, name):
    kit.create(name, 900, 1)
    kit.put(name, *[b"x" * 300_000] * 3)
    assert kit.objects(0) == {}
    kit.put(name, *[b"y" * 300_000] * 2)
    (_, content), = kit.objects().items()
    assert len(content) == 1_200_000, "full with the fourth record; the fifth waits"
    kit.put(name, *[b"z" * 300_000] * 3)
    contents = kit.objects(2).values()
    assert sorted(len(c) for c in contents) == [1_200_000, 1_200_000]


def test_no_buffering_at_all(kit, name):
    kit.create(name, 0)
    kit.put(name, "at once")
    (_, content), = kit.objects().items()
    assert content == b"at once"


def snappy_framed(data):
    import ctypes
    lib = ctypes.CDLL("libsnappy.so.1")
    assert data[:10] == b"\xff\x06\x00\x00sNaPpY"
    at, plain = 10, b""
    while at < len(data):
        kind, size = data[at], int.from_bytes(data[at + 1:at + 4], "little")
        assert kind == 0
        plain += unsnap(lib, data[at + 8:at + 4 + size])
        at += 4 + size
    return plain


def unsnap(lib, packed):
    import ctypes
    size = ctypes.c_size_t()
    assert lib.snappy_uncompressed_length(packed, ctypes.c_size_t(len(packed)),
                                          ctypes.byref(size)) == 0
    out = ctypes.create_string_buffer(size.value)
    assert lib.snappy_uncompress(packed, ctypes.c_size_t(len(packed)), out,
                                 ctypes.byref(size)) == 0
    return out.raw[:size.value]


def hadoop(data):
    import ctypes
    lib = ctypes.CDLL("libsnappy.so.1")
    at, plain = 0, b""
    while at < len(data):
        whole, size = struct.unpack_from(">II", data, at)
        part = unsnap(lib, data[at + 8:at + 8 + size])
        assert len(part) == whole
        plain += part
        at += 8 + size
    return plain


def unzip(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    (only,) = archive.namelist()
    return archive.read(only)


@pytest.mark.parametrize("format,ending,unpack", [
    ("UNCOMPRESSED", "", lambda d: d), ("GZIP", ".gz", gzip.decompress), ("ZIP", ".zip", unzip),
    ("Snappy", ".snappy", snappy_framed), ("HADOOP_SNAPPY", ".hsnappy", hadoop)])
def test_packing(clocked, kit, name, format, ending, unpack):
    kit.create(name, 60, CompressionFormat=format)
    records = [b"%07d\n" % i * 1000 for i in range(100)]
    kit.put(name, *records)
    clocked.advance("60s")
    (key, content), = kit.objects().items()
    assert key.endswith(ending) and unpack(content) == b"".join(records)
    head = kit.s3.head_object(Bucket=kit.bucket, Key=key)
    assert head.get("ContentEncoding") == ("gzip" if format == "GZIP" else None)


def test_prefixes(fresh, name):
    weir = fresh(clock="2026-11-23T08:05:09Z")
    kit = Kit(weir, "bucket")
    cases = [
        ("plain/", {}, "plain/2026/11/23/08/"),
        ("t/!{timestamp:yyyy-MM-dd'T'HHmm}/", {}, "t/2026-11-23T0805/"),
        ("e/!{timestamp:EEE}/!{timestamp:hh a}/", {}, "e/Mon/08 AM/"),
        ("z/!{timestamp:HH}/", {"CustomTimeZone": "Asia/Tokyo"}, "z/17/"),
        ("n/!{timestamp:HH z xxx}/", {"CustomTimeZone": "America/New_York"}, "n/03 EST -05:00/"),
        ("r/!{firehose:random-string}/!{timestamp:D}/", {}, "r/[A-Za-z0-9]{11}/327/"),
    ]
    for i, (prefix, more, wanted) in enumerate(cases):
        kit.create(f"s{i}", 0, Prefix=prefix, **more,
                   **({"ErrorOutputPrefix": "e/!{firehose:error-output-type}/"} if "!{" in prefix
                      else {}))
        kit.put(f"s{i}", "x")
        (key,) = kit.objects(prefix=prefix[:2])
        assert re.fullmatch(wanted + f"s{i}-1-.*", key), key
    assert key  # the last one
    kit.create("ext", 0, Prefix="ext/", FileExtension=".json", CompressionFormat="GZIP",
               CustomTimeZone="Asia/Tokyo")
    kit.put("ext", "x")
    (key,) = kit.objects(prefix="ext/")
    assert re.fullmatch(rf"ext/2026/11/23/17/ext-1-2026-11-23-17-05-09-{UUID}\.json", key), key


def test_a_plain_s3_destination(clocked, kit, name):
    kit.firehose.create_delivery_stream(DeliveryStreamName=name,
                                        S3DestinationConfiguration=kit.destination(60))
    kit.put(name, "x")
    clocked.advance("60s")
    assert list(kit.objects().values()) == [b"x"]


def test_what_the_bucket_refuses_is_kept_and_told(clocked, kit, name):
    logs = clocked.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s3")
    kit.create(name, 0, CloudWatchLoggingOptions={"Enabled": True, "LogGroupName": name,
                                                   "LogStreamName": "s3"})
    kit.s3.delete_bucket(Bucket=kit.bucket)
    kit.put(name, "patient")

    def told():
        return logs.get_log_events(logGroupName=name, logStreamName="s3")["events"]

    from firehose_kit import until
    import json
    (event, *_) = until(told, len)
    line = json.loads(event["message"])
    assert line["errorCode"] == "S3.NoSuchBucket"
    assert line["deliveryStreamARN"] == stream_arn(name)
    assert line["destination"] == f"arn:aws:s3:::{kit.bucket}"
    assert line["deliveryStreamVersionId"] == 1
    kit.s3.create_bucket(Bucket=kit.bucket)
    clocked.advance("5s")
    assert list(kit.objects().values()) == [b"patient"]


def test_rules_deliver_into_it(kit, clocked, name):
    kit.create(name, 0)
    events = clocked.client("events")
    events.put_rule(Name=name, EventPattern='{"source":["test"]}')
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": stream_arn(name),
                                            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/events"}])
    answer = events.put_events(Entries=[{"Source": "test", "DetailType": "d", "Detail": '{"a":7}'}])
    assert answer["FailedEntryCount"] == 0
    (content,) = kit.objects().values()
    assert b'"detail":{"a":7}' in content


def test_what_waits_survives_a_kill(fresh, name):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kit = Kit(weir, "bucket")
    kit.create(name, 300)
    kit.put(name, "before\n")
    weir.restart(hard=True)
    kit = Kit.__new__(Kit)
    kit.bucket, kit.firehose, kit.s3 = "bucket", weir.client("firehose"), weir.client("s3")
    kit.put(name, "after\n")
    weir.advance("300s")
    assert b"".join(kit.objects().values()) == b"before\nafter\n"


def test_topics_and_logs_deliver_into_it(clocked, kit, name, refused):
    kit.create(name, 60)
    sns = clocked.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    message = refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol="firehose",
                      Endpoint=stream_arn(name))
    assert "SubscriptionRoleArn" in message
    sns.subscribe(TopicArn=topic, Protocol="firehose", Endpoint=stream_arn(name), Attributes={
        "SubscriptionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/sns", "RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message="from a topic\n")
    clocked.advance("60s")
    assert list(kit.objects().values()) == [b"from a topic\n"]
    logs = clocked.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_subscription_filter(logGroupName=name, filterName="f", filterPattern="",
                                 destinationArn=stream_arn(name),
                                 roleArn=f"arn:aws:iam::{ACCOUNT}:role/logs")
    from datetime import datetime
    now = int(datetime.fromisoformat(clocked.now().replace("Z", "+00:00")).timestamp() * 1000)
    logs.put_log_events(logGroupName=name, logStreamName="s",
                        logEvents=[{"timestamp": now, "message": "from a log"}])
    clocked.advance("60s")
    packed = [c for c in kit.objects(2).values() if c[:2] == b"\x1f\x8b"]
    assert b"from a log" in gzip.decompress(packed[0])
