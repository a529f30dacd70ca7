# SPDX-License-Identifier: Apache-2.0
"""Scan: everything once, in pages and in segments; filters of both kinds; Select; refusals."""
import boto3
import pytest
from boto3.dynamodb.conditions import Attr
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, table_name, values

START = "The provided starting key is invalid"
MISMATCH = "The provided key element does not match the schema"
COUNT = 120


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def things(ddb):
    table = make(ddb, "pk", "sk", {"sk": "N"}, globals_=[index("by-kind", "kind", "sk")])
    for n in range(COUNT):
        more = {"kind": f"k{n % 3}"} if n % 2 else {}
        put(ddb, table, pk=f"p{n // 4}", sk=n, n=n, tags={f"t{n % 5}", "all"}, **more)
    return table


def pages(ddb, table, **more):
    return list(ddb.get_paginator("scan").paginate(TableName=table, **more))


def numbers(answers):
    return [int(i["n"]["N"]) for answer in answers for i in answer["Items"]]


def test_everything_comes_once(ddb, things):
    answer = ddb.scan(TableName=things, ReturnConsumedCapacity="INDEXES")
    assert sorted(numbers([answer])) == list(range(COUNT))
    assert answer["Count"] == answer["ScannedCount"] == COUNT
    assert "LastEvaluatedKey" not in answer
    assert answer["ConsumedCapacity"]["Table"]["CapacityUnits"] == 0.5
    assert plain(answer["Items"][0]).keys() >= {"pk", "sk", "n", "tags"}


def test_an_empty_table(ddb):
    answer = ddb.scan(TableName=make(ddb))
    assert answer["Items"] == [] and answer["Count"] == answer["ScannedCount"] == 0
    assert "LastEvaluatedKey" not in answer


def test_tables_do_not_see_one_another(ddb, things):
    other = make(ddb, "pk", "sk", {"sk": "N"})
    put(ddb, other, pk="p1", sk=1, n=1000)
    assert numbers([ddb.scan(TableName=other)]) == [1000]
    assert 1000 not in numbers(pages(ddb, things))
    ddb.delete_table(TableName=other)
    assert numbers([ddb.scan(TableName=make(ddb, "pk", "sk", {"sk": "N"}, TableName=other))]) == []


@pytest.mark.parametrize("limit", [1, 7, COUNT, COUNT + 1])
def test_pages(ddb, things, limit):
    all_pages = pages(ddb, things, PaginationConfig={"PageSize": limit})
    assert sorted(numbers(all_pages)) == list(range(COUNT))
    assert len(all_pages) == COUNT // limit + 1
    assert plain(all_pages[0].get("LastEvaluatedKey", {})).keys() == (
        {"pk", "sk"} if limit <= COUNT else set())


def test_a_page_ends_at_one_mebibyte(ddb):
    table = make(ddb)
    for n in range(9):
        put(ddb, table, pk=str(n), t="x" * 300 * 1024, n=n)
    got = pages(ddb, table, FilterExpression="n >= :n", ExpressionAttributeValues=values(n=0),
                ReturnConsumedCapacity="TOTAL")
    assert [p["Count"] for p in got] == [4, 4, 1]
    assert sorted(numbers(got)) == list(range(9))
    assert got[0]["ConsumedCapacity"]["CapacityUnits"] == pytest.approx(150, abs=1)


def test_a_page_whose_filter_leaves_nothing_goes_on(ddb, things):
    answer = ddb.scan(TableName=things, Limit=10, FilterExpression="n < :n",
                      ExpressionAttributeValues=values(n=0))
    assert answer["Items"] == [] and answer["ScannedCount"] == 10
    assert "LastEvaluatedKey" in answer


# ---- segments ----

