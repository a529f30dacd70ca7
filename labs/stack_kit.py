# SPDX-License-Identifier: Apache-2.0
"""Deploys a lab as its reader does: `aws cloudformation package`, then `deploy`, or `weir deploy`.
And a server whose policies count, which shows that each function may do what it does."""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from weir_server import SignedServer, run_weir

LABS = Path(__file__).resolve().parent
BUCKET = "packages"
SECONDS_MAX = 600
WAIT_SECONDS_MAX = 60


class AuthServer(SignedServer):
    """A server with --auth=on, spoken to as its root."""

    def __init__(self, *flags, **more):
        super().__init__("--auth", "on", *flags, **more)

    def client(self, service="kinesis", **config):
        return self.signed(*self.key, service, **config)

    def environment(self):
        key, secret = self.key
        return {**super().environment(), "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}


def until(condition, what):
    """Asks again until the condition gives something; gives that."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


def aws(weir, *words):
    """One call of the AWS CLI; gives what it says."""
    beside = Path(sys.executable).parent / "aws"
    program = beside if beside.exists() else "aws"
    done = subprocess.run([program, "--endpoint-url", weir.url, *words], env=weir.environment(),
                          text=True, capture_output=True, timeout=SECONDS_MAX, check=False)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}\n{reasons(weir)}"
    return done.stdout


def reasons(weir):
    """Why stacks failed, by their events."""
    try:
        cloudformation = weir.client("cloudformation")
        return "\n".join(
            f"{event['LogicalResourceId']}: {event['ResourceStatus']}: "
            f"{event['ResourceStatusReason']}"
            for stack in cloudformation.list_stacks()["StackSummaries"]
            for event in reversed(cloudformation.describe_stack_events(
                StackName=stack["StackId"])["StackEvents"])
            if "FAILED" in event["ResourceStatus"])
    except Exception as error:  # what the test says matters more than why this cannot be said
        return str(error)


def outputs_of(weir, stack):
    """The stack's outputs by name."""
    said = weir.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in said.get("Outputs", [])}


def deploy(weir, lab, stack, **parameters):
    """Packages and deploys the lab's template; gives the stack's outputs."""
    template = LABS / lab / "template.yaml"
    if BUCKET not in [b["Name"] for b in weir.client("s3").list_buckets()["Buckets"]]:
        weir.client("s3").create_bucket(Bucket=BUCKET)
    with tempfile.TemporaryDirectory() as folder:
        packaged = os.path.join(folder, "packaged.yaml")
        aws(weir, "cloudformation", "package", "--template-file", str(template), "--s3-bucket",
            BUCKET, "--output-template-file", packaged)
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        aws(weir, "cloudformation", "deploy", "--template-file", packaged, "--stack-name", stack,
            "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset",
            *(["--parameter-overrides", *overrides] if overrides else []))
    return outputs_of(weir, stack)


def weir_deploy(weir, lab, stack, **parameters):
    """The same by `weir deploy`, where nobody has to sign."""
    words = [word for name, value in parameters.items() for word in ("--param", f"{name}={value}")]
    done = run_weir("deploy", str(LABS / lab / "template.yaml"), "--stack", stack, "--server",
                    weir.address, *words, env=weir.environment())
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return outputs_of(weir, stack)


def empty(s3, bucket):
    """Removes all versions of all objects: a bucket must be empty before its stack can go."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if found:
            s3.delete_objects(Bucket=bucket, Delete={"Quiet": True, "Objects": [
                {"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]})


def destroy(weir, stack, buckets):
    """Deletes the stack as its reader does."""
    s3, cloudformation = weir.client("s3"), weir.client("cloudformation")
    for bucket in buckets:
        empty(s3, bucket)
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})
