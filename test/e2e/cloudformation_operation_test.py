# SPDX-License-Identifier: Apache-2.0
"""Operations that wait, are stopped, taken back, gone on with; who is told of them."""
import json
import time

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, ended, events, ids, queue, template, update

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def waits(seconds=600, **more):
    """Something that is not ready for long, beside a handle."""
    return {"Handle": HANDLE, "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
        "Handle": {"Ref": "Handle"}, "Timeout": str(seconds)}, **more}}


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


def error_of(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]


def until(cfn, name, event):
    for _ in range(3000):
        if event in [one[:2] for one in events(cfn, name)]:
            return
        time.sleep(0.01)
    raise AssertionError(events(cfn, name))


def test_what_waits_holds_up_nobody_else_and_may_be_deleted(cfn, sqs):
    cfn.create_stack(StackName="waits", TemplateBody=template({
        **waits(), "A": queue(), "B": queue(RedriveAllowPolicy={"redrivePermission": "denyAll"}),
        "After": {**queue(), "DependsOn": "Wait"}}))
    until(cfn, "waits", ("B", "CREATE_COMPLETE"))
    until(cfn, "waits", ("A", "CREATE_COMPLETE"))
    until(cfn, "waits", ("Wait", "CREATE_IN_PROGRESS"))
    stack = cfn.describe_stacks(StackName="waits")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_IN_PROGRESS"
    assert "After" not in [one[0] for one in events(cfn, "waits")]
    error = error_of(cfn.update_stack, StackName="waits", TemplateBody=template({"A": queue()}))
    assert error["Message"] == (f"Stack:{stack['StackId']} is in CREATE_IN_PROGRESS state and can "
                                "not be updated.")
    gone = delete(cfn, "waits")
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    told = events(cfn, stack["StackId"])
    assert ("Wait", "CREATE_FAILED", "Resource creation cancelled") in told
    assert sqs.list_queues(QueueNamePrefix="waits-").get("QueueUrls", []) == []


