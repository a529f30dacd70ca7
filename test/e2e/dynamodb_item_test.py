# SPDX-License-Identifier: Apache-2.0
"""Single items: what is put is what is got, conditions, what is given back and what it costs, each
refusal in AWS's words and order, and what is left after a crash."""
from decimal import Decimal

import boto3
import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, table_name, values
from weir_server import ACCOUNT, REGION

FAILED = "ConditionalCheckFailedException"
INVALID = "One or more parameter values were invalid: "
LARGE = {
    "s": "text", "n": Decimal("-12.50"), "b": b"\x00\xff", "yes": True, "none": None,
    "ss": {"a", "b"}, "ns": {Decimal(1), Decimal("2.5")}, "bs": {b"x", b"\x00"},
    "l": [1, "two", [3, {"four": None}]], "m": {"k": {"deep": [Decimal("1E+20")]}}, "empty": "",
}


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def table(ddb):
    return make(ddb)


@pytest.fixture(scope="module")
def ranged(ddb):
    return make(ddb, "pk", "sk", types={"sk": "N"}, locals_=[index("local", "pk", "lk")],
                globals_=[index("global", "gk", "gr")])


def get(ddb, name, **key):
    found = ddb.get_item(TableName=name, Key=item(**key), ConsistentRead=True).get("Item")
    return None if found is None else plain(found)


def test_every_type_comes_back(ddb, table):
    put(ddb, table, pk="all", **LARGE)
    got = get(ddb, table, pk="all")
    assert got.pop("pk") == "all"
    assert {k: set(map(bytes, v)) if k == "bs" else bytes(v) if k == "b" else v
            for k, v in got.items()} == LARGE


def test_the_resource_interface_works(weir, table):
    names = weir.client("dynamodb").meta
    ddb = boto3.resource("dynamodb", endpoint_url=names.endpoint_url, region_name=REGION,
                         aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
    rows = ddb.Table(table)
    rows.put_item(Item={"pk": "resource", "n": 5, "list": [1, {"a": "b"}]})
    assert rows.get_item(Key={"pk": "resource"})["Item"]["list"] == [1, {"a": "b"}]
    rows.delete_item(Key={"pk": "resource"})
    assert "Item" not in rows.get_item(Key={"pk": "resource"})


def test_put_replaces_and_gives_the_old_one_back(ddb, table):
    assert "Attributes" not in ddb.put_item(TableName=table, Item=item(pk="old", a=1),
                                            ReturnValues="ALL_OLD")
    answer = ddb.put_item(TableName=table, Item=item(pk="old", b=2), ReturnValues="ALL_OLD")
    assert plain(answer["Attributes"]) == {"pk": "old", "a": 1}
    assert get(ddb, table, pk="old") == {"pk": "old", "b": 2}


def test_delete_gives_the_old_one_back_and_needs_none(ddb, table):
    put(ddb, table, pk="gone", a=1)
    key = {"TableName": table, "Key": item(pk="gone"), "ReturnValues": "ALL_OLD"}
    assert plain(ddb.delete_item(**key)["Attributes"]) == {"pk": "gone", "a": 1}
    assert "Attributes" not in ddb.delete_item(**key)
    assert get(ddb, table, pk="gone") is None


@pytest.mark.parametrize("operation", ["put_item", "delete_item"])
@pytest.mark.parametrize("asked", ["UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"])
def test_put_and_delete_have_nothing_new_to_give(ddb, table, operation, asked):
    what = {"Item" if operation == "put_item" else "Key": item(pk="x")}
    assert refused(VALIDATION, getattr(ddb, operation), TableName=table, ReturnValues=asked,
                   **what) == "Return values set to invalid value"


# ---- conditions ----

def test_a_condition_that_fails_changes_nothing_and_shows_the_item(ddb, table):
    put(ddb, table, pk="c", a=1)
    write = {"TableName": table, "Item": item(pk="c", a=2),
             "ConditionExpression": "attribute_not_exists(pk)"}
    assert refused(FAILED, ddb.put_item, **write) == "The conditional request failed"
    with pytest.raises(ClientError) as caught:
        ddb.put_item(ReturnValuesOnConditionCheckFailure="ALL_OLD", **write)
    assert plain(caught.value.response["Item"]) == {"pk": "c", "a": 1}
    assert get(ddb, table, pk="c") == {"pk": "c", "a": 1}


def test_a_condition_that_fails_on_nothing_shows_no_item(ddb, table):
    with pytest.raises(ClientError) as caught:
        ddb.delete_item(TableName=table, Key=item(pk="never"),
                        ConditionExpression="attribute_exists(pk)",
                        ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Error"]["Code"] == FAILED
    assert "Item" not in caught.value.response


def test_expected_with_an_operator_between(ddb, table):
    put(ddb, table, pk="e", a=1, b=2)
    wrong, right = {"Value": {"N": "9"}}, {"Value": {"N": "2"}}
    write = {"TableName": table, "Item": item(pk="e", a=3)}
    refused(FAILED, ddb.put_item, Expected={"a": wrong, "b": right}, **write)
    ddb.put_item(Expected={"a": wrong, "b": right}, ConditionalOperator="OR", **write)
    refused(FAILED, ddb.put_item, Expected={"a": {"Exists": False}}, **write)
    ddb.delete_item(TableName=table, Key=item(pk="e"), Expected={
        "a": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "3"}]}})


