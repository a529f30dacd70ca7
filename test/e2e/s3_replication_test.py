# SPDX-License-Identifier: Apache-2.0
"""Replication between buckets: what is put there too, with which attributes and status, what is not,
what may be configured; and that object and replica are one entry.
"""
import json

import pytest
from s3_kit import bucket_name, make_bucket, refused
from weir_server import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/replicate"


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def rule(target, priority=1, markers="Disabled", prefix="", **more):
    destination = {"Bucket": f"arn:aws:s3:::{target}", **more.pop("destination", {})}
    return {"ID": f"r{priority}", "Priority": priority, "Status": "Enabled",
            "Filter": {"Prefix": prefix}, "DeleteMarkerReplication": {"Status": markers},
            "Destination": destination, **more}


def replicate(s3, bucket, *rules):
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": ROLE,
                                                                       "Rules": list(rules)})


@pytest.fixture
def pair(s3):
    return make_bucket(s3, "Enabled"), make_bucket(s3, "Enabled")


def head(s3, bucket, key, **more):
    return s3.head_object(Bucket=bucket, Key=key, **more)


def keys(s3, bucket):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


# ---- what goes along ----

@pytest.mark.parametrize("size", [0, 10, 20_000, 200_000])
def test_an_object_has_its_replica_at_once(s3, pair, size):
    source, target = pair
    replicate(s3, source, rule(target))
    put = s3.put_object(Bucket=source, Key="key", Body=b"x" * size, ContentType="text/x-own",
                        Metadata={"a": "b"}, Tagging="t=1")
    got = s3.get_object(Bucket=target, Key="key")
    assert got["Body"].read() == b"x" * size
    assert got["ReplicationStatus"] == "REPLICA"
    assert got["VersionId"] == put["VersionId"]
    assert got["ETag"] == put["ETag"]
    assert got["ContentType"] == "text/x-own"
    assert got["Metadata"] == {"a": "b"}
    assert s3.get_object_tagging(Bucket=target, Key="key")["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert head(s3, source, "key")["ReplicationStatus"] == "COMPLETED"
    assert head(s3, source, "key")["LastModified"] == got["LastModified"]
    s3.delete_object(Bucket=source, Key="key", VersionId=put["VersionId"])
    assert s3.get_object(Bucket=target, Key="key")["Body"].read() == b"x" * size


def test_copies_and_uploads_go_along(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target))
    upload = s3.create_multipart_upload(Bucket=source, Key="parts")["UploadId"]
    parts = [{"PartNumber": n, "ETag": s3.upload_part(
        Bucket=source, Key="parts", UploadId=upload, PartNumber=n, Body=b"y" * (5 << 20))["ETag"]}
        for n in (1, 2)]
    s3.complete_multipart_upload(Bucket=source, Key="parts", UploadId=upload,
                                 MultipartUpload={"Parts": parts})
    s3.copy_object(Bucket=source, Key="copy", CopySource=f"{source}/parts")
    assert keys(s3, target) == ["copy", "parts"]
    assert head(s3, target, "parts")["ETag"] == head(s3, source, "parts")["ETag"]
    assert len(s3.get_object(Bucket=target, Key="copy")["Body"].read()) == 10 << 20


def test_a_storage_class_can_be_chosen(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target, destination={"StorageClass": "GLACIER"}))
    s3.put_object(Bucket=source, Key="key", Body=b"x")
    assert head(s3, target, "key")["StorageClass"] == "GLACIER"
    assert "StorageClass" not in head(s3, source, "key")


def test_filters_choose_and_priorities_decide(s3, pair):
    source, target = pair
    other = make_bucket(s3, "Enabled")
    tagged = rule(other, 3)
    tagged["Filter"] = {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}]}}
    replicate(s3, source, rule(target, 1, prefix="a/"), tagged,
              rule(target, 2, prefix="a/b/", destination={"StorageClass": "STANDARD_IA"}))
    s3.put_object(Bucket=source, Key="a/1")
    s3.put_object(Bucket=source, Key="a/b/2", Tagging="k=v")
    s3.put_object(Bucket=source, Key="c/3")
    assert keys(s3, target) == ["a/1", "a/b/2"]
    assert keys(s3, other) == ["a/b/2"]
    assert head(s3, target, "a/b/2")["StorageClass"] == "STANDARD_IA"
    assert "StorageClass" not in head(s3, target, "a/1")
    assert "ReplicationStatus" not in head(s3, source, "c/3")


def test_markers_go_along_where_asked_and_deletions_never(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target, 1, "Enabled", "with/"), rule(target, 2, prefix="without/"))
    for key in ("with/1", "without/1"):
        version = s3.put_object(Bucket=source, Key=key)["VersionId"]
        s3.delete_object(Bucket=source, Key=key)
        s3.delete_object(Bucket=source, Key=key, VersionId=version)
    assert keys(s3, target) == ["without/1"]
    listed = s3.list_object_versions(Bucket=target)
    assert [m["Key"] for m in listed["DeleteMarkers"]] == ["with/1"]
    assert len(listed["Versions"]) == 2


def test_new_tags_go_to_the_replica(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target))
    s3.put_object(Bucket=source, Key="key")
    tags = [{"Key": "k", "Value": "v"}]
    s3.put_object_tagging(Bucket=source, Key="key", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=target, Key="key")["TagSet"] == tags
    assert head(s3, target, "key")["ReplicationStatus"] == "REPLICA"


