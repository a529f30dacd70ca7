# SPDX-License-Identifier: Apache-2.0
"""kill -9 while stacks are made, changed and removed.

What it proves, after every kill and restart:
  - an operation that was acknowledged ends by itself, in a state that the request allows; one that
    was not acknowledged has either not begun, or ends likewise;
  - the stack's resources, as it tells them, are exactly the queues and topics that the services
    have, each with the attributes of the template that the stack's state implies: the new one, or
    (after a failure) the one before;
  - every resource's events are in order: nothing was made or removed twice;
  - exports are those of the stacks that are there, and what is imported has its users.

How: one client that never retries; each round asks for one operation of one of some stacks, with
templates that grow, shrink, replace, fail at their end or wait for what does not come, and kills at
a random moment of the operation.
"""
import os
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from cloudformation_kit import ended, events, queue, template
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 5, 10)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
NAMES = ("ant", "bee", "cat")
QUEUES_MAX = 50
SECONDS_MAX = 0.01
GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
UNDONE = {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


class Shape:
    """A template: queues by logical id with their delay and name, and how it ends."""

    def __init__(self, rand, stack):
        self.queues = {f"Q{i}": (rand.randrange(900), rand.choice([None, f"{stack}-{i}-a",
                                                                  f"{stack}-{i}-b"]))
                       for i in rand.sample(range(QUEUES_MAX), rand.randrange(1, QUEUES_MAX))}
        self.fails = rand.random() < 0.3
        self.late = rand.random() < 0.1

    def text(self, stack):
        made = {}
        before = None
        for logical, (delay, name) in self.queues.items():
            made[logical] = queue(DelaySeconds=delay, **({"QueueName": name} if name else {}))
            if before and delay % 3 == 0:
                made[logical]["DependsOn"] = before
            before = logical
        if self.fails:
            made["Bad"] = {**queue(Wrong=1), "DependsOn": list(self.queues)}
        if self.late:
            made["Handle"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
            made["Late"] = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
                "Handle": {"Ref": "Handle"}, "Timeout": "1"}}
        return template(made, Outputs={"Out": {"Value": stack, "Export": {"Name": f"{stack}-out"}}})


