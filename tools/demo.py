#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A day of card scans: sent by turnstiles, interrupted by kill -9, read back, replayed from a moment.

5,000 employees of four offices hold their cards to doors, from before dawn until the cleaners have
left. One process per office sends its turnstiles' scans, one by one, to an HTTP API on `weir serve`,
which puts them into a stream, without a function between them. Half-way through the day the server
is killed with -9 under load and started again over the same directory; turnstiles try again what was
not acknowledged. Then every shard is read back and held against what was acknowledged, and 08:55 to
09:05 is replayed with AT_TIMESTAMP iterators.

Each minute's scans of an office also land as an event object in a bucket, which notifies a topic,
which fans out to two queues: `attendance` takes everything, `amsterdam` is filtered by the objects'
keys. When the server is killed, objects are on their way, too. In the end both queues are emptied
and held against the objects, and these against the scans; and one object is followed by `weir
trace`.

Each card's state is an item of a table: inside or not, last seen where and when. A scan changes it
under a condition: who is inside cannot come in again, who is not cannot leave; that is refused. Now
and then a copied card tries right behind its twin. In the end the table is held against the scans, restored to what it was at 09:00, and
one card's history is shown.

A function in C consumes the stream from its first record on, through an event source mapping, and
keeps a ledger in a table: of each card the scans that came, and how often. It is killed with the
server, and goes on where its shards' positions were durable. In the end the ledger is held against
the scans, and its log is asked whether any came out of order.

The day passes in about a minute and yet at its own times: weir's clock is set to the morning
(--clock) and moved on (POST /_weir/clock) to each moment at which somebody scans a card, so a
record's arrival is its scan's moment, to the second. The scans are made from a seed.

    tools/demo.py [--employees N] [--seed N] [--keep-data]
