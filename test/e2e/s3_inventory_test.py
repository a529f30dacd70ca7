# SPDX-License-Identifier: Apache-2.0
"""Inventory on a stopped clock: configurations kept and checked, and the reports they cause: the
files, their lines, the manifest with its checksum, and Hive's link; also when the server is killed.
"""
import csv
import datetime
import gzip
import hashlib
import io
import json
import time
import urllib.parse

import pytest
from s3_kit import make_bucket, refused
from weir_server import ACCOUNT, WeirServer, shared

NOON = "2026-11-23T12:00:00Z"  # a Monday
FIELDS = ["Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded",
          "ReplicationStatus", "EncryptionStatus", "ObjectLockRetainUntilDate", "ObjectLockMode",
          "ObjectLockLegalHoldStatus", "IntelligentTieringAccessTier", "BucketKeyStatus",
          "ChecksumAlgorithm", "ObjectAccessControlList", "ObjectOwner"]


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer(clock=NOON))


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def configuration(target, versions="Current", fields=(), frequency="Daily", prefix="reports",
                  **more):
    to = {"Bucket": f"arn:aws:s3:::{target}", "Format": "CSV", "AccountId": ACCOUNT}
    if prefix:
        to["Prefix"] = prefix
    made = {"Id": "daily", "IsEnabled": True, "IncludedObjectVersions": versions,
            "Schedule": {"Frequency": frequency}, "Destination": {"S3BucketDestination": to}}
    if fields:
        made["OptionalFields"] = list(fields)
    return {**made, **more}


def put(s3, bucket, made):
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id=made["Id"], InventoryConfiguration=made)


def keys_of(s3, bucket):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def content(s3, bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def report_of(s3, bucket, target, prefix="reports/", count=1, id="daily"):
    """The newest report's manifest and lines; the manifest is written last but for its checksum."""
    base = f"{prefix}{bucket}/{id}/"
    until = time.monotonic() + 60
    while True:
        found = [key for key in keys_of(s3, target)
                 if key.startswith(base) and key.endswith("manifest.checksum")]
        if len(found) >= count:
            break
        assert time.monotonic() < until, keys_of(s3, target)
        time.sleep(0.02)
    raw = content(s3, target, found[-1].replace("checksum", "json"))
    assert content(s3, target, found[-1]).decode() == hashlib.md5(raw).hexdigest()
    manifest = json.loads(raw)
    lines = []
    for file in manifest["files"]:
        packed = content(s3, target, file["key"])
        assert file["size"] == len(packed)
        assert file["MD5checksum"] == hashlib.md5(packed).hexdigest()
        assert file["key"].startswith(f"{base}data/")
        assert file["key"].endswith(".csv.gz")
        lines += csv.reader(io.StringIO(gzip.decompress(packed).decode()))
    return manifest, lines, found[-1]


# ---- configurations ----

def test_configurations_are_kept_listed_and_deleted(s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    for number in range(3):
        put(s3, bucket, configuration(target, Id=f"c{number}", fields=["Size"],
                                      Filter={"Prefix": "a/"}))
    got = s3.get_bucket_inventory_configuration(Bucket=bucket, Id="c1")["InventoryConfiguration"]
    assert got == configuration(target, Id="c1", fields=["Size"], Filter={"Prefix": "a/"})
    listed = s3.list_bucket_inventory_configurations(Bucket=bucket)
    assert [c["Id"] for c in listed["InventoryConfigurationList"]] == ["c0", "c1", "c2"]
    assert listed["IsTruncated"] is False
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="c1")
    refused("NoSuchConfiguration", 404, s3.get_bucket_inventory_configuration, Bucket=bucket,
            Id="c1")
    refused("NoSuchConfiguration", 404, s3.delete_bucket_inventory_configuration, Bucket=bucket,
            Id="c1")


def test_what_cannot_be_is_refused(s3):
    bucket, target = make_bucket(s3), make_bucket(s3)

    def no(code, http, **more):
        made = configuration(target, **more)
        refused(code, http, s3.put_bucket_inventory_configuration, Bucket=bucket, Id=made["Id"],
                InventoryConfiguration=made)

    no("InvalidConfigurationId", 400, Id="a b")
    no("NoSuchBucket", 404, Destination={"S3BucketDestination": {
        "Bucket": "arn:aws:s3:::not-there", "Format": "CSV"}})
    no("InvalidS3DestinationBucket", 400, Destination={"S3BucketDestination": {
        "Bucket": target, "Format": "CSV"}})
    for form in ("ORC", "Parquet"):
        no("NotImplemented", 501, Destination={"S3BucketDestination": {
            "Bucket": f"arn:aws:s3:::{target}", "Format": form}})


# ---- reports ----

def test_a_report_of_current_versions(weir, s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    s3.put_object(Bucket=bucket, Key="a b/ü,\"x\".txt", Body=b"hello")
    s3.put_object(Bucket=bucket, Key="cold", Body=b"x" * 70_000, StorageClass="STANDARD_IA")
    put(s3, bucket, configuration(target, fields=FIELDS))
    started = weir.advance("12h")
    manifest, lines, place = report_of(s3, bucket, target)
    assert place == f"reports/{bucket}/daily/{started[:13]}-{started[14:16]}Z/manifest.checksum"
    assert manifest["sourceBucket"] == bucket
    assert manifest["destinationBucket"] == f"arn:aws:s3:::{target}"
    assert manifest["version"] == "2016-11-30"
    assert manifest["fileFormat"] == "CSV"
    assert manifest["fileSchema"] == ", ".join(["Bucket", "Key", *FIELDS])
    assert len(manifest["creationTimestamp"]) == 13
    rows = [dict(zip(manifest["fileSchema"].split(", "), line)) for line in lines]
    assert [urllib.parse.unquote(row["Key"]) for row in rows] == ["a b/ü,\"x\".txt", "cold"]
    head = s3.head_object(Bucket=bucket, Key="cold")
    cold = rows[1]
    assert cold["Bucket"] == bucket
    assert cold["Size"] == "70000"
    assert cold["ETag"] == head["ETag"].strip('"')
    assert cold["StorageClass"] == "STANDARD_IA"
    assert cold["LastModifiedDate"] == f"{head['LastModified']:%Y-%m-%dT%H:%M:%S}.000Z"
    assert cold["IsMultipartUploaded"] == "false"
    assert cold["EncryptionStatus"] == "SSE-S3"
    assert cold["BucketKeyStatus"] == "DISABLED"
    assert cold["ObjectLockMode"] == ""


def test_a_report_of_all_versions(weir, s3):
    bucket, target = make_bucket(s3, "Enabled"), make_bucket(s3)
    one = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="key", Body=b"22")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="key")["VersionId"]
    put(s3, bucket, configuration(target, versions="All", fields=["Size"], prefix=None))
    weir.advance("1d")
    manifest, lines, _ = report_of(s3, bucket, target, prefix="")
    assert manifest["fileSchema"] == "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size"
    assert lines == [[bucket, "key", marker, "true", "true", ""],
                     [bucket, "key", two, "false", "false", "2"],
                     [bucket, "key", one, "false", "false", "1"]]


