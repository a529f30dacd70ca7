# SPDX-License-Identifier: Apache-2.0
"""Dead letters: what dies, when, with what it keeps; redrive and redrive-allow policies."""
import json

import pytest
from sqs_kit import (arn_of, attributes, bodies, counts, drain, make, make_fifo,
                     make_with_dead, queue_name, receive, refused, send)
from weir_server import ACCOUNT, REGION

BAD = "InvalidParameterValue"


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


@pytest.fixture(scope="module")
def still(clocked):
    return clocked.client("sqs")


def receive_all_now(sqs, url, **more):
    return receive(sqs, url, VisibilityTimeout=0, **more)


def test_a_message_dies_when_it_would_be_received_once_too_often(sqs):
    url, dead = make_with_dead(sqs, receives=2)
    sent = send(sqs, url, "m", MessageAttributes={
        "k": {"DataType": "Binary", "BinaryValue": b"\0\1"}})
    assert bodies(receive_all_now(sqs, url)) == ["m"]
    assert bodies(receive_all_now(sqs, url)) == ["m"]
    assert counts(sqs, dead) == (0, 0, 0)
    assert receive_all_now(sqs, url) == []
    got = receive(sqs, dead, AttributeNames=["All"], MessageAttributeNames=["All"])[0]
    assert got["Body"] == "m" and got["MessageId"] == sent["MessageId"]
    assert got["MessageAttributes"]["k"]["BinaryValue"] == b"\0\1"
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(url)
    assert got["Attributes"]["ApproximateReceiveCount"] == "3"
    assert counts(sqs, url) == (0, 0, 0)


def test_others_are_given_in_the_same_receive(sqs):
    url, dead = make_with_dead(sqs, receives=1)
    send(sqs, url, "bad")
    receive_all_now(sqs, url)
    send(sqs, url, "good")
    assert bodies(receive(sqs, url)) == ["good"]
    assert drain(sqs, dead) == ["bad"]


def test_a_standard_messages_retention_goes_on_and_a_fifo_messages_begins_anew(clocked, still):
    for fifo, left in ((False, []), (True, ["m"])):
        url, dead = make_with_dead(still, fifo=fifo)
        still.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": "100"})
        send(still, url, "m", **({"MessageGroupId": "g"} if fifo else {}))
        receive_all_now(still, url)
        clocked.advance("60s")
        assert receive(still, url) == []
        assert counts(still, dead) == (1, 0, 0)
        clocked.advance("40s")
        assert drain(still, dead) == left


def test_a_fifo_group_goes_on_behind_its_dead(sqs):
    url, dead = make_with_dead(sqs, fifo=True)
    send(sqs, url, "1", "2", "3", MessageGroupId="g")
    assert bodies(receive_all_now(sqs, url, count=1)) == ["1"]
    assert bodies(receive(sqs, url)) == ["2", "3"]
    got = receive(sqs, dead, AttributeNames=["All"])
    assert bodies(got) == ["1"] and got[0]["Attributes"]["MessageGroupId"] == "g"


