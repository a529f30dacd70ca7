# SPDX-License-Identifier: Apache-2.0
"""Kinesis streaming destinations of tables: what is refused in which state, what a record says, and
that records are there when the write has answered, in order, whatever is killed.
"""
import json
import re

import pytest
from dynamodb_kit import VALIDATION, item, make, put, refused
from dynamodb_stream_kit import records_of, stream, stream_of, wait_for
from weir_server import ACCOUNT, REGION

MS = "MILLISECOND"
US = "MICROSECOND"
STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


def arn_of(name):
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


def sink(kinesis, name, shards=1):
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    return arn_of(name)


def enable(ddb, table, arn, precision=None):
    more = {"EnableKinesisStreamingConfiguration": {
        "ApproximateCreationDateTimePrecision": precision}} if precision else {}
    return ddb.enable_kinesis_streaming_destination(TableName=table, StreamArn=arn, **more)


def update(ddb, table, arn, precision):
    return ddb.update_kinesis_streaming_destination(
        TableName=table, StreamArn=arn, UpdateKinesisStreamingConfiguration={
            "ApproximateCreationDateTimePrecision": precision})


def disable(ddb, table, arn):
    return ddb.disable_kinesis_streaming_destination(TableName=table, StreamArn=arn)


def destinations(ddb, table):
    return ddb.describe_kinesis_streaming_destination(TableName=table)[
        "KinesisDataStreamDestinations"]


def got(kinesis, name):
    """All records of a stream, shard by shard: (shard, partition key, record)."""
    found = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        at = kinesis.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"],
                                        ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            answer = kinesis.get_records(ShardIterator=at)
            found += [(shard["ShardId"], r["PartitionKey"], json.loads(r["Data"]))
                      for r in answer["Records"]]
            at = answer["NextShardIterator"]
            if not answer["Records"]:
                break
    return found


# ---- what they get ----

