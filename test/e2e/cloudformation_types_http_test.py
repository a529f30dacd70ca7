# SPDX-License-Identifier: Apache-2.0
"""API Gateway v2, Route 53 and Certificate Manager in templates: every type and its properties, read
by the services' own calls, answering requests, then changed, then gone without a trace."""
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, drifts, events, ids, outputs, template, update


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


@pytest.fixture(scope="module")
def apigw(weir):
    return weir.client("apigatewayv2")


@pytest.fixture(scope="module")
def dns(weir):
    return weir.client("route53")


def refused(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def post(weir):
    """post(address, data): the status, asked at the address's host on this machine."""
    def ask(address, data):
        parts = urlsplit(address)
        connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)
        connection.request("POST", parts.path, json.dumps(data),
                           {"Host": parts.netloc, "Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status

    return ask


def kind(name, properties, **more):
    return {"Type": name, "Properties": properties, **more}


def ref(name):
    return {"Ref": name}


def got(*path):
    return {"Fn::GetAtt": list(path)}


ROLE = kind("AWS::IAM::Role", {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
         "Action": "sts:AssumeRole"}]},
    "Policies": [{"PolicyName": "send", "PolicyDocument": {
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}}]})


def api():
    """Every type of API Gateway v2, as it is made."""
    return {
        "Queue": kind("AWS::SQS::Queue", {}),
        "Role": ROLE,
        "Logs": kind("AWS::Logs::LogGroup", {"LogGroupName": "/types/api"}),
        "Api": kind("AWS::ApiGatewayV2::Api", {
            "Name": "types", "ProtocolType": "HTTP", "Description": "d", "Version": "1",
            "CorsConfiguration": {"AllowOrigins": ["https://app.example"],
                                  "AllowMethods": ["GET", "POST"], "MaxAge": 60},
            "Tags": {"k": "v"}}),
        "Send": kind("AWS::ApiGatewayV2::Integration", {
            "ApiId": ref("Api"), "IntegrationType": "AWS_PROXY",
            "IntegrationSubtype": "SQS-SendMessage", "PayloadFormatVersion": "1.0",
            "CredentialsArn": got("Role", "Arn"), "TimeoutInMillis": 5000,
            "RequestParameters": {"QueueUrl": ref("Queue"),
                                  "MessageBody": "$request.body.text"}}),
        "Web": kind("AWS::ApiGatewayV2::Integration", {
            "ApiId": ref("Api"), "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "GET",
            "IntegrationUri": "https://web.example", "PayloadFormatVersion": "1.0",
            "Description": "d",
            "ResponseParameters": {"500": {"ResponseParameters": [
                {"Destination": "append:header.x-was", "Source": "broken"}]}}}),
        "Jwt": kind("AWS::ApiGatewayV2::Authorizer", {
            "ApiId": ref("Api"), "AuthorizerType": "JWT", "Name": "people",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Audience": ["me"], "Issuer": "https://id.example"}}),
        "Post": kind("AWS::ApiGatewayV2::Route", {
            "ApiId": ref("Api"), "RouteKey": "POST /send", "OperationName": "send",
            "Target": {"Fn::Join": ["/", ["integrations", ref("Send")]]}}),
        "Get": kind("AWS::ApiGatewayV2::Route", {
            "ApiId": ref("Api"), "RouteKey": "GET /people", "AuthorizationType": "JWT",
            "AuthorizerId": ref("Jwt"), "AuthorizationScopes": ["read"],
            "Target": {"Fn::Sub": "integrations/${Web}"}}),
        "Stage": kind("AWS::ApiGatewayV2::Stage", {
            "ApiId": ref("Api"), "StageName": "$default", "AutoDeploy": True,
            "StageVariables": {"a": "1", "b": "2"}, "Description": "d",
            "AccessLogSettings": {"DestinationArn": got("Logs", "Arn"),
                                  "Format": "$context.requestId"},
            "DefaultRouteSettings": {"ThrottlingBurstLimit": 50, "ThrottlingRateLimit": 20.5},
            "RouteSettings": {"POST /send": {"ThrottlingBurstLimit": 40}},
            "Tags": {"k": "v"}}, DependsOn=["Post", "Get"]),
        "Deployment": kind("AWS::ApiGatewayV2::Deployment", {
            "ApiId": ref("Api"), "Description": "first"}, DependsOn=["Post", "Get"]),
        "Pinned": kind("AWS::ApiGatewayV2::Stage", {
            "ApiId": ref("Api"), "StageName": "pinned", "DeploymentId": ref("Deployment")}),
        "Answer": kind("AWS::ApiGatewayV2::IntegrationResponse", {
            "ApiId": ref("Api"), "IntegrationId": ref("Web"),
            "IntegrationResponseKey": "/200/"}),
        "Reply": kind("AWS::ApiGatewayV2::RouteResponse", {
            "ApiId": ref("Api"), "RouteId": ref("Get"), "RouteResponseKey": "$default"}),
        "Model": kind("AWS::ApiGatewayV2::Model", {
            "ApiId": ref("Api"), "Name": "text", "ContentType": "application/json",
            "Schema": {"type": "object"}}),
        "Name": kind("AWS::ApiGatewayV2::DomainName", {
            "DomainName": "api.types.example", "Tags": {"k": "v"},
            "DomainNameConfigurations": [{"CertificateArn": ref("Certificate"),
                                          "EndpointType": "REGIONAL"}]}),
        "Mapping": kind("AWS::ApiGatewayV2::ApiMapping", {
            "ApiId": ref("Api"), "DomainName": ref("Name"), "Stage": ref("Stage"),
            "ApiMappingKey": "v1"}),
        "Link": kind("AWS::ApiGatewayV2::VpcLink", {
            "Name": "link", "SubnetIds": ["subnet-1"]}),
        "Certificate": kind("AWS::CertificateManager::Certificate", {
            "DomainName": "api.types.example", "ValidationMethod": "DNS"}),
    }


API_OUTPUTS = {name: {"Value": value} for name, value in {
    "Endpoint": got("Api", "ApiEndpoint"), "Regional": got("Name", "RegionalDomainName"),
    "Zone": got("Name", "RegionalHostedZoneId"), "RouteId": got("Post", "RouteId")}.items()}


def test_an_api_answers_as_its_template_says(cfn, apigw, weir, post):
    stack = create(cfn, "api", template(api(), Outputs=API_OUTPUTS))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "api")
    assert drifts(cfn, "api") == []
    names, told = ids(cfn, "api"), outputs(stack)
    api_id = names["Api"]
    about = apigw.get_api(ApiId=api_id)
    assert about["ApiEndpoint"] == told["Endpoint"] and about["Tags"] == {"k": "v"}
    assert about["CorsConfiguration"]["MaxAge"] == 60
    assert told["RouteId"] == names["Post"] and names["Stage"] == "$default"
    stage = apigw.get_stage(ApiId=api_id, StageName="$default")
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 20.5
    assert apigw.get_stage(ApiId=api_id, StageName="pinned")["DeploymentId"] == names[
        "Deployment"]
    web = apigw.get_integration(ApiId=api_id, IntegrationId=names["Web"])
    assert web["ResponseParameters"] == {"500": {"append:header.x-was": "broken"}}
    mapping = apigw.get_api_mapping(DomainName="api.types.example",
                                    ApiMappingId=names["Mapping"])
    assert (mapping["Stage"], mapping["ApiMappingKey"]) == ("$default", "v1")
    assert told["Zone"] == "Z1UJRXOUMOOFQ8"
    assert post(told["Endpoint"] + "/send", {"text": "hello"}) == 200
    sqs = weir.client("sqs")
    body = sqs.receive_message(QueueUrl=names["Queue"])["Messages"][0]["Body"]
    assert body == "hello"

    changed = api()
    changed["Api"]["Properties"] = {"Name": "renamed", "ProtocolType": "HTTP"}
    changed["Post"]["Properties"]["RouteKey"] = "POST /sent"
    del changed["Post"]["Properties"]["OperationName"]
    changed["Get"]["Properties"] = {"ApiId": ref("Api"), "RouteKey": "GET /people",
                                    "Target": {"Fn::Sub": "integrations/${Web}"}}
    changed["Stage"]["Properties"] = {"ApiId": ref("Api"), "StageName": "$default",
                                      "AutoDeploy": True, "StageVariables": {"b": "2"}}
    del changed["Web"]["Properties"]["ResponseParameters"], changed["Jwt"], changed["Mapping"]
    changed["Model"]["Properties"]["Name"] = "other"
    changed["Link"]["Properties"]["SubnetIds"] = ["subnet-2"]
    stack = update(cfn, "api", template(changed, Outputs=API_OUTPUTS))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "api")
    assert drifts(cfn, "api") == []
    now = ids(cfn, "api")
    assert (now["Api"], now["Post"]) == (api_id, names["Post"]) and now["Link"] != names["Link"]
    about = apigw.get_api(ApiId=api_id)
    assert about["Name"] == "renamed" and "CorsConfiguration" not in about
    assert about["Tags"] == {} and "Description" not in about
    route = apigw.get_route(ApiId=api_id, RouteId=names["Get"])
    assert route["AuthorizationType"] == "NONE" and "AuthorizerId" not in route
    stage = apigw.get_stage(ApiId=api_id, StageName="$default")
    assert stage["StageVariables"] == {"b": "2"} and stage["RouteSettings"] == {}
    assert "AccessLogSettings" not in stage
    web = apigw.get_integration(ApiId=api_id, IntegrationId=names["Web"])
    assert not web.get("ResponseParameters")
    assert post(told["Endpoint"] + "/sent", {"text": "again"}) == 200
    assert refused(apigw.get_vpc_link, VpcLinkId=names["Link"]) == "NotFoundException"

    assert delete(cfn, "api")["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])
    assert refused(apigw.get_api, ApiId=api_id) == "NotFoundException"
    assert refused(apigw.get_domain_name, DomainName="api.types.example") == "NotFoundException"


# ---- APIs of definitions ----

def definition(path, queue="Queue"):
    return {"openapi": "3.0.1", "info": {"title": "defined", "version": "1"},
            "paths": {path: {"post": {"x-amazon-apigateway-integration": {
                "type": "aws_proxy", "integrationSubtype": "SQS-SendMessage",
                "credentials": got("Role", "Arn"), "payloadFormatVersion": "1.0",
                "requestParameters": {"QueueUrl": ref(queue), "MessageBody": "$request.body"}}}}}}


def defined(body):
    return {"Queue": kind("AWS::SQS::Queue", {}), "Role": ROLE,
            "Api": kind("AWS::ApiGatewayV2::Api", body),
            "Stage": kind("AWS::ApiGatewayV2::Stage", {
                "ApiId": ref("Api"), "StageName": "$default", "AutoDeploy": True})}


def test_an_api_is_imported_with_its_references(cfn, apigw, post):
    outs = {"Endpoint": {"Value": got("Api", "ApiEndpoint")}}
    stack = create(cfn, "defined", template(defined(
        {"Body": definition("/one"), "FailOnWarnings": True, "Description": "d"}), Outputs=outs))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "defined")
    assert drifts(cfn, "defined") == []
    api_id = ids(cfn, "defined")["Api"]
    assert apigw.get_api(ApiId=api_id)["Description"] == "d"
    assert post(outputs(stack)["Endpoint"] + "/one", {}) == 200
    stack = update(cfn, "defined", template(defined({"Body": definition("/two")}), Outputs=outs))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "defined")
    assert drifts(cfn, "defined") == []
    assert ids(cfn, "defined")["Api"] == api_id
    assert [one["RouteKey"] for one in apigw.get_routes(ApiId=api_id)["Items"]] == ["POST /two"]
    assert post(outputs(stack)["Endpoint"] + "/two", {}) == 200
    assert delete(cfn, "defined")["StackStatus"] == "DELETE_COMPLETE"


