# SPDX-License-Identifier: Apache-2.0
"""Global indexes of a live table: made and filled while items change, their throughput changed,
deleted and made again; what is refused."""
import random

import pytest
from dynamodb_kit import (VALIDATION, index, item, make, plain, put, refused, schema, until,
                          values)

INVALID = "One or more parameter values were invalid: "
NOT_FOUND = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"
LIMIT = "LimitExceededException"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


def definitions(*names, kind="S"):
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def add(ddb, table, one, attributes, **more):
    return ddb.update_table(TableName=table, AttributeDefinitions=attributes,
                            GlobalSecondaryIndexUpdates=[{"Create": {**one, **more}}])[
        "TableDescription"]


def drop(ddb, table, name):
    return ddb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[
        {"Delete": {"IndexName": name}}])["TableDescription"]


def tune(ddb, table, name, **more):
    return ddb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[
        {"Update": {"IndexName": name, **more}}])["TableDescription"]


def indexes(ddb, table):
    told = ddb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    return {one["IndexName"]: one for one in told}


def wait_active(ddb, table, name):
    until(lambda: indexes(ddb, table)[name]["IndexStatus"] == "ACTIVE")


def wait_gone(ddb, table, name):
    until(lambda: name not in indexes(ddb, table))


def fill(ddb, table, items):
    for at in range(0, len(items), 25):
        left = {table: [{"PutRequest": {"Item": item(**one)}} for one in items[at:at + 25]]}
        assert not ddb.batch_write_item(RequestItems=left)["UnprocessedItems"]


def scanned(ddb, table, **more):
    pages = ddb.get_paginator("scan").paginate(TableName=table, **more)
    return [plain(one) for page in pages for one in page["Items"]]


def by_key(items):
    return sorted(items, key=lambda one: one["pk"])


def test_an_index_is_filled_with_what_is_there(ddb):
    table = make(ddb)
    everything = [{"pk": f"k{n:04}", "group": f"g{n % 7}", "n": n, "note": "x" * 50}
                  for n in range(2600)]
    fill(ddb, table, everything)
    answer = add(ddb, table, index("by-group", "group", "n", include=["note"]),
                 definitions("group") + definitions("n", kind="N"))
    assert answer["TableStatus"] == "UPDATING"
    made, = answer["GlobalSecondaryIndexes"]
    assert made["IndexStatus"] == "CREATING"
    assert made["Backfilling"] is False
    assert answer["AttributeDefinitions"] == (
        definitions("pk", "group") + definitions("n", kind="N"))
    wait_active(ddb, table, "by-group")
    told = indexes(ddb, table)["by-group"]
    assert told["ItemCount"] == len(everything)
    assert "Backfilling" not in told
    assert by_key(scanned(ddb, table, IndexName="by-group")) == everything
    answer = ddb.query(TableName=table, IndexName="by-group",
                       KeyConditionExpression="#g = :g AND n < :n",
                       ExpressionAttributeNames={"#g": "group"},
                       ExpressionAttributeValues=values(g="g3", n=30))
    assert [one["n"] for one in map(plain, answer["Items"])] == [3, 10, 17, 24]


def test_changes_while_it_is_filled_are_in_it(ddb):
    chance = random.Random(7)
    table = make(ddb)
    kept = {f"k{n:04}": {"pk": f"k{n:04}", "group": f"g{n % 5}", "v": 0} for n in range(2500)}
    fill(ddb, table, list(kept.values()))
    add(ddb, table, index("by-group", "group"), definitions("group"))
    changes = 0
    while indexes(ddb, table)["by-group"]["IndexStatus"] == "CREATING" or changes < 30:
        changes += 1
        key = f"k{chance.randrange(2600):04}"
        what = chance.randrange(3)
        if what == 0:
            kept.pop(key, None)
            ddb.delete_item(TableName=table, Key=item(pk=key))
        else:
            kept[key] = {"pk": key, "v": changes}
            if what == 1:
                kept[key]["group"] = f"g{chance.randrange(9)}"
            put(ddb, table, **kept[key])
    there = [one for one in kept.values() if "group" in one]
    assert by_key(scanned(ddb, table, IndexName="by-group")) == by_key(there)
    assert indexes(ddb, table)["by-group"]["ItemCount"] == len(there)