def test_a_change_becomes_a_record_of_the_stream(fresh):
    weir = fresh(clock="2026-11-23T08:00:00.123Z")
    ddb, kinesis = weir.client("dynamodb"), weir.client("kinesis")
    table = make(ddb, "Id", types={"Id": "N"})
    enable(ddb, table, sink(kinesis, "s"))
    put(ddb, table, Id=101, Message="New item!")
    put(ddb, table, Id=101, Message="This item has changed")
    ddb.delete_item(TableName=table, Key=item(Id=101))
    at = 1795420800123
    key = {"Id": {"N": "101"}}
    new = {**key, "Message": {"S": "New item!"}}
    changed = {**key, "Message": {"S": "This item has changed"}}
    expected = [("INSERT", {"NewImage": new, "SizeBytes": 26}),
                ("MODIFY", {"NewImage": changed, "OldImage": new, "SizeBytes": 59}),
                ("REMOVE", {"OldImage": changed, "SizeBytes": 38})]
    records = got(kinesis, "s")
    assert len({key for _, key, _ in records}) == 1
    assert re.fullmatch("[0-9A-F]{32}", records[0][1])
    ids = [record.pop("eventID") for _, _, record in records]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)
    assert [record for _, _, record in records] == [
        {"awsRegion": REGION, "eventName": name, "userIdentity": None,
         "recordFormat": "application/json", "tableName": table,
         "dynamodb": {"ApproximateCreationDateTime": at, "Keys": key, **body},
         "eventSource": "aws:dynamodb"} for name, body in expected]
    raw = kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(
        StreamName="s", ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON")["ShardIterator"])["Records"][1]["Data"].decode()
    names = re.findall('"(awsRegion|event[A-Za-z]+|userIdentity|recordFormat|tableName|dynamodb|'
                       'Approx[A-Za-z]+|Keys|NewImage|OldImage|SizeBytes)":', raw)
    assert names == ["awsRegion", "eventID", "eventName", "userIdentity", "recordFormat",
                     "tableName", "dynamodb", "ApproximateCreationDateTime", "Keys", "NewImage",
                     "OldImage", "SizeBytes", "eventSource"]


def test_moments_are_as_exact_as_is_wished(fresh):
    weir = fresh(clock="2026-11-23T08:00:00.123Z")
    ddb, kinesis = weir.client("dynamodb"), weir.client("kinesis")
    table, arn = make(ddb), sink(kinesis, "s")
    enable(ddb, table, arn, MS)
    put(ddb, table, pk="a")
    update(ddb, table, arn, US)
    put(ddb, table, pk="b")
    bodies = [record["dynamodb"] for _, _, record in got(kinesis, "s")]
    assert [b["ApproximateCreationDateTime"] for b in bodies] == [1795420800123, 1795420800123000]
    assert [b["ApproximateCreationDateTimePrecision"] for b in bodies] == [MS, US]


def test_an_item_that_expires_is_removed_by_the_service(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    ddb, kinesis = weir.client("dynamodb"), weir.client("kinesis")
    table = make(ddb)
    enable(ddb, table, sink(kinesis, "s"))
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={
        "Enabled": True, "AttributeName": "until"})
    put(ddb, table, pk="a", until=1795420800 + 3600)
    weir.advance("3h")
    wait_for(lambda: len(got(kinesis, "s")) == 2)
    record = got(kinesis, "s")[1][2]
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_every_type_is_written_as_the_api_writes_it(ddb, kinesis):
    table, arn = make(ddb, "pk", "sk", types={"pk": "B"}), sink(kinesis, "types")
    enable(ddb, table, arn)
    ddb.put_item(TableName=table, Item={
        "pk": {"B": b"\x00\xff"}, "sk": {"S": 'quote " and \u2028 and \u0001'},
        "ss": {"SS": ["b", "a"]}, "ns": {"NS": ["2", "1.50"]}, "bs": {"BS": [b"\x01"]},
        "null": {"NULL": True}, "bool": {"BOOL": False}, "map": {"M": {"l": {"L": [{"N": "-0"}]}}}})
    [(_, _, record)] = got(kinesis, "types")
    assert record["dynamodb"]["NewImage"] == {
        "pk": {"B": "AP8="}, "sk": {"S": 'quote " and \u2028 and \u0001'}, "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1.5", "2"]}, "bs": {"BS": ["AQ=="]}, "null": {"NULL": True},
        "bool": {"BOOL": False}, "map": {"M": {"l": {"L": [{"N": "0"}]}}}}


def test_changes_of_an_item_are_in_one_shard_in_order(ddb, kinesis):
    table = make(ddb)
    enable(ddb, table, sink(kinesis, "spread", shards=4))
    for n in range(120):
        put(ddb, table, pk=f"k{n % 12}", n=n)
    shards, orders = {}, {}
    for shard, _, record in got(kinesis, "spread"):
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        shards.setdefault(key, set()).add(shard)
        orders.setdefault(key, []).append(int(record["dynamodb"]["NewImage"]["n"]["N"]))
    assert all(len(s) == 1 for s in shards.values())
    assert len(set().union(*shards.values())) > 1
    assert orders == {f"k{k}": list(range(k, 120, 12)) for k in range(12)}


def test_a_destination_does_not_need_a_stream_nor_mind_one(ddb, kinesis, weir):
    table, arn = make(ddb, StreamSpecification=stream("KEYS_ONLY")), sink(kinesis, "both")
    enable(ddb, table, arn)
    put(ddb, table, pk="a", n=1)
    [record] = records_of(weir.client("dynamodbstreams"), stream_of(ddb, table))
    assert "NewImage" not in record["dynamodb"]
    assert got(kinesis, "both")[0][2]["dynamodb"]["NewImage"] == item(pk="a", n=1)


def test_what_a_stream_cannot_take_does_not_stop_the_write(ddb, kinesis):
    table, arn = make(ddb), sink(kinesis, "gone")
    enable(ddb, table, arn)
    put(ddb, table, pk="large", text="\x01" * 300_000)  # six times as long in JSON
    put(ddb, table, pk="small")
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for _, _, r in got(kinesis, "gone")] == ["small"]
    kinesis.delete_stream(StreamName="gone")
    put(ddb, table, pk="after")
    assert ddb.get_item(TableName=table, Key=item(pk="after"))["Item"]
    assert destinations(ddb, table)[0]["DestinationStatus"] == "ACTIVE"  # as AWS goes on saying
    sink(kinesis, "gone")
    put(ddb, table, pk="again")
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for _, _, r in got(kinesis, "gone")] == ["again"]


