# SPDX-License-Identifier: Apache-2.0
"""Functions fed by streams: order, starting positions, failures that are retried, cut in two,
given up and told, windows, lanes, shards that are split."""
import base64
import json

import pytest
from lambda_mapping_kit import Mappings
from lambda_run_kit import refused, until
from weir_server import ACCOUNT, REGION

TELLS = """
def handler(event, context):
    tell(json.dumps(event))
"""
# Tells each datum; fails on "bad", as a whole.
PICKY = """
import base64
def texts(event):
    return [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
def handler(event, context):
    told = texts(event)
    tell(" ".join(told))
    if "bad" in told:
        raise ValueError("no good")
"""
REPORTS = """
import base64
def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    tell(" ".join(texts))
    for record, text in zip(event["Records"], texts):
        if text == "bad":
            return {"batchItemFailures": [
                {"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
"""
SUMS = """
import base64
def handler(event, context):
    total = event["state"].get("sum", 0)
    for record in event["Records"]:
        total += int(base64.b64decode(record["kinesis"]["data"]))
    tell(json.dumps([total, event["isFinalInvokeForWindow"], event["window"], event["shardId"]]))
    return {"state": {"sum": total}}
"""


@pytest.fixture(scope="module")
def kit(clocked):
    return Mappings(clocked)


def retried(kit, clocked, mapping, count, name):
    """So many of what the function told, the clock moved on while nothing runs."""
    found = []
    while len(found) < count:
        if kit.shown(mapping)[0]["in_flight"] == 0:
            clocked.advance("30s")
        found += kit.told(name, 1)
    return found


def test_a_record_comes_as_aws_shapes_it(kit, name):
    stream = kit.stream(name)
    kit.telling(name, TELLS)
    kit.mapping(name, stream, StartingPosition="LATEST")
    put = kit.kinesis.put_record(StreamName=name, PartitionKey="k\"1", Data=b"\0\xffhello")
    [event] = [json.loads(text) for text in kit.told(name, 1)]
    [record] = event["Records"]
    assert isinstance(record["kinesis"].pop("approximateArrivalTimestamp"), float)
    assert record == {
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "k\"1",
                    "sequenceNumber": put["SequenceNumber"],
                    "data": base64.b64encode(b"\0\xffhello").decode()},
        "eventSource": "aws:kinesis", "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{put['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/runs", "awsRegion": REGION,
        "eventSourceARN": stream}


def test_records_come_in_order_in_batches(kit, name):
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    kit.put(name, "k", *(str(i) for i in range(25)))
    kit.mapping(name, stream, StartingPosition="TRIM_HORIZON", BatchSize=10)
    told = kit.told(name, 3)
    assert [len(text.split()) for text in told] == [10, 10, 5]
    assert " ".join(told).split() == [str(i) for i in range(25)]


def test_latest_passes_by_what_is_there_and_a_moment_begins_in_between(kit, clocked, name):
    stream = kit.stream(name)
    kit.telling(f"{name}-l", PICKY)
    kit.telling(f"{name}-t", PICKY)
    kit.put(name, "k", "old")
    clocked.advance("10m")
    moment = clocked.now()
    kit.put(name, "k", "new")
    kit.mapping(f"{name}-l", stream, StartingPosition="LATEST")
    kit.mapping(f"{name}-t", stream, StartingPosition="AT_TIMESTAMP",
                StartingPositionTimestamp=moment)
    assert kit.told(f"{name}-t", 1) == ["new"]
    kit.put(name, "k", "newest")
    assert kit.told(f"{name}-l", 1) == ["newest"]


def test_a_consumers_arn_reads_its_stream(kit, name):
    stream = kit.stream(name)
    consumer = kit.kinesis.register_stream_consumer(
        StreamARN=stream, ConsumerName="c")["Consumer"]["ConsumerARN"]
    kit.telling(name, PICKY)
    kit.mapping(name, consumer, StartingPosition="LATEST")
    kit.put(name, "k", "a")
    assert kit.told(name, 1) == ["a"]


