# SPDX-License-Identifier: Apache-2.0
"""What the tests of EventBridge share: buses, rules, queues as targets, what came.

Names are unique in a file: `name` is a fixture of conftest. Waiting is for something to happen,
with a limit, and never for time to pass.
"""
import json
import time

import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

WAIT_SECONDS_MAX = 60
PRINCIPAL = {"Service": "events.amazonaws.com"}


def refused(code, call, *words, status=400, **more):
    """The call must fail with that code; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(*words, **more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Message"]


def until(condition, what="it"):
    """Asks again until the condition gives something; gives that."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen")


def bus_arn(name="default", account=ACCOUNT, region=REGION):
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"


class Kit:
    """Event buses, rules and queues of one server."""

    def __init__(self, weir, **more):
        self.weir = weir
        self.events = weir.client("events", **more)
        self.sqs = weir.client("sqs", **more)

    def queue(self, name, **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", **attributes}
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{self.sqs.meta.region_name}:{ACCOUNT}:{name}"

    def rule(self, name, pattern=None, bus=None, **more):
        if pattern is not None:
            more["EventPattern"] = json.dumps(pattern)
        if bus is not None:
            more["EventBusName"] = bus
        return self.events.put_rule(Name=name, **more)["RuleArn"]

    def target(self, rule, arn, bus=None, id="t", **more):
        bus = {} if bus is None else {"EventBusName": bus}
        done = self.events.put_targets(Rule=rule, Targets=[{"Id": id, "Arn": arn, **more}], **bus)
        assert done["FailedEntryCount"] == 0 and done["FailedEntries"] == []

    def flow(self, name, pattern=None, bus=None, **target):
        """A rule for events of source NAME with a queue as its target: the queue."""
        into = self.queue(name)
        self.rule(name, pattern or {"source": [name]}, bus)
        self.target(name, into, bus, **target)
        return into

    def put(self, source, detail=None, type="happened", bus=None, **more):
        if bus is not None:
            more["EventBusName"] = bus
        done = self.events.put_events(Entries=[{
            "Source": source, "DetailType": type,
            "Detail": detail if isinstance(detail, str) else json.dumps(detail or {}), **more}])
        assert done["FailedEntryCount"] == 0, done
        return done["Entries"][0]["EventId"]

    def take(self, into):
        """All messages of a queue, which are deleted, in order."""
        url = self.sqs.get_queue_url(QueueName=into.rsplit(":", 1)[1])["QueueUrl"]
        found = []
        while got := self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"]).get("Messages"):
            found += got
            self.sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)])
        return found

    def bodies(self, into):
        return [message["Body"] for message in self.take(into)]

    def came(self, into):
        """The events of a queue."""
        return [json.loads(body) for body in self.bodies(into)]


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)
