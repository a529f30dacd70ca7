# SPDX-License-Identifier: Apache-2.0
"""Query and Scan on local and global indexes: who is in them, what they project, order and pages,
keys of several attributes, what is fetched from the table and what that costs, refusals."""
import itertools

import pytest
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, values

INVALID = "One or more parameter values were invalid: "
START = "The provided starting key is invalid"
MISMATCH = "The provided key element does not match the schema"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def orders(ddb):
    """One customer's orders, some without what an index needs."""
    table = make(
        ddb, "pk", "sk", {"sk": "N", "price": "N"},
        locals_=[index("by-price", "pk", "price", projection="KEYS_ONLY"),
                 index("by-state", "pk", "state", include=["note"]),
                 index("all-state", "pk", "state")],
        globals_=[index("state-keys", "state", "price", projection="KEYS_ONLY"),
                  index("state-note", "state", include=["note"]),
                  index("state-all", "state", "price")])
    for n in range(12):
        more = {} if n == 7 else {"price": n // 2 * 10}
        more |= {} if n == 8 else {"state": "open" if n % 3 else "done"}
        put(ddb, table, pk="c", sk=n, note=f"note {n}", big="x" * 5000, **more)
    return table


def query(ddb, table, name, condition, given, **more):
    return ddb.query(TableName=table, IndexName=name, KeyConditionExpression=condition,
                     ExpressionAttributeValues=values(**given), **more)


def sks(answer):
    return [int(i["sk"]["N"]) for i in answer["Items"]]


OPEN = [n for n in range(12) if n % 3 and n != 8]


# ---- who is in an index, in which order ----

def test_a_local_index_sorts_by_another_attribute(ddb, orders):
    answer = query(ddb, orders, "by-price", "pk = :p", {"p": "c"})
    assert sks(answer) == [n for n in range(12) if n != 7]  # 7 has no price: it is not in it
    answer = query(ddb, orders, "by-price", "pk = :p AND price BETWEEN :a AND :b",
                   {"p": "c", "a": 10, "b": 20}, ScanIndexForward=False)
    assert sks(answer) == [5, 4, 3, 2]
    answer = query(ddb, orders, "by-state", "pk = :p AND begins_with(#s, :o)", {"p": "c", "o": "o"},
                   ExpressionAttributeNames={"#s": "state"})
    assert sks(answer) == OPEN


def test_a_global_index_has_its_own_partitions(ddb, orders):
    answer = query(ddb, orders, "state-all", "#s = :o AND price < :t", {"o": "open", "t": 30},
                   ExpressionAttributeNames={"#s": "state"})
    assert sks(answer) == [1, 2, 4, 5]
    assert answer["Items"][0]["big"]["S"] == "x" * 5000
    answer = ddb.query(TableName=orders, IndexName="state-all", KeyConditions={
        "state": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "done"}]},
        "price": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "30"}]}})
    assert sks(answer) == [6, 9]


def test_entries_follow_their_items(ddb):
    table = make(ddb, "pk", globals_=[index("by-v", "v", "w", include=["n"])])

    def found(v):
        answer = query(ddb, table, "by-v", "v = :v", {"v": v})
        return [plain(i) for i in answer["Items"]]

    put(ddb, table, pk="1", v="a", w="x", n=1, other=1)
    assert found("a") == [{"pk": "1", "v": "a", "w": "x", "n": 1}]
    put(ddb, table, pk="1", v="b", w="x", n=2)
    assert found("a") == [] and found("b") == [{"pk": "1", "v": "b", "w": "x", "n": 2}]
    put(ddb, table, pk="1", v="b", w="y", n=3)
    assert found("b") == [{"pk": "1", "v": "b", "w": "y", "n": 3}]
    put(ddb, table, pk="2", v="b", w="y", n=4)  # the same key in the index
    assert [i["pk"] for i in found("b")] == ["1", "2"]
    put(ddb, table, pk="1", v="b", n=3)  # without w it leaves
    assert [i["pk"] for i in found("b")] == ["2"]
    ddb.delete_item(TableName=table, Key=item(pk="2"))
    assert found("b") == []


