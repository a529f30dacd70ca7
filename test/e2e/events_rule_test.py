# SPDX-License-Identifier: Apache-2.0
"""Rules and targets: what may be put, what is told, what is refused; patterns."""
import json

import pytest
from events_kit import Kit, bus_arn, kit, refused  # noqa: F401
from weir_server import ACCOUNT, REGION

EVENT = {"id": "1", "account": ACCOUNT, "source": "s", "time": "2026-11-23T08:00:00Z",
         "region": REGION, "resources": [], "detail-type": "t"}


def rule_arn(name, bus=None):
    return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{bus + '/' if bus else ''}{name}"


def test_life(kit, name):
    pattern = json.dumps({"source": ["a"]})
    assert kit.events.put_rule(Name=name, EventPattern=pattern, Description="d",
                               RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
                               Tags=[{"Key": "k", "Value": "v"}])["RuleArn"] == rule_arn(name)
    shown = kit.events.describe_rule(Name=name)
    del shown["ResponseMetadata"]
    assert shown == {"Name": name, "Arn": rule_arn(name), "EventPattern": pattern,
                     "State": "ENABLED", "Description": "d", "EventBusName": "default",
                     "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "CreatedBy": ACCOUNT}
    kit.events.disable_rule(Name=name)
    assert kit.events.describe_rule(Name=name)["State"] == "DISABLED"
    kit.events.enable_rule(Name=name)
    kit.events.put_rule(Name=name, ScheduleExpression="rate(1 day)",
                        State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    shown = kit.events.describe_rule(Name=name)
    assert shown["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert "EventPattern" not in shown and "Description" not in shown
    assert kit.events.list_tags_for_resource(ResourceARN=rule_arn(name))["Tags"] == [
        {"Key": "k", "Value": "v"}]
    kit.events.delete_rule(Name=name)
    kit.events.delete_rule(Name=name)
    assert refused("ResourceNotFoundException", kit.events.describe_rule, Name=name) == (
        f"Rule {name} does not exist on EventBus default.")
    for call in (kit.events.enable_rule, kit.events.disable_rule):
        refused("ResourceNotFoundException", call, Name=name)


def test_of_another_bus(kit, name):
    kit.events.create_event_bus(Name=name)
    assert kit.rule("r", {"source": ["a"]}, bus_arn(name)) == rule_arn("r", name)
    assert kit.events.describe_rule(Name="r", EventBusName=name)["EventBusName"] == name
    [rule] = kit.events.list_rules(EventBusName=name)["Rules"]
    assert rule["Arn"] == rule_arn("r", name) and "CreatedBy" not in rule
    assert refused("ResourceNotFoundException", kit.rule, "r", {"source": ["a"]}, "none") == (
        "Event bus none does not exist.")


def test_refused_rules(kit, name):
    put = kit.events.put_rule
    assert refused("ValidationException", put, Name=name) == (
        "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    for expression in ("rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(1 week)",
                       "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(0 10 * * ?)",
                       "cron(60 10 * * ? *)", "cron(0 10 ? * 3#1,6#3 *)", "at(2026-01-01)",
                       "cron(0 10 * * ? 1969)", "rate(1 minute) "):
        assert refused("ValidationException", put, Name=name, ScheduleExpression=expression) == (
            "Parameter ScheduleExpression is not valid.")
    kit.events.create_event_bus(Name=name)
    assert refused("ValidationException", put, Name=name, EventBusName=name,
                   ScheduleExpression="rate(1 minute)") == (
        "ScheduleExpression is supported only on the default event bus.")
    refused("ValidationException", put, Name="a b", EventPattern="{}")


@pytest.mark.parametrize("pattern, reason", [
    ('{"source": "a"}', '"source" must be an object or an array'),
    ('{"source": []}', "Empty arrays are not allowed"),
    ('{"source": [{"EXISTS": true}]}', "Unrecognized match type EXISTS"),
    ('{"detail": {"n": [{"numeric": [">", 0, ">", 0]}]}}', "Bad numeric range operator: >"),
    ("[]", "Filter is not an object"),
    ("{}", "Empty objects are not allowed"),
])
def test_refused_patterns(kit, name, pattern, reason):
    for call, more in ((kit.events.put_rule, {"Name": name}),
                       (kit.events.test_event_pattern, {"Event": json.dumps(EVENT)})):
        message = refused("InvalidEventPatternException", call, EventPattern=pattern, **more)
        assert message.startswith("Event pattern is not valid. Reason: " + reason)


@pytest.mark.parametrize("pattern, event, matches", [
    ({"source": ["s"]}, {}, True),
    ({"source": [{"prefix": "x"}]}, {}, False),
    ({"detail": {"n": [{"numeric": [">", 1, "<=", 3]}]}}, {"detail": {"n": 3}}, True),
    ({"detail": {"n": [{"anything-but": [1, 2]}]}}, {"detail": {"n": 2}}, False),
    ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, {"detail": {"ip": "10.0.0.7"}}, True),
    ({"$or": [{"source": ["x"]}, {"detail-type": ["t"]}]}, {}, True),
    ({"resources": ["a"]}, {"resources": ["b", "a"]}, True),
    ({"detail": {"a": [{"exists": False}]}}, {"detail": {}}, True),
    ({"detail": {"a": [{"wildcard": "a*c"}]}}, {"detail": {"a": "abc"}}, True),
    ({"detail": {"a": [{"anything-but": {"wildcard": "a*c"}}]}}, {"detail": {"a": "abc"}}, False),
])
def test_patterns(kit, pattern, event, matches):
    assert kit.events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(
        {**EVENT, **event}))["Result"] is matches


def test_an_event_to_test_is_whole(kit):
    test = kit.events.test_event_pattern
    refused("ValidationException", test, EventPattern='{"source": ["s"]}', Event="no")
    refused("ValidationException", test, EventPattern='{"source": ["s"]}', Event='{"source":"s"}')


def test_pages_of_rules(kit, name):
    kit.events.create_event_bus(Name=name)
    for i in range(5):
        kit.rule(f"r{i}", {"source": ["a"]}, name)
        kit.target(f"r{i}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{'x' if i % 2 else 'y'}", name)
    kit.rule("other", {"source": ["a"]}, name)

    def all_of(call, member, **more):
        found, token = [], {}
        while True:
            page = call(EventBusName=name, Limit=2, **more, **token)
            found += page[member]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}

    assert [r["Name"] for r in all_of(kit.events.list_rules, "Rules", NamePrefix="r")] == [
        "r0", "r1", "r2", "r3", "r4"]
    assert all_of(kit.events.list_rule_names_by_target, "RuleNames",
                  TargetArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:y") == ["r0", "r2", "r4"]
    refused("ValidationException", kit.events.list_rules, EventBusName=name, NextToken="?")


# ---- targets ----

def test_targets(kit, name):
    into = kit.queue(name)
    kit.rule(name, {"source": ["a"]})
    whole = {"Id": "b", "Arn": into, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
             "InputTransformer": {"InputPathsMap": {"x": "$.detail.x"}, "InputTemplate": '"<x>"'},
             "DeadLetterConfig": {"Arn": into},
             "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60}}
    put = kit.events.put_targets
    put(Rule=name, Targets=[whole, {"Id": "a", "Arn": into, "InputPath": "$.detail"}])
    assert kit.events.list_targets_by_rule(Rule=name)["Targets"] == [
        {"Id": "a", "Arn": into, "InputPath": "$.detail"}, whole]
    put(Rule=name, Targets=[{"Id": "a", "Arn": into, "Input": '{"c": 1}'}])
    assert kit.events.list_targets_by_rule(Rule=name)["Targets"][0] == {
        "Id": "a", "Arn": into, "Input": '{"c": 1}'}
    assert refused("LimitExceededException", put, Rule=name, Targets=[
        {"Id": str(i), "Arn": into} for i in range(4)]) == (
        "The requested resource exceeds the maximum number allowed.")
    put(Rule=name, Targets=[{"Id": str(i), "Arn": into} for i in range(3)])
    assert refused("ValidationException", kit.events.delete_rule, Name=name) == (
        "Rule can't be deleted since it has targets.")
    done = kit.events.remove_targets(Rule=name, Ids=["a", "b", "0", "1", "2", "none"])
    assert done["FailedEntryCount"] == 1 and done["FailedEntries"][0]["TargetId"] == "none"
    kit.events.delete_rule(Name=name)
    assert refused("ResourceNotFoundException", put, Rule=name, Targets=[whole]) == (
        f"Rule {name} does not exist on EventBus default.")


@pytest.mark.parametrize("target, message", [
    ({"Arn": "nonsense"},
     "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format."),
    ({"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"},
     f"RoleArn is required for target arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s."),
    ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q.fifo"},
     "Parameter(s) SqsParameters must be specified for target: x."),
    ({"InputTransformer": {"InputTemplate": '"<y>"', "InputPathsMap": {"x": "$.a"}}},
     "InputTemplate for target x contains invalid placeholder y."),
    ({"InputTransformer": {"InputTemplate": "no quotes"}}, "Invalid InputTemplate for target x : "),
    ({"InputTransformer": {"InputTemplate": '{"a": }'}}, "Invalid InputTemplate for target x : "),
    ({"Input": "{'a': 1}"}, "JSON syntax error in input for target x: [Source: (String)\"{'a'"),
    ({"InputPath": "detail"}, "Invalid InputPath for target x."),
    ({"InputPath": "$.detail", "Input": "{}"}, "Only one of Input, InputPath, or InputTransf"),
    ({"DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:d.fifo"}},
     "Parameter DeadLetterConfig.Arn is not valid."),
    ({"RetryPolicy": {"MaximumRetryAttempts": 186}}, "1 validation error detected"),
])
def test_refused_targets(kit, name, target, message):
    kit.rule(name, {"source": ["a"]})
    assert refused("ValidationException", kit.events.put_targets, Rule=name, Targets=[
        {"Id": "x", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", **target}]).startswith(message)
    assert kit.events.list_targets_by_rule(Rule=name)["Targets"] == []


def test_rules_live_through_a_restart(fresh):
    weir = fresh()
    kit = Kit(weir)
    into = kit.flow("live", InputTransformer={"InputPathsMap": {"n": "$.detail.n"},
                                              "InputTemplate": '{"n": <n>}'})
    weir.restart(hard=True)
    kit = Kit(weir)
    kit.put("live", {"n": 7})
    assert kit.came(into) == [{"n": 7}]
    assert kit.events.list_targets_by_rule(Rule="live")["Targets"][0]["Arn"] == into
