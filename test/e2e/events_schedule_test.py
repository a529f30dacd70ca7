# SPDX-License-Identifier: Apache-2.0
"""Schedules on a clock that stands still: rate and cron, changes, restarts; functions as targets
and event buses as functions' destinations."""
import json

import pytest
from events_kit import Kit, bus_arn, refused, until  # noqa: F401
from lambda_run_kit import Kit as Functions
from weir_server import ACCOUNT, REGION

CLOCK = "2026-11-23T08:00:30Z"  # a Monday


@pytest.fixture
def stopped(fresh):
    weir = fresh(clock=CLOCK)
    return weir, Kit(weir)


def scheduled(kit, name, expression, **more):
    into = kit.queue(name)
    kit.events.put_rule(Name=name, ScheduleExpression=expression, **more)
    kit.target(name, into)
    return into


def times(kit, into, count):
    """The moments of so many ticks, and no more."""
    came = []
    until(lambda: len(came) >= count or came.extend(kit.came(into)) or len(came) >= count,
          f"{count} ticks")
    assert len(came) == count, came
    return sorted(event["time"][5:] for event in came)


def test_rate(stopped):
    weir, kit = stopped
    into = scheduled(kit, "r", "rate(5 minutes)")
    weir.advance("4m")
    assert kit.came(into) == []
    weir.advance("1m")
    [event] = until(lambda: kit.came(into))
    assert uuid_like(event.pop("id"))
    assert event == {
        "version": "0", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": ACCOUNT, "time": "2026-11-23T08:05:30Z", "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"], "detail": {}}
    weir.advance("16m")
    assert times(kit, into, 3) == ["11-23T08:10:30Z", "11-23T08:15:30Z", "11-23T08:20:30Z"]


def uuid_like(text):
    return len(text) == 36


def test_cron(stopped):
    weir, kit = stopped
    daily = scheduled(kit, "daily", "cron(0 10 * * ? *)")
    friday = scheduled(kit, "friday", "cron(15 10 ? * 6L 2026)")
    weir.advance("8d")
    assert times(kit, daily, 8) == [f"11-{d}T10:00:00Z" for d in range(23, 31)]
    assert times(kit, friday, 1) == ["11-27T10:15:00Z"]


def test_changes(stopped):
    weir, kit = stopped
    into = scheduled(kit, "r", "rate(1 hour)")
    kit.events.disable_rule(Name="r")
    weir.advance("3h")
    assert kit.came(into) == []
    kit.events.enable_rule(Name="r")
    weir.advance("1h")
    assert times(kit, into, 1) == ["11-23T12:00:30Z"]
    kit.events.put_rule(Name="r", ScheduleExpression="rate(1 hour)", Description="same")
    weir.advance("30m")
    kit.events.put_rule(Name="r", ScheduleExpression="rate(2 hours)")
    weir.advance("1h")
    assert kit.came(into) == []
    weir.advance("1h")
    assert times(kit, into, 1) == ["11-23T14:30:30Z"]
    kit.events.remove_targets(Rule="r", Ids=["t"])
    kit.events.delete_rule(Name="r")
    weir.advance("10h")
    assert kit.came(into) == []


def test_a_rule_with_both(stopped):
    weir, kit = stopped
    into = scheduled(kit, "both", "rate(1 minute)", EventPattern='{"source": ["mine"]}')
    kit.put("mine")
    weir.advance("1m")
    assert sorted(e["source"] for e in until(lambda: kit.came(into))) == ["aws.events", "mine"]


def test_ticks_missed_while_down_are_made_up_for(fresh):
    weir = fresh(clock=CLOCK)
    kit = Kit(weir)
    into = scheduled(kit, "r", "rate(1 hour)")
    weir.restart(hard=True, clock="2026-11-23T11:30:00Z")
    assert times(Kit(weir), into, 3) == ["11-23T09:00:30Z", "11-23T10:00:30Z", "11-23T11:00:30Z"]
    weir.advance("1h")
    assert times(Kit(weir), into, 1) == ["11-23T12:00:30Z"]


# ---- functions ----

def test_a_function_as_target_and_a_bus_as_its_destination(weir, name):
    kit, functions = Kit(weir), Functions(weir)
    functions.function(name, "def handler(event, context): return {'got': event['detail']}")
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    rule = kit.rule(name, {"source": [name]})
    dead = kit.queue(name + "-dead")
    kit.target(name, function, DeadLetterConfig={"Arn": dead})
    kit.put(name)
    [message] = kit.take(dead)  # no permission yet
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    functions.functions.add_permission(
        FunctionName=name, StatementId="events", Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn=rule)
    functions.functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": bus_arn()}})
    told = kit.queue(name + "-told")
    kit.rule(name + "-told", {"source": ["lambda"], "detail": {"requestPayload": {
        "source": [name]}}})
    kit.target(name + "-told", told)
    kit.put(name, {"n": 1})
    [event] = until(lambda: kit.came(told), "the function's result")
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["resources"] == [bus_arn(), function + ":$LATEST"]
    assert event["detail"]["responsePayload"] == {"got": {"n": 1}}
    assert event["detail"]["requestContext"]["condition"] == "Success"
    assert json.dumps(event["detail"]["requestPayload"]["detail"]) == '{"n": 1}'
