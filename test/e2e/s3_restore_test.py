# SPDX-License-Identifier: Apache-2.0
"""Archived objects on a stopped clock: what they refuse, what a restore takes, how long its copy
stays, what HEAD, lists and copies say meanwhile.
"""
import re

import pytest
from s3_kit import make_bucket, refused, status
from weir_server import WeirServer, shared


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer(clock="2026-11-23T12:00:00Z"))


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def archived(s3, storage="GLACIER", versioning=None):
    bucket = make_bucket(s3, versioning)
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", StorageClass=storage)
    return {"Bucket": bucket, "Key": "key"}


def restore(s3, about, days=1, tier=None, **more):
    request = {"Days": days}
    if tier:
        request["GlacierJobParameters"] = {"Tier": tier}
    return s3.restore_object(**about, RestoreRequest=request, **more)


def test_an_archived_object_cannot_be_read(s3):
    for storage in ("GLACIER", "DEEP_ARCHIVE"):
        about = archived(s3, storage)
        answer = refused("InvalidObjectState", 403, s3.get_object, **about)
        assert answer["Error"]["Message"] == \
            "The operation is not valid for the object's storage class"
        assert answer["Error"]["StorageClass"] == storage
        refused("InvalidObjectState", 403, s3.copy_object, Bucket=about["Bucket"], Key="copy",
                CopySource=about)
        head = s3.head_object(**about)
        assert head["StorageClass"] == storage
        assert "Restore" not in head
        assert s3.list_objects_v2(Bucket=about["Bucket"])["Contents"][0]["StorageClass"] == storage


def test_instant_retrieval_needs_no_restore(s3):
    about = archived(s3, "GLACIER_IR")
    assert s3.get_object(**about)["Body"].read() == b"content"
    refused("InvalidObjectState", 403, restore, s3=s3, about=about)


@pytest.mark.parametrize("storage, tier, before, then", [
    ("GLACIER", "Expedited", "4m", "1m"),
    ("GLACIER", None, "299m", "1m"),
    ("GLACIER", "Bulk", "719m", "1m"),
    ("DEEP_ARCHIVE", "Standard", "719m", "1m"),
    ("DEEP_ARCHIVE", "Bulk", "47h", "1h"),
])
def test_a_restore_takes_its_time(weir, s3, storage, tier, before, then):
    about = archived(s3, storage)
    assert status(restore(s3, about, tier=tier)) == 202
    assert s3.head_object(**about)["Restore"] == 'ongoing-request="true"'
    refused("RestoreAlreadyInProgress", 409, restore, s3=s3, about=about)
    weir.advance(before)
    refused("InvalidObjectState", 403, s3.get_object, **about)
    weir.advance(then)
    answer = s3.get_object(**about)
    assert answer["Body"].read() == b"content"
    assert answer["StorageClass"] == storage
    assert re.fullmatch('ongoing-request="false", expiry-date="[A-Z][a-z]{2}, .* 00:00:00 GMT"',
                        answer["Restore"])


def test_the_copy_ends_at_midnight_after_its_days(weir, s3):
    about = archived(s3)
    restore(s3, about, days=2)
    weir.advance("5h")
    end = s3.head_object(**about)["Restore"]
    assert status(restore(s3, about, days=4)) == 200  # only longer
    assert s3.head_object(**about)["Restore"] != end
    weir.advance("4d")
    assert s3.get_object(**about)["Body"].read() == b"content"
    weir.advance("1d")
    refused("InvalidObjectState", 403, s3.get_object, **about)
    assert "Restore" not in s3.head_object(**about)
    assert status(restore(s3, about)) == 202


def test_what_is_restored_can_be_copied_out_of_the_archive(weir, s3):
    about = archived(s3)
    restore(s3, about, tier="Expedited")
    weir.advance("5m")
    s3.copy_object(Bucket=about["Bucket"], Key="out", CopySource=about, StorageClass="STANDARD")
    weir.advance("9d")
    assert s3.get_object(Bucket=about["Bucket"], Key="out")["Body"].read() == b"content"


def test_one_version_is_restored(weir, s3):
    about = archived(s3, versioning="Enabled")
    version = s3.head_object(**about)["VersionId"]
    s3.put_object(**about, Body=b"newer", StorageClass="GLACIER")
    restore(s3, about, tier="Expedited", VersionId=version)
    weir.advance("5m")
    assert s3.get_object(**about, VersionId=version)["Body"].read() == b"content"
    refused("InvalidObjectState", 403, s3.get_object, **about)


def test_a_restore_of_what_is_replaced_does_nothing(weir, s3):
    about = archived(s3)
    restore(s3, about, tier="Expedited")
    s3.put_object(**about, Body=b"other", StorageClass="GLACIER")
    weir.advance("1h")
    refused("InvalidObjectState", 403, s3.get_object, **about)


def test_requests_that_cannot_be_are_refused(s3):
    about = archived(s3)
    refused("InvalidArgument", 400, restore, s3=s3, about=about, days=0)
    refused("NoSuchKey", 404, restore, s3=s3, about={**about, "Key": "missing"})
    refused("InvalidArgument", 400, restore, s3=s3, about=archived(s3, "DEEP_ARCHIVE"),
            tier="Expedited")
    plain = archived(s3, "STANDARD")
    answer = refused("InvalidObjectState", 403, restore, s3=s3, about=plain)
    assert answer["Error"]["Message"] == \
        "Restore is not allowed for the object's current storage class"
    refused("NotImplemented", 501, s3.restore_object, **about, RestoreRequest={
        "Type": "SELECT"})


def test_a_restore_survives_a_kill(fresh):
    weir = fresh(clock="2026-11-23T12:00:00Z")
    about = archived(weir.client("s3"))
    restore(weir.client("s3"), about)
    weir.restart(hard=True)
    s3 = weir.client("s3")
    assert s3.head_object(**about)["Restore"] == 'ongoing-request="true"'
    weir.advance("5h")
    assert s3.get_object(**about)["Body"].read() == b"content"
    weir.restart(hard=True)
    weir.advance("2d")
    refused("InvalidObjectState", 403, weir.client("s3").get_object, **about)
