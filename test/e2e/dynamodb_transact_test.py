# SPDX-License-Identifier: Apache-2.0
"""Transactions: all or nothing, the reasons of a cancelled one word for word, tokens over time and
crashes, what they cost, and what is refused before anything is looked at."""
import threading

import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused, table_name, values

CANCELED = "TransactionCanceledException"
CLOCK = "2026-11-23T08:00:00Z"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def table(ddb):
    return make(ddb)


@pytest.fixture(scope="module")
def indexed(ddb):
    return make(ddb, "pk", "sk", types={"sk": "N"}, locals_=[index("local", "pk", "lk")],
                globals_=[index("global", "gk")])


def get(ddb, name, **key):
    found = ddb.get_item(TableName=name, Key=item(**key)).get("Item")
    return None if found is None else plain(found)


def a_put(table, condition=None, **attributes):
    more = {"ConditionExpression": condition} if condition else {}
    return {"Put": {"TableName": table, "Item": item(**attributes), **more}}


def an_update(table, key, expression, condition=None, **given):
    more = {"ConditionExpression": condition} if condition else {}
    if given:
        more["ExpressionAttributeValues"] = values(**given)
    return {"Update": {"TableName": table, "Key": item(pk=key), "UpdateExpression": expression,
                       **more}}


def a_delete(table, key):
    return {"Delete": {"TableName": table, "Key": item(pk=key)}}


def a_check(table, key, condition, **given):
    more = {"ExpressionAttributeValues": values(**given)} if given else {}
    return {"ConditionCheck": {"TableName": table, "Key": item(pk=key),
                               "ConditionExpression": condition, **more}}


def a_get(table, key, **more):
    return {"Get": {"TableName": table, "Key": item(pk=key), **more}}


def write(ddb, *actions, **more):
    return ddb.transact_write_items(TransactItems=list(actions), **more)


def canceled(ddb, *actions, **more):
    """The reasons; the sentence must list their codes."""
    with pytest.raises(ClientError) as caught:
        write(ddb, *actions, **more)
    response = caught.value.response
    assert response["Error"]["Code"] == CANCELED, response["Error"]
    reasons = response["CancellationReasons"]
    assert response["Error"]["Message"] == \
        "Transaction cancelled, please refer cancellation reasons for specific reasons [" + \
        ", ".join(reason["Code"] for reason in reasons) + "]"
    return reasons


# ---- all or nothing ----

def test_all_four_actions_happen_at_once(ddb, table, indexed):
    put(ddb, table, pk="up", n=1)
    put(ddb, table, pk="del", n=1)
    put(ddb, table, pk="check", n=1)
    write(ddb, a_put(table, pk="new", n=1), an_update(table, "up", "SET n = n + :v", v=5),
          a_delete(table, "del"), a_check(table, "check", "n = :n", n=1),
          a_put(indexed, pk="t", sk=1, gk="g"))
    assert get(ddb, table, pk="new") == {"pk": "new", "n": 1}
    assert get(ddb, table, pk="up") == {"pk": "up", "n": 6}
    assert get(ddb, table, pk="del") is None
    assert get(ddb, indexed, pk="t", sk=1) == {"pk": "t", "sk": 1, "gk": "g"}


def test_one_condition_that_fails_stops_them_all(ddb, table):
    put(ddb, table, pk="there", n=1)
    reasons = canceled(ddb, a_put(table, pk="first"),
                       a_put(table, condition="attribute_not_exists(pk)", pk="there"),
                       an_update(table, "third", "SET n = :v", v=1))
    assert reasons == [{"Code": "None"}, {"Code": "ConditionalCheckFailed",
                                          "Message": "The conditional request failed"},
                       {"Code": "None"}]
    assert get(ddb, table, pk="first") is None
    assert get(ddb, table, pk="third") is None
    assert get(ddb, table, pk="there") == {"pk": "there", "n": 1}


