# SPDX-License-Identifier: Apache-2.0
"""Functions fed by tables' streams: each change once, in order, as AWS shapes it."""
import json

import pytest
from lambda_mapping_kit import Mappings
from lambda_run_kit import refused, until
from weir_server import REGION

TELLS = """
def handler(event, context):
    tell(*(json.dumps(r) for r in event["Records"]))
"""
PICKY = """
def handler(event, context):
    names = [r["dynamodb"]["Keys"]["pk"]["S"] + ":" + r["eventName"] for r in event["Records"]]
    tell(" ".join(names))
    if any(n.startswith("bad") for n in names):
        raise ValueError("no good")
"""


@pytest.fixture(scope="module")
def kit(clocked):
    return Mappings(clocked)


def table(kit, name, view="NEW_AND_OLD_IMAGES"):
    """The ARN of its stream."""
    return kit.dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )["TableDescription"]["LatestStreamArn"]


def put(kit, name, *keys, **more):
    for key in keys:
        kit.dynamodb.put_item(TableName=name, Item={"pk": {"S": key}, **more})


def test_changes_come_as_aws_shapes_them(kit, name):
    stream = table(kit, name)
    kit.telling(name, TELLS)
    kit.mapping(name, stream, StartingPosition="LATEST")
    put(kit, name, "k", n={"N": "1"}, b={"B": b"\0\1"})
    kit.dynamodb.update_item(TableName=name, Key={"pk": {"S": "k"}},
                             UpdateExpression="SET n = :n",
                             ExpressionAttributeValues={":n": {"N": "2"}})
    kit.dynamodb.delete_item(TableName=name, Key={"pk": {"S": "k"}})
    inserted, modified, removed = [json.loads(text) for text in kit.told(name, 3)]
    assert inserted["eventName"] == "INSERT"
    assert inserted["eventVersion"] == "1.1"
    assert inserted["eventSource"] == "aws:dynamodb"
    assert inserted["awsRegion"] == REGION
    assert inserted["eventSourceARN"] == stream
    about = inserted["dynamodb"]
    assert about["Keys"] == {"pk": {"S": "k"}}
    assert about["NewImage"] == {"pk": {"S": "k"}, "n": {"N": "1"}, "b": {"B": "AAE="}}
    assert about["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert about["SizeBytes"] > 0
    assert isinstance(about["ApproximateCreationDateTime"], (int, float))
    assert modified["eventName"] == "MODIFY"
    assert modified["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert modified["dynamodb"]["NewImage"]["n"] == {"N": "2"}
    assert removed["eventName"] == "REMOVE"
    assert "NewImage" not in removed["dynamodb"]
    numbers = [r["dynamodb"]["SequenceNumber"] for r in (inserted, modified, removed)]
    assert numbers == sorted(numbers)


def test_what_expired_says_who_deleted_it(kit, clocked, name):
    stream = table(kit, name)
    kit.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification={
        "Enabled": True, "AttributeName": "until"})
    kit.telling(name, TELLS)
    kit.mapping(name, stream, StartingPosition="LATEST", FilterCriteria={"Filters": [
        {"Pattern": json.dumps({"userIdentity": {"type": ["Service"],
                                                 "principalId": ["dynamodb.amazonaws.com"]}})}]})
    put(kit, name, "old", until={"N": "1764000000"})
    clocked.advance("1h")
    [removed] = [json.loads(text) for text in kit.told(name, 1)]
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_filters_look_at_images_and_events(kit, name):
    stream = table(kit, name)
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", FilterCriteria={"Filters": [
        {"Pattern": json.dumps({"eventName": ["INSERT"], "dynamodb": {
            "NewImage": {"kind": {"S": ["a"]}}}})}]})
    put(kit, name, "x", kind={"S": "a"})
    put(kit, name, "x", kind={"S": "a"}, more={"N": "1"})
    put(kit, name, "y", kind={"S": "b"})
    put(kit, name, "z", kind={"S": "a"})
    assert " ".join(kit.told(name, 2)).split() == ["x:INSERT", "z:INSERT"]


def test_the_horizon_has_what_was_there_before(kit, name):
    stream = table(kit, name)
    kit.telling(name, PICKY)
    put(kit, name, "a", "b", "c")
    kit.mapping(name, stream, StartingPosition="TRIM_HORIZON", BatchSize=2)
    assert kit.told(name, 2) == ["a:INSERT b:INSERT", "c:INSERT"]


def test_changes_go_on_over_the_end_of_a_shard(kit, clocked, name):
    stream = table(kit, name)
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST")
    for key in "abc":
        put(kit, name, key)
        assert kit.told(name, 1) == [f"{key}:INSERT"]
        clocked.advance("5h")  # a shard is of four hours
    shards = {lane["shard"]: lane["state"]
              for lane in kit.shown(f"{name}:{name}")[0]["lanes"]}
    assert len(shards) > 2


def test_what_failed_is_told_with_its_batch(kit, clocked, name):
    stream = table(kit, name)
    dead = kit.queue(f"{name}-dead")
    kit.telling(name, PICKY)
    kit.mapping(name, stream, StartingPosition="LATEST", MaximumRetryAttempts=0,
                BisectBatchOnFunctionError=True,
                DestinationConfig={"OnFailure": {"Destination": dead}})
    kit.dynamodb.batch_write_item(RequestItems={name: [
        {"PutRequest": {"Item": {"pk": {"S": key}}}} for key in ("a", "bad", "c", "d")]})
    [message] = kit.messages(dead, 1)
    info = json.loads(message["Body"])["DDBStreamBatchInfo"]
    assert info["batchSize"] == 1
    assert info["streamArn"] == stream
    seen = []
    while not seen or sorted(set(" ".join(seen).split())) != sorted(
            f"{k}:INSERT" for k in ("a", "bad", "c", "d")):
        seen += kit.told(name, 1)
    until(lambda: kit.shown(f"{name}:{name}")[0]["behind"] == 0)


def test_a_moment_is_no_start_for_a_tables_stream(kit, clocked, name):
    stream = table(kit, name)
    kit.telling(name, PICKY)
    answer = refused("InvalidParameterValueException",
                     kit.functions.create_event_source_mapping, FunctionName=name,
                     EventSourceArn=stream, StartingPosition="AT_TIMESTAMP",
                     StartingPositionTimestamp=clocked.now())
    assert "Unsupported starting position" in answer["Error"]["Message"]
