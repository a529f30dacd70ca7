# SPDX-License-Identifier: Apache-2.0
"""A server with --auth=on and people in it: users, roles and sessions with policies."""
import itertools
import json
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from weir_server import REGION, WeirServer, run_weir

HOME = "000000000000"
IAM = f"arn:aws:iam::{HOME}:"
numbers = itertools.count(1)


class GuardedServer(WeirServer):
    """Keeps the root key that the first start prints."""

    key = None

    def __init__(self, **more):
        super().__init__("--auth", "on", **more)

    def _first_line(self):
        text = ""
        line = self.process.stdout.readline()
        while line and not line.startswith("{"):
            text += line
            line = self.process.stdout.readline()
        if found := re.search(r"AWS_ACCESS_KEY_ID=(\S+)\s+export AWS_SECRET_ACCESS_KEY=(\S+)",
                              text):
            self.key = found.groups()
        assert line, self.log_tail()
        return line

    def root(self, service):
        return self.signed(service, {"AccessKeyId": self.key[0], "SecretAccessKey": self.key[1]})

    def signed(self, service, keys, **config):
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, **config))

    def weir(self, *words, keys=None, code=0):
        """A command of weir's, signed; its standard output."""
        key, secret = (keys["AccessKeyId"], keys["SecretAccessKey"]) if keys else self.key
        done = run_weir(*words, "--server", self.address, env={
            "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
            **({"AWS_SESSION_TOKEN": keys["SessionToken"]} if keys and "SessionToken" in keys
               else {})})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr


class Person:
    """A user with a key, and clients that call as that user."""

    def __init__(self, weir, name, **more):
        self.weir = weir
        self.name = name
        self.iam = weir.root("iam")
        self.arn = self.iam.create_user(UserName=name, **more)["User"]["Arn"]
        self.keys = self.iam.create_access_key(UserName=name)["AccessKey"]

    def may(self, *statements):
        """Has this policy, and no other one."""
        self.iam.put_user_policy(UserName=self.name, PolicyName="own",
                                 PolicyDocument=document(*statements))
        return self

    def may_nothing(self):
        self.iam.delete_user_policy(UserName=self.name, PolicyName="own")

    def client(self, service, **config):
        return self.weir.signed(service, self.keys, **config)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def let(principal, action, resource="*", **more):
    """A statement of a resource's policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource,
            **more}


def role(weir, name, trusted, *statements, **more):
    """A role that these principals may assume; its ARN."""
    iam = weir.root("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(
        {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}),
        **more)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return arn


def denied(call, code="AccessDeniedException", **more):
    """The call must be refused; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(**more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


@pytest.fixture(scope="module")
def weir():
    server = GuardedServer().start()
    yield server
    assert server.alive(), server.log_tail()
    assert server.stop() == 0, server.log_tail()
    server.close()


@pytest.fixture
def person(weir):
    """A user of the test's own, who may do nothing yet."""
    return Person(weir, f"person-{next(numbers)}")
