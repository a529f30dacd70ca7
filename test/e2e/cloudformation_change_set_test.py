# SPDX-License-Identifier: Apache-2.0
"""Change sets: what one would do, told beforehand, and done when asked for."""
import json

import pytest
from cloudformation_own_kit import Stacks, refused, resource, stacks, template  # noqa: F401
from weir_server import ACCOUNT, REGION

NO_CHANGES = ("The submitted information didn't contain changes. Submit different information to "
              "create a change set.")


def queue(**properties):
    return resource("AWS::SQS::Queue", properties)


def changes(change_set):
    return {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"]
            for one in change_set["Changes"]}


def details(change):
    """(attribute or property, recreation, evaluation, source, cause) of each."""
    return sorted((one["Target"].get("Name", one["Target"]["Attribute"]),
                   one["Target"]["RequiresRecreation"], one["Evaluation"], one["ChangeSource"],
                   one.get("CausingEntity", "")) for one in change["Details"])


def test_a_new_stack(stacks, name):
    made = stacks.change_set(name, "first", template({"Queue": queue(DelaySeconds=5)}),
                             ChangeSetType="CREATE", Description="to begin with",
                             Tags=[{"Key": "team", "Value": "doors"}])
    assert (made["Status"], made["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert made["ChangeSetId"].startswith(
        f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/first/")
    assert made["Description"] == "to begin with"
    assert made["Tags"] == [{"Key": "team", "Value": "doors"}]
    change = changes(made)["Queue"]
    assert (change["Action"], change["ResourceType"]) == ("Add", "AWS::SQS::Queue")
    assert json.loads(change["AfterContext"]) == {"Properties": {"DelaySeconds": 5}} or (
        json.loads(change["AfterContext"]) == {"Properties": {"DelaySeconds": "5"}})
    assert "Replacement" not in change and change["Scope"] == [] and change["Details"] == []
    about = stacks.about(name)
    assert about["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stacks.client.describe_stack_resources(StackName=name)["StackResources"] == []
    listed, = stacks.client.list_change_sets(StackName=name)["Summaries"]
    assert listed["ChangeSetId"] == made["ChangeSetId"]

    stacks.client.execute_change_set(StackName=name, ChangeSetName="first")
    about = stacks.settled(name, "CREATE_COMPLETE")
    assert about["StackId"] == made["StackId"]
    assert about["ChangeSetId"] == made["ChangeSetId"]
    assert about["Tags"] == [{"Key": "team", "Value": "doors"}]
    done = stacks.client.describe_change_set(ChangeSetName=made["ChangeSetId"])
    assert done["ExecutionStatus"] == "EXECUTE_COMPLETE"
    assert stacks.client.list_change_sets(StackName=name)["Summaries"] == []
    message = refused("InvalidChangeSetStatus", stacks.client.execute_change_set,
                      ChangeSetName=made["ChangeSetId"])
    assert "EXECUTE_COMPLETE" in message


def test_what_an_update_would_do(stacks, name):
    parameters = {"Delay": {"Type": "Number", "Default": 1}}
    before = {
        "Stays": queue(), "Goes": queue(), "Direct": queue(DelaySeconds=1),
        "Given": queue(DelaySeconds={"Ref": "Delay"}),
        "Renamed": queue(QueueName=f"{name}-old"),
        "Reader": queue(RedrivePolicy={"maxReceiveCount": 3, "deadLetterTargetArn": {
            "Fn::GetAtt": ["Renamed", "Arn"]}}),
    }
    stacks.made(name, template(before, Parameters=parameters))
    after = {**before, "Direct": queue(DelaySeconds=2), "Renamed": queue(QueueName=f"{name}-new"),
             "Comes": queue()}
    del after["Goes"]
    made = stacks.change_set(name, "next", template(after, Parameters=parameters),
                             Parameters=[{"ParameterKey": "Delay", "ParameterValue": "7"}])
    found = changes(made)
    assert {key: one["Action"] for key, one in found.items()} == {
        "Comes": "Add", "Direct": "Modify", "Given": "Modify", "Goes": "Remove",
        "Reader": "Modify", "Renamed": "Modify"}
    assert {key: one["Replacement"] for key, one in found.items() if "Replacement" in one} == {
        "Direct": "False", "Given": "False", "Reader": "False", "Renamed": "True"}
    assert found["Goes"]["PolicyAction"] == "Delete"
    assert found["Goes"]["PhysicalResourceId"] == stacks.resource(
        name, "Goes")["PhysicalResourceId"]
    assert found["Renamed"]["PolicyAction"] == "ReplaceAndDelete"
    assert all(found[one]["Scope"] == ["Properties"]
               for one in ("Direct", "Given", "Reader", "Renamed"))
    assert details(found["Direct"]) == [
        ("DelaySeconds", "Never", "Static", "DirectModification", "")]
    assert details(found["Given"]) == [
        ("DelaySeconds", "Never", "Dynamic", "DirectModification", ""),
        ("DelaySeconds", "Never", "Static", "ParameterReference", "Delay")]
    assert details(found["Renamed"]) == [
        ("QueueName", "Always", "Static", "DirectModification", "")]
    assert details(found["Reader"]) == [
        ("RedrivePolicy", "Never", "Dynamic", "ResourceAttribute", "Renamed.Arn")]
    target = found["Direct"]["Details"][0]["Target"]
    assert (target["Path"], target["BeforeValue"], target["AfterValue"],
            target["AttributeChangeType"]) == ("/Properties/DelaySeconds", "1", "2", "Modify")
    assert "{{changeSet:KNOWN_AFTER_APPLY}}" in found["Reader"]["AfterContext"]
    plain = stacks.client.describe_change_set(StackName=name, ChangeSetName="next")
    assert "BeforeContext" not in changes(plain)["Direct"]
    assert "Path" not in changes(plain)["Direct"]["Details"][0]["Target"]

    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stacks.settled(name, "UPDATE_COMPLETE")
    assert stacks.resource(name, "Renamed")["PhysicalResourceId"].endswith(f"{name}-new")
    assert stacks.about(name)["Parameters"][0]["ParameterValue"] == "7"


def test_policies_metadata_and_tags_are_changes(stacks, name):
    stacks.made(name, template({"One": queue(), "Two": queue()}))
    made = stacks.change_set(name, "next", template({
        "One": {**queue(), "DeletionPolicy": "Retain", "Metadata": {"Why": "kept"}},
        "Two": queue()}), Tags=[{"Key": "a", "Value": "b"}])
    found = changes(made)
    assert set(found) == {"One", "Two"}
    assert sorted(found["One"]["Scope"]) == ["DeletionPolicy", "Metadata", "Tags"]
    assert details(found["Two"]) == [("Tags", "Never", "Static", "DirectModification", "")]


@pytest.mark.parametrize("transformed,reason", [
    (False, NO_CHANGES), (True, "No updates are to be performed.")])
def test_nothing_to_change(stacks, name, transformed, reason):
    sections = {"Transform": "AWS::LanguageExtensions"} if transformed else {}
    more = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}
    body = template({"Queue": queue()}, **sections)
    stacks.made(name, body, **more)
    made = stacks.change_set(name, "same", body, **more)
    assert (made["Status"], made["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert made["StatusReason"] == reason
    message = refused("InvalidChangeSetStatus", stacks.client.execute_change_set,
                      StackName=name, ChangeSetName="same")
    assert message == (f"ChangeSet [{made['ChangeSetId']}] cannot be executed in its current "
                       "status of [FAILED]")
    stacks.client.delete_change_set(StackName=name, ChangeSetName="same")
    refused("ChangeSetNotFound", stacks.client.describe_change_set, StackName=name,
            ChangeSetName="same")


def test_waiters_and_refusals(stacks, name):
    client = stacks.client
    body = template({"Queue": queue()})
    assert refused("ValidationError", client.create_change_set, StackName=name, ChangeSetName="x",
                   TemplateBody=body) == f"Stack [{name}] does not exist"
    client.create_change_set(StackName=name, ChangeSetName="x", TemplateBody=body,
                             ChangeSetType="CREATE")
    client.get_waiter("change_set_create_complete").wait(
        StackName=name, ChangeSetName="x", WaiterConfig={"Delay": 1})
    assert refused("AlreadyExistsException", client.create_change_set, StackName=name,
                   ChangeSetName="x", TemplateBody=body, ChangeSetType="CREATE")
    assert "REVIEW_IN_PROGRESS" in refused(
        "ValidationError", client.create_change_set, StackName=name, ChangeSetName="y",
        TemplateBody=body)
    client.execute_change_set(StackName=name, ChangeSetName="x")
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert "already exists and cannot be created again" in refused(
        "ValidationError", client.create_change_set, StackName=name, ChangeSetName="z",
        TemplateBody=body, ChangeSetType="CREATE")
    refused("ChangeSetNotFound", client.describe_change_set, StackName=name, ChangeSetName="none")
    client.delete_change_set(StackName=name, ChangeSetName="none")
    refused("NotImplemented", client.create_change_set, StackName=name, ChangeSetName="z",
            TemplateBody=body, ChangeSetType="IMPORT")
    assert refused("InsufficientCapabilitiesException", client.create_change_set, StackName=name,
                   ChangeSetName="z", TemplateBody=template({"Role": resource("AWS::IAM::Role", {
                       "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}})})
                   ) == "Requires capabilities : [CAPABILITY_IAM]"


def test_others_become_obsolete_or_go(stacks, name):
    stacks.made(name, template({"Queue": queue()}))
    body = template({"Queue": queue(DelaySeconds=3)})
    for one in ("one", "two"):
        stacks.change_set(name, one, body)
    stacks.client.execute_change_set(StackName=name, ChangeSetName="one")
    stacks.settled(name, "UPDATE_COMPLETE")
    refused("ChangeSetNotFound", stacks.client.describe_change_set, StackName=name,
            ChangeSetName="two")
    stacks.change_set(name, "one", template({"Queue": queue(DelaySeconds=4)}))
    stacks.updated(name, template({"Queue": queue(DelaySeconds=5)}))
    late = stacks.client.describe_change_set(StackName=name, ChangeSetName="one")
    assert late["ExecutionStatus"] == "OBSOLETE"
    refused("InvalidChangeSetStatus", stacks.client.execute_change_set, StackName=name,
            ChangeSetName="one")


def test_hidden_parameters_and_the_former_template(stacks, name):
    body = template({"Queue": queue(DelaySeconds={"Ref": "Delay"}, Tags=[
        {"Key": "secret", "Value": {"Fn::Sub": "is ${Secret}!"}}])}, Parameters={
        "Delay": {"Type": "Number"}, "Secret": {"Type": "String", "NoEcho": True}})
    stacks.made(name, body, Parameters=[
        {"ParameterKey": "Delay", "ParameterValue": "1"},
        {"ParameterKey": "Secret", "ParameterValue": "geheim"}])
    made = stacks.change_set(name, "again", UsePreviousTemplate=True, Parameters=[
        {"ParameterKey": "Delay", "ParameterValue": "2"},
        {"ParameterKey": "Secret", "UsePreviousValue": True}])
    assert made["Status"] == "CREATE_COMPLETE", made
    context = json.loads(changes(made)["Queue"]["BeforeContext"])["Properties"]
    assert context["Tags"] == [{"Key": "****", "Value": "****"}] or (
        context["Tags"] == [{"Key": "secret", "Value": "****"}])
    assert "geheim" not in json.dumps(made, default=str)
    assert {one["ParameterKey"]: one["ParameterValue"] for one in made["Parameters"]} == {
        "Delay": "2", "Secret": "****"}
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stacks.settled(name, "UPDATE_COMPLETE")


def test_a_repeated_request_and_its_template(stacks, name):
    body = template({"Queue": queue()})
    more = {"StackName": name, "ChangeSetName": "x", "ChangeSetType": "CREATE",
            "ClientToken": "once", "TemplateBody": body}
    first = stacks.client.create_change_set(**more)
    again = stacks.client.create_change_set(**more)
    assert (first["Id"], first["StackId"]) == (again["Id"], again["StackId"])
    refused("AlreadyExistsException", stacks.client.create_change_set,
            **{**more, "ClientToken": "twice"})
    told = stacks.client.get_template(ChangeSetName=first["Id"])["TemplateBody"]
    assert told == json.loads(body)


def test_on_stack_failure(stacks, name):
    bad = template({"Queue": queue(), "Copy": queue(QueueName=f"{name}!")})
    made = stacks.change_set(name, "deletes", bad, ChangeSetType="CREATE",
                             OnStackFailure="DELETE")
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stacks.settled(made["StackId"], "DELETE_COMPLETE")
    made = stacks.change_set(name, "keeps", bad, ChangeSetType="CREATE")
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"], DisableRollback=True)
    stacks.settled(made["StackId"], "CREATE_FAILED")
    done = stacks.client.describe_change_set(ChangeSetName=made["ChangeSetId"])
    assert done["ExecutionStatus"] == "EXECUTE_FAILED"
    stacks.deleted(name)


def test_a_stack_in_review_can_be_deleted(stacks, name):
    made = stacks.change_set(name, "never", template({"Queue": queue()}), ChangeSetType="CREATE")
    stacks.client.delete_stack(StackName=name)
    stacks.settled(made["StackId"], "DELETE_COMPLETE")
    refused("ChangeSetNotFound", stacks.client.describe_change_set,
            ChangeSetName=made["ChangeSetId"])


def test_it_survives_a_kill(fresh, name):
    weir = fresh()
    made = Stacks(weir).change_set(name, "first", template({"Queue": queue()}),
                                   ChangeSetType="CREATE")
    weir.restart(hard=True)
    stacks = Stacks(weir)
    told = stacks.client.describe_change_set(ChangeSetName=made["ChangeSetId"],
                                             IncludePropertyValues=True)
    told.pop("ResponseMetadata"), made.pop("ResponseMetadata")
    assert told == made
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stacks.settled(name, "CREATE_COMPLETE")
