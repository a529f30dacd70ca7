# SPDX-License-Identifier: Apache-2.0
"""PUT, GET, HEAD, DELETE of objects: keys as data, headers, ranges, conditions, encryption."""
import base64
import datetime
import hashlib
import os

import pytest
from botocore.exceptions import ClientError
from s3_kit import MIB, body, headers, make_bucket, raw, refused, status

DAY = datetime.timedelta(days=1)
KEYS = ["plain", "a/b/c", "/leading", "trailing/", "//", "..", "../../etc/passwd", "a//b/./../c",
        "sp ace", "ünïcödé/日本語/🦀", "plus+and&amp;=?#%41", "k" * 1024, "quote\"'<>", "\x01\x02"]


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    return make_bucket(s3)


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_a_key_is_data(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert body(s3.get_object(Bucket=bucket, Key=key)) == key.encode()
    assert key in [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    s3.delete_object(Bucket=bucket, Key=key)
    refused("404", 404, s3.head_object, Bucket=bucket, Key=key)


def test_a_key_has_at_most_1024_bytes(s3, bucket):
    refused("KeyTooLongError", 400, s3.put_object, Bucket=bucket, Key="k" * 1025)
    refused("KeyTooLongError", 400, s3.put_object, Bucket=bucket, Key="ü" * 513)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 200_000, 3 * MIB])
def test_every_size_comes_back(s3, bucket, size):
    content = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="size", Body=content)
    assert put["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="size")
    assert body(got) == content and got["ContentLength"] == size and got["ETag"] == put["ETag"]
    assert s3.head_object(Bucket=bucket, Key="size")["ContentLength"] == size
    if size > 2:
        part = s3.get_object(Bucket=bucket, Key="size", Range=f"bytes=1-{size - 2}")
        assert body(part) == content[1:-1] and status(part) == 206


def test_headers_and_metadata_come_back_as_they_were(s3, bucket):
    given = {"CacheControl": "max-age=60", "ContentDisposition": 'attachment; filename="x"',
             "ContentEncoding": "gzip", "ContentLanguage": "de", "ContentType": "text/html",
             "WebsiteRedirectLocation": "/there", "Metadata": {"one": "1", "two-words": "a b"}}
    s3.put_object(Bucket=bucket, Key="headers", Body=b"x", Expires="Thu, 01 Jan 2037 00:00:00 GMT",
                  **given)
    for answer in (s3.get_object(Bucket=bucket, Key="headers"),
                   s3.head_object(Bucket=bucket, Key="headers")):
        assert {name: answer[name] for name in given} == given
        assert headers(answer)["expires"] == "Thu, 01 Jan 2037 00:00:00 GMT"
        assert headers(answer)["accept-ranges"] == "bytes"
        assert headers(answer)["content-type"] == "text/html"
    asked = s3.get_object(Bucket=bucket, Key="headers", ResponseContentType="text/plain",
                          ResponseCacheControl="no-cache", ResponseContentDisposition="inline")
    assert asked["ContentType"] == "text/plain" and asked["CacheControl"] == "no-cache"
    assert asked["ContentDisposition"] == "inline"
    s3.put_object(Bucket=bucket, Key="headers", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="headers")["ContentType"] == "binary/octet-stream"


def test_metadata_has_at_most_2_kib(s3, bucket):
    s3.put_object(Bucket=bucket, Key="meta", Metadata={"k": "v" * 2047})
    refused("MetadataTooLarge", 400, s3.put_object, Bucket=bucket, Key="meta",
            Metadata={"k": "v" * 2048})


RANGES = [("bytes=0-0", 206, slice(0, 1)), ("bytes=3-", 206, slice(3, 10)),
          ("bytes=-3", 206, slice(7, 10)), ("bytes=-99", 206, slice(0, 10)),
          ("bytes=2-99", 206, slice(2, 10)), ("bytes=5-4", 200, slice(0, 10)),
          ("bytes=0-1,4-5", 200, slice(0, 10)), ("lines=0-1", 200, slice(0, 10)),
          ("bytes=a-b", 200, slice(0, 10))]


@pytest.mark.parametrize("header,code,part", RANGES, ids=[r[0] for r in RANGES])
def test_a_range_is_that_part(s3, bucket, header, code, part):
    content = b"0123456789"
    s3.put_object(Bucket=bucket, Key="range", Body=content)
    answer = s3.get_object(Bucket=bucket, Key="range", Range=header)
    assert status(answer) == code and body(answer) == content[part]
    if code == 206:
        last = min(part.stop, 10) - 1
        assert answer["ContentRange"] == f"bytes {part.start}-{last}/10"
        head = s3.head_object(Bucket=bucket, Key="range", Range=header)
        assert status(head) == 206 and head["ContentLength"] == last - part.start + 1


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_outside_is_not_satisfiable(s3, bucket, header):
    s3.put_object(Bucket=bucket, Key="range", Body=b"0123456789")
    answer = refused("InvalidRange", 416, s3.get_object, Bucket=bucket, Key="range", Range=header)
    assert headers(answer)["content-range"] == "bytes */10"


def test_a_part_number_of_a_simple_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="one", Body=b"abc")
    answer = s3.get_object(Bucket=bucket, Key="one", PartNumber=1)
    assert status(answer) == 206 and body(answer) == b"abc" and "PartsCount" not in answer
    refused("InvalidPartNumber", 416, s3.get_object, Bucket=bucket, Key="one", PartNumber=2)
    refused("InvalidRequest", 400, s3.get_object, Bucket=bucket, Key="one", PartNumber=1,
            Range="bytes=0-1")


