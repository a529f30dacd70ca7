# SPDX-License-Identifier: Apache-2.0
"""Function URLs over plain HTTP: events of format 2.0, answers, cookies, CORS, IAM, streaming."""
import base64
import http.client
import json

import pytest
from auth_test import SignedServer
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from iam_kit import trust
from lambda_run_kit import Kit, refused, until
from weir_server import REGION

ECHO = """
def handler(event, context):
    return event
"""
ANSWERS = """
def handler(event, context):
    import json
    return json.loads(event["body"])
"""
FAILS = """
def handler(event, context):
    raise ValueError("no good")
"""


class UrlKit(Kit):
    def url(self, name, auth="NONE", **more):
        """A function's URL: its id."""
        made = self.functions.create_function_url_config(FunctionName=name, AuthType=auth, **more)
        if auth == "NONE":
            self.functions.add_permission(
                FunctionName=name, StatementId="everybody", Principal="*",
                Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
        return made["FunctionUrl"].split("//")[1].split(".")[0]

    def ask(self, url_id, path="/", method="GET", body=None, headers=None, by_path=False):
        """Status, header fields as a list, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.weir.port, timeout=60)
        host = f"{url_id}.lambda-url.{REGION}.localhost:{self.weir.port}"
        where = f"/_aws/lambda-url/{url_id}{path}" if by_path else path
        connection.request(method, where, body,
                           {**({} if by_path else {"Host": host}), **(headers or {})})
        answer = connection.getresponse()
        fields = [(name.lower(), value) for name, value in answer.getheaders()]
        raw = answer.read()
        connection.close()
        return answer.status, fields, raw


@pytest.fixture(scope="module")
def kit(weir):
    return UrlKit(weir)


@pytest.fixture(scope="module")
def echo(kit):
    kit.function("echo", ECHO)
    return kit.url("echo")


@pytest.fixture(scope="module")
def answers(kit):
    kit.function("answers", ANSWERS)
    return kit.url("answers")


def answer_of(kit, url_id, document):
    return kit.ask(url_id, "/", "POST", json.dumps(document),
                   {"Content-Type": "application/json"})


def test_a_request_becomes_an_event_of_format_2(kit, echo):
    status, fields, body = kit.ask(
        echo, "/some/path%20x?a=1&b=2&a=3&empty=&plus=a+b", "POST", '{"hello": "ü"}'.encode(),
        {"Content-Type": "application/json", "Cookie": "one=1; two=2", "X-Own": "value",
         "User-Agent": "tester"})
    event = json.loads(body)
    assert status == 200
    assert dict(fields)["content-type"] == "application/json"
    assert event["version"] == "2.0"
    assert event["routeKey"] == "$default"
    assert event["rawPath"] == "/some/path%20x"
    assert event["rawQueryString"] == "a=1&b=2&a=3&empty=&plus=a+b"
    assert event["queryStringParameters"] == {"a": "1,3", "b": "2", "empty": "", "plus": "a b"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["headers"]["x-own"] == "value"
    assert event["headers"]["host"] == f"{echo}.lambda-url.{REGION}.localhost:{kit.weir.port}"
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["headers"]["x-amzn-trace-id"].startswith("Root=")
    assert event["body"] == '{"hello": "ü"}'
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["accountId"] == "anonymous"
    assert context["apiId"] == context["domainPrefix"] == echo
    assert context["domainName"] == f"{echo}.lambda-url.{REGION}.localhost"
    assert context["http"] == {"method": "POST", "path": "/some/path%20x", "protocol": "HTTP/1.1",
                               "sourceIp": "127.0.0.1", "userAgent": "tester"}
    assert context["routeKey"] == context["stage"] == "$default"
    assert context["timeEpoch"] > 0
    assert context["time"].endswith("+0000")


def test_what_is_not_there_is_left_out(kit, echo):
    event = json.loads(kit.ask(echo)[2])
    assert "body" not in event
    assert "cookies" not in event
    assert "queryStringParameters" not in event
    assert event["isBase64Encoded"] is False
    assert event["rawPath"] == "/"


def test_bytes_travel_in_base64(kit, echo):
    raw = bytes(range(256))
    event = json.loads(kit.ask(echo, "/", "PUT", raw, {"Content-Type": "image/png"})[2])
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == raw


def test_the_path_form_reaches_the_same_function(kit, echo):
    event = json.loads(kit.ask(echo, "/deep/path?x=y", by_path=True)[2])
    assert event["rawPath"] == "/deep/path"
    assert event["rawQueryString"] == "x=y"
    assert json.loads(kit.ask(echo, "", by_path=True)[2])["rawPath"] == "/"


def test_the_url_that_was_told_is_the_one_that_works(kit, echo):
    told = kit.functions.get_function_url_config(FunctionName="echo")["FunctionUrl"]
    assert told == f"http://{echo}.lambda-url.{REGION}.localhost:{kit.weir.port}/"


def test_a_structure_says_status_fields_body_and_cookies(kit, answers):
    status, fields, body = answer_of(kit, answers, {
        "statusCode": 201, "headers": {"X-Own": "value", "Content-Type": "text/plain", "n": 5},
        "body": "hello", "cookies": ["a=1; Path=/", "b=2"]})
    assert status == 201
    assert body == b"hello"
    assert ("x-own", "value") in fields
    assert ("content-type", "text/plain") in fields
    assert ("n", "5") in fields
    assert [value for name, value in fields if name == "set-cookie"] == ["a=1; Path=/", "b=2"]


def test_a_base64_body_is_decoded(kit, answers):
    raw = bytes(range(256))
    status, fields, body = answer_of(kit, answers, {
        "statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(raw).decode(),
        "headers": {"content-type": "image/png"}})
    assert (status, body) == (200, raw)
    assert ("content-type", "image/png") in fields


@pytest.mark.parametrize("document", [{"message": "hi"}, [1, 2], "text", 3, None, True])
def test_anything_else_is_the_body_itself(kit, answers, document):
    status, fields, body = answer_of(kit, answers, document)
    assert status == 200
    assert dict(fields)["content-type"] == "application/json"
    assert json.loads(body) == document


@pytest.mark.parametrize("code", [1000, "abc", 99, [200]])
def test_a_status_that_is_none_is_a_bad_gateway(kit, answers, code):
    assert answer_of(kit, answers, {"statusCode": code})[0] == 502


def test_a_field_cannot_break_the_answer_it_travels_in(kit, answers):
    status, fields, body = answer_of(kit, answers, {
        "statusCode": 200, "headers": {"x-bad": "a\r\nx-evil: 1", "bad name": "x", "x-good": "1"},
        "body": "fine"})
    assert (status, body) == (200, b"fine")
    assert ("x-good", "1") in fields
    assert not any(name in ("x-bad", "x-evil", "bad name") for name, _ in fields)


def test_a_function_that_fails_is_a_bad_gateway(kit):
    kit.function("url-fails", FAILS)
    status, _, body = kit.ask(kit.url("url-fails"))
    assert (status, body) == (502, b"Internal Server Error")


def test_without_concurrency_it_is_too_many_requests(kit):
    kit.function("url-narrow", ECHO)
    url_id = kit.url("url-narrow")
    kit.functions.put_function_concurrency(FunctionName="url-narrow",
                                           ReservedConcurrentExecutions=0)
    status, _, body = kit.ask(url_id)
    assert status == 429
    assert json.loads(body)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_a_held_functions_url_is_unavailable(kit):
    arn = kit.function("url-held", ECHO)
    url_id = kit.url("url-held")
    assert kit.weir.ask("POST", f"/_weir/hold?kind=function&name={arn}")[0] == 200
    assert kit.ask(url_id)[0] == 503
    assert kit.weir.ask("POST", f"/_weir/release?kind=function&name={arn}")[0] == 200
    assert kit.ask(url_id)[0] == 200


def test_an_unknown_url_is_not_found(kit):
    assert kit.ask("abcdefghijklmnopqrstuvwxyz012345")[0] == 404
    assert kit.ask("nobody", by_path=True)[0] == 404


def test_a_url_of_an_alias_runs_its_version(kit):
    kit.function("url-alias", "def handler(event, context):\n    return context.function_version\n")
    version = kit.functions.publish_version(FunctionName="url-alias")["Version"]
    kit.functions.create_alias(FunctionName="url-alias", Name="live", FunctionVersion=version)
    made = kit.functions.create_function_url_config(FunctionName="url-alias", Qualifier="live",
                                                    AuthType="NONE")
    url_id = made["FunctionUrl"].split("//")[1].split(".")[0]
    assert json.loads(kit.ask(url_id)[2]) == version


# ---- CORS ----

CORS = {"AllowOrigins": ["https://app.example"], "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["x-own"], "ExposeHeaders": ["x-seen"], "MaxAge": 60,
        "AllowCredentials": True}


@pytest.fixture(scope="module")
def shared_across(kit):
    kit.function("cors", "def handler(event, context):\n"
                         "    return {'statusCode': 200, 'body': 'ran',\n"
                         "            'headers': {'Access-Control-Allow-Origin': 'own'}}\n")
    return kit.url("cors", Cors=CORS)


def test_a_preflight_is_answered_without_the_function(kit, shared_across):
    status, fields, body = kit.ask(shared_across, "/", "OPTIONS", headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
    fields = dict(fields)
    assert (status, body) == (200, b"")
    assert fields["access-control-allow-origin"] == "https://app.example"
    assert fields["access-control-allow-methods"] == "GET,POST"
    assert fields["access-control-allow-headers"] == "x-own"
    assert fields["access-control-allow-credentials"] == "true"
    assert fields["access-control-max-age"] == "60"


def test_a_preflight_of_another_origin_or_method_gets_no_leave(kit, shared_across):
    for headers in ({"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
                    {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}):
        status, fields, _ = kit.ask(shared_across, "/", "OPTIONS", headers=headers)
        assert status == 200
        assert "access-control-allow-origin" not in dict(fields)


def test_other_answers_have_the_urls_fields_and_not_the_functions(kit, shared_across):
    status, fields, body = kit.ask(shared_across, headers={"Origin": "https://app.example"})
    assert (status, body) == (200, b"ran")
    origins = [value for name, value in fields if name == "access-control-allow-origin"]
    assert origins == ["https://app.example"]
    assert dict(fields)["access-control-expose-headers"] == "x-seen"


def test_without_cors_a_preflight_goes_to_the_function(kit, echo):
    event = json.loads(kit.ask(echo, "/", "OPTIONS", headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST"})[2])
    assert event["requestContext"]["http"]["method"] == "OPTIONS"


# ---- IAM ----

def signed(server, url_id, key, secret):
    host = f"{url_id}.lambda-url.{REGION}.localhost:{server.port}"
    request = AWSRequest("GET", f"http://{host}/", headers={"Host": host})
    SigV4Auth(Credentials(key, secret), "lambda", REGION).add_auth(request)
    return dict(request.headers)


def test_with_auth_on_a_url_of_iam_takes_good_signatures_only():
    server = SignedServer("--auth", "on").start()
    try:
        key, secret = server.key
        kit = UrlKit(server)
        kit.functions = server.signed(key, secret, "lambda")
        kit.role = server.signed(key, secret, "iam").create_role(
            RoleName="runs", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
        kit.function("guarded", ECHO)
        url_id = kit.url("guarded", auth="AWS_IAM")
        assert kit.ask(url_id)[0] == 403
        assert kit.ask(url_id, headers=signed(server, url_id, key, "wrong"))[0] == 403
        status, _, body = kit.ask(url_id, headers=signed(server, url_id, key, secret))
        assert status == 200
        iam = json.loads(body)["requestContext"]["authorizer"]["iam"]
        assert iam["accessKey"] == key
        assert iam["userArn"].endswith(":root")
        kit.function("open", ECHO)
        url_id = kit.functions.create_function_url_config(
            FunctionName="open", AuthType="NONE")["FunctionUrl"].split("//")[1].split(".")[0]
        assert kit.ask(url_id)[0] == 403  # nobody is let in yet
        kit.functions.add_permission(
            FunctionName="open", StatementId="everybody", Principal="*",
            Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
        assert kit.ask(url_id)[0] == 200
    finally:
        server.close()


# ---- streaming ----

STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
    const out = awslambda.HttpResponseStream.from(stream, {
        statusCode: 206, headers: {"Content-Type": "text/plain", "x-own": "1"},
        cookies: ["c=1"]});
    out.write("first ");
    await new Promise((resolve) => setTimeout(resolve, 300));
    out.write("second");
    out.end();
});
"""
RAW_STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
    stream.setContentType("text/event-stream");
    for (let i = 0; i < 3; i++) stream.write("piece " + i + "\\n");
    stream.end();
});
"""


def test_a_streamed_answer_comes_as_it_is_made(kit):
    kit.function("streams", STREAM, runtime="nodejs20.x")
    url_id = kit.url("streams", InvokeMode="RESPONSE_STREAM")
    connection = http.client.HTTPConnection("127.0.0.1", kit.weir.port, timeout=60)
    connection.request("GET", "/", headers={
        "Host": f"{url_id}.lambda-url.{REGION}.localhost:{kit.weir.port}"})
    answer = connection.getresponse()
    assert answer.status == 206
    assert answer.getheader("x-own") == "1"
    assert answer.getheader("set-cookie") == "c=1"
    assert answer.getheader("content-type") == "text/plain"
    assert answer.read1(100) == b"first "
    assert answer.read() == b"second"
    connection.close()


def test_a_stream_without_a_prelude_is_the_body(kit):
    kit.function("raw-streams", RAW_STREAM, runtime="nodejs20.x")
    status, fields, body = kit.ask(kit.url("raw-streams", InvokeMode="RESPONSE_STREAM"))
    assert (status, body) == (200, b"piece 0\npiece 1\npiece 2\n")
    assert dict(fields)["content-type"] == "text/event-stream"


def test_invoke_with_response_stream_gives_chunks_and_an_end(kit):
    kit.function("event-streams", RAW_STREAM, runtime="nodejs20.x")
    answer = kit.functions.invoke_with_response_stream(FunctionName="event-streams",
                                                       LogType="Tail", Payload=b"{}")
    assert answer["ExecutedVersion"] == "$LATEST"
    events = list(answer["EventStream"])
    text = b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1])
    assert text == b"piece 0\npiece 1\npiece 2\n"
    assert "END RequestId" in base64.b64decode(events[-1]["InvokeComplete"]["LogResult"]).decode()


def test_a_function_that_does_not_stream_gives_one_chunk(kit):
    kit.function("whole", ECHO)
    answer = kit.functions.invoke_with_response_stream(FunctionName="whole", Payload=b'{"a": 1}')
    events = list(answer["EventStream"])
    assert json.loads(events[0]["PayloadChunk"]["Payload"]) == {"a": 1}
    assert list(events[1]) == ["InvokeComplete"]
    kit.function("whole-fails", FAILS)
    events = list(kit.functions.invoke_with_response_stream(
        FunctionName="whole-fails", Payload=b"{}")["EventStream"])
    assert events[-1]["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert json.loads(events[-1]["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "no good"
    refused("ResourceNotFoundException", kit.functions.invoke_with_response_stream, status=404,
            FunctionName="nobody", Payload=b"{}")


def test_a_large_stream_comes_whole(kit):
    source = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
    const piece = Buffer.alloc(1 << 20, "x");
    for (let i = 0; i < 20; i++) {
        if (!stream.write(piece)) await new Promise((r) => stream.once("drain", r));
    }
    stream.end();
});
"""
    kit.function("large-stream", source, runtime="nodejs20.x", MemorySize=512, Timeout=30)
    status, _, body = kit.ask(kit.url("large-stream", InvokeMode="RESPONSE_STREAM"))
    assert status == 200
    assert body == b"x" * (20 << 20)


