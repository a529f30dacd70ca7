# SPDX-License-Identifier: Apache-2.0
"""The commands for what moves between services: hold, release, holds, trace, deliveries, outbox,
redrive: what they do, print, and say when something is wrong."""
import http.server
import json
import re
import threading

import pytest
from weir_server import ACCOUNT, REGION, ROOT, WeirServer, run_weir

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:events"


def queue_arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


@pytest.fixture(scope="module")
def weir():
    server = WeirServer().start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


@pytest.fixture(scope="module")
def sns(weir):
    return weir.client("sns")


@pytest.fixture
def cli(weir):
    """Runs a command against the server: standard output; code is what it must exit with."""
    def run(*words, code=0):
        done = run_weir(*words, "--server", weir.address)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr
    return run


@pytest.fixture
def name(request):
    return request.node.name.replace("test_", "")[:60]


@pytest.fixture
def queue(sqs, name):
    return sqs.create_queue(QueueName=name)["QueueUrl"]


def texts(sqs, url, **more):
    """Everything that can be received now, deleted."""
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                          **more).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def subscribed(sns, name, url, **attributes):
    """A topic with that queue; the topic's and the subscription's ARNs."""
    topic = sns.create_topic(Name=name)["TopicArn"]
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(url.rsplit("/", 1)[1]),
        ReturnSubscriptionArn=True,
        Attributes={"RawMessageDelivery": "true", **attributes})["SubscriptionArn"]
    return topic, subscription


# ---- hold, release, holds ----

def test_a_held_queue_accumulates_and_goes_on(cli, sqs, queue, name):
    assert "is held" in cli("hold", "queue", name)
    assert "was held already" in cli("hold", "queue", queue)
    sqs.send_message(QueueUrl=queue, MessageBody="waits")
    assert texts(sqs, queue) == []
    assert name in cli("holds")
    assert "goes on" in cli("release", "queue", queue_arn(name))
    assert "was not held" in cli("release", "queue", name)
    assert texts(sqs, queue) == ["waits"]
    assert name not in cli("holds")


def test_one_message_group_is_held_and_others_flow(cli, sqs, name):
    url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes={
        "FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
    assert "group bad" in cli("hold", "group", f"{name}.fifo", "--key", "bad")
    for group in ("bad", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=f"of {group}", MessageGroupId=group)
    assert texts(sqs, url) == ["of good"]
    cli("release", "group", f"{name}.fifo", "--key", "bad")
    assert texts(sqs, url) == ["of bad"]


def test_a_queues_key_is_a_group(cli, sqs, name):
    sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})
    cli("hold", "queue", f"{name}.fifo", "--key", "a b&c")
    held = [h for h in json.loads(cli("holds", "--json"))["holds"] if name in h["arn"]]
    assert [(h["kind"], h["key"]) for h in held] == [("group", "a b&c")]
    cli("release", "group", f"{name}.fifo", "--key", "a b&c")


def test_a_held_subscription_goes_on_in_order(cli, sqs, sns, queue, name):
    topic, subscription = subscribed(sns, name, queue)
    cli("hold", "subscription", f"{name}:{name}")
    for i in range(5):
        sns.publish(TopicArn=topic, Message=str(i))
    assert texts(sqs, queue) == []
    cli("release", "subscription", subscription)
    assert texts(sqs, queue) == ["0", "1", "2", "3", "4"]


def test_a_deleted_queue_leaves_no_hold(cli, sqs, queue, name):
    cli("hold", "queue", name)
    sqs.delete_queue(QueueUrl=queue)
    assert name not in cli("holds")


@pytest.mark.parametrize("words, code, said", [
    (("hold",), 2, "say what kind and which"),
    (("hold", "queue", "a", "b"), 2, 'what is "b" for?'),
    (("hold", "queue", "nowhere"), 1, 'There is no queue "nowhere".'),
    (("hold", "route", "f"), 1, "what can: queue, group, subscription"),
    (("hold", "group", "q"), 1, "give the key"),
    (("hold", "subscription", "x:y"), 1, "Name it by its ARN, or as TOPIC:ENDPOINT."),
    (("release", "queue", "nowhere"), 1, 'There is no queue "nowhere".'),
    (("trace", "--count", "0"), 2, "--count is a number from 1 to 10000."),
    (("trace", "unheard-of"), 1, 'nothing was handed on under "unheard-of"'),
    (("redrive",), 2, "say which dead-letter queue"),
    (("redrive", "nowhere"), 1, "There is no such queue."),
    (("holds", "--nonsense"), 2, "there is no flag --nonsense"),
])
def test_what_is_wrong_is_said_with_what_to_do(cli, words, code, said):
    assert said in cli(*words, code=code)


