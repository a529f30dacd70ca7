# SPDX-License-Identifier: Apache-2.0
"""Server access logs on a stopped clock: where their objects go, what a line says of each kind of
request, and that lines of requests that changed something survive a kill.
"""
import re
import urllib.parse

import pytest
from botocore.exceptions import ClientError
from s3_kit import make_bucket, refused
from weir_server import ACCOUNT, REGION, WeirServer, shared

FIELDS = ("owner bucket time address requester request operation key uri status error sent size "
          "total around referer agent version host_id signature cipher authentication host tls "
          "access_point acl").split()
LINE = re.compile(r'"[^"]*"|\[[^\]]*\]|\S+')


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer(clock="2026-11-23T12:00:00Z"))


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def enable(s3, bucket, target, prefix="logs/", **more):
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {
        "TargetBucket": target, "TargetPrefix": prefix, **more}})


@pytest.fixture
def logged(s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    enable(s3, bucket, target)
    return bucket, target


def objects(s3, target):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=target).get("Contents", [])]


def lines(s3, target):
    """The lines of all objects, those of changes first within an object."""
    found = []
    for key in objects(s3, target):
        text = s3.get_object(Bucket=target, Key=key)["Body"].read().decode()
        assert text.endswith("\n")
        for line in text.splitlines():
            words = LINE.findall(line)
            assert len(words) == len(FIELDS), line
            found.append(dict(zip(FIELDS, words)))
    return found


def operations(s3, target):
    return [(line["operation"], line["status"]) for line in lines(s3, target)]


# ---- the setting ----

def test_the_setting_is_given_back_and_taken_away(s3, logged):
    bucket, target = logged
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == {
        "TargetBucket": target, "TargetPrefix": "logs/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_the_target_must_be_there_and_its_owners(weir, s3):
    bucket = make_bucket(s3)
    for target in ("not-there", make_bucket(weir.client("s3", access_key="444455556666"))):
        answer = refused("InvalidTargetBucketForLogging", 400, s3.put_bucket_logging, Bucket=bucket,
                         BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target,
                                                                 "TargetPrefix": ""}})
        assert answer["Error"]["TargetBucket"] == target


# ---- objects ----

def test_a_batch_becomes_an_object_after_some_minutes(weir, s3, logged):
    bucket, target = logged
    s3.put_object(Bucket=bucket, Key="key")
    weir.advance("4m")
    assert objects(s3, target) == []
    weir.advance("1m")
    key, = objects(s3, target)
    now = weir.now()
    assert re.fullmatch(f"logs/{now[:10]}-\\d\\d-\\d\\d-\\d\\d-[0-9A-F]{{16}}", key)
    assert s3.head_object(Bucket=target, Key=key)["ContentType"] == "text/plain"
    weir.advance("1h")
    assert objects(s3, target) == [key]  # nothing more happened


@pytest.mark.parametrize("source", ["EventTime", "DeliveryTime"])
def test_keys_can_be_partitioned(weir, s3, source):
    bucket, target = make_bucket(s3), make_bucket(s3)
    enable(s3, bucket, target, TargetObjectKeyFormat={
        "PartitionedPrefix": {"PartitionDateSource": source}})
    day = weir.now()[:10]
    s3.put_object(Bucket=bucket, Key="key")
    weir.advance("5m")
    key, = objects(s3, target)
    clock = "00-00-00" if source == "EventTime" else r"\d\d-\d\d-\d\d"
    assert re.fullmatch(f"logs/{ACCOUNT}/{REGION}/{bucket}/{day.replace('-', '/')}/{day}-{clock}-"
                        "[0-9A-F]{16}", key)


