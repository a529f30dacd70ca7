# SPDX-License-Identifier: Apache-2.0
"""What is too long, too large or made up is refused, and weir lives on."""
import base64
import json

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, ended, events, queue, template


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def error_of(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    assert caught.value.response["Error"]["Code"] == "ValidationError", caught.value
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("name", ["x" * 20000, "", "arn:aws:cloudformation:::stack/" + "x" * 20000,
                                  "arn:aws:cloudformation:us-east-1:111122223333:stack/a/b/c"])
def test_names_that_nobody_has(cfn, name):
    error_of(cfn.describe_stack_events, StackName=name)
    error_of(cfn.get_template, StackName=name)
    error_of(cfn.create_stack, StackName=name, TemplateBody=template({"Q": queue()}))
    error_of(cfn.list_imports, ExportName=name or "none")


def test_tokens_that_nobody_gave(cfn):
    create(cfn, "tokens", template({"Q": queue()}))
    for text in (b"18446744073709551615", b"4294967295", b"x"):
        token = base64.b64encode(text).decode()
        for call, more in ((cfn.describe_stack_events, {"StackName": "tokens"}),
                           (cfn.list_stack_resources, {"StackName": "tokens"}),
                           (cfn.list_stacks, {}), (cfn.describe_stacks, {}),
                           (cfn.list_exports, {})):
            try:
                call(NextToken=token, **more)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ValidationError"


def failed(cfn, name, body, **more):
    cfn.create_stack(StackName=name, TemplateBody=body, **more)
    stack = ended(cfn, name)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    return " ".join(one[2] for one in events(cfn, name))


def test_what_grows_too_large_fails_its_stack(cfn):
    """A parameter of 4 KiB that is named 300 times is a property of more than a megabyte."""
    parameters = {"P": {"Type": "String"}}
    given = [{"ParameterKey": "P", "ParameterValue": "x" * 4000}]
    body = template({"Q": queue(RedrivePolicy={"a": [{"Ref": "P"}] * 300})}, Parameters=parameters)
    assert "exceed" in failed(cfn, "too-large", body, Parameters=given)
    body = template({"Q": {**queue(), "Metadata": {"a": [{"Ref": "P"}] * 300}}},
                    Parameters=parameters)
    assert "exceed" in failed(cfn, "too-much-metadata", body, Parameters=given)
    body = template({"Q": queue()}, Parameters=parameters, Outputs={
        "O": {"Value": {"Fn::Sub": "${P}${P}"}}})
    assert "is longer than" in failed(cfn, "long-output", body, Parameters=given)
    body = template({"Q": queue()}, Parameters=parameters, Outputs={
        "O": {"Value": "1", "Export": {"Name": {"Ref": "P"}}}})
    assert "Export name" in failed(cfn, "long-export", body, Parameters=given)


def test_an_import_with_an_endless_name_finds_nothing(cfn):
    body = template({"Q": queue(QueueName={"Fn::ImportValue": "x" * 20000})})
    assert "No export named" in failed(cfn, "long-import", body)


def test_types_may_be_limited(cfn):
    message = error_of(cfn.create_stack, StackName="only", TemplateBody=template({"Q": queue()}),
                       ResourceTypes=["AWS::SNS::*"])
    assert message == "Resource type AWS::SQS::Queue is not allowed by parameter ResourceTypes"
    stack = create(cfn, "only", template({"Q": queue()}), ResourceTypes=["AWS::SQS::*"])
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_many_tags_are_too_many(cfn):
    tags = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
    assert "50" in error_of(cfn.create_stack, StackName="tags", TemplateBody=template(
        {"Q": queue()}), Tags=tags)
    assert json.dumps(error_of(cfn.create_stack, StackName="tags", TemplateBody=template(
        {"Q": queue()}), Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]))
