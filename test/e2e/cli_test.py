# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI, unmodified, and weir's own commands, as a person types them."""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kinesis_kit import shard_id, stream_arn
from weir_server import ACCOUNT, ROOT, run_weir, weir_path


def aws_path():
    beside = Path(sys.executable).with_name("aws")  # the virtual environment's
    return str(beside) if beside.exists() else shutil.which("aws")


@pytest.fixture(scope="module")
def aws(weir):
    """aws("kinesis", …): runs the CLI; gives its JSON answer, or None when it prints nothing."""
    if not aws_path():
        pytest.skip("the AWS CLI is not installed")
    shown = subprocess.run([aws_path(), "--version"], capture_output=True, text=True, check=True)
    version_two = (shown.stdout + shown.stderr).startswith("aws-cli/2")

    def call(*words, fails=None):
        raw = ["--cli-binary-format", "raw-in-base64-out"] if version_two else []
        environment = weir.environment()
        del environment["AWS_ENDPOINT_URL"]
        run = subprocess.run(
            [aws_path(), "--endpoint-url", weir.url, "--output", "json", *raw, *words],
            env=environment, capture_output=True, text=True, timeout=120, check=False)
        if fails is not None:
            assert run.returncode != 0 and fails in run.stderr, run.stderr
            return run.stderr
        assert run.returncode == 0, run.stderr + weir.log_tail()
        return json.loads(run.stdout) if run.stdout.strip() else None

    return call


