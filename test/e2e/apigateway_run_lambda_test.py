# SPDX-License-Identifier: Apache-2.0
"""HTTP APIs in front of functions: events of both formats, answers, routes, stages, mapping, CORS,
throttling, custom domain names, paths that try to get round a route."""
import base64
import json
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from apigateway_kit import CERTIFICATE
from apigateway_run_kit import ANSWERS, ECHO, RunKit
from weir_server import ACCOUNT, REGION


@pytest.fixture(scope="module")
def kit(weir):
    return RunKit(weir)


@pytest.fixture(scope="module")
def echo(kit):
    return kit.function("echo", ECHO)


@pytest.fixture(scope="module")
def answers(kit):
    return kit.function("answers", ANSWERS)


@pytest.fixture(scope="module")
def told(kit, answers):
    """An API that answers what it is told, in format 2.0; another in 1.0."""
    return (kit.served(answers),
            kit.served(answers, integration={"PayloadFormatVersion": "1.0"}))


def test_a_request_becomes_an_event_of_format_2(kit, echo):
    api = kit.served(echo, "POST /some/{id}/{rest+}")
    answer = kit.ask(
        api, "/some/a%20b/x/y?a=1&b=2&a=3&empty=&plus=a+b", "POST", '{"hello": "ü"}',
        [("Content-Type", "application/json"), ("Cookie", "one=1; two=2"), ("X-Own", "value"),
         ("X-Own", "again"), ("User-Agent", "tester")])
    event = answer.json
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /some/{id}/{rest+}"
    assert event["rawPath"] == "/some/a b/x/y"
    assert event["rawQueryString"] == "a=1&b=2&a=3&empty=&plus=a+b"
    assert event["queryStringParameters"] == {"a": "1,3", "b": "2", "empty": "", "plus": "a b"}
    assert event["pathParameters"] == {"id": "a b", "rest": "x/y"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["headers"]["x-own"] == "value,again"
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["body"] == '{"hello": "ü"}'
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["accountId"] == ACCOUNT
    assert context["apiId"] == context["domainPrefix"] == api
    assert context["domainName"] == f"{api}.execute-api.{REGION}.localhost"
    assert context["http"] == {"method": "POST", "path": "/some/a b/x/y", "protocol": "HTTP/1.1",
                               "sourceIp": "127.0.0.1", "userAgent": "tester"}
    assert context["requestId"] == answer.headers["apigw-requestid"]
    assert context["routeKey"] == event["routeKey"]
    assert context["stage"] == "$default"
    assert "stageVariables" not in event
    assert "authorizer" not in context


def test_a_request_becomes_an_event_of_format_1(kit, answers, weir):
    keep = kit.function("one", """
def handler(event, context):
    import json
    return {"statusCode": 200, "body": json.dumps(event)}
""")
    api = kit.api()
    made = kit.integration(api, IntegrationUri=keep, PayloadFormatVersion="1.0")
    kit.route(api, "ANY /some/{id}", made)
    kit.may(keep, api)
    kit.stage(api, "dev", AutoDeploy=True, StageVariables={"color": "red"})
    event = kit.ask(api, "/dev/some/7?a=1&b=2&a=3", "PUT", b"\x00\xff",
                    [("Content-Type", "image/png"), ("X-Own", "v"), ("X-Own", "w")]).json
    assert event["version"] == "1.0"
    assert event["resource"] == "/some/{id}"
    assert event["path"] == "/dev/some/7"
    assert event["httpMethod"] == "PUT"
    assert event["headers"]["x-own"] == "w"
    assert event["multiValueHeaders"]["x-own"] == ["v", "w"]
    assert event["queryStringParameters"] == {"a": "3", "b": "2"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "3"], "b": ["2"]}
    assert event["pathParameters"] == {"id": "7"}
    assert event["stageVariables"] == {"color": "red"}
    assert base64.b64decode(event["body"]) == b"\x00\xff"
    assert event["isBase64Encoded"] is True
    context = event["requestContext"]
    assert context["resourcePath"] == "/some/{id}"
    assert context["resourceId"] == "ANY /some/{id}"
    assert context["path"] == "/dev/some/7"
    assert context["stage"] == "dev"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userArn"] is None
    empty = kit.ask(api, "/dev/some/7").json
    assert (empty["body"], empty["queryStringParameters"]) == (None, None)