def test_conditions_of_reading(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="if", Body=b"x")["ETag"]
    at = s3.head_object(Bucket=bucket, Key="if")["LastModified"]

    def get(**conditions):
        try:
            return status(s3.get_object(Bucket=bucket, Key="if", **conditions))
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    assert get(IfMatch=etag) == 200 and get(IfMatch='"other"') == 412
    assert get(IfMatch=etag.strip('"')) == 200 and get(IfMatch="*") == 200
    assert get(IfNoneMatch=etag) == 304 and get(IfNoneMatch='"other"') == 200
    assert get(IfModifiedSince=at) == 304 and get(IfModifiedSince=at - DAY) == 200
    assert get(IfUnmodifiedSince=at) == 200 and get(IfUnmodifiedSince=at - DAY) == 412
    assert get(IfMatch=etag, IfUnmodifiedSince=at - DAY) == 200  # the tag wins
    assert get(IfNoneMatch='"other"', IfModifiedSince=at) == 200
    assert get(IfNoneMatch=etag, IfModifiedSince=at - DAY) == 304


def test_304_has_an_etag_and_no_body(weir, s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="if", Body=b"x")["ETag"]
    for method, operation in (("GET", "get_object"), ("HEAD", "head_object")):
        code, fields, content = raw(weir, method, operation, {"if-none-match": etag},
                                    Bucket=bucket, Key="if")
        assert code == 304 and content == b"" and fields["etag"] == etag


