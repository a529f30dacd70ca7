# SPDX-License-Identifier: Apache-2.0
"""S3's and DynamoDB's types in a stack: made, seen by the services, updated, removed."""
import json
import urllib.parse

import pytest
from cloudformation_kit import create, delete, events, ids, outputs, template, update


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def bucket(**properties):
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def notified(bucket_arn):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
         "Action": "sqs:SendMessage", "Resource": "*",
         "Condition": {"ArnLike": {"aws:SourceArn": bucket_arn}}}]}


def storage(**data):
    return template({
        "Logs": bucket(BucketName="st-logs", VersioningConfiguration={"Status": "Enabled"}),
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "st-queue"}},
        "QueuePolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
            "Queues": [{"Ref": "Queue"}], "PolicyDocument": notified("arn:aws:s3:::st-data")}},
        "Data": {**bucket(BucketName="st-data", **data), "DependsOn": "QueuePolicy"},
        "DataPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": {"Ref": "Data"}, "PolicyDocument": {
                "Version": "2012-10-17", "Statement": [
                    {"Sid": "tls", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObjectAcl",
                     "Resource": {"Fn::Sub": "${Data.Arn}/*"}}]}}},
    }, Outputs={"Arn": {"Value": {"Fn::GetAtt": "Data.Arn"}},
                "Domain": {"Value": {"Fn::GetAtt": "Data.RegionalDomainName"}},
                "Site": {"Value": {"Fn::GetAtt": "Data.WebsiteURL"}}})


