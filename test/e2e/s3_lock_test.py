# SPDX-License-Identifier: Apache-2.0
"""Object lock (retention, legal holds) and archived objects with their restored copies."""
import datetime

import pytest
from s3_kit import body, headers, make_bucket, refused, status

UTC = datetime.timezone.utc
LATER = datetime.datetime(2030, 1, 1, tzinfo=UTC)
LATEST = datetime.datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def s3(clocked):
    return clocked.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    return make_bucket(s3, ObjectLockEnabledForBucket=True)


def locked(s3, bucket, key, mode, until=LATER):
    return s3.put_object(Bucket=bucket, Key=key, Body=b"x", ObjectLockMode=mode,
                         ObjectLockRetainUntilDate=until)["VersionId"]


def test_locks_need_a_bucket_that_has_them(s3):
    plain = make_bucket(s3)
    refused("ObjectLockConfigurationNotFoundError", 404, s3.get_object_lock_configuration,
            Bucket=plain)
    refused("InvalidRequest", 400, s3.put_object, Bucket=plain, Key="k", ObjectLockMode="GOVERNANCE",
            ObjectLockRetainUntilDate=LATER)
    s3.put_object(Bucket=plain, Key="k", Body=b"x")
    refused("InvalidRequest", 400, s3.get_object_retention, Bucket=plain, Key="k")
    refused("InvalidBucketState", 409, s3.put_object_lock_configuration, Bucket=plain,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})


def test_versioning_of_a_locked_bucket_stays(s3, bucket):
    refused("InvalidBucketState", 409, s3.put_bucket_versioning, Bucket=bucket,
            VersioningConfiguration={"Status": "Suspended"})


def test_governance_can_be_bypassed(s3, bucket):
    version = locked(s3, bucket, "g", "GOVERNANCE")
    head = s3.head_object(Bucket=bucket, Key="g")
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"] == LATER
    s3.delete_object(Bucket=bucket, Key="g")  # a marker on top is no deletion
    refused("AccessDenied", 403, s3.delete_object, Bucket=bucket, Key="g", VersionId=version)
    answer = s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": "g", "VersionId": version}]})
    assert answer["Errors"][0]["Code"] == "AccessDenied"
    s3.delete_object(Bucket=bucket, Key="g", VersionId=version, BypassGovernanceRetention=True)
    refused("NoSuchVersion", 404, s3.get_object, Bucket=bucket, Key="g", VersionId=version)


