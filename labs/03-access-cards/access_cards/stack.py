# SPDX-License-Identifier: Apache-2.0
"""The stack: deployed by the AWS CLI as any other, then its pages are uploaded and its users made."""
import json
import mimetypes
import os
import shutil
import subprocess
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

LAB = Path(__file__).resolve().parents[1]
NAME = "access-cards"
USERS = {"harriet": "hr", "sam": "security", "ada": "auditors"}
PASSWORD = "Passw0rd!"  # an example's; people of a real pool choose theirs


def cli(*words):
    """Runs the AWS CLI; its errors end the program."""
    aws = shutil.which("aws")
    if aws is None:
        raise SystemExit("access_cards: the AWS CLI (aws) is needed to deploy")
    run = subprocess.run([aws, *words], capture_output=True, text=True, check=False,
                         env={**os.environ, "AWS_PAGER": ""})
    if run.returncode != 0:
        raise SystemExit(f"aws {' '.join(words[:3])}: {run.stderr or run.stdout}")
    return run.stdout


class Stack:
    """A deployed stack: its outputs, and clients for what is behind them."""

    def __init__(self, name=NAME):
        self.name = name
        self.clients = {}
        self.outputs = {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(service, config=boto3.session.Config(
                max_pool_connections=32, retries={"total_max_attempts": 8, "mode": "standard"}))
        return self.clients[service]

    def __getitem__(self, output):
        if not self.outputs:
            stacks = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
            self.outputs = {one["OutputKey"]: one["OutputValue"]
                            for one in stacks[0].get("Outputs", [])}
        return self.outputs[output]

    # ---- deploying ----

    def deploy(self, **parameters):
        account = self.client("sts").get_caller_identity()["Account"]
        packages = f"{self.name}-packages-{account}"
        self.make_bucket(packages)
        (LAB / "build").mkdir(exist_ok=True)
        packaged = LAB / "build" / f"{self.name}.yaml"
        cli("cloudformation", "package", "--template-file", str(LAB / "template.yaml"),
            "--s3-bucket", packages, "--output-template-file", str(packaged))
        values = [f"{key}={value}" for key, value in parameters.items()]
        cli("cloudformation", "deploy", "--stack-name", self.name, "--template-file", str(packaged),
            "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset",
            *(["--parameter-overrides", *values] if values else []))
        self.outputs = {}
        self.upload_pages()
        self.make_users()
        return self

    def make_bucket(self, bucket):
        region = self.client("s3").meta.region_name
        where = {} if region == "us-east-1" else {
            "CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            self.client("s3").create_bucket(Bucket=bucket, **where)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise

    def upload_pages(self):
        """The pages as they are, and what they have to know of this stack."""
        files = {path.name: path.read_bytes() for path in sorted((LAB / "pages").iterdir())}
        files["config.json"] = json.dumps({"app": self["App"], "issuer": self["Issuer"]}).encode()
        for name, content in files.items():
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            if kind.startswith("text/"):
                kind += "; charset=utf-8"
            self.client("s3").put_object(Bucket=self["PagesBucket"], Key=name, Body=content,
                                         ContentType=kind, CacheControl="no-cache")

    def make_users(self):
        """One user a group, to try the pages with."""
        idp = self.client("cognito-idp")
        for user, group in USERS.items():
            about = {"UserPoolId": self["Pool"], "Username": user}
            try:
                idp.admin_create_user(**about, MessageAction="SUPPRESS", UserAttributes=[
                    {"Name": "email", "Value": f"{user}@example.com"},
                    {"Name": "email_verified", "Value": "true"}])
            except idp.exceptions.UsernameExistsException:
                continue
            idp.admin_set_user_password(**about, Password=PASSWORD, Permanent=True)
            idp.admin_add_user_to_group(**about, GroupName=group)

    def destroy(self):
        """Empties the buckets, deletes the stack."""
        s3 = self.client("s3")
        for bucket in (self["Store"], self["PagesBucket"]):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                gone = [{"Key": one["Key"], "VersionId": one["VersionId"]}
                        for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]
                if gone:
                    s3.delete_objects(Bucket=bucket, Delete={"Objects": gone, "Quiet": True})
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=self.name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
