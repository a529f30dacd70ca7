# SPDX-License-Identifier: Apache-2.0
"""Stages, deployments by hand and by themselves, custom domain names and their mappings."""
import json
import re

import pytest
from apigateway_kit import CERTIFICATE, Kit, plain, refused
from weir_server import ACCOUNT, REGION


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


@pytest.fixture
def gateway(kit):
    return kit.gateway


@pytest.fixture
def api(kit):
    """An API with one route."""
    made = kit.api()
    kit.route(made, "GET /first", kit.integration(made))
    return made


def served(gateway, api, stage):
    """The route keys of what a stage serves."""
    text = gateway.export_api(ApiId=api, StageName=stage, OutputType="JSON",
                              Specification="OAS30")["body"].read()
    return sorted(path for path in json.loads(text)["paths"])


# ---- stages ----

def test_a_stage_is_told_with_its_defaults(gateway, api):
    made = plain(gateway.create_stage(ApiId=api, StageName="dev"))
    assert made.pop("CreatedDate") == made.pop("LastUpdatedDate")
    assert made == {"DefaultRouteSettings": {"DetailedMetricsEnabled": False},
                    "RouteSettings": {}, "StageName": "dev", "StageVariables": {}, "Tags": {}}
    got = plain(gateway.get_stage(ApiId=api, StageName="dev"))
    assert got["StageName"] == "dev" and "DeploymentId" not in got
    assert refused("ConflictException", 409, gateway.create_stage, ApiId=api,
                   StageName="dev") == "Stage already exists"
    assert refused("NotFoundException", 404, gateway.get_stage, ApiId=api,
                   StageName="none") == "Invalid stage identifier specified"


def test_stages_of_an_api_have_a_limit(kit, gateway, api):
    for i in range(10):
        kit.stage(api, f"s{i}")
    refused("ConflictException", 429, kit.stage, api=api, name="more")
    assert len(gateway.get_stages(ApiId=api)["Items"]) == 10


def test_variables_are_merged_and_empty_ones_taken_away(kit, gateway, api):
    kit.stage(api, "dev", StageVariables={"a": "1", "b": "2"})
    gateway.update_stage(ApiId=api, StageName="dev", StageVariables={"a": "", "c": "3"})
    assert gateway.get_stage(ApiId=api, StageName="dev")["StageVariables"] == {"b": "2", "c": "3"}


def test_settings_of_routes(kit, gateway, api):
    kit.stage(api, "dev", RouteSettings={"GET /first": {"ThrottlingBurstLimit": 5}},
              DefaultRouteSettings={"ThrottlingRateLimit": 10.5})
    gateway.update_stage(ApiId=api, StageName="dev", RouteSettings={
        "GET /first": {"ThrottlingRateLimit": 2.0}})
    got = gateway.get_stage(ApiId=api, StageName="dev")
    assert got["RouteSettings"] == {"GET /first": {"ThrottlingBurstLimit": 5,
                                                   "ThrottlingRateLimit": 2.0}}
    assert got["DefaultRouteSettings"] == {"DetailedMetricsEnabled": False,
                                           "ThrottlingRateLimit": 10.5}
    said = refused("NotFoundException", 404, gateway.update_stage, ApiId=api, StageName="dev",
                   RouteSettings={"GET /none": {"ThrottlingBurstLimit": 5}})
    assert said == "Unable to find Route by key GET /none within the provided RouteSettings"
    gateway.delete_route_settings(ApiId=api, StageName="dev", RouteKey="GET /first")
    assert gateway.get_stage(ApiId=api, StageName="dev")["RouteSettings"] == {}
    refused("NotFoundException", 404, gateway.delete_route_settings, ApiId=api, StageName="dev",
            RouteKey="GET /first")


