# SPDX-License-Identifier: Apache-2.0
"""Wait conditions: signals by PUT to the handle's address, as curl and cfn-signal send them."""
import json
import shutil
import subprocess

import pytest
from cloudformation_own_kit import Stacks, put, resource, stacks, template  # noqa: F401
from lambda_run_kit import until


def waiting(count=1, timeout=600):
    return template({
        "Handle": resource("AWS::CloudFormation::WaitConditionHandle"),
        "Wait": resource("AWS::CloudFormation::WaitCondition", {
            "Handle": {"Ref": "Handle"}, "Timeout": str(timeout), "Count": count}),
    }, Outputs={"Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}},
                "Address": {"Value": {"Ref": "Handle"}}})


def address(stacks, name):
    def look():
        return stacks.resource(name, "Handle").get("PhysicalResourceId")
    return until(look, "the handle")


def signal(unique, status="SUCCESS", data="", reason="done"):
    return {"Status": status, "UniqueId": unique, "Data": data, "Reason": reason}


@pytest.fixture
def begun(stacks, name):
    def begin(**more):
        stacks.create(name, waiting(**more), OnFailure="DO_NOTHING")
        until(lambda: [e for e in stacks.events(name) if e["LogicalResourceId"] == "Wait"],
              "the condition")
        return address(stacks, name)
    return begin


def test_it_is_made_when_enough_signals_came(stacks, begun, name):
    url = begun(count=2)
    assert put(url, signal("one", data="first")) == 200
    assert put(url, signal("one", data="once more")) == 200  # the same signal
    assert stacks.about(name)["StackStatus"] == "CREATE_IN_PROGRESS"
    assert put(url, signal("two", data="second"), "application/json") == 200
    stacks.settled(name, "CREATE_COMPLETE")
    assert json.loads(stacks.outputs(name)["Data"]) == {"one": "first", "two": "second"}
    assert stacks.outputs(name)["Address"] == url
    stacks.deleted(name)
    assert put(url, signal("late")) == 403


def test_a_failure_fails_it(stacks, begun, name):
    url = begun()
    assert put(url, signal("a1", "FAILURE", reason="no room")) == 200
    stacks.settled(name, "CREATE_FAILED")
    assert stacks.reason(name, "Wait", "CREATE_FAILED") == (
        "WaitCondition received failed message: 'no room' for uniqueId: a1")


def test_what_is_no_signal_is_refused(stacks, begun, name):
    url = begun()
    assert put(url, b"done") == 400
    assert put(url, {"Status": "SUCCESS"}) == 400
    assert stacks.about(name)["StackStatus"] == "CREATE_IN_PROGRESS"
    assert put(url, signal("x")) == 200
    stacks.settled(name, "CREATE_COMPLETE")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_curl_signals(stacks, begun, name):
    url = begun()
    done = subprocess.run(["curl", "-sS", "-f", "-X", "PUT", "-H", "Content-Type:", "--data-binary",
                           json.dumps(signal("curl")), url], timeout=30, check=False)
    assert done.returncode == 0
    stacks.settled(name, "CREATE_COMPLETE")


def test_one_without_a_handle_waits_for_its_policys_signals(stacks, name):
    stacks.create(name, template({"Wait": resource(
        "AWS::CloudFormation::WaitCondition",
        CreationPolicy={"ResourceSignal": {"Count": 1, "Timeout": "PT10M"}})}))
    until(lambda: [e for e in stacks.events(name) if e["LogicalResourceId"] == "Wait"])
    assert stacks.about(name)["StackStatus"] == "CREATE_IN_PROGRESS"
    stacks.client.signal_resource(StackName=name, LogicalResourceId="Wait", UniqueId="1",
                                  Status="SUCCESS")
    stacks.settled(name, "CREATE_COMPLETE")


def test_time_runs_out(clocked, name):
    stacks = Stacks(clocked)
    stacks.create(name, waiting(count=3, timeout=300), OnFailure="DO_NOTHING")
    url = address(stacks, name)
    assert put(url, signal("one")) == 200
    clocked.advance("299s")
    assert stacks.about(name)["StackStatus"] == "CREATE_IN_PROGRESS"
    clocked.advance("3s")
    stacks.settled(name, "CREATE_FAILED")
    assert stacks.reason(name, "Wait", "CREATE_FAILED") == (
        "WaitCondition timed out. Received 1 conditions when expecting 3")