"""
import argparse
import bisect
import collections
import contextlib
import datetime
import json
import multiprocessing
import random
import shutil
import sys
import time
import urllib.parse
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "e2e"))
import demo_api  # noqa: E402
import demo_function  # noqa: E402
from weir_server import WeirServer, run_weir  # noqa: E402

STREAM = "card-scans"
BUCKET = TOPIC = "card-events"
QUEUES = {  # name: filter policy on the notification, or none
    "attendance": None,
    "amsterdam": {"Records": {"s3": {"object": {"key": [{"prefix": "Amsterdam/"}]}}}}}
TABLE = "cards"
NINE = "cards-at-nine"
SHARDS = 8
STEP = 10  # seconds; readers at the doors report in these steps
DAY = datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc)  # a Monday
REPLAY = (DAY.replace(hour=8, minute=55), DAY.replace(hour=9, minute=5))
OFFICES = {  # share of the people, minutes after the others' usual hours, doors
    "Amsterdam": (0.40, 0, 12), "Lisbon": (0.25, 45, 8),
    "Prague": (0.20, -30, 7), "Tallinn": (0.15, -10, 5)}
BATCH = 500


# ---- the day ----

def moment(seconds):
    return DAY + datetime.timedelta(seconds=seconds)


def around(chance, hour, minutes_spread):
    """A time of day in seconds, near that hour."""
    return int(chance.gauss(hour * 3600, minutes_spread * 60))


def day_of(chance, shift, doors):
    """One person's scans: (second of the day, door, in or out), in order."""
    if chance.random() < 0.08:
        return []  # ill, or at home
    front = chance.randrange(min(3, doors))
    arrive = around(chance, 8.87, 17) + shift * 60
    leave = max(around(chance, 17.4, 45) + shift * 60, arrive + 3600)
    scans = [(arrive, front, "in"), (leave, front, "out")]
    if chance.random() < 0.6:  # lunch elsewhere
        out = around(chance, 12.4, 22) + shift * 30
        scans += [(out, front, "out"), (out + chance.randrange(900, 3600), front, "in")]
    for _ in range(chance.choices((0, 1, 2, 4, 7), (2, 4, 5, 4, 1))[0]):  # meetings, coffee
        at = chance.randrange(arrive + 300, leave)
        scans.append((at, chance.randrange(doors), "through"))
    kept = [(at // STEP * STEP, door, way) for at, door, way in sorted(scans)
            if 5 * 3600 <= at < 22 * 3600]
    return kept


def make_day(seed, employees):
    """{office: [(second, card, scan as JSON)]}, sorted by time; a card's scans are numbered."""
    chance = random.Random(seed)
    day, card = {}, 1000
    for office, (share, shift, doors) in OFFICES.items():
        scans = []
        for _ in range(round(employees * share)):
            card += 1
            for number, (at, door, way) in enumerate(day_of(chance, shift, doors), 1):
                text = json.dumps({"card": card, "scan": number, "office": office,
                                   "door": f"{office[0]}{door + 1}", "way": way,
                                   "at": moment(at).strftime("%H:%M:%S")})
                scans.append((at, card, text))
        day[office] = sorted(scans, key=lambda scan: scan[0])  # stable: a card's order stays
    return day


# ---- producers ----

class Producer:
    """One office's turnstiles, in a process of its own."""

    def __init__(self, server, office, scans):
        self.turnstile = demo_api.Turnstile(server.turnstiles)
        self.s3 = server.client("s3")
        self.table = server.client("dynamodb")
        self.office = office
        self.scans = scans
        self.minute, self.landing, self.landed = None, [], 0  # scans that land together
        self.changes = self.refused = 0  # of cards' states
        self.copies = self.turned_away = 0  # copied cards that tried to come in as well
        self.objects = {}  # key: times it was put, at least once acknowledged
        self.acknowledged = []  # (second, card, shard, sequence number, text)
        self.requests = self.retried = 0
        self.seconds = 0.0

    def put(self, first, last, at_once):
        """Scans first to last, so many in a request, again and again until acknowledged."""
        left = self.scans[first:last]
        lost_at = None
        while left:
            batch = self.send(left[:at_once])
            if not batch:
                if lost_at != len(left):  # the server is away; perhaps it has it, perhaps not
                    self.retried += 1
                    lost_at = len(left)
                time.sleep(0.02)
                continue
            left = left[len(batch):]
            self.gather(batch)
            for _, _, text in batch:
                self.pass_door(json.loads(text))
            if at_once == 1:
                self.land()  # the server is about to be killed: objects are on their way, too

    def send(self, scans):
        """Scan by scan, until one is not acknowledged; those that were."""
        for index, (at, card, text) in enumerate(scans):
            began = time.perf_counter()
            self.requests += 1
            put = self.turnstile.scan(text)
            if put is None:
                return scans[:index]
            self.seconds += time.perf_counter() - began
            self.acknowledged.append((at, card, *put, text))
        return scans

    def pass_door(self, scan):
        """The card's state changes, if the door is one of those that count."""
        if scan["way"] == "through":
            return
        while True:
            with contextlib.suppress(BotoCoreError, ClientError):
                if self.change_state(scan):
                    self.changes += 1
                else:
                    self.refused += 1
                break
            time.sleep(0.02)
        if scan["way"] == "in" and scan["card"] % 50 == 0:
            with contextlib.suppress(BotoCoreError, ClientError):
                came_in = self.change_state({**scan, "scan": scan["scan"] + 1000})
                self.copies += 1
                self.turned_away += not came_in

    def change_state(self, scan):
        """In only from outside, out only from inside. False: refused, as nobody is twice inside."""
        inside = scan["way"] == "in"
        condition = "attribute_not_exists(card) OR inside = :was" if inside else "inside = :was"
        try:
            self.table.update_item(
                TableName=TABLE, Key={"card": {"N": str(scan["card"])}},
                UpdateExpression="SET inside = :is, office = :office, door = :door, #at = :at, "
                                 "#scan = :scan",
                ConditionExpression=condition, ExpressionAttributeNames={"#at": "at", "#scan": "scan"},
                ExpressionAttributeValues={
                    ":is": {"BOOL": inside}, ":was": {"BOOL": not inside},
                    ":office": {"S": scan["office"]}, ":door": {"S": scan["door"]},
                    ":at": {"S": scan["at"]}, ":scan": {"N": str(scan["scan"])}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            # the server was killed behind the first try: it was done already
            return error.response.get("Item", {}).get("scan") == {"N": str(scan["scan"])}
        return True

    def gather(self, batch):
        """Scans that will land together: a minute's."""
        for at, _, text in batch:
            if at // 60 != self.minute:
                self.land()
                self.minute = at // 60
            self.landing.append(text)

    def land(self):
        """What was gathered becomes an event object."""
        if not self.landing:
            return
        self.landed += 1
        key = f"{self.office}/{moment(self.minute * 60):%Y-%m-%d/%H:%M}-{self.landed:04}.jsonl"
        body = "\n".join(self.landing).encode()
        self.landing = []
        while True:
            self.objects[key] = self.objects.get(key, 0) + 1
            with contextlib.suppress(BotoCoreError, ClientError):
                self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
                return
            time.sleep(0.02)


def produce(pipe, server, office, scans):
    """A producer process: puts what it is told to, says when it is done, hands over its notes."""
    producer = Producer(server, office, scans)
    while (order := pipe.recv()) is not None:
        producer.put(*order)
        pipe.send(len(producer.acknowledged))
    producer.land()
    pipe.send((producer.acknowledged, producer.requests, producer.retried, producer.seconds,
               producer.objects, (producer.changes, producer.refused,
                                   producer.copies, producer.turned_away)))


class Offices:
    """All producers, told step by step."""

    def __init__(self, server, day):
        self.times = {office: [at for at, _, _ in scans] for office, scans in day.items()}
        self.pipes, self.processes = {}, []
        context = multiprocessing.get_context("fork")
        for office, scans in day.items():
            self.pipes[office], theirs = context.Pipe()
            self.processes.append(context.Process(target=produce, daemon=True,
                                                  args=(theirs, server, office, scans)))
            self.processes[-1].start()

    def begin(self, at, at_once=BATCH):
        """Lets every office put its scans of that step; gives those that have some."""
        busy = []
        for office, times in self.times.items():
            span = bisect.bisect_left(times, at), bisect.bisect_right(times, at)
            if span[0] < span[1]:
                self.pipes[office].send((*span, at_once))
                busy.append(office)
        return busy

    def finish(self, busy):
        for office in busy:
            self.pipes[office].recv()

    def notes(self):
        for pipe in self.pipes.values():
            pipe.send(None)
        notes = [pipe.recv() for pipe in self.pipes.values()]
        for process in self.processes:
            process.join(10)
        return notes


# ---- reading ----

def read_shard(kinesis, shard, until=None, **start):
    """Records of a shard as (arrival, sequence number, text)."""
    at = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard, **start)["ShardIterator"]
    while True:
        answer = kinesis.get_records(ShardIterator=at)
        for record in answer["Records"]:
            if until is not None and record["ApproximateArrivalTimestamp"] >= until:
                return
            yield (record["ApproximateArrivalTimestamp"], record["SequenceNumber"],
                   record["Data"].decode())
        if not answer["Records"]:
            return
        at = answer["NextShardIterator"]


def shard_ids(kinesis):
    return [shard["ShardId"] for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]]


def read_all(kinesis, **how):
    return {shard: list(read_shard(kinesis, shard, **how)) for shard in shard_ids(kinesis)}


# ---- event objects and their queues ----

def make_fan_out(server):
    """A bucket that notifies a topic that fans out to the queues."""
    s3, sns, sqs = (server.client(service) for service in ("s3", "sns", "sqs"))
    topic = sns.create_topic(Name=TOPIC)["TopicArn"]
    for name, policy in QUEUES.items():
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        attributes = {"RawMessageDelivery": "true"}
        if policy:
            attributes |= {"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(policy)}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"],
                      Attributes=attributes)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"TopicConfigurations": [
            {"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]})


def make_table(server):
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "card", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "card", "KeyType": "HASH"}])
    dynamodb.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})


