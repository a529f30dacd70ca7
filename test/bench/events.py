#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""S3, SQS and SNS side by side: weir, s3rver, SeaweedFS, moto, ElasticMQ, redis and nginx, where they
can be had, in one run, on the same two cores as the load. As bench.py: medians of rounds, ratios, and
the disk's own fdatasync time at the top.

  python test/bench/events.py --rounds 1 --seconds 1   a quick look

weir answers when it is on disk; of the others only SeaweedFS, ElasticMQ and redis (appendfsync always) keep
anything. What a message and an object cost in memory, memory.py says.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import bench
from bench import ROOT, Server, Table, free_port

HOME = ROOT / "build" / "bench"
ACCOUNT = "111122223333"
SMALL, LARGE = 1024, 64 << 20


def client(service, port, key=ACCOUNT, secret="secret"):
    import boto3
    from botocore.config import Config
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
                        aws_access_key_id=key, aws_secret_access_key=secret,
                        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}))


def signed(port, method, path, service, headers=None, body=b"", key=ACCOUNT, secret="secret"):
    """Headers of a signed request; S3's payload is unsigned, so that one fits every body."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    request = AWSRequest(method, f"http://127.0.0.1:{port}{path}", data=body,
                         headers={"Host": f"127.0.0.1:{port}", **(headers or {})})
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
        request.context["client_config"] = None
        request.context["payload_signing_enabled"] = False
        S3SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(request)
    else:
        SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(request)
    return {k: v for k, v in request.headers.items() if k.lower() != "host"}


class Script:
    """A wrk script: one request, or the lines of a request function."""

    def __init__(self, folder, name, method, path, headers, body="", more=""):
        lines = [f"wrk.method='{method}'", f"wrk.path='{path}'",
                 f"wrk.body={body}" if body.startswith("string.rep") else f"wrk.body=[[{body}]]"]
        lines += [f"wrk.headers['{k}']='{v}'" for k, v in headers.items()]
        self.path = pathlib.Path(folder) / (name + ".lua")
        self.path.write_text("\n".join(lines) + "\n" + more)

    def run(self, server, connections, seconds):
        before, begin = server.cpu(), time.time()
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
                              "-s", str(self.path), f"http://127.0.0.1:{server.port}"],
                             capture_output=True, text=True).stdout
        used, took = server.cpu() - before, time.time() - begin
        found = re.search(r"Requests/sec:\s+([\d.]+)", out)
        if not found or "Non-2xx" in out:
            raise SystemExit(f"bench: {self.path.stem} on port {server.port}:\n{out}")
        rate = max(float(found.group(1)), 1e-9)
        return {"rate": rate, "cpu_us": used / (rate * took) * 1e6}


# ---- peers ----

def installed(argv, there):
    """Installs once, below build/bench; false where that cannot be done."""
    if there.exists():
        return True
    HOME.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(argv, capture_output=True, cwd=HOME)
    return done.returncode == 0 and there.exists()


def start_s3rver(folder):
    if not installed(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(HOME),
                      "s3rver@3.7.1"], HOME / "node_modules" / "s3rver"):
        return None
    port = free_port()
    server = Server(["node", str(HOME / "node_modules" / "s3rver" / "bin" / "s3rver.js"), "-p",
                     str(port), "-a", "127.0.0.1", "--silent", "-d", str(pathlib.Path(folder) / "s3rver"),
                     "--configure-bucket", "bench"], port).wait()
    server.key = server.secret = "S3RVER"
    return server


def start_moto(folder):
    venv = HOME / "moto"
    if not (venv / "bin" / "moto_server").exists():
        HOME.mkdir(parents=True, exist_ok=True)
        if subprocess.run([sys.executable, "-m", "venv", str(venv)]).returncode != 0 or \
                subprocess.run([str(venv / "bin" / "python"), "-m", "pip", "install", "-q",
                                "moto[server,s3,sqs,sns]"], capture_output=True).returncode != 0:
            return None
    port = free_port()
    return Server([str(venv / "bin" / "python"), str(venv / "bin" / "moto_server"), "-H",
                   "127.0.0.1", "-p", str(port)], port, cwd=folder).wait()


POM = """<project><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>bench</artifactId>
<version>1</version><dependencies><dependency><groupId>org.elasticmq</groupId>
<artifactId>elasticmq-server_2.13</artifactId><version>1.6.12</version></dependency>
</dependencies></project>"""


def start_elasticmq(folder):
    jars = HOME / "elasticmq"
    if not shutil.which("mvn"):
        return None
    if not jars.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "pom.xml").write_text(POM)
        if subprocess.run(["mvn", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"],
                          cwd=HOME, capture_output=True).returncode != 0:
            return None
    port = free_port()
    conf = pathlib.Path(folder) / "elasticmq.conf"
    conf.write_text(f"""include classpath("application.conf")