@pytest.mark.parametrize("name, condition, given", [
    ("by-price", "pk = :p", {"p": "c"}), ("by-state", "pk = :p", {"p": "c"}),
    ("state-keys", "#s = :s", {"s": "open"}), ("state-note", "#s = :s", {"s": "open"}),
    ("state-all", "#s = :s AND price >= :t", {"s": "open", "t": 0})])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_of_an_index(ddb, orders, name, condition, given, limit, forward):
    more = {"ExpressionAttributeNames": {"#s": "state"}} if "#s" in condition else {}
    more["ScanIndexForward"] = forward
    whole = query(ddb, orders, name, condition, given, **more)
    found, start = [], {}
    while True:
        answer = query(ddb, orders, name, condition, given, Limit=limit, **start, **more)
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            break
        keys = {"pk", "sk"} | ({"price"} if name in ("by-price", "state-keys", "state-all")
                               else set()) | (set() if name == "by-price" else {"state"})
        assert answer["LastEvaluatedKey"].keys() == keys
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert found == whole["Items"] and len(found) > 3
    if not forward:
        ahead = query(ddb, orders, name, condition, given, **{**more, "ScanIndexForward": True})
        assert found == ahead["Items"][::-1]


def test_pages_go_on_while_items_change(ddb):
    """A start key names a place, not an item: it may be gone, or have moved."""
    table = make(ddb, "pk", types={"w": "N"}, globals_=[index("by-v", "v", "w")])
    for n in range(10):
        put(ddb, table, pk=str(n), v="v", w=n)
    first = query(ddb, table, "by-v", "v = :v", {"v": "v"}, Limit=4)
    ddb.delete_item(TableName=table, Key=item(pk="3"))
    put(ddb, table, pk="4", v="v", w=100)
    rest = query(ddb, table, "by-v", "v = :v", {"v": "v"},
                 ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [i["pk"]["S"] for i in rest["Items"]] == ["5", "6", "7", "8", "9", "4"]


def test_scans_of_indexes_leave_out_what_is_not_in_them(ddb, orders):
    for name, count in (("by-price", 11), ("by-state", 11), ("state-keys", 10),
                        ("state-note", 11)):
        pages = list(ddb.get_paginator("scan").paginate(
            TableName=orders, IndexName=name, PaginationConfig={"PageSize": 3}))
        assert sum(p["Count"] for p in pages) == sum(p["ScannedCount"] for p in pages) == count


# ---- projections ----

@pytest.mark.parametrize("name, attributes", [
    ("by-price", {"pk", "sk", "price"}), ("by-state", {"pk", "sk", "state", "note"}),
    ("state-keys", {"pk", "sk", "state", "price"}), ("state-note", {"pk", "sk", "state", "note"}),
    ("state-all", {"pk", "sk", "state", "price", "note", "big"})])
def test_an_index_has_what_it_projects(ddb, orders, name, attributes):
    scanned = ddb.scan(TableName=orders, IndexName=name)
    assert all(i.keys() == attributes for i in scanned["Items"])
    local = name.startswith("by-")
    for more in ({}, {"Select": "ALL_PROJECTED_ATTRIBUTES"}):
        answer = query(ddb, orders, name, "pk = :p" if local else "#s = :p",
                       {"p": "c" if local else "open"}, **more,
                       **({} if local else {"ExpressionAttributeNames": {"#s": "state"}}))
        assert all(i.keys() == attributes for i in answer["Items"])


def test_a_local_index_fetches_what_it_does_not_project(ddb, orders):
    """Each item fetched is a read of its own: 5 KB are two units, or one when eventually
    consistent; the index's own part is small."""
    plain_read = query(ddb, orders, "by-price", "pk = :p AND price = :t", {"p": "c", "t": 10},
                       ReturnConsumedCapacity="INDEXES", ConsistentRead=True)
    assert plain_read["ConsumedCapacity"] == {
        "TableName": orders, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 0.0},
        "LocalSecondaryIndexes": {"by-price": {"CapacityUnits": 1.0}}}
    for more in ({"Select": "ALL_ATTRIBUTES"}, {"ProjectionExpression": "big, sk"},
                 {"ProjectionExpression": "note, sk, big", "Select": "SPECIFIC_ATTRIBUTES"}):
        answer = query(ddb, orders, "by-price", "pk = :p AND price = :t", {"p": "c", "t": 10},
                       ReturnConsumedCapacity="INDEXES", ConsistentRead=True, **more)
        assert sks(answer) == [2, 3] and answer["Items"][0]["big"]["S"] == "x" * 5000
        assert answer["ConsumedCapacity"] == {
            "TableName": orders, "CapacityUnits": 5.0, "Table": {"CapacityUnits": 4.0},
            "LocalSecondaryIndexes": {"by-price": {"CapacityUnits": 1.0}}}
    answer = query(ddb, orders, "by-price", "pk = :p AND price = :t", {"p": "c", "t": 10},
                   ReturnConsumedCapacity="TOTAL", Select="ALL_ATTRIBUTES")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == 2.5
    answer = ddb.query(
        TableName=orders, IndexName="by-price", AttributesToGet=["big", "sk"], KeyConditions={
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "c"}]}})
    assert all(i.keys() == {"big", "sk"} for i in answer["Items"]) and answer["Count"] == 11
    scanned = ddb.scan(TableName=orders, IndexName="by-price", Select="ALL_ATTRIBUTES")
    assert all("big" in i for i in scanned["Items"])