@pytest.mark.parametrize("more,words", (
    ({"StageName": "a b"}, "Stage name only allows"),
    ({"DefaultRouteSettings": {"LoggingLevel": "INFO"}},
     "Execution logs are not supported on protocolType HTTP"),
    ({"DefaultRouteSettings": {"DataTraceEnabled": True}},
     "Execution logs are not supported on protocolType HTTP"),
    ({"AccessLogSettings": {"DestinationArn": "nonsense", "Format": "a"}}, "Invalid ARN"),
    ({"AccessLogSettings": {"DestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:a",
                            "Format": "a\nb"}}, "single line"),
    ({"StageVariables": {"a-b": "1"}}, "a-b"),
    ({"DeploymentId": "none"}, "Deployment id does not exist"),
    ({"Tags": {"aws:a": "b"}}, "aws:"),
))
def test_what_a_stage_may_not_say(gateway, api, more, words):
    said = refused("BadRequestException", 400, gateway.create_stage,
                   **{"ApiId": api, "StageName": "dev", **more})
    assert words in said


def test_access_logs_go_and_authorizers_forget(kit, gateway, api):
    kit.stage(api, "dev", AccessLogSettings={
        "DestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:a",
        "Format": "$context.requestId"})
    gateway.reset_authorizers_cache(ApiId=api, StageName="dev")
    gateway.delete_access_log_settings(ApiId=api, StageName="dev")
    assert "AccessLogSettings" not in gateway.get_stage(ApiId=api, StageName="dev")
    refused("NotFoundException", 404, gateway.reset_authorizers_cache, ApiId=api,
            StageName="none")


# ---- deployments ----

def test_an_api_without_routes_cannot_be_deployed(kit, gateway):
    api = kit.api()
    assert refused("BadRequestException", 400, gateway.create_deployment, ApiId=api) == \
        "Unable to deploy API because no routes exist in this API"
    stage = kit.stage(api, AutoDeploy=True)
    assert stage["LastDeploymentStatusMessage"] == \
        "Deployment attempt failed: Unable to deploy API because no routes exist in this API"
    kit.route(api, "GET /a", kit.integration(api))
    assert "DeploymentId" in gateway.get_stage(ApiId=api, StageName="$default")


def test_a_deployment_is_what_the_api_was(kit, gateway, api):
    kit.stage(api, "dev")
    made = plain(gateway.create_deployment(ApiId=api, StageName="dev", Description="one"))
    assert re.fullmatch("[a-z0-9]{6}", made["DeploymentId"])
    made.pop("CreatedDate")
    assert made == {"AutoDeployed": False, "DeploymentId": made["DeploymentId"],
                    "DeploymentStatus": "DEPLOYED", "Description": "one"}
    assert gateway.get_stage(ApiId=api, StageName="dev")["DeploymentId"] == made["DeploymentId"]
    kit.route(api, "GET /second")
    assert served(gateway, api, "dev") == ["/first"]
    second = gateway.create_deployment(ApiId=api)["DeploymentId"]
    assert served(gateway, api, "dev") == ["/first"]
    gateway.update_stage(ApiId=api, StageName="dev", DeploymentId=second)
    assert served(gateway, api, "dev") == ["/first", "/second"]
    gateway.update_stage(ApiId=api, StageName="dev", DeploymentId=made["DeploymentId"])
    assert served(gateway, api, "dev") == ["/first"]
    assert "Active stages" in refused("BadRequestException", 400, gateway.delete_deployment,
                                      ApiId=api, DeploymentId=made["DeploymentId"])
    gateway.delete_deployment(ApiId=api, DeploymentId=second)
    gateway.update_deployment(ApiId=api, DeploymentId=made["DeploymentId"], Description="two")
    assert [one["Description"] for one in gateway.get_deployments(ApiId=api)["Items"]] == ["two"]
    refused("NotFoundException", 404, gateway.create_deployment, ApiId=api, StageName="none")


