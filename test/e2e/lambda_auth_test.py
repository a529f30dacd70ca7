# SPDX-License-Identifier: Apache-2.0
"""--auth=on: who may do what with functions, by their own policies, by IAM's, by tags."""
import json

import pytest
from auth_test import SignedServer
from iam_kit import allow, client_of, document, trust
from lambda_kit import create, download, package, refused
from lambda_run_kit import until
from weir_server import REGION

ACCOUNT = "000000000000"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
DENIED = "AccessDeniedException"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/runs"


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
def iam(weir, root):
    return client_of(weir, "iam", root)


@pytest.fixture(scope="module")
def owner(weir, root, iam):
    iam.create_role(RoleName="runs", AssumeRolePolicyDocument=trust())
    return client_of(weir, "lambda", root)


@pytest.fixture
def user(iam, request):
    """A fresh user without any permission: its name and ARN, and a client of Lambda's."""
    name = request.node.name.split("[")[0][-60:]
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    return name, arn, iam.create_access_key(UserName=name)["AccessKey"]


def test_a_functions_own_policy_lets_a_user_in(weir, owner, user):
    create(owner, "shared", Role=ROLE)
    name, arn, key = user
    client = client_of(weir, "lambda", key)
    refused(DENIED, client.get_function, 403, FunctionName="shared")
    owner.add_permission(FunctionName="shared", StatementId="u", Principal=arn,
                         Action="lambda:GetFunction")
    got = client.get_function(FunctionName="shared")
    assert download(got["Code"]["Location"])[0] == 200  # whoever has the URL
    refused(DENIED, client.delete_function, 403, FunctionName="shared")
    owner.remove_permission(FunctionName="shared", StatementId="u")
    refused(DENIED, client.get_function, 403, FunctionName="shared")


def test_a_whole_policy_denies(weir, owner, iam, user):
    create(owner, "denied", Role=ROLE)
    name, arn, key = user
    client = client_of(weir, "lambda", key)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("lambda:*", "*")))
    client.get_function(FunctionName="denied")
    owner.put_resource_policy(ResourceArn=FUNCTION + "denied", Policy=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": {"AWS": arn}, "Action": "lambda:GetFunction",
             "Resource": FUNCTION + "denied"}]}))
    assert "explicit deny in a resource-based policy" in refused(
        DENIED, client.get_function, 403, FunctionName="denied")
    client.get_function_configuration(FunctionName="denied")


def test_tags_of_a_function_are_looked_at(weir, owner, iam, user):
    name, _, key = user
    client = client_of(weir, "lambda", key)
    for team in ("red", "blue"):
        create(owner, f"of-{team}", Role=ROLE, Tags={"team": team})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "lambda:GetFunction", "Resource": "*",
             "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}}]}))
    client.get_function(FunctionName="of-red")
    refused(DENIED, client.get_function, 403, FunctionName="of-blue")
    owner.tag_resource(Resource=FUNCTION + "of-blue", Tags={"team": "red"})
    client.get_function(FunctionName="of-blue")


def test_a_role_lets_lambda_assume_it(owner, iam):
    wrong = "The role defined for the function cannot be assumed by Lambda."
    assert refused("InvalidParameterValueException", create, client=owner,
                   Role=ROLE + "-nobody") == wrong
    iam.create_role(RoleName="others", AssumeRolePolicyDocument=trust(
        {"Service": "ec2.amazonaws.com"}))
    assert refused("InvalidParameterValueException", create, client=owner,
                   Role=f"arn:aws:iam::{ACCOUNT}:role/others") == wrong
    create(owner, "moves", Role=ROLE)
    assert refused("InvalidParameterValueException", owner.update_function_configuration,
                   FunctionName="moves", Role=ROLE + "-nobody") == wrong


def test_a_function_is_made_by_who_may_pass_its_role(weir, owner, iam, user):
    name, _, key = user
    client = client_of(weir, "lambda", key)
    more = {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE,
            "Code": {"ZipFile": package()}}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
        allow("lambda:CreateFunction", FUNCTION + "mine")))
    assert "iam:PassRole" in refused(DENIED, client.create_function, 403, FunctionName="mine",
                                     **more)
    iam.put_user_policy(UserName=name, PolicyName="q", PolicyDocument=document(
        allow("iam:PassRole", ROLE)))
    client.create_function(FunctionName="mine", **more)
    refused(DENIED, client.create_function, 403, FunctionName="other", **more)


