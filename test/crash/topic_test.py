# SPDX-License-Identifier: Apache-2.0
"""kill -9 while messages are published to a standard and a FIFO topic with four queues each.

What it proves, after every kill: an acknowledged message is in each of the queues whose filter
lets it through, exactly once; one that was not acknowledged is in all of them or in none (a batch
as a whole); FIFO queues have each group's messages in the order in which they were published; the
archive of the FIFO topic has the same messages; the outbox has a text message for each.

How: producers are threads with a client each, which publish singly and in batches, never retry,
and note what was sent and acknowledged. The kill comes after a random number of
acknowledgements. Every look drains the queues.
"""
import collections
import json
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
PRODUCERS = 4
QUEUES = 4
ACKS_MAX = 60
PREFIX = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
PHONE = "+15550001111"


class Producer(threading.Thread):
    """Publishes "producer/counter" until the server is gone; odd ones to the FIFO topic."""

    def __init__(self, weir, number, counter, on_ack):
        super().__init__(daemon=True)
        self.sns = weir.client("sns")
        self.number, self.counter, self.on_ack = number, counter, on_ack
        self.topic = PREFIX + ("t.fifo" if number % 2 else "t")
        self.random = random.Random(f"{SEED}/{number}/{counter}")
        self.batches, self.acknowledged, self.wrong = [], [], None

    def entry(self):
        self.counter += 1
        text = f"{self.number}/{self.counter:06}"
        more = {"MessageGroupId": str(self.number), "MessageDeduplicationId":
                text.replace("/", "-")} if self.number % 2 else {}
        return text, {"Message": text, "MessageAttributes": {
            "even": {"DataType": "String", "StringValue": str(self.counter % 2 == 0)}}, **more}

    def publish(self):
        entries = [self.entry() for _ in range(self.random.choice((1, 1, 1, 3, 10)))]
        texts = [text for text, _ in entries]
        self.batches.append(texts)
        if len(entries) == 1:
            self.sns.publish(TopicArn=self.topic, **entries[0][1])
        else:
            answer = self.sns.publish_batch(TopicArn=self.topic, PublishBatchRequestEntries=[
                {"Id": str(i), **entry} for i, (_, entry) in enumerate(entries)])
            assert len(answer["Successful"]) == len(entries)
        self.acknowledged += texts
        self.on_ack()

    def run(self):
        try:
            while True:
                self.publish()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def queue_names(fifo):
    return [f"q{i}" + (".fifo" if fifo else "") for i in range(QUEUES)]


def set_up(weir):
    sns, sqs = weir.client("sns"), weir.client("sqs")
    for fifo in (False, True):
        topic = sns.create_topic(Name="t.fifo" if fifo else "t", Attributes={
            "FifoTopic": "true", "ArchivePolicy": '{"MessageRetentionPeriod": "1"}',
        } if fifo else {})["TopicArn"]
        for i, name in enumerate(queue_names(fifo)):
            sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})
            sns.subscribe(TopicArn=topic, Protocol="sqs",
                          Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
                          Attributes={"RawMessageDelivery": "true",
                                      **({"FilterPolicy": '{"even": ["True"]}'} if i == 3 else {})})
    sns.subscribe(TopicArn=PREFIX + "t", Protocol="sms", Endpoint=PHONE)


def produce_and_kill(weir, counters, chance):
    countdown = threading.Semaphore(0)
    producers = [Producer(weir, i, counters[i], countdown.release) for i in range(PRODUCERS)]
    for producer in producers:
        producer.start()
    for _ in range(chance.randrange(ACKS_MAX)):
        assert countdown.acquire(timeout=30), [p.wrong for p in producers]
    threading.Event().wait(chance.random() / 500)
    weir.kill()
    for producer in producers:
        producer.join(60)
        assert not producer.is_alive()
        assert producer.wrong is None, producer.wrong
        counters[producer.number] = producer.counter
    return producers


def drain(sqs, name):
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)])
    return found


def is_even(text):
    return int(text.split("/")[1]) % 2 == 0


def look_at(sqs, producers, fifo):
    """Checks one topic's queues; gives what was published."""
    mine = [p for p in producers if p.number % 2 == fifo]
    sent = {text for p in mine for batch in p.batches for text in batch}
    acknowledged = {text for p in mine for text in p.acknowledged}
    queues = [drain(sqs, name) for name in queue_names(fifo)]
    there = set(queues[0])
    assert acknowledged <= there, f"lost: {sorted(acknowledged - there)[:5]}"
    assert there <= sent, f"nobody published {sorted(there - sent)[:5]}"
    for p in mine:
        for batch in p.batches:
            assert len(there.intersection(batch)) in (0, len(batch)), f"a part of {batch}"
    for number, found in enumerate(queues):
        twice = [text for text, count in collections.Counter(found).items() if count > 1]
        assert not twice, f"queue {number}: twice: {twice[:5]}"
        assert set(found) == {t for t in there if number < 3 or is_even(t)}, f"queue {number}"
        for p in mine if fifo else ():
            group = [text for text in found if text.startswith(f"{p.number}/")]
            assert group == sorted(group), f"queue {number}: out of order"
    return there


def outbox(weir):
    return json.loads(weir.ask("GET", "/_weir/outbox?count=1000")[2])["messages"]


def replayed(weir, begun):
    """The whole archive, through a queue that is subscribed for it and goes again."""
    sns, sqs = weir.client("sns"), weir.client("sqs")
    url = sqs.create_queue(QueueName="replayed.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    subscription = sns.subscribe(
        TopicArn=PREFIX + "t.fifo", Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:replayed.fifo",
        Attributes={"RawMessageDelivery": "true", "ReplayPolicy": json.dumps(
            {"PointType": "Timestamp", "StartingPoint": begun})})["SubscriptionArn"]
    while sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"][
            "ReplayStatus"] != "Completed":
        pass
    found = drain(sqs, "replayed.fifo")
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)
    return found


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_a_publish_is_in_all_queues_or_in_none(weir, capsys):
    chance = random.Random(SEED)
    counters = [0] * PRODUCERS
    standard, fifo = 0, set()
    set_up(weir.start())
    begun = weir.now()
    for number in range(1, ROUNDS + 1):
        where = f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}"
        try:
            producers = produce_and_kill(weir, counters, chance)
            weir.start()
            sqs = weir.client("sqs")
            texted = look_at(sqs, producers, False)
            fifo |= look_at(sqs, producers, True)
            newest = {m["body"] for m in outbox(weir)[:len(texted)]}
            assert newest == texted or len(texted) >= 1000, "the outbox"
            standard += len(texted)
        except BaseException as error:
            raise AssertionError(f"{where}: {error}") from error
    archive = replayed(weir, begun)
    assert sorted(archive) == sorted(fifo), f"the archive, WEIR_CRASH_SEED={SEED}"
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {sum(counters)} messages published, {standard + len(fifo)} "
              f"found, each in its {QUEUES} queues or fewer, seed {SEED}")
