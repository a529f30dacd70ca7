# SPDX-License-Identifier: Apache-2.0
"""Filter policies: by attributes and by body, all operators, what is refused, limits, changes."""
import json

import pytest
from sns_kit import Kit, kit, refused  # noqa: F401


def text(value):
    return {"DataType": "String", "StringValue": value}


def number(value):
    return {"DataType": "Number", "StringValue": str(value)}


def array(*values):
    return {"DataType": "String.Array", "StringValue": json.dumps(values)}


@pytest.mark.parametrize("policy, through, stopped", [
    ({"k": ["a", "b"]}, [{"k": text("a")}, {"k": text("b"), "x": text("y")}],
     [{}, {"k": text("A")}, {"x": text("a")}]),
    ({"k": [{"prefix": "au"}]}, [{"k": text("auto")}], [{"k": text("eau")}]),
    ({"k": [{"suffix": "to"}]}, [{"k": text("auto")}], [{"k": text("total")}]),
    ({"k": [{"equals-ignore-case": "Auto"}]}, [{"k": text("aUTO")}], [{"k": text("autos")}]),
    ({"k": [{"anything-but": ["a", "b"]}]}, [{"k": text("c")}], [{"k": text("a")}, {}]),
    ({"k": [{"anything-but": {"prefix": "a"}}]}, [{"k": text("b")}], [{"k": text("ab")}]),
    ({"k": [{"anything-but": {"suffix": "a"}}]}, [{"k": text("ab")}], [{"k": text("ba")}]),
    ({"k": [{"exists": True}]}, [{"k": number(1)}], [{"x": number(1)}]),
    ({"k": [{"exists": False}]}, [{"x": number(1)}, {}], [{"k": number(1)}]),
    ({"k": [{"numeric": ["=", 5]}]}, [{"k": number("5.0")}], [{"k": number(6)}, {"k": text("5")}]),
    ({"k": [{"numeric": [">", 0, "<=", 100]}]}, [{"k": number(100)}, {"k": number("0.1")}],
     [{"k": number(0)}, {"k": number("100.01")}]),
    ({"k": [3]}, [{"k": number(3)}], [{"k": number(4)}]),
    ({"k": ["a"], "n": [{"numeric": [">=", 1]}]}, [{"k": text("a"), "n": number(1)}],
     [{"k": text("a")}, {"k": text("a"), "n": number(0)}]),
    ({"k": ["a"]}, [{"k": array("x", "a")}], [{"k": array("x")}]),
    ({"$or": [{"k": ["a"]}, {"n": [1]}]}, [{"k": text("a")}, {"n": number(1)}],
     [{"k": text("b"), "n": number(2)}]),
    ({"k": [{"wildcard": "a*c"}]}, [{"k": text("abc")}], [{"k": text("abd")}]),
])
def test_by_attributes(kit, name, policy, through, stopped):
    topic, queue, _ = kit.pair(name, FilterPolicy=json.dumps(policy), RawMessageDelivery="true")
    for i, attributes in enumerate(through + stopped):
        kit.sns.publish(TopicArn=topic, Message=str(i), MessageAttributes=attributes)
    assert kit.bodies(queue) == [str(i) for i in range(len(through))]


@pytest.mark.parametrize("policy, through, stopped", [
    ({"k": ["a"]}, ['{"k": "a"}', '{"k": ["b", "a"]}'], ['{"k": "b"}', "a", "[]", '"k"', ""]),
    ({"o": {"k": [{"prefix": "auto-"}]}}, ['{"o": {"k": "auto-1"}}'],
     ['{"o": {"k": "manual"}}', '{"k": "auto-1"}', '{"o": "auto-1"}']),
    ({"o": {"n": [{"numeric": [">", 1.5]}], "t": [True]}}, ['{"o": {"n": 2, "t": true}}'],
     ['{"o": {"n": 1, "t": true}}', '{"o": {"n": 2}}']),
    ({"items": {"k": [1]}}, ['{"items": [{"k": 0}, {"k": 1}]}'], ['{"items": [{"k": 2}]}']),
    ({"k": [None]}, ['{"k": null}'], ['{"k": "null"}', "{}"]),
])
def test_by_body(kit, name, policy, through, stopped):
    topic, queue, _ = kit.pair(name, FilterPolicy=json.dumps(policy),
                               FilterPolicyScope="MessageBody", RawMessageDelivery="true")
    for body in through + [body for body in stopped if body]:
        kit.sns.publish(TopicArn=topic, Message=body)
    assert kit.bodies(queue) == through


