# SPDX-License-Identifier: Apache-2.0
"""Stacks made, changed and removed: states, events and their reasons, and that the services have
exactly what the stack says. Failures leave nothing behind."""
import json

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, ended, events, ids, outputs, queue, template, update

NOWHERE = {"Type": "AWS::SQS::QueuePolicy", "Properties": {
    "Queues": ["http://127.0.0.1:4566/111122223333/nowhere"],
    "PolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]}}}


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


def urls(sqs, prefix):
    return sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])


def attribute(sqs, url, attribute_name):
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute_name])
    return got["Attributes"][attribute_name]


def refused(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]


# ---- create ----

def test_a_stack_is_made_in_order_and_tells_it(cfn, sqs):
    body = template({"Dead": queue(),
                     "Work": queue(RedrivePolicy={
                         "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                         "maxReceiveCount": 3})},
                    Outputs={"Url": {"Value": {"Ref": "Work"}, "Description": "where"}})
    stack = create(cfn, "made", body, Tags=[{"Key": "team", "Value": "blue"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"] == [{"OutputKey": "Url", "OutputValue": ids(cfn, "made")["Work"],
                                 "Description": "where"}]
    assert stack["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert events(cfn, "made") == [
        ("made", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Dead", "CREATE_IN_PROGRESS", ""),
        ("Dead", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Dead", "CREATE_COMPLETE", ""),
        ("Work", "CREATE_IN_PROGRESS", ""),
        ("Work", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Work", "CREATE_COMPLETE", ""),
        ("made", "CREATE_COMPLETE", "")]
    url = outputs(stack)["Url"]
    assert "made-Dead-" in json.loads(attribute(sqs, url, "RedrivePolicy"))["deadLetterTargetArn"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "blue"}
    cfn.get_waiter("stack_create_complete").wait(StackName="made")


def test_the_waiter_of_deletion_ends_when_nothing_is_left(cfn, sqs):
    create(cfn, "short", template({"Q": queue()}))
    cfn.delete_stack(StackName="short")
    cfn.get_waiter("stack_delete_complete").wait(StackName="short", WaiterConfig={"Delay": 1})
    assert urls(sqs, "short-") == []
    error = refused(cfn.describe_stacks, StackName="short")
    assert error["Message"] == "Stack with id short does not exist"
    assert error["Code"] == "ValidationError"


def test_a_deleted_stack_is_described_by_its_id_and_its_name_is_free(cfn):
    body = template({"Q": queue()})
    first = create(cfn, "again", body)["StackId"]
    gone = delete(cfn, "again")
    assert gone["StackId"] == first and gone["StackStatus"] == "DELETE_COMPLETE"
    assert gone["DeletionTime"] >= gone["CreationTime"]
    assert cfn.describe_stack_resources(StackName=first)["StackResources"][0][
        "ResourceStatus"] == "DELETE_COMPLETE"
    second = create(cfn, "again", body)["StackId"]
    assert second != first
    listed = cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert first in [one["StackId"] for one in listed]
    assert second not in [one["StackId"] for one in listed]
    assert cfn.delete_stack(StackName="never-was")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_name_is_taken_once(cfn):
    create(cfn, "taken", template({"Q": queue()}))
    error = refused(cfn.create_stack, StackName="taken", TemplateBody=template({"Q": queue()}))
    assert error["Code"] == "AlreadyExistsException"
    assert error["Message"] == "Stack [taken] already exists"


def test_the_same_token_makes_one_stack(cfn):
    body = template({"Q": queue()})
    first = cfn.create_stack(StackName="token", TemplateBody=body, ClientRequestToken="t-1")
    again = cfn.create_stack(StackName="token", TemplateBody=body, ClientRequestToken="t-1")
    assert first["StackId"] == again["StackId"]
    ended(cfn, "token")
    got = cfn.describe_stack_events(StackName="token")["StackEvents"]
    assert {event["ClientRequestToken"] for event in got} == {"t-1"}


# ---- creation that fails ----

def test_what_fails_is_rolled_back_and_leaves_nothing(cfn, sqs):
    stack = create(cfn, "fails", template({"Good": queue(),
                                           "Bad": {**NOWHERE, "DependsOn": "Good"}}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    told = events(cfn, "fails")
    reason = [one for one in told if one[:2] == ("Bad", "CREATE_FAILED")][0][2]
    assert "NonExistentQueue" in reason or "does not exist" in reason
    assert ("fails", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bad]. "
            "Rollback requested by user.") in told
    assert told[-1] == ("fails", "ROLLBACK_COMPLETE", "")
    assert urls(sqs, "fails-") == []
    error = refused(cfn.update_stack, StackName="fails", TemplateBody=template({"Q": queue()}))
    assert error["Message"] == (f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can "
                                "not be updated.")
    assert delete(cfn, "fails")["StackStatus"] == "DELETE_COMPLETE"


def test_on_failure_says_what_becomes_of_it(cfn, sqs):
    body = template({"Good": queue(), "Bad": {**NOWHERE, "DependsOn": "Good"}})
    kept = create(cfn, "kept", body, OnFailure="DO_NOTHING")
    assert kept["StackStatus"] == "CREATE_FAILED"
    assert kept["StackStatusReason"] == "The following resource(s) failed to create: [Bad]. "
    assert kept["DisableRollback"] is True
    assert len(urls(sqs, "kept-")) == 1
    gone = create(cfn, "gone", body, OnFailure="DELETE")
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert urls(sqs, "gone-") == []
    assert delete(cfn, "kept")["StackStatus"] == "DELETE_COMPLETE"
    assert urls(sqs, "kept-") == []


def test_a_wrong_property_is_named(cfn, sqs):
    stack = create(cfn, "wrong", template({"Q": queue(Wrong="x")}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = [one for one in events(cfn, "wrong") if one[1] == "CREATE_FAILED"][0][2]
    assert reason.startswith("Properties validation failed for resource Q with message:")
    assert "extraneous key [Wrong] is not permitted" in reason


def test_a_failed_stack_that_was_kept_is_rolled_back_later(cfn, sqs):
    body = template({"Good": queue(), "Bad": {**NOWHERE, "DependsOn": "Good"}})
    create(cfn, "later", body, DisableRollback=True)
    cfn.rollback_stack(StackName="later")
    assert ended(cfn, "later")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert urls(sqs, "later-") == []


# ---- refused at once ----

@pytest.mark.parametrize("body,message", [
    ("{", None),
    (json.dumps({"Resources": {}}), None),
    (template({"X": {"Type": "AWS::Nowhere::Thing"}}),
     "Template format error: Unrecognized resource types: [AWS::Nowhere::Thing]"),
    (template({"X": queue(QueueName={"Ref": "Y"})}), None)])
def test_templates_that_are_wrong_make_no_stack(cfn, body, message):
    error = refused(cfn.create_stack, StackName="refused", TemplateBody=body)
    assert error["Code"] == "ValidationError"
    assert message is None or error["Message"] == message
    assert refused(cfn.describe_stacks, StackName="refused")["Code"] == "ValidationError"


def test_names_have_their_shape(cfn):
    error = refused(cfn.create_stack, StackName="un_der", TemplateBody=template({"Q": queue()}))
    assert "[a-zA-Z][-a-zA-Z0-9]*" in error["Message"]


# ---- update ----

def test_an_update_changes_in_place_adds_and_removes(cfn, sqs):
    create(cfn, "grow", template({"A": queue(DelaySeconds=1), "B": queue()}))
    before = ids(cfn, "grow")
    stack = update(cfn, "grow", template({"A": queue(DelaySeconds=2), "C": queue()}))
    after = ids(cfn, "grow")
    assert stack["StackStatus"] == "UPDATE_COMPLETE" and "LastUpdatedTime" in stack
    assert after["A"] == before["A"] and set(after) == {"A", "C"}
    assert attribute(sqs, after["A"], "DelaySeconds") == "2"
    told = events(cfn, "grow")
    assert told[told.index(("grow", "UPDATE_IN_PROGRESS", "User Initiated")):] == [
        ("grow", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("A", "UPDATE_IN_PROGRESS", ""), ("A", "UPDATE_COMPLETE", ""),
        ("C", "CREATE_IN_PROGRESS", ""),
        ("C", "CREATE_IN_PROGRESS", "Resource creation Initiated"), ("C", "CREATE_COMPLETE", ""),
        ("grow", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("B", "DELETE_IN_PROGRESS", ""), ("B", "DELETE_COMPLETE", ""),
        ("grow", "UPDATE_COMPLETE", "")]
    assert sorted(urls(sqs, "grow-")) == sorted(after.values())


def test_replacement_makes_the_new_one_first(cfn, sqs):
    create(cfn, "swap", template({"Q": queue(QueueName="swap-one")}))
    update(cfn, "swap", template({"Q": queue(QueueName="swap-two")}))
    assert [url.rsplit("/", 1)[1] for url in urls(sqs, "swap-")] == ["swap-two"]
    told = [one for one in events(cfn, "swap") if one[0] == "Q"][3:]
    assert told == [
        ("Q", "UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical "
         "resource; hence creating one."),
        ("Q", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Q", "UPDATE_COMPLETE", ""), ("Q", "DELETE_IN_PROGRESS", ""), ("Q", "DELETE_COMPLETE", "")]


def test_nothing_to_change_is_said(cfn):
    body = template({"Q": queue(DelaySeconds=1)})
    create(cfn, "same", body)
    for text in (body, template({"Q": queue(DelaySeconds="1")}), None):
        more = {"TemplateBody": text} if text else {"UsePreviousTemplate": True}
        error = refused(cfn.update_stack, StackName="same", **more)
        assert error == {"Type": "Sender", "Code": "ValidationError",
                         "Message": "No updates are to be performed."}


def test_an_update_that_fails_goes_back(cfn, sqs):
    create(cfn, "back", template({"A": queue(DelaySeconds=1), "B": queue(QueueName="back-b")},
                                 Outputs={"One": {"Value": "1"}}),
           Tags=[{"Key": "k", "Value": "old"}])
    before = ids(cfn, "back")
    stack = update(cfn, "back", template({
        "A": queue(DelaySeconds=2), "B": queue(QueueName="back-b2"), "C": queue(),
        "Bad": {**NOWHERE, "DependsOn": ["A", "B", "C"]}}, Outputs={"Two": {"Value": "2"}}),
        Tags=[{"Key": "k", "Value": "new"}])
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert outputs(stack) == {"One": "1"}
    assert stack["Tags"] == [{"Key": "k", "Value": "old"}]
    assert ids(cfn, "back") == before
    assert sorted(urls(sqs, "back-")) == sorted(before.values())
    assert attribute(sqs, before["A"], "DelaySeconds") == "1"
    assert sqs.list_queue_tags(QueueUrl=before["A"])["Tags"] == {"k": "old"}
    told = events(cfn, "back")
    assert ("back", "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to create: [Bad]. ") in told
    assert ("back", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "") in told
    assert '"DelaySeconds": 1' in json.dumps(cfn.get_template(StackName="back")["TemplateBody"])
    again = update(cfn, "back", template({"A": queue(DelaySeconds=5)}))
    assert again["StackStatus"] == "UPDATE_COMPLETE"


def test_a_failed_update_may_be_kept_and_rolled_back(cfn, sqs):
    create(cfn, "hold", template({"A": queue(DelaySeconds=1)}))
    body = template({"A": queue(DelaySeconds=2), "Bad": {**NOWHERE, "DependsOn": "A"}})
    stack = update(cfn, "hold", body, DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    url = ids(cfn, "hold")["A"]
    assert attribute(sqs, url, "DelaySeconds") == "2"
    cfn.rollback_stack(StackName="hold")
    assert ended(cfn, "hold")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert attribute(sqs, url, "DelaySeconds") == "1"


def test_a_type_stays_what_it_is(cfn):
    create(cfn, "type", template({"A": queue()}))
    error = refused(cfn.update_stack, StackName="type",
                    TemplateBody=template({"A": {**NOWHERE}}))
    assert error["Message"] == ("Update of resource type is not permitted. The new template "
                                "modifies resource type of the following resources: [A]")


def test_the_stacks_tags_go_to_its_resources(cfn, sqs):
    body = template({"A": queue()})
    create(cfn, "tags", body, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])
    url = ids(cfn, "tags")["A"]
    update(cfn, "tags", body, Tags=[{"Key": "a", "Value": "2"}])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "2"}


# ---- delete ----

def test_policies_keep_resources(cfn, sqs):
    kept = {**queue(QueueName="policies-kept"), "DeletionPolicy": "Retain"}
    create(cfn, "policies", template({"A": kept, "B": queue()}))
    stack = delete(cfn, "policies")
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert ("A", "DELETE_SKIPPED", "") in events(cfn, stack["StackId"])
    assert [url.rsplit("/", 1)[1] for url in urls(sqs, "policies-")] == ["policies-kept"]


def test_replaced_resources_may_be_kept(cfn, sqs):
    def body(name):
        return template({"A": {**queue(QueueName=name), "UpdateReplacePolicy": "Retain"}})

    create(cfn, "replaces", body("replaces-1"))
    update(cfn, "replaces", body("replaces-2"))
    delete(cfn, "replaces")
    assert [url.rsplit("/", 1)[1] for url in urls(sqs, "replaces-")] == ["replaces-1"]


def test_what_went_away_outside_counts_as_removed(cfn, sqs):
    create(cfn, "outside", template({"A": queue()}))
    sqs.delete_queue(QueueUrl=ids(cfn, "outside")["A"])
    assert delete(cfn, "outside")["StackStatus"] == "DELETE_COMPLETE"


def test_protection_holds(cfn):
    create(cfn, "guarded", template({"A": queue()}), EnableTerminationProtection=True)
    error = refused(cfn.delete_stack, StackName="guarded")
    assert error["Message"] == ("Stack [guarded] cannot be deleted while TerminationProtection is "
                                "enabled")
    cfn.update_termination_protection(StackName="guarded", EnableTerminationProtection=False)
    assert delete(cfn, "guarded")["StackStatus"] == "DELETE_COMPLETE"


# ---- speed ----

def test_sixty_resources_are_made_well_below_a_second(cfn):
    body = template({f"Q{i}": queue(DelaySeconds=i) for i in range(60)})
    stack = create(cfn, "sixty", body)
    told = cfn.describe_stack_events(StackName="sixty")["StackEvents"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert (told[0]["Timestamp"] - stack["CreationTime"]).total_seconds() < 3