def test_a_stream_from_birth_to_death(aws):
    aws("kinesis", "create-stream", "--stream-name", "scans", "--shard-count", "2")
    aws("kinesis", "wait", "stream-exists", "--stream-name", "scans")
    about = aws("kinesis", "describe-stream", "--stream-name", "scans")["StreamDescription"]
    assert about["StreamStatus"] == "ACTIVE" and len(about["Shards"]) == 2
    assert "scans" in aws("kinesis", "list-streams")["StreamNames"]

    put = aws("kinesis", "put-record", "--stream-name", "scans", "--partition-key", "card-17",
              "--data", '{"card":17,"door":"north"}')
    batch = aws("kinesis", "put-records", "--stream-name", "scans", "--records",
                "Data=one,PartitionKey=card-17", "Data=two,PartitionKey=card-17")
    assert batch["FailedRecordCount"] == 0
    iterator = aws("kinesis", "get-shard-iterator", "--stream-name", "scans", "--shard-id",
                   put["ShardId"], "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    got = aws("kinesis", "get-records", "--shard-iterator", iterator, "--limit", "100")
    assert [base64.b64decode(r["Data"]) for r in got["Records"]] == [
        b'{"card":17,"door":"north"}', b"one", b"two"]
    assert got["Records"][0]["SequenceNumber"] == put["SequenceNumber"]

    aws("kinesis", "add-tags-to-stream", "--stream-name", "scans", "--tags", "team=doors")
    assert aws("kinesis", "list-tags-for-stream", "--stream-name", "scans")["Tags"] == [
        {"Key": "team", "Value": "doors"}]
    aws("kinesis", "split-shard", "--stream-name", "scans", "--shard-to-split", shard_id(0),
        "--new-starting-hash-key", "1000")
    shards = aws("kinesis", "list-shards", "--stream-name", "scans", "--shard-filter",
                 "Type=AT_LATEST")["Shards"]
    assert [s["ShardId"] for s in shards] == [shard_id(i) for i in (1, 2, 3)]
    aws("kinesis", "delete-stream", "--stream-name", "scans")
    aws("kinesis", "wait", "stream-not-exists", "--stream-name", "scans")


def test_time_can_be_given_as_a_person_writes_it(aws, weir):
    aws("kinesis", "create-stream", "--stream-name", "times", "--shard-count", "1")
    aws("kinesis", "put-record", "--stream-name", "times", "--partition-key", "k", "--data", "x")
    iterator = aws("kinesis", "get-shard-iterator", "--stream-name", "times", "--shard-id", "0",
                   "--shard-iterator-type", "AT_TIMESTAMP", "--timestamp",
                   "2020-01-01T00:00:00Z")["ShardIterator"]
    got = aws("kinesis", "get-records", "--shard-iterator", iterator)
    assert len(got["Records"]) == 1


def test_pages_are_followed_to_the_end(aws, weir):
    kinesis = weir.client()
    for i in range(12):
        kinesis.create_stream(StreamName=f"page-{i:02}", ShardCount=1)
    names = aws("kinesis", "list-streams", "--page-size", "5")["StreamNames"]
    assert [n for n in names if n.startswith("page-")] == [f"page-{i:02}" for i in range(12)]


def test_consumers_are_registered_and_waited_for(aws):
    aws("kinesis", "create-stream", "--stream-name", "fan", "--stream-mode-details",
        "StreamMode=ON_DEMAND")
    made = aws("kinesis", "register-stream-consumer", "--stream-arn", stream_arn("fan"),
               "--consumer-name", "one")["Consumer"]
    about = aws("kinesis", "describe-stream-consumer", "--consumer-arn", made["ConsumerARN"])
    assert about["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE"


def test_errors_are_told_in_awss_words(aws):
    message = aws("kinesis", "describe-stream", "--stream-name", "nowhere",
                  fails="ResourceNotFoundException")
    assert f"Stream nowhere under account {ACCOUNT} not found." in message
    aws("kinesis", "create-stream", "--stream-name", "a b", "--shard-count", "1",
        fails="ValidationException")
    aws("athena", "list-data-catalogs", fails="NotImplemented")


# ---- weir's own commands ----

def test_weir_explains_itself():
    for words in ((), ("--help",), ("serve", "--help"), ("fsck", "--help"), ("journal", "--help"),
                  ("coverage", "--help"), ("clock", "--help"), ("health", "--help"),
                  ("ca", "--help")):
        run = run_weir(*words)
        assert "weir" in run.stdout + run.stderr
        assert len(run.stdout + run.stderr) > 100
        assert "--help" not in words or run.returncode == 0


@pytest.mark.parametrize("words,told", [
    (("nonsense",), "nonsense"), (("serve", "--nonsense"), "nonsense"),
    (("serve", "--listen", "nowhere"), "--listen"), (("serve", "--auth", "maybe"), "--auth"),
    (("serve", "--durability", "none"), "--durability"), (("serve", "--keep", "long"), "--keep"),
    (("serve", "--limits", "some"), "--limits"), (("serve", "--clock", "noon"), "--clock"),
    (("serve", "--config", "not-there.conf"), "not-there.conf"),
    (("serve", "--listen", "0.0.0.0:0", "--auth", "off"), "loopback"),
    (("fsck", "not-there"), "not-there")])
def test_mistakes_are_told_and_fail(tmp_path, words, told):
    run = run_weir(*words, cwd=tmp_path)
    assert run.returncode != 0
    assert told in run.stderr
    assert os.listdir(tmp_path) == []


def test_journal_tells_who_did_what(weir):
    weir.client().create_stream(StreamName="audited", ShardCount=1)
    run = run_weir("journal", "--server", weir.address, "--resource", "stream/audited", "--json")
    assert run.returncode == 0, run.stderr
    entry = json.loads(run.stdout.splitlines()[0])
    assert entry["service"] == "kinesis" and entry["operation"] == "CreateStream"
    assert entry["resource"] == stream_arn("audited")
    assert ACCOUNT in entry["principal"]
    shown = run_weir("journal", "--server", weir.address, "--resource", "stream/audited")
    assert "kinesis:CreateStream" in shown.stdout


def test_journal_shows_a_span(fresh):
    """Positions, moments and how long ago, asked of a server and of a directory at rest."""
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kinesis = weir.client()
    for i in range(3):
        kinesis.create_stream(StreamName=f"span-{i}", ShardCount=1)
        weir.advance("10m")

    def names(*words, where=("--server", weir.address)):
        run = run_weir("journal", *where, "--resource", "stream/span-", "--json", *words)
        assert run.returncode == 0, run.stderr
        entries = [json.loads(line) for line in run.stdout.splitlines()]
        return [entry["resource"][-1] for entry in entries], entries

    asked, entries = names()
    assert asked == ["0", "1", "2"]
    middle = str(entries[1]["position"])
    spans = {("--from", middle): ["1", "2"], ("--to", middle): ["0", "1"],
             ("--from", middle, "--to", middle): ["1"],
             ("--from", "2026-11-23T08:05:00Z", "--to", "2026-11-23T08:15:00Z"): ["1"],
             ("--from", "2026-11-23T08:10:00Z"): ["1", "2"]}
    for words, wanted in spans.items():
        assert names(*words)[0] == wanted, words
    assert names("--from", "15m")[0] == ["2"]
    for words in (("--from", "soon"), ("--to", "late"), ("--count", "many")):
        run = run_weir("journal", "--server", weir.address, *words)
        assert run.returncode != 0 and words[0][2:] in run.stderr
    weir.stop()
    for words, wanted in spans.items():
        assert names(*words, where=("--data", weir.data))[0] == wanted, words


def test_coverage_counts_the_same_tables():
    lines = [json.loads(line) for line in
             run_weir("coverage", "kinesis", "--json").stdout.splitlines()]
    missing = {line["operation"] for line in lines if not line["implemented"]}
    assert len(lines) > 50
    assert missing == set()
    lines = [json.loads(line) for line in
             run_weir("coverage", "sns", "--json").stdout.splitlines()]
    missing = {line["operation"] for line in lines if not line["implemented"]}
    assert "PutDataProtectionPolicy" in missing and "Publish" not in missing
    shown = run_weir("coverage", "kinesis").stdout
    assert "PutRecord" in shown and "ListChannels" in shown


def test_health_and_clock_answer(weir, fresh):
    run = run_weir("health", "--server", weir.address)
    assert run.returncode == 0 and json.loads(run.stdout)["status"] == "ok"
    other = fresh(clock="2026-11-23T08:00:00Z")
    run = run_weir("clock", "advance", "25h", "--server", other.address)
    assert run.returncode == 0 and json.loads(run.stdout)["now"] == "2026-11-24T09:00:00Z"


def test_two_servers_do_not_share_a_directory(fresh):
    weir = fresh()
    run = run_weir("serve", "--data", weir.data, "--listen", "127.0.0.1:0")
    assert run.returncode != 0
    assert weir.data in run.stderr
    assert weir.alive() and weir.health()["status"] == "ok"


def test_directory_can_be_checked_and_read_while_at_rest(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.put_record(StreamName="s", Data=b"x", PartitionKey="k")
    for stop in (weir.kill, weir.stop):
        stop()
        checked = weir.fsck()
        assert checked.returncode == 0, checked.stdout + checked.stderr
        read = run_weir("journal", "--data", weir.data, "--json")
        assert read.returncode == 0, read.stderr
        operations = [json.loads(line)["operation"] for line in read.stdout.splitlines()]
        assert "CreateStream" in operations and "PutRecord" in operations
        weir.start()


def test_settings_may_stand_in_a_file(fresh, tmp_path):
    config = tmp_path / "weir.conf"
    config.write_text("# a comment\nclock = 2026-11-23T08:00:00Z\nlimits = aws\n")
    weir = fresh("--config", str(config))
    assert weir.now() == "2026-11-23T08:00:00Z"


def test_relaxed_durability_says_so_on_every_answer(fresh):
    weir = fresh("--durability", "relaxed")
    assert weir.health()["durability"] == "relaxed"
    assert "relaxed" in weir.log_tail()
    answer = weir.client().list_streams()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-weir-durability"] == "relaxed"


def test_a_file_says_all_that_flags_say(fresh, tmp_path):
    """Every flag of serve but --config itself is a name of the file, and means the same there."""
    shown = run_weir("serve", "--help").stdout
    flags = set(re.findall(r"^\s+--([a-z-]+)", shown, re.M)) - {"config", "json", "help"}
    values = {"data": str(tmp_path / "d"), "listen": "127.0.0.1:0", "unix": str(tmp_path / "s"),
              "auth": "on", "durability": "relaxed", "keep": "1d,1g", "limits": "aws",
              "clock": "2026-11-23T08:00:00Z", "loops": "1", "workers": "1", "node": "/usr/bin/node",
              "python": sys.executable, "allow-unknown-types": "on"}
    assert flags == set(values)
    config = tmp_path / "weir.conf"
    config.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    process = subprocess.Popen([weir_path(), "serve", "--config", str(config)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        said = [process.stdout.readline()]
        while "http://" not in said[-1] and said[-1]:
            said.append(process.stdout.readline())
        text = "".join(said)
        assert "AWS_ACCESS_KEY_ID=" in text  # auth is on
        port = re.search(r"http://127.0.0.1:(\d+)", text).group(1)
        health = json.loads(run_weir("health", "--server", f"127.0.0.1:{port}").stdout)
        assert health["durability"] == "relaxed"
        assert (tmp_path / "d" / "journal").is_dir() and (tmp_path / "s").is_socket()
    finally:
        process.terminate()
        assert process.wait(30) == 0
    config.write_text("colour = blue\n")
    run = run_weir("serve", "--config", str(config))
    assert run.returncode == 2 and "colour" in run.stderr
    config.write_text("limits = some\n")
    run = run_weir("serve", "--config", str(config))
    assert run.returncode == 2 and "limits" in run.stderr


def test_every_command_has_help_and_json(weir, tmp_path):
    """--json prints lines of JSON, or one document, whatever the command."""
    listed = run_weir("help").stdout.split("Usage:")[1].split("Start here:")[0]
    commands = re.findall(r"^  ([a-z]+) +[A-Z]", listed, re.M)
    assert len(commands) >= 15
    weir.client("sqs").create_queue(QueueName="json")
    more = {"hold": ["queue", "json"], "release": ["queue", "json"], "redrive": ["json"],
            "fsck": [str(tmp_path)], "coverage": ["sqs"]}
    order = [c for c in commands if c != "serve"]
    order.sort(key=lambda c: c == "release")  # what was held before
    for command in commands:
        shown = run_weir(command, "--help")
        assert shown.returncode == 0 and "--json" in shown.stdout, command
        assert "--help" in shown.stdout
    for command in order:
        server = ["--server", weir.address] if "--server" in run_weir(
            command, "--help").stdout else []
        run = run_weir(command, "--json", *server, *more.get(command, []))
        text = (run.stdout or run.stderr).strip()
        assert text or command in ("deliveries", "outbox", "stack"), command
        if run.returncode == 0 and text:
            assert is_json(text) or all(is_json(line) for line in text.splitlines()), command


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_it_is_installed_where_it_is_told(tmp_path):
    run = subprocess.run(["make", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=ROOT,
                         capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    installed = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    sdk = {path for path in installed if path.startswith(("usr/include/", "usr/lib/pkgconfig/")) or
           path.endswith(".a")}
    assert installed - sdk == {"usr/bin/weir", "usr/share/man/man1/weir.1",
                               "usr/lib/systemd/system/weir.service"}
    assert "usr/include/weir_lambda.h" in sdk
    shown = subprocess.run([str(tmp_path / "usr/bin/weir"), "version"], capture_output=True,
                           text=True, check=True)
    assert shown.stdout.startswith("weir ")
    unit = (tmp_path / "usr/lib/systemd/system/weir.service").read_text()
    assert "ExecStart=/usr/bin/weir serve" in unit  # where it was put
    if shutil.which("man"):
        page = subprocess.run(["man", "-l", str(tmp_path / "usr/share/man/man1/weir.1")],
                              capture_output=True, text=True, check=False)
        assert "event-driven AWS" in page.stdout


def test_the_makefile_stays_short():
    assert len((ROOT / "Makefile").read_text().splitlines()) < 200
