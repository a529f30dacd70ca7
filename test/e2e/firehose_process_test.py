# SPDX-License-Identifier: Apache-2.0
"""What is done to records between putting and delivery: functions that transform them, partitions
by query and by function, sub-records, delimiters, the backup of what came. The clock stands still."""
import base64
import gzip
import json
import re

import pytest
from firehose_kit import Kit, processors, until
from lambda_run_kit import Kit as Functions
from weir_server import ACCOUNT, REGION

TRANSFORM = """
import base64, json
def handler(event, context):
    out = []
    for r in event["records"]:
        text = base64.b64decode(r["data"]).decode()
        if text.startswith("drop"):
            out.append({"recordId": r["recordId"], "result": "Dropped"})
        elif text.startswith("bad"):
            out.append({"recordId": r["recordId"], "result": "ProcessingFailed", "data": r["data"]})
        elif text.startswith("missing"):
            pass
        elif text.startswith("event"):
            e = {k: v for k, v in event.items() if k != "records"}
            e["record"] = r
            out.append({"recordId": r["recordId"], "result": "Ok",
                        "data": base64.b64encode(json.dumps(e).encode()).decode()})
        else:
            out.append({"recordId": r["recordId"], "result": "Ok",
                        "data": base64.b64encode(text.upper().encode()).decode(),
                        "metadata": {"partitionKeys": {"first": text[:1], "n": str(len(text))}}})
    return {"records": out}
"""
RAISES = """
def handler(event, context):
    raise ValueError("no")
"""


@pytest.fixture
def kit(clocked, name):
    return Kit(clocked, f"bucket-{name}")


@pytest.fixture(scope="module")
def transform(clocked):
    return Functions(clocked).function("transform", TRANSFORM)


@pytest.fixture(scope="module")
def raises(clocked):
    return Functions(clocked).function("raises", RAISES)


def by_function(arn, **more):
    return ("Lambda", {"LambdaArn": arn, "BufferIntervalInSeconds": "0", **more})


def lines(content):
    return [json.loads(line) for line in content.decode().splitlines()]


def test_a_function_transforms_drops_and_fails(clocked, kit, name, transform):
    kit.create(name, 0, Prefix="good/", ProcessingConfiguration=processors(by_function(transform)))
    kit.put(name, "one", "drop me", "bad one", "two", "missing")
    (_, content), = kit.objects(prefix="good/2").items()
    assert content == b"ONETWO"
    (key, content), = kit.objects(prefix="good/processing-failed/").items()
    assert re.fullmatch(rf"good/processing-failed/\d{{4}}/\d\d/\d\d/\d\d/{name}-1-.*", key), key
    bad, missing = lines(content)
    assert list(bad) == ["attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage",
                         "attemptEndingTimestamp", "rawData", "lambdaArn"]
    assert bad["errorCode"] == "Lambda.ProcessingFailedStatus"
    assert bad["errorMessage"] == "ProcessingFailed status set for record"
    assert base64.b64decode(bad["rawData"]) == b"bad one"
    assert bad["lambdaArn"] == transform
    assert missing["errorCode"] == "Lambda.MissingRecordId"


def test_the_event_is_awss(kit, name, transform):
    kit.create(name, 0, ProcessingConfiguration=processors(by_function(transform)))
    kit.put(name, "event please")
    (content,) = kit.objects().values()
    event = json.loads(content)
    assert list(event) == ["invocationId", "deliveryStreamArn", "region", "record"]
    assert event["deliveryStreamArn"].endswith(f":deliverystream/{name}")
    assert event["region"] == REGION
    assert list(event["record"]) == ["recordId", "approximateArrivalTimestamp", "data"]
    assert re.fullmatch(r"\d{62}", event["record"]["recordId"])


def test_functions_buffer_by_size_and_time(clocked, kit, name, transform):
    kit.create(name, 0, ProcessingConfiguration=processors(
        ("Lambda", {"LambdaArn": transform, "BufferIntervalInSeconds": "60",
                    "BufferSizeInMBs": "0.2"})))
    kit.put(name, "a")
    assert kit.objects(0) == {}
    clocked.advance("60s")
    assert list(kit.objects().values()) == [b"A"]
    kit.put(name, "b" * 210_000)
    assert len(kit.objects(2)) == 2, "full, so it does not wait"


def test_a_function_that_raises_is_asked_again(clocked, kit, name, raises):
    logs = clocked.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s3")
    kit.create(name, 0, ProcessingConfiguration=processors(by_function(raises, NumberOfRetries="2")),
               CloudWatchLoggingOptions={"Enabled": True, "LogGroupName": name,
                                         "LogStreamName": "s3"})
    kit.put(name, "x", "y")
    (key, content), = kit.objects(seconds=60).items()
    assert key.startswith("processing-failed/")
    first, second = lines(content)
    assert first["errorCode"] == "Lambda.FunctionError"
    assert first["attemptsMade"] == 3
    assert [base64.b64decode(line["rawData"]) for line in (first, second)] == [b"x", b"y"]
    (event,) = until(lambda: logs.get_log_events(logGroupName=name, logStreamName="s3")["events"],
                     len)
    assert json.loads(event["message"])["processor"] == raises


def test_a_function_that_is_not_there(kit, name):
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"
    kit.create(name, 0, ProcessingConfiguration=processors(by_function(arn, NumberOfRetries="0")))
    kit.put(name, "x")
    (content,) = kit.objects().values()
    assert lines(content)[0]["errorCode"] == "Lambda.ResourceNotFound"


