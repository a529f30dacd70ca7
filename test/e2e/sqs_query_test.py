# SPDX-License-Identifier: Apache-2.0
"""The Query protocol, as older SDKs and scripts speak it, byte by byte; and how JSON's errors name
Query's codes."""
import json
import urllib.parse
import xml.etree.ElementTree as ElementTree

import pytest
from sqs_kit import make, make_fifo, md5, queue_name, receive, send
from weir_server import ACCOUNT

SPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


@pytest.fixture
def ask(weir):
    """ask("ReceiveMessage", path="/", method="POST", …parameters): status, the answer's XML."""

    def call(action, path="/", method="POST", version="2012-11-05", **parameters):
        scope = f"{ACCOUNT}/20260101/us-east-1/sqs/aws4_request"
        headers = {"Content-Type": "application/x-www-form-urlencoded",
                   "X-Amz-Date": "20260101T000000Z",
                   "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, "
                                    f"Signature={'0' * 64}"}
        form = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
        if method == "GET":
            status, answered, body = weir.ask("GET", f"{path}?{form}", headers=headers)
        else:
            status, answered, body = weir.ask("POST", path, form, headers)
        assert answered["content-type"].startswith("text/xml")
        return status, ElementTree.fromstring(body)

    return call


def texts(root, tag):
    return [element.text for element in root.iter(SPACE + tag)]


def path_of(url):
    return urllib.parse.urlsplit(url).path


def error_of(answer):
    status, root = answer
    assert root.tag == SPACE + "ErrorResponse", ElementTree.tostring(root)
    assert texts(root, "RequestId")[0]
    return status, texts(root, "Type")[0], texts(root, "Code")[0], texts(root, "Message")[0]


def test_a_queue_is_made_and_its_url_is_given(ask, weir):
    name = queue_name()
    status, root = ask("CreateQueue", **{
        "QueueName": name, "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "40",
        "Attribute.2.Name": "DelaySeconds", "Attribute.2.Value": "0", "Tag.1.Key": "k",
        "Tag.1.Value": "v"})
    assert status == 200 and root.tag == SPACE + "CreateQueueResponse"
    assert texts(root, "QueueUrl") == [f"{weir.url}/{ACCOUNT}/{name}"]
    assert texts(root, "RequestId")[0]
    status, root = ask("GetQueueUrl", QueueName=name)
    assert texts(root, "QueueUrl") == [f"{weir.url}/{ACCOUNT}/{name}"]
    status, root = ask("ListQueues", QueueNamePrefix=name)
    assert texts(root, "QueueUrl") == [f"{weir.url}/{ACCOUNT}/{name}"]
    status, root = ask("GetQueueAttributes", path=f"/{ACCOUNT}/{name}",
                       **{"AttributeName.1": "VisibilityTimeout", "AttributeName.2": "QueueArn"})
    found = dict(zip(texts(root, "Name"), texts(root, "Value")))
    assert found == {"VisibilityTimeout": "40",
                     "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"}
    status, root = ask("ListQueueTags", path=f"/{ACCOUNT}/{name}")
    assert (texts(root, "Key"), texts(root, "Value")) == (["k"], ["v"])


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("by_path", [True, False])
def test_a_message_is_sent_received_and_deleted(ask, sqs, method, by_path):
    url = make(sqs)
    where = {"path": path_of(url)} if by_path else {"QueueUrl": url}
    status, root = ask("SendMessage", method=method, **where, **{
        "MessageBody": "größe & <more>", "MessageAttribute.1.Name": "k",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "v", "MessageAttribute.2.Name": "b",
        "MessageAttribute.2.Value.DataType": "Binary",
        "MessageAttribute.2.Value.BinaryValue": "AAE="})
    assert status == 200 and texts(root, "MD5OfMessageBody") == [md5("größe & <more>")]
    message_id = texts(root, "MessageId")
    status, root = ask("ReceiveMessage", method=method, **where, **{
        "MaxNumberOfMessages": "10", "AttributeName.1": "All", "MessageAttributeName.1": "All"})
    assert root.tag == SPACE + "ReceiveMessageResponse"
    assert texts(root, "MessageId") == message_id
    assert texts(root, "Body") == ["größe & <more>"]
    message = root.find(f"{SPACE}ReceiveMessageResult/{SPACE}Message")
    system = {a.find(SPACE + "Name").text: a.find(SPACE + "Value").text
              for a in message.findall(SPACE + "Attribute")}
    assert system["ApproximateReceiveCount"] == "1" and system["SenderId"] == ACCOUNT
    own = {a.find(SPACE + "Name").text: a.find(SPACE + "Value")
           for a in message.findall(SPACE + "MessageAttribute")}
    assert own["k"].find(SPACE + "StringValue").text == "v"
    assert own["b"].find(SPACE + "BinaryValue").text == "AAE="
    handle = texts(root, "ReceiptHandle")[0]
    status, root = ask("ChangeMessageVisibility", method=method, **where, ReceiptHandle=handle,
                       VisibilityTimeout="0")
    assert status == 200
    status, root = ask("ReceiveMessage", method=method, **where)
    handle = texts(root, "ReceiptHandle")[0]
    status, root = ask("DeleteMessage", method=method, **where, ReceiptHandle=handle)
    assert status == 200 and root.tag == SPACE + "DeleteMessageResponse"
    status, root = ask("ReceiveMessage", method=method, **where, VisibilityTimeout="0")
    assert texts(root, "Message") == []