def test_conditions_of_writing(s3, bucket):
    refused("NoSuchKey", 404, s3.put_object, Bucket=bucket, Key="cas", Body=b"1", IfMatch='"x"')
    etag = s3.put_object(Bucket=bucket, Key="cas", Body=b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", 412, s3.put_object, Bucket=bucket, Key="cas", IfNoneMatch="*")
    refused("NotImplemented", 501, s3.put_object, Bucket=bucket, Key="cas", IfNoneMatch=etag)
    s3.put_object(Bucket=bucket, Key="cas", Body=b"2", IfMatch=etag)
    refused("PreconditionFailed", 412, s3.put_object, Bucket=bucket, Key="cas", Body=b"3",
            IfMatch=etag)
    assert body(s3.get_object(Bucket=bucket, Key="cas")) == b"2"
    refused("PreconditionFailed", 412, s3.delete_object, Bucket=bucket, Key="cas", IfMatch=etag)
    s3.delete_object(Bucket=bucket, Key="cas", IfMatch=hashed(b"2"))
    s3.put_object(Bucket=bucket, Key="cas", Body=b"4", IfNoneMatch="*")


def hashed(content):
    return f'"{hashlib.md5(content).hexdigest()}"'


def test_head_says_its_errors_without_a_body(weir, s3, bucket):
    refused("404", 404, s3.head_object, Bucket=bucket, Key="not-there")
    code, _, content = raw(weir, "HEAD", "head_object", Bucket=bucket, Key="not-there")
    assert code == 404 and content == b""


def test_errors_say_what_they_are_about(weir, bucket):
    _, _, text = raw(weir, "GET", "get_object", Bucket=bucket, Key="not there")
    text = text.decode()
    assert "<Code>NoSuchKey</Code>" in text and "<Key>not there</Key>" in text
    text = raw(weir, "GET", "get_object", Bucket="no-such-bucket", Key="x")[2].decode()
    assert "<Code>NoSuchBucket</Code>" in text
    assert "<BucketName>no-such-bucket</BucketName>" in text


def test_many_are_deleted_at_once(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"many-{i}", Body=b"x")
    wanted = {"Objects": [{"Key": f"many-{i}"} for i in range(6)]}  # one is not there: fine
    answer = s3.delete_objects(Bucket=bucket, Delete=wanted)
    assert [d["Key"] for d in answer["Deleted"]] == [f"many-{i}" for i in range(6)]
    quiet = s3.delete_objects(Bucket=bucket, Delete={**wanted, "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
    wrong = s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": "x", "VersionId": "no-such-id"}, {"Key": "y"}]})
    assert wrong["Errors"][0]["Key"] == "x" and [d["Key"] for d in wrong["Deleted"]] == ["y"]
    refused("MalformedXML", 400, s3.delete_objects, Bucket=bucket,
            Delete={"Objects": [{"Key": str(i)} for i in range(1001)]})


def test_storage_classes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="class", Body=b"x", StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="class")["StorageClass"] == "STANDARD_IA"
    s3.put_object(Bucket=bucket, Key="class", Body=b"x")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="class")
    refused("InvalidStorageClass", 400, s3.put_object, Bucket=bucket, Key="class",
            StorageClass="OUTPOSTS")


def test_tags_of_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="tags", Body=b"x", Tagging="a=1&b=x%20y")
    assert s3.get_object_tagging(Bucket=bucket, Key="tags")["TagSet"] == [
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    assert s3.head_object(Bucket=bucket, Key="tags")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="tags",
                          Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="tags")["TagSet"] == [
        {"Key": "c", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="tags")
    assert s3.get_object_tagging(Bucket=bucket, Key="tags")["TagSet"] == []
    for wrong in ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}],
                  [{"Key": "aws:x", "Value": "1"}], [{"Key": "k" * 129, "Value": ""}],
                  [{"Key": "k", "Value": "v" * 257}], [{"Key": "bad{}", "Value": ""}]):
        refused("InvalidTag", 400, s3.put_object_tagging, Bucket=bucket, Key="tags",
                Tagging={"TagSet": wrong})
    refused("BadRequest", 400, s3.put_object_tagging, Bucket=bucket, Key="tags", Tagging={
        "TagSet": [{"Key": str(i), "Value": ""} for i in range(11)]})
    refused("NoSuchKey", 404, s3.get_object_tagging, Bucket=bucket, Key="not-there")


def customer(key):
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


@pytest.mark.parametrize("size", [0, 10, 5000, 65536, 300_000])
def test_a_customers_key_is_needed_again(weir, s3, bucket, size):
    key, content = os.urandom(32), os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="sse-c", Body=content, **customer(key))
    assert put["SSECustomerAlgorithm"] == "AES256" and "ServerSideEncryption" not in put
    got = s3.get_object(Bucket=bucket, Key="sse-c", **customer(key))
    assert body(got) == content
    assert got["SSECustomerKeyMD5"] == base64.b64encode(hashlib.md5(key).digest()).decode()
    if size > 100:
        part = s3.get_object(Bucket=bucket, Key="sse-c", Range=f"bytes=33-{size - 9}",
                             **customer(key))
        assert body(part) == content[33:size - 8]
    refused("InvalidRequest", 400, s3.get_object, Bucket=bucket, Key="sse-c")
    refused("AccessDenied", 403, s3.get_object, Bucket=bucket, Key="sse-c",
            **customer(os.urandom(32)))
    refused("400", 400, s3.head_object, Bucket=bucket, Key="sse-c")