def test_events_of_two_days_are_two_objects(fresh):
    weir = fresh(clock="2026-11-23T23:58:00Z")
    s3 = weir.client("s3")
    bucket, target = make_bucket(s3), make_bucket(s3)
    enable(s3, bucket, target, prefix="", TargetObjectKeyFormat={
        "PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    s3.put_object(Bucket=bucket, Key="before")
    weir.advance("3m")
    s3.put_object(Bucket=bucket, Key="after")
    weir.advance("3m")
    first, second = objects(s3, target)
    assert "/2026/11/23/2026-11-23-00-00-00-" in first
    assert "/2026/11/24/2026-11-24-00-00-00-" in second
    assert [line["key"] for line in lines(s3, target)][-2:] == ["before", "after"]


def test_much_is_written_at_once(weir, s3, logged):
    bucket, target = logged
    agent = {"User-Agent": "x" * 8000}
    for number in range(180):
        weir.ask("GET", f"/{bucket}/missing-{number}?{'y' * 1000}", headers=agent)
    assert len(objects(s3, target)) >= 1


# ---- lines ----

def test_a_line_says_all_of_a_put(weir, s3, logged):
    bucket, target = logged
    now = weir.now()
    answer = s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"hello")["ResponseMetadata"]
    weir.advance("5m")
    line = [line for line in lines(s3, target) if line["operation"] == "REST.PUT.OBJECT"][0]
    owner = s3.list_buckets()["Owner"]["ID"]
    month = {"11": "Nov", "12": "Dec"}[now[5:7]]
    assert {**line, "agent": "", "uri": ""} == {
        "owner": owner, "bucket": bucket,
        "time": f"[{now[8:10]}/{month}/{now[:4]}:{now[11:19]} +0000]",
        "address": "127.0.0.1", "requester": owner, "request": answer["RequestId"],
        "operation": "REST.PUT.OBJECT", "key": "a%20b/%C3%BC", "uri": "", "status": "200",
        "error": "-", "sent": "-", "size": "5", "total": "-", "around": "-", "referer": '"-"',
        "agent": "", "version": "-", "host_id": answer["HostId"], "signature": "SigV4",
        "cipher": "-", "authentication": "AuthHeader", "host": f"127.0.0.1:{weir.port}",
        "tls": "-", "access_point": "-", "acl": "-"}
    assert line["uri"] == f'"PUT /{bucket}/a%20b/%C3%BC HTTP/1.1"'
    assert line["agent"].startswith('"Boto3/')


def test_each_request_has_its_operation(weir, s3, logged):
    bucket, target = logged
    s3.put_object(Bucket=bucket, Key="key", Body=b"0123456789")
    s3.get_object(Bucket=bucket, Key="key")["Body"].read()
    s3.get_object(Bucket=bucket, Key="key", Range="bytes=0-3")["Body"].read()
    s3.head_object(Bucket=bucket, Key="key")
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="missing")
    s3.list_objects_v2(Bucket=bucket)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/key")
    s3.get_bucket_versioning(Bucket=bucket)
    s3.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": []})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="key", UploadId=upload)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}]})
    s3.delete_object(Bucket=bucket, Key="key")
    weir.advance("5m")
    assert sorted(operations(s3, target)) == sorted([
        ("REST.PUT.LOGGING_STATUS", "200"), ("REST.PUT.OBJECT", "200"), ("REST.GET.OBJECT", "200"),
        ("REST.GET.OBJECT", "206"), ("REST.HEAD.OBJECT", "200"), ("REST.GET.OBJECT", "404"),
        ("REST.GET.BUCKET", "200"), ("REST.COPY.OBJECT", "200"), ("REST.GET.VERSIONING", "200"),
        ("REST.PUT.OBJECT_TAGGING", "200"), ("REST.POST.UPLOADS", "200"), ("REST.PUT.PART", "200"),
        ("REST.DELETE.UPLOAD", "204"), ("REST.POST.MULTI_OBJECT_DELETE", "200"),
        ("REST.DELETE.OBJECT", "204")])
    by_status = {line["status"]: line for line in lines(s3, target)
                 if line["operation"] == "REST.GET.OBJECT"}
    assert (by_status["200"]["sent"], by_status["200"]["size"]) == ("10", "10")
    assert (by_status["206"]["sent"], by_status["206"]["size"]) == ("4", "10")
    assert by_status["404"]["error"] == "NoSuchKey"


def test_strangers_are_named_or_not(weir, s3, logged):
    bucket, target = logged
    other = weir.client("s3", access_key="444455556666")
    refused("AccessDenied", 403, other.list_objects_v2, Bucket=bucket)
    assert weir.ask("GET", f"/{bucket}/key", headers={"Referer": 'http://a/"b', "User-Agent": ""})[
        0] == 403
    weir.advance("5m")
    denied = [line for line in lines(s3, target) if line["error"] == "AccessDenied"]
    assert {line["requester"] for line in denied} == {"-", other.list_buckets()["Owner"]["ID"]}
    nobody = [line for line in denied if line["requester"] == "-"][0]
    assert nobody["signature"] == nobody["authentication"] == "-"
    assert nobody["referer"] == '"http://a/%22b"'


def test_presigned_requests_say_so(weir, s3, logged):
    bucket, target = logged
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    signing = weir.client("s3", signature_version="s3v4")
    url = urllib.parse.urlsplit(signing.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "key"}))
    assert weir.ask("GET", f"{url.path}?{url.query}")[0] == 200
    weir.advance("5m")
    assert [line["authentication"] for line in lines(s3, target)
            if line["operation"] == "REST.GET.OBJECT"] == ["QueryString"]


def test_what_was_gathered_is_written_when_logging_ends(weir, s3, logged):
    bucket, target = logged
    s3.put_object(Bucket=bucket, Key="key")
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert ("REST.PUT.OBJECT", "200") in operations(s3, target)
    s3.put_object(Bucket=bucket, Key="key")
    weir.advance("10m")
    assert len(objects(s3, target)) == 1


def test_a_target_or_bucket_may_go(weir, s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    enable(s3, bucket, target)
    s3.delete_bucket(Bucket=target)
    s3.head_bucket(Bucket=bucket)
    weir.advance("10m")
    s3.delete_bucket(Bucket=bucket)
    weir.advance("10m")
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket=bucket)


def test_lines_of_changes_survive_a_kill(fresh):
    weir = fresh(clock="2026-11-23T12:00:00Z")
    s3 = weir.client("s3")
    bucket, target = make_bucket(s3), make_bucket(s3)
    enable(s3, bucket, target)
    for number in range(30):
        s3.put_object(Bucket=bucket, Key=f"{number:02}")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    weir.advance("5m")
    puts = [line["key"] for line in lines(s3, target) if line["operation"] == "REST.PUT.OBJECT"]
    assert puts == [f"{number:02}" for number in range(30)]
    weir.restart(hard=True)
    s3 = weir.client("s3")
    weir.advance("10m")
    assert len(objects(s3, target)) == 1  # no line twice
