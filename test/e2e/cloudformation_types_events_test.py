# SPDX-License-Identifier: Apache-2.0
"""EventBridge, Secrets Manager, Parameter Store and KMS in templates: every type and its
properties, read by the services' own calls, then changed, then gone without a trace."""
import json
import time

import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, drifts, events, ids, outputs, template, update
from weir_server import ACCOUNT


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def refused(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]["Code"]


def kind(name, properties, **more):
    return {"Type": name, "Properties": properties, **more}


def ref(name):
    return {"Ref": name}


def got(*path):
    return {"Fn::GetAtt": list(path)}


def received(sqs, url):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return message["Body"]
    raise AssertionError("no message came")


# ---- EventBridge ----

def bus():
    return {
        "Queue": kind("AWS::SQS::Queue", {}),
        "Dead": kind("AWS::SQS::Queue", {}),
        "May": kind("AWS::SQS::QueuePolicy", {
            "Queues": [ref("Queue"), ref("Dead")],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                 "Action": "sqs:SendMessage", "Resource": "*"}]}}),
        "Bus": kind("AWS::Events::EventBus", {
            "Name": "types", "Description": "d", "DeadLetterConfig": {"Arn": got("Dead", "Arn")},
            "Tags": [{"Key": "k", "Value": "v"}]}),
        "Own": kind("AWS::Events::EventBusPolicy", {
            "EventBusName": ref("Bus"), "StatementId": "one", "Action": "events:PutEvents",
            "Principal": "111111111111"}),
        "Whole": kind("AWS::Events::EventBusPolicy", {
            "EventBusName": ref("Bus"), "StatementId": "two", "Statement": {
                "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "events:PutEvents", "Resource": got("Bus", "Arn")}}),
        "Rule": kind("AWS::Events::Rule", {
            "EventBusName": ref("Bus"), "Description": "d", "State": "ENABLED",
            "EventPattern": {"source": ["shop"], "detail": {"kind": ["order"]}},
            "Tags": [{"Key": "k", "Value": "v"}],
            "Targets": [{"Id": "queue", "Arn": got("Queue", "Arn"),
                         "InputTransformer": {"InputPathsMap": {"n": "$.detail.number"},
                                              "InputTemplate": "\"order <n>\""},
                         "DeadLetterConfig": {"Arn": got("Dead", "Arn")},
                         "RetryPolicy": {"MaximumRetryAttempts": 3}}]}, DependsOn="May"),
        "Daily": kind("AWS::Events::Rule", {
            "Name": "types-daily", "ScheduleExpression": "rate(1 day)", "State": "DISABLED",
            "Targets": [{"Id": "queue", "Arn": got("Queue", "Arn"), "Input": "{}"}]}),
    }


BUS_OUTPUTS = {"BusArn": {"Value": got("Bus", "Arn")}, "RuleArn": {"Value": got("Rule", "Arn")},
               "Name": {"Value": got("Bus", "Name")}}


def test_rules_send_what_their_template_says(cfn, weir):
    client, sqs = weir.client("events"), weir.client("sqs")
    stack = create(cfn, "bus", template(bus(), Outputs=BUS_OUTPUTS))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "bus")
    assert drifts(cfn, "bus") == []
    names, told = ids(cfn, "bus"), outputs(stack)
    assert names["Bus"] == told["Name"] == "types" and names["Daily"] == "types-daily"
    bus_name, _, rule = names["Rule"].partition("|")
    assert bus_name == "types" and rule.startswith("bus-Rule-")
    assert client.describe_rule(Name=rule, EventBusName="types")["Arn"] == told["RuleArn"]
    about = client.describe_event_bus(Name="types")
    assert about["Description"] == "d" and about["DeadLetterConfig"]["Arn"].endswith(
        names["Dead"].split("/")[-1])
    assert {one["Sid"] for one in json.loads(about["Policy"])["Statement"]} == {"one", "two"}
    entry = {"Source": "shop", "DetailType": "t", "EventBusName": "types",
             "Detail": json.dumps({"kind": "order", "number": 7})}
    assert client.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert received(sqs, names["Queue"]) == '"order 7"'

    changed = bus()
    changed["Rule"]["Properties"]["Targets"] = [
        {"Id": "other", "Arn": got("Queue", "Arn"), "Input": '"fixed"'}]
    del changed["Rule"]["Properties"]["Description"], changed["Whole"]
    changed["Daily"]["Properties"]["ScheduleExpression"] = "rate(2 days)"
    changed["Bus"]["Properties"] = {"Name": "types"}
    stack = update(cfn, "bus", template(changed, Outputs=BUS_OUTPUTS))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "bus")
    assert drifts(cfn, "bus") == []
    assert ids(cfn, "bus")["Rule"] == names["Rule"]
    targets = client.list_targets_by_rule(Rule=rule, EventBusName="types")["Targets"]
    assert [one["Id"] for one in targets] == ["other"]
    assert "Description" not in client.describe_rule(Name=rule, EventBusName="types")
    assert client.describe_rule(Name="types-daily")["ScheduleExpression"] == "rate(2 days)"
    about = client.describe_event_bus(Name="types")
    assert "Description" not in about and "DeadLetterConfig" not in about
    assert [one["Sid"] for one in json.loads(about["Policy"])["Statement"]] == ["one"]
    client.put_events(Entries=[entry])
    assert received(sqs, names["Queue"]) == '"fixed"'

    assert delete(cfn, "bus")["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])
    assert refused(client.describe_event_bus, Name="types") == "ResourceNotFoundException"
    assert refused(client.describe_rule, Name="types-daily") == "ResourceNotFoundException"


# ---- secrets, parameters, keys ----

def kept():
    return {
        "Key": kind("AWS::KMS::Key", {
            "Description": "d", "EnableKeyRotation": True, "PendingWindowInDays": 7,
            "KeyPolicy": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": {"Fn::Sub":
                 "arn:aws:iam::${AWS::AccountId}:root"}}, "Action": "kms:*", "Resource": "*"}]},
            "Tags": [{"Key": "k", "Value": "v"}]}),
        "Alias": kind("AWS::KMS::Alias", {"AliasName": "alias/types", "TargetKeyId": ref("Key")}),
        "Secret": kind("AWS::SecretsManager::Secret", {
            "Name": "types/secret", "Description": "d", "KmsKeyId": ref("Key"),
            "GenerateSecretString": {"SecretStringTemplate": '{"user": "ann"}',
                                     "GenerateStringKey": "password", "PasswordLength": 24,
                                     "ExcludePunctuation": True},
            "Tags": [{"Key": "k", "Value": "v"}]}),
        "Plain": kind("AWS::SecretsManager::Secret", {"SecretString": "hello"}),
        "Policy": kind("AWS::SecretsManager::ResourcePolicy", {
            "SecretId": ref("Secret"), "BlockPublicPolicy": True,
            "ResourcePolicy": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": {"Fn::Sub":
                 "arn:aws:iam::${AWS::AccountId}:root"}},
                 "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}}),
        "Attached": kind("AWS::SecretsManager::SecretTargetAttachment", {
            "SecretId": ref("Plain"), "TargetId": "db", "TargetType": "AWS::RDS::DBInstance"}),
        "Rotator": kind("AWS::Lambda::Function", {
            "Runtime": "python3.12", "Handler": "index.handler", "Role": got("Role", "Arn"),
            "Code": {"ZipFile": "def handler(event, context):\n    return {}\n"}}),
        "Role": kind("AWS::IAM::Role", {"AssumeRolePolicyDocument": {
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                 "Action": "sts:AssumeRole"}]}}),
        "MayRotate": kind("AWS::Lambda::Permission", {
            "FunctionName": ref("Rotator"), "Action": "lambda:InvokeFunction",
            "Principal": "secretsmanager.amazonaws.com"}),
        "Rotation": kind("AWS::SecretsManager::RotationSchedule", {
            "SecretId": ref("Plain"), "RotationLambdaARN": got("Rotator", "Arn"),
            "RotateImmediatelyOnUpdate": False,
            "RotationRules": {"AutomaticallyAfterDays": 30}}, DependsOn="MayRotate"),
        "Parameter": kind("AWS::SSM::Parameter", {
            "Name": "/types/parameter", "Type": "String", "Value": "one", "Description": "d",
            "AllowedPattern": "^[a-z]*$", "Tags": {"k": "v"}}),
        "Made": kind("AWS::SSM::Parameter", {"Type": "StringList", "Value": "a,b"}),
    }


