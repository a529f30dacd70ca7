#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions: warm invocations through the API of handlers in C, Python and Node, function URLs,
asynchronous events, cold starts, queues and streams that feed functions. As bench.py: medians of
rounds, on the same two cores as the load.

  python test/bench/functions.py --rounds 1 --seconds 1   a quick look

Beside it stands moto, which without a container engine runs no function at all: what it takes is
that of its front alone. The time of a C handler is weir's own; what Python adds is Python's.
"""
import argparse
import base64
import http.client
import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

import bench
from bench import ROOT, Table
from events import Script, client, signed, start_moto, written

ROLE = "arn:aws:iam::111122223333:role/bench"
PYTHON = "def handler(event, context):\n    return event\n"
NODE = "export const handler = async (event) => event;\n"
COLD = 10  # functions that are invoked for the first time


def package(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.external_attr = 0o100755 << 16
            archive.writestr(info, content)
    return made.getvalue()


def echo_in_c():
    """The SDK's example, built if it is not there; b"": it cannot be."""
    built = ROOT / "build" / "sdk" / "echo"
    if not built.exists():
        subprocess.run(["make", "-C", str(ROOT), "sdk"], capture_output=True, check=False)
    return built.read_bytes() if built.exists() else b""


def kinds():
    found = {"python": ("python3.12", {"app.py": PYTHON})}
    if shutil.which("node"):
        found["node"] = ("nodejs20.x", {"app.mjs": NODE})
    if code := echo_in_c():
        found["c"] = ("provided.al2023", {"bootstrap": code})
    return found


def make(functions, name, runtime, files, role=ROLE):
    functions.create_function(FunctionName=name, Runtime=runtime, Handler="app.handler", Role=role,
                              Code={"ZipFile": package(files)}, Timeout=30)
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def path_of(name):
    return f"/2015-03-31/functions/{name}/invocations"


def headers_of(port, name, body, more=None):
    more = {"Content-Type": "application/json", **(more or {})}
    made = signed(port, "POST", path_of(name), "lambda", more, body)
    return {**more, **{k: v for k, v in made.items()
                               if k.lower() in ("authorization", "x-amz-date")}}


