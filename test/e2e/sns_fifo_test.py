# SPDX-License-Identifier: Apache-2.0
"""FIFO topics: order, de-duplication with its window and scopes, sequence numbers; archives and
replays of them."""
import hashlib
import json

import pytest
from sns_kit import Kit, clocked_kit, kit, refused  # noqa: F401


def publish(kit, topic, message, group="g", **more):
    return kit.sns.publish(TopicArn=topic, Message=message, MessageGroupId=group, **more)


def set_topic(kit, topic, attribute, value):
    kit.sns.set_topic_attributes(TopicArn=topic, AttributeName=attribute, AttributeValue=value)


def set_subscription(kit, subscription, attribute, value):
    kit.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=attribute,
                                        AttributeValue=value)


def test_order_within_groups(kit, name):
    topic, queue, _ = kit.pair(name + ".fifo", RawMessageDelivery="true")
    set_topic(kit, topic, "ContentBasedDeduplication", "true")
    for i in range(20):
        publish(kit, topic, f"{i % 2}-{i:02}", group=str(i % 2))
    got = []
    for _ in range(20):
        got += kit.bodies(queue)
    for group in "01":
        of_group = [body for body in got if body.startswith(group)]
        assert of_group == sorted(of_group)
    assert len(got) == 20


def test_what_a_fifo_topic_needs(kit, name):
    topic, _, _ = kit.pair(name + ".fifo")
    assert refused("InvalidParameter", kit.sns.publish, TopicArn=topic, Message="m") == (
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
    assert refused("InvalidParameter", publish, kit, topic, "m") == (
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or "
        "MessageDeduplicationId provided explicitly")
    assert refused("InvalidParameter", publish, kit, topic, "m", group="a b") == (
        "Invalid parameter: MessageGroupId")
    assert refused("InvalidParameter", publish, kit, topic, "m",
                   MessageDeduplicationId="x" * 129) == (
        "Invalid parameter: MessageDeduplicationId")
    refused("InvalidParameter", kit.sns.publish_batch, TopicArn=topic,
            PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}])


def test_the_same_id_within_five_minutes_is_the_same_message(clocked_kit, name):
    kit = clocked_kit
    topic, queue, _ = kit.pair(name + ".fifo", RawMessageDelivery="true")
    first = publish(kit, topic, "one", MessageDeduplicationId="d")
    again = publish(kit, topic, "other", group="another", MessageDeduplicationId="d")
    assert (again["MessageId"], again["SequenceNumber"]) == (
        first["MessageId"], first["SequenceNumber"])
    kit.weir.advance("299s")
    publish(kit, topic, "late", MessageDeduplicationId="d")
    assert kit.bodies(queue) == ["one"]
    kit.weir.advance("2s")
    assert publish(kit, topic, "later", MessageDeduplicationId="d")["MessageId"] != (
        first["MessageId"])
    assert kit.bodies(queue) == ["later"]


def test_content_based_deduplication(kit, name):
    topic, queue, _ = kit.pair(name + ".fifo")
    set_topic(kit, topic, "ContentBasedDeduplication", "true")
    for _ in range(2):
        publish(kit, topic, "same")
    (message,) = kit.take(queue)
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"same").hexdigest()
    assert message["Attributes"]["MessageGroupId"] == "g"


def test_deduplication_by_group(kit, name):
    topic, queue, _ = kit.pair(name + ".fifo", RawMessageDelivery="true")
    set_topic(kit, topic, "FifoThroughputScope", "MessageGroup")
    url = kit.sqs.get_queue_url(QueueName=name + "-queue.fifo")["QueueUrl"]
    kit.sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
    for group in "aab":
        publish(kit, topic, "m", group=group, MessageDeduplicationId="d")
    assert len(kit.bodies(queue)) == 2
    assert refused("InvalidParameter", set_topic, kit, topic, "FifoThroughputScope", "x")


