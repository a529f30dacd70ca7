# SPDX-License-Identifier: Apache-2.0
"""Stacks within stacks, macros and included templates: what comes from buckets and functions."""
import json

import pytest
from cloudformation_own_kit import resource, stacks, template  # noqa: F401
from weir_server import ACCOUNT


def queue(**properties):
    return resource("AWS::SQS::Queue", properties)


@pytest.fixture
def bucket(stacks, name):
    """Puts a text into a bucket of this test; its address."""
    s3 = stacks.weir.client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket=f"{name}-templates")

    def upload(key, body):
        s3.put_object(Bucket=f"{name}-templates", Key=key, Body=body.encode())
        return f"https://{name}-templates.s3.amazonaws.com/{key}"
    return upload


def child(delay_from="Delay"):
    return template({"Queue": queue(DelaySeconds={"Ref": delay_from})},
                    Parameters={"Delay": {"Type": "Number"}},
                    Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}})


def nested(url, **more):
    return resource("AWS::CloudFormation::Stack", {"TemplateURL": url, **more})


def test_a_child_is_made_changed_and_removed(stacks, bucket, name):
    url = bucket("child.json", child())
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}},
               "Id": {"Value": {"Ref": "Child"}}}
    parent = stacks.made(name, template({"Child": nested(url, Parameters={"Delay": 3})},
                                        Outputs=outputs), Tags=[{"Key": "k", "Value": "v"}])
    told = stacks.outputs(name)
    assert told["Arn"].startswith("arn:aws:sqs:")
    about = stacks.about(told["Id"])
    assert about["StackName"].startswith(f"{name}-Child-")
    assert about["ParentId"] == parent["StackId"] and about["RootId"] == parent["StackId"]
    assert {"Key": "k", "Value": "v"} in about["Tags"]
    stacks.updated(name, template({"Child": nested(url, Parameters={"Delay": 4})},
                                  Outputs=outputs), Tags=[{"Key": "k", "Value": "v"}])
    about = stacks.about(told["Id"])
    assert about["StackStatus"] == "UPDATE_COMPLETE"
    assert about["Parameters"] == [{"ParameterKey": "Delay", "ParameterValue": "4"}]
    stacks.deleted(name)
    assert stacks.about(told["Id"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_childs_failure_is_its_parents(stacks, bucket, name):
    url = bucket("child.json", template({"Bad": queue(QueueName="no!")}))
    stacks.create(name, template({"Child": nested(url)}))
    stacks.settled(name, "ROLLBACK_COMPLETE")
    reason = stacks.reason(name, "Child", "CREATE_FAILED")
    assert reason.startswith(f"Embedded stack arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/")
    assert "was not successfully created: The following resource(s) failed to create: [Bad]" in (
        reason)


def test_no_template_there(stacks, bucket, name):
    url = bucket("other.json", child()).replace("other", "none")
    stacks.create(name, template({"Child": nested(url)}))
    stacks.settled(name, "ROLLBACK_COMPLETE")


def test_a_failed_update_takes_the_children_back(stacks, bucket, name):
    url = bucket("child.json", child())

    def body(delay, queue_name):
        return template({"Child": nested(url, Parameters={"Delay": delay}),
                         "Queue": {**queue(QueueName=queue_name), "DependsOn": "Child"}})
    stacks.made(name, body(1, f"{name}-fine"))
    stacks.update(name, body(2, "not fine!"))
    stacks.settled(name, "UPDATE_ROLLBACK_COMPLETE")
    about = stacks.about(stacks.resource(name, "Child")["PhysicalResourceId"])
    assert about["Parameters"] == [{"ParameterKey": "Delay", "ParameterValue": "1"}]
    assert about["StackStatus"] == "UPDATE_COMPLETE"


def test_a_childs_failed_update_is_its_parents(stacks, bucket, name):
    url = bucket("child.json", template({"Queue": queue(QueueName={"Ref": "Name"})},
                                        Parameters={"Name": {"Type": "String"}}))

    def body(queue_name):
        return template({"Child": nested(url, Parameters={"Name": queue_name})})
    stacks.made(name, body(f"{name}-good"))
    child = stacks.resource(name, "Child")["PhysicalResourceId"]
    stacks.update(name, body("not good!"))
    stacks.settled(name, "UPDATE_ROLLBACK_COMPLETE")
    assert stacks.reason(name, "Child", "UPDATE_FAILED").startswith(
        f"Embedded stack {child} was not successfully updated")
    assert stacks.about(child)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    stacks.updated(name, body(f"{name}-better"))
    assert stacks.about(child)["StackStatus"] == "UPDATE_COMPLETE"
    stacks.deleted(name)


def test_another_template_under_the_same_address(stacks, bucket, name):
    url = bucket("child.json", child())
    body = {"Child": nested(url, Parameters={"Delay": 1})}
    stacks.made(name, template(body))
    bucket("child.json", template({"Queue": queue(DelaySeconds={"Ref": "Delay"}),
                                   "More": queue()}, Parameters={"Delay": {"Type": "Number"}}))
    made = stacks.change_set(name, "next", template({**body, "Own": queue()}))
    changes = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"]
               for one in made["Changes"]}
    assert [one["ChangeSource"] for one in changes["Child"]["Details"]] == ["Automatic"]
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stacks.settled(name, "UPDATE_COMPLETE")
    child_id = stacks.resource(name, "Child")["PhysicalResourceId"]
    assert stacks.resource(child_id, "More")["ResourceStatus"] == "CREATE_COMPLETE"


MACRO = """
import json
def handler(event, context):
    print(json.dumps(event))
    if event["params"].get("Fail"):
        return {"requestId": event["requestId"], "status": "failed", "errorMessage": "no thanks"}
    if event["params"].get("Odd"):
        return "odd"
    fragment = event["fragment"]
    if "Resources" in fragment:
        fragment["Resources"]["Made"] = {"Type": "AWS::SQS::Queue", "Properties": {
            "DelaySeconds": event["templateParameterValues"]["Delay"]}}
        assert event["accountId"] == "%s" and event["region"] == "us-east-1"
        assert event["transformId"].startswith("%s::")
    else:
        fragment["DelaySeconds"] = event["params"]["Times"] * 2
    return {"requestId": event["requestId"], "status": "SUCCESS", "fragment": fragment}
""" % (ACCOUNT, ACCOUNT)

EXPAND = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}