def test_without_a_server_it_says_so():
    done = run_weir("holds", "--server", "127.0.0.1:1")
    assert done.returncode == 1
    assert "Is `weir serve` running there?" in done.stderr


@pytest.mark.parametrize("command", ["hold", "release", "holds", "trace", "deliveries", "outbox",
                                     "redrive"])
def test_every_command_has_help(command):
    done = run_weir(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: weir {command} [FLAGS]")
    assert "--json" in done.stdout and "--server" in done.stdout


# ---- trace ----

def test_an_object_is_followed_by_its_key(cli, weir, sqs, sns, queue, name):
    other = sqs.create_queue(QueueName=f"{name}-other")["QueueUrl"]
    topic, _ = subscribed(sns, name, queue)
    subscribed(sns, name, other, FilterPolicy='{"kind": ["other"]}')
    s3 = weir.client("s3")
    bucket = name.replace("_", "-")[:40]
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]})
    s3.put_object(Bucket=bucket, Key="scans/17.json", Body=b"{}")
    lines = cli("trace", "scans/17.json").splitlines()
    assert "scans/17.json" in lines[0]
    assert f"s3 {bucket} → sns {name}" in lines[1] and lines[1].endswith("taken")
    assert f"  sns {name} → sqs {name}" in lines[2] and lines[2].endswith("taken")
    assert f"sqs {name}-other" in lines[3]
    assert lines[3].endswith("no match: the filter policy, on attributes")
    hops = json.loads(cli("trace", "scans/17.json", "--json"))["hops"]
    assert [hop["depth"] for hop in hops] == [0, 1, 1]
    assert len({hop["trace"] for hop in hops}) == 1
    assert len(cli("trace", hops[0]["request"]).splitlines()) == 4


def test_a_trace_tells_of_a_hold_and_its_release(cli, sqs, sns, queue, name):
    topic, subscription = subscribed(sns, name, queue)
    cli("hold", "subscription", subscription)
    message = sns.publish(TopicArn=topic, Message="x")["MessageId"]
    assert f"held; weir release subscription {subscription}" in cli("trace", message)
    cli("release", "subscription", subscription)
    assert texts(sqs, queue) == ["x"]
    shown = cli("trace", message)
    assert "held" in shown and shown.rstrip().endswith("taken")


def test_a_refusal_is_shown_with_its_reason(cli, sqs, sns, queue, name):
    topic, _ = subscribed(sns, name, queue)
    sqs.delete_queue(QueueUrl=queue)
    message = sns.publish(TopicArn=topic, Message="x")["MessageId"]
    assert f"refused: There is no queue {queue_arn(name)}" in cli("trace", message)


def test_a_refused_event_goes_to_the_subscriptions_dead_letter_queue(cli, sqs, sns, queue, name):
    dead = sqs.create_queue(QueueName=f"{name[:50]}-dead")["QueueUrl"]
    topic, subscription = subscribed(sns, name, queue)
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": queue_arn(f"{name[:50]}-dead")}))
    sqs.delete_queue(QueueUrl=queue)
    message = sns.publish(TopicArn=topic, Message="buried")["MessageId"]
    assert texts(sqs, dead) == ["buried"]
    assert "dead-letter: There is no queue" in cli("trace", message)


def test_the_newest_hops_and_those_of_a_resource(cli, sqs, sns, queue, name):
    topic, _ = subscribed(sns, name, queue)
    for i in range(3):
        sns.publish(TopicArn=topic, Message=str(i))
    assert len(json.loads(cli("trace", "--resource", name, "--json"))["hops"]) == 3
    assert len(json.loads(cli("trace", "--count", "2", "--json"))["hops"]) == 2


# ---- deliveries ----