def test_a_reason_shows_the_item_if_asked(ddb, table):
    put(ddb, table, pk="show", n=1)
    show = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    check = a_check(table, "show", "n = :n", n=2)
    check["ConditionCheck"].update(show)
    nothing = a_check(table, "nothing", "attribute_exists(pk)")
    nothing["ConditionCheck"].update(show)
    silent = a_put(table, condition="attribute_not_exists(pk)", pk="reason")
    put(ddb, table, pk="reason")
    reasons = canceled(ddb, check, nothing, silent)
    assert plain(reasons[0]["Item"]) == {"pk": "show", "n": 1}
    assert "Item" not in reasons[1]
    assert "Item" not in reasons[2]


def test_faults_with_items_are_reasons(ddb, table, indexed):
    put(ddb, table, pk="faults", s="text", big="x" * 300000)
    reasons = canceled(
        ddb, an_update(table, "faults", "SET a = gone"), an_update(table, "ok", "SET n = :v", v=1),
        a_put(indexed, pk="a", sk=1, gk=5))
    assert reasons[0] == {"Code": "ValidationError", "Message": "The provided expression refers "
                          "to an attribute that does not exist in the item"}
    assert reasons[1] == {"Code": "None"}
    assert reasons[2]["Code"] == "ValidationError"
    assert reasons[2]["Message"].endswith("Expected: S Actual: N IndexName: global")
    assert canceled(ddb, an_update(table, "faults", "SET b = big"))[0]["Message"] == \
        "Item size to update has exceeded the maximum allowed size"
    assert canceled(ddb, an_update(table, "faults", "SET a = s + :v", v=1))[0]["Message"] == \
        "An operand in the update expression has an incorrect data type"
    assert get(ddb, table, pk="ok") is None


def test_a_hundred_reasons_are_all_named(ddb, table):
    checks = [a_check(table, f"h{i}", "attribute_exists(pk)") for i in range(100)]
    reasons = canceled(ddb, *checks)
    assert {reason["Code"] for reason in reasons} == {"ConditionalCheckFailed"}
    assert len(reasons) == 100


def test_a_hundred_writes_in_one(ddb, table):
    write(ddb, *(a_put(table, pk=f"many-{i}", n=i) for i in range(100)))
    answer = ddb.transact_get_items(TransactItems=[a_get(table, f"many-{i}") for i in range(100)])
    assert [plain(one["Item"])["n"] for one in answer["Responses"]] == list(range(100))


# ---- refused before anything is looked at ----

def test_an_item_is_in_a_transaction_once(ddb, table):
    words = "Transaction request cannot include multiple operations on one item"
    say = lambda *actions: refused(VALIDATION, write, ddb, *actions)
    assert say(a_put(table, pk="x"), a_delete(table, "x")) == words
    assert say(a_check(table, "x", "attribute_exists(pk)"),
               an_update(table, "x", "SET a = :v", v=1)) == words
    assert refused(VALIDATION, ddb.transact_get_items,
                   TransactItems=[a_get(table, "x"), a_get(table, "x")]) == words
    assert get(ddb, table, pk="x") is None


def test_an_action_is_one_thing(ddb, table):
    both = {**a_put(table, pk="a"), **a_delete(table, "b")}
    assert refused(VALIDATION, write, ddb, both) == \
        "TransactItems can only contain one of Check, Put, Update or Delete"
    assert refused(VALIDATION, write, ddb, {}) == \
        "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"


def test_parameters_tables_and_keys_are_refused_as_a_whole(ddb, table):
    good = a_put(table, pk="never")
    say = lambda *actions: refused(VALIDATION, write, ddb, good, *actions)
    assert say(an_update(table_name(), "a", "SET a")).startswith("Invalid UpdateExpression")
    assert say(a_put(table, pk="x" * 410000)) == "Item size has exceeded the maximum allowed size"
    assert say(an_update(table, "a", "SET pk = :v", v="x")).endswith(
        "Cannot update attribute pk. This attribute is part of the key")
    assert say({"Delete": {"TableName": table, "Key": item(no="x")}}) == \
        "The provided key element does not match the schema"
    refused("ResourceNotFoundException", write, ddb, good, a_put(table_name(), pk="a"))
    assert "Member must have length less than or equal to 100" in refused(
        VALIDATION, write, ddb, *(a_put(table, pk=str(i)) for i in range(101)))
    assert "Member must have length greater than or equal to 1" in refused(VALIDATION, write, ddb)
    assert get(ddb, table, pk="never") is None


