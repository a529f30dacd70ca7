# SPDX-License-Identifier: Apache-2.0
"""Small helpers for tests of stacks: templates as Python, waiting, events."""
import json
import time

SECONDS_MAX = 30


def template(resources, **sections):
    """A template's text: its resources, and whatever other sections."""
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources,
                       **sections})


def queue(**more):
    return {"Type": "AWS::SQS::Queue", "Properties": more} if more else {"Type": "AWS::SQS::Queue"}


def ended(cfn, name):
    """The stack once nothing is under way any more."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        stack = cfn.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        assert time.monotonic() < until, stack
        time.sleep(0.01)


def create(cfn, name, body, **more):
    """Creates a stack and waits for its end; its description."""
    more.setdefault("Capabilities", ["CAPABILITY_NAMED_IAM"])
    stack_id = cfn.create_stack(StackName=name, TemplateBody=body, **more)["StackId"]
    return ended(cfn, stack_id)


def update(cfn, name, body, **more):
    more.setdefault("Capabilities", ["CAPABILITY_NAMED_IAM"])
    stack_id = cfn.update_stack(StackName=name, TemplateBody=body, **more)["StackId"]
    return ended(cfn, stack_id)


def delete(cfn, name, **more):
    stack_id = cfn.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cfn.delete_stack(StackName=name, **more)
    return ended(cfn, stack_id)


def events(cfn, name):
    """(logical id, status, reason) of every event, the oldest first."""
    pages = cfn.get_paginator("describe_stack_events").paginate(StackName=name)
    newest = [event for page in pages for event in page["StackEvents"]]
    return [(event["LogicalResourceId"], event["ResourceStatus"],
             event.get("ResourceStatusReason", "")) for event in reversed(newest)]


def outputs(stack):
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def ids(cfn, name):
    """Physical ids by logical ids."""
    listed = cfn.describe_stack_resources(StackName=name)["StackResources"]
    return {one["LogicalResourceId"]: one.get("PhysicalResourceId") for one in listed}


def drifts(cfn, name):
    """What is not as the stack's template says: (logical id, status, differences)."""
    asked = cfn.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    until = time.monotonic() + SECONDS_MAX
    while True:
        seen = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=asked)
        if seen["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        assert time.monotonic() < until, seen
        time.sleep(0.01)
    assert seen["DetectionStatus"] == "DETECTION_COMPLETE", seen
    found = cfn.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    return [(one["LogicalResourceId"], one["StackResourceDriftStatus"],
             one.get("PropertyDifferences")) for one in found
            if one["StackResourceDriftStatus"] not in ("IN_SYNC", "NOT_CHECKED")]