def partitioned(kit, name, prefix, *listed, seconds=60, **more):
    kit.create(name, seconds, 64, Prefix=prefix,
               ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
               DynamicPartitioningConfiguration={"Enabled": True},
               ProcessingConfiguration=processors(*listed), **more)


def test_partitions_by_query(clocked, kit, name):
    query = '{card:.card|ascii_downcase, year:.at|strptime("%Y-%m-%dT%H:%M:%SZ")|strftime("%Y"), ' \
            'n:(.n // 7)}'
    partitioned(kit, name,
                "in/!{partitionKeyFromQuery:card}/!{partitionKeyFromQuery:year}/"
                "!{partitionKeyFromQuery:n}/!{timestamp:HH}/",
                ("MetadataExtraction", {"MetadataExtractionQuery": query,
                                        "JsonParsingEngine": "JQ-1.6"}),
                ("AppendDelimiterToRecord", {"Delimiter": "\\n"}))
    records = [{"card": "A", "at": "2025-01-02T03:04:05Z"}, {"card": "b", "at": "2026-01-01T00:00:00Z", "n": 1.5},
               {"card": "a", "at": "2025-12-31T23:59:59Z"}]
    kit.put(name, *[json.dumps(r) for r in records], "no json", json.dumps({"at": "x"}),
            json.dumps({"card": "", "at": "2026-01-01T00:00:00Z"}))
    found = kit.landed(2, "in/")
    tops = {re.fullmatch(r"in/(\w/\d{4}/[\d.]+)/\d\d/.*", key).group(1): content
            for key, content in found.items()}
    assert sorted(tops) == ["a/2025/7", "b/2026/1.5"]
    assert tops["a/2025/7"].decode() == "".join(json.dumps(records[i]) + "\n" for i in (0, 2))
    (key, content), = kit.landed(1, "errors/").items()
    assert key.startswith("errors/processing-failed/")
    assert [line["errorCode"] for line in lines(content)] == \
        ["DynamicPartitioning.MetadataExtractionFailed"] * 3
    assert lines(content)[2]["errorMessage"] == "partitionKeys values must not be null or empty"


def test_partitions_by_function(clocked, kit, name, transform):
    partitioned(kit, name, "in/!{partitionKeyFromLambda:first}/", by_function(transform))
    kit.put(name, "apple", "bee", "ant")
    end = kit.landed(2, "in/")
    assert {k.split("/")[1]: v for k, v in end.items()} == {"a": b"APPLEANT", "b": b"BEE"}


@pytest.mark.parametrize("cutting,record,parts", [
    ({"SubRecordType": "JSON"}, '{"k":1} {"k":"}{"}\n{"k":1}', ['{"k":1}', '{"k":"}{"}', '{"k":1}']),
    ({"SubRecordType": "DELIMITED", "Delimiter": base64.b64encode(b"##").decode()},
     '{"k":1}##{"k":2}##', ['{"k":1}', '{"k":2}'])])
def test_records_are_cut(clocked, kit, name, cutting, record, parts):
    partitioned(kit, name, "in/!{partitionKeyFromQuery:k}/",
                ("RecordDeAggregation", cutting),
                ("MetadataExtraction", {"MetadataExtractionQuery": "{k:.k}",
                                        "JsonParsingEngine": "JQ-1.6"}),
                "AppendDelimiterToRecord")
    kit.put(name, record, "cannot be cut {" if cutting["SubRecordType"] == "JSON" else "bad")
    landed = kit.landed(2, "in/")
    assert sorted(b"".join(landed.values()).decode().split()) == sorted(parts)
    assert len(kit.landed(1, "errors/")) == 1


def test_the_backup_has_records_as_they_came(clocked, kit, name, transform):
    kit.s3.create_bucket(Bucket=f"backup-{name}")
    kit.create(name, 0, ProcessingConfiguration=processors(by_function(transform)),
               S3BackupMode="Enabled", S3BackupConfiguration={
                   "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/f", "Prefix": "source/",
                   "BucketARN": f"arn:aws:s3:::backup-{name}", "CompressionFormat": "GZIP",
                   "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}})
    kit.put(name, "one", "drop it")
    assert list(kit.objects().values()) == [b"ONE"]
    (key, content), = kit.objects(bucket=f"backup-{name}").items()
    assert key.startswith("source/20") and key.endswith(".gz")
    assert gzip.decompress(content) == b"onedrop it"


def test_bytes_stay_bytes(clocked, kit, name):
    kit.create(name, 0, ProcessingConfiguration=processors("AppendDelimiterToRecord"))
    kit.put(name, b"\x00\xff\x00", b"")
    assert list(kit.objects().values()) == [b"\x00\xff\x00\n\n"]


def test_log_messages_are_taken_out_of_their_envelope(clocked, kit, name):
    kit.create(name, 0, ProcessingConfiguration=processors(
        ("Decompression", {"CompressionFormat": "GZIP"}),
        ("CloudWatchLogProcessing", {"DataMessageExtraction": "true"})))
    logs = clocked.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_subscription_filter(
        logGroupName=name, filterName="f", filterPattern="",
        destinationArn=f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}",
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/logs")
    from datetime import datetime
    now = int(datetime.fromisoformat(clocked.now().replace("Z", "+00:00")).timestamp() * 1000)
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[
        {"timestamp": now, "message": "first"}, {"timestamp": now, "message": "second"}])
    landed = until(lambda: kit.objects(2, "20", seconds=0.1),
                   lambda seen: b"second" in b"".join(seen.values()))
    assert b"first\nsecond\n" in landed.values()