def test_a_functions_role_may_send_to_its_dead_letter_queue(owner, iam):
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    iam.create_role(RoleName="sends", AssumeRolePolicyDocument=trust())
    role = f"arn:aws:iam::{ACCOUNT}:role/sends"
    assert refused("InvalidParameterValueException", create, client=owner, name="dead",
                   Role=role, DeadLetterConfig={"TargetArn": queue}) == (
        "The provided execution role does not have permissions to call SendMessage on SQS")
    iam.put_role_policy(RoleName="sends", PolicyName="p", PolicyDocument=document(
        allow("sqs:SendMessage", queue)))
    create(owner, "dead", Role=role, DeadLetterConfig={"TargetArn": queue})
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
    assert refused("InvalidParameterValueException", owner.put_function_event_invoke_config,
                   FunctionName="dead", DestinationConfig={
                       "OnSuccess": {"Destination": queue},
                       "OnFailure": {"Destination": topic}}) == (
        f"The function's execution role does not have permissions to call Publish on {topic}")
    owner.put_function_event_invoke_config(FunctionName="dead", DestinationConfig={
        "OnSuccess": {"Destination": queue}})


def test_a_layers_policy_lets_a_user_have_it(weir, owner, user):
    name, arn, key = user
    client = client_of(weir, "lambda", key)
    owner.publish_layer_version(LayerName="l", Content={"ZipFile": package({"x": "y"})})
    where = {"LayerName": "l", "VersionNumber": 1}
    refused(DENIED, client.get_layer_version, 403, **where)
    owner.add_layer_version_permission(**where, StatementId="s", Principal="*",
                                       Action="lambda:GetLayerVersion")
    assert client.get_layer_version(**where)["Version"] == 1


def test_a_queue_feeds_a_function_whose_role_may_read_it(weir, owner, iam, root):
    sqs = client_of(weir, "sqs", root)
    url = sqs.create_queue(QueueName="feeds")["QueueUrl"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:feeds"
    iam.create_role(RoleName="reads", AssumeRolePolicyDocument=trust())
    create(owner, "fed", Role=f"arn:aws:iam::{ACCOUNT}:role/reads")
    assert "permissions to call ReceiveMessage on SQS" in refused(
        "InvalidParameterValueException", owner.create_event_source_mapping,
        FunctionName="fed", EventSourceArn=queue)
    iam.put_role_policy(RoleName="reads", PolicyName="p", PolicyDocument=document(
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue)))
    owner.create_event_source_mapping(FunctionName="fed", EventSourceArn=queue)
    sqs.send_message(QueueUrl=url, MessageBody="a")

    def gone():
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return counts["ApproximateNumberOfMessages"] == "0" == counts[
            "ApproximateNumberOfMessagesNotVisible"]
    until(gone)


def test_what_a_role_may_send_needs_no_policy_of_the_queue(weir, owner, iam, root):
    sqs, kinesis = client_of(weir, "sqs", root), client_of(weir, "kinesis", root)
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    told = f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"
    kinesis.create_stream(StreamName="fails", ShardCount=1)
    stream = kinesis.describe_stream_summary(StreamName="fails")["StreamDescriptionSummary"]
    iam.create_role(RoleName="tells", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="tells", PolicyName="p", PolicyDocument=document(
        allow("sqs:SendMessage", told), allow("kinesis:*", stream["StreamARN"])))
    create(owner, "fails", {"index.py": "def handler(event, context): raise ValueError('no')"},
           Role=f"arn:aws:iam::{ACCOUNT}:role/tells")
    owner.create_event_source_mapping(
        FunctionName="fails", EventSourceArn=stream["StreamARN"], StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": told}})
    kinesis.put_record(StreamName="fails", Data=b"x", PartitionKey="k")
    owner.put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=0,
                                           DestinationConfig={"OnFailure": {"Destination": told}})
    owner.invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"by":"hand"}')
    seen = []

    def both():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            seen.append(json.loads(message["Body"]))
        return len(seen) >= 2
    until(both)
    assert {"KinesisBatchInfo" in one for one in seen} == {True, False}
