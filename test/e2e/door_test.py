# SPDX-License-Identifier: Apache-2.0
"""The door: what every service's answers have in common, TLS, CORS, and strangers at the port."""
import gzip
import json
import re
import socket
import ssl

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from kinesis_kit import data_of, put, read_shard
from weir_server import ACCOUNT, REGION, run_weir

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


# ---- services that are not there yet ----

@pytest.mark.parametrize("service,operation,more", [
    ("athena", "list_data_catalogs", {}), ("events", "list_archives", {}),
    ("sns", "get_data_protection_policy", {"ResourceArn": "arn:aws:sns"}),
    ("ec2", "describe_images", {}),
    ("xray", "get_groups", {}), ("backup", "list_backup_vaults", {}),
    ("apigatewayv2", "list_portals", {}),
    ("s3", "get_object_torrent", {"Bucket": "bbb", "Key": "k/x"}), ("route53", "list_traffic_policies", {}),
    ("cloudwatch", "list_metrics", {}), ("scheduler", "list_schedules", {})])
def test_what_is_not_there_says_so_in_its_own_protocol(weir, service, operation, more):
    with pytest.raises(ClientError) as caught:
        getattr(weir.client(service), operation)(**more)
    answer = caught.value.response
    assert answer["Error"]["Code"] == "NotImplemented"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    name = operation.replace("_", "")
    assert name in answer["Error"]["Message"].replace(" ", "").lower()


# ---- answers ----

def test_every_answer_carries_its_ids(weir, kinesis):
    status, headers, body = weir.ask("POST", "/", b"{}", weir.headers("ListStreams"))
    assert status == 200 and headers["content-type"] == "application/x-amz-json-1.1"
    assert re.fullmatch(UUID, headers["x-amzn-requestid"])
    assert int(headers["content-length"]) == len(body)
    with pytest.raises(ClientError) as caught:
        kinesis.describe_stream(StreamName="nowhere")
    assert re.fullmatch(UUID, caught.value.response["ResponseMetadata"]["RequestId"])


def test_errors_name_their_type_in_body_and_header(weir):
    status, headers, body = weir.ask("POST", "/", json.dumps({"StreamName": "nowhere"}).encode(),
                                     weir.headers("DescribeStream"))
    assert status == 400
    answer = json.loads(body)
    assert answer["__type"].endswith("ResourceNotFoundException")
    assert answer["message"] == f"Stream nowhere under account {ACCOUNT} not found."
    kind = headers.get("x-amzn-errortype", "ResourceNotFoundException")
    assert kind.startswith("ResourceNotFoundException")


def test_answers_without_output_are_empty(weir, name):
    status, headers, body = weir.ask(
        "POST", "/", json.dumps({"StreamName": name, "ShardCount": 1}).encode(),
        weir.headers("CreateStream"))
    assert (status, body) == (200, b"") and headers["content-length"] == "0"


