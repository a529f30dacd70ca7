# SPDX-License-Identifier: Apache-2.0
"""Query on tables: conditions on keys, order, pages, start keys, filters, Select, projections, what
it costs; the legacy parameters; and AWS's sentences for what is refused."""
import itertools
from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from dynamodb_kit import VALIDATION, item, make, plain, put, refused, table_name, values

INVALID = "One or more parameter values were invalid: "
START = "The provided starting key is invalid"
MISMATCH = "The provided key element does not match the schema"
ONE = "1 validation error detected: "


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def resource(weir):
    return boto3.resource("dynamodb", endpoint_url=weir.url, region_name="us-east-1",
                          aws_access_key_id="111122223333", aws_secret_access_key="x")


@pytest.fixture(scope="module")
def cards(ddb):
    """Three partitions of twenty items: sk -5 to 14."""
    table = make(ddb, "pk", "sk", {"sk": "N"})
    for pk in "abc":
        for sk in range(-5, 15):
            put(ddb, table, pk=pk, sk=sk, half=Decimal(sk) / 2, text="x" * (sk + 5),
                kind="even" if sk % 2 == 0 else "odd", deep={"n": sk, "l": [sk, {"m": sk}]})
    return table


@pytest.fixture(scope="module")
def hashed(ddb):
    """A table without a range key."""
    table = make(ddb, "a")
    put(ddb, table, a="one", v=1)
    return table


def query(ddb, table, condition="pk = :pk", **more):
    given = {f":{n}": v for n, v in item(**more.pop("v", {"pk": "b"})).items()}
    return ddb.query(TableName=table, KeyConditionExpression=condition,
                     ExpressionAttributeValues=given, **more)


def sks(answer):
    return [int(i["sk"]["N"]) for i in answer["Items"]]


# ---- conditions on the range key ----

@pytest.mark.parametrize("condition, wanted", [
    ("pk = :pk", lambda sk: True),
    ("pk = :pk AND sk = :x", lambda sk: sk == 3),
    ("pk = :pk AND sk < :x", lambda sk: sk < 3),
    ("pk = :pk AND sk <= :x", lambda sk: sk <= 3),
    ("pk = :pk AND sk > :x", lambda sk: sk > 3),
    ("pk = :pk AND sk >= :x", lambda sk: sk >= 3),
    (":x < sk AND :pk = pk", lambda sk: sk > 3),
    ("sk >= :x AND pk = :pk", lambda sk: sk >= 3),
    ("(pk = :pk) AND (sk BETWEEN :x AND :y)", lambda sk: 3 <= sk <= 7),
])
@pytest.mark.parametrize("forward", [True, False])
def test_numbers_are_found_in_their_order(ddb, cards, condition, wanted, forward):
    used = {"pk": "b", "x": 3, "y": 7}
    used = {n: v for n, v in used.items() if f":{n}" in condition}
    answer = query(ddb, cards, condition, v=used, ScanIndexForward=forward)
    expected = [sk for sk in range(-5, 15) if wanted(sk)]
    assert sks(answer) == (expected if forward else expected[::-1])
    assert answer["Count"] == answer["ScannedCount"] == len(expected)
    assert "LastEvaluatedKey" not in answer


TEXTS = ["", "a", "aa", "ab", "abc", "b", "ä", "\U0001f600", "a\x00", "a\x00b", "a\xff", "\x00",
         "\uffff"]


@pytest.fixture(scope="module")
def texts(ddb):
    table = make(ddb, "pk", "sk")
    for text in TEXTS[1:]:
        put(ddb, table, pk="p", sk=text)
    return table


@pytest.mark.parametrize("beginning", ["a", "ab", "abc", "a\x00", "\x00", "ä", "\U0001f600", "zz"])
def test_begins_with_on_texts(ddb, texts, beginning):
    answer = query(ddb, texts, "pk = :pk AND begins_with(sk, :b)", v={"pk": "p", "b": beginning})
    found = [i["sk"]["S"] for i in answer["Items"]]
    assert found == sorted((t for t in TEXTS[1:] if t.startswith(beginning)), key=str.encode)


def test_texts_sort_as_utf8_bytes(ddb, texts):
    found = [i["sk"]["S"] for i in query(ddb, texts, v={"pk": "p"})["Items"]]
    assert found == sorted(TEXTS[1:], key=str.encode)