@pytest.mark.parametrize("total", [1, 2, 3, 16, 1000, 1000000])
def test_segments_hold_everything_once(ddb, things, total):
    if total == 1000000:  # too many to go through: each item's segment is where it belongs
        found = [ddb.scan(TableName=things, Segment=s, TotalSegments=total)["Count"]
                 for s in (0, 1, 500000, 999999)]
        assert sum(found) <= COUNT
        return
    shares = [numbers(pages(ddb, things, Segment=s, TotalSegments=total,
                            PaginationConfig={"PageSize": 5})) for s in range(total)]
    assert sorted(n for share in shares for n in share) == list(range(COUNT))
    if total in (2, 3):
        assert all(len(share) > COUNT // 10 for share in shares)


def test_a_partition_is_in_one_segment(ddb, things):
    where = {}
    for s in range(8):
        for page in pages(ddb, things, Segment=s, TotalSegments=8):
            for one in page["Items"]:
                where.setdefault(one["pk"]["S"], set()).add(s)
    assert all(len(segments) == 1 for segments in where.values())


def test_segments_of_an_index(ddb, things):
    shares = [numbers(pages(ddb, things, IndexName="by-kind", Segment=s, TotalSegments=3,
                            PaginationConfig={"PageSize": 7})) for s in range(3)]
    assert sorted(n for share in shares for n in share) == list(range(1, COUNT, 2))


def test_a_start_key_of_another_segment(ddb, things):
    last = ddb.scan(TableName=things, Segment=1, TotalSegments=2, Limit=1)["LastEvaluatedKey"]
    assert refused(VALIDATION, ddb.scan, TableName=things, Segment=0, TotalSegments=2,
                   ExclusiveStartKey=last) == (
        START + ": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
                "TotalSegments: 2 Segment: 0")


@pytest.mark.parametrize("more, sentence", [
    ({"Segment": 0}, "The TotalSegments parameter is required but was not present in the request "
                     "when Segment parameter is present"),
    ({"TotalSegments": 2}, "The Segment parameter is required but was not present in the request "
                           "when parameter TotalSegments is present"),
    ({"Segment": 5, "TotalSegments": 5},
     "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
     "Segment: 5 is not less than TotalSegments: 5"),
])
def test_segments_that_are_refused(ddb, things, more, sentence):
    assert refused(VALIDATION, ddb.scan, TableName=things, **more) == sentence


@pytest.mark.parametrize("more", [
    {"Segment": -1, "TotalSegments": 2}, {"Segment": 1000000, "TotalSegments": 1000000},
    {"Segment": 0, "TotalSegments": 0}, {"Segment": 0, "TotalSegments": 1000001}])
def test_segments_out_of_the_model(ddb, things, more):
    assert "validation error" in refused(VALIDATION, ddb.scan, TableName=things, **more)


# ---- filters ----

@pytest.mark.parametrize("expression, given, wanted", [
    ("n BETWEEN :a AND :b", {"a": 5, "b": 8}, [5, 6, 7, 8]),
    ("contains(tags, :t) AND n < :a", {"t": "t2", "a": 10}, [2, 7]),
    ("attribute_not_exists(kind) AND n < :a", {"a": 6}, [0, 2, 4]),
    ("kind IN (:a, :b) AND n < :c", {"a": "k0", "b": "k2", "c": 12}, [3, 5, 9, 11]),
    ("pk = :p", {"p": "p1"}, [4, 5, 6, 7]),  # unlike a Query's, a Scan's filter may name keys
    ("sk > :x AND begins_with(pk, :p)", {"x": 114, "p": "p2"}, [115, 116, 117, 118, 119]),
    ("size(tags) = :two AND NOT n > :b", {"two": 2, "b": 1}, [0, 1]),
])
def test_filters(ddb, things, expression, given, wanted):
    answer = ddb.scan(TableName=things, FilterExpression=expression,
                      ExpressionAttributeValues=values(**given))
    assert sorted(numbers([answer])) == wanted
    assert answer["ScannedCount"] == COUNT and answer["Count"] == len(wanted)


def test_scan_filter(ddb, things):
    answer = ddb.scan(TableName=things, ScanFilter={
        "n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "6"}]},
        "kind": {"ComparisonOperator": "NOT_NULL"}})
    assert sorted(numbers([answer])) == [1, 3, 5]
    answer = ddb.scan(TableName=things, ConditionalOperator="OR", AttributesToGet=["n"], ScanFilter={
        "n": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "6"}, {"N": "7"}]},
        "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p0"}]}})
    assert sorted(numbers([answer])) == [0, 1, 2, 3, 6, 7]
    assert all(i.keys() == {"n"} for i in answer["Items"])


