# SPDX-License-Identifier: Apache-2.0
"""Topics: names, attributes, the same again, deleting, listing, tags, permissions, regions; and
that all of it survives a restart."""
import json

import pytest
from sns_kit import Kit, kit, refused  # noqa: F401
from weir_server import ACCOUNT, REGION

PREFIX = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
SHORT = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not "


def attributes(kit, topic):
    return kit.sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_a_new_topic_has_aws_s_attributes(kit, name):
    topic = kit.topic(name)
    assert topic == PREFIX + name
    got = attributes(kit, topic)
    policy = json.loads(got.pop("Policy"))
    assert json.loads(got.pop("EffectiveDeliveryPolicy")) == {"http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"},
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"}}}
    assert got == {"TopicArn": topic, "Owner": ACCOUNT, "DisplayName": "",
                   "SubscriptionsConfirmed": "0", "SubscriptionsPending": "0",
                   "SubscriptionsDeleted": "0"}
    assert policy["Id"] == "__default_policy_ID"
    assert policy["Statement"][0]["Condition"] == {
        "StringEquals": {"AWS:SourceOwner": ACCOUNT}}


def test_a_fifo_topic_says_so(kit, name):
    got = attributes(kit, kit.topic(name + ".fifo"))
    assert (got["FifoTopic"], got["ContentBasedDeduplication"]) == ("true", "false")
    standard = attributes(kit, kit.sns.create_topic(
        Name=name, Attributes={"FifoTopic": "false"})["TopicArn"])
    assert "FifoTopic" not in standard


@pytest.mark.parametrize("bad", ["", "a" * 257, "a b", "a:b", "a%b", "größe", "a.fifo"])
def test_names_that_are_refused(kit, bad):
    assert refused("InvalidParameter", kit.sns.create_topic,
                   Name=bad) == "Invalid parameter: Topic Name"


def test_the_longest_name(kit):
    assert kit.topic("n" * 256) == PREFIX + "n" * 256


def test_a_fifo_topic_needs_its_suffix(kit, name):
    text = refused("InvalidParameter", kit.sns.create_topic, Name=name,
                   Attributes={"FifoTopic": "true"})
    assert "must end with .fifo" in text


