# SPDX-License-Identifier: Apache-2.0
"""POST Object: forms that browsers post, with the policies that boto3 signs for them.

Forms are put together here by hand, so that a test says each byte; one is sent by curl.
"""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import urllib.parse
import xml.etree.ElementTree

import pytest
from s3_kit import BOUNDARY, MIB, body, form_of, make_bucket, post
from weir_server import ACCOUNT, REGION


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3", signature_version="s3v4")


def signed(s3, bucket, key, conditions=(), **fields):
    """The fields that boto3 gives for a form, policy and signature among them."""
    return s3.generate_presigned_post(bucket, key, Fields=fields, Conditions=[
        *conditions, *({name: value} for name, value in fields.items())])["fields"]


def policy_of(s3, policy):
    """Fields for a policy as it is; with auth off nobody looks at the signature."""
    scope = f"{ACCOUNT}/20261123/{REGION}/s3/aws4_request"
    raw = policy if isinstance(policy, bytes) else json.dumps(policy).encode()
    return {"policy": base64.b64encode(raw).decode(), "x-amz-credential": scope,
            "x-amz-signature": "0" * 64}


def told(answer, code, status):
    assert answer[0] == status, answer
    root = xml.etree.ElementTree.fromstring(answer[2])
    assert root.findtext("Code") == code, answer
    return root


def test_a_form_makes_an_object(weir, s3):
    bucket = make_bucket(s3)
    fields = signed(s3, bucket, "card/17.txt", **{
        "Content-Type": "text/x-card", "x-amz-meta-door": "north", "Cache-Control": "no-store",
        "x-amz-storage-class": "STANDARD_IA"})
    status, headers, text = post(weir, f"/{bucket}", fields, "größe\r\n--".encode())
    assert (status, text) == (204, b"")
    assert headers["location"] == f"{weir.url}/{bucket}/card/17.txt"
    got = s3.get_object(Bucket=bucket, Key="card/17.txt")
    assert body(got) == "größe\r\n--".encode() and got["ETag"] == headers["etag"]
    assert got["ContentType"] == "text/x-card" and got["Metadata"] == {"door": "north"}
    assert got["CacheControl"] == "no-store" and got["StorageClass"] == "STANDARD_IA"


def test_without_a_type_it_is_bytes(weir, s3):
    bucket = make_bucket(s3)
    assert post(weir, f"/{bucket}/", signed(s3, bucket, "k"))[0] == 204
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


def test_the_file_gives_its_name(weir, s3):
    bucket = make_bucket(s3)
    fields = s3.generate_presigned_post(bucket, "in/${filename}")["fields"]
    assert post(weir, f"/{bucket}", fields, filename="C:\\\\photos\\\\käfig.jpg")[0] == 204
    assert body(s3.get_object(Bucket=bucket, Key="in/käfig.jpg")) == b"hello"


def test_the_answer_is_as_the_form_wants_it(weir, s3):
    bucket = make_bucket(s3)
    assert post(weir, f"/{bucket}", signed(s3, bucket, "k", success_action_status="200"))[0] == 200
    assert post(weir, f"/{bucket}", signed(s3, bucket, "k", success_action_status="404"))[0] == 204
    status, headers, text = post(weir, f"/{bucket}",
                                 signed(s3, bucket, "a b&c", success_action_status="201"))
    assert status == 201 and headers["content-type"] == "application/xml"
    root = xml.etree.ElementTree.fromstring(text)
    assert root.tag == "PostResponse" and root.findtext("Bucket") == bucket
    assert root.findtext("Key") == "a b&c" and root.findtext("ETag") == headers["etag"]
    assert root.findtext("Location") == f"{weir.url}/{bucket}/a%20b%26c" == headers["location"]


