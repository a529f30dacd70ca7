# SPDX-License-Identifier: Apache-2.0
"""DynamoDB Streams: what a record says, where a reader begins, how shards follow one another, and
when records, iterators and streams are gone. Expectations are from the API reference, and the sizes
from the guide's own examples.
"""
import datetime
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from dynamodb_kit import VALIDATION, item, make, put, refused
from dynamodb_stream_kit import (iterator, read_from, records_of, sequences, shards_of, stream,
                                 stream_of, told, wait_for)
from weir_server import ACCOUNT, REGION

TRIMMED = "TrimmedDataAccessException"
NOT_FOUND = "ResourceNotFoundException"
SHARD_ID = r"shardId-\d{20}-[0-9a-f]{8}"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def streams(weir):
    return weir.client("dynamodbstreams")


@pytest.fixture
def timed(fresh):
    """A server whose clock stands still, with one stream: server, clients, table, ARN."""
    weir = fresh(clock="2026-11-23T08:00:00Z")
    ddb = weir.client("dynamodb")
    table = make(ddb, StreamSpecification=stream())
    return weir, ddb, weir.client("dynamodbstreams"), table, stream_of(ddb, table)


# ---- records ----

def life(ddb, table):
    """The guide's example: an item comes, changes, goes."""
    key = {"Id": {"N": "101"}}
    put(ddb, table, Id=101, Message="New item!")
    put(ddb, table, Id=101, Message="This item has changed")
    ddb.delete_item(TableName=table, Key=key)
    return key, {**key, "Message": {"S": "New item!"}}, {**key, "Message": {
        "S": "This item has changed"}}


