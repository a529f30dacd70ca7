# SPDX-License-Identifier: Apache-2.0
"""--auth=on: who may do what with event buses and rules, by name, by tag, by a bus's own policy;
roles that are passed and what they may; targets' policies."""
import itertools
import json

import pytest
from auth_test import SignedServer
from events_kit import bus_arn
from iam_kit import allow, client_of, document, trust
from weir_server import REGION

ACCOUNT = "000000000000"
BUS = bus_arn("{}", account=ACCOUNT)
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def weir():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def root(weir):
    key, secret = weir.key
    return {"AccessKeyId": key, "SecretAccessKey": secret}


@pytest.fixture(scope="module")
def events(weir, root):
    return client_of(weir, "events", root)


@pytest.fixture
def user(weir, root):
    """user(statement, …): a client of a new user who may that and nothing else; and its ARN."""
    iam = client_of(weir, "iam", root)

    def make(*statements):
        name = f"events-user-{next(numbers)}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return client_of(weir, "events", key), arn
    return make


def may(call, **more):
    try:
        call(**more)
        return True
    except Exception as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False


def entry(bus):
    return [{"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": bus}]


def test_who_may_put(events, user, name):
    for bus in (f"{name}-a", f"{name}-b"):
        events.create_event_bus(Name=bus)
    putter, arn = user(allow("events:PutEvents", BUS.format(f"{name}-a")))
    assert may(putter.put_events, Entries=entry(f"{name}-a"))
    assert not may(putter.put_events, Entries=entry(f"{name}-b"))
    assert not may(putter.put_events, Entries=entry(f"{name}-a") + entry(f"{name}-b"))
    events.put_permission(EventBusName=f"{name}-b", Policy=document(
        allow("events:PutEvents", BUS.format(f"{name}-b"), Sid="s", Principal={"AWS": arn})))
    assert may(putter.put_events, Entries=entry(f"{name}-b"))


def test_rules_by_name_and_tag(events, user, name):
    pattern = json.dumps({"source": ["s"]})
    maker, _ = user(allow("events:PutRule", f"{RULE}{name}-*"))
    assert may(maker.put_rule, Name=f"{name}-a", EventPattern=pattern)
    assert not may(maker.put_rule, Name=f"x-{name}", EventPattern=pattern)
    assert not may(maker.put_rule, Name=f"{name}-b", EventPattern=pattern,
                   RoleArn=f"arn:aws:iam::{ACCOUNT}:role/any")  # no PassRole
    events.tag_resource(ResourceARN=f"{RULE}{name}-a", Tags=[{"Key": "open", "Value": "yes"}])
    reader, _ = user(allow("events:DescribeRule", "*", Condition={
        "StringEquals": {"aws:ResourceTag/open": "yes"}}))
    events.put_rule(Name=f"{name}-shut", EventPattern=pattern)
    assert may(reader.describe_rule, Name=f"{name}-a")
    assert not may(reader.describe_rule, Name=f"{name}-shut")
    assert not may(reader.list_rules)


def test_targets_need_their_policy_or_role(events, weir, root, name):
    sqs, kinesis, iam = (client_of(weir, s, root) for s in ("sqs", "kinesis", "iam"))
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(
        {"Service": "events.amazonaws.com"}))["Role"]["Arn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[
        {"Id": "q", "Arn": queue}, {"Id": "s", "Arn": stream, "RoleArn": role}])

    def put():
        events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        return (len(sqs.receive_message(QueueUrl=url).get("Messages", [])),
                len(kinesis.get_records(ShardIterator=iterator)["Records"]))

    assert put() == (0, 0)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(
        allow("sqs:SendMessage", queue, Sid="s", Principal={"Service": "events.amazonaws.com"},
              Condition={"ArnEquals": {"aws:SourceArn": RULE + name}}))})
    assert put() == (1, 0)
    iam.put_role_policy(RoleName=name, PolicyName="p",
                        PolicyDocument=document(allow("kinesis:PutRecord", stream)))
    assert put() == (1, 1)