def test_answers_of_format_2(kit, told):
    api, _ = told
    answer = kit.ask(api, "/", "POST", {
        "statusCode": "201", "headers": {"X-A": "b", "Content-Type": "text/css"},
        "cookies": ["a=1; Secure", "b=2"], "body": "hi"})
    assert (answer.status, answer.text) == (201, "hi")
    assert answer.headers["x-a"] == "b"
    assert answer.headers["content-type"] == "text/css"
    assert [v for n, v in answer.fields if n == "set-cookie"] == ["a=1; Secure", "b=2"]
    plain = kit.ask(api, "/", "POST", {"statusCode": 200, "body": "x"})
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    shorthand = kit.ask(api, "/", "POST", {"a": [1]})
    assert (shorthand.status, shorthand.json) == (200, {"a": [1]})
    assert shorthand.headers["content-type"] == "application/json"
    encoded = kit.ask(api, "/", "POST", {
        "statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(b"\x00\xff").decode()})
    assert encoded.raw == b"\x00\xff"
    kit.ask(api, "/", "POST", {"statusCode": 99}).is_message(500, "Internal Server Error")
    kit.ask(api, "/", "POST", "no json").is_message(500, "Internal Server Error")


def test_answers_of_format_1(kit, told):
    _, api = told
    answer = kit.ask(api, "/", "POST", {
        "statusCode": 200, "headers": {"a": "x", "b": "y"},
        "multiValueHeaders": {"A": ["1", "2"]}, "body": "hi"})
    assert answer.status == 200
    assert [v for n, v in answer.fields if n == "a"] == ["1", "2"]
    assert answer.headers["b"] == "y"
    kit.ask(api, "/", "POST", {"a": 1}).is_message(500, "Internal Server Error")


def test_the_most_specific_route_takes_it(kit, echo):
    api = kit.api()
    made = kit.asks(api, echo, "ANY /{proxy+}")
    for key in ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /pets/cat",
                "POST /pets/cat", "GET /{a}/{b}", "$default"]:
        kit.route(api, key, made)
    kit.stage(api, AutoDeploy=True)

    def taken(path, method="GET"):
        return kit.ask(api, path, method).json["routeKey"]
    assert taken("/pets/dog/1") == "GET /pets/dog/1"
    assert taken("/pets/dog/2") == "GET /pets/dog/{id}"
    assert taken("/pets/dog/2", "POST") == "ANY /{proxy+}"
    assert taken("/pets/a/b/c") == "GET /pets/{proxy+}"
    assert taken("/pets/cat") == "ANY /pets/cat"
    assert taken("/pets/cat", "POST") == "POST /pets/cat"
    assert taken("/x/y") == "GET /{a}/{b}"
    assert taken("/pets/dog") == "GET /{a}/{b}"
    assert taken("/") == "$default"
    assert kit.ask(api, "/pets/dog/2/3").json["pathParameters"] == {"proxy": "dog/2/3"}


def test_no_path_gets_round_a_route(kit, echo):
    api = kit.api()
    made = kit.asks(api, echo, "ANY /{proxy+}")
    kit.route(api, "ANY /admin", made, AuthorizationType="JWT", AuthorizerId=kit.authorizer(api))
    kit.route(api, "ANY /admin/{proxy+}", made, AuthorizationType="JWT",
              AuthorizerId=kit.authorizer(api, "again"))
    kit.stage(api, AutoDeploy=True)
    for path in ["/admin", "//admin", "/%61dmin", "/%2Fadmin", "/admin/x", "/admin%2Fx",
                 "/admin//x", "//admin//x", "/%61dmin/%78"]:
        kit.ask(api, path).is_message(401, "Unauthorized")
    for path in ["/x/../admin", "/./admin", "/x/%2e%2e/admin", "/x%2F..%2Fadmin", "/x/..;a/admin",
                 "/%5c..%5cadmin", "/a%00b", "/%zz", "/%ff"]:
        assert kit.ask(api, path).status == 400, path
    assert kit.ask(api, "/other").status == 200


def test_stages(kit, echo):
    api = kit.served(echo, "GET /x", stage="dev")
    event = kit.ask(api, "/dev/x").json
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/dev/x"
    assert event["requestContext"]["stage"] == "dev"
    kit.ask(api, "/x").is_message(404, "Not Found")
    kit.ask(api, "/dev/y").is_message(404, "Not Found")
    kit.ask("nothere123", "/x").is_message(404, "Not Found")
    kit.stage(api, "$default", AutoDeploy=True)
    assert kit.ask(api, "/x").json["requestContext"]["stage"] == "$default"
    assert kit.ask_by_path(api, "/dev/x").json["rawPath"] == "/dev/x"
    assert kit.ask_by_path(api, "/x").json["rawPath"] == "/x"


def test_the_default_endpoint_may_be_off(kit, echo):
    api = kit.served(echo)
    kit.gateway.update_api(ApiId=api, DisableExecuteApiEndpoint=True)
    kit.ask(api, "/").is_message(404, "Not Found")


def test_a_function_that_does_not_let_it_or_fails(kit, echo):
    api = kit.api()
    kit.route(api, "$default", kit.integration(api, IntegrationUri=echo))
    kit.stage(api, AutoDeploy=True)
    other = kit.function("private", ECHO)
    kit.route(api, "GET /private", kit.integration(api, IntegrationUri=other))
    kit.ask(api, "/private").is_message(500, "Internal Server Error")
    fails = kit.function("fails", "def handler(event, context):\n    raise ValueError(1)\n")
    kit.asks(api, fails, "GET /fails")
    kit.ask(api, "/fails").is_message(500, "Internal Server Error")


def test_a_function_that_takes_too_long(kit):
    slow = kit.function("slow", """
import time
def handler(event, context):
    time.sleep(3)
""", Timeout=10)
    api = kit.served(slow, integration={"TimeoutInMillis": 50})
    kit.ask(api, "/").is_message(503, "Service Unavailable")


def test_requests_are_mapped(kit, echo):
    api = kit.served(echo, "POST /pets/{id}", {"RequestParameters": {
        "append:header.x-new": "$request.header.X-Old",
        "overwrite:header.x-over": "${request.path.id}-$context.stage",
        "remove:header.x-gone": "''",
        "append:querystring.body": "$request.body.a.b[1]",
        "overwrite:querystring.q": "$request.querystring.q",
        "overwrite:header.x-missing": "$request.header.nothing",
        "overwrite:path": "/moved/${request.path.id}"}})
    event = kit.ask(api, "/pets/7?q=1&q=2", "POST", {"a": {"b": [1, "two"]}}, {
        "X-Old": "old", "X-Over": "x", "X-Gone": "x"}).json
    assert event["headers"]["x-new"] == "old"
    assert event["headers"]["x-over"] == "7-$default"
    assert "x-gone" not in event["headers"]
    assert "x-missing" not in event["headers"]
    assert event["queryStringParameters"] == {"q": "1,2", "body": "two"}
    assert event["rawPath"] == "/moved/7"


def test_answers_are_mapped_by_their_status(kit, answers):
    api = kit.served(answers, integration={"ResponseParameters": {"201": {
        "overwrite:statuscode": "299", "append:header.x-body": "$response.body.a",
        "overwrite:header.x-id": "$context.requestId", "remove:header.x-gone": "''"}}})
    answer = kit.ask(api, "/", "POST", {"statusCode": 201, "headers": {"x-gone": "1", "x-id": "0"},
                                        "body": '{"a":"b"}'})
    assert answer.status == 299
    assert answer.headers["x-body"] == "b"
    assert answer.headers["x-id"] == answer.headers["apigw-requestid"]
    assert "x-gone" not in answer.headers
    assert kit.ask(api, "/", "POST", {"statusCode": 202}).status == 202


def test_cors(kit, answers):
    api = kit.api(CorsConfiguration={
        "AllowOrigins": ["https://a.example"], "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["x-one", "authorization"], "ExposeHeaders": ["x-two"], "MaxAge": 300,
        "AllowCredentials": True})
    made = kit.asks(api, answers, "POST /x")
    kit.route(api, "GET /closed", made, AuthorizationType="JWT", AuthorizerId=kit.authorizer(api))
    kit.stage(api, AutoDeploy=True)
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    preflight = kit.ask(api, "/closed", "OPTIONS", None, ask)
    assert (preflight.status, preflight.raw) == (204, b"")
    assert {n: v for n, v in preflight.fields if n.startswith("access-control-")} == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "x-one,authorization",
        "access-control-max-age": "300"}
    other = kit.ask(api, "/closed", "OPTIONS", None, {**ask, "Origin": "https://b.example"})
    assert not [n for n, _ in other.fields if n.startswith("access-control-")]
    answer = kit.ask(api, "/x", "POST", {
        "statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "x-two": "2"}},
        {"Origin": "https://a.example"})
    assert [v for n, v in answer.fields if n == "access-control-allow-origin"] == [
        "https://a.example"]
    assert answer.headers["access-control-expose-headers"] == "x-two"
    refused = kit.ask(api, "/closed", headers={"Origin": "https://a.example"})
    refused.is_message(401, "Unauthorized")
    assert refused.headers["access-control-allow-origin"] == "https://a.example"


def test_without_cors_options_is_a_method(kit, echo):
    api = kit.served(echo, "OPTIONS /x")
    answer = kit.ask(api, "/x", "OPTIONS", None, {
        "Origin": "https://a.example", "Access-Control-Request-Method": "GET"})
    assert answer.json["routeKey"] == "OPTIONS /x"


def test_throttling(kit, echo):
    api = kit.served(echo, "GET /x")
    made = kit.asks(api, echo, "GET /y")
    assert made
    kit.gateway.update_stage(
        ApiId=api, StageName="$default",
        RouteSettings={"GET /x": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.001}})
    assert [kit.ask(api, "/x").status for _ in range(3)] == [200, 200, 429]
    kit.ask(api, "/x").is_message(429, "Too Many Requests")
    assert kit.ask(api, "/y").status == 200


