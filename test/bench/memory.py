#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a million small things cost: objects of 100 bytes in one bucket, then messages of 100 bytes in
one queue. Prints bytes of anonymous memory and of disk (index and logs, without the journal), per
thing, and again after a restart: what must be in memory, without what the way there left behind.

  python test/bench/memory.py --count 50000   a quick look
"""
import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCOUNT = "111122223333"
BYTES = 100
PIPELINED = 64
BODIES = 10000


class Weir:
    """`weir serve` over a directory of this run's own."""

    def __init__(self, folder):
        self.data = pathlib.Path(folder) / "data"
        self.process = None

    def start(self):
        path = os.environ.get("WEIR", str(ROOT / "build" / "weir"))
        self.process = subprocess.Popen(
            [path, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        while not line.startswith("{"):
            line = self.process.stdout.readline()
        self.port = urllib.parse.urlsplit(json.loads(line)["url"]).port
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def resident(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_weir/health") as answer:
            answer.read()
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", text).group(1)) * 1024

    def on_disk(self):
        """Of the index and the logs; the journal is kept for replay and bounded by --keep."""
        files = [path for path in self.data.rglob("*") if path.is_file()]
        journal = [path for path in files if "journal" in path.relative_to(self.data).parts]
        return sum(path.stat().st_blocks * 512 for path in files if path not in journal)


def request(port, service, method, path, body=b"", target=None):
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}",
             "X-Amz-Date: 20260101T000000Z",
             f"Authorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/us-east-1/{service}/"
             f"aws4_request, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"]
    if target:
        lines += [f"X-Amz-Target: {target}", "Content-Type: application/x-amz-json-1.0"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def send(port, requests):
    """All of them over one connection, some at a time; every answer must be 200."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stretch = []
        for one in requests:
            stretch.append(one)
            if len(stretch) == PIPELINED:
                exchange(connection, stretch)
                stretch = []
        exchange(connection, stretch)


def exchange(connection, stretch):
    connection.sendall(b"".join(stretch))
    answers, good = b"", 0
    while good < len(stretch):
        got = connection.recv(1 << 20)
        assert got, "the server closed the connection"
        answers += got
        good = answers.count(b"HTTP/1.1 200")
        assert answers.count(b"HTTP/1.1 ") == good, answers[:2000]


def bodies():
    """Different texts that do not pack well."""
    for _ in range(BODIES):
        yield base64.b64encode(os.urandom(BYTES * 3 // 4)).decode()


def objects(port, count):
    yield request(port, "s3", "PUT", "/bucket")
    mark = b"0" * 10
    made = [request(port, "s3", "PUT", f"/bucket/key/{mark.decode()}", body.encode())
            for body in bodies()]
    for number in range(count):
        yield made[number % BODIES].replace(b"/" + mark, b"/%010d" % number)


def messages(port, count):
    yield request(port, "sqs", "POST", "/", json.dumps({"QueueName": "queue"}).encode(),
                  "AmazonSQS.CreateQueue")
    texts = list(bodies())
    made = []
    for begin in range(0, BODIES, 10):
        entries = [{"Id": str(number), "MessageBody": texts[(begin + number) % BODIES]}
                   for number in range(10)]
        body = json.dumps({"QueueUrl": f"http://127.0.0.1:{port}/{ACCOUNT}/queue",
                           "Entries": entries}).encode()
        made.append(request(port, "sqs", "POST", "/", body, "AmazonSQS.SendMessageBatch"))
    for number in range(count // 10):
        yield made[number % len(made)]


def fill(weir, name, make, count):
    weir.start()
    before, disk, begin = weir.resident(), weir.on_disk(), time.time()
    send(weir.port, make(weir.port, count))
    took, full = time.time() - begin, weir.resident()
    weir.stop()  # a checkpoint: all of it is in the index
    weir.start()
    again = weir.resident()
    print(f"{name}: {count} in {took:.0f} s; {(full - before) / count:.0f} B of memory each "
          f"({full >> 20} MiB in all), {(weir.on_disk() - disk) / count:.0f} B of disk each\n"
          f"  after a restart {(again - before) / count:.0f} B each ({again >> 20} MiB in all)",
          flush=True)
    weir.stop()


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--count", type=int, default=1_000_000)
    count = options.parse_args().count
    folder = tempfile.mkdtemp(prefix="weir-memory-")
    weir = Weir(folder)
    try:
        fill(weir, "objects", objects, count)
        fill(weir, "messages", messages, count)
    finally:
        if weir.process.poll() is None:
            weir.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