class World:
    """What was asked for, and what must be."""

    def __init__(self, server, seed):
        self.server, self.rand = server, random.Random(seed)
        self.shapes = {name: None for name in NAMES}  # of the last state that ended well
        self.cut = 0  # kills that came within an operation

    def clients(self):
        return self.server.client("cloudformation"), self.server.client("sqs")

    def status(self, cfn, name):
        try:
            return cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError:
            return None

    def ask(self, cfn, name):
        """One operation; whether it was acknowledged, and the shape that it would lead to."""
        now = self.status(cfn, name)
        shape = Shape(self.rand, name)
        if now is None:
            return lambda: cfn.create_stack(StackName=name, TemplateBody=shape.text(name)), shape
        if now == "ROLLBACK_COMPLETE" or self.rand.random() < 0.3:
            return lambda: cfn.delete_stack(StackName=name), None
        return lambda: cfn.update_stack(StackName=name, TemplateBody=shape.text(name)), shape

    def round(self):
        cfn, _ = self.clients()
        name = self.rand.choice(NAMES)
        call, shape = self.ask(cfn, name)
        result = {}

        def run():
            try:
                call()
                result["acknowledged"] = True
            except ClientError as error:
                assert "No updates" in str(error), error
                result["idle"] = True
            except (BotoCoreError, OSError):
                pass

        thread = threading.Thread(target=run)
        thread.start()
        if self.rand.random() < 0.8:  # within the operation, rather than around the request
            thread.join()
        time.sleep(self.rand.random() * SECONDS_MAX)
        killed = time.time()
        self.server.restart(hard=True)
        thread.join()
        self.check(name, shape, result)
        self.count(name, killed)

    def count(self, name, killed):
        """Did the operation begin before the kill, and end behind it?"""
        cfn, _ = self.clients()
        for one in cfn.list_stacks()["StackSummaries"]:
            if one["StackName"] == name:
                told = cfn.describe_stack_events(StackName=one["StackId"])["StackEvents"]
                times = [event["Timestamp"].timestamp() for event in told]
                self.cut += times[-1] <= killed <= times[0] or \
                    any(b < killed <= a for a, b in zip(times, times[1:]))
                return

    # ---- what must be ----

    def check(self, name, shape, result):
        cfn, sqs = self.clients()
        now = self.status(cfn, name)
        if now is not None:
            stack_id = cfn.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
            now = ended(cfn, stack_id)["StackStatus"]
        if now == "DELETE_COMPLETE":
            now = None
        before = self.shapes[name]
        self.shapes[name] = self.after(now, shape, before, result)
        for one in NAMES:
            self.agree(cfn, sqs, one)
        exports = {one["Name"] for one in cfn.list_exports()["Exports"]}
        assert exports == {f"{one}-out" for one in NAMES if self.shapes[one]}

    def after(self, now, shape, before, result):
        acknowledged = result.get("acknowledged")
        if now is None or now == "ROLLBACK_COMPLETE":
            assert not acknowledged or shape is None or shape.fails or shape.late or before is None
            if acknowledged and shape is not None:
                assert shape.fails or shape.late
            return None
        assert now in GOOD | UNDONE, now
        if shape is None:  # a deletion
            assert not acknowledged
            return before
        if now == "UPDATE_ROLLBACK_COMPLETE" or shape.fails or shape.late:
            return before
        if acknowledged or before is None:
            assert now in GOOD
            return shape
        return None if now is None else self.which(now, shape, before)

    def which(self, now, shape, before):
        """Not acknowledged: it may have happened or not; the services say which."""
        assert now in GOOD
        return [shape, before]

    def agree(self, cfn, sqs, name):
        shapes = self.shapes[name]
        found = {}
        for url in sqs.list_queues(QueueNamePrefix=f"{name}-").get("QueueUrls", []):
            got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
            found[url.rsplit("/", 1)[1]] = int(got["Attributes"]["DelaySeconds"])
        if not shapes:
            assert found == {}, (name, found)
            return
        told = {}
        for one in cfn.describe_stack_resources(StackName=name)["StackResources"]:
            if one["ResourceType"] == "AWS::SQS::Queue":
                assert one["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), one
                told[one["LogicalResourceId"]] = one["PhysicalResourceId"].rsplit("/", 1)[1]
        assert sorted(told.values()) == sorted(found), (name, told, found)
        fitting = [shape for shape in (shapes if isinstance(shapes, list) else [shapes])
                   if self.fits(shape, told, found)]
        assert fitting, (name, told, found)
        self.shapes[name] = fitting[0]
        self.in_order(events(cfn, name))

    @staticmethod
    def fits(shape, told, found):
        return set(told) == set(shape.queues) and all(
            found[told[logical]] == delay and (name is None or told[logical] == name)
            for logical, (delay, name) in shape.queues.items())

    @staticmethod
    def in_order(told):
        """Nothing completes that has not begun."""
        under_way = {}
        for logical, status, _ in told:
            verb = status.split("_", 1)[0]
            if status.endswith("_IN_PROGRESS"):
                under_way[logical, verb] = True
            elif status in ("CREATE_COMPLETE", "DELETE_COMPLETE") and logical not in NAMES:
                assert under_way.pop((logical, verb), False) or logical in ("Bad",), (logical, told)


def test_stacks_agree_with_services_after_every_kill(weir):
    weir.start()
    world = World(weir, SEED)
    for number in range(ROUNDS):
        try:
            world.round()
        except Exception as error:
            error.add_note(f"round {number}, WEIR_CRASH_SEED={SEED}")
            raise
    assert world.cut > 0, "no kill came within an operation"
    weir.stop()
    assert weir.fsck().returncode == 0
