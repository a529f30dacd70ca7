# SPDX-License-Identifier: Apache-2.0
"""HTTP APIs, quick create, tags, lists in pages, and what an API takes with it when it goes."""
import datetime
import re
import subprocess
import sys

import pytest
from apigateway_kit import FUNCTION, Kit, plain, refused
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


@pytest.fixture
def gateway(kit):
    return kit.gateway


def test_an_api_is_told_with_what_aws_fills_in(kit, gateway):
    made = plain(gateway.create_api(Name="pets", ProtocolType="HTTP", Description="for pets",
                                    Version="1", Tags={"team": "pets"}))
    assert re.fullmatch("[a-z0-9]{10}", made["ApiId"])
    assert isinstance(made.pop("CreatedDate"), datetime.datetime)
    assert made == {
        "ApiEndpoint": f"http://{made['ApiId']}.execute-api.{REGION}.localhost:{kit.weir.port}",
        "ApiId": made["ApiId"],
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "Description": "for pets",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "pets",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {"team": "pets"},
        "Version": "1",
    }
    got = plain(gateway.get_api(ApiId=made["ApiId"]))
    got.pop("CreatedDate")
    assert got == made


def test_creating_answers_201_and_deleting_204(kit, gateway):
    made = gateway.create_api(Name="a", ProtocolType="HTTP")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    gone = gateway.delete_api(ApiId=made["ApiId"])
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    said = refused("NotFoundException", 404, gateway.get_api, ApiId=made["ApiId"])
    assert said == f"Invalid API identifier specified {ACCOUNT}:{made['ApiId']}"


def test_an_update_changes_what_it_names_and_empty_texts_take_away(kit, gateway):
    api = kit.api(Description="old", Version="1")
    gateway.update_api(ApiId=api, Description="", Name="new", DisableExecuteApiEndpoint=True)
    got = gateway.get_api(ApiId=api)
    assert "Description" not in got
    assert (got["Name"], got["Version"], got["DisableExecuteApiEndpoint"]) == ("new", "1", True)


def test_cors_is_replaced_whole_and_deleted(kit, gateway):
    api = kit.api(CorsConfiguration={"AllowOrigins": ["https://a.example"], "MaxAge": 10})
    gateway.update_api(ApiId=api, CorsConfiguration={"AllowMethods": ["GET"]})
    assert gateway.get_api(ApiId=api)["CorsConfiguration"] == {"AllowMethods": ["GET"]}
    gateway.delete_cors_configuration(ApiId=api)
    assert "CorsConfiguration" not in gateway.get_api(ApiId=api)


def test_credentials_with_any_origin_are_refused(kit, gateway):
    said = refused("BadRequestException", 400, gateway.create_api, Name="a", ProtocolType="HTTP",
                   CorsConfiguration={"AllowCredentials": True, "AllowOrigins": ["*"]})
    assert said == "allow-credentials is not supported if 'allow-origin' is *"


def test_websocket_apis_are_refused_by_name(kit, gateway):
    said = refused("NotImplemented", 501, gateway.create_api, Name="a", ProtocolType="WEBSOCKET",
                   RouteSelectionExpression="$request.body.action")
    assert "WEBSOCKET" in said


def test_portals_answer_501_by_name(gateway):
    said = refused("NotImplemented", 501, gateway.list_portals)
    assert "ListPortals" in said


def test_a_name_that_is_too_long_is_refused(gateway):
    refused("BadRequestException", 400, gateway.create_api, Name="a" * 129, ProtocolType="HTTP")


def test_lists_come_in_pages(weir):
    kit = Kit(weir, access_key="222233334444")
    made = {kit.api(f"page-{i}") for i in range(7)}
    first = kit.gateway.get_apis(MaxResults="3")
    assert len(first["Items"]) == 3
    found = set()
    for page in kit.gateway.get_paginator("get_apis").paginate(PaginationConfig={"PageSize": 3}):
        found |= {item["ApiId"] for item in page["Items"]}
        assert all("execute-api" in item["ApiEndpoint"] for item in page["Items"])
    assert found == made
    refused("BadRequestException", 400, kit.gateway.get_apis, MaxResults="many")
    refused("BadRequestException", 400, kit.gateway.get_apis, NextToken="?")


def test_apis_of_accounts_and_regions_are_apart(weir, kit):
    api = kit.api()
    for other in (weir.client("apigatewayv2", access_key="333344445555"),
                  weir.client("apigatewayv2", region="eu-west-1")):
        refused("NotFoundException", 404, other.get_api, ApiId=api)
        assert api not in [item["ApiId"] for item in other.get_apis()["Items"]]


