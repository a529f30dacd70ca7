# SPDX-License-Identifier: Apache-2.0
"""What a bucket tells queues and topics: the record field by field, each kind of event, which rules
match, what may be configured, and the test event.
"""
import datetime
import hashlib
import json
import re

import pytest
from botocore.exceptions import ClientError
from s3_kit import bucket_name, make_bucket, refused
from weir_server import ACCOUNT, REGION, WeirServer, shared

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UNABLE = "Unable to validate the following destination configurations"


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer(clock="2026-11-23T12:00:00Z"))


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


@pytest.fixture(scope="module")
def sns(weir):
    return weir.client("sns")


class Queue:
    """One that takes from everybody."""

    def __init__(self, sqs, **attributes):
        name = bucket_name() + attributes.pop("suffix", "")
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
             "Resource": self.arn}]}
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})

    def bodies(self):
        bodies = []
        while got := self.sqs.receive_message(QueueUrl=self.url,
                                              MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                bodies.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def records(self):
        return [record for body in self.bodies() for record in body.get("Records", [])]


def rule(queue, *events, prefix=None, suffix=None, **more):
    filters = [{"Name": name, "Value": value} for name, value in (("prefix", prefix),
                                                                  ("suffix", suffix)) if value]
    if filters:
        more["Filter"] = {"Key": {"FilterRules": filters}}
    return {"QueueArn": queue.arn, "Events": list(events), **more}


def notify(s3, bucket, *rules, **more):
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": list(rules)}, **more)


@pytest.fixture
def told(s3, sqs):
    """A versioned bucket that tells a queue everything, and the queue."""
    bucket, queue = make_bucket(s3, "Enabled"), Queue(sqs)
    notify(s3, bucket, rule(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*",
                            "s3:ObjectAcl:Put", "s3:ObjectRestore:*", Id="everything"))
    queue.bodies()
    return bucket, queue


def refused_rules(s3, bucket, text, configuration, **more):
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration, **more)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidArgument"
    assert error["Message"] == text
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    return error


# ---- the record ----

def test_the_record_of_a_put(s3, told):
    bucket, queue = told
    put = s3.put_object(Bucket=bucket, Key="a b/ü+%.txt", Body=b"hello")
    record, = queue.records()
    sequencer = record["s3"]["object"].pop("sequencer")
    assert re.fullmatch("[0-9A-F]{18}", sequencer)
    meta = put["ResponseMetadata"]
    assert record == {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
        "eventTime": record["eventTime"], "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": f"AWS:{ACCOUNT}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": meta["RequestId"],
                             "x-amz-id-2": record["responseElements"]["x-amz-id-2"]},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "everything",
               "bucket": {"name": bucket, "ownerIdentity": {"principalId": ACCOUNT},
                          "arn": f"arn:aws:s3:::{bucket}"},
               "object": {"key": "a+b/%C3%BC%2B%25.txt", "size": 5,
                          "eTag": put["ETag"].strip('"'), "versionId": put["VersionId"]}}}
    assert re.fullmatch(STAMP, record["eventTime"])


def test_its_fields_are_in_the_order_of_the_documentation(s3, told, sqs):
    bucket, queue = told
    s3.put_object(Bucket=bucket, Key="key", Body=b"hello")
    text = sqs.receive_message(QueueUrl=queue.url)["Messages"][0]["Body"]
    names = ["Records", "eventVersion", "eventSource", "awsRegion", "eventTime", "eventName",
             "userIdentity", "requestParameters", "responseElements", "s3SchemaVersion",
             "configurationId", "bucket", "ownerIdentity", "arn", "object", "key", "size", "eTag",
             "versionId", "sequencer"]
    places = [text.index(f'"{name}"') for name in names]
    assert places == sorted(places)
    assert ": " not in text