EVERYTHING = {
    "VersioningConfiguration": {"Status": "Enabled"},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": False},
    "BucketEncryption": {"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]},
    "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"],
                                         "MaxAge": 60}]},
    "LifecycleConfiguration": {"Rules": [
        {"Id": "cold", "Status": "Enabled", "Prefix": "a/", "ExpirationInDays": 90,
         "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}]}]},
    "WebsiteConfiguration": {"IndexDocument": "index.html", "ErrorDocument": "error.html"},
    "LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "l/"},
    "NotificationConfiguration": {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
        "QueueConfigurations": [{"Event": "s3:ObjectCreated:*",
                                 "Queue": {"Fn::GetAtt": "Queue.Arn"},
                                 "Filter": {"S3Key": {"Rules": [{"Name": "prefix",
                                                                 "Value": "in/"}]}}}]},
    "ReplicationConfiguration": {"Role": "arn:aws:iam::000000000000:role/r", "Rules": [
        {"Id": "r", "Status": "Enabled", "Prefix": "copy/",
         "Destination": {"Bucket": {"Fn::GetAtt": "Logs.Arn"}}}]},
    "AnalyticsConfigurations": [{"Id": "an", "StorageClassAnalysis": {}, "Prefix": "p"}],
    "IntelligentTieringConfigurations": [{"Id": "it", "Status": "Enabled", "Tierings": [
        {"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}],
    "InventoryConfigurations": [{"Id": "iv", "Enabled": True, "IncludedObjectVersions": "Current",
                                 "ScheduleFrequency": "Weekly", "Destination": {
                                     "BucketArn": {"Fn::GetAtt": "Logs.Arn"}, "Format": "CSV"}}],
    "MetricsConfigurations": [{"Id": "all"}],
    "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
    "Tags": [{"Key": "k", "Value": "v"}],
}


def test_a_bucket_lives_with_its_stack(weir, cfn):
    s3, sqs = weir.client("s3"), weir.client("sqs")
    stack = create(cfn, "storage", storage(**EVERYTHING))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "storage")
    told = outputs(stack)
    assert told["Arn"] == "arn:aws:s3:::st-data"
    assert told["Domain"] == "st-data.s3.us-east-1.amazonaws.com"
    site = urllib.parse.urlsplit(told["Site"])
    assert site.hostname == "st-data.s3-website.us-east-1.localhost" and site.port == weir.port
    named = {"Bucket": "st-data"}
    assert s3.get_bucket_versioning(**named)["Status"] == "Enabled"
    assert s3.get_bucket_ownership_controls(**named)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerPreferred"}]
    assert s3.get_public_access_block(**named)["PublicAccessBlockConfiguration"][
        "BlockPublicAcls"] is True
    assert s3.get_bucket_encryption(**named)["ServerSideEncryptionConfiguration"]["Rules"][0][
        "BucketKeyEnabled"] is True
    assert s3.get_bucket_cors(**named)["CORSRules"][0]["MaxAgeSeconds"] == 60
    rule = s3.get_bucket_lifecycle_configuration(**named)["Rules"][0]
    assert rule["Expiration"] == {"Days": 90} and rule["Filter"] == {"Prefix": "a/"}
    assert rule["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER"}]
    site = s3.get_bucket_website(**named)
    assert site["IndexDocument"] == {"Suffix": "index.html"}
    assert site["ErrorDocument"] == {"Key": "error.html"}
    assert s3.get_bucket_logging(**named)["LoggingEnabled"]["TargetBucket"] == "st-logs"
    told = s3.get_bucket_notification_configuration(**named)
    assert told["QueueConfigurations"][0]["Events"] == ["s3:ObjectCreated:*"]
    assert told["EventBridgeConfiguration"] == {}
    assert s3.get_bucket_replication(**named)["ReplicationConfiguration"]["Rules"][0]["ID"] == "r"
    assert s3.get_bucket_analytics_configuration(Id="an", **named)["AnalyticsConfiguration"][
        "Filter"] == {"Prefix": "p"}
    assert s3.list_bucket_intelligent_tiering_configurations(**named)[
        "IntelligentTieringConfigurationList"][0]["Id"] == "it"
    assert s3.get_bucket_inventory_configuration(Id="iv", **named)["InventoryConfiguration"][
        "Schedule"] == {"Frequency": "Weekly"}
    assert s3.get_bucket_metrics_configuration(Id="all", **named)["MetricsConfiguration"]
    assert s3.get_bucket_accelerate_configuration(**named)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(**named)["TagSet"] == [{"Key": "k", "Value": "v"}]
    assert "PutObjectAcl" in s3.get_bucket_policy(**named)["Policy"]

    s3.put_object(Key="in/one", Body=b"1", **named)
    url = ids(cfn, "storage")["Queue"]
    keys = []
    while "in/one" not in keys:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]:
            keys += [record["s3"]["object"]["key"]
                     for record in json.loads(message["Body"]).get("Records", [])]

    stack = update(cfn, "storage", storage(Tags=[{"Key": "k", "Value": "w"}]))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "storage")
    assert s3.get_bucket_versioning(**named)["Status"] == "Suspended"
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(**named)
    assert s3.get_bucket_tagging(**named)["TagSet"] == [{"Key": "k", "Value": "w"}]
    assert s3.get_object(Key="in/one", **named)["Body"].read() == b"1"

    stack = delete(cfn, "storage")  # it is not empty
    assert stack["StackStatus"] == "DELETE_FAILED"
    reasons = [reason for name, state, reason in events(cfn, stack["StackId"])
               if (name, state) == ("Data", "DELETE_FAILED")]
    assert "The bucket you tried to delete is not empty" in reasons[0]
    for name in ("st-data", "st-logs"):  # the other has the access log
        for version in s3.list_object_versions(Bucket=name).get("Versions", []):
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    again = delete(cfn, stack["StackId"])
    assert again["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])[-8:]
    assert s3.list_buckets()["Buckets"] == []


KEYS = [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]


def table(*indexes, **properties):
    return template({
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "tb-stream",
                                                                  "ShardCount": 1}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "TableName": "tb-table", "KeySchema": KEYS, "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("p", "s", *indexes)], **properties,
            **({"GlobalSecondaryIndexes": [
                {"IndexName": f"by-{name}", "Projection": {"ProjectionType": "ALL"},
                 "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}]} for name in indexes]}
               if indexes else {})}},
    }, Outputs={"Arn": {"Value": {"Fn::GetAtt": "Table.Arn"}}})


def test_a_table_keeps_its_items_through_updates(weir, cfn):
    ddb = weir.client("dynamodb")
    stack = create(cfn, "table", table(
        "g", BillingMode="PAY_PER_REQUEST", TableClass="STANDARD_INFREQUENT_ACCESS",
        StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
        TimeToLiveSpecification={"AttributeName": "e", "Enabled": True},
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        KinesisStreamSpecification={"StreamArn": {"Fn::GetAtt": "Stream.Arn"}},
        SSESpecification={"SSEEnabled": True}, Tags=[{"Key": "k", "Value": "v"}]))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "table")
    named = {"TableName": "tb-table"}
    about = ddb.describe_table(**named)["Table"]
    assert about["TableArn"] == outputs(stack)["Arn"]
    assert about["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert about["SSEDescription"]["Status"] == "ENABLED"
    assert ddb.describe_time_to_live(**named)["TimeToLiveDescription"]["AttributeName"] == "e"
    assert ddb.describe_kinesis_streaming_destination(**named)["KinesisDataStreamDestinations"][0][
        "DestinationStatus"] == "ACTIVE"
    ddb.put_item(Item={"p": {"S": "1"}, "s": {"S": "1"}, "h": {"S": "x"}}, **named)

    stack = update(cfn, "table", table("g", "h", BillingMode="PAY_PER_REQUEST"))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "table")
    about = ddb.describe_table(**named)["Table"]
    assert {one["IndexName"]: one["IndexStatus"] for one in about["GlobalSecondaryIndexes"]} == {
        "by-g": "ACTIVE", "by-h": "ACTIVE"}
    assert ddb.query(IndexName="by-h", KeyConditionExpression="h = :h",
                     ExpressionAttributeValues={":h": {"S": "x"}}, **named)["Count"] == 1
    assert "StreamSpecification" not in about

    stack = update(cfn, "table", table(BillingMode="PAY_PER_REQUEST"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack
    assert any("more than one GSI creation or deletion" in reason
               for _, _, reason in events(cfn, "table"))

    assert delete(cfn, "table")["StackStatus"] == "DELETE_COMPLETE"
    assert ddb.list_tables()["TableNames"] == []
