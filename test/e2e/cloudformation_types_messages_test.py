# SPDX-License-Identifier: Apache-2.0
"""SQS's and SNS's types in a stack: made, seen by the services, updated, removed."""
import json

import pytest
from cloudformation_kit import create, delete, ids, outputs, template, update

ALLOW = {"Version": "2012-10-17", "Statement": [
    {"Sid": "topic", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
     "Action": "sqs:SendMessage", "Resource": "*"}]}
PUBLISH = {"Version": "2012-10-17", "Statement": [
    {"Sid": "mail", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
     "Action": "sns:Publish", "Resource": "*"}]}


def messages(more=None, **changes):
    resources = {
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "m-dead"}},
        "Work": {"Type": "AWS::SQS::Queue", "Properties": {
            "DelaySeconds": 0, "VisibilityTimeout": 45, "MessageRetentionPeriod": 600,
            "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": "Dead.Arn"},
                              "maxReceiveCount": 3},
            "Tags": [{"Key": "k", "Value": "v"}], **changes}},
        "Order": {"Type": "AWS::SQS::Queue", "Properties": {
            "FifoQueue": True, "ContentBasedDeduplication": True}},
        "WorkPolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
            "Queues": [{"Ref": "Work"}], "PolicyDocument": ALLOW}},
        "DeadPolicy": {"Type": "AWS::SQS::QueueInlinePolicy", "Properties": {
            "Queue": {"Ref": "Dead"}, "PolicyDocument": ALLOW}},
        "News": {"Type": "AWS::SNS::Topic", "Properties": {
            "DisplayName": "News",
            "Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": "Dead.Arn"}}]}},
        "Line": {"Type": "AWS::SNS::Topic", "Properties": {
            "TopicName": "m-line.fifo", "FifoTopic": True, "ContentBasedDeduplication": True}},
        "ToWork": {"Type": "AWS::SNS::Subscription", "DependsOn": "WorkPolicy", "Properties": {
            "TopicArn": {"Ref": "News"}, "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": "Work.Arn"}, "RawMessageDelivery": True,
            "FilterPolicy": {"kind": ["work"]}}},
        "NewsPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {
            "Topics": [{"Ref": "News"}], "PolicyDocument": PUBLISH}},
        "LinePolicy": {"Type": "AWS::SNS::TopicInlinePolicy", "Properties": {
            "TopicArn": {"Ref": "Line"}, "PolicyDocument": PUBLISH}},
        **(more or {})}
    return template(resources, Outputs={
        "Url": {"Value": {"Ref": "Work"}}, "Name": {"Value": {"Fn::GetAtt": "Work.QueueName"}},
        "Topic": {"Value": {"Ref": "News"}},
        "TopicName": {"Value": {"Fn::GetAtt": "Line.TopicName"}},
        "Subscription": {"Value": {"Ref": "ToWork"}}})


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def attributes(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_topics_and_queues_live_with_their_stack(weir, cfn):
    sqs, sns = weir.client("sqs"), weir.client("sns")
    stack = create(cfn, "messages", messages(), Tags=[{"Key": "team", "Value": "blue"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    told, made = outputs(stack), ids(cfn, "messages")
    url = told["Url"]
    assert made["Work"] == url and url.endswith("/" + told["Name"])
    assert told["Name"].startswith("messages-Work-") and told["TopicName"] == "m-line.fifo"
    assert made["Order"].endswith(".fifo")
    about = attributes(sqs, url)
    assert about["VisibilityTimeout"] == "45"
    assert json.loads(about["RedrivePolicy"])["deadLetterTargetArn"].endswith(":m-dead")
    assert json.loads(about["Policy"])["Statement"][0]["Sid"] == "topic"
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"k": "v", "team": "blue"}

    sns.publish(TopicArn=told["Topic"], Message="one", MessageAttributes={
        "kind": {"DataType": "String", "StringValue": "work"}})
    sns.publish(TopicArn=told["Topic"], Message="two")
    got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in got] == ["one"]
    both = sqs.receive_message(QueueUrl=made["Dead"], WaitTimeSeconds=5,
                               MaxNumberOfMessages=10)["Messages"]
    assert {json.loads(message["Body"])["Message"] for message in both} == {"one", "two"}

    stack = update(cfn, "messages", messages(VisibilityTimeout=10, RedrivePolicy={
        "Ref": "AWS::NoValue"}), Tags=[])
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stack
    assert ids(cfn, "messages")["Work"] == url
    assert attributes(sqs, url)["VisibilityTimeout"] == "10"
    assert "RedrivePolicy" not in attributes(sqs, url)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"k": "v"}

    stack = update(cfn, "messages", messages(QueueName="m-work"))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stack
    assert ids(cfn, "messages")["Work"] != url
    assert [one.rsplit("/", 1)[1] for one in sqs.list_queues(QueueNamePrefix="m-w")["QueueUrls"]] \
        == ["m-work"]

    assert delete(cfn, "messages")["StackStatus"] == "DELETE_COMPLETE"
    assert "QueueUrls" not in sqs.list_queues()
    assert sns.list_topics()["Topics"] == []
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_a_queue_of_that_name_is_a_failure(weir, cfn):
    sqs = weir.client("sqs")
    url = sqs.create_queue(QueueName="theirs")["QueueUrl"]
    stack = create(cfn, "taken-queue", template({"Q": {
        "Type": "AWS::SQS::Queue", "Properties": {"QueueName": "theirs"}}}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert attributes(sqs, url)["QueueArn"].endswith(":theirs")  # it is still there
    sqs.delete_queue(QueueUrl=url)
