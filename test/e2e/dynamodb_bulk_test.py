# SPDX-License-Identifier: Apache-2.0
"""Bulk operations: items of files in a bucket go into a table that is there, as PutItem would put them;
what cannot be put is told in files; they can be slowed down, cancelled, listed, and survive kills."""
import gzip
import json

import pytest
from botocore.exceptions import ClientError
from dynamodb_past_kit import contents, item, make, put, until

BUCKET = "bulk"
ENDED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELLED", "FAILED")


class World:
    def __init__(self, server):
        self.server = server
        self.connect()
        self.s3.create_bucket(Bucket=BUCKET)

    def connect(self):
        self.ddb, self.s3 = self.server.client("dynamodb"), self.server.client("s3")

    def start(self, name, packing="NONE", types=("ERROR",), **more):
        return self.ddb.start_bulk_put_items(
            TableName=name,
            InputS3Configuration={"S3Bucket": BUCKET, "S3KeyPrefix": "in/",
                                  "InputFormat": "DYNAMODB_JSON",
                                  "InputCompressionType": packing, **more.pop("given", {})},
            OutputS3Configuration={"S3Bucket": BUCKET, "S3KeyPrefix": "out",
                                   "OutputType": list(types), **more.pop("out", {})},
            **more)["BulkOperationDescription"]

    def told(self, arn):
        return self.ddb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]

    def ended(self, arn):
        return until(lambda: self.told(arn), lambda told: told["BulkOperationStatus"] in ENDED)

    def run(self, name, *rest, **more):
        return self.ended(self.start(name, *rest, **more)["BulkOperationArn"])

    def give(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=f"in/{key}", Body=body)

    def read(self, arn, report):
        """The lines of a report."""
        place = f"out/AWSDynamoDB/{arn.split('/')[-1]}/{report}/"
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=place).get("Contents", [])
        bodies = [self.s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read() for o in found]
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]

    def summary(self, arn):
        key = f"out/AWSDynamoDB/{arn.split('/')[-1]}/manifest-summary.json"
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


@pytest.fixture
def world(fresh):
    return World(fresh())


def line(one, **more):
    return json.dumps({"Item": one, **more}).encode() + b"\n"


def lines(numbers, **more):
    return b"".join(line(item(n, **more)) for n in numbers)


def refused(code, call, *rest, **more):
    with pytest.raises(ClientError) as caught:
        call(*rest, **more)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("packing,pack", [("NONE", bytes), ("GZIP", gzip.compress)])