def test_a_definition_may_lie_in_a_bucket(cfn, apigw, weir):
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="types-definitions")
    text = {"openapi": "3.0.1", "info": {"title": "kept", "version": "1"}, "paths": {
        "/x": {"get": {"x-amazon-apigateway-integration": {
            "type": "http_proxy", "httpMethod": "GET", "uri": "https://web.example",
            "payloadFormatVersion": "1.0"}}}}}
    s3.put_object(Bucket="types-definitions", Key="api.json", Body=json.dumps(text))
    body = {"Api": kind("AWS::ApiGatewayV2::Api", {
        "BodyS3Location": {"Bucket": "types-definitions", "Key": "api.json"}})}
    stack = create(cfn, "kept", template(body))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "kept")
    api_id = ids(cfn, "kept")["Api"]
    assert apigw.get_api(ApiId=api_id)["Name"] == "kept"
    body["Api"]["Properties"]["BodyS3Location"]["Key"] = "nowhere.json"
    stack = update(cfn, "kept", template(body))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert [one["RouteKey"] for one in apigw.get_routes(ApiId=api_id)["Items"]] == ["GET /x"]
    assert delete(cfn, "kept")["StackStatus"] == "DELETE_COMPLETE"


def test_an_api_of_a_target_alone(cfn, apigw):
    body = {"Api": kind("AWS::ApiGatewayV2::Api", {
        "Name": "quick", "ProtocolType": "HTTP", "RouteKey": "GET /",
        "Target": "https://web.example"})}
    stack = create(cfn, "quick", template(body))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "quick")
    assert drifts(cfn, "quick") == []
    api_id = ids(cfn, "quick")["Api"]
    assert [one["RouteKey"] for one in apigw.get_routes(ApiId=api_id)["Items"]] == ["GET /"]
    body["Api"]["Properties"]["Target"] = "https://other.example"
    assert update(cfn, "quick", template(body))["StackStatus"] == "UPDATE_COMPLETE"
    uris = [one["IntegrationUri"] for one in apigw.get_integrations(ApiId=api_id)["Items"]]
    assert uris == ["https://other.example"]
    assert delete(cfn, "quick")["StackStatus"] == "DELETE_COMPLETE"


