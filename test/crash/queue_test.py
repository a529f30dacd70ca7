# SPDX-License-Identifier: Apache-2.0
"""kill -9 while producers and consumers work on a standard and a FIFO queue.

What it proves, after every kill: a message whose sending was acknowledged and whose deletion was
not asked for is there, once; one whose deletion was acknowledged never comes back; nothing is there
that nobody sent; a group of the FIFO queue is handed out in the order in which its producer sent
it, and nothing of it before what came first; a second send with the same de-duplication id is the first one's twin.

How: producers are threads with a client each, which send singly or in batches, never retry, and
note what was sent and acknowledged. Consumers receive, note, and delete most of what they get; the
rest they give back, or leave in flight for a later round. The kill comes after a random number of
acknowledgements. Some rounds stop cleanly. At the end everything is drained and compared.

WEIR_CRASH_ROUNDS sets the number of rounds (a tenth of it), WEIR_CRASH_SEED repeats its choices.
"""
import collections
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
PRODUCERS = 3
CONSUMERS = 2
ACKS_MAX = 150
QUEUES = ("work", "work.fifo")


class Ledger:
    """What happened to each body, by queue; bodies are "producer/counter"."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {queue: set() for queue in QUEUES}
        self.acknowledged = {queue: set() for queue in QUEUES}
        self.delete_sent = {queue: set() for queue in QUEUES}
        self.deleted = {queue: set() for queue in QUEUES}
        self.drained = {queue: set() for queue in QUEUES}
        self.wrong = []

    def note(self, kind, queue, bodies):
        with self.lock:
            getattr(self, kind)[queue].update(bodies)

    def found(self, queue, messages):
        """A consumer or the last look got these."""
        bodies = [message["Body"] for message in messages]
        with self.lock:
            for group in {body.split("/")[0] for body in bodies if queue.endswith(".fifo")}:
                mine = [body for body in bodies if body.startswith(f"{group}/")]
                left = self.acknowledged[queue] - self.delete_sent[queue] - self.drained[queue]
                first = min(left,
                            key=lambda b, g=group: (not b.startswith(f"{g}/"), b),
                            default=mine[0])
                if mine != sorted(mine) or (first.startswith(f"{group}/") and mine[0] > first):
                    self.wrong.append(f"{queue}: {mine[0]} before {first}")
            for message in messages:
                body = message["Body"]
                if body in self.deleted[queue]:
                    self.wrong.append(f"{queue}: {body} was deleted and came back")
                if body not in self.sent[queue]:
                    self.wrong.append(f"{queue}: nobody sent {body}")
        assert not self.wrong, self.wrong[:5]


class Worker(threading.Thread):
    """Works until the server is gone."""

    def __init__(self, weir, ledger, number, on_ack):
        super().__init__(daemon=True)
        self.sqs = weir.client("sqs")
        self.urls = {queue: self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
                     for queue in QUEUES}
        self.ledger, self.number, self.on_ack = ledger, number, on_ack
        self.wrong = None

    def run(self):
        try:
            while True:
                self.work(QUEUES[self.random.randrange(2)])
        except (ClientError, AssertionError) as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


class Producer(Worker):
    """Counters rise for ever; the group of a FIFO message is its producer."""

    def __init__(self, weir, ledger, number, counter, on_ack):
        super().__init__(weir, ledger, number, on_ack)
        self.counter = counter
        self.random = random.Random(f"{SEED}/p{number}/{counter}")

    def entry(self, queue):
        self.counter += 1
        body = f"{self.number}/{self.counter:07}"
        entry = {"Id": str(self.counter), "MessageBody": body}
        if queue.endswith(".fifo"):
            entry.update(MessageGroupId=str(self.number), MessageDeduplicationId=body)
        return entry

    def work(self, queue):
        entries = [self.entry(queue) for _ in range(self.random.choice((1, 1, 3, 10)))]
        bodies = [entry["MessageBody"] for entry in entries]
        self.ledger.note("sent", queue, bodies)
        if len(entries) == 1:
            del entries[0]["Id"]
            answer = self.sqs.send_message(QueueUrl=self.urls[queue], **entries[0])
            if queue.endswith(".fifo") and self.random.random() < 0.2:
                twin = self.sqs.send_message(QueueUrl=self.urls[queue], **entries[0])
                assert twin["MessageId"] == answer["MessageId"]
        else:
            answer = self.sqs.send_message_batch(QueueUrl=self.urls[queue], Entries=entries)
            assert len(answer["Successful"]) == len(entries), answer
        self.ledger.note("acknowledged", queue, bodies)
        self.on_ack()


class Consumer(Worker):
    """Deletes three quarters of what it gets, singly or together."""

    def __init__(self, weir, ledger, number, counter, on_ack):
        super().__init__(weir, ledger, number, on_ack)
        self.counter = counter
        self.random = random.Random(f"{SEED}/c{number}/{counter}")

    def work(self, queue):
        url = self.urls[queue]
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                            VisibilityTimeout=5).get("Messages", [])
        self.ledger.found(queue, messages)
        if queue.endswith(".fifo"):  # what comes first goes first, else a group is out of order
            keep = self.random.randrange(len(messages) + 1) if self.random.random() < 0.3 else 0
            done, rest = messages[:len(messages) - keep], messages[len(messages) - keep:]
        else:
            done = [m for m in messages if self.random.random() < 0.75]
            rest = [m for m in messages if m not in done]
        bodies = [m["Body"] for m in done]
        self.ledger.note("delete_sent", queue, bodies)
        if done:
            answer = self.sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(done)])
            assert "Failed" not in answer, answer  # the clock stands still: no handle is stale
            self.ledger.note("deleted", queue, bodies)
            self.on_ack()
        for message in rest[:2]:
            self.sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)


def set_up(weir):
    sqs = weir.client("sqs")
    for queue in QUEUES:
        more = {"Attributes": {"FifoQueue": "true"}} if queue.endswith(".fifo") else {}
        sqs.create_queue(QueueName=queue, **more)


def work_and_kill(weir, ledger, counters, chance):
    countdown = threading.Semaphore(0)
    workers = [Producer(weir, ledger, i, counters[i], countdown.release)
               for i in range(PRODUCERS)]
    workers += [Consumer(weir, ledger, i, counters[0], countdown.release)
                for i in range(CONSUMERS)]
    for worker in workers:
        worker.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=60), [w.wrong for w in workers]
    if chance.random() < 0.1:
        weir.stop()
    else:
        weir.kill()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive() and (worker.wrong is None or "Unavail" in str(worker.wrong)), (
            worker.wrong)
    for i in range(PRODUCERS):
        counters[i] = workers[i].counter


def drain(sqs, ledger, queue):
    """Everything that is there, deleted; bodies in the order they came."""
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                          VisibilityTimeout=600).get("Messages"):
        ledger.found(queue, messages)
        found += [m["Body"] for m in messages]
        ledger.note("drained", queue, [m["Body"] for m in messages])
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])
    return found


def last_look(weir, ledger):
    sqs = weir.client("sqs")
    for queue in QUEUES:
        found = drain(sqs, ledger, queue)
        twice = [body for body, count in collections.Counter(found).items() if count > 1]
        assert not twice, f"{queue}: there twice: {twice[:5]}"
        lost = ledger.acknowledged[queue] - ledger.delete_sent[queue] - set(found)
        assert not lost, f"{queue}: lost: {sorted(lost)[:5]}"
        if queue.endswith(".fifo"):
            for producer in range(PRODUCERS):
                group = [body for body in found if body.startswith(f"{producer}/")]
                assert group == sorted(group), f"{queue}: group {producer} is out of order"
    return sqs


@pytest.fixture
def weir():
    server = WeirServer(clock="2026-11-23T08:00:00Z")
    yield server
    server.close()


def test_queues_lose_nothing_and_bring_nothing_back(weir, capsys):
    chance = random.Random(SEED)
    counters = [0] * PRODUCERS
    ledger = Ledger()
    set_up(weir.start())
    for number in range(1, ROUNDS + 1):
        try:
            work_and_kill(weir, ledger, counters, chance)
            weir.start()
            weir.advance("3s")  # what was in flight comes back after two rounds
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error}") from error
    weir.advance("10s")
    try:
        last_look(weir, ledger)
        weir.restart(hard=True)
        for queue in QUEUES:
            assert drain(weir.client("sqs"), ledger, queue) == []
    except BaseException as error:
        raise AssertionError(f"at the end, WEIR_CRASH_SEED={SEED}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        sent = sum(len(ledger.sent[queue]) for queue in QUEUES)
        deleted = sum(len(ledger.delete_sent[queue]) for queue in QUEUES)
        print(f"\n{ROUNDS} kills: {sent} messages sent, {deleted} deleted on the way, seed {SEED}")
