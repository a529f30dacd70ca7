# SPDX-License-Identifier: Apache-2.0
"""Custom resources: the protocol as functions in Python and Node and listeners of a topic see it,
what an answer does, and what becomes of a stack when there is none or a bad one."""
import json
import shutil

import pytest
from cloudformation_own_kit import Stacks, put, resource, stacks, template  # noqa: F401
from lambda_run_kit import until
from weir_server import ACCOUNT, REGION

# Notes each request in a queue, and answers as the resource's property Answer says.
PROVIDER = """
import json, os, urllib.parse, urllib.request

def handler(event, context):
    urllib.request.urlopen(os.environ["QUEUE"], urllib.parse.urlencode({
        "Action": "SendMessage", "Version": "2012-11-05",
        "MessageBody": json.dumps(event)}).encode()).read()
    properties = event["ResourceProperties"]
    if properties.get("Fail") == event["RequestType"]:
        answer = {"Status": "FAILED", "Reason": "as was asked for"}
    else:
        answer = {"Status": "SUCCESS", "Data": {
            "Word": properties.get("Word", ""), "Deep": {"Inside": "seen"}}}
    answer.update(
        PhysicalResourceId=properties.get("Id") or event.get("PhysicalResourceId", "made-here"),
        StackId=event["StackId"], RequestId=event["RequestId"],
        LogicalResourceId=event["LogicalResourceId"])
    request = urllib.request.Request(event["ResponseURL"], method="PUT",
                                     data=json.dumps(answer).encode(),
                                     headers={"Content-Type": ""})
    urllib.request.urlopen(request).read()
"""

# As handlers have it that were written for AWS: TLS on port 443.
TLS_PYTHON = """
import json
from http.client import HTTPSConnection
from urllib.parse import urlsplit

def handler(event, context):
    url = urlsplit(event["ResponseURL"])
    answer = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "over-tls", **{
        key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}})
    connection = HTTPSConnection(url.hostname)
    connection.request("PUT", url.path + "?" + url.query, body=answer,
                       headers={"content-type": "", "content-length": str(len(answer))})
    assert connection.getresponse().status == 200
"""
TLS_NODE = """
import * as https from "https";
import { parse } from "url";
export const handler = (event) => new Promise((resolve, reject) => {
  const body = JSON.stringify({Status: "SUCCESS", PhysicalResourceId: "over-tls",
    StackId: event.StackId, RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId});
  const url = parse(event.ResponseURL);
  const request = https.request({hostname: url.hostname, port: 443, path: url.path,
    method: "PUT", headers: {"content-type": "", "content-length": Buffer.byteLength(body)}},
    (answer) => { answer.resume(); resolve(); });
  request.on("error", reject);
  request.end(body);
});
"""

NODE = """
import { request } from "node:http";
export const handler = async (event) => {
  const body = JSON.stringify({Status: "SUCCESS", PhysicalResourceId: "from-node",
    StackId: event.StackId, RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId, Data: {Answer: "42"}});
  await new Promise((done, failed) => {
    const url = new URL(event.ResponseURL);
    const put = request({hostname: url.hostname, port: url.port, path: url.pathname + url.search,
      method: "PUT", headers: {"content-type": "", "content-length": body.length}},
      (answer) => { answer.resume(); answer.on("end", done); });
    put.on("error", failed);
    put.end(body);
  });
};
"""


@pytest.fixture
def provider(stacks, name):
    """A function that answers; its ARN, and the requests that it has had."""
    queue = stacks.functions.queue(name)
    arn = stacks.functions.function(
        name, PROVIDER, Environment={"Variables": {"QUEUE": stacks.functions.url_of(queue)}},
        Timeout=30)

    def requests(count):
        return [json.loads(one["Body"]) for one in stacks.functions.messages(queue, count)]
    return arn, requests


def custom(arn, kind="Custom::Thing", **properties):
    return resource(kind, {"ServiceToken": arn, **properties})