def test_a_global_index_costs_what_its_entries_weigh(ddb, orders):
    for name, units in (("state-keys", 0.5), ("state-all", 4.5)):  # 7 of 5 KB are 36 KB
        answer = query(ddb, orders, name, "#s = :s AND price >= :t", {"s": "open", "t": 0},
                       ExpressionAttributeNames={"#s": "state"}, ReturnConsumedCapacity="INDEXES")
        assert answer["Count"] == 6
        assert answer["ConsumedCapacity"]["Table"]["CapacityUnits"] == 0.0
        assert answer["ConsumedCapacity"]["GlobalSecondaryIndexes"][name]["CapacityUnits"] == (
            pytest.approx(units, abs=0.5))
        assert answer["ConsumedCapacity"]["GlobalSecondaryIndexes"].keys() == {name}


def test_a_filter_sees_what_is_projected(ddb, orders):
    answer = query(ddb, orders, "state-note", "#s = :s", {"s": "open", "n": "note 4"},
                   ExpressionAttributeNames={"#s": "state"}, FilterExpression="note = :n")
    assert sks(answer) == [4] and answer["ScannedCount"] == 7
    answer = ddb.scan(TableName=orders, IndexName="state-keys",
                      FilterExpression="attribute_exists(note)")
    assert answer["Count"] == 0 and answer["ScannedCount"] == 10
    answer = query(ddb, orders, "by-price", "pk = :p", {"p": "c", "x": 8}, Select="ALL_ATTRIBUTES",
                   FilterExpression="sk >= :x")
    assert sks(answer) == [8, 9, 10, 11]  # the table's range key is no key of this index


# ---- refusals ----

STATE = {"ExpressionAttributeNames": {"#s": "state"}}


@pytest.mark.parametrize("name, more, sentence", [
    ("state-keys", {"ConsistentRead": True},
     "Consistent reads are not supported on global secondary indexes"),
    ("state-keys", {"Select": "ALL_ATTRIBUTES"},
     INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index state-keys "
               "because its projection type is not ALL"),
    ("state-note", {"Select": "ALL_ATTRIBUTES"},
     INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index state-note "
               "because its projection type is not ALL"),
    ("state-keys", {"ProjectionExpression": "sk, note, big"},
     INVALID + "Global secondary index state-keys does not project [big, note]"),
    ("state-note", {"ProjectionExpression": "big"},
     INVALID + "Global secondary index state-note does not project [big]"),
    ("state-keys", {"FilterExpression": "note <> #s AND attribute_exists(note)"},
     "Filter Expression can only contain non-primary key attributes: Primary key attribute: state"),
    ("state-keys", {"FilterExpression": "attribute_exists(note) OR attribute_exists(big)"},
     INVALID + "Secondary index state-keys does not project one or more filter attributes: "
               "[note, big]"),
    ("state-none", {}, "The table does not have the specified index: state-none"),
])
def test_what_global_indexes_refuse(ddb, orders, name, more, sentence):
    assert refused(VALIDATION, query, ddb, orders, name, "#s = :s", {"s": "open"}, **STATE,
                   **more) == sentence