def test_a_batch_is_cut_where_its_records_would_be_too_much_for_one_entry(fresh):
    weir = fresh()
    ddb, kinesis = weir.client("dynamodb"), weir.client("kinesis")
    table, arn = make(ddb), sink(kinesis, "s")
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10240)
    for n in range(25):
        put(ddb, table, pk=f"k{n}", text="\x01" * 400_000)  # 2.4 MB of JSON
    enable(ddb, table, arn)
    wishes, rounds = {table: [{"DeleteRequest": {"Key": item(pk=f"k{n}")}} for n in range(25)]}, 0
    while wishes:
        wishes = ddb.batch_write_item(RequestItems=wishes)["UnprocessedItems"]
        rounds += 1
    assert 1 < rounds < 5
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for _, _, r in got(kinesis, "s")] == [
        f"k{n}" for n in range(25)]


def test_a_disabled_destination_gets_nothing_more(ddb, kinesis):
    table, arn = make(ddb), sink(kinesis, "off")
    put(ddb, table, pk="before")
    enable(ddb, table, arn)
    put(ddb, table, pk="while")
    disable(ddb, table, arn)
    put(ddb, table, pk="after")
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for _, _, r in got(kinesis, "off")] == ["while"]


def test_what_was_acknowledged_is_there_after_a_kill(fresh):
    weir = fresh()
    ddb, kinesis = weir.client("dynamodb"), weir.client("kinesis")
    table = make(ddb)
    enable(ddb, table, sink(kinesis, "s"), US)
    for n in range(20):
        put(ddb, table, pk=f"k{n}")
    weir.restart(hard=True)
    ddb, kinesis = weir.client("dynamodb"), weir.client("kinesis")
    put(ddb, table, pk="k20")
    assert destinations(ddb, table) == [{
        "StreamArn": arn_of("s"), "DestinationStatus": "ACTIVE",
        "ApproximateCreationDateTimePrecision": US}]
    assert [r["dynamodb"]["Keys"]["pk"]["S"] for _, _, r in got(kinesis, "s")] == [
        f"k{n}" for n in range(21)]


# ---- states ----