def test_sequence_numbers_rise_also_over_a_restart_with_a_clock_that_stands(fresh):
    kit = Kit(fresh(clock="2026-11-23T08:00:00Z"))
    topic, queue, _ = kit.pair("t.fifo")
    numbers = [int(publish(kit, topic, "m", MessageDeduplicationId=str(i))["SequenceNumber"])
               for i in range(3)]
    kit.weir.restart(hard=True)
    kit = Kit(kit.weir)
    numbers += [int(publish(kit, topic, "m", MessageDeduplicationId=f"b{i}")["SequenceNumber"])
                for i in range(3)]
    assert numbers == sorted(set(numbers))
    assert [int(json.loads(body)["SequenceNumber"]) for body in kit.bodies(queue)] == numbers


def test_the_window_survives_a_kill(fresh):
    kit = Kit(fresh())
    topic, queue, _ = kit.pair("t.fifo", RawMessageDelivery="true")
    publish(kit, topic, "one", MessageDeduplicationId="d")
    kit.weir.restart(hard=True)
    kit = Kit(kit.weir)
    publish(kit, topic, "two", MessageDeduplicationId="d")
    assert kit.bodies(queue) == ["one"]


def test_a_standard_queue_behind_a_fifo_topic(kit, name):
    topic = kit.topic(name + ".fifo")
    queue = kit.queue(name)
    kit.subscribe(topic, queue)
    publish(kit, topic, "m", MessageDeduplicationId="d")
    (message,) = kit.take(queue)
    assert "MessageGroupId" not in message["Attributes"]
    assert "SequenceNumber" in json.loads(message["Body"])


def test_dead_letters_keep_group_and_id(kit, name):
    topic = kit.topic(name + ".fifo")
    dead = kit.queue(name + "-dead.fifo")
    kit.subscribe(topic, kit.queue(name + "-gone.fifo"), RawMessageDelivery="true",
                  RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}))
    kit.sqs.delete_queue(
        QueueUrl=kit.sqs.get_queue_url(QueueName=name + "-gone.fifo")["QueueUrl"])
    publish(kit, topic, "m", MessageDeduplicationId="d")
    (message,) = kit.take(dead)
    assert (message["Body"], message["Attributes"]["MessageGroupId"],
            message["Attributes"]["MessageDeduplicationId"]) == ("m", "g", "d")