def test_items_go_into_a_table_that_is_there(world, packing, pack):
    make(world.ddb, "tab", index=True, StreamSpecification={"StreamEnabled": True,
                                                          "StreamViewType": "KEYS_ONLY"})
    put(world.ddb, "tab", [1, 5000], v={"S": "old"})
    data = [pack(lines(range(1500), v={"S": "new"})), pack(lines(range(1500, 1510))[:-1])]
    world.give("a", data[0])
    world.give("b", data[1])
    world.s3.put_object(Bucket=BUCKET, Key="other", Body=b"not a line of these")
    begun = world.start("tab", packing, MaxWriteRequestUnits=100_000)
    assert begun["BulkOperationStatus"] == "IN_PROGRESS"
    assert begun["TableDetails"][0]["TableName"] == "tab"
    assert (begun["PerformanceTier"], begun["MaxWriteRequestUnits"]) == ("STANDARD", 100_000)
    told = world.ended(begun["BulkOperationArn"])
    assert told["BulkOperationStatus"] == "COMPLETED", told
    assert (told["ProcessedItemCount"], told["FailedItemCount"]) == (1510, 0)
    assert told["ProcessedInputBytes"] == told["TotalInputBytes"] == sum(map(len, data))
    assert told["EndTime"] >= told["StartTime"] and "FailureCode" not in told
    assert told["BulkOperationUsage"][0]["Table"]["BulkPutBytes"] > 10_000
    assert contents(world.ddb, "tab") == set(range(1510)) | {5000}
    table = world.ddb.describe_table(TableName="tab")["Table"]
    assert table["ItemCount"] == table["GlobalSecondaryIndexes"][0]["ItemCount"] == 1511
    assert world.ddb.get_item(TableName="tab", Key={"pk": {"S": "1"}, "sk": {"N": "1"}})["Item"][
        "v"] == {"S": "new"}
    assert world.read(told["BulkOperationArn"], "error") == []
    assert world.summary(told["BulkOperationArn"])["ProcessedItemCount"] == 1510
    streams = world.server.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"][
        "Shards"][0]["ShardId"]
    at = streams.get_shard_iterator(StreamArn=table["LatestStreamArn"], ShardId=shard,
                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    names = [r["eventName"] for r in streams.get_records(ShardIterator=at)["Records"]]
    assert len(names) == 1000 and names.count("MODIFY") == 1


def test_what_cannot_be_put_is_counted_and_told(world):
    make(world.ddb, "tab", index=True)
    bad = [b"{\n", line({"pk": {"S": "1"}}), line({"pk": {"N": "1"}, "sk": {"N": "1"}}),
           b"[]\n", line(item(1, kind={"N": "1"})), line(item(5, text={"S": "x" * 410_000})),
           line(item(6), ConditionExpression="no expression at all")]
    world.give("a", lines([1]) + b"\n" + b"".join(bad) + lines([2]))
    told = world.run("tab")
    assert told["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert (told["ProcessedItemCount"], told["FailedItemCount"]) == (2 + len(bad), len(bad))
    assert contents(world.ddb, "tab") == {1, 2}
    report = world.read(told["BulkOperationArn"], "error")
    assert [one["RecordNumber"] for one in report] == list(range(3, 3 + len(bad)))
    assert all(one["S3Key"] == "in/a" for one in report)
    assert [one for one in report if not one["ErrorMessage"]] == []
    assert world.read(world.run("tab", types=["CONDITION_CHECK_FAILURE"])["BulkOperationArn"],
                      "error") == []


def test_a_broken_object_does_not_hide_the_others(world):
    make(world.ddb, "tab")
    world.give("a", gzip.compress(lines(range(10))))
    world.give("b", b"no gzip at all")
    world.give("c", gzip.compress(lines(range(20, 30))))
    told = world.run("tab", "GZIP")
    assert told["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert contents(world.ddb, "tab") == set(range(10)) | set(range(20, 30))
    assert [one["S3Key"] for one in world.read(told["BulkOperationArn"], "error")] == ["in/b"]


def test_conditions_that_do_not_hold_are_told_and_are_no_errors(world):
    make(world.ddb, "tab")
    put(world.ddb, "tab", range(3), v={"S": "old"})
    world.give("a", b"".join(
        line(item(n, v={"S": "new"}), ConditionExpression="attribute_not_exists(#p)",
             ExpressionAttributeNames={"#p": "pk"}) for n in range(5)))
    told = world.run("tab", types=["ERROR", "CONDITION_CHECK_FAILURE"])
    assert told["BulkOperationStatus"] == "COMPLETED"
    assert (told["ProcessedItemCount"], told["FailedItemCount"]) == (5, 0)
    values = {i["sk"]["N"]: i["v"]["S"] for i in world.ddb.scan(TableName="tab")["Items"]}
    assert values == {"0": "old", "1": "old", "2": "old", "3": "new", "4": "new"}
    report = world.read(told["BulkOperationArn"], "condition-check-failure")
    assert [(one["Item"]["v"], one["ExistingItem"]["v"]) for one in report] == [
        ({"S": "new"}, {"S": "old"})] * 3


def test_it_is_slowed_down_and_cancelled(world):
    make(world.ddb, "tab")
    world.give("a", lines(range(100_000)))
    arn = world.start("tab", MaxWriteRequestUnits=1024)["BulkOperationArn"]
    until(lambda: world.told(arn)["ProcessedItemCount"], lambda count: count > 0)
    refused("ResourceInUseException", world.ddb.delete_table, TableName="tab")
    answer = world.ddb.cancel_bulk_operation(BulkOperationArn=arn)
    assert (answer["BulkOperationArn"], answer["BulkOperationStatus"]) == (arn, "CANCELLING")
    told = world.ended(arn)
    assert told["BulkOperationStatus"] == "CANCELLED" and told["FailureCode"]
    assert 0 < told["ProcessedItemCount"] < 100_000
    assert len(contents(world.ddb, "tab")) == told["ProcessedItemCount"]
    refused("ValidationException", world.ddb.cancel_bulk_operation, BulkOperationArn=arn)


def test_it_goes_on_after_kills(world):
    make(world.ddb, "tab", index=True)
    world.give("a", lines(range(2500)) + b"{\n")
    world.give("b", lines(range(2500, 3000)))
    arn = world.start("tab", MaxWriteRequestUnits=4000)["BulkOperationArn"]
    for least in (0, 1000):
        until(lambda: world.told(arn)["ProcessedItemCount"], lambda count, n=least: count > n)
        assert world.told(arn)["BulkOperationStatus"] == "IN_PROGRESS"
        world.server.restart(hard=True)
        world.connect()
    told = world.ended(arn)
    assert told["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert (told["ProcessedItemCount"], told["FailedItemCount"]) == (3001, 1)
    assert contents(world.ddb, "tab") == set(range(3000))
    assert world.ddb.describe_table(TableName="tab")["Table"]["ItemCount"] == 3000
    assert [one["RecordNumber"] for one in world.read(arn, "error")] == [2501]


def test_a_token_begins_one(world):
    make(world.ddb, "tab")
    world.give("a", lines(range(3)))
    arn = world.start("tab", ClientToken="once")["BulkOperationArn"]
    assert world.ended(arn)["ClientToken"] == "once"
    assert world.start("tab", ClientToken="once")["BulkOperationArn"] == arn
    refused("IdempotentParameterMismatchException", world.start, "tab", ClientToken="once",
            PerformanceTier="ACCELERATED")
    assert len(world.ddb.list_bulk_operations()["BulkOperationsSummaryList"]) == 1


def test_they_are_listed_the_newest_first(world):
    world.give("a", lines(range(3)))
    arns = []
    for name in ("tab-c", "tab-a", "tab-b"):
        make(world.ddb, name)
        arns.append(world.run(name)["BulkOperationArn"])
    found, page = [], {}
    while page is not None:
        answer = world.ddb.list_bulk_operations(MaxResults=2, **page)
        assert len(answer["BulkOperationsSummaryList"]) <= 2
        found += answer["BulkOperationsSummaryList"]
        page = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
    assert [one["BulkOperationArn"] for one in found] == arns[::-1]
    assert all(one["BulkOperationStatus"] == "COMPLETED" and one["EndTime"] for one in found)


def test_what_cannot_be(world):
    make(world.ddb, "tab")
    told = world.run("tab")
    assert (told["BulkOperationStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchKey")
    told = world.run("tab", given={"S3Bucket": "not-there"})
    assert (told["BulkOperationStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    world.give("a", lines(range(3)) + b"{\n")
    told = world.run("tab", out={"S3Bucket": "not-there"})
    assert (told["BulkOperationStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert contents(world.ddb, "tab") == {0, 1, 2}
    refused("ResourceNotFoundException", world.start, "nothing")
    nobody = told["BulkOperationArn"] + "0"
    refused("ResourceNotFoundException", world.ddb.describe_bulk_operation, BulkOperationArn=nobody)
    refused("ResourceNotFoundException", world.ddb.cancel_bulk_operation, BulkOperationArn=nobody)
