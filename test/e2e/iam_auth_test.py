# SPDX-License-Identifier: Apache-2.0
"""--auth=on: what IAM says holds, for every call, from the moment it is said.

The account is weir's own; everything is asked of queues, which need no set-up. Clients sign with
weir's time: its clock stands still and is moved.
"""
import base64
import datetime
import http.server
import itertools
import json
import subprocess
import threading

import botocore.auth
import pytest
from auth_test import SignedServer
from botocore import UNSIGNED
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from iam_kit import allow, client_of, deny, document, refused, trust
from iam_provider_test import shown
from weir_server import REGION

ACCOUNT = "000000000000"
IAM = f"arn:aws:iam::{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
numbers = itertools.count(1)


class ClockedServer(SignedServer):
    """Whose clock is moved with the root's signature, made at weir's time."""

    time = datetime.datetime(2026, 11, 23, 8)

    def now(self):
        return self.time.isoformat() + "Z"

    def ask(self, method, target, body=None, headers=None):
        request = AWSRequest(method, self.url + target, headers={"host": self.address})
        botocore.auth.SigV4Auth(Credentials(*self.key), "weir", REGION).add_auth(request)
        return super().ask(method, target, body, {**(headers or {}), **dict(request.headers)})

    def advance(self, duration):
        self.time = datetime.datetime.fromisoformat(super().advance(duration)).replace(tzinfo=None)


@pytest.fixture(scope="module")
def weir():
    server = ClockedServer("--auth", "on", clock="2026-11-23T08:00:00Z").start()
    server.listen_port = server.port  # also after a restart
    usual = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda **_: server.time
    yield server
    botocore.auth.get_current_datetime = usual
    server.close()


@pytest.fixture(scope="module")
def root(weir):
    key, secret = weir.key
    return {"AccessKeyId": key, "SecretAccessKey": secret}


@pytest.fixture(scope="module")
def iam(weir, root):
    return client_of(weir, "iam", root)


@pytest.fixture
def user(iam):
    """A fresh user: its name and credentials."""
    name = f"user-{next(numbers)}"
    iam.create_user(UserName=name, Path="/staff/")
    return name, iam.create_access_key(UserName=name)["AccessKey"]


def may(weir, credentials, name="q"):
    """Whether these credentials make a queue."""
    sqs = client_of(weir, "sqs", credentials)
    try:
        sqs.create_queue(QueueName=name)
        return True
    except sqs.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
        return False


def test_a_user_may_nothing_that_no_policy_allows(weir, user):
    name, key = user
    message = refused("AccessDenied", client_of(weir, "iam", key).list_users, 403)
    assert message.startswith(f"User: {IAM}user/staff/{name} is not authorized to perform: "
                              "iam:ListUsers on resource:")
    assert not may(weir, key)


def test_everybody_may_ask_who_they_are(weir, user):
    name, key = user
    assert client_of(weir, "sts", key).get_caller_identity()["Arn"] == \
        f"{IAM}user/staff/{name}"


def test_the_root_sees_the_key_it_calls_with(iam, root):
    assert [k["AccessKeyId"] for k in iam.list_access_keys()["AccessKeyMetadata"]] == \
        [root["AccessKeyId"]]


def test_what_a_policy_says_holds_at_once(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    assert may(weir, key)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("sqs:*", QUEUE + "mine-*")))
    assert not may(weir, key)
    assert may(weir, key, "mine-1")
    iam.delete_user_policy(UserName=name, PolicyName="p")
    assert not may(weir, key, "mine-1")


def test_a_denial_is_stronger(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("*"), deny("sqs:CreateQueue", QUEUE + "secret")))
    assert may(weir, key)
    assert not may(weir, key, "secret")


def test_groups_give_their_policies(weir, iam, user):
    name, key = user
    group = f"group-of-{name}"
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/"
                                                       "AmazonSQSFullAccess")
    assert not may(weir, key)
    iam.add_user_to_group(GroupName=group, UserName=name)
    assert may(weir, key)
    iam.remove_user_from_group(GroupName=group, UserName=name)
    assert not may(weir, key)


def test_a_managed_policys_default_version_holds(weir, iam, user):
    name, key = user
    arn = iam.create_policy(PolicyName=f"of-{name}", PolicyDocument=document(
        allow("sqs:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert may(weir, key)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:*")),
                              SetAsDefault=True)
    assert not may(weir, key)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert may(weir, key)
    iam.detach_user_policy(UserName=name, PolicyArn=arn)
    assert not may(weir, key)


