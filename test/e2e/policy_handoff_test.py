# SPDX-License-Identifier: Apache-2.0
"""What services may hand to one another, by the target's policy: with auth on, and with auth off
once the target has a policy."""
import json

import pytest
from botocore.exceptions import ClientError
from policy_kit import GuardedServer, document, let, numbers
from weir_server import ACCOUNT, REGION, WeirServer, run_weir

S3 = {"Service": "s3.amazonaws.com"}
SNS = {"Service": "sns.amazonaws.com"}


class Side:
    """A server with auth on or off, its account, its clients."""

    def __init__(self, auth):
        self.auth = auth
        self.server = (GuardedServer() if auth else WeirServer()).start()
        self.account = "000000000000" if auth else ACCOUNT

    def client(self, service):
        return self.server.root(service) if self.auth else self.server.client(service)

    def weir(self, *words):
        if self.auth:
            return self.server.weir(*words)
        return run_weir(*words, "--server", self.server.address).stdout

    def queue(self):
        sqs = self.client("sqs")
        name = f"queue-{next(numbers)}"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{self.account}:{name}"

    def queue_policy(self, url, *statements):
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={
            "Policy": document(*statements) if statements else ""})

    def received(self, url):
        got = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(m["Body"]) for m in got.get("Messages", ())]


@pytest.fixture(scope="module", params=[False, True], ids=["off", "on"])
def side(request):
    made = Side(request.param)
    yield made
    assert made.server.stop() == 0, made.server.log_tail()
    made.server.close()


@pytest.fixture
def bucket(side):
    name = f"bucket-{next(numbers)}"
    side.client("s3").create_bucket(Bucket=name)
    return name


def notify(side, bucket, **configuration):
    side.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration)


def to_queue(arn):
    return {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}


def test_s3_notifies_a_queue_whose_policy_lets_it(side, bucket):
    url, arn = side.queue()
    source = {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
              "StringEquals": {"aws:SourceAccount": side.account}}
    for statement in (let(SNS, "sqs:SendMessage", arn), let(S3, "sqs:ReceiveMessage", arn),
                      let(S3, "sqs:SendMessage", arn, Condition={
                          "ArnEquals": {"aws:SourceArn": "arn:aws:s3:::elsewhere"}})):
        side.queue_policy(url, statement)
        with pytest.raises(ClientError) as caught:
            notify(side, bucket, **to_queue(arn))
        error = caught.value.response["Error"]
        assert error["Code"] == "InvalidArgument"
        assert error["Message"] == ("Unable to validate the following destination "
                                    "configurations")
        assert error["ArgumentValue1"] == ("Permissions on the destination queue do not allow S3 "
                                           "to publish notifications from this bucket")
    side.queue_policy(url, let(S3, "sqs:SendMessage", arn, Condition=source))
    notify(side, bucket, **to_queue(arn))
    side.client("s3").put_object(Bucket=bucket, Key="k")
    assert side.received(url)[-1]["Records"][0]["s3"]["object"]["key"] == "k"


def test_a_policy_taken_back_loses_events_and_the_hop_says_so(side, bucket):
    url, arn = side.queue()
    side.queue_policy(url, let("*", "sqs:SendMessage", arn))
    notify(side, bucket, **to_queue(arn))
    side.received(url)
    side.queue_policy(url, let(SNS, "sqs:SendMessage", arn))
    answer = side.client("s3").put_object(Bucket=bucket, Key="lost-key")
    assert side.received(url) == []
    assert "refused: The policy of" in side.weir("trace", "lost-key")
    shown = side.weir("why", "DENY", answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"])
    assert shown.startswith(f"DENY  sqs:SendMessage on {arn}\n")
    assert "  caller     s3.amazonaws.com\n" in shown
    assert f"The policy of {arn} must allow sqs:SendMessage to s3.amazonaws.com." in shown


def test_a_topic_fans_out_to_queues_whose_policies_let_it(side):
    sns = side.client("sns")
    topic = sns.create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]
    queues = [side.queue() for _ in range(3)]
    for url, arn in queues:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    side.queue_policy(queues[0][0], let(SNS, "sqs:SendMessage", queues[0][1], Condition={
        "ArnLike": {"aws:SourceArn": topic}}))
    side.queue_policy(queues[1][0], let(SNS, "sqs:SendMessage", queues[1][1], Condition={
        "ArnLike": {"aws:SourceArn": topic + "-other"}}))
    sns.publish(TopicArn=topic, Message="hello")
    assert len(side.received(queues[0][0])) == 1
    assert side.received(queues[1][0]) == []
    # without a policy a queue takes what comes while auth is off, and nothing with auth on
    assert len(side.received(queues[2][0])) == (0 if side.auth else 1)


def test_what_a_queue_refuses_goes_to_the_dead_letter_queue(side):
    sns = side.client("sns")
    topic = sns.create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]
    (url, arn), (dead_url, dead) = side.queue(), side.queue()
    side.queue_policy(url, {**let(SNS, "sqs:SendMessage", arn), "Effect": "Deny"})
    side.queue_policy(dead_url, let(SNS, "sqs:SendMessage", dead))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn,
                  Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})})
    sns.publish(TopicArn=topic, Message="hello")
    assert side.received(url) == []
    assert [m["Message"] for m in side.received(dead_url)] == ["hello"]


def test_s3_publishes_to_a_topic_whose_policy_lets_it(side, bucket):
    sns = side.client("sns")
    topic = sns.create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]

    def policy(*statements):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy",
                                 AttributeValue=document(*statements))

    configuration = {"TopicConfigurations": [{"TopicArn": topic,
                                              "Events": ["s3:ObjectCreated:*"]}]}
    policy(let({"AWS": side.account}, "sns:Publish", topic))
    with pytest.raises(ClientError) as caught:
        notify(side, bucket, **configuration)
    assert "destination topic do not allow" in caught.value.response["Error"]["ArgumentValue1"]
    policy(let(S3, "sns:Publish", topic, Condition={
        "StringEquals": {"aws:SourceAccount": side.account}}))
    notify(side, bucket, **configuration)
