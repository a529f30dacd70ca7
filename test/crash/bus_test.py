# SPDX-License-Identifier: Apache-2.0
"""kill -9 while the bus is at work: a fan-out with filters, a subscription that is held and
released, an HTTP endpoint that fails now and then, and dead letters.

What it proves, after every kill: of each acknowledged publish
  - the queue without a filter has exactly one message, and so has the queue whose filter matches;
  - the held queue has none while it is held, and after the release all of them, once, in order;
  - the endpoint was called at least once and answered 200, or the message is a dead letter;
and nothing of a publish that left no trace in the first queue is anywhere else.

How: one publisher, never retrying, numbers the messages. The kill comes after a random number of
acknowledgements; holds and releases come in between, and some kills hit them.
"""
import http.server
import json
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import ACCOUNT, REGION, WeirServer, run_weir

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
ACKS_MAX = 40
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:events"


def queue_arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Answers 200 two times of three, 500 otherwise; keeps what it said 200 to."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        with server.lock:
            good = body["Type"] != "Notification" or server.chance.random() < 0.67
            if body["Type"] == "SubscriptionConfirmation":
                server.token = body["Token"]
                server.asked.set()
            elif good:
                server.got.add(int(body["Message"]))
        self.send_response(200 if good else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.lock, server.got, server.token = threading.Lock(), set(), None
    server.asked, server.chance = threading.Event(), random.Random(SEED)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def set_up(weir, endpoint):
    sns, sqs = weir.client("sns"), weir.client("sqs")
    sns.create_topic(Name="events")
    for name in ("all", "odd", "held", "dead"):
        sqs.create_queue(QueueName=name)
    for name, more in (("all", {}), ("odd", {"FilterPolicy": '{"odd": ["true"]}'}), ("held", {})):
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=queue_arn(name),
                      Attributes={"RawMessageDelivery": "true", **more})
    sns.subscribe(
        TopicArn=TOPIC, Protocol="http", Endpoint=f"http://127.0.0.1:{endpoint.server_port}/",
        Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": queue_arn("dead")}),
            "DeliveryPolicy": json.dumps({"healthyRetryPolicy": {
                "numRetries": 2, "numNoDelayRetries": 2, "minDelayTarget": 1,
                "maxDelayTarget": 1}})})
    assert endpoint.asked.wait(30)
    sns.confirm_subscription(TopicArn=TOPIC, Token=endpoint.token)


def publish_until_killed(weir, first, count):
    """Publishes numbers from first on until the server is gone, which is after count were
    acknowledged: sent and acknowledged ones."""
    sns = weir.client("sns")
    sent, acknowledged = [], []
    reached = threading.Semaphore(0)

    def publish():
        number = first
        try:
            while True:
                sent.append(number)
                sns.publish(TopicArn=TOPIC, Message=str(number), MessageAttributes={
                    "odd": {"DataType": "String", "StringValue": str(number % 2 == 1).lower()}})
                acknowledged.append(number)
                reached.release()
                number += 1
        except (BotoCoreError, ClientError, OSError):
            pass  # killed, as it should be

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    for _ in range(count):
        assert reached.acquire(timeout=30)
    weir.kill()
    thread.join(60)
    assert not thread.is_alive()
    return sent, acknowledged


def drain(weir, name):
    sqs, found = weir.client("sqs"), []
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                          VisibilityTimeout=60).get("Messages"):
        found += [m["Body"] for m in messages]
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)])
    return found


def numbers(weir, name):
    return [int(text) for text in drain(weir, name)]


def wait_for_deliveries(weir):
    for _ in range(3000):
        shown = run_weir("deliveries", "--now", "--server", weir.address)
        assert shown.returncode == 0, shown.stderr
        if run_weir("deliveries", "--server", weir.address).stdout.startswith("No delivery"):
            return
    raise AssertionError("deliveries do not end: "
                         + run_weir("deliveries", "--server", weir.address).stdout)


def look(weir, endpoint, sent, acknowledged, held):
    there = numbers(weir, "all")
    assert there == sorted(set(there)), f"not once, or not in order: {there}"
    assert set(acknowledged) <= set(there) <= set(sent), (acknowledged, there, sent)
    assert numbers(weir, "odd") == [n for n in there if n % 2 == 1]
    if held:
        assert numbers(weir, "held") == []
    else:
        assert numbers(weir, "held") == there
    wait_for_deliveries(weir)
    dead = {int(json.loads(text)["Message"]) for text in drain(weir, "dead")}
    with endpoint.lock:
        reached = endpoint.got | dead
        assert set(there) <= reached, sorted(set(there) - reached)
        assert reached & set(sent) <= set(there), sorted(reached & set(sent) - set(there))
    return there


def hold(weir, command):
    done = run_weir(command, "subscription", "events:held", "--server", weir.address)
    assert done.returncode == 0, done.stderr


def test_the_bus_loses_and_doubles_nothing(weir, endpoint, capsys):
    chance = random.Random(SEED)
    first, found, held, kept = 1, 0, False, []
    set_up(weir.start(), endpoint)
    for number in range(1, ROUNDS + 1):
        where = f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}"
        try:
            if chance.random() < 0.4:
                held = not held
                hold(weir, "hold" if held else "release")
                if not held:
                    if chance.random() < 0.5:  # the power goes in the middle of going on
                        weir.restart(hard=True)
                    got = []
                    for _ in range(2000):
                        got += numbers(weir, "held")
                        if len(got) >= len(kept):
                            break
                    assert got == kept, f"held {kept}, got {got}"
                    kept = []
            sent, acknowledged = publish_until_killed(weir, first, chance.randrange(ACKS_MAX))
            weir.start()
            there = look(weir, endpoint, sent, acknowledged, held)
            kept += there if held else []
            found += len(there)
            first = sent[-1] + 1
        except BaseException as error:
            raise AssertionError(f"{where}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {found} publishes found of {first - 1} sent, "
              f"{len(endpoint.got)} reached the endpoint, seed {SEED}")