node-address {{ port = {port} }}
rest-sqs {{ bind-hostname = "127.0.0.1", bind-port = {port} }}
rest-stats {{ enabled = false }}
""")
    return Server(["java", f"-Dconfig.file={conf}", "-cp", f"{jars}/*", "org.elasticmq.server.Main"],
                  port).wait()


def start_seaweed(folder):
    weed = HOME / "go" / "bin" / "weed"
    if not weed.exists():
        if not shutil.which("go") or os.environ.get("WEIR_BENCH_SEAWEED") != "1":
            return None  # a build of minutes: asked for by WEIR_BENCH_SEAWEED=1
        env = {**os.environ, "GOPATH": str(HOME / "go"), "GOFLAGS": "-modcacherw"}
        if subprocess.run(["go", "install", "github.com/seaweedfs/seaweedfs/weed@latest"], env=env,
                          capture_output=True).returncode != 0:
            return None
    data = pathlib.Path(folder) / "weed"
    data.mkdir()
    ports = [free_port() for _ in range(4)]
    return Server([str(weed), "server", f"-dir={data}", "-ip=127.0.0.1", "-s3",
                   f"-s3.port={ports[0]}", f"-master.port={ports[1]}", f"-volume.port={ports[2]}",
                   f"-filer.port={ports[3]}", "-volume.max=20"], ports[0]).wait()


def start_files(folder, large):
    """nginx that serves the large file."""
    port = free_port()
    conf = pathlib.Path(folder) / "files.conf"
    conf.write_text(f"""daemon off; worker_processes 2; user root; pid {folder}/files.pid;
error_log /dev/null; events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 100000000; client_body_temp_path {folder};
        proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
        scgi_temp_path {folder};
        server {{ listen 127.0.0.1:{port} reuseport; root {large.parent};
                  location = / {{ return 200 "{'x' * 110}"; }} }} }}
""")
    return Server(["nginx", "-c", str(conf), "-p", str(folder)], port).wait()


# ---- S3 ----

def s3_round(folder, table, server, name, seconds):
    key, secret = getattr(server, "key", ACCOUNT), getattr(server, "secret", "secret")
    for size, path, connections in ((SMALL, "/bench/small", 64), (LARGE, "/bench/large", 4)):
        what = "1 KiB, 64 connections" if size == SMALL else "64 MiB, 4 connections"
        put = Script(folder, f"put{size}", "PUT", path,
                     signed(server.port, "PUT", path, "s3", key=key, secret=secret),
                     f"string.rep('x', {size})")
        table.add(f"S3 PUT {what}", name, put.run(server, connections, max(seconds, 3)
                                                  if size == LARGE else seconds))
        get = Script(folder, f"get{size}", "GET", path,
                     signed(server.port, "GET", path, "s3", key=key, secret=secret))
        table.add(f"S3 GET {what}", name, get.run(server, connections, seconds))


# ---- SQS ----

JSON = {"Content-Type": "application/x-amz-json-1.0"}

RECEIVE_DELETE = """
local handles, receive, remove = {}, [[%s]], [[%s]]
function request()
  local handle = table.remove(handles)
  if handle then
    wrk.headers['X-Amz-Target'] = 'AmazonSQS.%s'
    return wrk.format(nil, nil, nil, (remove:gsub('HANDLES', function() return handle end)))
  end
  wrk.headers['X-Amz-Target'] = 'AmazonSQS.ReceiveMessage'
  return wrk.format(nil, nil, nil, receive)
