# SPDX-License-Identifier: Apache-2.0
"""kill -9 while writers put records into delivery streams, a Kinesis stream feeds one, and objects
are written.

What it proves, after many kills: every record whose putting was acknowledged is in an object, of a
writer in the order in which it put them; nothing is there that nobody put. Of streams without a
function each record is there exactly once: an object and the position behind it are one entry.

How: writers are threads with a client each; they never retry, put singly or in batches, and note
what was sent and acknowledged. One stream delivers at once, one when it is full, one goes through
processing (a delimiter, partitions), one is fed by a Kinesis stream that is split meanwhile. The
kill comes after a random number of acknowledgements. Some rounds stop cleanly. At the end all is
flushed and compared.

WEIR_CRASH_ROUNDS sets the number of rounds (a tenth of it), WEIR_CRASH_SEED repeats its choices.
"""
import collections
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from firehose_kit import ROLE, processors, until
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
STREAMS = ["once", "full", "parted", "fed"]
ACKS_MAX = 80
PAD = "." * 3000


class Writer(threading.Thread):
    """Puts lines until the server is gone. A line is {"w":writer,"n":number,"p":…}."""

    def __init__(self, weir, number, last, on_ack):
        super().__init__(daemon=True)
        self.stream = STREAMS[number]
        self.client = weir.client("kinesis" if self.stream == "fed" else "firehose")
        self.number, self.last, self.on_ack = number, last, on_ack
        self.random = random.Random(f"{SEED}/{number}/{last}")
        self.acknowledged = set()
        self.wrong = None

    def run(self):
        try:
            while True:
                self.put(self.random.choice((1, 1, 3, 20)))
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be

    def put(self, count):
        first, self.last = self.last + 1, self.last + count
        pad = PAD if self.stream == "full" else ""
        numbers = range(first, self.last + 1)
        lines = [f'{{"w":{self.number},"n":{n},"p":"{n % 3}","x":"{pad}"}}\n'.encode()
                 for n in numbers]
        if self.stream == "fed":
            self.client.put_records(StreamName="source", Records=[
                {"Data": line, "PartitionKey": "k"} for line in lines])
        elif count == 1:
            self.client.put_record(DeliveryStreamName=self.stream, Record={"Data": lines[0]})
        else:
            self.client.put_record_batch(DeliveryStreamName=self.stream,
                                         Records=[{"Data": line} for line in lines])
        self.acknowledged |= set(numbers)
        self.on_ack()


def set_up(weir):
    weir.client("s3").create_bucket(Bucket="landed")
    weir.client("kinesis").create_stream(StreamName="source", ShardCount=1)
    create = weir.client("firehose").create_delivery_stream

    def into(name, seconds, size, **more):
        return {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::landed", "Prefix": f"{name}/",
                "BufferingHints": {"SizeInMBs": size, "IntervalInSeconds": seconds}, **more}

    create(DeliveryStreamName="once", ExtendedS3DestinationConfiguration=into("once", 0, 1))
    create(DeliveryStreamName="full", ExtendedS3DestinationConfiguration=into("full", 900, 1))
    create(DeliveryStreamName="parted", ExtendedS3DestinationConfiguration=into(
        "parted", 0, 64, Prefix="parted/!{partitionKeyFromQuery:p}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processors(
            ("MetadataExtraction", {"MetadataExtractionQuery": "{p:.p}",
                                    "JsonParsingEngine": "JQ-1.6"}))))
    create(DeliveryStreamName="fed", DeliveryStreamType="KinesisStreamAsSource",
           KinesisStreamSourceConfiguration={
               "KinesisStreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/source",
               "RoleARN": ROLE},
           ExtendedS3DestinationConfiguration=into("fed", 0, 1))


def work_and_kill(weir, last, acknowledged, chance):
    countdown = threading.Semaphore(0)
    writers = [Writer(weir, i, last[i], countdown.release) for i in range(len(STREAMS))]
    for writer in writers:
        writer.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=60), [w.wrong for w in writers]
    if chance.random() < 0.1:
        weir.client("kinesis").update_shard_count(
            StreamName="source", TargetShardCount=chance.choice((1, 2)),
            ScalingType="UNIFORM_SCALING") if chance.random() < 0.5 else None
        weir.stop()
    else:
        weir.kill()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive() and (writer.wrong is None or "Unavail" in str(writer.wrong)), (
            writer.wrong)
        last[writer.number] = writer.last
        acknowledged[writer.number] |= writer.acknowledged


def landed(weir, stream):
    """{partition: numbers in the order of objects and lines}."""
    s3 = weir.client("s3")
    found = [o for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket="landed", Prefix=f"{stream}/") for o in page.get("Contents", [])]
    numbers = collections.defaultdict(list)
    for one in found:
        body = s3.get_object(Bucket="landed", Key=one["Key"])["Body"].read().decode()
        part = one["Key"].split("/")[1] if stream == "parted" else ""
        numbers[part].append([int(line.split('"n":')[1].split(",")[0])
                              for line in body.splitlines()])
    return numbers


def look(weir, last, acknowledged):
    count = 0
    for number, stream in enumerate(STREAMS):
        wanted = acknowledged[number]

        def seen():
            return landed(weir, stream)

        def whole(parts):
            return wanted <= {n for objects in parts.values() for o in objects for n in o}

        parts = until(lambda: (weir.advance("900s"), seen())[1], whole, 60)
        every = [n for objects in parts.values() for o in objects for n in o]
        lost = wanted - set(every)
        assert not lost, f"{stream}: lost {sorted(lost)[:5]} of {len(wanted)}"
        assert len(every) == len(set(every)), f"{stream}: something is there twice"
        assert max(every, default=0) <= last[number]
        for objects in parts.values():
            assert all(o == sorted(o) for o in objects), f"{stream}: out of order"
            ends = sorted((o[0], o[-1]) for o in objects)
            assert all(a[1] < b[0] for a, b in zip(ends, ends[1:])), f"{stream}: objects overlap"
        count += len(every)
    assert not weir.client("s3").list_objects_v2(Bucket="landed", Prefix="errors/").get("Contents")
    return count


@pytest.fixture
def weir():
    server = WeirServer(clock="2026-11-23T08:00:00Z")
    yield server
    server.close()


def test_what_was_acknowledged_lands_once(weir, capsys):
    chance = random.Random(SEED)
    last = [0] * len(STREAMS)
    acknowledged = [set() for _ in STREAMS]
    set_up(weir.start())
    for number in range(1, ROUNDS + 1):
        try:
            work_and_kill(weir, last, acknowledged, chance)
            weir.start()
            if number % 5 == 0:
                look(weir, last, acknowledged)
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error}") from error
    try:
        count = look(weir, last, acknowledged)
    except BaseException as error:
        raise AssertionError(f"at the end, WEIR_CRASH_SEED={SEED}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {count} records, seed {SEED}")
