# SPDX-License-Identifier: Apache-2.0
"""Functions fed by queues: what they get, what becomes of messages that fail, order, filters."""
import json

import pytest
from lambda_mapping_kit import Mappings
from lambda_run_kit import refused, until
from weir_server import ACCOUNT, REGION

TELLS = """
def handler(event, context):
    tell(json.dumps(event))
"""
# Tells each body; fails on "bad", as a whole.
PICKY = """
def handler(event, context):
    bodies = [r["body"] for r in event["Records"]]
    tell(*(f"{r['attributes']['ApproximateReceiveCount']} {r['body']}" for r in event["Records"]))
    if any(b.startswith("bad") for b in bodies):
        raise ValueError("no good")
"""
# The same, but says which failed.
REPORTS = """
def handler(event, context):
    tell(*(f"{r['attributes']['ApproximateReceiveCount']} {r['body']}" for r in event["Records"]))
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"]
                                  if r["body"].startswith("bad")]}
"""


@pytest.fixture(scope="module")
def kit(clocked):
    return Mappings(clocked)


def send(kit, queue, *bodies, **more):
    for i in range(0, len(bodies), 10):
        kit.sqs.send_message_batch(QueueUrl=kit.url_of(queue), Entries=[
            {"Id": str(k), "MessageBody": body, **more}
            for k, body in enumerate(bodies[i:i + 10])])


def events(kit, name, count):
    return [json.loads(text) for text in kit.told(name, count)]


def test_a_message_comes_as_aws_shapes_it(kit, name):
    queue = kit.queue(name)
    kit.telling(name, TELLS)
    kit.mapping(name, queue)
    sent = kit.sqs.send_message(
        QueueUrl=kit.url_of(queue), MessageBody='say "hé"',
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "k"},
                           "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"}})
    [event] = events(kit, name, 1)
    [record] = event["Records"]
    attributes = record.pop("attributes")
    assert record.pop("receiptHandle")
    assert record == {
        "messageId": sent["MessageId"], "body": 'say "hé"',
        "messageAttributes": {
            "kind": {"stringValue": "k", "stringListValues": [], "binaryListValues": [],
                     "dataType": "String"},
            "raw": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [],
                    "dataType": "Binary"}},
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"], "eventSource": "aws:sqs",
        "eventSourceARN": queue, "awsRegion": REGION}
    assert attributes["ApproximateReceiveCount"] == "1"
    assert attributes["SenderId"] == ACCOUNT
    assert attributes["SentTimestamp"] == attributes["ApproximateFirstReceiveTimestamp"]
    until(lambda: kit.nothing_in(queue), "deletion")


