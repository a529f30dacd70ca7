# SPDX-License-Identifier: Apache-2.0
"""Queues: names, URLs, attributes, idempotent creation, lists, tags, policies, purging, deleting."""
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqs_kit import (NO_QUEUE, arn_of, attributes, bodies, counts, make, make_fifo,
                     make_with_dead, queue_name, receive, refused, send)
from weir_server import ACCOUNT, REGION

BAD_NAME = "InvalidParameterValue"
AWS = str(Path(sys.executable).with_name("aws"))


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


# ---- names and URLs ----

@pytest.mark.parametrize("name", ["a", "A-z_09", "x" * 80, "f.fifo", "x" * 75 + ".fifo"])
def test_names_that_are_good(sqs, weir, name):
    more = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = make(sqs, name, **more)
    assert url == f"{weir.url}/{ACCOUNT}/{name}"
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize("name", ["", "x" * 81, "a b", "größe", "a.b", "a.fifo.b", ".fifo", "a/b"])
def test_names_that_are_not(sqs, name):
    refused(BAD_NAME, sqs.create_queue, QueueName=name)


def test_a_fifo_queue_has_both_the_name_and_the_attribute(sqs):
    assert "must end with .fifo" in refused(
        BAD_NAME, sqs.create_queue, QueueName="plain", Attributes={"FifoQueue": "true"})
    refused(BAD_NAME, sqs.create_queue, QueueName="no.fifo")
    refused(BAD_NAME, sqs.create_queue, QueueName="no.fifo", Attributes={"FifoQueue": "false"})


def test_a_queue_that_is_not_there(sqs, weir):
    url = f"{weir.url}/{ACCOUNT}/nowhere"
    for call in (sqs.receive_message, sqs.get_queue_attributes, sqs.purge_queue, sqs.delete_queue,
                 sqs.list_queue_tags, sqs.list_dead_letter_source_queues):
        assert refused(NO_QUEUE, call, QueueUrl=url) == "The specified queue does not exist."
    refused(NO_QUEUE, sqs.get_queue_url, QueueName="nowhere")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):  # boto3 knows the modelled error
        sqs.send_message(QueueUrl=url, MessageBody="x")


@pytest.mark.parametrize("form", [
    "http://sqs.us-east-1.amazonaws.com/{account}/{name}",
    "https://sqs.us-east-1.amazonaws.com/{account}/{name}",
    "http://localhost:4566/{account}/{name}",
    "http://us-east-1.queue.localhost:4566/{account}/{name}",
    "http://localhost:4566/queue/us-east-1/{account}/{name}",
    "{name}",
])
def test_urls_are_known_by_their_path(sqs, form):
    name = queue_name()
    make(sqs, name)
    url = form.format(account=ACCOUNT, name=name)
    send(sqs, url, "here")
    assert bodies(receive(sqs, url)) == ["here"]


def test_urls_are_given_for_the_host_that_was_asked(weir):
    name = queue_name()
    body = json.dumps({"QueueName": name})
    headers = {**weir.headers("x"), "Content-Type": "application/x-amz-json-1.0",
               "X-Amz-Target": "AmazonSQS.CreateQueue",
               "Host": "sqs.us-east-1.amazonaws.com:4566"}
    headers["Authorization"] = headers["Authorization"].replace("/kinesis/", "/sqs/")
    status, _, answer = weir.ask("POST", "/", body, headers)
    assert status == 200
    assert json.loads(answer)["QueueUrl"] == (
        f"http://sqs.us-east-1.amazonaws.com:4566/{ACCOUNT}/{name}")


def test_accounts_and_regions_are_apart(sqs, weir):
    name = queue_name()
    url = make(sqs, name)
    for other in (weir.client("sqs", region="eu-west-1"),
                  weir.client("sqs", access_key="999988887777")):
        refused(NO_QUEUE, other.get_queue_url, QueueName=name)
        assert name not in str(other.list_queues())
    other = weir.client("sqs", access_key="999988887777")
    assert other.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"] == url
    send(other, url, "from elsewhere")
    assert bodies(receive(sqs, url)) == ["from elsewhere"]


