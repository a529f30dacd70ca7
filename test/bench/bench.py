#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed, side by side: weir, kinesalite, redis (XADD, appendfsync always), NATS JetStream and an nginx
that answers 200, in one run, on the same two cores as the load. Prints ratios; absolutes move with the
machine. The disk's own rates stand at the top, and last comes each target: now, target, met or not.

  make bench                       five rounds of everything
  python test/bench/bench.py --rounds 1 --seconds 1   a quick look

Every figure is the median of the rounds. Rounds go around the servers, so that a slow minute of the
machine hits all of them.
"""
import argparse
import atexit
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WEIR = os.environ.get("WEIR", str(ROOT / "build" / "weir"))
TARGET = "Kinesis_20131202."
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fdatasync_us(folder, append=False):
    """Median time of writing 4 KiB and syncing it: over a written file, as the journal does, or at
    the end of a growing one."""
    path = pathlib.Path(folder) / "sync"
    with open(path, "wb") as f:
        f.write(bytes(4 << 20))
        f.flush()
        os.fsync(f.fileno())
        times = []
        for i in range(300):
            begin = time.perf_counter()
            os.pwrite(f.fileno(), b"x" * 4096, (1024 + i if append else i) * 4096)
            os.fdatasync(f.fileno())
            times.append(time.perf_counter() - begin)
    path.unlink()
    return statistics.median(times) * 1e6


def direct_write_mbps(folder):
    """Overwriting a written file with O_DIRECT in 8 MiB pieces, then a sync."""
    import mmap
    path = pathlib.Path(folder) / "direct"
    block = mmap.mmap(-1, 8 << 20)
    block.write(os.urandom(1 << 20) * 8)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT)
    for i in range(8):
        os.pwrite(fd, block, i * len(block))
    os.fsync(fd)
    begin = time.perf_counter()
    for i in range(24):
        os.pwrite(fd, block, i % 8 * len(block))
    os.fdatasync(fd)
    took = time.perf_counter() - begin
    os.close(fd)
    path.unlink()
    return 24 * len(block) / took / 1e6


class Server:
    """A process below test; cpu() is what it used so far, in seconds."""

    def __init__(self, argv, port, **kwargs):
        self.port = port
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        **kwargs)
        atexit.register(self.stop)  # also when the run breaks off

    def wait(self):
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"bench: {self.process.args[0]} did not start")

    def cpu(self):
        total = 0
        for pid in [self.process.pid] + children(self.process.pid):
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def rss_mib(self):
        text = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def children(pid):
    try:
        return [int(p) for p in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []


def call(port, operation, body, headers=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", json.dumps(body).encode(),
        headers or {"X-Amz-Target": TARGET + operation,
                    "Content-Type": "application/x-amz-json-1.1", **AUTH})
    return json.loads(urllib.request.urlopen(request, timeout=60).read() or b"{}")


AUTH = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/kinesis/aws4_request, "
                         "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
        "X-Amz-Date": "20261123T000000Z"}


class Load:
    """A request that wrk sends over and over."""

    def __init__(self, folder, name, body, headers):
        self.body = body
        lines = ["wrk.method='POST'", "wrk.body=[[" + body + "]]"]
        lines += [f"wrk.headers['{k}']='{v}'" for k, v in headers.items()]
        self.path = pathlib.Path(folder) / (name + ".lua")
        self.path.write_text("\n".join(lines))

    def run(self, server, connections, seconds):
        before, begin = server.cpu(), time.time()
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s",
                              str(self.path), f"http://127.0.0.1:{server.port}/"],
                             capture_output=True, text=True).stdout
        used, took = server.cpu() - before, time.time() - begin
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
        if "Non-2xx" in out:
            raise SystemExit(f"bench: errors from port {server.port}:\n{out}")
        return {"rate": rate, "cpu_us": used / (rate * took) * 1e6}


def kinesis_load(folder, name, operation, body, extra=None):
    return Load(folder, name, json.dumps(body),
                {"X-Amz-Target": TARGET + operation,
                 "Content-Type": "application/x-amz-json-1.1", **(extra or AUTH)})


def signed_headers(port, access, secret, operation, body):
    """Headers of a really signed request; good for a quarter of an hour."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    request = AWSRequest("POST", f"http://127.0.0.1:{port}/", data=json.dumps(body),
                         headers={"X-Amz-Target": TARGET + operation, "Host": f"127.0.0.1:{port}",
                                  "Content-Type": "application/x-amz-json-1.1"})
    SigV4Auth(Credentials(access, secret), "kinesis", "us-east-1").add_auth(request)
    return {k: v for k, v in request.headers.items() if k.lower() in ("authorization", "x-amz-date")}


# ---- the servers ----

