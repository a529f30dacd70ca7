#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reads and writes of one table cost the server as the table grows: the same requests against a
table of a thousand items and against one of many. Nothing may depend on the size: each figure stays
within twice the small table's.

  python test/bench/dynamodb_scale.py                     300,000 items
  python test/bench/dynamodb_scale.py --items 10000000    the promise (takes minutes and gigabytes)

Items are 25 to a partition, about 200 bytes, and each has an entry in a global index.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request

from bench import start_weir

PER_PARTITION = 25
SMALL = 1000
FACTOR = 2.0
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20261123T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=111122223333/20261123/us-east-1/dynamodb/"
                     "aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
}

# Lua for wrk: N is the number of partitions, key() a random one's name.
KEY = "local function key() return string.format('p%08d', math.random(0, N - 1)) end\n"
REQUESTS = {
    "GetItem": """{"TableName":"T","Key":{"pk":{"S":"%s"},"sk":{"N":"%d"}}}""",
    "Query 25": """{"TableName":"T","KeyConditionExpression":"pk = :p",
                    "ExpressionAttributeValues":{":p":{"S":"%s"}}}""",
    "Query 25 of an index": """{"TableName":"T","IndexName":"by-state",
        "KeyConditionExpression":"gpk = :p","ExpressionAttributeValues":{":p":{"S":"%s"}}}""",
    "Query last 1": """{"TableName":"T","KeyConditionExpression":"pk = :p","Limit":1,
        "ScanIndexForward":false,"ExpressionAttributeValues":{":p":{"S":"%s"}}}""",
    "Scan 25": """{"TableName":"T","Limit":25,"ExclusiveStartKey":{"pk":{"S":"%s"},
                   "sk":{"N":"%d"}}}""",
    "PutItem": """{"TableName":"T","Item":{"pk":{"S":"%s"},"sk":{"N":"%d"},"gpk":{"S":"g"},
                   "text":{"S":"new %d"}}}""",  # another each time: equal ones change nothing
}


def call(port, operation, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", json.dumps(body).encode(),
        {**HEADERS, "X-Amz-Target": "DynamoDB_20120810." + operation})
    return json.loads(urllib.request.urlopen(request, timeout=60).read())


def make(port, table, indexed=True):
    def keys(*names):
        return [{"AttributeName": n, "KeyType": t} for n, t in zip(names, ("HASH", "RANGE"))]

    index = {"GlobalSecondaryIndexes": [{
        "IndexName": "by-state", "KeySchema": keys("gpk", "sk"),
        "Projection": {"ProjectionType": "ALL"}}]} if indexed else {}
    call(port, "CreateTable", {
        "TableName": table, "KeySchema": keys("pk", "sk"), "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t}
                                 for n, t in (("pk", "S"), ("sk", "N"), ("gpk", "S"))[:3 if indexed else 2]], **index})


def batch(table, partition):
    name = f"p{partition:08d}"
    return {"RequestItems": {table: [{"PutRequest": {"Item": {
        "pk": {"S": name}, "sk": {"N": str(sk)}, "gpk": {"S": "g" + name}, "text": {"S": "x" * 120},
        "count": {"N": str(partition)}, "flag": {"BOOL": True}}}} for sk in range(PER_PARTITION)]}}


def fill(port, table, items, threads=8):
    """A partition a request, in an order that is none, as writes come."""
    count = items // PER_PARTITION
    step = next(s for s in (7919, 104729, 1299709) if count % s)

    def run(first):
        for n in range(first, count, threads):
            left = call(port, "BatchWriteItem", batch(table, n * step % count))
            assert not left["UnprocessedItems"]

    workers = [threading.Thread(target=run, args=(t,)) for t in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def measure(server, folder, table, items, name, seconds, connections=32):
    """Rate, and the server's CPU for one, in microseconds."""
    text = " ".join(REQUESTS[name].replace('"T"', f'"{table}"').split())
    if name == "Query 25 of an index":
        text = text.replace("%s", "g%s")
    values = ", ".join(["key()", "math.random(0, 24)", "math.random(1, 1e9)"][:text.count("%")])
    script = pathlib.Path(folder) / "load.lua"
    headers = {**HEADERS, "X-Amz-Target": "DynamoDB_20120810." + name.split()[0]}
    script.write_text(
        f"local N = {items // PER_PARTITION}\n{KEY}wrk.method = 'POST'\n" +
        "".join(f"wrk.headers['{k}'] = '{v}'\n" for k, v in headers.items()) +
        "function request() return wrk.format(nil, '/', nil, "
        f"string.format([[{text}]], {values})) end\n")
    before, begin = server.cpu(), time.time()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script),
                          f"http://127.0.0.1:{server.port}/"], capture_output=True, text=True,
                         check=True).stdout
    if "Non-2xx" in out:
        raise SystemExit(f"dynamodb_scale: {name} was refused:\n{out}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    done = rate * (time.time() - begin)  # none: a peer that walks the whole table for each
    return rate, (server.cpu() - before) / done * 1e6 if done else 0.0


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--items", type=int, default=300_000)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--folder", help="where the data lies; default: a temporary directory")
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-scale-", dir=options.folder)
    server = start_weir(folder)
    met = True
    try:
        for table, items in (("small", SMALL), ("large", options.items)):
            begin = time.time()
            make(server.port, table)
            fill(server.port, table, items)
            print(f"{table}: {items:,} items in {time.time() - begin:.0f} s, "
                  f"{server.rss_mib():.0f} MiB resident", flush=True)
        print(f"{'':22} {'small':>18} {'large':>18}  CPU")
        for name in REQUESTS:
            for table, items in (("small", SMALL), ("large", options.items)):  # warm
                measure(server, folder, table, items, name, 1)
            small = measure(server, folder, "small", SMALL, name, options.seconds)
            large = measure(server, folder, "large", options.items, name, options.seconds)
            ratio = large[1] / small[1]
            met = met and ratio <= FACTOR
            print(f"{name:22} {small[0]:9.0f}/s {small[1]:4.0f} us {large[0]:9.0f}/s "
                  f"{large[1]:4.0f} us  {ratio:.2f}x{'' if ratio <= FACTOR else ' TOO MUCH'}",
                  flush=True)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
