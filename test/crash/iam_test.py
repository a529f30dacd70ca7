# SPDX-License-Identifier: Apache-2.0
"""kill -9 while users are made, given policies and keys, put into groups, renamed and deleted.

What it proves, after every kill: what was acknowledged is there, what was deleted is not, and what
was under way is there wholly or not at all; a group's members, a policy's attachments and the cell's
access keys agree with the users; sessions of roles that were given out can be used.

How: workers are threads with users of their own, which go round a user's life, never retry, and note
the step they are at. The kill comes after a random number of acknowledgements.
"""
import json
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import ACCOUNT, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WORKERS = 4
ACKS_MAX = 60
IAM = f"arn:aws:iam::{ACCOUNT}:"
POLICY = IAM + "policy/p"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}]})


def life(iam, sts, name):
    """A user's life: what each step does, and what the user then is (None: not there)."""
    state = {"name": name, "groups": [], "attached": 0, "inline": [], "keys": 0}
    new = {**state, "name": name + "-new"}
    key = {}

    def make_key():
        key.update(iam.create_access_key(UserName=name)["AccessKey"])

    yield lambda: iam.create_user(UserName=name), state
    yield lambda: iam.add_user_to_group(GroupName="g", UserName=name), {**state, "groups": ["g"]}
    state["groups"] = new["groups"] = ["g"]
    yield lambda: iam.attach_user_policy(UserName=name, PolicyArn=POLICY), {**state, "attached": 1}
    state["attached"] = 1
    yield lambda: iam.put_user_policy(UserName=name, PolicyName="i", PolicyDocument=ALLOW), \
        {**state, "inline": ["i"]}
    state["inline"] = ["i"]
    yield make_key, {**state, "keys": 1}
    state["keys"] = 1
    yield lambda: sts.assume_role(RoleArn=IAM + "role/r", RoleSessionName=name), state
    state = {**state, "name": new["name"]}
    yield lambda: iam.update_user(UserName=name, NewUserName=new["name"]), state
    name = new["name"]
    yield lambda: iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"]), \
        {**state, "keys": 0}
    yield lambda: iam.delete_user_policy(UserName=name, PolicyName="i"), \
        {**state, "keys": 0, "inline": []}
    yield lambda: iam.detach_user_policy(UserName=name, PolicyArn=POLICY), \
        {**state, "keys": 0, "inline": [], "attached": 0}
    yield lambda: iam.remove_user_from_group(GroupName="g", UserName=name), \
        {**state, "keys": 0, "inline": [], "attached": 0, "groups": []}
    yield lambda: iam.delete_user(UserName=name), None


class Worker(threading.Thread):
    """Goes round lives of users called w<number>-<counter> until the server is gone."""

    def __init__(self, weir, number, counter, on_ack):
        super().__init__(daemon=True)
        self.iam, self.sts = weir.client("iam"), weir.client("sts")
        self.number, self.counter, self.on_ack = number, counter, on_ack
        self.possible, self.sessions, self.wrong = [None], [], None

    def run(self):
        try:
            while True:
                self.counter += 1
                for act, state in life(self.iam, self.sts, f"w{self.number}-{self.counter}"):
                    state = None if state is None else dict(state)
                    self.possible = [self.possible[-1], state]
                    answer = act()
                    self.possible = [state]
                    if answer and "Credentials" in answer:
                        self.sessions.append(answer["Credentials"]["AccessKeyId"])
                    self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def look(iam, name):
    """What a user is; None: not there."""
    try:
        iam.get_user(UserName=name)
    except iam.exceptions.NoSuchEntityException:
        return None
    return {"name": name,
            "groups": [g["GroupName"] for g in
                       iam.list_groups_for_user(UserName=name)["Groups"]],
            "attached": len(iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]),
            "inline": iam.list_user_policies(UserName=name)["PolicyNames"],
            "keys": len(iam.list_access_keys(UserName=name)["AccessKeyMetadata"])}


def check(weir, workers):
    iam = weir.client("iam")
    users = [look(iam, user["UserName"]) for user in iam.list_users(MaxItems=1000)["Users"]]
    for worker in workers:
        mine = [u for u in users if u["name"].startswith(f"w{worker.number}-")]
        assert len(mine) <= 1, f"worker {worker.number}: {mine}"
        found = mine[0] if mine else None
        assert found in worker.possible, f"worker {worker.number}: {found}, not of " \
                                         f"{worker.possible}"
        for session in worker.sessions[-3:]:
            who = weir.client("sts", access_key=session).get_caller_identity()
            assert ":assumed-role/r/" in who["Arn"]
    members = {u["UserName"] for u in iam.get_group(GroupName="g")["Users"]}
    assert members == {u["name"] for u in users if u["groups"]}
    assert iam.get_policy(PolicyArn=POLICY)["Policy"]["AttachmentCount"] == \
        sum(u["attached"] for u in users)
    for user in users:
        for key in iam.list_access_keys(UserName=user["name"])["AccessKeyMetadata"]:
            who = weir.client("sts", access_key=key["AccessKeyId"]).get_caller_identity()
            assert who["Arn"] == IAM + "user/" + user["name"]
    return len(users)


def clear(iam):
    """Takes away what a kill left of users, so that the next round begins without any."""
    for user in iam.list_users(MaxItems=1000)["Users"]:
        name = user["UserName"]
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        if iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=name, PolicyArn=POLICY)
        iam.remove_user_from_group(GroupName="g", UserName=name)
        iam.delete_user(UserName=name)


def work_and_kill(weir, counters, chance):
    countdown = threading.Semaphore(0)
    workers = [Worker(weir, i, counters[i], countdown.release) for i in range(WORKERS)]
    for worker in workers:
        worker.start()
    for _ in range(chance.randrange(ACKS_MAX)):
        assert countdown.acquire(timeout=30), [w.wrong for w in workers]
    threading.Event().wait(chance.random() / 500)
    weir.kill()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        assert worker.wrong is None, worker.wrong
        counters[worker.number] = worker.counter
    return workers


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_users_are_whole_after_every_kill(weir, capsys):
    chance = random.Random(SEED)
    counters = [0] * WORKERS
    found = 0
    iam = weir.start().client("iam")
    iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    for number in range(1, ROUNDS + 1):
        try:
            workers = work_and_kill(weir, counters, chance)
            weir.start()
            found += check(weir, workers)
            clear(weir.client("iam"))
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {sum(counters)} users begun, {found} found half-way, "
              f"each as it was, seed {SEED}")
