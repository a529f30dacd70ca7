# SPDX-License-Identifier: Apache-2.0
"""Where policies are asked: custom resources, macros, children and change sets work as who makes the
stack; answers come from whoever has the address."""
import json

from auth_kit import root, users_of, weir  # noqa: F401
from cloudformation_own_kit import Stacks, put, refused, resource, template
from iam_kit import client_of
from lambda_run_kit import until, zip_of
from policy_kit import HOME

user = users_of("cloudformation")

ANSWERS = """
import json, urllib.request
def handler(event, context):
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], method="PUT",
        data=json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "made", **{
            key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}}).encode()))
"""


def allow(action, where="*"):
    return {"Effect": "Allow", "Action": action, "Resource": where}


class Signed(Stacks):
    """Stacks by a client of a user's own."""

    def __init__(self, client):
        self.client = client


def role_and_function(weir, root, name):
    role = client_of(weir, "iam", root).create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"}}]}))["Role"]["Arn"]
    functions = client_of(weir, "lambda", root)
    arn = functions.create_function(
        FunctionName=name, Runtime="python3.12", Handler="app.handler", Role=role,
        Code={"ZipFile": zip_of({"app.py": ANSWERS})})["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    return arn


def test_who_makes_the_stack_must_be_allowed_to_invoke(weir, root, user, name):
    arn = role_and_function(weir, root, name)
    body = template({"Thing": resource("Custom::Thing", {"ServiceToken": arn})})
    client, who = user(allow("cloudformation:*"))
    stacks = Signed(client)
    stacks.create(f"{name}-no", body)
    stacks.settled(f"{name}-no", "ROLLBACK_COMPLETE")
    reason = stacks.reason(f"{name}-no", "Thing", "CREATE_FAILED")
    assert f"{who} is not authorized to perform: lambda:InvokeFunction" in reason
    client, _ = user(allow("cloudformation:*"), allow("lambda:InvokeFunction", arn))
    stacks = Signed(client)
    stacks.made(f"{name}-yes", body)
    stacks.deleted(f"{name}-yes")


def test_an_address_is_enough_for_a_signal(user, name):
    client, _ = user(allow("cloudformation:*"))
    stacks = Signed(client)
    stacks.create(name, template({
        "Handle": resource("AWS::CloudFormation::WaitConditionHandle"),
        "Wait": resource("AWS::CloudFormation::WaitCondition", {
            "Handle": {"Ref": "Handle"}, "Timeout": "600"})}))
    url = until(lambda: stacks.resource(name, "Handle").get("PhysicalResourceId"))
    assert put(url.replace("&Signature=", "&Signature=0"), {}) == 403
    assert put(url, {"Status": "SUCCESS", "UniqueId": "1"}) == 200
    stacks.settled(name, "CREATE_COMPLETE")


def test_change_sets_and_drift_of_ones_own_stacks(user, name):
    mine = f"arn:aws:cloudformation:us-east-1:{HOME}:stack/{name}/*"
    client, who = user(allow("cloudformation:*", mine), allow("sqs:*"))
    stacks = Signed(client)
    body = template({"Queue": resource("AWS::SQS::Queue", {"DelaySeconds": 1})})
    made = stacks.change_set(name, "first", body, ChangeSetType="CREATE")
    client.describe_change_set(ChangeSetName=made["ChangeSetId"])
    client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stacks.settled(name, "CREATE_COMPLETE")
    client.detect_stack_drift(StackName=name)
    drift, = client.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    assert drift["StackResourceDriftStatus"] == "IN_SYNC"
    assert "cloudformation:CreateChangeSet" in refused(
        "AccessDenied", client.create_change_set, StackName=f"{name}-other", ChangeSetName="x",
        TemplateBody=body, ChangeSetType="CREATE")


def test_children_are_made_as_who_makes_the_parent(weir, root, user, name):
    s3 = client_of(weir, "s3", root)
    s3.create_bucket(Bucket=f"{name}-templates")
    s3.put_object(Bucket=f"{name}-templates", Key="child.json", Body=template(
        {"Handle": resource("AWS::CloudFormation::WaitConditionHandle")}).encode())
    body = template({"Child": resource("AWS::CloudFormation::Stack", {
        "TemplateURL": f"https://{name}-templates.s3.amazonaws.com/child.json"})})
    own = f"arn:aws:cloudformation:us-east-1:{HOME}:stack/{name}-no/*"
    client, who = user(allow("cloudformation:*", own), allow("s3:GetObject"))
    stacks = Signed(client)
    stacks.create(f"{name}-no", body)
    stacks.settled(f"{name}-no", "ROLLBACK_COMPLETE")
    assert f"{who} is not authorized to perform: cloudformation:CreateStack" in stacks.reason(
        f"{name}-no", "Child", "CREATE_FAILED")
    client, _ = user(allow("cloudformation:*"))  # may not read the template
    stacks = Signed(client)
    stacks.create(f"{name}-unread", body)
    stacks.settled(f"{name}-unread", "ROLLBACK_COMPLETE")
    client, _ = user(allow("cloudformation:*"), allow("s3:GetObject"))
    stacks = Signed(client)
    stacks.made(f"{name}-yes", body)
    stacks.deleted(f"{name}-yes")