def test_autodeploy_follows_every_change(kit, gateway, api):
    kit.stage(api, AutoDeploy=True)
    seen = {gateway.get_stage(ApiId=api, StageName="$default")["DeploymentId"]}
    integration = kit.integration(api)
    for change in (lambda: kit.route(api, "GET /second", integration),
                   lambda: gateway.update_api(ApiId=api, Name="other"),
                   lambda: gateway.update_integration(ApiId=api, IntegrationId=integration,
                                                      Description="d"),
                   lambda: kit.authorizer(api)):
        change()
        stage = gateway.get_stage(ApiId=api, StageName="$default")
        assert stage["DeploymentId"] not in seen
        assert stage["LastDeploymentStatusMessage"] == \
            f"Successfully deployed stage with deployment ID '{stage['DeploymentId']}'"
        seen.add(stage["DeploymentId"])
    assert served(gateway, api, "$default") == ["/first", "/second"]
    (deployment,) = gateway.get_deployments(ApiId=api)["Items"]
    assert deployment["AutoDeployed"]
    assert deployment["Description"] == \
        "Automatic deployment triggered by changes to the Api configuration"
    refused("BadRequestException", 400, gateway.update_stage, ApiId=api, StageName="$default",
            DeploymentId=deployment["DeploymentId"])


def test_a_stage_that_no_longer_deploys_keeps_what_it_has(kit, gateway, api):
    kit.stage(api, AutoDeploy=True)
    kit.stage(api, "other", AutoDeploy=True)
    gateway.update_stage(ApiId=api, StageName="other", AutoDeploy=False)
    kit.route(api, "GET /second")
    assert served(gateway, api, "$default") == ["/first", "/second"]
    assert served(gateway, api, "other") == ["/first"]
    gateway.update_stage(ApiId=api, StageName="other", AutoDeploy=True)
    assert served(gateway, api, "other") == ["/first", "/second"]


def test_deployments_are_there_after_kill_9(fresh):
    weir = fresh()
    kit = Kit(weir)
    api = kit.api()
    kit.route(api, "GET /first", kit.integration(api))
    kit.stage(api, "dev")
    kit.gateway.create_deployment(ApiId=api, StageName="dev")
    kit.route(api, "GET /second")
    weir.restart(hard=True)
    assert served(Kit(weir).gateway, api, "dev") == ["/first"]


# ---- domain names ----

@pytest.fixture
def domain(gateway):
    names = iter(f"d{i}.example.com" for i in range(100, 200))
    made = []

    def make(name=None, **more):
        name = name or next(names)
        answer = gateway.create_domain_name(DomainName=name, **{
            "DomainNameConfigurations": [{"CertificateArn": CERTIFICATE}], **more})
        made.append(name)
        return answer

    yield make
    for name in made:
        gateway.delete_domain_name(DomainName=name)


def test_a_domain_name_is_told_with_what_aws_fills_in(gateway, domain):
    made = plain(domain("api.example.com", Tags={"a": "b"}))
    (configuration,) = made.pop("DomainNameConfigurations")
    address = configuration.pop("ApiGatewayDomainName")
    assert re.fullmatch(r"d-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com", address)
    assert configuration == {"CertificateArn": CERTIFICATE, "DomainNameStatus": "AVAILABLE",
                             "EndpointType": "REGIONAL", "HostedZoneId": "Z1UJRXOUMOOFQ8",
                             "IpAddressType": "ipv4", "SecurityPolicy": "TLS_1_2"}
    arn = f"arn:aws:apigateway:{REGION}::/domainnames/api.example.com"
    assert made == {"ApiMappingSelectionExpression": "$request.basepath",
                    "DomainName": "api.example.com", "DomainNameArn": arn,
                    "RoutingMode": "API_MAPPING_ONLY", "Tags": {"a": "b"}}
    other = CERTIFICATE.replace("1234-", "4321-")
    gateway.update_domain_name(DomainName="api.example.com",
                               DomainNameConfigurations=[{"CertificateArn": other}])
    got = gateway.get_domain_name(DomainName="api.example.com")["DomainNameConfigurations"][0]
    assert (got["CertificateArn"], got["ApiGatewayDomainName"]) == (other, address)
    assert refused("ConflictException", 409, domain, name="api.example.com") == \
        "The domain name you provided already exists."
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"a": "b"}