def test_a_body_that_is_too_large(kit, echo):
    api = kit.served(echo, "POST /x")
    answer = kit.ask(api, "/x", "POST", b"x" * (10 * 1024 * 1024 + 1))
    answer.is_message(413, "Request Entity Too Large")
    large = kit.ask(api, "/x", "POST", b"{}", {"X-Large": "x" * 11000})
    assert large.status == 431


def test_a_custom_domain_shows_its_own_certificate(kit, echo):
    name, port = "tls.shop.example", kit.weir.port
    acm = kit.weir.client("acm")
    made = acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
    authority = f"{kit.weir.home}/authority.pem"
    Path(authority).write_bytes(urllib.request.urlopen(f"{kit.weir.url}/_weir/ca.pem").read())
    kit.gateway.create_domain_name(DomainName=name, DomainNameConfigurations=[
        {"CertificateArn": made, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}])
    api = kit.served(echo, "GET /x", stage="dev")
    kit.gateway.create_api_mapping(DomainName=name, ApiId=api, Stage="dev")

    def shown():
        asked = subprocess.run(["curl", "-sv", "--cacert", authority, "--resolve",
                                f"{name}:{port}:127.0.0.1", f"https://{name}:{port}/x"],
                               capture_output=True, text=True, check=True)
        assert json.loads(asked.stdout)["requestContext"]["domainName"] == name
        told = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                               "-servername", name], input="", capture_output=True, text=True,
                              check=False).stdout
        return told.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0].strip()

    issued = acm.get_certificate(CertificateArn=made)["Certificate"]
    assert shown() == issued.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0].strip()
    kit.gateway.delete_domain_name(DomainName=name)