def test_a_function_makes_changes_and_removes_it(stacks, provider, name):
    arn, requests = provider
    outputs = {"Id": {"Value": {"Ref": "Thing"}},
               "Word": {"Value": {"Fn::GetAtt": ["Thing", "Word"]}},
               "Inside": {"Value": {"Fn::GetAtt": "Thing.Deep.Inside"}}}
    stack = stacks.made(name, template(
        {"Thing": custom(arn, Word="first", Flag=True, Number=5, List=[1, {"Deep": False}])},
        Outputs=outputs))
    assert stacks.outputs(name) == {"Id": "made-here", "Word": "first", "Inside": "seen"}
    assert stacks.resource(name, "Thing")["PhysicalResourceId"] == "made-here"
    made, = requests(1)
    url = made.pop("ResponseURL")
    request_id = made.pop("RequestId")
    assert url.startswith(stacks.weir.url) and len(request_id) == 36
    assert made == {
        "RequestType": "Create", "ServiceToken": arn, "StackId": stack["StackId"],
        "LogicalResourceId": "Thing", "ResourceType": "Custom::Thing", "ResourceProperties": {
            "ServiceToken": arn, "Word": "first", "Flag": "true", "Number": "5",
            "List": ["1", {"Deep": "false"}]}}
    assert put(url, {"Status": "SUCCESS"}) == 403  # it has been answered

    stacks.updated(name, template({"Thing": custom(arn, Word="second")}, Outputs=outputs))
    assert stacks.outputs(name)["Word"] == "second"
    changed, = requests(1)
    assert changed["RequestType"] == "Update"
    assert changed["PhysicalResourceId"] == "made-here"
    assert changed["ResourceProperties"] == {"ServiceToken": arn, "Word": "second"}
    assert changed["OldResourceProperties"]["Word"] == "first"

    stacks.deleted(name)
    gone, = requests(1)
    assert (gone["RequestType"], gone["PhysicalResourceId"]) == ("Delete", "made-here")
    assert gone["ResourceProperties"]["Word"] == "second"


def test_another_id_in_an_update_removes_the_former_one(stacks, provider, name):
    arn, requests = provider
    stacks.made(name, template({"Thing": custom(arn, Id="one")}))
    stacks.updated(name, template({"Thing": custom(arn, Id="two")}))
    assert stacks.resource(name, "Thing")["PhysicalResourceId"] == "two"
    seen = {one["RequestType"]: one for one in requests(3)}
    assert seen["Update"]["PhysicalResourceId"] == "one"
    assert seen["Delete"]["PhysicalResourceId"] == "one"
    assert seen["Delete"]["ResourceProperties"]["Id"] == "one"
    stacks.deleted(name)
    gone, = requests(1)
    assert gone["PhysicalResourceId"] == "two"


def test_an_attribute_that_the_answer_does_not_have(stacks, provider, name):
    arn, _ = provider
    stacks.create(name, template({
        "Thing": custom(arn), "Queue": resource("AWS::SQS::Queue", {
            "QueueName": {"Fn::GetAtt": ["Thing", "Nothing"]}})}), OnFailure="DO_NOTHING")
    stacks.settled(name, "CREATE_FAILED")
    assert stacks.reason(name, "Queue", "CREATE_FAILED").startswith(
        "CustomResource attribute error: Vendor response doesn't contain Nothing")


def test_a_failed_answer_rolls_back_with_its_reason(stacks, provider, name):
    arn, requests = provider
    stacks.create(name, template({"Thing": custom(arn, Fail="Create")}))
    stacks.settled(name, "ROLLBACK_COMPLETE")
    made, gone = requests(2)
    assert stacks.reason(name, "Thing", "CREATE_FAILED") == (
        "Received response status [FAILED] from custom resource. Message returned: as was asked "
        f"for (RequestId: {made['RequestId']})")
    assert gone["RequestType"] == "Delete" and gone["PhysicalResourceId"] == "made-here"


def test_a_failed_update_is_taken_back(stacks, provider, name):
    arn, requests = provider
    stacks.made(name, template({"Thing": custom(arn, Word="good")}))
    stacks.update(name, template({"Thing": custom(arn, Word="bad", Fail="Update")}))
    stacks.settled(name, "UPDATE_ROLLBACK_COMPLETE")
    words = [(one["RequestType"], one["ResourceProperties"]["Word"]) for one in requests(3)]
    assert words == [("Create", "good"), ("Update", "bad"), ("Update", "good")]
    stacks.deleted(name)


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js")
def test_a_function_in_node(stacks, name):
    arn = stacks.functions.function(name, NODE, "nodejs22.x", "app.handler")
    stacks.made(name, template(
        {"Thing": custom(arn, "AWS::CloudFormation::CustomResource")},
        Outputs={"Answer": {"Value": {"Fn::GetAtt": ["Thing", "Answer"]}}}))
    assert stacks.outputs(name) == {"Answer": "42"}
    assert stacks.resource(name, "Thing")["PhysicalResourceId"] == "from-node"


@pytest.mark.parametrize("source,runtime", [(TLS_PYTHON, "python3.12"), (TLS_NODE, "nodejs22.x")])
def test_functions_that_answer_where_aws_takes_answers(stacks, name, source, runtime):
    if runtime.startswith("nodejs") and shutil.which("node") is None:
        pytest.skip("no Node.js")
    arn = stacks.functions.function(name, source, runtime)
    stacks.made(name, template({"Thing": custom(arn)}))
    assert stacks.resource(name, "Thing")["PhysicalResourceId"] == "over-tls"