def test_by_the_body_that_the_protocol_gets(kit, name):
    topic, queue, _ = kit.pair(name, FilterPolicy='{"k": ["queue"]}',
                               FilterPolicyScope="MessageBody", RawMessageDelivery="true")
    kit.sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps(
        {"default": '{"k": "all"}', "sqs": '{"k": "queue"}'}))
    kit.sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps(
        {"default": '{"k": "queue"}', "sqs": '{"k": "other"}'}))
    assert kit.bodies(queue) == ['{"k": "queue"}']


@pytest.mark.parametrize("policy, said", [
    ('{"k": "v"}', '"k" must be an object or an array'),
    ('{"k": [["v"]]}', "Match value must be String, number, true, false, or null"),
    ('{"k": [{"wrong": true}]}', "Unrecognized match type wrong"),
    ('{"k": [{"suffix": "a", "prefix": "b"}]}', "Only one key allowed in match expression"),
    ('{"k": [{"suffix": 100}]}', "suffix match pattern must be a string"),
    ('{"k": [{"numeric": [">=", "1"]}]}', "Value of >= must be numeric"),
    ('{"k": [{"exists": "no"}]}', "exists match pattern must be either true or false."),
    ("[]", "Filter is not an object"),
    (json.dumps({f"k{i}": ["v"] for i in range(6)}),
     "Filter policy can not have more than 5 keys"),
    (json.dumps({"a": [str(i) for i in range(151)]}), "Filter policy is too complex"),
    (json.dumps({k: [str(i) for i in range(6)] for k in "abc"}), "Filter policy is too complex"),
])
def test_policies_that_are_refused(kit, name, policy, said):
    topic, queue, subscription = kit.pair(name)
    answer = refused("InvalidParameter", kit.subscribe, topic, queue + "-2", FilterPolicy=policy)
    assert answer.startswith(f"Invalid parameter: Attributes Reason: FilterPolicy: {said}")
    answer = refused("InvalidParameter", kit.sns.set_subscription_attributes,
                     SubscriptionArn=subscription, AttributeName="FilterPolicy",
                     AttributeValue=policy)
    assert answer.startswith(f"Invalid parameter: FilterPolicy: {said}")


def test_the_most_combinations(kit, name):
    topic, queue, _ = kit.pair(name, RawMessageDelivery="true", FilterPolicy=json.dumps(
        {"a": [str(i) for i in range(15)], "b": [str(i) for i in range(10)]}))
    kit.sns.publish(TopicArn=topic, Message="m",
                    MessageAttributes={"a": text("14"), "b": text("9")})
    assert kit.bodies(queue) == ["m"]


def test_a_nested_policy_is_for_bodies(kit, name):
    _, _, subscription = kit.pair(name)
    nested = json.dumps({"object": {"key": [{"prefix": "auto-"}]}})

    def put(attribute, value):
        kit.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=attribute,
                                            AttributeValue=value)

    assert refused("InvalidParameter", put, "FilterPolicy", nested) == (
        "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter "
        "policy")
    put("FilterPolicyScope", "MessageBody")
    put("FilterPolicy", nested)
    assert refused("InvalidParameter", put, "FilterPolicyScope", "MessageAttributes")


def test_policy_and_scope_as_attributes_show_them(kit, name):
    topic, queue, subscription = kit.pair(name)

    def put(attribute, value):
        kit.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=attribute,
                                            AttributeValue=value)

    def shown():
        got = kit.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        return got.get("FilterPolicy"), got.get("FilterPolicyScope")

    put("FilterPolicyScope", "MessageBody")
    assert shown() == (None, None)
    put("FilterPolicy", '{"k": ["a"]}')
    assert shown() == ('{"k": ["a"]}', "MessageBody")
    put("FilterPolicyScope", "MessageAttributes")
    assert shown() == ('{"k": ["a"]}', "MessageAttributes")
    kit.sns.publish(TopicArn=topic, Message='{"k": "a"}')
    put("FilterPolicy", "{}")
    assert shown() == (None, None)
    kit.sns.publish(TopicArn=topic, Message="all")
    assert kit.texts(queue) == ["all"]


def test_filters_survive_a_restart(fresh):
    kit = Kit(fresh())
    topic, queue, _ = kit.pair("t", FilterPolicy='{"k": {"l": [1]}}', RawMessageDelivery="true",
                               FilterPolicyScope="MessageBody")
    kit.weir.restart(hard=True)
    kit = Kit(kit.weir)
    for body in ('{"k": {"l": 1}}', '{"k": {"l": 2}}'):
        kit.sns.publish(TopicArn=topic, Message=body)
    assert kit.bodies(queue) == ['{"k": {"l": 1}}']