# ---- creating again ----

def test_creating_again_with_the_same_attributes_gives_the_queue(sqs):
    name = queue_name()
    url = make(sqs, name, VisibilityTimeout="12", DelaySeconds="3")
    assert make(sqs, name, VisibilityTimeout="12", DelaySeconds="3") == url
    assert make(sqs, name, DelaySeconds="3") == url
    assert make(sqs, name) == url


def test_creating_again_with_another_attribute_is_refused(sqs):
    name = queue_name()
    make(sqs, name, VisibilityTimeout="12")
    message = refused("QueueAlreadyExists", sqs.create_queue, QueueName=name,
                      Attributes={"VisibilityTimeout": "13"})
    assert message == ("A queue already exists with the same name and a different value for "
                       "attribute VisibilityTimeout")
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName=name, Attributes={"MaximumMessageSize": "2048"})
    assert attributes(sqs, make(sqs, name))["VisibilityTimeout"] == "12"


# ---- attributes ----

def test_what_a_new_queue_has(sqs):
    name = queue_name()
    url = make(sqs, name)
    got = attributes(sqs, url)
    made = int(got.pop("CreatedTimestamp"))
    assert int(got.pop("LastModifiedTimestamp")) == made
    assert got == {
        "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
        "DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30"}


def test_what_a_new_fifo_queue_has_besides(sqs):
    got = attributes(sqs, make_fifo(sqs))
    assert got["FifoQueue"] == "true" and got["ContentBasedDeduplication"] == "true"
    assert got["DeduplicationScope"] == "queue" and got["FifoThroughputLimit"] == "perQueue"


LIMITS = [("DelaySeconds", 0, 900), ("MaximumMessageSize", 1024, 1048576),
          ("MessageRetentionPeriod", 60, 1209600), ("ReceiveMessageWaitTimeSeconds", 0, 20),
          ("VisibilityTimeout", 0, 43200), ("KmsDataKeyReusePeriodSeconds", 60, 86400)]


@pytest.mark.parametrize("attribute,least,most", LIMITS)
def test_numbers_have_their_limits(sqs, attribute, least, most):
    url = make(sqs, KmsMasterKeyId="alias/aws/sqs")
    for good in (least, most):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={attribute: str(good)})
        assert attributes(sqs, url, attribute) == {attribute: str(good)}
    for bad in (least - 1, most + 1, "", "x", "1.5", "0x10", " 60"):
        message = refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url,
                          Attributes={attribute: str(bad)})
        assert message == f"Invalid value for the parameter {attribute}."
    refused("InvalidAttributeValue", sqs.create_queue, QueueName=queue_name(),
            Attributes={attribute: str(most + 1)})


@pytest.mark.parametrize("attribute", ["Nonsense", "QueueArn", "CreatedTimestamp",
                                       "ApproximateNumberOfMessages", "FifoQueue",
                                       "ContentBasedDeduplication", "DeduplicationScope", "All"])
def test_what_cannot_be_set_of_a_standard_queue(sqs, attribute):
    url = make(sqs)
    assert refused("InvalidAttributeName", sqs.set_queue_attributes, QueueUrl=url,
                   Attributes={attribute: "true"}) == f"Unknown Attribute {attribute}."


def test_asking_for_an_attribute_that_does_not_exist(sqs):
    refused("InvalidAttributeName", sqs.get_queue_attributes, QueueUrl=make(sqs),
            AttributeNames=["Nonsense"])


def test_nothing_is_given_when_nothing_is_asked_for(sqs):
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=make(sqs))


def test_a_refused_set_changes_nothing(sqs):
    url = make(sqs)
    before = attributes(sqs, url)
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url,
            Attributes={"DelaySeconds": "5", "VisibilityTimeout": "-1"})
    assert attributes(sqs, url) == before


