# SPDX-License-Identifier: Apache-2.0
"""STS without checks: who is it, sessions of roles and users, what their rules are."""
import base64
import datetime
import json

import pytest
from iam_kit import (BASIC, IAM, allow, client_of, document, iam, refused, sts,  # noqa: F401
                     trust)
from weir_server import ACCOUNT

STS = f"arn:aws:sts::{ACCOUNT}:"


@pytest.fixture(scope="module")
def role(iam):
    iam.create_role(RoleName="assumed", Path="/deep/path/", AssumeRolePolicyDocument=trust(),
                    MaxSessionDuration=7200)
    return IAM + "role/deep/path/assumed"


def test_the_root_is_who_calls_without_users(sts, weir):
    who = sts.get_caller_identity()
    assert (who["UserId"], who["Account"], who["Arn"]) == (ACCOUNT, ACCOUNT, IAM + "root")
    who = weir.client("sts", access_key="test").get_caller_identity()
    assert who["Arn"] == "arn:aws:iam::000000000000:root"


def test_a_users_key_is_the_users(sts, iam, weir):
    user = iam.create_user(UserName="who")["User"]
    who = client_of(weir, "sts", iam.create_access_key(UserName="who")[
        "AccessKey"]).get_caller_identity()
    assert (who["UserId"], who["Arn"]) == (user["UserId"], user["Arn"])


def test_an_assumed_role_has_a_session(sts, iam, weir, role):
    answer = sts.assume_role(RoleArn=role, RoleSessionName="me@work")
    role_id = iam.get_role(RoleName="assumed")["Role"]["RoleId"]
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": role_id + ":me@work", "Arn": STS + "assumed-role/assumed/me@work"}
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    lasts = credentials["Expiration"] - datetime.datetime.fromisoformat(weir.now())
    assert 3590 < lasts.total_seconds() <= 3600
    who = client_of(weir, "sts", credentials).get_caller_identity()
    assert (who["UserId"], who["Arn"]) == (answer["AssumedRoleUser"]["AssumedRoleId"],
                                          answer["AssumedRoleUser"]["Arn"])
    assert iam.get_role(RoleName="assumed")["Role"]["RoleLastUsed"]["Region"] == "us-east-1"


def test_a_role_that_is_not_there_is_denied(sts):
    arn = IAM + "role/none"
    assert refused("AccessDenied", sts.assume_role, 403, RoleArn=arn, RoleSessionName="me") == \
        f"User: {IAM}root is not authorized to perform: sts:AssumeRole on resource: {arn}"


@pytest.mark.parametrize("more", [
    {"RoleSessionName": "x"}, {"RoleSessionName": "a b"}, {"DurationSeconds": 899},
    {"DurationSeconds": 43201}, {"DurationSeconds": 7201}, {"ExternalId": "?!"}])
def test_what_breaks_rules_is_refused(sts, role, more):
    refused("ValidationError", sts.assume_role, **{
        "RoleArn": role, "RoleSessionName": "me", **more})


def test_a_role_that_assumes_another_gets_an_hour(sts, weir, role):
    chained = client_of(weir, "sts", sts.assume_role(RoleArn=role, RoleSessionName="one")[
        "Credentials"])
    assert "1 hour session limit" in refused(
        "ValidationError", chained.assume_role, RoleArn=role, RoleSessionName="two",
        DurationSeconds=3601)
    chained.assume_role(RoleArn=role, RoleSessionName="two")


def test_session_policies_are_checked(sts, iam, role):
    answer = sts.assume_role(RoleArn=role, RoleSessionName="me", Policy=document(allow()),
                             PolicyArns=[{"arn": BASIC}])
    assert 0 < answer["PackedPolicySize"] <= 100
    refused("MalformedPolicyDocument", sts.assume_role, RoleArn=role, RoleSessionName="me",
            Policy="{}")
    refused("MalformedPolicyDocument", sts.assume_role, RoleArn=role, RoleSessionName="me",
            PolicyArns=[{"arn": IAM + "policy/none"}])
    refused("PackedPolicyTooLarge", sts.assume_role, RoleArn=role, RoleSessionName="me",
            Policy=document(allow("s3:GetObject", "arn:aws:s3:::" + "b" * 2048)))


def test_session_tags_differ_by_more_than_case(sts, role):
    sts.assume_role(RoleArn=role, RoleSessionName="me", Tags=[{"Key": "a", "Value": "1"}],
                    TransitiveTagKeys=["a"])
    assert "Duplicate tag keys" in refused(
        "ValidationError", sts.assume_role, RoleArn=role, RoleSessionName="me",
        Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])