def test_an_unversioned_bucket_tells_no_version(s3, sqs):
    bucket, queue = make_bucket(s3), Queue(sqs)
    notify(s3, bucket, rule(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*"))
    s3.put_object(Bucket=bucket, Key="key")
    s3.delete_object(Bucket=bucket, Key="key")
    put, deleted = queue.records()
    assert set(put["s3"]["object"]) == {"key", "size", "eTag", "sequencer"}
    assert deleted["eventName"] == "ObjectRemoved:Delete"
    assert set(deleted["s3"]["object"]) == {"key", "sequencer"}


def test_every_change_has_its_event(weir, s3, told):
    bucket, queue = told
    first = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["VersionId"]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/key")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"1")
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="key")
    s3.delete_object(Bucket=bucket, Key="key")
    s3.delete_object(Bucket=bucket, Key="key", VersionId=first)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}, {"Key": "parts"}]})
    records = queue.records()
    assert [(r["eventName"], r["s3"]["object"]["key"], r["eventVersion"]) for r in records] == [
        ("ObjectCreated:Put", "key", "2.1"), ("ObjectCreated:Copy", "copy", "2.1"),
        ("ObjectCreated:CompleteMultipartUpload", "parts", "2.1"),
        ("ObjectTagging:Put", "key", "2.3"), ("ObjectTagging:Delete", "key", "2.3"),
        ("ObjectRemoved:DeleteMarkerCreated", "key", "2.1"),
        ("ObjectRemoved:Delete", "key", "2.1"),
        ("ObjectRemoved:DeleteMarkerCreated", "copy", "2.1"),
        ("ObjectRemoved:DeleteMarkerCreated", "parts", "2.1")]
    sequencers = [r["s3"]["object"]["sequencer"] for r in records
                  if r["s3"]["object"]["key"] == "key"]
    assert sequencers == sorted(sequencers)
    assert len(set(sequencers)) == len(sequencers)


def test_a_new_acl_is_told(s3, sqs):
    bucket, queue = bucket_name(), Queue(sqs)
    s3.create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    notify(s3, bucket, rule(queue, "s3:ObjectAcl:Put"))
    s3.put_object(Bucket=bucket, Key="key")
    s3.put_object_acl(Bucket=bucket, Key="key", ACL="public-read")
    assert [r["eventName"] for r in queue.records()] == ["ObjectAcl:Put"]


def test_a_new_retention_is_told(s3, sqs):
    bucket, queue = bucket_name(), Queue(sqs)
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    notify(s3, bucket, rule(queue, "s3:ObjectRetention:Put"))
    s3.put_object(Bucket=bucket, Key="key")
    until = datetime.datetime(2031, 1, 1, tzinfo=datetime.timezone.utc)
    s3.put_object_retention(Bucket=bucket, Key="key", Retention={"Mode": "GOVERNANCE",
                                                                 "RetainUntilDate": until})
    assert [r["eventName"] for r in queue.records()] == ["ObjectRetention:Put"]


def test_restores_are_told(weir, s3, told):
    bucket, queue = told
    s3.put_object(Bucket=bucket, Key="key", StorageClass="GLACIER")
    s3.restore_object(Bucket=bucket, Key="key", RestoreRequest={"Days": 1})
    weir.advance("6h")
    done = s3.head_object(Bucket=bucket, Key="key")["Restore"]
    weir.advance("3d")
    records = [r for r in queue.records() if r["eventName"].startswith("ObjectRestore")]
    assert [(r["eventName"], r["eventVersion"]) for r in records] == [
        ("ObjectRestore:Post", "2.1"), ("ObjectRestore:Completed", "2.1"),
        ("ObjectRestore:Delete", "2.3")]
    assert [("glacierEventData" in r) for r in records] == [False, True, False]
    told = records[1]["glacierEventData"]["restoreEventData"]
    assert told["lifecycleRestoreStorageClass"] == "GLACIER"
    at = datetime.datetime.strptime(told["lifecycleRestorationExpiryTime"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert f"{at:%a, %d %b %Y %H:%M:%S GMT}" in done
    assert records[1]["userIdentity"] == {"principalId": "s3.amazonaws.com"}


# ---- which rules match ----

def test_prefix_and_suffix_choose(s3, sqs):
    bucket, jpg, png = make_bucket(s3), Queue(sqs), Queue(sqs)
    notify(s3, bucket, rule(jpg, "s3:ObjectCreated:*", prefix="in/", suffix=".jpg"),
           rule(png, "s3:ObjectCreated:*", prefix="in/", suffix=".png"))
    for key in ("in/a.jpg", "in/a.png", "out/a.jpg", "in/a.gif"):
        s3.put_object(Bucket=bucket, Key=key)
    assert [r["s3"]["object"]["key"] for r in jpg.records()] == ["in/a.jpg"]
    assert [r["s3"]["object"]["key"] for r in png.records()] == ["in/a.png"]


def test_two_rules_tell_their_own_events(s3, sqs):
    bucket, made, gone = make_bucket(s3), Queue(sqs), Queue(sqs)
    notify(s3, bucket, rule(made, "s3:ObjectCreated:Copy"), rule(gone, "s3:ObjectRemoved:Delete"))
    s3.put_object(Bucket=bucket, Key="key")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/key")
    s3.delete_object(Bucket=bucket, Key="key")
    assert [r["s3"]["object"]["key"] for r in made.records()] == ["copy"]
    assert [r["s3"]["object"]["key"] for r in gone.records()] == ["key"]


def test_a_topic_passes_it_on(s3, sns, sqs):
    bucket, queue = make_bucket(s3), Queue(sqs)
    topic = sns.create_topic(Name=bucket_name())["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
                                                 "Action": "sns:Publish", "Resource": topic}]}))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]})
    s3.put_object(Bucket=bucket, Key="key", Body=b"hello")
    test, envelope = queue.bodies()
    assert json.loads(test["Message"])["Event"] == "s3:TestEvent"
    assert envelope["Subject"] == "Amazon S3 Notification"
    record, = json.loads(envelope["Message"])["Records"]
    assert record["s3"]["object"]["key"] == "key"


