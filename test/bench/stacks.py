#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From template to running system: how long labs/03-access-cards takes, by `weir deploy` (packing,
uploading and all) and by CreateStack alone, and the way back. Beside
stand moto (which keeps functions without running any) and LocalStack, where they can do it: a stack
that fails there says so. As bench.py: medians of rounds.

  python test/bench/stacks.py --rounds 1   a quick look

LocalStack is asked where build/bench/localstack is a virtual environment that has it
(pip install 'localstack-core[runtime]').
"""
import argparse
import io
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

import bench
from bench import Server, Table, free_port
from events import ACCOUNT, HOME, client, verdict

LAB = bench.ROOT / "labs" / "03-access-cards"
WHOLE = "weir deploy, lab 3, s"
CREATE, DELETE = "CreateStack, lab 3, s", "DeleteStack, lab 3, s"
SECONDS_MAX = 120
BUCKET = "bench-code"


def start_moto():
    venv = HOME / "moto-all"
    if not (venv / "bin" / "moto_server").exists():
        HOME.mkdir(parents=True, exist_ok=True)
        if subprocess.run([sys.executable, "-m", "venv", str(venv)]).returncode != 0 or \
                subprocess.run([str(venv / "bin" / "python"), "-m", "pip", "install", "-q",
                                "moto[server,all]"], capture_output=True).returncode != 0:
            return None
    port = free_port()
    return Server([str(venv / "bin" / "python"), str(venv / "bin" / "moto_server"), "-H",
                   "127.0.0.1", "-p", str(port)], port).wait()


def start_localstack(folder):
    program = HOME / "localstack" / "bin" / "localstack-supervisor"
    if not program.exists():
        return None
    port = free_port()
    server = Server([str(program.with_name("python")), "-m", "localstack.runtime.main"], port,
                    env={**os.environ, "GATEWAY_LISTEN": f"127.0.0.1:{port}",
                         "LOCALSTACK_VOLUME_DIR": str(folder), "DISABLE_EVENTS": "1"})
    try:
        return server.wait()
    except SystemExit as error:  # what it needs beside does not go together in every environment
        print(error, file=sys.stderr)
        return None


def zipped(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*")):
            info = zipfile.ZipInfo(str(path.relative_to(folder)))
            info.external_attr = 0o755 << 16
            archive.writestr(info, path.read_bytes())
    return packed.getvalue()


def template():
    """The lab's template as weir reads it (JSON), with code named by bucket and key, and the code."""
    out = subprocess.run([sys.executable, "-c", PRINT, str(LAB / "template.yaml")],
                         capture_output=True, text=True, check=True).stdout
    document, code = json.loads(out), {}
    for resource in document["Resources"].values():
        where = resource.get("Properties", {}).get("Code")
        if isinstance(where, str):
            code[where] = code.get(where) or zipped(LAB / where)
            resource["Properties"]["Code"] = {"S3Bucket": BUCKET, "S3Key": where}
    return document, code


# The AWS CLI's own reader knows the short forms.
PRINT = """
import json, sys
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
print(json.dumps(yaml_parse(open(sys.argv[1]).read()), default=str))
"""


def wait(cloudformation, stack):
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.01)
    return "never"


def reason(cloudformation, stack):
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"][::-1]:
        if event["ResourceStatus"].endswith("FAILED"):
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
    return "no reason given"


def upload(server, document, code):
    s3 = client("s3", server.port)
    s3.create_bucket(Bucket=BUCKET)
    for key, body in code.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    s3.put_object(Bucket=BUCKET, Key="template", Body=json.dumps(document))


def stack_round(name, server, table):
    """Makes and removes the stack; what went wrong, or None."""
    cloudformation = client("cloudformation", server.port)
    begin = time.monotonic()
    try:
        stack = cloudformation.create_stack(
            StackName="lab", TemplateURL=f"https://{BUCKET}.s3.amazonaws.com/template",
            Capabilities=["CAPABILITY_NAMED_IAM"])["StackId"]
        status = wait(cloudformation, stack)
    except Exception as error:  # whatever a peer says
        return f"{type(error).__name__}: {error}"
    if status != "CREATE_COMPLETE":
        return reason(cloudformation, stack)
    table.add(CREATE, name, {"rate": time.monotonic() - begin, "cpu_us": 0})
    begin = time.monotonic()
    cloudformation.delete_stack(StackName=stack)
    if wait(cloudformation, stack) != "DELETE_COMPLETE":
        return "the stack cannot be deleted"
    table.add(DELETE, name, {"rate": time.monotonic() - begin, "cpu_us": 0})
    return None


def deploy_round(folder, table):
    """weir deploy on a server that has never seen the lab."""
    weir = bench.start_weir(folder)
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret",
                   "AWS_REGION": "us-east-1"}
    begin = time.monotonic()
    run = subprocess.run([bench.WEIR, "deploy", str(LAB / "template.yaml"), "--json", "--server",
                          f"127.0.0.1:{weir.port}"], env=environment, capture_output=True,
                         text=True)
    if run.returncode != 0:
        raise SystemExit(f"bench: weir deploy failed: {run.stderr}")
    table.add(WHOLE, "weir", {"rate": time.monotonic() - begin, "cpu_us": 0})
    weir.stop()


def rounds(args, folder, table):
    document, code = template()
    servers = {"weir": bench.start_weir(folder), "moto": start_moto(),
               "localstack": start_localstack(folder)}
    servers = {name: server for name, server in servers.items() if server}
    said = {}
    for server in servers.values():
        upload(server, document, code)
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        deploy_round(folder, table)
        for name, server in servers.items():
            if name not in said and (wrong := stack_round(name, server, table)):
                said[name] = wrong
    for server in servers.values():
        server.stop()
    return len(document["Resources"]), said


def show(table, disk, resources, said):
    print(f"\ndisk: fdatasync of 4 KiB {disk:.0f} us; the lab has {resources} resources\n")
    print(f"{'what':32} {'server':10} {'median':>9}")
    for name, server in sorted(table.rows):
        print(f"{name:32} {server:10} {table.median(name, server):9.2f}")
    for name, wrong in said.items():
        print(f"\n{name} cannot do it: {re.sub(chr(92) + 's+', ' ', wrong)[:300]}")
    print(f"\n{'target':64} {'now':>11} {'target':>8}")
    whole = table.median(WHOLE, "weir")
    print(f"{'3 s / weir deploy of lab 3':64}{verdict(3 / whole, 1)}")
    for name in ("moto", "localstack"):
        theirs = statistics.median([r["rate"] for r in table.rows.get((CREATE, name), [])] or [0])
        if theirs:
            print(f"{f'CreateStack: {name} / weir':64}"
                  f"{verdict(theirs / table.median(CREATE, 'weir'), None)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="weir-bench-", dir=os.environ.get("WEIR_BENCH_DIR"))
    try:
        table = Table()
        disk = bench.fdatasync_us(folder)
        resources, said = rounds(args, pathlib.Path(folder), table)
        show(table, disk, resources, said)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
