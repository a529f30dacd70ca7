# SPDX-License-Identifier: Apache-2.0
"""Settings of buckets that are kept and given back: each kind, what it says when there is none, what
it refuses, and what those with an effect on requests do.
"""
import base64
import hashlib

import pytest
from s3_kit import bucket_name, make_bucket, refused

KMS_KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture
def bucket(s3):
    return make_bucket(s3)


# ---- encryption ----

def encryption(algorithm="AES256", key=None, **more):
    standard = {"SSEAlgorithm": algorithm}
    if key:
        standard["KMSMasterKeyID"] = key
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": standard, **more}]}


def test_every_bucket_has_an_encryption(s3, bucket):
    answer = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert answer == encryption(BucketKeyEnabled=False)


def test_objects_get_the_default_encryption(s3, bucket):
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption(
        "aws:kms", KMS_KEY, BucketKeyEnabled=True))
    put = s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert put["ServerSideEncryption"] == "aws:kms"
    assert put["SSEKMSKeyId"] == KMS_KEY
    assert put["BucketKeyEnabled"] is True
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="key", Body=b"x")["ServerSideEncryption"] == "AES256"
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == \
        encryption(BucketKeyEnabled=False)


def test_a_key_needs_kms(s3, bucket):
    refused("InvalidArgument", 400, s3.put_bucket_encryption, Bucket=bucket,
            ServerSideEncryptionConfiguration=encryption("AES256", KMS_KEY))
    refused("MalformedXML", 400, s3.put_bucket_encryption, Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": []})


def test_customer_keys_can_be_blocked(s3, bucket):
    key = b"k" * 32
    customer = {"SSECustomerAlgorithm": "AES256",
                "SSECustomerKey": base64.b64encode(key).decode(),
                "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode()}
    s3.put_object(Bucket=bucket, Key="before", Body=b"x", **customer)
    blocked = encryption(BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]},
                         BucketKeyEnabled=False)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=blocked)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == blocked
    refused("AccessDenied", 403, s3.put_object, Bucket=bucket, Key="key", Body=b"x", **customer)


# ---- ownership and public access ----

def test_new_buckets_are_their_owners(s3, bucket):
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    refused("OwnershipControlsNotFoundError", 404, s3.get_bucket_ownership_controls, Bucket=bucket)


def test_what_is_not_said_of_public_access_is_false(s3, bucket):
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={
        "BlockPublicAcls": True})
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False}
    s3.delete_public_access_block(Bucket=bucket)
    refused("NoSuchPublicAccessBlockConfiguration", 404, s3.get_public_access_block, Bucket=bucket)


def test_ownership_has_one_rule(s3, bucket):
    refused("MalformedXML", 400, s3.put_bucket_ownership_controls, Bucket=bucket,
            OwnershipControls={"Rules": []})
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={
        "Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "ObjectWriter"}]


# ---- acceleration and payment ----

def test_acceleration_is_kept(s3, bucket):
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    s3.put_bucket_accelerate_configuration(Bucket=bucket,
                                           AccelerateConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Enabled"
    dotted = bucket_name() + ".dotted"
    s3.create_bucket(Bucket=dotted)
    answer = refused("InvalidRequest", 400, s3.put_bucket_accelerate_configuration, Bucket=dotted,
                     AccelerateConfiguration={"Status": "Enabled"})
    assert "periods (.)" in answer["Error"]["Message"]


def test_the_owner_pays_unless_said_otherwise(s3, bucket):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=bucket,
                                  RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"


# ---- those with names ----

NAMED = [
    ("analytics", "AnalyticsConfiguration", {"StorageClassAnalysis": {}}),
    ("metrics", "MetricsConfiguration", {"Filter": {"Prefix": "a/"}}),
    ("intelligent_tiering", "IntelligentTieringConfiguration",
     {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}),
]


@pytest.mark.parametrize("name, member, more", NAMED)
def test_named_configurations_are_kept(s3, bucket, name, member, more):
    def call(verb, suffix="", **arguments):
        return getattr(s3, f"{verb}_bucket_{name}_configuration{suffix}")(Bucket=bucket, **arguments)

    for number in (2, 1):
        made = {"Id": f"c{number}", **more}
        call("put", Id=made["Id"], **{member: made})
    assert call("get", Id="c1")[member] == {"Id": "c1", **more}
    listed = call("list", "s")
    assert [item["Id"] for item in listed[f"{member}List"]] == ["c1", "c2"]
    call("delete", Id="c1")
    refused("NoSuchConfiguration", 404, call, verb="get", Id="c1")
    refused("NoSuchConfiguration", 404, call, verb="delete", Id="c1")
    refused("InvalidConfigurationId", 400, call, verb="put", Id="a/b",
            **{member: {"Id": "a/b", **more}})


def test_long_lists_come_in_pages(s3, bucket):
    for number in range(105):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=f"{number:03}",
                                            MetricsConfiguration={"Id": f"{number:03}"})
    first = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert first["IsTruncated"] is True
    assert len(first["MetricsConfigurationList"]) == 100
    second = s3.list_bucket_metrics_configurations(
        Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert second["IsTruncated"] is False
    assert [item["Id"] for item in second["MetricsConfigurationList"]] == [
        f"{number:03}" for number in range(100, 105)]


def test_tiers_have_their_days(s3, bucket):
    for tier, days in (("ARCHIVE_ACCESS", 89), ("DEEP_ARCHIVE_ACCESS", 179),
                       ("ARCHIVE_ACCESS", 731)):
        refused("InvalidArgument", 400, s3.put_bucket_intelligent_tiering_configuration,
                Bucket=bucket, Id="c", IntelligentTieringConfiguration={
                    "Id": "c", "Status": "Enabled", "Tierings": [{"Days": days, "AccessTier": tier}]})


# ---- tags ----

def test_tags_of_a_bucket(s3, bucket):
    refused("NoSuchTagSet", 404, s3.get_bucket_tagging, Bucket=bucket)
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    refused("BadRequest", 400, s3.put_bucket_tagging, Bucket=bucket,
            Tagging={"TagSet": [*tags, {"Key": "more", "Value": ""}]})
    s3.delete_bucket_tagging(Bucket=bucket)
    refused("NoSuchTagSet", 404, s3.get_bucket_tagging, Bucket=bucket)


# ---- what is not there says so ----

def test_abac_is_refused_by_name(s3, bucket):
    refused("NotImplemented", 501, s3.put_bucket_abac, Bucket=bucket,
            AbacStatus={"Status": "Enabled"})


def test_settings_survive_a_kill(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    bucket = make_bucket(s3)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption(
        "aws:kms", KMS_KEY, BucketKeyEnabled=True))
    for name in ("a", "b"):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="a")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    assert s3.put_object(Bucket=bucket, Key="key", Body=b"")["SSEKMSKeyId"] == KMS_KEY
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)["MetricsConfigurationList"]
    assert listed == [{"Id": "b"}]