def test_a_boundary_limits_and_gives_nothing(weir, iam, user):
    name, key = user
    arn = iam.create_policy(PolicyName=f"bound-{name}", PolicyDocument=document(
        allow("sqs:*", QUEUE + "in-*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    assert not may(weir, key, "in-1")
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document(allow("*")))
    assert may(weir, key, "in-1")
    assert not may(weir, key, "out")
    iam.delete_user_permissions_boundary(UserName=name)
    assert may(weir, key, "out")


def test_variables_and_tags_are_the_callers(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(
        allow("sqs:*", QUEUE + "${aws:username}-*", Condition={
            "StringEquals": {"aws:PrincipalTag/team": "blue"}})))
    assert not may(weir, key, name + "-1")
    iam.tag_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])
    assert may(weir, key, name + "-1")
    assert not may(weir, key, "other-1")


def test_iams_own_resources_have_their_paths(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="staff", PolicyDocument=document(
        allow("iam:GetUser", IAM + "user/staff/*")))
    iam.create_user(UserName=f"boss-of-{name}", Path="/board/")
    me = client_of(weir, "iam", key)
    assert me.get_user(UserName=name)["User"]["UserName"] == name
    refused("AccessDenied", me.get_user, 403, UserName=f"boss-of-{name}")


def test_an_inactive_key_is_nobodys(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("*")))
    identity = {"UserName": name, "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**identity, Status="Inactive")
    refused("InvalidClientTokenId", client_of(weir, "iam", key).list_users, 403)
    iam.update_access_key(**identity, Status="Active")
    client_of(weir, "iam", key).list_users()
    iam.delete_access_key(**identity)
    refused("InvalidClientTokenId", client_of(weir, "iam", key).list_users, 403)


def test_a_renamed_user_goes_on(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    iam.update_user(UserName=name, NewUserName=name + "-new")
    assert may(weir, key)


# ---- roles ----

def role_of(iam, principal, statements=(), **more):
    name = f"role-{next(numbers)}"
    arn = iam.create_role(RoleName=name, Path="/jobs/", AssumeRolePolicyDocument=trust(
        principal, **more))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
    return arn


def assume(weir, credentials, arn, **more):
    return client_of(weir, "sts", credentials).assume_role(
        RoleArn=arn, RoleSessionName="work", **more)["Credentials"]


def test_whom_a_role_trusts_may_assume_it_until_the_session_ends(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": f"{IAM}user/staff/{name}"}, [allow("sqs:*")])
    session = assume(weir, key, arn, DurationSeconds=900)
    assert may(weir, session)
    assert not may(weir, key)
    weir.advance("14m")
    assert may(weir, session)
    weir.advance("2m")
    error = refused("ExpiredToken", client_of(weir, "sts", session).get_caller_identity, 403)
    assert "expired" in error


def test_whom_a_role_does_not_trust_is_denied(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"Service": "lambda.amazonaws.com"}, [allow("sqs:*")])
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document(allow("*")))
    assert f"is not authorized to perform: sts:AssumeRole on resource: {arn}" in refused(
        "AccessDenied", client_of(weir, "sts", key).assume_role, 403, RoleArn=arn,
        RoleSessionName="work")


def test_a_role_that_trusts_the_account_leaves_it_to_policies(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": IAM + "root"}, [allow("sqs:*")])
    refused("AccessDenied", client_of(weir, "sts", key).assume_role, 403, RoleArn=arn,
            RoleSessionName="work")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("sts:AssumeRole", arn)))
    assert may(weir, assume(weir, key, arn))


def test_the_root_assumes_no_role(weir, iam, root):
    arn = role_of(iam, {"AWS": IAM + "root"})
    assert refused("AccessDenied", client_of(weir, "sts", root).assume_role, 403, RoleArn=arn,
                   RoleSessionName="work") == "Roles may not be assumed by root accounts."


def test_an_external_id_is_asked_for(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": f"{IAM}user/staff/{name}"}, [allow("sqs:*")],
                  Condition={"StringEquals": {"sts:ExternalId": "secret-42"}})
    sts = client_of(weir, "sts", key)
    for more in ({}, {"ExternalId": "wrong"}):
        refused("AccessDenied", sts.assume_role, 403, RoleArn=arn, RoleSessionName="work", **more)
    assert may(weir, assume(weir, key, arn, ExternalId="secret-42"))


