# SPDX-License-Identifier: Apache-2.0
"""Secrets Manager: rotation by a function, its four steps, failures, schedules, and what a kill
leaves of it."""
import datetime
import json

import pytest
from lambda_run_kit import Kit, until
from weir_server import ACCOUNT, REGION

# A rotation function as AWS's templates are: it speaks to Secrets Manager itself.
SOURCE = """
import json, os, urllib.error, urllib.request
def call(operation, **more):
    scope = os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/secretsmanager/aws4_request"
    ask = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], method="POST",
        data=json.dumps(more).encode(),
        headers={"X-Amz-Target": "secretsmanager." + operation, "X-Amz-Date": "20260101T000000Z",
                 "Content-Type": "application/x-amz-json-1.1",
                 "Authorization": "AWS4-HMAC-SHA256 Credential=" + scope +
                 ", SignedHeaders=host;x-amz-date, Signature=" + "0" * 64})
    return json.loads(urllib.request.urlopen(ask).read() or b"{}")
def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    told = call("DescribeSecret", SecretId=arn)
    stages = told["VersionIdsToStages"]
    assert "AWSPENDING" in stages[token], stages
    current = [v for v, s in stages.items() if "AWSCURRENT" in s][0]
    value = call("GetSecretValue", SecretId=arn)["SecretString"]
    if step == "createSecret":
        try:
            call("GetSecretValue", SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except urllib.error.HTTPError:
            call("PutSecretValue", SecretId=arn, ClientRequestToken=token,
                 SecretString=value + "+", VersionStages=["AWSPENDING"])
    if step == "testSecret" and told.get("Description") == "fail":
        raise RuntimeError("it does not work")
    if step == "finishSecret":
        call("UpdateSecretVersionStage", SecretId=arn, VersionStage="AWSCURRENT",
             MoveToVersionId=token, RemoveFromVersionId=current)
"""


@pytest.fixture(scope="module")
def rotator(clocked):
    kit = Kit(clocked)
    arn = kit.function("rotator", SOURCE)
    kit.functions.add_permission(FunctionName="rotator", StatementId="s",
                                 Action="lambda:InvokeFunction",
                                 Principal="secretsmanager.amazonaws.com")
    return arn


@pytest.fixture(scope="module")
def secrets(clocked):
    return clocked.client("secretsmanager")


def becomes(secrets, name, value):
    until(lambda: secrets.get_secret_value(SecretId=name)["SecretString"] == value, value)


def rotated(secrets, name):
    return until(lambda: (lambda told: "LastRotatedDate" in told and told)(
        secrets.describe_secret(SecretId=name)), "the rotation")


def moment(server):
    return datetime.datetime.fromisoformat(server.now().replace("Z", "+00:00"))


def test_a_function_rotates_in_four_steps(secrets, rotator, name):
    first = secrets.create_secret(Name=name, SecretString="a")["VersionId"]
    answer = secrets.rotate_secret(SecretId=name, RotationLambdaARN=rotator,
                                   RotationRules={"AutomaticallyAfterDays": 30})
    becomes(secrets, name, "a+")
    told = rotated(secrets, name)
    assert told["RotationEnabled"] and told["RotationLambdaARN"] == rotator
    assert told["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert told["VersionIdsToStages"][first] == ["AWSPREVIOUS"]
    assert sorted(told["VersionIdsToStages"][answer["VersionId"]]) == ["AWSCURRENT", "AWSPENDING"]
    until_date = told["LastRotatedDate"] + datetime.timedelta(days=30)
    assert told["NextRotationDate"].date() == until_date.date()
    assert told["NextRotationDate"].astimezone(datetime.timezone.utc).hour == 23
    secrets.rotate_secret(SecretId=name)  # as it is set up
    becomes(secrets, name, "a++")


def test_the_schedule_rotates(clocked, secrets, rotator, name):
    secrets.create_secret(Name=name, SecretString="a")
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=rotator,
                          RotationRules={"ScheduleExpression": "rate(4 hours)"})
    becomes(secrets, name, "a+")
    rotated(secrets, name)
    clocked.advance("4h")
    becomes(secrets, name, "a++")
    until(lambda: secrets.describe_secret(SecretId=name)["LastRotatedDate"] >=
          moment(clocked) - datetime.timedelta(minutes=1), "the second rotation")
    cancelled = secrets.cancel_rotate_secret(SecretId=name)
    told = secrets.describe_secret(SecretId=name)
    assert cancelled["Name"] == name and told["RotationEnabled"] is False
    assert "NextRotationDate" not in told
    clocked.advance("8h")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "a++"