def test_four_megabytes_at_most(ddb, table):
    large = [a_put(table, pk=f"large-{i}", a="x" * 390000) for i in range(11)]
    assert "4194304" in refused(VALIDATION, write, ddb, *large)
    assert get(ddb, table, pk="large-0") is None
    write(ddb, *large[:10])
    put(ddb, table, pk="large-10", a="x" * 390000)
    gets = [a_get(table, f"large-{i}") for i in range(11)]
    assert "4194304" in refused(VALIDATION, ddb.transact_get_items, TransactItems=gets)
    assert len(ddb.transact_get_items(TransactItems=gets[:10])["Responses"]) == 10


# ---- what they cost ----

def test_transactions_cost_twice(ddb, table, indexed):
    answer = write(ddb, a_put(table, pk="cost", a="x" * 1500), a_delete(table, "cost-none"),
                   a_check(table, "cost-check", "attribute_not_exists(pk)"),
                   a_put(indexed, pk="cost", sk=1, lk="l", gk="g"),
                   ReturnConsumedCapacity="INDEXES", ReturnItemCollectionMetrics="SIZE")
    cost = {one["TableName"]: one for one in answer["ConsumedCapacity"]}
    both = lambda units: {"CapacityUnits": units, "WriteCapacityUnits": units}
    assert cost[table] == {"TableName": table, **both(8.0), "Table": both(8.0)}
    assert cost[indexed] == {
        "TableName": indexed, **both(6.0), "Table": both(2.0),
        "LocalSecondaryIndexes": {"local": both(2.0)},
        "GlobalSecondaryIndexes": {"global": both(2.0)}}
    assert answer["ItemCollectionMetrics"] == {indexed: [
        {"ItemCollectionKey": item(pk="cost"), "SizeEstimateRangeGB": [0.0, 1.0]}]}


def test_reads_cost_twice_and_show_their_parts(ddb, table):
    put(ddb, table, pk="read", a="x" * 5000, m={"n": 1, "o": 2})
    answer = ddb.transact_get_items(ReturnConsumedCapacity="TOTAL", TransactItems=[
        a_get(table, "read", ProjectionExpression="m.n"), a_get(table, "read-none")])
    assert answer["Responses"] == [{"Item": item(m={"n": 1})}, {}]
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 6.0,
                                           "ReadCapacityUnits": 6.0}]


# ---- tokens ----

def test_the_same_token_does_it_once(ddb, table):
    put(ddb, table, pk="once", n=0)
    once = lambda: write(ddb, an_update(table, "once", "ADD n :v", v=1), ClientRequestToken="once",
                         ReturnConsumedCapacity="TOTAL")
    first, again = once(), once()
    assert get(ddb, table, pk="once")["n"] == 1
    assert first["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 2.0,
                                          "WriteCapacityUnits": 2.0}]
    assert again["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 2.0,
                                          "ReadCapacityUnits": 2.0}]
    mismatch = lambda *actions: refused("IdempotentParameterMismatchException", write, ddb,
                                        *actions, ClientRequestToken="once")
    mismatch(an_update(table, "once", "ADD n :v", v=2))
    mismatch(an_update(table, "other", "ADD n :v", v=1))
    assert get(ddb, table, pk="once")["n"] == 1


def test_a_token_of_a_cancelled_transaction_is_free(ddb, table):
    action = a_put(table, condition="attribute_exists(pk)", pk="free")
    canceled(ddb, action, ClientRequestToken="free")
    put(ddb, table, pk="free", n=1)
    write(ddb, action, ClientRequestToken="free")
    assert get(ddb, table, pk="free") == {"pk": "free"}


