# SPDX-License-Identifier: Apache-2.0
"""Publishing: the envelope byte for byte, raw delivery, attributes, structure, batches, limits,
phones, dead letters; that a batch is all or nothing; that one publish is one journal entry."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from sns_kit import Kit, clocked_kit, kit, refused, verify  # noqa: F401
from weir_server import ACCOUNT, REGION

AWS = Path(sys.executable).parent / "aws"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
GOLDEN = """{
  "Type" : "Notification",
  "MessageId" : "%(id)s",
  "TopicArn" : "arn:aws:sns:us-east-1:111122223333:golden",
  "Subject" : "Größe \\"x\\"",
  "Message" : "{\\"a\\": \\"\\\\n\\"}\\n\\tend/é",
  "Timestamp" : "2026-11-23T08:00:00.000Z",
  "SignatureVersion" : "1",
  "Signature" : "%(signature)s",
  "SigningCertURL" : "%(url)s/SimpleNotificationService-%(certificate)s.pem",
  "UnsubscribeURL" : "%(url)s/?Action=Unsubscribe&SubscriptionArn=%(subscription)s",
  "MessageAttributes" : {
    "kind" : {"Type":"String","Value":"scan"},
    "size" : {"Type":"Number","Value":"1.50"},
    "raw" : {"Type":"Binary","Value":"AAEC"},
    "list" : {"Type":"String.Array","Value":"[\\"a\\", 1]"}
  }
}"""
GOLDEN_FIFO = """{
  "Type" : "Notification",
  "MessageId" : "%(id)s",
  "SequenceNumber" : "%(number)s",
  "TopicArn" : "arn:aws:sns:us-east-1:111122223333:golden.fifo",
  "Message" : "m",
  "Timestamp" : "2026-11-23T08:00:00.000Z",
  "UnsubscribeURL" : "%(url)s/?Action=Unsubscribe&SubscriptionArn=%(subscription)s"
}"""


def test_the_envelope_is_aws_s_byte_for_byte(clocked_kit):
    kit = clocked_kit
    topic, queue, subscription = kit.pair("golden")
    published = kit.sns.publish(
        TopicArn=topic, Subject='Größe "x"', Message='{"a": "\\n"}\n\tend/é', MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "scan"},
            "size": {"DataType": "Number", "StringValue": "1.50"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\0\1\2"},
            "list": {"DataType": "String.Array", "StringValue": '["a", 1]'}})
    (body,) = kit.bodies(queue)
    said = json.loads(body)
    assert body == GOLDEN % {
        "id": published["MessageId"], "signature": said["Signature"], "url": kit.weir.url,
        "certificate": re.search(r"Service-([0-9a-f]{32})\.pem", said["SigningCertURL"])[1],
        "subscription": subscription}
    assert re.fullmatch(UUID, published["MessageId"])
    assert verify(body)
    said["Message"] += "."
    assert not verify(json.dumps(said))


def test_the_envelope_of_a_fifo_topic_is_not_signed(clocked_kit):
    kit = clocked_kit
    topic, queue, subscription = kit.pair("golden.fifo")
    published = kit.sns.publish(TopicArn=topic, Message="m", MessageGroupId="g",
                                MessageDeduplicationId="d")
    assert kit.bodies(queue) == [GOLDEN_FIFO % {
        "id": published["MessageId"], "number": published["SequenceNumber"],
        "url": kit.weir.url, "subscription": subscription}]
    assert re.fullmatch(r"1\d{19}", published["SequenceNumber"])


def test_signature_version_2_is_sha256(kit, name):
    topic, queue, _ = kit.pair(name)
    kit.sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion",
                                 AttributeValue="2")
    kit.sns.publish(TopicArn=topic, Message="m")
    (body,) = kit.bodies(queue)
    assert json.loads(body)["SignatureVersion"] == "2"
    assert verify(body)


def test_raw_delivery_is_the_message_and_its_attributes(kit, name):
    topic, queue, _ = kit.pair(name, RawMessageDelivery="true")
    attributes = {"store": {"DataType": "Binary", "BinaryValue": b"\2\3"},
                  "n": {"DataType": "Number", "StringValue": "1"}}
    kit.sns.publish(TopicArn=topic, Message="as it is", Subject="s", MessageAttributes=attributes)
    (message,) = kit.take(queue)
    assert message["Body"] == "as it is"
    assert message["MessageAttributes"] == attributes
    assert "MD5OfMessageAttributes" in message


def test_more_than_ten_attributes_go_to_the_dead_letters_when_raw(kit, name):
    topic, queue, subscription = kit.pair(name, RawMessageDelivery="true")
    dead = kit.queue(name + "-dead")
    kit.sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": dead}))
    kit.sns.publish(TopicArn=topic, Message="many", MessageAttributes={
        f"a{i}": {"DataType": "String", "StringValue": "v"} for i in range(11)})
    assert (kit.bodies(queue), kit.bodies(dead)) == ([], ["many"])


def test_a_message_for_each_protocol(kit, name):
    topic, queue, _ = kit.pair(name)
    kit.subscribe(topic, "+15551230001", "sms")

    def publish(message):
        kit.sns.publish(TopicArn=topic, MessageStructure="json", Message=message)

    publish(json.dumps({"default": "d", "sqs": '{"for": "queues"}', "sms": "short"}))
    publish(json.dumps({"default": "for all", "lambda": "x"}))
    publish('{"default": "first", "default": "last"}')
    assert kit.texts(queue) in (['{"for": "queues"}', "for all", "first"],
                                ['{"for": "queues"}', "for all", "last"])
    assert [m["body"] for m in kit.outbox("+15551230001")][:2] == ["short", "for all"]
    for wrong in ('{"sqs": "x"}', '{"default": {"a": 1}}'):
        assert refused("InvalidParameter", publish, wrong) == (
            "Invalid parameter: Message Structure - No default entry in JSON message body")
    for wrong in ("no json", "[]", '"text"'):
        assert refused("InvalidParameter", publish, wrong) == (
            "Invalid parameter: Message Structure - JSON message body failed to parse")
    assert refused("InvalidParameter", kit.sns.publish, TopicArn=topic, Message="m",
                   MessageStructure="xml") == "Invalid parameter: MessageStructure"


def test_what_is_refused(kit, name):
    topic, queue, _ = kit.pair(name)

    def text(**more):
        return refused("InvalidParameter", kit.sns.publish, **{"TopicArn": topic, **more})

    assert text(Message="") == "Invalid parameter: Empty message"
    assert text(Message="m" * (256 * 1024 + 1)) == "Invalid parameter: Message too long"
    assert text(Message="m" * (256 * 1024), MessageAttributes={
        "a": {"DataType": "String", "StringValue": "v"}}) == "Invalid parameter: Message too long"
    for subject in ("", "s" * 101, "line\nfeed", " leading"):
        assert text(Message="m", Subject=subject) == "Invalid parameter: Subject"
    assert text(Message="m", MessageDeduplicationId="d") == (
        "Invalid parameter: MessageDeduplicationId Reason: The request includes "
        "MessageDeduplicationId parameter that is not valid for this topic type")
    assert text(Message="m", TargetArn=topic).startswith("Invalid parameter: TopicArn")
    assert refused("NotFound", kit.sns.publish, TopicArn=topic + "x", Message="m",
                   status=404) == "Topic does not exist"
    assert kit.take(queue) == []
    kit.sns.publish(TargetArn=topic, Message="m" * (250 * 1024))
    assert [len(t) for t in kit.texts(queue)] == [250 * 1024]


@pytest.mark.parametrize("attribute, value, said", [
    ("a", {"DataType": "String"}, "The message attribute 'a' must contain non-empty message "
     "attribute value for message attribute type 'String'."),
    ("a", {"DataType": "String", "StringValue": ""}, "The message attribute 'a' must contain "
     "non-empty message attribute value for message attribute type 'String'."),
    ("a", {"DataType": "Number", "BinaryValue": b"1"},
     "The message attribute 'a' with type 'Number' must use field 'String'."),
    ("a", {"DataType": "Binary", "StringValue": "1"},
     "The message attribute 'a' with type 'Binary' must use field 'Binary'."),
    ("a", {"DataType": "Strange", "StringValue": "1"}, "The message attribute 'a' has an invalid "
     "message attribute type, the set of supported type prefixes is Binary, Number, and String."),
    ("a" * 256, {"DataType": "String", "StringValue": "1"},
     "Length of message attribute name must be less than 256 bytes."),
    ("a^b", {"DataType": "String", "StringValue": "1"}, "Invalid non-alphanumeric character '#x5E' "
     "was found in the message attribute name. Can only include alphanumeric characters, hyphens, "
     "underscores, or dots."),
    (".a", {"DataType": "String", "StringValue": "1"},
     "Invalid message attribute name starting with character '.' was found."),
    ("a.", {"DataType": "String", "StringValue": "1"},
     "Invalid message attribute name ending with character '.' was found."),
    ("a..b", {"DataType": "String", "StringValue": "1"},
     "Message attribute name can not have successive '.' character."),
    ("a", {"DataType": "Number", "StringValue": "ten"},
     "Could not cast message attribute 'a' value to number."),
])
def test_attributes_that_are_refused(kit, attribute, value, said):
    topic = kit.topic("attributes")
    given = {"Message": "m", "MessageAttributes": {attribute: value}}
    assert refused("ParameterValueInvalid", kit.sns.publish, TopicArn=topic, **given) == said
    assert refused("ParameterValueInvalid", kit.sns.publish_batch, TopicArn=topic,
                   PublishBatchRequestEntries=[{"Id": "1", **given}]) == said


def test_attribute_types_may_have_names_of_their_own(kit, name):
    topic, queue, _ = kit.pair(name)
    kit.sns.publish(TopicArn=topic, Message="m", MessageAttributes={
        "a": {"DataType": "Number.int", "StringValue": "1"},
        "b": {"DataType": "Binary.jpg", "BinaryValue": b"1"}})
    (body,) = kit.bodies(queue)
    assert json.loads(body)["MessageAttributes"] == {
        "a": {"Type": "Number.int", "Value": "1"}, "b": {"Type": "Binary.jpg", "Value": "MQ=="}}


def batch(kit, topic, *messages, **more):
    return kit.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
        {"Id": str(i), "Message": m, **more} for i, m in enumerate(messages)])


def test_a_batch(kit, name):
    topic, queue, _ = kit.pair(name)
    answer = batch(kit, topic, *[f"m{i}" for i in range(10)])
    assert [s["Id"] for s in answer["Successful"]] == [str(i) for i in range(10)]
    assert answer["Failed"] == []
    assert kit.texts(queue) == [f"m{i}" for i in range(10)]


def test_batches_that_are_refused_publish_nothing(kit, name):
    topic, queue, _ = kit.pair(name)

    def text(code, *entries):
        return refused(code, kit.sns.publish_batch, TopicArn=topic,
                       PublishBatchRequestEntries=list(entries))

    good = {"Id": "good", "Message": "good"}
    assert text("TooManyEntriesInBatchRequest", *[{"Id": str(i), "Message": "m"}
                                                  for i in range(11)]) == (
        "The batch request contains more entries than permissible.")
    assert text("BatchEntryIdsNotDistinct", good, good) == (
        "Two or more batch entries in the request have the same Id.")
    text("InvalidBatchEntryId", {"Id": "not good", "Message": "m"})
    assert text("BatchRequestTooLong", good, {"Id": "b", "Message": "m" * (256 * 1024)}) == (
        "The length of all the messages put together is more than the limit.")
    text("InvalidParameter", good, {"Id": "b", "Message": "m", "MessageStructure": "json"})
    text("InvalidParameter", good, {"Id": "b", "Message": ""})
    assert kit.take(queue) == []


def test_to_a_phone(kit):
    number = "+15551234567"
    assert kit.sns.publish(PhoneNumber=number, Message="hello")["MessageId"]
    assert [(m["kind"], m["body"]) for m in kit.outbox(number)] == [("sms", "hello")]
    for wrong in ("NAA+15551234567", "+1a234", "15551234567"):
        assert refused("InvalidParameter", kit.sns.publish, PhoneNumber=wrong, Message="m") == (
            f"Invalid parameter: PhoneNumber Reason: {wrong} is not valid to publish to")


def test_a_queue_that_is_gone(kit, name):
    topic, queue, subscription = kit.pair(name)
    dead = kit.queue(name + "-dead")
    kit.sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": dead}))
    kit.sqs.delete_queue(QueueUrl=kit.sqs.get_queue_url(QueueName=name + "-queue")["QueueUrl"])
    kit.sns.publish(TopicArn=topic, Message="to nobody")
    (body,) = kit.bodies(dead)
    assert json.loads(body)["Message"] == "to nobody"
    assert subscription in body


def test_the_trace_header_goes_with_the_message(kit, name):
    topic, queue, _ = kit.pair(name)
    header = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    kit.sns.meta.events.register(
        "before-send.sns.Publish",
        lambda request, **_: request.headers.__setitem__("X-Amzn-Trace-Id", header),
        unique_id="trace")
    kit.sns.publish(TopicArn=topic, Message="m")
    kit.sns.meta.events.unregister("before-send.sns.Publish", unique_id="trace")
    (message,) = kit.take(queue)
    assert message["Attributes"]["AWSTraceHeader"] == header


def test_a_group_makes_standard_queues_fair(kit, name):
    topic, queue, _ = kit.pair(name)
    kit.sns.publish(TopicArn=topic, Message="m", MessageGroupId="tenant")
    assert kit.take(queue)[0]["Attributes"]["MessageGroupId"] == "tenant"


def test_one_publish_to_many_queues_is_one_entry(fresh):
    kit = Kit(fresh())
    topic = kit.topic("many")
    queues = [kit.queue(f"q{i}") for i in range(20)]
    for queue in queues:
        kit.subscribe(topic, queue)
    kit.sns.publish(TopicArn=topic, Message="first")  # makes the key
    before = kit.weir.health()["position"]
    kit.sns.publish(TopicArn=topic, Message="second")
    assert kit.weir.health()["position"] == before + 1
    assert all(kit.texts(queue) == ["first", "second"] for queue in queues)


def test_what_would_not_fit_into_one_entry_is_refused_before_anything_happens(fresh):
    kit = Kit(fresh())
    topic = kit.topic("wide")
    queues = [kit.queue(f"q{i}") for i in range(3)]
    for i in range(300):
        kit.subscribe(topic, queues[i] if i < 3 else
                      f"arn:aws:sqs:{REGION}:{ACCOUNT}:none-{i}")
    text = refused("InvalidParameter", kit.sns.publish, TopicArn=topic, Message="m" * 200_000)
    assert "48 MiB" in text
    assert kit.take(queues[0]) == []
    kit.sns.publish(TopicArn=topic, Message="m" * 50_000)
    assert all(len(kit.texts(queue)[0]) == 50_000 for queue in queues)
    assert kit.weir.alive()


def test_the_cli(kit, name):
    topic, queue, _ = kit.pair(name)
    shown = subprocess.run(
        [str(AWS), "sns", "publish", "--topic-arn", topic,
         "--message", "from the shell", "--message-attributes",
         '{"a": {"DataType": "String", "StringValue": "b"}}'],
        env=kit.weir.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode == 0, shown.stderr
    (body,) = kit.bodies(queue)
    assert json.loads(body)["MessageId"] == json.loads(shown.stdout)["MessageId"]
    assert json.loads(body)["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}


def test_a_stranger_s_topic_is_not_found_under_one_s_own_account(kit, name):
    kit.topic(name)
    stranger = kit.weir.client("sns", access_key="999988887777")
    with pytest.raises(ClientError):
        stranger.publish(TopicArn=f"arn:aws:sns:{REGION}:999988887777:{name}", Message="m")
