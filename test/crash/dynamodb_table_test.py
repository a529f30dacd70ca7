# SPDX-License-Identifier: Apache-2.0
"""kill -9 while an index is filled or swept, while expiry is enabled, items expire or it is
disabled, and while deleted tables are swept, all with items changing meanwhile.

What it proves, after every kill and once the work has come to its end: an index holds exactly the
table's items that belong into it, and its count says so; an acknowledged item that does not expire
is as it was written; what expired is gone; and when all tables are deleted, the store has as many
keys as it had before there were any.

How: each round begins one such work on a table of a few thousand items, writes on until the kill,
which comes after a random short time, starts again, and waits for the end of the work. The work's
steps are a few milliseconds apart, so most kills hit it on its way.
"""
import json
import os
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from dynamodb_kit import index, item, make, plain, until
from weir_server import WeirServer, run_weir

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 25, 8)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
ITEMS = 1600
GROUPS = 6
FAR = 4_000_000_000  # a second that does not come


class World:
    """One table, what it should hold, and the work that is going on."""

    def __init__(self):
        self.random = random.Random(SEED)
        self.weir = WeirServer().start()
        self.ddb = self.weir.client("dynamodb")
        self.kept = {}        # key → item, acknowledged
        self.doubtful = set()  # keys whose last write was not answered
        self.counter = 0
        self.table = None
        self.typed = False    # the index refuses groups that are no text

    # ---- items ----

    def one(self, key):
        """An item: some belong to the index, some are of the wrong type, some expire."""
        self.counter += 1
        made = {"pk": key, "v": self.counter}
        if self.random.random() < 0.8:
            group = self.random.randrange(GROUPS)
            made["group"] = f"g{group}" if group or self.typed else group
        if self.random.random() < 0.7:
            soon = int(time.time()) + self.random.choice([-5, 0, 1, 2])
            made["ttl"] = FAR if self.random.random() < 0.5 else soon
        return made

    def fill(self):
        self.table, self.typed = make(self.ddb), False
        self.kept, self.doubtful = {}, set()
        keys = [f"k{n:05}" for n in range(ITEMS)]
        for at in range(0, ITEMS, 25):
            batch = {key: self.one(key) for key in keys[at:at + 25]}
            self.ddb.batch_write_item(RequestItems={self.table: [
                {"PutRequest": {"Item": item(**made)}} for made in batch.values()]})
            self.kept.update(batch)

    def write(self):
        key = f"k{self.random.randrange(ITEMS + 100):05}"
        made = None if self.random.random() < 0.3 else self.one(key)
        self.doubtful.add(key)
        if made is None:
            self.ddb.delete_item(TableName=self.table, Key=item(pk=key))
            self.kept.pop(key, None)
        else:
            self.ddb.put_item(TableName=self.table, Item=item(**made))
            self.kept[key] = made
        self.doubtful.discard(key)

    # ---- works ----

    def told(self):
        return self.ddb.describe_table(TableName=self.table)["Table"]

    def indexed(self):
        there = self.told().get("GlobalSecondaryIndexes", [])
        return there[0]["IndexStatus"] if there else None

    def expires(self):
        return self.ddb.describe_time_to_live(TableName=self.table)["TimeToLiveDescription"][
            "TimeToLiveStatus"]

    def begin(self, work):
        change = {"TableName": self.table}
        self.typed = work == "index" or self.indexed() is not None
        if work == "index" and self.indexed() is None:
            self.ddb.update_table(
                **change, AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
                GlobalSecondaryIndexUpdates=[{"Create": index("by-group", "group")}])
        elif work == "index":
            self.ddb.update_table(**change, GlobalSecondaryIndexUpdates=[
                {"Delete": {"IndexName": "by-group"}}])
        elif work == "expiry":
            self.ddb.update_time_to_live(**change, TimeToLiveSpecification={
                "Enabled": self.expires() == "DISABLED", "AttributeName": "ttl"})
        else:
            self.ddb.delete_table(**change)
            self.table = None

    def until_killed(self, work):
        """Begins a work and writes until the server is gone."""
        process = self.weir.process
        delay = self.random.random() ** 2 * 0.25
        timer = threading.Timer(delay, process.kill)
        timer.start()
        table = self.table
        try:
            self.begin(work)  # unanswered, it may be begun or not
            while self.table is not None:
                self.write()
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
        except BotoCoreError:
            pass
        timer.join()
        self.weir.kill()
        self.weir.start()
        self.ddb = self.weir.client("dynamodb")
        names = self.ddb.list_tables()["TableNames"]
        self.table = table if table in names else None

    def settle(self):
        until(lambda: self.indexed() in (None, "ACTIVE"))
        until(lambda: self.expires() in ("ENABLED", "DISABLED"))

    # ---- judging ----

    def scanned(self, **more):
        pages = self.ddb.get_paginator("scan").paginate(TableName=self.table, **more)
        return {made["pk"]: made
                for page in pages for made in map(plain, page["Items"])}

    def overdue(self):
        return [key for key, made in self.scanned().items()
                if FAR > made.get("ttl", FAR) and made["ttl"] <= time.time()]

    def check_items(self):
        there = self.scanned()
        for key, made in self.kept.items():
            if key not in self.doubtful and made.get("ttl", FAR) == FAR:
                assert there.get(key) == made
        for key, made in there.items():
            assert key in self.doubtful or self.kept.get(key) == made
        until(lambda: self.told()["ItemCount"] == len(self.scanned()))  # items go meanwhile

    def entries_agree(self):
        entries = self.scanned(IndexName="by-group")
        told, = self.told()["GlobalSecondaryIndexes"]
        belong = {key: made for key, made in self.scanned().items()
                  if isinstance(made.get("group"), str)}
        return entries == belong and told["ItemCount"] == len(entries)

    def check_index(self):
        if self.indexed() is not None:
            until(self.entries_agree, 5)  # items go meanwhile

    def keys(self):
        """How many keys the store has, by fsck of the stopped server."""
        assert self.weir.stop() == 0
        checked = run_weir("fsck", "--json", self.weir.data)
        assert checked.returncode == 0, checked.stdout
        self.weir.start()
        self.ddb = self.weir.client("dynamodb")
        return json.loads(checked.stdout.splitlines()[-1])["keys"]


@pytest.fixture
def world():
    world = World()
    yield world
    world.weir.close()


def test_what_is_begun_is_ended_and_nothing_stays(world):
    print(f"seed {SEED}")
    world.ddb.create_table(  # the service's own rows come with the first table
        TableName="stays", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST")
    before = world.keys()
    works = ["index", "expiry", "delete"]
    for number in range(ROUNDS):
        if world.table is None:
            world.fill()
        work = works[number % 2] if number % 5 != 4 else "delete"
        world.until_killed(work)
        if world.table is None:
            continue
        world.settle()
        if world.expires() == "ENABLED":
            until(lambda: not world.overdue())
        world.check_index()
        world.check_items()
    if world.table is not None:
        world.ddb.delete_table(TableName=world.table)
    until(lambda: world.keys() == before)
