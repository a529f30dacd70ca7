# SPDX-License-Identifier: Apache-2.0
"""Routes, integrations, authorizers, models and responses: what may be said, in AWS's words, and what
holds them together."""
import re

import pytest
from apigateway_kit import FUNCTION, INVOKE, Kit, plain, refused
from weir_server import ACCOUNT, REGION


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


@pytest.fixture
def gateway(kit):
    return kit.gateway


@pytest.fixture
def api(kit):
    made = kit.api()
    yield made
    kit.gateway.delete_api(ApiId=made)


# ---- routes ----

def test_a_route_is_told_with_its_defaults(kit, gateway, api):
    target = f"integrations/{kit.integration(api)}"
    made = plain(gateway.create_route(ApiId=api, RouteKey="GET /pets", Target=target))
    assert re.fullmatch("[a-z0-9]{7}", made["RouteId"])
    assert made == {"ApiKeyRequired": False, "AuthorizationType": "NONE",
                    "RouteId": made["RouteId"], "RouteKey": "GET /pets", "Target": target}
    assert plain(gateway.get_route(ApiId=api, RouteId=made["RouteId"])) == made


@pytest.mark.parametrize("key", (
    "GET /", "ANY /{proxy+}", "$default", "POST /a/{b}/c", "DELETE /a-b_c.d/~e", "PATCH /a/",
    "OPTIONS /x/{y}/{z+}", "HEAD /%20"))
def test_route_keys_that_fit(kit, api, key):
    kit.route(api, key)


@pytest.mark.parametrize("key", (
    "GET", "GET pets", "get /pets", "TRACE /pets", "/pets", "GET /{proxy+}/more", "GET /a{b}",
    "GET /{}", "GET /{+}", "GET /a b", "GET  /a", "GET /{a}/{a}", "$connect", "GET /a?b=c"))
def test_route_keys_that_do_not(gateway, api, key):
    said = refused("BadRequestException", 400, gateway.create_route, ApiId=api, RouteKey=key)
    assert said == ("The provided route key is not formatted properly for HTTP protocol. Format "
                    'should be "[HTTP METHOD] /[RESOURCE PATH]" or "$default"')


def test_a_key_is_one_routes_only(kit, gateway, api):
    kit.route(api, "GET /pets")
    other = kit.route(api, "GET /dogs")
    said = "Route with key GET /pets already exists for this API"
    assert refused("ConflictException", 409, gateway.create_route, ApiId=api,
                   RouteKey="GET /pets") == said
    assert refused("ConflictException", 409, gateway.update_route, ApiId=api, RouteId=other,
                   RouteKey="GET /pets") == said
    gateway.update_route(ApiId=api, RouteId=other, RouteKey="GET /dogs")  # its own is its own


def test_variables_at_one_place_have_one_name(kit, gateway, api):
    kit.route(api, "GET /pets/{id}/toys")
    said = refused("ConflictException", 409, gateway.create_route, ApiId=api,
                   RouteKey="GET /pets/{pet}/food")
    assert said == ('The provided route key "GET /pets/{pet}/food" has a conflicting variable on '
                    'the same hierarchical level as "GET /pets/{id}/toys"')
    kit.route(api, "GET /pets/{id}/food")
    kit.route(api, "GET /pets/{all+}")
    kit.route(api, "POST /pets/{pet}/toys")


def test_what_a_route_leads_to_must_be_there(kit, gateway, api):
    for target in ("integrations/none", "none"):
        assert refused("BadRequestException", 400, gateway.create_route, ApiId=api,
                       RouteKey="GET /a", Target=target) == \
            "Invalid Integration identifier specified"
    said = refused("NotFoundException", 404, gateway.get_route, ApiId=api, RouteId="none")
    assert said == "Invalid Route identifier specified none"
    refused("NotFoundException", 404, gateway.create_route, ApiId="none", RouteKey="GET /a")