def test_dying_is_one_write(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url, dead = make_with_dead(sqs)
    send(sqs, url, "m")
    receive(sqs, url)
    weir.advance("30s")
    assert receive(sqs, url) == []
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert counts(sqs, url) == (0, 0, 0)
    got = receive(sqs, dead, AttributeNames=["All"])
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "2"
    assert got[0]["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(url)


def test_without_its_dead_letter_queue_a_message_goes_on(sqs):
    url, dead = make_with_dead(sqs)
    send(sqs, url, "m")
    sqs.delete_queue(QueueUrl=dead)
    for _ in range(3):
        assert bodies(receive_all_now(sqs, url)) == ["m"]


def test_a_redrive_policy_can_be_taken_away(sqs):
    url, dead = make_with_dead(sqs)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in attributes(sqs, url)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == []
    send(sqs, url, "m")
    for _ in range(3):
        assert bodies(receive_all_now(sqs, url)) == ["m"]


def policy(arn, count=3):
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": count})


@pytest.mark.parametrize("text,reason", [
    ("x", "not a valid JSON map"), ("[]", "not a valid JSON map"),
    ("{}", "mandatory attribute: deadLetterTargetArn"),
    ('{"deadLetterTargetArn": "ARN"}', "mandatory attribute: maxReceiveCount"),
    ('{"deadLetterTargetArn": "ARN", "maxReceiveCount": 0}', "from 1 to 1000"),
    ('{"deadLetterTargetArn": "ARN", "maxReceiveCount": "1001"}', "from 1 to 1000"),
    ('{"deadLetterTargetArn": "ARN", "maxReceiveCount": "x"}', "from 1 to 1000"),
    (policy(f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere"), "does not exist"),
    (policy("nonsense"), "does not exist"),
])
def test_redrive_policies_that_are_none(sqs, text, reason):
    text = text.replace("ARN", arn_of(make(sqs)))
    message = refused(BAD, sqs.create_queue, QueueName=queue_name(),
                      Attributes={"RedrivePolicy": text})
    assert message.startswith(f"Value {text} for parameter RedrivePolicy is invalid. Reason: ")
    assert reason in message


def test_a_dead_letter_queue_is_of_the_same_kind_account_and_region(sqs, weir):
    assert "same type" in refused(
        BAD, sqs.create_queue, QueueName=queue_name(),
        Attributes={"RedrivePolicy": policy(arn_of(make_fifo(sqs)))})
    url = make(sqs)
    for other in (weir.client("sqs", region="eu-west-1"),
                  weir.client("sqs", access_key="999988887777")):
        assert "owner should be same" in refused(
            BAD, other.create_queue, QueueName=queue_name(),
            Attributes={"RedrivePolicy": policy(arn_of(url))})


def test_who_may_use_a_dead_letter_queue(sqs):
    dead = make(sqs)
    one, two = make(sqs), make(sqs)

    def allow(**document):
        sqs.set_queue_attributes(QueueUrl=dead, Attributes={
            "RedriveAllowPolicy": json.dumps(document)})

    def use(url):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy(arn_of(dead))})

    allow(redrivePermission="denyAll")
    message = refused(BAD, sqs.set_queue_attributes, QueueUrl=one,
                      Attributes={"RedrivePolicy": policy(arn_of(dead))})
    assert "does not have permission" in message
    allow(redrivePermission="byQueue", sourceQueueArns=[arn_of(one)])
    use(one)
    refused(BAD, sqs.set_queue_attributes, QueueUrl=two,
            Attributes={"RedrivePolicy": policy(arn_of(dead))})
    allow(redrivePermission="allowAll")
    use(two)


@pytest.mark.parametrize("text", [
    "x", "{}", '{"redrivePermission": "some"}', '{"redrivePermission": "byQueue"}',
    '{"redrivePermission": "byQueue", "sourceQueueArns": []}',
    '{"redrivePermission": "allowAll", "sourceQueueArns": ["arn:aws:sqs:us-east-1:1:a"]}',
    json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["a"] * 11})])
def test_redrive_allow_policies_that_are_none(sqs, text):
    refused(BAD, sqs.create_queue, QueueName=queue_name(), Attributes={"RedriveAllowPolicy": text})


def test_a_thousand_dead_letters_come_out_of_the_way(sqs):
    url, dead = make_with_dead(sqs)
    for first in range(0, 1000, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": str(first + i)} for i in range(10)])
    got = []
    while messages := receive(sqs, url, VisibilityTimeout=43200):
        got += messages
    assert len(got) == 1000
    for first in range(0, 1000, 10):
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 0}
            for i, m in enumerate(got[first:first + 10])])
    send(sqs, url, "good")
    assert bodies(receive(sqs, url)) == ["good"]
    assert counts(sqs, dead) == (1000, 0, 0)
    assert sorted(map(int, drain(sqs, dead))) == list(range(1000))
