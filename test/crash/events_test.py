# SPDX-License-Identifier: Apache-2.0
"""kill -9 while events are put, rules are held and released, and schedules tick.

What it proves, after every kill, of each event that was acknowledged:
  - the queue of the rule that takes all has it exactly once, and so has the queue of the rule
    whose pattern matches;
  - the held rule's queue has it once, in order, when the rule is released;
  - the target that is not there has a dead letter of it, exactly one;
  - an event that more rules match than one entry takes is with every one of them, exactly once;
and what was not acknowledged is everywhere or nowhere. A schedule has each of its ticks exactly
once, however often it was killed while its clock moved.

How: one client, never retrying, numbers the events. The kill comes after a random number of
acknowledgements.
"""
import collections
import datetime
import json
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import ACCOUNT, REGION, WeirServer, run_weir

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
ACKS_MAX = 30
MANY = 45                # rules that one large event matches
LARGE = "x" * 200000     # so many of which one entry does not take
START = datetime.datetime(2026, 11, 23, 8, tzinfo=datetime.timezone.utc)


def queue_arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def rule(events, name, pattern, target, bus="default", **more):
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)
    events.put_targets(Rule=name, EventBusName=bus, Targets=[
        {"Id": "t", "Arn": queue_arn(target), **more}])


def set_up(weir):
    events, sqs = weir.client("events"), weir.client("sqs")
    for name in ("all", "odd", "held", "dead", "many"):
        sqs.create_queue(QueueName=name)
    rule(events, "all", {"source": ["s"]}, "all", InputPath="$.detail.n")
    rule(events, "odd", {"detail": {"odd": [True]}}, "odd", InputPath="$.detail.n")
    rule(events, "held", {"source": ["s"]}, "held", InputPath="$.detail.n")
    rule(events, "gone", {"source": ["s"]}, "gone", DeadLetterConfig={"Arn": queue_arn("dead")})
    events.create_event_bus(Name="many")
    for i in range(MANY):
        rule(events, f"r{i:02}", {"source": ["s"]}, "many", "many", InputPath="$.detail")


def hold(weir, verb):
    done = run_weir(verb, "rule", "held", "--server", weir.address, env=weir.environment())
    assert done.returncode == 0, done.stderr


class Producer(threading.Thread):
    """Puts numbered events until the server is gone; now and then a large one to many rules."""

    def __init__(self, weir, counter, on_ack):
        super().__init__(daemon=True)
        self.events = weir.client("events")
        self.counter, self.on_ack = counter, on_ack
        self.random = random.Random(f"{SEED}/{counter}")
        self.calls, self.acknowledged, self.wrong = [], [], None

    def put(self):
        entries = []
        large = self.random.random() < 0.06
        for _ in range(1 if large else self.random.choice((1, 1, 3))):
            self.counter += 1
            detail = {"n": self.counter, "odd": self.counter % 2 == 1}
            if large:
                detail = {"n": self.counter, "x": LARGE}
            entries.append({"Source": "s", "DetailType": "t", "Detail": json.dumps(detail),
                            "EventBusName": "many" if large else "default"})
        call = (large, [json.loads(entry["Detail"])["n"] for entry in entries])
        self.calls.append(call)
        assert self.events.put_events(Entries=entries)["FailedEntryCount"] == 0
        self.acknowledged.append(call)
        self.on_ack()

    def run(self):
        try:
            while True:
                self.put()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def drain(sqs, name, read):
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                          MessageAttributeNames=["All"]).get("Messages"):
        found += [read(message) for message in messages]
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)])
    return found


def drain_until(sqs, name, read, count):
    """What goes on in entries of its own takes a moment."""
    found = []
    for _ in range(400):
        found += drain(sqs, name, read)
        if len(found) >= count:
            break
        threading.Event().wait(0.02)
    return found


def produce_and_kill(weir, counter, chance):
    countdown = threading.Semaphore(0)
    producer = Producer(weir, counter, countdown.release)
    producer.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=30), producer.wrong
        if chance.random() < 0.1:
            hold(weir, chance.choice(("hold", "release")))
    threading.Event().wait(chance.random() / 300)
    weir.kill()
    producer.join(60)
    assert not producer.is_alive() and producer.wrong is None, producer.wrong
    return producer


