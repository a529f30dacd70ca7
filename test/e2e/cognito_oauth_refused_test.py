# SPDX-License-Identifier: Apache-2.0
"""Tokens that are not a pool's, at everything that takes its tokens: the pool's own operations, its
userInfo, an HTTP API with a JWT authorizer, and AssumeRoleWithWebIdentity."""
import base64
import json
import subprocess

import pytest
from apigateway_run_kit import ECHO, RunKit
from auth_test import SignedServer
from botocore import UNSIGNED
from cognito_oauth_kit import PASSWORD, Web, b64url, make, part
from weir_server import REGION


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def pool(idp):
    return make(idp, "refused", client={"ExplicitAuthFlows": [
        "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "AllowedOAuthScopes": [
            "openid", "email", "aws.cognito.signin.user.admin"]})


@pytest.fixture(scope="module")
def tokens(weir, pool):
    return Web(weir, pool).tokens()


@pytest.fixture(scope="module")
def api(weir, pool):
    kit = RunKit(weir)
    made = kit.api()
    authorizer = kit.authorizer(made, IdentitySource=["$request.header.Authorization"],
                                JwtConfiguration={"Audience": [pool.client],
                                                  "Issuer": f"{weir.url}/{pool.pool}"})
    kit.asks(made, kit.function("echo", ECHO), "GET /x", AuthorizationType="JWT",
             AuthorizerId=authorizer)
    kit.stage(made, AutoDeploy=True)
    return kit, made


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Signs what it is given with a key that is nobody's."""
    key = tmp_path_factory.mktemp("keys") / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)

    def sign(text):
        return b64url(subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                                     input=text.encode(), check=True, capture_output=True).stdout)
    return sign


def coded(value):
    return b64url(json.dumps(value).encode())


def forgeries(token, sign):
    """By name: what somebody would try."""
    head, body, signature = token.split(".")
    claims = part(body)
    changed = coded({**claims, "username": "root", "sub": "root"})
    kid = part(head)["kid"]
    other = f"{coded({'alg': 'RS256', 'kid': 'foreign'})}.{body}"
    mine = f"{head}.{body}"
    hmac = f"{coded({'alg': 'HS256', 'kid': kid})}.{body}"
    crit = f"{coded({'alg': 'RS256', 'kid': kid, 'crit': ['exp']})}.{body}"
    large = f"{coded({'alg': 'RS256', 'kid': kid, 'x': 'y' * 5000})}.{body}"
    return {
        "none": f"{coded({'alg': 'none'})}.{body}.",
        "none with a signature": f"{coded({'alg': 'none', 'kid': kid})}.{body}.{signature}",
        "changed": f"{head}.{changed}.{signature}",
        "unsigned": f"{head}.{body}.",
        "cut": token[:-6],
        "a foreign kid": f"{other}.{sign(other)}",
        "a foreign key": f"{mine}.{sign(mine)}",
        "hmac": f"{hmac}.{signature}",
        "crit": f"{crit}.{sign(crit)}",
        "a large header": f"{large}.{signature}",
        "no token": "a.b.c",
    }


def test_forged_access_tokens_are_nobodys(idp, weir, pool, tokens, foreign):
    web = Web(weir, pool)
    assert idp.get_user(AccessToken=tokens["access_token"])["Username"] == "ann"
    for name, token in forgeries(tokens["access_token"], foreign).items():
        with pytest.raises(idp.exceptions.NotAuthorizedException) as refused:
            idp.get_user(AccessToken=token)
        assert refused.value.response["Error"]["Message"] == "Invalid Access Token", name
        answer = web.ask("GET", web.base + "/oauth2/userInfo",
                         headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, name
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.get_user(AccessToken=tokens["id_token"])


def test_an_api_takes_a_pools_tokens_and_no_forgeries(api, tokens, foreign):
    kit, made = api
    for good in (tokens["id_token"], tokens["access_token"]):
        assert kit.ask(made, "/x", headers={"Authorization": f"Bearer {good}"}).status == 200
    for name, token in forgeries(tokens["id_token"], foreign).items():
        answer = kit.ask(made, "/x", headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, name


def test_another_apps_and_another_pools_tokens_are_refused(api, idp, weir, pool):
    kit, made = api
    other = idp.create_user_pool_client(UserPoolId=pool.pool, ClientName="other",
                                        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    stranger = make(idp, "strangers", client={
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})
    for client in (other["UserPoolClient"]["ClientId"], stranger.client):
        result = idp.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
            "USERNAME": "ann", "PASSWORD": PASSWORD})["AuthenticationResult"]
        answer = kit.ask(made, "/x", headers={"Authorization": result["IdToken"]})
        assert answer.status == 401


def test_headers_that_are_too_large_are_refused_before(api):
    kit, made = api
    answer = kit.ask(made, "/x", headers={"Authorization": "Bearer " + "x" * 40000})
    assert answer.status in (400, 431)


def test_expired_tokens_are_refused(clocked):
    idp = clocked.client("cognito-idp")
    pool = make(idp, "expired", client={"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})
    result = idp.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
        "USERNAME": "ann", "PASSWORD": PASSWORD})["AuthenticationResult"]
    assert idp.get_user(AccessToken=result["AccessToken"])["Username"] == "ann"
    clocked.advance("3600s")
    with pytest.raises(idp.exceptions.NotAuthorizedException) as refused:
        idp.get_user(AccessToken=result["AccessToken"])
    assert refused.value.response["Error"]["Message"] == "Access Token has expired"


@pytest.fixture
def guarded():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


def test_a_pools_tokens_assume_roles(guarded):
    idp, iam = (guarded.signed(*guarded.key, service=one) for one in ("cognito-idp", "iam"))
    pool = make(idp, "roles", client={"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})
    name = f"cognito-idp.{REGION}.amazonaws.com/{pool.pool}"
    provider = iam.create_open_id_connect_provider(Url="https://" + name, ClientIDList=[pool.client])
    role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
            "Condition": {"StringEquals": {f"{name}:sub": pool.sub}}}]}))["Role"]["Arn"]
    token = idp.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
        "USERNAME": "ann", "PASSWORD": PASSWORD})["AuthenticationResult"]["IdToken"]
    sts = guarded.client("sts", signature_version=UNSIGNED)
    taken = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="me",
                                              WebIdentityToken=token)
    assert taken["SubjectFromWebIdentityToken"] == pool.sub
    head, body, signature = token.split(".")
    spoiled = base64.urlsafe_b64encode(bytes(256)).rstrip(b"=").decode()
    with pytest.raises(sts.exceptions.InvalidIdentityTokenException):
        sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="me",
                                          WebIdentityToken=f"{head}.{body}.{spoiled}")