class Endpoint(http.server.BaseHTTPRequestHandler):
    status, got = 200, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["x-amz-sns-message-type"], body))
        self.server.seen.release()
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.status, server.got, server.seen = 200, [], threading.Semaphore(0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def wait_for(endpoint, count):
    for _ in range(count):
        assert endpoint.seen.acquire(timeout=30), endpoint.got


def test_a_failing_endpoint_is_shown_and_tried_now(cli, weir, sns, endpoint, name):
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = f"http://127.0.0.1:{endpoint.server_port}/hook"
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url, Attributes={
        "DeliveryPolicy": json.dumps({"healthyRetryPolicy": {
            "numRetries": 3, "minDelayTarget": 600, "maxDelayTarget": 600}})})
    wait_for(endpoint, 1)
    token = json.loads(endpoint.got[0][1])["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    endpoint.status = 503
    message = sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    wait_for(endpoint, 1)
    for _ in range(1000):  # the end of the try is an entry of its own
        waiting = json.loads(cli("deliveries", "--json"))["deliveries"]
        if waiting and waiting[0]["attempts"]:
            break
    assert [(w["target"], w["attempts"], w["last"], w["about"]) for w in waiting] == [
        (url, 1, "the endpoint answered 503", message)]
    assert "the endpoint answered 503" in cli("deliveries")
    assert "retry in 600000 ms: the endpoint answered 503" in cli("trace", message)
    weir.restart(hard=True)  # the to-do is on disk
    endpoint.status = 200
    cli_now = run_weir("deliveries", "--now", "--server", weir.address)
    assert cli_now.stdout == "1 deliveries are tried now.\n"
    wait_for(endpoint, 1)
    assert json.loads(endpoint.got[-1][1])["Message"] == "hello"
    for _ in range(1000):
        shown = run_weir("deliveries", "--server", weir.address).stdout
        if shown == "No delivery is waiting.\n":
            break
    assert shown == "No delivery is waiting.\n"


# ---- outbox ----

def test_mails_are_shown_and_never_sent(weir, sns, name):
    sns = weir.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="anna@example.com")
    shown = run_weir("outbox", "--server", weir.address).stdout
    assert "anna@example.com" in shown.splitlines()[1]
    newest = json.loads(run_weir("outbox", "--count", "1", "--json", "--server",
                                 weir.address).stdout)["messages"]
    assert [m["to"] for m in newest] == ["anna@example.com"]


# ---- redrive ----

@pytest.fixture
def dead(weir, name):
    """A queue whose ten messages have all died: URLs of it and of its dead-letter queue."""
    sqs = weir.client("sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    work = sqs.create_queue(QueueName=name, Attributes={
        "VisibilityTimeout": "0", "RedrivePolicy": json.dumps(
            {"deadLetterTargetArn": queue_arn(f"{name}-dead"), "maxReceiveCount": 1})})["QueueUrl"]
    for card in range(10):
        sqs.send_message(QueueUrl=work, MessageBody=json.dumps({"card": card}))
    for _ in range(20):
        if not sqs.receive_message(QueueUrl=work, MaxNumberOfMessages=10).get("Messages"):
            break
    return work, dead


def count(sqs, url):
    return int(sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"])


def wait_for_count(sqs, url, wanted):
    for _ in range(2000):
        if count(sqs, url) == wanted:
            return
    assert count(sqs, url) == wanted


def run(weir, *words):
    done = run_weir(*words, "--server", weir.address)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_redrive_sends_everything_back(weir, dead, name):
    sqs = weir.client("sqs")
    assert count(sqs, dead[1]) == 10
    assert run(weir, "redrive", f"{name}-dead").startswith("10 of 10 messages go back: task ")
    wait_for_count(sqs, dead[1], 0)
    assert count(sqs, dead[0]) == 10


def test_a_dry_run_counts_and_moves_nothing(weir, dead, name):
    sqs = weir.client("sqs")
    assert run(weir, "redrive", f"{name}-dead", "--dry-run", "--where",
               '{"body": {"card": [{"numeric": ["<", 3]}]}}') == (
        "3 of 10 messages would go back; nothing was moved.\n")
    assert count(sqs, dead[1]) == 10


def test_redrive_takes_what_matches_at_a_rate(weir, dead, name):
    sqs = weir.client("sqs")
    answer = json.loads(run(weir, "redrive", dead[1], "--where", '{"body": {"card": [1, 7]}}',
                            "--rate", "100", "--json"))
    assert (answer["messages"], answer["matching"]) == (10, 2)
    wait_for_count(sqs, dead[1], 8)
    assert sorted(json.loads(text)["card"] for text in texts(
        sqs, dead[0], VisibilityTimeout=30)) == [1, 7]


def test_redrive_says_what_is_no_pattern(weir, dead, name):
    done = run_weir("redrive", f"{name}-dead", "--where", '{"body": 1}', "--server", weir.address)
    assert done.returncode == 1
    assert '"body" must be an object or an array' in done.stderr


# ---- the manual ----

def test_the_manual_knows_every_command_and_flag():
    manual = (ROOT / "docs" / "weir.1").read_text().replace("\\-", "-")
    overview = run_weir("--help").stdout.split("Usage:")[1].split("Start here:")[0]
    commands = [line.split()[0] for line in overview.splitlines() if line.startswith("  ")]
    assert len(commands) > 10
    for command in commands:
        assert re.search(rf"^\.B\w* {command}\b", manual, re.M), command
        for flag in re.findall(r"^  (--[a-z-]+)", run_weir(command, "--help").stdout, re.M):
            assert flag in manual, f"{command} {flag}"