def one_after_the_other(port, request, seconds):
    """One connection, one request at a time: p50 and p99 in microseconds."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        connection.sendall(request)
        answer = connection.recv(65536)
        times.append((time.perf_counter() - begin) * 1e6)
        assert b" 200 " in answer[:16], answer
    connection.close()
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100]


def invoke_round(folder, table, server, name, seconds):
    body = b'{"card":17}'
    for kind in server.kinds:
        function = f"bench-{kind}"
        headers = headers_of(server.port, function, body)
        for _ in range(20):  # warm
            urllib.request.urlopen(urllib.request.Request(
                f"http://127.0.0.1:{server.port}{path_of(function)}", body, headers)).read()
        if name == "weir":  # moto closes every connection
            request = written(server.port, "POST", path_of(function), headers, body)
            half, most = one_after_the_other(server.port, request, seconds)
            table.add(f"Invoke {kind}, warm, p50 us", name, {"rate": half, "cpu_us": 0})
            table.add(f"Invoke {kind}, warm, p99 us", name, {"rate": most, "cpu_us": 0})
        script = Script(folder, f"{name}-{kind}", "POST", path_of(function), headers,
                        body.decode())
        table.add(f"Invoke {kind}, 8 connections, per second", name,
                  script.run(server, 8, seconds))


def url_round(table, server, seconds):
    for kind in server.kinds:
        host = f"{server.urls[kind]}.lambda-url.us-east-1.localhost:{server.port}"
        request = f"GET /path?a=b HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        half, most = one_after_the_other(server.port, request, seconds)
        table.add(f"URL {kind}, warm, p50 us", "weir", {"rate": half, "cpu_us": 0})
        table.add(f"URL {kind}, warm, p99 us", "weir", {"rate": most, "cpu_us": 0})


def async_round(folder, table, server, seconds):
    """Accepted a second, and how long until the last of them ended."""
    kind = "c" if "c" in server.kinds else "python"
    function = f"bench-{kind}"
    body = b'{"card":17}'
    event = {"X-Amz-Invocation-Type": "Event"}
    script = Script(folder, f"async-{kind}", "POST", path_of(function),
                    {**event, **headers_of(server.port, function, body)}, body.decode())
    table.add(f"Invoke {kind}, Event, 16 connections, per second", "weir",
              script.run(server, 16, seconds))
    sqs = client("sqs", server.port)
    end = sqs.get_queue_url(QueueName="ended")["QueueUrl"]
    functions = client("lambda", server.port)
    begin = time.time()
    functions.invoke(FunctionName="bench-last", InvocationType="Event", Payload=body)
    while "Messages" not in sqs.receive_message(QueueUrl=end, WaitTimeSeconds=20):
        pass
    table.add("another function's event beside the backlog, ms", "weir",
              {"rate": (time.time() - begin) * 1e3, "cpu_us": 0})


def cold_round(table, server, number):
    functions = client("lambda", server.port)
    for kind, (runtime, files) in server.kinds.items():
        times = []
        for i in range(COLD):
            name = f"cold-{kind}-{number}-{i}"
            make(functions, name, runtime, {**files, "own": f"{number}-{i}"})
            body = b'{"card":17}'
            request = written(server.port, "POST", path_of(name),
                              headers_of(server.port, name, body), body)
            connection = socket.create_connection(("127.0.0.1", server.port))
            begin = time.perf_counter()
            connection.sendall(request)
            connection.recv(65536)
            times.append((time.perf_counter() - begin) * 1e3)
            connection.close()
            functions.delete_function(FunctionName=name)
        table.add(f"cold start {kind}, p50 ms", "weir",
                  {"rate": statistics.median(times), "cpu_us": 0})


# ---- what sources feed ----

RECORDS = 100_000
FED = 4  # shards


def fill_queue(port, name):
    """A queue's ARN, with so many messages in it."""
    sqs = client("sqs", port)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    entries = json.dumps({"QueueUrl": url, "Entries": [
        {"Id": str(i), "MessageBody": "x" * 100} for i in range(10)]})
    send_all(port, "sqs", "AmazonSQS.SendMessageBatch", "1.0", entries, RECORDS // 10)
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def fill_stream(port, name):
    kinesis = client("kinesis", port)
    kinesis.create_stream(StreamName=name, ShardCount=FED)
    data = base64.b64encode(b"x" * 100).decode()
    records = json.dumps({"StreamName": name, "Records": [
        {"PartitionKey": f"card-{i}", "Data": data} for i in range(500)]})
    send_all(port, "kinesis", "Kinesis_20131202.PutRecords", "1.1", records, RECORDS // 500)
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]


def send_all(port, service, target, version, body, count):
    """The same request, again and again over one connection."""
    fields = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{version}"}
    fields |= {k: v for k, v in signed(port, "POST", "/", service, fields, body.encode()).items()
               if k.lower() in ("authorization", "x-amz-date")}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(count):
        connection.request("POST", "/", body, fields)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()


def behind(port):
    """What waits in the sources of all mappings, or is under way."""
    told = json.loads(urllib.request.urlopen(
        f"http://127.0.0.1:{port}/_weir/lambda/mappings").read())
    return sum(mapping["behind"] + mapping["in_flight"] for mapping in told["mappings"])


def feed(server, function, arn, **more):
    """Records a second that a new mapping passes on, and the server's CPU for one."""
    functions = client("lambda", server.port)
    before, begin = server.cpu(), time.perf_counter()
    made = functions.create_event_source_mapping(FunctionName=function, EventSourceArn=arn, **more)
    while behind(server.port) > 0 or time.perf_counter() - begin < 0.05:
        time.sleep(0.005)
    took, used = time.perf_counter() - begin, server.cpu() - before
    functions.delete_event_source_mapping(UUID=made["UUID"])
    return {"rate": RECORDS / took, "cpu_us": used / RECORDS * 1e6}


def source_round(table, server, number):
    for kind in (kind for kind in server.kinds if kind != "node"):
        function = f"bench-{kind}"
        arn = fill_queue(server.port, f"fed-{kind}-{number}")
        table.add(f"SQS to {kind}, batches of 10, records/s", "weir",
                  feed(server, function, arn, BatchSize=10))
        arn = fill_stream(server.port, f"fed-{kind}-{number}")
        table.add(f"Kinesis to {kind}, batches of 100, records/s", "weir",
                  feed(server, function, arn, BatchSize=100, StartingPosition="TRIM_HORIZON"))


def set_up(server, found, role=ROLE):
    functions = client("lambda", server.port)
    server.kinds, server.urls = found, {}
    for kind, (runtime, files) in found.items():
        make(functions, f"bench-{kind}", runtime, files, role)
        url = functions.create_function_url_config(FunctionName=f"bench-{kind}", AuthType="NONE")
        server.urls[kind] = url["FunctionUrl"].split("//")[1].split(".")[0]


def rounds(args, folder, table):
    found = kinds()
    weir = bench.start_weir(folder, "--keep", "1g")
    set_up(weir, found)
    runtime, files = found["python"]
    client("sqs", weir.port).create_queue(QueueName="ended")
    functions = client("lambda", weir.port)
    make(functions, "bench-last", runtime, files)
    functions.put_function_event_invoke_config(
        FunctionName="bench-last", DestinationConfig={"OnSuccess": {
            "Destination": "arn:aws:sqs:us-east-1:111122223333:ended"}})
    moto = start_moto(folder) if not args.alone else None
    if moto is not None:
        try:
            urllib.request.urlopen(urllib.request.Request(
                f"http://127.0.0.1:{moto.port}/moto-api/config",
                b'{"lambda": {"use_docker": false}}', {"Content-Type": "application/json"})).read()
            iam = client("iam", moto.port)
            role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
            set_up(moto, {"python": found["python"]}, role)
            client("lambda", moto.port).invoke(FunctionName="bench-python", Payload=b"{}")
        except Exception as refused:  # whatever moto lacks here
            print(f"moto is left out: {refused}", file=sys.stderr)
            moto.stop()
            moto = None
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        invoke_round(folder, table, weir, "weir", args.seconds)
        if moto is not None:
            invoke_round(folder, table, moto, "moto", args.seconds)
        url_round(table, weir, args.seconds)
        async_round(folder, table, weir, args.seconds)
        cold_round(table, weir, number)
        source_round(table, weir, number)
    for server in (weir, *([moto] if moto else [])):
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without moto")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-bench-", dir=os.environ.get("WEIR_BENCH_DIR"))
    try:
        table = Table()
        disk = bench.fdatasync_us(folder)
        rounds(args, folder, table)
        print(f"\ndisk: fdatasync of 4 KiB {disk:.0f} us\n")
        print(f"{'what':52} {'server':8} {'median':>11} {'CPU us':>9}")
        for name, server in sorted(table.rows):
            used = table.median(name, server, "cpu_us")
            print(f"{name:52} {server:8} {table.median(name, server):11.1f} "
                  f"{f'{used:9.1f}' if used else ''}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