def test_batches_have_entries(ask, sqs):
    url = make_fifo(sqs)
    prefix = "SendMessageBatchRequestEntry"
    status, root = ask("SendMessageBatch", path=path_of(url), **{
        f"{prefix}.1.Id": "a", f"{prefix}.1.MessageBody": "1", f"{prefix}.1.MessageGroupId": "g",
        f"{prefix}.2.Id": "b", f"{prefix}.2.MessageBody": "\x01",
        f"{prefix}.2.MessageGroupId": "g"})
    assert status == 200
    good = root.find(f".//{SPACE}SendMessageBatchResultEntry")
    assert good.find(SPACE + "Id").text == "a" and good.find(SPACE + "SequenceNumber") is not None
    bad = root.find(f".//{SPACE}BatchResultErrorEntry")
    assert {e.tag.removeprefix(SPACE): e.text for e in bad}["Code"] == "InvalidMessageContents"
    assert bad.find(SPACE + "SenderFault").text == "true"
    got = receive(sqs, url)
    prefix = "DeleteMessageBatchRequestEntry"
    status, root = ask("DeleteMessageBatch", path=path_of(url), **{
        f"{prefix}.1.Id": "x", f"{prefix}.1.ReceiptHandle": got[0]["ReceiptHandle"]})
    assert root.find(f".//{SPACE}DeleteMessageBatchResultEntry/{SPACE}Id").text == "x"


@pytest.mark.parametrize("action,parameters,code", [
    ("SendMessage", {"QueueUrl": "http://h/111122223333/nowhere", "MessageBody": "m"},
     "AWS.SimpleQueueService.NonExistentQueue"),
    ("GetQueueUrl", {"QueueName": "nowhere"}, "AWS.SimpleQueueService.NonExistentQueue"),
    ("CreateQueue", {"QueueName": "a b"}, "InvalidParameterValue"),
    ("CreateQueue", {}, "MissingParameter"),
    ("SendMessage", {"MessageBody": "m"}, "MissingParameter"),
    ("CreateQueue", {"QueueName": "q1", "Attribute.1.Name": "Nonsense", "Attribute.1.Value": "1"},
     "InvalidAttributeName"),
    ("CreateQueue", {"QueueName": "q1", "Attribute.1.Name": "DelaySeconds",
                     "Attribute.1.Value": "901"}, "InvalidAttributeValue"),
    ("Nonsense", {}, "InvalidAction"),
])
def test_errors_have_querys_words(ask, action, parameters, code):
    status, kind, found, message = error_of(ask(action, **parameters))
    assert (status, kind, found) == (400, "Sender", code) and message


ERRORS = [
    ("SendMessage", {"QueueUrl": "/nowhere", "MessageBody": "m"}, "QueueDoesNotExist",
     "AWS.SimpleQueueService.NonExistentQueue"),
    ("CreateQueue", {"QueueName": "a b"}, "InvalidParameterValueException",
     "InvalidParameterValue"),
    ("CreateQueue", {}, "MissingRequiredParameterException", "MissingParameter"),
    ("SendMessageBatch", {"Entries": []}, "EmptyBatchRequest",
     "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("SendMessageBatch", {"Entries": [{"Id": str(i), "MessageBody": "m"} for i in range(11)]},
     "TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ("DeleteMessage", {"ReceiptHandle": "x"}, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
    ("SetQueueAttributes", {"Attributes": {"X": "y"}}, "InvalidAttributeName",
     "InvalidAttributeName"),
    ("SendMessage", {"MessageBody": "\x01"}, "InvalidMessageContents", "InvalidMessageContents"),
]


@pytest.mark.parametrize("operation,body,kind,code", ERRORS)
def test_errors_in_json_name_querys_code_in_a_header(sqs, weir, operation, body, kind, code):
    url = make(sqs)
    headers = {**weir.headers("x"), "Content-Type": "application/x-amz-json-1.0",
               "X-Amz-Target": f"AmazonSQS.{operation}"}
    headers["Authorization"] = headers["Authorization"].replace("/kinesis/", "/sqs/")
    if operation != "CreateQueue":
        body = {"QueueUrl": url, **body}
    status, answered, text = weir.ask("POST", "/", json.dumps(body), headers)
    found = json.loads(text)
    assert status == 400 and answered["content-type"] == "application/x-amz-json-1.0"
    assert found["__type"].split("#")[1] == kind and found["message"]
    assert answered["x-amzn-query-error"] == f"{code};Sender"


def test_both_protocols_see_the_same_queue(ask, sqs):
    url = make(sqs)
    send(sqs, url, "json")
    ask("SendMessage", path=path_of(url), MessageBody="query")
    status, root = ask("ReceiveMessage", path=path_of(url), MaxNumberOfMessages="10",
                       WaitTimeSeconds="0")
    assert texts(root, "Body") == ["json", "query"]


def test_moves_and_permissions_speak_query_too(ask, sqs):
    dead = make(sqs)
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{dead.rsplit('/', 1)[1]}"
    make(sqs, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1}))
    status, root = ask("StartMessageMoveTask", SourceArn=arn)
    assert status == 200 and texts(root, "TaskHandle")[0]
    status, root = ask("ListMessageMoveTasks", SourceArn=arn, MaxResults="10")
    assert status == 200 and texts(root, "SourceArn") == [arn]
    status, root = ask("AddPermission", path=path_of(dead), **{
        "Label": "l", "AWSAccountId.1": "999988887777", "ActionName.1": "SendMessage"})
    assert status == 200
    status, root = ask("RemovePermission", path=path_of(dead), Label="l")
    assert status == 200
    status, root = ask("PurgeQueue", path=path_of(dead))
    assert status == 200
    status, root = ask("DeleteQueue", path=path_of(dead))
    assert status == 200
