# SPDX-License-Identifier: Apache-2.0
"""kill -9 while objects are put into a bucket that notifies a topic with five queues.

What it proves, after every kill: an acknowledged object is there, with exactly one notification in
each of the five queues; an object that was not acknowledged is there with all five or not at all;
no queue has a notification of an object that is not there; each queue has the objects of one
producer in the order in which it put them.

How: producers are threads with a client each, which put small objects, never retry, and note what
was sent and acknowledged. Objects above 64 KiB, which live in files, are among them. The kill comes
after a random number of acknowledgements. Messages are received without being deleted and seen
again in the next round; some rounds delete them all.
"""
import collections
import json
import os
import random
import threading
import urllib.parse

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
PRODUCERS = 3
QUEUES = 5
ACKS_MAX = 60
LARGE = 70_000
BUCKET, TOPIC = "events", f"arn:aws:sns:{REGION}:{ACCOUNT}:events"


class Producer(threading.Thread):
    """Puts objects "producer/counter" until the server is gone; counters rise for ever."""

    def __init__(self, weir, number, counter, on_ack):
        super().__init__(daemon=True)
        self.s3 = weir.client("s3")
        self.number, self.counter, self.on_ack = number, counter, on_ack
        self.random = random.Random(f"{SEED}/{number}/{counter}")
        self.sent, self.acknowledged, self.wrong = [], [], None

    def run(self):
        try:
            while True:
                self.counter += 1
                key = f"{self.number}/{self.counter:06}"
                body = b"x" * (LARGE if self.random.random() < 0.1 else 200)
                self.sent.append(key)
                self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
                self.acknowledged.append(key)
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def set_up(weir):
    s3, sns, sqs = (weir.client(service) for service in ("s3", "sns", "sqs"))
    sns.create_topic(Name="events")
    for i in range(QUEUES):
        sqs.create_queue(QueueName=f"q{i}", Attributes={"VisibilityTimeout": "0"})
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Attributes={"RawMessageDelivery": "true"},
                      Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{i}")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"TopicConfigurations": [
            {"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]})
    drain(sqs)  # the s3:TestEvent


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
    return ({key for p in producers for key in p.sent},
            {key for p in producers for key in p.acknowledged})


def objects(s3):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}


def drain(sqs):
    """Everything in every queue, deleted: [[key, …] per queue]."""
    found = []
    for i in range(QUEUES):
        url = sqs.get_queue_url(QueueName=f"q{i}")["QueueUrl"]
        keys = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                              VisibilityTimeout=30).get("Messages"):
            for message in messages:
                for record in json.loads(message["Body"]).get("Records", []):
                    keys.append(urllib.parse.unquote_plus(record["s3"]["object"]["key"]))
            sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]}
                for n, m in enumerate(messages)])
        found.append(keys)
    return found


def look(weir, sent, acknowledged):
    there = objects(weir.client("s3"))
    assert acknowledged <= set(there), f"lost: {sorted(acknowledged - set(there))[:5]}"
    assert set(there) <= sent, f"nobody put {sorted(set(there) - sent)[:5]}"
    for queue, keys in enumerate(drain(weir.client("sqs"))):
        twice = [key for key, count in collections.Counter(keys).items() if count > 1]
        assert not twice, f"q{queue}: notified twice: {twice[:5]}"
        assert set(keys) == set(there), (f"q{queue}: not notified "
                                         f"{sorted(set(there) - set(keys))[:5]}, notified but not "
                                         f"there {sorted(set(keys) - set(there))[:5]}")
    s3 = weir.client("s3")
    for key, size in there.items():
        if size == LARGE:
            assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"x" * LARGE
    for first in range(0, len(there), 1000):
        s3.delete_objects(Bucket=BUCKET, Delete={"Quiet": True, "Objects": [
            {"Key": key} for key in sorted(there)[first:first + 1000]]})
    return len(there)


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_an_object_and_its_five_notifications_are_there_together_or_not_at_all(weir, capsys):
    chance = random.Random(SEED)
    counters = [0] * PRODUCERS
    found = 0
    set_up(weir.start())
    for number in range(1, ROUNDS + 1):
        where = f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}"
        try:
            sent, acknowledged = produce_and_kill(weir, counters, chance)
            weir.start()
            found += look(weir, sent, acknowledged)
        except BaseException as error:
            raise AssertionError(f"{where}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {sum(counters)} objects put, {found} found, each with its "
              f"{QUEUES} notifications, seed {SEED}")
