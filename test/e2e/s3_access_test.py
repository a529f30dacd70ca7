# SPDX-License-Identifier: Apache-2.0
"""Who may do what with a bucket that is somebody else's: policies, ACLs, public access blocks; what
browsers may do (CORS); presigned URLs, and addresses with the bucket in the host's name.
"""
import json
import re
import urllib.parse

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from s3_kit import body, make_bucket, raw, refused
from weir_server import ACCOUNT, REGION

OTHER = "444455556666"


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def other(weir):
    return weir.client("s3", access_key=OTHER)


@pytest.fixture(scope="module")
def nobody(weir):
    """Without a signature: while nobody checks them, some other account. auth_test.py has who is
    nobody."""
    return boto3.client("s3", endpoint_url=weir.url, region_name=REGION, config=Config(
        signature_version=UNSIGNED, retries={"total_max_attempts": 1}))


@pytest.fixture
def bucket(s3):
    """Not blocked, with ACLs: as buckets were before 2023."""
    name = make_bucket(s3, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    return name


def policy(bucket, *statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/*", **statement} for statement in statements]})


# ---- policies ----

def test_a_policy_lets_others_in(s3, other, bucket):
    s3.put_object(Bucket=bucket, Key="open/a", Body=b"a")
    s3.put_object(Bucket=bucket, Key="shut/b", Body=b"b")
    refused("AccessDenied", 403, other.get_object, Bucket=bucket, Key="open/a")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        bucket, {"Resource": f"arn:aws:s3:::{bucket}/open/*"},
        {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}",
         "Condition": {"StringLike": {"s3:prefix": "open/*"}}}))
    assert body(other.get_object(Bucket=bucket, Key="open/a")) == b"a"
    refused("AccessDenied", 403, other.get_object, Bucket=bucket, Key="shut/b")
    refused("AccessDenied", 403, other.put_object, Bucket=bucket, Key="open/c", Body=b"")
    assert other.list_objects_v2(Bucket=bucket, Prefix="open/")["KeyCount"] == 1
    refused("AccessDenied", 403, other.list_objects_v2, Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    refused("AccessDenied", 403, other.get_object, Bucket=bucket, Key="open/a")


def test_what_is_denied_is_denied(s3, other, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a", Tagging="secret=yes")
    s3.put_object(Bucket=bucket, Key="b", Body=b"b")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        bucket, {"Action": "s3:*"},
        {"Effect": "Deny", "Action": "s3:Get*", "Condition": {
            "StringEquals": {"s3:ExistingObjectTag/secret": "yes"}}}))
    refused("AccessDenied", 403, other.get_object, Bucket=bucket, Key="a")
    assert body(other.get_object(Bucket=bucket, Key="b")) == b"b"


def test_a_policy_for_everybody_is_public(s3, nobody, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Principal": "*"}))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Version"] == "2012-10-17"
    assert body(nobody.get_object(Bucket=bucket, Key="a")) == b"a"
    refused("AccessDenied", 403, nobody.put_object, Bucket=bucket, Key="b", Body=b"")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Principal": "*", "Condition": {
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    refused("AccessDenied", 403, nobody.get_object, Bucket=bucket, Key="a")


@pytest.mark.parametrize("text,told", [
    ("no json", "first byte must be '{'"), ("{", "invalid Json"),
    ("{}", "Missing required field Statement"),
    ('{"Version":"2020-01-01","Statement":[{}]}', "valid version"),
    ('{"Statement":[{"Principal":"*"}]}', "Missing required field Effect"),
    ('{"Statement":[{"Effect":"Allow"}]}', "Missing required field Principal"),
    ('{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:Send"}]}', "invalid action"),
    ('{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}', "field Resource"),
    ('{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*",'
     '"Resource":"arn:aws:s3:::elsewhere/*"}]}', "invalid resource")])
def test_what_is_no_policy_is_refused(s3, bucket, text, told):
    answer = refused("MalformedPolicy", 400, s3.put_bucket_policy, Bucket=bucket, Policy=text)
    assert told in answer["Error"]["Message"]
    refused("NoSuchBucketPolicy", 404, s3.get_bucket_policy, Bucket=bucket)


def test_public_access_can_be_blocked(s3, nobody, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    public = policy(bucket, {"Principal": "*"})
    s3.put_bucket_policy(Bucket=bucket, Policy=public)

    def block(**more):
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=more)

    block(RestrictPublicBuckets=True)
    refused("AccessDenied", 403, nobody.get_object, Bucket=bucket, Key="a")
    block(BlockPublicPolicy=True)
    assert body(nobody.get_object(Bucket=bucket, Key="a")) == b"a"  # what is there stays
    answer = refused("AccessDenied", 403, s3.put_bucket_policy, Bucket=bucket, Policy=public)
    assert "BlockPublicPolicy" in answer["Error"]["Message"]
    s3.delete_bucket_policy(Bucket=bucket)
    block(BlockPublicAcls=True)
    refused("AccessDenied", 403, s3.put_object_acl, Bucket=bucket, Key="a", ACL="public-read")
    block()
    s3.put_object_acl(Bucket=bucket, Key="a", ACL="public-read")
    assert body(nobody.get_object(Bucket=bucket, Key="a")) == b"a"
    block(IgnorePublicAcls=True)
    refused("AccessDenied", 403, nobody.get_object, Bucket=bucket, Key="a")


# ---- ACLs ----

def grants(answer):
    return sorted((g["Grantee"].get("URI", g["Grantee"].get("ID", ""))[-13:], g["Permission"])
                  for g in answer["Grants"])


def test_canned_acls_grant(s3, other, nobody, bucket):
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"][-13:]
    s3.put_object(Bucket=bucket, Key="a", Body=b"a", ACL="public-read")
    assert grants(s3.get_object_acl(Bucket=bucket, Key="a")) == sorted(
        [(owner, "FULL_CONTROL"), ("obal/AllUsers", "READ")])
    assert body(nobody.get_object(Bucket=bucket, Key="a")) == b"a"
    s3.put_object_acl(Bucket=bucket, Key="a", ACL="authenticated-read")
    assert body(other.get_object(Bucket=bucket, Key="a")) == b"a"
    s3.put_object_acl(Bucket=bucket, Key="a", ACL="private")
    refused("AccessDenied", 403, other.get_object, Bucket=bucket, Key="a")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert other.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    other.put_object(Bucket=bucket, Key="theirs", Body=b"x")
    refused("InvalidArgument", 400, s3.put_bucket_acl, Bucket=bucket, ACL="for-friends")


def test_grants_name_whom_and_what(s3, other, bucket):
    theirs = other.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"a", GrantRead=f'id="{theirs}"')
    assert body(other.get_object(Bucket=bucket, Key="a")) == b"a"
    refused("AccessDenied", 403, other.get_object_acl, Bucket=bucket, Key="a")
    acl = s3.get_object_acl(Bucket=bucket, Key="a")
    acl["Grants"].append({"Grantee": {"Type": "CanonicalUser", "ID": theirs},
                          "Permission": "READ_ACP"})
    s3.put_object_acl(Bucket=bucket, Key="a", AccessControlPolicy={
        "Owner": acl["Owner"], "Grants": acl["Grants"]})
    assert len(other.get_object_acl(Bucket=bucket, Key="a")["Grants"]) == 2
    refused("InvalidRequest", 400, s3.put_object, Bucket=bucket, Key="a", ACL="private",
            GrantRead=f'id="{theirs}"')
    refused("InvalidArgument", 400, s3.put_object, Bucket=bucket, Key="a", GrantRead='id="me"')


def test_an_owner_who_owns_everything_has_no_acls(s3):
    enforced = make_bucket(s3)
    refused("AccessControlListNotSupported", 400, s3.put_bucket_acl, Bucket=enforced,
            ACL="public-read")
    refused("AccessControlListNotSupported", 400, s3.put_object, Bucket=enforced, Key="a",
            Body=b"", ACL="public-read")
    s3.put_object(Bucket=enforced, Key="a", Body=b"", ACL="bucket-owner-full-control")


def test_access_survives_a_kill(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="bucket", ObjectOwnership="ObjectWriter")
    s3.put_object(Bucket="bucket", Key="granted", Body=b"a")
    s3.put_object(Bucket="bucket", Key="allowed", Body=b"b")
    theirs = weir.client("s3", access_key=OTHER).list_buckets()["Owner"]["ID"]
    s3.put_object_acl(Bucket="bucket", Key="granted", GrantRead=f'id="{theirs}"')
    s3.put_bucket_policy(Bucket="bucket", Policy=policy(
        "bucket", {"Resource": "arn:aws:s3:::bucket/allowed"}))
    weir.restart(hard=True)
    other = weir.client("s3", access_key=OTHER)
    assert body(other.get_object(Bucket="bucket", Key="granted")) == b"a"
    assert body(other.get_object(Bucket="bucket", Key="allowed")) == b"b"
    refused("AccessDenied", 403, other.list_objects_v2, Bucket="bucket")


# ---- CORS ----

RULES = {"CORSRules": [
    {"ID": "one", "AllowedMethods": ["PUT", "GET"], "AllowedOrigins": ["https://*.example.com"],
     "AllowedHeaders": ["x-amz-*", "content-type"], "ExposeHeaders": ["etag", "x-amz-version-id"],
     "MaxAgeSeconds": 300},
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}


def preflight(weir, path, origin="https://www.example.com", method="PUT", headers=None):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return weir.ask("OPTIONS", path, headers=asked)


def test_a_preflight_is_answered_by_the_buckets_rules(weir, s3, bucket):
    status, _, text = preflight(weir, f"/{bucket}/a")
    assert status == 403 and b"CORS is not enabled for this bucket" in text
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=RULES)
    status, headers, _ = preflight(weir, f"/{bucket}/a", headers="X-Amz-Date, Content-Type")
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://www.example.com"
    assert headers["access-control-allow-methods"] == "PUT, GET"
    assert headers["access-control-allow-headers"] == "x-amz-date, content-type"
    assert headers["access-control-expose-headers"] == "etag, x-amz-version-id"
    assert headers["access-control-max-age"] == "300"
    assert headers["access-control-allow-credentials"] == "true"
    status, headers, _ = preflight(weir, f"/{bucket}/a", "https://elsewhere.org", "GET")
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in headers
    for bad in (("https://elsewhere.org", "PUT"), ("https://www.example.com", "DELETE")):
        status, _, text = preflight(weir, f"/{bucket}/a", *bad)
        assert status == 403 and b"This CORS request is not allowed" in text
    assert preflight(weir, f"/{bucket}/a", headers="authorization")[0] == 403


def test_answers_carry_what_the_rules_say(weir, s3, bucket):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=RULES)
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    _, headers, _ = raw(weir, "GET", "get_object", {"Origin": "https://www.example.com"},
                        Bucket=bucket, Key="a")
    assert headers["access-control-allow-origin"] == "https://www.example.com"
    assert headers["access-control-expose-headers"] == "etag, x-amz-version-id"
    status, headers, _ = raw(weir, "GET", "get_object", {"Origin": "https://www.example.com"},
                             Bucket=bucket, Key="nowhere")
    assert status == 404 and "access-control-allow-origin" in headers  # or nobody could read why
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES["CORSRules"][:1]})
    _, headers, _ = raw(weir, "GET", "get_object", {"Origin": "https://elsewhere.org"},
                        Bucket=bucket, Key="a")
    assert "access-control-allow-origin" not in headers


def test_rules_for_browsers_are_checked_and_kept(s3, bucket):
    refused("NoSuchCORSConfiguration", 404, s3.get_bucket_cors, Bucket=bucket)
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=RULES)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == RULES["CORSRules"]
    for bad in ({"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]},
                {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.*.com"]},
                {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*-*"]},
                {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-*"]}):
        refused("InvalidRequest", 400, s3.put_bucket_cors, Bucket=bucket,
                CORSConfiguration={"CORSRules": [bad]})
    refused("MalformedXML", 400, s3.put_bucket_cors, Bucket=bucket,
            CORSConfiguration={"CORSRules": []})
    s3.delete_bucket_cors(Bucket=bucket)
    refused("NoSuchCORSConfiguration", 404, s3.get_bucket_cors, Bucket=bucket)


# ---- presigned URLs ----

@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_put_get_and_delete(weir, s3, bucket, version):
    signer = weir.client("s3", signature_version=version)

    def ask(operation, method, content=None, headers=None, **params):
        url = signer.generate_presigned_url(operation, HttpMethod=method, Params={
            "Bucket": bucket, "Key": "a b/ü+&=.txt", **params})
        assert ("X-Amz-Signature=" in url) == (version == "s3v4")
        return weir.ask(method, url[len(weir.url):], content, headers)

    for content in (b"small", bytes(200_000)):
        assert ask("put_object", "PUT", content)[0] == 200
        status, headers, got = ask("get_object", "GET",
                                   ResponseContentDisposition='attachment; filename="x"')
        assert (status, got) == (200, content)
        assert headers["content-disposition"] == 'attachment; filename="x"'
        assert ask("get_object", "GET", headers={"Range": "bytes=1-2"})[0] == 206
    assert s3.head_object(Bucket=bucket, Key="a b/ü+&=.txt")["ContentLength"] == 200_000
    assert ask("delete_object", "DELETE")[0] == 204
    assert ask("get_object", "GET")[0] == 404


def test_parts_may_be_presigned(weir, s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    url = s3.generate_presigned_url("upload_part", Params={
        "Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1})
    _, headers, _ = weir.ask("PUT", url[len(weir.url):], b"part")
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": headers["etag"]}]})
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"part"


# ---- the bucket in the host's name ----

@pytest.mark.parametrize("host", ["BUCKET.s3.us-east-1.amazonaws.com", "BUCKET.s3.amazonaws.com",
                                  "BUCKET.s3-us-west-2.amazonaws.com", "BUCKET.s3.localhost:4566",
                                  "BUCKET.localhost:4566",
                                  "BUCKET.s3.localhost.localstack.cloud:4566"])
def test_the_host_names_the_bucket(weir, s3, host):
    bucket = make_bucket(s3)
    host = host.replace("BUCKET", bucket)
    scope = f"{ACCOUNT}/20260101/us-east-1/s3/aws4_request"
    signed = {"Host": host, "X-Amz-Date": "20260101T000000Z", "Authorization":
              f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
              f"Signature={'0' * 64}"}
    assert weir.ask("PUT", "/a%20b/c", b"hello", signed)[0] == 200
    assert weir.ask("GET", "/a%20b/c", headers=signed)[2] == b"hello"
    listed = weir.ask("GET", "/?list-type=2&prefix=a", headers=signed)
    assert listed[0] == 200 and re.findall(rb"<Key>(.*?)</Key>", listed[2]) == [b"a b/c"]
    assert weir.ask("DELETE", "/a%20b/c", headers=signed)[0] == 204
    assert weir.ask("DELETE", "/", headers=signed)[0] == 204
    refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket=bucket)


def test_boto3_in_virtual_style_signs_what_weir_checks(weir, s3):
    """The host is sent as an own header over a connection to 127.0.0.1."""
    bucket = make_bucket(s3)
    client = boto3.client(
        "s3", endpoint_url=f"http://s3.localhost:{weir.port}", region_name=REGION,
        aws_access_key_id=ACCOUNT, aws_secret_access_key="secret",
        config=Config(s3={"addressing_style": "virtual"}, signature_version="s3v4"))
    url = urllib.parse.urlsplit(client.generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "k"}))
    assert url.hostname == f"{bucket}.s3.localhost"
    assert weir.ask("PUT", f"{url.path}?{url.query}", b"x", {"Host": url.netloc})[0] == 200
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"x"
