# SPDX-License-Identifier: Apache-2.0
"""Delivery streams themselves: create, describe, list, update, encrypt, tag, delete; every refusal."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from firehose_kit import ROLE, Kit, processors, stream_arn
from weir_server import ACCOUNT, REGION

CLI = Path(sys.executable).with_name("aws")


@pytest.fixture
def kit(weir, name):
    return Kit(weir, f"bucket-{name}")


def about(kit, name):
    return kit.firehose.describe_delivery_stream(DeliveryStreamName=name)[
        "DeliveryStreamDescription"]


def test_create_and_describe(kit, name):
    answer = kit.firehose.create_delivery_stream(
        DeliveryStreamName=name, DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration={"RoleARN": ROLE,
                                            "BucketARN": f"arn:aws:s3:::{kit.bucket}"})
    assert answer["DeliveryStreamARN"] == stream_arn(name)
    told = about(kit, name)
    assert told["DeliveryStreamStatus"] == "ACTIVE"
    assert told["DeliveryStreamType"] == "DirectPut"
    assert told["VersionId"] == "1"
    assert told["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}
    assert told["HasMoreDestinations"] is False
    (destination,) = told["Destinations"]
    plain = {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{kit.bucket}",
             "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
             "CompressionFormat": "UNCOMPRESSED",
             "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
             "CloudWatchLoggingOptions": {"Enabled": False}}
    assert destination == {
        "DestinationId": "destinationId-000000000001", "S3DestinationDescription": plain,
        "ExtendedS3DestinationDescription": {
            **plain, "ProcessingConfiguration": {"Enabled": False, "Processors": []},
            "S3BackupMode": "Disabled", "DataFormatConversionConfiguration": {"Enabled": False}}}


def test_names_are_taken_once_and_found(kit, name, refused):
    kit.create(name)
    assert name in refused("ResourceInUseException", kit.create, name)
    for call, more in ((kit.firehose.describe_delivery_stream, {}),
                       (kit.firehose.delete_delivery_stream, {}),
                       (kit.firehose.put_record, {"Record": {"Data": b"x"}}),
                       (kit.firehose.list_tags_for_delivery_stream, {})):
        assert refused("ResourceNotFoundException", call, DeliveryStreamName="nobody", **more) == (
            f"Firehose nobody under account {ACCOUNT} not found.")
    kit.firehose.delete_delivery_stream(DeliveryStreamName=name)
    refused("ResourceNotFoundException", kit.firehose.describe_delivery_stream,
            DeliveryStreamName=name)
    kit.create(name)


def test_list(fresh):
    kit = Kit(fresh(), "bucket")
    for i in range(12):
        kit.create(f"s{i:02}")
    first = kit.firehose.list_delivery_streams()
    assert first["DeliveryStreamNames"] == [f"s{i:02}" for i in range(10)]
    assert first["HasMoreDeliveryStreams"] is True
    rest = kit.firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="s09", Limit=2)
    assert rest["DeliveryStreamNames"] == ["s10", "s11"]
    assert rest["HasMoreDeliveryStreams"] is False
    none = kit.firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")
    assert none["DeliveryStreamNames"] == []


def test_update_goes_over_what_was(kit, name, refused):
    kit.create(name, 300, 5, Prefix="p/")
    update = dict(DeliveryStreamName=name, DestinationId="destinationId-000000000001")
    kit.firehose.update_destination(**update, CurrentDeliveryStreamVersionId="1",
                                    ExtendedS3DestinationUpdate={"CompressionFormat": "GZIP"})
    told = about(kit, name)
    assert told["VersionId"] == "2" and "LastUpdateTimestamp" in told
    destination = told["Destinations"][0]
    assert destination["ExtendedS3DestinationDescription"]["CompressionFormat"] == "GZIP"
    assert destination["S3DestinationDescription"]["CompressionFormat"] == "GZIP"
    assert destination["S3DestinationDescription"]["Prefix"] == "p/"
    message = refused("ConcurrentModificationException", kit.firehose.update_destination, **update,
                      CurrentDeliveryStreamVersionId="1",
                      ExtendedS3DestinationUpdate={"CompressionFormat": "ZIP"})
    assert "current version id: 2 and specified version id: 1" in message
    refused("InvalidArgumentException", kit.firehose.update_destination, DeliveryStreamName=name,
            DestinationId="destinationId-000000000002", CurrentDeliveryStreamVersionId="2",
            ExtendedS3DestinationUpdate={"CompressionFormat": "ZIP"})
    kit.firehose.update_destination(
        **update, CurrentDeliveryStreamVersionId="2",
        ExtendedS3DestinationUpdate={"BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1}})
    kit.put(name, "x")
    (key,) = kit.objects(prefix="p/")
    assert f"/{name}-3-" in key


def test_encryption(kit, name, refused):
    kit.create(name)
    assert kit.firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})[
        "Encrypted"] is False
    kit.firehose.start_delivery_stream_encryption(DeliveryStreamName=name)
    assert about(kit, name)["DeliveryStreamEncryptionConfiguration"] == {
        "KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}
    assert kit.put(name, "x")["Encrypted"] is True
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    kit.firehose.start_delivery_stream_encryption(
        DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput={
            "KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key})
    assert about(kit, name)["DeliveryStreamEncryptionConfiguration"] == {
        "KeyARN": key, "KeyType": "CUSTOMER_MANAGED_CMK", "Status": "ENABLED"}
    refused("InvalidArgumentException", kit.firehose.start_delivery_stream_encryption,
            DeliveryStreamName=name,
            DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK"})
    kit.firehose.stop_delivery_stream_encryption(DeliveryStreamName=name)
    assert about(kit, name)["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}


def test_tags(kit, name, refused):
    kit.create(name, stream={"Tags": [{"Key": "b", "Value": "1"}, {"Key": "a"}]})
    listed = kit.firehose.list_tags_for_delivery_stream
    assert listed(DeliveryStreamName=name)["Tags"] == [{"Key": "a"}, {"Key": "b", "Value": "1"}]
    kit.firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=[
        {"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}])
    page = listed(DeliveryStreamName=name, Limit=1, ExclusiveStartTagKey="a")
    assert page["Tags"] == [{"Key": "b", "Value": "2"}] and page["HasMoreTags"] is True
    kit.firehose.untag_delivery_stream(DeliveryStreamName=name, TagKeys=["b", "nothing"])
    assert [t["Key"] for t in listed(DeliveryStreamName=name)["Tags"]] == ["a", "c"]
    refused("LimitExceededException", kit.firehose.tag_delivery_stream, DeliveryStreamName=name,
            Tags=[{"Key": f"k{i}", "Value": "v"} for i in range(49)])


def test_records_and_their_limits(kit, name, refused):
    kit.create(name)
    first = kit.firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x" * 1_024_000})
    second = kit.firehose.put_record(DeliveryStreamName=name, Record={"Data": b""})
    assert first["RecordId"] != second["RecordId"] and len(first["RecordId"]) > 200
    refused("ValidationException", kit.firehose.put_record, DeliveryStreamName=name,
            Record={"Data": b"x" * 1_024_001})
    refused("ValidationException", kit.firehose.put_record_batch, DeliveryStreamName=name,
            Records=[{"Data": b"x"}] * 501)
    message = refused("InvalidArgumentException", kit.firehose.put_record_batch,
                      DeliveryStreamName=name, Records=[{"Data": b"x" * 1_000_000}] * 5)
    assert message == "Records size exceeds 4 MB limit"


def test_rates_hold_when_asked_for(fresh):
    weir = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    kit = Kit(weir, "bucket")
    kit.create("s")
    kit.put("s", *[b"x" * 1_000_000] * 4)
    answer = kit.firehose.put_record_batch(DeliveryStreamName="s",
                                           Records=[{"Data": b"x" * 1_000_000}] * 2)
    assert answer["FailedPutCount"] == 1
    assert answer["RequestResponses"][1] == {"ErrorCode": "ServiceUnavailableException",
                                             "ErrorMessage": "Slow down."}
    with pytest.raises(ClientError) as caught:
        kit.firehose.put_record(DeliveryStreamName="s", Record={"Data": b"x" * 1_000_000})
    assert caught.value.response["Error"] == {"Code": "ServiceUnavailableException",
                                              "Message": "Slow down."}
    weir.advance("1s")
    kit.put("s", b"x" * 1_000_000)


WRONG = [
    ({"Prefix": "!{timestamp:yyyy}/"}, "ErrorOutputPrefix"),
    ({"Prefix": "!{timestamp:yyyy}/", "ErrorOutputPrefix": "!{timestamp:yyyy}/"},
     "error-output-type"),
    ({"Prefix": "!{firehose:error-output-type}/", "ErrorOutputPrefix": "e/"}, "Prefix"),
    ({"Prefix": "!{timestamp:bb}/", "ErrorOutputPrefix": "e/"}, "bb"),
    ({"Prefix": "!{nothing:x}/", "ErrorOutputPrefix": "e/"}, "nothing"),
    ({"Prefix": "!{timestamp:yyyy", "ErrorOutputPrefix": "e/"}, "expression"),
    ({"Prefix": "!{partitionKeyFromQuery:x}/", "ErrorOutputPrefix": "e/"}, "partition"),
    ({"CustomTimeZone": "Mars/Olympus"}, "Mars/Olympus"),
    ({"S3BackupMode": "Enabled"}, "S3BackupConfiguration"),
    ({"ProcessingConfiguration": processors(("Lambda", {"LambdaArn": "nothing"}))}, "Lambda"),
    ({"ProcessingConfiguration": processors(("RecordDeAggregation", {"SubRecordType": "XML"}))},
     "SubRecordType"),
    ({"ProcessingConfiguration": processors(("MetadataExtraction", {
        "MetadataExtractionQuery": "{a: .[]}"}))}, "MetadataExtractionQuery"),
    ({"ProcessingConfiguration": processors(("MetadataExtraction", {
        "MetadataExtractionQuery": "{a: input}"}))}, "input/0 is not supported"),
]


@pytest.mark.parametrize("more,word", WRONG)
def test_what_is_wrong_is_refused(kit, name, refused, more, word):
    assert word in refused("InvalidArgumentException", kit.create, name, **more)
    refused("ResourceNotFoundException", kit.firehose.describe_delivery_stream,
            DeliveryStreamName=name)


ABSENT = [
    ({"RedshiftDestinationConfiguration": {
        "RoleARN": ROLE, "ClusterJDBCURL": "jdbc:redshift://x.y.us-east-1.redshift.amazonaws.com:5439/d",
        "CopyCommand": {"DataTableName": "t"},
        "S3Configuration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"}}}, "Redshift"),
    ({"ExtendedS3DestinationConfiguration": {
        "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b",
        "DataFormatConversionConfiguration": {"Enabled": True}}}, "Parquet"),
    ({"MSKSourceConfiguration": {
        "MSKClusterARN": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/x/y", "TopicName": "t",
        "AuthenticationConfiguration": {"RoleARN": ROLE, "Connectivity": "PRIVATE"}},
      "S3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"}}, "MSK"),
]


@pytest.mark.parametrize("more,word", ABSENT)
def test_what_is_not_there_says_so(kit, name, more, word):
    with pytest.raises(ClientError) as caught:
        kit.firehose.create_delivery_stream(DeliveryStreamName=name, **more)
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert word in caught.value.response["Error"]["Message"]


def test_one_destination_and_no_other(kit, name, refused):
    refused("InvalidArgumentException", kit.firehose.create_delivery_stream,
            DeliveryStreamName=name)
    refused("InvalidArgumentException", kit.firehose.create_delivery_stream,
            DeliveryStreamName=name, S3DestinationConfiguration=kit.destination(),
            ExtendedS3DestinationConfiguration=kit.destination())


@pytest.mark.skipif(not os.access(CLI, os.X_OK), reason="no AWS CLI beside this Python")
def test_the_command_line_does_it_all(kit, weir, name):
    def aws(*words):
        done = subprocess.run([str(CLI), "firehose", *words],
                              env=weir.environment(), capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    made = aws("create-delivery-stream", "--delivery-stream-name", name,
               "--extended-s3-destination-configuration",
               f"RoleARN={ROLE},BucketARN=arn:aws:s3:::{kit.bucket},Prefix=cli/,"
               "BufferingHints={SizeInMBs=1,IntervalInSeconds=0}")
    assert made == {"DeliveryStreamARN": stream_arn(name)}
    assert aws("put-record", "--delivery-stream-name", name, "--record",
               'Data="aGVsbG8="')["Encrypted"] is False
    assert list(kit.objects(prefix="cli/").values()) in ([b"hello"], [b"aGVsbG8="])
    assert name in aws("list-delivery-streams", "--limit", "10000")["DeliveryStreamNames"]
    aws("delete-delivery-stream", "--delivery-stream-name", name)
