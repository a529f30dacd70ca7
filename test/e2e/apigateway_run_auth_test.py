# SPDX-License-Identifier: Apache-2.0
"""Who is let in to HTTP APIs: tokens of an issuer on this machine, and functions that decide."""
import base64
import json
import subprocess
import time

import pytest
from apigateway_kit import INVOKE
from apigateway_run_kit import ECHO, RunKit
from iam_auth_test import Provider, part
from weir_server import ACCOUNT, REGION

HEADER = "$request.header.Authorization"
DECIDES = """
import json
def handler(event, context):
    answer = json.loads(event["headers"]["x-decision"])
    if answer == "raise":
        raise Exception("Unauthorized")
    if isinstance(answer, dict) and "tell" in answer:
        return {"isAuthorized": True, "context": {"event": json.dumps(event)}}
    return answer
"""


@pytest.fixture(scope="module")
def kit(weir):
    return RunKit(weir)


@pytest.fixture(scope="module")
def echo(kit):
    return kit.function("echo", ECHO)


class Issuer(Provider):
    """Signs tokens by the system's clock; a claim that is None is left out."""

    def token(self, **claims):
        claims = {"iss": self.url, "sub": "robot", "aud": "app", "exp": time.time() + 600,
                  **claims}
        kept = {name: int(value) if name == "exp" else value
                for name, value in claims.items() if value is not None}
        text = f"{part(json.dumps({'alg': 'RS256', 'kid': self.kid}).encode())}." \
               f"{part(json.dumps(kept).encode())}"
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key],
                              input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{part(made)}"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    provider = Issuer(tmp_path_factory.mktemp("keys"))
    yield provider
    provider.close()


def guarded(kit, echo, issuer, **more):
    """An API with a JWT authorizer for "app" before /x."""
    api = kit.api()
    authorizer = kit.authorizer(api, IdentitySource=[HEADER], JwtConfiguration={
        "Audience": ["app", "other"], "Issuer": issuer.url})
    kit.asks(api, echo, "GET /x", AuthorizationType="JWT", AuthorizerId=authorizer, **more)
    kit.stage(api, AutoDeploy=True)
    return api


@pytest.fixture(scope="module")
def api(kit, echo, issuer):
    return guarded(kit, echo, issuer)


def with_token(kit, api, token, path="/x"):
    return kit.ask(api, path, headers={"Authorization": token})


def test_a_token_lets_in_and_tells_its_claims(kit, api, issuer):
    token = issuer.token(scope="a b", groups=["x", "y"], admin=True, level=3)
    answer = with_token(kit, api, f"Bearer {token}")
    assert answer.status == 200, answer.raw
    told = answer.json["requestContext"]["authorizer"]["jwt"]
    assert told["scopes"] is None
    claims = told["claims"]
    assert (claims["iss"], claims["aud"], claims["sub"]) == (issuer.url, "app", "robot")
    assert (claims["groups"], claims["admin"], claims["level"]) == ("[x y]", "true", "3")
    assert claims["exp"].isdigit()
    assert with_token(kit, api, token).status == 200


@pytest.mark.parametrize("claims,words", [
    ({"aud": "wrong"}, "audience"), ({"aud": None, "client_id": "wrong"}, "audience"),
    ({"exp": 1000}, "expired"), ({"exp": None}, "expiration"),
    ({"nbf": 9999999999}, "not valid yet"), ({"iat": 9999999999}, "before it was issued"),
    ({"iss": "https://somebody.example"}, "issuer"), ({"iss": None}, "issuer"),
])
def test_a_wrong_token_is_refused(kit, api, issuer, claims, words):
    answer = with_token(kit, api, f"Bearer {issuer.token(**claims)}")
    answer.is_message(401, "Unauthorized")
    told = answer.headers["www-authenticate"]
    assert told.startswith('Bearer error="invalid_token" error_description="')
    assert words in told


def test_client_id_counts_without_aud(kit, api, issuer):
    assert with_token(kit, api, issuer.token(client_id="other", aud=None)).status == 200
    assert with_token(kit, api, issuer.token(client_id="other", aud="x")).status == 401


