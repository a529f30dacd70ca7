# SPDX-License-Identifier: Apache-2.0
"""Lifecycle on a stopped clock: what rules may say, what objects are told of them, and what happens
at midnight: expiration, older versions, markers, other storage classes, uploads left behind. A
bucket larger than one step is walked through to its end, also when the server is killed meanwhile.
"""
import datetime
import json
import time

import pytest
from s3_kit import bucket_name, keys, make_bucket, refused
from weir_server import ACCOUNT, REGION, WeirServer, shared

NOON = "2026-11-23T12:00:00Z"
EVERYTHING = {"Prefix": ""}
MIB = 1 << 20


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer(clock=NOON))


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def rule(**more):
    return {"ID": "rule", "Status": "Enabled", "Filter": EVERYTHING, **more}


def put_rules(s3, bucket, *rules, **more):
    return s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}, **more)


def put(s3, bucket, key, body=b"x", **more):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def versions(s3, bucket):
    answer = s3.list_object_versions(Bucket=bucket)
    return ([(v["Key"], v["VersionId"]) for v in answer.get("Versions", [])],
            [(m["Key"], m["VersionId"]) for m in answer.get("DeleteMarkers", [])])


def storage(s3, bucket, key, **more):
    return s3.head_object(Bucket=bucket, Key=key, **more).get("StorageClass", "STANDARD")


# ---- what may be put ----