def test_conditions_may_not_go_into_keys(ddb, ranged):
    words = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not " \
            "allowed: "
    write = {"TableName": ranged, "Item": item(pk="a", sk=1), "ExpressionAttributeValues":
             values(v=1)}
    for path, key in [("pk.a", "Key: pk"), ("sk[0]", "Key: sk"), ("gk.a", "IndexKey: gk"),
                      ("lk[1]", "IndexKey: lk")]:
        assert refused(VALIDATION, ddb.put_item, ConditionExpression=f"{path} = :v",
                       **write) == words + key
    assert refused(VALIDATION, ddb.get_item, TableName=ranged, Key=item(pk="a", sk=1),
                   ProjectionExpression="sk.b") == words + "Key: sk"


# ---- projections ----

def test_projections_show_the_parts_named(ddb, table):
    put(ddb, table, pk="p", m={"a": 1, "b": [1, 2, {"c": 3}]}, size="large")
    asked = {"TableName": table, "Key": item(pk="p")}
    answer = ddb.get_item(ProjectionExpression="m.b[2].c, m.a, #s", ExpressionAttributeNames={
        "#s": "size"}, **asked)
    assert plain(answer["Item"]) == {"m": {"a": 1, "b": [{"c": 3}]}, "size": "large"}
    assert plain(ddb.get_item(AttributesToGet=["size"], **asked)["Item"]) == {"size": "large"}
    assert ddb.get_item(ProjectionExpression="nothing", **asked)["Item"] == {}
    assert "Can not use both expression and non-expression parameters" in refused(
        VALIDATION, ddb.get_item, ProjectionExpression="a", AttributesToGet=["b"], **asked)


# ---- keys ----

def test_keys_must_fit_the_schema(ddb, ranged):
    mismatch = "The provided key element does not match the schema"
    for key in [item(pk="a"), item(pk="a", sk="text"), item(pk="a", sk=1, more=2), item(no=1),
                item(pk=1, sk=1)]:
        assert refused(VALIDATION, ddb.get_item, TableName=ranged, Key=key) == mismatch
        assert refused(VALIDATION, ddb.delete_item, TableName=ranged, Key=key) == mismatch
    say = lambda **what: refused(VALIDATION, ddb.put_item, TableName=ranged, Item=item(**what))
    assert say(pk="a") == INVALID + "Missing the key sk in the item"
    assert say(sk=1) == INVALID + "Missing the key pk in the item"
    assert say(pk="a", sk="b") == INVALID + "Type mismatch for key sk expected: N actual: S"
    assert say(pk="", sk=1) == "One or more parameter values are not valid. The AttributeValue " \
        "for a key attribute cannot contain an empty string value. Key: pk"
    assert say(pk="x" * 2049, sk=1) == \
        INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"


