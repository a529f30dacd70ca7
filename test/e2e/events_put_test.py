# SPDX-License-Identifier: Apache-2.0
"""PutEvents: the event as targets get it, inputs and transformers, every sink, what is refused,
dead letters, holds and traces."""
import datetime
import json
import uuid

import pytest
from events_kit import Kit, bus_arn, kit, refused, until  # noqa: F401
from weir_server import ACCOUNT, REGION, run_weir


def test_the_event(kit, name):
    into = kit.flow(name)
    when = datetime.datetime(2026, 11, 23, 8, 55, 1, 500000, datetime.timezone.utc)
    event_id = kit.put(name, '{ "b" : 1.0, "a": [ "x y", null ] }', "t", Time=when,
                       Resources=["r1", "r2"])
    assert uuid.UUID(event_id)
    assert kit.bodies(into) == [
        '{"version":"0","id":"%s","detail-type":"t","source":"%s","account":"%s",'
        '"time":"2026-11-23T08:55:01Z","region":"%s","resources":["r1","r2"],'
        '"detail":{"b":1.0,"a":["x y",null]}}' % (event_id, name, ACCOUNT, REGION)]


def test_entries_are_judged_one_by_one(kit, name):
    into = kit.flow(name)
    good = {"Source": name, "DetailType": "t", "Detail": "{}"}
    done = kit.events.put_events(Entries=[
        good, {**good, "Source": ""}, {"Source": name, "Detail": "{}"},
        {"Source": name, "DetailType": "t"}, {**good, "Detail": "[]"}, {**good, "Detail": "{"},
        {**good, "Source": "aws.mine"}, good])
    assert done["FailedEntryCount"] == 6
    assert [e.get("ErrorCode") for e in done["Entries"]] == [
        None, "InvalidArgument", "InvalidArgument", "InvalidArgument", "MalformedDetail",
        "MalformedDetail", "NotAuthorizedForSourceException", None]
    assert [e.get("ErrorMessage") for e in done["Entries"]][1:7] == [
        "Parameter Source is not valid. Reason: Source is a required argument.",
        "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        "Parameter Detail is not valid. Reason: Detail is a required argument.",
        "Detail is malformed.", "Detail is malformed.", "Not authorized for the source."]
    assert len(kit.came(into)) == 2


def test_limits(kit):
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    assert "less than or equal to 10" in refused(
        "ValidationException", kit.events.put_events, Entries=[entry] * 11)
    assert refused("ValidationException", kit.events.put_events, Entries=[
        {**entry, "Detail": json.dumps({"a": "x" * (256 * 1024)})}]) == (
        "Total size of the entries in the request is over the limit.")


def test_a_bus_that_is_not_there_swallows(kit):
    assert kit.put("s", bus="none")


def test_disabled_rules_and_changed_patterns(kit, name):
    into = kit.flow(name)
    kit.events.disable_rule(Name=name)
    kit.put(name)
    assert kit.came(into) == []
    kit.rule(name, {"source": [name + "-2"]})
    kit.put(name)
    kit.put(name + "-2")
    assert [e["source"] for e in kit.came(into)] == [name + "-2"]


def test_a_trace_header_goes_along(kit, name):
    into = kit.flow(name)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    kit.put(name, TraceHeader=trace)
    [message] = kit.take(into)
    assert message["Attributes"]["AWSTraceHeader"] == trace


# ---- inputs ----

DETAIL = {"s": 'say "hi"', "n": 1.50, "o": {"k": "v", "l": [1]}, "l": ["a", {"b": "c"}], "e": ""}