def test_bytes_sort_unsigned_and_begin_with(ddb):
    table = make(ddb, "pk", "sk", {"pk": "B", "sk": "B"})
    all_of_them = [bytes(b) for n in (1, 2) for b in itertools.product((0, 1, 127, 128, 255),
                                                                         repeat=n)]
    for sk in all_of_them:
        put(ddb, table, pk=b"\xff\xff", sk=sk)
        put(ddb, table, pk=b"\xff", sk=sk)
    answer = query(ddb, table, v={"pk": b"\xff\xff"})
    assert [i["sk"]["B"] for i in answer["Items"]] == sorted(all_of_them)
    answer = query(ddb, table, "pk = :pk AND begins_with(sk, :b)",
                   v={"pk": b"\xff", "b": b"\xff"}, ScanIndexForward=False)
    assert [i["sk"]["B"] for i in answer["Items"]] == sorted(
        (b for b in all_of_them if b[0] == 255), reverse=True)


def test_numbers_of_any_size_sort(ddb):
    table = make(ddb, "pk", "sk", {"pk": "N", "sk": "N"})
    numbers = ["-9.9E+125", "-1E+30", "-10", "-9.5", "-1", "-0.1", "-1E-130", "0", "1E-130", "0.1",
               "0.11", "1", "9.5", "10", "11", "99999999999999999999999999999999999999", "9.9E+125"]
    for sk in reversed(numbers):
        ddb.put_item(TableName=table, Item={"pk": {"N": "1.0"}, "sk": {"N": sk}})
    found = query(ddb, table, v={"pk": 1})["Items"]
    assert [Decimal(i["sk"]["N"]) for i in found] == [Decimal(n) for n in numbers]


def test_a_table_without_a_range_key(ddb, hashed):
    answer = query(ddb, hashed, "a = :a", v={"a": "one"})
    assert [plain(i) for i in answer["Items"]] == [{"a": "one", "v": 1}]
    answer = query(ddb, hashed, "a = :a", v={"a": "two"})
    assert answer["Items"] == [] and answer["Count"] == 0
    assert answer["ScannedCount"] == 0 and "LastEvaluatedKey" not in answer


def test_the_resource_with_key_and_attr(resource, cards):
    table = resource.Table(cards)
    answer = table.query(KeyConditionExpression=Key("pk").eq("a") & Key("sk").between(0, 9),
                         FilterExpression=Attr("kind").eq("even") & Attr("half").gt(1),
                         ProjectionExpression="#k, sk, deep.l[1].m",
                         ExpressionAttributeNames={"#k": "kind"}, ScanIndexForward=False)
    assert answer["Items"] == [{"kind": "even", "sk": n, "deep": {"l": [{"m": n}]}}
                               for n in (8, 6, 4)]
    assert answer["Count"] == 3 and answer["ScannedCount"] == 10


# ---- pages ----

@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 19, 20, 21])
def test_pages_by_limit_go_through_everything(ddb, cards, limit, forward):
    found, start, pages = [], {}, 0
    while True:
        answer = query(ddb, cards, Limit=limit, ScanIndexForward=forward, **start)
        found += sks(answer)
        pages += 1
        assert answer["Count"] <= limit
        if "LastEvaluatedKey" not in answer:
            break
        last = answer["LastEvaluatedKey"]
        assert last == {k: answer["Items"][-1][k] for k in ("pk", "sk")}
        start = {"ExclusiveStartKey": last}
    expected = list(range(-5, 15))
    assert found == (expected if forward else expected[::-1])
    assert pages == 20 // limit + 1


def test_a_limit_counts_what_is_looked_at(ddb, cards):
    answer = query(ddb, cards, Limit=5, FilterExpression="kind = :k", v={"pk": "b", "k": "even"})
    assert answer["ScannedCount"] == 5 and sks(answer) == [-4, -2]
    assert plain(answer["LastEvaluatedKey"]) == {"pk": "b", "sk": -1}
    answer = query(ddb, cards, Limit=1, FilterExpression="kind = :k", v={"pk": "b", "k": "even"})
    assert answer["ScannedCount"] == 1 and answer["Items"] == []
    assert plain(answer["LastEvaluatedKey"]) == {"pk": "b", "sk": -5}


