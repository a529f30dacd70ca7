# SPDX-License-Identifier: Apache-2.0
"""`weir table`: a table as it was, what changed in it, an item's versions with their causes, and
taking back one item, a range, or all of it, in place or beside."""
import json
import random

import pytest
from dynamodb_past_kit import contents, item, make, moment, put, until_active
from weir_server import ACCOUNT, run_weir


@pytest.fixture
def ddb(clocked):
    return clocked.client("dynamodb")


@pytest.fixture
def cli(clocked):
    """Runs `weir table …`; what it prints. code: what it must exit with."""
    def run(*words, code=0):
        done = run_weir("table", *words, "--server", clocked.address)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr
    return run


def loads(text, member):
    return json.loads(text)[member]


def key(number):
    return json.dumps({"pk": str(number % 10), "sk": number})


def now(weir):
    return moment(weir).strftime("%Y-%m-%dT%H:%M:%SZ")


def numbers(items):
    return {int(i["sk"]["N"]) for i in items}


# ---- looking ----

def test_show_is_the_table_as_it_was(clocked, ddb, cli, name):
    make(ddb, name)
    put(ddb, name, range(700))
    at = now(clocked)
    clocked.advance("1m")
    put(ddb, name, [1000])
    ddb.delete_item(TableName=name, Key={"pk": {"S": "3"}, "sk": {"N": "3"}})
    assert numbers(loads(cli("show", name, "--at", at, "--json"), "items")) == set(range(700))
    assert numbers(loads(cli("show", name, "--at", "now", "--json"), "items")) == (
        set(range(700)) | {1000}) - {3}
    assert numbers(loads(cli("show", name, "--at", "30s ago", "--json"), "items")) == set(
        range(700))
    lines = cli("show", name, "--at", at, "--key", key(3)).splitlines()
    assert [json.loads(line) for line in lines] == [item(3)]
    partition = loads(cli("show", name, "--at", at, "--key", '{"pk":"3"}', "--json"), "items")
    assert numbers(partition) == set(range(3, 700, 10))
    span = loads(cli("show", name, "--at", at, "--from", key(13), "--to", key(43), "--json"),
                 "items")
    assert numbers(span) == {13, 23, 33, 43}
    span = loads(cli("show", name, "--at", at, "--from", '{"pk":"8"}', "--json"), "items")
    assert numbers(span) == {n for n in range(700) if n % 10 >= 8}
    before = loads(cli("show", name, "--at", "1d ago", "--json"), "items")
    assert before == []


def test_diff_is_what_was_added_removed_changed(clocked, ddb, cli, name):
    make(ddb, name)
    put(ddb, name, range(20), v={"N": "1"})
    first = now(clocked)
    clocked.advance("1m")
    put(ddb, name, [3], v={"N": "2"})
    put(ddb, name, [30])
    ddb.delete_item(TableName=name, Key={"pk": {"S": "4"}, "sk": {"N": "4"}})
    put(ddb, name, [5], v={"N": "9"})
    put(ddb, name, [5], v={"N": "1"})  # as it was: no difference
    second = now(clocked)
    clocked.advance("1m")
    put(ddb, name, [6], v={"N": "2"})
    changes = loads(cli("diff", name, "--at", first, "--at", second, "--json"), "changes")
    by = {int(c["key"]["sk"]["N"]): c for c in changes}
    assert {n: c["change"] for n, c in by.items()} == {3: "changed", 30: "added", 4: "removed"}
    assert by[3]["before"]["v"] == {"N": "1"} and by[3]["after"]["v"] == {"N": "2"}
    assert by[4]["before"] == item(4, v={"N": "1"}) and "after" not in by[4]
    since = loads(cli("diff", name, "--at", first, "--json"), "changes")
    assert {int(c["key"]["sk"]["N"]) for c in since} == {3, 4, 6, 30}
    assert loads(cli("diff", name, "--at", first, "--at", "now", "--json"), "changes") == since
    lines = cli("diff", name, "--at", first, "--at", second, "--key", key(4)).splitlines()
    assert lines == ["- " + json.dumps(item(4, v={"N": "1"}), separators=(",", ":"))] or (
        json.loads(lines[0][2:]) == item(4, v={"N": "1"}))
    assert "before the first" in cli("diff", name, "--at", second, "--at", first, code=1)


