# SPDX-License-Identifier: Apache-2.0
"""OpenAPI definitions in and out: what becomes routes, integrations and authorizers, what is told as
information or warnings, and that an exported definition makes the same API again."""
import json
import subprocess
import sys

import pytest
import yaml
from apigateway_kit import FUNCTION, INVOKE, Kit, refused
from weir_server import ACCOUNT, REGION

INTEGRATION = {"type": "aws_proxy", "httpMethod": "POST", "uri": INVOKE,
               "payloadFormatVersion": "2.0"}
DEFINITION = {
    "openapi": "3.0.1",
    "info": {"title": "pets", "version": "v1.0", "description": "about pets"},
    "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "pets"}],
    "components": {
        "securitySchemes": {
            "people": {"type": "oauth2", "x-amazon-apigateway-authorizer": {
                "type": "jwt", "identitySource": "$request.header.Authorization",
                "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["a", "b"]}}},
            "keys": {"type": "apiKey", "in": "header", "name": "x-key",
                     "x-amazon-apigateway-authorizer": {
                         "type": "request", "authorizerUri": INVOKE,
                         "identitySource": "$request.header.x-key, $request.querystring.k",
                         "authorizerPayloadFormatVersion": "2.0",
                         "authorizerResultTtlInSeconds": 60, "enableSimpleResponses": True}}},
        "x-amazon-apigateway-integrations": {"shared": INTEGRATION}},
    "paths": {
        "/pets": {
            "get": {"operationId": "listPets", "security": [{"people": ["pets:read"]}],
                    "x-amazon-apigateway-integration": {
                        "$ref": "#/components/x-amazon-apigateway-integrations/shared"}},
            "post": {"security": [{"keys": []}], "x-amazon-apigateway-integration": {
                "$ref": "#/components/x-amazon-apigateway-integrations/shared"}}},
        "/pets/{id}": {"get": {"x-amazon-apigateway-integration": {
            "type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "https://pets.example/{id}",
            "payloadFormatVersion": "1.0", "connectionType": "INTERNET", "timeoutInMillis": 1000,
            "requestParameters": {"append:header.x": "$context.requestId"},
            "responseParameters": {"404": {"overwrite:statuscode": "200"}}}}},
        "/$default": {"x-amazon-apigateway-any-method": {
            "isDefaultRoute": True, "x-amazon-apigateway-integration": {
                **INTEGRATION, "uri": FUNCTION.replace(ACCOUNT, "${AWS::AccountId}")}}},
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://a.example"], "maxAge": 5,
                                 "allowCredentials": True},
    "x-amazon-apigateway-importexport-version": "1.0",
}


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


@pytest.fixture
def gateway(kit):
    return kit.gateway


def shape(gateway, api):
    """What an API is, without its ids."""
    integrations = {one.pop("IntegrationId"): one
                    for one in gateway.get_integrations(ApiId=api)["Items"]}
    authorizers = {one.pop("AuthorizerId"): one
                   for one in gateway.get_authorizers(ApiId=api)["Items"]}
    routes = {}
    for route in gateway.get_routes(ApiId=api)["Items"]:
        del route["RouteId"]
        if "Target" in route:
            route["Target"] = integrations[route["Target"].split("/")[1]]
        if "AuthorizerId" in route:
            route["AuthorizerId"] = authorizers[route["AuthorizerId"]]
        routes[route["RouteKey"]] = route
    record = gateway.get_api(ApiId=api)
    return routes, {name: record.get(name) for name in
                    ("Name", "Description", "Version", "Tags", "CorsConfiguration")}


@pytest.mark.parametrize("write", (json.dumps, yaml.safe_dump), ids=("json", "yaml"))
def test_a_definition_becomes_an_api(gateway, write):
    made = gateway.import_api(Body=write(DEFINITION))
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Name"] == "pets" and "execute-api" in made["ApiEndpoint"]
    routes, record = shape(gateway, made["ApiId"])
    assert record == {
        "Name": "pets", "Description": "about pets", "Version": "v1.0", "Tags": {"team": "pets"},
        "CorsConfiguration": {"AllowOrigins": ["https://a.example"], "MaxAge": 5,
                              "AllowCredentials": True}}
    assert set(routes) == {"GET /pets", "POST /pets", "GET /pets/{id}", "$default"}
    listed = routes["GET /pets"]
    assert (listed["AuthorizationType"], listed["AuthorizationScopes"],
            listed["OperationName"]) == ("JWT", ["pets:read"], "listPets")
    assert listed["AuthorizerId"]["JwtConfiguration"] == {
        "Audience": ["a", "b"], "Issuer": "https://issuer.example"}
    assert listed["Target"]["IntegrationUri"] == INVOKE
    keys = routes["POST /pets"]["AuthorizerId"]
    assert keys["IdentitySource"] == ["$request.header.x-key", "$request.querystring.k"]
    assert (keys["AuthorizerResultTtlInSeconds"], keys["EnableSimpleResponses"]) == (60, True)
    one = routes["GET /pets/{id}"]["Target"]
    assert one["RequestParameters"] == {"append:header.x": "$context.requestId"}
    assert one["ResponseParameters"] == {"404": {"overwrite:statuscode": "200"}}
    assert one["TimeoutInMillis"] == 1000
    assert routes["$default"]["Target"]["IntegrationUri"] == FUNCTION
    assert len(gateway.get_integrations(ApiId=made["ApiId"])["Items"]) == 3  # one is shared


@pytest.mark.parametrize("kind,read", (("JSON", json.loads), ("YAML", yaml.safe_load)))
def test_an_export_makes_the_same_api_again(gateway, kind, read):
    api = gateway.import_api(Body=json.dumps(DEFINITION))["ApiId"]
    text = gateway.export_api(ApiId=api, OutputType=kind, Specification="OAS30")["body"].read()
    document = read(text)
    assert document["openapi"] == "3.0.1"
    assert document["x-amazon-apigateway-importexport-version"] == "1.0"
    assert document["paths"]["/pets"]["get"]["responses"] == {
        "default": {"description": "Default response for GET /pets"}}
    again = gateway.import_api(Body=text.decode())["ApiId"]
    assert shape(gateway, again) == shape(gateway, api)


def test_an_export_without_extensions_has_none(gateway):
    api = gateway.import_api(Body=json.dumps(DEFINITION))["ApiId"]
    text = gateway.export_api(ApiId=api, OutputType="JSON", Specification="OAS30",
                              IncludeExtensions=False)["body"].read().decode()
    assert "x-amazon-apigateway-integration" not in text and "/pets/{id}" in text


def test_a_stage_exports_what_it_serves(kit, gateway):
    api = gateway.import_api(Body=json.dumps(DEFINITION))["ApiId"]
    gateway.create_stage(ApiId=api, StageName="prod")
    gateway.create_deployment(ApiId=api, StageName="prod")
    kit.route(api, "GET /new")
    def paths(**more):
        return json.loads(gateway.export_api(ApiId=api, OutputType="JSON", Specification="OAS30",
                                             **more)["body"].read())["paths"]
    assert "/new" in paths() and "/new" not in paths(StageName="prod")
    refused("NotFoundException", 404, gateway.export_api, ApiId=api, OutputType="JSON",
            Specification="OAS30", StageName="none")
    refused("BadRequestException", 400, gateway.export_api, ApiId=api, OutputType="XML",
            Specification="OAS30")


def test_reimporting_replaces_routes_and_deploys(kit, gateway):
    api = kit.api(Target=FUNCTION)
    before = gateway.get_stage(ApiId=api, StageName="$default")["DeploymentId"]
    answer = gateway.reimport_api(ApiId=api, Body=json.dumps(DEFINITION))
    assert answer["ApiId"] == api and answer["Name"] == "pets"
    routes, _ = shape(gateway, api)
    assert "GET /pets" in routes and len(routes) == 4
    assert gateway.get_stage(ApiId=api, StageName="$default")["DeploymentId"] != before


def test_what_is_ignored_is_told(gateway):
    document = {"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": {"/a": {
        "post": {"requestBody": {}, "x-amazon-apigateway-integration": {"type": "mock"}}}}}
    made = gateway.import_api(Body=json.dumps(document))
    assert "requestBody" in made["ImportInfo"][0]
    assert "POST /a" in made["Warnings"][0]
    (route,) = gateway.get_routes(ApiId=made["ApiId"])["Items"]
    assert "Target" not in route
    said = refused("BadRequestException", 400, gateway.import_api, Body=json.dumps(document),
                   FailOnWarnings=True)
    assert said.startswith("Warnings found during import:")


def test_base_paths(gateway):
    document = {"openapi": "3.0.1", "info": {"title": "a", "version": "1"},
                "servers": [{"url": "https://x.example/{basePath}",
                             "variables": {"basePath": {"default": "/one/two"}}}],
                "paths": {"/a": {"get": {"x-amazon-apigateway-integration": INTEGRATION}}}}
    for how, key in ((None, "GET /a"), ("ignore", "GET /a"), ("prepend", "GET /one/two/a"),
                     ("split", "GET /two/a")):
        more = {} if how is None else {"Basepath": how}
        api = gateway.import_api(Body=json.dumps(document), **more)["ApiId"]
        assert [r["RouteKey"] for r in gateway.get_routes(ApiId=api)["Items"]] == [key]


@pytest.mark.parametrize("body", (
    "", "[]", "{", "a: [", "- 1", "openapi: 3.0.1", '{"openapi":"2.0","info":{"title":"a"}}',
    '{"openapi":"3.0.1","info":{"title":"a"}}',
    '{"openapi":"3.0.1","info":{"title":"a"},"paths":{"nonsense":{"get":{}}}}',
    '{"openapi":"3.0.1","info":{"title":"a"},"paths":{"/a/{x}":{"get":{}},"/a/{y}":{"get":{}}}}',
    "a: &a [*a]", "a: &a {b: 1}\n---\nc: 2",
), ids=range(12))
def test_what_is_no_definition_is_refused_and_makes_nothing(gateway, body):
    count = len(gateway.get_apis(MaxResults="100")["Items"])
    with pytest.raises(gateway.exceptions.ClientError) as caught:
        gateway.import_api(Body=body)
    assert caught.value.response["Error"]["Code"] in ("BadRequestException", "ConflictException")
    assert len(gateway.get_apis(MaxResults="100")["Items"]) == count


def test_a_bomb_of_aliases_is_refused(gateway):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    said = refused("BadRequestException", 400, gateway.import_api, Body="\n".join(lines))
    assert "large" in said


def test_a_large_definition_is_read_beside(gateway):
    paths = {f"/p{i}": {"get": {"x-amazon-apigateway-integration": {
        "$ref": "#/components/x-amazon-apigateway-integrations/shared"},
        "description": "d" * 500}} for i in range(300)}
    document = {**DEFINITION, "paths": paths}
    assert len(json.dumps(document)) > 128 * 1024
    api = gateway.import_api(Body=yaml.safe_dump(document), FailOnWarnings=True)["ApiId"]
    found = gateway.get_paginator("get_routes").paginate(ApiId=api).build_full_result()["Items"]
    assert len(found) == 300
    said = refused("ConflictException", 429, gateway.create_route, ApiId=api, RouteKey="GET /more")
    assert said.startswith("Maximum number of Routes for this API has been reached.")


def test_the_aws_cli_imports_and_exports_files(kit, gateway, tmp_path):
    def aws(*words):
        command = [sys.executable, "-m", "awscli", "apigatewayv2", *words, "--endpoint-url",
                   kit.weir.url, "--region", REGION]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60,
                              env={"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x",
                                   "PATH": "/usr/bin"}).stdout

    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    before.write_text(yaml.safe_dump(DEFINITION))
    api = json.loads(aws("import-api", "--body", f"file://{before}"))["ApiId"]
    aws("export-api", "--api-id", api, "--output-type", "YAML", "--specification", "OAS30",
        str(after))
    assert set(yaml.safe_load(after.read_text())["paths"]) == set(DEFINITION["paths"])
    aws("reimport-api", "--api-id", api, "--body", f"file://{after}")
    assert len(gateway.get_routes(ApiId=api)["Items"]) == 4