def test_compliance_cannot_be_bypassed(s3, bucket):
    version = locked(s3, bucket, "c", "COMPLIANCE")
    ask = {"Bucket": bucket, "Key": "c", "VersionId": version}
    refused("AccessDenied", 403, s3.delete_object, **ask, BypassGovernanceRetention=True)
    for shorter in ({}, {"Mode": "GOVERNANCE", "RetainUntilDate": LATEST},
                    {"Mode": "COMPLIANCE",
                     "RetainUntilDate": LATER - datetime.timedelta(days=1)}):
        refused("AccessDenied", 403, s3.put_object_retention, **ask, Retention=shorter,
                BypassGovernanceRetention=True)
    s3.put_object_retention(**ask, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": LATEST})
    assert s3.get_object_retention(**ask)["Retention"]["RetainUntilDate"] == LATEST


def test_retention_ends(clocked, s3, bucket):
    soon = datetime.datetime.fromisoformat(clocked.now().replace("Z", "+00:00")) \
        + datetime.timedelta(hours=1)
    version = locked(s3, bucket, "soon", "COMPLIANCE", soon)
    refused("AccessDenied", 403, s3.delete_object, Bucket=bucket, Key="soon", VersionId=version)
    clocked.advance("2h")
    s3.delete_object(Bucket=bucket, Key="soon", VersionId=version)


def test_a_legal_hold_holds(s3, bucket):
    version = s3.put_object(Bucket=bucket, Key="h", Body=b"x")["VersionId"]
    ask = {"Bucket": bucket, "Key": "h", "VersionId": version}
    refused("NoSuchObjectLockConfiguration", 404, s3.get_object_legal_hold, **ask)
    s3.put_object_legal_hold(**ask, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**ask)["LegalHold"] == {"Status": "ON"}
    assert s3.head_object(**ask)["ObjectLockLegalHoldStatus"] == "ON"
    refused("AccessDenied", 403, s3.delete_object, **ask, BypassGovernanceRetention=True)
    refused("MalformedXML", 400, s3.put_object_legal_hold, **ask, LegalHold={"Status": "MAYBE"})
    s3.put_object_legal_hold(**ask, LegalHold={"Status": "OFF"})
    s3.delete_object(**ask)


def test_the_buckets_default_retention(clocked, s3):
    bucket = make_bucket(s3, ObjectLockEnabledForBucket=True)
    rule = {"ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=rule)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == rule
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    retention = s3.get_object_retention(Bucket=bucket, Key="k")["Retention"]
    now = datetime.datetime.fromisoformat(clocked.now().replace("Z", "+00:00"))
    left = retention["RetainUntilDate"] - now
    assert retention["Mode"] == "GOVERNANCE"
    assert datetime.timedelta(days=2, hours=23) < left <= datetime.timedelta(days=3)
    for wrong in ({"Mode": "GOVERNANCE"}, {"Mode": "GOVERNANCE", "Days": 1, "Years": 1},
                  {"Days": 1}):
        refused("MalformedXML", 400, s3.put_object_lock_configuration, Bucket=bucket,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled",
                                         "Rule": {"DefaultRetention": wrong}})


def test_locks_of_the_past_are_refused(s3, bucket):
    past = datetime.datetime(2020, 1, 1, tzinfo=UTC)
    refused("InvalidArgument", 400, s3.put_object, Bucket=bucket, Key="p", Body=b"x",
            ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=past)
    refused("InvalidArgument", 400, s3.put_object, Bucket=bucket, Key="p", Body=b"x",
            ObjectLockMode="GOVERNANCE")


# ---- archived objects ----


def archived(s3, bucket, key, storage_class="GLACIER"):
    s3.put_object(Bucket=bucket, Key=key, Body=b"cold", StorageClass=storage_class)


def restore(s3, bucket, key, days=2, tier="Standard"):
    return s3.restore_object(Bucket=bucket, Key=key, RestoreRequest={
        "Days": days, "GlacierJobParameters": {"Tier": tier}})


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_what_is_archived_cannot_be_read(s3, storage_class):
    bucket = make_bucket(s3)
    archived(s3, bucket, "k", storage_class)
    answer = refused("InvalidObjectState", 403, s3.get_object, Bucket=bucket, Key="k")
    assert answer["Error"]["StorageClass"] == storage_class
    refused("InvalidObjectState", 403, s3.copy_object, Bucket=bucket, Key="c",
            CopySource=f"{bucket}/k")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == storage_class


def test_a_restored_copy_comes_and_goes(clocked, s3):
    bucket = make_bucket(s3)
    archived(s3, bucket, "k")
    assert status(restore(s3, bucket, "k")) == 202
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"] == 'ongoing-request="true"'
    refused("RestoreAlreadyInProgress", 409, restore, s3=s3, bucket=bucket, key="k")
    refused("InvalidObjectState", 403, s3.get_object, Bucket=bucket, Key="k")
    clocked.advance("6h")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert body(got) == b"cold"
    assert got["Restore"].startswith('ongoing-request="false", expiry-date="')
    assert "00:00:00 GMT" in got["Restore"]
    assert status(restore(s3, bucket, "k", days=5)) == 200  # only kept longer
    listed = s3.list_objects_v2(Bucket=bucket, OptionalObjectAttributes=["RestoreStatus"])
    assert listed["Contents"][0]["RestoreStatus"]["IsRestoreInProgress"] is False
    clocked.advance("7d")
    refused("InvalidObjectState", 403, s3.get_object, Bucket=bucket, Key="k")
    assert "Restore" not in s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("storage_class,tier,wait", [
    ("GLACIER", "Expedited", "5m"), ("GLACIER", "Bulk", "12h"), ("DEEP_ARCHIVE", "Standard", "12h"),
    ("DEEP_ARCHIVE", "Bulk", "48h")])
def test_tiers_take_their_time(clocked, s3, storage_class, tier, wait):
    bucket = make_bucket(s3)
    archived(s3, bucket, "k", storage_class)
    restore(s3, bucket, "k", tier=tier)
    clocked.advance("4m")
    refused("InvalidObjectState", 403, s3.get_object, Bucket=bucket, Key="k")
    clocked.advance(wait)
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"cold"


def test_a_restore_is_checked(s3):
    bucket = make_bucket(s3)
    s3.put_object(Bucket=bucket, Key="warm", Body=b"x")
    refused("InvalidObjectState", 403, restore, s3=s3, bucket=bucket, key="warm")
    archived(s3, bucket, "k", "DEEP_ARCHIVE")
    refused("InvalidArgument", 400, restore, s3=s3, bucket=bucket, key="k", tier="Expedited")
    refused("InvalidArgument", 400, restore, s3=s3, bucket=bucket, key="k", days=0)
    refused("NoSuchKey", 404, restore, s3=s3, bucket=bucket, key="not-there")


def test_a_restore_survives_a_crash(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="kept")
    archived(s3, "kept", "k")
    restore(s3, "kept", "k")
    weir.restart(hard=True)
    weir.advance("6h")
    assert body(weir.client("s3").get_object(Bucket="kept", Key="k")) == b"cold"


def test_headers_of_a_lock_are_told(s3, bucket):
    locked(s3, bucket, "told", "GOVERNANCE")
    assert headers(s3.get_object(Bucket=bucket, Key="told"))["x-amz-object-lock-mode"] == \
        "GOVERNANCE"


def test_bypassing_is_a_word_of_locked_buckets_only(s3):
    plain = make_bucket(s3)
    for bypass in (True, False):
        answer = refused("InvalidArgument", 400, s3.delete_object, Bucket=plain, Key="k",
                         BypassGovernanceRetention=bypass)
        assert answer["Error"]["ArgumentName"] == "x-amz-bypass-governance-retention"
    refused("InvalidArgument", 400, s3.delete_objects, Bucket=plain,
            Delete={"Objects": [{"Key": "k"}]}, BypassGovernanceRetention=True)


def test_event_holds_are_not_there(s3, bucket):
    refused("NotImplemented", 501, s3.put_object, Bucket=bucket, Key="e", Body=b"x",
            ObjectLockEventHold="ON")