# ---- the test event ----

def test_new_destinations_hear_a_test_event_once(s3, sqs):
    bucket, first, second = make_bucket(s3), Queue(sqs), Queue(sqs)
    notify(s3, bucket, rule(first, "s3:ObjectCreated:Put"), rule(first, "s3:ObjectCreated:Copy"))
    event, = first.bodies()
    assert list(event) == ["Service", "Event", "Time", "Bucket", "RequestId", "HostId"]
    assert event["Service"] == "Amazon S3"
    assert event["Event"] == "s3:TestEvent"
    assert event["Bucket"] == bucket
    assert re.fullmatch(STAMP, event["Time"])
    notify(s3, bucket, rule(first, "s3:ObjectCreated:Put"), rule(second, "s3:ObjectRemoved:*"))
    assert first.bodies() == []
    assert [body["Event"] for body in second.bodies()] == ["s3:TestEvent"]


# ---- what may be put ----

def test_rules_are_given_back_and_taken_away(s3, sqs):
    bucket, queue = make_bucket(s3), Queue(sqs)
    notify(s3, bucket, rule(queue, "s3:ObjectCreated:*", prefix="a", Id="mine"),
           rule(queue, "s3:ObjectRemoved:*"))
    first, second = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert first["Id"] == "mine"
    assert first["QueueArn"] == queue.arn
    assert len(second["Id"]) == 36
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    queue.bodies()
    s3.put_object(Bucket=bucket, Key="key")
    assert queue.bodies() == []


def test_a_destination_must_be_there(s3):
    bucket = make_bucket(s3)
    missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing"
    configuration = {"QueueConfigurations": [{"QueueArn": missing,
                                              "Events": ["s3:ObjectCreated:*"]}]}
    error = refused_rules(s3, bucket, UNABLE, configuration)
    assert error["ArgumentName1"] == missing
    assert error["ArgumentValue1"] == "The destination queue does not exist"
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True)
    s3.put_object(Bucket=bucket, Key="key")  # nobody hears it, nothing breaks


def test_fifo_queues_are_no_destination(s3, sqs):
    queue = Queue(sqs, suffix=".fifo", FifoQueue="true")
    refused_rules(s3, make_bucket(s3), UNABLE,
                  {"QueueConfigurations": [rule(queue, "s3:ObjectCreated:*")]})


