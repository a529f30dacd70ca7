# SPDX-License-Identifier: Apache-2.0
"""Templates as stacks meet them: parameters, sources, transforms, capabilities, what is told."""
import json
import urllib.parse

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, events, ids, outputs, queue, template, update

PARAMETERS = {"Delay": {"Type": "Number", "Default": "3"},
              "Secret": {"Type": "String", "NoEcho": True, "Default": "hidden"}}
WITH = template({"Q": queue(DelaySeconds={"Ref": "Delay"})}, Parameters=PARAMETERS,
                Outputs={"D": {"Value": {"Ref": "Delay"}}})
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                            "Principal": {"Service": "lambda.amazonaws.com"}}]}}}


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


@pytest.fixture(scope="module")
def s3(weir):
    client = weir.client("s3")
    client.create_bucket(Bucket="templates")
    return client


def error_of(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]


def parameter(key, value=None):
    return ({"ParameterKey": key, "UsePreviousValue": True} if value is None
            else {"ParameterKey": key, "ParameterValue": value})


# ---- parameters ----

def test_values_are_given_kept_and_hidden(cfn):
    stack = create(cfn, "values", WITH, Parameters=[parameter("Delay", "5")])
    assert sorted((one["ParameterKey"], one["ParameterValue"]) for one in stack["Parameters"]) == [
        ("Delay", "5"), ("Secret", "****")]
    stack = update(cfn, "values", WITH.replace("DelaySeconds", "VisibilityTimeout"),
                   Parameters=[parameter("Delay"), parameter("Secret")])
    assert outputs(stack) == {"D": "5"}
    cfn.update_stack(StackName="values", UsePreviousTemplate=True,
                     Parameters=[parameter("Delay", "6")])
    cfn.get_waiter("stack_update_complete").wait(StackName="values", WaiterConfig={"Delay": 1})
    assert outputs(cfn.describe_stacks(StackName="values")["Stacks"][0]) == {"D": "6"}


def test_wrong_values_are_refused(cfn):
    error = error_of(cfn.create_stack, StackName="bad", TemplateBody=WITH,
                     Parameters=[parameter("Nowhere", "1")])
    assert error["Message"] == "Parameters: [Nowhere] do not exist in the template"
    error = error_of(cfn.create_stack, StackName="bad", TemplateBody=template(
        {"Q": queue(QueueName={"Ref": "N"})}, Parameters={"N": {"Type": "String"}}))
    assert error["Message"] == "Parameters: [N] must have values"