def test_no_token_is_refused(kit, api):
    for headers in [{}, {"Authorization": ""}]:
        answer = kit.ask(api, "/x", headers=headers)
        answer.is_message(401, "Unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    for token in ["x", "Bearer", "a.b.c", "Basic YTpi", "Bearer " + "x" * 9000]:
        with_token(kit, api, token).is_message(401, "Unauthorized")


def test_forged_tokens_are_refused(kit, api, issuer):
    good = issuer.token()
    head, claims, signature = good.split(".")
    none = part(json.dumps({"alg": "none", "kid": issuer.kid}).encode())
    foreign = part(json.dumps({"alg": "RS256", "kid": "foreign"}).encode())
    shared = part(json.dumps({"alg": "HS256", "kid": issuer.kid}).encode())
    more = json.loads(base64.urlsafe_b64decode(claims + "=="))
    more["sub"] = "root"
    changed = part(json.dumps(more).encode())
    for token in [f"{none}.{claims}.", f"{none}.{claims}.{signature}",
                  f"{foreign}.{claims}.{signature}", f"{shared}.{claims}.{signature}",
                  f"{head}.{changed}.{signature}", f"{head}.{claims}."]:
        with_token(kit, api, f"Bearer {token}").is_message(401, "Unauthorized")
    assert with_token(kit, api, f"Bearer {good}").status == 200


def test_scopes(kit, echo, issuer):
    api = guarded(kit, echo, issuer, AuthorizationScopes=["pets.read", "pets.write"])
    good = with_token(kit, api, issuer.token(scope="openid pets.read"))
    assert good.json["requestContext"]["authorizer"]["jwt"]["scopes"] == ["openid", "pets.read"]
    assert with_token(kit, api, issuer.token(scp=["pets.write"])).status == 200
    for claims in [{}, {"scope": "pets"}, {"scope": "pets.readx"}, {"scope": 7}]:
        answer = with_token(kit, api, issuer.token(**claims))
        answer.is_message(403, "Forbidden")
        assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_keys_are_asked_for_once(kit, api, issuer):
    assert with_token(kit, api, issuer.token()).status == 200
    asked = issuer.asked
    for _ in range(3):
        assert with_token(kit, api, issuer.token()).status == 200
    assert issuer.asked == asked


def test_a_key_that_is_gone_signs_nothing(kit, echo, tmp_path):
    provider = Issuer(tmp_path)
    api = guarded(kit, echo, provider)
    old = provider.token()
    assert with_token(kit, api, old).status == 200
    assert with_token(kit, api, old).status == 200
    provider.roll("two")
    foreign = provider.token()
    with_token(kit, api, foreign).is_message(401, "Unauthorized")  # asked a moment ago
    provider.close()


def test_a_token_may_come_in_the_query(kit, echo, issuer):
    api = kit.api()
    authorizer = kit.authorizer(
        api, IdentitySource=["$request.querystring.token"],
        JwtConfiguration={"Audience": ["app"], "Issuer": issuer.url})
    kit.asks(api, echo, "GET /x", AuthorizationType="JWT", AuthorizerId=authorizer)
    kit.stage(api, AutoDeploy=True)
    assert kit.ask(api, f"/x?token={issuer.token()}").status == 200
    kit.ask(api, "/x").is_message(401, "Unauthorized")


# ---- functions that decide ----

def decided(kit, echo, simple=True, version="2.0", ttl=0, sources=(HEADER,)):
    """An API whose /x and /y a function guards."""
    arn = kit.functions.get_function(FunctionName="decides")["Configuration"]["FunctionArn"]
    api = kit.api()
    authorizer = kit.gateway.create_authorizer(
        ApiId=api, Name="asks", AuthorizerType="REQUEST", IdentitySource=list(sources),
        AuthorizerUri=INVOKE.replace("function:f/", "function:decides/"),
        AuthorizerPayloadFormatVersion=version, AuthorizerResultTtlInSeconds=ttl,
        **({"EnableSimpleResponses": simple} if version == "2.0" else {}))["AuthorizerId"]
    kit.may(arn, api)
    made = kit.asks(api, echo, "GET /x", AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    kit.route(api, "GET /y", made, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    kit.stage(api, AutoDeploy=True)
    return api


@pytest.fixture(scope="module")
def decides(kit):
    return kit.function("decides", DECIDES)


def decide(kit, api, answer, path="/x", token="t", **more):
    return kit.ask(api, path, headers={"Authorization": token, "X-Decision": json.dumps(answer),
                                       **more})


def policy(effect, resource="*"):
    return {"principalId": "me", "context": {"color": "red", "n": 7}, "policyDocument": {
        "Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}}


def test_simple_answers(kit, echo, decides):
    api = decided(kit, echo)
    answer = decide(kit, api, {"isAuthorized": True, "context": {"color": "red", "deep": [1]}})
    assert answer.json["requestContext"]["authorizer"] == {
        "lambda": {"color": "red", "deep": [1]}}
    assert decide(kit, api, {"isAuthorized": True}).json["requestContext"]["authorizer"] == {
        "lambda": None}
    decide(kit, api, {"isAuthorized": False}).is_message(403, "Forbidden")
    decide(kit, api, {"isAuthorized": "true"}).is_message(500, "Internal Server Error")
    decide(kit, api, 7).is_message(500, "Internal Server Error")
    decide(kit, api, "raise").is_message(401, "Unauthorized")
    kit.ask(api, "/x").is_message(401, "Unauthorized")


def test_the_authorizers_event(kit, echo, decides):
    api = decided(kit, echo, sources=(HEADER, "$request.querystring.q"))
    answer = decide(kit, api, {"tell": 1}, "/x?q=1")
    event = json.loads(answer.json["requestContext"]["authorizer"]["lambda"]["event"])
    assert event["version"] == "2.0"
    assert event["type"] == "REQUEST"
    assert event["routeArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/$default/GET/x"
    assert event["identitySource"] == ["t", "1"]
    assert event["routeKey"] == "GET /x"
    assert "body" not in event
    decide(kit, api, {"tell": 1}, "/x").is_message(401, "Unauthorized")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_policies(kit, echo, decides, version):
    api = decided(kit, echo, False, version)
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/$default/GET/x"
    answer = decide(kit, api, policy("Allow", arn))
    assert answer.json["requestContext"]["authorizer"] == {"lambda": {"color": "red", "n": 7}}
    decide(kit, api, policy("Allow", arn), "/y").is_message(403, "Forbidden")
    decide(kit, api, policy("Deny")).is_message(403, "Forbidden")
    decide(kit, api, {"policyDocument": "x"}).is_message(500, "Internal Server Error")


def test_what_was_said_is_kept(kit, echo, decides):
    api = decided(kit, echo, ttl=300, sources=(HEADER, "$request.querystring.q"))
    assert decide(kit, api, {"isAuthorized": True}, "/x?q=1").status == 200
    assert decide(kit, api, {"isAuthorized": False}, "/x?q=1").status == 200
    decide(kit, api, {"isAuthorized": False}, "/x?q=2").is_message(403, "Forbidden")
    decide(kit, api, {"isAuthorized": True}, "/x?q=2").is_message(403, "Forbidden")
    # values that are alike only when joined are not alike
    decide(kit, api, {"isAuthorized": False}, "/x?q=b,1", "a").is_message(403, "Forbidden")
    assert decide(kit, api, {"isAuthorized": True}, "/x?q=1", "a,b").status == 200
    kit.gateway.reset_authorizers_cache(ApiId=api, StageName="$default")
    decide(kit, api, {"isAuthorized": False}, "/x?q=1").is_message(403, "Forbidden")


def test_what_was_said_goes_into_the_answer(kit, decides):
    arn = kit.functions.get_function(FunctionName="decides")["Configuration"]["FunctionArn"]
    api = kit.api()
    authorizer = kit.gateway.create_authorizer(
        ApiId=api, Name="asks", AuthorizerType="REQUEST", IdentitySource=[HEADER],
        AuthorizerUri=INVOKE.replace("function:f/", "function:decides/"),
        AuthorizerPayloadFormatVersion="2.0", AuthorizerResultTtlInSeconds=0,
        EnableSimpleResponses=True)["AuthorizerId"]
    kit.may(arn, api)
    queue = kit.sqs.create_queue(QueueName="said")["QueueUrl"]
    made = kit.gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0", CredentialsArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        RequestParameters={"QueueUrl": queue, "MessageBody": "$context.authorizer.color"},
        ResponseParameters={"200": {
            "overwrite:header.x-color": "$context.authorizer.color",
            "overwrite:header.x-route": "$context.routeKey"}})["IntegrationId"]
    kit.route(api, "GET /x", made, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    kit.stage(api, AutoDeploy=True)
    answer = decide(kit, api, {"isAuthorized": True, "context": {"color": "red"}})
    assert answer.status == 200, answer.raw
    assert (answer.headers["x-color"], answer.headers["x-route"]) == ("red", "GET /x")
    assert kit.sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "red"


def test_a_kept_policy_is_asked_for_each_route(kit, echo, decides):
    api = decided(kit, echo, False, ttl=300)
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/$default/GET/x"
    assert decide(kit, api, policy("Allow", arn)).status == 200
    decide(kit, api, policy("Allow"), "/y").is_message(403, "Forbidden")


def test_an_authorizer_that_is_not_let_or_not_there(kit, echo):
    api = kit.api()
    authorizer = kit.gateway.create_authorizer(
        ApiId=api, Name="asks", AuthorizerType="REQUEST", IdentitySource=[HEADER],
        AuthorizerUri=INVOKE.replace("function:f/", "function:nobody/"),
        AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True)["AuthorizerId"]
    kit.asks(api, echo, "GET /x", AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    kit.stage(api, AutoDeploy=True)
    kit.ask(api, "/x", headers={"Authorization": "t"}).is_message(500, "Internal Server Error")


# ---- tokens of a user pool of this weir ----

def test_a_user_pools_tokens(kit, echo, weir):
    pools = weir.client("cognito-idp")
    pool = pools.create_user_pool(PoolName="edge")["UserPool"]["Id"]
    client = pools.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH",
                                                            "ALLOW_REFRESH_TOKEN_AUTH"])[
        "UserPoolClient"]["ClientId"]
    pools.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    pools.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Secret-123",
                                  Permanent=True)
    tokens = pools.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Secret-123"})["AuthenticationResult"]
    for issuer in [f"https://cognito-idp.{REGION}.amazonaws.com/{pool}", f"{weir.url}/{pool}"]:
        api = kit.api()
        authorizer = kit.authorizer(api, IdentitySource=[HEADER], JwtConfiguration={
            "Audience": [client], "Issuer": issuer})
        made = kit.asks(api, echo, "GET /x", AuthorizationType="JWT", AuthorizerId=authorizer)
        kit.route(api, "GET /scoped", made, AuthorizationType="JWT", AuthorizerId=authorizer,
                  AuthorizationScopes=["aws.cognito.signin.user.admin"])
        kit.stage(api, AutoDeploy=True)
        for kind in ["IdToken", "AccessToken"]:
            answer = with_token(kit, api, f"Bearer {tokens[kind]}")
            assert answer.status == 200, answer.headers
            told = answer.json["requestContext"]["authorizer"]["jwt"]["claims"]
            assert told["token_use"] == kind.removesuffix("Token").lower()
        assert with_token(kit, api, tokens["AccessToken"], "/scoped").status == 200
        with_token(kit, api, tokens["IdToken"], "/scoped").is_message(403, "Forbidden")
    other = kit.authorizer(api, "other", IdentitySource=[HEADER], JwtConfiguration={
        "Audience": ["another"], "Issuer": issuer})
    kit.route(api, "GET /other", made, AuthorizationType="JWT", AuthorizerId=other)
    with_token(kit, api, tokens["IdToken"], "/other").is_message(401, "Unauthorized")