def empty_queue(sqs, name):
    """Everything in a queue, deleted: {key: times notified}."""
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    keys = collections.Counter()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            for record in json.loads(message["Body"]).get("Records", []):
                keys[urllib.parse.unquote_plus(record["s3"]["object"]["key"])] += 1
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
            for i, message in enumerate(messages)])
    return keys


def compare_objects(server, put, acknowledged):
    """What is wrong with the event objects and what the queues say of them; keys per queue."""
    s3, sqs = server.client("s3"), server.client("sqs")
    wrong, queues = [], {name: empty_queue(sqs, name) for name in QUEUES}
    for name, keys in queues.items():
        wanted = {key for key in put if not QUEUES[name] or key.startswith("Amsterdam/")}
        if set(keys) != wanted:
            wrong.append(f"{name} has {len(set(keys) - wanted)} notifications too many and "
                         f"{len(wanted - set(keys))} too few")
        often = [key for key, times in keys.items() if times > put.get(key, 0)]
        if often:
            wrong.append(f"{name} was told of {often[0]} more often than it was put")
    texts = collections.Counter()
    for key in put:
        texts.update(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode().split("\n"))
    if texts != collections.Counter(note[4] for note in acknowledged):
        wrong.append("the event objects do not hold the scans that were acknowledged")
    return wrong, queues


# ---- the table of cards ----

