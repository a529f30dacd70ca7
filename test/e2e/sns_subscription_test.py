# SPDX-License-Identifier: Apache-2.0
"""Subscriptions: what is refused, the same again, attributes, confirmation of e-mail addresses,
unsubscribing by call and by link, listing, holds."""
import json
import urllib.error

import pytest
from sns_kit import Kit, clocked_kit, kit, refused, visit  # noqa: F401
from weir_server import ACCOUNT, REGION, run_weir

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
SHORT = "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not "


def attributes(kit, subscription):
    return kit.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def put(kit, subscription, attribute, value):
    kit.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=attribute,
                                        AttributeValue=value)


def test_a_queue_s_subscription_has_aws_s_attributes(kit, name):
    topic, queue, subscription = kit.pair(name)
    assert subscription.startswith(topic + ":")
    assert attributes(kit, subscription) == {
        "SubscriptionArn": subscription, "TopicArn": topic, "Owner": ACCOUNT, "Protocol": "sqs",
        "Endpoint": queue, "PendingConfirmation": "false", "ConfirmationWasAuthenticated": "true",
        "RawMessageDelivery": "false", "SubscriptionPrincipal": f"arn:aws:iam::{ACCOUNT}:root"}


def test_endpoints_that_are_refused(kit, name):
    topic = kit.topic(name)

    def text(protocol, endpoint, into=topic):
        return refused("InvalidParameter", kit.sns.subscribe, TopicArn=into, Protocol=protocol,
                       Endpoint=endpoint)

    assert text("pigeon", "x") == ("Invalid parameter: Amazon SNS does not support this protocol "
                                   "string: pigeon")
    assert text("sqs", "http://127.0.0.1/q") == "Invalid parameter: SQS endpoint ARN"
    assert "FIFO SQS Queues can not be subscribed to standard SNS topics" in text(
        "sqs", QUEUE + "q.fifo")
    assert text("sms", "NAA+15551234567") == (
        "Invalid parameter: Invalid SMS endpoint: NAA+15551234567")
    for wrong in ("+15--551234567", "+1-", "", "-15551234567"):
        text("sms", wrong)
    for protocol, wrong in (("http", "https://x"), ("https", "http://x"), ("email", "nobody")):
        assert text(protocol, wrong) == "Invalid parameter: Endpoint"
    assert "Invalid protocol type" in text("email", "a@b.c", into=kit.topic(name + ".fifo"))
    assert "lambda" in text("lambda", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none")
    assert "firehose" in text("firehose", "nonsense")
    refused("NotFound", kit.sns.subscribe, TopicArn=topic + "x", Protocol="sqs",
            Endpoint=QUEUE + "q", status=404)


def test_a_phone_number_may_be_written_loosely(kit, name):
    topic = kit.topic(name)
    assert kit.subscribe(topic, "+15/551-234.567", "sms").startswith(topic)


def test_a_queue_may_be_made_after_its_subscription(kit, name):
    topic = kit.topic(name)
    kit.subscribe(topic, QUEUE + name + "-late")
    kit.sns.publish(TopicArn=topic, Message="lost")
    queue = kit.queue(name + "-late")
    kit.sns.publish(TopicArn=topic, Message="found")
    assert kit.texts(queue) == ["found"]


def test_the_same_again(kit, name):
    topic, queue, subscription = kit.pair(name, RawMessageDelivery="true")
    assert kit.subscribe(topic, queue) == subscription
    assert kit.subscribe(topic, queue, RawMessageDelivery="true") == subscription
    assert refused("InvalidParameter", kit.subscribe, topic, queue,
                   RawMessageDelivery="false") == (
        "Invalid parameter: Attributes Reason: Subscription already exists with different "
        "attributes")
    kit.sns.publish(TopicArn=topic, Message="once")
    assert kit.bodies(queue) == ["once"]


def test_attributes_that_are_refused(kit, name):
    topic, queue, subscription = kit.pair(name)

    def set_text(attribute, value):
        return refused("InvalidParameter", put, kit, subscription, attribute, value)

    def subscribe_text(attribute, value):
        return refused("InvalidParameter", kit.subscribe, topic, queue + "-2",
                       **{attribute: value})

    assert set_text("Nonsense", "x") == "Invalid parameter: AttributeName"
    for value in ("test-ValUe", ""):
        assert set_text("RawMessageDelivery", value) == (
            f"Invalid parameter: RawMessageDelivery: Invalid value [{value}]. Must be true or "
            "false.")
    assert subscribe_text("RawMessageDelivery", "x") == (
        "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [x]. Must be "
        "true or false.")
    assert set_text("RedrivePolicy", '{"deadLetterTargetArn": "fake"}') == (
        "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn")
    assert set_text("RedrivePolicy", "{invalid").startswith(
        "Invalid parameter: RedrivePolicy: failed to parse JSON.")
    assert set_text("FilterPolicy", "{invalid").startswith(
        "Invalid parameter: FilterPolicy: failed to parse JSON.")
    assert subscribe_text("FilterPolicy", "invalid").startswith(
        "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.")
    assert set_text("FilterPolicyScope", "Random") == (
        "Invalid parameter: FilterPolicyScope: Invalid value [Random]. Please use either "
        "MessageBody or MessageAttributes")
    assert set_text("DeliveryPolicy", '{"healthyRetryPolicy": {"numRetries": 1000}}').startswith(
        "Invalid parameter: DeliveryPolicy: ")
    set_text("ReplayPolicy", '{"PointType": "Timestamp"}')


def test_redrive_policies_come_and_go(kit, name):
    _, _, subscription = kit.pair(name)
    policy = json.dumps({"deadLetterTargetArn": QUEUE + "dead"})
    put(kit, subscription, "RedrivePolicy", policy)
    assert attributes(kit, subscription)["RedrivePolicy"] == policy
    put(kit, subscription, "RedrivePolicy", "")
    assert "RedrivePolicy" not in attributes(kit, subscription)


def test_a_fifo_queue_s_dead_letters_need_a_fifo_queue(kit, name):
    _, _, fifo = kit.pair(name + ".fifo")
    standard = kit.subscribe(kit.topic(name + ".fifo"), kit.queue(name))
    policy = json.dumps({"deadLetterTargetArn": QUEUE + "dead"})
    assert refused("InvalidParameter", put, kit, fifo, "RedrivePolicy", policy) == (
        "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription "
        "to a FIFO Topic.")
    put(kit, standard, "RedrivePolicy", policy)


def test_subscriptions_that_are_not_there(kit, name):
    topic, _, subscription = kit.pair(name)
    get, leave = kit.sns.get_subscription_attributes, kit.sns.unsubscribe
    kit.sns.unsubscribe(SubscriptionArn=subscription)
    leave(SubscriptionArn=subscription)
    assert refused("NotFound", get, SubscriptionArn=subscription,
                   status=404) == "Subscription does not exist"
    for call in (get, leave):
        assert refused("InvalidParameter", call, SubscriptionArn="nonsense") == SHORT + "1"
        assert refused("InvalidParameter", call,
                       SubscriptionArn=f"arn:aws:sns:{REGION}:{ACCOUNT}") == SHORT + "5"
        assert refused("InvalidParameter", call, SubscriptionArn=topic) == (
            "Invalid parameter: SubscriptionId")
        assert refused("InvalidParameter", call, SubscriptionArn="") == (
            "Invalid parameter: SubscriptionArn Reason: no value for required parameter")


def test_an_address_is_asked_and_confirmed_by_its_link(kit, name):
    topic = kit.topic(name)
    address = f"{name}@example.com"
    assert kit.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)[
        "SubscriptionArn"] == "pending confirmation"
    listed = kit.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [s["SubscriptionArn"] for s in listed] == ["PendingConfirmation"]
    kit.sns.publish(TopicArn=topic, Message="too early")
    (asked,) = kit.outbox(address)
    question = json.loads(asked["body"])
    assert question["Type"] == "SubscriptionConfirmation"
    assert "ConfirmSubscriptionResult" in visit(question["SubscribeURL"])
    kit.sns.publish(TopicArn=topic, Message="welcome", Subject="Hi")
    assert [(m.get("subject"), m["body"]) for m in kit.outbox(address)][1:] == [("Hi", "welcome")]
    (subscription,) = kit.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    got = attributes(kit, subscription["SubscriptionArn"])
    assert (got["PendingConfirmation"], got["ConfirmationWasAuthenticated"]) == ("false", "false")
    counts = kit.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counts["SubscriptionsConfirmed"], counts["SubscriptionsPending"]) == ("1", "0")