def test_an_update_keeps_what_it_does_not_name(kit, gateway, api):
    route = kit.route(api, "GET /a", kit.integration(api), OperationName="first")
    gateway.update_route(ApiId=api, RouteId=route, AuthorizationType="AWS_IAM")
    got = gateway.get_route(ApiId=api, RouteId=route)
    assert (got["OperationName"], got["AuthorizationType"]) == ("first", "AWS_IAM")
    assert got["Target"].startswith("integrations/")
    gateway.update_route(ApiId=api, RouteId=route, Target="", OperationName="")
    got = gateway.get_route(ApiId=api, RouteId=route)
    assert "Target" not in got and "OperationName" not in got


def test_authorization_needs_its_authorizer(kit, gateway, api):
    jwt = kit.authorizer(api)
    function = kit.authorizer(api, "f", AuthorizerType="REQUEST", AuthorizerUri=INVOKE,
                              AuthorizerPayloadFormatVersion="2.0")
    route = kit.route(api, "GET /a", AuthorizationType="JWT", AuthorizerId=jwt,
                      AuthorizationScopes=["a", "b"])
    said = refused("BadRequestException", 400, gateway.create_route, ApiId=api, RouteKey="GET /b",
                   AuthorizationType="JWT")
    assert said == ("Invalid authorizer ID specified. Setting the authorization type to JWT "
                    "requires a valid JWT authorizer.")
    refused("BadRequestException", 400, gateway.create_route, ApiId=api, RouteKey="GET /b",
            AuthorizationType="JWT", AuthorizerId=function)
    refused("BadRequestException", 400, gateway.create_route, ApiId=api, RouteKey="GET /b",
            AuthorizationType="CUSTOM", AuthorizerId=jwt)
    refused("BadRequestException", 400, gateway.create_route, ApiId=api, RouteKey="GET /b",
            AuthorizationType="CUSTOM", AuthorizerId=function, AuthorizationScopes=["a"])
    refused("BadRequestException", 400, gateway.update_route, ApiId=api, RouteId=route,
            AuthorizationScopes=[f"s{i}" for i in range(11)])
    refused("BadRequestException", 400, gateway.create_route, ApiId=api, RouteKey="GET /b",
            ApiKeyRequired=True)
    said = refused("ConflictException", 409, gateway.delete_authorizer, ApiId=api,
                   AuthorizerId=jwt)
    assert said == "Cannot delete authorizer 'jwt', is referenced in route: GET /a"
    gateway.update_route(ApiId=api, RouteId=route, AuthorizationType="NONE",
                         AuthorizationScopes=[])
    assert "AuthorizerId" not in gateway.get_route(ApiId=api, RouteId=route)
    gateway.delete_authorizer(ApiId=api, AuthorizerId=jwt)


def test_request_parameters_go_one_by_one(kit, gateway, api):
    route = kit.route(api, "GET /a", RequestParameters={
        "route.request.header.a": {"Required": True}, "route.request.header.b": {}})
    gateway.delete_route_request_parameter(ApiId=api, RouteId=route,
                                           RequestParameterKey="route.request.header.a")
    assert list(gateway.get_route(ApiId=api, RouteId=route)["RequestParameters"]) == \
        ["route.request.header.b"]
    refused("NotFoundException", 404, gateway.delete_route_request_parameter, ApiId=api,
            RouteId=route, RequestParameterKey="route.request.header.a")


# ---- integrations ----

def test_an_integration_is_told_with_its_defaults(gateway, api):
    made = plain(gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=INVOKE,
        PayloadFormatVersion="2.0"))
    assert re.fullmatch("[a-z0-9]{7}", made["IntegrationId"])
    assert made == {"ConnectionType": "INTERNET", "IntegrationId": made["IntegrationId"],
                    "IntegrationMethod": "POST", "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": INVOKE, "PayloadFormatVersion": "2.0",
                    "TimeoutInMillis": 30000}


PROXY = {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://a.example",
         "IntegrationMethod": "GET", "PayloadFormatVersion": "1.0"}
