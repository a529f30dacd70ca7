#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The edge: a request to an HTTP API that becomes a stream's record without a function, one that a
handler in C answers, and records of a delivery stream on their way to an object. Beside stand nginx,
which answers 200 and does nothing (the limit), weir's own PutRecord and Invoke (what the way through
the API adds), and moto's Firehose. As bench.py: medians of rounds, on the same two cores as the load.

  python test/bench/edge.py --rounds 1 --seconds 1   a quick look
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request

import bench
import functions
from bench import Table
from events import ACCOUNT, Script, client, signed, start_moto, verdict

SCAN = json.dumps({"card": 17, "data": "x" * 100})
KINESIS, CODE = "HTTP API to Kinesis, 64 connections", "HTTP API to C, 8 connections"
DELIVERED = 50_000  # records of 100 bytes
WAYS = 10
RATIOS = [(KINESIS, "nginx", "return 200, 64 connections", None),
          (KINESIS, "weir", "PutRecord 100 B, 64 connections", None),
          (CODE, "weir", "Invoke C, 8 connections", None),
          ("Firehose PutRecord, 64 connections", "moto", None, None)]


def make_api(server, kind, integration):
    """An API with one route; where it is called."""
    gateway = client("apigatewayv2", server.port)
    api = gateway.create_api(Name=kind, ProtocolType="HTTP")["ApiId"]
    made = gateway.create_integration(ApiId=api, **integration)["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="POST /scans", Target=f"integrations/{made}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"{api}.execute-api.us-east-1.localhost:{server.port}"


def make_apis(server):
    kinesis = client("kinesis", server.port)
    kinesis.create_stream(StreamName="scans", ShardCount=4)
    server.scans = make_api(server, "scans", {
        "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "Kinesis-PutRecord",
        "PayloadFormatVersion": "1.0", "CredentialsArn": f"arn:aws:iam::{ACCOUNT}:role/edge",
        "RequestParameters": {"StreamName": "scans", "Data": "$request.body.data",
                              "PartitionKey": "$request.body.card"}})
    code = functions.echo_in_c()
    server.doors = None
    if code:
        functions.make(client("lambda", server.port), "door", "provided.al2023", {"bootstrap": code})
        client("lambda", server.port).add_permission(
            FunctionName="door", StatementId="api", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com")
        server.doors = make_api(server, "doors", {
            "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0",
            "IntegrationUri": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:door"})


def make_delivery(server, name="scans", size=1, seconds=60):
    client("firehose", server.port).create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/edge", "BucketARN": "arn:aws:s3:::archive",
            "Prefix": name + "/",
            "BufferingHints": {"SizeInMBs": size, "IntervalInSeconds": seconds}})


def api_script(folder, name, host, port):
    """Warm, and a load."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/scans", SCAN.encode(),
                                     {"Host": host, "Content-Type": "application/json"})
    for _ in range(20):
        urllib.request.urlopen(request).read()
    return Script(folder, name, "POST", "/scans", {"Host": host, "Content-Type": "application/json"},
                  SCAN)


def json_script(folder, server, name, target, request):
    """One request of an AWS JSON service, again and again."""
    service, body = name.split("-")[0], json.dumps(request)
    fields = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    fields |= {k: v for k, v in signed(server.port, "POST", "/", service, fields,
                                       body.encode()).items()
               if k.lower() in ("authorization", "x-amz-date")}
    return Script(folder, name, "POST", "/", fields, body)


def put_script(folder, server, name):
    return json_script(folder, server, f"firehose-{name}", "Firehose_20150804.PutRecord", {
        "DeliveryStreamName": "scans",
        "Record": {"Data": base64.b64encode(b"x" * 100).decode()}})


def bytes_in(s3, prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="archive", Prefix=prefix)
    return sum(entry["Size"] for page in pages for entry in page.get("Contents", []))


def delivered(server, number):
    """Records of 100 bytes a second, from the first PutRecordBatch until all are in objects."""
    firehose, s3 = client("firehose", server.port), client("s3", server.port)
    name = f"bulk-{number}"
    make_delivery(server, name, seconds=1)
    records = [{"Data": b"x" * 100}] * 500
    begin = time.perf_counter()
    for _ in range(DELIVERED // 500):
        assert firehose.put_record_batch(DeliveryStreamName=name,
                                         Records=records)["FailedPutCount"] == 0
    while bytes_in(s3, name + "/") < DELIVERED * 100:
        time.sleep(0.01)
    return DELIVERED / (time.perf_counter() - begin)


def way_ms(server, number):
    """One record, delivered at once (an interval of 0): from PutRecord until its object is there."""
    firehose, s3 = client("firehose", server.port), client("s3", server.port)
    name = f"now-{number}"
    make_delivery(server, name, seconds=0)
    times = []
    for sent in range(1, WAYS + 1):
        begin = time.perf_counter()
        firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x" * 100})
        while bytes_in(s3, name + "/") < sent * 100:
            pass
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def start_firehose(folder):
    """moto's, if it has one."""
    moto = start_moto(folder)
    if moto is None:
        return None
    try:
        client("s3", moto.port).create_bucket(Bucket="archive")
        make_delivery(moto)
    except Exception as refused:  # whatever moto lacks here
        print(f"moto is left out: {refused}", file=sys.stderr)
        moto.stop()
        return None
    return moto


def own_ways(folder, server):
    """What the API's requests are held against: the same without it."""
    put = json_script(folder, server, "kinesis-direct", "Kinesis_20131202.PutRecord",
                      bench.put_record("scans"))
    if not server.doors:
        return put, None
    body = SCAN.encode()
    return put, Script(folder, "invoke", "POST", functions.path_of("door"),
                       functions.headers_of(server.port, "door", body), SCAN)


def rounds(args, folder, table):
    weir, nginx, moto = bench.start_weir(folder, "--keep", "1g"), bench.start_nginx(folder), \
        start_firehose(folder)
    client("s3", weir.port).create_bucket(Bucket="archive")
    make_apis(weir)
    make_delivery(weir)
    empty = Script(folder, "empty", "GET", "/", {})
    scans = api_script(folder, "scans", weir.scans, weir.port)
    doors = api_script(folder, "doors", weir.doors, weir.port) if weir.doors else None
    direct, invoke = own_ways(folder, weir)
    puts = {"weir": (weir, put_script(folder, weir, "weir"))}
    if moto:
        puts["moto"] = (moto, put_script(folder, moto, "moto"))
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        table.add("return 200, 64 connections", "nginx", empty.run(nginx, 64, args.seconds))
        table.add(KINESIS, "weir", scans.run(weir, 64, args.seconds))
        table.add("PutRecord 100 B, 64 connections", "weir", direct.run(weir, 64, args.seconds))
        if doors:
            table.add(CODE, "weir", doors.run(weir, 8, args.seconds))
            table.add("Invoke C, 8 connections", "weir", invoke.run(weir, 8, args.seconds))
        for name, (server, put) in puts.items():
            table.add("Firehose PutRecord, 64 connections", name, put.run(server, 64, args.seconds))
        table.add("records to objects, a second", "weir",
                  {"rate": delivered(weir, number), "cpu_us": 0})
        table.add("one record to its object, ms", "weir",
                  {"rate": way_ms(weir, number), "cpu_us": 0})
    for server in (weir, nginx, *([moto] if moto else [])):
        server.stop()


def show(table, disk):
    print(f"\ndisk: fdatasync of 4 KiB {disk:.0f} us\n")
    print(f"{'what':44} {'server':8} {'median':>11} {'CPU us':>9}")
    for name, server in sorted(table.rows):
        used = table.median(name, server, "cpu_us")
        print(f"{name:44} {server:8} {table.median(name, server):11.1f} "
              f"{f'{used:9.1f}' if used else ''}")
    print(f"\n{'ratio':64} {'now':>11} {'target':>8}")
    for name, peer, other, target in RATIOS:
        theirs = table.median(other or name, peer)
        ours = table.median(name, "weir")
        if ours and theirs:
            what = f"{name} / {peer}" + (f", {other.split(',')[0]}" if other else "")
            print(f"{what:64}{verdict(ours / theirs, target)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-bench-", dir=os.environ.get("WEIR_BENCH_DIR"))
    try:
        table = Table()
        disk = bench.fdatasync_us(folder)
        rounds(args, pathlib.Path(folder), table)
        show(table, disk)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
