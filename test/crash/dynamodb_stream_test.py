# SPDX-License-Identifier: Apache-2.0
"""kill -9 while items are put, updated and deleted, singly and in transactions, in a table with a
stream and a destination.

What it proves, after every kill: each acknowledged write has exactly one record, in order per item;
one that was not acknowledged has one or none, all of a transaction alike; no record tells of what
nobody wrote. An item and its
newest record agree, so both are there or both are not. A record's old image is the image before
it. The Kinesis stream has the same changes in the same order.

How: writers are threads with a client and items of their own, which never retry, and note for each
item what was sent and acknowledged; so at most a writer's last write is in doubt. The kill comes
after a random number of acknowledgements. The stream is read on from the last number seen, so
numbers outlive the process, too.
"""
import json
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from dynamodb_kit import item, make, plain
from dynamodb_stream_kit import iterator, read_from, shards_of, stream, stream_of
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WRITERS = 4
ITEMS = 3  # of a writer
ACKS_MAX = 80
DESTINATION = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/changes"


class Writer(threading.Thread):
    """Changes its items until the server is gone. versions: item → what it is now, or None."""

    def __init__(self, weir, table, number, versions, on_ack):
        super().__init__(daemon=True)
        self.ddb, self.table = weir.client("dynamodb"), table
        self.number, self.versions, self.on_ack = number, versions, on_ack
        self.counter = max([v["n"] for v in versions.values() if v] + [0]) + 1000
        self.random = random.Random(f"{SEED}/{number}/{self.counter}")
        self.acknowledged = {key: [] for key in versions}  # what each became, in order
        self.doubtful, self.wrong = {}, None

    def change(self, key):
        """What an item becomes, and the transaction's action for it."""
        self.counter += 1
        doing = self.random.choice(["Put", "Put", "Update", "Delete"])
        if doing == "Delete" and self.versions[key] is None:
            doing = "Put"  # else there would be no change, and no record
        becomes = None if doing == "Delete" else {"pk": key, "n": self.counter}
        more = {"Put": {"Item": item(pk=key, n=self.counter)}, "Delete": {"Key": item(pk=key)},
                "Update": {"Key": item(pk=key), "UpdateExpression": "SET n = :n",
                           "ExpressionAttributeValues": {":n": {"N": str(self.counter)}}}}[doing]
        return becomes, {doing: {"TableName": self.table, **more}}

    def write(self):
        keys = self.random.sample(sorted(self.versions), self.random.choice([1, 1, 2]))
        changes = {key: self.change(key) for key in keys}
        self.doubtful = {key: becomes for key, (becomes, _) in changes.items()}
        actions = [action for _, action in changes.values()]
        if len(keys) > 1:
            self.ddb.transact_write_items(TransactItems=actions)
        else:
            [(doing, more)] = actions[0].items()
            getattr(self.ddb, f"{doing.lower()}_item")(**more)
        for key, becomes in self.doubtful.items():
            self.versions[key] = becomes
            self.acknowledged[key].append(becomes)
        self.doubtful = {}
        self.on_ack()

    def run(self):
        try:
            while True:
                self.write()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def write_and_kill(weir, table, known, chance):
    countdown = threading.Semaphore(0)
    writers = [Writer(weir, table, i, dict(known[i]), countdown.release) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(chance.randrange(ACKS_MAX)):
        assert countdown.acquire(timeout=30), [w.wrong for w in writers]
    threading.Event().wait(chance.random() / 500)
    weir.kill()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive()
        assert writer.wrong is None, writer.wrong
    return writers


def of_keys(changes):
    """(key, old, new) of each change, in order, by key."""
    found = {}
    for record in changes:
        about = record["dynamodb"]
        old, new = (plain(about[name]) if name in about else None
                    for name in ("OldImage", "NewImage"))
        assert record["eventName"] == ("INSERT" if old is None else
                                       "REMOVE" if new is None else "MODIFY")
        found.setdefault(about["Keys"]["pk"]["S"], []).append((old, new))
    return found


class Reader:
    """Reads a stream on from where it was."""

    def __init__(self, arn):
        self.arn, self.number = arn, None

    def news(self, weir):
        streams = weir.client("dynamodbstreams")
        [shard] = shards_of(streams, self.arn)
        at = (iterator(streams, self.arn, shard, "AFTER_SEQUENCE_NUMBER",
                       SequenceNumber=self.number) if self.number else
              iterator(streams, self.arn, shard))
        records, _ = read_from(streams, at)
        numbers = [r["dynamodb"]["SequenceNumber"] for r in records]
        assert numbers == sorted(set(numbers))
        self.number = numbers[-1] if numbers else self.number
        return records


class Kinesis:
    """Reads the destination on from where it was."""

    def __init__(self):
        self.number = None

    def news(self, weir):
        kinesis = weir.client("kinesis")
        start = ({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                  "StartingSequenceNumber": self.number} if self.number else
                 {"ShardIteratorType": "TRIM_HORIZON"})
        at = kinesis.get_shard_iterator(StreamName="changes", ShardId="shardId-000000000000",
                                        **start)["ShardIterator"]
        found = []
        while records := (answer := kinesis.get_records(ShardIterator=at))["Records"]:
            found += [json.loads(r["Data"]) for r in records]
            self.number, at = records[-1]["SequenceNumber"], answer["NextShardIterator"]
        return found


def look_at(weir, table, writer, known, changes):
    """Checks one writer's items against the news of them, which become what is known."""
    ddb = weir.client("dynamodb")
    happened = set()
    for key, before in known.items():
        news = [new for _, new in changes.get(key, [])]
        sent = writer.acknowledged[key]
        if key in writer.doubtful:
            happened.add(news != sent)
            sent = [*sent, writer.doubtful[key]] if news != sent else sent
        assert news == sent, f"{key}: {news} for {sent}"
        for old, new in changes.get(key, []):
            assert old == before, f"{key}: {old} where {before} was"
            before = new
        now = ddb.get_item(TableName=table, Key=item(pk=key)).get("Item")
        assert (plain(now) if now else None) == before, f"{key}: the item is not its newest record"
        known[key] = before
    assert len(happened) < 2, f"a part of {writer.doubtful}"


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_an_item_and_its_record_are_both_there_or_both_not(weir, capsys):
    chance = random.Random(SEED)
    known = [{f"{i}/{k}": None for k in range(ITEMS)} for i in range(WRITERS)]
    weir.start()
    ddb = weir.client("dynamodb")
    table = make(ddb, StreamSpecification=stream())
    weir.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
    ddb.enable_kinesis_streaming_destination(TableName=table, StreamArn=DESTINATION)
    reader, destination = Reader(stream_of(ddb, table)), Kinesis()
    found = 0
    for number in range(1, ROUNDS + 1):
        where = f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}"
        try:
            writers = write_and_kill(weir, table, known, chance)
            weir.start()
            records = reader.news(weir)
            changes = of_keys(records)
            assert changes == of_keys(destination.news(weir)), "the destination has others"
            assert set(changes) <= {key for items in known for key in items}
            for writer, items in zip(writers, known):
                look_at(weir, table, writer, items, changes)
            found += len(records)
        except BaseException as error:
            raise AssertionError(f"{where}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {found} changes, each with its record, seed {SEED}")
