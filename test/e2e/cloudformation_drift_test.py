# SPDX-License-Identifier: Apache-2.0
"""Drift: what was changed or removed behind a stack's back."""
import json

from cloudformation_own_kit import refused, resource, stacks, template  # noqa: F401


def queue(**properties):
    return resource("AWS::SQS::Queue", properties)


def detected(stacks, name, **more):
    found = stacks.client.detect_stack_drift(StackName=name, **more)["StackDriftDetectionId"]
    told = stacks.client.describe_stack_drift_detection_status(StackDriftDetectionId=found)
    assert told["DetectionStatus"] == "DETECTION_COMPLETE", told
    return told


def drifts(stacks, name, **more):
    found = stacks.client.describe_stack_resource_drifts(StackName=name, **more)
    return {one["LogicalResourceId"]: one for one in found["StackResourceDrifts"]}


def test_what_is_as_it_was_and_what_is_not(stacks, name):
    sqs = stacks.functions.sqs
    stacks.made(name, template({
        "Same": queue(DelaySeconds=3),
        "Changed": queue(DelaySeconds=3, VisibilityTimeout=40),
        "Gone": queue(DelaySeconds=1), "Plain": queue()}))
    told = detected(stacks, name)
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("IN_SYNC", 0)
    assert {one["StackResourceDriftStatus"] for one in drifts(stacks, name).values()} == {
        "IN_SYNC"}
    sqs.set_queue_attributes(QueueUrl=stacks.resource(name, "Changed")["PhysicalResourceId"],
                             Attributes={"DelaySeconds": "9"})
    sqs.delete_queue(QueueUrl=stacks.resource(name, "Gone")["PhysicalResourceId"])

    told = detected(stacks, name)
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("DRIFTED", 2)
    found = drifts(stacks, name)
    assert {key: one["StackResourceDriftStatus"] for key, one in found.items()} == {
        "Same": "IN_SYNC", "Changed": "MODIFIED", "Gone": "DELETED", "Plain": "IN_SYNC"}
    assert found["Changed"]["PropertyDifferences"] == [{
        "PropertyPath": "/DelaySeconds", "ExpectedValue": "3", "ActualValue": "9",
        "DifferenceType": "NOT_EQUAL"}]
    actual = json.loads(found["Changed"]["ActualProperties"])
    assert str(actual["VisibilityTimeout"]) == "40"
    assert set(drifts(stacks, name, StackResourceDriftStatusFilters=["DELETED"])) == {"Gone"}
    about = stacks.about(name)["DriftInformation"]
    assert about["StackDriftStatus"] == "DRIFTED" and "LastCheckTimestamp" in about
    drift = stacks.resource(name, "Changed")["DriftInformation"]
    assert drift["StackResourceDriftStatus"] == "MODIFIED"

    sqs.set_queue_attributes(QueueUrl=stacks.resource(name, "Changed")["PhysicalResourceId"],
                             Attributes={"DelaySeconds": "3"})
    one = stacks.client.detect_stack_resource_drift(
        StackName=name, LogicalResourceId="Changed")["StackResourceDrift"]
    assert one["StackResourceDriftStatus"] == "IN_SYNC" and one["PropertyDifferences"] == []


def test_trees_and_texts(stacks, name):
    stacks.made(name, template({
        "Dead": queue(), "Queue": queue(RedrivePolicy={
            "maxReceiveCount": 3, "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}})}))
    assert detected(stacks, name)["StackDriftStatus"] == "IN_SYNC"
    url = stacks.resource(name, "Queue")["PhysicalResourceId"]
    policy = json.loads(stacks.functions.sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"])
    stacks.functions.sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "RedrivePolicy": json.dumps({**policy, "maxReceiveCount": 5})})
    detected(stacks, name, LogicalResourceIds=["Queue"])
    difference, = drifts(stacks, name)["Queue"]["PropertyDifferences"]
    assert difference["PropertyPath"] == "/RedrivePolicy/maxReceiveCount"
    stacks.functions.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    detected(stacks, name)
    difference, = drifts(stacks, name)["Queue"]["PropertyDifferences"]
    assert (difference["PropertyPath"], difference["DifferenceType"]) == (
        "/RedrivePolicy", "REMOVE")


def test_refusals_and_pages(stacks, name):
    client = stacks.client
    refused("ValidationError", client.detect_stack_drift, StackName="nobody-there")
    stacks.made(name, template({f"Q{n}": queue() for n in range(5)}))
    refused("ValidationError", client.detect_stack_resource_drift, StackName=name,
            LogicalResourceId="None")
    assert drifts(stacks, name) == {}
    detected(stacks, name)
    seen, more = [], {}
    for size in (2, 2, 1):
        page = client.describe_stack_resource_drifts(StackName=name, MaxResults=2, **more)
        assert len(page["StackResourceDrifts"]) == size
        seen += [one["LogicalResourceId"] for one in page["StackResourceDrifts"]]
        more = {"NextToken": page.get("NextToken")}
    assert sorted(seen) == [f"Q{n}" for n in range(5)] and more["NextToken"] is None