def test_a_redirect_tells_what_was_made(weir, s3):
    bucket = make_bucket(s3)
    fields = signed(s3, bucket, "a b", success_action_redirect="http://example.com/done?x=1")
    status, headers, _ = post(weir, f"/{bucket}", fields)
    assert status == 303
    there = urllib.parse.urlsplit(headers["location"])
    assert (there.netloc, there.path) == ("example.com", "/done")
    assert dict(urllib.parse.parse_qsl(there.query)) == {
        "x": "1", "bucket": bucket, "key": "a b", "etag": headers["etag"]}
    fields = signed(s3, bucket, "a b", success_action_redirect="javascript:alert(1)")
    assert post(weir, f"/{bucket}", fields)[0] == 204  # no address: as if it were not there


def test_tags_and_versions(weir, s3):
    bucket = make_bucket(s3, "Enabled")
    tags = ("<Tagging><TagSet><Tag><Key>door &amp; more</Key><Value>n=1</Value></Tag></TagSet>"
            "</Tagging>").replace("&amp; ", "")
    status, headers, text = post(weir, f"/{bucket}", signed(s3, bucket, "k", tagging=tags))
    assert status == 204, text
    assert s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=headers["x-amz-version-id"])[
        "TagSet"] == [{"Key": "door more", "Value": "n=1"}]
    told(post(weir, f"/{bucket}", signed(s3, bucket, "k", tagging="<Tagging")), "MalformedXML",
         400)


def test_a_large_file_streams_and_is_whole(weir, s3, fresh):
    bucket = make_bucket(s3)
    content = os.urandom(5 * MIB) + b"\r\n--" + BOUNDARY[:-1].encode() + os.urandom(3 * MIB)
    status, headers, _ = post(weir, f"/{bucket}", signed(s3, bucket, "k"), content,
                              behind=[("submit", "Upload")])
    assert status == 204
    assert body(s3.get_object(Bucket=bucket, Key="k")) == content
    server = fresh()
    client = server.client("s3", signature_version="s3v4")
    client.create_bucket(Bucket="large")
    before = server.resident_bytes()
    assert post(server, "/large", signed(client, "large", "k"), bytes(96 * MIB))[0] == 204
    assert server.resident_bytes() - before < 32 * MIB
    server.restart(hard=True)
    assert server.client("s3").head_object(Bucket="large", Key="k")["ContentLength"] == 96 * MIB


def test_a_customers_key_may_be_in_the_form(weir, s3):
    bucket, key = make_bucket(s3), os.urandom(32)
    for size in (100, 300_000):
        content = os.urandom(size)
        fields = signed(s3, bucket, "k", **{
            "x-amz-server-side-encryption-customer-algorithm": "AES256",
            "x-amz-server-side-encryption-customer-key": base64.b64encode(key).decode(),
            "x-amz-server-side-encryption-customer-key-MD5": base64.b64encode(
                hashlib.md5(key).digest()).decode()})
        assert post(weir, f"/{bucket}", fields, content)[0] == 204
        got = s3.get_object(Bucket=bucket, Key="k", SSECustomerAlgorithm="AES256",
                            SSECustomerKey=key)
        assert body(got) == content


def test_a_checksum_in_the_form_is_compared(weir, s3):
    bucket = make_bucket(s3)
    for size in (5, 200_000):
        content = b"x" * size
        sha = base64.b64encode(hashlib.sha256(content).digest()).decode()
        good = signed(s3, bucket, "k", **{"x-amz-checksum-sha256": sha})
        assert post(weir, f"/{bucket}", good, content)[0] == 204
        told(post(weir, f"/{bucket}", good, content + b"y"), "BadDigest", 400)