def test_a_topic_asks_whoever_listens(stacks, name):
    queue = stacks.functions.queue(name)
    topic = stacks.functions.sns.create_topic(Name=name)["TopicArn"]
    stacks.functions.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    stacks.create(name, template({"Thing": custom(topic, Word="told")}))
    message, = stacks.functions.messages(queue, 1)
    told = json.loads(message["Body"])
    assert told["Subject"] == "AWS CloudFormation custom resource request"
    request = json.loads(told["Message"])
    assert request["ResourceProperties"]["Word"] == "told"
    answer = {key: request[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    assert put(request["ResponseURL"], {**answer, "Status": "SUCCESS",
                                        "PhysicalResourceId": "by-hand"}, "text/x-any") == 200
    stacks.settled(name, "CREATE_COMPLETE")
    assert stacks.resource(name, "Thing")["PhysicalResourceId"] == "by-hand"


def test_one_that_is_cancelled_is_removed(stacks, name):
    queue = stacks.functions.queue(name)
    topic = stacks.functions.sns.create_topic(Name=name)["TopicArn"]
    stacks.functions.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    stacks.create(name, template({
        "Thing": custom(topic),
        "Handle": resource("AWS::CloudFormation::WaitConditionHandle"),
        "Wait": resource("AWS::CloudFormation::WaitCondition", {
            "Handle": {"Ref": "Handle"}, "Timeout": "600"})}))

    def requested(count):
        return [json.loads(json.loads(one["Body"])["Message"])
                for one in stacks.functions.messages(queue, count)]
    made, = requested(1)
    until(lambda: [e for e in stacks.events(name) if e["LogicalResourceId"] == "Wait"])
    url = stacks.resource(name, "Handle")["PhysicalResourceId"]
    assert put(url, {"Status": "FAILURE", "UniqueId": "1", "Reason": "enough"}) == 200
    gone, = requested(1)
    assert gone["RequestType"] == "Delete"
    assert gone["PhysicalResourceId"].startswith(f"{name}-Thing-")
    assert put(made["ResponseURL"], {"Status": "SUCCESS"}) == 403
    assert put(gone["ResponseURL"], {"Status": "SUCCESS", "PhysicalResourceId": "x"}) == 200
    stacks.settled(name, "ROLLBACK_COMPLETE")
    assert stacks.reason(name, "Thing", "CREATE_FAILED") == "Resource creation cancelled"


@pytest.mark.parametrize("answer,reason", [
    ({"Status": "SUCCESS"}, "Invalid PhysicalResourceId"),
    (b"no json", "Invalid Json in response object"),
    ({"Status": "SUCCESS", "PhysicalResourceId": "x", "Data": {"Long": "x" * 5000}},
     "Response object is too long."),
])
def test_answers_that_are_none(stacks, name, answer, reason):
    queue = stacks.functions.queue(name)
    topic = stacks.functions.sns.create_topic(Name=name)["TopicArn"]
    stacks.functions.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    stacks.create(name, template({"Thing": custom(topic)}), OnFailure="DO_NOTHING")
    message, = stacks.functions.messages(queue, 1)
    request = json.loads(json.loads(message["Body"])["Message"])
    assert put(request["ResponseURL"], answer) == 200
    stacks.settled(name, "CREATE_FAILED")
    assert stacks.reason(name, "Thing", "CREATE_FAILED").startswith(reason)


def test_no_such_function(stacks, name):
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"
    stacks.create(name, template({"Thing": custom(arn)}))
    stacks.settled(name, "ROLLBACK_COMPLETE")
    assert stacks.reason(name, "Thing", "CREATE_FAILED").startswith(f"Function not found: {arn}")


def test_no_such_address_takes_nothing(stacks):
    url = f"{stacks.weir.url}/_weir/cloudformation/reply/x?Signature={'0' * 64}"
    assert put(url, {"Status": "SUCCESS"}) == 403


def test_nobody_answers_in_time(clocked, name):
    stacks = Stacks(clocked)
    topic = stacks.functions.sns.create_topic(Name=name)["TopicArn"]
    stacks.create(name, template({"Thing": custom(topic, ServiceTimeout=120)}),
                  OnFailure="DO_NOTHING")
    clocked.advance("119s")
    assert stacks.about(name)["StackStatus"] == "CREATE_IN_PROGRESS"
    clocked.advance("2s")
    stacks.settled(name, "CREATE_FAILED")
    assert stacks.reason(name, "Thing", "CREATE_FAILED").startswith(
        "CloudFormation did not receive a response from your Custom Resource. Please check your "
        "logs for requestId [")


def test_a_function_that_fails_is_given_up(clocked, name):
    stacks = Stacks(clocked)
    arn = stacks.functions.function(name, "def handler(event, context):\n    raise ValueError\n")
    stacks.create(name, template({"Thing": custom(arn)}), OnFailure="DO_NOTHING")
    logs = clocked.client("logs")

    def tries():
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}",
                                       filterPattern="START")["events"]
        return len(found)

    def failed():
        clocked.advance("2s")  # it is tried again after one and two minutes, with an hour for all
        return stacks.about(name)["StackStatus"] == "CREATE_FAILED"
    until(failed, "the end")
    assert tries() == 3
    assert "did not receive a response" in stacks.reason(name, "Thing", "CREATE_FAILED")