KINESIS = {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "Kinesis-PutRecord",
           "PayloadFormatVersion": "1.0", "CredentialsArn": f"arn:aws:iam::{ACCOUNT}:role/r",
           "RequestParameters": {"StreamName": "s", "Data": "$request.body",
                                 "PartitionKey": "$request.header.key"}}


@pytest.mark.parametrize("change,words", (
    ({"IntegrationType": "MOCK"}, "Currently, an API with a protocol type of HTTP may only be "
     "associated with proxy integrations (AWS_PROXY, HTTP_PROXY)"),
    ({"PayloadFormatVersion": None},
     "PayloadFormatVersion is a required parameter for integration"),
    ({"PayloadFormatVersion": "3.0"}, "PayloadFormatVersion 3.0 is not supported"),
    ({"PayloadFormatVersion": "2.0"}, "2.0 is not supported for HTTP_PROXY"),
    ({"IntegrationUri": "ftp://a"}, "Invalid HTTP endpoint specified for URI"),
    ({"IntegrationMethod": "BREW"}, "Invalid HTTP method specified: BREW"),
    ({"TimeoutInMillis": 49}, "timeoutInMillis"),
    ({"TimeoutInMillis": 30001}, "timeoutInMillis"),
    ({"ConnectionType": "VPC_LINK"}, "ConnectionId"),
    ({"ConnectionType": "VPC_LINK", "ConnectionId": "none"}, "Invalid VpcLink identifier"),
    ({"RequestParameters": {"nonsense": "a"}}, "Invalid mapping expression parameter"),
    ({"RequestParameters": {"append:header.Authorization": "a"}}, "restricted"),
    ({"RequestParameters": {"append:header.x": "$nonsense.a"}}, "Invalid mapping expression"),
    ({"RequestParameters": {"remove:path": "a"}}, "Invalid mapping expression parameter"),
    ({"ResponseParameters": {"100": {"append:header.x": "a"}}}, "between 200 and 599"),
    ({"ResponseParameters": {"200": {"overwrite:path": "a"}}}, "Invalid mapping expression"),
))
def test_what_an_http_integration_may_not_say(gateway, api, change, words):
    asked = {name: value for name, value in {**PROXY, **change}.items() if value is not None}
    said = refused("BadRequestException", 400, gateway.create_integration, ApiId=api, **asked)
    assert words in said


@pytest.mark.parametrize("change,words", (
    ({"IntegrationSubtype": "Kinesis-PutRecords"}, "Invalid integration subtype"),
    ({"CredentialsArn": None}, "Credentials"),
    ({"IntegrationUri": INVOKE}, "URI should not be specified"),
    ({"RequestParameters": {"StreamName": "s", "Data": "d"}}, "PartitionKey"),
    ({"RequestParameters": {**KINESIS["RequestParameters"], "More": "m"}}, "More"),
))
def test_what_a_service_integration_may_not_say(gateway, api, change, words):
    asked = {name: value for name, value in {**KINESIS, **change}.items() if value is not None}
    said = refused("BadRequestException", 400, gateway.create_integration, ApiId=api, **asked)
    assert words in said


def test_parameters_are_merged_and_empty_ones_taken_away(kit, gateway, api):
    made = kit.integration(api, **{
        **PROXY, "RequestParameters": {"append:header.a": "1", "append:header.b": "2"},
        "ResponseParameters": {"200": {"append:header.c": "3"}, "500": {
            "overwrite:statuscode": "200"}}})
    gateway.update_integration(ApiId=api, IntegrationId=made, RequestParameters={
        "append:header.a": "", "append:header.d": "$request.path.id"},
        ResponseParameters={"500": {}})
    got = gateway.get_integration(ApiId=api, IntegrationId=made)
    assert got["RequestParameters"] == {"append:header.b": "2",
                                        "append:header.d": "$request.path.id"}
    assert got["ResponseParameters"] == {"200": {"append:header.c": "3"}}