@pytest.fixture
def macro(stacks, name):
    function = stacks.functions.function(name, MACRO)
    stacks.made(f"{name}-macro", template({"Macro": resource("AWS::CloudFormation::Macro", {
        "Name": f"Macro{name.replace('-', '')}", "FunctionName": function})}))
    return f"Macro{name.replace('-', '')}"


def test_a_macro_of_the_whole_template_and_of_a_part(stacks, macro, name):
    body = template({"Part": queue(**{"Fn::Transform": {
        "Name": macro, "Parameters": {"Times": 4}}})},
        Transform=macro, Parameters={"Delay": {"Type": "Number", "Default": 6}})
    stacks.made(name, body, **EXPAND)
    sqs = stacks.functions.sqs
    delays = {one: sqs.get_queue_attributes(
        QueueUrl=stacks.resource(name, one)["PhysicalResourceId"],
        AttributeNames=["DelaySeconds"])["Attributes"]["DelaySeconds"] for one in ("Part", "Made")}
    assert delays == {"Part": "8", "Made": "6"}
    made = stacks.change_set(name, "more", body, Parameters=[
        {"ParameterKey": "Delay", "ParameterValue": "9"}], **EXPAND)
    assert [one["ResourceChange"]["LogicalResourceId"] for one in made["Changes"]] == ["Made"]


@pytest.mark.parametrize("flag,reason", [("Fail", "no thanks"),
                                         ("Odd", "Received malformed response from transform")])
def test_a_macro_that_fails(stacks, macro, name, flag, reason):
    body = template({"Part": queue(**{"Fn::Transform": {"Name": macro,
                                                        "Parameters": {flag: True}}})})
    made = stacks.change_set(name, "bad", body, ChangeSetType="CREATE", **EXPAND)
    assert made["Status"] == "FAILED"
    assert made["StatusReason"].startswith(f"Transform {ACCOUNT}::{macro} failed with")
    assert reason in made["StatusReason"]


def test_no_such_macro(stacks, name):
    made = stacks.change_set(name, "bad", template({"Q": queue()}, Transform="Nobody"),
                             ChangeSetType="CREATE", **EXPAND)
    assert made["StatusReason"] == f"No transform named {ACCOUNT}::Nobody found."


def test_a_part_from_a_bucket(stacks, bucket, name):
    url = bucket("part.json", json.dumps({"DelaySeconds": 11}))
    location = url.replace("https://", "s3://").replace(".s3.amazonaws.com", "")
    stacks.made(name, template({"Queue": queue(**{"Fn::Transform": {
        "Name": "AWS::Include", "Parameters": {"Location": location}}})}), **EXPAND)
    attributes = stacks.functions.sqs.get_queue_attributes(
        QueueUrl=stacks.resource(name, "Queue")["PhysicalResourceId"],
        AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes["DelaySeconds"] == "11"