def test_a_customers_content_is_not_on_the_disk(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    make, key = b"this must not be found anywhere ", os.urandom(32)
    s3.create_bucket(Bucket="secret")
    s3.put_object(Bucket="secret", Key="small", Body=make * 10, **customer(key))
    s3.put_object(Bucket="secret", Key="row", Body=make * 1000, **customer(key))
    s3.put_object(Bucket="secret", Key="blob", Body=make * 9000, **customer(key))
    weir.stop()
    for folder, _, names in os.walk(weir.data):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            assert make not in content and key not in content, name


def test_encryption_is_told(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="e", Body=b"x")["ServerSideEncryption"] == "AES256"
    put = s3.put_object(Bucket=bucket, Key="e", Body=b"x", ServerSideEncryption="aws:kms",
                        SSEKMSKeyId="1234abcd-12ab-34cd-56ef-1234567890ab", BucketKeyEnabled=True)
    assert put["SSEKMSKeyId"].endswith(":key/1234abcd-12ab-34cd-56ef-1234567890ab")
    head = s3.head_object(Bucket=bucket, Key="e")
    assert head["ServerSideEncryption"] == "aws:kms" and head["BucketKeyEnabled"] is True
    assert head["SSEKMSKeyId"] == put["SSEKMSKeyId"]
    refused("InvalidArgument", 400, s3.put_object, Bucket=bucket, Key="e", SSEKMSKeyId="x")
    refused("InvalidArgument", 400, s3.put_object, Bucket=bucket, Key="e",
            ServerSideEncryption="AES256", **customer(os.urandom(32)))


def test_attributes_of_an_object(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="attributes", Body=b"12345", ChecksumAlgorithm="SHA256")
    got = s3.get_object_attributes(
        Bucket=bucket, Key="attributes",
        ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"])
    assert got["ETag"] == put["ETag"].strip('"') and got["ObjectSize"] == 5
    assert got["StorageClass"] == "STANDARD" and "ObjectParts" not in got
    assert got["Checksum"]["ChecksumSHA256"] == put["ChecksumSHA256"]
    assert got["Checksum"]["ChecksumType"] == "FULL_OBJECT"


def test_objects_survive_a_crash(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="kept")
    contents = {f"key-{size}": os.urandom(size) for size in (0, 10, 5000, 60_000, 900_000)}
    for key, content in contents.items():
        s3.put_object(Bucket="kept", Key=key, Body=content, Metadata={"of": key})
    s3.put_object(Bucket="kept", Key="gone", Body=b"x" * 200_000)
    s3.delete_object(Bucket="kept", Key="gone")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    for key, content in contents.items():
        got = s3.get_object(Bucket="kept", Key=key)
        assert body(got) == content and got["Metadata"] == {"of": key}
    refused("NoSuchKey", 404, s3.get_object, Bucket="kept", Key="gone")


def test_torrents_and_select_are_not_there(s3, bucket):
    s3.put_object(Bucket=bucket, Key="t", Body=b"x")
    refused("NotImplemented", 501, s3.get_object_torrent, Bucket=bucket, Key="t")


def error(code, status, call, **arguments):
    """The refusal's elements."""
    return refused(code, status, call, **arguments)["Error"]


def test_errors_tell_sizes_and_counts(s3, bucket):
    s3.put_object(Bucket=bucket, Key="ten", Body=b"0123456789")
    wrong = error("InvalidRange", 416, s3.get_object, Bucket=bucket, Key="ten", Range="bytes=-0")
    assert wrong["ActualObjectSize"] == "10" and wrong["RangeRequested"] == "bytes=-0"
    wrong = error("InvalidPartNumber", 416, s3.get_object, Bucket=bucket, Key="ten", PartNumber=2)
    assert wrong["ActualPartCount"] == "1" and wrong["PartNumberRequested"] == "2"
    wrong = error("KeyTooLongError", 400, s3.put_object, Bucket=bucket, Key="k" * 1025)
    assert wrong["Size"] == "1025" and wrong["MaxSizeAllowed"] == "1024"
    wrong = error("MetadataTooLarge", 400, s3.put_object, Bucket=bucket, Key="k",
                  Metadata={"k": "v" * 2048})
    assert wrong["Size"] == "2049" and wrong["MaxSizeAllowed"] == "2048"


def test_a_range_of_everything_has_its_checksum(s3, bucket):
    s3.put_object(Bucket=bucket, Key="ten", Body=b"0123456789")
    for header in ("bytes=0-", "bytes=0-99", "bytes=-15"):
        got = s3.get_object(Bucket=bucket, Key="ten", Range=header, ChecksumMode="ENABLED")
        assert status(got) == 206 and "ChecksumCRC32" in got
    part = s3.get_object(Bucket=bucket, Key="ten", Range="bytes=1-9", ChecksumMode="ENABLED")
    assert "ChecksumCRC32" not in part


def test_write_conditions_that_s3_does_not_know(s3, bucket):
    for header, conditions in (("If-Match", {"IfMatch": "*"}),
                               ("If-None-Match", {"IfNoneMatch": "tag"}),
                               ("If-Match,If-None-Match", {"IfMatch": "a", "IfNoneMatch": "*"})):
        wrong = error("NotImplemented", 501, s3.put_object, Bucket=bucket, Key="x", **conditions)
        assert wrong["Header"] == header and "additionalMessage" in wrong


def test_errors_of_tags_name_the_tag(s3, bucket):
    s3.put_object(Bucket=bucket, Key="tags", Body=b"x")

    def wrong(**tag):
        return error("InvalidTag", 400, s3.put_object_tagging, Bucket=bucket, Key="tags",
                     Tagging={"TagSet": [tag]})

    assert wrong(Key="a,b", Value="")["TagKey"] == "a,b"
    assert wrong(Key="a", Value="1,2")["TagValue"] == "1,2"
    assert wrong(Key="aws:x", Value="1")["Message"] == "Your TagKey cannot be prefixed with aws:"
    for header in ("a=1&a=2", "a=1,b=2"):
        told = error("InvalidArgument", 400, s3.put_object, Bucket=bucket, Key="tags",
                     Tagging=header)
        assert told["ArgumentName"] == "x-amz-tagging" and told["ArgumentValue"] == header
    missing = error("NoSuchKey", 404, s3.get_object_tagging, Bucket=bucket, Key="not-there")
    assert missing["Key"] == f"{bucket}/not-there"


def test_an_id_that_cannot_be_is_told_in_a_batch(s3, bucket):
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [
        {"Key": "x", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}]})
    assert answer["Errors"][0]["Code"] == "NoSuchVersion"
    refused("InvalidArgument", 400, s3.delete_object, Bucket=bucket, Key="x",
            VersionId="HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")