def test_replicas_are_not_replicated_again(s3, pair):
    one, other = pair
    third = make_bucket(s3, "Enabled")
    replicate(s3, one, rule(other, markers="Enabled"))
    replicate(s3, other, rule(one, 1, "Enabled"), rule(third, 2, "Enabled"))
    s3.put_object(Bucket=one, Key="key", Body=b"x")
    s3.delete_object(Bucket=one, Key="key")
    assert len(s3.list_object_versions(Bucket=one)["Versions"]) == 1
    assert len(s3.list_object_versions(Bucket=one)["DeleteMarkers"]) == 1
    assert len(s3.list_object_versions(Bucket=other)["DeleteMarkers"]) == 1
    assert "Versions" not in s3.list_object_versions(Bucket=third)


def test_what_was_there_before_and_after_is_not_replicated(s3, pair):
    source, target = pair
    s3.put_object(Bucket=source, Key="before")
    replicate(s3, source, rule(target))
    s3.delete_bucket_replication(Bucket=source)
    refused("ReplicationConfigurationNotFoundError", 404, s3.get_bucket_replication, Bucket=source)
    s3.put_object(Bucket=source, Key="after")
    assert keys(s3, target) == []


def test_a_destination_that_is_gone_is_a_failure(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target))
    s3.delete_bucket(Bucket=target)
    s3.put_object(Bucket=source, Key="key")
    assert head(s3, source, "key")["ReplicationStatus"] == "FAILED"


def test_kms_objects_need_to_be_asked_for(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target))
    s3.put_object(Bucket=source, Key="no", ServerSideEncryption="aws:kms")
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/other"
    replicate(s3, source, rule(
        target, destination={"EncryptionConfiguration": {"ReplicaKmsKeyID": key}},
        SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}}))
    own = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
    s3.put_object(Bucket=source, Key="yes", ServerSideEncryption="aws:kms", SSEKMSKeyId=own)
    assert keys(s3, target) == ["yes"]
    assert head(s3, target, "yes")["SSEKMSKeyId"] == key
    assert head(s3, source, "yes")["SSEKMSKeyId"] == own


def test_the_destination_tells_of_its_replica(weir, s3, pair):
    source, target = pair
    sqs = weir.client("sqs")
    name = bucket_name()
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
                                                "Action": "sqs:SendMessage", "Resource": arn}]})})
    replicate(s3, source, rule(target))
    s3.put_bucket_notification_configuration(Bucket=target, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
    sqs.purge_queue(QueueUrl=url)
    version = s3.put_object(Bucket=source, Key="key")["VersionId"]
    message, = sqs.receive_message(QueueUrl=url)["Messages"]
    record, = json.loads(message["Body"])["Records"]
    assert record["s3"]["bucket"]["name"] == target
    assert record["s3"]["object"]["versionId"] == version


# ---- what may be put ----

def refused_rules(s3, bucket, text, *rules):
    answer = refused("InvalidRequest", 400, s3.put_bucket_replication, Bucket=bucket,
                     ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)})
    assert answer["Error"]["Message"] == text


def test_both_buckets_must_be_versioned(s3, pair):
    source, target = pair
    plain = make_bucket(s3)
    refused_rules(s3, plain, "Versioning must be 'Enabled' on the bucket to apply a replication "
                  "configuration", rule(target))
    refused_rules(s3, source, "Destination bucket must have versioning enabled.", rule(plain))
    refused_rules(s3, source, "Destination bucket must exist.", rule("not-there"))
    refused_rules(s3, source, "Destination bucket cannot be the same as the source bucket.",
                  rule(source))


def test_versioning_stays_while_it_is_replicated(s3, pair):
    source, target = pair
    replicate(s3, source, rule(target))
    answer = refused("InvalidBucketState", 409, s3.put_bucket_versioning, Bucket=source,
                     VersioningConfiguration={"Status": "Suspended"})
    assert "A replication configuration is present" in answer["Error"]["Message"]


def test_rules_with_filters_are_of_the_second_version(s3, pair):
    source, target = pair
    end = (" must be specified for this version of Cross Region Replication configuration schema. "
           "Please refer to S3 Developer Guide for more information.")
    for member in ("Priority", "DeleteMarkerReplication"):
        given = rule(target)
        del given[member]
        refused_rules(s3, source, member + end, given)
    tagged = rule(target, markers="Enabled")
    tagged["Filter"] = {"Tag": {"Key": "k", "Value": "v"}}
    refused_rules(s3, source, "Delete marker replication is not supported if any Tag filter is "
                  "specified. Please refer to S3 Developer Guide for more information.", tagged)


def test_the_first_version_is_taken_too(s3, pair):
    source, target = pair
    replicate(s3, source, {"ID": "old", "Prefix": "a/", "Status": "Enabled",
                           "Destination": {"Bucket": f"arn:aws:s3:::{target}"}})
    for key in ("a/1", "b/1"):
        s3.put_object(Bucket=source, Key=key)
    assert keys(s3, target) == ["a/1"]
    got = s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]
    assert got["Rules"][0]["Prefix"] == "a/"


def test_object_and_replica_survive_a_kill_together(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    source, target = make_bucket(s3, "Enabled"), make_bucket(s3, "Enabled")
    replicate(s3, source, rule(target))
    for number in range(10):
        s3.put_object(Bucket=source, Key=str(number), Body=b"z" * (number * 20_000))
    weir.restart(hard=True)
    s3 = weir.client("s3")
    for number in range(10):
        s3.delete_object(Bucket=source, Key=str(number),
                         VersionId=head(s3, source, str(number))["VersionId"])
        assert s3.get_object(Bucket=target, Key=str(number))["Body"].read() == \
            b"z" * (number * 20_000)
    weir.stop()
    assert weir.fsck().returncode == 0
