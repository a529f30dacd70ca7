# SPDX-License-Identifier: Apache-2.0
"""Batches: what is found, what does not fit and comes back, each refusal in AWS's words, and that a
batch of writes is there after a crash."""
import boto3
import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, table_name, values
from weir_server import ACCOUNT, REGION

DUPLICATES = "Provided list of item keys contains duplicates"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def table(ddb):
    return make(ddb)


@pytest.fixture(scope="module")
def ranged(ddb):
    return make(ddb, "pk", "sk", types={"sk": "N"}, locals_=[index("local", "pk", "lk")])


def keys(*names):
    return [item(pk=name) for name in names]


def puts(*items):
    return [{"PutRequest": {"Item": one}} for one in items]


def deletes(*all_keys):
    return [{"DeleteRequest": {"Key": one}} for one in all_keys]


def got(answer, table):
    return sorted((plain(one) for one in answer["Responses"][table]), key=lambda one: one["pk"])


# ---- reading ----

def test_what_is_there_comes_by_table(ddb, table, ranged):
    put(ddb, table, pk="a", n=1)
    put(ddb, table, pk="b", n=2)
    put(ddb, ranged, pk="a", sk=1)
    answer = ddb.batch_get_item(RequestItems={
        table: {"Keys": keys("a", "b", "none")},
        ranged: {"Keys": [item(pk="a", sk=1)], "ConsistentRead": True}})
    assert got(answer, table) == [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}]
    assert got(answer, ranged) == [{"pk": "a", "sk": 1}]
    assert answer["UnprocessedKeys"] == {}
    nothing = ddb.batch_get_item(RequestItems={table: {"Keys": keys("none")}})
    assert nothing["Responses"] == {table: []}


def test_each_table_has_its_projection(ddb, table, ranged):
    put(ddb, table, pk="p", m={"a": 1, "b": 2}, size=3)
    put(ddb, ranged, pk="p", sk=1, a=1, b=2)
    answer = ddb.batch_get_item(RequestItems={
        table: {"Keys": keys("p"), "ProjectionExpression": "pk, m.a, #s",
                "ExpressionAttributeNames": {"#s": "size"}},
        ranged: {"Keys": [item(pk="p", sk=1)], "AttributesToGet": ["pk", "b"]}})
    assert got(answer, table) == [{"pk": "p", "m": {"a": 1}, "size": 3}]
    assert got(answer, ranged) == [{"pk": "p", "b": 2}]


def test_capacity_is_by_table_and_item(ddb, table, ranged):
    put(ddb, table, pk="c", a="x" * 5000)
    answer = ddb.batch_get_item(ReturnConsumedCapacity="TOTAL", RequestItems={
        table: {"Keys": keys("c", "nothing")},
        ranged: {"Keys": [item(pk="no", sk=1)], "ConsistentRead": True}})
    assert sorted(answer["ConsumedCapacity"], key=lambda one: one["CapacityUnits"]) == sorted([
        {"TableName": table, "CapacityUnits": 1.5},
        {"TableName": ranged, "CapacityUnits": 1.0}], key=lambda one: one["CapacityUnits"])


def test_at_most_a_hundred_keys_and_none_twice(ddb, table, ranged):
    read = lambda **tables: refused(VALIDATION, ddb.batch_get_item, RequestItems=tables)
    many = {"Keys": keys(*map(str, range(60)))}
    other = {"Keys": [item(pk="a", sk=i) for i in range(41)]}
    assert read(**{table: many, ranged: other}) == \
        "Too many items requested for the BatchGetItem call"
    assert "Member must have length less than or equal to 100" in read(
        **{table: {"Keys": keys(*map(str, range(101)))}})
    assert read(**{table: {"Keys": keys("a", "b", "a")}}) == DUPLICATES
    numbers = [{"pk": {"S": "a"}, "sk": {"N": n}} for n in ("1", "1.0")]
    assert read(**{ranged: {"Keys": numbers}}) == DUPLICATES
    assert "Member must have length greater than or equal to 1" in read()