end
function response(status, headers, body)
  local all = {}
  for handle in body:gmatch('"ReceiptHandle"%%s*:%%s*"([^"]+)"') do all[#all + 1] = handle end
  if #all == 0 then return end
  if #all == 1 and %s then handles[#handles + 1] = all[1] return end
  local entries = {}
  for i, handle in ipairs(all) do
    entries[i] = '{"Id":"' .. i .. '","ReceiptHandle":"' .. handle .. '"}'
  end
  handles[#handles + 1] = '[' .. table.concat(entries, ',') .. ']'
end
"""


def sqs_headers(port, operation, body=b""):
    target = {"X-Amz-Target": f"AmazonSQS.{operation}", **JSON}
    return {**target, **{k: v for k, v in signed(port, "POST", "/", "sqs", target, body).items()
                         if k.lower() in ("authorization", "x-amz-date")}}


def sqs_round(folder, table, server, name, seconds):
    sqs = client("sqs", server.port)
    url = sqs.create_queue(QueueName="bench")["QueueUrl"]
    body = "x" * 200
    one = json.dumps({"QueueUrl": url, "MessageBody": body})
    ten = json.dumps({"QueueUrl": url, "Entries": [{"Id": str(i), "MessageBody": body}
                                                   for i in range(10)]})
    send = Script(folder, "send", "POST", "/", sqs_headers(server.port, "SendMessage"), one)
    table.add("SQS SendMessage, 64 connections", name, send.run(server, 64, seconds))
    many = Script(folder, "send10", "POST", "/", sqs_headers(server.port, "SendMessageBatch"), ten)
    table.add("SQS SendMessageBatch of 10, 16 connections", name, many.run(server, 16, seconds))
    take = Script(folder, "take", "POST", "/", sqs_headers(server.port, "ReceiveMessage"), "",
                  RECEIVE_DELETE % (json.dumps({"QueueUrl": url}),
                                    json.dumps({"QueueUrl": url, "ReceiptHandle": "HANDLES"}),
                                    "DeleteMessage", "true"))
    table.add("SQS Receive+Delete (each counted), 64 connections", name,
              take.run(server, 64, seconds))
    batch = Script(folder, "take10", "POST", "/", sqs_headers(server.port, "ReceiveMessage"), "",
                   RECEIVE_DELETE % (json.dumps({"QueueUrl": url, "MaxNumberOfMessages": 10}),
                                     json.dumps({"QueueUrl": url, "Entries": 0})
                                     .replace("0}", "HANDLES}"), "DeleteMessageBatch", "false"))
    table.add("SQS Receive+DeleteBatch of 10, 16 connections", name, batch.run(server, 16, seconds))
    sqs.delete_queue(QueueUrl=url)


# ---- SNS ----

def position(server):
    return json.loads(urllib.request.urlopen(
        f"http://127.0.0.1:{server.port}/_weir/health").read())["position"]


def sns_topics(server):
    """Topics with 1, 10 and 100 queues."""
    sns, sqs, topics = client("sns", server.port), client("sqs", server.port), {}
    for count in (1, 10, 100):
        topics[count] = sns.create_topic(Name=f"bench{count}")["TopicArn"]
        for i in range(count):
            url = sqs.create_queue(QueueName=f"fan{count}-{i}")["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            sns.subscribe(TopicArn=topics[count], Protocol="sqs",
                          Endpoint=arn["Attributes"]["QueueArn"],
                          Attributes={"RawMessageDelivery": "true"})
    return topics


def sns_round(folder, table, server, name, seconds):
    for count, arn in server.topics.items():
        body = urllib.parse.urlencode({"Action": "Publish", "Version": "2010-03-31", "TopicArn": arn,
                                       "Message": "x" * 200})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = {**form, **{k: v for k, v in signed(server.port, "POST", "/", "sns", form).items()
                              if k.lower() in ("authorization", "x-amz-date")}}
        before = position(server) if name == "weir" else 0
        result = Script(folder, f"publish{count}", "POST", "/", headers, body).run(
            server, 16, seconds)
        table.add(f"SNS Publish to {count} queues, 16 connections", name, result)
        if name == "weir":
            table.add(f"journal entries a publish to {count} queues", name,
                      {"rate": (position(server) - before) / (result["rate"] * seconds),
                       "cpu_us": 0})


# ---- a message's way from a PUT to a receiver ----

def written(port, method, path, headers, body):
    """A request as bytes: what a client takes to make it is not what is measured."""
    head = {**headers, "Host": f"127.0.0.1:{port}", "Content-Length": str(len(body))}
    lines = "".join(f"{k}: {v}\r\n" for k, v in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def s3_to_sqs(server, count=200):
    """Milliseconds from the start of a PUT until its notification was received, over SNS."""
    s3, sns, sqs = (client(service, server.port) for service in ("s3", "sns", "sqs"))
    topic = sns.create_topic(Name="way")["TopicArn"]
    url = sqs.create_queue(QueueName="way")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    s3.create_bucket(Bucket="way")
    s3.put_bucket_notification_configuration(Bucket="way", NotificationConfiguration={
        "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]})
    times = []
    while "Messages" in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10):
        pass
    put = signed(server.port, "PUT", "/way/k", "s3")
    one, two = (socket.create_connection(("127.0.0.1", server.port)) for _ in range(2))
    for connection in (one, two):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    take = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 5, "VisibilityTimeout": 600})
    take = written(server.port, "POST", "/", sqs_headers(server.port, "ReceiveMessage"),
                   take.encode())
    put = written(server.port, "PUT", "/way/k", put, b"x" * SMALL)
    for _ in range(count):
        two.sendall(take)
        time.sleep(0.002)  # the receiver waits before the object comes
        begin = time.perf_counter()
        one.sendall(put)
        answer = two.recv(65536)
        times.append((time.perf_counter() - begin) * 1e3)
        assert b"ReceiptHandle" in answer
        one.recv(65536)
    return sorted(times)[len(times) // 2]


# ---- the run ----

TARGETS = (  # what, peer, ratio at least
    ("S3 PUT 1 KiB, 64 connections", "s3rver", 30), ("S3 GET 1 KiB, 64 connections", "s3rver", 30),
    ("S3 PUT 1 KiB, 64 connections", "seaweed", 20), ("S3 GET 1 KiB, 64 connections", "seaweed", 20),
    ("S3 PUT 64 MiB, 4 connections", "s3rver", 1.2), ("S3 GET 64 MiB, 4 connections", "s3rver", 1.2),
    ("S3 PUT 64 MiB, 4 connections", "seaweed", 1.2),
    ("S3 GET 64 MiB, 4 connections", "nginx", 0.5),
    ("SQS SendMessage, 64 connections", "elasticmq", 15),
    ("SQS Receive+Delete (each counted), 64 connections", "elasticmq", 15),
    ("SQS SendMessage, 64 connections", "moto", None),
    ("SQS SendMessage, 64 connections", "redis", None),
    ("SNS Publish to 10 queues, 16 connections", "moto", None))
CPU = (("S3 PUT 1 KiB, 64 connections", 22), ("S3 GET 1 KiB, 64 connections", 14),
       ("SQS SendMessage, 64 connections", 15),
       ("SQS Receive+Delete (each counted), 64 connections", 15))


def verdict(value, target, at_most=False):
    if target is None:
        return f"{value:11.2f}"
    good = value <= target if at_most else value >= target
    return f"{value:11.2f} {target:>8} {'ok' if good else 'below'}"


def show(table, disk, way_ms):
    print(f"\ndisk: fdatasync of 4 KiB {disk:.0f} us\n")
    print(f"{'what':52} {'server':10} {'per second':>11} {'MB/s':>7} {'CPU us':>9}")
    for name, server in sorted(table.rows):
        rate = table.median(name, server)
        mb = f"{rate * LARGE / 1e6:7.0f}" if "64 MiB" in name else " " * 7
        print(f"{name:52} {server:10} {rate:11.1f} {mb} {table.median(name, server, 'cpu_us'):9.1f}")
    print(f"\n{'ratio of weir to':62} {'now':>8} {'target':>8}")
    for name, peer, target in TARGETS:
        theirs = table.median(name, peer)
        if theirs:
            print(f"{name + ' / ' + peer:62}{verdict(table.median(name, 'weir') / theirs, target)}")
    nginx = table.median("return 200, 64 connections", "nginx")
    for name in ("SQS SendMessage, 64 connections",
                 "SQS Receive+Delete (each counted), 64 connections"):
        print(f"{name + ' / nginx':62}{verdict(table.median(name, 'weir') / nginx, 0.5)}")
    for name, most in CPU:
        used = table.median(name, "weir", "cpu_us")
        print(f"{name + ', CPU us (at most)':62}{verdict(used, most, True)}")
    ten = table.median("SNS Publish to 10 queues, 16 connections", "weir")
    print(f"{'SNS deliveries a second, 10 queues':62}{verdict(ten * 10, 150000)}")
    print(f"{'S3 PUT to SNS to SQS receiver, p50 / fdatasync (at most)':62}"
          f"{verdict(way_ms * 1e3 / disk, 2, True)}")


def one_round(run, *words):
    """A peer that refuses some of it loses the rest of that round; weir may not."""
    try:
        run(*words)
    except SystemExit as refused:
        if words[3] == "weir":
            raise
        print(f"{words[3]} refused: {refused}", file=sys.stderr)


def rounds(args, folder, table):
    large = pathlib.Path(folder) / "www" / "large"
    large.parent.mkdir()
    large.write_bytes(b"x" * LARGE)
    weir = bench.start_weir(folder, "--keep", "1g")
    nginx = start_files(folder, large)
    found = {"s3rver": start_s3rver(folder), "seaweed": start_seaweed(folder),
             "moto": start_moto(folder), "elasticmq": start_elasticmq(folder)}
    peers = {name: server for name, server in found.items() if server}
    redis = bench.start_redis(folder) if shutil.which("redis-server") else None
    print("peers:", ", ".join([*peers, *(["redis"] if redis else [])]) or "none", file=sys.stderr)
    for name, server in {"weir": weir, **peers}.items():
        if name in ("weir", "seaweed"):
            client("s3", server.port).create_bucket(Bucket="bench")
        if name in ("weir", "moto"):
            server.topics = sns_topics(server)
    empty = Script(folder, "empty", "GET", "/", {})
    files = Script(folder, "files", "GET", "/large", {})
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        table.add("return 200, 64 connections", "nginx", empty.run(nginx, 64, args.seconds))
        table.add("S3 GET 64 MiB, 4 connections", "nginx", files.run(nginx, 4, args.seconds))
        if redis:  # XADD of as many bytes, appendfsync always: what a queue on redis costs
            table.add("SQS SendMessage, 64 connections", "redis",
                      bench.redis_xadd(redis, 64, 200, args.seconds))
        for name, server in {"weir": weir, **peers}.items():
            for run, who in ((s3_round, ("weir", "s3rver", "seaweed")),
                             (sqs_round, ("weir", "moto", "elasticmq")),
                             (sns_round, ("weir", "moto"))):
                if name in who:
                    one_round(run, folder, table, server, name,
                              args.seconds)
    way = s3_to_sqs(weir)
    for server in (weir, nginx, *peers.values(), *([redis] if redis else [])):
        server.stop()
    return way


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-bench-", dir=os.environ.get("WEIR_BENCH_DIR"))
    try:
        table = Table()
        disk = bench.fdatasync_us(folder)
        way = rounds(args, folder, table)
        show(table, disk, way)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