@pytest.mark.parametrize("target, body", [
    ({"Input": '{"fixed": true}'}, '{"fixed": true}'),
    ({"InputPath": "$.detail.o"}, '{"k":"v","l":[1]}'),
    ({"InputPath": "$.detail.l[1].b"}, '"c"'),
    ({"InputPath": "$.detail.none"}, "null"),
    ({"InputPath": "$.detail-type"}, '"happened"'),
    ({"InputTransformer": {"InputTemplate": '"<s> and <n>, <o>, <none>"'}},
     '"say "hi" and 1.5, {k:v,l:[1]}, "'),
    ({"InputTransformer": {"InputTemplate": '{ "s": <s>, "o": <o>, "t": "<n> of <e>",\n'
                                            '  "none": <none> }'}},
     '{"s":"say \\"hi\\"","o":{"k":"v","l":[1]},"t":"1.5 of ","none":""}'),
    ({"InputTransformer": {"InputTemplate": '"one <n>"\n"two"'}}, '"one 1.5"\n"two"'),
    ({"InputTransformer": {"InputTemplate": '{"all": <all>}'}}, '{"all":["v",["a",{"b":"c"}]]}'),
])
def test_inputs(kit, name, target, body):
    if "InputTransformer" in target:
        target["InputTransformer"]["InputPathsMap"] = {
            "s": "$.detail.s", "n": "$.detail.n", "o": "$.detail.o", "none": "$.detail.none",
            "e": "$.detail.e", "all": "$.detail.picked[*]"}
    into = kit.flow(name, **target)
    kit.put(name, {**DETAIL, "picked": ["v", ["a", {"b": "c"}]]})
    assert kit.bodies(into) == [body]


def test_reserved_variables(kit, name):
    into = kit.flow(name, InputTransformer={"InputTemplate": json.dumps(
        {"arn": "@<aws.events.rule-arn>", "name": "<aws.events.rule-name>"}).replace(
        '"@<aws.events.rule-arn>"', "<aws.events.rule-arn>")[:-1] +
        ', "at": <aws.events.event.ingestion-time>, "head": <aws.events.event>, '
        '"all": <aws.events.event.json>}'})
    event_id = kit.put(name, {"x": [1]})
    [got] = kit.came(into)
    assert got["arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}" and got["name"] == name
    assert datetime.datetime.strptime(got["at"], "%Y-%m-%dT%H:%M:%SZ")
    assert got["head"]["id"] == event_id and got["head"]["detailType"] == "happened"
    assert "detail" not in got["head"] and got["all"]["detail"] == {"x": [1]}
    assert got["all"]["detail-type"] == "happened"


# ---- sinks ----

def test_fifo_queue(kit, name):
    into = kit.queue(name + ".fifo", ContentBasedDeduplication="true")
    kit.rule(name, {"source": [name]})
    kit.target(name, into, SqsParameters={"MessageGroupId": "g"})
    kit.put(name)
    [message] = kit.take(into)
    assert message["Attributes"]["MessageGroupId"] == "g"


def test_topic_stream_and_logs(kit, weir, name):
    sns, kinesis, logs = (weir.client(s) for s in ("sns", "kinesis", "logs"))
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    topic = sns.create_topic(Name=name)["TopicArn"]
    into = kit.queue(name)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=into,
                  Attributes={"RawMessageDelivery": "true"})
    kinesis.create_stream(StreamName=name, ShardCount=1)
    logs.create_log_group(logGroupName=f"/aws/events/{name}")
    kit.rule(name, {"source": [name]})
    kit.target(name, topic, id="topic")
    kit.target(name, f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}", id="stream",
               RoleArn=role, KinesisParameters={"PartitionKeyPath": "$.detail.key"})
    kit.target(name, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/{name}", id="logs")
    kit.put(name, {"key": "k"})
    assert kit.came(into)[0]["detail"] == {"key": "k"}
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    [record] = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert record["PartitionKey"] == "k"
    assert json.loads(record["Data"])["source"] == name
    [event] = logs.filter_log_events(logGroupName=f"/aws/events/{name}")["events"]
    assert json.loads(event["message"])["detail"] == {"key": "k"}


def test_delivery_stream(kit, weir, name):
    firehose, s3 = weir.client("firehose"), weir.client("s3")
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    s3.create_bucket(Bucket=name)
    stream = firehose.create_delivery_stream(
        DeliveryStreamName=name, S3DestinationConfiguration={
            "RoleARN": role, "BucketARN": f"arn:aws:s3:::{name}",
            "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1}})["DeliveryStreamARN"]
    kit.rule(name, {"source": [name]})
    kit.target(name, stream, RoleArn=role, InputPath="$.detail")
    kit.put(name, {"n": 1})
    [found] = until(lambda: s3.list_objects_v2(Bucket=name).get("Contents"), "an object")
    assert json.loads(s3.get_object(Bucket=name, Key=found["Key"])["Body"].read()) == {"n": 1}


# ---- what fails ----

def attributes_of(message):
    return {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}


def test_dead_letters(kit, name):
    dead, into = kit.queue(name + "-dead"), kit.queue(name)
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-gone"
    kit.rule(name, {"source": [name]})
    kit.target(name, gone, DeadLetterConfig={"Arn": dead}, Input='{"other": 1}')
    kit.put(name, {"x": 1})
    [message] = kit.take(dead)
    assert json.loads(message["Body"])["detail"] == {"x": 1}
    attributes = attributes_of(message)
    assert attributes["RULE_ARN"].endswith(f":rule/{name}") and attributes["TARGET_ARN"] == gone
    assert attributes["ERROR_CODE"] == "NO_RESOURCE" and attributes["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes and attributes["ERROR_MESSAGE"]

    kit.sqs.set_queue_attributes(
        QueueUrl=kit.sqs.get_queue_url(QueueName=name)["QueueUrl"],
        Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
             "Action": "sqs:SendMessage", "Resource": into, "Condition": {"ArnEquals": {
                 "aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/another"}}}]})})
    kit.target(name, into, DeadLetterConfig={"Arn": dead})
    kit.put(name)
    assert attributes_of(kit.take(dead)[0])["ERROR_CODE"] == "NO_PERMISSIONS"
    kit.rule("another", {"source": [name]})
    kit.target("another", into)
    kit.put(name)
    assert len(kit.came(into)) == 1

    kit.target(name, into, DeadLetterConfig={"Arn": dead}, InputTransformer={
        "InputPathsMap": {"s": "$.detail.s"}, "InputTemplate": '{"s": "<s>"}'})
    kit.take(dead)
    kit.put(name, {"s": 'a "quote"'})
    assert attributes_of(kit.take(dead)[0])["ERROR_CODE"] == "INVALID_JSON"