def test_what_local_indexes_refuse(ddb, orders):
    assert refused(VALIDATION, query, ddb, orders, "by-price", "pk = :p", {"p": "c"},
                   FilterExpression="attribute_exists(note)") == (
        INVALID + "Secondary index by-price does not project one or more filter attributes: [note]")
    assert refused(VALIDATION, query, ddb, orders, "by-price", "pk = :p AND sk = :x",
                   {"p": "c", "x": 1}) == "Query condition missed key schema element: price"
    assert refused(VALIDATION, query, ddb, orders, "state-note", "#s = :p AND sk = :x",
                   {"p": "c", "x": 1}, **STATE) == "Query key condition not supported"


@pytest.mark.parametrize("start, sentence", [
    ({"pk": "c", "sk": 1}, START),
    ({"pk": "c", "sk": 1, "state": "open"}, START),
    ({"pk": "c", "sk": 1, "state": "open", "note": "x"}, START),
    ({"pk": "c", "sk": 1, "state": "open", "price": "0"}, MISMATCH),
    ({"pk": 1, "sk": 1, "state": "open", "price": 0}, START + ": " + MISMATCH),
    ({"pk": "c", "sk": "1", "state": "open", "price": 0}, START + ": " + MISMATCH),
    ({"pk": "c", "sk": 1, "state": "done", "price": 0},
     "The provided starting key is outside query boundaries based on provided conditions"),
])
def test_start_keys_of_a_global_index(ddb, orders, start, sentence):
    assert refused(VALIDATION, query, ddb, orders, "state-all", "#s = :s", {"s": "open"}, **STATE,
                   ExclusiveStartKey=item(**start)) == sentence


@pytest.mark.parametrize("start, sentence", [
    ({"pk": "c", "sk": 1, "state": "open", "price": 10},
     "The provided starting key does not match the range key predicate"),
    ({"pk": "c", "sk": 1, "state": "done", "price": 20},
     "The query can return at most one row and cannot be restarted"),
])
def test_start_keys_outside_of_the_condition(ddb, orders, start, sentence):
    assert refused(VALIDATION, query, ddb, orders, "state-all", "#s = :s AND price > :t",
                   {"s": "open", "t": 10}, **STATE, ExclusiveStartKey=item(**start)) == sentence


# ---- keys of several attributes ----

WHERE = list(itertools.product(("eu", "us"), (1, 2), ("x", "y"), (1, 2, 3), (b"a", b"ab", b"b")))


@pytest.fixture(scope="module")
def places(ddb):
    table = make(ddb, "id", types={"area": "N", "floor": "N", "room": "B"}, globals_=[
        index("where", ["land", "area"], ["hall", "floor", "room"]),
        index("most", ["a", "b", "c", "d"], ["e", "f", "g", "h"], projection="KEYS_ONLY")])
    for n, (land, area, hall, floor, room) in enumerate(WHERE):
        put(ddb, table, id=f"i{n}", land=land, area=area, hall=hall, floor=floor, room=room)
    put(ddb, table, id="hall-less", land="eu", area=1, floor=1, room=b"a")
    put(ddb, table, id="many", **{letter: letter for letter in "abcdefgh"})
    return table


BASE = "land = :l AND area = :z"