def test_tokens(kit, name):
    topic = kit.topic(name)
    address = f"{name}@example.com"
    subscription = kit.subscribe(topic, address, "email-json")
    token = json.loads(kit.outbox(address)[0]["body"])["Token"]
    confirm = kit.sns.confirm_subscription
    assert refused("InvalidParameter", confirm, TopicArn=topic, Token="randomtoken") == (
        "Invalid token")
    assert refused("InvalidParameter", confirm, TopicArn=topic, Token="ab" * 32) == (
        "Invalid parameter: Token")
    assert refused("InvalidParameter", confirm, TopicArn=topic + "x", Token=token) == (
        "Invalid parameter: Topic")
    assert attributes(kit, subscription)["PendingConfirmation"] == "true"
    for _ in range(2):
        assert confirm(TopicArn=topic, Token=token)["SubscriptionArn"] == subscription
    assert attributes(kit, subscription)["ConfirmationWasAuthenticated"] == "true"
    kit.sns.publish(TopicArn=topic, Message="m")
    assert json.loads(kit.outbox(address)[-1]["body"])["Message"] == "m"


def test_who_asks_again_is_asked_again(kit, name):
    topic = kit.topic(name)
    address = f"{name}@example.com"
    first = kit.subscribe(topic, address, "email")
    assert kit.subscribe(topic, address, "email") == first
    tokens = {json.loads(m["body"])["Token"] for m in kit.outbox(address)}
    assert len(kit.outbox(address)) == 2
    assert len(tokens) == 1