def test_custom_domain_names(kit, echo):
    name = "api.shop.example"
    kit.gateway.create_domain_name(DomainName=name, DomainNameConfigurations=[
        {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL",
         "SecurityPolicy": "TLS_1_2"}])
    api = kit.served(echo, "GET /x", stage="dev")
    kit.gateway.update_api(ApiId=api, DisableExecuteApiEndpoint=True)
    kit.gateway.create_api_mapping(DomainName=name, ApiId=api, Stage="dev", ApiMappingKey="v1")
    event = kit.ask(api, "/v1/x", host=name).json
    assert event["routeKey"] == "GET /x"
    assert event["requestContext"]["domainName"] == name
    assert event["requestContext"]["domainPrefix"] == "api"
    assert event["requestContext"]["stage"] == "dev"
    kit.ask(api, "/x", host=name).is_message(404, "Not Found")
    kit.ask(api, "/_weir/holds", host=name).is_message(404, "Not Found")
    kit.gateway.delete_domain_name(DomainName=name)
    assert "apigw-requestid" not in kit.ask(api, "/v1/x", host=name).headers


def test_access_logs(kit, echo):
    logs = kit.weir.client("logs")
    logs.create_log_group(logGroupName="access")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"
    api = kit.api()
    kit.asks(api, echo, "GET /x")
    kit.stage(api, AutoDeploy=True, AccessLogSettings={
        "DestinationArn": arn, "Format": json.dumps({
            "id": "$context.requestId", "ip": "$context.identity.sourceIp",
            "agent": "$context.identity.userAgent", "route": "$context.routeKey",
            "status": "$context.status", "bytes": "$context.responseLength",
            "integration": "$context.integrationStatus", "error": "$context.error.message",
            "who": "$context.authorizer.claims.sub"})})
    first = kit.ask(api, "/x", headers={"User-Agent": 'a "b"'})
    second = kit.ask(api, "/y")
    lines = [json.loads(event["message"]) for event in
             logs.filter_log_events(logGroupName="access")["events"]]
    assert lines == [
        {"id": first.headers["apigw-requestid"], "ip": "127.0.0.1", "agent": 'a "b"',
         "route": "GET /x", "status": "200", "bytes": str(len(first.raw)), "integration": "200",
         "error": "-", "who": "-"},
        {"id": second.headers["apigw-requestid"], "ip": "127.0.0.1", "agent": "-", "route": "-",
         "status": "404", "bytes": "23", "integration": "-", "error": "Not Found", "who": "-"}]


