# SPDX-License-Identifier: Apache-2.0
"""Lambda's types in a stack: functions run, what points at them works, and custom resources answer
by the modules that inline code finds beside it."""
import io
import json
import zipfile

import pytest
from cloudformation_kit import create, delete, events, ids, outputs, template, update
from lambda_run_kit import until

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def function(text, runtime="python3.12", **more):
    return {"Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": runtime, "Handler": "index.handler", "Role": ROLE,
        "Code": {"ZipFile": text}, **more}}


PYTHON = """
import os
def handler(event, context):
    return os.environ.get('WORD', 'none') + ' %s'
"""


def everything(word, serial):
    return template({
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "la-queue"}},
        "Failed": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "la-failed"}},
        "Work": function(PYTHON % serial, FunctionName="la-work", MemorySize=256, Timeout=10,
                         Environment={"Variables": {"WORD": word}},
                         ReservedConcurrentExecutions=3,
                         Layers=[{"Ref": "Layer"}], Tags=[{"Key": "k", "Value": "v"}],
                         DeadLetterConfig={"TargetArn": {"Fn::GetAtt": "Failed.Arn"}}),
        f"V{serial}": {"Type": "AWS::Lambda::Version", "Properties": {
            "FunctionName": {"Ref": "Work"}}},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": {
            "FunctionName": {"Ref": "Work"}, "Name": "live",
            "FunctionVersion": {"Fn::GetAtt": f"V{serial}.Version"}}},
        "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {
            "LayerName": "la-layer", "Content": {"S3Bucket": "la-code", "S3Key": "layer.zip"}}},
        "LayerFor": {"Type": "AWS::Lambda::LayerVersionPermission", "Properties": {
            "LayerVersionArn": {"Ref": "Layer"}, "Action": "lambda:GetLayerVersion",
            "Principal": "*"}},
        "May": {"Type": "AWS::Lambda::Permission", "Properties": {
            "FunctionName": {"Ref": "Live"}, "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com"}},
        "FromQueue": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": "Work"}, "EventSourceArn": {"Fn::GetAtt": "Queue.Arn"},
            "BatchSize": 2}},
        "Url": {"Type": "AWS::Lambda::Url", "Properties": {
            "TargetFunctionArn": {"Fn::GetAtt": "Work.Arn"}, "AuthType": "NONE"}},
        "Tries": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
            "FunctionName": {"Ref": "Work"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}},
    }, Outputs={"Arn": {"Value": {"Fn::GetAtt": "Work.Arn"}},
                "Version": {"Value": {"Ref": f"V{serial}"}}, "Alias": {"Value": {"Ref": "Live"}},
                "Url": {"Value": {"Fn::GetAtt": "Url.FunctionUrl"}}})


def layer():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("python/shared.py", "WORD = 'shared'\n")
    return packed.getvalue()


def answer(awl, name):
    return json.loads(awl.invoke(FunctionName=name, Payload=b"{}")["Payload"].read())


def test_functions_live_with_their_stack(weir, cfn):
    awl, s3, sqs = weir.client("lambda"), weir.client("s3"), weir.client("sqs")
    s3.create_bucket(Bucket="la-code")
    s3.put_object(Bucket="la-code", Key="layer.zip", Body=layer())
    stack = create(cfn, "functions", everything("hello", 1))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "functions")
    told = outputs(stack)
    assert told["Arn"].endswith(":function:la-work")
    assert told["Version"] == told["Arn"] + ":1" and told["Alias"] == told["Arn"] + ":live"
    assert ".lambda-url." in told["Url"]
    assert answer(awl, told["Alias"]) == "hello 1"
    got = awl.get_function(FunctionName="la-work")
    assert got["Configuration"]["MemorySize"] == 256 and got["Tags"] == {"k": "v"}
    assert got["Concurrency"] == {"ReservedConcurrentExecutions": 3}
    assert got["Configuration"]["Layers"][0]["Arn"].endswith(":layer:la-layer:1")
    assert "events.amazonaws.com" in awl.get_policy(FunctionName="la-work",
                                                    Qualifier="live")["Policy"]
    assert awl.get_function_event_invoke_config(FunctionName="la-work")[
        "MaximumRetryAttempts"] == 0
    url = ids(cfn, "functions")["Queue"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    until(lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
        "ApproximateNumberOfMessagesNotVisible"] == "0", "the mapping has taken the message")

    stack = update(cfn, "functions", everything("again", 2))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "functions")
    told = outputs(stack)
    assert told["Version"].endswith(":2") and answer(awl, told["Alias"]) == "again 2"

    gone = delete(cfn, "functions")
    assert gone["StackStatus"] == "DELETE_COMPLETE", events(cfn, gone["StackId"])
    assert awl.list_functions()["Functions"] == []
    assert awl.list_layers()["Layers"] == []
    assert awl.list_event_source_mappings()["EventSourceMappings"] == []


