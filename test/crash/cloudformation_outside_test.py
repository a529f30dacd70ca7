# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a stack waits for somebody outside: for the answer of a custom resource's provider
(a listener, a function), for the signals of a wait condition.

What it proves: the address goes on working; what it took before the kill counts after it; a
function that was under way is asked again and its answer ends the wait; nothing is asked twice that
had been answered.

How: the server keeps its port, so that addresses stay what they are. It is killed after each thing
that was acknowledged.
"""
import json
import socket

import pytest
from cloudformation_own_kit import Stacks, put, resource, template
from lambda_run_kit import until
from weir_server import WeirServer

SLOW = """
import json, time, urllib.request
def handler(event, context):
    time.sleep(1)
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], method="PUT",
        data=json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "slow", **{
            key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}}).encode()))
"""


@pytest.fixture
def weir():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = WeirServer(listen_port=port)
    yield server.start()
    server.close()


def test_an_answer_and_signals_across_kills(weir):
    stacks = Stacks(weir)
    queue = stacks.functions.queue("asked")
    topic = stacks.functions.sns.create_topic(Name="asked")["TopicArn"]
    stacks.functions.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    stacks.create("waits", template({
        "Thing": resource("Custom::Thing", {"ServiceToken": topic}),
        "Handle": resource("AWS::CloudFormation::WaitConditionHandle"),
        "Wait": resource("AWS::CloudFormation::WaitCondition", {
            "Handle": {"Ref": "Handle"}, "Timeout": "600", "Count": 2})}))
    until(lambda: [e for e in stacks.events("waits") if e["LogicalResourceId"] == "Wait"])
    url = stacks.resource("waits", "Handle")["PhysicalResourceId"]
    weir.restart(hard=True)
    assert put(url, {"Status": "SUCCESS", "UniqueId": "one", "Data": "1"}) == 200
    weir.restart(hard=True)
    message, = stacks.functions.messages(queue, 1)
    request = json.loads(json.loads(message["Body"])["Message"])
    answer = {key: request[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    assert put(request["ResponseURL"],
               {**answer, "Status": "SUCCESS", "PhysicalResourceId": "answered"}) == 200
    weir.restart(hard=True)
    assert stacks.about("waits")["StackStatus"] == "CREATE_IN_PROGRESS"
    assert put(url, {"Status": "SUCCESS", "UniqueId": "two", "Data": "2"}) == 200
    weir.restart(hard=True)
    stacks.settled("waits", "CREATE_COMPLETE")
    assert stacks.resource("waits", "Thing")["PhysicalResourceId"] == "answered"
    assert stacks.functions.nothing_in(queue)


def test_a_function_that_was_under_way(weir):
    stacks = Stacks(weir)
    arn = stacks.functions.function("slow", SLOW, Timeout=30)
    stacks.create("waits", template({"Thing": resource("Custom::Thing", {"ServiceToken": arn})}))
    until(lambda: [e for e in stacks.events("waits") if e["LogicalResourceId"] == "Thing"])
    weir.restart(hard=True)
    stacks.settled("waits", "CREATE_COMPLETE")
    assert stacks.resource("waits", "Thing")["PhysicalResourceId"] == "slow"


def test_a_child_across_kills(weir):
    stacks = Stacks(weir)
    s3 = weir.client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="child.json", Body=template({
        "Handle": resource("AWS::CloudFormation::WaitConditionHandle"),
        "Wait": resource("AWS::CloudFormation::WaitCondition", {
            "Handle": {"Ref": "Handle"}, "Timeout": "600"})}).encode())
    stacks.create("parent", template({"Child": resource("AWS::CloudFormation::Stack", {
        "TemplateURL": "https://templates.s3.amazonaws.com/child.json"})}))
    child = until(lambda: stacks.resource("parent", "Child").get("PhysicalResourceId"))
    until(lambda: [e for e in stacks.events(child) if e["LogicalResourceId"] == "Wait"])
    weir.restart(hard=True)
    url = stacks.resource(child, "Handle")["PhysicalResourceId"]
    assert put(url, {"Status": "SUCCESS", "UniqueId": "one"}) == 200
    weir.restart(hard=True)
    stacks.settled("parent", "CREATE_COMPLETE")