def test_a_session_policy_limits(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": f"{IAM}user/staff/{name}"}, [allow("sqs:*")])
    session = assume(weir, key, arn, Policy=document(allow("sqs:*", QUEUE + "some-*")))
    assert may(weir, session, "some-1")
    assert not may(weir, session, "others")
    assert not may(weir, assume(weir, key, arn, PolicyArns=[
        {"arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}]))


def test_a_changed_role_changes_its_sessions(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": f"{IAM}user/staff/{name}"}, [allow("sqs:*")])
    session = assume(weir, key, arn)
    assert may(weir, session)
    role = arn.rsplit("/", 1)[1]
    iam.put_role_policy(RoleName=role, PolicyName="no", PolicyDocument=document(deny("sqs:*")))
    assert not may(weir, session)


def test_sessions_of_a_deleted_role_are_not_the_next_ones_of_that_name(weir, iam, user):
    name, key = user
    me = {"AWS": f"{IAM}user/staff/{name}"}
    arn = role_of(iam, me, [allow("sqs:*")])
    session = assume(weir, key, arn)
    role = arn.rsplit("/", 1)[1]
    iam.delete_role_policy(RoleName=role, PolicyName="p")
    iam.delete_role(RoleName=role)
    assert not may(weir, session)
    iam.create_role(RoleName=role, Path="/jobs/", AssumeRolePolicyDocument=trust(me))
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    assert not may(weir, session)
    assert may(weir, assume(weir, key, arn))


def test_session_tags_need_leave_and_are_the_sessions(weir, iam, user):
    name, key = user
    me = {"AWS": f"{IAM}user/staff/{name}"}
    arn = role_of(iam, me, [allow("sqs:*", Condition={
        "StringEquals": {"aws:PrincipalTag/job": "night"}})])
    refused("AccessDenied", client_of(weir, "sts", key).assume_role, 403, RoleArn=arn,
            RoleSessionName="work", Tags=[{"Key": "job", "Value": "night"}])
    role = arn.rsplit("/", 1)[1]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(
        me, ["sts:AssumeRole", "sts:TagSession"]))
    assert may(weir, assume(weir, key, arn, Tags=[{"Key": "job", "Value": "night"}]))
    assert not may(weir, assume(weir, key, arn, Tags=[{"Key": "job", "Value": "day"}]))
    assert not may(weir, assume(weir, key, arn))


def test_passing_a_role_needs_leave(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"Service": "ec2.amazonaws.com"})
    profile = f"profile-{name}"
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("iam:AddRoleToInstanceProfile")))
    me = client_of(weir, "iam", key)
    named = {"InstanceProfileName": profile, "RoleName": arn.rsplit("/", 1)[1]}
    assert "iam:PassRole" in refused("AccessDenied", me.add_role_to_instance_profile, 403, **named)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("iam:AddRoleToInstanceProfile"), allow("iam:PassRole", arn)))
    me.add_role_to_instance_profile(**named)


# ---- users' sessions ----

def test_a_users_session_may_what_the_user_may(weir, iam, user):
    name, key = user
    session = client_of(weir, "sts", key).get_session_token()["Credentials"]
    assert not may(weir, session)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    assert may(weir, session)
    weir.advance("13h")
    refused("ExpiredToken", client_of(weir, "sts", session).get_caller_identity, 403)


def test_a_session_with_a_second_factor_says_so(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("sqs:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})))
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    iam.enable_mfa_device(UserName=name, SerialNumber=serial,
                          AuthenticationCode1=shown(seed, weir, -1),
                          AuthenticationCode2=shown(seed, weir, 0))
    sts = client_of(weir, "sts", key)
    assert not may(weir, sts.get_session_token()["Credentials"])
    assert may(weir, sts.get_session_token(
        SerialNumber=serial, TokenCode=shown(seed, weir, 0))["Credentials"])
    assert "one time pass code" in refused(
        "AccessDenied", sts.get_session_token, 403, SerialNumber=serial, TokenCode="000000")


def test_a_federated_user_may_what_both_policies_allow(weir, iam, user):
    name, key = user
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("sqs:*", QUEUE + "a-*"), allow("sts:GetFederationToken")))
    sts = client_of(weir, "sts", key)
    guest = sts.get_federation_token(Name="guest", Policy=document(
        allow("sqs:*", [QUEUE + "a-1", QUEUE + "b-1"])))["Credentials"]
    assert may(weir, guest, "a-1")
    assert not may(weir, guest, "a-2")
    assert not may(weir, guest, "b-1")
    nothing = sts.get_federation_token(Name="guest")["Credentials"]
    assert not may(weir, nothing, "a-1")