def test_a_batch_s_twins(kit, name):
    topic, queue, _ = kit.pair(name + ".fifo", RawMessageDelivery="true")
    entries = [{"Id": str(i), "Message": f"m{i}", "MessageGroupId": "g",
                "MessageDeduplicationId": str(i // 2)} for i in range(4)]
    first = kit.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    again = kit.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert first["Successful"] == again["Successful"]
    ids = [s["MessageId"] for s in first["Successful"]]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    assert kit.bodies(queue) == ["m0", "m2"]


# ---- archives ----

def archived(kit, name, days=30):
    topic, queue, subscription = kit.pair(name + ".fifo")
    set_topic(kit, topic, "ArchivePolicy", json.dumps({"MessageRetentionPeriod": str(days)}))
    return topic, queue, subscription


def replay(kit, subscription, since, until=None):
    policy = {"PointType": "Timestamp", "StartingPoint": since}
    if until:
        policy["EndingPoint"] = until
    set_subscription(kit, subscription, "ReplayPolicy", json.dumps(policy))


def status_of(kit, subscription):
    return kit.sns.get_subscription_attributes(
        SubscriptionArn=subscription)["Attributes"].get("ReplayStatus")


def test_archive_policies(kit, name):
    topic, _, _ = archived(kit, name)
    got = kit.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert json.loads(got["ArchivePolicy"]) == {"MessageRetentionPeriod": "30"}
    for wrong in ('{"MessageRetentionPeriod": "0"}', '{"MessageRetentionPeriod": "366"}', "x",
                  '{"other": 1}'):
        refused("InvalidParameter", set_topic, kit, topic, "ArchivePolicy", wrong)
    assert "deactivate the ArchivePolicy" in refused("InvalidParameter", kit.sns.delete_topic,
                                                     TopicArn=topic)
    set_topic(kit, topic, "ArchivePolicy", "{}")
    kit.sns.delete_topic(TopicArn=topic)


def test_a_replay_gives_the_messages_again_as_they_were(clocked_kit, name):
    kit = clocked_kit
    topic, queue, subscription = archived(kit, name)
    before = kit.weir.now()
    kit.weir.advance("1s")
    sent = []
    for i in range(120):  # more than one step
        sent.append(publish(kit, topic, f"m{i:03}", MessageDeduplicationId=str(i))["MessageId"])
    originals = [json.loads(body) for body in kit.bodies(queue)]
    kit.weir.advance("1h")
    replay(kit, subscription, before)
    kit.weir.advance("1s")
    again = [json.loads(body) for body in kit.bodies(queue)]
    assert [m["Message"] for m in again] == [f"m{i:03}" for i in range(120)]
    for original, replayed in zip(originals, again):
        assert replayed.pop("Replayed") is True
        assert replayed == original
    assert status_of(kit, subscription) == "Completed"
    assert kit.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["BeginningArchiveTime"]


def test_a_replay_of_a_span_through_a_filter(clocked_kit, name):
    kit = clocked_kit
    topic, _, _ = archived(kit, name)
    moments = []
    for i in range(6):
        moments.append(kit.weir.now())
        kit.weir.advance("10s")
        publish(kit, topic, json.dumps({"i": i, "odd": i % 2}), MessageDeduplicationId=str(i))
    late = kit.queue(name + "-late.fifo")
    kit.subscribe(topic, late, RawMessageDelivery="true", FilterPolicyScope="MessageBody",
                  FilterPolicy='{"odd": [1]}',
                  ReplayPolicy=json.dumps({"PointType": "Timestamp", "StartingPoint": moments[1],
                                           "EndingPoint": moments[5]}))
    kit.weir.advance("1s")
    assert [json.loads(body)["i"] for body in kit.bodies(late)] == [1, 3]


def test_replays_that_are_refused(clocked_kit, name):
    kit = clocked_kit
    topic, queue, subscription = archived(kit, name)
    now = kit.weir.now()
    for policy in ("x", "{}", '{"PointType": "Timestamp"}',
                   json.dumps({"PointType": "Sequence", "StartingPoint": now}),
                   json.dumps({"PointType": "Timestamp", "StartingPoint": "yesterday"}),
                   json.dumps({"PointType": "Timestamp", "StartingPoint": now,
                               "EndingPoint": "2020-01-01T00:00:00Z"}),
                   json.dumps({"PointType": "Timestamp",
                               "StartingPoint": "2126-01-01T00:00:00Z"})):
        refused("InvalidParameter", set_subscription, kit, subscription, "ReplayPolicy", policy)
    _, _, other = kit.pair(name + "-none.fifo")
    assert "ArchivePolicy" in refused(
        "InvalidParameter", set_subscription, kit, other, "ReplayPolicy",
        json.dumps({"PointType": "Timestamp", "StartingPoint": now}))


def test_old_messages_leave_the_archive(fresh):
    kit = Kit(fresh(clock="2026-11-23T08:00:00Z"))
    topic, queue, subscription = archived(kit, "t", days=1)
    publish(kit, topic, "old", MessageDeduplicationId="1")
    kit.weir.advance("25h")
    publish(kit, topic, "new", MessageDeduplicationId="2")
    kit.weir.advance("2m")
    kit.take(queue)
    replay(kit, subscription, "2026-11-23T07:00:00Z")
    kit.weir.advance("1s")
    assert kit.texts(queue) == ["new"]


@pytest.mark.parametrize("hard", [False, True])
def test_a_replay_goes_on_after_a_restart(fresh, hard):
    kit = Kit(fresh(clock="2026-11-23T08:00:00Z"))
    topic, queue, subscription = archived(kit, "t")
    for i in range(200):
        publish(kit, topic, f"m{i:03}", MessageDeduplicationId=str(i))
    kit.take(queue)
    replay(kit, subscription, "2026-11-23T07:00:00Z")
    kit.weir.restart(hard=hard)
    kit = Kit(kit.weir)
    kit.weir.advance("1m")
    assert kit.texts(queue) == [f"m{i:03}" for i in range(200)]
    assert status_of(kit, subscription) == "Completed"