def test_markers_are_no_current_versions(weir, s3):
    bucket, target = make_bucket(s3, "Enabled"), make_bucket(s3)
    s3.put_object(Bucket=bucket, Key="gone")
    s3.delete_object(Bucket=bucket, Key="gone")
    s3.put_object(Bucket=bucket, Key="there")
    put(s3, bucket, configuration(target))
    weir.advance("1d")
    assert report_of(s3, bucket, target)[1] == [[bucket, "there"]]


def test_a_prefix_chooses_and_an_empty_report_is_one(weir, s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    for key in ("a/1", "b/1"):
        s3.put_object(Bucket=bucket, Key=key)
    put(s3, bucket, configuration(target, Id="some", Filter={"Prefix": "b/"}))
    put(s3, bucket, configuration(target, Id="none", Filter={"Prefix": "c/"}))
    weir.advance("1d")
    assert report_of(s3, bucket, target, id="some")[1] == [[bucket, "b%2F1".replace("%2F", "/")]]
    manifest, lines, _ = report_of(s3, bucket, target, id="none")
    assert manifest["files"] == lines == []


def test_hive_finds_the_files(weir, s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    s3.put_object(Bucket=bucket, Key="key")
    put(s3, bucket, configuration(target))
    now = weir.advance("1d")
    manifest, _, _ = report_of(s3, bucket, target)
    link = f"reports/{bucket}/daily/hive/dt={now[:13].replace('T', '-')}-{now[14:16]}/symlink.txt"
    assert content(s3, target, link).decode() == f"s3://{target}/{manifest['files'][0]['key']}"


def test_weekly_reports_come_on_sundays(weir, s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    put(s3, bucket, configuration(target, Id="a-week", frequency="Weekly"))
    put(s3, bucket, configuration(target, Id="b-day"))
    days = []
    for count in range(1, 15):
        now = weir.advance("1d")
        report_of(s3, bucket, target, id="b-day", count=count)  # stands behind the other in line
        weekly = [key for key in keys_of(s3, target) if "/a-week/" in key and "checksum" in key]
        if len(weekly) > len(days):
            days.append(datetime.date.fromisoformat(now[:10]).weekday())
    assert days == [6, 6]


def test_a_disabled_configuration_writes_nothing(weir, s3):
    bucket, target = make_bucket(s3), make_bucket(s3)
    other = make_bucket(s3)
    put(s3, bucket, configuration(target))
    put(s3, bucket, configuration(target, IsEnabled=False))
    put(s3, other, configuration(target))
    weir.advance("2d")
    report_of(s3, other, target)  # both would stand in one line
    assert not [key for key in keys_of(s3, target) if key.startswith(f"reports/{bucket}/")]


def test_many_objects_make_several_steps_and_others_get_in_between(weir, s3):
    bucket, target = make_bucket(s3, "Enabled"), make_bucket(s3)
    for key in range(300):
        for _ in range(4):
            s3.put_object(Bucket=bucket, Key=f"{key:04}" + "x" * 200)
    put(s3, bucket, configuration(target, versions="All", fields=["ObjectAccessControlList"]))
    weir.advance("1d")
    _, lines, _ = report_of(s3, bucket, target)
    assert len(lines) == 1200
    assert len({(line[1], line[2]) for line in lines}) == 1200


def test_a_run_that_a_kill_ended_is_begun_anew(fresh):
    weir = fresh(clock=NOON)
    s3 = weir.client("s3")
    bucket, target = make_bucket(s3), make_bucket(s3)
    for key in range(200):
        s3.put_object(Bucket=bucket, Key=str(key))
    put(s3, bucket, configuration(target))
    weir.advance("12h")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    weir.advance("1h")  # when it would have ended
    _, lines, _ = report_of(s3, bucket, target)
    assert len(lines) == 200
