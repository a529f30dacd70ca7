# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI's events commands, as the documentation has them."""
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from events_kit import bus_arn, kit  # noqa: F401
from weir_server import ACCOUNT, REGION

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def aws(weir):
    if not AWS.exists() and shutil.which("aws") is None:
        pytest.skip("no AWS CLI")

    def run(*words):
        done = subprocess.run([str(AWS) if AWS.exists() else "aws", "--endpoint-url", weir.url,
                               "events", *words], env=weir.environment(), text=True,
                              capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None
    return run


def test_a_bus_a_rule_and_an_event(kit, aws, name):
    into = kit.queue(name)
    assert aws("create-event-bus", "--name", name)["EventBusArn"] == bus_arn(name)
    rule = aws("put-rule", "--name", name, "--event-bus-name", name,
               "--event-pattern", json.dumps({"source": ["cli"]}))
    assert rule["RuleArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}/{name}"
    aws("put-targets", "--rule", name, "--event-bus-name", name, "--targets", json.dumps([
        {"Id": "1", "Arn": into, "InputTransformer": {
            "InputPathsMap": {"door": "$.detail.door"},
            "InputTemplate": '"opened: <door>"'}}]))
    put = aws("put-events", "--entries", json.dumps([
        {"Source": "cli", "DetailType": "opened", "Detail": '{"door": "north"}',
         "EventBusName": name, "Time": "2026-11-23T08:00:00Z"}]))
    assert put["FailedEntryCount"] == 0
    assert kit.bodies(into) == ['"opened: north"']
    assert aws("test-event-pattern", "--event-pattern", '{"source": ["a"]}', "--event", json.dumps(
        {"id": "1", "source": "a", "account": ACCOUNT, "time": "2026-11-23T08:00:00Z",
         "region": REGION, "resources": [], "detail-type": "t"}))["Result"] is True
    assert [r["Name"] for r in aws("list-rules", "--event-bus-name", name)["Rules"]] == [name]
    aws("remove-targets", "--rule", name, "--event-bus-name", name, "--ids", "1")
    aws("delete-rule", "--name", name, "--event-bus-name", name)
    aws("delete-event-bus", "--name", name)
