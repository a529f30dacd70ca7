# SPDX-License-Identifier: Apache-2.0
"""Buckets: names, regions, owners, listing, and what is left after a restart."""
import pytest
from botocore.handlers import validate_bucket_name
from s3_kit import bucket_name, headers, make_bucket, refused


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.mark.parametrize("name", ["ab", "UPPER", "under_score", "a..b", "-dash", "dash-", "1.2.3.4",
                                  "xn--abc", "x" * 64, "name-s3alias", "sthree-abc"])
def test_a_bad_name_is_refused(weir, name):
    s3 = weir.client("s3")
    s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    refused("InvalidBucketName", 400, s3.create_bucket, Bucket=name)


@pytest.mark.parametrize("name", ["abc", "a.b.c", "x" * 63, "1-2-3", "1.2.3.4.5"])
def test_a_good_name_is_taken(s3, name):
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    s3.delete_bucket(Bucket=name)


def test_creating_again_is_fine_in_us_east_1_only(weir, s3):
    name = make_bucket(s3)
    assert s3.create_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200
    west = weir.client("s3", region="eu-west-1")
    refused("BucketAlreadyOwnedByYou", 409, west.create_bucket, Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def test_the_name_space_is_everybodys(weir, s3):
    name = make_bucket(s3)
    other = weir.client("s3", access_key="999999999999")
    refused("BucketAlreadyExists", 409, other.create_bucket, Bucket=name)
    assert name not in [b["Name"] for b in other.list_buckets()["Buckets"]]
    refused("AccessDenied", 403, other.list_objects_v2, Bucket=name)


def test_a_bucket_has_a_region(weir, s3):
    west = weir.client("s3", region="eu-west-1")
    name = bucket_name()
    refused("IllegalLocationConstraintException", 400, west.create_bucket, Bucket=name)
    refused("IllegalLocationConstraintException", 400, west.create_bucket, Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    west.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert west.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert headers(west.head_bucket(Bucket=name))["x-amz-bucket-region"] == "eu-west-1"
    here = make_bucket(s3)
    assert s3.get_bucket_location(Bucket=here)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket=here)["BucketRegion"] == "us-east-1"


def test_what_is_not_there_is_not_found(s3):
    refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket="not-there")
    refused("404", 404, s3.head_bucket, Bucket="not-there")
    refused("NoSuchBucket", 404, s3.delete_bucket, Bucket="not-there")


def test_the_expected_owner_is_compared(s3):
    name = make_bucket(s3)
    s3.list_objects_v2(Bucket=name, ExpectedBucketOwner="111122223333")
    refused("AccessDenied", 403, s3.list_objects_v2, Bucket=name,
            ExpectedBucketOwner="999999999999")


def test_a_bucket_with_something_in_it_stays(s3):
    name = make_bucket(s3, "Enabled")
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket=name)
    s3.delete_object(Bucket=name, Key="k")
    refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket=name)  # versions are something
    for version in s3.list_object_versions(Bucket=name)["Versions"]:
        s3.delete_object(Bucket=name, Key="k", VersionId=version["VersionId"])
    refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket=name)  # and so is a marker
    for marker in s3.list_object_versions(Bucket=name)["DeleteMarkers"]:
        s3.delete_object(Bucket=name, Key="k", VersionId=marker["VersionId"])
    s3.delete_bucket(Bucket=name)
    refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket=name)


def test_a_bucket_made_again_is_empty(s3):
    name = make_bucket(s3)
    upload = s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)
    refused("NoSuchUpload", 404, s3.list_parts, Bucket=name, Key="k", UploadId=upload)


def test_buckets_are_listed_by_name_in_pages(fresh):
    s3 = fresh().client("s3")
    names = [f"{prefix}-{i}" for prefix in ("one", "two") for i in range(5)]
    for name in reversed(names):
        s3.create_bucket(Bucket=name)
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == names
    seen, token, pages = [], None, 0
    while True:
        more = {"ContinuationToken": token} if token else {}
        page = s3.list_buckets(MaxBuckets=3, **more)
        seen += [b["Name"] for b in page["Buckets"]]
        assert all(b["BucketRegion"] == "us-east-1" for b in page["Buckets"])
        token, pages = page.get("ContinuationToken"), pages + 1
        if token is None:
            break
    assert seen == names and pages == 4
    assert [b["Name"] for b in s3.list_buckets(Prefix="two")["Buckets"]] == names[5:]
    assert s3.list_buckets(BucketRegion="eu-west-1")["Buckets"] == []


def test_buckets_survive_a_crash(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="kept", ObjectLockEnabledForBucket=True)
    s3.create_bucket(Bucket="gone")
    s3.delete_bucket(Bucket="gone")
    before = s3.list_buckets()["Buckets"]
    weir.restart(hard=True)
    s3 = weir.client("s3")
    assert s3.list_buckets()["Buckets"] == before
    assert s3.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket="kept")["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled"}


def test_tags_can_come_with_creation(s3):
    name = bucket_name()
    s3.create_bucket(Bucket=name,
                     CreateBucketConfiguration={"Tags": [{"Key": "stage", "Value": "dev"}]})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "stage", "Value": "dev"}]


def test_regions_of_a_list_are_regions(s3):
    answer = refused("InvalidArgument", 400, s3.list_buckets, BucketRegion="eu-east-1")
    assert answer["Error"]["ArgumentName"] == "bucket-region"
    assert s3.list_buckets(BucketRegion="ap-south-2")["Buckets"] == []