@pytest.mark.parametrize("conditions,fields,wrong", [
    ([{"bucket": "BUCKET"}, {"key": "other"}], {}, '["eq", "$key", "other"]'),
    ([{"bucket": "elsewhere"}, {"key": "k"}], {}, '["eq", "$bucket", "elsewhere"]'),
    ([{"bucket": "BUCKET"}, ["starts-with", "$key", "user/"]], {},
     '["starts-with", "$key", "user/"]'),
    ([{"bucket": "BUCKET"}, {"key": "k"}, ["eq", "$acl", "private"]], {}, '"$acl"'),
    ([{"bucket": "BUCKET"}, {"key": "k"}, ["starts-with", "$Content-Type", "image/"]],
     {"Content-Type": "image/png,text/html"}, "Content-Type"),
])
def test_conditions_that_are_not_met(weir, s3, conditions, fields, wrong):
    bucket = make_bucket(s3)
    policy = {"expiration": "2100-01-01T00:00:00Z", "conditions": [
        *json.loads(json.dumps(conditions).replace("BUCKET", bucket)),
        ["starts-with", "$x-amz-credential", ""]]}
    error = told(post(weir, f"/{bucket}", {"key": "k", **fields, **policy_of(s3, policy)}),
                 "AccessDenied", 403)
    assert error.findtext("Message").startswith("Invalid according to Policy: Policy Condition "
                                                "failed: ")
    assert wrong in error.findtext("Message")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_conditions_that_are_met(weir, s3):
    bucket = make_bucket(s3)
    policy = {"expiration": "2100-01-01T00:00:00.000Z", "conditions": [
        {"Bucket": bucket}, ["eq", "$KEY", "in/a.txt"], ["starts-with", "$content-type", "image/"],
        ["starts-with", "$x-amz-meta-any", ""], ["content-length-range", "1", 10],
        ["starts-with", "$x-amz-credential", ""]]}
    fields = {"Key": "in/${filename}", "Content-Type": "image/png, image/gif",
              "x-amz-meta-any": "thing", "X-Ignore-Me": "x", **policy_of(s3, policy)}
    assert post(weir, f"/{bucket}", fields)[0] == 204
    assert s3.head_object(Bucket=bucket, Key="in/a.txt")["Metadata"] == {"any": "thing"}


def test_sizes_are_limited_by_the_policy(weir, s3):
    bucket = make_bucket(s3)
    limits = [["content-length-range", 5, 100_000]]
    error = told(post(weir, f"/{bucket}", signed(s3, bucket, "k", limits), b"1234"),
                 "EntityTooSmall", 400)
    assert error.findtext("MinSizeAllowed") == "5" and error.findtext("ProposedSize") == "4"
    assert post(weir, f"/{bucket}", signed(s3, bucket, "k", limits), b"12345")[0] == 204
    error = told(post(weir, f"/{bucket}", signed(s3, bucket, "k", limits), bytes(100_001)),
                 "EntityTooLarge", 400)
    assert error.findtext("MaxSizeAllowed") == "100000"


def test_every_field_needs_a_condition(weir, s3):
    bucket = make_bucket(s3)
    fields = {**signed(s3, bucket, "k"), "x-amz-meta-more": "x"}
    error = told(post(weir, f"/{bucket}", fields), "AccessDenied", 403)
    assert error.findtext("Message") == \
        "Invalid according to Policy: Extra input fields: x-amz-meta-more"


def test_a_policy_expires_on_weirs_clock(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="bucket")
    policy = {"expiration": "2026-11-23T09:00:00Z", "conditions": [
        {"bucket": "bucket"}, {"key": "k"}, ["starts-with", "$x-amz-credential", ""]]}
    fields = {"key": "k", **policy_of(s3, policy)}
    assert post(weir, "/bucket", fields)[0] == 204
    weir.advance("1h")
    error = told(post(weir, "/bucket", fields), "AccessDenied", 403)
    assert error.findtext("Message") == "Invalid according to Policy: Policy expired."


@pytest.mark.parametrize("policy", [
    b"", b"no json", b"[]", {}, {"expiration": "2100-01-01T00:00:00Z"},
    {"expiration": "soon", "conditions": []}, {"expiration": 7, "conditions": []},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": {}},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": ["key"]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [{"key": "k", "acl": "private"}]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [{"key": 1}]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["like", "$key", "k"]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["eq", "key", "k"]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["eq", "$key"]]},
    {"expiration": "2100-01-01T00:00:00Z", "conditions": [["content-length-range", "a", 1]]}])
def test_policies_that_are_none(weir, s3, policy):
    bucket = make_bucket(s3)
    fields = {"key": "k", **policy_of(s3, policy)}
    fields["policy"] = fields["policy"] or "!"
    error = told(post(weir, f"/{bucket}", fields), "InvalidPolicyDocument", 400)
    assert error.findtext("Message").startswith("Invalid Policy: ")


