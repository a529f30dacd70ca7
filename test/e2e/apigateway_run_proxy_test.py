# SPDX-License-Identifier: Apache-2.0
"""HTTP APIs in front of AWS's services and of HTTP servers."""
import contextlib
import http.server
import json
import threading
import time

import pytest
from apigateway_run_kit import RunKit
from weir_server import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/edge"


@pytest.fixture(scope="module")
def kit(weir):
    return RunKit(weir)


def proxied(kit, subtype, key="POST /x", **parameters):
    api = kit.api()
    made = kit.gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationSubtype=subtype,
        PayloadFormatVersion="1.0", CredentialsArn=ROLE,
        RequestParameters=parameters)["IntegrationId"]
    kit.route(api, key, made)
    kit.stage(api, AutoDeploy=True)
    return api


# ---- AWS ----

def test_a_request_becomes_a_record(kit, weir):
    kinesis = weir.client("kinesis")
    kinesis.create_stream(StreamName="scans", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="scans",
                                             WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    api = proxied(kit, "Kinesis-PutRecord", "POST /scans/{gate}", StreamName="scans",
                  Data="$request.body", PartitionKey="$request.path.gate")
    answer = kit.ask(api, "/scans/g7", "POST", {"ticket": 1})
    assert answer.status == 200
    assert answer.json["ShardId"] == "shardId-000000000000"
    iterator = kinesis.get_shard_iterator(StreamName="scans", ShardId="shardId-000000000000",
                                          ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    record = kinesis.get_records(ShardIterator=iterator)["Records"][0]
    assert record["Data"] == b'{"ticket": 1}'
    assert record["PartitionKey"] == "g7"
    assert record["SequenceNumber"] == answer.json["SequenceNumber"]
    missing = proxied(kit, "Kinesis-PutRecord", StreamName="nothere", Data="$request.body",
                      PartitionKey="k")
    answer = kit.ask(missing, "/x", "POST", "x")
    assert answer.status == 400
    assert answer.json["__type"].endswith("ResourceNotFoundException")
    kit.ask(missing, "/x", "POST").json  # an empty body is empty data


def test_what_the_request_lacks(kit):
    api = proxied(kit, "Kinesis-PutRecord", StreamName="scans", Data="$request.body.data",
                  PartitionKey="k")
    answer = kit.ask(api, "/x", "POST", {"other": 1})
    assert answer.status == 400
    assert answer.json["message"].startswith(
        "Unable to resolve property Data from source $request.body.data.")


def test_queues(kit, weir):
    sqs = weir.client("sqs")
    queue = sqs.create_queue(QueueName="edge")["QueueUrl"]
    send = proxied(kit, "SQS-SendMessage", QueueUrl=queue, MessageBody="$request.body.message",
                   DelaySeconds="0")
    answer = kit.ask(send, "/x", "POST", {"message": "hello"})
    assert answer.status == 200
    assert "<SendMessageResponse" in answer.text
    assert "<MessageId>" in answer.text
    receive = proxied(kit, "SQS-ReceiveMessage", "GET /x", QueueUrl=queue,
                      MaxNumberOfMessages="10", VisibilityTimeout="30")
    answer = kit.ask(receive, "/x")
    assert "<Body>hello</Body>" in answer.text
    handle = answer.text.split("<ReceiptHandle>")[1].split("</ReceiptHandle>")[0]
    delete = proxied(kit, "SQS-DeleteMessage", "DELETE /x", QueueUrl=queue,
                     ReceiptHandle="$request.header.handle")
    assert kit.ask(delete, "/x", "DELETE", headers={"handle": handle}).status == 200
    kit.ask(send, "/x", "POST", {"message": "again"})
    purge = proxied(kit, "SQS-PurgeQueue", "DELETE /x", QueueUrl=queue)
    assert kit.ask(purge, "/x", "DELETE").status == 200
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    waits = proxied(kit, "SQS-ReceiveMessage", "GET /x", QueueUrl=queue, WaitTimeSeconds="20")
    assert "<Message>" not in kit.ask(waits, "/x").text


def test_event_buses(kit, weir):
    sqs, events = weir.client("sqs"), weir.client("events")
    queue = sqs.create_queue(QueueName="from-bus")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:from-bus"
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": arn}]})})
    events.put_rule(Name="edge", EventPattern=json.dumps({"source": ["edge"]}))
    events.put_targets(Rule="edge", Targets=[{"Id": "1", "Arn": arn}])
    api = proxied(kit, "EventBridge-PutEvents", Source="edge", DetailType="$request.body.type",
                  Detail="$request.body.detail", Time="2026-01-02T03:04:05Z",
                  Resources='["arn:aws:s3:::b"]')
    answer = kit.ask(api, "/x", "POST", {"type": "scan", "detail": {"a": 1}})
    assert answer.status == 200, answer.raw
    assert answer.json["FailedEntryCount"] == 0
    message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
    event = json.loads(message["Body"])
    assert (event["detail"], event["time"]) == ({"a": 1}, "2026-01-02T03:04:05Z")
    assert event["resources"] == ["arn:aws:s3:::b"]


def test_workflows_are_not_there(kit):
    api = proxied(kit, "StepFunctions-StartExecution", StateMachineArn="arn:x")
    answer = kit.ask(api, "/x", "POST", "{}")
    assert answer.status == 501
    assert "StepFunctions-StartExecution" in answer.json["message"]


# ---- HTTP ----

class Backend(http.server.ThreadingHTTPServer):
    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.dumps({
                    "method": self.command, "path": self.path,
                    "headers": {n.lower(): v for n, v in self.headers.items()},
                    "body": self.rfile.read(length).decode()}).encode()
                if self.path == "/slow":
                    time.sleep(1)
                self.send_response({"/missing": 404, "/odd": 999}.get(self.path, 200))
                self.send_header("X-Two", "1")
                self.send_header("X-Two", "2")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    with contextlib.suppress(BrokenPipeError):
                        self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

            def log_message(self, *words):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def backend():
    server = Backend()
    yield server
    server.shutdown()
    server.server_close()


def before(kit, uri, key="ANY /{proxy+}", method="ANY", **more):
    api = kit.api()
    made = kit.gateway.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", IntegrationUri=uri, IntegrationMethod=method,
        PayloadFormatVersion="1.0", **more)["IntegrationId"]
    kit.route(api, key, made)
    kit.stage(api, AutoDeploy=True)
    return api


def test_a_request_is_passed_on(kit, backend):
    api = before(kit, backend.url + "/base/{proxy}")
    answer = kit.ask(api, "/a%20b/c?x=1&x=2", "POST", {"k": "v"}, {"X-Own": "own"})
    got = answer.json
    assert answer.status == 200
    assert [v for n, v in answer.fields if n == "x-two"] == ["1", "2"]
    assert answer.headers["content-type"] == "application/json"
    assert (got["method"], got["path"]) == ("POST", "/base/a%20b/c?x=1&x=2")
    assert got["body"] == '{"k": "v"}'
    assert got["headers"]["x-own"] == "own"
    assert got["headers"]["host"] == backend.url.split("//")[1]
    assert f"host={api}.execute-api.{REGION}.localhost" in got["headers"]["forwarded"]
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]:
        assert kit.ask(api, "/x", method).json["method"] == method
    head = kit.ask(api, "/x", "HEAD")
    assert (head.status, head.raw) == (200, b"")


def test_what_the_backend_gets_is_mapped(kit, backend):
    api = before(kit, backend.url + "/", "GET /pets/{id}", "POST", RequestParameters={
        "overwrite:path": "/v2/${request.path.id}", "append:header.x-id": "$request.path.id",
        "append:querystring.s": "$context.stage"},
        ResponseParameters={"200": {"overwrite:statuscode": "203"}})
    answer = kit.ask(api, "/pets/7")
    assert answer.status == 203
    got = answer.json
    assert (got["method"], got["path"]) == ("POST", "/v2/7?s=%24default")
    assert got["headers"]["x-id"] == "7"


def test_backends_that_do_not_answer(kit, backend):
    assert kit.ask(before(kit, backend.url + "/missing", "GET /x"), "/x").status == 404
    kit.ask(before(kit, backend.url + "/odd", "GET /x"), "/x").is_message(
        503, "Service Unavailable")
    slow = before(kit, backend.url + "/slow", "GET /x", TimeoutInMillis=100)
    kit.ask(slow, "/x").is_message(503, "Service Unavailable")
    gone = before(kit, "http://127.0.0.1:1/", "GET /x")
    kit.ask(gone, "/x").is_message(503, "Service Unavailable")
