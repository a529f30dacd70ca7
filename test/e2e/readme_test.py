# SPDX-License-Identifier: Apache-2.0
"""What the README says is so: its tour runs as it is written, its table counts what is there, what it
names exists. Only ports and directories are other ones, so that a test disturbs nobody.
"""
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from weir_server import ROOT, run_weir, weir_path

README = (ROOT / "README.md").read_text()
IDS = {"API Gateway v2": "apigatewayv2", "KMS": "kms", "Kinesis Data Streams": "kinesis",
       "S3": "s3", "SQS": "sqs", "SNS": "sns", "DynamoDB": "dynamodb",
       "DynamoDB Streams": "dynamodbstreams", "CloudWatch Logs": "logs", "IAM": "iam",
       "STS": "sts", "Lambda": "lambda", "EventBridge": "events",
       "Secrets Manager": "secretsmanager", "Firehose": "firehose", "SSM Parameter Store": "ssm",
       "Cognito user pools": "cognito-idp", "Certificate Manager": "acm", "Route 53": "route53",
       "CloudFormation": "cloudformation",
       "EC2": "ec2", "Auto Scaling": "autoscaling",
       "Application Auto Scaling": "application-autoscaling", "Elastic Load Balancing v2": "elbv2",
       "FSx": "fsx", "Image Builder": "imagebuilder"}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def commands(heading):
    """The indented blocks below a heading, as one script."""
    part = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(line[4:] for line in part.split("\n") if line.startswith("    "))


def script(tmp_path):
    """The tour, with ports and directories of this test's own."""
    ports = {"4566": free_port(), "4567": free_port()}
    text = commands("Five minutes")
    text = text.replace("build/weir serve --data /tmp/weir &",
                        "build/weir serve --data /tmp/weir --listen 127.0.0.1:4566 &")
    text = re.sub(r"^(build/weir (?!serve)\w+)(?!.*--server)", r"\1 --server 127.0.0.1:4566", text,
                  flags=re.M)
    for port, mine in ports.items():
        text = text.replace(f":{port}", f":{mine}")
    text = text.replace("/tmp/", f"{tmp_path}/").replace("build/weir", weir_path())
    ready = "\n".join(  # a person is slower than a script
        f"{line}\nfor i in $(seq 500); do {weir_path()} health --server "
        f"{re.search(r'127.0.0.1:[0-9]+', line).group()} >/dev/null 2>&1 && break; done"
        if " serve " in line else line for line in text.split("\n"))
    return f"set -e -m\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{ready}\n"


@pytest.mark.skipif(not Path(sys.executable).with_name("aws").exists() and not Path(
    "/usr/bin/aws").exists(), reason="the AWS CLI is not installed")
def test_the_tour_runs_as_it_is_written(tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("AWS_")}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
                    "HOME": str(tmp_path), "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "2"}
    (tmp_path / "tour.sh").write_text(script(tmp_path))
    with open(tmp_path / "said", "w+") as said:  # servers behind it would keep a pipe open
        run = subprocess.run(["bash", str(tmp_path / "tour.sh")], env=environment, cwd=ROOT,
                             stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                             timeout=180, check=False)
        said.seek(0)
        text = said.read()
    assert run.returncode == 0, text
    assert text.count("eyJjYXJkIjoxNywiZG9vciI6Im5vcnRoIn0K") == 2, text  # before and after the kill
    assert text.count('"ShardId": "shardId-000000000000"') >= 2
    assert '"SubscriptionArn": "arn:aws:sns:us-east-1:000000000000:events:' in text
    assert "today/17.json" in text and "Notification" in text
    assert "card 17 in the north" in text
    held = re.search(r"^.*queue\s+.*work.*$", text, re.M)
    assert held, text
    assert "s3:PutObject" in text and "kinesis:CreateStream" in text  # the journal
    assert "sns events → sqs work" in text  # the trace
    assert "scans: ['by hand']" in text and "REPORT RequestId" in text  # the function's log
    assert "2026-11-24T09:00:00Z" in text  # the clock


def test_the_table_counts_what_is_there():
    told = dict(re.findall(r"^\| ([^|]+?) \| (\d+ of \d+) \|", README, re.M))
    lines = [json.loads(line) for line in run_weir("coverage", "--json").stdout.splitlines()]
    there = {line["service"]: f"{line['implemented']} of {line['total']}" for line in lines
             if line["implemented"] > 0}
    assert {IDS[name]: count for name, count in told.items()} == there


def test_flags_of_serve_are_all_there():
    shown = run_weir("serve", "--help").stdout
    told = README.split("\n## Serving\n")[1].split("\n## ")[0]
    flags = set(re.findall(r"^\s+(--[a-z]+)", shown, re.M)) - {"--help", "--json"}
    assert flags == set(re.findall(r"\[(--[a-z]+)", told))


def test_files_that_are_named_exist():
    for name in re.findall(r"`((?:docs|src|test|tools|build)/[^` ]*)`", README):
        if "*" not in name and not name.startswith("build/venv"):
            assert (ROOT / name).exists() or name == "build/weir", name


def test_every_folder_has_a_readme():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    folders = {str(Path(name).parent) for name in listed}
    inside = ("test/fuzz/corpus", "test/e2e/js", "test/e2e/java", "src/fn/runtime",
              "sdk/", "labs/", "test/e2e/templates/")  # the README above speaks of them
    missing = [folder for folder in sorted(folders)
               if not folder.startswith((".ci", *inside)) and
               not (ROOT / folder / "README.md").exists() and not mirrors(folder)]
    assert missing == []


def mirrors(folder):
    """Unit tests lie as their sources do; test/README.md speaks of all of them."""
    return folder.startswith("test/") and (ROOT / "src" / folder[len("test/"):]).is_dir()