def test_a_token_belongs_to_its_key(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": f"{IAM}user/staff/{name}"})
    one, other = assume(weir, key, arn), assume(weir, key, arn)
    for token in (other["SessionToken"], None):
        refused("InvalidClientTokenId", client_of(weir, "sts", {
            **one, "SessionToken": token}).get_caller_identity, 403)


def test_sessions_outlive_a_kill(weir, iam, user):
    name, key = user
    arn = role_of(iam, {"AWS": f"{IAM}user/staff/{name}"}, [allow("sqs:*")])
    session = assume(weir, key, arn)
    weir.restart(hard=True)
    assert may(weir, session)


# ---- web identities: tokens signed by a provider on this machine ----

def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Provider:
    """An OIDC provider whose key can be looked up, and which counts who does."""

    def __init__(self, folder):
        self.folder, self.asked, self.there = folder, 0, True
        self.roll("one")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/pool/.well-known/openid-configuration":
                    outer.asked += 1
                    document = {"issuer": outer.url, "jwks_uri": outer.url + "/keys"}
                else:
                    document = {"keys": [outer.jwk]}
                body = json.dumps(document).encode()
                self.send_response(200 if outer.there else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/pool"

    def roll(self, kid):
        """Another key takes the place of the one before."""
        self.kid, self.key = kid, self.folder / f"{kid}.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True,
                       capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"],
                                 check=True, capture_output=True, text=True).stdout
        number = bytes.fromhex(modulus.strip().split("=")[1])
        self.jwk = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": part(number),
                    "e": "AQAB"}

    def token(self, weir, **claims):
        now = int(weir.time.replace(tzinfo=datetime.timezone.utc).timestamp())
        claims = {"iss": self.url, "sub": "robot", "aud": "app", "exp": now + 600, **claims}
        text = f"{part(json.dumps({'alg': 'RS256', 'kid': self.kid}).encode())}." \
               f"{part(json.dumps(claims).encode())}"
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key],
                              input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{part(made)}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider(iam, tmp_path):
    server = Provider(tmp_path)
    server.arn = iam.create_open_id_connect_provider(Url=server.url, ClientIDList=["app"])[
        "OpenIDConnectProviderArn"]
    yield server
    server.close()


def from_web(weir, role, token):
    return weir.client("sts", signature_version=UNSIGNED).assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="web", WebIdentityToken=token)


def web_role(iam, provider):
    return role_of(iam, {"Federated": provider.arn}, [allow("sqs:*")],
                   action="sts:AssumeRoleWithWebIdentity")


def test_a_signed_token_assumes_a_role(weir, iam, provider):
    role = web_role(iam, provider)
    answer = from_web(weir, role, provider.token(weir))
    assert may(weir, answer["Credentials"])
    from_web(weir, role, provider.token(weir, sub="another"))
    assert provider.asked == 1  # the key is known then


def test_a_token_with_another_signature_is_refused(weir, iam, provider, tmp_path):
    role = web_role(iam, provider)
    head, claims, signature = provider.token(weir).split(".")
    forged = provider.token(weir, sub="admin").split(".")[1]
    unsigned = part(b'{"alg":"none"}')
    for text in (f"{head}.{forged}.{signature}", f"{head}.{claims}.", f"{unsigned}.{claims}."):
        refused("InvalidIdentityToken", from_web, weir=weir, role=role, token=text)


def test_a_new_key_is_looked_up_once_a_minute(weir, iam, provider):
    role = web_role(iam, provider)
    from_web(weir, role, provider.token(weir))
    provider.roll("two")
    says = refused("InvalidIdentityToken", from_web, weir=weir, role=role,
                   token=provider.token(weir))
    assert says.startswith("Couldn't retrieve verification key")
    assert provider.asked == 1
    weir.advance("1m")
    from_web(weir, role, provider.token(weir))
    assert provider.asked == 2


def test_a_provider_that_does_not_answer_says_so(weir, iam, provider):
    role = web_role(iam, provider)
    provider.there = False
    says = refused("IDPCommunicationError", from_web, weir=weir, role=role,
                   token=provider.token(weir))
    assert "503" in says
