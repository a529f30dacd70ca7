# SPDX-License-Identifier: Apache-2.0
"""Items that expire, on a clock that stands still: enabling and disabling, what is there already,
when items go, what the stream says of it."""
from decimal import Decimal

import pytest
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, until, values

START = 1795420800  # 2026-11-23T08:00:00Z
YEAR = 365 * 24 * 3600


@pytest.fixture
def world(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    return server, server.client("dynamodb")


def enable(ddb, table, name="ttl", enabled=True):
    return ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={
        "Enabled": enabled, "AttributeName": name})["TimeToLiveSpecification"]


def described(ddb, table):
    return ddb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]


def keys(ddb, table, **more):
    pages = ddb.get_paginator("scan").paginate(TableName=table, **more)
    return sorted(plain(one)["pk"] for page in pages for one in page["Items"])


def test_it_is_enabled_and_disabled(world):
    server, ddb = world
    table = make(ddb)
    assert described(ddb, table) == {"TimeToLiveStatus": "DISABLED"}
    assert refused(VALIDATION, enable, ddb, table, enabled=False) == (
        "TimeToLive is already disabled")
    assert enable(ddb, table) == {"Enabled": True, "AttributeName": "ttl"}
    server.kill()
    server.start()
    ddb = server.client("dynamodb")
    until(lambda: described(ddb, table) == {
        "TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"})
    assert refused(VALIDATION, enable, ddb, table) == "TimeToLive is already enabled"
    assert refused(VALIDATION, enable, ddb, table, "other") == (
        "TimeToLive is active on a different AttributeName: current AttributeName is ttl")
    assert enable(ddb, table, enabled=False) == {"Enabled": False, "AttributeName": "ttl"}
    until(lambda: described(ddb, table) == {"TimeToLiveStatus": "DISABLED"})
    enable(ddb, table, "other")
    for call in (ddb.describe_time_to_live, lambda **more: enable(ddb, **{
            "table": more["TableName"]})):
        assert refused("ResourceNotFoundException", call, TableName="gone") == (
            "Requested resource not found: Table: gone not found")


def test_one_change_in_half_an_hour_with_aws_limits(fresh):
    server = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    table = make(ddb)
    enable(ddb, table)
    assert refused(VALIDATION, enable, ddb, table, enabled=False) == (
        "Time to live has been modified multiple times within a fixed interval")
    server.advance("31m")
    enable(ddb, table, enabled=False)


def test_an_item_goes_when_its_second_comes(world):
    server, ddb = world
    table = make(ddb, globals_=[index("by-group", "group")])
    enable(ddb, table)
    put(ddb, table, pk="soon", ttl=START + 60, group="g")
    put(ddb, table, pk="later", ttl=START + 3600, group="g")
    put(ddb, table, pk="fraction", ttl=Decimal(f"{START + 60}.9"))
    put(ddb, table, pk="never", group="g")
    put(ddb, table, pk="text", ttl=str(START + 60))
    put(ddb, table, pk="millis", ttl=(START + 60) * 1000)
    put(ddb, table, pk="ages ago", ttl=START - 6 * YEAR)
    server.advance("59s")
    assert len(keys(ddb, table)) == 7
    server.advance("1s")
    until(lambda: keys(ddb, table) == ["ages ago", "later", "millis", "never", "text"])
    until(lambda: keys(ddb, table, IndexName="by-group") == ["later", "never"])
    server.advance("2h")
    until(lambda: keys(ddb, table) == ["ages ago", "millis", "never", "text"])
    told = ddb.describe_table(TableName=table)["Table"]
    assert told["ItemCount"] == 4
    assert told["GlobalSecondaryIndexes"][0]["ItemCount"] == 1


def test_what_had_expired_when_it_is_put_goes_too(world):
    _, ddb = world
    table = make(ddb)
    enable(ddb, table)
    put(ddb, table, pk="a", ttl=START - 10)
    until(lambda: keys(ddb, table) == [])


def test_a_change_moves_the_moment(world):
    server, ddb = world
    table = make(ddb)
    enable(ddb, table)
    for name in ("moved", "freed", "deleted", "replaced"):
        put(ddb, table, pk=name, ttl=START + 60)
    ddb.update_item(TableName=table, Key=item(pk="moved"), UpdateExpression="SET #t = :t",
                    ExpressionAttributeNames={"#t": "ttl"},
                    ExpressionAttributeValues=values(t=START + 120))
    ddb.update_item(TableName=table, Key=item(pk="freed"), UpdateExpression="REMOVE #t",
                    ExpressionAttributeNames={"#t": "ttl"})
    ddb.delete_item(TableName=table, Key=item(pk="deleted"))
    put(ddb, table, pk="deleted")
    put(ddb, table, pk="replaced", ttl=START + 30)
    server.advance("45s")
    until(lambda: keys(ddb, table) == ["deleted", "freed", "moved"])
    server.advance("30s")
    until(lambda: keys(ddb, table) == ["deleted", "freed", "moved"])
    server.advance("1m")
    until(lambda: keys(ddb, table) == ["deleted", "freed"])


def test_items_that_were_there_expire_too(world):
    server, ddb = world
    table = make(ddb)
    for at in range(0, 2500, 25):
        ddb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item(pk=f"k{n:04}", ttl=START + (60 if n % 2 else 7200))}}
            for n in range(at, at + 25)]})
    enable(ddb, table)
    until(lambda: described(ddb, table)["TimeToLiveStatus"] == "ENABLED")
    server.advance("61s")
    until(lambda: keys(ddb, table) == [f"k{n:04}" for n in range(0, 2500, 2)])
    enable(ddb, table, enabled=False)
    until(lambda: described(ddb, table)["TimeToLiveStatus"] == "DISABLED")
    server.advance("3h")
    assert len(keys(ddb, table)) == 1250
    enable(ddb, table)
    until(lambda: keys(ddb, table) == [])


def test_another_attribute_after_disabling(world):
    server, ddb = world
    table = make(ddb)
    put(ddb, table, pk="a", ttl=START + 60, other=START + 7200)
    put(ddb, table, pk="b", other=START + 60)
    enable(ddb, table)
    enable(ddb, table, enabled=False)
    enable(ddb, table, "other")
    server.advance("2m")
    until(lambda: keys(ddb, table) == ["a"])
    server.advance("2h")
    until(lambda: keys(ddb, table) == [])


def test_the_stream_says_that_an_item_expired(world):
    server, ddb = world
    table = make(ddb, StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    enable(ddb, table)
    put(ddb, table, pk="a", ttl=START + 60)
    put(ddb, table, pk="b")
    server.advance("1m")
    until(lambda: keys(ddb, table) == ["b"])
    ddb.delete_item(TableName=table, Key=item(pk="b"))
    streams = server.client("dynamodbstreams")
    arn = ddb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shard, = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                          ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [one["eventName"] for one in records] == ["INSERT", "INSERT", "REMOVE", "REMOVE"]
    assert records[2]["userIdentity"] == {
        "Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert records[2]["dynamodb"]["OldImage"] == item(pk="a", ttl=START + 60)
    assert all("userIdentity" not in records[at] for at in (0, 1, 3))


def test_it_goes_on_after_a_kill(world):
    server, ddb = world
    table = make(ddb)
    enable(ddb, table)
    put(ddb, table, pk="a", ttl=START + 60)
    put(ddb, table, pk="b", ttl=START + 600)
    server.kill()
    server.start()
    server.advance("2m")
    ddb = server.client("dynamodb")
    until(lambda: keys(ddb, table) == ["b"])
    server.advance("10m")
    until(lambda: keys(ddb, table) == [])