AWKWARD = ["//", "..", ".", "a/../b", "./x", "/", "trailing/", "ü/日本/🦀", " lead", "trail ", "a\tb",
           "%41", "%2F", "a+b", "a?b", "a&b=c", "a#b", "\"q'", "<x>&amp;", "\\{}|^`~", "\r\n",
           "null", "?versionId=null", "x?versions", "a;b,c*", "é" * 512, "\ufffd"]


def test_awkward_keys_go_through_every_operation(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    for key in AWKWARD:
        ask = {"Bucket": bucket, "Key": key}
        version = s3.put_object(**ask, Body=key.encode())["VersionId"]
        s3.put_object_tagging(**ask, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={**ask, "VersionId": version})
        assert body(s3.get_object(Bucket=bucket, Key="copy")) == key.encode()
        upload = s3.create_multipart_upload(**ask)
        assert upload["Key"] == key
        ask["UploadId"] = upload["UploadId"]
        part = s3.upload_part(**ask, PartNumber=1, Body=b"part")["ETag"]
        assert len(s3.list_parts(**ask)["Parts"]) == 1
        uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix=key)["Uploads"]
        assert [u["Key"] for u in uploads] == [key]
        done = s3.complete_multipart_upload(**ask, MultipartUpload={"Parts": [
            {"PartNumber": 1, "ETag": part}]})
        assert done["Key"] == key
        assert raw(weir, "GET", "get_object", Bucket=bucket, Key=key)[2] == b"part"
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert {v["Key"] for v in listed} == {*AWKWARD, "copy"}
    assert [v["Key"].encode() for v in listed] == sorted(v["Key"].encode() for v in listed)
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [
        {"Key": v["Key"], "VersionId": v["VersionId"]} for v in listed]})
    assert "Errors" not in gone
    s3.delete_bucket(Bucket=bucket)


