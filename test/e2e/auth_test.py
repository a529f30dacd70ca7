# SPDX-License-Identifier: Apache-2.0
"""--auth=on: signatures are checked against the root key that weir prints once."""
import json
import subprocess

import boto3
import pytest
import s3_kit
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from kinesis_kit import data_of, put, read_shard
from weir_server import REGION, SignedServer, weir_path


@pytest.fixture(scope="module")
def weir():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


def test_root_key_works_for_small_and_large_bodies(weir):
    kinesis = weir.signed(*weir.key)
    kinesis.create_stream(StreamName="signed", ShardCount=1)
    put(kinesis, "signed", b"small")
    put(kinesis, "signed", bytes(range(256)) * 4000)
    assert [len(d) for d in data_of(read_shard(kinesis, "signed"))] == [5, 1024000]


def test_wrong_secret_and_unknown_key_are_refused(weir, refused):
    key, secret = weir.key
    message = refused("InvalidSignatureException",
                      weir.signed(key, secret[:-1] + ("A" if secret[-1] != "A" else "B"))
                      .list_streams)
    assert message.startswith("The request signature we calculated does not match the signature "
                              "you provided.")
    message = refused("UnrecognizedClientException",
                      weir.signed("AKIAIOSFODNN7EXAMPLE", secret).list_streams)
    assert message == "The security token included in the request is invalid."


def test_services_that_spoke_query_keep_its_status_and_code(weir):
    for service, call in (("sqs", "list_queues"), ("sns", "list_topics")):
        client = weir.signed("AKIAIOSFODNN7EXAMPLE", "secret", service)
        with pytest.raises(ClientError) as caught:
            getattr(client, call)()
        assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_unsigned_requests_are_refused(weir, refused):
    refused("MissingAuthenticationTokenException",
            weir.signed("x", "y", signature_version=UNSIGNED).list_streams)


def test_changed_bodies_do_not_match_their_signature(weir, refused):
    kinesis = weir.signed(*weir.key)

    def change(request, **_):
        request.body = request.body.replace(b"innocent", b"modified")

    kinesis.meta.events.register("before-send.kinesis.CreateStream", change)
    refused("InvalidSignatureException", kinesis.create_stream, StreamName="innocent",
            ShardCount=1)
    assert "modified" not in kinesis.list_streams()["StreamNames"]


def test_weirs_own_doors_need_a_signature_too(weir):
    assert weir.ask("GET", "/_weir/health")[0] == 200
    assert weir.ask("GET", "/_weir/journal")[0] == 403
    assert weir.ask("POST", "/_weir/clock?advance=1h")[0] == 403


