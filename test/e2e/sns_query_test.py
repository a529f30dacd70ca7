# SPDX-License-Identifier: Apache-2.0
"""SNS as AWS Query, byte by byte: forms in, XML out, errors, by GET and POST, numbered members,
namespaces; what comes is never more than it may be."""
import html
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

import pytest
from sns_kit import kit  # noqa: F401
from weir_server import ACCOUNT, REGION

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
SCOPE = f"{ACCOUNT}/20260101/{REGION}/sns/aws4_request"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
           "X-Amz-Date": "20260101T000000Z",
           "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, "
                            f"Signature={'0' * 64}"}


def ask(kit, action, method="POST", **fields):
    """(status, headers, body) of a form."""
    form = urllib.parse.urlencode({"Action": action, "Version": "2010-03-31", **fields})
    if method == "GET":
        headers = {k: v for k, v in HEADERS.items() if k != "Content-Type"}
        status, headers, body = kit.weir.ask("GET", "/?" + form, None, headers)
    else:
        status, headers, body = kit.weir.ask("POST", "/", form, HEADERS)
    return status, headers, body.decode()


def test_an_answer_is_aws_s_xml(kit, name):
    status, headers, body = ask(kit, "CreateTopic", Name=name)
    assert (status, headers["content-type"]) == (200, "text/xml")
    request = re.search(r"<RequestId>([0-9a-f-]{36})</RequestId>", body)[1]
    assert headers["x-amzn-requestid"] == request
    assert re.sub(r">\s+<", "><", body.strip()) == (
        f'<CreateTopicResponse xmlns="{NAMESPACE}"><CreateTopicResult><TopicArn>'
        f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}</TopicArn></CreateTopicResult><ResponseMetadata>"
        f"<RequestId>{request}</RequestId></ResponseMetadata></CreateTopicResponse>")


def test_an_error_is_aws_s_xml(kit):
    status, headers, body = ask(kit, "GetTopicAttributes", TopicArn="nonsense")
    assert (status, headers["content-type"]) == (400, "text/xml")
    root = ElementTree.fromstring(body)
    assert root.tag == f"{{{NAMESPACE}}}ErrorResponse"
    inside = {child.tag.split("}")[1]: child.text for child in root[0]}
    assert inside == {"Type": "Sender", "Code": "InvalidParameter",
                      "Message": "Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
                                 "elements, not 1"}
    assert root[1].tag == f"{{{NAMESPACE}}}RequestId"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_maps_are_numbered_entries(kit, name, method):
    queue = kit.queue(name)
    topic = kit.topic(name)
    status, _, body = ask(kit, "Subscribe", method, TopicArn=topic, Protocol="sqs", Endpoint=queue,
                          **{"Attributes.entry.1.key": "RawMessageDelivery",
                             "Attributes.entry.1.value": "true"})
    assert status == 200, body
    status, _, body = ask(kit, "Publish", method, TopicArn=topic, Message="größe & <more>", **{
        "MessageAttributes.entry.1.Name": "a", "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "b c",
        "MessageAttributes.entry.2.Name": "d",
        "MessageAttributes.entry.2.Value.DataType": "Binary",
        "MessageAttributes.entry.2.Value.BinaryValue": "AAE="})
    assert status == 200, body
    (message,) = kit.take(queue)
    assert message["Body"] == "größe & <more>"
    assert message["MessageAttributes"] == {
        "a": {"DataType": "String", "StringValue": "b c"},
        "d": {"DataType": "Binary", "BinaryValue": b"\0\1"}}


def test_lists_are_numbered_members(kit, name):
    topic, queue, _ = kit.pair(name)
    fields = {}
    for i in (1, 2, 3):
        fields[f"PublishBatchRequestEntries.member.{i}.Id"] = f"id{i}"
        fields[f"PublishBatchRequestEntries.member.{i}.Message"] = f"m{i}"
    status, _, body = ask(kit, "PublishBatch", TopicArn=topic, **fields)
    assert status == 200, body
    root = ElementTree.fromstring(body)
    ids = [e.text for e in root.iter(f"{{{NAMESPACE}}}Id")]
    assert ids == ["id1", "id2", "id3"]
    assert kit.texts(queue) == ["m1", "m2", "m3"]


def test_attributes_come_as_entries(kit, name):
    _, _, body = ask(kit, "GetTopicAttributes", TopicArn=kit.topic(name))
    root = ElementTree.fromstring(body)
    entries = {e.find(f"{{{NAMESPACE}}}key").text: e.find(f"{{{NAMESPACE}}}value").text
               for e in root.iter(f"{{{NAMESPACE}}}entry")}
    assert entries["TopicArn"].endswith(name)
    assert entries["Owner"] == ACCOUNT


def test_a_boolean_and_an_empty_answer(kit, name):
    topic = kit.topic(name)
    _, _, body = ask(kit, "Subscribe", TopicArn=topic, Protocol="email",
                     Endpoint=f"{name}@example.com", ReturnSubscriptionArn="true")
    assert f"<SubscriptionArn>{topic}:" in body
    _, _, body = ask(kit, "DeleteTopic", TopicArn=topic)
    assert "DeleteTopicResponse" in body
    assert "DeleteTopicResult" not in body


def test_what_is_missing(kit):
    status, _, body = ask(kit, "CreateTopic")
    assert status == 400
    assert "<Code>ValidationError</Code>" in body
    topic = kit.topic("missing")
    status, _, body = ask(kit, "Publish", TopicArn=topic, Message="m", **{
        "MessageAttributes.entry.1.Name": "attr1",
        "MessageAttributes.entry.1.Value.StringValue": "v"})
    assert status == 400
    assert re.search(r"Value null at 'messageAttributes\.attr1\.(member\.)?dataType'", html.unescape(body))


def test_an_action_that_is_not_there(kit):
    status, _, body = ask(kit, "GetDataProtectionPolicy", ResourceArn="arn")
    assert status == 501
    assert "NotImplemented" in body
    status, _, body = ask(kit, "Nonsense")
    assert status == 400
    assert "InvalidAction" in body