def test_the_same_again_gives_its_arn_and_something_else_is_refused(kit, name):
    make = kit.sns.create_topic
    topic = make(Name=name, Attributes={"DisplayName": "d"},
                 Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    assert make(Name=name)["TopicArn"] == topic
    assert make(Name=name, Attributes={"DisplayName": "d"})["TopicArn"] == topic
    assert make(Name=name, Tags=[{"Key": "a", "Value": "b"}])["TopicArn"] == topic
    assert refused("InvalidParameter", make, Name=name, Attributes={"DisplayName": "e"}) == (
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
    assert refused("InvalidParameter", make, Name=name, Tags=[{"Key": "c", "Value": "d"}]) == (
        "Invalid parameter: Tags Reason: Topic already exists with different tags")


def test_attributes_are_checked_and_set(kit, name):
    topic = kit.topic(name)

    def put(attribute, value):
        return kit.sns.set_topic_attributes(TopicArn=topic, AttributeName=attribute,
                                            AttributeValue=value)

    for attribute, value in (("DisplayName", "Scans"), ("KmsMasterKeyId", "alias/aws/sns"),
                             ("SignatureVersion", "2"), ("TracingConfig", "Active"),
                             ("SQSSuccessFeedbackSampleRate", "50"),
                             ("SQSFailureFeedbackRoleArn", f"arn:aws:iam::{ACCOUNT}:role/r")):
        put(attribute, value)
        assert attributes(kit, topic)[attribute] == value
    for attribute, value in (("SignatureVersion", "3"), ("TracingConfig", "x"),
                             ("SQSSuccessFeedbackSampleRate", "101"), ("Policy", "no json"),
                             ("DisplayName", "d" * 101)):
        assert attribute in refused("InvalidParameter", put, attribute, value)
    for attribute in ("Nonsense", "FifoTopic", "ContentBasedDeduplication", "ArchivePolicy"):
        assert refused("InvalidParameter", put, attribute,
                       "true") == "Invalid parameter: AttributeName"


def test_a_delivery_policy_is_shown_filled_in(kit, name):
    topic = kit.topic(name)

    def put(policy):
        kit.sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy",
                                     AttributeValue=policy)

    put(json.dumps({"http": {"defaultHealthyRetryPolicy": {
        "minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}}}))
    got = attributes(kit, topic)
    assert json.loads(got["DeliveryPolicy"]) == {"http": {
        "defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1},
        "disableSubscriptionOverrides": False}}
    effective = json.loads(got["EffectiveDeliveryPolicy"])["http"]
    assert effective["defaultHealthyRetryPolicy"] == {
        "minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1, "numMaxDelayRetries": 0,
        "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"}
    put("")
    assert "DeliveryPolicy" not in attributes(kit, topic)
    for wrong in ("nonsense", "[]", '{"http": 3}',
                  '{"http": {"defaultHealthyRetryPolicy": {"numRetries": 101}}}',
                  '{"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 30}}}',
                  '{"http": {"defaultHealthyRetryPolicy": {"numNoDelayRetries": 4}}}',
                  '{"http": {"defaultHealthyRetryPolicy": {"backoffFunction": "magic"}}}',
                  '{"http": {"defaultThrottlePolicy": {"maxReceivesPerSecond": 0}}}'):
        assert "DeliveryPolicy" in refused("InvalidParameter", put, wrong)


def test_topics_that_are_not_there(kit, name):
    get, delete = kit.sns.get_topic_attributes, kit.sns.delete_topic
    assert refused("NotFound", get, TopicArn=PREFIX + name, status=404) == "Topic does not exist"
    assert refused("InvalidParameter", get, TopicArn="nonsense") == SHORT + "1"
    assert refused("InvalidParameter", get, TopicArn="") == SHORT + "1"
    assert refused("InvalidParameter", get, TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}") == (
        SHORT + "5")
    delete(TopicArn=PREFIX + name)
    assert refused("InvalidParameter", delete, TopicArn="nonsense") == SHORT + "1"


def test_a_topic_is_its_region_s(kit, name):
    topic = kit.topic(name)
    west = kit.weir.client("sns", region="us-west-2")
    for call in (west.get_topic_attributes, west.delete_topic, west.list_subscriptions_by_topic):
        assert refused("InvalidParameter", call,
                       TopicArn=topic) == "Invalid parameter: TopicArn"
    assert refused("InvalidParameter", west.publish, TopicArn=topic,
                   Message="m") == "Invalid parameter: TopicArn"
    other = west.create_topic(Name=name)["TopicArn"]
    assert other == topic.replace(REGION, "us-west-2")
    assert west.list_topics()["Topics"] == [{"TopicArn": other}]


def test_deleting_takes_the_subscriptions_too(kit, name):
    topic, _, subscription = kit.pair(name)
    kit.sns.delete_topic(TopicArn=topic)
    kit.sns.delete_topic(TopicArn=topic)
    refused("NotFound", kit.sns.get_subscription_attributes, SubscriptionArn=subscription,
            status=404)
    assert kit.topic(name) == topic
    assert attributes(kit, topic)["SubscriptionsConfirmed"] == "0"


def test_lists_come_a_hundred_at_a_time(fresh):
    kit = Kit(fresh())
    names = sorted(f"t{i:03}" for i in range(205))
    for name in names:
        kit.topic(name)
    first = kit.sns.list_topics()
    assert len(first["Topics"]) == 100
    pages = list(kit.sns.get_paginator("list_topics").paginate())
    assert [len(page["Topics"]) for page in pages] == [100, 100, 5]
    assert [t["TopicArn"] for page in pages for t in page["Topics"]] == [PREFIX + n for n in names]
    refused("InvalidParameter", kit.sns.list_topics, NextToken="no token!")
    assert kit.weir.client("sns", access_key="999988887777").list_topics()["Topics"] == []


def test_tags(kit, name):
    topic = kit.topic(name)

    def tags():
        return {t["Key"]: t["Value"]
                for t in kit.sns.list_tags_for_resource(ResourceArn=topic)["Tags"]}

    def tag(**more):
        kit.sns.tag_resource(ResourceArn=topic,
                             Tags=[{"Key": k, "Value": v} for k, v in more.items()])

    tag(a="1", b="2")
    tag(b="3")
    assert tags() == {"a": "1", "b": "3"}
    kit.sns.untag_resource(ResourceArn=topic, TagKeys=["a", "none"])
    assert tags() == {"b": "3"}
    assert refused("InvalidParameter", kit.sns.tag_resource, ResourceArn=topic, Tags=[
        {"Key": "x", "Value": "1"}, {"Key": "x", "Value": "2"}]) == (
        "Invalid parameter: Duplicated keys are not allowed.")
    tag(**{f"k{i}": "v" for i in range(49)})
    refused("TagLimitExceeded", tag, one="more")
    refused("ResourceNotFound", kit.sns.list_tags_for_resource, ResourceArn=PREFIX + "none",
            status=404)


def test_permissions_are_statements_of_the_policy(kit, name):
    topic = kit.topic(name)
    kit.sns.add_permission(TopicArn=topic, Label="partner", AWSAccountId=["444455556666"],
                           ActionName=["Publish", "Subscribe"])

    def sids():
        return {s["Sid"]: s for s in json.loads(attributes(kit, topic)["Policy"])["Statement"]}

    assert sids()["partner"] == {
        "Sid": "partner", "Effect": "Allow", "Resource": topic,
        "Principal": {"AWS": ["arn:aws:iam::444455556666:root"]},
        "Action": ["SNS:Publish", "SNS:Subscribe"]}
    assert refused("InvalidParameter", kit.sns.add_permission, TopicArn=topic, Label="partner",
                   AWSAccountId=["444455556666"], ActionName=["Publish"]) == (
        "Invalid parameter: Statement already exists")
    kit.sns.remove_permission(TopicArn=topic, Label="partner")
    assert "partner" not in sids()


def test_data_protection_says_that_it_is_not_there(kit, name):
    topic = kit.topic(name)
    with pytest.raises(kit.sns.exceptions.ClientError) as caught:
        kit.sns.get_data_protection_policy(ResourceArn=topic)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_everything_survives_a_kill(fresh):
    kit = Kit(fresh())
    topic, queue, subscription = kit.pair("kept", RawMessageDelivery="true")
    kit.sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName",
                                 AttributeValue="Kept")
    kit.sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "b"}])
    before = attributes(kit, topic)
    kit.weir.restart(hard=True)
    kit = Kit(kit.weir)
    assert attributes(kit, topic) == before
    assert kit.sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [
        {"Key": "a", "Value": "b"}]
    kit.sns.publish(TopicArn=topic, Message="after")
    assert kit.bodies(queue) == ["after"]
    assert kit.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"][
        "RawMessageDelivery"] == "true"