def test_a_slow_reader_holds_its_function_back_and_nobody_else(kit):
    source = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
    const piece = Buffer.alloc(1 << 20, "x");
    for (let i = 0; i < 150; i++) {
        if (!stream.write(piece)) await new Promise((r) => stream.once("drain", r));
    }
    stream.end();
});
"""
    kit.function("held-back", source, runtime="nodejs20.x", MemorySize=512, Timeout=60)
    url_id = kit.url("held-back", InvokeMode="RESPONSE_STREAM")
    before = kit.weir.resident_bytes()
    connection = http.client.HTTPConnection("127.0.0.1", kit.weir.port, timeout=60)
    connection.request("GET", "/", headers={
        "Host": f"{url_id}.lambda-url.{REGION}.localhost:{kit.weir.port}"})
    answer = connection.getresponse()
    got = len(answer.read(1 << 20))
    for _ in range(20):  # others are served meanwhile
        assert kit.ask(url_id + "x")[0] == 404
    assert kit.weir.resident_bytes() - before < 64 << 20
    while piece := answer.read(1 << 20):
        got += len(piece)
    assert got == 150 << 20
    connection.close()


def test_a_reader_that_leaves_a_stream_leaves_its_function_to_end(kit):
    source = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
    const piece = Buffer.alloc(1 << 20, "x");
    for (let i = 0; i < 100; i++) {
        if (!stream.write(piece)) await new Promise((r) => stream.once("drain", r));
    }
    stream.end();
});
"""
    kit.function("left", source, runtime="nodejs20.x", MemorySize=512, Timeout=60)
    kit.functions.put_function_concurrency(FunctionName="left", ReservedConcurrentExecutions=1)
    url_id = kit.url("left", InvokeMode="RESPONSE_STREAM")
    connection = http.client.HTTPConnection("127.0.0.1", kit.weir.port, timeout=60)
    connection.request("GET", "/", headers={
        "Host": f"{url_id}.lambda-url.{REGION}.localhost:{kit.weir.port}"})
    connection.getresponse().read(1 << 20)
    connection.close()
    until(lambda: kit.ask(url_id)[0] == 200, "the end of what was left")