def test_a_start_key_need_not_exist(ddb, cards):
    start = {"pk": {"S": "b"}, "sk": {"N": "3.5"}}
    assert sks(query(ddb, cards, ExclusiveStartKey=start)) == list(range(4, 15))
    assert sks(query(ddb, cards, ExclusiveStartKey=start, ScanIndexForward=False)) == list(
        range(3, -6, -1))
    answer = query(ddb, cards, "pk = :pk AND sk < :x", v={"pk": "b", "x": 6},
                   ExclusiveStartKey=start)
    assert sks(answer) == [4, 5]


def test_a_page_ends_at_one_mebibyte(ddb):
    """Item sizes count, not the answer's, and before the filter. The item that passes is in."""
    table = make(ddb, "pk", "sk", {"sk": "N"})
    size = 100 * 1024
    for sk in range(25):  # pk 2 + 1, sk 2 + 2 or 3, t 1 + the rest
        put(ddb, table, pk="p", sk=sk, t="x" * (size - 2 - 1 - 2 - 2 - 1), odd=sk % 2)
    first = query(ddb, table, v={"pk": "p"}, ReturnConsumedCapacity="TOTAL")
    assert first["Count"] == 11  # ten are below 1 MiB
    assert first["ConsumedCapacity"]["CapacityUnits"] == pytest.approx(137.5, abs=1)
    small = query(ddb, table, v={"pk": "p", "z": 0}, FilterExpression="odd = :z",
                  ProjectionExpression="sk", ReturnConsumedCapacity="TOTAL")
    assert small["ScannedCount"] == 11 and sks(small) == [0, 2, 4, 6, 8, 10]
    assert small["ConsumedCapacity"] == first["ConsumedCapacity"]
    pages = ddb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values(pk="p"),
        Select="COUNT")
    assert [p["Count"] for p in pages] == [11, 11, 3]


def test_items_of_tiny_values_come_in_bounded_pages(ddb):
    """400 KB of one-letter values is many values; all of them come, in pages."""
    table = make(ddb, "pk", "sk", {"sk": "N"})
    for sk in range(6):
        ddb.put_item(TableName=table, Item={"pk": {"S": "p"}, "sk": {"N": str(sk)},
                                            "l": {"L": [{"S": "x"}] * 60000}})
    found = []
    for page in ddb.get_paginator("query").paginate(
            TableName=table, KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=values(pk="p")):
        found += [(int(i["sk"]["N"]), len(i["l"]["L"])) for i in page["Items"]]
    assert found == [(sk, 60000) for sk in range(6)]


# ---- what is shown ----

def test_count_gives_no_items(ddb, cards):
    answer = query(ddb, cards, Select="COUNT", FilterExpression="kind = :k",
                   v={"pk": "b", "k": "odd"})
    assert "Items" not in answer
    assert answer["Count"] == 10 and answer["ScannedCount"] == 20


@pytest.mark.parametrize("select", ["ALL_ATTRIBUTES", None])
def test_all_attributes(ddb, cards, select):
    more = {"Select": select} if select else {}
    first = query(ddb, cards, Limit=1, **more)["Items"][0]
    assert plain(first) == {"pk": "b", "sk": -5, "half": Decimal("-2.5"), "text": "", "kind": "odd",
                            "deep": {"n": -5, "l": [-5, {"m": -5}]}}


def test_projections(ddb, cards):
    answer = query(ddb, cards, Limit=2, ProjectionExpression="kind, nothing, deep.n",
                   Select="SPECIFIC_ATTRIBUTES")
    assert [plain(i) for i in answer["Items"]] == [{"kind": "odd", "deep": {"n": -5}},
                                                   {"kind": "even", "deep": {"n": -4}}]
    answer = query(ddb, cards, Limit=1, ProjectionExpression="nothing")
    assert answer["Items"] == [{}] and answer["Count"] == 1
    assert plain(answer["LastEvaluatedKey"]) == {"pk": "b", "sk": -5}


# ---- what it costs ----

