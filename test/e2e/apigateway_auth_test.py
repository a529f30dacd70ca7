# SPDX-License-Identifier: Apache-2.0
"""--auth=on: API Gateway's actions are HTTP methods on paths of the API; and tags."""
import itertools

import pytest
from apigateway_kit import FUNCTION
from auth_test import SignedServer
from iam_kit import allow, client_of, deny, document
from weir_server import REGION

APIS = f"arn:aws:apigateway:{REGION}::/apis"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def weir():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def root(weir):
    key, secret = weir.key
    return {"AccessKeyId": key, "SecretAccessKey": secret}


@pytest.fixture(scope="module")
def gateway(weir, root):
    return client_of(weir, "apigatewayv2", root)


@pytest.fixture
def user(weir, root):
    """user(statement, …): a client of a new user who may that and nothing else."""
    iam = client_of(weir, "iam", root)

    def make(*statements):
        name = f"api-user-{next(numbers)}"
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return client_of(weir, "apigatewayv2",
                         iam.create_access_key(UserName=name)["AccessKey"])
    return make


def may(call, **more):
    try:
        call(**more)
        return True
    except Exception as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        return False


def test_methods_on_paths(gateway, user):
    api = gateway.create_api(Name="a", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]
    other = gateway.create_api(Name="b", ProtocolType="HTTP")["ApiId"]
    reader = user(allow("apigateway:GET", f"{APIS}/{api}*"))
    assert may(reader.get_api, ApiId=api) and may(reader.get_routes, ApiId=api)
    assert not may(reader.get_api, ApiId=other)
    assert not may(reader.get_apis)
    assert not may(reader.update_api, ApiId=api, Name="c")
    assert not may(reader.delete_api, ApiId=api)
    writer = user(allow("apigateway:*", f"{APIS}/{api}/routes*"), allow("apigateway:POST", APIS))
    assert may(writer.create_route, ApiId=api, RouteKey="GET /a")
    assert may(writer.create_api, Name="d", ProtocolType="HTTP")
    assert not may(writer.create_integration, ApiId=api, IntegrationType="AWS_PROXY",
                   IntegrationUri=FUNCTION, PayloadFormatVersion="2.0")
    nobody = user()
    assert not may(nobody.get_apis)
    careful = user(allow("apigateway:*"), deny("apigateway:DELETE"))
    assert may(careful.get_apis) and not may(careful.delete_api, ApiId=api)


def test_tags_decide(gateway, user):
    mine = gateway.create_api(Name="a", ProtocolType="HTTP", Tags={"team": "mine"})["ApiId"]
    theirs = gateway.create_api(Name="b", ProtocolType="HTTP", Tags={"team": "theirs"})["ApiId"]
    member = user(allow("apigateway:*", Condition={
        "StringEquals": {"aws:ResourceTag/team": "mine"}}))
    assert may(member.get_api, ApiId=mine) and not may(member.get_api, ApiId=theirs)
    assert may(member.create_route, ApiId=mine, RouteKey="GET /a")
    assert not may(member.create_route, ApiId=theirs, RouteKey="GET /a")
    tagger = user(allow("apigateway:POST", APIS, Condition={
        "StringEquals": {"aws:RequestTag/team": "mine"}}))
    assert may(tagger.create_api, Name="c", ProtocolType="HTTP", Tags={"team": "mine"})
    assert not may(tagger.create_api, Name="c", ProtocolType="HTTP", Tags={"team": "theirs"})
    assert not may(tagger.create_api, Name="c", ProtocolType="HTTP")


def test_a_role_is_passed_only_by_who_may(gateway, user):
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    role = "arn:aws:iam::000000000000:role/invoker"
    asked = {"ApiId": api, "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION,
             "PayloadFormatVersion": "2.0"}
    plain = user(allow("apigateway:*"))
    assert may(plain.create_integration, **asked)
    assert not may(plain.create_integration, CredentialsArn=role, **asked)
    assert not may(plain.create_api, Name="b", ProtocolType="HTTP", Target=FUNCTION,
                   CredentialsArn=role)
    passer = user(allow("apigateway:*"), allow("iam:PassRole", role))
    assert may(passer.create_integration, CredentialsArn=role, **asked)
