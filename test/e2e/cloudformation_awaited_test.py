# SPDX-License-Identifier: Apache-2.0
"""SDKs' waiters ask again after half a minute; weir answers theirs when the stack is no longer busy."""
import json
import threading
import time
import urllib.request

from cloudformation_kit import ended

WAITS = json.dumps({"Resources": {
    "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Wait": {"Type": "AWS::CloudFormation::WaitCondition",
             "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "60"}}},
    "Outputs": {"Handle": {"Value": {"Ref": "Handle"}}}})


def handle_of(cfn, name):
    for _ in range(200):
        for one in cfn.describe_stack_resources(StackName=name)["StackResources"]:
            if one["LogicalResourceId"] == "Handle" and one.get("PhysicalResourceId"):
                return one["PhysicalResourceId"]
        time.sleep(0.02)
    raise AssertionError("there is no handle")


def test_a_waiter_hears_when_its_stack_is_ready(weir):
    cfn = weir.client("cloudformation")
    cfn.create_stack(StackName="awaited", TemplateBody=WAITS)
    url = handle_of(cfn, "awaited")
    seen = []

    def wait():
        cfn.get_waiter("stack_create_complete").wait(StackName="awaited",
                                                     WaiterConfig={"Delay": 30, "MaxAttempts": 3})
        seen.append(time.monotonic())

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    began = time.monotonic()
    status = cfn.describe_stacks(StackName="awaited")["Stacks"][0]["StackStatus"]
    assert status == "CREATE_IN_PROGRESS" and time.monotonic() - began < 10, "others are not held"
    urllib.request.urlopen(urllib.request.Request(url, method="PUT", data=json.dumps({
        "Status": "SUCCESS", "Reason": "", "UniqueId": "1", "Data": ""}).encode())).close()
    waiting.join(25)
    assert seen and seen[0] - began < 25
    assert ended(cfn, "awaited")["StackStatus"] == "CREATE_COMPLETE"


def test_a_waiter_of_a_stack_that_goes_hears_it(weir):
    cfn = weir.client("cloudformation")
    began = time.monotonic()
    cfn.create_stack(StackName="goes", TemplateBody=json.dumps({"Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"}}}))
    cfn.get_waiter("stack_create_complete").wait(StackName="goes", WaiterConfig={"Delay": 30})
    cfn.delete_stack(StackName="goes")
    cfn.get_waiter("stack_delete_complete").wait(StackName="goes", WaiterConfig={"Delay": 30})
    assert time.monotonic() - began < 25