@pytest.mark.parametrize("expression,hours", [
    ("cron(0 8 1 * ? *)", 8), ("cron(0 16 ? * MON *)", 16), ("cron(0 2 L * ? *)", 2),
    ("cron(0 5 ? * TUE#2 *)", 5), ("cron(0 6/4 * * ? *)", None), ("rate(3 days)", 0)])
def test_schedules_are_understood(clocked, secrets, rotator, name, expression, hours):
    secrets.create_secret(Name=name, SecretString="a")
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=rotator, RotateImmediately=False,
                          RotationRules={"ScheduleExpression": expression, "Duration": "2h"})
    ends = secrets.describe_secret(SecretId=name)["NextRotationDate"].astimezone(
        datetime.timezone.utc)
    assert moment(clocked) < ends < moment(clocked) + datetime.timedelta(days=45)
    if hours is not None:
        assert ends.hour == hours + 2


def test_testing_a_function_rotates_nothing(secrets, rotator, name):
    first = secrets.create_secret(Name=name, SecretString="a")["VersionId"]
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=rotator, RotateImmediately=False,
                          RotationRules={"AutomaticallyAfterDays": 1})
    until(lambda: secrets.describe_secret(SecretId=name)["VersionIdsToStages"] == {
        first: ["AWSCURRENT"]}, "the end of the test")
    assert "LastRotatedDate" not in secrets.describe_secret(SecretId=name)


def test_what_fails_is_tried_again(clocked, secrets, rotator, name, refused):
    secrets.create_secret(Name=name, SecretString="a", Description="fail")
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=rotator)
    until(lambda: clocked.client("lambda") and "a" == secrets.get_secret_value(
        SecretId=name)["SecretString"], "nothing")
    assert refused("InvalidRequestException", secrets.rotate_secret, SecretId=name) == (
        "A previous rotation isn't complete. That rotation will be reattempted.")
    secrets.update_secret(SecretId=name, Description="works")

    def done():
        clocked.advance("60m")
        return secrets.get_secret_value(SecretId=name)["SecretString"] == "a+"
    until(done, "another attempt")


def test_what_cannot_rotate(clocked, secrets, rotator, name, refused):
    secrets.create_secret(Name=name, SecretString="a")
    assert refused("InvalidRequestException", secrets.rotate_secret, SecretId=name) == (
        "No Lambda rotation function ARN is associated with this secret.")
    Kit(clocked).function(f"{name}-shut", SOURCE)
    message = refused("AccessDeniedException", secrets.rotate_secret, SecretId=name,
                      RotationLambdaARN=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}-shut")
    assert message.startswith("Secrets Manager cannot invoke the specified Lambda function.")
    refused("ResourceNotFoundException", secrets.rotate_secret, SecretId=name,
            RotationLambdaARN=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none")
    for rules in ({"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 days)"}, {},
                  {"ScheduleExpression": "rate(3 hours)"}, {"ScheduleExpression": "cron(0 8 1)"},
                  {"ScheduleExpression": "cron(0 25 1 * ? *)"}):
        refused("InvalidParameterException", secrets.rotate_secret, SecretId=name,
                RotationLambdaARN=rotator, RotationRules=rules)
    told = secrets.describe_secret(SecretId=name)
    assert "RotationEnabled" not in told and len(told["VersionIdsToStages"]) == 1


def test_a_killed_server_goes_on_with_a_rotation(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    kit = Kit(server)
    slow = SOURCE.replace("def handler(event, context):\n",
                          "import time\ndef handler(event, context):\n    time.sleep(0.4)\n")
    arn = kit.function("rotator", slow)
    kit.functions.add_permission(FunctionName="rotator", StatementId="s",
                                 Action="lambda:InvokeFunction",
                                 Principal="secretsmanager.amazonaws.com")
    secrets = server.client("secretsmanager")
    secrets.create_secret(Name="s", SecretString="a")
    secrets.rotate_secret(SecretId="s", RotationLambdaARN=arn)
    server.restart(hard=True)
    secrets = server.client("secretsmanager")

    def done():
        server.advance("1m")  # where functions were not ready at the start
        return secrets.get_secret_value(SecretId="s")["SecretString"] == "a+"
    until(done, "the rotation")
    assert json.dumps(secrets.describe_secret(SecretId="s")["VersionIdsToStages"]).count(
        "AWSCURRENT") == 1