def test_tags_of_apis_and_stages(kit, gateway):
    api = kit.api(Tags={"a": "1", "b": "2"})
    arn = f"arn:aws:apigateway:{REGION}::/apis/{api}"
    gateway.tag_resource(ResourceArn=arn, Tags={"b": "3", "c": "4"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"b": "3", "c": "4"}
    assert gateway.get_api(ApiId=api)["Tags"] == {"b": "3", "c": "4"}
    kit.stage(api, "dev", Tags={"x": "y"})
    assert gateway.get_tags(ResourceArn=f"{arn}/stages/dev")["Tags"] == {"x": "y"}
    refused("NotFoundException", 404, gateway.get_tags, ResourceArn=f"{arn}/stages/none")
    refused("BadRequestException", 400, gateway.tag_resource, ResourceArn=arn,
            Tags={"aws:x": "1"})
    refused("BadRequestException", 400, gateway.get_tags, ResourceArn="nonsense")


# ---- quick create ----

def test_quick_create_makes_integration_route_and_stage(kit, gateway):
    api = kit.api(Target=FUNCTION)
    (integration,) = gateway.get_integrations(ApiId=api)["Items"]
    assert integration == {
        "ApiGatewayManaged": True, "ConnectionType": "INTERNET",
        "IntegrationId": integration["IntegrationId"], "IntegrationMethod": "POST",
        "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION,
        "PayloadFormatVersion": "2.0", "TimeoutInMillis": 30000,
    }
    (route,) = gateway.get_routes(ApiId=api)["Items"]
    assert route == {
        "ApiGatewayManaged": True, "ApiKeyRequired": False, "AuthorizationType": "NONE",
        "RouteId": route["RouteId"], "RouteKey": "$default",
        "Target": f"integrations/{integration['IntegrationId']}",
    }
    stage = gateway.get_stage(ApiId=api, StageName="$default")
    assert stage["AutoDeploy"] and stage["ApiGatewayManaged"]
    assert stage["LastDeploymentStatusMessage"] == \
        f"Successfully deployed stage with deployment ID '{stage['DeploymentId']}'"


def test_quick_create_of_a_url_with_a_route_key(kit, gateway):
    api = kit.api(Target="https://pets.example/all", RouteKey="GET /pets")
    (integration,) = gateway.get_integrations(ApiId=api)["Items"]
    assert (integration["IntegrationType"], integration["IntegrationMethod"],
            integration["PayloadFormatVersion"]) == ("HTTP_PROXY", "ANY", "1.0")
    assert gateway.get_routes(ApiId=api)["Items"][0]["RouteKey"] == "GET /pets"
    gateway.update_api(ApiId=api, Target="https://other.example", RouteKey="POST /pets")
    assert gateway.get_integrations(ApiId=api)["Items"][0]["IntegrationUri"] == \
        "https://other.example"
    assert gateway.get_routes(ApiId=api)["Items"][0]["RouteKey"] == "POST /pets"
    refused("BadRequestException", 400, gateway.delete_integration, ApiId=api,
            IntegrationId=integration["IntegrationId"])


def test_a_bad_target_makes_nothing(kit, gateway):
    before = len(gateway.get_apis(MaxResults="100")["Items"])
    said = refused("BadRequestException", 400, gateway.create_api, Name="a", ProtocolType="HTTP",
                   Target="arn:aws:sqs:us-east-1:1:q")
    assert said == "Invalid function ARN or invalid uri"
    assert len(gateway.get_apis(MaxResults="100")["Items"]) == before


def test_an_api_takes_everything_with_it(kit, gateway):
    api = kit.api(Target=FUNCTION)
    gateway.delete_api(ApiId=api)
    for call in (gateway.get_routes, gateway.get_stages, gateway.get_integrations,
                 gateway.get_deployments):
        with pytest.raises(ClientError):
            call(ApiId=api)


def test_everything_is_there_after_kill_9(fresh):
    weir = fresh()
    kit = Kit(weir)
    api = kit.api(Target=FUNCTION, Tags={"a": "b"})
    names = ("get_api", "get_routes", "get_integrations", "get_stages", "get_deployments")
    before = [plain(getattr(kit.gateway, name)(ApiId=api)) for name in names]
    weir.restart(hard=True)
    again = Kit(weir)
    after = [plain(getattr(again.gateway, name)(ApiId=api)) for name in names]
    before[0].pop("ApiEndpoint"), after[0].pop("ApiEndpoint")  # the port is another
    assert after == before


def test_the_aws_cli_makes_and_lists_apis(kit):
    def aws(*words):
        command = [sys.executable, "-m", "awscli", "apigatewayv2", *words, "--endpoint-url",
                   kit.weir.url, "--region", REGION, "--output", "text"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60,
                              env={"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x",
                                   "PATH": "/usr/bin"}).stdout

    api = aws("create-api", "--name", "cli", "--protocol-type", "HTTP", "--query",
              "ApiId").strip()
    assert api in aws("get-apis", "--query", "Items[].ApiId")
