# SPDX-License-Identifier: Apache-2.0
"""Kinesis's, Firehose's and CloudWatch Logs' types in a stack: made, seen by the services, updated,
removed."""
import pytest
from cloudformation_kit import create, delete, events, ids, outputs, template, update

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def streams(shards, hours, compression, pattern, retention):
    return template({
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "ss-bucket"}},
        "Clicks": {"Type": "AWS::Kinesis::Stream", "Properties": {
            "Name": "ss-clicks", "ShardCount": shards, "RetentionPeriodHours": hours,
            "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}}},
        "Reader": {"Type": "AWS::Kinesis::StreamConsumer", "Properties": {
            "ConsumerName": "ss-reader", "StreamARN": {"Fn::GetAtt": "Clicks.Arn"}}},
        "Who": {"Type": "AWS::Kinesis::ResourcePolicy", "Properties": {
            "ResourceArn": {"Fn::GetAtt": "Clicks.Arn"}, "ResourcePolicy": {
                "Version": "2012-10-17", "Statement": [
                    {"Sid": "who", "Effect": "Allow", "Principal": {"AWS": {"Ref":
                                                                          "AWS::AccountId"}},
                     "Action": "kinesis:GetRecords", "Resource": {"Fn::GetAtt": "Clicks.Arn"}}]}}},
        "Delivery": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {
            "DeliveryStreamName": "ss-delivery", "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {
                "KinesisStreamARN": {"Fn::GetAtt": "Clicks.Arn"}, "RoleARN": ROLE},
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": {"Fn::GetAtt": "Bucket.Arn"}, "RoleARN": ROLE, "Prefix": "in/",
                "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
                "CompressionFormat": compression}}},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {
            "LogGroupName": "ss-group", "RetentionInDays": retention,
            "Tags": [{"Key": "k", "Value": "v"}]}},
        "Stream": {"Type": "AWS::Logs::LogStream", "Properties": {
            "LogGroupName": {"Ref": "Group"}, "LogStreamName": "ss-stream"}},
        "Filter": {"Type": "AWS::Logs::SubscriptionFilter", "Properties": {
            "LogGroupName": {"Ref": "Group"}, "FilterPattern": pattern, "RoleArn": ROLE,
            "DestinationArn": {"Fn::GetAtt": "Clicks.Arn"}}},
        "Metric": {"Type": "AWS::Logs::MetricFilter", "Properties": {
            "LogGroupName": {"Ref": "Group"}, "FilterPattern": "ERROR",
            "MetricTransformations": [{"MetricName": "errors", "MetricNamespace": "ss",
                                       "MetricValue": "1"}]}},
        "Policy": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {
            "PolicyName": "ss-policy", "PolicyDocument": "{}"}},
        "Destination": {"Type": "AWS::Logs::Destination", "Properties": {
            "DestinationName": "ss-destination", "RoleArn": ROLE,
            "TargetArn": {"Fn::GetAtt": "Clicks.Arn"}}},
        "Query": {"Type": "AWS::Logs::QueryDefinition", "Properties": {
            "Name": "ss-query", "QueryString": "fields @message",
            "LogGroupNames": [{"Ref": "Group"}]}},
    }, Outputs={"Group": {"Value": {"Fn::GetAtt": "Group.Arn"}},
                "Reader": {"Value": {"Fn::GetAtt": "Reader.ConsumerStatus"}},
                "Delivery": {"Value": {"Fn::GetAtt": "Delivery.Arn"}},
                "Destination": {"Value": {"Fn::GetAtt": "Destination.Arn"}},
                "Query": {"Value": {"Fn::GetAtt": "Query.QueryDefinitionId"}}})


def test_streams_and_logs_live_with_their_stack(weir, cfn):
    kinesis, firehose, logs = (weir.client(name) for name in ("kinesis", "firehose", "logs"))
    stack = create(cfn, "streams", streams(2, 48, "GZIP", "ERROR", 7))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "streams")
    told, made = outputs(stack), ids(cfn, "streams")
    assert told["Group"].endswith(":log-group:ss-group:*") and told["Reader"] == "ACTIVE"
    assert told["Delivery"].endswith(":deliverystream/ss-delivery")
    assert told["Destination"].endswith(":destination:ss-destination")
    about = kinesis.describe_stream_summary(StreamName="ss-clicks")["StreamDescriptionSummary"]
    assert (about["OpenShardCount"], about["RetentionPeriodHours"]) == (2, 48)
    assert about["EncryptionType"] == "KMS"
    assert "who" in kinesis.get_resource_policy(ResourceARN=about["StreamARN"])["Policy"]
    described = firehose.describe_delivery_stream(DeliveryStreamName="ss-delivery")
    target = described["DeliveryStreamDescription"]["Destinations"][0]
    assert target["ExtendedS3DestinationDescription"]["CompressionFormat"] == "GZIP"
    assert logs.describe_log_groups(logGroupNamePrefix="ss-")["logGroups"][0][
        "retentionInDays"] == 7
    assert logs.list_tags_for_resource(resourceArn=told["Group"][:-2])["tags"] == {"k": "v"}
    filters = logs.describe_subscription_filters(logGroupName="ss-group")["subscriptionFilters"]
    assert filters[0]["filterName"] == made["Filter"]
    assert logs.describe_metric_filters(logGroupName="ss-group")["metricFilters"][0][
        "filterName"] == made["Metric"]
    assert logs.describe_query_definitions()["queryDefinitions"][0][
        "queryDefinitionId"] == told["Query"]
    logs.put_log_events(logGroupName="ss-group", logStreamName="ss-stream", logEvents=[
        {"timestamp": int(about["StreamCreationTimestamp"].timestamp() * 1000),
         "message": "ERROR here"}])
    records = 0
    for shard in kinesis.list_shards(StreamName="ss-clicks")["Shards"]:
        place = kinesis.get_shard_iterator(StreamName="ss-clicks", ShardId=shard["ShardId"],
                                           ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records += len(kinesis.get_records(ShardIterator=place)["Records"])
    assert records >= 1  # with the control message

    stack = update(cfn, "streams", streams(4, 24, "UNCOMPRESSED", "", {"Ref": "AWS::NoValue"}))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "streams")
    about = kinesis.describe_stream_summary(StreamName="ss-clicks")["StreamDescriptionSummary"]
    assert (about["OpenShardCount"], about["RetentionPeriodHours"]) == (4, 24)
    described = firehose.describe_delivery_stream(DeliveryStreamName="ss-delivery")
    target = described["DeliveryStreamDescription"]["Destinations"][0]
    assert target["ExtendedS3DestinationDescription"]["CompressionFormat"] == "UNCOMPRESSED"
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    assert ids(cfn, "streams") == made  # all of it in place

    gone = delete(cfn, "streams")
    assert gone["StackStatus"] == "DELETE_COMPLETE", events(cfn, gone["StackId"])
    assert kinesis.list_streams()["StreamNames"] == []
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
    assert logs.describe_log_groups()["logGroups"] == []
    assert logs.describe_destinations()["destinations"] == []
    assert logs.describe_query_definitions()["queryDefinitions"] == []
    assert logs.describe_resource_policies()["resourcePolicies"] == []


def test_a_destination_that_is_not_there_fails_by_name(weir, cfn):
    stack = create(cfn, "redshift", template({"D": {
        "Type": "AWS::KinesisFirehose::DeliveryStream",
        "Properties": {"RedshiftDestinationConfiguration": {}}}}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("RedshiftDestinationConfiguration" in reason
               for _, _, reason in events(cfn, "redshift"))