def test_many_rules(kit, name):
    """More than one entry takes: nothing is lost, nothing comes twice."""
    kit.events.create_event_bus(Name=name)
    into = kit.queue(name)
    for i in range(60):
        kit.rule(f"r{i:02}", {"source": [name] if i % 2 else [{"prefix": name}]}, name)
        kit.target(f"r{i:02}", into, name, InputTransformer={
            "InputPathsMap": {"x": "$.detail.x"},
            "InputTemplate": '{"r": <aws.events.rule-name>, "x": <x>}'})
    kit.put(name, {"x": "y" * 200000}, bus=name)
    came = []
    while len(came) < 60:
        came += [json.loads(m["Body"])["r"] for m in kit.take(into)]
    assert sorted(came) == [f"r{i:02}" for i in range(60)]
    assert kit.take(into) == []


def test_many_entries_for_many_rules(kit, name):
    """Ten entries of one call, each to forty rules: more than one entry of the journal takes."""
    kit.events.create_event_bus(Name=name)
    into = kit.queue(name)
    for i in range(40):
        kit.rule(f"r{i:02}", {"source": [name]}, name)
        kit.target(f"r{i:02}", into, name)
    done = kit.events.put_events(Entries=[
        {"Source": name, "DetailType": "t", "EventBusName": name,
         "Detail": json.dumps({"i": i, "x": "y" * 25000})} for i in range(10)])
    assert done["FailedEntryCount"] == 0
    came = []
    while len(came) < 400:
        came += [event["detail"]["i"] for event in kit.came(into)]
    assert sorted(came) == sorted(list(range(10)) * 40)


def test_held_rules(kit, weir, name):
    into = kit.flow(name)
    held = run_weir("hold", "rule", name, "--server", weir.address, env=weir.environment())
    assert held.returncode == 0, held.stderr
    for i in range(3):
        kit.put(name, {"i": i})
    assert kit.came(into) == []
    done = run_weir("release", "rule", name, "--server", weir.address, env=weir.environment())
    assert done.returncode == 0, done.stderr
    came = []
    while len(came) < 3:
        came += kit.came(into)
    assert [event["detail"]["i"] for event in came] == [0, 1, 2]


def test_traces(kit, weir, name):
    kit.events.create_event_bus(Name=name)
    kit.flow(name, bus=name)
    kit.rule(name + "-other", {"source": [name], "detail": {"no": ["x"]}}, name)
    event_id = kit.put(name, bus=name)
    shown = run_weir("trace", event_id, "--server", weir.address, env=weir.environment())
    assert shown.returncode == 0, shown.stderr
    assert "no match" in shown.stdout and f"rule/{name}/{name}" in shown.stdout
