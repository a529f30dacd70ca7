# SPDX-License-Identifier: Apache-2.0
"""kill -9 while functions are created, changed, published and deleted.

What it proves, after every kill: what was acknowledged is there; what was not is there whole or not
at all. Whole means: the package that GetFunction points to has the sum that the configuration
says, every version that an alias names is there, a published version is as it was published, a
deleted function has left no alias or version. A package's folder, where there is one, holds exactly
what its zip does; nothing half unpacked has a package's name.

How: workers are threads with a function of their own, whose life they lead step by step, never
retrying, noting what was acknowledged and what was tried last. The kill comes after a random number
of acknowledgements.
"""
import base64
import hashlib
import io
import os
import random
import threading
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from lambda_kit import ROLE, download, package
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 25, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WORKERS = 3
ACKS_MAX = 40


def code(number, step):
    """A package that says whose it is, with a few files so that unpacking takes its time."""
    return package({"index.py": f"# {number}/{step}", **{
        f"lib/{i}/data": f"{number}/{step}/{i}" * 50 for i in range(20)}})


def sum_of(raw):
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()


class Worker(threading.Thread):
    """Leads one function's life. State is what was acknowledged: code, timeout, versions (number:
    (code, timeout)), alias; None: there is no function. tried: what the last call may have done."""

    def __init__(self, weir, number, state, step, on_ack):
        super().__init__(daemon=True)
        self.client = weir.client("lambda")
        self.number, self.state, self.step, self.on_ack = number, state, step, on_ack
        self.name = f"f{number}"
        self.random = random.Random(f"{SEED}/{number}/{step}")
        self.tried, self.wrong = None, None

    def next_state(self):
        """One call and the state it leads to."""
        name, state, client = self.name, self.state, self.client
        self.step += 1
        fresh = code(self.number, self.step)
        if state is None:
            return (lambda: client.create_function(
                FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                Code={"ZipFile": fresh})), {
                    "code": sum_of(fresh), "timeout": 3, "versions": {}, "alias": None}
        act = self.random.choice(("code", "code", "config", "publish", "publish", "alias",
                                  "delete" if self.random.random() < 0.3 else "config"))
        if act == "code":
            return (lambda: client.update_function_code(FunctionName=name, ZipFile=fresh)), {
                **state, "code": sum_of(fresh)}
        if act == "publish":
            last = max(state["versions"], default=0)
            now = (state["code"], state["timeout"])
            versions = dict(state["versions"])
            if versions.get(last) != now:
                versions[last + 1] = now
            return (lambda: client.publish_version(FunctionName=name)), {
                **state, "versions": versions}
        if act == "alias" and state["versions"]:
            version = self.random.choice(sorted(state["versions"]))
            change = client.create_alias if state["alias"] is None else client.update_alias
            return (lambda: change(FunctionName=name, Name="prod", FunctionVersion=str(
                version))), {**state, "alias": version}
        if act == "delete":
            return (lambda: client.delete_function(FunctionName=name)), None
        timeout = 1 + self.step % 900
        return (lambda: client.update_function_configuration(
            FunctionName=name, Timeout=timeout)), {**state, "timeout": timeout}

    def run(self):
        try:
            while True:
                call, state = self.next_state()
                self.tried = (state,)
                call()
                self.state, self.tried = state, None
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def found(client, name):
    """The function's state as the server tells it, with every package looked at."""
    try:
        got = client.get_function(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        for call in (client.list_aliases, client.list_versions_by_function):
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                call(FunctionName=name)
        return None
    versions = {}
    listed = client.list_versions_by_function(FunctionName=name)["Versions"]
    for version in listed:
        one = client.get_function(FunctionName=name, Qualifier=version["Version"])
        status, raw = download(one["Code"]["Location"])
        assert status == 200
        assert sum_of(raw) == one["Configuration"]["CodeSha256"] == version["CodeSha256"]
        assert len(raw) == version["CodeSize"]
        if version["Version"] != "$LATEST":
            versions[int(version["Version"])] = (version["CodeSha256"], version["Timeout"])
    aliases = client.list_aliases(FunctionName=name)["Aliases"]
    for alias in aliases:
        assert client.get_function(FunctionName=name, Qualifier=alias["Name"])["Configuration"][
            "Version"] == alias["FunctionVersion"]
    return {"code": got["Configuration"]["CodeSha256"], "versions": versions,
            "timeout": got["Configuration"]["Timeout"],
            "alias": int(aliases[0]["FunctionVersion"]) if aliases else None}


def look_at_folders(weir, raws):
    """Each folder of a package holds what its zip does."""
    for folder in (Path(weir.data) / "functions" / "code").glob("*"):
        raw = raws.get(folder.name)
        if raw is None:
            continue
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            wanted = {name: archive.read(name) for name in archive.namelist()}
        there = {str(path.relative_to(folder)): path.read_bytes()
                 for path in folder.rglob("*") if path.is_file()}
        assert there == wanted, f"{folder} is not its zip"


def work_and_kill(weir, states, steps, chance):
    countdown = threading.Semaphore(0)
    workers = [Worker(weir, i, states[i], steps[i], countdown.release) for i in range(WORKERS)]
    for worker in workers:
        worker.start()
    for _ in range(chance.randrange(ACKS_MAX)):
        assert countdown.acquire(timeout=60), [w.wrong for w in workers]
    threading.Event().wait(chance.random() / 50)
    weir.kill()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        assert worker.wrong is None, worker.wrong
        steps[worker.number] = worker.step
    return workers


def test_functions_survive_kills_whole():
    chance = random.Random(SEED)
    print(f"WEIR_CRASH_SEED={SEED}")
    weir = WeirServer()
    states, steps = [None] * WORKERS, [0] * WORKERS
    try:
        for _ in range(ROUNDS):
            weir.start()
            workers = work_and_kill(weir, states, steps, chance)
            weir.start()
            client = weir.client("lambda")
            for worker in workers:
                is_now = found(client, worker.name)
                may_be = [worker.state] + list(worker.tried or ())
                assert is_now in may_be, (worker.name, is_now, may_be)
                states[worker.number] = is_now
            raws = {}
            for number in range(WORKERS):
                for step in range(max(steps[number] - 60, 0), steps[number] + 1):
                    raw = code(number, step)
                    raws[hashlib.sha256(raw).hexdigest()] = raw
            look_at_folders(weir, raws)
            weir.stop()
            assert weir.fsck().returncode == 0
    finally:
        weir.close()
