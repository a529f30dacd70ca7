# SPDX-License-Identifier: Apache-2.0
"""HTTP endpoints: asked, told, verified by the certificate that weir serves, retried by their
policy on weir's clock, given up into dead letters, told when they leave, restored."""
import json
import time
import urllib.error

import pytest
from sns_kit import (WAIT_SECONDS_MAX, Kit, clocked_kit, endpoint, kit,  # noqa: F401
                     refused, verify, visit)

AGENT = "Amazon Simple Notification Service Agent"


def join(kit, name, endpoint, **attributes):
    """A topic with the endpoint subscribed and confirmed: (topic, subscription)."""
    topic = kit.topic(name)
    subscription = kit.subscribe(topic, endpoint.url, "http", **attributes)
    visit(json.loads(endpoint.next()[1])["SubscribeURL"])
    return topic, subscription


def deliveries(kit):
    return json.loads(kit.weir.ask("GET", "/_weir/deliveries")[2])["deliveries"]


def wait_until(true):
    until = time.monotonic() + WAIT_SECONDS_MAX
    while not true():
        assert time.monotonic() < until, "it does not happen"


def failed(kit, endpoint, count):
    """Until that many tries are on record as failed: only then may the clock go on."""
    wait_until(lambda: [row for row in deliveries(kit)
                        if row["target"] == endpoint.url and row["attempts"] == count])


def ended(kit, endpoint):
    wait_until(lambda: all(row["target"] != endpoint.url for row in deliveries(kit)))


def retried(kit, endpoint, duration):
    """The next post after the clock has moved, and not before."""
    assert endpoint.posts.empty()
    kit.weir.advance(duration)
    return endpoint.next()


def test_an_endpoint_is_asked_then_told(kit, name, endpoint):
    topic = kit.topic(name)
    answer = kit.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    headers, body = endpoint.next()
    asked = json.loads(body)
    assert list(asked) == ["Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL",
                           "Timestamp", "SignatureVersion", "Signature", "SigningCertURL"]
    assert asked["Type"] == "SubscriptionConfirmation"
    assert asked["Message"] == (
        f"You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit "
        "the SubscribeURL included in this message.")
    assert asked["SubscribeURL"] == (f"{kit.weir.url}/?Action=ConfirmSubscription&TopicArn={topic}"
                                     f"&Token={asked['Token']}")
    assert verify(body)
    assert (headers["x-amz-sns-message-type"], headers["x-amz-sns-message-id"],
            headers["x-amz-sns-topic-arn"], headers["user-agent"], headers["content-type"]) == (
        "SubscriptionConfirmation", asked["MessageId"], topic, AGENT, "text/plain; charset=UTF-8")
    assert "x-amz-sns-subscription-arn" not in headers
    visit(asked["SubscribeURL"])
    (listed,) = kit.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    published = kit.sns.publish(TopicArn=topic, Message="hello", Subject="s")
    headers, body = endpoint.next()
    told = json.loads(body)
    assert list(told) == ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp",
                          "SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"]
    assert (told["Message"], told["MessageId"]) == ("hello", published["MessageId"])
    assert verify(body)
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-subscription-arn"] == listed["SubscriptionArn"]
    assert "x-amz-sns-rawdelivery" not in headers


def test_raw_delivery(kit, name, endpoint):
    topic, _ = join(kit, name, endpoint, RawMessageDelivery="true")
    kit.sns.publish(TopicArn=topic, Message="as it is")
    headers, body = endpoint.next()
    assert (body, headers["x-amz-sns-rawdelivery"]) == ("as it is", "true")


def test_the_content_type_is_the_policy_s(kit, name, endpoint):
    topic, subscription = join(kit, name, endpoint, DeliveryPolicy=json.dumps(
        {"requestPolicy": {"headerContentType": "text/csv"}}))
    kit.sns.publish(TopicArn=topic, Message="a,b")
    assert endpoint.next()[0]["content-type"] == "text/csv"
    got = kit.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert json.loads(got["DeliveryPolicy"]) == {
        "healthyRetryPolicy": None, "sicklyRetryPolicy": None, "throttlePolicy": None,
        "requestPolicy": {"headerContentType": "text/csv"}, "guaranteed": False}
    assert json.loads(got["EffectiveDeliveryPolicy"]) == {
        "healthyRetryPolicy": {
            "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"},
        "sicklyRetryPolicy": None, "throttlePolicy": None,
        "requestPolicy": {"headerContentType": "text/csv"}, "guaranteed": False}