def test_forms_that_are_none(weir, s3):
    bucket = make_bucket(s3)
    fields = signed(s3, bucket, "k")
    told(post(weir, f"/{bucket}", fields, None), "IncorrectNumberOfFilesInPostRequest", 400)
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    whole = form_of(fields, b"hello")
    told(weir.ask("POST", f"/{bucket}", whole[:-10], kind), "MalformedPOSTRequest", 400)
    told(weir.ask("POST", f"/{bucket}", whole, {"Content-Type": "multipart/form-data"}),
         "MalformedPOSTRequest", 400)
    error = told(post(weir, f"/{bucket}", {k: v for k, v in fields.items() if k != "key"}),
                 "InvalidArgument", 400)
    assert "must contain a field named 'key'" in error.findtext("Message")
    told(post(weir, f"/{bucket}", signed(s3, bucket, "k" * 1025)), "KeyTooLongError", 400)
    told(post(weir, f"/{bucket}", {**fields, "x-amz-meta-a": "x" * 21000}),
         "MaxPostPreDataLengthExceededError", 400)
    told(post(weir, f"/{bucket}", {**fields, "x-amz-meta-a": "x\r\nx-evil: 1"}),
         "InvalidArgument", 400)
    told(post(weir, "/nowhere-at-all", signed(s3, "nowhere-at-all", "k")), "NoSuchBucket", 404)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_who_signs_in_the_old_way_is_known_while_nobody_checks(weir, s3):
    bucket = make_bucket(s3)
    fields = weir.client("s3", signature_version="s3").generate_presigned_post(bucket, "k")["fields"]
    assert "AWSAccessKeyId" in fields
    assert post(weir, f"/{bucket}", fields)[0] == 204
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 5


def test_a_queue_hears_of_a_post(weir, s3):
    bucket, sqs = make_bucket(s3), weir.client("sqs")
    url = sqs.create_queue(QueueName="posts")["QueueUrl"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:posts",
                                 "Events": ["s3:ObjectCreated:Post"]}]})
    s3.put_object(Bucket=bucket, Key="put", Body=b"")
    assert post(weir, f"/{bucket}", signed(s3, bucket, "posted"))[0] == 204
    bodies = [json.loads(m["Body"]) for m in sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    records = [r for m in bodies for r in m.get("Records", [])]
    assert [(r["eventName"], r["s3"]["object"]["key"]) for r in records] == [
        ("ObjectCreated:Post", "posted")]


def test_the_bucket_may_be_in_the_host(weir, s3):
    bucket = make_bucket(s3)
    status, headers, _ = post(weir, "/", signed(s3, bucket, "k"),
                              headers={"Host": f"{bucket}.s3.localhost:{weir.port}"})
    assert status == 204
    assert headers["location"] == f"http://{bucket}.s3.localhost:{weir.port}/k"
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"hello"


def test_a_web_page_may_post_where_cors_says_so(weir, s3):
    bucket = make_bucket(s3)
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["POST"], "AllowedOrigins": ["https://example.com"]}]})
    _, headers, _ = post(weir, f"/{bucket}", signed(s3, bucket, "k"),
                         headers={"Origin": "https://example.com"})
    assert headers["access-control-allow-origin"] == "https://example.com"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_posts_a_form(weir, s3, tmp_path):
    bucket = make_bucket(s3)
    (tmp_path / "photo.bin").write_bytes(os.urandom(200_000))
    fields = s3.generate_presigned_post(bucket, "in/${filename}", ExpiresIn=60)["fields"]
    words = [word for name, value in fields.items() for word in ("--form-string", f"{name}={value}")]
    done = subprocess.run(["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", *words, "-F",
                           f"file=@{tmp_path}/photo.bin", f"{weir.url}/{bucket}"],
                          capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "204", done.stderr
    assert body(s3.get_object(Bucket=bucket, Key="in/photo.bin")) == \
        (tmp_path / "photo.bin").read_bytes()
