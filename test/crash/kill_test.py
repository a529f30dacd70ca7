# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, hundreds of times over one data directory, under load.

What it proves, after every kill: each acknowledged record is there exactly once, under the number
it was acknowledged with; what a producer put into a shard is there in the order in which it put it;
a record that was not acknowledged is there at most once; nothing is there that nobody sent. Every
few rounds the whole stream is read again from its beginning, and `weir fsck` looks at the directory
as the kill left it.

How: producers are threads with a raw connection each, which send batches of random sizes, never
retry, and note what they sent and what was acknowledged. The kill comes after a random number of
acknowledgements and a random fraction of a millisecond. Some rounds also reshard, send large
records, stop cleanly, or kill the server again while it is still recovering.

WEIR_CRASH_ROUNDS sets the number of rounds, WEIR_CRASH_SEED repeats a run's choices (the kills'
moments also depend on the machine).
"""
import base64
import http.client
import json
import os
import random
import subprocess
import threading

import pytest
from kinesis_kit import hash_range, queue_arn, stream_arn
from weir_server import WeirServer, weir_path

ROUNDS = int(os.environ.get("WEIR_CRASH_ROUNDS", "250"))
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
PRODUCERS = 4
ACKS_MAX = 120        # acknowledged requests before a kill, at most
FULL_READ_EVERY = 25  # rounds
FSCK_EVERY = 7
STREAM = "crash"


class Connection:
    """Kinesis over one kept connection, unsigned in effect; raises OSError when the server dies."""

    def __init__(self, weir):
        self.weir = weir
        self.http = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=30)
        self.heads = {}

    def call(self, operation, **body):
        if operation not in self.heads:
            self.heads[operation] = self.weir.headers(operation)
        try:
            self.http.request("POST", "/", json.dumps(body), self.heads[operation])
            answer = self.http.getresponse()
            status, text = answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(error) from error
        assert status == 200, (operation, status, text)
        return json.loads(text) if text else {}


class Ledger:
    """What was sent, what was acknowledged, and what was found so far."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = set()           # of data
        self.acknowledged = {}      # data → (shard, sequence number)
        self.waiting = []           # data acknowledged and not yet looked for
        self.found = {}             # shard → [(sequence number, data)], as read
        self.seen = {}              # data → (shard, sequence number), from found
        self.last = {}              # (shard, producer) → counter last found

    def send(self, batch):
        with self.lock:
            self.sent.update(batch)

    def acknowledge(self, batch, results):
        with self.lock:
            for data, result in zip(batch, results):
                assert data not in self.acknowledged
                self.acknowledged[data] = (result["ShardId"], result["SequenceNumber"])
                self.waiting.append(data)


class Producer(threading.Thread):
    """Puts batches until the server is gone. Data is "producer/counter", counters rise for ever."""

    def __init__(self, weir, ledger, number, counter, large, on_ack):
        super().__init__(daemon=True)
        self.connection = Connection(weir)
        self.ledger, self.number, self.counter = ledger, number, counter
        self.random = random.Random(f"{SEED}/{number}/{counter}")
        self.large, self.on_ack = large, on_ack
        self.wrong = None

    def run(self):
        try:
            while True:
                self.put_one_batch()
        except OSError:
            pass  # killed, as it should be
        except BaseException as error:
            self.wrong = error

    def put_one_batch(self):
        batch = []
        padding = "x" * self.random.randrange(200_000) if self.large else ""
        for _ in range(self.random.choice((1, 1, 1, 2, 5, 20))):
            self.counter += 1
            batch.append(f"{self.number}/{self.counter}/{padding}")
        self.ledger.send(batch)
        records = [{"Data": base64.b64encode(data.encode()).decode(),
                    "PartitionKey": f"{self.random.randrange(1000)}"} for data in batch]
        if len(batch) == 1:
            results = [self.connection.call("PutRecord", StreamName=STREAM, **records[0])]
        else:
            answer = self.connection.call("PutRecords", StreamName=STREAM, Records=records)
            assert answer["FailedRecordCount"] == 0
            results = answer["Records"]
        self.ledger.acknowledge(batch, results)
        self.on_ack()


