# SPDX-License-Identifier: Apache-2.0
"""kill -9 while a stack with all types of messages, storage, streams and functions is made, updated
and removed.

What it proves: the stack comes to its end by itself, and the services have what it says: every
resource once, none that the stack does not know of, none left when it is gone.

How: the operation is begun, and weir is killed and started again until it is over, a little later
each time.
"""
import time

import pytest
from cloudformation_kit import events, ids, template
from weir_server import WeirServer

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
def weir():
    server = WeirServer()
    yield server.start()
    server.close()


def wanted(number):
    """Two of everything, so that steps alternate; number changes a property of each."""
    resources = {}
    for one in ("A", "B"):
        resources.update({
            f"Queue{one}": {"Type": "AWS::SQS::Queue", "Properties": {
                "VisibilityTimeout": 30 + number}},
            f"Topic{one}": {"Type": "AWS::SNS::Topic", "Properties": {
                "DisplayName": f"n{number}", "Subscription": [
                    {"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": f"Queue{one}.Arn"}}]}},
            f"Bucket{one}": {"Type": "AWS::S3::Bucket", "Properties": {
                "BucketName": f"crash-{one.lower()}",
                "LifecycleConfiguration": {"Rules": [
                    {"Status": "Enabled", "ExpirationInDays": number}]},
                "Tags": [{"Key": "n", "Value": str(number)}]}},
            f"Table{one}": {"Type": "AWS::DynamoDB::Table", "Properties": {
                "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
                "ProvisionedThroughput": {"ReadCapacityUnits": number,
                                          "WriteCapacityUnits": number}}},
            f"Stream{one}": {"Type": "AWS::Kinesis::Stream", "Properties": {
                "ShardCount": 1, "RetentionPeriodHours": 24 + number}},
            f"Delivery{one}": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {
                "ExtendedS3DestinationConfiguration": {
                    "RoleARN": ROLE, "BucketARN": {"Fn::GetAtt": f"Bucket{one}.Arn"},
                    "Prefix": f"{number}/"}}},
            f"Group{one}": {"Type": "AWS::Logs::LogGroup", "Properties": {
                "RetentionInDays": {1: 1, 2: 7}[number]}},
            f"Function{one}": {"Type": "AWS::Lambda::Function", "Properties": {
                "Role": ROLE, "Runtime": "python3.12", "Handler": "index.handler",
                "Code": {"ZipFile": f"def handler(event, context):\n    return {number}\n"}}},
            f"Mapping{one}": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
                "FunctionName": {"Ref": f"Function{one}"}, "BatchSize": number,
                "EventSourceArn": {"Fn::GetAtt": f"Queue{one}.Arn"}}}})
    return template(resources)


def there(weir):
    """How many of each the services have."""
    awl = weir.client("lambda")
    return {
        "queues": len(weir.client("sqs").list_queues().get("QueueUrls", [])),
        "topics": len(weir.client("sns").list_topics()["Topics"]),
        "subscriptions": len(weir.client("sns").list_subscriptions()["Subscriptions"]),
        "buckets": len(weir.client("s3").list_buckets()["Buckets"]),
        "tables": len(weir.client("dynamodb").list_tables()["TableNames"]),
        "streams": len(weir.client().list_streams()["StreamNames"]),
        "deliveries": len(weir.client("firehose").list_delivery_streams()["DeliveryStreamNames"]),
        "groups": len(weir.client("logs").describe_log_groups(
            logGroupNamePrefix="crash-Group")["logGroups"]),
        "functions": len(awl.list_functions()["Functions"]),
        "mappings": len(awl.list_event_source_mappings()["EventSourceMappings"])}


def killed_until_over(weir, begin):
    """The stack's state in the end; weir is killed again and again before it."""
    stack_id = begin(weir.client("cloudformation"))
    for kills in range(200):
        weir.restart(hard=True)
        time.sleep(0.002 * kills)
        stack = weir.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack["StackStatus"]
    raise AssertionError("the stack never ends")


def test_all_types_across_kills(weir):
    made = killed_until_over(weir, lambda cfn: cfn.create_stack(
        StackName="crash", TemplateBody=wanted(1))["StackId"])
    assert made == "CREATE_COMPLETE", events(weir.client("cloudformation"), "crash")
    assert set(there(weir).values()) == {2}
    first = ids(weir.client("cloudformation"), "crash")

    changed = killed_until_over(weir, lambda cfn: cfn.update_stack(
        StackName="crash", TemplateBody=wanted(2))["StackId"])
    assert changed == "UPDATE_COMPLETE", events(weir.client("cloudformation"), "crash")
    assert ids(weir.client("cloudformation"), "crash") == first  # all of it in place
    assert set(there(weir).values()) == {2}
    awl = weir.client("lambda")
    assert awl.invoke(FunctionName=first["FunctionA"])["Payload"].read() == b"2"
    groups = weir.client("logs").describe_log_groups(logGroupNamePrefix="crash-Group")["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [7, 7]

    def remove(cfn):
        stack_id = cfn.describe_stacks(StackName="crash")["Stacks"][0]["StackId"]
        cfn.delete_stack(StackName="crash")
        return stack_id

    assert killed_until_over(weir, remove) == "DELETE_COMPLETE"
    assert set(there(weir).values()) == {0}