def test_compressed_bodies_are_read(weir, kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    body = gzip.compress(json.dumps({"StreamName": name, "PartitionKey": "k",
                                     "Data": "AAAA" * 1000}).encode())
    status, _, answer = weir.ask("POST", "/", body, {**weir.headers("PutRecord"),
                                                     "Content-Encoding": "gzip"})
    assert status == 200, answer
    assert data_of(read_shard(kinesis, name)) == [bytes(3000)]


# ---- browsers ----

def test_browsers_may_ask_and_call(weir):
    status, headers, _ = weir.ask("OPTIONS", "/", headers={
        "Origin": "https://example.com", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-amz-target, authorization"})
    assert status == 200
    assert headers["access-control-allow-origin"] == "*"
    assert "POST" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "x-amz-target, authorization"
    assert headers["access-control-max-age"] == "172800"
    status, headers, _ = weir.ask("POST", "/", b"{}", {**weir.headers("ListStreams"),
                                                       "Origin": "https://example.com"})
    assert status == 200 and headers["access-control-allow-origin"] == "*"


def test_web_pages_may_not_use_weirs_own_doors(weir):
    for target in ("/_weir/journal", "/_weir/clock"):
        assert weir.ask("GET", target, headers={"Origin": "https://example.com"})[0] == 403
    assert weir.ask("POST", "/_weir/clock?advance=1h",
                    headers={"Origin": "https://example.com"})[0] == 403
    assert weir.ask("GET", "/_weir/nonsense")[0] == 404
    assert weir.ask("DELETE", "/_weir/health")[0] == 405


def test_health_tells_version_position_and_durability(weir, kinesis, name):
    before = weir.health()
    assert before["status"] == "ok" and before["durability"] == "group"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    after = weir.health()
    assert after["position"] > before["position"] and after["durable"] == after["position"]


# ---- TLS on the same port ----

def test_tls_by_weirs_own_authority(weir, name, tmp_path):
    authority = tmp_path / "ca.pem"
    authority.write_bytes(weir.ask("GET", "/_weir/ca")[2])
    kinesis = boto3.client("kinesis", endpoint_url=f"https://localhost:{weir.port}",
                           region_name=REGION, aws_access_key_id=ACCOUNT,
                           aws_secret_access_key="secret", verify=str(authority),
                           config=Config(retries={"total_max_attempts": 1}))
    kinesis.create_stream(StreamName=name, ShardCount=1)
    put(kinesis, name, b"private")
    assert data_of(read_shard(kinesis, name)) == [b"private"]
    with pytest.raises(ssl.SSLError):
        context = ssl.create_default_context()  # knows nothing of weir's authority
        with socket.create_connection(("127.0.0.1", weir.port)) as plain:
            context.wrap_socket(plain, server_hostname="localhost")


def test_authority_stays_the_same_over_restarts(fresh):
    weir = fresh()
    before = weir.ask("GET", "/_weir/ca")[2]
    assert b"BEGIN CERTIFICATE" in before
    weir.restart(hard=True)
    assert weir.ask("GET", "/_weir/ca")[2] == before
    run = run_weir("ca", "--data", weir.data)
    assert run.returncode == 0 and str(weir.data) in run.stdout


# ---- strangers ----

@pytest.mark.parametrize("sent", [
    b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"\0" * 100,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"])
def test_strangers_are_turned_away_and_do_no_harm(weir, kinesis, sent):
    with socket.create_connection(("127.0.0.1", weir.port), timeout=20) as stranger:
        answer = b""
        try:
            stranger.sendall(sent)
            while piece := stranger.recv(65536):
                answer += piece
        except ConnectionError:
            pass
    assert answer == b"" or re.match(rb"HTTP/1\.1 [45]\d\d ", answer)
    assert kinesis.list_streams()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_connection_cut_in_the_middle_changes_nothing(weir, kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    body = json.dumps({"StreamName": name, "PartitionKey": "k", "Data": "AAAA"}).encode()
    heads = {**weir.headers("PutRecord"), "Host": "x", "Content-Length": str(len(body))}
    head = "POST / HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in heads.items()) + "\r\n"
    for cut in (10, len(head) // 2, len(head), len(head) + len(body) - 1):
        with socket.create_connection(("127.0.0.1", weir.port)) as stranger:
            stranger.sendall((head.encode() + body)[:cut])
    assert read_shard(kinesis, name) == []


def test_requests_that_never_end_leave_no_memory_behind(weir, kinesis):
    head = "POST / HTTP/1.1\r\n" + "".join(
        f"{k}: {v}\r\n" for k, v in {**weir.headers("PutRecord"), "Host": "x",
                                    "Content-Length": "4000000"}.items()) + "\r\n"
    kinesis.list_streams()
    handles = weir.handles()
    resident = []
    for _ in range(3):  # the first round may find the allocator's own size
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", weir.port)) as stranger:
                stranger.sendall(head.encode() + b"x" * 2_000_000)
        weir.settle(handles)
        resident.append(weir.resident_bytes())
    assert resident[2] - resident[0] < 400_000_000  # of 800 MB sent


def test_pipelined_requests_are_answered_in_order(weir, kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    wire = b""
    for i in range(50):
        body = json.dumps({"StreamName": name, "PartitionKey": str(i), "Data": ""}).encode()
        heads = {**weir.headers("PutRecord"), "Host": "x", "Content-Length": str(len(body))}
        wire += ("POST / HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in heads.items()) +
                 "\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", weir.port), timeout=20) as line:
        line.sendall(wire)
        answers = b""
        while answers.count(b"SequenceNumber") < 50:
            piece = line.recv(65536)
            assert piece, answers[-500:]
            answers += piece
    numbers = re.findall(rb'"SequenceNumber": ?"(\d+)"', answers)
    assert [r["SequenceNumber"].encode() for r in read_shard(kinesis, name)] == numbers
    assert [r["PartitionKey"] for r in read_shard(kinesis, name)] == [str(i) for i in range(50)]