def test_what_is_too_large_is_refused_also_bit_by_bit(kit, gateway, api):
    def parameters(first):
        return {f"append:header.h{i}": "v" * 500 for i in range(first, first + 50)}
    made = kit.integration(api, RequestParameters=parameters(0))
    gateway.update_integration(ApiId=api, IntegrationId=made, RequestParameters=parameters(50))
    refused("BadRequestException", 400, gateway.update_integration, ApiId=api,
            IntegrationId=made, RequestParameters=parameters(100))
    said = refused("BadRequestException", 400, kit.integration, api=api,
                   RequestParameters={f"append:header.h{i}": "v" * 500 for i in range(200)})
    assert said == "The Integration is too large"


def test_a_service_integration_is_kept_as_it_came(gateway, api):
    made = plain(gateway.create_integration(ApiId=api, **KINESIS))
    assert {name: made[name] for name in KINESIS} == KINESIS
    assert "IntegrationMethod" not in made


def test_an_integration_in_use_stays(kit, gateway, api):
    integration = kit.integration(api)
    route = kit.route(api, "GET /a", integration)
    said = refused("ConflictException", 409, gateway.delete_integration, ApiId=api,
                   IntegrationId=integration)
    assert said == ("Cannot delete Integration because it is referenced by the following Routes "
                    f"with Ids: [{route}]")
    gateway.delete_route(ApiId=api, RouteId=route)
    gateway.delete_integration(ApiId=api, IntegrationId=integration)
    refused("NotFoundException", 404, gateway.get_integration, ApiId=api,
            IntegrationId=integration)


def test_a_private_integration_needs_its_link(kit, gateway, api):
    link = gateway.create_vpc_link(Name="link", SubnetIds=["subnet-1"], Tags={"a": "b"})
    assert link["VpcLinkStatus"] == "AVAILABLE" and link["VpcLinkVersion"] == "V2"
    kit.integration(api, **{**PROXY, "ConnectionType": "VPC_LINK",
                            "ConnectionId": link["VpcLinkId"],
                            "TlsConfig": {"ServerNameToVerify": "a.example"}})
    gateway.update_vpc_link(VpcLinkId=link["VpcLinkId"], Name="other")
    assert gateway.get_vpc_link(VpcLinkId=link["VpcLinkId"])["Name"] == "other"
    assert [one["Name"] for one in gateway.get_vpc_links()["Items"]] == ["other"]
    arn = f"arn:aws:apigateway:{REGION}::/vpclinks/{link['VpcLinkId']}"
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"a": "b"}
    assert gateway.delete_vpc_link(VpcLinkId=link["VpcLinkId"])["ResponseMetadata"][
        "HTTPStatusCode"] == 202
    refused("NotFoundException", 404, gateway.get_vpc_link, VpcLinkId=link["VpcLinkId"])


# ---- authorizers ----

