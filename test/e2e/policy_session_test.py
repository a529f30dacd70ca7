# SPDX-License-Identifier: Apache-2.0
"""--auth=on: temporary credentials: whose permissions a session has, what limits it, when it ends."""
import datetime

import botocore.auth
import pytest
from botocore.exceptions import ClientError
from policy_kit import (HOME, IAM, GuardedServer, Person, allow, denied, deny, document,
                        let, numbers, person, role, weir)  # noqa: F401
from weir_server import REGION


@pytest.fixture
def queue(weir):  # noqa: F811
    name = f"queue-{next(numbers)}"
    url = weir.root("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{HOME}:{name}"


def assume(person, arn, name="session", **more):  # noqa: F811
    return person.client("sts").assume_role(RoleArn=arn, RoleSessionName=name,
                                            **more)["Credentials"]


def sends(weir, keys, url):  # noqa: F811
    try:
        weir.signed("sqs", keys).send_message(QueueUrl=url, MessageBody="x")
        return True
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False


def test_a_session_has_its_roles_policies(weir, person, queue):  # noqa: F811
    name = f"role-{next(numbers)}"
    arn = role(weir, name, {"AWS": person.arn}, allow("sqs:SendMessage", queue[1]))
    keys = assume(person, arn, "s1")
    assert weir.signed("sts", keys).get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{HOME}:assumed-role/{name}/s1")
    assert sends(weir, keys, queue[0])
    assert "assumed-role" in denied(weir.signed("sqs", keys).receive_message, "AccessDenied",
                                    QueueUrl=queue[0])
    weir.root("iam").delete_role_policy(RoleName=name, PolicyName="own")
    assert not sends(weir, keys, queue[0])


def test_who_may_assume_a_role_its_trust_policy_says(weir, person):  # noqa: F811
    strangers = role(weir, f"role-{next(numbers)}", {"AWS": f"{IAM}root"})
    denied(person.client("sts").assume_role, "AccessDenied", RoleArn=strangers,
           RoleSessionName="session")
    person.may(allow("sts:AssumeRole", strangers))  # the account is trusted, and lets its users
    assume(person, strangers)
    person.may(allow("sts:AssumeRole"))
    services = role(weir, f"role-{next(numbers)}", {"Service": "lambda.amazonaws.com"})
    denied(person.client("sts").assume_role, "AccessDenied", RoleArn=services,
           RoleSessionName="session")
    trusted = role(weir, f"role-{next(numbers)}", {"AWS": person.arn})
    person.may(deny("sts:AssumeRole"))
    denied(person.client("sts").assume_role, "AccessDenied", RoleArn=trusted, RoleSessionName="session")


def test_an_external_id_is_a_condition_of_trust(weir, person):  # noqa: F811
    iam = weir.root("iam")
    name = f"role-{next(numbers)}"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(
        {"Effect": "Allow", "Principal": {"AWS": person.arn}, "Action": "sts:AssumeRole",
         "Condition": {"StringEquals": {"sts:ExternalId": "secret"}}}))["Role"]["Arn"]
    denied(person.client("sts").assume_role, "AccessDenied", RoleArn=arn, RoleSessionName="session")
    assume(person, arn, ExternalId="secret")