def test_refusals_of_reads(ddb, table, ranged):
    assert refused("ResourceNotFoundException", ddb.batch_get_item, RequestItems={
        table_name(): {"Keys": keys("a")}}) == "Requested resource not found"
    assert refused(VALIDATION, ddb.batch_get_item, RequestItems={
        ranged: {"Keys": keys("a")}}) == "The provided key element does not match the schema"
    assert "Can not use both expression and non-expression" in refused(
        VALIDATION, ddb.batch_get_item, RequestItems={table: {
            "Keys": keys("a"), "AttributesToGet": ["a"], "ProjectionExpression": "a"}})
    # a table that is not there is told before a key that does not fit
    refused("ResourceNotFoundException", ddb.batch_get_item, RequestItems={
        ranged: {"Keys": keys("a")}, table_name(): {"Keys": keys("a")}})


def test_sixteen_megabytes_and_the_rest_comes_back(ddb):
    table = make(ddb)
    names = [f"{i:03}" for i in range(60)]
    for name in names:
        put(ddb, table, pk=name, a="x" * (300 * 1024 - 6))
    asked = {"Keys": keys(*names), "ConsistentRead": True, "ProjectionExpression": "#p",
             "ExpressionAttributeNames": {"#p": "pk"}}
    answer = ddb.batch_get_item(RequestItems={table: asked}, ReturnConsumedCapacity="TOTAL")
    assert len(answer["Responses"][table]) == 52
    left = answer["UnprocessedKeys"][table]
    assert left == {**asked, "Keys": keys(*names[52:])}
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 52 * 75
    rest = ddb.batch_get_item(RequestItems=answer["UnprocessedKeys"])
    assert len(rest["Responses"][table]) == 8
    assert rest["UnprocessedKeys"] == {}


# ---- writing ----

def test_puts_and_deletes_go_together(ddb, table, ranged):
    put(ddb, table, pk="gone", a=1)
    answer = ddb.batch_write_item(RequestItems={
        table: puts(item(pk="w1", n=1), item(pk="w2", n=2)) + deletes(item(pk="gone")),
        ranged: puts(item(pk="w", sk=1))})
    assert answer["UnprocessedItems"] == {}
    read = ddb.batch_get_item(RequestItems={table: {"Keys": keys("w1", "w2", "gone")}})
    assert got(read, table) == [{"pk": "w1", "n": 1}, {"pk": "w2", "n": 2}]


def test_units_and_collections_of_writes(ddb, table, ranged):
    answer = ddb.batch_write_item(
        ReturnConsumedCapacity="INDEXES", ReturnItemCollectionMetrics="SIZE", RequestItems={
            table: puts(item(pk="u", a="x" * 1500)) + deletes(item(pk="none")),
            ranged: puts(item(pk="u", sk=1, lk="a"), item(pk="u", sk=2), item(pk="v", sk=1))})
    cost = {one["TableName"]: one for one in answer["ConsumedCapacity"]}
    assert cost[table] == {"TableName": table, "CapacityUnits": 3.0,
                           "Table": {"CapacityUnits": 3.0}}
    assert cost[ranged] == {
        "TableName": ranged, "CapacityUnits": 4.0, "Table": {"CapacityUnits": 3.0},
        "LocalSecondaryIndexes": {"local": {"CapacityUnits": 1.0}}}
    assert answer["ItemCollectionMetrics"] == {ranged: [
        {"ItemCollectionKey": item(pk=key), "SizeEstimateRangeGB": [0.0, 1.0]}
        for key in ("u", "v")]}