def test_a_token_holds_when_the_condition_would_fail_now(ddb, table):
    action = a_put(table, condition="attribute_not_exists(pk)", pk="held")
    write(ddb, action, ClientRequestToken="held")
    write(ddb, action, ClientRequestToken="held")
    canceled(ddb, action, ClientRequestToken="another")


def test_tokens_are_each_accounts_own(weir, ddb, table):
    put(ddb, table, pk="mine", n=0)
    other = weir.client("dynamodb", access_key="444455556666")
    theirs = make(other)
    write(ddb, an_update(table, "mine", "ADD n :v", v=1), ClientRequestToken="shared")
    write(other, an_update(theirs, "mine", "ADD n :v", v=1), ClientRequestToken="shared")
    assert get(ddb, table, pk="mine")["n"] == 1
    assert get(other, theirs, pk="mine")["n"] == 1


def test_tokens_last_ten_minutes_also_over_a_crash(fresh):
    server = fresh(clock=CLOCK)
    ddb = server.client("dynamodb")
    table = make(ddb)
    again = lambda: write(ddb, an_update(table, "a", "ADD n :v", v=1), ClientRequestToken="t")
    again()
    server.advance("9m")
    server.restart(hard=True, clock=server.now())
    ddb = server.client("dynamodb")
    again()
    assert get(ddb, table, pk="a")["n"] == 1
    server.advance("61s")
    again()
    assert get(ddb, table, pk="a")["n"] == 2
    for _ in range(3):  # it began anew
        server.advance("3m")
        again()
    assert get(ddb, table, pk="a")["n"] == 2
    server.advance("20m")  # swept meanwhile
    again()
    assert get(ddb, table, pk="a")["n"] == 3
    assert server.stop() == 0
    assert server.fsck().returncode == 0


# ---- throughput ----

def test_throttling_is_a_reason(fresh):
    server = fresh("--limits=aws", clock=CLOCK)
    ddb = server.client("dynamodb")
    name = table_name()
    ddb.create_table(TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                     AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                     ProvisionedThroughput={"ReadCapacityUnits": 2, "WriteCapacityUnits": 2})
    server.advance("60s")
    write(ddb, a_put(name, pk="a"))
    assert canceled(ddb, a_put(name, pk="b"))[0]["Code"] == "ProvisionedThroughputExceeded"
    assert get(ddb, name, pk="b") is None
    server.advance("1s")
    write(ddb, a_put(name, pk="b"))


# ---- beside others, and after a crash ----

def test_a_sum_stays_what_it_is_while_others_look(weir, ddb, table):
    for name in ("left", "right"):
        put(ddb, table, pk=name, n=100)
    sums = []

    def look():
        client = weir.client("dynamodb")
        for _ in range(60):
            answer = client.transact_get_items(
                TransactItems=[a_get(table, "left"), a_get(table, "right")])
            sums.append(sum(plain(one["Item"])["n"] for one in answer["Responses"]))

    def move():
        client = weir.client("dynamodb")
        for i in range(60):
            write(client, an_update(table, "left", "ADD n :v", v=-i),
                  an_update(table, "right", "ADD n :v", v=i))

    threads = [threading.Thread(target=what) for what in (look, move, move)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sums) == 60
    assert set(sums) == {200}


def test_a_transaction_is_there_whole_after_a_crash(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    name = make(ddb, globals_=[index("global", "gk")])
    for turn in range(10):
        write(ddb, *(a_put(name, pk=f"{turn}-{i}", gk=str(turn)) for i in range(10)),
              *([a_delete(name, f"{turn - 1}-{i}") for i in range(5)] if turn else []))
    server.restart(hard=True)
    ddb = server.client("dynamodb")
    assert ddb.scan(TableName=name, Select="COUNT")["Count"] == 100 - 45
    for turn in range(10):
        assert ddb.query(TableName=name, IndexName="global", Select="COUNT",
                         KeyConditionExpression="gk = :g", ExpressionAttributeValues=values(
                             g=str(turn)))["Count"] == (10 if turn == 9 else 5)
    assert server.stop() == 0
    assert server.fsck().returncode == 0