def test_keys_of_indexes_must_fit_too(ddb, ranged):
    say = lambda **what: refused(VALIDATION, ddb.put_item, TableName=ranged,
                                 Item=item(pk="i", sk=1, **what))
    assert say(gk=1) == INVALID + \
        "Type mismatch for Index Key gk Expected: S Actual: N IndexName: global"
    assert say(gk="") == "One or more parameter values are not valid. A value specified for a " \
        "secondary index key is not supported. The AttributeValue for a key attribute cannot " \
        "contain an empty string value. IndexName: global, IndexKey: gk"
    assert get(ddb, ranged, pk="i", sk=1) is None
    assert "Aggregated size of all range keys" in say(gk="a", gr="x" * 1025)


def test_equal_numbers_are_one_key(ddb, ranged):
    put(ddb, ranged, pk="n", sk=Decimal("1"), a=1)
    put(ddb, ranged, pk="n", sk=Decimal("1.0"), a=2)
    assert get(ddb, ranged, pk="n", sk=Decimal("1E+0"))["a"] == 2


# ---- order of faults ----

def test_parameters_come_before_the_table_and_the_table_before_the_item(ddb, table):
    gone = table_name()
    assert refused(VALIDATION, ddb.put_item, TableName=gone, Item=item(pk="a"),
                   ConditionExpression="a = ").startswith("Invalid ConditionExpression")
    assert refused(VALIDATION, ddb.put_item, TableName=gone, Item=item(pk="x" * 410000)) == \
        "Item size has exceeded the maximum allowed size"
    assert refused(VALIDATION, ddb.put_item, TableName=gone,
                   Item={"pk": {"NS": ["1", "1"]}}) == "Input collection contains duplicates"
    assert refused("ResourceNotFoundException", ddb.put_item, TableName=gone,
                   Item=item(no="key")) == "Requested resource not found"
    assert refused("ResourceNotFoundException", ddb.get_item, TableName=gone,
                   Key=item(no="key")) == "Requested resource not found"
    refused(VALIDATION, ddb.put_item, TableName=table, Item=item(no="key"),
            ConditionExpression="attribute_exists(pk)")


def test_an_item_has_at_most_400_kilobytes(ddb, table):
    room = 400 * 1024 - len("pk") - len("k") - len("a")
    put(ddb, table, pk="k", a="x" * room)
    assert refused(VALIDATION, put, ddb, table, pk="k", a="x" * (room + 1)) == \
        "Item size has exceeded the maximum allowed size"
    assert len(get(ddb, table, pk="k")["a"]) == room


def test_unused_and_unknown_names_are_refused(ddb, table):
    write = {"TableName": table, "Item": item(pk="a")}
    assert "unused in expressions: keys: {:b}" in refused(
        VALIDATION, ddb.put_item, ConditionExpression="a = :a",
        ExpressionAttributeValues=values(a=1, b=2), **write)
    assert refused(VALIDATION, ddb.put_item, ConditionExpression="#n = :a",
                   ExpressionAttributeValues=values(a=1), **write) == \
        "Invalid ConditionExpression: An expression attribute name used in the document path is " \
        "not defined; attribute name: #n"


# ---- capacity ----

def units(answer):
    return answer["ConsumedCapacity"]["CapacityUnits"]