def test_what_failed_comes_again_and_then_goes_to_the_destination(kit, clocked, name):
    stream = kit.stream(name)
    dead = kit.queue(f"{name}-dead")
    function = kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", MaximumRetryAttempts=1,
                DestinationConfig={"OnFailure": {"Destination": dead}})
    kit.put(name, "k", "a", "bad")
    told = retried(kit, clocked, f"{name}:{name}", 2, name)
    assert told == ["a bad", "a bad"]
    [message] = kit.messages(dead, 1)
    body = json.loads(message["Body"])
    info = body["KinesisBatchInfo"]
    assert body["requestContext"]["functionArn"] == function
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert body["requestContext"]["approximateInvokeCount"] == 2
    assert body["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST",
                                       "functionError": "Unhandled"}
    assert body["version"] == "1.0"
    assert info["shardId"] == "shardId-000000000000"
    assert info["batchSize"] == 2
    assert info["streamArn"] == stream
    assert info["startSequenceNumber"] < info["endSequenceNumber"]
    kit.put(name, "k", "c")
    assert kit.told(name, 1) == ["c"]


def test_a_bucket_gets_the_records_too(kit, name):
    stream = kit.stream(name)
    s3 = kit.weir.client("s3")
    s3.create_bucket(Bucket=f"{name}-dead")
    kit.telling(name, PICKY)
    uuid = kit.mapping(name, stream, StartingPosition="LATEST", MaximumRetryAttempts=0,
                       DestinationConfig={"OnFailure": {
                           "Destination": f"arn:aws:s3:::{name}-dead"}})
    kit.put(name, "k", "bad")
    [found] = until(lambda: s3.list_objects_v2(Bucket=f"{name}-dead").get("Contents"))
    assert found["Key"].startswith(f"aws/lambda/{uuid}/shardId-000000000000/2026/11/23/")
    body = json.loads(s3.get_object(Bucket=f"{name}-dead", Key=found["Key"])["Body"].read())
    assert base64.b64decode(
        json.loads(body["payload"])["Records"][0]["kinesis"]["data"]) == b"bad"


def test_cutting_in_two_isolates_the_poison_record(kit, name):
    stream = kit.stream(name)
    dead = kit.queue(f"{name}-dead")
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", BisectBatchOnFunctionError=True,
                MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": dead}})
    kit.put(name, "k", "1", "2", "3", "bad", "5", "6", "7", "8")
    [message] = kit.messages(dead, 1)
    assert json.loads(message["Body"])["KinesisBatchInfo"]["batchSize"] == 1
    assert kit.told(name, 6) == ["1 2 3 bad 5 6 7 8", "1 2 3 bad", "1 2", "3 bad", "3", "bad"]
    assert " ".join(kit.told(name, 1)) == "5 6 7 8"


def test_a_function_that_reports_is_tried_from_there(kit, clocked, name):
    stream = kit.stream(name)
    kit.telling(name, REPORTS)
    kit.mapping(name, stream, StartingPosition="LATEST", MaximumRetryAttempts=2,
                FunctionResponseTypes=["ReportBatchItemFailures"])
    kit.put(name, "k", "1", "bad", "3")
    told = retried(kit, clocked, f"{name}:{name}", 3, name)
    assert told == ["1 bad 3", "bad 3", "bad 3"]


def test_records_that_are_too_old_are_given_up(kit, clocked, name):
    stream = kit.stream(name)
    dead = kit.queue(f"{name}-dead")
    kit.telling(name, PICKY)
    kit.put(name, "k", "old")
    clocked.advance("2m")
    kit.put(name, "k", "young")
    kit.mapping(name, stream, StartingPosition="TRIM_HORIZON", MaximumRecordAgeInSeconds=60,
                DestinationConfig={"OnFailure": {"Destination": dead}})
    assert kit.told(name, 1) == ["young"]
    [message] = kit.messages(dead, 1)
    body = json.loads(message["Body"])
    assert body["requestContext"]["condition"] == "RecordAgeExceeded"
    assert body["KinesisBatchInfo"]["batchSize"] == 1