@pytest.mark.parametrize("consistent, units", [(False, 0.5), (True, 1.0)])
def test_sizes_are_summed_before_they_are_rounded(ddb, cards, consistent, units):
    answer = query(ddb, cards, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": cards, "CapacityUnits": units}
    answer = query(ddb, cards, ConsistentRead=consistent, ReturnConsumedCapacity="INDEXES",
                   v={"pk": "nowhere"})
    assert answer["ConsumedCapacity"] == {"TableName": cards, "CapacityUnits": units,
                                          "Table": {"CapacityUnits": units}}
    assert "ConsumedCapacity" not in query(ddb, cards, ReturnConsumedCapacity="NONE")


# ---- the parameters from before expressions ----

def legacy(ddb, table, **conditions):
    more = conditions.pop("more", {})
    return ddb.query(TableName=table, KeyConditions={
        name: {"ComparisonOperator": op, "AttributeValueList": list(item(**{
            str(i): v for i, v in enumerate(given)}).values())}
        for name, (op, *given) in conditions.items()}, **more)


def test_key_conditions_and_query_filter(ddb, cards):
    answer = legacy(ddb, cards, pk=("EQ", "c"), sk=("BETWEEN", 0, 9), more={
        "QueryFilter": {"kind": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "odd"}]},
                        "half": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "1"}]}},
        "AttributesToGet": ["sk", "kind"]})
    assert [plain(i) for i in answer["Items"]] == [{"sk": n, "kind": "odd"} for n in (3, 5, 7, 9)]
    assert answer["ScannedCount"] == 10
    answer = legacy(ddb, cards, pk=("EQ", "c"), more={
        "ConditionalOperator": "OR",
        "QueryFilter": {"kind": {"ComparisonOperator": "NULL"},
                        "half": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "-2"}]}}})
    assert sks(answer) == [-5]


@pytest.mark.parametrize("condition, sentence", [
    ({"pk": ("EQ", "c"), "sk": ("NULL",)},
     "Attempted conditional constraint is not an indexable operation"),
    ({"pk": ("EQ", "c"), "sk": ("NE", 1)},
     "Attempted conditional constraint is not an indexable operation"),
    ({"pk": ("NOT_NULL",)}, "Attempted conditional constraint is not an indexable operation"),
    ({"pk": ("EQ", "c"), "sk": ("NOT_CONTAINS", 1)},
     "Attempted conditional constraint is not an indexable operation"),
    ({"pk": ("GT", "c")}, "Query key condition not supported"),
    ({"sk": ("EQ", 1)}, "Query condition missed key schema element: pk"),
    ({"pk": ("EQ", "c"), "kind": ("EQ", "odd")}, "Query condition missed key schema element: sk"),
    ({"pk": ("EQ", 1)}, INVALID + "Condition parameter type does not match schema type"),
    ({"pk": ("EQ", "c"), "sk": ("EQ", "1")},
     INVALID + "Condition parameter type does not match schema type"),
    ({"pk": ("EQ", "c"), "sk": ("EQ", 1), "kind": ("EQ", "odd")},
     "Conditions can be of length 1 or 2 only"),
])
def test_key_conditions_that_are_refused(ddb, cards, condition, sentence):
    assert refused(VALIDATION, legacy, ddb, cards, **condition) == sentence


# ---- refusals ----

@pytest.mark.parametrize("condition, given, sentence", [
    ("pk > :pk", {"pk": "b"}, "Query key condition not supported"),
    ("begins_with(pk, :pk)", {"pk": "b"}, "Query key condition not supported"),
    ("sk = :x", {"x": 1}, "Query condition missed key schema element: pk"),
    ("pk = :pk AND kind = :pk", {"pk": "b"}, "Query condition missed key schema element: sk"),
    ("pk = :pk AND begins_with(sk, :x)", {"pk": "b", "x": "1"},
     INVALID + "Condition parameter type does not match schema type"),
    ("pk = :x", {"x": 1}, INVALID + "Condition parameter type does not match schema type"),
    ("pk = :pk AND sk = :x AND kind = :pk", {"pk": "b", "x": 1},
     "Conditions can be of length 1 or 2 only"),
    ("pk = :pk", {"pk": ""}, "One or more parameter values are not valid. The AttributeValue for a "
                             "key attribute cannot contain an empty string value. Key: pk"),
    ("pk = :pk AND sk BETWEEN :y AND :x", {"pk": "b", "x": 1, "y": 2},
     "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than "
     "or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: "
     "AttributeValue: {N:1}"),
    ("pk = :pk OR sk = :x", {"pk": "b", "x": 1},
     "Invalid operator used in KeyConditionExpression: OR"),
    ("pk = :pk AND pk = :x", {"pk": "b", "x": "a"},
     "KeyConditionExpressions must only contain one condition per key"),
])
def test_conditions_that_are_refused(ddb, cards, condition, given, sentence):
    assert refused(VALIDATION, query, ddb, cards, condition, v=given) == sentence


