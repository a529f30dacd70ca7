# SPDX-License-Identifier: Apache-2.0
"""`weir logs`: what it prints, what it chooses, how it follows; and the AWS CLI's own logs commands.
"""
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from logs_kit import ARN, Kit
from weir_server import run_weir, weir_path

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def kit(clocked):
    return Kit(clocked)


@pytest.fixture
def cli(clocked):
    """Runs it against the server: standard output; code is what it must exit with."""
    def run(*words, code=0):
        done = run_weir("logs", *words, "--server", clocked.address)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr
    return run


@pytest.fixture
def follow(clocked):
    """Starts a follower; gives its lines one by one."""
    processes = []

    def start(*words):
        process = subprocess.Popen([weir_path(), "logs", *words, "-f", "--server",
                                    clocked.address], stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return lambda: process.stdout.readline()

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_group_is_printed_in_the_order_of_time(kit, cli, name):
    kit.group(f"/app/{name}", "a", "b")
    now = kit.now
    kit.put(f"/app/{name}", "a", (now - 1000, "one\n"), (now, "three"))
    kit.put(f"/app/{name}", "b", (now - 500, "two"))
    lines = cli(f"/app/{name}").splitlines()
    assert [line.split(" ")[1:] for line in lines] == [["a", "one"], ["b", "two"], ["a", "three"]]
    assert lines[1].split(" ")[0].endswith(".500Z")
    assert cli(f"{ARN}:log-group:/app/{name}").splitlines() == lines


def test_a_name_without_a_slash_is_a_functions_first(kit, cli, name):
    kit.group(name, "s")
    kit.put(name, "s", "the group's")
    assert "the group's" in cli(name)
    kit.group(f"/aws/lambda/{name}", "s")
    kit.put(f"/aws/lambda/{name}", "s", "the function's")
    assert "the function's" in cli(name)


def test_since_filter_and_stream_choose(kit, cli, name):
    kit.group(f"/x/{name}", "a1", "b")
    now = kit.now
    kit.put(f"/x/{name}", "a1", (now - 3600_000, "ERROR old"), (now, "ERROR new"), (now, "ok"))
    kit.put(f"/x/{name}", "b", (now, "ERROR of b"))
    messages = lambda *words: [  # noqa: E731
        line.split(" ", 2)[2] for line in cli(f"/x/{name}", *words).splitlines()]
    assert messages("--since", "10m") == ["ERROR new", "ok", "ERROR of b"]
    assert messages("--filter", "ERROR", "--stream", "a") == ["ERROR old", "ERROR new"]
    assert messages("--filter", "ok") == ["ok"]


def test_much_is_printed_whole(kit, cli, name):
    kit.group(f"/x/{name}", "s")
    for i in range(3):
        kit.put(f"/x/{name}", "s", *[f"{i} {k}" for k in range(2000)])
    assert len(cli(f"/x/{name}").splitlines()) == 6000


def test_json_is_a_line_each(kit, cli, name):
    kit.group(f"/x/{name}", "s")
    kit.put(f"/x/{name}", "s", "a \"quoted\"\nline")
    told = json.loads(cli(f"/x/{name}", "--json"))
    assert told == {"stream": "s", "timestamp": kit.now, "ingestionTime": kit.now,
                    "message": "a \"quoted\"\nline"}


def test_what_is_wrong_is_said(kit, cli, name):
    assert "no log group" in cli("/x/nothing", code=1)
    kit.group(f"/x/{name}")
    assert "Invalid character" in cli(f"/x/{name}", "--filter", "a-b", code=1)
    assert "no moment" in cli(f"/x/{name}", "--since", "whenever", code=1)
    assert "say whose" in cli(code=2)
    assert cli(f"/x/{name}") == ""


def test_a_follower_shows_what_was_and_what_comes(kit, follow, name):
    kit.group(f"/x/{name}", "s", "t")
    now = kit.now
    kit.put(f"/x/{name}", "s", "before")
    line = follow(f"/x/{name}", "--filter", "-hidden")
    assert line().endswith("s before\n")
    kit.put(f"/x/{name}", "s", (now - 3600_000, "late"))
    assert line().endswith("s late\n")
    kit.put(f"/x/{name}", "t", "hidden")
    kit.put(f"/x/{name}", "t", *[str(i) for i in range(1200)])
    assert [line().rsplit(" ", 1)[1] for _ in range(1200)] == [f"{i}\n" for i in range(1200)]


def test_a_follower_waits_for_a_group_and_for_one_made_anew(kit, follow, name):
    line = follow(f"/x/{name}")
    kit.group(f"/x/{name}", "s")
    kit.put(f"/x/{name}", "s", "first")
    assert line().endswith("s first\n")
    kit.logs.delete_log_group(logGroupName=f"/x/{name}")
    kit.group(f"/x/{name}", "s")
    kit.put(f"/x/{name}", "s", "anew")
    assert line().endswith("s anew\n")


# ---- the AWS CLI ----


@pytest.fixture
def aws(clocked):
    if not AWS.exists() and shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not installed")

    def run(*words):
        done = subprocess.run([str(AWS) if AWS.exists() else "aws", "logs", *words],
                              env=clocked.environment(), capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


def test_the_aws_cli_puts_and_gets(kit, aws, name):
    aws("create-log-group", "--log-group-name", name)
    aws("create-log-stream", "--log-group-name", name, "--log-stream-name", "s")
    aws("put-log-events", "--log-group-name", name, "--log-stream-name", "s", "--log-events",
        f"timestamp={kit.now},message=hello")
    told = json.loads(aws("get-log-events", "--log-group-name", name, "--log-stream-name", "s"))
    assert [e["message"] for e in told["events"]] == ["hello"]
    told = json.loads(aws("filter-log-events", "--log-group-name", name, "--filter-pattern",
                          "hello"))
    assert len(told["events"]) == 1
    told = json.loads(aws("describe-log-groups", "--log-group-name-prefix", name))
    assert told["logGroups"][0]["logGroupName"] == name