def test_what_is_done_is_gone_and_counts_as_nothing_in_flight(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    kit.mapping(name, queue)
    send(kit, queue, *(f"m{i}" for i in range(25)))
    assert sorted(kit.told(name, 25)) == sorted(f"1 m{i}" for i in range(25))

    def empty():
        counts = kit.sqs.get_queue_attributes(QueueUrl=kit.url_of(queue),
                                              AttributeNames=["All"])["Attributes"]
        return counts["ApproximateNumberOfMessages"] == "0" == counts[
            "ApproximateNumberOfMessagesNotVisible"]
    until(empty, "deletion")


def test_messages_are_gathered_for_a_time(kit, clocked, name):
    queue = kit.queue(name)
    kit.telling(name, TELLS)
    kit.mapping(name, queue, BatchSize=100, MaximumBatchingWindowInSeconds=20)
    send(kit, queue, "a", "b")
    send(kit, queue, "c")
    assert kit.shown(f"{name}:{name}")[0]["behind"] == 3
    clocked.advance("20s")
    [event] = events(kit, name, 1)
    assert sorted(r["body"] for r in event["Records"]) == ["a", "b", "c"]


def test_a_poison_message_goes_to_the_dead_letter_queue_with_its_count(kit, clocked, name):
    dead = kit.queue(f"{name}-dead")
    queue = kit.queue(name, RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": dead, "maxReceiveCount": 3}))
    kit.telling(name, PICKY)
    kit.mapping(name, queue, BatchSize=1)
    send(kit, queue, "bad", "good")
    told = sorted(kit.told(name, 2))
    assert told == ["1 bad", "1 good"]
    for count in (2, 3):
        clocked.advance("30s")
        assert kit.told(name, 1) == [f"{count} bad"]
    shown = until(lambda: kit.shown(f"{name}:{name}")[0]["in_flight"] == 0 and
                  kit.shown(f"{name}:{name}")[0])
    assert shown["result"] == "PROBLEM: Function call failed"
    assert kit.nothing_in(dead)
    clocked.advance("30s")
    [message] = kit.messages(dead, 1)
    assert message["Body"] == "bad"
    assert message["Attributes"]["ApproximateReceiveCount"] == "4"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == queue


def test_only_what_was_reported_comes_again(kit, clocked, name):
    queue = kit.queue(name)
    kit.telling(name, REPORTS)
    kit.mapping(name, queue, FunctionResponseTypes=["ReportBatchItemFailures"])
    send(kit, queue, "good1", "bad", "good2")
    assert sorted(kit.told(name, 3)) == ["1 bad", "1 good1", "1 good2"]
    until(lambda: kit.shown(f"{name}:{name}")[0]["in_flight"] == 0)
    clocked.advance("30s")
    assert kit.told(name, 1) == ["2 bad"]


@pytest.mark.parametrize("answer", ['{"batchItemFailures": [{"itemIdentifier": ""}]}',
                                    '{"batchItemFailures": [{"itemIdentifier": None}]}',
                                    '{"batchItemFailures": [{"wrong": "x"}]}',
                                    '{"batchItemFailures": [{"itemIdentifier": "nobody"}]}'])
def test_a_report_that_makes_no_sense_fails_the_whole_batch(kit, clocked, name, answer):
    queue = kit.queue(name)
    kit.telling(name, f"def handler(event, context):\n"
                      f"    tell(*(r['body'] for r in event['Records']))\n"
                      f"    return {answer}\n")
    kit.mapping(name, queue, FunctionResponseTypes=["ReportBatchItemFailures"])
    send(kit, queue, "a")
    assert kit.told(name, 1) == ["a"]
    until(lambda: kit.shown(f"{name}:{name}")[0]["in_flight"] == 0)
    clocked.advance("30s")
    assert kit.told(name, 1) == ["a"]


def test_groups_of_a_fifo_queue_keep_their_order_over_failures(kit, clocked, name):
    queue = kit.queue(f"{name}.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    kit.telling(name, PICKY)
    for group in "xy":
        send(kit, queue, *(f"{'bad' if group == 'x' and i == 2 else 'm'}-{group}{i}"
                           for i in range(6)), MessageGroupId=group)
    kit.mapping(name, queue, BatchSize=2)
    seen = {"x": [], "y": []}
    while not (seen["y"][-1:] == ["5"] and len([s for s in seen["x"] if s == "2"]) > 1):
        for text in kit.told(name, 1):
            seen[text[-2]].append(text[-1])
        if kit.shown(f"{name}:{name}.fifo")[0]["in_flight"] == 0:
            clocked.advance("30s")
    assert seen["y"] == ["0", "1", "2", "3", "4", "5"]
    first = list(dict.fromkeys(seen["x"]))
    assert first == sorted(first)
    assert "4" not in seen["x"]  # what is behind the bad one waits


def test_what_no_filter_lets_through_is_gone(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    kit.mapping(name, queue, FilterCriteria={"Filters": [
        {"Pattern": json.dumps({"body": {"kind": ["a"]}})},
        {"Pattern": json.dumps({"body": {"n": [{"numeric": [">", 5]}]}})}]})
    send(kit, queue, '{"kind": "a"}', '{"kind": "b"}', '{"n": 7}', "no json", '{"n": 5}')
    assert sorted(kit.told(name, 2)) == ['1 {"kind": "a"}', '1 {"n": 7}']
    until(lambda: kit.nothing_in(queue), "deletion")
    assert kit.nothing_in(f"x:{name}-told.fifo")


def test_a_plain_text_filter_sees_plain_text(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    kit.mapping(name, queue, FilterCriteria={"Filters": [
        {"Pattern": json.dumps({"body": [{"prefix": "yes"}]})}]})
    send(kit, queue, "no", '{"yes": 1}', "yes it is")
    assert kit.told(name, 1) == ["1 yes it is"]


def test_so_many_run_at_once_and_no_more(kit, name):
    queue = kit.queue(name)
    kit.telling(name, "import time\ndef handler(event, context):\n"
                      "    begin = time.monotonic()\n    time.sleep(0.1)\n"
                      "    tell(f'{begin} {time.monotonic()}')\n")
    send(kit, queue, *(str(i) for i in range(12)))
    kit.mapping(name, queue, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    spans = [tuple(map(float, text.split())) for text in kit.told(name, 12)]
    for begin, _ in spans:
        assert sum(b <= begin < e for b, e in spans) <= 2


def test_a_disabled_mapping_leaves_messages_alone(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    uuid = kit.mapping(name, queue, Enabled=False)
    send(kit, queue, "waits")
    assert not kit.nothing_in(queue)
    assert kit.functions.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabling"
    assert kit.told(name, 1) == ["1 waits"]
    assert kit.functions.update_event_source_mapping(
        UUID=uuid, Enabled=False)["State"] == "Disabling"
    kit.is_in_state(uuid, "Disabled")


def test_a_held_mapping_and_a_held_group_wait(kit, name):
    queue = kit.queue(f"{name}.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    kit.telling(name, PICKY)
    kit.mapping(name, queue, BatchSize=1)
    kit.held("hold", f"{name}:{name}.fifo", "x")
    send(kit, queue, "x1", "x2", MessageGroupId="x")
    send(kit, queue, "y1", MessageGroupId="y")
    assert kit.told(name, 1) == ["1 y1"]
    kit.held("release", f"{name}:{name}.fifo", "x")
    assert kit.told(name, 2) == ["1 x1", "1 x2"]


def test_a_function_that_is_made_again_goes_on(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    kit.mapping(name, queue)
    kit.functions.delete_function(FunctionName=name)
    send(kit, queue, "a")
    assert "Function not found" in kit.shown(f"{name}:{name}")[0]["result"]
    kit.telling(name, PICKY)
    assert kit.told(name, 1) == ["1 a"]


def test_an_alias_is_followed(kit, name):
    queue = kit.queue(name)
    kit.telling(name, "def handler(event, context):\n    tell(context.invoked_function_arn)\n")
    kit.functions.publish_version(FunctionName=name)
    kit.functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    kit.mapping(f"{name}:live", queue)
    send(kit, queue, "a")
    assert kit.told(name, 1) == [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:live"]


def test_the_trace_of_a_message_goes_on(kit, name):
    queue = kit.queue(name)
    kit.telling(name, "def handler(event, context):\n    tell(os.environ['_X_AMZN_TRACE_ID'])\n")
    kit.mapping(name, queue)
    root = "1-6b0e6b33-7d9ddb2189573edcbd1de7b3"
    kit.sqs.send_message(QueueUrl=kit.url_of(queue), MessageBody="a", MessageSystemAttributes={
        "AWSTraceHeader": {"DataType": "String", "StringValue": f"Root={root};Sampled=1"}})
    assert root in kit.told(name, 1)[0]
    hops = until(lambda: [h for h in kit.hops(root) if name in h["to"]], "the hop")
    assert hops[0]["from"] == queue
    assert hops[0]["outcome"] == "delivered"


def test_what_a_queues_mapping_cannot_have_is_refused(kit, name):
    queue = kit.queue(name)
    short = kit.queue(f"{name}-short", VisibilityTimeout="2")
    fifo = kit.queue(f"{name}.fifo", FifoQueue="true")
    kit.telling(name, PICKY)
    create = kit.functions.create_event_source_mapping
    bad = "InvalidParameterValueException"
    for source, more, says in [
            (queue, {"StartingPosition": "LATEST"}, "StartingPosition is not valid"),
            (queue, {"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
            (fifo, {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}, "FIFO"),
            (fifo, {"MaximumBatchingWindowInSeconds": 1}, "FIFO"),
            (queue, {"ParallelizationFactor": 2}, "ParallelizationFactor"),
            (short, {}, "Queue visibility timeout: 2 seconds is less than Function timeout: 3"),
            (f"{queue}-gone", {}, "NonExistentQueue"),
            (queue, {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern"),
    ]:
        answer = refused(bad, create, FunctionName=name, EventSourceArn=source, **more)
        assert says in answer["Error"]["Message"], answer["Error"]