def test_refusals_of_writes_write_nothing(ddb, table, ranged):
    write = lambda **tables: refused(VALIDATION, ddb.batch_write_item, RequestItems=tables)
    good = puts(item(pk="never"))
    assert write(**{table: good + deletes(item(pk="never"))}) == DUPLICATES
    assert write(**{table: good * 2}) == DUPLICATES
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    assert write(**{table: good, arn: good}) == DUPLICATES
    assert write(**{table: puts(*(item(pk=f"n{i}") for i in range(20))),
                    ranged: puts(*(item(pk="n", sk=i) for i in range(6)))}) == \
        "Too many items requested for the BatchWriteItem call"
    assert "Member must have length less than or equal to 25" in write(
        **{table: puts(*(item(pk=f"n{i}") for i in range(26)))})
    assert write(**{table: good + [{}]}).startswith("Supplied AttributeValue has more than one")
    both = {**puts(item(pk="x"))[0], **deletes(item(pk="x"))[0]}
    assert write(**{table: good + [both]}).startswith("Supplied AttributeValue has more than one")
    assert write(**{table: good + puts(item(no=1))}) == \
        "One or more parameter values were invalid: Missing the key pk in the item"
    assert write(**{table: good, ranged: deletes(item(pk="a"))}) == \
        "The provided key element does not match the schema"
    assert write(**{table: good, ranged: puts(item(pk="a", sk=1, lk=5))}).startswith(
        "One or more parameter values were invalid: Type mismatch for Index Key lk")
    assert write(**{table: good + puts(item(pk="x" * 410000))}) == \
        "Item size has exceeded the maximum allowed size"
    refused("ResourceNotFoundException", ddb.batch_write_item,
            RequestItems={table: good, table_name(): good})
    assert "Item" not in ddb.get_item(TableName=table, Key=item(pk="never"))


def test_the_batch_writer_of_the_resource_works(weir, table):
    ddb = boto3.resource("dynamodb", endpoint_url=weir.url, region_name=REGION,
                         aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
    with ddb.Table(table).batch_writer() as batch:
        for i in range(60):
            batch.put_item(Item={"pk": f"batch-{i}", "n": i})
    found = ddb.batch_get_item(RequestItems={
        table: {"Keys": [{"pk": f"batch-{i}"} for i in range(60)]}})
    assert sum(one["n"] for one in found["Responses"][table]) == sum(range(60))


def test_throttled_writes_and_reads_come_back(fresh):
    server = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    name = table_name()
    ddb.create_table(TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                     AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                     ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 3})
    server.advance("60s")
    wanted = puts(*(item(pk=str(i)) for i in range(5)))
    answer = ddb.batch_write_item(RequestItems={name: wanted})
    assert answer["UnprocessedItems"] == {name: wanted[3:]}
    with pytest.raises(ClientError) as caught:
        ddb.batch_write_item(RequestItems=answer["UnprocessedItems"])
    assert caught.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    server.advance("1s")
    assert ddb.batch_write_item(RequestItems=answer["UnprocessedItems"])["UnprocessedItems"] == {}
    read = {name: {"Keys": keys("0", "1", "2", "3"), "ConsistentRead": True}}
    server.advance("1s")
    for _ in range(10):
        answer = ddb.batch_get_item(RequestItems=read)
        if not answer["UnprocessedKeys"]:
            break
        read = answer["UnprocessedKeys"]
        refused("ProvisionedThroughputExceededException", ddb.batch_get_item, RequestItems=read)
        server.advance("1s")
    assert len(answer["Responses"][name]) > 0


def test_a_batch_is_there_after_a_crash(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    name = make(ddb, globals_=[index("global", "gk")])
    for turn in range(4):
        ddb.batch_write_item(RequestItems={
            name: puts(*(item(pk=f"{turn}-{i}", gk="g") for i in range(25)))})
    ddb.batch_write_item(RequestItems={name: deletes(*(item(pk=f"0-{i}") for i in range(25)))})
    server.restart(hard=True)
    ddb = server.client("dynamodb")
    assert ddb.scan(TableName=name, Select="COUNT")["Count"] == 75
    assert ddb.query(TableName=name, IndexName="global", Select="COUNT",
                     KeyConditionExpression="gk = :g",
                     ExpressionAttributeValues=values(g="g"))["Count"] == 75
    assert server.stop() == 0
    assert server.fsck().returncode == 0
