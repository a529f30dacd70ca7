#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DynamoDB side by side: weir, dynalite and moto, and as yardsticks of a durable write redis (SET,
appendfsync always) and PostgreSQL (an insert a transaction), and an nginx that answers 200, in one run
on the same two cores as the load. As bench.py: medians of rounds, ratios, the disk's own fdatasync
time at the top. (Amazon's DynamoDB Local is left out: its terms are not those of free software.)

  python test/bench/tables.py --rounds 1 --seconds 1   a quick look

weir answers when it is on disk; of the others only redis and PostgreSQL do.
"""
import argparse
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import bench
import dynamodb_scale as scale
import events
from bench import Server, Table, free_port

ITEMS = 25000
INDEXED = "PutItem, with an index"
LOADS = ("Query 25", "GetItem", "PutItem", INDEXED)
TARGETS = [("PutItem", "dynalite", 8), ("GetItem", "dynalite", 8), ("Query 25", "dynalite", 8),
           ("PutItem", "moto", None), ("GetItem", "moto", None), ("PutItem", "redis", None),
           ("PutItem", "postgresql", None), ("PutItem", "nginx", 0.5), ("GetItem", "nginx", 0.5)]
CPU = [("PutItem", 17), ("GetItem", 13), ("Query 25", 60)]


def start_dynalite(folder):
    cli = events.HOME / "node_modules" / "dynalite" / "cli.js"
    if not events.installed(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix",
                             str(events.HOME), "dynalite@3.2.2"], cli):
        return None
    port = free_port()
    return Server(["node", str(cli), "--port", str(port), "--path",
                   str(pathlib.Path(folder) / "dynalite"), "--createTableMs", "10"], port).wait()


def start_moto(folder):
    server = events.start_moto(folder)
    if server is None:
        return None
    pip = events.HOME / "moto" / "bin" / "pip"
    subprocess.run([str(pip), "install", "-q", "moto[dynamodb]"], capture_output=True, check=False)
    return server


def start_postgres(folder):
    """As nobody: it refuses to run as root."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found or os.geteuid() != 0 or not shutil.which("setpriv"):
        return None
    binaries, data = pathlib.Path(found[-1]).parent, pathlib.Path(folder) / "postgres"
    data.mkdir()
    os.chmod(folder, 0o755)
    shutil.chown(data, "nobody")
    become = ["setpriv", "--reuid=nobody", "--clear-groups"]
    made = subprocess.run([*become, str(binaries / "initdb"), "-D", str(data / "db"), "-A", "trust",
                           "-U", "bench"], capture_output=True, check=False)
    if made.returncode != 0:
        return None
    port = free_port()
    server = Server([*become, str(binaries / "postgres"), "-D", str(data / "db"), "-p", str(port),
                     "-h", "127.0.0.1", "-k", str(data), "-c", "max_connections=100"], port).wait()
    server.binaries = binaries
    for _ in range(100):
        if psql(server, "create table t (k bigserial primary key, v text)").returncode == 0:
            return server
        time.sleep(0.1)
    server.stop()
    return None


def psql(server, sql):
    return subprocess.run([str(server.binaries / "psql"), "-h", "127.0.0.1", "-p", str(server.port),
                           "-U", "bench", "-d", "postgres", "-c", sql], capture_output=True,
                          check=False)


def postgres_insert(server, folder, seconds):
    script = pathlib.Path(folder) / "insert.sql"
    script.write_text(f"insert into t (v) values ('{'x' * 200}');\n")
    before, begin = server.cpu(), time.time()
    out = subprocess.run([str(server.binaries / "pgbench"), "-h", "127.0.0.1", "-p",
                          str(server.port), "-U", "bench", "-n", "-f", str(script), "-c", "64",
                          "-j", "1", "-T", str(seconds), "postgres"], capture_output=True,
                         text=True, check=True).stdout
    rate = float(re.search(r"tps = ([\d.]+)", out).group(1))
    return {"rate": rate, "cpu_us": (server.cpu() - before) / (rate * (time.time() - begin)) * 1e6}


def redis_set(server, seconds):
    before, begin = server.cpu(), time.time()
    out = subprocess.run(["redis-benchmark", "-p", str(server.port), "-c", "64", "-n",
                          str(20000 * seconds), "-d", "200", "-r", "100000", "-q", "-t", "set"],
                         capture_output=True, text=True, check=True).stdout
    rate = float(re.findall(r"([\d.]+) requests per second", out)[-1])
    return {"rate": rate, "cpu_us": (server.cpu() - before) / (rate * (time.time() - begin)) * 1e6}


def rounds(args, folder, table):
    stores = {"weir": bench.start_weir(folder, "--keep", "1g"), "dynalite": start_dynalite(folder),
              "moto": start_moto(folder)}
    stores = {name: server for name, server in stores.items() if server}
    nginx, redis, postgres = bench.start_nginx(folder), bench.start_redis(folder), \
        start_postgres(folder)
    print("beside weir:", ", ".join([*list(stores)[1:], "nginx", "redis"] +
                                    (["postgresql"] if postgres else [])), file=sys.stderr)
    for name, server in stores.items():
        for kind in ("plain", "indexed"):
            scale.make(server.port, kind, kind == "indexed")
            time.sleep(0.5)  # dynalite's tables take a moment
            scale.fill(server.port, kind, ITEMS, 1 if name == "moto" else 8)
    empty = events.Script(folder, "empty", "GET", "/", {})
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        table.add("return 200", "nginx", empty.run(nginx, 64, args.seconds))
        table.add("SET 200 B", "redis", redis_set(redis, args.seconds))
        if postgres:
            table.add("insert 200 B", "postgresql", postgres_insert(postgres, folder, args.seconds))
        for name, server in stores.items():
            for load in LOADS[1:] if name == "moto" else LOADS:  # its queries walk the whole table
                kind = "indexed" if load == INDEXED else "plain"
                rate, cpu_us = scale.measure(server, folder, kind, ITEMS, load.split(",")[0],
                                             args.seconds, connections=64)
                table.add(load, name, {"rate": rate, "cpu_us": cpu_us})
    for server in (*stores.values(), nginx, redis, *([postgres] if postgres else [])):
        server.stop()


def show(table, disk):
    print(f"\ndisk: fdatasync of 4 KiB {disk:.0f} us\n")
    print(f"{'what, 64 connections':30} {'server':12} {'per second':>11} {'CPU us':>9}")
    for name, server in sorted(table.rows):
        print(f"{name:30} {server:12} {table.median(name, server):11.1f} "
              f"{table.median(name, server, 'cpu_us'):9.1f}")
    print(f"\n{'ratio of weir to':42} {'now':>11} {'target':>8}")
    same = {"redis": "SET 200 B", "postgresql": "insert 200 B", "nginx": "return 200"}
    for name, peer, target in TARGETS:
        theirs = table.median(same.get(peer, name), peer)
        if theirs:
            print(f"{name + ' / ' + peer:42}"
                  f"{events.verdict(table.median(name, 'weir') / theirs, target)}")
    for name, most in CPU:
        used = table.median(name, "weir", "cpu_us")
        print(f"{name + ', CPU us (at most)':42}{events.verdict(used, most, True)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-bench-", dir=os.environ.get("WEIR_BENCH_DIR"))
    try:
        table = Table()
        disk = bench.fdatasync_us(folder)
        rounds(args, folder, table)
        show(table, disk)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
