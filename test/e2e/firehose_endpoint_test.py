# SPDX-License-Identifier: Apache-2.0
"""Delivery to an HTTP endpoint: AWS's request, answers that take it and answers that do not, retries
with the same id, and the bucket behind. The clock stands still."""
import base64
import gzip
import http.server
import json
import threading

import pytest
from firehose_kit import ROLE, Kit, processors, stream_arn, until
from weir_server import ACCOUNT


class Endpoint:
    """An HTTP server that notes requests and answers as told: good, or (status, body)."""

    def __init__(self):
        self.requests, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.requests.append((self.path, headers, body))
                status, text = outer.answers.pop(0) if outer.answers else (200, None)
                if text is None:
                    text = json.dumps({"requestId": headers["x-amz-firehose-request-id"],
                                       "timestamp": 1})
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in?x=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def got(self, count):
        until(lambda: len(self.requests), lambda seen: seen >= count)
        assert len(self.requests) == count
        return self.requests


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def kit(clocked, name):
    return Kit(clocked, f"bucket-{name}")


def create(kit, name, endpoint, seconds=0, key="secret", **more):
    return kit.firehose.create_delivery_stream(
        DeliveryStreamName=name, HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Url": endpoint.url, "Name": "mine",
                                      **({"AccessKey": key} if key else {})},
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": seconds},
            "RetryOptions": {"DurationInSeconds": 10},
            "S3Configuration": kit.destination(0), "RoleARN": ROLE, **more})


def test_the_request_is_awss(kit, name, endpoint):
    create(kit, name, endpoint, 0, RequestConfiguration={
        "ContentEncoding": "GZIP",
        "CommonAttributes": [{"AttributeName": "env", "AttributeValue": "te\"st"}]})
    kit.put(name, "one", b"\x00two")
    (path, headers, body), = endpoint.got(1)
    assert path == "/in?x=1"
    assert headers["content-type"] == "application/json"
    assert headers["content-encoding"] == "gzip"
    assert headers["x-amz-firehose-protocol-version"] == "1.0"
    assert headers["x-amz-firehose-source-arn"] == stream_arn(name)
    assert headers["x-amz-firehose-access-key"] == "secret"
    assert json.loads(headers["x-amz-firehose-common-attributes"]) == {
        "commonAttributes": {"env": 'te"st'}}
    request = json.loads(gzip.decompress(body))
    assert list(request) == ["requestId", "timestamp", "records"]
    assert request["requestId"] == headers["x-amz-firehose-request-id"]
    assert [base64.b64decode(r["data"]) for r in request["records"]] == [b"one", b"\x00two"]
    assert kit.objects(0) == {}


def test_what_fails_is_sent_again_with_the_same_id(clocked, kit, name, endpoint):
    create(kit, name, endpoint, key=None)
    endpoint.answers = [(500, "busy"), (200, "{}"), (200, '{"requestId":"other","timestamp":1}')]
    kit.put(name, "x")
    endpoint.got(1)
    kit.put(name, "y", "y", "y")  # waits for the next batch
    for seconds in (1, 2, 4):
        retried = len(endpoint.requests) + 1
        until(lambda: clocked.advance(f"{seconds}s"),
              lambda _: until(lambda: len(endpoint.requests), lambda seen: seen >= retried, 0.5)
              >= retried)
    requests = until(lambda: endpoint.requests, lambda seen: len(seen) >= 5)
    ids = [headers["x-amz-firehose-request-id"] for _, headers, _ in requests]
    assert len(set(ids[:4])) == 1 and ids[4] != ids[0]
    assert "x-amz-firehose-access-key" not in requests[0][1]
    assert len(json.loads(requests[3][2])["records"]) == 1
    assert len(json.loads(requests[4][2])["records"]) == 3
    assert kit.objects(0) == {}


def test_what_is_never_taken_ends_in_the_bucket(clocked, kit, name, endpoint):
    logs = clocked.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="http")
    create(kit, name, endpoint, CloudWatchLoggingOptions={
        "Enabled": True, "LogGroupName": name, "LogStreamName": "http"})
    endpoint.answers = [(413, "too large")] * 100
    kit.put(name, "one", "two")
    endpoint.got(1)
    found = until(lambda: (clocked.advance("5s"), kit.objects(1, seconds=0.2))[1], len)
    (key, content), = found.items()
    assert key.startswith("http-endpoint-failed/20")
    lines = [json.loads(line) for line in content.decode().splitlines()]
    assert [base64.b64decode(line["rawData"]) for line in lines] == [b"one", b"two"]
    assert lines[0]["errorCode"] == "HttpEndpoint.DestinationException"
    assert lines[0]["errorMessage"].endswith("413: too large")
    assert lines[0]["attemptsMade"] == len(endpoint.requests) > 1
    event = logs.get_log_events(logGroupName=name, logStreamName="http")["events"][0]
    assert json.loads(event["message"])["destination"] == endpoint.url
    endpoint.answers = []
    kit.put(name, "three")
    until(lambda: json.loads(endpoint.requests[-1][2])["records"],
          lambda seen: seen == [{"data": base64.b64encode(b"three").decode()}])


def test_all_data_is_backed_up(kit, name, endpoint):
    create(kit, name, endpoint, S3BackupMode="AllData", ProcessingConfiguration=processors(
        "AppendDelimiterToRecord"))
    kit.put(name, "one", "two")
    (_, _, body), = endpoint.got(1)
    assert [base64.b64decode(r["data"]) for r in json.loads(body)["records"]] == [b"one\n", b"two\n"]
    assert list(kit.objects().values()) == [b"onetwo"]


def test_only_this_machine_is_spoken_to_without_tls(kit, name, endpoint, refused):
    endpoint.url = "http://example.org/"
    refused("ValidationException", create, kit, name, endpoint)


def test_description_and_update(kit, name, endpoint):
    create(kit, name, endpoint)
    about = kit.firehose.describe_delivery_stream(DeliveryStreamName=name)[
        "DeliveryStreamDescription"]["Destinations"][0]["HttpEndpointDestinationDescription"]
    assert about["EndpointConfiguration"] == {"Url": endpoint.url, "Name": "mine"}
    assert about["S3BackupMode"] == "FailedDataOnly"
    assert about["S3DestinationDescription"]["BucketARN"] == f"arn:aws:s3:::{kit.bucket}"
    kit.firehose.update_destination(
        DeliveryStreamName=name, CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        HttpEndpointDestinationUpdate={"EndpointConfiguration": {"Url": endpoint.url + "&y=2"},
                                       "S3Update": {"Prefix": "p/"}})
    kit.put(name, "x")
    (path, headers, _), = endpoint.got(1)
    assert path == "/in?x=1&y=2"
    assert headers["x-amz-firehose-access-key"] == "secret", "kept"
    about = kit.firehose.describe_delivery_stream(DeliveryStreamName=name)[
        "DeliveryStreamDescription"]["Destinations"][0]["HttpEndpointDestinationDescription"]
    assert about["S3DestinationDescription"]["Prefix"] == "p/"
    assert about["S3DestinationDescription"]["RoleARN"] == f"arn:aws:iam::{ACCOUNT}:role/firehose"
