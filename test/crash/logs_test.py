# SPDX-License-Identifier: Apache-2.0
"""kill -9 while writers put log events, a subscription filter hands them on, and an export runs.

What it proves, after every kill: every event whose putting was acknowledged is in its stream, once,
and the events of a writer are in the order in which it put them; of a batch all or nothing; nothing
is there that nobody put. Of each batch that is there the subscription's records are in Kinesis,
once, and of none that is not there. At the end an export that was killed in between has everything
once.

How: writers are threads with a client and a stream each; they never retry, put batches that span
seconds, and note what was sent and acknowledged. The kill comes after a random number of
acknowledgements. Some rounds stop cleanly.

WEIR_CRASH_ROUNDS sets the number of rounds (a tenth of it), WEIR_CRASH_SEED repeats its choices.
"""
import collections
import gzip
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from logs_kit import Kit, unpacked, until
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WRITERS = 3
ACKS_MAX = 120
GROUP = "/app/crash"
STREAM = "arn:aws:kinesis:%s:%s:stream/copy" % (REGION, ACCOUNT)


class Writer(threading.Thread):
    """Puts batches until the server is gone. A message is writer/batch/size/place."""

    def __init__(self, weir, number, batch, on_ack):
        super().__init__(daemon=True)
        self.kit = Kit(weir)
        self.now = self.kit.now
        self.number, self.batch, self.on_ack = number, batch, on_ack
        self.random = random.Random(f"{SEED}/{number}/{batch}")
        self.acknowledged = set()
        self.wrong = None

    def run(self):
        try:
            while True:
                self.put()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be

    def put(self):
        self.batch += 1
        size = self.random.choice((1, 1, 5, 40))
        at = self.now + self.batch  # rises: a writer's events are in order
        self.kit.put(GROUP, f"w{self.number}",
                     *[(at, f"{self.number}/{self.batch}/{size}/{i}") for i in range(size)])
        self.acknowledged.add(self.batch)
        self.on_ack()


def set_up(weir):
    kit = Kit(weir)
    kit.group(GROUP, *[f"w{i}" for i in range(WRITERS)])
    weir.client("kinesis").create_stream(StreamName="copy", ShardCount=1)
    kit.logs.put_subscription_filter(logGroupName=GROUP, filterName="copy", filterPattern="",
                                     destinationArn=STREAM)
    weir.client("s3").create_bucket(Bucket="exports")


def work_and_kill(weir, batches, acknowledged, chance):
    countdown = threading.Semaphore(0)
    writers = [Writer(weir, i, batches[i], countdown.release) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=60), [w.wrong for w in writers]
    if chance.random() < 0.1:
        weir.stop()
    else:
        weir.kill()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive() and (writer.wrong is None or "Unavail" in str(writer.wrong)), (
            writer.wrong)
        batches[writer.number] = writer.batch
        acknowledged[writer.number] |= writer.acknowledged


def events_of(kit, number):
    """All of a writer's events, by tokens."""
    found, token = [], None
    while True:
        more = {"nextToken": token} if token else {"startFromHead": True}
        page = kit.get(GROUP, f"w{number}", **more)
        found += [e["message"] for e in page["events"]]
        if page["nextForwardToken"] == token:
            return found
        token = page["nextForwardToken"]


def handed_on(weir):
    """What the subscription gave, record by record."""
    kinesis = weir.client("kinesis")
    iterator = kinesis.get_shard_iterator(StreamName="copy", ShardId="shardId-000000000000",
                                          ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found = []
    while True:
        page = kinesis.get_records(ShardIterator=iterator)
        if not page["Records"]:
            return found
        iterator = page["NextShardIterator"]
        for record in page["Records"]:
            data = unpacked(record)
            if data["messageType"] == "DATA_MESSAGE":
                found += [e["message"] for e in data["logEvents"]]


def look(weir, batches, acknowledged):
    kit = Kit(weir)
    everything = []
    for number in range(WRITERS):
        found = events_of(kit, number)
        parts = [tuple(map(int, message.split("/"))) for message in found]
        assert parts == sorted(set(parts)), f"w{number}: twice, or out of order"
        sizes = collections.Counter(part[1] for part in parts)
        assert all(sizes[part[1]] == part[2] for part in parts), f"w{number}: half a batch"
        lost = acknowledged[number] - set(sizes)
        assert not lost, f"w{number}: lost {sorted(lost)[:5]}"
        assert all(part[0] == number and part[1] <= batches[number] for part in parts)
        everything += found
    assert sorted(kit.filtered(GROUP)) == sorted(everything)
    assert sorted(handed_on(weir)) == sorted(everything)
    return everything


def exported(weir, chance):
    """Begins an export, kills weir a few times meanwhile, gives its lines."""
    kit = Kit(weir)
    task = kit.logs.create_export_task(logGroupName=GROUP, fromTime=0, to=kit.now + 10**9,
                                       destination="exports")["taskId"]
    for _ in range(3):
        if chance.random() < 0.7:
            weir.restart(hard=True)
        weir.advance("61s")  # the timer that looks after it
    kit = Kit(weir)
    told = until(lambda: kit.logs.describe_export_tasks(taskId=task)["exportTasks"][0],
                 lambda task: task["status"]["code"] not in ("PENDING", "RUNNING"))
    assert told["status"]["code"] == "COMPLETED", told
    s3 = weir.client("s3")
    keys = [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket="exports")
            for o in p["Contents"] if task in o["Key"]]
    return [line.split(" ", 1)[1] for key in keys for line in gzip.decompress(
        s3.get_object(Bucket="exports", Key=key)["Body"].read()).decode().splitlines()]


@pytest.fixture
def weir():
    server = WeirServer(clock="2026-11-23T08:00:00Z")
    yield server
    server.close()


def test_log_events_are_there_once_and_in_order(weir, capsys):
    chance = random.Random(SEED)
    batches = [0] * WRITERS
    acknowledged = [set() for _ in range(WRITERS)]
    set_up(weir.start())
    for number in range(1, ROUNDS + 1):
        try:
            work_and_kill(weir, batches, acknowledged, chance)
            weir.start()
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error}") from error
    try:
        everything = look(weir, batches, acknowledged)
        assert sorted(exported(weir, chance)) == sorted(everything)
        weir.restart(hard=True)
        assert sorted(look(weir, batches, acknowledged)) == sorted(everything)
    except BaseException as error:
        raise AssertionError(f"at the end, WEIR_CRASH_SEED={SEED}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {len(everything)} events, seed {SEED}")