def judge(weir, producer):
    sqs = weir.client("sqs")

    def number(message):
        return int(message["Body"])

    hold(weir, "release")
    everything = drain(sqs, "all", number)
    there = set(everything)
    assert len(there) == len(everything)
    small = [numbers for large, numbers in producer.calls if not large]
    for numbers in small:  # a call as a whole
        assert len(there & set(numbers)) in (0, len(numbers))
    for large, numbers in producer.acknowledged:
        assert large or set(numbers) <= there
    assert there <= {n for numbers in small for n in numbers}
    assert sorted(drain(sqs, "odd", number)) == sorted(n for n in there if n % 2)
    assert drain_until(sqs, "held", number, len(there)) == sorted(there)
    assert sorted(drain(sqs, "dead", lambda m: json.loads(m["Body"])["detail"]["n"])) == (
        sorted(there))
    sure = [numbers[0] for large, numbers in producer.acknowledged if large]
    counts = collections.Counter(drain_until(
        sqs, "many", lambda m: json.loads(m["Body"])["n"], MANY * len(sure)))
    for n in sure:
        assert counts[n] == MANY
    for n in set(counts) - set(sure):  # not acknowledged, but there
        left = drain_until(sqs, "many", lambda m: json.loads(m["Body"])["n"], MANY - counts[n])
        assert counts[n] + left.count(n) == MANY
    assert drain(sqs, "many", number) == []


def test_events_survive_kills(weir):
    print(f"WEIR_CRASH_SEED={SEED}")
    chance = random.Random(SEED)
    counter = 0
    weir.start()
    set_up(weir)
    for _ in range(ROUNDS):
        hold(weir, chance.choice(("hold", "release")))
        producer = produce_and_kill(weir, counter, chance)
        counter = producer.counter
        weir.start()
        judge(weir, producer)


def test_schedules_survive_kills():
    print(f"WEIR_CRASH_SEED={SEED}")
    chance = random.Random(SEED)
    weir = WeirServer(clock=START.strftime("%Y-%m-%dT%H:%M:%SZ"))
    weir.start()
    try:
        events, sqs = weir.client("events"), weir.client("sqs")
        sqs.create_queue(QueueName="ticks")
        for name, expression in (("rate", "rate(1 minute)"), ("cron", "cron(0/2 * * * ? *)")):
            events.put_rule(Name=name, ScheduleExpression=expression)
            events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": queue_arn("ticks")}])
        minutes = 0
        for _ in range(ROUNDS):
            forward = chance.randrange(1, 120)
            mover = threading.Thread(target=advance, args=(weir, forward), daemon=True)
            mover.start()
            threading.Event().wait(chance.random() / 30)
            weir.kill()
            mover.join(60)
            weir.clock = (START + datetime.timedelta(minutes=minutes + forward)).strftime(
                "%Y-%m-%dT%H:%M:%SZ")
            weir.start()
            wanted = ticks(minutes, minutes + forward)
            came = drain_until(weir.client("sqs"), "ticks", tick_of, len(wanted))
            assert sorted(came) == sorted(wanted)
            minutes += forward
        assert drain(weir.client("sqs"), "ticks", tick_of) == []
    finally:
        weir.close()


def advance(weir, minutes):
    try:
        weir.advance(f"{minutes}m")
    except (OSError, ValueError, AssertionError):
        pass  # killed, as it should be


def tick_of(message):
    event = json.loads(message["Body"])
    return event["resources"][0].rsplit("/", 1)[1], event["time"]


def ticks(after, until):
    moments = [(START + datetime.timedelta(minutes=m), m) for m in range(after + 1, until + 1)]
    text = [(at.strftime("%Y-%m-%dT%H:%M:%SZ"), m) for at, m in moments]
    return [("rate", at) for at, _ in text] + [("cron", at) for at, m in text if m % 2 == 0]