def test_session_policies_limit_a_session(weir, person, queue):  # noqa: F811
    arn = role(weir, f"role-{next(numbers)}", {"AWS": person.arn}, allow("sqs:*", queue[1]))
    keys = assume(person, arn, Policy=document(allow("sqs:ReceiveMessage")))
    weir.signed("sqs", keys).receive_message(QueueUrl=queue[0])
    assert "because no session policy allows the sqs:sendmessage action" in denied(
        weir.signed("sqs", keys).send_message, "AccessDenied", QueueUrl=queue[0], MessageBody="x")
    keys = assume(person, arn, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonSQSFullAccess"}])
    assert sends(weir, keys, queue[0])


def test_a_resource_names_a_role_or_its_session(weir, person, queue):  # noqa: F811
    name = f"role-{next(numbers)}"
    arn = role(weir, name, {"AWS": person.arn})
    limited = assume(person, arn, "limited", Policy=document(allow("sqs:ListQueues")))
    free = assume(person, arn, "free")

    def policy(principal):
        weir.root("sqs").set_queue_attributes(QueueUrl=queue[0], Attributes={
            "Policy": document(let({"AWS": principal}, "sqs:SendMessage", queue[1]))})

    policy(arn)
    assert sends(weir, free, queue[0])
    assert not sends(weir, limited, queue[0])
    policy(f"arn:aws:sts::{HOME}:assumed-role/{name}/limited")
    assert sends(weir, limited, queue[0])
    assert not sends(weir, free, queue[0])


def test_session_tags_are_the_callers(weir, person, queue):  # noqa: F811
    iam = weir.root("iam")
    name = f"role-{next(numbers)}"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(
        {"Effect": "Allow", "Principal": {"AWS": person.arn},
         "Action": ["sts:AssumeRole", "sts:TagSession"]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(
        allow("sqs:SendMessage", Condition={
            "StringEquals": {"aws:PrincipalTag/team": "blue"}})))
    assert not sends(weir, assume(person, arn), queue[0])
    assert sends(weir, assume(person, arn, Tags=[{"Key": "team", "Value": "blue"}]), queue[0])


def test_a_session_of_a_user_is_the_user(weir, person, queue):  # noqa: F811
    person.may(allow("sqs:SendMessage", queue[1]))
    keys = person.client("sts").get_session_token()["Credentials"]
    assert sends(weir, keys, queue[0])
    person.may(allow("sqs:SendMessage", queue[1], Condition={
        "Null": {"aws:TokenIssueTime": "true"}}))
    assert not sends(weir, keys, queue[0])
    assert sends(weir, person.keys, queue[0])


def test_a_federated_user_has_what_both_allow(weir, person, queue):  # noqa: F811
    person.may(allow(["sqs:SendMessage", "sts:GetFederationToken"]))
    sts = person.client("sts")
    nothing = sts.get_federation_token(Name="friend")["Credentials"]
    assert not sends(weir, nothing, queue[0])
    both = sts.get_federation_token(Name="friend", Policy=document(allow("sqs:*")))["Credentials"]
    assert sends(weir, both, queue[0])
    denied(weir.signed("sqs", both).receive_message, "AccessDenied", QueueUrl=queue[0])


# ---- tokens ----

@pytest.mark.parametrize("service,call,invalid,expired", [
    ("sqs", "list_queues", "InvalidClientTokenId", "ExpiredToken"),
    ("kinesis", "list_streams", "UnrecognizedClientException", "ExpiredTokenException"),
    ("s3", "list_buckets", "InvalidToken", "ExpiredToken"),
    ("sts", "get_caller_identity", "InvalidClientTokenId", "ExpiredToken")])
def test_a_token_is_checked_and_comes_to_its_end(service, call, invalid, expired, monkeypatch):
    server = GuardedServer().start()
    try:
        ann = Person(server, "ann").may(allow("*"))
        keys = ann.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
        getattr(server.signed(service, keys), call)()
        other = {**keys, "SessionToken": keys["SessionToken"][:-8] + "AAAAAAAA"}
        denied(getattr(server.signed(service, other), call), invalid)
        without = {k: v for k, v in keys.items() if k != "SessionToken"}
        denied(getattr(server.signed(service, without), call),
               "InvalidAccessKeyId" if service == "s3" else invalid)
        denied(getattr(server.signed(service, {**ann.keys, "SessionToken": "x"}), call), invalid)
        server.weir("clock", "advance", "16m")
        real = botocore.auth.get_current_datetime
        monkeypatch.setattr(botocore.auth, "get_current_datetime",  # clients sign by weir's clock
                            lambda *more: real(*more) + datetime.timedelta(minutes=16))
        message = denied(getattr(server.signed(service, keys), call), expired)
        assert "expired" in message
        assert server.stop() == 0
    finally:
        server.close()


def test_an_inactive_key_is_none(weir, person, queue):  # noqa: F811
    person.may(allow("sqs:SendMessage", queue[1]))
    iam = weir.root("iam")
    iam.update_access_key(UserName=person.name, AccessKeyId=person.keys["AccessKeyId"],
                          Status="Inactive")
    denied(person.client("sqs").send_message, "InvalidClientTokenId", QueueUrl=queue[0],
           MessageBody="x")
    iam.update_access_key(UserName=person.name, AccessKeyId=person.keys["AccessKeyId"],
                          Status="Active")
    assert sends(weir, person.keys, queue[0])
    iam.delete_access_key(UserName=person.name, AccessKeyId=person.keys["AccessKeyId"])
    denied(person.client("sqs").send_message, "InvalidClientTokenId", QueueUrl=queue[0],
           MessageBody="x")


def test_a_session_survives_kill():
    server = GuardedServer().start()
    try:
        ann = Person(server, "ann").may(allow("*"))
        keys = ann.client("sts").get_session_token(DurationSeconds=3600)["Credentials"]
        server.restart(hard=True)
        assert server.signed("sts", keys).get_caller_identity()["Arn"] == ann.arn
    finally:
        server.close()


def test_a_session_presigns_and_streams(weir, person):  # noqa: F811
    name = f"bucket-{next(numbers)}"
    weir.root("s3").create_bucket(Bucket=name)
    arn = role(weir, f"role-{next(numbers)}", {"AWS": person.arn},
               allow("s3:*", [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]))
    keys = assume(person, arn)
    s3 = weir.signed("s3", keys, signature_version="s3v4")
    content = bytes(range(256)) * 1000
    s3.put_object(Bucket=name, Key="large", Body=content)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "large"})
    assert "X-Amz-Security-Token=" in url
    assert weir.ask("GET", url[len(weir.url):])[2] == content
    stolen = url.replace("X-Amz-Security-Token=", "X-Amz-Security-Token=x")
    assert weir.ask("GET", stolen[len(weir.url):])[0] == 400
    form = s3.generate_presigned_post(name, "posted")
    assert form["fields"]["x-amz-security-token"] == keys["SessionToken"]
    body, boundary = b"", "xxBOUNDARYxx"
    for field, value in {**form["fields"], "file": "hello"}.items():
        body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"'
                 + ('; filename="f"' if field == "file" else "")
                 + f"\r\n\r\n{value}\r\n").encode()
    status, _, text = weir.ask("POST", f"/{name}", body + f"--{boundary}--\r\n".encode(), {
        "Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert status == 204, text
    assert s3.get_object(Bucket=name, Key="posted")["Body"].read() == b"hello"