def test_answers_of_the_four_operations(ddb, kinesis):
    table, arn = make(ddb), sink(kinesis, "answers")
    common = {"TableName": table, "StreamArn": arn}

    def said(answer):
        del answer["ResponseMetadata"]
        return answer

    assert destinations(ddb, table) == []
    assert said(enable(ddb, table, arn)) == {
        **common, "DestinationStatus": "ENABLING", "EnableKinesisStreamingConfiguration": {}}
    assert destinations(ddb, table) == [{"StreamArn": arn, "DestinationStatus": "ACTIVE"}]
    wish = {"ApproximateCreationDateTimePrecision": US}
    assert said(update(ddb, table, arn, US)) == {
        **common, "DestinationStatus": "UPDATING", "UpdateKinesisStreamingConfiguration": wish}
    assert destinations(ddb, table) == [{"StreamArn": arn, "DestinationStatus": "ACTIVE", **wish}]
    assert said(disable(ddb, table, arn)) == {**common, "DestinationStatus": "DISABLING"}
    assert destinations(ddb, table) == [{"StreamArn": arn, "DestinationStatus": "DISABLED"}]
    assert said(enable(ddb, table, arn, MS))["EnableKinesisStreamingConfiguration"] == {
        "ApproximateCreationDateTimePrecision": MS}
    assert len(destinations(ddb, table)) == 1
    described = ddb.describe_kinesis_streaming_destination(
        TableName=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
    assert described["TableName"] == table


def test_only_one_is_active(ddb, kinesis):
    table, one, two = make(ddb), sink(kinesis, "one"), sink(kinesis, "two")
    enable(ddb, table, one)
    for arn in (one, two):
        assert refused(VALIDATION, enable, ddb, table, arn) == (
            STATE + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform "
                    "ENABLE operation.")
    disable(ddb, table, one)
    enable(ddb, table, two)
    assert [(d["StreamArn"], d["DestinationStatus"]) for d in destinations(ddb, table)] == [
        (two, "ACTIVE"), (one, "DISABLED")]


def test_a_stream_that_is_not_there_fails_afterwards(ddb, kinesis):
    table = make(ddb)
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:some-queue-of-mine"
    for wrong in (arn_of("nobody"), "x" * 40, queue):
        assert enable(ddb, table, wrong)["DestinationStatus"] == "ENABLING"
        assert destinations(ddb, table)[0] == {
            "StreamArn": wrong, "DestinationStatus": "ENABLE_FAILED",
            "DestinationStatusDescription":
                "User does not have a permission to use kinesis stream"}
    sink(kinesis, "nobody")
    enable(ddb, table, arn_of("nobody"))
    assert [d["DestinationStatus"] for d in destinations(ddb, table)] == [
        "ENABLE_FAILED", "ENABLE_FAILED", "ACTIVE"]
    put(ddb, table, pk="a")
    assert len(got(kinesis, "nobody")) == 1


def test_what_is_not_active_is_neither_disabled_nor_updated(ddb, kinesis):
    table, arn = make(ddb), sink(kinesis, "idle")
    for wrong in (arn, arn_of("nowhere"), "x" * 40):
        assert refused(VALIDATION, disable, ddb, table, wrong) == (
            STATE + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
        assert refused(VALIDATION, update, ddb, table, wrong, US) == (
            STATE + f"No streaming destination with streamArn: {wrong} found for table with "
                    f"tableName: {table}")
    enable(ddb, table, arn)
    disable(ddb, table, arn)
    assert refused(VALIDATION, disable, ddb, table, arn) == (
        STATE + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
    assert "Updates are only allowed in ACTIVE state." in refused(VALIDATION, update, ddb, table,
                                                                  arn, US)


def test_configurations_that_make_no_sense(ddb, kinesis):
    table, arn = make(ddb), sink(kinesis, "sense")
    enable(ddb, table, arn)
    table_id = ddb.describe_table(TableName=table)["Table"]["TableId"]
    for more in ({}, {"UpdateKinesisStreamingConfiguration": {}}):
        assert refused(VALIDATION, ddb.update_kinesis_streaming_destination, TableName=table,
                       StreamArn=arn, **more) == (
            "Streaming destination cannot be updated with given parameters: "
            "UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
    for precision in (MS, US):  # what is not said is milliseconds
        if precision == US:
            update(ddb, table, arn, US)
        assert refused(VALIDATION, update, ddb, table, arn, precision) == (
            f"Invalid Request: Precision is already set to the desired value of {precision} for "
            f"tableId: {table_id}, kdsArn: {arn}")
    refused(VALIDATION, update, ddb, table, arn, "SECOND")
    assert refused(VALIDATION, ddb.disable_kinesis_streaming_destination, TableName=table,
                   StreamArn=arn, EnableKinesisStreamingConfiguration={
                       "ApproximateCreationDateTimePrecision": US}) == (
        "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
    refused(VALIDATION, enable, ddb, table, "arn:short")


def test_no_table(ddb):
    arn = arn_of("any-stream-there-is")
    for call in (enable, disable, lambda d, t, a: update(d, t, a, US),
                 lambda d, t, a: destinations(d, t)):
        assert refused("ResourceNotFoundException", call, ddb, "nobody", arn) == (
            "Requested resource not found: Table: nobody not found")


def test_old_failures_are_forgotten(ddb):
    table = make(ddb)
    for n in range(25):
        enable(ddb, table, arn_of(f"missing-{n}"))
    assert [d["StreamArn"] for d in destinations(ddb, table)] == [
        arn_of(f"missing-{n}") for n in range(24, 4, -1)]