def test_the_first_that_fails_cancels_what_is_under_way(cfn):
    stack = create(cfn, "cancels", template({**waits(), "Bad": queue(Wrong=1)}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(reason.startswith("The following resource(s) failed to create: [")
               and reason.endswith("]. Rollback requested by user.")
               for _, _, reason in events(cfn, "cancels"))


def test_an_update_is_cancelled(cfn, sqs):
    create(cfn, "stops", template({"A": queue(DelaySeconds=1)}))
    url = ids(cfn, "stops")["A"]
    cfn.update_stack(StackName="stops", TemplateBody=template({
        "A": queue(DelaySeconds=9), **waits()}))
    until(cfn, "stops", ("A", "UPDATE_COMPLETE"))
    until(cfn, "stops", ("Wait", "CREATE_IN_PROGRESS"))
    assert error_of(cfn.delete_stack, StackName="stops")["Message"].endswith(
        "cannot be deleted while in status UPDATE_IN_PROGRESS")
    cfn.cancel_update_stack(StackName="stops")
    assert ended(cfn, "stops")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ids(cfn, "stops") == {"A": url}
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert got["Attributes"]["DelaySeconds"] == "1"
    assert error_of(cfn.cancel_update_stack, StackName="stops")["Code"] == "ValidationError"


def test_time_runs_out(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    cfn = server.client("cloudformation")
    cfn.create_stack(StackName="late", TemplateBody=template(waits(7200)), TimeoutInMinutes=5)
    until(cfn, "late", ("Wait", "CREATE_IN_PROGRESS"))
    server.advance("4m")
    assert cfn.describe_stacks(StackName="late")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    server.advance("2m")
    assert ended(cfn, "late")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("late", "ROLLBACK_IN_PROGRESS", "Stack creation time exceeded the specified timeout. "
            "Rollback requested by user.") in events(cfn, "late")


def test_a_rollback_that_fails_is_gone_on_with(cfn, sqs):
    """The queue that is to be changed back is gone: first it fails, then it is skipped."""
    create(cfn, "stuck", template({"A": queue(DelaySeconds=1), "B": queue()}))
    cfn.update_stack(StackName="stuck", TemplateBody=template({
        "A": queue(DelaySeconds=2), "B": queue(), **waits()}))
    until(cfn, "stuck", ("Wait", "CREATE_IN_PROGRESS"))
    sqs.delete_queue(QueueUrl=ids(cfn, "stuck")["A"])
    cfn.cancel_update_stack(StackName="stuck")
    stack = ended(cfn, "stuck")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to update: [A]. "
    cfn.continue_update_rollback(StackName="stuck")
    assert ended(cfn, "stuck")["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    cfn.continue_update_rollback(StackName="stuck", ResourcesToSkip=["A"])
    assert ended(cfn, "stuck")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert set(ids(cfn, "stuck")) == {"A", "B"}
    assert delete(cfn, "stuck")["StackStatus"] == "DELETE_COMPLETE"


def test_signals_are_waited_for(cfn):
    policy = {"CreationPolicy": {"ResourceSignal": {"Count": 2, "Timeout": "PT10M"}}}
    body = template({"Q": {**queue(), **policy}})
    for name, second in (("signals", "SUCCESS"), ("signals-bad", "FAILURE")):
        cfn.create_stack(StackName=name, TemplateBody=body)
        until(cfn, name, ("Q", "CREATE_IN_PROGRESS"))
        for unique, one in (("i-1", "SUCCESS"), ("i-1", "SUCCESS"), ("i-2", second)):
            cfn.signal_resource(StackName=name, LogicalResourceId="Q", UniqueId=unique, Status=one)
    assert ended(cfn, "signals")["StackStatus"] == "CREATE_COMPLETE"
    assert ended(cfn, "signals-bad")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("Q", "CREATE_FAILED", "Received 1 FAILURE signal(s) out of 2. Unable to satisfy 100% "
            "MinSuccessfulInstancesPercent requirement") in events(cfn, "signals-bad")


def test_deletion_that_fails_is_told_and_may_be_forced(cfn, weir):
    s3 = weir.client("s3")
    body = template({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
        "BucketName": "stack-full"}}, "Q": queue()})
    create(cfn, "full", body)
    s3.put_object(Bucket="stack-full", Key="k", Body=b"x")
    stack = delete(cfn, "full")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [Bucket]. "
    assert any(one[0] == "Bucket" and one[1] == "DELETE_FAILED" and "not empty" in one[2]
               for one in events(cfn, "full"))
    assert delete(cfn, "full", RetainResources=["Bucket"])["StackStatus"] == "DELETE_COMPLETE"
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["stack-full"]
    create(cfn, "forced", body.replace("stack-full", "stack-forced"))
    s3.put_object(Bucket="stack-forced", Key="k", Body=b"x")
    assert delete(cfn, "forced", DeletionMode="FORCE_DELETE_STACK")["StackStatus"] == \
        "DELETE_COMPLETE"


def test_topics_are_told_every_event(cfn, weir, sqs):
    sns = weir.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    url = sqs.create_queue(QueueName="hears")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs",
                  Endpoint="arn:aws:sqs:us-east-1:111122223333:hears")
    stack = create(cfn, "tells", template({"Q": queue()}), NotificationARNs=[topic])
    assert stack["NotificationARNs"] == [topic]
    got = []
    while len(got) < 5:
        for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                       WaitTimeSeconds=2).get("Messages", []):
            got.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert {one["Subject"] for one in got} == {"AWS CloudFormation Notification"}
    text = [one["Message"] for one in got if "LogicalResourceId='Q'" in one["Message"]][0]
    names = [line.split("=")[0] for line in text.strip().split("\n")]
    assert names == ["StackId", "Timestamp", "EventId", "LogicalResourceId", "Namespace",
                     "PhysicalResourceId", "PrincipalId", "ResourceProperties", "ResourceStatus",
                     "ResourceStatusReason", "ResourceType", "StackName", "ClientRequestToken"]


