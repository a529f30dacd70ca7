# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI's cloudformation commands, as the documentation has them."""
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cloudformation_kit import queue, template

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def aws(weir):
    if not AWS.exists() and shutil.which("aws") is None:
        pytest.skip("no AWS CLI")

    def run(*words, refused=False):
        done = subprocess.run([str(AWS) if AWS.exists() else "aws", "cloudformation", *words],
                              env=weir.environment(), text=True, capture_output=True, timeout=120,
                              check=False)
        assert (done.returncode != 0) == refused, done.stderr
        return done.stderr if refused else json.loads(done.stdout) if done.stdout.strip() else None
    return run


def test_a_stack_comes_changes_and_goes(aws, tmp_path):
    file = tmp_path / "template.json"
    file.write_text(template({"Q": queue(DelaySeconds={"Ref": "Delay"})},
                             Parameters={"Delay": {"Type": "Number"}},
                             Outputs={"Url": {"Value": {"Ref": "Q"}}}))
    made = aws("create-stack", "--stack-name", "cli", "--template-body", f"file://{file}",
               "--parameters", "ParameterKey=Delay,ParameterValue=1", "--tags", "Key=a,Value=b")
    aws("wait", "stack-create-complete", "--stack-name", "cli")
    stack = aws("describe-stacks", "--stack-name", "cli")["Stacks"][0]
    assert stack["StackId"] == made["StackId"]
    assert stack["Outputs"][0]["OutputKey"] == "Url"
    aws("update-stack", "--stack-name", "cli", "--use-previous-template", "--parameters",
        "ParameterKey=Delay,ParameterValue=2")
    aws("wait", "stack-update-complete", "--stack-name", "cli")
    assert "No updates are to be performed." in aws(
        "update-stack", "--stack-name", "cli", "--use-previous-template", "--parameters",
        "ParameterKey=Delay,UsePreviousValue=true", refused=True)
    assert len(aws("describe-stack-events", "--stack-name", "cli")["StackEvents"]) == 10
    aws("delete-stack", "--stack-name", "cli")
    aws("wait", "stack-delete-complete", "--stack-name", made["StackId"])
    assert [one["StackStatus"] for one in aws("list-stacks")["StackSummaries"]] == [
        "DELETE_COMPLETE"]


def test_a_template_is_checked(aws, tmp_path):
    file = tmp_path / "template.json"
    file.write_text(template({"Q": queue()}))
    assert aws("validate-template", "--template-body", f"file://{file}")["Parameters"] == []