def test_last_modified_is_the_last_change(clocked):
    sqs = clocked.client("sqs")
    url = make(sqs)
    made = int(attributes(sqs, url)["CreatedTimestamp"])
    clocked.advance("90s")
    send(sqs, url, "is no change")
    assert int(attributes(sqs, url)["LastModifiedTimestamp"]) == made
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    assert int(attributes(sqs, url)["LastModifiedTimestamp"]) == made + 90
    assert int(attributes(sqs, url)["CreatedTimestamp"]) == made


def test_encryption_is_of_one_kind(sqs):
    url = make(sqs, KmsMasterKeyId="alias/own")
    got = attributes(sqs, url)
    assert got["KmsMasterKeyId"] == "alias/own" and got["SqsManagedSseEnabled"] == "false"
    assert got["KmsDataKeyReusePeriodSeconds"] == "300"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    got = attributes(sqs, url)
    assert "KmsMasterKeyId" not in got and got["SqsManagedSseEnabled"] == "true"
    refused("InvalidAttributeName", sqs.set_queue_attributes, QueueUrl=url,
            Attributes={"KmsMasterKeyId": "alias/own", "SqsManagedSseEnabled": "true"})


def test_high_throughput_is_by_group_in_both_settings(sqs):
    url = make_fifo(sqs, DeduplicationScope="messageGroup",
                    FifoThroughputLimit="perMessageGroupId")
    got = attributes(sqs, url)
    assert got["DeduplicationScope"] == "messageGroup"
    assert got["FifoThroughputLimit"] == "perMessageGroupId"
    refused("InvalidAttributeValue", sqs.create_queue, QueueName=queue_name(fifo=True),
            Attributes={"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"})
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url,
            Attributes={"DeduplicationScope": "queue"})
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url,
            Attributes={"DeduplicationScope": "group"})


# ---- policies ----

def test_a_policy_is_kept_as_it_was_written(sqs):
    url = make(sqs)
    policy = ('{ "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",'
              ' "Action": "sqs:SendMessage", "Resource": "' + arn_of(url) + '"}]}')
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert attributes(sqs, url, "Policy") == {"Policy": policy}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert attributes(sqs, url, "Policy") == {}


@pytest.mark.parametrize("policy", [
    "x", "[]", "{}", '{"Statement": []}', '{"Statement": [{"Effect": "Allow"}]}',
    '{"Version": "1999-01-01", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]}',
    '{"Statement": [{"Effect": "Maybe", "Principal": "*", "Action": "*"}]}'])
def test_a_policy_that_is_none(sqs, policy):
    assert refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=make(sqs),
                   Attributes={"Policy": policy}) == "Invalid value for the parameter Policy."


def test_permissions_are_statements_of_the_policy(sqs):
    url = make(sqs)
    sqs.add_permission(QueueUrl=url, Label="one", AWSAccountIds=["999988887777"],
                       Actions=["SendMessage"])
    sqs.add_permission(QueueUrl=url, Label="two", AWSAccountIds=["999988887777", "111100001111"],
                       Actions=["*"])
    policy = json.loads(attributes(sqs, url)["Policy"])
    assert policy["Version"] in ("2008-10-17", "2012-10-17")
    assert policy["Statement"][0] == {
        "Sid": "one", "Effect": "Allow", "Action": "SQS:SendMessage", "Resource": arn_of(url),
        "Principal": {"AWS": "arn:aws:iam::999988887777:root"}}
    assert [s["Sid"] for s in policy["Statement"]] == ["one", "two"]
    assert "Already exists" in refused(
        "InvalidParameterValue", sqs.add_permission, QueueUrl=url, Label="one",
        AWSAccountIds=["999988887777"], Actions=["SendMessage"])
    sqs.remove_permission(QueueUrl=url, Label="one")
    policy = json.loads(attributes(sqs, url)["Policy"])
    assert [s["Sid"] for s in policy["Statement"]] == ["two"]
    sqs.remove_permission(QueueUrl=url, Label="two")
    assert "Policy" not in attributes(sqs, url)
    assert "can't find label" in refused("InvalidParameterValue", sqs.remove_permission,
                                         QueueUrl=url, Label="two")