@pytest.mark.parametrize("condition, given, wanted", [
    (BASE, {}, lambda hall, floor, room: True),
    (BASE + " AND hall = :h", {"h": "y"}, lambda hall, floor, room: hall == "y"),
    (BASE + " AND hall > :h", {"h": "x"}, lambda hall, floor, room: hall > "x"),
    (BASE + " AND hall = :h AND floor >= :f", {"h": "x", "f": 2},
     lambda hall, floor, room: hall == "x" and floor >= 2),
    ("floor BETWEEN :f AND :g AND hall = :h AND area = :z AND land = :l",
     {"h": "x", "f": 1, "g": 2}, lambda hall, floor, room: hall == "x" and 1 <= floor <= 2),
    (BASE + " AND hall = :h AND floor = :f AND begins_with(room, :r)",
     {"h": "y", "f": 3, "r": b"a"},
     lambda hall, floor, room: hall == "y" and floor == 3 and room[:1] == b"a"),
    (BASE + " AND hall = :h AND floor = :f AND room = :r", {"h": "y", "f": 3, "r": b"ab"},
     lambda hall, floor, room: (hall, floor, room) == ("y", 3, b"ab")),
])
@pytest.mark.parametrize("forward", [True, False])
def test_keys_of_several_attributes(ddb, places, condition, given, wanted, forward):
    expected = [p[2:] for p in WHERE if p[:2] == ("eu", 2) and wanted(*p[2:])]
    more = {"ScanIndexForward": forward}
    found, start = [], {}
    while True:
        answer = query(ddb, places, "where", condition, {"l": "eu", "z": 2, **given}, Limit=4,
                       **start, **more)
        found += [(i["hall"]["S"], int(i["floor"]["N"]), i["room"]["B"]) for i in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        assert answer["LastEvaluatedKey"].keys() == {"id", "land", "area", "hall", "floor", "room"}
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert found == (expected if forward else expected[::-1]) and expected


@pytest.mark.parametrize("condition, given, sentence", [
    ("land = :l", {"l": "eu"}, "Query condition missed key schema element: area"),
    ("area = :z", {"z": 1}, "Query condition missed key schema element: land"),
    ("land = :l AND area > :z", {"l": "eu", "z": 1}, "Query key condition not supported"),
    (BASE + " AND floor = :f", {"l": "eu", "z": 1, "f": 1},
     "Query condition missed key schema element: hall"),
    (BASE + " AND hall > :h AND floor = :f", {"l": "eu", "z": 1, "h": "x", "f": 1},
     "Query key condition not supported"),
    (BASE + " AND hall = :h AND floor = :f", {"l": "eu", "z": "1", "h": "x", "f": 1},
     INVALID + "Condition parameter type does not match schema type"),
])
def test_conditions_on_several_attributes_that_are_refused(ddb, places, condition, given, sentence):
    assert refused(VALIDATION, query, ddb, places, "where", condition, given) == sentence


def test_eight_attributes(ddb, places):
    condition = " AND ".join(f"{letter} = :{letter}" for letter in "abcdefgh")
    answer = query(ddb, places, "most", condition, {letter: letter for letter in "abcdefgh"})
    assert [i["id"]["S"] for i in answer["Items"]] == ["many"]
    condition = condition.replace("h = :h", "h < :h")
    answer = query(ddb, places, "most", condition, {letter: letter for letter in "abcdefgh"})
    assert answer["Count"] == 0


# ---- an index that is being made or deleted ----

def test_an_index_is_read_when_it_is_whole(ddb):
    """Until then it says that it is being filled; it never shows a part."""
    table = make(ddb, "pk")
    for first in range(0, 3000, 25):
        ddb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item(pk=str(n), v="x")}} for n in range(first, first + 25)]})
    ddb.update_table(
        TableName=table, AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-v", "v", projection="KEYS_ONLY")}])
    refusals = set()
    while True:
        try:
            answer = query(ddb, table, "by-v", "v = :v", {"v": "x"}, Select="COUNT")
            break
        except ddb.exceptions.ClientError as error:
            refusals.add(error.response["Error"]["Message"])
    assert answer["Count"] == 3000
    assert refusals == {"Cannot read from backfilling global secondary index: by-v"}
    ddb.update_table(TableName=table,
                     GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-v"}}])
    assert refused(VALIDATION, query, ddb, table, "by-v", "v = :v", {"v": "x"}) == \
        "The table does not have the specified index: by-v"