@pytest.mark.parametrize("asked,code,http", (
    ({"DomainName": "nodots"}, "BadRequestException", 400),
    ({"DomainName": "UPPER.example.com"}, "BadRequestException", 400),
    ({"DomainNameConfigurations": []}, "BadRequestException", 400),
    ({"DomainNameConfigurations": [{}]}, "BadRequestException", 400),
    ({"DomainNameConfigurations": [{"CertificateArn": "nonsense"}]}, "BadRequestException", 400),
    ({"DomainNameConfigurations": [{"CertificateArn": CERTIFICATE, "SecurityPolicy": "TLS_1_0"}]},
     "BadRequestException", 400),
    ({"RoutingMode": "ROUTING_RULE_ONLY"}, "NotImplemented", 501),
))
def test_what_a_domain_name_may_not_say(gateway, asked, code, http):
    refused(code, http, gateway.create_domain_name, **{
        "DomainName": "bad.example.com",
        "DomainNameConfigurations": [{"CertificateArn": CERTIFICATE}], **asked})
    assert refused("NotFoundException", 404, gateway.get_domain_name,
                   DomainName="bad.example.com") == "Invalid domain name identifier specified"


def test_mappings(kit, gateway, domain, api):
    name = domain()["DomainName"]
    kit.stage(api, "dev")
    made = gateway.create_api_mapping(DomainName=name, ApiId=api, Stage="dev",
                                      ApiMappingKey="one/two")
    assert made["ApiMappingKey"] == "one/two" and re.fullmatch("[a-z0-9]{6}", made["ApiMappingId"])
    assert refused("ConflictException", 409, gateway.create_api_mapping, DomainName=name,
                   ApiId=api, Stage="dev", ApiMappingKey="one/two") == \
        "ApiMapping key already exists for this domain name"
    assert refused("BadRequestException", 400, gateway.create_api_mapping, DomainName=name,
                   ApiId=api, Stage="none") == "Invalid stage identifier specified"
    for key in ("/", "a b", "a//b", "/a", "a/"):
        assert refused("BadRequestException", 400, gateway.create_api_mapping, DomainName=name,
                       ApiId=api, Stage="dev", ApiMappingKey=key) == \
            "An ApiMapping key may contain only letters, numbers and one of $-_.+!*'(),"
    gateway.create_api_mapping(DomainName=name, ApiId=api, Stage="dev")
    assert sorted(one["ApiMappingKey"] for one in
                  gateway.get_api_mappings(DomainName=name)["Items"]) == ["", "one/two"]
    gateway.update_api_mapping(DomainName=name, ApiMappingId=made["ApiMappingId"], ApiId=api,
                               ApiMappingKey="three")
    assert gateway.get_api_mapping(DomainName=name, ApiMappingId=made["ApiMappingId"])[
        "ApiMappingKey"] == "three"
    assert name in refused("BadRequestException", 400, gateway.delete_stage, ApiId=api,
                           StageName="dev")
    assert name in refused("BadRequestException", 400, gateway.delete_api, ApiId=api)
    for one in gateway.get_api_mappings(DomainName=name)["Items"]:
        gateway.delete_api_mapping(DomainName=name, ApiMappingId=one["ApiMappingId"])
    gateway.delete_api(ApiId=api)
    refused("NotFoundException", 404, gateway.get_api_mapping, DomainName=name,
            ApiMappingId=made["ApiMappingId"])


def test_domain_names_and_mappings_are_there_after_kill_9(fresh):
    weir = fresh()
    kit = Kit(weir)
    api = kit.api()
    kit.stage(api, "dev")
    kit.gateway.create_domain_name(
        DomainName="a.example.com",
        DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}])
    kit.gateway.create_api_mapping(DomainName="a.example.com", ApiId=api, Stage="dev")
    weir.restart(hard=True)
    gateway = Kit(weir).gateway
    assert len(gateway.get_api_mappings(DomainName="a.example.com")["Items"]) == 1
    refused("ConflictException", 409, gateway.create_api_mapping, DomainName="a.example.com",
            ApiId=api, Stage="dev")
    refused("BadRequestException", 400, gateway.delete_stage, ApiId=api, StageName="dev")
