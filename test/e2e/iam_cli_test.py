# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI against IAM and STS: what people type, its waiters and its paginators."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from iam_kit import AWS, IAM, allow, document, trust

CLI = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def aws(weir):
    def run(*words, fails=False, **environment):
        done = subprocess.run([str(CLI), *words, "--output", "json"], capture_output=True,
                              text=True, timeout=60, check=False,
                              env={**weir.environment(), **environment})
        assert (done.returncode != 0) == fails, done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    if not os.access(CLI, os.X_OK):
        pytest.skip("no AWS CLI beside this Python")
    return run


def test_a_function_gets_its_role(aws):
    aws("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", trust())
    aws("iam", "wait", "role-exists", "--role-name", "cli")
    aws("iam", "attach-role-policy", "--role-name", "cli", "--policy-arn",
        AWS + "service-role/AWSLambdaBasicExecutionRole")
    aws("iam", "put-role-policy", "--role-name", "cli", "--policy-name", "own",
        "--policy-document", document(allow("dynamodb:*")))
    role = aws("iam", "get-role", "--role-name", "cli")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole"
    assert aws("iam", "list-attached-role-policies", "--role-name", "cli")[
        "AttachedPolicies"][0]["PolicyName"] == "AWSLambdaBasicExecutionRole"
    assert aws("iam", "get-role-policy", "--role-name", "cli", "--policy-name", "own")[
        "PolicyDocument"]["Statement"][0]["Action"] == "dynamodb:*"


def test_pages_are_put_together(aws):
    for i in range(5):
        aws("iam", "create-user", "--user-name", f"cli{i}", "--path", "/cli/")
    users = aws("iam", "list-users", "--path-prefix", "/cli/", "--page-size", "2")["Users"]
    assert [u["UserName"] for u in users] == [f"cli{i}" for i in range(5)]


def test_a_session_is_used_from_the_environment(aws):
    aws("iam", "create-role", "--role-name", "session", "--assume-role-policy-document", trust())
    credentials = aws("sts", "assume-role", "--role-arn", IAM + "role/session",
                      "--role-session-name", "shell")["Credentials"]
    who = aws("sts", "get-caller-identity", AWS_ACCESS_KEY_ID=credentials["AccessKeyId"],
              AWS_SECRET_ACCESS_KEY=credentials["SecretAccessKey"],
              AWS_SESSION_TOKEN=credentials["SessionToken"])
    assert who["Arn"].endswith(":assumed-role/session/shell")


def test_errors_are_awss(aws):
    said = aws("iam", "get-user", "--user-name", "nobody", fails=True)
    assert "An error occurred (NoSuchEntity) when calling the GetUser operation: " \
           "The user with name nobody cannot be found." in said


def test_what_is_not_there_says_so(aws):
    said = aws("iam", "list-organizations-features", fails=True)
    assert "NotImplemented" in said