def produce_and_kill(weir, ledger, counters, chance):
    """One round's load, ended by kill -9 at a random moment."""
    countdown = threading.Semaphore(0)
    large = chance.random() < 0.1
    producers = [Producer(weir, ledger, i, counters[i], large, countdown.release)
                 for i in range(PRODUCERS)]
    for producer in producers:
        producer.start()
    for _ in range(chance.randrange(ACKS_MAX // (10 if large else 1))):
        assert countdown.acquire(timeout=30), [p.wrong for p in producers]
    if chance.random() < 0.15:
        reshard(weir, chance)
    threading.Event().wait(chance.random() / 1000)
    weir.kill()
    for producer in producers:
        producer.join(30)
        assert not producer.is_alive()
        if producer.wrong is not None:
            raise producer.wrong
        counters[producer.number] = producer.counter


def reshard(weir, chance):
    """Splits or merges something, so that shards close and open under load."""
    connection = Connection(weir)
    listed = connection.call("ListShards", StreamName=STREAM, ShardFilter={"Type": "AT_LATEST"})
    shards = sorted(listed["Shards"], key=hash_range)
    if len(shards) > 4:
        at = chance.randrange(len(shards) - 1)
        connection.call("MergeShards", StreamName=STREAM, ShardToMerge=shards[at]["ShardId"],
                        AdjacentShardToMerge=shards[at + 1]["ShardId"])
    else:
        shard = chance.choice(shards)
        start, end = hash_range(shard)
        connection.call("SplitShard", StreamName=STREAM, ShardToSplit=shard["ShardId"],
                        NewStartingHashKey=str((start + end) // 2))


def kill_while_recovering(weir, chance):
    command = [weir_path(), "serve", "--data", weir.data, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    threading.Event().wait(chance.random() * 0.04)
    process.kill()
    process.wait()


def all_shards(connection):
    shards, answer = [], connection.call("ListShards", StreamName=STREAM)
    while True:
        shards += [s["ShardId"] for s in answer["Shards"]]
        if "NextToken" not in answer:
            return shards
        answer = connection.call("ListShards", NextToken=answer["NextToken"])


def read(connection, shard, after=None):
    """A shard's records from its beginning, or after a number: [(number, data)]."""
    start = ({"ShardIteratorType": "TRIM_HORIZON"} if after is None else
             {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after})
    at = connection.call("GetShardIterator", StreamName=STREAM, ShardId=shard,
                         **start)["ShardIterator"]
    records = []
    while at is not None:
        answer = connection.call("GetRecords", ShardIterator=at)
        records += [(r["SequenceNumber"], base64.b64decode(r["Data"]).decode())
                    for r in answer["Records"]]
        if not answer["Records"]:
            break
        at = answer.get("NextShardIterator")
    return records


def look(weir, ledger, full):
    """Reads what is new, or everything, and holds it against the ledger."""
    connection = Connection(weir)
    for shard in all_shards(connection):
        known = ledger.found.setdefault(shard, [])
        if full:
            again = read(connection, shard)
            assert again[:len(known)] == known, f"{shard}: what was read before has changed"
            new = again[len(known):]
        else:
            new = read(connection, shard, known[-1][0] if known else None)
        check_new(ledger, shard, known, new)
        known += new
    lost = [data[:40] for data in ledger.waiting if data not in ledger.seen]
    assert not lost, f"{len(lost)} acknowledged records are lost: {lost[:5]}"
    moved = [d[:40] for d in ledger.waiting if ledger.seen[d] != ledger.acknowledged[d]]
    assert not moved, f"acknowledged elsewhere than found: {moved[:5]}"
    ledger.waiting.clear()


def check_new(ledger, shard, known, new):
    last_number = int(known[-1][0]) if known else 0
    for number, data in new:
        assert last_number < int(number), f"{shard}: numbers do not rise"
        last_number = int(number)
        assert data not in ledger.seen, f"{data[:40]} is twice: {ledger.seen[data]} and {shard}"
        assert data in ledger.sent, f"nobody sent {data[:40]}"
        ledger.seen[data] = (shard, number)
        producer, counter, _ = data.split("/", 2)
        before = ledger.last.get((shard, producer), 0)
        assert before < int(counter), f"{shard}: {data[:40]} out of order"
        ledger.last[shard, producer] = int(counter)


def fsck(weir):
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_no_acknowledged_record_is_lost_doubled_moved_or_invented(weir, capsys):
    chance = random.Random(SEED)
    ledger = Ledger()
    counters = [0] * PRODUCERS
    longest_ms = 0
    weir.start().client().create_stream(StreamName=STREAM, ShardCount=3)
    for number in range(1, ROUNDS + 1):
        where = f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}"
        try:
            produce_and_kill(weir, ledger, counters, chance)
            if number % FSCK_EVERY == 0:
                fsck(weir)
            if chance.random() < 0.1:
                kill_while_recovering(weir, chance)
            weir.start()
            longest_ms = max(longest_ms, weir.ready["took_ms"])
            look(weir, ledger, full=number % FULL_READ_EVERY == 0 or number == ROUNDS)
            if chance.random() < 0.1:
                weir.restart()
        except BaseException as error:
            raise AssertionError(f"{where}: {error}") from error
    assert weir.stop() == 0
    fsck(weir)
    found = sum(len(records) for records in ledger.found.values())
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {len(ledger.sent)} records sent, {len(ledger.acknowledged)} "
              f"acknowledged, {found} found in {len(ledger.found)} shards, longest recovery "
              f"{longest_ms} ms, seed {SEED}")
    assert len(ledger.acknowledged) >= ROUNDS


# ---- queues: who acknowledged a record does not see it again ----

class Receiver(threading.Thread):
    """Receives and acknowledges until the server is gone."""

    def __init__(self, weir, delivered, done, on_ack):
        super().__init__(daemon=True)
        self.connection = Connection(weir)
        self.delivered, self.done, self.on_ack = delivered, done, on_ack
        self.wrong = None

    def run(self):
        try:
            while True:
                self.receive_some()
        except OSError:
            pass
        except BaseException as error:
            self.wrong = error

    def receive_some(self):
        arn = queue_arn(STREAM)
        records = self.connection.call("ReceiveQueueRecords", QueueARN=arn, Limit=10,
                                       VisibilityTimeoutSeconds=0)["QueueRecords"]
        for record in records:
            assert record["RecordId"] not in self.done, "delivered after it was acknowledged"
            self.delivered.add(base64.b64decode(record["Data"]).decode())
        answer = self.connection.call("AcknowledgeQueueRecords", QueueARN=arn, Entries=[
            {"ReceiptHandle": r["ReceiptHandle"]} for r in records])
        assert answer["Failed"] == []
        self.done.update(r["RecordId"] for r in records)
        self.on_ack()


def test_acknowledged_queue_records_stay_away(weir):
    """One receiver, so that no other has a record in hand while it is acknowledged."""
    chance = random.Random(SEED)
    delivered, done = set(), set()
    kinesis = weir.start().client()
    kinesis.create_stream(StreamName=STREAM, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    kinesis.create_queue(QueueName=STREAM, StreamConfigurationList=[
        {"StreamARN": stream_arn(STREAM), "StartingPosition": {"Type": "TRIM_HORIZON"}}],
        QueueAttributes={"DeadLetterConfiguration": {"TargetType": "NONE"}})
    put = 0
    for _ in range(max(ROUNDS // 10, 3)):
        connection = Connection(weir)
        for _ in range(3):
            connection.call("PutRecords", StreamName=STREAM, Records=[
                {"Data": base64.b64encode(str(put + i).encode()).decode(),
                 "PartitionKey": str(put + i)} for i in range(100)])
            put += 100
        countdown = threading.Semaphore(0)
        receiver = Receiver(weir, delivered, done, countdown.release)
        receiver.start()
        for _ in range(chance.randrange(25)):
            assert countdown.acquire(timeout=30), receiver.wrong
        weir.kill()
        receiver.join(30)
        if receiver.wrong is not None:
            raise receiver.wrong
        weir.start()
    connection = Connection(weir)
    while True:
        answer = connection.call("ReceiveQueueRecords", QueueARN=queue_arn(STREAM), Limit=10,
                                 WaitTimeSeconds=1)["QueueRecords"]
        for record in answer:
            assert record["RecordId"] not in done
            delivered.add(base64.b64decode(record["Data"]).decode())
        if not answer:
            break
    assert delivered == {str(i) for i in range(put)}
    weir.stop()
    fsck(weir)