def test_a_topic_may_forbid_overrides(kit, name, endpoint):
    topic, subscription = join(kit, name, endpoint, DeliveryPolicy=json.dumps(
        {"healthyRetryPolicy": {"numRetries": 7}}))

    def retries():
        got = kit.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        return json.loads(got["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"]

    assert retries() == 7
    kit.sns.set_topic_attributes(
        TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(
            {"http": {"defaultHealthyRetryPolicy": {"numRetries": 2},
                      "disableSubscriptionOverrides": True}}))
    assert retries() == 2


def test_retries_follow_the_policy_on_weir_s_clock_then_dead_letters(clocked_kit, name, endpoint):
    kit = clocked_kit
    dead = kit.queue(name + "-dead")
    topic, subscription = join(
        kit, name, endpoint, RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}),
        DeliveryPolicy=json.dumps({"healthyRetryPolicy": {
            "numRetries": 3, "numNoDelayRetries": 1, "numMinDelayRetries": 1,
            "numMaxDelayRetries": 1, "minDelayTarget": 5, "maxDelayTarget": 60}}))
    for _ in range(4):
        endpoint.answers.put(500)
    kit.sns.publish(TopicArn=topic, Message="m")
    bodies = {endpoint.next()[1], endpoint.next()[1]}  # the first try, and again at once
    failed(kit, endpoint, 2)
    kit.weir.advance("4s")
    bodies.add(retried(kit, endpoint, "1s")[1])
    failed(kit, endpoint, 3)
    kit.weir.advance("59s")
    bodies.add(retried(kit, endpoint, "1s")[1])
    ended(kit, endpoint)
    assert len(bodies) == 1  # the same message each time
    assert kit.bodies(dead) == list(bodies)
    outcomes = [hop["outcome"] for hop in json.loads(
        kit.weir.ask("GET", f"/_weir/trace?resource={subscription}")[2])["hops"]]
    assert outcomes[0].startswith("dead-letter")
    assert sum(outcome.startswith("retry") for outcome in outcomes) == 3


def test_a_client_s_error_is_not_tried_again(clocked_kit, name, endpoint):
    kit = clocked_kit
    dead = kit.queue(name + "-dead")
    topic, _ = join(kit, name, endpoint,
                    RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}))
    endpoint.answers.put(403)
    kit.sns.publish(TopicArn=topic, Message="unwanted")
    endpoint.next()
    ended(kit, endpoint)
    assert kit.texts(dead) == ["unwanted"]
    endpoint.answers.put(429)
    kit.sns.publish(TopicArn=topic, Message="later")
    endpoint.next()
    failed(kit, endpoint, 1)
    assert json.loads(retried(kit, endpoint, "20s")[1])["Message"] == "later"


def test_deliveries_survive_a_kill(fresh, endpoint):
    kit = Kit(fresh(clock="2026-11-23T08:00:00Z"))
    topic, _ = join(kit, "t", endpoint)
    endpoint.answers.put(500)
    kit.sns.publish(TopicArn=topic, Message="m")
    endpoint.next()
    failed(kit, endpoint, 1)
    kit.weir.restart(hard=True)
    kit.weir.advance("30s")
    assert json.loads(endpoint.next()[1])["Message"] == "m"


def test_who_leaves_is_told_and_may_come_back(kit, name, endpoint):
    topic, subscription = join(kit, name, endpoint, RawMessageDelivery="true")
    kit.sns.unsubscribe(SubscriptionArn=subscription)
    headers, body = endpoint.next()
    told = json.loads(body)
    assert told["Type"] == headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    assert headers["x-amz-sns-subscription-arn"] == subscription
    assert told["Message"] == (
        f"You have chosen to deactivate subscription {subscription}.\nTo cancel this operation "
        "and restore the subscription, visit the SubscribeURL included in this message.")
    assert verify(body)
    kit.sns.publish(TopicArn=topic, Message="while away")
    refused("NotFound", kit.sns.get_subscription_attributes, SubscriptionArn=subscription,
            status=404)
    assert subscription in visit(told["SubscribeURL"])
    kit.sns.publish(TopicArn=topic, Message="back")
    assert endpoint.next()[1] == "back"


def test_after_two_days_nobody_comes_back(clocked_kit, name, endpoint):
    kit = clocked_kit
    _, subscription = join(kit, name, endpoint)
    kit.sns.unsubscribe(SubscriptionArn=subscription)
    link = json.loads(endpoint.next()[1])["SubscribeURL"]
    kit.weir.advance("49h")
    with pytest.raises(urllib.error.HTTPError) as caught:
        visit(link)
    assert "Invalid parameter: Token" in caught.value.read().decode()


def test_the_certificate_is_served_and_nothing_beside_it(kit, name, endpoint):
    topic = kit.topic(name)
    kit.subscribe(topic, endpoint.url, "http")
    url = json.loads(endpoint.next()[1])["SigningCertURL"]
    assert visit(url).startswith("-----BEGIN CERTIFICATE-----")
    status, _, body = kit.weir.ask("GET", "/SimpleNotificationService-" + "0" * 32 + ".pem")
    assert status == 404
    assert b"PRIVATE" not in body


def test_the_key_survives_a_restart(fresh):
    kit = Kit(fresh())
    topic, queue, _ = kit.pair("t")
    kit.sns.publish(TopicArn=topic, Message="before")
    port = kit.weir.port
    kit.weir.listen_port = port
    kit.weir.restart(hard=True)
    kit = Kit(kit.weir)
    kit.sns.publish(TopicArn=topic, Message="after")
    before, after = kit.bodies(queue)
    assert json.loads(before)["SigningCertURL"] == json.loads(after)["SigningCertURL"]
    assert verify(before)
    assert verify(after)