@pytest.mark.parametrize("more", [{"Label": "a b"}, {"Label": ""}, {"Label": "x" * 81},
                                  {"AWSAccountIds": ["12"]}, {"Actions": ["CreateQueue"]}])
def test_a_permission_that_is_none(sqs, more):
    arguments = {"Label": "l", "AWSAccountIds": ["999988887777"], "Actions": ["*"], **more}
    refused("InvalidParameterValue", sqs.add_permission, QueueUrl=make(sqs), **arguments)


def test_adding_what_is_missing(sqs):
    url = make(sqs)
    refused("MissingParameter", sqs.add_permission, QueueUrl=url, Label="l", Actions=["*"],
            AWSAccountIds=[])
    refused("MissingParameter", sqs.add_permission, QueueUrl=url, Label="l", Actions=[],
            AWSAccountIds=["999988887777"])
    refused("OverLimit", sqs.add_permission, QueueUrl=url, Label="l",
            AWSAccountIds=["999988887777"], Actions=["SendMessage"] * 8)


# ---- lists ----

def test_lists_go_in_pages_by_prefix(sqs):
    urls = sorted(make(sqs, f"paged-{i:02}") for i in range(25))
    make(sqs, "other-paged")
    assert sqs.list_queues(QueueNamePrefix="paged-")["QueueUrls"] == urls
    page = sqs.list_queues(QueueNamePrefix="paged-", MaxResults=10)
    assert page["QueueUrls"] == urls[:10] and page["NextToken"]
    every = [url for part in sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix="paged-", PaginationConfig={"PageSize": 7}) for url in part["QueueUrls"]]
    assert every == urls
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="nobody-has-this")
    last = sqs.list_queues(QueueNamePrefix="paged-", MaxResults=25)
    assert last["QueueUrls"] == urls and "NextToken" not in last


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_a_page_has_a_size(sqs, count):
    refused("InvalidParameterValue", sqs.list_queues, MaxResults=count)


def test_a_dead_letter_queue_knows_its_sources(sqs):
    url, dead = make_with_dead(sqs)
    policy = {"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": "5"}
    second = make(sqs, RedrivePolicy=json.dumps(policy))
    assert sorted(sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"]) == sorted(
        [url, second])
    page = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1)
    rest = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1,
                                              NextToken=page["NextToken"])
    assert sorted(page["queueUrls"] + rest["queueUrls"]) == sorted([url, second])
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == []


# ---- tags ----