def provisioned(count):
    more = {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": count}}
    return template({
        "Warm": function("def handler(event, context):\n    return 1\n", FunctionName="la-warm"),
        "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Warm"}}},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": {
            "FunctionName": {"Ref": "Warm"}, "Name": "live",
            "FunctionVersion": {"Fn::GetAtt": "V.Version"}, **(more if count else {})}}})


def test_a_stack_waits_for_provisioned_concurrency(weir, cfn):
    awl = weir.client("lambda")
    stack = create(cfn, "warm", provisioned(1))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "warm")
    named = {"FunctionName": "la-warm", "Qualifier": "live"}
    assert awl.get_provisioned_concurrency_config(**named)["Status"] == "READY"
    stack = update(cfn, "warm", provisioned(2))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "warm")
    told = awl.get_provisioned_concurrency_config(**named)
    assert told["RequestedProvisionedConcurrentExecutions"] == 2 and told["Status"] == "READY"
    stack = update(cfn, "warm", provisioned(0))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "warm")
    assert awl.list_provisioned_concurrency_configs(FunctionName="la-warm")[
        "ProvisionedConcurrencyConfigs"] == []
    assert delete(cfn, "warm")["StackStatus"] == "DELETE_COMPLETE"


RESPOND_PY = """
import cfnresponse
def handler(event, context):
    if event['ResourceProperties'].get('Word') == 'bad':
        return cfnresponse.send(event, context, cfnresponse.FAILED, {}, reason='that word')
    cfnresponse.send(event, context, cfnresponse.SUCCESS,
                     {'Loud': event['ResourceProperties']['Word'].upper()}, 'the-id')
"""
RESPOND_JS = """
const response = require('cfn-response');
exports.handler = (event, context) => {
  response.send(event, context, response.SUCCESS, { Loud: event.ResourceProperties.Word + '!' });
};
"""


def custom(text, runtime, word):
    return template({
        "Do": function(text, runtime),
        "It": {"Type": "Custom::Word", "Properties": {
            "ServiceToken": {"Fn::GetAtt": "Do.Arn"}, "Word": word}},
    }, Outputs={"Loud": {"Value": {"Fn::GetAtt": "It.Loud"}}, "Id": {"Value": {"Ref": "It"}}})


@pytest.mark.parametrize("text, runtime, loud", [(RESPOND_PY, "python3.12", "HEY"),
                                                 (RESPOND_JS, "nodejs22.x", "hey!")])
def test_inline_code_answers_for_custom_resources(weir, cfn, text, runtime, loud):
    name = "custom-" + runtime[:6]
    stack = create(cfn, name, custom(text, runtime, "hey"))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, name)
    assert outputs(stack)["Loud"] == loud
    gone = delete(cfn, name)
    assert gone["StackStatus"] == "DELETE_COMPLETE", events(cfn, gone["StackId"])


def test_inline_code_says_why_it_failed(weir, cfn):
    stack = create(cfn, "custom-bad", custom(RESPOND_PY, "python3.12", "bad"))
    assert stack["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
    assert any("that word" in reason for _, _, reason in events(cfn, "custom-bad"))


def test_what_cannot_be_code_is_refused_by_name(weir, cfn):
    stack = create(cfn, "image", template({"F": {"Type": "AWS::Lambda::Function", "Properties": {
        "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": "x/y:1"}}}}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("Encountered unsupported property ImageUri" in reason
               for _, _, reason in events(cfn, "image"))