def test_transitive_tags_go_on_and_cannot_be_given_anew(sts, weir, role):
    first = sts.assume_role(RoleArn=role, RoleSessionName="one", Tags=[{"Key": "a", "Value": "1"}],
                            TransitiveTagKeys=["a"], SourceIdentity="ann")
    assert first["SourceIdentity"] == "ann"
    chained = client_of(weir, "sts", first["Credentials"])
    assert chained.assume_role(RoleArn=role, RoleSessionName="two")["SourceIdentity"] == "ann"
    refused("ValidationError", chained.assume_role, RoleArn=role, RoleSessionName="two",
            Tags=[{"Key": "A", "Value": "2"}])
    refused("ValidationError", chained.assume_role, RoleArn=role, RoleSessionName="two",
            SourceIdentity="bob")


def test_a_users_session_is_the_users(iam, weir):
    user = iam.create_user(UserName="session")["User"]
    me = client_of(weir, "sts", iam.create_access_key(UserName="session")["AccessKey"])
    credentials = me.get_session_token(DurationSeconds=900)["Credentials"]
    temporary = client_of(weir, "sts", credentials)
    assert temporary.get_caller_identity()["Arn"] == user["Arn"]
    assert refused("AccessDenied", temporary.get_session_token, 403) == \
        "Cannot call GetSessionToken with session credentials"
    refused("AccessDenied", temporary.get_federation_token, 403, Name="someone")


def test_the_roots_session_lasts_an_hour(sts, weir):
    ends = sts.get_session_token(DurationSeconds=7200)["Credentials"]["Expiration"]
    lasts = ends - datetime.datetime.fromisoformat(weir.now())
    assert lasts.total_seconds() <= 3600


def test_a_federated_user_has_a_name(iam, weir):
    iam.create_user(UserName="broker")
    me = client_of(weir, "sts", iam.create_access_key(UserName="broker")["AccessKey"])
    answer = me.get_federation_token(Name="guest", Policy=document(allow()))
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:guest",
                                       "Arn": STS + "federated-user/guest"}
    who = client_of(weir, "sts", answer["Credentials"]).get_caller_identity()
    assert (who["UserId"], who["Arn"]) == (f"{ACCOUNT}:guest", STS + "federated-user/guest")


def test_a_keys_account_is_known(sts, iam):
    iam.create_user(UserName="info")
    key = iam.create_access_key(UserName="info")["AccessKey"]["AccessKeyId"]
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == ACCOUNT
    refused("ValidationError", sts.get_access_key_info, AccessKeyId="AKIAAAAAAAAAAAAAAAAA")


# ---- web identities ----

def token(weir, **claims):
    """An unsigned token with these claims over usual ones."""
    now = int(datetime.datetime.fromisoformat(weir.now()).timestamp())
    claims = {"iss": "https://id.example.com/pool", "sub": "user-1234", "aud": "app",
              "iat": now, "exp": now + 600, **claims}

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256', 'kid': '1'})}.{part(claims)}.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def web(iam):
    provider = iam.create_open_id_connect_provider(
        Url="https://id.example.com/pool", ClientIDList=["app", "other"])[
        "OpenIDConnectProviderArn"]
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(
        {"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition={
            "StringEquals": {"id.example.com/pool:aud": "app"},
            "StringLike": {"id.example.com/pool:sub": "user-*"}}))
    return IAM + "role/web"


def assume(weir, role, text):
    return weir.client("sts").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="from-web", WebIdentityToken=text)


def test_a_web_identity_assumes_a_role_that_trusts_its_provider(weir, web):
    answer = assume(weir, web, token(weir))
    assert answer["SubjectFromWebIdentityToken"] == "user-1234"
    assert answer["Audience"] == "app"
    assert answer["AssumedRoleUser"]["Arn"] == STS + "assumed-role/web/from-web"
    who = client_of(weir, "sts", answer["Credentials"]).get_caller_identity()
    assert who["Arn"] == STS + "assumed-role/web/from-web"


@pytest.mark.parametrize("claims, code, status, says", [
    ({"iss": "https://nobody.example.com"}, "InvalidIdentityToken", 400,
     "No OpenIDConnect provider found in your account for https://nobody.example.com"),
    ({"aud": "unknown"}, "InvalidIdentityToken", 400, "Incorrect token audience"),
    ({"aud": "other"}, "AccessDenied", 403,
     "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    ({"sub": "robot"}, "AccessDenied", 403,
     "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    ({"exp": 1000}, "ExpiredTokenException", 400, "Token expired"),
    ({"exp": None}, "InvalidIdentityToken", 400, "Missing a required claim: exp"),
    ({"sub": None}, "InvalidIdentityToken", 400, "The ID Token provided is not a valid JWT"),
])
def test_a_web_identitys_claims_are_checked(weir, web, claims, code, status, says):
    with pytest.raises(weir.client("sts").exceptions.ClientError) as caught:
        assume(weir, web, token(weir, **claims))
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Error"]["Message"].startswith(says)


@pytest.mark.parametrize("text", ["none", "aa.bb", "a.b.c", "....", "e30.e30.e30"])
def test_what_is_no_token_is_refused(weir, web, text):
    with pytest.raises(weir.client("sts").exceptions.InvalidIdentityTokenException):
        assume(weir, web, text)