def test_the_resource_scans_with_attr(weir, things):
    table = boto3.resource("dynamodb", endpoint_url=weir.url, region_name="us-east-1",
                           aws_access_key_id="111122223333",
                           aws_secret_access_key="x").Table(things)
    answer = table.scan(FilterExpression=Attr("n").gte(117) | Attr("n").eq(3),
                        ProjectionExpression="n, pk")
    assert sorted(i["n"] for i in answer["Items"]) == [3, 117, 118, 119]
    assert answer["Items"][0].keys() == {"n", "pk"}


# ---- Select and start keys ----

def test_count(ddb, things):
    answer = ddb.scan(TableName=things, Select="COUNT", Limit=5)
    assert answer["Count"] == answer["ScannedCount"] == 5
    assert "Items" not in answer and "LastEvaluatedKey" in answer


@pytest.mark.parametrize("more, sentence", [
    ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
     "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    ({"Select": "SPECIFIC_ATTRIBUTES"},
     "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
     "SPECIFIC_ATTRIBUTES"),
    ({"Select": "COUNT", "AttributesToGet": ["n"]},
     "Cannot specify the AttributesToGet when choosing to get only the Count"),
    ({"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "n"},
     "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"),
    ({"IndexName": "nothing"}, "The table does not have the specified index: nothing"),
    ({"IndexName": "by-kind", "ConsistentRead": True},
     "Consistent reads are not supported on global secondary indexes"),
    ({"ExclusiveStartKey": item(pk="p0")}, START + ": " + MISMATCH),
    ({"ExclusiveStartKey": item(pk="p0", sk="0")}, START + ": " + MISMATCH),
    ({"ExclusiveStartKey": item(pk="p0", sk=0, n=1)}, START + ": " + MISMATCH),
    ({"ExclusiveStartKey": item(pk="p0", sk=0), "IndexName": "by-kind"}, START),
    ({"ExclusiveStartKey": item(pk="p0", sk=0, n=1), "IndexName": "by-kind"}, START),
    ({"ExclusiveStartKey": item(pk="p0", sk=0, kind=1), "IndexName": "by-kind"}, MISMATCH),
    ({"ExclusiveStartKey": item(pk=1, sk=0, kind="k1"), "IndexName": "by-kind"},
     START + ": " + MISMATCH),
    ({"FilterExpression": "attribute_exists(pk.a)"}, "Key attributes must be scalars; list random "
                                                     "access '[]' and map lookup '.' are not "
                                                     "allowed: Key: pk"),
    ({"ProjectionExpression": "kind[0]"}, "Key attributes must be scalars; list random access '[]' "
                                          "and map lookup '.' are not allowed: IndexKey: kind"),
])
def test_what_is_refused(ddb, things, more, sentence):
    assert refused(VALIDATION, ddb.scan, TableName=things, **more) == sentence


def test_a_table_that_is_not_there(ddb):
    assert refused("ResourceNotFoundException", ddb.scan, TableName=table_name()) == \
        "Requested resource not found"


def test_a_start_key_need_not_exist(ddb, things):
    order = numbers(pages(ddb, things))
    at = order.index(50)
    key = {"pk": {"S": "p12"}, "sk": {"N": "50"}}
    ddb.delete_item(TableName=things, Key=key)
    assert numbers([ddb.scan(TableName=things, ExclusiveStartKey=key)]) == order[at + 1:]
    put(ddb, things, pk="p12", sk=50, n=50, tags={"t0", "all"})


def test_a_page_of_tiny_items_ends_after_so_many(ddb):
    """It would be below 1 MiB; but no scan holds the server for long."""
    table = make(ddb)
    count = 25100
    for first in range(0, count, 25):
        ddb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item(pk=str(n))}} for n in range(first, first + 25)]})
    got = pages(ddb, table, Select="COUNT")
    assert [p["Count"] for p in got] == [25000, 100]