def test_metadata_that_is_not_ascii_is_told_mail_safe(weir, s3, bucket):
    for sent in ("ÄMÄ".encode("latin-1"), "ÄMÄ".encode()):
        code, _, _ = raw(weir, "PUT", "put_object", {"x-amz-meta-Name": sent, "x-amz-meta-none": ""},
                         Bucket=bucket, Key="mail")
        assert code == 200
        answer = s3.head_object(Bucket=bucket, Key="mail")
        assert answer["Metadata"] == {"name": "=?UTF-8?B?w4RNw4Q=?=", "none": ""}


def test_a_condition_that_is_no_date_is_none(weir, s3, bucket):
    s3.put_object(Bucket=bucket, Key="if", Body=b"x")
    for header in ("if-modified-since", "if-unmodified-since"):
        assert raw(weir, "GET", "get_object", {header: "yesterday"}, Bucket=bucket,
                   Key="if")[0] == 200


def test_an_etag_is_an_md5_only_with_the_keys_of_s3(s3, bucket):
    content, key = os.urandom(100), os.urandom(32)
    copy = {"Bucket": bucket, "Key": "copied", "CopySource": f"{bucket}/kms"}
    for other in ({"ServerSideEncryption": "aws:kms"}, customer(key)):
        one = s3.put_object(Bucket=bucket, Key="kms", Body=content, **other)["ETag"]
        assert one != hashed(content)
        assert s3.head_object(Bucket=bucket, Key="kms", **(
            customer(key) if "SSECustomerKey" in other else {}))["ETag"] == one
    s3.put_object(Bucket=bucket, Key="kms", Body=content, ServerSideEncryption="aws:kms")
    assert s3.copy_object(**copy)["CopyObjectResult"]["ETag"] == hashed(content)
    again = s3.copy_object(**copy, ServerSideEncryption="aws:kms")["CopyObjectResult"]
    assert again["ETag"] != hashed(content)


def test_reading_does_not_say_how_to_encrypt(weir, s3, bucket):
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    for method, operation in (("GET", "get_object"), ("HEAD", "head_object")):
        code, _, _ = raw(weir, method, operation, {"x-amz-server-side-encryption": "AES256"},
                         Bucket=bucket, Key="plain")
        assert code == 400


def test_strangers_say_that_they_pay(weir, s3):
    bucket = make_bucket(s3, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    s3.put_bucket_request_payment(Bucket=bucket,
                                  RequestPaymentConfiguration={"Payer": "Requester"})
    stranger = weir.client("s3", access_key="999999999999")
    refused("AccessDenied", 403, stranger.get_object, Bucket=bucket, Key="k")
    got = stranger.get_object(Bucket=bucket, Key="k", RequestPayer="requester")
    assert got["RequestCharged"] == "requester" and body(got) == b"x"
    assert "RequestCharged" not in s3.get_object(Bucket=bucket, Key="k")