def test_a_client_that_leaves_is_let_go(kit):
    slow = kit.function("left", """
import time
def handler(event, context):
    time.sleep(0.5)
""")
    api = kit.served(slow)
    with socket.create_connection(("127.0.0.1", kit.weir.port)) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nHost: {api}.execute-api.x.localhost\r\n\r\n".encode())
    assert kit.ask(api, "/").status == 200


def test_curl_over_tls_and_http_2(kit, echo, tmp_path):
    api = kit.served(echo, "GET /x")
    authority = tmp_path / "ca.pem"
    authority.write_bytes(kit.weir.ask("GET", "/_weir/ca")[2])
    host = f"{api}.execute-api.{REGION}.localhost"
    for more, protocol in [(["--http2"], "HTTP/2.0"), (["--http1.1"], "HTTP/1.1")]:
        done = subprocess.run(
            ["curl", "-sS", "--cacert", authority, "--resolve",
             f"{host}:{kit.weir.port}:127.0.0.1", *more, f"https://{host}:{kit.weir.port}/x?a=1"],
            capture_output=True, check=True, timeout=60)
        event = json.loads(done.stdout)
        assert event["requestContext"]["domainName"] == host
        assert event["requestContext"]["http"]["protocol"] == protocol
        assert event["headers"]["x-forwarded-proto"] == "https"


def test_the_endpoint_works_as_it_is_told(kit, echo):
    api = kit.served(echo, "GET /x")
    endpoint = kit.gateway.get_api(ApiId=api)["ApiEndpoint"]
    done = subprocess.run(["curl", "-sS", f"{endpoint}/x"], capture_output=True, check=True,
                          timeout=60)
    assert json.loads(done.stdout)["routeKey"] == "GET /x", endpoint