def read_table(dynamodb, name):
    """{card: (inside, scan)}"""
    pages = dynamodb.get_paginator("scan").paginate(TableName=name)
    return {int(item["card"]["N"]): (item["inside"]["BOOL"], int(item["scan"]["N"]))
            for page in pages for item in page["Items"]}


def states_of(acknowledged, until=None):
    """The same, from the scans; and how many of these were to be refused."""
    scans = sorted((json.loads(note[4]) for note in acknowledged
                    if until is None or moment(note[0]) <= until),
                   key=lambda scan: (scan["card"], scan["scan"]))
    states, refused = {}, 0
    for scan in scans:
        inside = scan["way"] == "in"
        was = states.get(scan["card"], (not inside if inside else None, 0))[0]
        if scan["way"] == "through":
            continue
        if was is (not inside):
            states[scan["card"]] = (inside, scan["scan"])
        else:
            refused += 1
    return states, refused


def show_table(server, notes, acknowledged):
    changes, refused, copies, turned_away = (sum(found[5][i] for found in notes)
                                             for i in range(4))
    dynamodb = server.client("dynamodb")
    nine = DAY.replace(hour=9)
    wrong = []
    say("\nThe table of cards: a condition lets nobody in twice")
    row("changes of state", f"{changes:,}", "UpdateItem, one at a time")
    now, (wanted, refusals) = read_table(dynamodb, TABLE), states_of(acknowledged)
    row("refused", f"{refused:,}", "in without having left, or out without having come")
    row("copied cards turned away", f"{turned_away:,}", f"of {copies:,} that came behind their twin")
    if turned_away != copies:
        wrong.append(f"{copies - turned_away} copied cards came in")
    if refused != refusals:
        wrong.append(f"{refused} scans were refused, {refusals} were to be")
    if now != wanted:
        wrong.append(f"the table has {len(now)} cards, not as the scans say")
    row("cards in it", f"{len(now):,}", f"{sum(inside for inside, _ in now.values()):,} inside at "
        "the end of the day")
    began = time.perf_counter()
    dynamodb.restore_table_to_point_in_time(SourceTableName=TABLE, TargetTableName=NINE,
                                            RestoreDateTime=nine)
    dynamodb.get_waiter("table_exists").wait(TableName=NINE, WaiterConfig={"Delay": 1})
    then, (wanted, _) = read_table(dynamodb, NINE), states_of(acknowledged, nine)
    if then != wanted:
        wrong.append(f"restored to 09:00 the table has {len(then)} cards, not as the scans say")
    row("cards at 09:00", f"{len(then):,}", f"{sum(inside for inside, _ in then.values()):,} inside; "
        f"restored and read in {time.perf_counter() - began:.1f} s")
    card = next(card for card, (_, number) in sorted(now.items()) if number > 3)
    told = run_weir("table", "history", TABLE, "--key", json.dumps({"card": card}), "--server",
                    server.address)
    say(f"\n$ weir table history {TABLE} --key '{{\"card\": {card}}}'")
    say(told.stdout.rstrip())
    if told.returncode != 0:
        wrong.append(f"weir table history: {told.stderr}")
    return wrong


# ---- judging ----

def compare(acknowledged, found):
    """What is wrong with found, as sentences; and how many records are there twice."""
    wrong = []
    there = {(shard, number): text for shard, records in found.items()
             for _, number, text in records}
    lost = [note for note in acknowledged if there.get((note[2], note[3])) != note[4]]
    if lost:
        wrong.append(f"{len(lost)} acknowledged scans are lost or changed, first {lost[0][4]}")
    sent = {text for _, _, _, _, text in acknowledged}
    invented = [text for text in there.values() if text not in sent]
    if invented:
        wrong.append(f"{len(invented)} scans that nobody sent, first {invented[0]}")
    last = collections.defaultdict(int)
    twice = 0
    for records in found.values():
        seen = set()
        for _, _, text in records:
            scan = json.loads(text)
            if text in seen:
                twice += 1
                continue
            seen.add(text)
            if scan["scan"] != last[scan["card"]] + 1:
                wrong.append(f"card {scan['card']}: scan {scan['scan']} comes after "
                             f"{last[scan['card']]}")
            last[scan["card"]] = scan["scan"]
    return wrong, twice, len(last)


def compare_replay(acknowledged, replayed, begin, end):
    wanted = {note[4] for note in acknowledged if begin <= moment(note[0]) < end}
    wrong = []
    texts = {text for records in replayed.values() for _, _, text in records}
    if texts != wanted:
        wrong.append(f"the replay gave {len(texts - wanted)} scans too many and "
                     f"{len(wanted - texts)} too few")
    for records in replayed.values():
        for arrival, _, text in records:
            if arrival.strftime("%H:%M:%S") != json.loads(text)["at"]:
                wrong.append(f"{text} arrived at {arrival}")
    return wrong