def test_tags(sqs):
    url = make(sqs, tags={"team": "a", "größe": "ü"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a", "größe": "ü"}
    sqs.tag_queue(QueueUrl=url, Tags={"team": "b", "empty": ""})
    sqs.untag_queue(QueueUrl=url, TagKeys=["größe", "never"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "b", "empty": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "empty"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)


def test_tags_have_limits(sqs):
    url = make(sqs)
    for tags in ({"": "x"}, {"k" * 129: "x"}, {"k": "v" * 257}, {"aws:k": "x"},
                 {f"k{i}": "x" for i in range(51)}):
        refused("InvalidParameterValue", sqs.tag_queue, QueueUrl=url, Tags=tags)
    sqs.tag_queue(QueueUrl=url, Tags={f"k{i}": "x" for i in range(50)})
    refused("InvalidParameterValue", sqs.tag_queue, QueueUrl=url, Tags={"one more": "x"})
    sqs.tag_queue(QueueUrl=url, Tags={"k1": "another value"})


# ---- purging, deleting ----

def test_a_purge_takes_what_is_there_in_flight_or_delayed(sqs):
    url = make(sqs)
    send(sqs, url, "a", "b")
    send(sqs, url, "late", DelaySeconds=100)
    held = receive(sqs, url, 1)
    assert counts(sqs, url) == (1, 1, 1)
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == (0, 0, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held[0]["ReceiptHandle"])
    send(sqs, url, "afterwards")
    assert bodies(receive(sqs, url)) == ["afterwards"]
    sqs.purge_queue(QueueUrl=url)  # 60 seconds apart only with --limits=aws


def test_a_deleted_queue_is_gone_and_its_name_is_free(sqs):
    name = queue_name()
    url = make(sqs, name, DelaySeconds="5")
    send(sqs, url, "old")
    sqs.delete_queue(QueueUrl=url)
    refused(NO_QUEUE, sqs.get_queue_url, QueueName=name)
    refused(NO_QUEUE, sqs.delete_queue, QueueUrl=url)
    make(sqs, name, DelaySeconds="0")
    assert counts(sqs, url) == (0, 0, 0)


def test_aws_limits_when_asked_for(fresh):
    weir = fresh("--limits=aws", clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url = make(sqs, "q")
    sqs.purge_queue(QueueUrl=url)
    assert refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue,
                   QueueUrl=url) == "Only one PurgeQueue operation on q is allowed every 60 seconds."
    weir.advance("60s")
    sqs.purge_queue(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    assert "60 seconds" in refused("AWS.SimpleQueueService.QueueDeletedRecently", sqs.create_queue,
                                   QueueName="q")
    weir.advance("60s")
    make(sqs, "q")


def test_everything_about_a_queue_survives(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url, dead = make_with_dead(sqs, receives=3, VisibilityTimeout="7", DelaySeconds="2")
    sqs.tag_queue(QueueUrl=url, Tags={"a": "b"})
    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["999988887777"], Actions=["*"])
    allow = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn_of(url)]})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow,
                                                        "KmsMasterKeyId": "alias/k"})
    fifo = make_fifo(sqs, DeduplicationScope="messageGroup",
                     FifoThroughputLimit="perMessageGroupId")
    urls = (url, dead, fifo)
    before = [attributes(sqs, one) for one in urls]
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert [attributes(sqs, one) for one in urls] == before
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
    weir.restart()
    assert [attributes(weir.client("sqs"), one) for one in urls] == before


# ---- the AWS CLI ----

def test_the_cli_makes_and_shows_a_queue(weir):
    def run(*words):
        return subprocess.run([AWS, "--endpoint-url", weir.url, "sqs", *words],
                              env=weir.environment(), capture_output=True, text=True, timeout=60,
                              check=False)

    def aws(*words):
        done = run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    name = queue_name()
    url = aws("create-queue", "--queue-name", name, "--attributes", "VisibilityTimeout=9",
              "--tags", "team=cli")["QueueUrl"]
    assert url in aws("list-queues", "--queue-name-prefix", name)["QueueUrls"]
    sent = aws("send-message", "--queue-url", url, "--message-body", "from the CLI",
               "--message-attributes", '{"kind": {"DataType": "String", "StringValue": "cli"}}')
    got = aws("receive-message", "--queue-url", url, "--message-attribute-names", "All",
              "--attribute-names", "All")["Messages"][0]
    assert got["MessageId"] == sent["MessageId"] and got["Body"] == "from the CLI"
    assert got["MessageAttributes"]["kind"]["StringValue"] == "cli"
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    shown = aws("get-queue-attributes", "--queue-url", url, "--attribute-names", "All")
    assert shown["Attributes"]["VisibilityTimeout"] == "9"
    assert shown["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"
    aws("delete-message", "--queue-url", url, "--receipt-handle", got["ReceiptHandle"])
    assert aws("list-queue-tags", "--queue-url", url)["Tags"] == {"team": "cli"}
    aws("delete-queue", "--queue-url", url)
    done = run("get-queue-url", "--queue-name", name)
    assert done.returncode != 0 and NO_QUEUE in done.stderr
