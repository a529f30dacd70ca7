# SPDX-License-Identifier: Apache-2.0
"""kill -9 of weir, and of workers, while asynchronous invocations are accepted, tried and ended.

What it proves, whatever is killed when: every accepted event's effect is seen at least once; every
event ends exactly once, in the destination for success or in the dead-letter queue, and a poison
event never in the former; nothing is in either that nobody sent; the counts add up.

How: producers are threads with a client each, which send events singly to one function, some of
them poison, never retry, and note what was accepted. Between kills of weir single workers are
killed at random moments too; what they worked at fails and is tried again by the clock of weir,
which the test moves. At the end everything is waited for and counted.
"""
import collections
import json
import os
import random
import signal
import sys
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError
from lambda_run_kit import Kit
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 50, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
PRODUCERS = 3
ACKS_MAX = 40
WAIT_SECONDS_MAX = 120
NAME = f"crashes-{os.getpid()}"

SOURCE = """
import json, os, urllib.request
def handler(event, context):
    scope = os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/sqs/aws4_request"
    url = os.environ["AWS_ENDPOINT_URL"]
    ask = urllib.request.Request(url, method="POST",
        data=json.dumps({"QueueUrl": url + "/111122223333/effects",
                         "MessageBody": json.dumps(event)}).encode(),
        headers={"X-Amz-Target": "AmazonSQS.SendMessage", "X-Amz-Date": "20260101T000000Z",
                 "Content-Type": "application/x-amz-json-1.0",
                 "Authorization": "AWS4-HMAC-SHA256 Credential=" + scope +
                 ", SignedHeaders=host;x-amz-date, Signature=" + "0" * 64})
    urllib.request.urlopen(ask, timeout=2).read()
    if event["poison"]:
        raise RuntimeError("poison")
    return event
"""


class Producer(threading.Thread):
    """Sends events until the server is gone; every fifth is poison."""

    def __init__(self, weir, number, counter, on_ack):
        super().__init__(daemon=True)
        self.functions = weir.client("lambda")
        self.number, self.counter, self.on_ack = number, counter, on_ack
        self.sent, self.accepted, self.wrong = [], [], None

    def run(self):
        try:
            while True:
                self.counter += 1
                event = f"{self.number}/{self.counter:06}"
                poison = self.counter % 5 == 0
                self.sent.append((event, poison))
                self.functions.invoke(FunctionName=NAME, InvocationType="Event", Payload=json.dumps(
                    {"event": event, "poison": poison}))
                self.accepted.append((event, poison))
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def workers():
    found = []
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                if f"AWS_LAMBDA_FUNCTION_NAME={NAME}\0".encode() in environment.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def set_up(weir):
    kit = Kit(weir)
    for queue in ("effects", "ends", "dead"):
        kit.queue(queue)
    kit.function(NAME, SOURCE, Timeout=10, DeadLetterConfig={
        "TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})
    kit.functions.put_function_event_invoke_config(
        FunctionName=NAME, MaximumRetryAttempts=2, DestinationConfig={
            "OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:ends"}})


def one_round(weir, rand, counters):
    """Producers until so many acknowledgements; a worker dies on the way; then weir."""
    wanted = rand.randint(1, ACKS_MAX)
    acks = threading.Semaphore(0)
    producers = [Producer(weir, n, counters[n], acks.release) for n in range(PRODUCERS)]
    for producer in producers:
        producer.start()
    for i in range(wanted):
        assert acks.acquire(timeout=60), "nothing is accepted any more"
        if i == wanted // 2 and (alive := workers()):
            os.kill(rand.choice(alive), signal.SIGKILL)
    weir.kill()
    for n, producer in enumerate(producers):
        producer.join(60)
        assert producer.wrong is None, producer.wrong
        counters[n] = producer.counter
    return ([e for p in producers for e in p.sent], [e for p in producers for e in p.accepted])


def drain(kit, queue):
    found = []
    url = kit.url_of(f"x:{queue}")
    while got := kit.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in got]
        kit.sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)])
    return found


def test_accepted_events_have_their_effect_and_end_once_whatever_is_killed():
    print(f"seed {SEED}", file=sys.stderr)
    rand = random.Random(SEED)
    weir = WeirServer(clock="2026-11-23T08:00:00Z").start()
    sent, accepted, counters = [], [], [0] * PRODUCERS
    try:
        set_up(weir)
        for _ in range(ROUNDS):
            new_sent, new_accepted = one_round(weir, rand, counters)
            sent += new_sent
            accepted += new_accepted
            assert weir.fsck().returncode == 0
            weir.clock = "2026-11-23T08:00:00Z"  # what was advanced is in the store
            weir.start()
        kit = Kit(weir)
        effects, ends, dead = collections.Counter(), collections.Counter(), collections.Counter()
        until = time.monotonic() + WAIT_SECONDS_MAX
        while len(ends) + len(dead) < len(accepted) and time.monotonic() < until:
            weir.advance("30s")  # retries are due after one and two minutes
            effects.update(body["event"] for body in drain(kit, "effects"))
            ends.update(body["requestPayload"]["event"] for body in drain(kit, "ends"))
            dead.update(body["event"] for body in drain(kit, "dead"))
        effects.update(body["event"] for body in drain(kit, "effects"))
        check(dict(sent), dict(accepted), effects, ends, dead)
    finally:
        weir.close()


def check(sent, accepted, effects, ends, dead):
    poison = {event for event, is_poison in sent.items() if is_poison}
    assert set(effects) <= set(sent)
    assert set(accepted) <= set(effects), sorted(set(accepted) - set(effects))
    assert set(accepted) <= set(ends) | set(dead)
    assert not set(ends) & set(dead)
    assert max(ends.values()) == 1
    assert max(dead.values(), default=1) == 1
    assert not set(ends) & poison
    assert set(accepted) & poison <= set(dead)