def test_the_default_bus_is_told(cfn, weir, sqs):
    bus = weir.client("events")
    url = sqs.create_queue(QueueName="bus-hears")["QueueUrl"]
    bus.put_rule(Name="stacks", EventPattern=json.dumps(
        {"source": ["aws.cloudformation"], "detail-type": ["CloudFormation Stack Status Change"],
         "detail": {"status-details": {"status": ["CREATE_COMPLETE"]}}}))
    bus.put_targets(Rule="stacks", Targets=[{
        "Id": "1", "Arn": "arn:aws:sqs:us-east-1:111122223333:bus-hears"}])
    stack = create(cfn, "on-the-bus", template({"Q": queue()}))
    event = json.loads(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert event["resources"] == [stack["StackId"]]
    assert event["detail"]["stack-id"] == stack["StackId"]


def test_policies_are_kept(cfn):
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*",
                                        "Resource": "*"}]})
    create(cfn, "policy", template({"Q": queue()}), StackPolicyBody=policy)
    assert cfn.get_stack_policy(StackName="policy")["StackPolicyBody"] == policy
    cfn.set_stack_policy(StackName="policy", StackPolicyBody=policy.replace("Deny", "Allow"))
    assert "Allow" in cfn.get_stack_policy(StackName="policy")["StackPolicyBody"]
    assert error_of(cfn.set_stack_policy, StackName="policy", StackPolicyBody="{")["Message"] == \
        "Error validating stack policy: Invalid stack policy"
    create(cfn, "no-policy", template({"Q": queue()}))
    assert "StackPolicyBody" not in cfn.get_stack_policy(StackName="no-policy")


def test_lists_have_pages(cfn):
    body = template({f"Q{i}": queue() for i in range(60)})
    create(cfn, "paged", body)
    assert len(events(cfn, "paged")) == 182
    update(cfn, "paged", template({f"Q{i}": queue() for i in range(120)}))
    pages = list(cfn.get_paginator("list_stack_resources").paginate(StackName="paged"))
    assert [len(page["StackResourceSummaries"]) for page in pages] == [100, 20]
    assert len(cfn.describe_stack_resources(StackName="paged")["StackResources"]) == 100
    one = cfn.describe_stack_resource(StackName="paged", LogicalResourceId="Q7")
    detail = one["StackResourceDetail"]
    assert detail["ResourceType"] == "AWS::SQS::Queue" and detail["Metadata"] == "{}"
    found = cfn.describe_stack_resources(PhysicalResourceId=detail["PhysicalResourceId"])
    assert {one["StackName"] for one in found["StackResources"]} == {"paged"}
    assert error_of(cfn.describe_stack_resource, StackName="paged", LogicalResourceId="No")[
        "Message"] == "Resource No does not exist for stack paged"
    assert cfn.describe_account_limits()["AccountLimits"][0]["Name"] == "StackLimit"


def test_a_deleted_stack_is_forgotten_after_ninety_days(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    cfn = server.client("cloudformation")
    create(cfn, "old", template({"Q": queue()}))
    stack_id = delete(cfn, "old")["StackId"]
    server.advance("89d")
    assert cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackName"] == "old"
    server.advance("2d")
    assert error_of(cfn.describe_stacks, StackName=stack_id)["Code"] == "ValidationError"
    assert cfn.list_stacks()["StackSummaries"] == []


def test_unknown_types_are_recorded_when_that_is_allowed(fresh):
    cfn = fresh("--allow-unknown-types").client("cloudformation")
    body = template({"X": {"Type": "AWS::Nowhere::Thing", "Properties": {"A": 1}}},
                    Outputs={"Id": {"Value": {"Ref": "X"}},
                             "Arn": {"Value": {"Fn::GetAtt": ["X", "Arn"]}}})
    assert create(cfn, "unknown", body)["StackStatus"] == "CREATE_COMPLETE"
    assert any("record only" in one[2] for one in events(cfn, "unknown") if one[0] == "X")
    assert update(cfn, "unknown", body.replace('"A": 1', '"A": 2'))["StackStatus"] == \
        "UPDATE_COMPLETE"
    assert delete(cfn, "unknown")["StackStatus"] == "DELETE_COMPLETE"