@pytest.mark.parametrize("code, text, given", [
    ("InvalidRequest", "At least one action needs to be specified in a rule.", {}),
    ("InvalidArgument", "'Days' for Expiration action must be a positive integer",
     {"Expiration": {"Days": 0}}),
    ("MalformedXML", None, {"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}),
    ("InvalidArgument", "'Date' must be at midnight GMT",
     {"Expiration": {"Date": datetime.datetime(2027, 1, 1, 5)}}),
    ("InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for "
     "storageClass 'STANDARD_IA'", {"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}),
    ("InvalidArgument", "'Days' in the Expiration action for filter '(prefix=)' must be greater than "
     "'Days' in the Transition action",
     {"Expiration": {"Days": 30}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}),
    ("InvalidRequest", "'StorageClass' must be different for 'Transition' actions in same 'Rule' with "
     "filter '(prefix=)'", {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"},
                                            {"Days": 2, "StorageClass": "GLACIER"}]}),
    ("InvalidArgument", "'Days' in the Transition action for StorageClass 'DEEP_ARCHIVE' for filter "
     "'(prefix=)' must be greater than 'Days' in the Transition action for StorageClass 'GLACIER' "
     "for filter '(prefix=)'", {"Transitions": [{"Days": 5, "StorageClass": "DEEP_ARCHIVE"},
                                                {"Days": 9, "StorageClass": "GLACIER"}]}),
    ("InvalidRequest", "Found mixed 'Date' and 'Days' based Expiration and Transition actions in "
     "lifecycle rule for filter '(prefix=)'",
     {"Expiration": {"Date": datetime.datetime(2027, 1, 1)},
      "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}),
    ("InvalidArgument", "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive "
     "integer", {"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}),
    ("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.",
     {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
      "Filter": {"Tag": {"Key": "a", "Value": "b"}}}),
    ("MalformedXML", None, {"Expiration": {"Days": 1}, "Filter": {"And": {"Prefix": "a"}}}),
])
def test_a_rule_that_cannot_be_is_refused(s3, code, text, given):
    bucket = make_bucket(s3)
    with pytest.raises(s3.exceptions.ClientError) as caught:
        put_rules(s3, bucket, rule(**given))
    answer = caught.value.response["Error"]
    assert answer["Code"] == code
    assert text is None or answer["Message"] == text
    refused("NoSuchLifecycleConfiguration", 404, s3.get_bucket_lifecycle_configuration,
            Bucket=bucket)


def test_rules_are_given_back_and_ids_made_up(s3):
    bucket = make_bucket(s3)
    first = rule(Expiration={"Days": 3})
    second = {"Status": "Disabled", "Filter": {"And": {
        "Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 5}},
        "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}]}
    answer = put_rules(s3, bucket, first, second,
                       TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    assert answer["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert answer["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    assert answer["Rules"][0] == first
    made = answer["Rules"][1].pop("ID")
    assert len(made) == 36
    assert answer["Rules"][1] == second
    put_rules(s3, bucket, first)
    assert s3.get_bucket_lifecycle_configuration(
        Bucket=bucket)["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", 404, s3.get_bucket_lifecycle_configuration,
            Bucket=bucket)


def test_ids_are_unique(s3):
    bucket = make_bucket(s3)
    with pytest.raises(s3.exceptions.ClientError) as caught:
        put_rules(s3, bucket, rule(Expiration={"Days": 1}), rule(Expiration={"Days": 2}))
    assert caught.value.response["Error"]["Message"] == \
        "Rule ID must be unique. Found same ID for more than one rule"


def test_the_old_form_with_a_prefix_in_the_rule(weir, s3):
    bucket = make_bucket(s3)
    body = (b"<LifecycleConfiguration><Rule><ID>old</ID><Prefix>logs/</Prefix>"
            b"<Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>"
            b"</LifecycleConfiguration>")
    scope = f"{ACCOUNT}/20260101/{REGION}/s3/aws4_request"
    signed = {"X-Amz-Date": "20260101T000000Z",
              "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
                               f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"}
    assert weir.ask("PUT", f"/{bucket}?lifecycle", body, signed)[0] == 200
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert got == [{"ID": "old", "Prefix": "logs/", "Status": "Enabled", "Expiration": {"Days": 1}}]
    put(s3, bucket, "logs/a")
    put(s3, bucket, "other")
    weir.advance("2d")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["other"]


# ---- current versions ----

def test_objects_are_told_when_they_expire(weir, s3):
    bucket = make_bucket(s3)
    put_rules(s3, bucket, rule(ID="one two", Expiration={"Days": 1}))
    now = datetime.datetime.fromisoformat(weir.now().replace("Z", "+00:00"))
    due = (now + datetime.timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    text = f'expiry-date="{due:%a, %d %b %Y} 00:00:00 GMT", rule-id="one%20two"'
    assert put(s3, bucket, "key")["Expiration"] == text
    assert s3.head_object(Bucket=bucket, Key="key")["Expiration"] == text
    assert s3.get_object(Bucket=bucket, Key="key")["Expiration"] == text


def test_days_count_from_the_midnight_after(weir, s3):
    bucket = make_bucket(s3)
    put_rules(s3, bucket, rule(Expiration={"Days": 1}))
    put(s3, bucket, "key")  # at noon: due in 36 hours
    weir.advance("35h")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["key"]
    weir.advance("1h")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []


def test_a_date_takes_everything_from_then_on(weir, s3):
    bucket = make_bucket(s3)
    day = datetime.datetime.fromisoformat(weir.now().replace("Z", "+00:00")).date()
    date = datetime.datetime.combine(day + datetime.timedelta(days=3), datetime.time())
    put_rules(s3, bucket, rule(Expiration={"Date": date}))
    put(s3, bucket, "old")
    weir.advance("1d")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["old"]
    weir.advance("2d")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []
    put(s3, bucket, "new")
    weir.advance("1d")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []


@pytest.mark.parametrize("given, gone", [
    ({"Prefix": "a/"}, ["a/big", "a/small"]),
    ({"Tag": {"Key": "kind", "Value": "log"}}, ["b/tagged"]),
    ({"ObjectSizeGreaterThan": 99}, ["a/big", "b/tagged"]),
    ({"ObjectSizeLessThan": 100}, ["a/small"]),
    ({"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 50}}, ["a/big"]),
    ({"And": {"Tags": [{"Key": "kind", "Value": "log"}, {"Key": "x", "Value": "y"}]}},
     ["b/tagged"]),
    ({"And": {"Tags": [{"Key": "kind", "Value": "log"}, {"Key": "x", "Value": "z"}]}}, []),
])
def test_filters_choose(weir, s3, given, gone):
    bucket = make_bucket(s3)
    put(s3, bucket, "a/big", b"x" * 100)
    put(s3, bucket, "a/small", b"x" * 10)
    put(s3, bucket, "b/tagged", b"x" * 100, Tagging="kind=log&x=y")
    put_rules(s3, bucket, rule(Expiration={"Days": 1}, Filter=given))
    weir.advance("3d")
    left = [key for key in ("a/big", "a/small", "b/tagged") if key not in gone]
    assert keys(s3.list_objects_v2(Bucket=bucket)) == left


def test_a_disabled_rule_does_nothing(weir, s3):
    bucket = make_bucket(s3)
    put(s3, bucket, "key")
    put_rules(s3, bucket, rule(Expiration={"Days": 1}, Status="Disabled"))
    weir.advance("3d")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["key"]


# ---- versions ----

def test_a_current_version_becomes_a_marker_and_then_nothing(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    version = put(s3, bucket, "key")["VersionId"]
    put_rules(s3, bucket, rule(Expiration={"Days": 1},
                               NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    weir.advance("2d")
    older, markers = versions(s3, bucket)
    assert older == [("key", version)]
    assert len(markers) == 1
    weir.advance("2d")
    assert versions(s3, bucket)[0] == []
    weir.advance("2d")
    assert versions(s3, bucket) == ([], [])


def test_expired_markers_go_when_asked(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    s3.delete_object(Bucket=bucket, Key="alone")
    put(s3, bucket, "key")
    s3.delete_object(Bucket=bucket, Key="key")
    put_rules(s3, bucket, rule(Expiration={"ExpiredObjectDeleteMarker": True}))
    weir.advance("1d")
    assert [key for key, _ in versions(s3, bucket)[1]] == ["key"]


def test_some_newer_noncurrent_versions_are_kept(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    made = []
    for number in range(6):
        made.append(put(s3, bucket, "key", str(number).encode())["VersionId"])
        weir.advance("1m")
    put_rules(s3, bucket, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1,
                                                            "NewerNoncurrentVersions": 2}))
    weir.advance("3d")
    assert [version for _, version in versions(s3, bucket)[0]] == made[:2:-1]


def test_locked_versions_stay(weir, s3):
    bucket = bucket_name()
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    until = datetime.datetime(2031, 1, 1, tzinfo=datetime.timezone.utc)
    locked = put(s3, bucket, "key", ObjectLockMode="COMPLIANCE",
                 ObjectLockRetainUntilDate=until)["VersionId"]
    put(s3, bucket, "key")
    put(s3, bucket, "key")
    put_rules(s3, bucket, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    weir.advance("3d")
    left = [version for _, version in versions(s3, bucket)[0]]
    assert len(left) == 2
    assert left[1] == locked


# ---- storage classes ----

def test_objects_move_to_colder_classes(weir, s3):
    bucket = make_bucket(s3)
    put(s3, bucket, "large", b"x" * 200_000)
    put(s3, bucket, "small", b"x")
    put_rules(s3, bucket, rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"},
                                            {"Days": 60, "StorageClass": "GLACIER"}],
                               Expiration={"Days": 100}))
    weir.advance("31d")
    assert storage(s3, bucket, "large") == "STANDARD_IA"
    assert storage(s3, bucket, "small") == "STANDARD"
    weir.advance("30d")
    assert storage(s3, bucket, "large") == "GLACIER"
    refused("InvalidObjectState", 403, s3.get_object, Bucket=bucket, Key="large")
    weir.advance("40d")
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []


def test_small_objects_move_where_it_is_said(weir, s3):
    bucket, varying = make_bucket(s3), make_bucket(s3)
    for name in (bucket, varying):
        put(s3, name, "small", b"x" * 10)
    archive = [{"Days": 1, "StorageClass": "GLACIER"}]
    put_rules(s3, bucket, rule(Transitions=archive, Filter={"ObjectSizeGreaterThan": 5}))
    put_rules(s3, varying, rule(Transitions=archive),
              TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    weir.advance("3d")
    assert storage(s3, bucket, "small") == "GLACIER"
    assert storage(s3, varying, "small") == "GLACIER"


def test_older_versions_move_on_their_own(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    older = put(s3, bucket, "key", b"x" * 200_000)["VersionId"]
    put(s3, bucket, "key", b"y" * 200_000)
    put_rules(s3, bucket, rule(NoncurrentVersionTransitions=[
        {"NoncurrentDays": 1, "StorageClass": "DEEP_ARCHIVE"}]))
    weir.advance("3d")
    assert storage(s3, bucket, "key") == "STANDARD"
    assert storage(s3, bucket, "key", VersionId=older) == "DEEP_ARCHIVE"


# ---- uploads ----

def test_uploads_left_behind_are_aborted(weir, s3):
    bucket = make_bucket(s3)
    put_rules(s3, bucket, rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2}))
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")
    assert upload["AbortRuleId"] == "rule"
    s3.upload_part(Bucket=bucket, Key="key", UploadId=upload["UploadId"], PartNumber=1,
                   Body=b"x" * (5 * MIB))
    weir.advance("2d")
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    weir.advance("1d")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


# ---- who hears of it ----

def test_queues_hear_what_lifecycle_does(weir, s3):
    sqs = weir.client("sqs")
    bucket = make_bucket(s3, "Enabled")
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{bucket}"
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
                             "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:LifecycleExpiration:*",
                                                             "s3:LifecycleTransition"]}]})
    old = put(s3, bucket, "key", b"x" * 200_000)["VersionId"]
    put_rules(s3, bucket, rule(
        Transitions=[{"Days": 1, "StorageClass": "GLACIER"}], Expiration={"Days": 5},
        NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    records = []
    for _ in range(14):  # a queue does not keep them longer than some days
        weir.advance("1d")
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for message in got.get("Messages", []):
            records += json.loads(message["Body"]).get("Records", [])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert [record["eventName"] for record in records] == [
        "LifecycleTransition", "LifecycleExpiration:DeleteMarkerCreated",
        "LifecycleExpiration:Delete", "LifecycleExpiration:Delete"]
    moved, _, deleted, _ = records
    assert {record["eventVersion"] for record in records} == {"2.3"}
    assert moved["lifecycleEventData"] == {
        "transitionEventData": {"destinationStorageClass": "GLACIER"}}
    assert moved["s3"]["object"]["versionId"] == old
    assert deleted["s3"]["object"]["versionId"] == old


# ---- large buckets ----

def wait_for(true):
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def all_keys(s3, bucket):
    return [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for item in page.get("Contents", [])]


def test_a_large_bucket_is_walked_to_its_end(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    for number in range(3):  # more versions of one key than a step looks at, in all
        for key in range(400):
            put(s3, bucket, f"{key:03}", str(number).encode())
    for number in range(700):
        put(s3, bucket, "many", str(number).encode())
    put_rules(s3, bucket, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1,
                                                            "NewerNoncurrentVersions": 1}))
    weir.advance("3d")

    def done():
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        return sum(len(page.get("Versions", [])) for page in pages) == 2 * 401

    wait_for(done)


def test_a_walk_goes_on_after_a_kill(fresh):
    weir = fresh(clock=NOON)
    s3 = weir.client("s3")
    bucket = make_bucket(s3)
    for number in range(1500):
        put(s3, bucket, f"{number:04}")
    put_rules(s3, bucket, rule(Expiration={"Days": 1}))
    weir.advance("47h")
    weir.ask("POST", "/_weir/clock?advance=1h")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    weir.advance("2m")  # the minute's tick takes it up again
    wait_for(lambda: all_keys(s3, bucket) == [])
    weir.stop()
    assert weir.fsck().returncode == 0
