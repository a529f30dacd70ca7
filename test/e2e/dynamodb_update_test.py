# SPDX-License-Identifier: Apache-2.0
"""UpdateItem: all five ReturnValues with nested paths, upserts, keys that may not change, what an
update makes of indexes, AttributeUpdates, sizes, and what is left after a crash."""
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, table_name, values

INVALID = "One or more parameter values were invalid: "
FAILED = "ConditionalCheckFailedException"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def table(ddb):
    return make(ddb)


@pytest.fixture(scope="module")
def indexed(ddb):
    return make(ddb, globals_=[index("global", "gk")], types={"gk": "S"})


class Row:
    """One item of a table, updated with short words."""

    def __init__(self, ddb, table, key, **attributes):
        self.ddb = ddb
        self.table = table
        self.key = {"TableName": table, "Key": item(pk=key)}
        if attributes:
            put(ddb, table, pk=key, **attributes)

    def update(self, expression, asked=None, names=None, condition=None, **given):
        more = {"UpdateExpression": expression}
        if asked:
            more["ReturnValues"] = asked
        if names:
            more["ExpressionAttributeNames"] = names
        if condition:
            more["ConditionExpression"] = condition
        if given:
            more["ExpressionAttributeValues"] = values(**given)
        answer = self.ddb.update_item(**self.key, **more)
        return plain(answer["Attributes"]) if "Attributes" in answer else None

    def refused(self, expression, **given):
        more = {"ExpressionAttributeValues": values(**given)} if given else {}
        return refused(VALIDATION, self.ddb.update_item, **self.key, UpdateExpression=expression,
                       **more)

    def legacy(self, **updates):
        return self.ddb.update_item(**self.key, AttributeUpdates=updates)

    def now(self):
        found = self.ddb.get_item(**self.key, ConsistentRead=True).get("Item")
        return None if found is None else plain(found)


# ---- what comes back ----

def test_nothing_comes_back_unasked(ddb, table):
    row = Row(ddb, table, "none", a=1)
    assert row.update("SET a = :v", v=2) is None
    assert row.update("SET a = :v", "NONE", v=3) is None


def test_all_old_and_all_new(ddb, table):
    row = Row(ddb, table, "all", a=1, b=2)
    assert row.update("SET b = :v", "ALL_OLD", v=3) == {"pk": "all", "a": 1, "b": 2}
    assert row.update("REMOVE b", "ALL_NEW") == {"pk": "all", "a": 1}
    fresh = Row(ddb, table, "all-fresh")
    assert fresh.update("SET b = :v", "ALL_OLD", v=3) is None
    other = Row(ddb, table, "all-other")
    assert other.update("SET b = :v", "ALL_NEW", v=3) == {"pk": "all-other", "b": 3}


def test_updated_old_is_what_was_there_of_what_is_named(ddb, table):
    row = Row(ddb, table, "uo", a="hi", b="dog")
    assert row.update("SET b = :v, c = :w", "UPDATED_OLD", v="cat", w="x") == {"b": "dog"}
    assert row.update("SET b = :v", "UPDATED_OLD", v="cat") == {"b": "cat"}
    assert row.update("REMOVE b", "UPDATED_OLD") == {"b": "cat"}
    assert row.update("SET b = :v", "UPDATED_OLD", v="cat") is None
    assert Row(ddb, table, "uo-none").update("SET b = :v", "UPDATED_OLD", v=1) is None


def test_updated_new_is_what_is_there_of_what_is_named(ddb, table):
    row = Row(ddb, table, "un", a=1, b="dog")
    assert row.update("SET b = :v, c = :w", "UPDATED_NEW", v="cat", w="x") == {
        "b": "cat", "c": "x"}
    assert row.update("REMOVE b", "UPDATED_NEW") is None
    assert row.update("SET a = a + :v REMOVE c", "UPDATED_NEW", v=1) == {"a": 2}
    assert Row(ddb, table, "un-none").update("SET a = :v", "UPDATED_NEW", v=1) == {"a": 1}


def test_nested_paths_come_back_within_their_parents_alone(ddb, table):
    row = Row(ddb, table, "nested", a={"b": "dog", "c": [1, 2, 3]}, d="cat")
    assert row.update("SET a.b = :v", "UPDATED_OLD", v="hi") == {"a": {"b": "dog"}}
    assert row.update("SET a.c[1] = :v", "UPDATED_OLD", v=7) == {"a": {"c": [2]}}
    assert row.update("SET a.c[1] = :v, a.b = :w", "UPDATED_OLD", v=8, w="yo") == {
        "a": {"b": "hi", "c": [7]}}
    assert row.update("SET a.c[2] = :v", "UPDATED_NEW", v=4) == {"a": {"c": [4]}}
    assert row.update("ADD a.n :v", "UPDATED_NEW", v=5) == {"a": {"n": 5}}
    assert row.update("REMOVE a.c[0]", "UPDATED_OLD") == {"a": {"c": [1]}}
    assert row.now() == {"pk": "nested", "a": {"b": "yo", "c": [8, 4], "n": 5}, "d": "cat"}


