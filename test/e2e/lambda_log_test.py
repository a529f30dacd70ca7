# SPDX-License-Identifier: Apache-2.0
"""What functions say arrives in CloudWatch Logs; subscription filters may target functions."""
import base64
import gzip
import json
import time

import pytest
from lambda_run_kit import Kit, until
from weir_server import ACCOUNT, REGION

SAYS = """
def handler(event, context):
    print("said", event)
    print(b"\\xff\\xfe bytes")
    return "done"
"""


@pytest.fixture(scope="module")
def kit(weir):
    made = Kit(weir)
    made.logs = weir.client("logs")
    return made


def lines_of(kit, group, request_id, last="REPORT"):
    """All of the group's events once the invocation's last line is there."""

    def found():
        try:
            events = kit.logs.filter_log_events(logGroupName=group)["events"]
        except kit.logs.exceptions.ResourceNotFoundException:
            return None
        done = any(last in e["message"] and request_id in e["message"] for e in events)
        return events if done else None

    return until(found, "the log")


def test_start_output_end_and_report_are_in_the_functions_group(kit):
    kit.function("says", SAYS)
    request_id = kit.call("says", "x")["ResponseMetadata"]["RequestId"]
    events = lines_of(kit, "/aws/lambda/says", request_id)
    lines = [event["message"].rstrip("\n") for event in events]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1] == "said x"
    assert lines[-2] == f"END RequestId: {request_id}"
    assert lines[-1].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "[$LATEST]" in events[0]["logStreamName"]
    assert len({event["logStreamName"] for event in events}) == 1


def test_json_logs_are_events_of_the_platform(kit):
    kit.function("says-json", SAYS, LoggingConfig={"LogFormat": "JSON"})
    request_id = kit.call("says-json", "x")["ResponseMetadata"]["RequestId"]
    events = lines_of(kit, "/aws/lambda/says-json", request_id, last="platform.report")
    first = json.loads(events[0]["message"])
    assert first["type"] == "platform.start"
    assert first["record"] == {"requestId": request_id, "version": "$LATEST"}
    assert json.loads(events[-1]["message"])["type"] == "platform.report"


def test_a_group_of_ones_own_takes_the_log(kit):
    kit.function("says-elsewhere", SAYS, LoggingConfig={"LogGroup": "/own/group"})
    request_id = kit.call("says-elsewhere", "x")["ResponseMetadata"]["RequestId"]
    assert lines_of(kit, "/own/group", request_id)


def test_a_failure_is_in_the_log(kit):
    kit.function("says-no", "def handler(event, context):\n    raise ValueError('no good')\n")
    request_id = kit.call("says-no")["ResponseMetadata"]["RequestId"]
    events = lines_of(kit, "/aws/lambda/says-no", request_id)
    assert any("no good" in event["message"] for event in events)


def test_a_subscription_filter_invokes_a_function(kit):
    kit.logs.create_log_group(logGroupName="watched")
    kit.logs.create_log_stream(logGroupName="watched", logStreamName="one")
    kit.function("watcher", "def handler(event, context):\n    print(event['awslogs']['data'])\n")
    kit.functions.add_permission(FunctionName="watcher", StatementId="logs",
                                 Action="lambda:InvokeFunction", Principal="logs.amazonaws.com")
    kit.logs.put_subscription_filter(
        logGroupName="watched", filterName="all", filterPattern="",
        destinationArn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:watcher")
    kit.logs.put_log_events(logGroupName="watched", logStreamName="one", logEvents=[
        {"timestamp": round(time.time() * 1000), "message": "look here"}])

    def seen():
        try:
            events = kit.logs.filter_log_events(logGroupName="/aws/lambda/watcher")["events"]
        except kit.logs.exceptions.ResourceNotFoundException:
            return None
        for event in events:
            if event["message"].startswith("H4sI"):
                return json.loads(gzip.decompress(base64.b64decode(event["message"])))
        return None

    data = until(seen, "the event")
    assert data["logGroup"] == "watched"
    assert data["subscriptionFilters"] == ["all"]
    assert [event["message"] for event in data["logEvents"]] == ["look here"]
