# SPDX-License-Identifier: Apache-2.0
"""kill -9 while queues and streams are drained into functions, whose workers die, too.

What it proves: every message and record that was acknowledged reaches its function, at least once;
nothing reaches it that was not sent; and the first time that each comes is in the order in which
they were sent: within a group of a FIFO queue, a partition key of a stream (whose shards are split
and merged meanwhile, and which has several lanes) and a partition of a table's stream.

How: a function for each source notes what it gets in a table, key by key, in the order in which it
comes; at random it exits before, between or after that. Producers send numbers by key, one after
the other, never retrying, and note what was acknowledged. The server is killed after a random
number of acknowledgements, over and over. At the end everything has to arrive.
"""
import json
import os
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from lambda_mapping_kit import Mappings
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 25, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
KEYS = 4
ACKS_MAX = 60
DRAIN_SECONDS_MAX = 120
START = "2026-12-01T00:00:00Z"

SOURCE = '''
import base64, json, os, random, urllib.request
KIND = os.environ["KIND"]

def said(record):
    if "body" in record:
        return record["body"]
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["NewImage"]["said"]["S"]

def note(text):
    key, number = text.split(":")
    body = json.dumps({"TableName": os.environ["NOTED"], "Key": {"pk": {"S": KIND + "/" + key}},
        "UpdateExpression": "SET seen = list_append(if_not_exists(seen, :none), :one)",
        "ExpressionAttributeValues": {":none": {"L": []}, ":one": {"L": [{"N": number}]}}})
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body.encode(), {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "DynamoDB_20120810.UpdateItem"})
    urllib.request.urlopen(request, timeout=10).read()

def handler(event, context):
    for record in event["Records"]:
        if random.random() < 0.01:
            os._exit(1)
        note(said(record))
    if random.random() < 0.01:
        os._exit(1)
'''


class Producer(threading.Thread):
    """Sends numbers of each key to one source; acked: those that were acknowledged."""

    def __init__(self, weir, kind, state, on_ack):
        super().__init__(daemon=True)
        self.kit, self.kind, self.state, self.on_ack = Mappings(weir), kind, state, on_ack
        self.random = random.Random(f"{SEED}/{kind}/{state['next']}")
        self.wrong = None

    def send(self, key, text):
        kit = self.kit
        if self.kind == "plain":
            kit.sqs.send_message(QueueUrl=kit.url_of("x:plain"), MessageBody=text)
        elif self.kind == "fifo":
            kit.sqs.send_message(QueueUrl=kit.url_of("x:q.fifo"), MessageBody=text,
                                 MessageGroupId=key, MessageDeduplicationId=text)
        elif self.kind == "stream":
            kit.kinesis.put_record(StreamName="stream", PartitionKey=key, Data=text.encode())
        else:
            kit.dynamodb.put_item(TableName="table", Item={"pk": {"S": key},
                                                           "said": {"S": text}})

    def reshard(self):
        count = self.kit.kinesis.describe_stream_summary(StreamName="stream")[
            "StreamDescriptionSummary"]["OpenShardCount"]
        self.kit.kinesis.update_shard_count(StreamName="stream", ScalingType="UNIFORM_SCALING",
                                            TargetShardCount=3 - count)

    def run(self):
        try:
            while True:
                key = f"k{self.random.randrange(KEYS)}"
                self.state["next"] += 1
                number = self.state["next"]
                self.state["sent"].setdefault(key, []).append(number)
                if self.kind == "stream" and self.random.random() < 0.02:
                    self.reshard()
                self.send(key, f"{key}:{number}")
                self.state["acked"].add((key, number))
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


KINDS = ("plain", "fifo", "stream", "table")


def prepared(weir):
    """The functions and their mappings."""
    kit = Mappings(weir)
    kit.dynamodb.create_table(
        TableName="noted", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    table = kit.dynamodb.create_table(
        TableName="table", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    sources = {"plain": (kit.queue("plain"), {"BatchSize": 5}),
               "fifo": (kit.queue("q.fifo", FifoQueue="true"), {"BatchSize": 5}),
               "stream": (kit.stream("stream", 1), {
                   "BatchSize": 7, "ParallelizationFactor": 3, "StartingPosition": "LATEST",
                   "BisectBatchOnFunctionError": True}),
               "table": (table, {"BatchSize": 7, "StartingPosition": "TRIM_HORIZON"})}
    for kind, (source, more) in sources.items():
        kit.function(kind, SOURCE, Timeout=20, Environment={"Variables": {
            "KIND": kind, "NOTED": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/noted"}})
        kit.mapping(kind, source, **more)


def work_and_kill(weir, states, chance):
    countdown = threading.Semaphore(0)
    producers = [Producer(weir, kind, states[kind], countdown.release) for kind in KINDS]
    for producer in producers:
        producer.start()
    for _ in range(chance.randrange(ACKS_MAX)):
        assert countdown.acquire(timeout=60), "nothing is acknowledged any more"
    weir.restart(hard=True)
    for producer in producers:
        producer.join()
        assert producer.wrong is None, producer.wrong


def noted(kit, kind, key):
    item = kit.dynamodb.get_item(TableName="noted", ConsistentRead=True,
                                 Key={"pk": {"S": f"{kind}/{key}"}}).get("Item")
    return [int(number["N"]) for number in item["seen"]["L"]] if item else []


def missing(kit, states):
    """What was acknowledged and has not come."""
    gone = []
    for kind in KINDS:
        for i in range(KEYS):
            seen = set(noted(kit, kind, f"k{i}"))
            gone += [(kind, key, number) for key, number in states[kind]["acked"]
                     if key == f"k{i}" and number not in seen]
    return gone


def drained(weir, states):
    """Everything has come; the clock goes on, so that what was in flight comes back."""
    kit = Mappings(weir)
    end = time.monotonic() + DRAIN_SECONDS_MAX
    while missing(kit, states) and time.monotonic() < end:
        weir.advance("31s")
        time.sleep(0.05)
    assert not missing(kit, states), json.dumps(kit.shown(), indent=1)
    return kit


@pytest.mark.parametrize("rounds", [ROUNDS])
def test_nothing_is_lost_and_no_order_is_broken(rounds):
    chance = random.Random(SEED)
    states = {kind: {"next": 0, "sent": {}, "acked": set()} for kind in KINDS}
    weir = WeirServer(clock=START)
    try:
        weir.start()
        prepared(weir)
        for _ in range(rounds):
            work_and_kill(weir, states, chance)
            weir.advance("31s")
        kit = drained(weir, states)
        for kind in KINDS:
            for i in range(KEYS):
                seen = noted(kit, kind, f"k{i}")
                first = list(dict.fromkeys(seen))
                assert set(first) <= set(states[kind]["sent"].get(f"k{i}", []))
                if kind != "plain":
                    assert first == sorted(first), (kind, i, seen)
        assert weir.stop() == 0
        checked = weir.fsck()
        assert checked.returncode == 0, checked.stdout
    except AssertionError as wrong:
        raise AssertionError(f"seed {SEED}: {wrong}\n{weir.log_tail()}") from wrong
    finally:
        weir.close()
