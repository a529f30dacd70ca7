# SPDX-License-Identifier: Apache-2.0
"""What the tests of running functions share: functions from source texts, queues, what came.

Names are unique in a file: `name` is a fixture of conftest. Waiting is for something to happen,
with a limit, and never for time to pass.
"""
import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

WAIT_SECONDS_MAX = 60
ROLE = f"arn:aws:iam::{ACCOUNT}:role/runs"


def zip_of(files):
    """A package: name → text or bytes; what begins with #! may be executed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for path, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            entry = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            mode = 0o755 if raw[:2] == b"#!" or raw[:4] == b"\x7fELF" else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            package.writestr(entry, raw)
    return packed.getvalue()


def refused(code, call, *words, status=400, **more):
    """The call must fail with that code; gives the whole answer."""
    with pytest.raises(ClientError) as caught:
        call(*words, **more)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    return answer


def until(condition, what="it"):
    """Asks again until the condition gives something; gives that."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen")


class Kit:
    """Functions and queues of one server."""

    def __init__(self, weir):
        self.weir = weir
        self.role = ROLE
        self.functions = weir.client("lambda")
        self.sqs = weir.client("sqs")
        self.sns = weir.client("sns")

    def function(self, name, source, runtime="python3.12", handler="app.handler", **more):
        """A function that is ready; source: its text, or files by name."""
        if isinstance(source, str):
            source = {"app.py" if runtime.startswith("python") else "app.mjs": source}
        made = self.functions.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=self.role,
            Code={"ZipFile": zip_of(source)}, **more)
        self.functions.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
        return made["FunctionArn"]

    def invoke(self, name, event=None, **more):
        """The answer's payload, read; a function's error fails the test."""
        answer = self.call(name, event, **more)
        assert "FunctionError" not in answer, answer
        return answer["Payload"]

    def call(self, name, event=None, **more):
        """The whole answer, its payload read."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event), **more)
        text = answer["Payload"].read()
        answer["Payload"] = json.loads(text) if text else None
        return answer

    def send(self, name, event=None, **more):
        """Asynchronously."""
        answer = self.functions.invoke(FunctionName=name, InvocationType="Event",
                                       Payload=json.dumps(event), **more)
        assert answer["StatusCode"] == 202
        return answer["ResponseMetadata"]["RequestId"]

    def queue(self, name, **attributes):
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def url_of(self, queue):
        return f"{self.weir.url}/{ACCOUNT}/{queue.rsplit(':', 1)[1]}"

    def messages(self, queue, count):
        """So many messages of the queue; fails when they do not come."""
        found = []
        end = time.monotonic() + WAIT_SECONDS_MAX
        while len(found) < count and time.monotonic() < end:
            got = self.sqs.receive_message(
                QueueUrl=self.url_of(queue), MaxNumberOfMessages=10, WaitTimeSeconds=1,
                MessageAttributeNames=["All"], AttributeNames=["All"]).get("Messages", [])
            for message in got:
                self.sqs.delete_message(QueueUrl=self.url_of(queue),
                                        ReceiptHandle=message["ReceiptHandle"])
            found += got
        assert len(found) >= count, f"{len(found)} messages came, not {count}"
        return found

    def nothing_in(self, queue):
        counts = self.sqs.get_queue_attributes(
            QueueUrl=self.url_of(queue),
            AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        return counts["ApproximateNumberOfMessages"] == "0"