def start_weir(folder, *flags):
    data = pathlib.Path(folder) / f"weir-{len(os.listdir(folder))}"
    server = Server([WEIR, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--json",
                     *flags], 0)
    server.data = data
    server.text = ""
    while True:
        line = server.process.stdout.readline().decode()
        server.text += line
        if line.startswith("{"):
            server.ready = json.loads(line)
            server.port = int(server.ready["url"].rsplit(":", 1)[1])
            return server
        if not line:
            raise SystemExit("bench: weir did not start")


def start_nginx(folder):
    port = free_port()
    conf = pathlib.Path(folder) / "nginx.conf"
    conf.write_text(f"""daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder};
        proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
        scgi_temp_path {folder};
        server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 200 "{'x' * 110}"; }} }} }}
""")
    return Server(["nginx", "-c", str(conf), "-p", str(folder)], port).wait()


def start_kinesalite(folder):
    home = ROOT / "build" / "bench"
    if not (home / "node_modules" / "kinesalite").exists():
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix",
                               str(home), "kinesalite@3.3.3"], capture_output=True)
        if done.returncode != 0:
            return None
    port = free_port()
    return Server(["node", str(home / "node_modules" / "kinesalite" / "cli.js"), "--port", str(port),
                   "--path", str(pathlib.Path(folder) / "kinesalite"), "--createStreamMs", "10",
                   "--shardLimit", "100"], port).wait()


def start_redis(folder):
    port = free_port()
    return Server(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
                   "--appendonly", "yes", "--appendfsync", "always", "--save", ""], port).wait()


def redis_xadd(server, connections, value_bytes, seconds):
    count = max(2000, int(20000 * seconds))
    before, begin = server.cpu(), time.time()
    out = subprocess.run(["redis-benchmark", "-p", str(server.port), "-c", str(connections), "-n",
                          str(count), "-q", "XADD", "s", "MAXLEN", "~", "100000", "*", "f",
                          "x" * value_bytes], capture_output=True, text=True).stdout
    used, took = server.cpu() - before, time.time() - begin
    rate = float(re.findall(r"([\d.]+) requests per second", out)[-1])
    return {"rate": rate, "cpu_us": used / (rate * took) * 1e6}


def start_nats(folder):
    port = free_port()
    server = Server(["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd",
                     str(pathlib.Path(folder) / "nats")], port).wait()
    link = NatsLink(port)
    link.request("$JS.API.STREAM.CREATE.s", json.dumps(
        {"name": "s", "subjects": ["s"], "storage": "file", "max_bytes": 1 << 30,
         "discard": "old"}).encode())
    link.close()
    return server