def test_items_with_another_type_empty_or_too_long_are_passed_over(ddb):
    table = make(ddb)
    for name, value in [("good", "g"), ("number", 1), ("map", {"a": "b"}), ("empty", ""),
                        ("long", "x" * 2049), ("longest", "x" * 2048), ("null", None)]:
        put(ddb, table, pk=name, group=value)
    put(ddb, table, pk="without")
    add(ddb, table, index("by-group", "group"), definitions("group"))
    wait_active(ddb, table, "by-group")
    assert {one["pk"] for one in scanned(ddb, table, IndexName="by-group")} == {"good", "longest"}
    put(ddb, table, pk="without", group="now")
    ddb.delete_item(TableName=table, Key=item(pk="number"))
    put(ddb, table, pk="long", group="short")
    assert {one["pk"] for one in scanned(ddb, table, IndexName="by-group")} == {
        "good", "longest", "without", "long"}
    refused(VALIDATION, put, ddb, table, pk="more", group=5)


def test_the_longest_keys_of_several_attributes_fit(ddb):
    zeros = b"\0" * 512
    table = make(ddb, "pk", "sk", {"pk": "B", "sk": "B"})
    long = {"pk": b"\0" * 2048, "sk": b"\0" * 1024, "a": zeros, "b": zeros, "c": zeros, "d": zeros,
            "e": b"\0" * 256, "f": b"\0" * 256, "g": b"\0" * 256, "h": b"\0" * 256}
    put(ddb, table, **long)
    put(ddb, table, **{**long, "pk": b"too long", "h": b"\0" * 257})
    add(ddb, table, index("all", list("abcd"), list("efgh")), definitions(*"abcdefgh", kind="B"))
    wait_active(ddb, table, "all")
    assert len(scanned(ddb, table, IndexName="all")) == 1
    assert refused(VALIDATION, put, ddb, table, **{**long, "sk": b"other", "h": b"\0" * 257}) == (
        INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
    put(ddb, table, **{**long, "sk": b"other"})
    assert len(scanned(ddb, table, IndexName="all")) == 2


def test_an_index_is_deleted_and_made_again(ddb):
    table = make(ddb, globals_=[index("by-group", "group"), index("stays", "other")])
    fill(ddb, table, [{"pk": f"k{n}", "group": "g", "other": "o"} for n in range(2100)])
    answer = drop(ddb, table, "by-group")
    assert {one["IndexName"]: one["IndexStatus"] for one in answer["GlobalSecondaryIndexes"]} == {
        "by-group": "DELETING", "stays": "ACTIVE"}
    put(ddb, table, pk="late", group=["a list is fine now"], other="o")
    wait_gone(ddb, table, "by-group")
    assert indexes(ddb, table)["stays"]["ItemCount"] == 2101
    assert ddb.describe_table(TableName=table)["Table"]["AttributeDefinitions"] == (
        definitions("other", "pk"))
    assert refused(VALIDATION, ddb.scan, TableName=table, IndexName="by-group") == (
        "The table does not have the specified index: by-group")
    add(ddb, table, index("by-group", "group"), definitions("group", kind="N"))
    wait_active(ddb, table, "by-group")
    assert scanned(ddb, table, IndexName="by-group") == []


def test_an_index_s_throughput_is_changed(ddb):
    units = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
    more = {"ReadCapacityUnits": 4, "WriteCapacityUnits": 3}
    one = {**index("by-group", "group"), "ProvisionedThroughput": units}
    ddb.create_table(TableName="tuned", KeySchema=schema("pk"), GlobalSecondaryIndexes=[one],
                     AttributeDefinitions=definitions("pk", "group"), ProvisionedThroughput=units)
    tune(ddb, "tuned", "by-group", ProvisionedThroughput=more)
    told = indexes(ddb, "tuned")["by-group"]["ProvisionedThroughput"]
    assert told == {**more, "NumberOfDecreasesToday": 0,
                    "LastIncreaseDateTime": told["LastIncreaseDateTime"]}
    assert refused(VALIDATION, tune, ddb, "tuned", "by-group",
                   ProvisionedThroughput=more).startswith(
        "The provisioned throughput for the index by-group will not change. The requested value "
        "equals the current value. Current ReadCapacityUnits provisioned for index by-group: 4. ")
    ddb.update_table(TableName="tuned", BillingMode="PAY_PER_REQUEST")
    assert indexes(ddb, "tuned")["by-group"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert refused(VALIDATION, tune, ddb, "tuned", "by-group", ProvisionedThroughput=more) == (
        INVALID + "The only Updates for index: by-group when TableThroughputMode is "
        "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput")
    tune(ddb, "tuned", "by-group", OnDemandThroughput={"MaxReadRequestUnits": 9})
    assert indexes(ddb, "tuned")["by-group"]["OnDemandThroughput"] == {
        "MaxReadRequestUnits": 9, "MaxWriteRequestUnits": -1}
    assert refused(VALIDATION, ddb.update_table, TableName="tuned", BillingMode="PROVISIONED",
                   ProvisionedThroughput=units) == (
        INVALID + "ProvisionedThroughput must be specified for index: by-group")
    ddb.update_table(
        TableName="tuned", BillingMode="PROVISIONED", ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[
            {"Update": {"IndexName": "by-group", "ProvisionedThroughput": units}}])
    told = indexes(ddb, "tuned")["by-group"]
    assert told["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    assert "OnDemandThroughput" not in told


def test_what_is_refused(ddb):
    table = make(ddb, "pk", "sk", locals_=[index("local", "pk", "a")],
                 globals_=[index("glob", "a")])

    def change(*updates, **more):
        return ddb.update_table(TableName=table, GlobalSecondaryIndexUpdates=list(updates), **more)

    new = {"Create": index("new", "b")}
    assert refused(VALIDATION, change, {}) == (
        INVALID + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
        "GlobalSecondaryIndexUpdate.Delete must not be null")
    assert refused(VALIDATION, change, {**new, "Delete": {"IndexName": "glob"}}) == (
        INVALID + "Only one global secondary index action is allowed per "
        "GlobalSecondaryIndexUpdate object")
    assert refused(VALIDATION, change, {"Delete": {"IndexName": "glob"}},
                   {"Delete": {"IndexName": "glob"}}) == (
        INVALID + "Only one global secondary index update per index is allowed simultaneously. "
        "Index: glob")
    one_online = ("Subscriber limit exceeded: Only 1 online index can be created or deleted "
                  "simultaneously per table")
    assert refused(LIMIT, change, {"Delete": {"IndexName": "glob"}}, new,
                   AttributeDefinitions=definitions("b")) == one_online
    assert refused(VALIDATION, change, new) == (
        INVALID + "AttributeDefinitions is not specified for index: new")
    assert refused(VALIDATION, change, new, AttributeDefinitions=definitions("c")) == (
        INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [b], "
        "AttributeDefinitions: [c]")
    for taken in ("glob", "local"):
        assert refused(VALIDATION, change, {"Create": index(taken, "b")},
                       AttributeDefinitions=definitions("b")) == (
            "Attempting to create an index which already exists")
    assert refused(VALIDATION, change, {"Create": index("new", "sk")},
                   AttributeDefinitions=definitions("sk", kind="N")).startswith(
        INVALID + "Attributes cannot be redefined. Please check that your attribute has the same "
        "type as previously defined.")
    assert refused(VALIDATION, change, {"Create": {**new["Create"], "ProvisionedThroughput": {
        "ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}},
        AttributeDefinitions=definitions("b")) == (
        INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: "
        "new when BillingMode is PAY_PER_REQUEST")
    assert refused(NOT_FOUND, drop, ddb, table, "gone") == (
        "Requested resource not found: Index: gone not found")
    assert refused(VALIDATION, drop, ddb, table, "local") == (
        "Cannot delete an index that is not a GlobalSecondaryIndex: local")
    assert refused(VALIDATION, tune, ddb, table, "local", OnDemandThroughput={
        "MaxReadRequestUnits": 1}) == (
        "Cannot update an index that is not a GlobalSecondaryIndex: local")
    assert set(indexes(ddb, table)) == {"glob"}


def test_twenty_are_the_most(ddb):
    table = make(ddb, globals_=[index(f"g-{n:02}", "a") for n in range(20)])
    assert refused(LIMIT, add, ddb, table, index("more", "a"), definitions("a")) == (
        "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of "
        "20")
    put(ddb, table, pk="x", a="y")
    assert all(one["ItemCount"] == 1 for one in indexes(ddb, table).values())


def test_while_one_is_made_another_and_a_stream_must_wait(fresh):
    """Large items, of which a step takes few, so that there is time to ask meanwhile."""
    ddb = fresh().client("dynamodb")
    table = make(ddb)
    for n in range(200):
        put(ddb, table, pk=f"k{n}", group="g", x="y" * 390000)
    add(ddb, table, index("by-group", "group", projection="KEYS_ONLY"), definitions("group"))
    assert refused(LIMIT, add, ddb, table, index("other", "x"), definitions("x")) == (
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
        "per table")
    assert refused(IN_USE, ddb.update_table, TableName=table, StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}) == (
        "Can't change stream status when an index is being created")
    assert refused(IN_USE, ddb.update_table, TableName=table, OnDemandThroughput={
        "MaxReadRequestUnits": 1}) == (
        "OnDemandThroughput cannot be updated while index creation is in progress for indexes: "
        "[by-group]")
    drop(ddb, table, "by-group")  # one that is being made may go again
    wait_gone(ddb, table, "by-group")
    add(ddb, table, index("by-group", "group"), definitions("group"))
    assert indexes(ddb, table)["by-group"]["IndexStatus"] == "CREATING"
    ddb.delete_table(TableName=table)
    refused(NOT_FOUND, ddb.describe_table, TableName=table)