def test_a_table_without_range_key_takes_one_condition(ddb, hashed):
    for condition in ("a = :x AND b = :x", "y = :x AND z = :x"):
        assert refused(VALIDATION, query, ddb, hashed, condition, v={"x": "one"}) == \
            "Query key condition not supported"


@pytest.mark.parametrize("start, sentence", [
    ({"pk": "b"}, START),
    ({"pk": "b", "sk": 1, "kind": "odd"}, START),
    ({"pk": "b", "kind": "odd"}, START),
    ({"pk": 1, "sk": 1}, MISMATCH),
    ({"pk": "b", "sk": "1"}, MISMATCH),
    ({"pk": "c", "sk": 1}, "The provided starting key is outside query boundaries based on "
                           "provided conditions"),
])
def test_start_keys_that_are_refused(ddb, cards, start, sentence):
    assert refused(VALIDATION, query, ddb, cards, ExclusiveStartKey=item(**start)) == sentence


@pytest.mark.parametrize("start, sentence", [
    ({"pk": "b", "sk": 6}, "The provided starting key does not match the range key predicate"),
    ({"pk": "c", "sk": 6}, "The provided starting key does not match the range key predicate"),
    ({"pk": "c", "sk": 4}, "The query can return at most one row and cannot be restarted"),
])
@pytest.mark.parametrize("forward", [True, False])
def test_start_keys_outside_of_the_condition(ddb, cards, start, sentence, forward):
    assert refused(VALIDATION, query, ddb, cards, "pk = :pk AND sk < :x", v={"pk": "b", "x": 6},
                   ScanIndexForward=forward, ExclusiveStartKey=item(**start)) == sentence


def test_a_start_key_of_bad_values(ddb, cards):
    for value in ({"S": ""}, {"N": "x"}, {"SS": []}, {}):
        sentence = refused(VALIDATION, query, ddb, cards,
                           ExclusiveStartKey={"pk": {"S": "b"}, "sk": value})
        assert sentence.startswith((START, MISMATCH)), sentence


@pytest.mark.parametrize("more, sentence", [
    ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
     ONE + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
    ({"Select": "SPECIFIC_ATTRIBUTES"},
     ONE + "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
           "SPECIFIC_ATTRIBUTES"),
    ({"Select": "COUNT", "ProjectionExpression": "sk"},
     ONE + "Cannot specify the ProjectionExpression when choosing to get only the Count"),
    ({"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "sk"},
     ONE + "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"),
    ({"FilterExpression": "pk = :pk"}, "Filter Expression can only contain non-primary key "
                                       "attributes: Primary key attribute: pk"),
    ({"FilterExpression": "attribute_exists(sk)"}, "Filter Expression can only contain non-primary "
                                                   "key attributes: Primary key attribute: sk"),
    ({"ProjectionExpression": "sk.a"}, "Key attributes must be scalars; list random access '[]' and "
                                       "map lookup '.' are not allowed: Key: sk"),
    ({"IndexName": "nothing"}, "The table does not have the specified index: nothing"),
])
def test_parameters_that_are_refused(ddb, cards, more, sentence):
    assert refused(VALIDATION, query, ddb, cards, **more) == sentence


def test_parameters_of_both_kinds_and_of_none(ddb, cards):
    assert refused(VALIDATION, ddb.query, TableName=cards) == (
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
        "request.")
    assert "both expression and non-expression" in refused(
        VALIDATION, query, ddb, cards, AttributesToGet=["pk"])
    assert "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk" == \
        refused(VALIDATION, legacy, ddb, cards, pk=("EQ", "c"), more={"QueryFilter": {
            "sk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "1"}]}}})
    assert refused(VALIDATION, legacy, ddb, cards, pk=("EQ", "c"), more={
        "Select": "COUNT", "AttributesToGet": ["sk"]}) == (
            ONE + "Cannot specify the AttributesToGet when choosing to get only the Count")
    for limit in (0, -1):
        assert "greater than or equal to 1" in refused(VALIDATION, query, ddb, cards, Limit=limit)


def test_a_table_that_is_not_there(ddb):
    assert refused("ResourceNotFoundException", query, ddb, table_name()) == \
        "Requested resource not found"