KEPT_OUTPUTS = {"Key": {"Value": got("Key", "Arn")}, "Value": {"Value": got("Parameter", "Value")},
                "Type": {"Value": got("Made", "Type")}}


def test_keys_secrets_and_parameters(cfn, weir):
    kms, secrets, ssm = (weir.client(name) for name in ("kms", "secretsmanager", "ssm"))
    stack = create(cfn, "kept", template(kept(), Outputs=KEPT_OUTPUTS),
                   Tags=[{"Key": "team", "Value": "blue"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "kept")
    assert drifts(cfn, "kept") == []
    names, told = ids(cfn, "kept"), outputs(stack)
    assert kms.describe_key(KeyId="alias/types")["KeyMetadata"]["Arn"] == told["Key"]
    assert kms.get_key_rotation_status(KeyId=names["Key"])["KeyRotationEnabled"]
    tags = {one["TagKey"]: one["TagValue"]
            for one in kms.list_resource_tags(KeyId=names["Key"])["Tags"]}
    assert tags.items() >= {("k", "v"), ("team", "blue")}
    value = json.loads(secrets.get_secret_value(SecretId="types/secret")["SecretString"])
    assert value["user"] == "ann" and len(value["password"]) == 24
    about = secrets.describe_secret(SecretId="types/secret")
    assert about["ARN"] == names["Secret"] == names["Policy"]
    assert about["KmsKeyId"] == names["Key"] and about["Description"] == "d"
    assert "secretsmanager:GetSecretValue" in secrets.get_resource_policy(
        SecretId="types/secret")["ResourcePolicy"]
    rotating = secrets.describe_secret(SecretId=names["Plain"])
    assert rotating["RotationEnabled"] and rotating["RotationRules"] == {
        "AutomaticallyAfterDays": 30}
    assert (told["Value"], told["Type"]) == ("one", "StringList")
    assert ssm.get_parameter(Name=names["Made"])["Parameter"]["Value"] == "a,b"

    changed = kept()
    changed["Key"]["Properties"] = {"PendingWindowInDays": 7, "Enabled": False}
    changed["Secret"]["Properties"].update(Description="changed")
    changed["Plain"]["Properties"] = {"SecretString": "changed"}
    changed["Parameter"]["Properties"] = {"Name": "/types/parameter", "Type": "String",
                                          "Value": "Two"}
    changed["Made"]["Properties"]["Name"] = "types-made"
    del changed["Policy"], changed["Rotation"], changed["Alias"]
    stack = update(cfn, "kept", template(changed, Outputs=KEPT_OUTPUTS))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "kept")
    assert drifts(cfn, "kept") == []
    about = kms.describe_key(KeyId=names["Key"])["KeyMetadata"]
    assert not about["Enabled"] and about["Description"] == ""
    assert refused(kms.describe_key, KeyId="alias/types") == "NotFoundException"
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="types/secret")
    assert not secrets.describe_secret(SecretId=names["Plain"]).get("RotationEnabled")
    assert secrets.get_secret_value(SecretId=names["Plain"])["SecretString"] == "changed"
    assert secrets.describe_secret(SecretId="types/secret")["Description"] == "changed"
    assert outputs(stack)["Value"] == "Two"
    assert refused(ssm.get_parameter, Name=names["Made"]) == "ParameterNotFound"
    assert ssm.get_parameter(Name="types-made")["Parameter"]["Type"] == "StringList"

    assert delete(cfn, "kept")["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])
    assert kms.describe_key(KeyId=names["Key"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert refused(secrets.describe_secret,
                   SecretId="types/secret") == "ResourceNotFoundException"
    assert refused(ssm.get_parameter, Name="/types/parameter") == "ParameterNotFound"


def test_a_replica_is_made_where_its_stack_is(weir):
    primary = weir.client("kms", region="eu-west-1").create_key(MultiRegion=True)
    arn = primary["KeyMetadata"]["Arn"]
    cfn = weir.client("cloudformation", region="us-west-2")
    body = {"Replica": kind("AWS::KMS::ReplicaKey", {
        "PrimaryKeyArn": arn, "Description": "d", "PendingWindowInDays": 7,
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
             "Action": "kms:*", "Resource": "*"}]}})}
    stack = create(cfn, "replica", template(body))
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "replica")[2]
    assert drifts(cfn, "replica") == []
    kms = weir.client("kms", region="us-west-2")
    key_id = ids(cfn, "replica")["Replica"]
    about = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert about["MultiRegionConfiguration"]["PrimaryKey"]["Arn"] == arn
    body["Replica"]["Properties"]["Description"] = "changed"
    assert update(cfn, "replica", template(body))["StackStatus"] == "UPDATE_COMPLETE"
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "changed"
    assert delete(cfn, "replica")["StackStatus"] == "DELETE_COMPLETE"
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