def test_filters_look_into_the_data(kit, name):
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", FilterCriteria={"Filters": [
        {"Pattern": json.dumps({"data": {"kind": ["a"]}, "partitionKey": ["k"]})}]})
    kit.put(name, "k", '{"kind":"a"}', '{"kind":"b"}', "text", '{"kind":"a","n":2}')
    kit.put(name, "j", '{"kind":"a","n":3}')
    kit.put(name, "k", '{"kind":"a","n":4}')
    assert " ".join(kit.told(name, 2)).split() == [
        '{"kind":"a"}', '{"kind":"a","n":2}', '{"kind":"a","n":4}']


def test_windows_carry_their_state_and_end(kit, clocked, name):
    stream = kit.stream(name)
    kit.telling(name, SUMS)
    kit.mapping(name, stream, StartingPosition="LATEST", TumblingWindowInSeconds=60)
    kit.put(name, "k", "1", "2")
    kit.put(name, "k", "4")
    total = 0
    while total < 7:
        total, final, window, shard = json.loads(kit.told(name, 1)[0])
        assert not final
    assert shard == "shardId-000000000000"
    assert window["start"] < window["end"]
    until(lambda: kit.shown(f"{name}:{name}")[0]["in_flight"] == 0)
    clocked.advance("60s")
    assert json.loads(kit.told(name, 1)[0])[:3] == [7, True, window]
    kit.put(name, "k", "5")
    assert json.loads(kit.told(name, 1)[0])[:2] == [5, False]


def test_lanes_keep_the_order_of_each_key(kit, name):
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", ParallelizationFactor=4, BatchSize=5)
    for i in range(10):
        kit.kinesis.put_records(StreamName=name, Records=[
            {"PartitionKey": key, "Data": f"{key}{i}".encode()} for key in "abcdef"])
    seen = []
    while len(seen) < 60:
        seen += " ".join(kit.told(name, 1)).split()
    for key in "abcdef":
        assert [s for s in seen if s[0] == key] == [f"{key}{i}" for i in range(10)]


def test_the_order_of_a_key_holds_over_a_split(kit, name):
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", BatchSize=3)
    kit.put(name, "k", *(str(i) for i in range(20)))
    kit.kinesis.update_shard_count(StreamName=name, TargetShardCount=2,
                                   ScalingType="UNIFORM_SCALING")
    kit.put(name, "k", *(str(i) for i in range(20, 40)))
    kit.kinesis.update_shard_count(StreamName=name, TargetShardCount=1,
                                   ScalingType="UNIFORM_SCALING")
    kit.put(name, "k", *(str(i) for i in range(40, 60)))
    seen = []
    while len(seen) < 60:
        seen += " ".join(kit.told(name, 1)).split()
    assert seen == [str(i) for i in range(60)]


def test_a_mapping_follows_a_stream_that_is_made_anew(kit, name):
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="TRIM_HORIZON")
    kit.put(name, "k", "a")
    assert kit.told(name, 1) == ["a"]
    kit.kinesis.delete_stream(StreamName=name)
    kit.stream(name)
    kit.put(name, "k", "b")
    assert kit.told(name, 1) == ["b"]


def test_what_a_streams_mapping_cannot_have_is_refused(kit, clocked, name):
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    bad = "InvalidParameterValueException"
    later = "2027-01-01T00:00:00Z"
    for more, says in [
            ({}, "Value null at 'startingPosition'"),
            ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp must be present"),
            ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": later}, "future"),
            ({"StartingPosition": "LATEST", "MaximumRecordAgeInSeconds": 59}, "between 60"),
            ({"StartingPosition": "LATEST", "ScalingConfig": {"MaximumConcurrency": 2}}, "SQS"),
            ({"StartingPosition": "LATEST", "DestinationConfig": {"OnFailure": {
                "Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere"}}}, "is invalid"),
    ]:
        answer = refused(bad, kit.functions.create_event_source_mapping, FunctionName=name,
                         EventSourceArn=stream, **more)
        assert says in answer["Error"]["Message"], answer["Error"]
    answer = refused(bad, kit.functions.create_event_source_mapping, FunctionName=name,
                     EventSourceArn=f"{stream}-gone", StartingPosition="LATEST")
    assert "Stream not found" in answer["Error"]["Message"]