def test_a_record_says_what_the_guide_says(ddb, streams):
    table = make(ddb, "Id", types={"Id": "N"}, StreamSpecification=stream())
    before = datetime.datetime.now(datetime.timezone.utc)
    key, new, changed = life(ddb, table)
    records = records_of(streams, stream_of(ddb, table))
    bodies = []
    for record in records:
        assert re.fullmatch("[0-9a-f]{32}", record.pop("eventID"))
        body = record.pop("dynamodb")
        at = body.pop("ApproximateCreationDateTime")
        assert at.microsecond == 0
        assert -2 < (at - before).total_seconds() < 60
        assert 21 <= len(body.pop("SequenceNumber")) <= 40
        bodies.append(body)
    common = {"eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": REGION}
    assert records == [{"eventName": name, **common} for name in ("INSERT", "MODIFY", "REMOVE")]
    view = {"Keys": key, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert bodies == [{**view, "NewImage": new, "SizeBytes": 26},
                      {**view, "NewImage": changed, "OldImage": new, "SizeBytes": 59},
                      {**view, "OldImage": changed, "SizeBytes": 38}]


@pytest.mark.parametrize("view, sizes", [("KEYS_ONLY", (5, 5, 5)), ("NEW_IMAGE", (26, 38, 5)),
                                         ("OLD_IMAGE", (5, 26, 38))])
def test_a_view_shows_its_images_and_no_others(ddb, streams, view, sizes):
    table = make(ddb, "Id", types={"Id": "N"}, StreamSpecification=stream(view))
    key, new, changed = life(ddb, table)
    records = [r["dynamodb"] for r in records_of(streams, stream_of(ddb, table))]
    assert all(r["Keys"] == key and r["StreamViewType"] == view for r in records)
    assert [r.get("NewImage") for r in records] == (
        [new, changed, None] if view == "NEW_IMAGE" else [None] * 3)
    assert [r.get("OldImage") for r in records] == (
        [None, new, changed] if view == "OLD_IMAGE" else [None] * 3)
    assert tuple(r["SizeBytes"] for r in records) == sizes


def test_what_changes_nothing_leaves_no_record(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    put(ddb, table, pk="a", n=1)
    put(ddb, table, pk="a", n=1)
    ddb.delete_item(TableName=table, Key=item(pk="b"))
    ddb.update_item(TableName=table, Key=item(pk="a"), UpdateExpression="SET n = n")
    assert told(records_of(streams, stream_of(ddb, table))) == [("INSERT", {}, {"pk": "a", "n": 1})]


def test_a_refused_write_leaves_no_record(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    put(ddb, table, pk="a")
    refused("ConditionalCheckFailedException", ddb.put_item, TableName=table, Item=item(pk="a", n=2),
            ConditionExpression="attribute_not_exists(pk)")
    refused(VALIDATION, ddb.put_item, TableName=table, Item=item(n=2))
    assert len(records_of(streams, stream_of(ddb, table))) == 1


def test_both_keys_and_every_type_come_through(ddb, streams):
    table = make(ddb, "pk", "sk", types={"pk": "B", "sk": "N"}, StreamSpecification=stream())
    whole = {"pk": {"B": b"\x00\xff"}, "sk": {"N": "-1.5"}, "ss": {"SS": ["a", "b"]},
             "ns": {"NS": ["1", "2"]}, "bs": {"BS": [b"\x00"]}, "null": {"NULL": True},
             "bool": {"BOOL": False}, "list": {"L": [{"S": ""}, {"M": {"x": {"N": "1E+125"}}}]},
             "map": {"M": {}}}
    ddb.put_item(TableName=table, Item=whole)
    record = records_of(streams, stream_of(ddb, table))[0]["dynamodb"]
    assert record["Keys"] == {"pk": whole["pk"], "sk": whole["sk"]}
    stored = ddb.get_item(TableName=table, Key=record["Keys"])["Item"]
    assert record["NewImage"] == stored


def test_records_have_ids_and_numbers_of_their_own_that_stay(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    for n in range(30):
        put(ddb, table, pk=f"k{n % 3}", n=n)
    arn = stream_of(ddb, table)
    records = records_of(streams, arn)
    assert len({r["eventID"] for r in records}) == 30
    numbers = sequences(records)
    assert numbers == sorted(numbers) and len(set(numbers)) == 30
    assert list(map(int, numbers)) == sorted(map(int, numbers))
    assert [int(new["n"]) for _, _, new in told(records)] == list(range(30))
    assert records_of(streams, arn, Limit=7) == records


def test_batches_and_transactions_leave_a_record_for_each_change(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    put(ddb, table, pk="same", n=1)
    ddb.batch_write_item(RequestItems={table: [
        {"PutRequest": {"Item": item(pk=f"b{n}")}} for n in range(3)] + [
        {"PutRequest": {"Item": item(pk="same", n=1)}}]})
    ddb.transact_write_items(TransactItems=[
        {"Put": {"TableName": table, "Item": item(pk="t")}},
        {"Delete": {"TableName": table, "Key": item(pk="b0")}},
        {"ConditionCheck": {"TableName": table, "Key": item(pk="b1"),
                            "ConditionExpression": "attribute_exists(pk)"}}])
    refused("TransactionCanceledException", ddb.transact_write_items, TransactItems=[
        {"Put": {"TableName": table, "Item": item(pk="no")}},
        {"ConditionCheck": {"TableName": table, "Key": item(pk="b0"),
                            "ConditionExpression": "attribute_exists(pk)"}}])
    assert told(records_of(streams, stream_of(ddb, table))) == [
        ("INSERT", {}, {"pk": "same", "n": 1}), ("INSERT", {}, {"pk": "b0"}),
        ("INSERT", {}, {"pk": "b1"}), ("INSERT", {}, {"pk": "b2"}), ("INSERT", {}, {"pk": "t"}),
        ("REMOVE", {"pk": "b0"}, {})]


def test_an_item_that_expires_is_removed_by_the_service(timed):
    weir, ddb, streams, table, arn = timed
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={
        "Enabled": True, "AttributeName": "until"})
    put(ddb, table, pk="a", until=1795420800 + 3600)
    put(ddb, table, pk="b", until=1795420800 + 3600)
    ddb.delete_item(TableName=table, Key=item(pk="b"))
    weir.advance("3h")
    wait_for(lambda: len(records_of(streams, arn)) == 4)
    records = records_of(streams, arn)
    assert [r["eventName"] for r in records] == ["INSERT", "INSERT", "REMOVE", "REMOVE"]
    assert "userIdentity" not in records[2]
    assert records[3]["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert records[3]["dynamodb"]["OldImage"]["pk"] == {"S": "a"}


def test_a_stream_begins_with_the_change_after_it(ddb, streams):
    table = make(ddb)
    put(ddb, table, pk="a", n=1)
    ddb.update_table(TableName=table, StreamSpecification=stream())
    put(ddb, table, pk="a", n=2)
    assert told(records_of(streams, stream_of(ddb, table))) == [
        ("MODIFY", {"pk": "a", "n": 1}, {"pk": "a", "n": 2})]


# ---- pages ----

def test_a_page_has_at_most_a_thousand_records(ddb, streams):
    table = make(ddb, StreamSpecification=stream("KEYS_ONLY"))
    keys = {f"k{n}" for n in range(1003)}
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda key: put(ddb, table, pk=key), keys))
    arn = stream_of(ddb, table)
    first = streams.get_records(ShardIterator=iterator(streams, arn, shards_of(streams, arn)[0]))
    assert len(first["Records"]) == 1000
    rest, _ = read_from(streams, first["NextShardIterator"])
    assert len(rest) == 3
    assert {r["dynamodb"]["Keys"]["pk"]["S"] for r in first["Records"] + rest} == keys


def test_a_page_has_at_most_a_mebibyte(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    for n in range(8):
        put(ddb, table, pk=f"k{n}", text="x" * 300_000)
    arn = stream_of(ddb, table)
    at = iterator(streams, arn, shards_of(streams, arn)[0])
    pages = []
    while True:
        page = streams.get_records(ShardIterator=at)
        if not page["Records"]:
            break
        pages.append(page["Records"])
        at = page["NextShardIterator"]
    assert [len(page) for page in pages] == [3, 3, 2]
    for page in pages:
        assert sum(r["dynamodb"]["SizeBytes"] for r in page) <= 2 ** 20


def test_limits_of_limits(ddb, streams):
    arn = stream_of(ddb, make(ddb, StreamSpecification=stream()))
    at = iterator(streams, arn, shards_of(streams, arn)[0])
    for call, most in ((lambda n: streams.get_records(ShardIterator=at, Limit=n), 1000),
                       (lambda n: streams.describe_stream(StreamArn=arn, Limit=n), 100),
                       (lambda n: streams.list_streams(Limit=n), 100)):
        call(most)
        call(1)
        assert f"less than or equal to {most}" in refused(VALIDATION, call, most + 1)
        assert "greater than or equal to 1" in refused(VALIDATION, call, 0)


# ---- where a reader begins ----

def test_readers_begin_where_they_want(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    for n in range(5):
        put(ddb, table, pk="a", n=n)
    arn = stream_of(ddb, table)
    shard = shards_of(streams, arn)[0]

    def numbers_from(kind, **more):
        records, at = read_from(streams, iterator(streams, arn, shard, kind, **more))
        assert at is not None  # an open shard goes on
        return [int(new["n"]) for _, _, new in told(records)]

    third = sequences(records_of(streams, arn))[2]
    assert numbers_from("TRIM_HORIZON") == [0, 1, 2, 3, 4]
    assert numbers_from("AT_SEQUENCE_NUMBER", SequenceNumber=third) == [2, 3, 4]
    assert numbers_from("AFTER_SEQUENCE_NUMBER", SequenceNumber=third) == [3, 4]
    assert numbers_from("LATEST") == []
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    assert int(start) < int(third)
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        assert numbers_from(kind, SequenceNumber=start) == [0, 1, 2, 3, 4]
    latest = iterator(streams, arn, shard, "LATEST")
    put(ddb, table, pk="a", n=5)
    assert len(read_from(streams, latest)[0]) == 1


def test_a_moment_is_a_beginning_too(timed):
    weir, ddb, streams, table, arn = timed
    began = datetime.datetime.fromisoformat(weir.now().replace("Z", "+00:00"))
    for n in range(3):
        put(ddb, table, pk="a", n=n)
        weir.advance("10s")
    shard = shards_of(streams, arn)[0]

    def numbers_from(seconds):
        at = began + datetime.timedelta(seconds=seconds)
        records, _ = read_from(streams, iterator(streams, arn, shard, "AT_TIMESTAMP", Timestamp=at))
        return [int(new["n"]) for _, _, new in told(records)]

    assert [numbers_from(s) for s in (-90000, 0, 1, 10, 20, 21, 30)] == [
        [0, 1, 2], [0, 1, 2], [1, 2], [1, 2], [2], [], []]
    refused(VALIDATION, numbers_from, 31)
    refused(VALIDATION, streams.get_shard_iterator, StreamArn=arn, ShardId=shard["ShardId"],
            ShardIteratorType="AT_TIMESTAMP")


def test_an_iterator_is_good_for_a_quarter_of_an_hour(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a")
    at = iterator(streams, arn, shards_of(streams, arn)[0])
    weir.advance("15m")
    answer = streams.get_records(ShardIterator=at)
    assert len(answer["Records"]) == 1
    weir.advance("1s")
    refused("ExpiredIteratorException", streams.get_records, ShardIterator=at)
    assert streams.get_records(ShardIterator=answer["NextShardIterator"])["Records"] == []


# ---- shards ----

def test_an_open_shard(ddb, streams):
    table = make(ddb, "pk", "sk", StreamSpecification=stream("OLD_IMAGE"))
    arn = stream_of(ddb, table)
    about = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    shards = about.pop("Shards")
    label = arn.rsplit("/", 1)[1]
    created = about.pop("CreationRequestDateTime").astimezone(datetime.timezone.utc)
    assert created.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] == label
    assert about == {
        "StreamArn": arn, "StreamLabel": label, "StreamStatus": "ENABLED", "TableName": table,
        "StreamViewType": "OLD_IMAGE",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                      {"AttributeName": "sk", "KeyType": "RANGE"}]}
    assert len(shards) == 1
    assert re.fullmatch(SHARD_ID, shards[0]["ShardId"])
    assert set(shards[0]) == {"ShardId", "SequenceNumberRange"}
    assert set(shards[0]["SequenceNumberRange"]) == {"StartingSequenceNumber"}


def test_a_shard_is_followed_by_its_child_every_four_hours(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a", n=0)
    at = iterator(streams, arn, shards_of(streams, arn)[0])
    _, at = read_from(streams, at)
    weir.advance("4h")  # an iterator outlives its shard, not its quarter of an hour
    refused("ExpiredIteratorException", streams.get_records, ShardIterator=at)
    put(ddb, table, pk="a", n=1)
    weir.advance("8h")
    put(ddb, table, pk="a", n=2)
    shards = shards_of(streams, arn)
    assert len(shards) == 4
    assert [s.get("ParentShardId") for s in shards] == [None] + [s["ShardId"] for s in shards[:-1]]
    assert [s["ShardId"] for s in shards] == sorted(s["ShardId"] for s in shards)
    ranges = [s["SequenceNumberRange"] for s in shards]
    assert ["EndingSequenceNumber" in r for r in ranges] == [True, True, True, False]
    borders = [int(n) for r in ranges for n in r.values()]
    assert borders == sorted(borders) and len(set(borders)) == 7
    for shard, numbers in zip(shards, ([0], [1], [], [2])):
        records, at = read_from(streams, iterator(streams, arn, shard))
        assert [int(new["n"]) for _, _, new in told(records)] == numbers
        assert (at is None) == (shard is not shards[-1])
        for number in map(int, sequences(records)):
            assert int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) <= number
        latest, at = read_from(streams, iterator(streams, arn, shard, "LATEST"))
        assert latest == []
        assert (at is None) == (shard is not shards[-1])


def test_numbers_belong_to_their_shard(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a", n=0)
    weir.advance("4h")
    put(ddb, table, pk="a", n=1)
    first, second = sequences(records_of(streams, arn))
    parent, child = shards_of(streams, arn)
    for shard, wrong in ((parent, second), (child, first), (parent, "9" * 27), (child, "9" * 27),
                         (parent, "1" * 21), (parent, "x" * 27)):
        assert refused(VALIDATION, iterator, streams, arn, shard, "AT_SEQUENCE_NUMBER",
                       SequenceNumber=wrong)
    end = parent["SequenceNumberRange"]["EndingSequenceNumber"]
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        assert read_from(streams, iterator(streams, arn, parent, kind, SequenceNumber=end)) == (
            [], None)
    assert read_from(streams, iterator(streams, arn, parent, "AFTER_SEQUENCE_NUMBER",
                                       SequenceNumber=first)) == ([], None)


def test_shards_by_pages_and_children_of_one(timed):
    weir, _, streams, _, arn = timed
    weir.advance("13h")
    shards = shards_of(streams, arn)
    ids = [s["ShardId"] for s in shards]
    assert len(ids) == 4
    found, more = [], {}
    while True:
        about = streams.describe_stream(StreamArn=arn, Limit=3, **more)["StreamDescription"]
        found += about["Shards"]
        if "LastEvaluatedShardId" not in about:
            break
        more = {"ExclusiveStartShardId": about["LastEvaluatedShardId"]}
    assert found == shards
    for parent, children in zip(ids, ([ids[1]], [ids[2]], [ids[3]], [])):
        assert [s["ShardId"] for s in shards_of(streams, arn, ShardFilter={
            "Type": "CHILD_SHARDS", "ShardId": parent})] == children
    refused(VALIDATION, shards_of, streams, arn, ShardFilter={"Type": "CHILD_SHARDS"})
    refused(VALIDATION, shards_of, streams, arn, ShardFilter={"Type": "X", "ShardId": ids[0]})


# ---- a day ----

def test_records_and_shards_are_kept_for_a_day(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a", n=0)
    weir.advance("1h")
    put(ddb, table, pk="a", n=1)
    old, kept = sequences(records_of(streams, arn))
    first = shards_of(streams, arn)[0]
    weir.advance("23h")
    assert sequences(records_of(streams, arn)) == [old, kept]
    soon = iterator(streams, arn, first)
    weir.advance("1m")
    assert refused(TRIMMED, streams.get_records, ShardIterator=soon)
    assert refused(TRIMMED, iterator, streams, arn, first, "AT_SEQUENCE_NUMBER", SequenceNumber=old)
    assert sequences(records_of(streams, arn)) == [kept]
    after = iterator(streams, arn, first, "AFTER_SEQUENCE_NUMBER", SequenceNumber=old)
    assert sequences(read_from(streams, after)[0]) == [kept]
    weir.advance("3h")
    assert records_of(streams, arn) == []
    assert [s["ShardId"] for s in shards_of(streams, arn)][0] == first["ShardId"]
    last = iterator(streams, arn, first)
    weir.advance("14m")
    assert read_from(streams, last) == ([], None)
    weir.advance("1h")
    shards = shards_of(streams, arn)
    assert first["ShardId"] == shards[0]["ParentShardId"]
    assert "does not exist" in refused(NOT_FOUND, iterator, streams, arn, first)


def test_nothing_is_lost_for_who_reads_on(timed):
    """A reader who comes by every fourteen minutes for thirty hours sees every change once, in order."""
    weir, ddb, streams, table, arn = timed
    seen, at, shard = [], iterator(streams, arn, shards_of(streams, arn)[0]), shards_of(
        streams, arn)[0]
    for n in range(130):
        put(ddb, table, pk="a", n=n)
        weir.advance("14m")
        while True:
            records, at = read_from(streams, at)
            seen += [int(new["n"]) for _, _, new in told(records)]
            if at:
                break
            [shard] = shards_of(streams, arn, ShardFilter={"Type": "CHILD_SHARDS",
                                                           "ShardId": shard["ShardId"]})
            at = iterator(streams, arn, shard)
    assert seen == list(range(130))


def test_a_disabled_stream_is_read_for_a_day(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a", n=0)
    weir.advance("5h")
    put(ddb, table, pk="a", n=1)
    ddb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    put(ddb, table, pk="a", n=2)
    weir.advance("1h")
    about = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert about["StreamStatus"] == "DISABLED"
    assert all("EndingSequenceNumber" in s["SequenceNumberRange"] for s in about["Shards"])
    assert [int(new["n"]) for _, _, new in told(records_of(streams, arn))] == [0, 1]
    assert read_from(streams, iterator(streams, arn, about["Shards"][-1]))[1] is None
    ddb.update_table(TableName=table, StreamSpecification=stream("KEYS_ONLY"))
    put(ddb, table, pk="a", n=3)
    again = stream_of(ddb, table)
    assert again != arn
    assert [r["dynamodb"]["Keys"] for r in records_of(streams, again)] == [item(pk="a")]
    assert [s["StreamArn"] for s in streams.list_streams(TableName=table)["Streams"]] == [arn, again]
    assert len(records_of(streams, arn)) == 2
    weir.advance("1379m")
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    weir.advance("1m")
    refused(NOT_FOUND, streams.describe_stream, StreamArn=arn)
    assert [s["StreamArn"] for s in streams.list_streams(TableName=table)["Streams"]] == [again]


def test_a_deleted_tables_stream_is_read_for_a_day(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a", n=0)
    weir.advance("5h")
    put(ddb, table, pk="a", n=1)
    ddb.delete_table(TableName=table)
    make(ddb, TableName=table, StreamSpecification=stream())  # one of its name hides nothing
    put(ddb, table, pk="a", n=2)
    again = stream_of(ddb, table)
    for hard in (False, True):
        weir.restart(hard=hard)
        ddb, streams = weir.client("dynamodb"), weir.client("dynamodbstreams")
        assert again != arn
        about = streams.describe_stream(StreamArn=arn)["StreamDescription"]
        assert about["StreamStatus"] == "DISABLED" and len(about["Shards"]) == 2
        assert [int(new["n"]) for _, _, new in told(records_of(streams, arn))] == [0, 1]
        assert [int(new["n"]) for _, _, new in told(records_of(streams, again))] == [2]
        assert [s["StreamArn"] for s in streams.list_streams(TableName=table)["Streams"]] == [
            arn, again]
    weir.advance("24h")
    refused(NOT_FOUND, streams.describe_stream, StreamArn=arn)
    assert len(streams.list_streams()["Streams"]) == 1
    weir.advance("2m")  # the sweep comes by
    refused(NOT_FOUND, streams.describe_stream, StreamArn=arn)
    assert len(shards_of(streams, again)) == 7


def test_streams_of_one_moment_have_arns_of_their_own(timed):
    _, ddb, streams, table, first = timed
    put(ddb, table, pk="a")
    ddb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    ddb.update_table(TableName=table, StreamSpecification=stream())
    second = stream_of(ddb, table)
    put(ddb, table, pk="b")
    ddb.delete_table(TableName=table)
    make(ddb, TableName=table, StreamSpecification=stream())
    third = stream_of(ddb, table)
    put(ddb, table, pk="c")
    assert first < second < third
    assert [[r["dynamodb"]["Keys"]["pk"]["S"] for r in records_of(streams, arn)]
            for arn in (first, second, third)] == [["a"], ["b"], ["c"]]


def test_streams_survive_a_kill(timed):
    weir, ddb, streams, table, arn = timed
    put(ddb, table, pk="a", n=0)
    weir.advance("4h")
    put(ddb, table, pk="a", n=1)
    records, shards = records_of(streams, arn), shards_of(streams, arn)
    at = iterator(streams, arn, shards[1])
    weir.restart(hard=True)
    streams = weir.client("dynamodbstreams")
    assert records_of(streams, arn) == records
    assert shards_of(streams, arn) == shards
    assert read_from(streams, at)[0] == records[1:]


# ---- lists and refusals ----

def test_streams_are_listed_by_pages_and_by_table(fresh):
    weir = fresh()
    ddb, streams = weir.client("dynamodb"), weir.client("dynamodbstreams")
    tables = sorted(make(ddb, TableName=f"t{n}.{'x' * n}", StreamSpecification=stream())
                    for n in range(5))
    make(ddb, TableName="none")
    arns = sorted(stream_of(ddb, t) for t in tables)
    assert [s["StreamArn"] for s in streams.list_streams()["Streams"]] == arns
    found, more = [], {}
    while True:
        page = streams.list_streams(Limit=2, **more)
        found += page["Streams"]
        if "LastEvaluatedStreamArn" not in page:
            break
        more = {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    assert [s["StreamArn"] for s in found] == arns
    assert found[0] == {"StreamArn": arns[0], "TableName": tables[0],
                        "StreamLabel": arns[0].rsplit("/", 1)[1]}
    assert [s["StreamArn"] for s in streams.list_streams(TableName=tables[3])["Streams"]] == [
        stream_of(ddb, tables[3])]
    assert streams.list_streams(TableName="none")["Streams"] == []
    assert weir.client("dynamodbstreams", region="eu-west-1").list_streams()["Streams"] == []


def test_what_is_not_there_is_refused(ddb, streams):
    table = make(ddb, StreamSpecification=stream())
    arn = stream_of(ddb, table)
    shard = shards_of(streams, arn)[0]["ShardId"]
    gone = arn.rsplit("/", 1)[0] + "/2020-01-01T00:00:00.000"
    other = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/nobody/stream/2020-01-01T00:00:00.000"
    for wrong in (gone, other):
        assert refused(NOT_FOUND, streams.describe_stream, StreamArn=wrong) == (
            f"Requested resource not found: Stream: {wrong} not found")
        refused(NOT_FOUND, streams.get_shard_iterator, StreamArn=wrong, ShardId=shard,
                ShardIteratorType="LATEST")
    refused(VALIDATION, streams.describe_stream, StreamArn="x" * 40)
    refused(VALIDATION, streams.describe_stream, StreamArn="short")
    assert refused(NOT_FOUND, streams.get_shard_iterator, StreamArn=arn, ShardId="shardId-" + "0" * 20,
                   ShardIteratorType="LATEST") == (
        "Requested resource not found: Shard does not exist")
    for kind, more in (("AT_SEQUENCE_NUMBER", {}), ("NOWHERE", {}),
                       ("LATEST", {"SequenceNumber": "1" * 27})):
        refused(VALIDATION, streams.get_shard_iterator, StreamArn=arn, ShardId=shard,
                ShardIteratorType=kind, **more)


def test_a_broken_iterator_is_refused(ddb, streams):
    arn = stream_of(ddb, make(ddb, StreamSpecification=stream()))
    good = iterator(streams, arn, shards_of(streams, arn)[0])
    assert good.startswith(arn + "|1|")
    other = stream_of(ddb, make(ddb, StreamSpecification=stream()))
    for wrong in ("x", "|1|", good[:-1], good + "=", good.replace(arn, other), good[:-5] + "AAAA="):
        assert refused(VALIDATION, streams.get_records, ShardIterator=wrong) == (
            "Invalid ShardIterator")
