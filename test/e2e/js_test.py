# SPDX-License-Identifier: Apache-2.0
"""The AWS SDK for JavaScript v3, unmodified, which speaks HTTP/2 with Kinesis; and S3, SQS, SNS and
DynamoDB with its streams.

Its pinned packages are installed once, below the build directory, from js/package-lock.json.
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from weir_server import ACCOUNT, ROOT

SOURCE = Path(__file__).resolve().parent / "js"
HOME = Path(os.environ.get("WEIR_BUILD", ROOT / "build")) / "js"
NODE_MAJOR_MIN = 18


def node_major():
    shown = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(shown.stdout.lstrip("v").split(".")[0])


@pytest.fixture(scope="module")
def home():
    """A directory with the SDK and the script; skips when it cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    if node_major() < NODE_MAJOR_MIN:
        pytest.skip(f"the SDK needs node {NODE_MAJOR_MIN}, this is {node_major()}")
    lock = (SOURCE / "package-lock.json").read_text()
    done = HOME / ".done"
    if not done.exists() or done.read_text() != lock:
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, HOME)
        npm = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                             cwd=HOME, capture_output=True, text=True, timeout=300, check=False)
        if npm.returncode != 0:
            pytest.skip(f"npm ci could not install the SDK: {npm.stderr.strip()[-300:]}")
        done.write_text(lock)
    for script in SOURCE.glob("*.mjs"):
        shutil.copy(script, HOME)
    return HOME


def test_lock_file_says_nothing_about_where_packages_came_from():
    assert '"resolved"' not in (SOURCE / "package-lock.json").read_text()


def test_put_get_and_subscribe_over_http2(fresh, home):
    weir = fresh()
    run = subprocess.run(["node", "kinesis.mjs"], cwd=home, env=weir.environment(),
                         capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr + weir.log_tail()
    seen = json.loads(run.stdout)
    assert seen["handler"] == "NodeHttp2Handler"  # else this test would prove nothing
    assert seen["tags"] == [{"Key": "language", "Value": "js"}]
    assert seen["shard"] == "shardId-000000000000"
    assert seen["failed"] == 0
    assert seen["got"] == ["one"] + [str(i) for i in range(500)]
    assert seen["arrival"] is True and seen["number"] is True
    assert seen["many"] == 200
    assert seen["pushed"][:501] == seen["got"]
    assert sorted(seen["pushed"][501:701]) == sorted(f"m{i}" for i in range(200))
    assert seen["pushed"][701:] == ["while listening"]
    assert seen["children"] == ["shardId-000000000001", "shardId-000000000002"]
    assert seen["shards"] == 3
    assert seen["errors"]["unknown"] == {
        "name": "ResourceNotFoundException", "status": 400,
        "message": f"Stream nowhere under account {ACCOUNT} not found."}
    assert seen["errors"]["invalid"]["name"] == "ValidationException"
    assert "2 validation errors detected" in seen["errors"]["invalid"]["message"]
    assert weir.alive()


def test_objects_queues_and_topics(fresh, home):
    weir = fresh()
    run = subprocess.run(["node", "events.mjs"], cwd=home, env=weir.environment(),
                         capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr + weir.log_tail()
    seen = json.loads(run.stdout)
    assert seen["etag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert seen["notified"] == {"type": "Notification", "event": "ObjectCreated:Put", "size": 5,
                                "key": "a folder/größe & more+.txt"}
    assert seen["got"] == {"text": "hello", "metadata": {"a": "b"}}
    assert seen["large"] is True and seen["parts"] == '3"'
    assert seen["keys"] == ["a folder/größe & more+.txt", "large"]
    assert seen["sent"] == 10
    assert seen["received"] == sorted([f"m{i}" for i in range(10)] + ["größe"])
    assert seen["attribute"] == "scan"
    assert seen["published"] == 3 and seen["fanned"] == ["p1", "p2", "p3"]
    assert seen["errors"]["noBucket"] == {"name": "NoSuchBucket", "status": 404}
    assert seen["errors"]["noKey"] == {"name": "NoSuchKey", "status": 404}
    assert seen["errors"]["noQueue"] == {"name": "QueueDoesNotExist", "status": 400}
    assert seen["errors"]["noTopic"]["name"] in ("NotFoundException", "NotFound")


def test_documents_and_their_stream(fresh, home):
    weir = fresh()
    run = subprocess.run(["node", "dynamodb.mjs"], cwd=home, env=weir.environment(),
                         capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr + weir.log_tail()
    seen = json.loads(run.stdout)
    assert seen["enabling"] == "ENABLING"
    assert seen["item"] == {"card": "größe", "at": 1, "gone": None, "visits": 1, "tags": ["a", "b"],
                            "list": [1, 2, {"three": True}], "bytes": "hello"}
    assert seen["queried"] == [2, 1]
    assert seen["errors"]["condition"]["name"] == "ConditionalCheckFailedException"
    assert seen["listed"] == [True] and seen["status"] == "ENABLED"
    assert seen["names"] == ["INSERT", "MODIFY", "INSERT", "REMOVE"]
    assert seen["visits"] == {"N": "1"} and seen["before"] == {"S": "two"}
    assert seen["created"] is True and seen["more"] == 0
    assert seen["errors"]["iterator"] == {"name": "ValidationException", "status": 400,
                                          "message": "Invalid ShardIterator"}
    assert seen["errors"]["stream"]["name"] == "ResourceNotFoundException"
    assert seen["streamed"] == seen["names"]
    assert seen["batch"] == ["none", "DuplicateItem"]
    assert seen["selected"] == [{"at": 1, "list[1]": {"two": True}}, {"at": 2}, {"at": 3}]
    assert seen["errors"]["statement"] == {
        "name": "ValidationException", "status": 400,
        "message": "Statement wasn't well formed, can't be processed: Expected data manipulation"}
    assert seen["errors"]["transaction"]["name"] == "TransactionCanceledException"