# ---- names ----

def names():
    return {
        "Zone": kind("AWS::Route53::HostedZone", {
            "Name": "names.example", "HostedZoneConfig": {"Comment": "c"},
            "HostedZoneTags": [{"Key": "k", "Value": "v"}]}),
        "Check": kind("AWS::Route53::HealthCheck", {
            "HealthCheckConfig": {"Type": "HTTP", "FullyQualifiedDomainName": "a.example",
                                  "Port": 80, "ResourcePath": "/up"},
            "HealthCheckTags": [{"Key": "k", "Value": "v"}]}),
        "Www": kind("AWS::Route53::RecordSet", {
            "HostedZoneId": ref("Zone"), "Name": "www.names.example", "Type": "A", "TTL": "60",
            "ResourceRecords": ["192.0.2.1", "192.0.2.2"]}),
        "Apex": kind("AWS::Route53::RecordSet", {
            "HostedZoneName": "names.example.", "Name": "names.example.", "Type": "A",
            "AliasTarget": {"HostedZoneId": ref("Zone"), "DNSName": ref("Www")}}),
        "Weighed": kind("AWS::Route53::RecordSetGroup", {
            "HostedZoneId": ref("Zone"), "Comment": "c", "RecordSets": [
                {"Name": "w.names.example", "Type": "A", "TTL": "5", "Weight": 1,
                 "SetIdentifier": "one", "ResourceRecords": ["192.0.2.3"],
                 "HealthCheckId": ref("Check")},
                {"Name": "w.names.example", "Type": "A", "TTL": "5", "Weight": 2,
                 "SetIdentifier": "two", "ResourceRecords": ["192.0.2.4"]}]}),
    }