class NatsLink:
    """Just enough of NATS's text protocol: publish with a reply subject, count the replies."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b'CONNECT {"verbose":false}\r\nSUB _I.* 1\r\nPING\r\n')
        self.replies(0, wait=b"PONG\r\n")

    def replies(self, least, wait=b"MSG _I"):
        seen, rest = 0, b""
        while True:
            rest += self.socket.recv(1 << 18)
            seen += rest.count(wait)
            if seen > 0 and seen >= least:
                return seen
            rest = rest[-(len(wait) - 1):]

    def request(self, subject, body):
        self.socket.sendall(f"PUB {subject} _I.0 {len(body)}\r\n".encode() + body + b"\r\n")
        return self.replies(1)

    def close(self):
        self.socket.close()


def nats_publish(server, pending, value_bytes, seconds):
    link = NatsLink(server.port)
    message = f"PUB s _I.0 {value_bytes}\r\n".encode() + b"x" * value_bytes + b"\r\n"
    before, begin, done, open_ = server.cpu(), time.time(), 0, 0
    while time.time() - begin < seconds:
        link.socket.sendall(message * (pending - open_))
        open_ = pending
        got = link.replies(1)
        done, open_ = done + got, open_ - got
    took, used = time.time() - begin, server.cpu() - before
    link.close()
    return {"rate": done / took, "cpu_us": used / done * 1e6}


# ---- the run ----

class Table:
    def __init__(self):
        self.rows = {}

    def add(self, name, server, result):
        self.rows.setdefault((name, server), []).append(result)

    def add_disk(self, name, rate):
        self.add(name, "disk", {"rate": rate, "cpu_us": 0})

    def median(self, name, server, key="rate"):
        found = self.rows.get((name, server))
        return statistics.median(r[key] for r in found) if found else None


def put_record(stream):
    return {"StreamName": stream, "PartitionKey": "card-17",
            "Data": base64.b64encode(b"x" * 100).decode()}


def put_records(stream, count=500, size=1024):
    data = base64.b64encode(b"x" * size).decode()
    return {"StreamName": stream, "Records": [
        {"PartitionKey": f"card-{i}", "Data": data} for i in range(count)]}


def rounds(args, folder, table):
    # A small window, so that segments are recycled as they are on a server that ran for a while:
    # until then each is written twice, zeros first.
    weir = start_weir(folder, "--keep", "256m")
    secure = start_weir(folder, "--keep", "256m", "--auth", "on")
    relaxed = start_weir(folder, "--durability", "relaxed")
    nginx, kinesalite, redis, nats = (start_nginx(folder), start_kinesalite(folder),
                                      start_redis(folder), start_nats(folder))
    key = re.search(r"AWS_ACCESS_KEY_ID=(\S+)", secure.text).group(1)
    secret = re.search(r"AWS_SECRET_ACCESS_KEY=(\S+)", secure.text).group(1)
    create = {"StreamName": "s", "ShardCount": 4}
    call(weir.port, "CreateStream", create)
    call(relaxed.port, "CreateStream", create)
    call(secure.port, "CreateStream", create,
         {"X-Amz-Target": TARGET + "CreateStream", "Content-Type": "application/x-amz-json-1.1",
          **signed_headers(secure.port, key, secret, "CreateStream", create)})
    if kinesalite:
        call(kinesalite.port, "CreateStream", create)
        time.sleep(0.5)
    one = kinesis_load(folder, "one", "PutRecord", put_record("s"))
    signed = kinesis_load(folder, "signed", "PutRecord", put_record("s"),
                          signed_headers(secure.port, key, secret, "PutRecord", put_record("s")))
    many = kinesis_load(folder, "many", "PutRecords", put_records("s"))
    call(weir.port, "PutRecords", put_records("s"))
    shard = call(weir.port, "PutRecord", put_record("s"))["ShardId"]
    for _ in range(8):
        call(weir.port, "PutRecords", put_records("s"))
    iterator = call(weir.port, "GetShardIterator", {"StreamName": "s", "ShardId": shard,
                                                    "ShardIteratorType": "TRIM_HORIZON"})
    get = kinesis_load(folder, "get", "GetRecords",
                       {"ShardIterator": iterator["ShardIterator"], "Limit": 500})
    s = args.seconds
    many.run(weir, 16, 4)
    signed.run(secure, 64, 4)
    for number in range(args.rounds):
        time.sleep(2)  # what the round before left to write is written
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        # Each of the disk's rates right before what is compared with it.
        table.add_disk("append 4 KiB, fdatasync", 1e6 / fdatasync_us(folder, True))
        table.add_disk("write 4 KiB over old, fdatasync", 1e6 / fdatasync_us(folder))
        table.add("PutRecord 100 B, 1 connection", "weir", one.run(weir, 1, s))
        table.add("PutRecord 100 B, 1 connection, relaxed", "weir", one.run(relaxed, 1, s))
        table.add("return 200, 64 connections", "nginx", one.run(nginx, 64, s))
        table.add("PutRecord 100 B, 64 connections", "weir", one.run(weir, 64, s))
        table.add("PutRecord 100 B, 64 connections, signed", "weir", signed.run(secure, 64, s))
        table.add("XADD 100 B, 64 connections", "redis", redis_xadd(redis, 64, 100, s))
        table.add("publish 100 B, 64 pending (not synced)", "nats", nats_publish(nats, 64, 100, s))
        table.add("GetRecords 500 x 1 KiB, 16 connections", "weir", get.run(weir, 16, s))
        table.add_disk("O_DIRECT over old, MB", direct_write_mbps(folder))
        table.add("PutRecords 500 x 1 KiB, 16 connections", "weir", many.run(weir, 16, s))
        if kinesalite:
            table.add("PutRecord 100 B, 64 connections", "kinesalite", one.run(kinesalite, 64, s))
            table.add("PutRecords 500 x 1 KiB, 16 connections", "kinesalite",
                      many.run(kinesalite, 16, max(s, 2)))
    resident = weir.rss_mib()
    for server in (weir, secure, relaxed, nginx, kinesalite, redis, nats):
        if server:
            server.stop()
    return resident


def lives(folder):
    """Start on an empty directory, idle memory, recovery."""
    starts, idle = [], None
    for i in range(5):
        data = pathlib.Path(folder) / f"empty-{i}"
        begin = time.perf_counter()
        server = Server([WEIR, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--json"], 0)
        port = int(json.loads(server.process.stdout.readline())["url"].rsplit(":", 1)[1])
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_weir/health").read()
        starts.append((time.perf_counter() - begin) * 1e3)
        time.sleep(0.5)  # idle
        idle = server.rss_mib()
        server.stop()
    server = start_weir(folder)
    call(server.port, "CreateStream", {"StreamName": "s", "ShardCount": 4})
    load = kinesis_load(folder, "fill", "PutRecords", put_records("s"))
    load.run(server, 4, 1)
    server.process.kill()
    server.process.wait()
    journal = sum(p.stat().st_size for p in (server.data / "journal").glob("*"))
    again = Server([WEIR, "serve", "--data", str(server.data), "--listen", "127.0.0.1:0", "--json"], 0)
    ready = json.loads(again.process.stdout.readline())
    again.stop()
    return {"start_ms": statistics.median(starts), "idle_mib": idle, "journal_mb": journal / 1e6,
            "recovered": ready["recovered"], "recovery_ms": ready["took_ms"]}


PUT, PUTS = "PutRecord 100 B, 64 connections", "PutRecords 500 x 1 KiB, 16 connections"
GETS, ALONE = "GetRecords 500 x 1 KiB, 16 connections", "PutRecord 100 B, 1 connection"


def targets(table, life):
    """(name, now, target or None, at most instead of at least); ../shared/LIMITS.md has them."""
    m, mine = table.median, table.median(PUT, "weir")
    sync = m("write 4 KiB over old, fdatasync", "disk")
    floor_us = 1e6 / sync + 1e6 / m(ALONE + ", relaxed", "weir")
    rows = [("PutRecord / nginx return 200", mine / m("return 200, 64 connections", "nginx"), 0.55, 0),
            ("PutRecord / redis XADD always", mine / m("XADD 100 B, 64 connections", "redis"), 1.2, 0),
            ("PutRecord / NATS JetStream, not synced",
             mine / m("publish 100 B, 64 pending (not synced)", "nats"), None, 0),
            ("PutRecord, server CPU us", m(PUT, "weir", "cpu_us"), 14, 1),
            ("PutRecord signed / unsigned", m(PUT + ", signed", "weir") / mine, 0.85, 0),
            ("PutRecord, 1 connection / fdatasyncs over old", m(ALONE, "weir") / sync, 0.9, 0),
            ("  the same / appends with fdatasync",
             m(ALONE, "weir") / m("append 4 KiB, fdatasync", "disk"), None, 0),
            ("  the same / one sync + one HTTP round trip", m(ALONE, "weir") * floor_us / 1e6, None, 0),
            ("PutRecords, MB/s (450 or half the disk)", m(PUTS, "weir") * 0.512,
             min(450, m("O_DIRECT over old, MB", "disk") / 2), 0),
            ("PutRecords, server CPU us", m(PUTS, "weir", "cpu_us"), 800, 1),
            ("GetRecords, MB/s", m(GETS, "weir") * 0.512, 600, 0),
            ("GetRecords, server CPU us", m(GETS, "weir", "cpu_us"), 800, 1)]
    if m(PUT, "kinesalite"):
        rows += [("PutRecord / kinesalite", mine / m(PUT, "kinesalite"), 25, 0),
                 ("PutRecords / kinesalite", m(PUTS, "weir") / m(PUTS, "kinesalite"), 60, 0)]
    return rows + [
        ("start on an empty directory, ms", life["start_ms"], 30, 1),
        ("resident when idle, MiB", life["idle_mib"], 20, 1),
        ("recovery, MB/s of journal", life["journal_mb"] / max(life["recovery_ms"], 1) * 1e3, 200, 0)]


def show(table, life, resident):
    m = table.median
    print(f"\n{'what':44} {'server':11} {'per second':>11} {'MB/s':>7} {'CPU us':>8}")
    for (name, server), _ in sorted(table.rows.items(), key=lambda row: (row[0][1] != "disk", row[0])):
        rate, cpu = m(name, server), m(name, server, "cpu_us")
        mb = f"{rate * 0.512:7.0f}" if "500 x 1 KiB" in name else " " * 7
        print(f"{name:44} {server:11} {rate:11.0f} {mb} {f'{cpu:8.1f}' if cpu else ''}".rstrip())
    print(f"\n{'target':46} {'now':>9} {'target':>12} {'of it':>6}")
    met = missed = 0
    for name, value, target, most in targets(table, life):
        if target is None:
            print(f"{name:46} {value:9.2f}")
            continue
        good = value <= target if most else value >= target
        met, missed = met + good, missed + (not good)
        print(f"{name:46} {value:9.2f} {'at most' if most else 'at least'} {target:4.4g} "
              f"{value / target:6.2f} {'met' if good else 'NOT MET'}")
    print(f"\n{met} targets met, {missed} not; resident after the run: {resident:.0f} MiB; recovered "
          f"{life['recovered']} entries, {life['journal_mb']:.0f} MB, in {life['recovery_ms']} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-bench-", dir=os.environ.get("WEIR_BENCH_DIR"))
    try:
        table = Table()
        resident = rounds(args, folder, table)
        show(table, lives(folder), resident)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
