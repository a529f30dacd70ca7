# SPDX-License-Identifier: Apache-2.0
"""CopyObject: what is copied and what is not, conditions, keys, sources of every size."""
import datetime
import hashlib
import os

import pytest
from s3_kit import MIB, body, make_bucket, refused

DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    return make_bucket(s3)


def source(bucket, key):
    return {"Bucket": bucket, "Key": key}


@pytest.mark.parametrize("size", [0, 100, 5000, 65536, 500_000])
def test_a_copy_is_the_same_and_stays_so(s3, bucket, size):
    content = os.urandom(size)
    s3.put_object(Bucket=bucket, Key="from", Body=content)
    other = make_bucket(s3)
    answer = s3.copy_object(Bucket=other, Key="to", CopySource=source(bucket, "from"))
    assert answer["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    s3.put_object(Bucket=bucket, Key="from", Body=b"changed")
    assert body(s3.get_object(Bucket=other, Key="to")) == content
    s3.delete_object(Bucket=bucket, Key="from")
    assert body(s3.get_object(Bucket=other, Key="to")) == content
    s3.copy_object(Bucket=other, Key="once more", CopySource=source(other, "to"))
    s3.delete_object(Bucket=other, Key="to")
    assert body(s3.get_object(Bucket=other, Key="once more")) == content


@pytest.mark.parametrize("key", ["a b", "ü/ö", "q?versionId", "p%20c", "plus+", "//x"])
def test_a_source_has_any_key(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="odd", CopySource=source(bucket, key))
    assert body(s3.get_object(Bucket=bucket, Key="odd")) == key.encode()


def test_metadata_and_tags_go_along_or_are_replaced(s3, bucket):
    s3.put_object(Bucket=bucket, Key="m", Body=b"x", Metadata={"a": "1"}, ContentType="text/css",
                  Tagging="t=1", StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=bucket, Key="c", CopySource=source(bucket, "m"))
    head = s3.head_object(Bucket=bucket, Key="c")
    assert head["Metadata"] == {"a": "1"} and head["ContentType"] == "text/css"
    assert head["TagCount"] == 1 and "StorageClass" not in head
    s3.copy_object(Bucket=bucket, Key="c", CopySource=source(bucket, "m"),
                   MetadataDirective="REPLACE", Metadata={"b": "2"}, TaggingDirective="REPLACE",
                   Tagging="u=2&v=3", StorageClass="ONEZONE_IA")
    head = s3.head_object(Bucket=bucket, Key="c")
    assert head["Metadata"] == {"b": "2"} and head["ContentType"] == "binary/octet-stream"
    assert head["TagCount"] == 2 and head["StorageClass"] == "ONEZONE_IA"
    refused("InvalidArgument", 400, s3.copy_object, Bucket=bucket, Key="c",
            CopySource=source(bucket, "m"), MetadataDirective="MAYBE")


def test_an_object_onto_itself_must_change(s3, bucket):
    s3.put_object(Bucket=bucket, Key="self", Body=b"x")
    refused("InvalidRequest", 400, s3.copy_object, Bucket=bucket, Key="self",
            CopySource=source(bucket, "self"))
    s3.copy_object(Bucket=bucket, Key="self", CopySource=source(bucket, "self"),
                   MetadataDirective="REPLACE", Metadata={"now": "changed"})
    assert s3.head_object(Bucket=bucket, Key="self")["Metadata"] == {"now": "changed"}
    s3.copy_object(Bucket=bucket, Key="self", CopySource=source(bucket, "self"),
                   StorageClass="STANDARD_IA")
    assert body(s3.get_object(Bucket=bucket, Key="self")) == b"x"


def test_conditions_of_the_source(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="if", Body=b"x")["ETag"]
    at = s3.head_object(Bucket=bucket, Key="if")["LastModified"]
    ask = {"Bucket": bucket, "Key": "then", "CopySource": source(bucket, "if")}
    for good in ({"CopySourceIfMatch": etag}, {"CopySourceIfNoneMatch": '"x"'},
                 {"CopySourceIfModifiedSince": at - DAY}, {"CopySourceIfUnmodifiedSince": at}):
        s3.copy_object(**ask, **good)
    for bad in ({"CopySourceIfMatch": '"x"'}, {"CopySourceIfNoneMatch": etag},
                {"CopySourceIfModifiedSince": at}, {"CopySourceIfUnmodifiedSince": at - DAY}):
        refused("PreconditionFailed", 412, s3.copy_object, **ask, **bad)
    refused("PreconditionFailed", 412, s3.copy_object, **ask, IfNoneMatch="*")


def test_what_cannot_be_a_source(s3, bucket):
    ask = {"Bucket": bucket, "Key": "x"}
    refused("NoSuchKey", 404, s3.copy_object, **ask, CopySource=source(bucket, "not there"))
    refused("NoSuchBucket", 404, s3.copy_object, **ask, CopySource=source("no-bucket", "k"))
    refused("InvalidArgument", 400, s3.copy_object, **ask, CopySource="only-a-bucket")
    versioned = make_bucket(s3, "Enabled")
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    refused("NoSuchKey", 404, s3.copy_object, **ask, CopySource=source(versioned, "k"))
    refused("InvalidRequest", 400, s3.copy_object, **ask,
            CopySource={**source(versioned, "k"), "VersionId": marker})


def test_the_copy_of_a_multipart_object_has_a_plain_etag(s3, bucket):
    content = os.urandom(5 * MIB + 17)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = []
    for number, piece in enumerate((content[:5 * MIB], content[5 * MIB:]), 1):
        sent = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=number,
                              Body=piece)
        parts.append({"PartNumber": number, "ETag": sent["ETag"],
                      "ChecksumCRC32": sent["ChecksumCRC32"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload,
                                 MultipartUpload={"Parts": parts})
    answer = s3.copy_object(Bucket=bucket, Key="plain", CopySource=source(bucket, "parts"))
    assert answer["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    s3.delete_object(Bucket=bucket, Key="parts")
    got = s3.get_object(Bucket=bucket, Key="plain", ChecksumMode="ENABLED")
    assert body(got) == content and got["ChecksumType"] == "FULL_OBJECT"
    part = s3.get_object(Bucket=bucket, Key="plain", PartNumber=1)
    assert part["ContentLength"] == len(content)


def key_of(prefix, key):
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": key}


@pytest.mark.parametrize("size", [0, 100, 30_000, 400_000])
def test_copies_between_customers_keys(s3, bucket, size):
    content, one, two = os.urandom(size), os.urandom(32), os.urandom(32)
    s3.put_object(Bucket=bucket, Key="one", Body=content, **key_of("", one))
    ask = {"Bucket": bucket, "CopySource": source(bucket, "one")}
    refused("InvalidRequest", 400, s3.copy_object, **ask, Key="two")
    refused("AccessDenied", 403, s3.copy_object, **ask, Key="two", **key_of("CopySource", two))
    s3.copy_object(**ask, Key="two", **key_of("CopySource", one), **key_of("", two))
    assert body(s3.get_object(Bucket=bucket, Key="two", **key_of("", two))) == content
    s3.copy_object(**ask, Key="plain", **key_of("CopySource", one))
    assert body(s3.get_object(Bucket=bucket, Key="plain")) == content
    s3.copy_object(Bucket=bucket, Key="three", CopySource=source(bucket, "plain"),
                   **key_of("", one))
    assert body(s3.get_object(Bucket=bucket, Key="three", **key_of("", one))) == content
    refused("InvalidRequest", 400, s3.get_object, Bucket=bucket, Key="three")


def test_a_checksum_of_another_kind_is_made(s3, bucket):
    content = os.urandom(300_000)
    s3.put_object(Bucket=bucket, Key="sum", Body=content, ChecksumAlgorithm="CRC32")
    answer = s3.copy_object(Bucket=bucket, Key="sum2", CopySource=source(bucket, "sum"),
                            ChecksumAlgorithm="SHA256")["CopyObjectResult"]
    direct = s3.put_object(Bucket=bucket, Key="sum3", Body=content, ChecksumAlgorithm="SHA256")
    assert answer["ChecksumSHA256"] == direct["ChecksumSHA256"]


def test_a_copy_survives_a_crash(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="kept")
    content = os.urandom(300_000)
    s3.put_object(Bucket="kept", Key="a", Body=content)
    s3.copy_object(Bucket="kept", Key="b", CopySource="kept/a")
    s3.delete_object(Bucket="kept", Key="a")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    assert body(s3.get_object(Bucket="kept", Key="b")) == content


def test_conditions_of_the_source_are_told_by_their_headers(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="if", Body=b"x")["ETag"]
    at = s3.head_object(Bucket=bucket, Key="if")["LastModified"]
    for name, condition in (("If-Match", {"CopySourceIfMatch": '"x"'}),
                            ("If-None-Match", {"CopySourceIfNoneMatch": etag}),
                            ("If-Modified-Since", {"CopySourceIfModifiedSince": at}),
                            ("If-Unmodified-Since", {"CopySourceIfUnmodifiedSince": at - DAY})):
        answer = refused("PreconditionFailed", 412, s3.copy_object, Bucket=bucket, Key="then",
                         CopySource=source(bucket, "if"), **condition)
        assert answer["Error"]["Condition"] == f"x-amz-copy-source-{name}"