def test_places_in_lists_are_those_of_the_path(ddb, table):
    # what is set behind the end, and what moved up, is shown as AWS shows it: by the path's index
    row = Row(ddb, table, "places", c=[1, 2, 3])
    assert row.update("SET c[100] = :v", "UPDATED_NEW", v=70) is None
    assert row.update("REMOVE c[1]", "UPDATED_NEW") == {"c": [3]}
    assert row.update("REMOVE c[1], c[9]", "UPDATED_OLD") == {"c": [3]}
    assert row.now() == {"pk": "places", "c": [1, 70]}


# ---- upserts ----

def test_an_update_makes_the_item_unless_it_only_takes_away(ddb, table):
    row = Row(ddb, table, "up")
    assert row.update("REMOVE a", "ALL_NEW") is None
    assert row.now() is None
    row.legacy(a={"Action": "DELETE"})
    assert row.now() is None
    row.update("SET a = :v", v=1)
    assert row.now() == {"pk": "up", "a": 1}
    other = Row(ddb, table, "up-empty")
    answer = ddb.update_item(**other.key, ReturnValues="ALL_NEW")
    assert plain(answer["Attributes"]) == {"pk": "up-empty"}
    assert other.now() == {"pk": "up-empty"}


def test_a_counter_counts(ddb, table):
    row = Row(ddb, table, "counter")
    for i in range(1, 6):
        assert row.update("ADD n :one", "UPDATED_NEW", one=1) == {"n": i}
    assert row.update("SET n = if_not_exists(n, :zero) + :one", "UPDATED_NEW", zero=0,
                      one=Decimal("0.5")) == {"n": Decimal("5.5")}