@pytest.mark.parametrize("arn, text", [
    ("nonsense", "The ARN could not be parsed"),
    (f"arn:aws:sns:{REGION}:{ACCOUNT}:topic", "The ARN is not well formed"),
    (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue", "The notification destination service region is not "
     "valid for the bucket location constraint"),
])
def test_an_arn_must_fit(s3, arn, text):
    refused_rules(s3, make_bucket(s3), text, {"QueueConfigurations": [
        {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})


@pytest.mark.parametrize("one, other", [
    ({}, {}),
    ({"prefix": "a"}, {"prefix": "ab"}),
    ({"prefix": "a", "suffix": "z"}, {"prefix": "ab", "suffix": "yz"}),
    ({"suffix": ".jpg"}, {"prefix": "images"}),
])
def test_rules_may_not_overlap(s3, sqs, one, other):
    queue = Queue(sqs)
    text = ("Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if "
            "the prefixes are overlapping for the same event type.") if one or other else \
        ("Configurations overlap. Configurations on the same bucket cannot share a common event "
         "type.")
    refused_rules(s3, make_bucket(s3), text, {"QueueConfigurations": [
        rule(queue, "s3:ObjectCreated:*", **one), rule(queue, "s3:ObjectCreated:Put", **other)]})


def test_rules_that_cannot_meet_are_fine(s3, sqs):
    bucket, queue = make_bucket(s3), Queue(sqs)
    notify(s3, bucket, rule(queue, "s3:ObjectCreated:*", prefix="a", suffix=".jpg"),
           rule(queue, "s3:ObjectCreated:*", prefix="a", suffix=".png"),
           rule(queue, "s3:ObjectCreated:*", prefix="b", suffix=".jpg"),
           rule(queue, "s3:ObjectRemoved:*", prefix="a", suffix=".jpg"))


def test_ids_filters_and_events_are_checked(s3, sqs):
    bucket, queue = make_bucket(s3), Queue(sqs)
    refused_rules(s3, bucket, "Same ID used for multiple configurations. IDs must be unique",
                  {"QueueConfigurations": [rule(queue, "s3:ObjectCreated:*", Id="a"),
                                           rule(queue, "s3:ObjectRemoved:*", Id="a")]})
    bad = rule(queue, "s3:ObjectCreated:*")
    bad["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"},
                                             {"Name": "prefix", "Value": "y"}]}}
    refused_rules(s3, bucket, "Cannot specify more than one prefix rule in a filter.",
                  {"QueueConfigurations": [bad]})
    for wrong in ({"Filter": {"Key": {"FilterRules": [{"Name": "middle", "Value": "x"}]}}},
                  {"Events": ["s3:ObjectPainted:*"]}, {"Events": []}):
        refused("MalformedXML", 400, s3.put_bucket_notification_configuration, Bucket=bucket,
                NotificationConfiguration={"QueueConfigurations": [
                    {**rule(queue, "s3:ObjectCreated:*"), **wrong}]})


# ---- EventBridge ----

def bridged(weir, bucket):
    """A queue that a rule of the default bus sends the bucket's events to."""
    events, queue = weir.client("events"), Queue(weir.client("sqs"))
    name = f"of-{bucket}"
    events.put_rule(Name=name, EventPattern=json.dumps(
        {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": queue.arn}])
    return queue


def test_event_bridge_hears_of_every_change(weir, s3):
    bucket = make_bucket(s3)
    queue = bridged(weir, bucket)
    s3.put_object(Bucket=bucket, Key="before")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a b+c", Body=b"12345")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b+c"})
    s3.put_object_tagging(Bucket=bucket, Key="copy", Tagging={"TagSet": [
        {"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="copy")
    s3.delete_object(Bucket=bucket, Key="copy")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="a b+c")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="a b+c", VersionId=marker)
    got = queue.bodies()
    assert [(e["detail-type"], e["detail"].get("reason"), e["detail"].get("deletion-type"))
            for e in got] == [
        ("Object Created", "PutObject", None), ("Object Created", "CopyObject", None),
        ("Object Tags Added", None, None), ("Object Tags Deleted", None, None),
        ("Object Deleted", "DeleteObject", "Permanently Deleted"),
        ("Object Deleted", "DeleteObject", "Delete Marker Created"),
        ("Object Deleted", "DeleteObject", "Permanently Deleted")]
    first = got[0]
    assert list(first) == ["version", "id", "detail-type", "source", "account", "time", "region",
                           "resources", "detail"]
    assert first["resources"] == [f"arn:aws:s3:::{bucket}"] and first["source"] == "aws.s3"
    detail = first["detail"]
    sequencer, request = detail["object"].pop("sequencer"), detail.pop("request-id")
    assert int(sequencer, 16) and request
    assert detail == {
        "version": "0", "bucket": {"name": bucket},
        "object": {"key": "a b+c", "size": 5, "etag": hashlib.md5(b"12345").hexdigest()},
        "requester": first["account"], "source-ip-address": "127.0.0.1", "reason": "PutObject"}
    assert got[5]["detail"]["object"]["version-id"] == marker
    assert got[5]["detail"]["object"]["etag"] == "d41d8cd98f00b204e9800998ecf8427e"
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="after")
    assert queue.bodies() == []


# ---- durable with the object ----

def test_what_was_told_survives_a_kill(fresh):
    weir = fresh()
    s3, sqs = weir.client("s3"), weir.client("sqs")
    bucket, queue = make_bucket(s3), Queue(sqs)
    notify(s3, bucket, rule(queue, "s3:ObjectCreated:*"))
    for number in range(20):
        s3.put_object(Bucket=bucket, Key=str(number))
    weir.restart(hard=True)
    queue.sqs = weir.client("sqs")
    assert {r["s3"]["object"]["key"] for r in queue.records()} == {str(n) for n in range(20)}