def test_history_tells_every_version_and_its_cause(clocked, ddb, cli, name):
    make(ddb, name)
    requests = []
    for i in range(3):
        requests.append(ddb.put_item(TableName=name, Item=item(1, v={"N": str(i)}))
                        ["ResponseMetadata"]["RequestId"])
        clocked.advance("10s")
    requests.append(ddb.delete_item(TableName=name, Key={"pk": {"S": "1"}, "sk": {"N": "1"}})
                    ["ResponseMetadata"]["RequestId"])
    versions = loads(cli("history", name, "--key", key(1), "--json"), "versions")
    assert [v["change"] for v in versions] == ["put", "put", "put", "deleted"]
    assert [v.get("item", {}).get("v", {}).get("N") for v in versions] == ["0", "1", "2", None]
    assert [v["operation"] for v in versions] == ["PutItem"] * 3 + ["DeleteItem"]
    assert [v["request"] for v in versions] == requests
    assert all(ACCOUNT in v["principal"] for v in versions)
    shown = cli("history", name, "--key", '{"pk":{"S":"1"},"sk":{"N":"1"}}')
    assert shown.count("PutItem by") == 3 and "deleted" in shown
    assert "Nothing is known" in cli("history", name, "--key", key(2))


def test_history_of_many_versions_comes_in_pages(clocked, ddb, cli, name):
    make(ddb, name)
    for i in range(250):
        put(ddb, name, [7], v={"N": str(i)})
    versions = loads(cli("history", name, "--key", key(7), "--json"), "versions")
    assert [v["item"]["v"]["N"] for v in versions] == [str(i) for i in range(250)]


# ---- taking back ----

