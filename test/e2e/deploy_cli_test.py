# SPDX-License-Identifier: Apache-2.0
"""weir deploy, stack and destroy, as a person types them: templates with code beside them."""
import json
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, run_weir, weir_path

TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Description: one queue, one function
Parameters:
  Seconds: {Type: Number, Default: 5}
  Word: {Type: String, Default: hello}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: !Ref Seconds}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: main.handle
      Code: code
      Role: !GetAtt Role.Arn
      Environment: {Variables: {WORD: !Ref Word}}
Outputs:
  QueueUrl: {Value: !Ref Queue}
  FunctionName: {Value: !Ref Function}
"""
CODE = """\
import os

def handle(event, context):
    return os.environ["WORD"] + " {0}"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    folder = tmp_path / "my-project"
    (folder / "code").mkdir(parents=True)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "code" / "main.py").write_text(CODE.format("one"))
    return folder


def weir_on(weir, *words):
    return run_weir(words[0], "--server", weir.address, *words[1:])


def outputs_of(run):
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)["outputs"]


def asked(weir, name):
    answer = weir.client("lambda").invoke(FunctionName=name)
    return json.loads(answer["Payload"].read())


def test_a_template_with_code_runs_changes_and_goes(weir, project):
    template = str(project / "template.yaml")
    first = weir_on(weir, "deploy", template)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "my-project is ready" in first.stdout and "CREATE_COMPLETE" in first.stdout
    outputs = outputs_of(weir_on(weir, "deploy", template, "--json"))  # nothing to be done
    assert asked(weir, outputs["FunctionName"]) == "hello one"

    (project / "code" / "main.py").write_text(CODE.format("two"))
    outputs = outputs_of(weir_on(weir, "deploy", template, "--param", "Word=servus",
                                 "--param", "Seconds=7", "--json"))
    assert asked(weir, outputs["FunctionName"]) == "servus two"
    attributes = weir.client("sqs").get_queue_attributes(QueueUrl=outputs["QueueUrl"],
                                                         AttributeNames=["DelaySeconds"])
    assert attributes["Attributes"]["DelaySeconds"] == "7"
    again = weir_on(weir, "deploy", template)  # parameters stay as they were
    assert again.returncode == 0 and "nothing to be done" in again.stdout

    shown = weir_on(weir, "stack", "my-project")
    assert "AWS::Lambda::Function" in shown.stdout and "Word = servus" in shown.stdout
    assert "my-project" in weir_on(weir, "stack").stdout
    gone = weir_on(weir, "destroy", "my-project")
    assert gone.returncode == 0 and "my-project is gone" in gone.stdout, gone.stderr
    with pytest.raises(ClientError):
        asked(weir, outputs["FunctionName"])
    assert weir_on(weir, "stack", "my-project").returncode == 1


def test_what_fails_is_said_with_its_reason_and_can_be_deployed_again(weir, project):
    template = project / "template.yaml"
    template.write_text(TEMPLATE.replace("DelaySeconds: !Ref Seconds", "DelaySeconds: 100000"))
    run = weir_on(weir, "deploy", str(template))
    assert run.returncode == 1
    assert "ROLLBACK_COMPLETE" in run.stderr and "Queue (AWS::SQS::Queue)" in run.stderr
    template.write_text(TEMPLATE)
    again = weir_on(weir, "deploy", str(template))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "removed first" in again.stdout


@pytest.mark.parametrize("words,sentence", [
    ([], "say which template"), (["x.yaml", "--param", "A"], "is not KEY=VALUE"),
    (["no-such.yaml"], "cannot be read")])
def test_wrong_words_say_what_to_do(weir, words, sentence):
    run = weir_on(weir, "deploy", *words)
    assert run.returncode in (1, 2) and sentence in run.stderr


def test_a_broken_template_says_where(weir, project):
    (project / "template.yaml").write_text("Resources: [\n")
    run = weir_on(weir, "deploy", str(project / "template.yaml"))
    assert run.returncode == 1 and "not well-formed" in run.stderr


def test_missing_code_is_named(weir, project):
    (project / "template.yaml").write_text(TEMPLATE.replace("Code: code", "Code: elsewhere"))
    run = weir_on(weir, "deploy", str(project / "template.yaml"))
    assert run.returncode == 1 and "elsewhere" in run.stderr


def test_watching_deploys_what_changed(weir, project):
    """Each line comes when it happens, so the next change is made when the last has arrived."""
    watching = subprocess.Popen(
        [weir_path(), "deploy", str(project / "template.yaml"), "--stack", "watched", "--watch",
         "--server", weir.address], stdout=subprocess.PIPE, text=True)
    overdue = threading.Timer(60, watching.kill)
    overdue.start()
    try:
        name = name_told(watching)
        assert asked(weir, name) == "hello one"
        (project / "code" / "main.py").write_text(CODE.format("two"))
        assert name_told(watching) == name
        assert asked(weir, name) == "hello two"
    finally:
        overdue.cancel()
        watching.kill()
        watching.wait()


def name_told(process):
    """The function's name, which is the last line of a deployment."""
    for line in process.stdout:
        if line.split()[:1] == ["FunctionName"]:
            return line.split()[1]
    raise AssertionError("it ended before it had deployed")


def test_the_same_files_are_the_same_upload(weir, project):
    """Uploads are named by their content: another stack of the same code sends nothing."""
    counts = []
    for name in ("one", "two"):
        run = weir_on(weir, "deploy", str(project / "template.yaml"), "--stack", name)
        assert run.returncode == 0, run.stdout + run.stderr
        listed = weir.client("s3").list_objects_v2(Bucket=f"weir-deploy-{ACCOUNT}-us-east-1")
        counts.append(listed["KeyCount"])
    assert counts[0] == counts[1]


def test_accounts_do_not_stand_in_each_others_way(weir, project, monkeypatch):
    for account in ("111122223333", "444455556666"):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
        run = weir_on(weir, "deploy", str(project / "template.yaml"), "--stack", "shared")
        assert run.returncode == 0, run.stdout + run.stderr


def test_a_template_that_is_long_goes_by_its_object(weir, project):
    template = project / "template.yaml"
    template.write_text(TEMPLATE + "Metadata: {Long: " + "x" * 60_000 + "}\n")
    run = weir_on(weir, "deploy", str(template), "--stack", "long")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "nothing to be done" in weir_on(weir, "deploy", str(template), "--stack", "long").stdout
