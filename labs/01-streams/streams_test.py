# SPDX-License-Identifier: Apache-2.0
"""Streams as a stack, with every policy checked: an event goes in by HTTP and comes out in the last
function's log; what is no event does not come in, heartbeats are not stored, what cannot be shaped
is kept apart, what cannot be read ends in the dead-letter queue."""
import gzip
import http.client
import json
import urllib.parse

import pytest
from stack_kit import AuthServer, deploy, destroy, until

STACK = "streams"


@pytest.fixture(scope="module")
def weir():
    server = AuthServer().start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def names(weir):
    return deploy(weir, "01-streams", STACK, BufferSeconds=0)


def post(names, content):
    """Sends it to the API: status and answer."""
    url = urllib.parse.urlsplit(names["Url"])
    connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=60)
    try:
        connection.request("POST", url.path, content, {"Host": url.netloc,
                                                       "content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def told(weir, names):
    """The events in the last function's log, by their ids."""
    pages = weir.client("logs").get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{names['TellFunction']}", filterPattern='"event {"')
    lines = [event["message"].split("event ", 1)[1] for page in pages for event in page["events"]]
    events = [json.loads(line) for line in lines]
    return {event["id"]: event for event in events}


def stored(weir, names, prefix):
    s3, bucket = weir.client("s3"), names["EventStore"]
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])}


def test_an_event_comes_out_at_the_other_end(weir, names):
    sent = [{"type": "door-opened", "source": f"door-{n % 3}", "card": n} for n in range(30)]
    ids = {}
    for event in sent:
        status, answer = post(names, json.dumps(event))
        assert status == 202, answer
        ids[answer["id"]] = (event, answer["sequence"])
    found = until(lambda: len(came := told(weir, names)) >= len(sent) and came, "30 lines")
    assert {id: (line["event"], line["sequence"]) for id, line in found.items()} == ids
    lines = [json.loads(line) for raw in stored(weir, names, "events/").values()
             for line in gzip.decompress(raw).decode().splitlines()]
    assert {line["id"] for line in lines} == set(ids)
    for door in range(3):  # each source's in their order
        cards = [found[line["id"]]["event"]["card"] for line in
                 sorted(lines, key=lambda line: int(line["sequence"]))
                 if line["source"] == f"door-{door}"]
        assert cards == list(range(door, 30, 3))


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", '{"type":"a"}', '{"type":1,"source":"s"}',
                                     '{"type":"","source":"s"}', '{"type":"a","source":"s"'])
def test_what_is_no_event_is_told_so(names, content):
    status, answer = post(names, content)
    assert status == 400
    assert answer["error"]


def test_heartbeats_are_dropped_and_what_is_no_event_is_kept_apart(weir, names):
    assert post(names, '{"type":"heartbeat","source":"north"}')[0] == 202
    weir.client("kinesis").put_record(StreamName=names["EventStream"], PartitionKey="other",
                                      Data=b"by another way")
    status, answer = post(names, '{"type":"last","source":"north"}')
    until(lambda: answer["id"] in told(weir, names), "the last event")
    errors = until(lambda: stored(weir, names, "errors/processing-failed/"), "the error's object")
    assert len(errors) == 1
    raw, = errors.values()
    said = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    assert said["rawData"] == "YnkgYW5vdGhlciB3YXk="
    assert not [line for line in told(weir, names).values() if line["type"] == "heartbeat"]


def test_what_cannot_be_read_ends_in_the_dead_letter_queue(weir, names):
    sqs = weir.client("sqs")
    sqs.set_queue_attributes(QueueUrl=names["WorkQueue"], Attributes={"VisibilityTimeout": "1"})
    weir.client("s3").put_object(Bucket=names["EventStore"], Key="events/by-hand", Body=b"no gzip")

    def failed():
        counts = sqs.get_queue_attributes(QueueUrl=names["FailuresQueue"],
                                          AttributeNames=["ApproximateNumberOfMessages"])
        return counts["Attributes"]["ApproximateNumberOfMessages"] == "1"

    until(failed, "the message in the failures queue")


def test_old_events_move_to_archive_classes(weir, names):
    said = weir.client("s3").get_bucket_lifecycle_configuration(Bucket=names["EventStore"])
    moves = [(move["Days"], move["StorageClass"]) for rule in said["Rules"]
             for move in rule.get("Transitions", [])]
    assert moves == [(30, "STANDARD_IA"), (90, "GLACIER_IR"), (180, "GLACIER"),
                     (365, "DEEP_ARCHIVE")]


def test_z_deleting_the_stack_leaves_nothing(weir, names):
    destroy(weir, STACK, [names["EventStore"]])
    weir.client("kinesis").get_waiter("stream_not_exists").wait(
        StreamName=names["EventStream"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    assert [b["Name"] for b in weir.client("s3").list_buckets()["Buckets"]] == ["packages"]
    assert weir.client("apigatewayv2").get_apis()["Items"] == []
    assert weir.client("firehose").list_delivery_streams()["DeliveryStreamNames"] == []
    assert weir.client("sns").list_topics()["Topics"] == []
    assert weir.client("sqs").list_queues().get("QueueUrls", []) == []
    assert weir.client("lambda").list_functions()["Functions"] == []
    assert weir.client("iam").list_roles()["Roles"] == []
    assert weir.client("logs").describe_log_groups()["logGroups"] == []