def test_authorizers_are_told_as_they_came(kit, gateway, api):
    jwt = kit.authorizer(api)
    assert plain(gateway.get_authorizer(ApiId=api, AuthorizerId=jwt)) == {
        "AuthorizerId": jwt, "AuthorizerType": "JWT", "Name": "jwt",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://issuer.example"}}
    gateway.update_authorizer(ApiId=api, AuthorizerId=jwt, JwtConfiguration={"Audience": ["c"]})
    assert gateway.get_authorizer(ApiId=api, AuthorizerId=jwt)["JwtConfiguration"] == {
        "Audience": ["c"], "Issuer": "https://issuer.example"}
    assert [one["Name"] for one in gateway.get_authorizers(ApiId=api)["Items"]] == ["jwt"]


REQUEST = {"AuthorizerType": "REQUEST", "AuthorizerUri": INVOKE,
           "AuthorizerPayloadFormatVersion": "2.0"}


@pytest.mark.parametrize("asked,words", (
    ({"JwtConfiguration": {"Issuer": "ftp://a", "Audience": ["a"]}}, "Invalid issuer"),
    ({"IdentitySource": ["nonsense"]}, "Invalid identity source expression: nonsense"),
    ({"IdentitySource": []}, "exactly one"),
    ({"JwtConfiguration": {"Issuer": "https://a", "Audience": ["a"] * 51}}, "50 audiences"),
    ({**REQUEST, "AuthorizerPayloadFormatVersion": ""},
     "Payload"),
    ({**REQUEST, "AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
     'EnableSimpleResponses can only be set for AuthorizerPayloadFormatVersion "2.0".'),
    ({**REQUEST, "AuthorizerUri": FUNCTION}, "Invalid Authorizer URI"),
    ({**REQUEST, "IdentitySource": [], "AuthorizerResultTtlInSeconds": 5},
     "Identity source must be set if authorizer caching is enabled"),
))
def test_what_an_authorizer_may_not_say(kit, api, asked, words):
    said = refused("BadRequestException", 400, kit.authorizer, api=api, **asked)
    assert words in said


def test_authorizers_have_names_of_their_own(kit, api):
    kit.authorizer(api)
    said = refused("BadRequestException", 400, kit.authorizer, api=api)
    assert said == "Authorizer name must be unique. Authorizer jwt already exists in this RestApi."
    for i in range(9):
        kit.authorizer(api, f"a{i}")
    said = refused("ConflictException", 429, kit.authorizer, api=api, name="more")
    assert said == ("Maximum number of Authorizers for this API has been reached. Please contact "
                    "AWS if you need additional Authorizers.")


# ---- models and responses ----

def test_models(gateway, api):
    made = gateway.create_model(ApiId=api, Name="pet", Schema='{"type":"object"}',
                                ContentType="application/json")
    refused("ConflictException", 409, gateway.create_model, ApiId=api, Name="pet", Schema="{}")
    refused("BadRequestException", 400, gateway.create_model, ApiId=api, Name="a b", Schema="{}")
    refused("BadRequestException", 400, gateway.create_model, ApiId=api, Name="b", Schema="{")
    gateway.update_model(ApiId=api, ModelId=made["ModelId"], Description="d")
    got = gateway.get_model(ApiId=api, ModelId=made["ModelId"])
    assert (got["Name"], got["Description"]) == ("pet", "d")
    assert len(gateway.get_models(ApiId=api)["Items"]) == 1
    gateway.delete_model(ApiId=api, ModelId=made["ModelId"])
    refused("NotFoundException", 404, gateway.get_model, ApiId=api, ModelId=made["ModelId"])


def test_responses_of_routes_and_integrations(kit, gateway, api):
    integration = kit.integration(api)
    routes = [kit.route(api, f"GET /{i}", integration) for i in range(2)]
    made = [gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
            for route in routes]
    refused("ConflictException", 409, gateway.create_route_response, ApiId=api, RouteId=routes[0],
            RouteResponseKey="$default")
    assert [one["RouteResponseId"] for one in
            gateway.get_route_responses(ApiId=api, RouteId=routes[1])["Items"]] == \
        [made[1]["RouteResponseId"]]
    refused("NotFoundException", 404, gateway.get_route_response, ApiId=api, RouteId=routes[0],
            RouteResponseId=made[1]["RouteResponseId"])
    gateway.update_route_response(ApiId=api, RouteId=routes[0],
                                  RouteResponseId=made[0]["RouteResponseId"],
                                  ModelSelectionExpression="$request.body.a")
    gateway.delete_route_response(ApiId=api, RouteId=routes[0],
                                  RouteResponseId=made[0]["RouteResponseId"])
    assert gateway.get_route_responses(ApiId=api, RouteId=routes[0])["Items"] == []
    answer = gateway.create_integration_response(ApiId=api, IntegrationId=integration,
                                                 IntegrationResponseKey="/200/")
    assert gateway.get_integration_responses(ApiId=api, IntegrationId=integration)["Items"][0][
        "IntegrationResponseKey"] == "/200/"
    gateway.delete_integration_response(ApiId=api, IntegrationId=integration,
                                        IntegrationResponseId=answer["IntegrationResponseId"])