def test_units_of_reads(ddb, table):
    put(ddb, table, pk="r", a="x" * 4092)  # with names and key 4096 bytes
    read = {"TableName": table, "Key": item(pk="r"), "ReturnConsumedCapacity": "TOTAL"}
    assert ddb.get_item(**read)["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 0.5}
    assert units(ddb.get_item(ConsistentRead=True, **read)) == 1.0
    put(ddb, table, pk="r", a="x" * 4093)
    assert units(ddb.get_item(**read)) == 1.0
    assert units(ddb.get_item(ConsistentRead=True, ProjectionExpression="pk", **read)) == 2.0
    read["Key"] = item(pk="nothing")
    assert units(ddb.get_item(**read)) == 0.5
    read["ReturnConsumedCapacity"] = "INDEXES"
    assert ddb.get_item(**read)["ConsumedCapacity"] == {
        "TableName": table, "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}}
    read["ReturnConsumedCapacity"] = "NONE"
    assert "ConsumedCapacity" not in ddb.get_item(**read)


def test_units_of_writes_are_of_the_larger_item(ddb, table):
    write = {"TableName": table, "ReturnConsumedCapacity": "TOTAL"}
    assert units(ddb.put_item(Item=item(pk="w", a="x" * 3000), **write)) == 3.0
    assert units(ddb.put_item(Item=item(pk="w"), **write)) == 3.0
    assert units(ddb.put_item(Item=item(pk="w"), **write)) == 1.0
    ddb.put_item(Item=item(pk="w", a="x" * 1100), **write)
    assert units(ddb.delete_item(Key=item(pk="w"), **write)) == 2.0
    assert units(ddb.delete_item(Key=item(pk="w"), **write)) == 1.0


def test_units_of_indexes(ddb, ranged):
    write = {"TableName": ranged, "ReturnConsumedCapacity": "INDEXES"}
    one = {"CapacityUnits": 1.0}
    answer = ddb.put_item(Item=item(pk="u", sk=1, gk="g", gr="r", lk="l"), **write)
    assert answer["ConsumedCapacity"] == {
        "TableName": ranged, "CapacityUnits": 3.0, "Table": one,
        "LocalSecondaryIndexes": {"local": one}, "GlobalSecondaryIndexes": {"global": one}}
    moved = ddb.put_item(Item=item(pk="u", sk=1, gk="h", gr="r", lk="l"), **write)
    assert moved["ConsumedCapacity"]["GlobalSecondaryIndexes"] == {
        "global": {"CapacityUnits": 2.0}}  # one entry goes, one comes
    left = ddb.put_item(Item=item(pk="u", sk=1, gk="h", lk="l"), **write)
    assert left["ConsumedCapacity"]["GlobalSecondaryIndexes"] == {"global": one}
    same = ddb.put_item(Item=item(pk="u", sk=1, gk="h", lk="l"), **write)
    assert same["ConsumedCapacity"] == {"TableName": ranged, "CapacityUnits": 1.0, "Table": one}


def test_what_is_named_by_arn_is_told_by_arn(ddb, table):
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    put(ddb, table, pk="arn", a=1)
    answer = ddb.get_item(TableName=arn, Key=item(pk="arn"), ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["TableName"] == arn
    assert plain(answer["Item"])["a"] == 1


# ---- item collections ----

def test_collections_are_told_where_there_are_local_indexes(ddb, ranged, table):
    asked = {"ReturnItemCollectionMetrics": "SIZE"}
    answer = ddb.put_item(TableName=ranged, Item=item(pk="col", sk=1, lk="a"), **asked)
    assert answer["ItemCollectionMetrics"] == {"ItemCollectionKey": item(pk="col"),
                                               "SizeEstimateRangeGB": [0.0, 1.0]}
    answer = ddb.delete_item(TableName=ranged, Key=item(pk="col", sk=1), **asked)
    assert answer["ItemCollectionMetrics"]["SizeEstimateRangeGB"] == [0.0, 1.0]
    assert "ItemCollectionMetrics" not in ddb.put_item(TableName=table, Item=item(pk="col"),
                                                       **asked)
    assert "ItemCollectionMetrics" not in ddb.put_item(TableName=ranged, Item=item(pk="c", sk=1))


# ---- after a crash ----

def test_all_that_was_acknowledged_is_there_after_a_crash(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    name = make(ddb, "pk", "sk", locals_=[index("local", "pk", "lk")],
                globals_=[index("global", "gk")])
    for i in range(20):
        put(ddb, name, pk="p", sk=f"{i:02}", lk=str(i), gk="g" if i % 2 else "h", n=i)
    for i in range(0, 20, 3):
        ddb.delete_item(TableName=name, Key=item(pk="p", sk=f"{i:02}"))
    server.restart(hard=True)
    ddb = server.client("dynamodb")
    left = [i for i in range(20) if i % 3]
    for i in range(20):
        assert (get(ddb, name, pk="p", sk=f"{i:02}") or {}).get("n") == (i if i in left else None)
    found = ddb.query(TableName=name, IndexName="global", KeyConditionExpression="gk = :g",
                      ExpressionAttributeValues=values(g="g"))
    assert {plain(one)["n"] for one in found["Items"]} == {i for i in left if i % 2}
    assert ddb.describe_table(TableName=name)["Table"]["ItemCount"] == len(left)
    assert server.stop() == 0
    assert server.fsck().returncode == 0


# ---- --limits=aws ----

def make_provisioned(ddb, read, write, globals_=(), **more):
    name = table_name()
    attributes = [{"AttributeName": a, "AttributeType": "S"} for a in ("pk", "gk")]
    if globals_:
        more["GlobalSecondaryIndexes"] = globals_
    ddb.create_table(
        TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=attributes[:2 if globals_ else 1],
        ProvisionedThroughput={"ReadCapacityUnits": read, "WriteCapacityUnits": write}, **more)
    return name


def test_provisioned_throughput_is_kept_and_saved_up(fresh):
    server = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    name = make_provisioned(ddb, 2, 2)
    server.advance("60s")
    for i in range(2):
        put(ddb, name, pk=str(i))
    with pytest.raises(ClientError) as caught:
        put(ddb, name, pk="more")
    error = caught.value.response
    assert error["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert error["Error"]["Message"].startswith(
        "The level of configured provisioned throughput for the table was exceeded.")
    assert error["ThrottlingReasons"] == [{
        "reason": "TableWriteProvisionedThroughputExceeded",
        "resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"}]
    assert get(ddb, name, pk="0")  # reads have a bucket of their own
    server.advance("10s")
    for i in range(20):  # what ten seconds brought
        put(ddb, name, pk=str(i))
    refused("ProvisionedThroughputExceededException", put, ddb, name, pk="more")


def test_reads_are_throttled_too(fresh):
    server = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    name = make_provisioned(ddb, 1, 5)
    server.advance("60s")
    put(ddb, name, pk="a", b="x" * 9000)
    get(ddb, name, pk="a")  # three units, two of them on credit
    refused("ProvisionedThroughputExceededException", get, ddb, name, pk="a")
    server.advance("2s")
    refused("ProvisionedThroughputExceededException", get, ddb, name, pk="a")
    server.advance("1s")
    get(ddb, name, pk="a")


def test_a_global_index_without_room_refuses_the_write(fresh):
    server = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    name = make_provisioned(ddb, 10, 10, globals_=[
        {**index("global", "gk"), "ProvisionedThroughput": throughput}])
    server.advance("60s")
    put(ddb, name, pk="a", gk="g")
    with pytest.raises(ClientError) as caught:
        put(ddb, name, pk="b", gk="g")
    assert "global secondary indexes of the table was exceeded" in str(caught.value)
    assert caught.value.response["ThrottlingReasons"][0]["reason"] == \
        "IndexWriteProvisionedThroughputExceeded"
    put(ddb, name, pk="c")  # goes to no index
    assert get(ddb, name, pk="b") is None


def test_without_limits_nothing_is_throttled(ddb):
    name = make_provisioned(ddb, 1, 1)
    for i in range(50):
        put(ddb, name, pk=str(i))