def test_values_come_from_parameter_store_and_secrets(weir, cfn):
    ssm, secrets = weir.client("ssm"), weir.client("secretsmanager")
    sqs = weir.client("sqs")
    ssm.put_parameter(Name="/delay", Value="4", Type="String")
    secrets.create_secret(Name="limits", SecretString=json.dumps({"visibility": "44"}))
    body = template({"Q": queue(
        DelaySeconds={"Ref": "Delay"},
        MessageRetentionPeriod="{{resolve:ssm:/retention:1}}",
        VisibilityTimeout="{{resolve:secretsmanager:limits:SecretString:visibility}}")},
        Parameters={"Delay": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/delay"}})
    ssm.put_parameter(Name="/retention", Value="120", Type="String")
    stack = create(cfn, "looked-up", body)
    assert stack["Parameters"] == [
        {"ParameterKey": "Delay", "ParameterValue": "/delay", "ResolvedValue": "4"}]
    got = sqs.get_queue_attributes(QueueUrl=ids(cfn, "looked-up")["Q"], AttributeNames=["All"])
    assert [got["Attributes"][name] for name in
            ("DelaySeconds", "MessageRetentionPeriod", "VisibilityTimeout")] == ["4", "120", "44"]
    told = json.dumps(cfn.describe_stack_events(StackName="looked-up")["StackEvents"], default=str)
    assert "{{resolve:secretsmanager" in told and '"44"' not in told
    assert error_of(cfn.create_stack, StackName="bad", TemplateBody=body.replace(
        "/delay", "/nothing"))["Code"] == "ValidationError"


# ---- sources ----

def test_templates_come_from_buckets_in_any_spelling(weir, cfn, s3):
    s3.put_object(Bucket="templates", Key="a b/t.json", Body=WITH)
    key = urllib.parse.quote("a b/t.json")
    for number, url in enumerate((
            f"https://templates.s3.amazonaws.com/{key}",
            f"https://templates.s3.us-east-1.amazonaws.com/{key}",
            f"https://s3.amazonaws.com/templates/{key}",
            f"https://s3.us-east-1.amazonaws.com/templates/{key}",
            f"https://s3-us-east-1.amazonaws.com/templates/{key}",
            f"{weir.url}/templates/{key}",
            f"http://localhost:{weir.port}/templates/{key}")):
        stack_id = cfn.create_stack(StackName=f"url-{number}", TemplateURL=url)["StackId"]
        cfn.get_waiter("stack_create_complete").wait(StackName=stack_id,
                                                     WaiterConfig={"Delay": 1})
    assert cfn.get_template(StackName="url-0")["TemplateBody"] == json.loads(WITH)


def test_urls_that_lead_nowhere_are_refused(weir, cfn, s3):
    error = error_of(cfn.create_stack, StackName="bad", TemplateURL="https://example.com/t.json")
    assert error["Message"] == "TemplateURL must be a supported URL."
    error = error_of(cfn.create_stack, StackName="bad",
                     TemplateURL=f"{weir.url}/templates/nothing.json")
    assert error["Message"].startswith("S3 error: The specified key does not exist.")
    error = error_of(cfn.create_stack, StackName="bad")
    assert error["Message"] == "Either Template URL or Template Body must be specified."


def test_a_large_template_comes_from_a_bucket_only(cfn, s3):
    body = template({f"Q{i}": queue(DelaySeconds=1) for i in range(100)},
                    Metadata={"Filling": "x" * 60000})
    assert error_of(cfn.create_stack, StackName="large", TemplateBody=body)[
        "Code"] == "ValidationError"
    s3.put_object(Bucket="templates", Key="large.json", Body=body)
    cfn.create_stack(StackName="large", TemplateURL="https://templates.s3.amazonaws.com/large.json")
    cfn.get_waiter("stack_create_complete").wait(StackName="large", WaiterConfig={"Delay": 1})
    assert delete(cfn, "large")["StackStatus"] == "DELETE_COMPLETE"


# ---- capabilities ----

def test_capabilities_are_asked_for(cfn):
    body = template({"R": ROLE})
    named = template({"R": {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "named"}}})
    error = error_of(cfn.create_stack, StackName="caps", TemplateBody=body)
    assert error["Code"] == "InsufficientCapabilitiesException"
    assert error["Message"] == "Requires capabilities : [CAPABILITY_IAM]"
    error = error_of(cfn.create_stack, StackName="caps", TemplateBody=named,
                     Capabilities=["CAPABILITY_IAM"])
    assert error["Message"] == "Requires capabilities : [CAPABILITY_NAMED_IAM]"


# ---- conditions ----

def test_a_condition_that_turns_makes_and_removes(cfn):
    body = template({"A": {**queue(), "Condition": "Yes"},
                     "B": queue(DelaySeconds={"Fn::If": ["Yes", 1, {"Ref": "AWS::NoValue"}]})},
                    Parameters={"Which": {"Type": "String", "Default": "yes"}},
                    Conditions={"Yes": {"Fn::Equals": [{"Ref": "Which"}, "yes"]}})
    create(cfn, "turns", body)
    assert set(ids(cfn, "turns")) == {"A", "B"}
    update(cfn, "turns", body, Parameters=[parameter("Which", "no")])
    assert set(ids(cfn, "turns")) == {"B"}
    update(cfn, "turns", body, Parameters=[parameter("Which", "yes")])
    assert set(ids(cfn, "turns")) == {"A", "B"}


def test_pseudo_parameters_are_the_stacks(cfn):
    stack = create(cfn, "pseudo", template({"Q": queue()}, Outputs={
        "All": {"Value": {"Fn::Sub": "${AWS::StackName} ${AWS::StackId} ${AWS::Region} "
                                     "${AWS::AccountId} ${AWS::Partition} ${AWS::URLSuffix}"}}}))
    assert outputs(stack)["All"] == (f"pseudo {stack['StackId']} us-east-1 111122223333 aws "
                                     "amazonaws.com")


# ---- told ----

YAML = """
Description: a queue
Parameters:
  Delay: {Type: Number, Default: 1, AllowedValues: [1, 2], Description: how long}
Resources:
  Q:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: !Ref Delay}
Metadata: {A: 1}
"""


def test_templates_are_told_as_they_were_given(cfn):
    create(cfn, "yaml", YAML)
    got = cfn.get_template(StackName="yaml")
    assert got["TemplateBody"] == YAML and got["StagesAvailable"] == ["Original", "Processed"]
    summary = cfn.get_template_summary(StackName="yaml")
    assert summary["Parameters"] == [{
        "ParameterKey": "Delay", "DefaultValue": "1", "ParameterType": "Number", "NoEcho": False,
        "Description": "how long", "ParameterConstraints": {"AllowedValues": ["1", "2"]}}]
    assert summary["ResourceTypes"] == ["AWS::SQS::Queue"]
    assert summary["Description"] == "a queue" and summary["Metadata"] == '{"A":1}'
    checked = cfn.validate_template(TemplateBody=YAML)
    assert checked["Parameters"][0]["ParameterKey"] == "Delay"
    assert cfn.validate_template(TemplateBody=template({"R": ROLE}))["Capabilities"] == [
        "CAPABILITY_IAM"]
    assert error_of(cfn.validate_template, TemplateBody="Resources: [")["Code"] == "ValidationError"
    assert error_of(cfn.validate_template, TemplateBody=template({"X": {"Type": "AWS::No::Thing"}}))[
        "Message"] == "Template format error: Unrecognized resource types: [AWS::No::Thing]"
    assert cfn.estimate_template_cost(TemplateBody=YAML)["Url"].startswith("http")


# ---- transforms ----

SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table:
    Type: AWS::Serverless::SimpleTable
  Q:
    Type: AWS::SQS::Queue
"""


def test_serverless_templates_are_expanded(weir, cfn):
    error = error_of(cfn.create_stack, StackName="sam", TemplateBody=SAM)
    assert error["Message"] == "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"
    stack = create(cfn, "sam", SAM, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "sam")
    assert ids(cfn, "sam")["Table"] in weir.client("dynamodb").list_tables()["TableNames"]
    assert cfn.get_template(StackName="sam")["TemplateBody"] == SAM
    done = cfn.get_template(StackName="sam", TemplateStage="Processed")["TemplateBody"]
    assert done["Resources"]["Table"]["Type"] == "AWS::DynamoDB::Table"
    error = error_of(cfn.update_stack, StackName="sam", TemplateBody=SAM,
                     Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert error["Message"] == "No updates are to be performed."


def test_a_transform_that_fails_fails_the_stack(cfn):
    stack = create(cfn, "sam-bad", SAM.replace("SimpleTable", "Function"),
                   Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(one[1] == "ROLLBACK_IN_PROGRESS" and
               one[2].startswith("Transform AWS::Serverless-2016-10-31 failed with: ")
               for one in events(cfn, "sam-bad"))
    stack = create(cfn, "macro", SAM.replace("AWS::Serverless-2016-10-31", "Nobodys"),
                   Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("No transform named 111122223333::Nobodys found." in one[2]
               for one in events(cfn, "macro"))


def test_included_parts_come_from_buckets(cfn, s3):
    s3.put_object(Bucket="templates", Key="part.json", Body=json.dumps(queue(DelaySeconds=8)))
    body = template({"Q": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {
        "Location": "s3://templates/part.json"}}}})
    stack = create(cfn, "include", body, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "include")


def test_loops_are_unrolled(cfn):
    body = {"Transform": "AWS::LanguageExtensions", "Resources": {
        "Fn::ForEach::Queues": ["Name", ["A", "B"], {"Q${Name}": queue()}]}}
    stack = create(cfn, "loops", json.dumps(body), Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "loops")
    assert set(ids(cfn, "loops")) == {"QA", "QB"}


def test_a_transform_that_fails_an_update_takes_it_back(cfn):
    create(cfn, "sam-back", SAM, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    before = ids(cfn, "sam-back")
    stack = update(cfn, "sam-back", SAM.replace("SimpleTable", "Function"),
                   Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any(one[1] == "UPDATE_ROLLBACK_IN_PROGRESS" and
               one[2].startswith("Transform AWS::Serverless-2016-10-31 failed with: ")
               for one in events(cfn, "sam-back"))
    assert ids(cfn, "sam-back") == before
    assert cfn.get_template(StackName="sam-back")["TemplateBody"] == SAM


def test_an_operation_keeps_the_parameters_that_it_began_with(weir, cfn):
    """What Parameter Store has changes while the stack waits: its outputs do not."""
    ssm = weir.client("ssm")
    ssm.put_parameter(Name="/kept", Value="one", Type="String")
    body = template({"Q": {**queue(), "CreationPolicy": {"ResourceSignal": {"Count": 1}}}},
                    Parameters={"P": {"Type": "AWS::SSM::Parameter::Value<String>",
                                      "Default": "/kept"}},
                    Outputs={"O": {"Value": {"Ref": "P"}}})
    cfn.create_stack(StackName="kept", TemplateBody=body)
    ssm.put_parameter(Name="/kept", Value="two", Type="String", Overwrite=True)
    for _ in range(1000):
        if ("Q", "CREATE_IN_PROGRESS", "Resource creation Initiated") in events(cfn, "kept"):
            break
    cfn.set_stack_policy(StackName="kept", StackPolicyBody='{"Statement": []}')  # it reads again
    cfn.signal_resource(StackName="kept", LogicalResourceId="Q", UniqueId="1", Status="SUCCESS")
    cfn.get_waiter("stack_create_complete").wait(StackName="kept", WaiterConfig={"Delay": 1})
    assert outputs(cfn.describe_stacks(StackName="kept")["Stacks"][0]) == {"O": "one"}
