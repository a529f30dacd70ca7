# SPDX-License-Identifier: Apache-2.0
"""`aws cloudformation deploy` and `package`, in all their ways."""
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cloudformation_own_kit import stacks  # noqa: F401
from weir_server import ACCOUNT, REGION

AWS = Path(sys.executable).with_name("aws")

TEMPLATE = """
Parameters:
  Delay: {Type: Number, Default: 1}
  Word: {Type: String, Default: plain}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: !Ref Delay
Outputs:
  Word: {Value: !Sub "${Word} in ${AWS::Region}"}
"""


@pytest.fixture
def aws(weir, tmp_path):
    if not AWS.exists() and shutil.which("aws") is None:
        pytest.skip("no AWS CLI")

    def run(*words, code=0):
        done = subprocess.run([str(AWS) if AWS.exists() else "aws", "cloudformation", *words],
                              env=weir.environment(), text=True, capture_output=True, timeout=120,
                              check=False, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr
    return run


@pytest.fixture
def deploy(aws, tmp_path, name):
    def run(*words, text=TEMPLATE, code=0):
        (tmp_path / "template.yaml").write_text(text)
        return aws("deploy", "--stack-name", name, "--template-file", "template.yaml", *words,
                   code=code)
    return run


def test_it_makes_changes_and_leaves(stacks, deploy, name):
    said = deploy("--tags", "team=doors", "floor=2", "--parameter-overrides", "Delay=4")
    assert f"Successfully created/updated stack - {name}" in said
    about = stacks.about(name)
    assert about["StackStatus"] == "CREATE_COMPLETE"
    assert {one["Key"]: one["Value"] for one in about["Tags"]} == {"team": "doors", "floor": "2"}
    assert stacks.outputs(name) == {"Word": f"plain in {REGION}"}
    deploy("--parameter-overrides", "Word=two words")
    assert stacks.outputs(name) == {"Word": f"two words in {REGION}"}
    values = {one["ParameterKey"]: one["ParameterValue"]
              for one in stacks.about(name)["Parameters"]}
    assert values == {"Delay": "4", "Word": "two words"}  # what is not said stays
    assert "No changes to deploy" in deploy("--no-fail-on-empty-changeset")
    assert "No changes to deploy" in deploy("--fail-on-empty-changeset", code=255)


def test_parameters_from_a_file(stacks, deploy, tmp_path, name):
    (tmp_path / "values.json").write_text(json.dumps(["Delay=5", "Word=from a file"]))
    deploy("--parameter-overrides", "file://values.json")
    assert stacks.outputs(name)["Word"].startswith("from a file")
    deploy("--parameter-overrides", "Delay=6", "Word=a word")
    assert stacks.outputs(name)["Word"].startswith("a word")


def test_it_only_prepares(stacks, deploy, name):
    said = deploy("--no-execute-changeset")
    assert "Run the following command to review changes" in said
    assert stacks.about(name)["StackStatus"] == "REVIEW_IN_PROGRESS"
    change_set = said.split("--change-set-name ")[1].split()[0]
    told = stacks.client.describe_change_set(ChangeSetName=change_set)
    assert [one["ResourceChange"]["Action"] for one in told["Changes"]] == ["Add"]
    stacks.client.execute_change_set(ChangeSetName=change_set)
    stacks.settled(name, "CREATE_COMPLETE")


def test_through_a_bucket_with_a_topic_and_a_role(stacks, deploy, name):
    weir = stacks.weir
    weir.client("s3", s3={"addressing_style": "path"}).create_bucket(Bucket=f"{name}-deploy")
    topic = weir.client("sns").create_topic(Name=name)["TopicArn"]
    queue = stacks.functions.queue(name)
    stacks.functions.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    role = weir.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "cloudformation.amazonaws.com"}}]}))["Role"]["Arn"]
    deploy("--s3-bucket", f"{name}-deploy", "--s3-prefix", "here", "--notification-arns", topic,
           "--role-arn", role, "--disable-rollback")
    about = stacks.about(name)
    assert about["RoleARN"] == role and about["NotificationARNs"] == [topic]
    assert about["DisableRollback"] is True
    message = stacks.functions.messages(queue, 1)[0]
    assert f"StackName='{name}'" in json.loads(message["Body"])["Message"]


def test_failures(stacks, deploy, name):
    bad = TEMPLATE.replace("DelaySeconds: !Ref Delay", "QueueName: 'not fine!'")
    assert "Failed to create/update the stack" in deploy(text=bad, code=255)
    assert stacks.about(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "ROLLBACK_COMPLETE state and can not be updated" in deploy(code=255)


def test_package_and_deploy(stacks, aws, tmp_path, name):
    weir = stacks.weir
    weir.client("s3", s3={"addressing_style": "path"}).create_bucket(Bucket=f"{name}-code")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 'hi'\n")
    (tmp_path / "child.yaml").write_text(TEMPLATE)
    (tmp_path / "main.yaml").write_text(f"""
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: {name}
      Runtime: python3.12
      Handler: app.handler
      Role: arn:aws:iam::{ACCOUNT}:role/runs
      Code: ./code
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: child.yaml
""")
    aws("package", "--template-file", "main.yaml", "--s3-bucket", f"{name}-code",
        "--output-template-file", "packed.yaml")
    aws("deploy", "--stack-name", name, "--template-file", "packed.yaml")
    assert stacks.functions.invoke(name) == "hi"
    assert stacks.about(stacks.resource(name, "Child")["PhysicalResourceId"])[
        "StackStatus"] == "CREATE_COMPLETE"