def test_who_does_not_answer_is_forgotten_after_two_days(clocked_kit, name):
    kit = clocked_kit
    topic = kit.topic(name)
    kit.subscribe(topic, f"{name}@example.com", "email")
    kit.weir.advance("47h")
    assert len(kit.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
    kit.weir.advance("61m")
    assert kit.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert kit.sns.get_topic_attributes(TopicArn=topic)["Attributes"][
        "SubscriptionsPending"] == "0"


def test_the_link_in_a_message_unsubscribes(kit, name):
    topic, queue, _ = kit.pair(name)
    kit.sns.publish(TopicArn=topic, Message="m")
    (body,) = kit.bodies(queue)
    assert "UnsubscribeResponse" in visit(json.loads(body)["UnsubscribeURL"])
    kit.sns.publish(TopicArn=topic, Message="n")
    assert kit.take(queue) == []


def test_links_need_no_signature_also_with_auth_on(fresh):
    weir = fresh("--auth=on")
    for action in ("ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:111122223333:t&Token=aa",
                   "Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:111122223333:t"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            visit(f"{weir.url}/?Action={action}")
        assert caught.value.code == 400
        assert "InvalidParameter" in caught.value.read().decode()
    with pytest.raises(urllib.error.HTTPError) as caught:
        visit(f"{weir.url}/?Action=ListSubscriptions")
    assert caught.value.code == 403


def test_a_link_may_be_closed_to_those_without_a_signature(kit, name):
    topic = kit.topic(name)
    address = f"{name}@example.com"
    subscription = kit.subscribe(topic, address, "email-json")
    token = json.loads(kit.outbox(address)[0]["body"])["Token"]
    kit.sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    assert "AuthenticateOnUnsubscribe" not in attributes(kit, subscription)
    kit.sns.publish(TopicArn=topic, Message="m")
    link = json.loads(kit.outbox(address)[-1]["body"])["UnsubscribeURL"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        visit(link)
    assert caught.value.code == 403
    kit.sns.unsubscribe(SubscriptionArn=subscription)


def test_lists(fresh):
    kit = Kit(fresh())
    one, other = kit.topic("one"), kit.topic("other")
    for i in range(120):
        kit.subscribe(one, QUEUE + f"q{i}")
    kit.subscribe(other, QUEUE + "q")
    first = kit.sns.list_subscriptions_by_topic(TopicArn=one)
    assert len(first["Subscriptions"]) == 100
    second = kit.sns.list_subscriptions_by_topic(TopicArn=one, NextToken=first["NextToken"])
    assert "NextToken" not in second
    assert {s["Endpoint"] for s in first["Subscriptions"] + second["Subscriptions"]} == {
        QUEUE + f"q{i}" for i in range(120)}
    every = kit.sns.get_paginator("list_subscriptions").paginate().build_full_result()
    assert len(every["Subscriptions"]) == 121
    refused("InvalidParameter", kit.sns.list_subscriptions, NextToken="%%%")


def test_a_held_subscription_gets_its_messages_later_in_order(kit, name):
    topic, queue, subscription = kit.pair(name, RawMessageDelivery="true")
    what = ("subscription", f"{name}:{name}-queue", "--server", kit.weir.address)
    held = run_weir("hold", *what)
    assert held.returncode == 0, held.stderr
    for i in range(5):
        kit.sns.publish(TopicArn=topic, Message=f"m{i}")
    assert kit.take(queue) == []
    released = run_weir("release", *what)
    assert released.returncode == 0, released.stderr
    kit.sns.publish(TopicArn=topic, Message="m5")
    assert kit.bodies(queue) == [f"m{i}" for i in range(6)]
