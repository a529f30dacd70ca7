# SPDX-License-Identifier: Apache-2.0
"""The template language as clients see it: YAML and JSON, what is refused in AWS's words before
anything is made, summaries, and what functions come to in a stack."""
import json

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, ended, ids, outputs


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def refused(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError", error
    return error["Message"]


ONE = "Resources: {Q: {Type: AWS::SQS::Queue}}\n"


@pytest.mark.parametrize("body,message", [
    ("Resources: {Q: [}", "Template format error: YAML not well-formed. (line 1, column 17)"),
    ('{"Resources": {,}}', "Template format error: JSON not well-formed. (line 1, column 16)"),
    ("hello", "Template format error: unsupported structure."),
    ("Description: d", "Template format error: At least one Resources member must be defined."),
    (ONE + "Foo: 1", "Invalid template property or properties [Foo]"),
    (ONE + "Outputs: {O: {Value: }}",
     "[/Outputs/O/Value] 'null' values are not allowed in templates"),
    ("Resources: {Q: {Type: AWS::Nobody::Knows}}",
     "Template format error: Unrecognized resource types: [AWS::Nobody::Knows]"),
    ("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref N}}}",
     "Template format error: Unresolved resource dependencies [N] in the Resources block of the "
     "template"),
    (ONE + "Outputs: {O: {Value: !GetAtt Q.Nothing}}",
     "Template error: resource Q does not support attribute type Nothing in Fn::GetAtt"),
    ("Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}, "
     "B: {Type: AWS::SQS::Queue, DependsOn: A}}",
     "Circular dependency between resources: [A, B]"),
    (ONE + "Parameters: {P: {Type: Nothing}}",
     "Template format error: Unrecognized parameter type: Nothing"),
])
def test_what_is_wrong_is_told_by_validating(cfn, body, message):
    assert refused(cfn.validate_template, TemplateBody=body) == message


def test_parameters_are_checked_before_anything_is_made(cfn):
    body = ONE + "Parameters: {P: {Type: String, AllowedValues: [a, b]}, N: {Type: Number}}"

    def made(**given):
        return refused(cfn.create_stack, StackName="unmade", TemplateBody=body, Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()])

    assert made() == "Parameters: [P, N] must have values"
    assert made(P="a", N="1", X="y") == "Parameters: [X] do not exist in the template"
    assert made(P="c", N="1") == "Parameter 'P' must be one of AllowedValues"
    assert made(P="a", N="one") == "Parameter 'N' must be a number"
    with pytest.raises(ClientError, match="does not exist"):
        cfn.describe_stacks(StackName="unmade")


def test_rules_refuse(cfn):
    body = (ONE + "Parameters: {P: {Type: String, Default: a}}\n"
            "Rules: {R: {Assertions: [{Assert: !Equals [!Ref P, b], "
            "AssertDescription: it must be b}]}}")
    assert "it must be b" in refused(cfn.create_stack, StackName="ruled", TemplateBody=body)


def test_validating_tells_what_is_needed(cfn):
    told = cfn.validate_template(TemplateBody=(
        "Description: d\nParameters: {P: {Type: String, Default: x, NoEcho: true, "
        "Description: pd}}\nResources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: r, "
        "AssumeRolePolicyDocument: {}}}}"))
    assert told["Description"] == "d"
    assert told["Parameters"] == [{"ParameterKey": "P", "DefaultValue": "x", "NoEcho": True,
                                   "Description": "pd"}]
    assert told["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert told["CapabilitiesReason"] == ("The following resource(s) require capabilities: "
                                          "[AWS::IAM::Role]")


FUNCTIONS = """
Parameters:
  Stage: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: "one, two"}
Mappings: {Delay: {dev: {Seconds: 5}, prod: {Seconds: 7}}}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: &common
      QueueName: !Sub '${AWS::StackName}-${Stage}'
      DelaySeconds: !FindInMap [Delay, !Ref Stage, Seconds]
      VisibilityTimeout: !If [Prod, 60, !Ref AWS::NoValue]
  Other:
    Type: AWS::SQS::Queue
    Properties:
      <<: *common
      QueueName: !Join ['-', [!GetAtt Queue.QueueName, !Select [1, !Ref Names]]]
  Never: {Type: AWS::SQS::Queue, Condition: Prod}
  Value:
    Type: AWS::SSM::Parameter
    Properties: {Name: !Sub '/${AWS::StackName}', Type: String, Value: "{{resolve:ssm:/base}}!"}
Outputs:
  Cidr: {Value: !Select [1, !Cidr [10.0.0.0/16, 2, 8]]}
  Code: {Value: !Base64 {'Fn::Join': ['', !Split ['-', a-b]]}}
  Arn: {Value: !Sub ['${A}/${X}', {A: !GetAtt Other.Arn, X: x}]}
  Zones: {Value: !Join [' ', !GetAZs '']}
  NoZones: {Value: !Join ['', [none, !Join ['', !GetAZs eu-west-3]]]}
  Gone: {Condition: Prod, Value: x}
"""