def test_a_bucket_policy_denies_its_owner_too_and_root_may_always_correct_it(weir):
    s3 = weir.signed(*weir.key, "s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="denied")
    s3.put_object(Bucket="denied", Key="kept/a", Body=b"1")
    s3.put_object(Bucket="denied", Key="loose/a", Body=b"2")

    def deny(action, resource):
        s3.put_bucket_policy(Bucket="denied", Policy=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Principal": "*", "Action": action,
                           "Resource": f"arn:aws:s3:::denied{resource}"}]}))

    deny("s3:DeleteObject", "/kept/*")
    s3_kit.refused("AccessDenied", 403, s3.delete_object, Bucket="denied", Key="kept/a")
    answer = s3.delete_objects(Bucket="denied", Delete={"Objects": [
        {"Key": "kept/a"}, {"Key": "loose/a"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["loose/a"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("kept/a", "AccessDenied")]
    assert s3.get_object(Bucket="denied", Key="kept/a")["Body"].read() == b"1"

    deny("s3:*", "")
    s3_kit.refused("AccessDenied", 403, s3.list_objects_v2, Bucket="denied")
    s3_kit.refused("AccessDenied", 403, s3.get_bucket_versioning, Bucket="denied")
    s3.delete_bucket_policy(Bucket="denied")
    assert s3.list_objects_v2(Bucket="denied")["KeyCount"] == 1


def test_key_is_printed_once_and_kept():
    server = SignedServer("--auth", "on")
    try:
        key = server.start().key
        assert key is not None
        server.kill()
        server.key = None
        assert server.start().key is None
        assert server.signed(*key).list_streams()["StreamNames"] == []
    finally:
        server.close()


def test_off_is_for_loopback_only(tmp_path):
    run = subprocess.run([weir_path(), "serve", "--data", str(tmp_path / "d"), "--listen",
                          "0.0.0.0:0"], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode != 0 and "--auth=on" in run.stderr


def test_a_form_is_signed_by_its_policy(weir):
    key, secret = weir.key
    s3 = weir.signed(key, secret, "s3", signature_version="s3v4")
    s3.create_bucket(Bucket="forms")
    old = weir.signed(key, secret, "s3", signature_version="s3")
    for content in (b"small", bytes(300_000)):
        fields = s3.generate_presigned_post("forms", "k")["fields"]
        assert s3_kit.post(weir, "/forms", fields, content)[0] == 204
        for code, status, bad in (
                ("SignatureDoesNotMatch", 403, {**fields, "x-amz-signature": "0" * 64}),
                ("SignatureDoesNotMatch", 403, {**fields, "policy": "e30="}),
                ("InvalidAccessKeyId", 403, {**fields, "x-amz-credential": fields[
                    "x-amz-credential"].replace(key, "AKIANOBODY")}),
                ("InvalidArgument", 400, {**fields, "x-amz-credential": key}),
                ("AccessDenied", 403, {"key": "k"}),
                ("InvalidRequest", 400, old.generate_presigned_post("forms", "k")["fields"])):
            answer = s3_kit.post(weir, "/forms", bad, content)
            assert answer[0] == status and f"<Code>{code}</Code>".encode() in answer[2], answer
    assert s3.head_object(Bucket="forms", Key="k")["ContentLength"] == 300_000


def test_everybody_may_post_where_the_policy_says_so(weir):
    s3 = weir.signed(*weir.key, "s3")
    s3.create_bucket(Bucket="open-forms")
    s3.delete_public_access_block(Bucket="open-forms")
    s3.put_bucket_policy(Bucket="open-forms", Policy=json.dumps({"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject",
         "Resource": "arn:aws:s3:::open-forms/in/*"}]}))
    assert s3_kit.post(weir, "/open-forms", {"key": "in/${filename}"})[0] == 204
    assert s3_kit.post(weir, "/open-forms", {"key": "out/${filename}"})[0] == 403
    assert s3_kit.body(s3.get_object(Bucket="open-forms", Key="in/a.txt")) == b"hello"


def test_presigned_urls_are_checked_and_expire(weir):
    key, secret = weir.key
    s3 = weir.signed(key, secret, "s3", signature_version="s3v4")
    s3.create_bucket(Bucket="presigned")

    def ask(method, url, body=None, **headers):
        return weir.ask(method, url[len(weir.url):], body, headers)

    url = s3.generate_presigned_url("put_object", Params={"Bucket": "presigned", "Key": "a b/ü"})
    assert ask("PUT", url, b"hello")[0] == 200
    assert ask("PUT", url, bytes(300_000))[0] == 200
    assert b"SignatureDoesNotMatch" in ask("PUT", url.replace("/a%20b", "/a%20c"), b"hello")[2]
    url = s3.generate_presigned_url("get_object", Params={
        "Bucket": "presigned", "Key": "a b/ü", "ResponseContentType": "text/x-card"})
    status, headers, content = ask("GET", url)
    assert (status, len(content), headers["content-type"]) == (200, 300_000, "text/x-card")
    assert ask("GET", url.replace("x-card", "x-cart"))[0] == 403
    assert ask("HEAD", url)[0] == 403  # signed for another method
    late = s3.generate_presigned_url("get_object", ExpiresIn=0,
                                     Params={"Bucket": "presigned", "Key": "a b/ü"})
    status, _, content = ask("GET", late)
    assert status == 403 and b"Request has expired" in content
    old = weir.signed(key, secret, "s3", signature_version="s3").generate_presigned_url(
        "get_object", Params={"Bucket": "presigned", "Key": "a b/ü"})
    assert "AWSAccessKeyId" in old  # which S3 does not take for new buckets either
    status, _, content = ask("GET", old)
    assert status == 400 and b"Please use AWS4-HMAC-SHA256" in content


def test_nobody_gets_what_is_public_and_nothing_else(weir):
    s3 = weir.signed(*weir.key, "s3")
    nobody = boto3.client("s3", endpoint_url=weir.url, region_name=REGION, config=Config(
        signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
    s3.create_bucket(Bucket="acls", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="acls")
    s3.put_object(Bucket="acls", Key="k", Body=b"hello", ACL="public-read")
    assert s3_kit.body(nobody.get_object(Bucket="acls", Key="k")) == b"hello"
    for acl in ("authenticated-read", "private"):
        s3.put_object_acl(Bucket="acls", Key="k", ACL=acl)
        s3_kit.refused("AccessDenied", 403, nobody.get_object, Bucket="acls", Key="k")
    s3.put_bucket_website(Bucket="acls", WebsiteConfiguration={"IndexDocument": {"Suffix": "k"}})
    host = {"Host": "acls.s3-website-us-east-1.amazonaws.com"}
    assert weir.ask("GET", "/", headers=host)[0] == 403
    s3.put_object_acl(Bucket="acls", Key="k", ACL="public-read")
    assert weir.ask("GET", "/", headers=host)[::2] == (200, b"hello")
    assert weir.ask("GET", "/nowhere", headers=host)[0] == 403  # who may not list is not told