# ---- the report ----

def say(text=""):
    print(text, flush=True)


def row(what, value, note=""):
    say(f"  {what:<34}{value:>12}  {note}".rstrip())


def bars(counts, width=44):
    most = max(counts.values())
    for label, count in counts.items():
        say(f"    {label}  {count:>6,}  {'█' * max(round(width * count / most), 1)}")


def print_day(day):
    hours = collections.Counter(at // 3600 for scans in day.values() for at, _, _ in scans)
    say(f"\nThe day, {DAY:%A %d %B %Y}, hour by hour")
    bars({f"{hour:02}:00": hours[hour] for hour in range(min(hours), max(hours) + 1)})


def print_replay(replayed, seconds):
    scans = [json.loads(text) for records in replayed.values() for _, _, text in records]
    minutes = collections.Counter(scan["at"][:5] for scan in scans)
    offices = collections.Counter(scan["office"] for scan in scans)
    say(f"\nReplay, {REPLAY[0]:%H:%M} to {REPLAY[1]:%H:%M}, by AT_TIMESTAMP")
    bars(dict(sorted(minutes.items())))
    row("scans replayed", f"{len(scans):,}",
        "; ".join(f"{office} {count:,}" for office, count in offices.most_common()))
    row("in", f"{seconds * 1000:,.0f} ms")


# ---- the show ----

def busy_middle(day):
    """The busiest step near the middle of all scans."""
    times = sorted(at for scans in day.values() for at, _, _ in scans)
    middle = times[len(times) * 9 // 20:len(times) * 11 // 20]
    return collections.Counter(middle).most_common(1)[0][0]


def pass_day(server, offices, steps, half):
    """Lets the day happen; kills and restarts the server at the step half. Gives the seconds it
    took, and what the restart found."""
    began, restart = time.perf_counter(), None
    for at in steps:
        now = f"{moment(at):%Y-%m-%dT%H:%M:%SZ}"
        if at != steps[0]:
            server.advance(f"{at - previous}s")
        busy = offices.begin(at, 1 if at == half else BATCH)
        if at == half:
            time.sleep(0.008)  # requests of one scan each are on their way
            server.kill()
            killed = time.perf_counter()
            server.restart(hard=True, clock=now)
            restart = (now, time.perf_counter() - killed, server.ready)
        offices.finish(busy)
        previous = at
    return time.perf_counter() - began, restart


def show(server, options):
    day = make_day(options.seed, options.employees)
    total = sum(len(scans) for scans in day.values())
    steps = sorted({at for scans in day.values() for at, _, _ in scans})
    server.clock = f"{moment(steps[0]):%Y-%m-%dT%H:%M:%SZ}"
    server.start()
    server.listen_port = server.port  # the producers keep its address
    server.client().create_stream(StreamName=STREAM, ShardCount=SHARDS)
    make_fan_out(server)
    make_table(server)
    demo_function.make(server, STREAM)
    server.turnstiles = demo_api.make(server, STREAM)
    say(f"weir on {server.url}, data in {server.data}")
    print_day(day)

    offices = Offices(server, day)
    seconds, (when, down, ready) = pass_day(server, offices, steps, busy_middle(day))
    notes = offices.notes()
    acknowledged = [note for found in notes for note in found[0]]
    requests, retried = (sum(found[i] for found in notes) for i in (1, 2))
    waited = sum(found[3] for found in notes)
    say(f"\nSent by turnstiles to {server.turnstiles}, {len(notes)} offices, {SHARDS} shards")
    row("scans acknowledged", f"{len(acknowledged):,}", f"of {total:,}, in {requests:,} requests")
    row("the day took", f"{seconds:.1f} s", f"{len(acknowledged) / seconds:,.0f} scans/s, "
        f"{waited / requests * 1000:.1f} ms a request")
    say(f"\nKilled with -9 at {when[11:19]}, while all {len(day)} offices were sending")
    row("ready again after", f"{down * 1000:.0f} ms", f"{ready['recovered']:,} journal entries "
        f"recovered in {ready['took_ms']} ms")
    row("scans sent again", f"{retried:,}", "in flight, not acknowledged")

    kinesis = server.client()
    began = time.perf_counter()
    found = read_all(kinesis, ShardIteratorType="TRIM_HORIZON")
    reading = time.perf_counter() - began
    count = sum(len(records) for records in found.values())
    wrong, twice, cards = compare(acknowledged, found)
    say("\nRead back, every shard from its beginning")
    row("records", f"{count:,}", f"in {reading:.1f} s, {count / reading:,.0f} records/s by boto3")
    row("acknowledged and lost", "0" if not wrong else "see below")
    if twice > retried:
        wrong.append(f"{twice} scans are stored twice, but only {retried} were sent again")
    row("cards whose order was checked", f"{cards:,}")
    row("stored twice by sending again", f"{twice:,}", "durable, but killed before the answer")
    if count - twice != len(acknowledged):
        wrong.append(f"{count - twice} different records found, {len(acknowledged)} acknowledged")

    began = time.perf_counter()
    replayed = read_all(kinesis, ShardIteratorType="AT_TIMESTAMP", Timestamp=REPLAY[0],
                        until=REPLAY[1])
    print_replay(replayed, time.perf_counter() - began)
    wrong += compare_replay(acknowledged, replayed, *REPLAY)
    wrong += show_objects(server, notes, acknowledged)
    wrong += show_table(server, notes, acknowledged)
    return wrong + show_function(server, acknowledged)


def show_function(server, acknowledged):
    wanted = collections.Counter(note[1] for note in acknowledged)
    ledger, waited = demo_function.wait(server, len(acknowledged))
    wrong = demo_function.compare(server, ledger, wanted)
    times = sum(times for _, times, _ in ledger.values())
    say("\nA function in C behind the stream, with a ledger of its own")
    row("scans in the ledger", f"{sum(len(scans) for scans, _, _ in ledger.values()):,}",
        f"of {len(acknowledged):,}; {waited:.1f} s behind the day's end")
    row("came again", f"{times - len(acknowledged):,}",
        "stored twice, or their batch was cut off by the kill")
    row("out of order", "0" if not wrong else "see below", "by the function's log")
    row("invocations", f"{demo_function.invocations(server):,}",
        f"batches of up to {demo_function.BATCH}")
    return wrong


def show_objects(server, notes, acknowledged):
    put = {key: times for found in notes for key, times in found[4].items()}
    began = time.perf_counter()
    wrong, queues = compare_objects(server, put, acknowledged)
    say(f"\nEvent objects: bucket, topic and {len(QUEUES)} queues, each PUT one durable write")
    again = sorted(key for key, times in put.items() if times > 1)
    row("objects put", f"{len(put):,}", f"holding {len(acknowledged):,} scans, all compared")
    row("put again after the kill", f"{len(again):,}", "in flight, not acknowledged")
    for name, keys in queues.items():
        filtered = "those of Amsterdam, by the filter policy" if QUEUES[name] else "every object"
        twice = keys.total() - len(keys)
        row(f"notified to {name}", f"{len(keys):,}",
            filtered + (f"; {twice} twice, stored twice" if twice else ""))
    row("read and compared in", f"{time.perf_counter() - began:.1f} s")
    key = (again or sorted(put))[-1]
    traced = run_weir("trace", key, "--server", server.address)
    say(f"\n$ weir trace {key}")
    say(traced.stdout.rstrip())
    if traced.returncode != 0 or traced.stdout.count("attendance") < queues["attendance"][key]:
        wrong.append(f"weir trace {key}: {traced.stderr or 'a notification is missing'}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--employees", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--keep-data", action="store_true", help="leave the data directory")
    options = parser.parse_args()
    began = time.perf_counter()
    server = WeirServer()
    with contextlib.ExitStack() as stack:
        if not options.keep_data:
            stack.callback(shutil.rmtree, server.home, ignore_errors=True)
        stack.callback(server.kill)
        wrong = show(server, options)
        if server.stop() != 0:
            wrong.append(f"weir did not stop cleanly: {server.log_tail()}")
        checked = server.fsck()
        if checked.returncode != 0:
            wrong.append(f"weir fsck: {checked.stdout}{checked.stderr}")
    say()
    for sentence in wrong[:20]:
        say(f"WRONG: {sentence}")
    if not wrong:
        say("Every acknowledged scan is there, in its card's order; every object, and its "
            "notifications;\nthe replay gave exactly its ten minutes; the table is as the scans "
            "say, now and at 09:00;\nthe function saw every scan, in its card's order; weir fsck found nothing wrong.")
    say(f"({time.perf_counter() - began:.0f} s in all)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