def test_one_item_is_taken_back_in_place(clocked, ddb, cli, name):
    make(ddb, name, index=True,
         StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    put(ddb, name, range(5), v={"N": "1"})
    at = now(clocked)
    clocked.advance("1m")
    put(ddb, name, range(5), v={"N": "2"}, kind={"S": "spoilt"})
    assert cli("restore", name, "--at", at, "--key", key(3)) == (
        f"1 items of {name} became what they were at {at}.\n")
    there = {int(i["sk"]["N"]): i for i in ddb.scan(TableName=name)["Items"]}
    assert there[3] == item(3, v={"N": "1"})
    assert all(there[n]["v"] == {"N": "2"} for n in [0, 1, 2, 4])
    found = ddb.query(TableName=name, IndexName="by-kind", KeyConditionExpression="kind = :k",
                      ExpressionAttributeValues={":k": {"S": "odd"}})["Items"]
    assert numbers(found) == {3}
    streams = clocked.client("dynamodbstreams")
    arn = ddb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    last = [r["dynamodb"] for r in records if r["dynamodb"]["Keys"]["sk"] == {"N": "3"}][-1]
    assert last["OldImage"]["v"] == {"N": "2"} and last["NewImage"]["v"] == {"N": "1"}
    versions = loads(cli("history", name, "--key", key(3), "--json"), "versions")
    assert [v["item"]["v"]["N"] for v in versions] == ["1", "2", "1"]
    assert versions[-1]["operation"] == "RestoreItems"


def test_a_range_and_all_of_it(clocked, ddb, cli, name):
    make(ddb, name)
    put(ddb, name, range(900))
    at = now(clocked)
    clocked.advance("1m")
    for n in range(0, 900, 3):
        ddb.delete_item(TableName=name, Key={"pk": {"S": str(n % 10)}, "sk": {"N": str(n)}})
    put(ddb, name, range(2000, 2010))
    left = contents(ddb, name)
    assert cli("restore", name, "--at", at, "--dry-run") == (
        "310 items would become what they were, 10 of them would go; nothing was changed.\n")
    assert contents(ddb, name) == left
    cli("restore", name, "--at", at, "--from", key(0), "--to", key(300))
    back = {n for n in range(0, 301, 30)}
    assert contents(ddb, name) == left | back
    done = json.loads(cli("restore", name, "--at", at, "--json"))
    assert done["items"] == 310 - len(back)
    assert contents(ddb, name) == set(range(900))
    assert json.loads(cli("restore", name, "--at", at, "--json"))["items"] == 0


def test_beside_in_a_new_table(clocked, ddb, cli, name):
    make(ddb, name, index=True)
    put(ddb, name, range(50))
    at = now(clocked)
    clocked.advance("1m")
    ddb.delete_item(TableName=name, Key={"pk": {"S": "3"}, "sk": {"N": "3"}})
    assert "50 items would be in" in cli("restore", name, "--at", at, "--into", f"{name}-was",
                                         "--dry-run")
    assert cli("restore", name, "--at", at, "--into", f"{name}-was") == (
        f"{name}-was has the 50 items of {name} at {at}.\n")
    table = until_active(ddb, f"{name}-was")
    assert table["GlobalSecondaryIndexes"][0]["ItemCount"] == 50
    assert contents(ddb, f"{name}-was") == set(range(50))
    assert 3 not in contents(ddb, name)
    cli("restore", name, "--at", at, "--key", '{"pk":"3"}', "--into", f"{name}-part")
    assert contents(ddb, f"{name}-part") == {3, 13, 23, 33, 43}
    assert "There is a table" in cli("restore", name, "--at", at, "--into", name, code=1)


def test_random_moments_come_back_in_place(clocked, ddb, cli, name):
    make(ddb, name)
    chance, was, states = random.Random(7), {}, []
    for _ in range(12):
        for _ in range(15):
            n = chance.randrange(40)
            if chance.random() < 0.3:
                ddb.delete_item(TableName=name, Key={"pk": {"S": str(n % 10)},
                                                     "sk": {"N": str(n)}})
                was.pop(n, None)
            else:
                was[n] = item(n, v={"N": str(chance.randrange(1000))})
                ddb.put_item(TableName=name, Item=was[n])
        states.append((now(clocked), dict(was)))
        clocked.advance("5s")
    for at, state in chance.sample(states, len(states)):
        cli("restore", name, "--at", at)
        there = {int(i["sk"]["N"]): i for i in ddb.scan(TableName=name)["Items"]}
        assert there == state
        clocked.advance("5s")


# ---- what cannot be ----

def test_what_is_wrong_is_said(clocked, ddb, cli, name):
    make(ddb, name)
    put(ddb, name, [1])
    assert "say what and which" in cli("show", code=2)
    assert "say as of when" in cli("show", name, code=2)
    assert "There is no table" in cli("show", f"{name}-nothing", "--at", "now", code=1)
    assert "is no moment" in cli("show", name, "--at", "yesterday", code=1)
    assert "still to come" in cli("show", name, "--at", "2090-01-01T00:00:00Z", code=1)
    assert "A key is a JSON object" in cli("show", name, "--at", "now", "--key", "[", code=1)
    assert "nothing else" in cli("show", name, "--at", "now", "--key", '{"sk":1}', code=1)
    assert "either a key or a range" in cli("show", name, "--at", "now", "--key", '{"pk":"1"}',
                                            "--to", '{"pk":"2"}', code=1)
    assert "whole key" in cli("history", name, "--key", '{"pk":"1"}', code=1)


def test_what_is_trimmed_is_said_to_be(fresh, name):
    weir = fresh("--keep", "1d", clock="2026-11-23T08:00:00Z")
    ddb = weir.client("dynamodb")
    make(ddb, name)
    put(ddb, name, range(30))
    at = now(weir)
    weir.advance("1h")
    put(ddb, name, range(15), v={"N": "2"})
    kept = now(weir)
    weir.advance("24h")
    put(ddb, name, range(5), v={"N": "3"})
    weir.advance("2m")
    weir.advance("1m")
    done = run_weir("table", "show", name, "--at", at, "--server", weir.address)
    assert done.returncode == 1 and "is not kept any more" in done.stderr
    done = run_weir("table", "show", name, "--at", kept, "--json", "--server", weir.address)
    assert numbers(loads(done.stdout, "items")) == set(range(30))
    values = [i.get("v") for i in loads(done.stdout, "items")]
    assert values.count({"N": "2"}) == 15 and {"N": "3"} not in values