def test_functions_in_a_stack(cfn, weir):
    ssm = weir.client("ssm")
    sqs = weir.client("sqs")
    ssm.put_parameter(Name="/base", Type="String", Value="from ssm", Overwrite=True)
    stack = create(cfn, "functions", FUNCTIONS)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    made = ids(cfn, "functions")
    assert sorted(made) == ["Other", "Queue", "Value"]
    assert made["Queue"].endswith("/functions-dev")
    assert made["Other"].endswith("/functions-dev-two")
    assert sqs.get_queue_attributes(QueueUrl=made["Other"], AttributeNames=["DelaySeconds"])[
        "Attributes"] == {"DelaySeconds": "5"}
    assert ssm.get_parameter(Name="/functions")["Parameter"]["Value"] == "from ssm!"
    told = outputs(stack)
    assert told["Cidr"] == "10.0.1.0/24"
    assert told["Code"] == "YWI="
    assert told["Zones"] == "us-east-1a us-east-1b us-east-1c"
    assert told["NoZones"] == "none"
    assert told["Arn"].endswith(":functions-dev-two/x")
    assert "Gone" not in told


def test_the_same_in_json_and_in_another_stage(cfn, weir):
    body = json.dumps({
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Prod",
                      "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-${Stage}"}}},
            "Always": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Name": {"Condition": "Prod", "Value": {"Fn::GetAtt": "Queue.QueueName"}}}})
    stack = create(cfn, "staged", body,
                   Parameters=[{"ParameterKey": "Stage", "ParameterValue": "prod"}])
    assert outputs(stack) == {"Name": "staged-prod"}
    cfn.update_stack(StackName="staged", UsePreviousTemplate=True,
                     Parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}])
    stack = ended(cfn, "staged")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert sorted(ids(cfn, "staged")) == ["Always"]
    assert outputs(stack) == {}


def test_loops_unroll_in_a_stack(cfn):
    body = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "A,B"}}
Resources:
  Fn::ForEach::Queues:
    - Name
    - !Ref Names
    - Queue${Name}:
        Type: AWS::SQS::Queue
        Properties: {QueueName: !Sub '${AWS::StackName}-${Name}'}
Outputs:
  Count: {Value: !Length {Ref: Names}}
"""
    stack = create(cfn, "loops", body,
                   Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    assert sorted(ids(cfn, "loops")) == ["QueueA", "QueueB"]
    assert outputs(stack) == {"Count": "2"}
    processed = cfn.get_template(StackName="loops", TemplateStage="Processed")["TemplateBody"]
    assert sorted(processed["Resources"]) == ["QueueA", "QueueB"]


def test_parameters_of_ssm(cfn, weir):
    ssm = weir.client("ssm")
    ssm.put_parameter(Name="/own/text", Type="String", Value="x,y")
    ssm.put_parameter(Name="/own/list", Type="StringList", Value="a, b ,c")
    ssm.put_parameter(Name="/own/secret", Type="SecureString", Value="s")

    def body(kind):
        return ("Parameters: {P: {Type: '" + kind + "'}}\n" + ONE +
                "Outputs: {O: {Value: !Join ['|', [!Select [0, [!Ref P]]]]}}")

    def made(kind, name):
        return refused(cfn.create_stack, StackName="unmade", TemplateBody=body(kind), Parameters=[
            {"ParameterKey": "P", "ParameterValue": name}])

    text, texts = ("AWS::SSM::Parameter::Value<String>", "AWS::SSM::Parameter::Value<List<String>>")
    assert made(text, "/own/none") == (
        "Unable to fetch parameters [/own/none] from parameter store for this account.")
    for kind, name in ((text, "/own/list"), (texts, "/own/text")):
        assert made(kind, name) == (
            f"Types for SSM parameters [{name}] defined in CFN template and SSM are incompatible")
    assert made(text, "/own/secret") == ("Parameters [/own/secret] referenced by template have "
                                         "types not supported by CloudFormation.")
    assert "parameter value /own/none for parameter name P does not exist" in made(
        "AWS::SSM::Parameter::Name", "/own/none")
    stack = create(cfn, "of-ssm", (
        "Parameters: {P: {Type: '" + texts + "', Default: /own/list}, "
        "N: {Type: 'AWS::SSM::Parameter::Name', Default: /own/secret}}\n" + ONE +
        "Outputs: {O: {Value: !Join ['|', !Ref P]}, N: {Value: !Ref N}, "
        "D: {Value: '{{resolve:ssm:/own/text}}'}}"))
    assert outputs(stack) == {"O": "a|b|c", "N": "/own/secret", "D": "{{resolve:ssm:/own/text}}"}
    assert {"ParameterKey": "P", "ParameterValue": "/own/list", "ResolvedValue": "a,b,c"} in (
        stack["Parameters"])


@pytest.mark.parametrize("value,message", [
    ("{{resolve:ssm:/base:label}}",
     "Incorrect format is used in the following SSM reference: [{{resolve:ssm:/base:label}}]"),
    ("{{resolve:ssm-secure:/base:1}}",
     "SSM Secure reference is not supported in: [AWS::SSM::Parameter/Properties/Value]"),
])
def test_dynamic_references_are_refused_before_anything_is_made(cfn, value, message):
    body = json.dumps({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {
        "Type": "String", "Value": value}}}})
    assert refused(cfn.create_stack, StackName="unmade", TemplateBody=body) == message


def test_what_is_included_is_part_of_the_stack(cfn, weir):
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="snippets")
    s3.put_object(Bucket="snippets", Key="delay.yaml", Body=b"DelaySeconds: 9\n")
    stack = create(cfn, "included", """
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-q'
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://snippets/delay.yaml}}
""", Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    got = weir.client("sqs").get_queue_attributes(QueueUrl=ids(cfn, "included")["Queue"],
                                                  AttributeNames=["DelaySeconds"])
    assert got["Attributes"] == {"DelaySeconds": "9"}