def test_zones_and_records(cfn, dns):
    stack = create(cfn, "names", template(names(), Outputs={
        "Servers": {"Value": {"Fn::Join": [",", got("Zone", "NameServers")]}},
        "Id": {"Value": got("Zone", "Id")}}))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "names")
    assert drifts(cfn, "names") == []
    made, told = ids(cfn, "names"), outputs(stack)
    zone = dns.get_hosted_zone(Id=made["Zone"])
    assert zone["DelegationSet"]["NameServers"] == told["Servers"].split(",")
    assert told["Id"] == made["Zone"] and made["Www"] == "www.names.example"
    answer = dns.test_dns_answer(HostedZoneId=made["Zone"], RecordName="names.example",
                                 RecordType="A")
    assert sorted(answer["RecordData"]) == ["192.0.2.1", "192.0.2.2"]

    changed = names()
    changed["Www"]["Properties"]["ResourceRecords"] = ["192.0.2.9"]
    changed["Weighed"]["Properties"]["RecordSets"].pop()
    changed["Check"]["Properties"]["HealthCheckConfig"]["Type"] = "HTTPS"
    changed["Zone"]["Properties"] = {"Name": "names.example"}
    stack = update(cfn, "names", template(changed))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "names")
    assert drifts(cfn, "names") == []
    now = ids(cfn, "names")
    assert now["Zone"] == made["Zone"] and now["Check"] != made["Check"]
    sets = dns.list_resource_record_sets(HostedZoneId=made["Zone"])["ResourceRecordSets"]
    assert sorted((one["Name"], one["Type"]) for one in sets) == [
        ("names.example.", "A"), ("names.example.", "NS"), ("names.example.", "SOA"),
        ("w.names.example.", "A"), ("www.names.example.", "A")]
    assert refused(dns.get_health_check, HealthCheckId=made["Check"]) == "NoSuchHealthCheck"

    assert delete(cfn, "names")["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])
    assert refused(dns.get_hosted_zone, Id=made["Zone"]) == "NoSuchHostedZone"


def ended_by_clock(clocked, cfn, name):
    """The stack once it has waited enough of a clock that is moved."""
    for _ in range(200):
        clocked.advance("15s")
        stack = cfn.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(0.02)
    raise AssertionError(stack)


def test_a_certificate_proves_itself_where_its_options_say(clocked):
    cfn, dns, acm = (clocked.client(name) for name in ("cloudformation", "route53", "acm"))
    zone = dns.create_hosted_zone(Name="proof.example", CallerReference="types-proof")
    zone_id = zone["HostedZone"]["Id"].split("/")[-1]
    body = {"Certificate": kind("AWS::CertificateManager::Certificate", {
        "DomainName": "a.proof.example", "SubjectAlternativeNames": ["*.proof.example"],
        "ValidationMethod": "DNS", "Tags": [{"Key": "k", "Value": "v"}],
        "CertificateTransparencyLoggingPreference": "DISABLED",
        "DomainValidationOptions": [
            {"DomainName": "a.proof.example", "HostedZoneId": zone_id},
            {"DomainName": "*.proof.example", "HostedZoneId": zone_id}]})}
    cfn.create_stack(StackName="proof", TemplateBody=template(body))
    assert cfn.describe_stacks(StackName="proof")["Stacks"][0][
        "StackStatus"] == "CREATE_IN_PROGRESS"
    stack = ended_by_clock(clocked, cfn, "proof")
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "proof")
    assert drifts(cfn, "proof") == []
    arn = ids(cfn, "proof")["Certificate"]
    about = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert about["Status"] == "ISSUED"
    assert about["Options"]["CertificateTransparencyLoggingPreference"] == "DISABLED"
    sets = dns.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert [one["TTL"] for one in sets if one["Type"] == "CNAME"] == [300, 300]
    del body["Certificate"]["Properties"]["Tags"]
    cfn.update_stack(StackName="proof", TemplateBody=template(body))
    assert ended_by_clock(clocked, cfn, "proof")["StackStatus"] == "UPDATE_COMPLETE"
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == []
    cfn.delete_stack(StackName="proof")
    assert ended_by_clock(clocked, cfn, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert refused(acm.describe_certificate, CertificateArn=arn) == "ResourceNotFoundException"