def test_conditions_guard_updates(ddb, table):
    row = Row(ddb, table, "guard", version=1)
    assert row.update("SET version = :new", "ALL_NEW", condition="version = :old", old=1,
                      new=2)["version"] == 2
    with pytest.raises(ClientError) as caught:
        ddb.update_item(**row.key, UpdateExpression="SET version = :new",
                        ConditionExpression="version = :old",
                        ExpressionAttributeValues=values(old=1, new=3),
                        ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Error"]["Code"] == FAILED
    assert plain(caught.value.response["Item"]) == {"pk": "guard", "version": 2}
    gone = Row(ddb, table, "guard-none")
    refused(FAILED, ddb.update_item, **gone.key, UpdateExpression="SET a = :v",
            ConditionExpression="attribute_exists(pk)", ExpressionAttributeValues=values(v=1))
    assert gone.now() is None
    row.legacy(a={"Value": {"N": "1"}})
    ddb.update_item(**row.key, AttributeUpdates={"a": {"Value": {"N": "2"}}},
                    Expected={"a": {"Value": {"N": "1"}}})
    assert row.now()["a"] == 2


# ---- keys ----

def test_keys_may_not_change(ddb, table):
    row = Row(ddb, table, "key", a=1)
    words = INVALID + "Cannot update attribute pk. This attribute is part of the key"
    assert row.refused("SET pk = :v", v="x") == words
    assert row.refused("REMOVE pk") == words
    assert row.refused("SET pk.a = :v", v="x") == words
    assert refused(VALIDATION, row.legacy, pk={"Value": {"S": "x"}}) == words
    # the condition is not even looked at
    assert refused(VALIDATION, ddb.update_item, **row.key, UpdateExpression="REMOVE pk",
                   ConditionExpression="attribute_not_exists(pk)") == words


def test_keys_of_indexes_keep_their_type(ddb, indexed):
    row = Row(ddb, indexed, "ik", gk="g", n=1)
    assert row.refused("SET gk = :v", v=1) == INVALID + \
        "Type mismatch for Index Key gk Expected: S Actual: N IndexName: global"
    assert row.refused("SET gk = n") == "The update expression attempted to update the " \
        "secondary index key to unsupported type"
    assert row.refused("SET gk = :v", v="").startswith(
        "One or more parameter values are not valid. The update expression attempted to update a "
        "secondary index key to a value that is not supported.")
    assert row.refused("SET gk = :v", v="x" * 2049) == "The update expression attempted to " \
        "update the secondary index key beyond allowed size limits"
    assert row.refused("SET gk.a = :v", v="x") == "Key attributes must be scalars; list random " \
        "access '[]' and map lookup '.' are not allowed: IndexKey: gk"
    assert row.now() == {"pk": "ik", "gk": "g", "n": 1}


def test_an_update_moves_entries_of_indexes(ddb, indexed):
    row = Row(ddb, indexed, "moves", gk="from", a=1)

    def found(key):
        answer = ddb.query(TableName=indexed, IndexName="global", ExpressionAttributeValues=values(
            k=key), KeyConditionExpression="gk = :k")
        return [plain(one) for one in answer["Items"]]

    row.update("SET gk = :k, a = :v", k="to", v=2)
    assert found("from") == []
    assert found("to") == [{"pk": "moves", "gk": "to", "a": 2}]
    row.update("REMOVE gk")
    assert found("to") == []


def test_units_of_updates(ddb, indexed):
    row = Row(ddb, indexed, "units", a="x" * 2000)
    asked = {"ReturnConsumedCapacity": "INDEXES", **row.key}
    one = ddb.update_item(UpdateExpression="SET a = :v", ExpressionAttributeValues=values(v="y"),
                          **asked)["ConsumedCapacity"]
    assert one == {"TableName": indexed, "CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}}
    two = ddb.update_item(UpdateExpression="SET gk = :v", ExpressionAttributeValues=values(v="y"),
                          **asked)["ConsumedCapacity"]
    assert two["CapacityUnits"] == 2.0
    assert two["GlobalSecondaryIndexes"] == {"global": {"CapacityUnits": 1.0}}


# ---- the expression with the item ----

def test_faults_with_the_item(ddb, table):
    row = Row(ddb, table, "faults", s="text", l=[1], n=1, m={"a": 1})
    assert row.refused("SET a = gone") == \
        "The provided expression refers to an attribute that does not exist in the item"
    assert row.refused("SET a = s + :v", v=1) == \
        "An operand in the update expression has an incorrect data type"
    assert row.refused("SET gone.b = :v", v=1) == \
        "The document path provided in the update expression is invalid for update"
    assert row.refused("ADD s :v", v=1) == \
        "An operand in the update expression has an incorrect data type"
    assert row.refused("SET n = n + :v", v=Decimal("9E+125")).startswith("Number overflow") is False
    assert row.refused("SET a = :v, a = :v", v=1).startswith("Invalid UpdateExpression: Two "
                                                             "document paths overlap")
    assert row.now() == {"pk": "faults", "s": "text", "l": [1], "n": 1, "m": {"a": 1}}


def test_an_update_may_not_make_the_item_too_large(ddb, table):
    row = Row(ddb, table, "size", a="x" * 300000)
    assert row.refused("SET b = :v", v="y" * 110000) == \
        "Item size to update has exceeded the maximum allowed size"
    assert row.refused("SET b = a") == "Item size to update has exceeded the maximum allowed size"
    assert "b" not in row.now()


def test_lists_and_sets(ddb, table):
    row = Row(ddb, table, "many", l=[1], s={"a", "b"})
    row.update("SET l = list_append(l, :more), l2 = list_append(:more, :more)", more=[2, 3])
    row.update("ADD s :add", add={"c"})
    row.update("DELETE s :gone", gone={"a", "x"})
    row.update("SET l[9] = :v REMOVE l[0]", v="end")
    assert row.now() == {"pk": "many", "l": [2, 3, "end"], "l2": [2, 3, 2, 3], "s": {"b", "c"}}
    row.update("DELETE s :gone", gone={"b", "c"})
    assert "s" not in row.now()


def test_attribute_updates(ddb, table):
    row = Row(ddb, table, "legacy", n=1, s={"a"}, l=[1], gone=1)
    row.legacy(n={"Action": "ADD", "Value": {"N": "5"}},
               s={"Action": "DELETE", "Value": {"SS": ["a"]}},
               l={"Action": "ADD", "Value": {"L": [{"N": "2"}]}},
               gone={"Action": "DELETE"}, new={"Value": {"S": "x"}})
    assert row.now() == {"pk": "legacy", "n": 6, "l": [1, 2], "new": "x"}
    assert refused(VALIDATION, row.legacy, n={"Action": "ADD", "Value": {"S": "5"}}) == \
        INVALID + "ADD action is not supported for the type S"
    assert refused(VALIDATION, row.legacy, new={"Action": "ADD", "Value": {"N": "5"}}) == \
        "Type mismatch for attribute to update"
    answer = ddb.update_item(**row.key, ReturnValues="UPDATED_NEW", AttributeUpdates={
        "n": {"Action": "ADD", "Value": {"N": "1"}}})
    assert plain(answer["Attributes"]) == {"n": 7}


def test_parameters_come_before_the_table(ddb):
    gone = {"TableName": table_name(), "Key": item(pk="a")}
    assert refused(VALIDATION, ddb.update_item, UpdateExpression="SET a", **gone).startswith(
        "Invalid UpdateExpression: Syntax error")
    assert refused(VALIDATION, ddb.update_item, TableName=gone["TableName"],
                   Key={"pk": {"N": "x"}}).startswith("The parameter cannot be converted")
    assert "ResourceNotFound" in str(pytest.raises(
        ClientError, ddb.update_item, UpdateExpression="REMOVE a", **gone).value)


# ---- after a crash ----

def test_updates_are_there_after_a_crash(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    name = make(ddb, globals_=[index("global", "gk")])
    row = Row(ddb, name, "crash")
    for i in range(30):
        assert row.update("ADD n :one SET gk = :g", "UPDATED_NEW", one=1, g=str(i))["n"] == i + 1
    server.restart(hard=True)
    ddb = server.client("dynamodb")
    assert Row(ddb, name, "crash").now() == {"pk": "crash", "n": 30, "gk": "29"}
    scanned = ddb.scan(TableName=name, IndexName="global")["Items"]
    assert [plain(one)["gk"] for one in scanned] == ["29"]
    assert server.stop() == 0
    assert server.fsck().returncode == 0
