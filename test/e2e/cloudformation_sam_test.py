# SPDX-License-Identifier: Apache-2.0
"""Applications in the style of public practice live as stacks, and what SAM makes of them works."""
import http.client
import json
import pathlib

import pytest
from cloudformation_kit import create, delete, events, outputs, update
from lambda_run_kit import until
from weir_server import REGION

FOLDER = pathlib.Path(__file__).parent / "templates"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def ask(weir, api, path):
    connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)
    connection.request("GET", path, headers={
        "Host": f"{api}.execute-api.{REGION}.localhost:{weir.port}"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_serverless_application_lives(weir, cfn):
    body = (FOLDER / "orders_sam.yaml").read_text()
    awl, s3, sqs = weir.client("lambda"), weir.client("s3"), weir.client("sqs")
    stack = create(cfn, "orders", body, Capabilities=CAPABILITIES)
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "orders")
    told = outputs(stack)
    assert ":role/orders-FrontRole-" in told["FrontRole"]
    assert told["FrontAlias"].endswith(":live")
    status, answer = ask(weir, told["Api"], "/orders/7")
    assert (status, answer["id"], answer["greeting"]) == (200, "7", "hello")

    s3.put_object(Bucket=told["Archive"], Key="out/1", Body=b"x")
    s3.put_object(Bucket=told["Archive"], Key="in/1", Body=b"x")
    weir.client("sns").publish(TopicArn=told["Notices"], Message="x")
    weir.client("events").put_events(Entries=[{"Source": "orders", "DetailType": "t", "Detail": "{}"}])
    heard = []

    def all_heard():
        for message in sqs.receive_message(QueueUrl=told["Heard"], WaitTimeSeconds=5,
                                           MaxNumberOfMessages=10).get("Messages", []):
            heard.append(json.loads(message["Body"])["responsePayload"])
            sqs.delete_message(QueueUrl=told["Heard"], ReceiptHandle=message["ReceiptHandle"])
        return len(heard) >= 3

    until(all_heard, "the function has heard of an object, a message and an event")
    assert sorted(heard) == ["aws:s3", "aws:sns", "orders"]

    sqs.send_message(QueueUrl=told["Work"], MessageBody="bad")
    until(lambda: sqs.receive_message(QueueUrl=told["Failed"], WaitTimeSeconds=5).get("Messages"),
          "what the worker cannot do is in the dead-letter queue")

    before = awl.get_alias(FunctionName=told["FrontAlias"].rsplit(":", 1)[0], Name="live")
    stack = update(cfn, "orders", body, Capabilities=CAPABILITIES,
                   Parameters=[{"ParameterKey": "Greeting", "ParameterValue": "welcome"},
                               {"ParameterKey": "Stage", "ParameterValue": "prod"}])
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "orders")
    after = awl.get_alias(FunctionName=told["FrontAlias"].rsplit(":", 1)[0], Name="live")
    assert (before["FunctionVersion"], after["FunctionVersion"]) == ("1", "2")
    answer = ask(weir, told["Api"], "/orders/7")[1]
    assert (answer["greeting"], answer["stage"]) == ("welcome", "prod")

    for key in ("out/1", "in/1"):
        s3.delete_object(Bucket=told["Archive"], Key=key)
    gone = delete(cfn, "orders")
    assert gone["StackStatus"] == "DELETE_COMPLETE", events(cfn, gone["StackId"])
    assert weir.client("apigatewayv2").get_apis()["Items"] == []


def test_a_synthesised_application_lives(weir, cfn):
    body = (FOLDER / "inbox_cdk.json").read_text()
    awl, sqs = weir.client("lambda"), weir.client("sqs")
    weir.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="21")
    stack = create(cfn, "inbox", body, Capabilities=["CAPABILITY_IAM"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "inbox")
    told = outputs(stack)
    assert told["StreamArn"].startswith(f"arn:aws:dynamodb:{REGION}:")
    weir.client("sns").publish(TopicArn=told["TopicArn"], Message="a letter")
    streams = weir.client("logs")
    group = awl.get_function_configuration(FunctionName=told["Reader"])["LoggingConfig"]["LogGroup"]
    until(lambda: streams.describe_log_streams(logGroupName=group)["logStreams"],
          "the reader has run and written into the group that is its own")
    until(lambda: sqs.get_queue_attributes(QueueUrl=told["QueueUrl"], AttributeNames=["All"])[
        "Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0", "the message is read")
    gone = delete(cfn, "inbox")
    assert gone["StackStatus"] == "DELETE_COMPLETE", events(cfn, gone["StackId"])


def test_a_synthesised_application_needs_its_bootstrap(weir, cfn):
    body = (FOLDER / "inbox_cdk.json").read_text()
    weir.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="3",
                                     Overwrite=True)
    with pytest.raises(cfn.exceptions.ClientError) as refused:
        cfn.create_stack(StackName="old", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert "CDK bootstrap stack version 6 required" in str(refused.value)
